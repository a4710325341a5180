"""The picker's upload button without Jupyter: its module, its style sheet, and a kernel that only listens."""

import pytest

from helpers.explorer.photo_upload import PhotoUpload

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

FILES = {
    "upload.js": (PhotoUpload._esm, "text/javascript"),
    "upload.css": (PhotoUpload._css, "text/css"),
}
EMPTY = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="upload.css"><body>'
SHOW = """async () => {
    window.sent = [];
    const send = (content, _, buffers = []) => sent.push({ ...content, bytes: buffers.map((each) => each.byteLength) });
    const heard = {};
    window.done = () => heard["msg:custom"]({ kind: "done", number: sent[sent.length - 1].number }, []);
    const on = (name, each) => (heard[name] = each);
    const model = { get: (name) => ({ _largest: 5_000_000 })[name], on, off: () => {}, send };
    (await import("./upload.js")).default.render({ model, el: document.body });
}"""
DROP = """size => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(size)], "a.jpg"));
    document.querySelector("button").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
}"""


@pytest.fixture
def page(blank):
    def serve(route):
        body, kind = FILES.get(route.request.url.rpartition("/")[2], (EMPTY, "text/html"))
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    blank.route("http://kinframe.test/**", serve)
    blank.goto("http://kinframe.test/")
    blank.evaluate(SHOW)
    return blank


def told(page):
    return page.evaluate("sent.map(({ number, upload, ...each }) => each)")


def test_its_words_are_no_count_of_files_and_the_same_file_can_be_chosen_again(page):
    button = page.get_by_role("button", name="Search with a photo…", exact=True)
    for times in (1, 2):
        with page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": bytes(9)}])
        page.wait_for_function("times => sent.length === times", arg=times)
    assert told(page) == [{"do": "upload", "name": "a.jpg", "parts": 1, "bytes": [9]}] * 2
    assert page.evaluate("new Set(sent.map(each => each.upload)).size") == 2


def test_a_file_that_is_dropped_goes_in_parts_and_one_too_large_not_at_all(page):
    page.evaluate(DROP, 3_000_000)
    page.wait_for_function("sent.length === 2")
    assert [each["bytes"] for each in told(page)] == [[2**21], [3_000_000 - 2**21]]
    page.evaluate(DROP, 6_000_000)
    page.wait_for_function("sent.length === 3")
    assert told(page)[2] == {"do": "refuse", "name": "a.jpg", "bytes": []}


def test_the_spinner_ends_when_the_kernel_has_answered(page):
    page.evaluate(DROP, 9)
    page.locator(".kf-spinner").wait_for()
    page.evaluate("done()")
    page.locator(".kf-spinner").wait_for(state="hidden")
