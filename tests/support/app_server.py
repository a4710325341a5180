"""The command of `make app`, started on a folder and ended again; and what a browser sends to its page."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence, Set, Tuple
from uuid import uuid4

import pytest

from tests.support.places import ROOT
from tests.support.until import HANGS

COOKIE = {"Cookie": "kinframe-visitor=1"}  # of a browser that has been at the page's door
PROTOCOL = "v1.kernel.websocket.jupyter.org"

_COMMAND = """
import sys
from helpers.app import visits
from helpers.app.__main__ import main
if __name__ == "__main__":
    visits.PATIENCE = {patience}
    if visits.PATIENCE < 5:
        from helpers.app import server
        server._LOOK = visits.PATIENCE
    {setting}
    sys.exit(main(sys.argv[1:]))
"""
_STERN = """from helpers.app import server
    server.PING, server.NO_ANSWER, visits.RETURN, server._LOOK = 500, 5_000, 1.0, 1.0"""
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class App(NamedTuple):
    """A running server."""

    address: str
    said: str  # until the page could be had
    process: "subprocess.Popen[str]"


@contextlib.contextmanager
def serving(
    folder: Path,
    cache: Path,
    python: str = sys.executable,
    *,
    options: Sequence[str] = (),
    patience: float = 60.0,
    stern: bool = False,
) -> Iterator[App]:
    """The page on a folder, from the moment it can be opened.

    `patience` are the seconds until a kernel is given up that nobody connects to; with `stern`, one is given up within
    seconds whose page has gone.
    """
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "FOLDER": str(folder),
        "KINFRAME_CACHE": str(cache),
        "KINFRAME_MIRROR": str(cache / "no-mirror"),
        "JUPYTER_CONFIG_DIR": str(cache / "no-jupyter-settings"),
    }
    command = [
        python,
        "-c",
        _COMMAND.format(patience=patience, setting=_STERN if stern else "pass"),
        f"--port={port}",
        *options,
    ]
    with subprocess.Popen(
        command, env=environment, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        try:
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl+C stops it" in line:
                    break
            else:
                pytest.fail(f"make app did not start:\n{said}")
            yield App(f"http://127.0.0.1:{port}/", said, process)
        finally:
            end(process)


def end(process: "subprocess.Popen[str]") -> str:
    """End it as Ctrl+C does; what it said after the page could be had."""
    if process.poll() is not None:
        return ""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by what started the tests, and so by the server too
    process.send_signal(signal.SIGTERM if ignored or os.name == "nt" else signal.SIGINT)
    try:
        return process.communicate(timeout=HANGS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def page_of(server: App, query: str = "", *, cookie: bool = True) -> Tuple[Any, str]:
    """The headers and the text of a visitor's page; without the cookie, of what is before it."""
    request = urllib.request.Request(server.address + query, headers=COOKIE if cookie else {})  # noqa: S310
    with _DIRECT.open(request, timeout=HANGS) as answer:
        return answer.headers, answer.read().decode("utf-8")


def status_of(address: str, method: str = "GET", **headers: str) -> int:
    """The status of an answer."""
    request = urllib.request.Request(address, headers=headers, method=method)  # noqa: S310
    try:
        with _DIRECT.open(request, timeout=HANGS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def kernels(server: App) -> Set[int]:
    """The processes of the kernels that run, with the one that waits for the next visitor."""
    import psutil

    found = set()
    for child in psutil.Process(server.process.pid).children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def kernel_of(page: str) -> str:
    """The id of the kernel behind a page."""
    config = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(unescape(config))["kernelId"]


def line_to(server: App, kernel: str, *protocols: str) -> Any:
    """A WebSocket to the channels of a kernel."""
    import websocket

    address = server.address.replace("http:", "ws:") + f"api/kernels/{kernel}/channels"
    line = websocket.create_connection(
        address, timeout=HANGS, http_no_proxy=["127.0.0.1"], subprotocols=list(protocols) or None
    )
    line.close = line.shutdown  # `close` leaves the socket open where the server has closed the line before
    return line


def message(kind: str, content: Any, channel: str = "shell") -> bytes:
    """A message in the protocol of browsers."""
    number = uuid4().hex  # a kernel answers no message twice
    header = {"msg_id": number, "msg_type": kind, "username": "", "session": "s", "version": "5.3", "date": ""}
    return packed([channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))])


def packed(parts: Sequence[bytes]) -> bytes:
    """Parts behind their offsets."""
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join([*(number.to_bytes(8, "little") for number in (len(offsets), *offsets)), *parts])


def kind_of(answer: bytes) -> str:
    """The type of a message that came."""
    begin, end = (int.from_bytes(answer[8 * place : 8 * place + 8], "little") for place in (2, 3))
    return json.loads(answer[begin:end])["msg_type"]
