"""In which precision a network runs, and how well its answers agree with those of fp32.

Decided on the person's own photos, and then kept: next week's photos go through
the same network, or their features could not be compared with today's.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np
from tqdm.auto import tqdm

from helpers import cache
from helpers.errors import ModelError
from helpers.models import LoadedModel
from helpers.quantise import lasting_name, quantise, quantised
from helpers.runtime import Session, check_precision, has_bf16, session_for

_ENOUGH = 0.94  # the agreement from which on `auto` takes bf16
_LASTING = 32  # photos from which on a decision is kept for the collection, not only for these very photos
_NEIGHBOURS = 10
_FORMAT = 1


@dataclass(frozen=True)
class Settled:
    """A network in the precision that was settled on."""

    loaded: LoadedModel  # for int8: with the file in 8 bits
    precision: str  # fp32, bf16 or int8
    agreement: Optional[float]  # the share of the ten nearest neighbours that fp32 finds too; None for fp32 itself
    key: str  # the same key, the same features
    note: str  # one line for the person

    @property
    def session(self) -> Session:
        """Ready to run; opened when it is first asked for."""
        return session_for(self.loaded, self.precision)


class _Decision(NamedTuple):
    """What was found out about a network on some photos."""

    precision: str
    photos: int
    agreement: Optional[float]  # of what was tried, also where fp32 was taken
    sha256: str = ""  # of the int8 network's file


def settle(
    loaded: LoadedModel,
    precision: str,
    sample: Callable[[], np.ndarray],
    *,
    scope: Optional[str] = None,
    progress: bool = True,
) -> Settled:
    """The network in the precision that is wished for: `fp32`, `bf16`, `int8` or `auto`.

    `auto` is bf16 where the processor has it, no GPU does the work, and at least
    94 of 100 places among the ten nearest neighbours in the sample stay the
    same; else fp32. `int8` is made for the photos of the sample, see
    `helpers.quantise`.

    `sample` gives some of the person's photos, uint8 [n, height, width, 3], and
    is called only where they are needed. `scope` names the collection: what was
    decided on at least 32 photos holds for it until the cache folder is
    deleted. Without it, and with fewer photos, it holds for the same photos.

    Raises `ModelError` for a precision that is not known or cannot be had here,
    and what `helpers.quantise.quantise` raises.
    """
    check_precision(precision, loaded)
    only = loaded.descriptor is not None or not has_bf16()
    if precision == "fp32" or (precision == "auto" and only):
        return _settled(loaded, _Decision("fp32", 0, None))
    known = None if scope is None else _recall(loaded, precision, scope)
    if known is not None:
        return _settled(loaded, known)
    photos = sample()
    if scope is None or len(photos) < _LASTING:
        scope = f"photos {hashlib.sha256(np.ascontiguousarray(photos)).hexdigest()}"
        known = _recall(loaded, precision, scope)
    if known is None:
        known = _decide(loaded, precision, photos, progress)
        _remember(loaded, precision, scope, known)
    return _settled(loaded, known)


def settled_again(loaded: LoadedModel, precision: str, key: str) -> Settled:
    """What was settled earlier, by its precision and key; opened when it is first asked for.

    `loaded` is the network as `helpers.models.load_model` gives it. Raises
    `ModelError` where the file of an int8 network has gone or is damaged, or where
    there is no bf16 here.
    """
    if precision == "int8":
        loaded = quantised(loaded, key.rpartition(" ")[2])
    if precision == "bf16" and not has_bf16():
        raise ModelError("this was built in bf16, which the processor here has not; build the model again")
    return Settled(loaded, precision, None, key, f"{precision}, as it was built")


def agreement(a: np.ndarray, b: np.ndarray, k: int = 10) -> Optional[float]:
    """The share of each photo's k nearest neighbours that two sets of features, [n, …], have in common: 0 to 1.

    Neighbours by Euclidean distance, without the photo itself; of n photos at
    most n - 1 each. None where there are no two photos. Takes n * n numbers of memory.
    """
    k = min(k, len(a) - 1)
    if k < 1:
        return None
    shared = [len(np.intersect1d(*rows)) for rows in zip(_nearest(a, k), _nearest(b, k))]
    return sum(shared) / (k * len(shared))


def _nearest(features: np.ndarray, k: int) -> np.ndarray:
    rows = features.astype(np.float64)
    rows = rows - rows.mean(axis=0)  # so that the squares are not much greater than their differences
    squares = (rows**2).sum(axis=1)
    distances = squares[:, np.newaxis] + squares - 2 * rows @ rows.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def _decide(loaded: LoadedModel, precision: str, photos: np.ndarray, progress: bool) -> _Decision:
    if precision == "auto" and len(photos) <= _NEIGHBOURS:
        return _Decision("fp32", len(photos), None)
    exact = Session(loaded, "fp32")
    if precision == "auto" and exact.device != "CPU":
        return _Decision("fp32", len(photos), None)
    taken = "int8" if precision == "int8" else "bf16"
    tried = quantise(loaded, photos, progress=progress) if taken == "int8" else loaded
    sha256 = cache.sha256(tried.path) if taken == "int8" else ""
    agreed = agreement(*_both(exact, Session(tried, taken), photos, progress), _NEIGHBOURS)
    if precision == "auto" and (agreed is None or agreed < _ENOUGH):
        return _Decision("fp32", len(photos), agreed)
    return _Decision(taken, len(photos), agreed, sha256)


def _both(exact: Session, near: Session, photos: np.ndarray, progress: bool) -> Tuple[np.ndarray, np.ndarray]:
    """The features of the photos by either session."""
    features = np.empty((2, len(photos), exact.loaded.dimension), np.float32)
    with tqdm(
        total=len(photos), desc=f"comparing {near.precision} with fp32", unit=" photos", delay=2, disable=not progress
    ) as bar:
        for start in range(0, len(photos), 16):
            some = photos[start : start + 16]
            features[:, start : start + 16] = exact.run(some), near.run(some)
            bar.update(len(some))
    return features[0], features[1]


def _settled(loaded: LoadedModel, decision: _Decision) -> Settled:
    precision, _, agreed, sha256 = decision
    key = " ".join([lasting_name(loaded), loaded.identity, precision, *([sha256] if sha256 else [])])
    if precision == "int8":
        loaded = quantised(loaded, sha256)
    return Settled(loaded, precision, None if precision == "fp32" else agreed, key, _note(decision))


def _note(decision: _Decision) -> str:
    precision, photos, agreed, _ = decision
    if agreed is None:
        return precision if precision == "fp32" else f"{precision}: too few photos to compare it with fp32"
    tried = precision if precision != "fp32" else "fp32, since bf16"
    near = "ten" if photos > _NEIGHBOURS else str(photos - 1)
    only = "only " if precision == "fp32" else ""
    places = f"{only}{100 * agreed:.0f} of 100 places among the {near} nearest ({photos} photos)"
    return f"{tried}{':' if precision != 'fp32' else ''} agrees with fp32 in {places}"


def _file(loaded: LoadedModel, precision: str, scope: str) -> Path:
    known_by = hashlib.sha256(json.dumps([scope, loaded.identity, precision]).encode()).hexdigest()
    return cache.cache_folder() / "precision" / f"{known_by[:24]}.json"


def _recall(loaded: LoadedModel, precision: str, scope: str) -> Optional[_Decision]:
    """What was decided before; None where nothing was, or where it can no longer be read or had."""
    try:
        kept: Dict[str, Any] = json.loads(_file(loaded, precision, scope).read_text(encoding="utf-8"))
        if kept.pop("format") != _FORMAT or (kept.pop("scope"), kept.pop("network")) != (scope, loaded.identity):
            return None
        decision = _Decision(**kept)
        possible = ("fp32", "bf16") if precision == "auto" else (precision,)
        if decision.precision not in possible or type(decision.photos) is not int:
            return None
        if decision.agreement is not None and not 0 <= decision.agreement <= 1:
            return None
        if decision.precision == "int8":
            quantised(loaded, decision.sha256)
        return decision
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ModelError):
        return None


def _remember(loaded: LoadedModel, precision: str, scope: str, decision: _Decision) -> None:
    kept = {"format": _FORMAT, "scope": scope, "network": loaded.identity, **decision._asdict()}
    try:
        with cache.replacing(_file(loaded, precision, scope)) as half:
            half.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    except OSError:  # then it is decided again, and the same photos give the same answer
        pass
