"""Running a prepared network: OpenVINO on x86 processors, ONNX Runtime elsewhere, and a GPU where there is one.

A `Session` takes photos as the decoder gives them and returns features. On a
processor each photo runs by itself, several at once: its feature does not
depend on the others in the batch, to the last bit. A GPU gets batches of one
size, filled up with black photos.

OpenVINO and ONNX Runtime have been run on x86 processors, with bf16 and without.
The code for GPUs follows the engines' documentation and has not been run on one.
A GPU is therefore used only where it gives the same features as the processor.
"""

import contextlib
import os
import platform
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import ModelError
from helpers.networks.descriptors import Descriptor
from helpers.networks.load import LoadedModel
from helpers.networks.onnx.onnx_runtime import import_onnxruntime

PRECISIONS = ("auto", "fp32", "bf16", "int8")

_BATCH = 32  # photos at once on a GPU
_NEAR = 0.01  # how far a GPU's features may be from the processor's, as a share of their length
_WORKERS = 4  # networks side by side, of those that cannot share their weights

# ONNX Runtime's names for GPUs, best first, and what makes them compute in fp32, and the same each time.
_GPUS: Dict[str, Dict[str, str]] = {
    "CUDAExecutionProvider": {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
    "CoreMLExecutionProvider": {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"},
    "DmlExecutionProvider": {},
}

Photos = Union[np.ndarray, Sequence[np.ndarray]]  # uint8 [N, height, width, 3], or N of [height, width, 3]
Run = Callable[[Photos], np.ndarray]


class _OpenNetwork(NamedTuple):
    engine: str
    device: str
    run: Run


class Session:
    """A network that is ready to run on this machine.

    `precision` is `fp32`; `bf16`; `int8`, for a network of `helpers.networks.quantise`;
    or `auto`, which is fp32. Where the processor has no bf16, features are
    computed in fp32 and then `rounded` as bf16 rounds. Only fp32 runs on a GPU;
    with KINFRAME_DEVICE=cpu that does not either. Raises `ModelError` for another
    precision, and where a GPU fails later. `engine`, `device` (`CPU` or `GPU`)
    and `precision` are what was chosen.
    """

    def __init__(self, loaded: LoadedModel, precision: str = "auto") -> None:
        check_name(precision, loaded)
        if precision == "int8" and "-int8-" not in loaded.path.name:
            raise ModelError(
                f"{loaded.path} is not in 8 bits; helpers.networks.precision.settle makes a network that is"
            )
        self.loaded = loaded
        self.precision = "fp32" if precision == "auto" else precision
        self.rounded = precision == "bf16" and not has_bf16()
        self._lock = threading.Lock()  # two queries at once would share one queue of requests
        self.engine, self.device, self._run = _open(loaded, "fp32" if self.rounded else self.precision)

    def run(self, photos: Photos) -> np.ndarray:
        """Features, float32 [N, dimension], of photos, uint8 [height, width, 3] each in RGB: a list, or one array."""
        with self._lock:
            try:
                features = self._run(photos)
                return rounded_to_bf16(features) if self.rounded else features
            except Exception as error:
                if self.device == "CPU":
                    raise
                raise ModelError(f"the GPU failed: {error}; with KINFRAME_DEVICE=cpu it is not used") from error


def rounded_to_bf16(numbers: np.ndarray) -> np.ndarray:
    """Numbers, float32, rounded to the nearest of bf16: to 8 of their 24 significant bits, ties to even."""
    bits = np.ascontiguousarray(numbers, dtype=np.float32).view(np.uint32)
    nearest = (bits + (0x7FFF + ((bits >> 16) & 1)).astype(np.uint32)) & np.uint32(0xFFFF0000)
    return np.where(np.isfinite(numbers), nearest.view(np.float32), numbers)


def check_name(precision: str, loaded: LoadedModel) -> None:
    """Raises `ModelError` for an unknown precision, or one that this network can't have."""
    if precision not in PRECISIONS:
        raise ModelError(f"precision={precision!r} is not known; there are {', '.join(PRECISIONS)}")
    if loaded.descriptor is not None and precision not in ("auto", "fp32"):
        raise ModelError(f"{loaded.name} is not a network and has no {precision}; take precision='fp32'")


def check_precision(precision: str, loaded: LoadedModel) -> None:
    """Raises `ModelError` for an unknown precision, or one that is not available here or for this network."""
    check_name(precision, loaded)
    if precision == "bf16" and not has_openvino():
        raise ModelError("precision='bf16' needs OpenVINO on an x86 processor; take precision='fp32'")
    if precision == "bf16" and not has_bf16():
        raise ModelError("this processor has no bf16; take precision='fp32'")


def has_bf16() -> bool:
    """Whether networks can run in bf16 here."""
    return "BF16" in capabilities()


def capabilities() -> FrozenSet[str]:
    """The number formats of the processor by OpenVINO's names: FP32, BF16, INT8 …; none without OpenVINO."""
    if not has_openvino():
        return frozenset()
    return frozenset(import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def processor() -> str:
    """All that decides how fast a network is: the processor, its threads, and the version of the engine."""
    if not has_openvino():
        return f"{platform.machine()}, {_threads()} threads"
    openvino = import_openvino()
    name = openvino.Core().get_property("CPU", "FULL_DEVICE_NAME")
    return f"{name}, {_threads()} threads, OpenVINO {openvino.__version__}"


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_openvino() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64") and find_spec("openvino") is not None


def import_openvino() -> Any:
    """OpenVINO without its telemetry, which would report each import to Google Analytics from another process."""
    name = "openvino_telemetry"
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails; OpenVINO then does without
    try:
        import openvino
    finally:
        if absent:
            sys.modules.pop(name, None)  # which another thread may have done already
    return openvino


def _open(loaded: LoadedModel, precision: str) -> _OpenNetwork:
    """The network on a GPU that can run it, else on the processor."""
    if loaded.descriptor is not None:
        return _described(loaded.descriptor)
    on_processor = _on_openvino(loaded, precision) if has_openvino() else _on_onnxruntime(loaded)
    if precision == "fp32" and os.environ.get("KINFRAME_DEVICE", "").lower() != "cpu":
        noise = np.random.default_rng(0).integers(0, 256, (2, *loaded.size[::-1], 3), np.uint8)
        for attempt in _gpu_attempts(loaded):
            with contextlib.suppress(Exception):  # a driver or a library is missing; each engine raises another error
                on_gpu = attempt()
                wanted, features = on_processor.run(noise), on_gpu.run(noise)
                if np.linalg.norm(features - wanted) <= _NEAR * np.linalg.norm(wanted):
                    return on_gpu
    return on_processor


def _described(descriptor: Descriptor) -> _OpenNetwork:
    def run(photos: Photos) -> np.ndarray:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            features = list(pool.map(descriptor.compute, photos))
        return np.stack(features) if features else np.empty((0, descriptor.dimension), np.float32)

    return _OpenNetwork("scikit-image", "CPU", run)


def _gpu_attempts(loaded: LoadedModel) -> Iterator[Callable[[], _OpenNetwork]]:
    onnxruntime = import_onnxruntime()
    available = onnxruntime.get_available_providers()
    for provider in _GPUS:
        if provider in available:
            yield partial(_on_onnxruntime, loaded, provider)
    if has_openvino() and any(name.startswith("GPU") for name in import_openvino().Core().available_devices):
        yield partial(_on_openvino, loaded, "fp32", "GPU")


def _on_openvino(loaded: LoadedModel, precision: str, device: str = "CPU") -> _OpenNetwork:
    openvino = import_openvino()
    core = openvino.Core()
    model = core.read_model(str(loaded.path))
    batch = 1 if device == "CPU" else _BATCH
    width, height = loaded.size
    model.reshape([batch, height, width, 3])
    hints: Dict[str, Any] = {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    }
    workers = 1
    if precision == "int8":
        # The streams of one compiled network share its weights, and make them at the same time. In OpenVINO 2026.4
        # those of layers that it computes in fp32 after all were then wrong: in 7 of 15 openings of a ResNet-50 with
        # six such layers, in none of 20 where all layers were in 8 bits. Which layers those are is not known of a
        # network of one's own, so each worker compiles a network.
        workers = min(_WORKERS, _threads())
        hints.update(NUM_STREAMS="1", INFERENCE_NUM_THREADS=str(_threads() // workers), ENABLE_CPU_PINNING="NO")
    queues = [openvino.AsyncInferQueue(core.compile_model(model, device, hints)) for _ in range(workers)]

    def run(photos: Photos) -> np.ndarray:
        features = np.empty((len(photos), loaded.dimension), dtype=np.float32)

        def keep(request: Any, rows: slice) -> None:
            features[rows] = request.get_output_tensor().data[: rows.stop - rows.start]

        for queue in queues:
            queue.set_callback(keep)
        try:
            for place, (rows, pixels) in enumerate(_batches(photos, batch)):
                queues[place % workers].start_async(pixels, rows)
        finally:  # after an interrupt too: what still runs would write into the next result
            for queue in queues:
                queue.wait_all()
        return features

    return _OpenNetwork("OpenVINO", device, run)


def _on_onnxruntime(loaded: LoadedModel, gpu: Optional[str] = None) -> _OpenNetwork:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    providers: List[Any] = ["CPUExecutionProvider"]
    if gpu is not None:
        options.log_severity_level = 4  # a missing GPU is not worth a warning
        options.use_deterministic_compute = True
        options.enable_mem_pattern = gpu != "DmlExecutionProvider"  # which refuses it
        providers.insert(0, (gpu, _GPUS[gpu]))
    # The fallback prints, so it is disabled.
    session = onnxruntime.InferenceSession(str(loaded.path), options, providers=providers, enable_fallback=0)
    session.disable_fallback()
    if gpu is not None and session.get_providers()[0] != gpu:
        raise ModelError(f"{gpu} cannot be used here")
    photos_in = session.get_inputs()[0].name

    def run(photos: Photos) -> np.ndarray:
        features = np.empty((len(photos), loaded.dimension), dtype=np.float32)
        for rows, pixels in _batches(photos, 1 if gpu is None else _BATCH):
            features[rows] = session.run(None, {photos_in: pixels})[0][: rows.stop - rows.start]
        return features

    return _OpenNetwork("ONNX Runtime", "CPU" if gpu is None else "GPU", run)


def _batches(photos: Photos, size: int) -> Iterator[Tuple[slice, np.ndarray]]:
    """Photos, `size` at a time, the last ones filled up with black; and their rows."""
    for start in range(0, len(photos), size):
        some = photos[start : start + size]
        if size == 1:
            pixels = some[0][np.newaxis]  # not copied
        else:
            pixels = np.zeros((size, *some[0].shape), np.uint8)
            pixels[: len(some)] = some
        yield slice(start, start + len(some)), pixels


_sessions: Dict[Tuple[str, str, str], Session] = {}


def session_for(loaded: LoadedModel, precision: str) -> Session:
    """The session of a network in this process; compiled once, since that takes longer than a query."""
    key = _session_key(loaded, precision)
    if key not in _sessions:
        _sessions[key] = Session(loaded, precision)
    return _sessions[key]


def is_open(loaded: LoadedModel, precision: str) -> bool:
    """Whether `session_for` has such a session already."""
    return _session_key(loaded, precision) in _sessions


def close_session(loaded: LoadedModel, precision: str) -> None:
    """Close a session; its memory is free as soon as nothing else uses it."""
    _sessions.pop(_session_key(loaded, precision), None)


def _session_key(loaded: LoadedModel, precision: str) -> Tuple[str, str, str]:
    taken = "fp32" if precision == "auto" else precision
    return loaded.identity, taken, loaded.path.name if taken == "int8" else ""
