"""Asking in words in the explorer, without a page."""

import pytest

from helpers.errors import ArgumentError
from helpers.explorer.explorer import Explorer
from helpers.photos.load import load_photos
from helpers.season.season import Season
from helpers.similarity.build import create
from tests.explorer.test_explorer import hear, shown
from tests.support.pictures import tiny_network
from tests.support.places import ROOT


@pytest.fixture(scope="module")
def model(tarn_model):
    return tarn_model


@pytest.fixture
def explorer(model, tmp_path):
    explorer = Explorer(model, k=3, labels=tmp_path / "labels.csv")
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    return explorer


def question(explorer):
    return explorer._state["question"]


def test_words_are_answered_as_search_does(explorer, model):
    hear(explorer, "words", text="  toy \n car ")
    found = model.search(text="toy car", k=3, hide=True)
    assert [model.labels[row] for row in shown(explorer)] == list(found["reference_label"])
    assert question(explorer)["text"] == "toy car" and question(explorer)["like"] == ()
    assert explorer.chosen is None and explorer._state["asks_words"]
    row = found[0]
    about = explorer._state["about"][str(shown(explorer)[0])]
    assert explorer._state["far"].startswith("Guesses: the nearest of the thousand things")
    assert explorer._state["far"] in explorer._repr_mimebundle_()[0]["text/html"]
    assert about["word"] == row["word"] and about["score"] == pytest.approx(row["score"])
    explorer.folder = "tarn" if "tarn" in dict(explorer._state["folders"]) else None
    assert question(explorer)["text"] == "toy car", "filters go for words too"


def test_photos_are_marked_beside_words_and_words_are_taken_out(explorer, model):
    explorer.ask_words("toy")
    first = shown(explorer)[0]
    hear(explorer, "mark", photo=first, like=True)
    assert question(explorer)["text"] == "toy" and question(explorer)["like"] == (first,)
    expected = model.search(text="toy", like=model.labels[first], k=3, hide=True)
    assert [model.labels[row] for row in shown(explorer)] == list(expected["reference_label"])
    hear(explorer, "words", text="")
    assert question(explorer)["text"] == "" and question(explorer)["like"] == (first,)
    hear(explorer, "words", text="car")
    assert question(explorer)["like"] == (), "new words are a new query"
    hear(explorer, "words", text=" ")
    assert question(explorer) is None and len(shown(explorer)) == len(model.labels)
    explorer.back()
    assert question(explorer)["text"] == "car"
    hear(explorer, "ask", photo=2)
    assert question(explorer)["text"] == ""


@pytest.mark.parametrize("text", ["robot", "\N{FOX FACE}", "x" * 10_000, "\x00", "<script>"])
def test_what_is_not_known_is_said_and_changes_nothing(explorer, text):
    explorer.ask_words("toy")
    before = shown(explorer)
    hear(explorer, "words", text=text)
    assert "has not learnt" in explorer._state["message"] or "characters" in explorer._state["message"]
    assert shown(explorer) == before and question(explorer)["text"] == "toy"
    with pytest.raises(ArgumentError):
        explorer.ask_words(text)


def test_a_season_and_a_visitor(model, tmp_path):
    explorer = Explorer(Season(model), k=3, labels=tmp_path / "labels.csv", keep=False)
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    assert explorer._state["asks_words"]
    explorer.ask_words("toy")
    assert len(shown(explorer)) == 3 and explorer._state["found"]
    hear(explorer, "words", text="robot")
    assert "search with a photo" in explorer._state["message"] and "create(" not in explorer._state["message"]


def test_a_network_without_words_has_no_field(tmp_path):
    data, _ = load_photos(ROOT / "data" / "robots" / "tarn", progress=False)
    network = tiny_network(tmp_path / "tiny.onnx")
    explorer = Explorer(create(data[:3], model=network, verbose=False, store=False), labels=tmp_path / "labels.csv")
    assert not explorer._state["asks_words"]
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    hear(explorer, "words", text="fox")
    assert "knows no words" in explorer._state["message"]
