"""Reading the cells of a table of deployments, as people, camtrapR, Wildlife Insights and Camtrap DP write it."""

import datetime
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from helpers.errors import FrameError
from helpers.files.spreadsheet import column_name, read_table
from helpers.photos.tables.utm import UtmZone

Row = Dict[str, Any]
Span = Tuple[datetime.datetime, datetime.datetime]

# By our own column: its names here, in Camtrap DP, camtrapR and Wildlife Insights. Of several, the first that is not
# empty counts, row by row.
_HEADS = {
    "deployment": ("deployment", "deploymentid", "deployment_id"),
    "site": ("site", "locationname", "locationid", "station", "placename", "location", "site_id", "station_id"),
    "camera": ("camera", "cameraid", "camera_id", "camera_name"),
    "latitude": ("latitude", "lat", "decimallatitude"),
    "longitude": ("longitude", "lon", "long", "lng", "decimallongitude"),
    "start": ("start", "deploymentstart", "setup_date", "start_date", "startdate"),
    "end": ("end", "deploymentend", "retrieval_date", "end_date", "enddate"),
}
_UTM = {"x": ("utm_x", "x", "easting"), "y": ("utm_y", "y", "northing")}
_PROBLEM = re.compile(r"(problem_?\d*)_(from|to)")
_LARGEST = {"latitude": 90.0, "longitude": 180.0}
_ZONE = re.compile(r"(?<=\d)\s?(Z|[+-]\d\d:?\d\d)$")
_TIME = r"(?:[T, ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:\s?([AaPp])\.?[Mm]\.?)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.:](\d{{1,2}})[-/.:](\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_TIME}")
_DAY_FIRST, _MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
_ORDERS = (_DAY_FIRST, _MONTH_FIRST)
_ONE_DAY = datetime.timedelta(days=1)


class DeploymentsTable(NamedTuple):
    """The rows of a table, and the names of its columns that are not read though they have something in them."""

    rows: List[Row]
    unread: List[str]


def deployments_in(file: Path, dates: Optional[str], utm: Optional[str] = None) -> DeploymentsTable:
    """The deployments in a CSV; the columns of a row are those of `read_deployments`; so are the errors."""
    zone = None if utm is None else UtmZone.of(utm)
    table = read_table(file, "the table of deployments")
    rows_of_cells = [[cell.strip() for cell in row] for row in table.rows]
    names = [column_name(name) for name in table.head]
    columns = {
        column: [names.index(name) for name in known if name in names]
        for column, known in (_HEADS if zone is None else {**_HEADS, **_UTM}).items()
        if any(name in names for name in known)
    }
    if zone is not None and not set(_UTM) <= set(columns):
        raise FrameError(f"{file}: its first line names no utm_x and utm_y for utm={utm!r}")
    if not {"deployment", "camera", "site"} & set(columns):
        raise FrameError(f"{file}: its first line names none of the columns deployment, site and camera")
    problems = _problems(names, table.head, file)
    read = {place for places in columns.values() for place in places} | {place for pair in problems for place in pair}
    unread = [
        name for place, name in enumerate(table.head) if place not in read and any(row[place] for row in rows_of_cells)
    ]
    texts = [
        {column: next(filter(None, (cells[place] for place in places)), "") for column, places in columns.items()}
        for cells in rows_of_cells
    ]
    gone = [
        [(table.head[start], cells[start], cells[end]) for start, end in problems if cells[start] or cells[end]]
        for cells in rows_of_cells
    ]
    order = dates or _order_of(texts, gone, file)
    rows = [
        _row(row, spans, order, f"{file}, line {line}", strict=dates is not None, zone=zone)
        for row, spans, line in zip(texts, gone, table.lines)
    ]
    return DeploymentsTable(_named(rows), unread)


def name_of(site: Optional[str], camera: Optional[str]) -> Optional[str]:
    """The name of a deployment without one, by its site and camera."""
    return "/".join(part for part in (site, camera) if part is not None) or None


