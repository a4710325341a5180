import contextlib
import os
import sqlite3
import threading
import time
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import helpers.features.embedding
import helpers.features.pipeline
import helpers.networks.runtime
from helpers import tc
from helpers.errors import FrameError, ModelError, StoreError
from helpers.features.embedding import embed
from helpers.files import stamps
from helpers.frames.images import image_array
from helpers.images.decode import READING
from helpers.networks.load import load_network
from helpers.photos.load import load_photos
from tests.support.pictures import TINY, encoded, folder_of, picture, tiny_network


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return load_network(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos", ending="png")


@pytest.fixture
def paths(folder):
    return sorted(folder.rglob("*.png"))


def vectors_of(photos, model, **options):
    return embed(photos, model, progress=False, **options).vectors


def test_features_are_those_of_the_photos_in_their_order(network):
    photos = [encoded(picture(seed)) for seed in range(5)]
    done = embed(photos, network, progress=False)
    assert done.vectors.dtype == np.float32 and done.vectors.shape == (5, TINY)
    assert done.rows.tolist() == [0, 1, 2, 3, 4] and done.bad == []
    for seed, vector in enumerate(done.vectors):
        fields = np.asarray(picture(seed)).reshape(3, 8, 3, 8, 3).mean(axis=(1, 3)) / 255
        np.testing.assert_allclose(vector.reshape(3, 3, 3), fields.transpose(2, 0, 1), atol=1e-5)


def test_it_does_not_matter_how_a_photo_is_given(paths, folder, network):
    wanted = vectors_of(paths, network)
    images = load_photos(folder, progress=False)[0].sort("path")["image"]
    in_order = sorted(paths, key=lambda path: path.relative_to(folder).as_posix())
    assert np.array_equal(vectors_of(in_order, network), vectors_of(images, network))
    for photos in (
        [str(path) for path in paths],
        [path.read_bytes() for path in paths],
        (path for path in paths),
        tuple(paths),
    ):
        assert np.array_equal(vectors_of(photos, network), wanted)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_a_feature_does_not_depend_on_the_batch(paths, network, batch_size):
    wanted = vectors_of(paths, network)
    assert np.array_equal(vectors_of(paths, network, batch_size=batch_size), wanted)
    assert np.array_equal(np.concatenate([vectors_of([path], network) for path in paths]), wanted)
    assert np.array_equal(vectors_of(paths[::-1], network, batch_size=batch_size)[::-1], wanted)


def test_nor_does_it_with_a_real_network(paths):
    model = load_network("efficientnet-lite0")
    wanted = vectors_of(paths, model)
    assert wanted.shape == (6, 1280)
    assert np.array_equal(vectors_of(paths, model, batch_size=2), wanted)
    assert np.array_equal(vectors_of(paths[4:5], model), wanted[4:5])


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_a_bad_photo_costs_only_itself(paths, tmp_path, network, batch_size):
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    photos = [None, paths[0], tmp_path / "gone.jpg", paths[1], tmp_path / "half.jpg", b"", paths[2], None]
    done = embed(photos, network, batch_size=batch_size, progress=False)
    assert done.rows.tolist() == [1, 3, 6]
    assert np.array_equal(done.vectors, vectors_of(paths[:3], network))
    assert [row for row, _ in done.bad] == [0, 2, 4, 5, 7]
    assert done.bad[0][1] == "there is no photo in this row" and done.bad[1][1] == "no such file"
    assert done.timings["photos"] == 3


def test_nothing_to_do(network):
    done = embed([], network, progress=False)
    assert done.vectors.shape == (0, TINY) and done.vectors.dtype == np.float32
    assert done.rows.shape == (0,) and done.bad == []
    assert embed([None], network, progress=False).vectors.shape == (0, TINY)


def test_missing_rows_of_a_frame(folder, network):
    images = list(load_photos(folder, progress=False)[0]["image"])
    done = embed(image_array([images[0], None, images[1]]), network, progress=False)
    assert done.rows.tolist() == [0, 2]


def test_an_empty_image_is_a_bad_photo(paths, network):
    done = embed([tc.Image(), paths[0]], network, progress=False)
    assert done.rows.tolist() == [1] and len(done.bad) == 1


def test_features_that_are_no_numbers_are_no_features(paths, tmp_path):
    wild = load_network(tiny_network(tmp_path / "wild.onnx", scale=3e38))
    black = tmp_path / "black.png"
    picture(0).point(lambda _: 0).save(black)
    done = embed([paths[0], black, paths[1]], wild, progress=False)
    assert done.rows.tolist() == [1] and not done.vectors.any()
    assert done.bad == [(0, "its features are not finite numbers"), (2, "its features are not finite numbers")]


def test_what_is_no_photo_is_told(network):
    with pytest.raises(FrameError, match="a photo is an Image, a path or bytes, not int"):
        embed([5], network, progress=False)
    with pytest.raises(FrameError, match="batch_size is a whole number"):
        embed([], network, batch_size=0)
    with pytest.raises(ModelError, match="precision='fp8'"):
        embed([], network, precision="fp8")


def test_few_decoded_photos_are_in_memory(paths, network, monkeypatch):
    decoded, taken, most = [], [0], [0]
    decode, computed = helpers.features.pipeline.open_sized, helpers.networks.runtime.Session.run

    def counting(*values, **named):
        decoded.append(1)
        return decode(*values, **named)

    def taking(self, photos):
        most[0] = max(most[0], len(decoded) - taken[0])
        taken[0] += len(photos)
        return computed(self, photos)

    monkeypatch.setattr(helpers.features.pipeline, "open_sized", counting)
    monkeypatch.setattr(helpers.networks.runtime.Session, "run", taking)
    embed(paths * 50, network, batch_size=4, progress=False)
    assert len(decoded) == 300
    assert 4 <= most[0] <= 4 * 4


def test_slow_photos_do_not_wait_for_a_whole_batch(paths, network, monkeypatch):
    sizes, computed = [], helpers.networks.runtime.Session.run

    def counting(self, photos):
        sizes.append(len(photos))
        return computed(self, photos)

    monkeypatch.setattr(helpers.features.pipeline, "_LONGEST", 0.0)
    monkeypatch.setattr(helpers.networks.runtime.Session, "run", counting)
    embed(paths, network, progress=False)
    assert sizes == [1] * 6


def test_an_interrupt_leaves_no_threads_and_no_work(paths, network, monkeypatch):
    decoded = []
    decode = helpers.features.pipeline.open_sized

    def counting(*values, **named):
        decoded.append(1)
        return decode(*values, **named)

    def interrupted(self, batch):
        raise KeyboardInterrupt

    monkeypatch.setattr(helpers.features.pipeline, "open_sized", counting)
    monkeypatch.setattr(helpers.features.embedding._Embedding, "take", interrupted)
    with pytest.raises(KeyboardInterrupt) as held:  # the notebook holds on to the error, and to its frames
        embed(paths * 100, network, batch_size=2, progress=False)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]
    assert len(decoded) < 50
    assert held.traceback
    monkeypatch.undo()
    assert len(vectors_of(paths, network)) == 6


