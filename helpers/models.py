"""The networks that turn photos into features: which there are, and each one ready to run.

`load_model("resnet-50")` hands on an ONNX file that takes photos as they come
from the decoder, uint8 [N, height, width, 3] in RGB, and gives float32
features [N, dimension]. Everything in between, normalising included, is in it.
"""

import difflib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, Optional, Tuple, Union

from helpers import cache, graph, weights
from helpers.efficientnet import efficientnet_lite0
from helpers.errors import ModelError, WeightsUnavailable
from helpers.own_network import inspect_network
from helpers.torch_file import read_state_dict

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

_IMAGENET_MEAN = (123.675, 116.28, 103.53)  # 255 * (0.485, 0.456, 0.406)
_IMAGENET_STD = (58.395, 57.12, 57.375)  # 255 * (0.229, 0.224, 0.225)
_PREPARATION = 1  # to be raised with every change of what a prepared network computes

_failed: Dict[str, str] = {}  # where `auto` looked for ResNet-50 in vain, in this process → why


@dataclass(frozen=True)
class Network:
    """One network: what it is made from, what it takes, and which of its tensors is the feature."""

    name: str  # also the key of its file in `weights.WEIGHTS`
    size: Tuple[int, int]  # width, height
    mean: Tuple[float, float, float]  # on the scale 0 to 255, in the order of `channels`
    std: Tuple[float, float, float]
    channels: str  # RGB or BGR
    dimension: int
    cut: Optional[Callable[["GraphProto"], str]]  # finds the feature; None: written by `helpers.efficientnet`
    licence: str
    about: str


MODELS: Dict[str, Network] = {
    network.name: network
    for network in (
        Network(
            name="resnet-50",
            size=(224, 224),
            mean=_IMAGENET_MEAN,
            std=_IMAGENET_STD,
            channels="RGB",
            dimension=2048,
            cut=graph.classifier_input,
            licence="Apache-2.0",
            about="ResNet-50 v1 of the ONNX Model Zoo, Turi Create's first choice",
        ),
        Network(
            name="squeezenet_v1.1",
            size=(224, 224),
            mean=_IMAGENET_MEAN,
            std=_IMAGENET_STD,
            channels="RGB",
            dimension=1000,
            cut=graph.last_pooling,  # as Turi Create: SqueezeNet has no layer between this and its softmax
            licence="Apache-2.0",
            about="SqueezeNet 1.1 of the ONNX Model Zoo: small and fast, less exact",
        ),
        Network(
            name="efficientnet-lite0",
            size=(224, 224),
            mean=(127.0, 127.0, 127.0),
            std=(128.0, 128.0, 128.0),
            channels="RGB",
            dimension=1280,
            cut=None,
            licence="Apache-2.0",
            about="EfficientNet-Lite0, which comes with pip and needs no download",
        ),
    )
}


@dataclass(frozen=True)
class LoadedModel:
    """A network on disk, ready to run: uint8 [N, height, width, 3] RGB in, float32 [N, dimension] out; N is free."""

    name: str
    path: Path
    size: Tuple[int, int]  # width, height
    dimension: int
    identity: str  # sha-256: the same identity, the same features
    note: str  # one line for the person: which network, and why


def load_model(name: Union[str, "os.PathLike[str]"], *, progress: bool = True) -> LoadedModel:
    """Make a network ready: its weights fetched, its graph cut at the feature, both checked.

    `name` is a key of `MODELS`; or `auto`: ResNet-50 where its weights are at
    hand or can be fetched, else EfficientNet-Lite0, and the `note` says why; or
    the path of an ONNX file of your own that takes uint8 [N, height, width, 3]
    and gives float32 [N, dimension].

    Raises `WeightsUnavailable` where the weights of a named network cannot be
    had, and `ModelError` for a name that does not exist or a file that does not fit.

    >>> load_model("efficientnet-lite0").dimension
    1280
    """
    if name == "auto":
        return _auto(progress)
    if isinstance(name, str) and name in MODELS:
        return _named(MODELS[name], progress)
    if not isinstance(name, (str, os.PathLike)):
        raise ModelError(f"a network is a name such as 'resnet-50', or the path of an .onnx file, not {name!r}")
    if isinstance(name, os.PathLike) or name.lower().endswith(".onnx"):
        return _own(Path(name).expanduser().absolute())
    close = difflib.get_close_matches(name.lower(), MODELS, cutoff=0.4)
    raise ModelError(
        f"no network is called {name!r}{f'; did you mean {close[0]!r}?' if close else '.'} "
        f"There are auto, {', '.join(MODELS)}, or the path of an .onnx file"
    )


def _auto(progress: bool) -> LoadedModel:
    first, second = MODELS["resnet-50"], MODELS["efficientnet-lite0"]
    reason = None if weights.is_at_hand(first.name) else _failed.get(_shelf())
    if reason is None:
        try:
            return _named(first, progress)
        except WeightsUnavailable as error:
            reason = _failed[_shelf()] = str(error).splitlines()[0]
    return _named(second, progress, reason)


def _shelf() -> str:
    return os.environ.get("PHOTOKIN_MIRROR", "")  # a mirror named later deserves an attempt of its own


def _named(network: Network, progress: bool, *remarks: str) -> LoadedModel:
    source = weights.get(network.name, progress=progress)
    recipe = f"{weights.WEIGHTS[network.name].sha256} {_PREPARATION}"
    identity = hashlib.sha256(recipe.encode()).hexdigest()
    return LoadedModel(
        name=network.name,
        path=made_once(f"{network.name}-{identity[:12]}", lambda: _assemble(network, source)),
        size=network.size,
        dimension=network.dimension,
        identity=identity,
        note=" ".join([f"{network.name}: {network.about}.", *remarks]),
    )


def made_once(stem: str, make: Callable[[], "ModelProto"]) -> Path:
    """The file of a network that is made here, from the cache folder or made now.

    The sha-256 of its bytes is in its name, so that damage shows. Raises `ModelError` where it cannot be kept.
    """
    folder = cache.cache_folder() / "networks"
    try:
        for path in sorted(folder.glob(f"{stem}-*.onnx")):
            if path.stem == f"{stem}-{cache.sha256(path)[:12]}":
                return path
        content = make().SerializeToString()
        path = folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.onnx"
        with cache.replacing(path) as half:
            half.write_bytes(content)
    except OSError as error:
        raise ModelError(
            f"{error.filename or folder}: {error.strerror}; PHOTOKIN_CACHE can name another folder"
        ) from error
    return path


def _assemble(network: Network, source: Path) -> "ModelProto":
    import onnx

    whole = graph.Graph()
    x = whole.photos(network.mean, network.std, network.channels)
    if network.cut is None:
        x = efficientnet_lite0(whole, x, read_state_dict(source))
    else:
        classifier = onnx.load(str(source))
        x = whole.splice(x, classifier, network.cut(classifier.graph))
    return whole.model(x, size=network.size, dimension=network.dimension)


def _own(path: Path) -> LoadedModel:
    size, dimension, identity = inspect_network(path)
    return LoadedModel(
        name=path.name,
        path=path,
        size=size,
        dimension=dimension,
        identity=identity,
        note=f"{path.name}: a network of your own, {dimension} features.",
    )
