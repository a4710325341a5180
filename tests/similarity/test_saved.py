import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import helpers.similarity.query_features
from helpers import tc
from helpers.errors import KinframeError, ModelError, PhotoError
from helpers.explorer import Explorer
from helpers.frames.images import image_array
from helpers.images.decode import open_photo
from helpers.photos.load import load_photos
from helpers.similarity import saved as saved_model
from helpers.similarity.build import create, load_model
from helpers.similarity.grid import show_matches
from tests.similarity.test_build import image, rows
from tests.support.pictures import folder_of, picture, tiny_network
from tests.support.places import ROOT
from tests.support.processors import KINDS
from tests.support.until import HANGS

OTHER = ROOT / (".venv" if tc.HAS_TURICREATE else ".venv-turi") / "bin" / "python"


@pytest.fixture
def network(tmp_path):
    return tiny_network(tmp_path / "tiny.onnx")


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos")


@pytest.fixture
def data(folder):
    return load_photos(folder, progress=False)[0]


@pytest.fixture
def model(data, network):
    return create(data, label="path", model=network, verbose=False)


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "kin")
    return tmp_path / "kin"


def test_a_model_comes_back_as_it_was(model, saved, data):
    again = load_model(saved)
    for name in ("labels", "names", "metric", "precision", "feature", "label", "timings", "num_examples"):
        assert getattr(again, name) == getattr(model, name), name
    assert np.array_equal(again.vectors, model.vectors)
    assert (again.network.identity, again.network.dimension) == (model.network.identity, 27)
    assert rows(again.query(data, k=None, verbose=False)) == rows(model.query(data, k=None, verbose=False))
    assert rows(again.similarity_graph(verbose=False)) == rows(model.similarity_graph(verbose=False))
    for label in model.labels:
        assert np.array_equal(*(np.asarray(open_photo(each.photo(label))) for each in (again, model)))


def test_a_photo_of_the_collection_is_still_looked_up(saved, data, monkeypatch):
    monkeypatch.setattr(helpers.similarity.query_features, "embed", None)
    assert load_model(saved).query(data[1:2], k=1, verbose=False)["reference_label"][0] == "2.jpg"


def test_a_file_that_has_changed_since_is_another_photo(saved, folder):
    picture(55, (40, 20)).save(folder / "2.jpg")
    changed = load_photos(folder, progress=False)[0]
    assert load_model(saved).query(changed[1:2], k=1, verbose=False)["distance"][0] > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.once("the processor is pretended", but=["plain"])
def test_a_model_in_bf16_is_asked_on_every_processor(data, network, processor, tmp_path, capsys, kind):
    built = create(data, model=network, precision="bf16", verbose=False)
    built.save(tmp_path / "kin")
    wanted = rows(built.query(image_array([image(picture(50))]), k=3, verbose=False))
    processor.become(kind)
    again = load_model(tmp_path / "kin")
    found = rows(again.query(image_array([image(picture(50))]), k=3, verbose=False))
    assert [row[1] for row in found] == [row[1] for row in wanted]
    assert ("this processor has no bf16" in capsys.readouterr().out) == (kind != "bf16")


def test_a_query_from_outside_opens_the_network(model, saved):
    query = image(picture(99))
    assert rows(load_model(saved).query(query, verbose=False)) == rows(model.query(query, verbose=False))


def test_a_network_that_has_gone_or_changed_is_missed_only_then(saved, data, network):
    tiny_network(network, scale=2.0)
    again = load_model(saved)
    assert len(again.query(data[0:1], k=2, verbose=False)) == 2
    with pytest.raises(ModelError, match=r"tiny\.onnx is not what it was"):
        again.query(image(picture(99)), verbose=False)
    network.unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx"):
        again.query(image(picture(99)), verbose=False)


