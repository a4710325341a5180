"""The network of a service: from the bytes of a photo to the feature that a job would keep of it.

Photos are decoded by the threads that bring them. One of these threads then
runs the network for all whose photos are waiting: several photos go through it
side by side, each by itself, so that its feature is the same whoever else asks.
"""

import threading
from pathlib import Path
from typing import List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import PhotoError
from helpers.features.photo_sample import settle_for_files
from helpers.features.store import StoredNetwork, default_path, own_path
from helpers.images.decode import open_photo
from helpers.networks.load import load_network
from helpers.service.photo_root import PhotoRoot

_AT_ONCE = 16  # photos, so that nobody waits for long


class _Waiting:
    """A photo before the network, and what became of it."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self.feature: Optional[np.ndarray] = None
        self.error: Optional[BaseException] = None
        self.done = False


class QueryNetwork:
    """A network that is ready; `settled` says which, and in which precision. Any number of threads may use it.

    `model` and `precision` are those of `helpers.similarity.create`. `auto` goes
    on with what is `kept` in the service's database; else with what notebooks
    keep of the photos of the `root`; else it chooses as `create` would for the
    same folder. Then its `key` is the same, and so are the features. Raises
    what `helpers.networks.load_network` raises.
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
        self.settled = settle_for_files(load_network(model, progress=False), precision, photos, stores, kept=kept)
        self._session = self.settled.session  # opened now, not at the first question
        self._line, self._busy = threading.Condition(), False
        self._waiting: List[_Waiting] = []

    @property
    def key(self) -> str:
        """What features of this network are kept by; see `helpers.networks.precision.settled.Settled`."""
        return self.settled.key

    @property
    def dimension(self) -> int:
        """How many numbers a feature has."""
        return self.settled.loaded.dimension

    @property
    def name(self) -> str:
        """The network's name."""
        return self.settled.loaded.name

    @property
    def size(self) -> Tuple[int, int]:
        """Width and height in pixels of what the network sees."""
        return self.settled.loaded.size

    def feature(self, content: Union[bytes, bytearray]) -> np.ndarray:
        """The feature of a photo, float32 [dimension], by the bytes of its file; raises `PhotoError`."""
        asked = _Waiting(np.asarray(open_photo(content, size=self.size)))
        with self._line:
            self._waiting.append(asked)
        while True:
            with self._line:
                self._line.wait_for(lambda: asked.done or not self._busy)
                if asked.done:
                    break
                self._busy, some = True, self._waiting[:_AT_ONCE]
                del self._waiting[:_AT_ONCE]
            self._run(some)
        if asked.error is not None:
            raise asked.error
        if asked.feature is None or not np.isfinite(asked.feature).all():
            raise PhotoError("its features are not finite numbers")
        return asked.feature

    def _run(self, some: List[_Waiting]) -> None:
        try:
            for each, feature in zip(some, self._session.run([each.pixels for each in some])):
                each.feature = feature.copy()
        except BaseException as error:
            for each in some:
                each.error = error
        finally:
            with self._line:
                self._busy = False
                for each in some:
                    each.done = True
                self._line.notify_all()
