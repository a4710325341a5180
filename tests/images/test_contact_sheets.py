"""Sheets of photos that a notebook shows at their own size."""

import pytest

from helpers.images.contact_sheets import PhotoGroup, Tile, contact_sheets
from tests.support.pictures import folder_of

CELL = 1100  # px of an output in a window of 1,280


@pytest.mark.parametrize("count", [1, 6, 20])
def test_a_sheet_is_no_wider_than_a_cell_so_that_its_text_can_be_read(tmp_path, count):
    photo = folder_of(tmp_path / "photos", 1) / "0.jpg"
    figure = contact_sheets([PhotoGroup("all", [Tile(f"{number}.jpg", str(photo)) for number in range(count)])])
    assert figure.bbox.width <= CELL
    figure.draw_without_rendering()
    names = [text for text in figure.axes[0].texts if text.get_text().endswith(".jpg")]
    boxes = [text.get_window_extent() for text in names]
    assert len(boxes) == count and all(box.x1 <= figure.bbox.width and box.height >= 8 for box in boxes)
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
