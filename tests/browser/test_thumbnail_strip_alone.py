"""The picker's thumbnails without Jupyter: their module, their style sheet, and a kernel that only listens."""

import pytest

from helpers.widgets.page_files import style_sheet
from helpers.widgets.thumbnail_strip import ThumbnailStrip
from tests.support.places import ROOT

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

FILES = {
    "strip.js": (ThumbnailStrip._esm, "text/javascript"),
    "strip.css": (ThumbnailStrip._css, "text/css"),
}
EMPTY = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="strip.css"><body>'
SHOW = """async () => {
    const photo = (n, marked) => ({ text: `${n}.jpg`, name: `a/${n}.jpg`, marked: n === marked });
    const names = (marked) => [...Array(20).keys()].map((n) => photo(n, marked));
    const traits = { _names: names(3), _jpegs: Array(20).fill(null) };
    const heard = [];
    window.clicks = [];
    window.mark = (place) => { traits._names = names(place); heard.forEach((each) => each()); };
    const send = ({ click }) => {
        window.clicks.push(click);
        window.mark(click);
    };
    const model = { get: (name) => traits[name], on: (_, each) => heard.push(each), off: () => {}, send };
    const before = document.body.appendChild(document.createElement("button"));
    const el = document.body.appendChild(document.createElement("div"));
    document.body.appendChild(document.createElement("button")).textContent = "Next";
    (await import("./strip.js")).default.render({ model, el });
    before.focus();
}"""
FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 700, "height": 900})  # five photos in a row
    page.set_default_timeout(60_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def serve(route):
        body, kind = FILES.get(route.request.url.rpartition("/")[2], (EMPTY, "text/html"))
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    page.route("http://kinframe.test/**", serve)
    page.goto("http://kinframe.test/")
    page.evaluate(SHOW)
    page.locator(".kinframe-photo").nth(19).wait_for()
    yield page
    page.close()
    assert not errors


def test_tab_reaches_the_chosen_photo_and_then_what_is_after_the_photos(page):
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "a/3.jpg"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Next"


def test_arrows_go_from_photo_to_photo(page):
    page.keyboard.press("Tab")
    steps = ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "End", "ArrowRight", "ArrowDown", "Home", "ArrowUp"]
    places = []
    for key in steps:
        page.keyboard.press(key)
        places.append(int(page.evaluate(FOCUSED)[2:-4]))
    assert places == [8, 9, 4, 3, 19, 19, 19, 0, 0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("clicks") == [1] and page.evaluate(FOCUSED) == "a/1.jpg"
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "a/1.jpg", "the one that was visited last"


def test_a_list_that_scrolls_stays_where_it_is_and_shows_the_chosen_photo(page):
    page.add_style_tag(content=".kinframe-photos { max-height: 200px; overflow: hidden auto; }")
    top = "document.querySelector('.kinframe-photos').scrollTop"
    page.evaluate(f"{top} = 100")
    page.locator(".kinframe-photo").nth(7).click()
    assert page.evaluate(top) == 100
    page.evaluate("mark(19)")
    chosen, box = (page.locator(each).bounding_box() for each in (".kinframe-chosen", ".kinframe-photos"))
    assert box["y"] <= chosen["y"] and chosen["y"] + chosen["height"] <= box["y"] + box["height"]


def test_photos_stand_in_rows_whichever_sheet_was_loaded_last(page):
    page.add_style_tag(content=style_sheet(ROOT / "helpers" / "explorer" / "page" / "explorer.css", photos=True))
    tops = page.locator(".kinframe-photo").evaluate_all("photos => photos.map((photo) => photo.offsetTop)")
    assert tops == sorted(tops) and len(set(tops)) == 4, "five in a row"


def test_the_frame_of_the_chosen_photo_is_the_same_under_the_mouse(page):
    colour = "photo => getComputedStyle(photo).borderTopColor"
    page.emulate_media(reduced_motion="reduce")
    photo = page.locator(".kinframe-photo").nth(7)
    photo.click()
    assert photo.evaluate("photo => photo.matches(':hover')")
    assert page.locator(".kinframe-chosen").evaluate(colour) == "rgb(232, 89, 12)"
