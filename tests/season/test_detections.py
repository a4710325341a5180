"""What a detector's file says of a season's photos, and what in it is wrong."""

import json
import os

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.photos.tables.match_paths import NOT_HERE, match
from helpers.season.detection import read_results
from helpers.season.detection.megadetector import DetectedPhoto, Detection
from helpers.season.detection.read_results import read_detections
from tests.support.pace import steps

NAMES = ["north/cam1/1.JPG", "north/cam1/2.JPG", "north/cam2/1.JPG", "south/cam1/1.JPG", "south/cam1/9.JPG"]


def box(category="1", conf=0.9, bbox=(0.1, 0.2, 0.3, 0.4), **more):
    return {"category": category, "conf": conf, "bbox": list(bbox), **more}


@pytest.fixture
def written(tmp_path):
    """Write a results file, whose `images` are given as (file, detections) or in full."""

    def write(*images, **top):
        entries = [{"file": each[0], "detections": each[1]} if isinstance(each, tuple) else each for each in images]
        path = tmp_path / "megadetector.json"
        path.write_text(json.dumps({"images": entries, **top}), "utf-8")
        return path

    return write


def reasons(detections):
    return {row["file"]: row["reason"] for row in detections.bad}


class CountedList(list):
    """A list that knows how much was copied when lists were joined."""

    copied = 0

    def __add__(self, others):
        CountedList.copied += len(self) + len(others)
        return CountedList([*self, *others])


def test_a_photo_that_is_there_again_and_again_takes_no_longer_each_time(written, monkeypatch):
    photos = [
        DetectedPhoto(NAMES[0], CountedList([Detection("animal", 0.5, (0, 0, 0.5, n / 999))]), n != 3)
        for n in range(1, 500)
    ]
    monkeypatch.setattr(read_results, "read_file", lambda *_: (photos, [], ""))
    found = read_detections("any.json", NAMES, progress=False)
    assert len(found) == 499 and len(found.bad) == 498 and not found.photo(0).complete
    assert CountedList.copied == 0


def test_the_newer_form(written):
    file = written(
        ("north/cam1/1.JPG", [box(conf=0.3), box("2", 0.95, (0, 0, 0.5, 1), classifications=[["4", 0.2], ["7", 0.7]])]),
        ("north/cam1/2.JPG", []),
        ("south/cam1/1.JPG", [box("3", 0.8)]),
        {"file": "south/cam1/9.JPG", "detections": None, "failure": "Failure image access"},
        info={"format_version": "1.6", "detector": "MDV5A"},
        detection_categories={"1": "animal", "2": "person", "3": "vehicle"},
        classification_categories={"7": "ranger"},
    )
    detections = read_detections(file, tc.SFrame({"path": NAMES}))
    frame = detections.frame
    assert frame.column_names() == [
        *("path", "kind", "score", "left", "top", "right", "bottom", "label", "label_score"),
    ]
    assert list(frame["path"]) == [NAMES[0], NAMES[0], NAMES[3]]
    assert list(frame["kind"]) == ["person", "animal", "vehicle"], "the best score of a photo first"
    assert list(frame["label"]) == ["ranger", None, None] and list(frame["label_score"]) == [0.7, None, None]
    assert np.allclose(detections.boxes[1], (0.1, 0.2, 0.4, 0.6))
    assert detections.rows.tolist() == [0, 0, 3] and detections.scores.tolist() == [0.95, 0.3, 0.8]
    masks = (detections.animals, detections.people, detections.vehicles, detections.blank, detections.seen)
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [[0], [0], [3], [1], [0, 1, 3]]
    assert reasons(detections) == {"south/cam1/9.JPG": "the detector could not read it: 'Failure image access'"}
    assert detections.note == (
        "3 of 5 photos looked at by the detector: 1 with animals, 1 with people, 1 with vehicles, 1 blank "
        "(score 0.2 or more); 1 entry left out, see bad"
    )


