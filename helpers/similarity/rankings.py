"""Every photo's ranking of all others, on disk: written block by block, and read row by row.

A folder, and nothing in it is a pickle:

    rankings.json    labels, names, metric, network and key of the model
    rows.npy         int32 [photos, k], the nearest first
    distances.npy    float32 [photos, k]
"""

import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError, ModelError
from helpers.features.distance import METRICS
from helpers.features.nearest import index_by, others
from helpers.files.arrays import read_array
from helpers.files.json_file import read_json
from helpers.files.progress import progress_bar
from helpers.files.reading import inside, open_regular
from helpers.files.replacing import replacing, replacing_folder
from helpers.files.spelling import expanded
from helpers.files.spreadsheet import guarded
from helpers.frames import Frame
from helpers.frames.neighbours import edge_frame
from helpers.similarity.members import Collection, CollectionModel
from helpers.similarity.saved import holds_only

_FORMAT = 1
_ABOUT, _ROWS, _DISTANCES = "rankings.json", "rows.npy", "distances.npy"
_FILES = {_ABOUT, _ROWS, _DISTANCES}
_MARK = "kinframe_rankings"
_FIELDS = {"labels", "names", "metric", "network", "key"}
_HEADER = "query_label,reference_label,distance,rank\n"
_DIGITS = 20  # bytes that a distance takes as text, hardly ever more
_WAY_OUT = "model.rankings(path) writes them again"

Block = Tuple[int, np.ndarray, np.ndarray]  # first photo, rows, distances


class Rankings:
    """Rankings in a folder, opened by `Rankings.open`; `len()` is the number of photos.

    Attributes
    ----------
    labels, names : list
        As of the model, an entry a photo.
    rows, distances : int32 and float32 [photos, k]
        The nearest other photos, nearest first, as memory maps.
    metric, network, key : str
        What the distances are between.
    """

    def __init__(self, path: Path, about: Dict[str, Any], rows: np.ndarray, distances: np.ndarray) -> None:
        self.path, self.rows, self.distances = path, rows, distances
        self.labels, self.names, self.metric = about["labels"], about["names"], about["metric"]
        self.network, self.key = about["network"], about["key"]
        self._collection = Collection(self.labels, self.names, [], [])

    @classmethod
    def open(cls, path: Union[str, "os.PathLike[str]"]) -> "Rankings":
        """What `SimilarityModel.rankings` wrote to a folder; raises `ModelError` where it is missing or damaged."""
        place = expanded(path).absolute()
        if not (place / _ABOUT).is_file():
            raise ModelError(f"{place}: no rankings; {_WAY_OUT}, to a folder")
        try:
            about = read_json(inside(place, _ABOUT))
            if about.pop(_MARK) != _FORMAT:
                raise ModelError(f"{place}: rankings of another version of Kinframe; {_WAY_OUT}")
            rows, distances = (read_array(inside(place, name), mapped=True) for name in (_ROWS, _DISTANCES))
            if about.keys() != _FIELDS or not all(isinstance(about[name], list) for name in ("labels", "names")):
                raise ValueError("fields are missing")
            if (rows.dtype, distances.dtype) != (np.int32, np.float32) or rows.ndim != 2:
                raise ValueError("its numbers are of another type")
            if rows.shape != distances.shape or not len(about["labels"]) == len(about["names"]) == len(rows):
                raise ValueError("its parts do not fit together")
            return cls(place, about, rows, distances)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError) as error:
            raise ModelError(f"{place}: the rankings are damaged ({error}); {_WAY_OUT}") from error

    def of(self, label: Any, k: Optional[int] = 10) -> Frame:
        """The `k` nearest photos to the one with this label, or with None all that are kept, without itself.

        An SFrame as `SimilarityModel.query` gives it, its distances rounded to 32 bits. Raises `FrameError` for a
        label that no photo has, or several, and `ModelError` where the rankings are damaged.
        """
        check_whole("k", k, none_is="all")
        row = self._collection.row(label)
        rows, distances = (np.array(array[row : row + 1, :k]) for array in (self.rows, self.distances))
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self):
            raise ModelError(f"{self.path}: the rankings are damaged (there is no such row); {_WAY_OUT}")
        if not np.isfinite(distances).all():
            raise ModelError(f"{self.path}: the rankings are damaged (a distance is no finite number); {_WAY_OUT}")
        return edge_frame([label], rows, distances, self.labels, None)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Rankings of {len(self)} photos, {self.rows.shape[1]} each: {self.network}, {self.metric} distance"


