"""The model that a notebook holds: a collection, and which of its photos look alike.

The same calls as Turi Create's `image_similarity`, on either kind of frame:
`create`, `query`, `similarity_graph`, `save`, `load_model`.
"""

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from helpers import saved_model, tc
from helpers.arguments import check_distance, check_whole
from helpers.collection import Collection, identity_or_none, lasting_source
from helpers.columns import bad_frame, edge_frame, image_column, row_labels, row_paths, shown_names
from helpers.embed import Embedded, embed
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.image_column import source_of
from helpers.index import Index
from helpers.models import LoadedModel
from helpers.models import load_model as load_network
from helpers.recent import RecentQueries, Source
from helpers.runtime import session_for


def create(
    dataset: Any,
    label: Optional[str] = None,
    feature: Optional[str] = None,
    model: Union[str, "os.PathLike[str]"] = "auto",
    verbose: bool = True,
    batch_size: int = 64,
    metric: str = "euclidean",
    precision: str = "auto",
    store: Optional[Any] = None,
) -> "SimilarityModel":
    """Build a similarity model of the photos in an SFrame.

    - `label`: the column that names a photo in results; row numbers without it.
      Photos can be shown by labels only where each has its own.
    - `feature`: the image column; not needed where there is only one.
    - `model`: a network of `helpers.models.MODELS`, `auto`, or an ONNX file.
    - `metric`: `euclidean` or `cosine`; `precision`: `auto`, `fp32` or `bf16`.
    - `store`: kept for features on disk, which this version has not; only `None`.

    Photos that cannot be read stay out of the model; they stand in `model.bad`,
    and one line says how many. Raises `FrameError` for an empty frame, a
    missing column or a frame without photos, and what `load_model` of
    `helpers.models` raises.

    >>> from helpers.photos import load_photos
    >>> data, bad = load_photos("data/robots/tarn")
    >>> model = create(data, model="efficientnet-lite0", verbose=False)
    >>> model.query(data[0:1], k=3, verbose=False)["reference_label"][0]
    0
    """
    if store is not None:
        raise ModelError("store= is for features kept on disk, which this version has not yet; leave it out")
    if not isinstance(dataset, tc.SFrame):
        raise FrameError(f"create() takes an SFrame, not {type(dataset).__name__}; load_photos(folder) makes one")
    if len(dataset) == 0:
        raise FrameError("the frame is empty: there is no photo to build a model of")
    feature = image_column(dataset, feature)
    labels = row_labels(dataset, label)
    Index(np.empty((0, 1), np.float32), metric)  # a wrong metric shows now, not after an hour of work
    check_whole("batch_size", batch_size)
    network = load_network(model, progress=verbose)
    if verbose:
        print(network.note)
    images = list(dataset[feature])
    identities = [identity_or_none(image) for image in images]  # now: a file may change while the others are read
    done = embed(images, network, precision=precision, batch_size=batch_size, progress=verbose)
    paths, files = row_paths(dataset)
    bad = bad_frame([(labels[row], paths[row], reason) for row, reason in done.bad])
    if done.bad:
        print(f"{len(done.bad)} of {len(images)} photos could not be read and stay out; model.bad says which and why")
    if not len(done.rows):
        raise FrameError(f"none of the {len(images)} photos can be read; the first: {done.bad[0][1]}")
    rows = [int(row) for row in done.rows]
    return SimilarityModel(
        network=network,
        precision=session_for(network, precision).precision,
        metric=metric,
        feature=feature,
        label=label,
        labels=[labels[row] for row in rows],
        names=shown_names([paths[row] for row in rows], [labels[row] for row in rows]),
        sources=[lasting_source(images[row], files[row]) for row in rows],
        identities=[identities[row] for row in rows],
        vectors=done.vectors,
        timings=done.timings,
        bad=bad,
    )


def load_model(
    path: Union[str, "os.PathLike[str]"], *, folder: Union[str, "os.PathLike[str]", None] = None
) -> "SimilarityModel":
    """Open what `SimilarityModel.save` wrote, in either environment.

    `folder` is where the photos are now, if they were moved since: the folder
    that was loaded. Raises `ModelError` where the model is damaged.
    """
    settings, vectors, sources = saved_model.read(Path(path))
    if folder is not None:
        moved = Path(folder).expanduser().absolute()
        names = settings["names"]
        sources = [str(moved / name) if isinstance(source, str) else source for name, source in zip(names, sources)]
    network = LoadedModel(**{**settings.pop("network"), "path": Path()})
    bad = bad_frame([tuple(row) for row in settings.pop("bad")])
    model = SimilarityModel(network=network, vectors=vectors, sources=sources, bad=bad, **settings)
    model._network_is_open = False
    return model


