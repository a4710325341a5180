"""The photos of a model: their labels, names and files, and whether another photo is one of them."""

from pathlib import Path
from typing import Any, Dict, List, Optional

from helpers.errors import FrameError, PhotoError
from helpers.frames.images import identity_of, source_of
from helpers.images.decode import Source


class Collection:
    """Four lists with an entry for each photo, and ways to get from a label or a photo to its row.

    `labels` stand for the photos in results, `names` are shown, `sources` are what `helpers.images.decode.open_photo`
    takes, and `identities` are the sha-256 of the files, None for one that was gone.
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
            raise FrameError(f"{label!r} is not the label of a photo in this model")
        if len(rows) > 1:  # Turi Create takes such labels too, and nobody knows which photo is meant
            raise FrameError(
                f"the label {label!r} stands for {len(rows)} photos, so none of them can be shown; "
                f"build the model without label=, or with a column such as 'path'"
            )
        return rows[0]

    def find(self, image: Any) -> Optional[int]:
        """The first row with this very photo; None for one from outside."""
        identity = identity_or_none(image)
        if identity is not None:
            return self._by_identity.get(identity)
        try:
            source = None if image is None else source_of(image)
        except PhotoError:
            return None
        # The file is gone; its features are still here.
        return self._by_place.get(str(Path(source).absolute())) if isinstance(source, str) else None


def identity_or_none(image: Any) -> Optional[str]:
    """The sha-256 of a photo's bytes; None where there is no photo, or its file is gone."""
    try:
        return None if image is None else identity_of(source_of(image))
    except (OSError, PhotoError):
        return None
