import csv
import re
from pathlib import Path

import pytest

from helpers.errors import ArgumentError, UnknownWords
from helpers.networks import words
from helpers.networks.words import class_names, find_words, word_groups

# Every twentieth class of ImageNet's thousand as Keras and torchvision number and name them.
ORDER = (
    "tench,water ouzel,common iguana,night snake,black grouse,tusker,European gallinule,killer whale,"
    "Afghan hound,Staffordshire bullterrier,Tibetan terrier,cocker spaniel,Doberman,chow,red wolf,"
    "tiger beetle,damselfly,wood rabbit,hog,otter,squirrel monkey,lionfish,amphibian,banjo,bathtub,bobsled,"
    "candle,china cabinet,cradle,drilling platform,fireboat,goblet,hand-held computer,lab coat,"
    "maraca,megalith,moving van,oscilloscope,parachute,ping-pong ball,prayer rug,racket,running shoe,schooner,"
    "soap dispenser,stole,syringe,thresher,trolleybus,vending machine,water jug,crossword puzzle,spaghetti squash,"
    "dough,volcano"
)
AT = (
    "0,20,39,60,80,101,136,148,160,179,200,219,236,260,271,300,320,330,341,360,382,396,408,420,435,450,470,495,516,540,"
)
AT += "554,572,590,617,641,649,675,688,701,722,741,752,770,780,804,824,845,856,874,886,899,918,940,961,980"
GROUPS = {
    "animal": "0-397",
    "bird": "7-24 80-100 127-146",
    "dog": "151-268",
    "cat": "281-285",
    "fox": "277-280",
    "wolf": "269-271",
    "bear": "294-297",
    "fish": "0-6 389-397",
    "shark": "2-4",
    "snake": "52-68",
    "turtle": "33-37",
    "lizard": "38-48",
    "frog": "30-32",
    "spider": "72-77",
    "insect": "300-326",
    "butterfly": "321-326",
    "beetle": "300-307",
    "big cat": "286-293",
    "rabbit": "330-332",
    "monkey": "370-382",
    "ape": "365-369",
    "fruit": "948-957",
    "bread": "930-932",
}
OF_GROUP = {  # a pattern of which each class of the group has something in its name
    "boat": "boat|ship|canoe|gondola|liner|schooner|maran|yawl|carrier|wreck",
    "truck": "truck|engine|van|lorry|cart|pickup",
    "guitar": "guitar",
    "piano": "piano",
    "hat": "hat|cap|bonnet|mortarboard|bearskin|sombrero",
    "ball": "ball",
    "clock": "clock",
    "bridge": "bridge|viaduct",
    "bottle": "bottle|jug",
    "shop": "shop|store|bakery|tobacconist|barbershop",
    "terrier": "terrier|Westie",
    "poodle": "poodle",
    "squash": "squash",
    "computer": "computer|laptop",
}


def numbers(text):
    return tuple(words._rows(text))


