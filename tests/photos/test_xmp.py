import io
import os

import pytest
from PIL import Image

from helpers.photos.metadata.read import read_metadata
from helpers.photos.metadata.xmp import read_tags
from tests.support.metadata import packet
from tests.support.pictures import encoded, picture


def tags(source):
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return read_tags(image, source)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_tags_within_a_photo(kind):
    xmp = packet(lightroom=["Species|Fox", "Who|Ann"], subject=["Fox", "wet"])
    photo = picture(1, (60, 40))
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        source = encoded(photo, kind, pnginfo=info)
    elif kind == "TIFF":
        source = encoded(photo, kind, tiffinfo={700: xmp})
    elif kind == "JPEG":
        plain, mark = encoded(photo, kind), b"http://ns.adobe.com/xap/1.0/\0"
        source = plain[:2] + b"\xff\xe1" + (len(mark + xmp) + 2).to_bytes(2, "big") + mark + xmp + plain[2:]
    else:
        source = encoded(photo, kind, xmp=xmp)
    assert tags(source) == ["Species|Fox", "Who|Ann", "wet"]
    assert read_metadata(source).tags == ("Species|Fox", "Who|Ann", "wet")


@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.xmp"])
def test_tags_beside_a_photo(name, tmp_path):
    picture().save(tmp_path / "a.jpg")
    (tmp_path / name).write_bytes(packet(digikam=["Species/Fox", "Species / Fox", "Füchse &amp; Co"]))
    assert tags(tmp_path / "a.jpg") == ["Füchse & Co", "Species|Fox"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<x",
        b"\xff\xfe\0\0",
        packet(subject=[" ", "|", ""]),
        b'<!DOCTYPE x [<!ENTITY a "Fox"><!ENTITY b "&a;&a;">]>' + packet(subject=["&b;"]),
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + packet(subject=["&a;"]),
    ],
)
def test_what_is_damaged_or_up_to_something_counts_for_nothing(content, tmp_path):
    picture().save(tmp_path / "a.jpg")
    (tmp_path / "a.xmp").write_bytes(content)
    assert tags(tmp_path / "a.jpg") == []


def test_a_huge_file_beside_a_photo_is_not_read(tmp_path):
    picture().save(tmp_path / "a.jpg")
    (tmp_path / "a.xmp").write_bytes(packet(subject=["Fox"]) + b" " * 2**23)
    assert tags(tmp_path / "a.jpg") == []


def folder_of(folder, *names):
    for name in names:
        if name.lower().endswith(".xmp"):
            (folder / name).write_bytes(packet(subject=[name]))
        else:
            picture().save(folder / name, "JPEG")


CASES = [  # files of a folder; a photo, and the XMP files beside it that are its own
    (["b.JPG", "b.XMP"], "b.JPG", ["b.XMP"]),
    (["b.JPG", "b.JPG.XMP"], "b.JPG", ["b.JPG.XMP"]),
    (["d.JPG", "D.xmp"], "d.JPG", ["D.xmp"]),
    (["IMG_1.JPG", "img_1.jpg.xmp"], "IMG_1.JPG", ["img_1.jpg.xmp"]),
    (["IMG_1.JPG", "IMG_1.xmp", "img_1.XMP"], "IMG_1.JPG", ["IMG_1.xmp"]),
    (["IMG_1.JPG", "Img_1.xmp", "img_1.XMP"], "IMG_1.JPG", []),
    (["IMG_1.JPG", "img_1.jpg", "img_1.xmp"], "IMG_1.JPG", []),
    (["IMG_1.JPG", "img_1.jpg", "img_1.xmp"], "img_1.jpg", ["img_1.xmp"]),
    (["a.JPG", "b.xmp"], "a.JPG", []),
    (["a.JPG", "a.xmp", "a.JPG.xmp"], "a.JPG", ["a.JPG.xmp", "a.xmp"]),
]


@pytest.mark.parametrize(("files", "photo", "wanted"), CASES)
def test_a_sidecar_is_found_whatever_letters_its_name_has(tmp_path, files, photo, wanted):
    folder_of(tmp_path, *files)
    if len(list(tmp_path.iterdir())) < len(files):
        pytest.skip("this disk does not tell large letters from small ones")
    assert list(read_metadata(tmp_path / photo).tags) == sorted(wanted)


def test_a_sidecar_that_comes_later_is_found(tmp_path, monkeypatch):
    """The names in a folder are remembered while it stays as it is."""
    folder_of(tmp_path, "a.JPG")
    assert read_metadata(tmp_path / "a.JPG").tags == ()
    folder_of(tmp_path, "A.XMP")
    assert read_metadata(tmp_path / "a.JPG").tags == ("A.XMP",)
    asked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: asked.append(path) or scandir(path))
    os.utime(tmp_path, (1e9, 1e9))
    for _ in range(3):
        assert read_metadata(tmp_path / "a.JPG").tags == ("A.XMP",)
    assert len(asked) == 1
    (tmp_path / "A.XMP").unlink()
    assert read_metadata(tmp_path / "a.JPG").tags == ()


@pytest.mark.parametrize("open_tag", ["<x>", "<dc:subject>", "<rdf:li>"])
def test_xml_without_an_end_or_too_deep_has_no_tags(tmp_path, open_tag):
    picture().save(tmp_path / "a.jpg")
    close_tag = open_tag.replace("<", "</")
    for count, wanted in ((20, ["Fox"]), (5_000, [])):
        content = packet(subject=["Fox"]).replace(b"</rdf:Description>", b"%b%b</rdf:Description>")
        (tmp_path / "a.xmp").write_bytes(content % (open_tag.encode() * count, close_tag.encode() * count))
        assert tags(tmp_path / "a.jpg") == wanted
