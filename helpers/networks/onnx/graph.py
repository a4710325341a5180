"""Writing ONNX graphs.

`Graph` writes a network layer by layer: each method takes the names of tensors
and returns the name of its result.

>>> graph = Graph()
>>> x = graph.photos(mean=[127, 127, 127], std=[128, 128, 128])
>>> x = graph.node("Relu", graph.conv(x, np.ones((8, 3, 3, 3), np.float32), stride=2, padding=1))
>>> model = graph.model(graph.node("GlobalAveragePool", x), size=(224, 224), dimension=8)
"""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.networks.onnx.layers import copied, layers_to, photo_inputs, without_functions

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

_PHOTOS, _FEATURES = "photos", "features"  # the input and output of every network that is written here
_IR_VERSION = 8  # onnx would write its own newest, which an older ONNX Runtime refuses


class Graph:
    """An ONNX graph in the making."""

    def __init__(self) -> None:
        self.opset = 13  # the version of the operators; that of the network after a `splice`
        self.nodes: List[NodeProto] = []
        self.weights: List[TensorProto] = []

    def constant(self, array: Any) -> str:
        """A new tensor with the content of `array`."""
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
        """The photos as a network takes them: `(x - mean) / std`, float32 [N, 3, height, width].

        `mean` and `std` are one number a channel, on the scale 0 to 255, in the
        order of `channels`: `RGB`, or `BGR` for networks that were trained with OpenCV.
        """
        from onnx import TensorProto

        x = self.node("Transpose", _PHOTOS, perm=[0, 3, 1, 2])  # before the cast: a quarter of the bytes
        if channels == "BGR":
            x = self.node("Gather", x, self.constant(np.array([2, 1, 0])), axis=1)
        x = self.node("Cast", x, to=TensorProto.FLOAT)
        x = self.node("Sub", x, self.constant(np.array(mean, np.float32).reshape(1, 3, 1, 1)))
        return self.node("Mul", x, self.constant(1 / np.array(std, np.float32).reshape(1, 3, 1, 1)))

    def splice(self, x: str, network: "ModelProto", end: str) -> str:
        """Append the layers of another network up to its tensor `end`; `x` replaces the one input that they need.

        Layers that `end` does not need are left out, with their weights. The
        graph takes the network's opset: what was written before must be valid in
        both, as `photos` is from 7 on. Raises `ModelError` where `end`
        needs no input, or several, and for operators that are not ONNX's own.
        """
        network = without_functions(network)
        needed = layers_to(network.graph, end)
        inputs = [name for name in photo_inputs(network.graph) if name in needed.names]
        if len(inputs) != 1:
            raise ModelError(f"a network whose {end} needs {len(inputs)} inputs ({', '.join(inputs)}), not exactly one")
        if any(tensor.values.name in needed.names for tensor in network.graph.sparse_initializer):
            raise ModelError("a network with sparse weights, which not every engine can run")
        self.opset = _opset(network)
        for node in needed.nodes:
            self.nodes.append(copied(node, lambda name: x if name == inputs[0] else f"network/{name}"))
        for tensor in network.graph.initializer:
            if tensor.name in needed.names:
                weight = type(tensor)()
                weight.CopyFrom(tensor)
                weight.name = f"network/{tensor.name}"
                self.weights.append(weight)
        return f"network/{end}"

    def model(self, x: str, *, size: Tuple[int, int], dimension: Optional[int], unit: bool = False) -> "ModelProto":
        """The finished network: `photos`, uint8 [N, height, width, 3] → `features`, float32 [N, dimension].

        `x` is the tensor of features, [N, dimension] or [N, dimension, 1, 1];
        with `unit` they are scaled to length 1. `size` is (width, height). N
        is free, and so is a `dimension` of None. Raises `ModelError` when the
        layers do not fit together, or give another shape.
        """
        from onnx import TensorProto, helper

        if unit:
            x = self.node("LpNormalization", self.node("Flatten", x, axis=1), axis=1, p=2)
        self.nodes.append(helper.make_node("Flatten", [x], [_FEATURES], _FEATURES, axis=1))
        photos = helper.make_tensor_value_info(_PHOTOS, TensorProto.UINT8, ["N", size[1], size[0], 3])
        return self.finished(photos, helper.make_tensor_value_info(_FEATURES, TensorProto.FLOAT, ["N", dimension]))

    def finished(self, taken: "ValueInfoProto", given: "ValueInfoProto") -> "ModelProto":
        """The network from its one input to its one output, checked; raises `ModelError`."""
        import onnx

        body = onnx.helper.make_graph(self.nodes, "kinframe", [taken], [given], self.weights)
        opsets = [onnx.helper.make_opsetid("", self.opset)]
        model = onnx.helper.make_model(body, opset_imports=opsets, ir_version=_IR_VERSION)
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
            raise ModelError(f"the layers do not fit together: {error}") from error
        return model


def projection(channels: int, width: int) -> np.ndarray:
    """float32 [channels, width], columns at right angles; from a generator whose numbers stay the same for ever."""
    drawn = np.random.RandomState(1).standard_normal((channels, channels))
    return np.ascontiguousarray(np.linalg.qr(drawn)[0][:, :width], dtype=np.float32)


def _opset(model: "ModelProto") -> int:
    """The version of ONNX's own operators that a network is written in."""
    versions: Dict[str, int] = {entry.domain: entry.version for entry in model.opset_import}
    return versions.get("", versions.get("ai.onnx", 0))
