"""A detector that is run here, by a network whose output can be computed by hand."""

import signal
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from helpers.errors import ArgumentError, FrameError, ModelError, StoreError, WeightsUnavailable
from helpers.files.cache import cache_folder
from helpers.frames import HAS_TURICREATE
from helpers.networks.yolo import Detector
from helpers.photos import load_photos
from helpers.season import detect
from helpers.season.detection.detect import DETECTORS
from tests.support.detector import colour_detector, with_squares
from tests.support.file_server import serving

SIDE = 128
SQUARES = [("animal", (20, 30, 60, 70)), ("person", (100, 10, 120, 60))]


@pytest.fixture
def colours(tmp_path):
    return colour_detector(tmp_path / "colours.onnx")


@pytest.fixture
def cards(tmp_path):
    """Five photos, most of 256 x 128: with an animal and a person, blank, turned, upright, small."""
    folder = tmp_path / "cards" / "north" / "C1"
    folder.mkdir(parents=True)
    animal = with_squares((256, 128), *SQUARES)
    exif = Image.Exif()
    exif[274] = 6  # to be turned to the right
    Image.fromarray(animal).save(folder / "1.png")
    Image.fromarray(with_squares((256, 128))).save(folder / "2.png")
    Image.fromarray(np.rot90(animal)).save(folder / "3.png", exif=exif)
    Image.fromarray(with_squares((96, 192), ("vehicle", (0, 0, 48, 96)))).save(folder / "4.png")
    Image.fromarray(with_squares((32, 32), ("animal", (8, 8, 24, 24)))).save(folder / "5.png")
    cards, _ = load_photos(tmp_path / "cards", progress=False)
    return cards


def counted(monkeypatch):
    """How many photos go through a network."""
    count, run = [], Detector.run

    def counting(self, photos):
        count.extend(photos)
        return run(self, photos)

    monkeypatch.setattr(Detector, "run", counting)
    return count


def test_boxes_of_a_card(cards, colours, tmp_path):
    found = detect(cards, model=colours, size=SIDE, store=False, progress=False)
    assert [path[-5:] for path in found.frame["path"]] == ["1.png", "1.png", "3.png", "3.png", "4.png", "5.png"]
    assert found.kinds == ["animal", "person", "animal", "person", "vehicle", "animal"]
    assert set(found.scores.tolist()) == {0.9}
    assert found.blank.tolist() == [False, True, False, False, False] and found.seen_for_people.all()
    shares = [np.array(box) / (256, 128, 256, 128) for _, box in SQUARES]
    # Photos of 256 pixels are halved: an edge is within a pixel of 128.
    assert np.allclose(found.boxes, [*shares, *shares, (0, 0, 0.5, 0.5), (0.25, 0.25, 0.75, 0.75)], atol=1 / 64)


def test_a_photo_as_large_as_the_network_takes_is_right_to_a_pixel(cards, colours):
    found = detect(cards, model=colours, size=256, store=False, progress=False)
    shares = [np.array(box) / (256, 128, 256, 128) for _, box in SQUARES]
    assert np.allclose(found.boxes[:4], [*shares, *shares], atol=1e-4)


def test_what_was_looked_at_is_not_looked_at_again(cards, colours, monkeypatch):
    count = counted(monkeypatch)
    first = detect(cards, model=colours, size=SIDE, progress=False)
    assert len(count) == 5
    again = detect(cards, model=colours, size=SIDE, threshold=0.05, progress=False)
    assert len(count) == 5 and np.array_equal(again.boxes[: len(first)].shape, first.boxes.shape)
    assert first.frame["score"].dtype is float and again.above(0.2).boxes.tolist() == first.boxes.tolist()
    detect(cards[:2], model=colours, size=256, progress=False)
    assert len(count) == 7, "another size is another answer"


def test_a_copy_of_a_photo_is_not_looked_at_twice(cards, colours, monkeypatch):
    count = counted(monkeypatch)
    detect(cards[:1], model=colours, size=SIDE, store=False, progress=False)
    both = detect(cards[:1].append(cards[:1]), model=colours, size=SIDE, store=False, progress=False)
    assert both.animals.tolist() == [True, True] and len(count) <= 3


@pytest.mark.skipif(HAS_TURICREATE, reason="Turi Create's frames hold copies, which do not go")
def test_a_photo_that_cannot_be_read_costs_no_other(cards, colours):
    with open(cards["file"][1], "wb") as file:  # noqa: PTH123
        file.write(b"no photo")
    with open(cards["file"][2], "rb+") as file:  # noqa: PTH123
        file.truncate(150)
    found = detect(cards, model=colours, size=SIDE, store=False, progress=False)
    assert found.animals[[0, 4]].all() and not found.blank.any()
    assert [row["file"] for row in found.bad] == list(cards["path"])[1:3] and all(row["reason"] for row in found.bad)


