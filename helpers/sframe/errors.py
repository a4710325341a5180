"""The errors of frames; each is also of the class that Turi Create raises there.

A notebook with `except RuntimeError`, because Turi Create raises that for a
missing column, works here too; `except FrameError` catches all but those of photos.
"""

from helpers.errors import FrameError, PhotoError


class NoSuchColumn(FrameError, KeyError, RuntimeError, ValueError):
    """A column that the frame does not have; Turi Create raises one of these three, depending on the method."""

    __str__ = Exception.__str__  # KeyError would print the message as a quoted string


class ColumnExists(FrameError, RuntimeError, ValueError):
    """A column name that the frame has already."""


class SizeMismatch(FrameError, IndexError, RuntimeError, ValueError):
    """Columns, or a column and a mask, of different lengths."""


class OutOfRange(FrameError, IndexError, OverflowError):
    """A row number, a step or a count that points outside the rows."""


class Unsupported(FrameError, TypeError, RuntimeError):
    """An operation that is not defined for the types of the values."""


class WrongType(FrameError, TypeError):
    """A value, an argument or a column of a type that cannot be used there."""


class WrongName(WrongType, AttributeError, KeyError, ValueError):
    """A column name that is no text; Turi Create raises one of these four, depending on the method."""

    __str__ = Exception.__str__  # KeyError would print the message as a quoted string


class WrongValue(FrameError, ValueError):
    """An argument of the right type that cannot be used."""


class WrongKey(FrameError, IndexError):
    """Rows that are chosen by something that names no rows."""


class WrongCall(FrameError, AssertionError):
    """An argument that Turi Create checks by an assertion, such as the function of `apply`."""


class NoSuchFile(FrameError, FileNotFoundError, RuntimeError):
    """No such file or folder."""


class BadFile(FrameError, OSError, RuntimeError, ValueError):
    """A file or folder that is not a frame in the expected format, or that cannot be written."""


class BadImage(PhotoError, RuntimeError):
    """A photo that cannot be read; `str(error)` names the file and the reason."""
