"""How good the neighbours are, where photos have labels."""

from typing import Any, List, Optional, Sequence

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError


def folders(names: Sequence[str]) -> List[str]:
    """The folder of each path, as a label."""
    return [name.rpartition("/")[0] for name in names]


def precision_at(model: Any, k: int = 10, labels: Optional[Sequence[Any]] = None) -> Optional[float]:
    """The mean share of the `k` nearest neighbours that have the photo's own label; the photo itself does not count.

    `labels` has one entry a photo of the model; their folders without it.
    `None` where there are fewer than two labels or two photos: there is
    nothing to tell apart. Raises `FrameError` for k < 1, and for labels that
    are fewer or more than the photos (`model.bad` lists those that stayed out).
    """
    check_whole("k", k)
    if labels is not None and len(labels) != model.num_examples:
        raise FrameError(f"there are {len(labels)} labels for {model.num_examples} photos; give one for each")
    own = np.asarray(folders(model.names) if labels is None else list(labels))
    if len(own) < 2 or len(set(own.tolist())) < 2:
        return None
    rows, _ = model.index.search(model.vectors, k + 1)
    shares = []
    for row, near in enumerate(rows):
        others = near[near != row][:k]
        shares.append(float(np.mean(own[others] == own[row])))
    return float(np.mean(shares))
