"""The decision in which precision a network runs.

Features of different precisions can't be compared with each other. So a
collection stays with what it began with: `auto` goes on with what its store
holds. Only where nothing is kept yet does it choose: bf16 is tried on some of
the collection's own photos, where there are so many of them that the trial
costs little of what it may save. What is computed in the trial counts, and
none of it is computed again.
"""

import hashlib
from typing import Optional, Protocol, Sequence

import numpy as np

from helpers.errors import ModelError
from helpers.files.stamps import sha256
from helpers.networks.load import LoadedModel
from helpers.networks.precision.remembered import NEIGHBOURS, Memory, Pace, PrecisionCheck
from helpers.networks.precision.settled import ROUNDED, Settled, as_compared, in_fp32, is_of, key_of
from helpers.networks.precision.trial import Sample, Trial, agreement, pace_of, run_both, try_bf16
from helpers.networks.quantise import quantise
from helpers.networks.runtime import check_precision, close_session, has_bf16, is_open, session_for

_CHOICE = ("fp32", "bf16")  # of `auto`, where nothing is kept yet
_LASTING = 32  # photos from which on a decision is made for the collection, not only for these very photos
_TRIED = 64  # photos by which an agreement is measured; as many again where that gives no sure answer
_PRICE = 160  # what a trial may cost, in photos through fp32: the photos that are compared, and a network compiled
_USUAL_GAIN = 0.3  # the share of the time that bf16 saves where that was never measured; seen: 0.33 to 0.5
_LEAST_GAIN = 0.05  # where it was measured at a bad moment, a large collection measures it again
_NOT_FASTER = "fp32, since int8 is not faster here"
_SMALL = 8_000_000  # bytes: a network of one's own of this size stays with fp32, as it has little to lose


class KeptFeatures(Protocol):
    """What a store holds of one network, as `helpers.features.store.StoredNetwork`."""

    @property
    def key(self) -> str:
        """The network: name, identity and precision."""

    @property
    def photos(self) -> int:
        """How many photos' features."""


