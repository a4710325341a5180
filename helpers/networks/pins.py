"""What a file was when it was first fetched: its sha-256, in a text file beside it, as sha256sum writes it.

Where nobody says what a file must be, the first download settles it: a file
that is another one later is noticed, whether a disk or its publisher changed
it. `sha256sum --check model.onnx.sha256` compares by hand.
"""

import re
from pathlib import Path
from typing import Optional

from helpers.errors import WeightsUnavailable
from helpers.files.replacing import replacing

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def pin_file(path: Path) -> Path:
    """Where the pin of a file is kept."""
    return path.with_name(f"{path.name}.sha256")


def pinned(path: Path) -> Optional[str]:
    """The sha-256 that a file must have, in hex; None where none is pinned yet.

    Raises `WeightsUnavailable` where the pin's own file holds something else, or cannot be read.
    """
    place = pin_file(path)
    try:
        line = _LINE.fullmatch(place.read_text(encoding="utf-8").rstrip("\r\n"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WeightsUnavailable(f"{place}: {error.strerror}; KINFRAME_CACHE can name another folder") from error
    except UnicodeDecodeError:
        line = None
    if line is None or line[2] != path.name:
        raise WeightsUnavailable(
            f"{place} does not hold the sha-256 of {path.name} as sha256sum writes it.\n"
            f"The way out: delete it, and {path.name} is pinned as it then is"
        )
    return line[1]


def pin(path: Path, sha256: str) -> None:
    """From now on, the file at `path` must have this sha-256. Raises `OSError`."""
    with replacing(pin_file(path)) as half:
        half.write_bytes(f"{sha256}  {path.name}\n".encode())
