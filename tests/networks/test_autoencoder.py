import json
import shutil
import signal
import sys
from functools import partialmethod
from importlib.util import find_spec

import numpy as np
import pytest

import helpers.networks.autoencoder.training
from helpers import tc
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.files import cache
from helpers.frames.images import image_array, image_of
from helpers.networks.autoencoder import keras_training
from helpers.networks.autoencoder.figures import show_losses, show_reconstructions, show_rows
from helpers.networks.autoencoder.model import Autoencoder
from helpers.networks.autoencoder.training import _pixels, train_autoencoder
from helpers.networks.load import load_network
from helpers.photos.load import load_photos
from tests.support.pictures import folder_of, picture

QUICK = {"size": (48, 32), "latent": 5, "epochs": 3, "batch_size": 10, "progress": False}

# Keras 3.15 with NumPy 2.5, of its own variables.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.slow("Keras is loaded, and networks are trained"),
]
needs_keras = pytest.mark.skipif(find_spec("keras") is None, reason="Keras is the optional extra `train`")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return load_photos(folder_of(tmp_path_factory.mktemp("photos"), count=13), progress=False)[0]


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    return train_autoencoder(data, tmp_path_factory.mktemp("trained") / "small", **QUICK)


@pytest.fixture
def eager(monkeypatch):
    """Steps as they are: to compile them takes seconds, and these trainings have few."""
    model = keras_training.keras_here().Model
    monkeypatch.setattr(model, "compile", partialmethod(model.compile, run_eagerly=True))


@pytest.fixture
def scripted(monkeypatch, eager):
    """A function that has validation give these losses, in turn; an exception among them is raised."""
    original = keras_training._epoch

    def script(*losses):
        coming = iter(losses)

        def epoch(model, step, batches, seen):
            loss = original(model, step, batches, seen)
            if step == model.test_on_batch:
                loss = next(coming)
                if isinstance(loss, BaseException):
                    raise loss
            return loss

        monkeypatch.setattr(keras_training, "_epoch", epoch)

    return script


def encoder_of(autoencoder):
    return (autoencoder.path / "encoder.onnx").read_bytes()


@needs_keras
def test_it_says_how_it_was_trained(trained):
    assert (trained.size, trained.latent, trained.seed, trained.interrupted) == ((48, 32), 5, 0, False)
    assert list(trained.losses["epoch"]) == [1, 2, 3]
    validation = list(trained.losses["validation_loss"])
    assert trained.best_epoch == 1 + validation.index(min(validation))
    assert 0 < min(trained.losses["loss"]) < max(trained.losses["loss"]) < 1
    assert "3 epochs" in trained.note and repr(trained).startswith("Autoencoder of 13 photos, 5 numbers each")
    assert len(trained.bad) == 0 and trained.bad.column_names() == ["label", "path", "reason"]


@needs_keras
def test_the_networks_on_disk_give_what_keras_gives(data, tmp_path):
    keras = keras_training.keras_here()
    random = np.random.default_rng(3)
    encoder, decoder = keras_training.build(keras, (48, 32), 5, random)
    for model in (encoder, decoder):  # biases too
        model.set_weights([weight + 0.05 * random.standard_normal(weight.shape) for weight in model.get_weights()])
    (tmp_path / "encoder.onnx").write_bytes(
        keras_training.encoder_network(encoder.get_weights(), (48, 32)).SerializeToString()
    )
    (tmp_path / "decoder.onnx").write_bytes(
        keras_training.decoder_network(decoder.get_weights(), (48, 32)).SerializeToString()
    )
    settings = {
        "size": (48, 32),
        "latent": 5,
        "seed": 0,
        "best_epoch": 1,
        "interrupted": False,
        "losses": [],
        "bad": [],
    }
    autoencoder = Autoencoder(tmp_path, {**settings, "losses": [], "bad": []})
    pixels = random.integers(0, 256, (6, 32, 48, 3), np.uint8)
    numbers = np.asarray(encoder.predict_on_batch(pixels.astype(np.float32) / 255))
    assert np.ptp(numbers) > 0.1
    assert np.abs(autoencoder.encode(pixels) - numbers).max() < 1e-4
    wanted = 255 * np.asarray(decoder.predict_on_batch(numbers))
    assert np.ptp(wanted) > 10
    assert np.abs(autoencoder.decode(numbers) - wanted).max() < 0.51


