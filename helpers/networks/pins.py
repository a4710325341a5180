"""Fetching a file, and pinning it: the sha-256 that it had at first is in a text file beside it, as of sha256sum.

Where the sha-256 of a file is not known beforehand, its first download settles
it: a later change is noticed, whether on the disk or by the publisher.
`sha256sum --check model.onnx.sha256` compares by hand.
"""

import re
import warnings
from pathlib import Path
from typing import Optional

from helpers.errors import WeightsUnavailable
from helpers.files.download import NotFetched, fetch
from helpers.files.replacing import replacing
from helpers.files.stamps import sha256

DIGITS = 64  # of a sha-256 in hex
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


class OtherFile(NotFetched):
    """A file arrived whose sha-256 is not the one that it must have."""

    def __init__(self, origin: str, size: str, digest: str) -> None:
        super().__init__(f"{origin} is another file: {size}, sha-256 {digest}")
        self.origin, self.digest = origin, digest


def fetch_pinned(
    path: Path, name: str, url: str, *, known: str = "", size: Optional[int] = None, progress: bool = True
) -> None:
    """Fetch the file `path` unless it is right already, and pin it; a file that is not right is replaced.

    `name`, `url` and `size` (bytes) are as `helpers.files.download.fetch` takes
    them. `known` is the file's sha-256, or as many of its first digits as are known.
    Raises `NotFetched`, `OtherFile`, `OSError`, and what `pinned` raises.
    """
    digest = sha256(path) if path.exists() else ""
    if not digest or not digest.startswith(beginning(path, known)):
        with replacing(path) as half:
            origin = fetch(name, url, half, size=size, progress=progress)
            arrived = sha256(half)
            if not arrived.startswith(beginning(path, known)):
                bytes_in_it = f"{half.stat().st_size} bytes" + (f", not {size}" if size else "")
                raise OtherFile(origin, bytes_in_it, arrived)
        if digest:
            warnings.warn(f"{path} was not the right file (its sha-256 was {digest}) and was replaced", stacklevel=3)
        digest = arrived
    if len(known) < DIGITS and pinned(path) is None:
        pin(path, digest)


def is_right(path: Path, known: str) -> bool:
    """Whether the file is there, and is what it must be; raises what `pinned` raises."""
    try:
        return sha256(path).startswith(beginning(path, known))
    except OSError:
        return False


def beginning(path: Path, known: str) -> str:
    """The beginning of the sha-256 that a file must have: as far as it is known, or all of it once it is pinned."""
    return known if len(known) == DIGITS else pinned(path) or known


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


def pin(path: Path, digest: str) -> None:
    """Pin the file at `path`: it must have this sha-256 from now on. Raises `OSError`."""
    with replacing(pin_file(path)) as half:
        half.write_bytes(f"{digest}  {path.name}\n".encode())
