"""Frames saved and loaded: whole or not at all, without pickle."""

import datetime
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import textwrap
from array import array

import numpy as np
import PIL.Image
import pytest

from helpers.errors import FrameError
from helpers.sframe import Image, SArray, SFrame, load_sframe
from helpers.sframe.errors import BadFile, NoSuchFile
from tests.support.places import ROOT

PIXELS = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)


@pytest.fixture
def frame(tmp_path):
    PIL.Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return SFrame(
        {
            "int": [1, None, -(2**62)],
            "float": [1.5, float("nan"), None],
            "whole": [1.0, 2.0, 0.1],
            "str": ["é\n\"'", None, ""],
            "vectors": [[1, 2], [3, 4], [0.1, float("nan")]],
            "ragged": [[1], None, [2, 3]],
            "list": [[1, "a", None, [1, 2], {"k": [1, "b"]}], None, []],
            "dict": [{1: "a", "b": [1, 2]}, None, {}],
            "date": [datetime.datetime(2020, 1, 2, 3, 4, 5, 678), None, datetime.datetime(2020, 1, 2, tzinfo=zone)],
            "table": SArray([np.array([[1, 2]]), None, np.array([], np.float32)], np.ndarray),
            "image": [Image(str(tmp_path / "photo.png")), Image.from_array(PIXELS), None],
            "empty": [Image(), None, Image()],
        }
    )


def test_every_type_comes_back(frame, tmp_path):
    frame.save(str(tmp_path / "saved"))
    back = load_sframe(str(tmp_path / "saved"))
    assert back.column_names() == frame.column_names() and back.column_types() == frame.column_types()
    assert all(np.array_equal(a, b) for a, b in zip(back["table"], frame["table"]) if a is not None)
    assert repr(list(back.remove_column("table"))) == repr(list(frame.remove_column("table")))
    assert list(back["image"]) == list(frame["image"])


@pytest.mark.parametrize("made", [{}, {"a": []}, {"a": SArray([], array)}, {"a": [None]}], ids=str)
def test_frames_with_little_in_them(made, tmp_path):
    SFrame(made).save(str(tmp_path / "saved"))
    back = load_sframe(str(tmp_path / "saved"))
    assert back.column_types() == SFrame(made).column_types() and list(back) == list(SFrame(made))


def test_loading_reads_no_photo(frame, tmp_path, monkeypatch):
    frame.save(str(tmp_path / "saved"))
    (tmp_path / "photo.png").unlink()
    monkeypatch.setattr("helpers.sframe.image.photo_size", lambda source: pytest.fail("a header was read"))
    assert load_sframe(str(tmp_path / "saved"))["image"][0].width == 4


def test_no_pickle(frame, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle is used")

    for name in ("load", "loads", "dump", "dumps"):
        monkeypatch.setattr(pickle, name, refuse)
    frame.save(str(tmp_path / "saved"))
    load_sframe(str(tmp_path / "saved"))
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} == {".json", ".npy", ".bin"}


class Cut(Exception):
    """The power goes."""


def steps_of_a_save(frame, target, monkeypatch):
    """How many times a save puts a file in its place."""
    steps = []
    replace = pathlib.Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "replace", lambda path, to: steps.append(to) or replace(path, to))
        frame.save(str(target))
    return len(steps)


def test_a_save_cut_off_anywhere_leaves_the_old_frame(frame, tmp_path, monkeypatch):
    old = SFrame({"n": [1, 2, 3]})
    steps = steps_of_a_save(frame, tmp_path / "counted", monkeypatch)
    assert steps > 12
    replace = pathlib.Path.replace
    for cut in range(steps):
        target = tmp_path / f"saved-{cut}"
        old.save(str(target))
        done = []

        def cut_off(path, to, done=done, cut=cut):
            if len(done) == cut:
                raise Cut
            done.append(to)
            return replace(path, to)

        with monkeypatch.context() as patch:
            patch.setattr(pathlib.Path, "replace", cut_off)
            with pytest.raises(Cut):
                frame.save(str(target))
        assert list(load_sframe(str(target))["n"]) == [1, 2, 3]
        old.save(str(target))  # and the next save clears up
        assert len(list(target.iterdir())) == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
