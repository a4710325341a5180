"""Animals in the photos of field cameras, found without a detector."""

import contextlib
import os
from typing import Any, Dict, Iterator, List, Sequence, Tuple, Union

import numpy as np

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.features.store import FeatureStore
from helpers.features.store_path import path_for
from helpers.files.progress import progress_bar
from helpers.frames import SFrame
from helpers.frames.photo_paths import row_paths
from helpers.networks.animal_map import Size
from helpers.photos.events import add_events, cameras_of
from helpers.season.detection.animal_boxes import boxes_in, unusual
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import FINDER, DetectedPhoto, Detection
from helpers.season.detection.photo_maps import PhotoMaps

_COMPARED = 60  # photos of a camera, of different events where there are enough, with which its photos are compared
_AT_ONCE = 64  # photos whose maps are in memory


@takes(cards="frame")
def find_animals(
    cards: SFrame,
    *,
    threshold: float = 0.2,
    precision: str = "auto",
    store: Union[str, "os.PathLike[str]", bool, None] = None,
    progress: bool = True,
) -> Detections:
    """Find the animals in photos of field cameras without a detector, by a network that comes with the packages.

    Parameters
    ----------
    cards
        The frame of `load_photos`. With `taken` and a camera, a photo is compared
        with those of other events of its camera, which makes it much better.
    threshold
        The score from which a box counts, 0 to 1; see Notes.
    precision
        `fp32`, `bf16`, or `auto`: bf16 where the processor has it, else fp32.
    store
        The file in which the maps of photos are kept, by default that of the
        photos' folder; with `False`, none. What is in it is not computed again,
        also after a process was killed. It takes 11 kB a photo.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Detections
        As `read_detections` returns them, with boxes of animals alone, each of
        them from 0.01 on. `save` writes them as MegaDetector's JSON. Nobody has
        looked for people in these photos: `seen_for_people` is False for all,
        and exports print that. Photos that cannot be read are in its `bad`.

    Raises
    ------
    FrameError
        Where the frame has no paths, and for a threshold that is not 0 to 1.
    ModelError
        For a precision that is not known, or not available here.
    WeightsUnavailable
        Where the package with the network is missing or damaged.
    StoreError
        Where the store cannot be read or written.

    Notes
    -----
    EfficientNet-Lite2 scores ImageNet's classes at each of some 600 places of a
    photo in grey: evidence of an animal are the log-odds of the 398 classes of
    animals against the others. To it is added how much the place differs from
    the same place in the three photos most alike of other events. A box
    surrounds the places above 0.65 of the way from the photo's least to its
    largest value; where these are several parts, there are several boxes.

    Scores are a logistic function of the largest evidence in the box. It is set
    by real photos so that 0.2 is, as for MegaDetector, where most of the animals
    are kept: on two sets 0.88 and 0.97 of them score more, and of blank photos
    0.13 and 0.38; from 0.5 on these are 0.75 and 0.87, and 0.07 and 0.12. How
    well boxes fit: `docs/field-cameras.md`.

    Photos without a date or a camera, and those with fewer than three photos of
    other events of their camera, are judged alone, by a scale of their own.
    """
    if not isinstance(cards, SFrame) or "path" not in cards.column_names():
        raise FrameError("cards is the frame of load_photos, with the columns path and file")
    paths, files = row_paths(cards)
    names = ["" if path is None else str(path) for path in paths]
    place = path_for(store, paths, files)
    Detections(names, {}, [], threshold).above(threshold)  # raises FrameError for another threshold
    groups = _Groups(cards)
    with contextlib.ExitStack() as stack:
        kept = None if place is None else stack.enter_context(FeatureStore(place))
        maps = PhotoMaps(kept, precision)
        maps.compute([file or "" for file in files], progress)
        found: Dict[int, DetectedPhoto] = {}
        bar = stack.enter_context(progress_bar(total=len(maps.size_of), desc="boxes", show=progress))
        for rows in groups.together(maps.size_of):
            for row, detections in _in_camera(maps, rows, groups.references(rows), groups.events):
                found[row] = DetectedPhoto(names[row], detections, complete=True, for_people=False)
                bar.update(1)
    bad = [(names[row], reason) for row, reason in sorted(maps.bad)]
    return Detections(names, found, bad, threshold, detector=FINDER)


def _in_camera(
    maps: PhotoMaps, rows: List[int], references: List[int], events: np.ndarray
) -> Iterator[Tuple[int, List[Detection]]]:
    """The animals in photos of one camera and size, row by row."""
    usual = maps.of(references).looks if references else None
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        evidence, looks = maps.of(some)
        for place, row in enumerate(some):
            differs = None
            if usual is not None and events[row] >= 0:
                differs = unusual(looks[place], usual[events[references] != events[row]])
            boxes = boxes_in(evidence[place], differs)
            yield row, [Detection("animal", score, box) for box, score in boxes]


class _Groups:
    """Which photos are of one camera, and which of one event: -1 where that is not known."""

    def __init__(self, cards: SFrame) -> None:
        self.events = np.full(len(cards), -1, np.int64)
        self._cameras: Sequence[Any] = [None] * len(cards)
        with contextlib.suppress(FrameError):  # without dates or cameras there is nothing to compare with
            self._cameras = cameras_of(cards)
            names = cards.column_names()
            events = list((cards if "event" in names else add_events(cards))["event"])
            taken = list(cards["taken"]) if "taken" in names else events
            self.events[:] = [-1 if None in pair else pair[0] for pair in zip(events, taken)]

    def together(self, size_of: Dict[int, Size]) -> List[List[int]]:
        """The photos of one camera and one size."""
        groups: Dict[Tuple[Any, Size], List[int]] = {}
        for row, size in sorted(size_of.items()):
            groups.setdefault((self._cameras[row], size), []).append(row)
        return list(groups.values())

    def references(self, rows: Sequence[int]) -> List[int]:
        """Photos that others are compared with: of as many events as possible, evenly over the time."""
        of_event: Dict[int, List[int]] = {}
        for row in rows:
            if self.events[row] >= 0:
                of_event.setdefault(int(self.events[row]), []).append(row)
        by_time = [of_event[event] for event in sorted(of_event)]
        if len(by_time) > _COMPARED:
            by_time = [by_time[place] for place in np.linspace(0, len(by_time) - 1, _COMPARED).astype(int)]
        chosen: List[int] = []
        turn = 0
        while len(chosen) < _COMPARED and any(len(photos) > turn for photos in by_time):
            chosen += [photos[turn] for photos in by_time if len(photos) > turn]
            turn += 1
        return chosen[:_COMPARED]
