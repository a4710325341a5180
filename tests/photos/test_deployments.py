import datetime

import pytest

from helpers.errors import FrameError
from helpers.photos.deployments import deployed, deployments_of, layout_by, read_deployments
from helpers.photos.load import load_photos
from helpers.photos.tables.deployment_csv import name_of
from tests.support.metadata import dated
from tests.support.pace import growth
from tests.support.pictures import picture
from tests.support.places import SHARED

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
        "problems": [],
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
        ("deployment,start\nd,1.May.2026\n", "line 2: start"),
        ("deployment,start\nd,2026-02-30\n", "line 2: start"),
        ("deployment,start\nd,31/31/2026\n", "line 2: start"),
        ("deployment,start\nd,2026-05-01 13:00 pm\n", "line 2: start"),
        ("deployment,start,end\nd,20/4/2026,1/4/2026\n", "line 2: .*ends before"),
        ("station,problem1_from\nd,2026-05-01\n", "problem1_from has no partner"),
        ("station,problem1_from,problem1_to\nd,2026-05-01,\n", "line 2: problem1_from has no end"),
        ("station,problem1_from,problem1_to\nd,,2026-05-01\n", "line 2: problem1_from has no beginning"),
        (
            "station,problem1_from,problem1_to\nd,2026-05-02,2026-05-01\n",
            "line 2: the problem .* ends before it starts",
        ),
        (
            "station,start,end,problem1_from,problem1_to\nd,2026-05-01,2026-05-09,2025-05-01,2025-05-03\n",
            "line 2: the problem .* is not within",
        ),
        ("deployment,end\nd,9999-12-31\n", "line 2: end"),
        ("deployment,start,end\nd,2026-05-02,2026-04-01\n", "ends before"),
        ("deployment,start,end\nd,2026-05-02,2026-05-01\n", "ends before"),
        ("deployment\nd\nd\n", "two deployments are called 'd'"),
        ("deployment,latitude\n,3\n", "needs a name"),
    ],
)
def test_tables_that_cannot_be_read_name_the_line(text, said, tmp_path):
    with pytest.raises(FrameError, match=said) as error:
        read_deployments(table(tmp_path, text))
    assert "deployments.csv" in str(error.value)


CAMTRAPR = (  # as the package's documentation describes its sample `camtraps`
    "Station,utm_y,utm_x,Setup_date,Retrieval_date,Problem1_from,Problem1_to,Problem2_from,Problem2_to\n"
    "StationA,604000,526000,02/04/2009,14/05/2009,,,,\n"
    "StationB,606000,523000,03/04/2009,16/05/2009,20/04/2009,22/04/2009,16/05/2009,16/05/2009\n"
)
INSIGHTS = (
    "project_id,deployment_id,placename,longitude,latitude,start_date,end_date,bait_type,feature_type,camera_id,"
    "camera_functioning,recorded_by\n"
    "7,d-1,Ford,13.4,52.5,2016-11-01 10:30:00,2016-12-01 09:00:00,None,,C-77,Camera Functioning,\n"
)
CAMTRAP_DP = (
    "deploymentID,locationID,locationName,latitude,longitude,coordinateUncertainty,deploymentStart,deploymentEnd,"
    "cameraID,habitat\n"
    "d1,L1,,52.5,13.4,100,2026-05-01T00:00:00+02:00,2026-05-31T00:00:00+02:00,C1,\n"
    "d2,L2,Mill,52.6,13.5,100,2026-05-01T00:00:00Z,2026-05-31T00:00:00Z,C2,forest\n"
)


def test_camtrapr_with_problems(tmp_path, capsys):
    first, second = list(read_deployments(table(tmp_path, CAMTRAPR)))
    assert capsys.readouterr().out == "deployments.csv: columns that are not read: utm_y, utm_x (utm= reads them)\n"
    assert (first["deployment"], first["site"], first["camera"]) == ("StationA", "StationA", None)
    assert (first["start"], first["end"]) == (datetime.datetime(2009, 4, 2), datetime.datetime(2009, 5, 15))
    assert first["problems"] == []
    assert second["problems"] == [
        [datetime.datetime(2009, 4, 20), datetime.datetime(2009, 4, 23)],
        [datetime.datetime(2009, 5, 16), datetime.datetime(2009, 5, 17)],
    ]


