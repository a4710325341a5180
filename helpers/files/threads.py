"""Work done by threads before its result is needed, in order and within bounds."""

import contextlib
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Deque, Generator, Iterable, Iterator, TypeVar

_QUICK = 0.001  # seconds: handing work to another thread and back takes half of that
_SLACK, _MOST_SLACK = 0.1, 1.0  # seconds that the first items may take beyond it, and slow ones after many quick ones
_ALONE = threading.Lock()  # of two that limit the threads of BLAS, the second would leave them so

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(
    work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int, quick: bool = False
) -> Generator[Result, None, None]:
    """`work(item)` of each item, in their order; at most `ahead` results are waiting or being made.

    With `quick`, for work that may be quick (a file of which little is read, and
    that the system has in memory), the reader's own thread does it for as long
    as it takes less than a millisecond each; then threads do it.

    Its reader closes it (`contextlib.closing`), after an interrupt too: work that
    has not begun by then is cancelled, and no thread stays.
    """
    items = iter(items)
    if quick and (yield from _while_quick(work, items)):
        return
    waiting: Deque[Future[Result]] = deque()
    with ThreadPoolExecutor(thread_name_prefix="ahead") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _while_quick(work: Callable[[Item], Result], items: Iterator[Item]) -> Generator[Result, None, bool]:
    """The results for as long as the work is quick; returns whether there is nothing left to do."""
    left = _SLACK
    for item in items:
        start = time.perf_counter()
        result = work(item)
        left = min(_MOST_SLACK, left + _QUICK - (time.perf_counter() - start))
        yield result
        if left < 0:
            return False
    return True


def in_background(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The same items, made by another thread: while one is used, the next is made.

    Its reader closes it, as `work_ahead`; the current item is then finished, and
    no other begun.
    """
    ready: queue.Queue[Any] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def hand_over(kind: str, value: Any) -> None:
        while not stopped.is_set():
            try:
                return ready.put((kind, value), timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                hand_over("item", item)
                if stopped.is_set():
                    return
            hand_over("end", None)
        except BaseException as error:  # raised again in the reader's thread
            hand_over("error", error)

    thread = threading.Thread(target=work, name="ahead-background", daemon=True)
    thread.start()
    try:
        while True:
            try:
                kind, value = ready.get(timeout=0.5)  # without a timeout Windows knows no interrupt here
            except queue.Empty:
                continue
            if kind == "item":
                yield value
            elif kind == "error":
                raise value
            else:
                return
    finally:
        stopped.set()
        thread.join()


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Let each of our threads multiply by itself: those of BLAS wait for each other, on a busy machine for long."""
    from threadpoolctl import threadpool_limits

    with _ALONE, threadpool_limits(1, "blas"):
        yield
