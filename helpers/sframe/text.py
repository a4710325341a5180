"""Values as text, as Turi Create writes them, and back.

Lists of numbers are `[1 2.5]`, other lists `[1,"a",]` with nothing where a
value is missing, dicts `{"a":1, "b":[1 2]}`, dates `20200102T030405`.
"""

import datetime
import re
from array import array
from typing import Any, Callable, List, Tuple

from helpers.sframe.errors import Unsupported
from helpers.sframe.image import Image

_TOKEN = re.compile(r'\s*(?:([\[\]{},:])|"((?:[^"\\]|\\.)*)"|([^\[\]{},:"]*[^\[\]{},:"\s]))')
_WHOLE = re.compile(r"[+-]?\d+")
_FRACTION = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|nan)", re.IGNORECASE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/"}


def short(number: float) -> str:
    """A number in six digits, as Turi Create's `astype(str)` has it."""
    return f"{number:g}"


def exact(number: float) -> str:
    """A number in the fewest digits that read back as the same number."""
    text = repr(float(number))
    return text[:-2] if text.endswith(".0") else text


def written(value: Any, number: Callable[[float], str] = short, strict: bool = False) -> str:
    """One value as text; `number` writes a float.

    With `strict`, quotes and backslashes in the texts of a list or dict are
    escaped, which `astype(str)` does not do in Turi Create but a CSV file needs.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, array):
        return "[" + " ".join(number(item) for item in value) + "]"
    if isinstance(value, datetime.datetime):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return value.strftime("%Y%m%dT%H%M%S") + fraction
    if isinstance(value, Image):
        return f"Height: {value.height} Width: {value.width}"
    if isinstance(value, list):
        return "[" + ",".join(_quoted(item, number, strict) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_quoted(key, number, strict)}:{_quoted(item, number, strict)}" for key, item in value.items())
        return "{" + ("," if strict else ", ").join(pairs) + "}"
    return str(value)


def whole(text: str) -> int:
    """A whole number; raises `Unsupported` for any other text, blanks around it included."""
    if not _WHOLE.fullmatch(text):
        raise Unsupported(f"{text!r} is not a whole number; astype(int, undefined_on_failure=True) makes it missing")
    return int(text)


def fraction(text: str) -> float:
    """A number; raises `Unsupported` for any other text, blanks around it included."""
    if not _FRACTION.fullmatch(text):
        raise Unsupported(f"{text!r} is not a number; astype(float, undefined_on_failure=True) makes it missing")
    return float(text)


def parsed(text: str) -> Any:
    """The list, array or dict that a text in brackets describes; raises `Unsupported` for any other text."""
    tokens = [match.groups() for match in _TOKEN.finditer(text)]
    if "".join(match.group() for match in _TOKEN.finditer(text)).strip() != text.strip() or not tokens:
        raise Unsupported(f"{text[:40]!r} is not a list or dict")
    try:
        value, rest = _parse(tokens, 0)
    except IndexError:
        raise Unsupported(f"{text[:40]!r} ends before its last bracket") from None
    if rest != len(tokens) or not isinstance(value, (list, array, dict)):
        raise Unsupported(f"{text[:40]!r} is not a list or dict")
    return value


def escaped(text: str) -> str:
    r"""Text with backslashes, line ends and tabs written as `\\`, `\n`, `\r` and `\t`."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def unescaped(text: str) -> str:
    r"""Text with `\n`, `\t`, `\"` and `\\` replaced by what they stand for; other backslashes are kept."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group()), text, flags=re.DOTALL)


def _quoted(value: Any, number: Callable[[float], str], strict: bool) -> str:
    if not isinstance(value, str):
        return written(value, number, strict)
    return '"' + (escaped(value).replace('"', '\\"') if strict else value) + '"'


def _parse(tokens: List[Tuple[str, ...]], at: int) -> Tuple[Any, int]:
    mark = tokens[at][0]
    if mark == "[":
        return _parse_list(tokens, at + 1)
    if mark == "{":
        return _parse_dict(tokens, at + 1)
    if mark is not None:
        return None, at  # nothing between two commas: a missing value
    return _scalar(tokens[at]), at + 1


def _parse_list(tokens: List[Tuple[str, ...]], at: int) -> Tuple[Any, int]:
    items: List[Any] = []
    while tokens[at][0] != "]":
        if tokens[at][2] is not None and len(tokens[at][2].split()) > 1 and _numbers(tokens[at][2].split()):
            items += map(_number, tokens[at][2].split())  # `[1 2 3]`
            at += 1
        else:
            item, at = _parse(tokens, at)
            items.append(item)
        if tokens[at][0] == ",":
            at += 1
            if tokens[at][0] == "]":
                items.append(None)
    numeric = items and all(isinstance(item, (int, float)) for item in items)
    return (array("d", items) if numeric else items), at + 1


def _parse_dict(tokens: List[Tuple[str, ...]], at: int) -> Tuple[Any, int]:
    pairs = {}
    while tokens[at][0] != "}":
        key, at = _parse(tokens, at)
        if tokens[at][0] != ":":
            raise Unsupported("a dict needs a colon after each key")
        pairs[key], at = _parse(tokens, at + 1)
        if tokens[at][0] == ",":
            at += 1
    return pairs, at + 1


def _scalar(token: Tuple[str, ...]) -> Any:
    if token[1] is not None:
        return unescaped(token[1])
    return _number(token[2]) if _numbers([token[2]]) else token[2]


def _numbers(texts: List[str]) -> bool:
    return all(_FRACTION.fullmatch(text) for text in texts)


def _number(text: str) -> float:
    return int(text) if _WHOLE.fullmatch(text) else float(text)
