"""The model that a notebook holds: a collection of photos, and which of them look alike.

How a query travels: `SimilarityModel.query` takes the features of the collection's own photos from memory and sends
other photos through the network (`embed`); `index.search` (`helpers.features.index`) gives rows and distances;
`edge_frame` makes a frame of them. `search` does it for several photos at once, by `helpers.features.subset` where
only some photos count. Where no photo has to go through the network, a query is a search and a small frame: 0.3 ms
for 199 photos. The first photo from outside also opens the network, which takes about half a second.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Union

import numpy as np

from helpers.arguments import check_distance, check_whole
from helpers.errors import ModelError
from helpers.features.index import SearchIndex
from helpers.features.nearest import but_itself
from helpers.features.open_index import open_index
from helpers.features.subset import SubsetSearch
from helpers.frames import Frame, Image, SArray
from helpers.frames.neighbours import edge_frame
from helpers.frames.photo_columns import query_frame, row_labels
from helpers.frames.row_selection import mask, rows_of
from helpers.images.boxes import SIDES, Box
from helpers.images.decode import Source
from helpers.networks.load import load_network
from helpers.networks.precision.settled import Settled, is_given, settled_again
from helpers.similarity import given, query_vectors, saved
from helpers.similarity.members import Collection
from helpers.similarity.query_features import QueryFeatures
from helpers.similarity.recent_queries import AskedPhoto, RecentQueries
from helpers.similarity.saved import ModelContents
from helpers.similarity.search import SearchQuery, feedback
from helpers.similarity.text_search import TextMembers
from helpers.similarity.turi_members import TuriMembers, graph_maker

if TYPE_CHECKING:
    from helpers.similarity.rankings import Rankings
    from helpers.similarity.regions import Regions


class SimilarityModel(QueryFeatures, TextMembers, TuriMembers):
    """A collection of photos that can be asked which of them look like a given one.

    Made by `create` or `load_model`, with Turi Create's calls and more.

    Attributes
    ----------
    labels, names : list
        By which results name each photo, and what is shown for it: its path where there is one.
    vectors : float32 [num_examples, dimension]
    centre : float32 [dimension], or None
        What was subtracted from each feature, with `metric="centred"`: the mean of them all.
    rows : int64 [num_examples]
        Which row of the frame each photo was, ascending; `data` has these rows.
    bad : SFrame
        `label`, `path` and `reason` of the photos that could not be read and stayed out.
    index : SearchIndex
        What is searched; it has a `recall` where it is approximate.
    network, precision, agreement, timings
        What made the features, how well it agrees with fp32 (`helpers.networks.precision`), and how fast it was.
    store_path : Path or None
        The file in which features are kept.
    regions : Regions or None
        The parts of the photos, after `add_regions`.
    text_model : str or None
        Which text model `search(text=…)` asks; None is the network's own. Another one may be set at any time.
    """

    def __init__(
        self,
        contents: ModelContents,
        index: SearchIndex,
        *,
        settled: Optional[Settled] = None,
        data: Optional[Frame] = None,
        store_path: Optional[Path] = None,
    ) -> None:
        self._contents, self.index, self.store_path = contents, index, store_path
        self.network, self.precision, self.agreement = contents.network, contents.precision, contents.agreement
        self.key, self.feature, self.label = contents.key, contents.feature, contents.label
        self.labels, self.names, self.rows = contents.labels, contents.names, contents.rows
        self.vectors, self.bad, self.timings = contents.vectors, contents.bad, contents.timings
        self.centre, self.text_model = contents.centre, contents.text_model
        self.collection = Collection(contents.labels, contents.names, contents.sources, contents.identities)
        self.regions: Optional[Regions] = None
        self._settled = settled  # a model from disk needs its network only when it is asked about another photo
        self._unchecked = is_given(contents.key)  # whether features were given of which the network may not be
        self._frame = data
        self.recent_queries = RecentQueries(self.labels)
        self._searchers: Dict[str, SubsetSearch] = {}  # by metric
        self._outside = {}

    @property
    def metric(self) -> str:
        """`euclidean` or `cosine`."""
        return self.index.metric

    @property
    def num_examples(self) -> int:
        """How many photos the model holds."""
        return len(self.labels)

    @property
    def data(self) -> Optional[Frame]:
        """The rows of the frame that the photos came from, in their order; None for a model from disk."""
        if self._frame is not None and len(self._frame) != len(self.vectors):
            self._frame = rows_of(self._frame, self.rows)  # not before: it takes Turi Create its time
        return self._frame

    def __repr__(self) -> str:
        return (
            f"SimilarityModel of {self.num_examples} photos: {self.network.name}, {self.network.dimension} features, "
            f"{'centred ' if self.centre is not None else ''}{self.metric} distance"
        )

    def photo(self, label: Any) -> Source:
        """The photo of a label, as `open_photo` takes it; raises `FrameError` where there is none."""
        return self.collection.sources[self.collection.row(label)]

    def name_of(self, label: Any) -> str:
        """The name to show for a label: its path where there is one."""
        return self.names[self.collection.row(label)]

    def query(
        self,
        dataset: Union[Frame, SArray, Image],
        label: Optional[str] = None,
        k: Optional[int] = 5,
        radius: Optional[float] = None,
        verbose: bool = True,
        batch_size: int = 64,
    ) -> Frame:
        """The nearest photos of the collection to each query photo.

        Raises `FrameError` for k < 1, a missing column or an empty query, and `PhotoError` where no query photo can be
        read; if only some cannot, a line names them, and they stay out.

        Parameters
        ----------
        dataset
            An SFrame with the same image column, an SArray of Images, or one Image, from the collection or from
            outside. A photo of the collection is looked up; any other goes through the network. Or the same with
            features of the model's network in the place of images, as arrays; these are taken as they are.
        label
            The column of the query frame that stands for a photo in the result; row numbers without it.
        k
            How many neighbours each; None is all.
        radius
            The largest distance that counts.

        Returns
        -------
        SFrame
            `query_label`, `reference_label`, `distance` and `rank`: 1 is the nearest, equals by their row.
        """
        check_whole("k", k, none_is="all")
        check_distance("radius", radius)
        check_whole("batch_size", batch_size)
        dataset = query_frame(dataset, self.feature)
        labels = row_labels(dataset, label)
        query = query_vectors.of_query(self, dataset, labels, verbose, batch_size)
        rows, distances = self.index.search(query.vectors, k)
        for place, near, apart in list(zip(query.good, rows, distances))[-RecentQueries.SIZE :]:
            self.recent_queries.remember(labels[place], query.names[place], query.source(place), near, apart)
        return edge_frame([labels[place] for place in query.good], rows, distances, self.labels, radius)

    def search(
        self,
        like: Any = (),
        unlike: Any = (),
        *,
        text: Optional[str] = None,
        cutoff: Optional[float] = None,
        region: Optional[Tuple[Any, Box]] = None,
        where: Optional[Any] = None,
        k: Optional[int] = 10,
        metric: Optional[str] = None,
        hide: bool = False,
    ) -> Frame:
        """The photos nearest to some that they should be like, and away from some to be unlike; or those of some words.

        Raises `FrameError` for what cannot be searched by, an unknown word and a `where` of another length,
        `PhotoError` where a photo from outside cannot be read, `ModelError` for a text where the network knows no
        words, and `WeightsUnavailable` where its text model is not available.

        Parameters
        ----------
        like, unlike
            Labels of the model, or photos from outside: Images, Paths, or the bytes of photo files. One alone needs no
            list. `helpers.similarity.search.feedback` puts several together.
        text
            Words that the network has learnt, such as `"fox"` or `"cat, dog"`, see `helpers.networks.words`: photos of
            any of them come first. With `clip` and its like (`helpers.networks.text.table`) any words, such as `"a bird
            on a snowy branch"`. With photos to be like or unlike, both rankings are put together by
            `helpers.similarity.word_search.found_in_words`. No photo of the collection goes through the network.
        cutoff
            The least score of a photo that fits a text, -1 to 1, for networks with a text model. None is where the
            scores fall off, see `helpers.similarity.text_search.fall_off`. Photos below it are in the answer too.
        region
            Instead of photos one and a box in it, (left, top, right, bottom) in shares of the upright photo, 0 to 1.
            What the box holds is compared with whole photos, or after `add_regions` with parts of photos.
        where
            Which rows of the frame that the model was made of count, as 0 and 1 or False and True; the others stay out
            before the nearest are taken.
        k
            How many neighbours; None is all that count.
        metric
            The other one than the model's. Parts of photos are always compared by their cosine.
        hide
            Whether the photos that were asked with stay out.

        Returns
        -------
        SFrame
            As of `query`. Its `query_label` is the label of the one photo in `like`, or a short text for several; after
            `add_regions` a region's answer has the part of each photo too: `left`, `top`, `right` and `bottom`. An
            answer to a text has `score`, 1 at most, in place of a distance (which is 1 less the score), and `word`:
            which of the classes that the text means the photo looks like most; of a text model instead `fits`, 1 from
            the cut-off on and 0 below it, and `cutoff`, where `show_matches` draws a line.

        Examples
        --------
        >>> from helpers.photos.load import load_photos
        >>> from helpers.similarity.build import create
        >>> data, bad = load_photos("data/robots/tarn")
        >>> model = create(data, model="efficientnet-lite0", verbose=False)
        >>> found = model.search(like=[0, 3], unlike=7, where=data["width"] > data["height"], k=5)
        >>> found["query_label"][0]
        '0, 3, not 7'
        """
        check_whole("k", k, none_is="all")
        searcher = self.searcher(metric)
        query = SearchQuery.of(self.collection, like, unlike, region, text)
        words = None if query.text is None else self.asked_in_words(query.text, cutoff)
        allowed = self.photos_where(where)
        if hide:
            allowed[[photo.row for photo in query.photos if photo.row is not None]] = False
        if words is not None:
            near = self._nearest(query, searcher, None, allowed)[:2] if query.photos else None
            found = words.found(allowed, k, near, is_like=bool(query.like))
            rows, distances, boxes = found.rows, found.distances, None
        else:
            rows, distances, boxes = self._nearest(query, searcher, k, allowed)
        for first in query.photos[:1]:
            self.recent_queries.remember(query.label, first.name, first.source, rows, distances, query.box)
        frame = edge_frame([query.label], rows[None], distances[None], self.labels, None)
        if words is not None:
            return words.columns(frame, found)
        if boxes is not None:
            for name, edges in zip(SIDES, boxes.T.tolist()):
                frame = frame.add_column(SArray(edges, dtype=float), name)
        return frame

    def _nearest(
        self, query: SearchQuery, searcher: SubsetSearch, k: Optional[int], allowed: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray, Optional[np.ndarray]]:
        """Rows, distances and, of regions, boxes: the nearest to a query's photos, or else to those to be unlike."""
        if query.box is None:
            features = self.features_of(query.photos)
            likes = len(query.like) or len(query.unlike)
            point = feedback(features[:likes], features[likes:], searcher.metric)
            return (*searcher.search(point, k, allowed), None)
        source = query.like[0].source
        if self.regions is None:
            return (*searcher.search(self.feature_of(source, query.box), k, allowed), None)
        return self.regions.search(source, query.box, len(self.vectors) if k is None else k, allowed)

    def where(self, photos: Any) -> np.ndarray:
        """A `where` for `search`, bool [rows of the frame], from which photos of the model count: bool [photos]."""
        chosen = np.zeros(len(self.vectors) + len(self.bad), bool)
        chosen[self.rows[mask(photos, len(self.vectors))]] = True
        return chosen

    def photos_where(self, where: Optional[Any]) -> np.ndarray:
        """Which photos of the model count for a `where` of `search`: bool [photos]. Raises `FrameError`."""
        if where is None:
            return np.ones(len(self.vectors), bool)
        return mask(where, len(self.vectors) + len(self.bad))[self.rows]

    def searcher(self, metric: Optional[str] = None) -> SubsetSearch:
        """Nearest neighbours among all photos or some, by the model's metric or the other one, which is exact."""
        metric = self.index.metric if metric is None else metric
        if metric not in self._searchers:
            index = self.index if metric == self.index.metric else open_index("exact", self.vectors, metric)
            self._searchers[metric] = SubsetSearch(index, self.vectors)
        return self._searchers[metric]

    def asked(self, found: Frame) -> Dict[Any, AskedPhoto]:
        """Name, photo and box of each query behind a result, rows of which may have been left out.

        Of the last 64 query photos; older ones are absent. Raises `FrameError` where the result lacks a column.
        """
        return self.recent_queries.behind(found)

    def add_regions(self, progress: bool = True) -> None:
        """Have `search` compare regions with parts of photos; each photo goes through the network once more.

        Their features are kept where those of the photos are. Raises what `helpers.similarity.regions.Regions.of` does.
        """
        from helpers.similarity.regions import Regions

        self.regions = Regions.of(
            self.collection.sources,
            self.collection.identities,
            self.opened(progress).loaded,
            store=self.store_path,
            progress=progress,
        )
        if progress:
            print(self.regions.note)

    def similarity_graph(
        self,
        k: Optional[int] = 5,
        radius: Optional[float] = None,
        include_self_edges: bool = False,
        output_type: str = "SFrame",
        verbose: bool = True,
    ) -> Frame:
        """The nearest photos of every photo of the collection, without itself.

        Returns an SFrame as `query` does, one edge a row; or for `output_type="SGraph"` Turi Create's SGraph of the
        edges, where Turi Create is (elsewhere `FrameError`, with the two lines that make a graph of them).
        """
        check_whole("k", k, none_is="all")
        check_distance("radius", radius)
        as_graph = graph_maker(output_type)
        wanted = None if k is None else k + (not include_self_edges)
        rows, distances = self.index.search(self.vectors, wanted, progress=verbose)
        if not include_self_edges:
            rows, distances = but_itself(rows, distances, np.arange(len(rows)))
        return as_graph(edge_frame(self.labels, rows, distances, self.labels, radius))

    def rankings(
        self,
        path: Union[str, "os.PathLike[str]"],
        k: Optional[int] = None,
        *,
        metric: Optional[str] = None,
        progress: bool = True,
    ) -> Union["Rankings", Path]:
        """Write every photo's ranking of all others to disk, or its nearest `k`; without itself, as `query` orders.

        They appear at `path` when they are complete, in the place of older ones; memory does not grow with the pairs.
        Returns where the CSV is, or the `Rankings` in the folder. Raises `FrameError` for k < 1 or an unknown metric,
        and `ModelError` where there is something else at `path`, or not enough room.

        Parameters
        ----------
        path
            One that ends with `.csv`: text with the columns of `query`, a row a pair, and the distances in full. Text
            that begins like a formula is marked, see `helpers.files.spreadsheet`. Any other: a folder of 8 bytes a
            pair, for `helpers.similarity.Rankings.open`.
        metric
            The other one than the model's.
        """
        from helpers.similarity.rankings import write

        return write(self, path, k, metric=metric, progress=progress)

    def opened(self, progress: bool = False) -> Settled:
        """The network as it made the features; a model from disk opens it when it is first needed."""
        if self._settled is None:
            network = load_network(self.network.name, progress=progress)
            if network.identity != self.network.identity:
                raise ModelError(f"{network.name} is not what it was when this model was saved; build the model again")
            self.network = self._contents.network = network
            self._settled = settled_again(network, self.precision, self.key)
            if self._settled.is_rounded:
                print(self._settled.note)
        if self._unchecked:
            given.check_network(self._settled, self.collection.sources, self.vectors, self.centre)
            self._unchecked = False
        return self._settled

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the model to a folder, whole or not at all; no pickle.

        Photos that are files are remembered by where they are; the bytes of others are written too. Of a database that
        is the index, the address is saved, without a password. Raises `ModelError` where the folder holds something
        else, or cannot be written, and `ArgumentError` for anything but a path.
        """
        self._contents.text_model = self.text_model
        saved.write(saved.place_of(path), self._contents)
