"""From photos to features: decoding on all cores beside the network, one bad photo costing only itself."""

import os
import time
from contextlib import closing
from functools import partial
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sized, Tuple, Union

import numpy as np
from tqdm.auto import tqdm

from helpers.ahead import work_ahead
from helpers.arguments import check_whole
from helpers.decode import open_photo
from helpers.errors import PhotoError
from helpers.image_column import source_of
from helpers.models import LoadedModel, load_model
from helpers.runtime import session_for


class Embedded(NamedTuple):
    """What became of a set of photos."""

    vectors: np.ndarray  # float32 [photos that could be read, dimension], in the order they were given
    rows: np.ndarray  # int: which of the given photos each vector belongs to, ascending
    bad: List[Tuple[int, str]]  # the others: position and reason
    timings: Dict[str, float]  # photos, seconds, photos_per_second; decode: seconds summed over threads; network


def embed(
    photos: Iterable[Any],
    model: Union[str, "os.PathLike[str]", LoadedModel] = "auto",
    *,
    precision: str = "auto",
    batch_size: int = 64,
    progress: bool = True,
) -> Embedded:
    """The feature of each photo: paths, bytes of photo files, or Images of a frame.

    At most three batches of decoded photos are in memory, whatever their
    number. A photo that cannot be read is left out and stands in `bad`.

    Raises what `helpers.models.load_model` raises, and `FrameError` for a
    batch size below 1.

    >>> embed(["data/robots/bolu/bolu-001.jpg"], "efficientnet-lite0").vectors.shape
    (1, 1280)
    """
    check_whole("batch_size", batch_size)
    loaded = model if isinstance(model, LoadedModel) else load_model(model, progress=progress)
    session = session_for(loaded, precision)
    total = len(photos) if isinstance(photos, Sized) else None
    vectors: List[np.ndarray] = []
    rows: List[int] = []
    bad: List[Tuple[int, str]] = []
    spent = {"decode": 0.0, "network": 0.0}
    start = time.perf_counter()
    decoded = work_ahead(partial(_decode, size=loaded.size), enumerate(photos), ahead=3 * batch_size)
    with closing(decoded), tqdm(total=total, unit=" photos", delay=2, disable=not progress) as bar:
        for batch in _batches(decoded, batch_size):
            good = [(row, pixels) for row, pixels, _ in batch if isinstance(pixels, np.ndarray)]
            bad += [(row, str(reason)) for row, reason, _ in batch if isinstance(reason, PhotoError)]
            spent["decode"] += sum(seconds for _, _, seconds in batch)
            began = time.perf_counter()
            if good:
                features = session.run(np.stack([pixels for _, pixels in good]))
                finite = np.isfinite(features).all(axis=1)
                vectors.append(features[finite])
                rows += [row for (row, _), fine in zip(good, finite) if fine]
                bad += [
                    (row, "its features are not finite numbers") for (row, _), fine in zip(good, finite) if not fine
                ]
            spent["network"] += time.perf_counter() - began
            bar.update(len(batch))
    seconds = time.perf_counter() - start
    done = {"photos": float(len(rows)), "seconds": seconds, "photos_per_second": len(rows) / seconds if rows else 0.0}
    everything = np.concatenate(vectors) if vectors else np.empty((0, loaded.dimension), dtype=np.float32)
    return Embedded(everything, np.array(rows, dtype=np.int64), sorted(bad), {**done, **spent})


_Decoded = Tuple[int, Union[np.ndarray, PhotoError], float]  # row; pixels or why there are none; seconds


def _decode(numbered: Tuple[int, Any], size: Tuple[int, int]) -> _Decoded:
    row, photo = numbered
    start = time.perf_counter()
    try:
        if photo is None:
            raise PhotoError("there is no photo in this row")
        pixels: Union[np.ndarray, PhotoError] = np.asarray(open_photo(source_of(photo), size=size))
    except PhotoError as error:
        pixels = error
    return row, pixels, time.perf_counter() - start


def _batches(items: Iterator[_Decoded], size: int) -> Iterator[List[_Decoded]]:
    batch: List[_Decoded] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
