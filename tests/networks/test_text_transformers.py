"""Text models against PyTorch itself, where it and transformers are installed: no dependencies of this project.

    pip install torch transformers onnxscript pytest

Small random models of transformers' own classes are exported, laid where the real files would come from, and asked by
this project; their features must be those that PyTorch gives, to 1e-4 (differences seen: below 4e-7).
"""

import json

import numpy as np
import pytest

from helpers.networks.load import load_network
from helpers.networks.onnx.onnx_runtime import outputs_of
from helpers.networks.text.encoder import load_text_model
from tests.support.text_models import bert_tokenizer, clip_tokenizer, many_texts, safetensors

WHY = "PyTorch and transformers are not installed here: pip install torch transformers onnxscript"
torch = pytest.importorskip("torch", reason=WHY)
transformers = pytest.importorskip("transformers", reason=WHY)
pytest.importorskip("onnxscript", reason=WHY)

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow("networks are exported")]

SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
PHOTOS = {**SMALL, "image_size": 32, "patch_size": 8}
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
CONFIG = {"do_normalize": True, "image_mean": MEAN, "image_std": STD, "size": {"height": 32, "width": 32}}
CLIP, CHINESE = "Xenova/clip-vit-base-patch32", "Xenova/chinese-clip-vit-base-patch16"
MULTILINGUAL = "sentence-transformers/clip-ViT-B-32-multilingual-v1"


class Only(torch.nn.Module):
    """A model that takes its inputs in order, by their names, and gives some of its outputs."""

    def __init__(self, model, inputs, outputs):
        super().__init__()
        self.model, self.inputs, self.outputs = model, inputs, outputs

    def forward(self, *given):
        answer = self.model(**dict(zip(self.inputs, given)))
        return tuple(getattr(answer, name) for name in self.outputs)


@pytest.fixture
def stick(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path / "stick"))
    load_text_model.cache_clear()
    torch.manual_seed(0)
    yield tmp_path / "stick"
    load_text_model.cache_clear()


def lay(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def export(path, model, inputs, outputs):
    """Inputs are `input_ids` and `pixel_values`; the sides of a batch, and the length of texts, are free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    given = {"input_ids": torch.tensor([[5, 6, 7]] * 2), "pixel_values": torch.randn(2, 3, 32, 32)}
    free = {name: {0: "batch", 1: "tokens"} if name == "input_ids" else {0: "batch"} for name in (*inputs, *outputs)}
    torch.onnx.export(
        Only(model, inputs, outputs).eval(),
        tuple(given[name] for name in inputs),
        str(path),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=free,
        opset_version=14,
        dynamo=False,
    )
    model.eval()  # exporting leaves it as it would be trained, with dropout


def unit(features):
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def check_texts(name, theirs):
    """Every text through ours and through PyTorch's, by the same tokens."""
    made = load_text_model(name, progress=False)
    for text in many_texts():
        tokens = made._tokeniser.tokens(text).numbers
        with torch.no_grad():
            expected = theirs(torch.tensor([tokens])).numpy()
        assert np.allclose(unit(made.features([tokens])), unit(expected), atol=1e-4)


def check_photos(name, theirs):
    photos = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    pixels = torch.from_numpy(((photos / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32))
    model = load_network(name, progress=False)
    with torch.no_grad():
        assert np.allclose(
            unit(outputs_of(str(model.path), name, "photos", photos)[0]), unit(theirs(pixels).numpy()), atol=1e-4
        )


def test_clip(stick):
    tokenizer = clip_tokenizer()
    count = len(tokenizer["model"]["vocab"])
    ends = {"bos_token_id": count - 2, "eos_token_id": count - 1}
    texts = transformers.CLIPTextConfig(vocab_size=count, projection_dim=16, **SMALL, **ends)
    texts = transformers.CLIPTextModelWithProjection(texts).eval()
    photos = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(projection_dim=16, **PHOTOS)
    ).eval()
    export(stick / CLIP / "onnx/text_model.onnx", texts, ["input_ids"], ["text_embeds"])
    export(stick / CLIP / "onnx/vision_model.onnx", photos, ["pixel_values"], ["image_embeds"])
    lay(stick / CLIP / "tokenizer.json", tokenizer)
    lay(stick / CLIP / "preprocessor_config.json", CONFIG)
    check_texts("clip", lambda tokens: texts(tokens).text_embeds)
    check_photos("clip", lambda pixels: photos(pixel_values=pixels).image_embeds)


def test_the_multilingual_model(stick):
    tokenizer = bert_tokenizer()
    size = {"dim": 24, "hidden_dim": 32, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 128}
    size["vocab_size"] = len(tokenizer["model"]["vocab"])
    bert = transformers.DistilBertModel(transformers.DistilBertConfig(**size)).eval()
    dense = torch.nn.Linear(24, 16, bias=False)
    export(stick / MULTILINGUAL / "onnx/model.onnx", bert, ["input_ids"], ["last_hidden_state"])
    lay(stick / MULTILINGUAL / "tokenizer.json", tokenizer)
    matrix = {"linear.weight": dense.weight.detach().numpy()}
    lay(stick / MULTILINGUAL / "2_Dense/model.safetensors", safetensors(matrix))
    check_texts("multilingual", lambda tokens: dense(bert(tokens).last_hidden_state.mean(1)))


def test_chinese_clip(stick):
    tokenizer = bert_tokenizer(lower=True)
    texts = {**SMALL, "vocab_size": len(tokenizer["model"]["vocab"]), "max_position_embeddings": 64}
    both = transformers.ChineseCLIPConfig(text_config=texts, vision_config=PHOTOS, projection_dim=16)
    both = transformers.ChineseCLIPModel(both).eval()
    inputs, outputs = ["input_ids", "pixel_values"], ["logits_per_image", "text_embeds", "image_embeds"]
    export(stick / CHINESE / "onnx/model.onnx", both, inputs, outputs)
    lay(stick / CHINESE / "tokenizer.json", tokenizer)
    lay(stick / CHINESE / "preprocessor_config.json", CONFIG)
    nothing = torch.zeros(1, 3, 32, 32)
    check_texts("chinese-clip", lambda tokens: both(input_ids=tokens, pixel_values=nothing).text_embeds)
    check_photos(
        "chinese-clip", lambda pixels: both(input_ids=torch.tensor([[5]] * 4), pixel_values=pixels).image_embeds
    )
