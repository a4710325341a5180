"""Boxes that are added, moved, removed and taken back; and what the page of the strip asks."""

from pathlib import Path

import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.photos import load_photos
from helpers.season import BoxStrip, DetectionReview, read_detections
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import DetectedPhoto, Detection
from tests.support.pictures import folder_of

FOX, LOW = Detection("animal", 0.9, (0.1, 0.1, 0.4, 0.5), "fox", 0.7), Detection("animal", 0.1, (0.5, 0.5, 0.9, 0.9))
PERSON = Detection("person", 0.3, (0.0, 0.0, 0.5, 1.0))


@pytest.fixture
def cards(tmp_path):
    return load_photos(folder_of(tmp_path / "photos", 4), progress=False)[0]


@pytest.fixture
def review(cards):
    names = list(cards["path"])
    photos = {0: DetectedPhoto(names[0], [LOW, FOX], True), 1: DetectedPhoto(names[1], [PERSON], True)}
    photos[2] = DetectedPhoto(names[2], [], True)
    return DetectionReview(Detections(names, photos, [], 0.2), cards)


def test_boxes_are_added_moved_removed_and_taken_back(review, cards):
    before, (first, second, third, last) = review.detections, cards["path"]
    assert [(box.place, box.detection.kind) for box in review.boxes(first)] == [(1, "animal")]
    review.add(third, (0.2, 0.2, 0.3, 0.4))
    review.move(first, 1, [0.1, 0.1, 0.5, 0.6])
    review.remove(second, 0)
    review.add(last, (0, 0, 1, 1), "vehicle")
    after = review.detections
    assert after.kinds == ["animal", "animal", "vehicle"] and after.scores.tolist() == [1, 1, 1]
    assert after.boxes[0].tolist() == [0.1, 0.1, 0.5, 0.6] and after.frame["label"][0] == "fox"
    assert after.blank.tolist() == [False, True, False, False] and after.seen.all()
    assert not after.seen_for_people[3], "nobody has looked for people in it"
    assert after.above(0.05).frame["score"][1] == 0.1, "what does not count now is kept"
    assert len(before) == 2 and review.changed == 4
    for left in (3, 2, 1, 0):
        assert review.can_undo
        review.undo()
        assert len(review._before) == left
    assert not review.can_undo and review.detections.boxes.tolist() == before.boxes.tolist()
    assert review.detections.seen.tolist() == before.seen.tolist()
    review.undo()


def test_corrections_are_saved_as_megadetectors_json(review, cards, tmp_path):
    review.add(cards["path"][2], (0.2, 0.2, 0.3, 0.4))
    review.remove(cards["path"][1], 0)
    review.save(tmp_path / "corrected.json")
    again = read_detections(tmp_path / "corrected.json", cards, progress=False)
    assert again.kinds == review.detections.kinds and np.allclose(again.boxes, review.detections.boxes)


def test_the_least_sure_come_first(review):
    assert [box.detection.score for _, box in review.order()] == [0.3, 0.9]
    review.set_threshold(0.05)
    assert [box.detection.score for _, box in review.order()] == [0.1, 0.3, 0.9]


def test_arguments_that_are_none(review, cards):
    for wrong in (None, 3, "gone.jpg"):
        with pytest.raises(FrameError, match="is none of the photos; a photo here is"):
            review.boxes(wrong)
    path = cards["path"][0]
    for wrong in (2, -1, None, True, 1.0):
        with pytest.raises(FrameError, match="the photo has 2 detections"):
            review.remove(path, wrong)
    for wrong in (None, (0, 0, 1), (0.5, 0.5, 0.5, 1), (0, 0, 2, 1), (0, 0, float("nan"), 1), (0, 0, 0.001, 1)):
        with pytest.raises(FrameError, match="box"):
            review.add(path, wrong)
    with pytest.raises(FrameError, match="kind='bear' is not known"):
        review.add(path, (0, 0, 1, 1), "bear")
    for wrong in ([], cards[:2]):
        with pytest.raises(FrameError, match="cards is the frame"):
            DetectionReview(review.detections, wrong)
    with pytest.raises(FrameError, match="what read_detections"):
        DetectionReview(cards, cards)
    with pytest.raises(FrameError, match="takes a DetectionReview"):
        BoxStrip(review.detections)
    assert review.changed == 0


# --- the strip, as its page asks


@pytest.fixture
def strip(review):
    strip = BoxStrip(review)
    strip.heard = []
    strip.send = lambda content, buffers=None: strip.heard.append((content, buffers or []))
    yield strip
    strip.close()


def asked(strip, **request):
    strip.heard.clear()
    strip._heard(strip, {"number": "1", **request}, [])
    assert strip.heard.pop()[0] == {"kind": "done", "number": "1"}
    return strip.heard


