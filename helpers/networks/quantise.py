"""Quantising a network to 8 bits for a person's own photos: less exact than fp32, and faster.

The layers with most of the work (Conv, Gemm, MatMul) get 8-bit weights and 8-bit
inputs, and so do the sums at the end of a residual block; everything else stays
as it is. It is written as ONNX's own QuantizeLinear and DequantizeLinear, which
OpenVINO and ONNX Runtime both read.

Two things keep it close to fp32. A layer's weights are scaled so that no sum of
two products exceeds 16 bits, where processors without VNNI cut it off. And the
error of a layer on an average photo, from the rounding of its weights, is
subtracted from its bias. (ONNX Runtime's own `quantize_static` does neither, and
agrees less with fp32.)
"""

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence

import numpy as np

from helpers.errors import ModelError
from helpers.files import cache, stamps
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.networks.load import LoadedModel
from helpers.networks.onnx.layers import photo_inputs
from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from helpers.networks.runtime import Photos

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

CALIBRATED_WITH = 32  # photos at most: more of them change the features no further
_WAY_OUT = "take precision='fp32'"
_LAYERS = ("Conv", "Gemm", "MatMul")
_OPSET = 13  # the first in which weights have a scale for each channel
_TWO_WEIGHTS = 127  # the largest sum of two weights of one sign; rounded up it is 128, and 255 * 128 is below 2 ** 15

Layers = Dict[str, np.ndarray]  # the output of a layer → its weights
Narrow = Dict[str, List[str]]  # the output of an operator → those of its inputs that will be in 8 bits


class _Range(NamedTuple):
    """The values of a tensor over all photos."""

    low: float
    high: float
    mean: np.ndarray  # float64 [channels], of the second axis


Ranges = Dict[str, _Range]


def quantise(loaded: LoadedModel, photos: Photos, *, progress: bool = True) -> LoadedModel:
    """The same network in 8 bits, calibrated with photos, uint8 [height, width, 3]; kept in the cache folder.

    The same network and photos give the same file, to the last byte, identified by
    its sha-256. Of more than `CALIBRATED_WITH` photos, that many are used, spread
    evenly.

    Raises `ModelError` where there is no photo, for a network without such
    layers or that ONNX's tools cannot rewrite, and where the cache folder cannot
    be written.
    """
    if not len(photos):
        raise ModelError(f"{loaded.name}: int8 is calibrated with photos, and none can be read; {_WAY_OUT}")
    places = np.unique(np.linspace(0, len(photos) - 1, min(len(photos), CALIBRATED_WITH)).astype(int))
    try:
        network = _simplified(loaded.path)
        layers = _layers(network)
        if not layers:
            raise ValueError("there is no Conv, Gemm or MatMul with weights in fp32")
        narrow = _narrow(network, layers)
        ranges = _ranges(network, narrow, [photos[place] for place in places], progress)
        content = _Writer(network, layers, narrow, ranges).written().SerializeToString(deterministic=True)
    except Exception as error:  # the tools raise many, and a person's own network can be anything
        raise ModelError(f"{loaded.path} cannot be made int8: {str(error).strip()}; {_WAY_OUT}") from error
    path = _place(loaded, hashlib.sha256(content).hexdigest())
    try:
        with replacing(path) as half:
            half.write_bytes(content)
    except OSError as error:
        way_out = "KINFRAME_CACHE can name another folder"
        raise ModelError(f"{error.filename or path}: {error.strerror}; {way_out}") from error
    return replace(loaded, path=path)


def quantised(loaded: LoadedModel, sha256: str) -> LoadedModel:
    """What `quantise` made earlier, by the file's sha-256; raises `ModelError` where it is gone or damaged."""
    path = _place(loaded, sha256)
    try:
        digest = stamps.sha256(path)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}: the int8 network is gone; build the model again") from error
    if digest != sha256:
        raise ModelError(f"{path} is damaged (its sha-256 is {digest}); build the model again")
    return replace(loaded, path=path)


def _place(loaded: LoadedModel, sha256: str) -> Path:
    name = f"{loaded.lasting_name}-{loaded.identity[:12]}-int8-{sha256[:12]}.onnx"
    return cache.cache_folder() / "networks" / name


