"""Who is in the photos of one visit, where they stand, and how they move from photo to photo."""

from dataclasses import dataclass
from typing import List

import numpy as np

from ..dice import Dice
from .habits import HABITS
from .species import Pose


@dataclass
class Figure:
    """An animal or a person in one photo: its feet at `x` (0 left, 1 right) and `away` metres from the camera."""

    kind: str
    x: float
    away: float
    yaw: float
    pose: Pose
    coat: str  # the seed of its fur


class Troop:
    """The animals of one visit, or one of the staff, and how they move from photo to photo."""

    def __init__(self, species: str, name: str, dice: Dice) -> None:
        self.species, self.staff = species, species == "person"
        habit = HABITS.get(species)
        self.away = dice.between(2.6, 5) if habit is None else _between(dice, *habit.away)
        if habit and dice.chance(0.08):
            self.away *= 0.72
        self.walk = 0.6 if habit is None else habit.walk
        size = 1
        while habit and size < 4 and dice.chance(habit.company):
            size += 1
        self.members = [(dice.noise(4), f"{name} {place}") for place in range(size)]
        self.way = dice.pick((-1, 1))
        self.antlers = species == "deer" and dice.chance(0.35)
        self.display = species == "turkey" and dice.chance(0.2)

    def begin(self, dice: Dice) -> None:
        """A burst begins: they come in, feed, or look up."""
        self.way = -self.way if dice.chance(0.25) else self.way
        self.mood = dice.weighted({"walk": 0.55, "feed": 0.28, "look": 0.17})
        if self.staff:
            self.mood = dice.weighted({"walk": 0.6, "look": 0.4})
        self.yaw = 58 * float(dice.noise(1)[0]) * (1 if self.mood == "walk" else 1.35)
        self.phase = dice.between(0, 6)
        self.x = 0.5 - self.way * dice.between(-0.2, 0.42)
        self.away *= dice.between(0.92, 1.1)

    def step(self, dice: Dice, number: int) -> List[Figure]:
        """Where they are in the next photo of the burst."""
        moving = self.mood == "walk"
        if number:
            gone = self.walk * dice.between(0.7, 1.7) * (1 if moving else 0.12)
            self.x += self.way * gone * np.cos(np.radians(self.yaw)) * 1.25 / self.away
            self.phase += dice.between(1, 3) if moving else dice.between(0, 0.3)
        self.x = float(np.clip(self.x, 0.05, 0.95))
        figures = [self._figure(dice, place, *member) for place, member in enumerate(self.members)]
        return sorted(figures, key=lambda figure: -figure.away)

    def _figure(self, dice: Dice, place: int, lot: np.ndarray, coat: str) -> Figure:
        nod = {"walk": -4, "feed": -78 if self.species == "deer" else -48, "look": 14}[self.mood]
        if self.species == "porcupine":
            nod = nod * 0.4
        pose = Pose(
            phase=self.phase + 2 * lot[0],
            stride=0.85 if self.mood == "walk" else 0.25,
            nod=nod + 10 * float(dice.noise(1)[0]),
            turn=float(dice.noise(1)[0]) * (25 if self.mood == "walk" else 50),
            tint=1 + 0.12 * float(lot[1]),
            extra=((self.antlers or self.display) and not place) or (self.staff and self.mood == "look"),
        )
        away = self.away + (place and 1.1 * lot[2])
        x = self.x + (place and (0.13 + 0.15 * abs(lot[3])) * (1 if place % 2 else -1))
        yaw = (0 if self.way > 0 else 180) + self.yaw + (place and 70 * lot[1])
        return Figure(self.species, x, away, yaw, pose, coat)


def _between(dice: Dice, low: float, high: float) -> float:
    """Near and far alike on a scale of ratios."""
    return float(low * (high / low) ** dice.between(0, 1))
