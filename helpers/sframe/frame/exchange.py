"""A frame from and to files, pandas and numpy."""

import os
from typing import TYPE_CHECKING, Any, Dict, Optional, Type, Union

import numpy as np
import pandas as pd

from helpers.sframe.array.array import SArray
from helpers.sframe.files import archive, csv_reader, csv_writer, json_files

if TYPE_CHECKING:
    from helpers.sframe.frame.frame import SFrame

Path = Union[str, "os.PathLike[str]"]


class Exchange:
    """The methods of `SFrame` that read it from somewhere or hand it on."""

    __slots__ = ()
    _columns: Dict[str, SArray]

    @classmethod
    def read_csv(cls: Any, url: Path, delimiter: str = ",", header: bool = True, **options: Any) -> "SFrame":
        """A frame of a CSV file; see `helpers.sframe.files.csv_reader.read`."""
        return cls._of(csv_reader.read(url, delimiter=delimiter, header=header, **options))

    @classmethod
    def read_json(cls: Any, url: Path, orient: str = "records") -> "SFrame":
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

        Killed half-way, it leaves what was there before; see `helpers.sframe.files.archive`.
        """
        path = os.fspath(filename)
        if format is None:
            format = "csv" if path.endswith((".csv", ".csv.gz")) else "json" if path.endswith(".json") else "binary"
        if format == "csv":
            self.export_csv(path if path.endswith((".csv", ".csv.gz")) else path + ".csv")
        elif format == "json":
            self.export_json(path)
        elif format == "binary":
            archive.save(self._columns, path)
        else:
            raise ValueError(f"format is 'binary', 'csv' or 'json', not {format!r}")

    def to_dataframe(self) -> pd.DataFrame:
        """A pandas DataFrame. Whole numbers become floats where some are missing; images stay `Image`."""
        return pd.DataFrame({name: _series(column) for name, column in self._columns.items()})

    def to_numpy(self) -> np.ndarray:
        """A two-dimensional numpy array, rows x columns, of the one type that holds all values."""
        columns = [np.asarray(column) for column in self._columns.values()]
        if any(column.dtype == object or column.ndim > 1 for column in columns):
            columns = [np.fromiter(column, object, len(column)) for column in self._columns.values()]
        return np.array(columns).T


def _series(column: SArray) -> "pd.Series[Any]":
    kind: Union[Type[Any], str, None] = None if column.dtype.__name__ == "datetime" and len(column) else object
    if column.dtype in (int, float) and (column._missing is None or not len(column)):
        return pd.Series(column._values.copy())
    return pd.Series(list(column), dtype="float64" if column.dtype in (int, float) else kind)
