"""A similarity model on disk: a folder of JSON, one array and, where photos are not files, their bytes. No pickle.

model.json       the settings, labels and names, and where the photos are
vectors.npy      float32 [photos, dimension]
photos/000012    the bytes of a photo that was not a file when the model was made
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Set

import numpy as np

from helpers.errors import ArgumentError, ModelError, NoSuchModel
from helpers.features.blocks import blocks
from helpers.files.arrays import read_array
from helpers.files.json_file import read_json
from helpers.files.reading import inside, read_regular
from helpers.files.replacing import replacing_folder
from helpers.files.spelling import expanded
from helpers.frames import Frame
from helpers.frames.columns import bad_frame
from helpers.images.decode import Source
from helpers.networks.load import LoadedModel

_VERSION = 4
INDEX = "index.hnsw"  # of an approximate index, kept when the model is first opened
_FILES = {"model.json", "vectors.npy", "photos", INDEX, f"{INDEX}.json"}
_AS_THEY_ARE = ("precision", "agreement", "key", "metric", "index", "feature", "label", "timings")
_PER_PHOTO = ("labels", "names", "identities", "photos", "rows")
_FIELDS = {*_AS_THEY_ARE, *_PER_PHOTO, "network", "bad", "centre"}
_NETWORK = {"name", "size", "dimension", "identity", "note"}
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # of a character; the others stand for bytes of names
_IDENTITY = re.compile("[0-9a-f]{64}")


@dataclass
class ModelContents:
    """All that a similarity model is made of and that is saved with it; lists and arrays have an entry a photo."""

    network: LoadedModel  # of a model from disk without its file: `path` is empty
    precision: str  # fp32, bf16 or int8
    agreement: Optional[float]  # of that precision with fp32, see `helpers.networks.precision`
    key: str  # the network and its precision, as a feature store knows them
    metric: str  # euclidean or cosine
    index: str  # exact, hnsw, or the address of a database, without a password
    feature: str  # the image column
    label: Optional[str]  # the column of the labels; None where row numbers are the labels
    labels: List[Any]  # by which results name a photo
    names: List[str]  # what is shown for it: its path where there is one
    sources: List[Source]  # where it is, or its bytes where it is not a file
    identities: List[Optional[str]]  # sha-256 of its bytes
    rows: np.ndarray  # int64: which row of the frame it was, ascending
    vectors: np.ndarray  # float32 [photos, dimension], less the centre
    timings: Dict[str, float]  # see `helpers.features.embed`
    bad: Frame  # label, path and reason of the photos that could not be read
    centre: Optional[np.ndarray] = None  # what was subtracted from each feature: float32 [dimension]
    text_model: Optional[str] = None  # which one texts are read by; None is the network's own


def place_of(path: Any) -> Path:
    """The path of a saved model as a person gives it; raises `ArgumentError` for anything but a path."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise ArgumentError(f"a saved model is a folder, named by its path, not {path!r}")
    return expanded(path)


def write(path: Path, contents: ModelContents) -> None:
    """Write a model whole or not at all; an older one in its place goes only when the new one is complete."""
    if path.exists() and not _is_ours(path):
        raise ModelError(f"{path}: there is something else already; choose another name for the model")
    settings = {name: getattr(contents, name) for name in (*_AS_THEY_ARE, "labels", "names", "identities")}
    network = contents.network
    settings["network"] = {
        "name": network.address,
        "size": list(network.size),
        "dimension": network.dimension,
        "identity": network.identity,
        "note": network.note,
    }
    settings["rows"] = contents.rows.tolist()
    if contents.text_model is not None:
        settings["text_model"] = contents.text_model
    settings["centre"] = None if contents.centre is None else contents.centre.tolist()
    settings["bad"] = [[row["label"], row["path"], row["reason"]] for row in contents.bad]
    settings["photos"] = [source if isinstance(source, str) else None for source in contents.sources]
    try:
        text = json.dumps({"kinframe": _VERSION, **settings})
    except TypeError as error:
        raise ModelError(
            f"labels must be numbers or text to be saved ({error}); build the model with another label="
        ) from error
    try:
        with replacing_folder(path) as half:
            (half / "photos").mkdir()
            for row, source in enumerate(contents.sources):
                if isinstance(source, bytes):
                    (half / "photos" / f"{row:06d}").write_bytes(source)
            np.save(half / "vectors.npy", contents.vectors, allow_pickle=False)
            (half / "model.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{path}: the model could not be saved ({error.strerror or error})") from error


