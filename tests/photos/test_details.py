import datetime
import json
import os
import sys

import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.photos import details
from helpers.photos.details import add_details, add_places
from helpers.photos.load import load_photos
from helpers.photos.metadata import maker_notes
from helpers.photos.metadata.read import Metadata
from tests.support.metadata import packet, placed
from tests.support.pictures import picture
from tests.support.places import SHARED

OWLS = SHARED / "owls"


@pytest.fixture
def season(tmp_path):
    for number, camera in enumerate(["north/C1", "north/C1", "north/C2", "south/C1"]):
        folder = tmp_path / "season" / camera / "100MEDIA"
        folder.mkdir(parents=True, exist_ok=True)
        photo = picture(number, (60, 40))
        photo = photo.convert("L") if number == 1 else photo
        photo.save(folder / f"IMG_{number}.JPG", exif=placed(temperature=float(number)))
    for path in (tmp_path / "season").rglob("*"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    return tmp_path / "season"


def aged(monkeypatch):
    """Files of a moment ago count as settled, as those of a card do."""
    monkeypatch.setattr(details, "settled", lambda *_: True)


def test_a_season_is_loaded_with_places_and_details(season):
    data, bad = load_photos(season, layout="{site}/{camera}", details=True, progress=False)
    assert len(bad) == 0
    assert list(data["site"]) == ["north"] * 3 + ["south"]
    assert list(data["deployment"]) == ["north/C1", "north/C1", "north/C2", "south/C1"]
    assert list(data["infrared"]) == [0, 1, 0, 0] and list(data["night"]) == [None] * 4
    assert list(data["temperature"]) == [0, 1, 2, 3]
    assert list(data["moon"]) == ["waxing crescent"] * 4
    assert [round(each, 2) for each in data["latitude"]] == [-12.51] * 4
    assert [list(each) for each in data["tags"]] == [[]] * 4
    plain, _ = load_photos(season, progress=False)
    assert data.column_names()[:8] == plain.column_names()


def test_deployments_complete_the_places(season, tmp_path, capsys):
    file = tmp_path / "deployments.csv"
    file.write_text("deployment,site,camera,latitude,longitude\nd1,north,C1,1.5,2.5\nd3,south,C1,,\n")
    data, _ = load_photos(season, layout="{site}/{camera}", deployments=file, details=True, progress=False)
    assert list(data["deployment"]) == ["d1", "d1", "north/C2", "d3"]
    assert [round(each, 2) for each in data["latitude"]] == [
        1.5,
        1.5,
        -12.51,
        -12.51,
    ]
    told = capsys.readouterr().out
    assert told.startswith(
        "1 of 4 photos are in no deployment of the table\nnight is not known without the clocks' offset"
    )
    assert told.count("\n") == 2
    data, _ = load_photos(
        season, layout="{site}/{camera}", deployments=file, details=True, offset="-05:00", progress=False
    )
    assert list(data["night"]) == [0, 0, 0, 0] and capsys.readouterr().out.count("\n") == 1
    by_name = tmp_path / "by_name.csv"
    by_name.write_text("deployment,site,camera\nnorth,hill,7\n")
    data, _ = load_photos(season, deployments=by_name, progress=False)
    assert list(data["site"]) == ["hill"] * 3 + [None]
    assert list(data["deployment"]) == ["north"] * 3 + ["south"]


def test_photos_that_lie_nowhere_are_told(season, capsys):
    picture().save(season / "loose.jpg")
    data, _ = load_photos(season, layout="{site}/{camera}", progress=False)
    assert "1 of 5 photos are in no folder such as {site}/{camera}" in capsys.readouterr().out
    assert data[data["path"] == "loose.jpg"]["deployment"][0] is None


def test_without_a_layout_the_first_folder_is_the_camera(season):
    data = add_places(load_photos(season, progress=False)[0])
    assert list(data["camera"]) == ["north"] * 3 + ["south"]


def test_the_date_of_a_file_only_when_asked(tmp_path):
    picture().save(tmp_path / "a.jpg")
    os.utime(tmp_path / "a.jpg", (1_400_000_000, 1_400_000_000))
    assert load_photos(tmp_path, progress=False)[0]["taken"][0] is None
    asked = load_photos(tmp_path, progress=False, file_dates=True)[0]["taken"][0]
    assert asked == datetime.datetime.fromtimestamp(1_400_000_000)


def test_a_date_in_the_name_is_taken_for_want_of_another(tmp_path):
    picture().save(tmp_path / "IMG_20260501_143000.jpg")
    for _ in range(2):  # the second time without opening it
        assert load_photos(tmp_path, progress=False)[0]["taken"][0] == datetime.datetime(2026, 5, 1, 14, 30)


def test_the_second_time_nothing_is_read(season, monkeypatch):
    aged(monkeypatch)
    data, _ = load_photos(season, progress=False)
    first = add_details(data, progress=False)
    monkeypatch.setattr(details, "read_metadata", lambda file: pytest.fail(f"{file} was read again"))
    again = add_details(data, progress=False)
    for name in first.column_names():
        if name != "image":
            assert list(again[name]) == list(first[name])


def test_a_file_that_changed_is_read_again(season, monkeypatch):
    aged(monkeypatch)
    data, _ = load_photos(season, progress=False)
    add_details(data, progress=False)
    picture(9, (60, 40)).save(season / "south/C1/100MEDIA/IMG_3.JPG", exif=placed(temperature=30.0))
    assert list(add_details(data, progress=False)["temperature"]) == [0, 1, 2, 30]


def test_tags_beside_a_photo_that_change_are_read_again(season, monkeypatch):
    aged(monkeypatch)
    sidecar = season / "south/C1/100MEDIA/IMG_3.JPG.xmp"
    tags = []
    for species in ("Fox", "Deer", None):
        if species is None:
            sidecar.unlink()
        else:
            sidecar.write_bytes(packet(digikam=[f"Species/{species}"]))
        data, bad = load_photos(season, details=True, progress=False)
        assert len(bad) == 0  # it is no photo, and nothing that is missing
        tags.append(list(data["tags"][3]))
    assert tags == [["Species|Fox"], ["Species|Deer"], []]


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"format": 99}', '{"format": 1, "notes": true, "photos": {"a": [1]}}']
)
def test_a_damaged_cache_costs_time_alone(season, damage, monkeypatch):
    aged(monkeypatch)
    data, _ = load_photos(season, progress=False)
    add_details(data, progress=False)
    for file in (details.cache_folder() / "details").iterdir():
        file.write_text(damage)
    assert list(add_details(data, progress=False)["temperature"]) == [0, 1, 2, 3]


