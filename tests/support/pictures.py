"""Small photos that are quickly made, the bytes of their files, and a network that is quickly run."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

TINY = 27  # features of `tiny_network`


def picture(seed=0, size=(24, 24)):
    """A photo as no other seed gives it: soft blobs of colour, so that JPEG keeps it."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (3, 3, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)


def folder_of(folder, count=6, ending="jpg"):
    """`folder` with photos 0.jpg, 1.jpg …, half of them in the folder `odd`."""
    (folder / "odd").mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        picture(seed).save(folder / ("odd" if seed % 2 else "") / f"{seed}.{ending}")
    return folder


def encoded(photo, kind="PNG", **options):
    """The bytes of a file with a photo, given as a Pillow image or by its pixels."""
    buffer = io.BytesIO()
    (photo if isinstance(photo, Image.Image) else Image.fromarray(photo)).save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation):
    """The EXIF of a photo that is stored in an orientation, 1 to 8."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of_16_bits(deep):
    """Written by hand: Pillow reads such files, but does not write them."""
    height, width, _ = deep.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def png_header(width, height, depth, colour):
    """A PNG that announces many pixels, and has few."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(99)))


def tiny_network(path: Path, scale: float = 1.0) -> Path:
    """A network file whose features are the mean colours of 3 x 3 fields, 0 to `scale`."""
    nodes = [
        helper.make_node("Cast", ["photos"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["fields"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["fields"], ["features"]),
    ]
    photos = helper.make_tensor_value_info("photos", TensorProto.UINT8, ["N", 24, 24, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", TINY])
    weight = numpy_helper.from_array(np.array(scale / 255, np.float32), "scale")
    graph = helper.make_graph(nodes, "tiny", [photos], [features], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def animal_in_a_forest(path, box, size=(1600, 1200)):
    """The path of a green photo with something red in the box, a few pixels high where the photo is a thumbnail."""
    photo = Image.new("RGB", size, (40, 120, 40))
    left, top, right, bottom = (round(edge * size[place % 2]) for place, edge in enumerate(box))
    photo.paste((220, 20, 20), (left, top, right, bottom))
    photo.save(path, quality=95)
    return str(path)


def share_of_animal(pixels):
    """The share of uint8 [height, width, 3] that is red as in `animal_in_a_forest`."""
    red, green, blue = (np.asarray(pixels)[..., channel].astype(int) for channel in range(3))
    return float(((red > 180) & (green < 60) & (blue < 60)).mean())
