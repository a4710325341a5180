"""Which tensors of a network must not be rounded to 8 bits, as its features would change too much.

How large the error of a tensor is does not show it: in EfficientNet-Lite0 the
first two have the smallest of all, and change the features most. So the network
is run with some of them rounded and the others exact. Errors of several tensors add
up as squares do, more or less, which is why those that matter are found by halving.
Less where the error is large: an exact tensor then takes more away than it makes by
itself. So what is left is measured after each.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

import numpy as np

from helpers.files.progress import progress_bar
from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from helpers.networks.onnx.ranges import quiet_options
from helpers.networks.onnx.steps import Steps

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_MOST_ERROR = 0.003  # of the features, in squares, as a share of how far photos are apart
_LEAST_ERROR = 0.0004  # which a tensor makes by itself, if it is left exact: for less it is not worth the time
_CHOSEN = "int8/chosen"  # the input that says which tensors are rounded


class PartlyRounded:
    """A network in which some tensors are rounded to 8 bits at a time, and what that does to its features.

    `narrow` has, of the output of each operator, those of its inputs that can be rounded.
    """

    def __init__(
        self, network: "ModelProto", narrow: Dict[str, List[str]], steps: Steps, photos: Sequence[np.ndarray]
    ) -> None:
        self.names = list(dict.fromkeys(name for inputs in narrow.values() for name in inputs))
        model = _switched(network, self.names, narrow, steps)
        providers = ["CPUExecutionProvider"]
        self._session = import_onnxruntime().InferenceSession(
            model.SerializeToString(), quiet_options(), providers=providers
        )
        self._photos_in = next(each.name for each in self._session.get_inputs() if each.name != _CHOSEN)
        self._photos = photos
        self._exact = self._features(())
        apart = float(((self._exact - self._exact.mean(axis=0)) ** 2).sum())
        self._spread = apart or float((self._exact**2).sum()) or 1.0  # a single photo is apart from none

    def error(self, names: Sequence[str]) -> float:
        """How far features move where these tensors are rounded: squares, as a share of how far photos are apart."""
        return float(((self._features(names) - self._exact) ** 2).sum()) / self._spread

    def _features(self, names: Sequence[str]) -> np.ndarray:
        chosen = np.isin(self.names, list(names))
        given = [self._session.run(None, {self._photos_in: each[np.newaxis], _CHOSEN: chosen}) for each in self._photos]
        return np.concatenate([outputs[0] for outputs in given]).astype(np.float64)


def costliest(partly: PartlyRounded, progress: bool = False) -> List[str]:
    """The tensors to be left exact, the costliest first: those that make much of an error that is too large."""
    with progress_bar(desc="which layers stay in fp32", unit="trials", show=progress) as bar:

        def error_of(names: Sequence[str]) -> float:
            bar.update()
            return partly.error(names) if names else 0.0

        left = error_of(partly.names)
        groups = [partly.names] if left > _MOST_ERROR else []
        errors: Dict[str, float] = {}
        while groups:
            names = groups.pop()
            half = len(names) // 2
            for some in filter(None, (names[:half], names[half:])):
                error = error_of(some)
                if error >= _LEAST_ERROR and len(some) > 1:
                    groups.append(some)
                elif error >= _LEAST_ERROR:
                    errors[some[0]] = error
        chosen: List[str] = []
        for name in sorted(errors, key=lambda name: -errors[name]):
            if left <= _MOST_ERROR:
                break
            chosen.append(name)
            left = error_of([name for name in partly.names if name not in chosen])
    return chosen


def _switched(network: "ModelProto", names: Sequence[str], narrow: Dict[str, List[str]], steps: Steps) -> "ModelProto":
    from onnx import ModelProto, TensorProto, helper, numpy_helper

    model = ModelProto()
    model.CopyFrom(network)
    model.graph.input.append(helper.make_tensor_value_info(_CHOSEN, TensorProto.BOOL, [len(names)]))
    made: Dict[str, List[NodeProto]] = {}  # the nodes that switch a tensor

    def constant(name: str, array: Any) -> str:
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), f"int8/{name}"))
        return f"int8/{name}"

    for place, name in enumerate(names):
        unit, step = steps.units(name), steps.of(name)
        nodes: List[NodeProto] = []

        def node(operator: str, *inputs: str, nodes: List["NodeProto"] = nodes, name: str = name) -> str:
            output = f"int8/{name}/{len(nodes)}"
            nodes.append(helper.make_node(operator, inputs, [output], output))
            return output

        shape = (len(unit),) if len(unit) > 1 else ()  # one for each channel, which is the axis of both operators
        sizes, zeros = (step.size * unit).astype(np.float32).reshape(shape), np.full(shape, step.zero)
        scale = [constant(f"{name}/scale", sizes), constant(f"{name}/zero", zeros)]
        x = node("DequantizeLinear", node("QuantizeLinear", name, *scale), *scale)
        is_chosen = node("Gather", _CHOSEN, constant(f"{name}/place", np.int64(place)))
        node("Where", is_chosen, x, name)
        made[name] = nodes
    nodes_before = list(network.graph.node)
    del model.graph.node[:]
    written = set()
    for each in nodes_before:
        copy = type(each)()
        copy.CopyFrom(each)
        for name in narrow.get(each.output[0], ()):
            if name not in written:
                model.graph.node.extend(made[name])
                written.add(name)
            copy.input[:] = [made[name][-1].output[0] if taken == name else taken for taken in copy.input]
        model.graph.node.append(copy)
    return model
