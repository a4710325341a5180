from .explorer import Explorer
from .map.map import CollectionMap
from .picker import PhotoPicker

__all__ = [
    "CollectionMap",
    "Explorer",
    "PhotoPicker",
]
