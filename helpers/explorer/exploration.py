"""Looking through a collection and following similarity from photo to photo, without a page to look at.

`helpers.explorer.explorer` shows an `Exploration`: a trail of queries, the photos that answer the last one, filters,
a selection and its labels.
"""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.errors import FrameError, PhotoError
from helpers.explorer.filters import Catalogue, Filter
from helpers.explorer.likeness import Likenesses, nothing_close
from helpers.explorer.models import JudgedEvents, SearchedSeason
from helpers.explorer.trail import Step, Trail
from helpers.frames import SArray
from helpers.images.boxes import SIDES, Box
from helpers.images.decode import Source, open_photo
from helpers.photos.export import export
from helpers.photos.labels import Labels
from helpers.similarity.word_search import ONLY_GUESSES
from helpers.widgets.photo_table import PhotoTable, chosen_rows

SORTS = ("distance", "name", "date")


class Exploration:
    """A collection, and the queries that were made in it.

    `filter`, `sort` (one of `SORTS`), `descending`, `k`, `metric`, `hide` (leave
    the query photos out of the answer), `people` (also show the photos on which
    a season knows people) and `hide_judged` (leave out the events that were
    judged) can be set; `refresh` applies them. A photo is
    known by its number: in the collection its row, from outside -1, -2, ...

    `rows`, int64, are then the photos to show, in order; `found` is the SFrame
    that the search returned, or None where the whole collection is shown.
    """

    def __init__(
        self,
        table: PhotoTable,
        labels: Union[str, "os.PathLike[str]"],
        sightings: Optional[JudgedEvents] = None,
    ) -> None:
        model = table.model
        self.model, self.sightings, self._table = model, sightings, table
        self.season: Optional[SearchedSeason] = model if hasattr(model, "photos_of") else None
        self.catalogue = Catalogue(model.names, table.data)
        self.label_column = "label" if "label" not in self.catalogue.columns else "my_label"
        self.labels = Labels(labels)
        self.trail = Trail()
        self.outside: List[Tuple[str, bytes]] = []
        self.selected: List[int] = []
        self.filter, self.sort, self.descending = Filter(), "distance", False
        self.k, self.metric, self.hide, self.people, self.hide_judged = 20, model.metric, True, False, False
        self._likenesses = Likenesses(model)
        self.found: Optional[Any] = None
        self.rows = np.arange(len(model.labels))
        self._take_labels()
        if sightings is not None:
            self.judge_sightings()

    # Searching.

    def number(self, photo: Any) -> int:
        """The number of a photo: a label of the model, or a `pathlib.Path` or bytes from outside."""
        if isinstance(photo, Path):
            try:
                return self.take(photo.name, photo.read_bytes())
            except OSError as error:
                raise PhotoError(f"{photo}: {error.strerror}") from error
        if isinstance(photo, bytes):
            return self.take("photo from outside", photo)
        return self._table.row(photo)

    def take(self, name: str, content: bytes) -> int:
        """Take in a photo from outside and return its number. Raises `PhotoError` for what is not a photo."""
        try:
            open_photo(content, size=(64, 64))
        except PhotoError as error:
            raise PhotoError(f"{name}: {error}") from error
        self.outside.append((name, content))
        return -len(self.outside)

    def ask(self, number: int) -> None:
        """Search with one photo."""
        self._go(Step(like=(number,)))

    def mark(self, number: int, like: bool = True) -> None:
        """Add a photo to the query as *like this*, or as *not like this*; take it out if it was marked so already."""
        self._go((self.trail.here or Step()).marked(number, like))

    def ask_words(self, text: str) -> None:
        """Search in words, alone; photos that are marked then count beside them. Without a text, they count alone."""
        here = self.trail.here
        text = " ".join(text.split())
        if not text and here is not None and here.text and here.like:
            self._go(here._replace(text=""))
        else:
            self._go(Step(text=text) if text else None)

    @property
    def has_words(self) -> bool:
        """Whether the photos can be searched in words."""
        return bool(getattr(self.model, "has_words", False))

    def ask_region(self, number: int, box: Box) -> None:
        """Search with a part of a photo: left, top, right, bottom in shares of its width and height."""
        self._go(Step((number,), box=box))

    def show_event(self, number: int) -> None:
        """Show all photos of a photo's event, in the order of time; raises `FrameError` where there are no events."""
        if self.season is None:
            raise FrameError("these photos have no events; explore a helpers.season.Season")
        self._go(Step((number,), kind="event"))

    def judge_sightings(self) -> None:
        """Show the sightings, one photo an event, by rank."""
        if self.sightings is None:
            raise FrameError("there are no sightings to judge; give Explorer(..., sightings=...)")
        self._go(Step(kind="sightings"))

    def show_selected(self) -> None:
        """Show the selected photos alone; raises `FrameError` where none is."""
        self._go(Step(tuple(sorted(self._selected())), kind="selected"))

    def browse(self) -> None:
        """Show the whole collection."""
        self._go(None)

    @property
    def hidden(self) -> np.ndarray:
        """The photos that are not shown, since a season knows that they show people: bool [photos]."""
        if self.season is None or self.people:
            return np.zeros(len(self._table), bool)
        return self.season.people

    def move(self, steps: int) -> None:
        """Go back on the trail of queries (below zero), or forward."""
        self._at(lambda: self.trail.move(steps))

    def refresh(self) -> None:
        """Answer the query with the present settings. Raises what the search and the filter raise."""
        passed = self.catalogue.matching(self.filter) & ~self.hidden & ~self._judged
        step = self.trail.here
        self.found = None if step is None else self._answer(step, passed)
        if step is not None and step.kind == "event" and self.season is not None:
            event = self.season.event_of(self.model.labels[step.like[0]])
            rows = self._table.rows(self.season.photos_of(event))
            rows = rows[passed[rows]]
        elif step is not None and step.kind == "selected":
            rows = np.array(step.like, np.int64)
            rows = rows[passed[rows]]
        elif self.found is None:
            rows = np.flatnonzero(passed)
        else:
            rows = self._table.rows(self.found["reference_label"])
        if self.sort != "distance":
            rows = self.catalogue.order(rows, self.sort, self.descending)
        elif self.descending:
            rows = rows[::-1]
        self.rows = rows

    @property
    def chosen(self) -> Optional[Any]:
        """The label of the query photo, if the query is one whole photo of the collection; else None."""
        step = self.trail.here
        if step is None or step.kind or step.text or len(step.like) != 1 or step.unlike or step.box or step.like[0] < 0:
            return None
        return self.model.labels[step.like[0]]

    @property
    def asked_folder(self) -> Optional[str]:
        """The folder of the query, if it is one photo of the collection, or a part of one; else None."""
        step = self.trail.here
        alone = step is not None and not step.kind and len(step.like) == 1 and step.like[0] >= 0
        return self.catalogue.folders[step.like[0]] if step is not None and alone else None

    def about(self) -> Dict[int, Dict[str, Any]]:
        """By the row of each photo found: `distance`, `likeness`, `rank`, `box` of its most similar part, and `photos`.

        `likeness` is 0 to 1, see `helpers.features.likeness`, or None where the
        distance is not one of photos; `box` is None for whole photos; `photos`
        is the size of its event, None where there are no events. Of a query in
        words, also `score` and, where the network has one, `word`: what the photo
        looks like most of all that the words mean.
        """
        about: Dict[int, Dict[str, Any]] = {}
        edges = [] if self.found is None else list(self.found)
        distances = [edge["distance"] for edge in edges]
        likenesses = self._likenesses.of(distances, self.metric) if self._compares_photos else [None] * len(edges)
        for rank, (edge, likeness) in enumerate(zip(edges, likenesses), 1):
            box = [edge[side] for side in SIDES] if edge.get("left") is not None else None
            row = self._table.row(edge["reference_label"])
            about[row] = {"distance": edge["distance"], "likeness": likeness, "rank": edge.get("rank", rank)}
            about[row].update(box=box, photos=edge.get("photos"))
            if edge.get("score") is not None:
                about[row].update(word=edge.get("word"), score=edge["score"])
        return about

    @property
    def remark(self) -> str:
        """A sentence where even the nearest photo is as far as any two, or where words are guesses; else empty."""
        if self.found is None:
            return ""
        if "word" in self.found.column_names():
            return ONLY_GUESSES
        if not self._compares_photos:
            return ""
        asked = self.trail.here.like if self.trail.here is not None else ()
        return nothing_close(next((each["likeness"] for row, each in self.about().items() if row not in asked), None))

    def outline(self, row: int) -> Optional[List[float]]:
        """The box of the part that stands for a photo of a season in a query, its animal; None where there is none."""
        searched: Any = getattr(self.season, "searched", None)
        part = None if searched is None or searched.boxes is None else searched.part_of(row)
        return None if part is None else [float(edge) for edge in searched.boxes[part]]

    @property
    def _compares_photos(self) -> bool:
        """Whether the distances of the answer are those of features as the collection has them."""
        step = self.trail.here
        if step is None or step.kind or step.text:
            return False
        return step.box is None or self.season is not None or self.model.regions is None

    @property
    def _judged(self) -> np.ndarray:
        """The photos that are left out, since their events were judged: bool [photos]."""
        judged = np.zeros(len(self._table), bool)
        if self.hide_judged and self.sightings is not None and self.season is not None:
            for event in (*self.sightings.confirmed, *self.sightings.rejected):
                judged[self.season.photos.rows_of(event)] = True
        return judged

    def photo(self, number: int) -> Tuple[str, Source, Optional[str]]:
        """Name, source and, where known, identity of a photo."""
        if number < 0:
            return (*self.outside[-1 - number], None)
        collection = self.model.collection
        return collection.names[number], collection.sources[number], collection.identities[number]

    def _go(self, step: Optional[Step]) -> None:
        self._at(lambda: self.trail.go(step))

    def _at(self, step: Callable[[], None]) -> None:
        """Take a step on the trail and answer; where that fails, go back to where it was."""
        before = self.trail.steps, self.trail.place
        step()
        try:
            self.refresh()
        except Exception:
            self.trail.steps, self.trail.place = before
            raise

    def _answer(self, step: Step, passed: np.ndarray) -> Optional[Any]:
        if step.kind == "sightings" and self.sightings is not None:
            frame = self.sightings.frame()
            shown = passed[self._table.rows(frame["reference_label"])].astype(int).tolist()
            return frame[SArray(shown, dtype=int)]
        return self._search(step, passed) if (step.like or step.text) and not step.kind else None

    def _search(self, step: Step, passed: np.ndarray) -> Any:
        like, unlike = ([self._searchable(number) for number in numbers] for numbers in (step.like, step.unlike))
        by_event: Dict[str, Any] = {}
        if self.season is not None:  # to hide a photo of a season is to hide its burst
            by_event = {"other": "events" if self.hide else None, "hide_people": not self.people}
        return self.model.search(
            like=like if step.box is None else [],
            unlike=unlike,
            region=None if step.box is None else (like[0], step.box),
            **({"text": step.text} if step.text else {}),
            where=None if passed.all() else self.model.where(passed),
            k=self.k,
            metric=self.metric,
            hide=self.hide,
            **by_event,
        )

    def _searchable(self, number: int) -> Any:
        return self.outside[-1 - number][1] if number < 0 else self.model.labels[number]

    # Labels, exports.

    def give(self, label: str) -> None:
        """Give the selected photos a label; an empty one takes theirs away."""
        self.labels.set([self.model.names[row] for row in self._selected()], label.strip())
        self._take_labels()

    def undo(self) -> str:
        """Take the last labels back; returns what that did in words, or nothing where there were none."""
        change = self.labels.undo()
        self._take_labels()
        if change is None:
            return ""
        gone = sorted({label for label in change.after.values() if label})
        count = f"{len(change.after)} photo{'s' * (len(change.after) != 1)}"
        return f"Undone: {' and '.join(gone[:3]) or 'no label'} of {count}"

    def export(self, to: Union[str, "os.PathLike[str]"]) -> Tuple[Path, List[Tuple[str, str]]]:
        """Write the selected photos' paths into a `.csv`, or copies into a `.zip` or a folder.

        Returns where they are, and name and reason of each photo that was left out.
        """
        return export([self.photo(row)[:2] for row in self._selected()], to)

    def frame(self, rows: Optional[List[int]] = None) -> Any:
        """All photos, or those of some rows, as an SFrame: the frame they came from, with a column of their labels."""
        frame = self._table.frame.add_column(SArray(self._given(), dtype=str), self.label_column)
        return frame if rows is None else chosen_rows(frame, rows)

    def _selected(self) -> List[int]:
        if not self.selected:
            raise FrameError("no photo is selected")
        return self.selected

    def _take_labels(self) -> None:
        self.catalogue.put(self.label_column, self._given())

    def _given(self) -> List[Optional[str]]:
        """The label of each photo, None where it has none."""
        names = self.model.names
        return [self.labels.get(name) for name in names] if len(self.labels) else [None] * len(names)
