"""In processes of their own, with the module alone: the filter lasts as long as its process."""

import os
import subprocess
import sys

import pytest

from tests.support.places import ROOT
from tests.support.until import HANGS

# Without its room, which imports the frames of this Python.
ALONE = f"""
import os, runpy, sys, time
drop_lines = runpy.run_path({str(ROOT / "helpers" / "frames" / "stderr_filter.py")!r})["drop_lines"]
"""


def stderr_of(script, code=0):
    """What a process writes to descriptor 2 that drops the lines beginning with `note: `."""
    command = [sys.executable, "-c", ALONE + "drop_lines(b'note: ')\n" + script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=HANGS)
    assert done.returncode == code, done.stderr
    assert done.stdout == b""
    return done.stderr.replace(b"\r\n", b"\n")


def test_only_those_lines_are_dropped():
    script = r"os.write(2, b'one\nnote: dropped\ntwo\n note: kept\nnote:kept\nnote: dropped\nthree\n')"
    assert stderr_of(script) == b"one\ntwo\n note: kept\nnote:kept\nthree\n"


def test_lines_that_come_in_pieces():
    script = r"""
for piece in (b"no", b"te: dro", b"pped\nno", b"t this\n", b"no"):
    os.write(2, piece)
    time.sleep(0.05)
"""
    assert stderr_of(script) == b"not this\nno"


def test_the_middle_of_a_line_is_not_its_beginning():
    script = r"""
for piece in (b"a bar 50 %", b"note: kept\n", b"note: dropped\n"):
    os.write(2, piece)
    time.sleep(0.05)
"""
    assert stderr_of(script) == b"a bar 50 %note: kept\n"


def test_a_note_without_an_end_is_dropped_too():
    assert stderr_of(r"os.write(2, b'one\nnote: dropped')") == b"one\n"


def test_a_bar_without_a_line_end_is_seen_at_once():
    script = r"""
import subprocess
sys.stderr.write("50 %")
sys.stderr.flush()
time.sleep(0.2)
"""
    assert stderr_of(script) == b"50 %"


def test_an_error_at_the_end_comes_through():
    out = stderr_of("raise ValueError('what went wrong')", code=1)
    assert out.startswith(b"Traceback") and out.endswith(b"ValueError: what went wrong\n")


def test_so_does_what_a_child_process_writes():
    script = r"""
import subprocess
subprocess.run([sys.executable, "-c", r"import os; os.write(2, b'from the child\nnote: dropped\n')"])
"""
    assert stderr_of(script) == b"from the child\n"


def test_much_at_once():
    script = r"""
for number in range(3000):
    os.write(2, b"note: dropped\n" if number % 3 else b"%d %s\n" % (number, b"x" * 100))
"""
    assert stderr_of(script) == b"".join(b"%d %s\n" % (number, b"x" * 100) for number in range(0, 3000, 3))


@pytest.mark.skipif(os.name == "nt", reason="closing descriptor 2 is for Unix")
def test_a_process_without_stderr():
    script = ALONE + "os.close(2)\ndrop_lines(b'x')\nprint('fine')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, timeout=HANGS)
    assert done.stdout == b"fine\n"
