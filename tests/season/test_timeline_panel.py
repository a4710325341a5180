"""The panel of figures that follows the judgements, by its traits."""

import base64
import io
import re
from html import unescape

import pytest
import traitlets
from PIL import Image

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.season.timeline.panel import VIEWS, TimelinePanel
from tests.support.pictures import folder_of
from tests.support.sightings import HOSTILE, WHEN, Judged, deployments, season_of, sightings

ROWS = [("confirmed", WHEN(2026, 5, 1, 21), HOSTILE), ("candidate", WHEN(2026, 5, 3, 22), "mill")]


def shown(panel):
    """The picture on show, and its alternative text."""
    found = re.fullmatch(
        r'<img style="[^"<>]*" alt="([^"<>]*)" src="data:image/png;base64,([^"<>]*)">', panel.picture.value
    )
    assert found, "markup that is not ours"
    return Image.open(io.BytesIO(base64.b64decode(found[2]))), unescape(found[1])


@pytest.fixture
def judged(tmp_path):
    folder = folder_of(tmp_path / "photos", count=2)
    return Judged(sightings(*ROWS), season_of([(name, str(folder / name)) for name in ("0.jpg", "odd/1.jpg")]), HOSTILE)


def test_each_view_has_its_picture_and_its_words(judged):
    panel = TimelinePanel(judged)
    seen = {}
    for view in VIEWS:
        panel.view = view
        picture, words = shown(panel)
        assert panel.buttons.value == view and words == panel.description
        assert "1 confirmed, 0 rejected, 1 candidate" in words and panel.status.value.endswith("1 candidate")
        seen[view] = picture.tobytes(), words
    assert len(set(seen.values())) == 4
    assert "peak 21:00" in seen["hours"][1] and "2026-05-01" in seen["dates"][1] and HOSTILE in seen["sites"][1]
    assert "from 2026-05-01 to 2026-05-01" in seen["photos"][1]


def test_it_follows_the_judgements(judged):
    panel = TimelinePanel(judged, view="dates")
    before = panel.picture.value
    judged.given = sightings(*ROWS[:1], ("confirmed", *ROWS[1][1:]))
    assert panel.picture.value == before
    judged.changed += 1
    assert panel.picture.value != before and "2 confirmed, 0 rejected, 0 candidates" in panel.status.value
    assert len(panel.frame) == 2
    panel.close()
    closed = panel.description
    judged.given = sightings()
    judged.changed += 1
    assert panel.description == closed


def test_the_buttons_choose(judged):
    panel = TimelinePanel(judged)
    panel.buttons.value = "sites"
    assert panel.view == "sites" and "by site" in panel.description
    with pytest.raises(traitlets.TraitError):
        panel.view = "weather"


def test_nothing_seen_yet(judged):
    judged.given = sightings()
    panel = TimelinePanel(judged, deployments(("mill", WHEN(2026, 5, 1), WHEN(2026, 5, 9), 51.0, 4.0)))
    for view in VIEWS:
        panel.view = view
        assert "0 confirmed" in shown(panel)[1]


def test_without_a_season_there_are_no_photos(judged):
    judged.season = None
    assert [name for _, name in TimelinePanel(judged).buttons.options] == ["hours", "dates", "sites"]


def test_the_night_is_that_of_the_season(judged):
    bare = TimelinePanel(judged).picture.value
    judged.season.data = typed_frame([("taken", WHEN, [WHEN(2026, 5, 1, 22)]), ("infrared", int, [1])])
    assert TimelinePanel(judged).picture.value != bare


def test_what_is_no_width(judged):
    with pytest.raises(FrameError, match="inches"):
        TimelinePanel(judged, width=1)


def test_what_cannot_be_drawn_is_said(judged):
    judged.given = sightings(*ROWS, ("confirmed", WHEN(1500, 1, 1), HOSTILE))
    panel = TimelinePanel(judged)
    drawn = panel.figure
    panel.view = "dates"
    assert panel.figure is None and drawn is not None and "too many for a row each month" in panel.description
    assert "<img" not in panel.picture.value and unescape(panel.picture.value) == f"<p>{panel.description}</p>"
    assert "2 confirmed" in panel.status.value
    panel.view = "sites"
    assert panel.figure is not None and shown(panel)[1] == panel.description
    judged.changed += 1
    assert panel.figure is not None


def test_the_deployments_are_read_once(judged, tmp_path):
    file = tmp_path / "<b>deployments.csv"
    with pytest.raises(FrameError, match="cannot be read"):
        TimelinePanel(judged, file)
    file.write_text("deployment,site,start,end\nmill,mill,2026-05-01,2026-05-09\n", encoding="utf-8")
    panel = TimelinePanel(judged, file)
    file.unlink()
    for view in VIEWS:
        panel.view = view
        assert panel.figure is not None


def test_how_many_candidates_there_are_beside_those_shown(judged):
    judged.candidates = list(range(19_986))
    assert "1 of 19,986 candidates" in TimelinePanel(judged).status.value
