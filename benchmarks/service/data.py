"""A collection for the search service without any photo: made features put where the service keeps them."""

import contextlib
import hashlib
import tempfile
import time
from typing import Any, Dict, List

import numpy as np

from benchmarks.index import features

_AT_ONCE = 500  # images in one transaction


def fill(database: str, network: str, count: int, asked: int) -> Dict[str, Any]:
    """Put `count` invented images into a collection that is empty, exact; seconds, and the ids of some of them.

    `database` is what `--database` takes, and `network` what `--model` takes:
    it says how long a feature is, and under which key the service looks for them.
    """
    from helpers.service.query_network import QueryNetwork
    from helpers.service.storage.storage import open_storage

    model = QueryNetwork(network)
    with tempfile.TemporaryDirectory() as folder:
        vectors = features(count, model.dimension, folder)
        with contextlib.closing(open_storage(database, key=model.key, dimension=model.dimension)) as storage:
            start = time.perf_counter()
            for first in range(0, count, _AT_ONCE):
                images = [invented(number) for number in range(first, min(count, first + _AT_ONCE))]
                some = np.array(vectors[first : first + _AT_ONCE])
                storage.add(images, ([image.identity for image in images], some))
            seconds = time.perf_counter() - start
            paths = [invented(number).path for number in chosen(count, asked)]
            there = storage.images.at(paths)
            ids: List[int] = [there[path].id for path in paths]
    return {"seconds": seconds, "photos": count, "ids": ids, "dimension": model.dimension}


def chosen(count: int, asked: int) -> List[int]:
    """Which images are asked for: spread over all of them, in no order; the same every time."""
    places = np.unique(np.linspace(0, count - 1, min(asked, count)).astype(int))
    order: List[int] = np.random.default_rng(11).permutation(places).tolist()
    return order


def invented(number: int) -> Any:
    """An image that is nowhere, as a job would have found it."""
    from helpers.service.records import NewImage

    path = f"{number // 1000:03d}/{number:06d}.jpg"
    identity = hashlib.sha256(path.encode()).hexdigest()
    return NewImage(path, identity, width=640, height=480, size=50_000, modified=1_600_000_000_000_000_000 + number)
