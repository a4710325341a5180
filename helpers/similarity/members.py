"""The photos of a model: their labels, names and files, and whether another photo is one of them."""

import difflib
import heapq
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Protocol, Set

from helpers.arguments import no_such_label, takes
from helpers.errors import FrameError, PhotoError
from helpers.features.model import Model
from helpers.frames.images import identity_of, source_of
from helpers.images.decode import Source

if TYPE_CHECKING:
    from helpers.features.embedding import Embedded
    from helpers.networks.load import LoadedModel

_LISTED = 3  # names in an error
_COMPARED = 100  # names that share most with one that was not found: of these the nearest are listed


class Collection:
    """Four lists with an entry for each photo, and ways to get from a label or a photo to its row.

    `labels` stand for the photos in results, `names` are shown, `sources` are what `helpers.images.decode.open_photo`
    takes, and `identities` are the sha-256 of the files, None where one is not known.
    """

    def __init__(
        self, labels: List[Any], names: List[str], sources: List[Source], identities: List[Optional[str]]
    ) -> None:
        self.labels, self.names, self.sources, self.identities = labels, names, sources, identities
        self._by_label: Dict[Any, List[int]] = {}
        for row, label in enumerate(labels):
            self._by_label.setdefault(label, []).append(row)
        self._by_place = {source: row for row, source in enumerate(sources) if isinstance(source, str)}
        self._by_identity: Dict[str, int] = {}
        for row, identity in enumerate(identities):
            if identity is not None:
                self._by_identity.setdefault(identity, row)

    def row(self, label: Any) -> int:
        """The row of the photo with this label; raises `FrameError` where there is none, or more than one."""
        rows = self._by_label.get(label, [])
        if not rows:
            raise FrameError(no_such_label(label, self.labels))
        if len(rows) > 1:  # Turi Create takes such labels too, and nobody knows which photo is meant
            raise FrameError(
                f"the label {label!r} stands for {len(rows)} photos, so none of them can be shown; "
                f"build the model without label=, or with a column such as 'path'"
            )
        return rows[0]

    def find(self, image: Any) -> Optional[int]:
        """The first row with this very photo; None for one from outside."""
        identity = identity_or_none(image)
        if identity in self._by_identity:
            return self._by_identity[identity]
        try:
            source = None if image is None else source_of(image)
        except PhotoError:
            return None
        row = self._by_place.get(str(Path(source).absolute())) if isinstance(source, str) else None
        # By its place only what cannot be known otherwise: a file that is gone, and whose features are still here; or
        # one that was never read, since its features were given.
        return row if row is None or identity is None or self.identities[row] is None else None


def identity_or_none(image: Any) -> Optional[str]:
    """The sha-256 of a photo's bytes; None where there is no photo, or its file is gone."""
    try:
        return None if image is None else identity_of(source_of(image))
    except (OSError, PhotoError):
        return None


class CollectionModel(Model, Protocol):
    """A model with its photos, and the network of their features: a `SimilarityModel`, or a season of one."""

    collection: Collection

    @property
    def network(self) -> "LoadedModel":
        """Whose features they are."""

    @property
    def key(self) -> str:
        """The network and its precision, as a feature store knows them."""

    def embed(self, photos: List[Any], progress: bool = ..., batch_size: int = ...) -> "Embedded":
        """The features of photos from outside."""


class NamedPhotos(Protocol):
    """A model, or anything that has its labels and names."""

    labels: List[Any]
    names: List[str]


@takes(model="model")
def find_photo(model: NamedPhotos, name: str) -> Any:
    """The label of the photo with this name, or with this in its name.

    Parameters
    ----------
    model
        The model, or a `helpers.season.Season`.
    name
        The path of a photo as `model.names` has it, or a part of it, such as `M1/IMG_0126`. Whole names of folders and
        files count before parts of them, and the case of letters only where it decides. It may be a path of this
        machine, and have been written on Windows.

    Returns
    -------
    label
        What the model's results and `search` call the photo by.

    Raises
    ------
    FrameError
        Where no photo has such a name: the error lists the nearest names; and where several have.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots")
    >>> find_photo(create(data, model="efficientnet-lite0", verbose=False), "tarn-003")
    121
    """
    wanted = name.replace("\\", "/").strip("/ ") if isinstance(name, str) else ""
    if not wanted:
        raise FrameError(f"name a photo by its path or a part of it, such as {model.names[0]!r}, not {name!r}")
    rows = _rows_named(model.names, wanted) or _rows_named(list(map(str.casefold, model.names)), wanted.casefold())
    if len(rows) == 1:
        return model.labels[rows[0]]
    if rows:
        some = ", ".join(model.names[row] for row in rows[:_LISTED]) + (", …" if len(rows) > _LISTED else "")
        raise FrameError(f"{name!r} fits {len(rows):,} photos: {some}; give more of the path of one")
    nearest = ", ".join(_nearest_names(model.names, wanted))
    raise FrameError(f"no photo has {name!r} in its name; the nearest names are {nearest}")


def _rows_named(names: List[str], wanted: str) -> List[int]:
    """The rows whose names fit best, by the first way in which any does."""
    ways: List[Callable[[str], bool]] = [
        lambda name: name == wanted,
        lambda name: wanted.endswith(f"/{name}"),
        lambda name: f"/{wanted}/" in f"/{name}/" or f"/{name}".rpartition(".")[0].endswith(f"/{wanted}"),
        lambda name: wanted in name,
    ]
    for fits in ways:
        rows = [row for row, name in enumerate(names) if fits(name)]
        if rows:
            return rows
    return []


def _nearest_names(names: List[str], wanted: str) -> List[str]:
    """The names most like one that no photo has."""

    def pieces(text: str) -> Set[str]:
        return {text[place : place + 3] for place in range(max(1, len(text) - 2))}

    here, own = wanted.casefold(), pieces(wanted.casefold())
    alike = heapq.nlargest(_COMPARED, set(names), key=lambda name: (len(own & pieces(name.casefold())), name))
    matcher = difflib.SequenceMatcher(b=here, autojunk=False)

    def likeness(name: str) -> float:
        matcher.set_seq1(name.casefold())
        return matcher.ratio()

    return heapq.nlargest(_LISTED, sorted(alike), key=likeness)
