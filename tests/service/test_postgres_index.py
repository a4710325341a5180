import json
import socket
import struct
import threading

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError, StoreError, Unavailable
from helpers.features.distance import METRICS
from helpers.features.index import Index
from helpers.photos.load import load_photos
from helpers.similarity.build import check_index, create, load_model
from tests.support.app_server import free_port
from tests.support.pictures import folder_of, tiny_network

RANDOM = np.random.default_rng(11)


def features(rows, dimension):
    vectors = RANDOM.standard_normal((rows, dimension)).astype(np.float32)
    vectors[20:60] = vectors[20]
    vectors[70:72] = 0
    return vectors


def names(rows):
    return [f"{number:064x}" for number in range(rows)]


def statements(url):
    """How many features, collections and rows an archive has."""
    import psycopg

    with psycopg.connect(url) as connection:
        counted = "SELECT (SELECT count(*) FROM kinframe_features_1), (SELECT count(*) FROM kinframe_collections)"
        return connection.execute(counted).fetchone()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dimension", [24, 2100])
@pytest.mark.once("the database is the same", but=["24-euclidean", "24-cosine"])
def test_it_answers_as_an_index_in_memory_does_to_the_last_bit(postgres_url, metric, dimension):
    vectors = features(400, dimension)
    archive = check_index(postgres_url, metric)
    index = archive.index(vectors, metric, key="a network", identities=names(400))
    whole = Index(vectors, metric)
    queries = np.concatenate([vectors[[0, 20, 45, 70, 399]], features(80, dimension)[:2]])
    for k in (1, 10, 90, 300, None):
        for ours, theirs in zip(index.search(queries, k), whole.search(queries, k)):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
    assert (len(index), index.metric, index.kind) == (400, metric, "postgresql")
    index.close()


def test_many_queries_go_through_the_features_together(postgres_url, monkeypatch):
    vectors = features(400, 24)
    index = check_index(postgres_url, "cosine").index(vectors, "cosine", key="a network", identities=names(400))
    passes, near = [], index._scan.near

    def counted(session, queries, wanted, metric):
        passes.append(len(queries))
        return near(session, queries, wanted, metric)

    monkeypatch.setattr(index._scan, "near", counted)
    rows, distances = index.search(vectors[:120], 5)
    assert passes == [50, 50, 20]
    expected_rows, expected = Index(vectors, "cosine").search(vectors[:120], 5)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(distances, expected)
    index.close()


def test_photos_that_are_the_same_are_sent_once_and_a_collection_is_known_again(postgres_url):
    vectors = features(100, 24)
    identities = [*names(90), *names(10)]
    vectors[90:] = vectors[:10]
    for _ in range(2):
        index = check_index(postgres_url, "cosine").index(vectors, "cosine", key="a network", identities=identities)
        assert statements(postgres_url) == (90, 1)
        rows, distances = index.search(vectors[95:96], 2)
        assert rows.tolist() == [[5, 95]]
        assert distances.tolist() == [[0, 0]]
        index.close()
    some = check_index(postgres_url, "cosine").index(vectors[:30], "cosine", key="a network", identities=names(30))
    assert statements(postgres_url) == (90, 2)
    assert some.search(vectors[60:61], 40)[0].max() == 29
    some.close()


def test_photos_without_an_identity_are_known_by_their_feature(postgres_url):
    vectors = features(30, 8)
    index = check_index(postgres_url, "cosine").index(vectors, "cosine", key="a network", identities=[None] * 30)
    assert index.search(vectors[5:6], 1)[0].tolist() == [[5]]
    index.close()


def test_a_feature_that_another_machine_computed_first_counts(postgres_url):
    vectors = np.abs(features(200, 24)) + 1
    first = check_index(postgres_url, "cosine").index(vectors, "cosine", key="a network", identities=names(200))
    mine = vectors * np.float32(1 + 2e-7)
    second = check_index(postgres_url, "cosine").index(mine, "cosine", key="a network", identities=names(200))
    assert second.vectors.tobytes() == vectors.tobytes() != mine.tobytes()
    for ours, theirs in zip(second.search(vectors[:9], 5), first.search(vectors[:9], 5)):
        np.testing.assert_array_equal(ours, theirs)
    first.close()
    second.close()


