"""Camtrap DP packages: what is asked for, what is written, and what the check finds."""

import csv
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import tc
from helpers.errors import ExportError, FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.events import add_events
from helpers.photos.load import load_photos
from helpers.season.detection.read_results import read_detections
from helpers.season.exchange.camtrap import write
from helpers.season.exchange.camtrap.blur import blurred
from helpers.season.exchange.camtrap.check import check_camtrap
from helpers.season.exchange.camtrap.rules import columns_of
from helpers.season.exchange.camtrap.write import write_camtrap
from tests.support.places import SHARED
from tests.support.sightings import WHEN, sightings

FORD, MILL = "=ford,1", 'mill "x"\nü'
PHOTOS = [  # path, taken, deployment, event
    ("north/1.JPG", WHEN(2026, 5, 1, 21, 0, 0), FORD, 0),
    ("north/2.JPG", WHEN(2026, 5, 1, 21, 0, 2), FORD, 0),
    ('mill, "x"/=3.png', WHEN(2026, 5, 2, 3), MILL, 1),
    ("mill/ü\u00a04.jpg", WHEN(2026, 5, 3), MILL, 2),
    ("south/5.jpg", WHEN(2026, 5, 4), MILL, 3),
]
ILLEGAL = ["../x.jpg", "/x.jpg", ".x/y.jpg", "~x.jpg", "a..b.jpg", "a\nb.jpg", "a\u2028b.jpg", "=x.jpg", "", None]
TRUE = (51.219431, 4.402512)
ASKED = {
    "contributors": [{"title": "Ada", "role": "contact"}],
    "project": {"title": "Ford, 2026", "samplingDesign": "opportunistic", "captureMethod": ["activityDetection"]},
    "offset": "+02:00",
    "classified_by": "=Ada",
}


def season(photos=PHOTOS):
    columns = zip(("path", "taken", "deployment", "event"), (str, WHEN, str, int), range(4))
    return typed_frame((name, kind, [photo[place] for photo in photos]) for name, kind, place in columns)


def placed(*, names=(FORD, MILL), places=(TRUE, (51.3, 4.5))):
    return typed_frame(
        [
            ("deployment", str, list(names)),
            ("site", str, ["ford", "+mill"]),
            ("camera", str, ["C1", None]),
            ("latitude", float, [place and place[0] for place in places]),
            ("longitude", float, [place and place[1] for place in places]),
            ("start", WHEN, [WHEN(2026, 4, 1), None]),
            ("end", WHEN, [WHEN(2026, 6, 1), None]),
        ]
    )


def seen(*statuses):
    rows = [(status, PHOTOS[row][1], None) for status, row in zip(statuses, (0, 2, 3))]
    paths = [{"path": PHOTOS[row][0]} for row in (0, 2, 3)]
    return sightings(*[(*row, path) for row, path in zip(rows, paths)])


FOXES = {"Vulpes vulpes": seen("confirmed", "candidate", "rejected")}


def rows_of(package, table):
    with (package.folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == columns_of(table)
        return list(reader)


def about(package):
    return json.loads((package.folder / "datapackage.json").read_text("utf-8"))


def found(tmp_path, boxes):
    """Detections of the photos; a box is its category and score, None a photo that was not looked at."""
    images = [
        {
            "file": photo[0],
            "detections": [{"category": kind, "conf": score, "bbox": [0.9, 0.2, 0.1, 0.3]} for kind, score in own],
        }
        for photo, own in zip(PHOTOS, boxes)
        if own is not None
    ]
    file = tmp_path / "detections.json"
    file.write_text(json.dumps({"images": images}))
    return read_detections(file, season())


# What is asked for


def test_all_that_is_missing_is_named_at_once(tmp_path):
    with pytest.raises(FrameError) as caught:
        write_camtrap(tmp_path / "package", season(), FOXES, placed(names=(FORD, "NA"), places=(TRUE, None)))
    said = str(caught.value)
    for wanted in (
        f"deployments= has no row for {MILL!r}",
        "latitude and longitude of 'NA'",
        "another name for the deployment 'NA'",
        "start and end of 'NA', which have no photos",
        "contributors=",
        "samplingDesign, one of simpleRandom",
        "captureMethod",
        "offset=",
        "classified_by=",
    ):
        assert wanted in said
    assert not (tmp_path / "package").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"offset": "2 hours"}, "not an offset from UTC"),
        ({"offset": "+15:00"}, "not an offset from UTC"),
        ({"offset": {FORD: "Z"}}, "the offset from UTC of 'mill"),
        ({"contributors": [{"title": "Ada", "role": "boss"}]}, "not 'boss'"),
        ({"candidates": "maybe"}, "candidates='maybe'"),
        ({"rejected": "unknown"}, "rejected='unknown'"),
        ({"blur_km": 0}, "blur_km=0"),
    ],
)
def test_what_cannot_be(change, said, tmp_path):
    with pytest.raises(FrameError, match=said):
        write_camtrap(tmp_path / "package", season(), FOXES, placed(), **{**ASKED, **change})
    assert not (tmp_path / "package").exists()


