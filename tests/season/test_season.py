import copy
import datetime
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.explorer.explorer import Explorer
from helpers.features.distance import Distance
from helpers.frames.columns import typed_frame, with_columns
from helpers.photos.events import add_events
from helpers.photos.load import load_photos
from helpers.season.searched_features import SearchedFeatures
from helpers.season.season import Season
from helpers.similarity.build import create, load_model
from tests.support.models import model_of
from tests.support.pictures import folder_of, picture

DAY = datetime.datetime(2026, 5, 1)


def at(hour, minute=0, second=0, day=0):
    return DAY + datetime.timedelta(days=day, hours=hour, minutes=minute, seconds=second)


#        photo: 0       1            2            3       4             5           6              7      8
TAKEN = [at(10), at(10, 0, 1), at(10, 0, 2), at(12), at(12, 0, 10), at(10, 10), at(23, 0, 5, 1), None, at(23, day=1)]
SITES = ["north"] * 6 + ["south"] * 3
CAMERAS = ["C1"] * 5 + ["C2"] + ["C1"] * 3
NIGHT = [0, 0, 0, 0, None, 0, 1, 0, 1]
PLACES = [0, 0.1, 5, 1, 1.2, 2, 3, 4, 2.5]
EVENTS = [0, 0, 0, 2, 2, 1, 3, 4, 3]  # in the order of time; what has no time comes last


def frame(**more):
    columns = {
        "taken": (datetime.datetime, TAKEN),
        "site": (str, SITES),
        "camera": (str, CAMERAS),
        "night": (int, NIGHT),
    }
    columns.update(more)
    return typed_frame((name, kind, values) for name, (kind, values) in columns.items())


@pytest.fixture
def season():
    data = frame()
    return Season(model_of(PLACES, data, names=[f"{site}/{n}.jpg" for n, site in enumerate(SITES)]))


def parts_of(rows, vectors, kinds=None, scores=None, boxes=None, photos=9):
    count = len(rows)
    kinds = ["animal"] * count if kinds is None else kinds
    people = [row for row, kind in zip(rows, kinds) if kind == "person"]
    return SimpleNamespace(
        rows=np.array(rows, np.int64),
        vectors=np.array(vectors, np.float32).reshape(count, -1 if count else 1),
        boxes=np.array([[0.1, 0.2, 0.3, 0.4]] * count if boxes is None else boxes, float),
        kinds=kinds,
        scores=np.array([0.9] * count if scores is None else scores, float),
        people=np.isin(np.arange(photos), people),
        feature_of=lambda source, box: np.full(np.shape(vectors)[1] if np.ndim(vectors) > 1 else 1, 0.4, np.float32),
    )


def found(season, *like, **asked):
    """The best photo of each event, in order."""
    return list(season.search(*like, **asked)["reference_label"])


def test_the_part_that_was_asked_with_is_remembered(season):
    boxes = [[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9], [0.3, 0.3, 0.4, 0.4]]
    parts = parts_of([0, 0, 5], [0, 1, 2], scores=[0.9, 0.8, 0.9], boxes=boxes)
    season = Season(season.model, season.data, parts=parts)
    assert season.asked(season.search(0))[0].box == tuple(boxes[0])
    assert season.asked(season.search(0, box=(0.5, 0.5, 0.8, 0.8)))[0].box == tuple(boxes[1])
    assert season.asked(season.search(3))[3].box is None, "it has no part"


# What a season is


def test_events_are_those_of_add_events(season):
    assert season.event_of_photo.tolist() == EVENTS == list(season.data["event"])
    assert [season.photos_of(event) for event in range(5)] == [[0, 1, 2], [5], [3, 4], [8, 6], [7]]
    assert season.event_of(8) == 3
    table = season.events
    assert table.column_names() == ["event", "site", "camera", "deployment", "start", "end", "photos", "first"]
    rows = list(table)
    assert [row["photos"] for row in rows] == [3, 1, 2, 2, 1] and [row["first"] for row in rows] == [0, 5, 3, 8, 7]
    assert (rows[3]["site"], rows[3]["start"], rows[3]["end"]) == ("south", at(23, day=1), at(23, 0, 5, 1))
    assert rows[4]["start"] is None and rows[0]["deployment"] is None
    assert repr(season) == "Season of 9 photos in 5 events"
    with pytest.raises(FrameError, match="no event 9"):
        season.photos_of(9)


def test_how_far_apart_events_are():
    data = frame()
    assert Season(model_of(PLACES, data), independent=2.5 * 3600).event_of_photo.tolist()[:6] == [0, 0, 0, 0, 0, 1]
    with pytest.raises(FrameError, match="is more than"):
        Season(model_of(PLACES, data), sequence=500, independent=100)


