"""Reads CSV files as Turi Create does, without its losses.

The types of the columns fit every row; Turi Create looks at the first hundred,
and drops later rows that do not fit, or cuts off their fractions.
"""

import re
import sys
from array import array
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple, Union

from helpers.sframe.array.sarray import SArray
from helpers.sframe.brackets import WHOLE, bracketed, numbers, parsed_as, unescaped
from helpers.sframe.dtype import NUMBERS, store, unchanged
from helpers.sframe.errors import BadFile, NoSuchColumn, Unsupported, WrongType
from helpers.sframe.names import free_name
from helpers.sframe.paths import PathLike, found, text_of
from helpers.sframe.text import fraction, whole

Row = List[Optional[str]]
_MOST_EQUAL = 100  # columns of one name, which grows with each

# Pandas' names for some options, which Turi Create takes too.
OTHER_NAMES = {
    "sep": "delimiter",
    "quotechar": "quote_char",
    "doublequote": "double_quote",
    "comment": "comment_char",
    "lineterminator": "line_terminator",
}


def read(url: PathLike, **options: Any) -> Dict[str, SArray]:
    """The columns of a CSV file, or of all files of a folder or of a pattern such as `cards/*.csv`; `.gz` is unpacked.

    Several files have the same header, whose names may be in another order.

    Options, as in Turi Create: `delimiter`, `header`, `error_bad_lines`,
    `comment_char`, `escape_char`, `double_quote`, `quote_char`,
    `column_type_hints` (a type, a list of them, or a dict by name),
    `na_values`, `usecols`, `nrows`, `skiprows`, `true_values`, `false_values`,
    `line_terminator` (without it, or with a line end, all line ends count). The
    others have no effect: blanks around fields are dropped, every row is looked
    at, and little is printed.

    An empty field is missing in a column of numbers, and an empty text in one
    of texts. Lines with too few or too many fields, or with a field that does not
    fit its type hint, are left out and counted on stderr, or with
    `error_bad_lines` raise `BadFile`. A hint of int cuts off fractions.
    """
    return _read(url, **canonical(options))


def canonical(options: Dict[str, Any]) -> Dict[str, Any]:
    """The options under Turi Create's own names."""
    return {OTHER_NAMES.get(name, name): value for name, value in options.items()}


