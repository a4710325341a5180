"""What a robot is doing: the angles and the mood that its builder turns into solids."""

from dataclasses import dataclass
from typing import Tuple

from ..dice import Dice


@dataclass(frozen=True)
class Pose:
    """Angles in degrees: positive `yaw` looks to the viewer's right, positive `pitch` shows the robot from above."""

    yaw: float
    pitch: float
    head_yaw: float
    head_pitch: float
    head_roll: float
    arms: Tuple[float, float]  # left and right on the picture: -60 hangs down, 0 points sideways, 70 is raised
    gaze: Tuple[float, float]  # of the pupils, -1 to 1
    mood: str  # smile, open, flat, sleepy or wink
    extra: bool  # Bolu's spray, Tarn's lantern


_ARMS = {"hang": (-60, -35), "out": (-20, 25), "up": (35, 70)}
_MOODS = {"smile": 4, "open": 3, "flat": 1, "sleepy": 1, "wink": 1}


def strike(dice: Dice) -> Pose:
    """Any pose, most of them facing the viewer more or less."""
    return Pose(
        yaw=dice.either(5, 48),
        pitch=dice.between(4, 24),
        head_yaw=dice.between(-28, 28),
        head_pitch=dice.between(-14, 14),
        head_roll=dice.between(-12, 12),
        arms=(_arm(dice), _arm(dice)),
        gaze=(dice.between(-1, 1), dice.between(-0.8, 0.8)),
        mood=dice.weighted(_MOODS),
        extra=dice.chance(0.35),
    )


def _arm(dice: Dice) -> float:
    return dice.between(*_ARMS[dice.pick(tuple(_ARMS))])
