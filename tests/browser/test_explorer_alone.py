"""The explorer's page without Jupyter: its module, its style sheet, and a kernel that is none (`alone/mock.js`)."""

import json
from pathlib import Path

import pytest

from helpers.explorer.explorer import Explorer
from helpers.widgets.thumbnail_strip import ThumbnailStrip

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

FILES = {
    "explorer.js": (Explorer._esm, "text/javascript"),
    "explorer.css": (Explorer._css, "text/css"),
    "mock.js": ((Path(__file__).parent / "alone" / "mock.js").read_text(encoding="utf-8"), "text/javascript"),
}
EMPTY = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="explorer.css"><body>'
BOX = [0.5, 0.25, 1, 0.75]
QUESTION = {"like": [5, 9], "unlike": [11], "box": None}


@pytest.fixture
def page(blank):
    blank.set_viewport_size({"width": 1000, "height": 1000})

    def serve(route):
        name = route.request.url.rpartition("/")[2]
        body, kind = FILES.get(name, (EMPTY, "text/html"))
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    blank.route("http://kinframe.test/**", serve)
    blank.goto("http://kinframe.test/")
    return blank


@pytest.fixture
def show(page):
    """Shows an explorer of so many photos, with changes to what the kernel says of it; `model` is the kernel.

    `style` is that of the element it stands in, such as a narrow column of a wide window.
    """

    def show(count, style="", **changes):
        page.evaluate(
            "async ([count, style, changes]) => { const mock = await import('./mock.js');"
            "const place = document.body.appendChild(document.createElement('div')); place.style = style;"
            "window.model = mock.mock(count, changes); window.end = mock.show(window.model, place); }",
            [count, style, changes],
        )
        if count:
            page.locator(".kf-tile img").first.wait_for()
        return page.locator(".kinframe-explorer").last

    return show


def sent(page, wish):
    """What the explorer has asked of the kernel, without numbers."""
    told = page.evaluate("model.sent")
    kept = [{name: value for name, value in each.items() if name not in ("number", "do")} for each in told]
    return [each for each, whole in zip(kept, told) if whole["do"] == wish]


def picked(page):
    return page.evaluate("[...new Uint32Array(model.get('_picked').buffer)]")


def answer(page, **news):
    """The kernel answers with photos 0, 7, 14, ..., the fourth of them by a part."""
    about = {
        str(7 * n): {"distance": 1.5 * n, "likeness": 1 - n / 20, "rank": n + 1, "box": BOX if n == 3 else None}
        for n in range(20)
    }
    state = {"found": True, "about": about, "question": QUESTION, "trail": [None, QUESTION], "place": 1, **news}
    page.evaluate("([state, order]) => model.state(state, order)", [state, [7 * n for n in range(20)]])
    page.locator(".kf-likeness").first.wait_for(state="attached")


def test_of_100_000_photos_only_those_on_screen_are_asked_for(page, show):
    root = show(100_000)
    assert root.locator(".kf-status").inner_text() == "100,000 photos"
    assert page.locator(".kf-tile").count() < 80
    page.locator(".kf-gallery").evaluate("gallery => { gallery.scrollTop = gallery.scrollHeight / 2 }")
    page.wait_for_function(
        "[...document.querySelectorAll('.kf-tile img')].length > 20 && "
        "document.querySelector('.kf-tile').dataset.place > 40000"
    )
    page.locator(".kf-gallery").evaluate("gallery => { gallery.scrollTop = gallery.scrollHeight }")
    page.locator("[aria-posinset='100000'] img").wait_for()
    assert sum(len(each["photos"]) for each in sent(page, "photos")) < 500


def test_one_photo_and_none(page, show):
    show(1)
    assert page.locator(".kf-status").inner_text() == "1 photo"
    page.evaluate("model.state({}, [])")
    page.get_by_text("No photo passes the filters.").wait_for()
    page.get_by_role("button", name="Clear all filters").click()
    assert sent(page, "set")[-1]["values"]["name"] == "" and sent(page, "set")[-1]["values"]["folder"] is None
    assert page.locator(".kf-tile").count() == 0
    page.locator(".kf-gallery").focus()
    for key in ("ArrowRight", "Enter", "a", " ", "End", "Escape"):
        page.keyboard.press(key)
    assert not sent(page, "ask") and page.locator(".kf-large").is_hidden()


def test_a_click_selects_and_a_button_on_the_photo_and_enter_ask(page, show):
    show(200)
    tile = page.locator(".kf-tile").nth(3)
    tile.click()
    page.locator(".kf-tile").nth(5).click()
    assert picked(page) == [5] and not sent(page, "ask")
    tile.hover()
    tile.get_by_text("Find similar").click()
    assert sent(page, "ask") == [{"photo": 3, "bytes": []}] and picked(page) == [5]
    page.keyboard.press("Enter")
    assert [each["photo"] for each in sent(page, "ask")] == [3, 5]


def test_an_answer_has_ranks_and_bars_that_are_fuller_for_what_is_more_alike(page, show):
    show(200)
    answer(page, heading="20 most similar to EK000014 · SDZG 1 · 22:21", far="Nothing close: …")
    assert page.locator(".kf-likeness").nth(2).inner_text().split() == ["3", "90", "%"]
    assert "distance 3.00" in page.locator(".kf-likeness").nth(2).get_attribute("title")
    widths = page.locator(".kf-bar span").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")
    assert widths == sorted(widths, reverse=True) and widths[0] == 100 and widths[-1] >= 0
    heading = page.get_by_role("heading", name="20 most similar to EK000014 · SDZG 1 · 22:21")
    assert heading.is_visible() and page.get_by_text("Nothing close").is_visible()
    page.evaluate("model.state({ about: { 0: { distance: 0.71, likeness: null, rank: 1, box: null } } }, [0])")
    assert page.locator(".kf-likeness").inner_text().split() == ["1", "distance", "0.710"]
    assert page.locator(".kf-bar").count() == 0


