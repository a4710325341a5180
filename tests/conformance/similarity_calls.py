"""The calls of `image_similarity`, each with an ordinary, an empty and an odd input, for Apple's and for ours.

A call gets a `Toolkit`, which is made of `turicreate` once, in a process of its own (`apple_similarity.py`), and once
of `helpers.tc`. Its answer goes through JSON, so it is made of plain values.
"""

import contextlib
import io
import tempfile
from array import array
from pathlib import Path

SMALL = 6  # photos


class Toolkit:
    """One of both: its frames, and `create` with one network, the same weights for both, and without its progress."""

    def __init__(self, tc, photos, network):
        self.tc, self.network = tc, network
        data = tc.image_analysis.load_images(str(photos)).sort("path")[0:SMALL]
        data["name"] = [f"photo {row}" for row in range(SMALL)]
        data["number"] = [7 * row for row in range(SMALL)]
        self.data = data
        # Squares: no two photos are equally far from a third, where Turi Create leaves the order open.
        self.deep = self.features([[row * row / 4 + place % 7 for place in range(2048)] for row in range(SMALL)])
        self.model = self.create(data)
        self.given = self.create(tc.SFrame({"deep": self.deep}))

    def create(self, dataset, *values, **named):
        return self.tc.image_similarity.create(dataset, *values, **{"model": self.network, "verbose": False, **named})

    def features(self, vectors):
        return self.tc.SArray([None if one is None else array("d", one) for one in vectors], array)

    def with_features(self, **columns):
        return self.tc.SFrame({"deep": self.deep, "name": self.data["name"], **columns})


def asked(model, dataset, *values, **named):
    return model.query(dataset, *values, **{"verbose": False, **named})


def graph(model, *values, **named):
    return model.similarity_graph(*values, **{"verbose": False, "output_type": "SFrame", **named})


def saved(t, where, model=None):
    with tempfile.TemporaryDirectory() as folder:
        (model or t.given).save(str(Path(folder) / where))
        again = t.tc.load_model(str(Path(folder) / where))
        return asked(again, t.deep, k=2)


