"""Tarn, who keeps the tools: a chest of drawers on caterpillar tracks, with a slide viewer for a head."""

import numpy as np

from ..camera import Camera, rotation
from ..dice import Dice
from ..outlines import arc, blob, ellipse, moved, rectangle, rounded
from .pose import Pose
from .solids import Box, Drum, Sculptor

HEIGHT = 2.25
FACE = (1.8, 0.75)

OCHRE, HONEY, RUST, BROWN = (216, 154, 56), (236, 184, 88), (166, 90, 42), (112, 70, 44)
STEEL, IRON, COAL, CREAM = (142, 142, 140), (88, 84, 82), (54, 50, 50), (250, 238, 206)
GLASS, PUPIL, FLAG, FLAME = (126, 178, 170), (34, 30, 34), (206, 70, 52), (255, 214, 120)


def build(camera: Camera, pose: Pose) -> Sculptor:
    robot = Sculptor(camera, rotation(pitch=pose.pitch) @ rotation(yaw=pose.yaw))
    for side in (-1, 1):
        _track(robot, side)
    _chest(robot)
    _chimney(robot)
    for side, lift in zip((-1, 1), pose.arms):
        _arm(robot, side, lift, lantern=pose.extra and side > 0)
    robot.tube([(0, 1.36, 0), (0.03, 1.48, 0.03), (0, 1.62, 0.02)], 0.2, IRON, nearer=0.1)
    _head(robot.joint((0, 1.6, 0.02), yaw=pose.head_yaw, pitch=pose.head_pitch, roll=pose.head_roll), pose)
    return robot


def _track(robot: Sculptor, side: int) -> None:
    profile = np.concatenate([_bend(-90, 90, 0.4), _bend(90, 270, -0.4)])
    at = (0.6 * side, 0.3, 0)
    belt = robot.track(at, 0.34, profile, (COAL, IRON))
    wheels = robot.joint((0.6 * side, 0.3, 0), yaw=90 * side)
    for z, radius in ((-0.4, 0.19), (0, 0.13), (0.4, 0.19)):
        wheel = wheels.joint((-z, 0, 0.17))
        if wheel.turn[2, 2] > 0:
            hub = wheel.drum((0, 0, 0), radius, 0.05, BROWN, part=belt)
            hub.disc(ellipse(radius * 0.62), RUST, ink=0.5)
            hub.disc(ellipse(radius * 0.22), STEEL, ink=0)


def _bend(start: float, end: float, z: float) -> np.ndarray:
    return moved(arc(start, end, 0.3, points=9), z, 0)


def _chest(robot: Sculptor) -> None:
    chest = robot.box((0, 0.94, 0), (1.12, 0.76, 0.86), OCHRE, nearer=0.1)
    for y in (0.17, -0.11):
        chest.panel("front", moved(rounded(0.94, 0.23, 0.04), 0, y), HONEY, ink=0.7)
        chest.panel("front", moved(rounded(0.26, 0.05, 0.02), 0, y + 0.02), IRON, ink=0.5)
    _stripes(chest)
    for y in (0.14, 0.04, -0.06):
        for face in ("left", "right"):
            chest.panel(face, moved(rounded(0.5, 0.045, 0.02), 0, y), BROWN, ink=0)
    _rust(chest)
    robot.box((0, 1.35, 0), (1.22, 0.08, 0.94), BROWN, nearer=0.35)


def _stripes(chest: Box) -> None:
    """The slanted warning stripes of a machine, along the foot of the chest."""
    chest.panel("front", moved(rectangle(1.12, 0.11), 0, -0.32), CREAM, ink=0.5)
    slant = np.array([[-0.09, -0.055], [0.02, -0.055], [0.09, 0.055], [-0.02, 0.055]])
    for x in np.linspace(-0.47, 0.47, 5):
        chest.panel("front", moved(slant, x, -0.32), COAL, ink=0)


def _rust(chest: Box) -> None:
    dice = Dice("the rust is Tarn's own: the same on every picture")
    for face, x, y in (("front", 0.47, 0.3), ("front", -0.5, -0.2), ("left", -0.3, -0.26), ("right", 0.3, -0.24)):
        chest.panel(face, moved(blob(dice, 0.065, 0.5), x, y), RUST, ink=0)
        chest.panel(face, moved(blob(dice, 0.025, 0.5), x * 0.86, y * 0.9), RUST, ink=0)


