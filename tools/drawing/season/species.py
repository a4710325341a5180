"""The four animals of the season: fox, deer, porcupine and turkey. Each is a function `body(pose) -> Body`.

Plain animals, roughly to scale; a `Pose` says what one of them is doing in one photo.
"""

from dataclasses import dataclass
from typing import Callable, Dict

import numpy as np

from .figures import Body, Coat


@dataclass(frozen=True)
class Pose:
    """`phase` of the gait in radians, `stride` 0 (standing) to 1, `nod` degrees of the head (up is positive), `turn`
    degrees of the head to a side, `tint` makes the individual paler or darker, `extra` antlers or a fanned tail."""

    phase: float = 0
    stride: float = 0
    nod: float = 0
    turn: float = 0
    tint: float = 1
    extra: bool = False


def _leg(body: Body, hip, foot_x: float, radii, colours, phase: float, stride: float, knee: float) -> None:
    """From the hip to the ground; the knee bends forwards (positive) or backwards."""
    x, y, z = hip
    swing, lift = np.sin(phase) * stride, max(np.cos(phase), 0) * stride
    foot = foot_x + swing * y * 0.42
    middle = (x + foot) / 2 + knee
    rise = lift * y * 0.16
    points = [(x, y, z, radii[0]), (middle, y * 0.5 + rise * 0.6, z, radii[1]), (foot, radii[2] + rise, z, radii[2])]
    body.chain(points, colours, fur=0.35)
    body.chain([points[-1], (foot + radii[2] * 1.6, radii[2] + rise, z, radii[2] * 0.9)], colours[-1], fur=0)


def _gait(pose: Pose):
    """Phases of left front, right front, left hind and right hind leg in a walk."""
    return (pose.phase, pose.phase + np.pi, pose.phase + 1.6 * np.pi, pose.phase + 0.6 * np.pi)


def fox(pose: Pose) -> Body:
    rust, pale, dark = np.array((178, 106, 58)) * pose.tint, np.array((226, 214, 196)) * pose.tint, (38, 30, 28)
    body = Body(Coat(length=0.035, density=26000))
    phases = _gait(pose)
    for (x, z), phase in zip(((0.22, -0.055), (0.22, 0.055)), phases[:2]):
        _leg(body, (x, 0.30, z), x + 0.01, (0.05, 0.026, 0.021), (rust, dark, dark), phase, pose.stride, -0.012)
    for (x, z), phase in zip(((-0.27, -0.055), (-0.27, 0.055)), phases[2:]):
        _leg(body, (x, 0.31, z), x - 0.04, (0.075, 0.03, 0.021), (rust, rust * 0.8, dark), phase, pose.stride, -0.03)
    body.chain([(-0.31, 0.345, 0, 0.085), (-0.1, 0.335, 0, 0.09), (0.14, 0.33, 0, 0.105), (0.27, 0.36, 0, 0.085)], rust)
    body.chain([(0.02, 0.285, 0, 0.06), (0.2, 0.28, 0, 0.07), (0.3, 0.33, 0, 0.065)], pale)
    wag = 0.06 * np.sin(pose.phase)
    tail = [(-0.36, 0.36, 0, 0.035), (-0.5, 0.29, wag, 0.062), (-0.66, 0.22, wag * 1.8, 0.07)]
    body.chain(tail, (rust, rust, rust * 0.85), fur=1.5)
    body.chain([tail[-1], (-0.78, 0.19, wag * 2, 0.045), (-0.85, 0.19, wag * 2, 0.012)], (rust, pale, pale), fur=1.5)
    head = len(body.beads)
    body.chain([(0.28, 0.38, 0, 0.075), (0.39, 0.46, 0, 0.062)], rust)
    body.chain([(0.33, 0.37, 0, 0.055), (0.44, 0.445, 0, 0.05)], pale)
    body.chain([(0.43, 0.49, -0.02, 0.06), (0.43, 0.49, 0.02, 0.06), (0.49, 0.48, 0, 0.046)], rust)
    body.chain([(0.49, 0.475, 0, 0.042), (0.585, 0.452, 0, 0.018)], rust, fur=0.3)
    body.chain([(0.47, 0.452, 0, 0.042), (0.57, 0.44, 0, 0.015)], pale, fur=0.3)
    body.chain([(0.592, 0.455, 0, 0.013), (0.6, 0.455, 0, 0.012)], dark, fur=0)
    for side in (-1, 1):
        body.chain([(0.415, 0.53, 0.042 * side, 0.032), (0.4, 0.615, 0.056 * side, 0.007)], (rust, dark), fur=0.3)
        body.chain([(0.485, 0.5, 0.035 * side, 0.011), (0.487, 0.5, 0.036 * side, 0.011)], dark, fur=0)
        body.eyes.append((np.array([0.49, 0.502, 0.038 * side]), np.array([0.75, 0, 0.66 * side])))
    body.turn(head, (0.27, 0.38, 0), nod=pose.nod, turn=pose.turn)
    return body


