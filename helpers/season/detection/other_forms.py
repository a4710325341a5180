"""Results of other programs, put into the form of MegaDetector's JSON; its reader then checks every value.

- Microsoft's Pytorch-Wildlife: boxes in pixels, from corner to corner;
- SpeciesNet: the prediction for a photo, with its taxonomy, goes to the best animal in it;
- animl: a CSV with a row for each detection.

What cannot be put into the form is handed on as it is: the reader then has a
reason for it.
"""

from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence

from helpers.errors import KinframeError
from helpers.files.progress import progress_bar
from helpers.files.spreadsheet import column_name, read_table
from helpers.images.decode import is_turned, photo_size
from helpers.photos.tables.match_paths import match

_FILES = ("filepath", "file", "frame")  # the columns of animl, the first that is there
_SIDES = (("bbox_x", "bbox_y", "bbox_w", "bbox_h"), ("bbox1", "bbox2", "bbox3", "bbox4"))  # today's, and older ones
_KINDS = {"0": "animal", "1": "person", "2": "vehicle"}  # Pytorch-Wildlife's, where a file has none
_PERSON = "2"
_WHOLE = [0, 0, 1, 1]


class NoBox(str):
    """Why there is no box."""


def animl(path: Path) -> Optional[Dict[str, Any]]:
    """The content of animl's CSV; None for another one. Raises `FrameError` for a file that cannot be read."""
    table = read_table(path, "the table of detections")
    names = [column_name(name) for name in table.head]
    file = next((names.index(name) for name in _FILES if name in names), None)
    sides = next((sides for sides in _SIDES if set(sides) <= set(names)), None)
    if file is None or sides is None or not {"category", "conf"} <= set(names):
        return None
    images: Dict[str, Dict[str, Any]] = {}
    for cells in table.rows:
        row = dict(zip(names, cells))
        image = images.setdefault(cells[file], {"file": cells[file], "detections": []})
        if not row["conf"].strip() and row["category"].strip() in ("", "0", "0.0"):
            continue  # a photo without detections
        box = [_number(row[side]) for side in sides]
        detection = {"category": row["category"], "conf": _number(row["conf"]), "bbox": box}
        if row.get("prediction"):
            detection["classifications"] = [[row["prediction"], _number(row.get("confidence", ""))]]
        image["detections"].append(detection)
    return {"images": list(images.values())}


def speciesnet(content: Dict[str, Any]) -> Dict[str, Any]:
    """The content of SpeciesNet's JSON, which has `predictions`.

    Where its prediction is a person of whom the detector has no box, the whole
    photo is one.
    """
    return {"images": [_prediction(each) if isinstance(each, dict) else each for each in content["predictions"]]}


def _prediction(given: Dict[str, Any]) -> Dict[str, Any]:
    image: Dict[str, Any] = {"file": given.get("filepath"), "detections": given.get("detections", [])}
    if "detections" not in given:
        failures = given.get("failures")
        named = ", ".join(map(str, failures)) if isinstance(failures, list) else failures
        image["failure"] = f"failed: {named}" if failures else "no detector was run on it"
        return image
    if not isinstance(image["detections"], list) or not isinstance(given.get("prediction"), str):
        return image
    taxa = [each.strip() for each in given["prediction"].split(";")]
    label, score = _species(taxa), given.get("prediction_score")
    detections = [dict(each) if isinstance(each, dict) else each for each in image["detections"]]
    kinds = [str(each.get("category")) if isinstance(each, dict) else "" for each in detections]
    image["detections"] = detections
    if label == "Homo sapiens":
        if _PERSON not in kinds:
            detections.append({"category": _PERSON, "conf": score, "bbox": _WHOLE})
    elif label != "blank" and "1" in kinds:
        best = max((row for row, kind in enumerate(kinds) if kind == "1"), key=lambda row: _score(detections[row]))
        detections[best]["classifications"] = [[label, score]]
    return image


def _species(taxa: List[str]) -> str:
    """The scientific name in `id;class;order;family;genus;species;common name`; of a larger group the common one."""
    if len(taxa) == 7 and taxa[4] and taxa[5]:
        return f"{taxa[4].capitalize()} {taxa[5]}"
    return next((each for each in reversed(taxa) if each), "")


