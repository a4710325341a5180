"""The figure of a query and its matches."""

import io
import logging
import os
from pathlib import Path

import pytest
from matplotlib import font_manager
from PIL import Image

from helpers import tc
from helpers.errors import FrameError
from helpers.images import fonts, sheet
from helpers.similarity.grid import show_matches
from tests.support.pictures import animal_in_a_forest, share_of_animal


class FewPhotos:
    """What the grid asks of a model: photos in a folder, and which of them were queries."""

    def __init__(self, folder, names):
        self.folder, self.names, self.queries = folder, names, {}
        for number, name in enumerate(names):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40 + 10 * number, 60), (90, 20 * (number % 12), 150)).save(path, "PNG")

    def photo(self, label):
        if label not in range(len(self.names)):
            raise FrameError(f"{label!r} is not the label of a photo in this model")
        return str(self.folder / self.names[label])

    def name_of(self, label):
        return self.names[label]

    def asked(self, found):
        return self.queries

    def answer(self, query, references):
        self.queries[query] = (self.names[query], self.photo(query))
        return result([(query, reference, 1.5 * rank, rank + 1) for rank, reference in enumerate(references)])


def result(rows):
    columns = zip(("query_label", "reference_label", "distance", "rank"), zip(*rows) if rows else [()] * 4)
    kinds = {"distance": float}
    frame = tc.SFrame()
    for name, values in columns:
        frame = frame.add_column(tc.SArray(list(values), dtype=kinds.get(name, int)), name)
    return frame


@pytest.fixture
def model(tmp_path):
    return FewPhotos(tmp_path, [f"{'ab'[number % 2]}/photo-{number:03d}.png" for number in range(12)])


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def tiles(figure):
    return [image.get_array() for image in figure.axes[0].images]


def pixels(figure):
    return Image.open(io.BytesIO(figure._repr_png_())).size


def test_the_query_comes_first_then_the_matches_by_rank_with_distances_and_names(model):
    found = model.answer(3, [3, 5, 4]).sort("rank", ascending=False)
    assert texts(show_matches(model, found)) == [
        *("query", "photo-003.png", "b"),
        *("1", "0.00", "query itself", "photo-003.png", "b"),
        *("2", "1.50", "photo-005.png", "b"),
        *("3", "3.00", "photo-004.png", "a"),
    ]


def test_a_collection_of_one_folder_has_no_line_for_folders(tmp_path):
    model = FewPhotos(tmp_path, ["a/one.png", "a/two.png"])
    assert texts(show_matches(model, model.answer(0, [1]))) == ["query", "one.png", "1", "0.00", "two.png"]


def test_tiles_keep_their_size_and_the_figure_grows(model):
    one, ten, fifty = (pixels(show_matches(model, model.answer(0, ([*range(12)] * 5)[:k]))) for k in (1, 10, 50))
    assert one[0] < ten[0] == fifty[0]
    assert ten[1] - one[1] == pytest.approx((fifty[1] - ten[1]) / 8, abs=1)


def test_columns_say_how_many_matches_stand_side_by_side(model):
    found = model.answer(0, range(12))
    sizes = {columns: show_matches(model, found, columns=columns).get_size_inches() for columns in (1, 6, 20)}
    assert sizes[1][0] < sizes[6][0] < sizes[20][0]
    assert sizes[1][1] > sizes[6][1] > sizes[20][1]


@pytest.mark.parametrize("columns", [0, 21])
def test_columns_out_of_range_are_refused(model, columns):
    with pytest.raises(FrameError, match="1 to 20"):
        show_matches(model, model.answer(0, [0]), columns=columns)


def test_each_query_has_a_block_and_more_than_ten_are_counted(model):
    found = result([])
    for query in range(12):
        found = found.append(model.answer(query, [query]))
    shown = texts(show_matches(model, found))
    assert shown.count("query") == 10
    assert shown[-1] == "10 of 12 queries shown; filter the result by query_label to see the others"


def test_more_matches_than_twenty_rows_are_counted(model):
    shown = texts(show_matches(model, model.answer(0, list(range(12)) * 4), columns=2))
    assert "40" in shown and "41" not in shown
    assert "40 of 48 matches shown" in shown


def test_no_matches(model):
    found = model.answer(3, [])
    assert texts(show_matches(model, found)) == ["query", "photo-003.png", "b", "no matches"]
    model.queries = {}
    assert texts(show_matches(model, found)) == ["no matches"]


def test_a_photo_that_has_gone_or_broken_is_a_tile_with_the_reason(model):
    (model.folder / "b/photo-001.png").unlink()
    broken = model.folder / "a/photo-002.png"
    broken.write_bytes(broken.read_bytes()[:60])
    shown = texts(show_matches(model, model.answer(0, [1, 2])))
    assert shown[3:] == ["no such file", "1", "0.00", "photo-001.png", "b", *shown[8:]]
    assert shown[8].startswith(("cut off", "damaged", "not a photo")) and "photo-002.png" in shown


def test_a_query_that_the_model_has_forgotten_says_so(model):
    found = model.answer(0, [1])
    model.queries = {}
    shown = " ".join(texts(show_matches(model, found)))
    assert "the model remembers" in shown.replace("\n", " ") and "query 0" in shown


def test_rows_that_were_left_out_leave_their_rank(model):
    found = model.answer(0, [0, 1, 2])
    assert texts(show_matches(model, found[found["rank"] > 1]))[3] == "2"


