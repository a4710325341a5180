"""Rates leave out the days on which a camera did not work, and what it photographed on them."""

import pytest

from helpers.photos.deployments import deployments_of, read_deployments
from helpers.season.sighting import sightings_of
from helpers.season.timeline.dates_figure import show_dates
from helpers.season.timeline.effort import during, outside
from helpers.season.timeline.tables import by_date, by_site
from tests.season.test_timeline_figures import written
from tests.support.sightings import WHEN, sightings

TABLE = (
    "Station,Setup_date,Retrieval_date,Problem1_from,Problem1_to,utm_x\n"
    "ford,01/05/2026,10/05/2026,04/05/2026,05/05/2026,7\nmill,01/05/2026,31/05/2026,,,7\n"
)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "stations.csv").write_text(TABLE)
    return tmp_path / "stations.csv"


@pytest.fixture
def seen():
    return sightings(*(("confirmed", WHEN(2026, 5, day, 21), "ford") for day in (3, 4, 6, 20)))


def test_camera_days_and_rates(file, seen):
    """At the ford 10 days less 2, and of its four sightings those of the 3rd and the 6th."""
    ford = next(row for row in by_site(seen, file) if row["site"] == "ford")
    assert (ford["camera_days"], ford["confirmed"]) == (8, 4)
    assert ford["confirmed_rate"] == pytest.approx(100 * 2 / 8)
    days = {row["start"].day: row["camera_days"] for row in by_date(seen, read_deployments(file), "day")}
    assert [days[day] for day in (3, 4, 5, 6, 11)] == [2, 1, 1, 2, 1]


def test_the_reason_is_given(file, seen):
    every = sightings_of(seen)
    assert [sighting.start.day for sighting in during(every, deployments_of(file))] == [3, 6]
    assert outside(every, deployments_of(file)) == {
        "while their camera had a problem": 1,
        "beyond the dates of their deployment": 1,
    }


def test_a_figure_reads_the_table_once(file, seen, capsys):
    text = written(show_dates(seen, file))
    assert "1 while their camera had a problem" in text
    assert capsys.readouterr().out == "stations.csv: columns that are not read: utm_x (utm= reads them)\n"
