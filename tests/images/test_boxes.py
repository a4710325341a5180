import pytest

from helpers.errors import FrameError
from helpers.images.boxes import box_in, check_box, surroundings_of, within

FRAME = (4000, 3000)


@pytest.mark.parametrize("aspect", [1.0, 1.28])
@pytest.mark.parametrize("box", [(0.5, 0.5, 0.52, 0.51), (0.3, 0.1, 0.35, 0.6), (0, 0, 1, 1), (0.2, 0.4, 0.9, 0.45)])
def test_what_is_shown_around_a_box_has_all_of_it_and_its_shape(box, aspect):
    shown = check_box(surroundings_of(box, FRAME, aspect))
    assert shown[0] <= box[0] and shown[1] <= box[1] and shown[2] >= box[2] and shown[3] >= box[3]
    width, height = (shown[2] - shown[0]) * FRAME[0], (shown[3] - shown[1]) * FRAME[1]
    if shown[2] - shown[0] < 1 and shown[3] - shown[1] < 1:
        assert width == pytest.approx(aspect * height)
    assert width >= min(FRAME[0], 1.49 * (box[2] - box[0]) * FRAME[0])


def test_at_the_edge_of_the_photo_it_is_moved():
    left, top, right, bottom = surroundings_of((0.0, 0.9, 0.1, 1.0), FRAME, 1.0)
    assert (left, bottom) == (0, 1) and right == pytest.approx(0.15) and 1 - top == pytest.approx(0.2)


def test_a_speck_is_not_enlarged_beyond_its_pixels():
    left, _, right, _ = surroundings_of((0.5, 0.5, 0.5001, 0.5001), FRAME, 1.0)
    assert (right - left) * FRAME[0] >= 32


def test_a_box_within_a_part():
    assert within((0.4, 0.5, 0.5, 0.6), (0.4, 0.4, 0.6, 0.8)) == pytest.approx((0, 0.25, 0.5, 0.5))
    assert within((0.3, 0.5, 0.7, 0.6), (0.4, 0.4, 0.6, 0.8)) == pytest.approx((0, 0.25, 1, 0.5))


@pytest.mark.parametrize(
    "box",
    [None, 7, "0123", {}, [0, 0, 1], [0] * 5, [0, 0, 1, float("nan")], [0, 0, 1, 10**400], [[0]] * 4, [0] * 10**6],
)
def test_what_is_no_box_is_refused_in_few_words(box):
    with pytest.raises(FrameError, match="a box is") as refused:
        check_box(box)
    assert len(str(refused.value)) < 300


def test_the_box_of_a_row():
    sides = {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4}
    assert box_in(sides) == (0.1, 0.2, 0.3, 0.4)
    assert box_in({"rank": 1}) is None and box_in(dict.fromkeys(sides)) is None
    with pytest.raises(FrameError, match="four numbers"):
        box_in({"left": 0.1, "top": 0.2, "right": 0.3})
