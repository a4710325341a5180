import io
import re
import shutil

import numpy as np
import pytest

import helpers.similarity.build
import helpers.similarity.query_features
from helpers import tc
from helpers.errors import FrameError, KinframeError, ModelError, PhotoError, WeightsUnavailable
from helpers.frames import HAS_TURICREATE
from helpers.frames.images import image_array, image_of
from helpers.frames.neighbours import edge_frame
from helpers.images.decode import open_photo
from helpers.networks import load as models
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from tests.support.pictures import TINY, folder_of, picture, tiny_network


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos")


@pytest.fixture
def data(folder):
    return load_photos(folder, progress=False)[0]


@pytest.fixture
def model(data, network):
    return create(data, model=network, verbose=False)


@pytest.fixture
def embedded(monkeypatch):
    """How many photos went through the network, call by call."""
    calls, original = [], helpers.similarity.build.embed

    def counting(photos, *values, **named):
        calls.append(len(photos))
        return original(photos, *values, **named)

    monkeypatch.setattr(helpers.similarity.build, "embed", counting)
    monkeypatch.setattr(helpers.similarity.query_features, "embed", counting)
    return calls


def image(photo):
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    return image_of(buffer.getvalue())


def frame_of(*photos, **columns):
    return tc.SFrame({"image": image_array([image(photo) for photo in photos]), **columns})


def rows(found):
    return [(row["query_label"], row["reference_label"], row["distance"], row["rank"]) for row in found]


def references(found):
    return list(found["reference_label"])


# Queries from the collection


def test_the_columns_and_types_of_an_answer(model, data):
    found = model.query(data[0:1], verbose=False)
    assert isinstance(found, tc.SFrame)
    assert found.column_names() == ["query_label", "reference_label", "distance", "rank"]
    assert found.column_types() == [int, int, float, int]
    assert len(found) == 5


def test_the_neighbours_are_those_of_the_vectors(model, data):
    found = model.query(data, k=None, verbose=False)
    exact = np.linalg.norm(model.vectors[:, None].astype(float) - model.vectors[None], axis=2)
    assert len(found) == 36
    for query, reference, distance, _ in rows(found):
        assert distance == pytest.approx(exact[query, reference], abs=1e-6)
    for query in range(6):
        mine = [row for row in rows(found) if row[0] == query]
        assert mine[0][1:3] == (query, 0.0)
        assert [row[3] for row in mine] == [1, 2, 3, 4, 5, 6]
        assert [row[2] for row in mine] == sorted(row[2] for row in mine)


@pytest.mark.parametrize("load", ["load_photos", "load_images"])
def test_a_photo_of_the_collection_is_looked_up(folder, network, embedded, load):
    if load == "load_photos":
        data = load_photos(folder, progress=False)[0]
    else:
        data = tc.image_analysis.load_images(str(folder))
    model = create(data, model=network, verbose=False)
    assert embedded == [6]
    model.query(data, verbose=False)
    model.query(data["image"], verbose=False)
    assert references(model.query(data[2]["image"], k=1, verbose=False)) == [2]
    assert references(model.query(data[4:5], k=1, verbose=False)) == [4]
    assert embedded == [6], "the network ran again"


def test_a_filtered_query_frame_counts_its_own_rows(model, data):
    assert rows(model.query(data[5:6], k=1, verbose=False)) == [(0, 5, 0.0, 1)]
    assert rows(model.query(data[data["folder"] == "odd"], k=1, verbose=False)) == [
        (0, 3, 0.0, 1),
        (1, 4, 0.0, 1),
        (2, 5, 0.0, 1),
    ]


def test_a_file_that_has_changed_is_another_photo(folder, data, network, embedded):
    model = create(data, model=network, verbose=False)
    picture(77, (50, 30)).save(folder / "0.jpg")
    changed = load_photos(folder, progress=False)[0]
    found = model.query(changed[0:1], k=1, verbose=False)
    assert embedded == [6, 1]
    assert found["distance"][0] > 0


