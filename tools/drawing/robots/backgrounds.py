"""What is behind the robots. Every background is a function `draw(stage, dice)`, listed in `BACKGROUNDS`."""

from typing import Callable, Dict

import numpy as np

from ..dice import Dice
from ..outlines import arc, blob, moved
from .lettering import letters
from .solids import Colour
from .stage import Stage, mix

_SWEETS = ((238, 120, 104), (250, 196, 92), (122, 190, 150), (96, 160, 214), (176, 140, 206), (244, 232, 214))
_EARTH = ((150, 98, 62), (196, 150, 96), (120, 116, 92), (86, 104, 116), (178, 92, 66), (224, 204, 170))


def plain(stage: Stage, dice: Dice) -> None:
    colour = dice.pick(_SWEETS + _EARTH)
    stage.gradient(mix(colour, (255, 255, 255), 0.45), mix(colour, (255, 255, 255), 0.15))


def white(stage: Stage, dice: Dice) -> None:
    stage.gradient((255, 255, 255), (255, 255, 255))


def studio(stage: Stage, dice: Dice) -> None:
    """A sweep of paper, as for photos of toys."""
    colour = mix(dice.pick(_SWEETS + _EARTH), (236, 232, 226), dice.between(0.3, 0.85))
    stage.gradient(mix(colour, (0, 0, 0), 0.22), colour, 0, 0.62)
    stage.gradient(colour, mix(colour, (255, 255, 255), 0.35), 0.62, 1)


def sky(stage: Stage, dice: Dice) -> None:
    stage.gradient((92, 172, 236), (206, 236, 250))
    if dice.chance(0.6):
        stage.disc(dice.between(0.1, stage.aspect), dice.between(0.1, 0.3), 0.09, (255, 240, 178))
    for _ in range(6):
        _cloud(stage, dice, dice.between(0, stage.aspect), dice.between(0.08, 0.75), (255, 255, 255))
    stage.hills(dice, 0.86, 0.04, (146, 204, 110))


def meadow(stage: Stage, dice: Dice) -> None:
    stage.gradient((150, 208, 240), (232, 246, 236), 0, 0.62)
    _cloud(stage, dice, dice.between(0, stage.aspect), 0.18, (255, 255, 255))
    for y, colour in ((0.5, (150, 190, 168)), (0.58, (128, 188, 110)), (0.68, (150, 206, 104))):
        stage.hills(dice, y, 0.05, colour)
    _tree(stage, dice, dice.between(0.05, 0.3) * stage.aspect)
    for _ in range(40):
        x, y = dice.between(0, stage.aspect), dice.between(0.72, 1)
        stage.disc(x, y, 0.008 + 0.01 * (y - 0.7), dice.pick(_SWEETS))


def desert(stage: Stage, dice: Dice) -> None:
    stage.gradient((250, 206, 146), (254, 236, 200), 0, 0.8)
    stage.disc(dice.between(0.2, 0.8) * stage.aspect, 0.3, 0.1, (255, 246, 214))
    _mesa(stage, dice)
    for y, colour in ((0.62, (226, 168, 104)), (0.7, (238, 186, 120)), (0.8, (246, 202, 140))):
        stage.hills(dice, y, 0.03, colour, waves=1.4)
    for _ in range(3):
        _cactus(stage, dice.between(0, stage.aspect), dice.between(0.66, 0.82), dice.between(0.1, 0.2))


def street(stage: Stage, dice: Dice) -> None:
    stage.gradient((168, 212, 236), (244, 238, 222), 0, 0.7)
    x = -dice.between(0, 0.2)
    while x < stage.aspect:
        width = dice.between(0.22, 0.4)
        _house(stage, dice, x, width, dice.between(0.1, 0.34))
        x += width
    stage.box(0, 0.72, stage.aspect, 0.78, (206, 200, 192))
    stage.gradient((112, 112, 120), (140, 140, 146), 0.78, 1)
    for x in np.arange(-0.1, stage.aspect, 0.34):
        stage.box(x, 0.89, x + 0.17, 0.905, (236, 232, 214))


