"""Columns for field-camera photos: their places, and what their files contain beside pixels.

What was read from files is kept in the cache folder, in one JSON file for the
photos of a folder, and not read again while a photo's file stays the same.
"""

import contextlib
import datetime
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from helpers.errors import FrameError
from helpers.files.cache import cache_folder
from helpers.files.json_file import read_json
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.files.stamps import Stamp, settled, stamp
from helpers.files.threads import work_ahead
from helpers.frames import SFrame
from helpers.frames.columns import with_columns
from helpers.frames.photo_paths import folder_of, row_paths
from helpers.photos.deployments import GivenDeployments, deployed, deployment_table, layout_by, only_camera
from helpers.photos.layout import PLACES, SPECIES, is_made_by_camera, places_of
from helpers.photos.metadata.maker_notes import available, complete
from helpers.photos.metadata.moon import moon_phases
from helpers.photos.metadata.read import Metadata, read_metadata
from helpers.photos.metadata.xmp import sidecars
from helpers.photos.sun import PLACE, add_sun
from helpers.photos.tables.deployment_csv import name_of
from helpers.photos.utc_offset import GivenOffset

Mark = Tuple[Optional[Stamp], ...]  # changes with a photo, and with the files beside it

_FORMAT = 3  # raise it with every change of what is read
_AHEAD = 256  # photos that may be read before they are asked for
_KEPT = 5_000  # photos after which the cache is written
_TYPES = {"infrared": int, "temperature": float, "latitude": float, "longitude": float, "tags": list}
_NIGHT = (
    'night is not known without the clocks\' offset from UTC: load the photos with offset="+02:00" or the like, or see '
    "add_sun; infrared is known"
)


def add_places(data: SFrame, layout: Optional[str] = None, deployments: Optional[GivenDeployments] = None) -> SFrame:
    """Add the columns `site`, `camera` and `deployment`, text or None, to the frame of `load_photos`.

    And `species`, where the layout names it.

    `layout` is what folders are named by (see `helpers.photos.layout.places_of`);
    by default the first folder of each path is the camera, or what most fit of
    the deployments, sites with cameras, sites and cameras in `deployments`.
    That, a CSV file or the frame of `read_deployments`, completes places and
    adds `latitude` and `longitude`. Where it is of one camera, and no folder
    names a place (a card's own folders do not), all photos are of that camera.
    A deployment without a name is named by its site and camera.

    Prints a line on photos that do not fit the layout, and on those that are in
    no deployment. Raises `FrameError` for an invalid layout or table.
    """
    paths, taken = list(data["path"]), list(data["taken"])
    table = None if deployments is None else deployment_table(deployments)
    folders = [path.rpartition("/")[0] for path in paths]
    known = layout or (None if table is None else layout_by(table, folders))
    places: Dict[str, List[Any]] = dict(places_of(folders, known or "{camera}"))
    species = {name: places.pop(name) for name in (SPECIES,) if name in places}
    unnamed = not places or (known is None and all(is_made_by_camera(name) for name in _names(folders)))
    unplaced = sum(all(values[row] is None for values in places.values()) for row in range(len(paths)))
    unplaced, fitting = unplaced if places else 0, len(paths)
    if table is not None:
        if unnamed and only_camera(table):
            places, unplaced = {}, 0
            camera = name_of(table["site"][0], table["camera"][0]) or table["deployment"][0]
            print(f"the photos' folders name no place; all are of the table's only camera, {camera}")
        elif known is None and paths and len(table):
            names = ", ".join(list(table["deployment"])[:3])
            print(f"no folder is named by a deployment, site or camera of the table ({names}); give layout=")
        places, fitting = deployed(places, taken, table)
    for name in PLACES:
        places.setdefault(name, [None] * len(paths))
    places["deployment"] = [
        name or name_of(site, camera)
        for name, site, camera in zip(places["deployment"], places["site"], places["camera"])
    ]
    if unplaced:
        print(f"{unplaced} of {len(paths)} photos are in no folder such as {known or '{camera}'}; they have no place")
    if fitting < len(paths) - unplaced:
        print(f"{len(paths) - unplaced - fitting} of {len(paths)} photos are in no deployment of the table")
    places.update(species)
    return with_columns(data, ((name, float if name in PLACE else str, values) for name, values in places.items()))


def _names(folders: List[str]) -> Set[str]:
    return {name for folder in set(folders) for name in folder.split("/") if name}


