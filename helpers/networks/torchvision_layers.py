"""ResNet-50 and VGG19 as torchvision has them, written as ONNX graphs from their PyTorch weights.

Structures: He et al., 2015, arXiv:1512.03385, with the stride of a block in its 3 x 3 convolution, where the zoo's
ResNet-50 has it in the first; Simonyan and Zisserman, 2014, arXiv:1409.1556. Both networks learnt on photos as
`(x / 255 - mean) / std` with ImageNet's mean (0.485, 0.456, 0.406) and std (0.229, 0.224, 0.225).
"""

from typing import Dict

import numpy as np

from helpers.networks.onnx.folding import folded_conv
from helpers.networks.onnx.graph import Graph

_BLOCKS = (3, 4, 6, 3)  # ResNet-50's, in each of its four stages
_CONVOLUTIONS = (2, 2, 4, 4, 4)  # VGG19's, before each halving of width and height
_EPSILON = 1e-5


def resnet_50(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 224, 224], the result are features [N, 2048, 1, 1].

    `weights` is the state dict of torchvision's `resnet50`; `fc`, its classifier, is for `helpers.networks.classifier`.
    """

    def conv(x: str, name: str, number: int, stride: int = 1) -> str:
        return folded_conv(
            graph, x, weights, f"{name}conv{number}", f"{name}bn{number}", epsilon=_EPSILON, stride=stride
        )

    def relu(x: str) -> str:
        return graph.node("Relu", x)

    x = relu(conv(x, "", 1, stride=2))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, blocks in enumerate(_BLOCKS, start=1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}.", 2 if block == 0 and stage > 1 else 1
            y = relu(conv(x, name, 1))
            y = relu(conv(y, name, 2, stride=stride))
            y = conv(y, name, 3)
            if block == 0:
                beside = f"{name}downsample."
                x = folded_conv(graph, x, weights, f"{beside}0", f"{beside}1", epsilon=_EPSILON, stride=stride)
            x = relu(graph.node("Add", x, y))
    return graph.node("GlobalAveragePool", x)


def vgg19(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 224, 224], the result are features [N, 4096].

    `weights` is the state dict of torchvision's `vgg19`; `classifier.6`, its last layer, is for
    `helpers.networks.classifier`.
    """
    layer = 0  # torchvision numbers all layers, those without weights too
    for convolutions in _CONVOLUTIONS:
        for _ in range(convolutions):
            weight, bias = (weights[f"features.{layer}.{part}"] for part in ("weight", "bias"))
            x = graph.node("Relu", graph.conv(x, weight, bias, padding=1))
            layer += 2
        x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        layer += 1
    x = graph.node("Flatten", x, axis=1)
    for layer in (0, 3):
        parts = [graph.constant(weights[f"classifier.{layer}.{part}"]) for part in ("weight", "bias")]
        x = graph.node("Relu", graph.node("Gemm", x, *parts, transB=1))
    return x
