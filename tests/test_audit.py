"""The audit's own rules, with answers of its tools that were written here."""

import json
import subprocess
from importlib import import_module

import pytest

pytestmark = pytest.mark.once("the audit runs in one environment")

CLEAN = {"name": "pillow", "version": "13.0", "vulns": []}
WEAK = {"name": "pillow", "version": "10.4", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["11.3"]}]}
UNKNOWN = {"name": "pillow", "version": "13.0", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture()
def audit(monkeypatch):
    """The audit on a machine that has both tools."""
    module = import_module("audit")
    monkeypatch.setattr(module.environments, "make", lambda wanted: "python")
    monkeypatch.setattr(module, "fetch", lambda python: None)
    return module


def answers(audit, monkeypatch, *, bandit=0, **locks):
    """Let the tools answer: bandit's exit status, and what pip-audit prints of a lock, or raises."""

    def run(python, *arguments, **options):
        if "bandit" in arguments:
            return subprocess.CompletedProcess(arguments, bandit, stderr=b"[tester] nosec encountered\nlast words\n")
        said = locks[next(lock for lock in locks if f"{lock}.lock" in arguments)]
        if isinstance(said, Exception):
            raise said
        return subprocess.CompletedProcess(arguments, 1, stdout=said)

    monkeypatch.setattr(audit, "run", run)


def report(*packages):
    return json.dumps({"dependencies": packages, "fixes": []}).encode()


def test_all_well(audit, monkeypatch, capsys):
    answers(audit, monkeypatch, requirements=report(CLEAN), environment=report(CLEAN, UNKNOWN))
    assert audit.main() == 0
    said = capsys.readouterr()
    assert "2 packages" not in said.out and said.out.count("1 packages looked up at osv, 0 with") == 2
    assert "not looked up: pillow" in said.out
    assert said.err == "last words\n"


def test_what_bandit_finds_fails(audit, monkeypatch):
    answers(audit, monkeypatch, bandit=1, requirements=report(CLEAN), environment=report(CLEAN))
    assert audit.main() == 1


def test_a_weak_package_of_the_lock_fails_and_one_of_turi_creates_python_is_shown(audit, monkeypatch, capsys):
    answers(audit, monkeypatch, requirements=report(CLEAN), environment=report(WEAK))
    assert audit.main() == 0
    assert "pillow 10.4: CVE-2026-1, mended in 11.3" in capsys.readouterr().out
    answers(audit, monkeypatch, requirements=report(WEAK), environment=report(CLEAN))
    assert audit.main() == 1


@pytest.mark.parametrize(
    "nothing", [b"", b"[]", b"{}", report(UNKNOWN), report(), subprocess.TimeoutExpired("pip-audit", 1)]
)
def test_where_nothing_can_be_looked_up_a_line_reports_it(audit, monkeypatch, capsys, nothing):
    answers(audit, monkeypatch, requirements=nothing, environment=nothing)
    assert audit.main() == 0
    assert capsys.readouterr().out.count("neither osv nor pypi could be reached") == 2
