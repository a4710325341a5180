import contextlib
import socket
import threading

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse

from helpers.service.http import server
from tests.support.until import HANGS, until

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG = 40_000_000  # bytes: more than a socket holds


@pytest.fixture
def line(monkeypatch):
    """A function that connects with a server that waits a fifth of a second for the head of a request."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    with lines(monkeypatch) as connect:
        yield connect


@contextlib.contextmanager
def lines(monkeypatch, **options):
    """A function that connects with a server, from one of this machine's addresses."""
    made = []

    class Known(server._Server):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(server, "_Server", Known)
    app, ready = FastAPI(), threading.Event()
    app.get("/hello")(lambda: "hello")
    app.get("/whose")(whose)
    app.get("/long")(lambda: PlainTextResponse("long" * (LONG // 4)))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.serve, args=(app, listening, ready.set), kwargs=options)
        thread.start()
        assert ready.wait(60)
        try:
            yield lambda address="127.0.0.1": connected(listening, address)
        finally:  # after a test that failed, too: else Python waits for this thread for ever
            made[0].should_exit = True
            thread.join(HANGS)
        assert not thread.is_alive()


def whose(request: Request):
    return PlainTextResponse(f"<{request.client.host}>")


def connected(listening, address):
    try:
        return socket.create_connection(listening.getsockname(), timeout=HANGS, source_address=(address, 0))
    except OSError as error:
        pytest.skip(f"this machine has no {address}: {error}")


def answer_on(connection, request=REQUEST, end=b'"hello"'):
    """One answer, whole."""
    connection.sendall(request)
    heard = b""
    while not heard.endswith(end):
        heard += connection.recv(4096) or pytest.fail("the connection was closed")
    return heard


def is_closed(connection):
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


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


# --- many


def test_one_address_does_not_take_the_connections_of_others(monkeypatch):
    monkeypatch.setattr(server, "EACH", 5)
    with lines(monkeypatch) as connect, contextlib.ExitStack() as held:
        mine = [held.enter_context(connect()) for _ in range(8)]
        assert all(is_closed(connection) for connection in mine[5:])
        answer_on(held.enter_context(connect("127.0.0.2")))
        for connection in mine[:5]:
            answer_on(connection)


def test_where_all_connections_are_taken_an_idle_one_is_closed(monkeypatch):
    monkeypatch.setattr(server, "MOST", 6)
    with lines(monkeypatch) as connect, contextlib.ExitStack() as held:
        few = [held.enter_context(connect("127.0.0.2")) for _ in range(2)]
        many = [held.enter_context(connect("127.0.0.3")) for _ in range(4)]
        answer_on(many[0])  # which is now the newest that is idle
        new = held.enter_context(connect())
        answer_on(new)
        assert is_closed(many[1])
        for connection in (*few, many[0], many[2], many[3], new):
            answer_on(connection)


def test_where_all_are_busy_the_next_is_turned_away(monkeypatch):
    monkeypatch.setattr(server, "MOST", 2)
    with lines(monkeypatch) as connect, contextlib.ExitStack() as held:
        busy = [held.enter_context(connect("127.0.0.2")) for _ in range(2)]
        for connection in busy:
            connection.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(15) == b"HTTP/1.1 200 OK"  # and no more of it
        assert is_closed(held.enter_context(connect()))
        for connection in busy:  # these get the whole of their answers
            heard = 0
            while heard < LONG:
                heard += len(connection.recv(1 << 20)) or pytest.fail("the connection was closed")


def test_who_does_not_read_the_answer_is_let_go(monkeypatch):
    monkeypatch.setattr(server, "READ_SECONDS", 0.2)
    monkeypatch.setattr(server, "MOST", 1)
    with lines(monkeypatch) as connect, connect() as slow:
        slow.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(15) == b"HTTP/1.1 200 OK"  # else it would be an idle one, which makes room for another

        def answered():
            with connect() as other, contextlib.suppress(ConnectionResetError):
                other.sendall(REQUEST)
                return b"200 OK" in other.recv(4096)

        until(answered)


# --- behind a proxy


WHOSE = b"GET /whose HTTP/1.1\r\nHost: localhost\r\n%s\r\n"


@pytest.mark.parametrize(
    "proxies, forwarded, caller",
    [
        ((), b"198.51.100.7", b"<127.0.0.1>"),  # anybody can send this header
        (("192.0.2.1",), b"198.51.100.7", b"<127.0.0.1>"),  # that is another machine
        (("127.0.0.1",), b"198.51.100.7", b"<198.51.100.7>"),
        (("127.0.0.0/8",), b"203.0.113.9, 198.51.100.7", b"<198.51.100.7>"),  # the first came with the request
        (("127.0.0.1", "10.0.0.0/8"), b"203.0.113.9, 198.51.100.7, 10.1.2.3", b"<198.51.100.7>"),  # by two proxies
    ],
)
def test_a_named_proxy_alone_is_believed_whom_it_asks_for(proxies, forwarded, caller, monkeypatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # which uvicorn would believe
    with lines(monkeypatch, proxies=proxies) as connect, connect() as connection:
        assert caller in answer_on(connection, WHOSE % (b"X-Forwarded-For: %s\r\n" % forwarded), b">")


def test_a_proxy_has_as_many_connections_as_it_needs(monkeypatch):
    monkeypatch.setattr(server, "EACH", 2)
    with lines(monkeypatch, proxies=["127.0.0.1"]) as connect, contextlib.ExitStack() as held:
        for connection in [held.enter_context(connect()) for _ in range(5)]:
            answer_on(connection)
