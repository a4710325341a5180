import csv

import pytest

from helpers.files.spreadsheet import guarded, plain, write_rows


@pytest.mark.parametrize("text", ["", "heron", "=1+2", "'=1+2", "''=1+2", "-3", "@sum", "\ta", "\uff1d1", "'quoted'"])
def test_text_comes_back_as_it_was(text):
    assert plain(guarded(text)) == text


def test_what_a_spreadsheet_would_run_is_marked(tmp_path):
    file = tmp_path / "rows.csv"
    write_rows(file, ["path", "=count"], iter([("=a.jpg", -1), ("é.jpg", None)]))
    with file.open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["path", "'=count"], ["'=a.jpg", "-1"], ["é.jpg", ""]]


def test_names_in_another_encoding_are_written_as_asked(tmp_path):
    file, rows = tmp_path / "rows.csv", [("\udcff.jpg",)]
    with pytest.raises(UnicodeEncodeError):
        write_rows(file, ["path"], rows)
    write_rows(file, ["path"], rows, errors="surrogateescape")
    assert file.read_bytes() == b"path\r\n\xff.jpg\r\n"