def test_the_older_form_with_paths_of_windows(written):
    file = written(
        {"file": "D:\\card\\south\\cam1\\9.JPG", "max_detection_conf": 0.9, "detections": [box()]},
        {"file": "D:\\card\\north\\cam1\\1.JPG", "max_detection_conf": 0.0, "detections": []},
        {"file": "D:\\card\\north\\cam3\\1.JPG", "max_detection_conf": 0.9, "detections": [box()]},
        info={"detector": "megadetector_v3", "format_version": "1.0"},
    )
    detections = read_detections(file, NAMES)
    assert np.flatnonzero(detections.animals).tolist() == [4] and np.flatnonzero(detections.blank).tolist() == [0]
    assert reasons(detections) == {"D:\\card\\north\\cam3\\1.JPG": NOT_HERE}


def test_another_threshold_is_not_read_again(written):
    file = written(("north/cam1/1.JPG", [box(conf=0.08), box(conf=0.5)]), ("north/cam1/2.JPG", [box(conf=0.08)]))
    detections = read_detections(file, NAMES)
    os.remove(file)  # noqa: PTH107
    lower, higher = detections.above(0.05), detections.above(0.9)
    assert [len(each) for each in (detections, lower, higher)] == [1, 3, 0]
    assert [int(each.blank.sum()) for each in (detections, lower, higher)] == [1, 0, 2]
    assert len(higher.frame) == 0 and higher.frame.column_types() == lower.frame.column_types()
    assert len(read_detections(written(("north/cam1/1.JPG", [box(conf=0.2)])), NAMES)) == 1, "0.2 itself counts"


def test_a_threshold_for_animals_does_not_bring_people_back(written):
    file = written(("north/cam1/1.JPG", [box("2", 0.3)]), ("north/cam1/2.JPG", [box("2", 0.1)]))
    detections = read_detections(file, NAMES, threshold=0.8)
    assert detections.people.tolist() == [True, False, False, False, False]
    assert detections.blank.tolist() == [False, True, False, False, False]
    assert detections.above(0.05).people.sum() == 2


def test_what_was_found_can_stand_in_the_frame(written):
    data = tc.SFrame({"path": NAMES, "id": list(range(5))})
    file = written(("north/cam1/1.JPG", [box(), box("2")]), ("north/cam1/2.JPG", []))
    found = read_detections(file, data)
    more = found.add_to(found.above(0.99).add_to(data))  # as a cell that is run again with another threshold
    assert more.column_names()[-4:] == ["animals", "people", "vehicles", "blank"]
    assert list(more["people"]) == [1, 0, None, None, None] and list(more["blank"]) == [0, 1, None, None, None]
    assert "people" not in data.column_names() and more["animals"].dtype is int
    with pytest.raises(FrameError, match="the frame that the detections were read for"):
        read_detections(file, data).add_to(data[:3])


NOT_GOOD = [
    ({"conf": 0.9, "bbox": [0, 0, 1, 1]}, "it has no category"),
    ({"category": "1"}, "it has no conf and no bbox"),
    (box(conf=1.2), "conf is a number from 0 to 1, not 1.2"),
    (box(conf=float("nan")), "conf is a number from 0 to 1, not nan"),
    (box(conf="0.9"), "conf is a number from 0 to 1, not '0.9'"),
    (box(conf=True), "conf is a number from 0 to 1, not True"),
    (box(conf=10**400), "conf is a number from 0 to 1"),
    (box(bbox=(0.1, 0.2, 0.3)), "bbox is four numbers"),
    (box(bbox=(0.1, 0.2, 0.3, None)), "bbox is four numbers"),
    (box(bbox=(0.1, 0.2, 0.3, float("inf"))), "bbox is four numbers"),
    (box(bbox=(0.8, 0.2, 0.3, 0.4)), "bbox is within the photo"),
    (box(bbox=(-0.2, 0.2, 0.3, 0.4)), "bbox is within the photo"),
    (box(bbox=(0.1, 0.2, 0, 0.4)), "is empty: right must be more than left"),
    (box(bbox=(0.5, 0.2, -0.3, 0.4)), "is empty: right must be more than left"),
    (box("9"), "the category '9' is none of animal, person, vehicle"),
    (box(["1"]), "the category ['1'] is none of"),
    ("a fox", "not a detection but 'a fox'"),
    (None, "not a detection but None"),
]


