"""The season that `tools/draw_season.py` draws: complete, described truthfully, and the same every time."""

import csv
import io
import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import draw_season
import numpy as np
import pytest
from drawing.season import banner
from drawing.season.habits import HABITS
from PIL import Image

from helpers.photos.deployments import read_deployments
from tests.support.places import ROOT

pytestmark = [
    pytest.mark.slow("photos are drawn"),
    pytest.mark.once("the drawing is a tool of ours, and no part of helpers"),
]

DATA = ROOT / "data"
SPECIES = {"fox", "deer", "porcupine", "turkey"}
SMALL = {"seed": 3, "days": 4, "photos": 40, "scale": 0.3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_season.draw(tmp_path_factory.mktemp("drawn") / "season", **SMALL)


@pytest.fixture(scope="module")
def truth(folder):
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def plan():
    return draw_season.season(7, 25, 1000)


def _when(text):
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


def _box(row):
    return [float(row[side]) for side in ("left", "top", "right", "bottom")]


def test_there_is_something_of_everything(truth):
    assert {row["species"] for row in truth} == SPECIES | {"blank", "person"}
    assert {row["night"] for row in truth} == {"0", "1"}
    assert len({row["site"] for row in truth}) == 3 and len({row["camera"] for row in truth}) == 5


def test_photos_and_truth_agree_one_to_one(folder, truth):
    photos = folder / "photos"
    assert sorted(row["path"] for row in truth) == sorted(
        path.relative_to(photos).as_posix() for path in photos.rglob("*") if path.is_file()
    )
    for row in truth:
        assert row["path"].startswith(f"{row['site']}/{row['camera']}/")
        assert row["deployment"] == f"{row['site']}-{row['camera']}"


def test_photos_say_what_the_camera_and_its_clock_were(folder, truth):
    for row in truth:
        with Image.open(folder / "photos" / row["path"]) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (240, 180), "RGB")
            exif = image.getexif()
            assert exif[0x010F] == "Kinframe" and "drawing" in exif[0x010E]
            told = exif.get_ifd(0x8769)[0x9003]
        assert datetime.strptime(told, "%Y:%m:%d %H:%M:%S") == _when(row["taken_by_clock"])


def test_one_clock_falls_back_and_runs_on(truth):
    gaps = {(row["camera"], _when(row["taken_truly"]) - _when(row["taken_by_clock"])) for row in truth}
    wrong = [(camera, gap) for camera, gap in gaps if gap]
    assert [camera for camera, _ in wrong] == ["B2"] and ("B2", timedelta(0)) in gaps
    late = [row for row in truth if row["taken_by_clock"] < "2013"]
    assert late[0]["taken_by_clock"].startswith("2012-01-01 00:00") and late[0]["species"] == "person"
    after = [row for row in truth if row["camera"] == "B2" and row["taken_truly"] >= late[0]["taken_truly"]]
    assert after == late


def test_photos_come_in_bursts_within_events_that_lie_apart(truth):
    visits = defaultdict(list)
    for row in truth:
        visits[row["camera"], int(row["event"])].append(_when(row["taken_truly"]))
    assert sorted(event for _, event in visits) == list(range(len(visits)))
    for times in visits.values():
        assert len(times) % 3 == 0
        steps = np.diff([time.timestamp() for time in times])
        assert {*steps[0::3], *steps[1::3]} <= {1, 2} and max(steps) < 1800
    for camera in {camera for camera, _ in visits}:
        mine = sorted(times for (at, _), times in visits.items() if at == camera)
        assert all(later[0] - before[-1] > timedelta(minutes=30) for before, later in zip(mine, mine[1:]))


def test_boxes_frame_what_was_drawn(truth):
    """Without its figures the same photo differs within the box, and next to nowhere else."""
    plan = draw_season.season(SMALL["seed"], SMALL["days"], SMALL["photos"])
    shots = {shot.path: shot for shot in plan.shots}
    for species in sorted(SPECIES):
        row = next(row for row in truth if row["species"] == species and row["count"] == "1")
        who = draw_season.Photographer(row["camera"], draw_season.scene(row["camera"], 240, 180, 3), 3)
        shot = shots[row["path"]]
        full = np.asarray(who.take(shot).image.convert("L"), np.float32)
        left, top, right, bottom = who.take(shot).boxes[0]
        figures, shot.figures = shot.figures, []
        changed = np.abs(full - np.asarray(who.take(shot).image.convert("L"), np.float32)) > 12
        shot.figures = figures
        inside = np.zeros_like(changed)
        inside[int(top * 180) : int(bottom * 180) + 1, int(left * 240) : int(right * 240) + 1] = True
        assert changed[inside].mean() > 6 * changed[~inside].mean(), species


def test_boxes_lie_above_the_banner(truth):
    for row in truth:
        assert (row["left"] == "") == (row["species"] == "blank") == (row["count"] == "0")
        if row["left"]:
            left, top, right, bottom = _box(row)
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 0.97


def test_night_photos_are_grey_but_for_the_logo(folder, truth):
    for row in truth[::5]:
        with Image.open(folder / "photos" / row["path"]) as image:
            view = np.asarray(image.crop((0, 0, 240, 160)), np.int16)
        colour = np.ptp(view, axis=2)[:, 60:].mean()
        assert colour < 1 if row["night"] == "1" else colour > 3


