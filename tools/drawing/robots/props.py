"""Things that stand about: a potted flower, a crate, a balloon, a ball. Either robot may have any of them."""

import numpy as np

from ..camera import Camera, rotation
from ..dice import Dice
from ..outlines import arc, ellipse, leaf, moved, rectangle
from .pose import Pose
from .solids import Sculptor

_PAINTS = ((62, 146, 226), (216, 154, 56), (226, 92, 80), (244, 206, 92), (112, 178, 120), (160, 124, 196))
_CLAY, _RIM, _SOIL, _GREEN, _LEAF = (196, 108, 72), (212, 128, 88), (84, 60, 48), (84, 150, 84), (112, 182, 100)
_WOOD, _PLANK, _STRING, _SHINE = (186, 138, 88), (206, 160, 108), (110, 104, 104), (255, 255, 255)


def pot(camera: Camera, pose: Pose) -> Sculptor:
    """A flower in a pot, nodding to one side."""
    made, dice = _start(camera, pose)
    upright = made.joint((0, 0.22, 0), pitch=-90)
    upright.drum((0, 0, 0), 0.25, 0.4, _CLAY)
    rim = upright.drum((0, 0, 0.2), 0.3, 0.12, _RIM)
    rim.part.depth += 0.2
    rim.disc(ellipse(0.25), _SOIL, ink=0.6)
    bow = np.linspace(0, 1, 10)
    stem = np.column_stack([0.2 * bow**2, 0.28 + 0.72 * bow, 0 * bow])
    made.tube(stem, 0.045, _GREEN, nearer=0.4)
    for side, height in ((-1, 0.5), (1, 0.64)):
        blade = leaf(0.32, 0.16) * [side, 1] @ rotation(roll=28 * side)[:2, :2].T + [0.06, height]
        made.sheet(np.column_stack([blade, np.zeros(len(blade))]), _LEAF, nearer=0.42)
    _blossom(made.joint(stem[-1], pitch=-10), dice.pick(_PAINTS))
    return made


def _blossom(head: Sculptor, colour) -> None:
    for angle in range(0, 360, 60):
        place = 0.12 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        petal = ellipse(0.085) + place
        head.sheet(np.column_stack([petal, np.zeros(len(petal))]), colour, nearer=0.5, ink=0.7)
    head.ball((0, 0, 0.03), (0.08, 0.08, 0.05), (244, 206, 92), nearer=0.6)


def crate(camera: Camera, pose: Pose) -> Sculptor:
    """A wooden crate."""
    made, _ = _start(camera, pose, yaw=pose.head_yaw)
    wood = made.box((0, 0.34, 0), (0.8, 0.68, 0.66), _WOOD)
    for face, width in (("front", 0.8), ("left", 0.66), ("right", 0.66)):
        for y in (-0.21, 0, 0.21):
            wood.panel(face, moved(rectangle(width - 0.06, 0.17), 0, y), _PLANK, ink=0.5)
        wood.panel(
            face,
            np.array([[-0.3, -0.28], [-0.22, -0.32], [0.3, 0.28], [0.22, 0.32]]) * [width / 0.8, 1],
            _WOOD,
            ink=0.5,
        )
    return made


def balloon(camera: Camera, pose: Pose) -> Sculptor:
    """A balloon on a string."""
    made, dice = _start(camera, pose)
    sway = np.linspace(0, 1, 16)
    made.tube(np.column_stack([0.06 * np.sin(6 * sway), 1.55 * sway, 0 * sway]), 0.016, _STRING)
    skin = made.ball((0, 1.95, 0), (0.34, 0.42, 0.34), dice.pick(_PAINTS))
    skin.decal(-32, 34, ellipse(9, 13), _SHINE, ink=0)
    return made


def ball(camera: Camera, pose: Pose) -> Sculptor:
    """A ball to play with, in two colours."""
    made, dice = _start(camera, pose)
    skin = made.joint((0, 0.3, 0), pitch=30, roll=pose.head_roll * 2).ball(
        (0, 0, 0), (0.3, 0.3, 0.3), dice.pick(_PAINTS)
    )
    for longitude in (-50, 30, 110):
        stripe = np.concatenate([arc(90, 270, 14, 88), arc(-90, 90, 14, 88)])
        skin.decal(longitude, 0, stripe, _SHINE, ink=0.6)
    return made


def _start(camera: Camera, pose: Pose, yaw: float = 0):
    return Sculptor(camera, rotation(pitch=pose.pitch) @ rotation(yaw=yaw)), Dice("paint", pose.head_yaw)
