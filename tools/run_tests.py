"""Lint, types, rooms, and every test, in every environment of this machine; the slow and the skipped ones last.

    python3 tools/run_tests.py            all of it
    python3 tools/run_tests.py --check    lint, types, and the unit tests of one environment: before each commit
    python3 tools/run_tests.py --lanes=4  four parts at a time: for more cores

Three parts run at a time, each a process with a log of its own. On two cores that takes as long as the work there is:
many tests wait for a server or a browser, and with two parts a core has nothing to do for about an eighth of the time.
Of a check, two: its tests wait for nobody. Workers within one environment (pytest-xdist) fill the same two cores, and
prepare the networks once each: measured on eight files of unit tests, `-n 2` is 50 seconds of processor time where one
process takes 41. What each part took of the processor is said at the end: where all of them together took much less
than the cores had, another lane serves.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree  # nosec B405  # for reports that pytest wrote
from collections import Counter
from pathlib import Path

import environments

BUILD = environments.ROOT / "build"
CHROMIUM = "/usr/bin/chromium"
LANES, LANES_OF_A_CHECK = 3, 2
PARTS = 3  # of the unit tests in a check: beside the types, two lanes end at about the same time
SLOWEST = 20

# What starts servers, browsers and kernels, or ends them; all else under tests/ is a unit test.
BROWSER, NOTEBOOKS = ["tests/browser"], ["tests/notebooks"]
SERVICE = ["tests/service", "tests/faults", "tests/test_benchmark_service.py"]
COMMANDS = ["tests/app", "tests/test_benchmarks.py", "tests/test_readme.py"]
# By themselves: Turi Create has crashed in a process in which all the other tests had been.
CONFORMANCE = ["tests/conformance"]
# What does not depend on the environment (the marker `once`) runs in the modern one, which is always there.
ONCE = ["--once-elsewhere"]

CHECKS = (  # name, package that it needs, command
    ("lint", "ruff", ["-m", "ruff", "check", "."]),
    ("format", "ruff", ["-m", "ruff", "format", "--check", "."]),
    ("types", "mypy", ["-m", "mypy"]),
    ("rooms", "importlinter", ["tools/check_rooms.py"]),
)


def main(arguments):
    BUILD.mkdir(exist_ok=True)
    is_check = "--check" in arguments
    jobs, left_out = parts_of_a_check() if is_check else parts_of_everything()
    usual = LANES_OF_A_CHECK if is_check else LANES
    lanes = next((int(each[len("--lanes=") :]) for each in arguments if each.startswith("--lanes=")), usual)
    results = run(jobs, lanes)
    say_times(jobs)
    say_slowest(jobs)
    say_skipped(sum((job.skipped() for job in jobs), left_out))
    if is_check:
        say_not_checked(jobs)
    else:
        say_run_once(jobs)
    failed = [job.name for job, ok in zip(jobs, results) if not ok]
    print(f"\n== failed: {', '.join(failed)}" if failed else "\n== all well", flush=True)
    return 1 if failed else 0


def parts_of_everything():
    """The longest parts first, so that none is alone for long at the end."""
    get_programs()
    left_out = Counter()
    modern, turi = environments.make("modern"), None
    try:
        turi = environments.make("turi")  # before any test: some go from one environment to the other
    except environments.Unavailable as reason:
        left_out[f"turi: everything: {reason}"] += 1
    # A notebook is run once in each environment: those of tests/browser there, in the JupyterLabs of both.
    to_browser = ["--browser-runs-notebooks"] if can_browse(modern) else []
    jobs = [Job(name, modern, command) for name, _, command in CHECKS]
    jobs.append(Tests("modern", "browser", modern, BROWSER))
    if turi:
        jobs.append(Tests("turi", "the others", turi, without(NOTEBOOKS + CONFORMANCE) + ONCE))
    jobs.append(Tests("modern", "the others", modern, without(BROWSER + NOTEBOOKS + SERVICE)))
    jobs.append(Tests("modern", "service and faults", modern, SERVICE))
    jobs.append(Tests("modern", "notebooks", modern, NOTEBOOKS + to_browser))
    if turi:
        jobs.append(Tests("turi", "notebooks", turi, NOTEBOOKS + to_browser + ONCE))
        jobs.append(Tests("turi", "conformance", turi, CONFORMANCE + ONCE))
    return jobs, left_out


def parts_of_a_check():
    """What a person runs before each commit: in the modern environment if that is there, else in the one there is."""
    name, python = one_environment()
    left_out = Counter()
    jobs = []
    for check, package, command in CHECKS:
        if there_is(python, package):
            jobs.append(Job(check, python, command))
        else:
            left_out[f"{name}: {check}: there is no {package} in this environment"] += 1
    files = unit_tests()
    for part in range(PARTS):
        which = ["-m", "not slow", *files[part::PARTS]]
        jobs.append(Tests(name, f"unit tests, {part + 1} of {PARTS}", python, which))
    return jobs, left_out


def one_environment():
    folders = {"modern": environments.ROOT / ".venv", "turi": environments.ROOT / ".venv-turi"}
    name = next((name for name, folder in folders.items() if folder.exists()), "modern")
    return name, environments.make(name)


def unit_tests():
    others = BROWSER + NOTEBOOKS + SERVICE + COMMANDS + CONFORMANCE
    there = (path.relative_to(environments.ROOT).as_posix() for path in environments.ROOT.glob("tests/**/test_*.py"))
    return sorted(file for file in there if not any(file == each or file.startswith(f"{each}/") for each in others))


def without(paths):
    return [f"--ignore={path}" for path in paths]


def there_is(python, module):
    question = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.call([str(python), "-c", question]) == 0


def can_browse(python):
    return Path(CHROMIUM).exists() and there_is(python, "playwright")


def run(jobs, lanes=LANES):
    """Some at a time, in their order; whether each went well. What a job says comes when it is done."""
    waiting, running = list(jobs), []
    try:
        while waiting or running:
            while waiting and len(running) < lanes:
                running.append(waiting.pop(0))
                running[-1].start()
            time.sleep(0.1)
            for job in [job for job in running if job.has_ended()]:
                running.remove(job)
                job.finish()
    except BaseException:
        for job in running:
            job.process.terminate()
        raise
    return [job.process.returncode == 0 for job in jobs]


class Job:
    """A command of an environment, with a log of its own."""

    def __init__(self, name, python, command):
        self.name, self.command = name, [str(python), *command]
        self.log = BUILD / f"{re.sub('[^a-z0-9]+', '-', name)}.log"
        self.process = self.began = self.seconds = None
        self.processor = 0.0  # seconds, of all its processes

    def start(self):
        self.began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=str(environments.ROOT),
                env=environments.clean_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        print(f"-- {self.name}: started; see {self.log}", flush=True)

    def has_ended(self):
        before = spent()
        ended = self.process.poll() is not None  # what it spent is counted at this moment
        self.processor = spent() - before
        return ended

    def finish(self):
        self.seconds = time.monotonic() - self.began
        print(f"\n== {self.name}: {self.seconds:.0f} s", flush=True)
        print(self.log.read_text(encoding="utf-8", errors="replace"), flush=True)

    def cases(self):
        """Of each test: the environment, its name, its seconds, and why it was skipped, or None."""
        return []

    def skipped(self):
        return Counter(f"{environment}: {reason}" for environment, _, _, reason in self.cases() if reason is not None)


class Tests(Job):
    """pytest in one environment."""

    def __init__(self, environment, part, python, which):
        super().__init__(f"tests, {environment}: {part}", python, [])
        self.environment, self.report = environment, self.log.with_suffix(".xml")
        cache = f"cache_dir={self.log.with_suffix('')}"  # two that write the same one would lose it
        self.command += ["-m", "pytest", "-q", "-o", cache, f"--junitxml={self.report}", *which]

    def start(self):
        if self.report.exists():
            self.report.unlink()  # what ends too early leaves none, and an older one is no answer
        super().start()

    def cases(self):
        for case in ElementTree.parse(str(self.report)).iter("testcase") if self.report.exists() else ():  # noqa: S314  # nosec B314  # pytest wrote it a moment ago
            skip = case.find("skipped")
            name = f"{case.get('file', case.get('classname'))}::{case.get('name')}"
            reason = None if skip is None else reason_of(skip)
            yield self.environment, name, float(case.get("time", 0)), reason

    def deselected(self):
        said = re.findall(r"(\d+) deselected", self.log.read_text(encoding="utf-8", errors="replace"))
        return int(said[-1]) if said else 0


def spent():
    """Seconds of processor of all that was started here and has ended; 0 where this cannot be known."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reason_of(skip):
    """Why a test was skipped; of a whole module pytest's report has it in the text, as `(file, line, 'Skipped: …')`."""
    whole_module = re.search(r"Skipped: (.*)['\"]\)", skip.text or "", flags=re.DOTALL)
    return whole_module[1] if skip.get("message") == "collection skipped" and whole_module else skip.get("message")


