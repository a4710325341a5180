from .detection.detections import read_detections
from .exchange.camtrap.check import check_camtrap
from .exchange.camtrap.write import write_camtrap
from .exchange.export import export_sightings, save_sightings
from .parts import Parts
from .scores import neighbour_shares, species_precision
from .season import Season
from .sightings import Sightings
from .timeline.figures import show_activity, show_dates
from .timeline.panel import TimelinePanel
from .timeline.site_map import show_sites
from .timeline.strip import show_strip

__all__ = [
    "Parts",
    "Season",
    "Sightings",
    "TimelinePanel",
    "check_camtrap",
    "export_sightings",
    "neighbour_shares",
    "read_detections",
    "save_sightings",
    "show_activity",
    "show_dates",
    "show_sites",
    "show_strip",
    "species_precision",
    "write_camtrap",
]
