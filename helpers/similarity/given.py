"""Features that were computed before, such as by `get_deep_features`: they are taken as they are.

Nobody can see in a feature which network it is of, and Turi Create's ResNet-50 has other weights than ours. So the
network is checked before it computes features that would be compared with these: by photos of the collection, whose
features it must find again.
"""

import hashlib
import itertools
import time
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from helpers.errors import ArgumentError, ModelError, PhotoError
from helpers.features.embedding import Embedded
from helpers.features.pipeline import file_of_copy, unchanged
from helpers.files import cache
from helpers.frames import Frame
from helpers.frames.images import path_of, source_of
from helpers.frames.photo_columns import image_column
from helpers.frames.photo_paths import row_paths
from helpers.images.decode import Source, open_photo
from helpers.networks.load import LoadedModel
from helpers.networks.precision.settled import Settled, as_given

_CHECKED = 8  # photos by which the network is checked
# The least correlation of a feature with the given one: the median of these photos. Of 100 photos of three collections,
# resized in another way (to the nearest pixel), the features of EfficientNet-Lite0 had 0.69 to 0.99; with their numbers
# shuffled, as those of another network are, -0.04 to 0.06.
_LEAST = 0.4
_LONGER = 2  # how many times as long as the given one it may be, or as short: features may have been scaled


def are_features(column: Any, network: LoadedModel) -> bool:
    """Whether a column of arrays may hold features of a network, by the length of the first."""
    return _length(column) == network.dimension


def refusal(name: str, column: Any, network: LoadedModel) -> ArgumentError:
    """The error for a column of arrays that are not features of a network."""
    length = _length(column)
    if length is None:
        return ArgumentError(f"the column {name!r} holds no features: all its values are missing")
    return ArgumentError(
        f"the arrays in the column {name!r} have {length} numbers, and features of {network.name} "
        f"{network.dimension}; name their network with model=, or the column of the photos with feature="
    )


def vectors_of(values: Any, dimension: int) -> Tuple[np.ndarray, List[int], List[Tuple[int, str]]]:
    """Features in arrays as float32 [rows, dimension], the places of these, ascending, and why others are not taken."""
    vectors = cache.roomy_array((len(values), dimension))
    rows: List[int] = []
    bad: List[Tuple[int, str]] = []
    for row, value in enumerate(values):
        if value is None:
            bad.append((row, "its features are missing"))
        elif len(value) != dimension:
            bad.append((row, f"it has {len(value)} features, not {dimension}"))
        else:
            with np.errstate(over="ignore"):
                vectors[len(rows)] = value
            if np.isfinite(vectors[len(rows)]).all():
                rows.append(row)
            else:
                bad.append((row, "its features are not all finite numbers"))
    return vectors[: len(rows)], rows, bad


def take(dataset: Frame, column: str, network: LoadedModel) -> Embedded:
    """The features in a column, in the place of what `helpers.features.embed` computes; see `vectors_of` for the bad.

    The photos that they are of are those of the image column, if there is one, or the files in the frame's paths.
    """
    start = time.perf_counter()
    vectors, rows, bad = vectors_of(dataset[column], network.dimension)
    photos = list(sources(dataset))
    seconds = time.perf_counter() - start
    figures = {"photos": float(len(rows)), "kept": float(len(rows)), "seconds": seconds}
    nothing = dict.fromkeys(("photos_per_second", "prepare", "read", "decode", "network", "write"), 0.0)
    digest = hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()
    return Embedded(
        vectors=vectors,
        rows=np.array(rows, np.int64),
        bad=bad,
        identities=[photos[row][1] for row in rows],
        sources=[photos[row][0] for row in rows],
        settled=as_given(network, digest, f"{len(rows)} features, as they are in the column {column!r}"),
        timings={**figures, **nothing},
    )


def sources(dataset: Frame) -> Iterator[Tuple[Source, Optional[str]]]:
    """For each row of a frame of features the photo, and its sha-256 where that is known without reading a file."""
    try:
        images: Any = dataset[image_column(dataset, None)]
    except ArgumentError:
        images = itertools.repeat(None)
    for row, (file, image) in enumerate(zip(row_paths(dataset)[1], images)):  # one at a time: they may be large
        yield _source(row, image, file)


def check_network(
    settled: Settled, photos: Sequence[Source], vectors: np.ndarray, centre: Optional[np.ndarray]
) -> None:
    """Raise `ModelError` where a network does not find the given features of a collection's photos again.

    `vectors` are these less the `centre`. Where none of the photos can be read, that is printed in one line.
    """
    pixels, rows = [], []
    for row in np.unique(np.linspace(0, len(photos) - 1, 3 * _CHECKED).astype(int)).tolist():
        try:
            pixels.append(np.asarray(open_photo(photos[row], size=settled.loaded.size)))
        except PhotoError:
            continue
        rows.append(row)
        if len(rows) == _CHECKED:
            break
    name = settled.loaded.name
    if not rows:
        print(f"nothing shows whether the features that were given are of {name}: their photos cannot be read")
        return
    computed = settled.session.run(pixels)
    features = vectors[rows] if centre is None else vectors[rows] + centre
    if not _agree(computed.astype(np.float64), features.astype(np.float64)):
        raise ModelError(
            f"the features that this model was given are not those of {name} here, so that a photo from outside cannot "
            "be compared with them; query with features of the same network, or build the model of the photos"
        )


def _agree(computed: np.ndarray, features: np.ndarray) -> bool:
    alike = np.median([np.corrcoef(pair)[0, 1] for pair in zip(computed, features)])
    lengths = np.median(np.linalg.norm(computed, axis=1)), np.median(np.linalg.norm(features, axis=1))
    return bool(alike > _LEAST and max(lengths) < _LONGER * min(lengths))


def _length(column: Any) -> Optional[int]:
    return next((len(value) for value in column if value is not None), None)


def _source(row: int, image: Any, file: Optional[str]) -> Tuple[Source, Optional[str]]:
    try:
        source = None if image is None else source_of(image)
    except PhotoError:
        source = None
    if isinstance(source, bytes):
        identity = hashlib.sha256(source).hexdigest()
        return file_of_copy(file, source, identity)[0], identity
    path = path_of(source or file)
    if path is None:
        return f"row {row} has features, and no photo", None
    known = unchanged(path)
    return path, None if known is None else known.identity
