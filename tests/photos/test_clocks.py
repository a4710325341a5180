import datetime

import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.clocks import clock_report, clock_runs, shift_clocks
from helpers.photos.events import add_events

DAY = datetime.datetime(2026, 5, 1)
NEW_YEAR = datetime.datetime(2012, 1, 1)
HOUR = datetime.timedelta(hours=1)


def season(**cameras):
    """A frame of the moments that each camera's photos were taken at, in the order of their files."""
    rows = [(f"{camera}/IMG_{n}.JPG", camera, at) for camera, all_of in cameras.items() for n, at in enumerate(all_of)]
    return typed_frame(
        [
            ("path", str, [path for path, _, _ in rows]),
            ("camera", str, [camera for _, camera, _ in rows]),
            ("taken", datetime.datetime, [at for _, _, at in rows]),
        ]
    )


def test_a_clock_that_was_reset_is_named():
    before = [DAY + n * HOUR for n in range(12)]  # IMG_10 comes after IMG_9
    after = [NEW_YEAR + n * HOUR for n in range(3)]
    report = clock_report(season(good=before, bad=[*before, *after]))
    (row,) = report
    assert row["camera"] == "bad"
    assert row["trouble"] == "the clock was reset to 2012-01-01"
    assert (row["photos"], row["path"], row["taken"], row["before"]) == (3, "bad/IMG_12.JPG", NEW_YEAR, before[-1])


def test_a_clock_that_was_never_set_is_named():
    report = clock_report(season(good=[DAY, DAY + HOUR, DAY + 2 * HOUR], bad=[NEW_YEAR + HOUR]))
    assert [(row["camera"], row["trouble"], row["before"]) for row in report] == [
        ("bad", "the clock was reset to 2012-01-01", None)
    ]


def test_a_reset_camera_that_was_set_again():
    report = clock_report(season(bad=[NEW_YEAR, NEW_YEAR + HOUR, DAY, DAY + HOUR, DAY + 2 * HOUR]))
    assert [row["trouble"].split(" by ")[0] for row in report] == [
        "the clock was reset to 2012-01-01",
        "the clock goes ahead",
    ]


def test_jumps_back_and_ahead():
    report = clock_report(season(a=[DAY, DAY - 30 * HOUR], b=[DAY, DAY + 100 * 24 * HOUR]))
    assert list(report["trouble"]) == [
        "the clock goes back by 30.0 hours",
        "the clock goes ahead by 100 days, or nothing was taken for so long",
    ]


def test_photos_in_no_order_are_one_row():
    mixed = [DAY + 24 * days * HOUR for days in (500, 3, 900, 40, 700, 1, 300)]
    (row,) = clock_report(season(a=mixed, b=[DAY, DAY + HOUR]))
    assert (row["camera"], row["photos"]) == ("a", 7)
    assert "another order" in row["trouble"]


def test_what_is_no_fault():
    summer_ends = [DAY, DAY - HOUR, DAY]
    new_years = [datetime.datetime(2025, 12, 31, 23), datetime.datetime(2026, 1, 1, 0, 1)]
    report = clock_report(season(a=summer_ends, b=new_years, c=[DAY, None, DAY + 80 * 24 * HOUR]))
    assert len(report) == 0
    assert report.column_names() == ["camera", "trouble", "photos", "path", "taken", "before"]
    assert len(clock_report(season())) == 0


def test_a_clock_put_right():
    data = season(good=[DAY], bad=[DAY, DAY + HOUR, NEW_YEAR, NEW_YEAR + HOUR])
    data = data.add_column(tc.SArray(["?"] * 5, dtype=str), "moon")
    fixed = shift_clocks(add_events(data), {"bad": ("2012-01-01 00:00:00", DAY + 5 * HOUR)})
    assert list(fixed["taken"]) == [DAY, DAY, DAY + HOUR, DAY + 5 * HOUR, DAY + 6 * HOUR]
    assert list(fixed["taken_by_clock"]) == list(data["taken"])
    assert fixed.column_names() == ["path", "camera", "taken", "moon", "taken_by_clock"]  # events are made again
    assert set(fixed["moon"]) == {"full moon"}
    assert len(clock_report(fixed)) == 0


@pytest.mark.parametrize("shift", [HOUR, ("2026-05-01 00:00:00", "2026-05-01T01:00:00+05:00")])
def test_done_twice_it_is_the_same_as_done_once(shift):
    """As a cell of a notebook that is run again."""
    data = season(a=[DAY], b=[DAY, None])
    once = shift_clocks(data, {"b": shift})
    twice = shift_clocks(once, {"b": shift})
    for frame in (once, twice):
        assert list(frame["taken"]) == [DAY, DAY + HOUR, None]
        assert list(frame["taken_by_clock"]) == [DAY, DAY, None]
    assert list(shift_clocks(twice, {})["taken"]) == [DAY, DAY, None]


def test_a_clock_that_was_reset_twice():
    data = season(c=[DAY, NEW_YEAR, NEW_YEAR + 2 * HOUR, DAY + 9 * HOUR, NEW_YEAR + HOUR])
    truth = (NEW_YEAR + HOUR, DAY + 20 * HOUR)
    with pytest.raises(FrameError, match=r"more than once.*path of its first photo"):
        shift_clocks(data, {"c": truth})
    paths = [row["path"] for row in clock_report(data) if "reset" in row["trouble"]]
    assert paths == ["c/IMG_1.JPG", "c/IMG_4.JPG"]
    fixed = shift_clocks(data, {paths[0]: HOUR, paths[1]: truth})
    assert list(fixed["taken"]) == [DAY, NEW_YEAR + HOUR, NEW_YEAR + 3 * HOUR, DAY + 9 * HOUR, DAY + 20 * HOUR]


def test_the_first_photo_may_come_days_after_the_reset():
    data = season(c=[DAY, NEW_YEAR + 72 * HOUR])
    fixed = shift_clocks(data, {"c": (NEW_YEAR, DAY + HOUR)})
    assert list(fixed["taken"]) == [DAY, DAY + 73 * HOUR]


def test_a_camera_years_behind_the_others_is_named():
    (row,) = clock_report(season(a=[NEW_YEAR + 200 * HOUR], b=[DAY, DAY, DAY]))
    assert (row["camera"], row["trouble"]) == ("a", "the clock shows 2012, and those of most photos 2026")


@pytest.mark.parametrize(
    "shifts, said",
    [
        ({"c": HOUR}, "no camera 'c'"),
        ({"a": 3}, "timedelta, or a pair"),
        ({"a": ("yesterday", DAY)}, "yesterday"),
        ({"a": (DAY - 1000 * HOUR, DAY)}, "never showed"),
        ({"a": datetime.timedelta(days=3_000_000)}, "beyond all dates"),
    ],
)
def test_shifts_that_cannot_be(shifts, said):
    with pytest.raises(FrameError, match=said):
        shift_clocks(season(a=[DAY]), shifts)


def test_runs_are_cut_by_camera_and_jump():
    found = clock_runs(season(a=[DAY, DAY + HOUR], b=[DAY, NEW_YEAR]))
    assert [(run.camera, run.rows, run.before) for run in found] == [
        ("a", [0, 1], None),
        ("b", [2], None),
        ("b", [3], DAY),
    ]


def test_a_frame_without_dates():
    with pytest.raises(FrameError, match="taken"):
        clock_report(tc.SFrame({"path": ["a"]}))
