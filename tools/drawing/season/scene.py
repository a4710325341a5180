"""What one field camera looks at: a still picture, how near everything is, and what the wind moves.

A `Canvas` is painted from far to near, on three pictures at once: colours, nearness and sway.
"""

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw

from ..dice import Dice
from ..outlines import leaf, moved
from .noise import fractal

EYE = 0.75  # metres that a camera stands above the ground
NEAREST = 1.8  # metres: what is nearer is as bright as this in infrared light
FOCAL = 1.25  # focal length in picture widths


@dataclass
class Layer:
    """RGBA with what stands on the ground at row `root` (0 top, 1 bottom of the picture), and its sway (0 to 1)."""

    image: Image.Image
    sway: np.ndarray
    root: float


@dataclass
class Scene:
    """`image` is opaque; `nearness` is 1 at `NEAREST` metres and less beyond; `layers` come from far to near."""

    image: Image.Image
    nearness: np.ndarray
    sway: np.ndarray
    horizon: float
    layers: List[Layer]
    dapples: np.ndarray  # smooth noise, larger than the picture: where the sun comes through the trees
    shade: float  # above which it does
    contrast: float  # how hard the edge of the shade is

    def metres(self, row: float) -> float:
        """How far the ground is at a row of the picture."""
        return metres(row, self.horizon, self.image.width / self.image.height)

    def scale(self, row: float) -> float:
        """Pixels a metre of what stands there."""
        return FOCAL * self.image.width / self.metres(row)


def metres(row, horizon: float, aspect: float = 4 / 3):
    return FOCAL * aspect * EYE / np.maximum(row - horizon, 0.02)


class Canvas:
    """Paints in picture heights: (0, 0) is the upper left and (aspect, 1) the lower right corner.

    Everything is drawn at twice the size and reduced at the end.
    """

    def __init__(self, width: int, height: int, clear: bool = False) -> None:
        self.size, self.unit, self.aspect = (width, height), 2 * height, width / height
        big = (2 * width, 2 * height)
        self.image = Image.new("RGBA", big, (0, 0, 0, 0 if clear else 255))
        self.near, self.sway = Image.new("L", big), Image.new("L", big)
        self._draws = [ImageDraw.Draw(each) for each in (self.image, self.near, self.sway)]

    def polygon(self, points: np.ndarray, colour, near: float, sway: float = 0) -> None:
        flat = (np.asarray(points) * self.unit).ravel().tolist()
        inks = (*(min(max(int(part), 0), 255) for part in colour), 255), int(255 * min(near, 1)), int(255 * sway)
        for draw, ink in zip(self._draws, inks):
            draw.polygon(flat, fill=ink)

    def polygons(self, shapes: np.ndarray, colours: np.ndarray, near, sway=0.0) -> None:
        """Many at once: shapes (n, points, 2), colours (n, 3), nearness and sway one number or n."""
        count = len(shapes)
        near, sway = np.broadcast_to(near, count), np.broadcast_to(sway, count)
        flat = (shapes * self.unit).reshape(count, -1).tolist()
        inks = np.clip(colours, 0, 255).astype(int).tolist()
        grey = np.clip(np.stack([near, sway], 1) * 255, 0, 255).astype(int).tolist()
        picture, distance, wind = self._draws
        for shape, ink, (n, s) in zip(flat, inks, grey):
            picture.polygon(shape, fill=(*ink, 255))
            distance.polygon(shape, fill=n)
            wind.polygon(shape, fill=s)

    def paste(self, colours: np.ndarray, near: np.ndarray) -> None:
        """Fill the whole: colours (height, width, 3) and nearness (height, width) in the size of the picture."""
        big = self.image.size
        picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).resize(big, Image.BICUBIC)
        self.image.paste(picture, (0, 0))
        self.near.paste(Image.fromarray((np.clip(near, 0, 1) * 255).astype(np.uint8)).resize(big, Image.BILINEAR))

    def done(self) -> Tuple[Image.Image, np.ndarray, np.ndarray]:
        """The picture (RGBA), nearness and sway (float32, 0 to 1) in their final size."""
        image = self.image.convert("RGBa").resize(self.size, Image.BOX).convert("RGBA")
        near, sway = (
            np.asarray(each.resize(self.size, Image.BOX), np.float32) / 255 for each in (self.near, self.sway)
        )
        return image, near, sway


