"""Rounding the weights of a convolution so that its errors on photos cancel, instead of each weight to the nearest.

Each weight in turn makes up for what the rounding of those before it has changed,
as far as their inputs go together on photos: GPTQ (Frantar et al. 2022,
https://arxiv.org/abs/2210.17323), in the form of LDLQ (Chee et al. 2023,
https://arxiv.org/abs/2307.13304), which needs no inverse.
"""

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.networks.onnx.layers import attributes_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_PLACES = 40  # of each photo, at which a convolution's input is looked at
_TOGETHER = 8  # photos whose places are multiplied at once, which is much faster
_WIDEST = 1200  # inputs that are looked at together; of larger kernels, each pixel is rounded by itself
_DAMPING = 0.01  # of the mean variance of the inputs: so much of each is taken not to go together with any other
_BLOCK = 64  # inputs between which errors are carried on in one product
_TWO_WEIGHTS = 127  # the largest sum of two weights of one sign; rounded up it is 128, and 255 * 128 is below 2 ** 15


class Inputs:
    """What a convolution multiplies with its weights, [outputs, inputs / groups, …], on photos.

    Its inputs are counted as [groups, inputs]: those that go into one output.
    """

    def __init__(self, node: "NodeProto", shape: Sequence[int]) -> None:
        attributes = attributes_of(node)
        self.groups: int = attributes.get("group", 1)
        self.kernel = tuple(shape[2:])
        sides = len(self.kernel)
        self._strides, self._apart = (attributes.get(name, [1] * sides) for name in ("strides", "dilations"))
        self._pads = attributes.get("pads", [0] * 2 * sides)
        is_plain = sides == 2 and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
        self.is_whole = is_plain and shape[1] * int(np.prod(self.kernel)) <= _WIDEST
        self._waiting: List[np.ndarray] = []
        self._count, self._sum, self._squares = 0, np.zeros(()), np.zeros(())
        self._middle = np.zeros(())  # from which is counted, so that squares are not much more than the spread

    def add(self, values: np.ndarray) -> None:
        """What it takes in one photo, float32 [channels, …]."""
        self._waiting.append(self._taken(values))
        if len(self._waiting) == _TOGETHER:
            self._multiply()

    def mean(self) -> np.ndarray:
        """Float64 [groups, inputs]."""
        self._multiply()
        return self._sum / self._count + self._middle

    def covariance(self) -> np.ndarray:
        """Float64 [groups, inputs, inputs]."""
        self._multiply()
        mean, squares = self._sum / self._count, self._squares.astype(np.float64)
        return squares / self._count - mean[:, :, np.newaxis] * mean[:, np.newaxis]

    def rows(self, table: np.ndarray) -> np.ndarray:
        """Numbers for each weight, [outputs, inputs / groups, …], as [groups, rows, inputs]."""
        if self.is_whole:
            return table.reshape(self.groups, len(table) // self.groups, -1)
        by_pixel = table.reshape(self.groups, len(table) // self.groups, table.shape[1], -1).swapaxes(2, 3)
        return by_pixel.reshape(self.groups, -1, table.shape[1])

    def table(self, rows: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
        """The reverse of `rows`, in the weights' `shape`."""
        if self.is_whole:
            return rows.reshape(shape)
        return rows.reshape(shape[0], -1, shape[1]).swapaxes(1, 2).reshape(shape)

    def _multiply(self) -> None:
        if self._waiting:
            taken = np.concatenate(self._waiting, axis=1)  # [groups, places, inputs]
            self._waiting = []
            if not self._count:
                self._middle = taken.mean(axis=1)
                self._squares = np.zeros(taken.shape[:1] + 2 * taken.shape[2:], np.float32)
            taken -= self._middle[:, np.newaxis]
            self._count += taken.shape[1]
            self._sum = self._sum + taken.sum(axis=1, dtype=np.float64)
            self._squares += taken.transpose(0, 2, 1) @ taken

    def _taken(self, values: np.ndarray) -> np.ndarray:
        """Some of what the weights are multiplied with, float32 [groups, places, inputs]."""
        if self.is_whole:
            values = np.pad(values, ((0, 0), *zip(self._pads[:2], self._pads[2:])))
            spans = [(side - 1) * apart + 1 for side, apart in zip(self.kernel, self._apart)]
            windows = np.lib.stride_tricks.sliding_window_view(values, spans, axis=(1, 2))
            windows = windows[:, :: self._strides[0], :: self._strides[1], :: self._apart[0], :: self._apart[1]]
        else:
            windows = values.reshape(len(values), 1, -1)
        height, width = windows.shape[1:3]
        places = np.unique(np.linspace(0, height * width - 1, min(height * width, _PLACES)).astype(int))
        taken = windows[:, places // width, places % width]  # [channels, places, …]
        taken = taken.reshape(self.groups, -1, *taken.shape[1:]).swapaxes(1, 2)
        return taken.reshape(self.groups, len(places), -1)


class Watch:
    """What the convolutions of a network take on photos, by their outputs; of `layers` those whose bias is constant."""

    def __init__(self, network: "ModelProto", layers: Mapping[str, np.ndarray]) -> None:
        constants = {each.name for each in network.graph.initializer}
        self.inputs: Dict[str, Inputs] = {}
        self._taking: Dict[str, List[Inputs]] = {}
        for node in network.graph.node:
            name = node.output[0]
            if node.op_type == "Conv" and name in layers and constants.issuperset(filter(None, node.input[2:])):
                self.inputs[name] = Inputs(node, layers[name].shape)
                self._taking.setdefault(node.input[0], []).append(self.inputs[name])

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """The values of tensors in one photo, float32 [1, channels, …]."""
        for name in self._taking:
            for each in self._taking[name]:
                each.add(values[name][0])


class RoundedWeights(NamedTuple):
    """Weights in 8 bits, with one scale for each output."""

    steps: np.ndarray  # int8, of the weights' shape
    scale: np.ndarray  # float32 [outputs]
    lost: np.ndarray  # float64 [outputs]: what the result is less by on an average photo


def rounded_weights(
    weight: np.ndarray, inputs: Optional[Inputs] = None, units: Optional[np.ndarray] = None
) -> RoundedWeights:
    """Weights, [outputs, …], in 8 bits: for the inputs of a convolution, which come in `units`; else to the nearest."""
    table = weight.reshape(len(weight), -1).astype(np.float64)
    scale = scales_of(table)
    wide = scale.astype(np.float64).reshape(-1, *[1] * (weight.ndim - 1))
    exact = weight / wide
    nearest = np.rint(exact)
    if inputs is None:
        return RoundedWeights(nearest.astype(np.int8), scale, np.zeros(len(weight)))
    unit = np.ones(1) if units is None else units
    channels = np.broadcast_to(unit, inputs.groups * weight.shape[1]).reshape(inputs.groups, -1)
    unit = np.repeat(channels, inputs.mean().shape[1] // weight.shape[1], axis=1)
    spread = inputs.covariance() / unit[:, :, np.newaxis] / unit[:, np.newaxis]
    least, most = (inputs.rows(each.reshape(weight.shape)) for each in bounds_of(nearest.reshape(table.shape)))
    steps = inputs.table(carried_on(inputs.rows(exact), spread, least, most), weight.shape)
    lost = (inputs.rows((exact - steps) * wide) * (inputs.mean() / unit)[:, np.newaxis]).sum(axis=2)
    return RoundedWeights(steps.astype(np.int8), scale, lost.reshape(len(weight), -1).sum(axis=1))


def carried_on(exact: np.ndarray, spread: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Rows of weights, [groups, rows, inputs], as whole numbers between `least` and `most`.

    `spread`, [groups, inputs, inputs], is how the inputs go together: what is
    made small are the squares of what a row of errors gives with it.
    """
    width = spread.shape[-1]
    damping = np.maximum(_DAMPING * np.trace(spread, axis1=1, axis2=2) / width, 1e-9)
    order = np.argsort(-np.einsum("gii->i", spread), kind="stable")  # those that count most have all others to follow
    exact, least, most = exact[..., order], least[..., order], most[..., order]
    spread = spread[:, order][..., order] + damping[:, np.newaxis, np.newaxis] * np.eye(width)
    upper = np.linalg.cholesky(spread[:, ::-1, ::-1])[:, ::-1, ::-1]  # times itself turned over: `spread`
    upper = upper / np.einsum("gii->gi", upper)[:, np.newaxis]
    steps, lost = np.empty_like(exact), np.zeros_like(exact)
    for start in range(0, width, _BLOCK):
        end = min(start + _BLOCK, width)
        wanted = exact[..., start:end] + lost[..., :start] @ upper[:, :start, start:end]
        for place in range(start, end):
            carried = (lost[..., start:place] * upper[:, np.newaxis, start:place, place]).sum(axis=2)
            near = np.rint(wanted[..., place - start] + carried)
            steps[..., place] = np.clip(near, least[..., place], most[..., place])
            lost[..., place] = exact[..., place] - steps[..., place]
    given = np.empty_like(steps)
    given[..., order] = steps
    return given


def scales_of(table: np.ndarray) -> np.ndarray:
    """The step of each row of weights, float32 [out]: the two largest of one sign together are `_TWO_WEIGHTS` steps."""
    padded = np.pad(table, ((0, 0), (0, 2)))
    largest = np.maximum(np.partition(padded, -2)[:, -2:].sum(axis=1), -np.partition(padded, 1)[:, :2].sum(axis=1))
    scale: np.ndarray = np.where(largest > 0, largest / _TWO_WEIGHTS, 1.0).astype(np.float32)
    return scale


def bounds_of(steps: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """How far the steps of each row, [out, in], can change so that no two of one sign exceed 128 together."""
    return -_most(-steps), _most(steps)


def _most(steps: np.ndarray) -> np.ndarray:
    half = (_TWO_WEIGHTS + 1) // 2
    largest = np.maximum(steps.max(axis=1, keepdims=True), half)
    most = np.repeat(2 * half - largest, steps.shape[1], axis=1)
    np.put_along_axis(most, steps.argmax(axis=1)[:, np.newaxis], largest, axis=1)
    return most
