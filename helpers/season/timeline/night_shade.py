"""At what time of day it is night, as the share of days or photos."""

import datetime
from typing import NamedTuple, Optional

import numpy as np

from helpers.frames import SFrame

_BY_SUN, _BY_PHOTO = 144, 48  # parts of a day: ten minutes, half an hour
_NEAR = 8  # half hours without photos that are as those around them


class Shade(NamedTuple):
    """How dark it is from midnight to midnight."""

    dark: np.ndarray  # float64 [parts of a day], 0 to 1
    words: str  # what is dark


def has_night(data: SFrame) -> bool:
    """Whether a frame has the columns by which the night is known."""
    names = set(data.column_names())
    return {"sunrise", "sunset"} <= names or {"taken", "infrared"} <= names


def night_shade(data: SFrame) -> Optional[Shade]:
    """When it is night in the days of some photos; None where no photo shows it.

    By the sun, from `sunrise` and `sunset` (see `helpers.photos.add_sun`): the
    share of the days on which the sun is down. Without these, by `infrared`: the
    share of the photos of each half hour; up to four hours without photos are as
    the lighter of the half hours around them.
    """
    names = set(data.column_names())
    if {"sunrise", "sunset"} <= names:
        days = {pair for pair in zip(data["sunrise"], data["sunset"]) if None not in pair}
        if days:
            return Shade(_by_sun(np.array([[_hour(moment) for moment in day] for day in days])), "the sun is down")
    if {"taken", "infrared"} <= names:
        photos = [(taken, value) for taken, value in zip(data["taken"], data["infrared"]) if None not in (taken, value)]
        if photos:
            parts = np.array([int(_hour(taken) * _BY_PHOTO / 24) for taken, _ in photos])
            infrared = np.array([value != 0 for _, value in photos])
            return Shade(_by_photo(parts, infrared), "infrared photos; the sun is not known")
    return None


def sun_shade() -> Shade:
    """The night by sun time: until sunrise at 6, and from sunset at 18."""
    return Shade(_by_sun(np.array([[6.0, 18.0]])), "the sun is down")


def _by_sun(days: np.ndarray) -> np.ndarray:
    """The share of days, [days, sunrise and sunset in hours], on which each part of a day is dark."""
    hours = (np.arange(_BY_SUN) + 0.5) * (24 / _BY_SUN)
    rises, sets = days[:, :1], days[:, 1:]
    return np.asarray(((hours - rises) % 24 >= (sets - rises) % 24).mean(axis=0))  # also of a clock that is hours off


def _by_photo(parts: np.ndarray, infrared: np.ndarray) -> np.ndarray:
    photos = np.bincount(parts, minlength=_BY_PHOTO)
    share = np.bincount(parts, infrared, minlength=_BY_PHOTO) / np.maximum(photos, 1)
    have = np.flatnonzero(photos)
    filled = share.copy()
    for before, after in zip(have, np.roll(have, -1)):
        gap = (after - before) % _BY_PHOTO
        if 1 < gap <= _NEAR:
            filled[(before + np.arange(1, gap)) % _BY_PHOTO] = min(share[before], share[after])
    return np.asarray(filled)


def _hour(moment: datetime.datetime) -> float:
    return moment.hour + moment.minute / 60 + moment.second / 3600
