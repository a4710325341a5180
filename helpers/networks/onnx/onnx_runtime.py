"""ONNX Runtime, imported here and nowhere else, so that it reports to nobody that it was; and a network run with it.

What it does when it is imported, `ORT_DISABLE_TELEMETRY` decides; `helpers/__init__.py` has set it.
"""

from types import ModuleType
from typing import List, Union

import numpy as np

from helpers.errors import ModelError


def import_onnxruntime() -> ModuleType:
    """ONNX Runtime without its telemetry, also where somebody had imported it before this package."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def outputs_of(network: Union[str, bytes], name: object, photos_in: str, *batches: np.ndarray) -> List[np.ndarray]:
    """All outputs of a network, the path of a file or its content, for each batch of photos in turn.

    `photos_in` is the name of its input. Raises `ModelError` that begins with `name` where it cannot be run.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is in the error below, and need not be printed too
    try:
        # The fallback is to the same processor, and prints.
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        return [output for photos in batches for output in session.run(None, {photos_in: photos})]
    except Exception as error:  # its own a dozen, and what its binding to Python makes of odd names
        raise ModelError(f"{name} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}") from error