def test_camtrapr_with_its_zone(tmp_path, capsys):
    deployments = read_deployments(table(tmp_path, CAMTRAPR), utm="50N")
    assert capsys.readouterr().out == ""
    assert deployments["latitude"][0] == pytest.approx(5.4643, abs=1e-3)  # in Sabah, 0.604 of 110.6 km a degree
    assert deployments["longitude"][0] == pytest.approx(117.2346, abs=1e-3)
    with pytest.raises(FrameError, match="no utm_x and utm_y for utm='50N'"):
        read_deployments(table(tmp_path, INSIGHTS), utm="50N")
    with pytest.raises(FrameError, match="line 2: utm_x and utm_y are metres"):
        read_deployments(table(tmp_path, "station,utm_x,utm_y\nA,117.2,5.4\n"), utm="50N")
    both = read_deployments(table(tmp_path, "station,utm_x,utm_y,lat,lon\nA,500000,0,1,2\nB,,,,\n"), utm="31N")
    assert list(both["latitude"]) == [1, None], "degrees count first"


def test_wildlife_insights(tmp_path, capsys):
    (only,) = read_deployments(table(tmp_path, INSIGHTS))
    assert (only["deployment"], only["site"], only["camera"]) == ("d-1", "Ford", "C-77")
    assert (only["latitude"], only["longitude"]) == (52.5, 13.4)
    assert (only["start"], only["end"]) == (datetime.datetime(2016, 11, 1, 10, 30), datetime.datetime(2016, 12, 1, 9))
    said = capsys.readouterr().out
    assert said == "deployments.csv: columns that are not read: project_id, bait_type, camera_functioning\n"


def test_camtrap_dp_with_a_location_that_has_no_name(tmp_path, capsys):
    first, second = list(read_deployments(table(tmp_path, CAMTRAP_DP)))
    assert (first["site"], second["site"]) == ("L1", "Mill")
    assert first["start"] == second["start"] == DAY
    assert capsys.readouterr().out == "deployments.csv: columns that are not read: coordinateUncertainty, habitat\n"


