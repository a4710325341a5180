"""Running an ONNX file as it is: one input and one output, both float32 and of any size, on the processor."""

from pathlib import Path
from typing import Any, Callable

import numpy as np

from helpers.errors import ModelError
from helpers.networks import runtime
from helpers.networks.onnx.onnx_runtime import import_onnxruntime

Run = Callable[[np.ndarray], np.ndarray]


def open_plain(path: Path) -> Run:
    """The network in fp32, in OpenVINO or ONNX Runtime; raises `ModelError`, and so does what is returned.

    External data is read from beside the file alone, which the caller has checked.
    """
    run = _explained(path, _on_openvino if runtime.has_openvino() else _on_onnxruntime)(path)
    return _explained(path, run)


def _on_openvino(path: Path) -> Run:
    openvino = runtime.import_openvino()
    compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda numbers: np.array(compiled(numbers)[compiled.output(0)])


def _on_onnxruntime(path: Path) -> Run:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is in the error, and need not be printed too
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda numbers: session.run(None, {session.get_inputs()[0].name: numbers})[0]


def _explained(path: Path, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def explained(given: Any) -> Any:
        try:
            return work(given)
        except Exception as error:  # each engine raises others, and of its own kinds
            raise ModelError(f"{path} cannot be run as a network: {error}") from error

    return explained
