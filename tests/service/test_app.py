import contextlib
import io
import json
import re
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

import requests

from helpers.files.cache import cache_folder
from tests.support.pictures import folder_of, picture, tiny_network
from tests.support.places import ROOT
from tests.support.service_server import serving
from tests.support.until import HANGS

COUNT = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("service")
    photos = folder_of(place / "photos", COUNT)
    (photos / "torn.jpg").write_bytes((photos / "0.jpg").read_bytes()[:200])
    tiny_network(place / "tiny.onnx")
    return place


@pytest.fixture(scope="module")
def served(place):
    with serving(place / "photos", "--model", str(place / "tiny.onnx"), "--workers", "1", "--rate", "0") as served:
        finished(served, requests.get(served.url + "/jobs", timeout=HANGS).json()["jobs"][0]["id"])
        yield served


@pytest.fixture
def ask(served):
    """Ask it; what is no error here is told with the answer."""

    def ask(method, path, status=200, **more):
        answer = requests.request(method, served.url + path, timeout=HANGS, **more)
        assert answer.status_code == status, answer.text
        if status >= 400:
            error = answer.json()["error"]
            assert error["status"] == status and error["message"]
        return answer

    return ask


def finished(served, job):
    for _ in range(1_200):  # a minute
        found = requests.get(f"{served.url}/jobs/{job}", timeout=HANGS).json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.05)
    pytest.fail(f"the job did not end: {found}")


def jpeg(seed=0):
    file = io.BytesIO()
    picture(seed).save(file, "PNG")
    return file.getvalue()


def photo(seed=0):
    return {"photo": ("p", jpeg(seed), "image/png")}


def image_at(ask, path):
    return next(image for image in ask("GET", "/images").json()["images"] if image["path"] == path)


# Searches


def test_a_photo_finds_itself_and_then_what_is_near(ask):
    found = ask("POST", "/search", files=photo(3), data={"k": 4}).json()
    assert [match["rank"] for match in found["matches"]] == [1, 2, 3, 4]
    first = found["matches"][0]
    assert first["image"]["path"] == "odd/3.jpg" and first["image"]["thumbnail"].endswith("/thumbnail")
    assert first["score"] == pytest.approx(1 - first["distance"]) and first["score"] > 0.99
    distances = [match["distance"] for match in found["matches"]]
    assert distances == sorted(distances) and found["metric"] == "cosine" and found["seconds"] >= 0
    assert found["query"]["by"] == "photo" and found["query"]["k"] == 4
    assert found["close"] is None and first["likeness"] is None, "of fewer than ten images nothing is usual"


def test_the_metric_and_the_least_score_can_be_chosen(ask):
    found = ask("POST", "/search", files=photo(3), data={"metric": "euclidean"}).json()
    assert found["metric"] == "euclidean"
    for match in found["matches"]:
        assert match["score"] == pytest.approx(1 / (1 + match["distance"]))
    least = found["matches"][2]["score"]
    fewer = ask("POST", "/search", files=photo(3), data={"metric": "euclidean", "min_score": repr(least)}).json()
    assert fewer["matches"] == found["matches"][:3]


def test_an_image_finds_itself_by_search_and_others_by_similar(ask):
    image = image_at(ask, "2.jpg")["id"]
    found = ask("POST", "/search", data={"image": image}).json()["matches"]
    others = ask("GET", f"/images/{image}/similar").json()["matches"]
    assert found[0]["image"]["id"] == image and found[0]["distance"] == pytest.approx(0, abs=1e-9)
    assert [each["image"]["id"] for each in found[1:]] == [each["image"]["id"] for each in others]
    assert len(others) == COUNT - 1


def test_a_text_is_refused_where_the_network_knows_no_words(ask):
    error = ask("POST", "/search", 422, data={"text": "fox"}).json()["error"]
    assert "knows no words; networks that do are" in error["message"]
    for wrong in ({"text": ""}, {"text": "x" * 300}, {"text": "fox", "image": 1}):
        ask("POST", "/search", 422, data=wrong)


