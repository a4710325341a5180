"""Judging sightings in the explorer, without a page."""

import datetime

import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers.errors import FrameError
from helpers.explorer.explorer import Explorer
from helpers.photos.load import load_photos
from helpers.season.season import Season
from helpers.season.sightings import Sightings
from helpers.similarity.build import create
from tests.explorer.test_explorer import hear, shown
from tests.support.pictures import tiny_network

NOON = datetime.datetime(2026, 5, 1, 12)


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    """Five visits of three photos each, an hour apart; in the first, third and fifth there is something red."""
    folder = tmp_path_factory.mktemp("card") / "C1"
    folder.mkdir()
    for visit in range(5):
        for number in range(3):
            photo = Image.new("RGB", (48, 48), (40, 90 + visit, 40))
            if visit % 2 == 0:
                ImageDraw.Draw(photo).rectangle((4 + 8 * number, 8, 24 + 8 * number, 30), fill=(220, 40, 30))
            exif = Image.Exif()
            taken = NOON + datetime.timedelta(hours=visit, seconds=number)
            exif[0x8769] = {0x9003: taken.strftime("%Y:%m:%d %H:%M:%S")}
            photo.save(folder / f"IMG_{visit}{number}.jpg", exif=exif)
    data, _ = load_photos(folder.parent, layout="{camera}", progress=False)
    return Season(create(data, model=tiny_network(folder.parent / "tiny.onnx"), verbose=False))


@pytest.fixture
def sightings(season, tmp_path):
    return Sightings(season, like=0, species="red thing", file=tmp_path / "sightings.csv", other="events")


@pytest.fixture
def explorer(season, sightings, tmp_path):
    explorer = Explorer(season, labels=tmp_path / "labels.csv", sightings=sightings)
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    return explorer


def judging(explorer):
    return explorer._state["judging"]


def test_the_page_begins_with_the_candidates_one_photo_an_event(explorer, season, sightings):
    rows = shown(explorer)
    assert len({int(season.event_of_photo[row]) for row in rows}) == len(rows) == 5
    assert rows[0] == 0, "the query itself, which nobody has confirmed yet"
    assert {int(season.event_of_photo[row]) for row in rows[1:3]} == {2, 4}
    assert judging(explorer)["species"] == "red thing"
    assert judging(explorer)["confirmed"] == []
    assert explorer._state["about"][str(rows[1])]["photos"] == 3
    assert list(explorer.found["event"]) == list(sightings.frame()["event"])


def test_yes_no_and_back_again(explorer, sightings):
    first, second = shown(explorer)[:2]
    before = shown(explorer)
    hear(explorer, "judge", photos=[first], yes=True)
    hear(explorer, "judge", photos=[second], yes=False)
    assert first in judging(explorer)["confirmed"] and second in judging(explorer)["rejected"]
    assert len(judging(explorer)["confirmed"]) == 3  # the whole event
    assert shown(explorer) == before  # nothing moves under the fingers
    hear(explorer, "unjudge")
    assert judging(explorer)["rejected"] == []
    hear(explorer, "judge", photos=[first, second], yes=None)
    assert judging(explorer)["confirmed"] == []
    assert sightings.frame()["status"][0] == "candidate"


def test_a_judgement_that_changes_nothing_is_none(explorer, sightings):
    first = shown(explorer)[0]
    explorer.judge(first, True)
    count = sightings.changed
    explorer.judge([first, first], True)
    assert sightings.changed == count
    hear(explorer, "unjudge")
    hear(explorer, "unjudge")
    assert explorer._state["message"] == "There is no judgement to undo."


def test_what_is_judged_elsewhere_shows_on_the_page(explorer, sightings):
    sightings.reject([1, 3])
    assert judging(explorer)["rejected"] == [3, 4, 5, 9, 10, 11]
    assert judging(explorer)["note"] == sightings.note


def test_rank_again(explorer, sightings):
    sightings.confirm(2)
    sightings.reject(1)
    hear(explorer, "rank")
    assert sightings.learned
    assert shown(explorer) == list(sightings.frame()["reference_label"])
    assert explorer._state["question"]["kind"] == "sightings"


def test_all_photos_of_an_event_and_back(explorer, season):
    row = shown(explorer)[1]
    hear(explorer, "event", photo=row)
    assert [season.model.labels[each] for each in shown(explorer)] == season.photos_of(season.event_of(row))
    assert explorer.chosen is None and explorer.found is None
    assert explorer._state["heading"].startswith("Event of IMG_") and explorer._state["heading"].endswith(": 3 photos")
    hear(explorer, "judge", photos=[shown(explorer)[2]], yes=True)
    hear(explorer, "move", steps=-1)
    assert row in judging(explorer)["confirmed"]
    assert len(shown(explorer)) == 5


