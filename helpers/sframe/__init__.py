"""A stand-in for Turi Create's SFrame on Pythons and machines that Turi Create has no wheels for.

The same calls return the same results, on pandas and numpy;
`tests/conformance/` compares them with Turi Create's, call by call. The parts
that are left out, and what to use instead, are in `helpers.sframe.left_out`.

What differs on purpose, and why, is in `docs/names.md`.
"""

from helpers.sframe.array.sarray import SArray
from helpers.sframe.frame import aggregate
from helpers.sframe.frame.sframe import SFrame, load_sframe
from helpers.sframe.image import Image

__all__ = ["Image", "SArray", "SFrame", "aggregate", "load_sframe"]
