"""Text in a CSV that a spreadsheet may open, so that none of it is taken for a formula.

A spreadsheet runs what begins with `=`, `+`, `-` or `@`, and a file name can
come from anybody. Such text gets an apostrophe in front, which is how a
spreadsheet writes text, and loses it when it is read back. See OWASP, CSV
Injection.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # the last four are wide, and Japanese Excel takes them
_GUARDED = re.compile(rf"'{_FORMULA.pattern}")


def guarded(text: str) -> str:
    """As it stands in the file: `=1+2` as `'=1+2`; and `'=1+2` as `''=1+2`, to be told apart."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell
