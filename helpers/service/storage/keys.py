"""The API keys of a service: kept so that who reads the database cannot use them."""

import hashlib
import secrets
import time
from typing import List

from helpers.database.interface import Database
from helpers.errors import NotFound, Refused
from helpers.service.records import ROLES, Key
from helpers.service.storage.images import moment, refused_text

_PREFIX = "kf_"
_BYTES = 32  # random ones, of each key
_LONGEST = 100  # characters of a name


class Keys:
    """The keys that are kept in a database, each under a name.

    A key is 256 random bits, which nobody can guess from their sha-256: a slow
    hash, as a password needs one, would only make each request slow.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: str) -> str:
        """Make a key, which is told this once and never again.

        Raises `Refused`: 409 where there is one of this name, 422 for a role
        that there is not, and a name that cannot be kept.
        """
        if role not in ROLES:
            raise Refused(f"role: {role!r}; has to be {' or '.join(ROLES)}", 422)
        if not 0 < len(refused_text("name", name)) <= _LONGEST or not name.isprintable():
            raise Refused(f"name: has to have 1 to {_LONGEST} characters that can be read", 422)
        key = _PREFIX + secrets.token_urlsafe(_BYTES)
        with self._database.transaction() as session:
            if session.rows("SELECT name FROM kinframe_keys WHERE name = ?", name):
                raise Refused(f"There is a key named {name} already; remove it first, or take another name", 409)
            session.rows(
                "INSERT INTO kinframe_keys (name, role, digest, created) VALUES (?, ?, ?, ?)",
                *(name, role, digest_of(key), time.time()),
            )
        return key

    def all(self) -> List[Key]:
        """All of them, by name."""
        with self._database.transaction(write=False) as session:
            rows = session.rows("SELECT name, role, digest, created FROM kinframe_keys ORDER BY name")
        return [Key(name, role, digest, moment(created)) for name, role, digest, created in rows]

    def remove(self, name: str) -> None:
        """Take a key away: who has it is let in no more. Raises `NotFound`."""
        with self._database.transaction() as session:
            found = session.rows("DELETE FROM kinframe_keys WHERE name = ? RETURNING name", refused_text("name", name))
        if not found:
            raise NotFound(f"There is no key named {name}")


def digest_of(key: str) -> str:
    """What is kept of a key: its sha-256, in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
