import csv

import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.hand_on import export_sightings, save_sightings
from tests.pictures import folder_of
from tests.sightings import HOSTILE, WHEN, Judged, season_of, sightings

NAMES = ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]


@pytest.fixture
def season(tmp_path):
    folder = folder_of(tmp_path / "photos", count=4)
    return season_of([(name, str(folder / name)) for name in NAMES], {0: [0, 1], 1: [2], 2: [3]})


@pytest.fixture
def seen():
    return sightings(
        ("confirmed", WHEN(2026, 5, 1, 21, 0, 7), HOSTILE),
        ("rejected", None, None),
        ("confirmed", WHEN(2026, 5, 2), "mill", {"reference_label": 3}),
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
    with pytest.raises(FrameError, match="is there already"):
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
    season.photos = type("Photos", (), {"people": np.array([False, True, False, False])})
    place, bad = export_sightings(seen, season, tmp_path / "chosen")
    assert copies(place) == ["0.jpg", "odd/3.jpg"] and bad == [("2.jpg", "it shows people")]
    season.items = type("Items", (), {"having": lambda self, kind: np.array([True, False, False, True])})()
    with pytest.raises(FrameError, match="show people"):
        export_sightings(seen, season, tmp_path / "more")
