"""Reads CSV files as Turi Create does, without its losses.

The types of the columns fit every row; Turi Create looks at the first hundred,
and drops later rows that do not fit, or cuts off their fractions.
"""

import gzip
import os
import re
import sys
from array import array
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple, Union

from helpers.sframe.array.sarray import SArray
from helpers.sframe.errors import BadFile, NoSuchFile, Unsupported
from helpers.sframe.text import fraction, parsed, unescaped, whole

PathLike = Union[str, "os.PathLike[str]"]
Row = List[Optional[str]]
# Pandas' names for some options, which Turi Create takes too.
OTHER_NAMES = {
    "sep": "delimiter",
    "quotechar": "quote_char",
    "doublequote": "double_quote",
    "comment": "comment_char",
    "lineterminator": "line_terminator",
}


def read(url: PathLike, **options: Any) -> Dict[str, SArray]:
    """The columns of a CSV file; `.gz` is unpacked.

    Options, as in Turi Create: `delimiter`, `header`, `error_bad_lines`,
    `comment_char`, `escape_char`, `double_quote`, `quote_char`,
    `column_type_hints` (a type, a list of them, or a dict by name),
    `na_values`, `usecols`, `nrows`, `skiprows`, `true_values`, `false_values`.
    The others have no effect: all line ends are recognised, blanks around fields
    are dropped, every row is looked at, and little is printed.

    An empty field is missing in a column of numbers, and an empty text in one
    of texts. Lines with too few or too many fields, or with a field that does not
    fit its type hint, are left out and counted on stderr, or with
    `error_bad_lines` raise `BadFile`.
    """
    return _read(Path(url), **canonical(options))


def canonical(options: Dict[str, Any]) -> Dict[str, Any]:
    """The options under Turi Create's own names."""
    return {OTHER_NAMES.get(name, name): value for name, value in options.items()}


def _read(
    path: Path,
    delimiter: str = ",",
    header: bool = True,
    error_bad_lines: bool = False,
    comment_char: Optional[str] = "",
    escape_char: Optional[str] = "\\",
    double_quote: bool = True,
    quote_char: str = '"',
    skip_initial_space: bool = True,
    column_type_hints: Any = None,
    na_values: Union[str, List[str], None] = ("NA",),  # type: ignore[assignment]
    line_terminator: str = "\n",
    usecols: Tuple[str, ...] = (),
    nrows: Optional[int] = None,
    skiprows: int = 0,
    verbose: bool = True,
    nrows_to_infer: int = 100,
    true_values: Tuple[str, ...] = (),
    false_values: Tuple[str, ...] = (),
) -> Dict[str, SArray]:
    rows = _rows(_text(path, skiprows), delimiter, quote_char, escape_char or "", double_quote, comment_char or "")
    table = list(rows)
    if not table:
        return {}
    names = _names(table.pop(0)) if header else [f"X{place + 1}" for place in range(len(table[0]))]
    good = [row for row in table if len(row) == len(names)]
    if error_bad_lines and len(good) < len(table):
        raise BadFile(f"{path}: a line does not have {len(names)} fields; without error_bad_lines it is left out")
    missing = [na_values] if isinstance(na_values, str) else na_values or ()
    words = {**dict.fromkeys(true_values, "1"), **dict.fromkeys(false_values, "0")}
    fields = [[None if cell in missing else words.get(cell, cell) for cell in column] for column in zip(*good)]
    texts = dict(zip(names, fields or [[] for _ in names]))
    hints = _hints(column_type_hints, names)
    types = {name: hints.get(name) or _fitting(cells) for name, cells in texts.items()}
    columns, bad = _converted(texts, types)
    if error_bad_lines and bad:
        raise BadFile(f"{path}: line {min(bad) + 1 + header} does not fit the types in column_type_hints")
    if len(good) < len(table) or bad:
        print(f"{path}: {len(table) - len(good) + len(bad)} lines could not be read and are left out", file=sys.stderr)
    chosen = [name for name in names if not usecols or name in usecols]
    return {name: columns[name].head(len(table) if nrows is None else nrows) for name in chosen}


