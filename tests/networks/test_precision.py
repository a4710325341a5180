import itertools
import json
import os

import numpy as np
import onnx
import pytest

from helpers.errors import ModelError
from helpers.features.store import StoredNetwork
from helpers.files import cache, stamps
from helpers.networks import runtime
from helpers.networks.load import load_network
from helpers.networks.onnx.graph import Graph
from helpers.networks.precision import trial
from helpers.networks.precision.settle import settle
from helpers.networks.precision.settled import Settled, settled_again
from helpers.networks.precision.trial import Sample, agreement
from helpers.networks.runtime import rounded_to_bf16
from tests.support.pictures import picture, tiny_network
from tests.support.processors import KINDS


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runtime, "_sessions", {})


@pytest.fixture
def tiny(tmp_path):
    return load_network(tiny_network(tmp_path / "tiny.onnx"))


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
    return load_network(path)


def photos_of(count, first=0):
    photos = [np.asarray(picture(seed)) for seed in range(first, first + count)]
    return np.stack(photos) if photos else np.empty((0, 24, 24, 3), np.uint8)


class Photos(Sample):
    """A collection of so many photos, of which only some are there; how often they were taken, and what is kept."""

    def __init__(self, count, there=None, first=0, kept=None):
        self.photos, self.taken = photos_of(min(count, 128) if there is None else there, first), []
        super().__init__(count, self._take, None if kept is None else self._kept)
        self.features_kept = kept or {}

    def _take(self, number):
        start = sum(self.taken)
        some = self.photos[start : start + number]
        self.taken.append(len(some))
        return some

    def _kept(self, key):
        taken = sum(self.taken)
        rows = np.arange(taken if key in self.features_kept else 0)
        return rows, self.features_kept[key][: len(rows)] if len(rows) else np.empty((0, 27), np.float32)


def nobody(count=10_000):
    """A collection of which no photo may be looked at."""

    def take(_):
        raise AssertionError("no photo is needed for this")

    return Sample(count, take)


def key_of(loaded, precision):
    return f"own {loaded.identity} {precision}"


def kept_in(loaded, precision, photos=1000):
    return StoredNetwork(key_of(loaded, precision), loaded.dimension, photos)


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


def test_agreement_leaves_out_features_that_are_no_numbers():
    rows = np.random.default_rng(0).standard_normal((30, 4))
    wild = rows.copy()
    wild[3], wild[7, 1] = np.nan, np.inf
    assert agreement(rows, wild) == 1


@pytest.mark.parametrize("number", [1.0, -1.5, 3.14159265, 1e-30, 65504.0, 0.0, -0.0])
def test_numbers_are_rounded_as_bf16_rounds(number):
    near = float(rounded_to_bf16(np.array([number], np.float32))[0])
    assert abs(near - number) <= abs(number) / 256
    assert np.array([near], np.float32).view(np.uint32)[0] & 0xFFFF == 0


def test_equals_are_rounded_to_even_and_what_is_no_number_stays():
    ties = np.array([0x3F808000, 0x3F818000, 0xBF808000, 0x3F808001], np.uint32).view(np.float32)
    assert rounded_to_bf16(ties).view(np.uint32).tolist() == [0x3F800000, 0x3F820000, 0xBF800000, 0x3F810000]
    wild = np.array([np.nan, np.inf, -np.inf, 3e38], np.float32)
    assert np.array_equal(rounded_to_bf16(wild)[:3], wild[:3], equal_nan=True)


# auto, where nothing is kept


@pytest.mark.parametrize("processor", ["plain", "VNNI", "ONNX Runtime alone"], indirect=True)
def test_auto_is_fp32_where_there_is_no_bf16(tiny, processor):
    settled = settle(tiny, "auto", nobody(), scope="a folder")
    assert (settled.precision, settled.agreement, settled.note) == ("fp32", None, "fp32")
    assert settled.session.precision == "fp32" and processor.opened == ["fp32"]
    assert settled == settle(tiny, "fp32", nobody()), "the same features, the same key"


