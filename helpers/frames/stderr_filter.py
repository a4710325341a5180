"""Drops the notes of a C library from stderr, and only those.

C libraries write to file descriptor 2, past `sys.stderr` and `warnings`.
`drop_lines` puts a filter there that passes everything else on.
"""

import atexit
import os
import threading


def drop_lines(prefix: bytes) -> None:
    """Drop the lines that begin with `prefix` from what this process writes to descriptor 2.

    Everything else is passed on in order, also a last line without an end. Does
    nothing where there is no descriptor 2.
    """
    try:
        before = os.dup(2)
    except OSError:  # a service without stderr
        return
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    filtering = threading.Thread(target=_pass_on, args=(reading, before, prefix), daemon=True, name="stderr filter")
    filtering.start()
    atexit.register(_stop, filtering, before)


def _pass_on(reading: int, before: int, prefix: bytes) -> None:
    with os.fdopen(reading, "rb", buffering=0) as stream:
        rest = b""
        begun = False  # whether the first part of this line has been passed on already
        for block in iter(lambda: stream.read(1 << 16), b""):
            *lines, rest = (rest + block).split(b"\n")
            kept = []
            for line in lines:
                if begun or not line.startswith(prefix):
                    kept.append(line + b"\n")
                begun = False
            if rest and (begun or not prefix.startswith(rest[: len(prefix)])):
                kept.append(rest)  # a prompt or a progress bar must not wait for its line end
                rest, begun = b"", True
            _write(before, b"".join(kept))
        if not rest.startswith(prefix):
            _write(before, rest)


def _write(descriptor: int, block: bytes) -> None:
    while block:
        block = block[os.write(descriptor, block) :]


def _stop(filtering: threading.Thread, before: int) -> None:
    os.dup2(before, 2)  # the filter reads to its end now, unless a child process still holds the pipe
    filtering.join(timeout=1)