def add_details(data: SFrame, *, offset: GivenOffset = None, progress: bool = True) -> SFrame:
    """Add what the photos' files contain, None where they do not, to the frame of `load_photos`:

    - `infrared`: 1 for photos in infrared light, 0 for those in colour (see `helpers.photos.metadata.infrared`);
    - `temperature`: of the air, in degrees Celsius;
    - `moon`: its phase on that day, computed from `taken` (see `helpers.photos.metadata.moon`);
    - `latitude` and `longitude`: degrees; those of a table of deployments stay;
    - `tags`: a list of what people wrote on the photo, groups as `Species|Fox`;
    - `night`, and more by the sun where `offset` is given (see `helpers.photos.sun.add_sun`).

    Temperatures in makers' notes are read by the program exiftool, where it is
    installed; a line is printed where it is missing and would find more, and one
    where the night is not known. Raises `FrameError` for a frame whose photos are
    not files, and for an invalid offset.
    """
    read = file_metadata(data, progress=progress)
    values = {name: [getattr(metadata, name) for metadata in read] for name in _TYPES}
    values["tags"] = [list(tags) for tags in values["tags"]]
    for name in set(PLACE) & set(data.column_names()):
        values[name] = [old if old is not None else new for old, new in zip(data[name], values[name])]
    moon = ("moon", str, moon_phases(list(data["taken"])))
    data = with_columns(data, [*((name, kind, values[name]) for name, kind in _TYPES.items()), moon])
    if offset is not None:
        return add_sun(data, offset, progress=progress)
    print(_NIGHT)
    return with_columns(data, [("night", int, [None] * len(data))])


def file_metadata(data: SFrame, *, progress: bool = True) -> List[Metadata]:
    """What each photo's file contains, from the cache or the file; raises as `add_details`."""
    names, files = row_paths(data)
    if None in files:
        raise FrameError("details are read from photos that are files; give the frame of load_photos")
    return _read([str(file) for file in files], _cache_of(names, files), progress)


def _cache_of(names: List[Optional[str]], files: List[Optional[str]]) -> Path:
    folder = folder_of(names, files) or ""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return cache_folder() / "details" / f"{digest}.json"


def _read(files: Sequence[str], cache: Path, progress: bool) -> List[Metadata]:
    """The metadata of each file, from the cache or from the file."""
    kept, has_notes = _kept(cache)
    marks = {file: _mark(file) for file in files}
    metadata = {file: kept[file][1] for file in files if file in kept and kept[file][0] == marks[file]}
    new = [file for file in files if file not in metadata]
    with contextlib.closing(work_ahead(read_metadata, new, ahead=_AHEAD)) as read:
        pairs = progress_bar(zip(new, read), total=len(new), desc="details", show=progress)
        for count, (file, of_file) in enumerate(pairs, 1):
            metadata[file] = of_file
            if _is_settled(file, marks[file]):
                kept[file] = marks[file], of_file
            if count % _KEPT == 0:
                _keep(cache, kept, has_notes=False)
    if new or not has_notes:
        incomplete = new if has_notes else list(files)
        for file, of_file in zip(incomplete, complete(incomplete, [metadata[file] for file in incomplete], progress)):
            metadata[file] = of_file
            if file in kept:
                kept[file] = kept[file][0], of_file
        _keep(cache, kept, has_notes=available())
    return [metadata[file] for file in files]


def _mark(file: str) -> Mark:
    """The stamps of a photo and of the XMP files beside it; None where there is no such file."""

    def stamp_of(path: str) -> Optional[Stamp]:
        try:
            return stamp(path)
        except OSError:
            return None

    return tuple(stamp_of(path) for path in (file, *sidecars(file)))


def _is_settled(file: str, mark: Mark) -> bool:
    try:
        stamps = [(path, stamp) for path, stamp in zip((file, *sidecars(file)), mark) if stamp is not None]
        return mark[0] is not None and all(settled(path, stamp) for path, stamp in stamps)
    except OSError:
        return False


def _kept(cache: Path) -> Tuple[Dict[str, Tuple[Mark, Metadata]], bool]:
    """What the cache has, and whether makers' notes were read for it; nothing where it is damaged or newer."""
    try:
        content = read_json(cache)
        if content["format"] != _FORMAT:
            return {}, False
        photos = {
            file: (tuple(mark and Stamp(*mark) for mark in marks), _metadata(values))
            for file, (marks, values) in content["photos"].items()
        }
        return photos, content["notes"] or not available()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnicodeError):
        return {}, False


def _metadata(values: List[Any]) -> Metadata:
    taken, infrared, temperature, latitude, longitude, tags, make = values
    moment = None if taken is None else datetime.datetime.fromisoformat(taken)
    return Metadata(moment, infrared, temperature, latitude, longitude, tuple(tags), make)


def _keep(cache: Path, kept: Dict[str, Tuple[Mark, Metadata]], has_notes: bool) -> None:
    photos = {
        file: (mark, [metadata.taken and metadata.taken.isoformat(), *metadata[1:]])
        for file, (mark, metadata) in kept.items()
    }
    with contextlib.suppress(OSError), replacing(cache) as half:  # on a full disk, it is read again the next time
        half.write_text(json.dumps({"format": _FORMAT, "notes": has_notes, "photos": photos}), encoding="utf-8")