def test_auto_is_bf16_for_many_photos_whose_neighbours_stay(tiny, processor):
    sample = Photos(10_000)
    settled = settle(tiny, "auto", sample, scope="a folder")
    assert settled.precision == "bf16" and 0.98 < settled.agreement < 1, "it is rounded"
    places = "99 of 100 places among the ten nearest (64 photos)"
    assert settled.note == f"bf16, 1.5 times as fast as fp32 here: agrees with fp32 in {places}"
    assert settled.session.precision == "bf16"
    assert settled.key == settle(tiny, "bf16", Photos(40)).key != settle(tiny, "fp32", nobody()).key
    assert np.array_equal(sample.features, settled.session.run(sample.photos[:64]))


def test_what_auto_does_beside_the_photos_themselves(tiny, processor):
    """Some photos in both precisions, none twice in one, none decoded twice; one network more, and none later."""
    sample = Photos(10_000)
    assert settle(tiny, "auto", sample, scope="a folder").session
    assert processor.opened == ["fp32", "bf16"] and sample.taken == [64]
    assert {name: len(photos) for name, photos in processor.photos.items()} == {"fp32": 64, "bf16": 64, "int8": 0}
    assert len(set(processor.photos["fp32"])) == 64
    assert len(sample.features) == 64, "they need not be computed again"
    processor.become("bf16")  # another process
    del processor.opened[:]
    kept = [kept_in(tiny, "bf16", photos=10_000)]
    assert settle(tiny, "auto", nobody(), scope="a folder", kept=kept).session
    assert processor.opened == ["bf16"]


@pytest.mark.parametrize(("count", "tried"), [(0, False), (50, False), (199, False), (1000, False), (1100, True)])
def test_nothing_is_tried_below_the_photos_that_pay_for_it(tiny, processor, count, tried):
    sample = Photos(count)
    settled = settle(tiny, "auto", sample, scope="a folder")
    assert settled.precision == ("bf16" if tried else "fp32") and bool(sample.taken) == tried
    assert ("bf16" in processor.opened) == tried


@pytest.mark.parametrize(("fast", "enough"), [(0.5, 640), (0.9, 3200), (2.0, 6400)])
def test_how_many_these_are_follows_from_what_was_measured(tiny, processor, fast, enough):
    processor.pace["bf16"] = fast * processor.pace["fp32"]
    settle(tiny, "auto", Photos(10_000), scope="a folder")
    for count in (enough - 1, enough):
        sample = Photos(count)
        settle(tiny, "auto", sample, scope=f"a folder of {count}")
        assert bool(sample.taken) == (count == enough)


def test_auto_is_fp32_where_the_neighbours_do_not_stay(tiny, processor):
    processor.error = 0.5
    sample = Photos(10_000)
    settled = settle(tiny, "auto", sample, scope="a folder")
    assert (settled.precision, settled.agreement, settled.key) == ("fp32", None, settle(tiny, "fp32", nobody()).key)
    assert settled.note.startswith("fp32, since bf16 agrees with fp32 in only ")
    assert np.array_equal(sample.features, settled.session.run(sample.photos[:64])), "what was computed counts"
    asked = settle(tiny, "bf16", Photos(40))
    assert asked.precision == "bf16" and 0 < asked.agreement < 0.94


def test_auto_is_fp32_where_bf16_is_not_faster(tiny, processor):
    processor.pace["bf16"] = processor.pace["fp32"]
    settled = settle(tiny, "auto", Photos(10_000), scope="a folder")
    assert (settled.precision, settled.note) == ("fp32", "fp32, since bf16 is not faster here")


@pytest.mark.parametrize(("agreed", "taken"), [(0.94, "bf16"), (0.9399, "fp32")])
def test_94_of_100_are_enough(tiny, processor, monkeypatch, agreed, taken):
    monkeypatch.setattr("helpers.networks.precision.trial._shares", lambda *_: np.full(64, agreed))
    assert settle(tiny, "auto", Photos(10_000)).precision == taken


@pytest.mark.parametrize(("spread", "taken"), [(0.0, [64]), (0.2, [64, 64])])
def test_where_64_photos_give_no_sure_answer_there_are_64_more(tiny, processor, monkeypatch, spread, taken):
    monkeypatch.setattr(
        "helpers.networks.precision.trial._shares", lambda *_: np.tile([0.96 - spread, 0.96 + spread], 32)
    )
    sample = Photos(10_000)
    settled = settle(tiny, "auto", sample, scope="a folder")
    assert sample.taken == taken and f"({sum(taken)} photos)" in settled.note
    assert np.array_equal(sample.features, settled.session.run(sample.photos[: sum(taken)]))


