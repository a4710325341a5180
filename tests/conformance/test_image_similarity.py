"""Apple's `image_similarity` beside ours: the same photos, the same weights, the same neighbours.

Apple's weights are not available, so both get the same random ones. They are
scaled as a trained network's are: photos lie some lengths apart, and the wrong
order of colours is enough to find other neighbours (the last test).
"""

import inspect
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from helpers import tc
from helpers.frames.images import image_array, image_of, source_of
from helpers.images.decode import open_photo
from helpers.photos.load import load_photos
from helpers.sframe.left_out import LEFT_OUT
from tests.conformance.similarity_calls import CALLS, Toolkit, answers
from tests.support.networks import keras_resnet50, random_resnet50
from tests.support.places import ROOT, SHARED
from tests.support.until import HANGS

turicreate = pytest.importorskip(
    "turicreate", reason="Turi Create is not in this environment (environment.yml describes one)"
)

CARTOONS = SHARED / "cartoons"
PHOTOS, K = 30, 10
MADE = ("answer.npz", "answers.json")
BETTER = {  # what ours does otherwise, on purpose: call and input → why
    ("query", "a column of text"): "Turi Create fails in its own code, with a NameError",
    ("similarity_graph(output_type)", "empty"): "Turi Create makes an SGraph of any name but SFrame",
    ("similarity_graph(output_type)", "another"): "Turi Create makes an SGraph of any name but SFrame",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photos that are 224 x 224 already: nobody resizes, nobody decodes a JPEG in their own way."""
    source = CARTOONS if CARTOONS.is_dir() else ROOT / "data" / "robots"
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    photos = tmp_path_factory.mktemp("photos")
    seen = set()
    for path in files[::2] + files[1::2]:
        photo = open_photo(path, size=(224, 224))
        if photo.tobytes() not in seen and len(seen) < PHOTOS:  # Apple orders copies as it likes
            photo.save(photos / f"{len(seen):03d}.png")
            seen.add(photo.tobytes())
    assert len(seen) == PHOTOS
    return photos


@pytest.fixture(scope="module")
def weights():
    """As He initialisation wants them for inputs of size 1: the first layer gets 0 to 255."""
    values = random_resnet50()
    values["conv1_conv/kernel"] = values["conv1_conv/kernel"] / np.float32(64)
    return values


@pytest.fixture(scope="module")
def apples_work(folder, weights, tmp_path_factory):
    """What Apple's answers, in a folder. In its own process: TensorFlow is large, and its cache is read once."""
    scratch = tmp_path_factory.mktemp("apple")
    np.savez(scratch / "weights.npz", **weights)
    script = Path(__file__).with_name("apple_similarity.py")
    environment = {**os.environ, "TURI_CACHE_FILE_LOCATIONS": str(scratch), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, script, scratch / "weights.npz", folder, str(K), *map(scratch.joinpath, MADE)]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=8 * HANGS)
    assert done.returncode == 0, done.stdout + done.stderr
    return scratch


@pytest.fixture(scope="module")
def apples(apples_work):
    return np.load(apples_work / MADE[0])


@pytest.fixture(scope="module")
def apples_calls(apples_work):
    return json.loads((apples_work / MADE[1]).read_text())


@pytest.fixture(scope="module")
def our_calls(folder, network):
    return json.loads(json.dumps(answers(Toolkit(tc, folder, str(network)))))


