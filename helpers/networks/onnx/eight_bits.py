"""Writing a network in 8 bits, as ONNX's own QuantizeLinear and DequantizeLinear.

What the engines make of it decides how it is written: OpenVINO computes a layer
in 8 bits only where it finds a QuantizeLinear right before it, or with nothing
but a MaxPool between.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from helpers.files.progress import progress_bar
from helpers.networks.onnx.layers import attributes_of
from helpers.networks.onnx.rounding import Inputs, rounded_weights
from helpers.networks.onnx.steps import Steps

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

Layers = Dict[str, np.ndarray]  # the output of a layer → its weights
Narrow = Dict[str, List[str]]  # the output of an operator → those of its inputs that will be in 8 bits


class Writer:
    """The network in 8 bits, node by node.

    Layers that are not `narrow` keep weights of 32 bits. `inputs` has what
    convolutions take on photos, for which their weights are then rounded.
    """

    def __init__(
        self, network: "ModelProto", layers: Layers, narrow: Narrow, steps: Steps, inputs: Mapping[str, Inputs]
    ) -> None:
        from onnx import numpy_helper

        self.network, self.layers, self.narrow, self.counted, self.inputs = network, layers, narrow, steps, inputs
        self.constants = {each.name: each for each in network.graph.initializer}
        self.array = numpy_helper.to_array
        self.nodes: List[NodeProto] = []
        self.new: List[TensorProto] = []
        self.rounded: Dict[str, str] = {}  # a tensor → the same one rounded to 8 bits
        self.steps: Dict[str, Tuple[str, str]] = {}  # a tensor → the step by which it is rounded, and where its 0 is

    def written(self, progress: bool = False) -> "ModelProto":
        from onnx import ModelProto

        nodes = self.network.graph.node
        for node in progress_bar(nodes, desc="rounding the weights", unit="operators", show=progress):
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
        pool = self.counted.pool_of(name)
        if pool is not None:
            taken = self.in_steps(pool.input[0])
            self.steps[name] = self.steps[pool.input[0]]
            return self.node("MaxPool", [taken], f"{name}/steps", **attributes_of(pool))
        step = self.counted.of(name)
        self.steps[name] = self.constant(f"{name}/scale", step.size), self.constant(f"{name}/zero", step.zero)
        return self.node("QuantizeLinear", [name, *self.steps[name]], f"{name}/steps")

    def put_weights(self, node: "NodeProto", taken: str, weight: np.ndarray) -> None:
        """Give a layer weights in 8 bits, with one scale for each channel of its result; or exact ones in its units."""
        attributes, name = attributes_of(node), node.output[0]
        axis = 0 if node.op_type == "Conv" or attributes.get("transB") else 1
        if node.op_type == "Conv":
            weight = self.in_units(weight, taken, name, attributes.get("group", 1))
        if name not in self.narrow:
            node.input[1] = self.constant(f"{name}/weight", weight.astype(np.float32))
            shift = np.zeros(1)
        else:
            units = self.counted.units(taken)
            given = rounded_weights(np.moveaxis(weight, axis, 0), self.inputs.get(name), units)
            inputs = [
                self.constant(f"{name}/weight", np.moveaxis(given.steps, 0, axis)),
                self.constant(f"{name}/scales", given.scale),
                self.constant(f"{name}/zeros", np.zeros(len(given.scale), np.int8)),
            ]
            node.input[1] = self.node("DequantizeLinear", inputs, f"{name}/weights", axis=axis)
            shift = given.lost
        if node.op_type == "Conv":
            self.put_bias(node, shift)

    def in_units(self, weight: np.ndarray, taken: str, given: str, groups: int) -> np.ndarray:
        """The weights of a convolution, [out, in / groups, …], for what it takes and gives in their units."""
        sides = (1,) * (weight.ndim - 2)
        taken_in = np.broadcast_to(self.counted.units(taken), weight.shape[1] * groups).reshape(groups, -1, *sides)
        weight = weight.reshape(groups, -1, *weight.shape[1:]) * taken_in[:, np.newaxis]
        weight = weight.reshape(-1, *weight.shape[2:])
        return weight / np.broadcast_to(self.counted.units(given), len(weight)).reshape(-1, 1, *sides)

    def put_bias(self, node: "NodeProto", shift: np.ndarray) -> None:
        """Give a convolution its bias in units of its result, and what makes up on average for its rounded weights."""
        bias: Any = 0.0
        if len(node.input) > 2 and node.input[2]:
            if node.input[2] not in self.constants:
                return
            bias = self.array(self.constants[node.input[2]]) / self.counted.units(node.output[0])
        weights = len(self.layers[node.output[0]])
        del node.input[2:]
        bias = np.broadcast_to(bias + shift, weights).astype(np.float32)
        node.input.append(self.constant(f"{node.output[0]}/bias", bias))
