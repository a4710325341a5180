"""The far end of `benchmarks.process`: call one function in this process, and write down its answer, a dict or rows.

Rows are written down one by one: those that there are stay, whatever becomes of the process.

python -m benchmarks.child benchmarks.ours:create ANSWER.json < ARGUMENTS.json
"""

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any, Dict, List


def peak_memory() -> float:
    """The most memory that this process has had so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: what getrusage says of a process begins at what its parent had
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e3
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main(function: str, answer: str) -> int:
    """The process's exit status; an error is an answer too."""
    arguments = json.load(sys.stdin)
    rows: List[Any] = []
    try:
        module, _, name = function.partition(":")
        result = getattr(importlib.import_module(module), name)(**arguments)
        if not isinstance(result, dict):
            for row in result:
                rows.append(row)
                _write(answer, {"rows": rows, "unfinished": True})
            result = {"rows": rows}
    except Exception as error:
        traceback.print_exc()
        ours = type(error).__module__ == "helpers.errors"  # these were written to be read
        result = {"error": str(error) if ours else f"{type(error).__name__}: {error}", "rows": rows}
    _write(answer, result)
    return 1 if "error" in result else 0


def _write(answer: str, result: Dict[str, Any]) -> None:
    half = Path(f"{answer}.half")
    half.write_text(json.dumps(result), encoding="utf-8")
    half.replace(answer)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