def test_sightings_of_another_frame_and_species_without_a_name(tmp_path):
    other = sightings(("confirmed", PHOTOS[0][1], None, {"path": PHOTOS[4][0]}))
    with pytest.raises(FrameError, match="not of this frame"):
        write_camtrap(tmp_path / "package", season(), {"Vulpes vulpes": other}, placed(), **ASKED)
    with pytest.raises(FrameError, match="scientific name"):
        write_camtrap(tmp_path / "package", season(), {" ": other}, placed(), **ASKED)
    with pytest.raises(FrameError, match="'Vulpes vulpes' twice, but for blanks"):
        write_camtrap(tmp_path / "package", season(), {**FOXES, "Vulpes vulpes ": other}, placed(), **ASKED)
    with pytest.raises(FrameError, match="no column 'event'"):
        write_camtrap(tmp_path / "package", season().remove_column("event"), FOXES, placed(), **ASKED)


# What is written


def test_a_package(tmp_path):
    package = write_camtrap(tmp_path / "new" / "package", season(), FOXES, placed(), **ASKED, rejected="unclassified")
    assert package.counts == {"deployments": 2, "media": 5, "observations": 3} and len(package.bad) == 0
    ford, mill = rows_of(package, "deployments")
    assert (ford["deploymentID"], ford["latitude"], ford["deploymentStart"]) == (
        "'" + FORD,
        "51.219431",
        "2026-04-01T00:00:00+02:00",
    )
    assert (mill["deploymentID"], mill["locationName"]) == (MILL, "'+mill")
    assert mill["deploymentStart"] == "2026-05-02T03:00:00+02:00" and "first photo" in mill["deploymentComments"]
    media = rows_of(package, "media")
    assert [row["filePath"] for row in media] == [photo[0] for photo in PHOTOS]
    assert {row["filePublic"] for row in media} == {"false"} and len({row["mediaID"] for row in media}) == 5
    assert media[2]["fileMediatype"] == "image/png" and media[0]["fileMediatype"] == "image/jpeg"
    sure, maybe, never = rows_of(package, "observations")
    assert (sure["observationType"], sure["scientificName"], sure["observationLevel"]) == (
        "animal",
        "Vulpes vulpes",
        "event",
    )
    assert (sure["eventStart"][-14:], sure["eventEnd"][-14:]) == ("21:00:00+02:00", "21:00:02+02:00")
    assert (sure["classificationMethod"], sure["classifiedBy"], sure["mediaID"]) == ("human", "'=Ada", "")
    assert (maybe["observationType"], maybe["scientificName"]) == ("unclassified", "")
    assert maybe["observationComments"] == "candidate for Vulpes vulpes (rank 2)"
    assert (never["observationType"], never["observationComments"]) == ("unclassified", "not Vulpes vulpes")
    told = about(package)
    assert told["temporal"] == {"start": "2026-04-01", "end": "2026-06-01"} and told["name"] == "ford-2026"
    assert told["taxonomic"] == [{"scientificName": "Vulpes vulpes"}] and told["project"]["observationLevel"] == [
        "event"
    ]
    assert told["spatial"]["coordinates"][0][2] == [4.5, 51.3]
    assert all("/1.0.2/" in each["schema"] for each in told["resources"])


