"""The parts of photos that matter, such as the animals in them, each with a feature of its own.

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
from helpers.images.boxes import check_box
from helpers.season.detection.detections import KINDS, Detections
from helpers.season.match_paths import match
from helpers.season.part_features import Wanted, features_of

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_WIDEST = 10  # times the box, on each side
_PART = "part"  # the kind of a box of which nothing is said

Store = Union[str, "os.PathLike[str]", bool, None]


class Boxes(NamedTuple):
    """Boxes in a model's photos, sorted by row, then the best score first."""

    rows: np.ndarray  # int64 [n]: the model's photos
    boxes: np.ndarray  # float64 [n, 4]
    kinds: List[str]
    scores: np.ndarray  # float64 [n]
    people: np.ndarray  # bool [photos of the model]: those that show people, also where no box here says so


class Parts:
    """Boxes in the photos of a model, and the feature of what each holds.

    - `rows`, int64 [n]: the row of the model's photo that a box is in, ascending;
      `boxes`, float64 [n, 4]: left, top, right, bottom in shares of the upright
      photo; `scores`, float64 [n], and `kinds`, a list of `animal`, `person`,
      `vehicle`, or `part` where nothing was said of it;
    - `vectors`, float32 [n, dimension], to be compared with each other and, less
      well, with those of whole photos;
    - `photos`, bool [photos of the model]: which of them have a part;
    - `people`, bool [photos of the model]: which of them show people, or may, as
      far as the boxes tell that were given; whatever `kinds` were taken;
    - `bad`: an SFrame of `label`, `path` and `reason`, the photos whose parts
      are missing since they cannot be read, or are not what they were;
    - `note`: one line for a person.
    """

    def __init__(self, model: "SimilarityModel", boxes: Boxes, vectors: np.ndarray) -> None:
        self.rows, self.boxes, self.kinds, self.scores, self.people = boxes
        self.vectors = vectors
        self.photos = np.zeros(model.num_examples, bool)
        self.photos[self.rows] = True
        self.bad = bad_frame([])

    @classmethod
    def of(
        cls,
        model: "SimilarityModel",
        boxes: Any,
        *,
        kinds: Sequence[str] = ("animal",),
        margin: float = 0.0,
        store: Store = None,
        progress: bool = True,
    ) -> "Parts":
        """The parts of a model's photos, each through the model's own network, in its precision.

        - `boxes`: what `helpers.season.read_detections` gives, of which
          `kinds` are taken; an SFrame of `label` or `path`, `left`, `top`,
          `right`, `bottom` and, where known, `kind` and `score`; or a list of
          (label, box).
        - `margin`: how much of what is around a box is cut out too, as a share of
          its sides. Animals of a drawn season were found best without: of the
          five nearest in other events 86 of 100 were of the same species, with
          0.1 or 0.25 one or two fewer, and no more where boxes were made square.
        - `store`: the file in which the features are kept; without it that of
          the model, and with `False` none. Each batch is in it as soon as it is
          computed: the second time nothing is computed.

        A photo that cannot be read, or is not the one that the model was made
        of, costs only its own parts. Memory grows with the boxes by their
        features; beyond that it takes some tens of photos. Raises `FrameError`
        for what is no box, label or kind, and `StoreError`.
        """
        if isinstance(margin, bool) or not isinstance(margin, (int, float, np.number)) or not 0 <= margin <= _WIDEST:
            raise FrameError(f"margin is a number from 0 to {_WIDEST}, not {margin!r}")
        chosen = _boxes_in(model, boxes, kinds)
        kept_in = model.store_path if store is None else None if store is False else store
        if kept_in is True:
            raise FrameError("store is the path of a file, False for none, or None for the model's, not True")
        wanted = [Wanted(row, box) for row, box in zip(chosen.rows.tolist(), map(tuple, chosen.boxes.tolist()))]
        with contextlib.ExitStack() as stack:
            opened = None if kept_in is None else stack.enter_context(FeatureStore(kept_in))
            found = features_of(model, wanted, float(margin), opened, progress)
        places = found.places
        there = chosen._replace(
            rows=chosen.rows[places],
            boxes=chosen.boxes[places],
            kinds=[chosen.kinds[place] for place in places],
            scores=chosen.scores[places],
        )
        parts = cls(model, there, found.vectors)
        parts.bad = bad_frame([(model.labels[row], model.names[row], reason) for row, reason in found.bad])
        return parts

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Parts: {self.note}"

    @property
    def note(self) -> str:
        left_out = f"; photos that could not be read: {len(self.bad):,}, see bad" if len(self.bad) else ""
        return f"{len(self):,} parts of {int(self.photos.sum()):,} photos{left_out}"


def _boxes_in(model: "SimilarityModel", boxes: Any, kinds: Sequence[str]) -> Boxes:
    if isinstance(boxes, Detections):
        unknown = [kind for kind in kinds if kind not in KINDS]
        if isinstance(kinds, str) or unknown:
            raise FrameError(f"kinds is a list of some of {', '.join(KINDS)}, not {kinds!r}")
        row_of = match(boxes.names, model.names).rows if boxes.names != model.names else range(len(boxes.names))
        peopled = [row_of[row] for row in np.flatnonzero(boxes.people)]
        found = zip(boxes.rows.tolist(), boxes.boxes.tolist(), boxes.kinds, boxes.scores.tolist())
        given = [(row_of[row], tuple(box), kind, score) for row, box, kind, score in found if kind in kinds]
    elif isinstance(boxes, SFrame):
        given = _from_frame(model, boxes)
        peopled = [row for row, _, kind, _ in given if kind == "person"]
    elif isinstance(boxes, (list, tuple)):
        given, peopled = [], []
        for pair in boxes:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise FrameError(f"boxes are pairs of a photo's label and a box in it, not {pair!r}")
            given.append((model.collection.row(pair[0]), check_box(pair[1]), _PART, 1.0))
    else:
        raise FrameError(f"boxes are Detections, an SFrame or a list of (label, box), not {type(boxes).__name__}")
    here = [(row, box, kind, score) for row, box, kind, score in given if row is not None]
    here.sort(key=lambda each: (each[0], -each[3]))
    people = np.zeros(model.num_examples, bool)
    people[[row for row in peopled if row is not None]] = True
    return Boxes(
        np.array([row for row, _, _, _ in here], np.int64),
        np.array([box for _, box, _, _ in here], float).reshape(-1, 4),
        [kind for _, _, kind, _ in here],
        np.array([score for _, _, _, score in here], float),
        people,
    )


def _from_frame(model: "SimilarityModel", frame: Any) -> List[Tuple[Optional[int], Any, str, float]]:
    columns = frame.column_names()
    sides = ("left", "top", "right", "bottom")
    known_by = next((name for name in ("label", "path") if name in columns), None)
    if known_by is None or not set(sides) <= set(columns):
        raise FrameError(
            f"a frame of boxes has the columns label or path, {', '.join(sides)}; this one has {', '.join(columns)}"
        )
    rows: List[Optional[int]]
    if known_by == "label":
        rows = [model.collection.row(label) for label in frame["label"]]
    else:
        names = {name: row for row, name in enumerate(model.names)}
        rows = [names.get(path) for path in frame["path"]]
    boxes = [check_box(box) for box in zip(*(list(frame[side]) for side in sides))]
    kinds = [kind or _PART for kind in frame["kind"]] if "kind" in columns else [_PART] * len(rows)
    scores = [float(score or 0) for score in frame["score"]] if "score" in columns else [1.0] * len(rows)
    return list(zip(rows, boxes, kinds, scores))
