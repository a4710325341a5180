"""Searching by several photos, by a part of one, and among some photos only: what Turi Create's models cannot do.

`Searching` is the part of a `SimilarityModel` that does it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError, PhotoError
from helpers.features.distance import Distance
from helpers.features.embedding import Embedded
from helpers.features.index import SearchIndex
from helpers.features.open_index import open_index
from helpers.features.subset import SubsetSearch
from helpers.frames import SArray
from helpers.frames.neighbours import edge_frame
from helpers.frames.row_selection import mask, rows_of
from helpers.images.boxes import SIDES
from helpers.networks.precision import Settled
from helpers.similarity.members import Collection
from helpers.similarity.question import Asked, Question
from helpers.similarity.recent_queries import RecentQueries

if TYPE_CHECKING:
    from helpers.similarity.regions import Regions

_AWAY = 0.5  # how far to go away from what is unlike: see `feedback`


def feedback(like: np.ndarray, unlike: np.ndarray, metric: str) -> np.ndarray:
    """The point to look around, float32 [dimension], from features of photos, float32 [n, dimension].

    J. J. Rocchio's relevance feedback (1971), as in Manning, Raghavan and
    Schütze, Introduction to Information Retrieval (2008), section 9.1.1, there
    0.75 mean(like) - 0.15 mean(unlike), since only the angle of a point counts.
    A distance needs weights that add up to 1, or the point would move away from
    all photos:

        point = mean(like) + 0.5 (mean(like) - mean(unlike))

    For `cosine` the means are of directions. One liked photo alone is the point
    itself. With the book's 0.15 / 0.75 in place of 0.5, one in five of the
    photos that were marked as unlike stayed among the ten nearest, and with 0.5
    one in twenty, while slightly more of the others were right (drawn robots
    and cartoons, by folder and by what was drawn). To rank by the nearest liked
    photo was worse; a linear classifier was worse by Euclidean distance and
    hardly better by cosine.
    """
    if len(like) == 1 and not len(unlike):
        return like[0]
    distance = Distance(np.empty((0, like.shape[1]), np.float32), metric)
    point = distance.points(like).mean(axis=0)
    if len(unlike):
        point += _AWAY * (point - distance.points(unlike).mean(axis=0))
    return point.astype(np.float32)


class Searching:
    """A model that can be searched; what is declared here, `SimilarityModel` has."""

    collection: Collection
    index: SearchIndex
    vectors: np.ndarray
    rows: Optional[np.ndarray]
    bad: Any
    regions: Optional["Regions"]
    store_path: Optional[Path]
    _frame: Optional[Any]
    _recent: RecentQueries
    _searchers: Dict[str, SubsetSearch]
    _outside: Dict[Any, np.ndarray]  # features of the photos from outside that were asked with last, by their bytes

    def search(
        self,
        like: Any = (),
        unlike: Any = (),
        *,
        region: Optional[Tuple[Any, Any]] = None,
        where: Optional[Any] = None,
        k: Optional[int] = 10,
        metric: Optional[str] = None,
        hide: bool = False,
    ) -> Any:
        """The photos nearest to some that they should be like, and away from some that they should not.

        - `like`, `unlike`: labels of the model, or photos from outside: Images,
          Paths, or the bytes of photo files. One alone needs no list. How
          several are put together, says `helpers.similarity.search.feedback`.
        - `region`: instead of these a photo and a box in it, (left, top, right,
          bottom) in shares of the upright photo, 0 to 1. What the box holds is
          compared with whole photos, or after `add_regions` with parts of photos.
        - `where`: which rows of the frame that the model was made of count, as
          0 and 1 or False and True; the others stay out before the nearest are
          taken. `k=None` is all that count.
        - `metric`: the other one than the model's, at wish. Parts of photos are
          always compared by their cosine.
        - `hide`: the photos that were asked with stay out.

        Returns an SFrame as `query` does, whose `query_label` is the label of
        the one photo that was asked with, or a short text for several; after
        `add_regions` a region's answer has the part of each photo too: `left`,
        `top`, `right` and `bottom`. Raises `FrameError` for a question without
        a photo in `like`, for what is no photo or box and for a `where` of
        another length, and `PhotoError` where a photo from outside cannot be read.

        >>> from helpers.photos.load import load_photos
        >>> from helpers.similarity.build import create
        >>> data, bad = load_photos("data/robots/tarn")
        >>> model = create(data, model="efficientnet-lite0", verbose=False)
        >>> found = model.search(like=[0, 3], unlike=7, where=data["width"] > data["height"], k=5)
        >>> found["query_label"][0]
        '0, 3, not 7'
        """
        check_whole("k", k, none_is="all")
        searcher = self.searcher(metric)
        question = Question.of(self.collection, like, unlike, region)
        allowed = self.photos_where(where)
        if hide:
            allowed[[each.row for each in question.photos if each.row is not None]] = False
        first, boxes = question.like[0], None
        if question.box is None:
            features = self._features(question.photos)
            likes = len(question.like)
            point = feedback(features[:likes], features[likes:], searcher.metric)
            rows, distances = searcher.search(point, k, allowed)
        elif self.regions is None:
            from helpers.similarity.regions import region_feature

            feature = region_feature(first.source, question.box, self.opened())
            rows, distances = searcher.search(feature, k, allowed)
        else:
            wanted = len(self.vectors) if k is None else k
            rows, distances, boxes = self.regions.search(first.source, question.box, wanted, allowed)
        self._recent.remember(question.label, first.name, first.source, rows, distances)
        found = edge_frame([question.label], rows[None], distances[None], self.collection.labels, None)
        if boxes is not None:
            for name, edges in zip(SIDES, boxes.T.tolist()):
                found = found.add_column(SArray(edges, dtype=float), name)
        return found

    @property
    def data(self) -> Optional[Any]:
        """The rows of the frame that the photos came from, in their order; None for a model from disk."""
        if self._frame is not None and len(self._frame) != len(self.vectors):
            self._frame = rows_of(self._frame, self._rows())  # not before: it takes Turi Create its time
        return self._frame

    def where(self, photos: Any) -> np.ndarray:
        """A `where` for `search`, bool [rows of the frame], from which photos of the model count: bool [photos]."""
        chosen = np.zeros(len(self.vectors) + len(self.bad), bool)
        chosen[self._rows()[mask(photos, len(self.vectors))]] = True
        return chosen

    def photos_where(self, where: Optional[Any]) -> np.ndarray:
        """Which photos of the model count for a `where` of `search`: bool [photos]. Raises `FrameError`."""
        if where is None:
            return np.ones(len(self.vectors), bool)
        return mask(where, len(self.vectors) + len(self.bad))[self._rows()]

    def add_regions(self, progress: bool = True) -> None:
        """Have `search` compare regions with parts of photos; each photo goes through the network once more.

        The features of the parts are kept where those of the photos are. Raises
        what `helpers.similarity.regions.Regions.of` raises.
        """
        from helpers.similarity.regions import Regions

        self.regions = Regions.of(
            self.collection.sources,
            self.collection.identities,
            self.opened(progress).loaded,
            store=self.store_path,
            progress=progress,
        )
        if progress:
            print(self.regions.note)

    def searcher(self, metric: Optional[str] = None) -> SubsetSearch:
        """Nearest neighbours among all photos or some, by the model's metric or the other one, which is exact."""
        metric = self.index.metric if metric is None else metric
        if metric not in self._searchers:
            index = self.index if metric == self.index.metric else open_index("exact", self.vectors, metric)
            self._searchers[metric] = SubsetSearch(index, self.vectors)
        return self._searchers[metric]

    def opened(self, progress: bool = False) -> Settled:
        """The network as it made the features."""
        raise NotImplementedError

    def embed(self, photos: List[Any], progress: bool = False, batch_size: int = 64) -> Embedded:
        """The features of photos from outside."""
        raise NotImplementedError

    def _features(self, asked: List[Asked]) -> np.ndarray:
        """The feature of each photo, float32 [asked, dimension], looked up or computed; raises `PhotoError`."""
        features = np.empty((len(asked), self.vectors.shape[1]), np.float32)
        outside = []
        for place, each in enumerate(asked):
            if each.row is not None:
                features[place] = self.vectors[each.row]
            elif each.source in self._outside:
                features[place] = self._outside[each.source]
            else:
                outside.append(place)
        if outside:
            done = self.embed([asked[place].image for place in outside])
            for row, reason in done.bad:
                raise PhotoError(f"{asked[outside[row]].name}: {reason}")
            features[outside] = done.vectors
            # For the next filter, or k. A file may change; bytes do not.
            new = {asked[place].source: features[place] for place in outside if isinstance(asked[place].source, bytes)}
            self._outside = new or self._outside
        return features

    def _rows(self) -> np.ndarray:
        if self.rows is None:
            raise FrameError(
                "an older Kinframe saved this model and did not say which rows of the frame its photos were: build it "
                "again to search with where=; features that were kept are not computed again"
            )
        return self.rows
