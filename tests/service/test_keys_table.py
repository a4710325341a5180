"""API keys in both databases: told once, kept as a digest."""

import base64

import pytest

from helpers.errors import NotFound, Refused
from helpers.service.storage.keys import KeyTable, digest_of

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")


@pytest.fixture
def keys(database):
    return KeyTable(database)


def find(keys, key):
    return {each.digest: each for each in keys.all()}.get(digest_of(key))


def test_a_key_is_told_once_and_found_again(database, keys):
    key = keys.add("shop", "read")
    assert key.startswith("kf_") and len(base64.urlsafe_b64decode(key[3:] + "=")) == 32
    found = find(keys, key)
    assert (found.name, found.role) == ("shop", "read") and key not in repr(found)
    assert keys.all() == [found]
    with database.transaction(write=False) as session:
        assert key not in repr(session.rows("SELECT * FROM kinframe_keys"))


def test_another_key_is_not_found(keys):
    key = keys.add("shop", "write")
    assert keys.add("lab", "write") != key
    for wrong in ("", key[:-1], key + "x", "kf_", found_digest(keys), "\ud800", "\0"):
        assert find(keys, wrong) is None


def found_digest(keys):
    return keys.all()[0].digest


def test_a_name_is_used_once(keys):
    key = keys.add("shop", "read")
    with pytest.raises(Refused, match="a key named shop already") as refused:
        keys.add("shop", "write")
    assert refused.value.status == 409
    assert find(keys, key).role == "read"


def test_a_key_that_is_removed_opens_nothing(keys):
    key = keys.add("shop", "read")
    keys.add("a lab", "write")
    assert [each.name for each in keys.all()] == ["a lab", "shop"]
    keys.remove("shop")
    assert find(keys, key) is None
    with pytest.raises(NotFound, match="no key named shop"):
        keys.remove("shop")
