"""What values the tensors of a network take on photos, and in which unit each of their channels is best counted."""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence

import numpy as np

from helpers.files.progress import progress_bar
from helpers.networks.onnx.onnx_runtime import import_onnxruntime

if TYPE_CHECKING:
    from onnx import ModelProto

_PASSING = ("Relu", "MaxPool", "Add")  # whose result is twice as large where all that they take is
_SMALLEST = 1 / 64  # of the units of a tensor, as a share of the largest


class Range(NamedTuple):
    """The values of a tensor over all photos; each is float64 [channels], of the second axis."""

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray


Ranges = Dict[str, Range]
Units = Dict[str, np.ndarray]  # a tensor → float64 [channels]; all 1 for those that are not in it


def quiet_options() -> Any:
    """Options for ONNX Runtime with which it says nothing."""
    options = import_onnxruntime().SessionOptions()
    options.log_severity_level = 4
    return options


def ranges_of(network: "ModelProto", names: Sequence[str], photos: Sequence[np.ndarray], progress: bool) -> Ranges:
    """The values that the photos give in these tensors, one photo at a time; raises `ValueError` for infinite ones."""
    from onnx import ModelProto, TensorProto, helper

    watched = ModelProto()
    watched.CopyFrom(network)
    outside = {each.name for each in watched.graph.output}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names if name not in outside]
    watched.graph.output.extend(outputs)
    providers = ["CPUExecutionProvider"]
    session = import_onnxruntime().InferenceSession(watched.SerializeToString(), quiet_options(), providers=providers)
    photos_in = session.get_inputs()[0].name
    ranges: Ranges = {}
    for photo in progress_bar(photos, desc="making the int8 network", show=progress):
        for name, values in zip(names, session.run(names, {photos_in: photo[np.newaxis]})):
            others = tuple(axis for axis in range(values.ndim) if axis != 1)
            low, high = values.min(others).astype(np.float64), values.max(others).astype(np.float64)
            if not np.isfinite([low, high]).all():
                raise ValueError(f"{name} is not finite for these photos")
            mean = values.mean(others, dtype=np.float64) / len(photos)
            past = ranges.get(name, Range(low, high, np.zeros_like(mean)))
            ranges[name] = Range(np.minimum(low, past.low), np.maximum(high, past.high), past.mean + mean)
    return ranges


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
    for name, (low, high, _) in ranges.items():
        if root(name) not in unscaled:
            largest[root(name)] = np.maximum(np.maximum(-low, high), largest.get(root(name), 0.0))
    units = {name: np.maximum(most / (most.max() or 1), _SMALLEST) for name, most in largest.items()}
    return {name: units[root(name)] for name in list(first) if root(name) in units}
