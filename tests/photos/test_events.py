import datetime

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.frames.columns import typed_frame, with_columns
from helpers.photos.events import add_events, cameras_of, event_table, number_events

NOON = datetime.datetime(2026, 5, 1, 12)


def at(*seconds):
    return [None if each is None else NOON + datetime.timedelta(seconds=each) for each in seconds]


def season(taken, cameras, **columns):
    frame = tc.SFrame().add_column(tc.SArray(taken, dtype=datetime.datetime), "taken")
    frame = frame.add_column(tc.SArray(cameras, dtype=str), "camera")
    for name, values in columns.items():
        frame = frame.add_column(tc.SArray(values, dtype=str), name)
    return frame


def test_sequences_and_events_by_hand():
    # 0 and 119 s: one burst. 239 s: another one of the same visit. Half an hour after the last: another visit.
    found = number_events(at(0, 119, 239, 239 + 1799, 239 + 1799 + 1800), ["a"] * 5)
    assert found.sequences.tolist() == [0, 0, 1, 2, 3]
    assert found.events.tolist() == [0, 0, 0, 0, 1]


def test_the_gap_counts_from_the_photo_before_and_not_from_the_first():
    assert number_events(at(*range(0, 6000, 100)), ["a"] * 60).sequences.tolist() == [0] * 60


def test_cameras_have_events_of_their_own_and_numbers_follow_time():
    found = number_events(at(50, 0, 51, 1), ["b", "a", "b", "a"])
    assert found.events.tolist() == [1, 0, 1, 0]


def test_order_of_rows_does_not_count():
    random = np.random.default_rng(3)
    seconds = np.cumsum(random.integers(1, 4000, 200))
    cameras = random.choice(["a", "b", "c"], 200)
    straight = number_events(at(*seconds.tolist()), cameras.tolist())
    mixed = random.permutation(200)
    found = number_events(at(*seconds[mixed].tolist()), cameras[mixed].tolist())
    assert np.array_equal(found.events, straight.events[mixed])
    assert np.array_equal(found.sequences, straight.sequences[mixed])


def test_a_photo_without_a_date_is_an_event_of_its_own_and_comes_last():
    found = number_events(at(None, 0, None, 1), ["a"] * 4)
    assert found.events.tolist() == [1, 0, 2, 0]


def test_frames_keep_their_rows_and_get_the_columns_once():
    frame = season(at(10_000, 0, 1), ["a"] * 3)
    once = add_events(frame)
    assert list(once["event"]) == [1, 0, 0]
    again = add_events(once, sequence=0, independent=0)
    assert list(again["event"]) == [2, 0, 1]
    assert again.column_names().count("event") == 1


def test_no_photos_no_events():
    assert len(add_events(season([], []))) == 0
    assert len(event_table(add_events(season([], [])))) == 0


def test_the_table_of_events():
    frame = add_events(season(at(5, 0, 9000), ["a", "a", "b"], site=["s", "s", "t"]))
    table = event_table(frame)
    assert list(table["event"]) == [0, 1]
    assert list(table["start"]) == at(0, 9000)
    assert list(table["end"]) == at(5, 9000)
    assert list(table["photos"]) == [2, 1]
    assert list(table["first"]) == [1, 2]
    assert list(table["site"]) == ["s", "t"]
    assert "deployment" not in table.column_names()


def test_two_sites_may_use_the_same_names_for_cameras():
    frame = season(at(0, 1), ["1", "1"], site=["north", "south"])
    assert list(add_events(frame)["event"]) == [0, 1]
    assert cameras_of(frame) == ["north/1", "south/1"]


def test_without_a_camera_the_folder_counts():
    frame = tc.SFrame().add_column(tc.SArray(at(0, 1), dtype=datetime.datetime), "taken")
    with pytest.raises(FrameError, match="camera, deployment, folder"):
        add_events(frame)
    frame = frame.add_column(tc.SArray(["x", "y"]), "folder")
    assert list(add_events(frame)["event"]) == [0, 1]


@pytest.mark.parametrize(
    "times, said",
    [((-1, 10), "0 or more"), ((float("nan"), 10), "0 or more"), ((True, 10), "seconds"), ((20, 10), "more than")],
)
def test_times_that_cannot_be(times, said):
    with pytest.raises(FrameError, match=said):
        add_events(season(at(0), ["a"]), *times)


def test_a_frame_without_dates_is_refused():
    with pytest.raises(FrameError, match="taken"):
        add_events(tc.SFrame({"camera": ["a"]}))
    with pytest.raises(FrameError, match="add_events"):
        event_table(tc.SFrame({"camera": ["a"]}))


