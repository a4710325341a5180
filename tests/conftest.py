"""What every test can count on."""

import pytest


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """One cache folder for the whole run: the built-in network is prepared once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def offline(monkeypatch, shared_cache):
    """No test reaches beyond this machine, or into the person's own cache."""
    monkeypatch.setenv("PHOTOKIN_CACHE", str(shared_cache))
    monkeypatch.setenv("PHOTOKIN_MIRROR", str(shared_cache / "no-mirror"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