# Queries from outside


def test_a_photo_from_outside_goes_through_the_network(model, data, embedded):
    other = image(picture(99))
    answers = [
        rows(model.query(query, k=3, verbose=False))
        for query in (other, image_array([other]), tc.SFrame({"image": image_array([other])}))
    ]
    assert embedded == [1, 1, 1]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0][2] > 0
    assert [row[3] for row in answers[0]] == [1, 2, 3]


def test_only_photos_from_outside_go_through_it(model, data, embedded):
    mixed = data[["image"]].append(frame_of(picture(99)))
    found = model.query(mixed, k=1, verbose=False)
    assert embedded == [1]
    assert references(found)[:6] == [0, 1, 2, 3, 4, 5]


def test_the_same_pixels_in_another_file_are_at_distance_0(folder, network):
    picture(1).save(folder / "one.png")
    data = load_photos(folder, progress=False)[0]
    model = create(data, model=network, verbose=False)
    found = model.query(image(picture(1)), k=2, verbose=False)
    assert model.name_of(references(found)[0]) == "one.png"
    assert found["distance"][0] == 0


def test_a_bad_photo_in_a_query_costs_only_itself(model, data, folder, capsys):
    query = data[["image"]].append(tc.SFrame({"image": image_array([None])}))
    found = model.query(query, k=1, verbose=False)
    assert len(found) == 6
    assert "there is no photo in this row" in capsys.readouterr().out
    with pytest.raises(PhotoError, match="there is no photo"):
        model.query(tc.SFrame({"image": image_array([None])}), verbose=False)


# Labels, k, radius


def test_labels_are_those_of_a_column(data, network):
    model = create(data, label="path", model=network, verbose=False)
    found = model.query(data[1:2], k=2, label="path", verbose=False)
    assert found.column_types()[:2] == [str, str]
    assert found["query_label"][0] == found["reference_label"][0] == "2.jpg"
    assert model.labels == ["0.jpg", "2.jpg", "4.jpg", "odd/1.jpg", "odd/3.jpg", "odd/5.jpg"]
    assert model.query(data[1:2], k=1, verbose=False)["query_label"][0] == 0
    assert np.asarray(open_photo(model.photo("odd/3.jpg"))).shape == (24, 24, 3)
    with pytest.raises(FrameError, match="'nowhere' is not the label of a photo"):
        model.photo("nowhere")


def test_labels_that_are_missing_or_come_twice(data, network):
    data["mark"] = tc.SArray([None, "b", "b", "d", "e", "f"], dtype=str)
    model = create(data, label="mark", model=network, verbose=False)
    found = model.query(data[0:2], label="mark", k=None, verbose=False)
    assert found.column_types()[:2] == [str, str]
    assert sorted(references(found)[:6], key=str) == [None, "b", "b", "d", "e", "f"]
    assert len(model.similarity_graph(k=1, verbose=False)) == 6


def test_k_and_radius(model, data):
    everything = rows(model.query(data[0:1], k=None, verbose=False))
    assert len(everything) == 6
    third = everything[2][2]
    within = rows(model.query(data[0:1], k=None, radius=third, verbose=False))
    assert within == everything[:3], "a photo just at the radius counts, as in Turi Create"
    assert rows(model.query(data[0:1], k=2, radius=third, verbose=False)) == everything[:2]
    assert rows(model.query(data[0:1], k=100, verbose=False)) == everything
    nothing = model.query(image(picture(99)), k=None, radius=0.0, verbose=False)
    assert len(nothing) == 0 and nothing.column_types() == [int, int, float, int]


@pytest.mark.parametrize("k", [0, -3, 2.5, "5"])
def test_k_must_be_a_number_of_photos(model, data, k):
    with pytest.raises(FrameError, match="k is a whole number, 1 or more"):
        model.query(data[0:1], k=k, verbose=False)
    with pytest.raises(FrameError, match="k is a whole number, 1 or more"):
        model.similarity_graph(k=k, verbose=False)


