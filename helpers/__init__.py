"""Kinframe: find a photo's kin in a folder of photos, inside a notebook."""

import os

__version__ = "0.1.0"

# ONNX Runtime reads it when it is imported: without it, an id of this machine and a queue of events for Microsoft are
# written at once. Set here it is there before any module of this package, a worker's too, or a cell after them.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