def test_what_fails_in_the_network_is_told(paths, network, monkeypatch):
    def failing(self, photos):
        raise ModelError("the network has failed")

    monkeypatch.setattr(helpers.networks.runtime.Session, "run", failing)
    with pytest.raises(ModelError, match="the network has failed"):
        embed(paths, network, progress=False)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_the_bar_is_quiet_when_it_is_told_to_be(paths, network, capfd):
    embed(paths, network, progress=False)
    assert capfd.readouterr() == ("", "")


# With a store


@pytest.fixture
def store(tmp_path):
    return tmp_path / "features.kinframe"


@pytest.fixture
def computed(monkeypatch):
    """How many photos went through the network."""
    calls, run = [], helpers.networks.runtime.Session.run

    def counting(self, photos):
        calls.extend(photos)
        return run(self, photos)

    monkeypatch.setattr(helpers.networks.runtime.Session, "run", counting)
    return calls


def test_nothing_is_computed_twice(paths, network, store, computed):
    first = embed(paths, network, progress=False, store=store)
    assert len(computed) == 6 and first.timings["kept"] == 0
    second = embed(paths, network, progress=False, store=store)
    assert len(computed) == 6 and second.timings["kept"] == 6
    without = vectors_of(paths, network)
    assert np.array_equal(first.vectors, without) and np.array_equal(second.vectors, without)
    assert first.identities == second.identities and first.sources == second.sources == [str(path) for path in paths]


