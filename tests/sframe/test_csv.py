"""CSV files where Turi Create would lose something, and files that are never half written."""

import csv
import gzip
import pathlib
import tracemalloc

import pytest

from helpers.sframe import SFrame
from helpers.sframe.errors import BadFile, NoSuchFile
from tests.support.pace import growth


def there_and_back(frame, path, **options):
    frame.export_csv(str(path), **options)
    return SFrame.read_csv(str(path), delimiter=options.get("delimiter", ","))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote_level", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_texts_come_back(tmp_path, delimiter, quote_level):
    texts = [
        "C:\\new\\x",
        'say "hi"',
        "a,b;c|d",
        "two\nlines\r\n",
        " blanks ",
        "tab\t",
        "\f",
        "\vx",
        "é日",
        "[1",
        "{",
        "#",
        "'",
        "x",
    ]
    frame = SFrame({"text": texts, "n": range(len(texts))})
    back = there_and_back(frame, tmp_path / "frame.csv", delimiter=delimiter, quote_level=quote_level)
    assert list(back["text"]) == texts and list(back["n"]) == list(range(len(texts)))


def test_numbers_keep_all_their_digits(tmp_path):
    numbers = [1 / 3, 123456789.123, 1e-300, 2.0**60, 0.1 + 0.2]
    assert list(there_and_back(SFrame({"x": numbers}), tmp_path / "frame.csv")["x"]) == numbers


def test_lists_and_dicts_come_back(tmp_path):
    frame = SFrame({"v": [[1, 2.5], [0.1]], "l": [["a", 'b"c\\', None], [1, "x"]], "d": [{"k": "a,b"}, {"é": 2}]})
    back = there_and_back(frame, tmp_path / "frame.csv")
    assert list(back) == list(frame) and back.column_types() == frame.column_types()


def test_types_are_those_of_every_row(tmp_path):
    """Turi Create looks at a hundred rows, and then drops a text and cuts off a fraction."""
    (tmp_path / "frame.csv").write_text("a,b\n" + "1,1\n" * 150 + "x,1.5\n")
    frame = SFrame(str(tmp_path / "frame.csv"))
    assert len(frame) == 151 and frame[150] == {"a": "x", "b": 1.5}


def test_lines_left_out_are_counted(tmp_path, capsys):
    (tmp_path / "frame.csv").write_text("a,b\n1,2\n1\n1,2,3\n")
    assert len(SFrame(str(tmp_path / "frame.csv"))) == 1
    assert "2 lines could not be read" in capsys.readouterr().err


def test_a_gzip_file_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.sframe.paths.LARGEST", 100_000)
    for size, refused in ((50_000, False), (50_000_000, True)):
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a\n" + b"1\n" * (size // 2 - 1)))
        assert (tmp_path / "a.csv.gz").stat().st_size < 100_000
        if refused:
            with pytest.raises(BadFile, match="unpack it"):
                SFrame.read_csv(str(tmp_path / "a.csv.gz"), verbose=False)
        else:
            assert len(SFrame.read_csv(str(tmp_path / "a.csv.gz"), verbose=False)) == size // 2 - 1


def test_gzip_by_name(tmp_path):
    SFrame({"a": [1]}).save(str(tmp_path / "frame.csv.gz"))
    assert gzip.decompress((tmp_path / "frame.csv.gz").read_bytes()) == b"a\n1\n"


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_failed_write_leaves_the_old_file(tmp_path, ending, monkeypatch):
    path = tmp_path / f"frame.{ending}"
    path.write_text("old")
    monkeypatch.setattr(pathlib.Path, "replace", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        SFrame({"a": [1]}).save(str(path))
    assert [found.read_text() for found in tmp_path.iterdir()] == ["old"]


def test_places_that_cannot_be(tmp_path):
    with pytest.raises(BadFile, match="choose another place"):
        SFrame({"a": [1]}).export_csv(str(tmp_path / "nowhere" / "frame.csv"))
    with pytest.raises(NoSuchFile, match="nowhere"):
        SFrame.read_csv(str(tmp_path / "nowhere.csv"))
    with pytest.raises(NoSuchFile, match="nowhere"):
        SFrame.read_json(str(tmp_path / "nowhere.json"))


# --- files of strangers


def test_equal_names_are_told_apart(tmp_path):
    file = tmp_path / "frame.csv"
    file.write_text("a,b,a,a.1,a\n1,2,3,4,5\n")
    assert list(SFrame.read_csv(str(file))[0]) == ["a", "b", "a.1", "a.1.1", "a.1.1.1"]


def test_more_equal_names_than_anybody_gives_are_refused(tmp_path):
    """Each is longer than the one before: 5,000 would take minutes."""
    file = tmp_path / "frame.csv"
    file.write_text(",".join(["a"] * 101) + "\n")
    with pytest.raises(BadFile, match="more than 100 columns are called 'a'"):
        SFrame.read_csv(str(file))


def memory_to_read(file):
    tracemalloc.start()
    try:
        SFrame.read_csv(str(file))
        return tracemalloc.get_traced_memory()[1] / file.stat().st_size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("end", ['"', ""], ids=["closed", "not closed"])
def test_a_long_quoted_text_takes_no_more_memory_than_others(tmp_path, end):
    file = tmp_path / "frame.csv"
    file.write_text('a\n"' + "x" * 200_000 + end + "\n")
    assert memory_to_read(file) < 20


def test_a_line_of_many_brackets_is_not_copied_for_each(tmp_path):
    def work(count):
        file = tmp_path / "frame.csv"
        file.write_text("a\n" + "[1]x," * count + "\n")
        SFrame.read_csv(str(file))

    assert growth(work, 500, 4_000) < 16  # not 64
