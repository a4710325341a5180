"""MegaDetector's results file, read with care: a mistake in it costs the photo or the box that it is in.

The format is that of https://lila.science/megadetector-output-format, versions
1.0 to 1.6, and what was written before it had one. A box is `[x, y, width,
height]` in shares of the upright photo there; here it is left, top, right, bottom.
"""

import json
import math
import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from tqdm.auto import tqdm

from helpers.errors import FrameError
from helpers.images.boxes import Box

KINDS = ("animal", "person", "vehicle")
UNKNOWN = "unknown"  # the kind of what was refused and may be a person

_SYNONYMS = {
    **{"animals": "animal", "vehicles": "vehicle"},
    **dict.fromkeys(("people", "persons", "human", "humans"), "person"),
}
_CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}  # where the file does not say
_ROUNDED = 0.01  # how far beyond the photo's edge a box may reach: it is cut there
_LARGEST = 1 << 30  # bytes, about two million photos; it takes eight times as much memory to read
_WHOLE = (0.0, 0.0, 1.0, 1.0)
_WANTED = "read_detections() takes the JSON that MegaDetector writes for a folder of photos"


class Found(NamedTuple):
    """One detection."""

    kind: str  # one of KINDS, or UNKNOWN
    score: float  # 0 to 1
    box: Box  # left, top, right, bottom in shares of the photo
    label: Optional[str] = None  # what a classifier takes it for
    label_score: Optional[float] = None  # 0 to 1


class Looked(NamedTuple):
    """What the file says of one photo."""

    file: str  # as it stands there
    found: List[Found]
    whole: bool  # no detection of it was refused: a photo without any is blank


Bad = List[Tuple[str, str]]  # file and reason


def read_file(path: Union[str, "os.PathLike[str]"], progress: bool = True) -> Tuple[List[Looked], Bad]:
    """The photos that a results file tells of, in its order, and what in it is wrong.

    A photo that the detector could not read stands among what is wrong. A
    person whose box or score is no good counts as one all over the photo, and
    what is of no known kind may be one: a mistake must not show anybody. Kinds
    may be named in the plural, and people `human`; category numbers may be
    numbers or text. Raises `FrameError` where the file cannot be had, or is
    something else.
    """
    content = _content(Path(path).expanduser())
    images = content.get("images")
    if not isinstance(images, list):
        raise FrameError(f"{path}: there is no list of images in it; {_WANTED}")
    categories = _names(content.get("detection_categories")) or _CATEGORIES
    kinds: Dict[Optional[str], str] = {_number(key): _kind(name) for key, name in categories.items()}
    reader = _Reader(kinds, _names(content.get("classification_categories")))
    for place, image in enumerate(tqdm(images, desc="detections", unit=" photos", delay=2, disable=not progress)):
        reader.read(image, place)
    return reader.looked, reader.bad


def _content(path: Path) -> Dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise FrameError(f"{path}: larger than {_LARGEST >> 30} GB; split it, for example by site")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise FrameError(f"{path}: {error.strerror or error}; {_WANTED}") from error
    except (ValueError, RecursionError) as error:  # what is no text is a ValueError too
        raise FrameError(f"{path}: no JSON, or one that was cut off ({error}); {_WANTED}") from error
    if isinstance(content, list):
        raise FrameError(
            f'{path}: a list, not the results of a batch, which have their photos under "images"; {_WANTED}'
        )
    if not isinstance(content, dict):
        raise FrameError(f"{path}: JSON of something else; {_WANTED}")
    return content


def _names(table: Any) -> Dict[str, str]:
    return {key: name for key, name in table.items() if isinstance(name, str)} if isinstance(table, dict) else {}


def _kind(name: str) -> str:
    name = name.strip().lower()
    return _SYNONYMS.get(name, name)


def _number(category: Any) -> Optional[str]:
    """A category as the file's table has it, `2` and `2.0` as "2"; None for what is none."""
    if isinstance(category, float) and category.is_integer():
        category = int(category)
    if isinstance(category, bool) or not isinstance(category, (str, int)):
        return None
    text = str(category).strip()
    whole, dot, rest = text.partition(".")
    return whole if dot and whole.isdigit() and not rest.strip("0") else text


