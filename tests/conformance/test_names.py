"""Every public name of Turi Create is there, or on the list of what is left out; and nothing is both."""

import importlib
import inspect

import pytest

import helpers.sframe
import helpers.sframe.config
from helpers import tc
from helpers.photos import image_analysis
from helpers.sframe.left_out import LEFT_OUT

turicreate = pytest.importorskip(
    "turicreate", reason="Turi Create is not in this environment (environment.yml describes one)"
)


def public(owner):
    return {name for name in dir(owner) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["SFrame", "SArray", "Image", "image_analysis", "aggregate"])
def test_each_name_is_there_or_left_out(name):
    theirs = getattr(turicreate, name)
    ours = image_analysis if name == "image_analysis" else getattr(helpers.sframe, name)
    assert public(theirs) - public(ours) == set(LEFT_OUT[name])


def test_each_module_is_there_or_left_out():
    importlib.import_module("turicreate.meta")  # Turi Create does so itself, on the first apply()
    # helpers.tc has more names than helpers.sframe; tests/test_tc.py looks whether they are there.
    assert public(turicreate) - public(helpers.sframe) - set(tc.__all__) == set(LEFT_OUT["turicreate"])


@pytest.mark.parametrize("name", ["SFrame", "SArray", "Image"])
def test_each_method_takes_the_same_arguments(name):
    """All that Turi Create's methods take, in the same order, can be given here too."""
    theirs, ours = getattr(turicreate, name), getattr(helpers.sframe, name)
    for method in sorted(public(theirs) & public(ours)):
        if not inspect.isroutine(getattr(theirs, method)):
            continue
        wanted, given = (_arguments(getattr(owner, method)) for owner in (theirs, ours))
        assert given[: len(wanted)] == wanted or "options" in given or "bounds" in given, f"{name}.{method}: {wanted}"


def _arguments(method):
    return [name for name in inspect.signature(method).parameters if not name.startswith("_") and name != "kwargs"]


def test_config_takes_the_same_calls():
    for name in public(turicreate.config):
        theirs, ours = (getattr(owner, name) for owner in (turicreate.config, helpers.sframe.config))
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters), name


@pytest.mark.parametrize("name", ["load_images", "resize", "get_deep_features"])
def test_each_function_takes_the_same_arguments(name):
    wanted, given = (
        list(inspect.signature(getattr(module, name)).parameters)
        for module in (turicreate.image_analysis, image_analysis)
    )
    assert given == wanted
