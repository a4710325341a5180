"""Lint, types, and every test, in every environment that this machine can have; the skipped tests last."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import environments

BUILD = environments.ROOT / "build"
CHROMIUM = "/usr/bin/chromium"
ALONE = ("tests/notebooks", "tests/browser")

CHECKS = (
    ("lint", ["-m", "ruff", "check", "."]),
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("types", ["-m", "mypy"]),
)


def main():
    BUILD.mkdir(exist_ok=True)
    get_programs()
    skipped = Counter()
    pythons = {"modern": environments.make("modern")}
    try:
        pythons["turi"] = environments.make("turi")  # before any test: some go from one environment to the other
    except environments.Unavailable as reason:
        skipped[f"turi: everything: {reason}"] += 1
    results = [run(name, pythons["modern"], command) for name, command in CHECKS]  # all, also after one that failed
    # Notebooks of both environments write into build/, and a browser wants to be alone. All else goes side by side.
    modern = Tests("modern", pythons["modern"])
    results.append(modern.run("notebooks and browser", *ALONE))
    other = Tests("turi", pythons["turi"]) if "turi" in pythons else None
    if other:
        other.start("all")
    results.append(modern.run("the others", *(f"--ignore={folder}" for folder in ALONE)))
    if other:
        results.append(other.finish())
    for tests in filter(None, (modern, other)):
        skipped.update(tests.skipped())
    say_skipped(skipped)
    return 0 if all(results) else 1


def run(name, python, command):
    print(f"\n== {name}", flush=True)
    environment = environments.clean_environment()
    return subprocess.call([str(python), *command], cwd=str(environments.ROOT), env=environment) == 0


class Tests:
    """pytest in one environment: at once, or beside something else, and then what it says comes when it is done."""

    def __init__(self, name, python):
        self.name, self.python = name, python
        self.reports = []
        self.process = self.log = None

    def run(self, part, *which):
        return run(f"tests, {self.name}: {part}", self.python, self.command(part, *which))

    def start(self, part, *which):
        self.log = BUILD / f"tests-{self.name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(self.python), *self.command(part, *which)],
                cwd=str(environments.ROOT),
                env=environments.clean_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        print(f"\n== tests, {self.name}: {part}, meanwhile; see {self.log}", flush=True)

    def finish(self):
        try:
            ok = self.process.wait() == 0
        except BaseException:
            self.process.terminate()
            raise
        print(f"\n== tests, {self.name}", flush=True)
        print(self.log.read_text(encoding="utf-8", errors="replace"), flush=True)
        return ok

    def command(self, part, *which):
        self.reports.append(BUILD / f"tests-{self.name}-{part.replace(' ', '-')}.xml")
        cache = f"cache_dir={BUILD / f'pytest-{self.name}'}"  # two that write the same one would lose it
        return ["-m", "pytest", "-q", "-o", cache, f"--junitxml={self.reports[-1]}", *which]

    def skipped(self):
        found = Counter()
        for report in self.reports:
            for skip in ElementTree.parse(str(report)).iter("skipped") if report.exists() else ():  # noqa: S314  # ours
                found[f"{self.name}: {reason_of(skip)}"] += 1
        return found


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
        subprocess.call(["apt-get", *command], stdout=subprocess.DEVNULL)  # noqa: S607


def say_skipped(skipped):
    print(f"\n== skipped: {sum(skipped.values()) or 'nothing'}")
    for reason, times in sorted(skipped.items()):
        print(f"  {times:4} {reason}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except environments.Unavailable as failure:
        sys.exit(str(failure))
