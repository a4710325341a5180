"""Models of photos whose features are given, so that no photo is needed."""

from types import SimpleNamespace

import numpy as np

from helpers.features.index import Index
from helpers.frames.columns import bad_frame
from helpers.networks.load import load_network
from helpers.similarity.model import SimilarityModel
from helpers.similarity.saved import ModelContents


def model_of(
    vectors, data=None, labels=None, names=None, metric="euclidean", bad=0, rows=None, network=None, centre=None
):
    """A model of photos 0.jpg, 1.jpg … with these features, of a `network` by its name, or of one that nobody has."""
    vectors = np.array(vectors, np.float32)
    vectors = vectors[:, None] if vectors.ndim == 1 else vectors
    by_hand = SimpleNamespace(name="by hand", dimension=vectors.shape[1])
    contents = ModelContents(
        network=by_hand if network is None else load_network(network),
        precision="fp32",
        agreement=None,
        key="",
        metric=metric,
        index="exact",
        feature="image",
        label=None,
        labels=list(range(len(vectors))) if labels is None else labels,
        names=[f"{row}.jpg" for row in range(len(vectors))] if names is None else names,
        sources=[b""] * len(vectors),
        identities=[None] * len(vectors),
        rows=np.arange(len(vectors)) if rows is None else np.array(rows),
        vectors=vectors,
        timings={},
        bad=bad_frame([(None, None, "damaged")] * bad),
        centre=centre,
    )
    return SimilarityModel(contents, Index(vectors, metric), data=data)