def test_no_connection_is_kept_while_features_are_computed_or_where_sending_them_fails(postgres_url):
    archive = check_index(postgres_url, "cosine")
    assert archive.database._pool.idle() is None
    vectors = np.ones((2, 8), np.float32)
    archive.index(vectors, "cosine", key="a network", identities=names(2)).close()
    wrong = check_index(postgres_url, "cosine")
    with pytest.raises(StoreError, match="features of 8 numbers"):
        wrong.index(vectors[:, :4], "cosine", key="a network", identities=names(2))
    assert wrong.database._pool.idle() is None


@pytest.fixture
def data(tmp_path):
    return load_photos(folder_of(tmp_path / "photos", count=20), progress=False)[0]


@pytest.fixture
def network(tmp_path):
    return tiny_network(tmp_path / "tiny.onnx")


def test_a_model_is_searched_in_the_database(data, network, postgres_url, capsys):
    model = create(data, model=network, index=postgres_url)
    exact = create(data, model=network, verbose=False)
    assert "exact, in PostgreSQL" in capsys.readouterr().out
    ours, theirs = (one.query(data[3:6], k=4, verbose=False) for one in (model, exact))
    for column in ("query_label", "reference_label", "distance", "rank"):
        assert list(ours[column]) == list(theirs[column])
    where = [row % 3 == 0 for row in range(20)]
    for arguments in ({"where": where}, {"unlike": 4}, {"where": where, "metric": "cosine"}):
        ours, theirs = (one.search(like=2, k=3, **arguments) for one in (model, exact))
        assert list(ours["reference_label"]) == list(theirs["reference_label"])
        assert list(ours["distance"]) == list(theirs["distance"])
    graph, wanted = (one.similarity_graph(k=2, verbose=False) for one in (model, exact))
    assert list(graph["reference_label"]) == list(wanted["reference_label"])
    model.index.close()


def test_a_saved_model_finds_its_database_again_and_never_writes_a_password(data, network, postgres_url, tmp_path):
    secret = postgres_url.replace("kinframe@", "kinframe:hush-hush@")
    assert "hush" in secret
    model = create(data, model=network, index=secret, verbose=False)
    assert "hush" not in repr(model.index) + model.index.note + repr(model)
    model.save(tmp_path / "kin")
    assert all(b"hush" not in file.read_bytes() for file in (tmp_path / "kin").rglob("*") if file.is_file())
    assert json.loads((tmp_path / "kin" / "model.json").read_text())["index"] == postgres_url
    again = load_model(tmp_path / "kin", database=True)
    assert again.index.kind == "postgresql"
    assert list(again.query(data[:2], k=3, verbose=False)["distance"]) == list(
        model.query(data[:2], k=3, verbose=False)["distance"]
    )
    model.index.close()
    again.index.close()


def test_a_saved_model_whose_database_is_away_is_searched_here(data, network, postgres_url, tmp_path, capsys):
    model = create(data, model=network, index=postgres_url, verbose=False)
    model.index.close()
    model.save(tmp_path / "kin")
    file = tmp_path / "kin" / "model.json"
    settings = json.loads(file.read_text())
    settings["index"] = f"postgresql://kinframe@127.0.0.1:{free_port()}/archive"
    file.write_text(json.dumps(settings))
    again = load_model(tmp_path / "kin", database=True)
    assert again.index.kind == "exact"
    assert capsys.readouterr().out.startswith("the model is searched here, not in its database, with the same answers")


@pytest.fixture
def nosy():
    """The address of a stranger's server that asks for the password itself, and all that it was sent."""
    heard = []

    def serve(listener):
        while True:
            try:
                caller = listener.accept()[0]
            except OSError:
                return
            with caller:
                first = caller.recv(1024)
                if len(first) == 8:  # may it be TLS?
                    caller.sendall(b"N")
                    first = caller.recv(1024)
                heard.append(first)
                caller.sendall(b"R" + struct.pack("!ii", 8, 3))
                heard.append(caller.recv(1024))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        yield f"postgresql://me@127.0.0.1:{listener.getsockname()[1]}/archive", heard
        listener.shutdown(socket.SHUT_RDWR)


