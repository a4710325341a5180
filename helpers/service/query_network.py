"""The network of a service: from the bytes of a photo to the feature that a job would keep of it.

Photos are decoded by the threads that bring them. One of these threads then
runs the network for all that are waiting: several photos go through it side by
side, each by itself, so that a feature does not depend on the other photos.
"""

import threading
from pathlib import Path
from typing import List, Optional, Sequence, Union

import numpy as np

from helpers.errors import PhotoError
from helpers.features.photo_sample import settle_for_files
from helpers.features.store import StoredNetwork, kept_networks
from helpers.features.store_path import default_path, own_path
from helpers.images.decode import open_photo
from helpers.networks.load import LoadedModel, load_network
from helpers.service.photo_root import PhotoRoot

_AT_ONCE = 16  # photos, so that nobody waits for long


class _PendingPhoto:
    """A photo that waits for the network, and the result."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self.feature: Optional[np.ndarray] = None
        self.error: Optional[BaseException] = None
        self.done = False


class QueryNetwork:
    """A network that is ready, in the precision of `settled`. Any number of threads may use it.

    `model` and `precision` are those of `helpers.similarity.create`. `auto` uses
    the network of what is `kept` in the service's database; else that of what
    notebooks keep of the photos of the `root`; else it chooses as `create` does
    for the same folder, so that `key` and features are the same. Raises what
    `helpers.networks.load_network` raises.
    """

    def __init__(
        self,
        model: str = "auto",
        precision: str = "auto",
        *,
        root: Optional[PhotoRoot] = None,
        kept: Sequence[StoredNetwork] = (),
    ) -> None:

        def photos() -> List[Path]:
            return [] if root is None else [root.path / name for name in root.photos()]

        stores = [] if root is None else list(dict.fromkeys([own_path(root.path), default_path(root.path)]))
        names = [entry.name for entry in kept if entry.photos] or [
            name for path in stores for name in kept_networks(path)
        ]
        network = load_network(model, progress=False, kept=names)
        self.settled = settle_for_files(network, precision, photos, stores, kept=kept)
        self._session = self.settled.session  # opened now, not at the first search
        self._line, self._busy = threading.Condition(), False
        self._waiting: List[_PendingPhoto] = []

    @property
    def key(self) -> str:
        """The key under which its features are kept, see `helpers.networks.precision.settled.Settled`."""
        return self.settled.key

    @property
    def loaded(self) -> LoadedModel:
        """The network, whose classifier knows words."""
        return self.settled.loaded

    @property
    def dimension(self) -> int:
        """The length of a feature."""
        return self.settled.loaded.dimension

    @property
    def name(self) -> str:
        """The network's name."""
        return self.settled.loaded.name

    def feature(self, content: Union[bytes, bytearray]) -> np.ndarray:
        """The feature of a photo, float32 [dimension], by the bytes of its file; raises `PhotoError`."""
        photo = _PendingPhoto(np.asarray(open_photo(content, size=self.settled.loaded.size)))
        with self._line:
            self._waiting.append(photo)
        while True:
            with self._line:
                self._line.wait_for(lambda: photo.done or not self._busy)
                if photo.done:
                    break
                self._busy, batch = True, self._waiting[:_AT_ONCE]
                del self._waiting[:_AT_ONCE]
            self._run(batch)
        if photo.error is not None:
            raise photo.error
        if photo.feature is None or not np.isfinite(photo.feature).all():
            raise PhotoError("its features are not finite numbers")
        return photo.feature

    def _run(self, batch: List[_PendingPhoto]) -> None:
        try:
            for photo, feature in zip(batch, self._session.run([photo.pixels for photo in batch])):
                photo.feature = feature.copy()
        except BaseException as error:
            for photo in batch:
                photo.error = error
        finally:
            with self._line:
                self._busy = False
                for photo in batch:
                    photo.done = True
                self._line.notify_all()
