"""Pictures that were flat: each keeps what can be told apart in it."""

import itertools
import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers.images.decode import open_photo
from helpers.images.levels import opaque
from tests.images.test_decode import difference, pixels
from tests.support.pictures import encoded, picture, png_of_16_bits

SCENE = np.asarray(picture(7, (60, 40)).convert("L")).astype(np.float64)
SCENE = (SCENE - SCENE.min()) / np.ptp(SCENE)  # 0 to 1
WANTED = np.dstack([(SCENE * 255 + 0.5).astype(np.uint8)] * 3)  # its twin of 8 bits
KINDS = {  # how instruments store a scene
    "12 bits in 16": (SCENE * 4095).astype(np.uint16),
    "14 bits in 16": (SCENE * 16383).astype(np.uint16),
    "narrow thermal": (7000 + 400 * SCENE).astype(np.uint16),
    "a few levels": (60000 + 40 * SCENE).astype(np.uint16),
    "warm": (13 + 22 * SCENE).astype(np.float32),
    "winter night": (-47 + 20 * SCENE).astype(np.float32),
    "NDVI": (2 * SCENE - 1).astype(np.float32),
    "from 0 to 1": SCENE.astype(np.float32),
    "tiny": (SCENE * 1e-9).astype(np.float32),
    "huge": (SCENE * 1e30).astype(np.float32),
    "negative whole numbers": (-100_000 + 9_000 * SCENE).astype(np.int32),
    "large whole numbers": (SCENE * (2**31 - 1)).astype(np.int32),
}


def stored(numbers, **options):
    return encoded(numbers, "PNG" if numbers.dtype == np.uint16 else "TIFF", **options)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bits", [0x7F800001, 0x7FC00000, 0xFF812345, 0xFFFFFFFF])
def test_every_nan_is_black_without_a_word(bits):
    """Those too at which a processor would raise a signal."""
    numbers = (2 + SCENE).astype(np.float32)
    numbers.view(np.uint32)[0, :5] = bits
    found = pixels(stored(numbers))
    assert not found[0, :5].any() and found.max() == 255


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_stretched_between_their_own_ends(kind):
    found = pixels(stored(KINDS[kind]))
    assert (found.min(), found.max()) == (0, 255)
    assert difference(found, WANTED) < (4 if kind == "a few levels" else 1)
    assert open_photo(stored(KINDS[kind]), native=True).mode == "L"


def test_no_two_scenes_become_the_same_picture():
    for one, other in itertools.combinations([np.random.default_rng(seed).random((40, 60)) for seed in range(4)], 2):
        for low, high in ((-47, -27), (0, 1e-6), (-1, 1), (1e6, 1e7)):
            seen = [pixels(stored((low + (high - low) * each).astype(np.float32))) for each in (one, other)]
            assert difference(*seen) > 20


def is_no_data(kind, value):
    """Whether such numbers can hold a value, which is far from all of the scene's."""
    numbers = KINDS[kind]
    if numbers.dtype.kind != "f" and not (np.iinfo(numbers.dtype).min <= value <= np.iinfo(numbers.dtype).max):
        return False
    low, high = float(numbers.min()), float(numbers.max())
    return not low - 2 * (high - low) <= value <= high + 2 * (high - low)


NO_DATA = [
    (kind, value)
    for kind in ("narrow thermal", "warm", "winter night", "NDVI", "negative whole numbers")
    for value in (np.nan, np.inf, -np.inf, -3.4e38, 3.4e38, -9999, -32768, 0, 65535, -(2**31))
    if is_no_data(kind, value)
]


@pytest.mark.parametrize(("kind", "value"), NO_DATA)
@pytest.mark.parametrize("share", ["one pixel", "a third", "nine tenths"])
def test_what_is_no_data_takes_no_levels(kind, share, value):
    numbers = KINDS[kind].copy()
    high = float(numbers.max())
    holes = np.zeros(numbers.shape, bool)
    holes.ravel()[{"one pixel": [777], "a third": slice(0, 800), "nine tenths": slice(0, 2160)}[share]] = True
    numbers[holes] = value
    found = pixels(stored(numbers))[:, :, 0]
    seen = WANTED[:, :, 0][~holes].astype(float)
    seen = (seen - seen.min()) * 255 / np.ptp(seen)
    assert np.abs(found[~holes] - seen).mean() < 2
    assert set(found[holes].tolist()) == {255 if value > high else 0}


