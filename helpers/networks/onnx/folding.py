"""Batch normalisation folded into the convolution before it: the same result, one layer less."""

from typing import Dict

import numpy as np

from helpers.networks.onnx.graph import Graph


def folded_conv(
    graph: Graph,
    x: str,
    weights: Dict[str, np.ndarray],
    conv: str,
    norm: str,
    *,
    epsilon: float,
    stride: int = 1,
    depthwise: bool = False,
) -> str:
    """A convolution and its batch normalisation, by their names in PyTorch's `weights`; padded by half the kernel."""
    weight = weights[f"{conv}.weight"]
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + np.float32(epsilon))
    bias = weights[f"{norm}.bias"] - scale * weights[f"{norm}.running_mean"]
    return graph.conv(
        x,
        weight * scale[:, None, None, None],
        bias,
        stride=stride,
        padding=weight.shape[-1] // 2,
        groups=len(weight) if depthwise else 1,
    )
