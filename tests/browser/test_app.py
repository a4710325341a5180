"""What `make app` serves, in Chromium: thumbnails, an answer to a click, nothing from elsewhere, nothing kept."""

import contextlib
import functools
import io
import re
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")
pytest.importorskip("voila", reason="Voilà is not installed: the extra `app`")

from tests.support.app_server import serving, status_of
from tests.support.places import ROOT
from tests.support.until import HANGS

BUILD = ROOT / "build"
TURI = ROOT / ".venv-turi" / "bin" / "python"
_LOADED = "count => [...document.querySelectorAll('.kf-tile img')].filter(image => image.naturalWidth).length >= count"


@pytest.fixture(
    scope="module",
    params=[
        sys.executable,
        pytest.param(
            str(TURI),
            marks=pytest.mark.skipif(not TURI.exists(), reason="no .venv-turi: Turi Create is not available here"),
        ),
    ],
    ids=["modern", "turi"],
)
def server(request, shared_cache):
    with serving(ROOT / "data" / "robots", shared_cache, request.param) as server:
        yield server


@pytest.fixture(scope="module")
def asked():
    """The addresses that the visitor's page asked for."""
    return []


@pytest.fixture(scope="module")
def visitor(server, browser, asked):
    """A visitor's page, from the moment the first photos are on it."""
    asked.clear()
    with contextlib.closing(browser.new_context(viewport={"width": 1200, "height": 900})) as profile:
        page = profile.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(server.address)
        page.wait_for_function(_LOADED, arg=20)
        yield page


@pytest.fixture
def explorer(visitor):
    """The page as it was at first: the whole collection, nothing selected, no question."""
    if visitor.locator(".kf-chip").count():
        visitor.locator(".kf-chip").click()  # which takes the photo out of the question
    visitor.locator(".kf-gallery").press("Escape")
    visitor.locator(".kf-status", has_text=re.compile("^199 photos$")).wait_for()
    visitor.wait_for_function(_LOADED, arg=20)
    return visitor


def visit_again(visitor, address, count=5):
    """Another page of the same browser, with a kernel of its own; the process that shows it is there already."""
    page = visitor.context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_function(_LOADED, arg=count)
    return page


def ask(photo):
    """Find photos like it, by the button on it."""
    photo.hover()
    photo.get_by_text("Find similar").click()


def test_photos_are_shown_and_a_button_on_one_finds_those_like_it(explorer):
    assert explorer.locator(".kf-status").inner_text() == "199 photos"
    first = explorer.locator(".kf-tile", has_text="bolu-006.jpg")
    ask(first)
    explorer.locator(".kf-likeness").first.wait_for()
    likenesses = [float(text.split()[-2]) for text in explorer.locator(".kf-likeness").all_inner_texts()]
    assert len(likenesses) == 20 and likenesses == sorted(likenesses, reverse=True) and 0 < likenesses[0] < 100
    assert "bolu" in explorer.locator(".kf-tile").first.inner_text()


def test_nothing_is_fetched_from_elsewhere(explorer, asked):
    ask(explorer.locator(".kf-tile", has_text="bolu-006.jpg"))
    explorer.locator(".kf-likeness").first.wait_for()
    assert len(asked) > 50 and any(address.startswith("ws:") for address in asked)
    assert {urlsplit(address).hostname for address in asked if not address.startswith(("blob:", "data:"))} == {
        "127.0.0.1"
    }


