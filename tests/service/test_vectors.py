"""Features and searches among them: the same answers from a file and from PostgreSQL, to the last bit."""

import contextlib
import hashlib
import threading

import numpy as np
import pytest

from helpers.database.rounding import DistanceBounds, rounded, type_of
from helpers.errors import NotFound, StoreError, Unavailable
from helpers.features.distance import METRICS, Distance
from helpers.features.store import FeatureStore, StoredNetwork
from helpers.service.records import NewImage, SearchOptions
from helpers.service.storage.storage import kept_networks
from tests.service.test_live_index import settle, state
from tests.support.until import until

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

storage_module = pytest.importorskip("helpers.service.storage.storage")
RANDOM = np.random.default_rng(3)


def identity_of(number):
    return hashlib.sha256(b"%d" % number).hexdigest()


def photo_like(rows, dimension):
    """Groups of similar photos, exact equals, zeros, and what 16 bits cannot hold."""
    centres = RANDOM.normal(size=(20, dimension))
    vectors = np.maximum(centres[RANDOM.integers(20, size=rows)] + 0.5 * RANDOM.normal(size=(rows, dimension)), 0)
    vectors[10:40] = vectors[10]
    vectors[[50, 60]] = 0
    vectors[70] *= 1e6
    vectors[80] *= 1e-9
    vectors[90:95] = vectors[90] * (1 + 1e-6 * RANDOM.normal(size=(5, dimension)))
    return vectors.astype(np.float32)


def image_of(number, identity, *products):
    return NewImage(f"{number:0>5}.jpg", identity, 4, 3, 100, 1, products)


def filled(address, vectors, dimension, index="exact"):
    """Images 1, 2, … of which the last twenty are copies of the first."""
    storage = storage_module.open_storage(address, key=f"net {dimension}", dimension=dimension, index=index)
    count = len(vectors)
    identities = [identity_of(number % (count - 20)) for number in range(count)]
    images = [image_of(n, identity, f"p{n % 5}") for n, identity in enumerate(identities)]
    for start in range(0, count, 100):
        some = slice(start, start + 100)
        storage.add(images[some], ([identity_of(n) for n in range(count)][some], vectors[some]))
    return storage


def nearest(storage, feature, k, **options):
    return storage.vectors.search(feature, SearchOptions(k, **options))


def by_hand(vectors, feature, k, metric, counting):
    """What a search answers, in the fewest words: all, settled one by one."""
    count = len(vectors)
    distance = Distance(vectors, metric)
    every = distance.to(distance.points(feature[None])[0])[np.arange(count) % (count - 20)]
    images = np.array([n for n in range(count) if counting(n)], np.int64)
    order = np.lexsort((images, every[images]))[:k]
    return [(int(images[n]) + 1, float(every[images[n]])) for n in order]


@pytest.fixture(params=["embedded", "postgresql"])
def place(request, tmp_path):
    return str(tmp_path / "a.kinframe") if request.param == "embedded" else request.getfixturevalue("postgres_url")


@pytest.mark.parametrize("dimension", [24, 1280, 2048, 4096])
def test_the_nearest_images_are_those_that_are_settled_one_by_one(place, dimension):
    vectors = photo_like(300, dimension)
    storage = filled(place, vectors, dimension)
    for metric in METRICS:
        for number in (0, 10, 50, 70, 80, 90) if dimension < 2000 else (10, 50, 80):
            for k in (1, 10, 45, 400) if dimension < 2000 else (10, 60):
                found = nearest(storage, vectors[number], k, metric=metric)
                assert found == by_hand(vectors, vectors[number], k, metric, lambda n: True), (metric, number, k)
        found = nearest(storage, vectors[10], 20, metric=metric, products=["p1", "p3"], without=12)
        assert found == by_hand(vectors, vectors[10], 20, metric, lambda n: n % 5 in (1, 3) and n != 11)
        assert nearest(storage, vectors[10], 20, metric=metric, products=["none"]) == []
        assert nearest(storage, vectors[10], 20, metric=metric, products=[]) == []
        outside = np.float32(RANDOM.normal(size=dimension))
        for odd in (outside, outside * np.float32(1e9), outside * np.float32(1e-20)):
            found = nearest(storage, odd, 10, metric=metric)
            assert found == by_hand(vectors, odd, 10, metric, lambda n: True)
    storage.close()


