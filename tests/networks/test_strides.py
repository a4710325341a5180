import numpy as np
import onnx
import onnxruntime
import pytest

from helpers.networks.onnx.graph import Graph
from helpers.networks.onnx.layers import attributes_of
from helpers.networks.onnx.strides import put_strides_first
from tests.support.networks import keras_resnet50, random_resnet50

SIDE = 23  # odd, and not a multiple of any stride


def written(build, side=SIDE):
    """A network of what `build` makes of the photos, [N, 3, side, side]; of up to three results, each flattened."""
    graph = Graph()
    random = np.random.default_rng(0)

    def conv(x, inputs, outputs, kernel=1, **shape):
        weight = random.standard_normal((outputs, inputs // shape.get("groups", 1), kernel, kernel), np.float32)
        return graph.conv(x, weight, random.standard_normal(outputs, np.float32), **shape)

    x = build(graph, graph.photos(mean=[127] * 3, std=[64] * 3), conv)
    return graph.model(graph.node("Flatten", x), size=(side, side), dimension=None)


def features(network, side=SIDE):
    photos = np.random.default_rng(1).integers(0, 256, (2, side, side, 3), np.uint8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(network.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": photos})[0]


def strides(network, operator):
    """Of the layers of a kind, in their order: the side of the kernel, and the stride."""
    shapes = [attributes_of(node) for node in network.graph.node if node.op_type == operator]
    return [(shape["kernel_shape"][0], shape["strides"][0]) for shape in shapes]


def two_branches(graph, x, conv):
    """The end of one stage of ResNet-50 and the beginning of the next, whose convolutions of pixels have a stride."""
    x = graph.node("Relu", conv(x, 3, 8, 3, padding=1))
    y = graph.node("Relu", conv(x, 8, 4))
    y = graph.node("Relu", conv(y, 4, 4, 3, padding=1))
    x = graph.node("Relu", graph.node("Add", x, conv(y, 4, 8)))
    return graph.node("Add", conv(x, 8, 6, stride=2), conv(graph.node("Relu", conv(x, 8, 5, stride=2)), 5, 6))


def looked_at_twice(graph, x, conv):
    """What one layer needs whole, and another in part."""
    x = graph.node("Relu", conv(x, 3, 8, 3))
    return graph.node("Add", conv(x, 8, 4, 3, stride=2, padding=1), conv(x, 8, 4, stride=2))


def of_the_photos(graph, x, conv):
    return conv(x, 3, 4, stride=2)


def two_strides(graph, x, conv):
    return conv(graph.node("Clip", conv(x, 3, 4, 3, stride=2)), 4, 4, stride=3)


def for_each_channel(graph, x, conv):
    return conv(conv(x, 3, 6), 6, 6, stride=2, groups=6)


def one_after_the_other(graph, x, conv):
    return conv(conv(conv(x, 3, 6), 6, 5, stride=2), 5, 4, stride=2)


@pytest.mark.parametrize(
    ("build", "convolutions", "pools"),
    [
        (two_branches, [(3, 1), (1, 1), (3, 2), (1, 1), (1, 1), (1, 1), (1, 1)], [(1, 2)]),
        (looked_at_twice, [(3, 1), (3, 2), (1, 1)], [(1, 2)]),
        (of_the_photos, [(1, 1)], [(1, 2)]),
        (two_strides, [(3, 6), (1, 1)], []),
        (for_each_channel, [(1, 1), (1, 1)], [(1, 2)]),
        (one_after_the_other, [(1, 1)] * 3, [(1, 4)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_less_is_computed_with_the_same_result(build, convolutions, pools):
    network = written(build)
    wanted = features(network)
    put_strides_first(network)
    onnx.checker.check_model(network, full_check=True)
    assert strides(network, "Conv") == convolutions and strides(network, "MaxPool") == pools
    assert np.allclose(features(network), wanted, rtol=1e-5, atol=1e-4 * np.abs(wanted).max())


def padded_pixels(graph, x, conv):
    return conv(x, 3, 4, stride=2, padding=1)


def not_square(graph, x, conv):
    x = conv(x, 3, 4)
    graph.nodes.append(
        onnx.helper.make_node(
            "Conv",
            [x, graph.constant(np.ones((2, 4, 1, 1), np.float32))],
            ["wide"],
            kernel_shape=[1, 1],
            strides=[1, 2],
        )
    )
    return "wide"


def a_sum_over_the_picture(graph, x, conv):
    """A number for each channel added to each pixel: no picture, of which a quarter could be taken."""
    x = conv(x, 3, 4, 3)
    x = graph.node("Add", x, conv(graph.node("GlobalAveragePool", x), 4, 4))
    return conv(graph.node("Sigmoid", x), 4, 4, stride=2)


def padded_by_the_engine(graph, x, conv):
    """Where zeros are put depends on the stride."""
    x = graph.node(
        "Conv",
        x,
        graph.constant(np.ones((2, 3, 3, 3), np.float32)),
        kernel_shape=[3, 3],
        strides=[1, 1],
        auto_pad="SAME_UPPER",
    )
    return conv(x, 2, 4, stride=2)


@pytest.mark.parametrize(
    "build",
    [padded_pixels, not_square, a_sum_over_the_picture, padded_by_the_engine],
    ids=lambda build: build.__name__,
)
def test_what_has_to_be_computed_stays(build):
    network = written(build)
    wanted, before = features(network), strides(network, "Conv")
    put_strides_first(network)
    onnx.checker.check_model(network, full_check=True)
    assert np.allclose(features(network), wanted, rtol=1e-5, atol=1e-4 * np.abs(wanted).max())
    assert [kernel for kernel, _ in strides(network, "Conv")] == [kernel for kernel, _ in before]
    assert strides(network, "Conv")[0] == before[0], "the first is whole"


def test_a_result_is_given_whole():
    graph = Graph()
    x = graph.conv(graph.photos([0] * 3, [1] * 3), np.ones((4, 3, 1, 1), np.float32))
    y = graph.conv(x, np.ones((4, 4, 1, 1), np.float32), stride=2)
    network = graph.model(graph.node("Flatten", y), size=(SIDE, SIDE), dimension=None)
    network.graph.output.append(onnx.helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, None))
    put_strides_first(network)
    assert strides(network, "MaxPool") == [(1, 2)] and strides(network, "Conv") == [(1, 1), (1, 1)]


@pytest.mark.once("in both, every rule is tried on small networks")
def test_resnet_50_computes_a_tenth_less():
    network = keras_resnet50(random_resnet50())
    before = strides(network, "Conv")
    put_strides_first(network)
    assert before.count((1, 2)) == 6 and strides(network, "Conv").count((1, 2)) == 0
    assert before.count((3, 2)) == 0 and strides(network, "Conv").count((3, 2)) == 3
    assert strides(network, "MaxPool") == [(3, 2), (1, 2), (1, 2), (1, 2)]
