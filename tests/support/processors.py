"""Processors to pretend: without bf16, with it, with VNNI, or one for which there is only ONNX Runtime.

The networks that run are real, in fp32 on whatever is here. What is pretended
is what the processor can do, how far its bf16 is off, and how long a photo takes.
"""

from types import SimpleNamespace

import numpy as np

from helpers.networks import runtime
from helpers.networks.precision import remembered, settle, trial
from helpers.networks.runtime import rounded_to_bf16

KINDS = {
    "plain": {"FP32", "INT8"},
    "bf16": {"FP32", "INT8", "BF16"},
    "VNNI": {"FP32", "INT8", "VNNI"},
    "ONNX Runtime alone": set(),
}


class Processor:
    """What is pretended, and what was asked of it.

    - `error`: how far features in bf16 are off, as a share of their spread.
    - `pace`: seconds that a photo seems to take, by precision.
    - `opened`: the precision of each network that was compiled, in their order.
    - `photos`: the photos that went through a network, by precision, each by its bytes.
    """

    def __init__(self, kind, monkeypatch):
        self.error, self.device = 0.0, "CPU"
        self.pace = {"fp32": 3 / 128, "bf16": 2 / 128, "int8": 1 / 128}  # exact as numbers, and so are their sums
        self.opened, self.photos, self._clock = [], {"fp32": [], "bf16": [], "int8": []}, 0.0
        self._open = runtime._open
        self._patch = monkeypatch
        self.become(kind)
        monkeypatch.setattr(runtime, "_open", self._opened)
        monkeypatch.setattr(runtime, "_sessions", {})
        clock = SimpleNamespace(perf_counter=lambda: self._clock, process_time=lambda: self._clock)
        monkeypatch.setattr(trial, "time", clock)
        monkeypatch.setattr(settle, "_SMALL", 0)  # the tests' networks are small, and stand for large ones

    def try_for(self, photos):
        """Have bf16 tried on so many photos, and for collections that are not much larger."""
        self._patch.setattr(settle, "_TRIED", photos)
        self._patch.setattr(settle, "_LASTING", photos)
        self._patch.setattr(trial, "_CHUNK", photos // 3)
        self._patch.setattr(settle, "_PRICE", photos / 6)

    def become(self, kind):
        """Go on as another machine with the same disk: what is in memory is gone."""
        self.kind = kind
        has_openvino = runtime.find_spec("openvino") is not None and kind != "ONNX Runtime alone"
        self._patch.setattr(runtime, "capabilities", lambda: frozenset(KINDS[kind]))
        self._patch.setattr(runtime, "has_openvino", lambda: has_openvino)
        self._patch.setattr(runtime, "processor", lambda: kind)
        self._patch.setattr(remembered, "processor", lambda: kind)
        self._patch.setattr(runtime, "_sessions", {})

    def _opened(self, loaded, taken):
        assert taken != "bf16" or self.kind == "bf16", "it has none"
        self.opened.append(taken)
        # What is made int8 has its precision in its file; bf16 is pretended.
        opened = self._open(loaded, "fp32" if taken == "bf16" else taken)

        def run(photos):
            self.photos[taken] += [np.asarray(photo).tobytes() for photo in photos]
            self._clock += len(photos) * self.pace[taken]
            features = opened.run(photos)
            return self._rounded(features, photos) if taken == "bf16" else features

        return opened._replace(run=run, device=self.device)

    def _rounded(self, features, photos):
        """As bf16 gives them, each photo's with an error of its own."""
        if not self.error:
            return rounded_to_bf16(features)
        seeds = [int(np.asarray(photo).sum()) for photo in photos]
        noise = np.array(
            [np.random.default_rng(seed).standard_normal(features.shape[1:]) for seed in seeds], np.float32
        )
        return rounded_to_bf16(features + np.float32(self.error * features.std()) * noise.reshape(features.shape))