def ground(canvas: Canvas, dice: Dice, horizon: float, colours: Sequence[Sequence[float]], rough: float = 0.2) -> None:
    """The ground to the horizon: earth of two colours that mix in patches, finer the farther away."""
    width, height = canvas.size
    rows = (np.arange(height) + 0.5) / height
    away = metres(rows, horizon, canvas.aspect)
    fine, patches = fractal(dice, width, height, 60, 3), fractal(dice, width * 2, height * 2, 14, 4)
    # Rows near the horizon look far across the patches: perspective for a texture.
    source_row = np.clip((1 / np.maximum(rows - horizon, 0.01) ** 0.5 * 0.28 * height), 0, 2 * height - 1).astype(int)
    mixed = 1 / (1 + np.exp(-2 * patches[source_row, width // 2 : width // 2 + width]))
    first, second = (np.array(colour, float) for colour in colours[:2])
    earth = first + (second - first) * mixed[..., None]
    earth = earth * (1 + rough * fine[..., None] * np.clip(3 / away, 0.25, 1)[:, None, None])
    near = np.broadcast_to(np.clip(NEAREST / away, 0, 1)[:, None], (height, width))
    canvas.paste(earth, near)


def litter(canvas: Canvas, dice: Dice, horizon: float, count: int, palette, size: float = 0.09) -> None:
    """Dead leaves, flat on the ground, from the far ones to the near ones; `size` in metres."""
    away = np.sort(NEAREST + 9 * np.abs(dice.noise(count)) ** 1.5)[::-1]
    row = horizon + FOCAL * canvas.aspect * EYE / away
    x = (dice.noise(count) * 0.55 + 0.5) * canvas.aspect
    long = size * (0.5 + np.abs(dice.noise(count))) * FOCAL * canvas.aspect / away
    shape = leaf(1, 0.5)[::4] - [0.5, 0]
    angle = np.pi * dice.noise(count)
    turned = _turned(shape, angle) * long[:, None, None]
    turned[..., 1] *= np.clip(0.8 / away, 0.16, 0.6)[:, None] * (0.6 + np.abs(dice.noise(count)))[:, None]
    turned += np.stack([x, row], 1)[:, None]
    inks = _inks(dice, palette, count, 0.3)
    shadow = turned + np.array([0.002, 0.0025])
    pairs = np.stack([shadow, turned], 1).reshape(2 * count, len(shape), 2)
    both = np.stack([inks * 0.4, inks], 1).reshape(2 * count, 3)
    canvas.polygons(pairs, both, np.repeat(NEAREST / away, 2))


def foliage(canvas: Canvas, dice: Dice, box, count: int, palette, size: float, near, sway: float, clumps=24) -> None:
    """Leaves in clumps over a box (left, top, right, bottom); each clump has its own light, the top of it brighter."""
    left, top, right, bottom = box
    centres = np.stack([left + (right - left) * _even(dice, clumps), top + (bottom - top) * _even(dice, clumps)], 1)
    tone = 0.55 + 0.75 * _even(dice, clumps) ** 1.5
    depth = near * (0.6 + 0.8 * _even(dice, clumps))
    order = np.argsort(depth)
    each = max(count // clumps, 1)
    for clump in order:
        spread = (bottom - top) * (0.1 + 0.16 * dice.between(0, 1))
        offset = dice.noise(each, 2) * dice.noise(each, 1) * [1.5, 1.0] * spread
        places = centres[clump] + offset
        rise = np.clip(-offset[:, 1] / spread, -1, 1)
        angle = np.pi / 2 + 0.9 * np.pi * dice.noise(each)
        long = size * (0.5 + np.abs(dice.noise(each)))
        shapes = _turned(leaf(1, 0.42)[::4], angle) * long[:, None, None] + places[:, None]
        inks = _inks(dice, palette, each, 0.2) * (tone[clump] * (1 + 0.3 * rise))[:, None]
        canvas.polygons(shapes, inks, depth[clump], sway)


def grass(canvas: Canvas, dice: Dice, x, row, height, palette, near, sway: float, lean: float = 0.5) -> None:
    """Blades on roots (x, row), each `height` picture heights long; arrays of the same length, from far to near."""
    count = len(x)
    bend = lean * dice.noise(count)
    share = np.array([0, 0.45, 0.8, 1.0])
    way = share[None] ** 1.8 * bend[:, None]
    up = share[None] * np.sqrt(np.maximum(1 - 0.5 * bend**2, 0.2))[:, None]
    line = np.stack([way, -up], -1) * height[:, None, None] + np.stack([x, row], 1)[:, None]
    half = np.array([1, 0.8, 0.45, 0])[None, :, None] * (0.018 + 0.012 * np.abs(dice.noise(count)))[:, None, None]
    half = np.concatenate([half, half * 0], -1) * height[:, None, None] ** 0.8 * 0.7
    shapes = np.concatenate([line - half, (line + half)[:, ::-1]], 1)
    canvas.polygons(shapes, _inks(dice, palette, count, 0.25), near, sway)


def tufts(
    canvas: Canvas, dice: Dice, horizon: float, count: int, palette, metres_high: float, far=14.0, near=2.0
) -> None:
    """Grass over the ground in tufts, denser in patches."""
    away = np.sort(near + (far - near) * np.abs(dice.noise(count)))[::-1]
    blades = 7
    x = np.repeat((dice.noise(count) * 0.56 + 0.5) * canvas.aspect, blades)
    away = np.repeat(away, blades)
    scale = FOCAL * canvas.aspect / away
    x = x + dice.noise(len(x)) * 0.06 * scale
    row = horizon + EYE * scale
    tall = metres_high * (0.35 + np.abs(dice.noise(len(x)))) * scale
    grass(canvas, dice, x, row, tall, palette, NEAREST / away, 0.35)


def trunk(canvas: Canvas, dice: Dice, x: float, away: float, horizon: float, metres_wide: float, colour) -> None:
    """A stem from the ground out of the picture, with bark."""
    scale = FOCAL * canvas.aspect / away
    wide, foot, lean = metres_wide * scale / 2, horizon + EYE * scale, dice.between(-0.06, 0.06)
    near = NEAREST / away
    rows = np.linspace(foot, -0.02, 26)
    middle = x + lean * (foot - rows) + 0.006 * np.cumsum(dice.noise(26)) * wide * 8
    half = wide * (1 + 0.8 * np.exp(-(foot - rows) / (0.12 * scale + 1e-6)))
    outline = np.concatenate([np.stack([middle - half, rows], 1), np.stack([middle + half, rows], 1)[::-1]])
    canvas.polygon(outline, np.array(colour) * 0.8, near)
    marks = int(np.clip(wide * 5000, 20, 420))
    place = dice.noise(marks)
    at = (np.abs(dice.noise(marks)) * 25).astype(int)
    left = middle[at] + place * half[at] * 0.92
    long, thin = 0.012 + 0.05 * np.abs(dice.noise(marks)) * min(scale, 1), 0.0012 + 0.07 * wide
    y = rows[at] + 0.02 * dice.noise(marks)
    shapes = np.stack(
        [np.stack([left, y], 1), np.stack([left + thin, y + long / 2], 1), np.stack([left, y + long], 1),
         np.stack([left - thin, y + long / 2], 1)], 1
    )  # fmt: skip
    light = 0.62 + 0.5 * (place * 0.5 + 0.5) * (0.6 + 0.8 * np.abs(dice.noise(marks)))
    shapes[..., 0] = np.clip(shapes[..., 0], (middle - half)[at][:, None], (middle + half)[at][:, None])
    canvas.polygons(shapes, np.array(colour)[None] * light[:, None], near)


def stone(canvas: Canvas, dice: Dice, x: float, away: float, horizon: float, metres_wide: float, colour) -> None:
    """A boulder with a lit top and speckles."""
    scale = FOCAL * canvas.aspect / away
    row, radius = horizon + EYE * scale, metres_wide * scale / 2
    angle = np.linspace(0, 2 * np.pi, 26)[:-1]
    bumps = 1 + 0.1 * dice.noise(25)
    for share, tone in ((1.0, 0.45), (0.95, 0.7), (0.8, 0.9), (0.58, 1.05)):
        outline = np.stack([np.cos(angle) * radius * bumps, np.sin(angle) * radius * 0.6 * bumps], 1) * share
        lifted = moved(outline, x, row - radius * (0.3 + 0.22 * (1 - share)))
        canvas.polygon(lifted, np.array(colour) * tone, NEAREST / away)
    count = 120
    polar, out = np.pi * dice.noise(count), np.sqrt(np.abs(dice.noise(count))) * 0.85 * radius
    places = np.stack([x + np.cos(polar) * out, row - radius * 0.32 + np.sin(polar) * out * 0.58], 1)
    dots = _turned(leaf(1, 0.8)[::8], np.pi * dice.noise(count)) * radius * 0.07 + places[:, None]
    canvas.polygons(dots, np.array(colour)[None] * (0.8 + 0.35 * dice.noise(count, 1)), NEAREST / away)


def _turned(shape: np.ndarray, angle: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack([shape[:, 0] * cos - shape[:, 1] * sin, -(shape[:, 0] * sin + shape[:, 1] * cos)], -1)


def _inks(dice: Dice, palette, count: int, vary: float) -> np.ndarray:
    palette = np.array(palette, float)
    chosen = palette[(np.abs(dice.noise(count)) * len(palette)).astype(int)]
    return chosen * (1 + vary * dice.noise(count, 1)) * (1 + 0.06 * dice.noise(count, 3))


def _even(dice: Dice, count: int) -> np.ndarray:
    return dice.noise(count) * 0.5 + 0.5
