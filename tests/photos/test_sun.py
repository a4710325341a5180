"""Night and day by the sun, against the sun's height."""

import csv
import datetime

import numpy as np
import pytest
from astral import Observer
from astral.sun import elevation

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos import add_sun, load_photos, shift_clocks
from tests.support.places import SHARED
from tests.support.season import drawn_season

WHEN = datetime.datetime
FIELDCAM = SHARED / "fieldcam"
PERU = {"latitude": -11.9, "longitude": -71.4}


def photos(*rows):
    """A frame of photos, each with a moment, latitude and longitude, and maybe a deployment."""
    columns = [("taken", WHEN, 0), ("latitude", float, 1), ("longitude", float, 2), ("deployment", str, 3)]
    rows = [(*row, None)[:4] for row in rows]
    return typed_frame((name, kind, [row[place] for row in rows]) for name, kind, place in columns)


def height(moment, latitude, longitude, hours):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    return elevation(Observer(latitude, longitude), moment.replace(tzinfo=zone), with_refraction=False)


@pytest.mark.parametrize("offset, hours", [("Z", 0), ("-11:00", -11), ("+13:00", 13)])
def test_night_is_when_the_sun_is_down(offset, hours):
    """All over the world, at all times of the year, also with a clock of another continent."""
    random = np.random.default_rng(0)
    seconds = random.integers(0, 366 * 86_400, 1500).tolist()
    places = np.stack([random.uniform(-72, 72, 1500), random.uniform(-180, 180, 1500)], axis=1).tolist()
    rows = [(WHEN(2024, 1, 1) + datetime.timedelta(seconds=at), *place) for at, place in zip(seconds, places)]
    sunny = add_sun(photos(*rows), offset, progress=False)
    for row, night, hour in zip(rows, sunny["night"], sunny["sun_time"]):
        above = height(*row, hours) + 0.833
        assert abs(above) < 0.4 or night == (above < 0), row
        if hour is None:
            assert abs(row[1]) > 60, row
        else:
            assert 0 <= hour < 24 and (6 <= hour < 18) == (night == 0)


def test_sunrise_sunset_and_the_time_between():
    day = [WHEN(2026, 6, 21, hour) for hour in (3, 4, 12, 20, 23)]
    sunny = add_sun(photos(*((moment, 51.5, 0.0) for moment in day)), "Z", progress=False)
    assert list(sunny["night"]) == [1, 0, 0, 0, 1]
    minute = datetime.timedelta(minutes=1)  # almanacs have 03:43 and 20:21
    assert len(set(sunny["sunrise"])) == 1 and abs(sunny["sunrise"][0] - WHEN(2026, 6, 21, 3, 43)) <= minute
    assert len(set(sunny["sunset"])) == 1 and abs(sunny["sunset"][0] - WHEN(2026, 6, 21, 20, 21)) <= minute
    up, down = 3 + 43 / 60, 20 + 21 / 60
    dark = 24 - down + up
    expected = [(18 + 12 * (3 + 24 - down) / dark) % 24, *(6 + 12 * (hour - up) / (down - up) for hour in (4, 12, 20))]
    assert list(sunny["sun_time"])[:4] == pytest.approx(expected, abs=0.02)
    assert sunny["sun_time"][4] == pytest.approx(18 + 12 * (23 - down) / dark, abs=0.02)


def test_where_the_sun_does_not_rise_or_set():
    rows = [
        (WHEN(2026, 6, 21, 23), 70.0, 20.0),
        (WHEN(2026, 12, 21, 11), 70.0, 20.0),
        (WHEN(2026, 12, 21, 11), -70.0, 20.0),
    ]
    sunny = add_sun(photos(*rows), "+01:00", progress=False)
    assert list(sunny["night"]) == [0, 1, 0]
    for name in ("sunrise", "sunset", "sun_time"):
        assert list(sunny[name]) == [None] * 3


def test_a_sunrise_at_midnight_of_utc():
    """Which astral 3.2 does not find."""
    moments = [WHEN(2024, 9, 21, 5, 30), WHEN(2024, 9, 21, 6, 10)]
    sunny = add_sun(photos(*((moment, -52.96, 87.8) for moment in moments)), "+05:51", progress=False)
    assert list(sunny["night"]) == [1, 0] and sunny["sunrise"][0].strftime("%H:%M") == "05:50"


def test_what_is_not_known_is_none_and_said(capsys):
    frame = photos((WHEN(2026, 5, 1, 12), None, None), (None, 50.0, 4.0), (WHEN(2026, 5, 1, 12), 50.0, 4.0))
    sunny = add_sun(frame, "Z", progress=False)
    assert list(sunny["night"]) == [None, None, 0] and list(sunny["sun_time"])[:2] == [None] * 2
    said = capsys.readouterr().out
    assert said.startswith("night is not known of 2 of 3 photos") and said.count("\n") == 1 and "latitude=" in said
    given = add_sun(frame, "Z", latitude=50.0, longitude=-176.0, progress=False)
    assert list(given["night"]) == [1, None, 0], "given coordinates are for photos without"


