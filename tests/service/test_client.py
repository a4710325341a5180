"""The client: what it sends, what it makes of answers and of failures; a fake service says them."""

import datetime
import gzip
import pickle
import socket
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

import helpers.service.client.client
from helpers import tc
from helpers.errors import FrameError, NotFound, PhotoError, Refused, ServiceError, Unavailable
from helpers.service import Client
from helpers.service.client import connection
from helpers.service.records import ImageRecord, Job
from tests.support.fake_service import Answer, fake_service, trouble
from tests.support.pictures import picture

IMAGE = {"id": 3, "path": "odd/3.jpg", "width": 24, "height": 24, "products": ["a", "b"], "thumbnail": "/x"}
MATCH = {"rank": 1, "distance": 0.25, "score": 0.75, "image": IMAGE}
WHOLE = {**IMAGE, "identity": "ab", "size": 9, "modified": 7, "added": "2026-01-05T09:30:00.5Z"}
JOB = {
    "id": "j1", "state": "done", "request": {"folder": ""}, "total": 6, "done": 6, "new": 5, "bad": 1, "attempts": 1,
    "cancelling": False, "error": "", "created": "2026-01-05T09:30:00Z", "started": None, "ended": None,
    "bad_photos": [{"path": "torn.jpg", "reason": "cut off"}],
}  # fmt: skip
PRODUCT = {"id": "a", "name": "A", "details": {"price": 2.5}, "images": [3, 1], "changed": "2026-01-05T09:30:00Z"}
KEY = "kf_secret0123456789"


@pytest.fixture(scope="module")
def server():
    with fake_service() as fake:
        yield fake


@pytest.fixture
def fake(server, monkeypatch):
    monkeypatch.setattr(connection, "_PAUSES", (0.0, 0.0))
    server.say(Answer())
    return server


@pytest.fixture
def client(fake):
    with Client(fake.url) as client:
        yield client


def test_matches_come_as_a_query_gives_them(fake, client):
    fake.say(Answer(body={"matches": [MATCH]}))
    found = client.search(3, k=4, metric="cosine", products="a", min_score=0.5)
    names = ["query_label", "reference_label", "distance", "rank", "path", "score", "products"]
    assert found.column_names() == names
    assert next(iter(found)) == dict(zip(names, [3, 3, 0.25, 1, "odd/3.jpg", 0.75, ["a", "b"]]))
    assert fake.asked[0].method == "POST" and fake.asked[0].path == "/search"
    assert fake.asked[0].body == b"k=4&metric=cosine&product=a&min_score=0.5&image=3"
    client.similar(3, k=4, products=["a", "b"])
    assert fake.asked[1].path == "/images/3/similar?k=4&product=a&product=b"


@pytest.mark.parametrize("ask", [lambda client: client.search(b"photo"), lambda client: client.similar(2)])
def test_no_match_is_a_frame_with_the_same_columns(fake, client, ask):
    fake.say(Answer(body={"matches": []}))
    found = ask(client)
    label = int if fake.asked[0].method == "GET" else str
    assert len(found) == 0 and found.column_types() == [label, int, float, int, str, float, list]


def test_empty_lists_are_frames_with_types(fake, client):
    fake.say(Answer(body={"images": [], "products": [], "jobs": [], "copies": [], "next": None}))
    assert client.images().column_types() == [int, str, int, int, list]
    assert client.products().column_types() == [str, str, dict, list]
    assert client.jobs().column_types() == [str, str, int, int, int, int, str, datetime.datetime]
    assert client.already_here(b"photo").column_types() == [int, str, float, str, list]


def test_a_photo_is_sent_as_it_is(fake, client, tmp_path):
    fake.say(Answer(body={"matches": [MATCH]}))
    path = tmp_path / "a photo é.jpg"
    picture(1).save(path)
    for photo in (path, str(path)):
        assert list(client.search(photo)["query_label"]) == ["a photo é.jpg"]
        assert path.read_bytes() in fake.asked[-1].body
    assert list(client.search(path.read_bytes())["query_label"]) == ["photo from outside"]
    data = tc.image_analysis.load_images(str(tmp_path))
    client.search(data["image"][0])
    assert path.read_bytes() in fake.asked[-1].body
    client.search(url="https://example.org/a.jpg?x=1&y")
    assert b"url=https%3A%2F%2Fexample.org%2Fa.jpg%3Fx%3D1%26y" in fake.asked[-1].body


