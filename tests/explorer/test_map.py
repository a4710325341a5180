"""The map without a page: its selection, its colours, and what it answers to messages."""

import datetime
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import traitlets
from PIL import Image

from helpers import tc
from helpers.errors import FrameError
from helpers.explorer.explorer import Explorer
from helpers.explorer.map.colouring import Colouring
from helpers.explorer.map.map import CollectionMap
from helpers.explorer.map.still_map import still_map
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from tests.support.pictures import folder_of, tiny_network

COUNT = 12


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")


@pytest.fixture(scope="module")
def model(tmp_path_factory, network):
    """Twelve photos, half of them in the folder `odd`."""
    data, _ = load_photos(folder_of(tmp_path_factory.mktemp("photos"), COUNT), progress=False)
    return create(data, model=network, verbose=False)


@pytest.fixture
def atlas(model):
    positions = np.random.default_rng(0).random((COUNT, 2), np.float32)
    return SimpleNamespace(model=model, positions=positions, note="Twelve photos.")


@pytest.fixture
def shown(atlas):
    return heard(CollectionMap(atlas))


def heard(shown):
    shown.told = []
    shown.send = lambda content, buffers=None: shown.told.append((content, buffers))
    return shown


def hear(shown, wish, buffers=(), **told):
    """A message from the page; what it was told then."""
    shown.told.clear()
    shown._heard(shown, {"do": wish, "number": "1", **told}, [memoryview(each) for each in buffers])
    assert shown.told[-1][0] == {"kind": "done", "number": "1"}
    return shown.told[:-1]


def codes(shown):
    return np.frombuffer(shown._codes, np.uint8).tolist()


def rows(*numbers):
    return [np.array(numbers, "<u4").tobytes()]


def test_the_page_is_told_where_the_photos_are(shown, atlas):
    assert np.array_equal(np.frombuffer(shown._positions, "<f4").reshape(-1, 2), atlas.positions)
    assert shown._state["count"] == COUNT and shown._state["note"] == "Twelve photos."
    json.dumps(shown._state)


def test_the_page_selects(shown, model):
    hear(shown, "select", rows(7, 2))
    assert shown.selected == [7, 2] and len(shown.selection) == 2
    assert list(shown.selection["path"]) == [model.data["path"][2], model.data["path"][7]]
    assert shown.selection.column_names() == model.data.column_names()
    shown.selected = [3]
    assert np.frombuffer(shown._picked, "<u4").tolist() == [3]
    hear(shown, "select", rows())
    assert shown.selected == [] and len(shown.selection) == 0


@pytest.mark.parametrize("wrong", [[99], ["3"], [None], [[1]]])
def test_what_is_no_label_is_not_selected(shown, wrong):
    shown.selected = [1]
    with pytest.raises(FrameError, match="is not the label of a photo"):
        shown.selected = wrong
    with pytest.raises(traitlets.TraitError):
        shown.selected = 3
    assert shown.selected == [1] and np.frombuffer(shown._picked, "<u4").tolist() == [1]


def test_an_explorer_of_what_is_selected(shown, model, tmp_path):
    shown.selected = [8, 1]
    explorer = shown.explore(labels=tmp_path / "labels.csv", k=5)
    on_show = np.frombuffer(explorer._rows, "<u4").tolist()
    assert on_show == [1, 8] and explorer.selected == [8, 1] and explorer.k == 5
    explorer.ask(1)
    assert list(explorer.found["reference_label"]) == [8]
    explorer.give("fox")
    assert list(explorer.selection["label"]) == ["fox", "fox"]
    explorer.column = ""
    assert len(explorer.data) == COUNT and "lasso" not in model.data.column_names()
    shown.selected = []
    everything = shown.explore(labels=tmp_path / "labels.csv")
    assert len(np.frombuffer(everything._rows, "<u4")) == COUNT


def test_a_column_called_lasso_is_left_alone(atlas, model, tmp_path):
    data = model.data.add_column(tc.SArray(["mine"] * COUNT), "lasso")
    shown = CollectionMap(atlas, data)
    shown.selected = [4]
    explorer = shown.explore(labels=tmp_path / "labels.csv")
    assert explorer.column == "my_lasso" and list(explorer.selection["lasso"]) == ["mine"]


