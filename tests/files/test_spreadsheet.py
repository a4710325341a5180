import csv
import re
import tracemalloc

import pytest

from helpers.errors import FrameError
from helpers.files.spreadsheet import guarded, plain, read_table, write_rows

WITHIN = ["a;=1+2", "a\t=1+2", "a;;@sum", "a\n-2", "a\r\n+2;=3", "=1;'=2", "a;''=1", "a;\uff1d1", ";=1"]


@pytest.mark.parametrize(
    "text", ["", "heron", "=1+2", "'=1+2", "''=1+2", "-3", "@sum", "\ta", "\uff1d1", "'quoted'", *WITHIN, "a\t\t'=1"]
)
def test_text_comes_back_as_it_was(text):
    assert plain(guarded(text)) == text


def test_what_a_spreadsheet_would_run_is_marked(tmp_path):
    file = tmp_path / "rows.csv"
    write_rows(file, ["path", "=count"], iter([("=a.jpg", -1), ("é.jpg", None)]))
    with file.open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["path", "'=count"], ["'=a.jpg", "-1"], ["é.jpg", ""]]


@pytest.mark.parametrize("text", WITHIN)
def test_what_is_run_with_another_separator_is_marked(text, tmp_path):
    file = tmp_path / "rows.csv"
    write_rows(file, ["path"], [[text]])
    with file.open(encoding="utf-8", newline="") as stream:
        written = list(csv.reader(stream))[1][0]
    cells = re.split("[;\t\r\n]", written)
    assert not any(cell.startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells), cells
    assert read_table(file, "the table").rows == [[text]]


def test_what_is_no_formula_stays_as_it_is():
    for text in ("a - b", "a; -1", "x=1", "Fox; Badger", "it's; 'so'", "a,=1"):
        assert guarded(text) == text


def test_names_in_another_encoding_are_written_as_asked(tmp_path):
    file, rows = tmp_path / "rows.csv", [("\udcff.jpg",)]
    with pytest.raises(UnicodeEncodeError):
        write_rows(file, ["path"], rows)
    write_rows(file, ["path"], rows, errors="surrogateescape")
    assert file.read_bytes() == b"path\r\n\xff.jpg\r\n"


def test_a_table_is_read_as_spreadsheets_write_it(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes('\ufeff a ;b;c\r\n\'=1+2;"x\r\ny"\r\n;; \r\n 3 ;4;5;6\r\n'.encode())
    table = read_table(file, "the table")
    assert table.head == ["a", "b", "c"]
    assert table.rows == [["=1+2", "x\r\ny", ""], [" 3 ", "4", "5"]], "rows are as long as the head"
    assert table.lines == [3, 5]
    file.write_bytes(b"")
    assert read_table(file, "the table") == ([], [], [])


def test_a_file_that_is_no_table(tmp_path):
    with pytest.raises(FrameError, match=r"none\.csv: the table of owls cannot be read"):
        read_table(tmp_path / "none.csv", "the table of owls")
    (tmp_path / "latin.csv").write_bytes(b"a\n\xe9\n")
    with pytest.raises(FrameError, match="UTF-8"):
        read_table(tmp_path / "latin.csv", "the table")
    (tmp_path / "long.csv").write_text("a\n" + "x" * 200_000)
    with pytest.raises(FrameError, match=r"long\.csv, line 2: field larger"):
        read_table(tmp_path / "long.csv", "the table")


def test_a_head_without_end_does_not_fill_the_memory(tmp_path):
    """Each of the rows would be made as long."""
    (tmp_path / "wide.csv").write_text("a" + "," * 2_000 + "\n" + "b\n" * 2_000)
    tracemalloc.start()
    try:
        with pytest.raises(FrameError, match=r"wide\.csv has 2,001 columns, and the table at most 1,000"):
            read_table(tmp_path / "wide.csv", "the table")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
