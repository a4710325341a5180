import datetime
import io
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

import helpers.photos.load
from helpers import tc
from helpers.errors import FrameError, PhotoError
from helpers.files import reading, stamps, threads
from helpers.frames.images import source_of
from helpers.images import opening
from helpers.images.decode import check_photo, open_photo
from helpers.photos.load import load_photos, preview, thumbnail
from tests.support.metadata import dated
from tests.support.pictures import encoded, picture, png_header, turned
from tests.support.places import SHARED

FAULTY = SHARED / "faulty"
UNIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def load(folder, **options):
    """The paths of `data`, the reasons of `bad` by path, and `data` itself."""
    data, bad = load_photos(folder, progress=False, **options)
    assert isinstance(data, tc.SFrame) and isinstance(bad, tc.SFrame)
    assert data.column_names() == ["id", "path", "image", "folder", "taken", "width", "height", "file"]
    assert data.column_types() == [int, str, tc.Image, str, datetime.datetime, int, int, str]
    assert bad.column_names() == ["path", "reason", "kind"] and bad.column_types() == [str, str, str]
    assert list(data["id"]) == list(range(len(data)))
    for paths in (list(data["path"]), list(bad["path"])):
        assert paths == sorted(paths)
    return list(data["path"]), {row["path"]: row["reason"] for row in bad}, data


def photo(path, seed=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, (30, 20)).save(path, **options)


def test_photos_without_a_date_are_counted(tmp_path, capsys):
    said = "2 of 5 photos have no date that could be read; their taken is None\n"
    dated_folder(tmp_path)
    load(tmp_path)
    assert capsys.readouterr().out == said
    load(tmp_path, file_dates=True)
    assert capsys.readouterr().out == "", "now all have one"
    for name in ("a.jpg", "c.png", "d.tif"):
        (tmp_path / name).unlink()
    load(tmp_path)
    assert capsys.readouterr().out == "", "of pictures that are no photos of a camera, nobody expects one"
    load_photos(tmp_path, progress=False, layout="{camera}")
    assert "2 of 2 photos have no date that could be read" in capsys.readouterr().out


def test_a_folder_of_photos(tmp_path, capsys):
    for name in ("b.jpg", "a.png", "B.JPG", "100RECNX/IMG_0001.JPG", "101RECNX/IMG_0001.JPG", "101RECNX/deep/x.webp"):
        photo(tmp_path / name)
    paths, bad, data = load(tmp_path)
    assert paths == [
        *("100RECNX/IMG_0001.JPG", "101RECNX/IMG_0001.JPG", "101RECNX/deep/x.webp", "B.JPG", "a.png", "b.jpg"),
    ]
    assert list(data["folder"]) == ["100RECNX", "101RECNX", "101RECNX/deep", ".", ".", "."]
    assert set(data["width"]) == {30} and set(data["height"]) == {20}
    assert bad == {}
    assert capsys.readouterr() == ("", ""), "there is nothing to say"


def test_only_the_folder_itself(tmp_path):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "deep" / "b.jpg")
    paths, bad, _ = load(tmp_path, recursive=False)
    assert paths == ["a.jpg"] and bad == {}