class SimilarityModel:
    """A collection of photos that can be asked which of them look like a given one.

    Made by `create` or `load_model`. To look at: `num_examples`, `network`,
    `metric`, `labels` (one a photo), `names` (to show), `vectors` (float32
    [num_examples, dimension]), `timings` and `bad` (an SFrame of label, path
    and reason).
    """

    def __init__(
        self,
        *,
        network: LoadedModel,
        precision: str,
        metric: str,
        feature: str,
        label: Optional[str],
        labels: List[Any],
        names: List[str],
        sources: List[Source],
        identities: List[Optional[str]],
        vectors: np.ndarray,
        timings: Dict[str, float],
        bad: Any,
    ) -> None:
        self.network, self.precision, self.metric = network, precision, metric
        self.feature, self.label = feature, label
        self.collection = Collection(labels, names, sources, identities)
        self.labels, self.names, self.vectors = labels, names, vectors
        self.timings, self.bad = timings, bad
        self.index = Index(vectors, metric)
        self._network_is_open = True
        self._recent = RecentQueries(labels)

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
        """The photo of a label, as `helpers.decode.open_photo` takes it; raises `FrameError` where there is none."""
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
        images, names, labels = self._asked_photos(dataset, label)
        vectors, good = self._vectors_of(images, names, verbose, batch_size)
        rows, distances = self.index.search(vectors, k)
        edges = [
            (labels[query], *edge)
            for query, row, distance in zip(good, rows, distances)
            for edge in self._edges(row, distance, radius)
        ]
        for query, row, distance in list(zip(good, rows, distances))[-RecentQueries.SIZE :]:
            known = self.collection.find(images[query])
            source = source_of(images[query]) if known is None else self.collection.sources[known]
            self._recent.remember(labels[query], names[query], source, row, distance)
        return edge_frame(edges, labels)

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
        rows, distances = self.index.search(self.vectors, None if k is None else k + (not include_self_edges))
        edges = []
        for row in range(self.num_examples):
            # By its number, not by its place: a copy of the photo is at distance 0 too.
            keep = rows[row] != row if not include_self_edges else np.ones(len(rows[row]), bool)
            near, far = rows[row][keep][:k], distances[row][keep][:k]
            edges += [(self.labels[row], *edge) for edge in self._edges(near, far, radius)]
        return edge_frame(edges, self.labels)

    def asked(self, found: Any) -> Dict[Any, Tuple[str, Source]]:
        """The name and photo of each query behind a result, rows of which may have been left out.

        The model remembers its last 64 query photos; older ones are absent.
        Raises `FrameError` where the result has lost one of the columns that it takes.
        """
        return self._recent.behind(found)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the model to a folder, whole or not at all; no pickle.

        Photos that are files are remembered by where they are; the others are
        written into the folder too. Raises `ModelError` where the folder holds
        something else, or cannot be written.
        """
        kept = ("precision", "metric", "feature", "label", "labels", "names", "timings")
        settings = {name: getattr(self, name) for name in kept}
        settings["bad"] = [[row["label"], row["path"], row["reason"]] for row in self.bad]
        network = self.network
        settings["network"] = {
            "name": network.name if network.name != network.path.name else str(network.path),
            "size": list(network.size),
            "dimension": network.dimension,
            "identity": network.identity,
            "note": network.note,
        }
        settings["identities"] = self.collection.identities
        saved_model.write(Path(path), settings, self.vectors, self.collection.sources)

    def _edges(self, rows: np.ndarray, distances: np.ndarray, radius: Optional[float]) -> List[Tuple[Any, float, int]]:
        return [
            (self.labels[row], float(distance), rank)
            for rank, (row, distance) in enumerate(zip(rows, distances), start=1)
            if radius is None or distance <= radius
        ]

    def _asked_photos(self, dataset: Any, label: Optional[str]) -> Tuple[List[Any], List[str], List[Any]]:
        if isinstance(dataset, tc.Image):
            dataset = tc.SFrame({self.feature: [dataset]})
        elif isinstance(dataset, tc.SArray):
            dataset = tc.SFrame({self.feature: dataset})
        elif not isinstance(dataset, tc.SFrame):
            raise FrameError(f"query() takes an SFrame, an SArray of images or an Image, not {type(dataset).__name__}")
        if len(dataset) == 0:
            raise FrameError("there is no photo to query with: the frame is empty")
        images = list(dataset[image_column(dataset, self.feature)])
        labels = row_labels(dataset, label)
        paths, _ = row_paths(dataset)
        return images, shown_names(paths, [f"query {one}" for one in labels]), labels

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
            done = self._embed([images[place] for place in new], verbose, batch_size)
            vectors[[new[row] for row in done.rows]] = done.vectors
            bad = [(new[row], reason) for row, reason in done.bad]
        if len(bad) == len(images):
            raise PhotoError(f"{names[bad[0][0]]}: {bad[0][1]}")
        for place, reason in bad:
            print(f"left out of the query: {names[place]}: {reason}")
        lost = {place for place, _ in bad}
        good = [place for place in range(len(images)) if place not in lost]
        return vectors[good], good

    def _embed(self, images: List[Any], verbose: bool, batch_size: int) -> Embedded:
        if not self._network_is_open:  # a model from disk needs its network only now
            network = load_network(self.network.name, progress=verbose)
            if network.identity != self.network.identity:
                raise ModelError(f"{network.name} is not what it was when this model was saved; build the model again")
            self.network, self._network_is_open = network, True
        return embed(images, self.network, precision=self.precision, batch_size=batch_size, progress=verbose)
