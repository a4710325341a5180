"""Writes CSV files as Turi Create does, but numbers with all their digits; there they have six."""

import csv
import gzip
import re
from typing import Any, Dict, Iterator

from helpers.files.spelling import expanded
from helpers.sframe.array.sarray import SArray
from helpers.sframe.files.csv_reader import canonical
from helpers.sframe.files.replacing import replaced
from helpers.sframe.paths import PathLike
from helpers.sframe.text import escaped, exact, written


def write(columns: Dict[str, SArray], filename: PathLike, **options: Any) -> None:
    """Write columns as CSV; `.gz` packs it. An existing file is replaced only when all is written.

    Options, as in Turi Create: `delimiter`, `line_terminator`, `header`,
    `quote_level` (of the module `csv`), `double_quote`, `escape_char`,
    `quote_char`, `na_rep`, `file_header`, `file_footer`, `line_prefix`.
    """
    path = expanded(filename)
    text = "".join(_lines(columns, **canonical(options)))
    data = text.encode("utf-8")
    with replaced(path) as file:
        file.write(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _lines(
    columns: Dict[str, SArray],
    delimiter: str = ",",
    line_terminator: str = "\n",
    header: bool = True,
    quote_level: int = csv.QUOTE_NONNUMERIC,
    double_quote: bool = True,
    escape_char: str = "\\",
    quote_char: str = '"',
    na_rep: str = "",
    file_header: str = "",
    file_footer: str = "",
    line_prefix: str = "",
) -> Iterator[str]:
    special = re.compile(f"[{re.escape(delimiter + quote_char + escape_char)}\r\n\t\v\f]|^ | $")

    def quoted(text: str, force: bool) -> str:
        # Without quotes, an empty text alone in its line would be an empty line, which is skipped on reading.
        force = force or quote_level == csv.QUOTE_ALL or (text == "" and len(columns) == 1)
        if quote_level == csv.QUOTE_NONE or not (force or special.search(text)):
            return text
        text = escaped(text) if escape_char else text
        return (
            quote_char
            + text.replace(quote_char, (quote_char if double_quote else escape_char) + quote_char)
            + quote_char
        )

    def cell(value: Any) -> str:
        if value is None:
            return quoted(na_rep, False) if quote_level == csv.QUOTE_ALL else na_rep
        return quoted(written(value, exact, strict=True), force=not isinstance(value, (int, float, str)))

    if file_header:
        yield file_header + line_terminator
    if header and columns:
        yield delimiter.join(quoted(name, False) for name in columns) + line_terminator
    for row in zip(*columns.values()):
        yield line_prefix + delimiter.join(map(cell, row)) + line_terminator
    if file_footer:
        yield file_footer + line_terminator