def test_paths_do_not_depend_on_how_the_folder_is_named(tmp_path, monkeypatch):
    photo(tmp_path / "photos" / "sub" / "a.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("photos", "photos/", "./photos", tmp_path / "photos", "sub/../photos", "~/photos"):
        (tmp_path / "sub").mkdir(exist_ok=True)
        assert load(name)[0] == ["sub/a.jpg"]


def test_images_hold_the_upright_pixels(tmp_path):
    """The same width, height, channels and pixels in both kinds of frame."""
    colour = picture(4, (30, 20))
    stored = {
        "plain.png": encoded(colour, "PNG"),
        "plain.jpg": encoded(colour, "JPEG", quality=95),
        "turned.jpg": encoded(colour, "JPEG", quality=95, exif=turned(6)),
        "turned.tif": encoded(colour, "TIFF", exif=turned(6)),
        "grey.png": encoded(colour.convert("L"), "PNG"),
        "clear.png": encoded(colour.convert("RGBA"), "PNG"),
        "palette.png": encoded(colour.quantize(64), "PNG"),
        "deep.png": encoded(Image.fromarray(np.full((20, 30), 40000, np.uint16)), "PNG"),
        "a.gif": encoded(colour, "GIF"),
        "really-a.bmp.jpg": encoded(colour, "BMP"),
        "cmyk.jpg": encoded(colour.convert("CMYK"), "JPEG", quality=95),
    }
    for name, content in stored.items():
        (tmp_path / name).write_bytes(content)
    paths, bad, data = load(tmp_path)
    assert paths == sorted(stored) and bad == {}
    for row in data:
        image, wanted = row["image"], np.asarray(open_photo(stored[row["path"]], native=True))
        assert (image.height, image.width) == wanted.shape[:2] == (row["height"], row["width"]), row["path"]
        assert image.channels == (wanted.shape[2] if wanted.ndim == 3 else 1), row["path"]
        held = np.asarray(open_photo(source_of(image), native=True))
        assert np.array_equal(held, wanted), row["path"]
        given = image.pixel_data.reshape(wanted.shape)
        assert np.abs(given.astype(int) - wanted).mean() < 3, row["path"]  # of two JPEG decoders


BAD = {
    ".DS_Store": (b"Mac", "hidden file"),
    "._photo.jpg": (b"\0\5\x16\7", "hidden file"),
    "empty.jpg": (b"", "empty file .0 bytes."),
    "note.jpg": (b"text", "not a photo"),
    "note.txt": (b"text", "not a photo"),
    "half.jpg": (encoded(picture(1, (300, 200)), "JPEG")[:-500], "cut off before its end"),
    "half.png": (encoded(picture(1, (300, 200)), "PNG")[:-500], "cut off|damaged"),
    "bomb.png": (png_header(50_000, 50_000, 8, 2), "more pixels than is safe"),
    "bomb-of-one-bit.png": (png_header(20_000, 10_000, 1, 0), "more pixels than is safe"),
}


def test_every_file_is_either_a_photo_or_has_a_reason(tmp_path, capsys):
    photo(tmp_path / "good.jpg")
    photo(tmp_path / "photo.jpg")
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    photo(tmp_path / ".hidden" / "secret.jpg")
    paths, bad, _ = load(tmp_path)
    assert paths == ["good.jpg", "photo.jpg"]
    assert bad.keys() == {*BAD, ".hidden"}
    for name, (_, reason) in BAD.items():
        assert re.search(reason, bad[name]), (name, bad[name])
        assert str(tmp_path) not in bad[name]
    assert bad[".hidden"] == "hidden folder, not entered"
    out = capsys.readouterr().out
    left_out = "10 left out (6 with a fault, 4 other), listed with reasons in the second frame"
    assert out == f"2 photos; {left_out}\n"


def test_what_was_left_out_is_noise_or_matters(tmp_path, capsys):
    noise = ["truth.csv", "Thumbs.db", "desktop.ini", "a/.DS_Store", "a/Boxes.JSON", ".trash/x.jpg"]
    faults = ["a/half.jpg", "b.NEF", "no ending"]
    for name in (*noise, *faults, "DSCF0001.AVI"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"something")
    _, bad = load_photos(tmp_path, progress=False)
    kinds = {row["path"]: row["kind"] for row in bad}
    assert kinds == {
        **dict.fromkeys([*noise[:-1], ".trash"], "other"),
        **dict.fromkeys(faults, "fault"),
        "DSCF0001.AVI": "video",
    }
    assert "0 photos; 10 left out (3 with a fault, 1 video, 6 other)" in capsys.readouterr().out
    picture().save(tmp_path / "really a photo.csv", "JPEG")
    assert list(load_photos(tmp_path, progress=False)[0]["path"]) == ["really a photo.csv"]


@UNIX
def test_links(tmp_path):
    photo(tmp_path / "far" / "away.jpg")
    photos = tmp_path / "photos"
    photo(photos / "sub" / "a.jpg")
    (photos / "linked.jpg").symlink_to(tmp_path / "far" / "away.jpg")
    (photos / "linked").symlink_to(tmp_path / "far")
    (photos / "sub" / "loop").symlink_to(photos)
    (photos / "sub" / "self").symlink_to(photos / "sub")
    (photos / "broken.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (photos / "round.jpg").symlink_to(photos / "round.jpg")
    paths, bad, _ = load(photos)
    assert paths == ["linked.jpg", "linked/away.jpg", "sub/a.jpg"]
    assert bad.keys() == {"sub/loop", "sub/self", "broken.jpg", "round.jpg"}
    assert bad["sub/loop"] == bad["sub/self"] == "a link back to a folder above it"
    assert bad["broken.jpg"] == "a broken link"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_does_not_hold_up_the_run(tmp_path):
    photo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    paths, bad, _ = load(tmp_path)
    assert paths == ["a.jpg"] and bad == {"pipe.jpg": "not a regular file"}


def test_no_permission(tmp_path, monkeypatch):
    """Refused by hand: whoever is root may read everything."""
    for name in ("open/a.jpg", "closed/b.jpg", "open/c.jpg"):
        photo(tmp_path / name)
    scandir, status = os.scandir, os.stat

    def refuse_folder(path="."):
        if Path(os.fspath(path)).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def refuse_file(path, *rest, **named):
        if isinstance(path, (str, os.PathLike)) and Path(path).name == "c.jpg":
            raise PermissionError(13, "Permission denied", str(path))
        return status(path, *rest, **named)

    monkeypatch.setattr(helpers.photos.load.os, "scandir", refuse_folder)
    monkeypatch.setattr(os, "stat", refuse_file)
    paths, bad, _ = load(tmp_path)
    assert paths == ["open/a.jpg"]
    assert bad == {"closed": "no permission to open this folder", "open/c.jpg": "no permission to read it"}


def test_a_file_that_goes_while_the_folder_is_read(tmp_path, monkeypatch):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    find = helpers.photos.load.find_photos

    def find_and_lose(*values, **named):
        found = find(*values, **named)
        (tmp_path / "b.jpg").unlink()
        return found

    monkeypatch.setattr(helpers.photos.load, "find_photos", find_and_lose)
    paths, bad, _ = load(tmp_path)
    assert paths == ["a.jpg"] and bad == {"b.jpg": "no such file"}


@UNIX
def test_names_are_text_and_nothing_else(tmp_path):
    names = [
        "Füchse bei Nacht.jpg",
        "狐.jpg",
        'it\'s "quoted".jpg',
        "<img src=x onerror=alert(1)>.jpg",
        "two\nlines.jpg",
        "back\\slash.jpg",
        "100% #1 ?a=b&c.jpg",
        "http:",
        " space .jpg",
        "e\u0301.jpg",
    ]
    for name in names:
        (tmp_path / name).write_bytes(encoded(picture(), "JPEG"))
    paths, bad, data = load(tmp_path)
    assert paths == sorted(names) and bad == {}
    for row in data:
        assert np.asarray(open_photo(source_of(row["image"]))).shape == (24, 24, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux can a name be no text")
def test_a_name_that_is_no_text(tmp_path):
    photo(tmp_path / "a.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(encoded(picture(), "JPEG"))
    paths, bad, _ = load(tmp_path)
    assert paths == ["a.jpg"] and bad == {"caf?.jpg": "its name is not valid text; rename it"}


def test_an_empty_folder(tmp_path):
    paths, bad, data = load(tmp_path)
    assert paths == [] and bad == {} and len(data) == 0


def test_what_is_no_folder(tmp_path):
    (tmp_path / "file.jpg").write_bytes(b"")
    with pytest.raises(FrameError, match=r"nowhere: no such folder; give the folder that holds"):
        load_photos(tmp_path / "nowhere")
    with pytest.raises(FrameError, match=r"file\.jpg: is a file, not a folder"):
        load_photos(str(tmp_path / "file.jpg"))


def test_an_interrupt_ends_the_run_at_once(tmp_path, monkeypatch):
    for seed in range(60):
        photo(tmp_path / f"{seed}.jpg")
    tried = []

    def interrupted(path):
        tried.append(path)
        if len(tried) == 3:
            raise KeyboardInterrupt
        return attempt(path)

    attempt = helpers.photos.load._try_photo
    monkeypatch.setattr(helpers.photos.load, "_try_photo", interrupted)
    monkeypatch.setattr(helpers.photos.load, "_AHEAD", 4)
    with pytest.raises(KeyboardInterrupt):
        load_photos(tmp_path, progress=False)
    assert len(tried) < 20, "photos were read that nobody waits for"


@pytest.mark.skipif(not FAULTY.is_dir(), reason=f"{FAULTY} is not there")
def test_faulty_photos_of_field_cameras():
    paths, bad, data = load(FAULTY)
    files = {path.name for path in FAULTY.iterdir()}
    assert {*paths, *bad} == files and not {*paths} & {*bad}
    assert bad.keys() == {"african_elephants_truncated_file.jpg"}
    assert bad["african_elephants_truncated_file.jpg"].startswith("cut off before its end")
    size = {row["path"]: (row["width"], row["height"]) for row in data}
    assert size["african_elephants_with_exif_orientation.jpg"] == size["african_elephants.jpg"]


def test_thumbnails(tmp_path):
    shape = lambda content: Image.open(io.BytesIO(content)).size  # noqa: E731
    assert shape(thumbnail(encoded(picture(1, (400, 300)), "JPEG"))) == (160, 120)
    assert shape(thumbnail(encoded(picture(1, (400, 300)), "JPEG", exif=turned(6)), side=100)) == (75, 100)
    assert shape(thumbnail(encoded(picture(1, (400, 300)), "TIFF", exif=turned(6)), side=100)) == (75, 100)
    assert shape(thumbnail(encoded(picture(1, (40, 30)), "PNG"))) == (40, 30)
    assert shape(thumbnail(encoded(picture(1, (2000, 2)), "PNG"))) == (160, 1)
    assert Image.open(io.BytesIO(thumbnail(encoded(picture(1, (9, 9)), "PNG")))).format == "JPEG"
    for bad in (b"text", tmp_path / "gone.jpg"):
        with pytest.raises(PhotoError):
            thumbnail(bad)


def test_previews():
    size = lambda content: Image.open(io.BytesIO(content)).size  # noqa: E731
    source = encoded(picture(1, (2000, 1500)), "JPEG", exif=turned(6))
    assert size(preview(source)) == (1200, 1600)
    assert size(preview(source, size=400)) == (300, 400)
    assert size(preview(encoded(picture(1, (40, 30)), "PNG"))) == (40, 30)
    wanted = np.asarray(open_photo(source).resize((300, 400)), float)
    assert np.abs(np.asarray(Image.open(io.BytesIO(preview(source, size=400)))) - wanted).mean() < 2
    with pytest.raises(PhotoError, match="not a photo"):
        preview(b"text")


DAY = datetime.datetime(2014, 6, 1, 5, 59, 58)


def dated_folder(folder):
    photo(folder / "a.jpg", exif=dated(original="2014:06:01 05:59:58"))
    photo(folder / "b.jpg", exif=dated(original="2014:02:30 05:59:58"))
    photo(folder / "c.png", exif=dated(digitised="2014:06:01 05:59:58"))
    photo(folder / "d.tif", exif=dated(original="2014:06:01 05:59:58"))
    photo(folder / "e.jpg")


def test_when_photos_were_taken(tmp_path):
    dated_folder(tmp_path)
    for _ in range(2):
        data = load(tmp_path)[2]
        assert list(data["taken"]) == [DAY, None, DAY, DAY, None]
    assert list(data["taken"] < datetime.datetime(2014, 6, 2)) == [True, None, True, True, None]
    for name in ("a.jpg", "c.png", "d.tif"):
        (tmp_path / name).unlink()
    none = load(tmp_path)[2]["taken"]
    assert list(none) == [None, None] and none.dtype is datetime.datetime


@pytest.mark.skipif(tc.HAS_TURICREATE, reason="Turi Create's frames hold copies of the photos, and read them all")
@pytest.mark.parametrize("spelled", ["as here", "otherwise"])
def test_photos_that_were_checked_are_not_opened_again(tmp_path, monkeypatch, spelled):
    """Whatever paths are like on a system, such as Windows, the same function makes them for all that is remembered."""
    if spelled == "otherwise":
        make = helpers.photos.load.full_paths
        dotted = lambda root, names: make(root, [f"./{name}" for name in names])  # noqa: E731
        monkeypatch.setattr(helpers.photos.load, "full_paths", dotted)
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(stamps, "_SETTLED", -(10**11))  # ns: what was written only now counts too
    dated_folder(tmp_path / "photos")
    first = load(tmp_path / "photos")[2]
    photo(tmp_path / "photos" / "b.jpg", exif=dated(original="2014:06:01 05:59:58"))
    opened = []
    check = helpers.photos.load.check_photo
    monkeypatch.setattr(helpers.photos.load, "check_photo", lambda path: opened.append(Path(path).name) or check(path))
    again = load(tmp_path / "photos")[2]
    assert opened == ["b.jpg"]
    assert list(again["taken"]) == [DAY, DAY, DAY, DAY, None]
    for name in ("path", "width", "height", "file"):
        assert list(again[name]) == list(first[name])


def test_a_photo_may_be_read_while_its_folder_is_gone(tmp_path):
    photo(tmp_path / "photos" / "a.jpg")
    data = load(tmp_path / "photos")[2]
    shutil.rmtree(tmp_path / "photos")
    if tc.HAS_TURICREATE:  # a copy of the bytes is in the frame
        assert open_photo(source_of(data["image"][0])).size == (30, 20)
    else:
        with pytest.raises(PhotoError, match="no such file"):
            open_photo(source_of(data["image"][0]))


def test_a_file_is_opened_once_and_its_pixels_stay_in_it(tmp_path, monkeypatch):
    photo(tmp_path / "a.jpg")
    opened = []

    def open_file(path, *flags):
        opened.append(str(path))
        return real(path, *flags)

    real = os.open
    monkeypatch.setattr(reading.os, "open", open_file)
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", lambda _: pytest.fail("it is decoded"))
    check_photo(tmp_path / "a.jpg")
    assert opened == [str(tmp_path / "a.jpg")]


def test_photos_that_are_read_quickly_cost_no_thread(tmp_path, monkeypatch):
    """To hand one over takes several times as long as to read it."""
    for name in ("a.jpg", "b.png", "c.jpg"):
        photo(tmp_path / name)
    monkeypatch.setattr(threads, "ThreadPoolExecutor", lambda **_: pytest.fail("a thread is made"))
    monkeypatch.setattr(threads, "_SLACK", np.inf)  # however busy this machine is
    assert len(load(tmp_path)[0]) == 3


def test_a_folder_of_jpegs_asks_for_no_other_format(tmp_path, monkeypatch):
    """Pillow imports forty modules to know them."""
    photo(tmp_path / "a.jpg", exif=turned(6))
    monkeypatch.setattr(opening, "formats", lambda: pytest.fail("all formats are asked for"))
    assert load(tmp_path)[0] == ["a.jpg"]
