import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.load import load_photos
from helpers.photos.species import add_species
from helpers.season.scores import neighbour_shares, species_precision
from helpers.season.season import Season
from helpers.similarity.build import create
from tests.season.test_season import parts_of
from tests.season.test_sightings import season_of
from tests.support.models import model_of
from tests.support.places import SHARED

#  photo     0      1      2      3       4      5        6      7        8
PLACES = [0.0, 100.0, 100.1, 1.0, 2.0, 3.0, 3.5, 10.0, 1.5]
EVENTS = [0, 0, 0, 1, 2, 3, 3, 4, 5]
SPECIES = ["fox", "fox", "blank", "fox", "deer", "deer", "blank", "fox", ""]
CAMERAS = ["A", "A", "A", "A", "B", "B", "B", "B", "B"]


def season(parts=None, places=PLACES):
    columns = (("event", int, EVENTS), ("camera", str, CAMERAS), ("species", str, SPECIES))
    return Season(model_of(places, typed_frame(columns)), parts=parts)


def test_worked_by_hand():
    """Events: 0 is asked with photo 1, of the fox's two (0 and 1) the second; 5 is nothing and always wrong.

    - event 0 from 100: 4 (fox), 3 (deer): 1/2
    - event 1 from 1: 5 at 0.5 (nothing), then 0 and 2 at 1: equals by their row, 0 (fox): 1/2
    - event 2 from 2: 5 (nothing), 1 (fox): 0
    - event 3 from 3: 2 (deer), 5: 1/2
    - event 4 from 10: 3 (at 3.5; deer), 2 (deer): 0
    """
    scores = species_precision(season(), "species", k=2, progress=False)
    assert scores.precision == scores.unjudged == scores.unlearned == pytest.approx((0.5 + 0.5 + 0 + 0.5 + 0) / 5)
    assert scores.by_species == {"deer": 0.25, "fox": pytest.approx(1 / 3)}
    assert scores.queries == 5 and scores.k == 2
    low, high = scores.interval
    assert 0 <= low < scores.precision < high <= 0.5
    assert str(scores) == "precision@2 over other events 0.300 (5 queries: deer 0.25, fox 0.33)"


def test_photos_that_show_several_species():
    """Event 2 shows a fox too: from 2 the nearest others are 5 (nothing) and 1 (fox), from 1 they are 5 and 0 or 2."""
    several = [*SPECIES]
    several[4] = "deer|fox"
    scores = species_precision(season(), several, k=2, progress=False)
    as_lists = [entry.split("|") if entry else [] for entry in several]
    assert species_precision(season(), as_lists, k=2, progress=False) == scores
    alone = species_precision(season(), "species", k=2, progress=False)
    assert scores.by_species["fox"] > alone.by_species["fox"] and scores.queries == alone.queries


@pytest.mark.slow("real photos go through the network")
@pytest.mark.skipif(not (SHARED / "forest").is_dir(), reason="the photos of the forest are not on this machine")
def test_species_from_tags_a_csv_and_folders_are_the_same(tmp_path):
    forest = SHARED / "forest"
    data, _ = load_photos(forest, layout="{site}/{camera}", species="Especie", details=True, progress=False)
    data = add_species(data, forest / "truth.csv", column="listed")
    for row in data:
        link = tmp_path / row["path"].rpartition("/")[0] / row["species"] / row["path"].rpartition("/")[2]
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(forest / row["path"])
    sorted_photos, _ = load_photos(tmp_path, layout="{site}/{camera}/{species}", progress=False)
    name = {row["file"].rpartition("/")[2] + row["site"] + row["camera"]: row["species"] for row in sorted_photos}
    in_folders = [name[row["path"].rpartition("/")[2] + row["site"] + row["camera"]] for row in data]
    season = Season(create(data, model="efficientnet-lite0", verbose=False), data)
    scores = species_precision(season, "species", progress=False)
    assert scores.queries >= 20 and 0.1 < scores.precision < 0.6
    assert species_precision(season, "listed", progress=False) == scores
    assert species_precision(season, in_folders, progress=False) == scores
    with pytest.raises(FrameError, match=r"'tags' are tags of groups \(Especie, Especie_Obs2\)"):
        species_precision(season, "tags", progress=False)


def test_tags_of_several_groups_name_no_species():
    tags = [["Especie|Zorro", "Especie_Obs2|Gato"]] * len(PLACES)
    with pytest.raises(FrameError, match=r"tags of groups \(Especie, Especie_Obs2\).*species='Especie'"):
        species_precision(season(), tags, progress=False)


