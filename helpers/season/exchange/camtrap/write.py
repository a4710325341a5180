"""A season and its sightings as a Camtrap DP 1.0.2 package, the exchange format for field-camera photos.

A folder of photos knows neither where its cameras stood nor who worked there,
nor the offset of their clocks: `write_camtrap` asks, and guesses none of it.
`check_camtrap` says what in a package is against the standard's rules.
"""

import datetime
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from helpers.errors import ExportError, FrameError
from helpers.files.cache import replacing_folder
from helpers.frames.columns import typed_frame
from helpers.photos.deployments import deployments_of
from helpers.season.exchange.camtrap import rules
from helpers.season.exchange.camtrap.check import check_camtrap
from helpers.season.exchange.camtrap.observations import CANDIDATES, REJECTED, detection_rows, event_rows, events_of
from helpers.season.exchange.camtrap.requirements import Offset, check_asked, species_name, zone_of
from helpers.season.exchange.camtrap.tables import Row, deployment_rows, media_rows, write_table
from helpers.season.sighting import data_of, sightings_of

__all__ = ["Package", "check_camtrap", "write_camtrap"]


class Package(NamedTuple):
    """What was written."""

    folder: Path
    counts: Dict[str, int]  # rows of each table
    bad: Any  # an SFrame of `path` and `reason`: photos that stayed out


