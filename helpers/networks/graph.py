"""Writing ONNX graphs, and finding the tensor at which a classifier's graph is cut.

`Graph` writes a network layer by layer: each method takes the names of tensors
and hands on the name of its result.

>>> graph = Graph()
>>> x = graph.photos(mean=[127, 127, 127], std=[128, 128, 128])
>>> x = graph.node("Relu", graph.conv(x, np.ones((8, 3, 3, 3), np.float32), stride=2, padding=1))
>>> model = graph.model(graph.node("GlobalAveragePool", x), size=(224, 224), dimension=8)
"""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.networks.layers import copied, way_to, without_functions

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_PHOTOS, _FEATURES = "photos", "features"  # the input and the output of every network that is written here
_POOLINGS = frozenset(
    ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "AveragePool", "MaxPool", "ReduceMean", "ReduceMax"]
)
_WITHOUT_PLACES = frozenset(
    [
        "Flatten",
        "Reshape",
        "Squeeze",
        "Dropout",
        "Identity",
        "Cast",
        "Gemm",
        "MatMul",
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Relu",
        "Clip",
        "Sigmoid",
        "Tanh",
        "BatchNormalization",
        "LpNormalization",
        "Softmax",
    ]
)
_IR_VERSION = 8  # onnx would write its own newest, which an older ONNX Runtime refuses


class Graph:
    """An ONNX graph in the making."""

    def __init__(self) -> None:
        self.opset = 13  # the version of the operators; that of the network after a `splice`
        self.nodes: List[NodeProto] = []
        self.weights: List[TensorProto] = []

    def constant(self, array: Any) -> str:
        """A new tensor that holds `array`."""
        from onnx import numpy_helper

        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One ONNX operator; `attributes` are its attributes."""
        from onnx import helper

        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def conv(
        self,
        x: str,
        weight: np.ndarray,
        bias: Optional[np.ndarray] = None,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
    ) -> str:
        """A convolution: `weight` is [out, in / groups, height, width], `bias` is [out]."""
        constants = [self.constant(array) for array in (weight, bias) if array is not None]
        shape = {"kernel_shape": weight.shape[2:], "strides": [stride] * 2, "pads": [padding] * 4}
        return self.node("Conv", x, *constants, group=groups, **shape)

    def photos(self, mean: Sequence[float], std: Sequence[float], channels: str = "RGB") -> str:
        """The photos as a network wants them: `(x - mean) / std`, float32 [N, 3, height, width].

        `mean` and `std` are one number a channel, on the scale 0 to 255, in the
        order of `channels`: `RGB`, or `BGR` for networks that learnt from OpenCV.
        """
        from onnx import TensorProto

        x = self.node("Transpose", _PHOTOS, perm=[0, 3, 1, 2])  # before the cast: a quarter of the bytes to move
        if channels == "BGR":
            x = self.node("Gather", x, self.constant(np.array([2, 1, 0])), axis=1)
        x = self.node("Cast", x, to=TensorProto.FLOAT)
        x = self.node("Sub", x, self.constant(np.array(mean, np.float32).reshape(1, 3, 1, 1)))
        return self.node("Mul", x, self.constant(1 / np.array(std, np.float32).reshape(1, 3, 1, 1)))

    def splice(self, x: str, network: "ModelProto", end: str) -> str:
        """The layers of another network up to its tensor `end`; `x` takes the place of the one input that they need.

        Layers that `end` does not need are left out, with their weights. The
        graph takes on the network's opset: what was written before must be
        right in both, as `photos` is from 7 on. Raises `ModelError` where `end`
        needs no input, or several, and for operators that are not ONNX's own.
        """
        network = without_functions(network)
        way = way_to(network.graph, end)
        inputs = [name for name in photo_inputs(network.graph) if name in way.names]
        if len(inputs) != 1:
            raise ModelError(f"a network whose {end} needs {len(inputs)} inputs ({', '.join(inputs)}), not exactly one")
        if any(tensor.values.name in way.names for tensor in network.graph.sparse_initializer):
            raise ModelError("a network with sparse weights, which not every engine can run")
        self.opset = _opset(network)
        for node in way.nodes:
            self.nodes.append(copied(node, lambda name: x if name == inputs[0] else f"network/{name}"))
        for tensor in network.graph.initializer:
            if tensor.name in way.names:
                weight = type(tensor)()
                weight.CopyFrom(tensor)
                weight.name = f"network/{tensor.name}"
                self.weights.append(weight)
        return f"network/{end}"

    def model(self, x: str, *, size: Tuple[int, int], dimension: Optional[int], unit: bool = False) -> "ModelProto":
        """The finished network: `photos`, uint8 [N, height, width, 3] → `features`, float32 [N, dimension].

        `x` is the tensor of features, [N, dimension] or [N, dimension, 1, 1];
        with `unit` they are brought to length 1. `size` is (width, height). N
        is free, and so is a `dimension` of None. Raises `ModelError` when the
        layers do not fit together, or give another shape.
        """
        import onnx
        from onnx import TensorProto, helper

        if unit:
            x = self.node("LpNormalization", self.node("Flatten", x, axis=1), axis=1, p=2)
        flat = helper.make_node("Flatten", [x], [_FEATURES], _FEATURES, axis=1)
        photos = helper.make_tensor_value_info(_PHOTOS, TensorProto.UINT8, ["N", size[1], size[0], 3])
        features = helper.make_tensor_value_info(_FEATURES, TensorProto.FLOAT, ["N", dimension])
        graph = helper.make_graph([*self.nodes, flat], "kinframe", [photos], [features], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=_IR_VERSION)
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
            raise ModelError(f"the layers do not fit together: {error}") from error
        return model


def free_reshapes(graph: "GraphProto") -> None:
    """Have each Reshape keep the number of photos, where the file says that there is 1: old ones were made for one."""
    from onnx import numpy_helper

    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in shapes and len(tensor.dims) == 1:
            shape = numpy_helper.to_array(tensor).copy()
            if len(shape) > 1 and shape[0] == 1:
                shape[0] = 0  # as in what comes in
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def photo_inputs(graph: "GraphProto") -> List[str]:
    """The inputs of a graph that are not weights: files from before 2019 list every weight as an input too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [tensor.name for tensor in graph.input if tensor.name not in weights]


