"""What an explorer shows, as a card that a saved notebook keeps: the query, and what was found or is browsed."""

from typing import Any, Callable, List, Optional

from helpers.explorer.captions import heading
from helpers.explorer.exploration import Exploration
from helpers.widgets.card import Card, CardPhoto, CardRow

_MOST = 60  # photos whose thumbnails are read

Read = Callable[[List[int]], List[Optional[bytes]]]  # thumbnails of photos, by their numbers


def explorer_card(here: Exploration, read: Read) -> Card:
    """The card of an exploration as it is now."""
    step, shown, about = here.trail.here, here.rows.tolist()[:_MOST], here.about()
    asked = [] if step is None else [*step.like, *step.unlike]
    photos = [CardPhoto(jpeg, _name(here, number)) for number, jpeg in zip([*asked, *shown], read([*asked, *shown]))]
    for place, number in enumerate(shown, len(asked)):
        found = about.get(number, {})
        distance: Any = found.get("distance")
        if found.get("score") is not None:
            photos[place] = photos[place]._replace(caption=f"{found['word'] or ''} {found['score']:.3g}".strip())
        elif not asked:  # of sightings: what their distances are from is not on the card
            rank: Any = found.get("rank")
            caption = "" if rank is None else f"rank {rank}" if rank else "asked with"
            photos[place] = photos[place]._replace(caption=caption)
        elif distance is not None:
            photos[place] = photos[place]._replace(caption=f"distance {distance:.3g}")
    rest = [CardPhoto(None, "")] * (len(here.rows) - len(shown))  # counted, and never drawn
    query = [CardRow("Query", photos[: len(asked)])] if asked else []
    return Card(heading(here), [here.remark], rows=[*query, CardRow("", [*photos[len(asked) :], *rest])])


def _name(here: Exploration, number: int) -> str:
    return here.photo(number)[0].rpartition("/")[2]
