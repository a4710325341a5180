"""In which precision a network runs, and how well its answers agree with those of fp32.

Features of different precisions can't be compared with each other. So what was
taken for a collection stays: `auto` goes on with whatever its store holds. Only
where nothing is kept yet does it choose:
bf16 is tried on some of the collection's own photos, where there are so many of
them that the trial costs little of what it may save. What is computed in the
trial counts, and none of it is computed again.
"""

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Protocol, Sequence, Tuple, Union

import numpy as np

from helpers.errors import ModelError
from helpers.files import cache, stamps
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.networks.load import LoadedModel
from helpers.networks.quantise import lasting_name, quantise, quantised
from helpers.networks.runtime import Session, check_precision, close_session, has_bf16, is_open, processor, session_for

_ENOUGH = 0.94 - 1e-9  # the agreement from which on `auto` takes bf16; a mean's last digit is nobody's
_LASTING = 32  # photos from which on a decision is made for the collection, not only for these very photos
_NEIGHBOURS = 10
_TRIED = 64  # photos by which an agreement is measured; as many again where that gives no sure answer
_MOST = 2 * _TRIED
_CHUNK = 16  # photos that go through one network before the other has its turn
_PRICE = 160  # what a trial may cost, in photos through fp32: the photos that are compared, and a network compiled
_USUAL_GAIN = 0.3  # the share of the time that bf16 saves where that was never measured; seen: 0.33 to 0.5
_SMALL = 8_000_000  # bytes: a network of one's own of this size stays with fp32, as it has little to lose
_FORMAT = 2


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

    @property
    def is_rounded(self) -> bool:
        """Whether this is bf16 on a processor without it: features are computed in fp32, and then rounded."""
        return self.precision == "bf16" and not has_bf16()


class Kept(Protocol):
    """What a store holds of one network, as `helpers.features.store.Kept`."""

    @property
    def key(self) -> str:
        """The network: name, identity and precision."""

    @property
    def photos(self) -> int:
        """How many photos' features."""


class Sample:
    """Some photos of a collection, by which a precision is settled on.

    - `count`: how many photos the collection has, or what counts them when that is
      first needed; None where it can't be known.
    - `take`: gives that many of them, the next ones with each call, spread evenly
      over the collection; uint8 [n, height, width, 3], with n smaller at the end.
    - `kept`: of the photos that were taken, the positions of those whose features
      of a key are kept, int [n], and these, float32 [n, dimension].

    `settle` puts into `features` what it computed of the photos that were taken,
    in the precision that it settled on, [taken, dimension], and into `seconds`
    how long that took; None where it computed none.
    """

    def __init__(
        self,
        count: Union[int, Callable[[], int], None],
        take: Callable[[int], np.ndarray],
        kept: Optional[Callable[[str], Tuple[np.ndarray, np.ndarray]]] = None,
    ) -> None:
        self._count, self.take, self.kept = count, take, kept
        self.features: Optional[np.ndarray] = None
        self.seconds = 0.0  # that these took

    @property
    def count(self) -> Optional[int]:
        """How many photos the collection has; None where that can't be known."""
        if callable(self._count):
            self._count = self._count()
        return self._count

    def computed(self, made: "_Pass") -> None:
        """Note the features of the photos that were taken."""
        self.features, self.seconds = made.features, made.seconds


class _Decision(NamedTuple):
    """What was found out about a network on some photos."""

    precision: str
    photos: int
    agreement: Optional[float]  # of what was tried, also where fp32 was taken
    sha256: str = ""  # of the int8 network's file


class _Pass(NamedTuple):
    """Some photos that went through a network."""

    features: np.ndarray  # float32 [n, dimension]
    seconds: float
    pace: Optional[float]  # seconds a photo; None where there were too few to say

    def and_then(self, more: "_Pass") -> "_Pass":
        return _Pass(np.concatenate([self.features, more.features]), self.seconds + more.seconds, self.pace)


class _Pace(NamedTuple):
    """Seconds that a photo takes in a network on this machine."""

    fp32: float
    bf16: float

    @property
    def is_faster(self) -> bool:
        """Whether bf16 is, by more than what measuring is off."""
        return self.bf16 < 0.95 * self.fp32