def get_programs():
    """Browser tests want Chromium, and makers' notes exiftool; tests that lack one are skipped, and say so."""
    wanted = {"chromium": Path(CHROMIUM).exists(), "libimage-exiftool-perl": shutil.which("exiftool")}
    packages = [name for name, there in wanted.items() if not there]
    if not packages or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print(f"Installing {' and '.join(packages)} for the tests", flush=True)
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.call(["apt-get", *command], stdout=subprocess.DEVNULL)  # noqa: S607  # nosec B607  # as root, for tests


def say_times(jobs):
    print(
        f"\n== how long it took: {max(job.began + job.seconds for job in jobs) - min(job.began for job in jobs):.0f} s"
    )
    for job in sorted(jobs, key=lambda job: -job.seconds):
        print(f"  {job.seconds:6.1f} s  {job.name}, {job.processor:.0f} s of processor")


def say_slowest(jobs):
    cases = sorted((case for job in jobs for case in job.cases()), key=lambda case: -case[2])
    print(f"\n== the slowest of {len(cases)} tests")
    for environment, name, seconds, _ in cases[:SLOWEST]:
        print(f"  {seconds:6.1f} s  {environment:6}  {name}")


def say_skipped(skipped):
    print(f"\n== skipped: {sum(skipped.values()) or 'nothing'}")
    for reason, times in sorted(skipped.items()):
        print(f"  {times:4} {reason}")


def say_run_once(jobs):
    once = sum(job.deselected() for job in jobs if isinstance(job, Tests))
    print(f"\n== run in the modern environment alone: {once} tests that do not depend on it")


def say_not_checked(jobs):
    slow = sum(job.deselected() for job in jobs if isinstance(job, Tests))
    print("\n== left to make test")
    for what in (
        ", ".join(BROWSER + NOTEBOOKS + SERVICE + COMMANDS + CONFORMANCE),
        f"{slow} unit tests that are marked slow",
        "the other environment",
    ):
        print(f"  {what}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except environments.Unavailable as failure:
        sys.exit(str(failure))
