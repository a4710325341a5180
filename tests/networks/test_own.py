import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from helpers.errors import ModelError
from helpers.networks import own
from helpers.networks.load import load_network
from helpers.networks.onnx.external_data import read_inside

UINT8, FLOAT = TensorProto.UINT8, TensorProto.FLOAT


@pytest.fixture
def save(tmp_path):
    """A function that saves a network which flattens its photos and cuts them to `dimension` numbers."""

    def write(
        shape=("N", 4, 6, 3), kind=UINT8, dimension=5, nodes=(), inputs=(), outputs=(), outside=False, name="own.onnx"
    ):
        weight = np.eye(72, dimension, dtype=np.float32)
        weights = [numpy_helper.from_array(weight, "weight")]
        layers = [
            helper.make_node("Cast", ["x"], ["float"], to=FLOAT),
            helper.make_node("Flatten", ["float"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weight"], ["features"]),
        ]
        x = helper.make_tensor_value_info("x", kind, shape)
        features = helper.make_tensor_value_info("features", FLOAT, None)
        graph = helper.make_graph([*layers, *nodes], "own", [x, *inputs], [features, *outputs][-1:], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        if outputs:
            model.graph.output.insert(0, features)
        path = tmp_path / name
        onnx.save(model, str(path), save_as_external_data=outside, size_threshold=0, location="own.data")
        return path

    return write


def test_a_network_that_fits_is_taken_as_it_is(save):
    path = save()
    for name in (path, str(path)):
        model = load_network(name)
        assert model.path == path
        assert model.size == (6, 4)  # width, height
        assert model.dimension == 5
        assert model.name == "own.onnx"
        assert "own.onnx" in model.note


def test_its_identity_is_its_bytes(save):
    first, same = load_network(save()), load_network(save(name="copy.onnx"))
    assert first.identity == same.identity
    assert load_network(save(dimension=6)).identity != first.identity


def test_weights_in_a_second_file_belong_to_its_identity(save, tmp_path):
    path = save(outside=True)
    before = load_network(path)
    data = tmp_path / "own.data"
    numbers = np.frombuffer(data.read_bytes(), np.float32).copy()
    numbers[0] = 2
    data.write_bytes(numbers.tobytes())
    assert load_network(path).identity != before.identity
    data.unlink()
    with pytest.raises(ModelError, match=r"own\.data"):
        load_network(path)


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname", "deep/secret", "..", "link", "pipe", "folder", "a\\b"])
@pytest.mark.parametrize("kind", ["weight", "constant", "branch"])
def test_weights_anywhere_but_beside_it_are_refused(save, tmp_path, place, kind):
    """ONNX Runtime of Python 3.8 reads them."""
    path = save()
    (tmp_path / "folder").mkdir()
    (tmp_path.parent / "secret").write_bytes(bytes(2000))
    (tmp_path / "link").symlink_to(tmp_path.parent / "secret")
    os.mkfifo(tmp_path / "pipe")
    network = onnx.load(str(path))
    stolen = numpy_helper.from_array(np.zeros((72, 5), np.float32), "stolen")
    stolen.ClearField("raw_data")
    stolen.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", "1440")):
        stolen.external_data.add(key=key, value=value)
    constant = helper.make_node("Constant", [], ["stolen"], value=stolen)
    if kind == "weight":
        network.graph.initializer.append(stolen)
    elif kind == "constant":
        network.graph.node.insert(0, constant)
    else:
        given = helper.make_tensor_value_info("stolen", FLOAT, [72, 5])
        branch = helper.make_graph([constant], "branch", [], [given])
        always = helper.make_node("Constant", [], ["always"], value=numpy_helper.from_array(np.array(True)))
        either = helper.make_node("If", ["always"], ["either"], then_branch=branch, else_branch=branch)
        network.graph.node.insert(0, either)
        network.graph.node.insert(0, always)
    path.write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match="is not a file beside it"):
        load_network(path)


def test_links_that_lead_to_one_folder_are_taken(save, tmp_path):
    """As in the cache of Hugging Face's own library."""
    save(outside=True)
    (tmp_path / "snapshot").mkdir()
    for name in ("own.onnx", "own.data"):
        (tmp_path / "snapshot" / name).symlink_to(tmp_path / name)
    linked = load_network(tmp_path / "snapshot" / "own.onnx")
    assert linked.identity == load_network(tmp_path / "own.onnx").identity


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"kind": FLOAT}, r"takes float \[N, 4, 6, 3\]"),
        ({"shape": ("N", 3, 4, 6)}, r"takes uint8 \[N, 3, 4, 6\]"),
        ({"shape": ("N", "H", "W", 3)}, r"takes uint8 \[N, H, W, 3\]"),
        ({"shape": (1, 4, 6, 3)}, r"takes uint8 \[1, 4, 6, 3\]"),
        ({"shape": (None, 72)}, r"takes uint8 \[\?, 72\]"),
        ({"inputs": [helper.make_tensor_value_info("mask", FLOAT, [1])]}, r"has 2 inputs \(x, mask\)"),
        (
            {"outputs": [helper.make_tensor_value_info("flat", FLOAT, None)]},
            r"gives float32 \[2, 5\]; float32 \[2, 72\]",
        ),
        ({"outputs": [helper.make_tensor_value_info("x", UINT8, None)]}, r"gives "),
    ],
)
def test_a_network_that_does_not_fit_is_told_what_is_needed(save, change, found):
    with pytest.raises(ModelError, match=rf"own\.onnx {found}.*needed: one input, uint8 \[N, height, width, 3\]"):
        load_network(save(**change))


