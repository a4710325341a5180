"""Animals found without a detector: by a stand-in for the network to which bright is an animal, and by the network."""

import datetime
import json
import shutil
import sqlite3
import zlib
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import ArgumentError, FrameError, ModelError, StoreError
from helpers.networks.animal_map import animal_map
from helpers.networks.runtime import Session
from helpers.photos.load import load_photos
from helpers.season import Parts, Season, export_sightings, find_animals, read_detections
from helpers.season.detection import photo_maps
from helpers.similarity.build import create
from tests.support.animal_maps import bright_map
from tests.support.places import SHARED
from tests.support.sightings import sightings

SIZE = (448, 336)
STUMP = (0.1, 0.6, 0.3, 0.85)  # as bright as an animal, and always there
ANIMALS = {2: (0.6, 0.2, 0.85, 0.5), 5: (0.35, 0.1, 0.6, 0.4), 8: (0.65, 0.5, 0.95, 0.8)}
ORIENTATION, TAKEN = 0x0112, 0x0132


@pytest.fixture(autouse=True)
def bright(monkeypatch):
    """The stand-in, for all tests but the last one."""
    monkeypatch.setattr(photo_maps, "animal_map", bright_map)


def scene(number, *boxes):
    """A dark photo with bright boxes."""
    noise = np.random.default_rng(number).integers(20, 50, (SIZE[1], SIZE[0], 3), np.uint8)
    for left, top, right, bottom in boxes:
        noise[int(top * SIZE[1]) : int(bottom * SIZE[1]), int(left * SIZE[0]) : int(right * SIZE[0])] = 230
    return Image.fromarray(noise)


def save(photo, path, hours, orientation=None):
    exif = photo.getexif()
    exif[TAKEN] = (datetime.datetime(2026, 5, 1) + datetime.timedelta(hours=hours)).strftime("%Y:%m:%d %H:%M:%S")
    if orientation:
        exif[ORIENTATION] = orientation
    photo.save(path, exif=exif, quality=92)


@pytest.fixture
def folder(tmp_path):
    """A camera of ten photos, hours apart: a stump in all of them, and an animal in three."""
    place = tmp_path / "photos" / "north" / "C1"
    place.mkdir(parents=True)
    for number in range(10):
        save(
            scene(number, STUMP, *([ANIMALS[number]] if number in ANIMALS else [])), place / f"{number}.jpg", 3 * number
        )
    return tmp_path / "photos"


def loaded(folder):
    return load_photos(folder, layout="{site}/{camera}", progress=False)[0]


