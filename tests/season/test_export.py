import csv
import json
import os

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import ExportError, FrameError
from helpers.photos.load import load_photos
from helpers.season.detection.read_results import read_detections
from helpers.season.exchange.export import export_sightings, save_sightings
from helpers.season.parts import Parts
from helpers.season.season import Season
from helpers.similarity.build import create
from tests.support.pictures import folder_of, picture
from tests.support.sightings import HOSTILE, WHEN, Judged, season_of, sightings

NAMES = ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]


@pytest.fixture
def season(tmp_path):
    folder = folder_of(tmp_path / "photos", count=4)
    return season_of([(name, str(folder / name)) for name in NAMES], {0: [0, 1], 1: [2], 2: [3]})


@pytest.fixture
def seen():
    return sightings(
        ("confirmed", WHEN(2026, 5, 1, 21, 0, 7), HOSTILE),
        ("rejected", None, None, {"reference_label": 2, "path": "odd/1.jpg"}),
        ("confirmed", WHEN(2026, 5, 2), "mill", {"reference_label": 3, "path": "odd/3.jpg"}),
    )


def copies(place):
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def test_a_table_for_a_spreadsheet(seen, tmp_path):
    file = save_sightings(Judged(seen), tmp_path / "new" / "foxes.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == seen.column_names() and len(rows) == 3
    assert rows[0]["site"] == "'" + HOSTILE and rows[0]["start"] == "2026-05-01 21:00:07"
    assert rows[1]["start"] == rows[1]["site"] == "" and rows[1]["status"] == "rejected"
    with pytest.raises(FrameError, match="exists already"):
        save_sightings(seen, file)
    with pytest.raises(FrameError, match="no column event"):
        save_sightings(seen.remove_column("event"), tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()


def test_photos_of_confirmed_events_keep_their_paths(seen, season, tmp_path):
    place, bad = export_sightings(seen, season, tmp_path / "chosen")
    assert copies(place) == ["0.jpg", "2.jpg", "odd/3.jpg"] and bad == []
    place, _ = export_sightings(seen, season, tmp_path / "best", every=False)
    assert copies(place) == ["0.jpg", "odd/3.jpg"]
    place, _ = export_sightings(seen, season, tmp_path / "not.zip", status="rejected")
    assert place.is_file()
    with pytest.raises(FrameError, match="no sighting is candidate"):
        export_sightings(seen, season, tmp_path / "none", status="candidate")
    with pytest.raises(FrameError, match="status='maybe'"):
        export_sightings(seen, season, tmp_path / "none", status="maybe")


def test_people_stay_out(seen, season, tmp_path):
    season.people = np.array([False, True, False, False])
    place, bad = export_sightings(seen, season, tmp_path / "chosen")
    assert copies(place) == ["0.jpg", "odd/3.jpg"] and bad == [("2.jpg", "it shows people")]
    season.people = np.array([True, True, False, True])
    with pytest.raises(FrameError, match="show people"):
        export_sightings(seen, season, tmp_path / "more")


def test_people_that_only_the_parts_know_of_stay_out(tmp_path):
    folder = folder_of(tmp_path / "photos", count=4)
    model = create(load_photos(folder, progress=False)[0], model="colour", verbose=False, store=False)
    boxes = {"images": [{"file": "2.jpg", "detections": [{"category": "2", "conf": 0.9, "bbox": [0, 0, 1, 1]}]}]}
    (tmp_path / "found.json").write_text(json.dumps(boxes))
    parts = Parts.of(model, read_detections(tmp_path / "found.json", model, progress=False), progress=False)
    season = Season(model, parts=parts)
    told = [("confirmed", None, None, {"event": season.event_of(row), "path": season.names[row]}) for row in range(4)]
    place, bad = export_sightings(sightings(*told), season, tmp_path / "chosen", progress=False)
    assert copies(place) == ["0.jpg", "odd/1.jpg", "odd/3.jpg"] and bad == [("2.jpg", "it shows people")]


UNFILTERED = "people are not filtered: no detector is known to have looked for them in these photos\n"


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (None, UNFILTERED),
        ([None] * 4, UNFILTERED),
        ([0, None, 0, None], "people are not filtered in 2 of these 4 photos: no detector has looked for them there\n"),
        ([0, None, 1, 0], "people are not filtered in 1 of these 3 photos: no detector has looked for them there\n"),
        ([0] * 4, ""),
    ],
)
def test_that_people_are_not_filtered_stands_beside_every_export(tmp_path, capsys, people, said):
    data = load_photos(folder_of(tmp_path / "photos", count=4), progress=False)[0]
    if people is not None:
        data = data.add_column(tc.SArray(people, dtype=int), "people")
    season = Season(create(data, model="colour", verbose=False, store=False))
    told = [
        ("confirmed", None, None, {"event": season.event_of(row), "path": season.names[row], "reference_label": row})
        for row in range(4)
    ]
    capsys.readouterr()
    for name in ("folder", "photos.zip", "list.csv"):
        export_sightings(sightings(*told), season, tmp_path / name, progress=False)
        assert capsys.readouterr().out == said
    save_sightings(Judged(sightings(*told), season), tmp_path / "sightings.csv")
    assert capsys.readouterr().out == said.replace("1 of these 3", "1 of these 4")