@pytest.mark.parametrize("width", [400, 1280])
def test_asking_moves_nothing(page, show, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(200, folders=[["north", 150], ["south", 50]], dates=True, captions=True)
    gallery = "document.querySelector('.kf-gallery').getBoundingClientRect().top"
    before = page.evaluate(gallery)
    assert before < 300
    answer(page, heading="20 most similar to EK000014 · SDZG 1 · 22:21 and 1 more, not like EK000015 · SDZG 2 · 22:22")
    assert page.evaluate(gallery) == before
    answer(page, heading="20 most similar to EK000014 · SDZG 1 · 22:21", far="Nothing close: even the nearest is far.")
    assert page.evaluate(gallery) == before
    page.evaluate("model.state({ message: 'That could not be done.', failed: true, said: 1 })")
    page.get_by_role("alert").get_by_text("That could not be done.").wait_for()
    assert page.evaluate(gallery) == before


def test_the_query_is_beside_its_heading(page, show):
    show(200)
    answer(page)
    assert page.locator(".kf-status").inner_text() == "20 photos found"
    assert page.locator(".kf-chip").count() == 3 and page.locator(".kf-chip.kf-not").count() == 1
    page.locator(".kf-tile .kf-outline").wait_for()
    frame, picture = (
        page.locator(f"[aria-posinset='4'] {what}").bounding_box() for what in (".kf-outline", ".kf-picture")
    )
    assert frame["x"] == pytest.approx(picture["x"] + picture["width"] / 2, abs=2)


def test_the_part_that_was_compared_is_shown_and_under_the_mouse_the_whole_photo(page, show):
    show(200)
    page.evaluate("model.boxes = { 21: [0.5, 0.25, 1, 0.75] }")
    answer(page)
    tile = page.locator("[aria-posinset='4']")
    tile.locator(".kf-part").wait_for()
    assert sent(page, "parts") == [{"photos": [21], "large": False, "bytes": []}]
    whole, outline = tile.locator("img:not(.kf-part)"), tile.locator(".kf-outline")
    assert whole.is_hidden() and outline.is_hidden()
    picture, part = (tile.locator(what).bounding_box() for what in (".kf-picture", ".kf-part"))
    assert part == picture
    tile.hover()
    tile.locator(".kf-part").wait_for(state="hidden")
    assert whole.is_visible() and outline.is_visible()
    other = page.locator("[aria-posinset='5']")
    other.hover()
    tile.locator(".kf-part").wait_for()
    assert other.locator("img").count() == 1 and other.locator("img").is_visible()
    page.evaluate("model.state({ stamp: 99 })")
    tile.locator(".kf-part").wait_for()
    assert len(sent(page, "parts")) == 1, "what has come is kept"


def test_a_part_that_was_found_anew_is_another_one(page, show):
    show(200)
    page.evaluate("model.boxes = { 21: [0.5, 0.25, 1, 0.75] }")
    answer(page)
    page.locator("[aria-posinset='4'] .kf-part").wait_for()
    page.evaluate("model.boxes = { 21: [0, 0, 0.5, 0.5] }")
    page.evaluate(
        "model.state({ about: { ...model.get('_state').about, 21: { distance: 1, box: [0, 0, 0.5, 0.5] } } })"
    )
    page.wait_for_function("model.sent.filter(each => each.do === 'parts').length === 2")
    page.locator("[aria-posinset='4'] .kf-part").wait_for()


def test_a_double_click_opens_the_photo_and_asks_nothing(page, show):
    show(200)
    page.locator(".kf-tile").nth(3).dblclick()
    page.locator(".kf-stage img[src]").wait_for()
    assert page.locator(".kf-facts").inner_text().split() == ["Name", "north/photo-3.jpg", "Size", "13", "kB"]
    assert [each["do"] for each in page.evaluate("model.sent") if each["do"] != "photos"] == ["select", "large"]


def test_two_quick_clicks_on_two_photos_select_the_second(page, show):
    show(200)
    page.locator(".kf-tile").nth(3).click()
    page.locator(".kf-tile").nth(4).click()
    assert picked(page) == [4] and page.locator(".kf-large").is_hidden()


def test_keys_go_from_photo_to_photo(page, show):
    show(200)
    gallery = page.locator(".kf-gallery")
    gallery.focus()
    active = "() => Number(document.querySelector('.kf-active')?.dataset.place ?? -1)"
    columns = len({tile.bounding_box()["x"] for tile in page.locator(".kf-tile").all()})
    for key, place in (
        ("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowLeft", columns), ("ArrowUp", 0), ("ArrowUp", 0),
        ("End", 199), ("ArrowDown", 199), ("Home", 0),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate(active) == place, key
        assert gallery.get_attribute("aria-activedescendant") == page.locator(".kf-active").get_attribute("id")
    page.keyboard.press("PageDown")
    assert page.evaluate(active) >= 2 * columns
    page.keyboard.press("Home")
    for key, wish, told in (
        ("a", "ask", {"photo": 0}), ("Enter", "ask", {"photo": 0}), ("l", "mark", {"photo": 0, "like": True}),
        ("u", "mark", {"photo": 0, "like": False}), ("Backspace", "move", {"steps": -1}),
        ("Shift+Backspace", "move", {"steps": 1}),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert sent(page, wish)[-1] == {**told, "bytes": []}
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "name"


def test_keys_stay_in_the_explorer(page, show):
    show(20)
    page.evaluate("window.others = []; document.addEventListener('keydown', event => others.push(event.key))")
    page.locator(".kf-gallery").focus()
    for key in ("a", "Enter", "o", "Escape", "x"):
        page.keyboard.press(key)
    assert page.evaluate("others") == ["x"]
    page.keyboard.press("o")
    page.keyboard.press("b")
    focusable = page.locator(".kinframe-explorer :is(button, input, select, summary, [tabindex])")
    assert focusable.count() > 20
    unguarded = "all => all.filter(each => each.tabIndex >= 0 && !each.dataset.lmSuppressShortcuts).length"
    assert focusable.evaluate_all(unguarded) == 0


def test_photos_are_selected_by_keys(page, show):
    show(200)
    page.locator(".kf-gallery").focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert picked(page) == [0, 1, 2, 3]
    assert page.locator("[aria-selected=true]").count() == 4
    assert page.locator(".kf-status").inner_text() == "200 photos, 4 selected"
    page.keyboard.press(" ")
    assert picked(page) == [0, 1, 2]
    page.keyboard.press("Control+a")
    assert len(picked(page)) == 200
    page.keyboard.press("Escape")
    assert picked(page) == []
    assert not sent(page, "ask")


def test_photos_are_selected_with_the_mouse(page, show):
    show(200)
    tiles = page.locator(".kf-tile")
    tiles.nth(1).hover()
    tiles.nth(1).locator(".kf-tick").click()
    tiles.nth(3).click(modifiers=["Control"])
    assert picked(page) == [1, 3]
    tiles.nth(5).click(modifiers=["Shift"])
    assert picked(page) == [1, 3, 4, 5]
    tiles.nth(3).click(modifiers=["Control"])
    assert picked(page) == [1, 4, 5]
    first, last = tiles.nth(0).bounding_box(), tiles.nth(2).bounding_box()
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 20, last["y"] + 40, steps=4)
    assert page.locator(".kf-band").is_visible()
    page.mouse.up()
    assert picked(page) == [0, 1, 2] and page.locator(".kf-band").is_hidden()
    assert not sent(page, "ask")


def test_labels_and_exports_are_sent(page, show):
    show(50)
    assert page.locator("input[name=label]").is_hidden()
    page.evaluate("model.pick([4])")
    page.locator("input[name=label]").fill("<b>fox</b>")
    page.keyboard.press("Enter")
    assert sent(page, "give") == [{"label": "<b>fox</b>", "bytes": []}]
    page.evaluate("model.tell('msg:custom', {kind: 'labels', labels: [[4, '<b>fox</b>']]})")
    page.evaluate("model.state({ labelled: 1 })")
    assert page.locator(".kf-label").inner_text() == "<b>fox</b>"
    page.locator("input[name=to]").fill("foxes.zip")
    page.get_by_role("button", name="Export").click()
    assert sent(page, "export") == [{"to": "foxes.zip", "bytes": []}]
    page.get_by_role("button", name="Undo").click()
    assert len(sent(page, "undo")) == 1


def test_a_box_is_drawn_with_the_mouse(page, show):
    show(50)
    page.locator(".kf-gallery").focus()
    page.keyboard.press("o")
    page.locator(".kf-stage img[src]").wait_for()
    page.wait_for_function("document.querySelector('.kf-stage:last-child img').naturalWidth > 0")
    stage = page.locator(".kf-stage").last.bounding_box()
    middle, side = stage["x"] + stage["width"] / 2, stage["height"] / 4

    def drag():
        page.mouse.move(middle, stage["y"] + side)
        page.mouse.down()
        page.mouse.move(middle + 2 * side, stage["y"] + 3 * side, steps=3)
        page.mouse.up()

    drag()
    assert page.locator(".kf-box").is_hidden(), "a box is drawn in Box mode only"
    page.get_by_role("button", name="Box", exact=True).click()
    drag()
    page.get_by_role("button", name="Search the box").click()
    (told,) = sent(page, "region")
    wide = stage["height"] / 120 * 160  # of the photo on the stage
    assert told["box"] == pytest.approx([0.5, 0.25, 0.5 + 2 * side / wide, 0.75], abs=0.01)
    assert page.locator(".kf-large").is_hidden()


def test_a_box_is_placed_by_keys(page, show):
    show(50)
    page.locator(".kf-gallery").focus()
    for key in ("ArrowRight", "o"):
        page.keyboard.press(key)
    page.wait_for_function("document.querySelector('.kf-stage:last-child img').naturalWidth > 0")
    for key in ("b", "ArrowLeft", "ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert page.locator(".kf-box").is_visible()
    page.keyboard.press("Enter")
    assert sent(page, "region") == [{"photo": 1, "box": pytest.approx([0.21, 0.27, 0.73, 0.75]), "bytes": []}]
    assert page.evaluate("document.activeElement.className") == "kf-gallery"


def test_the_large_view_is_a_dialog_for_the_keyboard(page, show):
    show(50)
    page.locator(".kf-gallery").focus()
    page.keyboard.press("o")
    dialog = page.get_by_role("dialog", name="Large view")
    page.locator(".kf-facts", has_text="photo-0.jpg").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Close"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    page.keyboard.press("ArrowRight")
    page.locator(".kf-facts", has_text="photo-1.jpg").wait_for()
    page.keyboard.press("u")
    assert sent(page, "mark") == [{"photo": 1, "like": False, "bytes": []}]
    page.keyboard.press("Escape")
    assert dialog.is_hidden() and page.evaluate("document.activeElement.className") == "kf-gallery"
    assert page.locator(".kf-active .kf-name").inner_text() == "photo-1.jpg", "the photo that was seen last"


@pytest.mark.parametrize("way", ["upload", "drop", "paste"])
def test_a_photo_from_outside(page, show, way):
    show(20)
    size = 5 * 2**20 + 17  # three parts
    if way == "upload":
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Search with a photo…").click()
        chooser.value.set_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": bytes(size)}])
    else:
        page.evaluate(
            """([way, size]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(size)], "a.jpg", { type: "image/jpeg" }));
                const event = way === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true })
                    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
                document.querySelector(".kf-gallery").dispatchEvent(event);
            }""",
            [way, size],
        )
    page.wait_for_function("model.sent.filter(each => each.do === 'upload').length === 3")
    told = sent(page, "upload")
    assert {(each["name"], each["parts"]) for each in told} == {("a.jpg", 3)}
    assert [each["bytes"] for each in told] == [[2**21], [2**21], [2**20 + 17]]


def test_80_megabytes_are_not_even_sent(page, show):
    show(20)
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(80 * 2 ** 20)], "large.jpg"));
            const event = new DragEvent("drop", { dataTransfer: data, bubbles: true });
            document.querySelector(".kf-gallery").dispatchEvent(event);
        }"""
    )
    page.get_by_text("large.jpg is larger than 50 MB").wait_for()
    assert not sent(page, "upload")


def test_names_are_text(page, show):
    show(1, folders=[["<img src=x onerror=alert(1)>", 1], ["b", 0]])
    page.evaluate("model.names = () => '<img src=x onerror=alert(1)>.jpg'; model.state({}, [0, 1])")
    page.evaluate("model.tell('msg:custom', {kind: 'done'})")
    page.locator(".kf-name", has_text="<img src=x").first.wait_for()
    page.locator(".kf-gallery").focus()
    page.keyboard.press("End")
    page.keyboard.press("o")
    page.locator(".kf-facts", has_text="<img src=x").wait_for()
    page.evaluate("model.state({ message: '<img src=x onerror=alert(1)>' })")
    page.locator(".kf-message", has_text="<img src=x").wait_for()
    assert page.locator("img[onerror]").count() == 0 and page.locator("img[src=x]").count() == 0


def test_a_photo_that_cannot_be_read_says_so(page, show):
    show(3)
    page.evaluate("""() => {
        const gone = [{photo: 1, name: 'gone.jpg', label: null, buffer: null}];
        model.tell('msg:custom', {kind: 'photos', photos: gone}, []);
    }""")
    page.locator(".kf-tile.kf-gone", has_text="cannot be read").wait_for()
    page.evaluate("""() => {
        const broken = [{photo: 2, name: 'broken.jpg', label: null, buffer: 0}];
        model.tell('msg:custom', {kind: 'photos', photos: broken}, [new ArrayBuffer(9)]);
    }""")
    page.locator(".kf-tile", has_text="broken.jpg").get_by_text("cannot be read").wait_for()


def test_photos_that_do_not_come_are_asked_for_once(page):
    page.evaluate(
        """async () => {
            const mock = await import('./mock.js');
            window.model = mock.mock(3);
            model.send = async (content) => {
                model.sent.push({ ...content, bytes: [] });
                await new Promise(done => setTimeout(done, 5));
                model.tell('msg:custom', { kind: 'done', number: content.number }, []);
            };
            mock.show(model);
        }"""
    )
    page.locator(".kf-tile").nth(2).wait_for()
    page.wait_for_timeout(200)
    assert sent(page, "photos") == [{"photos": [0, 1, 2], "large": False, "bytes": []}]


def test_a_kernel_that_is_gone(page, show, clock):
    show(3)
    clock.stop()
    clock.go_on(20_000)
    assert page.get_by_text("The kernel does not answer").is_hidden()  # it has answered all
    page.evaluate("model.silent = true")
    page.locator(".kf-gallery").focus()
    page.keyboard.press("Enter")
    clock.go_on(9_000)
    assert page.get_by_text("The kernel does not answer").is_hidden()
    clock.go_on(2_000)
    page.get_by_text("The kernel does not answer").wait_for()
    page.evaluate("model.tell('msg:custom', {kind: 'done', number: 'x'}, [])")
    page.get_by_text("The kernel does not answer").wait_for(state="hidden")
    page.evaluate("model.comm_live = false; model.tell('comm_live_status_update')")
    page.get_by_text("The kernel does not answer").wait_for()


def test_two_views_and_the_end_of_one(page, show):
    show(30)
    page.evaluate("async () => { const mock = await import('./mock.js'); window.other = mock.show(model); }")
    page.wait_for_function("document.querySelectorAll('.kf-gallery').length === 2")
    first, second = page.locator(".kinframe-explorer").all()
    second.locator(".kf-tile img").first.wait_for()
    first.locator(".kf-tile").nth(2).click(modifiers=["Control"])
    assert second.locator("[aria-selected=true]").count() == 1
    page.evaluate("end()")
    page.evaluate("other()")
    assert page.locator(".kinframe-explorer").count() == 0 and page.evaluate("model.heard()") == 0


NEWEST = {"sort": "date", "descending": True}


def test_settings_are_sent_and_shown(page, show):
    show(30, folders=[["north", 20], ["", 10]], columns=["site", "count"], dates=True)
    page.get_by_role("button", name="Filters").click()
    page.locator("select[name=folder]").select_option("no folder (10)")
    page.locator("select[name=folder]").select_option("all folders")
    page.locator("input[name=name]").fill("owl")
    page.wait_for_function("model.sent.some(each => each.values?.name === 'owl')")
    page.locator("input[name=since]").fill("2026-07-31")
    page.locator("select[name=column]").select_option("count")
    page.locator("select[name=sort]").select_option("newest first")
    values = {json.dumps(each["values"]) for each in sent(page, "set")}
    for wanted in ({"folder": ""}, {"folder": None}, {"since": "2026-07-31"}, {"column": "count"}, NEWEST):
        assert json.dumps(wanted) in values
    assert page.locator("input[name=value]").is_hidden()
    page.evaluate("model.state({ column: 'count', value: '>=3', name: 'owl', k: 7 })")
    assert page.locator("input[name=value]").input_value() == ">=3"


def test_what_the_kernel_sets_is_not_set_back_by_a_field_that_loses_the_focus(page, show):
    show(30)
    page.get_by_role("button", name="Filters").click()
    name = page.locator("input[name=name]")
    name.fill("owl")
    page.wait_for_function("model.sent.some(each => each.values?.name === 'owl')")
    page.evaluate("model.state({ name: 'owl' })")
    page.evaluate("model.state({ name: '' })")
    assert name.input_value() == "owl"  # not under somebody's fingers
    page.locator(".kf-gallery").focus()
    assert name.input_value() == ""
    assert [each["values"] for each in sent(page, "set")] == [{"name": "owl"}]
    name.fill("owl")
    page.locator(".kf-gallery").focus()
    assert [each["values"] for each in sent(page, "set")] == [{"name": "owl"}, {"name": "owl"}]


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_sticks_out(page, show, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(
        300, folders=[["north", 200], ["a-folder-with-a-very-long-name-indeed-" * 4, 100]], columns=["site"], dates=True
    )
    answer(page)
    page.evaluate("model.pick([7])")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    columns = page.evaluate(
        "new Set([...document.querySelectorAll('.kf-tile')].map(tile => tile.getBoundingClientRect().x)).size"
    )
    assert columns == {400: 2, 1600: 10}[width]


def test_who_wants_no_motion_sees_none(page, show):
    page.emulate_media(reduced_motion="reduce")
    show(3)
    durations = page.locator(".kinframe-explorer *").evaluate_all(
        "all => all.map(each => getComputedStyle(each).transitionDuration)"
    )
    assert set(durations) == {"0s"}


def test_every_control_has_a_name(page, show):
    show(30, folders=[["a", 1], ["b", 2]], columns=["site"], dates=True, column="site")
    answer(page)
    page.evaluate("model.pick([7])")
    nameless = page.evaluate(
        """[...document.querySelectorAll('.kinframe-explorer :is(button, input:not([hidden]), select)')].filter(each =>
            !(each.getAttribute('aria-label') || each.textContent.trim() || each.closest('label')?.textContent.trim()))
            .map(each => each.outerHTML)"""
    )
    assert nameless == []


JUDGING = {
    "species": "<b>red fox</b>",
    "note": "1 confirmed, 1 rejected, 18 candidates",
    "confirmed": [7],
    "rejected": [14],
}


def candidates(page, show):
    """Sightings to be judged: each photo is one of five of its event, of which one is confirmed and one rejected."""
    root = show(150, events=True, judging=JUDGING)
    step = {"like": [], "unlike": [], "box": None, "kind": "sightings"}
    about = {str(7 * n): {"distance": n or None, "box": None, "photos": 5 if n else 1} for n in range(20)}
    answer(page, question=step, trail=[None, step], about=about)
    page.locator(".kf-picture img").nth(5).wait_for()
    return root


def test_sightings_are_judged_by_keys(page, show):
    root = candidates(page, show)
    assert root.locator(".kf-judging strong").inner_text() == "<b>red fox</b>"
    page.locator(".kf-gallery").focus()
    active = "() => Number(document.querySelector('.kf-active')?.dataset.place ?? -1)"
    for key, wish, told, place in (
        ("y", "judge", {"photos": [0], "yes": True}, 1),
        ("n", "judge", {"photos": [7], "yes": False}, 2),
        ("z", "unjudge", {}, 2),
        ("e", "event", {"photo": 14}, 2),
    ):
        page.keyboard.press(key)
        assert sent(page, wish)[-1] == {**told, "bytes": []}
        assert page.evaluate(active) == place, key
    page.evaluate("model.pick([14, 21])")
    page.keyboard.press("y")
    assert sent(page, "judge")[-1]["photos"] == [14, 21]


def test_verdicts_and_how_many_photos_are_shown_and_said(page, show):
    candidates(page, show)
    tiles = page.locator(".kf-tile")
    assert tiles.nth(0).get_attribute("aria-label") == "north/photo-0.jpg"
    assert tiles.nth(1).get_attribute("aria-label") == "north/photo-7.jpg, distance 1.00, 5 photos, confirmed"
    assert tiles.nth(2).get_attribute("aria-label").endswith("5 photos, rejected")
    assert tiles.nth(1).locator(".kf-verdict").inner_text() == "✓"
    assert tiles.nth(3).locator(".kf-verdict").count() == 0
    page.evaluate("model.state({judging: {...model.get('_state').judging, rejected: [], confirmed: [21]}})")
    assert "kf-confirmed" in tiles.nth(3).get_attribute("class")
    assert tiles.nth(2).locator(".kf-verdict").count() == 0
    tiles.nth(3).locator(".kf-several").click()
    assert sent(page, "event")[-1]["photo"] == 21
    assert sent(page, "ask") == []


def test_sightings_are_judged_with_buttons_and_in_the_large_view(page, show):
    root = candidates(page, show)
    for name, wish, told in (
        ("Candidates", "sightings", {}),
        ("Rank again", "rank", {}),
        ("Yes", "judge", {"photos": [0], "yes": True}),
        ("No", "judge", {"photos": [7], "yes": False}),
        ("Take back", "unjudge", {}),
    ):
        root.locator(".kf-judging").get_by_role("button", name=name).click()
        assert sent(page, wish)[-1] == {**told, "bytes": []}
    page.locator(".kf-gallery").focus()
    page.keyboard.press("o")
    page.locator(".kf-large img[src]").wait_for()
    assert "Distance" in page.locator(".kf-facts").inner_text()
    page.keyboard.press("n")
    assert sent(page, "judge")[-1] == {"photos": [14], "yes": False, "bytes": []}
    assert sent(page, "large")[-1]["photo"] == 21  # on to the next
    page.locator(".kf-large").get_by_role("button", name="Yes").click()
    assert sent(page, "judge")[-1]["photos"] == [21]


def test_where_nothing_is_to_be_judged_keys_do_nothing(page, show):
    root = show(20)
    assert root.locator(".kf-judging").is_hidden()
    page.locator(".kf-gallery").focus()
    for key in "ynze":
        page.keyboard.press(key)
    assert not [each for each in page.evaluate("model.sent") if each["do"] in ("judge", "unjudge", "event")]
    assert page.locator(".kf-active").get_attribute("data-place") == "0"


@pytest.mark.parametrize("width", [400, 1200])
def test_judging_fits_the_page_and_every_control_has_a_name(page, show, width):
    page.set_viewport_size({"width": width, "height": 1000})
    candidates(page, show)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_sighting_without_a_distance_has_none_in_the_large_view(page, show):
    candidates(page, show)
    page.locator(".kf-gallery").focus()
    page.keyboard.press("o")
    page.locator(".kf-large img[src]").wait_for()
    assert "Distance" not in page.locator(".kf-facts").inner_text()


def test_filters_are_chips_that_can_be_taken_away(page, show):
    show(30, folders=[["north", 20], ["south", 10]], columns=["site"], dates=True)
    assert page.locator("input[name=name]").is_hidden() and page.locator(".kf-filter").count() == 0
    page.evaluate("model.state({ folder: 'north', name: '<b>EK', since: '2026-07-01', column: 'site', value: 'mill' })")
    assert page.get_by_role("button", name="Filters (4)").is_visible()
    page.get_by_role("button", name="Take this filter away: name: <b>EK").click()
    assert sent(page, "set")[-1]["values"] == {"name": ""}
    page.get_by_role("button", name="Clear all", exact=True).click()
    nothing = {"folder": None, "name": "", "since": "", "until": "", "column": "", "value": ""}
    assert sent(page, "set")[-1]["values"] == nothing


def test_photos_are_as_large_as_somebody_wants_them(page, show):
    show(200)
    wide = page.locator(".kf-tile").first.bounding_box()["width"]
    page.locator("input[name=size]").fill("400")
    page.wait_for_function("model.sent.some(each => each.do === 'photos' && each.large)")
    assert page.locator(".kf-tile").first.bounding_box()["width"] > 2 * wide
    page.locator("input[name=size]").fill("80")
    assert page.locator(".kf-tile").first.bounding_box()["width"] < wide


def test_a_caption_has_the_place_and_the_time_and_the_date_where_it_fits(page, show):
    show(20, captions=True)
    page.evaluate("model.details = photo => ({ place: '<b>SDZG 1', taken: '2026-07-31 22:21' })")
    page.evaluate("model.send({ do: 'photos', photos: [0, 1] })")
    caption = page.locator(".kf-caption").first
    page.wait_for_function("document.querySelector('.kf-caption').textContent")
    assert caption.text_content() == "<b>SDZG 1 · 22:21"
    page.locator("input[name=size]").fill("300")
    assert caption.text_content() == "<b>SDZG 1 · 2026-07-31 22:21"
    assert "2026-07-31 22:21" in page.locator(".kf-tile").first.get_attribute("aria-label")


def test_in_a_narrow_cell_the_place_is_cut_and_the_time_is_not(page, show):
    root = show(20, style="width: 300px", captions=True)
    page.evaluate("model.details = photo => ({ place: 'west · camara1 by the old mill', taken: '2026-07-31 22:21' })")
    page.evaluate("model.send({ do: 'photos', photos: [0, 1] })")
    time = root.locator(".kf-caption > :last-child").first
    time.wait_for()
    assert time.inner_text() == " · 22:21"
    box, tile = time.bounding_box(), root.locator(".kf-tile").first.bounding_box()
    assert box["x"] + box["width"] <= tile["x"] + tile["width"]


LOOKS = """() => [...document.querySelectorAll(".kinframe-explorer, .kinframe-explorer *")].map((each) => {
    const { width, height } = each.getBoundingClientRect();
    return [each.className, Math.round(width), Math.round(height), getComputedStyle(each).color].join(" ");
})"""


@pytest.mark.parametrize("width", [300, 1000])
def test_it_looks_the_same_when_a_later_widget_loads_the_shared_sheets_again(page, show, width):
    root = show(50, style=f"width: {width}px", folders=[["a", 30], ["b", 20]], captions=True, asks_words=True)
    answer(page, far="Guesses: the nearest of the thousand things that the network knows.")
    page.evaluate("model.pick([7])")
    root.get_by_role("button", name="Filters").click()
    page.locator(".kf-tile .kf-outline").wait_for()
    before = page.evaluate(LOOKS)
    page.add_style_tag(content=ThumbnailStrip._css)
    assert page.evaluate(LOOKS) == before


def test_the_animal_of_a_photo_is_outlined(page, show):
    show(20)
    page.evaluate("model.details = photo => ({ outline: [0.5, 0.25, 1, 0.75] })")
    page.evaluate("model.send({ do: 'photos', photos: [0] })")
    page.locator(".kf-tile").first.locator(".kf-outline").wait_for()


def test_the_selection_is_shown_alone_and_cleared(page, show):
    show(50)
    page.evaluate("model.pick([4, 5, 6])")
    page.get_by_role("button", name="Show selected (3)").click()
    assert len(sent(page, "selected")) == 1
    page.get_by_role("button", name="Clear selection").click()
    assert picked(page) == [] and page.get_by_role("button", name="Clear selection").is_hidden()


def test_a_message_can_be_closed_and_a_failure_is_red_and_stays(page, show, clock):
    show(5)
    clock.stop()
    page.evaluate("model.state({ message: '3 photos are in a.csv.', said: 1 })")
    done = page.get_by_role("status").get_by_text("3 photos are in a.csv.")
    assert done.is_visible()
    clock.go_on(9_000)
    assert done.is_hidden()
    page.evaluate("model.state({ message: 'a.csv is there already', failed: true, said: 2 })")
    failed = page.locator(".kf-failed")
    clock.go_on(60_000)
    assert failed.is_visible() and failed.get_attribute("role") == "alert"
    red, green, blue = failed.evaluate("each => getComputedStyle(each).color.match(/\\d+/g).map(Number)")
    assert red > 150 > max(green, blue)
    page.evaluate("model.state({ stamp: 9 })")  # other news
    assert failed.is_visible()
    page.get_by_role("button", name="Close this message").click()
    assert failed.is_hidden()
    page.evaluate("model.state({ message: 'a.csv is there already', failed: true, said: 3 })")  # tried again
    assert failed.is_visible()


LONG = "This photo cannot be read, since the file ends in its middle; copy it once more from its card. " * 9


@pytest.mark.parametrize("width", [150, 300, 400, 500])
def test_a_long_error_in_a_narrow_column_breaks_no_word_and_scrolls(page, show, width):
    show(30, style=f"width: {width}px")
    page.evaluate("message => model.state({ message, failed: true, said: 1 })", LONG)
    failed, text = page.locator(".kf-failed"), page.locator(".kf-failed > span")
    message, view = failed.bounding_box(), page.locator(".kf-view").bounding_box()
    assert view["x"] <= message["x"] and message["x"] + message["width"] <= view["x"] + view["width"]
    assert message["height"] <= 160 and message["y"] + message["height"] <= view["y"] + view["height"]
    assert page.evaluate(BROKEN) == []
    text.evaluate("text => { text.scrollTop = text.scrollHeight }")
    assert text.evaluate("text => text.scrollTop > 0 && text.scrollWidth <= text.clientWidth")
    close = page.get_by_role("button", name="Close this message").bounding_box()
    assert message["y"] <= close["y"] and close["y"] + close["height"] <= message["y"] + message["height"]
    page.evaluate("model.comm_live = false; model.tell('comm_live_status_update')")
    page.locator(".kf-alarm").wait_for()
    assert page.locator(".kf-alarm").bounding_box()["height"] <= 160 and page.evaluate(BROKEN) == []
    over = """edge => [...document.querySelectorAll('.kinframe-widget *')].filter(each => each.checkVisibility() &&
        each.getBoundingClientRect().right > edge + 1 && !each.closest('.kf-gallery')).map(each => each.outerHTML)"""
    assert page.evaluate(over, view["x"] + view["width"]) == []


def test_in_a_row_of_widgets_the_explorer_has_its_part(page, show):
    page.evaluate("document.body.style.display = 'flex'")
    show(30)
    show(30)
    widths = [each.bounding_box()["width"] for each in page.locator(".kinframe-explorer").all()]
    assert min(widths) > 450


def test_a_spinner_shows_that_the_kernel_works_after_a_moment(page, show, clock):
    show(5)
    clock.stop()
    page.evaluate("model.silent = true")
    page.locator(".kf-gallery").focus()
    page.keyboard.press("Enter")
    spinner = page.get_by_role("status", name="Working")
    clock.go_on(250)
    assert spinner.is_hidden()
    clock.go_on(100)
    assert spinner.is_visible()
    page.evaluate("model.tell('msg:custom', {kind: 'done', number: model.sent[model.sent.length - 1].number}, [])")
    assert spinner.is_hidden()


def test_the_commonest_keys_are_in_sight(page, show):
    show(5)
    shown = page.locator("kbd").all_inner_texts()
    assert shown == ["Enter", "Double click", "Space", "Backspace", "/"] and page.locator("kbd").first.is_visible()


OF_JUPYTERLAB = """dl { margin: 0 } dt { float: left; width: 20%; font-weight: bold } dd { float: left; width: 80% }
    p { margin-bottom: 1em } ul { padding-left: 2em } h3 { font-size: 2em }"""
BROKEN = """[...document.querySelectorAll('.kinframe-widget *')].flatMap(each => [...each.childNodes])
    .filter(node => node.nodeType === 3 && node.parentElement.checkVisibility()).flatMap(node =>
        [...node.textContent.matchAll(/[^\\s/.·-]+/g)].map(found => {
            const range = document.createRange();
            range.setStart(node, found.index);
            range.setEnd(node, found.index + found[0].length);
            return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size > 1 ? found[0] : null;
        })).filter(Boolean)"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1280])