def test_a_loaded_model_can_be_saved_again(saved, tmp_path, data):
    load_model(saved).save(tmp_path / "second")
    third = load_model(tmp_path / "second")
    third.save(tmp_path / "second")
    query = image(picture(99))
    again = load_model(tmp_path / "second")
    assert rows(again.query(query, verbose=False)) == rows(load_model(saved).query(query, verbose=False))
    again.save(tmp_path / "third")  # now that the network has been opened
    assert load_model(tmp_path / "third").network.identity == third.network.identity


def test_bad_photos_are_remembered(data, network, tmp_path):
    frame = data[["image"]].append(tc.SFrame({"image": [data["image"][0], None]})[1:2])
    create(frame, model=network, verbose=False).save(tmp_path / "kin")
    assert [dict(row) for row in load_model(tmp_path / "kin").bad] == [
        {"label": 6, "path": None, "reason": "there is no photo in this row"}
    ]


# Rows of the frame


def with_a_bad_photo(data, network, **named):
    blank = tc.SFrame({"path": ["none.jpg"], "image": image_array([None])})[["path", "image"]]
    frame = data[["path", "image"]]
    frame = frame[0:2].append(blank).append(frame[2:6])
    return create(frame, model=network, verbose=False, **named)


@pytest.mark.parametrize("label", [None, "path"])
def test_the_rows_of_the_frame_are_remembered(data, network, tmp_path, label):
    model = with_a_bad_photo(data, network, label=label)
    model.save(tmp_path / "kin")
    again = load_model(tmp_path / "kin")
    for each in (model, again):
        assert each.rows.tolist() == [0, 1, 3, 4, 5, 6] and each.rows.dtype == np.int64
        found = each.search(each.labels[0], where=[0, 1, 1, 1, 0, 0, 0])
        assert sorted(found["reference_label"]) == sorted(each.labels[1:3])
    again.save(tmp_path / "second")
    assert load_model(tmp_path / "second").rows.tolist() == again.rows.tolist()


def test_where_the_features_of_a_model_from_disk_are_kept(model, saved, tmp_path):
    assert load_model(saved).store_path == model.store_path
    (tmp_path / "moved").mkdir()
    assert load_model(saved, folder=tmp_path / "moved").store_path != model.store_path


# Photos