def test_sightings_of_another_season_are_refused(seen, season, tmp_path):
    other = sightings(("confirmed", None, None, {"path": "2.jpg"}), ("confirmed", None, None, {"path": "odd/3.jpg"}))
    for every in (True, False):
        with pytest.raises(FrameError, match=r"not of this season: odd/3\.jpg is not of event 1 here"):
            export_sightings(other, season, tmp_path / "none", every=every)
    moved = sightings(("confirmed", None, None, {"path": "2.jpg", "reference_label": 3}))
    place, _ = export_sightings(moved, season, tmp_path / "best", every=False)
    assert copies(place) == ["2.jpg"], "the path says which photo it is"
    with pytest.raises(FrameError, match="3 is not of event 0"):
        export_sightings(moved.remove_column("path"), season, tmp_path / "none")


def test_copies_without_their_position(seen, season, tmp_path):
    folder = tmp_path / "photos"
    exif = Image.Exif()
    exif[0x010F], exif[0x8825] = "Trailcam Ltd", {1: "N", 2: (51.0, 13.0, 9.87)}
    for name in ("0.jpg", "odd/3.jpg"):
        picture(7).save(folder / name, exif=exif)
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
    picture(1).save(folder / "2.jpg", "PNG")
    place, bad = export_sightings(seen, season, tmp_path / "as they are")
    assert bad == [] and (place / "0.jpg").read_bytes() == (folder / "0.jpg").read_bytes()
    place, bad = export_sightings(seen, season, tmp_path / "chosen", places=False)
    assert copies(place) == ["0.jpg", "odd/3.jpg"] and [name for name, _ in bad] == ["2.jpg"] and "JPEG" in bad[0][1]
    with Image.open(place / "0.jpg") as copy, Image.open(folder / "0.jpg") as photo:
        assert 0x8825 in photo.getexif() and 0x8825 not in copy.getexif() and copy.getexif()[0x010F] == "Trailcam Ltd"
        assert copy.tobytes() == photo.tobytes()
    assert (place / "0.jpg").stat().st_mtime == 1_000_000_000
    listed, bad = export_sightings(seen, season, tmp_path / "chosen" / "list.csv", places=False)
    assert bad == [] and str(folder / "2.jpg") in listed.read_text("utf-8")
    with pytest.raises(FrameError, match="exists already"):
        export_sightings(seen, season, folder / "0.jpg", places=False)
    picture(1).save(folder / "odd/1.jpg", "PNG")
    with pytest.raises(ExportError, match=r"none of the 1 photos can be copied; the first, odd/1\.jpg"):
        export_sightings(seen, season, tmp_path / "new" / "none.zip", status="rejected", places=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["as they are", "chosen", "new", "photos"]
    assert not any((tmp_path / "new").iterdir())