def pytorch_wildlife(content: Any, names: Sequence[str], files: Sequence[str], progress: bool) -> Dict[str, Any]:
    """The content of Pytorch-Wildlife's JSON, which has `annotations`, or is a list of detections.

    An entry is a photo with lists of boxes, categories and scores, or one
    detection. Numbers of categories are those of its table, else 0 for animals,
    1 for people and 2 for vehicles. The sizes of the collection's photos, which
    are called `names`, are read from `files`.
    """
    head = content if isinstance(content, dict) else {"annotations": content}
    entries = head["annotations"]
    kinds = _table(head.get("categories") or head.get("det_categories")) or _KINDS
    numbers = {name: key for key, name in kinds.items() if isinstance(name, str)}
    known = list(dict.fromkeys(entry["img_id"] for entry in entries if _is_named(entry)))
    here = [(name, files[row]) for name, row in zip(known, match(known, names).rows) if row is not None]
    sizes = {name: _size(Path(file)) for name, file in progress_bar(here, desc="photos' sizes", show=progress)}
    images: List[Any] = []
    by_file: Dict[str, Dict[str, Any]] = {}
    for entry in entries:
        if not _is_named(entry):
            images.append(entry)
            continue
        file = entry["img_id"]
        if not isinstance(entry.get("bbox", []), list):
            images.append({"file": file, "detections": entry["bbox"]})  # no list, and so no photo without animals
            continue
        if file not in by_file:
            by_file[file] = {"file": file, "detections": []}
            images.append(by_file[file])
        size = sizes.get(file)
        for box, category, score, *classified in _detections(entry) if size is not None else ():
            category = numbers.get(category, category) if isinstance(category, str) else category
            shares = size if isinstance(size, NoBox) else _shares(box, size)
            detection = {"category": category, "conf": score, "bbox": shares}
            if classified:
                detection["classifications"] = [classified]
            by_file[file]["detections"].append(detection)
    classes = _table(head.get("clf_categories"))
    return {"images": images, "detection_categories": kinds, "classification_categories": classes}


def _table(given: Any) -> Dict[str, Any]:
    given = dict(enumerate(given)) if isinstance(given, list) else given
    return {str(key): name for key, name in given.items()} if isinstance(given, dict) else {}


def _size(photo: Path) -> Any:
    try:
        size = photo_size(photo)
    except KinframeError as error:
        return NoBox(f"its box is in pixels, and the photo has no size: {error}")
    if is_turned(photo):
        return NoBox("its box is in pixels, and the photo is turned by its EXIF: nobody knows which way the box is")
    return size


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("img_id"), str)


def _detections(entry: Dict[str, Any]) -> Iterable[List[Any]]:
    """Of each detection: box, category, score, and where there is a classifier, its class and score."""
    columns = [entry.get("bbox")]
    columns += [entry.get(name, entry.get(f"det_{name}")) for name in ("category", "confidence")]
    if isinstance(columns[0], list) and columns[0] and not isinstance(columns[0][0], list):
        columns = [[column] for column in columns]  # an entry for each detection
    lists = [column if isinstance(column, list) else [] for column in columns]
    lists += [entry[name] for name in ("clf_category", "clf_confidence") if _as_long(entry.get(name), lists[0])]
    longest = max(map(len, lists))
    return [[column[place] if place < len(column) else None for column in lists] for place in range(longest)]


def _as_long(column: Any, boxes: List[Any]) -> bool:
    return isinstance(column, list) and len(column) == len(boxes)


def _shares(box: Any, size: Any) -> Any:
    """Left, top, width and height in shares of the photo; anything else is left as it is."""
    try:
        left, top, right, bottom = (float(side) / whole for side, whole in zip(box, size * 2))
        return [left, top, right - left, bottom - top]
    except (TypeError, ValueError, OverflowError):
        return box


def _number(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell


def _score(detection: Dict[str, Any]) -> float:
    score = detection.get("conf")
    return score if isinstance(score, (int, float)) else 0.0
