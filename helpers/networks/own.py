"""Checking that a person's own ONNX file is a network from photos to features."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.files import cache, stamps
from helpers.files.replacing import replacing
from helpers.networks.onnx.external_data import files_beside, read_inside
from helpers.networks.onnx.layers import photo_inputs
from helpers.networks.onnx.onnx_runtime import outputs_of

if TYPE_CHECKING:
    from onnx import ModelProto

_LARGEST = 4_096  # pixels of a photo's side

Inspected = Tuple[Tuple[int, int], int, str]  # width and height of photos, number of features, identity

_NEEDED = "needed: one input, uint8 [N, height, width, 3] with N free, and one output, float32 [N, dimension]"


def read_network(path: Path) -> "ModelProto":
    """The ONNX network in a file, without the weights that are in others; raises `ModelError`."""
    from google.protobuf.message import DecodeError

    try:
        return read_inside(path)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX network: {error}") from error
    except OSError as error:
        raise ModelError(f"{error.filename or path}: {error.strerror or error}") from error


def takes_float_photos(network: "ModelProto") -> bool:
    """Whether a network has an input, float [N, 3, height, width], as most vision networks are exported."""
    from onnx import TensorProto

    graph = network.graph
    taken = [each.type.tensor_type for each in graph.input if each.name in photo_inputs(graph)]
    floats = [each.shape.dim for each in taken if each.elem_type in (TensorProto.FLOAT, TensorProto.FLOAT16)]
    return any(len(axes) == 4 and (axes[1].dim_value or 3) == 3 for axes in floats)


def check_outside(path: Path) -> None:
    """Raises `ModelError` for a file that is no ONNX network, or whose weights are not in files beside it."""
    network = read_network(path)
    try:
        files_beside(path, network)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except OSError as error:
        raise ModelError(f"{error.filename or path}: {error.strerror or error}") from error


def known_network(path: Path) -> Optional[Inspected]:
    """What `inspect_network` gave for the same bytes before; None where that was never, or weights are in other files.

    To read a large network takes several times as long as its sha-256.
    """
    try:
        identity = stamps.sha256(path)
    except OSError:
        return None
    dimension, size = remembered_dimension(identity), _remembered(identity).get("size")
    if dimension is None or not isinstance(size, list) or [type(side) for side in size] != [int, int]:
        return None
    return (size[0], size[1]), dimension, identity


def inspect_network(path: Path, network: "ModelProto") -> Inspected:
    """The photo size (width, height), the number of features and the identity of the `network` in an ONNX file.

    The identity is the file's sha-256, or one over it and the files with its
    weights. The network is run on two black photos, once on this machine: the
    output's shape in a graph is often missing, and sometimes wrong. Raises a
    `ModelError` with the file, what it has and what is needed.
    """
    try:
        identity = _identity(path, network)
    except OSError as error:
        raise ModelError(f"{error.filename or path}: {error.strerror or error}") from error
    size = _photo_size(path, network)
    dimension = remembered_dimension(identity) or _dimension(path, network, size)
    if _remembered(identity).get("size") != list(size):
        remember_dimension(identity, dimension, size)
    return size, dimension, identity


def _file(identity: str) -> Path:
    return cache.cache_folder() / "networks" / f"own-{identity[:24]}.json"


def remembered_dimension(identity: str) -> Optional[int]:
    """The number of features of a network that was run before: opening one takes as long as ten photos."""
    dimension = _remembered(identity).get("dimension")
    return dimension if type(dimension) is int and dimension > 0 else None


def _remembered(identity: str) -> Dict[str, Any]:
    try:
        entry = json.loads(_file(identity).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) and entry.get("identity") == identity else {}


def remember_dimension(identity: str, dimension: int, size: Optional[Tuple[int, int]] = None) -> None:
    """Remember a network that was run, and if it is known the size of its photos: width, height."""
    entry = {"identity": identity, "dimension": dimension, **({} if size is None else {"size": size})}
    with contextlib.suppress(OSError), replacing(_file(identity)) as half:
        half.write_text(json.dumps(entry), encoding="utf-8")


def _identity(path: Path, network: "ModelProto") -> str:
    """With the weights that PyTorch's exporter writes into a second file: other weights, other features."""
    try:
        outside = files_beside(path, network)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    hashes = [stamps.sha256(file) for file in (path, *outside)]
    return hashlib.sha256("".join(hashes).encode()).hexdigest() if outside else hashes[0]


def _photo_size(path: Path, network: "ModelProto") -> Tuple[int, int]:
    from onnx import TensorProto

    names = photo_inputs(network.graph)
    if len(names) != 1:
        raise ModelError(f"{path} has {len(names)} inputs ({', '.join(names)}); {_NEEDED}")
    taken = next(entry for entry in network.graph.input if entry.name == names[0]).type.tensor_type
    shape = [axis.dim_value or axis.dim_param or "?" for axis in taken.shape.dim]
    fixed = [isinstance(length, int) for length in shape]
    if taken.elem_type != TensorProto.UINT8 or fixed != [False, True, True, True] or shape[3] != 3:
        kind = TensorProto.DataType.Name(taken.elem_type).lower()
        raise ModelError(f"{path} takes {kind} [{', '.join(map(str, shape))}]; {_NEEDED}")
    width, height = int(shape[2]), int(shape[1])
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise ModelError(f"{path} takes photos of {width} x {height} pixels; {_LARGEST:,} a side are the most")
    return width, height


def _dimension(path: Path, network: "ModelProto", size: Tuple[int, int]) -> int:
    photos = np.zeros((2, size[1], size[0], 3), np.uint8)
    outputs = outputs_of(str(path), path, photo_inputs(network.graph)[0], photos)
    shapes = [(output.dtype.name, *output.shape) for output in outputs]
    if len(shapes) != 1 or shapes[0][:2] != ("float32", 2) or len(shapes[0]) != 3 or not shapes[0][2]:
        described = "; ".join(f"{kind} {shape}" for kind, *shape in shapes)
        raise ModelError(f"{path} gives {described} for two photos; {_NEEDED}")
    return int(shapes[0][2])
