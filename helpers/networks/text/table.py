"""The table of text models, and of the networks whose features they are compared with.

A text model turns a text into a feature of the same kind as those of one network for photos. Several text models can
go with one network, so that the features of the photos are computed once.

Prompts. What people ask for is seldom written like what such models have read beneath photos, so a text is put into
several sentences, and the mean of their features counts: Radford et al. (2021), Learning transferable visual models
from natural language supervision, arXiv:2103.00020, section 3.1.4. Theirs are for single nouns; these also fit
*a bird on a snowy branch*. The multilingual model reads a text as it is, unless it is Chinese: a sentence in one
language around words in another one would be a language that it has not learnt.
"""

from dataclasses import dataclass
from typing import Dict, Optional, Tuple

from helpers.errors import ArgumentError, ModelError
from helpers.networks.hub.repository import PREFIX, repository
from helpers.networks.table import SHORT_NAMES

_CLIP, _CHINESE_CLIP = (f"{PREFIX}Xenova/{name}" for name in ("clip-vit-base-patch32", "chinese-clip-vit-base-patch16"))

_ENGLISH = ("{}", "a photo of {}.", "a close-up photo of {}.", "a blurry photo of {}.")
_CHINESE = ("{}", "一张{}的照片。", "一张{}的近照。", "一张{}的模糊照片。")


@dataclass(frozen=True)
class TextModel:
    """An entry of the table."""

    name: str
    photos: str  # the repository of the networks for photos whose features it goes with
    repository: str  # its own, see `helpers.networks.hub.repository`
    file: str  # ONNX; a `tokenizer.json` is beside it or above
    longest: int  # tokens; the rest of a longer text is left out
    languages: str  # for the person
    templates: Tuple[str, ...]  # sentences for a text, {}
    chinese: Tuple[str, ...] = ()  # the same for a Chinese text, where they differ
    script: str = ""  # as Unicode's names of letters begin, where it knows no other
    dense: Tuple[str, ...] = ()  # files of which the first has the matrix that its mean of tokens is multiplied with
    licence: str = "MIT"


TEXT_MODELS: Dict[str, TextModel] = {
    model.name: model
    for model in (
        TextModel(
            "clip",
            photos=_CLIP,
            repository=_CLIP,
            file="onnx/text_model.onnx",
            longest=77,
            languages="English",
            templates=_ENGLISH,
            script="LATIN",
        ),
        TextModel(
            "multilingual",
            photos=_CLIP,
            repository=f"{PREFIX}sentence-transformers/clip-ViT-B-32-multilingual-v1",
            file="onnx/model.onnx",
            longest=128,
            languages="50 languages, Chinese and English among them",
            templates=("{}",),
            chinese=_CHINESE,
            dense=("2_Dense/model.safetensors", "2_Dense/pytorch_model.bin"),
            licence="Apache-2.0",
        ),
        TextModel(
            "chinese-clip",
            photos=_CHINESE_CLIP,
            repository=_CHINESE_CLIP,
            file="onnx/model.onnx",
            longest=52,
            languages="Chinese",
            templates=("{}",),
            chinese=_CHINESE,
            licence="Apache-2.0",
        ),
    )
}


def text_model_of(network: str, wanted: Optional[str] = None) -> TextModel:
    """The text model of a network for photos, by the network's name: the `wanted` one, or the first that it has.

    Raises `ModelError` for a network without any, and `ArgumentError` for another model than the network has.
    """
    own = [model for model in TEXT_MODELS.values() if model.photos == _repository_of(network)]
    if not own:
        raise ModelError(
            f"{network} has no text model, so photos cannot be searched in any words by its features; "
            f"{' and '.join(map(repr, SHORT_NAMES))} have one: create(data, model={next(iter(SHORT_NAMES))!r})"
        )
    if wanted is None:
        return own[0]
    for model in own:
        if model.name == wanted:
            return model
    names = " and ".join(repr(model.name) for model in own)
    raise ArgumentError(f"text_model={wanted!r} does not go with {network}; {names} {'do' if own[1:] else 'does'}")


def has_text_model(network: str) -> bool:
    """Whether the features of a network for photos can be compared with texts."""
    return any(model.photos == _repository_of(network) for model in TEXT_MODELS.values())


def _repository_of(network: str) -> str:
    network = SHORT_NAMES.get(network, network)
    if not network.startswith(PREFIX):
        return ""
    try:
        source = repository(network)
    except ModelError:
        return ""
    return f"{PREFIX}{source.owner}/{source.name}"
