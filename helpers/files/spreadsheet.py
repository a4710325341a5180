"""CSV files that a spreadsheet may open, so that no text in them is taken for a formula.

A spreadsheet runs what begins with `=`, `+`, `-` or `@`, and a file name can
come from anybody. Such text gets an apostrophe in front, which is how a
spreadsheet writes text, and loses it when it is read back. Where a spreadsheet
takes other separators than the comma, a cell begins within the text too: after
a semicolon, a tab or a line end. See OWASP, CSV Injection.
"""

import csv
import io
import re
from itertools import chain
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Sequence

from helpers.errors import FrameError
from helpers.files.reading import read_regular

_BEGIN = r"(^|(?<=[;\t\r\n]))"  # of a cell
_FORMULA = r"(?='*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])"  # the last four are wide, and Japanese Excel takes them
_UNGUARDED = re.compile(_BEGIN + _FORMULA)
_GUARDED = re.compile(f"{_BEGIN}'{_FORMULA}")


def guarded(text: str) -> str:
    """As it is written into the file: `=1+2` as `'=1+2`; and `'=1+2` as `''=1+2`, to tell the two apart.

    >>> guarded("=1+2"), guarded("a;=1+2"), guarded("a - b; c")
    ("'=1+2", "a;'=1+2", 'a - b; c')
    """
    return _UNGUARDED.sub("'", text)


def plain(cell: str) -> str:
    """The text that `guarded` was given."""
    return _GUARDED.sub("", cell)


MOST_COLUMNS = 1_000  # rows are made as long as the head, so that a long one of empty names would fill all memory


class CsvTable(NamedTuple):
    """A CSV, cell by cell; rows are as long as the head."""

    head: List[str]
    rows: List[List[str]]  # without empty ones
    lines: List[int]  # of the file, the last one of each row


def read_table(file: Path, what: str) -> CsvTable:
    """Read a CSV in UTF-8 with a line of names, with comma, semicolon or tab; `what` it is stands in messages.

    Raises `FrameError`, with the file and the line.
    """
    try:
        text = read_regular(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameError(f"{file} is not a CSV in UTF-8; save it from the spreadsheet as such") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FrameError(f"{file}: {what} cannot be read ({reason}); give a CSV file") from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    table = CsvTable([], [], [])
    try:
        table.head.extend(cell.strip() for cell in next(reader, []))
        width = len(table.head)
        if width > MOST_COLUMNS:
            raise FrameError(f"{file} has {width:,} columns, and {what} at most {MOST_COLUMNS:,}; leave out the others")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                row = [plain(cell) for cell in cells[:width]]
                table.rows.append(row + [""] * (width - len(row)))
                table.lines.append(reader.line_num)
    except csv.Error as error:
        raise FrameError(f"{file}, line {reader.line_num}: {error}; correct it in the spreadsheet") from error
    return table


def column_name(head: str) -> str:
    """The name of a column as names are compared: `Setup Date` as `setup_date`."""
    return re.sub(r"[\s.\-]+", "_", head.strip().lower())


def write_rows(file: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, errors: str = "strict") -> None:
    """Write a CSV with a header, in UTF-8: text guarded, None as an empty cell.

    `errors` is what `open` does with text that UTF-8 cannot hold, such as file
    names in another encoding. Raises `OSError`.
    """
    with file.open("w", encoding="utf-8", errors=errors, newline="") as stream:
        csv.writer(stream).writerows([_guarded_cell(cell) for cell in row] for row in chain([columns], rows))


def _guarded_cell(cell: Any) -> Any:
    return guarded(cell) if isinstance(cell, str) else cell
