"""Drawn photos with little on them: skies, snow, fog and night, with the noise of a sensor."""

from typing import Callable, Dict

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480


def sky(seed: int, cover: float) -> Image.Image:
    """A gradient from top to horizon, with clouds that hide up to `cover` of it."""
    rng = np.random.default_rng(seed)
    top, horizon = (np.array(colour) + rng.normal(0, 8, 3) for colour in ((70, 120, 190), (170, 200, 225)))
    clear = top + (horizon - top) * np.linspace(0, 1, HEIGHT)[:, None, None] + np.zeros((HEIGHT, WIDTH, 1))
    share = cover * np.clip(_clouds(rng) - 0.2, 0, 1)[..., None]
    return _photographed(rng, clear * (1 - share) + 245 * share)


def snow(seed: int) -> Image.Image:
    """A slope of snow under a white sky."""
    rng = np.random.default_rng(seed)
    white = 225 + 8 * _clouds(rng, 3) + rng.normal(0, 5)
    horizon = int(HEIGHT * rng.uniform(0.2, 0.5))
    white[:horizon] = 205 + rng.normal(0, 6) + 3 * _clouds(rng, 2)[:horizon]
    return _photographed(rng, np.stack([white - 4, white, white + 5], -1))


def fog(seed: int) -> Image.Image:
    """A few trunks that hardly show."""
    rng = np.random.default_rng(seed)
    grey = 165 + rng.normal(0, 12) + 10 * np.linspace(0, 1, HEIGHT)[:, None] + 2 * _clouds(rng, 2)
    for _ in range(rng.integers(2, 6)):
        start, width = rng.integers(0, WIDTH), rng.integers(8, 40)
        grey[:, start : start + width] -= rng.uniform(3, 14)
    return _photographed(rng, np.stack([grey] * 3, -1), shot=0.1)


def night(seed: int) -> Image.Image:
    """Ground in the light of a flash."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    x, y = rng.uniform(0.35, 0.65) * WIDTH, rng.uniform(0.5, 0.8) * HEIGHT
    flash = np.exp(-(((across - x) / (0.35 * WIDTH)) ** 2 + ((down - y) / (0.4 * HEIGHT)) ** 2))
    grey = 6 + 55 * flash * (1 + 0.25 * _clouds(rng, 6))
    return _photographed(rng, np.stack([grey] * 3, -1), shot=0.6, read=3)


KINDS: Dict[str, Callable[[int], Image.Image]] = {
    "clouds": lambda seed: sky(seed, 0.8),
    "haze": lambda seed: sky(seed, 0.15),
    "clear sky": lambda seed: sky(seed, 0.0),
    "snow": snow,
    "fog": fog,
    "night": night,
}


def _clouds(rng: np.random.Generator, octaves: int = 5) -> np.ndarray:
    """Soft noise of several sizes, float32 [height, width], around 0."""
    clouds = np.zeros((HEIGHT, WIDTH), np.float32)
    for octave in range(octaves):
        cells = rng.normal(size=(2 + 2 * 2**octave, 2 + 3 * 2**octave)).astype(np.float32)
        clouds += np.asarray(Image.fromarray(cells).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) / 2**octave
    return clouds


def _photographed(rng: np.random.Generator, light: np.ndarray, shot: float = 0.05, read: float = 1.5) -> Image.Image:
    """Levels 0 to 255 with shot noise, whose square is a share of the level, and read noise."""
    noise = rng.normal(size=light.shape) * np.sqrt(read**2 + shot * np.maximum(light, 0))
    return Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8))
