from .build import create, load_model
from .evaluation.by_labels import confusion, evaluate, mean_average_precision, precision_at, recall_at
from .evaluation.comparison import compare
from .grid import show_matches
from .members import find_photo
from .model import SimilarityModel
from .rankings import Rankings

__all__ = [
    "Rankings",
    "SimilarityModel",
    "compare",
    "confusion",
    "create",
    "evaluate",
    "find_photo",
    "load_model",
    "mean_average_precision",
    "precision_at",
    "recall_at",
    "show_matches",
]
