"""How long work takes against other work of the same run: all that a test may say of speed on a busy machine."""

import time
from typing import Callable

_ROUNDS = 3


def times_as_long(work: Callable[[], object], other: Callable[[], object]) -> float:
    """How many times as long `work` takes as `other`, in processor time: turn by turn, and each at its best."""
    best = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for place, each in enumerate((work, other)):
            begin = time.process_time()
            each()
            best[place] = min(best[place], time.process_time() - begin)
    return best[0] / max(best[1], 1e-4)