def test_the_value_that_a_tiff_names_as_no_data():
    """By GDAL's tag, however near to the others it is."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    numbers = KINDS["warm"].copy()
    numbers[:10] = 5
    tags = ImageFileDirectory_v2()
    tags[42113] = "5"
    found = pixels(stored(numbers, tiffinfo=tags))[:, :, 0]
    seen = WANTED[10:, :, 0].astype(float)
    assert np.abs(found[10:] - (seen - seen.min()) * 255 / np.ptp(seen)).mean() < 1
    assert (found[:10] == 0).all()


@pytest.mark.parametrize("numbers", [KINDS["12 bits in 16"], KINDS["warm"], KINDS["negative whole numbers"]])
def test_one_value_or_none_is_flat(numbers):
    for value in (0, 7, numbers.ravel()[0], 40_000 if numbers.dtype == np.uint16 else np.nan):
        if numbers.dtype.kind == "f" or value == value:
            assert np.ptp(pixels(stored(np.full_like(numbers, value)))) == 0
    assert np.unique(pixels(stored(np.full((4, 4), 40_000, np.uint16)))).tolist() == [156]


def test_two_values_are_black_and_white():
    for low, high in ((0, 1), (0, 65535), (500, 501)):
        numbers = np.full((4, 6), low, np.uint16)
        numbers[:, 3:] = high
        assert np.unique(pixels(stored(numbers))).tolist() == [0, 255]
    numbers = np.where(np.eye(8) > 0, 3.4e38, -3.4e38).astype(np.float32)
    assert np.unique(pixels(stored(numbers))).tolist() == [0, 255]


def test_32_bits_without_a_sign():
    numbers = (SCENE * (2**32 - 1)).astype(np.uint32)
    source = bytearray(encoded(numbers.view(np.int32), "TIFF"))
    at = source.index(b"\x53\x01\x03\x00\x01\x00\x00\x00")  # SampleFormat, which Pillow writes as signed
    source[at + 8] = 1
    assert difference(pixels(bytes(source)), WANTED) < 1


# Colour of 16 bits


def tiff_of_16_bits(deep, byte_order="<"):
    """Written by hand, as Pillow does not."""
    height, width, _ = deep.shape
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 134), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 140), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, deep.size * 2), (284, 3, 1, 1)]
    packed = b"".join(
        struct.pack(f"{byte_order}HHL" + ("HH" if kind == 3 and count == 1 else "L"), tag, kind, count, value, *rest)
        for tag, kind, count, value in entries
        for rest in [(0,) if kind == 3 and count == 1 else ()]
    )
    head = {"<": b"II*\0", ">": b"MM\0*"}[byte_order] + struct.pack(f"{byte_order}LH", 8, len(entries))
    content = head + packed + bytes(4)
    content = content.ljust(134, b"\0") + struct.pack(f"{byte_order}HHH", 16, 16, 16)
    return content + deep.astype(f"{byte_order}u2").tobytes()


COLOURS = np.asarray(picture(9, (60, 40))).astype(np.float64)
COLOURS = (COLOURS - COLOURS.min()) / np.ptp(COLOURS)


@pytest.mark.parametrize(
    "write", [png_of_16_bits, tiff_of_16_bits, lambda deep: tiff_of_16_bits(deep, ">")], ids=["PNG", "II", "MM"]
)
def test_colour_of_few_levels_in_16_bits_is_stretched(write):
    for low, high in ((0, 4095), (0, 255), (30_000, 33_000)):
        deep = (low + (high - low) * COLOURS + 0.5).astype(np.uint16)
        assert difference(pixels(write(deep)), COLOURS * 255) < 2
        small = np.asarray(
            Image.fromarray((COLOURS * 255).astype(np.uint8)).resize((30, 20), Image.Resampling.BILINEAR)
        )
        assert difference(pixels(write(deep), size=(30, 20)), small) < 2
    full = (COLOURS * 65535).astype(np.uint16)
    assert np.array_equal(pixels(write(full)), full >> 8), "and no other picture is changed"


def test_one_colour_of_16_bits_is_flat():
    for value in (0, 77, 65535):
        assert np.ptp(pixels(png_of_16_bits(np.full((4, 6, 3), value, np.uint16)))) == 0


# Transparency


def glyph(letter, colour, side=64, opacity=255):
    image = Image.new("RGBA", (side, side), (*colour, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((8 + 4 * letter, 8, 40, 56 - 4 * letter), fill=(*colour, opacity))
    return image


@pytest.mark.parametrize("colour", [(255, 255, 255), (250, 250, 240), (230, 230, 230)])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_pale_on_transparent_is_seen(colour, mode):
    seen = []
    for letter in range(5):
        image = glyph(letter, colour)
        source = encoded(image.quantize(4) if mode == "P" else image.convert(mode), "PNG")
        seen.append(pixels(source))
        assert np.ptp(seen[-1]) > 200
    for one, other in itertools.combinations(seen, 2):
        assert difference(one, other) > 3


def test_other_colours_stay_on_white():
    for colour in ((0, 0, 0), (200, 0, 0), (255, 255, 0), (120, 160, 220)):
        assert pixels(encoded(glyph(0, colour), "PNG"))[0, 0].tolist() == [255, 255, 255]


def test_every_level_and_opacity_is_laid_as_its_share():
    opacity, level = np.meshgrid(np.arange(256), np.arange(256))
    image = Image.fromarray(np.stack([level, 255 - level, 0 * level, opacity], axis=-1).astype(np.uint8))
    wanted = (np.asarray(image)[..., :3] * (opacity / 255)[..., np.newaxis]) + 255 - opacity[..., np.newaxis]
    assert np.abs(opaque(image) - wanted).max() <= 0.5 + 1e-9
    assert np.array_equal(
        opaque(image), Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    )


def test_what_is_wholly_transparent_or_white_is_blank():
    for opacity in (0, 255):
        found = pixels(encoded(Image.new("RGBA", (8, 8), (255, 255, 255, opacity)), "PNG"))
        assert (found == 255).all()