def test_photos_that_are_no_files_go_into_the_folder(network, tmp_path):
    frame = tc.SFrame({"image": [image(picture(seed)) for seed in range(3)]})
    create(frame, model=network, verbose=False).save(tmp_path / "kin")
    assert sorted(path.name for path in (tmp_path / "kin" / "photos").iterdir()) == ["000000", "000001", "000002"]
    again = load_model(tmp_path / "kin")
    assert np.array_equal(np.asarray(open_photo(again.photo(2))), np.asarray(picture(2)))
    again.save(tmp_path / "kin")  # over the very folder that its photos came from
    assert np.array_equal(np.asarray(open_photo(load_model(tmp_path / "kin").photo(1))), np.asarray(picture(1)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among files")
def test_a_pipe_in_place_of_a_photo_is_not_read(saved):
    edit(saved, photos=[None] * 6)
    shutil.rmtree(saved / "photos")
    (saved / "photos").mkdir()
    os.mkfifo(saved / "photos" / "000000")
    found = []

    def load():
        try:
            load_model(saved)
        except ModelError as error:
            found.append(str(error))

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(HANGS)
    assert found and "not a regular file" in found[0]


def test_a_photo_that_has_gone_since(data, network, folder, tmp_path):
    frame = tc.image_analysis.load_images(str(folder))
    create(frame, model=network, verbose=False).save(tmp_path / "kin")
    shutil.rmtree(folder)
    again = load_model(tmp_path / "kin")
    assert len(again.query(image(picture(99)), k=None, verbose=False)) == 6
    with pytest.raises(PhotoError, match="no such file"):
        open_photo(again.photo(0))


# Across environments


@pytest.mark.slow("a Python of the other environment is started")
@pytest.mark.skipif(not OTHER.exists(), reason=f"{OTHER.parents[1].name} is not there: no other environment to try")
@pytest.mark.parametrize("load", ["load_photos(folder, progress=False)[0]", "tc.image_analysis.load_images(folder)"])
def test_it_opens_in_the_other_environment(folder, network, tmp_path, load):
    """Made there, opened here; made here, opened there: the same neighbours."""
    photos = str(folder)
    theirs = in_the_other(photos, network, tmp_path / "theirs", load, "create")
    data = eval(load, {"load_photos": load_photos, "tc": tc, "folder": photos})  # noqa: S307  # our own two lines
    again = load_model(tmp_path / "theirs")
    found = [list(row) for row in rows(again.query(data, k=3, verbose=False))]
    assert same(found, theirs["all"])
    assert same([list(row) for row in rows(again.query(data[2]["image"], k=2, verbose=False))], theirs["one"])
    again.save(tmp_path / "ours")
    assert same(in_the_other(photos, network, tmp_path / "ours", load, "load")["all"], theirs["all"])


def same(ours, theirs):
    return [row[:2] for row in ours] == [row[:2] for row in theirs] and np.allclose(
        [row[2] for row in ours], [row[2] for row in theirs], atol=1e-4
    )


def in_the_other(folder, network, place, load, what):
    script = f"""
import json, sys
from helpers import tc
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
what, folder, network, place = sys.argv[1:]
data = {load}
if what == "create":
    create(data, model=network, verbose=False).save(place)
model = load_model(place)
columns = ("query_label", "reference_label", "distance", "rank")
rows = lambda found: [[row[name] for name in columns] for row in found]
answer = {{"all": rows(model.query(data, k=3, verbose=False)), "one": rows(model.query(data[2]["image"], k=2))}}
print(json.dumps(answer))
"""
    command = [str(OTHER), "-c", script, what, folder, str(network), str(place)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Damage


def edit(saved, **changes):
    settings = json.loads((saved / "model.json").read_text("utf-8"))
    for name, value in changes.items():
        if value is None:
            del settings[name]
        else:
            settings[name] = value
    (saved / "model.json").write_text(json.dumps(settings), "utf-8")


def replace(file, old, new):
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


def change(file, place, number):
    vectors = np.load(file)
    vectors[place] = number
    np.save(file, vectors)


DAMAGES = {
    "no vectors": lambda saved: (saved / "vectors.npy").unlink(),
    "vectors cut off": lambda saved: os.truncate(saved / "vectors.npy", 300),
    "vectors empty": lambda saved: (saved / "vectors.npy").write_bytes(b""),
    "vectors of others": lambda saved: np.save(saved / "vectors.npy", np.zeros((5, 27), np.float32)),
    "vectors of 64 bits": lambda saved: np.save(saved / "vectors.npy", np.zeros((6, 27))),
    "vectors of a third axis": lambda saved: np.save(saved / "vectors.npy", np.zeros((6, 27, 1), np.float32)),
    "vectors of nothing": lambda saved: np.save(saved / "vectors.npy", np.zeros((0, 27), np.float32)),
    "vectors without a number": lambda saved: change(saved / "vectors.npy", (2, 5), np.nan),
    "vectors without an end": lambda saved: change(saved / "vectors.npy", (5, 26), -np.inf),
    "a centre without a number": lambda saved: edit(saved, centre=[float("nan")] * 27),
    "a centre without an end": lambda saved: edit(saved, centre=[1e39] * 27),
    "vectors whose description stays open": lambda saved: replace(saved / "vectors.npy", b"}", b" "),
    "vectors with zeros in their description": lambda saved: replace(saved / "vectors.npy", b", ", b"\0 "),
    "vectors that announce more": lambda saved: replace(saved / "vectors.npy", b"(6, 27)", b"(6e9,7)"),
    "vectors a pickle": lambda saved: np.save(saved / "vectors.npy", np.array([{}] * 6), allow_pickle=True),
    "settings cut off": lambda saved: os.truncate(saved / "model.json", 50),
    "settings a list": lambda saved: (saved / "model.json").write_text("[1, 2]"),
    "settings no text": lambda saved: (saved / "model.json").write_bytes(b"\xff\xfe\x00"),
    "settings of something else": lambda saved: (saved / "model.json").write_text("{}"),
    "a field missing": lambda saved: edit(saved, metric=None),
    "a field too many": lambda saved: edit(saved, secret=1),
    "a label missing": lambda saved: edit(saved, labels=["a"]),
    "labels of several types": lambda saved: edit(saved, labels=["a", 1, 2, 3, 4, 5]),
    "labels of more than 64 bits": lambda saved: edit(saved, labels=[2**63, 1, 2, 3, 4, 5]),
    "rows of others": lambda saved: edit(saved, rows=[0, 1, 2, 3, 4, 6]),
    "rows in no order": lambda saved: edit(saved, rows=[0, 2, 1, 3, 4, 5]),
    "rows below zero": lambda saved: edit(saved, rows=[-1, 0, 1, 2, 3, 4]),
    "a row missing": lambda saved: edit(saved, rows=[0, 1, 2, 3, 4]),
    "no rows": lambda saved: edit(saved, rows=None),
    "rows of text": lambda saved: edit(saved, rows=list("012345")),
    "a name missing": lambda saved: edit(saved, names=["a"]),
    "photos missing": lambda saved: edit(saved, photos=[]),
    "half a network": lambda saved: edit(saved, network={"name": "x", "dimension": 27}),
    "a photo's bytes missing": lambda saved: edit(saved, photos=[None] * 6) or shutil.rmtree(saved / "photos"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.once(
    "what is saved is checked by us; one of each file is in both",
    but=["vectors cut off", "settings cut off", "rows of others", "a photo's bytes missing"],
)
def test_damage_is_seen(saved, damage):
    DAMAGES[damage](saved)
    with pytest.raises(ModelError, match=r"kin: the saved model is damaged .*; build it again"):
        load_model(saved)


def test_it_says_which_features_are_no_numbers(saved):
    change(saved / "vectors.npy", (slice(3, 5), 0), np.nan)
    with pytest.raises(ModelError, match="its features of photo 3 are not finite numbers"):
        load_model(saved)


def test_features_in_the_order_of_fortran_are_read_as_they_are(model, saved, data):
    file = saved / "vectors.npy"
    np.save(file, np.asfortranarray(np.load(file)))
    assert rows(load_model(saved).query(data, verbose=False)) == rows(model.query(data, verbose=False))


ODD = [
    *(True, 7, float("nan"), "", "\x1b[2J", "a\0b", "\ud800", [], {}, [None], {"a": {}}),
    *([1] * 6, [[1]] * 6, [{}] * 6, [None] * 6, ["a\0b"] * 6, ["\ud800"] * 6, [True] * 6, [2**70] * 6),
]


@pytest.mark.parametrize(
    "field",
    [
        *("precision", "agreement", "key", "metric", "index", "feature", "label", "timings", "labels", "names"),
        *("identities", "photos", "rows", "bad", "centre", "text_model", "network"),
        *("network.name", "network.size", "network.dimension", "network.identity", "network.note"),
    ],
)
@pytest.mark.once(
    "what is saved is checked by us; a few fields are in both", but=["labels", "rows", "network", "network.size"]
)
def test_what_is_of_another_kind_is_damage_or_is_asked_as_ever(saved, field, capsys):
    """Never an error that is not ours, not when it is used either; and nothing that a terminal obeys is printed."""
    good = json.loads((saved / "model.json").read_text("utf-8"))
    for odd in ODD:
        name, _, part = field.partition(".")
        changed = {**good, name: {**good[name], part: odd} if part else odd}
        (saved / "model.json").write_text(json.dumps(changed), "utf-8")
        with contextlib.suppress(KinframeError):
            model = load_model(saved)
            show_matches(model, model.search(like=[model.labels[0]], k=2))
            Explorer(model)._repr_mimebundle_()
            assert repr(model) and model.has_words in (True, False)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("version", [1, 3, 5, "x"])
def test_another_version_is_not_taken_for_damaged(saved, version):
    edit(saved, kinframe=version, more={"of": "this"})
    with pytest.raises(
        ModelError, match=rf"kin: saved by another version of Kinframe \(format {version}, .* reads 4\)"
    ):
        load_model(saved)


def test_where_there_is_no_model(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=r"not a saved similarity model|there is no such folder"):
            load_model(place)


# Saving


def test_nothing_else_is_ever_written_over(model, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "model.json").write_text("mine")
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("thesis", "file"):
        with pytest.raises(ModelError, match="there is something else already"):
            model.save(tmp_path / name)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_and_an_older_model_make_room(model, saved, tmp_path, data):
    (tmp_path / "empty").mkdir()
    model.save(tmp_path / "empty")
    assert load_model(tmp_path / "empty").num_examples == 6
    create(data[0:2], model=str(tmp_path / "tiny.onnx"), verbose=False).save(saved)
    assert load_model(saved).num_examples == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "kin", "photos", "tiny.onnx"]


def test_no_pickle(saved):
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "photos", "vectors.npy"]
    json.loads((saved / "model.json").read_text("utf-8"))
    assert np.load(saved / "vectors.npy", allow_pickle=False).dtype == np.float32


def test_a_full_disk_leaves_the_old_model(model, saved, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved_model.np, "save", full)
    with pytest.raises(ModelError, match=r"could not be saved \(No space left on device\)"):
        model.save(saved)
    monkeypatch.undo()
    assert load_model(saved).num_examples == 6
    assert [path.name for path in saved.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.once("renaming a folder is the system's")
def test_killed_in_the_middle_the_old_model_is_still_there(saved):
    script = """
import sys, time
import numpy as np
from pathlib import Path
from helpers.similarity import saved

contents = saved.read(Path(sys.argv[1]))

def slow(*_, **__):
    print("half way", flush=True)
    time.sleep(60)

saved.np.save = slow
saved.write(Path(sys.argv[1]), contents)
"""
    command = [sys.executable, "-c", script, str(saved)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as job:
        assert b"half way" in job.stdout.readline()
        job.send_signal(signal.SIGKILL)
    assert load_model(saved).num_examples == 6


def test_labels_of_any_script(data, network, tmp_path):
    data["name"] = tc.SArray([f"Füchse «{row}» 狐" for row in range(6)])
    create(data, label="name", model=network, verbose=False).save(tmp_path / "狐 model")
    assert load_model(tmp_path / "狐 model").labels[3] == "Füchse «3» 狐"


@pytest.mark.parametrize("name", ["photos/mine.jpg", "vectors.npy", "model.json"])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path, model, name):
    theirs = tmp_path / "holiday" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"{}")
    with pytest.raises(ModelError, match="something else"):
        model.save(tmp_path / "holiday")
    assert theirs.read_bytes() == b"{}"


def test_an_own_photo_in_a_saved_model_is_not_lost(tmp_path, model):
    model.save(tmp_path / "saved")
    (tmp_path / "saved" / "photos" / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(ModelError, match="something else"):
        model.save(tmp_path / "saved")
    assert (tmp_path / "saved" / "photos" / "mine.jpg").read_bytes() == b"mine"


def test_an_approximate_index_is_approximate_again(data, network, tmp_path):
    create(data, model=network, verbose=False, index="hnsw").save(tmp_path / "kin")
    for _ in range(2):
        again = load_model(tmp_path / "kin")
        assert 0 <= again.index.recall <= 1
    again.save(tmp_path / "kin")
    assert load_model(tmp_path / "kin").metric == "euclidean"