def test_next_weeks_photos_are_all_that_is_waited_for(paths, network, store, computed):
    embed(paths[:4], network, progress=False, store=store)
    del computed[:]
    done = embed(paths[::-1], network, progress=False, store=store)
    assert len(computed) == 2 and done.timings["kept"] == 4
    assert np.array_equal(done.vectors, vectors_of(paths[::-1], network))


def test_a_renamed_photo_is_recognised_and_a_changed_one_is_not(paths, network, store, computed, tmp_path):
    before = embed(paths, network, progress=False, store=store)
    moved = tmp_path / "elsewhere" / "other name.png"
    moved.parent.mkdir()
    paths[0].rename(moved)
    picture(77).save(paths[1])
    del computed[:]
    done = embed([moved, *paths[1:]], network, progress=False, store=store)
    assert len(computed) == 1
    assert np.array_equal(done.vectors[[0, 2, 3, 4, 5]], before.vectors[[0, 2, 3, 4, 5]])
    assert np.array_equal(done.vectors[1:2], vectors_of([paths[1]], network))


def test_a_photo_that_changes_in_secret_is_computed_again(paths, network, store, monkeypatch):
    """The same size, and the time of change set back: only the time that no program can set tells."""
    monkeypatch.setattr(stamps, "_SETTLED", 0)
    picture(0).save(paths[0], "BMP")
    embed(paths, network, progress=False, store=store)
    status = paths[0].stat()
    time.sleep(0.02)  # longer than a tick of the file system's clock
    picture(1).save(paths[0], "BMP")
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert paths[0].stat().st_size == status.st_size
    done = embed(paths, network, progress=False, store=store)
    assert np.array_equal(done.vectors[:1], vectors_of([encoded(picture(1))], network))


def test_an_unchanged_file_is_not_even_read(paths, network, store, monkeypatch):
    monkeypatch.setattr(stamps, "_SETTLED", 0)
    time.sleep(0.02)
    embed(paths, network, progress=False, store=store)
    monkeypatch.setattr(stamps, "_hashed", {})  # as in another process
    monkeypatch.setattr(helpers.features.pipeline, "read_photo", None)
    assert embed(paths, network, progress=False, store=store).timings["kept"] == 6


def test_files_of_just_now_are_read_again(paths, network, store, monkeypatch):
    embed(paths, network, progress=False, store=store)
    monkeypatch.setattr(helpers.features.pipeline, "read_photo", None)
    with pytest.raises(TypeError):
        embed(paths, network, progress=False, store=store)


def test_copies_are_known_by_their_bytes(paths, network, store, computed):
    embed([path.read_bytes() for path in paths], network, progress=False, store=store)
    del computed[:]
    done = embed(paths, network, progress=False, store=store, batch_size=2)
    assert not computed and done.timings["kept"] == 6


def test_a_photo_that_is_there_twice(paths, network, store, computed):
    done = embed([*paths, *paths], network, progress=False, store=store, batch_size=1)
    assert np.array_equal(done.vectors[:6], done.vectors[6:]) and len(computed) < 12


