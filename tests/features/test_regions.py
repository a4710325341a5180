"""Search with a part of a photo, on small networks: the built-in one is measured by `make bench`."""

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image, ImageOps

from benchmarks.made_photos.toys import paste, toy
from benchmarks.regions import _figures, measure
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.features.directions import packed
from helpers.features.regions import features as region_features
from helpers.features.regions import network as feature_map
from helpers.features.regions import windows
from helpers.features.regions.features import ShapeGroup
from helpers.features.regions.index import RegionIndex
from helpers.features.store import FeatureStore
from helpers.images.boxes import check_box
from helpers.networks.load import load_network
from helpers.networks.onnx.graph import Graph
from helpers.networks.precision.settle import settle
from helpers.similarity.regions import Regions, region_feature
from tests.support.networks import random_resnet50, zoo_resnet50, zoo_squeezenet
from tests.support.pictures import folder_of, picture, tiny_network

RED, GREEN = (210, 30, 40), (20, 160, 60)


@pytest.fixture(scope="session")
def colours(tmp_path_factory):
    """A network of 32 pixels that knows colours: 8 x 8 pixels are one place of its last map."""
    graph = Graph()
    x = graph.photos(mean=[0] * 3, std=[255] * 3)
    random = np.random.default_rng(0)
    for inputs, outputs, stride in ((3, 12, 2), (12, 24, 2), (24, 32, 2)):
        kernel = random.standard_normal((outputs, inputs, 3, 3), np.float32) / math.sqrt(9 * inputs / 2)
        x = graph.node("Relu", graph.conv(x, kernel, stride=stride, padding=1))
    path = tmp_path_factory.mktemp("networks") / "colours.onnx"
    onnx.save(graph.model(graph.node("GlobalAveragePool", x), size=(32, 32), dimension=32), str(path))
    return load_network(path)


@pytest.fixture
def boxed(tmp_path):
    """Ten photos of all shapes with a red or a green box: paths, and where it is, as shares."""
    paths, boxes = [], []
    random = np.random.default_rng(1)
    for number in range(10):
        size = [(320, 240), (240, 320), (280, 280), (360, 200)][number % 4]
        photo = picture(number, size).convert("L").convert("RGB")
        side = round(random.uniform(0.22, 0.26) * math.sqrt(size[0] * size[1]))
        left, top = (int(random.integers(0, length - side)) for length in size)
        photo.paste(RED if number < 5 else GREEN, (left, top, left + side, top + side))
        paths.append(str(tmp_path / f"{number}.png"))
        photo.save(paths[-1])
        boxes.append((left / size[0], top / size[1], (left + side) / size[0], (top + side) / size[1]))
    return paths, boxes


def nothing(count):
    return [None] * count


def overlap(one, other):
    """The share of the smaller box that both have in common."""
    wide, high = (max(0, min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis])) for axis in (0, 1))
    return wide * high / min((each[2] - each[0]) * (each[3] - each[1]) for each in (one, other))


@pytest.mark.slow("whole networks are run")
def test_a_thing_is_found_where_it_is(tmp_path):
    folder = folder_of(tmp_path / "plain", 6, "png")
    for path in folder.rglob("*.png"):
        picture(int(path.stem), (400, 300)).save(path)
    made = paste(sorted(folder.rglob("*.png")), tmp_path / "toys", seed=1, toys=3, each=2)
    among, asked = made["among"], made["asked"]
    regions = Regions.of(
        [photo.path for photo in among], nothing(6), load_network("efficientnet-lite0"), progress=False
    )
    for photo in asked:
        rows, distances, found = regions.search(photo.path, photo.box, k=3)
        assert rows.dtype == np.int64 and distances.dtype == np.float64 and found.dtype == np.float64
        assert distances.shape == (3,) and found.shape == (3, 4)
        assert (np.diff(distances) >= 0).all() and distances[0] >= 0
        assert {among[row].toy for row in rows[:2]} == {photo.toy}
        overlaps = [overlap(box, among[row].box) for row, box in zip(rows[:2], found)]
        assert min(overlaps) > 0.3, overlaps


def test_photos_can_be_left_out_and_k_may_be_large(colours, boxed):
    paths, boxes = boxed
    regions = Regions.of(paths, nothing(10), colours, progress=False)
    allowed = np.array([False] * 4 + [True] * 3 + [False] * 3)
    assert sorted(regions.search(paths[0], boxes[0], 99, allowed)[0]) == [4, 5, 6]
    assert regions.search(paths[0], boxes[0], 1, allowed)[0].tolist() == [4]
    assert len(regions.search(paths[0], boxes[0], 99)[0]) == 10
    assert [len(each) for each in regions.search(paths[0], boxes[0], 5, np.zeros(10, bool))] == [0, 0, 0]
    with pytest.raises(FrameError, match="k is a whole number"):
        regions.search(paths[0], boxes[0], 0)


