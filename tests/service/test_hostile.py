"""Uploads, addresses and requests that mean harm, sent to the real server: each is told so, and does none."""

import contextlib
import json
import select
import socket
import subprocess
import sys

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

import requests

from tests.support import hostile_files as hostile
from tests.support.app_server import free_port
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.service_server import serving, surroundings
from tests.support.until import HANGS, until

UPLOAD_BYTES, SECONDS = 2_000_000, 4
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with secrets, and in it the photo root, from which a link leads out."""
    place = tmp_path_factory.mktemp("hostile")
    folder_of(place / "photos", 4)
    (place / "secret.jpg").write_bytes(hostile.photo())
    with contextlib.suppress(OSError):
        (place / "photos" / "way-out.jpg").symlink_to(place / "secret.jpg")
        (place / "photos" / "way-up").symlink_to(place)
    return place


@pytest.fixture(scope="module")
def inner_port():
    """A port of this machine, on which nobody is to be asked."""
    return free_port()


@pytest.fixture(scope="module")
def served(place, inner_port, tmp_path_factory):
    network = tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")
    hosts = [f"--allow-host={host}:{inner_port}" for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]")]
    hosts += ["--allow-host=169.254.169.254", "--allow-host=photos.example.org"]
    limits = [f"--upload-bytes={UPLOAD_BYTES}", f"--upload-seconds={SECONDS}", "--rate=0", "--workers=1"]
    with serving(place / "photos", f"--model={network}", *hosts, *limits) as served:
        wait_for_jobs(served.url)
        yield served


def wait_for_jobs(url):
    ended = ("done", "failed", "cancelled")
    until(lambda: all(job["state"] in ended for job in requests.get(f"{url}/jobs", timeout=HANGS).json()["jobs"]))


@pytest.fixture(autouse=True)
def unharmed(served):
    """Whatever was asked, the service goes on, and has neither more nor fewer photos."""
    yield
    assert served.process.poll() is None
    assert search(served, files={"photo": hostile.photo()}).status_code == 200
    assert len(requests.get(f"{served.url}/images", timeout=HANGS).json()["images"]) == 4
    assert "Traceback" not in served.log.read_text(encoding="utf-8", errors="replace")


def search(served, path="/search", **more):
    return requests.post(f"{served.url}{path}", timeout=HANGS, **more)


def refused(answer, status, part=""):
    """Whether it is an error of the one shape, told as JSON."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    error = answer.json()["error"]
    assert error["status"] == status and part in error["message"] and 10 < len(error["message"]) < 1000
    return error["message"]


def upload(served, content, name="photo.jpg", kind="image/jpeg", path="/search"):
    return search(served, path, files={"photo": (name, content, kind)})


def raw(served, *pieces, pause=0.0):
    """Status and JSON of what is answered to bytes as they are."""
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=HANGS) as line:
        for number, piece in enumerate(pieces):
            if number and select.select([line], [], [], pause)[0] and pause:
                break  # it is answered, or ended
            try:
                line.sendall(piece)
            except OSError:
                break  # it was answered before
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while b"\r\n\r\n" not in answer or len(answer) < whole(answer):
                block = line.recv(65_536)
                if not block:
                    break
                answer += block
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def whole(answer):
    head, _, _ = answer.lower().partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length:")[2].split()[0]) if b"content-length:" in head else 10**9
    return len(head) + 4 + length


