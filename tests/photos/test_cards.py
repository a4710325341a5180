import pytest

from helpers.photos.cards import card_of, order_on_card


@pytest.mark.parametrize(
    "folder, card",
    [
        ("north/C1/100MEDIA", "north/C1"),
        ("north/C1/DCIM/101RECNX", "north/C1"),
        ("C1/dcim/100EK113", "C1"),
        ("C1/100_BTCF", "C1"),
        ("100MEDIA", "."),
        ("DCIM", "."),
        (".", "."),
        ("north/C1", "north/C1"),
        ("north/2026-05", "north/2026-05"),
        ("north/100 trees", "north/100 trees"),
        ("north/1000", "north/1000"),
        ("north/099MEDIA", "north/099MEDIA"),
    ],
)
def test_the_folder_of_a_card(folder, card):
    assert card_of(folder) == card


@pytest.mark.parametrize(
    "name", ["IMG_{:04d}.JPG", "EK{:06d}.JPG", "RCNX{:04d}.jpg", "I__{:05d}.JPG", "0501{:04d}.JPG"]
)
def test_names_of_cameras_count(name):
    numbers = [*range(103, 110), *range(95, 103)]
    order = order_on_card([f"C1/{name.format(number)}" for number in numbers])
    assert [numbers[place] for place in order] == sorted(numbers)


def test_the_number_goes_on_in_the_next_folder():
    full = [f"C1/100MEDIA/IMG_{number:04d}.JPG" for number in range(995, 1000)]
    again = [f"C1/101MEDIA/IMG_{number:04d}.JPG" for number in range(1, 5)]
    on = [f"C1/101MEDIA/IMG_{number:04d}.JPG" for number in range(1000, 1005)]
    assert order_on_card(again + full) == [4, 5, 6, 7, 8, 0, 1, 2, 3]
    assert order_on_card(on + full) == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]


def test_days_in_names_of_the_old_and_the_new_year():
    """05010001 is a day and a number, and the number goes on."""
    names = [f"C1/1231{number:04d}.JPG" for number in range(1, 5)] + [
        f"C1/0101{number:04d}.JPG" for number in range(5, 9)
    ]
    assert order_on_card(names) == list(range(8))


@pytest.mark.parametrize(
    "names",
    [
        [f"e{number}.JPG" for number in range(1, 20)],
        [f"IMG_{number:04d} (2).JPG" for number in range(1, 20)],
        [f"fox-{number:04d}.JPG" for number in range(1, 20)],
        [f"2026-05-01 10-00-{number:02d}.JPG" for number in range(1, 20)],
        [f"IMG_{number:04d}.JPG" for number in range(1, 6)],  # few
        [f"IMG_{number:04d}.JPG" for number in range(1, 200, 9)],  # chosen ones
        [f"{prefix}{number:04d}.JPG" for prefix in ("IMG_", "DSCF") for number in range(1, 20)],
        [f"{visit}/IMG_{number:04d}.JPG" for visit in ("100MEDIA", "102MEDIA") for number in range(1, 9)],
        [f"{number:08d}.JPG" for number in range(1, 20)],
    ],
)
def test_other_names_say_nothing_of_the_order(names):
    assert order_on_card([f"C1/{name}" for name in names]) is None


def test_a_deleted_photo_or_a_video_is_no_gap():
    assert order_on_card([f"IMG_{number:04d}.JPG" for number in (1, 2, 4, 5, 8, 9)]) == list(range(6))
