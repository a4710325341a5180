"""Kinframe: find a photo's kin in a folder of photos, inside a notebook."""

import os

__version__ = "0.1.0"

# ONNX Runtime reads it on import: without it, it writes an id of this machine and a queue of events for Microsoft at
# once. Here it is set before any module of this package is imported, also in a worker process.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
