"""A season and its sightings as a Camtrap DP 1.0.2 package, the exchange format for field-camera photos.

A folder of photos contains neither where its cameras stood nor who worked
there, nor the offset of their clocks: `write_camtrap` asks, and guesses nothing.
"""

import datetime
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from helpers.arguments import takes
from helpers.errors import ExportError, FrameError
from helpers.files.replacing import replacing_folder
from helpers.files.spelling import expanded, printable
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos.deployments import GivenDeployments, deployments_of
from helpers.photos.export import check_free
from helpers.photos.utc_offset import GivenOffset, zone_of
from helpers.season.detection.detections import Detections
from helpers.season.exchange.camtrap import rules
from helpers.season.exchange.camtrap.blur import KM_OF_A_DEGREE
from helpers.season.exchange.camtrap.observations import CANDIDATES, REJECTED, detection_rows, event_rows, events_of
from helpers.season.exchange.camtrap.requirements import by_species, check_complete
from helpers.season.exchange.camtrap.tables import Row, deployment_rows, media_rows, write_table
from helpers.season.photo_facts import looked_for_people, people_note
from helpers.season.sighting import GivenSeason, GivenSightings, data_of


class Package(NamedTuple):
    """A Camtrap DP package that was written."""

    folder: Path
    counts: Dict[str, int]  # rows of each table
    bad: SFrame  # `path` and `reason` of the photos that were left out
    note: str = ""  # that people are not filtered, where nobody has looked for them in all photos


@takes(folder="path")
def write_camtrap(
    folder: Union[str, "os.PathLike[str]"],
    data: GivenSeason,
    sightings: Mapping[str, GivenSightings],
    deployments: GivenDeployments,
    *,
    contributors: Iterable[Mapping[str, str]] = (),
    project: Optional[Mapping[str, Any]] = None,
    offset: GivenOffset = None,
    classified_by: str = "",
    candidates: str = "unclassified",
    rejected: str = "leave out",
    detections: Optional[Detections] = None,
    detector: str = "MegaDetector",
    below: str = "",
    public: bool = False,
    blur_km: Optional[float] = None,
    licences: Iterable[Mapping[str, str]] = (),
    taxa: Optional[Mapping[str, Mapping[str, Any]]] = None,
) -> Package:
    """Write datapackage.json, deployments.csv, media.csv and observations.csv to a new folder, whole or not at all.

    Parameters
    ----------
    folder
        The folder to make. Photos are not copied into it.
    data
        The season, or its frame with `event`, `taken` and `deployment`.
    sightings
        The `Sightings` of each species, or their frame, by its scientific name,
        such as `{"Vulpes vulpes": foxes}`.
    deployments
        The frame of `helpers.photos.read_deployments`, or the CSV that it reads.
        Each needs coordinates, and 0, 0 are none. The first or last photo
        replaces an unknown start or end, and a comment notes it. Where photos
        were taken outside it, `timestampIssues` is true, and a line is printed.
    contributors
        Dicts with `title` (a name) and optionally `role`, `email`, `path`, `organization`.
    project
        A dict with `title`, `samplingDesign` and `captureMethod`.
    offset
        Of the cameras' clocks from UTC, such as `"+02:00"` or `"Z"`; or a dict
        with that of each deployment, by its name.
    classified_by
        Who has confirmed and rejected the sightings.
    candidates, rejected
        The observation type of events that have such sightings only:
        `"unclassified"` or `"leave out"`, and for candidates also `"unknown"`.
        A comment names the species.
    detections
        Detections in the photos of this frame. Animals, people, vehicles and
        blanks become observations of single photos.
    detector
        What has made them.
    below
        A folder that is put before the photos' paths.
    public
        Whether others may see the photos. This needs `detections`, or a column
        `people` where None is a photo that nobody has looked at: photos with
        people are never public, nor those that nobody has looked at.
    blur_km
        Replaces coordinates by the middles of a grid's cells of this width, see
        `helpers.season.exchange.camtrap.blur.blurred`. The true ones are then
        nowhere in the package. Photos may contain their own:
        `helpers.season.export_sightings` with `places=False` removes them.
    licences
        The `licenses` of the data package.
    taxa
        More on a species, by its scientific name: `taxonRank`, `vernacularNames`, `family`, ...

    Returns
    -------
    Package
        The `folder`, the `counts` of rows in each table, and `bad`: an SFrame of
        `path` and `reason`, the photos that were left out because they have no
        date or deployment, or a path that the standard does not allow. Where
        nobody has looked for people in all photos, its `note` is one that they
        are not filtered, which is printed, and is in the package's description.

    Raises
    ------
    FrameError
        Where something is missing, all of which is named, or `folder` exists.
    ExportError
        Where the package cannot be written.

    Notes
    -----
    The format is Camtrap DP 1.0.2, https://camtrap-dp.tdwg.org. An event with a
    confirmed species is an observation of level `event`. IDs are made of paths,
    so that the same season gives the same ones. Text that begins like a formula
    gets an apostrophe in front, see `helpers.files.spreadsheet`.
    """
    place = expanded(folder).absolute()
    contributors, licences = list(contributors), list(licences)
    check_free(place)
    for name, value, known in (("candidates", candidates, CANDIDATES), ("rejected", rejected, REJECTED)):
        if value not in known:
            raise FrameError(f"{name}={value!r} is not known; there are {', '.join(known)}")
    frame = data_of(data)
    names = set(frame["deployment"]) - {None, ""} if "deployment" in frame.column_names() else set()
    of_species = by_species(sightings)
    placed = deployments_of(deployments)
    check_complete(of_species, placed, names, contributors, project, offset, classified_by)
    offsets = {deployment.name: zone_of(offset, deployment.name) for deployment in placed}
    people = None if data is frame else getattr(data, "people", None)  # a season's parts may show more than its frame
    media, bad = media_rows(frame, offsets, below, public, detections, people)
    photos = [medium for medium in media if medium is not None]
    tables: Dict[str, List[Row]] = {"media": [photo.cells for photo in photos]}
    tables["deployments"], places = deployment_rows(placed, photos, offsets, blur_km)
    events = events_of(frame, media)
    tables["observations"] = event_rows(of_species, events, classified_by, candidates, rejected)
    if detections is not None:
        tables["observations"] += detection_rows(detections, media, events, detector)
    about = _about(tables, places, contributors, dict(project or {}), licences)
    looked = looked_for_people(frame) if detections is None else looked_for_people(frame) | detections.seen_for_people
    note = people_note(looked[[row for row, medium in enumerate(media) if medium is not None]])
    if note:
        about["description"] = f"{note[0].upper()}{note[1:]}."
    about["taxonomic"] = [{"scientificName": name, **(taxa or {}).get(name, {})} for name in of_species]
    if blur_km is not None:
        about["coordinatePrecision"] = round(blur_km / KM_OF_A_DEGREE, 5)
    try:
        with replacing_folder(place) as half:
            for name in rules.TABLES:
                write_table(half / f"{name}.csv", name, tables[name])
            text = json.dumps(about, indent=2, ensure_ascii=False)
            (half / "datapackage.json").write_text(text + "\n", encoding="utf-8")
            check_free(place)
    except OSError as error:
        raise ExportError(f"{place}: the package could not be written ({error.strerror or error})") from error
    left_out = typed_frame([("path", str, [path for path, _ in bad]), ("reason", str, [reason for _, reason in bad])])
    for row in tables["deployments"]:
        if row["timestampIssues"]:
            note_of = f"{row['deploymentID']}: {row['deploymentComments']}; a clock or a date of the table is wrong"
            print(printable(note_of))
    if note:
        print(printable(note))
    return Package(place, {name: len(tables[name]) for name in rules.TABLES}, left_out, note)


