import json
import os

import numpy as np
import onnx
import pytest

from helpers import cache, precision, runtime
from helpers.errors import ModelError
from helpers.graph import Graph
from helpers.models import load_model
from helpers.precision import Settled, agreement, settle, settled_again
from tests.pictures import TINY, picture, tiny_network


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOKIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runtime, "_sessions", {})


@pytest.fixture
def tiny(tmp_path):
    return load_model(tiny_network(tmp_path / "tiny.onnx"))


@pytest.fixture
def network(tmp_path):
    """One that can be made int8."""
    return conv_network(tmp_path / "conv.onnx")


def conv_network(path, seed=0):
    graph, random = Graph(), np.random.default_rng(seed)
    x = graph.photos(mean=[127] * 3, std=[128] * 3)
    x = graph.node("Relu", graph.conv(x, random.standard_normal((8, 3, 8, 8), np.float32), stride=8))
    x = graph.conv(x, random.standard_normal((20, 8, 3, 3), np.float32))
    onnx.save(graph.model(x, size=(24, 24), dimension=20), str(path))
    return load_model(path)


def photos_of(count, first=0):
    return np.stack([np.asarray(picture(seed)) for seed in range(first, first + count)]) if count else empty()


def empty():
    return np.empty((0, 24, 24, 3), np.uint8)


def never():
    raise AssertionError("no photo is needed for this")


class Sample:
    """Photos, and how often they were asked for."""

    def __init__(self, count, first=0):
        self.photos, self.asked = photos_of(count, first), 0

    def __call__(self):
        self.asked += 1
        return self.photos


@pytest.fixture
def bf16(monkeypatch):
    """A processor with bf16, whose features are off by `bf16["error"]`, and how often networks were opened."""
    processor = {"error": 0.0, "device": "CPU", "opened": 0}

    class Fake:
        def __init__(self, loaded, taken):
            runtime.check_precision(taken, loaded)
            processor["opened"] += 1
            self.loaded, self.precision, self.device = loaded, taken, processor["device"]

        def run(self, photos):
            features = np.stack([photo[::8, ::8].ravel() for photo in photos]).astype(np.float32)
            if self.precision == "fp32":
                return features
            noise = [np.random.default_rng(int(row.sum())).standard_normal(TINY) for row in features]
            return features + np.float32(processor["error"]) * np.stack(noise).astype(np.float32)

    for module in (runtime, precision):
        monkeypatch.setattr(module, "has_bf16", lambda: True)
        monkeypatch.setattr(module, "Session", Fake)
    monkeypatch.setattr(runtime, "_has_openvino", lambda: True)
    return processor


@pytest.fixture
def no_bf16(monkeypatch):
    for module in (runtime, precision):
        monkeypatch.setattr(module, "has_bf16", lambda: False)


# Agreement


def test_agreement_is_the_share_of_neighbours_in_common():
    line = np.arange(8.0)[:, np.newaxis]
    assert agreement(line, line * 3 + 5, k=3) == 1
    swapped = line[[0, 1, 2, 3, 7, 5, 6, 4]]
    shared = 0
    for row in range(8):
        one, other = (np.abs(each - each[row])[:, 0] for each in (line, swapped))
        one[row] = other[row] = np.inf
        shared += len(set(np.argsort(one, kind="stable")[:2]) & set(np.argsort(other, kind="stable")[:2]))
    assert agreement(line, swapped, k=2) == shared / 16 < 1


def test_agreement_of_few_photos():
    rows = np.random.default_rng(0).standard_normal((5, 3))
    assert agreement(rows, -rows) == 1, "four neighbours each, and all of them"
    assert agreement(rows[:2], rows[:2]) == 1
    assert agreement(rows[:1], rows[:1]) is None and agreement(rows[:0], rows[:0]) is None


def test_copies_of_a_photo_are_near_in_any_order():
    rows = np.repeat(np.random.default_rng(0).standard_normal((4, 3)), 3, axis=0).astype(np.float32)
    assert agreement(rows, rows * 2, k=2) == 1


def test_features_far_from_zero_keep_their_order():
    rows = np.random.default_rng(0).standard_normal((50, 4))
    assert agreement(rows, rows + 1e6) == 1


# auto and bf16


def test_auto_is_fp32_where_there_is_no_bf16(tiny, no_bf16):
    settled = settle(tiny, "auto", never, scope="a folder")
    assert (settled.precision, settled.agreement, settled.note) == ("fp32", None, "fp32")
    assert settled.session.precision == "fp32"
    assert settled == settle(tiny, "fp32", never), "the same features, the same key"


def test_auto_is_bf16_where_the_neighbours_stay(tiny, bf16):
    settled = settle(tiny, "auto", Sample(40), scope="a folder")
    assert (settled.precision, settled.agreement) == ("bf16", 1)
    assert settled.note == "bf16: agrees with fp32 in 100 of 100 places among the ten nearest (40 photos)"
    assert settled.session.precision == "bf16"
    assert settled.key == settle(tiny, "bf16", Sample(40)).key != settle(tiny, "fp32", never).key


