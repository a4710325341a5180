"""Classes of pandas, whose values a column takes too, without importing pandas: that takes longer than all of Kinframe.

Where nobody has imported it, no value is of its classes.
"""

import sys
from typing import Any, Tuple, Type


def pandas_classes(*names: str) -> Any:
    """Those of the classes, for `isinstance`, that there can be values of: all of them, or none."""
    pandas = sys.modules.get("pandas")  # another thread may be importing it
    return tuple(getattr(pandas, name) for name in names if hasattr(pandas, name))


def marks_of_pandas() -> Tuple[Type[Any], ...]:
    """The types of pandas' marks for missing values, `NA` and `NaT`, each of which has one value; likewise."""
    pandas = sys.modules.get("pandas")
    return tuple(type(getattr(pandas, name)) for name in ("NA", "NaT") if hasattr(pandas, name))
