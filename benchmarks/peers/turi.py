"""Turi Create's own `image_similarity` over a folder, with the weights that it is given.

Its download is a Keras model, kept in the folder that `TURI_CACHE_FILE_LOCATIONS`
names; where the file is there already, Turi Create takes it as it is.
"""

import os
import statistics
import time
from pathlib import Path
from typing import Any, Dict, List

from benchmarks.child import peak_memory

INSTALL = "make demo ENV=turi"
K = 10


def lay_down(weights: str) -> Dict[str, Any]:
    """Make the file that Turi Create would download, of the weights in an .npz, named as in Keras."""
    import numpy as np
    from tensorflow import keras

    path = Path(os.environ["TURI_CACHE_FILE_LOCATIONS"]) / "model_cache" / "resnet-50-TuriCreate-6.0.h5"
    if path.exists():
        return {"made": 0}
    model = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    values = np.load(weights)
    model.set_weights([values[weight.name.split(":")[0]] for weight in model.weights])
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half.h5")
    model.save(str(half))
    half.replace(path)
    return {"made": 1}


def create(folder: str, queries: int = 0) -> Dict[str, Any]:
    """Folder to model; then, not counted, the neighbours of each photo, and so many queries. Nor are imports."""
    import tensorflow
    import turicreate

    start = time.perf_counter()
    data = turicreate.image_analysis.load_images(folder).sort("path")
    model = turicreate.image_similarity.create(data, model="resnet-50", verbose=False)
    seconds = time.perf_counter() - start
    answer = {"seconds": seconds, "photos": len(data), "peak": peak_memory(), "version": turicreate.__version__}
    answer["engine"] = f"TensorFlow {tensorflow.__version__}"
    if queries:
        answer["milliseconds"] = _query(model, data, queries)
        return answer
    names = [os.path.relpath(path, folder) for path in data["path"]]
    neighbours: Dict[str, List[str]] = {name: [] for name in names}
    graph = model.similarity_graph(k=K, output_type="SFrame", verbose=False)
    for edge in graph.sort(["query_label", "rank"]):
        neighbours[names[edge["query_label"]]].append(names[edge["reference_label"]])
    answer["neighbours"] = neighbours
    return answer


def _query(model: Any, data: Any, queries: int) -> float:
    taken = []
    for number in range(queries + 1):
        photo = data[number % len(data) : number % len(data) + 1]
        start = time.perf_counter()
        found = model.query(photo, k=K, verbose=False)
        assert len(found) == K
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken[1:])  # the first one wakes things up
