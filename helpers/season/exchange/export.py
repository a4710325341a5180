"""Sightings handed on: as a table for a spreadsheet, and as copies of their photos."""

import contextlib
import csv
import datetime
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

from tqdm.auto import tqdm

from helpers.errors import ExportError, FrameError, PhotoError
from helpers.files.cache import replacing
from helpers.files.spreadsheet import guarded
from helpers.frames import SFrame
from helpers.images.decode import read_photo
from helpers.images.gps import without_position
from helpers.photos.export import Bad, Photo, export
from helpers.season.sighting import CONFIRMED, STATUS, Sighting, sightings_of


def save_sightings(sightings: Any, file: Union[str, "os.PathLike[str]"]) -> Path:
    """Write sightings, a frame or a `Sightings`, to a new CSV, a row an event in their order; returns where it is.

    All columns are there; dates are written as 2026-05-01 21:30:00, and what is
    not known is empty. Text that begins like a formula has an apostrophe in
    front, see `helpers.files.spreadsheet`. Raises `FrameError` where there is a file
    already, and `ExportError` where it cannot be written.
    """
    frame = sightings if isinstance(sightings, SFrame) else sightings.frame()
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
    places: bool = True,
    progress: bool = True,
) -> Tuple[Path, Bad]:
    """Copy the photos of confirmed sightings to a new folder, or into a ZIP where `to` ends with `.zip`.

    Copies keep the paths that the photos have below the season's folder.
    `status` takes those of another status; `every=False` the best photo of each
    event only. Photos that are known to show people (a column `people`, or
    parts of the season) stay out.

    Copies are the files as they are, with all that these tell: dates, cameras,
    and the position, if the camera knew it. `places=False` takes the position
    out of them, see `helpers.images.gps`; photos that are no JPEG then stay out.

    Returns where the copies are, and which photos stayed out and why. Raises
    what `helpers.photos.export.export` raises, and `FrameError` where there is no such
    sighting, or one is not of this season.
    """
    if status not in STATUS:
        raise FrameError(f"status={status!r} is not known; there are {', '.join(STATUS)}")
    chosen = [each for each in sightings_of(sightings, rejected=True) if each.status == status]
    if not chosen:
        raise FrameError(f"no sighting is {status}, so that there is no photo to export")
    labels: Dict[Any, None] = {}
    for each in chosen:
        labels.update(dict.fromkeys(_photos(season, each, every)))
    private = _with_people(season)
    kept = [label for label in labels if label not in private]
    hidden = [(season.name_of(label), "it shows people") for label in labels if label in private]
    if not kept:
        raise FrameError(f"all {len(labels)} photos of these sightings show people, and none is exported")
    photos = [(season.name_of(label), season.photo(label)) for label in kept]
    bad: Bad = []
    with contextlib.ExitStack() as stack:
        if not places and Path(to).suffix.lower() != ".csv":  # which is a list of the files, without copies
            photos, bad = _unplaced(photos, Path(to).expanduser().absolute(), stack, progress)
        place, unread = export(photos, to, progress=progress)
    return place, bad + unread + hidden


def _photos(season: Any, sighting: Sighting, every: bool) -> List[Any]:
    """The labels of the photos of a sighting's event, or of its best one; raises `FrameError` for another season."""
    labels = season.photos_of(sighting.event)
    best = labels
    if sighting.path is not None:
        best = [label for label in labels if season.name_of(label) == sighting.path]
    elif sighting.label is not None:
        best = [label for label in labels if label == sighting.label]
    if not best:
        photo = repr(sighting.label) if sighting.path is None else sighting.path
        raise FrameError(
            f"the sightings are not of this season: {photo} is not of event {sighting.event} here; give the season "
            "that they were made with"
        )
    return labels if every else [sighting.label] if sighting.label in best else best[:1]


def _with_people(season: Any) -> "set[Any]":
    """The labels of the photos that are known to show people."""
    shown = getattr(season, "people", None)
    return set() if shown is None else {label for label, people in zip(season.labels, shown) if people}


def _unplaced(photos: List[Photo], to: Path, stack: contextlib.ExitStack, progress: bool) -> Tuple[List[Photo], Bad]:
    """Photos as copies without a position beside `to`, which are there as long as `stack`, and those that have none."""
    if os.path.lexists(to) and not to.is_dir():
        _check_free(to)
    made: List[Photo] = []
    bad: Bad = []
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.")))
        for number, (name, source) in enumerate(
            tqdm(photos, desc="positions", unit=" photos", delay=2, disable=not progress)
        ):
            copy = folder / str(number)
            try:
                copy.write_bytes(without_position(source if isinstance(source, bytes) else read_photo(source)))
            except PhotoError as error:
                bad.append((name, str(error)))
                continue
            if not isinstance(source, bytes):
                modified = Path(source).stat().st_mtime
                os.utime(copy, (modified, modified))
            made.append((name, copy))
    except OSError as error:
        raise ExportError(
            f"{to}: the photos could not be written ({error.strerror or error}); choose another place"
        ) from error
    if not made:
        raise ExportError(f"of none of the {len(photos)} photos there is a copy; the first, {bad[0][0]}: {bad[0][1]}")
    return made, bad


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return guarded(value) if isinstance(value, str) else str(value)


def _check_free(place: Path) -> None:
    if os.path.lexists(place):
        raise FrameError(f"{place} is there already, and is not written over; choose another name")
