import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import pytest_collection_modifyitems
from tests.support.places import ROOT
from tests.support.until import HANGS

pytestmark = pytest.mark.once("the runner needs the standard library alone")

TESTS = """
import time

import pytest


def test_slow():
    time.sleep(0.3)


@pytest.mark.skip(reason="it rains")
def test_outside():
    pass
"""


@pytest.fixture()
def runner(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import run_tests

    monkeypatch.setattr(run_tests, "BUILD", tmp_path / "build")
    run_tests.BUILD.mkdir()
    return run_tests


def job(runner, name, script):
    return runner.Job(name, sys.executable, ["-c", script])


def test_two_run_at_a_time_and_what_they_say_comes_whole(runner, tmp_path, capsys):
    meet = "import pathlib, time; p = pathlib.Path({!r}); (p / {!r}).touch()\n"
    meet += "while not (p / {!r}).exists(): time.sleep(0.01)\nprint({!r})"
    first = job(runner, "first", meet.format(str(tmp_path), "a", "b", "one"))
    second = job(runner, "second", meet.format(str(tmp_path), "b", "a", "two"))
    assert runner.run([first, second, job(runner, "third", "raise SystemExit(3)")], 2) == [True, True, False]
    said = capsys.readouterr().out
    assert "\none\n" in said and "\ntwo\n" in said
    assert said.index("-- third: started") > min(said.index("\none\n"), said.index("\ntwo\n"))


def test_there_may_be_more_lanes(runner, monkeypatch, capsys):
    seen = []
    for parts in ("parts_of_everything", "parts_of_a_check"):
        monkeypatch.setattr(runner, parts, lambda: ([], runner.Counter()))
    monkeypatch.setattr(runner, "run", lambda jobs, lanes: seen.append(lanes) or [])
    monkeypatch.setattr(runner, "say_times", lambda jobs: None)
    assert runner.main([]) == runner.main(["--check"]) == runner.main(["--lanes=7"]) == 0
    assert seen == [runner.LANES, runner.LANES_OF_A_CHECK, 7]


def test_who_is_interrupted_leaves_nothing_running(runner, monkeypatch):
    jobs = [job(runner, name, "import time; time.sleep(600)") for name in ("one", "two")]

    def interrupt(seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(time, "sleep", interrupt)
        runner.run(jobs)
    assert all(each.process.wait(timeout=HANGS) for each in jobs)


def test_the_slowest_and_the_skipped_are_those_of_the_reports(runner, tmp_path, monkeypatch, capsys):
    (tmp_path / "test_weather.py").write_text(TESTS)
    tests = runner.Tests(
        "modern", "weather", sys.executable, [str(tmp_path), f"--rootdir={tmp_path}", "-c", "/dev/null"]
    )
    monkeypatch.setattr(runner, "parts_of_everything", lambda: ([tests], runner.Counter()))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # to load them takes longer than all else here
    assert runner.main([]) == 0
    said = capsys.readouterr().out
    assert "== the slowest of 2 tests\n     0.3 s  modern  test_weather" in said
    assert "== skipped: 1\n     1 modern: it rains" in said
    assert re.search(r" s  tests, modern: weather, \d+ s of processor\n", said) and "== all well" in said


def test_what_fails_is_named_last(runner, monkeypatch, capsys):
    broken = job(runner, "lint", "raise SystemExit(1)")
    monkeypatch.setattr(runner, "parts_of_everything", lambda: ([broken], runner.Counter()))
    assert runner.main([]) == 1
    assert capsys.readouterr().out.endswith("== failed: lint\n")


def test_every_test_has_a_part(runner, monkeypatch):
    """Nothing falls between the parts, and nothing is in two of one environment."""
    monkeypatch.setattr(runner.environments, "make", lambda name: Path(sys.executable))
    monkeypatch.setattr(runner, "get_programs", lambda: None)
    jobs, _ = runner.parts_of_everything()
    for environment in ("modern", "turi"):
        parts = [each.command for each in jobs if getattr(each, "environment", "") == environment]
        files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
        for file in files:
            assert sum(runs(command, file) for command in parts) == 1, f"{environment}: {file}"
    checked, _ = runner.parts_of_a_check()
    assert sum(runs(each.command, "tests/test_run_tests.py") for each in checked if hasattr(each, "environment")) == 1


def runs(command, file):
    folders = [each for each in command if each.startswith("tests/")]
    left_out = [each[len("--ignore=") :] for each in command if each.startswith("--ignore=")]
    within = any(file == each or file.startswith(f"{each}/") for each in folders) if folders else True
    return within and not any(file == each or file.startswith(f"{each}/") for each in left_out)


def test_what_does_not_depend_on_the_environment_runs_in_one(runner, monkeypatch, capsys):
    monkeypatch.setattr(runner.environments, "make", lambda name: Path(sys.executable))
    monkeypatch.setattr(runner, "get_programs", lambda: None)
    jobs = [each for each in runner.parts_of_everything()[0] if hasattr(each, "environment")]
    assert {each.environment for each in jobs if "--once-elsewhere" in each.command} == {"turi"}
    assert all("--once-elsewhere" in each.command for each in jobs if each.environment == "turi")
    for each in jobs:
        each.log.write_text("1 passed, 20 deselected\n" if each.environment == "turi" else "21 passed\n")
    runner.say_run_once(jobs)
    assert "alone: 60 tests" in capsys.readouterr().out


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_marker_leaves_out_a_test_only_where_it_runs_elsewhere(elsewhere):
    once, main = pytest.mark.once("why").mark, pytest.mark.once("why", but=["main"]).mark
    everywhere = [Item(), Item(row="dark"), Item(row="turi-dark"), Item(main, row="main")]
    in_one = [Item(once), Item(once, row="main"), Item(main, row="other"), Item(main)]
    beside = [Item(once, row="turi"), Item(once, row="turi-dark")]  # beside those of the other JupyterLab
    items, told = [*in_one, *beside, *everywhere], []
    hook = SimpleNamespace(pytest_deselected=lambda items: told.extend(items))
    config = SimpleNamespace(getoption=lambda name: {"once_elsewhere": elsewhere}[name], hook=hook)
    pytest_collection_modifyitems(config, items)
    assert told == (in_one + beside if elsewhere else beside)
    assert items == (everywhere if elsewhere else in_one + everywhere)


class Item:
    """A test with markers, of a row or none."""

    def __init__(self, *markers, row=None):
        self.markers = markers
        if row is not None:
            self.callspec = SimpleNamespace(id=row)

    def iter_markers(self, name):
        return (marker for marker in self.markers if marker.name == name)

    def add_marker(self, marker):
        pass


def test_it_needs_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, 'tools'); import run_tests"], cwd=str(ROOT)
    )
    assert done.returncode == 0