def test_a_radius_is_no_less_than_0(model, data):
    for radius in (-1.0, float("nan")):
        with pytest.raises(FrameError, match="radius is a distance, 0 or more"):
            model.query(data[0:1], radius=radius, verbose=False)


def test_cosine(data, network):
    model = create(data, model=network, metric="cosine", verbose=False)
    found = rows(model.query(data[0:1], k=None, verbose=False))
    unit = model.vectors / np.linalg.norm(model.vectors, axis=1, keepdims=True)
    for _, reference, distance, _ in found:
        assert distance == pytest.approx(1 - float(unit[0] @ unit[reference]), abs=1e-6)


# The graph


def test_centred_is_the_cosine_of_what_is_not_common_to_all(data, network, folder, tmp_path):
    plain = create(data, model=network, verbose=False)
    centred = create(data, model=network, metric="centred", verbose=False)
    less = plain.vectors - plain.vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    assert np.array_equal(centred.vectors, less) and "centred cosine" in repr(centred)
    directions = less / np.linalg.norm(less, axis=1, keepdims=True)
    expected = np.sort(1 - directions[0] @ directions.T)
    answer = centred.query(data[0:1], k=None, verbose=False)
    assert np.allclose(list(answer["distance"]), expected, atol=1e-6) and answer["distance"][0] == 0
    outside = tmp_path / "outside.png"  # the same pixels in another file
    open_photo(folder / data["path"][1]).save(outside)
    near = centred.search(like=outside, k=1)
    assert near["reference_label"][0] == 1 and near["distance"][0] < 1e-9
    box = (0.1, 0.1, 0.9, 0.9)
    assert np.array_equal(centred.feature_of(outside, box), plain.feature_of(outside, box) - centred.centre)
    centred.save(tmp_path / "kin")
    again = load_model(tmp_path / "kin")
    assert rows(again.query(data, k=None, verbose=False)) == rows(centred.query(data, k=None, verbose=False))
    assert again.search(like=outside, k=1)["distance"][0] < 1e-9
    with pytest.raises(FrameError, match="not available in a database"):
        create(data, model=network, metric="centred", index="postgresql://me@nowhere/archive", verbose=False)


def test_the_graph_is_the_query_without_each_photo_itself(model, data):
    graph = model.similarity_graph(k=2, verbose=False)
    assert graph.column_types() == [int, int, float, int]
    asked = [row for row in rows(model.query(data, k=3, verbose=False)) if row[0] != row[1]]
    assert [row[:3] for row in rows(graph)] == [row[:3] for row in asked]
    assert [row[3] for row in rows(graph)] == [1, 2] * 6
    assert len(model.similarity_graph(k=None, verbose=False)) == 30
    assert rows(model.similarity_graph(k=1, include_self_edges=True, verbose=False)) == [
        (row, row, 0.0, 1) for row in range(6)
    ]


def test_copies_are_neighbours_in_the_graph(folder, network):
    for name in ("copy-a.jpg", "copy-b.jpg", "copy-c.jpg"):
        shutil.copy(folder / "0.jpg", folder / name)
    data = load_photos(folder, progress=False)[0]
    model = create(data, label="path", model=network, verbose=False)
    copies = {"0.jpg", "copy-a.jpg", "copy-b.jpg", "copy-c.jpg"}
    for k in (1, 2, 3):
        graph = [row for row in rows(model.similarity_graph(k=k, verbose=False)) if row[0] in copies]
        assert len(graph) == 4 * k
        for query, reference, distance, _ in graph:
            assert reference in copies - {query} and distance == 0


def test_the_graph_within_a_radius(model):
    everything = rows(model.similarity_graph(k=None, verbose=False))
    middle = sorted(row[2] for row in everything)[15]
    near = rows(model.similarity_graph(k=None, radius=middle, verbose=False))
    assert {row[:2] for row in near} == {row[:2] for row in everything if row[2] <= middle}


