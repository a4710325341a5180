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
    results += [run_pytest(name, python, skipped) for name, python in pythons.items()]
    say_skipped(skipped)
    return 0 if all(results) else 1


def run(name, python, command):
    print(f"\n== {name}", flush=True)
    environment = environments.clean_environment()
    return subprocess.call([str(python), *command], cwd=str(environments.ROOT), env=environment) == 0


def run_pytest(name, python, skipped):
    report = BUILD / f"tests-{name}.xml"
    ok = run(f"tests, {name}", python, ["-m", "pytest", "-q", f"--junitxml={report}"])
    if report.exists():
        for skip in ElementTree.parse(str(report)).iter("skipped"):  # noqa: S314  # written by our own pytest
            skipped[f"{name}: {reason_of(skip)}"] += 1
    return ok


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
