"""What only the notes of a camera's maker tell, in a form of each maker's own: the temperature of the air.

Read by the program exiftool, the reference for them all. Photos tell it in
EXIF too, and then it is not needed.
"""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Sequence

from tqdm.auto import tqdm

from helpers.files.threads import work_ahead
from helpers.photos.metadata.read import Metadata, number

MAKERS = ("RECONYX", "BUSHNELL")  # exiftool 12 knows the notes of Reconyx, and not yet those of Bushnell
_TAG = "AmbientTemperature"  # in degrees Celsius, whatever the camera shows
_AT_ONCE = 100  # photos that exiftool is asked for together
_AHEAD = 2
_PATIENCE = 120.0  # seconds for these, on a slow disk
_MISSING = (
    "{count} photos of {makers} may tell how warm it was, in notes that only the program exiftool reads: install it "
    "(libimage-exiftool-perl on Debian and Ubuntu, `brew install exiftool`, or exiftool.org) to know"
)


def available() -> bool:
    """Whether exiftool is installed."""
    return shutil.which("exiftool") is not None


def complete(files: Sequence[str], read: Sequence[Metadata], progress: bool = True) -> List[Metadata]:
    """What `read_metadata` found of files, with the temperatures in degrees Celsius that makers' notes tell.

    One line says where exiftool is missing and would tell more.
    """
    wanted = [row for row, each in enumerate(read) if each.temperature is None and _is_known(each.make)]
    found = list(read)
    if wanted and not available():
        makers = sorted({str(read[row].make).split()[0].capitalize() for row in wanted})
        print(_MISSING.format(count=len(wanted), makers=" and ".join(makers)))
        return found
    parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    asked = ([files[row] for row in part] for part in parts)
    with contextlib.closing(work_ahead(_temperatures, asked, ahead=_AHEAD)) as told:
        bar = tqdm(total=len(wanted), desc="makers' notes", unit=" photos", delay=2, disable=not progress)
        for part, temperatures in zip(parts, told):
            for row in part:
                found[row] = found[row]._replace(temperature=temperatures.get(files[row]))
            bar.update(len(part))
        bar.close()
    return found


def _is_known(make: Any) -> bool:
    return bool(make) and str(make).upper().startswith(MAKERS)


def _temperatures(files: List[str]) -> Dict[str, float]:
    """Those that exiftool finds; a file that it cannot read has none."""
    # It is told file names line by line, and takes a line that begins with - or # for something else.
    asked = [file for file in files if Path(file).is_absolute() and "\n" not in file and "\r" not in file]
    program = shutil.which("exiftool")
    if program is None or not asked:
        return {}
    command = [program, "-config", "", "-json", "-n", "-fast", "-charset", "filename=utf8"]
    command += [f"-{_TAG}", "-@", "-"]
    lines = os.fsencode("\n".join(asked) + "\n")
    try:
        done = subprocess.run(
            command, input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False
        )
        rows = json.loads(done.stdout.decode("utf-8", "replace") or "[]")
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    told = {str(row.get("SourceFile")): number(row.get(_TAG)) for row in rows}
    return {file: value for file, value in told.items() if value is not None}
