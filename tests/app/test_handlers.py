"""What a stranger sends to the page for a class, and that nobody else notices."""

import contextlib
import http.client
import json
import os
import select
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

pytest.importorskip("voila", reason="Voilà is not installed: the extra `app`")
pytest.importorskip("psutil", reason="psutil is not installed: the extra `cluster`")
pytest.importorskip("websocket", reason="websocket-client is not installed: JupyterLab brings it")

import psutil
import websocket

from helpers.app.handlers import is_well_formed
from helpers.app.visits import SOCKETS
from tests.support.app_server import (
    COOKIE,
    PROTOCOL,
    end,
    kernel_of,
    kernels,
    kind_of,
    line_to,
    message,
    packed,
    page_of,
    serving,
    status_of,
)
from tests.support.pictures import folder_of
from tests.support.places import ROOT
from tests.support.until import HANGS, until


@pytest.fixture(scope="module")
def kernel(server):
    """The kernel of a visitor's page."""
    kernel = kernel_of(page_of(server)[1])
    yield kernel
    status_of(f"{server.address}voila/api/shutdown/{kernel}", "POST")


def asked(line, kind, content=None):
    """Whether the kernel answers."""
    line.send_binary(message(f"{kind}_request", content or {}))
    while kind_of(line.recv()) != f"{kind}_reply":
        pass


# The line to the kernel


def test_a_line_without_the_protocol_of_browsers_is_refused(server, kernel):
    for protocols in ((), ("v2.kernel.websocket.jupyter.org",)):
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            line_to(server, kernel, *protocols)
    with contextlib.closing(line_to(server, kernel, "other", PROTOCOL)) as line:
        asked(line, "comm_info")


@pytest.mark.parametrize(
    "sent",
    [
        (2**56).to_bytes(8, "little") + bytes(100),
        b"\xff" * 8,
        b"",
        packed([b"shell"]),
        packed([b"nowhere", b"{}", b"{}", b"{}", b"{}"]),
        packed([b"shell", b"[" * 100_000, b"{}", b"{}", b"{}"]),
        packed([b"shell", b"[]", b"{}", b"{}", b"{}"]),
        packed([b"\xff\xfe", b"{}", b"{}", b"{}", b"{}"]),
        packed([b"shell", b'{"msg_type": {}}', b"{}", b"{}", b"{}"]),
    ],
    ids=["2^56 offsets", "2^64 offsets", "nothing", "few", "channel", "deep", "list", "name", "type"],
)
def test_a_message_that_is_none_harms_nobody_else(server, kernel, sent):
    with contextlib.closing(line_to(server, kernel, PROTOCOL)) as other:
        asked(other, "comm_info")
        with contextlib.closing(line_to(server, kernel, PROTOCOL)) as line:
            line.send_binary(sent)
            asked(other, "comm_info")
    assert status_of(server.address) == 200


def test_text_in_place_of_a_message_closes_the_line(server, kernel):
    with contextlib.closing(line_to(server, kernel, PROTOCOL)) as line:
        line.send(json.dumps({"header": {"msg_type": "comm_info_request"}, "channel": "shell"}))
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            while line.recv():
                pass
            raise websocket.WebSocketConnectionClosedException


def test_a_visitor_can_run_no_code(server, kernel, tmp_path):
    with contextlib.closing(line_to(server, kernel, PROTOCOL)) as line:
        code = f"open({str(tmp_path / 'run')!r}, 'w').close()"
        line.send_binary(message("execute_request", {"code": code, "silent": False}))
        asked(line, "kernel_info")  # the kernel answers in the order it is asked
    assert not (tmp_path / "run").exists()


def test_a_page_has_few_lines(server, kernel):
    with contextlib.ExitStack() as opened:
        for _ in range(SOCKETS):
            opened.enter_context(contextlib.closing(line_to(server, kernel, PROTOCOL)))
        with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
            line_to(server, kernel, PROTOCOL)
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        line_to(server, "0-0-0-0-0", PROTOCOL)
    until(lambda: can_connect(server, kernel))  # when the lines are closed there, too


def can_connect(server, kernel):
    try:
        line_to(server, kernel, PROTOCOL).close()
    except websocket.WebSocketBadStatusException:
        return False
    return True


@pytest.mark.parametrize(
    "path",
    [
        "lab/static/../../../../etc/passwd",
        "lab/static/%2e%2e/%2e%2e/conf.json",
        "lab/static/%00",
        "lab/static",
        "lab",
        "../static/x",
        "lab/nbconvert/x",
        "lab/static//etc/passwd",
        "lab/static/nothing.js",
    ],
)
def test_a_path_that_is_no_file_of_the_page_is_not_found(server, path):
    host, port = server.address.split("/")[2].split(":")
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=HANGS)) as connection:
        connection.request("GET", f"/voila/templates/{path}")  # as it is written
        assert connection.getresponse().status == 404


def test_the_files_of_the_page_are_there(server):
    assert status_of(f"{server.address}voila/templates/lab/static/voila.js") == 200


def test_the_line_that_nobody_needs_is_not_there(server):
    address = server.address.replace("http:", "ws:") + "voila/query/0-0-0-0-0"
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        websocket.create_connection(address, http_no_proxy=["127.0.0.1"])


