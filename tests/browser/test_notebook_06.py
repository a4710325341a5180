"""Notebook 06 in a real JupyterLab: a lasso on the map, the photos in the kernel, and the explorer beside it."""

import ast

import pytest

from tests.support.places import ROOT

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

BUILD = ROOT / "build"
_STILL = """async () => {
    const canvas = document.querySelector('.kinframe-map canvas');
    const look = () => JSON.stringify([canvas.getBoundingClientRect(), canvas.dataset]);
    const before = look();
    for (let frame = 0; frame < 10; frame++) {
        await new Promise(requestAnimationFrame);
        if (look() !== before) return false;
    }
    return true;
}"""  # whether the map stands still, for ten frames


@pytest.fixture(scope="module")
def notebook(run_notebook):
    """Notebook 06, run to its last cell."""
    page = run_notebook("06-map-the-collection.ipynb", ".kinframe-map canvas")
    page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").first.wait_for(timeout=300_000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=300_000)
    return page


@pytest.fixture
def shown(notebook, kernel):
    """The map with nothing selected, in the middle of the window."""
    kernel("setattr(shown, 'selected', [])")
    root = notebook.locator(".kinframe-map").first  # the second has the colours of the groups
    root.locator("canvas").evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    root.get_by_role("button", name="Whole map").click()
    root.locator(".kf-status", has_not_text="selected").wait_for()
    return root


def lasso(page, root, corners):
    """Draw a loop through places of the map."""
    root.get_by_role("button", name="Lasso").click()
    canvas = root.locator("canvas")
    page.wait_for_function(_STILL, timeout=60_000)
    edge = canvas.bounding_box()
    sight = {name: float(canvas.get_attribute(f"data-{name}")) for name in ("scale", "x", "y")}
    places = [
        (
            edge["x"] + edge["width"] / 2 + (x - sight["x"]) * sight["scale"],
            edge["y"] + edge["height"] / 2 + (y - sight["y"]) * sight["scale"],
        )
        for x, y in corners
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in (*places[1:], places[0]):
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_the_cells_ran_without_a_warning(notebook):
    assert notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0


def test_a_lasso_is_a_frame_and_is_in_the_explorer(notebook, shown, kernel):
    inside = "[row for row in range(199) if abs(atlas.positions[row] - 0.5).max() < 0.25]"
    wanted = ast.literal_eval(kernel(inside))
    assert 20 < len(wanted) < 180
    lasso(notebook, shown, [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)])
    shown.locator(".kf-status", has_text="selected").wait_for()
    selected = ast.literal_eval(kernel("sorted(shown.selected)"))
    assert len({*selected} ^ {*wanted}) <= 2  # the line has a width of a pixel
    assert ast.literal_eval(kernel("sorted(explorer.selected)")) == selected
    assert kernel("len(shown.selection), len(explorer.selection)") == f"({len(selected)}, {len(selected)})"
    notebook.locator(".kinframe-explorer .kf-status", has_text=f"{len(selected)} selected").wait_for()
    BUILD.mkdir(exist_ok=True)
    shown.screenshot(path=str(BUILD / "map.png"))


def test_what_the_explorer_selects_is_marked_on_the_map(notebook, shown, kernel):
    kernel("setattr(explorer, 'selected', [3, 5])")
    shown.locator(".kf-status", has_text="2 of 199 selected").wait_for()
    shown.get_by_role("button", name="Clear selection").click()
    shown.locator(".kf-status", has_not_text="selected").wait_for()
    assert kernel("explorer.selected, shown.selected") == "([], [])"


def test_near_enough_the_photos_appear(notebook, shown):
    canvas, cells = shown.locator("canvas"), notebook.locator(".jp-Cell").count()
    canvas.focus()
    for _ in range(12):
        notebook.keyboard.press("+")
        notebook.wait_for_function(_STILL, timeout=60_000)
        if int(canvas.get_attribute("data-thumbnails") or 0):
            break
    assert int(canvas.get_attribute("data-thumbnails")) > 0
    assert notebook.locator(".jp-Cell").count() == cells  # Jupyter's own keys were not meant
