"""The page of a search service in Chromium: the real service behind it, on some of the sample photos."""

import base64
import io
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")
pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from PIL import Image
from playwright.sync_api import expect

from helpers.explorer.explorer import Explorer
from helpers.service import Client
from helpers.widgets.page_files import javascript, style_sheet
from tests.support.app_server import free_port
from tests.support.places import ROOT
from tests.support.service_server import serving, stop, surroundings
from tests.support.until import until

ROBOTS = ROOT / "data" / "robots"
OUTSIDE = ROBOTS / "tarn" / "tarn-040.jpg"
TRAP = "<img src=x onerror=window.trapped=1>&amp;"
MODEL = "--model=efficientnet-lite0"

_DRAWN = "[...document.querySelectorAll('.kf-picture img')].some((image) => image.naturalWidth > 100)"
_DROP = """([name, type, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], name, { type }));
    return data;
}"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Ten of each robot; one of them has a name that nobody should put into a page."""
    folder = tmp_path_factory.mktemp("service") / "photos"
    for kind in ("bolu", "tarn"):
        (folder / kind).mkdir(parents=True)
        for photo in sorted((ROBOTS / kind).iterdir())[:10]:
            shutil.copy(photo, folder / kind)
    shutil.copy(OUTSIDE, folder / "tarn" / f"{TRAP}.jpg")
    return folder


@pytest.fixture(scope="module")
def served(photos):
    with serving(photos, MODEL, "--rate=0") as served:  # all tests together ask more than one person does
        with Client(served.url) as client:
            assert client.index("", wait=True, progress=False).bad == 0
            ids = list(client.images()["id"])
            client.put_product("shelf-1", "Shelf <b>1</b>", ids[:4])
            client.put_product("shelf-2", "Shelf 2", ids[3:6])
        yield served


@pytest.fixture
def client(served):
    with Client(served.url) as client:
        yield client


@pytest.fixture
def open_page(profile):
    """Opens a page; what it asked for, and what went wrong in it, is looked at afterwards."""
    expect.set_options(timeout=60_000)
    pages, wrong, asked = [], [], []

    def hear(message):  # of answers that are no success, Chromium tells by itself
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def open_page(url, routes=(), width=1200, height=900, color_scheme="light"):
        page = profile.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", hear)
        page.on("request", lambda request: asked.append((url, request.url)))
        for pattern, answer in routes:
            page.route(pattern, answer)
        page.goto(url)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []
    elsewhere = [url for home, url in asked if urlsplit(url).scheme in ("http", "https") and not url.startswith(home)]
    assert elsewhere == []


@pytest.fixture
def page(served, open_page):
    page = open_page(served.url)
    expect(page.locator(".kf-tile")).to_have_count(21)
    return page


def drop(page, name, content, kind="image/jpeg"):
    data = page.evaluate_handle(_DROP, [name, kind, base64.b64encode(content).decode()])
    page.dispatch_event("body", "dragover", {"dataTransfer": data})
    page.dispatch_event("body", "drop", {"dataTransfer": data})


def drawn():
    """A picture that nobody has."""
    content = io.BytesIO()
    Image.radial_gradient("L").save(content, "PNG")
    return content.getvalue()


def asked_about(page, name):
    expect(page.locator("#heading")).to_have_text(f"Most similar to {name}")
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bwaiting\b"))


def wait_until(page, expression):
    """Until it is so; Playwright's own way asks a second time by `eval`, which the page forbids."""
    until(lambda: page.evaluate(expression))


def find_similar(tile):
    tile.hover()
    tile.get_by_text("Find similar").click()


def names(page):
    return page.locator(".kf-tile .kf-name").all_inner_texts()


def test_the_collection_comes_first(page):
    expect(page.locator("#count")).to_have_text("21 images")
    expect(page.get_by_role("heading", name="The collection")).to_be_visible()
    expect(page.locator(".kf-picture img")).not_to_have_count(0)
    wait_until(page, _DRAWN)
    assert page.locator(".kf-tile .of").first.inner_text() == "shelf-1"
    assert page.locator("#trail li").count() == 0


