"""Who may open a page."""

import pytest

from helpers.app.visits import MOST, PATIENCE, RETURN, SOCKETS, Visits, places
from helpers.errors import Refused


class Kernels:
    """The kernels that run, and the time."""

    def __init__(self):
        self.running, self.now, self.count = set(), 0.0, 0

    def visits(self, **limits):
        return Visits(self.running.__contains__, clock=lambda: self.now, **limits)

    def page(self, visits, address="a"):
        visit = visits.enter(address)
        self.count += 1
        visit.kernel = f"kernel {self.count}"
        self.running.add(visit.kernel)
        visits.sent(visit)
        return visit.kernel


@pytest.fixture
def kernels():
    return Kernels()


def test_all_places_taken(kernels):
    visits = kernels.visits(most=3, each=3)
    opened = [kernels.page(visits, address) for address in "abc"]
    with pytest.raises(Refused, match="3 of these pages are open, as many as there is room for") as full:
        visits.enter("d")
    assert full.value.status == 503
    kernels.running.remove(opened[0])
    kernels.page(visits, "d")


def test_one_address_takes_its_share_and_no_more(kernels):
    visits = kernels.visits(most=10, each=2)
    kernels.page(visits), visits.enter("a")  # one that has no kernel yet counts too
    with pytest.raises(Refused, match="2 of these pages are open at your address") as full:
        visits.enter("a")
    assert full.value.status == 429
    kernels.page(visits, "b")


def test_a_page_that_came_to_nothing_leaves_its_place(kernels):
    visits = kernels.visits(most=1)
    visits.sent(visits.enter("a"))
    kernels.page(visits)


def test_a_kernel_that_nobody_connects_to_is_given_up(kernels):
    visits = kernels.visits()
    met, left = kernels.page(visits), kernels.page(visits)
    slow = visits.enter("a")
    slow.kernel = "slow"
    kernels.running.add("slow")
    visits.connect(met)
    kernels.now = PATIENCE - 1
    assert visits.abandoned() == []
    kernels.now = PATIENCE
    assert visits.abandoned() == [left]
    visits.sent(slow)
    kernels.now += PATIENCE
    assert visits.abandoned() == [left, "slow"]
    kernels.running.clear()
    assert visits.abandoned() == []


def test_a_kernel_whose_page_has_left_is_given_up(kernels):
    visits = kernels.visits()
    stays, back, gone = (kernels.page(visits) for _ in range(3))
    first, second = visits.connect(stays), visits.connect(stays)
    kernels.now = PATIENCE
    for kernel in (back, gone):
        visits.disconnect(visits.connect(kernel))
    visits.disconnect(second)  # but not the first
    kernels.now += RETURN - 1
    assert visits.abandoned() == []
    visits.connect(back)
    kernels.now += 1
    assert visits.abandoned() == [gone]
    kernels.now += PATIENCE
    visits.disconnect(first)
    assert visits.abandoned() == [gone], "the time begins when the last line is closed"


def test_a_page_has_a_few_lines_and_a_kernel_without_a_page_none(kernels):
    visits = kernels.visits()
    kernel = kernels.page(visits)
    lines = [visits.connect(kernel) for _ in range(SOCKETS)]
    with pytest.raises(Refused, match="connected already"):
        visits.connect(kernel)
    visits.disconnect(lines[0])
    visits.connect(kernel)
    with pytest.raises(Refused, match="no such page") as unknown:
        visits.connect("another kernel")
    assert unknown.value.status == 404


def test_places_are_as_many_as_there_is_memory_for(monkeypatch):
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: the extra `cluster`")
    for available, expected in ((10**12, MOST), (1, 2), (5 * 10**9, 20)):
        memory = type("Memory", (), {"available": available})
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert places() == expected
