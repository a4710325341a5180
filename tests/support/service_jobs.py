"""A collection with jobs, as a service holds it; and a job that waits in the middle."""

import contextlib
import itertools
import sys
import threading
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

import numpy as np

from helpers.features.embedding import embed
from helpers.service.jobs.indexing import Indexing
from helpers.service.jobs.runner import Runner
from helpers.service.jobs.workers import Workers
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.records import ImageRecord, Job
from helpers.service.settings import Settings
from helpers.service.storage.storage import Storage, open_storage
from tests.support.until import HANGS, until


class Brisk(Workers):
    """Workers that give way to nobody: on a busy machine, those that do come to nothing for minutes."""

    nice = 0


class Shared(Brisk):
    """Workers for several tests, which nobody of them closes."""

    jobs = sys.maxsize

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().close()


class Collection(NamedTuple):
    """What belongs to one service."""

    root: PhotoRoot
    network: QueryNetwork
    storage: Storage
    runner: Runner

    def wait(self, job: Job, state: str = "done", seconds: float = HANGS) -> Job:
        """The job as it is when it has come to this."""
        return until(lambda: self.storage.jobs.get(job.id), lambda found: found.state == state, seconds)

    def images(self) -> List[ImageRecord]:
        return self.storage.images.page(0, 10_000)

    def check(self) -> None:
        """Every photo is there, once, with the feature that a notebook computes."""
        paths = self.root.photos()
        images = {image.path: image for image in self.images()}
        assert sorted(images) == paths and len(self.images()) == len(paths)
        files = [self.root.file(path) for path in paths]
        wanted = embed(files, self.network.settled, progress=False)
        for path, identity, vector in zip(paths, wanted.identities, wanted.vectors):
            assert images[path].identity == identity
            assert np.array_equal(self.storage.feature(images[path].id), vector)
            stamp = self.root.file(path).stat()
            assert (images[path].size, images[path].modified) == (stamp.st_size, stamp.st_mtime_ns)


@contextlib.contextmanager
def collection(
    folder: Any, network: QueryNetwork, address: str, workers: Optional[Workers] = None
) -> Iterator[Collection]:
    """A collection whose runner is not started yet; it is stopped at the end."""
    root, settings = PhotoRoot(folder), Settings(photos=folder, workers=1)
    storage = open_storage(address, key=network.key, dimension=network.dimension)
    runner = Runner(storage, settings, network, root, workers)
    try:
        yield Collection(root, network, storage, runner)
    finally:
        runner.stop()
        storage.close()


def waiting(batches: int, gate: threading.Event) -> Callable[..., None]:
    """`Indexing._take` that keeps so many batches, and the next one when the gate is open."""
    take, taken = Indexing._take, itertools.count()

    def patiently(indexing: Indexing, *values: Any) -> None:
        if next(taken) >= batches:
            gate.wait()
        take(indexing, *values)

    return patiently
