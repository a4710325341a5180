"""Products in both databases: their images, many to many, in an order."""

import pytest

from helpers.errors import NotFound, Refused
from helpers.service.storage.images import ImageTable
from helpers.service.storage.products import ProductTable
from tests.service.test_images import image, put

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

DETAILS = {"price": 4.5, "tags": ["rot", "é", "\n"], "sold": None, "more": {"a": [1, True]}}


@pytest.fixture
def products(database):
    put(database, *[image(f"{number}.jpg") for number in range(1, 6)])
    return ProductTable(database)


def test_a_product_comes_back_as_it_was_told(products):
    made = products.create("chair", "Stuhl ' \" é", DETAILS, [3, 1, 3, 2])
    assert made[:4] == ("chair", "Stuhl ' \" é", DETAILS, (3, 1, 2))
    assert products.get("chair") == made
    assert products.count() == 1


def test_an_id_is_used_once(products):
    products.create("chair", "one", {}, [1])
    with pytest.raises(Refused, match="product chair already") as refused:
        products.create("chair", "two", {}, [2])
    assert refused.value.status == 409
    assert products.get("chair").name == "one"


def test_replacing_tells_whether_it_is_new(products):
    made, new = products.replace("chair", "one", {"a": 1}, [1, 2])
    assert new and made.images == (1, 2)
    changed, new = products.replace("chair", "two", {}, [5, 2])
    assert not new and changed[:4] == ("chair", "two", {}, (5, 2))
    assert changed.changed >= made.changed
    assert products.get("chair") == changed


def test_images_that_are_not_there_are_named(products):
    products.create("chair", "one", {}, [1])
    for call in (products.create, products.replace):
        with pytest.raises(Refused, match=r"images: there is no image 99, 98$") as refused:
            call("table", "", {}, [2, 99, 98])
        assert refused.value.status == 422
    assert products.count() == 1
    with pytest.raises(Refused, match="99"):
        products.replace("chair", "two", {}, [99])
    assert products.get("chair")[1:4] == ("one", {}, (1,))


def test_pages_are_in_alphabetical_order(products):
    for id in ("b", "é", "a", "B", "ab"):
        products.create(id, "", {}, [1, 2])
    assert [each.id for each in products.page()] == ["B", "a", "ab", "b", "é"]
    assert [each.id for each in products.page("a", 2)] == ["ab", "b"]
    assert all(each.images == (1, 2) for each in products.page())


def test_a_product_that_is_removed_leaves_its_images(database, products):
    products.create("chair", "", {}, [1])
    products.remove("chair")
    assert ImageTable(database).get(1).products == ()
    for missing in (products.get, products.remove):
        with pytest.raises(NotFound, match="no product chair"):
            missing("chair")


def test_links_make_products_and_keep_those_that_are_there(database, products):
    products.create("chair", "Chair", {"a": 1}, [2])

    def link():
        with database.transaction() as session:
            products.link(session, [("3.jpg", ("chair", "table")), ("1.jpg", ("chair",)), ("2.jpg", ("chair",))])

    link()
    after = products.page()
    assert [each[:4] for each in after] == [("chair", "Chair", {"a": 1}, (2, 3, 1)), ("table", "table", {}, (3,))]
    link()
    assert products.page() == after
    assert ImageTable(database).get(3).products == ("chair", "table")


def test_a_product_of_many_images(database, products):
    put(database, *[image(f"many/{number}.jpg") for number in range(2500)])
    ids = [each.id for each in ImageTable(database).page(5, 2500)][::-1]
    assert products.create("many", "", {}, ids).images == tuple(ids)
