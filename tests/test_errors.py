"""How our errors are shown: the message first in IPython and Jupyter, and as ever everywhere else."""

import copy
import inspect
import os
import re
import subprocess
import sys
import traceback

import pytest

from helpers import errors
from helpers.errors import FolderError, KinframeError
from helpers.photos import load_photos
from tests.support.places import ROOT

_SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in sys.argv[1:]:
    print("== " + cell.splitlines()[-1])
    shell.run_cell(cell, store_history=True)
"""
_LOAD = "from helpers.photos import load_photos\ndef load():\n    return load_photos('/no/such/folder')"


def shown(*cells):
    """What IPython prints for each cell, in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _SHELL, *cells], cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    return [part.split("\n", 1)[1].strip() for part in plain.split("== ")[1:]]


def test_the_message_is_first_then_the_own_code_that_led_to_it():
    defined, failed = shown(_LOAD, "x = 1\nload()")
    assert defined == ""
    lines = failed.splitlines()
    assert lines[0].startswith("FolderError: /no/such/folder: no such folder")
    assert lines[1:3] == ["  Cell In[2], line 2: load()", "  Cell In[1], line 3: return load_photos('/no/such/folder')"]
    assert lines[3:] == ["%tb shows the whole traceback."]


@pytest.mark.once("in both, the message is first, in IPython and on a page")
def test_the_whole_traceback_is_there_on_demand():
    _, short, whole, again, after = shown(_LOAD, "load()", "%tb", "load()", "%xmode Verbose\nload()")
    assert "Traceback" not in short and "Traceback" not in again
    for text in (whole, after):
        assert "Traceback (most recent call last)" in text and "check_folder" in text
        assert text.splitlines()[-1].startswith("FolderError: /no/such/folder")


@pytest.mark.once("in both, the message is first, in IPython and on a page")
def test_what_is_not_ours_is_shown_as_ever():
    ours, theirs = shown(
        f"{_LOAD}\ntry:\n    load()\nexcept Exception as error:\n    raise OSError('mine') from error", "1/0"
    )
    assert "Traceback (most recent call last)" in ours and "FolderError" in ours and "OSError: mine" in ours
    assert "Traceback (most recent call last)" in theirs and "ZeroDivisionError" in theirs


def test_a_notebook_and_its_page_have_the_message_first(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: JupyterLab brings it")
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed: JupyterLab brings it")
    cells = [nbformat.v4.new_code_cell(source) for source in (f"%cd -q {ROOT}\n{_LOAD}", "load()", "%tb")]
    file = tmp_path / "errors.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    command = [sys.executable, "-m", "nbconvert", "--to=notebook", "--execute", "--allow-errors", "--inplace"]
    subprocess.run([*command, str(file)], env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}, check=True)
    notebook = nbformat.read(file, as_version=4)
    short, whole = (cell.outputs[0] for cell in notebook.cells[1:])
    assert short.ename == "FolderError" and short.evalue.startswith("/no/such/folder: no such folder")
    assert "\n".join(short.traceback).startswith("FolderError: /no/such/folder")
    assert "check_folder" in "\n".join(whole.traceback)
    page = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=notebook.cells[:2]))[0]
    assert "FolderError: /no/such/folder" in page and "check_folder" not in page


@pytest.mark.once("in both, the message is first, in IPython and on a page")
def test_they_come_whole_from_another_process():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KinframeError)}
    for kind in kinds:
        more = len(inspect.signature(kind).parameters) - 1 if "__init__" in vars(kind) else 0
        error = kind("cause", *["plain"] * more)
        again = copy.copy(error)  # makes it again, as pickle does
        assert type(again) is kind and str(again) == str(error) and vars(again) == vars(error), kind


def test_python_shows_it_as_every_error():
    with pytest.raises(FolderError) as caught:
        load_photos("/no/such/folder")
    lines = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert "Traceback (most recent call last)" in lines and "check_folder" in lines
    code = f"{_LOAD}\nload()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 1 and "Traceback (most recent call last)" in done.stderr and "%tb" not in done.stderr
