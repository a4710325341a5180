"""Notebook 03 in a real JupyterLab: the explorer, by mouse and by keyboard, on the page and in the kernel."""

import ast
import io
import re

import pytest
from PIL import Image

from tests.support.places import ROOT

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

BUILD = ROOT / "build"


@pytest.fixture(scope="module")
def notebook(run_notebook):
    """Notebook 03, run to its last cell."""
    page = run_notebook("03-explore.ipynb", ".kinframe-explorer .kf-tile img")
    page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").wait_for(timeout=300_000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    return page


@pytest.fixture
def explorer(notebook, kernel):
    """The explorer as it is at first: the whole collection, nothing selected, no filter."""
    kernel("[setattr(explorer, name, '') for name in ('name', 'since', 'until', 'column', 'value')]")
    kernel("[explorer.browse(), setattr(explorer, 'selected', []), setattr(explorer, 'k', 20)]")
    kernel(
        "[setattr(explorer, 'folder', None), setattr(explorer, 'sort', 'distance'), setattr(explorer, 'hide', True)]"
    )
    root = notebook.locator(".kinframe-explorer")
    root.locator(".kf-status", has_text="199 photos").filter(has_not_text="selected").wait_for()
    root.locator(".kf-gallery").evaluate("gallery => { gallery.scrollTop = 0 }")
    root.locator("[aria-posinset='1'] img").wait_for()
    return root


def ask(photo):
    """Find photos like it, by the button on it."""
    photo.hover()
    photo.get_by_text("Find similar").click()


def tile(explorer, name):
    return explorer.locator(".kf-tile", has_text=name)


def test_the_cells_ran_without_a_warning(notebook):
    assert notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0


def test_a_photo_is_asked_with_and_one_of_the_answer_again(explorer, kernel):
    ask(tile(explorer, "bolu-003.png"))
    explorer.locator(".kf-status", has_text="20 photos found").wait_for()
    assert kernel("model.name_of(explorer.chosen)") == "'bolu/bolu-003.png'"
    lines = [line.get_attribute("title") for line in explorer.locator(".kf-likeness").all()]
    shown = [re.search(r"distance ([\d.]+)", line)[1] for line in lines]
    likenesses = [float(text.split()[-2]) for text in explorer.locator(".kf-likeness").all_inner_texts()]
    assert likenesses == sorted(likenesses, reverse=True) and 0 < likenesses[0] < 100
    explorer.get_by_role("heading", name="20 most similar to bolu-003 · bolu").wait_for()
    wanted = ast.literal_eval(kernel("list(explorer.found['distance'])"))
    assert [float(text) for text in shown] == pytest.approx(wanted[: len(shown)], rel=0.01)
    assert tile(explorer, "bolu-003.png").count() == 0  # hidden
    second = explorer.locator(".kf-tile").nth(1).get_attribute("title").splitlines()[0]
    ask(explorer.locator(".kf-tile").nth(1))
    explorer.locator(f".kf-chip[title^='{second}']").wait_for()
    assert kernel("model.name_of(explorer.chosen)") == repr(second)
    assert explorer.locator(".kf-step").count() >= 2
    explorer.get_by_title("Back (Backspace)").click()
    explorer.locator(".kf-chip[title^='bolu/bolu-003.png']").wait_for()
    assert kernel("model.name_of(explorer.chosen)") == "'bolu/bolu-003.png'"
    explorer.get_by_title("Forward (Shift+Backspace)").click()
    explorer.locator(f".kf-chip[title^='{second}']").wait_for()


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_k_metric_and_the_query_itself(explorer, kernel):
    ask(tile(explorer, "bolu-003.png"))
    explorer.locator(".kf-status", has_text="20 photos found").wait_for()
    explorer.locator("input[name=k]").focus()
    explorer.page.keyboard.press("Home")
    explorer.locator(".kf-status", has_text="1 photo found").wait_for()
    for _ in range(4):
        explorer.page.keyboard.press("ArrowRight")
    explorer.locator(".kf-status", has_text="5 photos found").wait_for()
    explorer.get_by_role("button", name="Filters").click()
    explorer.locator("input[name=hide]").uncheck()
    tile(explorer, "bolu-003.png").wait_for()
    assert kernel("explorer.k, explorer.hide, list(explorer.found['distance'])[0]") == "(5, False, 0.0)"
    explorer.locator("select[name=metric]").select_option("cosine")
    explorer.page.wait_for_function(
        "[...document.querySelectorAll('.kf-likeness')].every(each => each.title.includes('distance 0'))"
    )
    assert kernel("explorer.metric, max(explorer.found['distance']) < 1") == "('cosine', True)"
    kernel("setattr(explorer, 'metric', 'euclidean')")


