"""What a file is that is not a photo, by its first bytes: people send and keep many kinds."""

from typing import Container, Optional

RAW_ENDINGS = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos"),
    *(".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)
RAW = "a raw file of a camera"
_HEIC, _AVIF = "an HEIC photo", "an AVIF photo"
_JPEG_XL = "a JPEG XL picture"
_VIDEO = "a video"
_BEGINNINGS = (  # (where, the bytes there, what it is)
    (0, b"%!PS", "a PostScript drawing"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (0, b"%PDF", "a PDF file"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<?xml", "an XML file, perhaps an SVG drawing"),
    (0, b"<!doctype", "an HTML page"),
    (0, b"<html", "an HTML page"),
    (0, b"PK\3\4", "a ZIP file"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"7z\xbc\xaf", "a 7z file"),
    (0, b"Rar!", "a RAR file"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\xff\x0a", _JPEG_XL),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", _JPEG_XL),
    (0, b"SIMPLE  =", "a FITS file of a telescope"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"IIRO", RAW),
    (0, b"IIRS", RAW),
    (0, b"MMOR", RAW),
    (0, b"IIU\0", RAW),
    (0, b"FOVb", RAW),
    (0, b"\0MRM", RAW),
    (6, b"HEAPCCDR", RAW),
    (8, b"CR\2", RAW),
    (8, b"AVI ", _VIDEO),
    (0, b"\x1a\x45\xdf\xa3", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"\0\0\1\xb3", _VIDEO),
    (0, b"FLV\1", _VIDEO),
    (0, b"\x30\x26\xb2\x75", _VIDEO),
)
_BRANDS = {  # of an ISO media file, after "ftyp"
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), _HEIC),
    **dict.fromkeys((b"avif", b"avis"), _AVIF),
    b"crx ": RAW,
}
_WAYS_OUT = {
    _HEIC: "HEIC needs one more package: pip install pillow-heif",
    _AVIF: "AVIF needs one more package: pip install pillow-heif",
    RAW: f"{RAW}: only its preview could be read; export it as JPEG or TIFF",
    _JPEG_XL: f"{_JPEG_XL}, which is not read; save it as JPEG or PNG",
    _VIDEO: f"{_VIDEO}, not a photo; save frames of it as JPEG",
}


def kind_of(begin: bytes) -> Optional[str]:
    """What a file is that is not a photo, in a few words, by its first 32 bytes or more; None where unknown."""
    if begin[4:8] == b"ftyp":
        return _BRANDS.get(begin[8:12], _VIDEO)
    words = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for place, beginning, name in _BEGINNINGS:
        if begin[place:].startswith(beginning) or (beginning[:1] == b"<" and words.startswith(beginning)):
            return name
    return None


def needs_package(kind: str, formats: Container[str]) -> bool:
    """Whether one more package would read such a file; `formats` are those that are read here, by Pillow's names."""
    return (kind == _HEIC and "HEIF" not in formats) or (kind == _AVIF and "AVIF" not in formats)


def way_out(kind: str, formats: Container[str] = ()) -> str:
    """A reason for people, with what they can do."""
    if kind in (_HEIC, _AVIF) and not needs_package(kind, formats):
        return f"damaged: {kind} that cannot be opened; copy it again from the card"
    return _WAYS_OUT.get(kind, f"{kind}, not a photo")
