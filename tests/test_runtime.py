import platform
import sys
import threading
from importlib.util import find_spec

import numpy as np
import pytest

from helpers import runtime
from helpers.errors import ModelError
from helpers.models import load_model
from helpers.runtime import Session, session_for
from tests.pictures import TINY, tiny_network

OPENVINO = find_spec("openvino") is not None and platform.machine().lower() in ("x86_64", "amd64")
needs_openvino = pytest.mark.skipif(not OPENVINO, reason="OpenVINO is for x86 processors, or not installed")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_model(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


@pytest.fixture
def photos():
    return np.random.default_rng(3).integers(0, 256, (9, 24, 24, 3), np.uint8)


def in_onnx_runtime(loaded, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(runtime.platform, "machine", lambda: "arm64")
        session = Session(loaded)
    assert session.engine == "ONNX Runtime"
    return session


@needs_openvino
@pytest.mark.parametrize("name", ["tiny", "efficientnet-lite0"])
def test_both_engines_agree(name, tiny, monkeypatch):
    loaded = tiny if name == "tiny" else load_model(name)
    photos = np.random.default_rng(3).integers(0, 256, (5, *loaded.size[::-1], 3), np.uint8)
    session = Session(loaded)
    assert (session.engine, session.precision) == ("OpenVINO", "fp32")
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
    assert session.run(photos[:0]).shape == (0, TINY)


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
    import openvino

    session = Session(tiny)
    wanted = session.run(photos)
    start = openvino.AsyncInferQueue.start_async

    def interrupted(self, inputs, row):
        if row == 5:
            raise KeyboardInterrupt
        start(self, inputs, row)

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
    for name in ("int8", "fp16", "", None):
        with pytest.raises(ModelError, match="is not known; there are auto, fp32, bf16"):
            Session(tiny, name)


@needs_openvino
def test_bf16_is_refused_where_the_processor_has_none(tiny, monkeypatch):
    import openvino

    class Old(openvino.Core):
        def get_property(self, *_):
            return ["FP32", "INT8"]

    monkeypatch.setattr(openvino, "Core", Old)
    with pytest.raises(ModelError, match="this processor has no bf16; take precision='fp32'"):
        Session(tiny, "bf16")


@needs_openvino
def test_bf16_is_near_fp32_where_the_processor_has_it(photos):
    import openvino

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bf16")
    loaded = load_model("efficientnet-lite0")
    photos = np.random.default_rng(3).integers(0, 256, (3, 224, 224, 3), np.uint8)
    exact, near = Session(loaded, "fp32").run(photos), Session(loaded, "bf16").run(photos)
    assert 0 < np.linalg.norm(exact - near) < 0.1 * np.linalg.norm(exact)


def test_bf16_is_refused_without_openvino(tiny, monkeypatch):
    monkeypatch.setattr(runtime.platform, "machine", lambda: "arm64")
    with pytest.raises(ModelError, match="needs OpenVINO on an x86 processor"):
        Session(tiny, "bf16")


def test_it_runs_where_openvino_is_not_installed(tiny, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    assert Session(tiny).engine == "ONNX Runtime"
    assert Session(tiny).run(photos).shape == (9, TINY)
