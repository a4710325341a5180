"""The picker without a browser: what its controls do, and what the notebook can go on with."""

import io

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import FrameError
from helpers.explorer.picker import PhotoPicker
from helpers.images import thumbnails
from helpers.photos.load import load_photos

HOSTILE = ["<img src=x onerror=alert(1)>.jpg", "$x^2$ & 'quotes\".jpg", "</style><script>.jpg"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    names = [f"{'ab'[number % 2]}/Photo-{number:03d}.jpg" for number in range(20)]
    for number, name in enumerate([*names, *(f"hostile/{name}" for name in map(_for_a_file, HOSTILE))]):
        path = root / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 48), (11 * number % 256, 120, 200)).save(path)
    return root


@pytest.fixture(scope="module")
def model(folder):
    data, _ = load_photos(folder, progress=False)
    return tc.image_similarity.create(data, model="efficientnet-lite0", verbose=False)


@pytest.fixture
def photo_picker(model):
    return PhotoPicker(model, k=3, page_size=8)


def _for_a_file(name):
    return name.replace("/", "\u2215")  # a slash cannot be in a file's name; this looks like one


def _photo(color="orange"):
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), color).save(buffer, "JPEG")
    return buffer.getvalue()


def _shown(photo_picker):
    return [photo.name for photo in photo_picker.photos.photos]


def test_it_starts_with_the_first_photo_and_its_matches(photo_picker, model):
    assert photo_picker.chosen == 0
    assert list(photo_picker.found["query_label"]) == [0, 0, 0]
    assert list(photo_picker.found["rank"]) == [1, 2, 3]
    assert photo_picker.found["reference_label"][0] == 0
    found = photo_picker.matches.photos
    assert [photo.about["rank"] for photo in found] == [1, 2, 3] and all(photo.jpeg for photo in found)
    assert [photo.about["distance"] for photo in found] == list(photo_picker.found["distance"])
    assert [photo.marked for photo in found] == [True, False, False]
    assert photo_picker.heading.value == f"3 most similar to {model.name_of(0)}"


def test_a_click_chooses_what_pick_chooses(photo_picker, model):
    before = photo_picker.matches.photos
    photo_picker.photos.click(5)
    clicked, found = photo_picker.chosen, list(photo_picker.found["reference_label"])
    assert (model.name_of(clicked), photo_picker.matches.photos != before) == (_shown(photo_picker)[5], True)
    photo_picker.pick(0)
    photo_picker.pick(clicked)
    assert list(photo_picker.found["reference_label"]) == found


def test_a_click_on_a_match_goes_on_from_it(photo_picker):
    match = photo_picker.found["reference_label"][2]
    photo_picker.matches.click(2)
    assert photo_picker.chosen == photo_picker.found["query_label"][0] == match


def test_the_chosen_thumbnail_alone_is_marked(photo_picker):
    photo_picker.photos.click(2)
    marked = [photo.marked for photo in photo_picker.photos.photos]
    assert marked == [place == 2 for place in range(8)]


def test_pick_turns_to_the_page_of_the_photo(photo_picker):
    photo_picker.pick(17)
    assert photo_picker.status.value == "page 3 of 3 · 23 photos"
    assert photo_picker.model.name_of(17) in _shown(photo_picker)


def test_pick_refuses_a_label_that_the_model_does_not_have(photo_picker):
    with pytest.raises(FrameError):
        photo_picker.pick(1000)
    assert photo_picker.chosen == 0


def test_pages(photo_picker, model):
    assert (photo_picker.previous.disabled, photo_picker.next.disabled) == (True, False)
    seen = _shown(photo_picker)
    for _ in range(2):
        photo_picker.next.click()
        seen += _shown(photo_picker)
    assert seen == model.names
    assert photo_picker.status.value == "page 3 of 3 · 23 photos"
    assert (photo_picker.previous.disabled, photo_picker.next.disabled) == (False, True)
    photo_picker.previous.click()
    assert photo_picker.status.value == "page 2 of 3 · 23 photos"


def test_only_the_thumbnails_on_the_page_and_of_matches_are_made_and_only_once(model, monkeypatch, tmp_path):
    made = []
    make = thumbnails.thumbnail
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path))
    monkeypatch.setattr(thumbnails, "thumbnail", lambda *source, **size: made.append(source) or make(*source, **size))
    for _ in range(2):
        photo_picker = PhotoPicker(model, page_size=4)
    assert len(made) == len({*model.labels[:4], *photo_picker.found["reference_label"]})
    sizes = [Image.open(io.BytesIO(photo.jpeg)).size for photo in photo_picker.photos.photos]
    assert sizes == [(64, 48)] * 4


