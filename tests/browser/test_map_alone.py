"""The map's page without Jupyter: its module, its style sheet, and a kernel that is none (`alone/mock_map.js`)."""

import math
from pathlib import Path

import pytest

from helpers.explorer.map.map import CollectionMap
from tests.support.until import until

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

FILES = {
    "map.js": (CollectionMap._esm, "text/javascript"),
    "map.css": (CollectionMap._css, "text/css"),
    "mock_map.js": ((Path(__file__).parent / "alone" / "mock_map.js").read_text(encoding="utf-8"), "text/javascript"),
}
EMPTY = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="map.css"><body>'
TRAP = "<img src=x onerror=alert(1)>"
KINDS = {
    "kind": "kinds", "title": "folder", "missing": 20, "kinds": [["north", 40], [TRAP, 30]], "others": 3, "other": 10,
}  # fmt: skip
CODES = [0] * 40 + [1] * 30 + [12] * 10 + [255] * 20
SCALE = {"kind": "scale", "title": "taken", "missing": 0, "low": "2019-05-01", "high": "2026-07-31"}


@pytest.fixture
def page(blank):
    blank.set_viewport_size({"width": 1000, "height": 900})

    def serve(route):
        name = route.request.url.rpartition("/")[2]
        body, kind = FILES.get(name, (EMPTY, "text/html"))
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8")

    blank.route("http://kinframe.test/**", serve)
    blank.add_init_script("window.wheels = 0; addEventListener('wheel', () => wheels++, { capture: true })")
    blank.goto("http://kinframe.test/")
    return blank


