"""Taking layers out of an ONNX network: which a tensor needs, and copies of them under other names."""

from typing import TYPE_CHECKING, Callable, Iterator, List, NamedTuple, Set

from helpers.errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_OWN_DOMAINS = ("", "ai.onnx")  # two names of ONNX's own operators


def photo_inputs(graph: "GraphProto") -> List[str]:
    """The inputs of a graph that are not weights: files from before 2019 list every weight as an input too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [tensor.name for tensor in graph.input if tensor.name not in weights]


class Way(NamedTuple):
    """What leads to a tensor: its layers in the order in which they run, and all tensors that they need."""

    nodes: List["NodeProto"]
    names: Set[str]


def way_to(graph: "GraphProto", end: str) -> Way:
    """The layers that a tensor is made by, and the names of all tensors on the way, itself among them.

    Layers of the branches of an `If` or the body of a `Loop` may take tensors
    from outside of it, which are then needed too.
    """
    names = {end}
    nodes = []
    for node in reversed(graph.node):  # a file has them in the order in which they run
        if names.intersection(node.output):
            nodes.append(node)
            names.update(node.input)
            for inner in _inside(node):
                names.update(inner)
            names.discard("")  # an optional input that is not given, or a result that nobody takes
    return Way(nodes[::-1], names)


def _inside(node: "NodeProto") -> Iterator[List[str]]:
    """The names of the tensors that the graphs inside a layer speak of, their own as well as those from outside."""
    for graph in graphs_of(node):
        yield [each.name for each in graph.output]
        for inner in graph.node:
            yield list(inner.input)
            yield from _inside(inner)


def graphs_of(node: "NodeProto") -> List["GraphProto"]:
    """The graphs inside a layer: the branches of an `If`, the body of a `Loop`."""
    from onnx import AttributeProto

    own = [each.g for each in node.attribute if each.type == AttributeProto.GRAPH]
    return own + [graph for each in node.attribute for graph in each.graphs]


def copied(node: "NodeProto", name: Callable[[str], str]) -> "NodeProto":
    """A copy of a layer whose tensors, those of the graphs inside it as well, are called otherwise.

    Raises `ModelError` for an operator that is not ONNX's own: one engine may run it and another not.
    """
    copy = type(node)()
    copy.CopyFrom(node)
    _rename(copy, name)
    return copy


def _rename(node: "NodeProto", name: Callable[[str], str]) -> None:
    if node.domain not in _OWN_DOMAINS:
        raise ModelError(f"it uses {node.domain}.{node.op_type}, which is not one of ONNX's own operators")
    node.input[:] = [each and name(each) for each in node.input]  # "" is an optional input that is not given
    node.output[:] = [each and name(each) for each in node.output]
    for graph in graphs_of(node):
        for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
            value.name = name(value.name)
        for inner in graph.node:
            _rename(inner, name)


def without_functions(network: "ModelProto") -> "ModelProto":
    """The network with what it defines itself, of ONNX's operators, written out; itself where it defines nothing."""
    if not network.functions:
        return network
    from onnx import inliner

    return inliner.inline_local_functions(network)


def free_reshapes(graph: "GraphProto") -> None:
    """Have each Reshape keep the number of photos, where the file says that there is 1: old ones were made for one."""
    from onnx import numpy_helper

    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in shapes and len(tensor.dims) == 1:
            shape = numpy_helper.to_array(tensor).copy()
            if len(shape) > 1 and shape[0] == 1:
                shape[0] = 0  # as in what comes in
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
