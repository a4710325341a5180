"""The strip of boxes: the widget itself behind its page, without Jupyter."""

import base64
from pathlib import Path

import pytest

from helpers.photos import load_photos
from helpers.season import BoxStrip, DetectionReview
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import DetectedPhoto, Detection
from tests.support.pictures import folder_of
from tests.support.until import until

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

FILES = {
    "strip.js": (BoxStrip._esm, "text/javascript"),
    "strip.css": (BoxStrip._css, "text/css"),
    "bridge.js": ((Path(__file__).parent / "alone" / "bridge.js").read_text(encoding="utf-8"), "text/javascript"),
}
EMPTY = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="strip.css"><body>'
BOX = (0.2, 0.2, 0.6, 0.7)


@pytest.fixture
def review(tmp_path):
    cards, _ = load_photos(folder_of(tmp_path / "photos", 4), progress=False)
    names = list(cards["path"])
    photos = {row: DetectedPhoto(names[row], [Detection("animal", 0.3 + row / 10, BOX)], True) for row in range(3)}
    photos[0].detections.append(Detection("person", 0.25, (0.7, 0.1, 0.9, 0.8)))
    return DetectionReview(Detections(names, photos, [], 0.2), cards)


@pytest.fixture
def page(blank, review):
    blank.set_viewport_size({"width": 900, "height": 1000})
    messages = []
    strip = BoxStrip(review)
    strip.send = lambda content, buffers=None: messages.append((content, buffers or []))

    def kernel(content):
        if content is None:
            return {"_state": strip._state}
        messages.clear()
        strip._heard(strip, content, [])
        coded = [[each, [base64.b64encode(bytes(part)).decode() for part in parts]] for each, parts in messages]
        return {"state": strip._state, "messages": coded}

    def serve(route):
        body, kind = FILES.get(route.request.url.rpartition("/")[2], (EMPTY, "text/html"))
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    blank.expose_function("kernel", kernel)
    blank.route("http://kinframe.test/**", serve)
    blank.goto("http://kinframe.test/")
    blank.evaluate("import('./bridge.js').then((bridge) => bridge.show('./strip.js'))")
    blank.locator(".kf-boxes img").first.wait_for()
    yield blank
    blank.evaluate("end()")
    strip.close()


def until_so(page, look):
    """Waits as `until`; the page and this process take turns meanwhile, for the widget answers in this process."""

    def answered():
        page.wait_for_timeout(20)
        return look()

    until(answered)


def boxes(review, row=0):
    return [(each.detection.kind, each.detection.box) for each in review.boxes(review.detections.names[row])]


def opened(page, number):
    page.locator(".kf-boxes > button").nth(number).click()
    page.locator(".kf-frame").first.wait_for()


def test_the_least_sure_box_is_first_and_the_slider_takes_boxes_away(page, review):
    texts = page.locator(".kf-boxes .kf-kind").all_inner_texts()
    assert texts == ["person 0.25", "animal 0.30", "animal 0.40", "animal 0.50"]
    assert page.locator(".kf-status").inner_text() == "4 boxes in 3 of 4 photos"
    slider = page.locator("input[type=range]")
    slider.focus()
    for _ in range(25):
        slider.press("ArrowRight")
    until_so(page, lambda: review.detections.threshold == 0.45)
    page.get_by_text("2 boxes in 2 of 4 photos").wait_for()
    assert page.locator("output").inner_text() == "0.45"
    page.locator(".kf-boxes > button").nth(1).wait_for()
    assert page.locator(".kf-boxes .kf-kind").all_inner_texts() == ["person 0.25", "animal 0.50"], "people stay"


def test_boxes_are_drawn_moved_sized_and_removed_with_the_mouse(page, review):
    opened(page, 1)
    stage = page.locator(".kf-stage").bounding_box()
    image = page.evaluate(
        "(() => { const stage = document.querySelector('.kf-stage'), image = stage.querySelector('img');"
        "const scale = Math.min(stage.clientWidth / image.naturalWidth, stage.clientHeight / image.naturalHeight);"
        "return [image.naturalWidth * scale, image.naturalHeight * scale] })()"
    )
    left, top = stage["x"] + (stage["width"] - image[0]) / 2, stage["y"] + (stage["height"] - image[1]) / 2

    def drag(start, end):
        for place, act in ((start, page.mouse.down), (end, page.mouse.up)):
            page.mouse.move(left + place[0] * image[0], top + place[1] * image[1])
            act()

    drag((0.05, 0.05), (0.15, 0.1))
    until_so(page, lambda: len(boxes(review)) == 3)
    kind, drawn = boxes(review)[0]
    assert kind == "animal" and drawn == pytest.approx((0.05, 0.05, 0.15, 0.1), abs=0.01)
    page.locator(".kf-frame").nth(2).wait_for()
    drag((0.1, 0.08), (0.2, 0.28))
    until_so(page, lambda: boxes(review)[0][1] == pytest.approx((0.15, 0.25, 0.25, 0.3), abs=0.01))
    drag(boxes(review)[0][1][2:], (0.4, 0.5))
    until_so(page, lambda: boxes(review)[0][1] == pytest.approx((0.15, 0.25, 0.4, 0.5), abs=0.01))
    page.get_by_role("button", name="Remove box").click()
    until_so(page, lambda: len(boxes(review)) == 2)
    for left_over in (3, 3, 3, 2):
        page.get_by_role("button", name="Undo").click()
        until_so(page, lambda left_over=left_over: len(boxes(review)) == left_over)
    assert not review.can_undo
    page.wait_for_function("document.querySelectorAll('.kf-frame').length === 2")


def test_all_of_it_by_keyboard(page, review):
    page.locator(".kf-boxes > button").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator(".kf-frame").nth(1).wait_for()
    page.wait_for_function("document.activeElement.classList.contains('kf-frame')")
    page.keyboard.press("ArrowRight")
    until_so(page, lambda: ("animal", pytest.approx((0.21, 0.2, 0.61, 0.7))) in boxes(review))
    page.keyboard.press("Shift+ArrowDown")
    until_so(page, lambda: ("animal", pytest.approx((0.21, 0.2, 0.61, 0.71))) in boxes(review))
    page.keyboard.press("a")
    until_so(page, lambda: len(boxes(review)) == 3)
    page.locator(".kf-frame").nth(2).wait_for()
    page.wait_for_function("document.activeElement.dataset.place === '2'")
    page.keyboard.press("Delete")
    until_so(page, lambda: len(boxes(review)) == 2)
    page.keyboard.press("z")
    until_so(page, lambda: len(boxes(review)) == 3)
    page.keyboard.press("PageDown")
    page.wait_for_function("document.querySelectorAll('.kf-frame').length === 1")
    page.keyboard.press("Escape")
    page.locator(".kf-large").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.parentElement.classList.contains('kf-boxes')")


def test_a_box_of_a_person(page, review):
    opened(page, 1)
    page.get_by_label("shows").select_option("person")
    page.get_by_role("button", name="Add box").click()
    until_so(page, lambda: len(boxes(review)) == 3)
    assert boxes(review)[0] == ("person", (0.4, 0.4, 0.6, 0.6))


@pytest.mark.parametrize("width", [400, 900])
def test_it_fits(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, 0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame, image = page.locator(".kf-frame").first.bounding_box(), page.locator(".kf-stage").bounding_box()
    assert image["x"] <= frame["x"] and frame["x"] + frame["width"] <= image["x"] + image["width"] + 1
