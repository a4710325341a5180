"""The odd photos of a collection: those that are unlike all others; black, white, blank, pale and blurred ones."""

import time
from contextlib import closing
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np
from PIL import Image

from helpers.arguments import takes
from helpers.errors import FrameError, PhotoError
from helpers.features.nearest import others
from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead
from helpers.frames import SArray, SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.images import source_of
from helpers.frames.photo_columns import image_column
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.images.decode import Source, open_photo

FLAGS = ("black", "white", "blank", "low_contrast", "blurred")
SIDE = 512  # pixels of the longer side at which photos are looked at
LOW_CONTRAST = 0.04  # contrast below which a photo is blank, or hardly shows what is on it
SHAPES = 3.0  # grey levels by which no part of a blank, black or white photo differs from what is around it
PLAIN = 0.07  # the same for a photo that is as dark or as bright as this:
DARK, BRIGHT = 0.06, 0.94  # brightness
BLURRED = 0.5  # sharpness below which a photo is blurred, unless it has little contrast

_MARGIN = 0.08  # of each side, which does not count: there cameras write date and temperature
_TILES = 8  # across and down
_STEEP, _SHARPEST = 16, 4  # tiles with the strongest edges, and those of them whose sharpness counts
_NOISE = 10.0  # grey levels, squared, that edges have to exceed
_PARTS, _AROUND = 32, 4  # parts across and down in which shapes are looked for, and those around one, each way
_AHEAD = 64  # photos


class PixelStatistics(NamedTuple):
    """Numbers about the pixels of a photo, and whether there is any shape on it."""

    sharpness: float
    brightness: float
    contrast: float
    shapes: float = np.inf  # grey levels by which a part differs from what is around it, at most

    @property
    def flags(self) -> Dict[str, int]:
        dark = self.contrast < PLAIN and self.brightness < DARK
        bright = self.contrast < PLAIN and self.brightness > BRIGHT
        low, empty = self.contrast < LOW_CONTRAST, self.shapes < SHAPES
        pale = low or dark or bright
        return {
            "black": int(dark and empty),
            "white": int(bright and empty),
            "blank": int(low and empty),
            "low_contrast": int(pale and not empty),
            "blurred": int(self.sharpness < BLURRED and not pale),
        }


@takes(given="model or frame")
def oddities(given: Any, *, progress: bool = True) -> Any:
    """Measure how lonely, sharp, bright and full of contrast each photo of a model, or of a frame, is.

    Parameters
    ----------
    given : SimilarityModel or SFrame
    progress : bool
        Show a progress bar, and print how fast it was. How many photos could not
        be read is printed in any case.

    Returns
    -------
    SFrame
        A row a photo, in their order:

        - `label` (of a frame: the row number) and `name` (its path);
        - `loneliness`: the distance of the nearest other photo by the model's
          metric, 0 where there is a copy; None in a frame, or without another
          photo;
        - `sharpness`: the mean square of the Laplacian as a multiple of the mean
          square of the gradient, where edges are sharpest: about 0.1 to 0.4 after
          a blur, 1 and more without;
        - `brightness`, the mean, and `contrast`, the standard deviation of the
          grey levels, black 0 and white 1;
        - `black`, `white`, `blank`, `low_contrast`, `blurred`: 1 or 0;
        - `reason`: why a photo cannot be read; all but its loneliness is None
          then.

    Raises
    ------
    FrameError
        For a frame without photos.

    Notes
    -----
    Photos are reduced to 512 pixels, smaller ones stay as they are, and a
    twelfth on each side is left out, where cameras write. So a blur that a
    screen of that size does not show does not count, and a thumbnail is sharper
    than its photo.

    `sharpness` is measured in 64 tiles. Of the 16 with the strongest edges the
    four sharpest count, so that a sharp animal before a blurred wood is sharp,
    and soft clouds are as sharp as their edges. Below 0.5 a photo is `blurred`,
    unless its contrast is low. What it does not see: a blur in one direction, and
    one under the noise of a night.

    With a contrast below 0.04, or below 0.07 and a brightness below 0.06 or above
    0.94, a photo has `low_contrast` if any part of it differs from what is around
    it by 3 grey levels: there is something on it, such as a fox in fog or an
    animal in the dark. If none does, it is `blank`, and `black` or `white` at these
    brightnesses. A camera trap's photo without an animal is not blank in this
    sense. On which photos these were chosen, and how often
    they are right: docs/collection.md.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> data, bad = load_photos("data/robots/tarn")
    >>> odd = oddities(data, progress=False)
    >>> len(odd), odd["blurred"].sum()
    (80, 0)
    """
    labels, names = _labels_and_names(given)
    start = time.perf_counter()
    measured = _measured(given, len(labels), progress)
    seconds = time.perf_counter() - start
    unreadable = sum(isinstance(each, PhotoError) for each in measured)
    if progress:
        print(f"{len(measured)} photos looked at, {len(measured) / max(seconds, 1e-9):.0f} a second")
    if unreadable:
        print(f"{unreadable} of {len(measured)} photos cannot be read; the reasons are in the column reason")
    return _frame(labels, names, _loneliness(given, progress), measured)