@needs_keras
def test_the_same_seed_gives_the_same_network(data, trained, tmp_path):
    state = np.random.get_state()[1].copy()
    again = train_autoencoder(data, tmp_path / "again", **QUICK)
    assert encoder_of(again) == encoder_of(trained)
    assert list(again.losses["validation_loss"]) == list(trained.losses["validation_loss"])
    assert (np.random.get_state()[1] == state).all(), "the person's own random numbers"


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_the_best_epoch_is_kept_and_patience_ends_the_training(data, trained, scripted, tmp_path):
    scripted(0.5, 0.3, 0.4, 0.3, 0.2, 0.1)
    kept = train_autoencoder(data, tmp_path / "kept", **{**QUICK, "epochs": 6, "patience": 2})
    assert kept.best_epoch == 2 and list(kept.losses["validation_loss"]) == [0.5, 0.3, 0.4, 0.3]
    scripted(0.5, 0.3)
    two = train_autoencoder(data, tmp_path / "two", **{**QUICK, "epochs": 2})
    assert encoder_of(kept) == encoder_of(two), "not the weights of the second epoch"
    scripted(0.5, 0.3)
    other = train_autoencoder(data, tmp_path / "other", **{**QUICK, "epochs": 2, "seed": 1})
    assert encoder_of(other) != encoder_of(two)


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_an_interrupt_keeps_the_best_so_far(data, scripted, tmp_path):
    scripted(0.5, 0.3, 0.4, KeyboardInterrupt())
    stopped = train_autoencoder(data, tmp_path / "stopped", **{**QUICK, "epochs": 9})
    assert stopped.interrupted and stopped.best_epoch == 2 and len(stopped.losses) == 3
    assert stopped.note.startswith("interrupted after 3 epochs, the best was number 2")
    assert Autoencoder.load(stopped.path).interrupted


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_an_interrupt_in_the_first_epoch_leaves_nothing(data, scripted, tmp_path):
    scripted(KeyboardInterrupt())
    with pytest.raises(ModelError, match="before the first epoch was finished"):
        train_autoencoder(data, tmp_path / "none", **QUICK)
    assert not list(tmp_path.iterdir())


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_a_real_interrupt_in_the_middle_of_an_epoch(data, eager, monkeypatch, tmp_path):
    original = keras_training._batches

    def batches(pixels, rows, size, mirror=None):
        for batch in original(pixels, rows, size, mirror):
            yield batch
            if mirror is not None:
                learnt.append(len(batch))
                if len(learnt) == 3:
                    signal.raise_signal(signal.SIGINT)

    learnt = []
    monkeypatch.setattr(keras_training, "_batches", batches)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background may not have it
    try:
        stopped = train_autoencoder(data, tmp_path / "stopped", **{**QUICK, "epochs": 9})
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.interrupted and len(stopped.losses) == 2
    assert stopped.reconstruct(data[:2]).shape == (2, 32, 48, 3)


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_no_loss_that_is_a_number_is_an_error(data, scripted, tmp_path):
    scripted(float("nan"), float("nan"))
    with pytest.raises(ModelError, match=r"learning_rate below 0\.001"):
        train_autoencoder(data, tmp_path / "wild", **{**QUICK, "patience": 2})


@needs_keras
def test_a_bad_photo_is_left_out_and_named(eager, tmp_path, capsys):
    folder = folder_of(tmp_path / "photos", count=14)
    data = load_photos(folder, progress=False)[0]
    if tc.HAS_TURICREATE:  # whose frames hold copies
        photos = list(data["image"])
        photos[3] = None
        data["image"] = image_array(photos)
    else:
        (folder / data[3]["path"]).write_bytes(b"no photo")
    autoencoder = train_autoencoder(data, tmp_path / "made", **QUICK)
    assert "1 of 14 photos could not be read" in capsys.readouterr().out
    assert autoencoder.settings["photos"] == 13
    row = Autoencoder.load(autoencoder.path).bad[0]
    assert row["label"] == 3 and row["path"] == data[3]["path"] and row["reason"]
    with pytest.raises(PhotoError, match="row 1"):
        autoencoder.encode(data[2:4])


