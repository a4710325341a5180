"""Work done by threads ahead of the one who needs it, in order and within bounds."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Generator, Iterable, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int) -> Generator[Result, None, None]:
    """`work(item)` of each item, in their order; at most `ahead` results are waiting or being made.

    To be closed by its reader (`contextlib.closing`): what has not begun by
    then, an interrupt included, is not done any more, and no thread stays.
    """
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
