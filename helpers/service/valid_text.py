"""Checks that text and JSON from outside can be kept by both databases, and sent again."""

import json
from typing import Any, Dict, List, Tuple

MOST_DETAILS = 65_536  # characters of a product's details as JSON
_DEEPEST = 20  # levels of lists and objects


def check_text(text: str) -> str:
    """The text itself; raises `ValueError` where it has a NUL or a lone surrogate, which PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("a NUL character is not allowed")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate) is not allowed") from None
    return text


def check_details(details: Dict[str, Any]) -> Dict[str, Any]:
    """The details themselves; raises `ValueError` where they are too large, too deep, or not JSON."""
    waiting: List[Tuple[Any, int]] = [(details, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (dict, list)) and depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} levels of lists and objects")
        if isinstance(value, dict):
            waiting += [(name, depth) for name in value]
        if isinstance(value, str):
            check_text(value)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(child, depth + 1) for child in children]
    try:
        length = len(json.dumps(details, allow_nan=False))
    except ValueError:
        raise ValueError("NaN and infinite numbers are not JSON") from None
    if length > MOST_DETAILS:
        raise ValueError(f"{length:,} characters as JSON; the limit is {MOST_DETAILS:,}")
    return details
