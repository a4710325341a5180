"""The table of API keys, as digests: whoever reads the database cannot use them."""

import contextlib
import hashlib
import re
import secrets
import time
from pathlib import Path
from typing import List

from helpers.database.interface import Database
from helpers.errors import NotFound, Refused
from helpers.files.cache import cache_folder
from helpers.service.records import Key
from helpers.service.storage.images import moment

_PREFIX = "kf_"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BYTES = 32  # random ones, of each key


class KeyTable:
    """The keys in a database, each under a name.

    A key is 256 random bits, which nobody can guess from their sha-256: a slow
    hash, as a password needs one, would only make each request slow.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: str) -> str:
        """Make a key and return it: it is not kept, and cannot be shown again. Raises `Refused` for a name in use."""
        key = _PREFIX + secrets.token_urlsafe(_BYTES)
        with self._database.transaction() as session:
            if session.rows("SELECT name FROM kinframe_keys WHERE name = ?", name):
                raise Refused(f"there is a key named {name} already; remove it first, or choose another name", 409)
            session.rows(
                "INSERT INTO kinframe_keys (name, role, digest, created) VALUES (?, ?, ?, ?)",
                *(name, role, digest_of(key), time.time()),
            )
        _accept(digest_of(key))
        return key

    def accept(self, name: str) -> None:
        """Note that a key which another account made is valid on this machine; raises `NotFound`."""
        digests = [key.digest for key in self.all() if key.name == name]
        if not digests:
            raise NotFound(f"There is no key named {name}")
        _accept(digests[0])

    def all(self) -> List[Key]:
        """All keys, by name."""
        with self._database.transaction(write=False) as session:
            rows = session.rows("SELECT name, role, digest, created FROM kinframe_keys ORDER BY name")
        return [Key(name, role, digest, moment(created)) for name, role, digest, created in rows]

    def remove(self, name: str) -> None:
        """Remove a key, which no longer works then; raises `NotFound`."""
        with self._database.transaction() as session:
            removed = session.rows("DELETE FROM kinframe_keys WHERE name = ? RETURNING name", name)
        if not removed:
            raise NotFound(f"There is no key named {name}")


def is_accepted(key: Key) -> bool:
    """Whether this account made a key, or accepted it: a file from somebody else may hold theirs."""
    return bool(_DIGEST.fullmatch(str(key.digest))) and (_accepted() / key.digest).is_file()


def _accept(digest: str) -> None:
    if not _DIGEST.fullmatch(digest):
        raise Refused("this is no key that Kinframe made; remove it", 422)
    with contextlib.suppress(OSError):  # where nothing can be written, it has to be accepted at each start
        _accepted().mkdir(parents=True, exist_ok=True)
        (_accepted() / digest).touch()


def _accepted() -> Path:
    return cache_folder() / "service-keys"


def digest_of(key: str) -> str:
    """The sha-256 of a key, in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