def _problems(names: List[str], head: List[str], file: Path) -> List[Tuple[int, int]]:
    """The columns of the beginnings and ends of problems."""
    places: Dict[str, Dict[str, int]] = {}
    for place, name in enumerate(names):
        match = _PROBLEM.fullmatch(name)
        if match:
            places.setdefault(match[1], {})[match[2]] = place
    for pair in places.values():
        if len(pair) < 2:
            (only,) = pair.values()
            raise FrameError(f"{file}: the column {head[only]} has no partner; a problem has ..._from and ..._to")
    return [(pair["from"], pair["to"]) for pair in places.values()]


def _row(
    texts: Dict[str, str],
    gone: List[Tuple[str, str, str]],
    order: Optional[str],
    where: str,
    strict: bool,
    zone: Optional[UtmZone],
) -> Row:
    row: Row = {name: texts.get(name) or None for name in ("deployment", "site", "camera")}
    if row["deployment"] is None and name_of(row["site"], row["camera"]) is None:
        raise FrameError(f"{where}: a deployment needs a name, a site or a camera")
    for name in _LARGEST:
        row[name] = _degrees(name, texts.get(name, ""), where)
    if zone is not None and row["latitude"] is None and (texts["x"] or texts["y"]):
        row["latitude"], row["longitude"] = _of_utm(texts["x"], texts["y"], zone, where)
    if row["latitude"] == row["longitude"] == 0:
        row["latitude"] = row["longitude"] = None
        print(f"{where}: coordinates of 0, 0 mean that they are not known, and are not taken as a place")
    for name in ("start", "end"):
        row[name] = _date(name, texts.get(name, ""), order, where, strict=strict, is_end=name == "end")
    if row["start"] and row["end"] and _is_backwards(row["start"], row["end"], texts["start"], texts["end"]):
        raise FrameError(f"{where}: the deployment ends before it starts")
    row["problems"] = [_problem(*texts_of_one, order, where, row, strict=strict) for texts_of_one in gone]
    return row


def _problem(
    name: str, first: str, last: str, order: Optional[str], where: str, row: Row, strict: bool
) -> List[datetime.datetime]:
    """When a camera did not work, from and to; raises `FrameError`."""
    if not first or not last:
        raise FrameError(f"{where}: {name} has no {'end' if first else 'beginning'}; give both its first and last day")
    start = _date(name, first, order, where, strict=strict)
    end = _date(name, last, order, where, strict=strict, is_end=True)
    assert start is not None and end is not None  # both texts have something in them
    if _is_backwards(start, end, first, last):
        raise FrameError(f"{where}: the problem {name} ends before it starts")
    if (row["end"] and start >= row["end"]) or (row["start"] and end <= row["start"]):
        raise FrameError(f"{where}: the problem {name} is not within the dates of its deployment")
    return [start, end]


def _is_backwards(start: datetime.datetime, end: datetime.datetime, first: str, last: str) -> bool:
    """Whether an end is before its start; the day before lasts until the same midnight."""
    return end < start or (end == start and first != last)


def _named(rows: List[Row]) -> List[Row]:
    """The rows, those without a name by site and camera; where several would be called alike, with the day of start."""
    names = [row["deployment"] or name_of(row["site"], row["camera"]) for row in rows]
    named, counts = [], Counter(names)
    for row, name in zip(rows, names):
        if row["deployment"] is None and counts[name] > 1 and row["start"]:
            name = f"{name} {row['start']:%Y-%m-%d}"
        named.append({**row, "deployment": name})
    return named


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


def _of_utm(x: str, y: str, zone: UtmZone, where: str) -> Tuple[float, float]:
    try:
        return zone.degrees(float(x.replace(",", ".")), float(y.replace(",", ".")))
    except ValueError:
        raise FrameError(
            f"{where}: utm_x and utm_y are metres, 100,000 to 900,000 and 0 to 10,000,000, not {x!r} and {y!r}"
        ) from None


