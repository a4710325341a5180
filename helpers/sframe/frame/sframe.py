"""The frame: named columns of one length. Columns can be added and removed; their values never change."""

import datetime
import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Optional, Union

import numpy as np

from helpers.errors import LeftOut
from helpers.files.spelling import expanded
from helpers.sframe.array.positions import count
from helpers.sframe.array.sarray import SArray
from helpers.sframe.display import show, text_table
from helpers.sframe.display.html_table import html_table
from helpers.sframe.dtype import NUMBERS
from helpers.sframe.errors import SizeMismatch, Unsupported, WrongCall, WrongType, WrongValue
from helpers.sframe.files import archive, csv_reader, csv_writer, json_files
from helpers.sframe.frame.rows import Rows
from helpers.sframe.left_out import LeavesOut, LeftOutMethods
from helpers.sframe.names import check_name
from helpers.sframe.pandas_classes import pandas_classes

if TYPE_CHECKING:
    import pandas as pd

Path = Union[str, "os.PathLike[str]"]
_FORMATS = ("auto", "array", "csv", "dataframe", "dict", "empty", "sarray", "sframe", "sframe_obj", "tsv")


class SFrame(Rows, LeftOutMethods, metaclass=LeavesOut):
    """A table with the calls of Turi Create's SFrame.

    `data` is a dict from names to columns, whose names are then sorted, as in
    Turi Create (a column that is an SArray comes after those that are not); a
    pandas DataFrame; another SFrame; a list of SArrays; or the path of a saved
    frame, a CSV or a TSV file. Any other list or SArray becomes the column `X1`.

    >>> SFrame({"photo": ["a.jpg", "b.jpg"], "size": [3, None]})[1]
    {'photo': 'b.jpg', 'size': None}
    """

    __slots__ = ()

    def __init__(self, data: Any = None, format: str = "auto") -> None:
        if format not in _FORMATS:
            raise WrongValue(f"format {format!r} is unknown; leave it out")
        self._columns: Dict[str, SArray] = {}
        if isinstance(data, pandas_classes("DataFrame")):
            for name in data.columns:
                self._add(str(name), SArray(data[name]))
        elif isinstance(data, SFrame):
            self._columns = dict(data._columns)
        elif isinstance(data, dict):
            self._add_dict(data)
        elif isinstance(data, (str, os.PathLike)):
            self._columns = _read(os.fspath(data), format)._columns
        elif isinstance(data, SArray):
            self._add("", data)
        elif hasattr(data, "__len__"):
            self._add_items(data)
        elif hasattr(data, "__iter__"):
            raise WrongType("a frame cannot be made of a generator; make a list of it first")
        elif data is not None:
            raise WrongValue(f"a frame is made of a dict, a list, a DataFrame or a path, not of {data!r}")

    def head(self, n: int = 10) -> "SFrame":
        """The first n rows."""
        return self[: count(n)]

    def tail(self, n: int = 10) -> "SFrame":
        """The last n rows."""
        return self[max(0, len(self) - count(n)) :]

    def apply(self, fn: Callable[[Dict[str, Any]], Any], dtype: Optional[type] = None) -> SArray:
        """`fn` of every row, given as a dict, once each, as a new column."""
        if not callable(fn):
            raise WrongCall("apply() takes a function of one row, which is a dict")
        return SArray([fn(row) for row in self], dtype)

    def append(self, other: "SFrame") -> "SFrame":
        """This frame, and below it another with the same columns, in any order."""
        if not isinstance(other, SFrame):
            raise Unsupported(f"append() takes an SFrame, not {type(other).__name__}")
        if not self._columns or not other._columns:
            return (self if self._columns else other).copy()
        if set(self._columns) != set(other._columns):
            differ = ", ".join(sorted(set(self._columns) ^ set(other._columns)))
            raise SizeMismatch(f"both frames need the same columns; only one has: {differ}")
        for name, column in self._columns.items():
            if column.dtype is not other[name].dtype:
                kinds = f"{column.dtype.__name__} and {other[name].dtype.__name__}"
                raise Unsupported(f"the column {name!r} is {kinds}; convert one with .astype()")
        return self._of({name: column.append(other[name]) for name, column in self._columns.items()})

    def __add__(self, other: "SFrame") -> "SFrame":
        return self.append(other)

    def __eq__(self, other: Any) -> bool:
        raise LeftOut("frames are not compared as a whole; compare columns")

    __ne__ = __eq__

    def __hash__(self) -> int:
        return id(self)

    @classmethod
    def read_csv(cls, url: Path, delimiter: str = ",", header: bool = True, **options: Any) -> "SFrame":
        """A frame of a CSV file; see `helpers.sframe.files.csv_reader.read`."""
        return cls._of(csv_reader.read(url, delimiter=delimiter, header=header, **options))

    @classmethod
    def read_json(cls, url: Path, orient: str = "records") -> "SFrame":
        """A frame of a JSON file: a list of objects, or with `orient="lines"` one object in each line."""
        return cls._of(json_files.read(url, orient))

    def export_csv(self, filename: Path, delimiter: str = ",", **options: Any) -> None:
        """Write a CSV file; see `helpers.sframe.files.csv_writer.write`."""
        csv_writer.write(self._columns, filename, delimiter=delimiter, **options)

    def export_json(self, filename: Path, orient: str = "records") -> None:
        """Write a JSON file: a list of objects, or with `orient="lines"` one object in each line."""
        json_files.write(self._columns, filename, orient)

    def save(self, filename: Path, format: Optional[str] = None) -> None:
        """Write the frame to a folder that `load_sframe` reads, or to a `.csv`, `.csv.gz` or `.json` file.

        If it is killed half-way, the old files are still there; see `helpers.sframe.files.archive`.
        """
        path = os.fspath(expanded(filename))
        if format is None:
            format = "csv" if path.endswith((".csv", ".csv.gz")) else "json" if path.endswith(".json") else "binary"
        if format == "csv":
            self.export_csv(path if path.endswith((".csv", ".csv.gz")) else path + ".csv")
        elif format == "json":
            self.export_json(path)
        elif format == "binary":
            archive.save(self._columns, path)
        else:
            raise WrongValue(f"format is 'binary', 'csv' or 'json', not {format!r}")

    def to_dataframe(self) -> "pd.DataFrame":
        """A pandas DataFrame. Whole numbers become floats where some are missing; images stay `Image`."""
        import pandas as pd

        return pd.DataFrame({name: _series(column) for name, column in self._columns.items()})

    def to_numpy(self) -> np.ndarray:
        """A two-dimensional numpy array, rows x columns, of the one type that holds all values."""
        columns = [np.asarray(column) for column in self._columns.values()]
        if any(column.dtype == object or column.ndim > 1 for column in columns):
            columns = [np.fromiter(column, object, len(column)) for column in self._columns.values()]
        return np.array(columns).T

    def materialize(self) -> None:
        """Nothing to do: nothing here is lazy."""

    def is_materialized(self) -> bool:
        """Always true: nothing here is lazy."""
        return True

    def print_rows(
        self,
        num_rows: int = 10,
        num_columns: int = 40,
        max_column_width: int = 30,
        max_row_width: int = 80,
        output_file: Any = None,
    ) -> None:
        """Print the first rows as a table of text; wide frames in several tables below each other."""
        table = text_table.text_table(
            self, num_rows, num_columns, max_column_width, max(max_row_width, max_column_width + 1)
        )
        print(f"{table}\n{text_table.dimensions(self)}", file=output_file)

    def explore(self, title: Optional[str] = None) -> None:
        """Show the first hundred rows, photos in a grid beside them; outside of a notebook print the first ten."""
        show.explore(self, title or "")

    def show(self) -> None:
        """Show a summary of each column: its type, gaps, range or most frequent values."""
        show.show(self)

    def __str__(self) -> str:
        return text_table.text(self)

    def __repr__(self) -> str:
        return text_table.description(self)

    def _repr_html_(self) -> str:
        return html_table(self, text_table.HEAD, total=len(self))

    def _add_dict(self, data: Dict[str, Any]) -> None:
        for name in data:
            check_name(name)
        lengths = {name: len(values) for name, values in data.items()}
        if len(set(lengths.values())) > 1:
            raise SizeMismatch(f"columns of different lengths: {lengths}")
        for name in sorted(data, key=lambda name: (isinstance(data[name], SArray), name)):
            self._add(name, SArray(_cells(data[name])))

    def _add_items(self, data: Iterable[Any]) -> None:
        items = list(data)
        kinds = {isinstance(item, SArray) for item in items if item is not None}
        if kinds == {True, False}:
            raise WrongValue("a frame is made of SArrays or of values, not of both together")
        if kinds == {True}:
            for item in items:
                self._add("", item)
        elif items:
            self._add("", SArray(data))