def write_camtrap(
    folder: Union[str, "os.PathLike[str]"],
    data: Any,
    sightings: Mapping[str, Any],
    deployments: Any,
    *,
    contributors: Iterable[Mapping[str, str]] = (),
    project: Optional[Mapping[str, Any]] = None,
    offset: Union[Offset, Mapping[str, Offset], None] = None,
    classified_by: str = "",
    candidates: str = "unclassified",
    rejected: str = "leave out",
    detections: Optional[Any] = None,
    detector: str = "MegaDetector",
    below: str = "",
    public: bool = False,
    blur_km: Optional[float] = None,
    licences: Iterable[Mapping[str, str]] = (),
    taxa: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> Package:
    """Write datapackage.json, deployments.csv, media.csv and observations.csv to a new folder, whole or not at all.

    - `data`: the season, or its frame with `event`, `taken`, `deployment`.
    - `sightings`: the scientific name of each species, and its `Sightings` or
      their frame, such as `{"Vulpes vulpes": foxes}`.
    - `deployments`: what `helpers.photos.read_deployments` gives, or the CSV that
      it reads. Each needs coordinates; where a start or end is not known, the
      first or last photo stands for it, and a comment says so.
    - `contributors`: dicts with `title` (a name) and, at wish, `role`, `email`,
      `path`, `organization`. `project`: a dict with `title`, `samplingDesign`
      and `captureMethod`. `licences`: the data package's `licenses`.
    - `offset`: of the cameras' clocks from UTC, such as `"+02:00"` or `"Z"`; or
      one for each deployment, by its name.
    - `classified_by`: who confirmed and rejected.
    - `candidates`: `"unclassified"`, `"unknown"` or `"leave out"`; `rejected`:
      `"unclassified"`, with a comment, or `"leave out"`.
    - `detections`: a `Detections` of this frame; its animals, people, vehicles
      and blanks become observations of single photos, made by `detector`.
    - `below`: a folder that is put before the photos' paths. Photos are not copied.
    - `public`: whether others may see the photos. Those with people never, nor
      those that the detector did not look at; so it takes `detections`, or a
      column `people`, in which None is a photo that nobody looked at.
    - `blur_km`: the width of a grid whose cells' middles take the place of the
      coordinates, see `helpers.season.exchange.camtrap.blur.blurred`. The true ones are then
      nowhere in the package; photos may hold their own, which
      `helpers.season.export_sightings` with `places=False` leaves out of copies.
    - `taxa`: more of a species, by its scientific name: `taxonRank`,
      `vernacularNames`, `family` ...

    Each event of a species is an observation of level `event`. IDs are made of
    paths, so that the same season gives the same ones. Photos without a
    date or deployment, and those whose paths the standard does not allow, stay
    out and are told in `bad`. Text that begins like a formula has an apostrophe
    in front, see `helpers.files.spreadsheet`.

    Raises `FrameError` for what is missing, naming it, and where there is
    something at `folder` already; `ExportError` where it cannot be written.
    """
    place = Path(folder).expanduser().absolute()
    contributors, licences = list(contributors), list(licences)
    _check_free(place)
    for name, value, known in (("candidates", candidates, CANDIDATES), ("rejected", rejected, REJECTED)):
        if value not in known:
            raise FrameError(f"{name}={value!r} is not known; there are {', '.join(known)}")
    frame = data_of(data)
    known_names = set(frame["deployment"]) - {None, ""} if "deployment" in frame.column_names() else set()
    told = {}
    for name, each in sightings.items():
        if species_name(name) in told:
            raise FrameError(f"sightings= has {species_name(name)!r} twice, but for blanks; put the two together")
        told[species_name(name)] = sightings_of(each, rejected=True)
    placed = deployments_of(deployments)
    check_asked(told, placed, known_names, contributors, project, offset, classified_by)
    offsets = {each.name: zone_of(offset, each.name) for each in placed}
    people = None if data is frame else getattr(data, "people", None)  # a season's parts may know more
    media, bad = media_rows(frame, offsets, below, public, detections, people)
    photos = [row for row in media if row is not None]
    tables: Dict[str, List[Row]] = {"media": [each.cells for each in photos]}
    tables["deployments"], places = deployment_rows(placed, photos, offsets, blur_km)
    events = events_of(frame, media)
    tables["observations"] = event_rows(told, events, classified_by, candidates, rejected)
    if detections is not None:
        tables["observations"] += detection_rows(detections, media, events, detector)
    levels = sorted({row["observationLevel"] for row in tables["observations"]}) or ["event"]
    about = _about(tables, places, contributors, dict(project or {}), levels, licences)
    about["taxonomic"] = [{"scientificName": name, **(taxa or {}).get(name, {})} for name in told]
    if blur_km is not None:
        about["coordinatePrecision"] = round(blur_km / 111.32, 5)
    try:
        with replacing_folder(place) as half:
            for name in rules.TABLES:
                write_table(half / f"{name}.csv", name, tables[name])
            text = json.dumps(about, indent=2, ensure_ascii=False)
            (half / "datapackage.json").write_text(text + "\n", encoding="utf-8")
            _check_free(place)
    except OSError as error:
        raise ExportError(f"{place}: the package could not be written ({error.strerror or error})") from error
    columns = [(name, str, [row[number] for row in bad]) for number, name in enumerate(("path", "reason"))]
    return Package(place, {name: len(tables[name]) for name in rules.TABLES}, typed_frame(columns))


def _check_free(place: Path) -> None:
    if os.path.lexists(place):
        raise FrameError(f"{place} is there already, and nothing is written over; name a new folder")


def _about(
    tables: Mapping[str, List[Row]],
    places: List[Tuple[float, float]],
    contributors: List[Mapping[str, str]],
    project: Dict[str, Any],
    levels: List[str],
    licences: List[Mapping[str, str]],
) -> Dict[str, Any]:
    """datapackage.json but for what is particular to the species."""
    resources = [
        {
            "name": name,
            "path": f"{name}.csv",
            "profile": "tabular-data-resource",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": f"{rules.ADDRESS}{name}-table-schema.json",
        }
        for name in rules.TABLES
    ]
    dates = [row[name][:10] for row in tables["deployments"] for name in ("deploymentStart", "deploymentEnd")]
    if not dates:
        raise FrameError("there is no deployment, of which a package is made; give deployments= with a row")
    about: Dict[str, Any] = {
        "resources": resources,
        "profile": rules.PROFILE,
        "name": re.sub(r"[^a-z0-9]+", "-", str(project["title"]).lower()).strip("-") or "camera-traps",
        "created": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": project["title"],
        "contributors": [dict(each) for each in contributors],
        "project": {"individualAnimals": False, **project, "observationLevel": levels},
        "spatial": _outline(places),
        "temporal": {"start": min(dates), "end": max(dates)},
    }
    if licences:
        about["licenses"] = [dict(each) for each in licences]
    return about


def _outline(places: List[Tuple[float, float]]) -> Dict[str, Any]:
    """The smallest box around places, given as latitude and longitude, as GeoJSON; one place as a point.

    A box across the date line is two, as RFC 7946, 3.1.9, asks for.
    """
    south, north = min(place[0] for place in places), max(place[0] for place in places)
    easts = sorted({180.0 if place[1] == -180 else place[1] for place in places})
    gaps = [after - before for before, after in zip(easts, easts[1:])]
    widest = max(gaps, default=0.0)
    if widest <= 360 - (easts[-1] - easts[0]):
        if (south, easts[0]) == (north, easts[-1]):
            return {"type": "Point", "coordinates": [easts[0], south]}
        return {"type": "Polygon", "coordinates": [_ring(south, easts[0], north, easts[-1])]}
    split = gaps.index(widest)
    halves = (easts[split + 1], 180.0), (-180.0, easts[split])
    rings = [[_ring(south, west, north, east)] for west, east in halves if west < east]
    return {"type": "MultiPolygon", "coordinates": rings}


def _ring(south: float, west: float, north: float, east: float) -> List[List[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]
