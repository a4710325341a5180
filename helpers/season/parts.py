"""Parts of photos, such as the animals in them, with their features.

>>> from helpers.photos.load import load_photos
>>> from helpers.similarity.build import create
>>> data, bad = load_photos("data/robots/tarn")
>>> model = create(data, model="efficientnet-lite0", verbose=False)
>>> parts = Parts.of(model, [(0, (0.2, 0.2, 0.8, 0.9)), (3, (0.1, 0.1, 0.5, 0.9)), (3, (0.5, 0.1, 0.9, 0.9))])
>>> parts.rows.tolist(), parts.vectors.shape
([0, 3, 3], (3, 1280))

`helpers.season.Season` searches them.
"""

import contextlib
import os
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError
from helpers.features.store import FeatureStore
from helpers.frames import SFrame
from helpers.frames.columns import bad_frame
from helpers.images.boxes import SIDES, check_box
from helpers.season.detection.detections import KINDS, Detections
from helpers.season.match_paths import match
from helpers.season.part_features import PhotoPart, features_of

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_WIDEST = 10  # times the box, on each side
_PART = "part"  # the kind of a box without one

Store = Union[str, "os.PathLike[str]", bool, None]


class PhotoBoxes(NamedTuple):
    """Boxes in a model's photos, sorted by row and then by score, the best first."""

    rows: np.ndarray  # int64 [n]: the model's photos
    boxes: np.ndarray  # float64 [n, 4]
    kinds: List[str]
    scores: np.ndarray  # float64 [n]
    people: np.ndarray  # bool [photos of the model]: those that show people, also without a box


class Parts:
    """Boxes in the photos of a model, and the feature of what each contains. Made by `Parts.of`.

    - `rows`, int64 [n]: the row of each box's photo, ascending; `boxes`, float64
      [n, 4]: left, top, right, bottom in shares of the upright photo; `scores`,
      float64 [n]; `kinds`, a list of `animal`, `person`, `vehicle`, or `part`
      for boxes without a kind;
    - `vectors`, float32 [n, dimension], to be compared with each other and, less
      well, with those of whole photos;
    - `photos`, bool [photos of the model]: those with a part;
    - `people`, bool [photos of the model]: those that show or may show people,
      by all boxes that were given, whatever `kinds` were taken;
    - `bad`: an SFrame of `label`, `path` and `reason`, the photos whose parts
      are missing because they cannot be read or have changed;
    - `note`: a summary in one line.
    """

    def __init__(self, model: "SimilarityModel", boxes: PhotoBoxes, vectors: np.ndarray) -> None:
        self.rows, self.boxes, self.kinds, self.scores, self.people = boxes
        self.vectors = vectors
        self.photos = np.zeros(model.num_examples, bool)
        self.photos[self.rows] = True
        self.bad = bad_frame([])

    @classmethod
    def of(
        cls,
        model: "SimilarityModel",
        boxes: Union[Detections, SFrame, Sequence[Tuple[Any, Any]]],
        *,
        kinds: Sequence[str] = ("animal",),
        margin: float = 0.0,
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
        Animals of a drawn season were found best without a margin: of the five
        nearest in other events 86 of 100 were of the same species, one or two
        fewer with 0.1 or 0.25, and no more with square boxes. Memory grows with
        the features; beyond that it takes some tens of photos.
        """
        if isinstance(margin, bool) or not isinstance(margin, (int, float, np.number)) or not 0 <= margin <= _WIDEST:
            raise FrameError(f"margin is a number from 0 to {_WIDEST}, not {margin!r}")
        chosen = _boxes_in(model, boxes, kinds)
        path = model.store_path if store is None else None if store is False else store
        if path is True:
            raise FrameError("store is the path of a file, False for none, or None for the model's, not True")
        wanted = [PhotoPart(row, box) for row, box in zip(chosen.rows.tolist(), map(tuple, chosen.boxes.tolist()))]
        with contextlib.ExitStack() as stack:
            opened = None if path is None else stack.enter_context(FeatureStore(path))
            computed = features_of(model, wanted, float(margin), opened, progress)
        places = computed.places
        available = chosen._replace(
            rows=chosen.rows[places],
            boxes=chosen.boxes[places],
            kinds=[chosen.kinds[place] for place in places],
            scores=chosen.scores[places],
        )
        parts = cls(model, available, computed.vectors)
        parts.bad = bad_frame([(model.labels[row], model.names[row], reason) for row, reason in computed.bad])
        return parts

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Parts: {self.note}"

    @property
    def note(self) -> str:
        left_out = f"; photos that could not be read: {len(self.bad):,}, see bad" if len(self.bad) else ""
        return f"{len(self):,} parts of {int(self.photos.sum()):,} photos{left_out}"


def _boxes_in(model: "SimilarityModel", boxes: Any, kinds: Sequence[str]) -> PhotoBoxes:
    if isinstance(boxes, Detections):
        unknown = [kind for kind in kinds if kind not in KINDS]
        if isinstance(kinds, str) or unknown:
            raise FrameError(f"kinds is a list of some of {', '.join(KINDS)}, not {kinds!r}")
        row_of = match(boxes.names, model.names).rows if boxes.names != model.names else range(len(boxes.names))
        people = [row_of[row] for row in np.flatnonzero(boxes.people)]
        detections = zip(boxes.rows.tolist(), boxes.boxes.tolist(), boxes.kinds, boxes.scores.tolist())
        given = [(row_of[row], tuple(box), kind, score) for row, box, kind, score in detections if kind in kinds]
    elif isinstance(boxes, SFrame):
        given = _from_frame(model, boxes)
        people = [row for row, _, kind, _ in given if kind == "person"]
    elif isinstance(boxes, (list, tuple)):
        given, people = [], []
        for pair in boxes:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise FrameError(f"boxes are pairs of a photo's label and a box in it, not {pair!r}")
            given.append((model.collection.row(pair[0]), check_box(pair[1]), _PART, 1.0))
    else:
        raise FrameError(f"boxes are Detections, an SFrame or a list of (label, box), not {type(boxes).__name__}")
    present = [(row, box, kind, score) for row, box, kind, score in given if row is not None]
    present.sort(key=lambda box: (box[0], -box[3]))
    has_people = np.zeros(model.num_examples, bool)
    has_people[[row for row in people if row is not None]] = True
    return PhotoBoxes(
        np.array([row for row, _, _, _ in present], np.int64),
        np.array([box for _, box, _, _ in present], float).reshape(-1, 4),
        [kind for _, _, kind, _ in present],
        np.array([score for _, _, _, score in present], float),
        has_people,
    )


def _from_frame(model: "SimilarityModel", frame: SFrame) -> List[Tuple[Optional[int], Any, str, float]]:
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
        names = {name: row for row, name in enumerate(model.names)}
        rows = [names.get(path) for path in frame["path"]]
    boxes = [check_box(box) for box in zip(*(list(frame[side]) for side in SIDES))]
    kinds = [kind or _PART for kind in frame["kind"]] if "kind" in columns else [_PART] * len(rows)
    scores = [float(score or 0) for score in frame["score"]] if "score" in columns else [1.0] * len(rows)
    return list(zip(rows, boxes, kinds, scores))