def test_only_images_of_a_product_are_found_where_one_is_named(ask):
    chosen = [image_at(ask, path)["id"] for path in ("0.jpg", "odd/1.jpg")]
    ask("PUT", "/products/sofa", 201, json={"images": chosen})
    found = ask("POST", "/search", files=photo(5), data={"product": ["sofa", "none"]}).json()["matches"]
    assert {match["image"]["id"] for match in found} == set(chosen)
    assert all(match["image"]["products"] == ["sofa"] for match in found)
    assert ask("GET", f"/images/{chosen[0]}/similar?product=none").json()["matches"] == []
    ask("DELETE", "/products/sofa", 204)


def test_a_picture_that_is_here_is_told(ask, place):
    same = {"photo": ("p", (place / "photos" / "4.jpg").read_bytes())}
    first = ask("POST", "/already-here", files=same).json()["copies"][0]
    assert first["kind"] == "bytes" and first["image"]["path"] == "4.jpg"
    assert ask("POST", "/already-here", files=photo(77)).json() == {"copies": []}


@pytest.mark.parametrize(
    ("form", "files", "status"),
    [
        ({}, False, 415),
        ({"k": 3}, False, 422),
        ({"image": 1}, True, 422),
        ({"k": 0}, True, 422),
        ({"k": 1001}, True, 422),
        ({"k": "1e3"}, True, 422),
        ({"k": "9" * 5000}, True, 422),
        ({"k": [1, 2]}, True, 422),
        ({"metric": "hamming"}, True, 422),
        ({"min_score": "nan"}, True, 422),
        ({"min_score": "inf"}, True, 422),
        ({"product": "a\0b"}, True, 422),
        ({"product": ["x"] * 101}, True, 422),
        ({"wish": "more"}, True, 422),
        ({"image": 2**63}, False, 422),
        ({"image": 2**63 - 1}, False, 404),
        ({"photo": "text"}, False, 422),
        ({"url": "file:///etc/passwd"}, False, 422),
        ({"url": "http://elsewhere.example/a.jpg"}, False, 403),
    ],
)
def test_what_cannot_be_asked_is_refused(form, files, status, ask):
    ask("POST", "/search", status, data=form, files=photo() if files else None)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"k": 3}', "application/json", 415),
        (b"--x", "multipart/form-data", 400),
        (b"--x\r\nnothing", "multipart/form-data; boundary=y", 400),
        (b"url=%ff%fe&k=%ed%a0%80", "application/x-www-form-urlencoded", 422),
    ],
)
def test_a_form_that_is_none_is_refused(body, kind, status, ask):
    ask("POST", "/search", status, data=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    "charset",
    [
        "charset=punycode",
        'charset="punycode"',
        "Charset = utf-7",
        "charset*=utf-8''punycode",
        "charset=utf-8; charset=idna",
    ],
)
def test_a_form_in_another_charset_is_refused(charset, ask):
    """Python reads some of them in quadratic time: half a second for each field, while nobody else is answered."""
    body = b'--x\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; {charset}"
    assert "UTF-8" in ask("POST", "/search", 415, data=body, headers={"Content-Type": kind}).text
    for usual in ("charset=utf-8", 'charset="UTF-8"'):
        kind = f"multipart/form-data; {usual}; boundary=x"
        ask("POST", "/search", 422, data=body, headers={"Content-Type": kind})


def test_a_second_photo_is_refused(ask):
    ask("POST", "/search", 400, files=[("photo", ("a", jpeg())), ("photo", ("b", jpeg()))])


def test_a_photo_that_is_none_is_refused_and_counted(ask):
    ask("POST", "/search", 415, files={"photo": ("a.jpg", b"this is text" * 100)})
    assert "kinframe_uploads_refused_total" in ask("GET", "/metrics").text


# Images


