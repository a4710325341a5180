from pathlib import Path

import numpy as np
import pytest
import skimage.data

from helpers import tc
from helpers.errors import ArgumentError, FrameError, ModelError
from helpers.networks.classifier import classifier_of
from helpers.networks.load import load_network
from helpers.networks.words import class_names, find_words
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from helpers.similarity.model import SimilarityModel
from helpers.similarity.word_scores import WordScores, best, shares
from helpers.similarity.word_search import fused
from tests.support.models import model_of
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT

SHOWN = ["red fox", "tabby cat", "sports car", "grey fox", "tench", "Siamese cat", "red fox"]


@pytest.fixture(scope="module")
def classifier(module_cache):
    return classifier_of(load_network("efficientnet-lite0"))


def model_of_words(vectors, metric="euclidean", centre=None):
    """A model of photos 10, 11 … that the network sees with these features."""
    labels = [10 + row for row in range(len(vectors))]
    return model_of(vectors, labels=labels, metric=metric, network="efficientnet-lite0", centre=centre)


@pytest.fixture
def seen(classifier):
    """Features of photos of which each shows what `SHOWN` says, the last one twice as surely as the first."""
    rows = [class_names().index(name) for name in SHOWN]
    return (classifier.weights[rows].T * np.float32([6, 6, 6, 6, 6, 6, 12])).T


@pytest.fixture
def model(seen):
    return model_of_words(seen)


def found(frame, column="reference_label"):
    return list(frame[column])


def softmax(scores):
    parts = np.exp(scores - scores.max(axis=1, keepdims=True))
    return parts / parts.sum(axis=1, keepdims=True)


# Scores


def test_scores_are_sums_of_the_softmax(classifier):
    features = np.abs(np.random.default_rng(0).standard_normal((50, 1280))).astype(np.float32)
    scores = WordScores.of(features, classifier)
    expected = softmax(features.astype(float) @ classifier.weights.T.astype(float) + classifier.bias)
    for text in (
        "fox",
        "animal",
        "crane",
        "red fox",
        "fox, car",
        "bird, parrot",
        "vehicle, truck, dog",
        "toilet paper",
    ):
        words = find_words(text)
        rows = sorted({row for word in words for row in word.rows})
        np.testing.assert_allclose(shares(scores.of_words(words)), expected[:, rows].sum(axis=1), rtol=0.02)
    np.testing.assert_array_equal(scores.likeliest(np.arange(50), 3)[:, 0], expected.argmax(axis=1))


def test_what_is_all_but_sure_still_differs(classifier):
    """Shares of 1 to all digits of 32 bits."""
    features = classifier.weights[[277]] * np.float32([[9], [11], [10]])
    scores = WordScores.of(features, classifier)
    assert best(scores.of_words(find_words("red fox")), None).tolist() == [1, 2, 0]
    assert best(scores.of_words(find_words("fox, car")), None)[0] in (0, 1, 2)
    assert np.isfinite(scores.log_odds).all()


def test_no_photos(classifier):
    scores = WordScores.of(np.empty((0, 1280), np.float32), classifier)
    assert len(scores.of_words(find_words("fox"))) == 0


def test_the_best_are_those_that_sorting_gives():
    random = np.random.default_rng(0)
    for _ in range(50):
        scores = random.integers(0, 6, 40).astype(float)
        allowed = random.random(40) < 0.7
        for k in (1, 3, 39, 40, 100, None):
            expected = [row for row in np.argsort(-scores, kind="stable") if allowed[row]][:k]
            assert best(scores, k, allowed).tolist() == expected
    assert best(scores, None).tolist() == np.argsort(-scores, kind="stable").tolist()


def test_ranks_are_fused_as_cormack_clarke_and_buettcher_do():
    scores = fused([np.array([2, 0, 1]), np.array([0, 3])], 5)
    np.testing.assert_allclose(scores * 2 / 61, [1 / 62 + 1 / 61, 1 / 63, 1 / 61, 1 / 62, 0])
    assert fused([np.array([3]), np.array([3])], 4)[3] == pytest.approx(1)


