"""The rows of a Camtrap DP package's deployments and media, and how its tables are written."""

import csv
import datetime
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.files.spreadsheet import guarded
from helpers.photos.deployments import Deployment
from helpers.season.exchange.camtrap.blur import Place, blurred
from helpers.season.exchange.camtrap.rules import LEGAL_PATH, columns_of

Row = Dict[str, Any]

_KINDS = {"jpg": "jpeg", "jpe": "jpeg", "tif": "tiff", "dng": "x-adobe-dng"}
_VIDEOS = {"mp4": "mp4", "avi": "x-msvideo", "mov": "quicktime", "m4v": "mp4"}
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")  # line breaks and other controls, and names that are no text
_BY_PHOTOS = "not known, so that of the {} photo"


class Medium(NamedTuple):
    """A photo of the package."""

    cells: Row
    path: str  # as the frame has it
    deployment: str
    taken: datetime.datetime  # with its offset


def identity(kind: str, *parts: Any) -> str:
    """An ID that the same parts always have: a letter for its kind, and a digest."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:20]}"


def written(moment: datetime.datetime) -> str:
    """A moment as the standard writes it, to the second and with its offset."""
    return moment.replace(microsecond=0).isoformat()


def media_rows(
    data: Any,
    offsets: Mapping[str, datetime.timezone],
    below: str,
    public: bool,
    detections: Optional[Any],
    people: Optional[np.ndarray] = None,
) -> Tuple[List[Optional[Medium]], List[Tuple[str, str]]]:
    """A photo for each row of the frame, None where it stays out; and path and reason of those that do.

    `people`, bool [rows], are photos that are known to show people, beside what
    the detections and the column `people` tell. Raises `FrameError`.
    """
    names = data.column_names()
    lost = [name for name in ("path", "taken", "deployment") if name not in names]
    if lost:
        raise FrameError(
            f"the season's frame has no column {', '.join(lost)}; load_photos(folder, layout='{{site}}/{{camera}}') "
            "adds it"
        )
    if detections is not None and not detections.is_of(data):
        raise FrameError("detections= are of other photos than the season's frame; read_detections(file, data) of it")
    shown = _shown(data, detections) if public else np.zeros(len(data), bool)
    if people is not None:
        shown &= ~people
    prefix = f"{below.strip('/')}/" if below.strip("/") else ""
    media: List[Optional[Medium]] = []
    bad: List[Tuple[str, str]] = []
    known: Dict[str, int] = {}
    columns = (list(data[name]) for name in ("path", "taken", "deployment"))
    for row, (path, taken, deployment) in enumerate(zip(*columns)):
        reason = _refused(path, prefix, taken, deployment, known)
        if reason:
            media.append(None)
            bad.append((str(path), reason))
            continue
        known[path] = row
        moment = taken.replace(tzinfo=offsets[deployment])
        cells = {
            "mediaID": identity("m", path),
            "deploymentID": guarded(deployment),
            "timestamp": written(moment),
            "filePath": prefix + path,
            "filePublic": "true" if shown[row] else "false",
            "fileMediatype": _mediatype(path),
        }
        media.append(Medium(cells, path, deployment, moment))
    return media, bad


def _shown(data: Any, detections: Optional[Any]) -> np.ndarray:
    """The photos that somebody or something has looked at, and found nobody in: bool [rows]. Raises `FrameError`."""
    told = "people" in data.column_names()
    if detections is None and not told:
        raise FrameError(
            "public=True shows the photos without people, and nothing says which these are; give detections=, or a "
            "frame with the column 'people', as detections.add_to(data) makes it"
        )
    shown = np.ones(len(data), bool) if detections is None else detections.seen & ~detections.people
    for row, value in enumerate(data["people"] if told else ()):
        shown[row] &= not value and (value is not None or detections is not None)
    return shown


def _refused(path: Any, prefix: str, taken: Any, deployment: Any, known: Mapping[str, int]) -> str:
    """Why a photo stays out, or nothing."""
    if not path:
        return "it has no path"
    if path in known:
        return "another photo has the same path"
    if taken is None:
        return "its camera did not say when it was taken"
    if not deployment:
        return "it belongs to no deployment"
    whole = prefix + path
    if any(unicodedata.category(letter) in _UNWRITABLE for letter in whole) or not re.match(LEGAL_PATH, whole):
        return "the standard does not allow such a path: none with .. or a line break, or that begins with / . ~"
    if guarded(whole) != whole:
        return "a spreadsheet would take its path for a formula; put a folder before it with below="
    return ""


def _mediatype(path: str) -> str:
    ending = path.rpartition(".")[2].lower()
    if ending in _VIDEOS:
        return f"video/{_VIDEOS[ending]}"
    return f"image/{_KINDS.get(ending, ending if ending.isalnum() and ending.isascii() else 'jpeg')}"


def deployment_rows(
    placed: List[Deployment],
    media: List[Medium],
    offsets: Mapping[str, datetime.timezone],
    blur_km: Optional[float],
) -> Tuple[List[Row], List[Tuple[float, float]]]:
    """The deployments, and the latitudes and longitudes that they are written with."""
    first: Dict[str, datetime.datetime] = {}
    last: Dict[str, datetime.datetime] = {}
    for photo in media:
        first[photo.deployment] = min(first.get(photo.deployment, photo.taken), photo.taken)
        last[photo.deployment] = max(last.get(photo.deployment, photo.taken), photo.taken)
    rows: List[Row] = []
    places: List[Tuple[float, float]] = []
    for each in placed:
        start, end = (
            moment.replace(tzinfo=offsets[each.name]) if moment is not None else known.get(each.name)
            for moment, known in ((each.start, first), (each.end, last))
        )
        if start is None or end is None:
            raise FrameError(f"deployment {each.name!r} has no start or end, and no photo that could stay; give both")
        comments = [f"start {_BY_PHOTOS.format('first')}"] if each.start is None else []
        comments += [f"end {_BY_PHOTOS.format('last')}"] if each.end is None else []
        latitude, longitude, uncertainty = Place(each.latitude or 0.0, each.longitude or 0.0, None)
        if blur_km is not None:
            latitude, longitude, uncertainty = blurred(latitude, longitude, blur_km)
            comments.append(f"coordinates are the middle of a cell of a grid of {blur_km:g} km")
        places.append((latitude, longitude))
        rows.append(
            {
                "deploymentID": guarded(each.name),
                "locationName": guarded(each.site or ""),
                "latitude": latitude,
                "longitude": longitude,
                "coordinateUncertainty": uncertainty,
                "deploymentStart": written(start),
                "deploymentEnd": written(end),
                "cameraID": guarded(each.camera or ""),
                "deploymentComments": "; ".join(comments),
            }
        )
    return rows, places


def write_table(file: Path, table: str, rows: List[Row]) -> None:
    """Write a table with all of the standard's columns, in their order; raises `OSError`."""
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.DictWriter(stream, columns_of(table), restval="")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
