"""What people said that photos show: a column of species, from tags, names of folders or a CSV.

A photo's entry is the name of a species, or None. Several are joined with `|`,
which no name of a tag can hold: `Deer|Fox`.
"""

import contextlib
import datetime
import os
from bisect import bisect_left
from collections import Counter
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple, Union

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.files.spelling import composed, expanded
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame, with_columns
from helpers.frames.per_photo import is_label
from helpers.photos.details import file_metadata
from helpers.photos.events import add_events
from helpers.photos.layout import is_made_by_camera
from helpers.photos.tables.species_csv import species_in

SpeciesSource = Union[str, "os.PathLike[str]"]
GivenSpecies = Union[SpeciesSource, Sequence[SpeciesSource]]

_FOLDER, _TAGS = "folder", "tags"
_ENDINGS = (".csv", ".tsv", ".txt")
_LISTED = 6  # groups of tags that a message names


@takes(data="frame")
def add_species(data: SFrame, species: GivenSpecies, *, column: str = "species", progress: bool = True) -> SFrame:
    """Add a column of the species that people said photos show.

    Parameters
    ----------
    data
        A frame of `load_photos`.
    species
        Where the species is noted:

        - the group of tags that it is in, such as `"Species"` for `Species|Fox`,
          in capitals or not. Of `Species|Canids|Fox` the last name counts. Tags
          that are in no group: `"tags"`;
        - `"folder"`: the name of the last folder of each path that no camera
          made, such as 100MEDIA;
        - a CSV with a row per photo, or per species of a photo. Its columns are
          `path` (or `file`, `filename`, optionally with `directory` or
          `relativepath`) and `species` (or `scientificName`, `common_name`,
          `label`), in capitals or not; others are not read. Paths of another
          machine are matched by their ends, see `helpers.photos.tables.match_paths`;
        - a list of these: for each photo, the first that names a species counts.
    column
        The name of the column; one of this name is replaced.
    progress
        Whether to show a progress bar while tags are read.

    Returns
    -------
    SFrame
        The same rows, with the column: text, None where no species is named;
        several of a photo are sorted, and joined with `|`. A line is printed
        where rows of a CSV fit no photo.

    Raises
    ------
    FrameError
        Where no photo has a tag of the group, which lists the groups there are;
        for a CSV that cannot be read, lacks a column or fits no photo.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> data, bad = load_photos("data/robots")
    >>> data = add_species(data, "folder")
    >>> sorted(set(data["species"]))
    ['bolu', 'tarn']
    """
    given = [species] if isinstance(species, (str, os.PathLike)) else list(species)
    if not given or not all(isinstance(source, (str, os.PathLike)) and str(source) for source in given):
        raise FrameError(f"species= is a group of tags, 'folder', a CSV, or a list of these, not {species!r}")
    names: List[Set[str]] = [set() for _ in range(len(data))]
    for source in given:
        names = [known or new for known, new in zip(names, _named(data, source, progress))]
    texts = ["|".join(sorted({composed(name) for name in each})) for each in names]
    return with_columns(data, [(column, str, [text or None for text in texts])])


@takes(data="frame")
def species_table(data: SFrame, column: str = "species") -> SFrame:
    """The species that photos show, a row each.

    Parameters
    ----------
    data
        A frame with the column, as `add_species` makes it.
    column
        Its name.

    Returns
    -------
    SFrame
        `species`; `photos` (that show it); `events` (of which a photo does: those
        of the column `event`, or of `add_events`) and `sites`, None where they
        are not known; `first` and `last` (datetimes by the camera's clock, None
        where unknown). Those of most events first, then of most photos, then by
        name; photos without a species are the last row, of the species None.

    Raises
    ------
    FrameError
        Where the frame has no such column.
    """
    _check_columns(data, column)
    if "event" not in data.column_names():
        with contextlib.suppress(FrameError):  # a frame without dates
            data = add_events(data)
    taken, events, sites = (_column(data, name) for name in ("taken", "event", "site"))
    rows_of: Dict[Any, List[int]] = {}
    for row, names in enumerate(shown_species(list(data[column]), column)):
        for name in names or [None]:
            rows_of.setdefault(name, []).append(row)
    table = []
    for name, rows in rows_of.items():
        dates = [taken[row] for row in rows if taken is not None and taken[row] is not None]
        counts = [None if groups is None else len({groups[row] for row in rows} - {None}) for groups in (events, sites)]
        table.append((name, len(rows), *counts, min(dates, default=None), max(dates, default=None)))
    table.sort(key=lambda row: (row[0] is None, -(row[2] or 0), -row[1], str(row[0])))
    when = datetime.datetime
    kinds = {"species": None, "photos": int, "events": int, "sites": int, "first": when, "last": when}
    columns: List[Tuple[str, Optional[type], List[Any]]] = [
        (name, kind, [row[place] for row in table]) for place, (name, kind) in enumerate(kinds.items())
    ]
    return typed_frame(columns)