def test_no_word_is_broken_whatever_the_styles_of_the_page(page, show, width, dark):
    page.set_viewport_size({"width": width, "height": 1000})
    page.add_style_tag(content=OF_JUPYTERLAB + (":root { --jp-layout-color1: #111; --jp-ui-font-color1: #fff }" * dark))
    show(50, folders=[["north", 30], ["south", 20]], columns=["site"], dates=True, captions=True)
    answer(page, heading="20 most similar to EK000014 · SDZG 1 · 22:21", message="foxes: 11 photos labelled.", said=1)
    page.evaluate("model.pick([7])")
    page.get_by_role("button", name="Filters").click()
    page.get_by_text("All keys").click()
    assert page.evaluate(BROKEN) == []
    page.locator(".kf-gallery").focus()
    page.keyboard.press("o")
    page.locator(".kf-facts", has_text="photo-0.jpg").wait_for()
    assert page.evaluate(BROKEN) == []


def test_judged_events_can_be_hidden(page, show):
    candidates(page, show)
    page.get_by_label("Hide judged").check()
    assert sent(page, "set")[-1]["values"] == {"hide_judged": True}


LAYER = "document.querySelector('.kf-stage:not([hidden]) .kf-layer')"
SCALE = f"Number(new DOMMatrix(getComputedStyle({LAYER}).transform).a)"
CORNER = SCALE.replace(").a)", ").e)")  # of the photo, px from the left of its stage


