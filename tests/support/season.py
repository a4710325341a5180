"""The season of `tools/draw_season.py`, which notebook 07 takes: drawn once for all tests, of both environments too.

Every shot of it, in half the width and height: the same events, animals, nights and clocks, in a quarter of the time.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT


def drawn_season() -> Path:
    """Where it lies, complete; some seconds where it was not there yet, or where others draw it just now."""
    folder = ROOT / "build" / "season-for-tests"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "season-for-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            script = ROOT / "tools" / "draw_season.py"
            subprocess.run([sys.executable, str(script), str(folder), "--scale=0.5"], check=True)
    return folder
