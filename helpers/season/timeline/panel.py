"""When and where a species was seen, beside the work of confirming it: figures that follow each judgement."""

import base64
import io
from html import escape
from typing import Any, Callable, Dict, Optional

import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers.errors import KinframeError
from helpers.photos.deployments import deployment_table
from helpers.season.sighting import CANDIDATE, CONFIRMED, sightings_of
from helpers.season.timeline.figures import show_activity, show_dates, show_sites, show_strip
from helpers.season.timeline.strip import Tiles
from helpers.season.timeline.style import check_width
from helpers.season.timeline.tables import activity_of, by_date, by_site

VIEWS = ("hours", "dates", "sites", "photos")

_TITLES = {"hours": "Time of day", "dates": "Dates", "sites": "Sites", "photos": "Photos"}


class TimelinePanel(ipywidgets.VBox):
    """The figures of `helpers.season.timeline.figures`, one at a time, drawn anew whenever the sightings change.

    - `sightings`: a `Sightings`; whatever has `frame()` and the trait `changed` will do.
    - `season`: the season, for the photos and for the night; without it that of
      the sightings.
    - `deployments`: what `helpers.photos.read_deployments` gives, or its CSV,
      which is read once, for effort and the map.
    - `width`: of the figures, in inches.

    Traits: `view`, one of `VIEWS`; `frame`, the sightings that are drawn;
    `description`, the figure in words, which is its alternative text too.
    `figure` is the figure, to be saved. What cannot be drawn is said in place of
    it, and in `description`; `figure` is None then. `close` ends the following.
    Raises `FrameError` for a width or for deployments that cannot be.
    """

    view = traitlets.Enum(VIEWS, "hours")
    frame = traitlets.Any(None, allow_none=True)
    description = traitlets.Unicode("")
    sightings: Any = None

    def __init__(
        self,
        sightings: Any,
        deployments: Optional[Any] = None,
        *,
        season: Optional[Any] = None,
        view: str = "hours",
        width: float = 7,
    ) -> None:
        check_width(width)
        self.sightings = sightings
        self.figure: Optional[Figure] = None
        self._tiles: Tiles = {}
        self._season = getattr(sightings, "season", None) if season is None else season
        self._deployments = None if deployments is None else deployment_table(deployments)
        self._width = width
        shown = [name for name in VIEWS if name != "photos" or self._season is not None]
        self.buttons = ipywidgets.ToggleButtons(
            options=[(_TITLES[name], name) for name in shown],
            tooltips=[f"Show the sightings by {_TITLES[name].lower()}" for name in shown],
            style={"button_width": "110px"},
        )
        self.status = ipywidgets.Label()
        # Of our own text alone, and escaped; ipywidgets' Image has no alternative text.
        self.picture = ipywidgets.HTML(layout={"max_width": "100%", "overflow": "auto"})
        super().__init__([self.buttons, self.status, self.picture], view=view)
        traitlets.link((self, "view"), (self.buttons, "value"))
        self.observe(self._show, "view")
        sightings.observe(self._show, "changed")
        self._show()

    def close(self) -> None:
        """Take the panel away, and draw no more."""
        if self.sightings is not None:  # ipywidgets closes what was never made, too
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
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi="figure", pil_kwargs={"compress_level": 1})
        picture = base64.b64encode(buffer.getvalue()).decode()
        style = "max-width: 100%; height: auto; border-radius: 6px"
        return f'<img style="{style}" alt="{escape(self.description)}" src="data:image/png;base64,{picture}">'

    def _night(self) -> Optional[Any]:
        """The season, if it knows its nights."""
        data = getattr(self._season, "data", None)
        known = data is not None and {"night", "taken"} <= set(data.column_names())
        return self._season if known else None

    def _counts(self, frame: Any) -> str:
        told = sightings_of(frame, rejected=True)
        counts = [f"{sum(each.status == status for each in told)} {status}" for status in (CONFIRMED, "rejected")]
        left = sum(each.status == CANDIDATE for each in told)
        every = len(getattr(self.sightings, "candidates", [])) or left
        some = f"{left} of {every:,}" if left < every else f"{left}"
        name = getattr(self.sightings, "species", "")
        return f"{name + ': ' if name else ''}{', '.join(counts)}, {some} candidate{'s' * (every != 1)}"

    def _words(self, frame: Any) -> str:
        """What the figure shows, in words."""
        said = f"{_TITLES[self.view]}. {self._counts(frame)}"
        if self.view == "hours":
            return f"{said}. Confirmed events: {activity_of(frame).note}"
        if self.view == "dates":
            best = max(by_date(frame, self._deployments), key=lambda row: row["confirmed"], default=None)
            if best is None or not best["confirmed"]:
                return said
            return f"{said}. Most confirmed events, {best['confirmed']}, in the period from {best['start']:%Y-%m-%d}"
        if self.view == "sites":
            rows = [row for row in by_site(frame, self._deployments) if row["confirmed"]][:5]
            names = [f"{row['site'] or 'no site'} {row['confirmed']}" for row in rows]
            return f"{said}. Confirmed events by site: {', '.join(names)}" if names else said
        first = [each.start for each in sightings_of(frame) if each.start is not None and each.status == CONFIRMED]
        if not first:
            return said
        return f"{said}. Confirmed from {min(first):%Y-%m-%d} to {max(first):%Y-%m-%d}"