def _chimney(robot: Sculptor) -> None:
    foot = robot.joint((-0.4, 1.38, -0.3))
    foot.tube([(0, 0, 0), (0, 0.34, 0)], 0.13, STEEL)
    foot.tube([(0, 0.32, 0), (0.02, 0.42, 0.02), (-0.1, 0.48, 0.02)], 0.11, IRON)


def _arm(robot: Sculptor, side: int, lift: float, *, lantern: bool) -> None:
    shoulder = robot.joint((0.58 * side, 1.1, 0.14), yaw=-34 * side, roll=lift * 0.7 * side)
    elbow = (0.34 * side, -0.02, 0)
    shoulder.tube([(0, 0, 0), elbow], 0.12, STEEL, nearer=0.45)
    shoulder.ball((0, 0, 0), (0.12, 0.12, 0.12), RUST, nearer=0.5)
    forearm = shoulder.joint(elbow, yaw=-30 * side, roll=lift * 0.5 * side)
    forearm.tube([(0, 0, 0), (0.3 * side, 0, 0)], 0.15, OCHRE, nearer=0.55)
    forearm.ball((0, 0, 0), (0.09, 0.09, 0.09), IRON, nearer=0.6)
    hand = forearm.joint((0.42 * side, 0, 0))
    claw = arc(45, 315, 0.13) * [side, 1]
    hand.tube(np.column_stack([claw, np.zeros(len(claw))]), 0.065, IRON, nearer=0.6)
    if lantern:
        _lantern(Sculptor(robot.camera, robot.turn, hand.origin, robot.parts))


def _lantern(hand: Sculptor) -> None:
    """Hangs straight down, whatever the arm does."""
    hand.tube(np.column_stack([arc(0, 180, 0.1), np.zeros(24)]) - [0, 0.2, 0], 0.025, COAL, nearer=0.7)
    cage = hand.box((0, -0.36, 0), (0.22, 0.28, 0.22), COAL, nearer=0.7)
    for face in ("front", "left", "right"):
        cage.panel(face, rounded(0.15, 0.2, 0.03), FLAME, ink=0.5, glow=True)


def _head(head: Sculptor, pose: Pose) -> None:
    viewer = head.box((0, 0.2, 0.04), (1.0, 0.46, 0.5), RUST, nearer=0.5)
    for face in ("left", "right"):
        viewer.panel(face, rounded(0.26, 0.24, 0.05), BROWN, ink=0.6)
    viewer.panel("top", rounded(0.6, 0.2, 0.05), BROWN, ink=0.6)
    viewer.panel("front", moved(rectangle(1.0, 0.07), 0, -0.19), OCHRE, ink=0.5)
    asleep = pose.mood == "sleepy"
    # Two lenses of different size: a slide viewer that somebody mended with what there was.
    _lens(head, (-0.23, 0.22, 0.36), 0.225, STEEL, pose, shut=asleep)
    _lens(head, (0.28, 0.2, 0.34), 0.165, OCHRE, pose, shut=asleep or pose.mood == "wink")
    head.tube([(0.4, 0.42, -0.1), (0.42, 0.6, -0.1), (0.4, 0.76, -0.1)], 0.025, IRON, nearer=0.3)
    head.sheet([(0.4, 0.78, -0.1), (0.4, 0.6, -0.1), (0.66, 0.68, -0.1)], FLAG, nearer=0.3)


def _lens(head: Sculptor, at, radius: float, barrel, pose: Pose, *, shut: bool) -> None:
    lens = head.drum(at, radius, 0.2, barrel)
    lens.part.depth += 0.9
    lens.disc(ellipse(radius), IRON, ink=0.8)
    lens.disc(ellipse(radius * 0.84), CREAM, ink=0.5, glow=True)
    if not shut:
        _iris(lens, radius, np.array(pose.gaze) * radius * 0.2)
    _shutter(lens, radius * 0.84, {"open": 0.92, "smile": 0.7, "flat": 0.35}.get(pose.mood, 0.55), shut)


def _iris(lens: Drum, radius: float, offset: np.ndarray) -> None:
    lens.disc(ellipse(radius * 0.58) + offset, GLASS, ink=0.5)
    lens.disc(ellipse(radius * 0.36) + offset, PUPIL, ink=0)
    lens.disc(ellipse(radius * 0.13) + offset + radius * np.array([-0.15, 0.18]), CREAM, ink=0)


def _shutter(lens: Drum, radius: float, height: float, shut: bool) -> None:
    """A lid that comes down over the glass: Tarn's whole facial expression."""
    edge = -0.35 if shut else height
    start = np.degrees(np.arcsin(edge))
    lens.disc(arc(start, 180 - start, radius), BROWN, ink=0.8)
