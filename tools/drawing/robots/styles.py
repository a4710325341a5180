"""Ways to paint: flat, shaded, as a line drawing, in pixels, …"""

from dataclasses import dataclass
from typing import Optional

from .solids import Colour


@dataclass(frozen=True)
class Style:
    """How patches turn into paint.

    `steps` is the number of tones between light and shadow (0: smooth, 1: none), `shade` how dark shadow gets and
    `gloss` how bright the highlight is. `ink` is the colour of contours, `weight` their width as part of the figure's
    height, `wobble` how shaky the hand is. `fill` paints every patch in one colour: a line drawing. `contact` is the
    shadow that parts cast on the parts behind them.
    """

    steps: int = 1
    shade: float = 0.2
    gloss: float = 0
    ink: Optional[Colour] = None
    weight: float = 0.008
    wobble: float = 0
    fill: Optional[Colour] = None
    wash: float = 0
    contact: float = 0


STYLES = {
    "flat": Style(shade=0.16),
    "outlined": Style(steps=2, shade=0.2, ink=(38, 32, 44)),
    "shaded": Style(steps=0, shade=0.62, gloss=0.55, contact=0.5),
    "clay": Style(steps=0, shade=0.5, gloss=0.08, contact=0.4),
    "cutout": Style(shade=0.1, contact=0.75),
    "sketch": Style(steps=2, shade=0.14, ink=(72, 58, 52), weight=0.006, wobble=0.008, wash=0.35),
    "line": Style(ink=(40, 40, 52), weight=0.009, wobble=0.003, fill=(255, 255, 255)),
    "blueprint": Style(ink=(226, 238, 250), weight=0.007, wobble=0.001, fill=(34, 84, 150)),
    "pixel": Style(steps=2, shade=0.22, ink=(34, 30, 46), weight=0.012),
}
