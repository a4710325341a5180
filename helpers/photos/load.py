"""Loading a folder of photos as a frame; nothing in the folder ends the run."""

import contextlib
import datetime
import os
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from helpers.errors import FrameError, PhotoError, StoreError
from helpers.features.store import CheckedFile, FeatureStore
from helpers.features.store_path import default_path
from helpers.files.progress import progress_bar
from helpers.files.spelling import full_paths
from helpers.files.stamps import Stamp, settled, stamp
from helpers.files.threads import work_ahead
from helpers.frames import HAS_TURICREATE, Image, SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.images import image_array, image_of
from helpers.images.decode import check_photo, open_photo
from helpers.images.thumbnails import preview, thumbnail
from helpers.photos.deployments import GivenDeployments
from helpers.photos.details import add_details, add_places
from helpers.photos.find import FAULT, OTHER, VIDEO, find_photos, kind_of
from helpers.photos.folder import check_folder, named_folder, no_photo
from helpers.photos.metadata.file_names import named_moments
from helpers.photos.metadata.read import moment
from helpers.photos.species import GivenSpecies, add_species
from helpers.photos.sun import add_sun
from helpers.photos.utc_offset import GivenOffset

__all__ = ["load_photos", "open_photo", "preview", "thumbnail"]

_AHEAD = 256  # photos that may be checked before they are asked for


class _LoadedPhoto(NamedTuple):
    image: Any
    taken: Optional[datetime.datetime]
    stamp: Optional[Stamp] = None  # of the file before it was read; None where it was not read again


def load_photos(
    folder: Union[str, "os.PathLike[str]"],
    *,
    recursive: bool = True,
    progress: bool = True,
    layout: Optional[str] = None,
    deployments: Optional[GivenDeployments] = None,
    details: bool = False,
    offset: GivenOffset = None,
    file_dates: bool = False,
    species: Optional[GivenSpecies] = None,
) -> Tuple[SFrame, SFrame]:
    """Load the photos of a folder.

    Parameters
    ----------
    folder
        The folder of photos.
    recursive
        Whether to load the folders in it too.
    progress
        Whether to show a progress bar.
    layout
        What the names of folders are, such as `"{site}/{camera}"` or
        `"{site}/{camera}/{species}"`, see `helpers.photos.layout.places_of`.
    deployments
        A CSV file or the frame of `helpers.photos.read_deployments`, which
        completes sites and cameras, and adds coordinates.
    details
        Whether to read what the files contain beside their pixels, see
        `helpers.photos.details.add_details`.
    offset
        Of the cameras' clocks from UTC, such as `"+02:00"`, or a dict by
        deployment; with `details`, for the night. Where clocks are wrong, add it
        with `add_sun` after `shift_clocks` instead.
    file_dates
        Whether a file's own date replaces an unknown date of the photo. It may
        be that of a copy.
    species
        Where the photos' species are noted: a group of tags, `"folder"`, a CSV,
        or a list of these, see `helpers.photos.add_species`.

    Returns
    -------
    data : SFrame
        A row per photo, by path: `id` (row number); `path` (relative to the
        folder, with `/`); `image`; `folder` (the path without the file name, `.`
        for the folder itself); `taken` (a datetime by the camera's clock, from
        the file, its name or those of its folder, or None, see
        `helpers.photos.metadata.read.taken` and `…metadata.file_names`);
        `width` and `height` (pixels, upright); `file` (the path on this machine).
        With `layout` or `deployments` also `site`, `camera`, `deployment`, with
        `details` also `infrared`, `temperature`, `moon`, `tags` and `night` (by the
        sun, see `add_sun`), and with either of the last two `latitude` and
        `longitude`. With `species`, or a layout that names it, `species`.
    bad : SFrame
        `path`, `reason` and `kind`, by path: files that are not photos or cannot
        be read, and folders that were not entered (hidden ones, bins, what a NAS
        keeps for itself, links to what is read already). `kind` is `other` for
        what is not a photo by its name (tables, Thumbs.db, hidden files and such
        folders), `video`, or `fault` for what may be a photo, or hold some. A
        line on their numbers is printed, and one on photos without a date where
        others have one.

    Raises
    ------
    FolderError
        Where there is no such folder, or it cannot be opened.
    FrameError
        For an invalid layout or deployments, for
        species that are found nowhere (see `add_species`) or given twice.

    Notes
    -----
    Valid files are remembered in the cache folder, and not opened again while
    they stay the same (Turi Create's frames hold copies, and read them all).

    Examples
    --------
    >>> data, bad = load_photos("data/robots")
    >>> len(data), len(bad)
    (199, 0)
    """
    root = named_folder(folder)  # the full path, so that a change of the working folder does no harm
    check_folder(root)
    if species is not None and layout is not None and "{species}" in layout:
        raise FrameError(
            "species= and {species} in layout= both name the species; keep one, and add the other by "
            "add_species(data, ..., column='second')"
        )
    names, refused = find_photos(root, recursive=recursive)
    photos = _checked_before(root, names)
    new = [name for name in names if name not in photos]
    read = work_ahead(_try_photo, full_paths(str(root), new), ahead=_AHEAD, quick=True)
    with closing(read):
        pairs = zip(new, read)
        for name, photo in progress_bar(pairs, total=len(new), show=progress):
            if isinstance(photo, PhotoError):
                refused.append((name, str(photo)))
            else:
                photos[name] = photo
    _remember_checked(root, {name: photos[name] for name in new if name in photos})
    if refused:
        print(_left_out(len(photos), refused))
    if not photos:
        print(no_photo(root, sorted(refused)))
    data = _data(root, sorted(photos.items()), file_dates)
    undated = sum(moment is None for moment in data["taken"])
    if undated and (undated < len(data) or details or layout is not None or deployments is not None):
        print(f"{undated} of {len(data)} photos have no date that could be read; their taken is None")
    if layout is not None or deployments is not None:
        data = add_places(data, layout, deployments)
    if details:
        data = add_details(data, offset=offset, progress=progress)
    elif offset is not None:
        data = add_sun(data, offset, progress=progress)
    if species is not None:
        data = add_species(data, species, progress=progress)
    return data, _bad(sorted(refused))


