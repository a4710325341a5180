"""Photos from other hosts: what is asked, whom, and what is taken."""

import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.errors import Refused
from helpers.service.gate.addresses import is_public, parse
from helpers.service.gate.fetch import Fetcher
from helpers.service.settings import Settings
from tests.support.until import HANGS

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

NAMES = {"good.example": "127.0.0.1", "also.example": "127.0.0.1", "inner.example": "10.0.0.1"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what the path says."""

    asked = []  # noqa: RUF012 (of the whole test)
    told = threading.Event()

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        getattr(self, self.path[1:].partition("?")[0].partition("/")[0].replace("-", "_") or "photo")()

    def _say(self, status=200, content=b"", **headers):
        self.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def photo(self):
        self._say(content=b"photo", Set_Cookie="a=b", Content_Type="text/html")

    def chunked(self):
        self._say(Content_Length=None, Transfer_Encoding="chunked")
        self.wfile.write(b"3\r\npho\r\n2\r\nto\r\n0\r\n\r\n")

    def without_length(self):
        self._say(Content_Length=None)
        self.wfile.write(b"photo")

    def empty(self):
        self._say()

    def missing(self):
        self._say(404, b"secret words")

    def broken(self):
        self._say(500, b"secret words")

    def part(self):
        self._say(206, b"ph")

    def large(self):
        self._say(Content_Length="1001")

    def endless(self):
        self._say(Content_Length=None)
        for _ in range(10_000):
            self.wfile.write(bytes(1000))

    def short(self):
        self._say(Content_Length="500")
        self.wfile.write(b"photo")

    def short_chunks(self):
        self._say(Content_Length=None, Transfer_Encoding="chunked")
        self.wfile.write(b"30\r\npho")

    def packed(self):
        self._say(content=b"photo", Content_Encoding="gzip")

    def trickle(self):
        self._say(Content_Length="1000")
        self._slowly(b"a")

    def trickle_headers(self):
        self._slowly(b"H")

    def silent(self):
        self._slowly(b"")

    def _slowly(self, piece):
        """A piece now and then, for as long as the test has not heard that it is too slow."""
        while not self.told.wait(0.05):
            self.wfile.write(piece)

    def nonsense(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    def forever(self):
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000)

    def to(self):
        where = self.path.partition("?")[2].replace("PORT", str(self.server.server_port))
        self._say(int(self.path.split("/")[2].partition("?")[0]), b"", Location=where)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # whoever asked hung up


@contextmanager
def serve(tls=None):
    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def port():
    with serve() as number:
        yield number


def resolve(host, port, **_):
    if host in NAMES:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (NAMES[host], port))]
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)


def fetcher(*hosts, seconds=HANGS, resolve=resolve, allowed_address=lambda address: address == "127.0.0.1"):
    settings = Settings(Path(), allowed_hosts=hosts, upload_bytes=1000, upload_seconds=seconds)
    return Fetcher(settings, resolve=resolve, allowed_address=allowed_address)


@pytest.fixture()
def get(port):
    """Fetches a path of the test's server, whose host is allowed."""

    def get(path, **more):
        return fetcher(f"good.example:{port}", **more).get(f"http://good.example:{port}{path}")

    return get


def refused(status, part, call, *arguments, **more):
    with pytest.raises(Refused, match=part) as caught:
        call(*arguments, **more)
    assert caught.value.status == status
    assert "secret" not in str(caught.value)


# --- what an allowed host answers


@pytest.mark.parametrize("path", ["/", "/photo", "/chunked", "/without-length", "/photo/a%20b?c=d#e", "/photo/ü?ü"])
def test_a_photo(get, path):
    assert get(path) == b"photo"


def test_an_empty_answer_is_for_whoever_checks_uploads(get):
    assert get("/empty") == b""


def test_what_is_asked_and_nothing_more(get, port, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Handler.asked.clear()
    get("/photo")
    get("/photo")
    path, headers = Handler.asked[-1]
    assert path == "/photo" and headers == {
        "Host": f"good.example:{port}",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "User-Agent": "Kinframe",
        "Connection": "close",
    }


@pytest.mark.parametrize("path", ["/missing", "/broken", "/part", "/packed", "/short", "/short-chunks", "/nonsense"])
def test_what_is_no_answer(get, path):
    refused(424, "good.example", get, path)


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_too_large(get, path):
    refused(413, "larger than 1,000 bytes", get, path)


@pytest.mark.parametrize("path", ["/trickle", "/trickle-headers", "/silent"])
def test_too_slow(get, path):
    Handler.told.clear()
    hang_guard = threading.Timer(60, Handler.told.set)
    hang_guard.start()
    try:
        refused(424, "within 0.4 s", get, path, seconds=0.4)
        assert not Handler.told.is_set(), "it heard all of it"
    finally:
        hang_guard.cancel()
        Handler.told.set()


def test_endless_interim_answers_end(get):
    refused(424, "good.example", get, "/forever", seconds=HANGS)


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        refused(424, "cannot be reached", fetcher(f"good.example:{port}").get, f"http://good.example:{port}/")


def test_a_name_that_is_not_known_or_takes_long():
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    told = threading.Event()

    def slow(*_, **__):
        told.wait(60)
        return []

    refused(424, "cannot be reached", fetcher("good.example", resolve=unknown).get, "http://good.example/")
    refused(424, "within 0.2 s", fetcher("good.example", resolve=slow, seconds=0.2).get, "http://good.example/")
    assert not told.is_set()
    told.set()


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(get, status):
    assert get(f"/to/{status}?/photo") == b"photo"


def test_to_another_allowed_host(port):
    both = fetcher(f"good.example:{port}", f"also.example:{port}")
    assert both.get(f"http://good.example:{port}/to/302?http://also.example:PORT/photo") == b"photo"


def test_three_redirects_and_no_more(get):
    assert get("/to/302?/to/302?/to/302?/photo") == b"photo"
    refused(424, "more than 3 times", get, "/to/302?/to/302?/to/302?/to/302?/photo")
    refused(424, "more than 3 times", get, "/to/302?")  # to itself


@pytest.mark.parametrize(
    "where, status",
    [
        ("http://evil.example/", 403),
        ("http://127.0.0.1:PORT/photo", 403),
        ("http://169.254.169.254/latest/meta-data/", 403),
        ("http://good.example:1/", 403),
        ("//evil.example/", 403),
        ("http://good.example:PORT@evil.example/", 422),
        ("file:///etc/passwd", 422),
        ("gopher://good.example:PORT/", 422),
        ("data:image/png;base64,aaaa", 422),
    ],
)
def test_redirects_are_checked(get, where, status):
    refused(status, ".", get, f"/to/302?{where}")


def test_a_redirect_to_an_allowed_host_inside(port):
    both = fetcher(f"good.example:{port}", "inner.example")
    refused(403, "not at a public", both.get, f"http://good.example:{port}/to/302?http://inner.example/")


# --- hosts and addresses


def test_without_allowed_hosts_nothing_is_fetched():
    refused(403, "--allow-host", fetcher().get, "http://good.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/",
        "http://good.example.evil.example/",
        "http://evil-good.example/",
        "http://good.example:81/",
        "https://good.example:80/",
        "http://sub.good.example/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://evil.example#@good.example/",
        "http://evil.example?@good.example/",
        "http://evil.example/@good.example/",
    ],
)
def test_other_hosts_are_not_asked(url):
    def never(*_, **__):
        raise AssertionError("a name was looked up")

    refused(403, "does not fetch from", fetcher("good.example", resolve=never).get, url)


@pytest.mark.parametrize(
    "url", ["http://GOOD.example/", "http://good.example./", "http://good.example:80/", "http://\uff47ood.example"]
)
def test_spellings_of_an_allowed_host(url):
    asked = []

    def look(host, port, **_):
        asked.append((host, port))
        return []

    refused(424, "cannot be reached", fetcher("Good.Example.", resolve=look).get, url)
    assert asked == [("good.example", 80)]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "good.example/a.jpg",
        "//good.example/",
        "http:good.example/",
        "http:///a.jpg",
        "http://",
        "file:///etc/passwd",
        "ftp://good.example/",
        "gopher://good.example/",
        "javascript:alert(1)",
        "http://user@good.example/",
        "http://good.example@evil.example/",
        "http://good.example:80@evil.example/",
        "http://:@good.example/",
        "http:\\\\good.example/",
        "http://good.example\\@evil.example/",
        "http://good.example/a b",
        "http://good.example/\r\nHost: evil.example",
        "http://good.example/\0",
        "http://good.example:99999/",
        "http://good.example:port/",
        "http://[::1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/x",
        "http://127.1/",
        "http://good.example/" + "a" * 2000,
        "http://" + "a" * 300 + "/",
        "http://-/",
        "http://a..b/",
        "http://%67ood.example/",
    ],
)
def test_no_address(url):
    refused(422, ".", fetcher("good.example").get, url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "192.0.0.8"),  # noqa: S104
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *("fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "100::1", "localhost", ""),
    ],
)
def test_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public(address):
    assert is_public(address)


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "::1"])
def test_a_name_must_be_at_public_addresses_only(inner, monkeypatch):
    def both(host, port, **_):
        rows = [(socket.AF_INET, 1, 6, "", ("1.1.1.1", port)), (socket.AF_INET, 1, 6, "", (inner, port))]
        return rows

    monkeypatch.setattr(socket, "socket", None)  # no connection is made
    settings = Settings(Path(), allowed_hosts=("good.example",))
    refused(403, "not at a public", Fetcher(settings, resolve=both).get, "http://good.example/")