def test_nothing_is_printed_where_all_is_read(tmp_path, capsys):
    read_deployments(table(tmp_path, "Camera ID,Start-Date,End Date,,\nC1,2026-05-01,2026-05-02,,\n"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "start, end, read",
    [
        ("1/11/2016", "25/11/2016", (2016, 11, 1)),
        ("11/1/2016", "11/25/2016", (2016, 11, 1)),
        ("10/4/2016", "1/5/2016", (2016, 4, 10)),  # the 4th of October would be after the 5th of January
        ("5/5/2016", "6/6/2016", (2016, 5, 5)),  # either way
        ("01.11.2016", "25.11.2016", (2016, 11, 1)),
        ("1-11-2016 9:05", "25-11-2016 14:00:30", (2016, 11, 1, 9, 5)),
        ("11/1/2016 2:30 PM", "11/25/2016 12:00 am", (2016, 11, 1, 14, 30)),
        ("2016/11/1", "2016/11/25", (2016, 11, 1)),
        ("2016:11:01 10:00:00", "2016:11:25 10:00:00", (2016, 11, 1, 10)),
        ("2016-11-01T10:00:00.5-0500", "2016-11-25 10:00 Z", (2016, 11, 1, 10)),
    ],
)
def test_dates_as_people_write_them(start, end, read, tmp_path):
    (only,) = read_deployments(table(tmp_path, f"camera,start,end\nC1,{start},{end}\n"))
    assert only["start"] == datetime.datetime(*read)


def test_dates_that_may_be_two_things(tmp_path):
    file = table(tmp_path, "camera,start,end\nC1,1/11/2016,2/12/2016\n")
    with pytest.raises(FrameError, match=r"1/11/2016 may be 2016-11-01 or 2016-01-11.*dates='%d/%m/%Y'"):
        read_deployments(file)
    assert read_deployments(file, dates="%d/%m/%Y")["start"][0] == datetime.datetime(2016, 11, 1)
    assert read_deployments(file, dates="%m/%d/%Y")["end"][0] == datetime.datetime(2016, 2, 13)
    named = table(tmp_path, "camera,start,end\nC1,1-Nov-16,2-Dec-16 10:30\n")
    assert read_deployments(named, dates="%d-%b-%y")["end"][0] == datetime.datetime(2016, 12, 2, 10, 30)
    with pytest.raises(FrameError, match=r"line 2: start is a date as dates='%Y' describes it, not '1-Nov-16'"):
        read_deployments(named, dates="%Y")
    by_others = table(tmp_path, "camera,start,end\nC1,1/11/2016,2/12/2016\nC2,1/11/2016,30/12/2016\n")
    assert read_deployments(by_others)["start"][0] == datetime.datetime(2016, 11, 1)


def test_seasons_of_one_camera_are_named_by_their_start(tmp_path):
    rows = "station,start,end\nA,2016-11-01,2016-12-01\nA,2017-11-01,2017-12-01\nB,2016-11-01,2016-12-01\n"
    assert list(read_deployments(table(tmp_path, rows))["deployment"]) == ["A 2016-11-01", "A 2017-11-01", "B"]


def test_problems_are_no_effort(tmp_path):
    """Ten days; problems on the 3rd and 4th, on the 4th and 5th, and from the 10th until after the end: 4 days."""
    file = table(
        tmp_path,
        "station,start,end,problem1_from,problem1_to,problem2_from,problem2_to,problem3_from,problem3_to\n"
        "A,2026-05-01,2026-05-10,2026-05-03,2026-05-04,2026-05-04,2026-05-05,2026-05-10,2026-05-12\n",
    )
    (only,) = deployments_of(file)
    assert only.days(datetime.datetime.min, datetime.datetime.max) == 10 - 4
    assert only.days(DAY, DAY + datetime.timedelta(3)) == 2
    assert only.days(DAY + datetime.timedelta(2), DAY + datetime.timedelta(4)) == 0
    assert only.covers(DAY) and not only.covers(DAY + datetime.timedelta(3))
    assert only.covers(DAY + datetime.timedelta(5)), "the day after the last of a problem"


def test_what_folders_are_named_by(tmp_path):
    deployments = read_deployments(table(tmp_path, "deployment,site,camera\nd1,north,C1\nd2,south,C2\n"))
    assert layout_by(deployments, ["d1/100MEDIA", "d2"]) == "{deployment}"
    assert layout_by(deployments, ["north/C1", "South/c2", "x"]) == "{site}/{camera}"
    assert layout_by(deployments, ["north/C2", "south"]) == "{site}"
    assert layout_by(deployments, ["C1/100MEDIA"]) == "{camera}"
    assert layout_by(deployments, ["DCIM", ""]) is None


def test_names_in_capitals_and_with_accents_of_a_mac(tmp_path):
    deployments = read_deployments(table(tmp_path, "site,latitude,longitude\nÑandú,0,2\nnorth,3,4\nNorth,5,6\n"))
    found, count = deployed({"site": ["n\u0303andu\u0301", "north", "North", "NORTH"]}, [None] * 4, deployments)
    assert count == 3 and found["latitude"] == [0, 3, 5, None]
    assert found["site"] == ["Ñandú", "north", "North", "NORTH"] and found["deployment"][0] == "Ñandú"


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


def card(folder, *names):
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        picture().save(file, exif=dated(original="2026:05:01 00:00:00"))
    return folder


ONE = "deployment,site,camera,latitude,longitude,start,end\nd1,north,C1,1,2,2026-04-01,2026-06-01\n"


@pytest.mark.parametrize("names", [("1.jpg", "2.jpg"), ("DCIM/100EK113/1.jpg", "DCIM/101EK113/1.jpg", "3.jpg")])
def test_a_card_in_a_flat_folder_is_the_tables_only_camera(names, tmp_path, capsys):
    data, _ = load_photos(card(tmp_path / "card", *names), deployments=table(tmp_path, ONE), progress=False)
    assert set(data["deployment"]) == {"d1"} and set(data["site"]) == {"north"} and set(data["latitude"]) == {1}
    assert (
        capsys.readouterr().out == "the photos' folders name no place; all are of the table's only camera, north/C1\n"
    )


def test_a_flat_card_of_a_camera_with_several_seasons_goes_by_the_date(tmp_path):
    rows = ONE + "d2,north,C1,1,2,2027-04-01,2027-06-01\n"
    data, _ = load_photos(card(tmp_path / "card", "1.jpg"), deployments=table(tmp_path, rows), progress=False)
    assert list(data["deployment"]) == ["d1"]


def test_a_card_that_is_sorted_by_species(tmp_path):
    folder = card(tmp_path / "card", "Fox/1.jpg", "2.jpg")
    data, _ = load_photos(folder, layout="{species}", deployments=table(tmp_path, ONE), progress=False)
    assert list(data["deployment"]) == ["d1"] * 2 and list(data["species"]) == [None, "Fox"]


def test_folders_of_other_cameras_are_not_taken_for_the_tables_only_one(tmp_path, capsys):
    folder = card(tmp_path / "cards", "C7/1.jpg", "C8/1.jpg")
    data, _ = load_photos(folder, deployments=table(tmp_path, ONE), progress=False)
    assert list(data["camera"]) == ["C7", "C8"] and set(data["latitude"]) == {None}
    said = capsys.readouterr().out
    assert "2 of 2 photos are in no deployment of the table\n" in said
    assert "no folder is named by a deployment, site or camera of the table (d1); give layout=" in said


def test_a_flat_card_and_several_cameras(tmp_path, capsys):
    rows = ONE + "d2,south,C2,1,2,2026-04-01,2026-06-01\n"
    data, _ = load_photos(card(tmp_path / "card", "1.jpg"), deployments=table(tmp_path, rows), progress=False)
    assert list(data["deployment"]) == [None]
    said = capsys.readouterr().out
    assert "1 of 1 photos are in no folder such as {camera}; they have no place\n" in said
    assert "no folder is named by a deployment, site or camera of the table (d1, d2)" in said


def test_a_table_decides_what_the_folders_are(tmp_path):
    folder = card(tmp_path / "cards", "north/1.jpg", "south/1.jpg")
    stations = table(tmp_path, "Station,lat,lon,Setup_date,Retrieval_date\nNorth,1,2,,\nSouth,3,4,,\n")
    data, _ = load_photos(folder, deployments=stations, progress=False)
    assert list(data["site"]) == ["North", "South"] and list(data["latitude"]) == [1, 3]


@pytest.mark.skipif(not (SHARED / "reports" / "27-deployments").is_dir(), reason="the reports are not on this machine")
@pytest.mark.parametrize("name", ["site-with-start_date.csv", "camtrap-dp-locationName-empty.csv"])
def test_tables_that_people_reported(name, capsys):
    file = SHARED / "reports" / "27-deployments" / name
    deployments = read_deployments(file)
    assert None not in (*deployments["site"], *deployments["camera"], *deployments["start"], *deployments["end"])
    data, _ = load_photos(file.parent / "photos", deployments=deployments, progress=False)
    assert None not in list(data["deployment"]) and set(data["latitude"]) == {52.5, 52.6}
    assert ("coordinateUncertainty" in capsys.readouterr().out) == name.startswith("camtrap")


def test_0_0_is_no_place(tmp_path, capsys):
    file = tmp_path / "places.csv"
    file.write_text("deployment,latitude,longitude\nsea,0,0\nequator,0,4.5\n", encoding="utf-8")
    table = read_deployments(file)
    assert list(table["latitude"]) == [None, 0.0] and list(table["longitude"]) == [None, 4.5]
    assert "are not taken as a place" in capsys.readouterr().out


@pytest.mark.parametrize("row", ["d{0},,2020-01-01,\n", ",site {0},2020-01-01,\n"])
def test_the_time_grows_with_the_number_of_rows(row, tmp_path):
    def work(count):
        file = table(tmp_path, "deployment,site,start,end\n" + "".join(map(row.format, range(count))))
        assert len(read_deployments(file)) == count

    assert growth(work, 1_000, 8_000) < 14  # not 64
