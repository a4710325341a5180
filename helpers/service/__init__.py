"""One collection for many: a search service over HTTP, in front of a file or of PostgreSQL.

`python -m helpers.service` (`make serve`) is the server, `Client(url)` speaks
with it and needs nothing that a notebook does not have.
"""

from typing import Any

__all__ = ["Client"]  # see __getattr__


def __getattr__(name: str) -> Any:
    # Looked up when asked for: a server needs no client, and no frames.
    if name == "Client":
        from helpers.service.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
