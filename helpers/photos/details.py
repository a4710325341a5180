"""What is known of field-camera photos beside their pixels, as columns of their frame.

What a file tells is kept in the cache folder, one JSON file for the photos of
one folder, and is not read again while the file stays as it is.
"""

import contextlib
import datetime
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from tqdm.auto import tqdm

from helpers.errors import FrameError
from helpers.files.cache import Stamp, cache_folder, replacing, settled, stamp
from helpers.files.threads import work_ahead
from helpers.frames.columns import folder_of, row_paths, with_columns
from helpers.photos.deployments import deployed, deployment_table, name_of
from helpers.photos.layout import PLACES, places_of
from helpers.photos.metadata.maker_notes import available, complete
from helpers.photos.metadata.moon import moon_phases
from helpers.photos.metadata.read import Metadata, read_metadata
from helpers.photos.metadata.xmp import sidecars

Mark = Tuple[Optional[Stamp], ...]  # what changes when a photo, or what lies beside it, changes

_FORMAT = 1
_AHEAD = 256  # photos that may be read before they are asked for
_KEPT = 5_000  # photos after which what was read is written
_TYPES = {"night": int, "temperature": float, "latitude": float, "longitude": float, "tags": list}
_PLACE = ("latitude", "longitude")


def add_places(data: Any, layout: Optional[str] = None, deployments: Any = None) -> Any:
    """The frame with the columns `site`, `camera` and `deployment`, text or None.

    `layout` tells them from the folders (see `helpers.photos.layout.places_of`);
    without it the first folder of each path is the camera, or the deployment
    where `deployments` has one of that name. `deployments`, a CSV file or the
    frame of `read_deployments`, completes them and adds `latitude` and
    `longitude`. A deployment without a name is called by its site and camera.

    One line tells of photos that fit nowhere, one of those that are of no
    deployment in the table. Raises `FrameError` for a layout
    or a table that cannot be read.
    """
    paths, taken = list(data["path"]), list(data["taken"])
    table = None if deployments is None else deployment_table(deployments)
    folders = [path.rpartition("/")[0] for path in paths]
    if layout is None:
        named = table is not None and {folder.partition("/")[0] for folder in folders} & set(table["deployment"])
        layout = "{deployment}" if named else "{camera}"
    places: Dict[str, List[Any]] = dict(places_of(folders, layout))
    lost = sum(all(values[row] is None for values in places.values()) for row in range(len(paths)))
    fitting = len(paths)
    if table is not None:
        places, fitting = deployed(places, taken, table)
    for name in PLACES:
        places.setdefault(name, [None] * len(paths))
    places["deployment"] = [
        name or name_of(site, camera)
        for name, site, camera in zip(places["deployment"], places["site"], places["camera"])
    ]
    if lost:
        print(f"{lost} of {len(paths)} photos lie in no folder as {layout} has it; they have no place")
    if fitting < len(paths) - lost:
        print(f"{len(paths) - lost - fitting} of {len(paths)} photos belong to none of the deployments in the table")
    return with_columns(data, ((name, float if name in _PLACE else str, values) for name, values in places.items()))


def add_details(data: Any, *, progress: bool = True) -> Any:
    """The frame with what the files of its photos tell, None where they do not:

    - `night`: 1 for photos in infrared light, 0 for those in colour (see `helpers.photos.metadata.infrared`);
    - `temperature`: of the air, degrees Celsius;
    - `moon`: its phase on that day, worked out from `taken` (see `helpers.photos.metadata.moon`);
    - `latitude` and `longitude`: degrees; those of a table of deployments stay;
    - `tags`: a list of what people wrote on it, groups as `Species|Fox`.

    Temperatures in the notes of a camera's maker are read by the program
    exiftool, where it is installed; one line says so where it is missing and
    would tell more. What was read is kept, see above. Raises `FrameError` for
    a frame whose photos are no files.
    """
    names, files = row_paths(data)
    if None in files:
        raise FrameError("only photos that are files tell more of themselves; take the frame that load_photos gives")
    read = _read([str(file) for file in files], _cache_of(names, files), progress)
    told = {name: [_plain(getattr(each, name)) for each in read] for name in _TYPES}
    for name in set(_PLACE) & set(data.column_names()):
        told[name] = [old if old is not None else new for old, new in zip(data[name], told[name])]
    moon = ("moon", str, moon_phases(list(data["taken"])))
    return with_columns(data, [*((name, kind, told[name]) for name, kind in _TYPES.items()), moon])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _cache_of(names: List[Optional[str]], files: List[Optional[str]]) -> Path:
    folder = folder_of(names, files) or ""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return cache_folder() / "details" / f"{digest}.json"


def _read(files: Sequence[str], cache: Path, progress: bool) -> List[Metadata]:
    """What each file tells, from the cache or from the file."""
    kept, asked = _kept(cache)
    marks = {file: _mark(file) for file in files}
    found = {file: kept[file][1] for file in files if file in kept and kept[file][0] == marks[file]}
    new = [file for file in files if file not in found]
    with contextlib.closing(work_ahead(read_metadata, new, ahead=_AHEAD)) as read:
        pairs = tqdm(zip(new, read), total=len(new), desc="details", unit=" photos", delay=2, disable=not progress)
        for count, (file, told) in enumerate(pairs, 1):
            found[file] = told
            if _is_settled(file, marks[file]):
                kept[file] = marks[file], told
            if count % _KEPT == 0:
                _keep(cache, kept, asked=False)
    if new or not asked:
        notes = new if asked else list(files)
        for file, told in zip(notes, complete(notes, [found[file] for file in notes], progress)):
            found[file] = told
            if file in kept:
                kept[file] = kept[file][0], told
        _keep(cache, kept, asked=available())
    return [found[file] for file in files]


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
        there = [(path, each) for path, each in zip((file, *sidecars(file)), mark) if each is not None]
        return mark[0] is not None and all(settled(path, each) for path, each in there)
    except OSError:
        return False


def _kept(cache: Path) -> Tuple[Dict[str, Tuple[Mark, Metadata]], bool]:
    """What is in a file of the cache, and whether makers' notes were asked; nothing where it is damaged or newer."""
    try:
        told = json.loads(cache.read_bytes().decode("utf-8"))
        if told["format"] != _FORMAT:
            return {}, False
        photos = {
            file: (tuple(mark and Stamp(*mark) for mark in marks), _metadata(values))
            for file, (marks, values) in told["photos"].items()
        }
        return photos, told["notes"] or not available()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnicodeError):
        return {}, False


def _metadata(values: List[Any]) -> Metadata:
    taken, night, temperature, latitude, longitude, tags, make = values
    moment = None if taken is None else datetime.datetime.fromisoformat(taken)
    return Metadata(moment, night, temperature, latitude, longitude, tuple(tags), make)


def _keep(cache: Path, kept: Dict[str, Tuple[Mark, Metadata]], asked: bool) -> None:
    photos = {file: (mark, [told.taken and told.taken.isoformat(), *told[1:]]) for file, (mark, told) in kept.items()}
    with contextlib.suppress(OSError), replacing(cache) as half:  # a full disk costs time, no photo
        half.write_text(json.dumps({"format": _FORMAT, "notes": asked, "photos": photos}), encoding="utf-8")
