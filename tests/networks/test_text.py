"""Text models: tokens, features and files; the tokens are those of transformers, recorded once."""

import hashlib
import json
import sys
import tracemalloc

import numpy as np
import pytest

from helpers.errors import ArgumentError, ModelError, UnknownWords, WeightsUnavailable
from helpers.networks.safetensors_file import read_safetensors
from helpers.networks.text import encoder
from helpers.networks.text.encoder import load_text_model
from helpers.networks.text.table import TEXT_MODELS, has_text_model, text_model_of
from helpers.networks.text.tokens import LONGEST, Tokeniser, clean
from tests.support.text_models import (
    DIMENSION,
    TEXTS,
    bert_tokenizer,
    clip_tokenizer,
    lay_text_models,
    many_texts,
    safetensors,
    text_network,
    text_weights,
    token_network,
)

CLIP = "hf:Xenova/clip-vit-base-patch32:onnx/vision_model.onnx"
MULTILINGUAL = "sentence-transformers/clip-ViT-B-32-multilingual-v1"


@pytest.fixture(autouse=True)
def nothing_loaded():
    load_text_model.cache_clear()
    yield
    load_text_model.cache_clear()


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A folder as mirror that has all text models, and an empty cache."""
    pytest.importorskip("tokenizers", reason="the extra `text` is not installed here: pip install tokenizers")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path / "stick"))
    lay_text_models(tmp_path / "stick")
    return tmp_path / "stick"


def tokeniser(tmp_path, content, name):
    pytest.importorskip("tokenizers", reason="the extra `text` is not installed here: pip install tokenizers")
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return Tokeniser(tmp_path / "tokenizer.json", TEXT_MODELS[name])


@pytest.mark.parametrize(
    ("content", "name", "sha256"),
    [
        (clip_tokenizer(), "clip", "87fe77ce125d7cbdc7d2e44087c22c050aa4b5141fdbcc7a04db349570137ccc"),
        (bert_tokenizer(), "multilingual", "2b1c46eee94f246758f4fdeb30c530179b7a483f3a6b1349418d4722f3b8b611"),
        (
            bert_tokenizer(lower=True),
            "chinese-clip",
            "0f7ce50ed2b47f94197a92bd1ec88ab4b0262d1eab367f15500f60bac39862e9",
        ),
    ],
)
def test_the_tokens_of_200_texts_are_those_of_transformers(tmp_path, content, name, sha256):
    """Of transformers 4.57.1: CLIPTokenizerFast by the same vocabulary and rules, BertTokenizer by the same words."""
    made = tokeniser(tmp_path, content, name)
    texts = many_texts()
    numbers = [made.tokens(text).numbers for text in texts]
    assert len(texts) == 200 and max(map(len, numbers)) == TEXT_MODELS[name].longest
    assert hashlib.sha256(json.dumps(numbers).encode()).hexdigest() == sha256


def test_tokens_begin_and_end_and_a_long_text_is_cut_before_its_end(tmp_path):
    made = tokeniser(tmp_path, clip_tokenizer(), "clip")
    assert made.tokens(TEXTS[0]).numbers == [534, 320, 518, 521, 320, 524, 344, 65, 81, 519, 66, 327, 535]
    numbers, is_whole = made.tokens("a very long text " * 40)
    assert len(numbers) == 77 and (numbers[0], numbers[-1]) == (534, 535) and not is_whole


def expected(weights, tokens, chosen):
    rows = weights["tokens"][tokens]
    feature = rows.max(axis=0) @ weights["projection"] if isinstance(chosen, str) else rows.mean(axis=0) @ chosen.T
    return feature / np.linalg.norm(feature)


def test_a_text_is_the_mean_of_its_sentences_each_of_length_1(mirror, tmp_path):
    made, model = tokeniser(tmp_path, clip_tokenizer(), "clip"), TEXT_MODELS["clip"]
    sentences = [made.tokens(template.format("a fox")).numbers for template in model.templates]
    weights = text_weights(len(clip_tokenizer()["model"]["vocab"]))
    mean = np.mean([expected(weights, numbers, "largest") for numbers in sentences], axis=0)
    feature = load_text_model("clip", progress=False).encode("a fox")
    assert feature.shape == (DIMENSION,) and feature.dtype == np.float32
    assert np.allclose(feature, mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize("matrix", ["model.safetensors", "pytorch_model.bin"])
def test_the_multilingual_model_takes_the_mean_of_all_tokens_and_its_matrix(mirror, tmp_path, matrix):
    for file in (mirror / MULTILINGUAL / "2_Dense").iterdir():
        if file.name != matrix:
            file.unlink()
    weights = text_weights(len(bert_tokenizer()["model"]["vocab"]), seed=1)
    dense = np.random.RandomState(2).standard_normal((DIMENSION, 8)).astype(np.float32)
    numbers = tokeniser(tmp_path, bert_tokenizer(), "multilingual").tokens("a fox").numbers
    feature = load_text_model("multilingual", progress=False).encode("a fox")
    assert np.allclose(feature, expected(weights, numbers, dense), atol=1e-6)


def test_a_chinese_text_is_put_into_chinese_sentences(mirror):
    made = load_text_model("multilingual", progress=False)
    seen = []
    made._tokeniser.tokens = lambda text, really=made._tokeniser.tokens: seen.append(text) or really(text)
    made.encode("雪地里的一只鸟")
    assert "一张雪地里的一只鸟的照片。" in seen
    seen.clear()
    made.encode("a fox")
    assert set(seen) == {"a fox"}


def test_the_text_side_of_a_file_with_both_sides_is_cut_out_once(mirror, tmp_path, monkeypatch):
    feature = load_text_model("chinese-clip", progress=False).encode("一只狐狸")
    [part] = (tmp_path / "cache" / "networks").glob("text-*.onnx")
    load_text_model.cache_clear()
    monkeypatch.setattr(encoder, "_part", None)
    assert np.array_equal(load_text_model("chinese-clip", progress=False).encode("一只狐狸"), feature)
    assert part.exists()


def test_texts_of_all_lengths_at_once_are_what_they_are_alone(mirror):
    made = load_text_model("clip", progress=False)
    tokens = [made._tokeniser.tokens(text).numbers for text in TEXTS]
    together = made.features(tokens)
    assert np.allclose(together, np.concatenate([made.features([numbers]) for numbers in tokens]), atol=1e-6)


def test_files_are_pinned_with_a_line_and_a_changed_one_is_refused(mirror, capsys, tmp_path):
    load_text_model("clip")
    printed = capsys.readouterr().out
    network = mirror / "Xenova/clip-vit-base-patch32/onnx/text_model.onnx"
    assert hashlib.sha256(network.read_bytes()).hexdigest() in printed and str(network) in printed
    load_text_model.cache_clear()
    load_text_model("clip")
    assert capsys.readouterr().out == ""
    load_text_model.cache_clear()
    [kept] = (tmp_path / "cache").glob("weights/hf/*/onnx/text_model.onnx")
    kept.unlink()
    network.write_bytes(network.read_bytes()[:-9])
    with pytest.raises(WeightsUnavailable, match="has changed"):
        load_text_model("clip")


def test_without_a_network_the_ways_out_are_named(mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_MIRROR", "http://127.0.0.1:1")
    with pytest.raises(WeightsUnavailable, match=r"(?s)no connection.*KINFRAME_MIRROR.*tokenizer\.json"):
        load_text_model("clip")


def test_without_the_package_one_line_names_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="pip install tokenizers"):
        Tokeniser(tmp_path / "tokenizer.json", TEXT_MODELS["clip"])


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("tokenizer.json", b"{", "is not a tokenizer"),
        ("tokenizer.json", b"[" * 100_000, "is not a tokenizer.*nested too deeply"),
        ("tokenizer.json", b"[]", "is not a tokenizer"),
        ("onnx/text_model.onnx", b"<html>", "is not an ONNX network"),
        ("onnx/text_model.onnx", token_network(text_weights(9)).SerializeToString(), "none of text_embeds"),
    ],
)
def test_a_file_that_is_something_else_is_named(mirror, file, content, reason):
    path = mirror / "Xenova/clip-vit-base-patch32" / file
    path.write_bytes(content)
    with pytest.raises(ModelError, match=reason) as refused:
        load_text_model("clip", progress=False)
    assert path.name in str(refused.value)


@pytest.mark.parametrize(("place", "reason"), [("/etc/hostname", "not a file beside it"), ("a.data", "a second file")])
def test_weights_of_a_text_model_are_in_its_file(mirror, place, reason):
    """Old versions of ONNX Runtime read whatever file a network names."""
    path = mirror / "Xenova/clip-vit-base-patch32/onnx/text_model.onnx"
    network = text_network(text_weights(9))
    weight = network.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = 1  # another file
    weight.external_data.add(key="location", value=place)
    path.write_bytes(network.SerializeToString())
    with pytest.raises(ModelError, match=rf"text_model\.onnx.*{reason}"):
        load_text_model("clip", progress=False)


BEYOND = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}
ENDLESS = [{"SpecialToken": {"id": "q", "type_id": 0}}] * 200 + [{"Sequence": {"id": "A", "type_id": 0}}]


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": {"type": "Sequence", "normalizers": [BEYOND, {"type": "Sequence", "normalizers": [BEYOND]}]}},
        {"normalizer": {"type": "Prepend", "prepend": "b" * 1_000_000}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "/////w=="}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
        {"normalizer": [7]},
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 4294967295}, "merges": [["a", "b"]]}},
        {"model": {"type": "WordLevel", "vocab": {}, "unk_token": "x"}},
        {"post_processor": {"type": "TemplateProcessing", "single": ENDLESS[:1], "pair": [], "special_tokens": {}}},
        {
            "post_processor": {
                "type": "TemplateProcessing",
                "single": ENDLESS,
                "pair": [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"],
                "special_tokens": {"q": {"id": "q", "ids": [1], "tokens": ["q"]}},
            }
        },
    ],
)
def test_a_tokenizer_that_was_made_to_do_harm_costs_the_model_alone(tmp_path, change):
    """Some end the process, some take all memory, some raise what is no Exception."""
    content = {**clip_tokenizer(), **change}
    with pytest.raises(ModelError, match=r"tokenizer\.json is not a tokenizer that can be used"):
        made = tokeniser(tmp_path, content, "clip")
        made.check_known("a" * LONGEST)
        made.tokens("a" * LONGEST)


def test_a_vocabulary_that_is_larger_than_the_network_is_reported(mirror):
    path = mirror / "Xenova/clip-vit-base-patch32/onnx/text_model.onnx"
    path.write_bytes(text_network(text_weights(9)).SerializeToString())
    with pytest.raises(ModelError, match=r"text_model\.onnx cannot be run"):
        load_text_model("clip", progress=False).encode("a fox")


def test_a_text_is_cleaned_and_an_empty_or_endless_one_refused():
    assert clean("  a\x00bird\x07 on\na \ud800 branch\u200b ") == "a bird on a branch\u200b"
    assert clean("🦊") == "🦊"
    for empty in ("", "   ", "\x00\n\x1b"):
        with pytest.raises(ArgumentError, match="is empty"):
            clean(empty)
    with pytest.raises(ArgumentError, match="10,000 characters"):
        clean("x" * 10_000)
    with pytest.raises(ArgumentError, match="not int"):
        clean(7)
    assert len(clean("x" * LONGEST)) == LONGEST


def test_a_text_longer_than_77_tokens_is_read_as_far_as_possible_with_a_line(mirror, capsys):
    made = load_text_model("clip", progress=False)
    assert np.isfinite(made.encode("a very long text " * 40)).all()
    assert capsys.readouterr().out.count("longer than the 77 tokens that clip reads") == 1
    made.encode("a {} in {braces}, 🦊")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "text"), [("clip", "雪地里的一只鸟"), ("clip", "лиса в снегу"), ("chinese-clip", "лиса")]
)
def test_a_script_that_a_model_has_not_learnt_is_refused_with_the_model_that_has(mirror, name, text):
    with pytest.raises(UnknownWords, match='text_model="multilingual"') as raised:
        load_text_model(name, progress=False).encode(text)
    assert "write it in words" in raised.value.plain and "create" not in raised.value.plain


def test_signs_that_the_multilingual_model_does_not_know_are_refused(mirror):
    with pytest.raises(ArgumentError, match="write it in words"):
        load_text_model("multilingual", progress=False).encode("🦊 🦊")


def test_which_text_models_a_network_has():
    assert text_model_of(CLIP).name == text_model_of("clip").name == "clip"
    assert (
        text_model_of("hf:Xenova/clip-vit-base-patch32@main:onnx/vision_model_fp16.onnx", "multilingual").longest == 128
    )
    assert text_model_of("chinese-clip").languages == "Chinese"
    assert has_text_model(CLIP) and not has_text_model("resnet-50") and not has_text_model("hf:owner/name")
    with pytest.raises(ArgumentError, match="'clip' and 'multilingual' do"):
        text_model_of("clip", "chinese-clip")
    with pytest.raises(ModelError, match=r"resnet-50 has no text model.*model='clip'"):
        text_model_of("resnet-50")


def test_every_entry_is_what_the_table_promises():
    for name, model in TEXT_MODELS.items():
        assert model.name == name and model.languages and model.licence
        assert all(template.count("{}") == 1 for template in (*model.templates, *model.chinese))


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: whole[:6], lambda whole: b"\xff" * 20])
def test_half_a_file_of_safetensors_is_refused(tmp_path, damage):
    whole = safetensors({"linear.weight": np.arange(6, dtype=np.float32).reshape(2, 3)})
    (tmp_path / "whole").write_bytes(whole)
    assert np.array_equal(read_safetensors(tmp_path / "whole")["linear.weight"], [[0, 1, 2], [3, 4, 5]])
    (tmp_path / "half").write_bytes(damage(whole))
    with pytest.raises(ModelError, match="half is not a file of safetensors"):
        read_safetensors(tmp_path / "half")


def test_many_names_for_the_same_numbers_take_no_more_memory(tmp_path):
    numbers = bytes(1_000_000)
    header = {str(name): {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in range(2_000)}
    begin = json.dumps(header).encode()
    (tmp_path / "many").write_bytes(len(begin).to_bytes(8, "little") + begin + numbers)
    tracemalloc.start()
    try:
        assert len(read_safetensors(tmp_path / "many")) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 20 * len(numbers)
    finally:
        tracemalloc.stop()
