"""What a collection is searched by: words, photos that the answer should be like and unlike, or a part of one photo."""

import os
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.features.distance import Distance
from helpers.files.spelling import expanded
from helpers.frames import Image
from helpers.frames.images import source_of
from helpers.images.boxes import Box
from helpers.images.decode import Source
from helpers.similarity.members import Collection

_NAMED = 3  # photos that the label of a query names
_AWAY = 0.5  # how far to go away from what is unlike: see `feedback`


class QueryPhoto(NamedTuple):
    """One photo that is searched by."""

    label: Any  # of a photo from outside its name
    name: str
    image: Any  # as it was given: what `helpers.features.embed` takes
    source: Source
    row: Optional[int]  # of the collection; None from outside


class SearchQuery(NamedTuple):
    """A text, photos to be like and to be unlike; or instead of these photos one, and the part of it that counts.

    Without a text, there is at least one photo to be like.
    """

    like: List[QueryPhoto]
    unlike: List[QueryPhoto]
    box: Optional[Box]
    text: Optional[str] = None

    @classmethod
    def of(
        cls, collection: Collection, like: Any, unlike: Any, region: Any, text: Optional[str] = None
    ) -> "SearchQuery":
        """A query by labels of the collection, or by Images, Paths or bytes of photos from outside; and by a text.

        A photo from outside that is in the collection too is taken from there. Raises `FrameError` for what cannot be
        searched by.
        """
        box = None
        if region is not None:
            photo, box = _photo_and_box(region)
            if _listed(like) or _listed(unlike):
                raise FrameError(
                    "a part of a photo and whole photos cannot be averaged: give region= without like= and unlike="
                )
            like = [photo]
        liked, unliked = (_photos(collection, _listed(photos)) for photos in (like, unlike))
        if not liked and text is None:
            raise FrameError("mark at least one photo as like this: nearly everything is unlike something")
        both = {photo.row for photo in liked} & {photo.row for photo in unliked if photo.row is not None}
        for photo in liked:
            if photo.row in both:
                raise FrameError(f"{photo.label!r} is marked as like and as unlike; take it out of one of them")
        return cls(liked, unliked, box, text)

    @property
    def photos(self) -> List[QueryPhoto]:
        """Those to be like, then those to be unlike."""
        return [*self.like, *self.unlike]

    @property
    def label(self) -> Any:
        """What stands for the query in a result: the label of its only photo, or a short text."""
        if len(self.photos) == 1 and self.text is None:
            return self.like[0].label
        parts = [] if self.text is None else [" ".join(self.text.split())]
        for word, photos in (("", self.like), ("not ", self.unlike)):
            parts += [f"{word}{photo.label}" for photo in photos[:_NAMED]]
            parts += [f"{word}{len(photos) - _NAMED} more"] if len(photos) > _NAMED else []
        return ", ".join(parts)


def feedback(like: np.ndarray, unlike: np.ndarray, metric: str) -> np.ndarray:
    """The point to search around, float32 [dimension], from features of photos, float32 [n, dimension].

    J. J. Rocchio's relevance feedback (1971), as in Manning, Raghavan and Schütze, Introduction to Information
    Retrieval (2008), section 9.1.1: there 0.75 mean(like) - 0.15 mean(unlike), since only the angle of a point counts.
    A distance needs weights that add up to 1, or the point would move away from all photos:

        point = mean(like) + 0.5 (mean(like) - mean(unlike))

    For `cosine` the means are of directions. One liked photo alone is the point itself.

    Notes
    -----
    With the book's 0.15 / 0.75 in place of 0.5, one in five of the photos that were marked as unlike stayed among the
    ten nearest, and with 0.5 one in twenty, while slightly more of the others were right (drawn robots and cartoons, by
    folder and by what was drawn). To rank by the nearest liked photo was worse; a linear classifier was worse by
    Euclidean distance and hardly better by cosine.
    """
    if len(like) == 1 and not len(unlike):
        return like[0]
    distance = Distance(np.empty((0, like.shape[1]), np.float32), metric)
    point = distance.points(like).mean(axis=0)
    if len(unlike):
        point += _AWAY * (point - distance.points(unlike).mean(axis=0))
    return point.astype(np.float32)


def _listed(photos: Any) -> List[Any]:
    """One photo or several as a list."""
    if photos is None:
        return []
    if isinstance(photos, (str, bytes, os.PathLike, Image)) or not isinstance(photos, Iterable):
        return [photos]
    return list(photos)


def _photos(collection: Collection, photos: List[Any]) -> List[QueryPhoto]:
    """Each photo of the collection once."""
    once: List[QueryPhoto] = []
    for photo in (_query_photo(collection, given) for given in photos):
        if photo.row is None or photo.row not in [other.row for other in once]:
            once.append(photo)
    return once


def _query_photo(collection: Collection, photo: Any) -> QueryPhoto:
    if isinstance(photo, (os.PathLike, bytes, Image)):
        image = expanded(photo).absolute() if isinstance(photo, os.PathLike) else photo
        row = collection.find(image)
        if row is None:
            name = image.name if isinstance(image, Path) else "photo from outside"
            return QueryPhoto(name, name, image, source_of(image), None)
    else:
        row = _row(collection, photo)
    return QueryPhoto(collection.labels[row], collection.names[row], None, collection.sources[row], row)


def _row(collection: Collection, label: Any) -> int:
    try:
        return collection.row(label)
    except TypeError as error:  # it cannot be looked up at all
        raise FrameError(
            "a photo to search by is a label of the model, or from outside a Path, an Image or the bytes of a photo "
            f"file, not {type(label).__name__}"
        ) from error
    except FrameError as error:
        if isinstance(label, str) and os.path.isfile(label):  # noqa: PTH113 (Path's fails for a text that is too long)
            raise FrameError(f"{error}; a file from outside is given as Path({label!r})") from error
        raise


def _photo_and_box(region: Any) -> Tuple[Any, Box]:
    from helpers.images.boxes import check_box
    from helpers.similarity.regions import SMALLEST

    if not isinstance(region, (tuple, list)) or len(region) != 2:
        raise FrameError(
            "region= is a photo and a box, such as (label, (0.1, 0.2, 0.5, 0.9)): left, top, right, bottom"
        )
    return region[0], check_box(region[1], smallest=SMALLEST)
