"""EfficientNet-B0, EfficientNet-Lite0 and EfficientNet-Lite2, written as ONNX graphs from their PyTorch weights.

Structure: the table of EfficientNet (Tan and Le, 2019, arXiv:1905.11946). B0 is
as in the paper, under torchvision's names; the "lite" networks of Google have
no squeeze-and-excite, and ReLU6 for swish. Lite2 is wider and deeper than Lite0,
except for its first and last stage, which are as deep, and its stem and head.
"""

import math
from typing import Dict, Iterator, NamedTuple, Sequence, Tuple

import numpy as np

from helpers.networks.onnx.folding import folded_conv
from helpers.networks.onnx.graph import Graph

# repeats, stride of the first repeat, factor of expansion, channels out; the size of kernels is that of the weights
_STAGES = ((1, 1, 1, 16), (2, 2, 6, 24), (2, 2, 6, 40), (3, 2, 6, 80), (3, 1, 6, 112), (4, 2, 6, 192), (1, 1, 6, 320))
_Stages = Sequence[Tuple[int, int, int, int]]


def _scaled(width: float, depth: float) -> _Stages:
    """The stages of a larger network: channels in eights, as its authors round them, and repeats rounded up."""
    ends = (0, len(_STAGES) - 1)
    return [
        (repeats if number in ends else math.ceil(depth * repeats), stride, factor, int(width * out + 4) // 8 * 8)
        for number, (repeats, stride, factor, out) in enumerate(_STAGES)
    ]


class _InvertedResidual(NamedTuple):
    """An inverted residual block: widen, convolve each channel by itself, narrow again."""

    stage: int  # from 1
    repeat: int
    stride: int
    expand: bool
    residual: bool


def _blocks(stages: _Stages = _STAGES) -> Iterator[_InvertedResidual]:
    width = 32  # of the stem
    for stage, (repeats, first_stride, factor, out) in enumerate(stages, start=1):
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            yield _InvertedResidual(stage, repeat, stride, expand=factor > 1, residual=stride == 1 and width == out)
            width = out


class _Layers:
    """The kinds of layers in both networks, each with the weights of a given name."""

    def __init__(self, graph: Graph, weights: Dict[str, np.ndarray], epsilon: float) -> None:
        self.graph, self.weights, self.epsilon = graph, weights, epsilon

    def conv(self, x: str, conv: str, norm: str, *, stride: int = 1, depthwise: bool = False) -> str:
        return folded_conv(
            self.graph, x, self.weights, conv, norm, epsilon=self.epsilon, stride=stride, depthwise=depthwise
        )

    def relu6(self, x: str) -> str:
        return self.graph.node("Clip", x, self._bound(0), self._bound(6))

    def _bound(self, value: float) -> str:
        return self.graph.constant(np.float32(value))

    def silu(self, x: str) -> str:
        return self.graph.node("Mul", x, self.graph.node("Sigmoid", x))

    def squeeze(self, x: str, name: str) -> str:
        """Squeeze-and-excite: each channel times a number between 0 and 1, computed from the means of all channels."""
        y = self.graph.node("GlobalAveragePool", x)
        y = self.silu(self.graph.conv(y, self.weights[f"{name}.fc1.weight"], self.weights[f"{name}.fc1.bias"]))
        y = self.graph.conv(y, self.weights[f"{name}.fc2.weight"], self.weights[f"{name}.fc2.bias"])
        return self.graph.node("Mul", x, self.graph.node("Sigmoid", y))

    def lite_block(self, x: str, name: str, block: _InvertedResidual) -> str:
        y = x
        if block.expand:
            y = self.relu6(self.conv(y, f"{name}._expand_conv", f"{name}._bn0"))
        y = self.relu6(self.conv(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=block.stride, depthwise=True))
        y = self.conv(y, f"{name}._project_conv", f"{name}._bn2")
        return self.graph.node("Add", x, y) if block.residual else y

    def block(self, x: str, name: str, block: _InvertedResidual) -> str:
        """Its parts are numbered: `name.0` widens, if anything does, and so on."""
        y, first = x, 0
        if block.expand:
            y, first = self.silu(self.conv(y, f"{name}.0.0", f"{name}.0.1")), 1
        part = f"{name}.{first}"
        y = self.silu(self.conv(y, f"{part}.0", f"{part}.1", stride=block.stride, depthwise=True))
        y = self.squeeze(y, f"{name}.{first + 1}")
        part = f"{name}.{first + 2}"
        y = self.conv(y, f"{part}.0", f"{part}.1")
        return self.graph.node("Add", x, y) if block.residual else y


def efficientnet_lite0(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 224, 224], the result are features [N, 1280, 1, 1].

    `weights` is the state dict of `efficientnet-lite0-57934424.pth`; `_fc`, its
    classifier, is for `helpers.networks.classifier`. The network learnt on photos as `(x - 127) / 128`.
    """
    return graph.node("GlobalAveragePool", _lite(graph, x, weights, _STAGES))


def efficientnet_lite2(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 260, 260], the result are features [N, 1280, 1, 1].

    `weights` is the state dict of `efficientnet-lite2-9656183e.pth`; for the
    rest see `efficientnet_lite0`.
    """
    return graph.node("GlobalAveragePool", _lite(graph, x, weights, _scaled(width=1.1, depth=1.2)))


def _lite(graph: Graph, x: str, weights: Dict[str, np.ndarray], stages: _Stages) -> str:
    """The last map of a "lite" network, [N, 1280, height / 32, width / 32]."""
    layers = _Layers(graph, weights, epsilon=1e-3)
    x = layers.relu6(layers.conv(x, "_conv_stem", "_bn0", stride=2))
    for number, block in enumerate(_blocks(stages)):
        x = layers.lite_block(x, f"_blocks.{number}", block)
    return layers.relu6(layers.conv(x, "_conv_head", "_bn1"))


def efficientnet_b0(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 224, 224], the result are features [N, 1280, 1, 1].

    `weights` is the state dict of torchvision's `efficientnet_b0`; `classifier`
    is for `helpers.networks.classifier`. The network learnt on photos as `(x / 255 - mean) / std` with
    ImageNet's mean (0.485, 0.456, 0.406) and std (0.229, 0.224, 0.225).
    """
    layers = _Layers(graph, weights, epsilon=1e-5)
    x = layers.silu(layers.conv(x, "features.0.0", "features.0.1", stride=2))
    for block in _blocks():
        x = layers.block(x, f"features.{block.stage}.{block.repeat}.block", block)
    x = layers.silu(layers.conv(x, "features.8.0", "features.8.1"))
    return graph.node("GlobalAveragePool", x)