def test_auto_is_fp32_where_few_photos_can_be_read(tiny, processor):
    assert settle(tiny, "auto", Photos(10_000, there=31)).precision == "fp32" and "bf16" not in processor.opened
    assert settle(tiny, "auto", Photos(10_000, there=32)).precision == "bf16"


def test_auto_is_fp32_where_nobody_knows_how_many_there_are(tiny, processor):
    assert settle(tiny, "auto", nobody(None)).precision == "fp32"


@pytest.mark.parametrize("processor", ["plain", "VNNI", "ONNX Runtime alone"], indirect=True)
def test_photos_are_not_even_counted_where_that_decides_nothing(tiny, processor):
    """Of a service they lie in a folder that may be large."""

    def count():
        raise AssertionError("it need not be known")

    assert settle(tiny, "auto", nobody(count)).precision == "fp32"
    assert settle(tiny, "auto", nobody(count), kept=[kept_in(tiny, "fp32")]).precision == "fp32"


def test_auto_is_fp32_on_a_gpu(tiny, processor):
    processor.device = "GPU"
    assert settle(tiny, "auto", nobody()).precision == "fp32"
    assert settle(tiny, "auto", nobody(), kept=[kept_in(tiny, "fp32", photos=50)]).note == "fp32"


def test_a_small_network_of_ones_own_stays_with_fp32(tiny, processor, monkeypatch):
    """Such as an autoencoder of 16 numbers, which loses by bf16 what it has."""
    monkeypatch.setattr("helpers.networks.precision.settle._SMALL", tiny.path.stat().st_size + 1)
    assert settle(tiny, "auto", nobody()).precision == "fp32"
    monkeypatch.setattr("helpers.networks.precision.settle._SMALL", tiny.path.stat().st_size)
    assert settle(tiny, "auto", Photos(10_000)).precision == "bf16"


def test_photos_that_other_folders_have_in_fp32_need_no_bf16(tiny, processor):
    there = Photos(10_000, kept={key_of(tiny, "fp32"): np.zeros((128, 27), np.float32)})
    assert settle(tiny, "auto", there).precision == "fp32" and "bf16" not in processor.opened
    there = Photos(500, kept={key_of(tiny, "bf16"): np.zeros((128, 27), np.float32)})
    settle(tiny, "auto", Photos(10_000))  # how fast it is here
    processor.pace["bf16"] = 0.01
    assert settle(tiny, "auto", there).precision == "fp32", "for so few nothing is looked at"


def test_the_network_that_is_not_taken_is_let_go(tiny, processor):
    processor.error = 0.5
    settle(tiny, "auto", Photos(10_000))
    assert [key[1] for key in runtime._sessions] == ["fp32"]
    processor.error = 0.0
    processor.become("bf16")
    settle(tiny, "auto", Photos(10_000))
    assert [key[1] for key in runtime._sessions] == ["bf16"]
    processor.become("bf16")
    settle(tiny, "auto", Photos(10_050), kept=[kept_in(tiny, "fp32", photos=50)])
    assert [key[1] for key in runtime._sessions] == ["fp32"]


def test_a_network_whose_features_are_no_numbers_stays_with_fp32(tmp_path, processor):
    wild = load_network(tiny_network(tmp_path / "wild.onnx", scale=3e38))
    settled = settle(wild, "auto", Photos(10_000), scope="a folder")
    assert settled.precision == "fp32" and "nan" not in settled.note


def test_a_store_whose_network_gives_no_numbers_is_promised_nothing(tmp_path, processor):
    wild = load_network(tiny_network(tmp_path / "wild.onnx", scale=3e38))
    for _ in range(2):  # the second time from what is remembered
        settled = settle(wild, "auto", Photos(10_050), scope="a folder", kept=[kept_in(wild, "fp32", photos=50)])
        assert settled.note == "fp32"


