"""The explorer: look through a collection, search with a photo, go on from what was found, keep the best.

`Explorer(model)` is a widget, the page to a `helpers.explorer.exploration.Exploration`. All that the page does is a
method too, with plain results to go on with: `explorer.found`, `explorer.selection`.
"""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import traitlets

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.explorer.captions import heading, place_of
from helpers.explorer.exploration import SORTS, Exploration
from helpers.explorer.explorer_card import explorer_card
from helpers.explorer.filters import Filter
from helpers.explorer.judging import Judging
from helpers.explorer.models import JudgedEvents
from helpers.explorer.photo_transfer import Uploads, large_photo
from helpers.features.distance import METRICS
from helpers.images.boxes import Box
from helpers.images.decode import Source
from helpers.photos.labels import Labels
from helpers.widgets.card import Card
from helpers.widgets.page_files import javascript, style_sheet
from helpers.widgets.photo_table import PhotoTable
from helpers.widgets.widget import Handler, PhotoWidget, Request

__all__ = ["Explorer"]

_PAGE = Path(__file__).parent / "page"
_SCREEN = 60  # photos whose thumbnails are sent along with an answer
_LABELS = "photo-labels.csv"
_SETTINGS = ("k", "metric", "hide", "people", "hide_judged", "sort", "descending")


