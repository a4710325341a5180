import asyncio
import json
import logging
import tempfile
import threading
from unittest.mock import Mock

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from fastapi import APIRouter, Depends, FastAPI
from pydantic import ValidationError
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from typing_extensions import Annotated

from helpers.errors import ModelError, PhotoError, Refused, ServiceError, StoreError, Unavailable
from helpers.service.gate.logs import LOG, printable, start_logging
from helpers.service.gate.metrics import Metrics
from helpers.service.http import json_bodies, request_log
from helpers.service.http.forms import SearchForm, form_of
from helpers.service.http.image_routes import image_routes
from helpers.service.http.job_routes import job_routes
from helpers.service.http.open_routes import state_routes
from helpers.service.http.problems import answer_problems, sentence
from helpers.service.http.product_routes import product_routes
from helpers.service.http.request_log import RequestLog
from helpers.service.http.requests import IndexBody
from helpers.service.http.search_routes import search_routes
from tests.support.service_requests import ask
from tests.support.until import HANGS


class Lines(logging.Handler):
    def __init__(self, formatter):
        super().__init__()
        self.said = []
        self.setFormatter(formatter)

    def emit(self, record):
        self.said.append(self.format(record))


@pytest.fixture
def said(monkeypatch):
    """What is logged."""
    for logger in (LOG, *map(logging.getLogger, ("helpers", "uvicorn.error", "python_multipart"))):
        monkeypatch.setattr(logger, "handlers", [])
        monkeypatch.setattr(logger, "propagate", logger.propagate)
        monkeypatch.setattr(logger, "level", logger.level)
    start_logging()
    lines = Lines(LOG.handlers[0].formatter)
    LOG.addHandler(lines)
    return lines.said


def app_that(raises):
    app = FastAPI()
    answer_problems(app)

    @app.get("/try")
    def attempt():
        raise raises

    return RequestLog(app, Metrics({}))


def asked(app, path="/try", method="GET", query=b""):
    """Status, headers and body of an answer."""
    messages = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query}
    scope.update(headers=[], http_version="1.1", scheme="http", server=("x", 1), client=("x", 1), root_path="")
    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("away"), 503),
        (Refused("no", 413), 413),
        (PhotoError("torn"), 422),
        (StoreError("the disk is full"), 500),
        (ModelError("no network"), 500),
        (ServiceError("lost"), 500),
    ],
)
def test_errors_of_our_own_are_told_with_their_words(error, status, said):
    found, headers, body = asked(app_that(error))
    assert found == status and (str(error).encode() in body) == (status < 500)
    assert status < 500 or str(error) in "".join(said)  # where the database lies is for the log alone
    assert (headers.get("retry-after") == "2") == (status == 503)
    assert ("Traceback" in "".join(said)) is False


def test_a_broken_form_adds_no_line_to_that_of_its_request(said, caplog):
    with pytest.raises(MultipartParseError):
        MultipartParser(b"x").write(b"--x\r\nCont\0ent: a\r\n\r\n")
    assert not caplog.records


PLACES = "/srv/mary/x.so of postgresql://mary:s3cret@db.example/owls"