def test_events_of_ones_own_are_taken():
    season = Season(model_of([1, 2, 3], typed_frame([("event", int, [7, 5, 7])])))
    assert list(season.events["event"]) == [5, 7] and season.photos_of(7) == [0, 2]
    assert list(season.events["camera"]) == [None, None]
    with pytest.raises(FrameError, match="whole number for each photo"):
        Season(model_of([1, 2], typed_frame([("event", int, [7, None])])))


def test_what_a_frame_must_be():
    with pytest.raises(FrameError, match="has no frame"):
        Season(model_of(PLACES))
    with pytest.raises(FrameError, match="4 rows, and the model 9"):
        Season(model_of(PLACES), frame()[:4])
    season = Season(model_of([0, 1], bad=1, rows=[0, 2]), typed_frame([("event", int, [1, 2, 3])]))
    assert season.event_of_photo.tolist() == [1, 3], "of the whole frame, the rows that are in the model"
    assert found(season, 0, where=[1, 1, 0]) == [0], "of the frame that the model was made of"
    assert found(season, 0, where=[0, 1]) == [1], "of the season's own"


def test_it_is_its_model_in_all_else(season):
    assert season.labels is season.model.labels and season.metric == "euclidean" and season.regions is None
    assert copy.copy(season).names == season.names
    with pytest.raises(AttributeError):
        season.nonsense  # noqa: B018


# Searching


def test_one_photo_an_event_best_first(season):
    answer = season.search(like=0)
    assert answer.column_names() == ["query_label", "reference_label", "distance", "rank", "event", "photos"]
    assert [tuple(row.values())[1:] for row in answer] == [
        (0, 0.0, 1, 0, 3),
        (3, 1.0, 2, 2, 2),
        (5, 2.0, 3, 1, 1),
        (8, 2.5, 4, 3, 2),
        (7, 4.0, 5, 4, 1),
    ]
    assert found(season, 0, k=2) == [0, 3] and found(season, 0, k=None) == [0, 3, 5, 8, 7]
    assert season.asked(answer[1:3])[0][0] == "north/0.jpg", "so that it can be shown"


def test_per_photo(season):
    answer = season.search(like=0, per="photo", k=4)
    assert list(answer["reference_label"]) == [0, 1, 3, 4] and list(answer["event"]) == [0, 0, 2, 2]
    with pytest.raises(FrameError, match="event and photo"):
        season.search(like=0, per="day")


def test_other_events_and_other_sites(season):
    assert found(season, 0, other="events") == [3, 5, 8, 7]
    assert found(season, [0, 5], other="events") == [3, 8, 7]
    assert found(season, 0, unlike=6, other="events") == [3, 5, 7]
    assert found(season, 0, other="sites") == [8, 7]
    assert found(season, 6, other="sites") == [5, 4, 2]
    with pytest.raises(FrameError, match="events and sites"):
        season.search(like=0, other="cameras")


def test_other_sites_need_sites():
    data = frame(site=(str, ["north"] * 6 + [None] * 3))
    assert found(Season(model_of(PLACES, data)), 0, other="sites") == [], "which could be the same one"
    with pytest.raises(FrameError, match="layout="):
        Season(model_of(PLACES, frame(site=(str, [None] * 9)))).search(like=0, other="sites")


def test_what_counts(season):
    assert found(season, 0, night=True) == [8] and found(season, 0, night=False) == [0, 3, 5, 7]
    assert found(season, 0, where=season.data["camera"] == "C2") == [5]
    assert found(season, 0, hide=True)[0] == 1
    answer = season.search(like=0, where=[0, 1, 1, 1, 0, 0, 0, 0, 0])
    assert list(answer["photos"]) == [2, 1], "photos that do not count are not counted"
    for data in (season.data.remove_column("night"), with_columns(season.data, [("night", int, [None] * 9)])):
        with pytest.raises(FrameError, match=r"add_sun\(data, offset\).*where=data\['infrared'\]"):
            Season(season.model, data).search(like=0, night=True)
    assert len(season.search(like=0, where=[0] * 9)) == 0


def test_dates(season):
    assert found(season, 0, since="2026-05-02") == [8], "without a date it stays out"
    assert found(season, 0, until="2026-05-01") == found(season, 0, until=DAY.date()) == [0, 3, 5]
    assert found(season, 0, since="2026-05-01 10:10", until=at(12)) == [3, 5]
    assert found(season, 0, since="2026-05-02 23:00:05") == [6]
    for wrong in ("soon", "2026-13-01", 2026):
        with pytest.raises(FrameError, match=r"is (not )?a date"):
            season.search(like=0, since=wrong)