@pytest.mark.parametrize("moment", ["numpy.save", "json.dumps"], ids=["in a column", "in the index"])
def test_a_save_that_is_killed_leaves_the_old_frame(tmp_path, moment):
    """As above, but with a real process and a real kill, while a file is open."""
    target = tmp_path / "saved"
    SFrame({"n": [1, 2, 3]}).save(str(target))
    script = f"""
        import json, numpy, os, signal, sys
        from helpers.sframe import SFrame
        {moment} = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
        SFrame({{"n": [4, 5, 6]}}).save(sys.argv[1])
    """
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(target)], cwd=root, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.returncode == -signal.SIGKILL
    assert len(list(target.iterdir())) > 2  # the old frame, and what the killed process left
    assert list(load_sframe(str(target))["n"]) == [1, 2, 3]
    SFrame({"n": [7]}).save(str(target))
    assert len(list(target.iterdir())) == 2


def test_a_first_save_that_was_cut_off_is_no_frame(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("helpers.sframe.files.archive.json.dumps", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            SFrame({"n": [1]}).save(str(tmp_path / "saved"))
    with pytest.raises(BadFile, match="not a saved frame, or an incomplete one"):
        load_sframe(str(tmp_path / "saved"))
    SFrame({"n": [1]}).save(str(tmp_path / "saved"))
    assert len(load_sframe(str(tmp_path / "saved"))) == 1


def test_saving_over_a_frame_clears_its_files(frame, tmp_path):
    frame.save(str(tmp_path / "saved"))
    SFrame({"n": [1]}).save(str(tmp_path / "saved"))
    assert len(list((tmp_path / "saved").iterdir())) == 2


def test_other_files_are_never_touched(tmp_path):
    (tmp_path / "IMG_0001.JPG").write_bytes(b"a photo")
    with pytest.raises(BadFile, match="holds other files"):
        SFrame({"n": [1]}).save(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["IMG_0001.JPG"]


def test_what_is_no_frame(tmp_path):
    with pytest.raises(NoSuchFile, match="no such file"):
        load_sframe(str(tmp_path / "nowhere"))
    with pytest.raises(BadFile, match="not a saved frame"):
        load_sframe(str(tmp_path))
    (tmp_path / "note").write_text("a note")
    with pytest.raises(BadFile, match="not a saved frame"):
        load_sframe(str(tmp_path / "note"))
    for index in ("{}", "[]", '{"format": "other", "version": 1}', '{"format": "kinframe-frame", "version": 99}'):
        (tmp_path / "frame.json").write_text(index)
        with pytest.raises(FrameError):
            load_sframe(str(tmp_path))


def test_turi_creates_own_format_has_a_way_out(tmp_path):
    (tmp_path / "dir_archive.ini").write_text("[archive]\nversion=1\n")
    with pytest.raises(BadFile, match=r"Turi Create environment .* export_csv\(\)"):
        load_sframe(str(tmp_path))


@pytest.mark.parametrize("kind", ["npy", "json"])
def test_a_damaged_file_is_reported(tmp_path, kind):
    SFrame({"n": [1, 2], "s": ["a", "b"]}).save(str(tmp_path / "saved"))
    for path in (tmp_path / "saved").glob(f"*-*.{kind}"):
        path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BadFile):
        load_sframe(str(tmp_path / "saved"))


@pytest.mark.parametrize(
    "old, new",
    [(b"}", b" "), (b", ", b"\0 "), (b"'<i8'", b"'<i9'"), (b"(2,)", b"(2e9,)"), (b"(2,)", b"(2222222,)")],
)
def test_a_description_that_somebody_changed_is_reported(tmp_path, old, new):
    SFrame({"n": [1, 2]}).save(str(tmp_path / "saved"))
    (path,) = (tmp_path / "saved").glob("*-0.npy")
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(BadFile):
        load_sframe(str(tmp_path / "saved"))


def test_a_frame_reads_its_own_files_alone(tmp_path):
    """The names in a frame from a stranger lead nowhere else."""
    SFrame({"n": [1, 2], "s": ["a", "b"]}).save(str(tmp_path / "saved"))
    np.save(str(tmp_path / "other.npy"), np.array([3, 4]))
    (tmp_path / "other.json").write_text('["c", "d"]', "utf-8")
    index = tmp_path / "saved" / "frame.json"
    before = index.read_text("utf-8")
    described = json.loads(before)
    names = [name for column in described["columns"] for name in column["files"].values()]
    assert len(names) == 2
    for name in names:
        kind = name.rpartition(".")[2]
        places = (f"../other.{kind}", str(tmp_path / f"other.{kind}"), f"{name.partition('.')[0]}/../../other.{kind}")
        (tmp_path / "saved" / name.partition(".")[0]).mkdir()
        for place in places:
            index.write_text(before.replace(json.dumps(name), json.dumps(place)), "utf-8")
            with pytest.raises(BadFile):
                load_sframe(str(tmp_path / "saved"))
    index.write_text(before, "utf-8")
    assert list(load_sframe(str(tmp_path / "saved"))["n"]) == [1, 2]


SIZES = (["<b>", 5], [[1], [2]], [float("nan"), 1], [1], [1, 2, 3], [-5, 10], [True, True], [0, 5], "ab", {"a": 1})


@pytest.mark.parametrize(
    "cell",
    [
        *({"path": "/a.jpg", "size": size} for size in SIZES),
        *({"path": path, "size": [1, 2]} for path in (5, [1], None)),
    ],
    ids=json.dumps,
)
def test_an_image_of_no_size_or_nowhere_is_reported(frame, tmp_path, cell):
    """Not when it is shown or saved again."""
    frame[["image"]].head(1).save(str(tmp_path / "saved"))
    (path,) = [each for each in (tmp_path / "saved").glob("*.json") if each.name != "frame.json"]
    path.write_text(json.dumps([cell]), "utf-8")
    with pytest.raises(BadFile):
        load_sframe(str(tmp_path / "saved"))


@pytest.mark.parametrize(
    "cell",
    [
        {"ndarray": 5, "dtype": "<f8"},
        {"ndarray": [1, 2], "dtype": "V999999999"},
        {"ndarray": [1, 2], "dtype": [["a", "<f8"]]},
        {"ndarray": [1, 2], "dtype": "no type"},
        {"ndarray": ["a"], "dtype": "U99999999"},
        {"array": ["a"]},
        {"datetime": 7},
        {"bytes": ["a", 1], "size": [1, 1]},
        {"path": "a.jpg", "size": "xy"},
        {"dict": [[[], 1]]},
        {"dict": 7},
    ],
    ids=json.dumps,
)
def test_a_cell_that_somebody_changed_is_reported(tmp_path, cell):
    SFrame({"a": SArray([np.array([[1, 2]])], np.ndarray)}).save(str(tmp_path / "saved"))
    (path,) = [each for each in (tmp_path / "saved").glob("*.json") if each.name != "frame.json"]
    path.write_text(json.dumps([cell]), "utf-8")
    with pytest.raises(BadFile):
        load_sframe(str(tmp_path / "saved"))


def test_an_object_array_is_refused(tmp_path):
    SFrame({"n": [1, 2]}).save(str(tmp_path / "saved"))
    (path,) = (tmp_path / "saved").glob("*.npy")
    np.save(str(path), np.array([1, "x"], object), allow_pickle=True)
    with pytest.raises(BadFile):
        load_sframe(str(tmp_path / "saved"))
