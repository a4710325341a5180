"""What is measured on photos: how well a precision agrees with fp32, and how fast it is."""

import time
from typing import Callable, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from helpers.files.progress import progress_bar
from helpers.networks.load import LoadedModel
from helpers.networks.precision.remembered import ENOUGH, NEIGHBOURS, Memory, Pace, PrecisionCheck
from helpers.networks.runtime import Session, session_for

_CHUNK = 16  # photos that go through one network before the other has its turn


class NetworkRun(NamedTuple):
    """Some photos that went through a network."""

    features: np.ndarray  # float32 [n, dimension]
    seconds: float
    pace: Optional[float]  # seconds a photo; None where there were too few to say
    work: Optional[float]  # the same of the processor's time, on all cores together

    def and_then(self, more: "NetworkRun") -> "NetworkRun":
        return self._replace(
            features=np.concatenate([self.features, more.features]), seconds=self.seconds + more.seconds
        )


class Sample:
    """Some photos of a collection, by which a precision is settled on.

    - `count`: how many photos the collection has, or what counts them when that is
      first needed; None where it can't be known.
    - `take`: gives that many of them, the next ones with each call, spread evenly
      over the collection; uint8 [n, height, width, 3], with n smaller at the end.
    - `kept`: of the photos that were taken, the positions of those whose features
      of a key are kept, int [n], and these, float32 [n, dimension].

    `helpers.networks.precision.settle` puts into `features` what it computed of
    the photos that were taken, in the precision that it settled on, [taken,
    dimension], and into `seconds` how long that took; None where it computed none.
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

    @property
    def counted(self) -> Optional[int]:
        """The same, where nothing has to be counted for it; else None."""
        return None if callable(self._count) else self._count

    def share_new(self, key: str, taken: int) -> float:
        """Of the photos that were taken, the share whose features of a key are kept nowhere."""
        if self.kept is None or not taken:
            return 1.0
        return 1 - len(self.kept(key)[0]) / taken

    def computed(self, run: NetworkRun) -> None:
        """Note the features of the photos that were taken."""
        self.features, self.seconds = run.features, run.seconds


class Trial(NamedTuple):
    """bf16 tried on photos."""

    exact: NetworkRun  # the photos in fp32
    rounded: NetworkRun  # and in bf16
    comparison: PrecisionCheck
    is_faster: bool

    @property
    def is_good(self) -> bool:
        return self.is_faster and self.comparison.agrees


def try_bf16(loaded: LoadedModel, sample: Sample, photos: np.ndarray, memory: Memory, progress: bool) -> Trial:
    """The photos in fp32 and in bf16, and as many again where these give no sure answer; it is remembered."""
    exact_session, rounded_session = session_for(loaded, "fp32"), session_for(loaded, "bf16")
    exact, rounded = run_both(exact_session, rounded_session, photos, progress)
    if _is_close(_shares(exact.features, rounded.features)):
        more = sample.take(len(photos))
        if len(more):
            more_exact, more_rounded = run_both(exact_session, rounded_session, more, progress)
            exact, rounded = exact.and_then(more_exact), rounded.and_then(more_rounded)
    pace = memory.keep_pace("bf16", pace_of(exact.pace, rounded.pace))
    broken = np.isfinite(exact.features).all(axis=1) & ~np.isfinite(rounded.features).all(axis=1)
    agreed = 0.0 if broken.any() else agreement(exact.features, rounded.features)
    comparison = PrecisionCheck("bf16", len(exact.features), agreed)
    memory.keep(comparison)
    return Trial(exact, rounded, comparison, pace is not None and pace.is_faster)


def run_both(exact: Session, other: Session, photos: np.ndarray, progress: bool) -> Tuple[NetworkRun, NetworkRun]:
    """The photos through either network, by turns."""
    features = np.empty((2, len(photos), exact.loaded.dimension), np.float32)
    seconds: Tuple[List[float], List[float]] = ([], [])
    work: Tuple[List[float], List[float]] = ([], [])
    with progress_bar(total=len(photos), desc=f"comparing {other.precision} with fp32", show=progress) as bar:
        for start in range(0, len(photos), _CHUNK):
            some = photos[start : start + _CHUNK]
            for place, session in enumerate((exact, other)):
                begun, worked = time.perf_counter(), time.process_time()
                features[place, start : start + _CHUNK] = session.run(some)
                seconds[place].append(time.perf_counter() - begun)
                work[place].append(time.process_time() - worked)
            bar.update(len(some))
    whole = len(photos) // _CHUNK
    # The shortest of several: whatever else the machine does makes them longer, and none shorter.
    paces, works = ([min(spent[:whole]) / _CHUNK if whole > 1 else None for spent in each] for each in (seconds, work))
    first, second = (NetworkRun(*run) for run in zip(features, map(sum, seconds), paces, works))
    return first, second


def pace_of(exact: Optional[float], other: Optional[float]) -> Optional[Pace]:
    """How fast both were; None where there were too few photos to say."""
    return None if exact is None or other is None else Pace(exact, other)


def agreement(a: np.ndarray, b: np.ndarray, k: int = NEIGHBOURS) -> Optional[float]:
    """The share of each photo's k nearest neighbours that two sets of features, [n, …], have in common: 0 to 1.

    Neighbours by Euclidean distance, without the photo itself; of n photos at
    most n - 1 each. None where there are no two photos. Takes n * n numbers of memory.
    """
    shares = _shares(a, b, k)
    return float(shares.mean()) if len(shares) else None


def _shares(a: np.ndarray, b: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
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


def _is_close(shares: np.ndarray) -> bool:
    """Whether the mean of these shares is within two standard errors of what is enough."""
    return bool(len(shares) and abs(shares.mean() - ENOUGH) < 2 * shares.std() / len(shares) ** 0.5)
