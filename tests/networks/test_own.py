import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from helpers.errors import ModelError
from helpers.networks import own
from helpers.networks.load import load_network
from helpers.networks.onnx.external_data import read_inside
from helpers.networks.own import check_outside

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


PLACES = ["../secret", "/etc/hostname", "deep/secret", "..", "link", "pipe", "folder", "a\\b"]
KINDS = ["weight", "constant", "branch", "sparse weight", "sparse constant", "sparse weight of a branch"]


def outside(place, shape, name="stolen"):
    """A tensor whose numbers are somewhere else."""
    tensor = TensorProto(name=name, data_type=FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", place), ("offset", "0"), ("length", "1440")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def sparse(place):
    places = numpy_helper.from_array(np.arange(360, dtype=np.int64), "places")
    return helper.make_sparse_tensor(outside(place, [360]), places, [72, 5])


def hidden_in(network, kind, place):
    """Add weights of such a kind, in a file at that place."""
    constant = helper.make_node("Constant", [], ["stolen"])
    if kind.startswith("sparse"):
        attribute = onnx.AttributeProto(name="sparse_value", type=onnx.AttributeProto.SPARSE_TENSOR)
        attribute.sparse_tensor.CopyFrom(sparse(place))
    else:
        attribute = helper.make_attribute("value", outside(place, [72, 5]))
    constant.attribute.append(attribute)
    if kind == "weight":
        network.graph.initializer.append(outside(place, [72, 5]))
    elif kind == "sparse weight":
        network.graph.sparse_initializer.append(sparse(place))
    elif kind.endswith("constant"):
        network.graph.node.insert(0, constant)
    elif kind == "default of a function":
        network.functions.add(name="f", domain="own", output=["out"]).attribute_proto.append(attribute)
    else:
        given = helper.make_tensor_value_info("stolen", FLOAT, [72, 5])
        branch = helper.make_graph([constant] if kind == "branch" else [], "branch", [], [given])
        branch.sparse_initializer.extend([sparse(place)] if kind != "branch" else [])
        always = helper.make_node("Constant", [], ["always"], value=numpy_helper.from_array(np.array(True)))
        either = helper.make_node("If", ["always"], ["either"], then_branch=branch, else_branch=branch)
        network.graph.node.insert(0, either)
        network.graph.node.insert(0, always)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS + ["default of a function"] * hasattr(onnx.FunctionProto, "attribute_proto"))
def test_weights_anywhere_but_beside_it_are_refused(save, tmp_path, place, kind):
    """ONNX Runtime of Python 3.8 reads them."""
    path = save()
    (tmp_path / "folder").mkdir()
    (tmp_path.parent / "secret").write_bytes(bytes(2000))
    (tmp_path / "link").symlink_to(tmp_path.parent / "secret")
    os.mkfifo(tmp_path / "pipe")
    network = onnx.load(str(path))
    hidden_in(network, kind, place)
    path.write_bytes(network.SerializeToString())
    for taken_in in (load_network, check_outside):
        with pytest.raises(ModelError, match=r"own\.onnx.* is not a file beside it"):
            taken_in(path)


def called(name, domain="own"):
    return helper.make_node(name, ["a"], ["b"], domain=domain)


def function(name, nodes):
    return helper.make_function("own", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 13)])


def calling(nodes):
    """Layers that each take what the one before gives."""
    for number, node in enumerate(nodes):
        node.input[0], node.output[0] = f"x{number}" if number else "a", f"x{number + 1}"
    nodes[-1].output[0] = "b"
    return nodes


FUNCTIONS = {
    "more than 100,000 layers": [
        function("f0", [called("Relu", "")]),
        *(function(f"f{n}", calling([called(f"f{n - 1}") for _ in range(10)])) for n in range(1, 10)),
    ],
    "calls itself": [function("f9", [called("f1")]), function("f1", [called("f9")])],
    "more than 50 deep": [
        function("f0", [called("Relu", "")]),
        *(function(f"f{n}", [called(f"f{n - 1}")]) for n in range(1, 9)),
        *(function(f"g{n}", [called(f"g{n - 1}" if n else "f8")]) for n in range(60)),
        function("f9", [called("g59")]),
    ],
}


@pytest.mark.parametrize("reason", FUNCTIONS)
@pytest.mark.parametrize("kind", [UINT8, FLOAT])
def test_functions_that_unfold_without_end_are_refused(save, reason, kind):
    """Ten that call each other ten times are 4 kB, and as layers fill all memory."""
    path = save(kind=kind, shape=("N", 3, 4, 6) if kind == FLOAT else ("N", 4, 6, 3))
    path.with_name("preprocessor_config.json").write_text('{"size": 32, "do_normalize": false}')
    network = onnx.load(str(path))
    network.ir_version = 8
    network.functions.extend(FUNCTIONS[reason])
    network.opset_import.append(helper.make_opsetid("own", 1))
    network.graph.node.append(helper.make_node("f9", ["flat"], ["unused"], domain="own"))
    path.write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match=rf"own\.onnx.*{reason}"):
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


@pytest.mark.parametrize("side", [4_097, 2**20, 2**40, 2**62, -5])
def test_photos_that_would_take_all_memory_are_refused(save, side):
    for shape in (("N", side, 6, 3), ("N", 4, side, 3)):
        with pytest.raises(ModelError, match="pixels; 4,096 a side are the most"):
            load_network(save(shape))


def test_a_network_without_features_is_refused(save):
    with pytest.raises(ModelError, match=r"gives float32 \[2, 0\]"):
        load_network(save(dimension=0))


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
