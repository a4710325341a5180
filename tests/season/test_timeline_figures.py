"""The tables of when and where, and the figures of them."""

import datetime
import io

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from helpers import tc
from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.images.boxes import SIDES
from helpers.season import activity_overlap
from helpers.season.timeline import style
from helpers.season.timeline.activity import activity
from helpers.season.timeline.activity_figure import show_activity
from helpers.season.timeline.dates_figure import show_dates
from helpers.season.timeline.photo_strip import show_strip
from helpers.season.timeline.site_map import projected, show_sites
from helpers.season.timeline.tables import activity_of, by_date, by_site
from tests.support.pace import steps
from tests.support.pictures import animal_in_a_forest, folder_of, share_of_animal
from tests.support.sightings import HOSTILE, WHEN, Judged, deployments, season_of, sightings

MAY = WHEN(2026, 5, 4)  # a Monday
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
PLACES = ("ford", "mill", "ridge")


def at(day, hour=21, minute=0):
    return MAY + day * DAY + datetime.timedelta(hours=hour, minutes=minute)


@pytest.fixture
def seen():
    return sightings(
        ("confirmed", at(0), "ford"),
        ("confirmed", at(1, 22, 30), "ford"),
        ("confirmed", at(9, 1), "mill"),
        ("candidate", at(1, 23), "mill"),
        ("candidate", None, None),
        ("rejected", at(3), "ford"),
    )


@pytest.fixture
def placed():
    return deployments(
        ("ford", MAY, MAY + 5 * DAY, 51.21, 4.40),
        ("mill", MAY + DAY, MAY + 3 * DAY, 51.23, 4.47),
        ("ridge", MAY + 8 * DAY, MAY + 10 * DAY, 51.27, 4.41),
        (HOSTILE, None, None, None, None),
    )


