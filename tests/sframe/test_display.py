"""Frames shown: escaped, small, and only what is seen is opened."""

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest

import helpers.sframe.display.html_table
from helpers.sframe import Image, SArray, SFrame
from helpers.sframe.notebook import in_notebook

ATTACK = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def notebook(monkeypatch):
    """What is shown below a cell."""
    shown = []
    for module in ("helpers.sframe.display.show", "helpers.sframe.image"):
        monkeypatch.setattr(f"{module}.in_notebook", lambda: True)
        monkeypatch.setattr(f"{module}.show_inline", shown.append)
    return shown


@pytest.fixture
def image():
    return Image.from_array(np.zeros((300, 600, 3), np.uint8))


def tags(html):
    return set(re.findall(r"<\s*(\w+)", html))


@pytest.mark.parametrize(
    "value", [ATTACK, [ATTACK], {ATTACK: ATTACK}, ATTACK * 50], ids=["str", "list", "dict", "long"]
)
def test_values_and_names_are_escaped(value, notebook):
    frame = SFrame({ATTACK: [value], "note": ["x"]})
    frame.explore(title=ATTACK)
    frame.show()
    frame.sample(1)[ATTACK].show(title=ATTACK)
    for html in [frame._repr_html_(), *(page._repr_html_() for page in notebook)]:
        assert "&lt;img src=x" in html
        assert tags(html) <= {"div", "strong", "table", "tr", "th", "td", "span"}


def test_no_text_is_drawn_as_a_formula(notebook):
    frame = SFrame({"a $x$ b": ["a $x$ b"]})
    frame.explore()
    frame.show()
    for html in [frame._repr_html_(), *(page._repr_html_() for page in notebook)]:
        assert html.startswith('<div class="mathjax_ignore tex2jax_ignore"')


def test_attributes_cannot_be_left():
    html = SFrame({"a": ['" onmouseover="alert(1)' * 20]})._repr_html_()
    assert not re.search(r'"[^"<>]*" onmouseover', html) and "&quot; onmouseover" in html


def test_a_bad_photo_is_named_and_escaped(tmp_path, notebook):
    path = tmp_path / "<b>.png"
    PIL.Image.fromarray(np.zeros((4, 4), np.uint8)).save(path)
    frame = SFrame({"photo": [Image(str(path))]})
    path.unlink()
    assert "&lt;b&gt;.png: no such file" in frame._repr_html_()


def test_thumbnails_are_small(image):
    html = SFrame({"photo": [image, None]})._repr_html_()
    data = re.search(r'src="data:image/jpeg;base64,([^"]+)"', html).group(1)
    with PIL.Image.open(io.BytesIO(base64.b64decode(data))) as small:
        assert max(small.size) == helpers.sframe.display.html_table.THUMBNAIL
    assert 'alt="600 x 300"' in html and ">None<" in html


def test_only_the_rows_shown_are_opened(image, monkeypatch, notebook):
    opened = []
    monkeypatch.setattr(Image, "thumbnail", lambda self, side: opened.append(self) or b"jpeg")
    frame = SFrame({"photo": [image] * 500})
    frame._repr_html_()
    assert len(opened) == 10
    frame.explore()
    assert len(opened) == 110
    assert "500 rows x 1 columns; the first 100 rows are shown" in notebook[0]._repr_html_()


def test_colours_follow_the_theme():
    html = SFrame({"a": [1]})._repr_html_()
    assert "background: var(--jp-layout-color1" in html and "Canvas)" in html
    assert not re.search(r"(?<!-)color: *(black|white|#)", html)


