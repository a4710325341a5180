import importlib.util
import os
import stat
import sys
from importlib import metadata
from pathlib import Path

import pytest

from helpers import tc

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture()
def environments():
    spec = importlib.util.spec_from_file_location("environments", ROOT / "tools" / "environments.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture()
def only(environments, monkeypatch, tmp_path):
    """A machine whose PATH is one empty folder, on x86-64 Linux, with Python 3.11 running this."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(environments, "PYENV", tmp_path / "pyenv")
    monkeypatch.setattr(environments.sys, "version_info", (3, 11, 0))
    monkeypatch.setattr(environments.platform, "system", lambda: "Linux")
    monkeypatch.setattr(environments.platform, "machine", lambda: "x86_64")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")
def test_a_shim_that_fails_is_passed_over_for_a_python_that_runs(environments, only):
    program(only / "bin" / "python3.8", "echo 'pyenv: python3.8: command not found' >&2; exit 127")
    working = program(only / "pyenv" / "3.8.18" / "bin" / "python", "echo 3 8 x86_64")
    assert environments.turi_python() == working


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")
@pytest.mark.parametrize("answer", ["3 9 x86_64", "3 8 arm64", "", "hello"])
def test_what_is_no_python_3_8_on_x86_is_not_taken(environments, only, answer):
    program(only / "bin" / "python3.8", f"echo {answer}")
    with pytest.raises(environments.Unavailable, match="pyenv install"):
        environments.turi_python()


def test_no_wheel_of_turi_create_is_said(environments, only, monkeypatch):
    monkeypatch.setattr(environments.platform, "machine", lambda: "arm64")
    with pytest.raises(environments.Unavailable, match="no wheel for Linux on arm64"):
        environments.turi_python()


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")
def test_the_newest_python_of_the_lock_is_taken(environments, only):
    for minor in (10, 12):
        program(only / "pyenv" / f"3.{minor}.1" / "bin" / "python", f"echo 3 {minor} aarch64")
    assert "3.12.1" in environments.modern_python()


def test_auto_takes_the_stand_in_where_turi_create_cannot_be_had(environments, monkeypatch, capsys):
    def unavailable():
        raise environments.Unavailable("no Python 3.8")

    monkeypatch.setattr(environments, "turi_python", unavailable)
    monkeypatch.setattr(environments, "modern_python", lambda: "python")
    monkeypatch.setattr(environments, "install", lambda folder, *_: folder / "python")
    assert environments.make("auto") == ROOT / ".venv" / "python"
    assert "no Python 3.8" in capsys.readouterr().err


def test_a_slip_in_the_name_of_an_environment_is_named(environments):
    with pytest.raises(environments.Unavailable, match="ENV=turbo"):
        environments.make("turbo")


def pins(path):
    return dict(line.split("==") for line in path.read_text().split())


def test_every_package_of_the_turi_environment_is_pinned(environments):
    text = (ROOT / "environment.yml").read_text()
    listed = [line for line in text.splitlines() if line.startswith("      - ")]
    assert len(pins(environments.turi_requirements())) == len(listed) > 100


@pytest.mark.skipif(not tc.HAS_TURICREATE, reason="only the Turi Create environment is made from environment.yml")
def test_this_environment_is_the_one_of_the_file(environments):
    assert sys.version_info[:2] == (3, 8)
    for name, version in pins(environments.turi_requirements()).items():
        assert metadata.version(name) == version, name
