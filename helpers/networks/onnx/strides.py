"""Computing no more of a layer than the next one looks at: the same result, sooner."""

from typing import TYPE_CHECKING, Any, Dict, List, Set, Tuple

from helpers.networks.onnx.layers import attributes_of, graphs_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_POINTWISE = ("Relu", "Clip", "BatchNormalization")  # each of their numbers is made of one number


def put_strides_first(network: "ModelProto") -> None:
    """Have the rows and columns that nothing looks at left out as early as possible.

    A convolution with a kernel of one pixel and a stride of 2 looks at a quarter of
    its input. It gets a stride of 1, and what comes before computes that quarter
    alone; where something else needs the rest, a MaxPool over single pixels picks
    the quarter out. OpenVINO does this itself, but in a network of 8 bits it then
    leaves these layers in 32.
    """
    from onnx import helper

    nodes = list(network.graph.node)
    if any(graphs_of(node) for node in nodes):  # which may look at any tensor
        return
    sizes = _sizes(network)
    needed: Dict[str, Set[int]] = {each.name: {1} for each in network.graph.output}  # tensor → strides of its users
    own: Dict[str, int] = {}  # tensor → the stride at which it is computed
    looks: List[int] = []  # the stride at which each node looks at what it takes, the last node first
    for node in reversed(nodes):
        wanted = needed.get(node.output[0], set())
        stride = max(wanted) if len(wanted) == 1 and _can_leave_out(node, sizes) else 1
        own[node.output[0]] = stride
        looks.append(_left_out(node, stride))
        for place, name in enumerate(node.input):
            needed.setdefault(name, set()).add(looks[-1] if place < _pictures(node) else 1)
    del network.graph.node[:]
    picked: Dict[Tuple[str, int], str] = {}
    for node, stride in zip(nodes, reversed(looks)):
        for place, name in enumerate(node.input[: _pictures(node)]):
            if stride != own.get(name, 1):
                if (name, stride) not in picked:
                    picked[name, stride] = f"{name}/every_{stride}"
                    pool = helper.make_node("MaxPool", [name], [picked[name, stride]], picked[name, stride])
                    pool.attribute.append(helper.make_attribute("kernel_shape", [1, 1]))
                    _set_stride(pool, stride)
                    network.graph.node.append(pool)
                node.input[place] = picked[name, stride]
        network.graph.node.append(node)


def _pictures(node: "NodeProto") -> int:
    """How many of a node's inputs, from the first, it may look at with a stride."""
    return {"Add": 2, "Conv": 1}.get(node.op_type, int(node.op_type in _POINTWISE))


def _can_leave_out(node: "NodeProto", sizes: Dict[str, List[Any]]) -> bool:
    """Whether a node can compute every second row and column alone."""
    if node.op_type == "Add":
        first, second = (sizes.get(name, []) for name in node.input)
        return len(first) == 4 and first == second
    return node.op_type in _POINTWISE or (node.op_type == "Conv" and _stride(node) > 0)


def _left_out(node: "NodeProto", stride: int) -> int:
    """Have a node compute every `stride`-th row and column; the stride at which it then looks at what it takes."""
    if node.op_type != "Conv" or not _stride(node):
        return stride
    shape, total = attributes_of(node), stride * _stride(node)
    is_of_pixels = set(shape["kernel_shape"]) == {1} and not any(shape.get("pads", ()))
    _set_stride(node, 1 if is_of_pixels else total)
    return total if is_of_pixels else 1


def _stride(node: "NodeProto") -> int:
    """Of a convolution of pictures, the same in both directions; else 0."""
    shape = attributes_of(node)
    strides = shape.get("strides", [1, 1])
    is_plain = len(shape.get("kernel_shape", ())) == 2 and shape.get("auto_pad", b"NOTSET") == b"NOTSET"
    return int(strides[0]) if is_plain and strides[0] == strides[1] else 0


def _set_stride(node: "NodeProto", stride: int) -> None:
    from onnx import helper

    kept = [each for each in node.attribute if each.name != "strides"]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute("strides", [stride, stride])])


def _sizes(network: "ModelProto") -> Dict[str, List[Any]]:
    """The sizes of tensors, each a number or the name of one, where they are known."""
    from onnx import shape_inference

    graph = shape_inference.infer_shapes(network).graph
    return {
        each.name: [side.dim_param or side.dim_value for side in each.type.tensor_type.shape.dim]
        for each in (*graph.value_info, *graph.input, *graph.output)
    }
