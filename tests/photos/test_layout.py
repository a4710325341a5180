import pytest

from helpers.errors import FrameError
from helpers.photos.layout import places_of


@pytest.mark.parametrize(
    "layout, folder, told",
    [
        ("{site}/{camera}", "north/C1/100MEDIA", {"site": "north", "camera": "C1"}),
        ("{site}/{camera}/", "north/C1", {"site": "north", "camera": "C1"}),
        ("{site}_{camera}", "north_C1/x", {"site": "north", "camera": "C1"}),
        ("*/{deployment}", "2026/d1", {"deployment": "d1"}),
        ("cards/{camera}", "cards/a (1)", {"camera": "a (1)"}),
        ("cards/{camera}", "other/a", {"camera": None}),
        ("{site}/{camera}", "north", {"site": None, "camera": None}),
        ("{site}/{camera}", "", {"site": None, "camera": None}),
        ("a.b/{camera}", "aXb/c", {"camera": None}),
    ],
)
def test_layouts(layout, folder, told):
    assert places_of([folder], layout) == {name: [value] for name, value in told.items()}


@pytest.mark.parametrize(
    "layout, said",
    [
        ("", "names no place"),
        ("a/b", "names no place"),
        ("{sit}", "'sit'"),
        ("{site", "half a pair of braces"),
        (3, "text"),
    ],
)
def test_layouts_that_cannot_be_read(layout, said):
    with pytest.raises(FrameError, match=said):
        places_of(["a"], layout)
    with pytest.raises(FrameError, match="each once"):
        places_of(["a"], "{site}/{site}")
