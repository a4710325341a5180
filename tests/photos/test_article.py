import io
import zipfile

import pytest

from helpers.files import download
from helpers.photos import article
from tests.support.file_server import serving
from tests.support.places import SHARED

CARTOONS = SHARED / "cartoons"
PHOTOS = {"doraemon/1.jpg": b"blue", "walle/2.png": b"yellow"}


def packed(photos, *, prefix="demo-python-image-classification-4b49e5e/image/"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("demo-python-image-classification-4b49e5e/README.md", "not a photo")
        for name, content in photos.items():
            archive.writestr(prefix + name, content)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def two_photos(monkeypatch, tmp_path):
    """An empty cache, and two photos that count as the article's."""
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_PAUSES", (0.01, 0.02))
    for name, content in PHOTOS.items():
        (tmp_path / "right" / name).parent.mkdir(parents=True)
        (tmp_path / "right" / name).write_bytes(content)
    monkeypatch.setattr(article, "_SHA256", article._digest(tmp_path / "right"))


def photos_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_photos_are_fetched_once(monkeypatch):
    with serving({article._FILE: packed(PHOTOS)}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        assert photos_in(article.article_photos()) == PHOTOS
        assert photos_in(article.article_photos()) == PHOTOS
        assert server.downloads == 1


@pytest.mark.parametrize(
    "content",
    [
        packed({**PHOTOS, "walle/2.png": b"another"}),
        packed({"doraemon/1.jpg": b"blue"}),
        packed(PHOTOS)[:-40],
        b"no zip",
    ],
    ids=["changed", "incomplete", "cut", "no zip"],
)
def test_other_photos_are_refused_and_leave_nothing(monkeypatch, tmp_path, content):
    with serving({article._FILE: content}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        with pytest.raises(article.PhotosUnavailable, match="Ways out"):
            article.article_photos()
    assert not photos_in(tmp_path / "cache")


def with_flag(content):
    """As if the photos were locked with a password."""
    return content.replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0").replace(
        b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"
    )


@pytest.mark.parametrize(
    "content",
    [
        packed({**PHOTOS, "walle/large.jpg": bytes(1_000_000)}),
        with_flag(packed(PHOTOS)),
        packed(PHOTOS).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x63\0"),
    ],
    ids=["bomb", "password", "packed otherwise"],
)
def test_a_zip_that_was_made_to_do_harm_is_refused_and_leaves_nothing(monkeypatch, tmp_path, content):
    monkeypatch.setattr(article, "_LARGEST", 10_000)
    written = []
    monkeypatch.setattr(article.shutil, "copyfileobj", lambda *_: written.append(1))
    with serving({article._FILE: content}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        with pytest.raises(article.PhotosUnavailable, match="Ways out"):
            article.article_photos()
    assert not photos_in(tmp_path / "cache") and not written


def test_nothing_is_unpacked_outside_of_the_folder(monkeypatch, tmp_path):
    # "../walle/x" is no folder of the article's; "walle/.." would be the folder above
    hostile = packed({**PHOTOS, "../../../../evil.jpg": b"evil", "/evil.jpg": b"evil"})
    with serving({article._FILE: hostile}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        assert photos_in(article.article_photos()) == PHOTOS
    assert not list(tmp_path.rglob("evil*"))


def test_without_a_network_the_ways_out_are_named(tmp_path):
    # tests/conftest.py names a mirror that does not exist
    with pytest.raises(article.PhotosUnavailable) as caught:
        article.article_photos()
    for way in ("KINFRAME_MIRROR", article._FILE, str(tmp_path / "cache" / "photos" / "article")):
        assert way in str(caught.value)


def test_the_photos_that_are_expected_are_the_article_s(monkeypatch):
    if not CARTOONS.is_dir():
        pytest.skip("the article's photos are not beside this checkout (../shared/data/cartoons)")
    monkeypatch.undo()
    assert article._digest(CARTOONS) == article._SHA256


def test_what_macos_leaves_in_a_folder_changes_nothing(tmp_path):
    before = article._digest(tmp_path / "right")
    (tmp_path / "right" / "walle" / ".DS_Store").write_bytes(b"macOS")
    assert article._digest(tmp_path / "right") == before