# What was asked


def test_the_photo_behind_a_result_is_known(model, data):
    found = model.query(data[3:4], k=4, verbose=False)
    assert model.asked(found) == {0: ("odd/1.jpg", model.photo(3), None)}
    assert model.asked(found[found["distance"] > 0]) == model.asked(found)
    assert model.asked(found[0:0]) == {}


def test_two_queries_with_the_same_label_are_told_apart(model, data):
    answers = [model.query(data[row : row + 1], k=4, verbose=False) for row in range(6)]
    for row, found in enumerate(answers):
        for part in (found, found[found["distance"] > 0], found[found["rank"] == 3]):
            assert model.asked(part)[0] == (model.names[row], model.photo(row), None)


def test_one_result_of_several_queries(model, data):
    found = model.query(data, k=3, verbose=False)
    assert {label: photo.name for label, photo in model.asked(found).items()} == dict(enumerate(model.names))
    some = found[found["query_label"] == 4]
    assert list(model.asked(some)) == [4]


def test_a_query_from_outside_is_known_too(model):
    other = image(picture(99))
    asked = model.asked(model.query(other, k=2, verbose=False))[0]
    assert (asked.name, asked.box) == ("photo from outside", None)
    assert np.array_equal(np.asarray(open_photo(asked.source)), np.asarray(picture(99)))


def test_a_photo_is_shown_by_the_name_of_its_file_where_that_is_known(model, data, tmp_path):
    picture(99).save(tmp_path / "visitor.png")
    file, copy = image_of(tmp_path / "visitor.png"), image_of((tmp_path / "visitor.png").read_bytes())
    name = "photo from outside" if HAS_TURICREATE else "visitor.png"  # Turi Create's Images are copies of the bytes
    for photo, shown in ((file, name), (copy, "photo from outside"), (data["image"][3], model.names[3])):
        for found in (model.query(photo, k=2, verbose=False), model.search(photo, k=2)):
            assert [asked.name for asked in model.asked(found).values()] == [shown]
            assert [text.get_text() for text in show_matches(model, found).axes[0].texts][1] == shown.rpartition("/")[2]
    several = model.query(image_array([copy, data["image"][3], copy]), k=1, verbose=False)
    assert [asked.name for asked in model.asked(several).values()] == ["query 0", model.names[3], "query 2"]


def test_results_of_others_are_not_known(model, data):
    assert model.asked(edge_frame([0], np.array([[1]]), np.array([[123.0]]), [0, 1], None)) == {}
    found = model.query(data[0:1], verbose=False)
    with pytest.raises(FrameError, match="no column distance"):
        model.asked(found[["query_label", "reference_label"]])


def test_the_last_64_queries_are_remembered(model, data):
    first = model.query(data[0:1], k=1, verbose=False)
    for number in range(64):
        model.query(data[1:2], k=1 + number % 3, verbose=False)
    assert model.asked(first) == {}


# Photos that cannot be read


def test_bad_photos_stay_out_and_are_named(data, network, capsys):
    frame = data[["path", "image"]].append(
        tc.SFrame({"path": ["none.jpg"], "image": image_array([None])})[["path", "image"]]
    )
    model = create(frame.append(data[["path", "image"]][0:1]), model=network, verbose=False)
    assert capsys.readouterr().out.count("\n") == 1
    assert model.num_examples == 7
    assert [dict(row) for row in model.bad] == [
        {"label": 6, "path": "none.jpg", "reason": "there is no photo in this row"}
    ]
    assert model.labels == [0, 1, 2, 3, 4, 5, 7], "labels are rows of the frame that was given"
    assert sorted(references(model.query(data[0:1], k=2, verbose=False))) == [0, 7]


def test_a_frame_of_bad_photos_alone(network):
    with pytest.raises(FrameError, match="none of the 2 photos can be read; the first: there is no photo"):
        create(tc.SFrame({"image": image_array([None, None])}), model=network, verbose=False)


