import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.load import load_photos
from helpers.season.labels import surprises as label_surprises
from helpers.season.labels.surprises import _lowest, surprising_labels
from helpers.season.season import Season
from helpers.similarity.build import create
from tests.season.test_season import parts_of
from tests.support.models import model_of
from tests.support.places import SHARED


def season_of(places, species, events=None, people=None, parts=None):
    columns = [("event", int, list(range(len(places))) if events is None else events), ("species", str, species)]
    if people is not None:
        columns.append(("people", int, people))
    return Season(model_of(places, typed_frame(columns)), parts=parts)


def two_kinds(count=20):
    """Foxes from 0 on, deer from 1000 on, an event each; photo 3 is a fox that is labelled deer."""
    species = ["fox"] * count + ["deer"] * count
    species[3] = "deer"
    return [*np.arange(count, dtype=float), *(1000 + np.arange(count))], species


def test_sixty_of_a_hundred_is_the_rule():
    """The lower end of Wilson's interval by hand: for 60 of 100, (.6 + .0192 - 1.96 sqrt(.0024 + .0001)) / 1.0384."""
    assert _lowest(60, 100) == pytest.approx(0.5020, abs=1e-4)
    assert _lowest(59, 100) < 0.5
    assert [next(k for k in range(1, of + 1) if _lowest(k, of) > 0.5) for of in (4, 10, 20, 50)] == [4, 9, 15, 32]


def test_worked_by_hand():
    """39 other events give neighbourhoods of 9: those of photo 3 are all foxes, those of no other photo differ."""
    (only,) = surprising_labels(season_of(*two_kinds()), progress=False)
    assert dict(only) == {
        "reference_label": 3,
        "path": "3.jpg",
        "event": 3,
        "species": "deer",
        "suggested": "fox",
        "share": 1.0,
        "own_share": 0.0,
        "neighbours": 9,
    }


def test_entries_instead_of_a_column_and_several_species_of_a_photo():
    places, species = two_kinds()
    season = season_of(places, species)
    assert len(surprising_labels(season, ["fox"] * 20 + ["deer"] * 20, progress=False)) == 0
    species[3] = "deer|fox"
    assert len(surprising_labels(season, species, progress=False)) == 0
    as_lists = [[name, "wet"] if row == 3 else [name] for row, name in enumerate(two_kinds()[1])]
    assert list(surprising_labels(season, as_lists, progress=False)["species"]) == ["deer|wet"]
    with pytest.raises(FrameError, match="tags of groups"):
        surprising_labels(season, [["Species|fox", "Time|night"]] * 40, progress=False)
    with pytest.raises(FrameError, match="no column 'animal'"):
        surprising_labels(season, "animal", progress=False)


def test_a_burst_counts_once():
    """30 photos of one fox beside a deer are one neighbour, and so are those of its own event."""
    places, species = two_kinds()
    events = list(range(40))
    burst = [1005.001 + 0.0001 * step for step in range(30)]
    season = season_of(places + burst, species + ["fox"] * 30, events + [40] * 30)
    listed = set(surprising_labels(season, progress=False)["reference_label"])
    assert 3 in listed and not listed & set(range(20, 40)), "no deer is called a fox because of one burst"
    own = season_of(places + burst, species + ["deer"] * 30, events + [3] * 30)
    assert 3 in set(surprising_labels(own, progress=False)["reference_label"]), "photo 3 is in the burst's event"


def test_long_bursts_are_searched_on(monkeypatch):
    places, species = two_kinds()
    events = [*range(40), *[40] * 200]
    burst = [3.001 + 0.00001 * step for step in range(200)]
    season = season_of(places + burst, species + ["fox"] * 200, events)
    searches = []
    asked = label_surprises.nearest_events
    monkeypatch.setattr(label_surprises, "nearest_events", lambda *given: searches.append(given[1]) or asked(*given))
    (row,) = [row for row in surprising_labels(season, progress=False) if row["reference_label"] == 3]
    assert row["neighbours"] == 10 and 3 in searches and season.note == ""


def test_a_species_of_most_events_suggests_nothing_by_itself():
    """Nine of ten events are blank wherever one looks: that blank ones are around is no surprise."""
    rng = np.random.default_rng(0)
    species = ["blank"] * 90 + ["fox"] * 10
    season = season_of(rng.normal(size=(100, 8)), species)
    assert len(surprising_labels(season, progress=False)) == 0
    assert len(surprising_labels(season, least=0.6, progress=False)) == 10


def test_too_few_events_are_said(capsys):
    places, species = two_kinds(6)
    assert len(surprising_labels(season_of(places, species), progress=False)) == 0
    assert capsys.readouterr().out == (
        "12 events are too few to be sure of any photo; least=0.6 lists those that may be wrong\n"
    )
    assert [row["reference_label"] for row in surprising_labels(season_of(places, species), least=1.0, progress=False)]
    assert len(surprising_labels(season_of(places, [None] * 12), progress=False)) == 0
    assert len(surprising_labels(season_of([1.0], ["fox"]), progress=False)) == 0


def test_photos_without_a_species_and_with_people_are_left_out():
    places, species = two_kinds()
    assert (
        len(surprising_labels(season_of(places, species, people=[row == 3 for row in range(40)]), progress=False)) == 0
    )
    without = [None if row == 3 else name for row, name in enumerate(species)]
    assert len(surprising_labels(season_of(places, without), progress=False)) == 0


def test_parts_are_compared_where_there_are_some():
    places, species = two_kinds()
    rows = [row for row in range(40) if row != 5]  # photo 5 has no part
    parts = parts_of(rows, [places[39 - row] if row == 4 else places[row] for row in rows], photos=40)
    listed = surprising_labels(season_of(places, species, parts=parts), progress=False)
    assert set(listed["reference_label"]) == {3, 4}


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 101}, {"least": 0}, {"least": 1.1}, {"least": "much"}])
def test_arguments_out_of_range(wrong):
    with pytest.raises(FrameError, match=next(iter(wrong))):
        surprising_labels(season_of(*two_kinds()), progress=False, **wrong)


@pytest.mark.slow("real photos go through the network")
@pytest.mark.skipif(not (SHARED / "cartoons").is_dir(), reason="the cartoons are not on this machine")
def test_wrong_labels_among_real_pictures_are_found():
    """Ten of 199 pictures get the other folder's name: nearly all are listed, and few others."""
    data, _ = load_photos(SHARED / "cartoons", species="folder", progress=False)
    season = Season(create(data, model="efficientnet-lite0", verbose=False), data)
    wrong = set(range(5, 199, 20))
    species = [
        {"walle": "doraemon", "doraemon": "walle"}[name] if row in wrong else name
        for row, name in enumerate(data["species"])
    ]
    listed = set(surprising_labels(season, species, progress=False)["reference_label"])
    assert len(wrong & listed) >= 9 and len(listed - wrong) <= 4