def size(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure")
    return Image.open(buffer).size


def written(figure):
    """All text of a figure."""
    figure.draw_without_rendering()
    return " | ".join(each.get_text() for each in figure.findobj(lambda one: hasattr(one, "get_text")))


# Tables


def test_by_hour_of_day(seen):
    assert activity_of(seen).observations == 3 and activity_of(seen, "candidate").observations == 1
    with pytest.raises(FrameError, match="rejected"):
        activity_of(seen, "rejected")


def test_by_date_without_effort(seen):
    table = by_date(Judged(seen))
    assert len(table) == 10 and table[0]["start"] == MAY and set(table["days"]) == {1}
    assert [row["confirmed"] for row in table] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert [row["candidates"] for row in table][:2] == [0, 1]
    assert set(table["camera_days"]) == set(table["confirmed_rate"]) == {None}


def test_by_date_with_effort(seen, placed):
    table = by_date(seen, placed)
    assert [row["camera_days"] for row in table] == [1, 2, 2, 1, 1, 0, 0, 0, 1, 1]
    rates = [row["confirmed_rate"] for row in table]
    # Of the mill's second event nobody knows the effort, while the ridge's camera was out.
    assert rates == [100, 50, 0, 0, 0, None, None, None, 0, None]
    assert table[9]["confirmed"] == 1 and table[1]["candidate_rate"] == 50


def test_weeks_begin_on_mondays_and_months_on_the_first(seen, placed):
    later = sightings(("confirmed", at(2), "ford"), ("candidate", at(100), "ford"))
    table = by_date(later, placed)
    assert table[0]["start"] == MAY and set(table["days"]) == {7} and len(table) == 15
    assert [row["camera_days"] for row in table][:3] == [7, 2, 0]
    months = by_date(later, placed, step="month")
    assert list(months["days"]) == [31, 30, 31, 31] and months[0]["start"] == WHEN(2026, 5, 1)
    assert list(months["camera_days"]) == [9, 0, 0, 0]
    assert len(by_date(later[:0])) == 0 and len(by_date(later, step="day")) == 99


def test_what_is_no_table(seen):
    with pytest.raises(FrameError, match="step='year' is not known"):
        by_date(seen, step="year")
    with pytest.raises(FrameError, match="no column status"):
        by_date(typed_frame([("event", int, [1]), ("start", WHEN, [MAY])]))
    with pytest.raises(FrameError, match="not list"):
        by_site([1, 2])
    with pytest.raises(FrameError, match="status 'maybe' is not known"):
        by_site(sightings(("maybe", MAY, "ford")))
    with pytest.raises(FrameError, match="wrong"):
        by_date(sightings(("confirmed", MAY, "ford"), ("confirmed", WHEN(2012, 1, 1), "ford")), step="day")
    far = sightings(("confirmed", MAY, "ford"), ("confirmed", WHEN(1500, 1, 1), "ford"))
    for step in ("day", None):
        with pytest.raises(FrameError) as told:
            by_date(far, step=step)
        assert ("step='month'" in str(told.value)) == (step == "day")


def test_by_site(seen, placed):
    table = by_site(seen, placed)
    assert list(table["site"]) == ["ford", "mill", None, HOSTILE, "ridge"]
    ford, mill, nowhere, hostile, ridge = table
    assert (ford["confirmed"], ford["camera_days"], ford["confirmed_rate"]) == (2, 5, 40)
    assert (mill["confirmed"], mill["candidates"], mill["confirmed_rate"], mill["candidate_rate"]) == (1, 1, None, 50)
    assert (nowhere["candidates"], nowhere["camera_days"], nowhere["latitude"], nowhere["first"]) == (1, None) + (
        None,
    ) * 2
    assert (hostile["confirmed"], hostile["confirmed_rate"]) == (0, None)
    assert (ridge["confirmed_rate"], ridge["latitude"], ridge["last"]) == (0, 51.27, None)
    assert (ford["first"], ford["last"]) == (at(0), at(1, 22, 30))
    assert list(by_site(seen)["site"]) == ["ford", "mill", None]


def test_what_no_deployment_says_is_no_rate(placed):
    seen = sightings(
        ("confirmed", at(0), "ford", {"deployment": "ford/A"}),
        ("candidate", at(1), "mill"),
        ("candidate", at(8, 3), "ridge", {"deployment": HOSTILE}),
        ("candidate", at(40), "ridge"),
    )
    ford, mill, ridge = (next(row for row in by_site(seen, placed) if row["site"] == name) for name in PLACES)
    assert (ford["confirmed"], ford["camera_days"], ford["confirmed_rate"], ford["candidate_rate"]) == (1, 5, None, 0)
    assert (mill["confirmed_rate"], mill["candidate_rate"]) == (0, 50)
    assert ridge["candidate_rate"] is None and ridge["confirmed_rate"] == 0
    dates = by_date(seen, placed, "day")
    assert dates[0]["confirmed_rate"] is None and dates[0]["candidate_rate"] == 0
    words = " ".join(written(show_dates(seen, placed)).split())
    assert (
        "1 whose deployment is not in the table; 1 whose deployment has no dates; 1 beyond the dates of their" in words
    )
    assert written(show_sites(seen, placed)).count("effort not known") == 3  # with the site without dates


def test_candidates_are_the_first_ones(seen, placed):
    many = sightings(*[("candidate", at(day), "ford") for day in range(30)])
    for figure in (show_activity(many, width=3.5), show_dates(many, placed), show_sites(many)):
        assert "first 30 candidates" in written(figure)


def test_many_sites_are_grouped_once():
    def seen(sites):
        return sightings(*[("confirmed", at(day % 30), f"site {day % sites}") for day in range(30 * sites)])

    few, many = seen(40), seen(320)
    table = by_site(many)
    assert len(table) == 320 and set(table["confirmed"]) == {30}
    # Eight times the sites and the sightings: it would be 64, were all sightings gone through for each site.
    assert steps(lambda: by_site(many)) < 24 * steps(lambda: by_site(few))


def test_even_times_have_no_peak():
    even = sightings(*[("confirmed", at(0, hour, 30), "ford") for hour in range(24)])
    for circle in (False, True):
        figure = show_activity(even, circle=circle)
        assert "No peak: about as even round the clock as by chance (24 confirmed events)" in written(figure)


def test_a_site_across_the_date_line():
    table = by_site(sightings(), deployments(("ford", None, None, 10.0, 179.5), ("ford2", None, None, 10.0, 1.0)))
    assert set(table["longitude"]) == {179.5, 1.0}
    both = typed_frame([("deployment", str, ["a", "b"]), ("site", str, ["ford"] * 2)])
    assert len(by_site(sightings(), both)) == 1
    km = projected([0, 0], [179.9, -179.9])
    assert km[1, 0] - km[0, 0] == pytest.approx(22.24, abs=0.05)


def test_the_map_is_to_scale():
    # Between 60 and 60.1 degrees north are 11.12 km, between 10 and 10.1 degrees east half as many.
    (west, south), (east, north) = projected([60, 60.1], [10, 10.1])
    assert north - south == pytest.approx(11.12, abs=0.02) and east - west == pytest.approx(5.55, abs=0.02)


# Figures


@pytest.mark.parametrize("width", [3.5, 7, 12])
@pytest.mark.once("figures are laid out by us and drawn by Matplotlib; one of each kind is in both", but=["7"])
def test_figures_are_as_wide_as_they_are_told(seen, placed, width):
    for figure in (
        show_activity(seen, width=width),
        show_activity(seen, circle=True, width=width),
        show_dates(seen, placed, width=width),
        show_sites(seen, placed, width=width),
    ):
        assert size(figure)[0] == round(width * 100)


@pytest.mark.parametrize("width", [3, 21, "7", True])
def test_no_figure_is_so_wide(seen, width):
    for show in (show_activity, show_dates, show_sites):
        with pytest.raises(FrameError, match=r"3\.5 to 20 inches"):
            show(seen, width=width)


def test_activity(seen):
    figure = show_activity(seen)
    assert "confirmed events: too few to rely on" in written(figure)
    assert figure.axes[0].get_xlim() == (12, 36)  # a species of the night
    noon = sightings(*[("confirmed", at(day, 11, day), HOSTILE) for day in range(12)])
    figure = show_activity(noon)
    assert figure.axes[0].get_xlim() == (0, 24) and "Peak 11:0" in written(figure)
    assert "no sighting has a time" in written(show_activity(seen[:0]))


def shaded(figure):
    """From which hour, and how many hours, the night is; the darkest part of it."""
    bars = [patch for patch in figure.axes[0].patches if patch.get_zorder() == 0]
    darkest = max((bar.get_facecolor()[3] for bar in bars), default=0)
    dark = [bar for bar in bars if bar.get_facecolor()[3] == darkest]
    return sorted((round(bar.get_x() % 24, 2), round(bar.get_width(), 2)) for bar in dark)


def by_sun(days, rises, sets, **more):
    """The frame of a season with an event a day, sunrise, sunset, and infrared photos by day."""
    columns = {
        "event": (int, list(range(len(days)))),
        "taken": (WHEN, days),
        "infrared": (int, [1] * len(days)),
        "sunrise": (WHEN, [None if rises is None else WHEN(2026, 5, 4) + rises for _ in days]),
        "sunset": (WHEN, [None if sets is None else WHEN(2026, 5, 4) + sets for _ in days]),
        **more,
    }
    return typed_frame((name, kind, values) for name, (kind, values) in columns.items())


def test_the_night_is_shaded_by_the_sun(seen):
    """And not where photos are infrared, which in a dark wood they are at noon."""
    data = by_sun([at(0, hour) for hour in range(8, 20)], HOUR * 6, HOUR * 18.5)
    figure = show_activity(seen, data)
    assert shaded(figure) == [(18.5, 11.5)] and "night: the sun is down" in written(figure)
    london = by_sun([at(0, 12)], HOUR * 18, HOUR * 6)  # the clock of another continent
    assert shaded(show_activity(seen, london)) == [(6.0, 6.0), (12.0, 6.0)]  # the axis begins at noon


def test_of_days_that_differ_night_is_lighter(seen):
    summer, winter = by_sun([at(0, 12)], HOUR * 4, HOUR * 21), by_sun([at(9, 12)], HOUR * 8, HOUR * 17)
    figure = show_activity(seen, summer.append(winter))

    bars = [patch for patch in figure.axes[0].patches if patch.get_zorder() == 0]
    assert {round(float(bar.get_facecolor()[3]), 2) for bar in bars} == {0.15, 0.3}


def test_by_sun_time(seen):
    hours = [18.2, 19.0, 2.0, 20.0, None, 12.0]
    data = by_sun([at(0)] * 6, HOUR * 6, HOUR * 18, sun_time=(float, hours))
    figure = show_activity(seen, data, time="sun")
    words = " ".join(written(figure).split())
    assert "sunrise" in words and "sunset" in words and "by sun time" in words and "3 confirmed events" in words
    assert shaded(figure) == [(18.0, 12.0)]
    assert activity_of(seen, "confirmed", data, "sun").observations == 3
    assert activity_of(seen, "confirmed", data, "sun").mean == pytest.approx(activity([18.2, 19.0, 2.0]).mean)
    with pytest.raises(FrameError, match="time='sun' needs the season"):
        show_activity(seen, time="sun")
    with pytest.raises(FrameError, match="no column 'sun_time'"):
        show_activity(seen, by_sun([at(0)] * 6, None, None), time="sun")
    with pytest.raises(FrameError, match="no sun time is known"):
        show_activity(seen, by_sun([at(0)] * 6, None, None, sun_time=(float, [None] * 6)), time="sun")
    with pytest.raises(FrameError, match="not of this season"):
        show_activity(seen, by_sun([at(0)], None, None, sun_time=(float, [3.0])), time="sun")


def test_sun_time_is_that_of_the_first_photo_of_an_event():
    one = sightings(("confirmed", at(0), "ford"))
    data = by_sun([at(0, 22), at(0, 21)], None, None, event=(int, [0, 0]), sun_time=(float, [20.0, 19.0]))
    assert activity_of(one, "confirmed", data, "sun").mean == pytest.approx(19)


def test_two_species_with_their_overlap():
    foxes, hares = (
        sightings(
            *[("confirmed", at(day, hour, 5 * day % 60), "ford") for day in range(12)], ("candidate", at(0, 3), "ford")
        )
        for hour in (21, 22)
    )
    for circle in (False, True):
        figure = show_activity(Judged(foxes, species="fox"), other=Judged(hares, species="hare"), circle=circle)
        words = written(figure)
        assert " ".join(words.split()).count(f"Overlap Δ4 {overlap_of(foxes, hares):.2f}, 95 % interval") == 1
        assert (
            "12 and 12 confirmed events" in words and "fox" in words and "hare" in words and "candidates" not in words
        )
    assert "no overlap is known" in written(show_activity(foxes, other=hares[:0])).replace("No overlap", "no overlap")
    assert "first" in written(show_activity(foxes, other=hares))


def overlap_of(one, other):
    return activity_overlap(one, other).delta4


def test_the_night_is_shaded_where_photos_are_infrared(seen):
    hours = [at(0, hour, 10) for hour in range(24)]
    nights = [None if when.hour == 3 else int(when.hour < 5 or when.hour > 20) for when in hours]
    data = typed_frame([("taken", WHEN, hours), ("infrared", int, nights)])

    # A photo an hour; of the time between two infrared ones nothing else is known, and so it is of that of 3 o'clock.
    assert shaded(show_activity(seen, data)) == [(21.0, 7.5)]
    alone = typed_frame([("taken", WHEN, [at(0, 2), at(0, 8)]), ("infrared", int, [1, 1])])
    assert shaded(show_activity(seen, alone)) == [(2.0, 0.5), (8.0, 0.5)]
    unlit = by_sun([at(0, hour, 10) for hour in (21, 22)], None, None)  # add_sun found no coordinates
    assert shaded(show_activity(seen, unlit)) == [(21.0, 1.5)]
    assert "infrared photos; the sun is not known" in written(show_activity(seen, unlit))
    undated = typed_frame([("taken", WHEN, [None]), ("infrared", int, [0])])
    assert shaded(show_activity(seen, undated)) == shaded(show_activity(seen)) == []
    with pytest.raises(FrameError, match="neither sunrise nor infrared"):
        show_activity(seen, typed_frame([("taken", WHEN, hours)]))
    with pytest.raises(FrameError, match="give the season"):
        show_activity(seen, [])


def test_dates_with_effort_say_what_they_leave_out(seen, placed):
    figure = show_dates(seen, placed)
    words = written(figure)
    assert "3 confirmed, 1 candidates, by day" in words and "no camera out" in words
    assert "1 without a date; 1 beyond the dates of their deployment" in words
    assert len(figure.axes) == 2 and len(show_dates(seen).axes) == 1
    assert "camera-days" not in written(show_dates(seen))
    assert "no sighting has a date" in written(show_dates(seen[4:5]))


def test_dates_without_a_bar_say_so(seen, placed):
    assert "no sighting" in written(show_dates(seen[:0], placed))
    assert "no sighting with a date and a known effort" in written(show_dates(seen[4:5], placed))
    assert "no sighting" not in written(show_dates(seen, placed))


def test_sites_with_a_map(seen, placed):
    figure = show_sites(seen, placed)
    words = written(figure)
    assert len(figure.axes) == 2 and " km" in words and "2 without coordinates" in words and "no site" in words
    assert len(show_sites(seen).axes) == 1 and "no sighting" in written(show_sites(seen[:0]))
    one = deployments(("ford", None, None, 51.0, 4.0))
    assert " m" in written(show_sites(seen, one)) or " km" in written(show_sites(seen, one))


@pytest.mark.once("figures are laid out by us and drawn by Matplotlib; one of each kind is in both")
def test_names_on_the_map_do_not_overlap():
    random = np.random.default_rng(0)
    sites = [f"site number {number}" for number in range(25)]
    rows = [(site, None, None, 50 + random.normal() / 50, 4 + random.normal() / 50) for site in sites]
    figure = show_sites(sightings(*[("confirmed", MAY, site) for site in sites]), deployments(*rows), width=4)
    figure.draw_without_rendering()
    shown = [text for text in figure.axes[1].texts if text.get_text().startswith("site number")]
    boxes = [text.get_window_extent() for text in shown]
    assert len(shown) > 10 and "without room for a name" in written(figure)
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_the_strip_is_in_the_order_of_time(seen, tmp_path):
    folder = folder_of(tmp_path / "photos", count=4)
    names = ["0.jpg", "2.jpg", "odd/1.jpg", "gone.jpg", "odd/3.jpg", "0.jpg"]
    season = season_of([(name, str(folder / name)) for name in names])
    words = written(show_strip(seen, season))
    order = ["2026-05-04 21:00", "2026-05-05 22:30", "2026-05-05 23:00", "2026-05-13 01:00", "no date"]
    assert [words.index(each) for each in order] == sorted(words.index(each) for each in order)
    assert "ford" in words and "candidate" in words and "rejected" not in words and "no such file" in words.lower()
    some = show_strip(seen, season, k=2, width=4)
    assert "2 of 5 sightings shown" in written(some) and "candidate" not in written(some)
    assert "no sighting" in written(show_strip(seen[:0], season))
    for wrong in (0, 101, 2.5):
        with pytest.raises(FrameError, match="k"):
            show_strip(seen, season, k=wrong)


def test_the_strip_shows_the_part_that_was_compared(seen, tmp_path):
    box = (0.3, 0.2, 0.35, 0.25)
    photo = animal_in_a_forest(tmp_path / "photo.jpg", box)
    season = season_of([("photo.jpg", photo)] * len(seen))
    parts = seen
    for edge, side in zip(box, SIDES):
        parts = parts.add_column(tc.SArray([edge] + [None] * (len(seen) - 1), dtype=float), side)
    tiles = {}
    shown = [image.get_array() for image in show_strip(parts, season, tiles=tiles).axes[0].images]
    assert sum(share_of_animal(tile) > 0.3 for tile in shown) == 1 and len(shown) == 5
    shown = [image.get_array() for image in show_strip(seen, season, tiles=tiles).axes[0].images]
    assert not any(share_of_animal(tile) > 0.3 for tile in shown), "what was kept is of another part"


@pytest.mark.parametrize("name", ["$", "a $b$ c", r"$\frac{$", r"$\undefined$"])
def test_a_name_is_never_a_formula(name):
    """Names of species and sites come from folders and tables of anybody."""
    figure = style.new_figure(6.0, 3.0)
    style.set_title(figure, name)
    style.legend(figure, [("red", name)])
    style.write_instead(figure.add_subplot(), name)
    figure.savefig(io.BytesIO(), format="png")
    shown = [text for text in figure.findobj(Text) if text.get_text() == name]
    assert len(shown) == 3 and not any(text.get_parse_math() for text in shown)


@pytest.mark.parametrize("width", [3.5, 5, 7])
@pytest.mark.once("figures are laid out by us and drawn by Matplotlib; one of each kind is in both", but=["5"])
def test_no_entry_of_a_legend_is_cut_off(width):
    words = ["confirmed", "first 15 candidates", "night: infrared photos; the sun is not known", "no camera out"]
    figure = style.new_figure(width, 3)
    style.legend(figure, [("red", each) for each in [*words, "a" * 200]])
    figure.savefig(io.BytesIO(), format="png")
    boxes = [text.get_window_extent() for text in figure.legends[0].get_texts()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    assert [text.get_text() for text in figure.legends[0].get_texts()][:4] == words


@pytest.mark.parametrize("name", ["狐狸", "no font has \U0010fffd this", "several words " * 30])
@pytest.mark.once("figures are laid out by us and drawn by Matplotlib; one of each kind is in both", but=["name2"])
def test_species_in_any_script_and_of_any_length_are_in_the_legend(seen, name):
    """matplotlib would warn of a glyph that is missing, and a warning is an error."""
    figure = show_activity(Judged(seen, species=name), other=Judged(seen, species="hare"), width=3.5)
    figure.savefig(io.BytesIO(), format="png")
    edge = figure.bbox.width
    assert all(text.get_window_extent().x1 <= edge for text in figure.legends[0].get_texts())