def test_jupyters_own_keys_leave_it_alone(explorer, notebook):
    cells = notebook.locator(".jp-Cell").count()
    active = notebook.locator(".jp-Cell.jp-mod-active").evaluate(
        "cell => [...cell.parentElement.children].indexOf(cell)"
    )
    explorer.locator(".kf-gallery").focus()
    for key in ("Home", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight"):
        notebook.keyboard.press(key)
    assert explorer.locator(".kf-active").get_attribute("data-place") == "2"
    notebook.keyboard.press("a")
    explorer.locator(".kf-status", has_text="20 photos found").wait_for()
    assert notebook.locator(".jp-Cell").count() == cells  # *A* makes a new cell elsewhere in a notebook
    there = notebook.locator(".jp-Cell.jp-mod-active").evaluate(
        "cell => [...cell.parentElement.children].indexOf(cell)"
    )
    assert there == active


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_like_and_not_like(explorer, kernel):
    gallery = explorer.locator(".kf-gallery")
    gallery.focus()
    explorer.page.keyboard.press("Home")
    explorer.page.keyboard.press("l")
    explorer.locator(".kf-chip").first.wait_for()
    kernel("explorer.mark(model.labels[-1], like=False)")
    explorer.locator(".kf-chip.kf-not").wait_for()
    rows = ast.literal_eval(kernel("list(explorer.found['reference_label'])"))
    wanted = "list(model.search(like=[0], unlike=[198], k=20, hide=True)['reference_label'])"
    assert rows == ast.literal_eval(kernel(wanted))
    explorer.locator(".kf-chip.kf-not").click()  # out of the question again
    explorer.locator(".kf-chip.kf-not").wait_for(state="detached")
    assert kernel("explorer.chosen") == "0"


def test_a_box_asks_with_a_part(explorer, kernel):
    tile(explorer, "bolu-006.jpg").dblclick()
    explorer.get_by_role("dialog").locator("img[src]").wait_for()
    explorer.locator(".kf-facts", has_text="bolu/bolu-006.jpg").wait_for()
    page = explorer.page
    page.wait_for_function("document.querySelector('.kf-stage:last-child img').naturalWidth > 0")
    explorer.get_by_role("button", name="Box", exact=True).click()
    stage = explorer.locator(".kf-stage").last.bounding_box()
    page.mouse.move(stage["x"] + stage["width"] / 2 - 60, stage["y"] + stage["height"] / 2 - 60)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] / 2 + 60, stage["y"] + stage["height"] / 2 + 60, steps=4)
    page.mouse.up()
    explorer.get_by_role("button", name="Search the box").click()
    explorer.locator(".kf-tile .kf-part").first.wait_for()
    assert kernel("sorted(set(explorer.found.column_names()) & {'left', 'top', 'right', 'bottom'})") == (
        "['bottom', 'left', 'right', 'top']"
    )
    assert "most similar to the box on bolu-006" in explorer.locator(".kf-heading").inner_text()