class _Reader:
    """What was read so far."""

    def __init__(self, kinds: Dict[Optional[str], str], classes: Dict[str, str]) -> None:
        self.looked: List[Looked] = []
        self.bad: Bad = []
        self._kinds, self._classes = kinds, classes

    def read(self, image: Any, place: int) -> None:
        """One entry of `images`."""
        if not isinstance(image, dict):
            return self.bad.append((f"images[{place}]", f"not a photo but {_short(image)}"))
        file = image.get("file")
        if not isinstance(file, str) or not file:
            return self.bad.append((f"images[{place}]", f"it has no file name: {_short(file)}"))
        file = file.encode("utf-8", "replace").decode()  # half a character is no text, and in no frame
        if image.get("failure") or image.get("detections", 0) is None:
            said = image.get("failure") or "no reason given"
            return self.bad.append((file, f"the detector could not read it: {_short(said)}"))
        detections = image.get("detections")
        if not isinstance(detections, list):
            return self.bad.append((file, f"its detections are no list but {_short(detections)}"))
        found = []
        before = len(self.bad)
        for number, detection in enumerate(detections, 1):
            try:
                found.append(self._found(detection))
            except _Refused as refused:
                kind = self._kind_of(detection)
                maybe = "; it may be a person" if kind == UNKNOWN else ""
                self.bad.append((file, f"detection {number} of {len(detections)}: {refused}{maybe}"))
                if kind in ("person", UNKNOWN):
                    found.append(Found(kind, _score(detection) if maybe else 1.0, _WHOLE))
        self.looked.append(Looked(file, found, whole=len(self.bad) == before))

    def _kind_of(self, detection: Any) -> str:
        """One of KINDS, or UNKNOWN."""
        number = _number(detection.get("category")) if isinstance(detection, dict) else None
        kind = self._kinds.get(number, UNKNOWN)
        return kind if kind in KINDS else UNKNOWN

    def _found(self, detection: Any) -> Found:
        if not isinstance(detection, dict):
            raise _Refused(f"not a detection but {_short(detection)}")
        missing = [name for name in ("category", "conf", "bbox") if name not in detection]
        if missing:
            raise _Refused(f"it has no {' and no '.join(missing)}")
        kind = self._kind_of(detection)
        if kind == UNKNOWN:
            raise _Refused(f"the category {_short(detection['category'])} is none of {', '.join(KINDS)}")
        return Found(kind, _share("conf", detection["conf"]), _box(detection["bbox"]), *self._class_of(detection))

    def _class_of(self, detection: Dict[str, Any]) -> Tuple[Optional[str], Optional[float]]:
        """The class that scores best; nothing where there is none that can be read."""
        given = detection.get("classifications")
        best: Tuple[Optional[str], Optional[float]] = (None, None)
        for pair in given if isinstance(given, list) else ():
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], (str, int)):
                try:
                    score = _share("score", pair[1])
                except _Refused:
                    continue
                if best[1] is None or score > best[1]:
                    best = self._classes.get(str(pair[0]), str(pair[0])).encode("utf-8", "replace").decode(), score
        return best


class _Refused(Exception):
    """Why a detection does not count."""


def _share(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 1:
        raise _Refused(f"{name} is a number from 0 to 1, not {_short(value)}")
    return float(value)


def _score(detection: Any) -> float:
    """The score of what was refused, 1 where it is no good either."""
    try:
        return _share("conf", detection["conf"])
    except (_Refused, KeyError, TypeError):
        return 1.0


def _box(value: Any) -> Box:
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_number, value)):
        raise _Refused(f"bbox is four numbers, x, y, width and height, not {_short(value)}")
    left, top, wide, high = value
    edges = (left, top, left + wide, top + high)
    if min(edges) < -_ROUNDED or max(edges) > 1 + _ROUNDED:
        raise _Refused(f"bbox is given in shares of the photo, from 0 to 1, and lies in it, not {_short(value)}")
    left, top, right, bottom = (min(1.0, max(0.0, float(edge))) for edge in edges)
    if right <= left or bottom <= top:
        raise _Refused(f"bbox is empty: {_short(value)}")
    return left, top, right, bottom


def _is_number(value: Any) -> bool:
    # A whole number may be too long for a float; what is not 0 to 1 is refused in any case.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -2 < value < 2 and math.isfinite(value)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits
        text = type(value).__name__
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