def settle(
    loaded: LoadedModel,
    precision: str,
    sample: Sample,
    *,
    kept: Sequence[Kept] = (),
    scope: Optional[str] = None,
    progress: bool = True,
) -> Settled:
    """The network in the precision that is asked for: `fp32`, `bf16`, `int8` or `auto`.

    `auto` is, in this order,

    1. what most features of the network that are `kept` have: a store goes on as
       it began. Where that is bf16 and the processor has none, new photos are
       computed in fp32 and rounded as bf16 rounds;
    2. fp32 where bf16 has no use: on a processor without it, on a GPU, for a
       descriptor, for a small network of one's own, and for fewer photos than a
       trial pays for (some 600 to 1,100, by how much faster bf16 is here);
    3. bf16 where it turns out to be faster on some photos of the collection, and
       at least 94 of 100 places among their ten nearest neighbours stay the same;
       else fp32.

    `int8` is made for the photos of the sample, see `helpers.networks.quantise`. `scope`
    names the collection: what was found out about it on at least 32 photos is
    remembered until the cache folder is deleted; without it, and with fewer
    photos, about the same photos.

    Raises `ModelError` for a precision that is not known or not available here,
    and what `helpers.networks.quantise.quantise` raises.
    """
    check_precision(precision, loaded)
    if precision == "fp32":
        return _settled(loaded, _Decision("fp32", 0, None))
    if precision == "auto":
        return _as_kept(loaded, sample, kept, scope, progress) or _chosen(loaded, sample, scope, progress)
    known = None if scope is None else _recall(loaded, precision, scope)
    if known is not None:
        return _settled(loaded, known)
    photos = sample.take(_MOST if precision == "int8" else _TRIED)
    if scope is None or len(photos) < _LASTING:
        scope = f"photos {hashlib.sha256(np.ascontiguousarray(photos)).hexdigest()}"
        known = _recall(loaded, precision, scope)
    if known is None:
        known = _measured(loaded, precision, sample, photos, progress)
        _remember(loaded, scope, known)
    return _settled(loaded, known)


def settled_again(loaded: LoadedModel, precision: str, key: str) -> Settled:
    """What was settled earlier, by its precision and key; opened when it is first asked for.

    `loaded` is the network as `helpers.networks.load_network` gives it. What was
    bf16 is computed in fp32 and rounded where the processor has no bf16, and
    the note says so. Raises `ModelError` where the file of an int8 network has
    gone or is damaged.
    """
    if precision == "int8":
        loaded = quantised(loaded, key.rpartition(" ")[2])
    note = f"{precision}, as it was built"
    settled = Settled(loaded, precision, None, key, note)
    return replace(settled, note=f"{note}; {_ROUNDED}") if settled.is_rounded else settled


_ROUNDED = "this processor has no bf16: photos are computed in fp32 and rounded as bf16 rounds"


def agreement(a: np.ndarray, b: np.ndarray, k: int = 10) -> Optional[float]:
    """The share of each photo's k nearest neighbours that two sets of features, [n, …], have in common: 0 to 1.

    Neighbours by Euclidean distance, without the photo itself; of n photos at
    most n - 1 each. None where there are no two photos. Takes n * n numbers of memory.
    """
    shares = _shares(a, b, k)
    return float(shares.mean()) if len(shares) else None


