"""The tables beside the photos: deployments, the truth, and what an animal detector might have said."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Dict, List

import numpy as np

from ..dice import Dice
from .habits import STATIONS
from .photo import Photo
from .plan import RESET_CAMERA, Season, Shot

_AROUND = timedelta(minutes=5)  # a camera stands before its first photo and after its last


def write_deployments(season: Season, file: Path) -> None:
    """One row per camera: times by a right clock, without a zone, and what the staff noted."""
    rows = []
    for camera, station in STATIONS.items():
        note = f"serviced {season.serviced[camera]:%Y-%m-%d %H:%M}"
        if camera == RESET_CAMERA:
            note += ", batteries changed"
        rows.append({
            "deployment": f"{station.site}-{camera}", "site": station.site, "camera": camera,
            "latitude": station.latitude, "longitude": station.longitude,
            "start": f"{season.starts[camera] - _AROUND:%Y-%m-%d %H:%M:00}",
            "end": f"{season.ends[camera] + _AROUND:%Y-%m-%d %H:%M:00}",
            "comments": note,
        })  # fmt: skip
    _write(file, rows)


def truth(shot: Shot, photo: Photo) -> Dict[str, object]:
    """What is on one photo; the box is that of the nearest animal or person, in shares of the photo."""
    box = photo.boxes[0] if photo.boxes else ("",) * 4
    species = shot.species if photo.boxes else "blank"
    row = {
        "path": shot.path, "site": shot.site, "camera": shot.camera, "deployment": f"{shot.site}-{shot.camera}",
        "taken_truly": f"{shot.taken:%Y-%m-%d %H:%M:%S}", "taken_by_clock": f"{shot.clock:%Y-%m-%d %H:%M:%S}",
        "event": shot.event, "species": species, "count": len(photo.boxes),
    }  # fmt: skip
    row.update(zip(("left", "top", "right", "bottom"), (round(side, 4) if side != "" else "" for side in box)))
    row["night"] = int(photo.sky.night)
    return row


def detections(shot: Shot, photo: Photo, seed: int) -> Dict[str, object]:
    """What a detector says of one photo: boxes a little off, some animals missed, some stones taken for animals."""
    dice = Dice("detector", seed, shot.path)
    found = []
    person = shot.species == "person"
    for left, top, right, bottom in photo.boxes:
        area = (right - left) * (bottom - top)
        sure = 0.78 + 0.09 * np.log2(area / 0.03) - 0.08 * photo.sky.night + 0.34 * float(dice.noise(2).mean())
        if dice.chance(0.04) or sure < 0.1:
            continue
        jitter = 0.04 * dice.noise(4) * np.array([right - left, bottom - top] * 2)
        found.append(_detection("2" if person else "1", max(sure, 0.75) if person else sure,
                                np.array([left, top, right, bottom]) + jitter))  # fmt: skip
    if dice.chance(0.14 if shot.species == "blank" else 0.03):
        spot = Dice("stump", seed, shot.camera, int(dice.between(0, 3)))
        x, y, wide, tall = (spot.between(*ends) for ends in ((0.05, 0.75), (0.4, 0.7), (0.05, 0.2), (0.06, 0.2)))
        found.append(_detection("1", dice.between(0.1, 0.45), np.array([x, y, x + wide, y + tall])))
    return {"file": shot.path, "detections": sorted(found, key=lambda each: -each["conf"])}


def _detection(category: str, sure: float, box: np.ndarray) -> Dict[str, object]:
    left, top, right, bottom = np.clip(box, 0, 1)
    frame = [round(float(side), 4) for side in (left, top, right - left, bottom - top)]
    return {"category": category, "conf": round(float(np.clip(sure, 0.1, 0.98)), 3), "bbox": frame}


def write_truth(rows: List[Dict[str, object]], file: Path) -> None:
    _write(file, rows)


def write_detections(images: List[Dict[str, object]], file: Path) -> None:
    """MegaDetector's format 1.6; one photo without an animal stands as one that could not be read."""
    empty = next((image for image in images if not image["detections"]), None)
    if empty:
        empty.update(detections=None, failure="Failure image access")
    text = {
        "info": {
            "format_version": "1.6",
            "detector": "simulated from the drawings",
            "detection_completion_time": "2024-10-04 12:00:00",
        },
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": images,
    }
    file.write_text(json.dumps(text, indent=1), encoding="utf-8")


def _write(file: Path, rows: List[Dict[str, object]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