@pytest.fixture
def show(page):
    """Shows a map of 100 photos on a grid of ten by ten, row by row, or of others; `model` is the kernel."""

    def show(positions=None, codes=None, pictures=True, name=None, **changes):
        if positions is None:
            positions = [(0.05 + 0.1 * (row % 10), 0.05 + 0.1 * (row // 10)) for row in range(100)]
        page.evaluate(
            "async ([positions, codes, pictures, name, changes]) => { const mock = await import('./mock_map.js');"
            "window.model = Object.assign(mock.mock(positions, codes, changes), { pictures });"
            "if (name) model.names = () => name;"
            "window.end = mock.show(window.model); }",
            [[each for pair in positions for each in pair], codes or [0] * len(positions), pictures, name, changes],
        )
        page.locator("canvas[data-scale]").last.wait_for()
        return page.locator(".kinframe-map").last

    return show


def at(page, x, y):
    """Where on the page a place of the map is."""
    _settle(page)
    canvas = page.locator("canvas").last
    edge = canvas.bounding_box()
    sight = {name: float(canvas.get_attribute(f"data-{name}")) for name in ("scale", "x", "y")}
    return (
        edge["x"] + edge["width"] / 2 + (x - sight["x"]) * sight["scale"],
        edge["y"] + edge["height"] / 2 + (y - sight["y"]) * sight["scale"],
    )


def wheel(page, by, times=1):
    """Turn the wheel, and wait until the page has heard of it: Playwright does not."""
    for _ in range(times):
        before = page.evaluate("wheels")
        page.mouse.wheel(0, by)
        page.wait_for_function("before => wheels > before", arg=before)
    _settle(page)


def photo(page, number):
    """Where on the page a photo of the grid is."""
    return at(page, 0.05 + 0.1 * (number % 10), 0.05 + 0.1 * (number // 10))


def draw(page, *corners):
    """Draw a loop around places of the map."""
    places = [at(page, *corner) for corner in (*corners, corners[0])]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def picked(page):
    return page.evaluate("model.picked()")


def sight(page):
    _settle(page)
    return {name: float(page.locator("canvas").get_attribute(f"data-{name}")) for name in ("scale", "x", "y")}


def pixels(page, x, y, side=9):
    """The colours on the canvas around a place of the page, without what has none."""
    return page.evaluate(
        """([x, y, side]) => {
            const canvas = document.querySelector('canvas');
            const edge = canvas.getBoundingClientRect();
            const ratio = canvas.width / edge.width;
            const [left, top] = [(x - edge.left) * ratio - side / 2, (y - edge.top) * ratio - side / 2];
            const data = canvas.getContext('2d').getImageData(left, top, side, side).data;
            const found = [];
            for (let each = 0; each < data.length; each += 4) {
                if (data[each + 3] === 255) found.push([...data.slice(each, each + 3)].join(' '));
            }
            return [...new Set(found)];
        }""",
        [x, y, side],
    )


def _settle(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _rest(page):
    """Wait until the map asks for what it shows: a timer that is set after its own, and for longer, ends later."""
    _settle(page)
    page.evaluate("() => new Promise(done => setTimeout(done, 160))")


def _answered(page):
    """Wait until the map has asked for what it shows, and has it."""
    _rest(page)
    page.wait_for_function("model.sent.length && model.answered === model.sent.length")
    _settle(page)


def test_a_lasso_selects_what_is_inside_and_nothing_else(page, show):
    root = show()
    root.get_by_role("button", name="Lasso").click()
    draw(page, (0.2, 0.2), (0.4, 0.2), (0.4, 0.5), (0.2, 0.5))
    assert picked(page) == [22, 23, 32, 33, 42, 43]
    assert root.get_by_text("6 of 100 selected").is_visible()
    draw(page, (0, 0), (0.1, 0), (0, 0.1))  # a triangle: another selection
    assert picked(page) == [0]
    page.keyboard.down("Control")
    draw(page, (0.9, 0.9), (1, 0.9), (1, 1), (0.9, 1))
    page.keyboard.up("Control")
    assert picked(page) == [0, 99]
    draw(page, (0.11, 0.11), (0.14, 0.11), (0.14, 0.14))  # around nothing
    assert picked(page) == [] and root.get_by_text("100 photos", exact=True).is_visible()


def test_shift_and_a_drag_is_a_lasso_too_also_after_zooming(page, show):
    show()
    x, y = photo(page, 55)
    page.mouse.move(x, y)
    wheel(page, -300)
    before = sight(page)
    page.keyboard.down("Shift")
    draw(page, (0.5, 0.5), (0.6, 0.5), (0.6, 0.6), (0.5, 0.6))
    page.keyboard.up("Shift")
    assert picked(page) == [55] and sight(page) == before


def test_a_loop_with_a_hole(page, show):
    """By the even-odd rule, what is gone around twice is outside."""
    root = show()
    root.get_by_role("button", name="Lasso").click()
    ring = [(0, 0), (0.3, 0), (0.3, 0.3), (0, 0.3), (0, 0), (0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2), (0.1, 0.1)]
    draw(page, *ring)
    assert picked(page) == [0, 1, 2, 10, 12, 20, 21, 22]


def test_a_click_selects_and_escape_selects_none(page, show):
    root = show()
    page.mouse.click(*photo(page, 34))
    assert picked(page) == [34]
    page.mouse.click(*photo(page, 56))
    assert picked(page) == [56]
    page.keyboard.down("Control")
    page.mouse.click(*photo(page, 34))
    assert sorted(picked(page)) == [34, 56]
    page.mouse.click(*photo(page, 56))
    assert picked(page) == [34]
    page.keyboard.up("Control")
    page.mouse.click(*at(page, 0.1, 0.1))  # between the points
    assert picked(page) == [34]
    page.keyboard.press("Escape")
    assert picked(page) == []
    page.mouse.click(*photo(page, 34))
    root.get_by_role("button", name="Clear selection").click()
    assert picked(page) == [] and root.get_by_role("button", name="Clear selection").is_disabled()


def test_escape_leaves_a_loop_that_is_being_drawn(page, show):
    root = show()
    page.mouse.click(*photo(page, 34))
    root.get_by_role("button", name="Lasso").click()
    page.mouse.move(*at(page, 0, 0))
    page.mouse.down()
    page.mouse.move(*at(page, 0.5, 0), steps=3)
    page.mouse.move(*at(page, 0.5, 0.5), steps=3)
    page.locator("canvas").press("Escape")
    page.mouse.up()
    assert picked(page) == [34]


def test_the_wheel_zooms_about_the_pointer_and_a_drag_moves(page, show):
    show()
    x, y = photo(page, 77)
    page.mouse.move(x, y)
    wheel(page, -400)
    assert photo(page, 77) == pytest.approx((x, y), abs=0.5) and sight(page)["scale"] > 500
    page.mouse.down()
    page.mouse.move(x - 80, y - 30, steps=4)
    page.mouse.up()
    assert photo(page, 77) == pytest.approx((x - 80, y - 30), abs=1)
    assert picked(page) == []
    wheel(page, 4000, times=41)
    assert page.locator("canvas").get_attribute("data-seen") == "100"


def test_at_the_end_of_zooming_out_the_page_scrolls(page, show):
    show()
    page.evaluate("document.body.style.height = '3000px'")
    page.mouse.move(*photo(page, 55))
    wheel(page, 300, times=20)
    page.wait_for_function("scrollY > 0")


def test_a_pinch_zooms(page, show):
    show()
    before = sight(page)["scale"]
    page.locator("canvas").evaluate(
        """canvas => {
            const edge = canvas.getBoundingClientRect();
            canvas.setPointerCapture = () => {};
            const finger = (kind, pointerId, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {
                pointerId, pointerType: 'touch', button: 0, clientX: edge.left + x, clientY: edge.top + y,
            }));
            finger('pointerdown', 1, 400, 300);
            finger('pointerdown', 2, 500, 300);
            finger('pointermove', 1, 350, 300);
            finger('pointermove', 2, 550, 300);
            finger('pointerup', 1, 350, 300);
            finger('pointerup', 2, 550, 300);
        }"""
    )
    assert sight(page)["scale"] == pytest.approx(2 * before, rel=0.05) and picked(page) == []


def test_keys_move_and_zoom_and_select(page, show):
    root = show()
    canvas = root.get_by_role("application", name="Map of 100 photos")
    canvas.focus()
    first = sight(page)
    for key, name, way in (
        ("ArrowRight", "x", 1), ("ArrowLeft", "x", -1), ("ArrowDown", "y", 1), ("ArrowUp", "y", -1),
        ("+", "scale", 1), ("-", "scale", -1),
    ):  # fmt: skip
        before = sight(page)
        page.keyboard.press(key)
        assert (sight(page)[name] - before[name]) * way > 0, key
    page.keyboard.press("Home")
    assert sight(page) == first
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press("Enter")
    (middle,) = picked(page)
    assert middle in (44, 45, 54, 55)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press(" ")
    assert len(picked(page)) == 2 and middle in picked(page)
    page.keyboard.press(" ")
    assert picked(page) == [middle]
    page.keyboard.press("Home")
    page.keyboard.press("Control+a")
    assert picked(page) == list(range(100))
    page.keyboard.press("Escape")
    assert picked(page) == []
    page.keyboard.press("l")
    assert root.get_by_role("button", name="Lasso").get_attribute("aria-pressed") == "true"


def test_zooming_by_keys_goes_to_photos_and_to_the_selected_ones(page, show):
    ring = [(0.5 + 0.4 * math.cos(each / 4), 0.5 + 0.3 * math.sin(each / 4)) for each in range(25)]
    root = show(positions=ring)
    canvas = root.locator("canvas")
    canvas.focus()
    for _ in range(20):
        page.keyboard.press("+")
    assert int(canvas.get_attribute("data-seen")) > 0, "nothing is in the middle of a ring"
    page.keyboard.press("Home")
    page.evaluate("model.pick([0])")
    for _ in range(20):
        root.get_by_role("button", name="Zoom in").click()
    assert (sight(page)["x"], sight(page)["y"]) == pytest.approx(ring[0], abs=0.01)


def test_the_photo_in_the_middle_is_previewed_for_the_keyboard(page, show):
    root = show()
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.tagName") != "CANVAS":
        page.keyboard.press("Tab")
    page.keyboard.press("+")
    root.locator(".kf-preview img").wait_for()
    assert root.locator(".kf-preview .kf-name").inner_text().startswith("north/photo-")
    page.keyboard.press("Tab")
    root.locator(".kf-preview").wait_for(state="hidden")  # with the next frame


def test_keys_stay_in_the_map(page, show):
    show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    page.evaluate("window.others = []; document.addEventListener('keydown', event => others.push(event.key))")
    page.locator("canvas").focus()
    for key in ("l", "Enter", "Escape", " ", "ArrowUp", "x"):
        page.keyboard.press(key)
    assert page.evaluate("others") == ["x"]
    focusable = page.locator(".kinframe-map :is(button, select, summary, [tabindex])")
    assert focusable.count() > 10
    unguarded = "all => all.filter(each => each.tabIndex >= 0 && !each.dataset.lmSuppressShortcuts).length"
    assert focusable.evaluate_all(unguarded) == 0


def test_thumbnails_come_where_there_is_room_and_only_of_what_is_in_view(page, show):
    positions = [(0.0005 + 0.01 * (row % 100), 0.0005 + 0.01 * (row // 100)) for row in range(10_000)]
    show(positions)
    canvas = page.locator("canvas")
    _rest(page)
    assert canvas.get_attribute("data-thumbnails") == "0" and page.evaluate("model.sent") == []
    x, y = at(page, 0.5, 0.5)
    canvas.evaluate(  # all at once: on a busy machine the map would come to rest between two turns of the wheel
        "(canvas, turn) => { for (let n = 0; n < 8; n++) canvas.dispatchEvent(new WheelEvent('wheel', turn)) }",
        {"deltaY": -200, "clientX": x, "clientY": y, "bubbles": True, "cancelable": True},
    )
    page.wait_for_function("Number(document.querySelector('canvas').dataset.thumbnails) > 5")
    page.wait_for_function("model.sent.some(each => each.do === 'photos')")
    _answered(page)
    asked = {each for told in page.evaluate("model.sent") for each in told["photos"]}
    middle = sight(page)
    assert len(asked) < 200
    assert all(
        abs(positions[row][0] - middle["x"]) < 0.2 and abs(positions[row][1] - middle["y"]) < 0.2 for row in asked
    )
    assert len(pixels(page, *at(page, *positions[min(asked, key=lambda row: abs(row - 5050))]), side=40)) > 20


def test_hovering_shows_the_photo_and_its_name_as_text(page, show):
    root = show(name=f"north/{TRAP}.jpg")
    page.mouse.move(*photo(page, 44))
    root.locator(".kf-preview img").wait_for()
    assert root.locator(".kf-preview .kf-name").inner_text() == f"north/{TRAP}.jpg"
    assert page.locator("img[onerror]").count() == 0 and page.locator("img[src=x]").count() == 0
    page.mouse.move(*at(page, 0.5, 0.5))
    root.locator(".kf-preview").wait_for(state="hidden")  # with the next frame
    for number in (0, 9, 90, 99):
        page.mouse.move(*photo(page, number))
        root.locator(".kf-preview img").wait_for()
        inside = (
            "preview => { const a = preview.getBoundingClientRect(), b = preview.parentElement.getBoundingClientRect();"
        )
        inside += "return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom }"
        assert root.locator(".kf-preview").evaluate(inside)


def test_a_photo_that_cannot_be_read_says_so(page, show):
    root = show(pictures=False)
    _answered(page)  # what comes later would stand in the place of what is told now
    gone = "[{photo: 44, name: 'gone.jpg', buffer: null}]"
    page.evaluate(f"model.tell('msg:custom', {{kind: 'photos', photos: {gone}}}, [])")
    broken = "[{photo: 45, name: 'broken.jpg', buffer: 0}]"
    page.evaluate(f"model.tell('msg:custom', {{kind: 'photos', photos: {broken}}}, [new ArrayBuffer(9)])")
    for number, name in ((44, "gone.jpg"), (45, "broken.jpg")):
        page.mouse.move(*photo(page, number))
        root.locator(".kf-preview", has_text=name).get_by_text("cannot be read").wait_for()


def test_kinds_have_colours_and_a_legend(page, show):
    root = show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    assert root.get_by_role("group", name="Legend").get_by_role("button").all_inner_texts() == [
        "north\n40", f"{TRAP}\n30", "3 more\n10", "no value\n20",
    ]  # fmt: skip
    assert root.locator(".kf-column").inner_text() == KINDS["title"], "the column"
    assert page.locator("img").count() == 0
    colours = [pixels(page, *photo(page, number), side=1) for number in (5, 45, 75, 95)]
    assert colours == [["21 101 180"], ["232 89 12"], ["107 107 107"], ["168 168 168"]]
    swatch = root.locator(".kf-swatch").first.evaluate("swatch => getComputedStyle(swatch).backgroundColor")
    assert swatch == "rgb(21, 101, 180)"


def test_kinds_have_their_names_on_the_map_where_there_is_room(page, show):
    canvas = page.locator("canvas")
    show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    _rest(page)
    assert canvas.get_attribute("data-named") == "2"
    page.locator(".kf-kind").first.click()  # the others are grey, and have no name
    page.wait_for_function("document.querySelector('canvas').dataset.named === '1'")
    page.evaluate("([legend, codes]) => model.state({ legend, colour: 'taken' }, codes)", [SCALE, [9] * 100])
    page.wait_for_function("document.querySelector('canvas').dataset.named === '0'")


def test_the_legend_shows_a_kind_and_selects_it(page, show):
    root = show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    north = root.get_by_role("button", name="north")
    north.click()
    assert north.get_attribute("aria-pressed") == "true"
    _settle(page)
    assert pixels(page, *photo(page, 5), side=1) == ["21 101 180"]
    assert pixels(page, *photo(page, 45), side=1) == ["198 198 198"] and picked(page) == []
    north.click()
    _settle(page)
    assert north.get_attribute("aria-pressed") == "false"
    assert pixels(page, *photo(page, 45), side=1) == ["232 89 12"]
    north.click(modifiers=["Control"])
    assert picked(page) == list(range(40))


def test_what_is_not_selected_stays_visible_in_grey(page, show):
    show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    page.evaluate("model.pick([5])")
    _settle(page)
    assert pixels(page, *photo(page, 5), side=1) == ["21 101 180"]
    assert {tuple(pixels(page, *photo(page, each), side=1)) for each in (6, 45, 75, 95)} == {("198 198 198",)}


def test_a_scale_goes_from_dark_to_light(page, show):
    codes = [round(254 * number / 99) for number in range(100)]
    root = show(codes=codes, pictures=False, legend=SCALE, colour="taken")
    assert root.locator(".kf-scale").inner_text().split() == ["2019-05-01", "2026-07-31"]
    assert root.get_by_role("img", name="scale from 2019-05-01 to 2026-07-31").is_visible()
    greens = [int(pixels(page, *photo(page, number), side=1)[0].split()[1]) for number in (0, 25, 50, 75, 99)]
    assert greens == sorted(greens) and greens[-1] - greens[0] > 150


def test_another_colour_is_asked_for_and_shown(page, show):
    root = show()
    colour = root.get_by_label("colour by")
    assert colour.locator("option").all_inner_texts() == ["nothing", "folder", "taken"]
    colour.select_option("folder")
    page.wait_for_function("model.sent.some(each => each.do === 'colour' && each.by === 'folder')")
    page.evaluate("([legend, codes]) => model.state({ legend, colour: 'folder' }, codes)", [KINDS, CODES])
    root.get_by_role("button", name="north").wait_for()
    assert colour.input_value() == "=folder"
    colour.select_option("nothing")
    page.wait_for_function("model.sent.some(each => each.do === 'colour' && each.by === null)")
    page.evaluate("message => model.state({ message, failed: true, said: 1 })", TRAP)
    assert root.get_by_role("alert").locator("span").inner_text() == TRAP


@pytest.mark.parametrize("dark", [False, True])
def test_it_takes_the_theme(page, show, dark):
    show(codes=CODES, pictures=False, legend=KINDS, colour="folder", note="A map of 100 photos.")
    if dark:
        page.evaluate(
            """() => {
                document.body.dataset.jpThemeLight = 'false';
                const colours = { 'layout-color1': '#111', 'layout-color2': '#212121', 'ui-font-color1': 'white' };
                for (const name in colours) document.body.style.setProperty(`--jp-${name}`, colours[name]);
            }"""
        )
    wanted = ["90 169 255"] if dark else ["21 101 180"]
    until(lambda: pixels(page, *photo(page, 5), side=1), lambda found: found == wanted)
    back = page.locator(".kf-stage").evaluate("stage => getComputedStyle(stage).backgroundColor")
    assert back == ("rgb(17, 17, 17)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("width", [320, 1600])
def test_nothing_sticks_out(page, show, width):
    page.set_viewport_size({"width": width, "height": 900})
    long = {**KINDS, "kinds": [["a-folder-with-a-very-long-name-indeed-" * 3, 40], ["b" * 120, 30]]}
    root = show(codes=CODES, legend=long, colour="folder", colours=["folder", "c" * 200])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    root.get_by_role("button", name="Lasso").click()
    draw(page, (0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2))
    assert picked(page) == [0, 1, 10, 11]
    page.evaluate("legend => model.state({ legend })", SCALE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("count", [1, 2])
def test_one_photo_and_two_in_one_place(page, show, count):
    root = show([(0.3, 0.3)] * count)
    assert root.get_by_text("1 photo" if count == 1 else "2 photos", exact=True).is_visible()
    page.mouse.click(*at(page, 0.3, 0.3))
    assert len(picked(page)) == 1
    page.keyboard.press("Control+a")
    assert len(picked(page)) == count
    for key in ("+", "-", "ArrowLeft", "Home"):
        page.keyboard.press(key)
    root.get_by_role("button", name="Lasso").click()
    draw(page, *[at_pixel(page, *corner) for corner in ((-30, -30), (30, -30), (30, 30), (-30, 30))])
    assert len(picked(page)) == count


def at_pixel(page, across, along):
    """The place of the map so far from its first photo, in px of the screen."""
    scale = sight(page)["scale"]
    return 0.3 + across / scale, 0.3 + along / scale


def test_two_views_and_the_end_of_one(page, show):
    show()
    page.evaluate("async () => { const mock = await import('./mock_map.js'); window.other = mock.show(model); }")
    page.wait_for_function("document.querySelectorAll('canvas[data-scale]').length === 2")
    first, second = page.locator(".kinframe-map").all()
    page.set_viewport_size({"width": 1000, "height": 1500})
    first.locator("canvas").focus()
    page.keyboard.press("Control+a")
    for view in (first, second):
        assert view.get_by_text("100 of 100 selected").is_visible()
    page.evaluate("end()")
    page.evaluate("other()")
    assert page.locator(".kinframe-map").count() == 0 and page.evaluate("model.heard()") == 0


def test_it_is_drawn_before_it_is_in_the_page(page, show):
    """As Jupyter does: the element is filled first and put in its place later."""
    page.evaluate(
        """async () => {
            const mock = await import('./mock_map.js');
            const element = document.createElement('div');
            window.model = mock.mock([0, 0, 1, 1], [0, 1], { legend: { kind: 'kinds', kinds: [['a', 1], ['b', 1]] } });
            model.pictures = false;
            mock.show(model, element);
            await new Promise(done => setTimeout(done, 100));
            document.body.append(element);
        }"""
    )
    page.locator("canvas[data-scale]").wait_for()
    assert pixels(page, *at(page, 0, 0), side=1) == ["21 101 180"]
    assert page.locator(".kf-swatch").nth(1).evaluate("swatch => swatch.style.background") != ""


def test_a_kernel_that_is_gone(page, show, clock):
    show()
    clock.stop()
    page.evaluate("model.silent = true")
    page.locator("canvas").focus()
    page.keyboard.press("Control+a")
    clock.go_on(9_000)
    assert page.get_by_text("The kernel does not answer").is_hidden()
    clock.go_on(2_000)
    page.get_by_text("The kernel does not answer").wait_for()
    page.evaluate("model.tell('msg:custom', {kind: 'done', number: 'x'}, [])")
    page.get_by_text("The kernel does not answer").wait_for(state="hidden")
    page.evaluate("model.comm_live = false; model.tell('comm_live_status_update')")
    page.get_by_text("The kernel does not answer").wait_for()


def test_every_control_has_a_name(page, show):
    show(codes=CODES, pictures=False, legend=KINDS, colour="folder")
    nameless = page.evaluate(
        """[...document.querySelectorAll('.kinframe-map :is(button, select, canvas, [role=group])')].filter(each =>
            !(each.getAttribute('aria-label') || each.textContent.trim() || each.closest('label')?.textContent.trim()))
            .map(each => each.outerHTML)"""
    )
    assert nameless == []


def test_100_000_photos(page, show, record_property):
    """How many frames a second there are while the map is moved and zoomed; measured and told, not asserted."""
    page.evaluate(
        """async () => {
            const mock = await import('./mock_map.js');
            const count = 100_000;
            const positions = Float32Array.from({ length: 2 * count }, () => (Math.random() + Math.random()) / 2);
            const codes = Uint8Array.from({ length: count }, (_, photo) => photo % 13);
            const kinds = Array.from({ length: 12 }, (_, kind) => [`kind ${kind}`, 7693]);
            const legend = { kind: 'kinds', title: 'kind', missing: 0, kinds, others: 1, other: 7684 };
            window.model = mock.mock(positions, codes, { legend });
            mock.show(model);
        }"""
    )
    page.locator("canvas[data-scale]").wait_for()
    x, y = at(page, 0.5, 0.5)
    frames = {}
    for act in ("moving", "zooming"):
        page.mouse.move(x, y)
        page.evaluate(
            "window.frames = []; window.on = true; const tick = time => { frames.push(time);"
            "if (on) requestAnimationFrame(tick) }; requestAnimationFrame(tick)"
        )
        if act == "moving":
            page.mouse.down()
        for step in range(60):
            if act == "moving":
                page.mouse.move(x + 3 * step, y + step)
            else:
                page.mouse.wheel(0, -20 if step < 30 else 20)
        if act == "moving":
            page.mouse.up()
        times = page.evaluate("window.on = false, frames")
        frames[act] = 1000 * (len(times) - 1) / (times[-1] - times[0])
        record_property(f"frames a second while {act}", round(frames[act]))
    page.get_by_role("button", name="Lasso").click()
    started = page.evaluate("performance.now()")
    draw(page, (0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    assert 10_000 < len(picked(page)) < 60_000
    record_property("ms until a lasso is drawn and has selected", round(page.evaluate("performance.now()") - started))


def test_what_is_selected_is_shown_beneath_and_a_click_takes_it_out(page, show):
    root = show()
    panel = root.get_by_role("group", name="Selected photos")
    assert panel.is_hidden()
    page.evaluate("model.pick([3, 5, 8])")
    page.wait_for_function("document.querySelectorAll('.kf-selected img').length === 3")
    assert panel.locator(".kf-title").is_hidden(), "how many there are stands beside Clear selection"
    panel.get_by_role("button", name="north/photo-5.jpg: take it out of the selection").click()
    assert picked(page) == [3, 8] and panel.locator("img").count() == 2
    page.evaluate("model.pick([...Array(100).keys()])")
    page.wait_for_function("document.querySelectorAll('.kf-selected img').length === 30")
    assert panel.locator(".kf-title").inner_text() == "The first 30 of 100:"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_199_photos_are_photos_and_not_dots_where_they_fit(page, show):
    turns = [2.4 * row for row in range(199)]
    show([(math.sqrt(row) * math.cos(turn), math.sqrt(row) * math.sin(turn)) for row, turn in enumerate(turns)])
    page.wait_for_function("Number(document.querySelector('canvas').dataset.thumbnails) > 30")


def test_contours_are_where_the_photos_are_and_behind_them(page, show):
    """Three groups: all four outlines lie on each other at their tops, and none is between them."""
    turns = [(0.001 * row * math.cos(2.4 * row), 0.001 * row * math.sin(2.4 * row)) for row in range(80)]
    positions = [(x + dx, y + dy) for x, y in ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)) for dx, dy in turns]
    show(positions, codes=[0] * 240, pictures=False, legend={**KINDS, "kinds": [["north", 240]]}, colour="folder")
    canvas = page.locator("canvas")
    assert canvas.get_attribute("data-contours") == "4"
    depth = """([x, y]) => {
        const canvas = document.querySelector('canvas'), edge = canvas.getBoundingClientRect();
        const ratio = canvas.width / edge.width;
        const place = [(x - edge.left) * ratio, (y - edge.top) * ratio];
        return canvas.getContext('2d').getImageData(place[0] - 12, place[1] - 12, 24, 24).data
            .filter((_, each) => each % 4 === 3).reduce((least, alpha) => Math.min(least, alpha), 255);
    }"""
    hill, lowland = (page.evaluate(depth, list(at(page, *place))) for place in ((0.12, 0.1), (0.5, 0.45)))
    assert hill > 30 and lowland == 0
    assert pixels(page, *at(page, *positions[0]), side=1) == ["21 101 180"]
    page.mouse.move(*at(page, 0.5, 0.45))
    wheel(page, -300)
    assert page.evaluate(depth, list(at(page, 0.5, 0.45))) == 0
    page.locator("canvas").press("Home")
    page.mouse.click(*at(page, *positions[3]))
    assert len(picked(page)) == 1


@pytest.mark.parametrize("positions", [[(0.3, 0.3)] * 50, [(0.1 * row, 0.3) for row in range(5)]])
def test_no_contours_of_few_photos_nor_of_one_place(page, show, positions):
    show(positions)
    assert page.locator("canvas").get_attribute("data-contours") == "0"
