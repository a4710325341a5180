import os
import platform
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from helpers.errors import ModelError
from helpers.networks import runtime
from helpers.networks.load import load_network
from helpers.networks.runtime import Session, check_precision, has_bf16, rounded_to_bf16, session_for
from tests.support.pictures import TINY, tiny_network

OPENVINO = find_spec("openvino") is not None and platform.machine().lower() in ("x86_64", "amd64")
needs_openvino = pytest.mark.skipif(not OPENVINO, reason="OpenVINO is for x86 processors, or not installed")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_network(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


@pytest.fixture
def photos():
    return np.random.default_rng(3).integers(0, 256, (9, 24, 24, 3), np.uint8)


def in_onnx_runtime(loaded, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(runtime.platform, "machine", lambda: "arm64")
        session = Session(loaded)
    assert (session.engine, session.device) == ("ONNX Runtime", "CPU")
    return session


@needs_openvino
@pytest.mark.parametrize("name", ["tiny", "efficientnet-lite0"])
def test_both_engines_agree(name, tiny, monkeypatch):
    loaded = tiny if name == "tiny" else load_network(name)
    photos = np.random.default_rng(3).integers(0, 256, (5, *loaded.size[::-1], 3), np.uint8)
    session = Session(loaded)
    assert (session.engine, session.device, session.precision) == ("OpenVINO", "CPU", "fp32")
    ours, theirs = session.run(photos), in_onnx_runtime(loaded, monkeypatch).run(photos)
    assert ours.shape == theirs.shape == (5, loaded.dimension) and ours.dtype == theirs.dtype == np.float32
    scale = np.linalg.norm(theirs, axis=1).max()
    assert scale > 0
    assert np.abs(ours - theirs).max() < 1e-4 * scale


@pytest.mark.parametrize("engine", [pytest.param("openvino", marks=needs_openvino), "onnxruntime"])
def test_each_photo_runs_by_itself(engine, tiny, photos, monkeypatch):
    session = Session(tiny) if engine == "openvino" else in_onnx_runtime(tiny, monkeypatch)
    wanted = session.run(photos)
    for row in range(len(photos)):
        assert np.array_equal(session.run(photos[row : row + 1]), wanted[row : row + 1])
    assert np.array_equal(session.run(photos[::-1]), wanted[::-1])
    assert np.array_equal(session.run(list(photos)), wanted), "as a list"
    assert session.run(photos[:0]).shape == session.run([]).shape == (0, TINY)


def test_two_queries_at_once_do_not_mix(tiny, photos):
    session = Session(tiny)
    wanted = session.run(photos)
    answers = {}

    def ask(row):
        answers[row] = [session.run(photos[row : row + 1]) for _ in range(20)]

    asking = [threading.Thread(target=ask, args=(row,)) for row in range(len(photos))]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    for row, given in answers.items():
        assert all(np.array_equal(each[0], wanted[row]) for each in given)


def test_an_answer_is_not_overwritten_by_the_next(tiny, photos):
    session = Session(tiny)
    first = session.run(photos)
    before = first.copy()
    session.run(255 - photos)
    assert np.array_equal(first, before)


@needs_openvino
def test_after_an_interrupt_the_next_answer_is_right(tiny, photos, monkeypatch):
    openvino = runtime.import_openvino()
    session = Session(tiny)
    wanted = session.run(photos)
    start = openvino.AsyncInferQueue.start_async

    def interrupted(self, inputs, rows):
        if rows.start == 5:
            raise KeyboardInterrupt
        start(self, inputs, rows)

    monkeypatch.setattr(openvino.AsyncInferQueue, "start_async", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.run(photos)
    monkeypatch.undo()
    for _ in range(20):
        assert np.array_equal(session.run(photos), wanted)


def test_a_session_is_compiled_once(tiny):
    assert session_for(tiny, "fp32") is session_for(tiny, "fp32")
    assert session_for(tiny, "auto").precision == "fp32"


def test_precisions_there_are_not(tiny):
    for name in ("int4", "fp16", "", None):
        with pytest.raises(ModelError, match="is not known; there are auto, fp32, bf16, int8"):
            Session(tiny, name)


def test_int8_is_refused_for_a_network_that_is_not(tiny):
    with pytest.raises(
        ModelError, match=r"tiny.onnx is not in 8 bits; helpers.networks.precision.settle makes a network"
    ):
        Session(tiny, "int8")


@needs_openvino
def test_bf16_where_the_processor_has_none(tiny, photos, monkeypatch):
    openvino = runtime.import_openvino()

    class Old(openvino.Core):
        def get_property(self, *_):
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino, "Core", Old)
    assert not has_bf16()
    with pytest.raises(ModelError, match="this processor has no bf16; take precision='fp32'"):
        check_precision("bf16", tiny)
    session = Session(tiny, "bf16")
    assert session.rounded and np.array_equal(session.run(photos), rounded_to_bf16(Session(tiny).run(photos)))


@needs_openvino
def test_bf16_is_near_fp32_where_the_processor_has_it(photos):
    openvino = runtime.import_openvino()
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16")
    loaded = load_network("efficientnet-lite0")
    photos = np.random.default_rng(3).integers(0, 256, (3, 224, 224, 3), np.uint8)
    exact, near = Session(loaded, "fp32").run(photos), Session(loaded, "bf16").run(photos)
    assert 0 < np.linalg.norm(exact - near) < 0.1 * np.linalg.norm(exact)


@needs_openvino
def test_a_processor_that_has_bf16(monkeypatch):
    openvino = runtime.import_openvino()

    class New(openvino.Core):
        def get_property(self, *_):
            return ["FP32", "BF16"]

    monkeypatch.setattr(openvino, "Core", New)
    assert has_bf16()


@needs_openvino
def test_in_bf16_a_network_is_compiled_once(tiny, photos, monkeypatch):
    """A processor without bf16 computes in fp32 whatever it is told; this is about the rest."""
    openvino = runtime.import_openvino()
    wanted, told, compile_model = Session(tiny).run(photos), [], openvino.Core.compile_model

    def listening(core, model, device, hints):
        told.append(hints)
        return compile_model(core, model, device, hints)

    monkeypatch.setattr(runtime, "has_bf16", lambda: True)
    monkeypatch.setattr(openvino.Core, "compile_model", listening)
    session = Session(tiny, "bf16")
    assert told == [{"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "bf16"}]
    assert session.precision == "bf16"
    assert np.allclose(session.run(photos), wanted, rtol=0.02)
    for row in range(len(photos)):
        assert np.array_equal(session.run([photos[row]]), session.run(photos)[row : row + 1])


def test_bf16_is_refused_without_openvino(tiny, monkeypatch):
    monkeypatch.setattr(runtime.platform, "machine", lambda: "arm64")
    assert not has_bf16()
    with pytest.raises(ModelError, match="needs OpenVINO on an x86 processor"):
        check_precision("bf16", tiny)
    assert Session(tiny, "bf16").rounded


def test_it_runs_where_openvino_is_not_installed(tiny, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    assert Session(tiny).engine == "ONNX Runtime"
    assert Session(tiny).run(photos).shape == (9, TINY)


@needs_openvino
def test_openvino_tells_nobody_that_it_is_used(tiny, tmp_path):
    """Its package for that is not imported, and no process is started."""
    lines = (
        "import multiprocessing.process as process, sys",
        "process.BaseProcess.start = lambda self: print('a process was started')",
        "from helpers.networks.load import load_network",
        "from helpers.networks.runtime import Session",
        f"Session(load_network({str(tiny.path)!r}))",
        "print('openvino' in sys.modules, 'openvino_telemetry' in sys.modules)",
    )
    surroundings = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    for name in ("CI", "TF_BUILD", "JENKINS_URL"):  # where it is silent anyway
        surroundings.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=surroundings, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]
    assert not (tmp_path / "intel").exists()


# GPUs: the choice among those that there might be, and the way photos go to them, on a processor.


@pytest.fixture
def machine(monkeypatch):
    """What this machine offers, in name; `error` is how far the GPU's features are off, `fails` what it raises."""
    offered = {"x86": True, "providers": [], "openvino": [], "error": 0.0, "fails": None}

    def opened(engine, loaded, gpu):
        def run(photos):
            features = np.stack([photo[::8, ::8].ravel() for photo in photos]).astype(np.float32)
            return features if gpu is None else features * np.float32(1 + offered["error"])

        if gpu is not None and offered["fails"] is not None:
            raise offered["fails"]
        return runtime._OpenNetwork(engine, gpu or "CPU", run)

    class Core:
        available_devices = ("CPU",)

    class OpenVINO:
        @staticmethod
        def Core():
            core = Core()
            core.available_devices = ["CPU", *offered["openvino"]]
            return core

    import onnxruntime

    monkeypatch.setattr(runtime, "has_openvino", lambda: offered["x86"])
    monkeypatch.setattr(runtime, "import_openvino", lambda: OpenVINO)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*offered["providers"], "CPUExecutionProvider"])
    monkeypatch.setattr(
        runtime, "_on_onnxruntime", lambda loaded, gpu=None: opened("ONNX Runtime", loaded, gpu and f"GPU {gpu[:4]}")
    )
    monkeypatch.setattr(
        runtime, "_on_openvino", lambda loaded, precision, gpu=None: opened("OpenVINO", loaded, gpu and f"GPU {gpu}")
    )
    return offered


CUDA, COREML, DIRECTML = (f"{name}ExecutionProvider" for name in ("CUDA", "CoreML", "Dml"))
CHOICES = [
    ({}, "OpenVINO", "CPU"),
    ({"x86": False}, "ONNX Runtime", "CPU"),
    ({"x86": False, "openvino": ["GPU"]}, "ONNX Runtime", "CPU"),
    ({"providers": [CUDA]}, "ONNX Runtime", "GPU CUDA"),
    ({"providers": [DIRECTML, CUDA]}, "ONNX Runtime", "GPU CUDA"),
    ({"providers": [DIRECTML], "openvino": ["GPU"]}, "ONNX Runtime", "GPU DmlE"),
    ({"x86": False, "providers": [COREML]}, "ONNX Runtime", "GPU Core"),
    ({"openvino": ["GPU.0", "GPU.1"]}, "OpenVINO", "GPU GPU"),
    ({"openvino": ["NPU"]}, "OpenVINO", "CPU"),
    ({"providers": ["AzureExecutionProvider"]}, "OpenVINO", "CPU"),
    ({"providers": [CUDA], "error": 0.005}, "ONNX Runtime", "GPU CUDA"),
    ({"providers": [CUDA], "openvino": ["GPU"], "error": 0.02}, "OpenVINO", "CPU"),
    ({"providers": [CUDA], "error": np.nan}, "OpenVINO", "CPU"),
    ({"providers": [CUDA], "openvino": ["GPU"], "fails": RuntimeError("no driver")}, "OpenVINO", "CPU"),
    ({"providers": [CUDA], "x86": False, "fails": OSError("no library")}, "ONNX Runtime", "CPU"),
]


@pytest.mark.parametrize(("there", "engine", "device"), CHOICES)
def test_the_device_that_is_taken(machine, tiny, there, engine, device):
    machine.update(there)
    session = Session(tiny)
    assert (session.engine, session.device) == (engine, device)


def test_a_gpu_that_fails_later(machine, tiny, photos):
    machine["providers"] = [CUDA]
    session = Session(tiny)
    with pytest.raises(ModelError, match=r"the GPU failed: .*; with KINFRAME_DEVICE=cpu it is not used"):
        session.run([photos[0], None])


def test_a_person_can_keep_the_work_on_the_processor(machine, tiny, monkeypatch):
    machine["providers"] = [CUDA]
    monkeypatch.setenv("KINFRAME_DEVICE", "CPU")
    assert Session(tiny).device == "CPU"


def test_only_fp32_runs_on_a_gpu(machine, tiny, monkeypatch):
    machine["providers"] = [CUDA]
    monkeypatch.setattr(runtime, "has_bf16", lambda: True)
    assert Session(tiny, "bf16").device == "CPU"
    assert Session(tiny, "fp32").device == "GPU CUDA"


def test_batches_are_filled_up():
    photos = np.random.default_rng(0).integers(1, 256, (70, 2, 3, 3), np.uint8)
    for given in (photos, list(photos)):
        batches = list(runtime._batches(given, 32))
        assert [rows for rows, _ in batches] == [slice(0, 32), slice(32, 64), slice(64, 70)]
        assert all(pixels.shape == (32, 2, 3, 3) and pixels.dtype == np.uint8 for _, pixels in batches)
        assert np.array_equal(np.concatenate([pixels for _, pixels in batches])[:70], photos)
        assert not batches[2][1][6:].any()


@needs_openvino
def test_batches_through_openvino(tiny, photos, monkeypatch):
    openvino = runtime.import_openvino()
    many, compile_model = np.concatenate([photos] * 8), openvino.Core.compile_model
    wanted = Session(tiny).run(many)
    monkeypatch.setattr(
        openvino.Core, "compile_model", lambda core, model, _, hints: compile_model(core, model, "CPU", hints)
    )
    opened = runtime._on_openvino(tiny, "fp32", "GPU")
    assert opened.device == "GPU"
    for photo_count in (1, 32, 72):
        assert np.allclose(opened.run(many[:photo_count]), wanted[:photo_count])


@pytest.mark.filterwarnings("ignore:Duplicate provider 'CPUExecutionProvider'")
def test_batches_through_onnx_runtime(tiny, photos, monkeypatch):
    many = np.concatenate([photos] * 8)
    wanted = in_onnx_runtime(tiny, monkeypatch).run(many)
    monkeypatch.setattr(runtime, "_GPUS", {"CPUExecutionProvider": {}})
    opened = runtime._on_onnxruntime(tiny, "CPUExecutionProvider")
    assert opened.device == "GPU"
    for photo_count in (1, 32, 72):
        assert np.allclose(opened.run(many[:photo_count]), wanted[:photo_count])


def test_a_gpu_that_onnx_runtime_has_only_in_name(tiny, monkeypatch):
    import onnxruntime

    real = onnxruntime.InferenceSession

    def without(path, options, providers, **more):
        return real(path, options, providers=["CPUExecutionProvider"], **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", without)
    with pytest.raises(ModelError, match="CUDAExecutionProvider cannot be used here"):
        runtime._on_onnxruntime(tiny, CUDA)