def load_sframe(filename: Path) -> SFrame:
    """The frame that `SFrame.save` wrote to a folder, or a frame of a CSV file.

    Raises `NoSuchFile` where there is nothing, `BadFile` for anything else,
    including Turi Create's own frames.
    """
    return SFrame(os.fspath(filename))


def _read(path: str, format: str) -> SFrame:
    name = path[:-3] if path.endswith(".gz") else path
    if format == "tsv" or name.endswith(".tsv"):
        return SFrame.read_csv(path, delimiter="\t")
    if format == "csv" or name.endswith((".csv", ".txt")):
        return SFrame.read_csv(path)
    return SFrame._of(archive.load(path))


def _cells(values: Any) -> Any:
    return list(values) if isinstance(values, (str, dict, np.ndarray)) and getattr(values, "ndim", 1) < 2 else values


def _series(column: SArray) -> "pd.Series[Any]":
    import pandas as pd

    is_number = column.dtype in NUMBERS
    if is_number and (column._missing is None or not len(column)):
        return pd.Series(column._values.copy())
    if is_number and column.countna() == len(column):
        return pd.Series(list(column), dtype=object)  # as in Turi Create: nothing makes it a number
    is_date = column.dtype is datetime.datetime and len(column)
    return pd.Series(list(column), dtype="float64" if is_number else None if is_date else object)