def test_bad_photos_are_never_kept(paths, network, store, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff")
    for _ in range(2):
        done = embed([paths[0], bad, None, paths[1]], network, progress=False, store=store)
        assert done.rows.tolist() == [0, 3] and [row for row, _ in done.bad] == [1, 2]


def test_networks_and_precisions_do_not_mix(paths, network, store, tmp_path):
    other = load_network(tiny_network(tmp_path / "other.onnx", scale=2.0))
    embed(paths, network, progress=False, store=store)
    done = embed(paths, other, progress=False, store=store)
    assert done.timings["kept"] == 0
    np.testing.assert_allclose(done.vectors, 2 * vectors_of(paths, network), rtol=1e-5)


def test_a_store_that_may_not_be_written_serves_what_it_has(paths, network, store, monkeypatch):
    embed(paths[:5], network, progress=False, store=store)
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)
    assert embed(paths[:5], network, progress=False, store=store).timings["kept"] == 5
    with pytest.raises(StoreError, match=r"may be read, not written.*store=False"):
        embed(paths, network, progress=False, store=store)


def test_where_the_time_went(paths, network, store):
    timings = embed(paths, network, progress=False, store=store).timings
    assert timings["photos"] == 6 and timings["seconds"] >= timings["prepare"] >= 0
    assert {"kept", "photos_per_second", "read", "decode", "network", "write"} <= set(timings)
    assert all(timings[name] > 0 for name in ("read", "decode", "network", "write", "photos_per_second"))


def test_a_photo_from_outside_is_compared_with_what_was_settled(paths, network):
    settled = embed(paths, network, progress=False).settled
    assert np.array_equal(vectors_of(paths, settled), vectors_of(paths, network))


@pytest.mark.parametrize("length", [3, 2 * TINY])
def test_features_of_another_length_in_somebodys_store_are_not_taken(paths, network, store, length):
    embed(paths, network, progress=False, store=store)
    with contextlib.closing(sqlite3.connect(str(store))) as connection, connection:
        for photo, vector in connection.execute("SELECT photo, vector FROM features").fetchall():
            other = (vector * 2)[: 4 * length]
            changed = other, zlib.crc32(photo + other), photo
            connection.execute("UPDATE features SET vector = ?, checksum = ? WHERE photo = ?", changed)
        connection.execute("UPDATE networks SET dimension = ?", (length,))
    with pytest.raises(StoreError, match=f"it has {length} numbers for a photo by this network, which gives {TINY}"):
        embed(paths, network, progress=False, store=store)


def test_what_another_store_has_is_taken_from_there(paths, network, store, computed, tmp_path):
    other = tmp_path / "card.kinframe"
    before = embed(paths[:4], network, progress=False, store=other)
    del computed[:]
    for _ in range(2):  # the second time without it
        done = embed(paths[::-1], network, progress=False, store=store, others=[other])
        assert np.array_equal(done.vectors[::-1][:4], before.vectors)
        assert len(computed) == 2
        assert done.timings["kept"] >= 4
        other.unlink(missing_ok=True)
        other = tmp_path / "empty.kinframe"


STALE = {  # photos that were read otherwise once
    "grey of 16 bits.png": Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)),
    "fractions.tif": Image.fromarray(np.linspace(-3, 4, 600, dtype=np.float32).reshape(20, 30)),
    "transparent.png": picture(1).convert("RGBA"),
    "transparent grey.png": picture(2).convert("LA"),
    "palette.gif": picture(3).quantize(),
}
FINE = {"a.JPG": picture(4), "b.jpeg": picture(5), "colour.png": picture(6), "grey.png": picture(7).convert("L")}