def test_a_photo_that_has_gone_costs_itself(season):
    data, _ = load_photos(season, progress=False)
    (season / "south/C1/100MEDIA/IMG_3.JPG").unlink()
    assert list(add_details(data, progress=False)["temperature"]) == [0, 1, 2, None]


def test_photos_that_are_no_files():
    with pytest.raises(FrameError, match="files"):
        add_details(tc.SFrame({"id": [1]}))


# Notes of makers


def reconyx(count=3):
    return [Metadata(make="RECONYX")] * count


def test_without_exiftool_one_line_says_what_it_would_tell(monkeypatch, capsys):
    monkeypatch.setattr(maker_notes.shutil, "which", lambda _: None)
    assert maker_notes.complete(["a", "b", "c", "d"], [*reconyx(), Metadata(make="Canon")]) == [
        *reconyx(),
        Metadata(make="Canon"),
    ]
    said = capsys.readouterr().out
    assert said.startswith("3 photos of Reconyx may have the temperature in notes") and "brew install exiftool" in said
    maker_notes.complete(["d"], [Metadata(make="Canon")])
    assert capsys.readouterr().out == ""


def test_notes_are_asked_once_exiftool_has_come(season, monkeypatch):
    aged(monkeypatch)
    monkeypatch.setattr(maker_notes.shutil, "which", lambda _: None)
    data, _ = load_photos(season, progress=False)
    add_details(data, progress=False)
    (file,) = [each for each in (details.cache_folder() / "details").iterdir() if str(season) in each.read_text()]
    assert json.loads(file.read_text())["notes"] is False
    monkeypatch.setattr(maker_notes.shutil, "which", lambda _: "/usr/bin/exiftool")
    monkeypatch.setattr(maker_notes, "_is_safe", lambda _: True)
    asked = []
    monkeypatch.setattr(details, "complete", lambda files, read, progress: asked.append(list(files)) or list(read))
    add_details(data, progress=False)
    add_details(data, progress=False)
    assert [len(each) for each in asked] == [4]


