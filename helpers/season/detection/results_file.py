"""Writing detections as MegaDetector does: https://lila.science/megadetector-output-format, version 1.4."""

import json
import os
from typing import Any, Dict, List, Union

import numpy as np

from helpers.errors import FrameError
from helpers.files.replacing import replacing
from helpers.files.spelling import expanded
from helpers.season.detection.megadetector import KINDS, UNREAD, Bad, DetectedPhoto, Detection

_NUMBERS = {kind: str(number) for number, kind in enumerate(KINDS, 1)}
_UNLISTED = "0"  # the category of a detection that may be a person: none of the file's own list, as it was read
_DOUBTFUL = "nothing is known but a detection that could not be read"


def write_file(
    path: Union[str, "os.PathLike[str]"], names: List[str], photos: Dict[int, DetectedPhoto], bad: Bad, detector: str
) -> None:
    """Write the photos, by their rows, and those of the `names` that could not be read; raises `FrameError`."""
    here = set(names)
    by_name = {names[row]: photo for row, photo in photos.items()}
    for_people = all(photo.for_people for photo in by_name.values())
    found = {each.kind for photo in by_name.values() for each in photo.detections}
    kinds = [kind for kind in KINDS if kind == "animal" or kind in found or for_people]
    labels = sorted({each.label for photo in by_name.values() for each in photo.detections if each.label is not None})
    classes = {label: str(number) for number, label in enumerate(labels)}
    content: Dict[str, Any] = {
        "info": {"format_version": "1.4", **({"detector": detector} if detector else {})},
        "detection_categories": {_NUMBERS[kind]: kind for kind in kinds},
    }
    if classes:
        content["classification_categories"] = {number: label for label, number in classes.items()}
    images = [_image(name, photo, classes) for name, photo in by_name.items()]
    images += [
        {"file": name, "detections": None, "failure": _reason(reason)}
        for name, reason in dict(bad).items()
        if name in here and name not in by_name
    ]
    content["images"] = sorted(images, key=lambda image: str(image["file"]))
    file = expanded(path)
    try:
        with replacing(file) as half:
            half.write_text(json.dumps(content, indent=1), "utf-8")
    except OSError as error:
        raise FrameError(f"{file}: detections cannot be written there ({error.strerror or error})") from error


def _reason(reason: str) -> str:
    """The detector's own words, without what was put around them when they were read."""
    return reason[len(UNREAD) :].strip("'\"") if reason.startswith(UNREAD) else reason


def _image(name: str, photo: DetectedPhoto, classes: Dict[str, str]) -> Dict[str, Any]:
    if not photo.complete and not photo.detections:
        return {"file": name, "detections": None, "failure": _DOUBTFUL}
    return {"file": name, "detections": [_entry(each, classes) for each in photo.detections]}


def _entry(detection: Detection, classes: Dict[str, str]) -> Dict[str, Any]:
    left, top, right, bottom = detection.box
    bbox: List[float] = [left, top, _length(left, right), _length(top, bottom)]
    entry: Dict[str, Any] = {"category": _NUMBERS.get(detection.kind, _UNLISTED), "conf": detection.score, "bbox": bbox}
    if detection.label is not None:
        entry["classifications"] = [[classes[detection.label], detection.label_score]]
    return entry


def _length(start: float, end: float) -> float:
    """What is added to `start` to come out at `end`, to the last bit where floats allow that."""
    length = end - start
    near = (length, float(np.nextafter(length, 2)), float(np.nextafter(length, -1)))
    return next((each for each in near if start + each == end), length)