def test_what_is_no_network_is_refused(tmp_path):
    path = tmp_path / "own.onnx"
    with pytest.raises(ModelError, match=r"own\.onnx: No such file"):
        load_network(path)
    path.write_bytes(b"<html>Please log in</html>")
    with pytest.raises(ModelError, match=r"own\.onnx is not an ONNX network"):
        load_network(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"own\.onnx"):
        load_network(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match=r"own\.onnx"):
        load_network(path)


def test_a_network_that_cannot_run_is_refused(save):
    node = helper.make_node("MatMul", ["flat", "flat"], ["wrong"])
    with pytest.raises(ModelError, match=r"own\.onnx cannot be run by ONNX Runtime"):
        load_network(save(nodes=[node], outputs=[helper.make_tensor_value_info("wrong", FLOAT, None)]))


@pytest.mark.parametrize("name", [b"flat", b"weight", b"float"])
def test_a_name_that_is_no_text_is_an_error_of_ours(save, name, capfd):
    path = save()
    content = path.read_bytes()
    for place in (content.index(name), content.rindex(name)):
        path.write_bytes(content[:place] + b"\xa0" + content[place + 1 :])
        with pytest.raises(ModelError, match=r"own\.onnx"):
            load_network(path)
    assert capfd.readouterr() == ("", ""), "what is wrong is in the error"


def test_it_is_run_once_on_a_machine(save, monkeypatch, tmp_path):
    import onnxruntime

    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    path = save(dimension=7)
    first = load_network(path)
    with monkeypatch.context() as patch:
        patch.setattr(onnxruntime, "InferenceSession", None)
        assert load_network(path) == first
    (note,) = (tmp_path / "cache" / "networks").glob("own-*.json")
    for damaged in ("[]", "{", '{"identity": 1}', note.read_text().replace("7", "-7")):
        note.write_text(damaged)
        assert load_network(path) == first


def test_the_second_time_it_is_not_read_as_a_network(save, monkeypatch):
    """That takes several times as long as its sha-256."""
    first = load_network(save())
    monkeypatch.setattr(own, "read_inside", lambda path: pytest.fail(f"{path} is read again"))
    second = load_network(save(name="copy.onnx"))
    assert (second.size, second.dimension, second.identity) == (first.size, first.dimension, first.identity)


def test_weights_in_a_second_file_are_looked_at_each_time(save, monkeypatch):
    path, read = save(outside=True), []
    load_network(path)
    monkeypatch.setattr(own, "read_inside", lambda path: read.append(path) or read_inside(path))
    load_network(path)
    assert read == [path], "once"
