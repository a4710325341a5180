"""Fetching a file from the first address that has it, and pinning it: its sha-256 is in a text file beside it.

Where the sha-256 of a file is not known beforehand, its first download settles
it: a later change is noticed, whether on the disk or by the publisher. The
text is that of sha256sum, and `sha256sum --check model.onnx.sha256` compares
by hand.
"""

import re
import warnings
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from helpers.errors import WeightsUnavailable
from helpers.files.download import NotFetched, NotThere, fetch, mirror
from helpers.files.replacing import replacing
from helpers.files.stamps import sha256, sha256_now

DIGITS = 64  # of a sha-256 in hex
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


class OtherFile(NotFetched):
    """A file arrived whose sha-256 is not the one that it must have."""

    def __init__(self, origin: str, size: str, digest: str) -> None:
        super().__init__(f"{origin} is another file: {size}, sha-256 {digest}")
        self.origin, self.digest = origin, digest


def fetch_pinned(
    path: Path,
    name: str,
    addresses: Sequence[str],
    *,
    known: str = "",
    size: Optional[int] = None,
    progress: bool = True,
) -> None:
    """Fetch the file `path` unless it is right already, and pin it; a file that is not right is replaced.

    The `addresses` are tried in turn until one gives the right file; a mirror, where there is one, takes the place of
    them all. With `progress`, one line prints which it was, and the sha-256 if that was not known before. `name` and
    `size` (bytes) are as `helpers.files.download.fetch` takes them. `known` is the file's sha-256, or as many of its
    first digits as are known. Raises `NotFetched`, `OtherFile`, `OSError`, and what `pinned` raises.
    """
    digest, origin = sha256(path) if path.exists() else "", ""
    must = beginning(path, known)
    if not digest or not digest.startswith(must):
        places = list(addresses[:1] if mirror() else addresses)
        with replacing(path) as half:
            origin, arrived = _first_right(half, name, places, must, size, progress)
        if digest:
            warnings.warn(f"{path} was not the right file (its sha-256 was {digest}) and was replaced", stacklevel=3)
        digest = arrived
    is_new = len(known) < DIGITS and pinned(path) is None
    if is_new:
        pin(path, digest)
    if progress and (origin or is_new):
        kept = f"; no other than this one is used from now on: sha-256 {digest}" if is_new else ""
        print(f"{path.name}: {f'from {origin}' if origin else f'found in {path.parent}'}{kept}")


def _first_right(
    half: Path, name: str, addresses: Sequence[str], must: str, size: Optional[int], progress: bool
) -> Tuple[str, str]:
    """Fill `half` from the first address that gives a file whose sha-256 begins as it must: its origin, its sha-256."""
    reasons: List[str] = []  # texts alone: an error that is kept would keep its connection open
    absent = True
    for address in addresses:
        try:
            origin = fetch(name, address, half, size=size, progress=progress)
            arrived = sha256_now(half)
            if arrived.startswith(must):
                return origin, arrived
            bytes_in_it = f"{half.stat().st_size} bytes" + (f", not {size}" if size else "")
            raise OtherFile(origin, bytes_in_it, arrived)
        except NotFetched as failure:
            if len(addresses) == 1:
                raise
            reasons.append(str(failure))
            absent = absent and isinstance(failure, NotThere)
    if not reasons:
        raise NotFetched("HF_HUB_OFFLINE is set, and nothing is fetched then")
    raise (NotThere if absent else NotFetched)("; ".join(reasons))


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
