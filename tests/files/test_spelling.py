"""Names of a Mac elsewhere, and of elsewhere on a Mac: the same name, where nothing else can be meant."""

import numpy as np
import pytest

from helpers import tc
from helpers.files.spelling import SpelledNames, SpelledPaths
from helpers.images.decode import open_photo
from helpers.photos.labels import Labels
from helpers.photos.load import load_photos
from tests.support.pictures import picture, tiny_network

ONE, OTHER = "H\u00f6hle/F\u00e4he 1.jpg", "Ho\u0308hle/Fa\u0308he 1.jpg"  # é in one character, and in two


def photo(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, (48, 36)).save(path)


@pytest.fixture
def two_names(tmp_path):
    """Skips where the disk takes the two for one name, as Macs do: then there is nothing to find."""
    (tmp_path / "\u00e9").write_bytes(b"")
    if (tmp_path / "e\u0301").exists():
        pytest.skip("this disk takes both spellings for one name")
    return tmp_path


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_name_is_found_however_its_accents_are_written(written, there):
    assert SpelledNames([there, "a.jpg"]).find(written) == there
    assert SpelledNames([there, written]).find(written) == written
    assert SpelledNames(["a.jpg"]).find(written) == written
    half = "Ho\u0308hle/F\u00e4he 1.jpg"
    assert SpelledNames([ONE, OTHER]).find(half) == half, "of two that may be meant, none"
    assert SpelledNames(["a.jpg"]).find("A.jpg") == "A.jpg"


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_path_is_found_folder_by_folder(two_names, written, there):
    photo(two_names / "photos" / there)
    paths = SpelledPaths(str(two_names / "photos"))
    assert paths.find(written) == str(two_names / "photos" / there)
    assert paths.find(there) == str(two_names / "photos" / there)
    assert paths.find("H\u00f6hle/gone.jpg").endswith("gone.jpg")
    assert paths.find("nowhere/\u00e9.jpg") == str(two_names / "photos" / "nowhere" / "\u00e9.jpg")


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_labels_of_another_system(tmp_path, written, there):
    labels = Labels(tmp_path / "labels.csv")
    labels.set([written, "a.jpg"], "fox")
    again = Labels(tmp_path / "labels.csv")
    assert again[there] == again.get(there) == again["a.jpg"] == "fox" and there in again
    again.set(there, "owl")
    assert again[there] == again[written] == "owl" and len(again) == 2, "no second line for the same photo"
    again.undo()
    assert again[there] == "fox"
    again.set(there, "")
    assert there not in again and written not in again and dict(again) == {"a.jpg": "fox"}
    assert again.get(None) is None


@pytest.mark.parametrize(("written", "there"), [(ONE, OTHER), (OTHER, ONE)])
def test_a_model_whose_photos_were_moved_to_another_system(two_names, written, there):
    for seed, name in enumerate([written, "a.jpg", "b.jpg"]):
        photo(two_names / "before" / name, seed)
        photo(two_names / "after" / (there if name == written else name), seed)
    data, _ = load_photos(two_names / "before", progress=False)
    network = tiny_network(two_names / "tiny.onnx")
    model = tc.image_similarity.create(data, model=str(network), store=False, verbose=False)
    model.save(two_names / "model")
    moved = tc.load_model(two_names / "model", folder=two_names / "after")
    row = list(data["path"]).index(written)
    source = moved.photo(row)
    wanted = np.asarray(open_photo(two_names / "after" / there))
    assert np.array_equal(np.asarray(open_photo(getattr(source, "source", source))), wanted)