def test_what_is_kept_is_not_computed_again(colours, boxed, tmp_path, monkeypatch):
    paths, boxes = boxed
    file = tmp_path / "kept.kinframe"
    first = Regions.of(paths[:6], nothing(6), colours, store=file, progress=False)
    identities = [region_features_identity(path) for path in paths]
    asked = []
    real = region_features.batches

    def counted(photos, *arguments, **named):
        asked.extend(photo.row for photo in photos)
        return real(list(photos), *arguments, **named)

    monkeypatch.setattr(region_features, "batches", counted)
    again = Regions.of(paths[:6], identities[:6], colours, store=file, progress=False)
    assert asked == []
    assert again.search(paths[0], boxes[0], 6)[0].tolist() == first.search(paths[0], boxes[0], 6)[0].tolist()
    more = Regions.of(paths, identities, colours, store=file, progress=False)
    assert sorted(asked) == [6, 7, 8, 9]
    fresh = Regions.of(paths, identities, colours, progress=False)
    for kept, new in zip(more.search(paths[2], boxes[2], 10), fresh.search(paths[2], boxes[2], 10)):
        assert np.array_equal(kept, new)
    with FeatureStore(file) as store:
        assert sum(each.photos for each in store.contents()) == 10


def region_features_identity(path):
    from helpers.frames.images import identity_of

    return identity_of(path)


def test_a_photo_that_cannot_be_read_costs_only_itself(colours, boxed, tmp_path):
    paths, boxes = boxed
    bad = tmp_path / "bad.jpg"
    picture(0, (400, 300)).save(bad)
    bad.write_bytes(bad.read_bytes()[:-300])
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    mixed = [paths[0], str(bad), str(empty), str(tmp_path / "gone.jpg"), paths[5]]
    regions = Regions.of(mixed, nothing(5), colours, progress=False)
    assert sorted(regions.search(paths[1], boxes[1], 9)[0]) == [0, 4]
    assert regions.note.startswith("regions of 2 photos: ") and regions.note.endswith(" kB a photo")
    with pytest.raises(PhotoError, match="no such file"):
        regions.search(str(tmp_path / "gone.jpg"), boxes[0], 1)
    none = Regions.of([str(empty)], nothing(1), colours, progress=False)
    assert len(none.search(paths[0], boxes[0], 1)[0]) == 0


def test_a_photo_that_is_not_what_it_was_is_left_out(colours, boxed):
    paths, boxes = boxed
    regions = Regions.of(paths[:3], [None, "ab" * 32, None], colours, progress=False)
    assert sorted(regions.search(paths[0], boxes[0], 9)[0]) == [0, 2]


def test_copies_and_bytes_are_photos_too(colours, boxed):
    paths, boxes = boxed
    with open(paths[0], "rb") as file:  # noqa: PTH123
        content = file.read()
    regions = Regions.of([content, paths[0], paths[6]], nothing(3), colours, progress=False)
    rows, distances, _ = regions.search(content, boxes[0], 3)
    assert rows.tolist() == [0, 1, 2] and distances[0] == distances[1]


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0.1, 0.2, 0.3), "four numbers"),
        ("left", "four numbers"),
        (None, "four numbers"),
        ((0.1, 0.2, "x", 0.4), "four numbers"),
        ((0.1, 0.2, float("nan"), 0.4), "from 0 to 1"),
        ((0.1, 0.2, float("inf"), 0.4), "from 0 to 1"),
        ((-0.1, 0.2, 0.3, 0.4), "from 0 to 1"),
        ((10, 20, 30, 40), "from 0 to 1"),
        ((0.3, 0.2, 0.3, 0.4), "empty"),
        ((0.3, 0.4, 0.5, 0.2), "empty"),
        ((0.3, 0.2, 0.305, 0.4), "too small: each side must be at least 1%"),
    ],
)
def test_what_is_no_box_is_refused(box, said):
    with pytest.raises(FrameError, match=said):
        check_box(box, smallest=0.01)


def test_a_box_may_be_any_four_numbers():
    assert check_box(np.array([0, 0.25, 1, 0.5], np.float32)) == (0, 0.25, 1, 0.5)
    assert all(type(each) is float for each in check_box([0, 0, 1, 1]))


def test_a_part_has_a_feature_like_a_whole_photo(tmp_path):
    network = load_network(tiny_network(tmp_path / "tiny.onnx"))
    settled = settle(network, "fp32", lambda: np.empty((0, 24, 24, 3), np.uint8), progress=False)
    photo = Image.new("RGB", (400, 300))
    photo.paste(RED, (200, 0, 400, 300))
    photo.save(tmp_path / "half.png")
    red = region_feature(str(tmp_path / "half.png"), (0.6, 0.2, 0.9, 0.8), settled)
    assert red.shape == (network.dimension,) and red.dtype == np.float32
    assert np.allclose(red.reshape(3, -1) * 255, np.array(RED)[:, None], atol=3)
    black = region_feature((tmp_path / "half.png").read_bytes(), (0.0, 0.0, 0.4, 1.0), settled)
    assert black.max() == 0
    with pytest.raises(PhotoError):
        region_feature(str(tmp_path / "gone.png"), (0, 0, 1, 1), settled)
    with pytest.raises(FrameError):
        region_feature(str(tmp_path / "half.png"), (0, 0, 0, 1), settled)