@pytest.mark.parametrize("photo", [None, 2.5, True, ["a"]])
def test_what_is_no_photo(client, photo):
    with pytest.raises(FrameError):
        client.search(photo)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 2.5}, {"photo": 0}, {"photo": -1}, {"photo": 1, "url": "x"}])
def test_arguments_out_of_range(fake, client, wrong):
    with pytest.raises(FrameError):
        client.search(**{"photo": 1, **wrong})
    assert not fake.asked


def test_a_file_that_is_not_there(client, tmp_path):
    with pytest.raises(PhotoError, match=r"no\.jpg: no such file"):
        client.search(tmp_path / "no.jpg")


def test_all_pages_of_a_list(fake, client):
    pages = [{"images": [IMAGE, IMAGE], "next": 4}, {"images": [{**IMAGE, "id": 5}], "next": None}]
    fake.say(*(Answer(body=page) for page in pages))
    assert list(client.images()["id"]) == [3, 3, 5]
    assert [each.path for each in fake.asked] == ["/images?after=0&limit=1000", "/images?after=4&limit=1000"]


@pytest.mark.parametrize("further", [4, 3, -1, None, True, "5", "http://other.example/images", [5], {}])
def test_pages_that_do_not_go_on(fake, client, further):
    """The first page has images up to 4; a chain of pages that came back would never end."""
    fake.say(Answer(body={"images": [IMAGE], "next": 4}), Answer(body={"images": [IMAGE], "next": further}))
    if further is None:
        assert len(client.images()) == 2
        return
    with pytest.raises(ServiceError, match="does not answer as a search service"):
        client.images()
    assert len(fake.asked) == 2


def test_pages_without_an_end(fake, client, monkeypatch):
    monkeypatch.setattr(helpers.service.client.client, "_MOST_PAGES", 5)
    fake.say(*(Answer(body={"images": [IMAGE], "next": number}) for number in range(1, 9)))
    with pytest.raises(ServiceError, match="there is no end of its images"):
        client.images()
    fake.say(Answer(body={"images": [], "next": 9}))
    with pytest.raises(ServiceError, match="do not follow each other"):
        client.images()
    fake.say(Answer(body={"products": [PRODUCT] * 1_001, "next": None}))
    with pytest.raises(ServiceError, match="do not follow each other"):
        client.products()


def test_nothing_leads_to_another_host(fake):
    """Whatever a service calls its next page, or its new address: the key is for its own address alone."""
    with fake_service() as other, Client(fake.url, key=KEY) as client:
        there = f"{other.url}/products?after="
        pages = [{"products": [PRODUCT], "next": there}, {"products": [PRODUCT], "next": None}]
        fake.say(*(Answer(body=page, headers={"Link": f'<{there}>; rel="next"'}) for page in pages))
        assert len(client.products()) == 2
        for status in (301, 302, 303, 307, 308):
            fake.say(Answer(status, {}, {"Location": there}))
            with pytest.raises(ServiceError):
                client.products()
        assert other.asked == [] and fake.asked[0].headers["Authorization"] == f"Bearer {KEY}"


def test_records(fake, client):
    fake.say(Answer(body=WHOLE))
    image = client.image(3)
    half_past = datetime.datetime(2026, 1, 5, 9, 30, 0, 500_000, datetime.timezone.utc)
    assert isinstance(image, ImageRecord) and image.added == half_past and image.products == ("a", "b")
    fake.say(Answer(202, JOB))
    job = client.index(photos=["x.jpg", ("y.jpg", "a"), ("z.jpg", ["a", "b"])])
    assert isinstance(job, Job) and job.bad == 1 and job.started is None
    assert b'{"path": "z.jpg", "products": ["a", "b"]}' in fake.asked[0].body and b'["x.jpg"' in fake.asked[0].body
    assert list(client.bad("j1")) == [{"path": "torn.jpg", "reason": "cut off"}]
    fake.say(Answer(201, PRODUCT))
    assert client.put_product("a", "A", [3, 1], {"price": 2.5}).images == (3, 1)
    fake.say(Answer(body={"products": [PRODUCT], "next": None}))
    assert next(iter(client.products())) == {name: PRODUCT[name] for name in ("id", "name", "details", "images")}
    fake.say(Answer(body={"jobs": [JOB]}))
    assert client.jobs()["created"][0] == datetime.datetime(2026, 1, 5, 9, 30)
    fake.say(Answer(204, b""))
    assert client.remove_image(3) is None and client.remove_product("ä b?c") is None
    assert [each.path for each in fake.asked] == ["/images/3", "/products/%C3%A4%20b%3Fc"]


