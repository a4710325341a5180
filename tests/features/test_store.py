import contextlib
import datetime
import os
import shutil
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

from helpers.errors import StoreError
from helpers.features import feature_rows
from helpers.features.directions import packed, unpacked
from helpers.features.store import CheckedFile, FeatureStore, StoredNetwork, kept_networks
from helpers.files.stamps import Stamp
from helpers.images.decode import READING
from helpers.images.thumbnails import Thumbnails
from tests.support.hostile_files import naming_journal
from tests.support.hostile_files import photo as hostile_photo
from tests.support.places import ROOT
from tests.support.until import HANGS


def photo(number):
    return f"{number:064x}"


def vectors(count, dimension=5, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "it's 100% mine?#.kinframe"


@pytest.fixture
def store(path):
    with FeatureStore(path) as store:
        yield store


def test_what_was_added_is_there_bit_for_bit(store, path):
    kept = vectors(700)
    kept[3] = [0.0, -0.0, np.float32(1e-45), np.finfo(np.float32).max, -1.5]
    store.add("net", [photo(number) for number in range(700)], kept)
    with FeatureStore(path) as again:
        for reader in (store, again):
            rows, found = reader.features("net", [photo(number) for number in range(700)])
            assert rows.dtype == np.int64 and rows.tolist() == list(range(700))
            assert found.dtype == np.float32 and found.tobytes() == kept.tobytes()


def test_photos_come_in_the_order_in_which_they_are_asked_for(store):
    kept = vectors(3)
    store.add("net", [photo(0), photo(1), photo(2)], kept)
    rows, found = store.features("net", [photo(2), photo(9), photo(0), photo(2), photo(8)])
    assert rows.tolist() == [0, 2, 3]
    assert np.array_equal(found, kept[[2, 0, 2]])


def test_networks_do_not_mix(store):
    store.add("one", [photo(0)], vectors(1, 4))
    store.add("two", [photo(0), photo(1)], vectors(2, 7))
    assert store.features("one", [photo(0)])[1].shape == (1, 4)
    assert store.features("two", [photo(0)])[1].shape == (1, 7)
    assert store.photos("one") == {photo(0)} and store.photos("two") == {photo(0), photo(1)}
    assert store.contents() == [StoredNetwork("one", 4, 1), StoredNetwork("two", 7, 2)]


def test_which_networks_have_features(store, path, tmp_path):
    assert kept_networks(path) == []
    for name in ("resnet-50-torchvision", "efficientnet-lite0"):
        store.add(f"{name} {'ab' * 32} fp32", ["cd" * 32], np.ones((1, 4), np.float32))
    assert kept_networks(path) == ["resnet-50-torchvision", "efficientnet-lite0"]
    (tmp_path / "text.kinframe").write_text("something else")
    assert kept_networks(tmp_path / "text.kinframe") == kept_networks(tmp_path / "none") == kept_networks(None) == []


def test_another_connection_writes_and_reads_the_same_rows(store, path):
    store.add("net", [photo(0)], vectors(1))
    with contextlib.closing(sqlite3.connect(str(path))) as connection, connection:
        network, dimension = connection.execute(feature_rows.FIND_NETWORK, ("net",)).fetchone()
        rows = feature_rows.rows_of_features(network, [photo(1)], vectors(1, seed=1))
        connection.executemany(feature_rows.ADD_FEATURE, rows)
        asked = [network, bytes.fromhex(photo(0)), bytes.fromhex(photo(9))]
        (row,) = connection.execute(feature_rows.find_features(2), asked).fetchall()
        assert np.array_equal(feature_rows.feature_of_row(*row, dimension), vectors(1)[0])
        assert connection.execute(feature_rows.find_features(2, "photo"), asked).fetchall() == [row[:1]]
        with pytest.raises(ValueError, match="not what was written"):
            feature_rows.feature_of_row(row[0], row[1], row[2] + 1, dimension)
    assert np.array_equal(store.features("net", [photo(1)])[1], vectors(1, seed=1))


def test_nothing_is_kept_yet(store):
    rows, found = store.features("net", [photo(0)])
    assert rows.shape == (0,) and len(found) == 0
    assert store.photos("net") == set() and store.files() == {} and store.contents() == []
    assert len(store.features("net", [])[1]) == 0


def test_a_photo_twice_is_kept_once(store):
    store.add("net", [photo(0), photo(0)], vectors(2))
    store.add("net", [photo(0)], vectors(1, seed=1))
    assert np.array_equal(store.features("net", [photo(0)])[1], vectors(2)[:1])


def test_files_are_known_by_name_and_stamp(store):
    names = ["/photos/a.jpg", "/photos/é '\" <b>.jpg", os.fsdecode(b"/photos/\xff.jpg")]
    stamps = [Stamp(10, 1_700_000_000_123_456_789, number) for number in range(3)]
    store.add("net", [], np.empty((0, 0)), [(name, stamp, photo(7)) for name, stamp in zip(names, stamps)])
    assert store.files() == {name: (stamp, photo(7)) for name, stamp in zip(names, stamps)}
    store.add("net", [], np.empty((0, 0)), [(names[0], stamps[2], photo(8))])
    assert store.files()[names[0]] == (stamps[2], photo(8))
    assert store.contents() == []


CHECKED = {
    "/photos/a.jpg": CheckedFile(Stamp(10, 1_700_000_000_123_456_789, 3), 4000, 3000, None),
    "/photos/é '\" <b>.jpg": CheckedFile(Stamp(0, -1, 2), 1, 1, datetime.datetime(2014, 6, 1, 5, 59, 58)),
    os.fsdecode(b"/photos/\xff.jpg"): CheckedFile(Stamp(1, 2, 3), 9, 9, datetime.datetime(1826, 1, 1)),
}


def test_what_is_remembered_of_files_that_were_checked(store):
    assert store.checked() == {}
    store.add_checked(CHECKED)
    assert store.checked() == CHECKED
    changed = CheckedFile(Stamp(11, 2, 3), 2, 3, None)
    store.add_checked({"/photos/a.jpg": changed})
    assert store.checked() == {**CHECKED, "/photos/a.jpg": changed}
    store._connection.execute(f"UPDATE checked_{READING} SET taken = 'x'")  # noqa: S608
    with pytest.raises(StoreError, match="damaged; delete the file"):
        store.checked()


def test_files_that_were_checked_when_photos_were_read_otherwise_are_checked_again(store):
    store.add_checked(CHECKED)
    store.add("net", [photo(0)], vectors(1))
    store._connection.execute(f"ALTER TABLE checked_{READING} RENAME TO checked")
    with FeatureStore(store.path) as again:
        assert again.checked() == {} and again.photos("net") == {photo(0)}
        again.add_checked(CHECKED)
        assert again.checked() == CHECKED


def test_a_batch_is_kept_whole_or_not_at_all(store):
    store.add("net", [photo(0)], vectors(1))
    with pytest.raises(StoreError, match=r"net has 5 features here, not 6"):
        store.add("net", [photo(1)], vectors(1, 6), [("/a.jpg", Stamp(1, 2, 3), photo(1))])
    with pytest.raises(ValueError):
        store.add("net", [photo(1), "no hash"], vectors(2))
    assert store.photos("net") == {photo(0)} and store.files() == {}


def test_two_notebooks_read_and_write_at_once(store, path):
    with FeatureStore(path) as other:
        for number in range(10):
            (store, other)[number % 2].add("net", [photo(number)], vectors(1, seed=number))
        assert store.photos("net") == other.photos("net") == {photo(number) for number in range(10)}


@pytest.mark.slow("processes are started")
def test_a_store_that_somebody_makes_at_this_moment_is_one(tmp_path, monkeypatch):
    """What is looked at to know a store is of one moment, not partly of the one before."""
    path, look = tmp_path / "features.kinframe", FeatureStore._value
    others = []

    def slowly(store, statement):
        value = look(store, statement)
        if not others:
            others.append(threading.Thread(target=lambda: FeatureStore(path).close()))
            others[0].start()
            others[0].join(1)  # it is done by then, or waits for us
        return value

    monkeypatch.setattr(FeatureStore, "_value", slowly)
    with FeatureStore(path) as store:
        assert store.contents() == []
    others[0].join(HANGS)
    assert not others[0].is_alive()


@pytest.mark.slow("processes are started")
@pytest.mark.once("it is SQLite that keeps processes apart")
def test_many_processes_make_and_fill_one_store(path):
    fill = (
        "import sys, numpy as np\nfrom helpers.features.store import FeatureStore\n"
        "for n in range(20):\n  with FeatureStore(sys.argv[1]) as store:\n"
        "    store.add('net', [f'{n:064x}', sys.argv[2] * 64], np.full((2, 3), n, np.float32))"
    )
    root = ROOT
    running = [subprocess.Popen([sys.executable, "-c", fill, str(path), str(number)], cwd=root) for number in range(4)]
    assert [process.wait(120) for process in running] == [0] * 4
    with FeatureStore(path) as store:
        assert len(store.photos("net")) == 20 + 3  # the photo 000… is among the numbered ones
        assert np.array_equal(store.features("net", [photo(19)])[1], [[19, 19, 19]])


def test_a_full_disk_is_told_and_costs_nothing_that_was_kept(store, path):
    store.add("net", [photo(0)], vectors(1))
    store._connection.execute("PRAGMA max_page_count = 10")
    with pytest.raises(StoreError, match=r"the disk is full\. Make room and go on"):
        store.add("net", [photo(number) for number in range(1, 2000)], vectors(1999))
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert store.photos("net") == {photo(0)}
    store.add("net", [photo(1)], vectors(1))
    assert len(store.photos("net")) == 2


def read_only(monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)


def test_a_store_that_may_not_be_written_can_be_read(store, path, monkeypatch):
    store.add("net", [photo(0)], vectors(1))
    store.close()
    read_only(monkeypatch)
    with FeatureStore(path) as shared:
        assert not shared.writable
        assert np.array_equal(shared.features("net", [photo(0)])[1], vectors(1))
        with pytest.raises(StoreError, match=r"may be read, not written.*store=False"):
            shared.add("net", [photo(1)], vectors(1))


def test_where_none_can_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.inner: features cannot be kept there.*store=False"):
        FeatureStore(tmp_path / "file" / "inner")
    read_only(monkeypatch)
    with pytest.raises(StoreError, match=r"none\.kinframe: features cannot be kept there.*Name another"):
        FeatureStore(tmp_path / "none.kinframe")


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreError, match=r"a folder; name a file in it, such as .*features\.kinframe"):
        FeatureStore(tmp_path)


