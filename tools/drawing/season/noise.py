"""Clouds of numbers: what leaf litter, sunlight under trees, wind and film grain have in common."""

import numpy as np
from PIL import Image

from ..dice import Dice


def fractal(dice: Dice, width: int, height: int, cells: float, octaves: int = 4) -> np.ndarray:
    """Smooth noise of mean about 0 and deviation about 1, float32 of shape (height, width).

    `cells` is the number of bumps of the coarsest octave along the width; each octave halves the size and the weight.
    """
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        across = max(round(cells * 2**octave), 2)
        coarse = dice.noise(max(round(across * height / width), 2) + 2, across + 2).astype(np.float32)
        if across > width:
            break
        total += np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC)) / 2**octave
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, and a smooth step between them."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
