"""Files that were made to do harm, each a few hundred bytes to a few MB."""

import io
import os
import struct
import zipfile
import zlib

from PIL import Image

from tests.support.pictures import encoded, picture, png_chunk


def photo(kind="JPEG", **more):
    """A small photo that nothing is wrong with."""
    return encoded(picture(0, (64, 48)), kind, **more)


def png(width, height, *, row, extra=b"", depth=8, colour=0):
    """A PNG whose rows are all the same, with chunks before its pixels."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def pixel_bomb_png(side=16_000):
    """A quarter of a gigapixel, one bit each, in some 40 kB."""
    return png(side, side, row=bytes(1 + side // 8), depth=1)


def pixel_bomb_gif(width=60_000, height=60_000):
    """A GIF that says it is very large, and whose frame says so too."""
    small = bytearray(encoded(Image.new("P", (8, 8)), "GIF"))
    at = small.index(b"\x2c")
    small[6:10] = small[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(small)


def pixel_bomb_tiff(side=60_000):
    """A TIFF that says it is very large."""
    return tiff([(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)])


def tiff(entries, more=b""):
    """A TIFF of nothing but tags: (number, type, count, value)."""
    packed = b"".join(struct.pack("<HHLL", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<LH", 8, len(entries)) + packed + bytes(4) + more


def zip_bomb():
    """A ZIP of a hundred MB of nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.jpg", bytes(10_000_000))
    return buffer.getvalue()


def text_bomb_png():
    """A PNG whose packed words would fill 80 MB."""
    words = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))
    return png(8, 8, row=bytes(9), extra=words * 80)


def profile_bomb_png():
    """A PNG whose colour profile would fill 100 MB."""
    return png(8, 8, row=bytes(25), colour=2, extra=png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(100_000_000), 9)))


def parts_png():
    """A PNG of so many parts that reading them takes long."""
    return png(8, 8, row=bytes(9), extra=png_chunk(b"prVt", b"") * 100_000)


def parts_jpeg():
    """A JPEG of so many parts that reading them takes long."""
    whole = photo()
    return whole[:2] + b"\xff\xfe\0\2" * 200_000 + whole[2:]


def filled_jpeg():
    """A JPEG that begins with a MB of filling."""
    whole = photo()
    return whole[:2] + b"\xff" * 1_000_000 + whole[2:]


def parts_gif():
    """A GIF of so many remarks that reading them takes long."""
    whole = encoded(Image.new("P", (8, 8)), "GIF")
    at = whole.index(b"\x2c")
    return whole[:at] + b"\x21\xfe\1a\0" * 100_000 + whole[at:]


def scans_jpeg(side=2_000, scans=5_000):
    """A progressive JPEG, whose decoder goes over the whole picture for every 30 bytes or so."""

    def part(marker, data):
        return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data

    blocks = ((side + 7) // 8) ** 2
    bits = ("0" + "1" * 14) * -(-blocks // 32_767)  # each code: the next 32,767 blocks have nothing to add
    bits += "1" * (-len(bits) % 8)
    nothing = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    one_code = bytes([1] + [0] * 15)
    return (
        b"\xff\xd8"
        + part(0xDB, b"\0" + bytes([1] * 64))
        + part(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
        + part(0xC4, b"\0" + one_code + b"\0")
        + part(0xC4, b"\x10" + one_code + b"\xe0")
        + part(0xDA, b"\1\1\0\0\0\1")
        + bytes(blocks // 8 + 1)
        + (part(0xDA, b"\1\1\0\1\x3f\0") + nothing) * scans
        + b"\xff\xd9"
    )


def html_jpeg():
    """A JPEG that holds a page with a script; a browser that guessed could run it."""
    return photo(comment=b"<html><script>alert(1)</script></html>")


def jpeg_in_html():
    """A page that holds a JPEG."""
    return b"<!DOCTYPE html><script>alert(1)</script>" + photo()


def svg():
    """A drawing with a script."""
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def naming_journal(database, named):
    """A journal of SQLite, to lie beside a database, after which SQLite deletes the file that it names."""
    page = struct.unpack(">H", database[16:18])[0]
    magic, name = bytes.fromhex("d9d505f920a163d7"), os.fsencode(named)
    header = magic + struct.pack(">5I", 0, 0, len(database) // page, 512, page)
    locked_page = struct.pack(">I", 2**30 // page + 1)
    return header.ljust(512, b"\0") + locked_page + name + struct.pack(">2I", len(name), sum(name)) + magic