def _about(
    tables: Mapping[str, List[Row]],
    places: List[Tuple[float, float]],
    contributors: List[Mapping[str, str]],
    project: Dict[str, Any],
    licences: List[Mapping[str, str]],
) -> Dict[str, Any]:
    """datapackage.json without what depends on the species."""
    levels = sorted({row["observationLevel"] for row in tables["observations"]}) or ["event"]
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
        raise FrameError("a package needs a deployment; give deployments= with a row")
    about: Dict[str, Any] = {
        "resources": resources,
        "profile": rules.PROFILE,
        "name": re.sub(r"[^a-z0-9]+", "-", str(project["title"]).lower()).strip("-") or "camera-traps",
        "created": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": project["title"],
        "contributors": [dict(person) for person in contributors],
        "project": {"individualAnimals": False, **project, "observationLevel": levels},
        "spatial": _outline(places),
        "temporal": {"start": min(dates), "end": max(dates)},
    }
    if licences:
        about["licenses"] = [dict(licence) for licence in licences]
    return about


def _outline(places: List[Tuple[float, float]]) -> Dict[str, Any]:
    """The smallest box around places, given as latitude and longitude, as GeoJSON; one place as a point.

    A box across the date line is two, as RFC 7946, 3.1.9, asks for.
    """
    latitudes = [latitude for latitude, _ in places]
    south, north = min(latitudes), max(latitudes)
    easts = sorted({180.0 if longitude == -180 else longitude for _, longitude in places})
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