def test_the_drawn_robots_are_found_alike_in_both(postgres_url, tmp_path):
    from helpers import tc
    from helpers.photos.load import load_photos

    data, _ = load_photos("data/robots/tarn", progress=False)
    model = tc.image_similarity.create(data, model="efficientnet-lite0", verbose=False)
    identities = [str(identity) for identity in model.collection.identities]
    answers = []
    for address in (str(tmp_path / "a.kinframe"), postgres_url):
        storage = storage_module.open_storage(address, key=model.key, dimension=1280)
        storage.add([image_of(n, one) for n, one in enumerate(identities)], (identities, model.vectors))
        answers.append([nearest(storage, one, 10, metric=m) for one in model.vectors[::10] for m in METRICS])
        storage.close()
    assert answers[0] == answers[1]


def test_images_are_found_as_soon_as_they_are_added_changed_or_removed(place):
    vectors = photo_like(200, 24)
    storage = filled(place, vectors, 24)
    question = np.float32(RANDOM.normal(size=24))

    def images(k=1):
        return [image for image, _ in nearest(storage, question, k, metric="euclidean")]

    before = images(3)
    storage.add([image_of("new", identity_of(1000))], ([identity_of(1000)], question[None]))
    (new,) = images()
    assert new == 201
    assert images(4) == [new, *before]
    storage.images.remove(new)
    assert images(3) == before
    assert storage.vectors.kept([identity_of(1000)]) == {identity_of(1000)}
    storage.add([image_of(7, identity_of(1000))], ([], np.empty((0, 24), np.float32)))  # another file in its place
    assert images(2) == [8, *[image for image in before if image != 8][:1]]
    assert nearest(storage, question, 1, metric="euclidean")[0][1] == 0
    storage.close()


def test_what_another_process_adds_is_seen_and_features_may_come_after_the_images(place):
    storage = storage_module.open_storage(place, key="a network", dimension=8)
    other = storage_module.open_storage(place, key="another", dimension=4)
    third = storage_module.open_storage(place, key="a network", dimension=8)
    point = np.ones(8, np.float32)
    other.add([image_of(0, identity_of(0))], ([identity_of(0)], point[None, :4]))
    assert nearest(storage, point, 5, metric="cosine") == []  # a feature of this network is not there
    with third.database.transaction() as session:
        third.vectors.add(session, [identity_of(0)], point[None])
    assert nearest(storage, point, 5, metric="cosine") == [(1, 0.0)]
    assert nearest(other, point[:4], 5, metric="cosine") == [(1, 0.0)]
    third.add([image_of(1, identity_of(1))], ([identity_of(1)], -point[None]))
    assert [image for image, _ in nearest(storage, point, 5, metric="euclidean")] == [1, 2]
    third.images.remove(1)
    assert [image for image, _ in nearest(storage, point, 5, metric="euclidean")] == [2]
    for one in (storage, other, third):
        one.close()


def test_an_image_that_went_while_it_could_not_be_read_takes_nobodys_place(tmp_path, monkeypatch):
    vectors = photo_like(200, 24)
    storage = filled(str(tmp_path / "a.kinframe"), vectors, 24)
    question, mirror = np.float32(RANDOM.normal(size=24)), storage.vectors._mirror
    before = nearest(storage, question, 3, metric="cosine")
    storage.add([image_of("new", identity_of(1000))], ([identity_of(1000)], question[None]))
    with monkeypatch.context() as away:
        away.setattr(mirror, "_read", refuse)
        with pytest.raises(Unavailable):
            nearest(storage, question, 3, metric="cosine")
    storage.images.remove(201)
    assert nearest(storage, question, 3, metric="cosine") == before
    storage.close()


def test_searches_that_waited_for_another_do_not_take_in_the_same_again(tmp_path, monkeypatch):
    storage = filled(str(tmp_path / "a.kinframe"), photo_like(200, 24), 24)
    mirror = storage.vectors._mirror
    seen = mirror.now()
    monkeypatch.setattr(mirror, "_arranged", refuse)
    mirror._take_in()  # as one that waited for the lock, whose marks are older
    assert mirror.now() is seen
    storage.close()


