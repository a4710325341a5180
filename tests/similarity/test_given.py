"""Features that were computed before, as the input of `create` and `query`, in the place of photos."""

import io
from array import array

import numpy as np
import pytest

from helpers import tc
from helpers.errors import ArgumentError, ModelError
from helpers.features.embedding import embed
from helpers.frames.images import image_of
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from tests.support.pictures import TINY, folder_of, picture


@pytest.fixture
def photos(tmp_path):
    return load_photos(folder_of(tmp_path / "photos"), progress=False)[0]


@pytest.fixture
def features(photos, network):
    """The features of the photos, as `get_deep_features` gives them: arrays of Python's floats."""
    vectors = embed(list(photos["file"]), network, precision="fp32", progress=False).vectors
    return [array("d", vector.astype(float)) for vector in vectors]


@pytest.fixture
def data(photos, features):
    return photos.add_column(tc.SArray(features, array), "deep")


@pytest.fixture
def computed(data, network):
    """The model of the photos themselves."""
    return create(data, feature="image", model=network, precision="fp32", verbose=False)


def answers(found):
    return [(row["query_label"], row["reference_label"], round(row["distance"], 5), row["rank"]) for row in found]


def outside(seed=77):
    buffer = io.BytesIO()
    picture(seed).save(buffer, "PNG")
    return image_of(buffer.getvalue())


@pytest.mark.parametrize("feature", ["deep", None])
def test_they_give_what_the_photos_give(data, network, computed, feature):
    """Without a name the only column of arrays counts before the images, as in Turi Create."""
    model = create(data, feature=feature, model=network, verbose=False)
    assert model.feature == "deep"
    assert np.array_equal(model.vectors, computed.vectors)
    assert model.names == computed.names
    expected = answers(computed.query(data, k=None, verbose=False))
    assert answers(model.query(data, k=None, verbose=False)) == expected
    assert answers(model.query(data["deep"], k=None, verbose=False)) == expected
    assert answers(model.query(data["image"], k=None, verbose=False)) == expected
    assert answers(model.query(data["deep"][3], k=2, verbose=False)) == [(0, *row[1:]) for row in expected[18:20]]
    assert answers(model.query(data["image"][3], k=2, verbose=False)) == [(0, *row[1:]) for row in expected[18:20]]
    assert answers(model.similarity_graph(k=2, verbose=False)) == answers(computed.similarity_graph(k=2, verbose=False))


def test_a_model_of_photos_is_asked_with_features(data, computed):
    assert answers(computed.query(data["deep"], k=3, verbose=False)) == answers(
        computed.query(data, k=3, verbose=False)
    )


def test_a_photo_from_outside_goes_through_the_network(data, network, computed):
    model = create(data, feature="deep", model=network, verbose=False)
    photo = outside()
    assert answers(model.query(photo, verbose=False)) == answers(computed.query(photo, verbose=False))


ANOTHERS = {
    "in another order": lambda value: np.random.default_rng(1).permutation(value),
    "scaled": lambda value: np.asarray(value) / 10,
    "noise": lambda value: np.random.default_rng(int(1e6 * value[0])).random(len(value)),
}


@pytest.mark.parametrize("metric", ["euclidean", "centred"])
@pytest.mark.parametrize("change", ANOTHERS)
def test_features_of_another_network_are_noticed_before_a_photo_is_compared(data, network, metric, change):
    others = [array("d", ANOTHERS[change](value)) for value in data["deep"]]
    model = create(data.add_column(tc.SArray(others, array), "other"), None, "other", network, False, metric=metric)
    assert len(model.query(tc.SArray(others[:2], array), k=1, verbose=False)) == 2
    for _ in range(2):
        with pytest.raises(ModelError, match="not those of"):
            model.query(outside(), verbose=False)


def test_features_without_photos(features, network, capsys):
    model = create(tc.SFrame().add_column(tc.SArray(features, array), "deep"), model=network, verbose=False)
    assert model.names == ["0", "1", "2", "3", "4", "5"]
    found = model.query(tc.SArray(features, array), k=1, verbose=False)
    assert list(found["reference_label"]) == list(range(6))
    assert show_matches(model, found).axes
    model.query(outside(), verbose=False)
    assert "cannot be read" in capsys.readouterr().out


def test_saved_and_loaded(data, network, tmp_path):
    model = create(data, label="id", feature="deep", model=network, metric="centred", verbose=False)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    for query in (data, data["deep"][2], data["image"][4], outside()):
        assert answers(again.query(query, verbose=False)) == answers(model.query(query, verbose=False))
    assert again.feature == "deep" and again.key == model.key


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "missing"),
        (array("d", [1.0]), f"1 features, not {TINY}"),
        (array("d", [float("nan")] * TINY), "finite"),
        (array("d", [1e300] * TINY), "finite"),
    ],
)
def test_a_bad_row_costs_only_itself(data, features, network, capsys, bad, reason):
    features[2] = bad
    worse = data.remove_column("deep").add_column(tc.SArray(features, array), "deep")
    model = create(worse, model=network, verbose=False)
    assert model.labels == [0, 1, 3, 4, 5]
    assert [(row["label"], reason in row["reason"]) for row in model.bad] == [(2, True)]
    found = model.query(worse, k=1, verbose=False)
    assert list(found["query_label"]) == list(found["reference_label"]) == model.labels
    assert reason in capsys.readouterr().out


def test_where_the_first_is_missing_the_next_one_counts(data, features, network):
    features[0] = None
    worse = data.remove_column("deep").add_column(tc.SArray(features, array), "deep")
    assert create(worse, model=network, verbose=False).feature == "deep"


def test_arrays_of_another_length(data, network, computed):
    boxes = data.remove_column("deep").add_column(tc.SArray([array("d", [1.0, 2.0])] * 6, array), "box")
    assert create(boxes, model=network, verbose=False).feature == "image", "these are no features"
    with pytest.raises(ArgumentError, match=rf"'box' have 2 numbers, and features of \S+ {TINY}; name their network"):
        create(boxes, feature="box", model=network, verbose=False)
    with pytest.raises(ArgumentError, match="have 2 numbers"):
        create(boxes[["box"]], model=network, verbose=False)
    with pytest.raises(ArgumentError, match="have 2 numbers"):
        computed.query(boxes["box"], verbose=False)
    with pytest.raises(ArgumentError, match="holds no features"):
        create(tc.SFrame().add_column(tc.SArray([None] * 3, array), "box"), model=network, verbose=False)


def test_two_columns_of_arrays_need_a_name(data, features, network):
    two = data.add_column(tc.SArray(features, array), "again")
    assert create(two, model=network, verbose=False).feature == "image"
    assert create(two, feature="again", model=network, verbose=False).feature == "again"


def test_it_is_said_whose_features_they_are(data, network, capsys):
    create(data, model=network)
    assert "6 features, as they are in the column 'deep'" in capsys.readouterr().out
