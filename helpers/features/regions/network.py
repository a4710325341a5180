"""Networks that describe the parts of a photo: cut at a feature map, which is pooled in windows.

The map is the one before the last halving of the resolution, where a network has such: it still has a small thing's
colours and patterns, which the last map has given up for its kind. A window's feature is the generalised mean of the
places in it (p = 3; Radenović, Tolias and Chum, 2018, arXiv:1711.02512), turned into fewer numbers by random
directions at right angles to each other, drawn once: they depend on no photo, so that features of different days can
be compared.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Dict, NamedTuple, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.features.regions import windows
from helpers.features.regions.windows import Windows
from helpers.networks.load import LoadedModel, made_once
from helpers.networks.onnx.cuts import last_map
from helpers.networks.onnx.graph import Graph, projection
from helpers.networks.onnx.layers import layers_to

if TYPE_CHECKING:
    from onnx import ModelProto

_POOLING = "windows 1"  # to be raised with every change of what a regional network gives, or of its windows
_WIDTH = 384  # numbers a window, of a map that has more
_SMALL = 1e-9
_WAY_OUT = "search by region needs a convolutional network, such as model='efficientnet-lite0'"


class RegionalNetwork(NamedTuple):
    """A network whose feature is that of all windows, one after the other."""

    loaded: LoadedModel  # ready for a `Session`: float32 [N, windows * width]
    windows: Windows
    width: int  # numbers a window


def for_photos(loaded: LoadedModel, shape: int) -> RegionalNetwork:
    """The network for photos of a shape of `helpers.features.regions.windows`; made once, and kept in the cache folder.

    Raises `ModelError` for a network that has no feature map, or cannot take photos of that size.
    """
    return _network(loaded, _photo(loaded, shape))


def for_queries(loaded: LoadedModel) -> RegionalNetwork:
    """The same for a `canvas` with what is searched for."""
    return _network(loaded, windows.canvas(loaded.size))


def key_of(loaded: LoadedModel, shape: int) -> str:
    """The key under which features of photos of a shape are kept: the same key, the same features."""
    return f"{loaded.lasting_name} {_identity(loaded, _photo(loaded, shape))} regions"


def _photo(loaded: LoadedModel, shape: int) -> Windows:
    return windows.windows_of(windows.shapes(loaded.size)[shape])


def _identity(loaded: LoadedModel, places: Windows) -> str:
    file = loaded.path.name if "-int8-" in loaded.path.name else ""
    shape = f"{places.size} {len(places.boxes)} {file}"
    return hashlib.sha256(f"{loaded.identity} {_POOLING} {shape}".encode()).hexdigest()


def _network(loaded: LoadedModel, places: Windows) -> RegionalNetwork:
    if loaded.descriptor is not None:
        raise ModelError(f"{loaded.name} is not a network; {_WAY_OUT}")
    identity = _identity(loaded, places)
    kind = "regions-int8" if "-int8-" in loaded.path.name else "regions"
    path = made_once(f"{loaded.lasting_name}-{kind}-{identity[:12]}", lambda: _assemble(loaded, places))
    width = _width(path)
    name = f"{len(places.boxes)} windows of {loaded.name}"
    made = LoadedModel(loaded.name, path, places.size, width * len(places.boxes), identity, name)
    return RegionalNetwork(made, places, width)


def _width(path: Path) -> int:
    import onnx

    [known] = onnx.load(str(path)).metadata_props
    return int(json.loads(known.value)["width"])


def _assemble(loaded: LoadedModel, places: Windows) -> "ModelProto":
    import onnx

    network = onnx.load(str(loaded.path))
    try:
        end = _map(network, loaded.size)
        channels, height, across = _shapes(network, end, places.size)[f"network/{end}"][1:]
        graph = Graph()
        x = graph.node("Relu", graph.splice("photos", network, end))
        x = graph.node("Mul", graph.node("Mul", x, x), x)
        x = graph.node("Reshape", x, graph.constant(np.array([0, channels, height * across])))
        x = graph.node("MatMul", x, graph.constant(windows.pooling(places.boxes, height, across)))
        x = graph.node("Pow", x, graph.constant(np.float32(1 / 3)))
        x = graph.node("Transpose", _unit(graph, x, channels), perm=[0, 2, 1])
        if channels > _WIDTH:
            x = graph.node("MatMul", x, graph.constant(projection(channels, _WIDTH)))
        width = min(channels, _WIDTH)
        model = graph.model(x, size=places.size, dimension=width * len(places.boxes))
    except ModelError as error:
        raise ModelError(f"{loaded.name}: {error}; {_WAY_OUT}") from error
    onnx.helper.set_model_props(model, {"regions": json.dumps({"width": width})})
    return model


def _unit(graph: Graph, x: str, channels: int) -> str:
    """Each column of [N, channels, windows] with the length 1; in operators that are the same in every opset."""
    squares = graph.node("MatMul", graph.constant(np.ones((1, channels), np.float32)), graph.node("Mul", x, x))
    return graph.node("Div", x, graph.node("Sqrt", graph.node("Add", squares, graph.constant(np.float32(_SMALL)))))


def _map(network: "ModelProto", own: Tuple[int, int]) -> str:
    """The widest tensor of twice the resolution of the last map, the last of these; or the last map itself."""
    before, after = last_map(network.graph)
    shape: Dict[str, Tuple[int, ...]] = _shapes(network, after, own)
    last = next((name for name in (after, before) if _has_places(shape.get(f"network/{name}", ()))), None)
    if last is None:
        raise ModelError("there is no feature map before its last pooling")
    _, _, height, width = shape[f"network/{last}"]
    finer = [
        name
        for node in layers_to(network.graph, last).nodes
        for name in node.output
        if _has_places(found := shape.get(f"network/{name}", ()))
        and (found[2] + 1) // 2 in (height, height + 1)
        and (found[3] + 1) // 2 in (width, width + 1)
    ]
    widest = max((shape[f"network/{name}"][1] for name in finer), default=0)
    return next((name for name in reversed(finer) if shape[f"network/{name}"][1] == widest), last)


def _has_places(shape: Tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[1] * shape[2] * shape[3] > shape[1] > 0


def _shapes(network: "ModelProto", end: str, size: Tuple[int, int]) -> Dict[str, Tuple[int, ...]]:
    """The known shapes of the tensors on the way to one, for one photo of that size."""
    import onnx
    from onnx import TensorProto, helper

    graph = Graph()
    x = graph.splice("photos", network, end)
    photos = helper.make_tensor_value_info("photos", TensorProto.UINT8, [1, size[1], size[0], 3])
    given = helper.make_tensor_value_info(x, TensorProto.FLOAT, None)
    body = helper.make_graph(graph.nodes, "cut", [photos], [given], graph.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", graph.opset)], ir_version=8)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    except onnx.shape_inference.InferenceError as error:
        raise ModelError(f"it does not take photos of {size[0]} x {size[1]}: {error}") from error
    shapes = {}
    for value in (*inferred.value_info, *inferred.output):
        axes = value.type.tensor_type.shape.dim
        if axes and all(axis.HasField("dim_value") for axis in axes):
            shapes[value.name] = tuple(axis.dim_value for axis in axes)
    if x not in shapes:
        raise ModelError("the shape of its feature map cannot be worked out")
    return shapes