def test_many_photos_lie_in_a_file(data, monkeypatch):
    few, _ = _pixels(data["image"], (48, 32), False)
    monkeypatch.setattr(cache, "_LARGE", 1)
    many, bad = _pixels(data["image"], (48, 32), False)
    assert isinstance(many, np.memmap) and not isinstance(few, np.memmap)
    assert many.dtype == np.uint8 and many.shape == (13, 32, 48, 3) and not bad
    assert (many == few).all()


@needs_keras
def test_it_is_a_network_like_any_other(data, trained, tmp_path):
    model = tc.image_similarity.create(data, model=trained, verbose=False)
    assert model.num_examples == len(data) and model.vectors.shape == (13, 5)
    assert np.allclose(model.vectors, trained.encode(data), atol=1e-4)
    assert model.query(data[4:5], k=1)["reference_label"][0] == 4
    model.save(tmp_path / "saved")
    again = tc.load_model(tmp_path / "saved")
    stranger = image_of(folder_of(tmp_path / "more", count=30) / "odd" / "29.jpg")
    wanted, given = (list(each.query(stranger, k=3)["distance"]) for each in (model, again))
    assert given == pytest.approx(wanted)


@needs_keras
def test_it_is_opened_without_keras(data, trained, monkeypatch):
    monkeypatch.setattr(keras_training, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "keras", None)
    opened = Autoencoder.load(trained.path)
    assert repr(opened) == repr(trained) and list(opened.losses) == list(trained.losses)
    assert (opened.reconstruct(data[:3]) == trained.reconstruct(data[:3])).all()
    assert (opened.decode(opened.encode(data[0]["image"])) == trained.reconstruct(data["image"][:1])).all()


def test_without_keras_the_way_out_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setattr(keras_training, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install keras jax"):
        train_autoencoder(data, tmp_path / "none", **QUICK)
    assert not list(tmp_path.iterdir())


def test_a_backend_is_chosen_only_where_the_person_has_not(monkeypatch):
    monkeypatch.setenv("CHOSEN", "theirs")
    monkeypatch.delenv("OPEN", raising=False)
    with keras_training._unless_set({"CHOSEN": "ours", "OPEN": "ours"}):
        assert (keras_training.os.environ["CHOSEN"], keras_training.os.environ["OPEN"]) == ("theirs", "ours")
    assert keras_training.os.environ["CHOSEN"] == "theirs" and "OPEN" not in keras_training.os.environ


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_an_older_one_is_replaced_and_nothing_else(data, eager, trained, tmp_path):
    path = shutil.copytree(trained.path, tmp_path / "one")
    again = train_autoencoder(data, path, **{**QUICK, "seed": 1})
    assert again.seed == Autoencoder.load(path).seed == 1
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("all of it")
    file = tmp_path / "file"
    file.write_text("")
    for other in (tmp_path / "full", file):
        with pytest.raises(ModelError, match="choose another path"):
            train_autoencoder(data, other, **QUICK)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


@needs_keras
def test_what_is_damaged_is_refused(trained, tmp_path):
    with pytest.raises(ModelError, match="is not the folder of an autoencoder"):
        Autoencoder.load(tmp_path)
    path = shutil.copytree(trained.path, tmp_path / "copy")
    (path / "decoder.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"damaged \(decoder.onnx is not the file"):
        Autoencoder.load(path)
    settings = json.loads((path / "autoencoder.json").read_text())
    for text, reason in (
        ("[]", "damaged"),
        ("{", "damaged"),
        (json.dumps({**settings, "autoencoder": 9}), "a newer Kinframe"),
    ):
        (path / "autoencoder.json").write_text(text)
        with pytest.raises(ModelError, match=reason):
            Autoencoder.load(path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"latent": 0}, "latent is a whole number"),
        ({"epochs": 1.5}, "epochs is a whole number"),
        ({"size": 64}, "size is"),
        ({"size": (64, 60)}, "multiple of 16"),
        ({"validation": 1}, "validation is a share"),
        ({"learning_rate": 0}, "learning_rate is"),
        ({"seed": -1}, "seed is"),
        ({"seed": 0.5}, "seed is"),
        ({"feature": "photo"}, "no column 'photo'"),
    ],
)
def test_wrong_arguments(data, wrong, words, tmp_path):
    with pytest.raises(FrameError, match=words):
        train_autoencoder(data, tmp_path / "none", **{**QUICK, **wrong})


