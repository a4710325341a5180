import hashlib
import json
import os

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from helpers.errors import ModelError, WeightsUnavailable
from helpers.files import download
from helpers.networks import pins
from helpers.networks.hub.network import hub_network
from helpers.networks.hub.preprocessor import read_config
from helpers.networks.hub.repository import repository
from helpers.networks.load import load_network
from helpers.networks.onnx import external_data
from helpers.networks.runtime import session_for
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from tests.support import hub_networks
from tests.support.file_server import serving
from tests.support.hub_networks import SIDE
from tests.support.pictures import folder_of, picture

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CONFIG = {
    "do_normalize": True,
    "do_rescale": True,
    "image_mean": MEAN,
    "image_std": STD,
    "rescale_factor": 1 / 255,
    "size": {"height": SIDE, "width": SIDE},
}
CONFIG_FILE, ONNX_FILE = "preprocessor_config.json", "onnx/model.onnx"


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_PAUSES", (0.01, 0.02))


@pytest.fixture
def folder(tmp_path):
    """Where the files of hf:owner/name are kept."""
    return tmp_path / "cache" / "weights" / "hf" / "owner--name"


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A folder as mirror, and a function that puts files of owner/name into it."""
    shelf = tmp_path / "stick" / "owner" / "name"
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path / "stick"))

    def put(network=None, *, file=ONNX_FILE, config=CONFIG, **others):
        files = {file: network, CONFIG_FILE: config, **others}
        for name, content in files.items():
            (shelf / name).parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                (shelf / name).write_bytes(as_bytes(content))
        return shelf

    return put


def as_bytes(content):
    if isinstance(content, dict):
        return json.dumps(content).encode()
    return content if isinstance(content, bytes) else content.SerializeToString()


def repository_files(network, file=ONNX_FILE, config=CONFIG, at="owner/name"):
    return {f"{at}/{file}": as_bytes(network), f"{at}/{CONFIG_FILE}": as_bytes(config)}


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)


def in_onnx_runtime(model, photos):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": photos})[0]


def in_openvino(model, photos):
    openvino = pytest.importorskip("openvino", reason="OpenVINO has no wheels for this processor")
    core = openvino.Core()
    network = core.read_model(model.SerializeToString())
    compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(photos)[0]


def outputs(network, photos, *more):
    """The reference: all outputs of the uncut network, over photos prepared as the configuration says."""
    pixels = ((photos / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    copy.graph.output.extend([onnx.ValueInfoProto(name=name) for name in more])
    session = onnxruntime.InferenceSession(copy.SerializeToString(), providers=["CPUExecutionProvider"])
    given = {each.name: np.ones((2, 5), np.int64) for each in session.get_inputs()}
    found = session.run(None, {**given, "pixel_values": pixels})
    return dict(zip([each.name for each in copy.graph.output], found))


def pooling(network):
    return next(node.output[0] for node in network.graph.node if node.op_type == "GlobalAveragePool")


CASES = {
    "pooler_output": (hub_networks.vit, lambda network, photos: outputs(network, photos)["pooler_output"]),
    "last_hidden_state (its first token)": (
        lambda: hub_networks.vit(pooled=False, opset=21),
        lambda network, photos: outputs(network, photos)["last_hidden_state"][:, 0],
    ),
    "image_embeds": (hub_networks.clip_vision, lambda network, photos: outputs(network, photos)["image_embeds"]),
    "image_embeds ": (hub_networks.clip, lambda network, photos: outputs(network, photos)["image_embeds"]),
    "last_hidden_state (its mean over all places)": (
        hub_networks.convnext,
        lambda network, photos: outputs(network, photos)["last_hidden_state"].mean(axis=(2, 3)),
    ),
    "what its classifier takes": (
        hub_networks.classifier,
        lambda network, photos: outputs(network, photos, pooling(network))[pooling(network)][:, :, 0, 0],
    ),
    "scores, what its classifier takes": (
        lambda: hub_networks.classifier(name="probabilities"),
        lambda network, photos: outputs(network, photos, pooling(network))[pooling(network)][:, :, 0, 0],
    ),
    "map (its mean over all places)": (
        lambda: hub_networks.convnext(name="map"),
        lambda network, photos: outputs(network, photos)["map"].mean(axis=(2, 3)),
    ),
    "class_embedding": (
        lambda: hub_networks.classifier(name="class_embedding"),
        lambda network, photos: outputs(network, photos)["class_embedding"],
    ),
}


@pytest.mark.parametrize("described", CASES)
def test_a_repository_becomes_a_network_from_photos_to_features(monkeypatch, photos, folder, described):
    build, reference = CASES[described]
    network = build()
    with serving(repository_files(network)) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        hub = hub_network("hf:owner/name")
    expected = reference(network, photos)
    assert (hub.name, hub.size) == ("hf:owner/name:onnx/model.onnx", (SIDE, SIDE))
    assert described.split(", ")[-1].strip() in hub.note and ONNX_FILE in hub.note
    assert "https://huggingface.co/owner/name" in hub.note and "\n" not in hub.note
    assert len(bytes.fromhex(hub.sha256)) == 32
    model = hub.assemble()
    assert hub.dimension == expected.shape[1]
    assert expected.std(axis=0).max() > 0.01  # the photos do differ
    assert np.allclose(in_onnx_runtime(model, photos), expected, rtol=1e-4, atol=1e-5)
    assert np.allclose(in_openvino(model, photos), expected, rtol=1e-3, atol=1e-4)
    assert pins.pinned(folder / ONNX_FILE) == hashlib.sha256(network.SerializeToString()).hexdigest()
    assert pins.pinned(folder / CONFIG_FILE) == hashlib.sha256(as_bytes(CONFIG)).hexdigest()
    monkeypatch.setenv("KINFRAME_MIRROR", "http://127.0.0.1:1")  # the server is gone: from disk
    assert hub_network("hf:owner/name") == hub


def test_the_tower_for_texts_is_left_out(mirror):
    mirror(hub_networks.clip())
    model = hub_network("hf:owner/name").assemble()
    assert [each.name for each in model.graph.input] == ["photos"]
    assert 50 not in [each.dims[0] for each in model.graph.initializer if each.dims]  # words


def test_weights_in_a_second_file_are_fetched_too(monkeypatch, photos, folder):
    whole = hub_networks.vit()
    network, weights = hub_networks.outside(whole, "model.onnx_data")
    files = {**repository_files(network), "owner/name/onnx/model.onnx_data": weights}
    with serving(files) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        hub = hub_network("hf:owner/name")
    answer = in_onnx_runtime(hub.assemble(), photos)
    assert np.allclose(answer, outputs(whole, photos)["pooler_output"], rtol=1e-4, atol=1e-5)
    assert pins.pinned(folder / "onnx/model.onnx_data") == hashlib.sha256(weights).hexdigest()
    other = bytearray(weights)
    other[0] ^= 1
    (folder / "onnx/model.onnx_data").write_bytes(other)
    pins.pin_file(folder / "onnx/model.onnx_data").unlink()
    assert hub_network("hf:owner/name").sha256 != hub.sha256


def test_a_network_in_float16_takes_and_gives_its_own_kind(mirror, photos):
    network = hub_networks.classifier()
    mirror(hub_networks.halved(network), file="onnx/model_fp16.onnx")
    model = hub_network("hf:owner/name:onnx/model_fp16.onnx").assemble()
    expected = outputs(network, photos, pooling(network))[pooling(network)][:, :, 0, 0]
    for answer in (in_onnx_runtime(model, photos), in_openvino(model, photos)):
        assert answer.dtype == np.float32
        assert np.allclose(answer, expected, rtol=0.02, atol=0.02 * np.abs(expected).max())


def test_files_are_looked_for_in_order(monkeypatch):
    network = as_bytes(hub_networks.classifier())
    places = ["onnx/vision_model.onnx", "onnx/model.onnx", "model.onnx", "vision_model.onnx"]
    for number, place in enumerate(places):
        at = f"owner/name{number}"
        files = {f"{at}/{file}": network for file in places[number:]}
        with serving({**files, f"{at}/{CONFIG_FILE}": as_bytes(CONFIG)}) as server:
            monkeypatch.setenv("KINFRAME_MIRROR", server.address)
            assert place in hub_network(f"hf:{at}").note
            assert server.downloads == number + 2


def test_a_repository_without_any_is_told_apart_from_a_network_that_fails(monkeypatch, mirror):
    mirror()
    with pytest.raises(WeightsUnavailable, match=r"it has no onnx/vision_model.onnx and no .*\n.*\n- name the file"):
        hub_network("hf:owner/name")
    files = repository_files(hub_networks.vit(), at="owner/ill")
    with serving(files, moods=["well", "500", "500", "500"]) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        with pytest.raises(WeightsUnavailable, match=r"onnx/vision_model\.onnx answers 500"):
            hub_network("hf:owner/ill")
        assert server.downloads == 4  # and not onnx/model.onnx, which is another network
    with serving({}, moods=["401"]) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        with pytest.raises(WeightsUnavailable, match="no such repository, or it is not public"):
            hub_network("hf:owner/private")


def test_without_a_connection_the_message_names_the_ways_out(monkeypatch, tmp_path):
    for absent in ("http://127.0.0.1:1", str(tmp_path / "no stick")):
        monkeypatch.setenv("KINFRAME_MIRROR", absent)
        with pytest.raises(WeightsUnavailable) as caught:
            hub_network("hf:owner/name")
        first, *ways = str(caught.value).splitlines()
        assert first.startswith("The network hf:owner/name is not available: ")
        assert f"- put {CONFIG_FILE} by hand into {tmp_path / 'cache' / 'weights' / 'hf' / 'owner--name'}" in ways
        assert any("KINFRAME_MIRROR" in way and f"owner/name/{CONFIG_FILE}" in way for way in ways)
        assert any("KINFRAME_CACHE" in way for way in ways)


def test_files_laid_by_hand_are_taken_and_pinned(monkeypatch, folder):
    monkeypatch.setenv("KINFRAME_MIRROR", "http://127.0.0.1:1")
    for name, content in {ONNX_FILE: hub_networks.vit(), CONFIG_FILE: CONFIG}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(as_bytes(content))
    hub_network("hf:owner/name")
    assert pins.pinned(folder / ONNX_FILE) and pins.pinned(folder / CONFIG_FILE)


def test_a_damaged_file_is_fetched_again(monkeypatch, mirror, folder):
    shelf = mirror(hub_networks.vit())
    hub = hub_network("hf:owner/name")
    damage(folder / ONNX_FILE)
    with pytest.warns(UserWarning, match=r"model\.onnx was not the right file .* and was replaced"):
        assert hub_network("hf:owner/name") == hub
    assert (folder / ONNX_FILE).read_bytes() == (shelf / ONNX_FILE).read_bytes()
    (folder / ONNX_FILE).unlink()
    assert hub_network("hf:owner/name") == hub  # the pin says which file it was
    damage(folder / ONNX_FILE)
    monkeypatch.setenv("KINFRAME_MIRROR", "http://127.0.0.1:1")
    with pytest.raises(WeightsUnavailable, match="is not available: no connection"):
        hub_network("hf:owner/name")


def damage(path):
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("kept", ["damaged", "deleted"])
def test_another_file_than_at_first_is_refused(mirror, folder, kept):
    shelf = mirror(hub_networks.vit())
    hub = hub_network("hf:owner/name")
    old = hashlib.sha256((shelf / ONNX_FILE).read_bytes()).hexdigest()
    mirror(hub_networks.vit(seed=1))
    new = hashlib.sha256((shelf / ONNX_FILE).read_bytes()).hexdigest()
    assert hub_network("hf:owner/name") == hub  # what is here stays as it is
    damage(folder / ONNX_FILE)
    if kept == "deleted":
        (folder / ONNX_FILE).unlink()
    with pytest.raises(WeightsUnavailable) as caught:
        hub_network("hf:owner/name")
    first, *ways = str(caught.value).splitlines()
    assert "hf:owner/name has changed" in first and old in first and new in first
    assert any(str(pins.pin_file(folder / ONNX_FILE)) in way and "trust" in way for way in ways)
    assert any("hf:owner/name@" in way for way in ways)
    pins.pin_file(folder / ONNX_FILE).unlink()  # the way out
    if kept == "damaged":
        assert any(f"and {folder / ONNX_FILE}, which is damaged" in way for way in ways)
        (folder / ONNX_FILE).unlink()
    assert hub_network("hf:owner/name").sha256 != hub.sha256
    assert pins.pinned(folder / ONNX_FILE) == new


def test_a_pin_is_as_sha256sum_writes_it(tmp_path):
    path = tmp_path / "model.onnx"
    assert pins.pinned(path) is None
    pins.pin(path, "ab" * 32)
    assert pins.pin_file(path).read_bytes() == b"ab" * 32 + b"  model.onnx\n"
    for good in (b" *model.onnx\r\n", b"  model.onnx"):
        pins.pin_file(path).write_bytes(b"cd" * 32 + good)
        assert pins.pinned(path) == "cd" * 32
    for bad in (b"", b"<html>", b"\xff\xfe", b"cd" * 32 + b"  other.onnx\n", b"cd" * 31 + b"  model.onnx\n"):
        pins.pin_file(path).write_bytes(bad)
        with pytest.raises(WeightsUnavailable, match=r"model\.onnx\.sha256 does not contain .*\n.*delete it"):
            pins.pinned(path)


def test_revisions_are_kept_apart(mirror, tmp_path):
    mirror(hub_networks.vit())
    first = hub_network("hf:owner/name")
    mirror(hub_networks.vit(seed=1))
    second = hub_network("hf:owner/name@v1.0")
    assert second.name == "hf:owner/name@v1.0:onnx/model.onnx"
    assert second.sha256 != first.sha256 == hub_network("hf:owner/name").sha256
    assert {each.name for each in (tmp_path / "cache/weights/hf").iterdir()} == {"owner--name", "owner--name@v1.0"}


def test_the_address_is_that_of_hugging_face(monkeypatch):
    asked = []

    def fetch(name, url, half, **_):
        asked.append((name, url))
        raise download.NotFetched("never asked")

    monkeypatch.setattr("helpers.networks.pins.fetch", fetch)
    for name in ("hf:owner/name", "hf:owner/name@a1b2c3"):
        with pytest.raises(WeightsUnavailable):
            hub_network(name)
    page = "https://huggingface.co/owner/name/resolve"
    file = f"owner/name/{CONFIG_FILE}"
    assert asked == [(file, f"{page}/main/{CONFIG_FILE}"), (file, f"{page}/a1b2c3/{CONFIG_FILE}")]


@pytest.mark.parametrize(
    "name",
    [
        "hf:",
        "hf:owner",
        "hf:owner/",
        "hf:/name",
        "hf:../name",
        "hf:owner/..",
        "hf:owner/.name",
        "hf:owner/a..b",
        "hf:ow--ner/name",
        "hf:owner/name/more",
        "hf:owner/name@",
        "hf:owner/name@../../main",
        "hf:owner/name@refs/pr/1",
        "hf:owner/name:",
        "hf:owner/name:/etc/model.onnx",
        "hf:owner/name:../model.onnx",
        "hf:owner/name:onnx/../../model.onnx",
        "hf:owner/name:onnx//model.onnx",
        "hf:owner/name:onnx\\model.onnx",
        "hf:owner/name:model.pth",
        "hf:owner/name:C:/model.onnx",
        "hf:owner/na me",
        "hf:owner/name\n",
        "hf:owner/name?x=1",
        "hf:owner/" + "n" * 97,
        "HF:owner/name",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(ModelError, match="is not a network on Hugging Face; write it as 'hf:owner/name'"):
        hub_network(name)


def test_a_name_is_read_into_its_parts():
    for name in ("hf:o/n", "hf:Own-er_1/na.me-2@v1.0", "hf:o/n:model.onnx", "hf:o/n@main:onnx/deep/model_q4.onnx"):
        assert str(repository(name)) == name
    assert repository("hf:o/n@main:onnx/model.onnx")[:4] == ("o", "n", "main", "onnx/model.onnx")


@pytest.fixture
def config(tmp_path):
    def read(fields):
        path = tmp_path / CONFIG_FILE
        path.write_bytes(fields if isinstance(fields, bytes) else json.dumps(fields).encode())
        return read_config(path)

    return read


@pytest.mark.parametrize(
    ("fields", "low", "high", "size"),
    [  # what becomes of 0 and of 255, in the first channel
        ({**CONFIG, "do_center_crop": None, "resample": 3}, -0.485 / 0.229, 0.515 / 0.229, (SIDE, SIDE)),
        ({"size": 224, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, -1, 1, (224, 224)),  # ViT, of old
        (  # CLIP
            {
                **CONFIG,
                "size": {"shortest_edge": 224},
                "crop_size": {"height": 200, "width": 210},
                "do_center_crop": True,
            },
            -0.485 / 0.229,
            0.515 / 0.229,
            (210, 200),
        ),
        ({**CONFIG, "size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": True}, None, None, (224, 224)),
        ({**CONFIG, "size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, None, None, (256, 256)),
        ({**CONFIG, "size": {"shortest_edge": 224}, "crop_pct": 0.875}, None, None, (224, 224)),  # ConvNeXt
        ({**CONFIG, "rescale_factor": 1 / 127.5, "image_mean": [1] * 3, "image_std": [1] * 3}, -1, 1, (SIDE, SIDE)),
        ({**CONFIG, "do_normalize": False}, 0, 1, (SIDE, SIDE)),
        ({"size": 224}, 0, 1, (224, 224)),
        ({"size": 224, "do_rescale": False}, 0, 255, (224, 224)),
        ({**CONFIG, "do_rescale": False, "image_mean": [127] * 3, "image_std": [128] * 3}, -127 / 128, 1, (SIDE, SIDE)),
        ({"size": 224, "rescale_factor": 1 / 127.5, "rescale_offset": True}, -1, 1, (224, 224)),
        ({**CONFIG, "include_top": True, "image_mean": [0] * 3, "image_std": [0.5] * 3}, 0, 4, (SIDE, SIDE)),
        ({"image_mean": MEAN, "image_std": STD}, None, None, None),
    ],
)
def test_photos_are_prepared_as_the_configuration_says(config, fields, low, high, size):
    found = config(fields)
    assert found.size == size and found.channels == "RGB"
    if low is not None:
        assert (0 - found.mean[0]) / found.std[0] == pytest.approx(low)
        assert (255 - found.mean[0]) / found.std[0] == pytest.approx(high)


def test_a_network_that_learnt_from_blue_to_red_gets_it(config):
    assert config({"size": 256, "do_flip_channel_order": True}).channels == "BGR"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (b"<html>", "is not a preprocessor_config.json"),
        (b"", "is not a preprocessor_config.json"),
        (b"\xff", "is not a preprocessor_config.json"),
        (b"[" * 100_000, "is not a preprocessor_config.json"),
        (b" " * 2**21, "is not a preprocessor_config.json: larger than"),
        ([], "it has no fields"),
        ({**CONFIG, "image_mean": [0.5, 0.5]}, r"image_mean is \[0\.5, 0\.5\], which is not three numbers"),
        ({**CONFIG, "image_mean": "x" * 999}, r"image_mean is 'x+\.\.\., which is not three numbers"),
        ({**CONFIG, "image_mean": None, "do_normalize": True}, "image_mean is None"),
        ({**CONFIG, "image_std": [1, 1, True]}, "image_std"),
        ({**CONFIG, "image_std": [1, 1, 0]}, "image_std .* not above 0"),
        ({**CONFIG, "image_std": [1, 1, float("nan")]}, "image_std"),
        ({**CONFIG, "image_mean": [1, 1, 10**400]}, "image_mean"),
        ({**CONFIG, "rescale_factor": 0}, "rescale_factor is 0, which is not above 0"),
        ({**CONFIG, "rescale_factor": "1/255"}, "rescale_factor is '1/255', which is not a number"),
        ({**CONFIG, "do_rescale": "no"}, "do_rescale is 'no', which is neither true nor false"),
        ({**CONFIG, "do_flip_channel_order": True}, "do_flip_channel_order is True"),
        ({**CONFIG, "size": {"longest_edge": 224}}, "size is .* which is not a size"),
        ({**CONFIG, "size": {"height": 224}}, "size is .* which is not a size"),
        ({**CONFIG, "size": 224.5}, "size is 224.5, which is not a size"),
        ({**CONFIG, "size": 15}, "size asks for photos of 15 x 15 pixels; 16 to 1024"),
        ({**CONFIG, "size": {"height": 224, "width": 10**9}}, "size asks for photos of 1000000000 x 224"),
        ({**CONFIG, "size": -1}, "size asks for photos of -1 x -1"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(config, fields, reason):
    with pytest.raises(ModelError, match=rf"preprocessor_config\.json.*{reason}"):
        config(fields)


def test_a_network_of_fixed_size_has_the_last_word(mirror):
    mirror(hub_networks.vit(), config={"size": 224})
    assert hub_network("hf:owner/name").size == (SIDE, SIDE)
    mirror(hub_networks.convnext(), config={"size": {"height": 48, "width": 64}}, file="model.onnx")
    assert hub_network("hf:owner/name@2:model.onnx").size == (64, 48)
    mirror(config={"image_mean": MEAN, "image_std": STD})
    with pytest.raises(ModelError, match=r"preprocessor_config\.json: size is missing"):
        hub_network("hf:owner/name@3:model.onnx")
    network = hub_networks.convnext()
    network.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 10**6
    network.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 32
    mirror(network)
    with pytest.raises(ModelError, match=r"model\.onnx asks for photos of 32 x 1000000 pixels"):
        hub_network("hf:owner/name@4")


def refusal(mirror, network, **others):
    """The message about a network that cannot be used; it names the file and a way out."""
    mirror(network, **others)
    with pytest.raises(ModelError) as caught:
        hub_network("hf:owner/name").assemble()
    message = str(caught.value)
    assert "model.onnx" in message and "name another file of the repository, as in hf:owner/name:" in message
    return message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda graph: graph.output.pop(), "its outputs () are none of image_embeds"),
        (
            lambda graph: graph.output.add(name="second"),
            "its outputs (class_embedding, second) are none of image_embeds",
        ),
        (lambda graph: graph.input[0].type.tensor_type.shape.dim.pop(), "is float [free, 3, 32], not float [N, 3"),
        (lambda graph: setattr(graph.input[0].type.tensor_type, "elem_type", TensorProto.UINT8), "is uint8 [free, 3,"),
        (lambda graph: setattr(graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 1), "is float [free, 1, 32"),
        (lambda graph: graph.node[-1].input.__setitem__(0, "gone"), "needs 0 inputs"),
        (lambda graph: setattr(graph.node[0], "domain", "com.microsoft"), "it uses com.microsoft.Conv"),
        (lambda graph: setattr(graph.node[0], "op_type", "NoSuchOperator"), "the layers do not fit together"),
    ],
)
def test_networks_that_do_not_fit_are_refused(mirror, change, reason):
    network = hub_networks.classifier(name="class_embedding")
    change(network.graph)
    assert reason in refusal(mirror, network)


@pytest.mark.parametrize(("axes", "reason"), [(2, "2 axes"), (0, "an unknown number of axes")])
def test_an_output_with_other_axes_is_refused(mirror, axes, reason):
    network = hub_networks.vit(pooled=False)
    del network.graph.output[0].type.tensor_type.shape.dim[axes:]
    assert f"its output last_hidden_state has {reason}, not 3 or 4" in refusal(mirror, network)


def test_what_is_no_classifier_is_not_cut(mirror):
    network = hub_networks.classifier()
    network.graph.node[-1].input[0] = network.graph.node[-2].output[0]
    network.graph.node[-2].op_type = "Relu"
    assert "does not come from a fully connected layer, so it is not a classifier's" in refusal(mirror, network)


def test_two_inputs_that_the_feature_needs_are_refused(mirror):
    network = hub_networks.clip()
    del network.graph.output[1:]
    network.graph.output[0].name = network.graph.node[-3].output[0] = "score_features"
    assert "its score_features needs 3 inputs" in refusal(mirror, network)


def test_an_export_for_one_photo_is_told_so(mirror):
    message = refusal(mirror, hub_networks.vit(baked=True))
    assert "it may have been exported for one photo at a time" in message


def test_features_that_depend_on_other_photos_are_refused(mirror):
    network = hub_networks.convnext()
    last = network.graph.node[-1]
    last.input[0], before = "shifted", last.input[0]
    network.graph.node.insert(
        len(network.graph.node) - 1, helper.make_node("ReduceMax", [before], ["most"], keepdims=1)
    )
    network.graph.node.insert(len(network.graph.node) - 1, helper.make_node("Div", [before, "most"], ["shifted"]))
    assert "other features beside another photo than alone" in refusal(mirror, network)


def test_features_that_are_not_finite_are_refused(mirror):
    network = hub_networks.convnext()
    network.graph.node[-2].op_type = "Log"  # of numbers below 0
    assert "not finite" in refusal(mirror, network)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"location": "../../secret"}, "'../../secret', is not a file beside it"),
        ({"location": "/etc/passwd"}, "is not a file beside it"),
        ({"location": "C:\\secret"}, "is not a file beside it"),
        ({"location": "deep/weights"}, "is not a file beside it"),
        ({"location": ".hidden"}, "is not a file beside it"),
        ({"location": ""}, "is not a file beside it"),
        ({"location": "model.onnx"}, "is not a file beside it"),
        ({"location": "model.onnx.sha256"}, "is not a file beside it"),
        ({"length": "3000000000"}, "its weights are 3.0 GB, and an ONNX file takes 2"),
        ({"length": "-1"}, "before the beginning"),
        ({"offset": "-1"}, "before the beginning"),
        ({"length": "many"}, "the place of its weights"),
        ({"offset": "999999"}, "reach beyond the end of model.onnx_data"),
    ],
)
def test_weights_elsewhere_than_beside_the_network_are_refused(mirror, folder, entries, reason):
    network, content = hub_networks.outside(hub_networks.vit(), "model.onnx_data")
    tensor = next(each for each in network.graph.initializer if external_data.is_outside(each))
    for entry in tensor.external_data:
        entry.value = entries.get(entry.key, entry.value)
    assert reason in refusal(mirror, network, **{"onnx/model.onnx_data": content})


@pytest.mark.parametrize(
    ("place", "said"),
    [("../../secret", "is not a file beside it"), ("secret", "of a single layer are in a file of their own")],
)
def test_weights_of_a_layer_in_a_second_file_are_refused(mirror, place, said):
    network = hub_networks.convnext()
    tensor = helper.make_tensor("hidden", TensorProto.FLOAT, [1], [1.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    network.graph.node.insert(0, helper.make_node("Constant", [], ["secret"], value=tensor))
    last = network.graph.node[-1]
    network.graph.node.insert(len(network.graph.node) - 1, helper.make_node("Add", [last.input[0], "secret"], ["sum"]))
    network.graph.node[-1].input[0] = "sum"
    assert said in refusal(mirror, network)


@pytest.mark.parametrize("content", [b"", b"<html>Please log in</html>", b"version https://git-lfs.github.com/spec/v1"])
def test_what_is_no_network_is_refused(mirror, content):
    refusal(mirror, content)


def test_a_file_that_is_too_large_is_not_read(mirror, monkeypatch):
    monkeypatch.setattr("helpers.networks.hub.network.LARGEST", 1000)
    assert "larger than an ONNX file can be" in refusal(mirror, hub_networks.vit())


def test_a_cache_that_cannot_be_written_is_named(mirror, monkeypatch, tmp_path):
    mirror(hub_networks.vit())
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "occupied"))
    with pytest.raises(WeightsUnavailable, match=r"occupied[\s\S]*KINFRAME_CACHE"):
        hub_network("hf:owner/name")


def test_the_number_of_features_is_remembered(mirror, monkeypatch):
    mirror(hub_networks.vit())
    hub = hub_network("hf:owner/name")
    assert hub.dimension == hub_networks.WIDTH  # not assembled before: it is now
    monkeypatch.setattr("helpers.networks.hub.network.outputs_of", None)
    assert hub_network("hf:owner/name").dimension == hub_networks.WIDTH


# A file of one's own that takes float photos, as PyTorch and transformers export them


@pytest.mark.parametrize("described", CASES)
def test_a_file_with_its_description_is_a_network_of_ones_own(tmp_path, photos, described):
    build, reference = CASES[described]
    network, path = build(), tmp_path / "mine.onnx"
    path.write_bytes(as_bytes(network))
    (tmp_path / CONFIG_FILE).write_text(json.dumps({"image_mean": MEAN, "image_std": STD, "size": SIDE}))
    loaded = load_network(path)
    assert (loaded.size, loaded.name) == ((SIDE, SIDE), str(path)) and described.strip().split(",")[-1] in loaded.note
    found = session_for(loaded, "fp32").run(list(photos))
    assert np.allclose(found, reference(network, photos), atol=1e-4)
    assert load_network(loaded.address).identity == loaded.identity
    (tmp_path / CONFIG_FILE).write_text(json.dumps({"image_mean": STD, "image_std": STD, "size": SIDE}))
    assert load_network(path).identity != loaded.identity, "photos are prepared in another way"


def test_a_model_of_such_a_network_is_saved_and_answers_again(tmp_path):
    folder_of(tmp_path / "photos")
    (tmp_path / "mine.onnx").write_bytes(as_bytes(hub_networks.vit()))
    (tmp_path / CONFIG_FILE).write_text(json.dumps({"image_mean": MEAN, "image_std": STD}))
    data, _ = load_photos(tmp_path / "photos", progress=False)
    model = create(data, model=str(tmp_path / "mine.onnx"), store=False, verbose=False)
    model.save(tmp_path / "kin")
    picture(99).save(tmp_path / "outside.png")
    outside, again = tmp_path / "outside.png", load_model(tmp_path / "kin")
    assert list(again.search(outside)["distance"]) == list(model.search(outside)["distance"])


def test_without_its_description_the_way_out_is_named(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(as_bytes(hub_networks.vit()))
    with pytest.raises(ModelError, match=rf"{CONFIG_FILE} with image_mean, image_std and size"):
        load_network(path)
    (tmp_path / CONFIG_FILE).write_text("{")
    with pytest.raises(ModelError, match=CONFIG_FILE):
        load_network(path)
    (tmp_path / CONFIG_FILE).write_text(json.dumps({"image_mean": MEAN, "image_std": STD}))
    path.write_bytes(as_bytes(hub_networks.vit())[:-100])
    with pytest.raises(ModelError, match=r"mine\.onnx"):
        load_network(path)