def test_people_can_be_hidden(season):
    data = season.data.add_column(tc.SArray([0, 0, 0, 1, None, 1, 0, 0, 0], dtype=int), "people")
    peopled = Season(season.model, data)
    assert found(peopled, 0) == [0, 4, 8, 7] and found(peopled, 0, hide_people=False) == [0, 3, 5, 8, 7]


def test_long_bursts_do_not_hide_other_events():
    """Nearer than the photos of the other events are 500 of the own one."""
    vectors = np.r_[np.linspace(0, 1, 500), np.arange(2, 14)]
    data = typed_frame([("event", int, [0] * 500 + list(range(1, 13)))])
    season = Season(model_of(vectors, data))
    assert found(season, 0, k=5) == [0, 500, 501, 502, 503]
    assert found(season, 0, k=None)[-1] == 511 and found(season, 0, k=3, other="events") == [500, 501, 502]


def test_the_other_metric():
    season = Season(model_of([[1, 0], [0, 1], [9, 1]], typed_frame([("event", int, [0, 1, 2])])))
    assert found(season, 0) == [0, 1, 2] and found(season, 0, metric="cosine") == [0, 2, 1]


def test_what_the_model_refuses_is_refused(season):
    for wrong, match in (((), "at least one photo"), (99, "not the label")):
        with pytest.raises(FrameError, match=match):
            season.search(like=wrong)
    for k in (0, 1.5, "all"):
        with pytest.raises(FrameError, match="k is a whole number"):
            season.search(like=0, k=k)
    with pytest.raises(FrameError, match="region="):
        season.search(like=0, box=(0, 0, 1, 1))


# Parts


def test_parts_are_searched_instead(season):
    parts = parts_of([0, 3, 3, 6, 8], [10, 50, 12, 30, 13], boxes=[[n / 10, 0.2, 1, 0.4] for n in range(5)])
    parted = Season(season.model, season.data, parts=parts)
    answer = parted.search(like=0, other="events")
    assert answer.column_names()[-4:] == ["left", "top", "right", "bottom"]
    assert list(answer["reference_label"]) == [3, 8], "those without parts do not come up"
    assert list(answer["distance"]) == [2, 3] and list(answer["left"]) == [0.2, 0.4]
    assert list(answer["photos"]) == [2, 2] and parted.note == ""
    assert "5 parts" in repr(parted)
    assert found(parted, 0, per="photo") == [0, 3, 8, 6]


def test_which_part_is_asked_with(season):
    boxes = [[0, 0, 0.5, 0.5], [0.4, 0.4, 1, 1], [0, 0, 0.2, 0.2], [0, 0, 1, 1]]
    parts = parts_of([0, 0, 0, 3], [1, 2, 3, 4], ["person", "animal", "animal", "animal"], [0.9, 0.5, 0.8, 1], boxes)
    parted = Season(season.model, season.data, parts=parts)
    assert parted.searched.part_of(0) == 2, "the animal of the highest score"
    assert (
        parted.searched.part_of(0, (0.5, 0.5, 0.9, 0.9)) == 1 and parted.searched.part_of(0, (0.9, 0, 1, 0.1)) is None
    )
    assert parted.searched.part_of(1) is None
    scores = [each["distance"] for each in parted.search(like=0, box=(0.4, 0.4, 1, 1), other="events")]
    assert scores == [2], "from 2 to 4"
    assert parted.search(like=3, hide_people=True)["reference_label"][0] == 3
    assert list(parted.search(like=3)["event"]) == [2], "the photo with a person stays out"
    assert list(parted.search(like=3, hide_people=False)["event"]) == [2, 0]


def test_parts_know_of_people_that_are_no_parts(season):
    parts = parts_of([0, 3, 6], [1, 2, 3])
    parts.people = np.arange(9) == 3
    parted = Season(season.model, season.data, parts=parts)
    assert found(parted, 0) == [0, 6] and found(parted, 0, hide_people=False) == [0, 3, 6]


def test_a_photo_with_many_parts_hides_no_other(season):
    parted = Season(season.model, season.data, parts=parts_of([0] * 40 + [3, 5], [0] * 40 + [1, 2]))
    assert found(parted, 0, k=3, per="photo") == [0, 3, 5]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_search_of_parts_is_exact(metric):
    random = np.random.default_rng(3)
    rows = np.sort(random.integers(0, 200, 700))
    vectors = np.abs(random.standard_normal((700, 48))).astype(np.float32)
    vectors[100:140] = vectors[50]  # equals
    vectors[7], vectors[9] = 0, 1e30
    searched = SearchedFeatures(model_of(np.zeros((200, 48)), metric=metric), parts_of(rows, vectors))
    distance = Distance(vectors, metric)
    for allowed in (np.ones(200, bool), random.random(200) < 0.3):
        for query in (vectors[50], vectors[7], vectors[300] + 0.1):
            every = distance.to(distance.points(query[None])[0])
            nearest = sorted((every[rows == row].min(), row) for row in np.unique(rows) if allowed[row])
            for k in (1, 3, 50, None):
                told = searched.nearest(query, k, np.arange(200), allowed, None)
                assert list(zip(told.distances.tolist(), told.rows.tolist())) == nearest[:k]


