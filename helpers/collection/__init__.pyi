from .atlas import Atlas
from .clusters import cluster, show_clusters, suggest_k
from .description import Description, describe
from .duplicates.archive import compare_collections
from .duplicates.duplicates import find_duplicates
from .duplicates.picker import DuplicatePicker
from .duplicates.put_back import undo_move
from .odd_photos import oddities
from .odd_strip import OddStrip, show_oddities
from .poster import montage

__all__ = [
    "Atlas",
    "Description",
    "DuplicatePicker",
    "OddStrip",
    "cluster",
    "compare_collections",
    "describe",
    "find_duplicates",
    "montage",
    "oddities",
    "show_clusters",
    "show_oddities",
    "suggest_k",
    "undo_move",
]
