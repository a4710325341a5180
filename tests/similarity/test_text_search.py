"""Searching in any words, by small models with random weights that are laid where the real ones would come from."""

import numpy as np
import pytest

from helpers.errors import ArgumentError, ModelError
from helpers.features.store import FeatureStore
from helpers.networks.text.encoder import load_text_model
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from helpers.similarity.text_search import TextQuery, fall_off
from tests.support.pictures import folder_of
from tests.support.text_models import lay_text_models

TEXT = "a bird on a snowy branch"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("photos"), count=24)


@pytest.fixture(autouse=True)
def mirror(monkeypatch, tmp_path):
    pytest.importorskip("tokenizers", reason="the extra `text` is not installed here: pip install tokenizers")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path / "stick"))
    lay_text_models(tmp_path / "stick")
    load_text_model.cache_clear()
    yield
    load_text_model.cache_clear()


def made(photos, **arguments):
    data, _ = load_photos(photos, progress=False)
    return create(data, **{"model": "clip", "verbose": False, **arguments})


def cosines(model, name=None):
    point = load_text_model(name or "clip", progress=False).encode(TEXT)
    whole = model.vectors if model.centre is None else model.vectors + model.centre
    return (whole @ point) / np.linalg.norm(whole, axis=1)


def test_photos_are_ranked_by_the_cosine_of_feature_and_text(photos):
    model = made(photos)
    found = model.search(text=TEXT, k=5)
    scores = cosines(model)
    assert list(found["reference_label"]) == np.argsort(-scores, kind="stable")[:5].tolist()
    assert np.allclose(list(found["score"]), np.sort(scores)[::-1][:5], atol=1e-6)
    assert np.allclose(1 - np.array(found["score"]), list(found["distance"]))
    assert list(found["rank"]) == [1, 2, 3, 4, 5] and set(found["query_label"]) == {TEXT}
    assert list(model.search(text=TEXT, k=5)["score"]) == list(found["score"])  # asked twice


def test_a_centred_model_ranks_texts_by_whole_features(photos):
    plain, centred = made(photos), made(photos, metric="centred")
    assert np.allclose(list(plain.search(text=TEXT)["score"]), list(centred.search(text=TEXT)["score"]), atol=1e-5)


def test_another_text_model_reads_the_text_on_the_same_features(photos, tmp_path):
    store = tmp_path / "features.kinframe"
    made(photos, store=store)
    model = made(photos, store=store, text_model="multilingual")
    assert model.timings["kept"] == 24
    with FeatureStore(store) as kept:
        assert len(kept.contents()) == 1  # the key is that of the photos' network alone
    found = model.search(text=TEXT, k=24)
    assert np.allclose(list(found["score"]), np.sort(cosines(model, "multilingual"))[::-1], atol=1e-6)
    assert len(model.search(text="雪地里的一只鸟")) == 10
    model.text_model = None
    assert np.allclose(list(model.search(text=TEXT, k=24)["score"]), np.sort(cosines(model))[::-1], atol=1e-6)


def test_a_saved_model_keeps_its_text_model(photos, tmp_path):
    model = made(photos, text_model="multilingual")
    model.save(tmp_path / "saved")
    again = load_model(tmp_path / "saved")
    assert again.text_model == "multilingual"
    assert list(again.search(text="雪地")["score"]) == list(model.search(text="雪地")["score"])
    made(photos).save(tmp_path / "saved")
    assert load_model(tmp_path / "saved").text_model is None


def test_chinese_clip_has_its_own_features(photos):
    model = made(photos, model="chinese-clip")
    assert len(model.search(text="一只狐狸", k=3)) == 3
    with pytest.raises(ArgumentError, match="'chinese-clip' does"):
        made(photos, model="chinese-clip", text_model="multilingual")


def test_what_fits_is_marked_and_a_cut_off_can_be_given(photos):
    model = made(photos)
    found = model.search(text=TEXT, k=None)
    assert set(found["cutoff"]) == {fall_off(cosines(model).astype(np.float64))} or np.allclose(
        found["cutoff"][0], fall_off(cosines(model))
    )
    assert list(found["fits"]) == [int(score >= cutoff) for score, cutoff in zip(found["score"], found["cutoff"])]
    middle = float(np.median(list(found["score"])))
    found = model.search(text=TEXT, k=None, cutoff=middle)
    assert sum(found["fits"]) in (12, 13) and list(found["fits"]) == sorted(found["fits"], reverse=True)
    for wrong in (2, -1.5, "high", float("nan")):
        with pytest.raises(ArgumentError, match="cutoff is a score"):
            model.search(text=TEXT, cutoff=wrong)


def test_a_figure_has_a_line_in_front_of_the_first_that_does_not_fit(photos):
    model = made(photos)
    scores = list(model.search(text=TEXT, k=4)["score"])

    def lines(cutoff):
        figure = show_matches(model, model.search(text=TEXT, k=4, cutoff=cutoff))
        return [text.get_text() for axes in figure.axes for text in axes.texts if text.get_text().startswith("below ")]

    assert len(lines((scores[1] + scores[2]) / 2)) == 1
    assert lines(-1.0) == []


def test_text_photos_and_rows_that_count_go_together(photos):
    model = made(photos)
    some = [number % 2 for number in range(24)]
    assert all(label % 2 for label in model.search(text=TEXT, where=some, k=None)["reference_label"])
    together = model.search(like=3, text=TEXT, k=None)
    assert len(together) == 24 and together["query_label"][0] == f"{TEXT}, 3"
    assert list(together["score"]) == sorted(together["score"], reverse=True)
    assert 3 not in model.search(text=TEXT, unlike=3, hide=True, k=None)["reference_label"]


def test_a_network_without_a_text_model_says_which_have_one(photos):
    model = made(photos, model="hog")
    with pytest.raises(ModelError, match="knows no words"):
        model.search(text="fox")
    with pytest.raises(ModelError, match=r"hog has no text model.*model='clip'"):
        made(photos, model="hog", text_model="clip")
    with pytest.raises(ArgumentError, match="cutoff= goes with a network that has a text model"):
        made(photos, model="efficientnet-lite0").search(text="fox", cutoff=0.5)


def test_scores_fall_off_above_what_does_not_fit():
    random = np.random.default_rng(0)
    noise = random.normal(0.2, 0.01, 10_000)
    few, many = (np.concatenate([noise, random.normal(0.3, 0.01, count)]) for count in (20, 3_000))
    for scores in (few, many):
        cutoff = fall_off(scores)
        assert 0.22 < cutoff < 0.26
        assert (scores[10_000:] >= cutoff).mean() > 0.99 and (noise >= cutoff).mean() < 0.01
    assert (noise >= fall_off(noise)).sum() < 40  # where nothing fits, next to nothing is above
    assert fall_off(noise[:19]) == -1.0 and fall_off(np.full(50, 0.2)) == pytest.approx(0.2)


def test_photos_whose_scores_are_the_cut_off_fit():
    query = TextQuery(np.array([0.1, 0.3, 0.2]), 0.2)
    found = query.found(np.ones(3, bool), None)
    assert found.rows.tolist() == [1, 2, 0]
