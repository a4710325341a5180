import threading
import time
from contextlib import closing

import pytest

import helpers.files.threads
from helpers.files.threads import in_background, work_ahead
from tests.support.until import HANGS


def threads():
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")}


def test_results_come_in_the_order_of_the_items():
    def work(item):
        time.sleep(0.002 * (item % 3))
        return item * item

    assert list(work_ahead(work, range(50), ahead=7)) == [item * item for item in range(50)]
    assert list(work_ahead(work, [], ahead=7)) == []
    assert not threads()


def test_never_more_than_so_many_are_ahead():
    begun = []
    with closing(work_ahead(begun.append, range(1000), ahead=10)) as results:
        for taken, _ in enumerate(results, start=1):
            assert len(begun) <= taken + 10
            if taken == 100:
                break
    assert len(begun) <= 110
    assert not threads()


def test_items_are_asked_for_only_when_their_turn_comes():
    endless = iter(int, 1)
    with closing(work_ahead(lambda item: item, endless, ahead=3)) as results:
        assert [next(results) for _ in range(5)] == [0] * 5


def test_an_error_of_the_work_or_the_reader_leaves_no_thread():
    def work(item):
        if item == 5:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt), closing(work_ahead(work, range(100), ahead=4)) as results:
        list(results)
    assert not threads()


def test_items_are_made_while_others_are_used():
    begun = []

    def items():
        for item in range(5):
            begun.append(item)
            yield item

    with closing(in_background(items())) as made:
        for item in made:
            deadline = time.monotonic() + HANGS  # where it hangs
            while len(begun) < min(5, item + 2) and time.monotonic() < deadline:
                time.sleep(0.001)
            assert min(5, item + 2) <= len(begun) <= item + 3
    assert begun == [0, 1, 2, 3, 4]
    assert not threads()


def test_what_fails_in_the_background_is_raised_in_front():
    def items():
        yield 1
        raise KeyError("lost")

    made = in_background(items())
    assert next(made) == 1
    with pytest.raises(KeyError, match="lost"):
        next(made)
    assert not threads()


def test_a_reader_who_leaves_ends_the_background():
    begun = []

    def endless():
        while True:
            begun.append(1)
            yield 1

    with closing(in_background(endless())) as made:
        next(made)
    assert not threads() and len(begun) <= 3


class Clock:
    """A clock that stands still but for what work takes."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(helpers.files.threads, "time", clock)
    return clock


def test_quick_work_is_done_by_its_reader(clock):
    def work(item):
        clock.now += 0.0009
        return item, threading.current_thread()

    with closing(work_ahead(work, range(2000), ahead=10, quick=True)) as results:
        assert list(results) == [(item, threading.current_thread()) for item in range(2000)]


@pytest.mark.parametrize("quick_at_first", [0, 200, 3000])
def test_where_it_turns_out_to_be_slow_threads_do_it(clock, quick_at_first):
    workers = []

    def work(item):
        if threading.current_thread() is threading.main_thread():
            clock.now += 0.0001 if item < quick_at_first else 0.02
        workers.append(threading.current_thread())
        return item

    total = quick_at_first + 200
    with closing(work_ahead(work, range(total), ahead=10, quick=True)) as results:
        assert list(results) == list(range(total))
    alone = workers.count(threading.main_thread())
    assert quick_at_first <= alone < quick_at_first + 60, "it waits for a second at most"
    assert not threads()
