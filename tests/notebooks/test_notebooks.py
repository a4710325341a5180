"""Every notebook, found by glob, run from top to bottom in this environment, and asked what it computed."""

import ast
import re
import shutil
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from helpers.demo import set_parameters
from tests.conftest import stay_offline
from tests.notebooks.checks import BAR, IN_BROWSER, answers_of, check_of
from tests.support.places import ROOT
from tests.support.season import drawn_season

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# The server of notebook 08 needs a newer Python than Turi Create's: this one, or the .venv beside it.
needs_a_server = pytest.mark.skipif(
    sys.version_info < (3, 10) and not (ROOT / ".venv").exists(), reason="no Python that could run the server"
)
RUNNABLE = [pytest.param(path, marks=needs_a_server if path.stem[:2] == "08" else ()) for path in NOTEBOOKS]

# Whose exercises are answered on the sample photos too, as the notebook would; of the others, on three photos only.
ANSWERED = ("01", "05", "08", "09", "10")

# These time each method for a moment, which is no matter here.
BRIEFLY = "patch('helpers.similarity.evaluation.methods._SECONDS', 0.0).start()"
BEFORE = {"04-compare-methods": BRIEFLY, "09-many-photos": BRIEFLY}

# To find the layers that a network in 8 bits keeps in 32 takes seconds: that is done where there are photos enough.
ALL_IN_8_BITS = "patch('helpers.networks.quantise.costliest', lambda *_: []).start()"

LONG = re.compile(r"[0-9]\.[0-9]{7}")  # more digits than anybody reads

