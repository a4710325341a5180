"""Look for weak places in the code (bandit), and for packages of the lock files that have known ones (pip-audit).

    python3 tools/audit.py

Both tools are fetched when they are first asked for, into `build/audit`, so that the environment stays as its lock
says. What bandit finds is mended, or explained at its place: `# nosec Bxxx  # why`. Known weaknesses are looked up on
the internet, at OSV or PyPI; without either, a line says so, and the audit goes on.
"""

import json
import os
import subprocess
import sys

import environments

TOOLS = environments.ROOT / "build" / "audit"
PACKAGES = ["bandit[toml]>=1.9,<2", "pip-audit>=2.7,<3"]
SOURCES = ["helpers", "tools", "benchmarks"]
SERVICES = ("osv", "pypi")
FIXED = "environment.lock"  # of Turi Create's Python: nothing newer runs there, so its findings are shown, no more
PATIENCE = 300  # seconds


def main():
    python = environments.make("modern")
    fetch(python)
    well = code_is_clean(python)
    for lock in ("requirements.lock", FIXED):
        well &= packages_are_clean(python, lock) or lock == FIXED
    print("\n== all well" if well else "\n== mend what was found, or explain it at its place", flush=True)
    return 0 if well else 1


def fetch(python):
    """Install both tools, once for each list of them."""
    stamp = TOOLS / "kinframe-installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != "\n".join(PACKAGES):
        environments.pip(python, ["--upgrade", "--target", str(TOOLS), *PACKAGES], "bandit and pip-audit, this once")
        stamp.write_text("\n".join(PACKAGES), encoding="utf-8")


def code_is_clean(python):
    """Whether bandit finds nothing that is not explained; what it finds is printed."""
    print(f"== bandit: {', '.join(SOURCES)}", flush=True)
    done = run(python, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", *SOURCES, stderr=subprocess.PIPE)
    for line in done.stderr.decode(errors="replace").splitlines():
        if "nosec encountered" not in line:  # for each part of a line that is explained as a whole
            print(line, file=sys.stderr, flush=True)
    return done.returncode == 0


def packages_are_clean(python, lock):
    """Whether no package of a lock has a known weakness; True where that can be looked up nowhere."""
    print(f"\n== pip-audit: {lock}", flush=True)
    for service in SERVICES:
        packages = looked_up(python, lock, service)
        if packages is not None:
            return say(packages, service)
    print(f"not looked up: neither {' nor '.join(SERVICES)} could be reached from here", flush=True)
    return True


def looked_up(python, lock, service):
    """What a service knows about each package of a lock, or None where it could not be asked."""
    options = ["-r", lock, "--disable-pip", "--require-hashes", "-s", service, "-f", "json", "--progress-spinner=off"]
    try:
        done = run(python, "-m", "pip_audit", *options, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        packages = json.loads(done.stdout.decode("utf-8"))["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None
    # Behind some mirrors, PyPI's own answers are missing for every package.
    return packages if any("vulns" in package for package in packages) else None


def say(packages, service):
    """Print the weak packages, and those that were not looked up; whether there are no weak ones."""
    weak = [package for package in packages if package.get("vulns")]
    for package in weak:
        for known in package["vulns"]:
            fixed = ", ".join(known["fix_versions"]) or "no version"
            print(f"{package['name']} {package['version']}: {known['id']}, mended in {fixed}")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        print(f"not looked up: {', '.join(skipped)}")
    print(
        f"{len(packages) - len(skipped)} packages looked up at {service}, {len(weak)} with known weaknesses", flush=True
    )
    return not weak


def run(python, *arguments, **options):
    environment = {**environments.clean_environment(), "PYTHONPATH": str(TOOLS), "PYTHONWARNINGS": "ignore"}
    command = [str(python), *map(os.fspath, arguments)]
    return subprocess.run(
        command, cwd=str(environments.ROOT), env=environment, timeout=PATIENCE, check=False, **options
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (environments.Unavailable, subprocess.TimeoutExpired) as failure:
        sys.exit(str(failure))