def write(
    model: CollectionModel,
    path: Union[str, "os.PathLike[str]"],
    k: Optional[int] = None,
    *,
    metric: Optional[str] = None,
    progress: bool = True,
) -> Union[Rankings, Path]:
    """Write every photo's ranking of all others, or its `k` nearest, in blocks: see `SimilarityModel.rankings`."""
    check_whole("k", k, none_is="all")
    if metric is not None and metric not in METRICS:
        raise FrameError(f"metric={metric!r} is not known; there are {' and '.join(METRICS)}")
    if not os.fspath(path):
        raise FrameError("name a place for the rankings: a file that ends with .csv, or a folder")
    place = expanded(path).absolute()
    is_list = place.suffix.lower() == ".csv"
    if os.path.lexists(place) and not (_is_our_list(place) if is_list else holds_only(place, _ABOUT, _MARK, _FILES)):
        raise ModelError(f"{place}: there is something else already; choose another name for the rankings")
    photos = len(model.vectors)
    places = photos - 1 if k is None else min(k, photos - 1)
    cells = [_cell(label) for label in model.labels] if is_list else []
    about = _about(model, metric)
    _check_room(place, _list_size(cells, places) if is_list else 8 * photos * places + len(about))
    index = index_by(model, metric)
    with progress_bar(total=photos, show=progress) as shown:

        def blocks() -> Iterator[Block]:
            for first, rows, distances in others(index, model.vectors, places):
                yield first, rows, distances
                shown.update(len(rows))

        try:
            if is_list:
                with replacing(place) as half:
                    _write_list(half, cells, blocks())
                return place
            with replacing_folder(place) as half:
                _write_folder(half, about, (photos, places), blocks())
        except OSError as error:
            raise ModelError(
                f"{place}: the rankings could not be written ({error.strerror or error}), and nothing was left there; "
                "make room, or choose another place"
            ) from error
    return Rankings.open(place)


def _write_folder(folder: Path, about: str, shape: Tuple[int, int], blocks: Iterator[Block]) -> None:
    # Not as a memory map: what is written to one counts as the process's memory, and a full disk ends the process.
    with (folder / _ROWS).open("wb") as rows, (folder / _DISTANCES).open("wb") as distances:
        for file, kind in ((rows, "<i4"), (distances, "<f4")):
            np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
        for _, near, apart in blocks:
            rows.write(near.astype("<i4").tobytes())
            distances.write(apart.astype("<f4").tobytes())
    (folder / _ABOUT).write_text(about, encoding="utf-8")


def _write_list(path: Path, cells: List[str], blocks: Iterator[Block]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_HEADER)
        for first, rows, distances in blocks:
            for query, near, apart in zip(cells[first : first + len(rows)], rows, distances):
                pairs = enumerate(zip(near.tolist(), apart.tolist()), 1)
                file.writelines(f"{query},{cells[row]},{distance!r},{rank}\n" for rank, (row, distance) in pairs)


def _cell(label: Any) -> str:
    """A label as a cell of a CSV."""
    line, end = io.StringIO(), "\r\n"  # Python 3.8 quotes only line ends that it writes itself
    csv.writer(line, lineterminator=end).writerow([guarded(label) if isinstance(label, str) else label])
    return line.getvalue()[: -len(end)]


def _list_size(cells: List[str], places: int) -> int:
    """About how many bytes a CSV takes."""
    label = sum(len(cell.encode()) for cell in cells) / max(1, len(cells))
    return int(len(cells) * places * (2 * label + _DIGITS + len(str(places)) + 4))


def _about(model: CollectionModel, metric: Optional[str]) -> str:
    about = {
        _MARK: _FORMAT,
        "labels": model.labels,
        "names": model.names,
        "metric": metric or model.metric,
        "network": model.network.name,
        "key": model.key,
    }
    try:
        return json.dumps(about)
    except TypeError as error:
        raise ModelError(
            f"labels must be numbers or text to be kept with rankings ({error}); build the model with another label="
        ) from error


def _check_room(place: Path, needed: int) -> None:
    """Raise `ModelError` unless the disk has as many bytes to spare."""
    free = shutil.disk_usage(next(folder for folder in place.resolve().parents if folder.is_dir())).free
    if needed > free:
        raise ModelError(
            f"{place}: these rankings take {needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB are free there; "
            "ask for fewer with k=, or choose a place on another disk"
        )


def _is_our_list(path: Path) -> bool:
    """Whether a file begins as a CSV of rankings does."""
    try:
        with open_regular(path, most=None) as file:
            return file.read(len(_HEADER)) == _HEADER.encode()
    except OSError:
        return False
