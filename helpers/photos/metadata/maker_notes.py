"""The temperature of the air in makers' notes, read by the program exiftool.

Each maker has another format for them, and exiftool is the reference for all.
It is not needed for photos with the temperature in EXIF.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Sequence

from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead
from helpers.photos.metadata.read import Metadata, number

MAKERS = ("RECONYX", "BUSHNELL")  # exiftool 12 reads the notes of Reconyx, and not yet those of Bushnell
_TAG = "AmbientTemperature"  # in degrees Celsius, whatever the camera shows
_SAFE = (12, 38)  # the first version that runs nothing that is in a photo or in its name
_AT_ONCE = 100  # photos for each run of exiftool
_AHEAD = 2
_PATIENCE = 120.0  # seconds for a run, on a slow disk
_MISSING = (
    "{count} photos of {makers} may have the temperature in notes that only the program exiftool reads, of which "
    "12.38 or a newer one is used, since older ones run commands that a photo contains: install it "
    "(libimage-exiftool-perl on Debian and Ubuntu, `brew install exiftool`, or exiftool.org) to know"
)


def available() -> bool:
    """Whether there is an exiftool that may be given a stranger's photos."""
    program = shutil.which("exiftool")
    return program is not None and _is_safe(program)


@lru_cache(maxsize=None)
def _is_safe(program: str) -> bool:
    """Whether a program is exiftool 12.38 or newer: older ones run what is in a photo, or in its name.

    CVE-2021-22204 and CVE-2022-23935.
    """
    try:
        done = subprocess.run(
            [program, "-config", "", "-ver"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(rb"(\d{1,4})\.(\d{1,4})", done.stdout.strip())
    return version is not None and (int(version[1]), int(version[2])) >= _SAFE


def complete(files: Sequence[str], read: Sequence[Metadata], progress: bool = True) -> List[Metadata]:
    """Complete the results of `read_metadata` with temperatures in makers' notes, in degrees Celsius.

    A line is printed where exiftool is missing and would find more.
    """
    wanted = [row for row, metadata in enumerate(read) if metadata.temperature is None and _is_known(metadata.make)]
    completed = list(read)
    if wanted and not available():
        makers = sorted({str(read[row].make).split()[0].capitalize() for row in wanted})
        print(_MISSING.format(count=len(wanted), makers=" and ".join(makers)))
        return completed
    batches = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    paths = ([files[row] for row in batch] for batch in batches)
    with contextlib.closing(work_ahead(_temperatures, paths, ahead=_AHEAD)) as results:
        bar = progress_bar(total=len(wanted), desc="makers' notes", show=progress)
        for batch, temperatures in zip(batches, results):
            for row in batch:
                completed[row] = completed[row]._replace(temperature=temperatures.get(files[row]))
            bar.update(len(batch))
        bar.close()
    return completed


def _is_known(make: Any) -> bool:
    return bool(make) and str(make).upper().startswith(MAKERS)


def _temperatures(files: List[str]) -> Dict[str, float]:
    """The temperatures that exiftool finds, by file; files that it cannot read have none."""
    # It reads file names line by line, and takes a line that begins with - or # for something else.
    # What ends with | would be a command to Perl.
    paths = [file for file in files if Path(file).is_absolute() and not re.search(r"[\n\r\0]|\|\s*$", file)]
    program = shutil.which("exiftool")
    if program is None or not paths or not _is_safe(program):
        return {}
    command = [program, "-config", "", "-json", "-n", "-fast", "-charset", "filename=utf8"]
    command += [f"-{_TAG}", "-@", "-"]
    lines = os.fsencode("\n".join(paths) + "\n")
    try:
        done = subprocess.run(
            command, input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False
        )
        rows = json.loads(done.stdout.decode("utf-8", "replace") or "[]")
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    temperatures = {str(row.get("SourceFile")): number(row.get(_TAG)) for row in rows}
    return {file: value for file, value in temperatures.items() if value is not None}
