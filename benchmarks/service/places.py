"""Where a search service keeps its collection while it is measured: a file, or a PostgreSQL started for it."""

import contextlib
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from PIL import Image

from benchmarks.bench import Bench
from benchmarks.process import Failed, Task
from benchmarks.service import load
from benchmarks.service.server import Server, Watch, serving

PLACES = ("embedded", "PostgreSQL")
_PATIENCE = 1800.0  # seconds for an index of 100,000 features
_WARM = 10.0  # seconds under load after which the memory is to stay as it is
_POSTGRES = (
    ("shared_buffers", "2GB"),
    ("effective_cache_size", "4GB"),
    ("maintenance_work_mem", "1GB"),
    ("max_wal_size", "4GB"),
)
_BUILT = """SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'hnsw' AND indisvalid"""


class Size(NamedTuple):
    """How much is done."""

    images: int = 100_000
    asked: int = 200  # one at a time, and round and round by the clients at once
    clients: int = 50
    seconds: float = 60.0
    network: str = ""  # empty is a ResNet-50 of random weights: nothing is asked of it but its 2,048 features
    postgres: Tuple[Tuple[str, str], ...] = _POSTGRES


class Figures(NamedTuple):
    """What was measured in one place with one index."""

    ready: float  # seconds from the start of the service to its first answer
    built: Optional[float]  # and from then until an index that it makes in the background is there
    alone: Dict[str, Any]  # see `benchmarks.service.load.one_by_one`
    crowd: Dict[str, Any]  # and `at_once`
    memory: Tuple[Optional[float], Optional[float]]  # MB of the service: under load for 10 s, and at the end
    database: Optional[float]  # MB of PostgreSQL at the end
    disk: float  # MB


class Place(ABC):
    """One place, empty at first; `network` is an ONNX file."""

    address: str  # as `--database` takes it
    pid: Optional[int] = None  # of a server that keeps it

    def __init__(self, bench: Bench, size: Size, network: str) -> None:
        self.bench, self.size, self.network = bench, size, network

    @abstractmethod
    def disk(self) -> float:
        """MB that it takes."""

    @abstractmethod
    def is_built(self) -> bool:
        """Whether there is an HNSW index."""

    def fill(self) -> Dict[str, Any]:
        """Put the features in; seconds, and the ids of those that are asked for."""
        arguments = {
            "database": self.address,
            "network": self.network,
            "count": self.size.images,
            "asked": self.size.asked,
        }
        return self._run("service.data:fill", f"{self.size.images:,} features into {type(self).__name__}", arguments)

    def measure(self, index: str, images: List[int]) -> Figures:
        """Start the service with an index, and ask for what is like these images."""
        start = time.perf_counter()
        with self.served(index) as server:
            load.one_by_one(server.url, images[:1])
            ready = time.perf_counter() - start
            built = None if index == "exact" else self._wait()
            asked = {"url": server.url, "images": images}
            alone = self._run("service.load:one_by_one", f"{type(self).__name__}, {index}, one at a time", asked)
            with Watch([server.pid, *([] if self.pid is None else [self.pid])]) as watch:
                many = {**asked, "clients": self.size.clients, "seconds": self.size.seconds}
                name = f"{type(self).__name__}, {index}, {self.size.clients} clients"
                crowd = self._run("service.load:at_once", name, many)
            database = None if self.pid is None else watch.last(1)
            return Figures(ready, built, alone, crowd, (watch.at(_WARM), watch.last()), database, self.disk())

    @contextlib.contextmanager
    def served(self, index: str) -> Iterator[Server]:
        """The service on this place; nobody is kept waiting for asking too often."""
        photos = self.bench.scratch / "service"
        photos.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32)).save(photos / "nobody asks for it.png")  # an empty folder is not served
        arguments = [f"--database={self.address}", f"--model={self.network}", f"--index={index}", "--rate=0"]
        log, environment = self.bench.scratch / "service.log", self._environment()
        with serving(photos, log, *arguments, environment=environment) as server:
            yield server

    def _wait(self) -> float:
        """Seconds until there is an index; raises `Failed` where it does not come."""
        start, patience = time.perf_counter(), self.bench.runner.left
        while not self.is_built():
            if time.perf_counter() - start > min(_PATIENCE, patience):
                raise Failed(f"no index after {time.perf_counter() - start:.0f} s")
            time.sleep(0.1)
        return time.perf_counter() - start

    def _run(self, function: str, name: str, arguments: Dict[str, Any]) -> Dict[str, Any]:
        return self.bench.runner.run(Task(f"benchmarks.{function}", arguments, environment=self._environment()), name)

    def _environment(self) -> Dict[str, str]:
        return {"KINFRAME_CACHE": str(self.bench.scratch / "cache")}


class Embedded(Place):
    """A file."""

    def __init__(self, bench: Bench, size: Size, network: str) -> None:
        super().__init__(bench, size, network)
        self.file = bench.scratch / "service.kinframe"
        self.address = str(self.file)

    def disk(self) -> float:
        return sum(file.stat().st_size for file in self.files()) / 1e6

    def is_built(self) -> bool:
        return any(file.suffix == ".hnsw" for file in self.files())

    def files(self) -> List[Path]:
        """It, its journals, and what else is kept beside it."""
        return [file for file in self.file.parent.glob(self.file.name + "*") if file.is_file()]


class PostgreSQL(Place):
    """A server of its own, on loopback."""

    def __init__(self, bench: Bench, size: Size, network: str, server: Any) -> None:
        super().__init__(bench, size, network)
        self.address = server.url()
        self.pid = int((server.data / "postmaster.pid").read_text().split()[0])

    def disk(self) -> float:
        return self._value("SELECT pg_database_size(current_database())") / 1e6

    def is_built(self) -> bool:
        return self._value(_BUILT) > 0

    def _value(self, statement: str) -> float:
        import psycopg

        with psycopg.connect(self.address) as connection:
            [value] = connection.execute(statement).fetchone() or (0,)
        return float(value)


@contextlib.contextmanager
def opened(name: str, bench: Bench, size: Size) -> Iterator[Place]:
    """The place of this name, empty, for as long as the block; raises `Failed` where none is available."""
    bench.scratch.mkdir(parents=True, exist_ok=True)
    network = size.network or bench.resnet()
    if name == "embedded":
        place = Embedded(bench, size, network)
        _forget(place)
        try:
            yield place
        finally:
            _forget(place)
    else:
        with _postgres(dict(size.postgres)) as server:
            yield PostgreSQL(bench, size, network, server)


def _forget(place: Embedded) -> None:
    for file in place.files():
        file.unlink()


@contextlib.contextmanager
def _postgres(settings: Dict[str, str]) -> Iterator[Any]:
    """A `tests.support.postgres_server.PostgresServer`; raises `Failed` where none is available."""
    try:
        from tests.support.postgres_server import PostgresServer

        server = PostgresServer(fsync=True, **settings)
    except (ImportError, RuntimeError) as reason:
        raise Failed(f"{reason}; pip install -e '.[service,test]'") from reason
    try:
        yield server
    finally:
        server.close()
