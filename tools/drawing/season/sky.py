"""The weather of the season, hour by hour: sun, clouds, wind, temperature and moon, and when infrared takes over."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from ..dice import Dice
from .noise import ramp

SUNRISE, SUNSET = 6.25, 18.75  # hours by the clock of the place, all season long
_NEW_MOON, _MONTH = datetime(2024, 9, 3, 1, 56), 29.53


class Sky(NamedTuple):
    """`sun` and `ambient` 0 to 1, `warmth` 0 (noon) to 1 (the sun is low), `wind` 0 to 1, `temperature` in °C,
    `moon` 0 (new) over 0.5 (full) to 1, `night` whether the camera took it in infrared, `course` of the sun 0 to 1,
    `mist` 0 to 1 and `lamp`, how strong the infrared lamp shines."""

    sun: float
    ambient: float
    warmth: float
    wind: float
    temperature: int
    moon: float
    night: bool
    course: float
    mist: float
    lamp: float


def sky(seed: int, site: str, when: datetime) -> Sky:
    hour = when.hour + when.minute / 60 + when.second / 3600
    day, now = Dice("day", seed, when.date()), Dice("hour", seed, when.date(), when.hour, site)
    cloudy, warm, windy = day.between(0, 1), day.between(9, 16), day.between(0.1, 0.8)
    height = np.sin(np.pi * (hour - SUNRISE) / (SUNSET - SUNRISE))
    clouds = np.clip(cloudy * 0.9 + 0.45 * now.between(-1, 1), 0, 1)
    temperature = warm + 6 * np.sin(np.pi * (hour - 9) / 12) - 2 * cloudy + now.between(-1, 1)
    foggy = max(day.between(-0.6, 1), 0) * ramp(abs((hour - 18) % 24 - 11), 7, 2)  # thickest before dawn
    lamp = day.between(0.55, 1.7) * now.between(0.65, 1.4)
    return Sky(
        sun=float((1 - clouds) * ramp(height, 0.02, 0.4)),
        ambient=float(0.12 + 0.88 * ramp(height, -0.1, 0.5) * (1 - 0.35 * clouds)),
        warmth=float(1 - ramp(height, 0.05, 0.6)),
        wind=float(np.clip(windy + now.between(-0.3, 0.3), 0, 1)),
        temperature=round(temperature),
        moon=((when - _NEW_MOON).total_seconds() / 86400 / _MONTH) % 1,
        night=bool(height < 0.02 + 0.05 * clouds),
        course=float(np.clip((hour - SUNRISE) / (SUNSET - SUNRISE), 0, 1)),
        mist=float(foggy),
        lamp=lamp,
    )