def room(stage: Stage, dice: Dice) -> None:
    wall = mix(dice.pick(_SWEETS), (252, 246, 236), dice.between(0.35, 0.75))
    stage.gradient(wall, mix(wall, (120, 90, 70), 0.1), 0, 0.74)
    for x in np.arange(0.04, stage.aspect, 0.11):
        stage.box(x, 0, x + 0.025, 0.74, mix(wall, (255, 255, 255), 0.35))
    _window(stage, dice, dice.between(0.08, 0.6) * stage.aspect)
    stage.box(0, 0.72, stage.aspect, 0.75, (250, 246, 238))
    stage.gradient((182, 128, 84), (212, 160, 110), 0.75, 1)
    for y in (0.8, 0.87, 0.95):
        stage.line([(0, y), (stage.aspect, y)], 0.004, (162, 110, 72))
    stage.disc(dice.between(0.3, 0.7) * stage.aspect, 0.9, 0.45, dice.pick(_SWEETS), 0.07)


def workshop(stage: Stage, dice: Dice) -> None:
    stage.gradient((132, 112, 98), (164, 142, 122), 0, 0.76)
    for y in (0.22, 0.44, 0.66):
        x = 0.02
        while x < stage.aspect:
            width, height = dice.between(0.04, 0.12), dice.between(0.06, 0.16)
            stage.box(x, y - height, x + width, y, dice.pick(_SWEETS + _EARTH))
            stage.box(x + width * 0.2, y - height * 0.7, x + width * 0.8, y - height * 0.45, (244, 236, 220))
            x += width + dice.between(0.005, 0.07)
        stage.box(0, y, stage.aspect, y + 0.022, (98, 70, 52))
    stage.gradient((158, 112, 76), (190, 142, 98), 0.76, 1)


def seaside(stage: Stage, dice: Dice) -> None:
    stage.gradient((126, 200, 238), (226, 244, 246), 0, 0.5)
    stage.gradient((52, 138, 190), (110, 196, 208), 0.5, 0.8)
    for _ in range(14):
        x, y = dice.between(0, stage.aspect), dice.between(0.52, 0.7)
        stage.line([(x, y), (x + 0.08, y)], 0.006, (206, 238, 240))
    boat = dice.between(0.1, 0.9) * stage.aspect
    stage.polygon([(boat, 0.5), (boat + 0.12, 0.5), (boat + 0.1, 0.54), (boat + 0.02, 0.54)], (206, 86, 72))
    stage.polygon([(boat + 0.06, 0.36), (boat + 0.06, 0.49), (boat + 0.13, 0.49)], (255, 252, 244))
    stage.hills(dice, 0.75, 0.015, (244, 224, 178), waves=1)
    for _ in range(7):
        x, y = dice.between(0, stage.aspect), dice.between(0.8, 1)
        stage.polygon(blob(dice, 0.018) * [1, 0.6] + [x, y], (216, 190, 142))


def snow(stage: Stage, dice: Dice) -> None:
    stage.gradient((150, 178, 208), (228, 236, 244), 0, 0.7)
    stage.hills(dice, 0.56, 0.07, (196, 212, 228))
    for _ in range(7):
        _fir(stage, dice.between(0, stage.aspect), dice.between(0.62, 0.74), dice.between(0.16, 0.34))
    stage.hills(dice, 0.74, 0.03, (246, 249, 252))
    for _ in range(70):
        stage.disc(dice.between(0, stage.aspect), dice.between(0, 1), dice.between(0.003, 0.009), (255, 255, 255))


def stars(stage: Stage, dice: Dice) -> None:
    """Night on another planet."""
    stage.gradient((26, 28, 66), (96, 78, 132))
    for _ in range(70):
        stage.disc(dice.between(0, stage.aspect), dice.between(0, 0.7), dice.between(0.002, 0.006), (255, 250, 226))
    x, y, colour = dice.between(0.15, 0.85) * stage.aspect, dice.between(0.15, 0.4), dice.pick(_SWEETS)
    stage.disc(x, y, 0.12, colour)
    stage.disc(x + 0.03, y - 0.02, 0.08, mix(colour, (255, 255, 255), 0.25))
    stage.line(moved(arc(160, 380, 0.2, 0.05), x, y), 0.014, mix(colour, (255, 255, 255), 0.6))
    stage.hills(dice, 0.72, 0.05, (92, 74, 112))
    stage.hills(dice, 0.84, 0.02, (138, 108, 138))


