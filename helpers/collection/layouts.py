"""Ways to lay features out in the plane: t-SNE, UMAP and principal components.

A layout is made of points, float32 [n, width], and has the position of each,
`positions`, float64 [n, 2]; `place` puts other points beside them, which moves
nothing. With the points and the positions of an earlier one, it is the same
layout again.
"""

import contextlib
import sys
import warnings
from typing import Any, Dict, Iterator, Optional, Type

import numpy as np

from helpers.errors import FrameError, ModelError
from helpers.files.progress import progress_bar

_ROUNDS = 250, 500  # of t-SNE: with exaggeration, and without
_EVERY = 10  # rounds between two steps of the bar
_TREE = 3_000  # points from which an interpolation on a grid is faster than a tree
_PERPLEXITY, _PLACED_PERPLEXITY = 30, 5
_NEIGHBOURS = 15  # of UMAP


class Layout:
    """The first two numbers of each point: a map, where these are principal components."""

    fewest = 1  # points that it takes
    title = "principal components"

    def __init__(
        self, points: np.ndarray, seed: int, positions: Optional[np.ndarray] = None, progress: bool = False
    ) -> None:
        self.points, self.seed = points, seed
        self._made: Optional[Any] = None  # what a library needs for placing
        self.positions = self._lay_out(progress) if positions is None else positions

    def place(self, points: np.ndarray) -> np.ndarray:
        """The positions of other points among those of the layout: float64 [n, 2]."""
        return _first_two(points)

    def _lay_out(self, progress: bool) -> np.ndarray:
        return _first_two(self.points)


class Tsne(Layout):
    """t-SNE by openTSNE (P. G. Poličar, M. Stražar and B. Zupan, 2024), begun with the first two components.

    Other points go to the median of their neighbours, and from there where
    t-SNE, with everything else held fast, wants them: each by itself. One
    thread: with several, which wait for each other, it takes longer where
    something else is at work on the machine.
    """

    fewest = 5
    title = "t-SNE"

    def place(self, points: np.ndarray) -> np.ndarray:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN

        if self._made is None:
            near = PerplexityBasedNN(self.points, perplexity=1, method="exact", random_state=self.seed)
            self._middle = (self.positions.max(axis=0) + self.positions.min(axis=0)) / 2
            method = "fft"  # whose grid is made once, and does not depend on the others that are placed
            self._made = TSNEEmbedding(
                self.positions - self._middle, near, random_state=self.seed, negative_gradient_method=method
            )
        perplexity = min(_PLACED_PERPLEXITY, len(self.points) / 3)
        return np.asarray(self._made.transform(points.astype(np.float64), perplexity=perplexity)) + self._middle

    def _lay_out(self, progress: bool) -> np.ndarray:
        from openTSNE import TSNE

        with progress_bar(total=sum(_ROUNDS), unit="rounds", desc="t-SNE", show=progress) as bar:

            def step(*_: Any) -> None:
                bar.update(_EVERY)

            made = TSNE(
                perplexity=min(_PERPLEXITY, (len(self.points) - 1) / 3),
                initialization=_beginning(self.points, self.seed),
                early_exaggeration_iter=_ROUNDS[0],
                n_iter=_ROUNDS[1],
                neighbors="exact",
                negative_gradient_method="bh" if len(self.points) < _TREE else "fft",
                random_state=self.seed,
                callbacks=step,
                callbacks_every_iters=_EVERY,
            ).fit(self.points)
        return np.array(made)


class Umap(Layout):
    """UMAP (L. McInnes, J. Healy and J. Melville, 2018) by umap-learn, begun with the first two components.

    Where points are placed depends a little on those that are placed with them.
    """

    fewest = 5
    title = "UMAP"

    def place(self, points: np.ndarray) -> np.ndarray:
        if self._made is None:
            self._made = self._fitted(False, n_epochs=0)  # finds the neighbours again, and nothing else
            self._made.embedding_, self._made.n_epochs = self.positions.astype(np.float32), None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._made.transform(points).astype(np.float64)

    def _lay_out(self, progress: bool) -> np.ndarray:
        return self._fitted(progress).embedding_.astype(np.float64)

    def _fitted(self, progress: bool, **settings: Any) -> Any:
        umap = _umap()
        bar = {"desc": "UMAP", "delay": 2, "disable": not progress, "bar_format": None, "unit": " rounds"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about seeds, and few photos
            return umap.UMAP(
                n_neighbors=min(_NEIGHBOURS, len(self.points) - 1),
                init=(1e5 * _beginning(self.points, self.seed)).astype(np.float32),
                random_state=self.seed,
                transform_seed=self.seed,
                n_jobs=1,
                tqdm_kwds=bar,
                **settings,
            ).fit(self.points)


LAYOUTS: Dict[str, Type[Layout]] = {"tsne": Tsne, "umap": Umap, "pca": Layout}


def check_method(method: str) -> None:
    """Raise `FrameError` for a method that is not known, `ModelError` for UMAP where it is not installed."""
    if method not in LAYOUTS:
        raise FrameError(f"method={method!r} is not known; there are {', '.join(LAYOUTS)}")
    if method == "umap":
        _umap()


def _first_two(points: np.ndarray) -> np.ndarray:
    positions = np.zeros((len(points), 2))
    positions[:, : points.shape[1]] = points[:, :2]
    return positions


def _beginning(points: np.ndarray, seed: int) -> np.ndarray:
    """Small, as t-SNE wants it, and no two points at the same place: equal ones would never part."""
    positions = _first_two(points)
    positions *= 0.99e-4 / np.max(positions.std(axis=0))
    return positions + np.random.default_rng(seed).normal(0, 1e-6, positions.shape)


def _umap() -> Any:
    """The module; raises `ModelError`."""
    try:
        with warnings.catch_warnings(), _without("tensorflow"):
            warnings.simplefilter("ignore")
            import umap
        return umap
    except ImportError as error:
        raise ModelError(
            f'method="umap" needs one more package, umap-learn ({error}): pip install umap-learn, or take method="tsne"'
        ) from error


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Have a module that is not in use not found: umap imports TensorFlow, which takes seconds and talks."""
    absent = module not in sys.modules
    if absent:
        sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules[module]