@pytest.fixture
def kept_long_ago(tmp_path, network, store):
    """Photos of all kinds, and a store of an older Kinframe, of whose features nothing is right."""
    files = [tmp_path / name for name in sorted({**STALE, **FINE})]
    for file in files:
        options = {"transparency": 0} if file.suffix == ".gif" else {}
        {**STALE, **FINE}[file.name].save(file, **options)
    embed(files, network, progress=False, store=store)
    with contextlib.closing(sqlite3.connect(str(store))) as connection, connection:
        zero = np.zeros(TINY, "<f4").tobytes()
        photos = connection.execute("SELECT photo FROM features").fetchall()
        new = [(zero, zlib.crc32(photo + zero), photo) for (photo,) in photos]
        connection.executemany("UPDATE features SET vector = ?, checksum = ? WHERE photo = ?", new)
        connection.execute(f"DROP TABLE IF EXISTS doubted_{READING}")
    return files


@pytest.mark.parametrize("given", ["unchanged files", "files of just now", "bytes", "from another store"])
def test_what_was_kept_before_photos_were_read_otherwise(kept_long_ago, network, store, computed, monkeypatch, given):
    if given == "unchanged files":
        monkeypatch.setattr(stamps, "_SETTLED", 0)
        time.sleep(0.02)  # longer than a tick of the file system's clock
    files = kept_long_ago
    places = {"store": store} if given != "from another store" else {"store": store.with_name("new"), "others": [store]}
    photos = [path.read_bytes() for path in files] if given == "bytes" else files
    wanted = vectors_of(files, network)
    twin = [path.name for path in files].index("fractions.tif")
    for times in range(2):
        del computed[:]
        done = embed([*photos, photos[twin]], network, progress=False, batch_size=2, **places)
        assert done.bad == [] and done.rows.tolist() == list(range(len(files) + 1))
        is_new = (done.vectors[:-1] != 0).any(axis=1)
        assert [path.name for path, new in zip(files, is_new) if new] == sorted(STALE)
        assert np.array_equal(done.vectors[:-1][is_new], wanted[is_new])
        assert np.array_equal(done.vectors[-1], done.vectors[twin])
        assert len(computed) == 0 if times else len(STALE) <= len(computed) <= len(STALE) + 1


def test_other_networks_features_of_such_photos_go_too(kept_long_ago, network, store, tmp_path):
    second = load_network(tiny_network(tmp_path / "second.onnx", scale=0.5))
    embed(kept_long_ago, second, progress=False, store=store)
    embed(kept_long_ago, network, progress=False, store=store)
    for each in (network, second):
        done = embed(kept_long_ago, each, progress=False, store=store)
        is_right = [path.name in STALE or each is second for path in kept_long_ago]
        assert np.array_equal(done.vectors[is_right], vectors_of(kept_long_ago, each)[is_right])
    assert embed(kept_long_ago, network, progress=False, store=store).timings["kept"] == len(kept_long_ago)


def test_a_damaged_store_of_others_costs_nothing_but_time(paths, network, store, tmp_path):
    (tmp_path / "damaged.kinframe").write_bytes(b"nothing" * 1000)
    done = embed(paths, network, progress=False, store=store, others=[tmp_path / "damaged.kinframe"])
    assert len(done.rows) == 6 and done.timings["kept"] == 0


# With a precision that is tried on some of the photos


@pytest.fixture
def many(tmp_path):
    return sorted(folder_of(tmp_path / "many", count=40, ending="png").rglob("*.png"))


@pytest.fixture
def decoded(monkeypatch):
    """How many photos were decoded."""
    calls, decode = [], helpers.features.pipeline.open_sized

    def counting(*values, **named):
        calls.append(1)
        return decode(*values, **named)

    monkeypatch.setattr(helpers.features.pipeline, "open_sized", counting)
    return calls


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(("error", "taken", "left"), [(0.0, "bf16", "fp32"), (5.0, "fp32", "bf16")])
def test_what_is_tried_counts(many, network, processor, store, decoded, kept, error, taken, left):
    """Each photo is decoded once, and goes once through the network that is taken; some through the other one too."""
    processor.try_for(12)
    processor.error = error
    done = embed(many, network, progress=False, store=store if kept else None)
    assert done.settled.precision == taken and done.rows.tolist() == list(range(40))
    assert sorted(processor.photos[taken]) == sorted(set(processor.photos[taken])) and len(decoded) == 40
    assert (len(processor.photos[taken]), len(processor.photos[left])) == (40, 12)
    assert sorted(processor.opened) == ["bf16", "fp32"]
    wanted = embed(many, done.settled, progress=False)
    assert np.array_equal(done.vectors, wanted.vectors) and done.identities == wanted.identities
    assert done.timings["photos"] == 40 and done.timings["kept"] == 0