def every_line():
    with Path(words.__file__).with_name("words.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_classes_are_in_imagenets_order():
    names = [
        line["english"].casefold().split(";")
        for line in sorted(every_line()[-1000:], key=lambda line: int(line["rows"]))
    ]
    assert [line["rows"] for line in every_line()[-1000:]] == [str(row) for row in range(1000)]
    for row, name in zip(numbers(AT.replace(",", " ")), ORDER.split(",")):
        known = " ".join(names[row]).replace("-", " ")
        assert name.casefold().replace("-", " ").split()[-1] in known, (row, name, known)
    assert class_names()[0] == "tench" and class_names()[388] == "giant panda" and len(class_names()) == 1000
    assert class_names()[999] == "toilet paper" and "toilet tissue" in names[999]
    assert class_names("chinese")[388] == "大熊猫" and class_names("chinese")[817] == "跑车"
    with pytest.raises(ArgumentError, match="english and chinese"):
        class_names("latin")


def test_every_class_has_a_name_of_its_own_in_both_languages():
    assert len({name.casefold() for name in class_names()}) == 1000
    for line in every_line():
        assert all(name and name == name.strip() for name in (*line["english"].split(";"), *line["chinese"].split(";")))
        assert not words.is_chinese(line["english"])
        assert all(words.is_chinese(name) for name in line["chinese"].split(";"))


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_its_classes(name):
    assert find_words(name)[0].rows == numbers(GROUPS[name])


@pytest.mark.parametrize("name", OF_GROUP)
def test_a_group_of_things_has_things_of_its_kind(name):
    for row in find_words(name)[0].rows:
        assert re.search(OF_GROUP[name], every_line()[row - 1000]["english"]), class_names()[row]


def test_groups_are_of_classes_that_there_are():
    found = word_groups()
    assert len({word.text for word in found}) == len(found) > 90
    assert all(len(word.rows) > 1 and min(word.rows) >= 0 and max(word.rows) < 1000 for word in found)
    assert all(row <= 397 for word in found if word.text in ("mammal", "rodent", "primate", "pet") for row in word.rows)
    things = [
        word for word in found if word.text in ("vehicle", "furniture", "food", "instrument", "clothes", "building")
    ]
    assert len(things) == 6 and all(row > 397 for word in things for row in word.rows)


def test_every_name_is_found():
    for line in every_line():
        for name in (*line["english"].split(";"), *line["chinese"].split(";")):
            for text in (name, name.upper(), f" {name} "):
                [word] = find_words(text)
                assert set(numbers(line["rows"])) <= set(word.rows), text


def test_singular_and_plural():
    for singular, plural in (
        *(("fox", "foxes"), ("wolf", "wolves"), ("butterfly", "butterflies"), ("bus", "buses"), ("fish", "fishes")),
        *(("fly", "flies"), ("goose", "geese"), ("ox", "oxen"), ("t-shirt", "T-shirts"), ("polar bear", "polar bears")),
        *(("hatchet", "axes"), ("volcano", "volcanoes"), ("sheep", "sheep"), ("puppy", "puppies"), ("dog", "Dogs")),
    ):
        assert find_words(singular) == find_words(plural), plural


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a dog or two cats", ["dog", "cat"]),
        ("photo of a polar bear", ["polar bear"]),
        ("red fox, grey fox; Arctic fox", ["red fox", "grey fox", "Arctic fox"]),
        ("dog puppy poodle", ["dog"]),
        ("fox fox", ["fox"]),
        ("great gray owl", ["owl"]),
        ("crane", ["crane"]),
        ("一只狗和一只猫", ["dog", "cat"]),
        ("狐狸、船", ["fox", "boat"]),
        ("小熊猫", ["red panda"]),
        ("两只小熊猫在山", ["red panda", "mountain"]),
        ("\uff26\uff2f\uff38", ["fox"]),
        ("fox & 狗", ["fox", "dog"]),
    ],
)
def test_words_of_a_text(text, expected):
    assert [word.text for word in find_words(text)] == expected


def test_a_name_of_two_things_means_both():
    assert find_words("crane")[0].rows == (134, 517)
    assert find_words("construction crane")[0].rows == (517,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "text= is empty"),
        (" \t\n", "text= is empty"),
        (",;、", "has not learnt ',;、'"),
        ("foxx", r"has not learnt 'foxx'; the nearest in spelling that it has are .*fox"),
        ("armadilo", r"armadillo"),
        ("robot", r"'robot'; .* for any words there is create\(data, model=\"clip\"\)"),
        ("a bird on a snowy branch", r"has not learnt 'snowy', 'branch'"),
        ("雪地里的一只鸟", "has not learnt '雪', '地'"),
        ("\N{FOX FACE}", "none of nearly that spelling"),
        ("\N{FOX FACE} fox", "has not learnt '\N{FOX FACE}'"),
        ("\x00\x1b[31m", r"has not learnt '.*x00"),
        ("лиса", "has not learnt 'лиса'"),
        ("ثعلب", "has not learnt"),
        ("x" * 10_000, "10,000 characters; give a few words, 200 characters at most"),
        ("the", "has not learnt 'the'"),
        (5, "not int"),
        (None, "not NoneType"),
        (["fox"], "not list"),
        (b"fox", "not bytes"),
    ],
)
def test_a_text_that_cannot_be_searched_for(text, reason):
    with pytest.raises(ArgumentError, match=reason) as raised:
        find_words(text)
    assert len(str(raised.value)) < 500
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("deer", "ungulate, impala, gazelle"),
        ("Two Moose", "ungulate, impala, gazelle"),
        ("鹿", "有蹄动物, 黑斑羚, 瞪羚"),
        ("people", "ballplayer, groom, scuba diver"),
    ],
)
def test_what_people_look_for_and_no_class_stands_for(text, near):
    with pytest.raises(UnknownWords, match=f"nearest in meaning that it has are {near}"):
        find_words(text)


def test_related_words_are_not_known_and_what_they_lead_to_is():
    for name, known in words._related().items():
        with pytest.raises(UnknownWords):
            find_words(name)
        assert all(find_words(each) for each in known)


@pytest.mark.parametrize("text", ["foxx", "robot", "雪地里的一只鸟", "\N{FOX FACE}"])
def test_visitors_of_a_page_read_no_python(text):
    with pytest.raises(UnknownWords, match=r"create\(") as raised:
        find_words(text)
    assert "has not learnt" in raised.value.plain and "search with a photo" in raised.value.plain
    assert not re.search(r"create|helpers|\(\)|=", raised.value.plain)
