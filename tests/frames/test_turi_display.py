import numpy as np
import pytest
from PIL import Image

from helpers import tc

pytestmark = pytest.mark.skipif(not tc.HAS_TURICREATE, reason="it repairs Turi Create, which this Python has not")


@pytest.fixture
def shown(monkeypatch):
    """What goes below the cell."""
    from helpers.frames import turi_display

    pages = []
    monkeypatch.setattr(turi_display, "show_inline", pages.append)
    return pages


def test_explore_shows_thumbnails_and_plain_names(tmp_path, shown):
    from turicreate.visualization import _plot

    folder = tmp_path / "x"
    folder.mkdir()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(folder / "<img src=x onerror=alert(1)>.png")
    data = tc.image_analysis.load_images(str(folder))
    _plot.display_table_in_notebook(data, "A <title>")
    html = shown[0]._repr_html_()
    assert "data:image/jpeg;base64" in html and "A &lt;title&gt;" in html
    assert "<img src=x" not in html and "&lt;img src=x onerror=alert(1)&gt;" in html


def test_only_the_first_hundred_rows_are_shown(shown):
    from turicreate.visualization import _plot

    _plot.display_table_in_notebook(tc.SFrame({"a": range(1000)}))
    html = shown[0]._repr_html_()
    assert "1,000 rows" in html and ">99<" in html and ">100<" not in html


def test_a_frame_as_a_value_is_a_table_with_thumbnails(tmp_path):
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(tmp_path / "<b>.png")
    data = tc.image_analysis.load_images(str(tmp_path))
    data["score"] = [0.7205943]
    html = data._repr_html_()
    assert "data:image/jpeg;base64" in html and ">0.7206<" in html and 'title="0.7205943"' in html
    assert "<b>" not in html and "1 rows x 3 columns" in html and "anywhere" not in html


def test_of_a_frame_that_is_not_computed_yet_only_the_first_rows_are():
    lazy = tc.SFrame({"a": range(100_000)}).filter_by([3], "a", exclude=True)
    assert not lazy.__has_size__()
    html = lazy._repr_html_()
    assert "? rows x 1 columns; the first 10 rows are shown" in html and ">10<" in html and ">11<" not in html
    assert not lazy.__has_size__()
    assert "0 rows x 0 columns" in tc.SFrame()._repr_html_()