def test_photos_outside_their_deployment_are_told(tmp_path, capsys):
    photos = [("a.jpg", WHEN(2026, 3, 31, 23, 59, 59), FORD, 0), ("b.jpg", WHEN(2026, 4, 1), FORD, 1)]
    photos += [("c.jpg", WHEN(2026, 6, 1, 0, 0, 1), FORD, 2), ("d.jpg", WHEN(2026, 6, 1, 0, 0, 2), FORD, 3)]
    photos += [("e.jpg", WHEN(2020, 1, 1), MILL, 4)]  # whose dates are those of its photos
    package = write_camtrap(tmp_path / "package", season(photos), {}, placed(), **ASKED)
    ford, mill = rows_of(package, "deployments")
    assert ford["timestampIssues"] == "true" and mill["timestampIssues"] == ""
    assert ford["deploymentComments"] == "2 photos taken before its start or after its end"
    assert "2 photos taken before its start or after its end; a clock or a date" in capsys.readouterr().out


def test_a_camera_at_0_0_is_nowhere(tmp_path):
    with pytest.raises(FrameError, match="latitude and longitude of '=ford,1' in deployments="):
        write_camtrap(tmp_path / "package", season(), FOXES, placed(places=((0, 0), (0, 4.5))), **ASKED)


def test_the_same_season_gives_the_same_ids(tmp_path):
    one, other = (
        write_camtrap(tmp_path / name, season(photos), FOXES, placed(), **ASKED)
        for name, photos in (("one", PHOTOS), ("other", [*PHOTOS[3:], *PHOTOS[:3]]))
    )
    for table in ("media", "observations"):
        assert sorted(map(str, rows_of(one, table))) == sorted(map(str, rows_of(other, table)))


def test_several_species(tmp_path):
    told = {
        **FOXES,
        "Meles meles": seen("candidate", "confirmed", "candidate"),
        "=Ursus": seen("confirmed", "rejected"),
    }
    package = write_camtrap(tmp_path / "p", season(), told, placed(), **ASKED, candidates="unknown")
    rows = rows_of(package, "observations")
    assert [(row["observationType"], row["scientificName"]) for row in rows] == [
        ("animal", "Vulpes vulpes"),
        ("animal", "'=Ursus"),
        ("animal", "Meles meles"),
        ("unknown", ""),
    ]
    assert len({row["observationID"] for row in rows}) == 4 and rows[0]["eventID"] == rows[1]["eventID"]
    none = write_camtrap(tmp_path / "q", season(), FOXES, placed(), **ASKED, candidates="leave out")
    assert none.counts["observations"] == 1


def test_photos_that_cannot_be_in_it_are_told(tmp_path):
    bad = [(path, WHEN(2026, 5, 5), FORD, 10 + number) for number, path in enumerate(ILLEGAL)]
    bad += [
        ("a.jpg", None, FORD, 30),
        ("b.jpg", WHEN(2026, 5, 5), None, 31),
        (PHOTOS[0][0], WHEN(2026, 5, 5), FORD, 32),
    ]
    package = write_camtrap(tmp_path / "p", season([*PHOTOS, *bad]), FOXES, placed(), **ASKED)
    assert package.counts["media"] == 5 and len(package.bad) == len(bad)
    reasons = list(package.bad["reason"])
    assert sum("does not allow" in reason for reason in reasons) == 7
    for part in ("below=", "no path", "no date", "no deployment", "the same path"):
        assert any(part in reason for reason in reasons)
    below = write_camtrap(tmp_path / "q", season([*PHOTOS, *bad]), FOXES, placed(), **ASKED, below="photos/")
    assert "photos/=x.jpg" in [row["filePath"] for row in rows_of(below, "media")]


def test_detections_by_photo(tmp_path):
    told = found(tmp_path, [[("1", 0.9)], [("2", 0.8), ("1", 0.5)], [("3", 0.7)], [], None])
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **ASKED, detections=told, public=True)
    assert [row["filePublic"] for row in rows_of(package, "media")] == ["true", "false", "true", "true", "false"]
    rows = [row for row in rows_of(package, "observations") if row["observationLevel"] == "media"]
    ids = [row["mediaID"] for row in rows_of(package, "media")]
    assert sorted(
        (ids.index(row["mediaID"]), row["observationType"], row["classificationProbability"]) for row in rows
    ) == [
        (0, "animal", "0.9"),
        (1, "animal", "0.5"),
        (1, "human", "0.8"),
        (2, "vehicle", "0.7"),
        (3, "blank", ""),
    ]
    assert {row["classifiedBy"] for row in rows} == {"MegaDetector"} and rows[0]["bboxX"] == "0.9"
    assert about(package)["project"]["observationLevel"] == ["event", "media"]


