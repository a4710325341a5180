"""Measuring in a process of one's own, competitors taking turns.

So that neither memory nor threads nor a warm cache of one framework is another's.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Union

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 1200  # seconds, for one measurement
_LONGEST = 300  # characters of an error that a note takes


class Failed(Exception):
    """A figure that is not available; the message is for the note of its row."""


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


def run(task: Task) -> Dict[str, Any]:
    """What the function answers, from a fresh process; raises `Failed`."""
    with tempfile.TemporaryDirectory(prefix="kinframe-bench-") as scratch:
        answer = Path(scratch) / "answer.json"
        command = [task.python, "-m", "benchmarks.child", task.function, str(answer)]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(dict(task.arguments)).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=str(ROOT),
                env={**os.environ, "PYTHONNOUSERSITE": "1", **task.environment},
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"took longer than {_PATIENCE // 60} minutes") from error
        except OSError as error:
            raise Failed(f"{task.python} does not start: {error.strerror}") from error
        if not answer.exists():
            raise Failed(_end(done))
        result: Dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in result:
        raise Failed(" ".join(str(result["error"]).split())[:_LONGEST])
    return result


def _end(done: "subprocess.CompletedProcess[bytes]") -> str:
    if done.returncode < 0:
        hint = ": not enough memory?" if done.returncode == -9 else ""
        return f"was ended by signal {-done.returncode}{hint}"
    said = done.stdout.decode(errors="replace").strip().splitlines() or ["nothing"]
    return f"ended with status {done.returncode}, and said: {said[-1][-200:]}"


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
    """Runs tasks, says so, and remembers what it measured."""

    def __init__(self) -> None:
        self._done: Dict[str, Dict[str, Any]] = {}

    def run(self, task: Task, name: str) -> Dict[str, Any]:
        """Measure; raises `Failed`."""
        print(f"  {name} ...", end="", file=sys.stderr, flush=True)
        start = time.monotonic()
        try:
            answer = self._done[task.key] = run(task)
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

    def alternate(self, competitors: Mapping[str, Competitor], rounds: int) -> Dict[str, Outcome]:
        """Each competitor `rounds` times, in turn: what slows the machine for a while then slows them all."""
        outcomes = {name: Outcome() for name in competitors}
        for turn in range(1, rounds + 1):
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
