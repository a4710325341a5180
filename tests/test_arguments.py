"""What people pass by mistake: each public function names it, and the way to what it needs."""

import importlib
import inspect

import numpy as np
import pandas as pd
import pytest

from helpers.arguments import did_you_mean, takes
from helpers.errors import ArgumentError, KinframeError
from helpers.frames import SArray, SFrame

ROOMS = ("photos", "features", "networks", "similarity", "explorer", "collection", "season", "service")
MADE = {  # by functions of theirs, not by hand
    "Autoencoder",
    "Classifier",
    "Description",
    "LoadedModel",
    "Network",
    "Parts",
    "PhotosUnavailable",
    "Rankings",
    "SimilarityModel",
    "WeightsFile",
}
FRAME = SFrame({"x": [1, 2]})
MISTAKES = {
    "None": None,
    "a number": 5,
    "a DataFrame": pd.DataFrame({"path": ["a.jpg"]}),
    "what load_photos returns": (FRAME, FRAME),
    "a dict": {"path": "a.jpg"},
}


def needed(function):
    """The names of the parameters that it must be given."""
    called = function.__init__ if inspect.isclass(function) else function
    parameters = inspect.signature(called).parameters.values()
    several = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in several and each.name != "self"
    ]


def public():
    """Each public function and class that needs something, with its room."""
    for room in ROOMS:
        face = importlib.import_module(f"helpers.{room}")
        for name in face.__all__:
            value = getattr(face, name)
            if callable(value) and name not in MADE and needed(value):
                yield pytest.param(value, id=f"{room}.{name}")


@pytest.mark.parametrize("function", list(public()))
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_by_every_public_function(function, mistake):
    with pytest.raises(KinframeError):
        function(mistake, **{name: object() for name in needed(function)[1:]})


class SimilarityModel:
    data = FRAME


class Season:
    pass


@takes(model="model", odd="frame: oddities(model)", to="path")
def look(model, odd=None, to="here"):
    """A function of ours."""
    return model


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((FRAME,), r"look\(\) takes a model, not an SFrame; build one of it: model = create\(data\)"),
        (("photos/",), r"not the text 'photos/'; build one: data, bad = load_photos\(folder\), and then model"),
        (((FRAME, FRAME),), r"not 2 frames; load_photos gives two, .*: data, bad = load_photos\(folder\), and then"),
        ((None,), r"look\(\) takes a model, not None"),
        ((np.zeros(3),), "not an array"),
        ((SArray([1]),), r"not a column \(SArray\)"),
        ((SimilarityModel(), 5), r"look\(odd=…\) takes an SFrame, not 5; oddities\(model\) makes one"),
        ((SimilarityModel(), FRAME, b"x"), r"look\(to=…\) takes a path, not bytes; write it as text"),
    ],
)
def test_the_message_has_the_function_what_was_given_and_the_way_out(given, message):
    with pytest.raises(ArgumentError, match=message):
        look(*given)


def test_what_is_right_or_may_be_goes_through():
    for model in (SimilarityModel(), Season(), object()):
        assert look(model) is model
    assert look(SimilarityModel(), None, "a path")
    assert (
        look.__name__ == "look" and look.__doc__ and list(inspect.signature(look).parameters) == ["model", "odd", "to"]
    )


def test_pythons_own_messages_stay():
    with pytest.raises(TypeError, match="look"):
        look()
    with pytest.raises(TypeError, match="unexpected keyword"):
        look(SimilarityModel(), wrong=1)


@pytest.mark.parametrize(
    ("name", "message"),
    [("Speces", "did you mean 'species'?"), ("zzz", "it has species, taken"), (5, "it has species, taken")],
)
def test_the_nearest_name(name, message):
    assert did_you_mean(name, ["species", "taken"]) == message
    assert did_you_mean("x", [], "there are") == "there are none"
    assert did_you_mean("zz", map(str, range(30))).endswith("and 10 others")
