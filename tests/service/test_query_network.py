import threading

import numpy as np
import pytest

from helpers.errors import ModelError, PhotoError
from helpers.features.embedding import embed
from helpers.features.store import StoredNetwork
from helpers.networks.load import load_network
from helpers.photos.load import load_photos
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.similarity.build import create
from tests.support.pictures import TINY, folder_of, picture, tiny_network

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos", count=12)


@pytest.fixture
def tiny(tmp_path):
    return str(tiny_network(tmp_path / "tiny.onnx"))


@pytest.fixture
def network(tiny):
    return QueryNetwork(tiny)


def test_the_feature_is_the_one_that_indexing_gives(folder, network, tiny):
    turned = picture(50, (60, 30)).getexif()
    turned[0x0112] = 6
    picture(50, (60, 30)).save(folder / "turned.jpg", exif=turned)
    picture(51, (60, 30)).convert("RGBA").save(folder / "clear.png")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    wanted = embed(paths, tiny, progress=False)
    assert len(wanted.vectors) == 14 and network.dimension == TINY
    for path, vector in zip(paths, wanted.vectors):
        feature = network.feature(path.read_bytes())
        assert feature.dtype == np.float32 and np.array_equal(feature, vector)
    assert network.key == wanted.settled.key


def test_with_a_real_network_its_features_are_those_of_a_notebook(folder):
    data, _ = load_photos(folder, progress=False)
    model = create(data, model="efficientnet-lite0", verbose=False)
    network = QueryNetwork("efficientnet-lite0", root=PhotoRoot(folder))
    assert network.key == model.key and network.name == "efficientnet-lite0"
    for path, vector in zip(data["path"], model.vectors):
        assert np.array_equal(network.feature((folder / path).read_bytes()), vector)


def test_many_threads_get_the_features_of_their_own_photos(folder, network):
    contents = [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))]
    wanted = [network.feature(content) for content in contents]
    wrong, together = [], threading.Barrier(24)

    def ask(first):
        together.wait()
        for place in range(first, first + 30):
            if not np.array_equal(network.feature(contents[place % 12]), wanted[place % 12]):
                wrong.append(place)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_photos_that_wait_go_through_the_network_together(folder, network, monkeypatch):
    content = next(folder.glob("*.jpg")).read_bytes()
    run, sizes, free = network._session.run, [], threading.Event()

    def slowly(pixels):
        sizes.append(len(pixels))
        free.wait(60)
        return run(pixels)

    monkeypatch.setitem(vars(network._session), "run", slowly)  # whose class has it: nothing is left behind
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(network.feature(content))) for _ in range(40)]
    threads[0].start()
    while not sizes:
        pass
    for thread in threads[1:]:
        thread.start()
    while len(network._waiting) < 39:
        pass
    free.set()
    for thread in threads:
        thread.join()
    assert len(answers) == 40 and sizes == [1, 16, 16, 7]


def test_what_is_no_photo_costs_only_itself(folder, network):
    for content in (b"", b"no photo", next(folder.glob("*.jpg")).read_bytes()[:200]):
        with pytest.raises(PhotoError):
            network.feature(content)


def test_an_error_of_the_network_reaches_all_who_wait_and_passes(folder, network, monkeypatch):
    content = next(folder.glob("*.jpg")).read_bytes()
    with monkeypatch.context() as patch:
        patch.setitem(vars(network._session), "run", lambda pixels: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            network.feature(content)
        patch.setitem(vars(network._session), "run", lambda pixels: np.full((len(pixels), TINY), np.nan, np.float32))
        with pytest.raises(PhotoError, match="not finite"):
            network.feature(content)
    assert np.isfinite(network.feature(content)).all()


def test_a_network_that_is_none(tmp_path):
    with pytest.raises(ModelError, match="no network is called"):
        QueryNetwork("resnet-5")


@pytest.fixture
def many(tmp_path):
    return folder_of(tmp_path / "many", count=40)


def test_a_notebook_and_a_service_agree_whoever_comes_first(many, tiny, processor):
    processor.try_for(12)
    network = QueryNetwork(tiny, root=PhotoRoot(many))
    assert network.settled.precision == "bf16" and len(processor.photos["fp32"]) == 12
    data, _ = load_photos(many, progress=False)
    assert create(data, model=tiny, verbose=False).key == network.key
    assert len(processor.photos["bf16"]) == 40, "what was tried for the service is there for the notebook"
    assert QueryNetwork(tiny, root=PhotoRoot(many)).key == network.key


@pytest.mark.parametrize("of", ["", "card"])
def test_a_service_goes_on_as_the_notebook_began(many, tiny, processor, of):
    """Also where the notebook had the folder above."""
    (many / "card").mkdir()
    data, _ = load_photos(many, progress=False)
    model = create(data, model=tiny, precision="bf16", verbose=False)
    picture(99).save(many / "card" / "a.jpg")
    network = QueryNetwork(tiny, root=PhotoRoot(many / of))
    assert network.key == model.key
    processor.become("plain")
    assert QueryNetwork(tiny, root=PhotoRoot(many / of)).settled.is_rounded


def test_what_the_database_of_the_service_has_goes_before(many, tiny, processor):
    data, _ = load_photos(many, progress=False)
    create(data, model=tiny, precision="bf16", verbose=False)
    loaded = load_network(tiny)
    kept = [StoredNetwork(f"own {loaded.identity} fp32", TINY, 7)]
    assert QueryNetwork(tiny, root=PhotoRoot(many), kept=kept).settled.precision == "fp32"


def test_a_table_without_features_says_nothing(many, tiny, processor):
    """A service makes one when it starts, before it has indexed anything."""
    data, _ = load_photos(many, progress=False)
    model = create(data, model=tiny, precision="bf16", verbose=False)
    empty = [StoredNetwork(f"own {load_network(tiny).identity} fp32", TINY, 0)]
    assert QueryNetwork(tiny, root=PhotoRoot(many), kept=empty).key == model.key


def test_without_a_root_it_is_fp32(tiny, processor):
    assert QueryNetwork(tiny).settled.precision == QueryNetwork(tiny, "fp32").settled.precision == "fp32"