def pixel_statistics(source: Source) -> PixelStatistics:
    """Measure the pixels of one photo; raises `PhotoError`."""
    grey = np.asarray(open_photo(source, within=SIDE).convert("L"))
    down, across = (int(_MARGIN * side) for side in grey.shape)
    grey = grey[down : len(grey) - down, across : grey.shape[1] - across]
    return PixelStatistics(_sharpness(grey), float(grey.mean()) / 255, float(grey.std()) / 255, _shapes(grey))


def ordered(odd: Any, by: str, descending: Optional[bool] = None) -> Any:
    """The rows that `oddities` returned, or some of them, the oddest first; rows without a value come last.

    Without `descending`: the loneliest, and those with a flag, first; the least
    sharp, bright or full of contrast first. Equals keep their order. Raises `FrameError`.
    """
    known = [name for name in odd.column_names() if name not in ("label", "name", "reason")]
    if by not in known:
        raise FrameError(f"by={by!r} is not a column to sort by; there are {', '.join(known)}")
    values = list(odd[by])
    down = is_downwards(by, descending)
    has = [row for row, value in enumerate(values) if value is not None]
    has.sort(key=lambda row: -values[row] if down else values[row])
    places = np.empty(len(values), np.int64)
    places[has + [row for row, value in enumerate(values) if value is None]] = np.arange(len(values))
    if not len(values):
        return odd
    placed = odd.add_column(SArray(places.tolist(), dtype=int), "place in order")
    return placed.sort("place in order").remove_column("place in order")


def is_downwards(by: str, descending: Optional[bool]) -> bool:
    """Whether the largest values of a column come first; with None, whether these are the oddest."""
    return by in ("loneliness", *FLAGS) if descending is None else descending


def _sharpness(grey: np.ndarray) -> float:
    """How steep the sharpest edges are: the energy of the Laplacian per energy of the gradient."""
    if min(grey.shape) < _TILES + 2:
        return 0.0
    grey = grey.astype(np.float32)
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    gradient = ((grey[2:, 1:-1] - grey[:-2, 1:-1]) ** 2 + (grey[1:-1, 2:] - grey[1:-1, :-2]) ** 2) / 4
    curved, steep = _in_tiles(laplacian**2), _in_tiles(gradient)
    where = np.argsort(-steep, kind="stable")[:_STEEP]
    return float(np.sort(curved[where] / (steep[where] + _NOISE))[-_SHARPEST:].mean())


def _in_tiles(values: np.ndarray) -> np.ndarray:
    """The mean of each tile."""
    down, across = (side // _TILES for side in values.shape)
    tiles = values[: down * _TILES, : across * _TILES].reshape(_TILES, down, _TILES, across)
    return tiles.mean(axis=(1, 3)).ravel()


def _shapes(grey: np.ndarray) -> float:
    parts = np.asarray(Image.fromarray(grey).resize((_PARTS, _PARTS), Image.Resampling.BOX), np.float32)
    apart = np.abs(np.subtract.outer(np.arange(_PARTS), np.arange(_PARTS)))
    near = (apart <= _AROUND).astype(np.float32)
    near /= near.sum(axis=1, keepdims=True)
    return float(np.abs(parts - near @ parts @ near.T).max())


def _labels_and_names(given: Any) -> Tuple[List[Any], List[str]]:
    if not isinstance(given, SFrame):
        return given.labels, given.names
    labels: List[Any] = list(range(len(given)))
    return labels, shown_names(row_paths(given)[0], labels)


def _measured(given: Any, count: int, progress: bool) -> List[Union[PixelStatistics, PhotoError]]:
    # One after the other: Turi Create's Images are copies, and a list of them would be all photos in memory.
    photos = given[image_column(given, None)] if isinstance(given, SFrame) else given.collection.sources
    measured = []
    with progress_bar(total=count, show=progress) as shown, closing(
        work_ahead(_attempt, photos, ahead=_AHEAD)
    ) as results:
        for each in results:
            measured.append(each)
            shown.update()
    return measured


def _attempt(photo: Any) -> Union[PixelStatistics, PhotoError]:
    try:
        return PhotoError("no photo in this row") if photo is None else pixel_statistics(source_of(photo))
    except PhotoError as error:
        return error


def _loneliness(given: Any, progress: bool) -> List[Optional[float]]:
    count = len(given) if isinstance(given, SFrame) else len(given.vectors)
    if isinstance(given, SFrame) or count < 2:
        return [None] * count
    nearest: List[Optional[float]] = []
    with progress_bar(total=count, show=progress) as shown:
        for _, _, distances in others(given.index, given.vectors, 1):
            nearest += distances[:, 0].tolist()
            shown.update(len(distances))
    return nearest


def _frame(
    labels: List[Any],
    names: List[str],
    loneliness: List[Optional[float]],
    measured: List[Union[PixelStatistics, PhotoError]],
) -> Any:
    seen = [None if isinstance(each, PhotoError) else each for each in measured]
    columns: List[Tuple[str, type, List[Any]]] = [
        ("label", next((type(label) for label in labels if label is not None), int), labels),
        ("name", str, names),
        ("loneliness", float, loneliness),
    ]
    for name in ("sharpness", "brightness", "contrast"):
        columns.append((name, float, [each and getattr(each, name) for each in seen]))
    for name in FLAGS:
        columns.append((name, int, [each and each.flags[name] for each in seen]))
    columns.append(("reason", str, [str(each) if isinstance(each, PhotoError) else None for each in measured]))
    return typed_frame(columns)