def test_filters_by_folder_and_by_part_of_a_name(photo_picker):
    photo_picker.next.click()
    photo_picker.folder.value = "a"
    assert photo_picker.status.value == "page 1 of 2 · 10 photos"
    photo_picker.file_name.value = "PHOTO-01"
    assert _shown(photo_picker) == [f"a/Photo-{number:03d}.jpg" for number in (10, 12, 14, 16, 18)]
    photo_picker.folder.index = 0
    assert photo_picker.status.value == "page 1 of 2 · 10 photos"


def test_a_filter_looks_at_folders_too(photo_picker):
    photo_picker.file_name.value = "hostile"
    assert len(_shown(photo_picker)) == 3 and all(name.startswith("hostile") for name in _shown(photo_picker))
    photo_picker.file_name.value = "hostage"
    assert photo_picker.status.value == "no photo has such a name here"
    assert _shown(photo_picker) == []
    assert photo_picker.previous.disabled and photo_picker.next.disabled
    photo_picker.pick(1)  # still available
    assert photo_picker.chosen == 1


def test_a_name_typed_with_one_character_finds_one_written_with_two(model, monkeypatch):
    decomposed, composed = "cafe\u0301.jpg", "caf\u00e9"
    monkeypatch.setattr(model, "names", [*model.names[:-1], decomposed])
    photo_picker = PhotoPicker(model)
    photo_picker.file_name.value = composed
    assert _shown(photo_picker) == [decomposed]


def test_k_changes_the_answer_both_ways(photo_picker):
    photo_picker.k = 7
    assert (len(photo_picker.found), photo_picker.slider.value) == (7, 7)
    photo_picker.slider.value = 2
    assert (len(photo_picker.found), photo_picker.k) == (2, 2)


def test_changes_can_be_observed(photo_picker):
    seen = []
    photo_picker.observe(lambda change: seen.append((change["name"], len(photo_picker.found))), ["found"])
    photo_picker.k = 4
    photo_picker.pick(9)
    assert seen == [("found", 4), ("found", 4)]


def test_a_photo_from_outside(photo_picker):
    photo_picker.upload("IMG_1.jpg", _photo())
    assert photo_picker.chosen is None
    assert list(photo_picker.found["query_label"]) == ["IMG_1.jpg"] * 3
    assert not any(photo.marked for photo in photo_picker.photos.photos)
    photo_picker.k = 5
    assert list(photo_picker.found["query_label"]) == ["IMG_1.jpg"] * 5


def test_an_upload_with_the_name_of_a_photo_is_another_photo(folder):
    data, _ = load_photos(folder, progress=False)
    named = tc.image_similarity.create(data, label="path", model="efficientnet-lite0", verbose=False)
    photo_picker = PhotoPicker(named, k=3, page_size=8)
    assert [photo.marked for photo in photo_picker.matches.photos] == [True, False, False]
    photo_picker.upload(photo_picker.chosen, _photo((0, 120, 200)))
    assert photo_picker.chosen is None
    for photo_picker.k in (3, 5):
        assert not any(photo.marked for photo in photo_picker.matches.photos)


def test_an_upload_shows_its_picture_beside_the_heading(photo_picker):
    assert photo_picker.query_photo.layout.display == "none"  # one of the collection is the first match, marked
    photo_picker.upload("IMG_1.jpg", _photo())
    assert Image.open(io.BytesIO(photo_picker.query_photo.value)).size == (80, 60)
    assert photo_picker.query_photo.layout.display == ""
    card = photo_picker._card()
    assert card.rows[0].heading == "Query" and [photo.name for photo in card.rows[0].photos] == ["IMG_1.jpg"]
    photo_picker.upload("letter.jpg", b"Dear all")
    assert photo_picker.query_photo.value, "the answer is still that of the photo before"
    photo_picker.pick(2)
    assert photo_picker.query_photo.value == b"" and photo_picker.query_photo.layout.display == "none"
    assert photo_picker._card().rows[0].heading == photo_picker.heading.value


def test_the_upload_button_does_what_upload_does(photo_picker):
    content = _photo("navy")
    upload = {"do": "upload", "upload": "a-1", "name": "IMG_2.jpg", "parts": 2}
    photo_picker.uploader._heard(None, upload, [memoryview(content[:100])])
    assert photo_picker.chosen == 0, "the rest is still to come"
    photo_picker.uploader._heard(None, upload, [memoryview(content[100:])])
    assert photo_picker.found["query_label"][0] == "IMG_2.jpg"


