"""How much work something is, counted and not timed: the same on a slow machine and on a busy one."""

import sys
import time
from typing import Callable


def steps(work: Callable[[], object]) -> int:
    """How many calls, of functions in Python and in C, some work makes in its own thread."""
    count = 0

    def called(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def growth(work, few, many):
    """How many times the processor time of `work(few)` one of `work(many)` takes: the best of three of each."""
    seconds = {few: [], many: []}
    for count in (few, many) * 3:
        begin = time.process_time()
        work(count)
        seconds[count].append(time.process_time() - begin)
    return min(seconds[many]) / min(seconds[few])
