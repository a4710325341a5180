"""Photos in a frame, and the boxes that are kept, beside a reference written from YOLOv5's description."""

import numpy as np
import pytest

from helpers.errors import ModelError
from helpers.networks.yolo import BOXES, Detector, best_boxes, fitted_size, framed
from tests.support.detector import colour_detector, with_squares

RANDOM = np.random.default_rng(22)


def overlap(one, other):
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0, width) * max(0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common) if sum(areas) > common else 0


def reference(rows):
    """`non_max_suppression` as it is described: threshold, one class each, the best first, no two of a class alike."""
    boxes = []
    for x, y, width, height, anything, *chances in rows.astype(float).tolist():
        kind = max(range(len(chances)), key=lambda each: anything * chances[each])
        if anything > 0.005 and anything * chances[kind] > 0.005:
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2, anything * chances[kind], kind)
            boxes.append(box)
    boxes.sort(key=lambda box: -box[4])
    kept = []
    for box in boxes:
        if all(box[5] != other[5] or overlap(box, other) <= 0.45 for other in kept):
            kept.append(box)
    return kept[:BOXES]


@pytest.mark.parametrize("part", range(4))
@pytest.mark.once("boxes are compared by arithmetic of ours", but=["0"])
def test_suppression_is_that_of_the_description(part):
    random = np.random.default_rng(part)
    for _ in range(250):
        count = random.integers(0, 40)
        rows = np.empty((count, 8), np.float32)
        rows[:, :2] = random.uniform(0, 100, (count, 2))
        rows[:, 2:4] = random.uniform(10, 80, (count, 2))
        rows[:, 4:] = random.uniform(0, 1, (count, 4)) ** 3
        rows[random.uniform(size=count) < 0.2, 4] = 0.001
        kept, wanted = best_boxes(rows), reference(rows)
        assert kept.shape == (len(wanted), 6)
        assert np.allclose(kept, np.array(wanted).reshape(-1, 6), rtol=1e-6, atol=1e-5)


def test_at_most_a_hundred_boxes_the_best_of_equals_in_the_order_of_rows():
    rows = np.zeros((150, 8), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2:4], rows[:, 4:6] = np.arange(150) * 10, 5, 5, 1
    assert best_boxes(rows)[:, 0].tolist() == [10 * place - 2.5 for place in range(100)]


@pytest.mark.parametrize(
    ("size", "fitted"), [((4000, 3000), (1280, 960)), ((3, 4), (960, 1280)), ((5000, 2), (1280, 1))]
)
def test_the_longer_side_is_fitted(size, fitted):
    assert fitted_size(size, 1280) == fitted


@pytest.mark.parametrize(
    ("size", "frame", "corner"), [((128, 96), (128, 128), (0, 16)), ((65, 64), (128, 64), (31, 0))]
)
def test_a_photo_is_in_the_middle_of_its_frame(size, frame, corner):
    pixels = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    numbers, (left, top) = framed(pixels)
    assert numbers.shape == (1, 3, frame[1], frame[0]) and (left, top) == corner
    inside = numbers[0, :, top : top + size[1], left : left + size[0]]
    assert np.allclose(inside, pixels.transpose(2, 0, 1) / 255, atol=1e-6)
    assert numbers.sum() == pytest.approx(inside.sum() + (numbers.size - inside.size) * 114 / 255, rel=1e-5)


@pytest.mark.parametrize("processor", ["bf16", "ONNX Runtime alone"], indirect=True)
@pytest.mark.parametrize("size", [(200, 100), (100, 200), (128, 128), (63, 65)])
def test_boxes_are_right_to_a_pixel(tmp_path, processor, size):
    width, height = size
    squares = [("animal", (10, 20, 40, 60)), ("person", (width - 9, height - 30, width, height))]
    pixels = with_squares(size, *squares)
    detector = Detector(colour_detector(tmp_path / "colours.onnx"), 3)
    found = detector.run([pixels, with_squares(size)]).reshape(2, BOXES, 6)
    assert found[0, :2, 5].tolist() == [0, 1] and np.allclose(found[0, :2, 4], 0.9) and not found[0, 2:, 4].any()
    for row, (_, (left, top, right, bottom)) in enumerate(squares):
        wanted = left / width, top / height, right / width, bottom / height
        assert np.allclose(found[0, row, :4], wanted, atol=1e-6)
    assert not found[1].any()


def test_boxes_that_hardly_overlap_are_all_kept(tmp_path):
    detector = Detector(colour_detector(tmp_path / "colours.onnx"), 3)
    found = detector.run([with_squares((64, 64), ("vehicle", (10, 10, 14, 14)))]).reshape(BOXES, 6)
    assert np.allclose(found[:3, 4], [0.9, 0.7, 0]), "of a small box another, three pixels lower, is another"


def test_other_networks_are_refused(tmp_path):
    pixels = [with_squares((64, 64))]
    with pytest.raises(ModelError, match=r"with 3 classes: its output is \[1, 9, 9\], and would be \[1, rows, 8\]"):
        Detector(colour_detector(tmp_path / "four.onnx", classes=4), 3).run(pixels)
    odd = Detector(tmp_path / "four.onnx", 3)
    for rows in (["text"], {"a": 1}, np.array([[["text"] * 8]]), np.zeros((1, 9, 8), np.int64)):
        odd._run = lambda _, rows=rows: rows
        with pytest.raises(ModelError, match=r"four\.onnx is not a detector of the family.*output is no floats"):
            odd.run(pixels)
    sure = np.zeros((1, 1, 8), np.float32)
    sure[0, 0] = 32, 32, 9, 9, 1e30, 1, 1, 1
    odd._run = lambda _: sure
    with pytest.raises(ModelError, match="scores are larger than 1"):
        odd.run(pixels)
    (tmp_path / "half.onnx").write_bytes((tmp_path / "four.onnx").read_bytes()[:500])
    with pytest.raises(ModelError, match=r"half\.onnx cannot be run as a network"):
        Detector(tmp_path / "half.onnx", 3).run(pixels)
