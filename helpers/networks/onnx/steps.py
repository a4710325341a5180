"""How the numbers of a network are counted in 8 bits: each channel in a unit of its own, each tensor in steps."""

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.networks.onnx.ranges import Ranges

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_PASSING = ("Relu", "MaxPool", "Add")  # whose result is twice as large where all that they take is
_SMALLEST = 1 / 64  # of the units of a tensor, as a share of the largest

Units = Dict[str, np.ndarray]  # a tensor → float64 [channels]; all 1 for those that are not in it


class Step(NamedTuple):
    """What a tensor in its units is divided by, and the whole number that then stands for 0, from 0 to 255."""

    size: np.float32
    zero: np.uint8


class Steps:
    """The units and steps of a network's tensors; `convolutions` are the outputs of those whose weights can change."""

    def __init__(self, network: "ModelProto", convolutions: Sequence[str], ranges: Ranges) -> None:
        self._ranges, self._units = ranges, units_of(network, convolutions, ranges)
        self._makers = {output: node for node in network.graph.node for output in node.output}

    def units(self, name: str) -> np.ndarray:
        """In which each channel of a tensor is counted, float64 [channels] or [1]."""
        return self._units.get(name, np.ones(1))

    def pool_of(self, name: str) -> Optional["NodeProto"]:
        """The MaxPool that a tensor is made by, if it is."""
        node = self._makers.get(name)
        return node if node is not None and node.op_type == "MaxPool" and len(node.output) == 1 else None

    def of(self, name: str) -> Step:
        """The step of a tensor, which is that of what MaxPools made it from."""
        low, high = self._ends_of(self._before_pools(name))
        size = np.float32((high - low) / 255) or np.float32(1)
        if size == 1:  # OpenVINO would leave such a step out, and compute the layer in fp32
            size = np.nextafter(size, np.float32(2))
        return Step(size, np.uint8(round(-low / size)))

    def _before_pools(self, name: str) -> str:
        pool = self.pool_of(name)
        return name if pool is None else self._before_pools(pool.input[0])

    def _ends_of(self, source: str) -> Tuple[float, float]:
        """The least and largest value of a tensor in its units, or of what MaxPools take from it; and 0, which pads."""
        units, low, high = self.units(source), 0.0, 0.0
        for name, values in self._ranges.items():
            if self._before_pools(name) == source:
                low, high = min(low, (values.low / units).min()), max(high, (values.high / units).max())
        return float(low), float(high)


def units_of(network: "ModelProto", convolutions: Sequence[str], ranges: Ranges) -> Units:
    """In which unit each channel of a tensor is counted, so that all of them need about as many steps.

    Between two of these convolutions (by their outputs) a channel can have any
    unit: the one before gives fewer of a larger unit, the one after takes each
    for more, and the result is the same. Tensors that are added or passed on
    between them have the same units. Nagel et al. 2019, section 4.1, do so by the
    weights (https://arxiv.org/abs/1906.04721); this is by the values.
    """
    first: Dict[str, str] = {}  # a tensor → one that has the same units, in the end itself

    def root(name: str) -> str:
        while first.setdefault(name, name) != name:
            name = first[name]
        return name

    constants = {each.name for each in network.graph.initializer}
    fixed: List[str] = [each.name for each in (*network.graph.input, *network.graph.output)]
    for node in network.graph.node:
        named = [name for name in (*node.input, *node.output) if name and name not in constants]
        if node.op_type in _PASSING and len(named) == len(node.input) + 1:
            for name in named:
                first[root(name)] = root(named[0])
        elif node.output[0] not in convolutions or len(named) > 2:
            fixed += named
    unscaled = {root(name) for name in fixed}
    largest: Units = {}
    for name, (low, high) in ranges.items():
        if root(name) not in unscaled:
            largest[root(name)] = np.maximum(np.maximum(-low, high), largest.get(root(name), 0.0))
    units = {name: np.maximum(most / (most.max() or 1), _SMALLEST) for name, most in largest.items()}
    return {name: units[root(name)] for name in list(first) if root(name) in units}