# Searching


def test_a_word(model):
    frame = model.search(text="fox", k=4)
    assert frame.column_names() == ["query_label", "reference_label", "distance", "rank", "score", "word"]
    assert frame.column_types() == [str, int, float, int, float, str]
    assert found(frame)[:3] == [16, 10, 13] and found(frame, "rank") == [1, 2, 3, 4]
    assert found(frame, "word")[:3] == ["red fox", "red fox", "grey fox"]
    assert set(found(frame, "query_label")) == {"fox"}
    scores = np.array(found(frame, "score"))
    assert (scores[:3] > 0.2).all() and scores[3] < 0.05
    np.testing.assert_allclose(found(frame, "distance"), 1 - scores)
    assert found(model.search(text="fox", k=4)) == found(frame)


@pytest.mark.parametrize(
    ("text", "labels", "words"),
    [
        ("Cats", {11, 15}, {"tabby cat", "Siamese cat"}),
        ("cat or fox", {10, 11, 13, 15, 16}, {"tabby cat", "Siamese cat", "red fox", "grey fox"}),
        ("a car", {12}, {"sports car"}),
        ("狐狸", {10, 13, 16}, {"赤狐", "灰狐"}),
        ("猫、鱼", {11, 14, 15}, {"虎斑猫", "暹罗猫", "丁鲷"}),
        ("grey fox", {13}, {"grey fox"}),
    ],
)
def test_words_in_both_languages(model, text, labels, words):
    frame = model.search(text=text, k=len(labels))
    assert set(found(frame)) == labels and set(found(frame, "word")) == words


def test_photos_of_one_score_come_in_their_order(seen):
    model = model_of_words(seen[[4, 0, 0, 2, 0]])
    assert found(model.search(text="fox", k=3)) == [11, 12, 14]
    assert found(model.search(text="fox", k=None))[:3] == [11, 12, 14]


def test_where_k_and_hide(model):
    assert found(model.search(text="fox", where=[1, 1, 1, 1, 1, 1, 0], k=2)) == [10, 13]
    assert len(model.search(text="fox", k=None)) == 7 and len(model.search(text="fox", where=[0] * 7)) == 0
    assert 16 not in found(model.search(text="fox", like=16, hide=True, k=None))
    with pytest.raises(ArgumentError, match="k is a whole number"):
        model.search(text="fox", k=0)


def test_a_word_and_a_photo(model, seen):
    frame = model.search(text="fox", like=13, k=3)
    assert set(found(frame, "query_label")) == {"fox, 13"} and found(frame)[0] == 13
    by_word, by_photo = (found(model.search(k=None, **asked)) for asked in ({"text": "fox"}, {"like": 13}))
    scores = {label: 1 / (61 + by_word.index(label)) + 1 / (61 + by_photo.index(label)) for label in by_word}
    assert found(frame) == sorted(scores, key=lambda label: (-scores[label], label))[:3]
    np.testing.assert_allclose(found(frame, "score"), sorted(scores.values())[:-4:-1] / np.float64(2 / 61))
    assert model.search(text="fox", like=10, unlike=13)["query_label"][0] == "fox, 10, not 13"


def test_a_word_and_a_photo_to_be_unlike(seen, classifier):
    """Of three photos of foxes, the one that looks least like the marked one comes first; other things stay behind."""
    model = model_of_words(np.concatenate([seen, classifier.weights[400:600] * np.float32(6)]))
    assert found(model.search(text="fox", k=3)) == [16, 10, 13]
    frame = model.search(text="fox", unlike=16, k=3)
    assert found(frame) == [13, 10, 16]
    assert set(found(frame, "query_label")) == {"fox, not 16"}
    assert 16 not in found(model.search(text="fox", unlike=16, hide=True, k=None))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_centred_model_has_the_same_words(model, seen, metric):
    centre = seen.mean(axis=0)
    centred = model_of_words(seen - centre, metric, centre)
    apart = np.abs(centred.words.log_odds.astype(float) - model.words.log_odds.astype(float))
    assert (apart <= 0.01 + 0.002 * np.abs(model.words.log_odds.astype(float))).all()


