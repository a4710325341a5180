"""Apple's own `image_similarity` over a folder of photos, in a process of its own.

    python apple_similarity.py WEIGHTS.npz PHOTOS K ANSWER.npz ANSWERS.json

`TURI_CACHE_FILE_LOCATIONS` names a scratch folder, where the weights are laid
down as the Keras file that Turi Create would download. The answer holds `rows`
and `distances`, each [photos, K], of every photo asked for its neighbours; and
`others` and `apart`, the same from `helpers.similarity.evaluation.turi`, which leaves out the photo itself.
`ANSWERS.json` has what each call of `similarity_calls.py` answers.
"""

import functools
import json
import os
import sys
from pathlib import Path

import numpy as np


def main(weights: str, photos: str, k: str, answer: str, calls: str) -> None:
    import turicreate
    from tensorflow import keras
    from turicreate.toolkits import _image_feature_extractor

    from helpers.similarity.evaluation import turi
    from tests.conformance.similarity_calls import Toolkit, answers

    model = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    values = np.load(weights)
    assert {weight.name.split(":")[0] for weight in model.weights} == set(values.files)
    model.set_weights([values[weight.name.split(":")[0]] for weight in model.weights])
    place = Path(os.environ["TURI_CACHE_FILE_LOCATIONS"]) / "model_cache"
    place.mkdir(parents=True)
    model.save(str(place / "resnet-50-TuriCreate-6.0.h5"))

    data = turicreate.image_analysis.load_images(photos).sort("path")
    apple = turicreate.image_similarity.create(data, model="resnet-50", verbose=False)
    found = apple.query(data, k=int(k), verbose=False).sort(["query_label", "rank"])
    rows, distances = (found[name].to_numpy().reshape(len(data), int(k)) for name in ("reference_label", "distance"))
    others, apart, seconds = turi.nearest(data, "image", "turicreate/resnet-50", int(k))
    np.savez(answer, rows=rows, distances=distances, others=others, apart=apart, seconds=seconds)
    # Each `create` would read the network from disk and compile it.
    made_once = functools.lru_cache(maxsize=None)(_image_feature_extractor._create_feature_extractor)
    _image_feature_extractor._create_feature_extractor = made_once
    Path(calls).write_text(json.dumps(answers(Toolkit(turicreate, photos, "resnet-50"))))


if __name__ == "__main__":
    main(*sys.argv[1:])
