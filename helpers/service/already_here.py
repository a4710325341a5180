"""Whether a picture is in the collection already: the same file, or the same picture saved again.

The criteria are those of `helpers.collection.duplicates.thresholds`: first the bytes;
then, for the 20 images with the nearest features, the pictures themselves, laid over
each other. Its third kind, photos with near features alone, is a search.
"""

import contextlib
import hashlib
from typing import Any, List, NamedTuple

import numpy as np

from helpers.collection.duplicates.exposures import Exposures
from helpers.collection.duplicates.fingerprints import fingerprints
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.collection.duplicates.thresholds import KINDS, SAME_PICTURE
from helpers.errors import NotFound, PhotoError, Refused
from helpers.files.stamps import stamp
from helpers.images.decode import Source
from helpers.images.sizes import Sizes
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.records import ImageRecord, SearchOptions
from helpers.service.storage.storage import Storage

_NEAREST = 20  # images by their features, whose pictures are compared


class ImageCopy(NamedTuple):
    """An image that shows the same picture."""

    image: ImageRecord
    kind: str  # `bytes`, or `picture`
    distance: float  # 0 for the same bytes; of pictures, what remains of their contrast: 0 to 0.25


def already_here(storage: Storage, network: QueryNetwork, root: PhotoRoot, content: bytes) -> List[ImageCopy]:
    """Images of the photo with this content: the same bytes first, then by distance, ties by id.

    Images whose files are gone, or have changed since they were indexed, are
    compared by the bytes that they had. Photos with different dates of the
    camera are not the same picture. Raises `PhotoError`.
    """
    identity = hashlib.sha256(content).hexdigest()
    copies = [ImageCopy(image, KINDS[0], 0.0) for image in storage.images.with_identity(identity)]
    feature = network.feature(content)
    near = storage.search(feature, SearchOptions(_NEAREST + len(copies), "cosine"))
    images = [match.image for match in near if match.image.identity != identity]
    copies += _same_pictures(content, images, root)
    return sorted(copies, key=lambda copy: (KINDS.index(copy.kind), copy.distance, copy.image.id))


def _same_pictures(content: bytes, images: List[ImageRecord], root: PhotoRoot) -> List[ImageCopy]:
    there, sources = [], []
    for image in images:
        with contextlib.suppress(NotFound, Refused, OSError):
            file = str(root.file(image.path))
            if stamp(file)[:2] == (image.size, image.modified):
                sources.append(file)
                there.append(image)
    identities = [image.identity for image in there]
    prints, bad = fingerprints([(content, None), *zip(sources, identities)])
    reasons = dict(bad)
    if 0 in reasons:
        raise PhotoError(reasons[0])
    others = np.array([place for place in range(1, 1 + len(there)) if place not in reasons], np.int64)
    distances = picture_distances(prints, np.zeros(len(others), np.int64), prints, others)
    same = np.flatnonzero(distances <= SAME_PICTURE)
    photos: Any = _PhotoSources([content, *sources])
    differ = Exposures(photos).differ(np.zeros(len(same), np.int64), others[same])
    return [
        ImageCopy(there[others[place] - 1], KINDS[1], float(distances[place]))
        for place, other in zip(same.tolist(), differ)
        if not other
    ]


class _PhotoSources:
    """The part of a catalogue that `Exposures` needs."""

    def __init__(self, sources: List[Source]) -> None:
        self.sources, self.data = sources, None
        self.sizes = Sizes(None, sources)
        self.model = self  # which would have a frame