@pytest.mark.parametrize("version", [1, 3])
def test_a_store_of_another_version_is_left_alone(store, path, version):
    store._connection.execute(f"PRAGMA user_version = {version}")
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"another version of Kinframe \(format {version}, .* reads 2\); update"):
        FeatureStore(path)
    assert path.read_bytes() == before


def test_what_is_something_else_is_left_alone(tmp_path):
    photo_file, database = tmp_path / "photo.jpg", tmp_path / "other.db"
    photo_file.write_bytes(b"\xff\xd8 a photo" * 500)
    with contextlib.closing(sqlite3.connect(str(database))) as connection:
        connection.execute("CREATE TABLE diary (day TEXT)")
    for path, said in (
        (photo_file, "not a store of features"),
        (database, "a database of something else"),
    ):
        before = path.read_bytes()
        with pytest.raises(StoreError, match=f"{path.name}: .*({said})"):
            FeatureStore(path)
        assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "empty").touch()
    with FeatureStore(tmp_path / "empty") as store:
        store.add("net", [photo(0)], vectors(1))


@pytest.mark.parametrize("damage", ["cut", "zeros", "bit"])
def test_damage_is_told(store, path, damage):
    store.add("net", [photo(number) for number in range(200)], vectors(200, 300))
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "zeros":
        content[4096:40960] = bytes(36864)
    else:
        place = content.index(vectors(200, 300)[77].tobytes())
        content[place + 5] ^= 1
    path.write_bytes(content)
    damaged = pytest.raises(StoreError, match=r"damaged; delete the file, and they are computed again")
    with damaged, FeatureStore(path) as again:
        again.features("net", [photo(number) for number in range(200)])


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_feature_that_is_no_number_is_damage(store, number):
    features = vectors(3)
    features[1, 0] = number
    store.add("a network", [photo(each) for each in range(3)], features)
    assert store.features("a network", [photo(0), photo(2)])[0].tolist() == [0, 1]
    with pytest.raises(StoreError, match="not finite"):
        store.features("a network", [photo(1)])


