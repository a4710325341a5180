"""From the rows of a query to vectors: looked up, given, or computed; a bad row costs only itself."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Protocol

import numpy as np

from helpers.errors import ArgumentError, KinframeError, PhotoError
from helpers.files.spelling import printable
from helpers.frames import Frame
from helpers.frames.images import source_of
from helpers.frames.photo_columns import array_column, image_column, images_and_paths
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.images.decode import Source
from helpers.similarity import given
from helpers.similarity.members import CollectionModel
from helpers.similarity.recent_queries import RecentQueries


class AskedModel(CollectionModel, Protocol):
    """What a query needs of its model."""

    feature: str
    centre: Optional[np.ndarray]


class QueryVectors(NamedTuple):
    """What a query asks with; the names and photos have an entry for each row, the vectors for each good one."""

    vectors: np.ndarray  # float32 [good, dimension]
    good: List[int]  # the rows that they are of, ascending
    names: List[str]
    photos: List[Any]  # what `source_of` takes

    def source(self, row: int) -> Source:
        return source_of(self.photos[row])


def of_query(model: AskedModel, dataset: Frame, labels: List[Any], verbose: bool, batch_size: int) -> QueryVectors:
    """The vectors of the query `dataset`, whose rows have these labels.

    Raises `FrameError` where it has neither photos nor features, and `PhotoError` where none of them can be used; if
    only some cannot, a line names each.
    """
    shown = [f"query {one}" for one in labels]
    if array_column(dataset, model.feature) is None:
        images, paths = images_and_paths(dataset, image_column(dataset, model.feature))
        return _of_photos(model, images, shown_names(paths, shown), verbose, batch_size)
    return _of_features(model, dataset, shown_names(row_paths(dataset)[0], shown))


def _of_features(model: AskedModel, dataset: Frame, names: List[str]) -> QueryVectors:
    column = dataset[model.feature]
    if not given.are_features(column, model.network):
        raise given.refusal(model.feature, column, model.network)
    vectors, good, bad = given.vectors_of(column, model.network.dimension)
    _leave_out({row: f"{names[row]}: {reason}" for row, reason in bad}, len(names), ArgumentError)
    vectors = vectors if model.centre is None else vectors - model.centre
    shown = good[-RecentQueries.SIZE :][0]  # nobody asks for the photos before it
    photos = [None] * shown + [source for source, _ in given.sources(dataset[shown:])]
    return QueryVectors(vectors, good, names, photos)


def _of_photos(model: AskedModel, images: List[Any], names: List[str], verbose: bool, batch_size: int) -> QueryVectors:
    vectors = np.empty((len(images), model.vectors.shape[1]), np.float32)
    photos, new, bad = list(images), [], {}
    for place, image in enumerate(images):
        row: Optional[int] = model.collection.find(image)
        if row is None:
            new.append(place)
        else:
            vectors[place], photos[place] = model.vectors[row], model.collection.sources[row]
    if new:
        embedded = model.embed([images[place] for place in new], verbose, batch_size)
        vectors[[new[row] for row in embedded.rows]] = embedded.vectors
        bad = {new[row]: f"{names[new[row]]}: {reason}" for row, reason in embedded.bad}
    _leave_out(bad, len(images), PhotoError)
    good = [place for place in range(len(images)) if place not in bad]
    return QueryVectors(vectors[good], good, names, photos)


def _leave_out(bad: Dict[int, str], count: int, error: Callable[[str], KinframeError]) -> None:
    if len(bad) == count:
        raise error(next(iter(bad.values())))
    for reason in bad.values():
        print(printable(f"left out of the query: {reason}"))
