import csv
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from helpers.errors import FrameError, LabelsError
from helpers.files import lock
from helpers.files.replacing import replacing
from helpers.photos.labels import Labels
from tests.support.places import ROOT
from tests.support.until import HANGS


@pytest.fixture
def file(tmp_path):
    return tmp_path / "photo-labels.csv"


def lines(file):
    return file.read_bytes().decode("utf-8").split("\r\n")[:-1]


# Giving, reading, taking back


def test_the_file_is_made_at_the_first_label(file):
    labels = Labels(file)
    assert len(labels) == 0 and labels.get("a.jpg") is None and "a.jpg" not in labels
    labels.set(["a.jpg"], "")
    assert labels.undo() is None
    assert not file.exists()
    labels.set(["a.jpg", "card 2/b.jpg"], "heron")
    assert lines(file) == ["path,label", "a.jpg,heron", "card 2/b.jpg,heron"]
    assert [entry.name for entry in file.parent.iterdir()] == [file.name], "nothing else is left there"


def test_labels_outlive_the_kernel(file):
    Labels(file).set("a.jpg", "heron")
    again = Labels(str(file))
    assert again["a.jpg"] == "heron" and dict(again.items()) == {"a.jpg": "heron"}
    with pytest.raises(KeyError):
        again["b.jpg"]


def test_an_empty_label_takes_the_label_away(file):
    labels = Labels(file)
    labels.set(["a.jpg", "b.jpg"], "heron")
    change = labels.set(["a.jpg", "never.jpg"], "")
    assert (change.before, change.after) == ({"a.jpg": "heron"}, {"a.jpg": ""})
    assert dict(labels) == {"b.jpg": "heron"}
    assert lines(file) == ["path,label", "b.jpg,heron"]


def test_undo_goes_back_step_by_step_also_over_a_removal(file):
    labels = Labels(file)
    labels.set(["a.jpg"], "heron")
    labels.set(["a.jpg", "b.jpg"], "egret")
    labels.set(["a.jpg"], "egret")  # changes nothing: no step
    labels.set(["b.jpg"], "")
    assert labels.undo().after == {"b.jpg": ""}
    assert dict(labels) == {"a.jpg": "egret", "b.jpg": "egret"}
    undone = labels.undo()
    assert (undone.before, undone.after) == ({"a.jpg": "heron", "b.jpg": ""}, {"a.jpg": "egret", "b.jpg": "egret"})
    assert dict(labels) == dict(Labels(file)) == {"a.jpg": "heron"}
    assert labels.undo() is not None and labels.undo() is None
    assert lines(file) == ["path,label"]


def test_undo_remembers_when_the_cell_is_run_again(file):
    Labels(file).set("a.jpg", "heron")
    assert Labels(file).undo().after == {"a.jpg": "heron"}
    assert len(Labels(file)) == 0


# Text


