"""A similarity model on disk: a folder of JSON, one array and, at need, photos. Nothing in it is a pickle.

model.json       the settings, labels and names, and where the photos are
vectors.npy      float32 [photos, dimension]
photos/000012    the bytes of a photo that was no file when the model was made
"""

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.errors import ModelError
from helpers.files.replacing import replacing_folder

_VERSION = 3
_BEFORE = 2  # which did not say which rows of the frame the photos were
INDEX = "index.hnsw"  # of an approximate index, kept when the model is first opened
_FILES = {"model.json", "vectors.npy", "photos", INDEX, f"{INDEX}.json"}
_EACH = ("labels", "names", "identities", "photos")  # one entry a photo
_FIELDS = {"network", "precision", "agreement", "key", "metric", "index", "feature", "label", "rows", "timings", "bad"}
_NETWORK = {"name", "size", "dimension", "identity", "note"}


def write(path: Path, settings: Dict[str, Any], vectors: np.ndarray, sources: List[Union[str, bytes]]) -> None:
    """Write a model whole or not at all; an older one in its place goes only when the new one is complete."""
    if path.exists() and not _is_ours(path):
        raise ModelError(f"{path}: there is something else already; choose another name for the model")
    try:
        text = json.dumps({"kinframe": _VERSION, **settings, "photos": [_place(source) for source in sources]})
    except TypeError as error:
        raise ModelError(f"labels are to be numbers or text, to be saved ({error})") from error
    try:
        with replacing_folder(path) as half:
            (half / "photos").mkdir()
            for row, source in enumerate(sources):
                if isinstance(source, bytes):
                    (half / "photos" / f"{row:06d}").write_bytes(source)
            np.save(half / "vectors.npy", vectors, allow_pickle=False)
            (half / "model.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{path}: the model could not be saved ({error.strerror or error})") from error


def read(path: Path) -> Tuple[Dict[str, Any], np.ndarray, List[Union[str, bytes]]]:
    """The settings, vectors and photos of a saved model; raises `ModelError` where they do not fit together."""
    file = path / "model.json"
    if not file.is_file():
        raise ModelError(f"{path}: no saved similarity model; SimilarityModel.save(path) writes one")
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        version = settings.pop("kinframe")
        if version == _BEFORE:
            settings["rows"] = _rows(settings)
        elif version != _VERSION:
            age, way_out = ("an older", "build the model again") if version == 1 else ("a newer", "update this one")
            raise ModelError(f"{path}: saved by {age} Kinframe (format {version}); {way_out}")
        if settings.keys() != {*_FIELDS, *_EACH} or settings["network"].keys() != _NETWORK:
            raise ValueError("fields are missing")
        # From the disk as they are needed, and once for all kernels that have this model open. Windows would not let
        # go of the file, and the model could not be saved in its own place.
        vectors = np.load(path / "vectors.npy", mmap_mode=None if os.name == "nt" else "r", allow_pickle=False)
        shape = (len(settings["labels"]), settings["network"]["dimension"])
        if (
            vectors.dtype != np.float32
            or vectors.shape != shape
            or {len(settings[name]) for name in _EACH} != {shape[0]}
        ):
            raise ValueError("its parts do not fit together")
        if not _are_rows(settings["rows"], shape[0], len(settings["bad"])):
            raise ValueError("its rows are not those of a frame")
        settings["network"]["size"] = tuple(settings["network"]["size"])
        sources = [
            place if place is not None else (path / "photos" / f"{row:06d}").read_bytes()
            for row, place in enumerate(settings.pop("photos"))
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError) as error:
        raise ModelError(f"{path}: the saved model is damaged ({error}); build it again") from error
    return settings, vectors, sources


def _rows(settings: Dict[str, Any]) -> Optional[List[int]]:
    """Which rows of the frame the photos of an older model were, as far as that can be known."""
    if settings["label"] is None:  # row numbers are the labels
        return settings["labels"]
    return None if settings["bad"] else list(range(len(settings["labels"])))


def _are_rows(rows: Any, photos: int, bad: int) -> bool:
    """Whether these can be the rows of a frame in which that many photos were bad."""
    if rows is None:
        return True
    whole = isinstance(rows, list) and len(rows) == photos and all(type(row) is int for row in rows)
    return whole and all(0 <= one < other for one, other in zip(rows, [*rows[1:], photos + bad]))


def _is_ours(path: Path) -> bool:
    """Whether a folder is empty, or holds a model that `write` wrote and nothing else: it may be replaced."""
    if not path.is_dir():
        return False
    entries = {entry.name for entry in path.iterdir()} - {".DS_Store"}  # macOS leaves these everywhere
    if not entries:
        return True
    try:
        is_model = "kinframe" in json.loads((path / "model.json").read_text(encoding="utf-8"))
        photos = [entry.name for entry in (path / "photos").iterdir() if entry.name != ".DS_Store"]
    except (OSError, ValueError, TypeError):
        return False
    return is_model and entries <= _FILES and all(name.isdigit() and len(name) == 6 for name in photos)


def _place(source: Union[str, bytes]) -> Union[str, None]:
    return source if isinstance(source, str) else None
