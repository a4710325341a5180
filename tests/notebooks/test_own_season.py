"""Notebook 07 on photos of one's own: nothing is confirmed or handed on but what a person has confirmed."""

import zipfile

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from helpers.demo import set_parameters
from tests.notebooks.test_notebooks import NOTEBOOKS, home, kernel, path, run  # noqa: F401 (fixtures)
from tests.support.pictures import folder_of

FIELD = next(notebook for notebook in NOTEBOOKS if notebook.stem.startswith("07"))
pytestmark = [
    pytest.mark.parametrize("path", [FIELD], ids=[FIELD.stem], indirect=True),
    pytest.mark.once("what is handed on does not depend on it; the notebook runs to its end in both"),
]


@pytest.fixture
def notebook(tmp_path):
    """It, for six photos of two cameras, of which nobody has seen any yet."""
    notebook = nbformat.read(FIELD, as_version=4)
    folder = folder_of(tmp_path / "card")
    set_parameters(notebook, FOLDER=str(folder), OUT=str(tmp_path / "out"), SPECIES="fox", SCIENTIFIC="Vulpes vulpes")
    return notebook


def printed(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


@pytest.mark.parametrize("query", ["", "odd/3"])
def test_what_was_asked_with_is_no_sighting(path, notebook, query, tmp_path, run):  # noqa: F811
    set_parameters(notebook, QUERY=query)
    every = "len(sightings.candidates) <= len(set(data['event']))"
    run(notebook, f"assert sightings.confirmed == [] and package is None and {every}")
    said = printed(notebook)
    assert "fox: no event is confirmed" in said and "Nothing is handed on" in said
    assert "No package; what is missing: deployments, confirmed events" in said
    assert "people are not filtered" in said
    assert ("(QUERY is empty, and this is the first photo)" in said) == (not query)
    assert [made.name for made in (tmp_path / "out" / "card").iterdir()] == []


@pytest.mark.parametrize("query", ["odd/4", "IMG_0126"])
def test_a_query_that_fits_nothing_stops_with_the_nearest_names(path, notebook, query, run):  # noqa: F811
    set_parameters(notebook, QUERY=query)
    with pytest.raises(CellExecutionError, match=rf"no photo has '{query}' in its name; the nearest names are .*\.jpg"):
        run(notebook, "")


def test_what_a_person_has_confirmed_is_handed_on_with_a_word_on_people(path, notebook, tmp_path, run):  # noqa: F811
    judged = tmp_path / "out" / "card" / "sightings-fox.csv"
    judged.parent.mkdir(parents=True)
    judged.write_text("path,label\n0.jpg,yes\n2.jpg,no\n", encoding="utf-8")
    run(notebook, "assert len(sightings.confirmed) == 1")
    said = printed(notebook)
    assert "fox: 1 confirmed event" in said and "Nothing is handed on" not in said
    assert said.count("people are not filtered") == 3, "the season, the table and the photos"
    with zipfile.ZipFile(judged.parent / "photos.zip") as copies:
        assert "2.jpg" not in copies.namelist() and "0.jpg" in copies.namelist()
