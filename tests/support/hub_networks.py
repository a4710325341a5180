"""Small vision networks with random weights, as transformers' exporters write them, and EfficientNet-B0's weights.

All take `pixel_values`, float [N, 3, 32, 32] with N free, unless they say otherwise.
"""

from typing import Dict, List, Sequence, Tuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from helpers.networks.onnx.graph import Graph

SIDE = 32
WIDTH = 16  # numbers a token
PROJECTED = 12
_PATCH, _HEADS = 8, 2
_TOKENS = 1 + (SIDE // _PATCH) ** 2
_STAGES = ((1, 1, 1, 16, 3), (2, 2, 6, 24, 3), (2, 2, 6, 40, 5), (3, 2, 6, 80, 3), (3, 1, 6, 112, 5), (4, 2, 6, 192, 5))
_STAGES = (*_STAGES, (1, 1, 6, 320, 3))  # EfficientNet-B0: repeats, stride, expansion, channels out, kernel


class _Network:
    """A graph whose weights are drawn as they are needed."""

    def __init__(self, seed: int) -> None:
        self.graph, self.random = Graph(), np.random.RandomState(seed)
        self.inputs = [_value("pixel_values", ["batch_size", 3, SIDE, SIDE])]
        self.outputs: List[onnx.ValueInfoProto] = []

    def weight(self, *shape: int, scale: float = 0.3) -> str:
        return self.graph.constant((scale * self.random.standard_normal(shape)).astype(np.float32))

    def shape(self, *lengths: int) -> str:
        return self.graph.constant(np.array(lengths, np.int64))

    def conv(self, x: str, inputs: int, outputs: int, kernel: int, stride: int) -> str:
        weight = 0.3 * self.random.standard_normal((outputs, inputs, kernel, kernel))
        bias = 0.3 * self.random.standard_normal(outputs)
        return self.graph.conv(x, weight.astype(np.float32), bias.astype(np.float32), stride=stride)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        return self.graph.node("Add", self.graph.node("MatMul", x, self.weight(inputs, outputs)), self.weight(outputs))

    def norm(self, x: str) -> str:
        return self.graph.node("LayerNormalization", x, self.weight(WIDTH), self.weight(WIDTH), axis=-1)

    def output(self, x: str, name: str, shape: Sequence[object]) -> str:
        self.graph.nodes.append(helper.make_node("Identity", [x], [name]))
        self.outputs.append(_value(name, shape))
        return name

    def file(self, opset: int = 17) -> onnx.ModelProto:
        body = helper.make_graph(self.graph.nodes, "exported", self.inputs, self.outputs, self.graph.weights)
        return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def vit(pooled: bool = True, *, baked: bool = False, seed: int = 0, opset: int = 17) -> onnx.ModelProto:
    """As DINOv2 and ViT: `last_hidden_state` and, where it is `pooled`, `pooler_output`.

    `baked` is an export for one photo: N is 1, and written into a Reshape.
    """
    network = _Network(seed)
    hidden = _transformer(network, 1 if baked else 0)
    network.output(hidden, "last_hidden_state", ["batch_size", _TOKENS, WIDTH])
    if pooled:
        network.output(_pooled(network, hidden), "pooler_output", ["batch_size", WIDTH])
    if baked:
        network.inputs[0].type.tensor_type.shape.dim[0].dim_value = 1
    return network.file(opset)


def clip_vision(seed: int = 0) -> onnx.ModelProto:
    """CLIP's tower for photos: `image_embeds` beside `last_hidden_state`."""
    network = _Network(seed)
    hidden = _transformer(network, 0)
    network.output(hidden, "last_hidden_state", ["batch_size", _TOKENS, WIDTH])
    embeds = network.graph.node("MatMul", _first_token(network, hidden), network.weight(WIDTH, PROJECTED))
    network.output(embeds, "image_embeds", ["batch_size", "embeds"])
    return network.file()


def clip(seed: int = 0) -> onnx.ModelProto:
    """CLIP whole: the inputs `input_ids` and `attention_mask` as well, and scores of each photo with each text."""
    network = _Network(seed)
    graph = network.graph
    for name in ("input_ids", "attention_mask"):
        network.inputs.insert(0, _value(name, ["texts", "words"], TensorProto.INT64))
    photos = graph.node("MatMul", _first_token(network, _transformer(network, 0)), network.weight(WIDTH, PROJECTED))
    words = graph.node("Gather", network.weight(50, PROJECTED), "input_ids", axis=0)
    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    words = graph.node("Mul", words, graph.node("Unsqueeze", mask, network.shape(-1)))
    texts = graph.node("ReduceMean", words, axes=[1], keepdims=0)
    scores = graph.node("MatMul", photos, graph.node("Transpose", texts, perm=[1, 0]))
    network.output(scores, "logits_per_image", ["batch_size", "texts"])
    network.output(texts, "text_embeds", ["texts", PROJECTED])
    network.output(photos, "image_embeds", ["batch_size", PROJECTED])
    return network.file()


def convnext(seed: int = 0, name: str = "last_hidden_state") -> onnx.ModelProto:
    """As ConvNeXt and ResNet: a map [N, C, height, width], of photos of any size."""
    network = _Network(seed)
    network.inputs = [_value("pixel_values", ["batch_size", 3, "height", "width"])]
    network.output(_map(network), name, ["batch_size", WIDTH, "rows", "columns"])
    return network.file()


def classifier(seed: int = 0, name: str = "logits") -> onnx.ModelProto:
    """A map, its mean, and scores of seven classes."""
    network = _Network(seed)
    pooled = network.graph.node("GlobalAveragePool", _map(network))
    flat = network.graph.node("Flatten", pooled)
    bias = network.weight(7)
    network.output(network.graph.node("Gemm", flat, network.weight(WIDTH, 7), bias), name, ["batch_size", 7])
    return network.file()


def halved(network: onnx.ModelProto) -> onnx.ModelProto:
    """The same in float16, its input and outputs too."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    for tensor in copy.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    for value in (*copy.graph.input, *copy.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    return copy


def outside(network: onnx.ModelProto, name: str) -> Tuple[onnx.ModelProto, bytes]:
    """The same with its weights in a second file, and what is in that."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    content = b""
    for tensor in copy.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            place = {"location": name, "offset": len(content), "length": len(tensor.raw_data)}
            content += tensor.raw_data
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in place.items():
                tensor.external_data.add(key=key, value=str(value))
    return copy, content


def random_efficientnet_b0(seed: int = 0) -> Dict[str, np.ndarray]:
    """Random weights under torchvision's names; the same for ever, as RandomState's numbers are."""
    random = np.random.RandomState(seed)
    weights: Dict[str, np.ndarray] = {}

    def normal(*shape: int, scale: float = 0.1) -> np.ndarray:
        return (scale * random.standard_normal(shape)).astype(np.float32)

    def conv(name: str, inputs: int, outputs: int, kernel: int = 1) -> None:
        weights[f"{name}.0.weight"] = normal(outputs, inputs, kernel, kernel, scale=(2 / (inputs * kernel**2)) ** 0.5)
        weights[f"{name}.1.weight"] = 1 + normal(outputs)
        weights[f"{name}.1.bias"] = normal(outputs)
        weights[f"{name}.1.running_mean"] = normal(outputs)
        weights[f"{name}.1.running_var"] = (0.7 + random.random_sample(outputs)).astype(np.float32)

    conv("features.0", 3, 32, 3)
    width = 32
    for stage, (repeats, _, factor, outputs, kernel) in enumerate(_STAGES, start=1):
        for repeat in range(repeats):
            name, wide, part = f"features.{stage}.{repeat}.block", factor * width, 0
            if factor > 1:
                conv(f"{name}.0", width, wide)
                part = 1
            conv(f"{name}.{part}", 1, wide, kernel)
            for layer, (taken, given) in {"fc1": (wide, width // 4), "fc2": (width // 4, wide)}.items():
                weights[f"{name}.{part + 1}.{layer}.weight"] = normal(given, taken, 1, 1, scale=(2 / taken) ** 0.5)
                weights[f"{name}.{part + 1}.{layer}.bias"] = 1 + normal(given)
            conv(f"{name}.{part + 2}", wide, outputs)
            width = outputs
    conv("features.8", width, 1280)
    return weights


def _transformer(network: _Network, batch: int) -> str:
    """A class token and a token for each patch, which look at each other once; `batch` is 0, or 1 for one photo."""
    graph, each = network.graph, WIDTH // _HEADS
    x = network.conv("pixel_values", 3, WIDTH, _PATCH, _PATCH)
    x = graph.node("Reshape", x, network.shape(batch, WIDTH, -1))
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    count = graph.node("Gather", graph.node("Shape", x), network.shape(0), axis=0)
    shape = graph.node("Concat", count, network.shape(1, WIDTH), axis=0)
    x = graph.node("Concat", graph.node("Expand", network.weight(1, 1, WIDTH, scale=1), shape), x, axis=1)
    x = graph.node("Add", x, network.weight(1, _TOKENS, WIDTH))
    y = network.norm(x)
    parts = []
    for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):  # what is asked, what answers, what is said
        part = graph.node("Reshape", network.linear(y, WIDTH, WIDTH), network.shape(batch, -1, _HEADS, each))
        parts.append(graph.node("Transpose", part, perm=perm))
    near = graph.node("MatMul", graph.node("Mul", parts[0], graph.constant(np.float32(each**-0.5))), parts[1])
    y = graph.node("MatMul", graph.node("Softmax", near, axis=-1), parts[2])
    y = graph.node("Reshape", graph.node("Transpose", y, perm=[0, 2, 1, 3]), network.shape(batch, -1, WIDTH))
    x = graph.node("Add", x, network.linear(y, WIDTH, WIDTH))
    y = network.linear(network.norm(x), WIDTH, 2 * WIDTH)
    half = graph.node("Erf", graph.node("Mul", y, graph.constant(np.float32(0.5**0.5))))
    y = graph.node("Mul", graph.node("Mul", y, graph.constant(np.float32(0.5))), graph.node("Add", half, _one(graph)))
    return network.norm(graph.node("Add", x, network.linear(y, 2 * WIDTH, WIDTH)))


def _one(graph: Graph) -> str:
    return graph.constant(np.float32(1))


def _first_token(network: _Network, hidden: str) -> str:
    network.graph.weights.append(numpy_helper.from_array(np.array(0), f"first_{len(network.graph.weights)}"))
    return network.graph.node("Gather", hidden, network.graph.weights[-1].name, axis=1)


def _pooled(network: _Network, hidden: str) -> str:
    return network.graph.node("Tanh", network.linear(_first_token(network, hidden), WIDTH, WIDTH))


def _map(network: _Network) -> str:
    x = network.graph.node("Relu", network.conv("pixel_values", 3, 8, 4, 4))
    return network.graph.node("Relu", network.conv(x, 8, WIDTH, 2, 2))


def _value(name: str, shape: Sequence[object], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)