@pytest.mark.parametrize(("wrong", "said"), NOT_GOOD, ids=[said[:30] for _, said in NOT_GOOD])
def test_a_detection_that_is_no_good_costs_only_itself(written, wrong, said):
    detections = read_detections(written(("north/cam1/1.JPG", [wrong, box()]), ("south/cam1/9.JPG", [wrong])), NAMES)
    assert detections.rows.tolist() == [0] and np.flatnonzero(detections.seen).tolist() == [0, 4]
    assert not detections.blank.any(), "nobody knows what the refused one was"
    if "bbox" in said and "no bbox" not in said:
        assert "detection 1 of 2: bbox" in reasons(detections)["north/cam1/1.JPG"]
    assert (
        said in reasons(detections)["north/cam1/1.JPG"]
        and "detection 1 of 1" in reasons(detections)["south/cam1/9.JPG"]
    )


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("a.jpg", "not a photo but 'a.jpg'"),
        (None, "not a photo but None"),
        ({"detections": []}, "it has no file name: None"),
        ({"file": 7, "detections": []}, "it has no file name: 7"),
        ({"file": "", "detections": []}, "it has no file name: ''"),
        ({"file": "x.jpg"}, "its detections are not a list but None"),
        ({"file": "x.jpg", "detections": {"1": 2}}, "its detections are not a list but {'1': 2}"),
        ({"file": "x.jpg", "detections": None}, "the detector could not read it: 'no reason given'"),
        ({"file": "x\ud800.jpg", "detections": []}, NOT_HERE),
        ({"file": "../../etc/passwd", "detections": []}, NOT_HERE),
    ],
)
def test_a_photo_that_is_no_good_costs_only_itself(written, image, said):
    detections = read_detections(written(image, ("north/cam1/1.JPG", [box()])), NAMES)
    assert [row["reason"] for row in detections.bad] == [said]
    assert detections.animals.sum() == 1 and detections.seen.sum() == 1


def test_a_person_in_a_bad_box_is_all_over_the_photo(written):
    detections = read_detections(written(("north/cam1/1.JPG", [box("2", bbox=(0.9, 0.9, 3, 3))])), NAMES)
    assert detections.people[0] and detections.boxes.tolist() == [[0, 0, 1, 1]] and len(detections.bad) == 1


@pytest.mark.parametrize("wrong", [box("9"), box("4"), box(None), box(7.5), {"conf": 0.9}, "a fox", None, [2]], ids=str)
def test_what_is_of_no_known_kind_may_be_a_person(written, wrong):
    categories = {"1": "animal", "2": "person", "4": "passer-by"}
    file = written(("north/cam1/1.JPG", [box(), wrong]), ("north/cam1/2.JPG", [wrong]), detection_categories=categories)
    data = tc.SFrame({"path": NAMES})
    detections = read_detections(file, data)
    assert np.flatnonzero(detections.people).tolist() == [0, 1] and not detections.blank.any()
    assert detections.having("person")[:2].all() and detections.kinds == ["animal"], "but nobody knows where"
    assert list(detections.add_to(data)["people"]) == [1, 1, None, None, None]
    assert all("it may be a person" in reason for reason in detections.bad["reason"])
    assert detections.above(0.95).people.sum() == 2


def test_what_scores_too_low_for_a_person_is_none(written):
    file = written(("north/cam1/1.JPG", [box("9", 0.05)]), ("north/cam1/2.JPG", [box("1", 7)]))
    detections = read_detections(file, NAMES)
    assert not detections.people.any() and not detections.blank.any() and detections.above(0.01).people.sum() == 1


@pytest.mark.parametrize("name", ["people", " Persons", "human", "Humans", "person"])
def test_kinds_have_other_names(written, name):
    categories = {"1": "animals", "2": name, "3": "Vehicles"}
    file = written(("north/cam1/1.JPG", [box("1"), box("2"), box("3")]), detection_categories=categories)
    detections = read_detections(file, NAMES)
    assert sorted(detections.kinds) == ["animal", "person", "vehicle"] and len(detections.bad) == 0


