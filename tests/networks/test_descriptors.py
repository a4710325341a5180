import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import ModelError
from helpers.networks.descriptors import DESCRIPTORS, colour, hog, pixels
from helpers.networks.load import load_network
from helpers.networks.precision.settle import settle
from helpers.networks.precision.trial import Sample
from helpers.networks.runtime import Session
from helpers.photos.load import load_photos
from helpers.similarity.regions import Regions

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(left, right, side=128):
    photo = np.empty((side, side, 3), np.uint8)
    photo[:, : side // 2], photo[:, side // 2 :] = left, right
    return photo


def stripes(across):
    rows, columns = np.indices((128, 128))
    return np.repeat(((rows if across else columns) // 8 % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_each_gives_as_many_numbers_as_it_says(name):
    descriptor = DESCRIPTORS[name]
    photo = np.random.default_rng(0).integers(0, 256, (*descriptor.size[::-1], 3), np.uint8)
    described = descriptor.compute(photo)
    assert described.dtype == np.float32 and described.shape == (descriptor.dimension,)
    assert np.isfinite(described).all() and described.std() > 0
    black = descriptor.compute(np.zeros_like(photo))
    assert np.isfinite(black).all()


def test_pixels_are_the_pixels():
    photo = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.allclose(pixels(photo) * 255, np.arange(12))


def test_colours_count_wherever_they_are():
    assert np.array_equal(colour(halves(RED, BLUE)), colour(halves(BLUE, RED)))
    only_red, half_red = colour(halves(RED, RED)), colour(halves(RED, BLUE))
    assert np.linalg.norm(only_red) == pytest.approx(1)
    # Hellinger's distance, but for the factor 1 / sqrt(2), of (1, 0) and (1/2, 1/2).
    assert np.linalg.norm(only_red - half_red) == pytest.approx(np.hypot(1 - 0.5**0.5, 0.5**0.5))


def test_gradients_know_a_direction_not_a_colour():
    upright, flat = hog(stripes(False)), hog(stripes(True))
    assert np.linalg.norm(upright - flat) > 5
    tinted = stripes(False)
    tinted[..., 1:] = 0
    assert np.linalg.norm(upright - hog(tinted)) < 0.5


def test_the_numbers_are_the_same_in_both_environments():
    """Those of scikit-image 0.26 and 0.21."""
    row, column, channel = np.indices((128, 128, 3))
    photo = ((3 * row + 5 * column + 40 * channel + row * column // 7) % 256).astype(np.uint8)
    assert colour(photo)[[151, 63, 255]] == pytest.approx([0.50395167, 0.39466658, 0.39007774], abs=1e-6)
    assert hog(photo)[[1217, 1208, 1199]] == pytest.approx([0.4943148] * 3, abs=1e-5)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_a_session_computes_it(name):
    model = load_network(name)
    photos = np.random.default_rng(0).integers(0, 256, (5, *model.size[::-1], 3), np.uint8)
    session = Session(model)
    features = session.run(photos)
    assert (session.engine, session.device, session.precision) == ("scikit-image", "CPU", "fp32")
    assert np.array_equal(features, np.stack([DESCRIPTORS[name].compute(photo) for photo in photos]))
    assert session.run(photos[:0]).shape == (0, model.dimension)


def test_other_precisions_and_regions_are_refused(monkeypatch):
    model = load_network("colour")
    monkeypatch.setattr("helpers.networks.precision.settle.has_bf16", lambda: True)
    many = Sample(10**9, lambda count: pytest.fail("there is nothing to try"))
    assert settle(model, "auto", many).precision == "fp32"
    for precision in ("int8", "bf16"):
        with pytest.raises(ModelError, match=f"colour is not a network and has no {precision}"):
            settle(model, precision, many)
    with pytest.raises(ModelError, match="search by region needs a convolutional network"):
        Regions.of([], [], model, progress=False)


def test_it_is_a_model_like_any_other(tmp_path):
    for number, colours in enumerate([(RED, RED), (BLUE, BLUE), (RED, BLUE), (BLUE, RED)]):
        Image.fromarray(halves(*colours)).save(tmp_path / f"{number}.png")
    data, _ = load_photos(tmp_path)
    model = tc.image_similarity.create(data, model="colour", verbose=False)
    found = model.query(data[2:3], k=2, verbose=False)
    assert list(found["reference_label"]) == [2, 3]
    assert found["distance"][1] == 0
    assert model.search(region=(2, (0, 0, 0.5, 1)), k=1)["reference_label"][0] == 0
    model.save(tmp_path / "model")
    again = tc.load_model(tmp_path / "model")
    Image.fromarray(halves(BLUE, BLUE, 64)).save(tmp_path / "outside.png")
    outside = tc.Image(str(tmp_path / "outside.png"))
    assert again.query(outside, k=1, verbose=False)["reference_label"][0] == 1