def _read(
    url: PathLike,
    delimiter: str = ",",
    header: bool = True,
    error_bad_lines: bool = False,
    comment_char: Optional[str] = "",
    escape_char: Optional[str] = "\\",
    double_quote: bool = True,
    quote_char: Optional[str] = '"',
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
    rows_of = _splitter(
        delimiter, quote_char or "", escape_char or "", double_quote, comment_char or "", line_terminator
    )
    names, table = _table(url, rows_of, header, skiprows)
    if not names:
        return {}
    good = [row for row in table if len(row) == len(names)]
    if error_bad_lines and len(good) < len(table):
        raise BadFile(f"{url}: a line does not have {len(names)} fields; without error_bad_lines it is left out")
    missing = [na_values] if isinstance(na_values, str) else na_values or ()
    fields = [[None if cell in missing else cell for cell in column] for column in zip(*good)]
    texts = dict(zip(names, fields or [[] for _ in names]))
    hints = _hints(column_type_hints, names)
    words = {**dict.fromkeys(true_values, "1"), **dict.fromkeys(false_values, "0")}
    for name, cells in texts.items() if words else ():
        replaced = [cell if cell is None else words.get(cell, cell) for cell in cells]
        if (hints.get(name) or _fitting(replaced)) in NUMBERS:  # in a column of texts they are texts
            texts[name] = replaced
    columns, bad = _converted(texts, hints)
    if error_bad_lines and bad:
        raise BadFile(f"{url}: line {min(bad) + 1 + header} does not fit the types in column_type_hints")
    if len(good) < len(table) or bad:
        print(f"{url}: {len(table) - len(good) + len(bad)} lines could not be read and are left out", file=sys.stderr)
    absent = [name for name in usecols if name not in names]
    if absent:
        raise NoSuchColumn(f"{url} has no column {absent[0]!r} for usecols; it has {', '.join(names)}")
    rows = nrows if nrows is not None and nrows > 0 else len(table)  # 0 is all of them, as in Turi Create
    return {name: columns[name].head(rows) for name in usecols or names}


def _table(
    url: PathLike, rows_of: Callable[[str], Iterator[List[str]]], header: bool, skiprows: int
) -> Tuple[List[str], List[List[str]]]:
    """The names of the columns, and the rows of all files."""
    names: List[str] = []
    table: List[List[str]] = []
    for path in found(url):
        text = text_of(path)
        for _ in range(skiprows):
            text = text.partition("\n")[2]
        rows = list(rows_of(text))
        if not rows:
            continue
        here = _names(rows.pop(0), path) if header else [f"X{place + 1}" for place in range(len(rows[0]))]
        names = names or here
        if header and sorted(here) != sorted(names):
            raise BadFile(f"{path}: its header is {', '.join(here)}, and that of the files before {', '.join(names)}")
        if here != names and header:
            order = [here.index(name) for name in names]
            rows = [[row[place] for place in order] if len(row) == len(here) else row for row in rows]
        table += rows
    return names, table


def _splitter(
    delimiter: str, quote: str, escape: str, double_quote: bool, comment: str, line_end: str
) -> Callable[[str], Iterator[List[str]]]:
    r"""A function of a text that gives the fields of each line that has any.

    A field is quoted, a list or dict in brackets, or plain; blanks around it
    don't count, and backslashes are replaced in quoted fields only.
    """
    q, d, e, c = map(re.escape, (quote, delimiter, escape, comment))
    usual = line_end in ("\n", "\r", "\r\n")
    line = r"\r\n|\n|\r" if usual else re.escape(line_end)
    blanks = " " + "".join(blank for blank in "\t\v\f" if blank not in delimiter)
    b = f"[{blanks}]*"
    end = rf"(?:{b}(?:{c}[^\r\n]*)?)({d}|{line}|\Z)" if comment else rf"{b}({d}|{line}|\Z)"
    others = f"[^{q}{e}]*"
    pairs = "|".join([f"{e}."] * bool(e) + [f"{q}{q}"] * double_quote)
    inside = f"{others}(?:(?:{pairs}){others})*" if pairs else others  # a repeated group takes 100 bytes each time
    quoted_field = f"{q}({inside}){q}" if quote else "()(?!)"
    plain_field = f"[^{d}{c}\r\n]*?" if usual and len(delimiter) == 1 else ".*?"
    field = re.compile(rf"{b}(?:{quoted_field}|({plain_field})){end}", re.DOTALL)
    line_ends = re.compile(rf"{line}|\Z")
    after_brackets = re.compile(end)

    def rows_of(text: str) -> Iterator[List[str]]:
        row: List[str] = []
        at = start = stop = 0
        rest = ""  # of the line, from `start` to `stop`: a line of many brackets is cut out once

        def in_brackets(at: int) -> "Tuple[str, Optional[re.Match[str]]]":
            """The list or dict that is all of the field at a place, and what ends it."""
            nonlocal start, stop, rest
            if not start <= at < stop:
                found = line_ends.search(text, at)
                start, stop = at, len(text) if found is None else found.start()
                rest = text[start:stop]
            try:
                last = start + bracketed(rest, at - start)[1]
            except Unsupported:
                return "", None
            return text[at:last], after_brackets.match(text, last)

        quoted = None
        while at < len(text) or row:
            begin = at
            while text.startswith(tuple(blanks), begin) and delimiter != " ":
                begin += 1
            match = None
            if text.startswith(("[", "{"), begin):
                quoted = None
                cell, match = in_brackets(begin)
            if match is None:
                match = field.match(text, at)
                assert match is not None  # a plain field fits anything
                quoted, cell = match.group(1), match.group(2)
                if quoted is not None:
                    cell = quoted.replace(quote * 2, quote) if double_quote else quoted
                    cell = unescaped(cell, escape) if escape and escape in cell else cell
            row.append(cell)
            at = match.end()
            if match.groups()[-1] == delimiter:
                continue
            if row != [""] or quoted is not None:
                yield row
            row = []

    return rows_of


def _names(row: List[str], path: Path) -> List[str]:
    """A name for each column; where some are equal, `.1` is behind the later ones as often as it takes."""
    names: Dict[str, None] = {}
    last: Dict[str, str] = {}  # of columns with equal names, what the last one is called
    counts: Counter[str] = Counter()
    for place, name in enumerate(row):
        name = name or f"X{place + 1}"
        counts[name] += 1
        if counts[name] > _MOST_EQUAL:
            raise BadFile(f"{path}: more than {_MOST_EQUAL} columns are called {name[:40]!r}; give them other names")
        last[name] = free_name(last.get(name, name), names)
        names[last[name]] = None
    return list(names)


def _hints(hints: Any, names: List[str]) -> Dict[str, type]:
    if hints is None:
        return {}
    if isinstance(hints, type):
        hints = dict.fromkeys(names, hints)
    elif isinstance(hints, list):
        if len(hints) != len(names):
            raise Unsupported(f"column_type_hints has {len(hints)} types for {len(names)} columns; give one for each")
        hints = dict(zip(names, hints))
    elif not isinstance(hints, dict):
        raise WrongType("column_type_hints is a type, a list of them, or a dict from names to types")
    for name, hint in hints.items():
        if hint not in _READERS and hint is not bool:
            kinds = ", ".join(kind.__name__ for kind in _READERS)
            raise WrongType(f"column_type_hints: {name!r} is {hint!r}; a CSV file holds {kinds}")
    return {name: int if hint is bool else hint for name, hint in hints.items()}


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
    for dtype, convert in _KINDS.items():
        try:
            convert(cell)
        except Unsupported:
            if dtype is int and WHOLE.fullmatch(cell):
                return str  # more than 64 bits
            continue
        return dtype
    return str


def _converted(texts: Dict[str, Row], hints: Dict[str, type]) -> Tuple[Dict[str, SArray], List[int]]:
    """The columns without the rows that do not fit the hints for their types, and the numbers of those rows."""
    bad = set()
    values: Dict[str, List[Any]] = {}
    types = {name: hints.get(name) or _fitting(cells) for name, cells in texts.items()}
    for name, cells in texts.items():
        read_cell = (_READERS if name in hints else _KINDS).get(types[name], str)
        column = values[name] = []
        for row, cell in enumerate(cells):
            try:
                column.append(None if cell is None or (cell == "" and types[name] is not str) else read_cell(cell))
            except Unsupported:
                column.append(None)
                bad.add(row)
    columns = {}
    for name, column in values.items():
        kept = [value for row, value in enumerate(column) if row not in bad] if bad else column
        stored = unchanged(kept) if types[name] in (list, dict) else store(kept, types[name])
        columns[name] = SArray._of(types[name], *stored)
    return columns, sorted(bad)


def _cut_off(text: str) -> int:
    value = fraction(text)
    if not abs(value) < 2**63:
        raise Unsupported(f"{text!r} is not a whole number of 64 bits")
    return whole(text) if WHOLE.fullmatch(text) else int(value)


_KINDS: Dict[type, Callable[[str], Any]] = {
    int: whole,
    float: fraction,
    array: numbers,
    list: parsed_as(list),
    dict: parsed_as(dict),
}
_READERS: Dict[type, Callable[[str], Any]] = {**_KINDS, int: _cut_off, str: str}