def test_without_a_part_the_whole_photo_is_asked_with(season):
    parted = Season(season.model, season.data, parts=parts_of([3, 6], [0.5, 9]))
    assert found(parted, 1) == [3, 6]
    assert "no part of it is known: north/1.jpg" in parted.note
    assert found(parted, [1, 3]) == [3, 6] and "north/3" not in parted.note
    empty = Season(season.model, season.data, parts=parts_of([], np.empty((0, 1))))
    assert found(empty, 1) == []


# A real network


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("photos") / "photos", count=8)


def test_a_photo_from_outside_has_no_event(photos, network, tmp_path):
    data, _ = load_photos(photos, progress=False)
    season = Season(create(data, model=network, verbose=False, store=False))
    assert len(season.events) == 8, "without a date each is its own"
    outside = tmp_path / "heron.png"
    picture(99).save(outside)
    answer = season.search(like=outside, other="events", k=None)
    assert len(answer) == 8 and answer["query_label"][0] == "heron.png"
    parted = Season(season.model, parts=parts_of([0, 1], season.vectors[:2], photos=8))
    parted.search(like=outside)
    assert "heron.png" in parted.note


def test_a_region_then_collapsed(photos, network):
    data, _ = load_photos(photos, progress=False)
    data = data.add_column(tc.SArray([0, 0, 0, 0, 1, 1, 2, 2], dtype=int), "event")
    model = create(data, model=network, verbose=False, store=False)
    season = Season(model)
    region = (2, (0.1, 0.1, 0.9, 0.9))
    every = list(model.search(region=region, k=None)["reference_label"])
    events = list(data["event"])
    best = [label for place, label in enumerate(every) if events[label] not in [events[each] for each in every[:place]]]
    assert found(season, region=region) == best and len(best) == 3
    assert found(season, region=region, other="events") == [label for label in best if events[label] != 0]
    parted = Season(model, parts=parts_of([0, 5], season.vectors[[0, 5]], photos=8))
    assert sorted(found(parted, region=region)) == [0, 5] and parted.note == ""


class Windows:
    """Regions whose answer is known: the photos in their order, each with a box that names it."""

    def search(self, source, box, k, allowed):
        rows = np.flatnonzero(allowed)[:k]
        return rows, rows / 10, np.stack([rows / 100, rows * 0, rows * 0 + 1, rows * 0 + 1], axis=1)


def test_a_region_of_a_model_with_regions(network, tmp_path_factory):
    folder = folder_of(tmp_path_factory.mktemp("many") / "photos", count=30)
    data, _ = load_photos(folder, progress=False)
    data = data.add_column(tc.SArray([0] * 22 + [1, 2, 2, 2, 2, 3, 3, 3], dtype=int), "event")
    model = create(data, model=network, verbose=False, store=False)
    model.regions = Windows()
    season = Season(model)
    region = (0, (0.1, 0.1, 0.9, 0.9))
    answer = season.search(region=region, k=3)
    assert list(answer["reference_label"]) == [0, 22, 23] and list(answer["left"]) == [0, 0.22, 0.23]
    assert (
        found(season, region=region, k=None) == [0, 22, 23, 27] and found(season, region=region, where=[0] * 30) == []
    )


def test_a_model_from_disk(photos, network, tmp_path):
    data, _ = load_photos(photos, progress=False)
    model = create(data, model=network, verbose=False, store=False)
    model.save(tmp_path / "photos.model")
    loaded = load_model(tmp_path / "photos.model")
    with pytest.raises(FrameError, match="give the one it was made of"):
        Season(loaded)
    assert found(Season(loaded, data), 3, other="events") == found(Season(model), 3, other="events")


def test_the_explorer_takes_a_season(photos, network, tmp_path):
    data, _ = load_photos(photos, progress=False)
    data = add_events(data.remove_column("taken").add_column(tc.SArray([at(n % 2) for n in range(8)]), "taken"))
    season = Season(create(data, model=network, verbose=False, store=False))
    explorer = Explorer(season, labels=tmp_path / "labels.csv")
    explorer.hide = False
    explorer.ask(0)
    assert len(explorer.found) == len(season.events) and "event" in explorer.found.column_names()
    explorer.column, explorer.value = "event", "0"
    assert {season.event_of(label) for label in explorer.found["reference_label"]} == {0}