def test_images_come_in_pages(ask):
    first = ask("GET", "/images?limit=5").json()
    rest = ask("GET", f"/images?limit=5&after={first['next']}").json()
    paths = [image["path"] for image in first["images"] + rest["images"]]
    assert sorted(paths) == sorted(set(paths)) and len(paths) == COUNT and rest["next"] is None
    assert ask("GET", f"/images/{first['images'][0]['id']}").json() == first["images"][0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/images/0", 422),
        ("/images/-1", 422),
        ("/images/x", 422),
        (f"/images/{2**63}", 422),
        ("/images/" + "9" * 1000, 422),
        (f"/images/{2**63 - 1}", 404),
        ("/images/%00", 400),
        ("/images?limit=0", 422),
        ("/images?limit=5&limit=6", 422),
        ("/images?wish=more", 422),
        (f"/images?after={2**64}", 422),
        ("/images/1?all=1", 422),
        ("/images/1/photo", 404),
        ("/images/1/thumbnail?size=4000", 422),
        ("/images/", 404),
        ("/docs", 404),
        ("/products/a%2Fb", 404),
        ("/products/a%0Ab", 400),
        ("/products?after=%F0%9F%98%80", 422),
        ("/jobs/none", 404),
        ("/jobs/a'b", 422),
    ],
)
def test_what_is_not_there_is_said(path, status, ask):
    ask("GET", path, status)


def test_a_thumbnail_is_a_small_jpeg_that_is_kept_by_the_browser(ask):
    image = image_at(ask, "6.jpg")["id"]
    answer = ask("GET", f"/images/{image}/thumbnail?size=16")
    assert answer.content.startswith(b"\xff\xd8") and answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"].startswith("private")
    tag = answer.headers["ETag"]
    again = ask("GET", f"/images/{image}/thumbnail?size=16", 304, headers={"If-None-Match": tag})
    assert again.content == b"" and again.headers["ETag"] == tag
    assert ask("GET", f"/images/{image}/thumbnail?size=17").headers["ETag"] != tag
    assert ask("GET", f"/images/{image}/thumbnail?size=1600").content.startswith(b"\xff\xd8")


def test_a_photo_whose_file_has_gone_has_no_thumbnail(ask, place):
    file = place / "photos" / "odd" / "7.jpg"
    content, image = file.read_bytes(), image_at(ask, "odd/7.jpg")["id"]
    file.unlink()
    try:
        for size in (33, 1600):
            answer = ask("GET", f"/images/{image}/thumbnail?size={size}", 404)
            assert "odd/7.jpg" in answer.json()["error"]["message"]
    finally:
        file.write_bytes(content)


def test_an_image_is_taken_out_and_indexed_again(ask, served):
    image = image_at(ask, "odd/5.jpg")["id"]
    ask("DELETE", f"/images/{image}", 204)
    ask("GET", f"/images/{image}", 404)
    ask("DELETE", f"/images/{image}", 404)
    found = ask("POST", "/search", files=photo(5)).json()["matches"]
    assert image not in {match["image"]["id"] for match in found}
    answer = ask("POST", "/index", 202, json={"photos": ["odd/5.jpg", {"path": "gone.jpg", "products": ["a"]}]})
    assert answer.headers["Location"] == f"/jobs/{answer.json()['id']}"
    job = finished(served, answer.json()["id"])
    assert (job["state"], job["new"], job["bad"], job["request"]) == ("done", 1, 1, {"photos": 2})
    assert [bad["path"] for bad in job["bad_photos"]] == ["gone.jpg"]
    assert image_at(ask, "odd/5.jpg")["id"] > image


# Products


def test_a_product_is_made_changed_and_taken_away(ask):
    images = [image["id"] for image in ask("GET", "/images").json()["images"]]
    body = {"id": "lamp", "name": "Lamp", "details": {"price": 3.5, "tags": ["a", None]}, "images": images[2:0:-1]}
    made = ask("POST", "/products", 201, json=body)
    assert made.headers["Location"] == "/products/lamp"
    assert {name: made.json()[name] for name in body} == body
    ask("POST", "/products", 409, json=body)
    changed = ask("PUT", "/products/lamp", json={"name": "Lamp, red"}).json()
    assert (changed["name"], changed["images"], changed["details"]) == ("Lamp, red", [], {})
    assert ask("GET", "/products/lamp").json() == changed
    assert changed in ask("GET", "/products").json()["products"]
    ask("PUT", "/products/lamp", 422, json={"id": "other"})
    ask("DELETE", "/products/lamp", 204)
    ask("DELETE", "/products/lamp", 404)