def test_a_name_is_looked_up_once(port):
    answers = ["127.0.0.1", "10.0.0.1"]

    def turning(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    assert fetcher(f"good.example:{port}", resolve=turning).get(f"http://good.example:{port}/photo") == b"photo"
    assert answers == ["10.0.0.1"]


def test_the_next_address_where_one_does_not_answer(port):
    def two(host, port, **_):
        places = (("127.0.0.1", 1), ("127.0.0.1", port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    assert fetcher(f"good.example:{port}", resolve=two).get(f"http://good.example:{port}/photo") == b"photo"


@pytest.mark.parametrize("text", ["", "a b", "http://good.example", "good.example:port", "good.example:0", "a/b", "*"])
def test_an_allowed_host_that_is_none(text):
    refused(422, ".", fetcher, text)


def test_allowed_hosts_of_every_kind():
    fetcher(
        "good.example", "Good.example:8080", "bücher.example", "2606:4700::1111", "[2606:4700::1111]:8080", "1.1.1.1"
    )


def test_parts_of_an_address():
    assert parse("http://bücher.example/ü").host == "xn--bcher-kva.example"
    assert parse("http://[2606:4700:0::1111]:8080/").place == "[2606:4700::1111]:8080"
    assert parse("https://a.example").target == "/"
    assert parse("https://a.example/?a=b&c=%20d").target == "/?a=b&c=%20d"


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(folder / "key"), "-out", str(folder / "certificate"), "-days", "2"]
    command += ["-subj", "/CN=good.example", "-addext", "subjectAltName=DNS:good.example"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_tls_is_verified_for_the_name(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(certificate / "certificate"), str(certificate / "key"))
    with serve(context) as port:
        hosts = [f"{name}:{port}" for name in ("good.example", "also.example")]
        trusting = fetcher(*hosts)
        trusting.tls.load_verify_locations(str(certificate / "certificate"))
        assert trusting.get(f"https://good.example:{port}/photo") == b"photo"
        refused(424, "certificate", trusting.get, f"https://also.example:{port}/photo")
        refused(424, "certificate", fetcher(*hosts).get, f"https://good.example:{port}/photo")


def test_tls_where_there_is_none(port):
    refused(424, "secure connection", fetcher(f"good.example:{port}").get, f"https://good.example:{port}/photo")
