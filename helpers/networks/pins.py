"""Pins: the sha-256 that a file had when it was first fetched, in a text file beside it as sha256sum writes it.

Where the sha-256 of a file is not known beforehand, its first download settles
it: a later change is noticed, whether on the disk or by the publisher.
`sha256sum --check model.onnx.sha256` compares by hand.
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

    Raises `WeightsUnavailable` where the file of the pin has other content, or cannot be read.
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
            f"{place} does not contain the sha-256 of {path.name} as sha256sum writes it.\n"
            f"The way out: delete it, and {path.name} is pinned as it is then"
        )
    return line[1]


def pin(path: Path, sha256: str) -> None:
    """Pin the file at `path`: it must have this sha-256 from now on. Raises `OSError`."""
    with replacing(pin_file(path)) as half:
        half.write_bytes(f"{sha256}  {path.name}\n".encode())
