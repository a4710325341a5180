import datetime

import pytest

from helpers.errors import FrameError
from helpers.photos.deployments import deployed, name_of, read_deployments

DAY = datetime.datetime(2026, 5, 1)


def table(tmp_path, text):
    file = tmp_path / "deployments.csv"
    file.write_bytes(text.encode("utf-8"))
    return file


def test_a_table_of_deployments(tmp_path):
    file = table(
        tmp_path,
        "\ufeffdeployment;site;camera;latitude;longitude;start;end\r\nd1;north;C1;-12,5;70.25;2026-05-01;2026-05-03\r\n"
        ";north;C2;;;2026-05-01 10:30:00;2026-05-02T11:00:00Z\r\n\r\n",
    )
    first, second = list(read_deployments(file))
    assert first == {
        "deployment": "d1",
        "site": "north",
        "camera": "C1",
        "latitude": -12.5,
        "longitude": 70.25,
        "start": DAY,
        "end": DAY + datetime.timedelta(days=3),  # the last day is over at its midnight
    }
    assert (second["deployment"], second["latitude"]) == ("north/C2", None)
    assert second["end"] == datetime.datetime(2026, 5, 2, 11)


def test_as_camtrap_dp_calls_them(tmp_path):
    file = table(
        tmp_path,
        "deploymentID,locationName,cameraID,latitude,longitude,deploymentStart,deploymentEnd,habitat\n"
        "d1,north,C1,1,2,2026-05-01T00:00:00+02:00,2026-05-02T00:00:00+0200,forest\n",
    )
    (only,) = read_deployments(file)
    assert (only["site"], only["camera"], only["start"]) == ("north", "C1", DAY)


@pytest.mark.parametrize(
    "text, said",
    [
        ("a,b\n1,2\n", "none of the columns"),
        ("", "none of the columns"),
        ("deployment,latitude\nd,91\n", "line 2: latitude"),
        ("deployment,longitude\nd,west\n", "line 2: longitude"),
        ("deployment,latitude\nd,nan\n", "line 2: latitude"),
        ("deployment,start\nd,1.5.2026\n", "line 2: start"),
        ("deployment,end\nd,9999-12-31\n", "line 2: end"),
        ("deployment,start,end\nd,2026-05-02,2026-04-01\n", "ends before"),
        ("deployment\nd\nd\n", "two deployments are called 'd'"),
        ("deployment,latitude\n,3\n", "needs a name"),
    ],
)
def test_tables_that_cannot_be_read_name_the_line(text, said, tmp_path):
    with pytest.raises(FrameError, match=said) as error:
        read_deployments(table(tmp_path, text))
    assert "deployments.csv" in str(error.value)


def test_a_table_that_is_not_there_or_not_utf_8(tmp_path):
    with pytest.raises(FrameError, match="cannot be read"):
        read_deployments(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"deployment\n\xe9t\xe9\n")
    with pytest.raises(FrameError, match="UTF-8"):
        read_deployments(tmp_path / "latin.csv")


def test_photos_find_their_deployment(tmp_path):
    deployments = read_deployments(
        table(
            tmp_path,
            "deployment,site,camera,latitude,longitude,start,end\nspring,north,C1,1,2,2026-04-01,2026-05-01\n"
            "summer,north,C1,3,4,2026-06-01,2026-07-01\nsouth 1,south,C1,5,6,,\n",
        )
    )
    places = {"site": ["north"] * 4 + ["south", "east"], "camera": ["C1"] * 6}
    taken = [DAY - datetime.timedelta(days=5), DAY + datetime.timedelta(days=40), DAY + datetime.timedelta(days=10)]
    found, count = deployed(places, [*taken, None, None, DAY], deployments)
    assert count == 3
    assert found["deployment"] == ["spring", "summer", None, None, "south 1", None]
    assert found["latitude"] == [1, 3, None, None, 5, None]
    assert found["site"] == places["site"]
    by_name, _ = deployed({"deployment": ["spring", "other"]}, [None, None], deployments)
    assert by_name["site"] == ["north", None]
    assert by_name["deployment"] == ["spring", "other"]


def test_names():
    assert name_of("a", "b") == "a/b"
    assert name_of(None, "b") == "b"
    assert name_of(None, None) is None


def test_a_table_without_sites_goes_by_the_cameras(tmp_path):
    deployments = read_deployments(table(tmp_path, "camera,latitude,longitude\nC1,1,2\nC2,3,4\n"))
    found, count = deployed({"site": ["north", "north", "south"], "camera": ["C1", "C2", "C3"]}, [DAY] * 3, deployments)
    assert found["latitude"] == [1, 3, None] and count == 2
    assert found["site"] == ["north", "north", "south"]