def test_a_strangers_model_connects_to_nothing(data, network, nosy, tmp_path, capsys, monkeypatch):
    """And where a person wants that it does, no password is sent in a form that the server could use elsewhere."""
    address, heard = nosy
    monkeypatch.setenv("PGPASSWORD", "hush-hush")
    create(data, model=network, store=False, verbose=False).save(tmp_path / "kin")
    file = tmp_path / "kin" / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "index": address}))
    again = load_model(tmp_path / "kin")
    assert again.index.kind == "exact" and not heard
    assert f"load_model(…, database=True) connects to {address}" in capsys.readouterr().out
    assert load_model(tmp_path / "kin", database=True).index.kind == "exact"
    assert heard and not any(b"hush" in each for each in heard)
    assert "scram-sha-256" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    ["require_auth=password", "require%5Fauth=none,password", "passfile=/etc/hostname", "options=-c%20x"],
)
def test_an_address_in_a_model_is_a_place_and_nothing_else(data, network, nosy, tmp_path, capsys, monkeypatch, more):
    address, heard = nosy
    monkeypatch.setenv("PGPASSWORD", "hush-hush")
    create(data, model=network, store=False, verbose=False).save(tmp_path / "kin")
    file = tmp_path / "kin" / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "index": f"{address}?{more}"}))
    assert load_model(tmp_path / "kin", database=True).index.kind == "exact" and not heard
    assert "only user, host, hostaddr, port, dbname" in capsys.readouterr().out


def test_a_wrong_address_shows_before_any_work_is_done(data, postgres_url):
    with pytest.raises(Unavailable, match="no PostgreSQL answers there"):
        create(data, model="no network.onnx", index=f"postgresql://kinframe@127.0.0.1:{free_port()}/archive")
    with pytest.raises(StoreError, match="make it first"):
        create(data, model="no network.onnx", index=postgres_url + "nowhere")
    with pytest.raises(StoreError, match="has the form"):
        create(data, model="no network.onnx", index="postgresql://[::1/archive")
    with pytest.raises(FrameError, match=r"index='mysql://host/name' is not known; there are exact and hnsw, and addr"):
        create(data, model="no network.onnx", index="mysql://host/name")
    with pytest.raises(FrameError, match="metric='manhattan' is not known"):
        create(data, model="no network.onnx", index=postgres_url, metric="manhattan")


def test_without_psycopg_the_error_says_what_to_install(data, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "pgvector.psycopg", None)
    with pytest.raises(FrameError, match=r"pip install 'psycopg\[binary\]' pgvector"):
        create(data, index="postgresql://kinframe@127.0.0.1/archive")


def test_a_connection_that_was_lost_is_opened_again(postgres_url):
    import psycopg

    vectors = features(200, 24)
    index = check_index(postgres_url, "cosine").index(vectors, "cosine", key="a network", identities=names(200))
    before = index.search(vectors[:1], 5)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for ours, theirs in zip(index.search(vectors[:1], 5), before):
        np.testing.assert_array_equal(ours, theirs)
    index.close()


def test_the_frames_are_those_of_this_environment(data, network, postgres_url):
    model = create(data, model=network, index=postgres_url, verbose=False)
    assert isinstance(model.query(data[:1], k=2, verbose=False), tc.SFrame)
    model.index.close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:s3cret@host:5433/archive", "postgresql://me@host:5433/archive"),
        ("postgres://me:pa%40ss@host/archive?sslmode=require", "postgresql://me@host/archive?sslmode=require"),
        ("postgresql:///archive?host=/var/run&password=s3cret", "postgresql:///archive?host=%2Fvar%2Frun"),
        ("postgresql://a%20b:x?y@one:1,two:2/n", "postgresql://a%20b@/n?host=one%2Ctwo&port=1%2C2"),
    ],
)
def test_an_address_is_shown_without_its_password(address, shown):
    conninfo = pytest.importorskip("psycopg").conninfo
    from helpers.database.model_index import without_password

    assert without_password(address) == shown
    secrets = ("password", "sslpassword")
    named = {name: value for name, value in conninfo.conninfo_to_dict(address).items() if name not in secrets}
    assert conninfo.conninfo_to_dict(shown) == named
