"""A work-alike of Turi Create's SFrame for Pythons and machines that Turi Create has no wheels for.

The same calls give the same answers, on pandas and numpy;
`tests/conformance/` compares them with Turi Create's, call by call. What is
left out, and what to use instead, is in `helpers.sframe.left_out`.

What differs on purpose:

- Images stand upright (EXIF), are lazy, and may be any photo that Pillow reads.
- Nothing is lazy but images; nothing is on disk until it is saved, and then in
  a format of its own: Turi Create's needs Turi Create, `export_csv` leads out.
- CSV files keep all digits of a number, and all rows: columns get the type
  that fits every row, as do the results of `apply`.
- Dates from pandas and numpy get no timezone that they did not have.
- Sorting is stable and puts NaN last; groups and unique values come in order of
  first appearance; joins keep the order of the left frame. Turi Create leaves
  all of these open.
- Random parts are drawn from numpy's random numbers.
- Lists of numbers are divided exactly (Turi Create cuts the quotients off where
  the lists are on the right); `argmax` takes columns that begin with None, and
  says where `max` is in a column with NaN.
"""

from helpers.sframe.array.array import SArray
from helpers.sframe.frame import aggregate
from helpers.sframe.frame.frame import SFrame, load_sframe
from helpers.sframe.image import Image

__all__ = ["Image", "SArray", "SFrame", "aggregate", "load_sframe"]