@pytest.mark.parametrize("number", [2, 2.0, "2", " 2", "2.0"])
@pytest.mark.parametrize("key", ["2", "2.0"])
def test_numbers_of_categories_may_be_numbers(written, number, key):
    file = written(("north/cam1/1.JPG", [box(number)]), detection_categories={"1": "animal", key: "person"})
    assert read_detections(file, NAMES).kinds == ["person"]


def test_a_box_that_is_rounded_out_of_the_photo_is_cut_at_its_edge(written):
    detections = read_detections(written(("north/cam1/1.JPG", [box(bbox=(-0.0004, 0.2, 1.0007, 0.8003))])), NAMES)
    assert detections.boxes.tolist() == [[0, 0.2, 1, 1]] and len(detections.bad) == 0


def test_classes_that_are_no_good_are_left_out(written):
    odd = [["4", 0.2, 1], "4", ["4", "much"], [None, 0.9], ["4", float("nan")], ["4", 0.3]]
    frame = read_detections(written(("north/cam1/1.JPG", [box(classifications=odd)])), NAMES).frame
    assert (frame["label"][0], frame["label_score"][0]) == ("4", 0.3), "without names the number is shown"
    frame = read_detections(written(("north/cam1/1.JPG", [box(classifications=7)])), NAMES).frame
    assert frame["label"][0] is None


def test_a_photo_twice_in_the_file_counts_once_with_all_that_was_found(written):
    twice = [("north/cam1/1.JPG", [box()]), ("./north\\cam1//1.JPG", [box(), box("2")])]
    detections = read_detections(written(*twice), NAMES)
    assert sorted(detections.kinds) == ["animal", "person"] and "more than once" in detections.bad["reason"][0]


def test_categories_may_have_other_numbers(written):
    file = written(
        ("north/cam1/1.JPG", [box("0"), box(2), box("1")]), detection_categories={"0": "Animal", "2": "human", "1": 5}
    )
    detections = read_detections(file, NAMES)
    assert sorted(detections.kinds) == ["animal", "person"] and "the category '1'" in detections.bad["reason"][0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON, or one that was cut off"),
        (b'{"images": [', "no JSON, or one that was cut off"),
        (b"\xff\xd8\xff\xe0 JFIF", "no JSON, or one that was cut off"),
        (b"[" * 100_000, "no JSON, or one that was cut off"),
        (b"[]", "a list, not the results of a batch"),
        (b"3", "JSON of something else"),
        (b'{"photos": []}', "there is no list of images in it"),
        (b'{"images": {"a": 1}}', "there is no list of images in it"),
    ],
    ids=range(8),
)
def test_a_file_of_something_else_is_refused(tmp_path, content, said):
    (tmp_path / "other.json").write_bytes(content)
    with pytest.raises(FrameError, match=said) as refused:
        read_detections(tmp_path / "other.json", NAMES)
    assert "other.json" in str(refused.value) and "MegaDetector" in str(refused.value)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    with pytest.raises(FrameError, match=r"gone\.json: No such file"):
        read_detections(tmp_path / "gone.json", NAMES)
    with pytest.raises(FrameError, match="takes what MegaDetector"):
        read_detections(tmp_path, NAMES)
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(FrameError, match="larger than 1 GB; split it"):
        read_detections(tmp_path / "huge.json", NAMES)


def test_arguments_that_do_not_fit(written):
    file = written(("north/cam1/1.JPG", [box()]))
    for threshold in (-0.1, 1.1, float("nan"), "0.2", None, True):
        with pytest.raises(FrameError, match="threshold is a score from 0 to 1"):
            read_detections(file, NAMES, threshold=threshold)
    with pytest.raises(FrameError, match="threshold is a score"):
        read_detections(file, NAMES).above(7)
    with pytest.raises(FrameError, match="no column 'path'"):
        read_detections(file, tc.SFrame({"name": NAMES}))
    with pytest.raises(FrameError, match="photos is the frame of load_photos"):
        read_detections(file, 7)
    with pytest.raises(FrameError, match="kind='fox' is not known"):
        read_detections(file, NAMES).having("fox")


