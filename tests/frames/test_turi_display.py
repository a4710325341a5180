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
