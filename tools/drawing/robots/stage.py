"""A canvas for backgrounds that measures everything in picture heights."""

from typing import Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..dice import Dice
from ..outlines import ellipse, moved
from .solids import Colour

Point = Tuple[float, float]


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """The colour with a share of the other in it."""
    return tuple(round(a * (1 - share) + b * share) for a, b in zip(colour, other))


class Stage:
    """(0, 0) is the upper left, (aspect, 1) the lower right corner.

    `title` is what a poster says.
    """

    def __init__(self, size: Tuple[int, int], title: str) -> None:
        self.image = Image.new("RGB", size)
        self.title = title
        self.unit = size[1]
        self.aspect = size[0] / size[1]
        self._draw = ImageDraw.Draw(self.image)

    def gradient(self, top: Colour, bottom: Colour, start: float = 0, end: float = 1) -> None:
        """A band across the picture from height `start` to `end`."""
        first, last = round(start * self.unit), max(round(end * self.unit), round(start * self.unit) + 1)
        share = np.linspace(0, 1, last - first)[:, None, None]
        band = (np.array(top) * (1 - share) + np.array(bottom) * share).round().astype(np.uint8)
        self.image.paste(Image.fromarray(band).resize((self.image.width, last - first)), (0, first))

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon([(x * self.unit, y * self.unit) for x, y in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, radius_y: float = 0) -> None:
        self.polygon(moved(ellipse(radius, radius_y), x, y), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        pixels = [(x * self.unit, y * self.unit) for x, y in points]
        self._draw.line(pixels, fill=colour, width=max(1, round(width * self.unit)), joint="curve")

    def hills(self, dice: Dice, y: float, height: float, colour: Colour, waves: float = 2) -> None:
        """Everything below a wavy line."""
        x = np.linspace(0, self.aspect, 90)
        a, b, c = dice.between(0, 6), dice.between(0, 6), dice.between(0.6, 1.4)
        ridge = y - height * (0.6 * np.sin(waves * c * x * 2 + a) + 0.4 * np.sin(waves * 3.7 * x + b))
        self.polygon([*zip(x, ridge), (self.aspect, 1), (0, 1)], colour)

    def blur(self, radius: float) -> None:
        """Soften all that has been drawn so far, by a radius in picture heights."""
        self.image.paste(self.image.filter(ImageFilter.GaussianBlur(radius * self.unit)))
