"""Making networks ready to run.

`load_network("resnet-50")` makes an ONNX file that takes photos as they come
from the decoder, uint8 [N, height, width, 3] in RGB, and gives float32
features [N, dimension]. Normalisation and all other steps are in it.
"""

import difflib
import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Collection, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.errors import ModelError, WeightsUnavailable
from helpers.files import cache, stamps
from helpers.files.download import mirror
from helpers.files.reading import NotRead, open_regular
from helpers.files.replacing import replacing
from helpers.files.spelling import expanded
from helpers.networks import weights
from helpers.networks.descriptors import DESCRIPTORS, Descriptor
from helpers.networks.efficientnet import efficientnet_b0, efficientnet_lite0, efficientnet_lite2
from helpers.networks.hub import network as hugging_face
from helpers.networks.onnx.cuts import find_cut
from helpers.networks.onnx.graph import Graph
from helpers.networks.onnx.layers import free_reshapes
from helpers.networks.own import inspect_network, known_network, read_network, takes_float_photos
from helpers.networks.table import MODELS, SHORT_NAMES, Network
from helpers.networks.torch_file import read_state_dict
from helpers.networks.torchvision_layers import resnet_50, vgg19

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["MODELS", "LoadedModel", "identity_of", "kept_once", "load_network", "made_once"]

ENCODER = "encoder.onnx"  # the network in the folder of an autoencoder

_PREPARATION = 1  # raise it with every change of what a prepared network computes

# What `Network.layers` can be: how a network's layers are written on top of photos, with the weights of its file.
LAYERS: Dict[str, Optional[Callable[[Graph, str, Dict[str, np.ndarray]], str]]] = {
    "onnx": None,  # they are in the file
    "efficientnet-lite0": efficientnet_lite0,
    "efficientnet-lite2": efficientnet_lite2,
    "efficientnet_b0": efficientnet_b0,
    "resnet-50-torchvision": resnet_50,
    "vgg19-torchvision": vgg19,
}

_AUTO = ("resnet-50", "resnet-50-torchvision")  # what `auto` takes, if it can
_BUILT_IN = "efficientnet-lite0"  # else
_INSTEAD = "ResNet-50 couldn't be downloaded; using EfficientNet-Lite0 instead."
_failed: Dict[Tuple[str, str], str] = {}  # network that `auto` did not get in this process, and from where → the reason


@dataclass(frozen=True)
class LoadedModel:
    """A network on disk, ready to run: photos, uint8 [N, height, width, 3] RGB → float32 [N, dimension]; any N."""

    name: str
    path: Path  # the ONNX file; Path() for a descriptor, which has none
    size: Tuple[int, int]  # width, height
    dimension: int
    identity: str  # a sha-256 in hex: the same identity, the same features
    note: str  # one line for the person: which network, and why
    details: str = ""  # of `auto`: why those that it would rather have taken are not available, a line for each

    @property
    def address(self) -> str:
        """The argument for `load_network` that opens it again: its name, or the path of a file of one's own."""
        known = self.name in MODELS or self.descriptor is not None or self.name.startswith(hugging_face.PREFIX)
        return self.name if known or not self.path.name or Path(self.name).is_absolute() else str(self.path)

    @property
    def lasting_name(self) -> str:
        """Its name in the table; `own` for any other network, whose file may have another name tomorrow."""
        return self.name if self.name in MODELS else "own"

    @property
    def descriptor(self) -> Optional[Descriptor]:
        """The descriptor that computes the features instead of a network; None for a network."""
        return None if self.path.name else DESCRIPTORS.get(self.name)


def load_network(
    name: Union[str, "os.PathLike[str]"], *, progress: bool = True, kept: Collection[str] = ()
) -> LoadedModel:
    """Make a network ready: fetch its weights, cut its graph at the feature, check both.

    Parameters
    ----------
    name : str or path
        One of

        - a key of `MODELS`;
        - `auto`: ResNet-50 where its weights are on this machine or can be
          fetched, the zoo's or else torchvision's; else EfficientNet-Lite0,
          with a line in `note` and the reasons in `details`;
        - `clip` or `chinese-clip`, whose photos can be searched in any words,
          see `helpers.networks.text.table`;
        - `hf:owner/name`, an ONNX network on Hugging Face, see `helpers.networks.hub.network`;
        - the path of an ONNX file of your own that takes uint8 [N, height, width,
          3] and gives float32 [N, dimension], or takes float [N, 3, height,
          width] with a `preprocessor_config.json` beside it; or a `helpers.networks.Autoencoder`,
          or the path of its folder;
        - a key of `helpers.networks.descriptors.DESCRIPTORS`, which are not networks.
    progress : bool, default True
        Show a bar where a download takes longer than a second.
    kept : names of networks
        Of which there are features of these photos already: of the two
        ResNet-50, `auto` then takes no other than those.

    Returns
    -------
    LoadedModel

    Raises
    ------
    WeightsUnavailable
        Where the weights of a named network are not available.
    ModelError
        For an unknown name, or a file that does not fit.

    >>> load_network("efficientnet-lite0").dimension
    1280
    """
    if not isinstance(name, (str, os.PathLike)):
        raise ModelError(
            f"a network is a name such as 'resnet-50', or the path of an .onnx file, not {type(name).__name__}"
        )
    if isinstance(name, str):
        name = SHORT_NAMES.get(name, name)
    if name == "auto":
        return _auto(progress, kept)
    if isinstance(name, str) and name in MODELS:
        return _named(MODELS[name], progress)
    if isinstance(name, str) and name in DESCRIPTORS:
        return _described(DESCRIPTORS[name])
    if isinstance(name, str) and name.startswith(hugging_face.PREFIX):
        return _prepared(hugging_face.hub_network(name, progress=progress), "hf")
    path = expanded(name).absolute()
    if (path / ENCODER).is_file():
        return _own(path / ENCODER)
    if isinstance(name, os.PathLike) or name.lower().endswith(".onnx"):
        return _own(path)
    known = ["auto", *MODELS, *SHORT_NAMES, *DESCRIPTORS]
    close = difflib.get_close_matches(name.lower(), known, cutoff=0.4)
    raise ModelError(
        f"no network is called {name!r}{f'; did you mean {close[0]!r}?' if close else '.'} "
        f"There are {', '.join(known)}, hf:owner/name, or the path of an .onnx file"
    )


