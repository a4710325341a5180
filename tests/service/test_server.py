import contextlib
import socket
import threading

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from fastapi import FastAPI

from helpers.service.http import server
from tests.support.until import HANGS

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def line(monkeypatch):
    """A function that connects with a server that waits a fifth of a second for the head of a request."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    made = []

    class Known(server._Server):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(server, "_Server", Known)
    app, ready = FastAPI(), threading.Event()
    app.get("/hello")(lambda: "hello")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.serve, args=(app, listening, ready.set))
        thread.start()
        assert ready.wait(60)
        yield lambda: socket.create_connection(listening.getsockname(), timeout=HANGS)
        made[0].should_exit = True
        thread.join(HANGS)
        assert not thread.is_alive()


def answer_on(connection):
    """One answer, whole."""
    connection.sendall(REQUEST)
    heard = b""
    while b'"hello"' not in heard:
        heard += connection.recv(4096) or pytest.fail("the connection was closed")
    return heard


def test_who_says_nothing_is_let_go(line):
    with line() as connection:
        assert connection.recv(100) == b""


def test_who_never_comes_to_the_end_of_a_head_is_let_go(line):
    with line() as connection:
        connection.sendall(REQUEST[:-2] + b"X: ")
        connection.settimeout(0.05)
        for _ in range(1_200):  # a minute, with a letter all the time
            with contextlib.suppress(socket.timeout):
                assert connection.recv(100) == b"", "it was heard to the end"
                break
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
        else:
            pytest.fail("it is still heard")


def test_a_second_head_is_waited_for_no_longer(line):
    with line() as connection:
        answer_on(connection)
        connection.sendall(REQUEST[:20])
        assert connection.recv(100) == b""


def test_a_connection_is_kept_between_requests(line):
    with line() as connection:
        for _ in range(2):
            answer = answer_on(connection)
            assert b"200 OK" in answer and b"server:" not in answer.lower()
            with line() as later:  # which is let go: so long after the answer the first one is still there
                assert later.recv(100) == b""
