import numpy as np
import pytest

from helpers.season.event_ranking import EventRanking
from helpers.season.scores import species_precision
from helpers.season.season import Season
from tests.season.test_season import parts_of
from tests.season.test_sightings import foxes_between_others, season_of, season_with
from tests.support.places import SHARED


def foxes_at_one_site(count=60):
    """Foxes are most of what one of three sites sees, and look like the rest of it, each with another background."""
    random = np.random.default_rng(1)
    site = np.arange(count) % 3
    fox = (site == 0) & (random.random(count) < 0.6)
    vectors = np.c_[np.full(count, 4.0), np.eye(3)[site] * 1.5, random.normal(0, 0.15, (count, 60))]
    return season_with(vectors), ["fox" if each else "blank" for each in fox]


def test_what_all_judged_events_share_is_not_lost():
    """Learning from the difference alone had 0.14 of the next five right, instead of 0.64."""
    season, species = foxes_at_one_site()
    for judged in (2, 5, 10):
        scores = species_precision(season, species, judged=judged, progress=False)
        assert scores.unjudged >= scores.unlearned - 0.05


def test_where_no_direction_leads_to_the_species():
    """With five confirmed and none rejected, learning had 0.22 of the next five right, instead of 0.76."""
    season, species = foxes_between_others()
    scores = species_precision(season, species, judged=5, progress=False)
    assert scores.unjudged >= scores.unlearned - 0.1 and scores.learned < scores.queries / 2


def test_learning_helps_where_it_did():
    season = season_of()
    species = ["fox" if event % 3 == 0 else "tree" for event in season.event_of_photo]
    for judged in (5, 10):
        scores = species_precision(season, species, judged=judged, progress=False)
        assert scores.unjudged > scores.unlearned + 0.1


@pytest.mark.slow("real photos go through the network")
@pytest.mark.skipif(not (SHARED / "forest").is_dir(), reason="the photos of the forest are not here")
@pytest.mark.parametrize("judged", [2, 5, 10])
@pytest.mark.once(
    "how well it works on real photos does not depend on it; that it works is tried on drawn ones in both"
)
def test_real_photos_of_a_forest_are_not_ordered_worse(judged, forest):
    """After five judged events, learning had 0.11 of the next five right, instead of 0.23."""
    season, species = forest
    scores = species_precision(season, species, judged=judged, nothing=["Desconocida"], progress=False)
    assert scores.unjudged >= scores.unlearned - 0.05 and scores.gain[1] >= 0


@pytest.fixture(scope="module")
def forest():
    """Whole photos, and the species of each."""
    import csv

    from helpers import tc
    from helpers.photos.load import load_photos

    data, _ = load_photos(SHARED / "forest", layout="{site}/{camera}", progress=False)
    with (SHARED / "forest" / "truth.csv").open(encoding="utf-8", newline="") as lines:
        species = {line["path"]: line["species"] for line in csv.DictReader(lines)}
    model = tc.image_similarity.create(data, model="efficientnet-lite0", verbose=False)
    return Season(model), [species.get(name) for name in model.names]


def test_nothing_judged_is_nothing_learned():
    ranking = EventRanking(season_of(), 0)
    for judged in (([], []), ([0], []), ([], [0])):
        learned = ranking.learned(*judged)
        assert learned.nearest is ranking.nearest
        assert learned.why == "Nothing but the query was judged, so there is nothing to learn from"


def test_staying_is_said_with_figures():
    season, species = foxes_between_others()
    ranking = EventRanking(season, 0)
    order = ranking.events_of(ranking.nearest)
    shows = [event for event in order[:6] if species[event] == "fox"]
    learned = ranking.learned(shows, [])
    assert learned.nearest is ranking.nearest
    assert learned.why.startswith("Learning does not help yet: it would put confirmed events before other ones in ")
    assert learned.why.endswith("% of cases, the distance does in 100%")


def test_what_is_judged_the_same_way_and_looks_the_same():
    ranking = EventRanking(season_with(np.ones((4, 3))), 0)
    learned = ranking.learned([0, 1], [2])
    assert learned.nearest is ranking.nearest and "Nothing distinguishes" in learned.why


def test_the_more_was_judged_the_more_it_counts():
    """How far the order is from that by distance."""
    season = season_of()
    ranking = EventRanking(season, 0, other="events")
    order = ranking.events_of(ranking.nearest)
    moved = []
    for count in (2, 12):
        judged = order[:count]
        learned = ranking.learned([0, *(e for e in judged if e % 3 == 0)], [e for e in judged if e % 3])
        assert not learned.why and set(ranking.events_of(learned.nearest)) == set(order)
        places = {event: place for place, event in enumerate(ranking.events_of(learned.nearest))}
        moved.append(np.mean([abs(places[event] - place) for place, event in enumerate(order)]))
        assert (np.diff(learned.nearest.distances) >= 0).all() and 0 < learned.nearest.distances[0] < 1
    assert 0 < moved[0] < moved[1]


def test_the_querys_event_may_be_rejected_and_judged_ones_may_not_count():
    season = season_of()
    ranking = EventRanking(season, 0, other="sites")  # event 1 and others of the query's site do not count
    events = ranking.events_of(ranking.nearest)
    outside = next(event for event in range(1, 30) if event not in events)
    learned = ranking.learned([outside, 3], [0, events[0]])
    assert set(ranking.events_of(learned.nearest)) == set(events)


def test_an_event_without_parts_is_no_example():
    whole = season_of()
    season = season_of(parts=parts_of(range(0, 40, 2), whole.vectors[:40:2], photos=60))
    ranking = EventRanking(season, 0, other="events")
    with_it, without = ranking.learned([0, 3, 25], [1, 2]), ranking.learned([0, 3], [1, 2])
    assert (with_it.nearest.rows == without.nearest.rows).all()