def test_tiles_and_photos_are_sent(strip, cards):
    assert strip.description == "2 boxes in 2 of 4 photos"
    [(content, buffers)] = asked(strip, do="tiles")
    assert [(tile["kind"], tile["score"], tile["buffer"]) for tile in content["tiles"]] == [
        *(("person", 0.3, 0), ("animal", 0.9, 1)),
    ]
    assert len(buffers) == 2 and all(buffer[:2] == b"\xff\xd8" for buffer in buffers)
    [(content, buffers)] = asked(strip, do="open", photo=0)
    assert content["name"] == cards["path"][0] and [box["place"] for box in content["boxes"]] == [1]
    assert len(buffers) == 1


def test_what_is_corrected_in_the_page_is_corrected(strip, review):
    [(content, _)] = asked(strip, do="add", photo=2, box=[0.1, 0.1, 0.2, 0.2], kind="vehicle")
    assert content["kind"] == "boxes" and [box["kind"] for box in content["boxes"]] == ["vehicle"]
    asked(strip, do="move", photo=0, place=1, box=[0.2, 0.2, 0.9, 0.9])
    asked(strip, do="remove", photo=1, place=0)
    assert review.detections.kinds == ["animal", "vehicle"] and strip.description == "2 boxes in 2 of 4 photos"
    asked(strip, do="undo", photo=1)
    assert review.detections.kinds == ["animal", "person", "vehicle"]
    asked(strip, do="threshold", value=0.95)
    assert review.detections.threshold == strip.threshold == 0.95
    assert strip.description == "3 boxes in 3 of 4 photos", "a person counts from 0.2 on"
    review.set_threshold(0.05)
    assert strip.threshold == 0.05 and "4 boxes" in strip.description


@pytest.mark.parametrize(
    "request_of_page",
    [
        *(
            {"do": "add"},
            {"do": "add", "photo": 99},
            {"do": "add", "photo": 0, "box": "x"},
            {"do": "open", "photo": "0"},
        ),
        *(
            {"do": "remove", "photo": 0, "place": 9},
            {"do": "threshold", "value": "high"},
            {"do": "threshold", "value": 7},
        ),
        *({"do": "threshold", "value": float("nan")}, {"do": "threshold", "value": 10**400}),
        *({"do": "add", "photo": 0, "box": [0, 0, 10**400, 1]}, {"do": "move", "photo": 0, "place": [], "box": {}}),
        *({"do": "open", "photo": {}}, {"do": "open", "photo": 10**400}, {"do": "open", "photo": float("inf")}),
        *({"do": "page", "value": -1}, {"do": "add", "photo": 0, "box": [0, 0, 1, 1], "kind": {}}),
    ],
)
def test_odd_requests_leave_a_message_and_nothing_else(strip, review, request_of_page):
    asked(strip, **request_of_page)
    assert strip._state["message"] and review.changed == 0
    asked(strip, do="open", photo=0)
    assert not strip._state["message"]
    for other in ({}, {"do": None}, {"do": []}, {"do": "close"}):
        asked(strip, **other)
    strip._heard(strip, "text", [])


def test_pages_of_boxes(cards):
    names = list(cards["path"])
    many = [Detection("animal", 0.5 + place / 1000, (0.1, 0.1, 0.2, 0.2 + place / 1000)) for place in range(50)]
    review = DetectionReview(Detections(names, {0: DetectedPhoto(names[0], many, True)}, [], 0.2), cards)
    strip = BoxStrip(review)
    strip.page = 7
    assert strip.page == 2 and len(strip._tiles) == 2
    review.set_threshold(0.53)
    assert strip.page == 0 and len(strip._tiles) == 20
    strip.close()
    review.set_threshold(0.2)
    assert len(strip._tiles) == 20, "what is closed follows nothing"


def test_a_photo_that_has_gone_is_a_tile_without_a_picture(cards, review):
    Path(cards["file"][0]).unlink()
    strip = BoxStrip(review)
    heard = []
    strip.send = lambda content, buffers=None: heard.append((content, buffers))
    strip._heard(strip, {"do": "tiles"}, [])
    strip._heard(strip, {"do": "open", "photo": 0}, [])
    assert [tile["buffer"] for tile in heard[0][0]["tiles"]] == [0, None]
    assert "error" in heard[2][0]
    strip.close()


def test_whatever_goes_wrong_is_a_message(strip, review, monkeypatch):
    monkeypatch.setattr(review, "undo", lambda: {}["unforeseen"])
    asked(strip, do="undo")
    assert strip._state["message"] == "That could not be done (KeyError)."
