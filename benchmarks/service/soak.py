"""Mixed traffic at the search service and at the page for a class, on loopback, for minutes: what breaks, what grows.

    python -m benchmarks.service.soak --minutes 30

Searches, uploads good and bad and half, jobs, cancels, products, visitors of the page who come, send nonsense and leave
or vanish, and workers that are killed. An answer that was not asked for counts as an error. Twice, after five minutes
and at the end, all is quiet for a moment, and memory, processes and descriptors are counted.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import requests

from benchmarks.service.server import family, memory, serving

EARLY = 5.0  # minutes until the first count
_PATIENCE = 120.0  # seconds for one answer on a busy machine, and until all is quiet
_PHOTOS = 60
_SETTLED = 65.0  # seconds: the service's workers end after a minute without work
_KILL = (20.0, 45.0)  # seconds between two kills

_dice = random.Random(0)  # noqa: S311  # nosec B311  # it chooses what is asked next


class Count(NamedTuple):
    """What a server and all that it started take when nobody asks."""

    memory: float  # MB, shared pages once
    processes: int
    descriptors: int

    @staticmethod
    def of(pid: int) -> "Count":
        """Of a process and its children, as Linux has it."""
        members = family(pid)
        open_files = 0
        for each in members:
            with contextlib.suppress(OSError):
                open_files += len(os.listdir(f"/proc/{each}/fd"))  # noqa: PTH208
        return Count(memory(pid) or 0.0, len(members), open_files)


class Soak:
    """Clients that go on until the end, and stop between two requests while all has to be quiet."""

    def __init__(self, service: str, page: Any) -> None:
        self.service, self.page = service, page
        self.asked: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.over, self.open = threading.Event(), threading.Event()
        self.open.set()
        self._busy = 0
        self._lock = threading.Lock()

    def client(self, what: str, action: Callable[["Soak", requests.Session], None]) -> threading.Thread:
        """A thread that does one thing again and again, each time over a connection as it likes."""

        def go_on() -> None:
            session = requests.Session()
            session.trust_env = False
            while not self.over.is_set():
                if not self.open.wait(0.2):
                    continue
                with self._lock:
                    self._busy += 1
                try:
                    action(self, session)
                    self.asked[what] += 1
                except Exception as error:  # whatever it is, it is counted
                    self.wrong(what, f"{type(error).__name__}: {error}"[:200])
                finally:
                    with self._lock:
                        self._busy -= 1
                time.sleep(_dice.uniform(0, 0.2))

        return threading.Thread(target=go_on, name=what, daemon=True)

    def wrong(self, what: str, how: str) -> None:
        """Note what was not asked for."""
        self.errors[f"{what}: {how}"] += 1

    def expect(self, what: str, answer: requests.Response, *wanted: int) -> Any:
        """The JSON of an answer, whose status has to be one of these."""
        if answer.status_code not in wanted:
            self.wrong(what, f"{answer.status_code} {answer.text[:150]}")
        return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """A moment in which nobody asks, no job runs, and no page is open."""
        self.open.clear()
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and (self._busy or self._working()):
            time.sleep(0.5)
        if self._busy or self._working():
            self.wrong("quiet", "something still goes on")
        time.sleep(_SETTLED)
        try:
            yield
        finally:
            self.open.set()

    def _working(self) -> bool:
        from tests.support.app_server import kernels

        jobs = requests.get(f"{self.service}jobs", timeout=_PATIENCE).json()["jobs"]
        # One kernel waits for the next visitor; that of a page which vanished is ended a minute later.
        return any(job["state"] in ("queued", "running") for job in jobs) or len(kernels(self.page)) > 1


def _photo(seed: int) -> bytes:
    from tests.support.pictures import encoded, picture

    return encoded(picture(seed % 1000, (320, 240)), "JPEG")


def _search_by_photo(soak: Soak, session: requests.Session) -> None:
    fields = {"k": _dice.randrange(1, 20)}
    answer = session.post(
        f"{soak.service}search", files={"photo": _photo(_dice.randrange(10_000))}, data=fields, timeout=_PATIENCE
    )
    soak.expect("search", answer, 200)


def _search_by_image(soak: Soak, session: requests.Session) -> None:
    images = soak.expect("images", session.get(f"{soak.service}images?limit=50", timeout=_PATIENCE), 200)["images"]
    if images:
        image = _dice.choice(images)["id"]
        soak.expect("similar", session.get(f"{soak.service}images/{image}/similar", timeout=_PATIENCE), 200, 404)
        soak.expect("photo", session.get(f"{soak.service}images/{image}/photo", timeout=_PATIENCE), 200, 404)


def _already_here(soak: Soak, session: requests.Session) -> None:
    answer = session.post(f"{soak.service}already-here", files={"photo": _photo(3)}, timeout=_PATIENCE)
    soak.expect("already here", answer, 200)


def _bad_uploads(soak: Soak, session: requests.Session) -> None:
    from tests.support import hostile_files as hostile

    makers: Sequence[Callable[[], bytes]] = (
        *(hostile.pixel_bomb_png, hostile.pixel_bomb_gif, hostile.pixel_bomb_tiff, hostile.zip_bomb, hostile.svg),
        *(hostile.text_bomb_png, hostile.parts_jpeg, hostile.filled_jpeg, hostile.jpeg_in_html, hostile.parts_gif),
        lambda: _photo(1)[:500],
        lambda: b"",
        lambda: bytes(_dice.randrange(256) for _ in range(2_000)),
    )
    answer = session.post(f"{soak.service}search", files={"photo": _dice.choice(makers)()}, timeout=_PATIENCE)
    soak.expect("bad upload", answer, 413, 415, 422)


def _half_uploads(soak: Soak, session: requests.Session) -> None:
    import socket

    host, port = soak.service.rstrip("/").rpartition("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=_PATIENCE) as line:
        head = f"POST /search HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 100000\r\n"
        line.sendall((head + "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n").encode())
        line.sendall(bytes(_dice.randrange(50_000)))


def _bad_requests(soak: Soak, session: requests.Session) -> None:
    asked: Sequence[Tuple[str, str, Dict[str, Any], Sequence[int]]] = (
        ("GET", "images/999999999", {}, (404,)),
        ("GET", "images/../../etc/passwd", {}, (404,)),
        ("POST", "search", {"data": {"k": "many", "image": 1}}, (422,)),
        ("POST", "search", {"data": {"url": "http://169.254.169.254/"}}, (403, 422)),
        ("POST", "index", {"json": {"folder": "../.."}}, (403, 404, 422)),
        ("POST", "index", {"data": b"{" * 5_000, "headers": {"Content-Type": "application/json"}}, (400, 422)),
        ("PUT", "products/x", {"json": {"name": "x", "images": [10**12]}}, (404, 422)),
        ("GET", "health", {"headers": {"Host": "evil.example"}}, (400, 403, 421)),
    )
    method, path, options, wanted = _dice.choice(asked)
    answer = session.request(method, soak.service + path, timeout=_PATIENCE, **options)
    soak.expect(f"bad request {path}", answer, *wanted)


def _products(soak: Soak, session: requests.Session) -> None:
    name = f"p{_dice.randrange(50)}"
    images = soak.expect("images", session.get(f"{soak.service}images?limit=20", timeout=_PATIENCE), 200)["images"]
    body = {"name": name, "images": [image["id"] for image in images[:3]]}
    soak.expect(
        "put product", session.put(f"{soak.service}products/{name}", json=body, timeout=_PATIENCE), 200, 201, 422
    )
    soak.expect("product", session.get(f"{soak.service}products/{name}", timeout=_PATIENCE), 200, 404)
    soak.expect("products", session.delete(f"{soak.service}products/{name}", timeout=_PATIENCE), 204, 404)


def _jobs(soak: Soak, session: requests.Session) -> None:
    images = soak.expect("images", session.get(f"{soak.service}images?limit=50", timeout=_PATIENCE), 200)["images"]
    for image in _dice.sample(images, min(10, len(images))):  # so that there is something to do
        soak.expect("delete", session.delete(f"{soak.service}images/{image['id']}", timeout=_PATIENCE), 204, 404)
    answer = session.post(f"{soak.service}index", json={"folder": ""}, timeout=_PATIENCE)
    job = soak.expect("index", answer, 202)["id"]
    if _dice.random() < 0.4:
        time.sleep(_dice.uniform(0, 2))
        soak.expect("cancel", session.delete(f"{soak.service}jobs/{job}", timeout=_PATIENCE), 202)
    end = time.monotonic() + _PATIENCE
    state = {"state": "queued"}
    while time.monotonic() < end and state["state"] in ("queued", "running"):
        state = soak.expect("job", session.get(f"{soak.service}jobs/{job}", timeout=_PATIENCE), 200)
        time.sleep(0.5)
    if state["state"] not in ("done", "cancelled"):
        soak.wrong("job", f"{state['state']}: {state.get('error')}")


def _visit(soak: Soak, session: requests.Session) -> None:
    from tests.support import app_server as app

    _, text = app.page_of(soak.page)
    kernel = app.kernel_of(text)
    if _dice.random() < 0.1:  # it vanishes: its kernel is ended a minute later
        return
    try:
        line = app.line_to(soak.page, kernel, app.PROTOCOL)
        line.send_binary(app.message("comm_info_request", {}))
        while app.kind_of(line.recv()) != "comm_info_reply":
            pass
        if _dice.random() < 0.5:  # nonsense ends this line, and nothing else
            line.send_binary(bytes(_dice.randrange(256) for _ in range(100)))
        line.close()
    finally:
        app.status_of(f"{soak.page.address}voila/api/shutdown/{kernel}", "POST")


def _strangers(soak: Soak, session: requests.Session) -> None:
    address = soak.page.address
    asked: Sequence[Tuple[str, Dict[str, str], Sequence[int]]] = (
        ("", {"Sec-Fetch-Dest": "image"}, (403,)),
        ("", {"Host": "evil.example"}, (403,)),
        ("api/kernels", {}, (403, 404)),
        ("api/contents", {}, (403, 404)),
        ("files/../../etc/passwd", {}, (403, 404)),
        ("", {}, (200,)),
    )
    path, headers, wanted = _dice.choice(asked)
    soak.expect(f"page {path or headers}", session.get(address + path, headers=headers, timeout=_PATIENCE), *wanted)


CLIENTS: Dict[str, Callable[[Soak, requests.Session], None]] = {
    "search by a photo": _search_by_photo,
    "search by an image": _search_by_image,
    "already here": _already_here,
    "bad upload": _bad_uploads,
    "half an upload": _half_uploads,
    "bad request": _bad_requests,
    "product": _products,
    "job": _jobs,
    "visit": _visit,
    "stranger": _strangers,
}


def _kill_one(pid: int, mark: str) -> bool:
    """Kill a process that a server has started, one with this word in its command; whether there was one."""
    found = []
    for each in family(pid)[1:]:
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{each}/cmdline").read_bytes().decode(errors="replace"):
                found.append(each)
    if found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(_dice.choice(found), signal.SIGKILL)
    return bool(found)


def _killer(soak: Soak, service: int) -> threading.Thread:
    """Kills a worker of the service now and then, when a job has ended since: one after the other, none would."""

    def go_on() -> None:
        ended = -1
        while not soak.over.wait(_dice.uniform(*_KILL)):
            if soak.open.is_set() and soak.asked["job"] > ended and _kill_one(service, "spawn_main"):
                ended = soak.asked["job"]
                soak.asked["kill of a worker"] += 1

    return threading.Thread(target=go_on, daemon=True)


def soak(minutes: float, scratch: Path) -> Tuple[Soak, List[Tuple[float, Dict[str, Count]]]]:
    """Serve, ask and count; what was wrong, and the counts with the minute of each."""
    from tests.support import app_server
    from tests.support.pictures import folder_of, tiny_network

    photos = folder_of(scratch / "photos", _PHOTOS)
    environment = {"KINFRAME_CACHE": str(scratch / "cache"), "KINFRAME_MIRROR": str(scratch / "no-mirror")}
    network = tiny_network(scratch / "tiny.onnx")
    arguments = [f"--database={scratch / 'service.kinframe'}", f"--model={network}", "--rate=0"]
    with contextlib.ExitStack() as stack:
        log = scratch / "service.log"
        server = stack.enter_context(serving(photos, log, *arguments, environment=environment))
        page = stack.enter_context(app_server.serving(photos, scratch / "cache", options=["--each=40"]))
        threading.Thread(target=lambda: [None for _ in page.process.stdout], daemon=True).start()  # it is not to wait
        under_load = Soak(server.url, page)
        threads = [under_load.client(what, action) for what, action in CLIENTS.items()]
        for thread in [*threads, _killer(under_load, server.pid)]:
            thread.start()
        counts = []
        begun = time.monotonic()
        for moment in sorted({min(EARLY, minutes / 2), minutes}):
            while time.monotonic() - begun < 60 * moment:
                time.sleep(1)
            with under_load.quiet():
                servers = {"service": server.pid, "page": page.process.pid}
                counts.append((moment, {name: Count.of(pid) for name, pid in servers.items()}))
                print(f"after {moment:g} minutes: {counts[-1][1]}", flush=True)
        under_load.over.set()
        for thread in threads:
            thread.join(_PATIENCE)
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if "Traceback" in line:
                under_load.wrong("log of the service", "a traceback")
        return under_load, counts


def main(arguments: Sequence[str]) -> int:
    """Print what was asked, what was wrong, and what grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--log", type=Path, help="where the service's own log is kept")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kinframe-soak-") as folder:
        done, counts = soak(chosen.minutes, Path(folder))
        if chosen.log:
            chosen.log.write_bytes((Path(folder) / "service.log").read_bytes())
    print(f"asked: {json.dumps(done.asked, indent=1, sort_keys=True)}")
    early, late = counts[0][1], counts[-1][1]
    for name in early:
        grown = late[name].memory / early[name].memory - 1 if early[name].memory else 0.0
        print(f"{name}: {early[name]} then {late[name]}: memory {grown:+.1%}")
    print(f"errors: {json.dumps(done.errors, indent=1) if done.errors else 'none but those asked for'}")
    return 1 if done.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
