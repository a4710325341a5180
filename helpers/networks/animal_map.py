"""A network that scores each place of a photo as part of an animal, and describes what it looks like at all.

It is a classifier of ImageNet's thousand classes without its last pooling: the classes are scored at each place of
the last map, from the mean of 3 x 3 places. Classes 0 to 397 are animals; the evidence of an animal is the logarithm of
their odds against the other 602 (persons are none of these, nor are vehicles kept apart). What a place looks like is
the last map itself, a mean of 2 x 2 places, as so many numbers in random directions that are at right angles to each
other: places are compared by it, and nothing else.
"""

import hashlib
import math
from typing import TYPE_CHECKING, List, NamedTuple, Tuple

import numpy as np

from helpers.networks.classifier import classifier_of
from helpers.networks.load import LoadedModel, load_network, made_once
from helpers.networks.onnx.cuts import last_map
from helpers.networks.onnx.graph import Graph, projection

if TYPE_CHECKING:
    from onnx import ModelProto

_NETWORK = "efficientnet-lite2"
_EDITION = 1  # to be raised with every change of what the network here computes
_ANIMALS = 398  # of ImageNet's classes, the first
WIDTH = 64  # numbers by which a place is compared
_PIXELS = 896 * 672  # of a photo, about, whatever its shape
_STRIDE = 32  # pixels of a place's side
_SHAPES = (9 / 16, 3 / 4, 1.0, 4 / 3, 16 / 9)  # width / height
_SMALL = 1e-12

Size = Tuple[int, int]  # width, height in pixels


class AnimalMap(NamedTuple):
    """The network for photos of one size; its feature is the evidence of all places, and after it their looks."""

    loaded: LoadedModel
    places: Tuple[int, int]  # rows and columns of the evidence
    coarse: Tuple[int, int]  # rows and columns of the looks, each of 2 x 2 places; WIDTH numbers each

    @property
    def evidence(self) -> int:
        """How many of the feature's numbers are evidence."""
        return self.places[0] * self.places[1]

    @property
    def kept(self) -> int:
        """How many numbers a store keeps of a photo: the evidence, and the looks in one byte each."""
        return self.evidence + -(-self.coarse[0] * self.coarse[1] * WIDTH // 4)


def sizes() -> List[Size]:
    """The sizes in which photos go through the network, by their shape from high to wide."""
    return [
        (_STRIDE * round(math.sqrt(_PIXELS * shape) / _STRIDE), _STRIDE * round(math.sqrt(_PIXELS / shape) / _STRIDE))
        for shape in _SHAPES
    ]


def size_for(width: int, height: int) -> Size:
    """The size whose shape is most like a photo's."""
    return min(sizes(), key=lambda size: abs(math.log(width / height * size[1] / size[0])))


def animal_map(size: Size) -> AnimalMap:
    """The network for photos of a size; made once, and kept in the cache folder.

    Raises `WeightsUnavailable` where the package with its weights is missing or damaged.
    """
    network, identity = load_network(_NETWORK), identity_for(size)
    path = made_once(f"{_NETWORK}-animals-{identity[:12]}", lambda: _assemble(network, size))
    places = size[1] // _STRIDE, size[0] // _STRIDE
    coarse = places[0] // 2, places[1] // 2
    dimension = places[0] * places[1] + WIDTH * coarse[0] * coarse[1]
    made = LoadedModel(network.name, path, size, dimension, identity, f"animals by {network.name}")
    return AnimalMap(made, places, coarse)


def identity_for(size: Size) -> str:
    """A sha-256 in hex: the same identity, the same maps of photos of a size; without making the network."""
    return hashlib.sha256(f"{load_network(_NETWORK).identity} animals {_EDITION} {size}".encode()).hexdigest()


def _assemble(network: LoadedModel, size: Size) -> "ModelProto":
    import onnx

    whole = onnx.load(str(network.path))
    graph = Graph()
    last = graph.splice("photos", whole, last_map(whole.graph)[0])
    evidence = graph.node("Flatten", _evidence(graph, last, network), axis=1)
    looks = graph.node("AveragePool", last, kernel_shape=[2, 2], strides=[2, 2])
    looks = graph.conv(looks, projection(network.dimension, WIDTH).T[:, :, None, None])
    looks = graph.node("Flatten", graph.node("Transpose", looks, perm=[0, 2, 3, 1]), axis=1)
    return graph.model(graph.node("Concat", evidence, looks, axis=1), size=size, dimension=None)


def _evidence(graph: Graph, last: str, network: LoadedModel) -> str:
    """The log-odds of animals, [N, 1, height, width]."""
    classifier = classifier_of(network)
    around = graph.node("AveragePool", last, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    scores = graph.conv(around, classifier.weights[:, :, None, None], classifier.bias)
    # The best class of all has the score 0: no power of e is too large then.
    powers = graph.node("Exp", graph.node("Sub", scores, graph.node("ReduceMax", scores, axes=[1], keepdims=1)))
    sides = np.zeros((2, len(classifier.bias), 1, 1), np.float32)
    sides[0, :_ANIMALS] = sides[1, _ANIMALS:] = 1
    sums = graph.node("Add", graph.conv(powers, sides), graph.constant(np.float32(_SMALL)))
    return graph.conv(graph.node("Log", sums), np.array([1, -1], np.float32).reshape(1, 2, 1, 1))
