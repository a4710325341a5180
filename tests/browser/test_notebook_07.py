"""Notebook 07 in a real JupyterLab: sightings judged by keys, in the kernel, in the file, and in the figures."""

import ast

import pytest

from tests.support.places import ROOT
from tests.support.season import drawn_season

pytest.importorskip("playwright.sync_api", reason="the browser tests run from the environment with Playwright, .venv")

PANEL = ".jp-OutputArea-output img[alt*='confirmed']"


@pytest.fixture(scope="module")
def notebook(lab, run_notebook):
    """Notebook 07, run to its last cell, with the season that its own test takes too."""
    (lab.folder / "build").mkdir(exist_ok=True)
    (lab.folder / "build" / "season").symlink_to(drawn_season())
    page = run_notebook("07-field-camera.ipynb", ".kinframe-explorer .kf-judging")
    page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").first.wait_for(timeout=300_000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=300_000)
    return page


def show_candidates(root, kernel):
    """As they are ranked now, which is not how they were when the page was opened."""
    root.locator(".kf-judging").get_by_role("button", name="Candidates").click()
    root.locator(".kf-gallery").press("Home")  # where one was, one stays
    first = ast.literal_eval(kernel("sightings.frame()['path'][0]"))
    root.locator(f'.kf-tile[data-place="0"][title^="{first}"] .kf-several').wait_for()


def judged(kernel):
    confirmed, rejected = ast.literal_eval(kernel("(sightings.confirmed, sightings.rejected)"))
    return len(confirmed), len(rejected)


def test_the_cells_ran(notebook):
    assert notebook.locator(".jp-OutputArea-output[data-mime-type*=error]").count() == 0
    said = notebook.locator(".jp-OutputArea-output[data-mime-type*=stderr]").all_inner_texts()
    assert all("/s" in text for text in said), "warnings in a tutorial"


def test_keys_judge_and_all_follows(notebook, kernel):
    root = notebook.locator(".kinframe-explorer")
    show_candidates(root, kernel)
    before = judged(kernel)
    shown = notebook.locator(PANEL).first.get_attribute("alt")
    gallery = root.locator(".kf-gallery")
    places = ast.literal_eval(
        kernel("[n for n, said in enumerate(sightings.frame()['status']) if said == 'candidate'][:2]")
    )
    gallery.focus()
    notebook.keyboard.press("Home")
    for _ in range(places[0]):
        notebook.keyboard.press("ArrowRight")
    notebook.keyboard.press("y")
    root.locator(".kf-judging", has_text=f"{before[0] + 1} confirmed").wait_for()
    assert judged(kernel) == (before[0] + 1, before[1])
    for _ in range(places[1] - places[0] - 1):
        notebook.keyboard.press("ArrowRight")
    notebook.keyboard.press("n")
    root.locator(".kf-judging", has_text=f"{before[1] + 1} rejected").wait_for()
    assert kernel("len([path for path, said in sightings.labels.items() if said in ('yes', 'no')]) > 100") == "True"
    notebook.wait_for_function("([where, before]) => document.querySelector(where).alt !== before", arg=[PANEL, shown])
    notebook.keyboard.press("z")
    root.locator(".kf-judging", has_text=f"{before[1]} rejected").wait_for()
    notebook.keyboard.press("z")
    root.locator(".kf-judging", has_text=f"{before[0]} confirmed").wait_for()
    assert judged(kernel) == before


def test_an_event_is_opened_and_closed_again(notebook, kernel):
    root = notebook.locator(".kinframe-explorer")
    show_candidates(root, kernel)
    several = root.locator(".kf-several").first
    count = int(several.inner_text()[1:])
    several.click()
    root.locator(".kf-heading", has_text="Event of").wait_for()
    assert root.locator(".kf-tile").count() == count
    root.locator(".kf-gallery").focus()
    notebook.keyboard.press("Backspace")
    root.locator(".kf-several").nth(5).wait_for()
    root.screenshot(path=str(ROOT / "build" / "sightings.png"))
    notebook.locator(".widget-vbox", has=notebook.locator("img[alt*='confirmed']")).last.screenshot(
        path=str(ROOT / "build" / "timeline-panel.png")
    )
