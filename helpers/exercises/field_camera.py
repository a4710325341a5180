"""The exercises of notebook 07."""

from typing import Any, Tuple

from helpers.errors import FrameError
from helpers.exercises.check import Check, WrongAnswer, frame_in, number_in, number_of, numbered, same_matches
from helpers.frames import SFrame
from helpers.season import surprising_labels

_K = 9


def field_checks(season: Any, query: Any) -> Tuple[Check, ...]:
    """The checks of notebook 07.

    Parameters
    ----------
    season : Season
    query
        The label of the photo that was asked with.

    Returns
    -------
    tuple of Check
        Of how many labels are surprising (None without labels), of how many photos had a wrong date before the clocks
        were shifted, and of the 9 photos most like the query at other sites (None without sites).
    """

    def surprising(answer: Any) -> str:
        species = season.data["species"] if "species" in season.data.column_names() else []
        if not any(species):
            if answer is not None:
                raise WrongAnswer("No photo has a label here. Answer None, or set LABELS.")
            return "Without labels, none can be wrong."
        if answer is None:
            raise WrongAnswer("There are labels here.")
        count = number_in(len(answer) if isinstance(answer, SFrame) else answer, "how many photos are listed")
        wanted = len(surprising_labels(season, "species", progress=False))
        if count != wanted:
            raise WrongAnswer(f"{count:g} is not how many surprising_labels lists for this season.")
        return "Look at each before you change it: the model may be wrong."

    def wrong_dates(answer: Any) -> str:
        count = number_in(answer, "how many photos it is")
        data = season.data
        moved = "taken_by_clock" in data.column_names()
        pairs = list(zip(data["taken"], data["taken_by_clock"])) if moved else []
        wanted = sum(shifted != clock for shifted, clock in pairs)
        if count == wanted:
            return "Nobody would see it on a single one." if wanted else "No clock was shifted."
        if count == len(data):
            raise WrongAnswer("That is all photos; most of their dates stayed as they were.")
        raise WrongAnswer(f"It is {'fewer' if count > wanted else 'more'} than {count:g}: compare the two columns.")

    def other_sites(answer: Any) -> str:
        try:
            wanted = season.search(like=query, other="sites", k=_K)
        except FrameError:
            if answer is not None:
                raise WrongAnswer("No photo has a site here. Answer None, or set LAYOUT.") from None
            return "Without sites, none can be left out."
        found = frame_in(answer, "season.search")
        site = dict(zip(season.model.labels, season.data["site"]))
        own = sum(site[label] == site[query] for label in found["reference_label"] if label in site)
        if not same_matches(found, wanted):
            if own:
                raise WrongAnswer(f"{own} of these {len(found)} photos are of the site that was asked with.")
            raise WrongAnswer(f"{len(wanted)} photos are asked for, and these are other ones.")
        sites = len({site[label] for label in found["reference_label"]})
        return f"They are of {number_of(sites, 'other site')}."

    return numbered(surprising, wrong_dates, other_sites)
