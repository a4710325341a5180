"""Copies of drawn pictures, found again; groups, their order, their frame; two collections."""

import csv
import datetime
import hashlib
import io
import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from helpers import tc
from helpers.collection.duplicates import fingerprints as module
from helpers.collection.duplicates.archive import compare_collections
from helpers.collection.duplicates.duplicates import find_duplicates
from helpers.collection.duplicates.exposures import resaved
from helpers.collection.duplicates.fingerprints import fingerprints, near_hashes
from helpers.collection.duplicates.groups import Pairs, groups_around
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.errors import ExportError, FrameError
from helpers.images.decode import open_photo, read_exif
from helpers.photos.load import load_photos
from tests.support.pictures import png_of_16_bits, tiny_network
from tests.support.places import SHARED

SIZE = (240, 180)


def drawing(seed, size=SIZE):
    """Soft shapes of colour, as no other seed gives them."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 256, (7, 9, 3), np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def copies(photo):
    lying = Image.Exif()
    lying[0x0112] = 6
    width, height = photo.size
    small = photo.crop((width // 20, height // 20, width - width // 20, height - height // 20))
    return {
        "half": (photo.resize((width // 2, height // 2)), {}),
        "q40": (photo, {"quality": 40}),
        "crop": (small, {}),
        "exif": (photo.transpose(Image.Transpose.ROTATE_90), {"exif": lying}),
        "bright": (ImageEnhance.Brightness(photo).enhance(1.2), {}),
        "dark": (ImageEnhance.Brightness(photo).enhance(0.8), {}),
    }


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return str(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx", scale=10))


@pytest.fixture
def made(network):
    def make(folder, metric="euclidean"):
        data, _ = load_photos(folder, progress=False)
        return tc.image_similarity.create(data, model=network, metric=metric, store=False, verbose=False)

    return make


@pytest.fixture
def hidden(tmp_path):
    """Four photos, copies of two of them, and ten others."""
    folder = tmp_path / "photos"
    (folder / "copies").mkdir(parents=True)
    for seed in range(14):
        drawing(seed).save(folder / f"{seed:02}.jpg", quality=95)
    for seed in range(2):
        for name, (photo, options) in copies(drawing(seed)).items():
            photo.save(folder / "copies" / f"{seed:02}-{name}.jpg", **options)
        shutil.copy(str(folder / f"{seed:02}.jpg"), str(folder / f"{seed:02} (2).jpg"))
    return folder


def names(model, found):
    return [[model.name_of(label) for label in group] for group in found.groups]


def test_every_kind_of_copy_is_found_and_nothing_else(hidden, made):
    model = made(hidden)
    found = find_duplicates(model, progress=False)
    expected = [
        {f"{seed:02}.jpg", f"{seed:02} (2).jpg", *(f"copies/{seed:02}-{name}.jpg" for name in copies(drawing(0)))}
        for seed in range(2)
    ]
    assert [set(group) for group in names(model, found)] == expected
    assert [group[:2] for group in names(model, found)] == [["00.jpg", "00 (2).jpg"], ["01.jpg", "01 (2).jpg"]]
    assert repr(found).startswith("2 groups of 16 photos among 28 photos (picture, threshold 0.25): 14 beside the best")
    assert len(found.bad) == 0 and len(found.distances) == 28
    assert (found.distances <= 0.25).sum() == 16
    assert found.show(1).get_size_inches()[1] > 1


def test_the_frame_says_what_each_photo_is(hidden, made):
    model = made(hidden)
    frame = find_duplicates(model, progress=False).frame
    assert frame.column_names() == ["group", "label", "path", "width", "height", "bytes", "kind", "distance", "keep"]
    assert list(frame.column_types()) == [int, int, str, int, int, int, str, float, int]
    rows = {row["path"]: row for row in frame}
    best, same, half = (rows[name] for name in ("00.jpg", "00 (2).jpg", "copies/00-half.jpg"))
    assert (best["keep"], best["kind"], best["distance"]) == (1, "best", 0.0)
    assert (same["keep"], same["kind"], same["distance"]) == (0, "bytes", 0.0)
    assert (half["kind"], half["width"], half["height"]) == ("picture", 120, 90) and 0 < half["distance"] < 0.1
    assert rows["copies/00-exif.jpg"]["width"] == 240
    assert best["bytes"] == (hidden / "00.jpg").stat().st_size
    assert sum(frame["keep"]) == 2


def test_bytes(hidden, made):
    model = made(hidden)
    found = find_duplicates(model, "bytes", progress=False)
    assert names(model, found) == [["00.jpg", "00 (2).jpg"], ["01.jpg", "01 (2).jpg"]]
    assert repr(found).startswith("2 groups of 4 photos among 28 photos (bytes): 2 beside the best of each")
    assert (found.distances == 0).sum() == 4 and np.isinf(found.distances).sum() == 24


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_near(hidden, made, metric):
    model = made(hidden, metric)
    found = find_duplicates(model, "near", progress=False)
    assert names(model, found)[0][:2] == ["00.jpg", "00 (2).jpg"]
    kinds = {row["path"]: row["kind"] for row in found.frame}
    assert kinds["copies/00-half.jpg"] == "picture" and kinds["00 (2).jpg"] == "bytes"
    assert find_duplicates(model, "near", 0.0, progress=False).frame["kind"][1] == "bytes"


def test_a_burst_is_near_but_not_one_picture(tmp_path, made):
    moments = [(1, "2026:01:01 10:00:00"), (2, "2026:01:01 10:00:01"), (3, "2026:01:01 10:30:00")]
    folder = tmp_path / "burst"
    folder.mkdir()
    for number, moment in moments:
        exif = Image.Exif()
        exif[0x8769] = {0x9003: moment}
        photo = drawing(0)
        photo.paste((255, 0, 0), (0, 0, number, number))
        photo.save(folder / f"{number}.jpg", exif=exif)
    for seed in range(5, 12):
        drawing(seed).save(folder / f"other-{seed}.jpg")
    model = made(folder)
    assert next(iter(model.data["taken"])) == datetime.datetime(2026, 1, 1, 10)
    assert find_duplicates(model, progress=False).groups == []
    assert [len(group) for group in find_duplicates(model, "near", progress=False).groups] == [3]
    found = find_duplicates(model, "near", seconds=2, progress=False)
    assert [sorted(group) for group in names(model, found)] == [["1.jpg", "2.jpg"]]
    assert set(found.frame["kind"]) == {"best", "near"}


SECOND = "2026:01:01 10:00:00"


def exposure(seed, moved=0):
    """A scene as a camera sees it, with the noise of this moment."""
    scene = drawing(0, (960, 720))
    scene.paste((250, 240, 230), (200 + moved, 300, 260 + moved, 360))
    noise = np.random.default_rng(seed).normal(0, 3, (720, 960, 3))
    return Image.fromarray(np.clip(np.asarray(scene) + noise, 0, 255).astype(np.uint8))


def dated(moment=SECOND, orientation=1):
    exif = Image.Exif()
    exif[0x8769] = {0x9003: moment}
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("moved", [0, 60])
def test_frames_of_one_second_are_no_copies_even_where_nothing_moved(tmp_path, made, moved):
    for number in range(3):
        exposure(number, number * moved).save(tmp_path / f"{number}.jpg", exif=dated(), quality=90)
    assert find_duplicates(made(tmp_path), progress=False).groups == []


@pytest.mark.slow("many kinds of copies")
@pytest.mark.parametrize(
    "name, options",
    [
        ("fine.jpg", {"quality": 92, "subsampling": 0}),
        ("small.jpg", {"quality": 40}),
        ("progressive.jpg", {"quality": 75, "progressive": True}),
        ("exact.png", {}),
        ("lying.jpg", {"quality": 60, "exif": dated(orientation=6)}),
    ],
)
def test_a_photo_that_was_saved_again_with_its_date_is_a_copy_and_the_next_frame_is_not(tmp_path, made, name, options):
    for number in range(2):
        exposure(number).save(tmp_path / f"{number}.jpg", exif=dated(), quality=90)
    with Image.open(tmp_path / "0.jpg") as original:
        copy = original.transpose(Image.Transpose.ROTATE_90) if name.startswith("lying") else original
        copy.save(tmp_path / name, **{"exif": dated(), **options})
    model = made(tmp_path)
    assert [sorted(group) for group in names(model, find_duplicates(model, progress=False))] == [
        sorted(["0.jpg", name])
    ]


def test_a_copy_is_found_though_other_frames_are_nearer(tmp_path, made):
    for number in range(20):
        frame = exposure(number)
        frame.save(tmp_path / f"{number:02}.jpg", exif=dated(f"2026:01:01 10:{number:02}:00"), quality=90)
    with Image.open(tmp_path / "07.jpg") as original:
        original.resize((480, 360)).save(tmp_path / "half.jpg", exif=dated("2026:01:01 10:07:00"), quality=30)
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [["07.jpg", "half.jpg"]]


TONES = {
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.2),
    "much brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.5),
    "darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.8),
    "of more contrast": lambda photo: ImageEnhance.Contrast(photo).enhance(1.3),
    "lightened in the dark": lambda photo: photo.point([round(255 * (level / 255) ** 0.7) for level in range(256)] * 3),
}


@pytest.mark.slow("many kinds of copies")
@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("quality", [40, 95])
def test_a_copy_of_another_brightness_with_the_date_of_its_photo_is_one_and_the_next_frame_is_not(
    tmp_path, made, tone, quality
):
    for number in range(2):
        exposure(number).save(tmp_path / f"{number}.jpg", exif=dated(), quality=90)
    with Image.open(tmp_path / "0.jpg") as original:
        TONES[tone](original).save(tmp_path / "copy.jpg", exif=dated(), quality=quality)
    TONES[tone](exposure(2)).save(tmp_path / "2.jpg", exif=dated(), quality=quality)
    model = made(tmp_path)
    assert [sorted(group) for group in names(model, find_duplicates(model, progress=False))] == [["0.jpg", "copy.jpg"]]


def test_copies_of_a_photo_stay_with_it_beside_a_brighter_copy_with_a_larger_file(tmp_path, made):
    exposure(0).save(tmp_path / "photo.jpg", exif=dated(), quality=85)
    with Image.open(tmp_path / "photo.jpg") as original:
        width, height = original.size
        ImageEnhance.Brightness(original).enhance(1.2).save(tmp_path / "bright.jpg", exif=dated(), quality=95)
        original.resize((width // 2, height // 2)).save(tmp_path / "half.jpg", exif=dated(), quality=90)
        original.crop((30, 30, width - 30, height - 30)).save(tmp_path / "crop.jpg", exif=dated(), quality=90)
        original.save(tmp_path / "small.jpg", exif=dated(), quality=40)
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [
        ["photo.jpg", "small.jpg", "bright.jpg", "crop.jpg", "half.jpg"]
    ]


def test_a_copy_of_low_quality_of_a_photo_full_of_detail_is_one(tmp_path, made):
    original = SHARED / "owls" / "IMG_8968.JPG"
    if not original.is_file():
        pytest.skip("the photos of owls are not beside this copy of the project")
    shutil.copy(str(original), str(tmp_path / "photo.jpg"))
    moment = read_exif(str(original))[0x9003]
    open_photo(str(original)).save(tmp_path / "copy.jpg", exif=dated(moment), quality=40)
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [["photo.jpg", "copy.jpg"]]


@pytest.mark.parametrize("second", [SECOND, "2026:01:01 10:00:01"])
def test_small_copies_without_a_date_are_of_the_frame_that_they_were_made_of(tmp_path, made, second):
    for number, (moment, quality) in enumerate([(SECOND, 95), (second, 85)]):
        frame = exposure(number, 8 * number)
        frame.save(tmp_path / f"{number}.jpg", exif=dated(moment), quality=quality)
        frame.resize((480, 360)).save(tmp_path / f"{number}-half.jpg", quality=90)
        frame.resize((240, 180)).save(tmp_path / f"{number}-quarter.jpg", quality=90)
    model = made(tmp_path)
    found = find_duplicates(model, progress=False)
    assert names(model, found) == [[f"{n}{name}.jpg" for name in ("", "-half", "-quarter")] for n in range(2)]


def test_two_copies_of_a_third_photo_are_copies_of_each_other(tmp_path, made):
    exposure(0).save(tmp_path / "photo.jpg", exif=dated(), quality=90)
    with Image.open(tmp_path / "photo.jpg") as original:
        for quality in (50, 65):
            original.save(tmp_path / f"{quality}.jpg", exif=dated(), quality=quality)
    more = Image.Exif()
    more[0x8769] = {0x9003: SECOND, 0x8827: 400}  # what cameras write: it comes first in its group
    with Image.open(tmp_path / "photo.jpg") as original:
        original.save(tmp_path / "65.jpg", exif=more, quality=65)
    assert not resaved(str(tmp_path / "50.jpg"), str(tmp_path / "65.jpg"))
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [["65.jpg", "photo.jpg", "50.jpg"]]


@pytest.mark.parametrize("numbers", [np.float32, np.int32, np.uint16])
def test_numbers_that_are_stretched_to_be_seen_are_copies_where_the_numbers_agree(tmp_path, made, numbers):
    field = np.asarray(drawing(0).convert("L"), np.float32)
    half = np.asarray(Image.fromarray(field).resize((120, 90), Image.Resampling.BOX))
    fields = {
        "january": field,
        "january-small": half,
        "july": 3 * field + 1000,
        "july-small": 3 * half + 1000,
        "august": 3 * field + 1010,
        "january-cropped": field[9:-9, 12:-12],
    }
    for name, values in fields.items():
        Image.fromarray(values.astype(numbers)).save(tmp_path / f"{name}.tif")
    Image.fromarray(fields["july"].astype(numbers)).save(tmp_path / "july-packed.tif", compression="tiff_lzw")
    shutil.copy(str(tmp_path / "july.tif"), str(tmp_path / "july (2).tif"))
    open_photo(str(tmp_path / "august.tif")).save(tmp_path / "seen.png")  # 8 bits
    for seed in range(5, 9):
        drawing(seed).save(tmp_path / f"other-{seed}.jpg")
    model = made(tmp_path)
    found = {group[0]: set(group[1:]) for group in names(model, find_duplicates(model, progress=False))}
    assert found == {
        "july.tif": {"july (2).tif", "july-packed.tif", "july-small.tif"},
        "january.tif": {"january-small.tif"},
    }
    winter = tmp_path / "winter"
    winter.mkdir()
    shutil.copy(str(tmp_path / "january.tif"), str(winter / "january.tif"))
    Image.fromarray(half.astype(numbers)).save(winter / "small.tif")
    Image.fromarray((field + 7).astype(numbers)).save(winter / "february.tif")
    compared = compare_collections(made(winter), model, progress=False)
    assert sorted(zip(compared["path"], compared["archive_path"])) == [
        ("january.tif", "january.tif"),
        ("small.tif", "january-small.tif"),
    ]


def test_numbers_in_three_colours_are_copies_where_they_agree(tmp_path, made):
    deep = (np.asarray(drawing(0), np.uint16) * 12).astype(np.uint16)  # which Pillow leaves fewer than 16 levels of
    small = (np.asarray(drawing(0).resize((120, 90), Image.Resampling.BOX), np.uint16) * 12).astype(np.uint16)
    for name, values in {"january": deep, "february": deep + 40, "january-small": small}.items():
        (tmp_path / f"{name}.png").write_bytes(png_of_16_bits(values))
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [["january.png", "january-small.png"]]


def test_whether_photos_are_one_saved_again_is_no_for_what_cannot_be_read(tmp_path):
    exposure(0).save(tmp_path / "0.jpg")
    (tmp_path / "half.jpg").write_bytes((tmp_path / "0.jpg").read_bytes()[:2000])
    exposure(0).resize((96, 72)).save(tmp_path / "small.jpg")
    for other in (tmp_path / "half.jpg", tmp_path / "gone.jpg", tmp_path / "small.jpg"):
        assert not resaved(str(tmp_path / "0.jpg"), str(other)) and not resaved(str(other), str(tmp_path / "0.jpg"))


def test_fingerprints_are_made_again_when_photos_are_read_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    file = str(tmp_path / "photo.png")
    drawing(0).save(file)
    identity = hashlib.sha256((tmp_path / "photo.png").read_bytes()).hexdigest()
    with monkeypatch.context() as before:
        before.setattr(module, "_EDITION", module._EDITION - 10)
        before.setattr(module, "open_photo", lambda *_, size: Image.new("RGB", size))
        assert not fingerprints([(file, identity)])[0].grey.any()
    assert fingerprints([(file, identity)])[0].grey.any()


def test_a_chain_is_no_group():
    count = 6
    places = np.arange(count, dtype=float)
    pairs = Pairs(np.arange(count - 1), np.arange(1, count), np.ones(count - 1, np.float32))

    def compare(row, others):
        return np.abs(places[others] - places[row])

    def grouped(threshold, rank):
        return [[member.row for member in group] for group in groups_around(pairs, rank, threshold, compare)]

    assert grouped(1, np.arange(count)) == [[0, 1], [2, 3], [4, 5]]
    assert grouped(1, np.array([5, 0, 1, 2, 3, 4])) == [[1, 2, 0], [3, 4]]
    assert grouped(1.5, np.arange(count)) == [[0, 1], [2, 3], [4, 5]]
    assert grouped(2, np.arange(count)) == [[0, 1, 2, 3], [4, 5]]  # 0 and 2 are no known pair, and are compared
    assert grouped(9, np.arange(count)) == [[0, 1, 2, 3, 4, 5]]
    assert grouped(0.5, np.arange(count)) == []
    pairs = Pairs(pairs.first, pairs.second, np.full(count - 1, 0.5, np.float32))
    places /= 2
    assert grouped(1, np.arange(count)) == [[0, 1, 2, 3], [4, 5]]  # 3 is half as near to 2 as it might be


@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("tone", ["brighter", "much brighter", "of more contrast"])
def test_the_best_of_undated_copies_is_not_the_brightest(tmp_path, made, tone, quality):
    photo = ImageOps.autocontrast(drawing(3))  # with lights that a brighter copy cuts off
    photo.save(tmp_path / "photo.jpg", quality=85)
    TONES[tone](photo).save(tmp_path / "copy.jpg", quality=quality)
    TONES["darker"](photo).save(tmp_path / "dark.jpg", quality=min(quality, 80))
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False))[0][0] == "photo.jpg"


def test_the_best_of_copies_has_what_its_camera_wrote(tmp_path, made):
    camera = Image.Exif()
    camera[0x8769] = {0x9003: SECOND, 0x829A: 0.01, 0x8827: 400, 0x927C: b"made by a camera"}
    exposure(0).save(tmp_path / "z.jpg", quality=70, exif=camera)
    with Image.open(tmp_path / "z.jpg") as photo:
        photo.save(tmp_path / "a.jpg", quality=95, exif=dated())
        photo.save(tmp_path / "b.png")
        photo.resize((1200, 900)).save(tmp_path / "larger.jpg", quality=60)
    model = made(tmp_path)
    found = names(model, find_duplicates(model, progress=False))
    assert found == [["larger.jpg", "z.jpg", "a.jpg", "b.png"]]


def test_best_is_the_largest_then_the_least_compressed_then_the_first_name(tmp_path, made):
    photo = drawing(3)
    photo.resize((120, 90)).save(tmp_path / "a.jpg", quality=95)
    photo.save(tmp_path / "b.jpg", quality=60)
    photo.save(tmp_path / "d.jpg", quality=95)
    shutil.copy(str(tmp_path / "d.jpg"), str(tmp_path / "c.jpg"))
    model = made(tmp_path)
    assert names(model, find_duplicates(model, progress=False)) == [["c.jpg", "d.jpg", "b.jpg", "a.jpg"]]


@pytest.mark.slow("hundreds of photos")
def test_more_copies_than_neighbours_that_are_kept(tmp_path, made):
    photo = drawing(4)
    for quality in range(50, 95):
        photo.save(tmp_path / f"{quality}.jpg", quality=quality)
    model = made(tmp_path)
    for kind in ("picture", "near"):
        found = find_duplicates(model, kind, 0.2 if kind == "picture" else None, progress=False)
        if kind == "picture":
            assert [len(group) for group in found.groups] == [45]


def test_other_colours_are_another_picture(tmp_path, made):
    photo = drawing(5)
    photo.save(tmp_path / "a.png")
    Image.merge("RGB", photo.split()[::-1]).save(tmp_path / "b.png")
    Image.new("RGB", SIZE, "white").save(tmp_path / "white.png")
    Image.new("RGB", SIZE, "black").save(tmp_path / "black.png")
    assert find_duplicates(made(tmp_path), progress=False).groups == []


def test_distances_are_the_same_again_and_small_for_copies():
    buffers = []
    for photo, options in copies(drawing(0)).values():
        buffers.append(io.BytesIO())
        photo.save(buffers[-1], "JPEG", **options)
    drawing(0).save(io.BytesIO(), "PNG")
    original = io.BytesIO()
    drawing(0).save(original, "PNG")
    prints, bad = fingerprints([(each.getvalue(), None) for each in [original, *buffers]])
    assert bad == []
    first, second = np.zeros(6, np.int64), np.arange(1, 7)
    found = picture_distances(prints, first, prints, second)
    assert (found < 0.15).all() and (picture_distances(prints, second, prints, first) < 0.2).all()
    assert picture_distances(prints, first, prints, first).max() == 0
    assert (picture_distances(prints, first, prints, second) == found).all()
    start, rows, bits = next(near_hashes(prints.hashes, prints.hashes, 3))
    assert start == 0 and rows.shape == (7, 3) and (bits[:, 0] == 0).all()


def test_photos_that_cannot_be_looked_at_are_listed(hidden, made):
    for seed in (105, 106):  # that no other test has looked at
        drawing(seed).save(hidden / f"{seed - 100:02}.jpg")
    model = made(hidden)
    (hidden / "05.jpg").write_bytes(b"no photo any more")
    (hidden / "06.jpg").unlink()
    found = find_duplicates(model, progress=False)
    assert len(found.groups) == 2
    reasons = {row["path"]: row["reason"] for row in found.bad}
    assert set(reasons) == {"05.jpg", "06.jpg"}
    assert "changed since" in reasons["05.jpg"] and reasons["06.jpg"] == "no such file"


def test_what_is_found_is_moved_and_put_back(hidden, made, tmp_path):
    model = made(hidden)
    before = {path: path.read_bytes() for path in hidden.rglob("*.jpg")}
    moved = find_duplicates(model, progress=False).move_aside(tmp_path / "aside", ask=lambda _: "yes", progress=False)
    assert (moved.count, moved.left) == (14, [])
    assert find_duplicates(made(hidden), progress=False).groups == []
    assert (tmp_path / "aside" / "copies" / "00-exif.jpg").read_bytes() == before[hidden / "copies" / "00-exif.jpg"]
    assert moved.undo(progress=False).count == 14
    assert {path: path.read_bytes() for path in hidden.rglob("*.jpg")} == before
    with pytest.raises(FrameError, match="found again"):
        find_duplicates(model, progress=False).move_aside(hidden / "aside", ask=lambda _: "yes")


def test_a_model_from_disk_finds_the_same(hidden, made, tmp_path):
    model = made(hidden)
    model.save(tmp_path / "model")
    again = tc.load_model(str(tmp_path / "model"))
    groups = [names(each, find_duplicates(each, progress=False)) for each in (model, again)]
    assert [set(group) for group in groups[0]] == [set(group) for group in groups[1]]
    assert groups[1][0][0] == "00.jpg"


def test_csv(hidden, made, tmp_path):
    shutil.copy(str(hidden / "00.jpg"), str(hidden / "=1+2.jpg"))
    found = find_duplicates(made(hidden), "bytes", progress=False)
    place = found.save_csv(tmp_path / "found.csv")
    with place.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows][:3] == ["00.jpg", "00 (2).jpg", "'=1+2.jpg"]
    assert rows[0]["keep"] == "1" and rows[1]["kind"] == "bytes"
    with pytest.raises(FrameError, match="is not overwritten"):
        found.save_csv(place)
    with pytest.raises(ExportError):
        found.save_csv(place / "below a file.csv")


def test_one_photo_and_none_near(tmp_path, made):
    drawing(0).save(tmp_path / "a.jpg")
    model = made(tmp_path)
    for kind in ("bytes", "picture", "near"):
        found = find_duplicates(model, kind, progress=False)
        assert found.groups == [] and len(found.frame) == 0
        assert found.show().get_size_inches().all()


def test_arguments(hidden, made):
    model = made(hidden)
    with pytest.raises(FrameError, match="kind="):
        find_duplicates(model, "like")
    with pytest.raises(FrameError, match=r"0\.5 at most"):
        find_duplicates(model, threshold=0.6, progress=False)
    with pytest.raises(FrameError, match="not for bytes"):
        find_duplicates(model, "bytes", 0.1, progress=False)
    with pytest.raises(FrameError, match="threshold is a distance"):
        find_duplicates(model, threshold=-1, progress=False)
    with pytest.raises(FrameError, match="seconds="):
        find_duplicates(model, seconds=3, progress=False)


def test_which_are_in_the_archive(hidden, made, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(str(hidden / "03.jpg"), str(new / "same.jpg"))
    drawing(4).resize((120, 90)).save(new / "smaller.jpg")
    drawing(99).save(new / "new.jpg")
    model, archive = made(new), made(hidden)
    found = compare_collections(model, archive, progress=False)
    assert [(row["path"], row["archive_path"], row["kind"]) for row in found] == [
        ("same.jpg", "03.jpg", "bytes"),
        ("smaller.jpg", "04.jpg", "picture"),
    ]
    assert found.column_names() == ["label", "path", "archive_label", "archive_path", "kind", "distance"]
    assert found["distance"][0] == 0 and 0 < found["distance"][1] < 0.1
    assert list(compare_collections(model, archive, "bytes", progress=False)["path"]) == ["same.jpg"]
    assert list(compare_collections(model, archive, "near", progress=False)["kind"]) == ["bytes", "near"]
    assert len(compare_collections(model, archive, threshold=0.0, progress=False)) == 1
    with pytest.raises(FrameError, match="not for bytes"):
        compare_collections(model, archive, "bytes", 0.1)
    for kind, largest in (("picture", 0.5), ("near", None)):
        with pytest.raises(FrameError, match=rf"threshold is {largest or ''}.*at most"):
            compare_collections(model, archive, kind, 50)


def test_networks_that_cannot_be_compared(hidden, made, tmp_path):
    model = made(hidden)
    data, _ = load_photos(hidden, progress=False)
    other = tc.image_similarity.create(
        data, model=str(tiny_network(tmp_path / "other.onnx", scale=3)), store=False, verbose=False
    )
    with pytest.raises(FrameError, match="cannot be compared"):
        compare_collections(model, other)
    assert len(compare_collections(model, other, "bytes")) == len(model.labels)
