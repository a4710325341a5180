import json
import re

import nbformat
import pytest
from PIL import Image

from helpers import demo


@pytest.fixture()
def folder(tmp_path):
    """Red and blue pictures in two folders, and a file that is none, under a name that a shell would trip over."""
    root = tmp_path / 'it\'s a "$folder"'
    for place, (name, colour) in enumerate([("red", (200, 30, 30)), ("blue", (30, 30, 200))] * 6):
        (root / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60 + place, 40), colour).save(root / name / f"{place}.png")
    (root / "red" / "notes.jpg").write_text("no photo")
    return root


def test_it_leaves_a_page_a_picture_and_the_figures(folder, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    build = tmp_path / "build"
    assert demo.demonstrate(folder, build) == 0
    figures = json.loads((build / "demo.json").read_text(encoding="utf-8"))
    assert (figures["photos"], figures["bad"], figures["model"]) == (12, 1, "efficientnet-lite0")
    assert figures["left_out"][0][0] == "red/notes.jpg"
    assert 0 <= figures["precision_at_10"] <= 1 and figures["photos_per_second"] > 0
    with Image.open(build / "matches.png") as picture:
        assert picture.width > 500
    page = (build / "01-find-similar-photos.html").read_text(encoding="utf-8")
    assert "data:image/jpeg;base64" in page
    fetched = (
        r'src="(?:https?:)?//[^"]*"|<link[^>]*href="(?:https?:)?//[^"]*"|url\(["\']?(?:https?:)?//|://cdn|://unpkg'
    )
    assert not re.findall(fetched, page), "it fetches from elsewhere; a link, which a person may follow, does not"
    assert page.count("FETCH_ARTICLE_PHOTOS") == 2, "assigned once, used once"
    assert "photos/s]" not in page and "widget-view" not in page
    said = capfd.readouterr().out
    for line in ("environment", "model", "photos", "photos/s", "precision@10", "notes.jpg"):
        assert line in said


@pytest.mark.once("what is said of broken files is the same")
def test_a_folder_of_broken_files_says_what_is_wrong_with_them_and_leaves_no_older_results(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setattr(demo, "check_has_photos", lambda *_: None)  # as where the only photo cannot be decoded
    folder, build = tmp_path / "broken", tmp_path / "build"
    folder.mkdir()
    build.mkdir()
    for number in range(22):
        (folder / f"{number:02}.jpg").write_text("no photo")
    for name in ("01-find-similar-photos.html", "matches.png", "demo.json", "mine.txt"):
        (build / name).write_text("of the run before")
    assert demo.demonstrate(folder, build) == 1
    said = capfd.readouterr().err
    assert "The notebook stopped: ArgumentError" in said and "Traceback" not in said
    assert "Files left out: 22" in said and "00.jpg: " in said and "… and 2 more" in said
    assert "20.jpg" not in said
    assert [path.name for path in build.iterdir()] == ["mine.txt"]


def test_the_list_of_files_left_out_says_how_many_it_does_not_list(tmp_path, capsys):
    figures = {"environment": "modern", "frames": "", "python": "3.13", "note": "", "photos": 5}
    figures.update(photos_per_second=9.0, kept=0, precision_at_10=None, left_out=[["a.jpg", "cut off"]], bad=4)
    demo._print_figures(figures, tmp_path)
    assert capsys.readouterr().out.endswith("  left out     a.jpg: cut off\n  … and 3 more\n")
    demo._print_figures({**figures, "left_out": [["a\x1b[2J.jpg", "cut off"]]}, tmp_path)
    assert "\x1b" not in capsys.readouterr().out
    demo._print_figures({**figures, "bad": 1}, tmp_path)
    assert "more" not in capsys.readouterr().out


def test_the_parameters_take_the_place_of_the_notebooks_own():
    source = 'FOLDER = "../data"\nMODEL = "auto"  # as it was\nFETCH = True  # why'
    cells = [
        nbformat.v4.new_code_cell("FOLDER = 1"),
        nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]}),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    demo.set_parameters(notebook, FOLDER="C:\\new \\1  # 'x'", FETCH=False)
    assert cells[0].source == "FOLDER = 1"
    assert cells[1].source.splitlines()[1:] == ['MODEL = "auto"  # as it was', "FETCH = False  # why"]
    values = {}
    exec(cells[1].source, values)  # noqa: S102  # our own text
    assert values["FOLDER"] == "C:\\new \\1  # 'x'"


def test_progress_bars_leave_the_page_and_warnings_stay():
    def stream(text, name="stderr"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    widget = {"text/plain": " 96%|#########6| 192/199", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    last = " 33%|###3      | 10/30 [00:00<00:00, 98.82 photos/s]"
    outputs = [
        nbformat.v4.new_output("display_data", widget),
        stream("\r  0%|          | 0/30 [00:00<?, ? photos/s]"),
        stream(f"\r{last}\rweights: 100%|####| 30.0M/30.0M [01:02:03<00:00, 98.4MB/s]\n"),
        stream("\r12 photos [00:03, 2.31s/ photos]"),
        stream("\n"),
        stream(f"\r{last}UserWarning: 3 photos [12:30, sic] are grey\n"),
        stream("a warning: 50% of it\n"),
        stream("100%|##| 1/1 [00:00<00:00, 1.0 photos/s]\n", name="stdout"),
        nbformat.v4.new_output("display_data", {"text/plain": "a picture"}),
    ]
    cell = nbformat.v4.new_code_cell("create(data)", outputs=outputs)
    demo.drop_progress(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), cell]))
    assert [output.get("text") or output.data["text/plain"] for output in cell.outputs] == [
        "UserWarning: 3 photos [12:30, sic] are grey\n",
        "a warning: 50% of it\n",
        outputs[-2].text,
        "a picture",
    ]


def test_a_misspelt_folder_costs_no_earlier_results(folder, tmp_path, capfd):
    build = tmp_path / "build"
    build.mkdir()
    (build / "matches.png").write_text("of the run before")
    assert demo.demonstrate(folder.with_name("misspelt"), build) == 2
    assert "misspelt" in capfd.readouterr().err and (build / "matches.png").exists()
