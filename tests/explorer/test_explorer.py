"""The explorer without a page: its methods, its traits, and what it answers to messages."""

import base64
import datetime
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import traitlets
from PIL import Image

from helpers import tc
from helpers.errors import FrameError, PhotoError
from helpers.explorer import photo_transfer
from helpers.explorer.exploration import Exploration
from helpers.explorer.explorer import Explorer
from helpers.explorer.likeness import Likenesses
from helpers.features.distance import Distance
from helpers.features.likeness import CLOSE
from helpers.frames.columns import typed_frame
from helpers.images.uploads import UploadLimits
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.widgets.photo_table import PhotoTable
from tests.support import hostile_files as hostile
from tests.support.pace import steps
from tests.support.pictures import encoded, tiny_network

HOSTILE = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve photos in two folders, one of a name that is a trap, in rising brightness."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        place = folder / ("south" if number % 2 else "north")
        place.mkdir(exist_ok=True)
        name = HOSTILE if number == 5 else f"IMG_{number}.jpg"
        Image.new("RGB", (64, 48), (20 * number, 10, 250 - 20 * number)).save(place / name)
    return folder


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    data, _ = load_photos(folder, progress=False)
    network = tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")
    return create(data, model=network, verbose=False)


@pytest.fixture
def explorer(model, tmp_path):
    explorer = Explorer(model, k=3, labels=tmp_path / "labels.csv")
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    return explorer


def hear(explorer, wish, buffers=(), **told):
    """A message from the page; what it was told then."""
    explorer.told.clear()
    explorer._heard(explorer, {"do": wish, "number": "1", **told}, [memoryview(each) for each in buffers])
    assert explorer.told[-1][0] == {"kind": "done", "number": "1"}
    return explorer.told[:-1]


def shown(explorer):
    return np.frombuffer(explorer._rows, "<u4").tolist()


def asked(explorer):
    return explorer._state["question"]


def test_at_first_it_shows_everything(explorer, model):
    assert shown(explorer) == list(range(12)) and explorer.found is None and explorer.chosen is None
    assert explorer._state["folders"] == [("north", 6), ("south", 6)]
    json.dumps(explorer._state)


def test_asking_gives_what_search_gives(explorer, model):
    explorer.ask(4)
    wanted = model.search(like=4, k=3, hide=True)
    assert list(explorer.found["reference_label"]) == list(wanted["reference_label"]) == shown(explorer)
    assert list(explorer.found["distance"]) == list(wanted["distance"]) and explorer.chosen == 4
    about = explorer._state["about"]
    assert [about[str(row)]["distance"] for row in shown(explorer)] == list(wanted["distance"])
    explorer.hide = False
    assert shown(explorer)[0] == 4 and explorer.found["distance"][0] == 0
    explorer.k = 5
    assert len(explorer.found) == 5
    explorer.metric = "cosine"
    assert list(explorer.found["distance"]) == list(model.search(like=4, k=5, metric="cosine")["distance"])


def test_the_trail(explorer):
    explorer.ask(1)
    explorer.ask(2)
    explorer.mark(3)
    explorer.mark(11, like=False)
    assert (
        asked(explorer) == {"like": (2, 3), "unlike": (11,), "box": None, "text": "", "kind": ""}
        and explorer.chosen is None
    )
    explorer.back(2)
    assert explorer.chosen == 2
    explorer.forward()
    assert asked(explorer)["like"] == (2, 3)
    explorer.browse()
    assert explorer.found is None and len(shown(explorer)) == 12
    explorer.back()
    assert asked(explorer)["like"] == (2, 3)


def test_a_part_of_a_photo(explorer, model):
    explorer.ask_region(4, (0.1, 0.1, 0.9, 0.9))
    wanted = model.search(region=(4, (0.1, 0.1, 0.9, 0.9)), k=3, hide=True)
    assert list(explorer.found["distance"]) == list(wanted["distance"]) and explorer.chosen is None
    with pytest.raises(FrameError):
        explorer.ask_region(4, (0.9, 0.1, 0.1, 0.9))
    assert asked(explorer)["box"] == (0.1, 0.1, 0.9, 0.9)  # the question before stays


