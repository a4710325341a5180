"""A season of field-camera photos, asked by event: when else, and where else?

The nearest photos to one are those of its own burst, and then those of the same
camera. A `Season` answers with one photo an event, at wish of other events or
other sites only.
"""

from typing import Any, List, Optional, Tuple

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError
from helpers.frames import SArray
from helpers.frames.neighbours import edge_frame
from helpers.frames.row_selection import mask, rows_of
from helpers.images.boxes import SIDES, check_box
from helpers.photos.events import INDEPENDENT, SEQUENCE, add_events
from helpers.season.items import Items, Nearest
from helpers.season.learner import Learner
from helpers.season.photo_facts import Moment, SeasonPhotos
from helpers.similarity.regions import SMALLEST, region_feature
from helpers.similarity.search import QueryPhoto, SearchQuery, feedback


class Season:
    """A `SimilarityModel` and the frame of its photos, searched by event.

    - `data`: the rows of the photos in the model's order, with `taken` and, as
      `load_photos` gives them with `layout=` and `details=True`, where and how
      they were taken. Needed only of a model that was loaded.
    - `sequence`, `independent`: seconds, see `helpers.photos.add_events`; without
      them the frame's column `event` counts, where it has one.
    - `parts`: the parts of photos that are compared instead of whole photos,
      see `helpers.season.Parts`; photos without any do not come up.

    To look at: `model`, `data` (with the events), `events` (an SFrame of a row
    an event: `event`, `site`, `camera`, `deployment`, `start`, `end`, `photos`,
    and `first`, the label of its first photo), `event_of_photo` (int64, one a
    photo), `note` (what is to be known of the last search, or nothing). All
    else that a model has, a season has too, so that it can be explored and
    mapped as one. Raises `FrameError` for a frame that does not fit.

    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> season = Season(create(data, model="efficientnet-lite0", verbose=False))
    >>> found = season.search(like=0, other="events", k=3)
    >>> found.column_names()
    ['query_label', 'reference_label', 'distance', 'rank', 'event', 'photos']
    """

    def __init__(
        self,
        model: Any,
        data: Optional[Any] = None,
        *,
        sequence: Optional[float] = None,
        independent: Optional[float] = None,
        parts: Optional[Any] = None,
    ) -> None:
        self.model, self.parts, self.note = model, parts, ""
        data = _frame_of(model, data)
        times = SEQUENCE if sequence is None else sequence, INDEPENDENT if independent is None else independent
        if sequence is not None or independent is not None:
            data = add_events(data, *times)
        self.photos = SeasonPhotos(data, model.labels, *times)
        self.data, self.events, self.event_of_photo = self.photos.data, self.photos.events, self.photos.event_of_photo
        self.items = Items(model, parts)
        self._learner: Optional[Learner] = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "model":  # not there yet, as while it is copied
            raise AttributeError(name)
        return getattr(self.model, name)

    def __repr__(self) -> str:
        parts = "" if self.items.boxes is None else f", {len(self.items.rows)} parts"
        return f"Season of {len(self.event_of_photo)} photos in {len(self.events)} events{parts}"

    @property
    def people(self) -> np.ndarray:
        """The photos that are known to show people, by the frame or by the parts: bool [photos]."""
        return self.photos.people | self.items.having("person") | getattr(self.parts, "people", False)

    @property
    def learner(self) -> Learner:
        """What learns from confirmations, made when it is first asked for."""
        if self._learner is None:
            self._learner = Learner(self.items.vectors)
        return self._learner

    def photos_of(self, event: int) -> List[Any]:
        """The labels of an event's photos in the order of time; raises `FrameError` where there is no such event."""
        return [self.model.labels[row] for row in self.photos.rows_of(event)]

    def event_of(self, label: Any) -> int:
        """The event of a photo, by its label; raises `FrameError` where there is none."""
        return int(self.event_of_photo[self.model.collection.row(label)])

    def photos_where(self, where: Optional[Any]) -> np.ndarray:
        """Which photos count for a `where` of `search`: bool [photos]. Raises `FrameError`."""
        if where is None:
            return np.ones(len(self.event_of_photo), bool)
        if hasattr(where, "__len__") and len(where) == len(self.event_of_photo):  # made of `data`
            return mask(where, len(self.event_of_photo))
        return self.model.photos_where(where)

    def search(
        self,
        like: Any = (),
        unlike: Any = (),
        *,
        region: Optional[Tuple[Any, Any]] = None,
        box: Optional[Any] = None,
        other: Optional[str] = None,
        where: Optional[Any] = None,
        night: Optional[bool] = None,
        since: Moment = None,
        until: Moment = None,
        k: Optional[int] = 10,
        per: str = "event",
        metric: Optional[str] = None,
        hide: bool = False,
        hide_people: bool = True,
    ) -> Any:
        """The nearest events to some photos, each with its best photo; see `SimilarityModel.search`.

        - `like`, `unlike`, `region`, `metric`, `hide`: as there. With parts, a
          photo of the season is asked with its part of the highest score, an
          animal if it has one, or with the one that `box` (left, top, right,
          bottom in shares) covers best; without a part, and from outside, with
          the whole photo, and `note` says so. A region's own feature is then
          compared with the parts.
        - `other`: `"events"` leaves out the events of the photos asked with;
          `"sites"` also the sites of those in `like`, and photos without a site.
        - `where`: which rows of `data`, or of the frame that the model was made
          of, count; `night`: True for the night only, False for the day only;
          `since`, `until`: dates, or texts such as 2026-07-31, both included.
        - `k`: how many events; `per="photo"`: how many photos, several an event.
        - `hide_people`: photos that are known to show people (see `people`) stay out.

        Returns an SFrame of `query_label`, `reference_label`, `distance` and
        `rank`, nearest first, with `event`, `photos` (how many of the event
        count), and with parts or regions `left`, `top`, `right`, `bottom`.
        Raises `FrameError` and `PhotoError` as `SimilarityModel.search` does.
        """
        check_whole("k", k, none_is="all")
        if per not in ("event", "photo"):
            raise FrameError(f"per={per!r} is not known; there are event and photo")
        question = SearchQuery.of(self.model.collection, like, unlike, region)
        allowed = self.allowed(question, other, where, night, since, until, hide_people)
        if hide:
            allowed[rows_of_asked(question.photos)] = False
        groups = self.event_of_photo if per == "event" else np.arange(len(allowed))
        nearest = self.nearest(question, self.features(question, box), k, groups, allowed, metric)
        first = question.like[0]
        self.model._recent.remember(question.label, first.name, first.source, nearest.rows, nearest.distances)
        return self._frame(question.label, nearest, allowed)

    def allowed(
        self,
        question: SearchQuery,
        other: Optional[str] = None,
        where: Optional[Any] = None,
        night: Optional[bool] = None,
        since: Moment = None,
        until: Moment = None,
        hide_people: bool = True,
    ) -> np.ndarray:
        """Which photos a search with these arguments goes through: bool [photos]. Raises `FrameError`."""
        allowed = self.photos_where(where) & self.photos.lit(night) & self.photos.dated(since, until)
        if hide_people:
            allowed &= ~self.people
        if other is not None:
            allowed &= self.photos.elsewhere(other, rows_of_asked(question.like), rows_of_asked(question.unlike))
        return allowed

    def features(self, question: SearchQuery, box: Optional[Any] = None) -> np.ndarray:
        """What each photo of a question is asked with, float32 [photos, dimension]; see `search`."""
        self.note = ""
        if box is not None and (self.parts is None or question.box is not None):
            raise FrameError("box= chooses one of the parts of photos; for any box give region=(label, box)")
        if question.box is not None:
            return region_feature(question.like[0].source, question.box, self.model.opened())[None]
        if self.parts is None:
            return self.model.features_of(question.photos)
        checked = None if box is None else check_box(box, smallest=SMALLEST)
        chosen = [None if each.row is None else self.items.part_of(each.row, checked) for each in question.photos]
        whole = [each for each, part in zip(question.photos, chosen) if part is None]
        if whole:
            names = ", ".join(each.name for each in whole[:3])
            self.note = f"asked with the whole photo, for no part of it is known: {names}; region= asks with any part"
        others = iter(self.model.features_of(whole) if whole else ())
        return np.stack([next(others) if part is None else self.items.vectors[part] for part in chosen])

    def nearest(
        self,
        question: SearchQuery,
        features: np.ndarray,
        k: Optional[int],
        groups: np.ndarray,
        allowed: np.ndarray,
        metric: Optional[str] = None,
    ) -> Nearest:
        """The `k` groups of photos that are nearest to a question with these features; see `Items.nearest`."""
        if question.box is not None and self.parts is None and self.model.regions is not None:
            return self._nearest_regions(question, k, groups, allowed)
        likes = len(question.like)
        point = feedback(features[:likes], features[likes:], self.model.metric if metric is None else metric)
        return self.items.nearest(point, k, groups, allowed, metric)

    def _nearest_regions(
        self, question: SearchQuery, k: Optional[int], groups: np.ndarray, allowed: np.ndarray
    ) -> Nearest:
        source, count = question.like[0].source, int(allowed.sum())
        wanted = max(1, count if k is None else min(count, 4 * k))
        while True:
            found = self.model.regions.search(source, question.box, wanted, allowed)
            places = np.sort(np.unique(groups[found[0]], return_index=True)[1])
            if wanted >= count or (k is not None and len(places) >= k):
                return Nearest(*(each[places[:k]] for each in found))
            wanted = min(count, 4 * wanted)

    def _frame(self, query: Any, nearest: Nearest, allowed: np.ndarray) -> Any:
        found = edge_frame([query], nearest.rows[None], nearest.distances[None], self.model.labels, None)
        events = self.event_of_photo[nearest.rows]
        known, counts = np.unique(self.event_of_photo[allowed], return_counts=True)
        photos = counts[np.searchsorted(known, events)]
        columns: List[Tuple[str, type, np.ndarray]] = [("event", int, events), ("photos", int, photos)]
        if nearest.boxes is not None:
            columns += [(name, float, edges) for name, edges in zip(SIDES, nearest.boxes.T)]
        for name, kind, values in columns:
            found = found.add_column(SArray(values.tolist(), dtype=kind), name)
        return found


def rows_of_asked(asked: List[QueryPhoto]) -> List[int]:
    """The rows of those photos of a question that are in the model."""
    return [each.row for each in asked if each.row is not None]


def _frame_of(model: Any, data: Optional[Any]) -> Any:
    """The frame of a model's photos, in their order; raises `FrameError`."""
    data = model.data if data is None else data
    if data is None:
        raise FrameError("a model from disk has no frame: give the one it was made of, Season(model, data)")
    if len(data) == len(model.vectors) + len(model.bad) and model.rows is not None:
        data = rows_of(data, model.rows)
    if len(data) != len(model.vectors):
        raise FrameError(f"the frame has {len(data)} rows, and the model {len(model.vectors)} photos")
    return data
