"""A text model that is ready: from a text to a feature, to be compared by its cosine with the features of photos.

It runs in ONNX Runtime, in 32 bits, whatever the precision of the photos' features: a text takes some 20 ms.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.files.stamps import sha256
from helpers.networks.hub.repository import repository
from helpers.networks.load import made_once
from helpers.networks.onnx.external_data import files_beside
from helpers.networks.onnx.layers import layers_to, photo_inputs
from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from helpers.networks.safetensors_file import read_safetensors
from helpers.networks.text.table import TEXT_MODELS, TextModel
from helpers.networks.text.tokens import Tokeniser, clean
from helpers.networks.torch_file import read_state_dict
from helpers.networks.words import is_chinese

if TYPE_CHECKING:
    from onnx import ModelProto

_INPUTS = ("input_ids", "text", "attention_mask", "token_type_ids")  # of exporters: the first two are the tokens
_FEATURES = ("text_embeds", "text_features", "unnorm_text_features")  # [N, dimension]
_TOKENS = ("last_hidden_state", "token_embeddings")  # [N, tokens, width], whose mean is taken


class TextEncoder:
    """From a text to its feature. Raises `ModelError` for files that are not such a model."""

    def __init__(self, model: TextModel, network: Path, tokenizer: Path, dense: Optional[np.ndarray]) -> None:
        self.model = model
        self._tokeniser = Tokeniser(tokenizer, model)
        self._dense = dense
        self._path, self._output = _text_side(network, _FEATURES if dense is None else _TOKENS)
        self._session = _session(self._path)
        self._types = {
            each.name: np.int32 if each.type == "tensor(int32)" else np.int64 for each in self._session.get_inputs()
        }

    def encode(self, text: str) -> np.ndarray:
        """The feature of a text, float32 [dimension], of length 1: the mean over the templates, each of length 1.

        Prints a line where the text is longer than what the model reads. Raises `ArgumentError` for a text that is
        empty, longer than 1,000 characters, or in a script that the model has not learnt.
        """
        line = clean(text)
        self._tokeniser.check_known(line)
        templates = self.model.chinese if self.model.chinese and is_chinese(line) else self.model.templates
        tokens = [self._tokeniser.tokens(template.format(line)) for template in templates]
        if not all(each.is_whole for each in tokens):
            longest = self.model.longest
            print(f"the text is longer than the {longest} tokens that {self.model.name} reads; the rest is left out")
        feature = _unit(self.features([each.numbers for each in tokens])).mean(axis=0)
        return _unit(feature[None])[0].astype(np.float32)

    def features(self, tokens: List[List[int]]) -> np.ndarray:
        """The feature of each text by its tokens, float32 [texts, dimension], of any length.

        Texts of one length go through the network together: none needs padding, so none depends on the others.
        """
        rows: Dict[int, List[int]] = {}
        for row, numbers in enumerate(tokens):
            rows.setdefault(len(numbers), []).append(row)
        found: Dict[int, np.ndarray] = {}
        for some in rows.values():
            found.update(zip(some, self._run(np.array([tokens[row] for row in some]))))
        return np.stack([found[row] for row in range(len(tokens))])

    def _run(self, numbers: np.ndarray) -> np.ndarray:
        given = {"attention_mask": np.ones_like(numbers), "token_type_ids": np.zeros_like(numbers)}
        feed = {name: given.get(name, numbers).astype(kind) for name, kind in self._types.items()}
        try:
            [answer] = self._session.run([self._output], feed)
        except Exception as error:  # ONNX Runtime has a class for each way to fail
            raise ModelError(f"{self._path} cannot be run as a text model: {error}") from error
        if answer.ndim == 3:
            answer = answer.mean(axis=1)
        if self._dense is not None:
            answer = answer @ self._dense.T
        if answer.ndim != 2 or not np.isfinite(answer).all():
            raise ModelError(f"{self._path} gives {list(answer.shape)} for {len(numbers)} texts, which are no features")
        return np.asarray(answer, np.float32)


@lru_cache(maxsize=1)
def load_text_model(name: str, *, progress: bool = True) -> TextEncoder:
    """Make a text model ready: fetch its files or take them from this machine, and pin them, as those of `hf:`.

    Parameters
    ----------
    name
        A key of `helpers.networks.text.table.TEXT_MODELS`.
    progress
        Whether to show a bar where a download takes longer than a second, and print where files came from.

    Raises
    ------
    WeightsUnavailable
        Where a file is not available, or has changed since it was first fetched.
    ModelError
        Where a file is not what it should be, or the package tokenizers is not installed.
    """
    model = TEXT_MODELS[name]
    source = repository(model.repository)
    tokenizer = source.get("tokenizer.json", progress=progress)
    Tokeniser(tokenizer, model)  # before the large file is fetched
    dense = None
    if model.dense:
        dense = _matrix(source.get(source.first(model.dense, progress=progress), progress=progress))
    return TextEncoder(model, source.get(model.file, progress=progress), tokenizer, dense)


def _matrix(path: Path) -> np.ndarray:
    """The one matrix in a file, float32 [out, in]."""
    tensors = read_safetensors(path) if path.suffix == ".safetensors" else read_state_dict(path)
    matrices = [tensor for tensor in tensors.values() if tensor.ndim == 2]
    if len(tensors) != 1 or len(matrices) != 1:
        raise ModelError(f"{path} has {', '.join(tensors) or 'nothing'}, not one matrix")
    return np.asarray(matrices[0], np.float32)


def _text_side(path: Path, outputs: Tuple[str, ...]) -> Tuple[Path, str]:
    """The file of the layers from a text to one of the `outputs`, and its name: a part, where photos go through too."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        network = onnx.load(str(path), load_external_data=False)
        if files_beside(path, network):
            raise ModelError("its weights are in a second file")
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX network ({error})") from error
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    given = [each.name for each in network.graph.output]
    names = [name for name in outputs if name in given]
    if not names:
        raise ModelError(f"{path} has the outputs {', '.join(given)}, and none of {', '.join(outputs)}")
    needed = layers_to(network.graph, names[0])
    inputs = [name for name in photo_inputs(network.graph) if name in needed.names]
    if not inputs or not set(inputs) <= set(_INPUTS):
        raise ModelError(f"{path} takes {', '.join(inputs)} for {names[0]}, not a text's tokens")
    if inputs == photo_inputs(network.graph):
        return path, names[0]
    return made_once(f"text-{sha256(path)[:12]}", lambda: _part(network, names[0])), names[0]


def _part(network: "ModelProto", output: str) -> "ModelProto":
    """The layers of a network that one output needs, with their weights."""
    needed = layers_to(network.graph, output)
    part = type(network)()
    part.CopyFrom(network)
    for field, kept in (
        (part.graph.node, needed.nodes),
        (part.graph.initializer, [each for each in network.graph.initializer if each.name in needed.names]),
        (part.graph.input, [each for each in network.graph.input if each.name in needed.names]),
        (part.graph.output, [each for each in network.graph.output if each.name == output]),
        (part.graph.value_info, []),
    ):
        del field[:]
        field.extend(kept)
    return part


def _session(path: Path) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is in the error
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{path} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}") from error


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
