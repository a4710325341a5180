"""Where a network is cut: the tensor that is the feature, by the place that it has among the layers."""

from typing import TYPE_CHECKING, Callable, Dict, Tuple

import numpy as np

from helpers.errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_POOLINGS = frozenset(
    [
        *("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "AveragePool", "MaxPool"),
        *("ReduceMean", "ReduceMax"),
    ]
)
_WITHOUT_PLACES = frozenset(
    [
        *("Flatten", "Reshape", "Squeeze", "Dropout", "Identity", "Cast", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div"),
        *("Relu", "Clip", "Sigmoid", "Tanh", "BatchNormalization", "LpNormalization", "Softmax"),
    ]
)


def classifier_input(graph: "GraphProto") -> str:
    """The tensor in front of a network's last fully connected layer, before it is made flat.

    Flattening is left out because old files fix the number of photos, 1, in it.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    x = _last(graph, "Gemm", "MatMul").input[0]
    while x in made_by and made_by[x].op_type in ("Flatten", "Reshape", "Squeeze", "Dropout", "Identity"):
        x = made_by[x].input[0]
    return x


def first_hidden_layer(graph: "GraphProto") -> str:
    """The output of a network's first fully connected layer, after its ReLU: `fc1` of VGG16."""
    layer = next((node for node in graph.node if node.op_type in ("Gemm", "MatMul")), None)
    x = "" if layer is None else layer.output[0]
    for node in graph.node:  # nodes are in the order in which they run
        if node.op_type in ("Add", "Relu") and x in node.input:
            x = node.output[0]
            if node.op_type == "Relu":
                return x
    raise ModelError("a network without any fully connected layer before a ReLU, so not the network that was expected")


def last_pooling(graph: "GraphProto") -> str:
    """The result of a network's last average pooling: in SqueezeNet, the class scores before the softmax."""
    return _last(graph, "GlobalAveragePool", "AveragePool").output[0]


def last_map(graph: "GraphProto") -> Tuple[str, str]:
    """The input and the output of a network's last pooling, after which places do not matter.

    Between it and the network's output there are only fully connected layers and
    operations on each number by itself.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    x = graph.output[0].name
    while x in made_by and made_by[x].op_type in _WITHOUT_PLACES:
        x = made_by[x].input[0]
    if x not in made_by or made_by[x].op_type not in _POOLINGS:
        raise ModelError("a network that does not end with the pooling of a feature map")
    return made_by[x].input[0], x


def last_layer(graph: "GraphProto") -> Tuple[np.ndarray, np.ndarray]:
    """The last fully connected layer, whose input is `classifier_input`: weights [out, in] and bias [out].

    Raises `ModelError` where it is not a plain product with constants.
    """
    from onnx import helper, numpy_helper

    constants = {tensor.name: tensor for tensor in graph.initializer}
    node = _last(graph, "Gemm", "MatMul")
    added = next((each for each in graph.node if each.op_type == "Add" and node.output[0] in each.input), None)
    names = [name for name in (*node.input[1:], *(added.input if added else ())) if name in constants]
    arrays = [numpy_helper.to_array(constants[name]) for name in names]
    options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if not arrays or arrays[0].ndim != 2 or options.get("transA"):
        raise ModelError("a network whose last layer has no weights, so not the network that was expected")
    matrix = options.get("alpha", 1.0) * (arrays[0] if options.get("transB") else arrays[0].T)
    bias = options.get("beta", 1.0) * arrays[1].ravel() if len(arrays) > 1 else np.zeros(len(matrix), np.float32)
    return matrix, bias


def _last(graph: "GraphProto", *operators: str) -> "NodeProto":
    for node in reversed(graph.node):
        if node.op_type in operators:
            return node
    raise ModelError(f"a network without any {' or '.join(operators)}, so not the network that was expected")


# What `Network.feature` can be, beside the name of a tensor.
CUTS: Dict[str, Callable[["GraphProto"], str]] = {
    "classifier input": classifier_input,
    "first hidden layer": first_hidden_layer,
    "last pooling": last_pooling,
}


def find_cut(graph: "GraphProto", feature: str, name: str) -> str:
    """The tensor that is the feature: `feature` is a key of `CUTS` or its name; `name` is for the `ModelError`."""
    if feature in CUTS:
        return CUTS[feature](graph)
    if any(feature in node.output for node in graph.node):
        return feature
    raise ModelError(f"{name}: its file has no tensor {feature!r}; feature= is one of {', '.join(CUTS)}")
