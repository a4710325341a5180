import os

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

import helpers.service.jobs.indexing
from helpers.errors import ClusterError, NotFound, Refused, Unavailable
from helpers.features.embedding import embed
from helpers.photos.load import load_photos
from helpers.service.jobs.indexing import Indexing, normalized
from helpers.service.jobs.lease import Lease
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.settings import Settings
from tests.support.pictures import folder_of, picture, tiny_network
from tests.support.service_jobs import Shared, collection


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return QueryNetwork(str(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")))


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    workers = Shared(Settings(photos=tmp_path_factory.mktemp("none"), workers=1))
    yield workers
    workers.end()


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos", count=12)


@pytest.fixture
def made(folder, network, workers, address):
    with collection(folder, network, address, workers) as made:
        yield made


@pytest.fixture
def alone(folder, network, workers, tmp_path):
    """In a file alone, where both databases do the same."""
    with collection(folder, network, str(tmp_path / "collection.kinframe"), workers) as made:
        yield made


def index(made, workers, request=None, *, compute=True):
    """What the runner does with a job, in this thread."""
    jobs = made.storage.jobs
    jobs.create(normalized(made.root, request or {"folder": ""}))
    job = jobs.claim("me", 60)
    with Lease(jobs, job, "me", lambda: None) as lease:
        indexing = Indexing(made.storage, made.network.settled, made.root, job, lease)
        indexing.prepare()
        if compute and not indexing.is_done:
            indexing.compute(workers.client(), True)
        job = jobs.get(job.id)
        if compute:
            assert indexing.is_done and job.done == job.total
        jobs.end(job.id, "done")
    return job


def bad(made, job):
    return {each.path: each.reason for each in made.storage.jobs.bad(job.id, 1000)}


def test_a_folder_and_then_nothing_is_left_to_do(made, workers, folder):
    job = index(made, workers)
    assert (job.total, job.done, job.new, job.bad) == (12, 12, 12, 0)
    made.check()
    again = index(made, workers, compute=False)
    assert (again.total, again.done, again.new, again.bad) == (12, 12, 0, 0)
    odd = index(made, workers, {"folder": "odd"}, compute=False)
    assert (odd.total, odd.done) == (6, 6)


def test_what_is_new_changed_and_gone(made, workers, folder):
    index(made, workers)
    before = {image.path: image for image in made.images()}
    picture(77).save(folder / "0.jpg")
    picture(78).save(folder / "new.jpg")
    (folder / "2.jpg").unlink()
    os.utime(folder / "4.jpg", ns=(1, 10**18))
    job = index(made, workers)
    assert (job.total, job.done, job.new, job.bad) == (13, 13, 2, 1)
    after = {image.path: image for image in made.images()}
    assert after["0.jpg"].id == before["0.jpg"].id and after["0.jpg"].identity != before["0.jpg"].identity
    assert after["4.jpg"].identity == before["4.jpg"].identity and after["4.jpg"].modified == 10**18
    gone = before["2.jpg"]
    assert bad(made, job) == {"2.jpg": f"the file is gone; image {gone.id} is kept until it is removed"}
    assert after["2.jpg"] == gone
    made.storage.images.remove(gone.id)
    made.check()


def test_bad_photos_cost_only_themselves(made, workers, folder):
    (folder / "half.jpg").write_bytes((folder / "0.jpg").read_bytes()[:-200])
    (folder / "notes.txt").write_text("no photo")
    (folder / "0.xmp").write_text("a sidecar")
    (folder / ".hidden.jpg").write_bytes(b"hidden")
    (folder / "back\\slash.jpg").write_bytes(b"odd")
    job = index(made, workers)
    assert (job.total, job.done, job.new, job.bad) == (16, 16, 12, 4)
    reasons = bad(made, job)
    assert reasons["notes.txt"] == "not a photo that Pillow can read"
    assert reasons["half.jpg"].startswith(("cut off", "damaged"))
    assert reasons[".hidden.jpg"] == "hidden file, not looked at"
    assert reasons["back\\slash.jpg"].startswith("its name contains \\, which Windows takes for the end of a folder")


def test_a_list_with_products(made, workers, folder):
    request = {"photos": [photo("0.jpg"), photo("odd/1.jpg", "chair", "red"), photo("gone.jpg"), photo("notes.txt")]}
    (folder / "notes.txt").write_text("no photo")
    job = index(made, workers, request)
    assert (job.total, job.done, job.new, job.bad) == (4, 4, 2, 2)
    assert bad(made, job) == {
        "gone.jpg": "no such file or folder",
        "notes.txt": "not a photo that Pillow can read",
    }
    assert {image.path: image.products for image in made.images()} == {"0.jpg": (), "odd/1.jpg": ("chair", "red")}
    request = {"photos": [{"path": "0.jpg", "products": ["chair"]}, {"path": "odd/1.jpg", "products": ["red"]}]}
    job = index(made, workers, request, compute=False)
    assert (job.total, job.done, job.new) == (2, 2, 0)
    assert {image.path: image.products for image in made.images()} == {
        "0.jpg": ("chair",),
        "odd/1.jpg": ("chair", "red"),
    }
    assert sorted(made.storage.products.get("chair").images) == [image.id for image in made.images()]


def test_sizes_are_those_of_the_upright_photo(alone, workers, folder):
    exif = picture(1).getexif()
    exif[0x0112] = 6
    for ending in ("jpg", "png", "tiff", "webp"):
        picture(60, (90, 40)).save(folder / f"turned.{ending}", exif=exif)
    picture(61, (90, 40)).save(folder / "plain.png")
    index(alone, workers)
    sizes = {image.path: (image.width, image.height) for image in alone.images()}
    assert {sizes[f"turned.{ending}"] for ending in ("jpg", "png", "tiff", "webp")} == {(40, 90)}
    assert sizes["plain.png"] == (90, 40) and sizes["0.jpg"] == (24, 24)


def test_copies_share_a_feature_and_what_a_notebook_kept_is_not_computed_again(
    alone, workers, folder, tmp_path, monkeypatch
):
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes((folder / "0.jpg").read_bytes())
    data, _ = load_photos(folder, progress=False)
    embed(data["image"], alone.network.settled, store=alone.storage.database.path, progress=False)
    computed = []
    add = alone.storage.add
    monkeypatch.setattr(
        alone.storage,
        "add",
        lambda images, features, **named: computed.extend(features[0]) or add(images, features, **named),
    )
    job = index(alone, workers)
    assert (job.new, computed) == (14, [])
    assert {(image.width, image.height) for image in alone.images()} == {(24, 24)}
    alone.check()


@pytest.mark.parametrize("kept", [True, False])
def test_a_database_that_goes_away_now_and_then(made, workers, monkeypatch, kept):
    """`kept`: it is lost after the transaction has ended, before it could say so."""
    storage, calls = made.storage, {}
    monkeypatch.setattr("helpers.service.jobs.lease._PAUSES", (0.01, 0.02))
    monkeypatch.setattr(helpers.service.jobs.indexing, "_BATCH", 4)

    def failing(owner, name):
        work = getattr(owner, name)

        def fails_at_first(*values, **named):
            calls[name] = calls.get(name, 0) + 1
            if calls[name] % 3:
                if kept:
                    work(*values, **named)
                raise Unavailable("the database is away")
            return work(*values, **named)

        monkeypatch.setattr(owner, name, fails_at_first)

    for owner, name in ((storage, "add"), (storage.vectors, "kept"), (storage.images, "at"), (storage.images, "page")):
        failing(owner, name)
    job = index(made, workers)
    assert (job.total, job.done, job.new, job.bad) == (12, 12, 12, 0)
    assert calls["add"] >= (3 if kept else 9)
    monkeypatch.undo()
    made.check()


def test_after_the_loss_of_a_cluster_it_goes_on_where_it_was(alone, workers, monkeypatch):
    asked, batches_on = [], helpers.service.jobs.indexing.batches_on
    monkeypatch.setattr(helpers.service.jobs.indexing, "_BATCH", 4)

    def lost_after_one(client, settled, photos, **named):
        photos = list(photos)
        asked.append([photo.row for photo in photos])
        for batch in batches_on(client, settled, photos, **named):
            yield batch
            raise ClusterError("gone")

    monkeypatch.setattr(helpers.service.jobs.indexing, "batches_on", lost_after_one)
    jobs = alone.storage.jobs
    jobs.create({"folder": ""})
    job = jobs.claim("me", 60)
    with Lease(jobs, job, "me", lambda: None) as lease:
        indexing = Indexing(alone.storage, alone.network.settled, alone.root, job, lease)
        indexing.prepare()
        for progressed in (1, 2, 3):
            with pytest.raises(ClusterError):
                indexing.compute(workers.client(), True)
            assert indexing.progressed == progressed
        assert indexing.is_done
    assert asked == [list(range(12)), list(range(4, 12)), list(range(8, 12))]
    assert jobs.get(job.id).done == jobs.get(job.id).new == 12
    alone.check()


def test_a_folder_that_has_gone_since_it_was_asked_for(alone, workers, folder):
    index(alone, workers)
    alone.storage.jobs.create({"folder": "odd"})
    for path in (folder / "odd").iterdir():
        path.unlink()
    (folder / "odd").rmdir()
    with pytest.raises(NotFound):
        normalized(alone.root, {"folder": "odd"})
    with Lease(alone.storage.jobs, alone.storage.jobs.claim("me", 60), "me", lambda: None) as lease:
        job = alone.storage.jobs.newest(1)[0]
        indexing = Indexing(alone.storage, alone.network.settled, alone.root, job, lease)
        indexing.prepare()
    assert indexing.is_done and alone.storage.jobs.get(job.id).bad == 7
    assert bad(alone, job)["odd"] == "odd: no such file or folder"


def photo(path, *products):
    return {"path": path, "products": list(products)}


def test_requests_are_made_the_same(folder):
    root = PhotoRoot(folder)
    assert normalized(root, {"folder": "odd/"}) == normalized(root, {"folder": "odd"}) == {"folder": "odd"}
    assert normalized(root, {"folder": "."}) == {"folder": ""}
    request = {"photos": [photo("0.jpg"), photo("0.jpg", "a"), photo("0.jpg", "b", "a")]}
    assert normalized(root, request) == {"photos": [{"path": "0.jpg", "products": ["a", "b"]}]}
    assert normalized(root, {"photos": [photo("later.jpg")]}) == {"photos": [photo("later.jpg")]}


@pytest.mark.parametrize(
    "request_",
    [
        {"folder": ".."},
        {"folder": "/etc"},
        {"folder": "odd/../.."},
        {"photos": [{"path": "0.jpg", "products": []}, {"path": "../secret.jpg", "products": []}]},
        {"photos": [{"path": "odd", "products": []}]},
        {"photos": [{"path": "/etc/passwd", "products": []}]},
    ],
)
def test_requests_that_are_refused(folder, request_):
    with pytest.raises(Refused) as error:
        normalized(PhotoRoot(folder), request_)
    assert error.value.status == 422