def refuse(*_):
    raise Unavailable("away")


def test_searches_go_on_while_images_are_added(place):
    vectors = photo_like(1500, 32)
    storage = filled(place, vectors[:100], 32)
    errors, over = [], threading.Event()

    def ask():
        try:
            while not over.is_set():
                found = nearest(storage, vectors[0], 30, metric="cosine")
                assert len(found) == 30
                assert found == sorted(found, key=lambda one: (one[1], one[0]))
                assert found[0] == (1, 0.0)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for start in range(100, 1500, 200):
        numbers = range(start, start + 200)
        identities = [identity_of(number) for number in numbers]
        images = [image_of(number, identity_of(number)) for number in numbers]
        storage.add(images, (identities, vectors[start : start + 200]))
    over.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(nearest(storage, vectors[0], 2000, metric="cosine")) == 1500
    storage.close()


def test_features_are_kept_once_and_given_back_as_they_were(place):
    storage = storage_module.open_storage(place, key="a network", dimension=5)
    odd = np.array([[np.finfo(np.float32).max, -1, -0.0, 1e-40, 3]], np.float32)
    for vectors in (odd, odd + 1):  # the second time nothing is written
        with storage.database.transaction() as session:
            storage.vectors.add(session, [identity_of(1)], vectors)
            storage.vectors.add(session, [], np.empty((0, 5), np.float32))
    assert storage.vectors.of(identity_of(1)).tobytes() == odd.tobytes()
    assert storage.vectors.kept([identity_of(1), identity_of(2)]) == {identity_of(1)}
    with pytest.raises(NotFound, match="no feature of a network is kept"):
        storage.vectors.of(identity_of(2))
    with storage.database.transaction() as session, pytest.raises(StoreError, match="not \\(1, 4\\)"):
        storage.vectors.add(session, [identity_of(3)], odd[:, :4])
    with pytest.raises(StoreError, match="has features of 5 numbers there, not 6"):
        storage_module.open_storage(place, key="a network", dimension=6)
    storage.close()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_feature_in_a_file_that_is_no_number_is_damage(tmp_path, number):
    with contextlib.closing(
        storage_module.open_storage(str(tmp_path / "a.kinframe"), key="net", dimension=5)
    ) as storage:
        with storage.database.transaction() as session:
            storage.vectors.add(session, [identity_of(1)], np.full((1, 5), number, np.float32))
        with pytest.raises(StoreError, match="not finite; the file is damaged"):
            storage.vectors.of(identity_of(1))


def test_a_notebook_and_the_service_share_the_features_of_a_file(tmp_path):
    path = tmp_path / "a.kinframe"
    vectors = photo_like(150, 24)
    with FeatureStore(path) as store:
        store.add("net 24", [identity_of(0)], vectors[:1])
    storage = filled(str(path), vectors, 24)
    with FeatureStore(path) as store:
        _, kept = store.features("net 24", [identity_of(n) for n in range(150)])
        assert kept.tobytes() == vectors.tobytes()
        store.add("net 24", [identity_of(500)], vectors[:1])
    assert storage.vectors.kept([identity_of(500)]) == {identity_of(500)}
    storage.close()


def test_a_damaged_feature_is_found_out(place):
    storage = filled(place, photo_like(150, 24), 24)
    with storage.database.transaction() as session:
        if storage.database.kind == "embedded":
            session.rows("UPDATE features SET vector = zeroblob(96) WHERE photo = ?", bytes.fromhex(identity_of(3)))
        else:
            session.rows("UPDATE kinframe_features_1 SET feature = ? WHERE identity = ?", b"\0" * 96, identity_of(3))
    with pytest.raises(StoreError, match="a feature is not what was written"):
        storage.vectors.of(identity_of(3))
    storage.close()