# What a notebook says of a folder that is too small for it, and how many photos are too few.
TOO_FEW = {
    "05-train-an-autoencoder": ("photos to learn from; an autoencoder needs 8 at least", 7),
    "06-map-the-collection": ("there are not enough photos that differ", 1),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """What the notebooks expect around them, and a `build` for them alone, where nobody has judged anything yet."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    (home / "data").symlink_to(ROOT / "data")
    (home / "build").mkdir()
    return home


@pytest.fixture(scope="module")
def path(request):
    return request.param


@pytest.fixture(scope="module")
def kernel(path, home, shared_cache):
    """One kernel for all runs of a notebook: to start one and to load what it imports takes longer than most runs."""
    empty = nbformat.v4.new_notebook()
    resources = {"metadata": {"path": str(home / "notebooks")}}
    client = NotebookClient(empty, kernel_name="python3", timeout=300, resources=resources)
    with pytest.MonkeyPatch.context() as patch:
        stay_offline(patch, shared_cache)
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
        with client.setup_kernel():
            yield client


@pytest.fixture
def run(kernel, path):
    """Runs a notebook from top to bottom, where no name of an earlier one is left, and nothing that was patched."""
    begin = ["%reset -f", "from unittest.mock import patch", "patch.stopall()", BEFORE.get(path.stem, "")]

    def run(notebook, *checks, before=""):
        first = nbformat.v4.new_code_cell("\n".join([*begin, before, "del patch"]))
        kernel.nb = nbformat.v4.new_notebook(cells=[first])
        kernel.execute(cleanup_kc=False)
        notebook.cells += map(nbformat.v4.new_code_cell, checks)
        kernel.nb = notebook
        kernel.execute(cleanup_kc=False)  # raises where a cell fails, the check among them

    return run


@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in NOTEBOOKS], indirect=True)
def test_it_runs_to_its_end_and_computes_what_it_says(path, home, run, request):
    if request.config.getoption("browser_runs_notebooks") and path.stem[:2] in IN_BROWSER:
        pytest.skip(f"run in JupyterLab, and asked the same, by {IN_BROWSER[path.stem[:2]]}")
    notebook = nbformat.read(path, as_version=4)
    answers = answers_of(notebook) if path.stem[:2] in ANSWERED else []
    if path.stem.startswith("05"):
        set_parameters(notebook, EPOCHS=30)  # by then it has learned what it is asked for
        answers.insert(0, "EPOCHS = 1")
    if path.stem.startswith("07"):
        (home / "build" / "season").symlink_to(drawn_season())
    run(notebook, check_of(path.stem), *answers)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    streams = [output for output in outputs if output.output_type == "stream"]
    noise = [output.text for output in streams if output.name == "stderr" and not BAR.search(output.text)]
    assert not noise, "warnings in a tutorial"
    values = [output.data["text/plain"] for output in outputs if list(output.get("data", {})) == ["text/plain"]]
    assert not [text for text in [*values, *(output.text for output in streams)] if LONG.search(text)]


@pytest.mark.parametrize("photos", [1, 3])
@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in NOTEBOOKS], indirect=True)
@pytest.mark.once(
    "how small a folder may be does not depend on it; each notebook runs to its end in both",
    but=[
        "01-find-similar-photos-1",
        "02-pick-a-photo-3",
        "03-explore-3",
        "06-map-the-collection-3",
        "07-field-camera-3",
    ],
)
def test_it_reaches_its_end_on_a_small_folder_or_says_what_it_needs(path, photos, tmp_path, run):
    """One photo; or three, of which the last is an exact copy of the first."""
    for number, colour in enumerate([(200, 30, 30), (30, 30, 200)][:photos]):
        Image.new("RGB", (60, 40), colour).save(tmp_path / f"{number}.png")
    if photos == 3:
        shutil.copy(tmp_path / "0.png", tmp_path / "2.png")
    notebook = nbformat.read(path, as_version=4)
    own = {"01": {"FETCH_ARTICLE_PHOTOS": False}, "07": {"OUT": str(tmp_path / ".out")}}.get(path.stem[:2], {})
    set_parameters(notebook, FOLDER=str(tmp_path), **own)
    said, too_few = TOO_FEW.get(path.stem, ("", 0))
    check = f"assert len(data) == {photos}"
    if photos <= too_few:
        with pytest.raises(CellExecutionError, match=said):
            run(notebook, check, before=ALL_IN_8_BITS)
    else:
        run(notebook, check, *(answers_of(notebook) if photos == 3 else ()), before=ALL_IN_8_BITS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS], indirect=True)
def test_it_is_committed_as_a_tutorial_should_be(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "clear the outputs"
    parameters = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(parameters) == 1
    assert max(len(cell.source.splitlines()) for cell in code[1:] if cell not in parameters) <= 10
    imports = [bool(re.search(r"^(import|from) ", cell.source, re.MULTILINE)) for cell in code]
    assert imports == [True] + [False] * (len(code) - 1), "one cell of imports, the first"
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "## Caveats" in text and "## On your own" in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS], indirect=True)
def test_what_a_cell_draws_is_seen(path):
    """In a notebook and in the code of its answers; a figure is shown where it is a cell's last line, or by display."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for code in [*cells, *(answer.rpartition("\n")[0] for answer in answers_of(notebook))]:
        tree = ast.parse(code)
        calls = {node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)}
        unseen = [ast.dump(call.value.func) for call in calls - set(tree.body[-1:])]
        assert not [name for name in unseen if re.search("id='(show_|montage)", name)], code


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS], indirect=True)
def test_each_exercise_has_a_cell_for_the_answer_a_check_and_the_marks_of_nbgrader(path):
    """Marks as nbgrader's own validator wants them, in version 3 of their schema: https://nbgrader.readthedocs.io."""
    notebook = nbformat.read(path, as_version=4)
    number, count = path.stem[:2], len(answers_of(notebook))
    marked = {
        cell.metadata["nbgrader"]["grade_id"]: (cell, dict(cell.metadata["nbgrader"]))
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }
    common = {"schema_version": 3, "task": False}
    wanted = {f"{number}-checks": {"grade": False, "locked": True, "solution": False}}
    for each in range(1, count + 1):
        wanted[f"{number}-answer-{each}"] = {"grade": False, "locked": False, "solution": True}
        wanted[f"{number}-check-{each}"] = {"grade": True, "locked": True, "solution": False, "points": 1}
    assert count >= 3 and list(marked) == list(wanted), "one of each, in this order, and none twice"
    for name, (cell, marks) in marked.items():
        assert marks == {**common, **wanted[name], "grade_id": name} and cell.cell_type == "code"
    for each in range(1, count + 1):
        assert marked[f"{number}-answer-{each}"][0].source.startswith(f"answer_{each} = ...  # ")
        assert marked[f"{number}-check-{each}"][0].source == f"check_{each}(answer_{each})"
    tasks = [cell.source for cell in notebook.cells if re.match(r"\*\*\d\.\*\* ", cell.source)]
    assert len(tasks) == count and not [task for task in tasks if "robot" in task], "for any photos"
