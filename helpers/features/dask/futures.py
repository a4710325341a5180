"""Work on a Dask cluster in order, some of it ahead of its reader; errors of the cluster in words for people."""

import contextlib
import math
import time
from collections import deque
from typing import Any, Callable, Generator, Iterable, Optional, Tuple, TypeVar

from distributed import CancelledError, Client, Future, KilledWorker
from distributed import TimeoutError as DaskTimeoutError

from helpers.errors import ClusterError, KinframeError

_AHEAD = 3  # batches in flight for each thread of the cluster
_LEAST = 8  # the same where it has few threads, or none yet
_PATIENCE = 30.0  # seconds without a result until it is looked whether there are workers

Item = TypeVar("Item")


def in_order(
    client: Client,
    items: Iterable[Item],
    begin: Callable[[Item], Optional[Future]],
    name: Callable[[Item], str],
    deserted: float,
) -> Generator[Tuple[Item, Any], None, None]:
    """Each item, and the result of the future that `begin` made of it, if any; some ahead of their reader.

    Raises what the work raises, and `ClusterError`, with the `name` of an item,
    where it cost its workers their lives, or the cluster has gone, or has had
    no workers for `deserted` seconds. When it is closed, what has not begun is
    taken back.
    """
    waiting: deque[Tuple[Item, Optional[Future]]] = deque()

    def first() -> Tuple[Item, Any]:
        item, future = waiting[0]
        with _explained(client, name, item):
            result = None if future is None else _result(client, future, deserted)
        waiting.popleft()
        return item, result

    try:
        for item in items:
            with _explained(client, name, item):
                waiting.append((item, begin(item)))
                room = max(_LEAST, _AHEAD * sum(client.nthreads().values()))
            while waiting and (len(waiting) >= room or waiting[0][1] is None):
                yield first()
        while waiting:
            yield first()
    finally:
        if client.status != "closed":
            with contextlib.suppress(OSError):
                client.cancel([future for _, future in waiting if future is not None])


def _result(client: Client, future: Future, deserted: float) -> Any:
    """The result of a future. While the cluster has no workers, one line says what is waited for.

    Raises `ClusterError` where it has had none for `deserted` seconds.
    """
    noted, since = False, math.inf
    while not future.done():
        with contextlib.suppress(TimeoutError, DaskTimeoutError):
            return future.result(timeout=_PATIENCE)
        if client.status != "running" or client.nthreads():
            since = math.inf
            continue
        since = min(since, time.monotonic())
        if time.monotonic() - since >= deserted:
            raise ClusterError(f"the cluster has had no workers for {deserted:g} seconds")
        if not noted:
            print("the cluster has no workers, and the photos wait for some; interrupting keeps what is done")
            noted = True
    return future.result()


@contextlib.contextmanager
def _explained(client: Client, name: Callable[[Item], str], item: Item) -> Generator[None, None, None]:
    try:
        yield
    except KinframeError:
        raise
    except KilledWorker as error:
        raise ClusterError(
            f"{error.allowed_failures + 1} workers died, the last one at {error.last_worker.address}, all of them at "
            f"{name(item)}. If they lack memory, take a smaller batch_size= or larger workers; "
            "otherwise leave these photos out"
        ) from error
    except (Exception, CancelledError) as error:
        if client.status == "running" and not isinstance(error, (CancelledError, OSError)):
            raise
        raise ClusterError(
            f"the cluster was gone ({type(error).__name__}: {error}) when it had {name(item)} to do. "
            "Connect to it again; what a store has kept until now stays there"
        ) from error
