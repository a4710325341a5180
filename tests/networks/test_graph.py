import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from helpers.errors import ModelError
from helpers.networks.onnx.cuts import classifier_input, last_pooling
from helpers.networks.onnx.graph import Graph
from helpers.networks.onnx.layers import photo_inputs


def run(model, photos):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": photos})[0]


@pytest.fixture
def photos():
    return np.random.default_rng(0).integers(0, 256, (3, 4, 6, 3), np.uint8)  # 6 wide, 4 high


@pytest.mark.parametrize(("channels", "order"), [("RGB", [0, 1, 2]), ("BGR", [2, 1, 0])])
def test_photos_become_what_a_network_learnt_on(photos, channels, order):
    graph = Graph()
    mean, std = np.array([10, 20, 30]), np.array([1, 2, 4])
    model = graph.model(graph.photos(mean, std, channels), size=(6, 4), dimension=72)
    expected = ((photos[..., order].astype(np.float32) - mean) / std).transpose(0, 3, 1, 2).reshape(3, 72)
    assert np.allclose(run(model, photos), expected, rtol=1e-6)


def test_a_convolution_is_the_sum_it_says(photos):
    graph = Graph()
    random = np.random.default_rng(1)
    weight, bias = random.standard_normal((5, 3, 3, 3), np.float32), random.standard_normal(5, np.float32)
    x = graph.conv(graph.photos([0] * 3, [1] * 3), weight, bias, stride=2, padding=1)
    answer = run(graph.model(x, size=(6, 4), dimension=30), photos).reshape(3, 5, 2, 3)
    padded = np.pad(photos.astype(np.float32), ((0, 0), (1, 1), (1, 1), (0, 0)))
    window = padded[1, 2:5, 4:7]  # photo 1, output row 1, column 2
    assert np.allclose(answer[1, :, 1, 2], np.einsum("yxc,ocyx->o", window, weight) + bias, rtol=1e-4)


def test_layers_that_do_not_fit_are_refused():
    graph = Graph()
    x = graph.photos([0] * 3, [1] * 3)
    with pytest.raises(ModelError, match="do not fit together"):
        graph.model(x, size=(6, 4), dimension=71)
    with pytest.raises(ModelError, match="do not fit together"):
        graph.model(graph.node("NoSuchOperator", x), size=(6, 4), dimension=72)


def classifier(opset=12):
    """data → 1x1 convolution → pooling → Reshape to one photo → Gemm; plus a layer that nobody needs."""
    graph = Graph()
    x = graph.conv("data", np.ones((2, 3, 1, 1), np.float32))
    graph.node("MatMul", x, graph.constant(np.ones((6, 1), np.float32)))
    pooled = graph.node("GlobalAveragePool", x)
    x = graph.node("Dropout", graph.node("Reshape", pooled, graph.constant(np.array([1, 2]))))
    x = graph.node("Gemm", x, graph.constant(np.ones((2, 7), np.float32)))
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 4, 6])
    weights = [helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in graph.weights]
    scores = helper.make_tensor_value_info(x, TensorProto.FLOAT, [1, 7])
    body = helper.make_graph(graph.nodes, "old", [data, *weights], [scores], graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=3), pooled


def test_the_cut_is_found_by_structure():
    network, pooled = classifier()
    assert photo_inputs(network.graph) == ["data"]
    assert classifier_input(network.graph) == pooled  # behind Reshape and Dropout
    assert last_pooling(network.graph) == pooled
    with pytest.raises(ModelError, match="without any Gemm or MatMul"):
        classifier_input(onnx.GraphProto())


@pytest.mark.parametrize("opset", [7, 8, 12])
def test_a_spliced_network_takes_any_number_of_photos(photos, opset):
    network, pooled = classifier(opset)
    before = network.SerializeToString()
    graph = Graph()
    x = graph.splice(graph.photos([0] * 3, [1] * 3), network, pooled)
    model = graph.model(x, size=(6, 4), dimension=2)
    assert network.SerializeToString() == before
    assert model.opset_import[0].version == opset
    assert [node.op_type for node in model.graph.node][-3:] == ["Conv", "GlobalAveragePool", "Flatten"]
    assert len(model.graph.initializer) == 3  # mean, std, the convolution; not what lies behind the cut
    expected = photos.sum(axis=3).mean(axis=(1, 2))
    assert np.allclose(run(model, photos), np.stack([expected, expected], axis=1), rtol=1e-6)


def test_only_inputs_that_are_needed_count(photos):
    network, pooled = classifier()
    network.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))
    graph = Graph()
    x = graph.splice(graph.photos([0] * 3, [1] * 3), network, pooled)
    assert run(graph.model(x, size=(6, 4), dimension=2), photos).shape == (3, 2)
    network.graph.node[0].input[0] = "masked"
    network.graph.node.insert(0, helper.make_node("Mul", ["data", "mask"], ["masked"]))
    with pytest.raises(ModelError, match=r"needs 2 inputs \(data, mask\), not exactly one"):
        Graph().splice("x", network, pooled)
    network.graph.node[0].input[:] = [network.graph.initializer[0].name] * 2
    with pytest.raises(ModelError, match="needs 0 inputs"):
        Graph().splice("x", network, pooled)


