"""Small photos that are quickly made, and a network that is quickly run."""

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
