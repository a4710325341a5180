from .article import PhotosUnavailable, article_photos
from .clocks.report import clock_report
from .clocks.shifts import shift_clocks
from .deployments import read_deployments
from .events import add_events, event_table
from .load import load_photos, open_photo, preview, thumbnail
from .species import add_species, species_disagreements, species_table
from .strips import find_strips
from .sun import add_sun

__all__ = [
    "PhotosUnavailable",
    "add_events",
    "add_species",
    "add_sun",
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
