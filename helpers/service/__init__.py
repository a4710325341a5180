"""One collection for many: a search service over HTTP, in front of a file or of PostgreSQL.

`python -m helpers.service` (`make serve`) is the server, `Client(url)` speaks
with it and needs nothing that a notebook does not have. Where what lies, each
knowing only what stands above it:

    records, settings      what is kept, and how a service is set up
    database               transactions: sqlite, postgres (postgres_errors), with pool and turns
    schema                 the tables, by version: images, products, jobs_table, keys_table
    vectors                features and the search among them
      embedded_vectors       in a file: mirror (what is new), live_index (in memory)
      postgres_vectors       in SQL: feature_table, candidates (settled by rounding), graph_index (HNSW)
      postgres_index         the same as the index of a notebook's model
    storage                all of that behind one small interface
    photo_root             which files may be read
    query_network          a photo from outside to its feature; already_here: is it in the collection
    indexing               what a job does: lease (who does it), workers (Dask), runner (one after another)
    guard                  in front of everything: headers, access (keys), rate, body
    uploads, fetch         photos from outside: jpeg_scans; addresses
    app                    HTTP: *_routes, schemas and bodies, questions, text; problems, telling, logs, metrics
    service, server        all parts together; command_line, keys_command, __main__
    client, local          the other side: connection, sent, answers, shown, client_jobs; and page/
"""

from typing import Any

__all__ = ["Client"]  # see __getattr__


def __getattr__(name: str) -> Any:
    # Looked up when asked for: a server needs no client, and no frames.
    if name == "Client":
        from helpers.service.client.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
