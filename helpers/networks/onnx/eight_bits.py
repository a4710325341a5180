"""Writing a network in 8 bits, as ONNX's own QuantizeLinear and DequantizeLinear.

What the engines make of it decides how it is written: OpenVINO computes a layer
in 8 bits only where it finds a QuantizeLinear right before it, or with nothing
but a MaxPool between.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from helpers.networks.onnx.layers import attributes_of
from helpers.networks.onnx.ranges import Ranges, units_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

_TWO_WEIGHTS = 127  # the largest sum of two weights of one sign; rounded up it is 128, and 255 * 128 is below 2 ** 15

Layers = Dict[str, np.ndarray]  # the output of a layer → its weights
Narrow = Dict[str, List[str]]  # the output of an operator → those of its inputs that will be in 8 bits


class Writer:
    """The network in 8 bits, node by node."""

    def __init__(self, network: "ModelProto", layers: Layers, narrow: Narrow, ranges: Ranges) -> None:
        from onnx import numpy_helper

        self.network, self.layers, self.narrow, self.ranges = network, layers, narrow, ranges
        self.units = units_of(network, [node.output[0] for node in network.graph.node if self.is_conv(node)], ranges)
        self.constants = {each.name: each for each in network.graph.initializer}
        self.makers = {output: node for node in network.graph.node for output in node.output}
        self.array = numpy_helper.to_array
        self.nodes: List[NodeProto] = []
        self.new: List[TensorProto] = []
        self.rounded: Dict[str, str] = {}  # a tensor → the same one rounded to 8 bits
        self.steps: Dict[str, Tuple[str, str]] = {}  # a tensor → the step by which it is rounded, and where its 0 is

    def is_conv(self, node: "NodeProto") -> bool:
        return node.op_type == "Conv" and node.output[0] in self.layers

    def written(self) -> "ModelProto":
        from onnx import ModelProto

        for node in self.network.graph.node:
            copy = type(node)()
            copy.CopyFrom(node)
            for name in self.narrow.get(node.output[0], ()):
                self.round_to_8_bits(name)
            if node.output[0] in self.narrow:
                copy.input[:] = [self.rounded.get(name, name) for name in node.input]
            if node.output[0] in self.layers:
                self.put_weights(copy, node.input[0], self.layers[node.output[0]])
            self.nodes.append(copy)
        model = ModelProto()
        model.CopyFrom(self.network)
        used = {each.name for each in self.network.graph.output}
        for node in reversed(self.nodes[:]):
            if used.isdisjoint(node.output):  # a MaxPool that is taken in steps now
                self.nodes.remove(node)
            else:
                used.update(node.input)
        kept = [each for each in self.network.graph.initializer if each.name in used]
        domains = {node.domain for node in self.nodes} | {""}
        for field, values in (
            (model.graph.node, self.nodes),
            (model.graph.initializer, kept + self.new),
            (model.graph.value_info, ()),
            (model.opset_import, [each for each in self.network.opset_import if each.domain in domains]),
        ):
            del field[:]
            field.extend(values)
        return model

    def constant(self, name: str, array: Any) -> str:
        from onnx import numpy_helper

        self.new.append(numpy_helper.from_array(np.array(array, order="C"), f"int8/{name}"))
        return f"int8/{name}"

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [f"int8/{output}"], f"int8/{output}", **attributes))
        return f"int8/{output}"

    def round_to_8_bits(self, name: str) -> None:
        """Round a tensor to the 256 steps of its range."""
        if name not in self.rounded:
            in_steps = self.in_steps(name)
            self.rounded[name] = self.node("DequantizeLinear", [in_steps, *self.steps[name]], f"{name}/rounded")

    def in_steps(self, name: str) -> str:
        """A tensor in steps, uint8; of a MaxPool, the largest of rounded numbers, which is the largest one, rounded."""
        if name in self.steps:
            return f"int8/{name}/steps"
        pool = self.pool_of(name)
        if pool is not None:
            taken = self.in_steps(pool.input[0])
            self.steps[name] = self.steps[pool.input[0]]
            return self.node("MaxPool", [taken], f"{name}/steps", **attributes_of(pool))
        low, high = self.ends_of(name)
        scale = np.float32((high - low) / 255) or np.float32(1)
        if scale == 1:  # OpenVINO would leave such a step out, and compute the layer in fp32
            scale = np.nextafter(scale, np.float32(2))
        zero = self.constant(f"{name}/zero", np.uint8(round(-low / scale)))
        self.steps[name] = self.constant(f"{name}/scale", scale), zero
        return self.node("QuantizeLinear", [name, *self.steps[name]], f"{name}/steps")

    def pool_of(self, name: str) -> Optional["NodeProto"]:
        """The MaxPool that a tensor is made by, if it is."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type == "MaxPool" and len(node.output) == 1 else None

    def ends_of(self, source: str) -> Tuple[float, float]:
        """The least and largest value of a tensor in its units, or of what MaxPools take from it; and 0, which pads."""
        units, low, high = self.units_of(source), 0.0, 0.0
        for name, values in self.ranges.items():
            pool = self.pool_of(name)
            while name != source and pool is not None:
                name = pool.input[0]
                pool = self.pool_of(name)
            if name == source:
                low, high = min(low, (values.low / units).min()), max(high, (values.high / units).max())
        return float(low), float(high)

    def put_weights(self, node: "NodeProto", taken: str, weight: np.ndarray) -> None:
        """Give a layer weights in 8 bits, with one scale for each channel of its result."""
        attributes = attributes_of(node)
        axis = 0 if node.op_type == "Conv" or attributes.get("transB") else 1
        groups = attributes.get("group", 1)
        if node.op_type == "Conv":
            weight = self.in_units(weight, taken, node.output[0], groups)
        table = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1).astype(np.float64)
        scale = scales_of(table).astype(np.float32)
        rounded = np.round(table / scale[:, np.newaxis].astype(np.float64))
        shape = np.moveaxis(weight, axis, 0).shape
        name = node.output[0]
        inputs = [
            self.constant(f"{name}/weight", np.moveaxis(rounded.reshape(shape), 0, axis).astype(np.int8)),
            self.constant(f"{name}/scales", scale),
            self.constant(f"{name}/zeros", np.zeros(len(scale), np.int8)),
        ]
        node.input[1] = self.node("DequantizeLinear", inputs, f"{name}/weights", axis=axis)
        if node.op_type == "Conv":
            lost = (table - rounded * scale[:, np.newaxis]).reshape(*weight.shape[:2], -1).sum(axis=2)
            self.correct(node, lost, self.ranges[taken].mean / self.units_of(taken), groups)

    def in_units(self, weight: np.ndarray, taken: str, given: str, groups: int) -> np.ndarray:
        """The weights of a convolution, [out, in / groups, …], for what it takes and gives in their units."""
        sides = (1,) * (weight.ndim - 2)
        taken_in = np.broadcast_to(self.units_of(taken), weight.shape[1] * groups).reshape(groups, -1, *sides)
        weight = weight.reshape(groups, -1, *weight.shape[1:]) * taken_in[:, np.newaxis]
        weight = weight.reshape(-1, *weight.shape[2:])
        return weight / np.broadcast_to(self.units_of(given), len(weight)).reshape(-1, 1, *sides)

    def units_of(self, name: str) -> np.ndarray:
        return self.units.get(name, np.ones(1))

    def correct(self, node: "NodeProto", lost: np.ndarray, mean: np.ndarray, groups: int) -> None:
        """Add to a convolution's bias what it loses on an average photo; `lost`, [out, in / groups], of the weights."""
        outputs, width = lost.shape
        bias = np.zeros(outputs)
        if len(node.input) > 2 and node.input[2]:
            if node.input[2] not in self.constants:
                return
            bias = self.array(self.constants[node.input[2]]) / self.units_of(node.output[0])
        group = np.arange(outputs) // (outputs // groups)
        bias = bias + (lost * mean.reshape(groups, width)[group]).sum(axis=1)
        del node.input[2:]
        node.input.append(self.constant(f"{node.output[0]}/bias", bias.astype(np.float32)))


def scales_of(table: np.ndarray) -> np.ndarray:
    """The step of each row of weights, float64 [out]: the two largest of one sign together are `_TWO_WEIGHTS` steps."""
    padded = np.pad(table, ((0, 0), (0, 2)))
    largest = np.maximum(np.partition(padded, -2)[:, -2:].sum(axis=1), -np.partition(padded, 1)[:, :2].sum(axis=1))
    scale: np.ndarray = np.where(largest > 0, largest / _TWO_WEIGHTS, 1.0)
    return scale