def test_a_network_without_a_feature_map_says_so(tmp_path):
    layers = [
        helper.make_node("Cast", ["photos"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["float"], ["features"]),
    ]
    photos = helper.make_tensor_value_info("photos", TensorProto.UINT8, ["N", 8, 8, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 192])
    graph = helper.make_graph(layers, "flat", [photos], [features])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(tmp_path / "flat.onnx")
    )
    paths = sorted(str(path) for path in folder_of(tmp_path / "photos", 2).rglob("*.jpg"))
    with pytest.raises(ModelError, match=r"flat\.onnx: .*pooling.*convolutional network, such as model="):
        Regions.of(paths, nothing(2), load_network(tmp_path / "flat.onnx"), progress=False)


@pytest.mark.slow("whole networks are run")
@pytest.mark.parametrize(
    ("build", "channels", "places"), [(lambda: zoo_resnet50(random_resnet50()), 1024, 14), (zoo_squeezenet, 256, 27)]
)
def test_the_map_is_the_one_before_the_last_halving(build, channels, places):
    network = build()
    graph = Graph()
    x = graph.splice(graph.photos([0] * 3, [1] * 3), network, network.graph.node[-1].input[0])
    whole = graph.model(x, size=(224, 224), dimension=1000 if channels == 256 else 2048)
    end = feature_map._map(whole, (224, 224))
    assert feature_map._shapes(whole, end, (224, 224))[f"network/{end}"] == (1, channels, places, places)


def test_windows_cover_each_shape_and_stay_in_it():
    for number, size in enumerate(windows.shapes((224, 224))):
        assert windows.nearest_shape(*size) == number
        made = windows.windows_of(size)
        assert made.boxes.min() == 0 and made.boxes.max() <= 1 + 1e-12
        assert (np.diff(made.levels) >= 0).all() and set(made.levels) == set(range(windows.LEVELS))
        pool = windows.pooling(made.boxes, size[1] // 16, size[0] // 16)
        assert np.allclose(pool.sum(axis=0), 1, atol=1e-5) and (pool.sum(axis=1) > 0).all()
        sides = (made.boxes[:, 2:] - made.boxes[:, :2]) * size
        assert np.allclose(sides[:, 0], sides[:, 1]), "squares, in pixels"


def test_the_first_look_finds_what_a_full_comparison_finds():
    random = np.random.default_rng(0)
    places = windows.windows_of((40, 40))
    features = random.standard_normal((300, len(places.boxes), 24)).astype(np.float32) + 1
    index = RegionIndex(
        [ShapeGroup(np.arange(300), places, packed(features).view(np.int8).reshape(features.shape))], 24
    )
    wanted = np.stack([features[17, np.flatnonzero(places.levels == level)[0]] for level in range(windows.LEVELS)])
    rows, distances, boxes = index.search(wanted, 5)
    assert rows[0] == 17 and distances[0] < 0.001 < distances[1]
    assert any(np.array_equal(boxes[0], box) for box in places.boxes)


def test_the_benchmark_counts_what_is_found(tmp_path):
    folder = folder_of(tmp_path / "photos", 4)
    found = measure(str(folder), str(tiny_network(tmp_path / "tiny.onnx")), toys=2, each=2, seed=0)
    assert (found["asked"], found["photos"]) == (2, 4)
    assert found["region"]["share"] == found["whole"]["share"] == found["whole"]["any"] == 1, "ten answers are all four"
    assert _figures([np.array([False, True, True]), np.array([True, False, False])], 2) == {
        "share": 0.75,
        "first": 0.5,
        "any": 1.0,
    }


def test_no_two_toys_are_alike_and_each_lies_in_its_box(tmp_path):
    assert toy(1).tobytes() == toy(1).tobytes() != toy(2).tobytes()
    picture(0, (400, 300)).save(tmp_path / "plain.png")
    [among], [asked] = paste([tmp_path / "plain.png"], tmp_path / "toys", seed=1, toys=1, each=1).values()
    for pasted, plain in ((among, picture(0, (400, 300))), (asked, ImageOps.mirror(picture(0, (400, 300))))):
        with Image.open(pasted.path) as photo:
            changed = np.abs(np.asarray(photo, int) - np.asarray(plain, int)).max(axis=2) > 60
        down, across = np.nonzero(changed)
        left, top, right, bottom = (edge * side for edge, side in zip(pasted.box, (400, 300, 400, 300)))
        assert left - 8 <= across.min() and across.max() <= right + 8, "what JPEG smears is in blocks of 8"
        assert top - 8 <= down.min() and down.max() <= bottom + 8
        assert 0.07 < pasted.box[2] - pasted.box[0] < 0.26
