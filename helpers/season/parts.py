"""Parts of photos, such as the animals in them, with their features.

>>> from helpers.photos.load import load_photos
>>> from helpers.similarity.build import create
>>> data, bad = load_photos("data/robots/tarn")
>>> model = create(data, model="efficientnet-lite0", verbose=False)
>>> parts = Parts.of(model, [(0, (0.2, 0.2, 0.8, 0.9)), (3, (0.1, 0.1, 0.5, 0.9)), (3, (0.5, 0.1, 0.9, 0.9))])
>>> parts.rows.tolist(), parts.vectors.shape
([0, 3, 3], (3, 2560))

`helpers.season.Season` searches them.
"""

import contextlib
import os
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError
from helpers.features.store import FeatureStore
from helpers.frames import SFrame
from helpers.frames.columns import bad_frame
from helpers.images.boxes import SIDES, Box, check_box
from helpers.images.decode import Source
from helpers.photos.tables.match_paths import match
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import KINDS
from helpers.season.part_features import BOX_ALONE, PartCuts, PhotoBox, feature_of, features_of

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_WIDEST = 10  # times the box, on each side
_PART = "part"  # the kind of a box without one

Store = Union[str, "os.PathLike[str]", bool, None]


class Parts:
    """Boxes in the photos of a model, and the feature of what each contains. Made by `Parts.of`.

    - `rows`, int64 [n]: the row of each box's photo, ascending; `boxes`, float64
      [n, 4]: left, top, right, bottom in shares of the upright photo; `scores`,
      float64 [n]; `kinds`, a list of `animal`, `person`, `vehicle`, or `part`
      for boxes without a kind;
    - `vectors`, float32 [n, dimension], to be compared with each other: the
      network's feature of the box, and after it that of the box with its
      surroundings;
    - `photos`, bool [photos of the model]: those with a part;
    - `people`, bool [photos of the model]: those that show or may show people,
      by all boxes that were given, whatever `kinds` were taken;
    - `bad`: an SFrame of `label`, `path` and `reason`, the photos whose parts
      are missing because they cannot be read or have changed;
    - `note`: a summary in one line.
    """

    def __init__(
        self,
        model: "SimilarityModel",
        boxes: Sequence[PhotoBox],
        vectors: np.ndarray,
        people: np.ndarray,
        bad: Sequence[Tuple[int, str]] = (),
        cuts: PartCuts = BOX_ALONE,
    ) -> None:
        self.rows = np.array([box.row for box in boxes], np.int64)
        self.boxes = np.array([box.box for box in boxes], np.float64).reshape(-1, 4)
        self.kinds = [box.kind for box in boxes]
        self.scores = np.array([box.score for box in boxes], np.float64)
        self.vectors, self.people, self._model, self._cuts = vectors, people, model, cuts
        self.photos = np.isin(np.arange(model.num_examples), self.rows)
        self.bad = bad_frame([(model.labels[row], model.names[row], reason) for row, reason in bad])

    @classmethod
    def of(
        cls,
        model: "SimilarityModel",
        boxes: Union[Detections, SFrame, Sequence[Tuple[Any, Any]]],
        *,
        kinds: Sequence[str] = ("animal",),
        margin: float = 0.0,
        surroundings: float = 0.5,
        store: Store = None,
        progress: bool = True,
    ) -> "Parts":
        """Compute the features of boxes in a model's photos, with the model's own network and precision.

        Parameters
        ----------
        model
            The model that the photos are in.
        boxes
            The `Detections` of `helpers.season.read_detections`; an SFrame of
            `label` or `path`, `left`, `top`, `right`, `bottom` and optionally
            `kind` and `score`; or a list of (label, box).
        kinds
            The kinds of detections to take: `animal`, `person`, `vehicle`.
        margin
            How much around a box to cut out too, as a share of its sides.
        surroundings
            How much the surroundings count, 0 to 1: the feature of the box with a
            margin of 1, times this number, stands after that of the box. With 0
            the box alone counts.
        store
            The file that keeps the features. By default that of the model; with
            `False`, none. Each batch is kept as soon as it is computed: the
            second time nothing is computed.
        progress
            Whether to show a progress bar.

        Returns
        -------
        Parts
            A photo that cannot be read, or has changed, loses only its own
            parts, and is in `bad`.

        Raises
        ------
        FrameError
            For an invalid box, label, kind or margin.
        StoreError
            Where the store cannot be read or written.

        Notes
        -----
        Photos in infrared light are cut out in grey, with their contrast
        stretched. How the cuts were chosen, and how good they are, on real photos
        and drawn ones: `docs/field-cameras.md`. Memory grows with the features;
        beyond that it takes some tens of photos.
        """
        if isinstance(margin, bool) or not isinstance(margin, (int, float, np.number)) or not 0 <= margin <= _WIDEST:
            raise FrameError(f"margin is a number from 0 to {_WIDEST}, not {margin!r}")
        if isinstance(surroundings, bool) or not isinstance(surroundings, (int, float)) or not 0 <= surroundings <= 1:
            raise FrameError(f"surroundings is a number from 0 to 1, not {surroundings!r}")
        cuts = PartCuts(float(margin), float(surroundings))
        chosen, people = _boxes_in(model, boxes, kinds)
        path = model.store_path if store is None else None if store is False else store
        if path is True:
            raise FrameError("store is the path of a file, False for none, or None for the model's, not True")
        with contextlib.ExitStack() as stack:
            opened = None if path is None else stack.enter_context(FeatureStore(path))
            places, vectors, bad = features_of(model, chosen, cuts, opened, progress)
        return cls(model, [chosen[place] for place in places], vectors, people, bad, cuts)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Parts: {self.note}"

    @property
    def network_features(self) -> np.ndarray:
        """Features as the network gives them for whole photos, which have words: float32 [n, dimension].

        The mean of the box and of the box with its surroundings: on real photos, words fit the box alone less well.
        """
        return self._cuts.mean(self.vectors)

    def feature_of(self, source: Source, box: Box) -> np.ndarray:
        """The feature of a part of any photo, made as those of `vectors`: float32 [dimension]; raises `PhotoError`."""
        return feature_of(source, box, self._cuts, self._model.opened())

    @property
    def note(self) -> str:
        left_out = f"; photos that could not be read: {len(self.bad):,}, see bad" if len(self.bad) else ""
        return f"{len(self):,} parts of {int(self.photos.sum()):,} photos{left_out}"


