"""The folder that a person names: the same words for what is wrong with it in every command."""

import os
from pathlib import Path

import pytest

import helpers.demo
from helpers.app import __main__ as app
from helpers.errors import ArgumentError, FolderError
from helpers.photos import load_photos
from helpers.photos.folder import check_folder, check_has_photos, named_folder
from helpers.service import __main__ as service
from tests.support.pictures import folder_of, picture


def empty(place):
    place.mkdir()


def with_other_files(place):
    (place / "tables").mkdir(parents=True)
    for name in ("a.csv", "tables/b.csv", "tables/c.CSV", "clip.mp4", "notes"):
        (place / name).write_bytes(b"1,2,3")


def with_broken_photos(place):
    place.mkdir()
    (place / "a.jpg").write_bytes(b"")
    (place / "b.jpg").write_text("no photo")


def with_hidden_photos(place):
    folder_of(place / ".hidden", 2)
    (place / "#recycle").mkdir()


def a_file(place):
    place.write_bytes(b"")


CASES = {
    "empty": (empty, ["this folder is empty"]),
    "other files": (with_other_files, ["3 .csv", "1 .mp4", "1 without an ending", "videos are not read"]),
    "broken photos": (with_broken_photos, ["no photo in it that can be read", "2 .jpg", "The first: a.jpg: "]),
    "hidden": (with_hidden_photos, ["no photo in it that can be read", "2 not entered"]),
    "a file": (a_file, ["is a file, not a folder; its folder is"]),
    "nothing": (lambda place: None, ["no such folder"]),
}
NAMES = ["photos", "two words", "100 $HOME", "~ours", "Žluťoučký kůň", "狐狸"]


def start(command, place, monkeypatch, tmp_path):
    """The exit status of a command on a folder."""
    if command == "make serve":
        return service.main(["--photos", str(place)])
    monkeypatch.setenv("FOLDER", str(place))
    monkeypatch.setattr(helpers.demo, "BUILD", tmp_path / "build")
    return helpers.demo.main() if command == "make demo" else app.main(["--port=0"])


@pytest.mark.parametrize("command", ["make demo", "make app", "make serve"])
@pytest.mark.parametrize(("make", "words"), CASES.values(), ids=CASES)
def test_a_command_says_what_is_wrong_with_its_folder(command, make, words, tmp_path, monkeypatch, capfd):
    place = tmp_path / "photos of 2026"
    make(place)
    assert start(command, place, monkeypatch, tmp_path) == 2
    said = capfd.readouterr()
    assert len(said.err.strip().splitlines()) == 1 and not said.out
    assert said.err.startswith(f"{place}: ") and command in said.err
    assert all(word in said.err for word in words), said.err


@pytest.mark.parametrize("command", ["make demo", "make app", "make serve"])
@pytest.mark.parametrize("name", NAMES)
def test_names_are_taken_as_they_are_written(command, name, tmp_path, monkeypatch, capfd):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert start(command, name, monkeypatch, tmp_path) == 2
    assert f"{tmp_path / name}: this folder is empty" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["make demo", "make app", "make serve"])
def test_an_address_is_no_folder(command, tmp_path, monkeypatch, capfd):
    assert start(command, "https://example.org/photos", monkeypatch, tmp_path) == 2
    assert "download them first" in capfd.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="whoever runs this may open every folder")
def test_a_folder_that_may_not_be_opened(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(FolderError, match="closed: no permission to open this folder"):
        check_folder(tmp_path / "closed")


def test_no_permission_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "scandir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(FolderError, match="no permission to open this folder; give"):
        check_folder(tmp_path)


def test_one_photo_is_enough_and_ends_the_search(tmp_path, monkeypatch):
    for number in range(20):
        picture(number).save(tmp_path / f"{number:02}.jpg")
    looked = []
    real = helpers.photos.folder.check_photo
    monkeypatch.setattr(helpers.photos.folder, "check_photo", lambda path: looked.append(path) or real(path))
    check_has_photos(tmp_path)
    assert [path.name for path in looked] == ["00.jpg"]


@pytest.mark.parametrize(
    ("named", "meant"),
    [("owlz", "owls"), ("Owls", "owls"), ("owls/2O25", "owls/2025"), ("owlz/2025", "owls/2025"), ("owls/x/y", None)],
)
def test_a_name_with_a_slip(named, meant, tmp_path):
    (tmp_path / "owls" / "2025").mkdir(parents=True)
    if (tmp_path / named).exists():
        pytest.skip("this disk does not tell small letters from capital ones")
    with pytest.raises(FolderError, match="no such folder") as caught:
        load_photos(tmp_path / named)
    assert (f"; did you mean {tmp_path / meant}?" if meant else "folder; give") in str(caught.value)


def test_no_path_at_all():
    for wrong in (None, 5, ["photos"], b"photos"):
        with pytest.raises((ArgumentError, FolderError), match=r"path"):
            named_folder(wrong)
    for text in ("", "  "):
        with pytest.raises(FolderError, match="is not a path; give the folder"):
            load_photos(text)
    with pytest.raises(FolderError):
        load_photos("a\0b")


def test_home_is_meant_by_a_tilde_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert named_folder("~/photos") == tmp_path / "photos"
    assert named_folder("~no such person/photos") == Path.cwd() / "~no such person" / "photos"


def test_a_notebook_prints_what_is_in_a_folder_without_photos(tmp_path, capsys):
    with_other_files(tmp_path / "tables")
    data, bad = load_photos(tmp_path / "tables")
    assert (len(data), len(bad)) == (0, 5)
    assert f"\n{tmp_path / 'tables'}: no photo in it that can be read, but 3 .csv, " in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    load_photos(tmp_path / "empty")
    assert "this folder is empty" in capsys.readouterr().out
