"""Fingerprints of photos: a small picture and a perceptual hash of each, made once and kept.

They are kept in a file in the cache folder. Deleting it loses time, never data.
"""

import hashlib
from contextlib import closing
from typing import Any, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np
from PIL import Image

from helpers.collection.duplicates.same_picture import COLOURS, SIDE, Fingerprints
from helpers.errors import PhotoError
from helpers.files.cache import cache_folder
from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead
from helpers.files.thumbnail_file import ThumbnailFile
from helpers.images.decode import READING, open_photo, read_photo

_EDITION = 10 * READING + 1  # raise the last digit with every change of what is kept
_AT_ONCE = 500  # photos that are read before they are kept
_HASH = 16  # bits across and down
_GREY, _COLOUR = SIDE * SIDE, 2 * COLOURS * COLOURS
_SIZE = _GREY + _COLOUR + _HASH * _HASH // 8  # bytes a photo

Photo = Tuple[Union[str, bytes], Optional[str]]  # the path or the bytes of its file; and their sha-256
Bad = List[Tuple[int, str]]  # which photo, and why


def fingerprints(photos: Sequence[Photo], *, progress: bool = False) -> Tuple[Fingerprints, Bad]:
    """The fingerprint of each photo, and which photos have none, by their place in the list.

    A photo is known by the sha-256 of its file, which may be missing if its
    fingerprint is kept; a file that has changed since has none. Photos are
    decoded at a fraction of their size, by as many threads as there are cores,
    and 1.2 kB of each are kept.
    """
    made = Fingerprints(
        np.zeros((len(photos), SIDE, SIDE), np.uint8),
        np.full((len(photos), 2, COLOURS, COLOURS), 128, np.uint8),
        np.zeros((len(photos), _HASH * _HASH // 8), np.uint8),
    )
    bad: Bad = []
    file = ThumbnailFile(cache_folder() / "perceptual.kinframe", replaceable=True)
    with progress_bar(total=len(photos), show=progress) as shown:
        for start in range(0, len(photos), _AT_ONCE):
            for place, one in enumerate(_kept_or_made(file, photos[start : start + _AT_ONCE]), start):
                if isinstance(one, PhotoError):
                    bad.append((place, str(one)))
                else:
                    made.grey[place] = one[:_GREY].reshape(SIDE, SIDE)
                    made.colour[place] = one[_GREY : _GREY + _COLOUR].reshape(2, COLOURS, COLOURS)
                    made.hashes[place] = one[_GREY + _COLOUR :]
                shown.update()
    return made, bad


def near_hashes(hashes: np.ndarray, queries: np.ndarray, k: int) -> Iterator[Tuple[int, np.ndarray, np.ndarray]]:
    """Block by block the `k` hashes, uint8 [N, 32], that differ least from each query hash, uint8 [M, 32].

    Yields the first query of a block, rows, int64 [block, min(k, N)], and how
    many of 256 bits differ. All pairs are compared.
    """
    from usearch.index import MetricKind, search

    wanted = min(k, len(hashes))
    for start in range(0, len(queries) if wanted else 0, _AT_ONCE):
        some = queries[start : start + _AT_ONCE]
        nearest: Any = search(hashes, some, wanted, MetricKind.Hamming, exact=True)
        rows, bits = (np.asarray(each).reshape(len(some), -1) for each in (nearest.keys, nearest.distances))
        yield start, rows.astype(np.int64), bits


def _kept_or_made(file: ThumbnailFile, photos: Sequence[Photo]) -> Iterator[Union[np.ndarray, PhotoError]]:
    keys = [None if identity is None else bytes.fromhex(identity) for _, identity in photos]
    kept = {
        key: np.frombuffer(each, np.uint8)
        for key, each in file.read(_EDITION, [key for key in keys if key is not None]).items()
        if len(each) == _SIZE
    }
    new = {}
    missing = [photo for key, photo in zip(keys, photos) if key not in kept]
    with closing(work_ahead(_attempt, missing, ahead=64)) as work:
        for key in keys:
            made = kept[key] if key in kept else next(work)
            if key is not None and key not in kept and not isinstance(made, PhotoError):
                new[key] = made.tobytes()
            yield made
    file.write(_EDITION, new)


def _attempt(photo: Photo) -> Union[np.ndarray, PhotoError]:
    source, identity = photo
    try:
        content = source if isinstance(source, bytes) else read_photo(source)
        if identity is not None and hashlib.sha256(content).hexdigest() != identity:
            return PhotoError("the file has changed since the model was made; build the model again")
        return _fingerprint(open_photo(content, size=(2 * SIDE, 2 * SIDE)))
    except PhotoError as error:
        return error


def _fingerprint(photo: Image.Image) -> np.ndarray:
    import imagehash

    grey, *colour = photo.convert("YCbCr").split()
    hashed = imagehash.phash(grey, hash_size=_HASH, highfreq_factor=2).hash
    small = [np.asarray(grey.reduce(2)), *(np.asarray(each.reduce(2 * SIDE // COLOURS)) for each in colour)]
    return np.concatenate([*(each.ravel() for each in small), np.packbits(hashed)])
