"""Images in both databases: paths, identities, pages."""

import pytest

from helpers.errors import NotFound
from helpers.service.records import NewImage
from helpers.service.storage.images import ImageTable
from helpers.service.storage.products import ProductTable

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")


def image(path, identity="ab" * 32, modified=1_700_000_000_123_456_789, products=()):
    return NewImage(path, identity, 640, 480, 12_345, modified, tuple(products))


def put(database, *images):
    with database.transaction() as session:
        return ImageTable(database).put(session, images)


def test_an_image_comes_back_as_it_was_kept(database):
    assert put(database, image("robots/päth ' \"; DROP TABLE x.jpg")) == 1
    (kept,) = ImageTable(database).page()
    assert kept[:-2] == (
        1,
        "robots/päth ' \"; DROP TABLE x.jpg",
        "ab" * 32,
        640,
        480,
        12_345,
        1_700_000_000_123_456_789,
    )
    assert kept.products == () and kept.added.utcoffset().total_seconds() == 0
    assert ImageTable(database).get(kept.id) == kept


def test_a_known_path_keeps_its_id_and_its_day(database):
    images = ImageTable(database)
    put(database, image("a.jpg"), image("b.jpg"))
    before = images.at(["a.jpg"])["a.jpg"]
    assert put(database, image("a.jpg"), image("b.jpg")) == 0
    assert put(database, image("a.jpg", modified=5)) == 0  # touched, the same picture
    assert images.get(before.id).modified == 5
    assert put(database, image("a.jpg", "cd" * 32), image("c.jpg", "cd" * 32)) == 2
    after = images.at(["a.jpg", "no.jpg"])
    assert list(after) == ["a.jpg"]
    assert after["a.jpg"]._replace(identity="") == before._replace(identity="")
    assert [each.path for each in images.with_identity("cd" * 32)] == ["a.jpg", "c.jpg"]
    assert images.count() == 3


def test_the_last_of_two_with_one_path_counts(database):
    assert put(database, image("a.jpg"), image("a.jpg", "cd" * 32)) == 1
    assert ImageTable(database).get(1).identity == "cd" * 32


def test_a_thousand_at_once(database):
    images = ImageTable(database)
    assert put(database, *[image(f"{number}.jpg") for number in range(1200)]) == 1200
    ids = [each.id for each in images.page(limit=1200)]
    asked = [*reversed(ids), 99_999]
    assert [each.id for each in images.get_many(asked)] == ids[::-1]
    assert len(images.at(f"{number}.jpg" for number in range(1300))) == 1200


def test_pages_follow_each_other(database):
    images = ImageTable(database)
    put(database, *[image(f"{number}.jpg") for number in range(5)])
    first = images.page(limit=3)
    second = images.page(first[-1].id, 3)
    assert [len(first), len(second), len(images.page(second[-1].id, 3))] == [3, 2, 0]


def test_an_image_that_is_removed_leaves_its_products_and_its_number(database):
    images, products = ImageTable(database), ProductTable(database)
    put(database, image("a.jpg"), image("b.jpg"))
    a, b = (each.id for each in images.page())
    products.create("chair", "Chair", {}, [b, a])
    images.remove(b)
    assert products.get("chair").images == (a,)
    put(database, image("b.jpg"))
    assert images.at(["b.jpg"])["b.jpg"].id > b
    for missing in (images.remove, images.get):
        with pytest.raises(NotFound, match=f"no image {b}"):
            missing(b)


def test_products_of_an_image_are_in_alphabetical_order(database):
    images, products = ImageTable(database), ProductTable(database)
    put(database, image("a.jpg"))
    for id in ("é", "b", "a", "B", "ab"):
        products.create(id, "", {}, [1])
    assert images.get(1).products == ("B", "a", "ab", "b", "é")


def test_a_date_far_ahead_is_kept(database):
    put(database, image("a.jpg", modified=2**64))
    assert ImageTable(database).get(1).modified == 2**63 - 1
