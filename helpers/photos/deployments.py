"""A table of deployments, and which of them a photo belongs to.

A deployment is one camera at one place from one day to another.
"""

import datetime
import os
from collections import Counter
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.files.spelling import composed, expanded, printable
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos.layout import PLACES, places_of
from helpers.photos.tables.deployment_csv import deployments_in

GivenDeployments = Union[SFrame, str, "os.PathLike[str]"]  # the frame of `read_deployments`, or the CSV that it reads

_DAY = 86_400.0  # seconds
_LAYOUTS: Dict[str, Tuple[str, ...]] = {  # the first counts where several fit as many photos
    "{deployment}": ("deployment",),
    "{site}/{camera}": ("site", "camera"),
    "{site}": ("site",),
    "{camera}": ("camera",),
}
_KINDS = {
    **dict.fromkeys(("deployment", "site", "camera"), str),
    **dict.fromkeys(("latitude", "longitude"), float),
    **dict.fromkeys(("start", "end"), datetime.datetime),
    "problems": list,
}


class Deployment(NamedTuple):
    """A camera at a place from one moment to another, by the camera's clock."""

    name: str
    site: Optional[str]
    camera: Optional[str]
    latitude: Optional[float]
    longitude: Optional[float]
    start: Optional[datetime.datetime]
    end: Optional[datetime.datetime]
    problems: Sequence[List[datetime.datetime]] = ()  # when it did not work, from and to

    @property
    def place(self) -> str:
        """The site, else the deployment's name."""
        return self.site or self.name

    @property
    def has_dates(self) -> bool:
        """Whether both its start and its end are known."""
        return self.start is not None and self.end is not None

    def days(self, since: datetime.datetime, until: datetime.datetime) -> float:
        """How many of the days between two moments the camera worked; 0 where its dates are unknown."""
        if self.start is None or self.end is None:
            return 0.0
        since, until = max(self.start, since), min(self.end, until)
        seconds, reached = max(0.0, (until - since).total_seconds()), since
        for first, last in sorted(self.problems or ()):
            first, last = max(first, reached), min(last, until)
            if first < last:
                seconds -= (last - first).total_seconds()
                reached = last
        return seconds / _DAY

    def covers(self, moment: Optional[datetime.datetime]) -> bool:
        """Whether the camera was out and worked at a moment; False where its dates are unknown."""
        if moment is None or self.start is None or self.end is None or self.failed(moment):
            return False
        return self.start <= moment <= self.end

    def failed(self, moment: datetime.datetime) -> bool:
        """Whether a problem of the camera is noted for a moment."""
        return any(first <= moment < last for first, last in self.problems or ())


@takes(path="path")
def read_deployments(
    path: Union[str, "os.PathLike[str]"], *, dates: Optional[str] = None, utm: Optional[str] = None
) -> SFrame:
    """Read the deployments in a CSV.

    Parameters
    ----------
    path
        A CSV in UTF-8, with comma, semicolon or tab. Its first line names the
        columns below so, or as Camtrap DP (`deploymentID`, `locationName`,
        `deploymentStart`, ...), camtrapR (`Station`, `Setup_date`,
        `Problem1_from`, ...) or Wildlife Insights (`deployment_id`, `placename`,
        `start_date`, ...) do. It needs one of deployment, site and camera. A
        line names the other columns, which are not read.
    dates
        How dates are written, in the letters of `datetime.strptime`, such as
        `"%d/%m/%Y"`. By default, 2026-05-01, and 31/5/2026 where the dates of
        the table leave no doubt of which number is the month; each may have a
        time.
    utm
        The zone in which the columns `utm_x` and `utm_y` are, such as `"50N"` or
        `"21S"` (N and S are hemispheres), on WGS 84, in metres. Without it, they
        are not read.

    Returns
    -------
    SFrame
        A row per deployment, in the file's order: `deployment`, `site`, `camera`
        (text, None where empty), `latitude`, `longitude` (degrees north and
        east), `start`, `end` (datetimes by the camera's clock; a day without a
        time begins at midnight, and as an end lasts until the next midnight),
        `problems` (a list of [from, to], datetimes between which the camera did
        not work; its last day counts whole). A deployment without a name is
        named by its site and camera, and by the day of its start where there
        are several of these.

    Raises
    ------
    FrameError
        With the file and the line, for a file that is not such a table, an
        invalid number, date or zone, a place beyond the poles, an end before the
        start, a problem without beginning or end or beyond its deployment, and
        two deployments of one name. For dates such as 1/11/2016, if nothing in
        the table decides whether that is in January.
    """
    file = expanded(path)
    rows, unread = deployments_in(file, dates, utm)
    names = Counter(row["deployment"] for row in rows)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        raise FrameError(f"{file}: two deployments are called {twice!r}; give each another name")
    if unread:
        way_out = " (utm= reads them)" if {"utm_x", "utm_y"} & set(map(str.lower, unread)) else ""
        print(printable(f"{file.name}: columns that are not read: {', '.join(unread)}{way_out}"))
    return typed_frame((name, kind, [row[name] for row in rows]) for name, kind in _KINDS.items())


