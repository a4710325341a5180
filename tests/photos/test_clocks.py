import csv
import datetime
import os
from pathlib import Path

import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos import add_events, clock_report, load_photos, shift_clocks
from helpers.photos.clocks import report as report_module
from helpers.photos.clocks.neighbours import Span, mistyped
from helpers.photos.clocks.runs import clock_runs
from tests.support.places import SHARED
from tests.support.season import drawn_season

DAY = datetime.datetime(2026, 5, 1)
NEW_YEAR = datetime.datetime(2012, 1, 1)
HOUR = datetime.timedelta(hours=1)
DAYS = 24 * HOUR
REPORTS = SHARED / "reports" / "24-clocks"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """The tests' dates are not those of a clock that is ahead."""
    monkeypatch.setattr(report_module, "_now", lambda: DAY + 1000 * DAYS)


def hours(count, start=DAY, step=HOUR):
    return [start + number * step for number in range(count)]


def frame_of(photos):
    """A frame of paths and moments, with the folder as `load_photos` gives it."""
    photos = sorted(photos, key=lambda photo: photo[0])
    return typed_frame(
        [
            ("path", str, [path for path, _ in photos]),
            ("folder", str, [path.rpartition("/")[0] or "." for path, _ in photos]),
            ("taken", datetime.datetime, [at for _, at in photos]),
        ]
    )


def season(**cameras):
    """A frame of the moments that each camera's photos were taken at, in the order of their files."""
    return frame_of(
        [(f"{camera}/IMG_{n:04d}.JPG", at) for camera, every in cameras.items() for n, at in enumerate(every)]
    )


def troubles(data):
    return [(row["camera"], row["trouble"]) for row in clock_report(data)]


def test_a_clock_that_was_reset_is_named():
    before, after = hours(12), hours(3, NEW_YEAR)
    (row,) = clock_report(season(good=before, bad=[*before, *after]))
    assert row["camera"] == "bad"
    assert row["trouble"] == "the clock was reset to 2012-01-01"
    assert (row["photos"], row["path"], row["taken"], row["before"]) == (3, "bad/IMG_0012.JPG", NEW_YEAR, before[-1])


def test_a_clock_that_was_never_set_is_named():
    report = clock_report(season(good=hours(3), bad=[NEW_YEAR + HOUR]))
    assert [(row["camera"], row["trouble"], row["before"]) for row in report] == [
        ("bad", "the clock was reset to 2012-01-01", None)
    ]


def test_a_clock_that_was_set_right_again_is_right():
    (row,) = clock_report(season(bad=[*hours(3, NEW_YEAR), *hours(5)]))
    assert (row["trouble"], row["photos"]) == ("the clock was reset to 2012-01-01", 3)


def test_a_photo_taken_before_the_clock_was_set_again():
    """The first one with a new battery, which the person who changed it is on."""
    (row,) = clock_report(season(a=[*hours(6), NEW_YEAR, *hours(6, DAY + 6 * HOUR)]))
    assert (row["trouble"], row["photos"], row["before"]) == ("the clock was reset to 2012-01-01", 1, DAY + 5 * HOUR)


def test_jumps_back_and_ahead_on_a_card():
    a = [*hours(8), *hours(8, DAY - 30 * HOUR)]
    b = [*hours(8), *hours(8, DAY + 400 * DAYS)]
    assert troubles(season(a=a, b=b)) == [
        ("a", "the clock goes back by 37.0 hours"),
        ("b", "the clock goes ahead by 400 days, or nothing was taken for so long"),
    ]


def test_a_card_of_several_folders_is_one():
    """The clock goes back where one folder is full, and the next begins."""
    moments = [*hours(9, DAY + 60 * DAYS), *hours(9)]
    names = [f"C/DCIM/{100 + n // 9}MEDIA/IMG_{1 + n % 9:04d}.JPG" for n in range(18)]
    (row,) = clock_report(frame_of(zip(names, moments)))
    assert (row["camera"], row["path"]) == ("C", "C/DCIM/101MEDIA/IMG_0001.JPG")
    assert row["trouble"] == "the clock goes back by 60 days"


def test_a_jump_counts_where_time_goes_on_from_there():
    last = [*hours(12), DAY - 30 * HOUR]  # the last one, of which nothing is known
    single = [*hours(6), DAY - 30 * HOUR, *hours(6, DAY + 6 * HOUR)]
    assert troubles(season(a=last, b=single, c=hours(12))) == []


def test_two_photos_that_changed_places():
    moments = hours(10, step=7 * HOUR)
    moments[3], moments[7] = moments[7], moments[3]
    (row,) = clock_report(season(a=hours(10), b=moments))
    assert (row["camera"], row["photos"], row["path"]) == ("b", 2, "b/IMG_0003.JPG")
    assert row["trouble"].startswith("these photos are in order if they change places")
    assert (row["taken"], row["before"]) == (moments[3], moments[2])


