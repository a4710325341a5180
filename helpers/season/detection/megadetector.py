"""Reading a detector's results file: a mistake in it costs only the photo or the box that it is in.

The format is that of https://lila.science/megadetector-output-format, versions
1.0 to 1.6, and of the files from before it had a version; what other programs write
is put into that form first. A box is `[x, y, width, height]` in shares of the upright
photo there; here it is left, top, right, bottom.
"""

import math
import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from helpers.errors import FrameError
from helpers.files.json_file import read_json
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded
from helpers.images.boxes import Box, check_box
from helpers.season.detection.other_forms import NoBox, animl, pytorch_wildlife, speciesnet

KINDS = ("animal", "person", "vehicle")
UNKNOWN = "unknown"  # the kind of a refused detection that may be a person
FINDER = "Kinframe find_animals"  # in `info` of files with what `find_animals` found, which finds no people

UNREAD = "the detector could not read it: "  # before its own words

_SYNONYMS = {
    **{"animals": "animal", "vehicles": "vehicle"},
    **dict.fromkeys(("people", "persons", "human", "humans"), "person"),
}
_CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}  # of files that do not define them
_ROUNDED = 0.01  # how far a box may reach beyond the photo's edge, where it is cut off
_LARGEST = 1 << 30  # bytes, about two million photos; it takes eight times as much memory to read
_WHOLE = (0.0, 0.0, 1.0, 1.0)
_WANTED = (
    "read_detections() takes what MegaDetector, SpeciesNet, Pytorch-Wildlife (JSON) or animl (CSV) write for a folder "
    "of photos"
)
_VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".mts", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".asf")


class Detection(NamedTuple):
    """One detection."""

    kind: str  # one of KINDS, or UNKNOWN
    score: float  # 0 to 1
    box: Box
    label: Optional[str] = None  # the species, or what else a classifier takes it for
    label_score: Optional[float] = None  # 0 to 1


class DetectedPhoto(NamedTuple):
    """The detections in one photo."""

    file: str  # its path, as the results file has it
    detections: List[Detection]
    complete: bool  # no detection was refused: a photo without any is blank
    for_people: bool = True  # whether the detector would have found a person in it, too


Bad = List[Tuple[str, str]]  # file and reason


def read_file(
    path: Union[str, "os.PathLike[str]"], names: Sequence[str], files: Sequence[str], progress: bool = True
) -> Tuple[List[DetectedPhoto], Bad, str]:
    """The photos in a results file, in its order, what is wrong in it, and the detector's name where it has one.

    The collection's photos are called `names` and are the `files`, of which the
    sizes are read where boxes are in pixels. Of videos nothing is read.

    Photos that the detector could not read are among what is wrong. To show
    nobody by mistake, a person whose box or score is invalid counts as one all
    over the photo, and a detection of an unknown kind as a possible person.
    Kinds may be in the plural, and people `human`; category numbers may be
    numbers or text. A file whose own list of kinds has animals alone says
    nothing of people, nor does one of `find_animals`, whatever kinds it lists.
    Raises `FrameError` for a file that cannot be read or holds something else.
    """
    content = _content(expanded(path), names, files, progress)
    images = content.get("images")
    if not isinstance(images, list):
        raise FrameError(f"{path}: there is no list of images in it; {_WANTED}")
    categories = _texts(content.get("detection_categories")) or _CATEGORIES
    kinds: Dict[Optional[str], str] = {_number(key): _kind(name) for key, name in categories.items()}
    detector = _texts(content.get("info")).get("detector", "")
    for_people = detector != FINDER and not set(kinds.values()) <= {"animal", "vehicle"}
    reader = _ResultsReader(kinds, _texts(content.get("classification_categories")), for_people)
    for place, image in enumerate(progress_bar(images, desc="detections", show=progress)):
        reader.read(image, place)
    return reader.photos, reader.bad, detector


def _content(path: Path, names: Sequence[str], files: Sequence[str], progress: bool) -> Dict[str, Any]:
    """What is in the file, in the form of MegaDetector's JSON."""
    try:
        if path.stat().st_size > _LARGEST:
            raise FrameError(f"{path}: larger than {_LARGEST >> 30} GB; split it, for example by site")
        if path.suffix.lower() == ".csv":
            table = animl(path)
            if table is None:
                raise FrameError(f"{path}: its first line does not have the columns of animl; {_WANTED}")
            return table
        content = read_json(path, most=None)
    except OSError as error:
        raise FrameError(f"{path}: {error.strerror or error}; {_WANTED}") from error
    except (ValueError, RecursionError) as error:  # bytes that are not text are a ValueError too
        raise FrameError(f"{path}: no JSON, or one that was cut off ({error}); {_WANTED}") from error
    if isinstance(content, list):
        if not any(isinstance(entry, dict) and "img_id" in entry for entry in content):
            raise FrameError(
                f'{path}: a list, not the results of a batch, which have their photos under "images"; {_WANTED}'
            )
        return pytorch_wildlife(content, names, files, progress)
    if isinstance(content, dict) and isinstance(content.get("predictions"), list) and "images" not in content:
        return speciesnet(content)
    if isinstance(content, dict) and isinstance(content.get("annotations"), list) and "images" not in content:
        return pytorch_wildlife(content, names, files, progress)
    if not isinstance(content, dict):
        raise FrameError(f"{path}: JSON of something else; {_WANTED}")
    return content