def test_an_explorer_that_is_linked(atlas, model, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    explorer.selected = [5]
    shown = heard(CollectionMap(atlas, explorer=explorer))
    assert shown.selected == [5]
    hear(shown, "select", rows(2, 3))
    assert explorer.selected == [2, 3]
    explorer.give("fox")
    explorer.selected = [2]
    assert shown.selected == [2] and list(shown.selection["label"]) == ["fox"]
    shown.colour = "label"
    assert codes(shown) == [255, 255, 0, 0, *[255] * 8]
    assert shown.explore().labels.path == explorer.labels.path


def test_an_explorer_of_another_model_is_refused(atlas, model, network, tmp_path):
    other = create(model.data[:3], model=network, verbose=False)
    with pytest.raises(FrameError, match="explorer= shows another model"):
        CollectionMap(atlas, explorer=Explorer(other, labels=tmp_path / "labels.csv"))


def test_colours_by_a_column(shown, model):
    folders = list(model.data["folder"])
    first = max(set(folders), key=lambda folder: (folders.count(folder), -folders.index(folder)))
    assert codes(shown) == [0 if folder == first else 255 if folder == "" else 1 for folder in folders]
    shown.colour = "path"
    assert shown._state["legend"]["others"] == 0 and len(shown._state["legend"]["kinds"]) == COUNT
    assert "path" in shown._state["colours"] and shown._state["colour"] == "path"
    shown.colour = None
    assert codes(shown) == [0] * COUNT and shown._state["legend"]["kind"] == "plain"
    with pytest.raises(FrameError, match="no column 'site' for colour="):
        shown.colour = "site"
    assert shown.colour is None and codes(shown) == [0] * COUNT


@pytest.mark.parametrize("kind", [list, tuple, np.array, tc.SArray])
def test_colours_that_are_given(shown, kind):
    shown.colour = kind([number % 3 for number in range(COUNT)])
    assert codes(shown) == [0, 1, 2] * 4 and shown._state["colour"] == "given values"
    shown.colour = "folder"
    hear(shown, "colour", by="given values")
    assert codes(shown) == [0, 1, 2] * 4


@pytest.mark.parametrize(
    "wrong", [[1, 2, 3], 7, 2.5, [[1]] * COUNT, [np.zeros(2)] * COUNT, [10**400] * COUNT, object()]
)
def test_what_are_no_colours(shown, wrong):
    before = codes(shown)
    with pytest.raises(FrameError):
        shown.colour = wrong
    assert codes(shown) == before and shown.colour == "folder"


def test_the_most_frequent_kinds_have_colours():
    values = [kind for kind in range(40) for _ in range(40 - kind)]
    found = Colouring.of(values[::-1], "cluster")
    legend = found.legend
    assert legend["kinds"][:2] == [["0", 40], ["1", 39]] and len(legend["kinds"]) == 12
    assert legend["others"] == 28 and legend["other"] == sum(range(1, 29)) and legend["missing"] == 0
    assert sorted(set(found.codes.tolist())) == list(range(13)) and found.codes[-1] == 0 and found.codes[0] == 12
    text = Colouring.of(["<b>" * 100, "b", "", None], "word")
    assert text.codes.tolist() == [0, 1, 255, 255] and len(text.legend["kinds"][0][0]) == 120
    assert Colouring.of([True, False, True], "odd").legend["kinds"] == [["True", 2], ["False", 1]]
    assert Colouring.of([], "none").codes.tolist() == [] and Colouring.of([None], "none").codes.tolist() == [255]


def test_numbers_are_a_scale():
    found = Colouring.of([0.5, 1.0, None, float("nan"), float("inf"), 1.5], "share")
    assert found.codes.tolist() == [0, 127, 255, 255, 255, 254]
    assert (found.legend["low"], found.legend["high"], found.legend["missing"]) == ("0.5", "1.5", 3)
    assert Colouring.of(list(range(100)), "width").legend["kind"] == "scale"
    assert Colouring.of([7.5, 7.5], "same").codes.tolist() == [0, 0]
    clusters = Colouring.of([float(number % 20) for number in range(100)], "cluster")
    assert clusters.legend["kind"] == "kinds" and clusters.legend["kinds"][0] == ["0", 5]


def test_one_large_number_does_not_take_all_of_the_scale():
    found = Colouring.of([*np.linspace(0, 1, 99).tolist(), 1000.0], "size")
    assert found.legend["low"] == "0" and found.legend["high"] == "≥ 0.99"
    assert found.codes[-1] == 254 and abs(int(found.codes[50]) - 127) < 6


def test_dates_are_a_scale():
    day = datetime.datetime(2024, 5, 1)
    dates = [day, day + datetime.timedelta(days=10), None, day + datetime.timedelta(days=5)]
    found = Colouring.of(dates, "taken")
    assert found.codes.tolist() == [0, 254, 255, 127]
    assert (found.legend["low"], found.legend["high"]) == ("2024-05-01", "2024-05-11")
    hours = Colouring.of([day, day.replace(hour=13)], "taken").legend
    assert (hours["low"], hours["high"]) == ("2024-05-01 00:00", "2024-05-01 13:00")
    days = Colouring.of([day.date(), day.replace(year=1900).date()], "day")
    assert days.codes.tolist() == [254, 0] and days.legend["low"] == "1900-05-01"


def test_dates_of_numpy(shown):
    shown.colour = np.array(["2024-05-01", "2024-05-02"] * 6, "datetime64[ns]")
    assert codes(shown) == [0, 254] * 6


def test_thumbnails_come_as_they_are_asked_for(shown, model):
    ((told, pictures),) = hear(shown, "photos", photos=[0, 5])
    assert told == {
        "kind": "photos",
        "photos": [
            {"photo": 0, "name": model.names[0], "buffer": 0},
            {"photo": 5, "name": model.names[5], "buffer": 1},
        ],
        "large": False,
    }
    assert Image.open(io.BytesIO(pictures[1])).format == "JPEG"


def test_a_photo_deleted_after_loading(tmp_path, network):
    folder = folder_of(tmp_path / "photos", 3, "png")
    model = create(load_photos(folder, progress=False)[0], model=network, verbose=False)
    shown = heard(CollectionMap(SimpleNamespace(model=model, positions=np.zeros((3, 2)), note="")))
    (folder / "0.png").unlink()
    gone = model.names.index("0.png")
    ((told, pictures),) = hear(shown, "photos", photos=[0, 1, 2])
    assert [photo["buffer"] is None for photo in told["photos"]] == [row == gone for row in range(3)]
    assert len(pictures) == 2


@pytest.mark.parametrize(
    ("wish", "told", "buffers"),
    [
        ("photos", {}, []),
        ("photos", {"photos": "all"}, []),
        ("photos", {"photos": [0] * 1000}, []),
        ("photos", {"photos": [COUNT]}, []),
        ("photos", {"photos": [-1]}, []),
        ("photos", {"photos": [True]}, []),
        ("photos", {"photos": ["../../etc/passwd"]}, []),
        ("photos", {"photos": [{}]}, []),
        ("select", {}, []),
        ("select", {}, [b"123"]),
        ("select", {}, rows(COUNT)),
        ("select", {}, rows(2**32 - 1)),
        ("colour", {"by": "no such column"}, []),
        ("colour", {"by": ["folder"]}, []),
        ("colour", {"by": "given values"}, []),
        ("colour", {"by": "image"}, []),
    ],
)
def test_what_a_page_should_not_say_is_refused_in_words(shown, wish, told, buffers):
    before = codes(shown)
    assert not hear(shown, wish, buffers, **told)
    assert shown._state["message"] and codes(shown) == before and shown.selected == []
    hear(shown, "select", rows(1))
    assert shown._state["message"] == "" and shown.selected == [1]


@pytest.mark.parametrize("content", [None, 7, "select", [], {}, {"do": None}, {"do": []}, {"do": "eval"}])
def test_messages_that_are_none(shown, content):
    shown._heard(shown, content, [])
    assert shown.told == [({"kind": "done", "number": None}, None)] and shown._state["message"] == ""


@pytest.mark.parametrize(
    "positions",
    [np.zeros((COUNT, 3)), np.zeros((COUNT - 1, 2)), np.full((COUNT, 2), np.nan), None, [["a", "b"]] * COUNT, []],
)
def test_positions_that_are_none(model, positions):
    with pytest.raises(FrameError, match="positions are two finite numbers"):
        CollectionMap(SimpleNamespace(model=model, positions=positions, note=""))


def test_a_frame_of_another_length_is_refused(atlas, model):
    with pytest.raises(FrameError, match="has 3 rows"):
        CollectionMap(atlas, model.data[:3])


def test_a_model_from_disk(model, tmp_path):
    model.save(tmp_path / "saved")
    atlas = SimpleNamespace(model=load_model(tmp_path / "saved"), positions=np.zeros((COUNT, 2)), note=None)
    shown = CollectionMap(atlas)
    assert shown.colour == "folder" and sorted(set(codes(shown))) in ([0, 1], [0, 255])
    shown.selected = [2]
    assert list(shown.selection["path"]) == [model.names[2]]
    explorer = shown.explore(labels=tmp_path / "labels.csv")
    assert np.frombuffer(explorer._rows, "<u4").tolist() == [2]
    again = CollectionMap(atlas, model.data, colour="width")
    assert again.selection.column_names() == model.data.column_names()


def test_labels_that_stand_for_two_photos_are_refused(model, network):
    twice = create(model.data, label="folder", model=network, verbose=False)
    with pytest.raises(FrameError, match="stand for several photos"):
        CollectionMap(SimpleNamespace(model=twice, positions=np.zeros((COUNT, 2)), note=""))


@pytest.mark.parametrize("count", [10, 60])
def test_the_still_map_has_outlines_of_where_most_photos_are(count):
    """As the live one: around two crowds, and not between them; none of few photos."""
    random = np.random.default_rng(0)
    crowds = [random.normal((x, 0), 0.3, (count // 2, 2)) for x in (0, 6)]
    colouring = Colouring(np.zeros(count, np.uint8), {"kind": "plain", "title": "", "missing": 0})
    jpeg = still_map(np.concatenate(crowds).astype("<f4"), colouring, lambda rows: [None] * len(rows))
    with Image.open(io.BytesIO(jpeg)) as opened:
        columns = np.asarray(opened.convert("RGB"), int).min(2)
    blue = (columns < 250).mean(0)  # of each column of pixels
    assert blue[400:500].max() == 0
    assert (blue[30:200].mean() > 0.1) == (count >= 30)
