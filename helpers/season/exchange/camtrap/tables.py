"""The deployments and media of a Camtrap DP package, and writing its tables."""

import csv
import datetime
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.files.spreadsheet import guarded
from helpers.frames import SFrame
from helpers.photos.deployments import Deployment
from helpers.season.detection.detections import Detections
from helpers.season.exchange.camtrap.blur import blurred
from helpers.season.exchange.camtrap.rules import LEGAL_PATH, columns_of

Row = Dict[str, Any]

_KINDS = {"jpg": "jpeg", "jpe": "jpeg", "tif": "tiff", "dng": "x-adobe-dng"}
_VIDEOS = {"mp4": "mp4", "avi": "x-msvideo", "mov": "quicktime", "m4v": "mp4"}
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")  # line breaks and other controls, and invalid text
_TO_THE_SECOND = datetime.timedelta(seconds=1)  # as tables have it: cameras count fractions
_BY_PHOTOS = "not known, so that of the {} photo"


class Medium(NamedTuple):
    """A photo of the package."""

    cells: Row
    path: str  # as the frame has it
    deployment: str
    taken: datetime.datetime  # with its offset


def identity(kind: str, *parts: Any) -> str:
    """An ID that is always the same for the same parts: a letter for its kind, and a digest."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:20]}"


def written(moment: datetime.datetime) -> str:
    """A moment as the standard writes it, to the second and with its offset."""
    return moment.replace(microsecond=0).isoformat()


def media_rows(
    data: SFrame,
    offsets: Mapping[str, datetime.timezone],
    below: str,
    public: bool,
    detections: Optional[Detections],
    people: Optional[np.ndarray],
) -> Tuple[List[Optional[Medium]], List[Tuple[str, str]]]:
    """A medium for each row of the frame, None where the photo is left out; and path and reason of those.

    `people`, bool [rows], are photos that show people, in addition to those by
    the detections and by the column `people`. Raises `FrameError`.
    """
    missing = [name for name in ("path", "taken", "deployment") if name not in data.column_names()]
    if missing:
        raise FrameError(
            f"the season's frame has no column {', '.join(missing)}; load_photos(folder, layout='{{site}}/{{camera}}') "
            "adds it"
        )
    if detections is not None and not detections.is_of(data):
        raise FrameError("detections= are of other photos than the season's frame; read_detections(file, data) of it")
    is_public = _without_people(data, detections) if public else np.zeros(len(data), bool)
    if people is not None:
        is_public &= ~people
    prefix = f"{below.strip('/')}/" if below.strip("/") else ""
    media: List[Optional[Medium]] = []
    bad: List[Tuple[str, str]] = []
    paths: Set[str] = set()
    columns = (list(data[name]) for name in ("path", "taken", "deployment"))
    for row, (path, taken, deployment) in enumerate(zip(*columns)):
        reason = _refused(path, prefix, taken, deployment, paths)
        if reason:
            media.append(None)
            bad.append((str(path), reason))
            continue
        paths.add(path)
        moment = taken.replace(tzinfo=offsets[deployment])
        cells = {
            "mediaID": identity("m", path),
            "deploymentID": guarded(deployment),
            "timestamp": written(moment),
            "filePath": prefix + path,
            "filePublic": "true" if is_public[row] else "false",
            "fileMediatype": _mediatype(path),
        }
        media.append(Medium(cells, path, deployment, moment))
    return media, bad


def _without_people(data: SFrame, detections: Optional[Detections]) -> np.ndarray:
    """The photos that were looked at and show nobody: bool [rows]. Raises `FrameError`."""
    has_column = "people" in data.column_names()
    if detections is None and not has_column:
        raise FrameError(
            "public=True shows the photos without people, and it is not known which these are; give detections=, or a "
            "frame with the column 'people', as detections.add_to(data) makes it"
        )
    empty = np.ones(len(data), bool) if detections is None else detections.seen_for_people & ~detections.people
    for row, people in enumerate(data["people"] if has_column else ()):
        empty[row] &= not people and (people is not None or detections is not None)
    return empty


def _refused(path: Any, prefix: str, taken: Any, deployment: Any, paths: Set[str]) -> str:
    """Why a photo is left out, or an empty text."""
    if not path:
        return "it has no path"
    if path in paths:
        return "another photo has the same path"
    if taken is None:
        return "it has no date"
    if not deployment:
        return "it belongs to no deployment"
    target = prefix + path
    if any(unicodedata.category(letter) in _UNWRITABLE for letter in target) or not re.match(LEGAL_PATH, target):
        return "the standard does not allow such a path: none with .. or a line break, or that begins with / . ~"
    if guarded(target) != target:
        return "a spreadsheet would take its path for a formula; put a folder before it with below="
    return ""


def _mediatype(path: str) -> str:
    ending = path.rpartition(".")[2].lower()
    if ending in _VIDEOS:
        return f"video/{_VIDEOS[ending]}"
    return f"image/{_KINDS.get(ending, ending if ending.isalnum() and ending.isascii() else 'jpeg')}"


def deployment_rows(
    deployments: List[Deployment],
    media: List[Medium],
    offsets: Mapping[str, datetime.timezone],
    blur_km: Optional[float],
) -> Tuple[List[Row], List[Tuple[float, float]]]:
    """The rows of deployments, and the latitude and longitude in deployment; raises `FrameError`."""
    first: Dict[str, datetime.datetime] = {}
    last: Dict[str, datetime.datetime] = {}
    for photo in media:
        first[photo.deployment] = min(first.get(photo.deployment, photo.taken), photo.taken)
        last[photo.deployment] = max(last.get(photo.deployment, photo.taken), photo.taken)
    rows: List[Row] = []
    places: List[Tuple[float, float]] = []
    for deployment in deployments:
        start, end = (
            moment.replace(tzinfo=offsets[deployment.name]) if moment is not None else known.get(deployment.name)
            for moment, known in ((deployment.start, first), (deployment.end, last))
        )
        if start is None or end is None:
            raise FrameError(
                f"deployment {deployment.name!r} has no start or end, and no photo in the package; give both"
            )
        comments = [f"start {_BY_PHOTOS.format('first')}"] if deployment.start is None else []
        comments += [f"end {_BY_PHOTOS.format('last')}"] if deployment.end is None else []
        outside = sum(
            photo.deployment == deployment.name and not start <= photo.taken <= end + _TO_THE_SECOND for photo in media
        )
        if outside:
            comments.append(f"{outside} photo{'s' * (outside != 1)} taken before its start or after its end")
        latitude, longitude = deployment.latitude or 0.0, deployment.longitude or 0.0
        uncertainty = None
        if blur_km is not None:
            latitude, longitude, uncertainty = blurred(latitude, longitude, blur_km)
            comments.append(f"coordinates are the middle of a cell of a grid of {blur_km:g} km")
        places.append((latitude, longitude))
        rows.append(
            {
                "deploymentID": guarded(deployment.name),
                "locationName": guarded(deployment.site or ""),
                "latitude": latitude,
                "longitude": longitude,
                "coordinateUncertainty": uncertainty,
                "deploymentStart": written(start),
                "deploymentEnd": written(end),
                "timestampIssues": "true" if outside else None,
                "cameraID": guarded(deployment.camera or ""),
                "deploymentComments": "; ".join(comments),
            }
        )
    return rows, places


def write_table(file: Path, table: str, rows: List[Row]) -> None:
    """Write a table with all columns of the standard, in their order; raises `OSError`."""
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.DictWriter(stream, columns_of(table), restval="")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