def _text(path: Path, skiprows: int) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NoSuchFile(f"{path}: {error.strerror or error}") from error
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig", errors="replace")
    for _ in range(skiprows):
        text = text.partition("\n")[2]
    return text


def _rows(text: str, delimiter: str, quote: str, escape: str, double_quote: bool, comment: str) -> Iterator[List[str]]:
    r"""The fields of each line that has any.

    A field is quoted, a list or dict in brackets, or plain; backslashes are
    replaced in quoted fields only.
    """
    q, d, e, c = map(re.escape, (quote, delimiter, escape, comment))
    inside = f"[^{q}{e}]" + (f"|{e}." if e else "") + (f"|{q}{q}" if double_quote else "")
    end = rf"(?: *(?:{c}[^\r\n]*)?)({d}|\r\n|\n|\r|\Z)" if comment else rf" *({d}|\r\n|\n|\r|\Z)"
    field = re.compile(
        rf" *(?:{q}((?:{inside})*){q}|(\[[^\]\r\n]*\]|\{{[^}}\r\n]*\}})|([^{d}{c}\r\n]*?)){end}", re.DOTALL
    )
    row: List[str] = []
    at = 0
    while at < len(text) or row:
        match = field.match(text, at)
        assert match is not None  # the third alternative fits anything
        quoted, bracketed, plain_text, stop = match.groups()
        if quoted is not None:
            quoted = quoted.replace(quote * 2, quote) if double_quote else quoted
            row.append(unescaped(quoted) if escape in quoted else quoted)
        else:
            row.append(plain_text if bracketed is None else bracketed)
        at = match.end()
        if stop == delimiter:
            continue
        if row != [""] or quoted is not None:
            yield row
        row = []


def _names(row: List[str]) -> List[str]:
    names: List[str] = []
    for place, name in enumerate(row):
        name = name or f"X{place + 1}"
        while name in names:
            name += ".1"
        names.append(name)
    return names


def _hints(hints: Any, names: List[str]) -> Dict[str, type]:
    if isinstance(hints, type):
        return dict.fromkeys(names, hints)
    if isinstance(hints, (list, dict)):
        return dict(zip(names, hints)) if isinstance(hints, list) else hints
    if hints is None:
        return {}
    raise TypeError("column_type_hints is a type, a list of them, or a dict from names to types")


def _fitting(cells: Row) -> type:
    """The narrowest type that holds all of these texts."""
    kinds: Set[type] = set()
    for cell in {cell for cell in cells if cell}:
        kinds.add(_kind(cell))
        if str in kinds:
            return str
    fits = (({int}, int), ({int, float}, float), ({array}, array), ({array, list}, list), ({dict}, dict))
    return next((dtype for group, dtype in fits if kinds and kinds <= group), str)


def _kind(cell: str) -> type:
    for dtype, convert in _READERS.items():
        try:
            value = convert(cell)
        except Unsupported:
            continue
        return str if dtype is int and not -(2**63) <= value < 2**63 else type(value)
    return str


def _converted(texts: Dict[str, Row], types: Dict[str, type]) -> Tuple[Dict[str, SArray], List[int]]:
    """The columns without the rows that do not fit their types, and the numbers of those rows."""
    bad = set()
    values: Dict[str, List[Any]] = {}
    for name, cells in texts.items():
        read_cell = _READERS.get(types[name], str)
        column = values[name] = []
        for row, cell in enumerate(cells):
            try:
                column.append(None if cell is None or (cell == "" and types[name] is not str) else read_cell(cell))
            except Unsupported:
                column.append(None)
                bad.add(row)
    kept = {
        name: [value for row, value in enumerate(column) if row not in bad] if bad else column
        for name, column in values.items()
    }
    return {name: SArray(column, types[name]) for name, column in kept.items()}, sorted(bad)


_READERS: Dict[type, Callable[[str], Any]] = {int: whole, float: fraction, array: parsed, list: parsed, dict: parsed}