def test_nothing_goes_through_the_network(model, monkeypatch):
    monkeypatch.setattr("helpers.similarity.query_features.embed", lambda *_, **__: pytest.fail("computed"))
    monkeypatch.setattr(SimilarityModel, "opened", lambda *_: pytest.fail("opened"))
    model.search(text="fox", like=[10, 11], unlike=12)
    once = model.words
    assert model.words is once, "scores are made once"


def test_a_figure_shows_the_word(model, tmp_path):
    data, _ = load_photos(folder_of(tmp_path / "photos", count=4), progress=False)
    photos = create(data, model="efficientnet-lite0", verbose=False, store=False)
    texts = [text.get_text() for text in show_matches(photos, photos.search(text="fox car", k=2)).axes[0].texts]
    assert "fox car" in texts and "query" in texts and not any("remember" in text for text in texts)
    guess = "Guesses: the nearest of the thousand things that the network knows."
    assert texts[-1] == guess
    like = photos.labels[0]
    texts = [text.get_text() for text in show_matches(photos, photos.search(like=like, text="car", k=2)).axes[0].texts]
    assert photos.names[0].rpartition("/")[2] in texts and guess in texts
    texts = [text.get_text() for text in show_matches(photos, photos.search(like=like, k=2)).axes[0].texts]
    assert guess not in texts


def test_a_model_from_disk_has_words(tmp_path):
    data, _ = load_photos(folder_of(tmp_path / "photos", count=4), progress=False)
    photos = create(data, model="efficientnet-lite0", verbose=False, store=False)
    photos.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert found(again.search(text="animal")) == found(photos.search(text="animal"))


def test_real_photos():
    """A cat, a cup of coffee and a motorcycle, which come with scikit-image."""
    folder = Path(skimage.data.__file__).parent
    names = ["coffee.png", "grass.png", "chelsea.png", "moon.png", "motorcycle_left.png", "camera.png"]
    data = tc.SFrame(
        {"path": [str(folder / name) for name in names], "image": [tc.Image(str(folder / name)) for name in names]}
    )
    model = create(data, model="efficientnet-lite0", verbose=False, store=False)
    for text, photo, word in (
        ("cat", "chelsea.png", "Egyptian cat"),
        ("drink", "coffee.png", "espresso"),
        ("vehicle", "motorcycle_left.png", "moped"),
        ("三脚架", "camera.png", "三脚架"),
    ):
        [best_match] = model.search(text=text, k=1)
        assert names[best_match["reference_label"]] == photo and best_match["word"] == word
        assert best_match["score"] > 0.5


# What cannot be asked


@pytest.mark.parametrize("text", ["", "robot", "\N{FOX FACE}", "\x07", "x" * 10_000, 7, ["fox"], b"fox"])
def test_a_text_that_is_no_known_word(model, text):
    with pytest.raises(ArgumentError, match=r"^(text= |the network has not learnt)"):
        model.search(text=text)


def test_a_photo_is_still_needed_without_a_text(model):
    with pytest.raises(FrameError, match="mark at least one photo"):
        model.search(unlike=10)


def test_a_network_without_words(tmp_path):
    data, _ = load_photos(folder_of(tmp_path / "photos", count=3), progress=False)
    for network in ("colour", tiny_network(tmp_path / "tiny.onnx")):
        model = create(data, model=network, verbose=False, store=False)
        with pytest.raises(ModelError, match=r"knows no words; networks that do are .*efficientnet-lite0"):
            model.search(text="fox")


@pytest.mark.slow("all sample photos go through the network")
def test_the_sample_photos_are_searched_by_word():
    data, _ = load_photos(ROOT / "data" / "robots" / "tarn", progress=False)
    model = create(data, model="efficientnet-lite0", verbose=False, store=False)
    frame = model.search(text="furniture, toy", where=data["width"] > 0, k=3)
    assert len(frame) == 3 and found(frame, "rank") == [1, 2, 3]
