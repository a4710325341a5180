"""Checks of arguments, with the same messages everywhere."""

import difflib
import functools
import inspect
import numbers
import os
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, TypeVar, cast

import numpy as np

from helpers.errors import ArgumentError

_Function = TypeVar("_Function", bound=Callable[..., Any])
_SHOWN = 20  # names in a message
_Kind = Tuple[str, str]  # a key of `_WAYS`, or what none of these functions takes; and in words

# What a public function takes, how a person gets one, and how from what was given in its place.
_LOAD = "data, bad = load_photos(folder)"
_WAYS: Dict[str, Dict[str, str]] = {
    "model": {
        "": f"build one: {_LOAD}, and then model = create(data)",
        "frame": "build one of it: model = create(data)",
        "frames": f"load_photos gives two, the photos and what was left out: {_LOAD}, and then model = create(data)",
        "atlas": "give its model: atlas.model",
        "sightings": "give their season: sightings.season",
    },
    "frame": {
        "": f"{_LOAD} makes one",
        "frames": f"load_photos gives two, the photos and what was left out: {_LOAD}",
        "DataFrame": "tc.SFrame(table) makes one of it",
        "model": "give the frame that it was built of: model.data",
        "season": "give its frame: season.data",
    },
    "season": {"": "build one of a model: season = Season(model)"},
    "atlas": {"": "make one of a model: atlas = Atlas(model)"},
    "clusters": {"": "make them of a model: found = cluster(model)"},
    "sightings": {"": "search a season: sightings = Sightings(season, like=…)"},
    "review": {"": "make one first, such as DetectionReview or LabelReview"},
    "detections": {"": "find them first: detections = find_animals(data)"},
    "path": {"": "write it as text: 'path/to/it'"},
    "photo": {"": "give the bytes of its file"},
    "text": {"": "write it in quotes: 'fox'"},
    "number": {"": "write it without quotes: 5"},
    "list": {"frame": "give a column of it, such as data['image']", "": "write it as [first, second]"},
    "network": {"": "open one first: load_network(name)"},
    "autoencoder": {"": "train one first: train_autoencoder(data, path)"},
}
_WORDS = {
    "frame": "an SFrame",
    "atlas": "an atlas",
    "autoencoder": "an autoencoder",
    "clusters": "clusters",
    "sightings": "sightings",
    "detections": "detections",
    "photo": "the bytes of a photo",
    "text": "text",
}  # any other is "a" and its key
_CLASSES = {  # by name: these rooms are above this module
    "SimilarityModel": "model",
    "Season": "season",
    "Atlas": "atlas",
    "Clusters": "clusters",
    "Sightings": "sightings",
    "Detections": "detections",
    "Autoencoder": "autoencoder",
    "LoadedModel": "network",
}
_ALSO = {"season": "model", "text": "path", "Series": "list"}  # what counts as another kind too


def takes(**wanted: str) -> Callable[[_Function], _Function]:
    """Let a function check what it is given for its parameters: `model="model"`, `given="model or frame"`.

    What makes a frame that does not come from `load_photos` follows its kind: `odd="frame: oddities(model)"`.

    It raises `ArgumentError` for what is plainly something else, with the way
    from there to what is needed; objects that nobody here knows are let through.
    A season counts as a model.
    """

    def decorate(function: _Function) -> _Function:
        signature = inspect.signature(function)
        name = function.__qualname__.replace(".__init__", "").rpartition(".")[2]
        first = next(each for each in signature.parameters if each != "self")

        @functools.wraps(function)
        def checked(*arguments: Any, **named: Any) -> Any:
            try:
                given = signature.bind_partial(*arguments, **named).arguments
            except TypeError:
                given = {}  # Python reports it when it is called
            for parameter, kinds in wanted.items():
                value = given.get(parameter, signature.parameters[parameter].default)
                if value is not signature.parameters[parameter].default:
                    _check(f"{name}({'' if parameter == first else f'{parameter}=…'})", value, kinds)
            return function(*arguments, **named)

        return cast(_Function, checked)

    return decorate


