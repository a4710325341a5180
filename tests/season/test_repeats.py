"""Detections that come again and again at one place of a camera: found, drawn, set aside and taken back."""

import datetime
import json
import os

import numpy as np
import pytest
from PIL import ImageDraw

from helpers.errors import FrameError
from helpers.images.boxes import intersection_over_union
from helpers.photos import load_photos
from helpers.season import find_repeats, read_detections, show_repeats
from helpers.season.detection import repeats
from tests.support.pace import steps
from tests.support.pictures import picture

STUMP = (0.6, 0.5, 0.2, 0.3)


def entry(name, *boxes):
    detections = [{"category": kind, "conf": conf, "bbox": list(bbox)} for kind, conf, bbox in boxes]
    return {"file": name, "detections": detections}


def shaken(box, seed):
    """A box that another photo of the same thing has: its edges differ by some thousandths."""
    return [side + 0.004 * np.sin(seed + 2 * place) for place, side in enumerate(box)]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """Two cameras of thirty photos, an hour apart; the first has a stump, and animals that walk past."""
    folder = tmp_path_factory.mktemp("cards")
    entries = []
    for camera in ("C1", "C2"):
        (folder / camera).mkdir()
        for number in range(30):
            photo = picture(number, (64, 48))
            if camera == "C1":
                ImageDraw.Draw(photo).rectangle((38, 24, 51, 38), fill=(70, 40, 20))
            path = folder / camera / f"IMG_{number:04d}.JPG"
            exif = photo.getexif()
            moment = datetime.datetime(2026, 5, 1) + datetime.timedelta(hours=number)
            exif[306] = moment.strftime("%Y:%m:%d %H:%M:%S")
            photo.save(path, exif=exif)
            boxes = [("1", 0.3 + number / 100, shaken(STUMP, number))] if camera == "C1" and number < 25 else []
            if number % 3 == 0:
                boxes.append(("1", 0.9, (0.02 * number, 0.3, 0.15, 0.2)))
            boxes.append(("2", 0.8, (0.1, 0.1, 0.1, 0.2)))  # a post that looks like a person
            entries.append(entry(f"{camera}/IMG_{number:04d}.JPG", *boxes))
    file = folder / "megadetector.json"
    file.write_text(json.dumps({"images": entries}), "utf-8")
    cards, _ = load_photos(folder, progress=False)
    return cards, read_detections(file, cards, progress=False)


def test_a_stump_is_found_set_aside_and_taken_back(card):
    cards, detections = card
    repeats = find_repeats(detections, cards)
    assert set(repeats["place"]) == {0} and set(repeats["photos"]) == {25} and len(repeats) == 25
    assert all("C1" in camera for camera in repeats["camera"]) and set(repeats["kind"]) == {"animal"}
    assert list(repeats["path"]) == sorted(repeats["path"])
    assert np.allclose(np.median(list(repeats["left"])), 0.6, atol=0.005)
    fewer = detections.without(repeats)
    assert len(fewer) == len(detections) - 25 and fewer.animals.sum() == 20 and detections.animals.sum() == 36
    assert "; 25 set aside" in fewer.note and "aside" not in detections.note
    assert "; 25 set aside" in fewer.above(0.5).note and len(fewer.above(0)) == len(fewer)
    assert fewer.people.sum() == 60, "nobody is shown for seeming to repeat"
    assert len(find_repeats(fewer, cards)) == 0 and len(fewer.without(repeats)) == len(fewer)


def test_what_is_left_is_blank(card):
    cards, detections = card
    frame = detections.frame
    animals_alone = detections.without(frame[frame["kind"] == "person"])
    assert animals_alone.without(find_repeats(animals_alone, cards)).blank.sum() == 40


def test_places_can_be_kept(card):
    cards, detections = card
    repeats = find_repeats(detections, cards, photos=20)
    assert len(detections.without(repeats[repeats["place"] != 0])) == len(detections)


@pytest.mark.parametrize("limits", [{"photos": 26}, {"events": 26}, {"largest": 0.05}, {"overlap": 0.999}])
def test_each_limit_counts(card, limits):
    cards, detections = card
    repeats = find_repeats(detections, cards, **limits)
    assert len(repeats) == 0 and repeats.column_names() == find_repeats(detections, cards).column_names()


