import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import FrameError, ModelError
from helpers.networks import load
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from helpers.similarity.evaluation import methods, turi
from helpers.similarity.evaluation.bars import draw_bars
from helpers.similarity.evaluation.by_labels import evaluate
from helpers.similarity.evaluation.comparison import available, compare
from helpers.similarity.evaluation.methods import Methods, name_of

pytestmark = pytest.mark.slow("each comparison computes the features of every method")


@pytest.fixture(autouse=True)
def timed_briefly(monkeypatch):
    """With the fewest photos: no test here is about how fast a method is."""
    monkeypatch.setattr(methods, "_SECONDS", 0.0)


KINDS = {"red": (220, 20, 20), "blue": (20, 20, 220)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve red and twelve blue photos, each with a stripe of its own; one file that is none."""
    photos = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for kind, colour in KINDS.items():
        (photos / kind).mkdir()
        for number in range(12):
            pixels = np.full((64, 64, 3), colour, np.uint8)
            pixels[4 * number : 4 * number + 6] = random.integers(0, 256, 3)
            Image.fromarray(pixels).save(photos / kind / f"{number:02d}.png")
    return photos


@pytest.fixture(scope="module")
def data(folder):
    return load_photos(folder)[0]


def rows(comparison):
    return list(comparison.frame)


def test_each_method_is_a_row_in_the_order_asked_for(data, capsys):
    found = compare(data, ["colour", "pixels"], store=False)
    assert [(row["model"], row["metric"]) for row in rows(found)] == [
        ("colour", "euclidean"),
        ("colour", "cosine"),
        ("pixels", "euclidean"),
        ("pixels", "cosine"),
    ]
    assert [row["dimension"] for row in rows(found)] == [256, 256, 3072, 3072]
    for row in rows(found):
        assert row["precision"] == "fp32" and row["note"] is None and row["agreement"] is None
        assert row["photos_per_second"] > 1
        assert 0 <= row["low"] <= row["precision_at_10"] <= row["high"] <= 1
    assert "pixels, cosine: precision@10" in capsys.readouterr().out


def test_the_figures_are_those_of_evaluate(data):
    [row] = rows(compare(data, ["pixels"], ["cosine"], store=False, progress=False))
    model = create(data, model="pixels", metric="cosine", store=False, verbose=False)
    judged = evaluate(model, progress=False)
    assert row["precision_at_1"] == pytest.approx(judged.precision[1], abs=1e-4)
    assert row["precision_at_5"] == pytest.approx(judged.precision[5], abs=1e-4)
    assert row["precision_at_10"] == pytest.approx(judged.precision[10], abs=1e-4)
    assert (row["low"], row["high"]) == pytest.approx(judged.interval["precision_at_10"], abs=1e-4)
    assert row["mAP"] == pytest.approx(judged.mean_average_precision, abs=1e-4)


def test_a_method_is_called_by_its_name_or_that_of_its_file(tmp_path):
    assert name_of("resnet-50") == "resnet-50"
    assert name_of("/somewhere/mine.onnx") == name_of(tmp_path / "mine.onnx") == "mine.onnx"
    assert name_of("hf:owner/name:onnx/model.onnx") == "hf:owner/name:onnx/model.onnx"


@pytest.mark.parametrize("speed, asked", [(100, [1, 32, 200]), (10, [1, 32]), (1e6, [1, 32, 512])])
def test_a_method_is_timed_with_as_many_photos_as_two_seconds_take(monkeypatch, speed, asked):
    clock, taken = [0.0], []

    def embed(sources, network, progress):
        taken.append(len(sources))
        clock[0] += len(sources) / speed
        return SimpleNamespace(rows=sources)

    monkeypatch.setattr(methods, "_SECONDS", 2.0)
    monkeypatch.setattr(methods, "embed", embed)
    monkeypatch.setattr(methods, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    model = SimpleNamespace(collection=SimpleNamespace(sources=list(range(5))), opened=lambda: None)
    assert methods.speed_of(model) == pytest.approx(speed)
    assert taken == asked


def test_photos_that_can_be_read_no_more_have_no_speed(monkeypatch):
    monkeypatch.setattr(methods, "embed", lambda sources, network, progress: SimpleNamespace(rows=[]))
    model = SimpleNamespace(collection=SimpleNamespace(sources=["/gone.jpg"]), opened=lambda: None)
    assert methods.speed_of(model) == 0


def test_labels_and_groups_are_ones_own(data):
    stripes = [path[-6:-4] for path in data["path"]]
    data = data.copy()
    data["stripe"] = stripes
    own = rows(compare(data, ["pixels"], ["euclidean"], labels=stripes, store=False, progress=False))
    column = rows(compare(data, ["pixels"], ["euclidean"], labels="stripe", store=False, progress=False))
    own[0].pop("photos_per_second"), column[0].pop("photos_per_second")
    assert own == column
    [alone] = rows(compare(data, ["colour"], ["cosine"], groups="folder", store=False, progress=False))
    assert alone["precision_at_10"] == 0  # nobody of the own folder may be found


@pytest.mark.once(
    "a row of the table is made alike for all; in both, the built-in methods and Turi Create's own have one"
)
def test_each_precision_is_a_row(data, monkeypatch):
    monkeypatch.setattr("helpers.networks.runtime.has_bf16", lambda: False)
    monkeypatch.setattr("helpers.networks.quantise.costliest", lambda *_: [])  # to find them takes seconds
    found = rows(
        compare(data, ["efficientnet-lite0", "colour"], ["cosine"], precisions=["fp32", "bf16", "int8"], store=False)
    )
    assert [(row["model"], row["precision"]) for row in found] == [
        ("efficientnet-lite0", "fp32"),
        ("efficientnet-lite0", "bf16"),
        ("efficientnet-lite0", "int8"),
        ("colour", "fp32"),
    ]
    assert "this processor has no bf16" in found[1]["note"] and found[1]["precision_at_10"] is None
    assert 0 < found[2]["agreement"] <= 1


def test_a_method_that_cannot_be_had_costs_no_other(data, tmp_path, capsys):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    found = rows(compare(data, ["resnet-50", broken, "colour", "hog!"], ["cosine"], store=False))
    assert [row["model"] for row in found] == ["resnet-50", "broken.onnx", "colour", "hog!"]
    assert "The weights of resnet-50 are not available" in found[0]["note"] and "\n" not in found[0]["note"]
    assert "broken.onnx" in found[1]["note"]
    assert found[2]["precision_at_10"] is not None and found[2]["note"] is None
    assert "did you mean 'hog'" in found[3]["note"]
    assert "resnet-50 is not available: The weights" in capsys.readouterr().out
    with pytest.raises(FrameError, match="no method is available; the first: no network is called 'nothing'"):
        compare(data, ["nothing"], store=False)
    with pytest.raises(FrameError, match="none was named"):
        compare(data, [])


def test_without_models_it_takes_what_is_at_hand(data):
    assert available() == ["efficientnet-lite0", "efficientnet-lite2", "pixels", "colour", "hog"]
    found = compare(data, metrics=["cosine"], store=False, progress=False)
    assert list(found.frame["model"]) == available()


@pytest.mark.once(
    "a row of the table is made alike for all; in both, the built-in methods and Turi Create's own have one"
)
def test_an_autoencoder_or_any_other_path_is_a_method(data, tmp_path):
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(load.load_network("efficientnet-lite0").path.read_bytes())

    class HasAPath:
        def __fspath__(self):
            return str(copy)

    found = rows(compare(data, [HasAPath(), "efficientnet-lite0"], ["cosine"], store=False, progress=False))
    assert [row["model"] for row in found] == ["mine.onnx", "efficientnet-lite0"]
    assert found[0]["precision_at_10"] == found[1]["precision_at_10"]


@pytest.mark.parametrize("photos", [1, 2])
def test_one_folder_leaves_nothing_to_tell_apart(data, photos):
    found = compare(data[:photos], ["colour"], ["cosine"], store=False)
    [row] = rows(found)
    assert row["precision_at_10"] is None and row["mAP"] is None and row["photos_per_second"] > 0
    assert found.bars.axes[0].get_xticks().tolist() == [] and found.panel.axes
    assert any("nothing to tell apart" in text.get_text() for text in found.bars.texts), "not an empty chart"


def test_a_photo_that_goes_bad_is_passed_over_also_as_the_query(folder):
    """Turi Create's frames hold a copy of it, and do not notice."""
    data, _ = load_photos(folder)
    file = folder / "blue" / "00.png"
    kept = file.read_bytes()
    file.write_bytes(kept[:60])
    try:
        found = compare(data, ["colour"], ["cosine"], query=0, store=False, progress=False)
    finally:
        file.write_bytes(kept)
    assert rows(found)[0]["precision_at_10"] is not None
    names = [text.get_text() for text in found.panel.axes[0].texts]
    assert ("00.png" if tc.HAS_TURICREATE else "01.png") in names


def test_figures_are_drawn(data):
    found = compare(data, ["colour", "pixels"], query=3, store=False, progress=False)
    for figure in (found.bars, found.panel):
        picture = Image.open(io.BytesIO(figure._repr_png_()))
        assert picture.size[0] > 600 and len(picture.convert("L").getcolors(256)) > 50
    texts = [text.get_text() for text in found.bars.axes[0].texts]
    assert "colour, cosine" in texts and any(text.startswith("at random 0.4") for text in texts)  # 11 of 23
    titles = [text.get_text() for text in found.panel.axes[0].texts]
    assert titles.count("query") == 4 and "pixels, euclidean" in titles
    assert found.bars is found[1] and found.panel is found[2]  # frame, bars, panel = compare(…)


def test_odd_names_are_drawn_as_they_are():
    row = {"precision": "int8", "metric": "cosine", "photos_per_second": 3.14, "precision_at_10": 0.5}
    figure = draw_bars([{**row, "model": "$x_1$ <b>.onnx", "low": 0.4, "high": 0.6}], 0.5)
    assert figure._repr_png_()
    assert [text.get_text() for text in figure.axes[0].texts][:1] == ["$x_1$ <b>.onnx, int8, cosine"]


def test_a_long_name_is_drawn_whole_or_shortened_in_its_middle():
    row = {"precision": "int8", "metric": "euclidean", "photos_per_second": 3.14, "precision_at_10": 0.5}
    for model in ("hf:onnx-community/dinov2-small", "n" * 300):
        figure = draw_bars([{**row, "model": model, "low": 0.4, "high": 0.6}], 0.5)
        figure.canvas.draw()
        for text in (*figure.axes[0].texts, *figure.texts):
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= figure.bbox.width, text.get_text()
        assert figure.axes[0].texts[0].get_text().endswith(", int8, euclidean")


def test_by_lot_is_among_the_photos_that_could_be_read(folder):
    data, _ = load_photos(folder)
    work = Methods(data, "image", None, None, 0, False)
    assert work.chance() == pytest.approx(11 / 23)
    labels = ["a"] * 12 + ["b"] * 12
    work = Methods(data, "image", labels, None, 0, False)
    work._model = create(data[6:], model="colour", store=False, verbose=False)
    work._model.rows = np.arange(6, 24)  # as if the first six could not be read
    assert work.chance() == pytest.approx((6 * 5 / 17 + 12 * 11 / 17) / 18)


def test_the_panel_leaves_out_the_querys_own_group(data):
    for groups in ("folder", list(range(24))):
        found = compare(data, ["pixels"], ["euclidean"], groups=groups, query=0, store=False, progress=False)
        texts = [text.get_text() for text in found.panel.axes[0].texts]
        folders = [text for text in texts if text in KINDS]
        assert len(folders) == 6 and folders[0] == "blue"
        assert ("blue" in folders[1:]) == (groups != "folder")


def test_turi_creates_own_with_few_photos_shows_none_twice(data, monkeypatch):
    few = data[:3].append(data[-2:])
    near = np.full((5, 100), -1)
    apart = np.full((5, 100), np.inf)
    for row in range(5):
        near[row, :4], apart[row, :4] = [other for other in range(5) if other != row], [1, 2, 3, 4]
    monkeypatch.setattr(turi, "nearest", lambda *_: (near, apart, 1.0))
    found = compare(few, ["turicreate/resnet-50"], store=False, progress=False)
    texts = [text.get_text() for text in found.panel.axes[0].texts]
    assert [text for text in texts if text in "123456" or text == "inf"] == ["1", "2", "3", "4"]


@pytest.mark.skipif(not tc.HAS_TURICREATE, reason="only where Turi Create is")
def test_turi_creates_own_failure_is_a_row(data, monkeypatch, tmp_path):
    import turicreate

    def fail(*_, **__):
        raise RuntimeError("a photo that it cannot decode\nand more")

    monkeypatch.setattr(turi, "_weights", lambda _: tmp_path)
    monkeypatch.setattr(turicreate.image_similarity, "create", fail)
    found = rows(compare(data, ["turicreate/resnet-50", "colour"], ["cosine"], store=False, progress=False))
    assert "create failed: a photo that it cannot decode" in found[0]["note"]
    assert found[1]["precision_at_10"] is not None


def test_one_method_needs_no_list(data):
    [row] = rows(compare(data, "colour", "cosine", precisions="fp32", store=False, progress=False))
    assert row["model"] == "colour"


@pytest.mark.parametrize(
    ("frame", "message"), [("photos/", "compare\\(\\) takes an SFrame, not the text"), (None, "the frame is empty")]
)
def test_a_frame_with_photos_is_needed(data, frame, message):
    with pytest.raises(FrameError, match=message):
        compare(data[:0] if frame is None else frame, ["colour"])


def test_a_model_is_no_method(data):
    model = create(data, model="colour", store=False, verbose=False)
    with pytest.raises(FrameError, match="names and paths of networks, not SimilarityModel"):
        compare(data, [model])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"query": 1.5}, "query=1.5"),
        ({"metrics": ["manhattan"]}, "metric='manhattan' is not known"),
        ({"query": 24}, "the frame has rows 0 to 23"),
        ({"query": -1}, "the frame has rows 0 to 23"),
        ({"labels": ["a", "b"]}, "there are 2 labels for 24 photos"),
        ({"labels": "species"}, "no column 'species' for labels"),
        ({"groups": "burst"}, "no column 'burst' for groups"),
        ({"feature": "picture"}, "no column 'picture'"),
    ],
)
def test_wrong_arguments_are_named(data, wrong, message):
    with pytest.raises(FrameError, match=message):
        compare(data, ["colour"], store=False, progress=False, **wrong)


