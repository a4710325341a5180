"""What was measured of a network earlier, kept as small files in the cache folder.

For a collection: how well a precision agrees with fp32. For a processor: how
long a photo takes in fp32 and in another precision.
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from helpers.errors import ModelError
from helpers.files.cache import cache_folder
from helpers.files.replacing import replacing
from helpers.networks.load import LoadedModel
from helpers.networks.quantise import quantised
from helpers.networks.runtime import processor

NEIGHBOURS = 10  # of each photo, by which precisions are compared

ENOUGH = 0.94 - 1e-9  # a mean's last digit depends on the order in which it is summed
_FASTER = 0.95  # of the time of fp32: measured times are off by less than the rest
_FORMAT = 2


class PrecisionCheck(NamedTuple):
    """A precision beside fp32, on some photos."""

    precision: str
    photos: int
    agreement: Optional[float]  # the share of nearest neighbours that both find, 0 to 1; None for too few photos
    sha256: str = ""  # of the int8 network's file

    @property
    def agrees(self) -> bool:
        """Whether enough of the nearest neighbours stay the same for `auto`."""
        return self.agreement is not None and self.agreement >= ENOUGH

    def __str__(self) -> str:
        near = "ten" if self.photos > NEIGHBOURS else str(self.photos - 1)
        return f"{100 * (self.agreement or 0):.0f} of 100 places among the {near} nearest ({self.photos} photos)"


class Pace(NamedTuple):
    """Seconds that a photo takes in a network on this machine."""

    fp32: float
    other: float  # in bf16 or int8

    @property
    def is_faster(self) -> bool:
        """Whether the other precision is faster, by more than what measuring is off."""
        return self.other < _FASTER * self.fp32


class Memory:
    """What is remembered of one network; of the collection `scope`, or where that is None, of no collection."""

    def __init__(self, loaded: LoadedModel, scope: Optional[str]) -> None:
        self._loaded, self._scope = loaded, scope

    def comparison(self, precision: str) -> Optional[PrecisionCheck]:
        """The one of an earlier time; None where there is none, or it cannot be read or used any more."""
        if self._scope is None:
            return None
        try:
            comparison = PrecisionCheck(**_read([self._scope, self._loaded.identity, precision]))
            if comparison.precision != precision or type(comparison.photos) is not int:
                return None
            if comparison.agreement is not None and not 0 <= comparison.agreement <= 1:
                return None
            if precision == "int8":
                quantised(self._loaded, comparison.sha256)
            return comparison
        except (OSError, ValueError, TypeError, AttributeError, RecursionError, ModelError):
            return None

    def keep(self, comparison: PrecisionCheck) -> None:
        if self._scope is not None:
            _write([self._scope, self._loaded.identity, comparison.precision], comparison._asdict())

    def pace(self, precision: str) -> Optional[Pace]:
        """How fast the network was in a trial on such a processor; None where there was none."""
        try:
            pace = Pace(**_read([processor(), self._loaded.identity, precision, "pace"]))
            return pace if 0 < pace.other < 1e4 and 0 < pace.fp32 < 1e4 else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def keep_pace(self, precision: str, measured: Optional[Pace]) -> Optional[Pace]:
        """Returns the pace that counts: the first one, if it gained much then, so that decisions stay the same."""
        before = self.pace(precision)
        if measured is None or (before is not None and before.other < 0.9 * before.fp32):
            return before
        _write([processor(), self._loaded.identity, precision, "pace"], measured._asdict())
        return measured


def _file(known_by: List[str]) -> Path:
    name = hashlib.sha256(json.dumps(known_by).encode()).hexdigest()
    return cache_folder() / "precision" / f"{name[:24]}.json"


def _read(known_by: List[str]) -> Dict[str, Any]:
    """What was written under these names, empty where it is another's; raises `OSError` and `ValueError`."""
    content: Dict[str, Any] = json.loads(_file(known_by).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.pop("format", None) != _FORMAT or content.pop("of", None) != known_by:
        return {}
    return content


def _write(known_by: List[str], content: Dict[str, Any]) -> None:
    text = json.dumps({"format": _FORMAT, "of": known_by, **content}, indent=1)
    # Where it can't be written it is measured again, and the same photos give the same answer.
    with contextlib.suppress(OSError), replacing(_file(known_by)) as half:
        half.write_text(text, encoding="utf-8")
