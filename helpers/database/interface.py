"""One small interface in front of SQLite and PostgreSQL: transactions, rows, and what can go wrong.

Statements are written once, for both: with `?` for each parameter, in the SQL
that both understand (`ON CONFLICT … DO UPDATE`, `RETURNING`). Values come in by
parameters only, never by text.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, Iterable, Iterator, List, Sequence, Tuple, TypeVar

from helpers.errors import StoreError

AT_ONCE = 1000  # values asked for in one statement

Item = TypeVar("Item")


class Session(ABC):
    """A transaction that is open."""

    @abstractmethod
    def rows(self, statement: str, *values: Any) -> List[Tuple[Any, ...]]:
        """Run one statement; the rows that it gives, none of one that gives none."""

    @abstractmethod
    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of the rows of values."""


class Database(ABC):
    """A place for tables. Several threads may use one `Database`."""

    kind: str  # `embedded` or `postgresql`
    note: str  # a line for people: what it is and where, without a password

    @abstractmethod
    def transaction(self, write: bool = True) -> "AbstractContextManager[Session]":
        """A transaction: all or nothing, with what it read unchanged by others where it writes.

        Raises `Unavailable` where the database cannot be reached, or is lost on
        the way: then nothing of it was kept, and it may be tried again. Raises
        `StoreError` for a file or database that is damaged, full or somebody
        else's. What the body raises goes on, and takes everything back.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


def parts(values: Sequence[Item], size: int = AT_ONCE) -> Iterator[Sequence[Item]]:
    """The values in pieces, such as one statement takes."""
    return (values[start : start + size] for start in range(0, len(values), size))


def marks_of(values: Sequence[Any]) -> str:
    """A `?` for each of them."""
    return ", ".join("?" * len(values))


def check_dimension(database: Database, key: str, kept: int, dimension: int) -> None:
    """Raise `StoreError` where the features of a network have another length in the database."""
    if kept != dimension:
        raise StoreError(
            f"What is kept {database.note}: {key} has features of {kept} numbers there, not {dimension};"
            " name another database"
        )
