"""Looking through a collection and following similarity from photo to photo, without a page to look at.

An `Exploration` is what `helpers.explorer.explorer` shows: a trail of questions, the
photos that answer the last one, filters, a selection and its labels.
"""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.errors import FrameError, KinframeError, PhotoError
from helpers.explorer.filters import Catalogue, Filter
from helpers.explorer.trail import Step, Trail
from helpers.frames import SArray, SFrame
from helpers.images.boxes import SIDES, Box
from helpers.images.decode import Source, open_photo
from helpers.photos.export import export
from helpers.photos.labels import Labels

SORTS = ("distance", "name", "date")


class Exploration:
    """A collection, and how far one has come in it.

    `filter`, `sort` (one of `SORTS`), `descending`, `k`, `metric`, `hide` (the
    photos asked with stay out of the answer) and `people` (whether those are
    shown of which a season knows that people are on them) can be set; `refresh`
    makes them count. Photos are known by their number: those of the collection by
    their row, those from outside by -1, -2, ...

    After that `rows`, int64, are the photos to show, in order; `found` is the
    SFrame of the answer, or None where the whole collection is shown.
    """

    def __init__(
        self, model: Any, data: Optional[Any], labels: Union[str, "os.PathLike[str]"], sightings: Optional[Any] = None
    ) -> None:
        self.model, self.sightings = model, sightings
        self._row_of = {label: row for row, label in enumerate(model.labels)}
        if len(self._row_of) < len(model.labels):
            raise FrameError(
                "some labels stand for several photos; build the model without label=, or with one such as 'path'"
            )
        self._data = model.data if data is None else data
        if self._data is not None and len(self._data) != len(model.labels):
            raise FrameError(f"the frame has {len(self._data)} rows, and the model {len(model.labels)} photos")
        self.catalogue = Catalogue(model.names, self._data)
        self.label_column = "label" if "label" not in self.catalogue.columns else "my_label"
        self.labels = Labels(labels)
        self.trail = Trail()
        self.outside: List[Tuple[str, bytes]] = []
        self.selected: List[int] = []
        self.filter, self.sort, self.descending = Filter(), "distance", False
        self.k, self.metric, self.hide, self.people = 20, model.metric, True, False
        self.found: Optional[Any] = None
        self.rows = np.arange(len(model.labels))
        self._take_labels()
        if sightings is not None:
            self.judge_sightings()

    # Asking.

    def number(self, photo: Any) -> int:
        """The number of a photo: a label of the model, or a `pathlib.Path` or bytes from outside."""
        if isinstance(photo, Path):
            try:
                return self.take(photo.name, photo.read_bytes())
            except OSError as error:
                raise PhotoError(f"{photo}: {error.strerror}") from error
        if isinstance(photo, bytes):
            return self.take("photo from outside", photo)
        if photo not in self._row_of:
            raise FrameError(f"{photo!r} is not the label of a photo in this model")
        return self._row_of[photo]

    def take(self, name: str, content: bytes) -> int:
        """Have a photo from outside; its number. Raises `PhotoError` for what is no photo."""
        try:
            open_photo(content, size=(64, 64))
        except PhotoError as error:
            raise PhotoError(f"{name}: {error}") from error
        self.outside.append((name, content))
        return -len(self.outside)

    def ask(self, number: int) -> None:
        """The nearest photos to one."""
        self._go(Step(like=(number,)))

    def mark(self, number: int, like: bool = True) -> None:
        """Ask with one more photo as *like this*, or as *not like this*; with one less, if it was marked so."""
        self._go((self.trail.here or Step()).marked(number, like))

    def ask_region(self, number: int, box: Box) -> None:
        """Ask with a part of a photo: left, top, right, bottom in shares of its width and height."""
        self._go(Step((number,), box=box))

    def show_event(self, number: int) -> None:
        """All photos of the event of one, in the order of time; raises `FrameError` where there are no events."""
        if not hasattr(self.model, "photos_of"):
            raise FrameError("these photos are in no events; explore a helpers.season.season.Season")
        self._go(Step((number,), kind="event"))

    def judge_sightings(self) -> None:
        """The sightings that were given, one photo an event, by rank."""
        if self.sightings is None:
            raise FrameError("there is nothing to be judged; give Explorer(..., sightings=...)")
        self._go(Step(kind="sightings"))

    def browse(self) -> None:
        """The whole collection again."""
        self._go(None)

    @property
    def hidden(self) -> np.ndarray:
        """The photos that are not shown, since a season knows that they show people: bool [photos]."""
        shown = None if self.people else getattr(self.model, "people", None)
        return np.zeros(len(self.model.labels), bool) if shown is None else shown

    def move(self, steps: int) -> None:
        """Back on the trail of questions (below zero), or forward."""
        self._at(lambda: self.trail.move(steps))

    def refresh(self) -> None:
        """Answer the question as the settings now are. Raises what the search and the filter raise."""
        passed = self.catalogue.matching(self.filter) & ~self.hidden
        question = self.trail.here
        self.found = None if question is None else self._found(question, passed)
        if question is not None and question.kind == "event":
            event = self.model.photos_of(self.model.event_of(self.model.labels[question.like[0]]))
            rows = np.array([self._row_of[label] for label in event], dtype=np.int64)
            rows = rows[passed[rows]]
        elif self.found is None:
            rows = np.flatnonzero(passed)
        else:
            rows = np.array([self._row_of[label] for label in self.found["reference_label"]], dtype=np.int64)
        if self.sort != "distance":
            rows = self.catalogue.order(rows, self.sort, self.descending)
        elif self.descending:
            rows = rows[::-1]
        self.rows = rows

    @property
    def chosen(self) -> Optional[Any]:
        """The label of the one whole photo of the collection that was asked with, if it was one."""
        question = self.trail.here
        if question is None or question.kind or len(question.like) != 1 or question.unlike or question.box:
            return None
        if question.like[0] < 0:
            return None
        return self.model.labels[question.like[0]]

    def about(self) -> Dict[int, Dict[str, Any]]:
        """Of each photo found: its `distance`, the `box` of the part that is like the one asked with, and `photos`.

        The box is None for whole photos, and `photos`, how many its event has, where there are no events.
        """
        if self.found is None:
            return {}
        told = {}
        for edge in self.found:
            box = [edge[side] for side in SIDES] if edge.get("left") is not None else None
            about = {"distance": edge["distance"], "box": box, "photos": edge.get("photos")}
            told[self._row_of[edge["reference_label"]]] = about
        return told

    def photo(self, number: int) -> Tuple[str, Source, Optional[str]]:
        """Name, source and, where known, identity of a photo."""
        if number < 0:
            return (*self.outside[-1 - number], None)
        collection = self.model.collection
        return collection.names[number], collection.sources[number], collection.identities[number]

    def _go(self, question: Optional[Step]) -> None:
        self._at(lambda: self.trail.go(question))

    def _at(self, step: Callable[[], None]) -> None:
        """Step on the trail and answer; where there is no answer, stay."""
        before = self.trail.steps, self.trail.place
        step()
        try:
            self.refresh()
        except KinframeError:
            self.trail.steps, self.trail.place = before
            raise

    def _found(self, question: Step, passed: np.ndarray) -> Optional[Any]:
        if question.kind == "sightings":
            frame = self.sightings.frame()  # type: ignore[union-attr]  # such a step is made with sightings alone
            shown = [int(passed[self._row_of[label]]) for label in frame["reference_label"]]
            return frame[SArray(shown, dtype=int)]
        return self._answer(question, passed) if question.like and not question.kind else None

    def _answer(self, question: Step, passed: np.ndarray) -> Any:
        like, unlike = ([self._asked(each) for each in some] for some in (question.like, question.unlike))
        return self.model.search(
            like=like if question.box is None else [],
            unlike=unlike,
            region=None if question.box is None else (like[0], question.box),
            where=None if passed.all() else self.model.where(passed),
            k=self.k,
            metric=self.metric,
            hide=self.hide,
            **self._of_season(),
        )

    def _of_season(self) -> Dict[str, Any]:
        """What a season is asked beside: to hide a photo is to hide its burst."""
        if not hasattr(self.model, "photos_of"):
            return {}
        return {"other": "events" if self.hide else None, "hide_people": not self.people}

    def _asked(self, number: int) -> Any:
        return self.outside[-1 - number][1] if number < 0 else self.model.labels[number]

    # Keeping.

    def give(self, label: str) -> None:
        """Give the selected photos a label; an empty one takes theirs away."""
        self.labels.set([self.model.names[row] for row in self._selected()], label.strip())
        self._take_labels()

    def undo(self) -> bool:
        """Take the last labels back; whether there were any."""
        undone = self.labels.undo() is not None
        self._take_labels()
        return undone

    def export(self, to: Union[str, "os.PathLike[str]"]) -> Tuple[Path, List[Tuple[str, str]]]:
        """The selected photos' paths into a `.csv`, or copies into a `.zip` or a folder; where, and what stayed out."""
        return export([self.photo(row)[:2] for row in self._selected()], to)

    def frame(self, rows: Optional[List[int]] = None) -> Any:
        """Photos, or all of them, as an SFrame: the rows of the frame they came from, with their labels."""
        frame, names = self._data, self.model.names
        if frame is None:
            frame = SFrame({"id": self.model.labels}).add_column(SArray(names, dtype=str), "path")
        frame = frame.add_column(SArray([self.labels.get(name) for name in names], dtype=str), self.label_column)
        if rows is None:
            return frame
        chosen = np.zeros(len(names), int)
        chosen[rows] = 1
        return frame[SArray(chosen.tolist(), dtype=int)]

    def _selected(self) -> List[int]:
        if not self.selected:
            raise FrameError("no photo is selected")
        return self.selected

    def _take_labels(self) -> None:
        self.catalogue.put(self.label_column, [self.labels.get(name) for name in self.model.names])