def open_large(page, photo=0):
    page.locator(".kf-gallery").focus()
    for _ in range(photo):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    page.wait_for_function("document.querySelector('.kf-stage:last-child img').naturalWidth > 0")


def test_the_large_view_zooms_and_moves(page, show):
    show(20)
    open_large(page)
    stage = page.locator(".kf-stage").last.bounding_box()
    page.mouse.move(stage["x"] + 10, stage["y"] + 10)
    page.mouse.wheel(0, -600)
    page.wait_for_function(f"{SCALE} > 1.5")
    for key, is_so in (("0", "=== 1"), ("-", "=== 1"), ("+", "> 1.3"), ("+", "> 1.9")):
        page.keyboard.press(key)
        page.wait_for_function(f"{SCALE} {is_so}")
    before = page.evaluate(CORNER)
    page.keyboard.press("Shift+ArrowRight")
    moved = page.evaluate(CORNER)
    assert moved < before < 0, "the photo goes to the left"
    page.mouse.move(stage["x"] + 100, stage["y"] + 100)
    page.mouse.down()
    page.mouse.move(stage["x"] + 150, stage["y"] + 100, steps=3)
    page.mouse.up()
    assert page.evaluate(CORNER) == pytest.approx(moved + 50, abs=1)
    page.mouse.move(stage["x"] + 100, stage["y"] + 100)
    page.mouse.down()
    page.mouse.move(stage["x"] + 5000, stage["y"] + 100, steps=3)
    page.mouse.up()
    assert page.evaluate(CORNER) == 0, "no edge comes into the stage"
    page.keyboard.press("ArrowRight")
    page.locator(".kf-facts", has_text="photo-1.jpg").wait_for()
    assert page.evaluate(SCALE) == 1


