"""Dates where Turi Create is wrong without a word; where it is right, `tests/conformance` compares."""

import datetime

import pytest

from helpers.sframe import SArray
from helpers.sframe.errors import Unsupported

DAY = datetime.datetime(2020, 1, 2)
ZONE = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "text, format, moment",
    [
        ("2020-01-02 03:04:05", "%Y-%m-%d %T", DAY.replace(hour=3, minute=4, second=5)),  # Turi Create: midnight
        ("2020-01-02 03:04", "%Y-%m-%d %R", DAY.replace(hour=3, minute=4)),
        ("01/02/20", "%D", DAY),  # Turi Create: the year 1400
        ("02/01/99", "%d/%m/%y", DAY.replace(year=1999)),  # Turi Create: 2099
        ("9:01 PM 2020-01-02", "%H:%M %p %Y-%m-%d", DAY.replace(hour=21, minute=1)),  # Turi Create raises
        ("2020-1-2", "%Y-%m-%d", DAY),
        ("1399-01-01", "%Y-%m-%d", datetime.datetime(1399, 1, 1)),
        ("20200102T030405+0530", "%Y%m%dT%H%M%S%q", DAY.replace(hour=3, minute=4, second=5, tzinfo=ZONE)),
    ],
)
def test_dates_that_turi_create_reads_otherwise(text, format, moment):
    assert list(SArray([text]).str_to_datetime(format)) == [moment]


@pytest.mark.parametrize(
    "text, format",
    [
        ("2020-01-02 xx", "%Y-%m-%d"),  # Turi Create passes over what is left
        ("2020", "%Y-%m-%d"),  # and takes the first of January
        ("2020-01-02", "%F"),  # and the year 1400
        ("2020-01-02 03:04:05 PST", "%Y-%m-%d %H:%M:%S %ZP"),  # and UTC
        ("2020-01-02 13:30", "%Y-%m-%d %I:%M"),
        ("2020-01-02 0:30 AM", "%Y-%m-%d %H:%M %p"),
    ],
)
def test_texts_that_do_not_fit_the_format(text, format):
    with pytest.raises(Unsupported, match="is not a date of the format"):
        SArray([text]).str_to_datetime(format)


def test_a_date_without_a_zone_is_written_without_one():
    assert list(SArray([DAY]).datetime_to_str("%H%q%Q%ZP%Z%z")) == ["00"]
    utc = DAY.replace(tzinfo=datetime.timezone.utc)
    assert list(SArray([utc]).datetime_to_str("%q %ZP")) == ["+0000 GMT+00"]
    assert list(SArray([DAY.replace(tzinfo=ZONE)]).datetime_to_str("%Q %Z")) == ["+05:30 GMT+05:30"]


@pytest.mark.parametrize("format", ["%Y-%m-%dT%H:%M:%S%ZP", "%Y%m%dT%H%M%S%F%q", "%Y-%m-%d %I:%M:%s %p %Q"])
@pytest.mark.parametrize("zone", [None, ZONE, datetime.timezone.utc, datetime.timezone(-datetime.timedelta(hours=8))])
def test_there_and_back(format, zone):
    moments = [datetime.datetime(2020, 1, 2, hour, 4, 5, tzinfo=zone) for hour in (0, 3, 12, 23)]
    back = list(SArray(SArray(moments).datetime_to_str(format)).str_to_datetime(format))
    assert back == moments and [one.utcoffset() for one in back] == [one.utcoffset() for one in moments]
