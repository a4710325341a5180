"""The pages as the one text that anywidget takes, and what they ask of the kernel."""

import re
from collections import Counter
from types import SimpleNamespace

import pytest

from helpers.errors import FrameError
from helpers.explorer.explorer import Explorer
from helpers.explorer.map.map import CollectionMap
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from helpers.widgets.page_files import javascript
from helpers.widgets.photo_table import PhotoTable, chosen_rows
from tests.support.pictures import folder_of, tiny_network

PAGES = [Explorer, CollectionMap]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    data, _ = load_photos(folder_of(tmp_path_factory.mktemp("photos"), 5), progress=False)
    return create(data, model=tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"), verbose=False)


@pytest.mark.parametrize("widget", PAGES)
def test_a_page_is_one_module_of_names_that_differ(widget):
    assert not re.findall(r"^import ", widget._esm, re.MULTILINE)
    assert re.findall(r"^export .*", widget._esm, re.MULTILINE) == ["export default { render };"]
    names = Counter(re.findall(r"^(?:const|let|class|function) (\w+)", widget._esm, re.MULTILINE))
    assert len(names) > 10 and set(names.values()) == {1}


def test_a_module_stands_after_those_that_it_imports_and_once(tmp_path):
    (tmp_path / "one.js").write_text("export const one = 1;\n")
    (tmp_path / "two.js").write_text('import { one } from "./one.js";\nexport const two = one + one;\n')
    (tmp_path / "three.js").write_text(
        'import { one } from "./one.js";\nimport { two } from "./two.js";\nexport default { three: one + two };\n'
    )
    lines = [line for line in javascript(tmp_path / "three.js").split("\n") if line]
    assert lines == ["const one = 1;", "const two = one + one;", "export default { three: one + two };"]


def test_all_that_the_pages_ask_for_is_answered(model, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    atlas = SimpleNamespace(model=model, positions=[(row, row) for row in range(5)], note="")
    for widget in (explorer, CollectionMap(atlas)):
        asked = set(re.findall(r'(?:request\(|do: )"(\w+)"', widget._esm))
        assert asked == set(widget._handlers), type(widget)


def test_labels_and_rows(model):
    table = PhotoTable(model, None)
    assert table.rows([3, 1]).tolist() == [3, 1] and len(table) == 5 and table.frame is model.data
    assert list(chosen_rows(table.frame, [3, 1, 3])["path"]) == [model.names[1], model.names[3]]
    assert len(chosen_rows(table.frame, [])) == 0
    for label in (5, "3", [1]):
        with pytest.raises(FrameError, match="is not the label of a photo"):
            table.row(label)