DEEP = b'{"id": "a", "details": {"a": %s%s}}'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"id": "a/b"}', 422),
        (b'{"id": "a\\u0000"}', 422),
        (b'{"id": ".."}', 422),
        (b'{"id": "a", "name": "\\u0000"}', 422),
        (b'{"id": "a", "name": "\\ud800"}', 422),
        (b'{"id": "a", "details": {"x": "\\ud800"}}', 422),
        (b'{"id": "a", "details": {"\\ud800": 1}}', 422),
        (b'{"id": "a", "details": {"x": "\\u0000"}}', 422),
        (b'{"id": "a", "details": {"x": NaN}}', 422),
        (b'{"id": "a", "details": {"x": 1e999}}', 422),
        (b'{"id": "a", "details": {"x": %s}}' % (b"9" * 5000), 422),
        (b'{"id": "a", "details": {"x": "%s"}}' % (b"x" * 70_000), 422),
        (DEEP % (b"[" * 30, b"]" * 30), 422),
        (DEEP % (b"[" * 100_000, b"]" * 100_000), 400),
        (b'{"id": "a", "images": [1.5]}', 422),
        (b'{"id": "a", "images": [true]}', 422),
        (b'{"id": "a", "images": [9223372036854775808]}', 422),
        (b'{"id": "a", "images": [9223372036854775807]}', 422),
        (b'{"id": "a", "wish": 1}', 422),
        (b'{"id": "a", "\\ud800": 1}', 422),
    ],
)
def test_a_product_that_is_none_is_refused(body, status, ask):
    ask("POST", "/products", status, data=body, headers={"Content-Type": "application/json"})
    ask("GET", "/products/a", 404)


# Jobs


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"folder": "odd", "photos": ["0.jpg"]}, 422),
        ({"folder": "../.."}, 422),
        ({"folder": "/etc"}, 422),
        ({"folder": "a\0b"}, 422),
        ({"folder": "none"}, 404),
        ({"photos": []}, 422),
        ({"photos": [{"products": ["a"]}]}, 422),
        ({"photos": [{"path": "0.jpg", "products": ["a/b"]}]}, 422),
        ({"photos": ["../../etc/passwd"]}, 422),
    ],
)
def test_what_cannot_be_indexed_is_refused(body, status, ask):
    ask("POST", "/index", status, json=body)


def test_the_first_job_took_every_photo_and_told_of_the_bad_one(ask):
    first = ask("GET", "/jobs").json()["jobs"][-1]
    assert first["request"] == {"folder": ""}
    job = ask("GET", f"/jobs/{first['id']}").json()
    assert (job["state"], job["done"], job["bad"]) == ("done", COUNT + 1, 1)
    assert job["bad_photos"][0]["path"] == "torn.jpg" and job["bad_photos"][0]["reason"]
    assert ask("DELETE", f"/jobs/{job['id']}", 202).json()["state"] == "done"


# All of it


