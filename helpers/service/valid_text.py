"""What words from outside may hold, so that every database can keep them and every answer can tell them."""

import json
from typing import Any, Dict, List, Tuple

MOST_DETAILS = 65_536  # characters of a product's details as JSON
_DEEPEST = 20  # lists and objects within each other


def check_text(text: str) -> str:
    """The text as it is; raises `ValueError` where it holds a NUL or half a character, which PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("a NUL character cannot be kept")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate) cannot be kept") from None
    return text


def check_details(details: Dict[str, Any]) -> Dict[str, Any]:
    """The details as they are; raises `ValueError` where they are too large, too deep, or nothing that JSON has."""
    waiting: List[Tuple[Any, int]] = [(details, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (dict, list)) and depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} lists and objects within each other")
        if isinstance(value, dict):
            waiting += [(each, depth) for each in value]
        if isinstance(value, str):
            check_text(value)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(child, depth + 1) for child in children]
    try:
        length = len(json.dumps(details, allow_nan=False))
    except ValueError:
        raise ValueError("NaN and infinite numbers are not JSON") from None
    if length > MOST_DETAILS:
        raise ValueError(f"{length:,} characters as JSON; {MOST_DETAILS:,} are the most")
    return details
