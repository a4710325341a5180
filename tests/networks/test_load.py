import dataclasses
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest

from helpers.errors import ModelError, WeightsUnavailable
from helpers.files import download
from helpers.images.decode import open_photo
from helpers.networks import load, weights
from helpers.networks.classifier import classifier_of
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.efficientnet import efficientnet_b0
from helpers.networks.onnx.graph import Graph
from helpers.networks.table import MODELS, Network, WeightsFile
from helpers.networks.torch_file import read_state_dict
from helpers.networks.torchvision_layers import resnet_50, vgg19
from tests.support.file_server import serving
from tests.support.hub_networks import random_efficientnet_b0
from tests.support.networks import random_resnet50, zoo_mobilenet_v2, zoo_resnet50, zoo_squeezenet, zoo_vgg
from tests.support.places import SHARED
from tests.support.torch_files import torch_zip
from tests.support.torchvision_weights import random_resnet_50, random_vgg19

CARTOONS = SHARED / "cartoons"


@pytest.fixture(autouse=True)
def nothing_failed_yet(monkeypatch):
    monkeypatch.setattr(load, "_failed", {})


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def register(monkeypatch, empty_cache):
    """A function that puts bytes in the place of a network's weights: they, and the file they belong into."""

    def replace(name, content):
        content = content if isinstance(content, bytes) else content.SerializeToString()
        network = MODELS[name]
        digest = hashlib.sha256(content).hexdigest()[: len(network.weights.sha256)]
        size = len(content) if network.weights.size else 0
        file = dataclasses.replace(network.weights, size=size, sha256=digest)
        monkeypatch.setitem(MODELS, name, dataclasses.replace(network, weights=file))
        return content, file.file

    return replace


@pytest.fixture
def small_resnet(monkeypatch, register):
    """SqueezeNet under the name of ResNet-50, for what does not depend on layers: its bytes, its file."""
    small = dataclasses.replace(MODELS["squeezenet_v1.1"], name="resnet-50")
    monkeypatch.setitem(MODELS, "resnet-50", small)
    return register("resnet-50", zoo_squeezenet())


