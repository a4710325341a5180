"""Who may do what, and how soon a key stops working."""

import datetime
import hashlib
from pathlib import Path

import pytest

from helpers.errors import Unavailable
from helpers.service.gate.access import Access, is_loopback
from helpers.service.records import Key
from helpers.service.settings import Settings

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")


class Keys:
    """The table of keys, as far as access needs it."""

    def __init__(self, **roles):
        self.roles, self.asked, self.away = roles, 0, False

    def all(self):
        self.asked += 1
        if self.away:
            raise Unavailable("the database is away")
        now = datetime.datetime.now(datetime.timezone.utc)
        return [
            Key(name, role, hashlib.sha256(f"kf_{name}".encode()).hexdigest(), now) for name, role in self.roles.items()
        ]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def access_of(keys, **settings):
    clock = Clock()
    return Access(Settings(Path(), **settings), keys.all, clock=clock), clock


def role(access, key):
    needed, row = access.check(key)
    assert needed
    return row and row.role


def test_on_loopback_without_keys_everybody_may_write():
    access, _ = access_of(Keys())
    assert not access.needed
    assert access.check(None) == access.check("kf_whatever") == (False, None)


def test_once_a_key_was_made_it_is_needed():
    access, _ = access_of(Keys(shop="read", owner="write"))
    assert access.needed
    assert role(access, None) is None
    assert role(access, "kf_shop") == "read" and role(access, "kf_owner") == "write"
    assert access.check("kf_shop")[1].name == "shop"


@pytest.mark.parametrize("settings", [{"host": "192.0.2.1"}, {"host": ""}, {"names": ("photos.example.org",)}])
def test_beyond_loopback_a_key_is_always_needed(settings):
    access, _ = access_of(Keys(), **settings)
    assert access.needed and role(access, None) is None


@pytest.mark.parametrize("key", ["", "kf_", "kf_Shop", "kf_shop ", "shop", "x" * 10_000, "kf_\udcff", "ключ"])
def test_a_wrong_key_is_none(key):
    access, _ = access_of(Keys(shop="read"))
    assert role(access, key) is None


def test_a_removed_key_stops_working_soon():
    keys = Keys(shop="read", owner="write")
    access, clock = access_of(keys)
    assert role(access, "kf_shop") == "read"
    del keys.roles["shop"]
    assert role(access, "kf_shop") == "read" and keys.asked == 1
    clock.now = 1.95
    assert access.stale
    clock.now = 2.0
    assert role(access, "kf_shop") is None and keys.asked == 2


def test_the_first_key_on_loopback_closes_the_door():
    keys = Keys()
    access, clock = access_of(keys)
    assert not access.needed
    keys.roles["owner"] = "write"
    clock.now = 2.0
    assert access.needed and role(access, None) is None


def test_while_the_database_is_away_nobody_passes_and_it_is_not_asked_by_each():
    keys = Keys(shop="read")
    access, clock = access_of(keys)
    assert role(access, "kf_shop") == "read"
    keys.away, clock.now = True, 10.0
    for _ in range(20):
        with pytest.raises(Unavailable, match="away"):
            role(access, "kf_shop")
    assert keys.asked == 2
    keys.away, clock.now = False, 11.0
    assert role(access, "kf_shop") == "read"


def test_loopback():
    assert is_loopback("127.0.0.1") and is_loopback("localhost") and is_loopback("::1") and is_loopback("127.8.8.8")
    assert not is_loopback("0.0.0.0") and not is_loopback("") and not is_loopback("localhost.example.org")  # noqa: S104
