"""Building a similarity model of the photos in a frame, or opening one that was saved.

The same calls as Turi Create's `image_similarity`, on either kind of frame: `create` and `load_model` give a
`SimilarityModel`.
"""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Optional, Union

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.database.postgres import check_of_file, is_address
from helpers.errors import ArgumentError, KinframeError, ModelError
from helpers.features.distance import METRICS
from helpers.features.embedding import Embedded, embed
from helpers.features.index import SearchIndex
from helpers.features.open_index import KINDS, open_index
from helpers.features.store import kept_networks
from helpers.features.store_path import other_stores, path_for
from helpers.files.spelling import SpelledPaths, expanded, printable
from helpers.frames import HAS_TURICREATE, Frame, Image, SFrame
from helpers.frames.columns import bad_frame
from helpers.frames.photo_columns import array_column, image_column, row_labels
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.networks.load import load_network
from helpers.networks.precision.settled import is_given
from helpers.networks.text.table import text_model_of
from helpers.similarity import given, saved
from helpers.similarity.model import SimilarityModel
from helpers.similarity.saved import ModelContents

if TYPE_CHECKING:
    from distributed import Client

    from helpers.database.model_index import Archive

PathLike = Union[str, "os.PathLike[str]"]
ImageSimilarityModel = SimilarityModel
"""Turi Create's name for the class."""

CENTRED = "centred"  # a metric of `create` alone: the features are changed, and then compared by their cosine


