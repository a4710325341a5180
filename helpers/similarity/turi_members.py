"""What a model of Turi Create has besides its queries, under the same names."""

from typing import Any, Callable, Dict, List, Optional, Tuple

from helpers.errors import ArgumentError
from helpers.frames import HAS_TURICREATE, Frame
from helpers.networks.load import LoadedModel
from helpers.sframe.left_out import LEFT_OUT, refuse

_FIELDS = ("feature", "input_image_shape", "label", "model", "num_examples", "num_features", "training_time")

_EDGES = (
    "output_type='SGraph' needs Turi Create; elsewhere these two lines make a graph of the edges:\n"
    "edges = model.similarity_graph(output_type='SFrame').to_dataframe()\n"
    "graph = networkx.from_pandas_edgelist(edges, 'query_label', 'reference_label', edge_attr=True)"
)


class _LeftOut:
    """A member that is left out: raises `LeftOut`, whose message has the way out."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type) -> Any:
        if model is None:
            return self
        refuse("ImageSimilarityModel", self.name)


class TuriMembers:
    """The members of Turi Create's `ImageSimilarityModel` that describe it."""

    network: LoadedModel
    timings: Dict[str, float]
    labels: List[Any]

    feature: str
    label: Optional[str]

    def name(self) -> str:
        """Turi Create's name for this kind of model."""
        return "ImageSimilarityModel"

    def __getitem__(self, field: str) -> Any:
        """One of Turi Create's fields, such as `model["num_examples"]`; raises `ArgumentError` for another name."""
        if field in LEFT_OUT["ImageSimilarityModel"]:
            refuse("ImageSimilarityModel", field)
        if field not in _FIELDS:
            raise ArgumentError(f"a model has no field {field!r}; it has {', '.join(_FIELDS)}")
        return getattr(self, field)

    @property
    def model(self) -> str:
        """The network's name, as `create(model=…)` takes it."""
        return self.network.name

    @property
    def num_features(self) -> int:
        """How many columns the model is made of, as in Turi Create: 1; `network.dimension` are the features a photo."""
        return 1

    @property
    def input_image_shape(self) -> Tuple[int, int, int]:
        """What the network takes: channels, height and width."""
        width, height = self.network.size
        return (3, height, width)

    @property
    def training_time(self) -> float:
        """The seconds that `create` took for the features."""
        return float(self.timings.get("seconds", 0.0))

    def summary(self, output: Optional[str] = None) -> Any:
        """Print what the model is made of; with `output` `"str"` return it as a text, with `"dict"` as a dict.

        The dict has `section_titles`, and `sections`: for each title a list of pairs, a label and a value. Raises
        `ArgumentError` for another `output`.
        """
        titles = ["Schema", "Training summary"]
        sections: List[List[Tuple[str, Any]]] = [
            [
                ("Number of examples", len(self.labels)),
                ("Number of feature columns", self.num_features),
                ("Input image shape", self.input_image_shape),
            ],
            [("Network", self.model), ("Training time (sec)", round(self.training_time, 4))],
        ]
        if output == "dict":
            return {"sections": sections, "section_titles": titles}
        if output not in (None, "stdout", "str"):
            raise ArgumentError(f"output is None, 'stdout', 'str' or 'dict', not {output!r}")
        lines = [f"{'Class':<40}: {self.name()}"]
        for title, section in zip(titles, sections):
            lines += ["", title, "-" * len(title)] + [f"{label:<40}: {value}" for label, value in section]
        text = "\n".join(lines) + "\n"
        if output == "str":
            return text
        print(text)
        return None

    export_coreml = _LeftOut()
    feature_extractor = _LeftOut()
    similarity_model = _LeftOut()


def graph_maker(output_type: str) -> Callable[[Frame], Any]:
    """What makes the answer of `similarity_graph` of its edges; raises `ArgumentError`."""
    if output_type == "SFrame":
        return lambda edges: edges
    if output_type != "SGraph":
        raise ArgumentError(f"output_type is 'SFrame', whose rows are the edges, or 'SGraph', not {output_type!r}")
    if not HAS_TURICREATE:
        raise ArgumentError(_EDGES)
    from turicreate import SGraph

    return lambda edges: SGraph(edges=edges, src_field="query_label", dst_field="reference_label")