def test_auto_is_fp32_where_they_do_not(tiny, bf16):
    bf16["error"] = 100.0
    settled = settle(tiny, "auto", Sample(40), scope="a folder")
    assert (settled.precision, settled.agreement, settled.key) == ("fp32", None, settle(tiny, "fp32", never).key)
    assert settled.note.startswith("fp32, since bf16 agrees with fp32 in only ")
    asked = settle(tiny, "bf16", Sample(40), scope="a folder")
    assert asked.precision == "bf16" and 0 < asked.agreement < 0.94


@pytest.mark.parametrize(("agreed", "taken"), [(0.94, "bf16"), (0.9399, "fp32")])
def test_94_of_100_are_enough(tiny, bf16, monkeypatch, agreed, taken):
    monkeypatch.setattr(precision, "agreement", lambda *_: agreed)
    assert settle(tiny, "auto", Sample(40)).precision == taken


def test_auto_is_fp32_for_few_photos_and_looks_again_later(tiny, bf16):
    for count in (0, 1, 10):
        assert settle(tiny, "auto", Sample(count), scope="a folder").precision == "fp32"
    assert not bf16["opened"]
    assert settle(tiny, "auto", Sample(11), scope="a folder").precision == "bf16"


def test_auto_is_fp32_on_a_gpu(tiny, bf16):
    bf16["device"] = "GPU"
    assert settle(tiny, "auto", Sample(40)).precision == "fp32"


@pytest.mark.parametrize(("count", "agreed"), [(0, None), (1, None), (2, 1), (5, 1)])
def test_bf16_for_few_photos(tiny, bf16, count, agreed):
    settled = settle(tiny, "bf16", Sample(count), scope="a folder")
    assert (settled.precision, settled.agreement) == ("bf16", agreed)
    assert settled.note.startswith("bf16: too few" if agreed is None else "bf16: agrees")
    if count == 5:
        assert "among the 4 nearest (5 photos)" in settled.note


def test_bf16_where_the_processor_has_none(tiny, no_bf16, monkeypatch):
    monkeypatch.setattr(runtime, "_has_openvino", lambda: True)
    with pytest.raises(ModelError, match="this processor has no bf16; take precision='fp32'"):
        settle(tiny, "bf16", never)
    with pytest.raises(ModelError, match="which the processor here has not; build the model again"):
        settled_again(tiny, "bf16", "a key")


def test_precisions_there_are_not(tiny):
    for name in ("fp8", "", None):
        with pytest.raises(ModelError, match="is not known; there are auto, fp32, bf16, int8"):
            settle(tiny, name, never)


# int8


def test_int8_is_made_for_the_photos(network):
    settled = settle(network, "int8", Sample(40), scope="a folder", progress=False)
    assert settled.precision == settled.session.precision == "int8" and 0.8 < settled.agreement <= 1
    places = f"{100 * settled.agreement:.0f} of 100 places"
    assert settled.note == f"int8: agrees with fp32 in {places} among the ten nearest (40 photos)"
    assert settled.key == f"own {network.identity} int8 {cache.sha256(settled.loaded.path)}"
    assert settled.loaded.path.parent == cache.cache_folder() / "networks"


def test_the_agreement_is_that_of_the_features(network):
    settled = settle(network, "int8", Sample(40), progress=False)
    exact = settle(network, "fp32", never).session.run(photos_of(40))
    assert settled.agreement == agreement(exact, settled.session.run(photos_of(40)))


@pytest.mark.parametrize(("count", "known"), [(1, False), (2, True), (11, True)])
def test_int8_for_few_photos(network, count, known):
    settled = settle(network, "int8", Sample(count), progress=False)
    assert (settled.agreement is not None) == known
    assert settled.session.run(photos_of(count)).shape == (count, 20)


def test_int8_without_a_photo(network):
    with pytest.raises(ModelError, match="int8 is made for photos, and there is none"):
        settle(network, "int8", empty, progress=False)


def test_a_session_of_fp32_does_not_take_the_place_of_one_in_8_bits(network):
    one = settle(network, "int8", Sample(40), progress=False)
    other = settle(network, "int8", Sample(40, first=40), progress=False)
    exact = settle(network, "fp32", never)
    sessions = {id(settled.session) for settled in (one, other, exact)}
    assert len(sessions) == len({one.key, other.key, exact.key}) == 3
    assert one.session is settle(network, "int8", Sample(40), progress=False).session


# What is kept


def test_next_weeks_photos_go_through_the_same_network(network):
    first = settle(network, "int8", Sample(40), scope="a folder", progress=False)
    assert settle(network, "int8", never, scope="a folder") == first
    assert settle(network, "int8", Sample(40, first=40), scope="another", progress=False).key != first.key


