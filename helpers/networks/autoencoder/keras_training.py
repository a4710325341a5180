"""Training an autoencoder with Keras, and writing its encoder and decoder as two ONNX networks.

The encoder halves the photo four times by convolutions and ends with a few
numbers; the decoder is its mirror image. It enlarges by repeating pixels before
a convolution, which leaves no chequered pattern as transposed convolutions do
(Odena, Dumoulin and Olah, 2016, doi:10.23915/distill.00003), and which JAX
trains four times as fast on a processor.

Only `train` needs Keras: version 2.13, as installed with Turi Create, or 3.
"""

import contextlib
import os
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.networks.onnx.graph import Graph

if TYPE_CHECKING:
    from onnx import ModelProto

Weights = List[np.ndarray]  # kernel and bias of each layer, as Keras orders them

STEP = 16  # both sides of a photo are multiples of it: they are halved four times
_CHANNELS = (16, 32, 64, 64)  # after each halving
_BACKENDS = ("tensorflow", "jax", "torch")  # of Keras 3, the fastest on a processor first
_MISSING = "training needs Keras and JAX: pip install keras jax; a trained autoencoder opens without them"


class Plan(NamedTuple):
    """The settings of a training."""

    latent: int
    epochs: int  # at most
    patience: int  # epochs without improvement, after which it ends
    batch_size: int
    learning_rate: float
    mirror: bool  # half of the photos, chosen anew each time, are mirrored
    seed: int


class TrainingResult(NamedTuple):
    """The outcome of a training: the weights of its best epoch, and the losses of all epochs."""

    encoder: Weights
    decoder: Weights
    losses: List[Tuple[float, float]]  # of training and validation, one pair an epoch
    best: int  # epoch, from 1 on
    interrupted: bool = False


def train(
    pixels: np.ndarray,
    learnt: np.ndarray,
    held_back: np.ndarray,
    plan: Plan,
    report_progress: Callable[[str, int], None],
) -> TrainingResult:
    """Train until the validation loss has not improved for a while, or until an interrupt.

    `pixels` are photos, uint8 [N, height, width, 3], and may be on disk; the rows
    `learnt` are trained with, the rows `held_back` give the validation loss.
    Losses are mean squared errors of colours from 0 to 1; that of training is
    measured while the weights move. `report_progress` is called after each batch,
    with a line on the epoch and the number of photos.

    Raises `ModelError` without Keras, where an interrupt comes before the first
    epoch is finished, and where no loss is a number.
    """
    keras = keras_here()
    rng = np.random.default_rng(plan.seed)
    encoder, decoder = build(keras, (pixels.shape[2], pixels.shape[1]), plan.latent, rng)
    whole = keras.Model(encoder.input, decoder(encoder.output))
    whole.compile(keras.optimizers.Adam(plan.learning_rate), loss="mse")
    losses: List[Tuple[float, float]] = []
    result: Optional[TrainingResult] = None
    try:
        for epoch in range(1, plan.epochs + 1):
            report = partial(report_progress, f"epoch {epoch}" + (f", best loss {_best(result):.4f}" if result else ""))
            mixed = _batches(pixels, rng.permutation(learnt), plan.batch_size, rng if plan.mirror else None)
            loss = _epoch(whole, whole.train_on_batch, mixed, report)
            same = _batches(pixels, held_back, plan.batch_size)
            checked = _epoch(whole, whole.test_on_batch, same, lambda photos: None)
            losses.append((loss, checked))
            if checked < _best(result):
                result = TrainingResult(encoder.get_weights(), decoder.get_weights(), losses, epoch)
            elif epoch - (result.best if result else 0) >= plan.patience:
                break
    except KeyboardInterrupt:
        if result is None:
            raise ModelError("interrupted before the first epoch was finished: there is nothing to keep") from None
        return result._replace(interrupted=True)
    if result is None:
        raise ModelError(f"no loss was a number; try a learning_rate below {plan.learning_rate:g}")
    return result


def _best(result: Optional[TrainingResult]) -> float:
    return result.losses[result.best - 1][1] if result else np.inf


def _epoch(model: Any, step: Callable[..., Any], batches: Iterator[np.ndarray], report: Callable[[int], None]) -> float:
    """One step for each batch; the mean loss of a photo."""
    total, count = 0.0, 0
    for photos in batches:
        model.reset_metrics()  # or Keras 3 would give the mean of all batches until now
        total += len(photos) * float(step(photos, photos))
        count += len(photos)
        report(len(photos))
    return total / count


def _batches(
    pixels: np.ndarray, rows: np.ndarray, size: int, mirror: Optional[np.random.Generator] = None
) -> Iterator[np.ndarray]:
    """Photos as Keras takes them, float32 from 0 to 1; half of them, drawn by `mirror`, are mirrored."""
    for start in range(0, len(rows), size):
        photos = pixels[rows[start : start + size]].astype(np.float32) / 255
        if mirror is not None:
            mirrored = mirror.random(len(photos)) < 0.5
            photos[mirrored] = photos[mirrored, :, ::-1]
        yield photos