def read(path: Path) -> ModelContents:
    """What `write` wrote; raises `ModelError` where the parts are damaged or do not fit together."""
    file = path / "model.json"
    if not path.exists():
        raise NoSuchModel(f"{path}: there is no such folder; SimilarityModel.save(path) writes a model")
    if not file.is_file():
        raise ModelError(f"{path}: not a saved similarity model; SimilarityModel.save(path) writes one")
    try:
        settings = read_json(inside(path, file.name), most=None)
        version = settings.pop("kinframe")
        if version != _VERSION:
            raise ModelError(
                f"{path}: saved by another version of Kinframe (format {version}, and this reads {_VERSION}); "
                "update Kinframe, or build the model again"
            )
        text_model = settings.pop("text_model", None)
        if not isinstance(text_model, (str, type(None))):
            raise ValueError("its text model is not a name")
        if settings.keys() != _FIELDS or settings["network"].keys() != _NETWORK:
            raise ValueError("fields are missing")
        # From the disk as they are needed, and once for all kernels that have this model open. Windows would not let
        # go of the file, and the model could not be saved in its own place.
        vectors = read_array(inside(path, "vectors.npy"), mapped=os.name != "nt")
        _check_kinds(settings)
        network = settings.pop("network")
        photos = len(settings["labels"])
        if vectors.dtype != np.float32 or vectors.shape != (photos, network["dimension"]):
            raise ValueError("its features are of other photos")
        for part in blocks(photos, vectors[:1].nbytes):
            finite = np.isfinite(vectors[part]).all(axis=1)
            if not finite.all():
                raise ValueError(f"its features of photo {part.start + int(np.argmin(finite))} are not finite numbers")
        if {len(settings[name]) for name in _PER_PHOTO} != {photos}:
            raise ValueError("its parts do not fit together")
        if not _are_rows(settings["rows"], photos + len(settings["bad"])):
            raise ValueError("its rows are not those of a frame")
        centre = settings.pop("centre")
        if centre is not None and len(centre) != network["dimension"]:
            raise ValueError("its centre is of other features")
        sources = [
            place if place is not None else read_regular(inside(path, f"photos/{row:06d}"))
            for row, place in enumerate(settings.pop("photos"))
        ]
        return ModelContents(
            network=LoadedModel(**{**network, "size": tuple(network["size"]), "path": Path()}),
            rows=np.array(settings.pop("rows"), np.int64),
            bad=bad_frame([tuple(row) for row in settings.pop("bad")]),
            sources=sources,
            vectors=vectors,
            centre=None if centre is None else np.array(centre, np.float32),
            text_model=text_model,
            **settings,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError) as error:
        raise ModelError(f"{path}: the saved model is damaged ({error}); build it again") from error


def _check_kinds(settings: Dict[str, Any]) -> None:
    """Raises `ValueError` where a part is of another kind than `write` writes: the folder may be anybody's."""
    network = settings["network"]
    whole = {
        **{name: _is_text(settings[name]) for name in ("precision", "key", "metric", "index", "feature")},
        **{name: _is_text(network[name]) for name in ("name", "identity", "note")},
        "label": settings["label"] is None or _is_text(settings["label"]),
        "agreement": settings["agreement"] is None or _is_number(settings["agreement"]),
        "timings": isinstance(settings["timings"], dict) and all(map(_is_number, settings["timings"].values())),
        "labels": _are(settings["labels"], _is_label) and _are_of_a_column(settings["labels"]),
        "names": _are(settings["names"], _is_text),
        "photos": _are(settings["photos"], lambda place: place is None or _is_text(place)),
        "identities": _are(settings["identities"], _is_identity),
        "bad": _are(settings["bad"], _is_bad),
        "centre": settings["centre"] is None or _are(settings["centre"], lambda part: _is_number(part) and _fits(part)),
        "size": _are([network["dimension"], *network["size"]], lambda length: type(length) is int and length > 0),
    }
    wrong = [name for name, is_well in whole.items() if not is_well]
    if wrong or len(network["size"]) != 2:
        raise ValueError(f"its {', '.join(wrong) or 'size'} cannot be that of a model")


def _are(values: Any, check: Callable[[Any], bool]) -> bool:
    return isinstance(values, list) and all(map(check, values))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and (value.isascii() or not _HALF.search(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits(number: float) -> bool:
    """Whether a number is finite in 32 bits."""
    return abs(number) <= float(np.finfo(np.float32).max)


def _is_label(value: Any) -> bool:
    return value is None or isinstance(value, (int, float)) or _is_text(value)


def _are_of_a_column(labels: List[Any]) -> bool:
    """Whether labels can be those of one column: all text, or all numbers, whole ones of 64 bits."""
    kinds = set(map(type, labels)) - {type(None)}
    is_whole = int not in kinds or all(-(2**63) <= label < 2**63 for label in labels if type(label) is int)
    return is_whole and (kinds <= {str} or kinds <= {int, float})


def _is_identity(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(_IDENTITY.fullmatch(value)))


def _is_bad(row: Any) -> bool:
    if not isinstance(row, list) or len(row) != 3:
        return False
    label, path, reason = row
    return _is_label(label) and (path is None or _is_text(path)) and _is_text(reason)


def _are_rows(rows: Any, count: int) -> bool:
    """Whether these can be rows of a frame with `count` rows: whole numbers, ascending."""
    if not isinstance(rows, list) or not all(type(row) is int for row in rows):
        return False
    return all(0 <= row < after for row, after in zip(rows, [*rows[1:], count]))


def _is_ours(path: Path) -> bool:
    """Whether a folder is empty, or holds a model that `write` wrote and nothing else: it may be replaced."""
    photos = path / "photos"
    names = [entry.name for entry in photos.iterdir() if entry.name != ".DS_Store"] if photos.is_dir() else []
    return holds_only(path, "model.json", "kinframe", _FILES) and all(
        name.isdigit() and len(name) == 6 for name in names
    )


def holds_only(path: Path, about: str, mark: str, files: Set[str]) -> bool:
    """Whether a folder is empty, or has these files alone, of which the JSON file `about` contains the `mark`."""
    if not path.is_dir():
        return False
    entries = {entry.name for entry in path.iterdir()} - {".DS_Store"}  # macOS leaves these everywhere
    if not entries:
        return True
    try:
        return mark in read_json(path / about, most=None) and entries <= files
    except (OSError, ValueError, TypeError, RecursionError):
        return False