@pytest.mark.parametrize(
    ("parts", "well"),
    [
        (message("comm_msg", {}), True),
        (packed([b"shell", b"{}", b"{}", b"{}", b"{}", b"buffer", b""]), True),
        (packed([b"shell", b"{}", b"{}", b"{}"]), False),
        (packed([b"shell", *[b"{}"] * 1_000]), False),
        (message("comm_msg", {})[:-1], False),
        (message("comm_msg", {}) + b"x", False),
        (bytes(8), False),
        (b"", False),
        ("text", False),
        ((6).to_bytes(8, "little") + bytes(48), False),
        (
            (6).to_bytes(8, "little") + b"".join(n.to_bytes(8, "little") for n in (56, 60, 58, 61, 62, 64)) + b"x" * 8,
            False,
        ),
    ],
    ids=range(11),
)
def test_well_formed(parts, well):
    assert is_well_formed(parts) is well


# The page


def test_what_another_page_makes_a_browser_ask_for_starts_no_kernel(server, kernel):
    before = until(lambda: kernels(server), lambda found: len(found) == 2)  # a visitor's, and that for the next one
    headers, door = page_of(server, cookie=False)  # as it is shown to all who have no cookie
    [ours] = [each for each in headers.get_all("Set-Cookie") if each.startswith("kinframe-visitor")]  # beside Jupyter's
    assert "samesite=strict" in ours.lower(), "a page from elsewhere sends it too"
    assert "needs cookies" in door and "jupyter-config-data" not in door, "it is a page with a kernel"
    for kind in ("image", "iframe", "empty", "script", "embed"):
        assert status_of(server.address, **COOKIE, **{"Sec-Fetch-Dest": kind}) == 403
    assert status_of(server.address, **COOKIE, **{"Sec-Purpose": "prefetch;prerender"}) == 403
    assert status_of(server.address + "voila/files/x/../../y", **COOKIE) in (403, 404)
    assert status_of(server.address + "elsewhere", **COOKIE) == 404
    assert kernels(server) == before


def test_nobody_takes_all_connections(server):
    place = urlsplit(server.address)
    with contextlib.ExitStack() as opened:
        lines = [opened.enter_context(socket.create_connection((place.hostname, place.port))) for _ in range(110)]
        lines[-1].settimeout(60)
        with contextlib.suppress(ConnectionError):
            assert lines[-1].recv(1) == b""
        assert not select.select(lines[:1], [], [], 0)[0], "it was not refused, but closed with all that are silent"
    assert until(lambda: answered(server))


def answered(server):
    try:
        return status_of(server.address) == 200
    except OSError:
        return False


def test_a_large_body_is_refused(server):
    place = urlsplit(server.address)
    with socket.create_connection((place.hostname, place.port)) as silent, socket.create_connection(
        (place.hostname, place.port), timeout=60
    ) as line:
        line.sendall(
            b"POST /voila/api/shutdown/0-0-0-0-0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000000\r\n\r\n"
        )
        with contextlib.suppress(ConnectionError):
            assert b"204" not in line.recv(100)
        assert not select.select([silent], [], [], 0)[0], "it was not refused, but closed with all that are silent"


def test_places_are_taken_and_given_back_and_it_ends_with_its_kernels_and_nothing_was_said(tmp_path, shared_cache):
    folder = folder_of(tmp_path / "photos", 3)
    with serving(folder, shared_cache, options=["--visitors=1"], patience=1.0) as server:
        first = kernel_of(page_of(server)[1])
        with contextlib.closing(line_to(server, first, PROTOCOL)) as line:
            assert status_of(server.address, **COOKIE) == 503
            line.send_binary(b"\xff" * 100)
            status_of(f"{server.address}voila/api/shutdown/none", "POST")
            status_of(f"{server.address}api/kernels/0-0-0-0-0")
            status_of(f"{server.address}voila/templates/%00", **COOKIE)
        assert status_of(f"{server.address}voila/api/shutdown/{first}", "POST") == 204
        second = kernel_of(page_of(server)[1])  # nobody connects to this one
        until(lambda: status_of(f"{server.address}api/kernels/{second}") == 404)
        page_of(server)
        left = [psutil.Process(number) for number in kernels(server)]
        assert left
        said = end(server.process)
        assert server.process.returncode == 0
        assert said.strip().endswith("Ended.") and "Traceback" not in said
        assert not psutil.wait_procs(left, timeout=HANGS)[1]


@pytest.mark.once("Voilà's lines and our looks at them are the same; in both, a kernel that nobody connects to ends")
def test_the_kernel_of_a_page_that_is_gone_without_a_word_ends(tmp_path, shared_cache):
    with serving(folder_of(tmp_path / "photos", 3), shared_cache, stern=True) as server:
        first, second = (kernel_of(page_of(server)[1]) for _ in range(2))
        there = {kernel: f"{server.address}api/kernels/{kernel}" for kernel in (first, second)}
        with contextlib.closing(line_to(server, first, PROTOCOL)) as line:
            reader = threading.Thread(target=read, args=(line,))  # it answers pings
            reader.start()
            with contextlib.closing(line_to(server, second, PROTOCOL)):  # answers none, as a machine without power
                until(lambda: status_of(there[second]) == 404)
            assert status_of(there[first]) == 200
            line.sock.shutdown(socket.SHUT_RDWR)  # as the system does when it ends a browser
            reader.join()
        until(lambda: status_of(there[first]) == 404)


def read(line):
    """Read what comes, until the line is closed."""
    with contextlib.suppress(OSError, websocket.WebSocketException):
        while line.recv():
            pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such limit")
def test_a_kernel_cannot_take_all_memory():
    code = "from helpers.app.prepared import limit_memory; limit_memory(); bytearray(4 * 2**30)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, env=os.environ)
    assert b"MemoryError" in done.stderr