def _auto(progress: bool, kept: Collection[str]) -> LoadedModel:
    names = [name for name in _AUTO if name in kept] or _AUTO
    reasons: List[str] = []
    for name in sorted(names, key=lambda name: not weights.is_at_hand(name)):  # what is here need not be fetched
        tried = name, os.environ.get("HF_ENDPOINT", "") + mirror()  # another place deserves another attempt
        if tried in _failed and not weights.is_at_hand(name):
            reasons.append(_failed[tried])
            continue
        try:
            return replace(_named(MODELS[name], progress), details="\n".join(reasons))
        except WeightsUnavailable as error:
            _failed[tried] = str(error).splitlines()[0]
            reasons.append(_failed[tried])
    return replace(_named(MODELS[_BUILT_IN], progress), note=_INSTEAD, details="\n".join(reasons))


def _named(network: Network, progress: bool) -> LoadedModel:
    source = weights.get(network.name, progress=progress)
    identity = identity_of(network, source)
    return LoadedModel(
        name=network.name,
        path=made_once(f"{network.name}-{identity[:12]}", lambda: _assemble(network, source)),
        size=network.size,
        dimension=network.dimension,
        identity=identity,
        note=f"{network.name}: {network.about}.",
    )


def identity_of(network: Network, source: Path) -> str:
    """A hash over all that decides what the features are: the file of weights and the processing."""
    steps = (network.layers, network.feature, network.unit, network.size, network.mean, network.std, network.channels)
    return hashlib.sha256(f"{stamps.sha256(source)} {_PREPARATION} {steps}".encode()).hexdigest()


def _described(descriptor: Descriptor) -> LoadedModel:
    return LoadedModel(
        name=descriptor.name,
        path=Path(),
        size=descriptor.size,
        dimension=descriptor.dimension,
        identity=hashlib.sha256(f"{descriptor.name} {descriptor.version}".encode()).hexdigest(),
        note=f"{descriptor.name}: {descriptor.about}.",
    )


def _prepared(network: hugging_face.HubNetwork, stem: str) -> LoadedModel:
    identity = hashlib.sha256(f"{network.sha256} {_PREPARATION}".encode()).hexdigest()
    path = made_once(f"{stem}-{identity[:12]}", network.assemble)
    return LoadedModel(network.name, path, network.size, network.dimension, identity, network.note)


def made_once(stem: str, make: Callable[[], "ModelProto"]) -> Path:
    """The file of an assembled network, from the cache folder or made now; as `kept_once`."""
    return kept_once(stem, ".onnx", lambda: make().SerializeToString())


def kept_once(stem: str, suffix: str, make: Callable[[], bytes]) -> Path:
    """The file of what is made of a network, from the cache folder or made now.

    The sha-256 of its bytes is in its name, so that damage is noticed. Raises `ModelError` where it cannot be kept.
    """
    folder = cache.cache_folder() / "networks"
    try:
        for path in sorted(folder.glob(f"{stem}-*{suffix}")):
            if path.stem == f"{stem}-{stamps.sha256(path)[:12]}":
                return path
        content = make()
        path = folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
        with replacing(path) as half:
            half.write_bytes(content)
    except OSError as error:
        raise ModelError(
            f"{error.filename or folder}: {error.strerror or error}; KINFRAME_CACHE can name another folder"
        ) from error
    return path


def _assemble(network: Network, source: Path) -> "ModelProto":
    import onnx

    graph = Graph()
    x = graph.photos(network.mean, network.std, network.channels)
    layers = LAYERS[network.layers]
    if layers is None:
        classifier = onnx.load(str(source))
        free_reshapes(classifier.graph)
        x = graph.splice(x, classifier, find_cut(classifier.graph, network.feature, network.name))
    else:
        x = layers(graph, x, read_state_dict(source))
    return graph.model(x, size=network.size, dimension=network.dimension, unit=network.unit)


def _own(path: Path) -> LoadedModel:
    try:
        open_regular(path, most=None).close()
    except NotRead as error:
        raise ModelError(f"{path}: {error}; name the file of a network") from error
    except OSError:  # `read_network` says what is wrong
        pass
    known = known_network(path)
    if known is None:
        network = read_network(path)
        if takes_float_photos(network):
            return _prepared(hugging_face.own_network(path), "own")
        known = inspect_network(path, network)
    size, dimension, identity = known
    name = f"{path.parent.name}/{path.name}" if path.name == ENCODER else path.name  # all autoencoders have such a file
    return LoadedModel(
        name=name,
        path=path,
        size=size,
        dimension=dimension,
        identity=identity,
        note=f"{name}: a network of your own, {dimension} features.",
    )