def test_the_parts_that_were_found_are_sent_enlarged_and_no_others(explorer):
    explorer.ask(4)
    first, second, third = shown(explorer)
    found = explorer._exploration.found
    for side, edges in (("left", [0.5, None, 0.0]), ("top", [0.5] * 3), ("right", [0.9] * 3), ("bottom", [0.9] * 3)):
        found = found.add_column(tc.SArray(edges, dtype=float), side)
    explorer._exploration.found = found
    other = next(row for row in range(12) if row not in (first, second, third))
    ((told, pictures),) = hear(explorer, "parts", photos=[third, other, second, first])
    assert told["kind"] == "parts" and [part["photo"] for part in told["parts"]] == [third, first]
    assert told["parts"][1]["box"] == [0.5, 0.5, 0.9, 0.9] and [part["buffer"] for part in told["parts"]] == [0, 1]
    assert max(Image.open(io.BytesIO(pictures[1])).size) == 160
    explorer.browse()
    assert hear(explorer, "parts", photos=[first]) == [({"kind": "parts", "parts": []}, [])]
    for wrong in ([99], [1.5], "1", [[1]]):
        hear(explorer, "parts", photos=wrong)
        assert "photo" in explorer._state["message"]


def test_filters_go_for_answers_too(explorer, model):
    explorer.folder = "north"
    assert [model.names[row].partition("/")[0] for row in shown(explorer)] == ["north"] * 6
    explorer.ask(model.labels[model.names.index("south/IMG_3.jpg")])
    assert {model.names[row].partition("/")[0] for row in shown(explorer)} == {"north"}
    explorer.name = "no such name"
    assert shown(explorer) == [] and len(explorer.found) == 0
    explorer.name, explorer.folder = "", None
    explorer.sort, explorer.descending = "name", True
    explorer.browse()
    assert model.names[shown(explorer)[0]] == "south/IMG_11.jpg"


def test_what_is_wrong_with_a_filter_is_said_and_changes_nothing(explorer):
    hear(explorer, "set", values={"column": "width", "value": ">="})
    assert "not a number to filter by" in explorer._state["message"] and len(shown(explorer)) == 12
    assert (explorer.column, explorer.value) == ("", "")
    hear(explorer, "set", values={"column": "width"})
    hear(explorer, "set", values={"value": "<"})
    assert "not a number to filter by" in explorer._state["message"] and explorer.column == "width"
    hear(explorer, "set", values={"value": "<9"})
    assert shown(explorer) == [] and explorer._state["message"] == ""
    hear(explorer, "set", values={"k": -3})
    assert "k" in explorer._state["message"] and explorer.k == 3
    with pytest.raises(FrameError, match="is not a day"):
        explorer.since = "yesterday"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("folder", "nort", "no photo is in a folder 'nort'; did you mean 'north'?"),
        ("column", "tken", "no column 'tken' to filter by; did you mean 'taken'?"),
        ("foldr", "north", "Explorer has no 'foldr' to set; did you mean 'folder'?"),
        ("k", 0, "'k' trait of an Explorer instance should not be less than 1"),
        ("sort", "nam", "'sort' trait of an Explorer instance expected"),
        ("selected", 3, "'selected' trait of an Explorer instance expected a list"),
        ("selected", ["nobody"], "'nobody' is not the label of a photo in this model, whose labels are row numbers"),
    ],
)
def test_what_is_misspelt_is_named_and_changes_nothing(explorer, name, value, message):
    before = shown(explorer)
    with pytest.raises(FrameError) as caught:
        setattr(explorer, name, value)
    assert message in str(caught.value)
    assert getattr(explorer, name, None) != value and shown(explorer) == before
    explorer.name = "IMG_1."  # what was wrong is forgotten
    assert len(shown(explorer)) == 1