def texts(html):
    """What stands in the cells of the table, row by row, without marks."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[re.sub(r"<[^>]+>", "", part) for part in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.98123456, 0.7205943, 0.0], ["0.9812", "0.7206", "0"]),
        ([12345.678, 1.5], ["12346", "1.5"]),
        ([-34.123456, -34.13], ["-34.1235", "-34.1300"]),  # places that hardly differ
        ([0.5, 0.00000123], ["0.5000", "1.2e-06"]),
        ([float("nan"), float("inf"), 1e20, 2.5], ["nan", "inf", "1e+20", "2.500"]),
        ([0.1 + 0.2, None], ["0.3000", "None"]),
    ],
)
def test_numbers_have_four_digits_and_the_whole_one_as_a_title(values, shown):
    html = SFrame({"x": values})._repr_html_()
    assert [row[0] for row in texts(html)[1:]] == shown
    assert all(f'title="{value!r}"' in html for value in values if value and str(value) not in shown)


def test_vectors_are_short():
    html = SFrame({"v": [np.linspace(0, 1, 2048)], "w": [[1, 2]]})._repr_html_()
    assert texts(html)[1] == ["[0, 0.0004885, 0.000977, 0.001466, 0.001954, 0.002443, … 2,048 in all]", "[1, 2]"]


def test_words_are_not_broken_and_paths_are_tidied():
    path = "/home/me/notebooks/../data/" + "a-very-long-folder/" * 3 + "IMG_0001.JPG"
    html = SFrame({"path": [path], "words": ["more than one line of words " * 9]})._repr_html_()
    assert "anywhere" not in html
    row = texts(html)[1]
    assert row[0].startswith("…/") and row[0].endswith("/IMG_0001.JPG") and len(row[0]) <= 60
    assert f'title="{path}"' in html
    assert texts(SFrame({"path": ["/a/b/../c.jpg"]})._repr_html_())[1] == ["/a/c.jpg"]


def test_explore_shows_photos_beside_the_table(image, notebook):
    SFrame({"path": [f"north/{ATTACK}", None], "image": [image, None]}).explore()
    html = notebook[0]._repr_html_()
    assert "2 rows x 2 columns" in html
    data = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    with PIL.Image.open(io.BytesIO(base64.b64decode(data[0]))) as large:
        assert len(data) == 1 and max(large.size) == helpers.sframe.display.html_table.LARGE
    assert [row[0] for row in texts(html)] == ["", "0", "1"] and texts(html)[1][1] == "600 x 300"
    assert ">0 · &lt;img src=x" in html and tags(html) <= {"div", "strong", "table", "tr", "th", "td", "span", "img"}


def test_wide_frames_are_cut():
    html = SFrame({f"c{number:03d}": [number] for number in range(60)})._repr_html_()
    assert "the first 40 columns are shown" in html and "c039" in html and "c040" not in html


def test_outside_of_a_notebook_text_is_printed(capsys):
    assert not in_notebook()
    frame = SFrame({"site": ["a", "b", "a", None], "n": [1, 2, 3, None], "v": [[1.0], None, [2.0], [3.0]]})
    frame.explore()
    assert capsys.readouterr().out.startswith("+---")
    frame.add_column([f"{'x' * 60}/{name}" for name in "pqrs"], "path").show()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "4 rows x 4 columns"
    assert f"path (str): 0 missing; all different, such as …{'x' * 38}/p" in lines
    assert "site (str): 1 missing; a (2), b (1)" in lines
    assert "n (int): 1 missing; 1 to 3, mean 2" in lines
    assert "v (array): 1 missing; 3 values" in lines


def test_show_of_little(capsys):
    SFrame().show()
    SFrame({"a": []}).show()
    SArray([float("nan"), None]).show()
    assert "nothing" in capsys.readouterr().out


def test_a_page_has_text_for_other_places(notebook):
    SFrame({"a": [1]}).explore()
    assert repr(notebook[0]).startswith("+---+\n| a |")


def test_in_a_real_kernel(monkeypatch):
    ipython = pytest.importorskip("IPython", reason="IPython is not installed here")
    kernel = type("Shell", (), {"kernel": object()})()
    monkeypatch.setattr(ipython, "get_ipython", lambda: kernel)
    assert in_notebook()
    monkeypatch.setattr(ipython, "get_ipython", lambda: None)
    assert not in_notebook()