class Explorer(PhotoWidget):
    """A gallery of a collection, in which every photo can be searched with.

    Parameters
    ----------
    model : SimilarityModel or Season
    data : SFrame, optional
        The frame of the photos, row by row, for filters by its columns. Needed
        only for a model that was loaded.
    k : int
        How many photos an answer has at first.
    labels : path, optional
        The CSV in which labels are kept, by default `photo-labels.csv` in the
        notebook's folder. It is written when the first label is given.
    keep : bool
        With False the page neither labels nor exports, and takes a photo from
        outside only within the limits of the search service: for visitors,
        who are to write nothing on this machine.
    sightings : Sightings, optional
        Sightings of this model, which is then a `helpers.season.Season`: the
        page begins with its candidates, and its keys Y and N confirm and reject
        their events.

    Raises
    ------
    FrameError
        For a model with several photos of one label, for a frame of another
        length, and for sightings of another season.

    Notes
    -----
    Traits to observe: `chosen`, the label of the query photo, or None where the
    query is not one whole photo of the collection; `found`, the SFrame that
    `model.search` returned, or None; `selected`, the labels of the selected
    photos, which can be set too. Traits to set: `k`, `metric`, `hide` (leave
    the query photos out of the answer), `people` (show photos of a season that
    show people), `hide_judged` (leave out events that were judged), `sort`
    (`distance`, `name` or `date`), `descending`, and those of
    `helpers.explorer.filters.Filter`: `folder`, `name`, `since`, `until`,
    `column`, `value`.
    """

    _esm = javascript(_PAGE / "explorer.js")
    _css = style_sheet(_PAGE / "explorer.css", photos=True)

    chosen = traitlets.Any(None, allow_none=True)
    found = traitlets.Any(None, allow_none=True)
    k = traitlets.Int(20, min=1, max=500)
    metric = traitlets.Enum(METRICS)
    hide = traitlets.Bool(True)
    people = traitlets.Bool(False)
    hide_judged = traitlets.Bool(False)
    sort = traitlets.Enum(SORTS, "distance")
    descending = traitlets.Bool(False)
    folder = traitlets.Unicode(None, allow_none=True)
    name = traitlets.Unicode("")
    since = traitlets.Unicode("")
    until = traitlets.Unicode("")
    column = traitlets.Unicode("")
    value = traitlets.Unicode("")

    _settable = ("selected", *_SETTINGS, *Filter._fields)
    _followed: Optional[JudgedEvents] = None  # whose changes are shown
    _rows = traitlets.Bytes(b"").tag(sync=True)  # for the page, uint32: the photos to show, in order

    @takes(model="model", data="frame", k="number", labels="path", sightings="sightings")
    def __init__(
        self,
        model: Any,
        data: Optional[Any] = None,
        *,
        k: int = 20,
        labels: Union[str, "os.PathLike[str]", None] = None,
        keep: bool = True,
        sightings: Optional[JudgedEvents] = None,
    ) -> None:
        self.model, self._keep = model, keep
        table = PhotoTable(model, data)
        self._exploration = Exploration(table, _LABELS if labels is None else labels, sightings)
        self._judging = None if sightings is None else Judging(model, sightings)
        self._uploads = Uploads(visitor=not keep)
        self._sent_labels = dict(self._exploration.labels.items())
        super().__init__(table, k=k, metric=model.metric)
        self._handlers.update(self._searches(), **self._edits() if keep else dict.fromkeys(self._edits(), _refuse))
        self.observe(self._set, [*_SETTINGS, *Filter._fields])
        self._set()
        if sightings is not None:
            sightings.observe(self._show_judging, "changed")
            self._followed = sightings
        self._made = True

    def close(self) -> None:
        """Close the explorer, and stop following the sightings; the labels are in their file."""
        if self._followed is not None:  # ipywidgets also closes an explorer whose making has failed
            self._followed.unobserve(self._show_judging, "changed")
            self._followed = None
        super().close()

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
        """Add a photo to the query as *like this*, or *not like this*; take it out if it was marked so already."""
        self._do(lambda: self._exploration.mark(self._exploration.number(photo), like))

    def ask_region(self, photo: Any, box: Box) -> None:
        """Search with a part of a photo: left, top, right, bottom in shares of its width and height."""
        self._do(lambda: self._exploration.ask_region(self._exploration.number(photo), box))

    @takes(text="text")
    def ask_words(self, text: str) -> None:
        """Show the photos that words fit best, where the model's network knows words; see `SimilarityModel.search`."""
        self._do(lambda: self._exploration.ask_words(text))

    def browse(self) -> None:
        """Show all photos that pass the filters."""
        self._do(self._exploration.browse)

    @takes(steps="number")
    def back(self, steps: int = 1) -> None:
        """Show the previous answer; the very first is the whole collection."""
        self._do(lambda: self._exploration.move(-steps))

    @takes(steps="number")
    def forward(self, steps: int = 1) -> None:
        """Show the next answer, after `back`."""
        self._do(lambda: self._exploration.move(steps))

    def show_event(self, photo: Any) -> None:
        """Show all photos of a photo's event, in the order of time; for a `helpers.season.Season`."""
        self._do(lambda: self._exploration.show_event(self._exploration.number(photo)))

    def judge(self, photos: Any, confirmed: bool) -> None:
        """Confirm, or reject, the events of photos: a label of the model, or several."""
        labels = photos if isinstance(photos, (list, tuple)) else [photos]
        self._judge([self._exploration.number(label) for label in labels], confirmed)

    def show_selected(self) -> None:
        """Show the selected photos alone."""
        self._do(self._exploration.show_selected)

    @takes(label="text")
    def give(self, label: str) -> None:
        """Give the selected photos a label, and keep it; an empty one takes theirs away."""
        self._exploration.give(label)
        count = f"{len(self.selected):,} photo{'s' * (len(self.selected) != 1)}"
        self._say(f"{label.strip()}: {count} labelled." if label.strip() else f"{count} without a label now.")

    def undo(self) -> None:
        """Take the last labels back."""
        undone = self._exploration.undo()
        self._say(f"{undone}." if undone else "There is nothing to undo.")

    @takes(to="path")
    def export(self, to: Union[str, "os.PathLike[str]"]) -> Path:
        """Write the selected photos, as paths into a `.csv` or as copies into a `.zip` or a folder; returns where."""
        here = self._exploration
        path, bad = here.export(to)
        kept = [row for row in here.selected if here.photo(row)[0] not in dict(bad)]
        note = "" if here.season is None else here.season.photos.people_note(kept)
        left = "".join(f"; left out: {name}: {reason}" for name, reason in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        self._say(f"{len(self.selected) - len(bad)} photos are in {path}{left}{more}{note and f'; {note}'}.")
        return path

    # What the page shows.

    def _card(self) -> Card:
        return explorer_card(self._exploration, self._pictures)

    def _do(self, work: Callable[[], Any]) -> None:
        work()
        season = self._exploration.season
        self._say("" if season is None else season.note)

    def _set(self, _: Any = None) -> None:
        """Apply the settings, or leave all of them as they were where the new ones are wrong."""
        here = self._exploration
        before = {name: getattr(here, name) for name in (*_SETTINGS, "filter")}
        for name in _SETTINGS:
            setattr(here, name, getattr(self, name))
        here.filter = Filter(*(getattr(self, name) for name in Filter._fields))
        try:
            self._do(here.refresh)
        except Exception:
            for name, value in before.items():
                setattr(here, name, value)
            with self.hold_trait_notifications():
                for name, value in {**before, **here.filter._asdict()}.items():
                    if name != "filter":
                        setattr(self, name, value)
            raise

    def _show(self) -> None:
        here = self._exploration
        with self.hold_trait_notifications():
            self.found, self.chosen = here.found, here.chosen
        with self.hold_sync():
            self._rows = here.rows.astype("<u4").tobytes()
            super()._show()
        self._send_labels()
        asked = {number for step in here.trail.steps[-20:] if step is not None for number in (*step.like, *step.unlike)}
        self._send_thumbnails([*here.rows[:_SCREEN].tolist(), *sorted(asked)])

    def _state_of_page(self) -> Dict[str, Any]:
        here = self._exploration
        steps = [None if step is None else step._asdict() for step in here.trail.steps]
        return {
            **{name: getattr(self, name) for name in (*_SETTINGS, *Filter._fields)},
            "count": len(self._table),
            "about": {str(row): about for row, about in here.about().items()},
            "found": here.found is not None,
            "heading": heading(here),
            "far": here.remark,
            "captions": here.catalogue.has_dates or len(here.catalogue.folder_counts) > 1,
            "question": steps[here.trail.place],
            "asked_folder": here.asked_folder,
            "trail": steps,
            "place": here.trail.place,
            "folders": here.catalogue.folder_counts,
            "columns": [name for name in here.catalogue.columns if self._keep or name != here.label_column],
            "dates": here.catalogue.has_dates,
            "metrics": list(METRICS),
            "labelled": len(here.labels),
            "words": sorted({label for _, label in here.labels.items()})[:100],
            "hidden": int(here.hidden.sum()),
            "keep": self._keep,
            "largest": self._uploads.most,  # bytes of an upload
            "events": here.season is not None,
            "asks_words": here.has_words,
            "judging": None if self._judging is None else self._judging.state(),
        }

    def _show_judging(self, _: Any = None) -> None:
        """Show what was judged, here or elsewhere; the order of the photos stays until the next query."""
        self._stamp += 1
        self._state = {**self._state, "stamp": self._stamp, "judging": self._judging and self._judging.state()}

    def _send_labels(self) -> None:
        """Send the labels that have changed."""
        before, now = self._sent_labels, dict(self._exploration.labels.items())
        self._sent_labels = now
        changed = {name for name in {*before, *now} if before.get(name) != now.get(name)}
        if changed:  # names are many
            labels = [[row, now.get(name)] for row, name in enumerate(self.model.names) if name in changed]
            self.send({"kind": "labels", "labels": labels})

    def _photo(self, number: int) -> Tuple[str, Source, Optional[str]]:
        return self._exploration.photo(number)

    def _details(self, number: int) -> Dict[str, Any]:
        name = self._photo(number)[0]
        if number < 0:
            return {"name": name, "label": None, "place": "", "taken": None}
        here = self._exploration
        taken = here.catalogue.taken(number)
        return {
            "name": name,
            "label": here.labels.get(name),
            "place": place_of(here.catalogue, number),
            "taken": None if taken is None else taken.isoformat(" ", "minutes"),
            "outline": here.outline(number),
        }

    def _checked(self, number: Any, lowest: int = 0) -> int:
        return super()._checked(number, -len(self._exploration.outside))

    @traitlets.observe("selected")
    def _select(self, _: Any) -> None:
        self._exploration.selected = self._table.rows(self.selected).tolist()

    def _send_parts(self, numbers: List[int], large: bool) -> None:
        """Send the parts of photos by which the last query found them, enlarged; there may be none any more."""
        about = self._exploration.about()
        found = [number for number in numbers if about.get(number, {}).get("box")]
        boxes = [about[number]["box"] for number in found]
        entries = [{"photo": number, "box": box} for number, box in zip(found, boxes)]
        self._send_pictures("parts", entries, self._pictures(found, boxes, large=large))

    # What the page asks for.

    def _searches(self) -> Dict[str, Handler]:
        here, photo = self._exploration, self._photo_of
        return {
            "large": lambda request, _: self.send(*large_photo(here, photo(request))),
            "parts": lambda request, _: self._send_parts(self._numbers_of(request), request.get("large") is True),
            "ask": lambda request, _: self._do(lambda: here.ask(photo(request))),
            "mark": lambda request, _: self._do(lambda: here.mark(photo(request), bool(request["like"]))),
            "region": lambda request, _: self._do(lambda: here.ask_region(photo(request), request["box"])),
            "words": lambda request, _: self.ask_words(str(request["text"])),
            "event": lambda request, _: self._do(lambda: here.show_event(photo(request))),
            "sightings": lambda *_: self._do(here.judge_sightings),
            "selected": lambda *_: self.show_selected(),
            "browse": lambda *_: self.browse(),
            "move": lambda request, _: self.forward(int(request["steps"])),
            "set": lambda request, _: self._take_settings(request["values"]),
            "upload": lambda request, buffers: self._take_part(request, bytes(buffers[0])),
        }

    def _edits(self) -> Dict[str, Handler]:
        """Requests that change files on this machine."""
        return {
            "judge": lambda request, _: self._judge(request["photos"], request["yes"]),
            "unjudge": lambda *_: self._unjudge(),
            "rank": lambda *_: self._rank(),
            "give": lambda request, _: self.give(str(request["label"])),
            "undo": lambda *_: self.undo(),
            "export": lambda request, _: self.export(str(request["to"]).strip()),
        }

    def _photo_of(self, request: Request) -> int:
        return self._checked(request["photo"])

    def _take_settings(self, values: Dict[str, Any]) -> None:
        with self.hold_trait_notifications():
            for name in {*_SETTINGS, *Filter._fields} & set(values):
                setattr(self, name, values[name])

    def _take_part(self, request: Request, content: bytes) -> None:
        whole = self._uploads.take(request, content)
        if whole is not None:
            self._do(lambda: self._exploration.ask(self._exploration.take(*whole)))

    def _judge(self, rows: List[int], confirmed: Optional[bool]) -> None:
        self._judged().judge([self._checked(row) for row in rows], confirmed)

    def _unjudge(self) -> None:
        undone = self._judged().sightings.undo()
        self._say("Undone: the last judgement." if undone else "There is no judgement to undo.")

    def _rank(self) -> None:
        self._judged().sightings.learn()
        self._do(self._exploration.judge_sightings)

    def _judged(self) -> Judging:
        if self._judging is None:
            raise FrameError("there are no sightings to judge; give Explorer(..., sightings=...)")
        return self._judging


def _refuse(*_: Any) -> None:
    raise FrameError("nothing is kept here")
