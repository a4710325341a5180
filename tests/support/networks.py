"""Networks of the real structure with random weights, for tests of everything that happens around a network.

ResNet-50's weights are a dict named as in Keras (`conv2_block1_1_conv/kernel`),
so that those of a Keras network fit too: `{weight.name.split(":")[0]: weight.numpy()}`.
"""

from typing import Dict

import numpy as np
import onnx
from onnx import TensorProto, helper

from helpers.networks.onnx.graph import Graph

Weights = Dict[str, np.ndarray]

_STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # ResNet-50: blocks, width; a block's output is four times as wide
_VGG = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # convolutions before each halving, of 64, 128, 256, 512, 512 wide
_MOBILENET = (  # MobileNet V2: factor of expansion, width, repeats, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_FIRES = {  # SqueezeNet 1.1: squeezed width, expanded width of each half; a pooling comes before the first of each row
    "first": ((16, 64), (16, 64)),
    "second": ((32, 128), (32, 128)),
    "third": ((48, 192), (48, 192), (64, 256), (64, 256)),
}


def random_resnet50(seed: int = 0) -> Weights:
    """Random weights for ResNet-50, scaled so that features neither vanish nor explode."""
    random = np.random.default_rng(seed)
    weights: Weights = {}

    def unit(name: str, kernel: int, inputs: int, outputs: int) -> None:
        scale = np.float32((2 / (inputs * kernel * kernel)) ** 0.5)
        values = {
            "conv/kernel": scale * random.standard_normal((kernel, kernel, inputs, outputs), np.float32),
            "conv/bias": 0.1 * random.standard_normal(outputs, np.float32),
            "bn/gamma": 0.5 + 0.2 * random.random(outputs, np.float32),
            "bn/beta": 0.1 * random.standard_normal(outputs, np.float32),
            "bn/moving_mean": 0.1 * random.standard_normal(outputs, np.float32),
            "bn/moving_variance": 0.5 + random.random(outputs, np.float32),
        }
        weights.update({f"{name}_{key}": value.astype(np.float32) for key, value in values.items()})

    unit("conv1", 7, 3, 64)
    inputs = 64
    for stage, (blocks, width) in enumerate(_STAGES, start=2):
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            if block == 1:
                unit(f"{name}_0", 1, inputs, 4 * width)
            unit(f"{name}_1", 1, inputs, width)
            unit(f"{name}_2", 3, width, width)
            unit(f"{name}_3", 1, width, 4 * width)
            inputs = 4 * width
    return weights


def keras_resnet50(weights: Weights) -> onnx.ModelProto:
    """Turi Create's ResNet-50 as a network for `load_network(path)`: Keras's layers over RGB from 0 to 255."""
    graph = Graph()
    x = graph.photos(mean=[0, 0, 0], std=[1, 1, 1])
    return graph.model(_resnet50(graph, x, weights, epsilon=1.001e-5), size=(224, 224), dimension=2048)


def zoo_resnet50(weights: Weights, seed: int = 1) -> onnx.ModelProto:
    """A classifier as in the zoo's `resnet50-v1-12.onnx`: pooling, Flatten, Gemm to 1,000 scores."""
    graph = Graph()
    x = graph.node("Flatten", _resnet50(graph, "data", weights, epsilon=1e-5))
    random = np.random.default_rng(seed)
    kernel, bias = random.standard_normal((1000, 2048), np.float32), random.standard_normal(1000, np.float32)
    x = graph.node("Gemm", x, graph.constant(kernel), graph.constant(bias), transB=1)
    return _old_file(graph, x, opset=12, photos="N")