def test_a_box_on_a_photo_that_is_zoomed_is_where_it_was_drawn(page, show):
    show(20)
    open_large(page)
    stage = page.locator(".kf-stage").last.bounding_box()
    middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(*middle)
    page.mouse.wheel(0, -600)
    page.wait_for_function(f"{SCALE} > 2")
    scale = page.evaluate(SCALE)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Search the box").click()
    (told,) = sent(page, "region")
    tall = stage["height"] * scale
    wide = stage["height"] / 120 * 160 * scale  # of the photo
    assert told["box"] == pytest.approx([0.5, 0.5, 0.5 + 60 / wide, 0.5 + 30 / tall], abs=0.01)


@pytest.mark.parametrize("width", [400, 1280])
def test_the_query_stays_beside_the_results_that_are_compared_with_it(page, show, width):
    page.set_viewport_size({"width": 1300, "height": 1000})  # wider than the widget, as beside a file browser
    show(200, style=f"width: {width}px")
    answer(page)
    open_large(page, photo=1)
    page.keyboard.press("c")
    pinned, current = page.locator(".kf-stage").all()
    page.locator(".kf-pinned", has_text="photo-5.jpg").wait_for()
    assert sent(page, "large")[-1]["photo"] == 5, "the query"
    page.locator(".kf-facts", has_text="photo-7.jpg").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".kf-facts", has_text="photo-14.jpg").wait_for()
    assert pinned.is_visible() and page.locator(".kf-pinned").inner_text() == "north/photo-5.jpg"
    first, second = pinned.bounding_box(), current.bounding_box()
    assert (first["width"], first["height"]) == pytest.approx((second["width"], second["height"]), abs=1)
    assert first["x"] < second["x"] if width > 600 else first["y"] < second["y"]
    page.keyboard.press("+")
    zooms = "[...document.querySelectorAll('.kf-layer')].map(each => each.style.transform)"
    assert len(set(page.evaluate(zooms))) == 1
    page.get_by_role("button", name="Compare").click()
    assert pinned.is_hidden()
    page.keyboard.press("Escape")
    assert page.locator(".kf-large").is_hidden()


