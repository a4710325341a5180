"""The model that a notebook holds: a collection, and which of its photos look alike.

The same calls as Turi Create's: `query`, `similarity_graph`, `save`.
"""

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers.arguments import check_distance, check_whole
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.features.embedding import Embedded, embed
from helpers.features.index import SearchIndex
from helpers.features.nearest import but_itself
from helpers.frames.images import source_of
from helpers.frames.neighbours import edge_frame
from helpers.frames.photo_columns import image_column, images_and_paths, query_frame, row_labels
from helpers.frames.photo_paths import shown_names
from helpers.images.decode import Source
from helpers.networks.load import LoadedModel, load_network
from helpers.networks.precision import Settled, settled_again
from helpers.similarity import saved
from helpers.similarity.members import Collection
from helpers.similarity.recent_queries import RecentQueries
from helpers.similarity.search import Searching


class SimilarityModel(Searching):
    """A collection of photos that can be asked which of them look like a given one.

    Made by `create` or `load_model`. To look at: `num_examples`, `network`,
    `precision` and its `agreement` with fp32 (see `helpers.networks.precision`),
    `metric`, `index` (which has a `recall` where it is approximate), `labels`
    (one a photo), `names` (to show), `vectors` (float32 [num_examples,
    dimension]), `rows` (int64: which row of the frame each photo was; None
    where an older Kinframe saved the model and did not say), `timings` (see
    `helpers.features.embed`), `bad` (an SFrame of label, path and reason),
    `store_path` (the file in which features are kept, or None) and `regions`
    (see `add_regions`, or None).
    """

    def __init__(
        self,
        *,
        network: LoadedModel,
        precision: str,
        agreement: Optional[float],
        key: str,
        index: SearchIndex,
        feature: str,
        label: Optional[str],
        labels: List[Any],
        names: List[str],
        sources: List[Source],
        identities: List[Optional[str]],
        vectors: np.ndarray,
        timings: Dict[str, float],
        bad: Any,
        rows: Optional[np.ndarray],
        settled: Optional[Settled] = None,
        data: Optional[Any] = None,
        store_path: Optional[Path] = None,
    ) -> None:
        self.network, self.precision, self.agreement, self.key = network, precision, agreement, key
        self.index, self.feature, self.label = index, feature, label
        self.collection = Collection(labels, names, sources, identities)
        self.labels, self.names, self.vectors = labels, names, vectors
        self.rows, self.timings, self.bad, self.store_path = rows, timings, bad, store_path
        self.regions, self._frame, self._searchers, self._outside = None, data, {}, {}
        self._settled = settled  # a model from disk needs its network only when it is asked about another photo
        self._recent = RecentQueries(labels)

    @property
    def metric(self) -> str:
        """`euclidean` or `cosine`."""
        return self.index.metric

    @property
    def num_examples(self) -> int:
        """How many photos the model holds."""
        return len(self.labels)

    def __repr__(self) -> str:
        return (
            f"SimilarityModel of {self.num_examples} photos: {self.network.name}, {self.network.dimension} features, "
            f"{self.metric} distance"
        )

    def photo(self, label: Any) -> Source:
        """The photo of a label, as `open_photo` takes it; raises `FrameError` where there is none."""
        return self.collection.sources[self.collection.row(label)]

    def name_of(self, label: Any) -> str:
        """The name to show for a label: its path where there is one."""
        return self.names[self.collection.row(label)]

    def query(
        self,
        dataset: Any,
        label: Optional[str] = None,
        k: Optional[int] = 5,
        radius: Optional[float] = None,
        verbose: bool = True,
        batch_size: int = 64,
    ) -> Any:
        """The nearest photos of the collection to each query photo.

        `dataset` is an SFrame with the same image column, an SArray of Images,
        or one Image, from the collection or from outside. A photo of the
        collection is looked up; any other goes through the network. `label`
        names the column of the query frame that stands for a photo in the
        result. Only distances up to `radius` count; `k=None` is all of them.

        Returns an SFrame of `query_label`, `reference_label`, `distance` and
        `rank` (1 is the nearest; equals by their row in the collection).
        Raises `FrameError` for k < 1, a missing column or an empty query, and
        `PhotoError` where no query photo can be read.
        """
        check_whole("k", k, none_is="all")
        check_distance("radius", radius)
        check_whole("batch_size", batch_size)
        dataset = query_frame(dataset, self.feature)
        images, paths = images_and_paths(dataset, image_column(dataset, self.feature))
        labels = row_labels(dataset, label)
        names = shown_names(paths, [f"query {one}" for one in labels])
        vectors, good = self._vectors_of(images, names, verbose, batch_size)
        rows, distances = self.index.search(vectors, k)
        for query, row, distance in list(zip(good, rows, distances))[-RecentQueries.SIZE :]:
            known = self.collection.find(images[query])
            source = source_of(images[query]) if known is None else self.collection.sources[known]
            self._recent.remember(labels[query], names[query], source, row, distance)
        return edge_frame([labels[query] for query in good], rows, distances, self.labels, radius)

    def opened(self, progress: bool = False) -> Settled:
        """The network as it made the features; a model from disk opens it when it is first needed."""
        if self._settled is None:
            network = load_network(self.network.name, progress=progress)
            if network.identity != self.network.identity:
                raise ModelError(f"{network.name} is not what it was when this model was saved; build the model again")
            self.network, self._settled = network, settled_again(network, self.precision, self.key)
            if self._settled.is_rounded:
                print(self._settled.note)
        return self._settled

    def embed(self, photos: List[Any], progress: bool = False, batch_size: int = 64) -> Embedded:
        """The features of photos from outside, to be compared with those of the model; see `helpers.features.embed`."""
        return embed(photos, self.opened(progress), batch_size=batch_size, progress=progress)

    def similarity_graph(
        self,
        k: Optional[int] = 5,
        radius: Optional[float] = None,
        include_self_edges: bool = False,
        output_type: str = "SFrame",
        verbose: bool = True,
    ) -> Any:
        """The nearest photos of every photo of the collection, without itself.

        Returns an SFrame as `query` does, one edge a row. Of Turi Create's
        output types there is `SFrame` alone; networkx takes the edges.
        """
        check_whole("k", k, none_is="all")
        check_distance("radius", radius)
        if output_type != "SFrame":
            raise FrameError(f"output_type={output_type!r} is not to be had; take 'SFrame', whose rows are the edges")
        wanted = None if k is None else k + (not include_self_edges)
        rows, distances = self.index.search(self.vectors, wanted, progress=verbose)
        if not include_self_edges:
            rows, distances = but_itself(rows, distances, np.arange(len(rows)))
        return edge_frame(self.labels, rows, distances, self.labels, radius)

    def rankings(
        self,
        path: Union[str, "os.PathLike[str]"],
        k: Optional[int] = None,
        *,
        metric: Optional[str] = None,
        progress: bool = True,
    ) -> Any:
        """Write every photo's ranking of all others to disk, or its nearest `k`; without itself, as `query` orders.

        - `path` ends with `.csv`: text with the columns of `query`, a row a
          pair, and the distances in full. Text that begins like a formula is
          marked, see `helpers.files.spreadsheet`. Returns where it is.
        - else: a folder of 8 bytes a pair, for `helpers.similarity.Rankings.open`,
          and what that gives is returned.

        `metric` is the other one than the model's, at wish. Rankings are
        written as they are found, so that memory does not grow with the pairs,
        and are there when they are complete; older ones in their place go then.
        Raises `FrameError` for k < 1 or an unknown metric, and `ModelError`
        where there is something else at `path`, or not enough room.
        """
        from helpers.similarity.rankings import write

        return write(self, path, k, metric=metric, progress=progress)

    def asked(self, found: Any) -> Dict[Any, Tuple[str, Source]]:
        """The name and photo of each query behind a result, rows of which may have been left out.

        The model remembers its last 64 query photos; older ones are absent.
        Raises `FrameError` where the result has lost one of the columns that it takes.
        """
        return self._recent.behind(found)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the model to a folder, whole or not at all; no pickle.

        Photos that are files are remembered by where they are; the others are
        written into the folder too. Of a database that is the index, the
        address is, without a password. Raises `ModelError` where the folder
        holds something else, or cannot be written.
        """
        kept = ("precision", "agreement", "key", "metric", "feature", "label", "labels", "names", "timings")
        settings = {name: getattr(self, name) for name in kept}
        settings["bad"] = [[row["label"], row["path"], row["reason"]] for row in self.bad]
        network = self.network
        settings["network"] = {
            "name": network.address,
            "size": list(network.size),
            "dimension": network.dimension,
            "identity": network.identity,
            "note": network.note,
        }
        settings["index"] = getattr(self.index, "address", self.index.kind)
        settings["identities"] = self.collection.identities
        settings["rows"] = None if self.rows is None else self.rows.tolist()
        saved.write(Path(path), settings, self.vectors, self.collection.sources)

    def _vectors_of(
        self, images: List[Any], names: List[str], verbose: bool, batch_size: int
    ) -> Tuple[np.ndarray, List[int]]:
        """The features of the query photos, looked up or computed, and which of them could be read."""
        known = [self.collection.find(image) for image in images]
        new = [place for place, row in enumerate(known) if row is None]
        vectors = np.empty((len(images), self.vectors.shape[1]), dtype=np.float32)
        for place, row in enumerate(known):
            if row is not None:
                vectors[place] = self.vectors[row]
        bad: List[Tuple[int, str]] = []
        if new:
            done = self.embed([images[place] for place in new], verbose, batch_size)
            vectors[[new[row] for row in done.rows]] = done.vectors
            bad = [(new[row], reason) for row, reason in done.bad]
        if len(bad) == len(images):
            raise PhotoError(f"{names[bad[0][0]]}: {bad[0][1]}")
        for place, reason in bad:
            print(f"left out of the query: {names[place]}: {reason}")
        lost = {place for place, _ in bad}
        good = [place for place in range(len(images)) if place not in lost]
        return vectors[good], good
