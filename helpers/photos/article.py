"""The 199 photos of the Turi Create article: 119 of Doraemon, 80 of WALL·E.

They are not ours to distribute, so they are downloaded from the article's own
repository when they are needed.
"""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from helpers.errors import KinframeError
from helpers.files.cache import cache_folder
from helpers.files.download import NotFetched, fetch
from helpers.files.replacing import replacing
from helpers.files.spelling import portable

_COMMIT = "4b49e5e"
_FOLDERS = ("doraemon", "walle")
_FILE = f"demo-python-image-classification-{_COMMIT}.zip"
_URL = f"https://github.com/wshuyi/demo-python-image-classification/archive/{_COMMIT}.zip"
# Of the photos, see _digest: GitHub may pack a zip file of the same files in another way.
_SHA256 = "ca5d8ee23d78f4ec174e1625e02ba3ba67c101359c08cc3116b84182177ef0cc"

_LARGEST = 200_000_000  # bytes of all that is in it; the article's photos have 22,000,000
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)  # what zipfile raises


class PhotosUnavailable(KinframeError):
    """The article's photos are not available."""


def article_photos(*, progress: bool = True) -> Path:
    """The folder of the article's photos, downloaded the first time.

    Parameters
    ----------
    progress
        Whether to show a progress bar.

    Returns
    -------
    Path
        A folder in the cache folder, with the folders `doraemon` and `walle`.

    Raises
    ------
    PhotosUnavailable
        Where the photos cannot be downloaded, within seconds without a network;
        the message names the ways out.
    """
    folder = cache_folder() / "photos" / "article"
    if folder.is_dir() and _digest(folder) == _SHA256:
        return folder
    archive = cache_folder() / "photos" / _FILE
    try:
        with replacing(archive) as half:
            origin = fetch(_FILE, _URL, half, progress=progress)
            _unpack(half, folder, origin)
    except (NotFetched, OSError, *_DAMAGE) as error:
        raise PhotosUnavailable(
            f"The article's photos are not available: {error}.\n"
            f"Ways out:\n"
            f"- set KINFRAME_MIRROR to an address or a folder that holds {_FILE} ({_URL})\n"
            f"- put the two folders doraemon and walle of its folder image into {folder}"
        ) from error
    archive.unlink()
    return folder


def _unpack(archive: Path, folder: Path, origin: str) -> None:
    """Unpack the photos into `folder`: all of them and the right ones, or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".article."))
    try:
        with zipfile.ZipFile(archive) as packed:
            if sum(member.file_size for member in packed.infolist()) > _LARGEST:  # zipfile unpacks no more than that
                raise NotFetched(f"{origin} contains more than the article's photos")
            for member in packed.infolist():
                # NAME/image/doraemon/photo.jpg: only the last two parts become a path, so nothing lands elsewhere
                parts = PurePosixPath(member.filename).parts
                if member.is_dir() or len(parts) != 4 or parts[1] != "image" or parts[2] not in _FOLDERS:
                    continue
                (half / parts[2]).mkdir(exist_ok=True)
                with packed.open(member) as photo, (half / parts[2] / portable(parts[3])).open("wb") as file:
                    shutil.copyfileobj(photo, file)
        if _digest(half) != _SHA256:
            raise NotFetched(f"{origin} contains other photos than the article's")
        shutil.rmtree(folder, ignore_errors=True)
        half.replace(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _digest(folder: Path) -> str:
    """The sha-256 over the paths and the bytes of all photos, in the order of their paths."""
    digest = hashlib.sha256()
    photos = [path for path in folder.glob("*/*") if not path.name.startswith(".")]  # such as macOS's .DS_Store
    for path in sorted(photos, key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
