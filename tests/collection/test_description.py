import numpy as np
import pytest

from helpers.collection.clusters import Clusters, cluster, show_clusters
from helpers.collection.description import describe
from helpers.errors import ArgumentError, FrameError, ModelError
from helpers.networks.classifier import classifier_of
from helpers.networks.load import load_network
from helpers.networks.words import class_names
from helpers.season.season import Season
from helpers.similarity.build import create, load_model
from tests.support.models import model_of

SHOWN = ["red fox", "tabby cat", "red fox", "sports car", "grey fox", "jeep", "red fox"]


@pytest.fixture(scope="module")
def robots(tarn_model):
    return tarn_model


@pytest.fixture
def model():
    """Photos of which each shows what `SHOWN` says."""
    weights = classifier_of(load_network("efficientnet-lite0")).weights
    return model_of(
        weights[[class_names().index(name) for name in SHOWN]] * np.float32(9), network="efficientnet-lite0"
    )


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_each_photo_has_its_likeliest_words(model):
    frame = describe(model).frame
    assert frame.column_names()[-6:] == ["word", "word_score", "word_2", "word_score_2", "word_3", "word_score_3"]
    assert list(frame["word"]) == SHOWN
    scores = [list(frame[name]) for name in ("word_score", "word_score_2", "word_score_3")]
    assert all(1 >= first >= second >= third >= 0 for first, second, third in zip(*scores))
    assert describe(model, count=1).frame.column_names()[-2:] == ["word", "word_score"]
    assert list(describe(model, language="chinese").frame["word"])[:2] == ["赤狐", "虎斑猫"]


def test_the_frame_is_that_of_the_photos_and_can_be_made_again(robots, tmp_path):
    described = describe(robots)
    frame = described.frame
    assert len(frame) == len(robots.data) and set(robots.data.column_names()) < set(frame.column_names())
    assert frame.column_names() == describe(robots).frame.column_names()
    robots.save(tmp_path / "model")
    again = describe(load_model(tmp_path / "model")).frame
    assert list(again["word"]) == list(frame["word"]) and again.column_names()[:2] == ["label", "name"]
    season = describe(Season(robots)).frame
    assert list(season["word"]) == list(frame["word"])


def test_common_words_come_first(model):
    words = describe(model).words
    assert list(words["word"]) == ["red fox", "grey fox", "jeep", "sports car", "tabby cat"]
    assert list(words["photos"]) == [3, 1, 1, 1, 1]
    assert "guesses" in describe(model).note and "7 photos, 5 likeliest words" in describe(model).note


def test_a_cluster_has_the_word_that_sets_it_apart(model):
    """A group where the cluster has several of its classes, and a class where it has one."""
    points = np.zeros((7, 1))
    clusters = Clusters(model, np.array([0, 1, 0, 2, 0, 2, 0]), points, "")
    described = describe(model, clusters)
    assert described.cluster_words == ["fox", "car", "tabby cat"] or described.cluster_words[0] == "fox"
    rows = list(described.clusters)
    assert [row["cluster"] for row in rows] == [0, 1, 2]
    assert all(row["share"] > 0.5 > row["elsewhere"] for row in rows)
    assert describe(model, clusters, language="chinese").cluster_words[0] == "狐狸"
    assert list(described.frame["cluster_word"]) == [described.cluster_words[each] for each in clusters.numbers]
    alone = Clusters(model, np.array([0, -1, 0, -1, 0, -1, 0]), points, "")
    assert describe(model, alone).cluster_words == ["fox"]
    assert list(describe(model, alone).frame["cluster_word"]) == ["fox", None, "fox", None, "fox", None, "fox"]
    assert "cluster_word" not in describe(model).frame.column_names()
    none = Clusters(model, np.full(7, -1), points, "")
    assert describe(model, none).cluster_words == []


def test_contact_sheets_have_the_words(robots):
    found = cluster(robots, 2, progress=False)
    words = describe(robots, found).cluster_words
    shown = texts(show_clusters(found, 3, words=words))
    assert all(any(f"perhaps: {word}" in text for text in shown) for word in words)
    assert not any("perhaps" in text for text in texts(show_clusters(found, 3)))
    with pytest.raises(FrameError, match="1 words for 2 clusters"):
        show_clusters(found, 3, words=["robot"])


def test_the_chart(model, robots):
    figure = describe(model).chart()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [row["word"] for row in describe(model).words]
    assert [bar.get_width() for bar in axes.patches] == [3, 1, 1, 1, 1]
    assert "guesses of a network" in axes.get_title(loc="left")
    assert (
        "more words are not shown" in describe(robots).chart().axes[0].get_xlabel() or len(describe(robots).words) <= 20
    )
    assert figure._repr_png_()


def test_no_photos():
    described = describe(model_of(np.empty((0, 1280)), network="efficientnet-lite0"))
    assert len(described.words) == 0 and described.chart() and len(described.frame) == 0


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"count": 0}, ArgumentError, "count is a whole number"),
        ({"count": 6}, FrameError, "5 words at most"),
        ({"language": "latin"}, ArgumentError, "english and chinese"),
    ],
)
def test_what_cannot_be_described(model, arguments, error, reason):
    with pytest.raises(error, match=reason):
        describe(model, **arguments)


def test_other_clusters_and_networks_without_words(model, robots):
    with pytest.raises(FrameError, match="the clusters are of 7 photos"):
        describe(robots, Clusters(model, np.zeros(7, int), np.zeros((7, 1)), ""))
    with pytest.raises(FrameError, match="no clusters were described"):
        describe(model).cluster_words  # noqa: B018
    colours = create(robots.data[:4], model="colour", verbose=False, store=False)
    with pytest.raises(ModelError, match="knows no words"):
        describe(colours)


def test_the_chart_counts_whole_photos_and_owns_up_to_letters_that_no_font_has(model, monkeypatch):
    ticks = describe(model).chart().axes[0].get_xticks()
    assert all(float(tick).is_integer() for tick in ticks)
    monkeypatch.setattr("helpers.collection.description.drawable", lambda name: "□" * len(name))
    assert "no installed font has these" in describe(model, language="chinese").chart().axes[0].get_xlabel()
