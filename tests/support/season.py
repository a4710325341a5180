"""The season of `tools/draw_season.py`, which notebook 07 takes: drawn once for all tests, of both environments too."""

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT


def drawn_season() -> Path:
    """Where it lies, complete; half a minute where it was not there yet, or where others draw it just now."""
    folder = ROOT / "build" / "season"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "season.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            subprocess.run([sys.executable, str(ROOT / "tools" / "draw_season.py"), str(folder)], check=True)
    return folder
