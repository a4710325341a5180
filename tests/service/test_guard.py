"""What stands in front of the application, around an application of a few lines."""

import asyncio
import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from helpers.errors import StoreError
from helpers.service.gate import body_limits
from helpers.service.gate import guard as guards
from helpers.service.gate.access import Access
from helpers.service.gate.body_limits import FORM_BYTES, JSON_BYTES
from helpers.service.gate.guard import Guard
from helpers.service.gate.headers import role_needed
from helpers.service.gate.rate import RateLimit
from helpers.service.settings import Settings
from tests.service.test_access import Keys
from tests.support.service_requests import ask
from tests.support.until import HANGS

READ, WRITE = ("authorization", "Bearer kf_shop"), ("authorization", "Bearer kf_owner")
FORM = ("content-type", "multipart/form-data; boundary=b")


@pytest.fixture(autouse=True)
def lingers_briefly(monkeypatch):
    """Nobody here sends on after the answer."""
    monkeypatch.setattr(guards, "_LINGER", 0.1)


async def echo(scope, receive, send):
    """Answers how many bytes it read."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


def guard(app=echo, keys=None, **settings):
    chosen = Settings(Path(), **{"rate": 0.0, **settings})
    return Guard(app, settings=chosen, access=Access(chosen, (keys or Keys()).all), rate=RateLimit(chosen))


def error(told):
    """The message of an error of the one shape."""
    assert told.headers["content-type"] == "application/json"
    assert int(told.headers["content-length"]) == len(told.body)
    answer = json.loads(told.body)
    assert list(answer) == ["error"] and set(answer["error"]) == {"status", "message"}
    assert answer["error"]["status"] == told.status
    return answer["error"]["message"]


# --- Host


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "localhost.:8000"])
def test_names_of_this_machine(host):
    assert ask(guard(), headers=[("host", host)]).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "10.0.0.1"])
def test_another_host_is_refused(host):
    told = ask(guard(), headers=[("host", host)])
    assert told.status == 421 and "not called" in error(told)


@pytest.mark.parametrize("host", ["", "localhost:x", "localhost:8000:9", "a@localhost", "localhost/..", "a b", "[::1"])
def test_a_host_that_is_none(host):
    assert ask(guard(), headers=[("host", host)]).status == 400


def test_no_host_and_two_hosts():
    assert ask(guard(), headers=[("host", None)]).status == 400
    assert ask(guard(), headers=[("host", "localhost"), ("host", "evil.example")]).status == 400


def test_names_from_the_settings():
    app = guard(keys=Keys(shop="read"), host="192.0.2.1", names=("Photos.example.org", "fe80::7"))
    for host in ("192.0.2.1:8000", "photos.example.org", "[fe80::7]", "localhost"):
        assert ask(app, path="/health", headers=[("host", host)]).status == 200
    assert ask(app, path="/health", headers=[("host", "evil.example")]).status == 421


def test_open_to_all_any_name_is_fine_but_a_key_is_needed():
    app = guard(host="0.0.0.0")  # noqa: S104
    assert ask(app, path="/images", headers=[("host", "any.example")]).status == 401
    assert ask(app, path="/health", headers=[("host", "any.example")]).status == 200


# --- Origin


@pytest.mark.parametrize(
    "method, path", [("POST", "/search"), ("POST", "/index"), ("DELETE", "/images/1"), ("PUT", "/")]
)
@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("origin", "http://localhost:3000")],
        [("origin", "http://localhost")],
        [("origin", "http://localhost:8000.evil.example")],
        [("origin", "file://localhost:8000")],
        [("sec-fetch-site", "cross-site")],
        [("origin", "http://localhost:8000"), ("sec-fetch-site", "cross-site")],
    ],
)
def test_a_page_from_elsewhere_may_not_post(method, path, headers):
    told = ask(guard(), method, path, headers=headers)
    assert told.status == 403 and "elsewhere" in error(told)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("origin", "http://localhost:8000")],
        [("origin", "http://LOCALHOST:8000"), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
        [("host", "localhost"), ("origin", "http://localhost")],
        [("host", "localhost:80"), ("origin", "http://localhost")],
        [("host", "localhost"), ("origin", "https://localhost")],
    ],
)
def test_our_own_page_and_programs_may(headers):
    assert ask(guard(), "POST", "/search", headers=headers).status == 200


def test_a_look_from_elsewhere_is_a_look():
    told = ask(guard(), "GET", "/images", headers=[("origin", "https://evil.example")])
    assert told.status == 200
    assert told.headers["x-own"] == "1"
    assert "access-control-allow-origin" not in told.headers


def test_a_proxy_that_hands_on_another_host():
    app = guard(keys=Keys(owner="write"), names=("photos.example.org",))
    headers = [("host", "127.0.0.1:8000"), ("origin", "https://photos.example.org"), WRITE]
    assert ask(app, "POST", "/index", headers=headers).status == 200


# --- keys and roles


def test_which_role_a_path_needs():
    for path in ("/", "/health", "/ready", "/page.js", "/page.css"):
        assert role_needed("GET", path) is role_needed("HEAD", path) is None
    for path in ("/images", "/metrics", "/openapi.json", "/page", "/page.js/images", "/jobs/1", "//"):
        assert role_needed("GET", path) == "read"
    assert role_needed("POST", "/search") == role_needed("POST", "/already-here") == "read"
    for method, path in (("POST", "/"), ("POST", "/search/"), ("PUT", "/search"), ("DELETE", "/health"), ("X", "/a")):
        assert role_needed(method, path) == "write"


def test_keys_and_roles():
    app = guard(keys=Keys(shop="read", owner="write"))
    assert ask(app, path="/").status == 200
    told = ask(app, path="/images")
    assert told.status == 401 and told.headers["www-authenticate"] == "Bearer" and "key" in error(told)
    assert ask(app, path="/images", headers=[READ]).scope["state"]["key_name"] == "shop"
    assert ask(app, "POST", "/search", headers=[READ]).status == 200
    told = ask(app, "POST", "/index", headers=[READ])
    assert told.status == 403 and "'shop'" in error(told) and told.scope["state"]["key_name"] == "shop"
    assert ask(app, "POST", "/index", headers=[WRITE]).status == 200


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer kf_wrong", "Basic a2Zfc2hvcDo=", "kf_shop", "Bearer\x00"]
)
def test_a_wrong_key_is_not_repeated(value):
    told = ask(guard(keys=Keys(shop="read")), path="/images", headers=[("authorization", value)])
    assert told.status == 401 and "kf_wrong" not in error(told)
    assert told.scope["state"]["key_name"] is None


def test_two_keys_are_none():
    assert ask(guard(keys=Keys(shop="read")), path="/images", headers=[READ, READ]).status == 400


def test_database_away_is_503_for_what_needs_keys_alone():
    keys = Keys(shop="read")
    keys.away = True
    told = ask(guard(keys=keys), path="/images", headers=[READ])
    assert told.status == 503 and told.headers["retry-after"] == "5" and error(told) == "the database is away"
    assert ask(guard(keys=keys), path="/health").status == 200
    keys.all = lambda: (_ for _ in ()).throw(StoreError("/home/somebody/file: damaged"))
    told = ask(guard(keys=keys), path="/images", headers=[READ])
    assert told.status == 503 and "somebody" not in error(told)


# --- rate


def test_rate_by_key_and_by_address():
    app = guard(keys=Keys(shop="read", owner="write"), rate=0.01, burst=2)
    other = ("192.0.2.9", 1)
    assert [ask(app, path="/images", headers=[READ]).status for _ in range(3)] == [200, 200, 429]
    assert ask(app, path="/images", headers=[READ], client=other).status == 429  # the key, wherever it is
    assert ask(app, path="/images", headers=[WRITE]).status == 200
    assert [ask(app, path="/images").status for _ in range(3)] == [401, 401, 429]  # who tries keys
    assert ask(app, path="/images", headers=[WRITE]).status == 200  # is not in the way of who has one
    assert ask(app, path="/images", client=other).status == 401
    told = ask(app, path="/images")
    assert told.status == 429 and 1 <= int(told.headers["retry-after"]) <= 100 and "too many" in error(told)
    assert [ask(app, path="/health").status for _ in range(5)] == [200] * 5


def test_rate_without_keys():
    app = guard(rate=0.01, burst=2)
    assert [ask(app, path=path).status for path in ("/", "/images", "/images")] == [200, 200, 429]


# --- bodies


@pytest.mark.parametrize("length", ["1000101000", str(2**64), str(2**64 * 10**9)])
def test_declared_too_large_is_refused_unread(length):
    app = guard(never, upload_bytes=1_000_000)
    told = ask(app, "POST", "/search", headers=[FORM, ("content-length", length)])
    assert told.status == 413 and told.headers["connection"] == "close"
    assert "larger than 1,100,000 bytes" in error(told)
    assert told.unread, "something was read before it was answered"


async def never(scope, receive, send):
    raise AssertionError("the application was asked")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "²"])
def test_a_length_that_is_none(length):
    assert ask(guard(never), "POST", "/search", headers=[("content-length", length)]).status == 400


def test_chunks_are_counted():
    app, piece = guard(upload_bytes=50_000), bytes(10_000)
    limit = 50_000 + FORM_BYTES
    assert ask(app, "POST", "/search", headers=[FORM], body=[piece] * (limit // 10_000)).body == str(limit).encode()
    told = ask(app, "POST", "/search", headers=[FORM], body=[piece] * (limit // 10_000 + 1))
    assert told.status == 413 and error(told)
    kinds = {"application/json": JSON_BYTES, "application/x-www-form-urlencoded": FORM_BYTES, "": JSON_BYTES}
    for kind, limit in kinds.items():
        headers = [("content-type", kind), ("content-length", str(limit + 1))]
        assert ask(app, "POST", "/products", headers=headers).status == 413


def test_what_the_application_makes_of_the_end_is_not_heard():
    async def stubborn(scope, receive, send):
        try:
            while True:
                await receive()
        except Exception:
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b"mine"})
            raise RuntimeError("mine too") from None

    told = ask(
        guard(stubborn, upload_bytes=1), "POST", "/search", headers=[FORM], body=[bytes(FORM_BYTES + 9), b"", b""]
    )
    assert told.status == 413 and error(told)
    assert sum(message["type"] == "http.response.start" for message in told.messages) == 1


def test_an_error_of_the_application_is_its_own():
    async def broken(scope, receive, send):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        ask(guard(broken))


def test_a_slow_body_ends_at_408():
    told = ask(guard(upload_seconds=0.2), "POST", "/search", headers=[FORM], body=[b"a"] * 50, pause=0.03)
    assert told.status == 408 and "0.2 s" in error(told)


def test_a_body_of_which_nothing_comes_ends_at_408(monkeypatch):
    monkeypatch.setattr(body_limits, "QUIET_SECONDS", 0.1)
    app = guard(upload_seconds=HANGS)  # the whole of it would be there in time
    told = ask(app, "POST", "/search", headers=[FORM], body=[b"a", b"a"], pause=HANGS / 4)
    assert told.status == 408 and "nothing of the request came for 0.1 s" in error(told)


def test_refusals_do_not_wait_for_bodies_that_do_not_come(monkeypatch):
    """Of some, whose callers may still be sending, the rest is read; many are not waited for."""
    monkeypatch.setattr(guards, "_LINGER", HANGS)
    app, waiting, ended = guard(host="0.0.0.0"), [], []  # noqa: S104

    async def silent():
        waiting.append(1)
        await asyncio.Event().wait()

    async def post():
        async def send(message):
            if not message.get("more_body", False) and message["type"] == "http.response.body":
                ended.append(1)

        scope = {"type": "http", "method": "POST", "path": "/search", "raw_path": b"/search", "query_string": b""}
        scope["headers"] = [(b"host", b"a.example"), (b"content-length", b"5"), (b"content-type", b"text/plain")]
        await app({**scope, "client": ("192.0.2.7", 5)}, silent, send)

    async def all_of_them():
        tasks = [asyncio.ensure_future(post()) for _ in range(230)]
        while len(ended) + len(waiting) < 230:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(all_of_them(), HANGS))
    assert len(waiting) == 20 and len(ended) == 210


def test_an_answer_may_be_slow_once_the_body_is_there():
    async def slow(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            gone = asyncio.ensure_future(receive())
            await asyncio.sleep(0.1)
            assert not gone.done()  # nobody went away, and nothing ended
            gone.cancel()
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    told = ask(guard(slow, upload_seconds=0.05), "POST", "/search")
    assert told.body == b"aaa"
    assert [len(message.get("body", b"")) for message in told.messages[1:]] == [1, 1, 1, 0]  # each as it came


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "gzip, identity", "x" * 5000])
def test_packed_bodies_are_not_taken(packed):
    told = ask(guard(never), "POST", "/products", headers=[("content-encoding", packed)])
    assert told.status == 415 and len(error(told)) < 200


def test_identity_is_not_packed():
    assert ask(guard(), "POST", "/products", headers=[("content-encoding", "identity")], body=b"12").body == b"2"


# --- paths


@pytest.mark.parametrize(
    "path, status",
    [
        ("/images/\0", 400),
        ("/images/1\r\nx: y", 400),
        ("images", 400),
        ("*", 400),
        ("http://localhost/images", 400),
        ("//images", 404),
        ("/images//1", 404),
        ("/../etc/passwd", 404),
        ("/page.js/../../etc/passwd", 404),
        ("/page.\\..\\..\\windows", 404),
        ("/./images", 404),
        ("/" + "a" * 2000, 414),
    ],
)
def test_odd_paths(path, status):
    told = ask(guard(never), path=path)
    assert told.status == status and error(told)


def test_odd_queries():
    assert ask(guard(never), path="/images", query=b"product=%00").status == 400
    assert ask(guard(never), path="/images", query=b"a" * 20_000).status == 414


@pytest.mark.parametrize("path", ["/images/1/similar", "/products/a..b", "/products/.a", "/products/ü", "/"])
def test_usual_paths(path):
    assert ask(guard(), path=path).status == 200


# --- what is no request


def test_lifespan_passes_and_websockets_do_not():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    async def both():
        sent = []

        async def send(message):
            sent.append(message)

        await guard(app)({"type": "lifespan"}, None, send)
        await guard(app)({"type": "websocket", "headers": []}, None, send)
        return sent

    assert asyncio.run(both()) == [{"type": "websocket.close", "code": 1008}] and seen == ["lifespan"]
