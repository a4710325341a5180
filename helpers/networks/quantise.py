"""Quantising a network to 8 bits for a person's own photos: less exact than fp32, and faster.

The layers with most of the work (Conv, Gemm, MatMul) get 8-bit weights and 8-bit
inputs, and so do the sums at the end of a residual block; everything else stays
as it is. It is written as ONNX's own QuantizeLinear and DequantizeLinear, which
OpenVINO and ONNX Runtime both read.

Four things keep it close to fp32. Each channel is counted in a unit of its own, so
that those of small numbers have steps enough, too (`steps`). Weights are rounded for
the photos, so that their errors cancel (`rounding`), and what is lost on an average
photo is added to the bias. A layer's weights are scaled so that no sum of two
products exceeds 16 bits, where processors without VNNI cut it off. And layers whose
input makes much of the error stay in 32 bits (`sensitivity`): two to seven of them in
the built-in network, none in ResNet-50. (ONNX Runtime's own `quantize_static` does none of it, and agrees
less with fp32.) All of it is in `helpers.networks.onnx`; `eight_bits` writes it.

Tried on sets of real photos and drawings, and left out, as the neighbours stayed no
more the same: weights of all 8 bits where the processor has VNNI, sums in fp32, units of
channels across a ReLU6, and weights that are fitted to inputs with the noise of
their rounding.
"""

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from helpers.errors import ModelError
from helpers.files import cache, stamps
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.networks.load import LoadedModel
from helpers.networks.onnx.eight_bits import Layers, Narrow, Writer
from helpers.networks.onnx.layers import photo_inputs
from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from helpers.networks.onnx.ranges import quiet_options, ranges_of, values_of
from helpers.networks.onnx.rounding import Watch
from helpers.networks.onnx.sensitivity import PartlyRounded, costliest
from helpers.networks.onnx.steps import Steps
from helpers.networks.onnx.strides import put_strides_first
from helpers.networks.runtime import Photos

if TYPE_CHECKING:
    from onnx import ModelProto

CALIBRATED_WITH = 32  # photos at most: more of them change the features no further
_TRIED = 4  # of these, by which those tensors are found that stay exact
_WAY_OUT = "take precision='fp32'"
_LAYERS = ("Conv", "Gemm", "MatMul")
_OPSET = 13  # the first in which weights have a scale for each channel


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
        with threadpool_limits(1, "blas"):  # many small products, for which threads wait longer than they work
            small = _in_8_bits(network, layers, [photos[place] for place in places], progress)
        content = small.SerializeToString(deterministic=True)
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


def _in_8_bits(network: "ModelProto", layers: Layers, photos: Sequence[np.ndarray], progress: bool) -> "ModelProto":
    narrow = _narrow(network, layers)
    names = list(dict.fromkeys(name for inputs in narrow.values() for name in inputs))
    watch = Watch(network, layers)

    def values() -> Iterator[Dict[str, np.ndarray]]:
        watched = values_of(network, names, photos)
        for each in progress_bar(watched, total=len(photos), desc="making the int8 network", show=progress):
            watch.add(each)
            yield each

    steps = Steps(network, list(watch.inputs), ranges_of(values()))
    exact = costliest(PartlyRounded(network, narrow, steps, photos[:: -(-len(photos) // _TRIED)]), progress)
    narrow = {name: [each for each in inputs if each not in exact] for name, inputs in narrow.items()}
    narrow = {name: inputs for name, inputs in narrow.items() if inputs}
    return Writer(network, layers, narrow, steps, watch.inputs).written(progress)


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
        options = quiet_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "simplified.onnx")
        onnxruntime.InferenceSession(network.SerializeToString(), options, providers=["CPUExecutionProvider"])
        simplified = onnx.load(options.optimized_model_filepath)
    put_strides_first(simplified)
    return simplified


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
