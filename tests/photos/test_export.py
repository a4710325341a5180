import csv
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import helpers.photos.export
from helpers.errors import ExportError, FrameError
from helpers.photos.export import export
from tests.support.pictures import folder_of
from tests.support.places import ROOT

NAMES = ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos", count=4)


@pytest.fixture
def photos(folder):
    return [(name, str(folder / name)) for name in NAMES]


def files(place):
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def cells(place):
    with place.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def entries(place):
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def put(place):
    """What is in it, of whichever kind it is."""
    return entries(place) if place.suffix == ".zip" else files(place)


# The three kinds


def test_paths_in_a_csv(photos, tmp_path):
    place, bad = export([*photos, ("from outside.jpg", b"bytes")], tmp_path / "chosen.csv")
    assert (place, bad) == (tmp_path / "chosen.csv", [])
    assert cells(place) == [["path", "file"], *map(list, photos), ["from outside.jpg", ""]]


@pytest.mark.parametrize("to", ["chosen.zip", "Chosen.ZIP", "chosen", "new/folder"])
def test_copies_keep_their_paths_and_dates(photos, folder, tmp_path, to):
    os.utime(folder / "0.jpg", (1e9, 1e9))
    os.utime(folder / "2.jpg", (0, 0))  # before ZIP began
    place, bad = export([*photos, ("from outside.jpg", b"bytes")], str(tmp_path / to))
    assert (place, bad) == (tmp_path / to, [])
    if place.suffix.lower() == ".zip":
        with zipfile.ZipFile(place) as archive:
            assert archive.getinfo("0.jpg").date_time[:2] == (2001, 9)
            assert archive.getinfo("2.jpg").date_time[0] == 1980
            assert archive.getinfo("odd/1.jpg").external_attr >> 16 == 0o644
        found = entries(place)
    else:
        assert (place / "0.jpg").stat().st_mtime == 1e9
        found = files(place)
    assert found == {**files(folder), "from outside.jpg": b"bytes"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"photos", to.split("/")[0]})


def test_an_empty_folder_will_do(photos, folder, tmp_path):
    (tmp_path / "chosen").mkdir()
    export(photos, tmp_path / "chosen")
    assert files(tmp_path / "chosen") == files(folder)


