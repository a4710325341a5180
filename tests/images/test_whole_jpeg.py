"""Damage in the middle of a JPEG, as cards that fail make it: seen, and never where there is none."""

import io
import os
import struct

import numpy as np
import pytest
from PIL import Image, ImageFilter

from helpers.errors import PhotoError
from helpers.images import whole_jpeg
from helpers.images.crop import cut
from helpers.images.decode import open_photo
from helpers.images.thumbnails import thumbnail
from tests.support.pictures import encoded, turned
from tests.support.places import SHARED

REAL = [SHARED / name for name in ("forest", "fieldcam", "owls", "cartoons")]
SIZE = 4096  # bytes of a hole
OPTIONS = [
    {},
    {"quality": 95, "subsampling": 0},
    {"subsampling": 1},
    {"optimize": True},
    {"exif": turned(6)},
]


def scene(seed, size=(1000, 750), mode="RGB"):
    """A picture as rough in some places as photos are, and smooth in others, with a line of text below."""
    random = np.random.default_rng(seed)
    rough = random.integers(-128, 128, (size[1], size[0], 3))
    blobs = Image.fromarray(random.integers(0, 256, (6, 8), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = 128 + rough * (np.asarray(blobs, float)[:, :, None] / 255) ** 2
    photo = Image.fromarray(pixels.astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
    photo.paste((0, 0, 0), (0, size[1] - 40, *size))
    for place in range(0, size[0], 12):
        height = int(random.integers(4, 30))
        photo.paste((255, 255, 255), (place, size[1] - 5 - height, place + 4, size[1] - 5))
    return photo.convert(mode)


def scan(content):
    found = whole_jpeg._scan(content)
    assert found is not None
    return found


def damaged(content, kind, seed=0, other=None):
    """The same file with a hole of zeros, of noise, of another photo's pixels, or with a piece missing."""
    random, place = np.random.default_rng(seed), scan(content)
    at = int(random.integers(place.start + SIZE, place.end - 2 * SIZE))
    piece = {
        "zeros": lambda: bytes(SIZE),
        "noise": lambda: random.integers(0, 256, SIZE, np.uint8).tobytes(),
        "other": lambda: other[scan(other).start + SIZE : scan(other).start + 2 * SIZE],
        "missing": lambda: b"",
        "begins anew": lambda: encoded(scene(5, (100, 80)), "JPEG")[:SIZE],
    }[kind]()
    return content[:at] + piece + content[at + (SIZE if kind == "missing" else len(piece)) :]


def is_refused(content, read=open_photo):
    try:
        read(content)
    except PhotoError as error:
        assert str(error).endswith("; copy it again from the card")
        return True
    return False


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        (options, mode)
        for options in OPTIONS
        for mode in ("RGB", "L", "CMYK")
        if mode != "L" or "subsampling" not in options
    ],
)
def test_a_whole_photo_is_read_as_pillow_reads_it(options, mode):
    if mode == "L" and "subsampling" in options:
        pytest.skip("grey has no colours to take fewer of")
    content = encoded(scene(1, mode=mode), "JPEG", **options)
    plain = Image.open(io.BytesIO(content))
    if "exif" in options:
        plain = plain.transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(np.asarray(open_photo(content)), np.asarray(plain.convert("RGB")))
    for size in ((24, 24), (100, 100), (400, 300)):
        open_photo(content, size=size)
    thumbnail(content)
    cut(content, [(0.1, 0.1, 0.5, 0.5)], (24, 24))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    ("kind", "least"), [("zeros", 0.85), ("noise", 0.85), ("missing", 0.85), ("begins anew", 0.85), ("other", 0.5)]
)
def test_a_hole_is_seen(kind, least, options):
    """Most of them; where two pieces have as many pixels, nobody can tell by their number."""
    content, other = (encoded(scene(seed, mode="RGB"), "JPEG", **options) for seed in (1, 2))
    seen = [
        is_refused(damaged(content, kind, seed, other), read)
        for seed in range(8)
        for read in (open_photo, lambda each: open_photo(each, size=(24, 24)), thumbnail)
    ]
    assert sum(seen) >= least * len(seen)


def test_what_follows_or_fills_a_photo_is_no_damage(tmp_path):
    """Zeros before and after the end, a second picture, a maker's own words: all are seen in files of cameras."""
    content = encoded(scene(1), "JPEG")
    assert content.endswith(b"\xff\xd9")
    wanted = np.asarray(open_photo(content))
    pair = io.BytesIO()
    scene(1).save(pair, "MPO", save_all=True, append_images=[scene(2)])
    for each in (
        content + bytes(5000),
        content + os.urandom(5000),
        content[:-2] + bytes(5000) + content[-2:],
        content[:-2] + b"\xff" * 50 + content[-2:],
        content[:-2] + b"a few words" + content[-2:],
        content[:2] + b"\xff" * 20 + content[2:],
        pair.getvalue(),
    ):
        assert np.array_equal(np.asarray(open_photo(each)), wanted)


def test_progressive_and_small_photos_are_read_as_before():
    for content in (encoded(scene(1), "JPEG", progressive=True), encoded(scene(1, (30, 20)), "JPEG")):
        assert np.array_equal(np.asarray(open_photo(content)), np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("options", [{"restart_marker_blocks": 50}, {"restart_marker_rows": 1}])
def test_parts_from_which_a_decoder_starts_anew(options):
    content = encoded(scene(1), "JPEG", **options)
    if b"\xff\xdd\0\4" not in content:
        pytest.skip("this Pillow does not write such marks")
    open_photo(content)
    marks = [
        place for place in range(len(content) - 1) if content[place] == 0xFF and 0xD0 <= content[place + 1] <= 0xD7
    ]
    assert len(marks) > 40
    without_one = content[: marks[20]] + content[marks[21] :]
    swapped = content[: marks[10]] + content[marks[30] :]
    for each in (without_one, swapped):
        assert is_refused(each)


def test_the_number_of_groups_of_blocks():
    frame = struct.pack(">HHB", 750, 1000, 3) + b"\1\x22\0\2\x11\1\3\x11\1"
    assert whole_jpeg._blocks(frame) == 47 * 63
    assert whole_jpeg._blocks(struct.pack(">HHB", 750, 1000, 1) + b"\1\x22\0") == 94 * 125
    for broken in (b"", frame[:8], struct.pack(">HHB", 750, 1000, 4) + bytes(12), frame[:5] + bytes(9)):
        assert whole_jpeg._blocks(broken) == 0


@pytest.mark.slow("real photos")
@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name)
def test_no_photo_of_a_real_camera_is_refused_and_holes_in_them_are_seen(folder):
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    photos = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")][::3]
    for content in photos:
        open_photo(content, size=(24, 24))
    large = [content for content in photos if len(content) > 20 * SIZE and whole_jpeg._scan(content)]
    seen = [
        is_refused(damaged(content, kind, seed), lambda each: open_photo(each, size=(24, 24)))
        for seed, content in enumerate(large[:15])
        for kind in ("zeros", "noise", "missing")
    ]
    assert len(seen) > 10 and sum(seen) >= 0.9 * len(seen)