@pytest.mark.parametrize("place, beside", [(1, 2), (4, 3)])
def test_without_a_query_a_photo_is_compared_with_its_neighbour_and_not_with_itself(page, show, place, beside):
    show(5)
    open_large(page, photo=place)
    page.keyboard.press("c")
    page.locator(".kf-pinned", has_text=f"photo-{place}.jpg").wait_for()
    page.locator(".kf-facts", has_text=f"photo-{beside}.jpg").wait_for()


def test_words_are_typed_and_asked_for(page, show):
    root = show(200, asks_words=True)
    page.locator(".kf-gallery").focus()
    page.keyboard.press("w")
    field = root.get_by_label("Words", exact=True)
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.type("red fox, 狐狸")
    assert sent(page, "words") == []
    page.keyboard.press("Enter")
    page.wait_for_function("model.sent.some((each) => each.do === 'words')")
    assert sent(page, "words") == [{"text": "red fox, 狐狸", "bytes": []}]


def test_an_answer_in_words_shows_which_word_and_how_surely(page, show):
    root = show(200, asks_words=True)
    query = {"like": [], "unlike": [], "box": None, "text": "<b>fox</b>"}
    about = {str(7 * n): {"distance": n / 20, "score": 1 - n / 20, "word": "red fox", "box": None} for n in range(20)}
    answer(page, about=about, question=query, trail=[None, query])
    first = root.locator(".kf-tile").first
    assert first.locator(".kf-likeness").inner_text().split() == ["red", "fox", "1.00"]
    assert "red fox 1.00" in first.get_attribute("aria-label")
    assert root.locator(".kf-asked").inner_text().startswith("<b>fox</b>")
    assert root.locator(".kf-steps .kf-word").inner_text() == "<b>fox</b>"
    assert root.get_by_label("Words", exact=True).input_value() == "<b>fox</b>"
    both = {**query, "like": [5]}
    answer(page, about=about, question=both, trail=[None, query, both], place=2)
    assert root.locator(".kf-steps .kf-more").inner_text() == "+1"
    open_large(page)
    facts = dict(each.split("\n") for each in root.locator(".kf-facts > div").all_inner_texts())
    assert facts["Word"] == "red fox" and "Score" in facts and "Distance" not in facts, "it is 1 less the score"
    page.keyboard.press("Escape")
    root.get_by_role("button", name="<b>fox</b>: take it out of the query").click()
    assert sent(page, "words")[-1]["text"] == ""