def test_a_photo_that_is_dropped_finds_what_the_service_finds(page, client):
    found = client.search(OUTSIDE, k=20)
    drop(page, "mine.jpg", OUTSIDE.read_bytes())
    asked_about(page, "mine.jpg")
    expect(page.locator("#status")).to_have_text(re.compile(r"^20 images, by cosine distance, in \d+ ms$|s$"))
    assert names(page) == [path.rpartition("/")[2] for path in found["path"]]
    numbers = page.locator(".kf-likeness").all_inner_texts()
    assert numbers[0].split() == ["1", "100", "%"]
    assert [int(each.split()[0]) for each in numbers] == list(range(1, 21))
    told = page.locator(".kf-likeness").evaluate_all("lines => lines.map((line) => line.title)")
    distances = [float(re.search(r"distance (\S+);", each)[1]) for each in told]
    assert distances == pytest.approx(list(found["distance"]), rel=5e-3, abs=1e-6)
    widths = page.locator(".kf-bar span").evaluate_all("bars => bars.map((bar) => parseFloat(bar.style.width))")
    assert widths == sorted(widths, reverse=True) and widths[0] == 100
    expect(page.locator("#far")).to_be_empty()
    expect(page.locator("#asked img")).to_have_attribute("alt", "mine.jpg")


def test_a_file_that_is_chosen_and_one_that_is_pasted(page):
    page.locator("#file").set_input_files(OUTSIDE)
    asked_about(page, OUTSIDE.name)
    pasted = "data => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))"
    content = io.BytesIO()
    Image.open(OUTSIDE).save(content, "PNG")
    data = page.evaluate_handle(_DROP, ["shot.png", "image/png", base64.b64encode(content.getvalue()).decode()])
    page.evaluate(pasted, data)
    asked_about(page, "shot.png")
    expect(page.locator("#trail li")).to_have_count(3)


def test_the_trail_shows_a_photo_from_outside_and_sends_it_once(page):
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    drop(page, "mine.jpg", OUTSIDE.read_bytes())
    asked_about(page, "mine.jpg")
    picture = page.locator("#trail li").nth(1).locator(".kf-thumb img")
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    drop(page, "drawn.png", drawn(), "image/png")
    asked_about(page, "drawn.png")
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator("#trail li")).to_have_count(4)
    for place in (1, 2):
        expect(page.locator("#trail li").nth(place).locator(".kf-thumb img")).not_to_have_js_property("naturalWidth", 0)
    asked = [request.url.rpartition("/")[2] for request in sent]
    assert asked.count("search") == 2, "each is searched with once"


def test_a_photo_that_the_browser_cannot_draw_stands_in_the_trail_by_its_name(page):
    answer = {"metric": "cosine", "matches": [], "close": None, "seconds": 0.1}
    page.route("**/search", lambda route: route.fulfill(json=answer))
    page.route("**/already-here", lambda route: route.fulfill(json={"copies": []}))
    drop(page, "mine.heic", b"of another format", "image/heic")
    step = page.locator("#trail li").nth(1)
    expect(step.locator(".kf-thumb")).to_be_hidden()
    expect(step).to_have_text("mine.heic")


def test_from_image_to_image_and_back(page, client):
    first, second = names(page)[2], None
    find_similar(page.locator(".kf-tile").nth(2))
    asked_about(page, first)
    row = list(client.images())[2]
    assert names(page) == [path.rpartition("/")[2] for path in client.similar(row["id"], k=20)["path"]]
    second = names(page)[0]
    find_similar(page.locator(".kf-tile").first)
    asked_about(page, second)
    expect(page.locator("#trail button")).to_have_text(["collection", first, second])
    expect(page.locator("#trail [aria-current]")).to_have_text(second)
    page.locator("#trail button").nth(1).click()
    asked_about(page, first)
    expect(page.locator("#trail button")).to_have_count(3)
    page.go_back()
    asked_about(page, second)
    page.keyboard.press("Backspace")
    asked_about(page, first)
    page.locator("#trail button").first.click()
    expect(page.locator("#heading")).to_have_text("The collection")
    expect(page.locator(".kf-tile")).to_have_count(21)