def test_turi_creates_own_says_why_it_cannot_run(data, monkeypatch, tmp_path):
    """That it does run, and gives what Apple's own query gives, is tested in tests/conformance."""
    with pytest.raises(ModelError, match="Turi Create has resnet-50 and squeezenet"):
        turi.nearest(data, "image", "turicreate/vgg16", 5)
    why = "resnet-50-TuriCreate-6.0.h5; turicreate" if tc.HAS_TURICREATE else "in the Turi Create environment only"
    if tc.HAS_TURICREATE:
        monkeypatch.setattr(turi, "_weights", lambda network: tmp_path / f"{network}-TuriCreate-6.0.h5")
    with pytest.raises(ModelError, match=why):
        turi.nearest(data, "image", "turicreate/resnet-50", 5)


def test_turi_creates_own_is_judged_like_the_others(data, monkeypatch):
    """Its neighbours, here those of our own model, with and without groups."""
    model = create(data, model="pixels", store=False, verbose=False)

    def nearest(data, feature, name, k):
        edges = model.similarity_graph(k=k, verbose=False)
        count = len(data) - 1
        near, apart = (
            np.array(list(edges[column])).reshape(len(data), count) for column in ("reference_label", "distance")
        )
        missing = ((0, 0), (0, k - count))
        return np.pad(near, missing, constant_values=-1), np.pad(apart, missing, constant_values=np.inf), 2.0

    monkeypatch.setattr(turi, "nearest", nearest)
    half = [number % 6 for number in range(len(data))]
    for groups in (None, half):
        methods = ["turicreate/resnet-50", "pixels"]
        found = compare(data, methods, ["euclidean"], groups=groups, query=5, store=False, progress=False)
        theirs, ours = rows(found)
        assert theirs["dimension"] == 2048 and theirs["photos_per_second"] == 12
        for name in ("precision_at_1", "precision_at_5", "precision_at_10", "low", "high", "mAP"):
            assert theirs[name] == ours[name]
        texts = [text.get_text() for text in found.panel.axes[0].texts]
        half_of_them = len(texts) // 2
        assert texts[1:half_of_them] == texts[half_of_them + 1 :]  # the same row of photos, but for its title
