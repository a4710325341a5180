"""What a collection is asked: photos that the answer should be like and unlike, or a part of one."""

import os
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple

from helpers.errors import FrameError
from helpers.frames import Image
from helpers.frames.images import source_of
from helpers.images.boxes import Box
from helpers.images.decode import Source
from helpers.similarity.members import Collection

_NAMED = 3  # photos that the label of a question names


class Asked(NamedTuple):
    """One photo of a question."""

    label: Any  # of a photo from outside its name
    name: str
    image: Any  # as it was given: what `helpers.features.embed` takes
    source: Source
    row: Optional[int]  # of the collection; None from outside


class Question(NamedTuple):
    """Photos to be like, at least one, and to be unlike; or one photo and the part of it that counts."""

    like: List[Asked]
    unlike: List[Asked]
    box: Optional[Box]

    @classmethod
    def of(cls, collection: Collection, like: Any, unlike: Any, region: Any) -> "Question":
        """A question by labels of the collection, or by Images, Paths or bytes of photos from outside.

        A photo from outside that is in the collection too is taken from there. Raises `FrameError` for what is no
        question.
        """
        box = None
        if region is not None:
            photo, box = _photo_and_box(region)
            if _listed(like) or _listed(unlike):
                raise FrameError(
                    "region= is a question of its own, for a part of a photo and whole photos cannot be averaged: "
                    "give the region without like= and unlike="
                )
            like = [photo]
        liked, unliked = (_photos(collection, _listed(photos)) for photos in (like, unlike))
        if not liked:
            raise FrameError("mark at least one photo as like this: nearly everything is unlike something")
        both = {each.row for each in liked} & {each.row for each in unliked if each.row is not None}
        for each in liked:
            if each.row in both:
                raise FrameError(f"{each.label!r} is marked as like and as unlike; take it out of one of them")
        return cls(liked, unliked, box)

    @property
    def photos(self) -> List[Asked]:
        return [*self.like, *self.unlike]

    @property
    def label(self) -> Any:
        """What stands for it in a result: the label of its only photo, or a short text."""
        if len(self.photos) == 1:
            return self.like[0].label
        parts = []
        for word, photos in (("", self.like), ("not ", self.unlike)):
            parts += [f"{word}{each.label}" for each in photos[:_NAMED]]
            parts += [f"{word}{len(photos) - _NAMED} more"] if len(photos) > _NAMED else []
        return ", ".join(parts)


def _listed(photos: Any) -> List[Any]:
    """One photo or several as a list."""
    if photos is None:
        return []
    if isinstance(photos, (str, bytes, os.PathLike, Image)) or not isinstance(photos, Iterable):
        return [photos]
    return list(photos)


def _photos(collection: Collection, photos: List[Any]) -> List[Asked]:
    """Each photo of the collection once."""
    found: List[Asked] = []
    for photo in photos:
        asked = _asked(collection, photo)
        if asked.row is None or asked.row not in [each.row for each in found]:
            found.append(asked)
    return found


def _asked(collection: Collection, photo: Any) -> Asked:
    if isinstance(photo, (os.PathLike, bytes, Image)):
        image = Path(photo).expanduser().absolute() if isinstance(photo, os.PathLike) else photo
        row = collection.find(image)
        if row is None:
            name = image.name if isinstance(image, Path) else "photo from outside"
            return Asked(name, name, image, source_of(image), None)
    else:
        row = _row(collection, photo)
    return Asked(collection.labels[row], collection.names[row], None, collection.sources[row], row)


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