def test_no_photos_and_no_entries(written):
    assert read_detections(written(), NAMES).counts == {
        **{"photos": 5, "seen": 0, "animals": 0, "people": 0, "vehicles": 0, "blank": 0, "boxes": 0, "bad": 0},
    }
    nothing = read_detections(written(("a.jpg", [box()])), [])
    assert len(nothing) == 0 and nothing.boxes.shape == (0, 4) and len(nothing.frame) == 0


def test_bom_and_utf16_are_text_too(tmp_path):
    content = json.dumps({"images": [{"file": "bäche/1.JPG", "detections": [box()]}]}, ensure_ascii=False)
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "other.json").write_bytes(content.encode(encoding))
        assert read_detections(tmp_path / "other.json", ["bäche/1.JPG"]).animals.all()


@pytest.mark.once("it counts work")
def test_a_season_of_eight_times_the_photos_is_about_eight_times_the_work(written):
    def season(count):
        names = [f"site{number % 3}/cam{number % 60}/IMG_{number // 60:04d}.JPG" for number in range(count)]
        file = written(*((f"/mnt/card/{name}", [box(), box("2")]) for name in names))
        return file.rename(file.with_name(f"{count}.json")), names

    def read(season):
        detections = read_detections(*season)
        assert detections.animals.all() and len(detections.bad) == 0

    small, large = season(300), season(2_400)
    assert steps(lambda: read(large)) < 12 * steps(lambda: read(small))  # it would be 64, were each compared with all


@pytest.mark.parametrize(
    ("paths", "rows"),
    [
        (["north/cam1/1.JPG", "south/cam1/1.JPG"], [0, 3]),
        (["/media/card/north/cam1/1.JPG", "/media/card/north/cam2/1.JPG"], [0, 2]),
        (["C:/a/b/north/cam1/1.JPG"], [0]),
        (["\\\\server\\share\\south\\cam1\\9.JPG"], [4]),
        (["cam2/1.JPG"], [2]),
        (["9.JPG"], [4]),
        (["1.JPG"], [None]),  # three photos are called so
        (["cam1/1.JPG"], [None]),  # and two of them lie in a cam1
        (["east/cam2/1.JPG"], [None]),  # another site
        (["/m/east/cam2/1.JPG", "/m/west/cam2/1.JPG"], [None, None]),
        (["/m/card/cam2/1.JPG", "/m/card/cam1/2.JPG"], [2, 1]),  # `card` is north here
        (["/m/north/cam1/1.JPG", "/m/other/north/cam1/1.JPG"], [None, None]),  # either might be it
        (["NORTH/cam1/1.JPG"], [0]),
        (["", "/", "..", "north/cam1/"], [None, None, None, None]),
    ],
)
def test_photos_are_known_by_the_end_of_their_paths(paths, rows):
    assert match(paths, NAMES).rows == rows


def test_folders_of_other_names_are_told(written):
    assert match(["/m/card/cam2/1.JPG", "/m/card/cam1/2.JPG"], NAMES).moved == ("m/card", "north")
    assert match(["/m/card/north/cam1/1.JPG"], NAMES).moved is None
    detections = read_detections(written(("/m/card/cam2/1.JPG", [box()])), NAMES)
    assert "the file's folder m/card is taken for north" in detections.note


def test_names_with_backslashes_and_odd_names():
    odd = ["a\\b.jpg", "<b>&amp;.jpg", "=1+1.jpg", "'; DROP TABLE photos; --.jpg", "名前.jpg"]
    assert match(odd, odd).rows == [0, 1, 2, 3, 4]
    assert match([f"/x/{name}" for name in odd[1:]], odd).rows == [1, 2, 3, 4]


