"""Photos: their size and pixels, loaded from a folder, resized."""

import os

import numpy as np
import PIL.Image
import pytest

from tests.conformance import stand_in

turicreate = pytest.importorskip(
    "turicreate", reason="Turi Create is not in this environment (environment.yml describes one)"
)

GREY = (np.mgrid[0:30, 0:40][0] * 5 + np.mgrid[0:30, 0:40][1] * 2).astype(np.uint8)
COLOUR = np.dstack([GREY, 255 - GREY, GREY // 2])
PHOTOS = ("colour.png", "colour.jpg", "grey.png", "grey.jpg", "clear.png", "palette.png", "one.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photos of many kinds, bad files, and files that are no photos."""
    root = tmp_path_factory.mktemp("photos")
    (root / "sub" / "deep").mkdir(parents=True)
    colour, grey = PIL.Image.fromarray(COLOUR), PIL.Image.fromarray(GREY)
    for name in ("colour.png", "colour.jpg", "Z.PNG", ".hidden.png", "with space é.png", "sub/C.JPG", "sub/d.jpeg"):
        colour.save(root / name)
    colour.save(root / "sub/deep/e.png")
    grey.save(root / "grey.png")
    grey.save(root / "grey.jpg")
    PIL.Image.fromarray(np.dstack([COLOUR, GREY])).save(root / "clear.png")
    colour.convert("P").save(root / "palette.png")
    colour.convert("1").save(root / "one.png")
    for ending in ("gif", "bmp", "webp", "tif"):
        colour.save(root / f"other.{ending}")
    (root / "bad.jpg").write_bytes(b"no photo")
    (root / "empty.png").write_bytes(b"")
    (root / "note.txt").write_text("no photo")
    return root


@pytest.mark.parametrize("name", PHOTOS)
def test_size_and_pixels(agree, folder, name):
    path = str(folder / name)
    agree(lambda tc: tc.Image(path))
    agree(lambda tc: repr(tc.Image(path)))
    theirs, ours = (tc.Image(path).pixel_data for tc in (turicreate, stand_in))
    assert theirs.shape == ours.shape and theirs.dtype == ours.dtype
    # Two JPEG decoders differ by some grey levels; lossless files may not differ at all.
    assert np.abs(theirs.astype(int) - ours).max() <= (8 if name.endswith("jpg") else 0)


ALIKE = {
    "empty": lambda tc, path: tc.Image(),
    "empty pixels": lambda tc, path: tc.Image().pixel_data,
    "equal": lambda tc, path: tc.Image(path) == tc.Image(path),
    "equal to a copy": lambda tc, path: tc.Image(path) == tc.Image(path.replace("colour.png", "Z.PNG")),
    "unequal": lambda tc, path: tc.Image(path) == tc.Image(path.replace("colour", "grey")),
    "equal to a number": lambda tc, path: tc.Image(path) == 5,
    "hash": lambda tc, path: hash(tc.Image(path)),
    "format": lambda tc, path: tc.Image(path, format="PNG"),
    "other format": lambda tc, path: tc.Image(path, format="JPG"),
    "no file": lambda tc, path: tc.Image("/nowhere/photo.jpg"),
    "bad file": lambda tc, path: tc.Image(path.replace("colour.png", "bad.jpg")),
    "column": lambda tc, path: tc.SArray([tc.Image(path), None]),
    "text of a column": lambda tc, path: str(tc.SArray([tc.Image(path)])),
    "text of a frame": lambda tc, path: str(tc.SFrame({"photo": [tc.Image(path)]})),
    "column with a number": lambda tc, path: tc.SArray([tc.Image(path), 5]),
    "column compared": lambda tc, path: tc.SArray([tc.Image(path)] * 2) == tc.Image(path),
    "column as text": lambda tc, path: tc.SArray([tc.Image(path)]).astype(str),
    "column as list": lambda tc, path: tc.SArray([tc.Image(path)]).astype(list),
    "column of paths": lambda tc, path: tc.SArray([path]).astype(tc.Image),
    "column sorted": lambda tc, path: tc.SArray([tc.Image(path)] * 2).sort(),
    "column without repeats": lambda tc, path: tc.SArray([tc.Image(path)] * 2).unique(),
}


@pytest.mark.parametrize("call", ALIKE.values(), ids=ALIKE)
def test_alike(agree, folder, call):
    agree(lambda tc: call(tc, str(folder / "colour.png")))


SUMMED_UP = {
    "mean": lambda a, tc: a.mean(),
    # Not where one is missing: Turi Create counts it as a black image.
    "pixels of the mean": lambda a, tc: a.dropna().mean().pixel_data,
    "sum": lambda a, tc: a.sum(),
    "min": lambda a, tc: a.min(),
    "plus": lambda a, tc: a + 1,
    "as array": lambda a, tc: a[0:1].astype(list),
    "as table": lambda a, tc: a[0:1].astype(np.ndarray)[0].shape,
    "of no file": lambda a, tc: tc.SArray(["/nowhere.png"]).astype(tc.Image, undefined_on_failure=True),
}


@pytest.mark.parametrize("call", SUMMED_UP.values(), ids=SUMMED_UP)
def test_columns_of_images(agree, folder, call):
    paths = [str(folder / name) for name in ("colour.png", "Z.PNG")]
    agree(lambda tc: call(tc.SArray([tc.Image(path) for path in paths] + [None]), tc))


def test_mean_of_different_images(agree, folder):
    dark, light = (PIL.Image.new("RGB", (4, 3), (shade, 0, 7)) for shade in (10, 255))
    dark.save(folder.parent / "dark.png")
    light.save(folder.parent / "light.png")
    paths = [str(folder.parent / name) for name in ("dark.png", "light.png", "light.png")]
    agree(lambda tc: tc.SArray([tc.Image(path) for path in paths]).mean().pixel_data)
    agree(lambda tc: tc.SArray([tc.Image(paths[0]), tc.Image(str(folder / "colour.png"))]).mean())


LOADED = {
    "folder": {},
    "flat": {"recursive": False},
    "without paths": {"with_path": False},
    "strict": {"ignore_failure": False},
    "PNG": {"format": "PNG"},
    "JPG": {"format": "JPG"},
    "unknown format": {"format": "foo"},
}


@pytest.mark.parametrize("options", LOADED.values(), ids=LOADED)
def test_load_images(agree, folder, options):
    agree(lambda tc: tc.image_analysis.load_images(str(folder), **options))


def test_load_images_in_random_order(agree, folder):
    agree(lambda tc: sorted(tc.image_analysis.load_images(str(folder), random_order=True)["path"]))


def test_load_images_from_a_relative_path(agree, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    # Turi Create keeps the folder it was started in, which is another one.
    theirs = turicreate.image_analysis.load_images(os.path.relpath(folder))
    ours = stand_in.image_analysis.load_images(os.path.relpath(folder))
    assert list(ours["path"]) == list(theirs["path"])


@pytest.mark.parametrize("name", ["sub", "colour.png", "nowhere", "note.txt", "sub/"])
def test_load_images_of_one_thing(agree, folder, name):
    agree(lambda tc: tc.image_analysis.load_images(f"{folder}/{name}"))


@pytest.mark.parametrize("name", ["colour.png", "grey.png", "clear.png"])
@pytest.mark.parametrize("size", [(20, 15), (13, 7), (80, 60), (7, 29), (1, 1), (40, 30)], ids=str)
def test_resize_nearest_gives_the_same_pixels(folder, name, size):
    path = str(folder / name)
    theirs, ours = (tc.image_analysis.resize(tc.Image(path), *size) for tc in (turicreate, stand_in))
    assert np.array_equal(theirs.pixel_data, ours.pixel_data)


@pytest.mark.parametrize("name", ["colour.png", "grey.png"])
@pytest.mark.parametrize("size", [(20, 15), (13, 7), (80, 60), (7, 29)], ids=str)
def test_resize_bilinear_gives_nearly_the_same_pixels(folder, name, size):
    path = str(folder / name)
    theirs, ours = (
        tc.image_analysis.resize(tc.Image(path), *size, resample="bilinear").pixel_data.astype(int)
        for tc in (turicreate, stand_in)
    )
    # By a rounding error Turi Create sometimes does not write the first or the last row or column.
    assert np.abs(theirs - ours)[1:-1, 1:-1].max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", ["colour.png", "grey.png"])
def test_resize_changes_channels(folder, name, channels):
    path = str(folder / name)
    theirs, ours = (
        tc.image_analysis.resize(tc.Image(path), 40, 30, channels).pixel_data for tc in (turicreate, stand_in)
    )
    assert theirs.shape == ours.shape
    assert np.abs(theirs.astype(int) - ours).max() <= 1  # grey is rounded differently


RESIZED = {
    "column": lambda ia, image, column: ia.resize(column, 5, 4),
    "column to grey": lambda ia, image, column: ia.resize(column, 5, 4, 1),
    "negative": lambda ia, image, column: ia.resize(image, -1, 5),
    "to nothing": lambda ia, image, column: ia.resize(image, 0, 0),
    "no channels": lambda ia, image, column: ia.resize(image, 5, 5, 0),
    "two channels": lambda ia, image, column: ia.resize(image, 5, 5, 2),
    "a number": lambda ia, image, column: ia.resize(5, 5, 5),
    "resample": lambda ia, image, column: ia.resize(image, 5, 5, resample="cubic"),
}


@pytest.mark.parametrize("call", RESIZED.values(), ids=RESIZED)
def test_resize(agree, folder, call):
    def run(tc):
        image = tc.Image(str(folder / "colour.png"))
        return call(tc.image_analysis, image, tc.SArray([image, None]))

    agree(run)