@pytest.mark.parametrize("id", ["", ".", "..", "a/b", 5])
def test_an_id_that_would_lead_elsewhere(fake, client, id):
    with pytest.raises(FrameError):
        client.product(id)
    assert not fake.asked


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (422, Refused), (413, Refused), (403, Refused), (500, ServiceError), (503, Unavailable)],
)
def test_errors_are_the_service_s_own(fake, client, status, kind):
    fake.say(trouble(status, "the <b>reason</b> and the way out"))
    with pytest.raises(kind, match=r"^the <b>reason</b> and the way out$") as caught:
        client.similar(3)
    assert caught.value.status == status


def test_a_key_that_is_missing(fake, client):
    fake.say(trouble(401, "this needs a key"))
    with pytest.raises(Refused, match=r"this needs a key \(Client\(url, key=…\) takes a key\)"):
        client.images()


def test_the_key_is_sent_and_never_told(fake):
    fake.say(Answer(body=b"<html>no service</html>"))
    client = Client(fake.url, key=KEY)
    with pytest.raises(ServiceError) as caught:
        client.image(1)
    assert fake.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    told = "".join(traceback.format_exception(type(caught.value), caught.value, caught.value.__traceback__))
    assert KEY not in f"{told}{client!r}{client}"
    with pytest.raises((TypeError, AttributeError)):
        pickle.dumps(client)  # the key goes into no file
    for wrong in ("kf_a b", f"{KEY}\r\nX-More: 1", "", "kf_ä"):
        with pytest.raises(ServiceError) as caught:
            Client(fake.url, key=wrong)
        assert KEY not in str(caught.value)


def test_nothing_is_sent_that_was_not_given(fake, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login me password hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    fake.say(Answer(body=WHOLE, headers={"Set-Cookie": "a=b"}))
    client = Client(fake.url)
    client.image(1)
    client.image(1)
    for asked in fake.asked:
        assert asked.headers["Authorization"] is None and asked.headers["Cookie"] is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>a router</html>"),
        Answer(body=b""),
        Answer(404, b"<html>not found</html>"),
        Answer(body=["no", "matches"]),
        Answer(body={"matches": [{"rank": 1}]}),
        Answer(body={"matches": [{**MATCH, "distance": "near"}]}),
        Answer(body={"matches": 7}),
        Answer(body=b"[" * 100_000),
        Answer(500, b"[" * 100_000),
        Answer(body={"matches": [{**MATCH, "distance": 10**399}]}),
        Answer(301, b"", {"Location": "http://127.0.0.1:9/"}),
    ],
)
def test_a_server_that_is_something_else(fake, client, answer):
    fake.say(answer)
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:\d+ (answers|does not answer as)") as caught:
        client.search(1)
    assert not isinstance(caught.value, Unavailable) and len(fake.asked) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_not_read_to_its_end(fake, client, status, monkeypatch):
    monkeypatch.setattr("helpers.service.client.connection._LARGEST", 100_000)
    for answer in (b" " * 200_000, gzip.compress(b" " * 10_000_000)):
        packed = {"Content-Encoding": "gzip"} if answer[:1] != b" " else {}
        fake.say(Answer(status, answer, packed))
        with pytest.raises(ServiceError, match="with more than 100,000 bytes"):
            client.image(1)


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://a", "http://", "http://a:x", "http://a/?b", None])
def test_what_is_no_address(url):
    with pytest.raises(ServiceError, match="is not the address of a service"):
        Client(url)


def test_a_password_in_an_address():
    with pytest.raises(ServiceError) as caught:
        Client("http://me:hidden@127.0.0.1")
    assert "hidden" not in str(caught.value)


def test_nobody_is_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{taken.getsockname()[1]}")
        for ask in (client.ready, client.images, lambda: client.put_product("a", "A", [])):
            with pytest.raises(Unavailable, match=r"at http://127\.0\.0\.1:\d+ \(.*refused\).*make serve"):
                ask()


def test_a_service_that_does_not_answer_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(Unavailable, match=r"did not answer within 0\.2 s"):
            client.images()


def test_what_reads_is_tried_again_while_the_service_is_not_ready(fake, client):
    fake.say(trouble(503), Answer(0), Answer(body={"matches": [MATCH]}))
    assert len(client.search(b"photo")) == 1 and len(fake.asked) == 3
    assert all(each.body == fake.asked[0].body for each in fake.asked[1:]) or b"photo" in fake.asked[2].body
    fake.say(trouble(503), Answer(201, PRODUCT))
    assert client.put_product("a", "A", []).id == "a"  # twice is the same as once


