"""The frames of this Python: Turi Create's own where it is installed, else the stand-in's.

Everything in `helpers` takes its frames from here. Notebooks take them from
`helpers.tc`, which has Turi Create's other names too.
"""

import warnings
from importlib.util import find_spec

from helpers.frames.protocols import Column, Frame

HAS_TURICREATE = find_spec("turicreate") is not None
"""Whether the frames of this Python are Turi Create's."""

if HAS_TURICREATE:
    from helpers.frames.stderr_filter import drop_lines

    # What Turi Create floods a notebook with, and only that: aliases that NumPy 1.23 still has,
    # and a note for each PNG with an old colour profile.
    for _message in (r"`np\.\w+` is a deprecated alias", "Using or importing the ABCs from 'collections'"):
        warnings.filterwarnings("ignore", message=_message, category=DeprecationWarning)
    drop_lines(b"libpng warning: ")

    import turicreate as _turicreate
    from turicreate import Image, SArray, SFrame, aggregate, load_sframe

    ENVIRONMENT = "Turi Create " + _turicreate.__version__
else:
    from helpers.sframe import Image, SArray, SFrame, load_sframe
    from helpers.sframe.frame import aggregate

    ENVIRONMENT = "the stand-in for Turi Create"

__all__ = [
    "ENVIRONMENT",
    "HAS_TURICREATE",
    "Column",
    "Frame",
    "Image",
    "SArray",
    "SFrame",
    "aggregate",
    "load_sframe",
]
