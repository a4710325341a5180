"""A stand-in for Turi Create's SFrame on Pythons and machines that Turi Create has no wheels for.

The same calls return the same results, on pandas and numpy;
`tests/conformance/` compares them with Turi Create's, call by call. The parts
that are left out, and what to use instead, are in `helpers.sframe.left_out`.

Different on purpose:

- Images are upright (EXIF), lazy, and may be any photo that Pillow reads.
- Only images are lazy; nothing is on disk until it is saved, and then in another
  format: Turi Create's needs Turi Create, `export_csv` works for both.
- CSV files keep all digits of a number, and all rows: columns get the type
  that fits every row, as do the results of `apply`.
- Dates from pandas and numpy without a timezone stay without one.
- Sorting is stable and puts NaN last; groups and unique values come in order of
  first appearance; joins keep the order of the left frame. Turi Create
  guarantees none of this.
- Random parts are drawn with numpy's random numbers.
- Lists of numbers are divided exactly (Turi Create truncates the quotients where
  the lists are on the right); `argmax` works on columns that begin with None,
  and finds `max` in a column with NaN.
"""

from helpers.sframe.array.sarray import SArray
from helpers.sframe.frame import aggregate
from helpers.sframe.frame.sframe import SFrame, load_sframe
from helpers.sframe.image import Image

__all__ = ["Image", "SArray", "SFrame", "aggregate", "load_sframe"]
