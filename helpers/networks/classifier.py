"""The classifier of a network: the layer behind its feature, from which ImageNet's thousand classes are scored.

The network is cut in front of this layer. It is read from the same file of weights, so that a feature that was kept
years ago has scores without its photo and without the network:

>>> from helpers.networks.load import load_network
>>> classifier = classifier_of(load_network("efficientnet-lite0"))
>>> classifier.weights.shape, classifier.bias.shape
((1000, 1280), (1000,))
"""

import io
from typing import TYPE_CHECKING, NamedTuple, Tuple

import numpy as np

from helpers.arguments import takes
from helpers.errors import ModelError
from helpers.networks import weights
from helpers.networks.load import LoadedModel, identity_of, kept_once
from helpers.networks.onnx.cuts import last_layer
from helpers.networks.table import MODELS, Network
from helpers.networks.torch_file import read_state_dict

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = 1000  # of ImageNet, in their usual order: `helpers.networks.words`


class Classifier(NamedTuple):
    """A fully connected layer from features to classes: `features @ weights.T + bias`, before the softmax.

    `weights` is float32 [1000, dimension], `bias` float32 [1000].
    """

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The score of each class, float32 [n, 1000], for features, float32 [n, dimension]; softmax makes shares."""
        return features @ self.weights.T + self.bias


def has_classifier(loaded: LoadedModel) -> bool:
    """Whether the features of a network have scores for ImageNet's classes."""
    return loaded.name in MODELS and bool(MODELS[loaded.name].classifier)


@takes(loaded="network")
def classifier_of(loaded: LoadedModel) -> Classifier:
    """The classifier of a network, from its file of weights; once on this machine, then from the cache folder.

    What `Network.classifier` in the table can be:

    - `last layer`: the last Gemm or MatMul of an ONNX file;
    - `feature`: SqueezeNet's features are the classes' scores already, since its last layer is a convolution;
    - the name of a layer in a file of PyTorch, such as `_fc`.

    VGG16 has none: its feature, fc1, is two layers before the classes, and scaled to length 1.

    Raises `ModelError` for a network without a classifier (the message names those that have one), for another file of
    weights than `loaded` was made of, and for one in which there is no such layer; `WeightsUnavailable`.
    """
    if not has_classifier(loaded):
        with_words = ", ".join(name for name, network in MODELS.items() if network.classifier)
        raise ModelError(f"{loaded.name} knows no words; networks that do are {with_words}")
    network = MODELS[loaded.name]
    if network.classifier == "feature":
        return Classifier(np.eye(CLASSES, dtype=np.float32), np.zeros(CLASSES, np.float32))
    source = weights.get(network.name)
    if identity_of(network, source) != loaded.identity:
        raise ModelError(f"{network.name} is not what it was when this model was made; build the model again")
    path = kept_once(f"{network.name}-classifier-{loaded.identity[:12]}", ".npy", lambda: _file(network, source))
    layer = np.load(path, allow_pickle=False)
    return Classifier(np.ascontiguousarray(layer[:, :-1]), layer[:, -1].copy())


def _file(network: Network, source: "Path") -> bytes:
    """An array for `np.load`: the weights, and as its last column the bias."""
    matrix, bias = _layer(network, source)
    if matrix.shape != (CLASSES, network.dimension) or bias.shape != (CLASSES,):
        raise ModelError(
            f"{network.name}: its layer {network.classifier} is {list(matrix.shape)}, and not the one from "
            f"{network.dimension} features to {CLASSES} classes"
        )
    content = io.BytesIO()
    np.save(content, np.hstack([matrix, bias[:, None]]).astype(np.float32), allow_pickle=False)
    return content.getvalue()


def _layer(network: Network, source: "Path") -> Tuple[np.ndarray, np.ndarray]:
    if network.classifier == "last layer":
        import onnx

        return last_layer(onnx.load(str(source)).graph)
    state = read_state_dict(source)
    try:
        return state[f"{network.classifier}.weight"], state[f"{network.classifier}.bias"]
    except KeyError as error:
        raise ModelError(f"{source} has no {error.args[0]}, so it is not the network that was expected") from error
