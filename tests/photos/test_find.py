"""Which files of a folder are looked at: each once, whatever links and bins there are, and none that never ends."""

import os
import threading

import pytest

from helpers import tc
from helpers.errors import PhotoError
from helpers.files.reading import LARGEST, NotRead, open_regular, read_regular
from helpers.files.stamps import sha256_now
from helpers.images.decode import open_photo, read_photo
from helpers.images.thumbnails import Thumbnails
from helpers.photos.find import find_photos
from helpers.photos.load import load_photos
from helpers.photos.metadata.read import read_metadata
from tests.support.metadata import packet
from tests.support.pictures import picture

UNIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")


def photo(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, (30, 20)).save(path, "JPEG")


# Bins


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "lost+found", "FOUND.000"),
        *("#snapshot", "@Recently-Snapshot", "System Volume Information", "@__thumb", "__MACOSX", "@tmp"),
    ],
)
def test_what_a_system_keeps_for_itself_is_not_entered(tmp_path, name):
    photo(tmp_path / "2026" / "a.jpg")
    photo(tmp_path / name / "a.jpg")
    photo(tmp_path / "2026" / name / "a.jpg" / "SYNOPHOTO_THUMB_XL.jpg", seed=1)
    data, bad = load_photos(tmp_path, progress=False)
    assert list(data["path"]) == ["2026/a.jpg"]
    assert sorted(bad["path"]) == sorted([name, f"2026/{name}"]), "one line for each"
    assert all(reason.endswith(", not entered") for reason in bad["reason"])


def test_folders_and_files_with_such_words_in_their_names_are_read(tmp_path):
    names = ["recycle/a.jpg", "found/a.jpg", "eaDir/a.jpg", "lost and found/a.jpg", "#recycle.jpg", "snapshot/a.jpg"]
    for name in names:
        photo(tmp_path / name)
    assert find_photos(tmp_path) == (sorted(names), [])
    photo(tmp_path / "#recycle" / "a.jpg")
    assert find_photos(tmp_path / "#recycle") == (["a.jpg"], []), "where a person names it, it is read"


# Links


@UNIX
def test_links_to_the_next_folder_do_not_double_the_work(tmp_path, monkeypatch):
    """Two links to the next folder, 22 deep, would be four million folders."""
    folders = [tmp_path / f"{number:02}" for number in range(23)]
    for place, folder in enumerate(folders):
        photo(folder / "a.jpg", seed=place)
        for link in "xy":
            if place + 1 < len(folders):
                (folder / link).symlink_to(folders[place + 1])
    asked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: asked.append(path) or scandir(path))
    names, refused = find_photos(tmp_path)
    assert names == [f"{number:02}/a.jpg" for number in range(23)], "by their own paths, not by those of links"
    assert set(refused) == {
        (f"{number:02}/{link}", "a link to a folder that is read already") for number in range(22) for link in "xy"
    }
    assert len(asked) == 24


@UNIX
def test_what_links_lead_to_is_read_once(tmp_path):
    photo(tmp_path / "far" / "deep" / "a.jpg")
    photos = tmp_path / "photos"
    photo(photos / "b.jpg")
    (photos / "1").symlink_to(tmp_path / "far")
    (photos / "2").symlink_to(tmp_path / "far" / "deep")
    (photos / "3").symlink_to(tmp_path / "far")
    (tmp_path / "far" / "round").symlink_to(photos)
    (tmp_path / "far" / "deep" / "up").symlink_to(tmp_path)
    names, refused = find_photos(photos)
    assert names == ["1/deep/a.jpg", "b.jpg"]
    assert dict(refused) == {
        "1/round": "a link to a folder that is read already",
        "1/deep/up": "a link back to a folder above it",
        "2": "a link to a folder that is read already",
        "3": "a link to a folder that is read already",
    }


@UNIX
def test_links_of_a_disk_that_does_not_number_its_folders(tmp_path, monkeypatch):
    """Then the same folder may be read twice, and none is left out; links back end all the same."""
    photo(tmp_path / "one" / "a.jpg")
    photo(tmp_path / "two" / "b.jpg")
    (tmp_path / "two" / "loop").symlink_to(tmp_path)
    status = os.stat

    def without_number(path, *rest, **named):
        values = list(status(path, *rest, **named))
        values[1] = 0
        return os.stat_result(values)

    monkeypatch.setattr(os, "stat", without_number)
    names, refused = find_photos(tmp_path)
    monkeypatch.undo()
    assert names == ["one/a.jpg", "two/b.jpg"] and refused == [("two/loop", "a link back to a folder above it")]


# Depth


