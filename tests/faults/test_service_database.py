"""PostgreSQL is stopped and started under load: clear answers on the way, then on, nothing lost."""

import contextlib
import threading
import time
from collections import Counter
from typing import List

import pytest
import requests

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from tests.support import service_under_load as busy
from tests.support.pictures import folder_of, tiny_network
from tests.support.postgres_server import PostgresServer
from tests.support.service_server import serving
from tests.support.until import HANGS

SEARCHERS, WRITERS, PHOTOS = 20, 2, 48
PAUSE = 0.2  # seconds between two questions of a searcher: the workers, who give way to all, are to come on
WAITS = 8.0  # seconds that a request may wait for a database that has gone, and for its turn


@pytest.fixture(scope="module")
def postgres():
    try:
        server = PostgresServer(fsync=True)  # what was said to be kept is to outlast a crash
    except RuntimeError as reason:
        pytest.skip(str(reason))
    yield server
    server.close()


class Load:
    """Threads that ask until they are told to end; what they saw."""

    def __init__(self, url, images):
        self.url, self.images = url, images
        self.over = threading.Event()
        self.faults: List[str] = []
        self.counts: Counter = Counter()  # of (who, status)
        self.slowest = {"there": 0.0, "gone": 0.0}  # seconds, of the answers while the database was so
        self.database = "there"
        self.written: List[str] = []  # ids of products that were said to be kept
        work = [(self.search, number) for number in range(SEARCHERS)]
        work += [(self.write, number) for number in range(WRITERS)] + [(self.look, 0)]
        self.threads = [threading.Thread(target=self.run, args=each, daemon=True) for each in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(HANGS)
        assert not any(thread.is_alive() for thread in self.threads), "a request hangs"

    def run(self, work, number):
        with requests.Session() as session:
            session.trust_env = False
            turn = 0
            while not self.over.is_set():
                try:
                    work(session, number, turn)
                except Exception as error:
                    self.faults.append(f"{work.__name__}: {type(error).__name__}: {error}")
                    time.sleep(0.1)
                turn += 1

    def search(self, session, number, turn):
        image = self.images[(7 * number + turn) % len(self.images)]
        answer = self.ask(session, "POST", "/search", files={"image": (None, str(image)), "k": (None, "3")})
        if answer.status_code == 200:
            assert answer.json()["matches"][0]["image"]["id"] == image
        self.over.wait(PAUSE)

    def write(self, session, number, turn):
        product = f"p-{number}-{turn}"
        body = {"id": product, "name": "A robot", "details": {"turn": turn}, "images": self.images[:2]}
        while not self.over.is_set():
            if self.ask(session, "PUT", f"/products/{product}", json=body).status_code < 300:
                self.written.append(product)
                return
            time.sleep(0.05)

    def look(self, session, number, turn):
        assert self.ask(session, "GET", "/health", allowed=(200,)).json()
        self.ask(session, "GET", "/ready")
        time.sleep(0.05)

    def ask(self, session, method, path, allowed=(200, 201, 503), **request):
        start, before = time.monotonic(), self.database
        answer = session.request(method, self.url + path, timeout=HANGS, **request)
        when = "there" if before == self.database == "there" else "gone"
        self.slowest[when] = max(self.slowest[when], time.monotonic() - start)
        self.counts[method, answer.status_code] += 1
        if path == "/ready":
            self.counts["ready", answer.status_code] += 1
        assert answer.status_code in allowed, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1, f"{method} {path}"
            if path != "/ready":
                error = answer.json()["error"]
                assert error["status"] == 503 and error["message"], f"{method} {path}: {error}"
        return answer

    def more(self, *kind, by):
        """Wait until there have been so many more answers of a kind."""
        wanted = self.counts[kind] + by
        busy.until(f"{by} more of {kind}; {self.faults[:3]}", lambda: self.counts[kind] >= wanted or self.faults)
        assert not self.faults, self.faults[:5]


def test_a_database_that_goes_and_comes_costs_nothing_but_the_time(postgres, tmp_path, record_property):
    photos = tmp_path / "photos"
    folder_of(photos / "few", 10)
    wanted = {path.relative_to(photos).as_posix() for path in photos.rglob("*.jpg")}
    network = tiny_network(tmp_path / "tiny.onnx")
    arguments = [f"--model={network}", "--rate=0"]
    with serving(photos, *arguments, database=postgres.url()) as served, contextlib.ExitStack() as started:
        busy.finished(served.url, busy.begin(served.url))
        known = [image["id"] for image in busy.images(served.url)]
        load = started.enter_context(Load(served.url, known))
        for mode in ("fast", "immediate"):
            wanted |= set(busy.slow_photos(photos / mode, PHOTOS, first=len(wanted)))
            job = busy.begin(served.url, mode)
            busy.under_way(served.url, job)
            load.more("POST", 200, by=SEARCHERS)
            load.database = "gone"
            postgres.stop(mode)
            load.more("ready", 503, by=2)
            load.more("POST", 503, by=3 * SEARCHERS)
            load.more("PUT", 503, by=2)
            postgres.start()
            load.more("ready", 200, by=2)
            load.more("POST", 200, by=3 * SEARCHERS)
            load.more("PUT", 201, by=2)
            load.database = "there"
            busy.finished(served.url, job)
        started.close()
        assert not load.faults, load.faults[:5]
        assert served.process.poll() is None, "it is the same process as before"
        assert "Traceback" not in served.log.read_text(encoding="utf-8")
        there = [product["id"] for product in busy.products(served.url)]
        assert len(there) == len(set(there)) and set(load.written) <= set(there)
        paths = [image["path"] for image in busy.images(served.url)]
        assert len(paths) == len(set(paths)) and set(paths) == wanted
        record_property("slowest answers, s", {when: round(each, 2) for when, each in load.slowest.items()})
        record_property("answers", {" ".join(map(str, kind)): count for kind, count in load.counts.items()})
        assert load.slowest["gone"] < WAITS + 10 * load.slowest["there"], load.slowest
