import csv
import datetime

import pytest

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.load import load_photos
from helpers.photos.species import add_species, shown_species, species_disagreements, species_table
from tests.support.pace import steps
from tests.support.pictures import picture
from tests.support.places import SHARED

FOREST = SHARED / "forest"
NAMES = ["north/C1/1.JPG", "north/C1/2.JPG", "south/C2/1.JPG"]


def photos(tags=None, paths=NAMES):
    columns = [("path", str, list(paths))]
    if tags is not None:
        columns.append(("tags", list, tags))
    return typed_frame(columns)


def csv_of(tmp_path, text, name="species.csv"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "group, tags, species",
    [
        ("Especie", ["Especie", "Especie|Zorro", "Especie_Obs2|Gato"], "Zorro"),
        ("especie", ["Especie|Zorro"], "Zorro"),
        ("Species", ["Species|Canids", "Species|Canids|Fox"], "Fox"),  # a program writes the groups above a tag too
        ("Species", ["Survey|Species|Fox", "Survey|2024"], "Fox"),
        ("Survey|Species", ["Survey|Species|Fox"], "Fox"),
        ("Species", ["Species|Fox", "Species|Deer", "Time|Night"], "Deer|Fox"),
        ("Species", ["Species"], None),
        ("Espe\u0301cie", ["Esp\u00e9cie|Zorro"], "Zorro"),  # the name in another normal form
        ("tags", ["fox", "Time|Night"], "fox"),
        ("Species", ["Species|N\u0303andu"], "\u00d1andu"),
    ],
)
def test_the_group_of_tags(group, tags, species):
    found = add_species(
        photos([tags, [], ["Species|x", "Especie|x", "Esp\u00e9cie|x", "Survey|Species|x", "x"]]), group
    )
    assert list(found["species"])[:2] == [species, None]


def test_eight_times_the_tags_of_one_photo_are_about_eight_times_the_work():
    """Its XMP can hold thousands, which nobody gives but who means harm."""

    def data(count):
        return typed_frame([("tags", list, [[f"Species|{number:05d}" for number in range(count)]])])

    few, many = (steps(lambda count=count: add_species(data(count), "Species", progress=False)) for count in (100, 800))
    assert many < 12 * few, "it would be 64 times as many, were each compared with all"


def test_a_group_that_no_photo_has_lists_those_that_there_are():
    with pytest.raises(FrameError, match=r"tag such as Art\|Fox; the groups here are Species \(2 photos\)"):
        add_species(photos([["Species|Fox"], ["Species|Deer", "blurred"], []]), "Art")
    with pytest.raises(FrameError, match=r"in no group, which species='tags' takes: fox \(1 photos\)"):
        add_species(photos([["fox"], [], []]), "Species")
    with pytest.raises(FrameError, match="no tags at all"):
        add_species(photos([[], [], []]), "Species")
    assert list(add_species(photos([], []), "Species")["species"]) == []


def test_the_last_folder_that_no_camera_made():
    paths = ["C1/Fox/1.JPG", "C1/Deer/100MEDIA/1.JPG", "DCIM/100EK113/1.JPG", "1.JPG"]
    assert list(add_species(photos(paths=paths), "folder")["species"]) == ["Fox", "Deer", None, None]


@pytest.mark.parametrize(
    "text, species",
    [
        ("path,species\nnorth/C1/1.JPG,fox\nnorth/C1/2.JPG,\n", ["fox", None, None]),
        ("Path;Species;Notes\nD:\\card\\north\\C1\\1.JPG; fox ;x\n", ["fox", None, None]),
        ("path,label\nsouth/C2/1.JPG,fox\nsouth/C2/1.JPG,deer\n", [None, None, "deer|fox"]),
        ("Station,Species,Directory,FileName\nC1,fox,E:/raw/north/C1,1.JPG\n", ["fox", None, None]),
        ("File,RelativePath,Species\n1.JPG,south\\C2,fox\n", [None, None, "fox"]),
        ("SourceFile,FileName,Species\n/x/north/C1/2.JPG,2.JPG,fox\n", [None, "fox", None]),
        (
            "filename,genus,species,common_name\nnorth/C1/1.JPG,Vulpes,vulpes,Red Fox\nnorth/C1/2.JPG,,,Blank\n"
            "south/C2/1.JPG,Vulpes,,Fox\n",
            ["Vulpes vulpes", "Blank", "Vulpes"],
        ),
    ],
)
def test_a_csv(text, species, tmp_path):
    assert list(add_species(photos(), str(csv_of(tmp_path, text)))["species"]) == species


def test_rows_of_photos_that_are_not_here(tmp_path, capsys):
    file = csv_of(tmp_path, "path,species\nnorth/C1/1.JPG,fox\nwest/C9/7.JPG,deer\n")
    assert list(add_species(photos(), file)["species"]) == ["fox", None, None]
    said = "species.csv: 1 of its 2 photos are not known (west/C9/7.JPG: not in the collection)\n"
    assert capsys.readouterr().out == said
    with pytest.raises(FrameError, match=r"none of its photos is here \(west/C9/7\.JPG: .*\); a photo here is north"):
        add_species(photos(), csv_of(tmp_path, "path,species\nwest/C9/7.JPG,deer\n"))


def test_names_with_blanks_at_their_ends(tmp_path):
    names = [" 1.JPG", "2.JPG "]
    data = photos(paths=names)
    file = csv_of(tmp_path, "path,species\n 1.JPG,fox\n2.JPG ,deer\n")
    assert list(add_species(data, file)["species"]) == ["fox", "deer"]