def test_a_network_that_overflows_is_a_reason_to_leave_a_photo_out(data, tmp_path):
    network = tiny_network(tmp_path / "wild.onnx", scale=3e38)
    with pytest.raises(FrameError, match=r"none of the 6 photos can be read; the first: .*not finite"):
        create(data, model=network, verbose=False)


# Errors


def test_what_is_no_frame_of_photos(data, network):
    def told(message, **named):
        with pytest.raises(FrameError, match=message):
            create(**{"dataset": data, "model": network, "verbose": False, **named})

    told("takes an SFrame, not the text 'photos/'; data, bad = load_photos", dataset="photos/")
    told(r"takes an SFrame, not a column \(SArray\)", dataset=data["image"])
    told("the frame is empty", dataset=data[0:0])
    told(r"no photos: none of its columns \(path, width\)", dataset=data[["path", "width"]])
    told("no column 'zzz'; it has id, path, image", feature="zzz")
    told("no column 'imge'; did you mean 'image'", feature="imge")
    told("the column 'path' holds str, not images", feature="path")
    told("no column 'name' for labels", label="name")
    told("no column 'pth' for labels; did you mean 'path'", label="pth")
    told("no column of list for labels", label=["path"])
    told(
        "column 'share' holds float; labels are whole numbers or text",
        dataset=with_column(data, "share"),
        label="share",
    )
    told(r"several image columns \(image, second\); name one", dataset=with_column(data, "second"))
    told("metric='manhattan' is not known", metric="manhattan")
    told("batch_size is a whole number, 1 or more, not 0", batch_size=0)


def with_column(data, name):
    frame = data.copy()
    frame[name] = data["image"] if name == "second" else tc.SArray([0.5] * len(data))
    return frame


def test_what_is_no_query(model, data):
    def told(message, query, **named):
        with pytest.raises(FrameError, match=message):
            model.query(query, verbose=False, **named)

    told(r"not str; a file is searched with by model\.search\(like=Path\('photos/0\.jpg'\)\)", "photos/0.jpg")
    told(r"not dict; data\[0\] is one row as a dict, data\[0:1\] is a frame of it", data[0])
    told("the frame is empty", data[0:0])
    told("no column 'image'", data[["path"]])
    told("the column 'image' holds str, not images", tc.SArray(["a.jpg"]))
    told("no column 'name' for labels", data, label="name")
    told("batch_size is a whole number", data, batch_size=0)


def test_networks_and_precisions_that_there_are_not(data, network):
    for named in ({"model": "resnet-51"}, {"model": network, "precision": "fp8"}):
        with pytest.raises(ModelError):
            create(data, verbose=False, **named)


def test_resnet_50_without_weights_never_falls_back(data, monkeypatch):
    monkeypatch.setattr(models, "_failed", {})
    with pytest.raises(WeightsUnavailable, match="KINFRAME_MIRROR"):
        create(data, model="resnet-50", verbose=False)


def test_auto_says_in_one_line_which_network_it_took_and_why(tmp_path, monkeypatch, capsys):
    for seed in (9301, 9302):
        picture(seed).save(tmp_path / f"{seed}.png")  # of no other test, whose features would be kept
    data, _ = load_photos(tmp_path, progress=False)
    monkeypatch.setattr(models, "_failed", {})
    model = create(data, model="auto")
    out = capsys.readouterr().out
    note, speed = out.splitlines()
    assert note == "ResNet-50 couldn't be downloaded; using EfficientNet-Lite0 instead."
    assert "resnet-50 are not available" in model.network.details
    assert re.fullmatch(rf"{len(data)} photos (in \d+ s, )?at \d+ a second", speed)  # it is busy machines that need 2 s
    assert model.network.name == "efficientnet-lite0"


def test_quiet_is_quiet(data, network, capfd):
    model = create(data, model=network, verbose=False)
    model.query(data, verbose=False)
    model.query(image(picture(99)), verbose=False)
    model.similarity_graph(verbose=False)
    assert capfd.readouterr() == ("", "")


