"""Damage files by chance, and have them read: nothing but an error of ours may come of it.

    python -m tests.support.fuzzing --minutes 30               all that is read, in turns
    python -m tests.support.fuzzing --only photos --cases 500  one kind of file
    python -m tests.support.fuzzing --only photos --case 77    the one again, with its traceback

Each case is drawn from the seed, the kind of file and its number alone. Files are read in a process of their own, with
2 GB of memory more than it begins with, and so many seconds for each. What is found is kept in `build/fuzz`.
"""

import argparse
import contextlib
import faulthandler
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from tests.support.places import ROOT

MEMORY = 2 * 2**30  # bytes
PATIENCE = 30  # seconds for one file; the slowest that is read takes a few on a busy machine
AT_ONCE = 200  # cases of one process: starting one takes seconds
_WORDS = (  # what programs stumble over
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xed\xa0\x80"),
    *(b"0", b"-1", b"1e999", b"NaN", b"Infinity", b"99999999999999999999", b"1e-400", b"null", b"true", b'""', b"''"),
    *(b"{", b"[", b"]", b"}", b"<", b">", b"&", b'"', b",", b";", b"\t", b"\r", b"\n", b"\r\n", b"\\", b"\xef\xbb\xbf"),
    *(b"[" * 3000, b"<a>" * 3000, b"../" * 9, b"\xe2\x80\xae", b"0000-00-00", b"9999-12-31", b"24:60:60", b"1/0"),
)


class Finding(NamedTuple):
    """What went wrong with one file."""

    kind: str
    case: int
    what: str  # an exception and where, or how the process ended
    detail: str


def drawn(seed: int, kind: str, case: int) -> random.Random:
    """The dice of one case."""
    return random.Random(f"{seed} {kind} {case}")  # noqa: S311


def damaged(dice: random.Random, content: bytes, others: Sequence[bytes], part: Tuple[int, int]) -> bytes:
    """Content with one to a dozen changes between the two places of `part`."""
    start, end = part
    before, inside, after = content[:start], bytearray(content[start:end]), content[end:]
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6, 12))):
        at = dice.randrange(len(inside) + 1)
        some = min(dice.choice((1, 1, 2, 4, 8, 64, 1000)), len(inside) - at)
        change = dice.randrange(9)
        if change in (0, 1) and at < len(inside):  # a bit, or a byte, is another
            inside[at] = inside[at] ^ (1 << dice.randrange(8)) if change else dice.randrange(256)
        elif change == 2:  # something is missing
            del inside[at : at + some]
        elif change == 3:  # something is there twice
            inside[at:at] = inside[at : at + some] * dice.choice((1, 1, 2, 50))
        elif change == 4:  # something is in the place of something else
            to = dice.randrange(len(inside) + 1)
            inside[to : to + some] = inside[at : at + some]
        elif change == 5:  # odd words between, or in the place of others
            word = dice.choice(_WORDS)
            inside[at : at + dice.choice((0, len(word)))] = word
        elif change == 6:  # a number that is another one
            width = dice.choice((1, 2, 4, 8))
            number = dice.choice((0, 1, 2, 2 ** (8 * width - 1) - 1, 2 ** (8 * width) - 1, dice.randrange(2**16)))
            inside[at : at + width] = (number % 2 ** (8 * width)).to_bytes(width, dice.choice(("little", "big")))
        elif change == 7 and others:  # goes on as another file
            other = dice.choice(others)
            if len(inside) == len(content):
                inside[at:] = other[min(dice.randrange(len(other) + 1), at + 64) :]
            else:
                inside[at : at + some] = other[:some]
        elif change == 8 and len(inside) == len(content) and dice.random() < 0.5:  # cut off
            del inside[at:]
    return before + bytes(inside) + after


def read_case(kind: str, seed: int, case: int, folder: Path) -> None:
    """Make the files of one case in an empty folder, and read them; raises what the reading raises."""
    from tests.support.fuzzing_kinds import KINDS, samples

    dice = drawn(seed, kind, case)
    all_of = samples(kind)
    sample = dice.choice(all_of)
    name = dice.choice(sample.damaged)
    content = sample.files[name]
    others = [each.files[other] for each in all_of for other in each.damaged]
    for file, whole in sample.files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(whole)
    (folder / name).write_bytes(damaged(dice, content, others, sample.part or (0, len(content))))
    KINDS[kind].read(folder)


