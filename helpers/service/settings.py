"""The settings of a service: everything that its command line takes."""

import os
from pathlib import Path
from typing import NamedTuple, Tuple

from helpers.features.store_path import own_path
from helpers.images.uploads import UploadLimits

PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(NamedTuple):
    """The settings of one service."""

    photos: Path  # the photo root: nothing above it is read
    database: str = ""  # postgresql://…, or the path of a file; empty is a file in the cache folder
    model: str = "auto"  # as `helpers.similarity.create` takes it
    metric: str = "cosine"  # of a search that names none
    index: str = "exact"  # type: ignore[assignment]  # or hnsw
    host: str = LOOPBACK[0]
    port: int = PORT
    dask: str = ""  # the address of a scheduler; empty starts processes here when there is work
    workers: int = max(1, (os.cpu_count() or 2) // 2)  # of these processes
    allowed_hosts: Tuple[str, ...] = ()  # from which photos may be fetched: host or host:port
    upload_bytes: int = UploadLimits().upload_bytes
    upload_pixels: int = UploadLimits().upload_pixels
    upload_seconds: float = 30.0  # for a whole upload, or a whole fetch
    rate: float = 20.0  # requests a second for each key, or each address where none is needed; 0 is without a limit
    burst: int = 100  # that may come at once
    names: Tuple[str, ...] = ()  # host names under which a proxy in front is reached
    proxies: Tuple[str, ...] = ()  # addresses or networks of proxies, which are believed whom they ask for

    @property
    def address(self) -> str:
        """Where the collection is kept; by default in the file of this photo root alone, even if a parent has one.

        The service of a parent folder knows the same photos by other paths.
        """
        return self.database or str(own_path(self.photos))

    @property
    def limits(self) -> UploadLimits:
        """What a photo from outside may be."""
        return UploadLimits(self.upload_bytes, self.upload_pixels)

    def __repr__(self) -> str:
        """Without the address of the database, which may contain a password."""
        shown = {**self._asdict(), "database": "…" if self.database else ""}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
