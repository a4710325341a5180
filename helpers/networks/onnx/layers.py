"""Taking an ONNX network apart: its inputs, the layers that a tensor needs, and copies of them under other names."""

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Set, Tuple

from helpers.errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_MOST_LAYERS = 100_000  # a hundred times as many as large networks have
_DEEPEST = 50  # functions that call each other
_OWN_DOMAINS = ("", "ai.onnx")  # two names of ONNX's own operators


def photo_inputs(graph: "GraphProto") -> List[str]:
    """The inputs of a graph that are not weights: files from before 2019 list every weight as an input too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [tensor.name for tensor in graph.input if tensor.name not in weights]


class NeededLayers(NamedTuple):
    """The layers that a tensor needs, in the order in which they run, and all tensors on the way."""

    nodes: List["NodeProto"]
    names: Set[str]


def layers_to(graph: "GraphProto", end: str) -> NeededLayers:
    """The layers that a tensor needs, and the names of all tensors on the way, including it.

    Layers in the branches of an `If` or the body of a `Loop` may take tensors
    from outside, which are then needed too.
    """
    names = {end}
    nodes = []
    for node in reversed(graph.node):  # a file has them in the order in which they run
        if names.intersection(node.output):
            nodes.append(node)
            names.update(node.input)
            for inner in _inside(node):
                names.update(inner)
            names.discard("")  # an optional input or output that is not used
    return NeededLayers(nodes[::-1], names)


def _inside(node: "NodeProto") -> Iterator[List[str]]:
    """The names of all tensors in the graphs inside a layer, whether made there or outside."""
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


def attributes_of(node: "NodeProto") -> Dict[str, Any]:
    """The attributes of a layer: name → value."""
    from onnx import helper

    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def copied(node: "NodeProto", name: Callable[[str], str]) -> "NodeProto":
    """A copy of a layer with other names of tensors, in the graphs inside it too.

    Raises `ModelError` for an operator that is not ONNX's own, which one engine may run and another not.
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


def check_functions(network: "ModelProto") -> None:
    """Raises `ModelError` for a network whose functions stand for more layers than any network has.

    Ten functions that call each other ten times are a small file and ten thousand million layers.
    """
    functions = {(function.domain, function.name): function for function in network.functions}
    layers: Dict[Tuple[str, str], int] = {}  # that a function stands for

    def count(nodes: Iterable["NodeProto"], above: Tuple[Tuple[str, str], ...]) -> int:
        total = 0
        for node in nodes:
            name = node.domain, node.op_type
            if name in above:
                raise ModelError(f"its function {node.op_type} calls itself")
            if name in functions and name not in layers:
                if len(above) > _DEEPEST:
                    raise ModelError(f"its functions call each other more than {_DEEPEST} deep")
                layers[name] = count(functions[name].node, (*above, name))
            total += layers.get(name, 1) + sum(count(graph.node, above) for graph in graphs_of(node))
        return total

    if functions and count(network.graph.node, ()) > _MOST_LAYERS:
        raise ModelError(f"its functions stand for more than {_MOST_LAYERS:,} layers")


def without_functions(network: "ModelProto") -> "ModelProto":
    """The network with the functions that it defines replaced by their operators; raises as `check_functions`."""
    if not network.functions:
        return network
    check_functions(network)
    from onnx import inliner

    return inliner.inline_local_functions(network)


def free_reshapes(graph: "GraphProto") -> None:
    """Have each Reshape keep the number of photos where it is fixed at 1, as in old files, made for one photo."""
    from onnx import numpy_helper

    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in shapes and len(tensor.dims) == 1:
            shape = numpy_helper.to_array(tensor).copy()
            if len(shape) > 1 and shape[0] == 1:
                shape[0] = 0  # as in what comes in
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
