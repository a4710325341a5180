"""Where the cameras of the season stand and which animal comes at which hour: the truth that plots should find."""

from typing import Dict, NamedTuple, Tuple


class Station(NamedTuple):
    site: str
    latitude: float
    longitude: float


class Habit(NamedTuple):
    """`peak` hour and `focus` (the kappa of a von Mises distribution) of its activity, its part of all visits, how
    likely it comes to each camera, how likely it is not alone, and how far it stays, in metres."""

    peak: float
    focus: float
    part: float
    cameras: Dict[str, float]
    company: float
    away: Tuple[float, float]
    walk: float


STATIONS = {  # invented places in the grassland of the Kazakh steppe, some hundred metres apart within a site
    "B1": Station("brook", 48.3112, 69.9021),
    "B2": Station("brook", 48.3139, 69.9078),
    "M1": Station("meadow", 48.3347, 69.8725),
    "W1": Station("wood", 48.2954, 69.9412),
    "W2": Station("wood", 48.2921, 69.9367),
}

HABITS = {
    "fox": Habit(1.5, 1.6, 0.26, {"B1": 0.2, "B2": 0.16, "M1": 0.28, "W1": 0.22, "W2": 0.14}, 0.06, (5.4, 13), 0.4),
    "deer": Habit(18.5, 1.7, 0.28, {"B1": 0.26, "B2": 0.24, "M1": 0.26, "W1": 0.1, "W2": 0.14}, 0.3, (7.7, 15), 0.4),
    "porcupine": Habit(21.5, 2.2, 0.21, {"W1": 0.36, "W2": 0.3, "B1": 0.12, "B2": 0.22}, 0.05, (4.2, 9.6), 0.2),
    "turkey": Habit(10.0, 2.2, 0.25, {"M1": 0.28, "W2": 0.28, "B1": 0.26, "W1": 0.18}, 0.4, (5.8, 13), 0.3),
}
