"""What each widget leaves in a notebook that is saved, sent or exported without the state of widgets."""

import base64
import importlib
import io
import pkgutil
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import anywidget
import ipywidgets
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from PIL import Image

import helpers
from helpers.collection.duplicates.picker import DuplicatePicker
from helpers.collection.odd_photos import oddities
from helpers.collection.odd_strip import OddStrip
from helpers.explorer.explorer import Explorer
from helpers.explorer.map.map import CollectionMap
from helpers.explorer.photo_upload import PhotoUpload
from helpers.explorer.picker import PhotoPicker
from helpers.photos.load import load_photos
from helpers.season.detection.box_strip import BoxStrip
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import DetectedPhoto, Detection
from helpers.season.detection.review import DetectionReview
from helpers.season.labels.strip import LabelStrip
from helpers.season.timeline.panel import TimelinePanel
from helpers.similarity.build import create
from helpers.widgets.card import LARGEST, Card, CardFigure, CardPhoto, CardRow, card_html
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import text_line
from helpers.widgets.thumbnail_strip import ThumbnailStrip
from tests.support.pictures import folder_of, picture, tiny_network
from tests.support.sightings import WHEN, Judged, season_of, sightings

PARTS = {ThumbnailStrip, PhotoUpload}  # of widgets: never shown alone
HOSTILE = "<img src=x onerror=alert(1)> & \"quotes' \udcff.jpg"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    data, _ = load_photos(folder_of(tmp_path_factory.mktemp("photos"), 9), progress=False)
    network = str(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))
    return create(data, model=network, store=False, verbose=False)


def review_of(model):
    """What a strip of labels asks of a review: photo 0 is labelled deer, its neighbours are foxes."""
    row = {"reference_label": 0, "species": "deer", "suggested": "fox", "share": 1.0, "neighbours": 4}
    season = SimpleNamespace(
        collection=SimpleNamespace(row=lambda label: label),
        labels=list(model.labels),
        name_of=model.name_of,
        photo=model.photo,
    )
    review = SimpleNamespace(season=season, left=[row], alike=lambda: [row], names=lambda: ["deer", "fox"])
    for name in ("observe", "unobserve", "confirm", "change", "skip", "undo", "species"):
        setattr(review, name, lambda *_: None)
    return review


def explorer_after_a_query(model, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv", k=5)
    explorer.ask(3)
    return explorer


def map_of(model, tmp_path):
    positions = np.random.default_rng(0).normal(size=(len(model.labels), 2))
    return CollectionMap(SimpleNamespace(model=model, positions=positions, note="Alike is near."))


def panel_of(model, tmp_path):
    rows = [("confirmed", WHEN(2026, 5, 1, 21), "mill"), ("candidate", WHEN(2026, 5, 3, 22), "mill")]
    files = [(model.names[row], model.photo(row)) for row in range(2)]
    return TimelinePanel(Judged(sightings(*rows), season_of(files)), view="photos")


def box_strip_of(model, tmp_path):
    fox = Detection("animal", 0.4, (0.1, 0.1, 0.9, 0.9))
    photos = {row: DetectedPhoto(model.names[row], [fox], True) for row in range(5)}
    return BoxStrip(DetectionReview(Detections(model.names, photos, [], 0.2), model.data))


def label_strip_of(model, tmp_path, monkeypatch):
    from helpers.season.labels import strip

    monkeypatch.setattr(strip, "nearest_events", lambda *_: np.array([1, 2]))
    monkeypatch.setattr(strip, "shown_species", lambda *_: [["fox"]] * len(model.labels))
    return LabelStrip(review_of(model))


# How each widget is made, and how many pictures are then on its card.
WIDGETS = {
    Explorer: (explorer_after_a_query, 6),
    PhotoPicker: (lambda model, _: PhotoPicker(model, k=3), 12),
    CollectionMap: (map_of, 1),
    DuplicatePicker: (lambda model, _: DuplicatePicker(model, progress=False), 2),
    OddStrip: (lambda model, _: OddStrip(model, oddities(model, progress=False)), 1),
    TimelinePanel: (panel_of, 1),
    LabelStrip: (label_strip_of, 1),
    BoxStrip: (box_strip_of, 5),
}


def kinds(cls):
    for each in cls.__subclasses__():
        yield each
        yield from kinds(each)


def is_present(cls):
    """Whether a class is the one that its module has: a test before may have imported a module anew."""
    return getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls


def exported(bundle):
    """The HTML of a notebook with one output, as nbconvert makes it where no state of widgets is saved."""
    output = nbformat.v4.new_output("display_data", bundle)
    cell = nbformat.v4.new_code_cell("widget", outputs=[output])
    return HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]


def pictures_of(html):
    for found in re.findall(r'src="data:image/(?:jpeg|png);base64,([\w+/=]+)"', html):
        with Image.open(io.BytesIO(base64.b64decode(found))) as opened:
            opened.load()
            yield opened