def _try_photo(path: str) -> Union[_LoadedPhoto, PhotoError]:
    """The photo in a file, or the error with the reason why it cannot be read."""
    try:
        before = None
        with contextlib.suppress(OSError):  # `check_photo` has a better message
            before = stamp(path)
        kind = check_photo(path)
        return _LoadedPhoto(image_of(path, kind), moment(kind.exif), before)
    except PhotoError as error:
        return error
    except OSError as error:
        return PhotoError(error.strerror or str(error))


def _checked_before(root: Path, names: List[str]) -> Dict[str, _LoadedPhoto]:
    """The photos that were checked before and have not changed since; they are not opened."""
    if HAS_TURICREATE:  # whose Images hold a copy of the bytes
        return {}
    photos = {}
    with contextlib.suppress(StoreError, OSError):  # then they are checked again
        file = default_path(root)
        if not file.exists():
            return {}
        with FeatureStore(file) as store:
            checked = store.checked()
        for name, path in zip(names, full_paths(str(root), names)):
            before = checked.get(path)
            if before is not None and stamp(path) == before.stamp:
                photos[name] = _LoadedPhoto(Image.of_known_size(path, (before.width, before.height)), before.taken)
    return photos


def _remember_checked(root: Path, photos: Dict[str, _LoadedPhoto]) -> None:
    if HAS_TURICREATE or not photos:
        return
    files = zip(full_paths(str(root), photos), photos.values())
    with contextlib.suppress(StoreError, OSError), FeatureStore(default_path(root)) as store:
        store.add_checked(
            {
                file: CheckedFile(photo.stamp, photo.image.width, photo.image.height, photo.taken)
                for file, photo in files
                if photo.stamp is not None and settled(file, photo.stamp)
            }
        )


def _data(root: Path, photos: List[Tuple[str, _LoadedPhoto]], file_dates: bool) -> SFrame:
    names = [name for name, _ in photos]
    images = [photo.image for _, photo in photos]
    files = full_paths(str(root), names)
    taken = [photo.taken or named for (_, photo), named in zip(photos, named_moments(names))]
    if file_dates:
        taken = [moment or _file_date(file) for moment, file in zip(taken, files)]
    frame = typed_frame(
        [
            ("id", int, list(range(len(photos)))),
            ("path", str, names),
            ("folder", str, [name.rpartition("/")[0] or "." for name in names]),
            ("taken", datetime.datetime, taken),
            ("width", int, [image.width for image in images]),
            ("height", int, [image.height for image in images]),
            ("file", str, files),
        ]
    )
    order = frame.column_names()
    return frame.add_column(image_array(images), "image")[[*order[:2], "image", *order[2:]]]


def _file_date(file: str) -> Optional[datetime.datetime]:
    try:
        return datetime.datetime.fromtimestamp(int(stamp(file).modified / 1e9))  # by this machine's clock
    except (OSError, OverflowError, ValueError):
        return None


def _left_out(photos: int, refused: List[Tuple[str, str]]) -> str:
    """How many photos there are, and how much of each kind was left out."""
    kinds = Counter(kind_of(name, reason) for name, reason in refused)
    words = {FAULT: "with a fault", VIDEO: "video", OTHER: "other"}
    counts = ", ".join(f"{kinds[kind]} {text}" for kind, text in words.items() if kinds[kind])
    return f"{photos} photos; {len(refused)} left out ({counts}), listed with reasons in the second frame"


def _bad(refused: List[Tuple[str, str]]) -> SFrame:
    return typed_frame(
        [
            ("path", str, [name for name, _ in refused]),
            ("reason", str, [reason for _, reason in refused]),
            ("kind", str, [kind_of(name, reason) for name, reason in refused]),
        ]
    )