@pytest.mark.parametrize("kinds", [{"1": "animal"}, {"1": "animals", "2": "vehicle"}])
def test_a_detector_that_knows_no_people_has_not_looked_for_them(written, kinds):
    found = read_detections(written(("a.jpg", [box()]), detection_categories=kinds), ["a.jpg", "b.jpg"])
    assert found.seen.tolist() == [True, False] and not found.seen_for_people.any()
    assert "1 with animals, people not looked for, 0 blank" in found.note
    data = found.add_to(tc.SFrame({"path": ["a.jpg", "b.jpg"]}))
    assert list(data["people"]) == list(data["vehicles"]) == [None, None] and list(data["animals"]) == [1, None]
    assert found.counts["people"] is None and found.counts["vehicles"] is None, "not 0: it was not looked for"


@pytest.mark.parametrize("kinds", [{}, {"1": "animal", "2": "human"}, {"1": "animal", "7": "something"}])
def test_one_that_knows_them_or_more_than_we_do_has(written, kinds):
    found = read_detections(written(("a.jpg", []), detection_categories=kinds), ["a.jpg"])
    assert found.seen_for_people.all() and "0 with people" in found.note


SPELLINGS = [  # in a detector's file, and in the collection
    ("Ho\u0308hle/Fa\u0308he 1.jpg", "H\u00f6hle/F\u00e4he 1.jpg"),
    ("H\u00f6hle/F\u00e4he 1.jpg", "Ho\u0308hle/Fa\u0308he 1.jpg"),
    ("C:\\photos\\ho\u0308hle\\fa\u0308he 1.JPG", "H\u00f6hle/F\u00e4he 1.jpg"),
    ("north\\img_0001.jpg", "north/IMG_0001.JPG"),
    ("/data/North/IMG_0001.jpeg", "north/IMG_0001.JPG"),
    ("north/IMG_0001.tiff", "north/IMG_0001.TIF"),
    ("\uac00/1.jpg", "\u1100\u1161/1.jpg"),
]


@pytest.mark.parametrize(("written", "photo"), SPELLINGS)
def test_the_same_name_spelt_otherwise_is_the_same_name(written, photo):
    others = ["elsewhere/IMG_0002.JPG", "elsewhere/3.jpg"]
    assert match([written, *others], [*others, photo]).rows == [2, 0, 1]


@pytest.mark.parametrize(
    ("written", "photos", "wanted"),
    [
        ("a/x.jpg", ["a/X.JPG", "a/x.jpg"], 1),  # the very name, where there is one
        ("a/X.jpg", ["a/X.JPG", "a/x.jpg"], None),  # of two that may be meant, none
        ("a/H\u00f6.JPG", ["a/Ho\u0308.jpg", "a/Ho\u0308.JPG"], 1),  # accents alone are less than letters
        ("a/x.mp4", ["a/x.jpg"], None),  # a video's frames are not a photo's
        ("a/x.png", ["a/x.jpg"], None),
        ("b/X.jpg", ["a/x.jpg"], None),
    ],
)
def test_another_spelling_is_taken_only_where_nothing_else_is_meant(written, photos, wanted):
    assert match([written], photos).rows == [wanted]


def test_two_spellings_of_one_photo_are_none_of_it():
    matched = match(["a/X.jpg", "A/x.jpg"], ["a/x.JPG"])
    assert matched.rows == [None, None] and all("none is taken" in reason for reason in matched.reasons)


def test_a_file_of_other_photos_is_refused(written):
    """The likeliest mistake: with it no photo has an animal, and nothing says why."""
    with pytest.raises(FrameError, match=r"none of its 2 photos is here \('x/1\.jpg'\); a photo here is 'a\.jpg'"):
        read_detections(written(("x/1.jpg", [box()]), ("x/2.jpg", [])), ["a.jpg", "b.jpg"])
    assert read_detections(written(), ["a.jpg"]).seen.tolist() == [False]


@pytest.mark.parametrize("photos", [[], ["north/1.jpg"], ["a/" * 30 + "1.jpg"]])
def test_a_name_of_very_many_folders_takes_no_more_than_its_length(photos):
    """Of 300,000 folders every end would be put together: 90 GB of text."""
    few, many = ("x/" * count + "1.jpg" for count in (300, 300_000))
    match([few], photos)
    assert steps(lambda: match([many], photos)) < steps(lambda: match([few], photos)) + 1_000
    assert match([many, "north/1.jpg"], ["north/1.jpg"]).rows == [None, 0]
