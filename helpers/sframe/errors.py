"""What can go wrong with a frame, each both ours and the exception that Turi Create raises there.

A notebook that says `except RuntimeError` because Turi Create raises that for
a missing column goes on working here; `except FrameError` catches them all.
"""

from helpers.errors import FrameError, LeftOut, PhotoError


class NoSuchColumn(FrameError, KeyError, RuntimeError, ValueError):
    """A column that the frame does not have; Turi Create raises one of three, by method."""

    __str__ = Exception.__str__  # KeyError would print the message as a quoted string


class ColumnExists(FrameError, RuntimeError, ValueError):
    """A column name that is taken already."""


class SizeMismatch(FrameError, IndexError, RuntimeError, ValueError):
    """Columns, or a column and a mask, of different lengths."""


class OutOfRange(FrameError, IndexError, OverflowError):
    """A row number, a step or a count that points outside of the rows."""


class Unsupported(FrameError, TypeError, RuntimeError):
    """An operation that the types of the values do not have."""


class NotFound(FrameError, FileNotFoundError, RuntimeError):
    """No such file or folder."""


class NotAFrame(FrameError, OSError):
    """A file or folder that holds no frame, or one that cannot be written there."""


class BadData(FrameError, RuntimeError, ValueError):
    """A file whose contents are not in the format asked for."""


class BadImage(PhotoError, RuntimeError):
    """A photo that cannot be read; `str(error)` names the file and the reason."""


class LeftOutName(LeftOut, AttributeError):
    """A name of Turi Create that the stand-in lacks: an AttributeError too, so that `hasattr` says no."""