def test_1500_folders_deep(tmp_path):
    depth, here = 1500, os.open(tmp_path, os.O_RDONLY) if os.open in os.supports_dir_fd else None
    if here is None:
        pytest.skip("this system cannot make a folder that deep")
    for _ in range(depth):  # no path may be longer than 4,096 bytes at once
        os.mkdir("d", dir_fd=here)
        lower = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = lower
    os.close(here)
    photo(tmp_path / "a.jpg")
    names, refused = find_photos(tmp_path)
    assert names == ["a.jpg"] and all(reason for _, reason in refused) and len(refused) <= 1
    while depth:  # pytest's own cleaning would recurse
        depth -= 500
        (tmp_path / "/".join(["d"] * (depth + 1))).rename(tmp_path / f"cut-{depth}")


# What never ends


@pytest.fixture
def promptly():
    """A function that calls another, and fails where that is not done in half a minute."""

    def call(work):
        results = []
        thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
        thread.start()
        thread.join(30)
        assert not thread.is_alive(), "it waits for what never comes"
        return results[0]

    return call


def attempt(work, *arguments):
    """What it returns, or the error that it raises."""
    try:
        return work(*arguments)
    except (PhotoError, OSError) as error:
        return error


@PIPES
def test_pipes_and_devices_are_not_read(tmp_path, promptly):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    photo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "a.jpg.xmp")
    (tmp_path / "a.xmp").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "zero.jpg", "a.jpg.xmp", "a.xmp"):
        for read in (open_regular, read_regular):
            assert isinstance(promptly(lambda name=name, read=read: attempt(read, tmp_path / name)), NotRead)
    assert promptly(lambda: read_metadata(tmp_path / "a.jpg")).tags == ()
    data, bad = promptly(lambda: load_photos(tmp_path, progress=False, details=True))
    assert list(data["path"]) == ["a.jpg"]
    assert {row["path"] for row in bad} == {"pipe.jpg", "zero.jpg", "a.jpg.xmp", "a.xmp"}
    assert set(bad["reason"]) == {"not a regular file"}


@PIPES
def test_a_pipe_in_the_place_of_a_photo_that_was_loaded(tmp_path, promptly):
    photo(tmp_path / "a.jpg")
    data, _ = load_photos(tmp_path, progress=False)
    (tmp_path / "a.jpg").unlink()
    os.mkfifo(tmp_path / "a.jpg")
    path = data["file"][0]
    readers = [open_photo, read_photo, Thumbnails(tmp_path / "kept").get, sha256_now]
    if not tc.HAS_TURICREATE:  # whose Images hold a copy
        readers.append(lambda _: data["image"][0].pixel_data)
    for read in readers:
        assert "not a regular file" in str(promptly(lambda read=read: attempt(read, path)))


def test_a_file_with_a_hole_of_60_gigabytes(tmp_path, promptly):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "hole.jpg", seed=1)
    try:
        os.truncate(tmp_path / "hole.jpg", 60 * 10**9)
    except OSError:
        pytest.skip("this disk has no files with holes")
    data, bad = promptly(lambda: load_photos(tmp_path, progress=False))
    assert list(data["path"]) == ["a.jpg"]
    assert list(bad["reason"]) == ["60.0 GB, and files of at most 1.1 GB are read"]
    os.truncate(tmp_path / "hole.jpg", LARGEST + 1)
    with pytest.raises(NotRead):
        read_regular(tmp_path / "hole.jpg")


def test_a_regular_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"\r\n\x1a\0" * 10_000)
    assert read_regular(tmp_path / "a") == b"\r\n\x1a\0" * 10_000
    with open_regular(tmp_path / "a", most=40_000) as file:
        assert file.read(4) == b"\r\n\x1a\0"
    with pytest.raises(NotRead, match="GB are read"):
        read_regular(tmp_path / "a", most=39_999)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "gone")


@pytest.mark.parametrize("kind", ["nested", "wide", "deep"])
def test_xmp_that_takes_long_is_given_up(tmp_path, promptly, kind):
    inside = {
        "nested": "<dc:subject><rdf:Bag><rdf:li>fox</rdf:li>" * 30_000 + "</rdf:Bag></dc:subject>" * 30_000,
        "deep": "<rdf:li>" * 200_000 + "</rdf:li>" * 200_000,
        "wide": "<dc:subject><rdf:Bag>" + "<rdf:li>a</rdf:li>" * 200_000 + "</rdf:Bag></dc:subject>",
    }[kind]
    head, tail = packet(subject=["cat"]).decode().split("</rdf:Description>")
    photo(tmp_path / "a.jpg")
    (tmp_path / "a.xmp").write_text(f"{head}{inside}</rdf:Description>{tail}", encoding="utf-8")
    tags = promptly(lambda: read_metadata(tmp_path / "a.jpg")).tags
    assert len(tags) <= 1, "all or nothing"
