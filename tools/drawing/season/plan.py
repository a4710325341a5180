"""Who comes when and where: the whole season as a list of photos to take, before any is drawn."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Dict, List, NamedTuple

import numpy as np

from ..dice import Dice
from .habits import HABITS, STATIONS
from .troop import Figure, Troop

FIRST_DAY = datetime(2024, 9, 4)
RESET_CLOCK = datetime(2012, 1, 1)
RESET_CAMERA = "B2"  # its clock falls back when its batteries are changed
GAP = timedelta(minutes=40)  # between the visits of one camera: always independent events


@dataclass
class Shot:
    """One photo to take; the figures come from far to near."""

    camera: str
    taken: datetime
    clock: datetime
    event: int
    species: str
    gust: float
    figures: List[Figure] = field(default_factory=list)
    path: str = ""

    @property
    def site(self) -> str:
        return STATIONS[self.camera].site


class Season(NamedTuple):
    shots: List[Shot]
    starts: Dict[str, datetime]
    serviced: Dict[str, datetime]
    ends: Dict[str, datetime]


class _Visit(NamedTuple):
    camera: str
    start: datetime
    species: str
    bursts: List[float]  # seconds since the start


def season(seed: int, days: int, photos: int) -> Season:
    """The photos in order of time, about `photos` of them over `days` days."""
    dice = Dice("plan", seed, days, photos)
    starts, serviced, ends = {}, {}, {}
    for place, camera in enumerate(STATIONS):
        starts[camera] = FIRST_DAY + timedelta(hours=9.2 + 1.1 * place, seconds=dice.between(0, 1800))
        serviced[camera] = starts[camera] + timedelta(days=max(round(days * 0.52), 1), hours=dice.between(0.5, 3))
        ends[camera] = starts[camera] + timedelta(days=days, hours=dice.between(0.5, 3))
    visits = _visits(dice, photos, days, starts, serviced, ends)
    shots = [shot for event, visit in enumerate(visits) for shot in _shots(visit, event, seed, serviced)]
    shots.sort(key=lambda shot: (shot.taken, shot.camera))
    for camera in STATIONS:
        for number, shot in enumerate((shot for shot in shots if shot.camera == camera), 1):
            shot.path = f"{shot.site}/{camera}/IMG_{number:04d}.JPG"
    return Season(shots, starts, serviced, ends)


def hours_of(peak: float, focus: float, count: int, dice: Dice) -> List[float]:
    """Hours of the day that follow a von Mises distribution: one from each of `count` equally likely parts of it.

    So even a short season shows the peak that its species has.
    """
    angle = np.linspace(-np.pi, np.pi, 2001)
    chance = np.cumsum(np.exp(focus * np.cos(angle)))
    wanted = (np.arange(count) + (dice.noise(count) + 1) / 2) / count * chance[-1]
    return [(peak + float(part) * 12 / np.pi) % 24 for part in np.interp(wanted, chance, angle)]


def _visits(dice: Dice, photos: int, days: int, starts, serviced, ends) -> List[_Visit]:
    found: List[_Visit] = []
    for moment in (starts, serviced, ends):
        for camera, start in moment.items():
            bursts = [0.0] if days < 8 or dice.chance(0.4) else [0.0, dice.between(15, 70)]
            found.append(_Visit(camera, start, "person", bursts))
    for species, habit in HABITS.items():
        count = max(round(photos * 0.124 * habit.part), 3)
        for hour in hours_of(habit.peak, habit.focus, count, dice):
            bursts = _bursts(dice, {1: 0.55, 2: 0.3, 3: 0.15})
            _place(found, dice, habit.cameras, species, lambda hour=hour: hour, bursts, starts, ends, days)
    even = dict.fromkeys(STATIONS, 1.0)
    for _ in range(max(round(photos * 0.078), 3)):
        bursts = _bursts(dice, {1: 0.5, 2: 0.3, 3: 0.2})
        night = dice.chance(0.42)
        _place(found, dice, even, "blank", lambda night=night: dice.between(19, 29) % 24 if night
               else dice.between(8, 18), bursts, starts, ends, days)  # fmt: skip
    return sorted(found, key=lambda visit: (visit.start, visit.camera))


def _bursts(dice: Dice, weights: Dict[int, float]) -> List[float]:
    bursts = [0.0]
    for _ in range(dice.weighted(weights) - 1):
        bursts.append(bursts[-1] + (dice.between(12, 80) if dice.chance(0.75) else dice.between(150, 800)))
    return bursts


def _place(found, dice: Dice, cameras, species, hour, bursts, starts, ends, days: int) -> None:
    """A visit on a day and at a camera where nobody else is about."""
    for _ in range(400):
        camera = dice.weighted(cameras)
        start = FIRST_DAY + timedelta(days=int(dice.between(0, days + 1)), hours=hour())
        start = start.replace(microsecond=0)
        end = start + timedelta(seconds=bursts[-1])
        alone = all(
            visit.camera != camera
            or start - GAP > visit.start + timedelta(seconds=visit.bursts[-1])
            or end + GAP < visit.start
            for visit in found
        )
        if alone and starts[camera] < start < ends[camera]:
            found.append(_Visit(camera, start, species, bursts))
            return
    raise ValueError(f"{days} days are too few for so many photos: ask for more days or fewer photos")


def _shots(visit: _Visit, event: int, seed: int, serviced) -> List[Shot]:
    dice = Dice("visit", seed, visit.camera, visit.start)
    troop = Troop(visit.species, f"{visit.camera} {visit.start}", dice) if visit.species != "blank" else None
    gust = dice.between(0.7, 1.4) if visit.species == "blank" else dice.between(0, 0.5)
    shots = []
    for burst in visit.bursts:
        taken = (visit.start + timedelta(seconds=burst)).replace(microsecond=0)
        if troop:
            troop.begin(dice)
        for number in range(3):
            figures = troop.step(dice, number) if troop else []
            reset = visit.camera == RESET_CAMERA and taken >= serviced[RESET_CAMERA].replace(microsecond=0)
            since = taken - serviced[RESET_CAMERA].replace(microsecond=0) if reset else timedelta(0)
            clock = RESET_CLOCK + since + timedelta(seconds=40) if reset else taken
            shots.append(Shot(visit.camera, taken, clock, event, visit.species, gust, figures))
            taken += timedelta(seconds=1 if dice.chance(0.55) else 2)
    return shots
