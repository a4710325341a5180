"""A few damaged files of each kind; `python -m tests.support.fuzzing --minutes 30` reads thousands."""

import shutil

import pytest

from tests.support import fuzzing
from tests.support.fuzzing_kinds import KINDS, samples

SEED, CASES = 1, 12


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "networks"])
def test_damaged_files_are_errors_of_ours(kind, tmp_path):
    for case in range(CASES):
        folder = tmp_path / "case"
        folder.mkdir()
        assert fuzzing.guarded(kind, SEED, case, folder) is None, f"case {case}"
        shutil.rmtree(folder)


def test_networks_are_read_in_a_process_of_its_own(tmp_path):
    assert fuzzing.run("networks", SEED, 0, CASES, tmp_path / "kept") == []


def test_the_same_case_is_the_same_damage():
    whole = samples("detections")[0].files["detections.json"]

    def damaged(case):
        return fuzzing.damaged(fuzzing.drawn(SEED, "detections", case), whole, [whole], (0, len(whole)))

    assert [damaged(case) for case in range(50)] == [damaged(case) for case in range(50)]
    assert sum(damaged(case) != whole for case in range(50)) > 40
    within = [fuzzing.damaged(fuzzing.drawn(SEED, "x", case), whole, [], (100, 140)) for case in range(50)]
    assert all(each.startswith(whole[:100]) and each.endswith(whole[140:]) for each in within)