def test_all_of_it_by_keyboard(page):
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "kf-tile":
            break
    focused = "document.activeElement.querySelector('.kf-name')?.textContent"
    shown = names(page)
    assert page.evaluate(focused) == shown[0]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == shown[2]
    page.keyboard.press("End")
    assert page.evaluate(focused) == shown[-1]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == shown[-1]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == shown[0]
    page.keyboard.press("a")
    asked_about(page, shown[0])
    wait_until(page, f"{focused} === document.querySelector('.kf-tile .kf-name').textContent")  # the first match
    page.keyboard.press("Shift+Tab")
    wait_until(page, "document.activeElement.className === 'kf-chip'")
    page.keyboard.press("Shift+Tab")
    wait_until(page, "document.activeElement.className === 'kf-step'")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_have_text("The collection")
    wait_until(page, "document.activeElement.getAttribute('aria-current') === 'step'")
    page.keyboard.press("/")
    wait_until(page, "document.activeElement.id === 'text'")
    page.keyboard.type("w/")
    expect(page.locator("#text")).to_have_value("w/")


def test_it_says_whether_a_picture_is_already_here(page):
    other = ROBOTS / "bolu" / "bolu-001.jpg"
    drop(page, "mine.jpg", other.read_bytes())
    here = page.locator("#here")
    expect(here).to_contain_text("This picture is already here:")
    expect(here.locator("li")).to_have_text(["bolu/bolu-001.jpgthe same file"])
    smaller = io.BytesIO()
    picture = Image.open(other)
    picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)).save(smaller, "JPEG", quality=85)
    drop(page, "smaller.jpg", smaller.getvalue())
    asked_about(page, "smaller.jpg")
    expect(here.locator("li")).to_have_text(["bolu/bolu-001.jpgthe same picture"])
    here.get_by_role("button").click()
    asked_about(page, "bolu-001.jpg")
    expect(here).to_be_hidden()
    drop(page, "trap.jpg", OUTSIDE.read_bytes())
    expect(here.locator("button")).to_have_text(re.compile(re.escape(TRAP)))
    drop(page, "new.png", drawn())
    asked_about(page, "new.png")
    expect(here).to_be_hidden()


