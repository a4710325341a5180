from .article import PhotosUnavailable, article_photos
from .clocks import clock_report, shift_clocks
from .deployments import read_deployments
from .events import add_events, event_table
from .load import load_photos, open_photo, preview, thumbnail
from .species import add_species, species_disagreements, species_table
from .strips import find_strips

__all__ = [
    "PhotosUnavailable",
    "add_events",
    "add_species",
    "article_photos",
    "clock_report",
    "event_table",
    "find_strips",
    "load_photos",
    "open_photo",
    "preview",
    "read_deployments",
    "shift_clocks",
    "species_disagreements",
    "species_table",
    "thumbnail",
]
