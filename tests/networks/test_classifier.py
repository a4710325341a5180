import dataclasses

import numpy as np
import onnx
import pytest

from helpers.errors import ModelError
from helpers.files import cache
from helpers.networks import weights
from helpers.networks.classifier import classifier_of, has_classifier
from helpers.networks.load import load_network
from helpers.networks.onnx.cuts import last_layer
from helpers.networks.onnx.graph import Graph
from helpers.networks.runtime import Session
from helpers.networks.table import MODELS
from helpers.networks.torch_file import read_state_dict

WITHOUT = {"vgg16", "vgg16-fc1"}  # their feature is two layers before the classes; of length 1, it cannot go through


@pytest.fixture
def built_in():
    return load_network("efficientnet-lite0")


def test_all_classifiers_of_the_table_but_these_have_words():
    without = {name for name, network in MODELS.items() if not network.classifier}
    assert {name for name in without if "clip" not in name} == WITHOUT, "CLIP has a text model"


def test_the_built_in_network_has_its_own(built_in):
    state = read_state_dict(weights.get("efficientnet-lite0"))
    classifier = classifier_of(built_in)
    assert np.array_equal(classifier.weights, state["_fc.weight"]) and classifier.weights.dtype == np.float32
    assert np.array_equal(classifier.bias, state["_fc.bias"]) and classifier.bias.dtype == np.float32


def test_scores_are_what_the_layer_gives(built_in):
    photos = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    features = Session(built_in).run(photos)
    classifier = classifier_of(built_in)
    scores = classifier.scores(features)
    assert scores.shape == (2, 1000) and scores.dtype == np.float32
    expected = np.einsum("nd,cd->nc", features.astype(float), classifier.weights.astype(float)) + classifier.bias
    assert np.allclose(scores, expected, atol=1e-4)


def test_it_is_read_from_the_weights_once_and_mended_when_damaged(built_in, monkeypatch):
    whole = classifier_of(built_in)
    with monkeypatch.context() as patch:
        patch.setattr("helpers.networks.classifier.read_state_dict", lambda path: pytest.fail("read again"))
        assert np.array_equal(classifier_of(built_in).weights, whole.weights)
    [file] = (cache.cache_folder() / "networks").glob("efficientnet-lite0-classifier-*.npy")
    file.write_bytes(file.read_bytes()[:-4] + b"oops")
    assert np.array_equal(classifier_of(built_in).bias, whole.bias)


def test_a_saved_model_has_words_too(built_in):
    """Its network has no file until it is opened."""
    closed = dataclasses.replace(built_in, path=type(built_in.path)())
    assert classifier_of(closed).weights.shape == (1000, 1280)


@pytest.mark.parametrize("name", ["vgg16", "vgg16-fc1", "colours", "hf:owner/name", "mine.onnx", "encoder.onnx"])
def test_a_network_without_words(built_in, name):
    loaded = dataclasses.replace(built_in, name=name)
    assert not has_classifier(loaded)
    with pytest.raises(ModelError, match=rf"{name} knows no words; .*resnet-50.*efficientnet-lite0"):
        classifier_of(loaded)


def test_other_weights_than_the_model_was_made_of(built_in):
    with pytest.raises(ModelError, match=r"not what it was .* build the model again"):
        classifier_of(dataclasses.replace(built_in, identity="0" * 64))


@pytest.mark.parametrize(("layer", "reason"), [("_fcc", "has no _fcc"), ("_bn1", r"_bn1 is .* 1280 .* 1000 classes")])
def test_a_table_that_names_another_layer(built_in, monkeypatch, tmp_path, layer, reason):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path))
    monkeypatch.setitem(
        MODELS, "efficientnet-lite0", dataclasses.replace(MODELS["efficientnet-lite0"], classifier=layer)
    )
    with pytest.raises(ModelError, match=reason):
        classifier_of(built_in)


def written(layers):
    graph = Graph()
    matrix = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    bias = np.arange(4, dtype=np.float32)
    layers(graph, matrix, bias)
    return onnx.helper.make_graph(graph.nodes, "layer", [], [], graph.weights), matrix, bias


@pytest.mark.parametrize(
    "layers",
    [
        lambda g, w, b: g.node("Gemm", "x", g.constant(w), g.constant(b), transB=1),
        lambda g, w, b: g.node("Gemm", "x", g.constant(w.T), g.constant(b)),
        lambda g, w, b: g.node("Gemm", "x", g.constant(w / 2), g.constant(b / 3), transB=1, alpha=2.0, beta=3.0),
        lambda g, w, b: g.node("Add", g.node("MatMul", "x", g.constant(w.T)), g.constant(b)),
        lambda g, w, b: g.node("Add", g.constant(b[None]), g.node("MatMul", "x", g.constant(w.T))),
    ],
)
def test_a_last_layer_in_every_form(layers):
    graph, matrix, bias = written(layers)
    found, added = last_layer(graph)
    assert np.allclose(found, matrix) and np.allclose(added, bias)


def test_a_last_layer_without_bias_or_weights():
    graph, matrix, _ = written(lambda g, w, b: g.node("MatMul", "x", g.constant(w.T)))
    found, added = last_layer(graph)
    assert np.array_equal(found, matrix) and not added.any() and len(added) == 4
    graph, _, _ = written(lambda g, w, b: g.node("MatMul", "x", "y"))
    with pytest.raises(ModelError, match="has no weights"):
        last_layer(graph)
