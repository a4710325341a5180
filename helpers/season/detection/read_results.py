"""The results file of a detector, read for the photos of a collection.

>>> import json, pathlib, tempfile
>>> fox = {"category": "1", "conf": 0.9, "bbox": [0.2, 0.4, 0.3, 0.2]}
>>> images = [{"file": "north/1.JPG", "detections": [fox]}, {"file": "north/2.JPG", "detections": []}]
>>> with tempfile.TemporaryDirectory() as folder:
...     file = pathlib.Path(folder, "megadetector.json")
...     length = file.write_text(json.dumps({"images": images}))
...     detections = read_detections(file, ["north/1.JPG", "north/2.JPG", "north/3.JPG"])
>>> print(detections.note)
2 of 3 photos looked at by the detector: 1 with animals, 0 with people, 0 with vehicles, 1 blank (score 0.2 or more)
>>> detections.animals.tolist(), detections.blank.tolist()
([True, False, False], [False, True, False])
"""

import os
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Union

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.photo_paths import row_paths
from helpers.photos.tables.match_paths import match, normal
from helpers.season.detection.detections import Detections, check_threshold, names_of
from helpers.season.detection.megadetector import DetectedPhoto, read_file

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel


@takes(file="path")
def read_detections(
    file: Union[str, "os.PathLike[str]"],
    photos: Union[SFrame, "SimilarityModel", Sequence[str]],
    *,
    threshold: float = 0.2,
    progress: bool = True,
) -> Detections:
    """Read the detections in a collection's photos from the file that a detector's program has written.

    Parameters
    ----------
    file
        The results file: MegaDetector's JSON, SpeciesNet's, that of Microsoft's
        Pytorch-Wildlife, or animl's CSV. It may come from another machine, and
        from Windows: photos are matched by the end of their paths, see
        `helpers.photos.tables.match_paths`.
    photos
        The frame of `load_photos`, a similarity model, or a list of paths.
    threshold
        The score from which a detection counts, 0 to 1. Animals that are there
        score as low as 0.08; the files of most detectors end at 0.005 to 0.1.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Detections
        Entries of the file that are invalid, or of other photos, are in its
        `bad`, and cost nothing else.

    Raises
    ------
    FrameError
        Where the file cannot be read or holds something else, for a threshold
        that is not 0 to 1, and for photos without paths.

    Notes
    -----
    MegaDetector's format is https://lila.science/megadetector-output-format, 1.0
    to 1.6; SpeciesNet's is in the README of https://github.com/google/cameratrapai,
    and its prediction becomes the `label` of the best animal. Pytorch-Wildlife
    has boxes in pixels: the photos' sizes are read from the photos. Videos are
    left out, as `bad`.
    """
    check_threshold(threshold)
    names = names_of(photos)
    detected, bad, detector = read_file(file, names, _files(photos, names), progress)
    by_path: Dict[str, List[DetectedPhoto]] = {}
    for photo in detected:
        entries = by_path.setdefault(normal(photo.file), [])
        if entries:
            bad.append((photo.file, "it is in the file more than once: what was found in any of them counts"))
        entries.append(photo)
    files = [entries[0].file for entries in by_path.values()]
    matched = match(files, names)
    if files and names and all(row is None for row in matched.rows):
        raise FrameError(
            f"{os.fspath(file)}: none of its {len(files):,} photos is here ({files[0]!r}); a photo here is {names[0]!r}"
        )
    bad += [(name, reason) for name, reason in zip(files, matched.reasons) if reason]
    by_row = {row: _together(entries) for row, entries in zip(matched.rows, by_path.values()) if row is not None}
    return Detections(names, by_row, bad, threshold, matched.moved, detector=detector)


def _together(entries: List[DetectedPhoto]) -> DetectedPhoto:
    """A photo that is in a file once or several times."""
    detections = [each for entry in entries for each in entry.detections]
    return entries[0]._replace(detections=detections, complete=all(entry.complete for entry in entries))


def _files(photos: Any, names: List[str]) -> List[str]:
    """The files of the photos; their paths, where they have no other."""
    files = row_paths(photos)[1] if isinstance(photos, SFrame) else names
    return [file or name for file, name in zip(files, names)]
