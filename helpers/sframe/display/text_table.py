"""A frame as text: the tables that `print` shows, drawn as Turi Create draws them."""

import unicodedata
from array import array
from typing import Any, List, Sequence

from helpers.files.spelling import printable
from helpers.sframe.display.table import Table
from helpers.sframe.image import Image
from helpers.sframe.text import written

HEAD = 10  # rows
COLUMNS = 20
_NOTE = (
    "Note: Only the head of the SFrame is printed.\n"
    "You can use print_rows(num_rows=m, num_columns=n) to print more rows and columns."
)


def text(frame: Table) -> str:
    """The first ten rows, how large the frame is, and how to see more."""
    note = _NOTE if len(frame) > HEAD else ""
    return f"{text_table(frame, HEAD, COLUMNS)}\n{dimensions(frame)}{note}"


def description(frame: Table) -> str:
    """The names and types of the columns, how many rows, and the first ten."""
    types = zip(frame.column_names(), frame.column_types())
    columns = "".join(f"\t{printable(name)}\t{dtype.__name__}\n" for name, dtype in types) or "\tNone\n"
    return f"Columns:\n{columns}\nRows: {len(frame)}\n\nData:\n" + (text(frame) if len(frame) else "\t[]")


def dimensions(frame: Table) -> str:
    """How large the frame is, as the last line of a table."""
    return "[{} rows x {} columns]\n".format(*frame.shape)


def text_table(
    frame: Table, num_rows: int, num_columns: int, max_column_width: int = 30, max_row_width: int = 80
) -> str:
    """The first rows and columns; where they are too wide, in several tables below each other."""
    head = frame.head(num_rows)
    tables: List[List[List[str]]] = [[]]
    for name in head.column_names()[:num_columns]:
        values = [shown(value) for value in head[name]]
        width = min(max_column_width, max(map(len, values), default=max_column_width))
        used = len(_drawn(tables[-1]).partition("\n")[0])
        if tables[-1] and used + width >= max_row_width:
            tables.append([])
        tables[-1].append([_cut(value, max_column_width) for value in [name, *values]])
    if head.num_columns() > num_columns:
        tables[-1].append(["..."] * (len(head) + 1))
    return "\n".join(map(_drawn, tables))


def shown(value: Any) -> str:
    """One value as a table shows it."""
    if isinstance(value, array):
        return str(value.tolist())
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return written(value) if isinstance(value, Image) else str(value)


def _cut(value: str, width: int) -> str:
    # A tab or a line end inside of a value would break the table.
    line = "".join(char.encode("unicode_escape").decode() if char.isspace() else char for char in printable(value))
    return line if len(line) <= width else line[: width - 4] + "..."


def _drawn(columns: Sequence[Sequence[str]]) -> str:
    if not columns:
        return "++\n||\n++\n++"
    widths = [max(map(_cells, column)) for column in columns]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    rows = ["| " + " | ".join(map(_centred, row, widths)) + " |" for row in zip(*columns)]
    return "\n".join([rule, rows[0], rule, *rows[1:], rule])


def _centred(value: str, width: int) -> str:
    spare = width - _cells(value)
    left = (spare + (_cells(value) % 2 == 0)) // 2  # the odd blank: left of an even text, right of an odd one
    return " " * left + value + " " * (spare - left)


def _cells(value: str) -> int:
    """How many places of a terminal a text takes: wide letters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in value)