def test_without_a_scope_the_same_photos_go_through_the_same_network(network, monkeypatch):
    first = settle(network, "int8", Sample(40), progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(precision, "quantise", None)
        assert settle(network, "int8", Sample(40), progress=False) == first
    assert settle(network, "int8", Sample(40, first=40), progress=False).key != first.key


def test_what_was_decided_on_few_photos_does_not_last(network):
    first = settle(network, "int8", Sample(31), scope="a folder", progress=False)
    assert settle(network, "int8", Sample(31), scope="a folder", progress=False) == first
    assert settle(network, "int8", Sample(32), scope="a folder", progress=False).key != first.key
    settle(network, "int8", never, scope="a folder")


def test_each_network_and_wish_has_a_decision_of_its_own(tiny, bf16, tmp_path):
    settle(tiny, "auto", Sample(40), scope="a folder")
    for loaded, wish in ((tiny, "bf16"), (load_model(tiny_network(tmp_path / "other.onnx", scale=2)), "auto")):
        sample = Sample(40)
        settle(loaded, wish, sample, scope="a folder")
        assert sample.asked == 1
        settle(loaded, wish, never, scope="a folder")


def test_what_auto_decided_against_is_not_tried_again(tiny, bf16):
    bf16["error"] = 100.0
    first = settle(tiny, "auto", Sample(40), scope="a folder")
    assert settle(tiny, "auto", never, scope="a folder") == first


def test_bf16_that_was_decided_on_another_processor(tiny, bf16, monkeypatch):
    assert settle(tiny, "auto", Sample(40), scope="a folder").precision == "bf16"
    for module in (runtime, precision):
        monkeypatch.setattr(module, "has_bf16", lambda: False)
    assert settle(tiny, "auto", never, scope="a folder").precision == "fp32"


def kept():
    (path,) = (cache.cache_folder() / "precision").glob("*.json")
    return path


DAMAGE = {
    "cut off": lambda text: text[:-5],
    "empty": lambda text: "",
    "no text": lambda text: "\0\udcff",
    "a list": lambda text: "[1]",
    "deep": lambda text: "[" * 100_000,
    "newer": lambda text: text.replace('"format": 1', '"format": 2'),
    "with more in it": lambda text: text.replace('"format": 1', '"format": 1, "more": 1'),
    "with less in it": lambda text: json.dumps({**json.loads(text), "precision": None}),
    "of another folder": lambda text: text.replace("a folder", "b folder"),
    "of another precision": lambda text: text.replace('"int8"', '"fp32"'),
    "out of range": lambda text: json.dumps({**json.loads(text), "agreement": 1.5}),
    "of another kind": lambda text: json.dumps({**json.loads(text), "agreement": "1", "photos": "40"}),
    "of another network": lambda text: json.dumps({**json.loads(text), "sha256": "ab" * 32}),
    "of no network": lambda text: json.dumps({**json.loads(text), "sha256": None}),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_decision_is_made_again(network, damage):
    first = settle(network, "int8", Sample(40), scope="a folder", progress=False)
    good = kept().read_text(encoding="utf-8")
    kept().write_bytes(DAMAGE[damage](good).encode(errors="surrogateescape"))
    sample = Sample(40)
    assert settle(network, "int8", sample, scope="a folder", progress=False) == first
    assert sample.asked == 1 and kept().read_text(encoding="utf-8") == good


def test_a_missing_or_damaged_network_is_made_again(network):
    first = settle(network, "int8", Sample(40), scope="a folder", progress=False)
    content = first.loaded.path.read_bytes()
    first.loaded.path.unlink()
    assert settle(network, "int8", Sample(40), scope="a folder", progress=False) == first
    first.loaded.path.write_bytes(content[::-1])
    os.utime(first.loaded.path, (1, 1))
    assert settle(network, "int8", Sample(40), scope="a folder", progress=False) == first
    assert first.loaded.path.read_bytes() == content


def test_a_decision_that_cannot_be_kept(tiny, bf16, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PHOTOKIN_CACHE", str(tmp_path / "file"))
    for _ in range(2):
        sample = Sample(40)
        assert settle(tiny, "auto", sample, scope="a folder").precision == "bf16"
        assert sample.asked == 1


# The same as an earlier time


def test_the_same_network_again(network):
    first = settle(network, "int8", Sample(40), progress=False)
    again = settled_again(network, first.precision, first.key)
    assert (again.loaded, again.key, again.precision) == (first.loaded, first.key, "int8")
    assert np.array_equal(again.session.run(photos_of(3)), first.session.run(photos_of(3)))
    exact = settle(network, "fp32", never)
    assert settled_again(network, "fp32", exact.key).session is exact.session


def test_a_network_that_has_gone(network):
    first = settle(network, "int8", Sample(40), progress=False)
    first.loaded.path.unlink()
    with pytest.raises(ModelError, match=r"int8-.*is gone; build the model again"):
        settled_again(network, "int8", first.key)
    with pytest.raises(ModelError, match="build the model again"):
        settled_again(network, "int8", "no key of ours")


def test_a_renamed_file_is_the_same_network(network, tmp_path):
    first = settle(network, "int8", Sample(40), progress=False)
    network.path.rename(tmp_path / "renamed.onnx")
    renamed = load_model(tmp_path / "renamed.onnx")
    again = settle(renamed, "int8", Sample(40), progress=False)
    assert again.key == first.key
    assert isinstance(settled_again(renamed, "int8", first.key), Settled)