def skyline(stage: Stage, dice: Dice) -> None:
    """A town under the evening sky."""
    stage.gradient((104, 84, 140), (252, 176, 118), 0, 0.75)
    stage.disc(dice.between(0.2, 0.8) * stage.aspect, 0.6, 0.13, (255, 224, 150))
    for depth, colour in ((0.3, (150, 104, 140)), (0.46, (96, 70, 112))):
        x = -0.05
        while x < stage.aspect:
            width = dice.between(0.08, 0.18)
            stage.box(x, depth + dice.between(0, 0.2), x + width, 0.8, colour)
            for _ in range(5):
                u, v = x + dice.between(0.02, width - 0.02), dice.between(0.66, 0.78)
                stage.box(u, v, u + 0.012, v + 0.016, (255, 226, 150))
            x += width
    stage.gradient((92, 72, 92), (132, 104, 112), 0.8, 1)


def poster(stage: Stage, dice: Dice) -> None:
    """Rays, and a band with the title in it."""
    first, second, band = dice.pick(_SWEETS), dice.pick(_EARTH), dice.pick(_SWEETS[:5])
    stage.gradient(first, first)
    middle = np.array([stage.aspect / 2, 0.52])
    for angle in np.arange(0, 360, 24) + dice.between(0, 24):
        edge = np.radians([angle, angle + 12])
        far = middle + 3 * np.stack([np.cos(edge), np.sin(edge)], axis=1)
        stage.polygon([tuple(middle), *map(tuple, far)], mix(first, second, 0.35))
    stage.disc(*middle, 0.36, mix(first, (255, 255, 255), 0.55))
    stage.box(0, 0.86, stage.aspect, 1, band)
    stage.box(0, 0.855, stage.aspect, 0.865, (252, 246, 232))
    for stroke in letters(stage.title, 0.075):
        stage.line(moved(stroke, stage.aspect / 2, 0.933), 0.016, (252, 246, 232))


def bokeh(stage: Stage, dice: Dice) -> None:
    """A cluttered place, far out of focus."""
    colours = dice.pick((_SWEETS, _EARTH))
    stage.gradient(dice.pick(colours), dice.pick(colours))
    for _ in range(26):
        x, y, width = dice.between(-0.1, stage.aspect), dice.between(-0.1, 0.9), dice.between(0.05, 0.3)
        stage.box(x, y, x + width, y + dice.between(0.1, 0.4), dice.pick(colours))
    stage.gradient(dice.pick(_EARTH), dice.pick(_EARTH), 0.8, 1)
    stage.blur(0.03)
    for _ in range(12):
        glint = mix(dice.pick(_SWEETS), (255, 255, 255), 0.4)
        stage.disc(dice.between(0, stage.aspect), dice.between(0, 0.7), dice.between(0.015, 0.045), glint)
    stage.blur(0.008)


def squared(stage: Stage, dice: Dice) -> None:
    """Paper from an exercise book."""
    stage.gradient((253, 252, 247), (249, 247, 240))
    for at in np.arange(0.03, max(1, stage.aspect), 0.05):
        stage.line([(at, 0), (at, 1)], 0.002, (206, 222, 236))
        stage.line([(0, at), (stage.aspect, at)], 0.002, (206, 222, 236))


def kraft(stage: Stage, dice: Dice) -> None:
    """Brown wrapping paper."""
    stage.gradient((208, 174, 130), (196, 160, 116))
    for _ in range(150):
        x, y = dice.between(0, stage.aspect), dice.between(0, 1)
        stage.line([(x, y), (x + dice.between(-0.02, 0.02), y + dice.between(-0.01, 0.01))], 0.002, (180, 144, 100))


def draughting(stage: Stage, dice: Dice) -> None:
    """The sheet of a blueprint."""
    stage.gradient((34, 84, 150), (30, 76, 140))
    for at in np.arange(0.02, max(1, stage.aspect), 0.08):
        stage.line([(at, 0), (at, 1)], 0.002, (62, 112, 176))
        stage.line([(0, at), (stage.aspect, at)], 0.002, (62, 112, 176))
    frame = [(0.03, 0.03), (stage.aspect - 0.03, 0.03), (stage.aspect - 0.03, 0.97), (0.03, 0.97), (0.03, 0.03)]
    stage.line(frame, 0.005, (226, 238, 250))