def in_onnx_runtime(model, photos):
    session = onnxruntime.InferenceSession(str(model.path), providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": photos})[0]


def in_openvino(model, photos):
    openvino = pytest.importorskip("openvino", reason="OpenVINO has no wheels for this processor")
    compiled = openvino.Core().compile_model(str(model.path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(photos)[0]


def uncut(network, tensor, photos):
    """The reference: a tensor of the uncut network, over photos prepared as its makers say, one at a time."""
    network.graph.output.append(onnx.ValueInfoProto(name=tensor))
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    prepared = ((photos / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    [photo] = session.get_inputs()
    answers = [session.run([tensor], {photo.name: prepared[row : row + 1]})[0] for row in range(len(photos))]
    return np.concatenate(answers).reshape(len(photos), -1)


def result_of(network, *operators, place=-1):
    """What a network's last layer of a kind gives, or another one of this kind."""
    return [node for node in network.graph.node if node.op_type in operators][place].output[0]


def after(network, tensor, operator):
    return next(node for node in network.graph.node if node.op_type == operator and tensor in node.input).output[0]


def fc1(network):
    return after(network, result_of(network, "Gemm", place=0), "Relu")


ENTRIES = {  # a network of the same layers with random weights, and the tensor that is the feature
    "resnet-50": (lambda: zoo_resnet50(random_resnet50()), lambda whole: result_of(whole, "GlobalAveragePool")),
    "squeezenet_v1.1": (zoo_squeezenet, lambda whole: result_of(whole, "AveragePool")),
    "vgg16": (lambda: zoo_vgg(16, thin=16, last=64), fc1),
    "vgg16-fc1": (lambda: zoo_vgg(16, thin=16, last=64), fc1),
    "vgg19": (lambda: zoo_vgg(19, thin=16), lambda whole: result_of(whole, "Dropout")),
    "mobilenet_v2": (zoo_mobilenet_v2, lambda whole: result_of(whole, "GlobalAveragePool")),
}


@pytest.mark.slow("networks of hundreds of megabytes")
@pytest.mark.parametrize("name", ENTRIES)
def test_a_network_of_the_zoo_becomes_one_from_photos_to_features(monkeypatch, register, name):
    """The whole path: from a server, checked, cut, run in both engines; and from disk without the server."""
    build, feature = ENTRIES[name]
    network = build()
    content, file = register(name, network)
    with serving({file: content}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        model = load.load_network(name)
    assert (model.name, model.size, model.dimension) == (name, MODELS[name].size, MODELS[name].dimension)
    width, height = MODELS[name].size
    photos = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    expected = uncut(network, feature(network), photos)
    assert expected.shape == (2, MODELS[name].dimension)
    assert expected.std(axis=0).max() > 0.01  # the two photos do differ
    if MODELS[name].unit:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    tolerance = {"rtol": 1e-3, "atol": 1e-4 * np.abs(expected).max()}
    assert np.allclose(in_onnx_runtime(model, photos), expected, **tolerance)
    assert np.allclose(in_openvino(model, photos), expected, **tolerance)
    assert load.load_network(name) == model  # the server is gone: from disk
    if MODELS[name].classifier:
        scores = uncut(network, network.graph.output[0].name, photos)
        known = classifier_of(model).scores(in_onnx_runtime(model, photos))
        assert np.allclose(known, scores, rtol=1e-3, atol=1e-4 * np.abs(scores).max())


PYTORCH = {  # networks from PyTorch's own host: random weights, and their layers
    "efficientnet_b0": (random_efficientnet_b0, efficientnet_b0),
    "resnet-50-torchvision": (random_resnet_50, resnet_50),
    "vgg19-torchvision": (lambda: random_vgg19(thin=32), vgg19),
}


@pytest.mark.slow("networks of a hundred megabytes")
@pytest.mark.parametrize("name", PYTORCH)
def test_a_network_comes_from_pytorchs_host(monkeypatch, register, empty_cache, name):
    """The whole path of a file of PyTorch's: fetched, checked, built, run in both engines."""
    build, layers = PYTORCH[name]
    weights, entry = build(), MODELS[name]
    content, file = register(name, torch_zip(weights))
    with serving({file: content}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        model = load.load_network(name)
    assert (empty_cache / "weights" / f"{file}.sha256").exists() == (entry.weights.size == 0)  # else it is known whole
    photos = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    alone = Graph()
    x = layers(alone, alone.photos(entry.mean, entry.std), weights)
    expected = alone.model(x, size=(224, 224), dimension=entry.dimension).SerializeToString()
    session = onnxruntime.InferenceSession(expected, providers=["CPUExecutionProvider"])
    features = session.run(None, {"photos": photos})[0]
    assert np.array_equal(in_onnx_runtime(model, photos), features)
    tolerance = {"rtol": 1e-3, "atol": 1e-3 * np.abs(features).max()}
    assert np.allclose(in_openvino(model, photos), features, **tolerance)
    assert load.load_network(name) == model  # the server is gone


def test_every_entry_of_the_table_is_tested_whole():
    assert {*ENTRIES, *PYTORCH, "efficientnet-lite0", "efficientnet-lite2"} == {*MODELS}


def test_one_file_serves_two_entries(monkeypatch, register, tmp_path):
    content, file = register("vgg16", zoo_squeezenet())
    for name in ("vgg16", "vgg16-fc1"):
        changed = dataclasses.replace(MODELS[name], weights=MODELS["vgg16"].weights, feature="last pooling")
        monkeypatch.setitem(MODELS, name, dataclasses.replace(changed, dimension=1000))
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    unit, plain = load.load_network("vgg16"), load.load_network("vgg16-fc1")
    assert unit.identity != plain.identity  # or the one's features would be taken for the other's
    photos = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    lengths = np.linalg.norm(in_onnx_runtime(plain, photos), axis=1, keepdims=True)
    assert np.allclose(in_onnx_runtime(unit, photos) * lengths, in_onnx_runtime(plain, photos), rtol=1e-3)


def test_a_person_adds_a_network_in_three_lines(monkeypatch, empty_cache, tmp_path):
    """Cut at a tensor that is named, of a network that learnt from OpenCV's colours."""
    whole = zoo_mobilenet_v2()
    content, tensor = whole.SerializeToString(), result_of(whole, "Clip", place=0)
    (tmp_path / "mine.onnx").write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    file = WeightsFile("mine.onnx", len(content), hashlib.sha256(content).hexdigest(), source="me")
    mine = Network("mine", file, dimension=32 * 112 * 112, licence="MIT", about="own", feature=tensor, channels="BGR")
    monkeypatch.setitem(MODELS, "mine", mine)
    photos = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    expected = uncut(whole, tensor, photos[..., ::-1])
    assert np.allclose(in_onnx_runtime(load.load_network("mine"), photos), expected, rtol=1e-3, atol=1e-3)
    monkeypatch.setitem(MODELS, "mine", dataclasses.replace(mine, feature="no such tensor"))
    with pytest.raises(ModelError, match="mine: its file has no tensor 'no such tensor'"):
        load.load_network("mine")


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_a_descriptor_needs_no_file(name, empty_cache):
    model = load.load_network(name)
    assert model.descriptor is DESCRIPTORS[name] and model.path == Path()
    assert model.dimension == DESCRIPTORS[name].dimension
    assert model.note.startswith(f"{name}: ") and "no network" in model.note
    assert not empty_cache.exists()


def features(photos):
    return in_onnx_runtime(load.load_network("efficientnet-lite0"), photos)


def test_the_built_in_network_computes_what_pytorch_does():
    """The numbers are PyTorch 2.13's on the same weights, its BatchNorm not folded."""
    row, column, channel = np.indices((224, 224, 3))
    photo = ((3 * row + 5 * column + 40 * channel + row * column // 7) % 256).astype(np.uint8)
    answer = features(photo[None])[0]
    assert answer.shape == (1280,)
    assert np.linalg.norm(answer) == pytest.approx(18.5778, rel=1e-4)
    assert answer[[113, 315, 109, 245, 119, 944]] == pytest.approx(
        [3.5496, 3.4976, 3.4821, 3.3829, 3.2476, 3.2352], rel=1e-3
    )


def test_the_larger_built_in_network_uses_every_layer_of_its_file(photo=(260, 260, 3)):
    """No other stage has as many blocks, or as wide ones: the weights would not fit, or some would be left."""
    model = load.load_network("efficientnet-lite2")
    state = read_state_dict(weights.get("efficientnet-lite2"))
    convolutions = sorted(name for name in state if "conv" in name and name.endswith(".weight"))
    nodes = [node for node in onnx.load(str(model.path)).graph.node if node.op_type == "Conv"]
    assert len(nodes) == len(convolutions) == 64
    photos = np.random.default_rng(0).integers(0, 256, (2, *photo), np.uint8)
    answer = in_onnx_runtime(model, photos)
    assert answer.shape == (2, 1280) and np.allclose(in_openvino(model, photos), answer, atol=1e-3)


def test_the_built_in_network_is_the_same_in_openvino():
    photos = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    assert np.allclose(in_openvino(load.load_network("efficientnet-lite0"), photos), features(photos), atol=1e-3)


@pytest.mark.skipif(not CARTOONS.exists(), reason="the cartoons of the Turi Create article are not beside the project")
def test_photos_of_one_folder_are_nearer_to_each_other():
    paths = [path for folder in ("doraemon", "walle") for path in sorted((CARTOONS / folder).iterdir())[:12]]
    vectors = features(np.stack([np.asarray(open_photo(path, size=(224, 224))) for path in paths]))
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2) + np.diag([np.inf] * 24)
    same = np.argmin(distances, axis=1) // 12 == np.arange(24) // 12
    assert same.sum() >= 22


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes on this system")
def test_a_pipe_in_the_place_of_a_prepared_network_is_named(empty_cache):
    (load.cache.cache_folder() / "networks").mkdir(parents=True)
    os.mkfifo(load.cache.cache_folder() / "networks" / "mine-0.onnx")
    with pytest.raises(ModelError, match="networks: not a regular file; KINFRAME_CACHE can name another folder"):
        load.kept_once("mine", ".onnx", lambda: b"")


def test_a_prepared_network_is_made_once_and_mended_when_damaged(empty_cache):
    path = load.load_network("efficientnet-lite0").path
    assert path.parent == empty_cache / "networks"
    assert list(path.parent.iterdir()) == [path]
    content, made = path.read_bytes(), path.stat().st_mtime_ns
    assert load.load_network("efficientnet-lite0").path.stat().st_mtime_ns == made
    path.write_bytes(content[:-1000])
    assert load.load_network("efficientnet-lite0").path == path
    path.write_bytes(content[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    assert load.load_network("efficientnet-lite0").path.read_bytes() == content


def test_networks_have_identities_that_change_with_weights_and_preparation(monkeypatch):
    before = load.load_network("efficientnet-lite0").identity
    assert len(bytes.fromhex(before)) == 32
    monkeypatch.setattr(load, "_PREPARATION", load._PREPARATION + 1)
    assert load.load_network("efficientnet-lite0").identity != before


def test_auto_takes_resnet_50_where_it_can(monkeypatch, small_resnet, tmp_path):
    content, file = small_resnet
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    model = load.load_network("auto")
    assert model.name == "resnet-50"
    assert model.note.startswith("resnet-50: ")
    assert "\n" not in model.note and not model.details


def test_auto_falls_back_and_asks_for_each_file_once(monkeypatch, empty_cache):
    with serving({}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        for _ in range(2):
            model = load.load_network("auto")
            assert model.name == "efficientnet-lite0"
            assert model.note == "ResNet-50 couldn't be downloaded; using EfficientNet-Lite0 instead."
            zoo, torchvision = model.details.splitlines()
            assert zoo.startswith("The weights of resnet-50 are not available") and "404" in zoo
            assert torchvision.startswith("The weights of resnet-50-torchvision are not available")
            assert server.downloads == 2
        with pytest.raises(WeightsUnavailable, match="404"):
            load.load_network("resnet-50")  # by name: asked again, and no other network in its place
        assert server.downloads == 3


def test_auto_looks_again_where_a_new_mirror_or_a_hand_has_it(monkeypatch, small_resnet, empty_cache, tmp_path):
    content, file = small_resnet
    assert load.load_network("auto").name == "efficientnet-lite0"
    (empty_cache / "weights" / file).write_bytes(content)
    assert load.load_network("auto").name == "resnet-50"
    (empty_cache / "weights" / file).unlink()
    assert load.load_network("auto").name == "efficientnet-lite0"
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    assert load.load_network("auto").name == "resnet-50"


@pytest.fixture
def small_torchvision(monkeypatch, register):
    """A few numbers, and layers that use them, under the name of torchvision's ResNet-50: the bytes, the file."""

    def layers(graph, x, weights):
        return graph.node("GlobalAveragePool", graph.conv(x, weights["weight"]))

    monkeypatch.setitem(load.LAYERS, "small", layers)
    small = dataclasses.replace(MODELS["resnet-50-torchvision"], layers="small", dimension=4)
    monkeypatch.setitem(MODELS, small.name, small)
    return register(small.name, torch_zip({"weight": np.ones((4, 3, 1, 1), np.float32)}))


def test_auto_takes_the_other_resnet_50_where_the_zoos_is_out_of_reach(monkeypatch, small_torchvision):
    content, file = small_torchvision
    with serving({file: content}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", server.address)
        model = load.load_network("auto")
    assert model.name == "resnet-50-torchvision"
    assert model.note.startswith("resnet-50-torchvision: ") and "not available" not in model.note
    assert model.details.startswith("The weights of resnet-50 are not available")
    monkeypatch.setattr(load, "_failed", {})
    assert load.load_network("auto").name == "resnet-50-torchvision"  # from disk; the server is gone


@pytest.mark.parametrize(
    ("kept", "taken"),
    [
        ([], "resnet-50"),
        (["resnet-50"], "resnet-50"),
        (["efficientnet-lite0"], "resnet-50"),
        (["resnet-50-torchvision"], "resnet-50-torchvision"),
        (["resnet-50-torchvision", "resnet-50"], "resnet-50"),
    ],
)
def test_auto_stays_with_the_resnet_50_whose_features_are_kept(
    monkeypatch, small_resnet, small_torchvision, tmp_path, kept, taken
):
    for content, file in (small_resnet, small_torchvision):
        (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    assert load.load_network("auto", kept=kept).name == taken


def test_auto_takes_no_other_resnet_50_than_the_one_whose_features_are_kept(monkeypatch, small_torchvision, tmp_path):
    content, file = small_torchvision
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    assert load.load_network("auto", kept=["resnet-50"]).name == "efficientnet-lite0"


def test_without_a_network_auto_knocks_once_for_each_file_and_waits_for_nothing(monkeypatch, empty_cache):
    knocks, knock = [], download._check_reachable

    def knocked(url):
        knocks.append(url)
        knock(url)

    def waits(seconds):
        raise AssertionError(f"it waits for {seconds} s")

    monkeypatch.setattr(download, "_check_reachable", knocked)
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=waits))
    monkeypatch.setenv("KINFRAME_MIRROR", "http://127.0.0.1:1")
    assert load.load_network("auto").name == "efficientnet-lite0"
    assert len(knocks) == 2


def test_an_unexpected_network_in_a_right_file_is_refused(monkeypatch, register, tmp_path):
    content, file = register("resnet-50", zoo_squeezenet())  # no fully connected layer to be cut at
    (tmp_path / file).write_bytes(content)
    monkeypatch.setenv("KINFRAME_MIRROR", str(tmp_path))
    with pytest.raises(ModelError, match="without any Gemm or MatMul"):
        load.load_network("resnet-50")


def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "occupied"))
    with pytest.raises(ModelError, match=r"occupied.*KINFRAME_CACHE"):
        load.load_network("efficientnet-lite0")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resnet50", "did you mean 'resnet-50'"),
        ("ResNet-50", "did you mean 'resnet-50'"),
        ("zzz", "'zzz'. There are auto"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known(name, hint):
    with pytest.raises(ModelError) as caught:
        load.load_network(name)
    assert hint in str(caught.value)
    assert "squeezenet_v1.1" in str(caught.value)


def test_the_table_says_of_every_network_what_it_is():
    for name, network in MODELS.items():
        assert network.name == name
        assert network.layers in load.LAYERS and network.feature
        assert network.licence
        assert network.about and "\n" not in network.about
