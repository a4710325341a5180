"""Text models of the structure that the real ones have, small and with random weights, and texts to try them with."""

import json
import struct
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import onnx
from onnx import TensorProto, helper

from helpers.networks.onnx.graph import Graph
from tests.support.hub_networks import PROJECTED, clip_vision
from tests.support.torch_files import torch_zip

WIDTH, DIMENSION = 8, PROJECTED  # numbers a token, and a text
_MERGES = (
    "t h",
    "th e</w>",
    "i n",
    "in g</w>",
    "b i",
    "bi r",
    "bir d</w>",
    "a n",
    "an d</w>",
    "o n</w>",
    "s n",
    "sn o",
)
_MERGES = (*_MERGES, "sno w", "o f</w>", "p h", "ph o", "pho t", "phot o</w>", "ä ¸", "ä¸ Ģ", "ð Ł", "ðŁ ĺ")  # noqa: RUF001
_WORDS = ("a", "the", "bird", "on", "snow", "##y", "branch", "photo", "of", "fox", "##es", "s", "##s", *".,'!")
_WORDS = (*_WORDS, *"一张雪地里的只鸟照片狐狸近模糊。，")  # noqa: RUF001

TEXTS = (
    "a bird on a snowy branch",
    "Foxes, at NIGHT!",
    "a  photo\tof\nthe fox's den",
    "雪地里的一只鸟",
    "一张狐狸的照片。",
    "狐狸 and a bird，两只",  # noqa: RUF001
    "🦊",
    "a 🦊 in the ❄️ snow 👨‍👩‍👧",
    "Zürich — naïve café, ﬁne ﬂour",
    "éa\u0301 decomposed",
    "雪地里の鳥 새 птица طائر ציפור นก",
    "1234 5,678.90 no. 12b",
    "it's they're we've I'll you'd I'm",
    "#hash @at <|endoftext|> <b>html</b> {braces} {}",
    "tab\tand\u00a0nbsp\u3000ideographic",
    "...!!!???",
    "x",
    "a very long text " * 40,
    "雪" * 300,
    "supercalifragilisticexpialidocious" * 5,
)


def many_texts() -> List[str]:
    """200 texts: those of `TEXTS`, and others put together of their parts; the same for ever."""
    random = np.random.RandomState(0)
    parts = [part for text in TEXTS[:17] for part in text.split()]
    texts = list(TEXTS)
    while len(texts) < 200:
        count = random.randint(1, 40)
        texts.append(" ".join(parts[place] for place in random.randint(0, len(parts), count)))
    return texts


def clip_tokenizer() -> Dict[str, Any]:
    """A `tokenizer.json` as CLIP's: bytes, put together by rules; with few rules."""
    merges = [merge.split(" ") for merge in _MERGES]
    tokens = [*_byte_letters(), *(f"{letter}</w>" for letter in _byte_letters()), *map("".join, merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(tokens)}
    start, end = len(tokens) - 2, len(tokens) - 1
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": {
            "strategy": {"Fixed": 77},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": end,
            "pad_type_id": 0,
            "pad_token": "<|endoftext|>",
        },
        "added_tokens": [_added(start, "<|startoftext|>", normalized=True), _added(end, "<|endoftext|>")],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                {"type": "Lowercase"},
            ],
        },
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": ["<|endoftext|>", end],
            "cls": ["<|startoftext|>", start],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<|endoftext|>",
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "vocab": vocab,
            "merges": list(_MERGES),
        },
    }


