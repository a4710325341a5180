import contextlib
import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.errors import FrameError, PhotoError
from helpers.files import stamps, threads, thumbnail_file
from helpers.images import decode, thumbnails
from helpers.images.decode import READING, open_photo
from helpers.images.thumbnails import Thumbnails
from helpers.images.whole_jpeg import load_whole
from helpers.photos.load import thumbnail
from tests.support.pictures import animal_in_a_forest, encoded, folder_of, picture, share_of_animal, turned
from tests.support.places import ROOT


@pytest.fixture
def photos(tmp_path):
    """Six photos in a folder: where each lies, and its sha-256."""
    folder = folder_of(tmp_path / "photos")
    paths = sorted(str(path) for path in folder.rglob("*.jpg"))
    return [(path, hashlib.sha256(Path(path).read_bytes()).hexdigest()) for path in paths]


@pytest.fixture
def made(monkeypatch):
    """The photos of which a thumbnail was made, not taken from the file."""
    contents = []
    monkeypatch.setattr(
        thumbnails, "thumbnail", lambda content, **size: contents.append(content) or _make(content, size)
    )
    return contents


def _make(content, size):
    return thumbnail(content, **size)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The file in the cache folder, whose photos count as settled at once."""
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(stamps, "_SETTLED", -(10**11))  # ns
    return tmp_path / "cache" / "thumbnails.kinframe"


def shape(jpeg):
    return Image.open(io.BytesIO(jpeg)).size


def sql(path, statement, *values):
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def test_a_thumbnail_is_made_once(photos, made, place):
    first = [Thumbnails().get(*photo) for photo in photos]
    assert first == [thumbnail(path) for path, _ in photos]
    assert Thumbnails().get_many(photos) == first == [Thumbnails().get(*photo) for photo in photos]
    assert len(made) == len(photos)
    shutil.rmtree(place.parent)
    assert Thumbnails().get_many(photos) == first
    assert len(made) == 2 * len(photos)
    assert Thumbnails().path == place and place.exists()


def test_thumbnails_are_made_again_when_photos_are_read_otherwise(photos, made, place, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(thumbnails, "READING", READING - 1)
        Thumbnails().get(*photos[0])
    Thumbnails().get(*photos[0])
    assert len(made) == 2


def test_a_part_is_kept_apart_from_its_photo(tmp_path, place):
    box = (0.7, 0.5, 0.75, 0.55)
    photo = (animal_in_a_forest(tmp_path / "photo.jpg", box), None)
    jpegs = Thumbnails().get_many([photo] * 3, [None, box, (0.1, 0.1, 0.2, 0.2)])
    assert [share_of_animal(Image.open(io.BytesIO(jpeg))) > 0.3 for jpeg in jpegs] == [False, True, False]
    assert shape(jpegs[1]) == (160, 120) and Thumbnails().get(*photo) == jpegs[0]
    Path(photo[0]).unlink()
    assert Thumbnails().get_many([photo], [box]) == [None]


def test_parts_are_made_once(photos, place, monkeypatch):
    made = []
    part = thumbnails.part_thumbnail
    monkeypatch.setattr(thumbnails, "part_thumbnail", lambda *given, **size: made.append(given) or part(*given, **size))
    boxes = [(0.1, 0.1, 0.5, 0.5)] * len(photos)
    assert Thumbnails().get_many(photos, boxes) == Thumbnails().get_many(photos, boxes)
    assert len(made) == len(photos)


def test_many_are_made_once_and_come_in_their_order(photos, made, place):
    first = Thumbnails().get_many(photos)
    assert first == [thumbnail(path) for path, _ in photos]
    assert Thumbnails().get_many([*photos[::-1], photos[2]]) == [*first[::-1], first[2]]
    assert len(made) == len(photos)
    assert Thumbnails().get_many([]) == []


def test_they_are_upright_and_of_the_size_that_was_asked_for(place):
    source = encoded(picture(1, (400, 300)), "JPEG", exif=turned(6))
    for _ in range(2):
        assert shape(Thumbnails().get(source)) == (120, 160)
        assert shape(Thumbnails(size=80).get(source)) == (60, 80)
    with pytest.raises(FrameError, match="size is a whole number, 1 or more"):
        Thumbnails(size=0)


def test_bytes_are_photos_too(photos, made, place):
    copies = [(Path(path).read_bytes(), identity) for path, identity in photos]
    Thumbnails().get_many(copies[:3])
    Thumbnails().get_many([(content, None) for content, _ in copies])
    Thumbnails().get_many(photos)
    assert len(made) == len(photos), "known by their bytes, wherever they lie"


def test_a_photo_that_is_known_by_its_bytes_may_be_moved(photos, made, place, tmp_path):
    before = Thumbnails().get_many(photos)
    shutil.move(str(tmp_path / "photos"), str(tmp_path / "archive"))
    moved = [(path.replace("photos", "archive"), identity) for path, identity in photos]
    assert Thumbnails().get_many(moved) == before and len(made) == len(photos)


@pytest.mark.parametrize("identity", ["", None, hashlib.sha256(b"another").hexdigest()])
def test_a_photo_that_was_changed_is_not_taken_for_what_it_was(identity, tmp_path, place, monkeypatch):
    """Without its hash it is known by its stamp; and with the hash of what it was, nothing wrong is kept."""
    path = tmp_path / "a.jpg"
    for content in (encoded(picture(seed), "JPEG") for seed in range(3)):
        path.write_bytes(content)
        for _ in range(2):
            assert Thumbnails().get(str(path), identity) == thumbnail(content)
            assert Thumbnails().get_many([(str(path), identity)]) == [thumbnail(content)]


def test_what_was_written_only_now_is_not_kept_by_its_stamp(photos, made, tmp_path):
    """Two changes within a tick of the clock have the same stamp."""
    for _ in range(2):
        Thumbnails(tmp_path / "kept").get(photos[0][0])
    assert len(made) == 2


def test_however_a_path_is_written(photos, made, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (photos[0][0], os.path.relpath(photos[0][0])):
        Thumbnails().get(path)
    assert len(made) == 1


def test_a_photo_that_is_gone_has_no_thumbnail(photos, place):
    kept = Thumbnails().get_many(photos)
    Path(photos[1][0]).unlink()
    for identity in (photos[1][1], None):
        with pytest.raises(PhotoError, match=r"^no such file$"):
            Thumbnails().get(photos[1][0], identity)
    assert Thumbnails().get_many(photos) == [kept[0], None, *kept[2:]]


def test_a_photo_that_cannot_be_read(photos, place, tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"text")
    with pytest.raises(PhotoError, match="not a photo"):
        Thumbnails().get(str(tmp_path / "a.jpg"))
    assert Thumbnails().get_many([(str(tmp_path / "a.jpg"), None), photos[0], (b"text", None)]) == [
        None,
        thumbnail(photos[0][0]),
        None,
    ]

    def refuse(path):
        raise PhotoError("no permission to read it")

    monkeypatch.setattr(thumbnails, "read_photo", refuse)
    assert Thumbnails().get(*photos[0]) == thumbnail(photos[0][0]), "it is kept"
    with pytest.raises(PhotoError, match="no permission"):
        Thumbnails().get(*photos[1])


@pytest.mark.parametrize(
    "damage", ["jpeg = zeroblob(300)", "jpeg = 7", "checksum = checksum + 1", "checksum = 'x'", "used = 'x'"]
)
def test_a_damaged_thumbnail_is_made_again_and_replaced(photos, made, place, damage):
    before = Thumbnails().get_many(photos)
    assert sql(place, "SELECT count(*) FROM thumbnails") == [(len(photos),)]
    sql(place, f"UPDATE thumbnails SET {damage} WHERE rowid = 2")  # noqa: S608
    for _ in range(2):
        assert Thumbnails().get_many(photos) == before
    assert len(made) == len(photos) + (damage != "used = 'x'")


def spoil(path, kind):
    content = bytearray(path.read_bytes())
    if kind == "cut":
        content = content[: len(content) // 2]
    elif kind == "zeros":
        content[100:] = bytes(len(content) - 100)
    elif kind == "header":
        content[:100] = bytes(100)
    elif kind == "text":
        content = b"Dear diary, " * 1000
    path.unlink()
    if kind == "diary":
        sql(path, "CREATE TABLE diary (day TEXT)")
    elif kind == "no table":
        path.write_bytes(content)
        sql(path, "DROP TABLE thumbnails")
    else:
        path.write_bytes(content)


KINDS = ["cut", "zeros", "header", "text", "diary", "no table"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_begun_anew(photos, made, place, kind):
    before = Thumbnails().get_many(photos)
    spoil(place, kind)
    for _ in range(3):
        assert Thumbnails().get_many(photos) == before
    del made[:]
    assert Thumbnails().get_many(photos) == before and not made
    assert sql(place, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_named_is_left_as_it_is(photos, tmp_path, kind):
    kept = Thumbnails(tmp_path / "kept")
    before = kept.get_many(photos)
    spoil(kept.path, kind)
    content = kept.path.read_bytes()
    for _ in range(2):
        assert kept.get_many(photos) == before == [kept.get(*photo) for photo in photos]
    assert kept.path.read_bytes() == content


def test_a_newer_file_is_left_as_it_is(photos, place):
    before = Thumbnails().get_many(photos)
    sql(place, "PRAGMA user_version = 2")
    content = place.read_bytes()
    assert Thumbnails().get_many(photos) == before
    assert place.read_bytes() == content


def test_where_nothing_can_be_kept(photos, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "inner", tmp_path):
        assert Thumbnails(place).get_many(photos) == [thumbnail(path) for path, _ in photos]
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "file"))
    assert Thumbnails().get(*photos[0]) == thumbnail(photos[0][0])


def test_a_file_that_another_holds_for_long_is_not_waited_for(photos, place, monkeypatch):
    before = Thumbnails().get_many(photos[:3])
    monkeypatch.setattr(thumbnail_file, "_WAIT", 0.01)
    with contextlib.closing(sqlite3.connect(str(place), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert Thumbnails().get_many(photos)[:3] == before
    assert sql(place, "SELECT count(*) FROM thumbnails") == [(3,)], "and it is not taken for damaged"


def test_a_full_disk(photos, place, monkeypatch):
    before = Thumbnails().get_many(photos[:3])
    opened = thumbnail_file._opened

    def small(path):
        connection = opened(path)
        connection.execute("PRAGMA max_page_count = 8")
        return connection

    monkeypatch.setattr(thumbnail_file, "_opened", small)
    large = [(encoded(picture(seed, (300, 300)), "PNG"), None) for seed in range(20)]
    assert Thumbnails().get_many(large) == [thumbnail(source) for source, _ in large]
    monkeypatch.undo()
    monkeypatch.setenv("KINFRAME_CACHE", str(place.parent))
    assert Thumbnails().get_many(photos[:3]) == before
    assert sql(place, "SELECT count(*) FROM thumbnails") == [(3,)]


def test_what_was_not_looked_at_for_longest_goes_first(photos, made, place, monkeypatch):
    monkeypatch.setattr(thumbnail_file, "_today", lambda: 20_000)
    Thumbnails().get_many(photos)
    monkeypatch.setattr(thumbnail_file, "_today", lambda: 20_008)
    Thumbnails().get_many(photos[:2])
    assert sorted(sql(place, "SELECT used FROM thumbnails")) == [(20_000,)] * 4 + [(20_008,)] * 2
    monkeypatch.setattr(thumbnail_file, "_today", lambda: 20_010)
    Thumbnails().get_many(photos[:1])
    assert (20_010,) not in sql(place, "SELECT used FROM thumbnails"), "noted once a week"
    monkeypatch.setattr(thumbnail_file, "_MOST", 0)
    monkeypatch.setattr(thumbnail_file, "_ROOM", 4)
    monkeypatch.setattr(thumbnail_file, "_bytes_in_use", _thumbnails_beyond(3))
    del made[:]
    new = encoded(picture(99), "JPEG")
    Thumbnails().get(new)
    Thumbnails().get_many([*photos[:2], (new, None)])
    assert made == [new], "the three that were used last are still there"
    assert sql(place, "SELECT count(*) FROM thumbnails") == [(3,)]


def _thumbnails_beyond(number):
    return lambda connection: connection.execute("SELECT count(*) FROM thumbnails").fetchone()[0] - number


def test_the_file_stays_within_its_bound(place, monkeypatch):
    monkeypatch.setattr(thumbnail_file, "_MOST", 100_000)
    monkeypatch.setattr(thumbnail_file, "_ROOM", 10)
    sources = [(encoded(picture(seed, (200, 200)), "PNG"), None) for seed in range(60)]
    for start in range(0, 60, 10):
        Thumbnails().get_many(sources[start : start + 10])
    (count,) = sql(place, "SELECT count(*) FROM thumbnails")[0]
    assert 10 < count < 60
    assert place.stat().st_size < 200_000
    assert sql(place, "SELECT min(rowid), max(rowid) FROM thumbnails") == [(61 - count, 60)], "the last stay"


@pytest.mark.slow("processes are started")
def test_threads_and_processes_at_once(photos, place):
    wanted = [thumbnail(path) for path, _ in photos]
    ask = (
        "import sys\nfrom helpers.images.thumbnails import Thumbnails\n"
        "for _ in range(5):\n  assert None not in Thumbnails().get_many([(path, None) for path in sys.argv[1:]])"
    )
    command = [sys.executable, "-c", ask, *(path for path, _ in photos)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda photo: Thumbnails().get(*photo), photos * 10)
        assert list(answers) == wanted * 10
        shared = Thumbnails()
        assert list(pool.map(shared.get_many, [photos] * 10)) == [wanted] * 10
    assert [process.wait(120) for process in running] == [0] * 3
    assert sql(place, "PRAGMA integrity_check") == [("ok",)]


def test_a_jpeg_is_decoded_to_no_more_pixels_than_its_thumbnail_needs(monkeypatch):
    decoded = []

    def load(image):
        load_whole(image)
        decoded.append(image.size)

    monkeypatch.setattr(decode, "load_whole", load)
    for size, tag, smallest in (((1280, 960), 1, (160, 120)), ((1300, 700), 6, (163, 88)), ((150, 100), 1, (150, 100))):
        content = encoded(picture(1, size), "JPEG", exif=turned(tag))
        made = Image.open(io.BytesIO(thumbnail(content)))
        wanted = open_photo(content, within=160)
        assert decoded[0] == smallest and made.size == wanted.size
        assert np.abs(np.asarray(made, int) - np.asarray(wanted, int)).mean() < 4, "upright, and the same picture"
        decoded.clear()


def test_thumbnails_that_are_kept_cost_no_thread(photos, place, monkeypatch):
    before = Thumbnails().get_many(photos)
    monkeypatch.setattr(threads, "ThreadPoolExecutor", lambda **_: pytest.fail("a thread is made"))
    monkeypatch.setattr(threads, "_SLACK", float("inf"))  # however busy this machine is
    assert Thumbnails().get_many(photos) == before