def _boxes_in(model: "SimilarityModel", boxes: Any, kinds: Sequence[str]) -> Tuple[List[PhotoBox], np.ndarray]:
    """The boxes in the model's photos, by row and then by score, and which photos may show people."""
    if isinstance(boxes, Detections):
        given, people = _from_detections(model, boxes, kinds)
    elif isinstance(boxes, SFrame):
        given = _from_frame(model, boxes)
        people = [box.row for box in given if box.kind == "person"]
    elif isinstance(boxes, (list, tuple)):
        given, people = [], []
        for pair in boxes:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise FrameError(f"boxes are pairs of a photo's label and a box in it, not {pair!r}")
            given.append(PhotoBox(model.collection.row(pair[0]), check_box(pair[1]), _PART, 1.0))
    else:
        raise FrameError(f"boxes are Detections, an SFrame or a list of (label, box), not {type(boxes).__name__}")
    given.sort(key=lambda box: (box.row, -box.score))
    return given, np.isin(np.arange(model.num_examples), people)


def _from_detections(
    model: "SimilarityModel", detections: Detections, kinds: Sequence[str]
) -> Tuple[List[PhotoBox], List[int]]:
    if isinstance(kinds, str) or not set(kinds) <= set(KINDS):
        raise FrameError(f"kinds is a list of some of {', '.join(KINDS)}, not {kinds!r}")
    rows: List[Optional[int]] = list(range(len(detections.names)))
    if detections.names != model.names:
        rows = match(detections.names, model.names).rows
    every = zip(detections.rows.tolist(), detections.boxes.tolist(), detections.kinds, detections.scores.tolist())
    given = [(rows[row], tuple(box), kind, score) for row, box, kind, score in every if kind in kinds]
    people = [rows[row] for row in np.flatnonzero(detections.people)]
    boxes = [PhotoBox(row, *values) for row, *values in given if row is not None]
    return boxes, [row for row in people if row is not None]


def _from_frame(model: "SimilarityModel", frame: SFrame) -> List[PhotoBox]:
    columns = frame.column_names()
    column = next((name for name in ("label", "path") if name in columns), None)
    if column is None or not set(SIDES) <= set(columns):
        raise FrameError(
            f"a frame of boxes has the columns label or path, {', '.join(SIDES)}; this one has {', '.join(columns)}"
        )
    rows: List[Optional[int]]
    if column == "label":
        rows = [model.collection.row(label) for label in frame["label"]]
    else:
        row_of = {name: row for row, name in enumerate(model.names)}
        rows = [row_of.get(path) for path in frame["path"]]
    boxes = [check_box(box) for box in zip(*(list(frame[side]) for side in SIDES))]
    kinds = [kind or _PART for kind in frame["kind"]] if "kind" in columns else [_PART] * len(rows)
    scores = [float(score or 0) for score in frame["score"]] if "score" in columns else [1.0] * len(rows)
    every = zip(rows, boxes, kinds, scores)
    return [PhotoBox(row, box, kind, score) for row, box, kind, score in every if row is not None]
