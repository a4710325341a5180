"""What the explorer needs of a season and of its sightings, whose room it must not know."""

from typing import Any, List, Protocol

import numpy as np


class SearchedSeason(Protocol):
    """A model whose photos are in events: `helpers.season.Season`."""

    note: str  # a note on the last search, or nothing
    event_of_photo: np.ndarray  # int64 [photos]
    people: np.ndarray  # bool [photos]: those that are known to show people
    photos: Any  # has rows_of(event), the rows of its photos, and people_note(rows), what to say of those handed on

    def photos_of(self, event: int) -> List[Any]: ...  # labels
    def event_of(self, label: Any) -> int: ...


class JudgedEvents(Protocol):
    """Events that may show a species, and how they were judged: `helpers.season.Sightings`."""

    season: Any
    species: str
    note: str
    confirmed: List[int]  # events
    rejected: List[int]

    def frame(self) -> Any: ...  # an SFrame of the events to show, with `reference_label`
    def status(self, event: int) -> str: ...  # `candidate`, `confirmed` or `rejected`
    def confirm(self, events: List[int]) -> None: ...
    def reject(self, events: List[int]) -> None: ...
    def reopen(self, events: List[int]) -> None: ...
    def learn(self) -> None: ...
    def undo(self) -> Any: ...
    def observe(self, handler: Any, names: Any) -> None: ...
    def unobserve(self, handler: Any, names: Any) -> None: ...
