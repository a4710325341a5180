"""A season of field-camera photos, searched by event: when else, and where else?

The nearest photos to one are those of its own burst, and then those of the same
camera. A `Season` answers with one photo per event, optionally of other events
or other sites only.
"""

from functools import cached_property
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.frames import SArray, SFrame
from helpers.frames.neighbours import edge_frame
from helpers.frames.row_selection import mask, rows_of
from helpers.images.boxes import SIDES
from helpers.networks.load import LoadedModel
from helpers.photos.events import INDEPENDENT, SEQUENCE, add_events
from helpers.season.learner import Learner
from helpers.season.parts import Parts
from helpers.season.photo_facts import Moment, PhotoFilters, SeasonPhotos
from helpers.season.searched_features import NearestPhotos, SearchedFeatures, nearest_of_groups
from helpers.season.word_ranking import PhotosInWords, WordRanking
from helpers.similarity.model import SimilarityModel
from helpers.similarity.regions import Regions
from helpers.similarity.search import QueryPhoto, SearchQuery, feedback
from helpers.similarity.word_scores import WordScores
from helpers.similarity.word_search import WordQuery, with_words


class SeasonQuery(NamedTuple):
    """A question to a season, with all that a search takes."""

    question: SearchQuery
    like: np.ndarray  # features of its photos, or of a part of each: float32 [n, dimension]
    unlike: np.ndarray
    allowed: np.ndarray  # the photos of the season that count: bool [photos]
    metric: Optional[str]