def _order_of(texts: List[Dict[str, str]], gone: List[List[Tuple[str, str, str]]], file: Path) -> Optional[str]:
    """Whether 1/11/2016 is in November or in January, by all dates of the table; None where it has none like it.

    An order is possible where all dates exist, and none ends before it starts.
    """
    spans = [(row.get("start", ""), row.get("end", "")) for row in texts]
    spans += [(first, last) for row in gone for _, first, last in row]
    unclear = [text for span in spans for text in span if _YEAR_LAST.fullmatch(text)]
    if not unclear:
        return None
    read = {order: [tuple(_try(text, order) for text in span) for span in spans] for order in _ORDERS}
    possible = [order for order, pairs in read.items() if _is_possible(pairs, spans)]
    if len(possible) == 2 and read[_DAY_FIRST] != read[_MONTH_FIRST]:
        first = next(text for text in unclear if _try(text, _DAY_FIRST) != _try(text, _MONTH_FIRST))
        either, other = (_try(first, order) for order in _ORDERS)
        raise FrameError(
            f"{file}: {first} may be {either:%Y-%m-%d} or {other:%Y-%m-%d}, and no date of the table decides it; give "
            "the frame of read_deployments(file, dates='%d/%m/%Y'), or dates='%m/%d/%Y'"
        )
    return possible[0] if possible else _DAY_FIRST


def _is_possible(pairs: List[Any], spans: List[Tuple[str, str]]) -> bool:
    for (start, end), texts in zip(pairs, spans):
        if any(moment is None and _YEAR_LAST.fullmatch(text) for moment, text in zip((start, end), texts)):
            return False
        if start is not None and end is not None and end < start:
            return False
    return True


def _try(text: str, order: Optional[str]) -> Optional[datetime.datetime]:
    try:
        return _moment(text, order)[0] if text else None
    except (ValueError, OverflowError):
        return None


def _date(
    name: str, text: str, order: Optional[str], where: str, *, strict: bool, is_end: bool = False
) -> Optional[datetime.datetime]:
    """A date of the table; a day without a time lasts until the next midnight as an end. Raises `FrameError`."""
    if not text:
        return None
    try:
        moment, is_day = _given(text, str(order)) if strict else _moment(text, order)
        return moment + _ONE_DAY if is_day and is_end else moment
    except (ValueError, OverflowError):
        example = f"as dates={order!r} describes it" if strict else "such as 2026-05-01, 2026-05-01 14:30 or 31/5/2026"
        raise FrameError(f"{where}: {name} is a date {example}, not {text!r}") from None


def _given(text: str, form: str) -> Tuple[datetime.datetime, bool]:
    """A date in a form of strptime, which may go on with a time; and whether it is a day without a time."""
    for rest in ("", " %H:%M", " %H:%M:%S"):
        try:
            moment = datetime.datetime.strptime(_ZONE.sub("", text), form + rest)
            return moment, not rest and not re.search(r"%[HIcXT]", form)
        except ValueError:
            continue
    raise ValueError(text)


def _moment(text: str, order: Optional[str]) -> Tuple[datetime.datetime, bool]:
    """A date, and whether it is a day without a time; a camera's clock has no zone. Raises `ValueError`."""
    text = _ZONE.sub("", text) if ":" in text else text
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        year, month, day = map(int, match.groups()[:3])
    else:
        match = _YEAR_LAST.fullmatch(text)
        if match is None:
            raise ValueError(text)
        day, month, year = map(int, match.groups()[:3])
        if order == _MONTH_FIRST:
            day, month = month, day
    hour, minute, second, half = match.groups()[3:]
    if hour is None:
        return datetime.datetime(year, month, day), True
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(text)
        hours = hours % 12 + 12 * (half in "Pp")
    return datetime.datetime(year, month, day, hours, int(minute), int(second or 0)), False