def shown(package):
    return [row["filePublic"] for row in rows_of(package, "media")]


def test_a_photo_that_nobody_looked_at_is_not_public(tmp_path):
    looked = season().add_column(tc.SArray([0, 1, None, 0, None], dtype=int), "people")
    assert shown(write_camtrap(tmp_path / "p", looked, FOXES, placed(), **ASKED, public=True)) == [
        *("true", "false", "false", "true", "false")
    ]
    assert set(shown(write_camtrap(tmp_path / "q", looked, FOXES, placed(), **ASKED))) == {"false"}
    with pytest.raises(FrameError, match=r"public=True .* give detections=, or a frame with the column 'people'"):
        write_camtrap(tmp_path / "r", season(), FOXES, placed(), **ASKED, public=True)


def test_a_season_that_knows_of_more_people(tmp_path):
    told = found(tmp_path, [[("1", 0.9)], [("2", 0.8)], [], [], None])
    known = SimpleNamespace(data=season(), people=np.array([True, False, False, False, False]))
    package = write_camtrap(tmp_path / "p", known, FOXES, placed(), **ASKED, detections=told, public=True)
    assert shown(package) == ["false", "false", "true", "true", "false"]


def test_a_package_says_that_people_are_not_filtered(tmp_path, capsys):
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **ASKED)
    assert package.note.startswith("people are not filtered: no detector") and package.note in capsys.readouterr().out
    assert about(package)["description"] == f"P{package.note[1:]}."
    told = found(tmp_path, [[("1", 0.9)], [], [], [], None])
    some = write_camtrap(tmp_path / "q", season(), FOXES, placed(), **ASKED, detections=told)
    assert some.note.startswith("people are not filtered in 1 of these 5 photos")
    looked = season().add_column(tc.SArray([0, 0, 0, 0, 1], dtype=int), "people")
    capsys.readouterr()
    every = write_camtrap(tmp_path / "r", looked, FOXES, placed(), **ASKED)
    assert every.note == "" == capsys.readouterr().out and "description" not in about(every)


def test_a_detector_of_animals_alone_shows_no_photo_to_everybody(tmp_path):
    images = [{"file": path, "detections": []} for path, *_ in PHOTOS]
    (tmp_path / "found.json").write_text(json.dumps({"detection_categories": {"1": "animal"}, "images": images}))
    told = read_detections(tmp_path / "found.json", season(), progress=False)
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **ASKED, detections=told, public=True)
    assert set(shown(package)) == {"false"} and "not filtered" in package.note


def test_detections_of_other_photos_are_refused(tmp_path):
    told = found(tmp_path, [[("2", 0.9)], [], [], [], []])
    turned = season([*PHOTOS[1:], PHOTOS[0]])
    for public in (True, False):
        with pytest.raises(FrameError, match="detections= are of other photos"):
            write_camtrap(tmp_path / "p", turned, FOXES, placed(), **ASKED, detections=told, public=public)
    assert not (tmp_path / "p").exists()


def test_boxes_that_are_alike_have_ids_of_their_own(tmp_path):
    alike = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]}
    boxes = [{**alike, "classifications": [[name, 0.5]]} for name in ("fox", "dog", "cat")]
    (tmp_path / "found.json").write_text(json.dumps({"images": [{"file": PHOTOS[0][0], "detections": boxes}]}))
    told = read_detections(tmp_path / "found.json", season())
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **ASKED, detections=told)
    ids = [row["observationID"] for row in rows_of(package, "observations")]
    assert len(ids) == len(set(ids)) == 2 + 3


def test_contributors_may_come_one_by_one(tmp_path):
    asked = {**ASKED, "contributors": (dict(each) for each in ASKED["contributors"])}
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **asked, licences=iter([{"name": "CC0-1.0"}]))
    assert (
        about(package)["contributors"] == ASKED["contributors"] and about(package)["licenses"][0]["name"] == "CC0-1.0"
    )


