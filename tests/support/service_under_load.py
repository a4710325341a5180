"""What the tests of faults ask of a running service, and the photos that keep it busy."""

import struct
import time
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import requests

_SIDE = 1800  # pixels: a worker needs a thirtieth of a second for such a photo
_HANGS = 60.0  # seconds
_STEP = 0.05  # seconds between two questions


def slow_photos(folder: Path, count: int, first: int = 0) -> List[str]:
    """Write photos of nine colours, each with others than all the rest, that are small files and long to read."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:04d}.png" for number in range(first, first + count)]
    third = _SIDE // 3
    rows = [b"\0" + b"".join(bytes([3 * row + column]) * third for column in range(3)) for row in range(3)]
    pixels = zlib.compress(b"".join(row * third for row in rows), 1)
    for number, name in enumerate(names, start=first):
        colours = np.random.default_rng(number).integers(0, 256, (9, 3), np.uint8).tobytes()
        parts = {b"IHDR": struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 3, 0, 0, 0), b"PLTE": colours}
        chunks = {**parts, b"IDAT": pixels, b"IEND": b""}.items()
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks))
    return [f"{folder.name}/{name}" for name in names]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def until(what: str, condition: Callable[[], Any], seconds: float = 2 * _HANGS) -> Any:
    """Wait for a condition; what it gave."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(_STEP)


def get(url: str, path: str) -> Any:
    """The JSON of an answer that is one of success."""
    answer = requests.get(url + path, timeout=_HANGS)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer.json()


def begin(url: str, folder: str = "") -> str:
    """Have a folder indexed, or all photos, which a service begins with by itself; the id of the job."""
    answer = requests.post(f"{url}/index", json={"folder": folder}, timeout=_HANGS)
    assert answer.status_code == 202, f"{answer.status_code} {answer.text[:500]}"
    return str(answer.json()["id"])


def under_way(url: str, job: str) -> Dict[str, Any]:
    """Wait until a job has done something, which must not be all."""
    found = until("the job begins", lambda: _of(get(url, f"/jobs/{job}"), lambda each: each["done"] > 0))
    assert found["state"] == "running" and found["done"] < found["total"], "there must be work left"
    return dict(found)


def finished(url: str, job: str, seconds: float = 3 * _HANGS) -> Dict[str, Any]:
    """Wait until a job has ended, which must be well, with every photo and none of them bad."""
    ended = ("done", "failed", "cancelled")
    found = until("the job ends", lambda: _of(get(url, f"/jobs/{job}"), lambda each: each["state"] in ended), seconds)
    assert found["state"] == "done", found
    assert (found["done"], found["bad"]) == (found["total"], 0), found
    return dict(found)


def images(url: str) -> List[Dict[str, Any]]:
    """All images of the collection, page by page."""
    return list(_pages(url, "images"))


def products(url: str) -> List[Dict[str, Any]]:
    """All products."""
    return list(_pages(url, "products"))


def _pages(url: str, kind: str) -> Iterator[Dict[str, Any]]:
    after = ""
    while True:
        answer = get(url, f"/{kind}?limit=100" + (f"&after={after}" if after else ""))
        page = answer[kind] if isinstance(answer, dict) else answer
        yield from page
        if len(page) < 100:
            return
        after = page[-1]["id"]


def _of(found: Any, wanted: Callable[[Any], bool]) -> Any:
    return found if wanted(found) else None
