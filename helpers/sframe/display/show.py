"""Shows frames, summaries and photos: in a notebook as HTML, elsewhere as text."""

from typing import Any, List

from helpers.files.spelling import printable
from helpers.sframe.display.html_table import Cell, html_table, page, table
from helpers.sframe.display.html_table import text as text_html
from helpers.sframe.display.table import Column, Table
from helpers.sframe.display.text_table import shown, text
from helpers.sframe.dtype import NUMBERS
from helpers.sframe.notebook import in_notebook, show_inline

EXPLORED = 100  # rows
TOP = 3  # of the most frequent values
LONGEST = 40  # characters of one of them


class Page:
    """HTML for a notebook, with text for everywhere else."""

    def __init__(self, html: str, plain: str) -> None:
        self._html, self._plain = html, plain

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._plain


def explore(frame: Table, title: str) -> None:
    """Show the first hundred rows, photos in a grid beside them; outside a notebook print the first ten."""
    if in_notebook():
        show_inline(Page(html_table(frame, EXPLORED, title, total=len(frame), beside=True), text(frame)))
    else:
        print(text(frame))


def show(frame: Table) -> None:
    """Show a summary of each column; outside a notebook print it."""
    rows = [[name, frame[name].dtype.__name__, *_summary(frame[name])] for name in frame.column_names()]
    heads = ["column", "type", "missing", "different", "content"]
    size = f"{len(frame):,} rows x {frame.num_columns():,} columns"
    plain = "\n".join([f"{size}", *(f"{printable(row[0])} ({row[1]}): {row[2]} missing; {row[4]}" for row in rows)])
    if in_notebook():
        numbers = ("missing", "different")
        body = [[Cell(text_html(part), head in numbers) for head, part in zip(heads, row)] for row in rows]
        show_inline(Page(page("", table([Cell(head, head in numbers) for head in heads], body), size), plain))
    else:
        print(plain)


def _summary(column: Column) -> List[str]:
    """How many values are missing, how many are different, and a note on them."""
    missing = f"{column.countna():,}"
    if column.dtype in (dict, list) or column.dtype.__name__ in ("Image", "ndarray", "array"):
        return [missing, "", f"{len(column) - column.countna():,} values"]
    counts = column.dropna().value_counts()
    if not len(counts):
        return [missing, "0", "nothing"]
    if column.dtype in NUMBERS:
        low, high = (f"{end:.4g}" if isinstance(end, float) else shown(end) for end in (column.min(), column.max()))
        spread = f"{low} to {high}, mean {column.dropna().mean():.4g}"
        return [missing, f"{len(counts):,}", spread]
    if counts[0]["count"] == 1:
        return [missing, f"{len(counts):,}", f"all different, such as {_end(counts[0]['value'])}"]
    most = ", ".join(f"{_end(row['value'])} ({row['count']:,})" for row in counts.head(TOP))
    return [missing, f"{len(counts):,}", most]


def _end(value: Any) -> str:
    # The end of a long text: paths differ there.
    text = printable(shown(value))
    return text if len(text) <= LONGEST else "…" + text[-LONGEST:]