@pytest.mark.parametrize(
    "message, reason",
    [
        ({"do": "refuse", "name": "a.jpg"}, "a.jpg: more than 50 MB; make it smaller first."),
        ({"do": "upload", "upload": "a", "name": "b.jpg", "parts": 1}, "That could not be done."),
        ({"do": "upload"}, "That could not be done."),
        ({"do": "else"}, ""),
        (None, ""),
    ],
)
def test_what_the_upload_button_hears_can_be_anything(photo_picker, message, reason):
    photo_picker.uploader._heard(None, message, [])
    assert (photo_picker.message.value, photo_picker.chosen) == (reason, 0)


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"Dear all", "a.jpg: not a photo that Pillow can read."),
        (b"", "a.jpg: empty file (0 bytes)."),
        (_photo()[:400], "a.jpg: "),
        (bytes(50 * 2**20 + 1), "a.jpg: more than 50 MB; make it smaller first."),
    ],
    ids=["text", "empty", "cut off", "too large"],
)
def test_what_is_no_photo_is_left_out_with_a_reason(photo_picker, content, reason):
    before = photo_picker.matches.photos
    photo_picker.upload("a.jpg", content)
    assert photo_picker.message.value.startswith(reason)
    assert (photo_picker.chosen, photo_picker.matches.photos) == (0, before)
    photo_picker.upload("a.jpg", _photo())
    assert photo_picker.message.value == ""


def test_it_says_where_nothing_is_close(photo_picker):
    assert photo_picker.far.value == "" and photo_picker.far.layout.display == "none"
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "PNG")
    photo_picker.upload("noise.png", content.getvalue())
    assert photo_picker.far.value.startswith("Nothing close") and photo_picker.far.layout.display == ""
    assert max(photo.about["likeness"] for photo in photo_picker.matches.photos) < 0.15
    photo_picker.k = 3
    assert photo_picker.far.value.startswith("Nothing close")
    photo_picker.pick(photo_picker.model.labels[0])
    assert photo_picker.far.value == ""


def test_names_are_never_markup(model):
    photo_picker = PhotoPicker(model)
    photo_picker.folder.value = "hostile"
    shown = [photo.text for photo in photo_picker.photos.photos]
    assert len(shown) == 3 and all(len(name) <= 17 for name in shown)
    assert any(name.startswith("<img") for name in shown)
    photo_picker.upload(HOSTILE[0], b"no photo")
    assert photo_picker.message.value.startswith(f"{HOSTILE[0]}: ")
    assert type(photo_picker.message) is ipywidgets.Label  # which shows text as it is


def test_a_photo_that_has_gone_since_is_marked_and_not_chosen(tmp_path, monkeypatch):
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(_photo())
    data, _ = load_photos(tmp_path, progress=False)
    model = tc.image_similarity.create(data, model="efficientnet-lite0", verbose=False)
    gone = str(tmp_path / "gone.jpg")
    monkeypatch.setattr(model, "photo", lambda label: gone if label == 1 else str(tmp_path / "one.jpg"))
    photo_picker = PhotoPicker(model)
    photo_picker.pick(1)
    assert photo_picker.chosen == 0
    assert photo_picker.message.value == "two.jpg: no such file."
    assert [photo.jpeg is None for photo in photo_picker.photos.photos] == [False, True]
    assert photo_picker.folder.layout.display == "none"  # one folder: nothing to filter


def test_it_starts_with_the_first_photo_that_is_still_there(tmp_path):
    for name in ("a", "b"):
        Image.new("RGB", (64, 48), "orange").save(tmp_path / f"{name}.jpg")
    data, _ = load_photos(tmp_path, progress=False)
    model = tc.image_similarity.create(data, model="efficientnet-lite0", verbose=False)
    (tmp_path / "a.jpg").unlink()
    photo_picker = PhotoPicker(model, k=1)
    assert photo_picker.chosen == 1 and len(photo_picker.found) == 1


def test_a_page_has_room_for_a_photo(model):
    with pytest.raises(FrameError, match="page_size"):
        PhotoPicker(model, page_size=0)


@pytest.mark.parametrize("message", [{"click": 99}, {"click": -1}, {"click": True}, {"click": "1"}, {}, None, [1]])
def test_a_message_that_is_no_click_does_nothing(photo_picker, message):
    photo_picker.photos._heard(None, message, [])
    assert photo_picker.chosen == 0
    photo_picker.photos._heard(None, {"click": 4}, [])
    assert photo_picker.chosen == 4