def _simplified(path: Path) -> "ModelProto":
    """The network with batch normalisation folded into the layers before it, and constants computed."""
    import onnx

    onnxruntime = import_onnxruntime()
    network = onnx.load(str(path))
    inputs = set(photo_inputs(network.graph))
    photos = [value for value in network.graph.input if value.name in inputs]
    del network.graph.input[:]
    network.graph.input.extend(photos)  # weights that are inputs too could change, and would not be folded
    network.ir_version = max(network.ir_version, 8)
    if max(each.version for each in network.opset_import if each.domain in ("", "ai.onnx")) < _OPSET:
        network = onnx.version_converter.convert_version(network, _OPSET)
    with tempfile.TemporaryDirectory() as folder:
        options = _quiet()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "simplified.onnx")
        onnxruntime.InferenceSession(network.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def _quiet() -> Any:
    options = import_onnxruntime().SessionOptions()
    options.log_severity_level = 4
    return options


def _layers(network: "ModelProto") -> Layers:
    from onnx import TensorProto, numpy_helper

    weights = {each.name: each for each in network.graph.initializer if each.data_type == TensorProto.FLOAT}
    return {
        node.output[0]: numpy_helper.to_array(weights[node.input[1]])
        for node in network.graph.node
        if node.op_type in _LAYERS and node.input[1] in weights and node.input[0] not in weights
        if node.op_type == "Conv" or len(weights[node.input[1]].dims) == 2
    }


def _narrow(network: "ModelProto", layers: Layers) -> Narrow:
    constant = {each.name for each in network.graph.initializer}
    convolved = {node.output[0] for node in network.graph.node if node.op_type == "Conv" and node.output[0] in layers}
    narrow: Narrow = {}
    for node in network.graph.node:
        if node.output[0] in layers:
            narrow[node.output[0]] = [node.input[0]]
        elif node.op_type == "Add" and convolved.intersection(node.input) and not constant.intersection(node.input):
            narrow[node.output[0]] = list(node.input)
    return narrow


def _ranges(network: "ModelProto", narrow: Narrow, photos: Sequence[np.ndarray], progress: bool) -> Ranges:
    """The values that the photos give in the tensors that will be in 8 bits; one photo at a time."""
    from onnx import ModelProto, TensorProto, helper

    onnxruntime = import_onnxruntime()
    names = list(dict.fromkeys(name for inputs in narrow.values() for name in inputs))
    watched = ModelProto()
    watched.CopyFrom(network)
    outside = {each.name for each in watched.graph.output}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names if name not in outside]
    watched.graph.output.extend(outputs)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), _quiet(), providers=["CPUExecutionProvider"])
    photos_in = session.get_inputs()[0].name
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    means: List[Any] = [0.0] * len(names)
    for photo in progress_bar(photos, desc="making the int8 network", show=progress):
        for place, values in enumerate(session.run(names, {photos_in: photo[np.newaxis]})):
            low[place], high[place] = min(low[place], values.min()), max(high[place], values.max())
            others = tuple(axis for axis in range(values.ndim) if axis != 1)
            means[place] = means[place] + values.mean(others, dtype=np.float64) / len(photos)
    wild = [name for name, least, most in zip(names, low, high) if not np.isfinite([least, most]).all()]
    if wild:
        raise ValueError(f"{wild[0]} is not finite for these photos")
    return {name: _Range(*each) for name, each in zip(names, zip(low, high, means))}


class _Writer:
    """The network in 8 bits, node by node."""

    def __init__(self, network: "ModelProto", layers: Layers, narrow: Narrow, ranges: Ranges) -> None:
        from onnx import numpy_helper

        self.network, self.layers, self.narrow, self.ranges = network, layers, narrow, ranges
        self.constants = {each.name: each for each in network.graph.initializer}
        self.array = numpy_helper.to_array
        self.nodes: List[NodeProto] = []
        self.new: List[TensorProto] = []
        self.rounded: Dict[str, str] = {}  # a tensor → the same one rounded to 8 bits

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
        used = {name for node in self.nodes for name in node.input}
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
        if name in self.rounded:
            return
        low, high = min(self.ranges[name].low, 0.0), max(self.ranges[name].high, 0.0)  # 0 must be a step: it pads
        scale = np.float32((high - low) / 255) or np.float32(1)
        steps = self.constant(f"{name}/scale", scale), self.constant(f"{name}/zero", np.uint8(round(-low / scale)))
        in_steps = self.node("QuantizeLinear", [name, *steps], f"{name}/steps")
        self.rounded[name] = self.node("DequantizeLinear", [in_steps, *steps], f"{name}/rounded")

    def put_weights(self, node: "NodeProto", taken: str, weight: np.ndarray) -> None:
        """Give a layer weights in 8 bits, with one scale for each channel of its result."""
        attributes = {each.name: each.i for each in node.attribute}
        axis = 0 if node.op_type == "Conv" or attributes.get("transB") else 1
        table = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1).astype(np.float64)
        scale = _scales(table).astype(np.float32)
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
            self.correct(node, lost, self.ranges[taken].mean, attributes.get("group", 1))

    def correct(self, node: "NodeProto", lost: np.ndarray, mean: np.ndarray, groups: int) -> None:
        """Add to a convolution's bias what it loses on an average photo; `lost`, [out, in / groups], of the weights."""
        outputs, width = lost.shape
        bias = np.zeros(outputs)
        if len(node.input) > 2 and node.input[2]:
            if node.input[2] not in self.constants:
                return
            bias = self.array(self.constants[node.input[2]]).astype(np.float64)
        group = np.arange(outputs) // (outputs // groups)
        bias = bias + (lost * mean.reshape(groups, width)[group]).sum(axis=1)
        del node.input[2:]
        node.input.append(self.constant(f"{node.output[0]}/bias", bias.astype(np.float32)))


def _scales(table: np.ndarray) -> np.ndarray:
    """The step of each row of weights, float64 [out]: the two largest of one sign together are `_TWO_WEIGHTS` steps."""
    padded = np.pad(table, ((0, 0), (0, 2)))
    largest = np.maximum(np.partition(padded, -2)[:, -2:].sum(axis=1), -np.partition(padded, 1)[:, :2].sum(axis=1))
    scale: np.ndarray = np.where(largest > 0, largest / _TWO_WEIGHTS, 1.0)
    return scale
