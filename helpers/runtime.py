"""Running a prepared network: OpenVINO on x86 processors, ONNX Runtime elsewhere.

A `Session` takes photos as the decoder gives them and hands back features.
Each photo runs by itself, several at once: its feature does not depend on
which others are in the batch, to the last bit.
"""

import platform
import threading
from importlib.util import find_spec
from typing import Any, Dict, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.models import LoadedModel

PRECISIONS = ("auto", "fp32", "bf16")

_GPUS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider")


class Session:
    """A network that is ready to run on this machine.

    `precision` is `fp32`, `bf16` (where the processor has it) or `auto`, which
    is fp32. Raises `ModelError` for a precision that cannot be had here.
    `engine` and `precision` say what was taken.
    """

    def __init__(self, loaded: LoadedModel, precision: str = "auto") -> None:
        if precision not in PRECISIONS:
            raise ModelError(f"precision={precision!r} is not known; there are {', '.join(PRECISIONS)}")
        self.loaded = loaded
        self.precision = "bf16" if precision == "bf16" else "fp32"
        self._lock = threading.Lock()  # two queries at once would share one queue of requests
        x86 = platform.machine().lower() in ("x86_64", "amd64")
        if x86 and find_spec("openvino") is not None:
            self.engine = "OpenVINO"
            self._run = _openvino(loaded, self.precision)
        elif self.precision == "bf16":
            raise ModelError("precision='bf16' needs OpenVINO on an x86 processor; take precision='fp32'")
        else:
            self.engine = "ONNX Runtime"
            self._run = _onnxruntime(loaded)

    def run(self, photos: np.ndarray) -> np.ndarray:
        """Features, float32 [N, dimension], of photos, uint8 [N, height, width, 3] in RGB."""
        with self._lock:
            return self._run(photos)


def _openvino(loaded: LoadedModel, precision: str) -> Any:
    import openvino

    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelError("this processor has no bf16; take precision='fp32'")
    model = core.read_model(str(loaded.path))
    width, height = loaded.size
    model.reshape([1, height, width, 3])
    hints = {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
    }
    queue = openvino.AsyncInferQueue(core.compile_model(model, "CPU", hints))

    def run(photos: np.ndarray) -> np.ndarray:
        features = np.empty((len(photos), loaded.dimension), dtype=np.float32)

        def keep(request: Any, row: int) -> None:
            features[row] = request.get_output_tensor().data[0]

        queue.set_callback(keep)
        try:
            for row in range(len(photos)):
                queue.start_async(photos[row : row + 1], row)
        finally:  # also after an interrupt: what still runs would write into the next answer
            queue.wait_all()
        return features

    return run


def _onnxruntime(loaded: LoadedModel) -> Any:
    import onnxruntime

    there = onnxruntime.get_available_providers()
    providers = [name for name in _GPUS if name in there] + ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(loaded.path), providers=providers)
    photos_in = session.get_inputs()[0].name

    def run(photos: np.ndarray) -> np.ndarray:
        features = np.empty((len(photos), loaded.dimension), dtype=np.float32)
        for row in range(len(photos)):
            features[row] = session.run(None, {photos_in: photos[row : row + 1]})[0][0]
        return features

    return run


_sessions: Dict[Tuple[str, str], Session] = {}


def session_for(loaded: LoadedModel, precision: str) -> Session:
    """The session of a network in this process; compiled once, since that takes longer than a query."""
    key = (loaded.identity, "fp32" if precision == "auto" else precision)
    if key not in _sessions:
        _sessions[key] = Session(loaded, precision)
    return _sessions[key]
