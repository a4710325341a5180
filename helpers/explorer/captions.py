"""Photos and answers in a person's words: where and when a photo was taken, and what the gallery shows."""

import datetime
from typing import TYPE_CHECKING, Optional, Sequence

from helpers.explorer.filters import Catalogue

if TYPE_CHECKING:
    from helpers.explorer.exploration import Exploration

_BETWEEN = " · "


def place_of(catalogue: Catalogue, row: int) -> str:
    """Where a photo is from: its site and camera, else the last two parts of its folder; empty if it has none."""
    told = dict.fromkeys(
        str(value) for value in (catalogue.value("site", row), catalogue.value("camera", row)) if value
    )
    return _BETWEEN.join(told) or _BETWEEN.join(catalogue.folders[row].split("/")[-2:])


def photo_in_words(here: "Exploration", number: int) -> str:
    """A photo as its name, place and time: `EK000014 · SDZG 1 · 22:21`; names repeat across cameras."""
    name = here.photo(number)[0].rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    if number < 0:
        return stem
    taken = here.catalogue.taken(number)
    return _BETWEEN.join(filter(None, (stem, place_of(here.catalogue, number), _time(taken))))


def heading(here: "Exploration") -> str:
    """What the gallery shows, as a heading."""
    step, count = here.trail.here, len(here.rows)
    if step is None:
        everything = len(here.model.labels)
        return _counted(everything) if count == everything else f"{count:,} of {_counted(everything)}"
    if step.kind == "sightings":
        species = getattr(here.sightings, "species", "")
        return f"Candidates for {species}: {_counted(count, 'event')}"
    if step.kind == "selected":
        return f"{_counted(count)} of your selection"
    if step.kind == "event":
        return f"Event of {photo_in_words(here, step.like[0])}: {_counted(count)}"
    things = f"{count:,} event{'s' * (count != 1)}" if here.season is not None else f"{count:,}"
    if step.text:
        beside = f", and like {_listed(here, step.like)}" if step.like else ""
        guess = "" if here.remark else ", as the network guesses"
        return f"{things} for {step.text}{beside}{guess}"
    if not step.like:
        return f"Not like {_listed(here, step.unlike)}: mark a photo as like this too (L)"
    box = "the box on " if step.box is not None else ""
    unlike = f", not like {_listed(here, step.unlike)}" if step.unlike else ""
    return f"{things} most similar to {box}{_listed(here, step.like)}{unlike}"


def _listed(here: "Exploration", numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return photo_in_words(here, numbers[0]) + more


def _counted(count: int, thing: str = "photo") -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"


def _time(taken: Optional[datetime.datetime]) -> str:
    return "" if taken is None else f"{taken:%H:%M}"