@pytest.fixture(scope="module")
def network(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "apple.onnx"
    onnx.save(keras_resnet50(weights), str(path))
    return path


@pytest.fixture(scope="module")
def ours(folder, network):
    data = tc.image_analysis.load_images(str(folder)).sort("path")
    return data, tc.image_similarity.create(data, model=network, precision="fp32", verbose=False)


def answer(model, data):
    found = model.query(data, k=K, verbose=False)
    return tuple(found[name].to_numpy().reshape(len(data), K) for name in ("reference_label", "distance"))


def test_the_same_neighbours_at_the_same_distances(apples, ours, record_property):
    data, model = ours
    rows, distances = answer(model, data)
    places = int((rows == apples["rows"]).sum())
    furthest = float(np.abs(distances - apples["distances"]).max())
    pairs = np.linalg.norm(model.vectors[:, None] - model.vectors[None], axis=2)[np.triu_indices(PHOTOS, 1)]
    low, middle, high = np.percentile(pairs, [5, 50, 95])
    figures = {
        "places": f"{places} of {rows.size}",
        "largest difference of distance": furthest,
        "distances of all pairs, 5 %, 50 %, 95 %": [round(float(value), 2) for value in (low, middle, high)],
    }
    record_property("figures", figures)
    print(json.dumps(figures))  # to be seen with `pytest -s`
    assert places >= 0.99 * rows.size
    assert furthest < 1e-3
    assert high > 3 * low and low > 1, "the photos lie too close together for an agreement to mean anything"


def test_what_is_compared_with_ours_is_apples_answer(apples):
    """`helpers.similarity.evaluation.comparison` judges Apple's neighbours by these."""
    for row in range(PHOTOS):
        assert row not in apples["others"][row]
        assert list(apples["others"][row][: K - 1]) == [one for one in apples["rows"][row] if one != row][: K - 1]
    assert np.allclose(apples["apart"][:, : K - 1], apples["distances"][:, 1:])
    assert apples["seconds"] > 0


def test_so_does_the_graph(ours):
    _, model = ours
    graph = model.similarity_graph(k=3, verbose=False)
    theirs = turicreate.nearest_neighbors.create(
        turicreate.SFrame({"features": [vector.astype(float).tolist() for vector in model.vectors]}),
        features=["features"],
        distance="euclidean",
        verbose=False,
    ).similarity_graph(k=3, output_type="SFrame", verbose=False)
    assert graph.column_names() == theirs.column_names()
    assert graph.column_types() == theirs.column_types()
    key = ["query_label", "rank"]
    for mine, other in zip(graph.sort(key), theirs.sort(key)):
        assert (mine["query_label"], mine["reference_label"], mine["rank"]) == (
            other["query_label"],
            other["reference_label"],
            other["rank"],
        )
        assert mine["distance"] == pytest.approx(other["distance"], abs=1e-3)


def test_the_comparison_would_see_swapped_colours(apples, ours):
    data, model = ours
    swapped = [np.asarray(open_photo(source_of(image)))[:, :, ::-1] for image in data["image"][:20]]
    rows, _ = answer(model, tc.SFrame({"image": image_array([as_image(pixels) for pixels in swapped])}))
    assert (rows == apples["rows"][:20]).mean() < 0.9


def as_image(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return image_of(buffer.getvalue())


def test_the_frames_are_turi_creates_own(folder):
    data, bad = load_photos(folder, progress=False)
    assert type(data) is type(bad) is turicreate.SFrame
    assert type(tc.image_analysis.load_images(str(folder))) is turicreate.SFrame
    assert data["image"].dtype is turicreate.Image
    assert tc.SFrame is turicreate.SFrame
    assert tc.image_analysis is turicreate.image_analysis
    assert tc.image_similarity is not turicreate.image_similarity


def test_the_answer_has_the_columns_and_types_of_turi_create(ours):
    data, model = ours
    found = model.query(data[0:1], k=2, verbose=False)
    assert type(found) is turicreate.SFrame
    assert dict(zip(found.column_names(), found.column_types())) == {
        "query_label": int,
        "reference_label": int,
        "distance": float,
        "rank": int,
    }


def test_no_call_of_image_similarity_is_forgotten(apples_calls):
    """Counted from Turi Create's own functions, with their arguments, and from what its model has."""
    toolkit = turicreate.image_similarity
    functions = {
        "create": toolkit.create,
        **{name: getattr(toolkit.ImageSimilarityModel, name) for name in ("query", "similarity_graph")},
    }
    arguments = {
        f"{name}({argument})"
        for name, function in functions.items()
        for argument in inspect.signature(function).parameters
        if argument not in ("self", "dataset")  # the call itself has the inputs of these
    }
    assert {name for name in CALLS if "(" in name} == arguments
    left_out = set(LEFT_OUT["ImageSimilarityModel"])
    assert {name for name in CALLS if "(" not in name} == {"create", *apples_calls["members"]} - left_out
    assert all({"ordinary", "empty", "odd"} <= set(inputs) for inputs in CALLS.values())


@pytest.mark.parametrize(("call", "given"), [(call, given) for call, inputs in CALLS.items() for given in inputs])
def test_each_call_answers_as_apples_does(apples_calls, our_calls, call, given):
    theirs, mine = apples_calls[call][given], our_calls[call][given]
    if (call, given) in BETTER:
        assert not agrees(theirs, mine), "this is no difference any more"
        return
    assert agrees(theirs, mine), f"Turi Create: {theirs}\nours:        {mine}"


def agrees(theirs, mine):
    """Equal answers, distances to 1e-3; or an error of the class that Turi Create raises, with a message."""
    if "raises" in theirs:
        return theirs["raises"][0] in mine.get("raises", ()) and bool(mine["message"])
    return "answer" in mine and same(theirs["answer"], mine["answer"])


def same(theirs, mine):
    if type(theirs) is not type(mine):
        return False
    if isinstance(theirs, float):
        return math.isclose(theirs, mine, rel_tol=1e-4, abs_tol=1e-3)
    if isinstance(theirs, list):
        return len(theirs) == len(mine) and all(map(same, theirs, mine))
    if isinstance(theirs, dict):
        return theirs.keys() == mine.keys() and all(same(theirs[key], mine[key]) for key in theirs)
    return theirs == mine
