"""What a similarity model takes from a frame, and what it gives back as one."""

import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.frames import Image, SArray, SFrame


def image_column(frame: Any, wanted: Optional[str]) -> str:
    """The name of the column with the photos: the wanted one, or the only one; raises `FrameError`."""
    types = dict(zip(frame.column_names(), frame.column_types()))
    images = [name for name, kind in types.items() if kind is Image]
    if wanted is None:
        if len(images) == 1:
            return images[0]
        if not images:
            raise FrameError(f"the frame has no photos: none of its columns ({', '.join(types)}) holds images")
        raise FrameError(f"the frame has several image columns ({', '.join(images)}); name one with feature=")
    if wanted not in types:
        raise FrameError(f"the frame has no column {wanted!r}; it has {', '.join(types)}")
    if wanted not in images:
        raise FrameError(f"the column {wanted!r} holds {types[wanted].__name__}, not images")
    return wanted


def row_labels(frame: Any, column: Optional[str]) -> List[Any]:
    """What stands for each row in results: the column's values, or row numbers; raises `FrameError`."""
    if column is None:
        return list(range(len(frame)))
    if column not in frame.column_names():
        raise FrameError(f"the frame has no column {column!r} for labels; it has {', '.join(frame.column_names())}")
    if frame[column].dtype not in (int, str):
        raise FrameError(
            f"the column {column!r} holds {frame[column].dtype.__name__}; labels are whole numbers or text"
        )
    return list(frame[column])


def row_paths(frame: Any) -> Tuple[List[Optional[str]], List[Optional[str]]]:
    """What each photo is called, and where its file lies, as far as the frame says so.

    `load_photos` gives both, as `path` and `file`; Turi Create's `load_images` a `path` that is both.
    """
    names = frame.column_names()
    nothing: List[Optional[str]] = [None] * len(frame)
    paths = list(frame["path"]) if "path" in names else nothing
    return paths, list(frame["file"]) if "file" in names else paths


def images_and_paths(frame: Any, feature: str) -> Tuple[List[Any], List[Optional[str]]]:
    """The photos of a frame and what each is called, in one pass: to begin one takes Turi Create half a millisecond."""
    names = [feature, *({"path"} & set(frame.column_names()))]
    rows = list(frame[names])
    return [row[feature] for row in rows], [row.get("path") for row in rows]


def query_frame(dataset: Any, feature: str) -> Any:
    """What a query is asked with, an SFrame, an SArray of Images or one Image, as a frame; raises `FrameError`."""
    if isinstance(dataset, Image):
        dataset = SFrame({feature: [dataset]})
    elif isinstance(dataset, SArray):
        dataset = SFrame({feature: dataset})
    elif not isinstance(dataset, SFrame):
        raise FrameError(f"query() takes an SFrame, an SArray of images or an Image, not {type(dataset).__name__}")
    if len(dataset) == 0:
        raise FrameError("there is no photo to query with: the frame is empty")
    return dataset


def mask(where: Any, count: int) -> np.ndarray:
    """Which of `count` rows are meant, as bool [count]: from 0 and 1, or False and True, one a row.

    A missing value is False, as where frames are filtered. Raises `FrameError`.
    """
    values = where.to_numpy() if isinstance(where, SArray) else where
    if not isinstance(values, np.ndarray):
        values = np.array(list(values) if hasattr(values, "__iter__") and not isinstance(values, str) else [])
    if values.shape != (count,):
        raise FrameError(
            f"where= has one value, true or false, for each of the {count} rows of the frame that the model was made "
            f"of; these are {len(values) if values.ndim else 0}"
        )
    if values.dtype == bool:
        return values
    if values.dtype == object:
        values = np.array([False if value is None else value for value in values])
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise FrameError("where= is made of 0 and 1, or False and True, as data['column'] == value gives them")
    return values.astype(bool)


