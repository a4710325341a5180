"""Features in PostgreSQL, searched there with pgvector."""

import contextlib
from typing import List, Tuple

import numpy as np

from helpers.database.candidates import MORE, References
from helpers.database.feature_table import LONGEST_HNSW, FeatureTable
from helpers.database.graph_index import GraphIndex
from helpers.database.interface import Database
from helpers.database.shared_scan import SharedScan
from helpers.database.table_bounds import TableBounds
from helpers.errors import StoreError
from helpers.service.records import SearchOptions
from helpers.service.storage.vectors import Vectors

_IMAGES = "SELECT id AS item, identity FROM kinframe_images"
_OF_PRODUCTS = "id IN (SELECT image FROM kinframe_product_images WHERE product = ANY(?))"
_FEW = 10_000  # images of the products, up to which a graph does not help


class PostgresVectors(Vectors):
    """The features of a network in a `PostgresDatabase`; see `helpers.service.storage.vectors.Vectors`.

    A search looks at the features that can be nearest by bounds in memory (a
    quarter of the features' size), or with `index="hnsw"` along an index for each
    metric. Either is made in the background after the first search by this
    metric; until then, and where the table is too small or too large for bounds
    or may not be changed, a search goes through all features. Searches of several
    threads that wait for each other do so together. Several services may share
    the database, and notebooks its features.
    """

    def __init__(self, database: Database, *, key: str, dimension: int, index: str = "exact") -> None:
        if index == "hnsw" and dimension > LONGEST_HNSW:
            raise StoreError(
                f"pgvector has index='hnsw' for features of up to {LONGEST_HNSW:,} numbers, not {dimension:,};"
                " take index='exact'"
            )
        self._table = FeatureTable(database, key, dimension)
        super().__init__(database, self._table, index)
        self._shared = SharedScan(database, self._table, TableBounds(database, self._table))
        self._graph = GraphIndex(database, self._table) if index == "hnsw" else None

    @property
    def note(self) -> str:
        return "searched there, exactly" if self._graph is None else f"searched there by hnsw{self._graph.note}"

    def search(self, feature: np.ndarray, options: SearchOptions) -> List[Tuple[int, float]]:
        k, metric, products, without = options
        conditions: List[Tuple[str, object]] = [] if products is None else [(_OF_PRODUCTS, list(products))]
        conditions += [] if without is None else [("id <> ?", without)]
        where = f" WHERE {' AND '.join(condition for condition, _ in conditions)}" if conditions else ""
        references = References(_IMAGES + where, tuple(value for _, value in conditions), few=products is not None)
        is_alone = self._graph is not None or self._table.are_few(references)
        shared = contextlib.nullcontext() if is_alone else self._shared.near(feature, k + MORE, metric)
        with shared as found, self._database.transaction(write=False) as session:
            # Within the transaction, so not while the database is away.
            by_graph = self._graph is not None and self._graph.ready(metric)
            if by_graph and products is not None:
                count = f"SELECT count(*) FROM ({references.rows} LIMIT {_FEW + 1}) AS items"  # noqa: S608  # nosec B608  # names are ours, values are bound
                references = references._replace(few=session.rows(count, *references.values)[0][0] <= _FEW)
            return self._table.search(
                session, feature, k, metric=metric, references=references, by_graph=by_graph, found=found
            )
