import importlib.util
import io
import os
import re
import stat
import subprocess
import sys
from importlib import import_module, metadata
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import tc
from tests.support.places import ROOT

tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


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
    for minor in (10, 14, 15):
        program(only / "pyenv" / f"3.{minor}.1" / "bin" / "python", f"echo 3 {minor} aarch64")
    assert "3.14.1" in environments.modern_python()


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")
@pytest.mark.parametrize("name", ["python3", "python3.15"])
@pytest.mark.once("it reads our lock files, and says which Python is taken")
def test_where_all_are_newer_it_says_what_waits_and_how_to_have_an_older_one(environments, only, monkeypatch, name):
    monkeypatch.setattr(environments.sys, "version_info", (3, 15, 0))
    monkeypatch.setattr(environments.sys, "executable", str(only / "nowhere"))
    there = program(only / "bin" / name, "echo 3 15 x86_64")
    with pytest.raises(environments.Unavailable) as raised:
        environments.modern_python()
    for part in (there, "onnxruntime", "uv python install 3.14", "pyenv install 3.14", "python=3.14", "python.org"):
        assert part in str(raised.value)


def test_where_there_is_none_it_says_what_to_install(environments, only, monkeypatch):
    monkeypatch.setattr(environments.sys, "executable", str(only / "nowhere"))
    with pytest.raises(environments.Unavailable, match=r"3\.10 to 3\.14 .* none was found.*apt-get"):
        environments.modern_python()


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


def test_what_is_installed_has_the_hash_that_the_lock_says(environments, monkeypatch, tmp_path):
    lock, installed = tmp_path / "some.lock", []
    lock.write_text("one==1 --hash=sha256:0\n")
    monkeypatch.setattr(environments, "output", lambda *_: "1")
    monkeypatch.setattr(environments, "pip", lambda python, arguments, what: installed.append((arguments, what)))
    (tmp_path / "venv").mkdir()
    environments.install(tmp_path / "venv", "python", lock)
    assert installed[0] == (["--require-hashes", "--no-deps", "-r", str(lock)], "the packages of some.lock, this once")
    assert "--no-deps" in installed[1][0], "what is not in the lock is not installed"


@pytest.mark.parametrize("terminal", [True, False])
def test_an_installation_shows_how_far_it_is_while_pip_is_silent(environments, monkeypatch, tmp_path, terminal):
    seen, said = tmp_path / "seen", []
    pip = program(tmp_path / "pip", f"echo Collecting one; until [ -e '{seen}' ]; do sleep 0.01; done")
    monkeypatch.setattr(environments.Moving, "IN_A_LOG", 0.01)
    monkeypatch.setattr(environments.sys, "stderr", io.StringIO())
    monkeypatch.setattr(environments.sys.stderr, "isatty", lambda: terminal)

    def say(text, end="\n"):
        said.append(text + end)
        if "1 found" in text:
            seen.touch()

    monkeypatch.setattr(environments, "say", say)
    environments.pip(pip, [], "packages")
    shown = "".join(said)
    assert "Installing packages: 1 found, " in shown and shown.rstrip("\r").splitlines()[-1].startswith("Installed")
    assert ("\r" in shown) == terminal


def test_an_installation_that_fails_ends_with_pips_own_last_words(environments, tmp_path, capfd):
    with pytest.raises(environments.Unavailable, match="could not install packages"):
        environments.pip(program(tmp_path / "pip", "echo no such package; exit 1"), [], "packages")
    assert "no such package" in capfd.readouterr().err


def test_a_command_tells_nobody_that_it_imports_onnx_runtime(environments, monkeypatch):
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    assert environments.clean_environment()["ORT_DISABLE_TELEMETRY"] == "1"


def pins(lock):
    """What a lock file holds: requirements, and for each its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(" --hash=") for line in text.splitlines() if not line.startswith("#")]
    return [(Requirement(line[0]), line[1:]) for line in lines]


@pytest.mark.parametrize("lock", ["requirements.lock", "environment.lock"])
def test_every_package_of_a_lock_is_pinned_and_has_hashes(lock):
    for pin, hashes in pins(lock):
        assert re.fullmatch(r"==[^*]+", str(pin.specifier)), pin
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64} *", each) for each in hashes), pin
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8"), "it says where the packages of one machine come from"


def test_what_the_packages_here_need_is_here():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], stdout=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 0, done.stdout


SYSTEMS = [("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64")]
SYSTEMS += [("win32", "Windows", "AMD64")]


@pytest.mark.parametrize("system", SYSTEMS, ids="-".join)
@pytest.mark.parametrize("minor", range(10, 15))
@pytest.mark.once("it reads our lock files, and says which Python is taken")
def test_the_lock_has_each_package_once_for_every_python(environments, minor, system):
    assert (environments.OLDEST, environments.NEWEST) == (10, 14)
    about = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.1", "implementation_name": "cpython"}
    about.update(zip(("sys_platform", "platform_system", "platform_machine"), system))
    about.update(platform_python_implementation="CPython", os_name="nt" if system[0] == "win32" else "posix")
    pinned = [pin.name for pin, _ in pins("requirements.lock") if marker_holds(pin, about)]
    assert len(pinned) == len(set(pinned)) > 150
    extras = re.search(r"^EXTRAS = (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[1].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras))
    needed = [each for each in map(Requirement, wanted) if marker_holds(each, about)]
    assert len(needed) > 25
    for each in needed:
        assert canonicalize_name(each.name) in pinned


def marker_holds(requirement, about):
    return requirement.marker is None or requirement.marker.evaluate(about)


def test_the_hashes_of_the_turi_environment_are_of_what_conda_installs():
    listed = re.findall(r"^      - ([^ #\n]+)", (ROOT / "environment.yml").read_text(), flags=re.MULTILINE)
    wanted = {canonicalize_name(name): version for name, version in (line.split("==") for line in listed)}
    assert {pin.name: str(pin.specifier)[2:] for pin, _ in pins("environment.lock")} == wanted
    assert len(wanted) == len(listed) > 100


@pytest.mark.skipif(not tc.HAS_TURICREATE, reason="only the Turi Create environment is made from environment.lock")
def test_this_environment_is_the_one_of_the_file():
    assert sys.version_info[:2] == (3, 8)
    there = {canonicalize_name(each.metadata["Name"]): each.version for each in metadata.distributions()}
    for pin, _ in pins("environment.lock"):
        assert there[pin.name] == str(pin.specifier)[2:], pin.name