def sorted_by_species(layout, cameras=3):
    """Photos of cameras that were moved every 28 days, with the same names each, in folders of species."""
    photos = {}
    for camera in range(cameras):
        for n in range(120):
            at = DAY + 28 * camera * DAYS + n // 3 * 13 * HOUR + n % 3 * HOUR / 3600
            species = ("fox", "deer", "boar", "blank")[(n // 3 * 7 + n // 9 + camera) % 4]
            path = layout.format(species=species, camera=camera, name=f"IMG_{n + 1:04d}")
            photos.setdefault(path, at)  # where a name is taken, the second photo stays away
    return frame_of(photos.items())


@pytest.mark.parametrize(
    "layout",
    [
        "{species}/{name}.JPG",
        "{species}/{name} ({camera}).JPG",
        "{species}/C{camera}/{name}.JPG",
        "{species}/C{camera}_{name}.JPG",
        "C{camera}/{species}/{name}.JPG",
        "{name}.JPG",
        "all/{name}_{camera}.JPG",
    ],
)
def test_photos_sorted_by_species_are_no_fault(layout):
    assert troubles(sorted_by_species(layout)) == []


def test_renamed_photos_are_no_fault(capsys):
    names = [f"a/e{n}.JPG" for n in range(12)]  # in order, but not of their dates
    assert troubles(frame_of(zip(names, reversed(hours(12, step=30 * HOUR))))) == []
    printed = capsys.readouterr().out
    assert "the photos are renamed, sorted or few: only their dates" in printed and "1 of 1" not in printed
    others = [f"b/IMG_{n:04d}.JPG" for n in range(12)]
    assert troubles(frame_of(zip(names + others, [*reversed(hours(12, step=30 * HOUR)), *hours(12)]))) == []
    assert (
        "the photos of 1 of 2 cameras are renamed, sorted or few, such as those of a: only" in capsys.readouterr().out
    )
    assert troubles(season(a=hours(12))) == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "cameras, said",
    [
        ([None, None], "of 2 of 2 cameras are renamed, sorted or few, such as those of a"),  # each folder is one
        (["K1", None], "of 1 of 1 cameras and those without a camera are renamed, sorted or few, such as those of K1"),
        (["K1", "K1"], "are renamed, sorted or few"),
    ],
)
def test_photos_without_a_camera_are_no_camera(capsys, cameras, said):
    names = [f"{folder}/e{n}.JPG" for folder in "ab" for n in range(12)]
    data = frame_of(zip(names, [*reversed(hours(12, step=30 * HOUR))] * 2))
    data = data.add_column(tc.SArray([camera for camera in cameras for _ in range(12)], dtype=str), "camera")
    clock_report(data)
    assert f"the photos {said}: only" in capsys.readouterr().out


def test_of_the_photos_without_a_camera_alone_no_camera_is_named(capsys):
    names = [*(f"a/IMG_{n:04d}.JPG" for n in range(12)), *(f"b/e{n}.JPG" for n in range(12))]
    data = frame_of(zip(names, [*hours(12), *reversed(hours(12, step=30 * HOUR))]))
    data = data.add_column(tc.SArray(["K1"] * 12 + [None] * 12, dtype=str), "camera")
    clock_report(data)
    assert "the photos without a camera are renamed, sorted or few: only" in capsys.readouterr().out


def test_of_renamed_photos_the_dates_are_judged():
    names = [f"a/photo {n}.JPG" for n in (5, 3, 8, 1, 4)]
    (row,) = clock_report(frame_of(zip(names, [*hours(2), *hours(3, NEW_YEAR)])))
    assert (row["trouble"], row["photos"], row["before"]) == ("the clock was reset to 2012-01-01", 3, None)


def test_dates_later_than_today(monkeypatch):
    monkeypatch.setattr(report_module, "_now", lambda: DAY + 10 * DAYS)
    typed, ahead = hours(8, DAY.replace(year=2062)), hours(300)
    assert troubles(season(a=hours(8), b=typed, c=ahead)) == [
        ("b", "the clock shows 2062-05-01, later than today, 2026-05-11"),
        ("c", "the clock shows 2026-05-13, later than today, 2026-05-11"),
    ]


def test_one_date_of_the_future_in_a_card():
    moments = [*hours(6), datetime.datetime(2062, 1, 5), *hours(6, DAY + 6 * HOUR)]
    (row,) = clock_report(season(a=moments))
    assert (row["trouble"], row["photos"]) == ("the clock shows 2062-01-05, later than today, 2029-01-25", 1)
    assert (row["path"], row["before"]) == ("a/IMG_0006.JPG", moments[5])


def test_dates_later_than_the_files(tmp_path):
    def copied(moments, dates):
        data = season(a=moments)
        files = [str(tmp_path / path.replace("/", "-")) for path in data["path"]]
        for file, date in zip(files, dates):
            Path(file).write_bytes(b"")
            os.utime(file, (date.timestamp(), date.timestamp()))
        return data.add_column(tc.SArray(files), "file")

    moments = hours(20, step=6 * HOUR)
    copy = DAY - 100 * DAYS
    seconds = [copy + n * HOUR / 3600 for n in range(20)]
    assert troubles(copied(moments, seconds)) == [
        ("a", f"the clock shows 2026-05-05, and the files are of {copy:%Y-%m-%d}, when they were copied")
    ]
    assert troubles(copied(moments, [at + 100 * DAYS + 5 * DAYS for at in seconds])) == []
    # Dates that the camera gave, before its clock was put right in the photos: they are as far apart as the photos.
    assert troubles(copied(moments, [at - 100 * DAYS for at in moments])) == []
    # Dates that archives give.
    assert troubles(copied(moments, [datetime.datetime(1990, 1, 1) + n * HOUR for n in range(20)])) == []
    assert troubles(copied(moments, [copy] * 20)) == []


@pytest.mark.parametrize(
    "first, said",
    [
        (datetime.datetime(2027, 5, 3), "the clock may be a year ahead"),
        (datetime.datetime(2024, 5, 3), "the clock may be 2 years behind"),
        (datetime.datetime(2026, 6, 3), "the clock may be a month ahead"),
        (datetime.datetime(2026, 4, 3), "the clock may be a month behind"),
        (datetime.datetime(2026, 3, 5), "day and month may have been exchanged when the clock was set"),
    ],
)
def test_a_clock_that_was_set_wrongly_is_named_beside_others(first, said):
    others = {name: hours(20, datetime.datetime(2026, 5, 3, 9 + n), step=12 * HOUR) for n, name in enumerate("acd")}
    data = season(b=hours(20, first + 10 * HOUR, step=12 * HOUR), **others)
    assert troubles(data) == [
        ("b", f"{said}: its photos would be of 2026-05-03 to 2026-05-12, as those of 3 other cameras")
    ]


def test_longer_than_a_month():
    """A month ahead, while the others were out too: most of them must have begun and ended together."""
    month = [Span(f"{n}", DAY + n * HOUR, DAY + (50 * 24 + n) * HOUR) for n in range(4)]
    ahead = Span("x", datetime.datetime(2026, 6, 1), datetime.datetime(2026, 7, 21))
    assert mistyped(ahead, [ahead, *month]).startswith("the clock may be a month ahead")
    late = [Span("y", DAY + 30 * DAYS, DAY + 70 * DAYS), Span("z", DAY + 40 * DAYS, DAY + 82 * DAYS)]
    assert mistyped(ahead, [ahead, *month, *late]) is None
    assert mistyped(month[0], [ahead, *month]) is None


def test_cameras_that_were_moved_are_no_fault():
    """One follows the other by a month, with the same days at each; and a survey that is repeated each year."""
    month = [datetime.datetime(2026, number, 1, 9) for number in (4, 5, 6, 7)]
    moved = {f"m{n}{twin}": hours(60, at, step=12 * HOUR) for n, at in enumerate(month) for twin in "ab"}
    moved.pop("m2b")
    assert troubles(season(**moved)) == []
    years = {
        f"y{year}{n}": hours(60, datetime.datetime(year, 5, 1, n)) for year in (2024, 2025, 2026) for n in range(2)
    }
    assert troubles(season(**years)) == []
    assert troubles(season(a=hours(9), b=hours(9, DAY - 80 * DAYS))) == []


def test_a_camera_years_behind_the_others_is_named():
    old = NEW_YEAR + 200 * HOUR
    assert troubles(season(a=hours(9, old), b=hours(9), c=hours(9, DAY + 70 * DAYS))) == [
        ("a", "the clock shows 2012, and those of the 2 other cameras 2026")
    ]
    assert troubles(season(a=hours(9, old), b=hours(9))) == []  # of two, nobody knows which


def test_what_is_no_fault():
    summer_ends = [*hours(9), *hours(9, DAY + 8 * HOUR - HOUR)]
    new_years = hours(9, datetime.datetime(2025, 12, 31, 20))
    report = clock_report(season(a=summer_ends, b=new_years, c=[*hours(8), None, *hours(8, DAY + 200 * DAYS)]))
    assert len(report) == 0
    assert report.column_names() == ["camera", "trouble", "photos", "path", "taken", "before"]
    assert len(clock_report(season())) == 0


# Real and drawn photos


@pytest.mark.skipif(not REPORTS.is_dir(), reason=f"{REPORTS} is not there")
@pytest.mark.parametrize("layout, year", [(None, 2026), ("{camera}", 2026), ("{camera}", 2035)])
def test_reported_clocks(layout, year, monkeypatch):
    monkeypatch.setattr(report_module, "_now", lambda: datetime.datetime(year, 12, 1))
    monkeypatch.setattr(report_module, "_written", lambda *_: None)  # whenever they were copied to this machine
    data, _ = load_photos(REPORTS, layout=layout, progress=False)
    said = {camera[0]: trouble for camera, trouble in troubles(data)}
    assert sorted(said) == ["B", "C", "D", "E", "F"]
    assert ("2027-05-03, later than today" if year == 2026 else "a year ahead") in said["B"]
    assert "2062-05-03, later than today" in said["C"]
    assert "a month ahead" in said["D"] and "a year behind" in said["E"] and "day and month" in said["F"]


@pytest.mark.parametrize("folder", ["forest", "fieldcam", "owls"])
@pytest.mark.parametrize("layout", [None, "{site}/{camera}"])
def test_real_clocks_that_are_right(folder, layout):
    if not (SHARED / folder).is_dir():
        pytest.skip(f"{SHARED / folder} is not there")
    assert troubles(load_photos(SHARED / folder, layout=layout, progress=False)[0]) == []


@pytest.mark.parametrize("truth, species", [("forest/truth.csv", "species"), ("fieldcam-truth.csv", "shows")])
def test_real_photos_sorted_by_species(truth, species):
    if not (SHARED / truth).is_file():
        pytest.skip(f"{SHARED / truth} is not there")
    data, _ = load_photos(SHARED / truth.split("/")[0].split("-")[0], progress=False)
    taken = dict(zip(data["path"], data["taken"]))
    with (SHARED / truth).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    photos = {f"{row[species]}/{row['path'].rpartition('/')[2]}": taken[row["path"]] for row in rows}
    assert troubles(frame_of(photos.items())) == []


def test_the_drawn_season_has_one_clock_that_was_reset():
    with (drawn_season() / "truth.csv").open(encoding="utf-8", newline="") as file:
        photos = [(row["path"], datetime.datetime.fromisoformat(row["taken_by_clock"])) for row in csv.DictReader(file)]
    (row,) = clock_report(frame_of(photos))
    assert (row["camera"], row["trouble"]) == ("brook/B2", "the clock was reset to 2012-01-01")


# Clocks put right


def test_a_clock_put_right():
    data = season(bad=[*hours(5), NEW_YEAR, NEW_YEAR + HOUR], good=[DAY])
    data = data.add_column(tc.SArray(["?"] * 8, dtype=str), "moon")
    fixed = shift_clocks(add_events(data), {"bad": ("2012-01-01 00:00:00", DAY + 5 * HOUR)})
    assert list(fixed["taken"]) == [*hours(7), DAY]
    assert list(fixed["taken_by_clock"]) == list(data["taken"])
    assert fixed.column_names() == ["path", "folder", "taken", "moon", "taken_by_clock"]  # events are made again
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
    data = season(c=[DAY, NEW_YEAR, NEW_YEAR + 2 * HOUR, DAY + 9 * HOUR, DAY + 10 * HOUR, NEW_YEAR + HOUR])
    truth = (NEW_YEAR + HOUR, DAY + 20 * HOUR)
    with pytest.raises(FrameError, match=r"more than once.*path of its first photo"):
        shift_clocks(data, {"c": truth})
    paths = [row["path"] for row in clock_report(data) if "reset" in row["trouble"]]
    assert paths == ["c/IMG_0001.JPG", "c/IMG_0005.JPG"]
    fixed = shift_clocks(data, {paths[0]: HOUR, paths[1]: truth})
    shifted = [NEW_YEAR + HOUR, NEW_YEAR + 3 * HOUR]
    assert list(fixed["taken"]) == [DAY, *shifted, DAY + 9 * HOUR, DAY + 10 * HOUR, DAY + 20 * HOUR]


def test_the_first_photo_may_come_days_after_the_reset():
    data = season(c=[*hours(6), NEW_YEAR + 72 * HOUR])
    fixed = shift_clocks(data, {"c": (NEW_YEAR, DAY + HOUR)})
    assert list(fixed["taken"]) == [*hours(6), DAY + 73 * HOUR]


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
    found = clock_runs(season(a=[DAY, DAY + HOUR], b=[*hours(6), NEW_YEAR], c=[DAY, DAY + HOUR, NEW_YEAR]))
    assert [(run.camera, run.rows, run.before, run.ordered) for run in found] == [
        ("a", [0, 1], None, False),
        ("b", [2, 3, 4, 5, 6, 7], None, True),
        ("b", [8], DAY + 5 * HOUR, True),
        ("c", [11], None, False),
        ("c", [9, 10], None, False),
    ]


def test_a_frame_without_dates():
    with pytest.raises(FrameError, match="taken"):
        clock_report(tc.SFrame({"path": ["a"]}))
