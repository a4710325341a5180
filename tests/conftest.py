"""What every test can count on."""

from importlib.util import find_spec

import pytest

import helpers  # noqa: F401  # before a test imports ONNX Runtime, which then tells nobody of it

TURI_WARNINGS = (
    "Using or importing the ABCs from 'collections'",
    "`np.(bool|float|int|object)` is a deprecated alias",
)


def pytest_addoption(parser):
    parser.addoption(
        "--browser-runs-notebooks",
        action="store_true",
        help="leave the notebooks that tests/browser runs, in this environment too, to tests/browser",
    )
    parser.addoption(
        "--once-elsewhere",
        action="store_true",
        help="leave the tests that are marked `once` to the run in the other environment",
    )


def pytest_collection_modifyitems(config, items):
    """Leave out what runs in the other environment; let Turi Create's own deprecations pass, and nothing else."""
    if config.getoption("once_elsewhere"):
        left_out = [item for item in items if item.get_closest_marker("once")]
        items[:] = [item for item in items if not item.get_closest_marker("once")]
        config.hook.pytest_deselected(items=left_out)
    for item in items if find_spec("turicreate") else ():
        for message in TURI_WARNINGS:
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{message}:DeprecationWarning"))


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """One cache folder for the whole run: the built-in network is prepared once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def module_cache(shared_cache):
    """The cache folder of the run, before the first test of a module has set it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINFRAME_CACHE", str(shared_cache))
        yield


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """The file of a network that is quickly run, for tests that don't change it."""
    from tests.support.pictures import tiny_network

    return tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")


@pytest.fixture(scope="session")
def tarn_model(shared_cache):
    """The built-in network on the sample photos of one robot, for tests that change nothing in it."""
    from helpers.photos import load_photos
    from helpers.similarity import create
    from tests.support.places import ROOT

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINFRAME_CACHE", str(shared_cache))
        data, _ = load_photos(ROOT / "data" / "robots" / "tarn", progress=False)
        return create(data, model="efficientnet-lite0", verbose=False, store=False)


@pytest.fixture(autouse=True)
def offline(monkeypatch, shared_cache):
    """No test reaches beyond this machine, or into the person's own cache."""
    stay_offline(monkeypatch, shared_cache)


def stay_offline(patch, cache):
    """The same for what starts before a test does, and outlives it."""
    patch.setenv("KINFRAME_CACHE", str(cache))
    patch.setenv("KINFRAME_MIRROR", str(cache / "no-mirror"))
    for name in ("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
        patch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        patch.delenv(name, raising=False)


@pytest.fixture
def processor(request, monkeypatch, tmp_path):
    """A machine with a processor to pretend, and a cache folder of its own; one with bf16, unless another is named.

    Others by `@pytest.mark.parametrize("processor", […], indirect=True)`; see `tests.support.processors`.
    """
    from tests.support.processors import Processor

    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    return Processor(getattr(request, "param", "bf16"), monkeypatch)