def deer(pose: Pose) -> Body:
    brown, pale = np.array((150, 112, 76)) * pose.tint, np.array((214, 200, 178)) * pose.tint
    dark = np.array((62, 48, 38))
    body = Body(Coat(length=0.03, density=2600, lift=0.1, tips=1.1))
    phases = _gait(pose)
    for (x, z), phase in zip(((0.36, -0.1), (0.36, 0.1)), phases[:2]):
        _leg(body, (x, 0.78, z), x, (0.09, 0.04, 0.03), (brown, brown * 0.9, dark), phase, pose.stride * 0.8, -0.01)
    for (x, z), phase in zip(((-0.44, -0.1), (-0.44, 0.1)), phases[2:]):
        _leg(
            body, (x, 0.8, z), x - 0.06, (0.14, 0.05, 0.03), (brown, brown * 0.9, dark), phase, pose.stride * 0.8, -0.09
        )
    body.chain([(-0.5, 0.88, 0, 0.165), (-0.2, 0.87, 0, 0.18), (0.15, 0.87, 0, 0.2), (0.4, 0.92, 0, 0.165)], brown)
    body.chain([(-0.3, 0.76, 0, 0.12), (0, 0.74, 0, 0.14), (0.25, 0.77, 0, 0.14)], pale * 0.95)
    body.chain([(-0.64, 0.93, 0, 0.06), (-0.69, 0.8, 0, 0.045)], pale)
    head = len(body.beads)
    body.chain([(0.4, 0.95, 0, 0.15), (0.56, 1.12, 0, 0.1), (0.68, 1.3, 0, 0.075)], brown)
    body.chain([(0.56, 1.06, 0, 0.075), (0.7, 1.22, 0, 0.06)], pale)
    body.chain([(0.7, 1.35, -0.02, 0.085), (0.7, 1.35, 0.02, 0.085), (0.8, 1.32, 0, 0.065)], brown)
    body.chain([(0.8, 1.315, 0, 0.062), (0.95, 1.265, 0, 0.042)], (brown, brown * 0.85), fur=0.4)
    body.chain([(0.965, 1.265, 0, 0.035), (0.98, 1.262, 0, 0.03)], dark, fur=0)
    for side in (-1, 1):
        ear = [(0.66, 1.41, 0.06 * side, 0.035), (0.63, 1.5, 0.13 * side, 0.048), (0.61, 1.57, 0.18 * side, 0.01)]
        body.chain(ear, (brown, brown * 0.8, dark), fur=0.3)
        body.chain([(0.79, 1.375, 0.058 * side, 0.017), (0.792, 1.375, 0.06 * side, 0.017)], dark, fur=0)
        body.eyes.append((np.array([0.79, 1.378, 0.07 * side]), np.array([0.55, 0, 0.83 * side])))
        if pose.extra:
            beam = [(0.66, 1.43, 0.05 * side, 0.02), (0.56, 1.6, 0.15 * side, 0.017), (0.66, 1.82, 0.22 * side, 0.008)]
            body.chain(beam, np.array((168, 148, 116)), fur=0)
            body.chain([(0.57, 1.6, 0.15 * side, 0.014), (0.74, 1.68, 0.16 * side, 0.006)], (168, 148, 116), fur=0)
    body.turn(head, (0.4, 0.95, 0), nod=pose.nod, turn=pose.turn)
    return body