@pytest.mark.parametrize(
    ("easts", "kind", "boxes"),
    [
        ((4.4, 4.5), "Polygon", [(4.4, 4.5)]),
        ((-120, 30), "Polygon", [(-120, 30)]),
        ((179.9, -179.8, 178.5), "MultiPolygon", [(178.5, 180), (-180, -179.8)]),
        ((180, -179.8), "MultiPolygon", [(-180, -179.8)]),
        ((-180, 179), "Polygon", [(179, 180)]),
    ],
)
def test_the_outline_is_the_smallest_also_across_the_date_line(easts, kind, boxes):
    told = write._outline([(-17.0 - number, east) for number, east in enumerate(easts)])
    assert told["type"] == kind
    rings = [polygon[0] for polygon in told["coordinates"]] if kind == "MultiPolygon" else told["coordinates"]
    assert [(ring[0][0], ring[2][0]) for ring in rings] == boxes
    assert all(ring[0] == ring[-1] and ring[0][1] < ring[2][1] for ring in rings)
    assert write._outline([(-17.0, -180.0), (-17.0, 180.0)])["type"] == "Point"


@pytest.mark.parametrize("offset", ["Z", "-05:30", {FORD: "+02:00", MILL: "+0100"}])
def test_offsets(offset, tmp_path):
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **{**ASKED, "offset": offset})
    ends = {row["timestamp"][19:] for row in rows_of(package, "media")}
    assert ends == ({"+02:00", "+01:00"} if isinstance(offset, dict) else {"+00:00" if offset == "Z" else offset})


def test_blurred_coordinates_are_nowhere_in_the_package(tmp_path):
    package = write_camtrap(tmp_path / "p", season(), FOXES, placed(), **ASKED, blur_km=5)
    ford = rows_of(package, "deployments")[0]
    place = blurred(*TRUE, 5)
    assert (float(ford["latitude"]), float(ford["longitude"])) == place[:2] and ford["coordinateUncertainty"] == "3549"
    assert "grid of 5 km" in ford["deploymentComments"] and about(package)["coordinatePrecision"] == 0.04492
    everything = "".join(file.read_text("utf-8") for file in package.folder.iterdir())
    assert "51.2194" not in everything and "4.4025" not in everything


def test_blurring():
    assert blurred(*TRUE, 5) == blurred(TRUE[0] + 1e-4, TRUE[1] + 1e-4, 5)
    for latitude, longitude in (TRUE, (-33.9, 18.4), (89.99, 10), (0, 179.999), (0, -179.999), (-90, -180)):
        place = blurred(latitude, longitude, 10)
        assert -90 <= place.latitude <= 90 and -180 <= place.longitude <= 180
        assert abs(place.latitude - latitude) * 111.32 <= 5.001
    for wrong in (0, -1, 2000, "5", True):
        with pytest.raises(FrameError, match="blur_km"):
            blurred(0, 0, wrong)


@pytest.mark.parametrize("km", [1, 50, 500, 1000])
def test_a_blurred_place_is_no_farther_off_than_it_says(km):
    random = np.random.default_rng(km)
    for latitude, longitude in zip(random.uniform(-90, 90, 2000), random.uniform(-180, 180, 2000)):
        place = blurred(latitude, longitude, km)
        true, told = (_upright(*each) for each in ((latitude, longitude), place[:2]))
        assert 6_378_137 * math.acos(min(1.0, float(true @ told))) <= place.uncertainty + 0.1


def _upright(latitude, longitude):
    north, east = math.radians(latitude), math.radians(longitude)
    return np.array([math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)])


