"""A table of deployments, and which of them a photo belongs to.

A deployment is one camera at one place from one day to another.
"""

import csv
import datetime
import io
import math
import os
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from helpers.errors import FrameError
from helpers.files.spreadsheet import plain
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos.layout import PLACES

GivenDeployments = Union[SFrame, str, "os.PathLike[str]"]  # the frame of `read_deployments`, or the CSV that it reads

# By our own column: its names here and in Camtrap DP.
_HEADS = {
    "deployment": ("deployment", "deploymentid"),
    "site": ("site", "locationname", "locationid", "station"),
    "camera": ("camera", "cameraid"),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "start": ("start", "deploymentstart", "setup_date"),
    "end": ("end", "deploymentend", "retrieval_date"),
}
_LARGEST = {"latitude": 90.0, "longitude": 180.0}
_DAY = 86_400.0  # seconds


class Deployment(NamedTuple):
    """A camera at a place from one moment to another, by the camera's clock."""

    name: str
    site: Optional[str]
    camera: Optional[str]
    latitude: Optional[float]
    longitude: Optional[float]
    start: Optional[datetime.datetime]
    end: Optional[datetime.datetime]

    @property
    def place(self) -> str:
        """The site, else the deployment's name."""
        return self.site or self.name

    @property
    def has_dates(self) -> bool:
        """Whether both its start and its end are known."""
        return self.start is not None and self.end is not None

    def days(self, since: datetime.datetime, until: datetime.datetime) -> float:
        """How many of the days between two moments the camera was out; 0 where its dates are unknown."""
        if self.start is None or self.end is None:
            return 0.0
        return max(0.0, (min(self.end, until) - max(self.start, since)).total_seconds() / _DAY)

    def covers(self, moment: Optional[datetime.datetime]) -> bool:
        """Whether the camera was out at a moment; False where its dates are unknown."""
        return None not in (moment, self.start, self.end) and self.start <= moment <= self.end  # type: ignore[operator]