@takes(data="frame")
def species_disagreements(data: SFrame, first: str, second: str) -> SFrame:
    """The photos for which two columns name different species, such as those of two observers.

    Parameters
    ----------
    data
        A frame with both columns, as `add_species(data, ..., column=...)` makes them.
    first, second
        Their names.

    Returns
    -------
    SFrame
        `id`, `path` and `event`, as far as the frame has them, and the two
        columns, in the order of the frame. Photos for which one of them names no
        species are left out.

    Raises
    ------
    FrameError
        Where the frame has no such column.

    Examples
    --------
    >>> from helpers import tc
    >>> data = tc.SFrame({"path": ["1.jpg", "2.jpg"], "ana": ["fox", "deer"], "ben": ["fox", "fox"]})
    >>> [row["path"] for row in species_disagreements(data, "ana", "ben")]
    ['2.jpg']
    """
    _check_columns(data, first, second)
    one, other = (shown_species(list(data[name]), name) for name in (first, second))
    rows = [row for row, (a, b) in enumerate(zip(one, other)) if a and b and set(a) != set(b)]
    names = [name for name in ("id", "path", "event") if name in data.column_names()]
    values = {name: list(data[name]) for name in (*names, first, second)}
    return typed_frame((name, data[name].dtype, [cells[row] for row in rows]) for name, cells in values.items())


def shown_species(values: Iterable[Any], argument: str) -> List[List[Any]]:
    """The species of each photo, by a column of `add_species`, or by a list for each photo.

    Text is split at `|`; another value is a species itself; None, an empty text
    and nan are none. Raises `FrameError` for lists of tags in groups, of which
    only one group names species.
    """
    species: List[List[Any]] = []
    for value in values:
        if isinstance(value, (list, tuple, set)):
            groups = sorted({str(tag).split("|")[0] for tag in value if "|" in str(tag)})
            if groups:
                raise FrameError(
                    f"{argument} are tags of groups ({', '.join(groups[:_LISTED])}), of which one names the species; "
                    f"load_photos(folder, species={groups[0]!r}) makes a column of it"
                )
            species.append(list(dict.fromkeys(name for name in value if is_label(name))))
        elif isinstance(value, str):
            species.append(list(dict.fromkeys(name for name in value.split("|") if name)))
        else:
            species.append([value] if is_label(value) else [])
    return species


def _named(data: SFrame, source: SpeciesSource, progress: bool) -> List[Set[str]]:
    """The species that one source names for each photo."""
    text = os.fspath(source)
    if text == _FOLDER:
        return [_last_folder(path.split("/")[:-1]) for path in data["path"]]
    if not isinstance(source, str) or text.lower().endswith(_ENDINGS):
        return species_in(expanded(text), list(data["path"]))
    tags = (
        data["tags"]
        if "tags" in data.column_names()
        else (read.tags for read in file_metadata(data, progress=progress))
    )
    return _of_tags([list(each or ()) for each in tags], text)


def _last_folder(folders: List[str]) -> Set[str]:
    return set([name for name in folders if not is_made_by_camera(name)][-1:])


def _of_tags(tags_of_photos: List[List[str]], group: str) -> List[Set[str]]:
    """The last name of each tag in a group; of the tags in no group, with the group `tags`."""
    wanted = _folded(group.split("|"))
    names: List[Set[str]] = []
    for tags in tags_of_photos:
        in_order = sorted(tags)
        leaves = [tag.split("|") for tag in tags if not _begins_another(tag, in_order)]
        in_group = {parts[-1] for parts in leaves if _is_within(_folded(parts[:-1]), wanted)}
        names.append(in_group or {parts[0] for parts in leaves if group == _TAGS and len(parts) == 1})
    if tags_of_photos and not any(names):
        raise FrameError(f"no photo has a tag such as {group}|Fox; {_known_tags(tags_of_photos)}")
    return names


def _begins_another(tag: str, in_order: List[str]) -> bool:
    """Whether a tag is the group of another one, among tags in their order."""
    place = bisect_left(in_order, f"{tag}|")
    return place < len(in_order) and in_order[place].startswith(f"{tag}|")


def _is_within(groups: List[str], wanted: List[str]) -> bool:
    return any(groups[place : place + len(wanted)] == wanted for place in range(len(groups)))


def _folded(names: List[str]) -> List[str]:
    return [composed(name.strip()).casefold() for name in names]


def _known_tags(tags_of_photos: List[List[str]]) -> str:
    """What tags there are instead, for a message."""
    groups = Counter(name for tags in tags_of_photos for name in {tag.split("|")[0] for tag in tags if "|" in tag})
    if groups:
        known = ", ".join(f"{name} ({count} photos)" for name, count in groups.most_common(_LISTED))
        return f"the groups here are {known}"
    flat = Counter(tag for tags in tags_of_photos for tag in tags)
    if flat:
        known = ", ".join(f"{name} ({count} photos)" for name, count in flat.most_common(_LISTED))
        return f"the tags here are in no group, which species='tags' takes: {known}"
    return "they have no tags at all; give 'folder' or a CSV"


def _check_columns(data: SFrame, *columns: str) -> None:
    missing = next((name for name in columns if name not in data.column_names()), None)
    if missing is not None:
        raise FrameError(f"the frame has no column {missing!r}; add_species(data, ..., column={missing!r}) makes it")


def _column(data: SFrame, name: str) -> Optional[List[Any]]:
    return list(data[name]) if name in data.column_names() else None
