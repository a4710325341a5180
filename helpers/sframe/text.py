"""Values as text, as Turi Create writes them, and numbers back; `helpers.sframe.brackets` reads the rest.

Lists of numbers are `[1 2.5]`, other lists `[1,"a",]` with nothing where a
value is missing, dicts `{"a":1, "b":[1 2]}`, dates `20200102T030405`.
"""

import datetime
from array import array
from typing import Any, Callable

import numpy as np

from helpers.sframe.brackets import FRACTION, WHOLE, number
from helpers.sframe.errors import Unsupported
from helpers.sframe.image import Image

_BLANKS = " \t\n\v\f\r"


def short(number: float) -> str:
    """A number in six digits, as Turi Create's `astype(str)` has it."""
    return f"{number:g}"


def exact(number: float) -> str:
    """A number in the fewest digits that read back as the same number."""
    text = repr(float(number))
    return text[:-2] if text.endswith(".0") else text


def written(value: Any, digits: Callable[[float], str] = short, strict: bool = False) -> str:
    """One value as text; `digits` writes a float.

    With `strict`, quotes and backslashes in the texts of a list or dict are
    escaped, which `astype(str)` does not do in Turi Create but a CSV file needs.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return digits(value)
    if isinstance(value, array):
        return "[" + " ".join(digits(item) for item in value) + "]"
    if isinstance(value, np.ndarray):
        return "[" + ",".join(written(item, digits) for item in value) + "]"
    if isinstance(value, datetime.datetime):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return value.strftime("%Y%m%dT%H%M%S") + fraction
    if isinstance(value, Image):
        return f"Height: {value.height} Width: {value.width}"
    if isinstance(value, list):
        return "[" + ",".join(_quoted(item, digits, strict) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_quoted(key, digits, strict)}:{_quoted(item, digits, strict)}" for key, item in value.items())
        return "{" + ("," if strict else ", ").join(pairs) + "}"
    return str(value)


def whole(text: str) -> int:
    """A whole number, blanks before it or not; raises `Unsupported` for any other text, blanks after it included."""
    digits = text.lstrip(_BLANKS)
    value = number(digits) if WHOLE.fullmatch(digits) else None
    if not isinstance(value, int):
        raise Unsupported(
            f"{text[:40]!r} is not a whole number of 64 bits; astype(int, undefined_on_failure=True) makes it missing"
        )
    return value


def fraction(text: str) -> float:
    """A number, blanks before it or not; raises `Unsupported` for any other text, blanks after it included."""
    if not FRACTION.fullmatch(text.lstrip(_BLANKS)):
        raise Unsupported(f"{text!r} is not a number; astype(float, undefined_on_failure=True) makes it missing")
    return float(text)


def escaped(text: str) -> str:
    r"""Text with backslashes, line ends and tabs written as `\\`, `\n`, `\r` and `\t`."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _quoted(value: Any, digits: Callable[[float], str], strict: bool) -> str:
    if isinstance(value, array) and strict:
        return "[" + ",".join(map(digits, value)) + "]"
    if not isinstance(value, str):
        return written(value, digits, strict)
    return '"' + (escaped(value).replace('"', '\\"') if strict else value) + '"'