def rows_of(frame: Any, rows: np.ndarray) -> Any:
    """Some rows of a frame, ascending; the frame itself where these are all."""
    if len(rows) == len(frame):
        return frame
    chosen = np.zeros(len(frame), np.int64)
    chosen[rows] = 1
    return frame[SArray(chosen.tolist(), dtype=int)]


def folder_of(paths: List[Optional[str]], files: List[Optional[str]]) -> Optional[str]:
    """The folder that the photos were loaded from, in full; None where they are no files, or on several disks.

    What `load_photos` was given, even if only some rows are left; of other frames, the folder that all photos share.
    """
    folders = set()
    for path, file in zip(paths, files):
        if path and file:
            relative = os.path.join("", *path.split("/"))  # noqa: PTH118 (a name with \ in it stays as it is)
            is_below = path != file and file.endswith(relative)
            folders.add(file[: -len(relative)] if is_below else os.path.dirname(os.path.abspath(file)))  # noqa: PTH100, PTH120
    try:
        return os.path.commonpath(folders) if folders else None
    except ValueError:  # of Windows: C: and D: share nothing
        return None


def shown_names(paths: List[Optional[str]], labels: List[Any]) -> List[str]:
    """Paths without the folder that all of them share; the label where there is no path."""
    folders = [Path(path).parent for path in paths if path and Path(path).is_absolute()]
    shared = os.path.commonpath(folders) if folders else ""

    def name(path: Optional[str], label: Any) -> str:
        if not path:
            return str(label)
        return Path(path).relative_to(shared).as_posix() if Path(path).is_absolute() else path

    return [name(path, label) for path, label in zip(paths, labels)]


def bad_frame(rows: List[Tuple[Any, Optional[str], str]]) -> Any:
    """Photos that were left out, as an SFrame of `label`, `path` and `reason`."""
    kinds = (("label", None), ("path", str), ("reason", str))
    return typed_frame((name, kind, [row[place] for row in rows]) for place, (name, kind) in enumerate(kinds))


def typed_frame(columns: Iterable[Tuple[str, Optional[type], List[Any]]]) -> Any:
    """An SFrame of columns in their order, each by its name, type and values, also where there is no row.

    The type may be None: that of the first value that there is.
    """
    frame = SFrame()
    for name, kind, values in columns:
        frame = frame.add_column(SArray(values, dtype=kind or _kind(values)), name)
    return frame


def with_columns(frame: Any, columns: Iterable[Tuple[str, type, List[Any]]]) -> Any:
    """The frame with these columns; one that it has is made anew and keeps its place, a new one comes last."""
    order = frame.column_names()
    for name, kind, values in columns:
        if name in frame.column_names():
            frame = frame.remove_column(name)
        else:
            order.append(name)
        frame = frame.add_column(SArray(values, dtype=kind), name)
    return frame[order]


def edge_frame(
    queries: List[Any], rows: np.ndarray, distances: np.ndarray, labels: List[Any], radius: Optional[float]
) -> Any:
    """Neighbours as an SFrame of `query_label`, `reference_label`, `distance`, `rank`; empty, it has the types too.

    `rows` and `distances` are [queries, k], the nearest first; `labels` are those of all rows. What lies beyond
    `radius` stays out.
    """
    query, place = np.nonzero(distances <= (np.inf if radius is None else radius))
    columns: Dict[str, List[Any]] = {
        "query_label": [queries[one] for one in query.tolist()],
        "reference_label": [labels[one] for one in rows[query, place].tolist()],
        "distance": distances[query, place].tolist(),
        "rank": (place + 1).tolist(),
    }
    if len(query) and None not in columns["query_label"] and None not in columns["reference_label"]:
        # Four times as fast in Turi Create as one column after the other; it sorts them by name.
        return SFrame(columns)[list(columns)]
    kinds = (_kind(columns["query_label"] or queries), _kind(columns["reference_label"] or labels), float, int)
    return typed_frame((name, kind, columns[name]) for name, kind in zip(columns, kinds))


def _kind(labels: List[Any]) -> type:
    return next((type(label) for label in labels if label is not None), int)
