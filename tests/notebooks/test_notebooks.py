"""Every notebook, found by glob, run from top to bottom in this environment, and asked what it computed."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from helpers.demo import set_parameters

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

BAR = re.compile(r"[0-9] ?(photos|boxes|it)/s")

# Run after the notebook's last cell, in its kernel.
CHECKS = {
    "01-find-similar-photos": """
        assert len(data) == model.num_examples == 199 and len(bad) == 0
        assert list(similar_images["rank"]) == list(range(1, 11))
        assert similar_images["reference_label"][0] == 0 and similar_images["distance"][0] == 0
        assert list(similar_images["distance"]) == sorted(similar_images["distance"])
        assert len(similar_image_index) == 9
        assert sorted(data[filtered_index]["id"]) == sorted(similar_image_index)
        assert precision_at(model, k=10) > 0.95
    """,
    "02-pick-a-photo": """
        assert picker.chosen is not None and len(picker.found) == picker.k
        assert picker.found["query_label"][0] == picker.chosen
        assert list(picker.found["distance"]) == sorted(picker.found["distance"])
    """,
    "03-explore": """
        assert model.num_examples == 199 and explorer.chosen is None and explorer.found is None
        assert list(found["distance"]) == sorted(found["distance"]) and len(found) == 5
        assert model.regions is not None
        assert list(explorer.selected) == [0, 1, 2] and len(explorer.labels) == 0
    """,
    "04-compare-methods": """
        assert [row["model"] for row in comparison.frame] == [name for name in MODELS for _ in range(2)]
        pixels_of, network = comparison.frame[0], comparison.frame[len(comparison.frame) - 1]
        assert network["precision_at_10"] > 0.95 > 0.8 > pixels_of["precision_at_10"]
        assert network["low"] <= network["precision_at_10"] <= network["high"]
        assert [row["precision"] for row in bits.frame] == ["fp32", "bf16", "int8"]
        assert len(ranked) == 199
    """,
    "05-train-an-autoencoder": """
        assert model.num_examples == 199 and model.vectors.shape == (199, 16)
        losses = list(autoencoder.losses["validation_loss"])
        assert losses[autoencoder.best_epoch - 1] == min(losses) < 0.025
        assert 0.7 < precision_at(model, k=10) < precision_at(pretrained, k=10)
        assert list(again.losses) == list(autoencoder.losses)
    """,
    "06-map-the-collection": """
        assert atlas.positions.shape == (199, 2) and 0 <= atlas.positions.min() < atlas.positions.max() <= 1
        assert groups.scores().rand > 0.9 and sum(groups.sizes) == 199
        assert suggested.k == 2 and len(copies.groups) == 0 and len(odd) == 199
    """,
    "07-field-camera": """
        from helpers.timeline import activity_of
        assert list(report["camera"]) == ["brook/B2"] and len(clock_report(data)) == 0
        assert len(events) == 217 and set(find_strips(data, progress=False)["rows"]) == {24}
        assert all(shows(event) for event in confirmed["event"]) and len(confirmed) >= 28
        assert abs(activity_of(sightings).peak - 1.5) < 1 and sites == ["brook", "meadow", "wood"]
        whole, animal = (species_precision(each, shown, progress=False) for each in (Season(model, data), season))
        assert animal.precision >= 2 * whole.precision > 0.5
        assert len(check_camtrap(package)) == 0
    """,
    "08-share-a-collection": """
        assert job.state == "done" and len(data) == job.total == 199 and job.bad == 0
        assert list(found["distance"]) == sorted(found["distance"]) and first not in list(found["reference_label"])
        assert first in list(answer["reference_label"]) and len(answer) == 5
        assert folders == ["bolu", "tarn"] and not server.is_running
    """,
    "09-many-photos": """
        assert model.num_examples == len(data) == 199
        assert model.timings["kept"] == 199 and fresh.timings["kept"] == 0
        assert (model.vectors == fresh.vectors).all()
        assert quick.precision == "int8" and quick.agreement > 0.85
        assert precision_at(model, k=10) - precision_at(quick, k=10) < 0.01
        assert approximate.index.recall > 0.95
    """,
}

# The server of notebook 08 needs a newer Python than Turi Create's: this one, or the .venv beside it.
needs_a_server = pytest.mark.skipif(
    sys.version_info < (3, 10) and not (ROOT / ".venv").exists(), reason="no Python that could run the server"
)
RUNNABLE = [pytest.param(path, marks=needs_a_server if path.stem[:2] == "08" else ()) for path in NOTEBOOKS]

# What a notebook says of a folder that is too small for it, and how many photos are too few.
TOO_FEW = {
    "05-train-an-autoencoder": ("photos to learn from; an autoencoder needs 8 at least", 7),
    "06-map-the-collection": ("there are not enough photos that differ", 1),
}


@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in NOTEBOOKS])
def test_it_runs_to_its_end_and_computes_what_it_says(path, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    notebook = nbformat.read(path, as_version=4)
    if path.stem.startswith("07"):
        set_parameters(notebook, OUT=str(tmp_path))  # where nobody has judged anything yet
    check = "\n".join(line.strip() for line in CHECKS[path.stem].strip().splitlines())
    notebook.cells.append(nbformat.v4.new_code_cell(check))
    client = NotebookClient(notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": path.parent}})
    client.execute()  # raises where a cell fails, the check among them
    noise = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr" and not BAR.search(output.text)
    ]
    assert not noise, "warnings in a tutorial"


@pytest.mark.parametrize("photos", [1, 3])
@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in NOTEBOOKS])
def test_it_reaches_its_end_on_a_small_folder_or_says_what_it_needs(path, photos, tmp_path, monkeypatch):
    """One photo; or three, of which the last is an exact copy of the first."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    for number, colour in enumerate([(200, 30, 30), (30, 30, 200)][:photos]):
        Image.new("RGB", (60, 40), colour).save(tmp_path / f"{number}.png")
    if photos == 3:
        shutil.copy(tmp_path / "0.png", tmp_path / "2.png")
    notebook = nbformat.read(path, as_version=4)
    own = {"01": {"FETCH_ARTICLE_PHOTOS": False}, "07": {"OUT": str(tmp_path / ".out")}}.get(path.stem[:2], {})
    set_parameters(notebook, FOLDER=str(tmp_path), **own)
    notebook.cells.append(nbformat.v4.new_code_cell(f"assert len(data) == {photos}"))
    resources = {"metadata": {"path": path.parent}}
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, resources=resources)
    said, too_few = TOO_FEW.get(path.stem, ("", 0))
    if photos <= too_few:
        with pytest.raises(CellExecutionError, match=said):
            client.execute()
    else:
        client.execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_it_is_committed_as_a_tutorial_should_be(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "clear the outputs"
    assert max(len(cell.source.splitlines()) for cell in code) <= 10
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "## Caveats" in text and "## On your own" in text