def _check(call: str, value: Any, wanted: str) -> None:
    names, _, maker = wanted.partition(": ")
    kinds, known = names.split(" or "), _kind(value)
    if known is None or known[0] in kinds or _ALSO.get(known[0]) in kinds:
        return
    ways = [_WAYS[kind].get(known[0], "") for kind in kinds]
    way = f"{maker} makes one" if maker else next(filter(None, ways), _WAYS[kinds[0]][""])
    raise ArgumentError(
        f"{call} takes {' or '.join(_WORDS.get(kind, f'a {kind}') for kind in kinds)}, not {known[1]}; {way}"
    )


def _kind(value: Any) -> Optional[_Kind]:
    """What something is; None where it may be anything."""
    kind = type(value)
    if hasattr(kind, "column_names"):
        return "frame", "an SFrame"
    for each in kind.__mro__:
        if each.__name__ in _CLASSES:
            named = _CLASSES[each.__name__]
            return named, _WORDS.get(named, f"a {named}")
    if value is None:
        return "None", "None"
    if isinstance(value, numbers.Number):
        return "number", repr(value)
    if isinstance(value, str):
        return "text", f"the text {value!r}"
    if isinstance(value, os.PathLike):
        return "path", f"the path {os.fspath(value)!r}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "photo", "bytes"
    if kind.__module__.partition(".")[0] == "pandas":
        return kind.__name__, f"a {kind.__name__} of pandas"
    if isinstance(value, tuple) and value and all(hasattr(type(each), "column_names") for each in value):
        return "frames", f"{len(value)} frames"
    if isinstance(value, dict):
        return "dict", "a dict"
    if isinstance(value, (list, tuple, set, np.ndarray)) or kind.__name__ == "SArray":
        return "list", {"ndarray": "an array", "SArray": "a column (SArray)"}.get(kind.__name__, f"a {kind.__name__}")
    return None


def did_you_mean(name: Any, known: Iterable[Any], have: str = "it has") -> str:
    """The end of a message about a name that is not known: the nearest one, or those that there are."""
    names = {str(each).casefold(): str(each) for each in known}
    near = difflib.get_close_matches(str(name).casefold(), names, n=1)
    if near:
        return f"did you mean {names[near[0]]!r}?"
    shown = list(names.values())[:_SHOWN]
    rest = f" and {len(names) - _SHOWN:,} others" if len(names) > _SHOWN else ""
    return f"{have} {', '.join(shown) or 'none'}{rest}"


def no_such_label(label: Any, labels: Sequence[Any]) -> str:
    """A message about something that is not the label of a photo of a model, which has these."""
    shown = (
        repr(label)
        if isinstance(label, (str, numbers.Number, type(None)))
        else f"something of the type {type(label).__name__}"
    )
    message = f"{shown} is not the label of a photo in this model"
    if isinstance(label, str) and len(labels) and not isinstance(labels[0], str):
        return f"{message}, whose labels are row numbers; find_photo(model, {label!r}) finds the photo of a name"
    return f"{message}; they are {labels[0]!r} to {labels[-1]!r}" if len(labels) else message


def check_whole(name: str, value: Any, *, none_is: str = "") -> None:
    """Raise `ArgumentError` unless the argument is a whole number of 1 or more, or None where `none_is` explains it."""
    if value is None and none_is:
        return
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        instead = f", or None for {none_is}" if none_is else ""
        raise ArgumentError(f"{name} is a whole number, 1 or more{instead}, not {value!r}")


def check_distance(name: str, value: Any) -> None:
    """Raise `ArgumentError` unless the argument is a number of 0 or more, or None."""
    if value is not None and not (isinstance(value, (int, float, np.number)) and value >= 0):
        raise ArgumentError(f"{name} is a distance, 0 or more, or None, not {value!r}")
