"""A service's collection in words, in a file and in PostgreSQL."""

import dataclasses
import re

import numpy as np
import pytest

from helpers.errors import FrameError, Refused
from helpers.networks.classifier import classifier_of
from helpers.networks.load import load_network
from helpers.networks.table import SHORT_NAMES
from helpers.networks.text.encoder import load_text_model
from helpers.networks.words import class_names
from helpers.service import Client
from helpers.service.records import NewImage, SearchOptions
from helpers.service.storage.storage import open_storage
from helpers.service.word_search import ServiceWords
from tests.support.fake_service import Answer, fake_service
from tests.support.text_models import lay_text_models

SHOWN = ["red fox", "tabby cat", "sports car", "grey fox", "red fox"]


@pytest.fixture
def loaded():
    return load_network("efficientnet-lite0")


@pytest.fixture
def storage(address, loaded):
    """Images of which each shows what `SHOWN` says, the last one less surely; 3 and 4 are of a product."""
    rows = [class_names().index(name) for name in SHOWN]
    features = (classifier_of(loaded).weights[rows].T * np.float32([6, 6, 6, 6, 3])).T
    storage = open_storage(address, key="words", dimension=1280)
    identities = [f"{number:064x}" for number in range(len(SHOWN))]
    images = [
        NewImage(f"{number}.jpg", identity, 8, 8, 9, 7, ("sofa",) if number in (2, 3) else ())
        for number, identity in enumerate(identities)
    ]
    storage.add(images, (identities, np.ascontiguousarray(features)))
    yield storage
    storage.close()


def found(storage, loaded, text, **options):
    matches = ServiceWords(loaded).search(storage, text, SearchOptions(**{"k": 3, "metric": "euclidean", **options}))
    return [(match.image.path, match.word) for match in matches], [match.score for match in matches]


def test_words_rank_the_images(storage, loaded):
    images, scores = found(storage, loaded, "foxes")
    assert sorted(images[:2]) == [("0.jpg", "red fox"), ("3.jpg", "grey fox")] and images[2] == ("4.jpg", "red fox")
    assert scores == sorted(scores, reverse=True) and scores[0] > 0.5
    assert found(storage, loaded, "猫", k=1)[0] == [("1.jpg", "虎斑猫")]
    assert len(found(storage, loaded, "animal", k=100)[0]) == len(SHOWN)


def test_only_images_of_a_product(storage, loaded):
    assert {path for path, _ in found(storage, loaded, "fox", products=["sofa"])[0]} == {"2.jpg", "3.jpg"}
    assert found(storage, loaded, "fox", products=["none"]) == ([], [])


@pytest.mark.parametrize("text", ["robot", "\N{FOX FACE}", " ", "x" * 300])
def test_what_is_not_known_is_refused(storage, loaded, text):
    with pytest.raises(Refused, match=r"has not learnt|is empty|characters") as raised:
        found(storage, loaded, text)
    assert raised.value.status == 422
    assert not re.search(r"create\(|helpers\.", str(raised.value)), "visitors read no Python"


def test_a_network_without_words(storage, loaded):
    with pytest.raises(Refused, match=r"colour knows no words; networks that do are") as raised:
        found(storage, dataclasses.replace(loaded, name="colour"), "fox")
    assert raised.value.status == 422


def test_the_client_sends_words_and_reads_which_one():
    image = {"id": 3, "path": "odd/3.jpg", "width": 24, "height": 24, "products": ["a"], "thumbnail": "/x"}
    match = {"rank": 1, "distance": 0.25, "score": 0.75, "image": image, "word": "red fox"}
    with fake_service() as fake, Client(fake.url) as client:
        fake.say(Answer(body={"matches": [match]}))
        [row] = client.search(text="fox", k=4)
        assert fake.asked[0].body == b"k=4&text=fox" and row["word"] == "red fox" and row["query_label"] == "fox"
        fake.say(Answer(body={"matches": []}))
        assert client.search(text="fox").column_names()[-1] == "word"
        for wrong in ({"photo": 3, "text": "fox"}, {"url": "https://x.org/a.jpg", "text": "fox"}, {"text": 3}):
            with pytest.raises(FrameError, match="text= is words"):
                client.search(**wrong)


def test_a_network_with_a_text_model_is_asked_in_any_words(address, loaded, monkeypatch, tmp_path):
    pytest.importorskip("tokenizers", reason="the extra `text` is not installed here: pip install tokenizers")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path / "stick"))
    lay_text_models(tmp_path / "stick")
    load_text_model.cache_clear()
    clip = dataclasses.replace(loaded, name=SHORT_NAMES["clip"])
    point = load_text_model("clip", progress=False).encode("a bird on a snowy branch")
    features = np.stack([-point, point, np.roll(point, 1)]).astype(np.float32)
    storage = open_storage(address, key="clip", dimension=len(point))
    try:
        identities = [f"{number:064x}" for number in range(3)]
        images = [NewImage(f"{number}.jpg", each, 8, 8, 9, 7, ()) for number, each in enumerate(identities)]
        storage.add(images, (identities, features))
        images, scores = found(storage, clip, "a bird on a snowy branch")
        assert images == [("1.jpg", None), ("2.jpg", None), ("0.jpg", None)]
        assert scores == pytest.approx([1, float(point @ features[2]), -1], abs=1e-3)
        with pytest.raises(Refused, match="reads English") as raised:
            found(storage, clip, "лиса в снегу")
        assert raised.value.status == 422
    finally:
        storage.close()
        load_text_model.cache_clear()