def test_an_animal_that_sleeps_before_the_camera_is_in_one_event(card):
    cards, detections = card
    cards = cards.copy()
    del cards["taken"]
    assert len(find_repeats(detections, cards, events=26)) == 25, "without dates nothing is known of events"
    cards["event"] = [0] * len(cards)
    assert len(find_repeats(detections, cards)) == 0


def test_places_as_a_figure(card):
    cards, detections = card
    repeats = find_repeats(detections, cards)
    figure = show_repeats(repeats, cards)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert f"place 0: 25 photos of {repeats['camera'][0]}" in texts and "score 0.30" in texts
    assert sum(text.startswith("IMG_") for text in texts) == 5
    empty = show_repeats(repeats[repeats["place"] > 0], cards)
    assert "no such file" not in texts
    assert "nothing repeats" in [text.get_text() for text in empty.axes[0].texts]
    figure.savefig(os.devnull, format="png")


def test_other_frames_are_refused(card):
    cards, detections = card
    repeats = find_repeats(detections, cards)
    for call in (lambda: find_repeats(detections, cards[:3]), lambda: find_repeats(detections, [])):
        with pytest.raises(FrameError, match="the frame that the detections were read for"):
            call()
    with pytest.raises(FrameError, match="what read_detections"):
        find_repeats(repeats, cards)
    for call in (lambda: show_repeats(cards, cards), lambda: show_repeats(3, cards)):
        with pytest.raises(FrameError, match="what find_repeats"):
            call()
    with pytest.raises(FrameError, match="what find_repeats"):
        detections.without(cards)
    with pytest.raises(FrameError, match=r"overlap is a share from 0\.5 to 1, not 0\.2"):
        find_repeats(detections, cards, overlap=0.2)
    with pytest.raises(FrameError, match="draws 100 places"):
        show_repeats(repeats, cards, k=101)


@pytest.mark.parametrize("side", [0.1, 1e-3, 1e-5])
def test_boxes_that_are_close_and_do_not_overlap_are_not_compared_with_all(monkeypatch, side):
    """Thousands of tiny boxes in a corner of a photo, which only somebody who means harm writes."""
    compared = []

    def counting(boxes, others):
        compared.append(len(others))
        return intersection_over_union(boxes, others)

    monkeypatch.setattr(repeats, "intersection_over_union", counting)
    places = repeats._Places(0.9)
    for row in range(900):
        left, top = (row % 30) * side / 10, row // 30 * side / 10
        places.add(row, np.array([left, top, left + side, top + side]))
    assert len(places.rows) == 900 and max(compared) < 100


@pytest.mark.parametrize("overlap", [0.5, 0.7, 0.9, 0.99])
def test_each_box_is_at_the_place_that_it_overlaps_with_most(overlap):
    random = np.random.default_rng(1)
    places, first = repeats._Places(overlap), []
    for row in range(600):
        corner, sides = random.uniform(0, 0.1, 2), random.choice([0.5, 0.05, 0.005]) * random.uniform(0.8, 1, 2)
        if row % 2:  # nearly one that was there before
            corner, sides = corner * 1e-3 + first[row // 3][:2], first[row // 3][2:] - first[row // 3][:2]
        box = np.array([*corner, *(corner + sides)])
        shares = intersection_over_union(box[None], np.array(first or [[0, 0, 0, 0]]))[0]
        among = [rows[0] for rows in places.rows]
        best = max(range(len(among)), key=lambda number: (shares[among[number]], -number), default=None)
        before = len(places.rows)
        places.add(row, box)
        first.append(box)
        if best is not None and shares[among[best]] >= overlap:
            assert len(places.rows) == before and places.rows[best][-1] == row
        else:
            assert places.rows[-1] == [row]


@pytest.mark.once("it counts work")
def test_eight_times_the_boxes_are_about_eight_times_the_work(card, tmp_path):
    def season(count):
        random = np.random.default_rng(count)
        names = [f"C1/{number}.JPG" for number in range(count)]
        boxes = random.uniform(0.01, 0.4, (count, 4)).tolist()
        file = tmp_path / f"{count}.json"
        file.write_text(json.dumps({"images": [entry(name, ("1", 0.9, box)) for name, box in zip(names, boxes)]}))
        cards = card[0][:1].select_columns(["path"]).__class__({"path": names, "folder": ["C1"] * count})
        return read_detections(file, cards, progress=False), cards

    few, many = season(250), season(2_000)
    count = [steps(lambda each=each: find_repeats(*each, progress=False)) for each in (few, many)]
    assert count[1] < 12 * count[0], "it would be 64 times as many, were each compared with all"