def test_nothing_is_written_over_and_nothing_is_left_half(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    with pytest.raises(FrameError, match="exists already"):
        write_camtrap(tmp_path / "there", season(), FOXES, placed(), **ASKED)

    def full(file, table, rows):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "write_table", full)
    with pytest.raises(ExportError, match="No space left"):
        write_camtrap(tmp_path / "full", season(), FOXES, placed(), **ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


# What the check finds


@pytest.fixture
def package(tmp_path):
    pytest.importorskip("frictionless", reason="packages are checked by an optional library")
    told = found(tmp_path, [[("1", 0.9)], [("2", 0.8)], [("3", 0.7)], [], None])
    return write_camtrap(tmp_path / "package", season(), FOXES, placed(), **ASKED, detections=told, blur_km=1)


def faults(package):
    return [(row["file"], row["row"], row["field"]) for row in check_camtrap(package.folder)]


def change(package, table, row, **cells):
    rows = rows_of(package, table)
    rows[row].update(cells)
    with (package.folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns_of(table))
        writer.writeheader()
        writer.writerows(rows)


def test_what_we_write_is_right(package):
    assert faults(package) == []
    assert check_camtrap(str(package.folder)).column_names() == ["file", "row", "field", "reason"]


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("deployments", "latitude", "91"),
        ("deployments", "longitude", ""),
        ("deployments", "deploymentEnd", "2026-06-01T00:00:00"),
        ("media", "filePath", "../x.jpg"),
        ("media", "filePublic", "perhaps"),
        ("media", "fileMediatype", "jpeg"),
        ("observations", "observationType", "beast"),
        ("observations", "count", "0"),
        ("observations", "classificationProbability", "1.5"),
        ("observations", "bboxWidth", "0"),
    ],
)
@pytest.mark.once(
    "cells are text, and are checked by us; one of each table is in both",
    but=["deployments-latitude-91", "media-filePath-../x.jpg", "observations-count-0"],
)
def test_what_is_wrong_in_a_cell(package, table, field, value):
    change(package, table, 1, **{field: value})
    told = faults(package)
    assert any(file == f"{table}.csv" and name == field for file, _, name in told)
    assert all(row for _, row, _ in told)


def test_what_points_nowhere_and_what_is_twice(package):
    change(package, "observations", 0, mediaID="nobody")
    twice = rows_of(package, "media")[0]["mediaID"]
    change(package, "media", 1, mediaID=twice)
    assert {file for file, _, _ in faults(package)} == {"media.csv", "observations.csv"}


def test_what_is_wrong_in_the_package_itself(package):
    told = about(package)
    told["contributors"] = [{"role": "boss"}, {"title": ""}]
    told["created"], told["temporal"] = "yesterday", {"start": "1 May"}
    told["project"].update(samplingDesign="lazy", captureMethod="activityDetection")
    told["resources"][0]["path"] = "https://example.org/deployments.csv"
    told["resources"][1]["path"] = "../media.csv"
    told["taxonomic"] = [{"taxonRank": "species"}]
    del told["spatial"]
    (package.folder / "datapackage.json").write_text(json.dumps(told))
    fields = [field for file, _, field in faults(package) if file == "datapackage.json"]
    assert fields == [
        "spatial",
        "created",
        "contributors.title",
        "contributors.role",
        "contributors.title",
        "project.samplingDesign",
        "project.captureMethod",
        "temporal.end",
        "temporal.start",
        "taxonomic.scientificName",
        "deployments",
        "media",
    ]


def test_what_is_no_package(tmp_path):
    pytest.importorskip("frictionless", reason="packages are checked by an optional library")
    with pytest.raises(FrameError, match=r"datapackage\.json: No such file"):
        check_camtrap(tmp_path)
    for text, said in (("{", "is not JSON"), ("[]", "not an object")):
        (tmp_path / "datapackage.json").write_text(text)
        with pytest.raises(FrameError, match=said):
            check_camtrap(tmp_path)
    (tmp_path / "datapackage.json").write_text("{}")
    assert len(check_camtrap(tmp_path)) == 8 + 3


def test_without_the_library_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "frictionless", None)
    with pytest.raises(FrameError, match="pip install frictionless"):
        check_camtrap(tmp_path)


FIELDCAM = SHARED / "fieldcam"


@pytest.mark.skipif(not FIELDCAM.is_dir(), reason="the field-camera photos are not on this machine")
def test_a_package_of_real_photos(tmp_path):
    pytest.importorskip("frictionless", reason="packages are checked by an optional library")
    data, _ = load_photos(FIELDCAM, layout="{site}/{camera}", progress=False)
    names = sorted(set(data["deployment"]))
    kinds = {"latitude": float, "longitude": float, "start": WHEN, "end": WHEN}
    values = {"latitude": [-12.8] * len(names), "longitude": [-69.3] * len(names)}
    nothing = [None] * len(names)
    columns = [(name, kind, values.get(name, nothing)) for name, kind in kinds.items()]
    cameras = typed_frame([("deployment", str, names), *columns, ("site", str, names), ("camera", str, names)])
    package = write_camtrap(tmp_path / "p", add_events(data), {}, cameras, **{**ASKED, "offset": "-05:00"})
    assert package.counts["media"] == len(data) > 100 and len(package.bad) == 0
    assert len(check_camtrap(package.folder, progress=False)) == 0