def read_deployments(path: Union[str, "os.PathLike[str]"]) -> SFrame:
    """Read the deployments in a CSV.

    Parameters
    ----------
    path
        A CSV in UTF-8, with comma, semicolon or tab. Its first line names the
        columns below so, or as Camtrap DP does (`deploymentID`, `locationName`,
        `deploymentStart`, ...). It needs one of deployment, site and camera;
        other columns are not read.

    Returns
    -------
    SFrame
        A row per deployment, in the file's order: `deployment`, `site`, `camera`
        (text, None where empty), `latitude`, `longitude` (degrees north and
        east), `start`, `end` (datetimes by the camera's clock; a day without a
        time begins at midnight, and as an end lasts until the next midnight).
        A deployment without a name is named by its site and camera.

    Raises
    ------
    FrameError
        With the file and the line, for a file that is not such a table, an
        invalid number or date, a place beyond the poles, an end before the
        start, and two deployments of one name.
    """
    file = Path(path).expanduser()
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameError(f"{file} is not a CSV in UTF-8; save it from the spreadsheet as such") from error
    except OSError as error:
        raise FrameError(f"{file}: the deployments cannot be read ({error.strerror}); give a CSV file") from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        columns = _columns(next(reader, []), file)
        rows = [_row(cells, columns, f"{file}, line {reader.line_num}") for cells in reader if any(cells)]
    except csv.Error as error:
        raise FrameError(f"{file}, line {reader.line_num}: {error}; correct it in the spreadsheet") from error
    names = [row["deployment"] for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FrameError(f"{file}: two deployments are called {twice!r}; give each another name")
    kinds = {"latitude": float, "longitude": float, "start": datetime.datetime, "end": datetime.datetime}
    return typed_frame((name, kinds.get(name, str), [row[name] for row in rows]) for name in _HEADS)


def deployment_table(deployments: GivenDeployments) -> SFrame:
    """The frame of `read_deployments`, given as it is or as the CSV that it reads; raises `FrameError`."""
    return deployments if isinstance(deployments, SFrame) else read_deployments(deployments)


def deployments_of(deployments: GivenDeployments) -> List[Deployment]:
    """The rows of a `deployment_table`; columns that it lacks are None. Raises `FrameError`."""
    table = deployment_table(deployments)
    if "deployment" not in table.column_names():
        raise FrameError(f"deployments have a column 'deployment'; these have {', '.join(table.column_names())}")
    names = ("deployment", *Deployment._fields[1:])
    columns = [list(table[name]) if name in table.column_names() else [None] * len(table) for name in names]
    return [Deployment(*row) for row in zip(*columns)]


def _columns(head: List[str], file: Path) -> Dict[str, int]:
    names = [cell.strip().lower() for cell in head]
    columns = {
        column: next(names.index(name) for name in known if name in names)
        for column, known in _HEADS.items()
        if any(name in names for name in known)
    }
    if not {"deployment", "camera", "site"} & set(columns):
        raise FrameError(f"{file}: its first line names none of the columns deployment, site and camera")
    return columns


def _row(cells: List[str], columns: Dict[str, int], where: str) -> Dict[str, Any]:
    texts = {name: plain(cells[place]).strip() if place < len(cells) else "" for name, place in columns.items()}
    row: Dict[str, Any] = {name: texts.get(name) or None for name in PLACES}
    for name in _LARGEST:
        row[name] = _degrees(name, texts.get(name, ""), where)
    for name in ("start", "end"):
        row[name] = _date(name, texts.get(name, ""), where)
    if row["start"] and row["end"] and row["end"] < row["start"]:
        raise FrameError(f"{where}: the deployment ends before it starts")
    if row["deployment"] is None:
        row["deployment"] = name_of(row["site"], row["camera"])
    if row["deployment"] is None:
        raise FrameError(f"{where}: a deployment needs a name, a site or a camera")
    return row


def name_of(site: Optional[str], camera: Optional[str]) -> Optional[str]:
    """The name of a deployment without one, by its site and camera."""
    return "/".join(part for part in (site, camera) if part is not None) or None


def _degrees(name: str, text: str, where: str) -> Optional[float]:
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not abs(value) <= _LARGEST[name]:
        raise FrameError(f"{where}: {name} is in degrees, -{_LARGEST[name]:.0f} to {_LARGEST[name]:.0f}, not {text!r}")
    return value


def _date(name: str, text: str, where: str) -> Optional[datetime.datetime]:
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = datetime.datetime.strptime(text, "%Y-%m-%d")
            return day if name == "start" else day + datetime.timedelta(days=1)
        text = re.sub(r"(Z|[+-]\d\d:?\d\d)$", "", text.replace(" ", "T"))  # a camera's clock has no zone
        return datetime.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise FrameError(f"{where}: {name} is a date such as 2026-05-01 or 2026-05-01 14:30, not {text!r}") from None


def deployed(
    places: Dict[str, List[Optional[str]]], taken: Sequence[Optional[datetime.datetime]], deployments: SFrame
) -> Tuple[Dict[str, List[Any]], int]:
    """Complete the places of photos, and add `latitude` and `longitude`; returns them, and how many photos fit.

    `places` has a list for each of `PLACES` that is known. `deployments` is the
    frame of `read_deployments`. A photo belongs to the deployment with the same
    places; of several, such as of one camera at one place in two seasons, to the
    only one during which it was taken. Where that leaves none or several, the
    photo keeps its places.
    """
    rows = list(deployments)
    named = [name for name in PLACES if name in places and any(row[name] is not None for row in rows)]
    by_places: Dict[Tuple[Optional[str], ...], List[Dict[str, Any]]] = {}
    for row in rows:
        by_places.setdefault(tuple(row[name] for name in named), []).append(row)
    completed: Dict[str, List[Any]] = {name: [] for name in (*PLACES, "latitude", "longitude")}
    count = 0
    for photo, moment in enumerate(taken):
        known = {name: places[name][photo] if name in places else None for name in PLACES}
        key = tuple(known[name] for name in named)
        fitting = by_places.get(key, []) if named and None not in key else []
        if len(fitting) > 1:
            fitting = [row for row in fitting if moment is not None and _during(row, moment)]
        row = fitting[0] if len(fitting) == 1 else {}
        count += bool(row)
        for name, values in completed.items():
            values.append(known.get(name) or row.get(name))
    return completed, count


def _during(row: Dict[str, Any], moment: datetime.datetime) -> bool:
    return (row["start"] is None or row["start"] <= moment) and (row["end"] is None or moment <= row["end"])
