"""A service of one's own, for as long as a notebook or a script runs: started here, ended with it."""

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
from helpers.service.client.client import Client

ROOT = Path(__file__).resolve().parents[2]

_READY = re.compile(r"^Kinframe serves .* on (https?://\S+?)/?$", re.MULTILINE)
_LOGGED = re.compile(r"\d{4}-\d\d-\d\dT")  # how a line about a request or a job begins
_LINES = 15  # of its log that an error tells
_GRACE = 15.0  # seconds in which it may end by itself
_PATIENCE = 600.0  # seconds until it must be ready: a network may have to be fetched first
_running: Dict[Tuple[str, str], "Served"] = {}


class Served:
    """A service that runs as a process of its own; made by `serve_here`. Ends as a context manager, or by `stop`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process, self._log = process, log
        self.url, self.note = "", ""  # until it is ready: its address, and what it said of itself

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
        """What it said so far."""
        with contextlib.suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace")
        return ""

    def client(self, key: Union[str, None] = None, timeout: float = 30.0) -> Client:
        """A client of it."""
        return Client(self.url, key, timeout)

    def stop(self) -> None:
        """End it, within seconds; a job goes on when the same collection is served again. Twice does no harm."""
        atexit.unregister(self.stop)
        for place, served in list(_running.items()):
            if served is self:
                del _running[place]
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # which it hears, on Windows too
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
    """Serve a folder of photos on this machine, and wait until it can be asked.

    `.url` is then its address, and `.note` says what it serves from where.
    Where nothing was indexed yet, a job begins at once that indexes all photos;
    `Client.jobs` tells of it, and `Client.index("")` of what came later.

    - `database`: postgresql://…, or the path of a file; else what the
      environment variable `KINFRAME_DATABASE` says, or a file in the cache folder.
    - `port`: 0 takes a free one.
    - `more`: what `python -m helpers.service` takes too, such as
      `model="efficientnet-lite0"`, `index="hnsw"` or `allow_host=["example.org"]`.

    It ends with `stop()`, with a `with` block, or with this Python, however
    that ends; and before the same folder and database are served again from
    here. Everybody on this machine can reach it as long as no keys were made.

    The server needs Python 3.10 and the extra `service`; where this Python has
    them not, the `.venv` beside the package is taken. Raises `ServiceError`
    where there is none, and with the end of its log where the server does not start.
    """
    folder = Path(photos).expanduser().absolute()
    if not folder.is_dir():
        raise ServiceError(f"{folder}: no such folder, so there is nothing to serve")
    place = database if not database or "://" in database else str(Path(database).expanduser().absolute())
    if (str(folder), place) in _running:
        _running[str(folder), place].stop()
    command = [_python(), "-m", "helpers.service", f"--photos={folder}", f"--port={port}", "--end-with-stdin"]
    command += _options(more)
    handle, log = tempfile.mkstemp(prefix="kinframe-service-", suffix=".log")
    with os.fdopen(handle, "wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=said,
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
    """Until the service can be asked; raises `ServiceError` where it has ended, or takes too long."""
    from tqdm.auto import tqdm

    begun = time.monotonic()
    shown = "{desc}: {elapsed}"
    with tqdm(desc="the service is getting ready", bar_format=shown, delay=2, disable=not progress) as bar:
        while time.monotonic() - begun < _PATIENCE:
            if not served.is_running:
                raise ServiceError(f"the service ended before it was ready. It said:\n{_end(served.log)}")
            said = _READY.search(served.log)
            if said:
                served.url = said.group(1)
                told = served.log[: said.end()].splitlines()
                served.note = "\n".join(line for line in told if not _LOGGED.match(line))
                with contextlib.suppress(Unavailable), served.client() as client:
                    if client.ready():
                        return
            bar.update()
            time.sleep(0.1)
    raise ServiceError(f"the service was not ready within {_PATIENCE:.0f} s. It said:\n{_end(served.log)}")


def _end(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-_LINES:]) or "nothing"


def _python() -> str:
    """A Python that has what the server needs; raises `ServiceError`."""
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
    """This one, without what would lead another Python to this one's packages; with an address that no list shows."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    return {**kept, "PYTHONUNBUFFERED": "1", **({"KINFRAME_DATABASE": database} if database else {})}


def _options(more: Dict[str, Any]) -> List[str]:
    """`allow_host=["a", "b"]` as `--allow-host=a --allow-host=b`; True is an option alone, None and False none."""
    options: List[str] = []
    for name, value in more.items():
        option = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is True:
                options.append(option)
            elif each is not None and each is not False:
                options.append(f"{option}={each}")
    return options
