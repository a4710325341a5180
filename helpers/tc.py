"""Turi Create's names, on every Python.

`from helpers import tc` is the one import that a notebook needs for frames.
Where Turi Create is installed, `tc.SFrame`, `tc.SArray`, `tc.Image` and the
rest are Turi Create's own; elsewhere they are the work-alike's of
`helpers.sframe`. `tc.image_similarity` is always `helpers.similarity`.
"""

import warnings
from importlib.util import find_spec
from typing import Any

HAS_TURICREATE = find_spec("turicreate") is not None
"""Whether the frames of this Python are Turi Create's."""

if HAS_TURICREATE:
    from helpers.stderr_filter import drop_lines

    # What Turi Create floods a notebook with, and only that: aliases that NumPy 1.23 still has,
    # and a note for each PNG with an old colour profile.
    for _message in (r"`np\.\w+` is a deprecated alias", "Using or importing the ABCs from 'collections'"):
        warnings.filterwarnings("ignore", message=_message, category=DeprecationWarning)
    drop_lines(b"libpng warning: ")

    import turicreate as _frames
    from turicreate import Image, SArray, SFrame, aggregate, image_analysis, load_sframe

    ENVIRONMENT = "Turi Create " + _frames.__version__
else:
    from helpers.sframe import Image, SArray, SFrame, aggregate, image_analysis, load_sframe

    ENVIRONMENT = "the stand-in for Turi Create"

__all__ = [
    "ENVIRONMENT",
    "HAS_TURICREATE",
    "Image",
    "SArray",
    "SFrame",
    "aggregate",
    "image_analysis",
    "image_similarity",  # noqa: F822  # see __getattr__
    "load_model",  # noqa: F822
    "load_sframe",
]


if HAS_TURICREATE:
    from helpers.turi_display import repair

    repair()


def __getattr__(name: str) -> Any:
    # Looked up when asked for: the similarity model itself stands on this module.
    if name == "image_similarity":
        import helpers.similarity

        return helpers.similarity
    if name == "load_model":
        from helpers.similarity import load_model

        return load_model
    if name.startswith("__"):
        raise AttributeError(name)
    if HAS_TURICREATE:
        return getattr(_frames, name)
    from helpers.sframe.left_out import refuse

    refuse("turicreate", name)
