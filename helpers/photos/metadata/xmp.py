"""The tags that people gave a photo in a catalogue program (digiKam, Lightroom, darktable), read from XMP.

XMP is XML that comes from anybody. It is parsed by defusedxml, which refuses
entities, and only the tags are taken from it.
"""

import os
from pathlib import Path
from typing import Any, Iterator, List, Tuple

from defusedxml import ElementTree

from helpers.images.opening import Readable

_NAMES = {  # of the three programs; with | or / between a group and what is in it
    "{http://www.digikam.org/ns/1.0/}TagsList",
    "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject",
    "{http://purl.org/dc/elements/1.1/}subject",
}
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_MARK = b"http://ns.adobe.com/xap/1.0/\0"
_LARGEST = 4 * 2**20  # bytes


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


def sidecars(path: str) -> Tuple[str, str]:
    """The two names that an XMP file beside a photo may have."""
    return f"{path}.xmp", f"{os.path.splitext(path)[0]}.xmp"  # noqa: PTH122 (Path is slow, and these are many)


def _beside(source: Readable) -> Iterator[bytes]:
    if not isinstance(source, (str, os.PathLike)):
        return
    for place in map(Path, sidecars(os.fspath(source))):
        try:
            if place.stat().st_size <= _LARGEST:
                yield place.read_bytes()
        except (OSError, ValueError):
            continue


def _tags(packet: bytes) -> List[str]:
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except Exception:  # not XML, or XML that is up to something
        return []
    items = (item for tag in root.iter() if tag.tag in _NAMES for item in tag.iter(_ITEM))
    texts = ("|".join(part.strip() for part in (item.text or "").replace("/", "|").split("|")) for item in items)
    return [text for text in texts if text.strip("|")]
