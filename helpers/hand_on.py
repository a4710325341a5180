"""Sightings handed on: as a table for a spreadsheet, and as copies of their photos."""

import csv
import datetime
import os
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

from helpers import tc
from helpers.cache import replacing
from helpers.cells import guarded
from helpers.errors import ExportError, FrameError
from helpers.export import Bad, export
from helpers.sighting_rows import CONFIRMED, STATUS, sightings_of


def save_sightings(sightings: Any, file: Union[str, "os.PathLike[str]"]) -> Path:
    """Write sightings, a frame or a `Sightings`, to a new CSV, a row an event in their order; returns where it is.

    All columns are there; dates are written as 2026-05-01 21:30:00, and what is
    not known is empty. Text that begins like a formula has an apostrophe in
    front, see `helpers.cells`. Raises `FrameError` where there is a file
    already, and `ExportError` where it cannot be written.
    """
    frame = sightings if isinstance(sightings, tc.SFrame) else sightings.frame()
    sightings_of(frame)  # raises FrameError for what are no sightings
    place = Path(file).expanduser().absolute()
    _check_free(place)
    names = frame.column_names()
    try:
        with replacing(place) as half:
            with half.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow([guarded(name) for name in names])
                writer.writerows([_cell(row[name]) for name in names] for row in frame)
            _check_free(place)
    except OSError as error:
        raise ExportError(
            f"{place}: the sightings could not be written ({error.strerror or error}); choose another place"
        ) from error
    return place


def export_sightings(
    sightings: Any,
    season: Any,
    to: Union[str, "os.PathLike[str]"],
    *,
    status: str = CONFIRMED,
    every: bool = True,
    progress: bool = True,
) -> Tuple[Path, Bad]:
    """Copy the photos of confirmed sightings to a new folder, or into a ZIP where `to` ends with `.zip`.

    Copies keep the paths that the photos have below the season's folder.
    `status` takes those of another status; `every=False` the best photo of each
    event only. Photos that are known to show people (a column `people`, or
    parts of the season) stay out. Returns where the copies are, and which photos
    stayed out and why. Raises what `helpers.export.export` raises, and `FrameError`
    where there is no such sighting.
    """
    if status not in STATUS:
        raise FrameError(f"status={status!r} is not known; there are {', '.join(STATUS)}")
    chosen = [each for each in sightings_of(sightings, rejected=True) if each.status == status]
    if not chosen:
        raise FrameError(f"no sighting is {status}, so that there is no photo to export")
    labels: Dict[Any, None] = {}
    for each in chosen:
        labels.update(dict.fromkeys(season.photos_of(each.event) if every else [each.label]))
    private = _with_people(season)
    kept = [label for label in labels if label not in private]
    hidden = [(season.name_of(label), "it shows people") for label in labels if label in private]
    if not kept:
        raise FrameError(f"all {len(labels)} photos of these sightings show people, and none is exported")
    place, bad = export([(season.name_of(label), season.photo(label)) for label in kept], to, progress=progress)
    return place, bad + hidden


def _with_people(season: Any) -> "set[Any]":
    """The labels of the photos that are known to show people."""
    shown = getattr(getattr(season, "photos", None), "people", None)
    boxes = getattr(getattr(season, "items", None), "having", None)
    rows: List[bool] = [False] * len(season.labels) if shown is None else list(shown)
    if boxes is not None:
        rows = [bool(one or other) for one, other in zip(rows, boxes("person"))]
    return {label for label, people in zip(season.labels, rows) if people}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return guarded(value) if isinstance(value, str) else str(value)


def _check_free(place: Path) -> None:
    if os.path.lexists(place):
        raise FrameError(f"{place} is there already, and is not written over; choose another name")