@takes(dataset="frame")
def create(
    dataset: Frame,
    label: Optional[str] = None,
    feature: Optional[str] = None,
    model: PathLike = "auto",
    verbose: bool = True,
    batch_size: int = 64,
    metric: str = "euclidean",
    precision: str = "auto",
    store: Union[PathLike, bool, None] = None,
    index: str = "exact",
    client: Optional["Client"] = None,
    text_model: Optional[str] = None,
) -> SimilarityModel:
    """Build a similarity model of the photos in an SFrame.

    Photos that cannot be read stay out of the model; `model.bad` lists them, and one line prints how many they are.

    Parameters
    ----------
    dataset
        A frame with a column of Images, or of their features.
    label
        The column that names a photo in results; row numbers without it. Photos can be shown by labels only where each
        has its own.
    feature
        The image column; not needed where there is only one. Or a column of arrays, features of the network `model`
        that were computed before, such as by `tc.image_analysis.get_deep_features`: they are taken as they are. As in
        Turi Create, without `feature` the only column of arrays counts before the images, where its length fits.
        Photos from outside are then computed in fp32, after a check that the features are of that network.
    model
        A network of `helpers.networks.MODELS`, `auto`, an ONNX file, or `clip` or `chinese-clip`, whose photos can be
        searched in any words; see `helpers.networks.load_network`.
    metric
        `euclidean` or `cosine`; or `centred`, the cosine after the mean of all photos' features is subtracted from
        each. That mean is what all of them have in common, such as the forest around a field camera: on photos of
        field cameras the same species comes nearer, on others it makes no difference.
    precision
        `auto`, `fp32`, `bf16` or `int8`, see `helpers.networks.precision.settle`.
    store
        The file in which features are kept, so that none is computed twice; None is one in the cache folder, for each
        folder of photos, and False keeps none. See `helpers.features.FeatureStore`.
    index
        `exact`, or `hnsw`, which is approximate and for millions of photos, see `helpers.features.open_index`.
        Or the address of a PostgreSQL with pgvector, `postgresql://user@host/archive`: features that nobody has sent
        there before are sent, and searched there, exactly. It is reached before any work is done. See
        `helpers.database.model_index`.
    client
        A Dask client, whose workers then do the work; see `helpers.features.dask.cluster`.
    text_model
        By which model `search(text=…)` reads texts, for a network that has several: with `clip`, `clip` (English) or
        `multilingual` (50 languages). The features of the photos are the same, and so is their key in the store. See
        `helpers.networks.text.table`.

    Raises
    ------
    FrameError
        For an empty frame, a missing column or a frame without photos.
    ModelError, WeightsUnavailable
        As `helpers.networks.load_network` does.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> data, bad = load_photos("data/robots/tarn")
    >>> model = create(data, model="efficientnet-lite0", verbose=False)
    >>> model.query(data[0:1], k=3, verbose=False)["reference_label"][0]
    0
    """
    if not isinstance(dataset, SFrame):
        raise ArgumentError(f"create() takes an SFrame, not {type(dataset).__name__}; load_photos(folder) makes one")
    if len(dataset) == 0:
        raise ArgumentError("the frame is empty: there is no photo to build a model of")
    arrays = array_column(dataset, feature)
    feature = image_column(dataset, feature) if arrays is None else feature
    labels = row_labels(dataset, label)
    if metric not in (*METRICS, CENTRED):
        raise ArgumentError(f"metric={metric!r} is not known; there are {', '.join(METRICS)} and {CENTRED}")
    centred, metric = metric == CENTRED, "cosine" if metric == CENTRED else metric
    if centred and is_address(index):
        raise ArgumentError(
            "metric='centred' is not available in a database, which other collections share; take 'cosine'"
        )
    archive = check_index(index, metric)  # a wrong name shows now, not after an hour of work
    check_whole("batch_size", batch_size)
    if text_model is not None:
        text_model_of(os.fspath(model), text_model)
    paths, files = row_paths(dataset)
    store_path = path_for(store, paths, files)
    network = load_network(model, progress=verbose, kept=kept_networks(store_path))
    if verbose:
        print(network.note)
    if arrays is not None and given.are_features(dataset[arrays], network):
        feature, embedded = arrays, given.take(dataset, arrays, network)
    elif arrays is not None and (feature is not None or Image not in dataset.column_types()):
        raise given.refusal(arrays, dataset[arrays], network)
    else:
        feature = image_column(dataset, feature)
        embedded = embed(
            dataset[feature],
            network,
            precision=precision,
            batch_size=batch_size,
            progress=verbose,
            store=store_path,
            others=[] if store_path is None else other_stores(store_path),
            files=files,
            client=client,
        )
    bad = embedded.bad
    if bad:
        print(f"{len(bad)} of {len(dataset)} photos could not be read and stay out; model.bad says which and why")
    if not len(embedded.rows):
        raise ArgumentError(f"none of the {len(dataset)} photos can be read; the first: {bad[0][1]}")
    if verbose:
        print("\n".join(_report(embedded)))
    settled = embedded.settled
    rows = embedded.rows.tolist()
    centre = embedded.vectors.mean(axis=0, dtype=np.float64).astype(np.float32) if centred else None
    contents = ModelContents(
        network=network,
        precision=settled.precision,
        agreement=settled.agreement,
        key=settled.key,
        metric=metric,
        index=index,
        feature=feature,
        label=label,
        labels=[labels[row] for row in rows],
        names=shown_names([paths[row] for row in rows], [labels[row] for row in rows]),
        sources=embedded.sources,
        identities=list(embedded.identities),
        rows=embedded.rows,
        vectors=embedded.vectors if centre is None else embedded.vectors - centre,
        centre=centre,
        text_model=text_model,
        timings=embedded.timings,
        bad=bad_frame([(labels[row], paths[row], reason) for row, reason in bad]),
    )
    path = None if store_path is None else _index_file(store_path, settled.key, CENTRED if centred else metric)
    opened = _index_of(contents, archive, path, progress=verbose)
    if verbose and index != "exact":
        print(opened.note)
    return SimilarityModel(contents, opened, settled=settled, data=dataset.copy(), store_path=store_path)


