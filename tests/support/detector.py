"""A detector whose output can be computed by hand: it finds what is red, green and blue."""

import numpy as np
import onnx
from onnx import TensorProto, helper

COLOURS = {"animal": (230, 20, 20), "person": (20, 230, 20), "vehicle": (20, 20, 230)}
SCORES = (0.9, 0.8, 0.7)  # of the three rows for each colour; their boxes overlap almost


def colour_detector(path, scores=SCORES, classes=3):
    """Write a network of the form of YOLOv5's: of each colour the box around all of its pixels, three times.

    The second box is one pixel further right, the third three pixels lower. Without such pixels, the score is 0.
    """
    nodes, kept = [], []

    def node(kind, *inputs, name=None, **more):
        name = name or f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **more))
        return name

    def number(*values, kind=TensorProto.FLOAT, shape=None):
        name = f"constant{len(kept)}"
        shape = [len(values)] if shape is None else shape
        kept.append(helper.make_tensor(name, kind, shape, values))
        return name

    rows = []
    for colour in range(3):
        planes = [number(channel, kind=TensorProto.INT64) for channel in range(3)]
        own, *others = (node("Gather", "images", planes[(colour + each) % 3], axis=1) for each in range(3))
        more = [
            node("Cast", node("Greater", node("Sub", own, each), number(0.5)), to=TensorProto.FLOAT) for each in others
        ]
        mask = node("Mul", *more)  # [1, 1, height, width]
        edges = {}
        for name, axis in (("x", 2), ("y", 3)):
            line = node("ReduceMax", mask, axes=[axis], keepdims=0)  # [1, 1, length]
            for side, last in (("first", 0), ("last", 1)):
                place = node("ArgMax", line, axis=2, keepdims=0, select_last_index=last)
                edges[name, side] = node("Cast", place, to=TensorProto.FLOAT)  # [1, 1]
        there = node(
            "Reshape", node("ReduceMax", mask, axes=[1, 2, 3], keepdims=0), number(1, 1, kind=TensorProto.INT64)
        )
        size = {name: node("Add", node("Sub", edges[name, "last"], edges[name, "first"]), number(1.0)) for name in "xy"}
        centre = {name: node("Add", edges[name, "first"], node("Mul", size[name], number(0.5))) for name in "xy"}
        for place, score in enumerate(scores):
            x = node("Add", centre["x"], number(float(place == 1)))
            y = node("Add", centre["y"], number(3.0 * (place == 2)))
            chances = [number(*([1.0] if each == colour else [0.1]), shape=[1, 1]) for each in range(classes)]
            row = [x, y, size["x"], size["y"], node("Mul", there, number(score)), *chances]
            rows.append(node("Unsqueeze", node("Concat", *row, axis=1), axes=[1]))
    node("Concat", *rows, name="boxes", axis=1)
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["batch", "rows", 5 + classes])],
        kept,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def with_squares(size, *squares):
    """A grey photo, uint8 [height, width, 3], with squares: a name of COLOURS, and left, top, right, bottom."""
    pixels = np.full((size[1], size[0], 3), 100, np.uint8)
    for name, (left, top, right, bottom) in squares:
        pixels[top:bottom, left:right] = COLOURS[name]
    return pixels