def test_an_offset_for_each_deployment(capsys):
    noon = WHEN(2026, 5, 1, 12)
    frame = photos((noon, 50.0, 4.0, "a"), (noon, 50.0, 4.0, "b"), (noon, 50.0, 4.0, None))
    assert list(add_sun(frame, {"a": "Z", "b": datetime.timedelta(hours=-12)}, progress=False)["night"]) == [0, 1, None]
    assert "or no deployment" in capsys.readouterr().out
    with pytest.raises(FrameError, match="no offset from UTC of the deployment 'b'; it has 'a'"):
        add_sun(frame, {"a": "Z"})


@pytest.mark.parametrize(
    "offset, place, said",
    [
        (None, {}, "offset=None is not an offset from UTC"),
        ("2", {}, "offset='2'"),
        ("+02:00", {"latitude": 91}, "latitude= is in degrees, -90 to 90, not 91"),
        ("+02:00", {"longitude": float("nan")}, "longitude= is in degrees"),
        ("+02:00", {"latitude": "north"}, "latitude= is in degrees"),
    ],
)
def test_what_cannot_be(offset, place, said):
    with pytest.raises(FrameError, match=said):
        add_sun(photos((WHEN(2026, 5, 1), 50.0, 4.0)), offset, **place)
    with pytest.raises(FrameError, match="taken"):
        add_sun(typed_frame([("path", str, ["a"])]), "Z")


def test_a_clock_that_is_shifted_needs_the_sun_again():
    frame = photos((WHEN(2026, 5, 1), 50.0, 4.0))
    frame = typed_frame(
        [
            ("path", str, ["a/1.jpg"]),
            ("folder", str, ["a"]),
            *((name, None, list(frame[name])) for name in frame.column_names()[:3]),
        ]
    )
    shifted = shift_clocks(add_sun(frame, "Z"), {"a": datetime.timedelta(hours=12)})
    assert not {"night", "sunrise", "sunset", "sun_time"} & set(shifted.column_names())
    assert list(add_sun(shifted, "Z")["night"]) == [0]


# Real and drawn photos


@pytest.mark.skipif(not FIELDCAM.is_dir(), reason=f"{FIELDCAM} is not there")
def test_infrared_is_not_the_night(capsys):
    """Six photos of a dark forest, seven minutes before sunset, are infrared; all in colour are of the day."""
    data, _ = load_photos(FIELDCAM, details=True, progress=False)
    assert set(data["night"]) == {None} and capsys.readouterr().out.count("\n") == 1
    sunny = add_sun(data, "-05:00", **PERU, progress=False)
    counts = {}
    for moment, infrared, night in zip(sunny["taken"], sunny["infrared"], sunny["night"]):
        assert night == (height(moment, *PERU.values(), -5) < -0.833)
        counts[infrared, night] = counts.get((infrared, night), 0) + 1
    assert counts == {(0, 0): 63, (1, 1): 42, (1, 0): 6}


def test_the_drawn_season():
    """Infrared and the night differ at dawn and dusk alone."""
    with (drawn_season() / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    taken = [WHEN.fromisoformat(row["taken_truly"]) for row in truth]
    sunny = add_sun(photos(*((moment, 48.31, 69.9) for moment in taken)), "+05:00", progress=False)
    differ = [row for row, night in zip(range(len(truth)), sunny["night"]) if night != int(truth[row]["night"])]
    assert len(differ) == 6 and len(truth) == 362
    assert all(abs(height(taken[row], 48.31, 69.9, 5)) < 5 for row in differ)


@pytest.mark.parametrize("zone", ["-03:00", "+03:00"])
def test_a_date_at_an_end_of_the_calendar_costs_no_other(zone):
    taken = [datetime.datetime(9999, 12, 31, 23, 59, 59), datetime.datetime(2026, 3, 20, 14)]
    sunny = add_sun(typed_frame([("taken", datetime.datetime, taken)]), zone, latitude=-34.0, longitude=-55.0)
    assert list(sunny["night"]) == [None, 0]


def test_coordinates_that_are_no_numbers_are_none_and_impossible_ones_are_refused():
    taken = [datetime.datetime(2026, 3, 20, 12)]
    nowhere = SFrame({"taken": taken, "latitude": [float("nan")], "longitude": [float("nan")]})
    assert list(add_sun(nowhere, "Z")["night"]) == [None]
    for latitude in ([99.0], ["north"]):
        with pytest.raises(FrameError, match="the column latitude is in degrees"):
            add_sun(SFrame({"taken": taken, "latitude": latitude, "longitude": [0.0]}), "Z")
