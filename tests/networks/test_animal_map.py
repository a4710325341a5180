"""The maps in which animals are found, beside the classifier's own scores."""

import numpy as np
import onnx
import onnxruntime
import pytest

from helpers.networks import animal_map as maps
from helpers.networks.classifier import classifier_of
from helpers.networks.load import load_network
from helpers.networks.onnx.cuts import last_map
from helpers.networks.onnx.graph import Graph, projection

SIZE = (64, 128)  # a photo of eight places: the network takes any multiple of 32


def run(model, photos):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"photos": photos})[0]


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 256, (1, SIZE[1], SIZE[0], 3), np.uint8)


@pytest.mark.slow("a whole network is run")
def test_evidence_is_the_log_odds_of_animals_and_looks_are_lengths_in_directions_at_right_angles(photo):
    network = load_network("efficientnet-lite2")
    made = maps.animal_map(SIZE)
    answer = run(str(made.loaded.path), photo)[0]
    assert answer.shape == (made.loaded.dimension,) and made.places == (4, 2) and made.coarse == (2, 1)
    whole, graph = onnx.load(str(network.path)), Graph()
    last = graph.splice("photos", whole, last_map(whole.graph)[0])
    flat = run(graph.model(last, size=SIZE, dimension=1280 * 8).SerializeToString(), photo)
    places = flat.reshape(1280, 4, 2)
    inner = places[:, 0:3, 0:2].mean(axis=(1, 2))  # around the place 1, 0: at the edge fewer are averaged
    scores = classifier_of(network).scores(inner[None])[0].astype(np.float64)
    odds = np.logaddexp.reduce(scores[:398]) - np.logaddexp.reduce(scores[398:])
    assert answer[: made.evidence].reshape(made.places)[1, 0] == pytest.approx(odds, abs=0.02)
    looks = answer[made.evidence :].reshape(*made.coarse, maps.WIDTH)
    coarse = places.reshape(1280, 2, 2, 1, 2).mean(axis=(2, 4)).transpose(1, 2, 0)
    directions = projection(1280, maps.WIDTH)
    assert np.allclose(directions.T @ directions, np.eye(maps.WIDTH), atol=1e-5)
    assert np.allclose(looks, coarse @ directions, atol=0.01)


def test_photos_keep_their_shape_about_and_their_number_of_pixels():
    assert maps.size_for(3264, 2448) == (896, 672) and maps.size_for(2448, 3264) == (672, 896)
    assert maps.size_for(1920, 1080) == (1024, 576) and maps.size_for(10_000, 10) == (1024, 576)
    assert all(side % 32 == 0 for size in maps.sizes() for side in size)
    pixels = [width * height for width, height in maps.sizes()]
    assert max(pixels) / min(pixels) < 1.03


def test_another_size_is_another_identity():
    identities = [maps.identity_for(size) for size in maps.sizes()]
    assert len(set(identities)) == len(identities) and load_network("efficientnet-lite2").identity not in identities
    assert maps.animal_map(SIZE).loaded.identity == maps.identity_for(SIZE)
