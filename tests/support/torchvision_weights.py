"""Random weights of ResNet-50 and VGG19 under torchvision's names; the same for ever, as RandomState's numbers are."""

from typing import Dict

import numpy as np

_RESNET = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, width; a block's output is four times as wide
_VGG19 = (2, 2, 4, 4, 4)  # convolutions before each halving, of 64, 128, 256, 512, 512 wide

Weights = Dict[str, np.ndarray]


def _normal(random: np.random.RandomState, *shape: int, scale: float = 0.1) -> np.ndarray:
    return (scale * random.standard_normal(shape)).astype(np.float32)


def random_resnet_50(seed: int = 0) -> Weights:
    """With the classifier, which is not used, and counters, which PyTorch keeps beside the weights."""
    random = np.random.RandomState(seed)
    weights: Weights = {}

    def unit(name: str, conv: str, norm: str, inputs: int, outputs: int, kernel: int = 1) -> None:
        scale = (2 / (inputs * kernel**2)) ** 0.5
        weights[f"{name}{conv}.weight"] = _normal(random, outputs, inputs, kernel, kernel, scale=scale)
        weights[f"{name}{norm}.weight"] = 0.5 + _normal(random, outputs)
        weights[f"{name}{norm}.bias"] = _normal(random, outputs)
        weights[f"{name}{norm}.running_mean"] = _normal(random, outputs)
        weights[f"{name}{norm}.running_var"] = (0.5 + random.random_sample(outputs)).astype(np.float32)
        weights[f"{name}{norm}.num_batches_tracked"] = np.array(7)

    unit("", "conv1", "bn1", 3, 64, 7)
    inputs = 64
    for stage, (blocks, width) in enumerate(_RESNET, start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}."
            unit(name, "conv1", "bn1", inputs, width)
            unit(name, "conv2", "bn2", width, width, 3)
            unit(name, "conv3", "bn3", width, 4 * width)
            if block == 0:
                unit(name, "downsample.0", "downsample.1", inputs, 4 * width)
            inputs = 4 * width
    weights["fc.weight"], weights["fc.bias"] = _normal(random, 1000, inputs), _normal(random, 1000)
    return weights


def random_vgg19(thin: int = 8, wide: int = 4096, seed: int = 0) -> Weights:
    """With `thin` times fewer channels than it should have, which spares half a gigabyte, and hidden layers `wide`."""
    random = np.random.RandomState(seed)
    weights: Weights = {}

    def layer(name: str, *shape: int) -> None:
        weights[f"{name}.weight"] = _normal(random, *shape, scale=(2 / np.prod(shape[1:])) ** 0.5)
        weights[f"{name}.bias"] = _normal(random, shape[0])

    number, inputs = 0, 3
    for stage, convolutions in enumerate(_VGG19):
        outputs = min(512, 64 << stage) // thin
        for _ in range(convolutions):
            layer(f"features.{number}", outputs, inputs, 3, 3)
            number, inputs = number + 2, outputs
        number += 1
    layer("classifier.0", wide, inputs * 49)
    layer("classifier.3", wide, wide)
    layer("classifier.6", 1000, wide)
    return weights
