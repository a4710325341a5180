"""What README, docs and CONTRIBUTING say can be done, done: snippets, commands, links, quoted messages."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.networks.table import MODELS
from helpers.sframe.left_out import LEFT_OUT
from helpers.similarity.evaluation import methods
from tests.support.places import ROOT

README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, CONTRIBUTING, ROOT / "CHANGELOG.md", *DOCS]
FENCES = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def text(page):
    return page.read_text(encoding="utf-8")


def blocks(page, language):
    return [block for which, block in FENCES.findall(text(page)) if which == language]


def commands(page):
    return [line.strip() for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


COMMANDS = [command for page in PAGES for command in commands(page)]
WITH_SNIPPETS = [page for page in PAGES if blocks(page, "python")]


def checks():
    """What the names of a page's snippets hold at its end."""
    return {
        "README.md": lambda n: (
            len(n["data"]) == n["model"].num_examples == 199
            and n["explorer"].chosen == 17
            and len(n["explorer"].found) == 20
        ),
        "collection.md": lambda n: len(n["copies"].groups) == 0 and len(n["groups"].numbers) == len(n["odd"]) == 199,
        "compare.md": lambda n: len(n["comparison"].frame) == 6 and len(n["rankings"]) == 199,
        "field-cameras.md": lambda n: len(n["foxes"].confirmed) == 2 and n["foxes"].learned,
        "many-photos.md": lambda n: n["model"].agreement > 0.8 and n["model"].index.recall > 0.8,
        "names.md": lambda n: (
            len(n["edges"]) == 3 * 199
            and n["picker"].chosen == 17
            and len(n["picker"].found) == n["picker"].k
            and len(n["found"])
        ),
        "networks.md": lambda n: MODELS["mine"].dimension == 512,
        "teaching.md": lambda n: (
            n["notebook"].cells and not any("One way" in cell.source for cell in n["notebook"].cells)
        ),
        "words.md": lambda n: len(n["found"]) == 5 and sum(n["described"].words["photos"]) == 199,
        "service.md": lambda n: set(n["answer"]["products"][0]) == {"round"} and "bytes" in set(n["known"]["kind"]),
    }


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: page.name)
@pytest.mark.once(
    "the notebook of the same topic runs in both", but=["README.md", "names.md", "networks.md", "teaching.md"]
)
def test_the_snippets_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    for folder in ("data", "notebooks"):
        (tmp_path / folder).symlink_to(ROOT / folder, target_is_directory=True)
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(methods, "_SECONDS", 0.0)  # for which compare.md times each method
    monkeypatch.setitem(MODELS, "mine", None)  # which a snippet adds, and which is to go again
    for command in commands(page):
        if "draw_season" in command:
            _, script, *arguments = command.split()
            subprocess.run([sys.executable, str(ROOT / script), *arguments], check=True)
    names = {}
    for snippet in blocks(page, "python"):
        exec(compile(snippet, page.name, "exec"), names)  # noqa: S102  # our own text
    assert checks()[page.name](names)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if line.startswith("make")}))
@pytest.mark.once("make is the same")
def test_each_make_command_has_a_recipe(command):
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert b"tools/" in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
def test_each_make_target_that_a_page_names_exists():
    named = {target for page in PAGES for target in re.findall(r"`make (?!and\b)([a-z-]+)", text(page))}
    assert named and named <= set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), flags=re.MULTILINE))


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
    names = text(ROOT / "docs" / "names.md")
    listed = names[names.index("Left out are") :]
    for name in LEFT_OUT[owner]:
        assert f"`{name}`" in listed or any(name.startswith(part) for part in ("dict_", "rolling_")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)\)", text(page)):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_files_that_pages_name_are_there():
    """Paths in backticks, but for placeholders and what is made by a run."""
    named = {
        path
        for page in PAGES
        for path in re.findall(r"`((?:helpers|tests|tools|docs|notebooks|data|benchmarks)/[\w./-]+)`", text(page))
    }
    assert named and not [path for path in sorted(named) if not (ROOT / path).exists()]


def test_every_page_is_reached_from_the_readme():
    linked = set(re.findall(r"\]\((docs/[^)#]+)\)", text(README)))
    assert linked == {page.relative_to(ROOT).as_posix() for page in DOCS}


def test_every_notebook_is_in_the_readme():
    listed = re.findall(r"^\| `(\d\d-[^`]+)`", text(README), flags=re.MULTILINE)
    assert listed == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_the_readme_is_read_in_three_minutes():
    assert 5_000 < len(text(README).encode("utf-8")) < 7_000


def test_messages_that_troubleshooting_quotes_are_in_the_code():
    page = text(ROOT / "docs" / "troubleshooting.md")
    quoted = [
        message
        for said, remedy in re.findall(r"^\| (.*?) \| (.*) \|$", page, flags=re.MULTILINE)
        for message in re.findall("`([^`]+)`", said)
        if "Turi Create's own" not in remedy
    ]
    assert len(quoted) > 15
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py"))
    for message in quoted:
        for words in re.split(r"^\w+Error: |^\w+Unavailable: |…", message):
            assert words.strip(" ,:") in code, message


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
@pytest.mark.parametrize("folder", ["my photos", 'it\'s a "$HOME" $(shell ls) `ls`', "日本 #1"])
@pytest.mark.once("make is the same")
def test_a_folder_reaches_the_demo_as_it_was_written(folder):
    show = ["make", "--silent", "--eval", "show: ; @printenv FOLDER", "show"]
    for command, environment in ([*show, f"FOLDER={folder}"], {}), (show, {"FOLDER": folder}):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, env={**os.environ, **environment})
        assert done.stdout.decode() == folder + "\n"
