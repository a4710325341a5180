"""Weights of an ONNX network in a second file: which files, how much, and reading them."""

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, NamedTuple

from helpers.errors import ModelError
from helpers.files.reading import open_regular
from helpers.networks.onnx.layers import check_functions

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

LARGEST = 2**31 - 2**20  # bytes: the limit of an ONNX file, less a margin for everything but the weights

_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?<!\.)(?<!\.sha256)(?<!\.json)(?<!\.onnx)")


class WeightsLocation(NamedTuple):
    """Where a tensor is: `length` bytes of the file `name` beside the network."""

    name: str
    offset: int
    length: int


def is_outside(tensor: "TensorProto") -> bool:
    from onnx import TensorProto

    return bool(tensor.data_location == TensorProto.EXTERNAL)


def location_of(tensor: "TensorProto") -> WeightsLocation:
    """Where a tensor that `is_outside` is; raises `ModelError` for any place but a file beside the network."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    name = entries.get("location", "")
    if not _NAME.fullmatch(name):
        raise ModelError(f"the file of its weights {tensor.name}, {name!r}, is not a file beside it")
    try:
        location = WeightsLocation(name, int(entries.get("offset", "0")), int(entries["length"]))
    except (KeyError, ValueError) as error:
        raise ModelError(f"the place of its weights {tensor.name} in {name} is missing") from error
    if location.offset < 0 or location.length < 0:
        raise ModelError(f"the place of its weights {tensor.name} is before the beginning of {name}")
    return location


def files_beside(path: Path, network: "ModelProto") -> List[Path]:
    """The files with weights of the network in a file, by name.

    Old versions of ONNX Runtime read whatever file a network names. Raises `ModelError` for a place that is not a
    regular file in the network's own folder, wherever links to both may lead; and as `check_functions`.
    """
    check_functions(network)
    tensors = filter(is_outside, _tensors_in(network))
    names = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
    files = []
    for name in sorted(names):
        file = path.parent / name
        plain = name not in ("", ".", "..") and PurePosixPath(name).name == name and "\\" not in name
        if not plain or file.resolve().parent != path.resolve().parent or (file.exists() and not file.is_file()):
            raise ModelError(f"the file of its weights, {name!r}, is not a file beside it")
        files.append(file)
    return files


def check_total(tensors: Iterable["TensorProto"]) -> None:
    """Raises `ModelError` for weights that are too large for one ONNX file."""
    total = sum(location_of(tensor).length if is_outside(tensor) else tensor.ByteSize() for tensor in tensors)
    if total > LARGEST:
        raise ModelError(f"its weights are {total / 1e9:.1f} GB, and an ONNX file takes 2; take a smaller network")


def read_inside(path: Path) -> "ModelProto":
    """The network in a file, without the weights that are in others. Raises `DecodeError` and `OSError`."""
    import onnx

    with open_regular(path, most=None) as file:
        return onnx.load_model_from_string(file.read())


def read_outside(tensors: Iterable["TensorProto"], folder: Path) -> None:
    """Read the weights from the files in `folder` into the tensors. Raises `ModelError` and `OSError`."""
    from onnx import TensorProto

    for tensor in tensors:
        if not is_outside(tensor):
            continue
        location = location_of(tensor)
        with open_regular(folder / location.name, most=None) as stream:
            size = stream.seek(0, 2)
            if location.offset + location.length > size:
                raise ModelError(f"its weights {tensor.name} reach beyond the end of {location.name}, of {size} bytes")
            stream.seek(location.offset)
            tensor.raw_data = stream.read(location.length)
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]


def refuse_hidden(nodes: Iterable["NodeProto"]) -> None:
    """Raises `ModelError` for layers whose attributes contain weights that are in a second file."""
    for node in nodes:
        for tensor in filter(is_outside, _tensors_in(node)):
            raise ModelError(f"the weights {tensor.name} of a single layer are in a file of their own")


def _tensors_in(message: Any) -> Iterator["TensorProto"]:
    """Every tensor in a network or a part of it, wherever it is: ONNX has many places, and adds more."""
    from onnx import TensorProto

    waiting = [message]
    while waiting:
        part = waiting.pop()
        if isinstance(part, TensorProto):
            yield part
            continue
        for field, value in part.ListFields():
            if field.message_type is not None:
                waiting += value if hasattr(value, "__len__") else [value]