def printed(call):
    """Whether something is printed; not what, which is each one's own."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        answer = call()
    return answer, bool(out.getvalue())


def summary(model, output):
    if output != "dict":
        return bool(model.summary(output))
    made = model.summary(output)
    labels = [label for section in made["sections"] for label, _ in section if label != "Network"]  # ours says which
    return [sorted(made), made["section_titles"], labels]


def member(name):
    return {
        "ordinary": lambda t: getattr(t.model, name),
        "empty": lambda t: getattr(t.given, name),
        "odd": lambda t: t.create(t.with_features(), "name", "deep")[name],
    }


# call → input → what is done; more inputs than the three have names of their own
CALLS = {
    "create": {
        "ordinary": lambda t: asked(t.model, t.data[0:1], k=3),
        "empty": lambda t: t.create(t.data[0:0]),
        "odd": lambda t: t.create(["photos"]),
        "without a column": lambda t: t.create(t.tc.SFrame()),
        "without images": lambda t: t.create(t.data[["name"]]),
    },
    "create(label)": {
        "ordinary": lambda t: asked(t.create(t.data, "name"), t.data[0:1], k=2),
        "empty": lambda t: t.create(t.data, ""),
        "odd": lambda t: asked(t.create(t.with_features(name=["same"] * SMALL), "name"), t.deep[0:2], k=2),
        "numbers": lambda t: asked(
            t.create(t.with_features(row=t.data["number"]), label="row"), t.with_features(), "name", k=2
        ),
        "no such column": lambda t: t.create(t.data, "nope"),
        "fractions": lambda t: t.create(t.with_features(x=[0.5] * SMALL), "x"),
        "lists": lambda t: t.create(t.with_features(x=[["a"]] * SMALL), "x"),
    },
    "create(feature)": {
        "ordinary": lambda t: asked(t.create(t.data, None, "image"), t.data[0:1], k=2),
        "empty": lambda t: t.create(t.data, None, ""),
        "odd": lambda t: t.create(t.data, feature="name"),
        "no such column": lambda t: t.create(t.data, feature="nope"),
        "features": lambda t: asked(t.create(t.with_features(), feature="deep"), t.deep[2:4], k=3),
        "features by themselves": lambda t: [t.create(t.with_features()).feature, t.given.feature],
        "features before images": lambda t: t.create(t.with_features(image=t.data["image"])).feature,
        "two of features": lambda t: t.create(t.with_features(again=t.deep)),
        "two of features and images": lambda t: t.create(t.with_features(a=t.deep, image=t.data["image"])).feature,
        "two of images": lambda t: t.create(t.tc.SFrame({"a": t.data["image"], "b": t.data["image"]})),
        "of another length": lambda t: t.create(t.tc.SFrame({"deep": t.features([[1, 2]] * 3)}), feature="deep"),
        "of another length, no name": lambda t: t.create(t.tc.SFrame({"deep": t.features([[1, 2]] * 3)})),
        "of another length beside images": lambda t: (
            t.create(t.tc.SFrame({"box": t.features([[1, 2]] * SMALL), "image": t.data["image"]})).feature
        ),
        "all missing": lambda t: t.create(t.tc.SFrame({"deep": t.features([None, None])}), feature="deep"),
    },
    "create(model)": {
        "ordinary": lambda t: t.model.num_examples,
        "empty": lambda t: t.create(t.data, model=""),
        "odd": lambda t: t.create(t.data, model="no-such-network"),
        "none": lambda t: t.create(t.data, model=None),
    },
    "create(verbose)": {
        "ordinary": lambda t: printed(lambda: t.create(t.with_features(), verbose=False).num_examples),
        "empty": lambda t: t.create(t.with_features(), verbose=0).num_examples,
        "odd": lambda t: printed(lambda: t.create(t.data, verbose=True).num_examples),
    },
    "create(batch_size)": {
        "ordinary": lambda t: asked(t.create(t.data, batch_size=4), t.data[0:1], k=2),
        "empty": lambda t: t.create(t.data, batch_size=0),
        "odd": lambda t: asked(t.create(t.data[0:3], batch_size=1000), t.data[0:1], k=2),
        "below zero": lambda t: t.create(t.data, batch_size=-1),
        "text": lambda t: t.create(t.data, batch_size="many"),
    },
    "query": {
        "ordinary": lambda t: asked(t.model, t.data),
        "empty": lambda t: asked(t.model, t.data[0:0]),
        "odd": lambda t: asked(t.model, "photos"),
        "a column": lambda t: asked(t.model, t.data["image"][1:4]),
        "an empty column": lambda t: asked(t.model, t.data["image"][0:0]),
        "an image": lambda t: asked(t.model, t.data["image"][5]),
        "another column": lambda t: asked(t.model, t.data[["name"]]),
        "a column of text": lambda t: asked(t.model, t.data["name"]),
        "a list": lambda t: asked(t.model, [t.data["image"][0]]),
        "none": lambda t: asked(t.model, None),
        "features of a model of features": lambda t: asked(t.given, t.with_features()),
        "a column of features": lambda t: asked(t.given, t.deep[3:5]),
        "the features of one": lambda t: asked(t.given, t.deep[3]),
        "features of another length": lambda t: asked(t.given, t.features([[1, 2]])),
        "features of a model of images": lambda t: len(asked(t.model, t.deep[0:2], k=2)),
        "images of a model of features": lambda t: len(asked(t.create(t.with_features()), t.data["image"][0:2], k=2)),
    },
    "query(label)": {
        "ordinary": lambda t: asked(t.given, t.with_features(), "name", k=1),
        "empty": lambda t: asked(t.given, t.with_features(), "", k=1),
        "odd": lambda t: asked(t.given, t.with_features(name=["same"] * SMALL), "name", k=1),
        "numbers": lambda t: asked(t.model, t.data, "number", k=1),
        "no such column": lambda t: asked(t.model, t.data, label="nope"),
        "fractions": lambda t: asked(t.given, t.with_features(x=[0.5] * SMALL), "x", k=1),
    },
    "query(k)": {
        "ordinary": lambda t: asked(t.given, t.deep[2:3], k=4),
        "empty": lambda t: asked(t.given, t.deep[2:3], k=0),
        "odd": lambda t: asked(t.given, t.deep[2:3], k=1000),
        "none": lambda t: asked(t.given, t.deep[0:2], k=None),
        "below zero": lambda t: asked(t.given, t.deep, k=-1),
        "a fraction": lambda t: asked(t.given, t.deep, k=1.5),
        "text": lambda t: asked(t.given, t.deep, k="2"),
    },
    "query(radius)": {
        "ordinary": lambda t: asked(t.given, t.deep, k=None, radius=60.0),
        "empty": lambda t: asked(t.given, t.deep, k=None, radius=0),
        "odd": lambda t: asked(t.given, t.deep[0:2], k=3, radius=1e30),
        "whole": lambda t: asked(t.given, t.deep, k=2, radius=60),
        "none": lambda t: asked(t.given, t.deep[0:1], k=None, radius=None),
        "below zero": lambda t: asked(t.given, t.deep, radius=-1),
        "text": lambda t: asked(t.given, t.deep, radius="near"),
    },
    "query(verbose)": {
        "ordinary": lambda t: printed(lambda: len(asked(t.given, t.deep, verbose=False))),
        "empty": lambda t: len(asked(t.given, t.deep, verbose=0)),
        "odd": lambda t: len(asked(t.given, t.deep, verbose=True)),
    },
    "query(batch_size)": {
        "ordinary": lambda t: asked(t.model, t.data, k=2, batch_size=3),
        "empty": lambda t: asked(t.model, t.data, batch_size=0),
        "odd": lambda t: asked(t.model, t.data[0:2], k=2, batch_size=1000),
    },
    "similarity_graph": {
        "ordinary": lambda t: graph(t.model),
        "empty": lambda t: graph(t.create(t.data[0:1])),
        "odd": lambda t: graph(t.create(t.with_features(), "name"), 2),
    },
    "similarity_graph(k)": {
        "ordinary": lambda t: graph(t.given, 2),
        "empty": lambda t: graph(t.given, 0),
        "odd": lambda t: graph(t.given, 1000),
        "none": lambda t: graph(t.given, None),
    },
    "similarity_graph(radius)": {
        "ordinary": lambda t: graph(t.given, None, 60.0),
        "empty": lambda t: graph(t.given, 3, 0),
        "odd": lambda t: graph(t.given, 3, 1e30),
        "below zero": lambda t: graph(t.given, 3, -1),
    },
    "similarity_graph(include_self_edges)": {
        "ordinary": lambda t: graph(t.given, 2, None, False),
        "empty": lambda t: graph(t.create(t.data[0:1]), 2, None, True),
        "odd": lambda t: graph(t.given, 2, include_self_edges=True),
    },
    "similarity_graph(output_type)": {
        "ordinary": lambda t: graph(t.given, 1, output_type="SFrame"),
        "empty": lambda t: graph(t.given, 1, output_type=""),
        "odd": lambda t: graph(t.given, 2, output_type="SGraph").edges.sort(["__src_id", "rank"]),
        "another": lambda t: graph(t.given, 1, output_type="list"),
    },
    "similarity_graph(verbose)": {
        "ordinary": lambda t: printed(lambda: len(graph(t.given, 1, verbose=False))),
        "empty": lambda t: len(graph(t.given, 1, verbose=0)),
        "odd": lambda t: len(graph(t.given, 1, verbose=True)),
    },
    "save": {
        "ordinary": lambda t: saved(t, "model"),
        "empty": lambda t: t.given.save(""),
        "odd": lambda t: saved(t, "ordner mit ü 日"),
        "of images": lambda t: saved(t, "model", t.model),
        "with labels": lambda t: saved(t, "model", t.create(t.with_features(), "name")),
        "no text": lambda t: t.given.save(None),
        "load what is not there": lambda t: t.tc.load_model("/no/such/model"),
    },
    "summary": {
        "ordinary": lambda t: summary(t.model, "str"),
        "empty": lambda t: printed(lambda: t.model.summary()),
        "odd": lambda t: t.model.summary("xml"),
        "dict": lambda t: summary(t.model, "dict"),
        "stdout": lambda t: printed(lambda: t.given.summary("stdout")),
    },
    "name": {
        "ordinary": lambda t: t.model.name(),
        "empty": lambda t: t.given.name(),
        "odd": lambda t: t.create(t.with_features(), "name").name(),
    },
    **{name: member(name) for name in ("feature", "input_image_shape", "label", "num_examples", "num_features")},
    "training_time": {
        "ordinary": lambda t: t.model.training_time > 0,
        "empty": lambda t: t.given.training_time >= 0,
        "odd": lambda t: t.create(t.with_features(), batch_size=1)["training_time"] >= 0,
    },
    "model": {
        "ordinary": lambda t: isinstance(t.model.model, str),
        "empty": lambda t: isinstance(t.given["model"], str),
        "odd": lambda t: t.model["no such field"],
    },
}


def answers(toolkit):
    """What each call of a toolkit answers: call → input → a plain value, or the classes of what it raises.

    And `members`: the public names of a model, its fields among them.
    """
    made = {name: {given: _answer(call, toolkit) for given, call in calls.items()} for name, calls in CALLS.items()}
    return {**made, "members": [name for name in dir(toolkit.model) if not name.startswith("_")]}


def _answer(call, toolkit):
    try:
        return {"answer": _plain(call(toolkit))}
    except Exception as error:
        builtin = [cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "builtins"]
        return {"raises": builtin, "message": str(error)[:300]}


def _plain(value):
    if type(value).__name__ == "SFrame":
        names = value.column_names()
        types = [dtype.__name__ for dtype in value.column_types()]
        rows = [[_plain(row[name]) for name in names] for row in value]
        # Turi Create leaves open the order of the rows; within a query the rank orders them.
        return {"columns": names, "types": types, "rows": sorted(rows, key=lambda row: (str(row[0]), row[-1], row[1]))}
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    return value if isinstance(value, (str, int, float, type(None))) else type(value).__name__
