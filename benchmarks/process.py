"""Measuring in a process of one's own, competitors taking turns.

So that neither memory nor threads nor a warm cache of one framework is another's.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 7200.0  # seconds, for one measurement
_FAREWELL = 10.0  # seconds that a process has to end what it started
_LONGEST = 300  # characters of an error that a note takes


class Failed(Exception):
    """A figure that is not available; the message is for the note of its row. `rows` are those there were before."""

    def __init__(self, reason: str, rows: Sequence[Dict[str, Any]] = ()) -> None:
        super().__init__(reason)
        self.rows = list(rows)


@dataclass(frozen=True)
class Task:
    """A call of a function, `module:name`, with JSON for its arguments and its answer."""

    function: str
    arguments: Mapping[str, Any]
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return json.dumps([self.python, self.function, dict(self.arguments)], sort_keys=True)


def run(task: Task, patience: float = _PATIENCE) -> Dict[str, Any]:
    """What the function answers, from a fresh process; raises `Failed`, after so many seconds too."""
    with tempfile.TemporaryDirectory(prefix="kinframe-bench-") as scratch:
        answer = Path(scratch) / "answer.json"
        command = [task.python, "-m", "benchmarks.child", task.function, str(answer)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=str(ROOT),
                env={**os.environ, "PYTHONNOUSERSITE": "1", **task.environment},
                start_new_session=os.name != "nt",
            )
        except OSError as error:
            raise Failed(f"{task.python} does not start: {error.strerror}") from error
        late, said = False, b""
        try:
            said = process.communicate(json.dumps(dict(task.arguments)).encode(), timeout=patience)[0]
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _end_all(process)
        result = {"unfinished": True}  # type: Dict[str, Any]
        if answer.exists():
            result = json.loads(answer.read_text(encoding="utf-8"))
    if result.pop("unfinished", False):
        result["error"] = f"was ended after {patience:.0f} s" if late else _end(process.returncode, said)
    if "error" in result:
        raise Failed(" ".join(str(result["error"]).split())[:_LONGEST], result.get("rows", ()))
    return result


def _end_all(process: "subprocess.Popen[bytes]") -> None:
    """End a process that still runs and all that it started: first as Ctrl-C does, so that it can clear up."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_FAREWELL)
    with contextlib.suppress(OSError):  # there is nobody left
        if os.name != "nt":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _end(status: int, output: bytes) -> str:
    if status < 0:
        hint = ": not enough memory?" if status == -9 else ""
        return f"was ended by signal {-status}{hint}"
    said = output.decode(errors="replace").strip().splitlines() or ["nothing"]
    return f"ended with status {status}, and said: {said[-1][-200:]}"


class Outcome:
    """What came of one competitor: its answers, or why there are none."""

    def __init__(self) -> None:
        self.answers: List[Dict[str, Any]] = []
        self.error = ""

    @property
    def best(self) -> Dict[str, Any]:
        """The answer that took the fewest seconds; empty where there is none."""
        return min(self.answers, key=lambda answer: float(answer.get("seconds", 0)), default={})

    @property
    def speed(self) -> Optional[float]:
        """Photos per second of the best answer."""
        return self.best["photos"] / self.best["seconds"] if self.answers else None


Competitor = Union[Task, Failed]  # who cannot take part does so with the reason


def competitor(make: Callable[..., Task], *arguments: Any, **named: Any) -> Competitor:
    """The task that `make` answers, or why there is none."""
    try:
        return make(*arguments, **named)
    except Failed as reason:
        return reason


def faults(outcomes: Mapping[str, Outcome]) -> List[str]:
    """Who failed and why, for the note of a row."""
    return [f"{name}: {outcome.error}" for name, outcome in outcomes.items() if outcome.error]


class Runner:
    """Runs tasks, prints which, and remembers what it measured."""

    def __init__(self) -> None:
        self._done: Dict[str, Dict[str, Any]] = {}
        self._end = math.inf

    def allow(self, seconds: float) -> None:
        """From now on so many seconds: what still runs then is ended, and nothing else begun."""
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._end - time.monotonic())

    def run(self, task: Task, name: str) -> Dict[str, Any]:
        """Measure; raises `Failed`."""
        if not self.left:
            raise Failed("not begun: its section has had its time; --full gives every section as long as it takes")
        print(f"  {name} ...", end="", file=sys.stderr, flush=True)
        start = time.monotonic()
        try:
            answer = self._done[task.key] = run(task, min(_PATIENCE, self.left))
        except Failed as reason:
            print(f" {reason}", file=sys.stderr, flush=True)
            raise
        counted = f"{answer['seconds']:.4g} s counted, " if "seconds" in answer else ""
        print(f" {counted}{time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        return answer

    def known(self, task: Task) -> Dict[str, Any]:
        """The last answer of such a task, empty where it was not measured yet."""
        return self._done.get(task.key, {})

    def once(self, task: Task, name: str) -> Dict[str, Any]:
        """Measured before, or now; raises `Failed`."""
        return self.known(task) or self.run(task, name)

    def attempt(self, task: Competitor, name: str) -> Outcome:
        """Measured before, or now; or why not."""
        outcome = Outcome()
        try:
            if isinstance(task, Failed):
                raise task
            outcome.answers.append(self.once(task, name))
        except Failed as reason:
            outcome.error = str(reason)
        return outcome

    def alternate(self, competitors: Mapping[str, Competitor], rounds: int, share: float = 1.0) -> Dict[str, Outcome]:
        """Each competitor `rounds` times, in turn: what slows the machine for a while then slows them all.

        After the first round none begins that would not end within a `share` of the time that was left.
        """
        outcomes = {name: Outcome() for name in competitors}
        start, most = time.monotonic(), share * self.left
        for turn in range(1, rounds + 1):
            gone = time.monotonic() - start
            if turn > 1 and gone + gone / (turn - 1) > most:
                break
            for name, task in competitors.items():
                if outcomes[name].error:
                    continue
                try:
                    if isinstance(task, Failed):
                        raise task
                    outcomes[name].answers.append(self.run(task, f"{name}, {turn} of {rounds}"))
                except Failed as reason:
                    outcomes[name].error = str(reason)
        return outcomes