def test_only_the_figures_of_the_banner_change():
    strips = []
    for colour, clock, temperature in (("black", datetime(2024, 9, 4, 5, 6, 7), 8), ("white", datetime(2025, 1, 1), 9)):
        image = Image.new("RGB", (800, 600), colour)
        banner.stamp(image, "M1", clock, temperature, 0.3)
        strips.append(np.asarray(image, np.int16)[576:])
    changed = np.ptp(strips, axis=0).max(axis=2) > 0
    assert not changed[:, :60].any() and not changed[:, 150:500].any() and not changed[:3].any()
    assert changed[:, 560:].any() and changed[:, 60:150].any()


def test_deployments_hold_their_photos(folder, truth):
    rows = {row["deployment"]: row for row in read_deployments(folder / "deployments.csv")}
    assert set(rows) == {row["deployment"] for row in truth}
    for row in truth:
        where = rows[row["deployment"]]
        assert (where["site"], where["camera"]) == (row["site"], row["camera"])
        assert where["start"] <= _when(row["taken_truly"]) <= where["end"]
        assert 48 < where["latitude"] < 49 and 69 < where["longitude"] < 70


def test_detections_are_in_the_format_of_megadetector(folder, truth):
    told = json.loads((folder / "megadetector.json").read_text(encoding="utf-8"))
    assert told["info"]["format_version"] == "1.6" and "simulated" in told["info"]["detector"]
    assert [image["file"] for image in told["images"]] == [row["path"] for row in truth]
    failed = [image for image in told["images"] if image.get("failure")]
    assert len(failed) == 1 and failed[0]["detections"] is None
    kinds = Counter()
    for image, row in zip(told["images"], truth):
        for found in image["detections"] or ():
            x, y, width, height = found["bbox"]
            assert min(x, y) >= 0 and max(x + width, y + height) <= 1.0001 and 0.1 <= found["conf"] <= 0.98
            kinds[row["species"], told["detection_categories"][found["category"]]] += 1
    assert kinds["person", "person"] and all(kinds[species, "animal"] for species in SPECIES)
    assert not any(kinds[species, "person"] for species in SPECIES)


def test_every_photo_is_drawn_the_same_again(folder):
    """Whatever was drawn before it, and on whichever core."""
    plan = draw_season.season(SMALL["seed"], SMALL["days"], SMALL["photos"])
    who = draw_season.Photographer("W1", draw_season.scene("W1", 240, 180, 3), 3)
    for shot in [shot for shot in plan.shots if shot.camera == "W1"][::-4]:
        again = io.BytesIO()
        draw_season.save(who.take(shot), shot, again)
        assert again.getvalue() == (folder / "photos" / shot.path).read_bytes(), shot.path


def test_the_whole_season_is_as_large_as_it_says(plan):
    assert 900 <= len(plan.shots) <= 1200
    events = {shot.event: shot for shot in plan.shots}
    count = Counter(shot.species for shot in events.values())
    assert all(25 <= count[species] <= 50 for species in SPECIES)
    sites = {species: {shot.site for shot in events.values() if shot.species == species} for species in SPECIES}
    assert sites["porcupine"] == {"wood", "brook"} and sites["fox"] == {"wood", "brook", "meadow"}


@pytest.mark.parametrize("seed", [7, 8])
def test_activity_peaks_where_the_habits_say(seed):
    events = {shot.event: shot for shot in reversed(draw_season.season(seed, 25, 1000).shots)}
    for species, habit in HABITS.items():
        hours = [shot.taken.hour + shot.taken.minute / 60 for shot in events.values() if shot.species == species]
        middle = np.angle(np.exp(2j * np.pi * np.array(hours) / 24).mean()) * 12 / np.pi
        assert abs((middle - habit.peak + 12) % 24 - 12) < 0.75, species


def test_another_seed_is_another_season(plan):
    assert [shot.taken for shot in plan.shots] != [shot.taken for shot in draw_season.season(8, 25, 1000).shots]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert draw_season.main([str(tmp_path)]) == 1
    assert "something else than a season" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_photo_that_somebody_added_is_left_alone(tmp_path):
    for name in ("deployments.csv", "megadetector.json"):
        (tmp_path / name).touch()
    (tmp_path / "truth.csv").write_text("path\nwood/W1/IMG_0001.JPG\n", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").touch()
    with pytest.raises(ValueError, match="something else than a season"):
        draw_season.draw(tmp_path)
    assert (tmp_path / "photos" / "mine.jpg").exists()


def test_it_is_whole_or_not_there(tmp_path, monkeypatch):
    def fails(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(draw_season, "_photos", fails)
    assert draw_season.main([str(tmp_path / "season")]) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("odd", [{"days": 1}, {"photos": 0}, {"scale": 9}, {"days": 2, "photos": 5000}])
def test_what_cannot_be_drawn_is_said(tmp_path, odd):
    with pytest.raises(ValueError, match="days"):
        draw_season.draw(tmp_path / "season", **odd)
    assert not list(tmp_path.iterdir())
