"""A map on disk: one file of NumPy arrays and a line of JSON, in a ZIP that `numpy.load` opens. No pickle."""

import contextlib
import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from helpers.collection.layouts import LAYOUTS
from helpers.errors import ModelError
from helpers.files.arrays import read_arrays
from helpers.files.replacing import replacing

_FORMAT = 1
_TROUBLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
_FIELDS = {"method": str, "layout": str, "seed": int, "note": str, "key": str, "metric": str, "span": float}
_ARRAYS = {
    "positions": (np.float32, 2),
    "identities": (np.uint8, 2),
    "points": (np.float32, 2),
    "laid": (np.float64, 2),
    "middle": (np.float64, 1),
    "origin": (np.float32, 1),
    "components": (np.float32, 2),
}


def write(path: Path, about: Dict[str, Any], arrays: Dict[str, np.ndarray]) -> None:
    """Write a map whole or not at all, also over an older one; raises `ModelError`."""
    if path.exists() and not _is_ours(path):
        raise ModelError(f"{path}: there is something else already; choose another name for the map")
    text = json.dumps({"kinframe_atlas": _FORMAT, **about})
    try:
        with replacing(path) as half, half.open("wb") as file:
            parts: Dict[str, Any] = {"about": np.array(text), **arrays}
            np.savez(file, **parts)
    except OSError as error:
        raise ModelError(f"{path}: the map could not be saved ({error.strerror or error})") from error


def read(path: Path) -> Tuple[Dict[str, Any], Dict[str, np.ndarray]]:
    """What `write` was given; raises `ModelError` where that is damaged, or not a map."""
    if not path.is_file():
        raise ModelError(f"{path}: not a saved map; Atlas.save(path) writes one")
    try:
        arrays = read_arrays(path, ["about", *_ARRAYS])
        about = json.loads(str(arrays.pop("about")))
        if about.pop("kinframe_atlas") != _FORMAT:
            raise ModelError(f"{path}: a map of another Kinframe; Atlas(model) makes another")
        _check(about, arrays)
    except _TROUBLE as error:
        raise ModelError(f"{path}: the map is damaged, or not a map ({error}); Atlas(model) makes another") from error
    return about, arrays


def digests(identities: List[Optional[str]]) -> np.ndarray:
    """SHA-256 of photos, given in hex, as uint8 [photos, 32]; zeros where it is unknown."""
    return np.array([list(bytes.fromhex(each or "00" * 32)) for each in identities], np.uint8).reshape(-1, 32)


def rows_among(wanted: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The row of each digest among others, int64 [wanted], -1 for none; the first of equal ones takes the first."""
    if np.array_equal(wanted, among):  # also where some are not known
        return np.arange(len(wanted))
    rows: Dict[bytes, List[int]] = {}
    for row in range(len(among) - 1, -1, -1):
        rows.setdefault(among[row].tobytes(), []).append(row)
    rows.pop(bytes(32), None)
    places = [rows.get(each.tobytes()) for each in wanted]
    return np.array([place.pop() if place else -1 for place in places], np.int64)


def _check(about: Dict[str, Any], arrays: Dict[str, np.ndarray]) -> None:
    """Raise `ValueError` unless the parts fit together."""
    if {name: type(value) for name, value in about.items()} != _FIELDS or about["layout"] not in LAYOUTS:
        raise ValueError("fields are missing")
    for name, (kind, dimensions) in _ARRAYS.items():
        array = arrays[name]
        numbers = array.dtype == np.uint8 or np.isfinite(array).all()
        if array.dtype != kind or array.ndim != dimensions or not numbers:
            raise ValueError(f"its {name} are of another type")
    photos, landmarks, (width, dimension) = len(arrays["positions"]), len(arrays["points"]), arrays["components"].shape
    shapes = {
        "positions": (photos, 2),
        "identities": (photos, 32),
        "points": (landmarks, width),
        "laid": (landmarks, 2),
        "middle": (2,),
        "origin": (dimension,),
    }
    if any(arrays[name].shape != shape for name, shape in shapes.items()) or not landmarks:
        raise ValueError("its parts do not fit together")


def _is_ours(path: Path) -> bool:
    """Whether there is a map, which may be replaced."""
    with contextlib.suppress(*_TROUBLE):
        return "kinframe_atlas" in json.loads(str(read_arrays(path, ["about"])["about"]))
    return False