def test_a_guess_next_to_nothing_leaves_room_for_its_word(page, show):
    root = show(200, asks_words=True)
    query = {"like": [], "unlike": [], "box": None, "text": "owl"}
    about = {str(7 * n): {"distance": 1, "score": [0, 3.05e-5][n % 2], "word": "owl", "box": None} for n in range(20)}
    answer(page, about=about, question=query, trail=[None, query])
    lines = root.locator(".kf-likeness")
    assert [lines.nth(n).inner_text().split() for n in range(2)] == [["owl", "0"], ["owl", "<", "0.001"]]
    assert lines.nth(1).get_attribute("title") == "owl 0.0000305"


def test_in_a_narrow_cell_nothing_close_can_be_read_to_its_end(page, show):
    root = show(200, style="width: 400px")
    far = "Nothing close: even the nearest is about as far away as any two photos here."
    answer(page, heading="20 most similar to EK000014 · SDZG 1 · 22:21", far=far)
    shown = root.locator(".kf-nothing")
    assert shown.evaluate("each => each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight")
    below = shown.bounding_box()["y"] + shown.bounding_box()["height"]
    assert below <= root.locator(".kf-gallery").bounding_box()["y"]


def test_what_the_field_for_a_name_says_fits_into_it(page, show):
    root = show(20)
    root.get_by_role("button", name="Filters").click()
    needed = """field => { // and beside the words, the cross that empties it
        const [pen, style] = [document.createElement("canvas").getContext("2d"), getComputedStyle(field)];
        pen.font = style.font;
        const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        return pen.measureText(field.placeholder).width + padding + 20;
    }"""
    field = root.locator("input[name=name]")
    assert field.evaluate(needed) <= field.evaluate("field => field.clientWidth")