def test_packed_directions_come_back_whatever_number_their_bits_are(store):
    directions = np.zeros((200, 3, 8), np.float32)
    directions[..., 2:4] = -0.5, 1
    kept = packed(directions)
    assert np.isnan(kept).all(axis=0).any(), "bits of no number"
    photos = [photo(each) for each in range(200)]
    store.add("parts", photos, kept)
    rows, found = store.features("parts", photos, finite=False)
    assert rows.tolist() == list(range(200))
    assert np.array_equal(unpacked(found, 3, 8), unpacked(kept, 3, 8))


def test_a_store_that_is_deleted_meanwhile_is_made_again(store, path):
    store.add("a network", [photo(1)], vectors(1))
    shutil.rmtree(path.parent)
    store.add("a network", [photo(2)], vectors(1), [("/b.jpg", Stamp(1, 2, 3), photo(2))])
    assert store.photos("a network") == {photo(2)} and set(store.files()) == {"/b.jpg"}
    shutil.rmtree(path.parent)
    store.add_checked(CHECKED)
    with FeatureStore(path) as other:
        assert other.checked() == CHECKED and other.contents() == []


# --- files of strangers


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
FOREIGN = {
    "a view": f"DROP TABLE features; CREATE VIEW features AS {ENDLESS} 1 AS network, x'00' AS photo, i AS vector, "
    "0 AS checksum FROM n",
    "a view that counts": f"ALTER TABLE networks RENAME TO n2; CREATE VIEW networks AS {ENDLESS} count(*) AS id, "
    "'a' AS key, 4 AS dimension FROM n",
    "another view": "CREATE VIEW other AS SELECT 1",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON features BEGIN DELETE FROM files; END",
    "a computed column": "DROP TABLE networks; CREATE TABLE networks (id INTEGER PRIMARY KEY, key TEXT, dimension "
    "INTEGER GENERATED ALWAYS AS (length(zeroblob(900000000))) VIRTUAL)",
    "a check": "DROP TABLE files; CREATE TABLE files (path, size, modified, changed, photo CHECK (length(photo) > 0))",
    "an index of an expression": "CREATE INDEX i ON features (hex(vector))",
    "a virtual table": "CREATE VIRTUAL TABLE words USING fts5(a)",
}