@pytest.mark.parametrize("name", ["k", "sort", "selected"])
def test_a_wrong_setting_is_also_the_error_of_ipywidgets(explorer, name):
    with pytest.raises(traitlets.TraitError):
        setattr(explorer, name, object())


def test_what_is_no_model(folder):
    data, bad = load_photos(folder)
    with pytest.raises(FrameError, match=r"Explorer\(\) takes a model, not an SFrame; build one of it: model = create"):
        Explorer(data)
    with pytest.raises(FrameError, match=r"not 2 frames; load_photos gives two"):
        Explorer((data, bad))
    with pytest.raises(FrameError, match=r"not the text"):
        Explorer(str(folder))


def test_a_model_takes_no_other_arguments(explorer):
    for call, wrong in ((explorer.give, 5), (explorer.ask_words, None), (explorer.back, "2"), (explorer.export, None)):
        with pytest.raises(FrameError, match=r"\(\) takes (text|a number|a path), not"):
            call(wrong)


def test_labels_are_kept_in_a_column_and_on_disk(explorer, model, tmp_path):
    explorer.selected = [1, 4]
    explorer.give(" fox ")
    assert list(explorer.selection["label"]) == ["fox", "fox"] and list(explorer.selection["id"]) == [1, 4]
    assert [label for label in explorer.data["label"] if label] == ["fox", "fox"] and len(explorer.data) == 12
    again = Explorer(model, labels=tmp_path / "labels.csv")
    assert dict(again.labels.items()) == {model.names[1]: "fox", model.names[4]: "fox"}
    again.column, again.value = "label", "FOX"
    assert shown(again) == [1, 4]
    explorer.undo()
    assert not any(explorer.data["label"])
    explorer.undo()
    assert explorer._state["message"] == "There is nothing to undo."
    explorer.selected = []
    with pytest.raises(FrameError, match="no photo is selected"):
        explorer.give("fox")


def test_the_page_hears_which_labels_have_changed(explorer):
    explorer.selected = [1, 4]
    assert [told for told, _ in hear(explorer, "give", label="fox") if told["kind"] == "labels"] == [
        {"kind": "labels", "labels": [[1, "fox"], [4, "fox"]]}
    ]
    assert [told for told, _ in hear(explorer, "undo") if told["kind"] == "labels"] == [
        {"kind": "labels", "labels": [[1, None], [4, None]]}
    ]


def test_two_explorers_of_one_file(explorer, model, tmp_path):
    other = Explorer(model, labels=tmp_path / "labels.csv")
    explorer.selected, other.selected = [0], [1]
    explorer.give("fox")
    other.give("hare")
    explorer.labels.reload()
    assert dict(explorer.labels.items()) == {model.names[0]: "fox", model.names[1]: "hare"}


def test_a_column_called_label_is_left_alone(folder, model, tmp_path):
    data = model.data.add_column(tc.SArray(["mine"] * 12), "label")
    explorer = Explorer(model, data, labels=tmp_path / "labels.csv")
    explorer.selected = [0]
    explorer.give("fox")
    assert list(explorer.selection["label"]) == ["mine"] and list(explorer.selection["my_label"]) == ["fox"]


def test_exports(explorer, tmp_path):
    explorer.selected = [0, 5]
    path = explorer.export(tmp_path / "copies")
    assert sum(each.is_file() for each in path.rglob("*")) == 2
    hear(explorer, "export", to=str(tmp_path / "copies"))
    assert "copies" in explorer._state["message"]  # it is there already
    hear(explorer, "export", to=str(tmp_path / "list.csv"))
    assert "2 photos are in" in explorer._state["message"] and (tmp_path / "list.csv").exists()
    hear(explorer, "export", to=str(tmp_path / "out.txt"))
    assert "not written as .txt" in explorer._state["message"] and not (tmp_path / "out.txt").exists()


def test_the_page_selects(explorer):
    hear(explorer, "select", [np.array([7, 2], "<u4").tobytes()])
    assert explorer.selected == [7, 2]
    explorer.selected = [3]
    assert np.frombuffer(explorer._picked, "<u4").tolist() == [3]