def deployment_table(deployments: GivenDeployments) -> SFrame:
    """The frame of `read_deployments`, given as it is or as the CSV that it reads; raises `FrameError`."""
    return deployments if isinstance(deployments, SFrame) else read_deployments(deployments)


def deployments_of(deployments: GivenDeployments) -> List[Deployment]:
    """The rows of a `deployment_table`; columns that it lacks are None. Raises `FrameError`."""
    table = deployment_table(deployments)
    if "deployment" not in table.column_names():
        raise FrameError(f"deployments have a column 'deployment'; these have {', '.join(table.column_names())}")
    names = list(_KINDS)
    columns = [list(table[name]) if name in table.column_names() else [None] * len(table) for name in names]
    return [Deployment(*row) for row in zip(*columns)]


def layout_by(deployments: SFrame, folders: Sequence[str]) -> Optional[str]:
    """The layout that most photos fit, of those by what the table has; None where no photo fits any."""
    most, best = 0, None
    photos = Counter(folders)
    for layout, named in _LAYOUTS.items():
        rows = {_key(row, named) for row in deployments if all(row[name] is not None for name in named)}
        keys = (_key(one, named) for one in _each(places_of(list(photos), layout), len(photos)))
        count = sum(number for key, number in zip(keys, photos.values()) if None not in key and key in rows)
        if count > most:
            most, best = count, layout
    return best


def only_camera(deployments: SFrame) -> bool:
    """Whether all deployments of a table are of one camera at one place."""
    places = {(row["site"], row["camera"]) for row in deployments}
    return len(deployments) == 1 or (len(places) == 1 and places != {(None, None)})


def deployed(
    places: Dict[str, List[Optional[str]]], taken: Sequence[Optional[datetime.datetime]], deployments: SFrame
) -> Tuple[Dict[str, List[Any]], int]:
    """Complete the places of photos, and add `latitude` and `longitude`; returns them, and how many photos fit.

    `places` has a list for each of `PLACES` that is known; without any, all
    deployments are of the photos' camera. `deployments` is the frame of
    `read_deployments`. A photo belongs to the deployment with the same places,
    in capitals or not; of several, such as of one camera at one place in two
    seasons, to the only one during which it was taken. Where that leaves none
    or several, the photo keeps its places.
    """
    rows = list(deployments)
    named = [name for name in PLACES if name in places and any(row[name] is not None for row in rows)]
    exact: Dict[Any, List[Dict[str, Any]]] = {}
    alike: Dict[Any, List[Dict[str, Any]]] = {}
    for row in rows:
        exact.setdefault(tuple(row[name] for name in named), []).append(row)
        alike.setdefault(_key(row, named), []).append(row)
    completed: Dict[str, List[Any]] = {name: [] for name in (*PLACES, "latitude", "longitude")}
    count = 0
    for known, moment in zip(_each(places, len(taken)), taken):
        key = tuple(known[name] for name in named)
        fitting: List[Dict[str, Any]] = []
        if None not in key and (named or not places):
            fitting = exact.get(key) or alike.get(_key(known, named), [])
        if len(fitting) > 1:
            fitting = [row for row in fitting if moment is not None and _during(row, moment)]
        row = fitting[0] if len(fitting) == 1 else {}
        count += bool(row)
        for name, values in completed.items():
            values.append(known.get(name) if row.get(name) is None else row[name])
    return completed, count


def _each(places: Dict[str, List[Optional[str]]], count: int) -> Iterator[Dict[str, Optional[str]]]:
    """The places of each photo, or folder."""
    for photo in range(count):
        yield {name: places[name][photo] for name in places}


def _key(row: Mapping[str, Any], names: Sequence[str]) -> Tuple[Optional[str], ...]:
    """Places as they are compared: by letters, not by capitals or by how a system writes accents."""
    texts = (row[name] for name in names)
    return tuple(None if text is None else composed(text.strip()).casefold() for text in texts)


def _during(row: Dict[str, Any], moment: datetime.datetime) -> bool:
    return (row["start"] is None or row["start"] <= moment) and (row["end"] is None or moment <= row["end"])