def test_the_button_on_a_photo_can_be_read_in_the_dark(page, show):
    page.add_style_tag(content=":root { --jp-brand-color1: #64b5f6 }")  # JupyterLab's, in its dark theme
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    button = show(20).locator(".kf-ask").first
    luminance = """([name, button]) => {
        const parts = getComputedStyle(button)[name].match(/[0-9.]+/g).slice(0, 3).map((each) => each / 255);
        const [r, g, b] = parts.map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }"""
    tones = [page.evaluate(luminance, [name, button.element_handle()]) for name in ("color", "backgroundColor")]
    assert (max(tones) + 0.05) / (min(tones) + 0.05) >= 4.5


def test_no_words_without_a_network_that_knows_some(page, show):
    root = show(20)
    assert not root.get_by_label("Words", exact=True).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_a_narrow_cell(page, show, scheme, tmp_path):
    if scheme == "dark":
        page.evaluate(
            """() => {
                document.body.dataset.jpThemeLight = 'false';
                const colours = { 'layout-color1': '#111', 'layout-color2': '#212121', 'ui-font-color1': 'white' };
                for (const name in colours) document.body.style.setProperty(`--jp-${name}`, colours[name]);
                document.body.style.background = '#111';
            }"""
        )
    page.set_viewport_size({"width": 360, "height": 900})
    root = show(200, asks_words=True)
    query = {"like": [], "unlike": [], "box": None, "text": "black-and-tan coonhound"}
    about = {str(7 * n): {"distance": 0.2, "score": 0.8, "word": query["text"], "box": None} for n in range(20)}
    answer(page, about=about, question=query, trail=[None, query])
    box, outer = root.get_by_label("Words", exact=True).bounding_box(), root.bounding_box()
    assert outer["x"] <= box["x"] and box["x"] + box["width"] <= outer["x"] + outer["width"] + 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tile = root.locator(".kf-tile").first.bounding_box()
    text = root.locator(".kf-likeness").first.bounding_box()
    assert text["x"] + text["width"] <= tile["x"] + tile["width"] + 1
    chip = root.get_by_role("button", name="take it out of the query").bounding_box()
    cross = root.locator(".kf-chip span").last.bounding_box()
    assert cross["x"] + cross["width"] <= chip["x"] + chip["width"]
    page.screenshot(path=str(tmp_path / "words.png"))


def test_all_photos_of_this_camera_that_are_like_this_one_are_two_clicks_away(page, show):
    root = show(200, folders=[["north/A", 100], ["north/B", 100]])
    only = root.get_by_role("button", name="Only A")
    assert only.count() == 0
    page.locator(".kf-tile").first.hover()
    page.locator(".kf-tile").first.get_by_text("Find similar").click()
    answer(page, asked_folder="north/A")
    only.click()
    assert sent(page, "set") == [{"values": {"folder": "north/A"}, "bytes": []}]
    page.evaluate("model.state({ folder: 'north/A' })")
    assert only.count() == 0 and root.get_by_role("button", name="Take this filter away: folder: north/A").is_visible()


def test_all_photos_starts_over(page, show):
    root = show(200)
    every = root.get_by_role("button", name="All photos")
    assert every.is_disabled()
    page.evaluate("model.state({ name: 'fox' })")
    every.click()
    assert not sent(page, "browse") and sent(page, "set")[-1]["values"]["name"] == ""
    answer(page, name="fox")
    every.click()
    assert len(sent(page, "browse")) == 1 and len(sent(page, "set")) == 2
    page.evaluate("model.state({ name: '', question: null, found: false })")
    assert every.is_disabled()


def test_a_label_by_keys_and_back_among_the_photos(page, show):
    root = show(200)
    page.locator(".kf-gallery").focus()
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.className") == "kf-gallery", "nothing is selected"
    for key in (" ", "Shift+ArrowRight", "Shift+ArrowRight", "t"):
        page.keyboard.press(key)
    assert picked(page) == [0, 1, 2]
    page.keyboard.type("fox")
    page.keyboard.press("Enter")
    assert sent(page, "give") == [{"label": "fox", "bytes": []}]
    page.keyboard.press("ArrowRight")
    assert root.locator(".kf-active").get_attribute("data-place") == "3"


def test_two_selected_photos_are_compared(page, show):
    root = show(200)
    compare = root.get_by_role("button", name="Compare")
    page.locator(".kf-tile").nth(2).click()
    assert compare.first.is_hidden()
    page.locator(".kf-tile").nth(6).click(modifiers=["Control"])
    assert compare.first.is_visible()
    page.keyboard.press("c")
    pinned, shown = root.locator(".kf-stage").all()
    pinned.get_by_text("north/photo-2.jpg").wait_for()
    page.wait_for_function("document.querySelectorAll('.kf-stage img[src]').length === 2")
    assert shown.locator("img").get_attribute("alt") == "north/photo-6.jpg"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert picked(page) == [] and compare.first.is_hidden()
    answer(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    pinned.get_by_text("north/photo-5.jpg").wait_for()  # the query
    assert shown.locator("img").get_attribute("alt") == "north/photo-7.jpg"
