"""What a person says of species that `surprising_labels` lists: that they are right, or what is."""

import os
from typing import Any, Dict, Iterable, List, Union

import traitlets

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.per_photo import entries
from helpers.photos.labels import Labels
from helpers.photos.species import shown_species
from helpers.season.season import Season

_NEEDED = ("reference_label", "event", "species", "suggested", "share", "neighbours")

Photos = Union[Any, Iterable[Any]]


class LabelReview(traitlets.HasTraits):
    """What a person says of surprising species; kept in a CSV of `path,label`, a line per photo.

    The CSV is a source of `helpers.photos.add_species`: with
    `species=[FILE, "Species"]` its species replace those of the tags. The tags
    in the photos stay as they are.

    Parameters
    ----------
    season
        The season.
    surprises
        What `surprising_labels` returned.
    species
        What each photo shows, as for `surprising_labels`.
    file
        The CSV, which is made with the first judgement. Photos that are in it
        are not asked for again.

    Attributes
    ----------
    changed
        A trait: a number that goes up with each judgement.
    left
        The rows of `surprises` that are not judged yet.
    labels
        The `helpers.photos.labels.Labels` of judged photos.

    Raises
    ------
    FrameError
        For a frame without the columns of `surprising_labels`.
    LabelsError
        Where the file is damaged or something else.
    """

    changed = traitlets.Int(0)

    @takes(season="season", surprises="frame: surprising_labels(season)")
    def __init__(
        self,
        season: Season,
        surprises: SFrame,
        species: Any = "species",
        file: Union[str, "os.PathLike[str]"] = "species.csv",
    ) -> None:
        super().__init__()
        self.season, self.labels = season, Labels(file)
        self._written = entries(season, species, "species")
        self._surprises = rows_of_surprises(surprises)

    @property
    def left(self) -> List[Dict[str, Any]]:
        return [row for row in self._surprises if self.season.name_of(row["reference_label"]) not in self.labels]

    def confirm(self, photos: Photos) -> None:
        """Note that the species of one photo, or of several, is right. Raises `FrameError` and `LabelsError`."""
        chosen: Dict[str, List[str]] = {}
        for row in self._rows_of(photos):
            chosen.setdefault(self._text(row), []).append(self.season.names[row])
        if "" in chosen:
            raise FrameError(f"{chosen[''][0]} has no species to confirm; change(photo, species) gives it one")
        for species, names in chosen.items():
            self.labels.set(names, species)
        self.changed += 1

    def change(self, photos: Photos, species: str) -> None:
        """Give one photo, or several, another species. Raises `FrameError` and `LabelsError`."""
        names = [self.season.names[row] for row in self._rows_of(photos)]
        if not isinstance(species, str) or not species.strip("| \t\r\n") or not species.strip().isprintable():
            raise FrameError(f"a species is text in one line, several joined with |, not {species!r}")
        self.labels.set(names, species.strip())
        self.changed += 1

    def undo(self) -> bool:
        """Take back the last judgement; returns whether there was one. Raises `LabelsError`."""
        undone = self.labels.undo() is not None
        self.changed += 1
        return undone

    def species(self) -> List[Any]:
        """The species of each photo of the season, with what was judged, for `species_precision` and the like."""
        return [self.labels.get(name, old) for name, old in zip(self.season.names, self._written)]

    def skip(self, photos: Photos) -> None:
        """Put one photo, or several, at the end of `left`. Raises `FrameError`."""
        later = {self.season.labels[row] for row in self._rows_of(photos)}
        self._surprises.sort(key=lambda row: row["reference_label"] in later)
        self.changed += 1

    def alike(self) -> List[Dict[str, Any]]:
        """The rows of `left` that are one question with the first: of its event, species and suggestion."""
        left = self.left
        names = ("event", "species", "suggested")
        return [row for row in left if all(row[name] == left[0][name] for name in names)]

    def names(self) -> List[str]:
        """The species that photos of the season have by now, in the order of the alphabet."""
        return sorted({str(name) for names in shown_species(self.species(), "species") for name in names})

    def _text(self, row: int) -> str:
        return "|".join(map(str, shown_species([self._written[row]], "species")[0]))

    def _rows_of(self, photos: Photos) -> List[int]:
        several = isinstance(photos, (list, tuple, set)) or hasattr(photos, "to_numpy")
        return [self.season.collection.row(label) for label in (photos if several else [photos])]


def rows_of_surprises(surprises: SFrame) -> List[Dict[str, Any]]:
    """The rows of a frame of `surprising_labels`; raises `FrameError` for another one."""
    if not isinstance(surprises, SFrame) or not set(_NEEDED) <= set(surprises.column_names()):
        raise FrameError("give the frame of surprising_labels(season), or some of its rows")
    return [dict(row) for row in surprises]
