"""What the explorer needs of a season and its sightings, which are in a room that it must not know."""

from typing import Any, List, Protocol

import numpy as np


class SeasonPhotos(Protocol):
    """The photos of a season by event."""

    def rows_of(self, event: int) -> Any:
        """The rows of an event's photos."""


class Season(Protocol):
    """A model whose photos are in events: see `helpers.season.Season`."""

    note: str  # a note on the last search, or nothing
    event_of_photo: np.ndarray  # int64 [photos]
    people: np.ndarray  # bool [photos]: those that are known to show people
    photos: SeasonPhotos

    def photos_of(self, event: int) -> List[Any]:
        """The labels of an event's photos."""

    def event_of(self, label: Any) -> int:
        """The event of a photo."""


class Sightings(Protocol):
    """Events that may show a species, and what was judged of them: see `helpers.season.Sightings`."""

    season: Any
    species: str
    note: str
    confirmed: List[int]
    rejected: List[int]

    def frame(self) -> Any:
        """The events to show, as an SFrame with `reference_label`."""

    def status(self, event: int) -> str:
        """`candidate`, `confirmed` or `rejected`."""

    def confirm(self, events: List[int]) -> None: ...
    def reject(self, events: List[int]) -> None: ...
    def reopen(self, events: List[int]) -> None: ...
    def learn(self) -> None: ...
    def undo(self) -> Any: ...
    def observe(self, handler: Any, names: Any) -> None: ...
