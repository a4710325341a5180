"""The tags that people gave a photo in a catalogue program (digiKam, Lightroom, darktable), read from XMP.

XMP is XML that comes from anybody. It is parsed by defusedxml, which refuses
entities, in one pass, and only the tags are taken from it.
"""

import contextlib
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from defusedxml import ElementTree

from helpers.files.reading import read_regular
from helpers.files.stamps import is_past
from helpers.images.opening import Readable

_NAMES = {  # of the three programs; with | or / between a group and what is in it
    "{http://www.digikam.org/ns/1.0/}TagsList",
    "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject",
    "{http://purl.org/dc/elements/1.1/}subject",
}
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_MARK = b"http://ns.adobe.com/xap/1.0/\0"
_ENDING = ".xmp"
_LARGEST = 4 * 2**20  # bytes
_DEEPEST = 100  # elements within each other; programs write some ten
_MOST_TAGS = 10_000  # of one photo
_KEPT = 64  # folders whose names are remembered


def read_tags(image: Any, source: Readable) -> List[str]:
    """The tags of an open Pillow image, and of the XMP file beside it: each once, groups as `Species|Fox`.

    Sorted, without words that are the end of another tag. Damaged XMP has no tags.
    """
    tags = {tag for packet in (*_within(image), *_beside(source)) for tag in _tags(packet)}
    last = {tag.rpartition("|")[2] for tag in tags if "|" in tag}
    return sorted(tag for tag in tags if "|" in tag or tag not in last)


def _within(image: Any) -> Iterator[bytes]:
    for marker, content in getattr(image, "applist", ()):  # of a JPEG
        if marker == "APP1" and content.startswith(_MARK):
            yield content[len(_MARK) :]
    for name in ("xmp", "XML:com.adobe.xmp"):  # of WebP and others, and of PNG
        packet = image.info.get(name)
        if isinstance(packet, str):
            yield packet.encode("utf-8", "replace")
        elif isinstance(packet, bytes) and not getattr(image, "applist", ()):
            yield packet
    if image.format == "TIFF" and isinstance(image.tag_v2.get(700), bytes):
        yield image.tag_v2[700]


class _Folder(NamedTuple):
    """The names in a folder that matter for the XMP files in it."""

    modified: int  # ns
    packets: Dict[str, List[str]]  # the names of XMP files, by these names in small letters
    claimed: Set[str]  # the names of all other files, with and without their ending


_folders: Dict[str, _Folder] = {}  # those read last, by their path


def sidecars(path: str) -> List[str]:
    """The XMP files beside a photo: of its name with `.xmp` after it, or in the place of its ending.

    Cameras, systems and programs write names in large or small letters as they
    like (`d.JPG` and `D.xmp`): one that differs in these counts too, where it is
    the only one, and no other file has its name.
    """
    place, name = os.path.split(path)
    folder = _listed(place)
    if folder is None or not folder.packets:
        return []
    found = []
    for base in dict.fromkeys((name, os.path.splitext(name)[0])):  # noqa: PTH122 (Path is slow, and these are many)
        names = folder.packets.get(f"{base}{_ENDING}".lower(), [])
        exact = [each for each in names if each[: -len(_ENDING)] == base]
        others = [each for each in names if each[: -len(_ENDING)] not in folder.claimed]
        found += exact or (others if len(others) == 1 else [])
    return [os.path.join(place, each) for each in found]  # noqa: PTH118 (as above)


def _listed(place: str) -> Optional[_Folder]:
    """The names in a folder, read again only after it has changed; None where it cannot be read."""
    try:
        modified = os.stat(place or ".").st_mtime_ns  # noqa: PTH116 (as above)
        known = _folders.get(place)
        if known is not None and known.modified == modified:
            return known
        folder = _Folder(modified, {}, set())
        with os.scandir(place or ".") as entries:
            for entry in entries:
                if entry.name.lower().endswith(_ENDING):
                    folder.packets.setdefault(entry.name.lower(), []).append(entry.name)
                else:
                    folder.claimed.update((entry.name, os.path.splitext(entry.name)[0]))  # noqa: PTH122 (as above)
    except (OSError, ValueError):
        return None
    if is_past(modified):
        if len(_folders) >= _KEPT:
            _folders.clear()
        _folders[place] = folder
    return folder


def _beside(source: Readable) -> Iterator[bytes]:
    if not isinstance(source, (str, os.PathLike)):
        return
    for place in sidecars(os.fspath(source)):
        with contextlib.suppress(OSError, ValueError):
            yield read_regular(place, most=_LARGEST)


def _tags(packet: bytes) -> List[str]:
    if len(packet) > _LARGEST:
        return []
    reader = _TagReader()
    try:
        parser = ElementTree.DefusedXMLParser(target=reader)
        parser.feed(packet.strip(b"\0 \r\n\t"))
        parser.close()
    except Exception:  # not XML, or XML that is up to something
        return []
    texts = ("|".join(part.strip() for part in text.replace("/", "|").split("|")) for text in reader.tags)
    return [text for text in texts if text.strip("|")]


class _TagReader:
    """Takes the tags from XML as it is parsed, in one pass and without keeping the rest."""

    def __init__(self) -> None:
        self.tags: List[str] = []
        self._depth = self._lists = 0
        self._text: Optional[List[str]] = None

    def start(self, name: str, _: Any) -> None:
        """An element begins; raises `ValueError` where there are more within each other than programs write."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        self._lists += name in _NAMES
        if name == _ITEM and self._lists:
            self._text = []

    def data(self, text: str) -> None:
        """Text within the last element."""
        if self._text is not None:
            self._text.append(text)

    def end(self, name: str) -> None:
        """An element ends; raises `ValueError` where there are more tags than anybody gives."""
        self._depth -= 1
        self._lists -= name in _NAMES
        if name == _ITEM and self._text is not None:
            self.tags.append("".join(self._text))
            self._text = None
            if len(self.tags) > _MOST_TAGS:
                raise ValueError("too many tags")

    def close(self) -> None:
        """The end of the text."""