def settle(
    loaded: LoadedModel,
    precision: str,
    sample: Sample,
    *,
    kept: Sequence[KeptFeatures] = (),
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

    `int8` is made for the photos of the sample, see `helpers.networks.quantise`; where it
    turns out to be no faster than fp32, it is not taken, and the note says so. `scope`
    names the collection: what was found out about it on at least 32 photos is
    remembered until the cache folder is deleted; without it, and with fewer
    photos, about the same photos.

    Raises `ModelError` for a precision that is not known or not available here,
    and what `helpers.networks.quantise.quantise` raises.
    """
    check_precision(precision, loaded)
    if precision == "fp32":
        return in_fp32(loaded)
    if precision == "auto":
        auto = _Auto(loaded, sample, scope, progress)
        return auto.as_kept(kept) or auto.chosen()
    return _by_hand(loaded, precision, sample, scope, progress)


class _Auto:
    """What `auto` takes for a network and a collection."""

    def __init__(self, loaded: LoadedModel, sample: Sample, scope: Optional[str], progress: bool) -> None:
        self.loaded, self.sample, self.progress = loaded, sample, progress
        self.memory = Memory(loaded, scope)
        self._open_before = {precision for precision in _CHOICE if is_open(loaded, precision)}

    def as_kept(self, kept: Sequence[KeptFeatures]) -> Optional[Settled]:
        """As the store has most features of this network; None where it has none."""
        own = [entry for entry in kept if entry.photos and is_of(entry.key, self.loaded)]
        for entry in sorted(own, key=lambda entry: -entry.photos):
            precision, _, digest = entry.key.rpartition(f"{self.loaded.identity} ")[2].partition(" ")
            if precision == "fp32":
                return in_fp32(self.loaded, self._what_bf16_would_save(entry))
            comparison = self.memory.comparison(precision)
            if comparison is None or comparison.sha256 != digest:
                comparison = PrecisionCheck(precision, 0, None, digest)
            note = f"{precision}, as the features that are kept here"
            if precision == "bf16" and not has_bf16():
                note = f"{note}; {ROUNDED}{self._how_rounded_agrees(entry)}"
            elif comparison.agreement is not None:
                note = _note(comparison, self.memory.pace(precision))
            try:
                return as_compared(self.loaded, comparison, note)
            except ModelError:  # the file of an int8 network has gone: no feature can be added to those
                continue
        return None

    def chosen(self) -> Settled:
        """Where nothing is kept yet: bf16 where it is of use, is faster, and leaves the neighbours as they are."""
        count = self.sample.counted
        if count is not None and count < 2 * _PRICE:  # whatever bf16 would gain; then no engine is imported for this
            return in_fp32(self.loaded)
        count = self.sample.count if self._can_use_bf16() else None
        if count is None or not self._pays(count, count) or not self._runs_on_processor():
            return in_fp32(self.loaded)
        photos = self.sample.take(_TRIED)
        # Some of these photos may have been computed for other folders, most likely in fp32.
        left = {name: count * self.sample.share_new(key_of(self.loaded, name), len(photos)) for name in _CHOICE}
        if len(photos) < _LASTING or not self._pays(left["fp32"], left["bf16"]):
            return in_fp32(self.loaded)
        trial = self._try_bf16(photos, may_take_it=True)
        if not trial.is_faster:
            return in_fp32(self.loaded, "fp32, since bf16 is not faster here")
        if not trial.is_good:
            return in_fp32(self.loaded, _in_vain(trial.comparison))
        return as_compared(self.loaded, trial.comparison, _note(trial.comparison, self.memory.pace("bf16")))

    def _can_use_bf16(self) -> bool:
        """Whether the processor has bf16, and the network is large enough to gain by it."""
        if self.loaded.descriptor is not None or not has_bf16():
            return False
        return _is_large(self.loaded)

    def _pays(self, fp32: float, bf16: float) -> bool:
        """Whether bf16 saves twice the price of a trial, where so many photos would be computed in fp32 or in bf16."""
        pace = self.memory.pace("bf16")
        gain = _USUAL_GAIN if pace is None else max(1 - pace.other / pace.fp32, _LEAST_GAIN)
        return fp32 - bf16 * (1 - gain) >= 2 * _PRICE

    def _runs_on_processor(self) -> bool:
        return session_for(self.loaded, "fp32").device == "CPU"

    def _try_bf16(self, photos: np.ndarray, *, may_take_it: bool) -> Trial:
        """Try bf16 on the photos; the sample gets the features of the precision that is taken, the other is closed."""
        trial = try_bf16(self.loaded, self.sample, photos, self.memory, self.progress)
        takes_bf16 = may_take_it and trial.is_good
        self.sample.computed(trial.rounded if takes_bf16 else trial.exact)
        not_taken = "fp32" if takes_bf16 else "bf16"
        if not_taken not in self._open_before:
            close_session(self.loaded, not_taken)
        return trial

    def _what_bf16_would_save(self, entry: KeptFeatures) -> str:
        """A note for a store in fp32: that bf16 was tried in vain, or what it would save now, where that is much."""
        comparison = self.memory.comparison("bf16")
        if comparison is not None and not comparison.agrees:
            return _in_vain(comparison) if has_bf16() else "fp32"
        counted = self.sample.counted
        if counted is not None and counted - entry.photos < 2 * _PRICE:  # as most times; then no engine is imported
            return "fp32"
        if not self._can_use_bf16():
            return "fp32"
        total = self.sample.count or 0
        new = max(0, total - entry.photos)
        if not self._pays(new, total) or not self._runs_on_processor():
            return "fp32"
        if comparison is None or self.memory.pace("bf16") is None:
            photos = self.sample.take(_TRIED)
            trial = self._try_bf16(photos, may_take_it=False) if len(photos) >= _LASTING else None
            if trial is None or not trial.is_good:
                return "fp32"
            comparison = trial.comparison
        pace = self.memory.pace("bf16")
        if pace is None or not pace.is_faster or not self._pays(new, total):
            return "fp32"
        return (
            f"fp32, as the {entry.photos} features that are kept here. precision='bf16' would compute all {total} "
            f"photos in about {_duration(total * pace.other)}, where the new ones alone take "
            f"{_duration(new * pace.fp32)} in fp32; it agrees with fp32 in {comparison}"
        )

    def _how_rounded_agrees(self, entry: KeptFeatures) -> str:
        """How well rounded features agree with those that a processor with bf16 computed; empty for too few."""
        comparison = self.memory.comparison("rounded")
        if comparison is None and self.sample.kept is not None:
            photos = self.sample.take(_TRIED)
            positions, vectors = self.sample.kept(entry.key)
            if len(positions) <= NEIGHBOURS:
                return ""
            rounded = session_for(self.loaded, "bf16").run(photos[positions])
            comparison = PrecisionCheck("rounded", len(positions), agreement(vectors, rounded))
            self.memory.keep(comparison)
        return "" if comparison is None else f", which agrees with them in {comparison}"


def _by_hand(loaded: LoadedModel, precision: str, sample: Sample, scope: Optional[str], progress: bool) -> Settled:
    """bf16 or int8, since a person wants it; how well it agrees with fp32 is measured, or known."""
    memory = Memory(loaded, scope)
    if _is_in_vain(precision, memory.pace(precision)):
        return in_fp32(loaded, _NOT_FASTER)
    comparison = memory.comparison(precision)
    if comparison is None:
        photos = sample.take(2 * _TRIED if precision == "int8" else _TRIED)
        if scope is None or len(photos) < _LASTING:
            memory = Memory(loaded, f"photos {hashlib.sha256(np.ascontiguousarray(photos)).hexdigest()}")
            comparison = memory.comparison(precision)
        if comparison is None:
            wanted = quantise(loaded, photos, progress=progress) if precision == "int8" else loaded
            exact, near = run_both(session_for(loaded, "fp32"), session_for(wanted, precision), photos, progress)
            in_vain = False
            if precision == "int8" and _is_large(loaded):
                # By the processor's time, which is the same on a busy machine.
                in_vain = _is_in_vain(precision, memory.keep_pace(precision, pace_of(exact.work, near.work)))
            sample.computed(exact if in_vain else near)
            if in_vain:
                close_session(wanted, precision)
                return in_fp32(loaded, _NOT_FASTER)
            digest = sha256(wanted.path) if precision == "int8" else ""
            agreed = agreement(exact.features, near.features)
            comparison = PrecisionCheck(precision, len(photos), agreed, digest)
            memory.keep(comparison)
    return as_compared(loaded, comparison, _note(comparison, memory.pace(precision)))


def _is_in_vain(precision: str, pace: Optional[Pace]) -> bool:
    """Whether int8, which costs some agreement, is known to be no faster than fp32 here."""
    return precision == "int8" and pace is not None and not pace.is_faster


def _is_large(loaded: LoadedModel) -> bool:
    """Whether a network has something to lose or to gain by another precision."""
    return loaded.lasting_name != "own" or loaded.path.stat().st_size >= _SMALL


# Notes for the person


def _note(comparison: PrecisionCheck, pace: Optional[Pace]) -> str:
    precision = comparison.precision
    if comparison.agreement is None:
        return f"{precision}: too few photos to compare it with fp32"
    faster = pace is not None and pace.is_faster
    gain = f", {pace.fp32 / pace.other:.1f} times as fast as fp32 here" if faster and pace is not None else ""
    return f"{precision}{gain}: agrees with fp32 in {comparison}"


def _in_vain(comparison: PrecisionCheck) -> str:
    if comparison.agreement is None:
        return "fp32"
    return f"fp32, since {comparison.precision} agrees with fp32 in only {comparison}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