def test_every_answer_has_an_id_and_is_safe_to_show(ask):
    answers = [
        ask("GET", "/health"),
        ask("GET", "/ready"),
        ask("GET", "/nothing", 404),
        ask("GET", "/metrics"),
        ask("GET", "/images/1/thumbnail?size=16"),
        ask("GET", "/jobs/x", 404, headers={"Origin": "http://elsewhere.example"}),
        ask("POST", "/products", 403, json={}, headers={"Origin": "http://elsewhere.example"}),
    ]
    assert len({answer.headers["X-Request-ID"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Server" not in answer.headers and "Access-Control-Allow-Origin" not in answer.headers


def test_another_method_is_told_which_there_are(ask):
    assert ask("PATCH", "/products", 405).headers["Allow"] == "GET, HEAD, POST"
    assert ask("TRACE", "/images/1", 405).headers["Allow"] == "DELETE, GET, HEAD"


def test_head_is_get_without_the_body(ask):
    head, get = ask("HEAD", "/images"), ask("GET", "/images")
    assert head.content == b"" and head.headers["Content-Length"] == get.headers["Content-Length"]


def test_counts_name_routes_and_not_what_was_asked(ask):
    ask("GET", "/images/1/similar?k=3")
    ask("GET", "/some-place", 404)
    text = ask("GET", "/metrics").text
    assert 'kinframe_requests_total{method="GET",route="/images/{image}/similar",status="200"}' in text
    assert 'route="none",status="404"' in text and "some-place" not in text
    assert f"kinframe_images {COUNT}.0" in text and "kinframe_jobs_unfinished 0.0" in text


def test_the_description_has_examples_and_errors_of_one_shape(ask):
    document = ask("GET", "/openapi.json").json()
    assert "HTTPValidationError" not in json.dumps(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert {"401", "422", "429", "503"} <= set(operation["responses"]), (method, path)
    assert document["paths"]["/index"]["post"]["requestBody"]["content"]["application/json"]["examples"]


def test_what_it_says_holds_no_query(served, ask):
    ask("GET", "/images/1/similar?product=secret-product")
    ask("POST", "/search", 403, data={"url": "http://elsewhere.example/secret-url"})
    log = served.log.read_text()
    assert "GET /images/1/similar 200" in log and "secret" not in log


# What is not for callers


ODD = ("1", "5", "999", "0", "x", "..%2f..%2fetc%2fpasswd", "%2e%2e", "kin", "%00")


def test_no_route_answers_with_a_folder_of_this_machine(served, place, ask):
    """Of the photos, the cache, the account or Python; whatever is asked, and whatever became of a photo."""
    (place / "photos" / "0.jpg").rename(place / "0.jpg")
    torn = image_at(ask, "2.jpg")["id"]
    whole = (place / "photos" / "2.jpg").read_bytes()
    (place / "photos" / "2.jpg").write_bytes(b"torn")
    paths = requests.get(f"{served.url}/openapi.json", timeout=HANGS).json()["paths"]
    line, answers = requests.Session(), []
    try:
        bodies = [{}, {"json": {"folder": str(place)}}, {"json": {"photos": [f"{place}/0.jpg", "0.jpg", "../0.jpg"]}}]
        bodies += [{"files": {"photo": ("a.jpg", whole[:300])}}, {"data": {"url": f"file://{place}/0.jpg"}}]
        for path in paths:
            for odd in (torn, *ODD):
                address = served.url + re.sub(r"\{\w+\}", str(odd), path)
                for method in ("get", "post", "put", "patch", "options"):
                    for body in bodies if method in ("post", "put") else bodies[:1]:
                        with contextlib.suppress(requests.ConnectionError):  # refused before all of it was sent
                            answers.append(line.request(method, address, timeout=HANGS, **body))
                if "{" not in path:
                    break
        for job in ask("GET", "/jobs").json()["jobs"]:
            finished(served, job["id"])
            answers.append(line.get(f"{served.url}/jobs/{job['id']}", timeout=HANGS))
    finally:
        line.close()
        (place / "0.jpg").rename(place / "photos" / "0.jpg")
        (place / "photos" / "2.jpg").write_bytes(whole)
    sent = [str(place), "/etc"]  # which the caller has written, and may read again
    for answer in answers:
        text = f"{answer.headers} {answer.text}"
        if not any(part in str(answer.request.body) for part in sent):
            assert str(place) not in text, answer.url
        for secret in (str(Path.home()), str(cache_folder()), sys.prefix, str(ROOT), "Traceback"):
            assert secret not in text.replace(str(place), ""), answer.url
    assert {200, 404, 405, 422} <= {answer.status_code for answer in answers} and not any(
        answer.status_code >= 500 for answer in answers
    )
