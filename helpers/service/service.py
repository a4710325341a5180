"""All parts of a service, started in order and ended in reverse."""

import contextlib
import hashlib
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Dict, List, Optional, TypeVar

import numpy as np

from helpers.errors import Refused
from helpers.images.thumbnails import Thumbnails, preview
from helpers.images.uploads import check_upload
from helpers.service.already_here import ImageCopy, already_here
from helpers.service.gate.access import Access
from helpers.service.gate.fetch import Fetcher
from helpers.service.gate.metrics import Metrics
from helpers.service.jobs.runner import Runner
from helpers.service.likenesses import Likenesses
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.records import Job, SearchOptions
from helpers.service.settings import Settings
from helpers.service.storage.storage import Storage, kept_networks, open_storage
from helpers.service.word_search import ServiceWords

LARGEST_THUMBNAIL = 1_600  # px
_KEPT = 512  # px of a thumbnail, up to which it is kept; larger ones are made for one photo that somebody looks at
_REMEMBERED = 64  # uploads whose features are remembered: the same photo is often sent again, with another k
_DECODING = 4  # photos that are decoded at once: a large one takes some hundred MB
_SAMPLE = 100  # images that are checked for features
_FETCHING = 8  # URLs that are fetched at once; others are refused, since they would wait too long

Result = TypeVar("Result")


class Service:
    """The parts of a service, which are ready from `start` to `stop`."""

    storage: Storage
    network: QueryNetwork
    root: PhotoRoot
    runner: Runner
    words: ServiceWords
    likenesses: Likenesses

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started = False
        self.metrics = Metrics(
            {
                "images": lambda: self.storage.images.count(),
                "products": lambda: self.storage.products.count(),
                "jobs_unfinished": lambda: self.storage.jobs.unfinished(),
            }
        )
        self.access = Access(settings, lambda: self.storage.keys.all())
        self.fetcher = Fetcher(settings)
        self._ending = ExitStack()
        self._features: Dict[str, np.ndarray] = {}
        self._lock = threading.Lock()
        self._decoding, self._fetching = threading.BoundedSemaphore(_DECODING), threading.BoundedSemaphore(_FETCHING)

    def start(self) -> None:
        """Open everything, unless it is open already.

        Raises `ServiceError`, `Unavailable` where the database cannot be
        reached, `StoreError` and `ModelError`; nothing stays open then.
        """
        if self.started:
            return
        settings = self.settings
        with ExitStack() as opened:
            self.root = PhotoRoot(settings.photos)
            self.network = QueryNetwork(settings.model, root=self.root, kept=kept_networks(settings.address))
            self.words = ServiceWords(self.network.loaded)
            self.storage = open_storage(
                settings.address, key=self.network.key, dimension=self.network.dimension, index=settings.index
            )
            opened.callback(self.storage.close)
            self.likenesses = Likenesses(self.storage)
            self.runner = Runner(self.storage, settings, self.network, self.root)
            self.runner.start()
            opened.callback(self.runner.stop)
            self._ending = opened.pop_all()
        self.started = True
        threading.Thread(target=self._warm, name="kinframe-warm", daemon=True).start()

    def stop(self) -> None:
        """End the work in the background, and close the database."""
        self.started = False
        self._ending.close()

    def first_job(self) -> Optional[Job]:
        """Queue a job for all photos of the root where nothing was ever indexed; else None."""
        if self.storage.images.count() or self.storage.jobs.newest(1):
            return None
        return self.runner.submit({"folder": ""})

    @property
    def lacks_features(self) -> bool:
        """Whether a sample of images has some without a feature of this network, so that they cannot be found."""
        images = {image.identity for image in self.storage.images.page(limit=_SAMPLE)}
        return len(self.storage.vectors.kept(list(images))) < len(images)

    def _warm(self) -> None:
        """Search once before anybody else does, so that features are read, or a graph is begun."""
        with contextlib.suppress(Exception):  # it may be stopped meanwhile; and the next search reports any other error
            nothing = np.zeros(self.network.dimension, np.float32)
            self.storage.vectors.search(nothing, SearchOptions(1, self.settings.metric))
            self.likenesses.usual(self.settings.metric)

    def checked(self, content: Optional[bytes]) -> bytes:
        """The bytes of a photo from outside; raises `Refused` for what is not a photo, or too large."""
        content = content or b""
        self._decoded(lambda: check_upload(content, self.settings.limits))
        return content

    def fetch(self, url: str) -> bytes:
        """The content of a URL; raises what `Fetcher.get` raises, and `Refused` while too many are fetched."""
        if not self._fetching.acquire(blocking=False):
            raise Refused(f"{_FETCHING} photos are being fetched already; try again in a moment", 429)
        try:
            return self.fetcher.get(url)
        finally:
            self._fetching.release()

    def feature(self, content: bytes) -> np.ndarray:
        """The feature of a photo from outside, float32 [dimension], the last few from memory; raises `PhotoError`."""
        identity = hashlib.sha256(content).hexdigest()
        with self._lock:
            if identity in self._features:
                feature = self._features[identity] = self._features.pop(identity)  # the newest is the last
                return feature
        feature = self._decoded(lambda: self.network.feature(content))
        with self._lock:
            self._features[identity] = feature
            if len(self._features) > _REMEMBERED:
                del self._features[next(iter(self._features))]
        return feature

    def copies(self, content: bytes) -> List[ImageCopy]:
        """Images that show the same picture as a photo from outside, nearest first; raises `PhotoError`."""
        return self._decoded(lambda: already_here(self.storage, self.network, self.root, content))

    def thumbnail(self, file: Path, identity: str, size: int) -> bytes:
        """The thumbnail of a photo of the collection, a JPEG; raises `PhotoError`."""
        if size > _KEPT:
            return self._decoded(lambda: preview(str(file), size))
        return self._decoded(lambda: Thumbnails(size=size).get(str(file), identity))

    def _decoded(self, work: Callable[[], Result]) -> Result:
        with self._decoding:
            return work()
