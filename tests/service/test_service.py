import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from helpers.errors import Refused, ServiceError
from helpers.service import service as parts
from helpers.service.records import NewImage
from helpers.service.service import Service
from helpers.service.settings import Settings
from tests.support.pictures import folder_of, tiny_network


@pytest.fixture
def service(tmp_path):
    photos = folder_of(tmp_path / "photos", 2)
    tiny = tiny_network(tmp_path / "tiny.onnx")
    return Service(Settings(photos, str(tmp_path / "kept"), model=str(tiny), workers=1))


class Counted:
    def __init__(self):
        self.asked = []

    def feature(self, content):
        self.asked.append(content)
        return np.full(3, len(self.asked), np.float32)


def test_the_same_upload_is_computed_once(service, monkeypatch):
    monkeypatch.setattr(parts, "_REMEMBERED", 2)
    service.network = Counted()
    assert service.feature(b"a") is service.feature(b"a")
    service.feature(b"b")
    service.feature(b"a")
    service.feature(b"c")  # b goes, which was asked for longest ago
    service.feature(b"a")
    assert service.network.asked == [b"a", b"b", b"c"]
    service.feature(b"b")
    assert service.network.asked == [b"a", b"b", b"c", b"b"]


def test_what_was_opened_is_closed_where_the_rest_cannot_be(service, monkeypatch):
    closed = []

    class Broken:
        def __init__(self, *_):
            raise ServiceError("no runner")

    monkeypatch.setattr(parts, "Runner", Broken)
    monkeypatch.setattr(parts.Storage, "close", lambda storage: closed.append(storage.database.close()))
    with pytest.raises(ServiceError, match="no runner"):
        service.start()
    assert closed == [None] and not service.started


def test_it_is_ended_in_reverse_and_once(service, monkeypatch):
    done = []

    class Quiet:
        def __init__(self, *_):
            pass

        def start(self):
            done.append("start")

        def stop(self):
            done.append("stop")

        def submit(self, request):
            done.append(request)

    close = parts.Storage.close
    monkeypatch.setattr(parts, "Runner", Quiet)
    monkeypatch.setattr(parts.Storage, "close", lambda storage: (done.append("close"), close(storage)))
    service.start()
    service.start()
    service.first_job()
    service.stop()
    service.stop()
    assert done == ["start", {"folder": ""}, "stop", "close"]


def test_another_network_than_before_is_noticed(service, tmp_path, monkeypatch):
    photo = NewImage("a.jpg", "ab" * 32, 4, 3, 100, 0)
    service.start()
    try:
        assert not service.lacks_features
        feature = np.ones((1, service.network.dimension), np.float32)
        service.storage.add([photo], ([photo.identity], feature))
        assert not service.lacks_features
    finally:
        service.stop()
    tiny = tiny_network(tmp_path / "other.onnx", scale=2.0)
    other = Service(service.settings._replace(model=str(tiny)))
    other.start()
    try:
        assert other.lacks_features
    finally:
        other.stop()


def test_no_more_urls_than_can_be_waited_for_are_fetched_at_once(service, monkeypatch):
    class Nested:
        def get(self, url):
            return service.fetch(url)

    service.fetcher = Nested()
    with pytest.raises(Refused, match="being fetched already"):
        service.fetch("http://example.org/")
    service.fetcher = type("Quick", (), {"get": lambda self, url: url.encode()})()
    assert service.fetch("x") == b"x", "what was taken is given back"
