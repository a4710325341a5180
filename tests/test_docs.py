"""The examples in docstrings, run from the root of the project as a reader would run them."""

import doctest
import importlib
import re

import pytest

from tests.support.places import ROOT

EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "helpers").rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


def test_the_main_entry_points_have_examples():
    assert {
        "helpers.features.embedding",
        "helpers.networks.load",
        "helpers.photos.load",
        "helpers.similarity.build",
    } <= set(EXAMPLES)


@pytest.mark.slow("examples on all sample photos")
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    failures, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried and not failures, "doctest has printed what differs"


def test_what_colab_installs_is_what_the_lock_file_has():
    pinned = set(re.findall(r"^([a-z0-9._-]+==[^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    [line] = re.findall(r"%pip install ([a-z].*?)`", (ROOT / "docs" / "install.md").read_text(encoding="utf-8"))
    assert len(line.split()) > 5 and set(line.split()) <= pinned
