"""The distances of skies, on which the advice in `helpers/collection/duplicates/thresholds.py` rests."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from helpers.collection.duplicates.fingerprints import fingerprints
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.collection.duplicates.thresholds import SAME_PICTURE

WIDTH, HEIGHT, SKIES = 320, 240, 12
TOP, HORIZON, CLOUD = (70, 120, 190), (170, 200, 225), 245


def sky(seed, cover):
    """A gradient from top to horizon, with clouds that hide up to `cover` of it."""
    random = np.random.default_rng(seed)
    top, horizon = (colour + random.normal(0, 8, 3) for colour in (TOP, HORIZON))
    clear = top + (horizon - top) * np.linspace(0, 1, HEIGHT)[:, None, None] + np.zeros((HEIGHT, WIDTH, 1))
    clouds = np.zeros((HEIGHT, WIDTH))
    for octave in range(5):
        cells = random.normal(size=(2 + 3 * 2**octave // 2, 2 + 2 * 2**octave)).astype(np.float32)
        clouds += np.asarray(Image.fromarray(cells).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) / 2**octave
    share = cover * np.clip(clouds - 0.2, 0, 1)[..., None]
    noise = random.normal(0, 1.5, (HEIGHT, WIDTH, 1))
    return Image.fromarray(np.clip(clear * (1 - share) + CLOUD * share + noise, 0, 255).astype(np.uint8))


def jpeg(photo, quality=90):
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue(), None


def copies(photo):
    smaller = photo.resize((WIDTH // 2, HEIGHT // 2))
    cropped = photo.crop((WIDTH // 20, HEIGHT // 20, WIDTH - WIDTH // 20, HEIGHT - HEIGHT // 20))
    return [jpeg(photo, 40), jpeg(smaller), jpeg(ImageEnhance.Brightness(photo).enhance(1.2)), jpeg(cropped)]


def distances(cover):
    """Of all pairs of different skies, and of each sky's copies."""
    photos = [sky(seed, cover) for seed in range(SKIES)]
    made = [copy for photo in photos for copy in copies(photo)]
    prints, _ = fingerprints([*(jpeg(photo) for photo in photos), *made])
    first, second = np.triu_indices(SKIES, 1)
    originals = np.repeat(np.arange(SKIES), len(made) // SKIES)
    different = picture_distances(prints, first, prints, second)
    return different, picture_distances(prints, originals, prints, SKIES + np.arange(len(made)))


@pytest.mark.parametrize(("cover", "told_apart"), [(0.8, True), (0.15, False), (0.0, False)])
def test_skies(cover, told_apart):
    different, same = distances(cover)
    assert (same <= 0.1).all()
    assert (different > SAME_PICTURE).all() if told_apart else (different <= SAME_PICTURE).mean() > 0.4
    assert (different > 0.05).all() or cover == 0  # a clear sky looks like every other
