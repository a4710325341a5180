import math

import pytest

from helpers.errors import FrameError
from helpers.photos.tables.utm import UtmZone


@pytest.mark.parametrize(
    "x, y, zone, latitude, longitude",
    [  # of the package utm, and four of the cities in its tests, to the metre
        (395201.3103811303, 5673135.241182375, "32N", 51.2, 7.5),
        (583960, 4507523, "18N", 40.71435, -74.00597),
        (313784, 5427057, "60S", -41.28646, 174.77624),
        (261878, 6243186, "34S", -33.92487, 18.42406),
        (514586, 6360877, "19S", -32.89018, -68.84405),
        (500000, 0, "31N", 0, 3),  # where the middle of a zone crosses the equator
        (500000, 10000000, "31 s", 0, 3),
    ],
)
def test_known_places(x, y, zone, latitude, longitude):
    exact = not float(x).is_integer() or x == 500000
    assert UtmZone.of(zone).degrees(x, y) == pytest.approx((latitude, longitude), abs=1e-7 if exact else 1e-5)


def test_a_quarter_of_the_meridian_is_ten_thousand_kilometres():
    """From the equator to the pole it is 10,001,965.7293 m on WGS 84; UTM shortens it by 0.9996."""
    latitude, _ = UtmZone.of("1N").degrees(500_000, 0.9996 * 10_001_965.7293)
    assert latitude == pytest.approx(90, abs=1e-7)


def test_the_south_is_the_north_upside_down():
    north, east = UtmZone.of("21N").degrees(603_000, 3_500_000)
    assert UtmZone.of("21S").degrees(603_000, 10_000_000 - 3_500_000) == pytest.approx((-north, east))


@pytest.mark.parametrize("wrong", ["", "0N", "61S", "50", "N", "50Q", 50, None])
def test_what_is_no_zone(wrong):
    with pytest.raises(FrameError, match="such as '50N'"):
        UtmZone.of(wrong)


@pytest.mark.parametrize("x, y", [(7.5, 51.2), (500_000, -1), (math.nan, 5)])
def test_what_is_not_in_a_zone(x, y):
    with pytest.raises(ValueError, match="not within"):
        UtmZone.of("50N").degrees(x, y)
