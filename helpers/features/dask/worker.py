"""What a worker of a Dask cluster does: it opens the network, reads photos, computes features."""

import hashlib
import re
import socket
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Container, List, Optional, Set, Tuple
from weakref import WeakKeyDictionary

import numpy as np
from distributed import Client, WorkerPlugin, get_worker

from helpers.errors import ClusterError, ModelError, PhotoError
from helpers.features.pipeline import FeatureBatch, PhotoRequest, ReadPhoto, computed, read_and_decode
from helpers.files import cache, stamps
from helpers.files.replacing import replacing
from helpers.networks.precision.settled import Settled
from helpers.networks.runtime import Session

_ADDRESS = re.compile(r"[a-z][a-z0-9+.:-]+://")
_UNSEEN = ("no such file", "no permission to read it")  # what another machine may well be able to read

_ATTEMPTS = 3  # a worker may die just when it is given the network

_opening, _running = threading.Lock(), threading.Lock()
# Dask of 2023 warns, once and in the scheduler, of photos of more than 1 MB that travel.
warnings.filterwarnings("ignore", r"Large object of size .*\s+\(\[PhotoRequest\(")

_handed_out: "WeakKeyDictionary[Client, Set[str]]" = WeakKeyDictionary()  # the names of networks


class SharedNetwork(WorkerPlugin):
    """A network on its way to all workers, those that join later and those that start anew too."""

    def __init__(self, settled: Settled, content: bytes) -> None:
        self._settled, self._content = settled, content
        self._sha256 = hashlib.sha256(content).hexdigest()
        self._session: Optional[Session] = None

    def session(self) -> Session:
        """The network, ready to run: opened once in a process. Raises `ModelError`."""
        with _opening:
            if self._session is None:
                try:
                    loaded = self._settled.loaded
                    loaded = loaded if loaded.descriptor else replace(loaded, path=self._file())
                except OSError as error:
                    way_out = "on the workers, KINFRAME_CACHE can name another folder"
                    raise ModelError(
                        f"worker {_name()}: {error.filename}: {error.strerror or error}; {way_out}"
                    ) from error
                self._session = replace(self._settled, loaded=loaded).session
                self._content = b""
            return self._session

    def _file(self) -> Path:
        """The network's file where this worker has it already, else one in its cache folder."""
        given, mark = self._settled.loaded.path, self._sha256[:12]
        name = given.name if given.stem.endswith(mark) else f"{given.stem}-{mark}.onnx"
        path = cache.cache_folder() / "networks" / name
        for place in (given, path):
            with suppress(OSError):
                if stamps.sha256(place) == self._sha256:
                    return place
        with replacing(path) as half:
            half.write_bytes(self._content)
        return path


def hand_out(client: Client, settled: Settled) -> str:
    """Give the network to all workers, once; returns the name under which they have it. Raises `ClusterError`."""
    loaded, there = settled.loaded, _handed_out.setdefault(client, set())
    try:
        file = "" if loaded.descriptor else stamps.sha256(loaded.path)
        name = f"kinframe-{loaded.identity[:12]}-{file[:12]}-{settled.precision}"
        if name in there:
            return name
        network = SharedNetwork(settled, _content(loaded.path) if file else b"")
    except OSError as error:
        raise ModelError(f"{loaded.path}: {error.strerror or error}") from error
    register: Any = getattr(client, "register_plugin", None) or client.register_worker_plugin  # type: ignore[attr-defined]
    for attempt in range(_ATTEMPTS):
        try:
            register(network, name=name)
            break
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
        except Exception as error:  # as which it comes depends on Dask's version
            if isinstance(error, ImportError) or "ModuleNotFoundError" in str(error):
                raise ClusterError(f"the workers need Kinframe and its packages too: {error}") from error
            raise
    there.add(name)
    return name


def _content(path: Path) -> bytes:
    """The network in one piece, also where its weights are in separate files."""
    import onnx
    from onnx.external_data_helper import uses_external_data

    network = onnx.load(str(path), load_external_data=False)
    if any(uses_external_data(weights) for weights in network.graph.initializer):
        return onnx.load(str(path)).SerializeToString()
    return path.read_bytes()


def features_of(requests: List[PhotoRequest], network: str) -> List[FeatureBatch]:
    """Photos read, decoded and through the network; without the bytes of those that are not files."""
    plugin = get_worker().plugins.get(network)
    if not isinstance(plugin, SharedNetwork):
        raise ClusterError(f"worker {_name()} has not received the network; connect to the cluster again")
    session, seconds = plugin.session(), []

    def run(pixels: List[np.ndarray]) -> np.ndarray:
        with _running:  # waiting for another batch of this worker does not count as time of the network
            begun = time.perf_counter()
            vectors = session.run(pixels)
            seconds.append(time.perf_counter() - begun)
            return vectors

    made = []
    photos = (_read_photo(request, session.loaded.size) for request in requests)
    for batch in computed(photos, run, len(requests)):
        made.append(batch._replace(seconds={**batch.seconds, "network": sum(seconds)}))
        seconds.clear()
    return made


def identities_of(requests: List[PhotoRequest]) -> List[ReadPhoto]:
    """Photos read, not decoded."""
    return [_read_photo(request, (0, 0), _Everything()) for request in requests]


def is_address(source: str) -> bool:
    """Whether this is an address such as `s3://bucket/a.jpg`, not a path."""
    return _ADDRESS.match(source) is not None


class _Everything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


def _read_photo(request: PhotoRequest, size: Tuple[int, int], known: Container[str] = ()) -> ReadPhoto:
    start = time.perf_counter()
    if isinstance(request.photo, str) and is_address(request.photo):
        try:
            request = request._replace(photo=_fetched(request.photo))
        except PhotoError as error:
            return ReadPhoto(request.row, reason=str(error), read=time.perf_counter() - start)
    fetched = time.perf_counter() - start
    photo = read_and_decode(request, size=size, known=known)
    reason = f"{photo.reason} for the worker {_name()}" if photo.reason in _UNSEEN else photo.reason
    return photo._replace(source="", reason=reason, read=photo.read + fetched)


def _fetched(address: str) -> bytes:
    import fsspec

    try:
        with fsspec.open(address, "rb") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise PhotoError(f"no such file for the worker {_name()}") from error
    except Exception as error:  # each kind of store has errors of its own
        raise PhotoError(f"the worker {_name()} cannot fetch it ({type(error).__name__}: {error})") from error


def _name() -> str:
    return f"{get_worker().address} on {socket.gethostname()}"