def test_the_query_is_recognised_by_its_bytes_and_a_copy_of_it_by_its_name(model):
    copy = Path(model.photo(1)).read_bytes()
    Path(model.photo(2)).write_bytes(copy)
    found = model.answer(1, [2, 1])
    model.queries[1] = ("b/photo-001.png", copy)
    shown = texts(show_matches(model, found))
    assert shown.count("query itself") == 1
    assert shown[shown.index("query itself") + 1] == "photo-001.png"


@pytest.mark.parametrize(
    "distance, shown",
    [(0.0, "0.00"), (0.012345, "0.0123"), (9.999, "10.0"), (123.4, "123"), (1234.5, "1234"), (1.5e9, "1.50e+09")],
)
def test_distances_have_three_digits(model, distance, shown):
    model.answer(0, [1])
    assert shown in texts(show_matches(model, result([(0, 1, distance, 1)])))


@pytest.mark.parametrize(
    "name, shown",
    [
        ("cost_$5_and_$x^2$.png", "cost_$5_and_$x^2$.png"),
        ("<img src=x>.png", "<img src=x>.png"),
        ("two\nlines.png", "two lines.png"),
        ("bell\a.png", "bell□.png"),
        ("right\u202eleft.png", "rightleft.png"),
        ("Ελληνικά ñ Ж.png", "Ελληνικά ñ Ж.png"),
        ("no font has \U0010fffd this.png", "no font has □ this.png"),
    ],
)
def test_names_are_drawn_as_they_are(tmp_path, name, shown):
    model = FewPhotos(tmp_path, [name])
    figure = show_matches(model, model.answer(0, [0]))
    assert texts(figure)[-1] == shown
    pixels(figure)  # matplotlib would warn of a missing glyph now, and a warning is an error


@pytest.mark.parametrize("name", ["熊猫照片", "صورة", "नमस्ते", "사진", "🐼👩‍🚀", "\ufe0f❤️"])
def test_every_script_is_drawn_or_stood_in_for_without_a_warning(tmp_path, name, caplog):
    model = FewPhotos(tmp_path, [f"{name}.png"])
    with caplog.at_level(logging.WARNING, logger="matplotlib"):
        pixels(show_matches(model, model.answer(0, [0])))
    assert not caplog.records


def test_another_installed_font_helps_out(tmp_path, monkeypatch):
    # Liberation, DejaVu Serif, … : any family that is not the usual one serves as the font that has the character.
    other = next((family for family in fonts._families()[1:] if "A" in fonts._coverage(family)), None)
    if other is None:
        pytest.skip("matplotlib finds no second font family here")
    monkeypatch.setattr(fonts, "_coverage", lambda family: {"A"} if family == other else {"B"})
    fonts._family.cache_clear()
    assert (fonts._family("A"), fonts._family("B"), fonts._family("C")) == (other, "DejaVu Sans", None)
    fonts._family.cache_clear()


def test_a_font_file_that_has_gone_is_passed_over(monkeypatch):
    def gone(path):
        raise FileNotFoundError(path)

    fonts._coverage.cache_clear()
    monkeypatch.setattr(fonts, "get_font", gone)
    assert fonts._coverage("DejaVu Sans") == frozenset()
    fonts._coverage.cache_clear()


def test_long_names_never_reach_their_neighbour(tmp_path):
    names = ["W" * 60 + "1.png", "i" * 200 + "2.png", "long-name-" * 9 + "3.png"]
    model = FewPhotos(tmp_path, names)
    figure = show_matches(model, model.answer(0, [0, 1, 2]))
    figure.savefig(os.devnull, format="png")
    for text in figure.axes[0].texts:
        assert text.get_window_extent().width <= sheet.TILE * figure.dpi + 1
    assert [text[-5:] for text in texts(figure) if "…" in text] == ["1.png", "1.png", "2.png", "3.png"]


def test_the_part_that_was_compared_is_enlarged(model, tmp_path):
    box = (0.1, 0.2, 0.15, 0.25)
    model.photo = lambda label: animal_in_a_forest(tmp_path / f"{label}.jpg", box)
    found = model.answer(0, [1, 2])
    for place, side in enumerate(("left", "top", "right", "bottom")):
        found = found.add_column(tc.SArray([box[place], None], dtype=float), side)
    assert [share_of_animal(tile) > 0.3 for tile in tiles(show_matches(model, found))] == [False, True, False]
    model.queries[0] = (*model.queries[0], box)
    assert [share_of_animal(tile) > 0.3 for tile in tiles(show_matches(model, found))] == [True, True, False]
    found = found.remove_column("right").add_column(tc.SArray([2.0, None], dtype=float), "right")
    with pytest.raises(FrameError, match="shares of the photo"):
        show_matches(model, found)


def test_the_figure_shows_itself_inline_without_pyplot(model):
    figure = show_matches(model, model.answer(0, [1]))
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_frame_that_is_no_answer_is_refused(model):
    with pytest.raises(FrameError, match="found lacks distance, rank"):
        show_matches(model, tc.SFrame({"query_label": [0], "reference_label": [0]}))


def test_the_fonts_come_from_matplotlibs_own_list():
    assert set(fonts._families()) <= {font.name for font in font_manager.fontManager.ttflist}
