"""How a service is set up: everything that its command line says."""

import os
from pathlib import Path
from typing import NamedTuple, Tuple

PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(NamedTuple):
    """The settings of one service."""

    photos: Path  # the photo root: nothing above it is read
    database: str = ""  # postgresql://…, or the path of a file; empty is the usual file of the photo root
    model: str = "auto"  # as `helpers.similarity.create` takes it
    metric: str = "cosine"  # where a question does not say
    index: str = "exact"  # type: ignore[assignment]  # or hnsw
    host: str = LOOPBACK[0]
    port: int = PORT
    dask: str = ""  # the address of a scheduler; empty starts processes here when there is work
    workers: int = max(1, (os.cpu_count() or 2) // 2)  # of these processes
    allowed_hosts: Tuple[str, ...] = ()  # from which a search may fetch a photo: host or host:port
    upload_bytes: int = 20_000_000
    upload_pixels: int = 100_000_000
    upload_seconds: float = 30.0  # for a whole upload, or a whole fetch
    rate: float = 20.0  # requests a second for each key, or each address where none is needed; 0 is without a limit
    burst: int = 100  # that may come at once
    names: Tuple[str, ...] = ()  # by which others call this machine, where a proxy stands in front; localhost always is

    def __repr__(self) -> str:
        """Without the address of the database, in which a password may stand."""
        shown = {**self._asdict(), "database": "…" if self.database else ""}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def usual_file(photos: Path) -> Path:
    """Where the service of a photo root keeps its collection, unless told otherwise.

    Never the file of a folder above it: that one's service knows its photos by other paths, and serves others.
    """
    from helpers.features.store import own_path

    return own_path(photos)