def load_model(path: PathLike, *, folder: Optional[PathLike] = None, database: bool = False) -> SimilarityModel:
    """Open what `SimilarityModel.save` wrote, in either environment; a model that Turi Create saved, where that is.

    Parameters
    ----------
    folder
        Where the photos are now, if they were moved since: the folder that was loaded.
    database
        Whether to connect to the database in which the model was searched, at the address that the model names, with
        the password in PGPASSWORD or ~/.pgpass. Without it, and where the database cannot be reached, the model is
        searched here, with the same answers, and a line is printed.

    Raises
    ------
    ModelError
        Where there is no model, it is damaged, or another version of Kinframe wrote it.
    """
    path = saved.place_of(path)
    if (path / "dir_archive.ini").exists():
        return _turi_creates(path)
    contents = saved.read(path)
    if folder is not None:
        moved = SpelledPaths(str(expanded(folder).absolute()))
        contents.sources = [
            moved.find(name) if isinstance(source, str) else source
            for name, source in zip(contents.names, contents.sources)
        ]
    index = _index_again(contents, path / saved.INDEX, database)
    files = [source if isinstance(source, str) else None for source in contents.sources]
    return SimilarityModel(contents, index, store_path=path_for(None, list(contents.names), files))


def _turi_creates(path: Path) -> Any:
    """A model that Turi Create saved, as Turi Create opens it."""
    if not HAS_TURICREATE:
        raise ModelError(
            f"{path}: Turi Create saved this model, and only Turi Create opens it; load it in the Turi Create "
            "environment (environment.yml), or build a model of the photos here"
        )
    import turicreate

    return turicreate.load_model(str(path))


def check_index(kind: str, metric: str) -> "Optional[Archive]":
    """Whether there is such an index; and for the address of a database, the database, which is reached now.

    Raises `FrameError` for another kind or metric, and what `helpers.database.model_index.Archive` raises.
    """
    if isinstance(kind, str) and is_address(kind):
        from helpers.database.model_index import check_address

        return check_address(kind, metric)
    open_index(kind, np.empty((0, 1), np.float32), metric)
    return None


def _index_of(
    contents: ModelContents, archive: "Optional[Archive]", path: Optional[Path], progress: bool
) -> SearchIndex:
    """The index that a model's contents name: in the database where it is one, else here, where `path` may keep it."""
    if archive is None:
        return open_index(contents.index, contents.vectors, contents.metric, path=path, progress=progress)
    index = archive.index(
        contents.vectors, contents.metric, key=contents.key, identities=contents.identities, progress=progress
    )
    contents.vectors, contents.index = index.vectors, index.address  # as the database has them; without a password
    return index


def _index_again(contents: ModelContents, path: Path, database: bool) -> SearchIndex:
    """The index of a saved model; an exact one here where its database cannot be used, or should not."""
    if contents.index not in KINDS:
        reason = f"load_model(…, database=True) connects to {contents.index}"
        try:
            if database:
                check_of_file(contents.index)
                return _index_of(contents, check_index(contents.index, contents.metric), path, progress=True)
        except KinframeError as error:
            reason = str(error)
        print(printable(f"the model is searched here, not in its database, with the same answers: {reason}"))
        contents.index = "exact"
    return _index_of(contents, None, path, progress=True)


def _index_file(store: Path, key: str, metric: str) -> Path:
    """Where an index that took long to build is kept, beside the features that it is of."""
    return Path(f"{store}.{hashlib.sha256(f'{key} {metric}'.encode()).hexdigest()[:12]}.hnsw")


def _report(embedded: Embedded) -> Iterator[str]:
    """What a person wants to know of the work: how exact, how fast, how much was there already."""
    note, timings = embedded.settled.note, embedded.timings
    if is_given(embedded.settled.key):
        yield note
        return
    if note != "fp32":  # how well another precision agrees, also where it was tried and not taken
        yield note
    photos, kept = (int(timings[name]) for name in ("photos", "kept"))
    if kept < photos:
        seconds = timings["seconds"] - timings["prepare"]
        took = f"in {seconds:.0f} s, " if seconds >= 2 else ""
        before = f"; the features of {kept} were kept from before" if kept else ""
        yield f"{photos - kept} photos {took}at {(photos - kept) / seconds:.0f} a second{before}"
    else:
        yield f"{photos} photos: the features of all were kept from before"