def test_it_says_what_it_is(model):
    assert repr(model) == "SimilarityModel of 6 photos: tiny.onnx, 27 features, euclidean distance"
    assert model.num_examples == 6 and model.vectors.shape == (6, TINY) and model.vectors.dtype == np.float32
    assert model.precision == "fp32", "what `auto` took"
    assert model.timings["photos"] == 6


def test_load_model_is_turi_creates_name_too(model, tmp_path):
    model.save(tmp_path / "kin")
    assert tc.load_model(tmp_path / "kin").num_examples == 6
    assert tc.image_similarity.load_model is load_model
    assert issubclass(FrameError, KinframeError)


def test_a_model_holds_no_copy_of_photos_that_are_files(tmp_path, network):
    folder = folder_of(tmp_path / "photos")
    data, _ = load_photos(folder, progress=False)
    model = create(data, model=network, verbose=False)
    assert [model.photo(label) for label in model.labels] == list(data["file"])
    model.save(tmp_path / "saved.model")
    assert not list((tmp_path / "saved.model" / "photos").iterdir())


def test_a_label_that_stands_for_several_photos_shows_none_of_them(data, network):
    model = create(data, label="folder", model=network, verbose=False)
    found = model.query(data[2:3], label="folder", k=2, verbose=False)
    assert set(references(found)) <= set(data["folder"])
    with pytest.raises(FrameError, match="stands for 3 photos"):
        show_matches(model, found)


def test_a_photo_that_has_gone_can_still_be_asked_with(folder, network):
    data, _ = load_photos(folder, progress=False)
    model = create(data, model=network, verbose=False)
    row = list(data["path"]).index("0.jpg")
    before = list(model.query(data[row : row + 1], k=3, verbose=False)["reference_label"])
    (folder / "0.jpg").unlink()
    assert list(model.query(data[row : row + 1], k=3, verbose=False)["reference_label"]) == before