def head(path="/search", *lines, method="POST"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode("latin-1")


FORM = "Content-Type: multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


def message(told, status, part=""):
    assert told[0] == status, told
    error = json.loads(told[1])["error"]
    assert error["status"] == status and part in error["message"]


# --- uploads: what they hold


def test_01_decompression_bomb_png(served):
    refused(upload(served, hostile.pixel_bomb_png()), 413, "pixels")


def test_02_pixel_bomb_gif(served):
    refused(upload(served, hostile.pixel_bomb_gif(), "a.gif", "image/gif"), 413, "pixels")


def test_03_pixel_bomb_tiff(served):
    refused(upload(served, hostile.pixel_bomb_tiff(), "a.tif", "image/tiff"), 413, "pixels")


def test_04_words_that_unpack_to_much(served):
    refused(upload(served, hostile.text_bomb_png()), 422, "text")


def test_05_profile_that_unpacks_to_much(served):
    refused(upload(served, hostile.profile_bomb_png()), 422, "too large")


def test_06_thousands_of_scans(served):
    refused(upload(served, hostile.scans_jpeg()), 422, "scans")


def test_07_png_of_a_hundred_thousand_parts(served):
    refused(upload(served, hostile.parts_png()), 422, "more parts")


def test_08_gif_of_a_hundred_thousand_remarks(served):
    refused(upload(served, hostile.parts_gif()), 422, "more parts")


def test_09_jpeg_in_a_page(served):
    refused(upload(served, hostile.jpeg_in_html()), 415, "an HTML page")


def test_10_page_in_a_jpeg_is_a_photo_and_never_handed_out(served):
    answer = upload(served, hostile.html_jpeg())
    assert answer.status_code == 200 and "script" not in answer.text


def test_11_svg_with_a_script(served):
    refused(upload(served, hostile.svg(), "a.png", "image/png"), 415, "an SVG drawing")


def test_12_zip_called_jpg(served):
    refused(upload(served, hostile.zip_bomb()), 415, "a ZIP file")


def test_13_postscript(served):
    refused(upload(served, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(x) run\n"), 415, "PostScript")


def test_14_truncated_jpeg(served):
    refused(upload(served, hostile.photo()[:-100]), 422, "cut off")


def test_15_empty_file(served):
    refused(upload(served, b""), 422, "empty")


def test_16_the_declared_type_plays_no_part(served):
    assert upload(served, hostile.photo("PNG"), "a.html", "text/html").status_code == 200
    refused(upload(served, b"hello", "a.jpg", "image/jpeg"), 415, "not a photo")


def test_17_a_photo_for_already_here_is_checked_too(served):
    refused(upload(served, hostile.zip_bomb(), path="/already-here"), 415, "a ZIP file")
    refused(upload(served, hostile.pixel_bomb_png(), path="/already-here"), 413, "pixels")


@pytest.mark.parametrize(
    "name",
    [
        *("../../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "a\0.jpg", "a\r\nSet-Cookie: a=b.jpg"),
        *("<script>alert(1)</script>.jpg", "'; DROP TABLE images; --", "x" * 3000, "CON", "", ".", "\u202egpj.exe"),
    ],
)
def test_18_file_names_play_no_part(served, place, name):
    before = sorted(path.name for path in place.rglob("*"))
    body = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="%s"\r\n\r\n' % name.encode()
    body += hostile.photo() + b"\r\n--b--\r\n"
    answer = search(served, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (200, 400, 422), answer.text  # a line break in it is no name, but the next header
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text and "passwd" not in answer.text
    assert sorted(path.name for path in place.rglob("*")) == before


# --- uploads: how they are sent


def test_20_sixteen_exabytes(served):
    # Its body is not waited for: that would be told as 408. See also test_guard, "refused unread".
    message(raw(served, head("/search", FORM, f"Content-Length: {2**64}")), 413, "larger than")


def test_21_larger_than_declared_limits(served):
    refused(upload(served, bytes(UPLOAD_BYTES + 200_000)), 413, "larger than")
    refused(upload(served, hostile.photo() + bytes(UPLOAD_BYTES)), 413, "the limit is")


def test_22_chunked_over_the_limit(served):
    def pieces():
        yield PART
        for _ in range(60):
            yield bytes(50_000)

    answer = search(served, data=pieces(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    refused(answer, 413, "larger than")


def test_23_chunked_without_an_end(served):
    chunk = b"C350\r\n" + bytes(50_000) + b"\r\n"
    first = b"%x\r\n" % len(PART) + PART + b"\r\n"
    told = raw(served, head("/search", FORM, "Transfer-Encoding: chunked"), first, *[chunk] * 200)
    message(told, 413, "larger than")


def test_24_slow_body(served):
    pieces = [b"a"] * 240  # a minute
    told = raw(served, head("/search", FORM, "Content-Length: 1000") + PART, *pieces, pause=0.25)
    message(told, 408, f"{SECONDS} s")


def test_25_json_that_is_too_large(served):
    message(raw(served, head("/products", "Content-Type: application/json", "Content-Length: 10000001")), 413)


def test_26_deep_json(served):
    for deep in ("[" * 200_000, '{"a":' * 100_000):
        answer = search(served, "/products", data=deep, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422) and answer.json()["error"]["message"]


def test_27_packed_body(served):
    answer = search(served, "/products", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    refused(answer, 415, "compressed")


def test_28_multipart_without_a_boundary(served):
    answer = search(served, data=PART, headers={"Content-Type": "multipart/form-data"})
    refused(answer, 400)


def test_29_multipart_without_an_end(served):
    answer = search(served, data=PART + b"abc", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (400, 415, 422) and answer.json()["error"]["message"]


def test_30_ten_thousand_parts(served):
    body = (
        b"".join(b'--b\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n' for _ in range(10_000)) + b"--b--\r\n"
    )
    refused(search(served, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}), 400, "Too many")


def test_31_ten_thousand_files(served):
    part = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n1\r\n'
    answer = search(served, data=part * 10_000 + b"--b--", headers={"Content-Type": "multipart/form-data; boundary=b"})
    refused(answer, 400, "Too many")


def test_32_giant_header_of_a_part(served):
    body = b"--b\r\nContent-Disposition: form-data; " + b"a" * 1_000_000 + b"\r\n\r\n1\r\n--b--\r\n"
    refused(search(served, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}), 400)


def test_33_giant_boundary(served):
    kind = "multipart/form-data; boundary=" + "b" * 10_000
    refused(search(served, data=b"x", headers={"Content-Type": kind}), 400)


def test_34_lines_that_nearly_end(served):
    """A parser of forms must not go over them again and again."""
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: the extra `cluster`")
    process = psutil.Process(served.process.pid)

    def spent(filling, times):
        """Seconds for which the service computes."""
        begin = process.cpu_times()
        for _ in range(times):
            answer = search(served, data=PART + filling, headers={"Content-Type": "multipart/form-data; boundary=b"})
            assert 400 <= answer.status_code < 500
        end = process.cpu_times()
        return end.user + end.system - begin.user - begin.system

    for filling in (b"\r" * 118_750, b"\r\n--" * 29_687, b"\r\n" * 59_375):
        parts, whole = (min(spent(*each) for _ in range(2)) for each in ((filling, 16), (16 * filling, 1)))
        assert whole < 4 * parts + 0.1, "sixteen times as much at once takes longer than sixteen times as much"


def test_35_giant_headers(served):
    told = raw(served, b"GET /images HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 500_000 + b"\r\n\r\n")
    assert 400 <= told[0] < 500


def test_36_two_lengths(served):
    told = raw(served, head("/search", FORM, "Content-Length: 5", "Content-Length: 50"), b"aaaaa")
    assert told[0] == 400


# --- questions


@pytest.mark.parametrize("k", ["1000000000", "0", "-1", "1e3", "nan", "9" * 5000, "1;DROP TABLE images", "\0"])
def test_40_k(served, k):
    refused(search(served, files={"photo": hostile.photo()}, data={"k": k}), 422, "k")
    assert requests.get(f"{served.url}/images/1/similar", params={"k": k}, timeout=HANGS).status_code in (400, 422)


@pytest.mark.parametrize(
    "product", ["' OR 1=1 --", "'; DROP TABLE images; --", "%", "_", "x') UNION SELECT * FROM keys --"]
)
def test_41_sql_in_a_product(served, product):
    answer = search(served, files={"photo": hostile.photo()}, data={"product": product})
    if answer.status_code == 200:
        assert answer.json()["matches"] == []
    else:
        refused(answer, 422, "product")
    for method in ("GET", "DELETE"):
        answer = requests.request(
            method, f"{served.url}/products/{requests.utils.quote(product, safe='')}", timeout=HANGS
        )
        assert answer.status_code in (404, 422), answer.text


def test_42_sql_in_other_places(served):
    refused(search(served, files={"photo": hostile.photo()}, data={"metric": "cosine' --"}), 422, "metric")
    refused(search(served, files={"image": (None, "1 OR 1=1")}), 422, "image")
    refused(requests.get(f"{served.url}/images/1 OR 1=1", timeout=HANGS), 422)
    refused(requests.get(f"{served.url}/images?after=0 UNION SELECT 1", timeout=HANGS), 422)


@pytest.mark.parametrize(
    "path",
    ["..", "../", "../secret.jpg", "/etc", "way-up", "way-up/", "odd/../..", "..\\..", "a\0b", "C:\\", "~", "//"],
)
def test_43_folders_out_of_the_root(served, path):
    answer = search(served, "/index", json={"folder": path})
    assert answer.status_code in (404, 422), answer.text
    assert "secret" not in answer.text.replace(path, "")


@pytest.mark.parametrize(
    "path", ["../secret.jpg", "way-out.jpg", "way-up/secret.jpg", "/etc/passwd", "a\0.jpg", "..\\secret.jpg"]
)
def test_44_photos_out_of_the_root(served, place, path):
    for photo in (path, {"path": path, "products": ["p"]}, str(place / "secret.jpg")):
        answer = search(served, "/index", json={"photos": [photo]})
        if answer.status_code == 202:
            wait_for_jobs(served.url)
            job = requests.get(f"{served.url}{answer.headers['location']}", timeout=HANGS).json()
            assert job["new"] == 0 and job["bad"] == 1, job
        else:
            assert answer.status_code in (404, 422), answer.text


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/../secret.jpg",
            "/%2e%2e/secret.jpg",
            "/..%2f..%2fetc%2fpasswd",
            "/images/..%2f..%2fsecret.jpg",
            "//etc/passwd",
        ),
        *(
            "/page.js/../../secret.jpg",
            "/page.%2e%2e%5csecret.jpg",
            "/images/%00",
            "/images/1%00.jpg",
            "/" + "a" * 5000,
        ),
        *("/page.html%00.js", "/page.secret", "/%252e%252e/secret.jpg", "/images/1/thumbnail/../../..", "/.env"),
    ],
)
def test_45_paths_out_of_the_page(served, path):
    for method in ("GET", "HEAD", "POST"):
        told = raw(served, head(path, "Connection: close", "Content-Length: 0", method=method))
        assert told[0] in (400, 404, 405, 414, 422), told
        assert b"root:" not in told[1] and b"JFIF" not in told[1]


# --- addresses


@pytest.mark.parametrize(
    "url, status",
    [
        ("http://127.0.0.1:PORT/", 403),
        ("http://localhost:PORT/", 403),
        ("http://[::ffff:127.0.0.1]:PORT/", 403),
        ("http://169.254.169.254/latest/meta-data/", 403),
        ("http://127.0.0.1/", 403),
        ("http://[::1]:PORT/", 403),
        ("http://0.0.0.0:PORT/", 403),
        ("http://evil.example/a.jpg", 403),
        ("http://photos.example.org.evil.example/", 403),
        ("http://photos.example.org:22/", 403),
        ("http://2130706433:PORT/", 422),
        ("http://0x7f.1:PORT/", 422),
        ("http://0177.0.0.1.:PORT/x", 422),
        ("http://photos.example.org@127.0.0.1:PORT/", 422),
        ("http://127.0.0.1:PORT\\@photos.example.org/", 422),
        ("file:///etc/passwd", 422),
        ("gopher://127.0.0.1:PORT/_GET", 422),
        ("ftp://photos.example.org/a.jpg", 422),
        ("data:image/png;base64,iVBORw0KGgo=", 422),
        ("http://photos.example.org/\r\nX: y", 422),
        ("/etc/passwd", 422),
        ("", 422),
    ],
)
def test_50_addresses(served, inner_port, url, status):
    with socket.socket() as inner:  # allowed by the command line, but on this machine: nobody may come here
        inner.bind(("127.0.0.1", inner_port))
        inner.listen()
        inner.settimeout(0.05)
        for path in ("/search", "/already-here"):
            told = refused(search(served, path, files={"url": (None, url.replace("PORT", str(inner_port)))}), status)
            assert "meta-data" not in told and "passwd" not in told
        with pytest.raises(socket.timeout):
            inner.accept()


def test_51_photo_and_address_at_once(served):
    refused(search(served, files={"photo": hostile.photo(), "url": (None, "http://photos.example.org/")}), 422, "one")


# --- pages from elsewhere


@pytest.mark.parametrize("headers", [{"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
def test_60_a_page_from_elsewhere(served, headers):
    refused(search(served, files={"photo": hostile.photo()}, headers=headers), 403, "elsewhere")
    refused(search(served, "/index", json={"folder": ""}, headers=headers), 403, "elsewhere")
    plain = {**headers, "Content-Type": "text/plain"}
    refused(search(served, "/products", data='{"id": "a"}', headers=plain), 403, "elsewhere")
    refused(requests.delete(f"{served.url}/images/1", headers=headers, timeout=HANGS), 403, "elsewhere")


def test_61_nobody_else_reads_the_answers(served):
    answer = requests.get(f"{served.url}/images", headers={"Origin": EVIL}, timeout=HANGS)
    assert not any(name.lower().startswith("access-control") for name in answer.headers)
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    answer = requests.options(f"{served.url}/search", headers={"Origin": EVIL}, timeout=HANGS)
    refused(answer, 403, "elsewhere")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"])
def test_62_another_host(served, host):
    refused(requests.get(f"{served.url}/images", headers={"Host": host}, timeout=HANGS), 421, "not called")
    refused(requests.get(f"{served.url}/", headers={"Host": host}, timeout=HANGS), 421, "not called")


def test_63_no_host(served):
    assert raw(served, b"GET /images HTTP/1.0\r\n\r\n")[0] == 400


# --- keys


def test_70_a_key_that_reads_does_not_write(place, tmp_path_factory):
    cache, database = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("kept") / "collection.kinframe"
    network = tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")
    command = [sys.executable, "-m", "helpers.service", "keys", "add", "shop", "--role", "read"]
    command += ["--photos", str(place / "photos"), "--database", str(database)]
    said = subprocess.run(command, env=surroundings(cache), cwd=str(ROOT), capture_output=True, text=True, check=True)
    key = next(word for word in said.stdout.split() if word.startswith("kf_"))
    reading = {"Authorization": f"Bearer {key}"}
    with serving(
        place / "photos", f"--model={network}", "--rate=1", "--burst=12", database=str(database), cache=cache
    ) as served:
        url = served.url
        refused(requests.get(f"{url}/images", timeout=HANGS), 401, "key")
        answer = requests.get(f"{url}/images", headers={"Authorization": "Bearer kf_wrong"}, timeout=HANGS)
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert requests.get(f"{url}/images", headers=reading, timeout=HANGS).status_code == 200
        refused(requests.post(f"{url}/index", json={"folder": ""}, headers=reading, timeout=HANGS), 403, "write")
        refused(requests.delete(f"{url}/images/1", headers=reading, timeout=HANGS), 403, "write")
        answers = [requests.get(f"{url}/images", timeout=HANGS) for _ in range(30)]
        assert {answer.status_code for answer in answers} == {401, 429}
        last = next(answer for answer in reversed(answers) if answer.status_code == 429)
        refused(last, 429, "too many")
        assert int(last.headers["retry-after"]) >= 1
        assert requests.get(f"{url}/images", headers=reading, timeout=HANGS).status_code == 200
        log = served.log.read_text(encoding="utf-8")
        assert key not in log and "kf_wrong" not in log and key[3:] not in log
    kept = [path for path in database.parent.iterdir() if path.is_file()]
    assert kept and not any(key.encode() in path.read_bytes() for path in kept)