@pytest.mark.parametrize("schema", FOREIGN.values(), ids=FOREIGN)
def test_what_would_run_in_a_foreign_file_is_not_opened(store, path, schema):
    store.add("a network", [photo(1)], vectors(1))
    store.close()
    with contextlib.closing(sqlite3.connect(str(path))) as other:
        try:
            other.executescript(schema)
        except sqlite3.OperationalError as error:
            pytest.skip(f"this SQLite cannot make it: {error}")
    with pytest.raises(StoreError, match="it is not opened"):
        FeatureStore(path)


def test_a_journal_that_has_another_file_deleted_is_not_followed(store, path, tmp_path):
    store.add("a network", [photo(1)], vectors(1))
    store.close()
    diary, link = tmp_path / "diary", tmp_path / "linked.kinframe"
    diary.write_text("mine")
    link.symlink_to(path)
    path.with_name(f"{path.name}-journal").write_bytes(naming_journal(path.read_bytes(), diary))
    Thumbnails(path).get_many([(hostile_photo(), None)])
    for named in (path, link):
        with pytest.raises(StoreError, match="journal"):
            FeatureStore(named)
    assert diary.read_text() == "mine"


def test_a_view_that_comes_after_the_look_is_not_read(store, path):
    store.add("a network", [photo(1)], vectors(1))
    with contextlib.closing(sqlite3.connect(str(path))) as other:
        other.executescript(FOREIGN["a view"])
    with pytest.raises(StoreError, match=r"prohibited|not authorized"):
        store.photos("a network")


