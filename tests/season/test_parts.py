"""Parts of photos as things to search for, on a network that sees nothing but colours."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.crops import boxes_for, measure
from helpers import tc
from helpers.errors import FrameError, PhotoError, StoreError
from helpers.features.store import FeatureStore
from helpers.images.boxes import check_box, edges_of
from helpers.images.crop import cut
from helpers.photos.load import load_photos
from helpers.season import part_features
from helpers.season.detection.read_results import read_detections
from helpers.season.parts import Parts
from helpers.season.season import Season
from helpers.similarity.build import create, load_model
from tests.support.pictures import TINY, folder_of, picture, tiny_network

RED, GREEN, BLUE = (220, 20, 20), (20, 200, 20), (20, 20, 220)
SIZE = (120, 80)
LEFT, RIGHT = (0.1, 0.2, 0.4, 0.7), (0.6, 0.2, 0.9, 0.7)
INSIDE = (RED, GREEN, BLUE, RED, GREEN, BLUE)


@pytest.fixture
def photos(tmp_path):
    """Six photos of soft ground with a patch on the left, red, green or blue; the first has a green one too."""
    (tmp_path / "photos").mkdir()
    for number, colour in enumerate(INSIDE):
        photo = picture(number, SIZE).convert("L").convert("RGB")
        photo.paste(colour, (12, 16, 48, 56))
        if number == 0:
            photo.paste(GREEN, (72, 16, 108, 56))
        photo.save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def model(photos, tmp_path):
    data, _ = load_photos(photos, progress=False)
    return create(data, model=tiny_network(tmp_path / "tiny.onnx"), verbose=False, store=tmp_path / "kept.kinframe")


@pytest.fixture
def found(photos, tmp_path):
    """What a detector says of them: the patches are animals, the right one of the first photo scores less."""

    def entry(number):
        boxes = [(0.9, LEFT)] + ([(0.7, RIGHT)] if number == 0 else [])
        made = [{"category": "1", "conf": conf, "bbox": [a, b, c - a, d - b]} for conf, (a, b, c, d) in boxes]
        person = {"category": "2", "conf": 0.9, "bbox": [0, 0.8, 1, 0.2]}
        return {"file": f"C:\\photos\\{number}.png", "detections": made + ([person] if number == 5 else [])}

    path = tmp_path / "megadetector.json"
    path.write_text(json.dumps({"images": [entry(number) for number in range(6)]}), "utf-8")
    return read_detections(path, load_photos(photos, progress=False)[0])


def test_each_box_has_the_feature_of_what_it_holds(model, found):
    parts = Parts.of(model, found, progress=False)
    assert parts.rows.tolist() == [0, 0, 1, 2, 3, 4, 5] and parts.rows.dtype == np.int64
    assert parts.boxes.shape == (7, 4) and np.allclose(parts.boxes[:2], [LEFT, RIGHT])
    assert parts.kinds == ["animal"] * 7 and parts.scores.tolist() == [0.9, 0.7, *[0.9] * 5]
    assert parts.vectors.shape == (7, 2 * TINY) and parts.vectors.dtype == np.float32
    for vector, colour in zip(parts.vectors[:, :TINY], (RED, GREEN, *INSIDE[1:])):
        assert np.allclose(vector.reshape(3, -1) * 255, np.array(colour)[:, None], atol=2)
    assert parts.photos.all() and len(parts.bad) == 0 and parts.note == "7 parts of 6 photos"


def test_the_surroundings_stand_behind_the_box_and_count_by_half(model, found):
    both = Parts.of(model, found, progress=False).vectors
    alone, wider = (
        Parts.of(model, found, margin=margin, surroundings=0, progress=False).vectors for margin in (0.0, 1.0)
    )
    assert alone.shape == (7, TINY) and np.array_equal(both, np.concatenate([alone, wider / 2], axis=1))
    thirds = Parts.of(model, found, margin=1, surroundings=1 / 3, progress=False).vectors
    assert np.array_equal(thirds, np.concatenate([wider, wider * np.float32(1 / 3)], axis=1))


def test_any_box_of_any_photo_has_a_feature_like_those_of_the_parts(model, found):
    season = Season(model, parts=Parts.of(model, found, progress=False))
    for source in (model.collection.sources[0], Path(model.collection.sources[0]).read_bytes()):
        assert np.allclose(season.parts.feature_of(source, LEFT), season.parts.vectors[0], atol=1e-6)
    by_part, by_box = season.search(0, k=3), season.search(region=(0, LEFT), k=3)
    assert list(by_part["reference_label"]) == list(by_box["reference_label"])
    assert np.allclose(list(by_part["distance"]), list(by_box["distance"]), atol=1e-5)
    stranger = Path(model.collection.sources[0]).with_name("stranger.png")
    picture(99, SIZE).save(stranger)
    outside = season.search(like=stranger, k=3)
    assert len(outside) == 3 and "whole photo" in season.note


def test_in_infrared_light_the_contrast_is_stretched(tmp_path):
    """A dark photo and a brighter one of the same animal have the same feature; in colour they have not."""
    (tmp_path / "photos").mkdir()
    colours = np.asarray(picture(1, SIZE).convert("RGB"))
    grey = np.repeat(np.asarray(picture(1, SIZE).convert("L"))[:, :, None], 3, axis=2)
    for name, pixels in (("grey", grey), ("colour", colours)):
        for number, share in enumerate((0.25, 0.9)):
            Image.fromarray((pixels * share).astype(np.uint8)).save(tmp_path / "photos" / f"{name}-{number}.png")
    data, _ = load_photos(tmp_path / "photos", progress=False)
    model = create(data, model=tiny_network(tmp_path / "tiny.onnx"), verbose=False, store=False)
    box = (0.1, 0.1, 0.9, 0.9)
    vectors = Parts.of(model, [(label, box) for label in range(4)], progress=False).vectors
    colour, infrared = np.abs(vectors[0] - vectors[1]).max(), np.abs(vectors[2] - vectors[3]).max()
    assert infrared < 0.03 and colour > 0.2
    assert np.allclose(vectors[3].reshape(2, 3, -1), vectors[3].reshape(2, 3, -1)[:, :1]), "grey"


def test_people_are_known_whatever_kinds_are_taken(model, found, photos):
    for kinds in (("animal",), ("person",), ("vehicle",)):
        parts = Parts.of(model, found, kinds=kinds, progress=False)
        assert parts.people.tolist() == [False] * 5 + [True]
    named = tc.SFrame(
        {"path": ["4.png"], "kind": ["person"], "left": [0.1], "top": [0.2], "right": [0.4], "bottom": [0.7]}
    )
    assert np.flatnonzero(Parts.of(model, named, progress=False).people).tolist() == [4]
    assert not Parts.of(model, [(0, LEFT)], progress=False).people.any()


def test_a_season_hides_people_by_its_parts(model, found):
    season = Season(model, parts=Parts.of(model, found, progress=False))
    assert 5 not in list(season.search(like=0, k=None)["reference_label"])
    assert 5 in list(season.search(like=0, k=None, hide_people=False)["reference_label"])


def test_what_is_kept_is_not_computed_again(model, found, monkeypatch):
    first = Parts.of(model, found, progress=False)
    monkeypatch.setattr(part_features, "work_ahead", lambda *_, **__: pytest.fail("a photo is opened"))
    again = Parts.of(model, found, progress=False)
    assert np.array_equal(first.vectors, again.vectors) and np.array_equal(first.rows, again.rows)
    with FeatureStore(model.store_path) as store:
        assert {each.key: each.photos for each in store.contents()}[f"{model.key} parts, edition 2"] == 14
    monkeypatch.undo()
    other = Parts.of(model, found, margin=0.3, progress=False)
    assert not np.array_equal(first.vectors, other.vectors), "another margin, other features"
    fresh = Parts.of(model, found, store=False, progress=False)
    assert np.array_equal(first.vectors, fresh.vectors)


def test_a_run_that_is_cut_off_keeps_its_batches(model, photos, found, monkeypatch):
    monkeypatch.setattr(part_features, "_BATCH", 2)
    monkeypatch.setattr(part_features, "_AHEAD", 1)
    opened = []
    real = part_features.cut

    def failing(content, *rest, **named):
        opened.append(content)
        if len(opened) == 5:
            raise KeyboardInterrupt
        return real(content, *rest, **named)

    monkeypatch.setattr(part_features, "cut", failing)
    with pytest.raises(KeyboardInterrupt):
        Parts.of(model, found, progress=False)
    monkeypatch.setattr(part_features, "cut", real)
    with FeatureStore(model.store_path) as store:
        kept = {each.key: each.photos for each in store.contents()}[f"{model.key} parts, edition 2"]
    assert kept >= 2
    seen = []
    monkeypatch.setattr(
        part_features, "cut", lambda content, *rest, **named: seen.append(content) or real(content, *rest, **named)
    )
    assert len(Parts.of(model, found, progress=False)) == 7 and 0 < len(seen) < 6


@pytest.mark.parametrize("store", [None, False])
def test_a_photo_that_cannot_be_read_costs_only_itself(model, photos, found, store):
    (photos / "1.png").unlink()
    (photos / "2.png").write_bytes((photos / "2.png").read_bytes()[:-400])
    shutil.copy(photos / "5.png", photos / "3.png")
    parts = Parts.of(model, found, progress=False, store=store)
    assert parts.rows.tolist() == [0, 0, 4, 5] and parts.vectors.shape == (4, 2 * TINY)
    if not tc.HAS_TURICREATE:
        reasons = dict(zip(parts.bad["path"], parts.bad["reason"]))
        assert sorted(reasons) == ["1.png", "2.png", "3.png"] and "build the model again" in reasons["3.png"]
    assert len(parts.bad) == 3 and parts.note.endswith("could not be read: 3, see bad")


def test_boxes_may_be_pairs_or_a_frame(model):
    pairs = Parts.of(model, boxes=[(4, LEFT), (1, (0, 0.1, 1, 0.9))], progress=False)
    assert pairs.rows.tolist() == [1, 4] and pairs.kinds == ["part", "part"] and pairs.scores.tolist() == [1, 1]
    columns = {"left": [0.1, 0.0], "top": [0.2, 0.1], "right": [0.4, 1.0], "bottom": [0.7, 0.9]}
    by_path = Parts.of(model, tc.SFrame({"path": ["4.png", "1.png"], **columns}), progress=False)
    by_label = Parts.of(model, tc.SFrame({"label": [4, 1], **columns}), progress=False)
    for other in (by_path, by_label):
        assert np.array_equal(pairs.vectors, other.vectors) and np.array_equal(pairs.boxes, other.boxes)
    named = tc.SFrame({"path": ["4.png", "gone.png"], "kind": ["bird", None], "score": [0.5, 0.4], **columns})
    some = Parts.of(model, named, progress=False)
    assert (
        some.kinds == ["bird"] and some.scores.tolist() == [0.5] and some.photos.tolist() == [False] * 4 + [True, False]
    )


def test_some_kinds_or_none(model, found):
    people = Parts.of(model, found, kinds=("person",), progress=False)
    assert people.rows.tolist() == [5]
    nothing = Parts.of(model, found, kinds=("vehicle",), progress=False)
    assert len(nothing) == 0 and nothing.vectors.shape == (0, 2 * TINY) and nothing.note == "0 parts of 0 photos"
    assert len(Parts.of(model, [], store=False, progress=False)) == 0


@pytest.mark.parametrize(
    ("boxes", "named", "said"),
    [
        ([(99, LEFT)], {}, "99 is not the label"),
        ([(0, (0, 0, 2, 1))], {}, "shares of the photo"),
        ([(0, (0.5, 0, 0.5, 1))], {}, "is empty"),
        ([(0, (0, float("nan"), 1, 1))], {}, "shares of the photo"),
        ([0], {}, "pairs of a photo's label and a box"),
        ({0: LEFT}, {}, "not dict"),
        (tc.SFrame({"path": ["0.png"]}), {}, "a frame of boxes has the columns"),
        ([], {"margin": -1}, "margin is a number from 0 to 10"),
        ([], {"margin": "wide"}, "margin is a number from 0 to 10"),
        ([], {"surroundings": 2}, "surroundings is a number from 0 to 1"),
        ([], {"surroundings": True}, "surroundings is a number from 0 to 1"),
        ([], {"store": True}, "store is the path of a file"),
    ],
)
def test_what_does_not_fit_is_refused(model, boxes, named, said):
    with pytest.raises(FrameError, match=said):
        Parts.of(model, boxes, progress=False, **named)


def test_unknown_kinds_are_refused(model, found):
    for kinds in ("animal", ("fox",)):
        with pytest.raises(FrameError, match="kinds is a list of some of animal, person, vehicle"):
            Parts.of(model, found, kinds=kinds, progress=False)
    with pytest.raises(StoreError):
        Parts.of(model, found, store=model.store_path.parent, progress=False)


def test_a_model_from_disk_has_parts_too(model, found, tmp_path):
    first = Parts.of(model, found, progress=False)
    model.save(tmp_path / "saved")
    again = Parts.of(load_model(tmp_path / "saved"), found, progress=False)
    assert np.array_equal(first.vectors, again.vectors)


def test_what_is_cut_out_stays_in_the_photo():
    size = (400, 200)
    assert edges_of((0.25, 0.25, 0.75, 0.75), size, 0) == (100, 50, 300, 150)
    assert edges_of((0.4, 0.0, 0.6, 1.0), size, 0.1) == pytest.approx((152, 0, 248, 200))
    assert edges_of((0.9, 0.4, 1.0, 0.6), size, 0.5) == pytest.approx((320, 60, 400, 140)), "moved"
    assert edges_of((0.0, 0.0, 1.0, 1.0), size, 0.25) == (0, 0, 400, 200)
    assert edges_of((0.5, 0.5, 0.5001, 0.50001), size, 0) == pytest.approx((199.52, 99.5, 200.52, 100.5), abs=0.01)


def test_the_smallest_box_holds_a_pixel(photos):
    [part] = cut((photos / "0.png").read_bytes(), [(0.2, 0.5, 0.2 + 1e-9, 0.5 + 1e-9)], (24, 24))
    assert (part == RED).all()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_large_jpeg_is_decoded_at_a_fraction_and_upright(tmp_path, orientation):
    ground = Image.new("RGB", (1600, 1200), BLUE)
    ground.paste(RED, (800, 0, 1600, 1200))
    exif = ground.getexif()
    exif[0x0112] = orientation
    ground.save(tmp_path / "large.jpg", exif=exif, quality=95)
    halves = {1: (0.5, 0, 1, 1), 3: (0, 0, 0.5, 1), 6: (0, 0.5, 1, 1), 8: (0, 0, 1, 0.5)}
    content = (tmp_path / "large.jpg").read_bytes()
    red, small = cut(content, [halves[orientation], (0.0, 0.0, 1.0, 1.0)], (64, 48))
    assert red.shape == (48, 64, 3) and np.abs(red.astype(int) - RED).max() < 30, "what JPEG smears at the edge is less"
    assert small.shape == (48, 64, 3)
    with pytest.raises(PhotoError):
        cut(content[:3000], [(0.0, 0.0, 1.0, 1.0)], (64, 48))


def test_the_benchmark_counts_parts(tmp_path):
    found = measure(str(folder_of(tmp_path / "photos", 3)), str(tiny_network(tmp_path / "tiny.onnx")), each=(1, 2))
    assert (found["photos"], found["each"], found["last"]) == (3, [1, 2], 6)
    assert min(found["whole"], found["again"], *found["parts"]) > 0
    assert boxes_for([0, 1], 2) == boxes_for([0, 1], 2) and all(check_box(box) for _, box in boxes_for([0, 1], 2))
