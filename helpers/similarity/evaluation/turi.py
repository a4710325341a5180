"""Turi Create's own image similarity, to be compared with ours: it runs only where Turi Create is installed."""

import time
from pathlib import Path
from typing import Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.frames import HAS_TURICREATE, Frame

PREFIX = "turicreate/"
NETWORKS = {"resnet-50": 2048, "squeezenet_v1.1": 1000}  # to the length of a feature


def nearest(data: Frame, feature: str, name: str, k: int) -> Tuple[np.ndarray, np.ndarray, float]:
    """The k nearest other photos of each photo of a frame, by Turi Create's own `create`.

    `name` is `turicreate/resnet-50` or `turicreate/squeezenet_v1.1`. Returns rows, int64 [N, k], nearest first, and
    their Euclidean distances; -1 and inf where there are fewer; and how many seconds `create` took.

    Raises `ModelError` where Turi Create or the weights that it downloads are not here: it ends the kernel where a
    download fails, so none is begun.
    """
    network = name[len(PREFIX) :]
    if network not in NETWORKS:
        raise ModelError(f"{name}: Turi Create has {' and '.join(NETWORKS)} for image similarity")
    if not HAS_TURICREATE:
        raise ModelError(f"{name} runs in the Turi Create environment only: make lab ENV=turi")
    import turicreate

    file = _weights(network)
    if not file.exists():
        raise ModelError(f"{name}: there is no file {file}; turicreate.image_similarity.create downloads it")
    start = time.perf_counter()
    try:
        model = turicreate.image_similarity.create(data, feature=feature, model=network, verbose=False)
    except Exception as error:  # one photo that Turi Create cannot read is enough
        raise ModelError(f"{name}: Turi Create's own create failed: {str(error).strip().splitlines()[0]}") from error
    seconds = time.perf_counter() - start
    rows, distances = np.full((len(data), k), -1, np.int64), np.full((len(data), k), np.inf)
    edges = model.similarity_graph(k=k, output_type="SFrame", verbose=False)
    queries, references, ranks, apart = (
        edges[column].to_numpy() for column in ("query_label", "reference_label", "rank", "distance")
    )
    rows[queries, ranks - 1], distances[queries, ranks - 1] = references, apart
    return rows, distances, seconds


def _weights(network: str) -> Path:
    import turicreate

    place = turicreate.config.get_runtime_config()["TURI_CACHE_FILE_LOCATIONS"]
    return Path(place) / "model_cache" / f"{network}-TuriCreate-6.0.h5"
