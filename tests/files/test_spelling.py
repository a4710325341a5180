"""Names of a Mac elsewhere, and of elsewhere on a Mac: the same name, where nothing else can be meant."""

import io
import ntpath
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.files.spelling import (
    SpelledNames,
    SpelledPaths,
    composed,
    expanded,
    full_path,
    full_paths,
    portable,
    print_anywhere,
    printable,
)
from helpers.images.decode import open_photo
from helpers.photos.deployments import read_deployments
from helpers.photos.labels import Labels
from helpers.photos.load import load_photos
from tests.support.pictures import picture, tiny_network
from tests.support.places import ROOT

ONE, OTHER = "H\u00f6hle/F\u00e4he 1.jpg", "Ho\u0308hle/Fa\u0308he 1.jpg"  # é in one character, and in two


def photo(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, (48, 36)).save(path)


@pytest.fixture
def two_names(tmp_path):
    """Skips where the disk takes the two for one name, as Macs do: then there is nothing to find."""
    (tmp_path / "\u00e9").write_bytes(b"")
    if (tmp_path / "e\u0301").exists():
        pytest.skip("this disk takes both spellings for one name")
    return tmp_path


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_name_is_found_however_its_accents_are_written(written, there):
    assert SpelledNames([there, "a.jpg"]).find(written) == there
    assert SpelledNames([there, written]).find(written) == written
    assert SpelledNames(["a.jpg"]).find(written) == written
    half = "Ho\u0308hle/F\u00e4he 1.jpg"
    assert SpelledNames([ONE, OTHER]).find(half) == half, "of two that may be meant, none"
    assert SpelledNames(["a.jpg"]).find("A.jpg") == "A.jpg"


def test_a_letter_with_thousands_of_accents_stays_as_it_is():
    """Unicode's order of them takes quadratic time: a name of a megabyte, in somebody's table, would take hours."""
    endless = "a" + "\u0301\u0316" * 3_000
    assert composed(endless) == endless and composed(endless[:99]) != endless[:99]


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_path_is_found_folder_by_folder(two_names, written, there):
    photo(two_names / "photos" / there)
    paths = SpelledPaths(str(two_names / "photos"))
    assert paths.find(written) == str(two_names / "photos" / there)
    assert paths.find(there) == str(two_names / "photos" / there)
    assert paths.find("H\u00f6hle/gone.jpg").endswith("gone.jpg")
    assert paths.find("nowhere/\u00e9.jpg") == str(two_names / "photos" / "nowhere" / "\u00e9.jpg")


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_labels_of_another_system(tmp_path, written, there):
    labels = Labels(tmp_path / "labels.csv")
    labels.set([written, "a.jpg"], "fox")
    again = Labels(tmp_path / "labels.csv")
    assert again[there] == again.get(there) == again["a.jpg"] == "fox" and there in again
    again.set(there, "owl")
    assert again[there] == again[written] == "owl" and len(again) == 2, "no second line for the same photo"
    again.undo()
    assert again[there] == "fox"
    again.set(there, "")
    assert there not in again and written not in again and dict(again) == {"a.jpg": "fox"}
    assert again.get(None) is None


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_model_whose_photos_were_moved_to_another_system(two_names, written, there):
    for seed, name in enumerate([written, "a.jpg", "b.jpg"]):
        photo(two_names / "before" / name, seed)
        photo(two_names / "after" / (there if name == written else name), seed)
    data, _ = load_photos(two_names / "before", progress=False)
    network = tiny_network(two_names / "tiny.onnx")
    model = tc.image_similarity.create(data, model=str(network), store=False, verbose=False)
    model.save(two_names / "model")
    moved = tc.load_model(two_names / "model", folder=two_names / "after")
    row = list(data["path"]).index(written)
    source = moved.photo(row)
    wanted = np.asarray(open_photo(two_names / "after" / there))
    assert np.array_equal(np.asarray(open_photo(getattr(source, "source", source))), wanted)


REFUSED = {
    **{f"a{letter}b.jpg": "a_b.jpg" for letter in '<>:"/\\|?*\0\n\x1f'},
    "a.": "a_",
    "a. . ": "a____",
    " ": "_",
    "...": "___",
    **{f"{name}.jpg": f"{name}_.jpg" for name in ("CON", "nul", "Aux", "PRN", "COM1", "lpt9", "COM\u00b9", "CONIN$")},
    "CON": "CON_",
    "nul.tar.gz": "nul_.tar.gz",
    "con .jpg": "con_ .jpg",
    "con. ": "con___",
}
TAKEN = [
    "a.jpg",
    ".hidden",
    "a b",
    "console.jpg",
    "COM.jpg",
    "COM10",
    "com1a",
    "aux2",
    "日本 é.jpg",
    "a..b",
    "~$a",
    "'%&",
]


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_a_name_that_windows_refuses(name, expected):
    assert portable(name) == expected
    assert portable(expected) == expected, "what was changed once stays"
    reserved = getattr(ntpath, "isreserved", lambda name: PureWindowsPath(name).is_reserved())  # Python 3.13 has it
    assert not reserved(expected)


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_all_systems_take(name):
    assert portable(name) == name