def test_that_it_cannot_say_it_costs_no_match(page):
    page.route("**/already-here", lambda route: route.fulfill(status=500, json={"error": {"message": "broken"}}))
    with page.expect_response("**/already-here"):
        drop(page, "mine.jpg", OUTSIDE.read_bytes())
    expect(page.locator(".kf-likeness")).to_have_count(20)
    expect(page.locator("#here")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_settings_ask_again(page):
    drop(page, "mine.jpg", OUTSIDE.read_bytes())
    asked_about(page, "mine.jpg")
    page.get_by_label("Results", exact=True).fill("5")
    page.get_by_label("Results", exact=True).press("Tab")
    expect(page.locator(".kf-tile")).to_have_count(5)
    page.get_by_role("button", name="Filters").click()
    page.locator("#metric").select_option("Euclidean")
    expect(page.locator("#status")).to_have_text(re.compile("^5 images, by Euclidean distance"))
    page.locator("#metric").select_option("cosine")
    expect(page.locator("#status")).to_have_text(re.compile("^5 images, by cosine distance"))
    page.locator("#product").fill("shelf-2")
    page.locator("#product").press("Tab")
    expect(page.locator(".kf-tile")).to_have_count(3)
    page.locator("#score").fill("0.99")
    page.locator("#score").press("Tab")
    expect(page.locator(".kf-tile")).to_have_count(0)
    expect(page.locator("#status")).to_have_text(re.compile("^No image is as near as that"))
    chips = page.locator("#chips button")
    expect(chips).to_contain_text(["distance: cosine", "lowest score: 0.99", "product: shelf-2"])
    expect(page.get_by_role("button", name="Filters (3)")).to_have_attribute("aria-expanded", "true")
    chips.nth(1).click()
    expect(page.locator(".kf-tile")).to_have_count(3)
    expect(chips).to_have_count(2)
    expect(page.locator("#products option")).to_have_count(2)


@pytest.mark.parametrize("way", ["file", "address", "words", "away"])
def test_a_search_that_fails_leaves_the_last_results(page, way):
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    shown = {what: page.locator(what).all_inner_texts() for what in ("#heading", "#status", ".kf-name", "#trail li")}
    asked = page.locator("#asked .kf-chip").get_attribute("title")
    if way == "file":
        drop(page, "notes.jpg", b"just some text that is no photo, whatever its name says")
        reason = "notes.jpg: this is not a photo"
    elif way == "address":
        page.get_by_label("photo at").fill("https://photos.example/a/chair.jpg?x")
        page.locator("#fetch").click()
        reason = "--allow-host"
    elif way == "words":
        page.get_by_label("words").fill("robot")
        page.get_by_label("words").press("Enter")
        reason = "has not learnt 'robot'"
    else:
        for path in ("**/search", "**/ready", "**/health"):
            page.route(path, lambda route: route.abort())
        drop(page, "mine.jpg", OUTSIDE.read_bytes())
        reason = "cannot be reached"
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(reason)
    assert not re.search(r"create\(|helpers\.", alert.inner_text()), "visitors read no Python"
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bwaiting\b"))
    assert {what: page.locator(what).all_inner_texts() for what in shown} == shown
    assert page.locator("#asked .kf-chip").get_attribute("title") == asked
    page.keyboard.press("Escape")
    if way == "away":
        page.unroute_all()
        asked_about(page, "mine.jpg")
    else:
        page.locator("#trail button").first.click()
        expect(page.locator("#heading")).to_have_text("The collection")
        page.go_back()
        asked_about(page, shown["#trail li"][1])


def test_an_error_can_be_closed_and_one_that_is_over_goes(page):
    trap = {"status": 422, "message": "it is torn"}
    page.route("**/search", lambda route: route.fulfill(status=422, json={"error": trap}))
    drop(page, "a.jpg", OUTSIDE.read_bytes())
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("it is torn")
    assert alert.evaluate("each => getComputedStyle(each).color") == "rgb(201, 42, 42)"
    page.get_by_role("button", name="Close this message").click()
    expect(alert).to_be_hidden()
    drop(page, "again.jpg", OUTSIDE.read_bytes())
    expect(alert).to_contain_text("it is torn")
    page.keyboard.press("Escape")
    expect(alert).to_be_hidden()
    drop(page, "b.jpg", OUTSIDE.read_bytes())
    expect(alert).to_contain_text("it is torn")
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    expect(alert).to_be_hidden()


FACTS = ".kf-facts > div"


def large_view(page):
    dialog = page.get_by_role("dialog", name="Large view")
    expect(dialog.locator(".kf-stage img").last).not_to_have_js_property("naturalWidth", 0)
    return dialog


def test_an_image_is_seen_large_with_its_facts_and_beside_the_query(page, client):
    drop(page, "mine.jpg", OUTSIDE.read_bytes())
    asked_about(page, "mine.jpg")
    found = list(client.search(OUTSIDE, k=20))
    with page.expect_request("**/thumbnail?size=1600"):
        page.locator(".kf-tile").nth(1).dblclick()
    dialog = large_view(page)
    assert dialog.bounding_box() == {"x": 0, "y": 0, **page.viewport_size}
    expect(dialog.locator(FACTS, has_text="Size")).to_contain_text("B")  # of the file, with the large one
    facts = dict(each.split("\n") for each in dialog.locator(FACTS).all_inner_texts())
    folder, _, name = found[1]["path"].rpartition("/")
    assert (facts["Name"], facts["Folder"], facts["Rank"]) == (name, folder, "2")
    assert float(facts["Distance"]) == pytest.approx(found[1]["distance"], rel=5e-3)
    assert float(facts["Score"]) == pytest.approx(1 - found[1]["distance"], rel=5e-3)
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(FACTS, has_text="Rank")).to_have_text("Rank3")
    page.keyboard.press("+")
    expect(dialog.locator(".kf-zoomed")).to_have_count(1)
    page.keyboard.press("c")
    expect(dialog.locator(".kf-pinned")).to_have_text("mine.jpg")
    expect(dialog.locator(".kf-stage img").first).not_to_have_js_property("naturalWidth", 0)
    page.keyboard.press("Backspace")  # the page's keys rest
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == f"image-{found[2]['reference_label']}", (
        "the one that was seen last"
    )
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.keyboard.press("Enter")
    asked_about(page, found[2]["path"].rpartition("/")[2])
    expect(dialog).to_be_hidden()


