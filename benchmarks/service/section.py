"""The search service under load: a collection in its own file, and in PostgreSQL; searched exactly, and by HNSW.

The features are made (`benchmarks.index`), as long as ResNet-50's; the
service, its database and those who ask are processes of one machine, and share
its processor. What is asked is `POST /search` with the id of an image, over
connections that stay open.

python -m benchmarks --only service           10,000 images, within three minutes
python -m benchmarks --only service --full    100,000, about 15 minutes on two cores
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from benchmarks.bench import Bench
from benchmarks.process import Failed
from benchmarks.service.places import PLACES, Figures, Size, opened
from benchmarks.table import Row, row

EMBEDDED, POSTGRES = PLACES
INDEXES = ("exact", "hnsw")
FULL, BRIEF = Size(), Size(images=10_000, asked=100, seconds=10)

Measured = Dict[Tuple[str, str], Figures]  # by place and index


def rows(bench: Bench, size: Optional[Size] = None) -> Iterator[Row]:
    """Both places, filled once; the service started on each with either index, asked by one, then by many at once."""
    size = size or (FULL if "service" in bench.full else BRIEF)
    measured: Measured = {}
    filled: Dict[str, Dict[str, Any]] = {}
    faults: List[str] = []
    for name in PLACES:
        try:
            with opened(name, bench, size) as place:
                filled[name] = place.fill()
                for index in INDEXES:
                    measured[name, index] = place.measure(index, filled[name]["ids"])
        except Failed as reason:
            faults.append(f"{name}: {reason}")
    yield from table(size, filled, measured, faults)


def table(size: Size, filled: Dict[str, Dict[str, Any]], measured: Measured, faults: List[str]) -> Iterator[Row]:
    """What was measured, as rows; ours is the embedded place, its peer PostgreSQL, unless the row says otherwise."""
    dimension = next((each["dimension"] for each in filled.values()), "?")
    what = f"{size.images:,} x {dimension}"
    speeds = [_rate(filled.get(name)) for name in PLACES]
    yield _row(f"features into the service's storage, {what}", speeds, "photos/s", faults, "500 in a transaction")
    for index in INDEXES:
        pair = [measured.get((name, index)) for name in PLACES]
        yield from _alone(f"{what}, {index}", pair, faults)
    for name in PLACES:
        yield from _hnsw(name, what, measured)
    for index in INDEXES:
        pair = [measured.get((name, index)) for name in PLACES]
        yield from _crowd(f"{size.clients} clients at once for {size.seconds:g} s, {index}", pair, faults)
    for (name, index), figures in measured.items():
        early, late = figures.memory
        database = "" if figures.database is None else f"; PostgreSQL itself {figures.database:,.0f} MB"
        work = f"memory of the service after these {size.seconds:g} s, {name}, {index}"
        yield row(work, late, "MB", "after 10 s of them", early, note=f"with what it shares{database}")


def _alone(what: str, pair: List[Optional[Figures]], faults: List[str]) -> Iterator[Row]:
    """One client, one question after the other."""
    same = None
    if all(pair):
        same = agreement(*(figures.alone["answers"] for figures in pair if figures))
    for name, said in (("median", "median"), ("p99", "99th percentile")):
        note = "; ".join(_errors(figures, "alone") for figures in pair if figures)
        yield _row(
            f"POST /search by id, {said}, {what}", _each(pair, "alone", name), "ms", faults, note, agreement=same
        )
    ready = [figures and figures.ready for figures in pair]
    yield _row(f"start of the service to its first answer, {what}", ready, "s", faults, "")
    built = [figures and figures.built for figures in pair]
    if any(built):
        yield _row(f"making the index, {what}", built, "s", faults, "in the background; until then it is exact")
    yield _row(f"on disk, {what}", [figures and figures.disk for figures in pair], "MB", faults, "as the database says")


def _hnsw(name: str, what: str, measured: Measured) -> Iterator[Row]:
    """How often the approximate index answers what the exact one does, and how much sooner, in one place."""
    exact, hnsw = (measured.get((name, index)) for index in INDEXES)
    if exact and hnsw:
        recall = agreement(hnsw.alone["answers"], exact.alone["answers"])
        work = f"POST /search by id, median, {what}, {name}, hnsw"
        note = f"agreement is the recall at 10 of {hnsw.alone['requests']} questions"
        yield row(work, hnsw.alone["median"], "ms", "exact", exact.alone["median"], agreement=recall, note=note)


def _crowd(what: str, pair: List[Optional[Figures]], faults: List[str]) -> Iterator[Row]:
    """Many clients at once."""
    note = "; ".join(_errors(figures, "crowd") for figures in pair if figures)
    rates = [figures and figures.crowd["requests"] / figures.crowd["seconds"] for figures in pair]
    yield _row(what, rates, "requests/s", faults, note)
    for name, said in (("median", "median"), ("p99", "99th percentile")):
        yield _row(f"{what}, {said}", _each(pair, "crowd", name), "ms", faults, "")


def _row(
    work: str,
    figures: Sequence[Optional[float]],
    unit: str,
    faults: List[str],
    note: str,
    agreement: Optional[float] = None,
) -> Row:
    ours, theirs = figures
    note = "; ".join(faults if None in figures and faults else filter(None, [note]))
    return row(f"{work}, {EMBEDDED}", ours, unit, POSTGRES, theirs, agreement=agreement, note=note)


def _each(pair: List[Optional[Figures]], part: str, name: str) -> List[Optional[float]]:
    return [None if figures is None else getattr(figures, part)[name] for figures in pair]


def _rate(filled: Optional[Dict[str, Any]]) -> Optional[float]:
    return filled["photos"] / filled["seconds"] if filled else None


def _errors(figures: Figures, part: str) -> str:
    """How many questions there were, and what went wrong."""
    asked = getattr(figures, part)
    wrong = ", ".join(f"{count} times {name}" for name, count in asked["errors"].items())
    return f"{asked['requests']:,} questions, {wrong or 'no errors'}"


def agreement(ours: List[List[str]], theirs: List[List[str]]) -> Optional[float]:
    """The share of what was answered to the same questions that both have."""
    common = [len({*mine} & {*others}) / len(others) for mine, others in zip(ours, theirs) if others]
    return sum(common) / len(common) if common else None
