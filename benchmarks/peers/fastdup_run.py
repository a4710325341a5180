"""fastdup over a folder: its own network, 576 features, and nearest neighbours.

python3.12 -m venv .venv-fastdup && .venv-fastdup/bin/pip install fastdup
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any, Dict

INSTALL = "python3.12 -m venv .venv-fastdup && .venv-fastdup/bin/pip install fastdup"
OFFLINE = {"SENTRY_OPT_OUT": "1", "FASTDUP_PRODUCTION": "1"}  # no telemetry, no look for a newer version


def run(folder: str) -> Dict[str, Any]:
    """One `fastdup.run` with its defaults. Importing it is not counted."""
    import fastdup

    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        status = fastdup.run(folder, work_dir=scratch)
        seconds = time.perf_counter() - start
        if status != 0:
            raise RuntimeError(f"fastdup ended with status {status}")
        photos = len((Path(scratch) / "atrain_features.dat.csv").read_text(encoding="utf-8").splitlines()) - 1
    return {"seconds": seconds, "photos": photos, "version": fastdup.__version__, "threads": os.cpu_count()}
