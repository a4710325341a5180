"""EfficientNet-Lite0, written as an ONNX graph from its PyTorch weights.

Structure: the table of EfficientNet (Tan and Le, 2019, arXiv:1905.11946) without
squeeze-and-excite and with ReLU6 for swish, as in Google's "lite" networks.
"""

from typing import Dict

import numpy as np

from helpers.graph import Graph

_EPSILON = 1e-3
# repeats, stride of the first repeat, factor of expansion, channels out; the kernels' sizes are the weights' own
_STAGES = ((1, 1, 1, 16), (2, 2, 6, 24), (2, 2, 6, 40), (3, 2, 6, 80), (3, 1, 6, 112), (4, 2, 6, 192), (1, 1, 6, 320))


class _Layers:
    """The network's kinds of layers, each known by the names of its weights."""

    def __init__(self, graph: Graph, weights: Dict[str, np.ndarray]) -> None:
        self.graph, self.weights = graph, weights

    def conv(self, x: str, conv: str, norm: str, *, stride: int = 1, depthwise: bool = False) -> str:
        """A convolution with its batch normalisation folded into weight and bias."""
        weight = self.weights[f"{conv}.weight"]
        scale = self.weights[f"{norm}.weight"] / np.sqrt(self.weights[f"{norm}.running_var"] + np.float32(_EPSILON))
        bias = self.weights[f"{norm}.bias"] - scale * self.weights[f"{norm}.running_mean"]
        return self.graph.conv(
            x,
            weight * scale[:, None, None, None],
            bias,
            stride=stride,
            padding=weight.shape[-1] // 2,
            groups=len(weight) if depthwise else 1,
        )

    def relu6(self, x: str) -> str:
        return self.graph.node("Clip", x, self._bound(0), self._bound(6))

    def _bound(self, value: float) -> str:
        return self.graph.constant(np.float32(value))

    def block(self, x: str, name: str, *, stride: int, expand: bool, residual: bool) -> str:
        """Widen, look around in each channel by itself, narrow again."""
        y = x
        if expand:
            y = self.relu6(self.conv(y, f"{name}._expand_conv", f"{name}._bn0"))
        y = self.relu6(self.conv(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, depthwise=True))
        y = self.conv(y, f"{name}._project_conv", f"{name}._bn2")
        return self.graph.node("Add", x, y) if residual else y


def efficientnet_lite0(graph: Graph, x: str, weights: Dict[str, np.ndarray]) -> str:
    """Append the network to a graph: `x` are photos [N, 3, 224, 224], the result are features [N, 1280, 1, 1].

    `weights` is the state dict of `efficientnet-lite0-57934424.pth`; `_fc`, its
    classifier, is not used. The network learnt on photos as `(x - 127) / 128`.
    """
    layers = _Layers(graph, weights)
    x = layers.relu6(layers.conv(x, "_conv_stem", "_bn0", stride=2))
    width, number = 32, 0
    for repeats, first_stride, factor, out in _STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            residual = stride == 1 and width == out
            x = layers.block(x, f"_blocks.{number}", stride=stride, expand=factor > 1, residual=residual)
            width, number = out, number + 1
    x = layers.relu6(layers.conv(x, "_conv_head", "_bn1"))
    return graph.node("GlobalAveragePool", x)