class Season:
    """A similarity model and the frame of its photos, searched by event.

    It has the attributes and methods of its model too, so that it can be
    explored and mapped as one.

    Parameters
    ----------
    model
        The model of the photos.
    data
        The frame of the photos, in the model's order or with all rows that the
        model was made of, with `taken` and the columns of `load_photos` with
        `layout=` and `details=True`. By default that of the model; a model that
        was loaded has none.
    sequence, independent
        Seconds between the sequences and events of a camera, see
        `helpers.photos.add_events`. By default the frame's column `event`
        counts, or the defaults of that function.
    parts
        The `Parts` of photos to compare instead of whole photos. Photos without
        any are not found.

    Attributes
    ----------
    model, data, parts
        As given, `data` with the events.
    events
        An SFrame of a row per event: `event`, `site`, `camera`, `deployment`,
        `start`, `end`, `photos` and `first`, the label of its first photo.
    event_of_photo
        The event of each photo, int64 [photos].
    note
        A remark on the last search, or an empty text.

    Raises
    ------
    FrameError
        For a frame that is missing, has another number of rows, or has neither
        events nor what `add_events` needs.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> season = Season(create(data, model="efficientnet-lite0", verbose=False))
    >>> season.search(like=0, other="events", k=3).column_names()
    ['query_label', 'reference_label', 'distance', 'rank', 'event', 'photos']
    """

    @takes(model="model", data="frame")
    def __init__(
        self,
        model: SimilarityModel,
        data: Optional[SFrame] = None,
        *,
        sequence: Optional[float] = None,
        independent: Optional[float] = None,
        parts: Optional[Parts] = None,
    ) -> None:
        self.model, self.parts, self.note = model, parts, ""
        data = _frame_of(model, data)
        times = SEQUENCE if sequence is None else sequence, INDEPENDENT if independent is None else independent
        if sequence is not None or independent is not None:
            data = add_events(data, *times)
        self.photos = SeasonPhotos(data, model.labels, *times)
        self.data, self.events, self.event_of_photo = self.photos.data, self.photos.events, self.photos.event_of_photo
        self.searched = SearchedFeatures(model, parts)

        # What a season takes from its model as it is, so that it can be explored and mapped as one.
        self.collection, self.labels, self.names = model.collection, model.labels, model.names
        self.index, self.vectors, self.metric = model.index, model.vectors, model.metric
        self.num_examples, self.rows, self.bad = model.num_examples, model.rows, model.bad
        self.feature, self.label, self.key, self.timings = model.feature, model.label, model.key, model.timings
        self.precision, self.agreement, self.store_path = model.precision, model.agreement, model.store_path
        self.photo, self.name_of, self.asked = model.photo, model.name_of, model.asked
        self.query, self.searcher, self.where = model.query, model.searcher, model.where
        self.similarity_graph, self.rankings, self.save = model.similarity_graph, model.rankings, model.save
        self.embed, self.opened, self.add_regions = model.embed, model.opened, model.add_regions

    @property
    def network(self) -> LoadedModel:
        """The model's network, which `opened` may load again."""
        return self.model.network

    @property
    def has_words(self) -> bool:
        """Whether `search` takes a text."""
        return self.model.has_words

    @property
    def words(self) -> WordScores:
        """The scores of the model's whole photos for all words."""
        return self.model.words

    @property
    def regions(self) -> Optional[Regions]:
        """The parts of photos that `add_regions` has added to the model."""
        return self.model.regions

    def __repr__(self) -> str:
        parts = "" if self.parts is None else f", {len(self.searched.rows)} parts"
        return f"Season of {len(self.event_of_photo)} photos in {len(self.events)} events{parts}"

    @property
    def people(self) -> np.ndarray:
        """The photos that are known to show people, by the frame or the parts: bool [photos]."""
        return self.photos.people if self.parts is None else self.photos.people | self.parts.people

    @cached_property
    def learner(self) -> Learner:
        """What learns from confirmed and rejected events."""
        return Learner(self.searched.vectors)

    def photos_of(self, event: int) -> List[Any]:
        """The labels of an event's photos, by time; raises `FrameError` where there is no such event."""
        return [self.labels[row] for row in self.photos.rows_of(event)]

    def event_of(self, label: Any) -> int:
        """The event of a photo, by its label; raises `FrameError` for a label that is not in the model."""
        return int(self.event_of_photo[self.collection.row(label)])

    def photos_where(self, where: Optional[Any]) -> np.ndarray:
        """The photos that count for a `where` of `search`, bool [photos]. Raises `FrameError`."""
        if where is not None and hasattr(where, "__len__") and len(where) == len(self.event_of_photo):
            return mask(where, len(where))  # made of `data`, and not of the frame that the model was made of
        return self.model.photos_where(where)

    def search(
        self,
        like: Any = (),
        unlike: Any = (),
        *,
        text: Optional[str] = None,
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
    ) -> SFrame:
        """Find the events nearest to some photos, or that some words fit best, each with its best photo.

        Parameters
        ----------
        like, unlike
            Photos to be like, and to be unlike: labels, or Images, Paths or bytes
            of photos from outside. With parts, of a photo of the season its
            part of the highest score is compared, an animal if there is one. Without
            a part, and from outside, it is the whole photo; a remark is in `note`.
        text
            Words, as of `SimilarityModel.search`. With parts, the words are compared
            with these: photos without any are not found.
        region
            Instead, a photo and a box: left, top, right, bottom in shares. Its
            feature is compared with the parts, if there are any.
        box
            With parts, chooses the part that it overlaps most.
        other
            `"events"` leaves out the events of the query's photos; `"sites"` also
            the sites of those in `like`, and photos without a site.
        where
            Which rows of `data`, or of the frame that the model was made of, count.
        night
            True for photos of the night only, False for those of the day only, by
            the sun: `helpers.photos.add_sun` adds it to `data`.
        since, until
            Dates, or texts such as 2026-07-31, both included.
        k
            How many events; all with None.
        per
            `"photo"` finds `k` photos instead, several of an event.
        metric
            `euclidean` or `cosine`; by default that of the model.
        hide
            Whether to leave out the query's photos.
        hide_people
            Whether to leave out photos that show people, see `people`.

        Returns
        -------
        SFrame
            `query_label`, `reference_label`, `distance` and `rank`, nearest
            first, `event` and `photos` (how many of the event count); with parts
            or regions also `left`, `top`, `right`, `bottom`; for a text also `score` and
            `word`, of the part with `left` to `bottom` or else of the whole photo.

        Raises
        ------
        FrameError, PhotoError
            As `SimilarityModel.search`; and for an unknown value of `other` or
            `per`, an invalid date, or a filter by a column that the frame lacks.
        """
        check_whole("k", k, none_is="all")
        if per not in ("event", "photo"):
            raise FrameError(f"per={per!r} is not known; there are event and photo")
        filters = PhotoFilters(other, where, night, since, until, hide_people)
        words = None if text is None else WordQuery.of(text)
        query = self.prepare(like, unlike, region, box, metric, filters, text)
        if hide:
            query.allowed[rows_of_photos(query.question.photos)] = False
        groups = self.event_of_photo if per == "event" else np.arange(len(self.event_of_photo))
        ranked = None if words is None else self._ranked(query, words, k, groups)
        nearest = self.nearest(query, k, groups) if ranked is None else ranked.nearest
        label = query.question.label
        for first in query.question.photos[:1]:
            part = self.searched.part_of_query(query.question, box)
            self.model.recent_queries.remember(label, first.name, first.source, nearest.rows, nearest.distances, part)
        frame = self._frame(label, nearest, query.allowed)
        return frame if ranked is None else with_words(frame, ranked.found, ranked.names)

    def prepare(
        self,
        like: Any,
        unlike: Any,
        region: Any,
        box: Any,
        metric: Optional[str],
        filters: PhotoFilters,
        text: Optional[str] = None,
    ) -> SeasonQuery:
        """A query from the arguments of `search`, raising as that does; sets `note`."""
        question = SearchQuery.of(self.collection, like, unlike, region, text)
        allowed = self._allowed(question, filters)
        features, self.note = self.searched.of_query(question, box)
        likes = len(question.like)
        return SeasonQuery(question, features[:likes], features[likes:], allowed, metric)

    def nearest(self, query: SeasonQuery, k: Optional[int], groups: np.ndarray) -> NearestPhotos:
        """The `k` groups of photos nearest to a query, each with its nearest photo; `k=None` is all.

        `groups` has the group of each photo, such as its event: int64 [photos].
        """
        box, regions = query.question.box, self.model.regions
        if box is None or regions is None or self.parts is not None:
            point = feedback(query.like, query.unlike, self.metric if query.metric is None else query.metric)
            return self.searched.nearest(point, k, groups, query.allowed, query.metric)

        def search(count: int) -> NearestPhotos:
            source = query.question.like[0].source
            return NearestPhotos(*regions.search(source, box, max(1, count), query.allowed))

        return nearest_of_groups(search, k, groups, int(query.allowed.sum()))

    def _ranked(self, query: SeasonQuery, words: WordQuery, k: Optional[int], groups: np.ndarray) -> WordRanking:
        """The same for the words of a query."""
        near, is_like = None, bool(query.question.like)
        if query.question.photos:
            asked = query if is_like else query._replace(like=query.unlike, unlike=query.like)
            near = self.nearest(asked, None, np.arange(len(groups)))
        photos = PhotosInWords(self.searched, words, len(groups))
        return photos.ranked(k, groups, query.allowed, near, is_like)

    def _allowed(self, question: SearchQuery, filters: PhotoFilters) -> np.ndarray:
        allowed = self.photos_where(filters.where)
        allowed = allowed & self.photos.lit(filters.night) & self.photos.dated(filters.since, filters.until)
        if filters.hide_people:
            allowed &= ~self.people
        if filters.other is not None:
            like, unlike = rows_of_photos(question.like), rows_of_photos(question.unlike)
            allowed &= self.photos.elsewhere(filters.other, like, unlike)
        return allowed

    def _frame(self, query_label: Any, nearest: NearestPhotos, allowed: np.ndarray) -> SFrame:
        frame = edge_frame([query_label], nearest.rows[None], nearest.distances[None], self.labels, None)
        events = self.event_of_photo[nearest.rows]
        known, counts = np.unique(self.event_of_photo[allowed], return_counts=True)
        columns: List[Tuple[str, type, np.ndarray]] = [
            ("event", int, events),
            ("photos", int, counts[np.searchsorted(known, events)]),
        ]
        if nearest.boxes is not None:
            columns += [(side, float, edges) for side, edges in zip(SIDES, nearest.boxes.T)]
        for name, kind, values in columns:
            frame = frame.add_column(SArray(values.tolist(), dtype=kind), name)
        return frame


def rows_of_photos(photos: List[QueryPhoto]) -> List[int]:
    """The rows of those photos of a question that are in the model."""
    return [photo.row for photo in photos if photo.row is not None]


def _frame_of(model: SimilarityModel, data: Optional[SFrame]) -> SFrame:
    """The frame of a model's photos, in their order; raises `FrameError`."""
    data = model.data if data is None else data
    if data is None:
        raise FrameError("a model from disk has no frame: give the one it was made of, Season(model, data)")
    if len(data) == len(model.vectors) + len(model.bad) and model.rows is not None:
        data = rows_of(data, model.rows)
    if len(data) != len(model.vectors):
        raise FrameError(f"the frame has {len(data)} rows, and the model {len(model.vectors)} photos")
    return data