def _texts(table: Any) -> Dict[str, str]:
    return {key: name for key, name in table.items() if isinstance(name, str)} if isinstance(table, dict) else {}


def _kind(name: str) -> str:
    name = name.strip().lower()
    return _SYNONYMS.get(name, name)


def _number(category: Any) -> Optional[str]:
    """A category as it is in the file's table, `2` and `2.0` as "2"; None for an invalid one."""
    if isinstance(category, float) and category.is_integer():
        category = int(category)
    if isinstance(category, bool) or not isinstance(category, (str, int)):
        return None
    text = str(category).strip()
    whole, dot, rest = text.partition(".")
    return whole if dot and whole.isdigit() and not rest.strip("0") else text


class _ResultsReader:
    """The photos read so far, and what was wrong."""

    def __init__(self, kinds: Dict[Optional[str], str], classes: Dict[str, str], for_people: bool) -> None:
        self.photos: List[DetectedPhoto] = []
        self.bad: Bad = []
        self._kinds, self._classes, self._for_people = kinds, classes, for_people

    def read(self, image: Any, place: int) -> None:
        """Read one entry of `images`."""
        if not isinstance(image, dict):
            return self.bad.append((f"images[{place}]", f"not a photo but {_short(image)}"))
        file = image.get("file")
        if not isinstance(file, str) or not file:
            return self.bad.append((f"images[{place}]", f"it has no file name: {_short(file)}"))
        file = _valid_text(file)
        if "frames_processed" in image or file.lower().endswith(_VIDEOS):
            return self.bad.append((file, "a video; of videos nothing is read"))
        if image.get("failure") or image.get("detections", 0) is None:
            failure = image.get("failure") or "no reason given"
            return self.bad.append((file, f"{UNREAD}{_short(failure)}"))
        entries = image.get("detections")
        if not isinstance(entries, list):
            return self.bad.append((file, f"its detections are not a list but {_short(entries)}"))
        detections = []
        before = len(self.bad)
        for number, entry in enumerate(entries, 1):
            try:
                detections.append(self._detection(entry))
            except FrameError as error:
                kind = self._kind_of(entry)
                maybe = "; it may be a person" if kind == UNKNOWN else ""
                self.bad.append((file, f"detection {number} of {len(entries)}: {error}{maybe}"))
                if kind in ("person", UNKNOWN):
                    detections.append(Detection(kind, _score_or_1(entry) if maybe else 1.0, _WHOLE))
        self.photos.append(DetectedPhoto(file, detections, len(self.bad) == before, self._for_people))

    def _kind_of(self, entry: Any) -> str:
        """One of KINDS, or UNKNOWN."""
        number = _number(entry.get("category")) if isinstance(entry, dict) else None
        kind = self._kinds.get(number, UNKNOWN)
        return kind if kind in KINDS else UNKNOWN

    def _detection(self, entry: Any) -> Detection:
        if not isinstance(entry, dict):
            raise FrameError(f"not a detection but {_short(entry)}")
        missing = [name for name in ("category", "conf", "bbox") if name not in entry]
        if missing:
            raise FrameError(f"it has no {' and no '.join(missing)}")
        kind = self._kind_of(entry)
        if kind == UNKNOWN:
            raise FrameError(f"the category {_short(entry['category'])} is none of {', '.join(KINDS)}")
        return Detection(kind, _share("conf", entry["conf"]), _box(entry["bbox"]), *self._class_of(entry))

    def _class_of(self, entry: Dict[str, Any]) -> Tuple[Optional[str], Optional[float]]:
        """The class with the best score; None where there is no valid one."""
        given = entry.get("classifications")
        best: Tuple[Optional[str], Optional[float]] = (None, None)
        for pair in given if isinstance(given, list) else ():
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], (str, int)):
                try:
                    score = _share("score", pair[1])
                except FrameError:
                    continue
                if best[1] is None or score > best[1]:
                    best = _valid_text(self._classes.get(str(pair[0]), str(pair[0]))), score
        return best


def _share(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 1:
        raise FrameError(f"{name} is a number from 0 to 1, not {_short(value)}")
    return float(value)


def _score_or_1(entry: Any) -> float:
    """The score of a refused detection; 1 where that is invalid too."""
    try:
        return _share("conf", entry["conf"])
    except (FrameError, KeyError, TypeError):
        return 1.0


def _box(value: Any) -> Box:
    if isinstance(value, NoBox):
        raise FrameError(str(value))
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_number, value)):
        raise FrameError(f"bbox is four numbers, x, y, width and height, not {_short(value)}")
    left, top, width, height = value
    sides = (left, top, left + width, top + height)
    if min(sides) < -_ROUNDED or max(sides) > 1 + _ROUNDED:
        raise FrameError(f"bbox is within the photo and in shares of it, from 0 to 1, not {_short(value)}")
    return check_box([min(1.0, max(0.0, side)) for side in sides])


def _is_number(value: Any) -> bool:
    # An integer may be too long for a float; what is not 0 to 1 is refused anyway.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -2 < value < 2 and math.isfinite(value)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number with thousands of digits
        text = type(value).__name__
    text = _valid_text(text)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _valid_text(text: str) -> str:
    """Text without halves of characters, which no frame can hold."""
    return text.encode("utf-8", "replace").decode()
