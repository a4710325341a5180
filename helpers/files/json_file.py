"""Reading JSON that anybody may have written: whatever is wrong with it is a `ValueError`."""

import json
import math
import os
from pathlib import Path
from typing import Any, Optional, Union

from helpers.files.reading import LARGEST, read_regular

_DIGITS = 400  # of a whole number; a longer one is larger than any float, and takes quadratic time to read


def read_json(path: Union[str, "os.PathLike[str]"], *, most: Optional[int] = LARGEST) -> Any:
    """What is in a regular JSON file of at most `most` bytes (None: of any size).

    Raises `ValueError` as `parse_json`, and `OSError` as `helpers.files.reading.open_regular`.
    """
    return parse_json(read_regular(Path(path), most=most))


def parse_json(content: Union[str, bytes]) -> Any:
    """The value of JSON; raises `ValueError` for anything else, also for what is nested too deeply.

    A whole number that no float holds is infinite, as 1e999 is.
    """
    try:
        return json.loads(content, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS else -math.inf if digits.startswith("-") else math.inf
