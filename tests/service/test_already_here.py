import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from helpers.collection.duplicates.duplicates import find_duplicates
from helpers.errors import PhotoError
from helpers.features.embedding import embed
from helpers.images.decode import open_photo
from helpers.photos.load import load_photos
from helpers.service.already_here import already_here
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.records import NewImage
from helpers.service.storage.storage import open_storage
from helpers.similarity.build import create


@pytest.fixture(scope="module")
def network():
    return QueryNetwork("efficientnet-lite0")


def drawn(seed, size=(240, 180)):
    """A picture with more to it than the small ones have, and unlike any other."""
    random = np.random.default_rng(seed)
    coarse, fine = (Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)) for side in (4, 9))
    return Image.blend(coarse.resize(size, Image.Resampling.BICUBIC), fine.resize(size, Image.Resampling.BICUBIC), 0.5)


def encoded(photo, kind="JPEG", **options):
    buffer = io.BytesIO()
    photo.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    (folder / "copies").mkdir(parents=True)
    for seed in range(30):
        drawn(seed).save(folder / f"{seed:02d}.jpg", quality=92)
    (folder / "copies" / "same.jpg").write_bytes((folder / "03.jpg").read_bytes())
    drawn(3).resize((120, 90)).save(folder / "copies" / "small.png")
    return folder


@pytest.fixture
def storage(folder, network, address):
    root = PhotoRoot(folder)
    storage = open_storage(address, key=network.key, dimension=network.dimension)
    done = embed([root.file(path) for path in root.photos()], network.settled, progress=False)
    images = [image_of(folder, path, identity) for path, identity in zip(root.photos(), done.identities)]
    first = {identity: row for row, identity in enumerate(done.identities)}
    storage.add(images, (list(first), done.vectors[list(first.values())]))
    yield storage
    storage.close()


def image_of(folder, path, identity):
    status = (folder / path).stat()
    return NewImage(path, identity, 1, 1, status.st_size, status.st_mtime_ns)


def found(storage, network, folder, content):
    copies = already_here(storage, network, PhotoRoot(folder), content)
    return [(copy.kind, copy.image.path) for copy in copies]


def test_the_same_bytes_and_the_same_picture(storage, network, folder):
    copies = already_here(storage, network, PhotoRoot(folder), (folder / "03.jpg").read_bytes())
    assert [(copy.kind, copy.image.path) for copy in copies] == [
        ("bytes", "03.jpg"),
        ("bytes", "copies/same.jpg"),
        ("picture", "copies/small.png"),
    ]
    assert [copy.distance for copy in copies[:2]] == [0, 0] and 0 <= copies[2].distance <= 0.25


@pytest.mark.parametrize(
    "changed",
    [
        lambda photo: encoded(photo, quality=30),
        lambda photo: encoded(photo.resize((400, 300)), "PNG"),
        lambda photo: encoded(photo.crop((8, 6, 232, 174))),
        lambda photo: encoded(photo.point([min(255, int(1.15 * level)) for level in range(256)] * 3)),
    ],
)
def test_a_picture_saved_anew_is_known(storage, network, folder, changed):
    assert found(storage, network, folder, changed(drawn(17))) == [("picture", "17.jpg")]


def test_a_new_picture_is_nowhere(storage, network, folder):
    assert found(storage, network, folder, encoded(drawn(500))) == []
    assert found(storage, network, folder, encoded(Image.new("RGB", (50, 50), "white"))) == []


def test_files_that_have_gone_or_changed_or_lead_out_are_left_out(storage, network, folder, tmp_path):
    small, content = folder / "copies" / "small.png", (folder / "03.jpg").read_bytes()
    (folder / "03.jpg").unlink()
    drawn(99).save(small)
    assert found(storage, network, folder, encoded(drawn(3))) == [("picture", "copies/same.jpg")]
    small.unlink()
    small.symlink_to(tmp_path / "elsewhere.png")
    drawn(3).save(tmp_path / "elsewhere.png")
    assert found(storage, network, folder, encoded(drawn(3))) == [("picture", "copies/same.jpg")]
    assert found(storage, network, folder, content) == [("bytes", "03.jpg"), ("bytes", "copies/same.jpg")]


def test_frames_of_a_burst_are_not_one_picture(storage, network, folder):
    def at(second):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 12:00:{second:02d}"
        return exif

    drawn(40).save(folder / "burst.jpg", exif=at(1))
    done = embed([folder / "burst.jpg"], network.settled, progress=False)
    storage.add([image_of(folder, "burst.jpg", done.identities[0])], (done.identities, done.vectors))
    assert found(storage, network, folder, encoded(drawn(40), quality=60, exif=at(2))) == []
    kept = open_photo(folder / "burst.jpg")
    assert found(storage, network, folder, encoded(kept, quality=60, exif=at(1))) == [("picture", "burst.jpg")]
    assert found(storage, network, folder, encoded(drawn(40), quality=60)) == [("picture", "burst.jpg")]


def test_what_is_no_photo(storage, network, folder):
    for content in (b"", b"no photo"):
        with pytest.raises(PhotoError):
            already_here(storage, network, PhotoRoot(folder), content)


def test_an_empty_collection(tmp_path, network):
    storage = open_storage(str(tmp_path / "empty.kinframe"), key=network.key, dimension=network.dimension)
    assert already_here(storage, network, PhotoRoot(tmp_path), encoded(drawn(1))) == []
    storage.close()


def test_the_measure_is_that_of_find_duplicates(network, folder, tmp_path):
    data, _ = load_photos(folder, progress=False)
    model = create(data, model="efficientnet-lite0", label="path", verbose=False, store=tmp_path / "store")
    (group,) = find_duplicates(model, progress=False).groups
    assert sorted(group) == ["03.jpg", "copies/same.jpg", "copies/small.png"]
    storage = open_storage(str(tmp_path / "store"), key=model.key, dimension=network.dimension)
    images = [image_of(folder, path, identity) for path, identity in zip(data["path"], model.collection.identities)]
    storage.add(images, ([], np.empty((0, network.dimension), np.float32)))
    for path in data["path"][::3]:
        copies = {name for _, name in found(storage, network, folder, (folder / path).read_bytes())}
        assert copies == (set(group) if path in group else {path})
    storage.close()
