"""The checks of the exercises, on photos that are no samples: right answers, common wrong ones, and what is none."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import exercises
from helpers.collection.description import describe
from helpers.collection.poster import montage
from helpers.errors import FrameError, KinframeError, NotFound
from helpers.exercises import Check, WrongAnswer
from helpers.exercises.check import GRADED, apart
from helpers.exercises.train_an_autoencoder import component_loss
from helpers.explorer import CollectionMap, Explorer, PhotoPicker
from helpers.features.distance import METRICS, Distance
from helpers.features.nearest import neighbours
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.networks.autoencoder.model import Autoencoder
from helpers.networks.classifier import classifier_of
from helpers.networks.load import load_network
from helpers.networks.words import class_names
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from helpers.similarity.evaluation.by_labels import precision_at
from helpers.similarity.evaluation.comparison import MethodComparison
from tests.support.models import model_of
from tests.support.pictures import folder_of, picture

pytestmark = pytest.mark.usefixtures("module_cache")

NO_ANSWERS = ("none", b"bytes", object(), [[]], {}, -1, 10**9, 2.5, float("nan"), None, ..., SFrame({"a": [1]}))


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    """14 photos, 7 of them in the folder `odd`; number 12 is alone, 3 and 5 are nearly the same."""
    folder = folder_of(tmp_path_factory.mktemp("photos"), count=14)
    picture(3).point(lambda value: min(255, value + 2)).save(folder / "odd" / "5.jpg")
    picture(12).point(lambda value: 255 if value > 99 else 0).save(folder / "12.jpg")
    data, _ = load_photos(folder, progress=False)
    return create(data, model=network, store=False, verbose=False)


@pytest.fixture(scope="module")
def one_folder(network, tmp_path_factory):
    """Two photos, in no folder."""
    folder = tmp_path_factory.mktemp("two")
    for seed in range(2):
        picture(seed).save(folder / f"{seed}.png")
    return create(load_photos(folder, progress=False)[0], model=network, store=False, verbose=False)


def wrong(check, answer, *words):
    """A wrong answer is refused with a reason, which has these words in it and no traceback of ours behind it."""
    with pytest.raises(WrongAnswer) as caught:
        check(answer)
    reason = str(caught.value)
    assert reason.startswith("Exercise ") and ": not yet. " in reason and "\n" not in reason
    assert all(word in reason for word in words), reason


def right(check, answer, capsys):
    check(answer)
    assert ": right. " in capsys.readouterr().out


def last_of(model, k):
    count = len(model.data)
    return model.query(model.data[count - 1 : count], k=k, verbose=False)


def test_all_dots_are_no_answer_yet_and_are_an_error_where_it_is_graded(capsys, monkeypatch):
    check = Check(3, lambda answer: "")
    check(...)
    assert capsys.readouterr().out.startswith("Exercise 3: no answer yet.")
    monkeypatch.setenv(GRADED, "autograde")
    with pytest.raises(WrongAnswer, match="Exercise 3: there is no answer"):
        check(...)


def test_a_wrong_answer_is_an_error_of_ours():
    assert issubclass(WrongAnswer, KinframeError) and issubclass(WrongAnswer, ValueError)


def test_what_is_no_answer_at_all_is_refused_with_a_reason(model, network, capsys, monkeypatch):
    """None of them crashes a check, and a check that takes one of them as right has computed it."""
    monkeypatch.setenv(GRADED, "validate")
    client = SimpleNamespace(
        similar=lambda id, k, metric=None: matches([1, 2][:k], query=id), product=lambda id: SimpleNamespace(images=[3])
    )
    images = SFrame({"id": [1, 2, 3]})
    checks = [
        *exercises.search_checks(model),
        *exercises.picker_checks(model, model.query(model.data[0:1], k=5, verbose=False)[1:]),
        *exercises.explore_checks(model, Explorer(model)),
        *exercises.comparison_checks(comparison()),
        *exercises.autoencoder_checks(model.data, autoencoder(), model),
        *exercises.map_checks(model),
        *exercises.service_checks(client, images),
        *exercises.store_checks(model),
    ]
    assert len(checks) == 25
    for check in checks:
        for answer in NO_ANSWERS:
            with pytest.raises(WrongAnswer, match=r"^Exercise \d: "):
                check(answer)


def test_each_function_gives_numbered_checks_and_is_documented():
    made = [name for name in exercises.__all__ if name.endswith("_checks")]
    assert len(made) == 10
    for name in made:
        assert "Parameters\n" in inspect.getdoc(getattr(exercises, name))


def test_searching(model, network, capsys):
    last, cosine, loneliest = exercises.search_checks(model)
    right(last, last_of(model, 5), capsys)
    wrong(last, last_of(model, 10), "10 neighbours", "5 are asked for")
    wrong(last, last_of(model, 5)[1:], "4 rows", "with the photo itself")
    wrong(last, model.query(model.data[0:1], k=5, verbose=False), "first photo")
    wrong(last, model.query(model.data[5:6], k=5, verbose=False), "not the nearest")
    wrong(last, 5, "frame that model.query gives")
    other = create(model.data, model=network, metric="cosine", store=False, verbose=False)
    value, plain = precision_at(other), precision_at(model)
    right(cosine, value, capsys)
    right(cosine, round(value, 3), capsys)
    if abs(value - plain) > 0.001:
        wrong(cosine, plain, "Euclidean")
    wrong(cosine, 100 * value, "from 0 to 1")
    wrong(cosine, None, "have one")
    wrong(cosine, True, "number")
    distances = [model.query(model.data[row : row + 1], k=2, verbose=False)["distance"][1] for row in range(14)]
    alone = int(np.argmax(distances))
    right(loneliest, alone, capsys)
    right(loneliest, np.int64(alone), capsys)
    right(loneliest, model.names[alone], capsys)
    nearest = model.query(model.data[alone : alone + 1], k=2, verbose=False)["reference_label"][1]
    wrong(loneliest, nearest, "other end")
    wrong(loneliest, int(np.argmin(distances)), "least lonely")
    wrong(loneliest, max(distances), "distance", "Which photo")
    wrong(loneliest, 99, "99 is none")


def test_searching_where_there_is_little_to_find(one_folder, capsys):
    last, cosine, loneliest = exercises.search_checks(one_folder)
    right(last, last_of(one_folder, 5), capsys)
    right(cosine, None, capsys)
    wrong(cosine, 1.0, "one folder")
    for label in (0, 1):  # each is the other's nearest
        right(loneliest, label, capsys)


def test_picking(model, capsys):
    others = model.query(model.data[0:1], k=10, verbose=False)[1:]
    popular, last, near = exercises.picker_checks(model, others)
    counts = np.bincount(neighbours(model, 10).ravel(), minlength=14)
    right(popular, int(counts.argmax()), capsys)
    wrong(popular, int(counts.argmin()), f"of {counts.min()} photos")
    picker = PhotoPicker(model)
    wrong(last, picker.found, "another photo")
    picker.pick(model.labels[-1])
    wrong(last, picker.found, "10 matches", "14 are asked for")
    picker.k = 20
    right(last, picker.found, capsys)
    wrong(last, picker, "picker.found")
    best = min(others["distance"])
    kept = others[others["distance"] <= 1.2 * best]
    right(near, len(kept), capsys)
    right(near, kept, capsys)
    wrong(near, len(kept) + 1, "query itself")
    wrong(near, len(kept) - 1, "more than")
    if len(others) > len(kept) + 1:
        wrong(near, others, "all of them")
    right(exercises.picker_checks(model, others[:0])[2], 0, capsys)


def test_exploring(model, capsys, tmp_path):
    explorer = Explorer(model, labels=tmp_path / "labels.csv")
    own, both, labelled = exercises.explore_checks(model, explorer)
    right(own, 6, capsys)  # all 13 others are among the 20 nearest
    wrong(own, 7, "hide=True")
    wrong(own, 6 / 13, "a share")
    wrong(own, 3, "more than 3")
    found = [
        set(model.search(like=0, k=10, metric=metric, hide=True)["reference_label"])
        for metric in ("euclidean", "cosine")
    ]
    right(both, len(found[0] & found[1]), capsys)
    wrong(both, 99, "fewer")
    wrong(labelled, tmp_path / "none.csv", "no folder all of whose photos have one label")
    explorer.selected = [row for row, name in enumerate(model.names) if name.startswith("odd/")]
    explorer.give("odd ones")
    wrong(labelled, tmp_path / "none.csv", "No such file")
    wrong(labelled, None, "path of a CSV")
    right(labelled, explorer.export(tmp_path / "odd.csv"), capsys)
    explorer.selected = explorer.selected[:3]
    wrong(labelled, explorer.export(tmp_path / "three.csv"), "3 photos")
    explorer.selected = [0]
    explorer.give("odd ones")
    wrong(labelled, tmp_path / "odd.csv", "no other photo has it")


def comparison(*more):
    """A comparison of three methods, one of which is not available, and of others."""
    rows = [
        ("pixels", "euclidean", 300.0, 0.5, 0.4, 0.6, 9, ""),
        ("pixels", "cosine", 300.0, 0.7, 0.6, 0.8, 9, ""),
        ("net", "cosine", 30.0, 0.9, 0.75, 0.95, 20, ""),
        ("resnet-50", None, None, None, None, None, None, "no connection"),
        *more,
    ]
    names = ("model", "metric", "photos_per_second", "precision_at_10", "low", "high", "dimension", "note")
    kinds = (str, str, float, float, float, float, int, str)
    frame = typed_frame((name, kind, list(column)) for name, kind, column in zip(names, kinds, zip(*rows)))
    return MethodComparison(frame, None, None)


def test_comparing(capsys):
    fastest, overlap, one_more, arrows = exercises.comparison_checks(comparison())
    right(fastest, "pixels", capsys)
    wrong(fastest, "net", "30 photos a second")
    wrong(fastest, "resnet-50", "one of pixels, net")
    right(overlap, True, capsys)
    right(overlap, np.bool_(True), capsys)
    wrong(overlap, False, "lower end")
    wrong(overlap, 1, "True or False")
    sure = exercises.comparison_checks(comparison(("best", "cosine", 5.0, 0.99, 0.97, 1.0, 5, "")))[1]
    right(sure, False, capsys)
    wrong(one_more, comparison(), "not compared above")
    wrong(one_more, comparison(("vgg16", None, None, None, None, None, None, "no way")), "vgg16", "no way")
    right(one_more, comparison(("mine", "cosine", 9.0, None, None, None, 7, "")), capsys)
    wrong(arrows, [[1.0, 0.3], [4.0, 1.0], [0.6, 1.5]], "disagree")
    right(arrows, [[3.8, 1.2], [3.9, 1.0], [1.2, 3.8]], capsys)
    right(arrows, np.array([[1, 0.3], [1.1, 0.3], [3, 9]]), capsys)
    wrong(arrows, [[1, 0], [0, 0], [0, 1]], "length 0")
    wrong(arrows, [[1, 0], [1, 0], [0, 1]], "differ")
    wrong(arrows, [[1, 0, 0]] * 3, "two numbers")


def test_comparing_photos_of_one_folder(capsys):
    rows = [("pixels", "cosine", 3.0, None, None, None, 9, ""), ("net", "cosine", 1.0, None, None, None, 9, "")]
    names = ("model", "metric", "photos_per_second", "precision_at_10", "low", "high", "dimension", "note")
    kinds = (str, str, float, float, float, float, int, str)
    frame = typed_frame((name, kind, list(column)) for name, kind, column in zip(names, kinds, zip(*rows)))
    overlap = exercises.comparison_checks(MethodComparison(frame, None, None))[1]
    right(overlap, None, capsys)
    wrong(overlap, True, "Answer None")


def autoencoder(latent=3, photos=14, loss=0.5):
    """One that was trained on nothing, and makes grey photos."""
    settings = {"size": [8, 8], "latent": latent, "seed": 0, "best_epoch": 1, "interrupted": False, "photos": photos}
    made = Autoencoder(None, {**settings, "losses": [[loss, loss]], "bad": []})
    made.pixels = lambda data: np.random.default_rng(1).integers(0, 256, (len(data), 8, 8, 3), np.uint8)
    made.reconstruct = lambda data: np.full((len(data), 8, 8, 3), 128, np.uint8)
    return made


def test_the_loss_of_components_is_that_of_the_photos_made_of_them():
    pixels = np.random.default_rng(2).random((11, 40)).astype(np.float32)
    mean = pixels.mean(axis=0)
    u, s, vt = np.linalg.svd(pixels - mean, full_matrices=False)
    for count in (1, 4, 10):
        made = (u[:, :count] * s[:count]) @ vt[:count] + mean
        assert component_loss(pixels, count) == pytest.approx(((made - pixels) ** 2).mean(), rel=1e-3, abs=1e-9)
    assert component_loss(pixels, 16) == pytest.approx(0, abs=1e-9)


def test_training(model, capsys):
    _, sizes, components = exercises.autoencoder_checks(model.data, autoencoder(), model)
    right(sizes, {4: autoencoder(4, loss=0.9), 64: autoencoder(64, loss=0.1)}, capsys)
    wrong(sizes, {4: autoencoder(4)}, "{4: one autoencoder, 64: the other}")
    wrong(sizes, {4: autoencoder(64), 64: autoencoder(4)}, "in 64 numbers")
    wrong(sizes, {4: autoencoder(4), 64: 0.7}, "Under 64")
    wrong(sizes, {4: autoencoder(4, photos=3), 64: autoencoder(64)}, "another number of photos")
    pixels = autoencoder().pixels(model.data).reshape(14, -1).astype(np.float32) / 255
    loss = component_loss(pixels, 3)
    right(components, loss, capsys)
    right(components, np.float32(loss), capsys)
    wrong(components, loss * 255**2, "divide")
    wrong(components, np.sqrt(loss), "root")
    wrong(components, np.mean((pixels - 128 / 255) ** 2), "autoencoder loses")
    wrong(components, loss * 2, "less than")


def test_mapping(model, capsys, tmp_path):
    by_width, border, poster = exercises.map_checks(model)
    atlas = SimpleNamespace(model=model, positions=np.random.default_rng(3).random((14, 2)), note="")
    shown = CollectionMap(atlas)
    wrong(by_width, shown, "folder")
    shown.colour = "width"
    right(by_width, shown, capsys)
    shown.colour = list(model.data["width"])
    right(by_width, shown, capsys)
    shown.colour = list(range(14))
    wrong(by_width, shown, "other numbers")
    odd = [name.startswith("odd/") for name in model.names]
    counts = [sum(odd[other] != odd[row] for other in others) for row, others in enumerate(neighbours(model, 10))]
    right(border, int(np.argmax(counts)), capsys)
    wrong(border, int(np.argmin(counts)), f"{min(counts)} of its neighbours")
    right(poster, montage(atlas, tmp_path / "poster.png", width_cm=100, dpi=20), capsys)
    wrong(poster, montage(atlas, height_cm=100, dpi=20), "Its height is one metre")
    wrong(poster, montage(atlas), "cm wide")
    wrong(poster, tmp_path / "poster.png", "what montage")


def season_of(model, sites, species, moved=0):
    columns = {"site": sites, "species": species, "taken": list(range(14))}
    if moved:
        columns["taken_by_clock"] = [value - (value < moved) for value in range(14)]

    def search(like, other, k):
        if len(set(sites)) < 2:
            raise FrameError("there is one site")
        near = [row for row in neighbours(model, 13)[like] if sites[row] != sites[like]]
        return SFrame({"reference_label": [int(row) for row in near[:k]]})

    return SimpleNamespace(model=model, data=SFrame(columns), search=search)


def test_a_season(model, capsys, monkeypatch):
    listed = SFrame({"reference_label": [1, 2]})
    monkeypatch.setattr("helpers.exercises.field_camera.surprising_labels", lambda *_, **__: listed)
    sites = ["a" if row % 3 else "b" for row in range(14)]
    season = season_of(model, sites, ["fox"] * 14, moved=4)
    surprising, dates, elsewhere = exercises.field_checks(season, 0)
    right(surprising, 2, capsys)
    right(surprising, listed, capsys)
    wrong(surprising, 3, "3 is not how many")
    wrong(surprising, None, "There are labels")
    right(dates, 4, capsys)
    wrong(dates, 14, "all photos")
    wrong(dates, 5, "fewer than 5")
    elsewhere(season.search(0, "sites", 9))
    assert "They are of 1 other site." in capsys.readouterr().out
    own = SFrame({"reference_label": [3, 1, 2]})
    wrong(elsewhere, own, "1 of these 3 photos")
    wrong(elsewhere, season.search(0, "sites", 4), "9 photos")
    surprising, dates, elsewhere = exercises.field_checks(season_of(model, ["a"] * 14, [None] * 14), 0)
    right(surprising, None, capsys)
    wrong(surprising, 0, "No photo has a label")
    right(dates, 0, capsys)
    right(elsewhere, None, capsys)
    wrong(elsewhere, own, "No photo has a site here")


def matches(ids, query=3, distances=None):
    return SFrame(
        {
            "query_label": [query] * len(ids),
            "reference_label": ids,
            "distance": distances or [float(id) for id in ids],
            "products": [["shelf-1"] if id == 1 else [] for id in ids],
        }
    )


def test_a_service(capsys):
    nearest = {2: [1], 3: [2], 4: [1]}

    def similar(id, k, metric=None):
        return matches(nearest[id]) if k == 1 else matches([1, 2], id, [30.0, 40.0] if metric else [0.1, 0.2])

    def product(name):
        if name != "shelf-2":
            raise NotFound("no such product")
        return SimpleNamespace(images=[2, 3, 4])

    client = SimpleNamespace(similar=similar, product=product)
    last, crossing, fate = exercises.service_checks(client, SFrame({"id": [1, 2, 3]}))
    right(last, similar(3, 5, "euclidean"), capsys)
    wrong(last, similar(3, 5), "which metric")
    wrong(last, similar(2, 5, "euclidean"), "another one than the last")
    wrong(last, similar(3, 5, "euclidean")[:1], "1 images")
    right(crossing, [2, 4], capsys)
    right(crossing, (4, np.int64(2)), capsys)
    wrong(crossing, [2], "more of them")
    wrong(crossing, [2, 3, 4], "elsewhere")
    wrong(crossing, [2, 4, 9], "not on the second shelf")
    wrong(crossing, 2, "list of ids")
    right(fate, "goes on", capsys)
    wrong(fate, "lost", "is kept")
    wrong(fate, "starts again", "twice")
    wrong(fate, "ends", "one of")


def test_a_store(model, capsys):
    renamed, precision, alike = exercises.store_checks(model)
    right(renamed, 0, capsys)
    wrong(renamed, 1, "by its bytes")
    wrong(renamed, 14, "not changed")
    right(precision, model.precision, capsys)
    wrong(precision, "int8", "another one here")
    wrong(precision, 32, "'fp32'")
    edges = model.similarity_graph(k=1)
    pair = edges[edges["distance"] > 0].sort("distance")[0]
    one, other = pair["query_label"], pair["reference_label"]
    for answer in ((one, other), [other, one], pair, np.array([one, other])):
        right(alike, answer, capsys)
    rest = [row for row in range(14) if row not in (one, other)]
    wrong(alike, (rest[0], rest[1]), "two others are nearer")
    wrong(alike, (one, one), "one photo")
    wrong(alike, one, "two numbers")


def test_words(capsys):
    weights = classifier_of(load_network("efficientnet-lite0")).weights
    names = class_names()
    shown = ["red fox", "red fox", "jeep", "grey fox"]
    strong = np.array([9, 4, 5, 3], np.float32)[:, None]
    model = model_of(weights[[names.index(name) for name in shown]] * strong, network="efficientnet-lite0")
    described = describe(model)
    frame = described.frame
    folders = ["a", "a", "b", "b"]
    with_folders = SimpleNamespace(
        frame={"word_score": list(frame["word_score"]), "word": list(frame["word"]), "folder": folders}
    )
    surest, alike, of_folders = exercises.word_checks(model, with_folders)
    best = int(np.argmax(with_folders.frame["word_score"]))
    right(surest, model.labels[best], capsys)
    wrong(surest, model.labels[3 if best != 3 else 2], "another photo's has a higher one")
    directions = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    cosines = directions @ directions.T - 2 * np.eye(1000)
    pair = [names[row] for row in np.unravel_index(cosines.argmax(), cosines.shape)]
    right(alike, pair, capsys)
    right(alike, tuple(reversed(pair)), capsys)
    wrong(alike, ["red fox", "jeep"], "larger one")
    wrong(alike, ["jeep", "jeep"], "one class")
    wrong(alike, "jeep", "names of two classes")
    wrong(alike, ["robot", "jeep"], "names of two classes")
    right(of_folders, {"a": "red fox", "b": "jeep"}, capsys)
    right(of_folders, {"a": "red fox", "b": "grey fox"}, capsys)  # as many of one as of the other
    wrong(of_folders, {"a": "jeep", "b": "jeep"}, "0 of these")
    wrong(of_folders, {"a": "red fox"}, "2 folders")


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_those_of_the_search_of_photos_without_a_direction_too(metric):
    vectors = np.float32([[3, 4], [0, 0], [0, 0], [4, 3]])
    model = SimpleNamespace(vectors=vectors, metric=metric)
    distance = Distance(vectors, metric)
    for row in range(4):
        wanted = distance.to(distance.points(vectors[row : row + 1])[0]).tolist()
        assert [apart(model, row, other) for other in range(4)] == wanted