def test_the_browsers_back_closes_the_large_view(page):
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    heading = page.locator("#heading").inner_text()
    page.locator(".kf-tile").nth(3).click()
    large_view(page)
    page.go_back()
    expect(page.locator(".kf-large")).to_be_hidden()
    expect(page.locator("#heading")).to_have_text(heading)
    page.keyboard.press("Enter")
    large_view(page)
    page.keyboard.press("Escape")
    page.keyboard.press("o")  # at once, while the browser still goes back
    large_view(page).get_by_role("button", name="Find similar").click()
    expect(page.locator("#heading")).not_to_have_text(heading)
    page.go_back()
    expect(page.locator("#heading")).to_have_text(heading)
    page.go_back()
    expect(page.locator("#heading")).to_have_text("The collection")


def test_after_a_search_that_failed_from_the_large_view_one_back_goes_back(page):
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    heading = page.locator("#heading").inner_text()
    refused = {"error": {"status": 404, "message": "image 3 is gone"}}
    page.route("**/similar?**", lambda route: route.fulfill(status=404, json=refused))
    page.locator(".kf-tile").nth(3).click()
    large_view(page).get_by_role("button", name="Find similar").click()
    expect(page.get_by_role("alert")).to_contain_text("image 3 is gone")
    page.wait_for_function("!history.state.large")
    assert page.locator("#heading").inner_text() == heading
    page.unroute_all()
    page.locator(".kf-tile").nth(4).click()
    large_view(page)
    page.keyboard.press("Escape")
    expect(page.locator(".kf-large")).to_be_hidden()
    page.wait_for_function("!history.state.large")
    page.go_back()
    expect(page.locator("#heading")).to_have_text("The collection")


def test_a_service_that_comes_back_leaves_the_large_view_open(page):
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    page.locator(".kf-tile").nth(3).click()
    dialog = large_view(page)
    name = dialog.locator(FACTS).first.inner_text()
    for path in ("**/jobs", "**/ready"):
        page.route(path, lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it looks for jobs when it is seen again
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    with page.expect_response("**/similar?**"):
        page.unroute_all()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".kf-likeness")).to_have_count(20)
    assert dialog.is_visible() and dialog.locator(FACTS).first.inner_text() == name
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(FACTS, has_text="Rank")).to_have_text("Rank5")
    page.keyboard.press("Escape")
    expect(page.locator(".kf-tile").nth(4)).to_be_focused()


def test_an_image_that_is_gone_says_so_in_the_large_view(page):
    gone = {"error": {"status": 404, "message": "image 1 has no thumbnail: no such file"}}
    page.route("**/thumbnail?size=1600", lambda route: route.fulfill(status=404, json=gone))
    page.locator(".kf-tile").first.click()
    dialog = page.get_by_role("dialog", name="Large view")
    expect(dialog.get_by_role("status")).to_have_text("image 1 has no thumbnail: no such file")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator(".kf-tile").first).to_be_focused()


def test_it_says_that_nothing_is_close_and_that_it_works(page):
    image = {"id": 1, "path": "a/b.jpg", "width": 9, "height": 9, "products": []}
    match = {"rank": 1, "distance": 0.9, "score": 0.1, "likeness": 0.05, "image": image, "word": None}
    asked = []
    page.route("**/search", lambda route: asked.append(route))
    with page.expect_request("**/search"):
        drop(page, "far.jpg", OUTSIDE.read_bytes())
    expect(page.locator(".kf-spinner")).to_be_visible()
    asked[0].fulfill(json={"metric": "cosine", "matches": [match], "close": False, "seconds": 0.1})
    expect(page.locator(".kf-spinner")).to_be_hidden()
    expect(page.get_by_text("Nothing close: even the nearest")).to_be_visible()
    expect(page.locator(".kf-likeness")).to_have_text("15 %")
    page.get_by_role("button", name="far.jpg: back to the collection").click()
    expect(page.get_by_text("Nothing close")).to_be_hidden()


def test_photos_are_as_large_as_somebody_wants(page):
    before = page.locator(".kf-tile").first.bounding_box()["width"]
    page.get_by_label("Size").fill("300")
    assert page.locator(".kf-tile").first.bounding_box()["width"] > max(290, before)


