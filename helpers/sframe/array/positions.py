"""Row numbers and slices, checked."""

from helpers.sframe.errors import OutOfRange, Unsupported


def count(n: int) -> int:
    """A number of rows; raises `OutOfRange` if it is negative."""
    if int(n) < 0:
        raise OutOfRange(f"{n} rows; ask for 0 or more")
    return int(n)


def row_number(row: int, length: int) -> int:
    """The row counted from the front; raises `OutOfRange` if there is no such row."""
    if not -length <= row < length:
        raise OutOfRange(f"row {row} of {length}; rows go from 0 to {length - 1}")
    return row % length


def forwards(rows: slice, length: int) -> slice:
    """A slice with its bounds counted from the front; Turi Create's go forwards only."""
    step = 1 if rows.step is None else int(rows.step)
    if step == 0:
        raise Unsupported("the step of a slice is 1 or more")
    if step < 0:
        raise OutOfRange("slices go forwards only; use .sort() with ascending=False, or a row number to sort by")
    start, stop = (None if bound is None else int(bound) for bound in (rows.start, rows.stop))
    for bound in (start, stop):
        if bound is not None and bound < -length:
            raise OutOfRange(f"row {bound} of {length}; rows go from {-length} to {length - 1}")
    return slice(start, stop, step)