def test_home_and_here(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert export(photos, "~/a.csv")[0] == tmp_path / "a.csv"
    assert export(photos, "b.csv")[0] == Path.cwd() / "b.csv"


# Nothing is written over


@pytest.mark.parametrize("to", ["mine.csv", "mine.zip", "mine"])
def test_what_is_there_stays(photos, tmp_path, to):
    mine = tmp_path / to
    mine.write_text("mine")
    with pytest.raises(FrameError, match=f"{to} exists already"):
        export(photos, mine)
    assert mine.read_text() == "mine"
    mine.unlink()
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    with pytest.raises(FrameError, match=f"{to} exists already"):
        export(photos, mine)
    assert files(mine) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("to", ["mine.csv", "mine.zip", "mine"])
def test_what_comes_there_meanwhile_stays(photos, tmp_path, monkeypatch, to):
    original, mine = helpers.photos.export.progress_bar, tmp_path / to

    def slowly(*values, **options):
        if to == "mine":
            mine.mkdir()
            (mine / "thesis.txt").write_text("mine")
        else:
            mine.write_text("mine")
        return original(*values, **options)

    monkeypatch.setattr(helpers.photos.export, "progress_bar", slowly)
    with pytest.raises((FrameError, ExportError), match=to):
        export(photos, mine)
    assert (mine / "thesis.txt" if to == "mine" else mine).read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [to, "photos"]


@pytest.mark.parametrize("name", ["out.txt", "paths.xlsx", "photos.cvs", "all.ZIPX", "one.jpg", "film.mp4", "a.tar.gz"])
def test_a_file_of_another_kind_is_no_folder(photos, tmp_path, name):
    with pytest.raises(FrameError, match=rf"{name}: photos are not written as \.\w+; \S+\.csv gets their paths"):
        export(photos, tmp_path / name)
    assert not (tmp_path / name).exists()
    place, bad = export(photos, f"{tmp_path / name}/")
    assert place.is_dir() and not bad


@pytest.mark.parametrize("name", ["season 2026.05", "old.photos", "v1.0", ".hidden"])
def test_a_folder_may_have_a_dot_in_its_name(photos, tmp_path, name):
    assert export(photos, tmp_path / name)[0].is_dir()


def test_nothing_to_export(tmp_path):
    with pytest.raises(FrameError, match="no photo to export"):
        export([], tmp_path / "chosen")
    with pytest.raises(FrameError, match="name a place"):
        export([("a.jpg", b"a")], "")
    assert not list(tmp_path.iterdir())


# Names


@pytest.mark.parametrize("to", ["chosen.zip", "chosen"])
def test_no_name_leads_out(tmp_path, to):
    names = ["../../up.jpg", "/etc/passwd", "C:/Windows/x.jpg", r"..\..\up.jpg", "a/./b//c.jpg", "..", "a/../../d.jpg"]
    place, _ = export([(name, name.encode()) for name in names], tmp_path / "in" / to)
    assert sorted(put(place)) == sorted(
        ["up.jpg", "etc/passwd", "C_/Windows/x.jpg", ".._.._up.jpg", "a/b/c.jpg", "photo", "a/d.jpg"]
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("to", ["chosen.zip", "chosen"])
def test_photos_that_would_have_one_name(tmp_path, to):
    names = [
        "a.jpg",
        "A.JPG",
        "a.jpg",
        "x/a.jpg",
        "../a.jpg",
        "e\u0301",
        "\u00e9",
        ".hidden",
        ".hidden",
        "x",
        "a.jpg/b",
    ]
    place, bad = export([(name, str(row).encode()) for row, name in enumerate(names)], tmp_path / to)
    found = put(place)
    assert not bad and sorted(found.values()) == sorted(str(row).encode() for row in range(len(names)))
    assert {"a.jpg", "A (2).JPG", "a (3).jpg", "x/a.jpg", "a (4).jpg", ".hidden (2)", "x (2)", "a.jpg_b"} <= set(found)
    assert len({name.casefold() for name in found}) == len(names)


@pytest.mark.parametrize("to", ["chosen.zip", "chosen"])
def test_copies_have_names_that_windows_takes(tmp_path, to):
    """A ZIP or a USB stick from Linux is opened there; two names that become one stay two photos."""
    names = ["a?.jpg", "a*.jpg", "a_.jpg", "site 1:2/b.jpg", "dots./x.jpg", "dots. /x.jpg", "aux/con.jpg", 'q"<>|.jpg']
    place, bad = export([(name, str(row).encode()) for row, name in enumerate(names)], tmp_path / to)
    found = put(place)
    assert not bad and sorted(found.values()) == sorted(str(row).encode() for row in range(len(names)))
    assert sorted(found) == sorted(
        [
            *("a_.jpg", "a_ (2).jpg", "a_ (3).jpg", "site 1_2/b.jpg"),
            *("dots_/x.jpg", "dots__/x.jpg", "aux_/con_.jpg", "q____.jpg"),
        ]
    )


def test_no_name_is_a_formula(tmp_path):
    place, _ = export([("=cmd.jpg", b""), ("a,b\n.jpg", b"")], tmp_path / "a.csv")
    assert cells(place)[1:] == [["'=cmd.jpg", ""], ["a,b\n.jpg", ""]]


# Photos that have gone, and places that cannot be had


@pytest.mark.parametrize("to", ["chosen.csv", "chosen.zip", "chosen"])
def test_a_photo_that_has_gone_stays_out(photos, folder, tmp_path, to):
    (folder / "2.jpg").unlink()
    place, bad = export(photos, tmp_path / to)
    assert bad == [("2.jpg", "no such file")]
    rest = {name for name in NAMES if name != "2.jpg"}
    assert ({row[0] for row in cells(place)[1:]} if to == "chosen.csv" else set(put(place))) == rest


@pytest.mark.parametrize("to", ["chosen.csv", "chosen.zip", "chosen"])
def test_where_all_have_gone_nothing_is_made(tmp_path, to):
    with pytest.raises(ExportError, match=r"none of the 2 photos can be copied; the first, a\.jpg: no such file"):
        export([(name, str(tmp_path / name)) for name in ("a.jpg", "b.jpg")], tmp_path / to)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", ["chosen.csv", "chosen.zip", "chosen"])
def test_a_full_disk_leaves_nothing(photos, tmp_path, monkeypatch, to):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    monkeypatch.setattr("csv.writer", full)
    with pytest.raises(ExportError, match=rf"{to}: .*No space left on device.*nothing was left.*make room"):
        export(photos, tmp_path / to)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_a_disk_that_is_full_only_at_the_end(photos, tmp_path, monkeypatch):
    class Full(zipfile.ZipFile):
        def _write_end_record(self):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile, "ZipFile", Full)
    with pytest.raises(ExportError, match="No space left on device"):
        export(photos, tmp_path / "chosen.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_a_place_that_cannot_be_made(photos, tmp_path):
    (tmp_path / "file").write_text("mine")
    for to in ("a.csv", "a.zip", "a"):
        with pytest.raises(ExportError, match="could not be written"):
            export(photos, tmp_path / "file" / to)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("to", ["chosen.zip", "chosen"])
def test_killed_in_the_middle_nothing_has_the_name(photos, tmp_path, to):
    script = """
import sys, time
import helpers.photos.export

def slow(source):
    print("half way", flush=True)
    time.sleep(60)

first = [True]
original = helpers.photos.export.read_photo
helpers.photos.export.read_photo = lambda source: original(source) if first and first.pop() else slow(source)
helpers.photos.export.export([(name, sys.argv[1] + "/" + name) for name in ("0.jpg", "2.jpg")], sys.argv[2])
"""
    command = [sys.executable, "-c", script, str(tmp_path / "photos"), str(tmp_path / to)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment) as job:
        assert b"half way" in job.stdout.readline()
        job.send_signal(signal.SIGKILL)
    assert not (tmp_path / to).exists()
    export(photos, tmp_path / to)
    assert set(put(tmp_path / to)) == set(NAMES)


def test_it_is_quiet_unless_it_takes_long(photos, tmp_path, capfd):
    export(photos, tmp_path / "chosen")
    assert capfd.readouterr() == ("", "")