def test_a_name_that_several_photos_have_is_taken_for_none(tmp_path, capsys):
    file = csv_of(tmp_path, "file,species\n1.JPG,fox\n2.JPG,deer\n")
    assert list(add_species(photos(), file)["species"]) == [None, "deer", None]
    assert "1 of its 2 photos are not known (1.JPG: 2 photos of the collection end like it)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text, said",
    [
        ("photo_id,species\n1,fox\n", "names no column of paths; .* has photo_id, species"),
        ("path,animal\n1.JPG,fox\n", "names no column of species"),
        ("", "has none"),
    ],
)
def test_a_csv_without_its_columns(text, said, tmp_path):
    with pytest.raises(FrameError, match=said) as error:
        add_species(photos(), csv_of(tmp_path, text))
    assert "species.csv" in str(error.value)


def test_of_several_sources_the_first_that_names_a_species_counts(tmp_path):
    corrected = csv_of(tmp_path, "path,species\nnorth/C1/2.JPG,deer\n")
    data = photos([["Species|Fox"], ["Species|Fox"], []])
    assert list(add_species(data, [corrected, "Species", "folder"])["species"]) == ["Fox", "deer", "C2"]
    for wrong in ([], "", None, 3, ["Species", None]):
        with pytest.raises((FrameError, TypeError)):
            add_species(data, wrong)


def test_load_photos_with_species(tmp_path):
    for name in ("C1/Fox/1.jpg", "C1/Deer/1.jpg", "C1/100MEDIA/2.jpg", "C1/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture().save(tmp_path / name)
    by_layout, _ = load_photos(tmp_path, layout="{camera}/{species}", progress=False)
    assert list(by_layout["camera"]) == ["C1"] * 4
    assert dict(zip(by_layout["path"], by_layout["species"])) == {
        "C1/Fox/1.jpg": "Fox",
        "C1/Deer/1.jpg": "Deer",
        "C1/100MEDIA/2.jpg": None,
        "C1/3.jpg": None,
    }
    by_folder, _ = load_photos(tmp_path, species="folder", progress=False)
    assert dict(zip(by_folder["path"], by_folder["species"]))["C1/Fox/1.jpg"] == "Fox"
    with pytest.raises(FrameError, match="both name the species"):
        load_photos(tmp_path, layout="{camera}/{species}", species="folder", progress=False)


def test_what_a_photo_shows():
    assert shown_species(["fox", "deer|fox", None, "", float("nan"), 3, ["a", "b", "a"]], "species") == [
        ["fox"],
        ["deer", "fox"],
        [],
        [],
        [],
        [3],
        ["a", "b"],
    ]
    with pytest.raises(FrameError, match=r"tags of groups \(Species, Time\).*load_photos\(folder, species='Species'\)"):
        shown_species([["Species|fox", "Time|night"]], "species")


def test_a_table_of_species_by_hand():
    day = datetime.datetime(2026, 5, 1)
    data = typed_frame(
        [
            ("species", str, ["fox", "fox", "deer|fox", None, "deer"]),
            ("event", int, [0, 0, 1, 2, 3]),
            ("site", str, ["north", "north", "south", None, None]),
            ("taken", datetime.datetime, [day, None, day + datetime.timedelta(1), None, None]),
        ]
    )
    assert [tuple(row.values()) for row in species_table(data)] == [
        ("fox", 3, 2, 2, day, day + datetime.timedelta(1)),
        ("deer", 2, 2, 1, day + datetime.timedelta(1), day + datetime.timedelta(1)),
        (None, 1, 1, 0, None, None),
    ]
    bare = typed_frame([("species", str, ["fox"])])
    assert [tuple(row.values()) for row in species_table(bare)] == [("fox", 1, None, None, None, None)]
    assert len(species_table(typed_frame([("species", str, [])]))) == 0
    with pytest.raises(FrameError, match="no column 'animal'"):
        species_table(data, "animal")


def test_disagreements_are_of_photos_that_both_have_named():
    data = typed_frame(
        [
            ("path", str, list("abcde")),
            ("one", str, ["fox", "deer|fox", None, "fox", "fox"]),
            ("two", str, ["fox", "fox|deer", "fox", None, "deer"]),
        ]
    )
    assert [dict(row) for row in species_disagreements(data, "one", "two")] == [
        {"path": "e", "one": "fox", "two": "deer"}
    ]
    with pytest.raises(FrameError, match="no column 'three'"):
        species_disagreements(data, "one", "three")


@pytest.mark.skipif(not FOREST.is_dir(), reason="the photos of the forest are not on this machine")
def test_the_forests_two_observers(tmp_path):
    """The tags of the first are its `truth.csv`; the second disagrees on four photos."""
    with (FOREST / "truth.csv").open(encoding="utf-8") as stream:
        truth = {row["path"]: row["species"] for row in csv.DictReader(stream)}
    data, _ = load_photos(FOREST, layout="{site}/{camera}", species="Especie", progress=False)
    assert dict(zip(data["path"], data["species"])) == truth
    data = add_species(data, "Especie_Obs2", column="second", progress=False)
    assert list(species_disagreements(data, "species", "second")["path"]) == [
        "east/camara1/e63.JPG",
        "east/camara1/e64.JPG",
        "east/camara1/e65.JPG",
        "west/camara2/e93.JPG",
    ]
    assert list(add_species(data, FOREST / "truth.csv")["species"]) == list(data["species"])
    table = species_table(data)
    assert sum(table["photos"]) == 92 and (table["species"][0], table["photos"][0]) == ("Zorro Gris", 23)