@pytest.mark.parametrize("folder", ["C:\\photos", "C:\\", "\\\\nas\\share\\photos"])
@pytest.mark.parametrize("name", ["a.jpg", "sub/a.jpg", "a b/c/d.jpg"])
def test_a_file_has_one_path_on_windows(folder, name):
    assert full_path(folder, name, "\\") == str(PureWindowsPath(folder) / name)
    assert full_paths(folder, [name, name], "\\") == [full_path(folder, name, "\\")] * 2


@pytest.mark.parametrize("name", ["a.jpg", "sub/a.jpg"])
def test_a_file_has_one_path(tmp_path, name):
    assert full_path(str(tmp_path), name) == str(tmp_path / name)
    assert full_path("/", name, "/") == f"/{name}"
    assert full_paths("/", [name], "/") == [f"/{name}"]
    assert full_paths(str(tmp_path), [name]) == [str(tmp_path / name)]


# --- on a terminal


HOSTILE = "a\x1b]0;mine\x07\x1b[2J\u202egpj.\x9b31m\r\b.jpg"


def test_a_file_whose_name_begins_like_a_home_folder(tmp_path, monkeypatch):
    """Office writes `~$book.csv` beside a file that is open; `Path.expanduser` raises a RuntimeError for it."""
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    assert expanded("~/cards") == tmp_path / "cards" and expanded("~") == tmp_path
    assert expanded("~$book.csv") == Path("~$book.csv")
    monkeypatch.chdir(tmp_path)
    labels = Labels("~$labels.csv")
    labels.set("a.jpg", "fox")
    assert (tmp_path / "~$labels.csv").exists()
    with pytest.raises(FrameError, match=r"~\$deployments.csv: the table of deployments cannot be read"):
        read_deployments("~$deployments.csv")


def test_a_terminal_obeys_no_name():
    shown = printable(HOSTILE)
    assert shown.isprintable() and shown.startswith("a\\x1b]0;mine\\x07") and "\\u202e" in shown and "\\r" in shown
    assert printable("Höhle\t猫 👩\u200d👧.jpg\n") == "Höhle\t猫 👩\u200d👧.jpg\n"
    assert printable("\udcff.jpg") == "\\udcff.jpg"


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_a_stream_cannot_hold_is_escaped(monkeypatch, name):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, name, stream)
    print_anywhere()
    print("Höhle", file=stream, flush=True)
    assert stream.buffer.getvalue().strip() == b"H\\xf6hle"


_SHOW = """
import sys
from helpers import tc
from helpers.photos.load import load_photos
data, bad = load_photos(sys.argv[1])
print(data[["path"]])
print(list(bad["reason"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has its own encodings, and no such names")
def test_frames_of_photos_obey_nobody(tmp_path, capsys):
    """In the stand-in's frames; Turi Create draws its own."""
    photo(tmp_path / HOSTILE)
    (tmp_path / ("b" + HOSTILE)).write_text("no photo")
    data, bad = load_photos(tmp_path, progress=False)
    if tc.HAS_TURICREATE:
        pytest.skip("Turi Create draws its own frames")
    for frame in (data, bad, data[["path"]]):
        assert printable(str(frame)) == str(frame) and "\\x1b" in str(frame)
    assert printable(repr(data["path"])) == repr(data["path"])
    named = tc.SFrame({HOSTILE: [HOSTILE, "a"]})
    named.show(), named.explore()
    for text in (str(named), repr(named), capsys.readouterr().out):
        assert printable(text) == text and "\\x1b" in text
    for column in (HOSTILE, "a"):  # its name, and its values
        tc.SFrame({column: [HOSTILE, HOSTILE]}).show()
        said = capsys.readouterr().out
        assert printable(said) == said and "\\x1b" in said


@pytest.mark.slow("processes are started")
@pytest.mark.skipif(os.name == "nt", reason="Windows has its own encodings")
@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
@pytest.mark.once("encodings of a process are Python's; one of each is in both", but=["locale1"])
def test_names_with_accents_in_a_locale_without(tmp_path, locale):
    photo(tmp_path / ONE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, str(tmp_path)],
        env={**environment, **locale, "PYTHONPATH": str(ROOT)},
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert ONE in said if "PYTHONUTF8" not in locale else "Python reads names as ascii" in said


@pytest.mark.parametrize("command", ["helpers.demo", "helpers.app"])
@pytest.mark.once("encodings of a process are Python's; one of each is in both", but=["helpers.demo"])
def test_commands_say_names_in_any_encoding(tmp_path, command):
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}):
        done = subprocess.run(
            [sys.executable, "-m", command],
            env={**os.environ, **environment, "FOLDER": str(tmp_path / "Höhle\x1b[2J"), "PYTHONPATH": str(ROOT)},
            cwd=str(ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 2 and b"no such folder" in done.stdout
        assert b"Traceback" not in done.stdout and b"\x1b" not in done.stdout