def test_filters_and_questions_go_on(explorer):
    explorer.show_event(0)
    explorer.name = "IMG_01"
    assert shown(explorer) == [1]
    explorer.name = ""
    explorer.mark(4)
    assert explorer._state["question"]["like"] == (4,)
    assert sorted(explorer.found["event"]) == [0, 2, 3, 4]  # what was asked with is hidden: its event
    hear(explorer, "sightings")
    assert len(shown(explorer)) == 5


def test_the_card_of_a_saved_notebook_has_ranks_until_something_is_asked(explorer):
    def captions():
        return [photo.caption for photo in explorer._card().rows[-1].photos]

    assert explorer._card().title.startswith("Candidates for red thing") and not explorer._card().rows[0].heading
    assert captions() == ["asked with", "rank 1", "rank 2", "rank 3", "rank 4"], "and no distances from a query"
    explorer.browse()
    assert captions() == [""] * 15
    explorer.ask(0)
    assert explorer._card().rows[0].heading == "Query" and all(
        caption.startswith("distance ") for caption in captions()
    )


def test_without_sightings_there_is_nothing_to_judge(season, tmp_path):
    explorer = Explorer(season, labels=tmp_path / "labels.csv")
    assert judging(explorer) is None and explorer._state["events"]
    with pytest.raises(FrameError, match="sightings="):
        explorer.judge(0, True)
    explorer.send = lambda content, buffers=None: None
    hear_said = explorer._heard(explorer, {"do": "sightings", "number": "1"}, [])
    assert hear_said is None and "sightings=" in explorer._state["message"]


def test_visitors_judge_nothing(season, sightings, tmp_path):
    explorer = Explorer(season, labels=tmp_path / "labels.csv", sightings=sightings, keep=False)
    explorer.told = []
    explorer.send = lambda content, buffers=None: explorer.told.append((content, buffers))
    hear(explorer, "judge", photos=[6], yes=True)
    assert explorer._state["message"] == "nothing is kept here"
    assert sightings.confirmed == []


def test_an_export_says_that_people_are_not_filtered(explorer, tmp_path):
    explorer.selected = [0, 1]
    explorer.export(tmp_path / "list.csv")
    assert explorer._state["message"].endswith(
        "list.csv; people are not filtered: no detector is known to have looked for them in these photos."
    )


def test_sightings_of_another_season(season, sightings):
    with pytest.raises(FrameError, match="another season"):
        Explorer(season.model, sightings=sightings)


def test_a_model_without_events(season, tmp_path):
    explorer = Explorer(season.model, labels=tmp_path / "labels.csv")
    assert not explorer._state["events"]
    with pytest.raises(FrameError, match="Season"):
        explorer.show_event(0)


def test_people_are_not_shown_unless_asked_for(season, sightings, tmp_path, monkeypatch):
    people = np.zeros(15, bool)
    people[[1, 3, 4, 5]] = True  # a photo of the first event, and all of the second
    monkeypatch.setattr(type(season), "people", property(lambda season: people))
    explorer = Explorer(season, labels=tmp_path / "labels.csv", sightings=sightings)
    explorer.browse()
    assert shown(explorer) == [0, 2, *range(6, 15)]
    assert explorer._state["hidden"] == 4
    explorer.show_event(0)
    assert shown(explorer) == [0, 2]
    explorer.people = True
    assert shown(explorer) == [0, 1, 2] and explorer._state["hidden"] == 0
    explorer.ask(7)
    assert 1 in list(explorer.found["event"])
    explorer.people = False
    assert 1 not in list(explorer.found["event"])


def test_judged_events_can_be_hidden(explorer, season, sightings):
    everything = shown(explorer)
    explorer.judge([everything[1]], True)
    explorer.hide_judged = True
    assert everything[1] not in shown(explorer) and len(shown(explorer)) == len(everything) - 1
    assert explorer._state["heading"] == "Candidates for red thing: 4 events"
    explorer.browse()
    assert len(shown(explorer)) == 12
    explorer.hide_judged = False
    assert len(shown(explorer)) == 15


def test_what_was_unjudged_is_said(explorer):
    hear(explorer, "judge", photos=[shown(explorer)[1]], yes=True)
    hear(explorer, "unjudge")
    assert explorer._state["message"] == "Undone: the last judgement."
    hear(explorer, "unjudge")
    assert explorer._state["message"] == "There is no judgement to undo."
