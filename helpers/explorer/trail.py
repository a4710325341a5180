"""The queries of an exploration, one after the other, to go back and forward in."""

from typing import List, NamedTuple, Optional, Tuple

from helpers.images.boxes import Box


class Step(NamedTuple):
    """A query: words, and photos by number, those of the collection by their row, those from outside below zero."""

    like: Tuple[int, ...] = ()
    unlike: Tuple[int, ...] = ()
    box: Optional[Box] = None  # the part of the one photo in `like` that counts
    text: str = ""  # words, which stand alone or beside the photos
    kind: str = ""  # `event`: that of the photo in `like`; `sightings`: the candidates; `selected`: those in `like`

    def marked(self, photo: int, like: bool) -> "Step":
        """The query with one more photo marked, or one less if it was marked so already."""
        if self.kind:
            return Step().marked(photo, like)
        liked = tuple(each for each in self.like if each != photo)
        unliked = tuple(each for each in self.unlike if each != photo)
        if like and photo not in self.like:
            liked += (photo,)
        if not like and photo not in self.unlike:
            unliked += (photo,)
        return Step(liked, unliked, text=self.text)


class Trail:
    """Queries in the order in which they were made; `None` stands for the whole collection, the beginning."""

    _LONGEST = 200

    def __init__(self) -> None:
        self.steps: List[Optional[Step]] = [None]
        self.place = 0

    @property
    def here(self) -> Optional[Step]:
        return self.steps[self.place]

    def go(self, step: Optional[Step]) -> None:
        """Go on to a query; those that were ahead are dropped."""
        if step != self.here:
            self.steps = [*self.steps[: self.place + 1], step][-self._LONGEST :]
            self.place = len(self.steps) - 1

    def move(self, steps: int) -> None:
        """Go back (below zero) or forward, to the end at most."""
        self.place = min(max(0, self.place + steps), len(self.steps) - 1)
