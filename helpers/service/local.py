"""A private service, which runs as long as the notebook or the script that started it."""

import atexit
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

from helpers.errors import ServiceError, Unavailable
from helpers.photos.folder import check_folder, named_folder
from helpers.service.client.client import Client

ROOT = Path(__file__).resolve().parents[2]

_READY = re.compile(r"^Kinframe serves .* on (https?://\S+?)/?$", re.MULTILINE)
_LOGGED = re.compile(r"\d{4}-\d\d-\d\dT")  # the begin of a line about a request or a job
_LINES = 15  # of its log in the message of an error
_GRACE = 15.0  # seconds to end by itself
_PATIENCE = 600.0  # seconds to get ready: a network may have to be downloaded first
_running: Dict[Tuple[str, str], "Served"] = {}


class Served:
    """A service in its own process, started by `serve_here`; it ends with a `with` block, or by `stop`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log
        self.url, self.note = "", ""  # set when it is ready: its address, and what it printed

    def __repr__(self) -> str:
        return f"Served({self.url!r})" if self.is_running else "Served(ended)"

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it has printed so far."""
        with contextlib.suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace")
        return ""

    def client(self, key: Union[str, None] = None, timeout: float = 30.0) -> Client:
        """A client of it."""
        return Client(self.url, key, timeout)

    def stop(self) -> None:
        """End it, within seconds; a job goes on when the same collection is served again. It may be called twice."""
        atexit.unregister(self.stop)
        for place, served in list(_running.items()):
            if served is self:
                del _running[place]
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # it notices this on Windows too
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            self._log.unlink()


def serve_here(
    photos: Union[str, "os.PathLike[str]"], *, database: str = "", port: int = 0, progress: bool = True, **more: Any
) -> Served:
    """Serve a folder of photos on this machine, and wait until the service is ready.

    Where nothing was indexed yet, a job that indexes all photos begins at once;
    `Client.jobs` shows it, and `Client.index("")` indexes photos that came later.

    The service ends with `stop()`, with a `with` block, or with this Python,
    however that ends; and before the same folder and database are served again
    from here. Everybody on this machine can reach it until a key is made. It
    needs Python 3.10 and the extra `service`; where this Python lacks them, the
    `.venv` beside the package is used.

    Parameters
    ----------
    photos : path
        The folder of photos.
    database : str, optional
        postgresql://…, or the path of a file. By default the environment
        variable `KINFRAME_DATABASE`, or a file in the cache folder.
    port : int, default 0
        0 takes a free one.
    progress : bool, default True
        Whether to show how long it takes.
    **more
        Other options of `python -m helpers.service`, such as
        `model="efficientnet-lite0"`, `index="hnsw"` or `allow_host=["example.org"]`.

    Returns
    -------
    Served
        With its address `url`; `note` describes the collection.

    Raises
    ------
    FolderError
        Where there is no such folder.
    ServiceError
        Where there is no suitable Python, and, with the end of its log, where
        the server does not start.
    """
    folder = named_folder(photos)
    check_folder(folder)
    place = database if not database or "://" in database else str(Path(database).expanduser().absolute())
    if (str(folder), place) in _running:
        _running[str(folder), place].stop()
    command = [_python(), "-m", "helpers.service", f"--photos={folder}", f"--port={port}", "--end-with-stdin"]
    command += _options(more)
    try:
        handle, log = tempfile.mkstemp(prefix="kinframe-service-", suffix=".log")
    except OSError as error:
        raise ServiceError(
            f"the log of the service cannot be begun ({error.strerror}); make room for temporary files, or name "
            "another folder for them with the environment variable TMPDIR"
        ) from error
    with os.fdopen(handle, "wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=str(ROOT),
            env=_environment(place),
        )
    served = Served(process, Path(log))
    atexit.register(served.stop)
    _running[str(folder), place] = served
    try:
        _wait(served, progress)
    except BaseException:
        served.stop()
        raise
    return served


def _wait(served: Served, progress: bool) -> None:
    """Wait until the service is ready; raises `ServiceError` where it has ended, or takes too long."""
    from tqdm.auto import tqdm

    begun = time.monotonic()
    shown = "{desc}: {elapsed}"
    with tqdm(desc="the service is getting ready", bar_format=shown, delay=2, disable=not progress) as bar:
        while time.monotonic() - begun < _PATIENCE:
            if not served.is_running:
                raise ServiceError(f"the service ended before it was ready. Its output:\n{_end(served.log)}")
            ready = _READY.search(served.log)
            if ready:
                served.url = ready.group(1)
                lines = served.log[: ready.end()].splitlines()
                served.note = "\n".join(line for line in lines if not _LOGGED.match(line))
                with contextlib.suppress(Unavailable), served.client() as client:
                    if client.ready():
                        return
            bar.update()
            time.sleep(0.1)
    raise ServiceError(f"the service was not ready within {_PATIENCE:.0f} s. Its output:\n{_end(served.log)}")


def _end(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-_LINES:]) or "nothing"


def _python() -> str:
    """A Python with the packages of the server; raises `ServiceError`."""
    if sys.version_info >= (3, 10) and find_spec("fastapi") and find_spec("uvicorn"):
        return sys.executable
    beside = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if beside.exists():
        return str(beside)
    raise ServiceError(
        "the server needs Python 3.10 or newer and the extra `service`, and this Python lacks them: "
        "pip install -e '.[service]' in the folder of this clone, by such a Python; or make serve "
        "FOLDER=path/to/photos, which sets up what it needs, and then Client(url)"
    )


def _environment(database: str) -> Dict[str, str]:
    """The environment without paths to the packages of this Python; the database is not in the list of processes."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    return {**kept, "PYTHONUNBUFFERED": "1", **({"KINFRAME_DATABASE": database} if database else {})}


def _options(more: Dict[str, Any]) -> List[str]:
    """`allow_host=["a", "b"]` as `--allow-host=a --allow-host=b`; True is a bare option, None and False none."""
    options: List[str] = []
    for name, value in more.items():
        option = f"--{name.replace('_', '-')}"
        for single in value if isinstance(value, (list, tuple)) else [value]:
            if single is True:
                options.append(option)
            elif single is not None and single is not False:
                options.append(f"{option}={single}")
    return options
