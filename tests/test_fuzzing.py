"""A few damaged files of each kind; `python -m tests.support.fuzzing --minutes 30` reads thousands."""

import os
import shutil
import threading

import pytest

from helpers.errors import KinframeError
from tests.support import fuzzing
from tests.support.fuzzing_kinds import KINDS, samples
from tests.support.until import HANGS

SEED, CASES = 1, 12


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "networks"])
def test_damaged_files_are_errors_of_ours(kind, tmp_path):
    for case in range(CASES):
        folder = tmp_path / "case"
        folder.mkdir()
        assert fuzzing.guarded(kind, SEED, case, folder) is None, f"case {case}"
        shutil.rmtree(folder)


@pytest.mark.slow("a process is started")
@pytest.mark.once("it tries that there is a process")
def test_networks_are_read_in_a_process_of_its_own(tmp_path):
    assert fuzzing.run("networks", SEED, 0, CASES, tmp_path / "kept") == []


def zeros(path):
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among files")
@pytest.mark.parametrize("put", [os.mkfifo, zeros] if hasattr(os, "mkfifo") else [])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("photos", "metadata", "xmp")])  # in test_find
def test_what_never_ends_in_place_of_a_file(kind, put, tmp_path):
    """A pipe to which nobody writes, and a device that goes on for ever: neither is read."""
    for number, (files, name) in enumerate(files_of(kind)):
        folder, errors = tmp_path / str(number), []
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        (folder / name).unlink()
        put(folder / name)

        def read(folder=folder, errors=errors):
            try:
                KINDS[kind].read(folder)
            except KinframeError:
                pass
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        thread.join(HANGS)
        assert not thread.is_alive(), f"{name} is still read"
        assert not errors, (name, errors)


def files_of(kind):
    """The files of each name, and the name of one of them; the photos and tables of other forms are read alike."""
    seen = {}
    for sample in samples(kind):
        for name in sample.damaged:
            if name not in ("frame.csv", "frame.json"):  # which a person names, and may well be pipes
                seen.setdefault(name, (sample.files, name))
    return list(seen.values())[:8]


def test_the_same_case_is_the_same_damage():
    whole = samples("detections")[0].files["detections.json"]

    def damaged(case):
        return fuzzing.damaged(fuzzing.drawn(SEED, "detections", case), whole, [whole], (0, len(whole)))

    assert [damaged(case) for case in range(50)] == [damaged(case) for case in range(50)]
    assert sum(damaged(case) != whole for case in range(50)) > 40
    within = [fuzzing.damaged(fuzzing.drawn(SEED, "x", case), whole, [], (100, 140)) for case in range(50)]
    assert all(each.startswith(whole[:100]) and each.endswith(whole[140:]) for each in within)
