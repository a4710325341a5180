"""Frames made column by column, each with the type that it should have."""

from typing import Any, Iterable, List, Optional, Tuple

from helpers.frames import Frame, SArray, SFrame


def typed_frame(columns: Iterable[Tuple[str, Optional[type], List[Any]]]) -> Frame:
    """An SFrame of columns in this order, each a name, a type and values; the types hold without any row too.

    A type of None means that of the first value that is not missing, or int.
    """
    frame: Frame = SFrame()
    for name, kind, values in columns:
        frame = frame.add_column(SArray(values, dtype=kind or kind_of(values)), name)
    return frame


def with_columns(frame: Frame, columns: Iterable[Tuple[str, type, List[Any]]]) -> Frame:
    """The frame with these columns; one that it has is replaced in its place, a new one comes last."""
    order = frame.column_names()
    for name, kind, values in columns:
        if name in frame.column_names():
            frame = frame.remove_column(name)
        else:
            order.append(name)
        frame = frame.add_column(SArray(values, dtype=kind), name)
    return frame[order]


def bad_frame(rows: List[Tuple[Any, Optional[str], str]]) -> Frame:
    """Photos that were left out, as an SFrame of `label`, `path` and `reason`."""
    kinds = (("label", None), ("path", str), ("reason", str))
    return typed_frame((name, kind, [row[place] for row in rows]) for place, (name, kind) in enumerate(kinds))


def kind_of(values: List[Any]) -> type:
    """The type of the first value that is not missing; int where there is none."""
    return next((type(value) for value in values if value is not None), int)