def test_a_photo_from_outside_is_asked_with(explorer):
    with explorer.expect_file_chooser() as chooser:
        explorer.get_by_role("button", name="Search with a photo…").click()
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "orange").save(buffer, "PNG")
    chooser.value.set_files([{"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}])
    explorer.locator(".kf-likeness").first.wait_for()
    assert len(explorer.locator(".kf-tile").all()) == 20


@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_a_visitor_is_offered_no_labels_and_no_export(explorer):
    explorer.locator(".kf-tile", has_text="bolu-006.jpg").click(modifiers=["Control"])
    explorer.get_by_text("1 selected").wait_for()
    assert explorer.get_by_role("button", name="Export").count() == 0
    assert explorer.get_by_role("button", name="Label").count() == 0


@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_the_page_explains_itself_and_nothing_that_a_visitor_cannot_do(explorer):
    assert explorer.get_by_role("heading", level=1).inner_text() == "Photos in robots"
    assert explorer.locator(".kinframe-head li").count() == 3
    for name in ("Find similar", "Search with a photo…", "All photos"):  # what the lines name is there
        assert explorer.locator(".kinframe-explorer").get_by_text(name).count()
    explorer.get_by_text("All keys").click()
    explorer.get_by_role("button", name="Filters").click()
    explorer.locator(".kf-tile").first.dblclick()
    explorer.get_by_text("compared with whole photos.").wait_for()
    text = explorer.locator("body").inner_text().lower() + " ".join(
        explorer.eval_on_selector_all(
            "[title], [placeholder]",
            "all => all.filter(one => one.offsetParent).map(one => one.title + one.placeholder)",
        )
    )
    assert "more like this" in text, "the keys are there"
    for word in ("label", "export", "in a cell", "kernel", "event", "confirm", "reject", "add_regions"):
        assert word not in text, word
    explorer.get_by_role("button", name="Close", exact=True).click()
    explorer.get_by_text("All keys").click()
    explorer.get_by_role("button", name="Filters").click()


@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_a_page_whose_kernel_has_ended_says_how_to_go_on(server, visitor):
    page = visit_again(visitor, server.address)
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    assert status_of(f"{server.address}voila/api/shutdown/{kernel}", "POST") == 204
    ask(page.locator(".kf-tile").first)
    page.get_by_text("If this stays, load the page again.").wait_for()
    page.close()


@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_two_visitors_do_not_see_each_others_questions(explorer, browser, server):
    other = browser.new_page()
    other.set_default_timeout(60_000)
    other.goto(server.address)
    other.wait_for_function(_LOADED, arg=5)
    ask(explorer.locator(".kf-tile", has_text="bolu-006.jpg"))
    explorer.locator(".kf-likeness").first.wait_for()
    assert other.locator(".kf-likeness").count() == 0
    other.close()


def test_a_page_that_is_closed_ends_its_kernel(server, visitor):
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: the extra `cluster`")
    page = visit_again(visitor, server.address)
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    kernels = [each for each in psutil.Process(server.process.pid).children() if kernel in " ".join(each.cmdline())]
    assert len(kernels) == 1
    page.goto("about:blank")
    assert not psutil.wait_procs(kernels, timeout=HANGS)[1]
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_it_looks_right(theme, server, visitor, request):
    """Screenshots to look at, and the colour behind the photos."""
    page = visit_again(visitor, f"{server.address}?theme={theme}", 20)
    back = page.evaluate("getComputedStyle(document.querySelector('.kf-gallery')).backgroundColor")
    levels = [int(level) for level in back[back.index("(") + 1 : -1].split(",")[:3]]
    assert (max(levels) < 80) if theme == "dark" else (min(levels) > 200)
    BUILD.mkdir(exist_ok=True)
    page.screenshot(path=str(BUILD / f"app-{'turi' if 'turi' in request.node.name else 'modern'}-{theme}.png"))
    page.close()


@contextlib.contextmanager
def served(folder):
    """The port of a server of files."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@pytest.mark.once("the page and what guards it are the same; in both, photos are shown, asked with and uploaded")
def test_a_page_from_elsewhere_is_refused_and_a_link_from_there_is_not(server, browser, tmp_path):
    """Pictures and frames of another site are not a visit; a link is one, and stays one when it is loaded again."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    visit = context.new_page()
    visit.goto(server.address)  # so that the browser has the cookie
    visit.wait_for_function(_LOADED, arg=5)
    visit.close()
    (tmp_path / "index.html").write_text(
        f'<img src="{server.address}"><iframe src="{server.address}"></iframe><a href="{server.address}">photos</a>'
        f'<script>for (let i = 0; i < 9; i++) fetch("{server.address}?" + i, {{mode: "no-cors", '
        'credentials: "include"})</script>'
    )
    answers = []
    with served(tmp_path) as port:
        page = context.new_page()
        page.on("response", lambda answer: answers.append(answer) if answer.url.startswith(server.address) else None)
        page.goto(f"http://localhost:{port}/", wait_until="networkidle")
        assert len(answers) >= 10 and {answer.status for answer in answers} == {403}  # of the picture not always
        assert not any("kinframe-visitor" in answer.request.all_headers().get("cookie", "") for answer in answers)
        page.get_by_text("photos").click()
        page.wait_for_function(_LOADED, arg=5)
        page.reload()
        page.wait_for_function(_LOADED, arg=5)
    context.close()
