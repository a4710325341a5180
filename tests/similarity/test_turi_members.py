"""A model has the members of Turi Create's, and its errors are caught as Turi Create's are."""

import inspect
import re
import subprocess
import sys

import pytest

from helpers import tc
from helpers.errors import FrameError, LeftOut, ModelError
from helpers.photos.load import load_photos
from helpers.sframe.left_out import LEFT_OUT
from helpers.similarity.build import ImageSimilarityModel, create, load_model
from helpers.similarity.model import SimilarityModel
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.until import HANGS


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("turi")
    data, _ = load_photos(folder_of(root / "photos"), progress=False)
    return data, create(data, model=tiny_network(root / "tiny.onnx"), verbose=False)


def test_what_describes_it(made):
    _, model = made
    assert model.name() == "ImageSimilarityModel" and model.model.endswith("tiny.onnx")
    assert model.num_examples == 6 and model.num_features == 1
    assert model.input_image_shape == (3, 24, 24)
    assert model.training_time == model.timings["seconds"] > 0
    assert ImageSimilarityModel is SimilarityModel is tc.image_similarity.ImageSimilarityModel


def test_summary(made, capsys):
    _, model = made
    assert model.summary() is None and model.summary("stdout") is None
    printed = capsys.readouterr().out
    text = model.summary("str")
    assert printed == f"{text}\n{text}\n"
    assert re.search(r"Number of examples +: 6\n", text) and re.search(r"Input image shape +: \(3, 24, 24\)\n", text)
    described = model.summary("dict")
    assert described["section_titles"] == ["Schema", "Training summary"]
    assert dict(described["sections"][0])["Number of examples"] == 6
    with pytest.raises(RuntimeError, match="'str' or 'dict'"):
        model.summary("xml")


@pytest.mark.parametrize("name", LEFT_OUT["ImageSimilarityModel"])
def test_what_is_left_out_says_so(made, name):
    _, model = made
    assert not hasattr(model, name)
    for call in (lambda: getattr(model, name), lambda: model[name]):
        with pytest.raises(LeftOut, match=f"ImageSimilarityModel.{name} is left out"):
            call()


def test_fields(made):
    _, model = made
    assert model["num_examples"] == 6 and model["feature"] == "image" and model["label"] is None
    with pytest.raises(ValueError, match="no field 'vectors'; it has feature, "):
        model["vectors"]


@pytest.mark.parametrize("path", ["", None, 3])
def test_what_is_no_path(made, path):
    for call in (made[1].save, load_model):
        with pytest.raises(ValueError, match="named by its path"):
            call(path)


def test_no_model_there(tmp_path):
    with pytest.raises(ModelError, match="no such folder") as caught:
        load_model(tmp_path / "none")
    assert isinstance(caught.value, OSError)


def test_a_graph_of_the_edges(made):
    _, model = made
    if tc.HAS_TURICREATE:
        graph = model.similarity_graph(k=2, output_type="SGraph", verbose=False)
        assert type(graph).__name__ == "SGraph" and graph.summary() == {"num_vertices": 6, "num_edges": 12}
    else:
        with pytest.raises(FrameError, match="from_pandas_edgelist") as caught:
            model.similarity_graph(output_type="SGraph")
        names = {"model": model, "networkx": pytest.importorskip("networkx", reason="networkx is not here")}
        exec(str(caught.value).partition("\n")[2], names)  # noqa: S102  # the two lines of the message
        assert names["graph"].number_of_nodes() == 6
    with pytest.raises(ValueError, match="'SGraph'"):
        model.similarity_graph(output_type="graph")


@pytest.mark.skipif(not tc.HAS_TURICREATE, reason="Turi Create is not in this environment")
def test_every_public_member_of_turi_creates_is_there():
    from turicreate.toolkits.image_similarity.image_similarity import ImageSimilarityModel as Theirs

    for name in [name for name in dir(Theirs) if not name.startswith("_")]:
        assert name in dir(SimilarityModel), name
    for name in ("query", "similarity_graph", "summary"):
        theirs, ours = (list(inspect.signature(getattr(owner, name)).parameters) for owner in (Theirs, SimilarityModel))
        assert ours[: len(theirs)] == theirs


WRONG = {
    "no frame": lambda data, model: create("photos"),
    "an empty frame": lambda data, model: create(data[0:0]),
    "no such column": lambda data, model: create(data, feature="nope"),
    "no photos in the column": lambda data, model: create(data, feature="path"),
    "no such label": lambda data, model: create(data, label="nope"),
    "no batch": lambda data, model: create(data, batch_size=0),
    "a query that is none": lambda data, model: model.query("photos"),
    "an empty query": lambda data, model: model.query(data[0:0]),
    "no neighbours": lambda data, model: model.query(data, k=0),
    "a radius below zero": lambda data, model: model.query(data, radius=-1),
    "no label in the query": lambda data, model: model.query(data, label="nope"),
    "no neighbours in the graph": lambda data, model: model.similarity_graph(k=0),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("caught", [RuntimeError, ValueError, TypeError, FrameError])
def test_wrong_arguments_are_caught_as_turi_creates_are(made, call, caught):
    with pytest.raises(caught):
        call(*made)


def test_a_model_that_turi_create_saved(tmp_path):
    folder = tmp_path / "apple.model"
    if tc.HAS_TURICREATE:
        # In a process of its own: Turi Create has crashed in one in which many other tests had been.
        program = (
            "import sys, turicreate; from helpers.similarity.build import load_model\n"
            "frame = turicreate.SFrame({'x': [1.0, 2.0, 3.0], 'y': [1.0, 2.0, 3.0]})\n"
            "turicreate.nearest_neighbors.create(frame, features=['x'], verbose=False).save(sys.argv[1])\n"
            "print(type(load_model(sys.argv[1])).__name__)"
        )
        command = [sys.executable, "-c", program, str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANGS, check=True)
        assert done.stdout.split()[-1] == "NearestNeighborsModel"
    else:
        folder.mkdir()
        (folder / "dir_archive.ini").write_text("[archive]\nversion=1\n")
        with pytest.raises(ModelError, match="Turi Create saved this model"):
            load_model(folder)


def test_home(made, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    _, model = made
    model.save("~/robots.model")
    assert (tmp_path / "robots.model").is_dir() and load_model("~/robots.model").num_examples == 6