@pytest.mark.parametrize("answer", [trouble(503), Answer(0)])
def test_a_job_is_not_asked_for_twice(fake, client, answer):
    fake.say(answer)
    with pytest.raises(Unavailable):
        client.index("")
    assert len(fake.asked) == 1


def test_too_many_requests_wait_as_long_as_the_service_says(fake, client, monkeypatch):
    pauses = []
    monkeypatch.setattr(connection.time, "sleep", pauses.append)
    fake.say(trouble(429, Retry_After="7"), Answer(202, JOB))
    client.index("")
    assert pauses == [7.0]
    fake.say(trouble(429, Retry_After="3600"))
    with pytest.raises(Refused, match="no"):
        client.images()
    assert pauses == [7.0]


def test_ready(fake, client):
    fake.say(trouble(503))
    assert client.ready() is False and len(fake.asked) == 1
    fake.say(Answer(body={"status": "ok"}))
    assert client.ready() is True


def test_a_job_is_waited_for_across_a_restart(fake, client):
    running = {**JOB, "state": "running", "done": 2}
    fake.say(Answer(202, running), Answer(body=running), *[trouble(503)] * 4, Answer(body=running), Answer(body=JOB))
    assert client.index("", wait=True, progress=False).state == "done"
    with pytest.raises(FrameError, match="one of them"):
        client.index()


def test_several_threads(fake, client):
    fake.say(Answer(body=WHOLE))
    together = threading.Barrier(8)

    def ask(number):
        together.wait()
        return [client.image(number + 1).id for _ in range(20)]

    with ThreadPoolExecutor(8) as threads:
        assert all(ids == [3] * 20 for ids in threads.map(ask, range(8)))
    assert len(fake.asked) == 160


def test_an_answer_is_drawn_from_thumbnails(fake, client, tmp_path):
    picture(1).save(tmp_path / "1.jpg")
    jpeg = (tmp_path / "1.jpg").read_bytes()
    fake.say(Answer(body={"matches": [MATCH, {**MATCH, "rank": 2, "image": {**IMAGE, "id": 4, "path": "$x$ <b>"}}]}))
    found = client.search(tmp_path / "1.jpg")
    fake.say(Answer(body=jpeg, headers={"Content-Type": "image/jpeg"}), trouble(404, "gone"))
    figure = client.show(found)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"1.jpg", "3.jpg", "$x$ <b>", "0.250"} <= set(texts) and len(figure._repr_png_()) > 1000
    with pytest.raises(FrameError, match="found lacks"):
        client.show(tc.SFrame({"id": [1]}))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda client: client.search(1, products=[]), "products is empty"),  # it found all images
        (lambda client: client.search(1, metric="l1"), "metric is euclidean or cosine, not 'l1'"),
        (lambda client: client.search(1, min_score="x"), "min_score is a number, not 'x'"),
        (lambda client: client.search(1, min_score=float("nan")), "min_score is a number"),
        (lambda client: client.put_product("a", "A", "12"), "images is a list of ids"),  # it took images 1 and 2
        (lambda client: client.put_product("a", "A", ["x"]), "an id in images is a whole number"),
        (lambda client: client.put_product("a", "A", [1], {"x": object()}), "details is a dictionary"),
        (lambda client: client.put_product("a/b", "A", [1]), "without a slash"),
        (lambda client: client.index(photos="a.jpg"), "photos is a list of paths"),
        (lambda client: client.index(photos=[("a.jpg",)]), "one of photos is a path"),
        (lambda client: client.index(photos=[1]), "one of photos is a path"),
        (lambda client: client.show(None), "found lacks"),
    ],
)
def test_what_makes_no_sense_is_not_sent(fake, client, ask, said):
    with pytest.raises(FrameError, match=said):
        ask(client)
    assert fake.asked == []


@pytest.mark.parametrize("given", [{"key": 3}, {"timeout": 0}, {"timeout": "30"}, {"timeout": float("nan")}])
def test_a_key_or_a_timeout_that_is_none(fake, given):
    with pytest.raises(ServiceError, match=f"{next(iter(given))} is"):
        Client(fake.url, **given)


@pytest.mark.parametrize("ask", [Client.search, Client.already_here])
def test_a_photo_that_is_refused_is_named(fake, client, tmp_path, ask):
    (tmp_path / "notes.jpg").write_bytes(b"notes")
    fake.say(trouble(415, "not a photo"))
    with pytest.raises(Refused, match=r"^notes\.jpg: not a photo") as refused:
        ask(client, tmp_path / "notes.jpg")
    assert refused.value.status == 415
