import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import helpers.collection.poster_grid
from helpers.collection.poster import montage
from helpers.collection.poster_grid import grid_for, snapped
from helpers.errors import ExportError, FrameError

RANDOM = np.random.default_rng(0)
HUES = [(37 * n % 200 + 20, 91 * n % 200 + 20, 53 * n % 200 + 20) for n in range(1, 13)]


def plain(colour, size=(60, 40)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def atlas_of(sources, positions=None, data=None):
    """What a montage takes from a map."""
    count = len(sources)
    if positions is None:
        positions = np.random.default_rng(count).random((count, 2))
    collection = SimpleNamespace(sources=sources, identities=[None] * count)
    model = SimpleNamespace(collection=collection, vectors=np.empty((count, 3)), data=data)
    return SimpleNamespace(model=model, positions=np.asarray(positions, np.float32))


@pytest.fixture
def atlas():
    return atlas_of([plain(colour) for colour in HUES])


def middle(image, cell, tile):
    return image.getpixel(tuple(int((place + 0.5) * tile) for place in cell[::-1]))


def near(colour, other):
    return max(abs(a - b) for a, b in zip(colour, other)) <= 6


@pytest.mark.parametrize("count", [1, 2, 7, 12, 100, 1_999])
def test_each_point_has_a_cell_of_its_own(count):
    columns = max(1, int(count**0.5))
    rows = -(-count // columns)
    cells = snapped(RANDOM.random((count, 2)), rows, columns)
    assert sorted((cells @ (columns, 1)).tolist()) == list(range(count))  # the first cells, each once


def test_what_is_regular_stays_as_it_is():
    rows, columns = np.divmod(np.arange(12), 4)
    cells = snapped(np.stack([columns, rows], axis=1) * 0.1 + 3, 3, 4)
    assert np.array_equal(cells, np.stack([rows, columns], axis=1))
    assert np.array_equal(snapped(np.stack([rows, columns], axis=1), 4, 3), np.stack([columns, rows], axis=1))


def test_points_at_one_place_have_cells_too():
    assert len(np.unique(snapped(np.full((10, 2), 0.5), 4, 3), axis=0)) == 10
    line = np.stack([np.linspace(0, 1, 9), np.full(9, 0.5)], axis=1)
    assert len(np.unique(snapped(line, 3, 3), axis=0)) == 9


@pytest.mark.slow("thousands of photos are laid out")
def test_neighbours_stay_neighbours_also_where_there_are_many(monkeypatch):
    centres = RANDOM.random((8, 2))
    points = centres[RANDOM.integers(0, 8, 900)] + RANDOM.normal(0, 0.03, (900, 2))

    def kept(cells):
        both = []
        for places, k in ((points, 10), (cells, 20)):
            apart = np.linalg.norm(places[:, None] - places[None], axis=2)
            both.append(np.argsort(apart, axis=1, kind="stable")[:, 1 : k + 1].tolist())
        return np.mean([len(set(one) & set(other)) for one, other in zip(*both)]) / 10

    exact = snapped(points, 30, 30)
    monkeypatch.setattr(helpers.collection.poster_grid, "_EXACT", 100)
    monkeypatch.setattr(helpers.collection.poster_grid, "_PART", 100)
    parts = snapped(points, 30, 30)
    assert len(np.unique(parts, axis=0)) == 900
    assert kept(exact) > 0.7 and kept(parts) > 0.68
    assert np.array_equal(parts, snapped(points, 30, 30))


@pytest.mark.parametrize("crop", [True, False])
def test_every_photo_is_there_once(atlas, crop):
    made = montage(atlas, columns=4, tile=50, crop=crop)
    image = made.image()
    assert image.size == (200, 150) and image.mode == "RGB"
    assert all(near(middle(image, cell, 50), colour) for cell, colour in zip(made.cells.tolist(), HUES))


def test_photos_keep_their_shape(atlas):
    square, whole = (np.asarray(montage(atlas, columns=4, tile=50, crop=crop).image()) for crop in (True, False))
    ink = [(np.asarray(each)[:50, :50] != 255).any(axis=2) for each in (square, whole)]
    across, down = ([int(each.any(axis=axis).sum()) for each in ink] for axis in (0, 1))
    assert across == [48, 48] and down == [48, 32]  # 60 x 40


def test_the_middle_is_what_is_left(tmp_path):
    photo = Image.new("RGB", (90, 30), "red")
    photo.paste("blue", (30, 0, 60, 30))
    photo.save(tmp_path / "flag.png")
    image = montage(atlas_of([str(tmp_path / "flag.png")]), tile=30).image()
    assert near(image.getpixel((15, 15)), (0, 0, 255)) and image.getpixel((3, 15))[2] > 200


def test_large_tiles_are_as_sharp_as_the_photo(tmp_path):
    fine = np.zeros((600, 900, 3), np.uint8)
    fine[:, ::4] = fine[:, 1::4] = 255
    Image.fromarray(fine).save(tmp_path / "fine.png")
    image = montage(atlas_of([str(tmp_path / "fine.png")]), tile=625).image()
    assert np.asarray(image)[100:500, 100:500].std() > 100


def test_what_cannot_be_read_is_grey(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    sources = [plain(HUES[0]), str(tmp_path / "gone.jpg"), str(tmp_path / "bad.jpg"), plain(HUES[3])]
    made = montage(atlas_of(sources), columns=2, tile=40, frames=["a", "b", None, ""])
    image = made.image()
    for cell, colour in zip(made.cells.tolist(), (HUES[0], (209, 213, 219), (209, 213, 219), HUES[3])):
        assert near(middle(image, cell, 40), colour)


def test_a_png_of_the_wanted_size(atlas, tmp_path):
    made = montage(atlas, tmp_path / "deep" / "poster.png", width_cm=21, height_cm=29.7, dpi=50)
    with Image.open(tmp_path / "deep" / "poster.png") as image:
        assert image.size == (413, 585) and image.info["dpi"] == pytest.approx((50, 50), abs=0.1)
    assert "413 x 585 pixels, 21.0 x 29.7 cm at 50 dpi" in repr(made)
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["poster.png"]


def test_a_pdf_of_the_wanted_size(atlas, tmp_path):
    montage(atlas, tmp_path / "poster.pdf", width_cm=59.4, dpi=30)
    content = (tmp_path / "poster.pdf").read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    box = content.split(b"/MediaBox [")[1].split(b"]")[0].split()
    assert float(box[2]) / 72 * 2.54 == pytest.approx(59.4, abs=0.1)
    assert ".poster" not in content.decode("latin-1")


def test_it_shows_itself_at_a_modest_size(atlas, tmp_path):
    for made in (montage(atlas, tile=500), montage(atlas, tmp_path / "a.png", tile=500)):
        with Image.open(io.BytesIO(made._repr_png_())) as image:
            assert max(image.size) <= 900
    with Image.open(io.BytesIO(montage(atlas, tile=20, columns=4)._repr_png_())) as image:
        assert image.size == (80, 60)
    many = montage(atlas_of([plain(HUES[0])] * 1_000), columns=1_000, tile=10)
    with Image.open(io.BytesIO(many._repr_png_())) as image:
        assert image.size == (1_000, 1)


def test_frames_tell_folders_apart(atlas):
    made = montage(atlas, columns=4, tile=50, frames=["left", "right", None] * 4)
    assert list(made.colours) == ["left", "right"] and len(set(made.colours.values())) == 2
    image = made.image()
    for row, (down, right) in enumerate(made.cells.tolist()):
        edge = "#{:02x}{:02x}{:02x}".format(*image.getpixel((50 * right + 2, 50 * down + 25)))
        assert edge == [*made.colours.values(), "#ffffff"][row % 3]
    with pytest.raises(FrameError, match="11 frames for 12 photos"):
        montage(atlas, frames=["a"] * 11)
    with pytest.raises(FrameError, match="no frame"):
        montage(atlas, frames="folder")


def test_what_is_too_large_is_refused_with_what_fits(atlas):
    positions = np.random.default_rng(0).random((10_000, 2))
    with pytest.raises(FrameError, match=r"megapixels; 400 can be drawn.*tile=\d+ would fit") as refused:
        grid_for(positions, None, 300, (None, None), 150)
    fits = int(str(refused.value).partition("tile=")[2].split()[0])
    sheet = grid_for(positions, None, fits, (None, None), 150)
    assert 390e6 < sheet.width * sheet.height <= 400e6
    with pytest.raises(FrameError, match="would fit") as refused:
        grid_for(positions, None, None, (59.4, 84.1), 2400)
    fits = int(str(refused.value).partition("dpi=")[2].split()[0])
    assert grid_for(positions, None, None, (59.4, 84.1), fits).width > 15_000
    with pytest.raises(FrameError, match="65500 pixels a side: tile=6 would fit"):
        grid_for(positions, 10_000, 96, (None, None), 150)


def test_the_grid_has_the_proportions_of_the_sheet_or_the_map():
    positions = np.random.default_rng(0).random((600, 2))
    assert grid_for(positions, None, None, (59.4, 84.1), 100)[:2] == (20, 30)
    assert grid_for(positions, None, None, (84.1, 59.4), 100)[:2] == (30, 20)
    assert grid_for(positions * (1, 0.1), None, None, (None, None), 100)[:2] == (30, 20)
    assert grid_for(positions, None, None, (100, 1), 1000)[:2] == (200, 3)
    assert grid_for(positions, 800, 10, (None, None), 100)[:2] == (600, 1)
    assert grid_for(positions[:1], None, None, (None, None), 100) == (1, 1, 96, 96, 96)
    assert grid_for(np.random.default_rng(0).random((10_000, 2)), None, None, (None, None), 100)[:2] == (100, 100)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": 0},
        {"tile": 2},
        {"tile": 3.5},
        {"dpi": 0},
        {"dpi": None},
        {"width_cm": -1},
        {"width_cm": float("nan")},
        {"width_cm": 0.1},
        {"tile": 96, "width_cm": 20},
        {"path": "poster.gif"},
        {"path": "poster"},
    ],
)
def test_arguments(atlas, wrong):
    with pytest.raises(FrameError):
        montage(atlas, **wrong)


def test_a_file_is_written_whole_or_not_at_all(atlas, tmp_path, monkeypatch):
    place = tmp_path / "poster.png"
    place.write_bytes(b"older")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FrameError, match="folder already"):
        montage(atlas, tmp_path / "folder.png")

    def full(image, file, *_, **__):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", full)
        with pytest.raises(ExportError, match="No space left"):
            montage(atlas, place)
    assert place.read_bytes() == b"older"
    montage(atlas, place)
    assert place.read_bytes().startswith(b"\x89PNG")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder.png", "poster.png"]


def test_the_same_map_gives_the_same_picture(atlas, tmp_path):
    for name in ("a.png", "b.png"):
        montage(atlas, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
