"""Vision networks in ONNX with a `preprocessor_config.json`: `hf:owner/name` on Hugging Face, or both in a folder.

>>> from helpers.networks.hub.repository import repository
>>> str(repository("hf:owner/name@v1.0:onnx/model_fp16.onnx"))
'hf:owner/name@v1.0:onnx/model_fp16.onnx'

Three files decide what the features are: `preprocessor_config.json`, which
describes how to prepare photos, the ONNX file, and that of its weights where they
do not fit into it. Their sha-256 is not known beforehand; the one that each had
when it was first fetched is pinned, in a text file beside it.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Callable, List, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.files.stamps import sha256
from helpers.networks.hub.feature import Feature, append_feature, find_feature
from helpers.networks.hub.preprocessor import PhotoConfig, check_size, read_config
from helpers.networks.hub.repository import PREFIX, repository
from helpers.networks.onnx.external_data import (
    LARGEST,
    check_total,
    files_beside,
    is_outside,
    location_of,
    read_inside,
    read_outside,
    refuse_hidden,
)
from helpers.networks.onnx.graph import Graph
from helpers.networks.onnx.layers import layers_to, without_functions
from helpers.networks.onnx.onnx_runtime import outputs_of
from helpers.networks.own import remember_dimension, remembered_dimension

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

__all__ = ["PREFIX", "HubNetwork", "hub_network", "own_network"]

_CONFIG = "preprocessor_config.json"
_FILES = ("onnx/vision_model.onnx", "onnx/model.onnx", "model.onnx", "vision_model.onnx")  # in this order
_ASSEMBLY = 1  # raise it with every change of what is made of the files
_NEAR = 1e-3  # how far a photo's features may be from those that it has alone, as a share of the largest


@dataclass(frozen=True)
class HubNetwork:
    """A network whose files are on this machine."""

    name: str  # hf:owner/name@revision:file, or the path of a file of one's own
    size: Tuple[int, int]  # width, height
    sha256: str  # of all that decides what the features are
    note: str  # one line for the person: which file, which tensor
    path: Path = field(repr=False)  # the ONNX file
    config: PhotoConfig = field(repr=False)
    way_out: str = field(repr=False)  # of an error

    @property
    def dimension(self) -> int:
        """The number of features; where it is not remembered, the network is assembled to find out."""
        known = remembered_dimension(self.sha256)
        return known if known is not None else _dimension(self.assemble())

    def assemble(self) -> "ModelProto":
        """The network from photos to features: uint8 [N, height, width, 3] in RGB → float32 [N, dimension].

        It is run on two photos, together and alone. Raises `ModelError` that
        names the file where its layers do not fit together, ONNX Runtime cannot
        run them, or a photo's features depend on the others.
        """
        graph = Graph()
        try:
            network, feature = _read(self.path)
            x = graph.photos(self.config.mean, self.config.std, self.config.channels)
            x = append_feature(graph, x, network, feature)
            refuse_hidden(graph.nodes)
            check_total(graph.weights)
            read_outside(graph.weights, self.path.parent)
            model = graph.model(x, size=self.size, dimension=None)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}; {self.way_out}") from error
        except OSError as error:
            raise ModelError(f"{error.filename or self.path}: {error.strerror or error}") from error
        dimension = self._try(model.SerializeToString(), feature)
        model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = dimension
        remember_dimension(self.sha256, dimension)
        return model

    def _try(self, content: bytes, feature: Feature) -> int:
        """Run it; returns the number of features."""
        photos = np.random.default_rng(0).integers(0, 256, (2, self.size[1], self.size[0], 3), np.uint8)
        photos[0] //= 8  # a dark one and a bright one: if both share one scale of 8 bits, the dark one differs
        try:
            together, first, second = outputs_of(content, self.path, "photos", photos, photos[:1], photos[1:])
        except ModelError as error:
            hint = "; it may have been exported for one photo at a time" if feature.alone else ""
            raise ModelError(f"{error}{hint}; {self.way_out}") from error
        alone = np.concatenate([first, second])
        if together.ndim != 2 or together.shape != alone.shape or len(together) != 2:
            reason = f"gives {list(together.shape)} for two photos, so it was exported for one photo at a time"
        elif not np.isfinite(alone).all():
            reason = "gives features that are not finite"
        elif np.abs(together - alone).max() > _NEAR * np.abs(alone).max():
            reason = "gives a photo other features beside another photo than alone, as some networks in 8 bits do"
        else:
            return int(together.shape[1])
        raise ModelError(f"{self.path} {reason}; {self.way_out}")


def hub_network(name: str, *, progress: bool = True) -> HubNetwork:
    """Get the files of a network, from this machine or fetched and pinned now, and find its feature.

    `name` is `hf:owner/name`, optionally with `@revision` and
    `:path/in/repository.onnx`. Without a path, the file is one that is kept here
    already, else the first of `onnx/vision_model.onnx`, `onnx/model.onnx`,
    `model.onnx` and `vision_model.onnx` in the repository.

    Raises `WeightsUnavailable` where a file is not available, or has changed since
    it was first fetched; and `ModelError` for another name, and for files that are
    not such a network.
    """
    source = repository(name)
    config_file = source.get(_CONFIG, progress=progress)
    config = read_config(config_file)
    file = source.file or source.first(_FILES, progress=progress)
    return _network(
        f"{source.address}:{file}",  # whole: what is found first can be another file tomorrow
        config_file,
        config,
        source.get(file, progress=progress),
        lambda beside: source.get(str(PurePosixPath(file).with_name(beside)), progress=progress),
        f"name another file of the repository, as in {source.address}:path/in/the/repository.onnx",
        f"{source}: {{feature}} of {file}; its licence is on {source.page}.",
    )


def own_network(path: Path) -> HubNetwork:
    """A network of one's own that takes photos as most are exported: float [N, 3, height, width].

    How to prepare photos for it is in a `preprocessor_config.json` beside it. Raises `ModelError`.
    """
    config_file = path.with_name(_CONFIG)
    if not config_file.is_file():
        raise ModelError(
            f"{path} takes float photos [N, 3, height, width], prepared in a way that the file does not contain; "
            f"write {config_file} with image_mean, image_std and size, as in docs/networks.md"
        )
    way_out = "give an ONNX file of a vision network as transformers or PyTorch export it"
    return _network(
        str(path), config_file, read_config(config_file), path, path.with_name, way_out, f"{path.name}: {{feature}}."
    )


def _network(
    name: str,
    config_file: Path,
    config: PhotoConfig,
    path: Path,
    beside: Callable[[str], Path],
    way_out: str,
    note: str,
) -> HubNetwork:
    """The network in a file, whose weights may be in a second one `beside` it; `note` has a place for the feature."""
    try:
        network, feature = _read(path)
        files_beside(path, network)
        needed = layers_to(network.graph, feature.tensor)
        weights: List[TensorProto] = [each for each in network.graph.initializer if each.name in needed.names]
        check_total(weights)
        names = sorted({location_of(tensor).name for tensor in weights if is_outside(tensor)})
    except ModelError as error:
        raise ModelError(f"{path}: {error}; {way_out}") from error
    try:
        hashes = [sha256(each) for each in (config_file, path, *map(beside, names))]
    except OSError as error:
        raise ModelError(f"{error.filename or path}: {error.strerror or error}") from error
    return HubNetwork(
        name=name,
        size=_size(config_file, path, feature, config),
        sha256=hashlib.sha256(" ".join([*hashes, f"hub {_ASSEMBLY}"]).encode()).hexdigest(),
        note=note.format(feature=feature.described),
        path=path,
        config=config,
        way_out=way_out,
    )


def _read(path: Path) -> Tuple["ModelProto", Feature]:
    """A network without the weights in a second file, and its feature. Raises `ModelError` with the reason alone."""
    from google.protobuf.message import DecodeError

    try:
        if path.stat().st_size > LARGEST:
            raise ModelError("it is larger than an ONNX file can be")
        network = without_functions(read_inside(path))
    except DecodeError as error:
        raise ModelError(f"it is not an ONNX network ({error})") from error
    except OSError as error:
        raise ModelError(str(error.strerror or error)) from error
    return network, find_feature(network)


def _size(config_file: Path, path: Path, feature: Feature, config: PhotoConfig) -> Tuple[int, int]:
    """Width and height: those of the network where they are fixed, else those of the configuration."""
    width, height = feature.size
    if config.size is not None:
        width, height = width or config.size[0], height or config.size[1]
    if width is None or height is None:
        raise ModelError(
            f"{config_file}: size is missing, and {path.name} takes photos of any; take another repository"
        )
    return check_size((width, height), path)


def _dimension(model: "ModelProto") -> int:
    return int(model.graph.output[0].type.tensor_type.shape.dim[1].dim_value)