def test_photos_are_kept_by_keys_alone(explorer, kernel, lab):
    page = explorer.page
    explorer.locator(".kf-gallery").focus()
    for key in ("Home", " ", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    explorer.locator(".kf-status", has_text="3 selected").wait_for()
    explorer.locator("input[name=label]").focus()
    page.keyboard.type("robots, that “wave”")
    page.keyboard.press("Enter")
    explorer.locator(".kf-label").nth(2).wait_for()
    assert kernel("list(explorer.selection['label'])") == str(["robots, that “wave”"] * 3)
    assert kernel("list(explorer.selection['id'])") == "[0, 1, 2]"
    assert "robots, that" in (lab.folder / "build" / "labels.csv").read_text(encoding="utf-8")
    explorer.get_by_role("button", name="Undo").click()
    explorer.locator(".kf-label").first.wait_for(state="detached")
    explorer.locator("input[name=to]").fill(str(lab.folder / "build" / "three.zip"))
    page.keyboard.press("Enter")
    explorer.locator(".kf-message", has_text="3 photos are in").wait_for()
    assert (lab.folder / "build" / "three.zip").stat().st_size > 1000
    explorer.locator("input[name=to]").fill(str(lab.folder / "build" / "three.zip"))
    page.keyboard.press("Enter")
    explorer.locator(".kf-message", has_text="three.zip").filter(has_not_text="3 photos").wait_for()
    (lab.folder / "build" / "three.zip").unlink()


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_filters_and_sorting(explorer, kernel):
    if explorer.locator("select[name=folder]").is_hidden():
        explorer.get_by_role("button", name="Filters").click()
    explorer.locator("select[name=folder]").select_option("tarn (80)")
    explorer.locator(".kf-status", has_text="80 of 199 photos").wait_for()
    explorer.locator("input[name=name]").fill("TARN-02")
    explorer.locator(".kf-status", has_text="10 of 199 photos").wait_for()
    explorer.locator("select[name=sort]").select_option("name, Z to A")
    explorer.locator("[aria-posinset='1']", has_text="tarn-029").wait_for()
    explorer.locator("select[name=sort]").select_option("name, A to Z")
    explorer.locator("[aria-posinset='1']", has_text="tarn-020").wait_for()
    ask(tile(explorer, "tarn-020"))
    explorer.locator(".kf-status", has_text="9 photos found").wait_for()  # within the filter
    explorer.locator("input[name=name]").fill("no such photo")
    explorer.locator(".kf-status", has_text="0 photos found").wait_for()
    explorer.get_by_text("No photo passes the filters.").wait_for()


def test_a_photo_from_outside(explorer, kernel):
    _upload(explorer, "orange.png", _png())
    explorer.locator(".kf-chip[title^='orange.png']").wait_for()
    assert kernel("explorer.chosen, len(explorer.found)") == "(None, 20)"
    _upload(explorer, "<img src=x onerror=alert(1)>.jpg", b"no photo")
    explorer.locator(".kf-message", has_text="<img src=x").wait_for()
    assert explorer.locator("img[onerror]").count() == 0
    assert kernel("len(explorer.found)") == "20"  # the answer before stays


@pytest.mark.parametrize(
    ("theme", "width"), [("JupyterLab Light", 1600), ("JupyterLab Dark", 1200), ("JupyterLab Dark", 500)]
)
@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_what_it_looks_like(explorer, lab, theme, width):
    page = explorer.page
    page.set_viewport_size({"width": width, "height": 1200})
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    ask(tile(explorer, "bolu-002"))
    explorer.locator(".kf-tile .kf-likeness").first.wait_for()
    explorer.scroll_into_view_if_needed()
    explorer.locator(".kf-tile img").nth(3).wait_for()
    page.screenshot(path=str(BUILD / f"explorer-{lab.name}-{theme.split()[1].lower()}-{width}.png"))
    assert explorer.evaluate("root => root.scrollWidth <= root.clientWidth")
    page.set_viewport_size({"width": 1200, "height": 1400})


@pytest.mark.once("the script of the page is the same; in both, the widget and its kernel speak with each other")
def test_it_is_shown_twice(explorer, notebook, kernel):
    """What is asked and selected in one view is seen in the other."""
    notebook.locator(".jp-MarkdownCell").last.click()
    notebook.evaluate("() => { jupyterapp.commands.execute('notebook:insert-cell-below') }")
    added = notebook.locator(".jp-CodeCell.jp-mod-active")
    added.locator(".cm-content").click()
    notebook.keyboard.type("explorer")
    notebook.keyboard.press("Control+Enter")
    second = notebook.locator(".jp-CodeCell").last.locator(".kinframe-explorer")
    second.locator(".kf-tile img").first.wait_for()
    first = notebook.locator(".kinframe-explorer").first
    ask(tile(second, "bolu-002"))
    for view in (first, second):
        view.locator(".kf-status", has_text="20 photos found").wait_for()
        view.locator(".kf-tile .kf-likeness").first.wait_for()
    first.locator(".kf-tile").nth(1).click(modifiers=["Control"])
    for view in (first, second):
        view.locator(".kf-status", has_text="1 selected").wait_for()
    assert kernel("len(explorer.selected)") == "1"
    notebook.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").click()
    notebook.evaluate("() => { jupyterapp.commands.execute('notebook:delete-cell') }")
    second.wait_for(state="detached")


def test_a_restarted_kernel_is_told(explorer, notebook):
    notebook.evaluate("() => { jupyterapp.commands.execute('kernelmenu:restart') }")  # which waits for the dialog
    notebook.get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    notebook.clock.install()
    ask(explorer.locator(".kf-tile").first)
    notebook.clock.fast_forward(11_000)  # ms: more than the page waits for an answer
    explorer.get_by_text("run the cell again").wait_for()


def _upload(explorer, name, content):
    with explorer.page.expect_file_chooser() as chooser:
        explorer.get_by_role("button", name="Search with a photo…").click()
    chooser.value.set_files([{"name": name, "mimeType": "image/png", "buffer": content}])


def _png():
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "orange").save(buffer, "PNG")
    return buffer.getvalue()
