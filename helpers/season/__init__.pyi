from .detection.box_strip import BoxStrip
from .detection.detect import detect
from .detection.finder import find_animals
from .detection.read_results import read_detections
from .detection.repeats import find_repeats, show_repeats
from .detection.review import DetectionReview
from .exchange.camtrap.check import check_camtrap
from .exchange.camtrap.write import write_camtrap
from .exchange.export import export_sightings, save_sightings
from .labels.review import LabelReview
from .labels.strip import LabelStrip, show_surprises
from .labels.surprises import surprising_labels
from .parts import Parts
from .scores import neighbour_shares, species_precision
from .season import Season
from .sightings import Sightings
from .timeline.activity_figure import show_activity
from .timeline.dates_figure import show_dates
from .timeline.panel import TimelinePanel
from .timeline.photo_strip import show_strip
from .timeline.site_map import show_sites
from .timeline.tables import activity_overlap

__all__ = [
    "BoxStrip",
    "DetectionReview",
    "LabelReview",
    "LabelStrip",
    "Parts",
    "Season",
    "Sightings",
    "TimelinePanel",
    "activity_overlap",
    "check_camtrap",
    "detect",
    "export_sightings",
    "find_animals",
    "find_repeats",
    "neighbour_shares",
    "read_detections",
    "save_sightings",
    "show_activity",
    "show_dates",
    "show_repeats",
    "show_sites",
    "show_strip",
    "show_surprises",
    "species_precision",
    "surprising_labels",
    "write_camtrap",
]