def test_a_photo_that_only_bf16_breaks_costs_bf16(tiny, processor, monkeypatch):
    run = processor._rounded

    def breaking(features, photos):
        rounded = run(features, photos)
        rounded[0] = np.nan
        return rounded

    monkeypatch.setattr(processor, "_rounded", breaking)
    assert settle(tiny, "auto", Photos(10_000)).precision == "fp32"


# auto, where a store has features of the network


@pytest.mark.parametrize("processor", KINDS, indirect=True)
@pytest.mark.parametrize("taken", ["fp32", "bf16"])
def test_auto_goes_on_as_the_store_began_on_every_processor(tiny, processor, taken):
    for count in (1, 100, 10_000):
        sample = Photos(count, there=0)
        settled = settle(tiny, "auto", sample, scope="a folder", kept=[kept_in(tiny, taken)])
        assert (settled.precision, settled.key) == (taken, key_of(tiny, taken))
        assert settled.session.run(photos_of(2)).shape == (2, 27)


def test_what_most_features_have_goes_before_and_of_equals_the_first(tiny, processor):
    def taken(*kept):
        return settle(tiny, "auto", Photos(10), kept=[kept_in(tiny, *each) for each in kept]).precision

    assert taken(("fp32", 50), ("bf16", 10_050)) == "bf16", "once a person has said precision='bf16'"
    assert taken(("fp32", 50), ("bf16", 49)) == "fp32"
    assert taken(("fp32", 50), ("bf16", 50)) == "fp32"
    assert taken(("bf16", 50), ("fp32", 50)) == "bf16"
    assert taken(("bf16", 0)) == "fp32"


def test_features_of_another_network_say_nothing(tiny, processor, tmp_path):
    other = load_network(tiny_network(tmp_path / "other.onnx", scale=2))
    assert settle(tiny, "auto", Photos(10), kept=[kept_in(other, "bf16")]).precision == "fp32"


def test_a_store_in_int8_goes_on_as_long_as_its_network_is_there(network, processor):
    first = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    kept = [StoredNetwork(first.key, 20, 40), kept_in(network, "fp32", photos=3)]
    again = settle(network, "auto", nobody(), scope="a folder", kept=kept)
    assert again == first
    assert settle(network, "auto", nobody(), scope="another", kept=kept).key == first.key
    first.loaded.path.unlink()
    assert settle(network, "auto", Photos(10), scope="a folder", kept=kept).precision == "fp32"


def test_a_note_says_again_how_well_it_agrees(tiny, processor):
    first = settle(tiny, "auto", Photos(10_000), scope="a folder")
    kept = [kept_in(tiny, "bf16")]
    assert settle(tiny, "auto", nobody(), scope="a folder", kept=kept) == first
    elsewhere = settle(tiny, "auto", nobody(), scope="another", kept=kept)
    assert (elsewhere.key, elsewhere.note) == (first.key, "bf16, as the features that are kept here")


def test_what_was_tried_in_vain_is_not_tried_again(tiny, processor):
    processor.error = 0.5
    first = settle(tiny, "auto", Photos(10_000), scope="a folder")
    again = settle(tiny, "auto", nobody(), scope="a folder", kept=[kept_in(tiny, "fp32")])
    assert again == first


def test_a_store_that_began_small_says_what_bf16_would_save(tiny, processor):
    sample = Photos(10_050)
    settled = settle(tiny, "auto", sample, scope="a folder", kept=[kept_in(tiny, "fp32", photos=50)])
    assert settled.key == key_of(tiny, "fp32")
    assert settled.note == (
        "fp32, as the 50 features that are kept here. precision='bf16' would compute all 10050 photos in about "
        "3 minutes, where the new ones alone take 4 minutes in fp32; it agrees with fp32 in 99 of 100 places among "
        "the ten nearest (64 photos)"
    )
    assert np.array_equal(sample.features, settled.session.run(sample.photos[:64])), "in fp32, and they count"
    assert settle(tiny, "auto", nobody(10_050), scope="a folder", kept=[kept_in(tiny, "fp32", photos=50)]) == settled
    few = settle(tiny, "auto", nobody(), scope="a folder", kept=[kept_in(tiny, "fp32", photos=9_900)])
    assert few.note == "fp32", "for so few photos it would save nothing"


