"""Figures of when and where a species was seen that follow each confirmation, beside the explorer."""

import base64
from html import escape
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers.arguments import takes
from helpers.errors import KinframeError
from helpers.frames import SFrame
from helpers.photos.deployments import GivenDeployments, deployment_table
from helpers.season.sighting import CANDIDATE, CONFIRMED, REJECTED, count_of, sightings_of
from helpers.season.timeline.activity_figure import show_activity
from helpers.season.timeline.dates_figure import show_dates
from helpers.season.timeline.night_shade import has_night
from helpers.season.timeline.photo_strip import Tiles, show_strip
from helpers.season.timeline.site_map import show_sites
from helpers.season.timeline.style import check_width
from helpers.season.timeline.tables import activity_of, by_date, by_site
from helpers.widgets.card import Card, CardFigure
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import png_of, text_line

if TYPE_CHECKING:
    from helpers.season.season import Season

VIEWS = ("hours", "dates", "sites", "photos")

_TITLES = {"hours": "Time of day", "dates": "Dates", "sites": "Sites", "photos": "Photos"}


class TimelinePanel(NotebookWidget, ipywidgets.VBox):
    """The figures of a timeline, one at a time, drawn anew whenever the sightings change.

    Parameters
    ----------
    sightings
        A `Sightings`, or another object with `frame()` and a trait `changed`.
    deployments
        The frame of `helpers.photos.read_deployments`, or the CSV that it reads,
        which is read once; for effort and for the map.
    season
        The season, for the photos and for the night; by default that of the sightings.
    view
        One of `hours`, `dates`, `sites` and `photos`.
    width
        Of the figures, 3.5 to 20 inches.

    Attributes
    ----------
    view, frame, description
        Traits: the view, the frame of sightings that is drawn, and the figure
        in words, which is its alternative text too.
    figure
        The figure, to be saved; None where nothing can be drawn. The reason is
        then in its place, and in `description`.

    Raises
    ------
    FrameError
        For a width out of range, and for deployments that cannot be read.
    """

    view = traitlets.Enum(VIEWS, "hours")
    frame = traitlets.Any(None, allow_none=True)
    description = traitlets.Unicode("")
    sightings: Any = None  # None again after `close`

    @takes(sightings="sightings")
    def __init__(
        self,
        sightings: Any,
        deployments: Optional[GivenDeployments] = None,
        *,
        season: Optional["Season"] = None,
        view: str = "hours",
        width: float = 7,
    ) -> None:
        check_width(width)
        self.sightings = sightings
        self.figure: Optional[Figure] = None
        self._tiles: Tiles = {}
        self._season: Any = getattr(sightings, "season", None) if season is None else season
        self._deployments = None if deployments is None else deployment_table(deployments)
        self._width = width
        shown = [name for name in VIEWS if name != "photos" or self._season is not None]
        self.buttons = ipywidgets.ToggleButtons(
            options=[(_TITLES[name], name) for name in shown],
            tooltips=[f"Show the sightings by {_TITLES[name].lower()}" for name in shown],
            style={"button_width": "110px"},
        )
        self.status = text_line()
        # HTML, since ipywidgets' Image has no alternative text; all text in it is escaped.
        self.picture = ipywidgets.HTML(layout={"max_width": "100%", "overflow": "auto"})
        super().__init__([self.buttons, self.status, self.picture], view=view)
        traitlets.link((self, "view"), (self.buttons, "value"))
        self.observe(self._show, "view")
        sightings.observe(self._show, "changed")
        self._show()

    def close(self) -> None:
        """Remove the panel, and stop following the sightings."""
        if self.sightings is not None:  # ipywidgets also closes a panel whose making has failed
            self.sightings.unobserve(self._show, "changed")
            self.sightings = None
        super().close()

    def _show(self, _: Any = None) -> None:
        frame = self.sightings.frame()
        drawings: Dict[str, Callable[[], Figure]] = {
            "hours": lambda: show_activity(frame, self._night(), width=self._width),
            "dates": lambda: show_dates(frame, self._deployments, width=self._width),
            "sites": lambda: show_sites(frame, self._deployments, width=self._width),
            "photos": lambda: show_strip(frame, self._season, width=self._width, tiles=self._tiles),
        }
        try:
            self.figure, self.description = drawings[self.view](), self._words(frame)
            self.picture.value = self._drawn(self.figure)
        except KinframeError as error:
            self.figure, self.description = None, f"{_TITLES[self.view]} cannot be drawn: {error}"
            self.picture.value = f"<p>{escape(self.description)}</p>"
        self.status.value = self._counts(frame)
        self.frame = frame

    def _drawn(self, figure: Figure) -> str:
        picture = base64.b64encode(png_of(figure)).decode()
        style = "max-width: 100%; height: auto; border-radius: 6px"
        return f'<img style="{style}" alt="{escape(self.description)}" src="data:image/png;base64,{picture}">'

    def _card(self) -> Card:
        if self.figure is None:
            return Card(self.status.value, [self.description])
        return Card(
            self.status.value, [_TITLES[self.view]], figures=[CardFigure(png_of(self.figure), self.description)]
        )

    def _night(self) -> Optional["Season"]:
        """The season, if its frame has the nights."""
        data = getattr(self._season, "data", None)
        return self._season if data is not None and has_night(data) else None

    def _counts(self, frame: SFrame) -> str:
        shown = sightings_of(frame, rejected=True)
        confirmed, rejected, candidates = (count_of(status, shown) for status in (CONFIRMED, REJECTED, CANDIDATE))
        every = len(getattr(self.sightings, "candidates", [])) or candidates
        some = f"{candidates} of {every:,}" if candidates < every else f"{candidates}"
        name = getattr(self.sightings, "species", "")
        counts = f"{confirmed} confirmed, {rejected} rejected, {some} candidate{'s' * (every != 1)}"
        return f"{name}: {counts}" if name else counts

    def _words(self, frame: SFrame) -> str:
        """The figure in words."""
        findings: Dict[str, Callable[[], str]] = {
            "hours": lambda: f"Confirmed events: {activity_of(frame).note}",
            "dates": lambda: _best_period(by_date(frame, self._deployments)),
            "sites": lambda: _best_sites(by_site(frame, self._deployments)),
            "photos": lambda: _period(frame),
        }
        return ". ".join(filter(None, (_TITLES[self.view], self._counts(frame), findings[self.view]())))


def _best_period(periods: SFrame) -> str:
    best = max(periods, key=lambda row: row["confirmed"], default=None)
    if best is None or not best["confirmed"]:
        return ""
    return f"Most confirmed events, {best['confirmed']}, in the period from {best['start']:%Y-%m-%d}"


def _best_sites(sites: SFrame) -> str:
    best = [f"{row['site'] or 'no site'} {row['confirmed']}" for row in sites if row["confirmed"]][:5]
    return f"Confirmed events by site: {', '.join(best)}" if best else ""


def _period(frame: SFrame) -> str:
    starts = [sighting.start for sighting in sightings_of(frame) if sighting.status == CONFIRMED and sighting.start]
    return f"Confirmed from {min(starts):%Y-%m-%d} to {max(starts):%Y-%m-%d}" if starts else ""