@pytest.fixture
def exiftool(tmp_path, monkeypatch):
    """A function that puts a program of that version in the place of exiftool; it writes down what it is given."""

    def installed(version):
        program = tmp_path / f"exiftool-{version}"
        program.write_text(
            f"#!{sys.executable}\nimport sys\nif '-ver' in sys.argv:\n    print({version!r})\nelse:\n"
            f"    open({str(tmp_path / 'given')!r}, 'a').write(sys.stdin.read())\n    print('[]')\n"
        )
        program.chmod(0o755)
        monkeypatch.setattr(maker_notes.shutil, "which", lambda _: str(program))

    return installed


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
@pytest.mark.parametrize(
    ("version", "is_used"),
    [("12.16", False), ("12.37", False), ("9.99", False), ("", False), ("no", False), ("12.38", True), ("13.02", True)],
)
@pytest.mark.once("its version is text that we read", but=["12.37-False", "12.38-True"])
def test_an_exiftool_that_runs_what_a_photo_contains_is_not_used(tmp_path, exiftool, capsys, version, is_used):
    exiftool(version)
    assert maker_notes.complete([str(tmp_path / "a.jpg")], reconyx(1), progress=False) == reconyx(1)
    assert (tmp_path / "given").exists() == is_used
    assert ("12.38 or a newer one is used" in capsys.readouterr().out) != is_used


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
def test_no_name_is_a_command_to_perl(tmp_path, exiftool):
    exiftool("12.60")
    names = ["a.jpg", "touch b|", "touch c| ", "touch d|\t", "| touch e", "a|b.jpg", "f\n-ver"]
    files = [str(tmp_path / name) for name in names]
    maker_notes.complete(files, reconyx(len(files)), progress=False)
    assert (tmp_path / "given").read_text().splitlines() == [files[0], files[4], files[5]]


@pytest.mark.skipif(not maker_notes.available(), reason="the program exiftool is not installed")
@pytest.mark.skipif(not OWLS.is_dir(), reason=f"{OWLS} is not there")
def test_real_notes():
    data, _ = load_photos(OWLS, details=True, progress=False)
    told = dict(zip(data["path"], data["temperature"]))
    assert told["IMG_0708.JPG"] == 28 and told["RCNX1227.JPG"] == 38
    assert None not in told.values()
    phases = dict(zip(data["path"], data["moon"]))
    assert phases["IMG_0708.JPG"] == "last quarter"  # as the camera's own notes have it
    assert phases["RCNX3856.JPG"] == "full moon"


@pytest.mark.skipif(not maker_notes.available(), reason="the program exiftool is not installed")
def test_names_are_no_commands_and_damaged_files_cost_themselves(tmp_path):
    names = ["-ver.jpg", "# note.jpg", "a b.jpg", "line\nbreak.jpg"]
    for name in names:
        (tmp_path / name).write_bytes(b"no photo")
    files = [str(tmp_path / name) for name in names]
    assert maker_notes.complete(files, reconyx(4), progress=False) == reconyx(4)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
