from .embedding import embed
from .nearest import neighbours
from .store import FeatureStore

__all__ = [
    "FeatureStore",
    "embed",
    "neighbours",
]
