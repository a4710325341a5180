"""Fetching one file from the network or from a mirror, with an answer within seconds where none can be reached."""

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, Optional
from urllib.parse import urlsplit

from helpers.errors import KinframeError
from helpers.files.spelling import expanded

_PATIENCE = 6.0  # seconds in which a server must have answered at all
_TIMEOUT = (5.0, 20.0)  # seconds to connect to one address, and between two pieces of the file
_QUICK = 1.0  # seconds that a download may take without a bar
_PAUSES = (0.3, 1.0)  # seconds before the second and the third attempt
_ABSENT = (404, 410)  # what a server answers about a file that it does not have
_LARGEST = 2**32  # bytes of a file whose size is not known beforehand: twice what an ONNX file can have
_ADDRESS = ("http://", "https://")


class NotFetched(KinframeError):
    """A file did not arrive; the message is the reason alone."""


class NotThere(NotFetched):
    """The server, or the folder, has no such file."""


def mirror() -> str:
    """The one place where files are looked for, by the environment variable `KINFRAME_MIRROR`; "" where it is not set.

    An http(s) address, or a folder.
    """
    return os.environ.get("KINFRAME_MIRROR", "")


def fetch(name: str, url: str, half: Path, *, size: Optional[int] = None, progress: bool = True) -> str:
    """Fill the file `half` from `url`, and return where it came from.

    Where there is a `mirror`, the file `name` is looked for there and nowhere
    else. `url` may be the path of a file. `size` in bytes is for the bar, which
    shows when it takes longer than a second, and no more than that is taken from
    the network; of an unknown size, 4 GB.

    Raises `NotFetched`, and where there is no such file, `NotThere`. The caller
    checks whether it is the right file.
    """
    place = mirror()
    # An address is no path, though a folder may have one like it: https:/example.org/network.onnx
    if not place and not url.startswith(_ADDRESS) and Path(url).is_file():
        shutil.copyfile(url, half)
        return url
    if place and not place.startswith(_ADDRESS):
        folder = expanded(place)
        file = folder / name
        if not file.is_file():
            reason = NotThere if folder.is_dir() else NotFetched  # the folder may be on a stick that is not plugged in
            raise reason(f"{file} does not exist (KINFRAME_MIRROR is {place})")
        shutil.copyfile(file, half)
        return str(file)
    origin = f"{place.rstrip('/')}/{name}" if place else url
    _download(origin, name, half, size, progress)
    return origin


def _download(url: str, name: str, half: Path, size: Optional[int], progress: bool) -> None:
    import requests
    from pooch import HTTPDownloader
    from tqdm.auto import tqdm

    bar: Dict[str, Any] = {"desc": name, "delay": _QUICK, "disable": not progress}
    try:
        _check_reachable(url)
        for pause in (*_PAUSES, None):
            try:
                # pooch's own bar is reset at the end, which shows it even after a quick download
                with half.open("wb") as file, tqdm.wrapattr(_Limited(file, url, size), "write", size, **bar) as watched:
                    HTTPDownloader(chunk_size=1 << 16, timeout=_TIMEOUT)(url, watched, None)
                return
            except requests.exceptions.RequestException as error:
                if pause is None or not _may_pass(error):
                    raise
                time.sleep(pause)
    except requests.exceptions.RequestException as error:
        absent = error.response is not None and error.response.status_code in _ABSENT
        raise (NotThere if absent else NotFetched)(_reason(url, error)) from error


class _Limited:
    """An open file that takes `most` bytes: what is packed, or sent without end, would fill the disk."""

    def __init__(self, file: BinaryIO, url: str, most: Optional[int]) -> None:
        self._file, self._url, self._most, self._taken = file, url, most or _LARGEST, 0

    def write(self, part: bytes) -> int:
        self._taken += len(part)
        if self._taken > self._most:
            raise NotFetched(f"{self._url} is another file: it has more than {self._most:,} bytes")
        return self._file.write(part)

    def flush(self) -> None:
        self._file.flush()


def _check_reachable(url: str) -> None:
    """Raise an exception of requests within `_PATIENCE` seconds where no server answers.

    The timeout of a connection is not enough: it starts again for each of a
    host's addresses, and does not count while its name is looked up.
    """
    import requests

    failures: List[requests.exceptions.RequestException] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=_PATIENCE, allow_redirects=True).close()
        except requests.exceptions.RequestException as error:
            failures.append(error)

    request = threading.Thread(target=ask, daemon=True)
    request.start()
    request.join(_PATIENCE)
    if request.is_alive():
        raise requests.exceptions.ConnectTimeout
    if failures:
        raise failures[0]


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed: after a cut or stalled connection, or an error or overload of the server."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == 429
    return not isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError))


def _reason(url: str, error: Exception) -> str:
    import requests

    if isinstance(error, ValueError):  # requests raises such errors about the address
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
