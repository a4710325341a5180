"""What is left out says so, and stays out of the way of `hasattr`, `copy` and notebooks."""

import copy

import pytest

from helpers.errors import LeftOut
from helpers.photos import image_analysis
from helpers.sframe import Image, SArray, SFrame, aggregate
from helpers.sframe.left_out import LEFT_OUT, refuse

OBJECTS = {
    "SFrame": SFrame({"a": [1]}),
    "SArray": SArray([1]),
    "Image": Image(),
    "image_analysis": image_analysis,
    "aggregate": aggregate,
}
NAMES = [(owner, name) for owner in OBJECTS for name in LEFT_OUT[owner]]


@pytest.mark.parametrize("owner, name", NAMES)
def test_each_name_says_that_it_is_left_out(owner, name):
    with pytest.raises(LeftOut, match=f"{owner}.{name} is left out of the stand-in for Turi Create; "):
        getattr(OBJECTS[owner], name)
    assert not hasattr(OBJECTS[owner], name)
    with pytest.raises(NotImplementedError):
        getattr(OBJECTS[owner], name)


@pytest.mark.parametrize("name", ["from_sql", "date_range"])
def test_class_methods_too(name):
    owner = SFrame if name == "from_sql" else SArray
    with pytest.raises(LeftOut, match=name):
        getattr(owner, name)


def test_the_module_itself():
    with pytest.raises(LeftOut, match=r"turicreate.SGraph is left out .* networkx"):
        refuse("turicreate", "SGraph")


@pytest.mark.parametrize("owner", OBJECTS)
@pytest.mark.parametrize("name", ["foo", "_repr_mimebundle_", "_ipython_display_", "__wrapped__"])
def test_other_names_are_plain_attribute_errors(owner, name):
    with pytest.raises(AttributeError) as caught:
        getattr(OBJECTS[owner], name)
    assert not isinstance(caught.value, LeftOut)


def test_copies_work():
    for owner in ("SFrame", "SArray"):
        assert list(copy.copy(OBJECTS[owner])) == list(copy.deepcopy(OBJECTS[owner])) == list(OBJECTS[owner])


def test_nothing_can_be_hung_on_a_frame():
    """As in Turi Create, whose frames have slots: a misspelt column is an error, not an attribute."""
    for name in ("SFrame", "SArray", "Image"):
        with pytest.raises(AttributeError):
            OBJECTS[name].colour = 1


def test_subclasses_still_answer():
    class Photos(SFrame):
        pass

    with pytest.raises(AttributeError):
        Photos().stack  # noqa: B018