def porcupine(pose: Pose) -> Body:
    dark, grey = np.array((66, 56, 50)) * pose.tint, np.array((104, 94, 84)) * pose.tint
    body = Body(Coat(length=0.15, density=11000, tips=2.5, lift=0.75, spread=0.5, width=0.005))
    phases = _gait(pose)
    for (x, z), phase in zip(((0.2, -0.09), (0.2, 0.09), (-0.24, -0.1), (-0.24, 0.1)), phases):
        _leg(body, (x, 0.17, z), x, (0.07, 0.045, 0.032), (dark, dark, dark * 0.7), phase, pose.stride, 0)
    body.chain([(-0.32, 0.21, 0, 0.13), (-0.14, 0.25, 0, 0.175), (0.06, 0.25, 0, 0.165), (0.22, 0.22, 0, 0.115)], dark)
    body.chain([(-0.36, 0.17, 0, 0.09), (-0.52, 0.12, 0.03 * np.sin(pose.phase), 0.05)], dark, fur=0.7)
    head = len(body.beads)
    body.chain([(0.22, 0.21, 0, 0.1), (0.33, 0.18, 0, 0.078)], dark, fur=0.6)
    body.chain([(0.35, 0.165, 0, 0.07), (0.42, 0.14, 0, 0.05), (0.45, 0.13, 0, 0.038)], (dark, grey, grey), fur=0.12)
    body.chain([(0.475, 0.14, 0, 0.02), (0.48, 0.138, 0, 0.018)], dark * 0.5, fur=0)
    for side in (-1, 1):
        body.chain([(0.32, 0.23, 0.055 * side, 0.018), (0.315, 0.245, 0.06 * side, 0.015)], dark, fur=0)
        body.chain([(0.395, 0.185, 0.04 * side, 0.01), (0.397, 0.185, 0.041 * side, 0.01)], dark * 0.3, fur=0)
        body.eyes.append((np.array([0.4, 0.187, 0.046 * side]), np.array([0.7, 0, 0.71 * side])))
    body.turn(head, (0.24, 0.2, 0), nod=pose.nod * 0.5, turn=pose.turn * 0.7)
    return body


def turkey(pose: Pose) -> Body:
    bronze, bar = np.array((62, 50, 42)) * pose.tint, np.array((150, 136, 116)) * pose.tint
    tan, skin, horn = np.array((128, 94, 66)) * pose.tint, (150, 96, 96), (150, 128, 104)
    body = Body(Coat(length=0.06, density=9000, tips=1.5, lift=0.15, spread=0.25, width=0.009))
    for z, phase in ((-0.06, pose.phase), (0.06, pose.phase + np.pi)):
        swing, lift = np.sin(phase) * pose.stride * 0.13, max(np.cos(phase), 0) * pose.stride * 0.06
        body.chain([(-0.02, 0.4, z, 0.075), (-0.05 + swing * 0.3, 0.27 + lift, z, 0.035)], bronze, fur=0.4)
        foot = (0.0 + swing, 0.03 + lift, z, 0.014)
        body.chain([(-0.06 + swing * 0.3, 0.26 + lift, z, 0.02), foot], horn, fur=0)
        for way in (-0.5, 0, 0.5):
            body.chain([foot, (0.09 + swing, 0.015 + lift, z + way * 0.08, 0.01)], horn, fur=0)
    body.chain([(-0.24, 0.5, 0, 0.11), (-0.08, 0.5, 0, 0.165), (0.08, 0.5, 0, 0.165), (0.19, 0.54, 0, 0.105)], bronze)
    for side in (-1, 1):
        wing = [(0.08, 0.53, 0.115 * side, 0.075), (-0.12, 0.49, 0.125 * side, 0.075), (-0.33, 0.42, 0.07 * side, 0.03)]
        body.chain(wing, (bronze * 1.15, bar, bar), fur=1)
    if pose.extra:  # a cock that displays: the tail stands up as a fan
        for angle in np.linspace(-70, 70, 15):
            z, up = np.sin(np.radians(angle)), np.cos(np.radians(angle))
            tip = (-0.36, 0.55 + 0.42 * up, 0.42 * z, 0.03)
            body.chain([(-0.26, 0.52, 0.04 * z, 0.03), tip], (bronze, tan * 1.2), fur=0.4)
    else:
        for z in np.linspace(-0.1, 0.1, 5):
            body.chain([(-0.27, 0.51, z * 0.5, 0.05), (-0.62, 0.38, z, 0.022)], (bronze, tan), fur=0.7)
    head = len(body.beads)
    body.chain([(0.17, 0.56, 0, 0.085), (0.25, 0.68, 0, 0.045)], bronze, fur=0.6)
    body.chain([(0.25, 0.68, 0, 0.036), (0.27, 0.8, 0, 0.026), (0.29, 0.88, 0, 0.025)], skin, fur=0)
    body.chain([(0.295, 0.9, 0, 0.034), (0.325, 0.9, 0, 0.028)], np.array((134, 118, 128)), fur=0)
    body.chain([(0.34, 0.895, 0, 0.014), (0.385, 0.88, 0, 0.006)], horn, fur=0)
    body.chain([(0.33, 0.88, 0, 0.014), (0.335, 0.83, 0, 0.012)], (166, 70, 62), fur=0)
    for side in (-1, 1):
        body.eyes.append((np.array([0.32, 0.905, 0.027 * side]), np.array([0.3, 0, 0.95 * side])))
    body.turn(head, (0.17, 0.56, 0), nod=pose.nod, turn=pose.turn)
    return body