def branching(inner="constant_0"):
    """data → the mean of each channel where `bias` is above 0, else what is in a branch of a branch, of both."""
    shape = [None, 3, None, None]
    value = helper.make_tensor_value_info
    mean = helper.make_node("ReduceMean", ["data"], [inner], axes=[2, 3], keepdims=0)
    then = helper.make_graph([mean], "then", [], [value(inner, TensorProto.FLOAT, None)])
    nodes = [
        helper.make_node("ReduceMax", ["data"], ["cast_1"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["cast_1", "bias"], ["photos"]),
    ]
    deeper = helper.make_graph(nodes, "deeper", [], [value("photos", TensorProto.FLOAT, None)])
    same = helper.make_graph(
        [helper.make_node("Identity", ["far"], ["near"])], "same", [], [value("near", TensorProto.FLOAT, None)]
    )
    choice = helper.make_node("If", ["yes"], ["chosen"], then_branch=deeper, else_branch=same)
    other = helper.make_graph([choice], "else", [], [value("chosen", TensorProto.FLOAT, None)])
    weights = [
        numpy_helper.from_array(np.float32([-1, -2, -3]), "bias"),
        numpy_helper.from_array(np.array(True), "yes"),
        numpy_helper.from_array(np.float32([[9, 9, 9]]), "far"),
    ]
    nodes = [
        helper.make_node("ReduceSum", ["bias"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["positive"], to=TensorProto.INT64),
        helper.make_node("Greater", ["positive", "zero"], ["above"]),
        helper.make_node("If", ["above"], ["scores"], then_branch=then, else_branch=other),
    ]
    weights.append(numpy_helper.from_array(np.array(0), "zero"))
    data, scores = value("data", TensorProto.FLOAT, shape), value("scores", TensorProto.FLOAT, [None, 3])
    body = helper.make_graph(nodes, "branching", [data], [scores], weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_branches_keep_what_they_take_from_outside(photos):
    network = branching()
    onnx.checker.check_model(network, full_check=True)
    graph = Graph()
    x = graph.splice(graph.photos([0] * 3, [1] * 3), network, "scores")
    model = graph.model(x, size=(6, 4), dimension=3)
    expected = photos.max(axis=(1, 2)).astype(np.float32) + np.float32([-1, -2, -3])
    assert np.array_equal(run(model, photos), expected)


@pytest.mark.parametrize("opset", [11, 17, 18, 19, 20, 21])
def test_networks_of_today_run_in_both_engines(photos, opset):
    """Written with the IR version that the older ones of them read."""
    network, pooled = classifier(opset)
    graph = Graph()
    model = graph.model(graph.splice(graph.photos([0] * 3, [1] * 3), network, pooled), size=(6, 4), dimension=2)
    expected = photos.sum(axis=3).mean(axis=(1, 2))
    assert np.allclose(run(model, photos)[:, 0], expected, rtol=1e-6)
    openvino = pytest.importorskip("openvino", reason="OpenVINO has no wheels for this processor")
    compiled = openvino.compile_model(openvino.Core().read_model(model.SerializeToString()), "CPU")
    assert np.allclose(compiled(photos)[0][:, 0], expected, rtol=1e-2)


def test_operators_of_one_engine_are_refused():
    network, _ = classifier()
    network.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    network.graph.node.append(helper.make_node("QuickGelu", ["data"], ["quick"], domain="com.microsoft"))
    with pytest.raises(ModelError, match=r"it uses com\.microsoft\.QuickGelu, which is not one of ONNX's own"):
        Graph().splice("x", network, "quick")


def test_functions_of_a_network_are_written_out(photos):
    network, pooled = classifier(17)
    network.ir_version = 8
    network.opset_import.append(helper.make_opsetid("own", 1))
    nodes = [helper.make_node("Add", ["a", "a"], ["twice"]), helper.make_node("Neg", ["twice"], ["b"])]
    function = helper.make_function("own", "Double", ["a"], ["b"], nodes, [helper.make_opsetid("", 17)])
    network.functions.append(function)
    network.graph.node.append(helper.make_node("Double", [pooled], ["doubled"], domain="own"))
    graph = Graph()
    x = graph.splice(graph.photos([0] * 3, [1] * 3), network, "doubled")
    expected = -2 * photos.sum(axis=3).mean(axis=(1, 2))
    assert np.allclose(run(graph.model(x, size=(6, 4), dimension=2), photos)[:, 0], expected, rtol=1e-6)


def test_sparse_weights_are_refused():
    network, pooled = classifier()
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    sparse = helper.make_sparse_tensor(values, helper.make_tensor("places", TensorProto.INT64, [1], [0]), [6])
    network.graph.sparse_initializer.append(sparse)
    network.graph.node[0].input[1] = "sparse"
    with pytest.raises(ModelError, match="sparse weights"):
        Graph().splice("x", network, pooled)
