"""Features in PostgreSQL, searched there with pgvector."""

from typing import List, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.database.candidates import References
from helpers.database.feature_table import LONGEST_HNSW, FeatureTable
from helpers.database.graph_index import GraphIndex
from helpers.database.interface import Database, Session
from helpers.errors import NotFound, StoreError
from helpers.service.storage.vectors import Vectors

_IMAGES = "SELECT id AS item, identity FROM kinframe_images"
_OF_PRODUCTS = "id IN (SELECT image FROM kinframe_product_images WHERE product = ANY(?))"
_FEW = 10_000  # images of the products that are asked for, up to which a graph is of no use


class PostgresVectors(Vectors):
    """The features of a network in a `PostgresDatabase`; see `helpers.service.storage.vectors.Vectors`.

    A search goes through all features, or with `index="hnsw"` along an index,
    one for each metric that is asked with. It is built in the background when
    a metric is first asked with, while others search, exactly, and write.
    Several services may share the database, and notebooks its features.
    """

    def __init__(self, database: Database, *, key: str, dimension: int, index: str = "exact") -> None:
        if index == "hnsw" and dimension > LONGEST_HNSW:
            raise StoreError(
                f"pgvector has index='hnsw' for features of up to {LONGEST_HNSW:,} numbers, not {dimension:,};"
                " take index='exact'"
            )
        self.key, self.dimension, self.index = key, dimension, index
        self._database = database
        self._table = FeatureTable(database, key, dimension)
        self._graph = GraphIndex(database, self._table) if index == "hnsw" else None

    @property
    def note(self) -> str:  # type: ignore[override]
        """A line for people: how it is searched."""
        return "searched there, exactly" if self._graph is None else f"searched there by hnsw{self._graph.note}"

    def add(self, session: Session, identities: Sequence[str], vectors: np.ndarray) -> None:
        if len(identities):
            self._table.add(session, identities, vectors)

    def kept(self, identities: Sequence[str]) -> Set[str]:
        with self._database.transaction(write=False) as session:
            return self._table.kept(session, identities)

    def of(self, identity: str) -> np.ndarray:
        with self._database.transaction(write=False) as session:
            found = self._table.features(session, [identity])
        if identity not in found:
            raise NotFound(f"no feature of {self.key} is kept for the photo {identity}; index its folder again")
        return found[identity]

    def search(
        self,
        feature: np.ndarray,
        k: int,
        *,
        metric: str,
        products: Optional[Sequence[str]] = None,
        without: Optional[int] = None,
    ) -> List[Tuple[int, float]]:
        feature = self.check(feature, k, metric)
        conditions: List[Tuple[str, object]] = [] if products is None else [(_OF_PRODUCTS, list(products))]
        conditions += [] if without is None else [("id <> ?", without)]
        where = f" WHERE {' AND '.join(condition for condition, _ in conditions)}" if conditions else ""
        references = References(_IMAGES + where, tuple(value for _, value in conditions), few=products is not None)
        with self._database.transaction(write=False) as session:
            by_graph = self._graph is not None and self._graph.ready(metric)  # not asked where the database is away
            if by_graph and products is not None:
                counted = f"SELECT count(*) FROM ({references.rows} LIMIT {_FEW + 1}) AS items"  # noqa: S608
                references = references._replace(few=session.rows(counted, *references.values)[0][0] <= _FEW)
            return self._table.search(session, feature, k, metric=metric, references=references, by_graph=by_graph)
