"""What mybinder.org builds: repo2docker takes its files from `.binder` alone, and from nowhere else then."""

import os
import re
import shutil
import subprocess

import pytest

from tests.support.places import ROOT

pytestmark = pytest.mark.once("it reads the files of .binder")

BINDER = ROOT / ".binder"
BASH = shutil.which("bash")


def test_it_installs_the_lock_file_on_a_python_that_the_lock_is_for():
    lines = [line for line in (BINDER / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    [(option, lock)] = [line.split() for line in lines]
    assert option == "-r" and (BINDER / lock).resolve() == ROOT / "requirements.lock"
    [(major, minor)] = re.findall(r"^python-(\d+)\.(\d+)\n$", (BINDER / "runtime.txt").read_text())
    assert (3, 10) <= (int(major), int(minor)) <= (3, 14)


def test_nothing_else_is_beside_them():
    """A `binder` too would be an error, and an environment.yml, which is Turi Create's, would come before the lock."""
    assert not (ROOT / "binder").exists()
    assert sorted(path.name for path in BINDER.iterdir()) == ["postBuild", "requirements.txt", "runtime.txt"]


@pytest.mark.skipif(BASH is None, reason="bash is not on this machine")
def test_what_it_runs_stops_at_the_first_error():
    script = BINDER / "postBuild"
    assert os.access(str(script), os.X_OK)
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/bin/bash" and "set -euo pipefail" in lines
    subprocess.run([BASH, "-n", str(script)], check=True)
