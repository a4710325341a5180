from .check import Check, WrongAnswer
from .compare_methods import comparison_checks
from .explore import explore_checks
from .field_camera import field_checks
from .find_similar import search_checks
from .many_photos import store_checks
from .map_the_collection import map_checks
from .pick_a_photo import picker_checks
from .share import service_checks
from .train_an_autoencoder import autoencoder_checks
from .words import word_checks

__all__ = [
    "Check",
    "WrongAnswer",
    "autoencoder_checks",
    "comparison_checks",
    "explore_checks",
    "field_checks",
    "map_checks",
    "picker_checks",
    "search_checks",
    "service_checks",
    "store_checks",
    "word_checks",
]