def test_a_statement_without_an_end_is_broken_off(store, path, monkeypatch):
    monkeypatch.setattr("helpers.files.database_file._MOST_STEPS", 1)
    store.add("a network", [], vectors(0), [(f"/{number}", Stamp(1, 2, 3), photo(1)) for number in range(200)])
    with pytest.raises(StoreError, match="far too long"), store._explained():
        store._connection.execute("SELECT count(*) FROM files, files b, files c, files d").fetchone()
    store.add("a network", [photo(1)], vectors(1))
    monkeypatch.setattr("helpers.files.database_file._STEP", 500)
    monkeypatch.setattr("helpers.files.database_file._MOST_STEPS", 40)
    with FeatureStore(path) as again:
        assert [len(again.files()) for _ in range(100)] == [200] * 100, "each has its own time"


OTHERWISE = f"UPDATE checked_{READING}"
ODD = {
    "dimension as text": ("UPDATE networks SET dimension = 'x'", lambda store: store.features("a network", [photo(1)])),
    "a huge dimension": (
        "UPDATE networks SET dimension = 1 << 60",
        lambda store: store.features("a network", [photo(1)]),
    ),
    "a negative one": ("UPDATE networks SET dimension = -5", lambda store: store.features("a network", [photo(1)])),
    "vector as text": ("UPDATE features SET vector = 'x'", lambda store: store.features("a network", [photo(1)])),
    "checksum as text": ("UPDATE features SET checksum = 'x'", lambda store: store.features("a network", [photo(1)])),
    "photo as number": ("UPDATE features SET photo = 7", lambda store: store.photos("a network")),
    "key as bytes": ("UPDATE networks SET key = x'ff'", lambda store: store.contents()),
    "path as number": ("UPDATE files SET path = 7", lambda store: store.files()),
    "size as text": ("UPDATE files SET size = 'x'", lambda store: store.files()),
    "photo of a file as text": ("UPDATE files SET photo = 'x'", lambda store: store.files()),
    "width as text": (OTHERWISE + " SET width = 'x'", lambda store: store.checked()),
    "height as a fraction": (OTHERWISE + " SET height = 0.5", lambda store: store.checked()),
    "taken as number": (OTHERWISE + " SET taken = 7", lambda store: store.checked()),
}


@pytest.mark.parametrize("statement, read", ODD.values(), ids=ODD)
def test_values_of_another_type_are_damage(store, path, statement, read):
    stamp = Stamp(1, 2, 3)
    store.add("a network", [photo(1)], vectors(1), [("/a.jpg", stamp, photo(1))])
    store.add_checked({"/a.jpg": CheckedFile(stamp, 4, 3, datetime.datetime(2024, 5, 1))})
    with contextlib.closing(sqlite3.connect(str(path))) as other:
        other.execute(statement)
        other.commit()
    with pytest.raises(StoreError, match="are damaged"):
        read(store)


def test_many_are_read_in_one_go_and_few_are_looked_for(store):
    kept, photos = vectors(1200), [photo(number) for number in range(1200)]
    store.add("net", photos, kept)
    store.add("another", photos[:10], vectors(10))
    statements = []
    store._connection.set_trace_callback(statements.append)
    for wanted, selected in ((photos, 1), ([*photos[::-1], photos[3]], 1), (photos[100:1000:2], 1), (photos[:600], 2)):
        statements.clear()
        rows, found = store.features("net", wanted)
        assert rows.tolist() == list(range(len(wanted)))
        assert np.array_equal(found, kept[[int(one, 16) for one in wanted]])
        assert sum("vector" in statement for statement in statements) == selected