@pytest.mark.parametrize("fault", ["error", "pace"])
def test_it_says_nothing_where_bf16_would_be_no_good(tiny, processor, fault):
    if fault == "error":
        processor.error = 0.5
    else:
        processor.pace["bf16"] = processor.pace["fp32"]
    for _ in range(2):  # the second time from what is remembered
        settled = settle(tiny, "auto", Photos(10_050), scope="a folder", kept=[kept_in(tiny, "fp32", photos=50)])
        assert settled.precision == "fp32" and "would" not in settled.note


@pytest.mark.parametrize("kind", ["plain", "VNNI", "ONNX Runtime alone"])
def test_a_store_in_bf16_on_a_processor_without_it(tiny, processor, kind):
    kept = [kept_in(tiny, "bf16")]
    on_bf16 = settle(tiny, "auto", nobody(), kept=kept).session.run(photos_of(128))
    processor.become(kind)
    sample = Photos(10_000, kept={key_of(tiny, "bf16"): on_bf16})
    settled = settle(tiny, "auto", sample, scope="a folder", kept=kept)
    assert settled.key == kept[0].key and settled.is_rounded
    assert settled.note == (
        "bf16, as the features that are kept here; this processor has no bf16: photos are computed in fp32 and "
        "rounded as bf16 rounds, which agrees with them in 100 of 100 places among the ten nearest (64 photos)"
    )
    photos = photos_of(5)
    exact = settle(tiny, "fp32", nobody()).session.run(photos)
    assert np.array_equal(settled.session.run(photos), rounded_to_bf16(exact))
    assert settle(tiny, "auto", nobody(), scope="a folder", kept=kept) == settled, "it is measured once"
    processor.become("bf16")
    assert not settle(tiny, "auto", nobody(), scope="a folder", kept=kept).is_rounded


def test_a_model_in_bf16_is_opened_without_it_too(tiny, processor):
    settled = settle(tiny, "bf16", Photos(40))
    processor.become("plain")
    again = settled_again(tiny, "bf16", settled.key)
    assert again.is_rounded and "this processor has no bf16" in again.note
    assert np.allclose(again.session.run(photos_of(3)), settled.session.run(photos_of(3)), rtol=0.01)


# bf16 by hand


@pytest.mark.parametrize(("count", "agreed"), [(0, None), (1, None), (2, 1), (5, 1)])
def test_bf16_for_few_photos(tiny, processor, count, agreed):
    settled = settle(tiny, "bf16", Photos(count), scope="a folder")
    assert (settled.precision, settled.agreement) == ("bf16", agreed)
    assert settled.note.startswith("bf16: too few" if agreed is None else "bf16: agrees")
    if count == 5:
        assert "among the 4 nearest (5 photos)" in settled.note


@pytest.mark.parametrize(
    ("processor", "why"),
    [("plain", "this processor has no bf16"), ("ONNX Runtime alone", "needs OpenVINO on an x86 processor")],
    indirect=["processor"],
)
def test_bf16_by_hand_where_the_processor_has_none(tiny, processor, why):
    with pytest.raises(ModelError, match=f"{why}; take precision='fp32'"):
        settle(tiny, "bf16", nobody())


def test_precisions_there_are_not(tiny):
    for name in ("fp8", "", None):
        with pytest.raises(ModelError, match="is not known; there are auto, fp32, bf16, int8"):
            settle(tiny, name, nobody())


# int8


def test_int8_is_made_for_the_photos(network):
    settled = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    assert settled.precision == settled.session.precision == "int8" and 0.8 < settled.agreement <= 1
    places = f"{100 * settled.agreement:.0f} of 100 places"
    assert settled.note == f"int8: agrees with fp32 in {places} among the ten nearest (40 photos)"
    assert settled.key == f"own {network.identity} int8 {stamps.sha256(settled.loaded.path)}"
    assert settled.loaded.path.parent == cache.cache_folder() / "networks"


def test_the_agreement_is_that_of_the_features(network):
    settled = settle(network, "int8", Photos(40), progress=False)
    exact = settle(network, "fp32", nobody()).session.run(photos_of(40))
    assert settled.agreement == agreement(exact, settled.session.run(photos_of(40)))


@pytest.mark.parametrize(("count", "known"), [(1, False), (2, True), (11, True)])
def test_int8_for_few_photos(network, count, known):
    settled = settle(network, "int8", Photos(count), progress=False)
    assert (settled.agreement is not None) == known
    assert settled.session.run(photos_of(count)).shape == (count, 20)