def zoo_squeezenet(seed: int = 0) -> onnx.ModelProto:
    """A classifier as in the zoo's `squeezenet1.1-7.onnx`, for one photo at a time: opset 7, Reshape at the end."""
    random = np.random.default_rng(seed)
    graph = Graph()

    def conv(x: str, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> str:
        scale = np.float32((2 / (inputs * kernel * kernel)) ** 0.5)
        weight = scale * random.standard_normal((outputs, inputs, kernel, kernel), np.float32)
        bias = random.standard_normal(outputs, np.float32)
        return graph.node("Relu", graph.conv(x, weight, bias, stride=stride, padding=padding))

    x, width = conv("data", 3, 64, 3, stride=2), 64
    for fires in _FIRES.values():
        x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        for squeezed, expanded in fires:
            x = conv(x, width, squeezed, 1)
            x = graph.node("Concat", conv(x, squeezed, expanded, 1), conv(x, squeezed, expanded, 3, padding=1), axis=1)
            width = 2 * expanded
    x = conv(graph.node("Dropout", x, ratio=0.5), width, 1000, 1)
    x = graph.node("AveragePool", x, kernel_shape=[13, 13], strides=[13, 13])
    x = graph.node("Reshape", x, graph.constant(np.array([1, 1000])))
    return _old_file(graph, x, opset=7, photos=1)


def zoo_vgg(depth: int, thin: int = 8, last: int = 4096, seed: int = 0) -> onnx.ModelProto:
    """A classifier as in the zoo's `vgg16-12.onnx` and `vgg19-7.onnx`: flat through a Reshape made for one photo.

    Its convolutions have `thin` times fewer channels than they should, and its last hidden layer is `last` wide, which
    spares half a gigabyte.
    """
    random = np.random.default_rng(seed)
    graph = Graph()

    def full(x: str, inputs: int, outputs: int) -> str:
        kernel = np.float32((2 / inputs) ** 0.5) * random.standard_normal((outputs, inputs), np.float32)
        bias = random.standard_normal(outputs, np.float32)
        return graph.node("Gemm", x, graph.constant(kernel), graph.constant(bias), transB=1)

    x, inputs = "data", 3
    for stage, repeats in enumerate(_VGG[depth]):
        outputs = min(512, 64 << stage) // thin
        for _ in range(repeats):
            scale = np.float32((2 / (inputs * 9)) ** 0.5)
            weight = scale * random.standard_normal((outputs, inputs, 3, 3), np.float32)
            x = graph.node("Relu", graph.conv(x, weight, random.standard_normal(outputs, np.float32), padding=1))
            inputs = outputs
        x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node("Reshape", x, graph.constant(np.array([1, -1])))
    x = graph.node("Dropout", graph.node("Relu", full(x, inputs * 49, 4096)))
    x = graph.node("Dropout", graph.node("Relu", full(x, 4096, last)))
    return _old_file(graph, full(x, last, 1000), opset=12 if depth == 16 else 7, photos=1)


def zoo_mobilenet_v2(seed: int = 0) -> onnx.ModelProto:
    """A classifier as in the `mobilenetv2-12.onnx` of the zoo: from PyTorch, which works out a Reshape as it runs."""
    random = np.random.default_rng(seed)
    graph = Graph()

    def conv(x: str, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> str:
        scale = np.float32((2 / (inputs // groups * kernel * kernel)) ** 0.5)
        weight = scale * random.standard_normal((outputs, inputs // groups, kernel, kernel), np.float32)
        bias = np.float32(0.1) * random.standard_normal(outputs, np.float32)
        return graph.conv(x, weight, bias, stride=stride, padding=kernel // 2, groups=groups)

    def relu6(x: str) -> str:
        return graph.node("Clip", x, graph.constant(np.float32(0)), graph.constant(np.float32(6)))

    x, width = relu6(conv("data", 3, 32, 3, stride=2)), 32
    for factor, outputs, repeats, first in _MOBILENET:
        for repeat in range(repeats):
            stride, wide = first if repeat == 0 else 1, factor * width
            y = x if factor == 1 else relu6(conv(x, width, wide))
            y = conv(relu6(conv(y, wide, wide, 3, stride, groups=wide)), wide, outputs)
            x = graph.node("Add", x, y) if stride == 1 and width == outputs else y
            width = outputs
    x = graph.node("GlobalAveragePool", relu6(conv(x, width, 1280)))
    count = graph.node("Gather", graph.node("Shape", x), graph.constant(np.array([0])), axis=0)
    shape = graph.node("Concat", count, graph.constant(np.array([-1])), axis=0)
    kernel, bias = random.standard_normal((1000, 1280), np.float32), random.standard_normal(1000, np.float32)
    x = graph.node("Reshape", x, shape)
    x = graph.node("Gemm", x, graph.constant(kernel), graph.constant(bias), transB=1)
    return _old_file(graph, x, opset=12, photos="batch_size")


def _resnet50(graph: Graph, x: str, weights: Weights, epsilon: float) -> str:
    """ResNet-50 v1 up to its global pooling: the stride is in the first convolution of a block."""

    def unit(x: str, name: str, stride: int = 1, padding: int = 0) -> str:
        kernel = weights[f"{name}_conv/kernel"].transpose(3, 2, 0, 1)
        x = graph.conv(x, kernel, weights[f"{name}_conv/bias"], stride=stride, padding=padding)
        norm = [weights[f"{name}_bn/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")]
        return graph.node("BatchNormalization", x, *map(graph.constant, norm), epsilon=epsilon)

    x = graph.node("Relu", unit(x, "conv1", stride=2, padding=3))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, (blocks, _) in enumerate(_STAGES, start=2):
        for block in range(1, blocks + 1):
            name, stride = f"conv{stage}_block{block}", 2 if block == 1 and stage > 2 else 1
            y = graph.node("Relu", unit(x, f"{name}_1", stride=stride))
            y = graph.node("Relu", unit(y, f"{name}_2", padding=1))
            shortcut = unit(x, f"{name}_0", stride=stride) if block == 1 else x
            x = graph.node("Relu", graph.node("Add", shortcut, unit(y, f"{name}_3")))
    return graph.node("GlobalAveragePool", x)


def _old_file(graph: Graph, scores: str, opset: int, photos: object) -> onnx.ModelProto:
    """As files were before 2019: IR version 3, every weight listed among the inputs."""
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [photos, 3, 224, 224])
    inputs = [helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in graph.weights]
    output = helper.make_tensor_value_info(scores, TensorProto.FLOAT, [photos, 1000])
    body = helper.make_graph(graph.nodes, "old", [data, *inputs], [output], graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)
