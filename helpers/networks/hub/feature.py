"""Which tensor of an exported vision network is its feature, by the names that transformers' exporters give."""

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.networks.onnx.graph import Graph
from helpers.networks.onnx.layers import layers_to, photo_inputs

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, ValueInfoProto

_EMBEDDINGS = ("embed", "feature")  # in the name of a network's only output: not the scores of a classifier
# Around a classifier's last layer: operators after it, and those before it that only pass its input on.
_AFTER = ("Add", "Cast", "Flatten", "Identity", "Reshape", "Sigmoid", "Softmax", "Squeeze")
_BEFORE = ("Cast", "Dropout", "Flatten", "Identity", "Reshape", "Squeeze")


class Feature(NamedTuple):
    """The tensor that is the feature, how to read it, and the input that it depends on."""

    tensor: str
    reading: str  # "" as it is; "token": the first of its tokens; "places": the mean over its places
    described: str  # for the person
    photos: str  # the input
    kind: int  # what the input takes, a `TensorProto.DataType`
    size: Tuple[Optional[int], Optional[int]]  # width, height; None where they are free
    alone: bool  # whether the network takes one photo at a time, by the shape of its input


def find_feature(network: "ModelProto") -> Feature:
    """The feature of a network exported by transformers, or with the same names of outputs.

    The first of these outputs that the network has: `image_embeds` (CLIP);
    `pooler_output`; `last_hidden_state`, the first token of [N, tokens, D] or the
    mean of [N, C, height, width]; `logits`, instead of which the input of the last
    layer is taken. A single output of another name is read by its shape; one with
    two axes is an embedding if its name contains "embed" or "feature", else scores.

    A file does not show whether the first token is a class token, or whether a
    pooler was trained: where a repository has several files, see its page.
    Raises `ModelError` for a network that has no such output, or does not take photos [N, 3, height, width].
    """
    tensor, reading, described = _output(network.graph)
    needed = layers_to(network.graph, tensor)
    inputs = [name for name in photo_inputs(network.graph) if name in needed.names]
    if len(inputs) != 1:
        raise ModelError(f"its {described} needs {len(inputs)} inputs ({', '.join(inputs)}), not photos alone")
    taken = next(each for each in network.graph.input if each.name == inputs[0])
    kind, shape = taken.type.tensor_type.elem_type, _shape(taken)
    _check_photos(taken.name, kind, shape)
    return Feature(tensor, reading, described, inputs[0], kind, (shape[3], shape[2]), shape[0] == 1)


def append_feature(graph: Graph, x: str, network: "ModelProto", feature: Feature) -> str:
    """The network's layers on top of `x`, photos in float32, up to its feature, float32."""
    from onnx import TensorProto

    if feature.kind != TensorProto.FLOAT:
        x = graph.node("Cast", x, to=feature.kind)
    x = graph.splice(x, network, feature.tensor)
    if feature.reading == "token":
        x = graph.node("Gather", x, graph.constant(np.array([0])), axis=1)
    elif feature.reading == "places":
        x = graph.node("GlobalAveragePool", x)
    return graph.node("Cast", x, to=TensorProto.FLOAT)


def _output(graph: "GraphProto") -> Tuple[str, str, str]:
    """The tensor, how to read it, and both in words."""
    outputs: Dict[str, ValueInfoProto] = {each.name: each for each in graph.output}
    for name in ("image_embeds", "pooler_output"):
        if name in outputs:
            return name, "", name
    if "last_hidden_state" in outputs:
        return _hidden(outputs["last_hidden_state"])
    if "logits" in outputs:
        return _before_scores(graph, "logits")
    if len(outputs) != 1:
        raise ModelError(
            f"its outputs ({', '.join(outputs)}) are none of image_embeds, pooler_output, last_hidden_state and logits"
        )
    [output] = graph.output
    if len(_shape(output)) != 2:
        return _hidden(output)
    if any(part in output.name.lower() for part in _EMBEDDINGS):
        return output.name, "", output.name
    return _before_scores(graph, output.name)


def _hidden(output: "ValueInfoProto") -> Tuple[str, str, str]:
    axes = len(_shape(output))
    if axes == 3:
        return output.name, "token", f"{output.name} (its first token)"
    if axes == 4:
        return output.name, "places", f"{output.name} (its mean over all places)"
    raise ModelError(f"its output {output.name} has {axes or 'an unknown number of'} axes, not 3 or 4")


def _before_scores(graph: "GraphProto", scores: str) -> Tuple[str, str, str]:
    """The input of the fully connected layer that gives a classifier's scores, before it is flattened."""
    made_by = {name: node for node in graph.node for name in node.output}
    photos = set(photo_inputs(graph))

    def from_photos(names: List[str]) -> List[str]:
        """Those that depend on the photo, not on weights alone."""
        return [name for name in names if name and photos.intersection(layers_to(graph, name).names)]

    x = scores
    while x in made_by and made_by[x].op_type in _AFTER and len(from_photos(list(made_by[x].input))) == 1:
        [x] = from_photos(list(made_by[x].input))
    layer = made_by.get(x)
    if layer is None or layer.op_type not in ("Gemm", "MatMul") or from_photos(list(layer.input)) != [layer.input[0]]:
        raise ModelError(f"its output {scores} does not come from a fully connected layer, so it is not a classifier's")
    x = layer.input[0]
    while x in made_by and made_by[x].op_type in _BEFORE:
        x = made_by[x].input[0]
    return x, "", f"what its classifier takes ({x})"


def _shape(value: "ValueInfoProto") -> List[Optional[int]]:
    """The lengths of the axes; None for one that is free."""
    return [axis.dim_value if axis.dim_value > 0 else None for axis in value.type.tensor_type.shape.dim]


def _check_photos(name: str, kind: int, shape: List[Optional[int]]) -> None:
    from onnx import TensorProto

    if kind not in (TensorProto.FLOAT, TensorProto.FLOAT16) or len(shape) != 4 or shape[1] not in (3, None):
        axes = ", ".join("free" if length is None else str(length) for length in shape)
        raise ModelError(
            f"its input {name} is {TensorProto.DataType.Name(kind).lower()} [{axes}], not float [N, 3, height, width]"
        )
