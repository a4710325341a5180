"""What was asked one after the other, to go back and forward among."""

from typing import List, NamedTuple, Optional, Tuple

from helpers.images.boxes import Box


class Step(NamedTuple):
    """A question: photos by number, those of the collection by their row, those from outside below zero."""

    like: Tuple[int, ...] = ()
    unlike: Tuple[int, ...] = ()
    box: Optional[Box] = None  # the part of the one photo in `like` that counts
    kind: str = ""  # `event`: all photos of the event of the one in `like`; `sightings`: what is to be judged

    def marked(self, photo: int, like: bool) -> "Step":
        """The same with one more photo marked, or one less if it was marked so already."""
        if self.kind:
            return Step().marked(photo, like)
        liked = tuple(each for each in self.like if each != photo)
        unliked = tuple(each for each in self.unlike if each != photo)
        if like and photo not in self.like:
            liked += (photo,)
        if not like and photo not in self.unlike:
            unliked += (photo,)
        return Step(liked, unliked)


class Trail:
    """Questions in the order in which they were asked; `None` stands for looking at everything, the beginning."""

    _LONGEST = 200

    def __init__(self) -> None:
        self.steps: List[Optional[Step]] = [None]
        self.place = 0

    @property
    def here(self) -> Optional[Step]:
        return self.steps[self.place]

    def go(self, step: Optional[Step]) -> None:
        """Ask; what lay ahead is forgotten."""
        if step != self.here:
            self.steps = [*self.steps[: self.place + 1], step][-self._LONGEST :]
            self.place = len(self.steps) - 1

    def move(self, steps: int) -> None:
        """Back (below zero) or forward, as far as there is something."""
        self.place = min(max(0, self.place + steps), len(self.steps) - 1)
