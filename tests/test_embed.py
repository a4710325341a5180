import io
import threading

import numpy as np
import pytest

import helpers.embed
import helpers.runtime
from helpers import tc
from helpers.embed import embed
from helpers.errors import FrameError, ModelError
from helpers.image_column import image_array
from helpers.models import load_model
from helpers.photos import load_photos
from tests.pictures import TINY, folder_of, picture, tiny_network


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return load_model(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


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


def encoded(photo):
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    return buffer.getvalue()


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
    model = load_model("efficientnet-lite0")
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
    wild = load_model(tiny_network(tmp_path / "wild.onnx", scale=3e38))
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
    decode, batches = helpers.embed._decode, helpers.embed._batches

    def counting(*values, **named):
        decoded.append(1)
        return decode(*values, **named)

    def taking(items, size):
        for batch in batches(items, size):
            most[0] = max(most[0], len(decoded) - taken[0])
            yield batch
            taken[0] += len(batch)

    monkeypatch.setattr(helpers.embed, "_decode", counting)
    monkeypatch.setattr(helpers.embed, "_batches", taking)
    embed(paths * 50, network, batch_size=4, progress=False)
    assert len(decoded) == 300
    assert 4 <= most[0] <= 4 * 4


def test_an_interrupt_leaves_no_threads_and_no_work(paths, network, monkeypatch):
    decoded = []
    decode = helpers.embed._decode

    def counting(*values, **named):
        decoded.append(1)
        return decode(*values, **named)

    def interrupted(self, photos):
        raise KeyboardInterrupt

    monkeypatch.setattr(helpers.embed, "_decode", counting)
    monkeypatch.setattr(helpers.runtime.Session, "run", interrupted)
    with pytest.raises(KeyboardInterrupt) as held:  # the notebook holds on to the error, and to its frames
        embed(paths * 100, network, batch_size=2, progress=False)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]
    assert len(decoded) < 50
    assert held.traceback
    monkeypatch.undo()
    assert len(vectors_of(paths, network)) == 6


def test_the_bar_is_quiet_when_it_is_told_to_be(paths, network, capfd):
    embed(paths, network, progress=False)
    assert capfd.readouterr() == ("", "")
