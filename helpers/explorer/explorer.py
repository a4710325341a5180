"""The explorer: look through a collection, ask with a photo, ask again with what was found, keep the best.

`Explorer(model)` is a widget, the page to a `helpers.explorer.exploration.Exploration`.
All that can be done on the page is a method too, and what comes of it are
plain objects to go on with: `explorer.found`, `explorer.selection`.
"""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Union

import anywidget
import numpy as np
import traitlets

from helpers.errors import FrameError, KinframeError
from helpers.explorer.exploration import SORTS, Exploration
from helpers.explorer.filters import Filter
from helpers.explorer.judging import Judging
from helpers.explorer.pictures import Pictures, Uploads
from helpers.features.distance import METRICS
from helpers.images.boxes import Box
from helpers.photos.labels import Labels

__all__ = ["Explorer"]

_HERE = Path(__file__).parent
_SCREEN = 60  # photos whose thumbnails are sent along with an answer
_LABELS = "photo-labels.csv"
_SETTINGS = ("k", "metric", "hide", "people", "sort", "descending")


class Explorer(anywidget.AnyWidget):
    """A gallery of a collection, in which every photo can be asked with.

    - `model`: a `SimilarityModel`; `data`: the frame of its photos, row by row,
      for filters by its columns. Needed only of a model that was loaded.
    - `k`: how many photos an answer has at first.
    - `labels`: the CSV in which labels are kept, by default `photo-labels.csv`
      in the notebook's folder. It is written when the first label is given.
    - `keep`: with False the page neither labels nor exports: for visitors, who
      are to write nothing on this machine.
    - `sightings`: a `helpers.season.Sightings` of this model, which is then a
      `helpers.season.Season`: the page begins with its candidates, and its keys
      Y and N confirm and reject their events.

    Traits to observe: `chosen`, the label of the one photo asked with, or None;
    `found`, the SFrame that `model.search` gave, or None; `selected`, the
    labels of the selected photos, which can be set too. Traits to set: `k`,
    `metric`, `hide` (leave the photos asked with out of the answer), `people`
    (show photos of a season that show people), `sort`
    (`distance`, `name` or `date`), `descending`, and those of
    `helpers.explorer.filters.Filter`: `folder`, `name`, `since`, `until`, `column`, `value`.

    Raises `FrameError` for a model whose labels stand for several photos, and
    for a frame of another length.
    """

    _esm = _HERE / "explorer.js"
    _css = _HERE / "explorer.css"

    chosen = traitlets.Any(None, allow_none=True)
    found = traitlets.Any(None, allow_none=True)
    selected: "traitlets.List[Any]" = traitlets.List()
    k = traitlets.Int(20, min=1, max=500)
    metric = traitlets.Enum(METRICS)
    hide = traitlets.Bool(True)
    people = traitlets.Bool(False)
    sort = traitlets.Enum(SORTS, "distance")
    descending = traitlets.Bool(False)
    folder = traitlets.Unicode(None, allow_none=True)
    name = traitlets.Unicode("")
    since = traitlets.Unicode("")
    until = traitlets.Unicode("")
    column = traitlets.Unicode("")
    value = traitlets.Unicode("")

    # What the page is told; photos are rows of the collection, or below zero from outside.
    _state = traitlets.Dict().tag(sync=True)
    _rows = traitlets.Bytes(b"").tag(sync=True)  # uint32: on show, in order
    _picked = traitlets.Bytes(b"").tag(sync=True)  # uint32: selected

    def __init__(
        self,
        model: Any,
        data: Optional[Any] = None,
        *,
        k: int = 20,
        labels: Union[str, "os.PathLike[str]", None] = None,
        keep: bool = True,
        sightings: Optional[Any] = None,
    ) -> None:
        self.model, self._keep = model, keep
        self._exploration = Exploration(model, data, _LABELS if labels is None else labels, sightings)
        self._judging = None if sightings is None else Judging(model, sightings)
        self._pictures = Pictures(self._exploration, self._tell)
        self._uploads = Uploads()
        self._message = ""
        self._stamp = 0
        self._told_labels = dict(self._exploration.labels.items())
        super().__init__(k=k, metric=model.metric)
        self.observe(self._set, [*_SETTINGS, *Filter._fields])
        self.observe(self._select, "selected")
        self.on_msg(self._heard)
        self._set()
        if self._judging is not None:
            self._judging.sightings.observe(self._judged, "changed")

    @property
    def selection(self) -> Any:
        """The selected photos as an SFrame: their rows of the frame, with the column `label`."""
        return self._exploration.frame(self._exploration.selected)

    @property
    def data(self) -> Any:
        """The whole collection as an SFrame, with the column `label`; `my_label` where the frame has a `label`."""
        return self._exploration.frame()

    @property
    def labels(self) -> Labels:
        """The labels by the names of the photos, as they are in the file."""
        return self._exploration.labels

    def ask(self, photo: Any) -> None:
        """Show the nearest photos to one: a label of the model, or a `pathlib.Path` or bytes from outside."""
        self._do(lambda: self._exploration.ask(self._exploration.number(photo)))

    def mark(self, photo: Any, like: bool = True) -> None:
        """Ask with one more photo as *like this*, or *not like this*; with one less if it was marked so."""
        self._do(lambda: self._exploration.mark(self._exploration.number(photo), like))

    def ask_region(self, photo: Any, box: Box) -> None:
        """Ask with a part of a photo: left, top, right, bottom in shares of its width and height."""
        self._do(lambda: self._exploration.ask_region(self._exploration.number(photo), box))

    def browse(self) -> None:
        """Show the whole collection, as far as it passes the filters."""
        self._do(self._exploration.browse)

    def back(self, steps: int = 1) -> None:
        """Show the answer before; the first of all is the whole collection."""
        self._do(lambda: self._exploration.move(-steps))

    def forward(self, steps: int = 1) -> None:
        """Show the answer after."""
        self._do(lambda: self._exploration.move(steps))

    def show_event(self, photo: Any) -> None:
        """Show all photos of one's event, in the order of time; for a `helpers.season.Season`."""
        self._do(lambda: self._exploration.show_event(self._exploration.number(photo)))

    def judge(self, photos: Any, confirmed: bool) -> None:
        """Confirm, or reject, the events of photos: a label of the model, or several."""
        several = photos if isinstance(photos, (list, tuple)) else [photos]
        self._judge([self._exploration.number(photo) for photo in several], confirmed)

    def give(self, label: str) -> None:
        """Give the selected photos a label, and keep it; an empty one takes theirs away."""
        self._do(lambda: self._exploration.give(label))

    def undo(self) -> None:
        """Take the last labels back."""
        undone = self._exploration.undo()
        self._say("" if undone else "There is nothing to undo.")

    def export(self, to: Union[str, "os.PathLike[str]"]) -> Path:
        """Write the selected photos: their paths into a `.csv`, or copies into a `.zip` or a folder; returns where."""
        path, bad = self._exploration.export(to)
        left = "".join(f"; left out: {name}: {reason}" for name, reason in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        self._say(f"{len(self.selected) - len(bad)} photos are in {path}{left}{more}.")
        return path

    # Telling the page.

    def _tell(self, content: Dict[str, Any], buffers: Any = None) -> None:
        self.send(content, buffers)

    def _do(self, work: Callable[[], Any]) -> None:
        work()
        self._message = getattr(self.model, "note", "")  # of a season: what is to be known of its answer
        self._show()

    def _say(self, text: str) -> None:
        self._message = text
        self._show()

    def _set(self, _: Any = None) -> None:
        """Take over what was set, all of it or, where it cannot be had, nothing."""
        here = self._exploration
        before = {name: getattr(here, name) for name in (*_SETTINGS, "filter")}
        for name in _SETTINGS:
            setattr(here, name, getattr(self, name))
        here.filter = Filter(*(getattr(self, name) for name in Filter._fields))
        try:
            self._do(here.refresh)
        except KinframeError:
            for name, value in before.items():
                setattr(here, name, value)
            raise

    def _show(self) -> None:
        here = self._exploration
        with self.hold_trait_notifications():
            self.found, self.chosen = here.found, here.chosen
        self._stamp += 1
        question = here.trail.here
        with self.hold_sync():
            self._rows = here.rows.astype("<u4").tobytes()
            self._state = {
                **{name: getattr(self, name) for name in (*_SETTINGS, *Filter._fields)},
                "stamp": self._stamp,  # so that each answer is news, also an equal one
                "count": len(self.model.labels),
                "about": {} if here.found is None else {str(row): told for row, told in here.about().items()},
                "found": here.found is not None,
                "question": None if question is None else question._asdict(),
                "trail": [None if step is None else step._asdict() for step in here.trail.steps],
                "place": here.trail.place,
                "folders": here.catalogue.folder_counts,
                "columns": here.catalogue.columns,
                "dates": here.catalogue.has_dates,
                "metrics": list(METRICS),
                "labelled": len(self._exploration.labels),
                "words": sorted({label for _, label in here.labels.items()})[:100],
                "hidden": int(here.hidden.sum()),
                "keep": self._keep,
                "events": hasattr(self.model, "photos_of"),
                "judging": None if self._judging is None else self._judging.told(),
                "message": self._message,
            }
        self._tell_labels()
        asked = {number for step in here.trail.steps[-20:] if step is not None for number in (*step.like, *step.unlike)}
        self._pictures.tell_small([*here.rows[:_SCREEN].tolist(), *sorted(asked)])

    def _judged(self, _: Any = None) -> None:
        """Something was judged, here or elsewhere: the order on the page stays until it is asked for anew."""
        self._stamp += 1
        self._state = {**self._state, "stamp": self._stamp, "judging": self._judging and self._judging.told()}

    def _judge(self, rows: List[int], confirmed: Optional[bool]) -> None:
        if self._judging is None:
            raise FrameError("there is nothing to be judged; give Explorer(..., sightings=...)")
        self._judging.judge([self._checked(row) for row in rows], confirmed)

    def _tell_labels(self) -> None:
        """Those that have changed: the page keeps the others."""
        before, now = self._told_labels, dict(self._exploration.labels.items())
        self._told_labels = now
        changed = {name for name in {*before, *now} if before.get(name) != now.get(name)}
        rows = [row for row, name in enumerate(self.model.names) if name in changed] if changed else []
        if rows:
            self.send({"kind": "labels", "labels": [[row, now.get(self.model.names[row])] for row in rows]})

    def _select(self, _: Any = None) -> None:
        rows = [self._exploration.number(label) for label in self.selected]
        self._exploration.selected = rows
        self._picked = np.array(rows, "<u4").tobytes()

    # Hearing the page.

    def _heard(self, _: Any, content: Dict[str, Any], buffers: List[Any]) -> None:
        try:
            self._obey(content, buffers)
        except (KinframeError, traitlets.TraitError) as error:
            self._say(str(error))
        finally:
            self.send({"kind": "done", "number": content.get("number")})

    def _obey(self, told: Dict[str, Any], buffers: List[Any]) -> None:
        here, wish = self._exploration, told["do"]
        if wish == "photos":
            self._pictures.tell_small([self._checked(number) for number in told["photos"]])
        elif wish == "large":
            self._pictures.tell_large(self._checked(told["photo"]))
        elif wish == "ask":
            self._do(lambda: here.ask(self._checked(told["photo"])))
        elif wish == "mark":
            self._do(lambda: here.mark(self._checked(told["photo"]), bool(told["like"])))
        elif wish == "region":
            self._do(lambda: here.ask_region(self._checked(told["photo"]), told["box"]))
        elif wish == "set":
            with self.hold_trait_notifications():
                for name in {*_SETTINGS, *Filter._fields} & set(told["values"]):
                    setattr(self, name, told["values"][name])
        elif wish == "upload":
            whole = self._uploads.take(told, bytes(buffers[0]))
            if whole is not None:
                self._do(lambda: here.ask(here.take(str(told["name"]), whole)))
        elif wish == "select":
            rows = np.frombuffer(buffers[0], "<u4").tolist()
            self.selected = [self.model.labels[self._checked(row)] for row in rows]
        elif wish == "event":
            self._do(lambda: here.show_event(self._checked(told["photo"])))
        elif wish == "sightings":
            self._do(here.judge_sightings)
        elif wish in ("browse", "back"):
            getattr(self, wish)()
        elif wish == "move":
            self.forward(int(told["steps"]))
        elif not self._keep:
            raise FrameError("nothing is kept here")
        elif wish == "judge":
            self._judge(told["photos"], told["yes"])
        elif wish == "unjudge" and self._judging is not None:
            self._say("" if self._judging.sightings.undo() else "There is no judgement to undo.")
        elif wish == "rank" and self._judging is not None:
            self._judging.sightings.learn()
            self._do(here.judge_sightings)
        elif wish == "undo":
            self.undo()
        elif wish == "give":
            self.give(str(told["label"]))
        elif wish == "export":
            self.export(str(told["to"]).strip())

    def _checked(self, number: Any) -> int:
        if not isinstance(number, int) or not -len(self._exploration.outside) <= number < len(self.model.labels):
            raise FrameError(f"there is no photo number {number!r}")
        return number
