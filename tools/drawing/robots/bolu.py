"""Bolu, who waters the plants: a round little whale of enamelled steel, with a porthole for the water level."""

import numpy as np

from ..camera import Camera, rotation
from ..outlines import arc, ellipse, leaf, moved
from .pose import Pose
from .solids import Ball, Sculptor

HEIGHT = 2.05
FACE = (1.1, 1.15)  # height of the face's middle above the ground, and how much a close-up shows around it

BLUE, DEEP, WHITE = (62, 146, 226), (40, 104, 186), (244, 248, 251)
BRASS, AMBER, CORAL, WINE = (242, 188, 70), (205, 142, 44), (255, 148, 134), (150, 48, 66)
NAVY, WATER, DEEP_WATER, SHINE = (22, 32, 66), (120, 220, 238), (58, 168, 212), (255, 255, 255)


def build(camera: Camera, pose: Pose) -> Sculptor:
    robot = Sculptor(camera, rotation(pitch=pose.pitch) @ rotation(yaw=pose.yaw, roll=pose.head_roll / 3))
    _feet(robot)
    _tail(robot)
    for side, lift in zip((-1, 1), pose.arms):
        _flipper(robot, side, lift)
    body = robot.ball((0, 1.0, 0), (0.86, 0.8, 0.82), BLUE)
    _hull(body)
    _porthole(body)
    _face(body, pose)
    _spout(robot, spray=pose.extra)
    return robot


def _feet(robot: Sculptor) -> None:
    for side in (-1, 1):
        foot = robot.joint((0.4 * side, 0.13, 0.14), yaw=14 * side)
        shoe = foot.ball((0, 0, 0), (0.27, 0.15, 0.36), WHITE, nearer=-0.1)
        shoe.decal(0, 38, ellipse(50, 26), DEEP, ink=0.6)


def _tail(robot: Sculptor) -> None:
    """A fluke that stands up behind the back; it shows as soon as Bolu turns."""
    tail = robot.joint((0, 0.5, -0.72))
    tail.tube([(0, 0, 0), (0, 0.12, -0.3), (0, 0.42, -0.42)], 0.24, DEEP)
    for side in (-1, 1):
        fluke = tail.joint((0, 0.42, -0.42), roll=32 * side)
        fluke.sheet(_upright(leaf(0.52, 0.3), side), DEEP)


def _flipper(robot: Sculptor, side: int, lift: float) -> None:
    shoulder = robot.joint((0.78 * side, 0.98, 0.06), yaw=-12 * side, roll=lift * side)
    shoulder.sheet(_upright(leaf(0.66, 0.4, point=2.2), side), DEEP, nearer=0.25)
    shoulder.sheet(moved(_upright(leaf(0.46, 0.2, point=2.2), side), 0.1 * side, 0.03, 0.02), BLUE, nearer=0.26, ink=0)
    bolt = robot.joint((0.8 * side, 0.98, 0.06), yaw=40 * side).drum((0, 0, 0.03), 0.13, 0.12, BRASS)
    bolt.part.depth += 0.4
    bolt.disc(ellipse(0.075), AMBER, ink=0.5)


def _hull(body: Ball) -> None:
    """The white belly, its seam and the rivets along it."""
    body.decal(0, -60, ellipse(74, 66), WHITE)
    rim = arc(12, 168, 78, 70, points=40)
    body.decal(0, -60, rim, DEEP, width=0.022, ink=0)
    for longitude in (-62, 62):
        body.decal(longitude, 12, ellipse(2.6), BRASS, ink=0.4)


def _porthole(body: Ball) -> None:
    body.decal(0, -35, ellipse(20), BRASS)
    body.decal(0, -35, ellipse(16), WHITE, ink=0.6)
    surface = np.linspace(15.5, -15.5, 16)
    water = np.concatenate([arc(190, 350, 16), np.column_stack([surface, 1.6 * np.sin(surface / 4)])])
    body.decal(0, -35, water, WATER, ink=0, glow=True)
    body.decal(0, -35, arc(200, 340, 15.5, 13), DEEP_WATER, ink=0)
    for x, y, radius in ((-5, -6, 2.2), (4, -9, 1.6), (6, -3, 1.2)):
        body.decal(0, -35, moved(ellipse(radius), x, y), SHINE, ink=0)
    for angle in range(0, 360, 60):
        spot = 18 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        body.decal(0, -35, ellipse(1.5) + spot, AMBER, ink=0)


def _face(body: Ball, pose: Pose) -> None:
    lon, lat = pose.head_yaw * 0.5, 27 - pose.head_pitch * 0.4
    for side in (-1, 1):
        body.decal(lon + 43 * side, lat - 20, ellipse(8.5, 5.5), CORAL, ink=0)
        asleep = pose.mood == "sleepy" or (pose.mood == "wink" and side > 0)
        (_closed_eye if asleep else _eye)(body, lon + 25 * side, lat, pose)
    if pose.mood == "open":
        body.decal(lon, lat - 20, np.concatenate([arc(180, 360, 13, 14), [[13, 0], [-13, 0]]]), WINE, ink=0.8)
        body.decal(lon, lat - 20, arc(215, 325, 12.5, 12.5), CORAL, ink=0)
    else:
        depth = 2 if pose.mood == "flat" else 8
        body.decal(lon, lat - 20, arc(200, 340, 12, depth), NAVY, width=0.035, ink=0)


def _eye(body: Ball, longitude: float, latitude: float, pose: Pose) -> None:
    body.decal(longitude, latitude, ellipse(12.5, 15), WHITE, ink=0.8)
    pupil = np.array(pose.gaze) * [3.4, 3.4]
    body.decal(longitude, latitude, ellipse(8.2, 10.2) + pupil, NAVY, ink=0)
    body.decal(longitude, latitude, ellipse(5, 3) + moved(pupil, 0, -5.6), DEEP_WATER, ink=0)
    body.decal(longitude, latitude, ellipse(3, 3.4) + moved(pupil, -2.6, 4), SHINE, ink=0)


def _closed_eye(body: Ball, longitude: float, latitude: float, pose: Pose) -> None:
    body.decal(longitude, latitude, arc(200, 340, 11, 7), NAVY, width=0.045, ink=0)


def _spout(robot: Sculptor, *, spray: bool) -> None:
    top = robot.joint((0, 1.74, -0.02))
    cap = top.ball((0, 0.02, 0), (0.26, 0.1, 0.26), BRASS, nearer=0.3)
    cap.part.depth += 0.2
    top.tube([(0, 0.08, 0), (0, 0.2, 0)], 0.15, AMBER, nearer=0.6)
    top.ball((0, 0.24, 0), (0.12, 0.05, 0.12), BRASS, nearer=0.7)
    if spray:
        for side, reach in ((-1, 0.3), (1, 0.3), (-1, 0.12), (1, 0.12)):
            bow = np.linspace(0, 1, 12)
            points = np.column_stack([side * reach * bow, 0.26 + 0.8 * bow - 0.75 * bow**2, 0 * bow])
            top.tube(points, 0.05, WATER, nearer=0.5)
            top.ball(points[-1] - [0, 0.1, 0], (0.05, 0.07, 0.05), WATER, nearer=0.5)


def _upright(outline: np.ndarray, side: int) -> np.ndarray:
    """An outline along x as points in space, pointing away from the body on that side."""
    return np.column_stack([outline[:, 0] * side, outline[:, 1], np.zeros(len(outline))])
