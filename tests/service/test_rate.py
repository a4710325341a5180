"""Buckets of tokens: how many at once, how many a second, how many buckets."""

from pathlib import Path

from helpers.service.gate.rate import MOST, RateLimit, caller
from helpers.service.settings import Settings


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def rate_of(rate, burst):
    clock = Clock()
    return RateLimit(Settings(Path(), rate=rate, burst=burst), clock=clock), clock


def test_burst_then_rate():
    rate, clock = rate_of(2.0, 3)
    assert [rate.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    clock.now += 0.5
    assert [rate.wait("a") for _ in range(2)] == [0.0, 0.5]


def test_full_again_after_a_while_and_no_fuller():
    rate, clock = rate_of(2.0, 3)
    for _ in range(5):
        rate.wait("a")
    clock.now += 3600
    assert [rate.wait("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_one_name_does_not_count_for_another():
    rate, _ = rate_of(1.0, 1)
    assert rate.wait("a") == 0 and rate.wait("a") > 0 and rate.wait("b") == 0


def test_asking_too_often_does_not_cost_tokens():
    rate, clock = rate_of(1.0, 1)
    rate.wait("a")
    for _ in range(1000):
        assert rate.wait("a") > 0
    clock.now += 1.0
    assert rate.wait("a") == 0


def test_zero_is_without_a_limit():
    rate, _ = rate_of(0.0, 1)
    assert not any(rate.wait("a") for _ in range(1000))


def test_many_addresses_do_not_grow_it():
    rate, _ = rate_of(1.0, 1)
    for number in range(MOST + 5000):
        rate.wait(f"address {number}")
    assert len(rate._buckets) == MOST
    assert rate.wait(f"address {MOST + 4999}") > 0  # who asked last is still known


def test_callers():
    assert caller("192.0.2.7") == "192.0.2.7"
    assert caller("::ffff:192.0.2.7") == "192.0.2.7"
    assert caller("2001:db8::1%eth0") == caller("2001:db8:0:0:ffff::2") == "2001:db8::/64"
    assert caller(None) == caller("testclient") == "unknown"
