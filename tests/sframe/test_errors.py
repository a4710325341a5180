"""The errors of the stand-in: ours, whose message Jupyter shows first, and of the classes that Turi Create raises."""

import ast
import builtins
from array import array

import numpy as np
import pytest

from helpers.errors import KinframeError
from helpers.sframe import Image, SArray, SFrame, aggregate
from helpers.sframe.config import set_num_gpus
from tests.support.places import ROOT

CAUGHT = {"archive.py", "replacing.py"}  # where what is raised inside becomes a BadFile
FRAME = SFrame({"name": ["a", "b"], "number": [1, 2], "dict": [{}, {}]})
CALLS = {
    "two types in a column": (TypeError, lambda: SArray([1, "a"])),
    "what no column holds": (TypeError, lambda: SArray([object()])),
    "text as numbers": (TypeError, lambda: SArray(["a"], int)),
    "dates as text": (TypeError, lambda: SArray(["a"]).datetime_to_str()),
    "an array of three dimensions": (TypeError, lambda: SArray(np.zeros((2, 2, 2)))),
    "a type by its name": (TypeError, lambda: SArray([1], "int")),
    "a cast to no type": (TypeError, lambda: SArray([1]).astype("int")),
    "a filling of another type": (TypeError, lambda: SArray([1, None]).fillna("a")),
    "a column sorted by dicts": (TypeError, lambda: FRAME["dict"].sort()),
    "a slice of numbers": (TypeError, lambda: SArray([1]).element_slice(0, 1)),
    "a logical and with a number": (TypeError, lambda: SArray([1]) & 1),
    "a maximum of lists": (TypeError, lambda: SArray([array("d", [1.0])]).argmax()),
    "a column as a condition": (ValueError, lambda: bool(SArray([1]))),
    "rows by text": (IndexError, lambda: SArray([1])["a"]),
    "a column's function that is none": (AssertionError, lambda: SArray([1]).apply(1)),
    "a frame's function that is none": (AssertionError, lambda: FRAME.apply(1)),
    "a frame of a number": (ValueError, lambda: SFrame(1)),
    "a frame of a generator": (TypeError, lambda: SFrame(each for each in [1])),
    "an unknown format": (ValueError, lambda: SFrame([1], format="xml")),
    "a key that is none": (TypeError, lambda: FRAME[1.5]),
    "columns by number": (TypeError, lambda: FRAME[[1]]),
    "a column twice": (ValueError, lambda: FRAME[["name", "name"]]),
    "a name that is none": (TypeError, lambda: FRAME.add_column(SArray([1, 2]), 1)),
    "a frame with a number as name": (AttributeError, lambda: SFrame({1: [1]})),
    "a frame with two kinds of names": (TypeError, lambda: SFrame({"a": [1], 2: [2]})),
    "a column renamed to a number": (TypeError, lambda: FRAME.rename({"name": 1})),
    "a column renamed from a number": (ValueError, lambda: FRAME.rename({1: "a"})),
    "a column removed by a number": (KeyError, lambda: FRAME.remove_column(1)),
    "frames compared": (NotImplementedError, lambda: FRAME == FRAME),
    "sorted by a number": (TypeError, lambda: FRAME.sort(1)),
    "sorted by nothing": (ValueError, lambda: FRAME.sort([])),
    "grouped by dicts": (TypeError, lambda: FRAME.groupby("dict", aggregate.COUNT())),
    "no aggregate": (TypeError, lambda: FRAME.groupby("name", 1)),
    "more than all rows": (ValueError, lambda: FRAME.sample(2.0)),
    "joined with a list": (TypeError, lambda: FRAME.join([1])),
    "joined in no known way": (ValueError, lambda: FRAME.join(FRAME, how="cross")),
    "a hint that is none": (TypeError, lambda: SFrame.read_csv(str(ROOT / "README.md"), column_type_hints=1)),
    "JSON of no known kind": (ValueError, lambda: FRAME.export_json("x.json", orient="columns")),
    "pixels that are none": (ValueError, lambda: Image.from_array(np.zeros(3))),
    "half a graphics card": (ValueError, lambda: set_num_gpus(0.5)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_call_raises_an_error_of_ours_that_is_of_pythons_class_too(call):
    kind, run = CALLS[call]
    with pytest.raises(kind) as caught:
        run()
    assert isinstance(caught.value, KinframeError) and len(str(caught.value)) > 10


@pytest.mark.once("it reads our code")
def test_no_error_of_the_stand_in_is_a_bare_one_of_python():
    bare = []
    for path in (ROOT / "helpers" / "sframe").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            raised = getattr(node.exc, "func", node.exc) if isinstance(node, ast.Raise) else None
            if isinstance(raised, ast.Name) and hasattr(builtins, raised.id) and path.name not in CAUGHT:
                bare.append((path.name, raised.id))
    assert bare == [("left_out.py", "AttributeError")], "the last: a misspelt name, which Python explains itself"
