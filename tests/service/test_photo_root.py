import os
import sys

import pytest

from helpers.errors import FolderError, NotFound, Refused
from helpers.photos.find import find_photos
from helpers.photos.load import load_photos
from helpers.service.photo_root import PhotoRoot, why_not
from tests.support.pictures import folder_of, picture

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

UNIX = pytest.mark.skipif(os.name == "nt", reason="names that Windows does not take")


@pytest.fixture
def root(tmp_path):
    folder_of(tmp_path / "photos", count=4)
    (tmp_path / "secret.jpg").write_bytes(b"not for you")
    (tmp_path / "photosecret").mkdir()
    (tmp_path / "photosecret" / "a.jpg").write_bytes(b"not for you")
    return PhotoRoot(tmp_path / "photos")


def test_a_photo_by_its_path(root):
    file = root.file("odd/1.jpg")
    assert file == root.path / "odd" / "1.jpg" and file.is_file()
    assert root.folder("odd") == root.folder("odd/") == "odd"
    assert root.folder("") == root.folder(".") == root.folder("/") == ""


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../secret.jpg",
        "odd/../../secret.jpg",
        "odd/../0.jpg",  # inside, but by another name
        "./0.jpg",
        "odd//1.jpg",
        "odd/1.jpg/",
        "/etc/passwd",
        "//server/share/a.jpg",
        "C:/photos/0.jpg",
        "c:0.jpg",
        "..\\secret.jpg",
        "odd\\1.jpg",
        "\\\\server\\share",
        "0.jpg\0.png",
        "0.jpg\n",
        "odd/\x1b[2J.jpg",
        "odd/\x85.jpg",
        "odd/\u2028.jpg",
        ".hidden/0.jpg",
        "odd/.htaccess",
        "~/../secret.jpg/..",
        "\udcff.jpg",
        "a" * 256,
        "ä" * 128,
        "/".join(["a"] * 600),
        "a/" * 5000,
    ],
)
def test_what_leaves_the_root_is_refused(root, path):
    assert why_not(path)
    with pytest.raises(Refused) as error:
        root.file(path)
    assert error.value.status == 422
    assert str(root.path) not in str(error.value) and len(str(error.value)) < 500
    assert not any(character in str(error.value) for character in "\0\n\x1b\u2028")
    if path not in ("", "."):
        with pytest.raises(Refused):
            root.folder(path if path != "odd/1.jpg/" else "odd/1.jpg//")


def test_percent_signs_and_tildes_are_letters(root):
    for path in ("%2e%2e/secret.jpg", "~/secret.jpg", "$HOME/secret.jpg", "*.jpg"):
        with pytest.raises(NotFound) as error:
            root.file(path)
        assert error.value.status == 404 and str(root.path) not in str(error.value)


@UNIX
@pytest.mark.parametrize(
    "name",
    [
        "Füchse bei Nacht.jpg",
        "狐.jpg",
        'it\'s "quoted".jpg',
        "<b>bold<b>.jpg",
        "12:30.jpg",
        "a..jpg",
        "%2e.jpg",
        "a?#&.jpg",
    ],
)
def test_odd_but_honest_names_work(root, name):
    picture(9).save(root.path / "odd" / name)
    assert root.file(f"odd/{name}").is_file()
    assert f"odd/{name}" in root.photos() and f"odd/{name}" in root.photos("odd")


