"""Choose by looking how alike photos must be to count as one: a slider, a histogram, and the groups it makes."""

from typing import Any, Optional

import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.arguments import check_whole, takes
from helpers.collection.duplicates.duplicates import Duplicates
from helpers.collection.duplicates.finder import DuplicateFinder
from helpers.images.sheet import GREY, INK, InlineFigure
from helpers.images.thumbnails import Thumbnails
from helpers.similarity.members import CollectionModel
from helpers.widgets.card import Card, CardFigure
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import png_of, still, text_line

_STEPS = 100  # of the slider
_BARS = 50
_BAR, _BAR_WITHIN, _LINE = "#c3c9d2", "#5b7fa6", "#c2410c"


class DuplicatePicker(NotebookWidget, ipywidgets.VBox):
    """Duplicates of a model, with a slider for the threshold.

    Above, a histogram of each photo's distance to its nearest one, with the
    threshold: a valley is a good place for it. Below, the first `rows` groups.
    Neighbours are found once; then each threshold takes less than half a second
    for 10,000 photos, and the time to read the photos that are shown.

    Parameters
    ----------
    model, kind, threshold, seconds, progress
        As for `helpers.collection.find_duplicates`, which raises the same. For
        `"bytes"` there is no threshold, and the slider is off.
    rows : int
        How many groups to show.

    Notes
    -----
    Traits: `threshold`, and `found`, the `Duplicates` at it. A `threshold` out of
    range becomes the nearest that is in it.
    """

    threshold = traitlets.Float(0.0)
    found = traitlets.Any(None, allow_none=True)

    @takes(model="model")
    def __init__(
        self,
        model: CollectionModel,
        kind: str = "picture",
        threshold: Optional[float] = None,
        *,
        seconds: Optional[float] = None,
        rows: int = 10,
        progress: bool = True,
    ) -> None:
        check_whole("rows", rows)
        self._rows, self._kept = rows, Thumbnails()
        self._finder = DuplicateFinder(model, kind, seconds=seconds, progress=progress)
        start = self._finder.threshold(threshold)
        most = self._finder.farthest
        self.slider = ipywidgets.FloatSlider(
            value=start,
            min=0,
            max=most,
            step=most / _STEPS if most else 1,
            description="threshold",
            readout_format=".3g",
            continuous_update=False,
            disabled=not most,
            layout={"width": "640px"},
            style={"description_width": "initial"},
        )
        self.histogram, self.picture = still(align_self="flex-start"), still(align_self="flex-start")
        self.status = text_line()
        super().__init__([self.histogram, self.slider, self.status, self.picture])
        self.threshold = start
        self.slider.observe(self._slid, "value")
        self.observe(self._chosen, "threshold")
        self._show()

    @traitlets.validate("threshold")
    def _in_range(self, proposal: Any) -> float:
        return float(min(max(proposal["value"], 0.0), self._finder.farthest))

    def _slid(self, change: Any) -> None:
        # The slider rounds a threshold that code has set; only what a person slides counts.
        if abs(change["new"] - self.threshold) > self.slider.step / 2:
            self.threshold = change["new"]

    def _chosen(self, _: Any) -> None:
        self.slider.value = self.threshold
        self._show()

    def _show(self) -> None:
        found = Duplicates(self._finder, self.threshold)
        summary = repr(found)
        self.status.value = summary[0].upper() + summary[1:]
        self.histogram.value = png_of(distances_figure(found, self._finder.farthest))
        self.picture.value = png_of(found.show(self._rows, thumbnails=self._kept))
        self.found = found

    def _card(self) -> Card:
        status = self.status.value
        figures = [
            CardFigure(self.histogram.value, "distances to the nearest photo"),
            CardFigure(self.picture.value, status),
        ]
        return Card(status, [f"threshold {self.threshold:.3g}"] * (not self.slider.disabled), figures=figures)


def distances_figure(found: Duplicates, farthest: Optional[float] = None) -> Figure:
    """How many photos have their nearest one how far away, as a histogram; the threshold is a line.

    Photos with nothing nearer than `farthest` are counted in the title, and not drawn.
    """
    most = farthest or found.threshold or 1.0
    within = found.distances[found.distances <= most]
    figure = InlineFigure(figsize=(6.6, 2.1), dpi=100, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    counts, edges = np.histogram(within, _BARS, (0, most))
    colours = np.where(edges[:-1] < found.threshold, _BAR_WITHIN, _BAR)
    axes.bar(edges[:-1], counts, width=most / _BARS, align="edge", color=colours, linewidth=0)
    axes.axvline(found.threshold, color=_LINE, linewidth=1.5)
    axes.set_xlim(0, most)
    axes.set_xlabel("distance to the nearest photo", size=8, color=INK)
    axes.set_ylabel("photos", size=8, color=INK)
    beyond = len(found.distances) - len(within)
    title = f"{len(within)} photos have another within {most:.3g}, {beyond} have none"
    axes.set_title(title, size=8, color=GREY, loc="left")
    axes.tick_params(labelsize=7, colors=GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure
