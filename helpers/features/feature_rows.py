"""How features are kept in SQLite: the tables of a feature store, and the rows that go into and come out of them.

For `FeatureStore`, and for others who use its file by a connection of their own, such as a service.
"""

import contextlib
import sqlite3
import zlib
from typing import Iterator, List, Sequence, Tuple

import numpy as np

from helpers.features.blocks import blocks

TABLES = """
CREATE TABLE IF NOT EXISTS networks (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS features (
    network INTEGER NOT NULL REFERENCES networks,
    photo BLOB NOT NULL,      -- the sha-256 of the file
    vector BLOB NOT NULL,     -- float32, little-endian
    checksum INTEGER NOT NULL,
    PRIMARY KEY (network, photo)
);
"""
FIND_NETWORK = "SELECT id, dimension FROM networks WHERE key = ?"
ALL_FEATURES = "SELECT photo, vector, checksum FROM features NOT INDEXED WHERE network = ?"  # as they follow each other
ADD_NETWORK = "INSERT OR IGNORE INTO networks (key, dimension) VALUES (?, ?)"
ADD_FEATURE = "INSERT OR IGNORE INTO features VALUES (?, ?, ?, ?)"

FeatureRow = Tuple[int, bytes, bytes, int]  # network, photo, vector, checksum


def find_features(count: int, columns: str = "photo, vector, checksum") -> str:
    """The statement that finds features of a network and `count` photos, at most 998: SQLite takes 999 values."""
    marks = ", ".join("?" * count)
    return f"SELECT {columns} FROM features WHERE network = ? AND photo IN ({marks})"  # noqa: S608  # nosec B608  # marks and columns of ours


def rows_of_features(network: int, photos: Sequence[str], vectors: np.ndarray) -> List[FeatureRow]:
    """The rows for `ADD_FEATURE`, of photos by their sha-256 in hex and their features, float32 [photos, dimension]."""
    pairs = [(bytes.fromhex(photo), vector.tobytes()) for photo, vector in zip(photos, vectors.astype("<f4"))]
    return [(network, photo, vector, zlib.crc32(photo + vector)) for photo, vector in pairs]


def feature_of_row(photo: bytes, vector: bytes, checksum: int, dimension: int) -> np.ndarray:
    """The feature in a row that `find_features` found; raises `ValueError` where it is not what was written."""
    if zlib.crc32(vector, zlib.crc32(photo)) != checksum or len(vector) != 4 * dimension:  # as of both together
        raise ValueError("a feature is not what was written")
    return np.frombuffer(vector, "<f4")


def check_finite(features: np.ndarray) -> None:
    """Raise `ValueError` for features that hold NaN or infinity: none is kept, and they would be near to nothing."""
    for part in blocks(len(features), features[:1].nbytes):
        if not np.isfinite(features[part]).all():
            raise ValueError("a feature has numbers that are not finite")


@contextlib.contextmanager
def as_written() -> Iterator[None]:
    """A value of another type than was ever written is damage, as SQLite sees it."""
    try:
        yield
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise sqlite3.DatabaseError(f"a row is not what was written: {error}") from error


def whole(*values: object) -> Tuple[int, ...]:
    """Values from a row that are whole numbers; raises `TypeError` for others."""
    if not {int}.issuperset(map(type, values)):  # for each of many rows
        raise TypeError("not a whole number")
    return values  # type: ignore[return-value]


def text(value: object) -> str:
    """A value from a row that is text; raises `TypeError` for another."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