def test_thumbnails_come_as_they_are_asked_for(explorer, model):
    ((told, pictures),) = hear(explorer, "photos", photos=[0, 5])
    assert [photo["name"] for photo in told["photos"]] == [model.names[0], model.names[5]]
    assert [photo["buffer"] for photo in told["photos"]] == [0, 1]
    assert Image.open(io.BytesIO(pictures[1])).size == (64, 48)
    hear(explorer, "photos", photos=[12])
    assert "no photo number 12" in explorer._state["message"]
    hear(explorer, "photos", photos=[-1])
    assert "no photo number -1" in explorer._state["message"]


def test_a_photo_deleted_after_loading(tmp_path):
    for number in range(3):
        Image.new("RGB", (40, 40), (80 * number, 0, 0)).save(tmp_path / f"{number}.png")
    model = create(load_photos(tmp_path, progress=False)[0], model=tiny_network(tmp_path / "n.onnx"), verbose=False)
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    (tmp_path / "1.png").unlink()
    ((told, pictures),) = hear(explorer, "photos", photos=[0, 1, 2])
    assert [photo["buffer"] for photo in told["photos"]] == [0, None, 1] and len(pictures) == 2
    ((told, pictures),) = hear(explorer, "large", photo=1)
    assert "no such file" in told["error"] and pictures is None
    explorer.ask(1)  # its features are still there
    assert len(explorer.found) == 2


def test_a_step_back_to_what_cannot_be_answered_any_more_is_not_taken(tmp_path):
    for number in range(3):
        Image.new("RGB", (40, 40), (80 * number, 0, 0)).save(tmp_path / f"{number}.png")
    model = create(load_photos(tmp_path, progress=False)[0], model=tiny_network(tmp_path / "n.onnx"), verbose=False)
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    explorer.ask_region(0, (0, 0, 0.5, 0.5))
    explorer.ask(1)
    (tmp_path / "0.png").unlink()
    with pytest.raises(PhotoError, match="no such file"):
        explorer.back()
    assert explorer._exploration.chosen == explorer.chosen == 1


def test_the_large_view(explorer, model):
    ((told, (picture,)),) = hear(explorer, "large", photo=5)
    assert told["name"] == model.names[5] and told["regions"] is False and told["bytes"] > 0 and told["date"] is None
    assert (told["width"], told["height"]) == (64, 48)
    assert Image.open(io.BytesIO(picture)).size == (64, 48)


def test_an_upload_in_parts(explorer):
    content = _photo()
    for part in (content[:100], content[100:]):
        hear(explorer, "upload", [part], upload="a", name=HOSTILE, parts=2)
    assert asked(explorer)["like"] == (-1,) and explorer.chosen is None and len(explorer.found) == 3
    assert explorer._state["message"] == ""
    ((told, pictures),) = hear(explorer, "photos", photos=[-1])
    assert told["photos"][0]["name"] == HOSTILE and len(pictures) == 1
    explorer.k = 2
    assert len(explorer.found) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no photo", "trap.jpg"),
        (b"", "trap.jpg"),
        (
            # A PNG of 60,000 x 60,000 pixels in 67 bytes.
            base64.b64decode(
                "iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAAAAACn2GPqAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
            ),
            "trap.jpg",
        ),
    ],
    ids=["text", "nothing", "bomb"],
)
def test_an_upload_that_is_no_photo(explorer, content, said):
    explorer.ask(2)
    hear(explorer, "upload", [content], upload="a", name="trap.jpg", parts=1)
    assert said in explorer._state["message"]
    assert explorer.chosen == 2 and asked(explorer)["like"] == (2,) and len(explorer._state["trail"]) == 2


def test_an_upload_of_80_megabytes(explorer):
    part = bytes(2**21)
    for _ in range(40):
        hear(explorer, "upload", [part], upload="a", name="large.jpg", parts=40)
        if explorer._state["message"]:
            break
    assert "larger than 50 MB" in explorer._state["message"] and asked(explorer) is None
    assert sum(map(len, explorer._uploads._unfinished.get("a", []))) == 0