def overlap(first, second):
    sides = [max(0.0, min(first[side + 2], second[side + 2]) - max(first[side], second[side])) for side in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return sides[0] * sides[1] / (sum(areas) - sides[0] * sides[1])


def best(detections, row):
    return next(box for box, each in zip(detections.boxes.tolist(), detections.rows) if each == row)


def test_what_comes_and_goes_is_found_and_the_stump_is_not(folder, capsys):
    cards = loaded(folder)
    found = find_animals(cards, store=False, progress=False)
    assert np.flatnonzero(found.animals).tolist() == sorted(ANIMALS)
    for row, box in ANIMALS.items():
        assert overlap(best(found, row), box) > 0.5
    assert found.names == list(cards["path"]) and set(found.kinds) == {"animal"}
    assert found.blank.sum() == 7 and found.seen.all() and not len(found.bad)
    undated = cards.remove_column("taken")
    again = find_animals(undated, store=False, progress=False)
    assert again.animals.all(), "without dates nothing is known of what is usual: the stump is an animal"
    events = undated.add_column(tc.SArray(list(range(10))), "event")
    assert np.array_equal(find_animals(events, store=False, progress=False).boxes, found.boxes)


def test_photos_of_a_burst_are_not_what_is_usual(folder):
    """The same animal stands still in ten photos, seconds apart."""
    place = folder / "north" / "C1"
    for number in range(10, 20):
        save(scene(number, STUMP, ANIMALS[2]), place / f"{number}.jpg", 100 + number / 1000)
    cards = loaded(folder)
    found = find_animals(cards, store=False, progress=False)
    burst = [row for row, path in enumerate(cards["path"]) if int(path.split("/")[-1][:-4]) >= 10]
    assert len(burst) == 10 and all(overlap(best(found, row), ANIMALS[2]) > 0.5 for row in burst)


@pytest.mark.parametrize("length", [4, 8, 0])
def test_maps_in_somebodys_store_are_checked(folder, tmp_path, length):
    """Of another length, or with numbers that are none."""
    store = tmp_path / "theirs.kinframe"
    find_animals(loaded(folder), store=store, progress=False)
    with closing(sqlite3.connect(store)) as connection, connection:
        for photo, vector in connection.execute("SELECT photo, vector FROM features").fetchall():
            other = vector[:length] or np.full(1, np.nan, "<f4").tobytes() + vector[4:]
            changed = other, zlib.crc32(photo + other), photo
            connection.execute("UPDATE features SET vector = ?, checksum = ? WHERE photo = ?", changed)
            connection.execute("UPDATE networks SET dimension = ?", (len(other) // 4,))
    with pytest.raises(StoreError, match=r"theirs\.kinframe: the maps of photos in it are damaged"):
        find_animals(loaded(folder), store=store, progress=False)


def test_several_animals_have_several_boxes(folder):
    first, second = (0.55, 0.1, 0.75, 0.35), (0.7, 0.6, 0.9, 0.9)
    save(scene(4, STUMP, first, second), folder / "north" / "C1" / "4.jpg", 12)
    found = find_animals(loaded(folder), store=False, progress=False)
    boxes = [box for box, row in zip(found.boxes.tolist(), found.rows) if row == 4]
    assert len(boxes) == 2 and all(max(overlap(box, each) for box in boxes) > 0.4 for each in (first, second))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_those_of_the_upright_photo(tmp_path, orientation):
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    (tmp_path / "C1").mkdir()
    save(scene(0, ANIMALS[2]).transpose(turn), tmp_path / "C1" / "0.jpg", 0, orientation)
    found = find_animals(load_photos(tmp_path, progress=False)[0], store=False, progress=False)
    assert overlap(best(found, 0), ANIMALS[2]) > 0.5


def test_photos_of_every_shape_are_looked_at(tmp_path):
    for number, size in enumerate([(448, 336), (336, 448), (512, 288), (288, 512), (300, 300), (900, 90)]):
        photo = scene(number, ANIMALS[2]).resize(size)
        (tmp_path / "C1").mkdir(exist_ok=True)
        save(photo, tmp_path / "C1" / f"{number}.jpg", number)
    found = find_animals(load_photos(tmp_path, progress=False)[0], store=False, progress=False)
    assert found.animals.all() and all(overlap(best(found, row), ANIMALS[2]) > 0.4 for row in range(6))


def test_bad_photos_cost_only_themselves(folder):
    cards = loaded(folder)
    place = folder / "north" / "C1"
    (place / "0.jpg").write_bytes(b"no photo")
    (place / "1.jpg").unlink()
    content = (place / "3.jpg").read_bytes()
    (place / "3.jpg").write_bytes(content[: len(content) // 2])
    found = find_animals(cards, store=False, progress=False)
    assert [row["file"] for row in found.bad] == [f"north/C1/{number}.jpg" for number in (0, 1, 3)]
    assert all(row["reason"] for row in found.bad)
    assert np.flatnonzero(~found.seen).tolist() == [0, 1, 3] and not found.blank[[0, 1, 3]].any()
    assert np.flatnonzero(found.animals).tolist() == sorted(ANIMALS)


@pytest.fixture
def counted(monkeypatch):
    """How many photos went through the network."""
    photos = []
    run = Session.run

    def counting(self, some):
        photos.extend(some)
        return run(self, some)

    monkeypatch.setattr(Session, "run", counting)
    return photos


def test_what_is_kept_is_not_computed_again(folder, counted, tmp_path):
    store = tmp_path / "kept.kinframe"
    first = find_animals(loaded(folder), store=store, progress=False)
    assert len(counted) == 10
    shutil.move(str(folder), str(tmp_path / "moved"))
    second = find_animals(loaded(tmp_path / "moved"), store=store, progress=False)
    assert len(counted) == 10, "photos are known by their bytes"
    assert np.array_equal(first.boxes, second.boxes) and np.array_equal(first.scores, second.scores)
    save(scene(77, STUMP), tmp_path / "moved" / "north" / "C1" / "77.jpg", 90)
    find_animals(loaded(tmp_path / "moved"), store=store, progress=False)
    assert len(counted) == 11


def test_an_interrupted_run_goes_on_where_it_was(folder, counted, monkeypatch, tmp_path):
    store = tmp_path / "kept.kinframe"
    monkeypatch.setattr(photo_maps, "_BATCH", 2)
    add, calls = photo_maps.FeatureStore.add, []

    def interrupted(self, *arguments):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(1)
        return add(self, *arguments)

    monkeypatch.setattr(photo_maps.FeatureStore, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        find_animals(loaded(folder), store=store, progress=False)
    monkeypatch.setattr(photo_maps.FeatureStore, "add", add)
    counted.clear()
    found = find_animals(loaded(folder), store=store, progress=False)
    assert len(counted) == 10 - 6 and np.flatnonzero(found.animals).tolist() == sorted(ANIMALS)


def test_a_file_of_it_reads_back_the_same(folder, tmp_path):
    cards = loaded(folder)
    (folder / "north" / "C1" / "0.jpg").write_bytes(b"no photo")
    found = find_animals(cards, store=False, progress=False)
    found.save(tmp_path / "found.json")
    read = read_detections(tmp_path / "found.json", cards, progress=False)
    for threshold in (0.2, 0.01, 0.9):
        ours, theirs = found.above(threshold), read.above(threshold)
        for name in ("rows", "scores", "boxes", "animals", "blank", "seen", "people", "seen_for_people"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), (threshold, name)
        assert ours.kinds == theirs.kinds
    assert read.detector == found.detector and [row["file"] for row in read.bad] == ["north/C1/0.jpg"]


def test_nobody_has_looked_for_people(folder, tmp_path, capsys):
    cards = loaded(folder)
    found = find_animals(cards, store=False, progress=False)
    assert not found.seen_for_people.any() and "people not looked for" in found.note
    assert "vehicles" not in found.note  # nor has anybody looked for these
    found.save(tmp_path / "found.json")
    content = json.loads((tmp_path / "found.json").read_text("utf-8"))
    content["detection_categories"] = {"1": "animal", "2": "person", "3": "vehicle"}
    (tmp_path / "claims.json").write_text(json.dumps(content), "utf-8")
    claimed = read_detections(tmp_path / "claims.json", cards, progress=False)
    assert not claimed.seen_for_people.any(), "it lists people, and nobody has looked for them"
    for detections in (found, claimed):
        data = detections.add_to(cards)
        assert list(data["people"]) == list(data["vehicles"]) == [None] * 10
        season = Season(create(data, model="colour", verbose=False, store=False))
        row = {"event": season.event_of(2), "path": season.names[2], "reference_label": 2}
        told = sightings(("confirmed", None, None, row))
        capsys.readouterr()
        (tmp_path / "list.csv").unlink(missing_ok=True)
        export_sightings(told, season, tmp_path / "list.csv", progress=False)
        assert "people are not filtered" in capsys.readouterr().out


def test_parts_and_seasons_take_it(folder):
    cards = loaded(folder)
    found = find_animals(cards, store=False, progress=False)
    model = create(cards, model="colour", verbose=False, store=False)
    parts = Parts.of(model, found, store=False, progress=False)
    assert parts.rows.tolist() == found.rows.tolist() and not parts.people.any()
    assert len(Season(model, parts=parts).search(2, k=1))


def test_wrong_arguments_are_refused_before_any_work(folder, counted):
    cards = loaded(folder)
    with pytest.raises(FrameError, match=r"cards is the frame of load_photos|takes an SFrame, not"):
        find_animals([str(folder)])
    with pytest.raises(FrameError, match=r"cards is the frame of load_photos|takes an SFrame, not"):
        find_animals(cards.remove_column("path"))
    with pytest.raises(FrameError, match="threshold is a score from 0 to 1"):
        find_animals(cards, threshold=20)
    with pytest.raises(ModelError, match="precision='int8' is not available here"):
        find_animals(cards, precision="int8", store=False)
    with pytest.raises(ArgumentError, match="store is the path of a file"):
        find_animals(cards, store=3)
    assert not counted


def test_no_photos_have_no_animals(folder):
    found = find_animals(loaded(folder)[:0], store=False, progress=False)
    assert len(found) == 0 and found.counts["photos"] == 0


@pytest.mark.slow("a dozen photos through the network")
@pytest.mark.once(
    "how well it works on real photos does not depend on it; that it works is tried on drawn ones in both"
)
def test_real_animals_are_found_where_a_person_drew_them(monkeypatch):
    """Some photos of a camera of the forest; what is found in all sets is measured by the benchmark."""
    monkeypatch.setattr(photo_maps, "animal_map", animal_map)
    forest = SHARED / "forest"
    if not forest.is_dir():
        pytest.skip(f"the photos of a forest are not here: {forest}")
    cards = loaded(forest)
    some = cards[cards["path"].apply(lambda path: int(path.startswith("west/camara2") and path[-5] in "037"))]
    drawn = read_detections(forest / "boxes.json", some, progress=False)
    found = find_animals(some, store=False, progress=False)
    rows = np.flatnonzero(drawn.animals)
    fits = [max(overlap(best(found.above(0), row), box) for box in drawn.boxes[drawn.rows == row]) for row in rows]
    assert len(rows) >= 6 and np.mean(np.array(fits) >= 0.3) > 0.6