def test_the_second_time_nothing_is_tried_nor_opened(many, network, processor, store):
    processor.try_for(12)
    first = embed(many, network, progress=False, store=store)
    processor.become("bf16")
    del processor.opened[:]
    again = embed(many, network, progress=False, store=store)
    assert again.settled == first.settled and np.array_equal(again.vectors, first.vectors)
    assert again.timings["kept"] == 40 and not processor.opened
    picture(99).save(many[0].parent / "new.png")
    more = embed([*many, many[0].parent / "new.png"], network, progress=False, store=store)
    assert more.settled.key == first.settled.key and processor.opened == ["bf16"]


def test_photos_that_cannot_be_read_are_not_tried(many, network, processor, store, decoded):
    processor.try_for(12)
    for path in many[::3]:
        path.write_bytes(b"\xff\xd8\xff")
    done = embed(many, network, progress=False, store=store)
    assert done.settled.precision == "bf16" and len(done.rows) == 26 and len(done.bad) == 14
    assert {row for row, _ in done.bad} == set(range(0, 40, 3))
    assert len(processor.photos["fp32"]) == 12 and len(processor.photos["bf16"]) == 26


def test_a_photo_that_is_there_twice_is_tried_once(many, network, processor, store):
    processor.try_for(12)
    done = embed([*many, *many], network, progress=False, store=store)
    assert np.array_equal(done.vectors[:40], done.vectors[40:]) and done.settled.precision == "bf16"


@pytest.mark.parametrize("kind", ["plain", "VNNI", "ONNX Runtime alone"])
def test_a_store_that_moves_to_a_processor_without_bf16(many, network, processor, store, kind):
    processor.try_for(12)
    first = embed(many[:30], network, progress=False, store=store)
    processor.become(kind)
    done = embed(many, network, progress=False, store=store)
    assert done.settled.key == first.settled.key and done.timings["kept"] == 30
    assert "this processor has no bf16" in done.settled.note and "(12 photos)" in done.settled.note
    assert np.array_equal(done.vectors[:30], first.vectors)


def test_a_store_that_began_small_stays_in_fp32(many, network, processor, store):
    embed(many[:2], network, progress=False, store=store)
    processor.try_for(12)
    done = embed(many, network, progress=False, store=store)
    assert done.settled.precision == "fp32" and done.timings["kept"] == 2
    assert "precision='bf16' would compute all 40 photos" in done.settled.note
    assert len(processor.photos["fp32"]) == 41, "those that were tried count; one of them was kept already"
    by_hand = embed(many, network, precision="bf16", progress=False, store=store)
    picture(99).save(many[0].parent / "new.png")
    more = [*many, many[0].parent / "new.png"]
    embed(more, network, precision="bf16", progress=False, store=store)
    assert embed(more, network, progress=False, store=store).settled.key == by_hand.settled.key


def test_a_series_of_paths_is_read_in_its_own_order(many, network, processor):
    """Whose square brackets look up by label, not by place."""
    processor.try_for(12)
    series = pd.Series([str(path) for path in many], index=range(len(many))[::-1])
    done = embed(series, network, progress=False)
    assert done.settled.precision == "bf16" and done.sources == [str(path) for path in many]
    assert np.array_equal(done.vectors, embed(many, done.settled, progress=False).vectors)
