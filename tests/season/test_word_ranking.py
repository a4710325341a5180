import numpy as np
import pytest

from helpers.errors import ArgumentError, FrameError
from helpers.images.boxes import SIDES
from helpers.photos.load import load_photos
from helpers.season.detection.read_results import read_detections
from helpers.season.parts import Parts
from helpers.season.season import Season
from helpers.similarity.build import create
from helpers.similarity.word_scores import shares
from tests.support.places import SHARED

FOREST = SHARED / "forest"


@pytest.fixture(scope="module")
def model(tarn_model):
    return tarn_model


@pytest.fixture
def boxes(model):
    return [(model.labels[row], box) for row in range(6) for box in ((0.1, 0.1, 0.6, 0.7), (0.4, 0.3, 0.9, 0.9))]


def test_whole_photos_one_an_event(model):
    season = Season(model)
    frame = season.search(text="toy", k=None)
    assert frame.column_names()[-4:] == ["event", "photos", "score", "word"]
    assert len(set(frame["event"])) == len(frame) == len(season.events)
    photos = season.search(text="toy", k=None, per="photo")
    alone = model.search(text="toy", k=None)
    assert list(photos["reference_label"]) == list(alone["reference_label"])
    np.testing.assert_allclose(list(photos["score"]), list(alone["score"]))
    first = {season.event_of(row["reference_label"]): row["score"] for row in reversed(list(alone))}
    assert {row["event"]: row["score"] for row in frame} == pytest.approx(first)


@pytest.mark.parametrize("surroundings", [0, 0.5, 1])
def test_parts_are_asked_where_there_are_some(model, boxes, surroundings):
    parts = Parts.of(model, boxes, surroundings=surroundings, store=False, progress=False)
    season = Season(model, parts=parts)
    frame = season.search(text="toy", k=None, per="photo")
    assert set(frame["reference_label"]) == {model.labels[row] for row in range(6)}, "photos without a part stay out"
    scores = shares(season.searched.words.log_odds[season.searched.words._line[(611, 723, 850)]])
    for row in frame:
        own = [place for place in range(12) if model.labels[parts.rows[place]] == row["reference_label"]]
        best = max(own, key=lambda place: scores[place])
        assert [row[side] for side in SIDES] == pytest.approx(parts.boxes[best].tolist())
        assert row["score"] == pytest.approx(scores[best])
    assert list(frame["score"]) == sorted(frame["score"], reverse=True)


def test_features_of_parts_are_the_networks(model, boxes):
    alone = Parts.of(model, boxes, surroundings=0, store=False, progress=False)
    around = Parts.of(model, boxes, surroundings=0, margin=1, store=False, progress=False)
    for surroundings in (0.5, 1):
        both = Parts.of(model, boxes, surroundings=surroundings, store=False, progress=False)
        np.testing.assert_allclose(both.network_features, (alone.vectors + around.vectors) / 2, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(alone.network_features, alone.vectors)


def test_words_with_photos_and_filters(model, boxes):
    season = Season(model, parts=Parts.of(model, boxes, store=False, progress=False))
    like = model.labels[0]
    frame = season.search(text="toy", like=like, k=None, per="photo")
    assert set(frame["query_label"]) == {f"toy, {like}"} and len(frame) == 6
    assert like not in list(season.search(text="toy", like=like, k=None, per="photo", hide=True)["reference_label"])
    other = season.search(text="toy", like=like, k=None, other="events")
    assert season.event_of(like) not in set(other["event"])
    away = season.search(text="toy", unlike=like, k=None, per="photo")
    assert set(away["query_label"]) == {f"toy, not {like}"} and len(away) == 6
    none = season.search(text="toy", where=[0] * model.num_examples)
    assert len(none) == 0 and none.column_names() == frame.column_names()
    for wrong in ("robot", "", 3):
        with pytest.raises(ArgumentError, match=r"text= |has not learnt"):
            season.search(text=wrong)
    with pytest.raises(FrameError, match="mark at least one photo"):
        season.search()


@pytest.mark.slow("the parts of 92 real photos go through the network")
@pytest.mark.skipif(not FOREST.is_dir(), reason="the forest's photos are not beside the project")
def test_parts_of_real_photos_have_words_that_whole_frames_do_not():
    """Skunks of `forest`, four of 77 animals: nearly first among boxes."""
    from sklearn.metrics import roc_auc_score

    data, _ = load_photos(FOREST, layout="{site}/{camera}", progress=False)
    model = create(data, model="efficientnet-lite0", verbose=False, store=False)
    detections = read_detections(FOREST / "boxes.json", data, progress=False)
    season = Season(model, parts=Parts.of(model, detections, store=False, progress=False))
    skunks = {
        line.split(",")[0] for line in (FOREST / "truth.csv").read_text("utf-8").splitlines() if "Zorrillo" in line
    }

    def area(season):
        frame = season.search(text="skunk", k=None, per="photo", hide_people=False)
        truth = [model.name_of(label) in skunks for label in frame["reference_label"]]
        return roc_auc_score(truth, list(frame["score"]))

    assert area(season) > 0.8 > area(Season(model))
