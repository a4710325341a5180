"""Surprising species as a figure, and as a strip that asks for one after the other."""

from functools import partial
from typing import Any, Callable, Dict, List

import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError, KinframeError
from helpers.frames import SFrame
from helpers.images.contact_sheets import COLUMNS, PhotoGroup, Tile, contact_sheets
from helpers.photos.species import shown_species
from helpers.season.labels.review import LabelReview, rows_of_surprises
from helpers.season.labels.surprises import nearest_events
from helpers.season.season import Season
from helpers.widgets.card import Card, CardFigure
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import png_of, still, text_line

_MOST = 100  # photos of a figure


@takes(season="season", surprises="frame: surprising_labels(season)")
def show_surprises(season: Season, surprises: SFrame, *, k: int = 40) -> Figure:
    """Draw photos whose species is surprising, each with the species and share that its neighbours suggest.

    Parameters
    ----------
    season
        The season.
    surprises
        What `surprising_labels` returned, or some of its rows.
    k
        How many photos to draw, 1 to 100: the first ones.

    Returns
    -------
    Figure
        A group for each species, in the order of the frame.

    Raises
    ------
    FrameError
        For another frame or number.
    """
    check_whole("k", k)
    if k > _MOST:
        raise FrameError(f"k={k}: show_surprises draws {_MOST} photos at most")
    rows = rows_of_surprises(surprises)
    groups: Dict[str, List[Tile]] = {}
    for row in rows[:k]:
        label = row["reference_label"]
        caption = f"{row['suggested']}? {row['share']:.0%}"
        groups.setdefault(row["species"], []).append(Tile(season.name_of(label), season.photo(label), caption))
    note = f"{k} of {len(rows)} photos" if len(rows) > k else "" if rows else "no species is surprising"
    sheet = [PhotoGroup(f"labelled {species}", tiles) for species, tiles in groups.items()]
    return contact_sheets(sheet, note)


class LabelStrip(NotebookWidget, ipywidgets.VBox):
    """One surprising species after the other, to confirm or to change; what it does, `LabelReview` does by function.

    Above are the photos of one event, beneath them the nearest of other events
    that show what is suggested. A judgement is for all of the event's photos in
    the question.

    Parameters
    ----------
    review
        The `LabelReview`.

    Attributes
    ----------
    description
        A trait: the question in words.
    """

    description = traitlets.Unicode("")
    _follows = False

    @takes(review="review")
    def __init__(self, review: LabelReview) -> None:
        self.review = review
        self.status = text_line()
        self.picture = still()
        self.keep, self.take = ipywidgets.Button(), ipywidgets.Button()
        self.other = ipywidgets.Combobox(placeholder="another species", ensure_option=False, layout={"width": "180px"})
        self.change = ipywidgets.Button(description="Change", tooltip="Change the species to what is written here")
        self.skip = ipywidgets.Button(description="Later", tooltip="Put this question last")
        self.undo = ipywidgets.Button(description="Undo", tooltip="Take back the last judgement")
        actions = {
            self.keep: lambda: review.confirm(self._photos()),
            self.take: lambda: review.change(self._photos(), review.left[0]["suggested"]),
            self.change: lambda: review.change(self._photos(), self.other.value),
            self.skip: lambda: review.skip(self._photos()),
            self.undo: review.undo,
        }
        for button, action in actions.items():
            button.layout.width = "auto"
            button.on_click(partial(self._act, action))
        buttons = ipywidgets.HBox(
            [*list(actions)[:2], self.other, *list(actions)[2:]], layout={"flex_flow": "row wrap"}
        )
        super().__init__([self.status, self.picture, buttons])
        self._show()
        review.observe(self._show, "changed")
        self._follows = True

    def close(self) -> None:
        """Remove the strip, and stop following the review."""
        if self._follows:  # ipywidgets also closes a strip whose making has failed
            self.review.unobserve(self._show, "changed")
            self._follows = False
        super().close()

    def _photos(self) -> List[Any]:
        return [row["reference_label"] for row in self.review.alike()]

    def _act(self, action: Callable[[], Any], _: Any) -> None:
        try:
            action()
        except KinframeError as error:
            self.status.value = str(error)

    def _show(self, _: Any = None) -> None:
        alike, left = self.review.alike(), len(self.review.left)
        for button in (self.keep, self.take, self.change, self.skip):
            button.disabled = not alike
        self.other.options, self.other.value = self.review.names(), ""
        if not alike:
            self.description = "No surprising species is left."
            self.picture.value = png_of(contact_sheets([], self.description))
        else:
            first = alike[0]
            self.keep.description, self.take.description = f"{first['species']} is right", f"It is {first['suggested']}"
            showing = round(first["share"] * first["neighbours"])
            self.description = (
                f"Labelled {first['species']}; of the {first['neighbours']} nearest other events {showing} show "
                f"{first['suggested']}. {left} photo{'s' * (left > 1)} left."
            )
            self.picture.value = png_of(self._drawn(alike))
        self.status.value = self.description

    def _card(self) -> Card:
        return Card(self.status.value, figures=[CardFigure(self.picture.value, self.description)])

    def _drawn(self, alike: List[Dict[str, Any]]) -> Figure:
        season, suggested = self.review.season, alike[0]["suggested"]
        shows = [suggested in map(str, names) for names in shown_species(self.review.species(), "species")]
        row = season.collection.row(alike[0]["reference_label"])
        near = nearest_events(season, row, COLUMNS, np.array(shows, bool)).tolist()
        frames = [one["reference_label"] for one in alike][:COLUMNS]
        groups = [
            PhotoGroup(f"labelled {alike[0]['species']}", self._tiles(frames)),
            PhotoGroup(f"{suggested}, the nearest of other events", self._tiles([season.labels[one] for one in near])),
        ]
        note = f"{len(frames)} of {len(alike)} photos" if len(alike) > len(frames) else ""
        return contact_sheets(groups, note)

    def _tiles(self, labels: List[Any]) -> List[Tile]:
        return [Tile(self.review.season.name_of(label), self.review.season.photo(label)) for label in labels]