def _shares(a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """The agreement of each photo whose features are numbers, float64 [n]; empty where there are no two photos."""
    finite = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    a, b = a[finite], b[finite]
    k = min(k, len(a) - 1)
    if k < 1:
        return np.empty(0)
    return np.array([len(np.intersect1d(*rows)) for rows in zip(_nearest(a, k), _nearest(b, k))]) / k


def _nearest(features: np.ndarray, k: int) -> np.ndarray:
    rows = features.astype(np.float64)
    rows = rows - rows.mean(axis=0)  # so that the squares are not much greater than their differences
    squares = (rows**2).sum(axis=1)
    distances = squares[:, np.newaxis] + squares - 2 * rows @ rows.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def _measured(loaded: LoadedModel, precision: str, sample: Sample, photos: np.ndarray, progress: bool) -> _Decision:
    """A precision that was asked for by hand, and how well it agrees."""
    tried = quantise(loaded, photos, progress=progress) if precision == "int8" else loaded
    sha256 = stamps.sha256(tried.path) if precision == "int8" else ""
    exact, near = _both(session_for(loaded, "fp32"), session_for(tried, precision), photos, progress)
    sample.computed(near)
    return _Decision(precision, len(photos), agreement(exact.features, near.features, _NEIGHBOURS), sha256)


def _both(exact: Session, near: Session, photos: np.ndarray, progress: bool) -> Tuple[_Pass, _Pass]:
    """The photos through either network."""
    features = np.empty((2, len(photos), exact.loaded.dimension), np.float32)
    seconds: Tuple[List[float], List[float]] = ([], [])
    doing = f"comparing {near.precision} with fp32"
    with progress_bar(total=len(photos), desc=doing, show=progress) as bar:
        for start in range(0, len(photos), _CHUNK):
            some = photos[start : start + _CHUNK]
            for which, session in enumerate((exact, near)):
                begun = time.perf_counter()
                features[which, start : start + _CHUNK] = session.run(some)
                seconds[which].append(time.perf_counter() - begun)
            bar.update(len(some))
    whole = len(photos) // _CHUNK
    # The shortest of several: whatever else the machine does makes them longer, and none shorter.
    paces = [min(each[:whole]) / _CHUNK if whole > 1 else None for each in seconds]
    first, second = (_Pass(*each) for each in zip(features, map(sum, seconds), paces))
    return first, second


# What auto does


def _as_kept(
    loaded: LoadedModel, sample: Sample, kept: Sequence[Kept], scope: Optional[str], progress: bool
) -> Optional[Settled]:
    """As the store has most features of this network; None where it has none."""
    own = [entry for entry in kept if entry.photos and is_of(entry.key, loaded)]
    for entry in sorted(own, key=lambda entry: -entry.photos):
        precision, _, sha256 = entry.key.rpartition(f"{loaded.identity} ")[2].partition(" ")
        if precision == "fp32":
            return _settled(loaded, _Decision("fp32", 0, None), _why_fp32(loaded, sample, entry, scope, progress))
        decision = _recall(loaded, precision, scope)
        if decision is None or decision.sha256 != sha256:
            decision = _Decision(precision, 0, None, sha256)
        note = f"{precision}, as the features that are kept here"
        if precision == "bf16" and not has_bf16():
            return _settled(loaded, decision, f"{note}; {_ROUNDED}{_rounded_agrees(loaded, sample, entry, scope)}")
        try:
            return _settled(loaded, decision, note if decision.agreement is None else None)
        except ModelError:  # the file of an int8 network has gone: no feature can be added to those
            continue
    return None


def _chosen(loaded: LoadedModel, sample: Sample, scope: Optional[str], progress: bool) -> Settled:
    """Where nothing is kept yet."""
    plain = _settled(loaded, _Decision("fp32", 0, None))
    if not _has_use(loaded) or sample.count is None or not _pays(_recall_pace(loaded), sample.count):
        return plain
    was_open = {precision: is_open(loaded, precision) for precision in ("fp32", "bf16")}
    if session_for(loaded, "fp32").device != "CPU":
        return plain
    photos = sample.take(_TRIED)
    new = {precision: sample.count * _share_new(loaded, sample, precision, photos) for precision in ("fp32", "bf16")}
    if len(photos) < _LASTING or not _pays(_recall_pace(loaded), new["fp32"], new["bf16"]):
        return plain  # most of these photos were computed in fp32 for other folders
    trial = _trial(loaded, sample, photos, scope, progress)
    sample.computed(trial.near if trial.is_good else trial.exact)
    left = "fp32" if trial.is_good else "bf16"
    if not was_open[left]:
        close_session(loaded, left)
    if not trial.is_faster:
        return _settled(loaded, _Decision("fp32", 0, None), "fp32, since bf16 is not faster here")
    if not trial.is_good:
        return _settled(loaded, _Decision("fp32", 0, None), _note(trial.decision, taken="fp32"))
    return _settled(loaded, trial.decision)


def _has_use(loaded: LoadedModel) -> bool:
    """Whether bf16 can be of use: the processor has it, and the network is of a size for it."""
    if loaded.descriptor is not None or not has_bf16():
        return False
    return lasting_name(loaded) != "own" or loaded.path.stat().st_size >= _SMALL


def _pays(pace: Optional[_Pace], fp32: float, bf16: Optional[float] = None) -> bool:
    """Whether bf16 saves twice the price of a trial, where so many photos have to be computed in either."""
    gain = _USUAL_GAIN if pace is None else 1 - pace.bf16 / pace.fp32
    gain = max(gain, 0.05)  # where it was measured at a bad moment, a large collection measures it again
    return fp32 - (fp32 if bf16 is None else bf16) * (1 - gain) >= 2 * _PRICE


def _share_new(loaded: LoadedModel, sample: Sample, precision: str, photos: np.ndarray) -> float:
    """The share of the photos that were taken whose feature is kept nowhere."""
    if sample.kept is None or not len(photos):
        return 1.0
    return 1 - len(sample.kept(_key(loaded, precision))[0]) / len(photos)


class _Trial(NamedTuple):
    exact: _Pass  # the photos in fp32
    near: _Pass  # and in bf16
    decision: _Decision  # as if bf16 was taken
    is_faster: bool

    @property
    def is_good(self) -> bool:
        return self.is_faster and self.decision.agreement is not None and self.decision.agreement >= _ENOUGH


def _trial(loaded: LoadedModel, sample: Sample, photos: np.ndarray, scope: Optional[str], progress: bool) -> _Trial:
    """Some photos in fp32 and in bf16; what is found out is remembered."""
    sessions = session_for(loaded, "fp32"), session_for(loaded, "bf16")
    exact, near = _both(*sessions, photos, progress)
    shares = _shares(exact.features, near.features, _NEIGHBOURS)
    if len(shares) and abs(shares.mean() - _ENOUGH) < 2 * shares.std() / len(shares) ** 0.5:  # more make it surer
        more = sample.take(_TRIED)
        if len(more):
            exact, near = (one.and_then(other) for one, other in zip((exact, near), _both(*sessions, more, progress)))
            shares = _shares(exact.features, near.features, _NEIGHBOURS)
    measured = None if exact.pace is None or near.pace is None else _Pace(exact.pace, near.pace)
    pace = _remember_pace(loaded, measured)
    lost = np.isfinite(exact.features).all(axis=1) & ~np.isfinite(near.features).all(axis=1)
    agreed = None if not len(shares) else 0.0 if lost.any() else float(shares.mean())
    trial = _Trial(exact, near, _Decision("bf16", len(exact.features), agreed), pace is not None and pace.is_faster)
    _remember(loaded, scope, trial.decision)
    return trial


def _why_fp32(loaded: LoadedModel, sample: Sample, entry: Kept, scope: Optional[str], progress: bool) -> Optional[str]:
    """What is worth saying where the store has fp32: that bf16 was tried in vain, or what it would save now."""
    known = _recall(loaded, "bf16", scope)
    if known is not None and known.agreement is not None and known.agreement < _ENOUGH:
        return _note(known, taken="fp32") if has_bf16() else None
    if not _has_use(loaded):
        return None
    total = sample.count or 0
    new = max(0, total - entry.photos)
    if not _pays(_recall_pace(loaded), new, total) or session_for(loaded, "fp32").device != "CPU":
        return None
    if known is None or _recall_pace(loaded) is None:
        photos = sample.take(_TRIED)
        if len(photos) < _LASTING:
            return None
        was_open = is_open(loaded, "bf16")
        trial = _trial(loaded, sample, photos, scope, progress)
        if not was_open:
            close_session(loaded, "bf16")
        sample.computed(trial.exact)
        known = trial.decision
        if not trial.is_good:
            return None
    pace = _recall_pace(loaded)
    if pace is None or not pace.is_faster or not _pays(pace, new, total):
        return None
    return (
        f"fp32, as the {entry.photos} features that are kept here. precision='bf16' would compute all {total} photos "
        f"in about {_duration(total * pace.bf16)}, where the new ones alone take {_duration(new * pace.fp32)} in fp32; "
        f"it {_agrees(known)}"
    )


def _rounded_agrees(loaded: LoadedModel, sample: Sample, entry: Kept, scope: Optional[str]) -> str:
    """How well rounded features agree with those that a processor with bf16 computed."""
    known = _recall(loaded, "rounded", scope)
    if known is None and sample.kept is not None:
        photos = sample.take(_TRIED)
        positions, vectors = sample.kept(entry.key)
        if len(positions) <= _NEIGHBOURS:
            return ""
        known = _Decision(
            "rounded",
            len(positions),
            agreement(vectors, session_for(loaded, "bf16").run(photos[positions]), _NEIGHBOURS),
        )
        _remember(loaded, scope, known)
    return "" if known is None else f", which agrees with them in {_places(known)}"


# What is said, and remembered


def is_of(key: str, loaded: LoadedModel) -> bool:
    """Whether features that are kept by this key are of the network, in whichever precision."""
    return f" {loaded.identity} " in key


def _key(loaded: LoadedModel, precision: str, sha256: str = "") -> str:
    return " ".join([lasting_name(loaded), loaded.identity, precision, *([sha256] if sha256 else [])])


def _settled(loaded: LoadedModel, decision: _Decision, note: Optional[str] = None) -> Settled:
    precision, _, agreed, sha256 = decision
    key = _key(loaded, precision, sha256)
    if precision == "int8":
        loaded = quantised(loaded, sha256)
    if note is None:
        note = "fp32" if precision == "fp32" else _note(decision, taken=precision, pace=_recall_pace(loaded))
    return Settled(loaded, precision, None if precision == "fp32" else agreed, key, note)


def _note(decision: _Decision, taken: str, pace: Optional[_Pace] = None) -> str:
    if decision.agreement is None:
        return f"{taken}: too few photos to compare it with fp32"
    if taken == "fp32":
        return f"fp32, since {decision.precision} agrees with fp32 in only {_places(decision)}"
    faster = decision.precision == "bf16" and pace is not None and pace.is_faster
    gain = f", {pace.fp32 / pace.bf16:.1f} times as fast as fp32 here" if faster and pace is not None else ""
    return f"{taken}{gain}: {_agrees(decision)}"


def _agrees(decision: _Decision) -> str:
    return f"agrees with fp32 in {_places(decision)}"


def _places(decision: _Decision) -> str:
    near = "ten" if decision.photos > _NEIGHBOURS else str(decision.photos - 1)
    agreed = 100 * (decision.agreement or 0.0)
    return f"{agreed:.0f} of 100 places among the {near} nearest ({decision.photos} photos)"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def _file(known_by: List[str]) -> Path:
    name = hashlib.sha256(json.dumps(known_by).encode()).hexdigest()
    return cache.cache_folder() / "precision" / f"{name[:24]}.json"


def _read(known_by: List[str]) -> Dict[str, Any]:
    """What was written under these names; raises `OSError` and `ValueError`, and is empty where it is another's."""
    kept: Dict[str, Any] = json.loads(_file(known_by).read_text(encoding="utf-8"))
    if not isinstance(kept, dict) or kept.pop("format", None) != _FORMAT or kept.pop("of", None) != known_by:
        return {}
    return kept


def _write(known_by: List[str], kept: Dict[str, Any]) -> None:
    text = json.dumps({"format": _FORMAT, "of": known_by, **kept}, indent=1)
    # Where it can't be written it is found out again, and the same photos give the same answer.
    with contextlib.suppress(OSError), replacing(_file(known_by)) as half:
        half.write_text(text, encoding="utf-8")


def _recall(loaded: LoadedModel, precision: str, scope: Optional[str]) -> Optional[_Decision]:
    """What was found out before; None where nothing was, or where it can't be read or used any more."""
    if scope is None:
        return None
    try:
        decision = _Decision(**_read([scope, loaded.identity, precision]))
        if decision.precision != precision or type(decision.photos) is not int:
            return None
        if decision.agreement is not None and not 0 <= decision.agreement <= 1:
            return None
        if precision == "int8":
            quantised(loaded, decision.sha256)
        return decision
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, ModelError):
        return None


def _remember(loaded: LoadedModel, scope: Optional[str], decision: _Decision) -> None:
    if scope is not None:
        _write([scope, loaded.identity, decision.precision], decision._asdict())


def _recall_pace(loaded: LoadedModel) -> Optional[_Pace]:
    """How fast the network was in a trial on such a processor; None where there was none."""
    try:
        pace = _Pace(**_read([processor(), loaded.identity, "pace"]))
        return pace if 0 < pace.bf16 < 1e4 and 0 < pace.fp32 < 1e4 else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _remember_pace(loaded: LoadedModel, pace: Optional[_Pace]) -> Optional[_Pace]:
    """Keeps what was measured first, so that the same photos are settled in the same way again; returns it."""
    before = _recall_pace(loaded)
    if pace is None or (before is not None and before.bf16 < 0.9 * before.fp32):
        return before
    _write([processor(), loaded.identity, "pace"], pace._asdict())
    return pace