def test_int8_without_a_photo(network):
    with pytest.raises(ModelError, match="int8 is calibrated with photos, and none can be read"):
        settle(network, "int8", Photos(0), progress=False)


def test_a_session_of_fp32_does_not_take_the_place_of_one_in_8_bits(network):
    one = settle(network, "int8", Photos(40), progress=False)
    other = settle(network, "int8", Photos(40, first=40), progress=False)
    exact = settle(network, "fp32", nobody())
    sessions = {id(settled.session) for settled in (one, other, exact)}
    assert len(sessions) == len({one.key, other.key, exact.key}) == 3
    assert one.session is settle(network, "int8", Photos(40), progress=False).session


@pytest.mark.parametrize("processor", ["VNNI", "bf16", "plain"], indirect=True)
def test_int8_says_how_much_faster_it_is(network, processor):
    settled = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    assert settled.precision == "int8"
    assert settled.note.startswith("int8, 3.0 times as fast as fp32 here: agrees with fp32 in ")
    assert settle(network, "int8", nobody(), scope="a folder") == settled


@pytest.mark.parametrize("processor", ["plain", "ONNX Runtime alone"], indirect=True)
@pytest.mark.parametrize("pace", [0.96, 1, 2])
def test_int8_is_not_taken_where_it_is_not_faster(network, processor, pace):
    """It costs some agreement, and would give nothing for it; which is known from then on."""
    processor.pace["int8"] = pace * processor.pace["fp32"]
    photos = Photos(40)
    settled = settle(network, "int8", photos, scope="a folder", progress=False)
    assert (settled.precision, settled.agreement) == ("fp32", None)
    assert settled.note == "fp32, since int8 is not faster here"
    assert settled.key == settle(network, "fp32", nobody()).key
    assert np.array_equal(photos.features, settled.session.run(photos.photos)), "nothing is computed again"
    assert settle(network, "int8", nobody(), scope="a folder") == settled
    assert settle(network, "int8", nobody(), scope="another folder") == settled


def test_on_a_busy_machine_int8_is_judged_by_its_own_work(network, processor, monkeypatch):
    """Whatever else runs makes people wait, and here most while int8 has its turn; the processor's time stays."""
    later = (float(turn**3) for turn in itertools.count())
    monkeypatch.setattr(trial.time, "perf_counter", lambda: next(later))
    assert settle(network, "int8", Photos(40), progress=False).note.startswith("int8, 3.0 times as fast as fp32 here")


def test_of_few_photos_or_of_a_small_network_the_pace_is_not_known(network, processor):
    processor.pace["int8"] = 2 * processor.pace["fp32"]
    assert settle(network, "int8", Photos(31), progress=False).precision == "int8"
    processor.become("plain")
    settle_module = "helpers.networks.precision.settle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{settle_module}._SMALL", 1_000_000)
        assert settle(network, "int8", Photos(40), progress=False).precision == "int8"


# What is kept


def test_next_weeks_photos_go_through_the_same_network(network):
    first = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    assert settle(network, "int8", nobody(), scope="a folder") == first
    assert settle(network, "int8", Photos(40, first=40), scope="another", progress=False).key != first.key


def test_without_a_scope_the_same_photos_go_through_the_same_network(network, monkeypatch):
    first = settle(network, "int8", Photos(40), progress=False)
    with monkeypatch.context() as patch:
        patch.setattr("helpers.networks.precision.settle.quantise", None)
        assert settle(network, "int8", Photos(40), progress=False) == first
    assert settle(network, "int8", Photos(40, first=40), progress=False).key != first.key


def test_what_was_decided_on_few_photos_does_not_last(network):
    first = settle(network, "int8", Photos(31), scope="a folder", progress=False)
    assert settle(network, "int8", Photos(31), scope="a folder", progress=False) == first
    assert settle(network, "int8", Photos(32), scope="a folder", progress=False).key != first.key
    settle(network, "int8", nobody(), scope="a folder")


def kept():
    (path,) = (cache.cache_folder() / "precision").glob("*.json")
    return path