def test_all_other_events_where_there_are_fewer():
    """A fox has two other foxes among five other events, a deer one other deer."""
    scores = species_precision(season(), SPECIES, k=50, progress=False)
    assert scores.precision == pytest.approx((3 * 2 / 5 + 2 * 1 / 5) / 5)


def test_what_is_nothing_can_be_said():
    scores = species_precision(season(), "species", k=2, nothing=["deer", "blank"], progress=False)
    assert scores.queries == 3 and list(scores.by_species) == ["fox"]
    with pytest.raises(FrameError, match="no photo shows a species"):
        species_precision(season(), ["blank"] * 9, progress=False)
    with pytest.raises(FrameError, match="no column 'kind'"):
        species_precision(season(), "kind", progress=False)
    for wrong in (0, 101, 2.5):
        with pytest.raises(FrameError, match="k is"):
            species_precision(season(), "species", k=wrong, progress=False)
    with pytest.raises(FrameError, match="judged"):
        species_precision(season(), "species", judged=-1, progress=False)


def test_with_parts_a_photo_that_has_one_is_asked_with():
    """Only 0, 3 and 7 have parts, foxes all: 3 is at 5, beside 0 at 4; nothing else comes up."""
    scores = species_precision(season(parts_of([0, 3, 7], [4, 5, 9])), "species", k=1, progress=False)
    assert scores.by_species == {"deer": 0, "fox": 1}, "deer are asked with whole photos, and find a fox"


def test_judging_some_first():
    data = season_of()
    species = ["fox" if event % 3 == 0 else "tree" for event in data.event_of_photo]
    before = species_precision(data, species, progress=False)
    after = species_precision(data, species, judged=6, progress=False)
    assert after.precision > before.precision and after.unjudged > after.unlearned
    assert after.queries == before.queries == 30
    assert species_precision(data, species, judged=6, progress=False) == after
    assert str(after).startswith(
        f"precision@5 over other events not judged yet {after.unjudged:.3f} ({after.unlearned:.3f} without learning; "
        f"6 judged, learned from in {after.learned} of 30 queries: fox "
    )
    assert "judged" not in str(before) and before.learned == 0 and before.gain == (0, 0)
    assert 0 < after.learned <= 30 and after.gain[0] < after.unjudged - after.unlearned < after.gain[1]
    thirds = after.by_species["fox"] / 3 + 2 * after.by_species["tree"] / 3
    assert thirds == pytest.approx(after.unjudged) and after.interval[0] <= after.unjudged <= after.interval[1]


def test_not_more_queries_than_wanted():
    data = season_of()
    species = ["fox" if event % 3 == 0 else "tree" for event in data.event_of_photo]
    some = species_precision(data, species, most=7, progress=False)
    assert some.queries == 7 and some == species_precision(data, species, most=7, progress=False)
    with pytest.raises(FrameError, match="most"):
        species_precision(data, species, most=0, progress=False)


def test_only_the_photos_that_are_asked_with_are_searched_for(monkeypatch):
    data = season()
    searched = []
    search = data.model.index.search

    def counted(vectors, k, *more):
        searched.append(len(vectors))
        return search(vectors, k, *more)

    monkeypatch.setattr(data.model.index, "search", counted)
    monkeypatch.setattr(Season, "search", None)  # which makes a frame for each photo, to be read once and thrown away
    neighbour_shares(data, k=1, most=2, progress=False)
    assert max(searched) == 2


def test_shares_worked_by_hand():
    """The nearest photo of each: 3, 2*, 1*, 8, 8, 6*, 5*, 6, 3; * are of the own event. Own camera: 0, 1, 2, 4 to 7."""
    table = list(neighbour_shares(season(), k=1, progress=False))
    assert [row["search"] for row in table] == ["whole photos", "other events"] and table[0]["queries"] == 9
    assert table[0]["event"] == pytest.approx(4 / 9) and table[0]["camera"] == pytest.approx(7 / 9)
    # Of other events: 3, 7, 7, 8, 8, 4, 4, 6, 3 (at 0.5, as 4 is). Cameras: 0, 4, 5, 6, 7.
    assert table[1]["event"] == 0 and table[1]["camera"] == pytest.approx(5 / 9)


def test_shares_of_some_photos_and_of_none():
    table = list(neighbour_shares(season(), k=1, most=2, progress=False))
    assert table[0]["queries"] == 2 and table[0]["event"] == 0 and table[0]["camera"] == 0.5
    lonely = Season(model_of([1], typed_frame([("event", int, [0]), ("camera", str, ["A"])])))
    assert [row["event"] for row in neighbour_shares(lonely, progress=False)] == [None, None]
    assert np.isfinite(neighbour_shares(season(), k=100, progress=False)["camera"][0])
