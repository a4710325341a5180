import threading
import time
from contextlib import closing

import pytest

from helpers.ahead import work_ahead


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
