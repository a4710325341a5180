"""What values the tensors of a network take on photos."""

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, NamedTuple, Sequence

import numpy as np

from helpers.networks.onnx.onnx_runtime import import_onnxruntime

if TYPE_CHECKING:
    from onnx import ModelProto


class Range(NamedTuple):
    """The values of a tensor over all photos: the ends of each channel (the second axis), float64 [channels]."""

    low: np.ndarray
    high: np.ndarray


Ranges = Dict[str, Range]


def quiet_options() -> Any:
    """Options for ONNX Runtime with which it says nothing, and has no threads that wait for work in a loop."""
    options = import_onnxruntime().SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return options


def values_of(
    network: "ModelProto", names: Sequence[str], photos: Sequence[np.ndarray]
) -> Iterator[Dict[str, np.ndarray]]:
    """The values of these tensors in one photo after the other."""
    from onnx import ModelProto, TensorProto, helper

    watched = ModelProto()
    watched.CopyFrom(network)
    outside = {each.name for each in watched.graph.output}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names if name not in outside]
    watched.graph.output.extend(outputs)
    providers = ["CPUExecutionProvider"]
    session = import_onnxruntime().InferenceSession(watched.SerializeToString(), quiet_options(), providers=providers)
    del watched  # which is as large as the network
    photos_in = session.get_inputs()[0].name
    for photo in photos:
        yield dict(zip(names, session.run(list(names), {photos_in: photo[np.newaxis]})))


def ranges_of(values: Iterable[Dict[str, np.ndarray]]) -> Ranges:
    """The ranges of tensors over all photos; raises `ValueError` for infinite ones."""
    ranges: Ranges = {}
    for of_photo in values:
        for name, numbers in of_photo.items():
            channels = np.moveaxis(numbers, 1, 0).reshape(numbers.shape[1], -1)
            low, high = channels.min(axis=1).astype(np.float64), channels.max(axis=1).astype(np.float64)
            if not np.isfinite([low, high]).all():
                raise ValueError(f"{name} is not finite for these photos")
            past = ranges.get(name, Range(low, high))
            ranges[name] = Range(np.minimum(low, past.low), np.maximum(high, past.high))
    return ranges