def keras_here() -> Any:
    """Keras, with a backend that is installed, unless the person has chosen one; raises `ModelError`."""
    backend = next((name for name in _BACKENDS if find_spec(name) is not None), None)
    if backend is None or find_spec("keras") is None:
        raise ModelError(_MISSING)
    try:
        with _unless_set({"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}):  # 2: no notes, but errors
            import keras
    except ImportError as error:
        raise ModelError(f"Keras is installed, but cannot be used: {error}") from error
    return keras


@contextlib.contextmanager
def _unless_set(wanted: Dict[str, str]) -> Iterator[None]:
    """Set environment variables for the block, except those that are set already."""
    added = wanted.keys() - os.environ.keys()
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def build(keras: Any, size: Tuple[int, int], latent: int, rng: np.random.Generator) -> Tuple[Any, Any]:
    """An encoder and a decoder as Keras models of float32 from 0 to 1, with initial weights drawn from `rng`.

    `size` is (width, height).
    """
    layers = keras.layers
    width, height = size
    zeros = {"kernel_initializer": "zeros"}  # Keras would draw from Python's own random numbers
    photos = keras.Input((height, width, 3))
    x = photos
    for channels in _CHANNELS:
        x = layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu", **zeros)(x)
    encoder = keras.Model(photos, layers.Dense(latent, **zeros)(layers.Flatten()(x)))

    numbers = keras.Input((latent,))
    small = (height // STEP, width // STEP, _CHANNELS[-1])
    x = layers.Reshape(small)(layers.Dense(int(np.prod(small)), activation="relu", **zeros)(numbers))
    for channels in _CHANNELS[-2::-1]:
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", **zeros)(layers.UpSampling2D()(x))
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", **zeros)(layers.UpSampling2D()(x))
    decoder = keras.Model(numbers, x)

    for model in (encoder, decoder):
        model.set_weights([_drawn(weight.shape, rng) for weight in model.get_weights()])
    return encoder, decoder


def _drawn(shape: Tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A layer's initial weights, as Keras chooses them (Glorot and Bengio, 2010): uniform around 0; biases 0."""
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    limit = np.sqrt(6 / (np.prod(shape[:-2]) * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def encoder_network(weights: Weights, size: Tuple[int, int]) -> "ModelProto":
    """The encoder as `load_network` takes it: photos, uint8 [N, height, width, 3] → float32 [N, latent].

    `size` is (width, height).
    """
    graph = Graph()
    x = graph.photos(mean=[0, 0, 0], std=[255, 255, 255])
    *convolutions, (kernel, bias) = zip(weights[::2], weights[1::2])
    for each, its_bias in convolutions:
        constants = graph.constant(each.transpose(3, 2, 0, 1)), graph.constant(its_bias)
        # With one line of padding, Keras puts it after the photo.
        x = graph.node(
            "Relu", graph.node("Conv", x, *constants, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
        )
    x = graph.node("Flatten", graph.node("Transpose", x, perm=[0, 2, 3, 1]))
    x = graph.node("Gemm", x, graph.constant(kernel), graph.constant(bias))
    return graph.model(x, size=size, dimension=len(bias))


def decoder_network(weights: Weights, size: Tuple[int, int]) -> "ModelProto":
    """The decoder: `numbers`, float32 [N, latent] → `photos`, uint8 [N, height, width, 3]."""
    from onnx import TensorProto, helper

    graph = Graph()
    (kernel, bias), *convolutions = zip(weights[::2], weights[1::2])
    x = graph.node("Relu", graph.node("Gemm", "numbers", graph.constant(kernel), graph.constant(bias)))
    small = [0, size[1] // STEP, size[0] // STEP, -1]
    x = graph.node("Transpose", graph.node("Reshape", x, graph.constant(np.array(small))), perm=[0, 3, 1, 2])
    nearest = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    twice = graph.constant(np.array([1, 1, 2, 2], np.float32))
    for each, its_bias in convolutions:
        x = graph.conv(graph.node("Resize", x, "", twice, **nearest), each.transpose(3, 2, 0, 1), its_bias, padding=1)
        x = graph.node("Sigmoid" if len(its_bias) == 3 else "Relu", x)
    x = graph.node("Round", graph.node("Mul", x, graph.constant(np.float32(255))))
    x = graph.node("Transpose", graph.node("Cast", x, to=TensorProto.UINT8), perm=[0, 2, 3, 1])
    taken = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["N", len(kernel)])
    given = helper.make_tensor_value_info(x, TensorProto.UINT8, ["N", size[1], size[0], 3])
    return graph.finished(taken, given)
