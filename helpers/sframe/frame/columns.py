"""The columns of a frame: named, added, replaced, removed, chosen; and rows by their number."""

import difflib
import numbers
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Tuple

import numpy as np

from helpers.sframe.array.positions import forwards, row_number
from helpers.sframe.array.sarray import SArray, chosen_rows
from helpers.sframe.errors import ColumnExists, NoSuchColumn, SizeMismatch, WrongType, WrongValue
from helpers.sframe.names import check_name, free_name

if TYPE_CHECKING:
    from helpers.sframe.frame.sframe import SFrame


class Columns:
    """The methods of `SFrame` about its columns. Those that change them return a new frame unless `inplace`."""

    __slots__ = ("_columns",)
    _columns: Dict[str, SArray]

    @classmethod
    def _of(cls, columns: Dict[str, SArray]) -> "SFrame":
        frame: Any = cls.__new__(cls)
        frame._columns = columns
        return frame

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()))) if self._columns else 0

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        names = list(self._columns)
        return (dict(zip(names, row)) for row in zip(*self._columns.values()))

    def __getitem__(self, key: Any) -> Any:
        """Columns or rows, depending on the key.

        For a name, the column; for a list of names or a type, a frame of those
        columns. For a number, the row as a dict (negative from the end); for a
        slice, or a column used as a mask, a frame of those rows.
        """
        if isinstance(key, str):
            return self.select_column(key)
        if isinstance(key, SArray):
            return self._take(chosen_rows(key, len(self)))
        if isinstance(key, numbers.Integral):
            row = row_number(int(key), len(self))
            return {name: column[row] for name, column in self._columns.items()}
        if isinstance(key, slice):
            rows = forwards(key, len(self))
            return self._of({name: column._slice(rows) for name, column in self._columns.items()})
        if isinstance(key, type):
            return self.select_columns([key])
        if hasattr(key, "__iter__"):
            return self.select_columns(key)
        raise WrongType(f"the key is a name, a row number, a slice or a column, not {key!r}")

    def _take(self, rows: np.ndarray) -> "SFrame":
        return self._of({name: column._take(rows) for name, column in self._columns.items()})

    def copy(self) -> "SFrame":
        """Another frame of the same columns, which costs nothing."""
        return self._of(dict(self._columns))

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> "SFrame":
        return self.copy()

    def column_names(self) -> List[str]:
        """The names, from left to right."""
        return list(self._columns)

    def column_types(self) -> List[type]:
        """The types, from left to right."""
        return [column.dtype for column in self._columns.values()]

    @property
    def dtype(self) -> List[type]:
        """The types, from left to right."""
        return self.column_types()

    def num_columns(self) -> int:
        """How many columns."""
        return len(self._columns)

    def num_rows(self) -> int:
        """How many rows."""
        return len(self)

    @property
    def shape(self) -> Tuple[int, int]:
        """Rows and columns."""
        return self.num_rows(), self.num_columns()

    def select_column(self, column_name: str) -> SArray:
        """One column. Raises `NoSuchColumn`."""
        check_name(column_name)
        if column_name not in self._columns:
            raise self._no_such_column(column_name)
        return self._columns[column_name]

    def select_columns(self, column_names: Iterable[Any]) -> "SFrame":
        """A frame of these columns, in this order; a type stands for all columns of that type."""
        if isinstance(column_names, str) or not hasattr(column_names, "__iter__"):
            raise WrongType("select_columns() takes a list of names")
        keys = list(column_names)
        if not all(isinstance(key, (str, type)) for key in keys):
            raise WrongType("columns are chosen by name, or by type")
        if len(set(keys)) < len(keys):
            raise WrongValue("a column is named twice")
        names = [key for key in keys if isinstance(key, str)]
        names += [name for name, column in self._columns.items() if column.dtype in keys and name not in names]
        return self._of({name: self.select_column(name) for name in names})

    def add_column(self, data: Any, column_name: str = "", inplace: bool = False) -> "SFrame":
        """A frame with one more column, at the right, named `X` and its place if not otherwise.

        A single value is repeated in every row.
        """
        check_name(column_name)
        frame = self.copy()
        frame._add(column_name, self._as_column(data, rows=self.num_rows() if self._columns else 1))
        return self._become(frame) if inplace else frame

    def add_columns(self, data: Any, column_names: Optional[Iterable[str]] = None, inplace: bool = False) -> "SFrame":
        """A frame with more columns: those of another frame, or SArrays and their names."""
        if isinstance(data, Columns):
            data, column_names = list(data._columns.values()), data.column_names()
        if not hasattr(data, "__iter__") or column_names is None:
            raise WrongType("add_columns() takes a frame, or a list of SArrays and a list of names")
        pairs = list(zip(column_names, data))
        if not all(isinstance(name, str) and isinstance(column, SArray) for name, column in pairs):
            raise WrongType("add_columns() takes SArrays, and texts as their names")
        frame = self.copy()
        for name, column in pairs:
            frame._add(name, column)
        return self._become(frame) if inplace else frame

    def add_row_number(self, column_name: str = "id", start: int = 0, inplace: bool = False) -> "SFrame":
        """A frame with a first column that counts the rows from `start`."""
        check_name(column_name)
        if type(start) is not int:
            raise WrongType("start is a whole number")
        if column_name in self._columns:
            raise ColumnExists(f"the frame has a column {column_name!r} already; give another column_name")
        frame = self._of({column_name: SArray.from_sequence(start, start + self.num_rows()), **self._columns})
        return self._become(frame) if inplace else frame

    def remove_column(self, column_name: str, inplace: bool = False) -> "SFrame":
        """A frame without this column."""
        return self.remove_columns([column_name], inplace)

    def remove_columns(self, column_names: Iterable[str], inplace: bool = False) -> "SFrame":
        """A frame without these columns."""
        names = list(column_names)
        for name in names:
            self.select_column(name)
        frame = self._of({name: column for name, column in self._columns.items() if name not in names})
        return self._become(frame) if inplace else frame

    def swap_columns(self, column_name_1: str, column_name_2: str, inplace: bool = False) -> "SFrame":
        """A frame in which these two columns have changed places."""
        swapped = {column_name_1: column_name_2, column_name_2: column_name_1}
        for name in swapped:
            self.select_column(name)
        frame = self.select_columns([swapped.get(name, name) for name in self._columns])
        return self._become(frame) if inplace else frame

    def rename(self, names: Dict[str, str], inplace: bool = False) -> "SFrame":
        """A frame with other names: a dict from old to new, one after the other."""
        if not isinstance(names, dict):
            raise WrongType("rename() takes a dict from old names to new ones")
        for old, new in names.items():
            check_name(new)
            self.select_column(old)
        current = self.column_names()
        for old, new in names.items():
            if new in current and new != old:
                raise ColumnExists(f"the frame has a column {new!r} already; rename that one first")
            current[current.index(old)] = new
        frame = self._of(dict(zip(current, self._columns.values())))
        return self._become(frame) if inplace else frame

    def __setitem__(self, key: Any, value: Any) -> None:
        """Add or replace a column; a single value is repeated. A list of new names takes a list of SArrays."""
        if isinstance(key, list):
            self.add_columns(value, key, inplace=True)
            return
        check_name(key)
        column = self._as_column(value, rows=self.num_rows())
        if list(self._columns) == [key]:
            self._columns[key] = column  # the only column may change its length
        else:
            self._add(key, column, replace=True)

    def __delitem__(self, key: str) -> None:
        self.remove_column(key, inplace=True)

    def _as_column(self, value: Any, rows: int) -> SArray:
        several = hasattr(value, "__iter__") and not isinstance(value, str)
        return SArray(value) if several else SArray.from_const(value, rows)

    def _add(self, name: str, column: SArray, replace: bool = False) -> None:
        name = name or free_name(f"X{len(self._columns) + 1}", self._columns)
        if name in self._columns and not replace:
            raise ColumnExists(f"the frame has a column {name!r} already; remove or rename it first")
        if self._columns and len(column) != self.num_rows():
            raise SizeMismatch(f"the column {name!r} has {len(column)} rows, the frame {self.num_rows()}")
        self._columns[name] = column

    def _become(self, frame: "SFrame") -> Any:
        self._columns = frame._columns
        return self

    def _no_such_column(self, name: str) -> NoSuchColumn:
        close = difflib.get_close_matches(name, self._columns, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(self._columns) or 'none'}"
        return NoSuchColumn(f"the frame has no column {name!r}; {hint}")