def test_names_that_are_traps_are_text(page):
    tile = page.locator(".kf-tile", has_text=TRAP)
    expect(tile).to_have_count(1)
    find_similar(tile)
    asked_about(page, f"{TRAP}.jpg")
    drop(page, f"{TRAP}.png", OUTSIDE.read_bytes())
    asked_about(page, f"{TRAP}.png")
    trap = {"status": 422, "message": TRAP}
    page.route("**/search", lambda route: route.fulfill(status=422, json={"error": trap}))
    drop(page, "b.jpg", OUTSIDE.read_bytes())
    expect(page.get_by_role("alert")).to_contain_text(TRAP)
    assert page.evaluate("window.trapped") is None
    assert page.locator("img[onerror], b:not(.kf-likeness b)").count() == 0


@pytest.mark.parametrize("width", [320, 1600])
def test_nothing_sticks_out(served, open_page, width):
    page = open_page(served.url, width=width, height=800)
    expect(page.locator(".kf-tile")).to_have_count(21)
    find_similar(page.locator(".kf-tile", has_text=TRAP))
    asked_about(page, f"{TRAP}.jpg")
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator("#trail li")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


_CONTRAST = """() => {
    const part = (value) => ((value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const colour = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const back = colour(getComputedStyle(element).backgroundColor);
            if (back[3] !== 0) return back;
        }
        return [255, 255, 255];
    };
    const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const faint = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility()) continue;
        const found = ratio(light(colour(getComputedStyle(element).color)), light(behind(element)));
        if (found < 4.5) faint.push([element.outerHTML.slice(0, 80), found]);
    }
    return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_both_themes(served, open_page, scheme):
    page = open_page(served.url, color_scheme=scheme)
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert dark is (scheme == "dark")
    assert page.evaluate(_CONTRAST) == []


def test_every_control_has_a_name(page):
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator("#trail li")).to_have_count(2)
    nameless = """() => [...document.querySelectorAll("button, input, select, progress")]
        .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim() || each.labels?.length))
        .map((each) => each.outerHTML)"""
    assert page.evaluate(nameless) == []


def test_a_service_that_wants_a_key(photos, open_page, tmp_path):
    port, folder = free_port(), tmp_path / "locked"
    shutil.copytree(photos / "bolu", folder)
    command = [sys.executable, "-m", "helpers.service", "keys", "add", "reader", "--role=read", f"--photos={folder}"]
    made = subprocess.run(command, env=surroundings(), cwd=str(ROOT), capture_output=True, text=True, check=True)
    key = made.stdout.strip().splitlines()[-1]
    with serving(folder, MODEL, port=port) as served:
        page = open_page(served.url)
        expect(page.locator("#key")).to_be_visible()
        expect(page.get_by_text("This service needs a key")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(page.locator(".kf-tile")).to_have_count(0)
        field = page.locator("#key-text")
        expect(field).to_be_focused()
        field.fill("kf_ä")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("A key has neither spaces nor letters like ä.")
        field.fill("kf_wrong")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The service does not accept this key.")
        expect(page.locator("#key")).to_be_visible()
        expect(page.locator("#forget")).to_be_hidden()
        field.fill(key)
        field.press("Enter")
        expect(page.locator(".kf-tile")).to_have_count(10)
        expect(page.locator("#key")).to_be_hidden()
        expect(page.get_by_role("alert")).to_be_hidden()
        wait_until(page, _DRAWN)
        assert key not in page.content() and page.evaluate("localStorage.length") == 0 and page.context.cookies() == []
        page.reload()
        expect(page.locator(".kf-tile")).to_have_count(10)
        page.get_by_role("button", name="Forget the key").click()
        expect(page.locator("#key")).to_be_visible()
        expect(page.locator(".kf-tile")).to_have_count(0)
        assert page.evaluate("sessionStorage.length") == 0


def test_a_late_no_to_the_last_key_leaves_the_next_one(served, open_page):
    late, no = [], {"status": 401, "json": {"error": {"status": 401, "message": "not this key"}}}

    def guard(route):
        key = route.request.headers.get("authorization", "")
        if key == "Bearer kf_right":
            route.continue_()
        elif key and route.request.url.endswith("/jobs"):
            late.append(route)
        else:
            route.fulfill(**no)

    page = open_page(served.url, [(re.compile(r"/(images|jobs|products)\b"), guard)])
    field = page.locator("#key-text")
    with page.expect_request("**/jobs"):
        field.fill("kf_wrong")
        field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The service does not accept this key.")
    field.fill("kf_right")
    field.press("Enter")
    expect(page.locator(".kf-tile")).to_have_count(21)
    with page.expect_response(lambda answer: answer.url.endswith("/jobs") and answer.status == 401):
        late[0].fulfill(**no)
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    expect(page.locator("#key")).to_be_hidden()
    expect(page.locator("#forget")).to_be_visible()


def test_a_service_that_goes_away_and_comes_back(photos, open_page, tmp_path):
    port, folder = free_port(), tmp_path / "away"
    shutil.copytree(photos / "bolu", folder)
    with serving(folder, MODEL, port=port) as served:
        with Client(served.url) as client:
            client.index("", wait=True, progress=False)
        page = open_page(served.url)
        expect(page.locator(".kf-tile")).to_have_count(10)
        stop(served.process)
    find_similar(page.locator(".kf-tile").nth(3))
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    with serving(folder, MODEL, port=port):
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(page.locator(".kf-likeness")).to_have_count(9)


def test_a_service_that_is_not_ready(page):
    said = {"error": {"status": 503, "message": "the database cannot be reached just now"}}
    page.route("**/similar?*", lambda route: route.fulfill(status=503, json=said))
    page.route("**/ready", lambda route: route.fulfill(status=503, json=said))
    find_similar(page.locator(".kf-tile").first)
    expect(page.get_by_role("alert")).to_contain_text("the database cannot be reached just now")
    page.unroute("**/similar?*")
    page.unroute("**/ready")
    expect(page.locator(".kf-likeness")).to_have_count(20)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_thumbnails_wait_when_there_are_too_many_at_once(served, open_page):
    refused = []

    def refuse(route):
        if len(refused) < 5:
            refused.append(route.request.url)
            told = {"error": {"status": 429, "message": "too many"}}
            route.fulfill(status=429, headers={"Retry-After": "1"}, json=told)
        else:
            route.continue_()

    page = open_page(served.url, [("**/thumbnail?*", refuse)])
    expect(page.locator(".kf-picture img")).not_to_have_count(0)
    for url in refused:
        number = re.search(r"images/(\d+)/", url)[1]
        expect(page.locator(f'.kf-picture[data-id="{number}"] img')).to_have_count(1)


def test_a_question_that_comes_too_early_is_asked_again(page):
    early = []

    def refuse(route):
        early.append(route.request.url)
        if len(early) > 1:
            return route.continue_()
        told = {"error": {"status": 429, "message": "too many"}}
        return route.fulfill(status=429, headers={"Retry-After": "1"}, json=told)

    page.route("**/similar?*", refuse)
    find_similar(page.locator(".kf-tile").first)
    expect(page.locator(".kf-likeness")).to_have_count(20)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert len(early) == 2


def test_jobs_are_shown_while_they_run(page):
    job = {"id": "a", "state": "running", "request": {"folder": TRAP}, "total": None, "done": 0, "bad": 0, "error": ""}
    told = [job]
    page.route("**/jobs", lambda route: route.fulfill(json={"jobs": told}))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".job")).to_have_text(re.compile(re.escape(f"Indexing {TRAP}") + "\\s*running"))
    told[:] = [{**job, "total": 1200, "done": 600, "bad": 2}, {**job, "id": "b", "request": {"photos": 3}, "total": 3}]
    expect(page.locator(".job").first).to_contain_text("600 of 1,200, 2 left out")
    expect(page.get_by_role("progressbar").first).to_have_js_property("position", 0.5)
    expect(page.locator(".job").nth(1)).to_contain_text("Indexing 3 photos")
    told[:] = [{**job, "state": "failed", "error": "the disk is full"}, {**job, "id": "b", "state": "done"}]
    expect(page.locator("#jobs")).to_be_hidden()
    expect(page.get_by_role("alert")).to_contain_text("the disk is full")


def test_the_first_images_are_shown_while_the_first_job_runs(served, open_page):
    nothing = {"images": [], "next": None, "total": 0}
    running = {"id": "a", "state": "running", "request": {"folder": ""}, "total": 9, "done": 0, "bad": 0, "error": ""}
    routes = [
        ("**/jobs", lambda route: route.fulfill(json={"jobs": [running]})),
        ("**/images?*", lambda route: route.fulfill(json=nothing)),
    ]
    page = open_page(served.url, routes)
    expect(page.locator(".job")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("There are no images yet")
    page.unroute("**/images?*")
    expect(page.locator(".kf-tile")).to_have_count(21)
    expect(page.locator("#status")).to_contain_text("Click one to see it large")
    expect(page.locator(".job")).to_be_visible()


def test_a_collection_without_images_and_one_of_many_pages(served, open_page):
    nothing = {"images": [], "next": None, "total": 0}
    page = open_page(served.url, [("**/images?*", lambda route: route.fulfill(json=nothing))])
    expect(page.locator("#status")).to_contain_text("There are no images yet")
    expect(page.locator("#count")).to_have_text("0 images")

    def some(route):
        after = int(re.search(r"after=(\d+)", route.request.url)[1]) if "after=" in route.request.url else 0
        image = {"path": "a/b.jpg", "width": 9, "height": 9, "products": []}
        images = [{**image, "id": after + number + 1} for number in range(60)]
        route.fulfill(json={"images": images, "next": after + 60 if after < 120 else None, "total": 180})

    page.unroute("**/images?*")
    page.route("**/images?*", some)
    page.reload()
    expect(page.locator(".kf-tile")).to_have_count(60)
    page.get_by_role("button", name="More").click()
    expect(page.locator(".kf-tile")).to_have_count(120)
    page.get_by_role("button", name="More").click()
    expect(page.locator(".kf-tile")).to_have_count(180)
    expect(page.get_by_role("button", name="More")).to_be_hidden()


def test_nothing_of_it_is_inline_or_from_elsewhere():
    folder = ROOT / "helpers" / "service" / "http" / "page"
    html, script = (folder / "page.html").read_text(), "".join(each.read_text() for each in folder.glob("*.js"))
    assert not re.search(
        r"<style|style=|<script(?! type=\"module\" src=\"page\.js\")|\son\w+=|(src|href)=.https?:", html
    )
    written = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|https?://[a-z]"
    assert not re.search(written, script)
    assert "url(" not in style_sheet(folder / "page.css", photos=True)


def test_it_looks_as_the_explorer_does():
    """One sheet for both, of which the page repeats nothing."""
    shared = (ROOT / "helpers" / "widgets" / "photos.css").read_text()
    for style in (Explorer._css, style_sheet(ROOT / "helpers" / "service" / "http" / "page" / "page.css", photos=True)):
        assert shared in style
    for script in (Explorer._esm, javascript(ROOT / "helpers" / "service" / "http" / "page" / "page.js")):
        assert all(f"function {name}(" in script for name in ("likenessLine", "filterChip", "keyHelp"))
        assert all(f"class {name} " in script for name in ("Toasts", "LargeView", "Zoom"))


def test_what_is_no_address_is_not_asked_for(page):
    field = page.locator("#url")
    for text in ("nonsense", "ftp://example.org/fox.jpg", "http://"):
        field.fill(text)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("begins with http:// or https://")
        expect(field).to_be_focused()
        assert page.locator("#trail li").count() == 0 and page.locator(".kf-tile").count() == 21, "nothing has changed"
        page.get_by_role("button", name="Close this message").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_by_keyboard_in_a_narrow_window(served, open_page, scheme):
    page = open_page(served.url, color_scheme=scheme, width=380, height=800)
    page.get_by_label("words").fill("toy or car")
    page.get_by_label("words").press("Enter")
    heading = page.get_by_role("heading", name="Most likely to show “toy or car”")
    expect(heading).to_be_visible()
    assert heading.evaluate("each => each.scrollHeight <= each.clientHeight"), "all of it"
    expect(page.locator("#status")).to_have_text(re.compile(r"^20 images, in \d"))
    guess = page.get_by_text("Guesses: the nearest of the thousand things that the network knows.")
    expect(guess).to_be_visible()
    assert guess.evaluate("each => each.scrollWidth <= each.clientWidth"), "it can be read to its end"
    expect(page.locator("#grid li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("words").fill("robot <b>")
    page.get_by_label("words").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("has not learnt 'robot'")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Lowest score")).to_have_accessible_description(re.compile("1 is the same picture"))
