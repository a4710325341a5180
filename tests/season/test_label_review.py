import io

import pytest
from PIL import Image

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.load import load_photos
from helpers.photos.species import add_species
from helpers.season.labels.review import LabelReview
from helpers.season.labels.strip import LabelStrip, show_surprises
from helpers.season.labels.surprises import surprising_labels
from helpers.season.season import Season
from helpers.similarity.build import create
from tests.season.test_label_surprises import season_of, two_kinds
from tests.support.pictures import folder_of


@pytest.fixture
def season():
    """Photo 3, a fox labelled deer, has a second frame (40), and photo 25, a deer, is labelled fox."""
    places, species = two_kinds()
    species[25] = "fox"
    return season_of([*places, 3.0001], [*species, "deer"], [*range(40), 3])


@pytest.fixture
def review(season, tmp_path):
    return LabelReview(season, surprising_labels(season, progress=False), file=tmp_path / "species.csv")


def left(review):
    return sorted(row["reference_label"] for row in review.left)


def test_what_is_judged_is_kept_and_not_asked_again(review, season, tmp_path):
    assert left(review) == [3, 25, 40]
    review.change([3, 40], " fox ")
    review.confirm(25)
    assert left(review) == [] and review.changed == 2
    assert (review.species()[3], review.species()[25], review.species()[0]) == ("fox", "fox", "fox")
    again = LabelReview(season, surprising_labels(season, progress=False), file=tmp_path / "species.csv")
    assert left(again) == [] and again.species() == review.species()
    assert review.undo() and left(review) == [25]
    assert review.undo() and left(review) == [3, 25, 40] and not review.undo()


def test_the_file_is_a_source_of_species(review, tmp_path):
    review.change([3, 40], "=fox")
    data = typed_frame([("path", str, review.season.names), ("tags", list, [["Species|Deer"]] * 41)])
    species = list(add_species(data, [str(tmp_path / "species.csv"), "Species"])["species"])
    assert species[3] == species[40] == "=fox" and species[0] == "Deer"


def test_what_cannot_be_judged(review, season):
    for wrong in ("", "  ", None, 3):
        with pytest.raises(FrameError, match="a species is text"):
            review.change(3, wrong)
    with pytest.raises(FrameError, match="not the label of a photo"):
        review.confirm(99)
    unnamed = LabelReview(season, surprising_labels(season, progress=False), [None] * 41, review.labels.path)
    with pytest.raises(FrameError, match=r"3\.jpg has no species to confirm"):
        unnamed.confirm(3)
    assert len(review.labels) == 0
    with pytest.raises(FrameError, match="surprising_labels"):
        LabelReview(season, season.data)


def test_later(review):
    first = review.alike()
    review.skip([row["reference_label"] for row in first])
    assert review.alike() != first and len(review.left) == 3


def test_the_strip_does_what_the_review_does(review):
    strip = LabelStrip(review)
    assert [row["reference_label"] for row in review.alike()] == [3, 40]
    assert strip.description == "Labelled deer; of the 9 nearest other events 9 show fox. 3 photos left."
    assert (strip.keep.description, strip.take.description) == ("deer is right", "It is fox")
    assert strip.other.options == ("deer", "fox")
    strip.take.click()
    assert dict(review.labels) == {"3.jpg": "fox", "40.jpg": "fox"}
    assert strip.description.startswith("Labelled fox; of the 9 nearest other events 9 show deer. 1 photo left.")
    strip.other.value = "hare"
    strip.change.click()
    assert review.labels["25.jpg"] == "hare" and strip.description == "No surprising species is left."
    assert strip.keep.disabled and strip.take.disabled and not strip.undo.disabled
    strip.undo.click()
    assert left(review) == [25] and not strip.keep.disabled
    strip.other.value = " "
    strip.change.click()
    assert "a species is text" in strip.status.value
    strip.skip.click()
    strip.keep.click()
    assert review.labels["25.jpg"] == "fox"
    strip.close()
    review.undo()
    assert "No surprising" in strip.description, "it follows no longer"


def test_pictures_of_photos(tmp_path):
    folder = folder_of(tmp_path / "photos", count=4)
    data = typed_frame(
        [("path", str, [str(folder / f"{row}.jpg") for row in range(4)]), ("event", int, list(range(4)))]
    )

    data, _ = load_photos(folder, progress=False)
    season = Season(create(data, model="efficientnet-lite0", verbose=False), data)
    surprises = surprising_labels(season, ["fox", "fox", "fox", "deer"], least=1.0, progress=False)
    assert len(surprises)
    texts = [text.get_text() for text in show_surprises(season, surprises).axes[0].texts]
    assert "labelled deer" in texts and "fox? 100%" in texts
    strip = LabelStrip(LabelReview(season, surprises, ["fox", "fox", "fox", "deer"], tmp_path / "species.csv"))
    assert Image.open(io.BytesIO(strip.picture.value)).size[0] > 400
    assert "no species is surprising" in [
        text.get_text() for text in show_surprises(season, surprises[:0]).axes[0].texts
    ]
    for wrong in (0, 101):
        with pytest.raises(FrameError, match="k"):
            show_surprises(season, surprises, k=wrong)