def test_the_folder_may_be_named_from_where_one_is(folder, network, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    data, _ = load_photos(".", progress=False)
    model = create(data, model=network, verbose=False)
    monkeypatch.chdir(tmp_path)
    assert open_photo(model.photo(0)).size == open_photo(folder / data["path"][0]).size
    assert data["image"][0].pixel_data.shape[2] == 3


def test_photos_that_moved_are_found_again(folder, network, tmp_path):
    data, _ = load_photos(folder, progress=False)
    create(data, model=network, verbose=False).save(tmp_path / "saved")
    folder.rename(tmp_path / "elsewhere")
    model = load_model(tmp_path / "saved", folder=tmp_path / "elsewhere")
    assert open_photo(model.photo(0)).width > 0
    again, _ = load_photos(tmp_path / "elsewhere", progress=False)
    assert list(model.query(again, k=1, verbose=False)["distance"]) == [0.0] * len(again)


def test_a_network_is_made_ready_once(data, network, monkeypatch):
    from helpers.networks import runtime

    monkeypatch.setattr(runtime, "_sessions", {})
    model = create(data, model=network, verbose=False)
    model.query(image_of(picture_bytes(99)), verbose=False)
    assert len(runtime._sessions) == 1


def picture_bytes(seed):
    buffer = io.BytesIO()
    picture(seed).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("wrong", [{"radius": "a"}, {"batch_size": "a"}, {"k": True}])
def test_an_argument_of_another_type_is_refused(model, data, wrong):
    with pytest.raises(FrameError, match=next(iter(wrong))):
        model.query(data[0:1], verbose=False, **wrong)


@pytest.mark.parametrize("wrong", [None, 50])
def test_a_network_is_a_name_or_a_path(data, wrong):
    with pytest.raises(ModelError, match="resnet-50"):
        create(data, model=wrong, verbose=False)


# Features that are kept


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def kept(model):
    return int(model.timings["kept"])


def test_a_folder_is_computed_once(folder, network, own_cache):
    data = load_photos(folder, progress=False)[0]
    first, second = (create(data, model=network, verbose=False) for _ in range(2))
    assert (kept(first), kept(second)) == (0, 6)
    assert np.array_equal(first.vectors, second.vectors)
    assert [path.name.split("-")[0] for path in own_cache.iterdir()] == [folder.name]


def test_rows_and_frames_of_a_folder_share_what_is_kept(folder, network, own_cache):
    data = load_photos(folder, progress=False)[0]
    create(data[:4], model=network, verbose=False)
    assert kept(create(data, model=network, verbose=False)) == 4
    assert kept(create(data[3:], model=network, verbose=False)) == 3
    assert kept(create(load_photos(folder / "odd", progress=False)[0], model=network, verbose=False)) == 3
    assert len(list(own_cache.iterdir())) == 1


def test_a_folder_that_was_moved_is_not_computed_again(folder, network, own_cache, tmp_path):
    create(load_photos(folder, progress=False)[0], model=network, verbose=False)
    archive = tmp_path / "archive"
    folder.rename(archive)
    model = create(load_photos(archive, progress=False)[0], model=network, verbose=False)
    assert kept(model) == 6


def test_a_photo_that_was_deleted_leaves_the_results(folder, network, own_cache):
    create(load_photos(folder, progress=False)[0], model=network, verbose=False)
    (folder / "0.jpg").unlink()
    model = create(load_photos(folder, progress=False)[0], model=network, verbose=False)
    assert kept(model) == model.num_examples == 5 and "0.jpg" not in model.names


def test_a_file_of_ones_own_or_none(data, network, own_cache, tmp_path):
    mine = tmp_path / "mine.kinframe"
    assert [kept(create(data, model=network, verbose=False, store=mine)) for _ in range(2)] == [0, 6]
    assert [kept(create(data, model=network, verbose=False, store=False)) for _ in range(2)] == [0, 0]
    with pytest.raises(FrameError, match="store is the path of a file, False for none"):
        create(data, model=network, verbose=False, store=True)


def test_photos_that_are_no_files_need_no_store(network, own_cache):
    for _ in range(2):
        model = create(frame_of(*map(picture, range(3))), model=network, verbose=False)
        assert kept(model) == 0
    assert not own_cache.exists()


def test_the_person_is_told_what_was_kept(data, network, own_cache, capsys):
    create(data[:2], model=network)
    create(data, model=network)
    assert "4 photos at " in capsys.readouterr().out.splitlines()[-1]
    create(data, model=network)
    assert capsys.readouterr().out.splitlines()[-1] == "6 photos: the features of all were kept from before"


def test_an_approximate_index_by_name(data, network, own_cache, capsys):
    exact = create(data, model=network, verbose=False)
    for _ in range(2):  # built, then opened
        model = create(data, model=network, index="hnsw")
        assert capsys.readouterr().out.splitlines()[-1].startswith("hnsw: recall@10 ")
        assert 0 <= model.index.recall <= 1
        assert rows(model.query(data, k=3, verbose=False)) == rows(exact.query(data, k=3, verbose=False))
    assert len(list(own_cache.glob("*.hnsw"))) == 1
    with pytest.raises(FrameError, match="index='ball tree' is not known; there are exact and hnsw"):
        create(data, model=network, index="ball tree", verbose=False)


def test_auto_knows_which_networks_have_features_of_these_photos(data, monkeypatch, tmp_path):
    """So that of two ResNet-50, the one whose features are kept is taken: tests/networks/test_load.py."""
    store, seen = tmp_path / "features.kinframe", []
    create(data, model="efficientnet-lite0", store=store, verbose=False)

    def seeing(name, *, progress, kept):
        seen.append((name, list(kept)))
        return models.load_network("efficientnet-lite0", progress=progress)

    monkeypatch.setattr(helpers.similarity.build, "load_network", seeing)
    create(data, store=store, verbose=False)
    assert seen == [("auto", ["efficientnet-lite0"])]
