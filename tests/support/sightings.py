"""Sightings, deployments and a season made by hand, for the tests of what is done with them."""

import datetime
from types import SimpleNamespace

import traitlets

from helpers.frames.columns import typed_frame

WHEN = datetime.datetime
COLUMNS = {
    "event": int,
    "rank": int,
    "status": str,
    "distance": float,
    "reference_label": int,
    "path": str,
    "site": str,
    "camera": str,
    "deployment": str,
    "start": WHEN,
    "end": WHEN,
    "photos": int,
}
HOSTILE = '=1+2,"ü"\n<b>'


def sightings(*rows):
    """A frame as `Sightings.frame` gives it; a row is status, start, site and more columns if asked for."""
    told = []
    for number, (status, start, site, *more) in enumerate(rows):
        row = {"event": number, "rank": number + 1, "status": status, "distance": 0.1, "reference_label": number}
        row.update(path=f"{number}.jpg", site=site, camera=None, deployment=site, start=start, end=start, photos=1)
        row.update(*more)
        told.append(row)
    return typed_frame((name, kind, [row[name] for row in told]) for name, kind in COLUMNS.items())


def deployments(*rows):
    """As `read_deployments` gives them; a row is site, start, end, latitude and longitude."""
    names = ("site", "start", "end", "latitude", "longitude")
    kinds = (str, WHEN, WHEN, float, float)
    told = [(name, kind, [row[place] for row in rows]) for place, (name, kind) in enumerate(zip(names, kinds))]
    return typed_frame([("deployment", str, [row[0] for row in rows]), *told, ("camera", str, [None] * len(rows))])


class Judged(traitlets.HasTraits):
    """What figures that follow take of `Sightings`."""

    changed = traitlets.Int(0)

    def __init__(self, frame, season=None, species="fox"):
        super().__init__()
        self.given, self.season, self.species = frame, season, species

    def frame(self):
        return self.given


def season_of(files, events=None):
    """What of a season is needed to show and copy photos: `files` are names and sources."""
    names, sources = [name for name, _ in files], [source for _, source in files]
    of_event = events or {row: [row] for row in range(len(files))}
    return SimpleNamespace(
        labels=list(range(len(files))),
        photo=lambda label: sources[label],
        name_of=lambda label: names[label],
        photos_of=lambda event: of_event[event],
        photos=SimpleNamespace(people_note=lambda rows: ""),
    )