DAMAGE = {
    "cut off": lambda text: text[:-5],
    "empty": lambda text: "",
    "no text": lambda text: "\0\udcff",
    "a list": lambda text: "[1]",
    "deep": lambda text: "[" * 100_000,
    "newer": lambda text: text.replace('"format": 2', '"format": 3'),
    "with more in it": lambda text: text.replace('"format": 2', '"format": 2, "more": 1'),
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
    first = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    good = kept().read_text(encoding="utf-8")
    kept().write_bytes(DAMAGE[damage](good).encode(errors="surrogateescape"))
    sample = Photos(40)
    assert settle(network, "int8", sample, scope="a folder", progress=False) == first
    assert sample.taken and kept().read_text(encoding="utf-8") == good


def test_a_missing_or_damaged_network_is_made_again(network):
    first = settle(network, "int8", Photos(40), scope="a folder", progress=False)
    content = first.loaded.path.read_bytes()
    first.loaded.path.unlink()
    assert settle(network, "int8", Photos(40), scope="a folder", progress=False) == first
    first.loaded.path.write_bytes(content[::-1])
    os.utime(first.loaded.path, (1, 1))
    assert settle(network, "int8", Photos(40), scope="a folder", progress=False) == first
    assert first.loaded.path.read_bytes() == content


def test_a_decision_that_cannot_be_kept(tiny, processor, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "file"))
    for _ in range(2):
        sample = Photos(10_000)
        assert settle(tiny, "auto", sample, scope="a folder").precision == "bf16"
        assert sample.taken == [64]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"fp32": 0.0, "bf16": 1.0}', "\0"])
def test_a_damaged_pace_is_measured_again(tiny, processor, text):
    settle(tiny, "auto", Photos(10_000))
    good = kept().read_text(encoding="utf-8")
    kept().write_text(text, encoding="utf-8")
    assert settle(tiny, "auto", Photos(10_000)).precision == "bf16"
    assert kept().read_text(encoding="utf-8") == good


# The same as an earlier time


def test_the_same_network_again(network):
    first = settle(network, "int8", Photos(40), progress=False)
    again = settled_again(network, first.precision, first.key)
    assert (again.loaded, again.key, again.precision) == (first.loaded, first.key, "int8")
    assert np.array_equal(again.session.run(photos_of(3)), first.session.run(photos_of(3)))
    exact = settle(network, "fp32", nobody())
    assert settled_again(network, "fp32", exact.key).session is exact.session


def test_a_network_that_has_gone(network):
    first = settle(network, "int8", Photos(40), progress=False)
    first.loaded.path.unlink()
    with pytest.raises(ModelError, match=r"int8-.*is gone; build the model again"):
        settled_again(network, "int8", first.key)
    with pytest.raises(ModelError, match="build the model again"):
        settled_again(network, "int8", "no key of ours")


def test_a_renamed_file_is_the_same_network(network, tmp_path):
    first = settle(network, "int8", Photos(40), progress=False)
    network.path.rename(tmp_path / "renamed.onnx")
    renamed = load_network(tmp_path / "renamed.onnx")
    again = settle(renamed, "int8", Photos(40), progress=False)
    assert again.key == first.key
    assert isinstance(settled_again(renamed, "int8", first.key), Settled)


def test_where_nearly_all_are_kept_no_engine_is_asked_what_it_can_do(tiny, processor, monkeypatch):
    """It would be imported for that, which takes longer than reading ten thousand features."""
    monkeypatch.setattr(runtime, "capabilities", lambda: pytest.fail("the engine is asked"))
    monkeypatch.setattr(runtime, "import_openvino", lambda: pytest.fail("the engine is imported"))
    assert settle(tiny, "auto", nobody(), scope="a folder", kept=[kept_in(tiny, "fp32", photos=9_900)]).note == "fp32"


def test_for_a_small_folder_no_engine_is_asked_what_it_can_do(tiny, processor, monkeypatch):
    """All of its features may be known from other folders."""
    monkeypatch.setattr(runtime, "capabilities", lambda: pytest.fail("the engine is asked"))
    monkeypatch.setattr(runtime, "import_openvino", lambda: pytest.fail("the engine is imported"))
    assert settle(tiny, "auto", Photos(199), scope="a folder").precision == "fp32"
