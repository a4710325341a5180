"""Clients of the search service, each with one connection that stays open: how long `POST /search` takes them.

In a process of their own, and with a request written once: on a machine of two
cores, what asks takes its time from what answers.
"""

import asyncio
import json
import time
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence
from urllib.parse import urlsplit

import numpy as np

K = 10
_BOUNDARY = "kinframe-benchmark"
_PATIENCE = 60.0  # seconds for an answer; one that takes longer is an error
_BEFORE = 5  # questions
_TELL = 5  # kinds of errors that are told


class _Said(NamedTuple):
    status: int
    body: bytes
    open: bool  # whether the connection takes another request


def one_by_one(url: str, images: Sequence[int], k: int = K) -> Dict[str, Any]:
    """One client asks for what is like each of these images, one after the other.

    `answers` has the paths that each question was answered, none where it
    failed. A few questions before the first are not counted.
    """
    asyncio.run(_Load(url, k).run(images[:_BEFORE], clients=1))
    return asyncio.run(_Load(url, k, keep=True).run(images, clients=1))


def at_once(url: str, images: Sequence[int], clients: int, seconds: float, k: int = K) -> Dict[str, Any]:
    """So many clients ask at once, each again as soon as it is answered, until the time is over.

    They go round these images, each from another place.
    """
    return asyncio.run(_Load(url, k).run(images, clients, seconds))


class _Load:
    def __init__(self, url: str, k: int, keep: bool = False) -> None:
        place = urlsplit(url)
        self.host, self.port, self.k, self.keep = place.hostname or "127.0.0.1", place.port or 80, k, keep
        self.taken: List[float] = []  # seconds of each answer
        self.errors: Counter = Counter()
        self.answers: Dict[int, List[str]] = {}

    async def run(self, images: Sequence[int], clients: int, seconds: Optional[float] = None) -> Dict[str, Any]:
        start = time.perf_counter()
        end = None if seconds is None else start + seconds
        step = max(1, len(images) // clients)
        await asyncio.gather(*(self.client(images, number * step, end) for number in range(clients)))
        return self.figures(images, time.perf_counter() - start)

    async def client(self, images: Sequence[int], first: int, end: Optional[float]) -> None:
        """Asks for each image once, or round and round until the end; over a new connection where the old one ends."""
        turns = iter(images) if end is None else _round(images, first, end)
        image = next(turns, None)
        while image is not None:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
            except OSError as error:
                self.errors[type(error).__name__] += 1
                await asyncio.sleep(0.1)
                image = next(turns, None)
                continue
            try:
                goes_on = True
                while image is not None and goes_on:
                    goes_on = await self.ask(image, reader, writer)
                    image = next(turns, None)
            finally:
                writer.close()

    async def ask(self, image: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One question; whether the connection can be used again."""
        start = time.perf_counter()
        try:
            writer.write(request(self.host, self.port, image, self.k))
            said = await asyncio.wait_for(_answer(reader), _PATIENCE)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError) as error:
            self.errors[type(error).__name__] += 1
            return False
        self.taken.append(time.perf_counter() - start)
        if said.status != 200:
            self.errors[str(said.status)] += 1
        elif self.keep:
            self.answers[image] = [match["image"]["path"] for match in json.loads(said.body)["matches"]]
        return said.open

    def figures(self, images: Sequence[int], seconds: float) -> Dict[str, Any]:
        """What came of it; `median`, `p99` and `slowest` in ms, and None where nothing was answered."""
        whole = np.array(self.taken) * 1e3
        median, p99, slowest = np.percentile(whole, [50, 99, 100]).tolist() if len(whole) else [None] * 3
        return {
            "seconds": seconds,
            "requests": len(whole),
            "median": median,
            "p99": p99,
            "slowest": slowest,
            "errors": dict(self.errors.most_common(_TELL)),
            "answers": [self.answers.get(image, []) for image in images] if self.keep else [],
        }


def request(host: str, port: int, image: int, k: int) -> bytes:
    """The bytes of `POST /search` for what is like an image of the collection."""
    fields = {"image": image, "k": k}
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = "".join([*parts, f"--{_BOUNDARY}--\r\n"])
    head = [
        "POST /search HTTP/1.1",
        f"Host: {host}:{port}",
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", body]).encode("ascii")


def _round(images: Sequence[int], first: int, end: float) -> Iterator[int]:
    place = first
    while time.perf_counter() < end:
        yield images[place % len(images)]
        place += 1


async def _answer(reader: asyncio.StreamReader) -> _Said:
    """Raises `ValueError` and `EOFError` for what is no whole answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    names = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    body = await reader.readexactly(int(names.get("content-length", "0")))
    return _Said(int(head[0].split()[1]), body, names.get("connection") != "close")
