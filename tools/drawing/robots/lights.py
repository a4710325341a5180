"""The light over a whole picture: its time of day, its lamp, or what the years did to the print."""

from dataclasses import dataclass
from typing import Tuple

import numpy as np
from PIL import Image, ImageFilter

Gains = Tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """`gains` multiply red, green and blue; `saturation` 0 is grey; `lift` is how far black fades towards `haze`.

    `glow` is the strength of lamps and lenses that shine by themselves, `corners` how much darker the edges are and
    `grain` the noise in grey levels.
    """

    gains: Gains = (1, 1, 1)
    saturation: float = 1
    lift: float = 0
    haze: Tuple[int, int, int] = (235, 215, 190)
    glow: float = 0
    corners: float = 0
    grain: float = 0


LIGHTS = {
    "day": Light(),
    "overcast": Light(gains=(0.9, 0.95, 1.0), saturation=0.6, lift=0.08, haze=(200, 208, 216)),
    "golden": Light(gains=(1.1, 0.91, 0.68), corners=0.15),
    "sunset": Light(gains=(1.06, 0.7, 0.62), lift=0.08, haze=(255, 150, 90), corners=0.2),
    "lamp": Light(gains=(1.04, 0.8, 0.54), glow=0.5, corners=0.6),
    "night": Light(gains=(0.42, 0.55, 0.98), saturation=0.7, glow=1, corners=0.35, grain=3),
    "moon": Light(gains=(0.5, 0.66, 0.95), saturation=0.4, glow=0.8, corners=0.25),
    "neon": Light(gains=(0.95, 0.5, 0.98), saturation=0.7, glow=0.8, corners=0.3),
    "faded": Light(gains=(1.0, 0.92, 0.8), saturation=0.5, lift=0.28, corners=0.1, grain=3),
    "grey": Light(saturation=0, grain=2),
}


def shine(picture: Image.Image, glow: Image.Image, light: Light, noise: np.ndarray) -> Image.Image:
    """The picture in that light; `glow` holds the colours of what shines, on black; `noise` is between -1 and 1."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    pixels = grey[..., None] + (pixels - grey[..., None]) * light.saturation
    pixels = pixels * np.array(light.gains, np.float32) * _vignette(pixels.shape[:2], light.corners)[..., None]
    pixels = pixels * (1 - light.lift) + np.array(light.haze, np.float32) * light.lift
    if light.glow:
        halo = np.asarray(glow.filter(ImageFilter.GaussianBlur(0.035 * max(picture.size))), np.float32)
        rays = np.clip(np.asarray(glow, np.float32) * 0.55 + halo, 0, 255) * light.glow
        pixels = 255 - (255 - pixels.clip(0, 255)) * (255 - rays.clip(0, 255)) / 255
    if light.grain:
        pixels = pixels + (noise * light.grain)[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _vignette(shape: Tuple[int, int], strength: float) -> np.ndarray:
    y, x = (np.linspace(-1, 1, length, dtype=np.float32) for length in shape)
    return 1 - strength * np.clip((x[None, :] ** 2 + y[:, None] ** 2) / 2, 0, 1)
