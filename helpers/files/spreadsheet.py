"""CSV files that a spreadsheet may open, so that no text in them is taken for a formula.

A spreadsheet runs what begins with `=`, `+`, `-` or `@`, and a file name can
come from anybody. Such text gets an apostrophe in front, which is how a
spreadsheet writes text, and loses it when it is read back. See OWASP, CSV
Injection.
"""

import csv
import re
from itertools import chain
from pathlib import Path
from typing import Any, Iterable, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # the last four are wide, and Japanese Excel takes them
_GUARDED = re.compile(rf"'{_FORMULA.pattern}")


def guarded(text: str) -> str:
    """As it is written into the file: `=1+2` as `'=1+2`; and `'=1+2` as `''=1+2`, to tell the two apart."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def write_rows(file: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, errors: str = "strict") -> None:
    """Write a CSV with a header, in UTF-8: text guarded, None as an empty cell.

    `errors` is what `open` does with text that UTF-8 cannot hold, such as file
    names in another encoding. Raises `OSError`.
    """
    with file.open("w", encoding="utf-8", errors=errors, newline="") as stream:
        csv.writer(stream).writerows([_guarded_cell(cell) for cell in row] for row in chain([columns], rows))


def _guarded_cell(cell: Any) -> Any:
    return guarded(cell) if isinstance(cell, str) else cell
