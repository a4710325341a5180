"""The five views of the season: two by a brook, one over a meadow, two in a wood. `scene(camera, size, seed)`."""

from typing import Callable, Dict, List, Tuple

import numpy as np
from PIL import Image

from ..dice import Dice
from ..outlines import moved
from .noise import fractal
from .scene import (
    EYE,
    FOCAL,
    NEAREST,
    Canvas,
    Layer,
    Scene,
    foliage,
    grass,
    ground,
    litter,
    metres,
    stone,
    trunk,
    tufts,
)

_GREEN = ((76, 94, 50), (96, 114, 60), (62, 80, 48), (118, 128, 72))
_DARK = ((36, 56, 32), (48, 70, 38), (30, 46, 30), (60, 78, 40))
_DRY = ((168, 150, 98), (146, 130, 82), (118, 116, 66), (182, 166, 116))
_DEAD = ((122, 88, 58), (96, 70, 50), (148, 112, 74), (78, 60, 46), (132, 104, 82), (110, 104, 60))
_BARK, _GREY = (96, 80, 66), (128, 124, 118)


def scene(camera: str, width: int, height: int, seed: int) -> Scene:
    """The view of one camera; the same for the same seed."""
    dice = Dice("season", seed, camera)
    kind, horizon, shade, bumps, contrast = VIEWS[camera]
    canvas = Canvas(width, height)
    kind(canvas, dice, horizon)
    image, near, sway = canvas.done()
    wide, high = round(width * 1.7), round(height * 1.4)
    patches = fractal(dice, wide, high, bumps, 3) + contrast / 5 * fractal(dice, wide, high, 60, 2)
    rows = np.linspace(0, 1, height)[:, None]
    texture = 1 + 0.16 * fractal(dice, width, height, 9, 3)[..., None] * (0.5 + rows[..., None] / 2)
    pixels = np.asarray(image.convert("RGB"), np.float32) * texture
    image = _picture(pixels)
    return Scene(image, near, sway, horizon, _layers(camera, dice, width, height, horizon), patches, shade, contrast)


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _forest(canvas: Canvas, dice: Dice, horizon: float, trunks: int, dense: int, palette=_DARK) -> None:
    """The wall of the wood behind the ground: dark, then stems, then leaves before them."""
    edge = horizon + 0.085
    canvas.polygon(np.array([[0, 0], [canvas.aspect, 0], [canvas.aspect, edge], [0, edge]]), (20, 27, 19), 0.1, 0.1)
    a = canvas.aspect
    foliage(canvas, dice, (-0.05, -0.05, a + 0.05, edge), dense, palette, 0.02, 0.13, 0.25, 60)
    for away in np.sort([dice.between(5, 15) for _ in range(trunks)])[::-1]:
        trunk(canvas, dice, dice.between(-0.02, a + 0.02), away, horizon, dice.between(0.14, 0.42), _BARK)
    foliage(canvas, dice, (-0.05, 0.0, a + 0.05, edge), dense // 2, _GREEN, 0.026, 0.2, 0.5, 34)
    foliage(canvas, dice, (0, edge - 0.07, a, edge + 0.03), dense // 3, _DARK, 0.02, 0.22, 0.4, 40)


def _wood_path(canvas: Canvas, dice: Dice, horizon: float) -> None:
    ground(canvas, dice, horizon, ((88, 68, 50), (66, 56, 42)), 0.22)
    _forest(canvas, dice, horizon, 9, 5200)
    litter(canvas, dice, horizon, 3600, _DEAD)
    tufts(canvas, dice, horizon, 110, _GREEN, 0.16)
    trunk(canvas, dice, dice.between(0.1, 0.35) * canvas.aspect, 4.4, horizon, 0.36, _BARK)
    foliage(canvas, dice, (0.75, horizon + 0.02, canvas.aspect + 0.1, horizon + 0.2), 700, _GREEN, 0.03, 0.4, 0.7, 12)


def _wood_clearing(canvas: Canvas, dice: Dice, horizon: float) -> None:
    ground(canvas, dice, horizon, ((94, 84, 58), (72, 74, 44)), 0.2)
    _forest(canvas, dice, horizon, 15, 3000, ((56, 78, 44), (74, 94, 50), (44, 62, 40)))
    litter(canvas, dice, horizon, 1700, _DEAD, 0.08)
    tufts(canvas, dice, horizon, 520, _GREEN, 0.2)
    log = moved([[0.05, 0.0], [0.62, -0.05], [0.63, 0.01], [0.05, 0.075]], 0, horizon + 0.24)
    canvas.polygon(moved(log, 0, 0.012), (34, 28, 22), 0.5)
    for share, tone in ((0, 0.5), (0.16, 0.75), (0.32, 0.95), (0.5, 0.8)):
        strip = log + np.array([[0, share], [0, share], [0, 0], [0, 0]]) * [1, 0.07]
        canvas.polygon(strip, np.array((88, 78, 62)) * (1.3 - tone), 0.3)
    moss = np.stack([dice.noise(500) * 0.28 + 0.34, horizon + 0.23 + dice.noise(500) * 0.03 - 0.01], 1)
    grass(canvas, dice, moss[:, 0], moss[:, 1], np.full(500, 0.016), _GREEN, 0.5, 0.1)
    tufts(canvas, dice, horizon, 130, _DRY, 0.22, 4.5, 2.0)


def _brook(canvas: Canvas, dice: Dice, horizon: float, side: int) -> None:
    ground(canvas, dice, horizon, ((104, 92, 72), (78, 78, 52)), 0.18)
    _forest(canvas, dice, horizon, 6, 4200)
    _water(canvas, dice, horizon, side)
    tufts(canvas, dice, horizon, 420, _GREEN + _DRY[2:3], 0.24, 12)
    for _ in range(34):
        away = dice.between(2.1, 9)
        stone(canvas, dice, dice.between(0, canvas.aspect), away, horizon, dice.between(0.08, 0.5), _GREY)
    litter(canvas, dice, horizon, 700, _DEAD, 0.07)


def _water(canvas: Canvas, dice: Dice, horizon: float, side: int) -> None:
    """The brook comes from the back and leaves at one side; it mirrors the wood, with ripples."""
    share = np.linspace(0, 1, 30)
    row = horizon + 0.1 + 0.42 * share
    middle = canvas.aspect * (0.5 + side * (0.1 * np.sin(5 * share) + 0.52 * share**2))
    half = 0.05 + 0.22 * share
    wobble = 0.012 * np.cumsum(dice.noise(30))
    left, right = (np.stack([middle + side * half + wobble, row], 1) for side in (-1, 1))
    banks = np.concatenate([left, right[::-1]])
    canvas.polygon(moved(banks, 0, -0.006), (48, 42, 32), 0.3)
    canvas.polygon(banks, (58, 68, 62), 0.12)
    at = (np.abs(dice.noise(900)) * 29).astype(int)
    x = middle[at] + wobble[at] + dice.noise(900) * half[at] * 0.95
    wide, y = 0.01 + 0.05 * np.abs(dice.noise(900)) * half[at] * 3, row[at] + 0.008 * dice.noise(900)
    left, right = np.maximum(x - wide, (middle - half)[at]), np.minimum(x + wide, (middle + half)[at])
    shapes = np.stack([np.stack([left, y], 1), np.stack([x, y - 0.002], 1), np.stack([right, y], 1),
                       np.stack([x, y + 0.002], 1)], 1)  # fmt: skip
    tone = np.array([(112, 126, 124), (40, 50, 44), (150, 160, 156), (66, 80, 62)])
    canvas.polygons(shapes, tone[(np.abs(dice.noise(900)) * 4).astype(int)], 0.14, 0.6)


def _brook_up(canvas: Canvas, dice: Dice, horizon: float) -> None:
    _brook(canvas, dice, horizon, 1)


def _brook_down(canvas: Canvas, dice: Dice, horizon: float) -> None:
    _brook(canvas, dice, horizon, -1)
    trunk(canvas, dice, 0.93 * canvas.aspect, 4.2, horizon, 0.4, _BARK)
    tufts(canvas, dice, horizon, 120, _GREEN, 0.24, 4.2)


def _meadow(canvas: Canvas, dice: Dice, horizon: float) -> None:
    ground(canvas, dice, horizon, ((120, 116, 66), (92, 100, 52)), 0.16)
    a = canvas.aspect
    sky = np.array([[0, 0], [a, 0], [a, horizon], [0, horizon]])
    canvas.polygon(sky, (198, 214, 226), 0)
    for lift, tone in ((0.10, (132, 148, 150)), (0.05, (104, 124, 104))):
        x = np.linspace(0, a, 60)
        ridge = horizon - lift * (0.7 + 0.5 * np.sin(3 * x + dice.between(0, 6)) + 0.2 * np.sin(9 * x))
        canvas.polygon(np.concatenate([np.stack([x, ridge], 1), [[a, horizon + 0.04], [0, horizon + 0.04]]]), tone, 0)
    x = np.linspace(-0.02, a + 0.02, 120)
    crowns = horizon - 0.035 - 0.02 * np.abs(np.sin(7 * x)) - 0.012 * np.abs(dice.noise(120))
    canvas.polygon(
        np.concatenate([np.stack([x, crowns], 1), [[a, horizon + 0.03], [0, horizon + 0.03]]]), (44, 60, 40), 0.06
    )
    foliage(canvas, dice, (0, horizon - 0.07, a, horizon + 0.01), 5200, _DARK + _GREEN[:2], 0.007, 0.06, 0.2, 170)
    foliage(canvas, dice, (-0.1, -0.1, 0.34, horizon), 1300, _GREEN, 0.022, 0.15, 0.6, 22)
    trunk(canvas, dice, 0.12, 9, horizon, 0.4, _BARK)
    tufts(canvas, dice, horizon, 1500, _DRY + _GREEN, 0.26, 22, 2.2)
    for x in (0.42, 0.95):
        trunk_top = np.array([[x - 0.008, horizon - 0.04], [x + 0.008, horizon - 0.042], [x + 0.009, horizon + 0.13]])
        canvas.polygon(np.concatenate([trunk_top, [[x - 0.009, horizon + 0.13]]]), (104, 94, 82), 0.3)
    flowers = dice.noise(90)
    away = np.sort(2.3 + 8 * np.abs(dice.noise(90)))[::-1]
    row = horizon + FOCAL * a * EYE / away - 0.2 * FOCAL * a / away * np.abs(dice.noise(90))
    grass(canvas, dice, (flowers * 0.5 + 0.5) * a, row, 0.035 / away, ((214, 208, 186), (198, 180, 96)), 0.4, 0.5, 0.2)


def _layers(camera: str, dice: Dice, width: int, height: int, horizon: float) -> List[Layer]:
    """Plants that stand before the animals: some in the middle, some close to the lens."""
    layers = []
    for root, count, tall in ((dice.between(0.64, 0.7), 3, 0.16), (dice.between(0.8, 0.86), 2, 0.2), (1.04, 2, 0.3)):
        canvas = Canvas(width, height, clear=True)
        near = NEAREST / metres(root, horizon)
        for _ in range(count):
            x = dice.between(0.02, 0.98) * canvas.aspect
            if root > 1:
                x = dice.pick((dice.between(-0.02, 0.22), dice.between(0.8, 1.02))) * canvas.aspect
            blades = round(60 + 60 * dice.between(0, 1))
            at = x + dice.noise(blades) * dice.noise(blades) * tall * 0.9
            high = tall * (0.35 + 0.65 * np.abs(dice.noise(blades)))
            palette = _DRY + _GREEN if camera.startswith("M") else _GREEN
            if dice.chance(0.6) or root > 1 or camera.startswith("M"):
                grass(
                    canvas, dice, at, np.full(blades, root) + 0.012 * dice.noise(blades), high, palette, near, 0.8, 0.7
                )
            else:
                box = (x - tall * 0.7, root - tall, x + tall * 0.7, root)
                foliage(canvas, dice, box, 260, palette, 0.032, near, 0.7, 9)
        image, _, sway = canvas.done()
        layers.append(Layer(image, sway, root))
    return layers


View = Tuple[Callable[[Canvas, Dice, float], None], float, float, float, float]
# How each is painted, where its horizon is, and the shade there: how much, how many patches, how hard.
VIEWS: Dict[str, View] = {
    "B1": (_brook_up, 0.33, 0.2, 11, 2.2),
    "B2": (_brook_down, 0.37, 0.5, 11, 2.2),
    "M1": (_meadow, 0.36, -0.9, 3, 0.7),
    "W1": (_wood_path, 0.35, 0.8, 12, 2.2),
    "W2": (_wood_clearing, 0.4, 0.4, 10, 2.2),
}
