import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from helpers.errors import ModelError
from helpers.graph import Graph, classifier_input, last_pooling, photo_inputs


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


def test_a_network_of_two_inputs_cannot_be_spliced():
    network, pooled = classifier()
    network.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))
    with pytest.raises(ModelError, match="2 inputs \\(data, mask\\)"):
        Graph().splice("x", network, pooled)