def guarded(kind: str, seed: int, case: int, folder: Path) -> Any:
    """`read_case`; None, or an exception or warning that is not ours, as (what, detail)."""
    from helpers.errors import KinframeError

    said = io.StringIO()
    try:
        with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(said):
            warnings.simplefilter("default", append=True)
            read_case(kind, seed, case, folder)
    except KinframeError as error:
        text = str(error)
        if "Traceback" in text or len(text) > 20_000:
            return "a message that nobody reads", text[:2000]
        if "MemoryError" in text or "bad_alloc" in text or "Unable to allocate" in text:
            return f"more memory than {MEMORY / 2**30:.0f} GB", text[:2000]
    except BaseException as error:  # the point of it
        last = traceback.extract_tb(error.__traceback__)
        ours = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in last if "/helpers/" in frame.filename]
        return f"{type(error).__name__} from {ours[-1] if ours else '?'}", traceback.format_exc()[-4000:]
    for each in warned:
        where = f"{Path(each.filename).name}:{each.lineno}"
        return f"{each.category.__name__} from {where}", str(each.message)[:2000]
    if "MemoryError" in said.getvalue():
        return f"more memory than {MEMORY / 2**30:.0f} GB", said.getvalue()[-2000:]
    return None


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows and macOS: without a limit
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def child(kind: str, seed: int, cases: Sequence[int], kept: Path) -> None:
    """Read some cases; prints a line of JSON before each, and one for what was found."""
    from tests.support.fuzzing_kinds import samples

    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    faulthandler.enable()
    samples(kind)  # before the limit: all libraries are there, and the first case is no slower than others
    with tempfile.TemporaryDirectory(prefix="kinframe-fuzz-") as place:
        whole = Path(place) / "whole"
        whole.mkdir()
        _read_whole(kind, whole)
        _limit_memory()
        for case in cases:
            print(json.dumps({"case": case}), file=lines)
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            folder = Path(place) / "case"
            folder.mkdir()
            found = guarded(kind, seed, case, folder)
            faulthandler.cancel_dump_traceback_later()
            if found is not None:
                print(json.dumps({"found": [kind, case, *found]}), file=lines)
                shutil.copytree(folder, kept / f"{kind}-{case}", dirs_exist_ok=True)
            shutil.rmtree(folder)
    print(json.dumps({"case": None}), file=lines)


def _read_whole(kind: str, place: Path) -> None:
    """Read each sample undamaged, which must go well: else nothing is tested."""
    from tests.support.fuzzing_kinds import KINDS, samples

    for number, sample in enumerate(samples(kind)):
        folder = place / str(number)
        for file, content in sample.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        with contextlib.redirect_stdout(io.StringIO()):
            KINDS[kind].read(folder)


def run(kind: str, seed: int, first: int, count: int, kept: Path) -> List[Finding]:
    """Read cases in processes of their own; a new one after each that ended before its last."""
    kept.mkdir(parents=True, exist_ok=True)
    found: List[Finding] = []
    end = first + count
    while first < end:
        with tempfile.TemporaryDirectory(prefix="kinframe-fuzz-") as place:
            environment = {**os.environ, "KINFRAME_CACHE": f"{place}/cache", "TMPDIR": place, "OMP_NUM_THREADS": "2"}
            command = [sys.executable, "-m", "tests.support.fuzzing", "--child", "--only", kind, "--seed", str(seed)]
            command += ["--case", str(first), "--cases", str(end - first), "--kept", str(kept)]
            with open(f"{place}/said", "w+b") as said:  # noqa: PTH123
                done = subprocess.run(command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=said)
                said.seek(0)
                words = said.read().decode(errors="replace")
        begun = first - 1
        for line in done.stdout.decode(errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a program's own words
                entry = json.loads(line)
                if "found" in entry:
                    found.append(Finding(*entry["found"]))
                begun = entry.get("case", begun)
        if begun is None:
            break
        if begun < first:
            raise RuntimeError(f"{kind}: the process did not begin: {words[-4000:]}")
        ended = "hangs" if "Timeout" in words else f"the process ends with {done.returncode}"
        found.append(Finding(kind, begun, ended, words[-4000:]))
        first = begun + 1
    return found


def turns(kinds: Sequence[str], seed: int, minutes: float, kept: Path) -> Iterator[Tuple[str, int, List[Finding]]]:
    """All kinds in turns, until the time is over: the kind, the cases so far, and what was found in these."""
    end = time.monotonic() + 60 * minutes
    first = 0
    while True:
        for kind in kinds:
            if time.monotonic() > end:
                return
            yield kind, first + AT_ONCE, run(kind, seed, first, AT_ONCE, kept)
        first += AT_ONCE


def main(arguments: Sequence[str]) -> int:
    from tests.support.fuzzing_kinds import KINDS

    parser = argparse.ArgumentParser(prog="python -m tests.support.fuzzing")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--only", choices=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        child(chosen.only, chosen.seed, range(chosen.case, chosen.case + chosen.cases), chosen.kept)
        return 0
    if chosen.only and chosen.case is not None:
        with tempfile.TemporaryDirectory() as folder:
            read_case(chosen.only, chosen.seed, chosen.case, Path(folder))
        return 0
    if chosen.only and chosen.cases:
        rounds: Any = [(chosen.only, chosen.cases, run(chosen.only, chosen.seed, 0, chosen.cases, chosen.kept))]
    else:
        kinds = [chosen.only] if chosen.only else list(KINDS)
        rounds = turns(kinds, chosen.seed, chosen.minutes, chosen.kept)
    counts: Dict[str, int] = {}
    seen: Dict[Tuple[str, str], int] = {}
    for kind, count, found in rounds:
        counts[kind] = count
        for each in found:
            if not seen.get((each.kind, each.what)):
                print(f"{each.kind} {each.case}: {each.what}\n{each.detail}\n", flush=True)
            seen[each.kind, each.what] = seen.get((each.kind, each.what), 0) + 1
        print(f"-- {kind}: {count} cases, {len(found)} of the last were wrong", flush=True)
    print(f"\n{sum(counts.values())} cases: {counts}")
    for (kind, what), times in seen.items():
        print(f"{times:5}  {kind}: {what}")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