def test_visitors_keep_nothing(model, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv", keep=False)
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    hear(explorer, "select", [np.array([1], "<u4").tobytes()])
    for wish in ({"label": "fox"}, {"to": str(tmp_path / "x.csv")}, {}):
        hear(explorer, {"label": "give", "to": "export"}.get(next(iter(wish), ""), "undo"), **wish)
        assert explorer._state["message"] == "nothing is kept here"
    assert "label" not in explorer._state["columns"] and "folder" in explorer._state["columns"]
    assert list(tmp_path.iterdir()) == []


def test_a_model_from_disk_takes_the_frame_from_outside(model, tmp_path):
    model.save(tmp_path / "saved")
    again = load_model(tmp_path / "saved")
    explorer = Explorer(again, labels=tmp_path / "labels.csv")
    assert explorer._state["columns"] == ["label"] and list(explorer.data["path"]) == model.names
    explorer = Explorer(again, model.data, labels=tmp_path / "labels.csv")
    explorer.column, explorer.value = "width", "64"
    assert len(shown(explorer)) == 12
    with pytest.raises(FrameError, match="has 3 rows"):
        Explorer(again, model.data[:3])


def test_a_model_of_one_photo(folder, tmp_path):
    data, _ = load_photos(folder / "north", progress=False)
    model = create(data[:1], model=tiny_network(tmp_path / "tiny.onnx"), verbose=False)
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    explorer.ask(0)
    assert shown(explorer) == [] and len(explorer.found) == 0
    explorer.hide = False
    assert shown(explorer) == [0]


def test_labels_that_stand_for_two_photos_are_refused(folder, tmp_path):
    data, _ = load_photos(folder, progress=False)
    model = create(data, label="folder", model=tiny_network(tmp_path / "tiny.onnx"), verbose=False)
    with pytest.raises(FrameError, match="stand for several photos"):
        Explorer(model)


def test_a_photo_that_is_not_there(explorer, tmp_path):
    with pytest.raises(FrameError, match="99 is not the label"):
        explorer.ask(99)
    with pytest.raises(PhotoError, match=r"nowhere\.jpg"):
        explorer.ask(tmp_path / "nowhere.jpg")
    (tmp_path / "here.jpg").write_bytes(_photo())
    explorer.ask(tmp_path / "here.jpg")
    assert len(explorer.found) == 3 and explorer.chosen is None


def _photo():
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), (200, 10, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


# What a stranger sends


@pytest.fixture
def visitor(model, tmp_path):
    """The explorer as a visitor of the page for a class has it."""
    explorer = Explorer(model, k=3, labels=tmp_path / "labels.csv", keep=False)
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    return explorer


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (hostile.pixel_bomb_tiff(10_500), "the limit for one of its kind is 100,000,000"),
        (hostile.pixel_bomb_png(), "pixels"),
        (hostile.scans_jpeg(), "101 scans or more"),
        (hostile.parts_png(), "more parts than"),
        (encoded(Image.new("RGB", (8, 8)), "EPS"), "accepted are JPEG"),
        (b"", "empty file"),
    ],
    ids=["tiff", "png", "scans", "parts", "eps", "nothing"],
)
def test_a_visitors_upload_has_the_limits_of_the_service(visitor, content, said, monkeypatch):
    monkeypatch.setattr(Exploration, "take", lambda *_: pytest.fail("it was decoded"))
    hear(visitor, "upload", [content], upload="a", name="trap", parts=1)
    assert said in visitor._state["message"] and visitor._state["message"].startswith("trap: ")


def test_a_visitors_photo_is_asked_with(visitor):
    hear(visitor, "upload", [_photo()], upload="a", name="mine.jpg", parts=1)
    assert asked(visitor)["like"] == (-1,) and len(visitor.found) == 3


