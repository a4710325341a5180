"""Where ONNX Runtime is imported, for all who need it: it is to tell nobody that it was.

What it does when it is imported, `ORT_DISABLE_TELEMETRY` decides; `helpers/__init__.py` has set it.
"""

from types import ModuleType


def import_onnxruntime() -> ModuleType:
    """ONNX Runtime without its telemetry, also where somebody had imported it before this package."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