@UNIX
def test_links_that_lead_out(root, tmp_path):
    out = root.path / "out"
    out.symlink_to(tmp_path)
    (root.path / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root.path / "twice.jpg").symlink_to(out / "secret.jpg")
    (root.path / "next").symlink_to(tmp_path / "photosecret")  # whose path begins with the root's
    (root.path / "all").symlink_to("/")
    (root.path / "loop.jpg").symlink_to("loop.jpg")
    (root.path / "broken.jpg").symlink_to("gone.jpg")
    for path in ("out/secret.jpg", "out.jpg", "twice.jpg", "next/a.jpg", "out", "all/etc/hostname"):
        with pytest.raises(Refused, match="leads out"):
            root.file(path)
    assert root.file("out/photos/0.jpg").is_file()  # a detour that ends inside
    for path in ("loop.jpg", "broken.jpg"):
        with pytest.raises(NotFound):
            root.file(path)
    for folder in ("out", "next", "all"):
        with pytest.raises(Refused, match="leads out"):
            root.folder(folder)
    found, bad = root.listing()
    assert found == ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]
    reasons = dict(bad)
    for name in ("out", "out.jpg", "twice.jpg", "next", "all"):
        assert reasons[name] == "a link that leads out of the folder of photos, not followed"
    assert reasons["broken.jpg"] == "a broken link"


@UNIX
def test_links_within_the_root_and_a_root_that_is_a_link(root, tmp_path):
    (root.path / "again").symlink_to("odd")
    (root.path / "odd" / "up").symlink_to("..")
    (root.path / "one.jpg").symlink_to("odd/1.jpg")
    linked = tmp_path / "linked"
    linked.symlink_to(root.path)
    other = PhotoRoot(linked)
    assert other.path == linked and other.file("again/1.jpg") == linked / "again" / "1.jpg"
    assert other.photos() == root.photos()
    assert root.photos("odd") == ["odd/1.jpg", "odd/3.jpg"]
    assert {"one.jpg", "odd/1.jpg"} <= set(root.photos()), "each folder once, by its own path"
    assert ("again", "a link to a folder that is read already") in root.listing().bad
    assert dict(root.listing("odd").bad)["odd/up"] == "a link back to a folder above it"


@UNIX
def test_what_is_no_regular_file(root):
    os.mkfifo(root.path / "pipe.jpg")
    with pytest.raises(Refused, match=r"pipe\.jpg: not a regular file"):
        root.file("pipe.jpg")
    with pytest.raises(Refused, match="odd: a folder, not a photo"):
        root.file("odd")
    with pytest.raises(Refused, match=r"0\.jpg: a file, not a folder"):
        root.folder("0.jpg")
    with pytest.raises(NotFound):
        root.file("0.jpg/1.jpg")
    with pytest.raises(NotFound):
        root.folder("gone")
    assert dict(root.listing().bad)["pipe.jpg"] == "not a regular file"


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_cannot_be_served_are_told_and_cost_nothing_else(root):
    (root.path / os.fsdecode(b"\xff.jpg")).write_bytes(b"no photo")
    for name in ("two\nlines.jpg", "back\\slash.jpg", "c:drive.jpg"):
        picture(9).save(root.path / name)
    found, bad = root.listing()
    assert found == ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]
    assert [(each.path, each.reason) for each in bad] == [
        ("?.jpg", "its name is not valid text; rename it"),
        ("back\\slash.jpg", "its name contains \\, which Windows takes for the end of a folder's name; rename it"),
        ("c:drive.jpg", "its name begins with c:, which Windows takes for a drive; rename it"),
        ("two�lines.jpg", "its name contains a line end or another control character; rename it"),
    ]


def test_what_is_found_is_what_load_photos_takes(root):
    (root.path / "notes.txt").write_text("no photo")
    (root.path / "0.xmp").write_text("a sidecar")
    (root.path / ".hidden.jpg").write_bytes((root.path / "0.jpg").read_bytes())
    data, bad = load_photos(root.path, progress=False)
    listing = root.listing()
    assert sorted([*data["path"], "notes.txt"]) == listing.photos == find_photos(root.path)[0]
    assert [each.path for each in listing.bad] == [".hidden.jpg"]
    assert {"notes.txt", ".hidden.jpg"} == set(bad["path"])


def test_a_root_that_is_none(tmp_path):
    with pytest.raises(FolderError, match="no such folder; give the folder that holds the photos"):
        PhotoRoot(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="is a file, not a folder"):
        PhotoRoot(tmp_path / "file")
