"""Building a similarity model of the photos in a frame, or opening one that was saved.

The same calls as Turi Create's `image_similarity`, on either kind of frame:
`create` and `load_model` give a `SimilarityModel`.
"""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from helpers.arguments import check_whole
from helpers.database.postgres import is_address
from helpers.errors import FrameError, KinframeError
from helpers.features.embedding import Embedded, embed
from helpers.features.index import SearchIndex
from helpers.features.open_index import KINDS, open_index
from helpers.features.store import default_path, other_stores
from helpers.frames import SFrame
from helpers.frames.columns import bad_frame
from helpers.frames.photo_columns import image_column, row_labels
from helpers.frames.photo_paths import folder_of, row_paths, shown_names
from helpers.networks.load import LoadedModel, load_network
from helpers.similarity import saved
from helpers.similarity.model import SimilarityModel

if TYPE_CHECKING:
    from helpers.database.model_index import Archive

__all__ = ["SimilarityModel", "create", "load_model"]


def create(
    dataset: Any,
    label: Optional[str] = None,
    feature: Optional[str] = None,
    model: Union[str, "os.PathLike[str]"] = "auto",
    verbose: bool = True,
    batch_size: int = 64,
    metric: str = "euclidean",
    precision: str = "auto",
    store: Union[str, "os.PathLike[str]", bool, None] = None,
    index: str = "exact",
    client: Optional[Any] = None,
) -> SimilarityModel:
    """Build a similarity model of the photos in an SFrame.

    - `label`: the column that names a photo in results; row numbers without it.
      Photos can be shown by labels only where each has its own.
    - `feature`: the image column; not needed where there is only one.
    - `model`: a network of `helpers.networks.MODELS`, `auto`, or an ONNX file.
    - `metric`: `euclidean` or `cosine`; `precision`: `auto`, `fp32`, `bf16` or
      `int8`, see `helpers.networks.precision.settle`.
    - `store`: the file in which features are kept, so that none is computed
      twice; without it one in the cache folder, for each folder of photos, and
      with `False` none. See `helpers.features.store`.
    - `index`: `exact`, or `hnsw`, which is approximate and for millions of
      photos, see `helpers.features.open_index.open_index`. Or the address of a PostgreSQL with
      pgvector, `postgresql://user@host/archive`: the features are sent there, but
      for those that somebody sent before, and searched there, exactly. It is
      reached before any work is done. See `helpers.database.model_index`.
    - `client`: a Dask client, whose workers then do the work; see `helpers.features.dask_cluster`.

    Photos that cannot be read stay out of the model; they stand in `model.bad`,
    and one line says how many. Raises `FrameError` for an empty frame, a
    missing column or a frame without photos, and what `load_model` of
    `helpers.networks.load` raises.

    >>> from helpers.photos.load import load_photos
    >>> data, bad = load_photos("data/robots/tarn")
    >>> model = create(data, model="efficientnet-lite0", verbose=False)
    >>> model.query(data[0:1], k=3, verbose=False)["reference_label"][0]
    0
    """
    if not isinstance(dataset, SFrame):
        raise FrameError(f"create() takes an SFrame, not {type(dataset).__name__}; load_photos(folder) makes one")
    if len(dataset) == 0:
        raise FrameError("the frame is empty: there is no photo to build a model of")
    feature = image_column(dataset, feature)
    labels = row_labels(dataset, label)
    archive = check_index(index, metric)  # a wrong name shows now, not after an hour of work
    check_whole("batch_size", batch_size)
    network = load_network(model, progress=verbose)
    if verbose:
        print(network.note)
    paths, files = row_paths(dataset)
    kept_in = _store(store, paths, files)
    done = embed(
        dataset[feature],
        network,
        precision=precision,
        batch_size=batch_size,
        progress=verbose,
        store=kept_in,
        others=[] if kept_in is None else other_stores(kept_in),
        files=files,
        client=client,
    )
    bad = bad_frame([(labels[row], paths[row], reason) for row, reason in done.bad])
    if done.bad:
        print(f"{len(done.bad)} of {len(dataset)} photos could not be read and stay out; model.bad says which and why")
    if not len(done.rows):
        raise FrameError(f"none of the {len(dataset)} photos can be read; the first: {done.bad[0][1]}")
    if verbose:
        print("\n".join(_told(done)))
    rows = [int(row) for row in done.rows]
    place = None if kept_in is None else _index_file(kept_in, done.settled.key, metric)
    opened: SearchIndex
    if archive is None:
        opened, vectors = open_index(index, done.vectors, metric, path=place, progress=verbose), done.vectors
    else:
        opened = archive.index(done.vectors, metric, key=done.settled.key, identities=done.identities, progress=verbose)
        vectors = opened.vectors
    if verbose and index != "exact":
        print(opened.note)
    return SimilarityModel(
        network=network,
        precision=done.settled.precision,
        agreement=done.settled.agreement,
        key=done.settled.key,
        settled=done.settled,
        rows=done.rows,
        data=dataset.copy(),
        store_path=None if kept_in is None else Path(kept_in).expanduser().absolute(),
        index=opened,
        feature=feature,
        label=label,
        labels=[labels[row] for row in rows],
        names=shown_names([paths[row] for row in rows], [labels[row] for row in rows]),
        sources=done.sources,
        identities=list(done.identities),
        vectors=vectors,
        timings=done.timings,
        bad=bad,
    )