_ALL = (plain, white, studio, sky, meadow, desert, street, room, workshop, seaside, snow, stars, skyline, poster)
_ALL += (bokeh, squared, kraft, draughting)
BACKGROUNDS: Dict[str, Callable[[Stage, Dice], None]] = {draw.__name__: draw for draw in _ALL}


def _cloud(stage: Stage, dice: Dice, x: float, y: float, colour: Colour, size: float = 0) -> None:
    size = size or dice.between(0.04, 0.09)
    for dx, dy, radius in ((-1.1, 0.15, 0.6), (0, -0.2, 1), (1, 0, 0.75), (0.1, 0.35, 0.8), (2, 0.3, 0.4)):
        stage.disc(x + dx * size, y + dy * size, radius * size, colour, radius * size * 0.8)


def _tree(stage: Stage, dice: Dice, x: float) -> None:
    stage.box(x - 0.015, 0.5, x + 0.015, 0.68, (124, 88, 62))
    for dx, dy in ((-0.06, 0), (0.06, 0), (0, -0.08)):
        stage.polygon(moved(blob(dice, 0.09, 0.15), x + dx, 0.48 + dy), (92, 158, 92))


def _fir(stage: Stage, x: float, y: float, height: float) -> None:
    for level in (0, 0.25, 0.5):
        top, half = y - height * (0.5 + level), height * (0.34 - level * 0.3)
        stage.polygon([(x - half, top + height * 0.5), (x + half, top + height * 0.5), (x, top)], (74, 116, 112))
        stage.polygon(
            [(x - half * 0.3, top + height * 0.15), (x + half * 0.3, top + height * 0.15), (x, top)], (240,) * 3
        )


def _mesa(stage: Stage, dice: Dice) -> None:
    for _ in range(2):
        x, width, top = dice.between(0, stage.aspect), dice.between(0.2, 0.5), dice.between(0.36, 0.5)
        edge = [(x - width / 2, 0.64), (x - width * 0.34, top), (x + width * 0.34, top), (x + width / 2, 0.64)]
        stage.polygon(edge, (206, 134, 96))


def _cactus(stage: Stage, x: float, y: float, height: float) -> None:
    green, width = (104, 146, 96), height * 0.2
    stage.line([(x, y), (x, y - height)], width, green)
    stage.disc(x, y - height, width / 2, green)
    for side, share in ((-1, 0.45), (1, 0.6)):
        bend = x + side * height * 0.28
        stage.line(
            [(x, y - height * share), (bend, y - height * share), (bend, y - height * (share + 0.25))],
            width * 0.8,
            green,
        )


def _house(stage: Stage, dice: Dice, x: float, width: float, top: float) -> None:
    wall = mix(dice.pick(_SWEETS + _EARTH), (255, 250, 240), 0.3)
    stage.box(x, top, x + width, 0.74, wall)
    stage.polygon([(x - 0.01, top), (x + width + 0.01, top), (x + width / 2, top - 0.1)], mix(wall, (90, 50, 50), 0.5))
    for v in np.arange(top + 0.06, 0.6, 0.15):
        for u in (0.16, 0.58):
            left = x + u * width
            stage.box(left, v, left + width * 0.26, v + 0.09, (250, 246, 236))
            stage.box(left + 0.008, v + 0.008, left + width * 0.26 - 0.008, v + 0.082, (124, 158, 180))


def _window(stage: Stage, dice: Dice, x: float) -> None:
    stage.box(x, 0.12, x + 0.34, 0.5, (252, 248, 240))
    stage.box(x + 0.02, 0.14, x + 0.32, 0.48, (158, 212, 240))
    _cloud(stage, dice, x + 0.13, 0.3, (244, 250, 252), size=0.045)
    stage.box(x + 0.162, 0.14, x + 0.178, 0.48, (252, 248, 240))
    stage.box(x - 0.02, 0.49, x + 0.36, 0.52, (232, 222, 206))
