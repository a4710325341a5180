import csv
import datetime

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError, LabelsError
from helpers.frames.columns import typed_frame
from helpers.photos.labels import Labels
from helpers.season.season import Season
from helpers.season.sightings import Sightings
from tests.season.test_season import at, parts_of
from tests.support.models import model_of

COUNT = 30  # events of two photos each


def season_of(count=COUNT, parts=None):
    """Foxes and trees on two sides of what is asked: the first feature is what they share, the second the species."""
    random = np.random.default_rng(0)
    fox = np.arange(count) % 3 == 0
    place = random.normal(0, 1, count)
    vectors = np.repeat(np.stack([3 + 0 * place, place, np.where(fox, 0.3, -0.3)], axis=1), 2, axis=0)
    vectors += random.normal(0, 0.02, vectors.shape)
    data = typed_frame(
        [
            ("taken", datetime.datetime, [at(0, second=n % 2, day=n // 2) for n in range(2 * count)]),
            ("site", str, ["north", "north", "south", "south"] * (count // 2)),
            ("camera", str, ["C1"] * 2 * count),
        ]
    )
    names = [f"card/{n:02}.jpg" for n in range(2 * count)]
    return Season(model_of(vectors, data, names=names), parts=parts)


def season_with(vectors):
    """One photo an event."""
    count = len(vectors)
    data = typed_frame([("event", int, list(range(count))), ("camera", str, ["A"] * count)])
    return Season(model_of(vectors, data, names=[f"{n:02}.jpg" for n in range(count)]))


def foxes_between_others(count=40):
    """Foxes are between the two other kinds, so that no direction leads to them; the distance does."""
    random = np.random.default_rng(2)
    fox = np.arange(count) % 4 == 0
    place = random.normal(0, 0.5, count) + np.where(fox, 0, np.where(random.random(count) < 0.5, 3, -3))
    vectors = np.c_[np.full(count, 6.0), place, random.normal(0, 0.25, (count, 60))]
    return season_with(vectors), ["fox" if each else "blank" for each in fox]


@pytest.fixture(scope="module")
def season():
    return season_of()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "sightings-fox.csv"


@pytest.fixture
def sightings(season, file):
    return Sightings(season, 0, "fox", file)


def said(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row["label"] for row in csv.DictReader(lines)}


# Candidates and judgements


def test_all_events_are_candidates_that_of_the_query_too(sightings, file):
    frame = sightings.frame()
    assert frame.column_names() == [
        *("event", "rank", "status", "distance", "reference_label", "path"),
        *("site", "camera", "deployment", "start", "end", "photos"),
    ]
    assert list(frame["rank"]) == list(range(1, COUNT + 1)) and frame["event"][0] == 0 and frame["distance"][0] == 0
    assert list(frame["status"]) == ["candidate"] * COUNT
    assert list(frame["distance"]) == sorted(frame["distance"])
    row = frame[5]
    assert row["path"] == sightings.season.names[row["reference_label"]]
    assert row["start"] == at(0, day=row["event"]) and row["end"] == at(0, second=1, day=row["event"])
    assert (row["photos"], row["camera"], row["deployment"]) == (2, "C1", None)
    assert not file.exists(), "nothing is written before anything is judged"


def test_judging_is_kept(sightings, season, file):
    sightings.confirm(3)
    sightings.reject([4, 5])
    assert sightings.confirmed == [3] and sightings.rejected == [4, 5]
    assert [sightings.status(event) for event in (0, 3, 4, 6)] == ["candidate", "confirmed", "rejected", "candidate"]
    assert said(file) == {
        **dict.fromkeys(["card/06.jpg", "card/07.jpg"], "yes"),
        **dict.fromkeys(["card/08.jpg", "card/09.jpg", "card/10.jpg", "card/11.jpg"], "no"),
    }
    again = Sightings(season, 0, "fox", file)
    assert again.confirmed == [3] and again.rejected == [4, 5]
    assert again.note == "1 confirmed, 2 rejected, 27 candidates by distance"
    assert "fox: 1 confirmed" in repr(again)
    assert list(again.frame("rejected")["status"]) == ["rejected"] * 2 and len(again.frame("candidate")) == 27
    with pytest.raises(FrameError, match="confirmed, candidate, rejected"):
        again.frame("maybe")


def test_numbers_as_frames_and_arrays_give_them(sightings):
    sightings.confirm(np.int64(3))
    sightings.confirm(sightings.frame()["event"][:2])
    sightings.confirm(np.array([7, 8]))
    assert {3, 7, 8} < set(sightings.confirmed)
    for wrong in (99, [3, 99], -1, "fox"):
        with pytest.raises(FrameError, match="no event"):
            sightings.reject(wrong)
    assert sightings.rejected == []


@pytest.mark.parametrize("wrong", [3.0, True, [3, True], None, np.float64(3), "3"])
def test_what_is_no_event(sightings, wrong):
    for act in (sightings.confirm, sightings.reject, sightings.reopen):
        with pytest.raises(FrameError, match="no event"):
            act(wrong)
    assert sightings.confirmed == sightings.rejected == []


@pytest.mark.parametrize("wrong", ["othr", "hide", "per"])
def test_an_argument_that_is_not_known(season, wrong):
    with pytest.raises(FrameError, match=f"{wrong}= is not known; a question has like, .*other, where, night"):
        Sightings(season, 0, "fox", **{wrong: True})


def test_undo_and_changing_ones_mind(sightings):
    sightings.confirm(3)
    sightings.reject(3)
    assert sightings.rejected == [3]
    assert sightings.undo() and sightings.confirmed == [3] and sightings.rejected == []
    assert sightings.undo() and sightings.confirmed == []
    assert not sightings.undo()
    sightings.confirm([1, 2])
    sightings.reopen(1)
    assert sightings.confirmed == [2] and sightings.status(1) == "candidate"


@pytest.mark.parametrize("other", [None, "events", "sites"])
def test_nobody_has_confirmed_the_event_of_the_query_which_comes_first(season, file, other):
    sightings = Sightings(season, 1, "fox", file, other=other)
    first = sightings.frame()[0]
    assert (first["event"], first["status"], first["reference_label"]) == (0, "candidate", 1)
    assert (first["rank"], first["distance"]) == ((1, 0) if other is None else (0, None))
    assert sightings.confirmed == [] and sightings.candidates[0] == 0 == sightings.frame("candidate")["event"][0]
    assert sightings.candidates.count(0) == 1 and len(sightings.frame("confirmed")) == 0
    sightings.learn()
    assert sightings.confirmed == [] and 0 in sightings.candidates
    sightings.confirm(0)
    assert sightings.confirmed == [0] and list(sightings.frame("confirmed")["reference_label"]) == [1]
    sightings.reject(0)
    assert sightings.confirmed == [] and sightings.rejected == [0]
    sightings.reopen(0)
    assert 0 in sightings.candidates


def test_the_event_of_the_query_is_shown_by_the_part_that_was_compared(file):
    boxes = [[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9]]
    parts = parts_of([0, 0], season_of().vectors[:2], scores=[0.9, 0.8], boxes=boxes, photos=2 * COUNT)
    season = season_of(parts=parts)

    def box(**query):
        first = Sightings(season, species="fox", file=file, other="events", **query).frame()[0]
        return [first[side] for side in ("left", "top", "right", "bottom")]

    assert box(like=0) == boxes[0]
    assert box(like=0, box=(0.5, 0.5, 0.8, 0.8)) == boxes[1]
    assert box(like=1) == [None] * 4, "it has no part"


def test_each_change_is_told(sightings):
    heard = []
    sightings.observe(lambda change: heard.append(change["new"]), "changed")
    sightings.confirm(3)
    sightings.undo()
    sightings.learn()
    sightings.unlearn()
    sightings.reload()
    assert heard == [1, 2, 3, 4, 5]


def test_a_file_that_others_write(sightings, file):
    sightings.confirm(3)
    Labels(file).set(["card/08.jpg", "elsewhere/01.jpg"], " No ")
    Labels(file).set("card/06.jpg", "perhaps")
    sightings.reload()
    assert sightings.rejected == [4] and sightings.confirmed == [3], "its other photo still has yes"
    Labels(file).set("card/07.jpg", "no")
    sightings.reload()
    assert sightings.rejected == [3, 4]
    file.write_text("nonsense\n")
    with pytest.raises(LabelsError):
        sightings.reload()


def test_how_many_candidates_are_shown(season, file):
    sightings = Sightings(season, 0, "fox", file, k=4)
    assert len(sightings.frame()) == 4, "that of the query is one of them"
    assert len(Sightings(season, 0, "fox", file, k=4, other="events").frame()) == 4
    assert sightings.note == "0 confirmed, 0 rejected, 4 of 30 candidates by distance"
    assert len(sightings.candidates) == 30 and sightings.candidates[:4] == list(sightings.frame("candidate")["event"])
    farthest = Sightings(season, 0, "fox", file).frame()[COUNT - 1]["event"]
    sightings.confirm(farthest)
    frame = sightings.frame()
    assert len(frame) == 5 and frame[4]["event"] == farthest and frame[4]["rank"] == COUNT
    with pytest.raises(FrameError, match="k is a whole number"):
        Sightings(season, 0, k=0)


def test_a_question_with_filters(season, file):
    sightings = Sightings(season, 0, "fox", file, other="sites")
    assert set(sightings.frame("candidate")["site"][1:]) == {"south"}
    sightings.confirm(0)
    own = sightings.frame()[len(sightings.frame()) - 1]
    assert (own["event"], own["status"], own["distance"], own["rank"]) == (0, "confirmed", None, COUNT // 2 + 1)
    with pytest.raises(FrameError, match="events and sites"):
        Sightings(season, 0, other="planets")


@pytest.mark.parametrize("known_by", ["column", "parts", "people of parts"])
def test_judged_events_outside_the_filters_are_shown_without_people(file, known_by):
    """Of event 0 the first photo shows a person, of event 2 both do."""
    people = np.isin(np.arange(2 * COUNT), [0, 4, 5])
    plain, parts = season_of(), None
    if known_by == "parts":
        kinds = ["person" if each else "animal" for each in people]
        parts = parts_of(range(2 * COUNT), plain.vectors, kinds, photos=2 * COUNT)
    elif known_by == "people of parts":
        parts = parts_of(range(2 * COUNT), plain.vectors)
        parts.people = people
    else:
        plain.data = plain.data.add_column(tc.SArray(people.astype(int).tolist(), dtype=int), "people")
    season = Season(plain.model, plain.data, parts=parts)
    assert season.people.tolist() == people.tolist()
    sightings = Sightings(season, 0, "fox", file, other="sites")
    assert sightings.frame()["reference_label"][0] == 1, "that of the query shows a person"
    sightings.confirm([0, 2])
    photos = dict(zip(sightings.frame("confirmed")["event"], sightings.frame("confirmed")["reference_label"]))
    assert photos[0] == 1 and photos[2] in (4, 5)


def test_events_are_cut_anew_where_that_is_asked_for(season):
    cut = Season(season.model, season.data)
    assert len(cut.events) == COUNT
    assert len(Season(season.model, season.data, independent=3 * 86_400).events) == 2  # one a site
    assert len(Season(season.model, season.data, sequence=0, independent=0).events) == 2 * COUNT


@pytest.mark.parametrize(
    ("species", "name"),
    [("Fox", "fox"), ("Vulpes vulpes", "vulpes-vulpes"), ("../etc/pass", "etc-pass"), ("狐", "狐"), ("?", "species")],
)
def test_a_file_for_each_species(season, species, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sightings = Sightings(season, 0, species)
    sightings.confirm(3)
    assert [path.name for path in tmp_path.iterdir()] == [f"sightings-{name}.csv"]


def test_a_folder_for_the_file(season, tmp_path):
    sightings = Sightings(season, 0, "Vulpes/vulpes", tmp_path)
    sightings.confirm(3)
    assert [path.name for path in tmp_path.iterdir()] == ["sightings-vulpes-vulpes.csv"]


def test_the_summary_is_of_confirmed_events_alone(season, sightings):
    assert sightings.summary == "fox: no event is confirmed, so that nothing is known of when and where"
    sightings.reject(4)
    assert "no event is confirmed" in sightings.summary
    sightings.confirm(3)
    assert sightings.summary == "fox: 1 confirmed event from 2026-05-04 to 2026-05-04, at south"
    sightings.confirm([0, 1])
    assert sightings.summary == "fox: 3 confirmed events from 2026-05-01 to 2026-05-04, at north, south"


def test_the_summary_of_events_without_dates_or_places(tmp_path):
    data = typed_frame([("taken", datetime.datetime, [at(0), None, None]), ("event", int, [0, 1, 2])])
    sightings = Sightings(Season(model_of(np.eye(3), data)), 0, "fox", tmp_path)
    sightings.confirm([1, 2])
    assert sightings.summary == "fox: 2 confirmed events without a date"
    sightings.confirm(0)
    assert sightings.summary == "fox: 3 confirmed events from 2026-05-01 to 2026-05-01 (2 without a date)"


# Learning


def foxes(frame, count):
    return sum(event % 3 == 0 for event in frame["event"][:count])


def test_learning_puts_the_right_ones_first(sightings):
    before = foxes(sightings.frame("candidate"), 8)
    sightings.confirm([event for event in list(sightings.frame("candidate")["event"])[:5] if event % 3 == 0])
    sightings.reject([event for event in list(sightings.frame("candidate")["event"])[:5] if event % 3])
    sightings.learn()
    assert sightings.learned and "learned" in sightings.note
    frame = sightings.frame()
    assert foxes(frame, 10) == 10 and before < 6, "all ten of them"
    assert list(frame["rank"]) == list(range(1, COUNT + 1)) and list(frame["distance"]) == sorted(frame["distance"])
    assert 0 <= min(frame["distance"]) < 0.5 < max(frame["distance"]) <= 1
    sightings.learn()
    assert list(sightings.frame()["distance"]) == list(frame["distance"]), "the same again"
    sightings.unlearn()
    assert not sightings.learned and sightings.frame()["distance"][0] == 0


def test_where_learning_does_not_help_the_note_says_so(file):
    season, species = foxes_between_others()
    sightings = Sightings(season, 0, "fox", file)
    before = list(sightings.frame("candidate")["event"])
    sightings.learn()
    counts = "0 confirmed, 0 rejected, 40 candidates by distance"
    assert sightings.note == f"{counts}. Nothing but the query was judged, so there is nothing to learn from"
    sightings.confirm([event for event in before[:6] if species[event] == "fox"])
    sightings.learn()
    assert not sightings.learned and ". Learning does not help yet: it would put confirmed events" in sightings.note
    assert list(sightings.frame("candidate")["event"]) == [e for e in before if sightings.status(e) == "candidate"]
    sightings.unlearn()
    assert "earn" not in sightings.note


def test_learning_from_confirmed_or_rejected_ones_alone(season, tmp_path):
    for name, judge in (("yes", lambda each: each.confirm([3, 6, 9])), ("no", lambda each: each.reject([1, 2, 4, 5]))):
        sightings = Sightings(season, 0, "fox", tmp_path / f"{name}.csv")
        judge(sightings)
        before = foxes(sightings.frame(), 10)
        sightings.learn()
        assert foxes(sightings.frame(), 10) > before


def test_learning_keeps_to_the_filters(season, file):
    sightings = Sightings(season, 0, "fox", file, other="sites")
    sightings.learn()
    assert set(sightings.frame("candidate")["site"][1:]) == {"south"}


def test_parts_are_learned_from(file):
    whole = season_of()
    parts = parts_of(range(0, 2 * COUNT, 2), whole.vectors[::2], photos=2 * COUNT)
    sightings = Sightings(season_of(parts=parts), 0, "fox", file)
    before = foxes(sightings.frame(), 10)
    sightings.confirm([0, 3, 6])
    sightings.reject([1, 2])
    sightings.learn()
    assert foxes(sightings.frame(), 10) > before and set(sightings.frame()["reference_label"]) == set(range(0, 60, 2))


def test_with_parts_the_best_one_of_each_event_is_told(file):
    season = season_of(parts=parts_of([2 * n for n in range(COUNT)], season_of().vectors[::2], photos=2 * COUNT))
    sightings = Sightings(season, 0, "fox", file, other="events")
    frame = sightings.frame()
    found = season.search(like=0, other="events", k=None)
    for side in ("left", "top", "right", "bottom"):
        assert list(frame[side])[1:] == list(found[side])
    assert list(frame["rank"]) == list(range(COUNT)) and frame["distance"][0] is None  # that of the query is no answer
    sightings.learn()
    assert None not in list(sightings.frame("candidate")["left"])
