"""The numbers are those of torchvision 0.28 in PyTorch 2.13 on the same weights, its BatchNorm not folded."""

import numpy as np
import onnxruntime
import pytest

from helpers.networks.onnx.graph import Graph
from helpers.networks.torchvision_layers import resnet_50, vgg19
from tests.support.torchvision_weights import random_resnet_50, random_vgg19

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def features(layers, weights, dimension):
    row, column, channel = np.indices((224, 224, 3))
    photo = ((3 * row + 5 * column + 40 * channel + row * column // 7) % 256).astype(np.uint8)
    graph = Graph()
    network = graph.model(layers(graph, graph.photos(MEAN, STD), weights), size=(224, 224), dimension=dimension)
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": np.stack([photo, photo[::-1] // 2])})[0]


@pytest.mark.slow("a network of a hundred megabytes")
@pytest.mark.once("layers are written by our own code; in both, those of VGG are computed")
def test_resnet_50_computes_what_torchvision_does():
    first, second = features(resnet_50, random_resnet_50(), 2048)
    assert np.linalg.norm(first) == pytest.approx(14.6173, rel=1e-4)
    assert np.linalg.norm(second) == pytest.approx(13.66086, rel=1e-4)
    assert first[[475, 2, 172, 846, 1358, 1205]] == pytest.approx(
        [1.583072, 1.383038, 1.339701, 1.304591, 1.29512, 1.242342], rel=1e-4
    )


def test_vgg19_computes_what_torchvision_does():
    first, second = features(vgg19, random_vgg19(wide=512), 512)
    assert np.linalg.norm(first) == pytest.approx(51.26993, rel=1e-4)
    assert np.linalg.norm(second) == pytest.approx(25.82239, rel=1e-4)
    assert first[[449, 175, 431, 465, 415, 54]] == pytest.approx(
        [10.27222, 10.024583, 9.988702, 8.350315, 7.285537, 7.177332], rel=1e-4
    )


@pytest.mark.slow("a network of a hundred megabytes")
@pytest.mark.parametrize(
    ("layers", "weights", "name"),
    [(resnet_50, random_resnet_50, "layer3.4.bn2.running_var"), (vgg19, random_vgg19, "features.34.bias")],
)
@pytest.mark.once("layers are written by our own code; in both, those of VGG are computed")
def test_they_need_their_own_weights(layers, weights, name):
    own = weights()
    del own[name]
    with pytest.raises(KeyError, match=name):
        layers(Graph(), "x", own)