def person(pose: Pose) -> Body:
    """Staff in field clothes; `extra` crouches before the camera."""
    coat, trousers, skin = np.array((82, 92, 78)) * pose.tint, np.array((70, 68, 74)), np.array((188, 146, 118))
    boots, cap = np.array((48, 40, 34)), np.array((120, 104, 70))
    body = Body(Coat(length=0.03, density=900, tips=1.1))
    low = 0.42 if pose.extra else 0.0
    for z, phase in ((-0.1, pose.phase), (0.1, pose.phase + np.pi)):
        swing = np.sin(phase) * pose.stride * 0.3
        knee = (0.32 if pose.extra else 0.04 + swing * 0.5, 0.5 - low * 0.2, z * 1.1, 0.075)
        ankle = (swing - (0.12 if pose.extra else 0), 0.1, z, 0.055)
        body.chain([(0, 0.92 - low, z, 0.105), knee, ankle], trousers, fur=0.3)
        body.chain([ankle, (ankle[0] + 0.17, 0.05, z, 0.05)], boots, fur=0)
    torso = len(body.beads)
    body.chain([(0, 0.95 - low, -0.05, 0.15), (0.02, 1.2 - low, -0.05, 0.15), (0, 1.38 - low, -0.1, 0.11)], coat)
    body.chain([(0, 0.95 - low, 0.05, 0.15), (0.02, 1.2 - low, 0.05, 0.15), (0, 1.38 - low, 0.1, 0.11)], coat)
    body.chain([(-0.16, 1.34 - low, 0, 0.13), (-0.18, 1.05 - low, 0, 0.14)], np.array((108, 84, 56)), fur=0)  # pack
    for z, phase in ((-0.2, pose.phase + np.pi), (0.2, pose.phase)):
        swing = 0.32 if pose.extra else np.sin(phase) * pose.stride * 0.22
        elbow = (swing * 0.6, 1.12 - low, z * 1.15, 0.055)
        hand = (swing * 1.3 + 0.06, (1.12 if pose.extra else 0.9) - low, z, 0.042)
        body.chain([(0, 1.38 - low, z, 0.07), elbow, hand], (coat, coat, skin), fur=0.2)
    body.chain([(0, 1.44 - low, 0, 0.06), (0.02, 1.56 - low, 0, 0.06)], skin, fur=0)
    body.chain([(0.02, 1.6 - low, 0, 0.1), (0.03, 1.68 - low, 0, 0.1)], (skin, skin), fur=0)
    body.chain([(0.01, 1.71 - low, 0, 0.1), (0.14, 1.7 - low, 0, 0.035)], cap, fur=0)
    body.turn(torso, (0, 0.95 - low, 0), nod=-24 if pose.extra else -4)
    return body


BODIES: Dict[str, Callable[[Pose], Body]] = {
    "fox": fox, "deer": deer, "porcupine": porcupine, "turkey": turkey, "person": person,
}  # fmt: skip