@pytest.mark.parametrize("metric", METRICS)
def test_an_hnsw_index_finds_nearly_all(place, metric):
    vectors = photo_like(700, 48)
    storage = filled(place, vectors, 48, index="hnsw")
    exact = [nearest(storage, one, 10, metric=metric) for one in vectors[100:140]]
    assert exact[0] == by_hand(vectors, vectors[100], 10, metric, lambda n: True)
    if storage.database.kind == "embedded":
        settle(storage.vectors._index)
        assert state(storage.vectors._index, metric) == "hnsw"
    else:
        until(lambda: storage.vectors._graph.ready(metric))
        with storage.database.transaction(write=False) as session:
            kinds = session.rows(
                "SELECT amname FROM pg_class JOIN pg_am ON relam = pg_am.oid WHERE relname LIKE ?", f"%_{metric}"
            )
        assert kinds == [("hnsw",)]
        assert storage.vectors.note == "searched there by hnsw"
    found = [nearest(storage, one, 10, metric=metric) for one in vectors[100:140]]
    assert np.mean([len({*one} & {*other}) / 10 for one, other in zip(found, exact)]) > 0.9
    some = nearest(storage, vectors[100], 10, metric=metric, products=["p1"])
    assert some == by_hand(vectors, vectors[100], 10, metric, lambda n: n % 5 == 1)
    assert len(nearest(storage, vectors[100], 650, metric=metric)) == 650
    storage.close()
    again = storage_module.open_storage(place, key="net 48", dimension=48, index="hnsw")
    assert nearest(again, vectors[100], 1, metric=metric)[0][1] == 0
    again.close()


def test_pgvector_has_no_hnsw_for_long_features(postgres_url):
    with pytest.raises(StoreError, match="up to 4,000 numbers, not 4,096; take index='exact'"):
        storage_module.open_storage(postgres_url, key="vgg16", dimension=4096, index="hnsw")


def test_an_archive_of_others_does_not_hide_the_few_images_of_this_service(postgres_url):
    storage = storage_module.open_storage(postgres_url, key="a network", dimension=16)
    vectors = np.float32(RANDOM.normal(size=(2000, 16)))
    with storage.database.transaction() as session:
        storage.vectors.add(session, [identity_of(n) for n in range(2000)], vectors)
    storage.add([image_of(n, identity_of(50 * n)) for n in range(40)], ([], np.empty((0, 16), np.float32)))
    distance = Distance(vectors[::50], "euclidean")
    rows, apart = distance.nearest(distance.points(vectors[3:4])[0], None, 10)
    for _ in range(2):  # the second time it knows
        found = nearest(storage, vectors[3], 10, metric="euclidean")
        assert found == list(zip((rows + 1).tolist(), apart.tolist()))
    storage.close()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dimension", [64, 2048])
def test_the_bounds_hold(metric, dimension):
    vectors, kind = photo_like(400, dimension), type_of(dimension)
    numbers, lost = rounded(vectors, kind)
    assert {50, 60} <= set(np.flatnonzero(lost).tolist())
    distance = Distance(vectors, metric)
    for number in (0, 90, 200):
        bounds = DistanceBounds(vectors[number], metric, kind)
        question, rows = bounds.numbers.astype(np.float32), numbers.astype(np.float32)
        with np.errstate(all="ignore"):
            if metric == "euclidean":  # as pgvector sums, in 32 bits
                seems = np.sqrt(np.square(rows - question).sum(axis=1).astype(np.float64))
            else:
                seems = 1 - rows @ question / np.sqrt(np.square(rows).sum(axis=1) * np.square(question).sum())
        exact = distance.to(distance.points(vectors[number : number + 1])[0])
        for row in np.flatnonzero(~lost):
            assert bounds.least(seems[row]) <= exact[row] <= bounds.most(seems[row])


def test_what_is_kept_of_which_networks_is_known_before_a_network_is(address, monkeypatch):
    assert kept_networks(address) == []
    storage = storage_module.open_storage(address, key="a network", dimension=5)
    with storage.database.transaction() as session:
        storage.vectors.add(session, [identity_of(1), identity_of(2)], np.ones((2, 5), np.float32))
    storage.close()
    storage_module.open_storage(address, key="another", dimension=7).close()
    kept = [entry for entry in kept_networks(address) if entry.photos]
    assert kept == [StoredNetwork("a network", 5, 2)]
    monkeypatch.setattr("helpers.database.feature_table._COUNTED", 1)
    assert [entry.photos for entry in kept_networks(address) if entry.photos] in ([1], [2])