def test_photos_without_a_camera_are_told_apart_by_deployment_and_folder():
    """As `load_photos` gives them with layout="{deployment}", or where a photo does not fit the layout."""
    frame = season(at(0, 5, 10, 15), [None, None, None, "C1"], site=[None, None, "north", "north"])
    frame = frame.add_column(tc.SArray(["a", "b", None, "north/C1"], dtype=str), "deployment")
    frame = frame.add_column(tc.SArray(["x", "x", "loose", "north/C1"], dtype=str), "folder")
    assert cameras_of(frame) == ["a", "b", "loose", "north/C1"]
    assert list(add_events(frame)["event"]) == [0, 1, 2, 3]
    assert cameras_of(tc.SFrame().add_column(tc.SArray([None], dtype=str), "camera")) == [""]


# Folders of a card, and the hour that comes twice


def on_card(moments, folder="C1/DCIM/100MEDIA", first=1):
    """A frame of photos of a card, in the order in which they were taken."""
    paths = [f"{folder}/IMG_{number:04d}.JPG" for number in range(first, first + len(moments))]
    columns = [("path", str, paths), ("folder", str, [folder] * len(paths)), ("taken", datetime.datetime, moments)]
    return typed_frame(columns)


def test_a_burst_over_two_folders_of_a_card_is_one_event():
    one, other = on_card(at(0, 1), "C1/DCIM/100MEDIA", 998), on_card(at(2, 3), "C1/DCIM/101MEDIA")
    frame = add_events(one.append(other))
    assert list(frame["event"]) == [0] * 4 and list(frame["sequence"]) == [0] * 4
    assert cameras_of(frame) == ["C1"] * 4
    apart = add_events(on_card(at(0, 1), "C1/100MEDIA").append(on_card(at(2), "C2/100MEDIA")))
    assert list(apart["event"]) == [0, 0, 1]


def autumn(*minutes):
    """Moments of a Sunday on which the clock goes back from three to two, by their minutes after two."""
    return [datetime.datetime(2026, 10, 25, 2) + datetime.timedelta(minutes=each) for each in minutes]


def test_an_hour_that_comes_twice_is_two_visits(capsys):
    """02:50:00, then 02:57 and, after the change, 02:03; and 02:50:05 an hour and five seconds after the first."""
    frame = on_card(autumn(-300, -200, 50, 57, 3, 50 + 5 / 60, 90))
    assert list(add_events(frame)["event"]) == [0, 1, 2, 2, 2, 3, 4]
    said = capsys.readouterr().out
    assert said.startswith(
        "C1: the clock was put back by an hour before C1/DCIM/100MEDIA/IMG_0005.JPG, 2026-10-25 02:03"
    )
    assert said.count("\n") == 1
    # Where the order of the files is not known, or nothing was taken between, they are one.
    renamed = with_columns(frame, [("path", str, [f"C1/{number}.JPG" for number in range(7)])])
    assert list(add_events(renamed)["event"]) == [0, 1, 3, 3, 2, 3, 4]
    assert list(add_events(on_card(autumn(-300, -200, -100, 50, 50 + 5 / 60, 150)))["event"]) == [0, 1, 2, 3, 3, 4]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "moments",
    [
        [each - datetime.timedelta(days=1) for each in autumn(-300, -200, 50, 57, 3, 50, 90)],  # a Saturday
        [each + datetime.timedelta(hours=9) for each in autumn(-300, -200, 50, 57, 3, 50, 90)],  # by day
        autumn(-300, -200, 50, 57, 56.5, 58, 90),  # half a minute: a burst that was written in another order
        autumn(-300, -200, 150, 157, 3, 50, 90),  # more than an hour
    ],
)
def test_only_an_hour_in_the_night_to_a_sunday_is_the_end_of_summer_time(moments, capsys):
    frame = on_card(moments)
    by_date = number_events(moments, ["C1"] * len(moments))
    assert list(add_events(frame)["event"]) == by_date.events.tolist()
    assert capsys.readouterr().out == ""


def test_after_the_change_the_time_between_photos_is_as_it_was():
    """Also where the change is at midnight, back to Saturday."""
    back = autumn(-130, -125, -175, -170, 0, 1, 300, 301)  # 23:50, 23:55, 23:05, 23:10, 02:00, …
    assert list(add_events(on_card(back))["event"]) == [0, 0, 0, 0, 1, 1, 2, 2]
