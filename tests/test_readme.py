"""What README says can be done, done."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.networks.table import MODELS
from helpers.sframe.left_out import LEFT_OUT
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


def test_the_snippets_run_one_after_the_other(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(MODELS, "mine", None)  # which a snippet adds, and which is to go again
    [draw] = [line for line in COMMANDS if "draw_season" in line]
    subprocess.run([sys.executable, str(ROOT / draw.split()[1]), *draw.split()[2:]], check=True)
    names = {}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), names)  # noqa: S102  # our own text
    assert len(SNIPPETS) == 10
    assert len(names["data"]) == names["model"].num_examples == 199
    assert len(names["edges"]) == 3 * 199
    assert names["explorer"].chosen == 17 and len(names["explorer"].found) == 20
    assert len(names["foxes"].confirmed) == 2 and names["foxes"].learned
    assert len(names["found"]) and len(names["ranked"]) == 199
    assert set(names["answer"]["products"][0]) == {"round"} and "bytes" in set(names["known"]["kind"])
    assert names["picker"].chosen == 17 and len(names["picker"].found) == names["picker"].k


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make")])
def test_each_make_command_has_a_recipe(command):
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert b"tools/" in done.stdout


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith(".venv/bin/python -m pip")])
def test_each_pip_command_can_be_carried_out(command):
    if sys.version_info < (3, 10):
        pytest.skip("the commands without make are for Python 3.10 and newer")
    arguments = [*command.split()[1:], "--dry-run", "--quiet"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, env=environment)


def test_no_command_is_left_untried():
    tried = ("make ", ".venv/bin/python -m pip ", ".venv/bin/python tools/draw_season.py ")
    rest = [line for line in COMMANDS if not line.startswith(tried)]
    # The first is what tools/environments.py does, the second what the browser tests start.
    assert rest == ["python -m venv .venv", ".venv/bin/python -m jupyterlab --notebook-dir=notebooks"]


@pytest.mark.parametrize("owner", ["SFrame", "SArray"])
def test_what_is_left_out_is_listed(owner):
    told = README[README.index("Left out are") :]
    for name in LEFT_OUT[owner]:
        assert f"`{name}`" in told or any(name.startswith(part) for part in ("dict_", "rolling_")), name


def test_what_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
@pytest.mark.parametrize("folder", ["my photos", 'it\'s a "$HOME" $(shell ls) `ls`', "日本 #1"])
def test_a_folder_reaches_the_demo_as_it_was_written(folder):
    show = ["make", "--silent", "--eval", "show: ; @printenv FOLDER", "show"]
    for command, environment in ([*show, f"FOLDER={folder}"], {}), (show, {"FOLDER": folder}):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, env={**os.environ, **environment})
        assert done.stdout.decode() == folder + "\n"