@pytest.mark.parametrize(
    "error",
    [
        *(kind(PLACES) for kind in (PhotoError, Unavailable, StoreError, ModelError, ServiceError)),
        *(kind(PLACES) for kind in (OSError, ValueError, KeyError, RuntimeError)),
        FileNotFoundError(2, "No such file", "/srv/mary/x.so"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_has_a_place_of_this_machine(error, said):
    _, headers, body = asked(app_that(error))
    for part in (b"/srv", b"mary", b"s3cret", b"db.example"):
        assert part not in body and part.decode() not in str(headers)


def test_what_nobody_thought_of_is_in_the_log_alone(said):
    status, headers, body = asked(app_that(KeyError("inner secret")))
    assert status == 500 and b"inner secret" not in body and b"KeyError" not in body
    assert headers["x-request-id"].encode() in body and headers["x-content-type-options"] == "nosniff"
    log = "\n".join(said)
    assert "Traceback" in log and "inner secret" in log and headers["x-request-id"] in log


def test_too_much_at_once_is_refused_with_a_time_to_come_again(said, monkeypatch):
    monkeypatch.setattr(request_log, "MOST", 0)
    status, headers, _ = asked(app_that(KeyError()))
    assert status == 503 and headers["retry-after"] == "2"


def test_one_address_does_not_take_the_requests_of_others(said, monkeypatch):
    monkeypatch.setattr(request_log, "MOST", 4)
    monkeypatch.setattr(request_log, "EACH", 2)
    inside = []

    async def slow(scope, receive, send):
        inside.append(scope["client"][0])
        await asyncio.sleep(0 if scope["path"] == "/health" else HANGS)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app, statuses = RequestLog(slow, Metrics({})), []

    async def ask(address, path="/search"):
        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append((address, message["status"]))

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        await app({**scope, "client": (address, 5)}, None, send)

    async def all_of_them():
        addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.7", "192.0.2.8", "192.0.2.9"]
        tasks = [asyncio.ensure_future(ask(address)) for address in addresses]
        await asyncio.sleep(0)
        await ask("192.0.2.9", "/health")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        again = asyncio.ensure_future(ask("192.0.2.10"))  # there is room as before
        await asyncio.sleep(0)
        again.cancel()

    asyncio.run(asyncio.wait_for(all_of_them(), HANGS))
    assert inside == ["2001:db8::1", "2001:db8::2", "192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10"]
    # The third of one network, which one caller owns; one more than all; and how it is, whoever asks
    assert statuses == [("2001:db8::3", 429), ("192.0.2.9", 503), ("192.0.2.9", 200)]


def test_a_line_holds_nothing_that_a_terminal_follows(said):
    asked(app_that(KeyError()), "/a\nb\x1b[31m kf_abcDEF-_1", query=b"key=secret")
    line = said[-1]
    assert "\n" not in line and "\x1b" not in line and "secret" not in line and "abcDEF" not in line
    assert "/a\\nb\\x1b[31m\\x20kf_…" in line
    assert printable("x" * 1000) == "x" * 500 + "…"


def test_numbers_that_cannot_be_read_are_left_out():
    def away():
        raise Unavailable("away")

    text = Metrics({"images": lambda: 3, "products": away}).text().decode()
    assert "kinframe_images 3.0" in text and "kinframe_products" not in text


def test_methods_that_nobody_knows_are_counted_together(said):
    metrics = Metrics({})
    for method in ("GET", "BREW", "X" * 50):
        metrics.answered(method, "none", 405, 0.1)
    assert 'method="other",route="none",status="405"} 2.0' in metrics.text().decode()


def test_what_does_not_fit_is_said_without_pydantics_own_words():
    with pytest.raises(ValidationError) as caught:
        SearchForm.model_validate({"image": 1, "metric": "manhattan", "k": 0})
    said = sentence(caught.value.errors())
    assert said.startswith("k: Input should be greater than") and "; metric: Input should be 'cosine' or" in said
    assert "literal" not in said and "None" not in said and "none" not in said


# --- bodies


def app_with(path, endpoint, **route):
    app = FastAPI()
    answer_problems(app)
    routes = APIRouter(**route)
    routes.post(path)(endpoint)
    app.include_router(routes)
    return app


def test_a_large_body_of_json_is_read_and_checked_by_a_thread(monkeypatch):
    threads = []

    def checked(content, model):
        threads.append(threading.current_thread())
        return check(content, model)

    def index(body: IndexBody):
        return len(body.photos)

    check = json_bodies._checked
    monkeypatch.setattr(json_bodies, "_checked", checked)
    app = app_with("/index", index, route_class=json_bodies.JsonRoute)
    photos = [{"path": f"{number}.jpg", "products": ["a"]} for number in range(2_000)]
    kind = ("content-type", "application/json")
    told = ask(app, "POST", "/index", headers=[kind], body=json.dumps({"photos": photos}).encode())
    assert (told.status, told.body) == (200, b"2000")
    assert threads and threads[0] is not threading.main_thread()
    for body, status in (
        (b"[" * 400_000, 422),
        (b'{"photos": [' + b"1," * 99_999 + b"1]}", 422),
        (b'{"photos": ["a"', 400),
        (b"[[" * 1_000, 400),
        (b"", 422),
        (b"null", 422),
        (b'{"photos": [{"path": ""}]}', 422),
    ):
        told = ask(app, "POST", "/index", headers=[kind], body=body)
        error = json.loads(told.body)["error"]
        assert told.status == error["status"] == status and 10 < len(error["message"]) < 1_500, error
    told = ask(app, "POST", "/index", headers=[("content-type", "text/plain")], body=b'{"photos": ["a"]}')
    assert told.status == 422


def test_every_route_with_a_body_of_json_has_it_read_by_a_thread():
    kinds = (search_routes, image_routes, product_routes, job_routes, state_routes)
    routes = [route for kind in kinds for route in kind(Mock()).routes if route.body_field is not None]
    assert {route.path for route in routes} >= {"/index", "/products", "/products/{product}"}
    assert [route.path for route in routes if not isinstance(route, json_bodies.JsonRoute)] == []


def test_a_full_disk_is_told_to_who_sends_a_large_photo(monkeypatch, said):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/srv/secret")

    def search(form: Annotated[SearchForm, Depends(form_of(SearchForm))]):
        return len(form.photo)

    app, line = app_with("/search", search), b"\r\n"
    head = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    body = head + bytes(1_500_000) + line + b"--b--" + line
    kind = ("content-type", "multipart/form-data; boundary=b")
    assert ask(app, "POST", "/search", headers=[kind], body=body).body == b"1500000"
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", full)
    told = ask(app, "POST", "/search", headers=[kind], body=body)
    assert told.status == 503 and "no room for uploads" in told.body.decode() and b"secret" not in told.body
    assert told.headers["retry-after"] and "No space left" in said[-1]
