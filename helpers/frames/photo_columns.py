"""The columns of a frame that a model uses: its photos or their features, and their labels."""

from array import array
from typing import Any, Dict, List, Optional, Tuple

from helpers.arguments import did_you_mean
from helpers.errors import ArgumentError
from helpers.frames import Frame, Image, SArray, SFrame


def image_column(frame: Frame, name: Optional[str]) -> str:
    """The name of the column with the photos, by default the only one of type Image; raises `ArgumentError`."""
    types = dict(zip(frame.column_names(), frame.column_types()))
    images = [column for column, kind in types.items() if kind is Image]
    if name is None:
        if len(images) == 1:
            return images[0]
        if not images:
            raise ArgumentError(f"the frame has no photos: none of its columns ({', '.join(types)}) holds images")
        raise ArgumentError(f"the frame has several image columns ({', '.join(images)}); name one with feature=")
    if not isinstance(name, str) or name not in types:
        raise ArgumentError(f"the frame has no column {name!r}; {did_you_mean(name, types)}")
    if name not in images:
        raise ArgumentError(f"the column {name!r} holds {types[name].__name__}, not images")
    return name


def array_column(frame: Frame, name: Optional[str]) -> Optional[str]:
    """The column that holds arrays of numbers, as features are: the named one, by default the only one; else None."""
    arrays = [column for column, kind in zip(frame.column_names(), frame.column_types()) if kind is array]
    if name is None:
        return arrays[0] if len(arrays) == 1 else None
    return name if name in arrays else None


def row_labels(frame: Frame, column: Optional[str]) -> List[Any]:
    """The label of each row in results: the column's values, by default the row's number; raises `ArgumentError`."""
    if column is None:
        return list(range(len(frame)))
    if not isinstance(column, str) or column not in frame.column_names():
        named = repr(column) if isinstance(column, (str, int)) else f"of {type(column).__name__}"
        raise ArgumentError(f"the frame has no column {named} for labels; {did_you_mean(column, frame.column_names())}")
    if frame[column].dtype not in (int, str):
        raise ArgumentError(
            f"the column {column!r} holds {frame[column].dtype.__name__}; labels are whole numbers or text"
        )
    return list(frame[column])


def images_and_paths(frame: Frame, feature: str) -> Tuple[List[Any], List[Optional[str]]]:
    """The photos of a frame and their paths, in one pass: starting one takes Turi Create half a millisecond."""
    names = [feature, *({"path"} & set(frame.column_names()))]
    rows = list(frame[names])
    return [row[feature] for row in rows], [row.get("path") for row in rows]


def query_frame(dataset: Any, feature: str) -> Frame:
    """The dataset of a query as a frame: an SFrame, or photos or features in an SArray; or one of these.

    Raises `ArgumentError`.
    """
    if isinstance(dataset, (Image, array)):
        dataset = SFrame({feature: [dataset]})
    elif isinstance(dataset, SArray):
        dataset = SFrame({feature: dataset})
    elif not isinstance(dataset, SFrame):
        ways: Dict[type, str] = {
            dict: "data[0] is one row as a dict, data[0:1] is a frame of it",
            str: f"a file is searched with by model.search(like=Path({dataset!r}))",
        }
        raise ArgumentError(
            "query() takes an SFrame, an SArray of images or features, or one of these, not "
            f"{type(dataset).__name__}; {ways.get(type(dataset), 'data[0:1] is a frame of the first photo')}"
        )
    if len(dataset) == 0:
        raise ArgumentError("there is no photo to query with: the frame is empty")
    return dataset