TEXTS = [
    "=1+2",
    "+49",
    "-3",
    "@home",
    "'=1+2",
    "''@x",
    "'quoted'",
    "\t=x",
    "\uff1d1",
    "a, b; c",
    'say "heron"',
    "two\nlines",
    "old\rMac",
    "both\r\n",
    " spaces ",
    "Füchse 狐 🦊",
    "e\u0301",
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_text_comes_back_as_label_and_as_path(file, delimiter):
    file.write_text(f"path{delimiter}label\n")
    labels = Labels(file)
    for text in TEXTS:
        labels.set([f"folder/{text}", text], text)
    wanted = {path: text for text in TEXTS for path in (f"folder/{text}", text)}
    assert dict(labels) == dict(Labels(file)) == wanted
    for text in TEXTS:
        labels.set([text], "")
    assert dict(Labels(file)) == {f"folder/{text}": text for text in TEXTS}


def test_no_cell_is_a_formula(file):
    labels = Labels(file)
    for text in TEXTS:
        labels.set([text], text)
    with file.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r\uff1d"]
    assert "'=1+2" in cells and "''=1+2" in cells, "and the two are told apart"


@pytest.mark.parametrize("wrong", [3, "nul\0", "\ud800", "x" * 10_001, None])
def test_what_is_no_label_or_path(file, wrong):
    labels = Labels(file)
    with pytest.raises(FrameError, match=r"label|text"):
        labels.set(["a.jpg"], wrong)
    with pytest.raises(FrameError, match=r"path|text"):
        labels.set([wrong], "heron")
    with pytest.raises(FrameError, match="path"):
        labels.set([""], "heron")
    assert not file.exists()


# Files that people have had in hand


def test_columns_and_rows_of_people_stay(file):
    file.write_text('note,path,when,label\n=SUM(A1),a.jpg,"1, 2",-3\nmine,b.jpg,,\n\n,,,\nshort,c.jpg\n')
    labels = Labels(file)
    assert dict(labels) == {"a.jpg": "-3"}
    labels.set(["b.jpg", "d.jpg"], "heron")
    labels.set(["a.jpg", "d.jpg"], "")
    assert lines(file) == [
        "note,path,when,label",
        '=SUM(A1),a.jpg,"1, 2",',
        "mine,b.jpg,,heron",
        ",,,",
        "short,c.jpg,,",
    ]
    labels.undo()
    assert dict(Labels(file)) == {"a.jpg": "-3", "b.jpg": "heron", "d.jpg": "heron"}


def test_a_photo_with_several_lines_has_the_last_label(file):
    file.write_text("path,label\na.jpg,one\nb.jpg,two\na.jpg,three\n")
    labels = Labels(file)
    assert labels["a.jpg"] == "three"
    labels.set("a.jpg", "four")
    assert dict(Labels(file)) == {"a.jpg": "four", "b.jpg": "two"}
    labels.set("a.jpg", "")
    assert lines(file) == ["path,label", "b.jpg,two"]


def test_what_a_spreadsheet_saved(file):
    file.write_bytes('\ufeff"path";"label"\r\n"a.jpg";"Füchse"\r\n'.encode())
    Labels(file).set("b.jpg", "heron")
    assert file.read_bytes().decode() == "\ufeffpath;label\r\na.jpg;Füchse\r\nb.jpg;heron\r\n"


DAMAGES = {
    "empty": (b"", "has no labels"),
    "of something else": (b"name,age\nEve,3\n", "does not name the columns path and label"),
    "without the label": (b"path\na.jpg\n", "has no labels"),
    "a column twice": (b"path,label,path\na,b,c\n", "has no labels"),
    "cut off": (b'path,label\na.jpg,"half', "damaged"),
    "a quote too many": (b'path,label\na.jpg,"he"ron\n', r"damaged \(line 2"),
    "a comma too many": (b"path,label\na.jpg,heron\nb.jpg,heron, old\n", r"damaged \(line 3: 3 cells, and 2 columns\)"),
    "Latin-1": ("path,label\na.jpg,Füchse\n".encode("latin-1"), "not a CSV in UTF-8"),
    "UTF-16": ("path,label\n".encode("utf-16"), "not a CSV in UTF-8"),
    "a photo": (b"\xff\xd8\xff\xe0", "not a CSV in UTF-8"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_or_not_ours_is_left_alone(file, damage):
    content, said = DAMAGES[damage]
    labels = Labels(file)
    file.write_bytes(content)
    for action in (lambda: Labels(file), lambda: labels.set("a.jpg", "heron"), labels.reload):
        with pytest.raises(LabelsError, match=f"photo-labels.csv.*{said}"):
            action()
    assert file.read_bytes() == content
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(LabelsError, match="a folder; name a file in it"):
        Labels(tmp_path)


def test_a_disk_that_is_full_or_a_file_that_is_open_elsewhere(file, monkeypatch):
    labels = Labels(file)
    labels.set("a.jpg", "heron")
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LabelsError, match=r"could not be kept .No space left on device"):
        labels.set("b.jpg", "heron")
    with pytest.raises(LabelsError, match="could not be kept"):
        labels.undo()
    monkeypatch.undo()
    assert file.read_bytes() == before and dict(labels) == {"a.jpg": "heron"}
    assert labels.undo() is not None, "what could not be undone is undone later"


@pytest.mark.skipif(os.name == "nt", reason="links are not for everybody on Windows")
def test_a_link_stays_a_link(file, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    Labels(link).set("a.jpg", "heron")
    assert link.is_symlink() and dict(Labels(file)) == {"a.jpg": "heron"}


@pytest.mark.skipif(os.name == "nt", reason="links are not for everybody on Windows")
@pytest.mark.parametrize("name", [".bash_profile", "startup/00-first.py", "clock.desktop"])
def test_a_link_has_nothing_begun_that_is_run(tmp_path, name):
    """`$(…).jpg` would be a command there."""
    link = tmp_path / "photo-labels.csv"
    link.symlink_to(tmp_path / name)
    with pytest.raises(LabelsError, match="is a link to"):
        Labels(link)
    assert not (tmp_path / name).exists()


# Several at once


def test_nothing_of_another_notebook_is_lost(file):
    ours, theirs = Labels(file), Labels(file)
    ours.set(["a.jpg", "b.jpg"], "heron")
    theirs.set(["b.jpg", "c.jpg"], "egret")
    assert dict(ours) == {"a.jpg": "heron", "b.jpg": "heron"}
    ours.reload()
    assert dict(ours) == {"a.jpg": "heron", "b.jpg": "egret", "c.jpg": "egret"}


def test_undo_leaves_what_another_process_wrote_since(file):
    labels = Labels(file)
    labels.set(["a.jpg", "b.jpg"], "heron")
    file.write_text("path,label\na.jpg,heron\nb.jpg,egret\nc.jpg,owl\n")
    undone = labels.undo()
    assert (undone.before, undone.after) == ({"a.jpg": ""}, {"a.jpg": "heron"})
    assert dict(Labels(file)) == dict(labels) == {"b.jpg": "egret", "c.jpg": "owl"}


WRITER = """
import sys
from helpers.photos.labels import Labels
file, name, count = sys.argv[1:]
labels = Labels(file)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    labels.set([f"{name}/{number}.jpg"], name)
"""


def test_two_processes_write_at_once_and_nothing_is_lost(file):
    command = [sys.executable, "-c", WRITER, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    jobs = [
        subprocess.Popen(
            [*command, name, "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment
        )
        for name in ("ours", "theirs")
    ]
    for job in jobs:
        assert job.stdout.readline().strip() == b"ready"
    for job in jobs:
        job.stdin.write(b"go\n")
        job.stdin.flush()
    for job in jobs:
        job.communicate(timeout=HANGS)
        assert job.returncode == 0
    found = dict(Labels(file))
    assert found == {f"{name}/{number}.jpg": name for name in ("ours", "theirs") for number in range(60)}
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def lock_of(file):
    return file.with_name(f".{file.name}.lock")


def test_a_lock_that_was_left_behind_is_taken_over(file, monkeypatch):
    monkeypatch.setattr(lock, "_STALE", 0.2)
    for content in ("a mark of somebody", ""):
        lock_of(file).write_text(content)
        os.utime(lock_of(file), (time.time() + 9999,) * 2)  # whatever its clock says
        Labels(file).set("a.jpg", content or "heron")
    assert Labels(file)["a.jpg"] == "heron"
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_lock_that_is_held_is_waited_for(file):
    with lock.locked(lock_of(file)):
        writer = threading.Thread(target=lambda: Labels(file).set("a.jpg", "heron"))
        writer.start()
        writer.join(0.3)
        assert writer.is_alive() and not file.exists()
    writer.join(HANGS)
    assert Labels(file)["a.jpg"] == "heron"


def test_others_that_never_pause_are_told(file, monkeypatch):
    monkeypatch.setattr(lock, "_PATIENCE", 0.1)
    with lock.locked(lock_of(file)), pytest.raises(LabelsError, match="others write to it all the time; try again"):
        Labels(file).set("a.jpg", "heron")
    assert not file.exists()


def test_a_process_that_slept_over_its_lock_begins_again(file, monkeypatch):
    monkeypatch.setattr(lock, "_STALE", 0.1)
    labels, others, original = Labels(file), Labels(file), replacing
    slept = []

    def slow(path):
        if not slept:
            slept.append(True)
            others.set("theirs.jpg", "egret")  # takes the lock over, for we stand still
        return original(path)

    monkeypatch.setattr("helpers.photos.labels.replacing", slow)
    labels.set("ours.jpg", "heron")
    assert dict(labels) == dict(Labels(file)) == {"theirs.jpg": "egret", "ours.jpg": "heron"}


def test_of_several_that_take_a_stale_lock_away_one_succeeds(file):
    held = lock_of(file)
    held.write_text("of somebody alive")
    lock._remove(held, "a mark that was stale")
    assert held.read_text() == "of somebody alive"
    lock._remove(held, "of somebody alive")
    assert not held.exists() and not list(file.parent.iterdir())


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    labels = Labels(tmp_path / "new" / "labels.csv")
    labels.set("a.jpg", "heron")
    assert Labels(tmp_path / "new" / "labels.csv")["a.jpg"] == "heron"
    with pytest.raises(LabelsError, match=r"cannot be read|could not be kept"):
        Labels(tmp_path / "file" / "labels.csv").set("a.jpg", "heron")
