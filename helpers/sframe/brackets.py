"""Lists and dicts that a text describes, as Turi Create reads them, and as Python, pandas and JSON write them.

`[1,"a",[2.5]]`, `{'a': 1}`. A text needs quotes only where it holds brackets or commas; nothing between two
commas is a missing value. Numbers may have blanks between them instead of commas: `[1 2.5]`.
"""

import re
from array import array
from typing import Any, Callable, Dict, List, Tuple, Union

from helpers.sframe.errors import Unsupported

FRACTION = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:inf(?:inity)?|nan)", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
LONGEST = 19  # digits of a whole number in 64 bits, leading zeros aside
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_ITEM = re.compile(r"[^\[\]{},]*")
_KEY = re.compile(r"[^\[\]{},:]*")
_BLANKS = re.compile(r"\s*")
_OF_NUMBERS = re.compile(r"[\d.,;+\seinfaty-]*", re.ASCII | re.IGNORECASE)  # `float` also takes 1_0 and other digits
_BETWEEN = re.compile(r"\s*[,;]\s*|\s+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_DEEPEST = 100  # brackets within brackets


def numbers(text: str) -> array:
    """The numbers in brackets, with commas, semicolons or blanks between them; raises `Unsupported`."""
    body = text.strip()
    if not (body.startswith("[") and body.endswith("]") and _OF_NUMBERS.fullmatch(body, 1, len(body) - 1)):
        raise Unsupported(f"{text[:40]!r} is not a list of numbers")
    words = _BETWEEN.split(body[1:-1].strip())
    if words == [""]:
        return array("d")
    try:
        return array("d", map(float, words))
    except ValueError:
        raise Unsupported(f"{text[:40]!r} is not a list of numbers") from None


def parsed(text: str) -> Union[List[Any], Dict[Any, Any]]:
    """The list or dict that a text in brackets describes; raises `Unsupported` for any other text."""
    value, end = bracketed(text, 0)
    if text[end:].strip():
        raise Unsupported(f"{text[:40]!r} goes on after its last bracket")
    return value


def parsed_as(kind: type) -> Callable[[str], Any]:
    """A `parsed` that also raises `Unsupported` for a list where a dict is asked for, and the other way round."""

    def convert(text: str) -> Any:
        value = parsed(text)
        if not isinstance(value, kind):
            raise Unsupported(f"{text[:40]!r} is not a {kind.__name__}")
        return value

    return convert


def bracketed(text: str, at: int) -> Tuple[Union[List[Any], Dict[Any, Any]], int]:
    """The list or dict that begins at a place of a text, and where it ends; raises `Unsupported`."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # fits anything
    if text[at : at + 1] not in ("[", "{"):
        raise Unsupported(f"{text[at : at + 40]!r} is not a list or dict")
    return _nested(text, at, 0)


def unescaped(text: str, escape: str = "\\") -> str:
    r"""Text with `\n`, `\t`, `\"` and `\\` replaced by what they stand for; other backslashes are kept."""
    pattern = re.escape(escape) + "(.)"
    known = {**_ESCAPES, escape: escape}
    return re.sub(pattern, lambda match: known.get(match.group(1), match.group()), text, flags=re.DOTALL)


def number(text: str) -> Union[int, float]:
    """A whole number, or a fraction; a float too where 64 bits are too few."""
    if not WHOLE.fullmatch(text) or len(text.lstrip("+-0")) > LONGEST:
        return float(text)
    value = int(text)
    return value if -(2**63) <= value < 2**63 else float(text)


def _nested(text: str, at: int, depth: int) -> Tuple[Any, int]:
    if depth > _DEEPEST:
        raise Unsupported(f"more than {_DEEPEST} brackets within each other")
    return _list(text, at + 1, depth + 1) if text[at] == "[" else _dict(text, at + 1, depth + 1)


def _list(text: str, at: int, depth: int) -> Tuple[List[Any], int]:
    items: List[Any] = []
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] == "]":
        return items, at + 1
    mark = ","
    while mark == ",":
        several, at = _items(text, at, depth, _ITEM)
        items += several
        mark, at = _mark(text, at, ",]")
    return items, at


def _dict(text: str, at: int, depth: int) -> Tuple[Dict[Any, Any], int]:
    pairs: Dict[Any, Any] = {}
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] == "}":
        return pairs, at + 1
    mark = ","
    while mark == ",":
        (key, *more), at = _items(text, at, depth, _KEY)
        if more or isinstance(key, (list, dict)):
            raise Unsupported(f"{text[:40]!r}: the keys of a dict are numbers or texts")
        _, at = _mark(text, at, ":")
        values, at = _items(text, at, depth, _ITEM)
        pairs[key] = values[0] if len(values) == 1 else values
        mark, at = _mark(text, at, ",}")
    return pairs, at


def _items(text: str, at: int, depth: int, plain: "re.Pattern[str]") -> Tuple[List[Any], int]:
    """The next value, and where it ends; several, where they are numbers with blanks between them."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] in ("[", "{"):
        value, at = _nested(text, at, depth)
        return [value], at
    quoted = _QUOTED.match(text, at)
    if quoted:
        return [unescaped(quoted.group(quoted.lastindex or 1))], quoted.end()
    match = plain.match(text, at)
    assert match is not None  # it fits anything
    words = match.group().split()
    if len(words) > 1 and _are_numbers(words):
        return [number(word) for word in words], match.end()
    return [_word(match.group().strip())], match.end()


def _mark(text: str, at: int, marks: str) -> Tuple[str, int]:
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    mark = text[at : at + 1]
    if not mark or mark not in marks:
        raise Unsupported(f"{text[:40]!r} is not a list or dict: place {at + 1} should have one of {' '.join(marks)}")
    return mark, at + 1


def _word(word: str) -> Any:
    if not word:
        return None
    if not FRACTION.fullmatch(word):
        return word
    value = number(word)
    return word if isinstance(value, float) and WHOLE.fullmatch(word) else value  # all its digits, as a text


def _are_numbers(words: List[str]) -> bool:
    return all(FRACTION.fullmatch(word) for word in words)