@pytest.mark.slow("a process is started")
def test_killed_and_resumed(cards, colours, monkeypatch):
    count = counted(monkeypatch)
    script = f"""
import os, signal
from helpers.networks.yolo import Detector
from helpers.photos import load_photos
from helpers.season import detect
run, done = Detector.run, []
def slowly(self, photos):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(1)
    return run(self, photos)
Detector.run = slowly
cards, _ = load_photos({str(colours.parent / "cards")!r}, progress=False)
detect(cards, model={str(colours)!r}, size={SIDE}, progress=False)
"""
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    found = detect(cards, model=colours, size=SIDE, progress=False)
    assert found.animals.sum() == 3 and 0 < len(count) < 5, "the first photos were kept"


def test_arguments_that_are_none(cards, colours):
    for wrong in (100, 63, 1281):
        with pytest.raises(FrameError, match="a multiple of 64"):
            detect(cards, model=colours, size=wrong)
    with pytest.raises(ArgumentError, match="size is a whole number"):
        detect(cards, model=colours, size=0)
    with pytest.raises(FrameError, match="threshold is a score"):
        detect(cards, model=colours, size=SIDE, threshold=2)
    for wrong in ([], cards.select_columns(["id", "image"]), None):
        with pytest.raises(FrameError, match=r"cards is the frame of load_photos|takes an SFrame, not"):
            detect(wrong, model=colours)
    for wrong in ("megadetecter", 3, colours.parent, colours.parent / "gone.onnx"):
        with pytest.raises(FrameError, match=r"is no detector; there are 'megadetector', and the path of an ONNX file"):
            detect(cards, model=wrong)
    text = colours.with_name("text.onnx")
    text.write_text("no network")
    with pytest.raises(ModelError, match=r"text\.onnx is not an ONNX network"):
        detect(cards, model=text)


def test_the_detector_is_downloaded_once_and_pinned(cards, colours, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    wanted = DETECTORS["megadetector"]
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setenv("KINFRAME_MIRROR", str(mirror))
    with pytest.raises(WeightsUnavailable, match=r"(?s)is not available: .*set KINFRAME_MIRROR.*by hand"):
        detect(cards, size=SIDE, progress=False)
    (mirror / wanted.file).write_bytes(colours.read_bytes())
    assert detect(cards, size=SIDE, progress=False).animals.sum() == 3
    assert "is downloaded once: 560 MB" in capsys.readouterr().out
    detect(cards, size=SIDE, progress=False)
    assert "downloaded" not in capsys.readouterr().out
    place = cache_folder() / "weights" / wanted.file
    place.write_bytes(place.read_bytes()[:100])  # half a file
    (mirror / wanted.file).write_bytes(b"another file")
    with pytest.raises(WeightsUnavailable, match="is another file"):
        detect(cards, size=SIDE, progress=False)
    (mirror / wanted.file).write_bytes(colours.read_bytes())
    with pytest.warns(UserWarning, match="was not the right file"):
        assert detect(cards, size=SIDE, progress=False).animals.sum() == 3


def test_the_detector_comes_from_its_address_and_from_no_file_that_lies_about(cards, colours, monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KINFRAME_MIRROR")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with serving({"detector.onnx": colours.read_bytes()}) as server:
        wanted = DETECTORS["megadetector"]._replace(url=f"{server.address}/detector.onnx")
        for letter in set(wanted.url) - {"/", "."}:
            (here / letter).write_bytes(b"theirs")
        monkeypatch.setitem(DETECTORS, "megadetector", wanted)
        assert detect(cards, size=SIDE, progress=False).animals.sum() == 3
        assert server.downloads == 1


@pytest.mark.parametrize(("column", "number"), [(0, np.nan), (3, np.inf), (4, 1e30), (5, np.nan), (5, 0.5)])
def test_detections_in_somebodys_store_are_checked(cards, colours, tmp_path, column, number):
    store = tmp_path / "theirs.kinframe"
    detect(cards[:1], model=colours, size=SIDE, store=store, progress=False)
    with closing(sqlite3.connect(store)) as connection, connection:
        [(photo, vector)] = connection.execute("SELECT photo, vector FROM features").fetchall()
        numbers = np.frombuffer(vector, "<f4").copy()
        numbers[6 + column] = number
        changed = numbers.tobytes(), zlib.crc32(photo + numbers.tobytes())
        connection.execute("UPDATE features SET vector = ?, checksum = ?", changed)
    with pytest.raises(StoreError, match=r"theirs\.kinframe: the detections in it are damaged"):
        detect(cards[:1], model=colours, size=SIDE, store=store, progress=False)


def test_detections_of_another_length_are_damaged(cards, colours, tmp_path):
    store = tmp_path / "theirs.kinframe"
    detect(cards[:1], model=colours, size=SIDE, store=store, progress=False)
    with closing(sqlite3.connect(store)) as connection, connection:
        [(photo, vector)] = connection.execute("SELECT photo, vector FROM features").fetchall()
        changed = vector[:28], zlib.crc32(photo + vector[:28])
        connection.execute("UPDATE features SET vector = ?, checksum = ?", changed)
        connection.execute("UPDATE networks SET dimension = 7")
    with pytest.raises(StoreError, match=r"theirs\.kinframe: the detections in it are damaged"):
        detect(cards[:1], model=colours, size=SIDE, store=store, progress=False)