def classifier_input(graph: "GraphProto") -> str:
    """The tensor in front of a network's last fully connected layer, before it is made flat.

    Flattening is left out because old files write the number of photos, 1, into it.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    x = _last(graph, "Gemm", "MatMul").input[0]
    while x in made_by and made_by[x].op_type in ("Flatten", "Reshape", "Squeeze", "Dropout", "Identity"):
        x = made_by[x].input[0]
    return x


def first_hidden_layer(graph: "GraphProto") -> str:
    """What a network's first fully connected layer gives, after its ReLU: `fc1` of VGG16."""
    layer = next((node for node in graph.node if node.op_type in ("Gemm", "MatMul")), None)
    x = "" if layer is None else layer.output[0]
    for node in graph.node:  # they stand in the order in which they are run
        if node.op_type in ("Add", "Relu") and x in node.input:
            x = node.output[0]
            if node.op_type == "Relu":
                return x
    raise ModelError("a network without any fully connected layer before a ReLU, so not the one that was expected")


def last_pooling(graph: "GraphProto") -> str:
    """The result of a network's last average pooling: in SqueezeNet, the class scores before the softmax."""
    return _last(graph, "GlobalAveragePool", "AveragePool").output[0]


def last_map(graph: "GraphProto") -> Tuple[str, str]:
    """The tensor that a network's last pooling takes, and the one that it gives.

    Between it and the network's output there is nothing that looks at places:
    layers that are fully connected, and what is done to each number by itself.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    x = graph.output[0].name
    while x in made_by and made_by[x].op_type in _WITHOUT_PLACES:
        x = made_by[x].input[0]
    if x not in made_by or made_by[x].op_type not in _POOLINGS:
        raise ModelError("a network that does not end with the pooling of a feature map")
    return made_by[x].input[0], x


def _last(graph: "GraphProto", *operators: str) -> "NodeProto":
    for node in reversed(graph.node):
        if node.op_type in operators:
            return node
    raise ModelError(f"a network without any {' or '.join(operators)}, so not the one that was expected")


def _opset(model: "ModelProto") -> int:
    """The version of ONNX's own operators that a network is written in."""
    versions: Dict[str, int] = {entry.domain: entry.version for entry in model.opset_import}
    return versions.get("", versions.get("ai.onnx", 0))
