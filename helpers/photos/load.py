"""A folder of photos as a frame: finding them, checking them, and making them small enough to show.

`load_photos` hands on an SFrame with one row a photo, and a second one with
everything that stayed out, and why. Nothing in a folder ends the run.
"""

import contextlib
import datetime
import os
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from tqdm.auto import tqdm

from helpers.errors import FrameError, PhotoError, StoreError
from helpers.features.store import Checked, FeatureStore, default_path
from helpers.files.cache import Stamp, settled, stamp
from helpers.files.threads import work_ahead
from helpers.frames import HAS_TURICREATE, Image
from helpers.frames.columns import typed_frame
from helpers.frames.images import image_array, image_of
from helpers.images.decode import check_photo, open_photo
from helpers.images.thumbnails import preview, thumbnail
from helpers.photos.details import add_details, add_places
from helpers.photos.find import find_photos
from helpers.photos.metadata.read import moment, named_moment

__all__ = ["load_photos", "open_photo", "preview", "thumbnail"]

_AHEAD = 256  # photos that may be checked before they are asked for


class _Photo(NamedTuple):
    image: Any
    taken: Optional[datetime.datetime]
    stamp: Optional[Stamp] = None  # that its file had before it was read, where it was read now


def load_photos(
    folder: Union[str, "os.PathLike[str]"],
    *,
    recursive: bool = True,
    progress: bool = True,
    layout: Optional[str] = None,
    deployments: Any = None,
    details: bool = False,
    file_dates: bool = False,
) -> Tuple[Any, Any]:
    """The photos of a folder, and what in it is none.

    Returns two SFrames, each sorted by path:

    - `data`: `id` (row number), `path` (relative to the folder, with `/`; this
      is what a photo is known by), `image`, `folder` (the path without the file name,
      `.` for photos that lie in the folder itself), `taken` (a datetime by the
      camera's clock, None where neither the file nor its name says:
      `helpers.photos.metadata.read.taken`; with `file_dates=True` then the date of the file,
      which may be that of a copy), `width` and `height` (pixels, upright), and
      `file` (where the photo lies on this machine);
    - `bad`: `path` and `reason`, for each file that is no photo or cannot be
      read, and each folder that was not entered.

    For field cameras there are more columns:

    - with `layout`, such as `"{site}/{camera}"` (see `helpers.photos.layout.places_of`),
      or `deployments`, a CSV file or the frame of `helpers.photos.read_deployments`:
      `site`, `camera`, `deployment`, and of the table `latitude` and `longitude`;
    - with `details=True` what the files tell: `night`, `temperature`, `moon`,
      `latitude`, `longitude` and `tags` (see `helpers.photos.details.add_details`).

    One line says how many were left out. Files that were found whole are
    remembered in the cache folder, and not opened again while they stay as they
    are (Turi Create's frames hold copies, and read them all). Raises `FrameError` where the folder
    cannot be had at all.

    >>> data, bad = load_photos("data/robots")
    >>> len(data), len(bad)
    (199, 0)
    """
    root = Path(folder).expanduser().absolute()  # the photos are found again after a change of folder
    if not root.is_dir():
        kind = "is a file, not a folder" if root.exists() else "no such folder"
        raise FrameError(f"{root}: {kind}; give the folder that holds the photos (seen from {Path.cwd()})")
    found, refused = find_photos(root, recursive=recursive)
    photos = _whole_already(root, found)
    new = [name for name in found if name not in photos]
    read = work_ahead(_try_photo, (root / name for name in new), ahead=_AHEAD)
    with closing(read):
        pairs = zip(new, read)
        for name, photo in tqdm(pairs, total=len(new), unit=" photos", delay=2, disable=not progress):
            if isinstance(photo, PhotoError):
                refused.append((name, str(photo)))
            else:
                photos[name] = photo
    _remember_whole(root, {name: photos[name] for name in new if name in photos})
    if refused:
        print(f"{len(photos)} photos; {len(refused)} left out, listed with reasons in the second frame")
    data = _data(root, sorted(photos.items()), file_dates)
    if layout is not None or deployments is not None:
        data = add_places(data, layout, deployments)
    return add_details(data, progress=progress) if details else data, _bad(sorted(refused))


def _try_photo(path: Path) -> Union[_Photo, PhotoError]:
    """The photo in a file, or the error that says why there is none."""
    try:
        before = None
        with contextlib.suppress(OSError):  # what is wrong with the file, `check_photo` says in our words
            before = stamp(path)
        kind = check_photo(path)
        return _Photo(image_of(path, kind), moment(kind.exif), before)
    except PhotoError as error:
        return error
    except OSError as error:
        return PhotoError(error.strerror or str(error))


def _whole_already(root: Path, names: List[str]) -> Dict[str, _Photo]:
    """The files that were checked at an earlier time and have not changed since; they are not opened."""
    if HAS_TURICREATE:  # whose Images hold a copy of the bytes
        return {}
    photos = {}
    with contextlib.suppress(StoreError, OSError):  # then they are checked again: nothing but time is lost
        file = default_path(root)
        if not file.exists():
            return {}
        with FeatureStore(file) as store:
            checked = store.checked()
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118 (Path is slow, and these are all files of the folder)
            seen = checked.get(path)
            if seen is not None and stamp(path) == seen.stamp:
                photos[name] = _Photo(Image.of_known_size(path, (seen.width, seen.height)), seen.taken)
    return photos


def _remember_whole(root: Path, photos: Dict[str, _Photo]) -> None:
    if HAS_TURICREATE or not photos:
        return
    with contextlib.suppress(StoreError, OSError), FeatureStore(default_path(root)) as store:
        store.add_checked(
            {
                str(root / name): Checked(photo.stamp, photo.image.width, photo.image.height, photo.taken)
                for name, photo in photos.items()
                if photo.stamp is not None and settled(root / name, photo.stamp)
            }
        )


def _data(root: Path, photos: List[Tuple[str, _Photo]], file_dates: bool) -> Any:
    names = [name for name, _ in photos]
    images = [photo.image for _, photo in photos]
    files = [os.path.join(root, name) for name in names]  # noqa: PTH118 (as above)
    taken = [photo.taken or named_moment(name.rpartition("/")[2]) for name, photo in photos]
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


def _bad(refused: List[Tuple[str, str]]) -> Any:
    return typed_frame(
        [("path", str, [name for name, _ in refused]), ("reason", str, [reason for _, reason in refused])]
    )