def test_uploads_that_are_never_finished_are_dropped(explorer, visitor):
    for each in (explorer, visitor):
        for number in range(40):
            hear(each, "upload", [bytes(2**20)], upload=f"upload {number}", name="large.jpg", parts=40)
        assert sum(len(part) for parts in each._uploads._unfinished.values() for part in parts) <= 2 * 2**20


def test_a_visitors_photos_are_limited_in_all(visitor, monkeypatch):
    content = _photo()
    monkeypatch.setattr(photo_transfer, "MOST_OF_A_VISITOR", 3 * len(content))
    for number in range(5):
        hear(visitor, "upload", [content], upload=f"a{number}", name="mine.jpg", parts=1)
    assert len(visitor._exploration.outside) == 3 and "load the page again" in visitor._state["message"]


def test_the_page_knows_how_large_an_upload_may_be(explorer, visitor):
    assert visitor._state["largest"] == UploadLimits().upload_bytes < explorer._state["largest"]


@pytest.mark.parametrize("do", ["ask", "large", "mark", "region", "move", "set", "upload", "photos", "select", "give"])
@pytest.mark.parametrize(
    "told",
    [
        {},
        {"photo": [], "values": 7, "upload": {}, "parts": "x", "name": [], "steps": "x", "box": {}, "photos": {}},
        {"photo": 1, "like": 1, "values": {"k": {}, "name": 3}, "upload": [], "parts": None, "steps": None, "box": [1]},
        {
            "photo": 2**70,
            "values": {"since": "\ud800"},
            "steps": 10**40,
            "box": ["x"] * 4,
            "photos": [None],
            "label": [],
        },
        {"photo": 0, "box": [float("nan")] * 4, "values": {"filter": 0, "value": ">=" * 9}, "photos": [[]]},
    ],
    ids=range(5),
)
@pytest.mark.once(
    "messages are JSON and are checked by us; one of each kind is in both",
    but=["0-ask", "0-large", "0-mark", "0-region", "0-move", "0-set", "0-upload", "0-photos", "0-select", "0-give"],
)
def test_no_message_gives_a_traceback(explorer, visitor, do, told, capfd):
    for each in (explorer, visitor):
        hear(each, do, [b"x"] if do == "select" else [], **told)
        hear(each, "ask", photo=1)
        assert shown(each)[:1], "it goes on"
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_that_nobody_expected_is_a_line_without_its_text(explorer, monkeypatch):
    monkeypatch.setattr(Exploration, "ask", lambda *_: 1 / 0)
    hear(explorer, "ask", photo=1)
    assert explorer._state["message"] == "That could not be done (ZeroDivisionError)."


def words(model, row):
    folder, _, name = model.names[row].rpartition("/")
    return f"{name[:-4]} · {folder}"


def test_an_answer_has_a_heading_ranks_and_likenesses_against_the_usual_distance(explorer, model):
    assert explorer._state["heading"] == "12 photos"
    explorer.name = "IMG_1"
    assert explorer._state["heading"] == "3 of 12 photos"
    explorer.name = ""
    explorer.ask(4)
    assert explorer._state["heading"] == f"3 most similar to {words(model, 4)}" and explorer._state["far"] == ""
    usual = Distance(model.vectors, "euclidean").usual()
    about = [explorer._state["about"][str(row)] for row in shown(explorer)]
    assert [each["rank"] for each in about] == [1, 2, 3]
    assert [each["likeness"] for each in about] == pytest.approx([1 - each["distance"] / usual for each in about])
    explorer.metric = "cosine"
    (first, *_) = (explorer._state["about"][str(row)] for row in shown(explorer))
    usual = Distance(model.vectors, "cosine").usual()
    assert first["likeness"] == pytest.approx(1 - (first["distance"] / usual) ** 0.5)
    explorer.mark(5, like=False)
    assert explorer._state["heading"].endswith(f"{words(model, 4)}, not like {words(model, 5)}")
    explorer.ask_region(4, (0, 0, 0.5, 1))
    assert explorer._state["heading"] == f"3 most similar to the box on {words(model, 4)}"


