"""The season of `tools/draw_season.py`, which notebook 07 takes: drawn once for all tests, of both environments too.

The last photo of each burst of three, in half the width and height: the same events, animals, nights and clocks, in a
twelfth of the time.
"""

import fcntl
from pathlib import Path
from unittest import mock

import draw_season
from drawing.season.plan import Season, season

from tests.support.places import ROOT


def drawn_season() -> Path:
    """Where it lies, complete; some seconds where it was not there yet, or where others draw it just now."""
    folder = ROOT / "build" / "short-season"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "short-season.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with mock.patch.object(draw_season, "season", _last_of_bursts):
                draw_season.draw(folder, scale=0.5)
    return folder


def _last_of_bursts(seed: int, days: int, photos: int) -> Season:
    """Without the other two; cameras number all photos, three for each burst."""
    plan = season(seed, days, photos)
    return plan._replace(shots=[shot for shot in plan.shots if int(Path(shot.path).stem[-4:]) % 3 == 0])
