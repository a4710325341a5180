"""What our texts tell people to install: packages that we depend on, or this clone, and nothing of somebody else's."""

import ast
import functools
import json
import re
import shlex

import pytest

from tests.support.places import ROOT

pytestmark = pytest.mark.once("it reads our texts")

OURS = {"kinframe", "helpers"}  # not on PyPI: whoever has these names there is a stranger
PEERS = {"fastdup", "torch"}  # that the benchmark compares with
TOOLS = {"uv"}  # that write the lock
OTHERS = {"turicreate"}  # of which it is said that it fails elsewhere
TEXTS = ("Makefile", "environment.yml", "pyproject.toml", "README.md", "CONTRIBUTING.md", "docs/**/*.md")
CODE = ("helpers/**/*.py", "benchmarks/**/*.py", "tools/**/*.py")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.lru_cache(maxsize=None)
def known():
    """The packages of the lock, and those that pyproject.toml asks for on some Python."""
    lock = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    asked = re.findall(r'"([A-Za-z0-9._-]+)(?:\[[a-z]+\])?(?:[><=]=|")', (ROOT / "pyproject.toml").read_text("utf-8"))
    return {canonical(name) for name in [*lock, *asked]}


@functools.lru_cache(maxsize=None)
def texts():
    """Each text that a person may read, with the place where it stands."""
    return list(_texts())


def _texts():
    for pattern in TEXTS:
        for path in ROOT.glob(pattern):
            yield path.name, path.read_text(encoding="utf-8")
    for path in ROOT.glob("notebooks/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path.name, "".join(cell["source"])
    for pattern in CODE:
        for path in ROOT.glob(pattern):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path.name, node.value


def installs():
    """Each `pip install` in them: where, and what it names."""
    for place, text in texts():
        for command in re.findall(r"pip install ((?:[^\s`;]+ ?)*)", text):
            yield place, named(command)


def named(command):
    """The packages and folders of a command, up to its end or to the first word that is neither."""
    found = []
    words = re.findall(r"""'[^']*'|"[^"]*"|[^\s]+""", command)
    options = iter(words)
    for word in options:
        bare = (shlex.split(word if word == "." else word.rstrip(",.)")) or [","])[0]
        if bare == ",":
            continue
        if bare in ("-r", "--requirement"):
            assert next(options) in ("requirements.lock", "environment.lock")
            found.append(".")
        elif bare.startswith("-"):
            continue
        elif re.fullmatch(r"\.(\[[a-z,]+\])?", bare):
            found.append(".")
        elif canonical(re.split(r"[\[=<>]", bare)[0]) in known() | PEERS | TOOLS | OTHERS | OURS:
            found.append(canonical(re.split(r"[\[=<>]", bare)[0]))
        else:
            found += [] if found else [bare]
            break
    return found


def test_every_installation_is_of_something_that_we_depend_on_or_of_this_clone():
    found = list(installs())
    assert len(found) > 15, "or the texts are not found"
    wrong = [
        (place, name)
        for place, names in found
        for name in names
        if name not in known() | PEERS | TOOLS | OTHERS | {"."}
    ]
    assert not wrong
    assert [place for place, names in found if not names] == ["weights.py"], "whose package is a variable"


def test_the_test_sees_what_is_wrong():
    assert named("'kinframe[heic]' (in the lock)") == ["kinframe"]
    assert named('-e ".[heic]", or else') == ["."]
    assert named("pillow-heif, in the lock already") == ["pillow-heif"]
    assert named("'psycopg[binary]' pgvector (an error)") == ["psycopg", "pgvector"]
    assert named("a-strangers-package") == ["a-strangers-package"]


def test_the_old_name_is_nowhere():
    """It is another project's on PyPI."""
    old = "photo" + "kin"
    for pattern in (
        *TEXTS,
        *CODE,
        "tests/**/*.py",
        "notebooks/*.ipynb",
        "helpers/**/*.js",
        "helpers/**/*.css",
        "*.lock",
    ):
        for path in ROOT.glob(pattern):
            assert old not in path.read_text(encoding="utf-8").lower(), path


@pytest.mark.parametrize("words", ["to be had", "by lot", "at wish"])
def test_words_that_nobody_would_say(words):
    """The plain ones: available; at random; optional."""
    assert not [place for place, text in texts() if words in " ".join(text.split())]
