"""Detections as SpeciesNet, Pytorch-Wildlife and animl write them, and entries of videos."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from helpers.errors import FrameError
from helpers.photos import load_photos
from helpers.season import read_detections
from tests.support.pictures import picture

NAMES = ["north/1.JPG", "north/2.JPG", "south/1.JPG"]
FOX = "1f689929-883d-4dae-958c-3d57ab5b6c16;mammalia;carnivora;canidae;vulpes;vulpes;red fox"
PERSON = "990ae9dd-7a59-4344-afcb-1b7b21368000;mammalia;primates;hominidae;homo;sapiens;human"
BLANK = "f1856211-cfb7-4a5b-9158-c0f72fd09ee6;;;;;;blank"
DEER = "5b4bf4e3-2d59-4d5e-8d0a-b0ac3d8b6e4e;mammalia;cetartiodactyla;cervidae;;;cervidae family"


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def box(conf=0.9, category="1", bbox=(0.1, 0.2, 0.3, 0.4)):
    return {"category": category, "label": "animal", "conf": conf, "bbox": list(bbox)}


def reasons(detections):
    return {row["file"]: row["reason"] for row in detections.bad}


# --- SpeciesNet


def predicted(path, file, detections, prediction, score=0.8):
    given = {"filepath": f"/data/{file}", "detections": detections, "prediction": prediction, "prediction_score": score}
    return written(path / "predictions.json", {"predictions": [given]})


def test_a_prediction_of_speciesnet_goes_to_the_best_animal(tmp_path):
    detections = read_detections(predicted(tmp_path, NAMES[0], [box(0.4), box(0.9), box(0.95, "3")], FOX), NAMES)
    frame = detections.frame
    assert list(zip(frame["kind"], frame["score"], frame["label"], frame["label_score"])) == [
        *(("vehicle", 0.95, None, None), ("animal", 0.9, "Vulpes vulpes", 0.8), ("animal", 0.4, None, None)),
    ]
    assert np.allclose(detections.boxes[0], (0.1, 0.2, 0.4, 0.6))


@pytest.mark.parametrize(("prediction", "label"), [(DEER, "cervidae family"), (BLANK, None), ("fox", "fox"), ("", "")])
def test_larger_groups_have_their_common_name(tmp_path, prediction, label):
    assert list(read_detections(predicted(tmp_path, NAMES[0], [box()], prediction), NAMES).frame["label"]) == [label]


@pytest.mark.parametrize("detections", [[], [box()]])
def test_a_person_without_a_box_is_one_nevertheless(tmp_path, detections):
    found = read_detections(predicted(tmp_path, NAMES[1], detections, PERSON), NAMES)
    assert found.people.tolist() == [False, True, False] and not found.blank.any()
    assert list(found.frame["label"]) == [None] * (1 + len(detections))


def test_a_person_with_a_box_is_one_person(tmp_path):
    found = read_detections(predicted(tmp_path, NAMES[1], [box(category="2")], PERSON), NAMES)
    assert found.people.tolist() == [False, True, False] and len(found) == 1


@pytest.mark.parametrize("failures", [["DETECTOR"], "DETECTOR", True, 7, 1e999, {"DETECTOR": 1}, [["DETECTOR"]]])
def test_what_speciesnet_did_not_look_at_is_not_blank(tmp_path, failures):
    predictions = [
        {"filepath": "north/1.JPG", "failures": failures},
        {"filepath": "north/2.JPG", "classifications": {"classes": [FOX], "scores": [0.9]}},
        {"filepath": "south/1.JPG", "detections": []},
        {"filepath": None, "detections": []},
        "south/2.JPG",
    ]
    found = read_detections(written(tmp_path / "p.json", {"predictions": predictions}), NAMES)
    assert found.seen.tolist() == found.blank.tolist() == [False, False, True]
    named = ", ".join(map(str, failures)) if isinstance(failures, list) else failures
    assert reasons(found) == {
        "north/1.JPG": f"the detector could not read it: {f'failed: {named}'!r}",
        "north/2.JPG": "the detector could not read it: 'no detector was run on it'",
        "images[3]": "it has no file name: None",
        "images[4]": "not a photo but 'south/2.JPG'",
    }


@pytest.mark.parametrize("detections", [None, 3, [3], [{"category": "1"}], [{"category": "1", "conf": "high"}]])
def test_odd_detections_of_speciesnet_have_a_reason(tmp_path, detections):
    found = read_detections(predicted(tmp_path, NAMES[0], detections, FOX), NAMES)
    assert not found.blank.any() and len(found.bad) == 1


# --- Pytorch-Wildlife


@pytest.fixture
def photos(tmp_path):
    """Three photos of 200 x 100 pixels, the last of them turned by its EXIF."""
    paths = [tmp_path / name for name in NAMES]
    for seed, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        exif = Image.Exif()
        if seed == 2:
            exif[274] = 6
        picture(seed, (200, 100)).save(path, "JPEG", exif=exif)
    return [str(path) for path in paths]


def test_boxes_in_pixels_become_shares(tmp_path, photos):
    annotations = [
        {"img_id": "/x/north/1.JPG", "bbox": [[20, 10, 60, 60], [0, 0, 200, 100]], "category": [0, 1]},
        {"img_id": "/x/north/2.JPG", "bbox": [], "category": [], "confidence": []},
        {"img_id": "/x/west/1.JPG", "bbox": [[1, 1, 2, 2]], "category": [0], "confidence": [0.9]},
    ]
    annotations[0]["confidence"] = [0.9, 0.3]
    content = {"annotations": annotations, "categories": {"0": "animal", "1": "person", "2": "vehicle"}}
    found = read_detections(written(tmp_path / "pw.json", content), photos)
    assert found.kinds == ["animal", "person"] and found.scores.tolist() == [0.9, 0.3]
    assert np.allclose(found.boxes, [(0.1, 0.1, 0.3, 0.6), (0, 0, 1, 1)])
    assert found.blank.tolist() == [False, True, False]
    assert reasons(found) == {"/x/west/1.JPG": "not in the collection"}


def test_the_sizes_are_those_of_the_files_that_a_frame_names(tmp_path, photos):
    cards, _ = load_photos(tmp_path, progress=False)
    entry = {"img_id": "D:\\card\\north\\1.JPG", "bbox": [[20, 10, 60, 60]], "category": [0], "confidence": [0.9]}
    found = read_detections(written(tmp_path / "pw.json", {"annotations": [entry]}), cards)
    assert np.allclose(found.boxes, [(0.1, 0.1, 0.3, 0.6)])


def test_a_classifier_of_pytorch_wildlife(tmp_path, photos):
    entry = {"img_id": photos[0], "bbox": [[0, 0, 20, 20]], "det_category": [0], "det_confidence": [0.9]}
    entry.update(clf_category=[4], clf_confidence=[0.7])
    content = {"annotations": [entry], "det_categories": {"0": "animal"}, "clf_categories": {"4": "Puma"}}
    found = read_detections(written(tmp_path / "pw.json", content), photos)
    assert list(found.frame["label"]) == ["Puma"] and list(found.frame["label_score"]) == [0.7]
    assert not found.seen_for_people.any(), "its table knows animals alone"


@pytest.mark.parametrize(("category", "kind"), [(0, "animal"), (1, "person"), ("animal", "animal")])
def test_a_list_of_detections(tmp_path, photos, category, kind):
    entries = [
        {"img_id": photos[0], "bbox": [0, 0, 100, 50], "category": category, "confidence": score}
        for score in (0.5, 0.8)
    ]
    entries[1]["bbox"] = [0.0, 0.0, 50.5, 50.0]
    found = read_detections(written(tmp_path / "list.json", entries), photos)
    assert found.kinds == [kind] * 2 and found.rows.tolist() == [0, 0]
    assert np.allclose(found.boxes, [(0, 0, 0.2525, 0.5), (0, 0, 0.5, 0.5)])


def test_a_box_in_pixels_of_a_turned_or_damaged_photo_has_a_reason(tmp_path, photos):
    with open(photos[1], "wb") as file:  # noqa: PTH123
        file.write(b"no photo")
    entries = [{"img_id": path, "bbox": [0, 0, 9, 9], "category": 0, "confidence": 0.9} for path in photos]
    found = read_detections(written(tmp_path / "list.json", entries), photos)
    assert found.animals.tolist() == [True, False, False] and not found.blank.any()
    assert "its box is in pixels, and the photo has no size" in reasons(found)[photos[1]]
    assert "the photo is turned by its EXIF" in reasons(found)[photos[2]]


@pytest.mark.parametrize(
    "entry",
    [
        *({"bbox": [[0, 0, 9]]}, {"bbox": [["a", 0, 9, 9]]}, {"bbox": [[0, 0, 900, 9]]}, {"bbox": [None]}),
        *({"category": [9]}, {"category": None}, {"confidence": [2]}, {"confidence": []}, {"bbox": 3, "category": [0]}),
        *({"bbox": [[0, 0, float("nan"), 9]]}, {"category": [[0]]}, {"category": [{}]}),
        *({"bbox": {}}, {"bbox": {"0": [0, 0, 9, 9]}}, {"bbox": "0123"}, {"bbox": 7}, {"bbox": None}),
    ],
)
def test_odd_detections_of_pytorch_wildlife_have_a_reason(tmp_path, photos, entry):
    whole = {"img_id": photos[0], "bbox": [[0, 0, 9, 9]], "category": [0], "confidence": [0.9], **entry}
    found = read_detections(written(tmp_path / "pw.json", {"annotations": [whole, 7]}), photos)
    assert len(found.animals) == 3 and not found.animals.any() and not found.blank.any() and len(found.bad) == 2


# --- animl

HEADS = [
    [
        "FilePath",
        "Frame",
        "DateTime",
        "file",
        "max_detection_conf",
        "category",
        "conf",
        "bbox1",
        "bbox2",
        "bbox3",
        "bbox4",
    ],
    ["filepath", "frame", "extension", "camera", "x", "category", "conf", "bbox_x", "bbox_y", "bbox_w", "bbox_h"],
]


def animl(path, head, *rows, more=()):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*head, *more], *([row[0], row[0], "", row[0], "0.9", *row[1:]] for row in rows)])
    return path


@pytest.mark.parametrize("head", HEADS)
def test_rows_of_animl(tmp_path, head):
    file = animl(
        *(tmp_path / "Detections.csv", head),
        *(("/home/a/north/1.JPG", "1", "0.9", "0.1", "0.2", "0.3", "0.4"), ("/home/a/north/2.JPG", "0", *[""] * 5)),
        ("/home/a/north/1.JPG", "2.0", "0.35", "0.5", "0.5", "0.25", "0.25"),
    )
    found = read_detections(file, NAMES)
    assert found.kinds == ["animal", "person"] and found.scores.tolist() == [0.9, 0.35]
    assert np.allclose(found.boxes, [(0.1, 0.2, 0.4, 0.6), (0.5, 0.5, 0.75, 0.75)])
    assert found.blank.tolist() == [False, True, False] and found.seen.tolist() == [True, True, False]


def test_predictions_of_animl(tmp_path):
    row = (NAMES[0], "1", "0.9", "0.1", "0.2", "0.3", "0.4", "puma", "0.66")
    found = read_detections(animl(tmp_path / "a.csv", HEADS[1], row, more=("prediction", "confidence")), NAMES)
    assert list(found.frame["label"]) == ["puma"] and list(found.frame["label_score"]) == [0.66]


@pytest.mark.parametrize("cells", [("1", "high", *"0011"), ("1", "0.9", "", "0", "1", "1"), ("7", "0.9", *"0011")])
def test_odd_rows_of_animl_have_a_reason(tmp_path, cells):
    found = read_detections(animl(tmp_path / "a.csv", HEADS[0], (NAMES[0], *cells)), NAMES)
    assert not found.animals.any() and not found.blank.any() and len(found.bad) == 1


def test_another_csv_is_refused_with_what_is_read(tmp_path):
    with pytest.raises(FrameError, match=r"does not have the columns of animl; .*SpeciesNet, Pytorch-Wildlife"):
        read_detections(written(tmp_path / "sites.csv", "site,camera\nnorth,1\n"), NAMES)


# --- videos


def test_videos_are_left_out_with_a_reason(tmp_path):
    video = {"file": "north/a.mp4", "frame_rate": 30.0, "frames_processed": [0, 30]}
    video["detections"] = [{**box(), "frame_number": 30}]
    photo = {"file": "north/1.JPG", "detections": [box()]}
    found = read_detections(written(tmp_path / "md.json", {"images": [video, photo]}), NAMES)
    assert len(found) == 1 and reasons(found) == {"north/a.mp4": "a video; of videos nothing is read"}
    rows = [("north/b.AVI", "1", "0.9", "0", "0", "1", "1"), (NAMES[0], "1", "0.9", "0", "0", "1", "1")]
    found = read_detections(animl(tmp_path / "a.csv", HEADS[0], *rows), NAMES)
    assert len(found) == 1 and reasons(found) == {"north/b.AVI": "a video; of videos nothing is read"}