def test_where_nothing_is_close_the_page_says_so(explorer, folder):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (0, 255, 0)).save(buffer, "PNG")
    explorer.ask(buffer.getvalue())
    assert explorer._state["far"].startswith("Nothing close") and explorer._state["about"]
    assert all(0 <= about["likeness"] < CLOSE for about in explorer._state["about"].values())
    explorer.hide = False
    explorer.ask(3)
    assert explorer._state["far"] == ""


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_likenesses_of_photos_that_are_all_the_same(metric):
    same = Likenesses(SimpleNamespace(vectors=np.ones((5, 3), np.float32)))
    assert same.of([0.0, 0.5, None], metric) == [1.0, 0.0, None]
    assert Likenesses(SimpleNamespace(vectors=np.zeros((0, 3), np.float32))).usual(metric) == 0.0


def test_a_photo_is_told_by_its_place_and_time(model, tmp_path):
    day = datetime.datetime(2026, 7, 31, 22, 21)
    columns = [("taken", datetime.datetime, [day, *[None] * 11]), ("site", str, ["SDZG 1", "", *[None] * 10])]
    explorer = Explorer(model, typed_frame(columns), labels=tmp_path / "labels.csv")
    assert explorer._details(0) == {
        "name": model.names[0],
        "label": None,
        "place": "SDZG 1",
        "taken": "2026-07-31 22:21",
        "outline": None,
    }
    assert explorer._details(1)["place"] == "north" and explorer._details(1)["taken"] is None
    explorer.ask(0)
    assert (
        explorer._state["heading"] == f"11 most similar to {words(model, 0)[:5]} · SDZG 1 · 22:21"
        and explorer._state["captions"]
    )


def test_the_selection_is_shown_alone(explorer, model):
    hear(explorer, "selected")
    assert "no photo is selected" in explorer._state["message"] and explorer._state["failed"]
    explorer.selected = [7, 2]
    hear(explorer, "selected")
    assert shown(explorer) == [2, 7] and explorer._state["heading"] == "2 photos of your selection"
    assert explorer.chosen is None and not explorer._state["failed"]
    explorer.selected = []
    explorer.name = model.names[7].rpartition("/")[2]
    assert shown(explorer) == [7]
    explorer.name = ""
    explorer.mark(3)
    assert asked(explorer)["like"] == (3,)
    explorer.back()
    assert shown(explorer) == [2, 7]


def test_what_was_done_and_undone_is_said(explorer):
    explorer.selected = [1, 2]
    explorer.give("fox")
    assert explorer._state["message"] == "fox: 2 photos labelled." and not explorer._state["failed"]
    explorer.undo()
    assert explorer._state["message"] == "Undone: fox of 2 photos."
    said = explorer._state["said"]
    hear(explorer, "set", values={"k": 0})
    assert explorer._state["failed"] and explorer._state["said"] > said


def test_large_thumbnails_are_larger(explorer, folder):
    Image.new("RGB", (900, 600)).save(folder / "north" / "IMG_0.jpg")
    ((_, small),) = hear(explorer, "photos", photos=[0])
    ((told, large),) = hear(explorer, "photos", photos=[0], large=True)
    assert told["large"] is True
    widths = [Image.open(io.BytesIO(each[0])).width for each in (small, large)]
    assert widths[0] <= 160 and widths[1] == 420


def test_to_begin_takes_few_steps_for_each_photo(folder, tmp_path):
    """A hundred thousand photos are looked through when they are filtered, not before."""

    def begin(count):
        model = SimpleNamespace(labels=list(range(count)), names=[f"card/{row}.jpg" for row in range(count)], data=None)
        model.metric, model.vectors = "euclidean", np.zeros((count, 2), np.float32)
        return steps(lambda: Exploration(PhotoTable(model, None), tmp_path / "labels.csv"))

    begin(10)
    assert begin(2000) - begin(1000) <= 2 * 1000
