"""Detections written as MegaDetector does, and read again."""

import json

import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.season.detection.read_results import read_detections

NAMES = ["a/1.JPG", "a/2.JPG", "a/3.JPG", "b/1.JPG", "b/2.JPG", "b/3.JPG"]


def entry(category="1", conf=0.9, bbox=(0.1, 0.2, 0.3, 0.4), **more):
    return {"category": category, "conf": conf, "bbox": list(bbox), **more}


def told(tmp_path, images, **top):
    path = tmp_path / "given.json"
    path.write_text(json.dumps({"images": images, **top}), "utf-8")
    return read_detections(path, NAMES, progress=False)


def same(first, second):
    for name in ("rows", "scores", "boxes", "animals", "people", "vehicles", "blank", "seen", "seen_for_people"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.kinds == second.kinds
    assert list(first.frame["label"]) == list(second.frame["label"])
    assert list(first.frame["label_score"]) == list(second.frame["label_score"])


def written(detections, tmp_path):
    detections.save(tmp_path / "new" / "saved.json")
    return json.loads((tmp_path / "new" / "saved.json").read_text("utf-8"))


def test_all_that_is_known_is_written_whatever_the_threshold(tmp_path):
    images = [
        {"file": NAMES[0], "detections": [entry(conf=0.05), entry("2", 0.7, (0.123456, 0, 0.3333333, 1))]},
        {"file": NAMES[1], "detections": [entry("3", 0.123, classifications=[["7", 0.5], ["8", 0.4]])]},
        {"file": NAMES[2], "detections": []},
        {"file": NAMES[3], "detections": None, "failure": "Failure image access"},
        {"file": NAMES[4], "detections": [entry("9", 0.4)]},
        {"file": NAMES[5], "detections": [entry(bbox=(0, 0, 7, 7))]},
    ]
    top = {"classification_categories": {"7": "truck", "8": "car"}, "info": {"detector": "MDV5A"}}
    first = told(tmp_path, images, **top).above(0.5)
    content = written(first, tmp_path)
    second = read_detections(tmp_path / "new" / "saved.json", NAMES, progress=False)
    assert second.detector == first.detector == content["info"]["detector"] == "MDV5A"
    for threshold in (0.01, 0.2, 0.9):
        ours, theirs = first.above(threshold), second.above(threshold)
        assert not ours.blank[[3, 4, 5]].any() and not theirs.blank[[3, 4, 5]].any()
        assert ours.people.tolist() == theirs.people.tolist()
    assert second.people.tolist() == [True, False, False, False, True, False], "a 9 may be a person, as it was"
    assert "Failure image access" in {row["file"]: row["reason"] for row in second.bad}[NAMES[3]]
    every, again = first.above(0.01), second.above(0.01)
    for name in ("rows", "scores", "boxes"):
        assert np.array_equal(getattr(every, name), getattr(again, name)), name
    assert written(second, tmp_path)["images"] == content["images"], "and a third time the same"


def test_files_without_faults_come_back_as_they_were(tmp_path):
    random = np.random.default_rng(0)
    images = []
    for name in NAMES:
        corners = np.sort(random.random((4, 2, 2)), axis=1).round(4)
        kinds, scores = random.integers(1, 4, 4).tolist(), random.random(4).round(3).tolist()
        detections = [
            entry(str(kind), score, [*low.tolist(), *(high - low).tolist()])
            for kind, score, (low, high) in zip(kinds, scores, corners)
        ]
        images.append({"file": name, "detections": detections})
    first = told(tmp_path, images)
    content = written(first, tmp_path)
    assert list(content["detection_categories"].values()) == ["animal", "person", "vehicle"]
    second = read_detections(tmp_path / "new" / "saved.json", NAMES, progress=False)
    for threshold in (0.0, 0.2, 0.6):
        same(first.above(threshold), second.above(threshold))


def test_a_detector_that_knows_animals_alone_still_does(tmp_path):
    first = told(tmp_path, [{"file": NAMES[0], "detections": [entry()]}], detection_categories={"1": "animal"})
    content = written(first, tmp_path)
    assert content["detection_categories"] == {"1": "animal"}
    second = read_detections(tmp_path / "new" / "saved.json", NAMES, progress=False)
    assert not second.seen_for_people.any()
    same(first, second)


def test_a_threshold_hides_nothing_and_what_was_set_aside_is_gone(tmp_path):
    images = [{"file": NAMES[0], "detections": [entry(), entry(conf=0.3, bbox=(0.5, 0.5, 0.1, 0.1))]}]
    first = told(tmp_path, images)
    stump = first.frame[first.frame["score"] == 0.3]
    content = written(first.without(stump).above(0.99), tmp_path)
    assert [each["conf"] for each in content["images"][0]["detections"]] == [0.9]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    detections = told(tmp_path, [{"file": NAMES[0], "detections": []}])
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FrameError, match=r"saved\.json: detections cannot be written there"):
        detections.save(tmp_path / "file" / "saved.json")
    assert (tmp_path / "file").read_text() == "in the way"