@needs_keras
def test_too_little_to_learn_from(data, tmp_path):
    with pytest.raises(FrameError, match="there are 7 photos to learn from; an autoencoder needs 8"):
        train_autoencoder(data[:7], tmp_path / "none", **QUICK)
    with pytest.raises(FrameError, match="takes an SFrame, not a list"):
        train_autoencoder([], tmp_path / "none", **QUICK)


@needs_keras
@pytest.mark.once("the loop over the epochs is ours; in both, networks are trained, kept and opened")
def test_numpys_numbers_are_numbers(data, trained, eager, tmp_path):
    numbers = {"latent": np.int64(5), "seed": np.int64(3), "epochs": 1, "validation": np.float64(0.2)}
    made = train_autoencoder(data, tmp_path / "made", **{**QUICK, "size": (np.int64(48), 32), **numbers})
    assert (made.latent, made.seed, made.size, len(made.losses)) == (5, 3, (48, 32), 1)


@needs_keras
@pytest.mark.parametrize(("share", "held_back"), [(0.2, 3), (0.99, 12), (0.01, 1)])
def test_photos_are_held_back_and_some_are_learnt_from(data, monkeypatch, tmp_path, share, held_back):
    def stop(pixels, learnt, others, plan, seen):
        assert len(others) == held_back and sorted([*learnt, *others]) == list(range(13))
        raise ModelError("enough")

    monkeypatch.setattr(helpers.networks.autoencoder.training, "train", stop)
    with pytest.raises(ModelError, match="enough"):
        train_autoencoder(data, tmp_path / "none", **QUICK, validation=share)


@needs_keras
def test_wrong_numbers_and_photos(trained):
    with pytest.raises(FrameError, match=r"numbers \[N, 5\], not \[2, 4\]"):
        trained.decode(np.zeros((2, 4)))
    with pytest.raises(FrameError, match=r"uint8 \[N, 32, 48, 3\], not uint8 \[1, 8, 8, 3\]"):
        trained.encode(np.asarray(picture(1, (8, 8)))[None])
    assert trained.decode(np.zeros((0, 5))).shape == (0, 32, 48, 3)


@needs_keras
def test_the_figures_show_themselves(data, trained):
    losses = show_losses(trained)
    drawn = {line.get_label(): line for line in losses.axes[0].lines}
    best = next(line for label, line in drawn.items() if label.startswith("best epoch: "))
    assert list(best.get_xdata()) == [trained.best_epoch]
    pairs = show_reconstructions(trained, data[:5], columns=3)
    shown = [image.get_array() for image in pairs.axes[0].images]
    assert len(shown) == 10
    assert (shown[0] == trained.pixels(data[:1])[0]).all() and (shown[3] == trained.reconstruct(data[:1])[0]).all()
    for figure in (losses, pairs, show_reconstructions(trained, data[0]["image"])):
        assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(FrameError, match="rows must have the same number of photos"):
        show_rows([])


@needs_keras
@pytest.mark.parametrize(
    "damage", ["[" * 200_000, {"files": {}}, {"losses": []}, {"best_epoch": 99}, {"files": {"../../secret": ""}}]
)
def test_a_damaged_description_is_named(trained, tmp_path, damage):
    folder = tmp_path / "copy"
    shutil.copytree(str(trained.path), str(folder))
    file = folder / "autoencoder.json"
    text = damage if isinstance(damage, str) else json.dumps({**json.loads(file.read_text()), **damage})
    file.write_text(text)
    with pytest.raises(ModelError, match="the autoencoder is damaged"):
        Autoencoder.load(folder)


@needs_keras
def test_each_is_known_by_its_folder(data, trained, tmp_path):
    given = [trained, trained.path, str(trained.path), trained.path / "encoder.onnx"]
    assert [load_network(each).name for each in given] == ["small/encoder.onnx"] * 4
    model = tc.image_similarity.create(data, model=trained.path, store=False, verbose=False)
    model.save(tmp_path / "model")
    again = tc.load_model(tmp_path / "model")
    picture(1, (8, 8)).save(tmp_path / "outside.png")
    assert len(again.search(like=tmp_path / "outside.png", k=1)) == 1
    again.save(tmp_path / "again")
    assert len(tc.load_model(tmp_path / "again").search(like=tmp_path / "outside.png", k=1)) == 1