def check_index(kind: str, metric: str) -> "Optional[Archive]":
    """Whether there is such an index; and for the address of a database, the database, which is reached now.

    Raises `FrameError` for another kind or metric, and what
    `helpers.database.model_index.Archive` raises.
    """
    if isinstance(kind, str) and is_address(kind):
        from helpers.database.model_index import check_address

        return check_address(kind, metric)
    open_index(kind, np.empty((0, 1), np.float32), metric)
    return None


def _index_again(
    kind: str, vectors: np.ndarray, metric: str, settings: Dict[str, Any], path: Path
) -> Tuple[SearchIndex, np.ndarray]:
    """The index of a saved model, and the features as it has them."""
    if kind not in KINDS:
        try:
            archive = check_index(kind, metric)
            if archive is not None:
                there = archive.index(
                    vectors, metric, key=settings["key"], identities=settings["identities"], progress=True
                )
                return there, there.vectors
        except KinframeError as error:
            print(f"the model is searched here, not in its database, with the same answers: {error}")
            kind = "exact"
    return open_index(kind, vectors, metric, path=path, progress=True), vectors


def _store(
    wanted: Union[str, "os.PathLike[str]", bool, None], paths: List[Optional[str]], files: List[Optional[str]]
) -> Union[str, "os.PathLike[str]", None]:
    if wanted is None:
        folder = folder_of(paths, files)
        return None if folder is None else default_path(folder)
    if wanted is False:
        return None
    if isinstance(wanted, (str, os.PathLike)):
        return wanted
    raise FrameError(f"store is the path of a file, False for none, or None for the usual one, not {wanted!r}")


def _index_file(store: Union[str, "os.PathLike[str]"], key: str, metric: str) -> Path:
    """Where an index that took long to build is kept, beside the features that it is of."""
    return Path(f"{os.fspath(store)}.{hashlib.sha256(f'{key} {metric}'.encode()).hexdigest()[:12]}.hnsw")


def _told(done: Embedded) -> Iterator[str]:
    """What a person wants to know of the work: how exact, how fast, how much was there already."""
    if done.settled.note != "fp32":  # how well another precision agrees, also where it was tried and not taken
        yield done.settled.note
    photos, kept = (int(done.timings[name]) for name in ("photos", "kept"))
    if kept < photos:
        seconds = done.timings["seconds"] - done.timings["prepare"]
        took = f"in {seconds:.0f} s, " if seconds >= 2 else ""
        before = f"; the features of {kept} were kept from before" if kept else ""
        yield f"{photos - kept} photos {took}at {(photos - kept) / seconds:.0f} a second{before}"
    else:
        yield f"{photos} photos: the features of all were kept from before"


def load_model(
    path: Union[str, "os.PathLike[str]"], *, folder: Union[str, "os.PathLike[str]", None] = None
) -> SimilarityModel:
    """Open what `SimilarityModel.save` wrote, in either environment.

    `folder` is where the photos are now, if they were moved since: the folder
    that was loaded. Where the model's index is a database that cannot be had,
    one line says so, and the model is searched here: the answers are the same.
    A password is not saved: it is taken from PGPASSWORD or ~/.pgpass, and sent
    to the address that the model names, so open no such model of somebody whom
    you do not trust. Raises `ModelError` where the model is damaged.
    """
    settings, vectors, sources = saved.read(Path(path))
    kind, metric = settings.pop("index"), settings.pop("metric")
    index, vectors = _index_again(kind, vectors, metric, settings, Path(path) / saved.INDEX)
    if folder is not None:
        moved = Path(folder).expanduser().absolute()
        names = settings["names"]
        sources = [str(moved / name) if isinstance(source, str) else source for name, source in zip(names, sources)]
    kept_in = _store(None, settings["names"], [source if isinstance(source, str) else None for source in sources])
    rows = settings.pop("rows")
    settings["rows"] = None if rows is None else np.array(rows, dtype=np.int64)
    settings["store_path"] = None if kept_in is None else Path(kept_in)
    network = LoadedModel(**{**settings.pop("network"), "path": Path()})
    bad = bad_frame([tuple(row) for row in settings.pop("bad")])
    return SimilarityModel(network=network, vectors=vectors, sources=sources, bad=bad, index=index, **settings)
