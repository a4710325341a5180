"""Turi Create's names, on every Python.

`from helpers import tc` is the one import that a notebook needs for frames.
Where Turi Create is installed, `tc.SFrame`, `tc.SArray`, `tc.Image` and the
rest are Turi Create's own; elsewhere they are those of the stand-in,
`helpers.sframe`. `tc.image_similarity` is always `helpers.similarity.build`.
Nothing within `helpers` but the commands imports this module: frames come from
`helpers.frames`.
"""

from typing import Any

from helpers.frames import ENVIRONMENT, HAS_TURICREATE, Image, SArray, SFrame, aggregate, load_sframe

__all__ = [
    "ENVIRONMENT",
    "HAS_TURICREATE",
    "Image",
    "SArray",
    "SFrame",
    "__version__",
    "aggregate",
    "config",
    "image_analysis",
    "image_similarity",  # noqa: F822  # see __getattr__
    "load_images",
    "load_model",  # noqa: F822
    "load_sframe",
]

if HAS_TURICREATE:
    from turicreate import __version__, config, image_analysis, load_images

    from helpers.frames.turi_display import repair

    repair()
else:
    from helpers.photos import image_analysis
    from helpers.sframe import config

    __version__ = "6.4.1+kinframe"  # of the Turi Create that the stand-in is like
    load_images = image_analysis.load_images


def __getattr__(name: str) -> Any:
    # Imported on first use: frames alone do not need what a model needs.
    if name == "image_similarity":
        import helpers.similarity.build

        return helpers.similarity.build
    if name == "load_model":
        from helpers.similarity.build import load_model

        return load_model
    if name.startswith("__"):
        raise AttributeError(name)
    if HAS_TURICREATE:
        import turicreate

        return getattr(turicreate, name)
    from helpers.sframe.left_out import refuse

    refuse("turicreate", name)
