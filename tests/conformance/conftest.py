"""Turi Create and the stand-in side by side: one call, run on both, compared value by value and type by type.

Each test module is a table of calls: a name, and a function of the module
`tc`, which is Turi Create once and the stand-in once. The fixture `agree` runs
it on both and compares what the answer is made of: names, types, values (to 12
digits), or which exception is raised. The order of rows is compared too, but
for the calls whose order Turi Create leaves open: those say so.
"""

import datetime
import importlib
import math
import warnings
from array import array

import numpy as np
import pytest

from tests.conformance import stand_in

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        importlib.import_module("turicreate")
    except ImportError:
        pass  # the modules here skip themselves then


@pytest.fixture(scope="session")
def agree():
    """A function that runs a call, with further arguments, on both and fails where the answers differ."""
    turicreate = importlib.import_module("turicreate")

    def compare(call, *values, any_order=False):
        theirs, ours = _answer(call, turicreate, values), _answer(call, stand_in, values)
        if isinstance(theirs, type):
            assert isinstance(ours, Exception), f"Turi Create raises {theirs.__name__}, the stand-in answers {ours}"
            assert isinstance(ours, theirs), f"Turi Create raises {theirs.__name__}, the stand-in {ours!r}"
            assert str(ours), "an error without a message"
            return
        if isinstance(ours, Exception):
            raise AssertionError(f"Turi Create answers {theirs}") from ours
        _compare(theirs, ours, any_order)

    return compare


def _answer(call, tc, values):
    """What a call answers, in plain Python; Turi Create's exceptions as their class, ours as they are."""
    try:
        return _plain(call(tc, *values))
    except Exception as error:
        if tc is stand_in:
            return error
        return next(cls for cls in type(error).__mro__ if cls.__module__ == "builtins")


def _plain(value):
    kind = type(value).__name__
    if isinstance(value, type):
        return ("type", value.__name__)
    if kind == "SFrame":
        types = [dtype.__name__ for dtype in value.column_types()]
        return ("SFrame", value.column_names(), types, [[_plain(cell) for cell in row.values()] for row in value])
    if kind == "SArray":
        return ("SArray", value.dtype.__name__, [_plain(cell) for cell in value])
    if kind == "Image":
        return ("Image", value.height, value.width, value.channels)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return ("zoned", value.replace(tzinfo=None), value.utcoffset())  # their zones are a class of their own
    if isinstance(value, dict):
        return ("dict", {key: _plain(item) for key, item in value.items()})
    if isinstance(value, (list, tuple, array)):
        return (kind, [_plain(item) for item in value])
    if isinstance(value, np.ndarray):
        return ("ndarray", str(value.dtype), value.shape, [_plain(item) for item in value.ravel().tolist()])
    return value


def _compare(theirs, ours, any_order):
    if any_order and isinstance(theirs, tuple) and theirs[0] in ("SFrame", "SArray"):
        assert theirs[:-1] == ours[:-1]
        theirs, ours = (sorted(answer[-1], key=repr) for answer in (theirs, ours))
    assert _same(theirs, ours), f"Turi Create: {theirs}\nstand-in:    {ours}"


def _same(theirs, ours):
    if type(theirs) is not type(ours):
        return False
    if isinstance(theirs, float):
        return (math.isnan(theirs) and math.isnan(ours)) or math.isclose(theirs, ours, rel_tol=1e-12, abs_tol=1e-300)
    if isinstance(theirs, (list, tuple)):
        return len(theirs) == len(ours) and all(map(_same, theirs, ours))
    if isinstance(theirs, dict):
        return theirs.keys() == ours.keys() and all(_same(theirs[key], ours[key]) for key in theirs)
    return theirs == ours