def test_no_widget_is_forgotten():
    for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
        if module.name.split(".")[1] in ("collection", "explorer", "season", "widgets", "similarity"):
            importlib.import_module(module.name)
    ours = {cls for cls in kinds(ipywidgets.Widget) if cls.__module__.startswith("helpers.") and is_present(cls)}
    ours -= PARTS
    shown = {cls for cls in ours if cls._card is not NotebookWidget._card}
    assert shown == set(WIDGETS)
    assert ours - shown == {base for cls in shown for base in cls.__mro__ if base in ours} - shown


@pytest.mark.parametrize("cls", WIDGETS, ids=lambda cls: cls.__name__)
def test_a_notebook_without_the_state_of_widgets_shows_what_the_widget_showed(cls, model, tmp_path, monkeypatch):
    make, pictures = WIDGETS[cls]
    more = [monkeypatch] if cls is LabelStrip else []
    widget = make(model, tmp_path, *more)
    bundle, metadata = widget._repr_mimebundle_()
    assert metadata == {}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert "object at 0x" not in bundle["text/plain"] and len(bundle["text/plain"]) > 10
    html = exported(bundle)
    assert len(bundle["text/html"]) <= LARGEST
    assert "object at 0x" not in html and "widget-view" not in html
    shown = list(pictures_of(html))
    assert len(shown) == pictures and all(max(each.size) >= 24 for each in shown)


def test_the_card_of_an_explorer_is_its_query_and_what_was_found(model, tmp_path):
    explorer = explorer_after_a_query(model, tmp_path)
    html = explorer._repr_mimebundle_()[0]["text/html"]
    names = [model.name_of(label).rpartition("/")[2] for label in (3, *explorer.found["reference_label"])]
    assert re.findall(r'alt="([^"]*)"', html) == names
    for distance in explorer.found["distance"]:
        assert f"{distance:.3g}" in html


@pytest.mark.parametrize("cls", [PhotoPicker, CollectionMap, TimelinePanel], ids=lambda cls: cls.__name__)
def test_a_widget_that_is_closed_is_closed_with_its_parts(cls, model, tmp_path):
    alive = ipywidgets.widgets.widget._instances
    before = set(alive)
    widget = WIDGETS[cls][0](model, tmp_path)
    assert len(set(alive) - before) >= 2
    widget.close()
    widget.close()
    assert set(alive) == before and repr(widget) == f"<{cls.__name__}, closed>"


def test_closing_a_map_leaves_the_explorer_it_was_linked_to(model, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    linked = CollectionMap(map_of(model, tmp_path).atlas, explorer=explorer)
    linked.selected = [2]
    linked.close()
    assert explorer.comm is not None and explorer.selected == [2]
    explorer.selected = [3]
    assert linked.selected == [2]


def jpeg(size, seed=0):
    buffer = io.BytesIO()
    picture(seed, size).save(buffer, "JPEG")
    return buffer.getvalue()


def test_no_text_is_drawn_as_a_formula():
    """ipywidgets' Label and HTMLMath, and each HTML output of a cell, are given to MathJax."""
    assert card_html(Card("a $x$ b")).startswith('<div class="mathjax_ignore tex2jax_ignore"')
    assert "mathjax_ignore" in text_line(value="a $x$ b")._dom_classes
    folder = Path(helpers.__file__).parent
    made = re.compile(r"ipywidgets\.(Label|HTMLMath)\(")
    assert [path.name for path in folder.rglob("*.py") if made.search(path.read_text("utf-8"))] == ["still.py"]


def test_a_card_is_never_too_large_and_all_text_on_it_is_text():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    photos = [CardPhoto(jpeg((160, 120), seed), HOSTILE, HOSTILE, marked=seed == 1) for seed in range(300)]
    photos[2] = CardPhoto(None, HOSTILE)
    figures = [CardFigure(buffer.getvalue(), HOSTILE)] * 2
    html = card_html(Card(HOSTILE * 40, [HOSTILE], [CardRow(HOSTILE, photos)], figures))
    assert len(html.encode()) <= LARGEST and html.count("<img ") == len(list(pictures_of(html))) > 10
    assert "onerror" in html and not re.findall(r"<(?!/?(?:div|table|tr|td|img|br)\b)", html)
    assert not re.findall(r"<img src=x|&(?!amp;|lt;|gt;|quot;|#x27;)", html)
    assert "cannot be read" in html and "more</div>" in html


def test_what_anywidget_tells_colab_stays(model, tmp_path, monkeypatch):
    """Colab finds the manager of the widget in the metadata of its output."""
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    told = {"view": {"colab": {"custom_widget_manager": {"url": "…"}}}}
    monkeypatch.setattr(anywidget.AnyWidget, "_repr_mimebundle_", lambda *_, **__: ({"view": {}}, told))
    data, metadata = explorer._repr_mimebundle_()
    assert metadata == told and set(data) == {"view", "text/plain", "text/html"}
