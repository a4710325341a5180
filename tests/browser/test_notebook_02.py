"""Notebook 02 in a real JupyterLab: what a click does on the page, and in the kernel."""

import io
import re

import pytest
from PIL import Image

from tests.support.places import ROOT

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

BUILD = ROOT / "build"


@pytest.fixture(scope="module")
def notebook(run_notebook):
    """Notebook 02, run to its last cell."""
    return run_notebook("02-pick-a-photo.ipynb", ".jp-CodeCell >> nth=-1 >> .jp-OutputArea-output")


CHOOSER = ".kinframe-chooser .kinframe-photo"
MATCHES = ".kinframe-matches .kinframe-photo"


@pytest.fixture
def matches(notebook):
    """The names of the matches, with their ranks and distances, which are others with every answer."""
    shown = f"[...document.querySelectorAll('{MATCHES}')].map((photo) => photo.textContent).join()"

    class Matches:
        def shown(self):
            return notebook.evaluate(shown)

        def wait_for_others(self, before):
            notebook.wait_for_function(f"before => {shown} !== before", arg=before)

    return Matches()


def test_every_cell_ran_and_the_picker_shows_the_first_photo(notebook, kernel):
    assert notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
    assert notebook.locator(CHOOSER).count() == 24
    assert notebook.locator(f"{CHOOSER}.kinframe-chosen").inner_text() == "bolu-001.jpg"
    assert notebook.locator(".widget-dropdown select option:checked").inner_text().split() == ["all", "folders"]
    drawn = "images => images.filter(image => image.complete && image.naturalWidth).map(image => image.src)"
    assert len(set(notebook.locator(f"{CHOOSER} img").evaluate_all(drawn))) == 24
    assert kernel("picker.chosen") == "0"


def test_a_click_on_a_thumbnail_changes_the_matches(notebook, kernel, matches):
    before = matches.shown()
    notebook.locator(CHOOSER, has_text="bolu-006.jpg").click()
    matches.wait_for_others(before)
    assert kernel("data[picker.chosen]['path']") == "'bolu/bolu-006.jpg'"
    assert kernel("picker.found['query_label'][0] == picker.chosen") == "True"
    assert notebook.locator(f"{CHOOSER}.kinframe-chosen").inner_text() == "bolu-006.jpg"


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_a_thumbnail_is_chosen_with_the_keyboard(notebook, kernel, matches):
    before = matches.shown()
    notebook.locator(CHOOSER, has_text="bolu-009.jpg").focus()
    notebook.keyboard.press("Enter")
    matches.wait_for_others(before)
    assert kernel("data[picker.chosen]['path']") == "'bolu/bolu-009.jpg'"


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_k_changes_the_matches(notebook, kernel, matches):
    before = matches.shown()
    readout = notebook.locator(".widget-slider .widget-readout")
    readout.fill("3")
    readout.press("Enter")
    matches.wait_for_others(before)
    assert kernel("picker.k, len(picker.found)") == "(3, 3)"


def test_pages_and_filters_change_the_thumbnails(notebook, kernel):
    photos, status = notebook.locator(CHOOSER), notebook.get_by_text("· 199 photos")
    assert status.inner_text() == "page 1 of 9 · 199 photos"
    notebook.get_by_role("button", name="Next", exact=True).click()
    notebook.get_by_text("page 2 of 9 · 199 photos").wait_for()
    notebook.get_by_placeholder("part of a name or folder").fill("TARN-02")
    notebook.get_by_text("page 1 of 1 · 10 photos").wait_for()
    assert photos.count() == 10
    notebook.get_by_placeholder("part of a name or folder").fill("")
    notebook.get_by_text("page 1 of 9 · 199 photos").wait_for()


def test_a_photo_from_outside_is_uploaded(notebook, kernel, matches):
    before = matches.shown()
    _upload(notebook, "from-outside.png", _png())
    matches.wait_for_others(before)
    assert kernel("picker.chosen, picker.found['query_label'][0]") == "(None, 'from-outside.png')"
    shown = notebook.locator("img.kinframe-query")
    notebook.wait_for_function("image => image.naturalWidth === 160", arg=shown.element_handle())
    assert shown.bounding_box()["height"] < 60


def test_an_upload_that_is_no_photo_says_so(notebook, kernel, matches):
    before = matches.shown()
    _upload(notebook, "letter.jpg", b"Dear all")
    notebook.get_by_text("letter.jpg: not a photo that Pillow can read").wait_for()
    assert matches.shown() == before
    assert kernel("picker.found['query_label'][0]") == "'from-outside.png'"


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_it_looks_right(lab, notebook, matches):
    """Screenshots to look at: light, dark and narrow."""
    before = matches.shown()
    notebook.locator(CHOOSER).nth(4).click()
    matches.wait_for_others(before)
    BUILD.mkdir(exist_ok=True)
    for theme, width in (("JupyterLab Light", 1200), ("JupyterLab Dark", 1200), ("JupyterLab Dark", 500)):
        notebook.set_viewport_size({"width": width, "height": 900})
        notebook.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        notebook.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
        notebook.locator("#jupyterlab-splash").wait_for(state="detached")
        notebook.locator(".kinframe-bar").first.evaluate("bar => bar.scrollIntoView()")
        name = f"picker-{lab.name}-{theme.split()[1].lower()}-{width}.png"
        notebook.screenshot(path=str(BUILD / name))
        bar, match = (notebook.locator(each).first.bounding_box() for each in (".kinframe-bar", MATCHES))
        assert match["y"] + match["height"] - bar["y"] < 600, "what was found is in sight"
        back = notebook.locator(MATCHES).first.evaluate("photo => getComputedStyle(photo).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", back)[:3])) < 128) == ("Dark" in theme)


def test_a_match_is_clicked_to_go_on_from_it(notebook, kernel, matches):
    before = matches.shown()
    notebook.locator(MATCHES).nth(1).click()
    matches.wait_for_others(before)
    assert kernel("picker.chosen == picker.found['query_label'][0]") == "True"


def test_a_name_with_dollars_is_text(notebook, kernel):
    kernel("picker._say('a $x$ b')")
    label = "__import__('ipywidgets').Label('drawn as $y$')"  # which ipywidgets gives to MathJax
    kernel(f"setattr(picker, 'children', (*picker.children, {label}))")
    notebook.locator(".widget-label mjx-container").wait_for()
    assert notebook.locator(".kinframe-failed").inner_text() == "a $x$ b"


def _upload(page, name, content):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Search with a photo…", exact=True).click()
    chooser.value.set_files([{"name": name, "mimeType": "image/png", "buffer": content}])


def _png():
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "orange").save(buffer, "PNG")
    return buffer.getvalue()
