"""Names of columns."""

from typing import Any, Container

from helpers.sframe.errors import WrongName


def check_name(name: Any) -> None:
    """Raise `WrongName` unless a column name is a text."""
    if not isinstance(name, str):
        raise WrongName(f"a column name is a text, not {type(name).__name__}")


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with `.1` behind it as often as it takes to be free."""
    while name in taken:
        name += ".1"
    return name
