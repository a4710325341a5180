"""The parts of Turi Create that the stand-in leaves out on purpose, and what to use instead.

The one list: the README repeats it, a test compares it with Turi Create's own
`dir()`, and using one of these names raises `LeftOut` with its advice.
"""

from typing import Any, Dict, NoReturn

from helpers.errors import LeftOutName

_APPLY = "use .apply() with a function of one value"
_MODELS = "use scikit-learn on .to_dataframe()"
_ROLLING = "use pandas: .to_dataframe()[name].rolling(n)"
_TURI = "open the notebook in the Turi Create environment (environment.yml)"

LEFT_OUT: Dict[str, Dict[str, str]] = {
    "SFrame": {
        "flat_map": "use .apply() and a new SFrame of the lists joined",
        "from_sql": "use SFrame(pandas.read_sql(query, connection))",
        "pack_columns": "use .apply(lambda row: [row['a'], row['b']])",
        "plot": "use .show(), or matplotlib on .to_dataframe()",
        "read_csv_with_errors": "use SFrame.read_csv, which prints how many lines it could not read",
        "split_datetime": "use .apply() with a function of one row, once for each part",
        "stack": "use pandas: .to_dataframe().explode(name)",
        "to_sql": "use .to_dataframe().to_sql(name, connection)",
        "unpack": "use .apply(lambda row: row['a'][0]), once for each new column",
    },
    "SArray": {
        "date_range": "use SArray(list(pandas.date_range(start, end, freq=step)))",
        "dict_has_all_keys": _APPLY,
        "dict_has_any_keys": _APPLY,
        "dict_keys": _APPLY,
        "dict_trim_by_keys": _APPLY,
        "dict_trim_by_values": _APPLY,
        "dict_values": _APPLY,
        "hash": _APPLY,
        "pixel_array_to_image": "use .apply() with Image.from_array",
        "plot": "use .show(), or matplotlib on .to_numpy()",
        "random_integers": "use SArray(numpy.random.default_rng(seed).integers(high, size=n))",
        "read_json": "use SFrame.read_json",
        "rolling_count": _ROLLING,
        "rolling_max": _ROLLING,
        "rolling_mean": _ROLLING,
        "rolling_min": _ROLLING,
        "rolling_stdv": _ROLLING,
        "rolling_sum": _ROLLING,
        "rolling_var": _ROLLING,
        "save": "use SFrame({'name': column}).save(path)",
        "split_datetime": _APPLY,
        "stack": "use pandas: .to_dataframe().explode(name)",
        "summary": "use .show()",
        "unpack": _APPLY,
    },
    "image_analysis": {
        "MODEL_TO_FEATURE_SIZE_MAPPING": "use len(features[0])",
    },
    "aggregate": {},
    "Image": {},
    "ImageSimilarityModel": {
        "export_coreml": (
            "a network here is an ONNX file: save() keeps the model, and helpers.networks.load_network(name).path is "
            "the file, which ONNX Runtime runs on Apple's devices too"
        ),
        "feature_extractor": "use model.embed(photos), or helpers.features.embed(photos, network)",
        "similarity_model": "use model.query(), model.similarity_graph() or model.vectors",
    },
    "turicreate": {
        **dict.fromkeys(("SGraph", "Edge", "Vertex", "load_sgraph"), "use networkx"),
        **dict.fromkeys(("SArrayBuilder", "SFrameBuilder"), "gather Python lists, then make an SFrame of them"),
        **dict.fromkeys(("Sketch", "plot", "show", "visualization"), "use .show() of a frame or a column"),
        **dict.fromkeys(
            (
                "activity_classifier",
                "boosted_trees_classifier",
                "boosted_trees_regression",
                "classifier",
                "clustering",
                "connected_components",
                "dbscan",
                "decision_tree_classifier",
                "decision_tree_regression",
                "degree_counting",
                "distances",
                "drawing_classifier",
                "evaluation",
                "factorization_recommender",
                "graph_analytics",
                "graph_coloring",
                "image_classifier",
                "item_content_recommender",
                "item_similarity_recommender",
                "kcore",
                "kmeans",
                "label_propagation",
                "linear_regression",
                "logistic_classifier",
                "nearest_neighbor_classifier",
                "nearest_neighbors",
                "object_detector",
                "one_shot_object_detector",
                "pagerank",
                "popularity_recommender",
                "random_forest_classifier",
                "random_forest_regression",
                "ranking_factorization_recommender",
                "recommender",
                "regression",
                "shortest_path",
                "sound_classifier",
                "style_transfer",
                "svm_classifier",
                "text_analytics",
                "text_classifier",
                "topic_model",
                "triangle_counting",
            ),
            f"{_MODELS}, or {_TURI}",
        ),
        **dict.fromkeys(
            (
                "data_structures",
                "extensions",
                "load_audio",
                "load_sarray",
                "meta",
                "toolkits",
                "turicreate",  # Turi Create's own name inside of itself
                "util",
            ),
            _TURI,
        ),
        "version_info": "use helpers.__version__",
    },
}


def refuse(owner: str, name: str) -> NoReturn:
    """Raise the `AttributeError` for a name that `owner` lacks: a `LeftOut` where that is on purpose."""
    advice = LEFT_OUT.get(owner, {}).get(name)
    if advice is None:
        raise AttributeError(f"{owner} has no attribute {name!r}")
    raise LeftOutName(f"{owner}.{name} is left out of the stand-in for Turi Create; {advice}")


class LeavesOut(type):
    """The metaclass of `SFrame` and `SArray`: raises `LeftOut` for class methods that are left out."""

    def __getattr__(cls, name: str) -> Any:
        refuse(cls.__name__, name)


class LeftOutMethods:
    """Raises `LeftOut` for methods that are left out."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        refuse(type(self).__name__, name)