def bert_tokenizer(lower: bool = False) -> Dict[str, Any]:
    """A `tokenizer.json` as those of BERT: words, Chinese characters, and pieces of words that are in a list."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    tokens = list(dict.fromkeys([*tokens, *_WORDS]))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(number, tokens[number]) for number in range(5)],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": lower,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: number for number, token in enumerate(tokens)},
        },
    }


def text_weights(vocabulary: int, seed: int = 0) -> Dict[str, np.ndarray]:
    """Random numbers for `text_network` and `token_network`."""
    random = np.random.RandomState(seed)
    return {
        "tokens": random.standard_normal((vocabulary, WIDTH)).astype(np.float32),
        "projection": random.standard_normal((WIDTH, DIMENSION)).astype(np.float32),
    }


def text_network(weights: Dict[str, np.ndarray], *, with_photos: bool = False) -> onnx.ModelProto:
    """`input_ids` to `text_embeds`: the largest of each number over a text's tokens, projected.

    As CLIP's text tower in what goes in and comes out; `with_photos` has the tower for photos too, as one file.
    """
    graph = Graph()
    x = graph.node("Gather", graph.constant(weights["tokens"]), "input_ids", axis=0)
    x = graph.node("ReduceMax", x, axes=[1], keepdims=0)
    x = graph.node("MatMul", x, graph.constant(weights["projection"]))
    graph.nodes.append(helper.make_node("Identity", [x], ["text_embeds"]))
    inputs = [_ids("input_ids")]
    outputs = [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", DIMENSION])]
    if with_photos:
        pooled = graph.node("Flatten", graph.node("GlobalAveragePool", "pixel_values"), axis=1)
        kernel = np.random.RandomState(1).standard_normal((3, DIMENSION)).astype(np.float32)
        graph.nodes.append(
            helper.make_node("MatMul", [pooled, graph.constant(kernel)], ["image_embeds"]),
        )
        inputs.append(helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 32, 32]))
        outputs.append(helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", DIMENSION]))
        both = graph.node("MatMul", "text_embeds", graph.node("Transpose", "image_embeds", perm=[1, 0]))
        graph.nodes.append(helper.make_node("Identity", [both], ["logits_per_text"]))
        outputs.append(helper.make_tensor_value_info("logits_per_text", TensorProto.FLOAT, ["batch", "photos"]))
    return _model(graph, inputs, outputs)


def token_network(weights: Dict[str, np.ndarray]) -> onnx.ModelProto:
    """`input_ids` and `attention_mask` to `last_hidden_state`: each token's numbers, as of a BERT."""
    graph = Graph()
    x = graph.node("Gather", graph.constant(weights["tokens"]), "input_ids", axis=0)
    mask = graph.node("Unsqueeze", graph.node("Cast", "attention_mask", to=TensorProto.FLOAT), graph.constant([2]))
    graph.nodes.append(helper.make_node("Mul", [x, mask], ["last_hidden_state"]))
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])
    return _model(graph, [_ids("input_ids"), _ids("attention_mask")], [output])


def lay_text_models(place: Path) -> None:
    """All text models, and the networks for photos that they go with, as files of a mirror."""
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    config = {"do_normalize": True, "image_mean": mean, "image_std": std, "size": {"height": 32, "width": 32}}
    clip, bert, chinese = clip_tokenizer(), bert_tokenizer(), bert_tokenizer(lower=True)
    matrix = {"linear.weight": np.random.RandomState(2).standard_normal((DIMENSION, WIDTH)).astype(np.float32)}
    multilingual = "sentence-transformers/clip-ViT-B-32-multilingual-v1"
    files = {
        "Xenova/clip-vit-base-patch32/preprocessor_config.json": config,
        "Xenova/clip-vit-base-patch32/onnx/vision_model.onnx": clip_vision(),
        "Xenova/clip-vit-base-patch32/onnx/text_model.onnx": text_network(text_weights(len(clip["model"]["vocab"]))),
        "Xenova/clip-vit-base-patch32/tokenizer.json": clip,
        f"{multilingual}/onnx/model.onnx": token_network(text_weights(len(bert["model"]["vocab"]), seed=1)),
        f"{multilingual}/tokenizer.json": bert,
        f"{multilingual}/2_Dense/model.safetensors": safetensors(matrix),
        f"{multilingual}/2_Dense/pytorch_model.bin": torch_zip(matrix),
        "Xenova/chinese-clip-vit-base-patch16/preprocessor_config.json": config,
        "Xenova/chinese-clip-vit-base-patch16/onnx/model.onnx": text_network(
            text_weights(len(chinese["model"]["vocab"]), seed=3), with_photos=True
        ),
        "Xenova/chinese-clip-vit-base-patch16/tokenizer.json": chinese,
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, onnx.ModelProto):
            content = content.SerializeToString()
        (place / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def safetensors(tensors: Dict[str, np.ndarray]) -> bytes:
    """The bytes of a file of safetensors."""
    header, numbers = {}, b""
    for name, array in tensors.items():
        content = np.asarray(array, np.float32).tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(numbers), len(numbers) + len(content)],
        }
        numbers += content
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def _byte_letters() -> List[str]:
    """A printable letter for each byte, as GPT-2 has them, and in its order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]


def _added(number: int, token: str, normalized: bool = False) -> Dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": normalized, "special": True}
    return {"id": number, "content": token, **flags}


def _ids(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])


def _model(graph: Graph, inputs: List[Any], outputs: List[Any]) -> onnx.ModelProto:
    body = helper.make_graph(graph.nodes, "exported", inputs, outputs, graph.weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
