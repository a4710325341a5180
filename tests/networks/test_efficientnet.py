import numpy as np
import onnxruntime
import pytest

from helpers.networks.efficientnet import efficientnet_b0
from helpers.networks.onnx.graph import Graph
from tests.support.hub_networks import random_efficientnet_b0

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@pytest.fixture(scope="module")
def network():
    graph = Graph()
    x = efficientnet_b0(graph, graph.photos(MEAN, STD), random_efficientnet_b0())
    return graph.model(x, size=(224, 224), dimension=1280)


@pytest.fixture(scope="module")
def photos():
    row, column, channel = np.indices((224, 224, 3))
    photo = ((3 * row + 5 * column + 40 * channel + row * column // 7) % 256).astype(np.uint8)
    return np.stack([photo, photo[::-1] // 2])


def test_b0_computes_what_torchvision_does(network, photos):
    """The numbers are those of torchvision 0.28 in PyTorch 2.13 on the same weights, its BatchNorm not folded."""
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    first, second = session.run(None, {"photos": photos})[0]
    assert np.linalg.norm(first) == pytest.approx(8.785933, rel=1e-5)
    assert np.linalg.norm(second) == pytest.approx(33.985790, rel=1e-5)
    assert first[[158, 655, 610, 1217, 493, 1249]] == pytest.approx(
        [1.998569, 1.537914, 1.299958, 1.160388, 1.150535, 1.080269], rel=1e-4
    )


def test_b0_is_the_same_in_openvino(network, photos):
    openvino = pytest.importorskip("openvino", reason="OpenVINO has no wheels for this processor")
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    core = openvino.Core()
    model = core.read_model(network.SerializeToString())
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.allclose(compiled(photos)[0], session.run(None, {"photos": photos})[0], rtol=1e-3, atol=1e-4)


def test_b0_needs_its_own_weights():
    weights = random_efficientnet_b0()
    del weights["features.3.1.block.2.fc1.bias"]
    with pytest.raises(KeyError, match=r"features\.3\.1\.block\.2\.fc1\.bias"):
        efficientnet_b0(Graph(), "x", weights)
