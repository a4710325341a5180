"""How many heaps the threads of a server share."""

import os
import platform
import re
import subprocess
import sys

import pytest

from tests.support.places import ROOT

pytestmark = [
    pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc"),
    pytest.mark.once("the C library is the same"),
]

HEAPS = """
import ctypes, sys, threading
from helpers.service.heaps import few_heaps
if "few" in sys.argv: few_heaps()
begun = threading.Barrier(12)
def work():
    kept = [bytearray(1000) for _ in range(1000)]
    begun.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(*arguments, **environment):
    """How many heaps a process with twelve threads has."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", HEAPS, *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**own, **environment}, stdout=subprocess.PIPE, check=True)
    return len(re.findall(rb"<heap nr=", done.stdout))


def test_all_threads_share_two():
    assert heaps() > 2 == heaps("few")


def test_who_sets_their_number_decides():
    assert heaps("few", MALLOC_ARENA_MAX="3") == 3
