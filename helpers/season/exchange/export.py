"""Exporting sightings: as a table for a spreadsheet, and as copies of their photos."""

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Set, Tuple, Union

from helpers.arguments import takes
from helpers.errors import ExportError, FrameError
from helpers.files.replacing import replacing
from helpers.files.spelling import expanded
from helpers.files.spreadsheet import write_rows
from helpers.frames import SFrame
from helpers.images.gps import without_position
from helpers.photos.export import Bad, check_free, export
from helpers.season.sighting import CONFIRMED, STATUS, GivenSightings, Sighting, sightings_of

if TYPE_CHECKING:
    from helpers.season.season import Season


@takes(sightings="sightings or frame", file="path")
def save_sightings(sightings: GivenSightings, file: Union[str, "os.PathLike[str]"]) -> Path:
    """Write sightings to a new CSV, a row per event.

    Parameters
    ----------
    sightings
        A `Sightings`, or a frame of them, with all of its columns.
    file
        The CSV to make, in UTF-8.

    Returns
    -------
    Path
        Where it is. A line is printed where nobody has looked for people in the
        photos of a `Sightings`, as by `export_sightings`. Dates are written as 2026-05-01 21:30:00, and None as an
        empty cell. Text that begins like a formula gets an apostrophe in front,
        see `helpers.files.spreadsheet`.

    Raises
    ------
    FrameError
        Where the file exists, and for a frame that is not one of sightings.
    ExportError
        Where the file cannot be written.
    """
    frame = sightings if isinstance(sightings, SFrame) else sightings.frame()
    sightings_of(frame)  # raises FrameError for another frame
    place = expanded(file).absolute()
    check_free(place)
    names = frame.column_names()
    try:
        with replacing(place) as half:
            rows = ([_cell(row[name]) for name in names] for row in frame)
            write_rows(half, names, rows, errors="backslashreplace")
            check_free(place)
    except OSError as error:
        raise ExportError(
            f"{place}: the sightings could not be written ({error.strerror or error}); choose another place"
        ) from error
    season = getattr(sightings, "season", None)
    if season is not None:
        _print_people_note(season, frame["reference_label"])
    return place


@takes(sightings="sightings or frame", season="season", to="path")
def export_sightings(
    sightings: GivenSightings,
    season: "Season",
    to: Union[str, "os.PathLike[str]"],
    *,
    status: str = CONFIRMED,
    every: bool = True,
    places: bool = True,
    progress: bool = True,
) -> Tuple[Path, Bad]:
    """Copy the photos of confirmed sightings to a new folder or ZIP.

    Parameters
    ----------
    sightings
        A `Sightings`, or its frame.
    season
        The season that they were made with.
    to
        The folder; or the ZIP, where it ends with `.zip`; or a list of the files,
        where it ends with `.csv`. Copies keep the photos' paths below the
        season's folder.
    status
        Copy sightings with this status.
    every
        Whether to copy all photos of each event, or only the best one.
    places
        Whether copies keep the position that a camera has written into them.
        They are otherwise the files as they are. Without it, photos that are
        not JPEG are left out, see `helpers.images.gps`.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Path, list of (name, reason)
        Where the copies are, and the photos that were left out. Those that are
        known to show people are never copied. Where nobody has looked for people
        in all of the copied photos, a line is printed that they are not filtered.

    Raises
    ------
    FrameError
        Where no sighting has the status, one is not of this season, all photos
        show people, or `to` exists.
    ExportError
        Where the copies cannot be written.
    """
    if status not in STATUS:
        raise FrameError(f"status={status!r} is not known; there are {', '.join(STATUS)}")
    chosen = [sighting for sighting in sightings_of(sightings, rejected=True) if sighting.status == status]
    if not chosen:
        raise FrameError(f"no sighting is {status}, so that there is no photo to export")
    labels = list(dict.fromkeys(label for sighting in chosen for label in _photos(season, sighting, every)))
    private = _with_people(season)
    public = [label for label in labels if label not in private]
    hidden = [(season.name_of(label), "it shows people") for label in labels if label in private]
    if not public:
        raise FrameError(f"all {len(labels)} photos of these sightings show people, and none is exported")
    photos = [(season.name_of(label), season.photo(label)) for label in public]
    place, bad = export(photos, to, change=None if places else without_position, progress=progress)
    _print_people_note(season, [label for label in public if season.name_of(label) not in dict(bad)])
    return place, bad + hidden


def _photos(season: "Season", sighting: Sighting, every: bool) -> List[Any]:
    """The labels of the photos of a sighting's event, or of the best one; raises `FrameError` for another season."""
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


def _print_people_note(season: Any, labels: Iterable[Any]) -> None:
    """Print that people are not filtered in the photos of these labels, where that is so."""
    chosen = set(labels)
    note = season.photos.people_note([row for row, label in enumerate(season.labels) if label in chosen])
    if note:
        print(note)


def _with_people(season: "Season") -> Set[Any]:
    """The labels of the photos that are known to show people."""
    shown = getattr(season, "people", None)
    return set() if shown is None else {label for label, people in zip(season.labels, shown) if people}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return value
