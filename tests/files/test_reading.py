"""Whatever is opened from a folder of somebody else: pipes, devices and files without end are errors, at once."""

import json
import os
import shutil
import threading

import numpy as np
import onnx
import pytest

from helpers import tc
from helpers.collection.atlas import Atlas
from helpers.collection.duplicates.move_aside import undo_move
from helpers.collection.duplicates.safe_move import JOURNAL
from helpers.errors import KinframeError, ModelError
from helpers.features.hnsw import Hnsw
from helpers.features.store import FeatureStore
from helpers.files import stamps
from helpers.frames.images import image_array, image_of
from helpers.networks.autoencoder.model import Autoencoder
from helpers.networks.hub.preprocessor import read_config
from helpers.networks.load import load_network
from helpers.networks.safetensors_file import read_safetensors
from helpers.networks.torch_file import read_state_dict
from helpers.photos.deployments import read_deployments
from helpers.photos.labels import Labels
from helpers.photos.load import open_photo
from helpers.photos.species import add_species
from helpers.season.detection.read_results import read_detections
from helpers.season.exchange.camtrap.check import check_camtrap
from helpers.sframe import SFrame, load_sframe
from helpers.similarity.build import create, load_model
from helpers.similarity.rankings import Rankings
from tests.support.pictures import encoded, folder_of, picture, tiny_network
from tests.support.until import HANGS

PHOTOS = ["a/1.jpg"]
READERS = {  # the name of a file, and what reads it or its folder
    "deployments.csv": read_deployments,
    "labels.csv": Labels,
    "species.csv": lambda file: add_species(tc.SFrame({"path": PHOTOS, "folder": ["a"]}), str(file), progress=False),
    "detections.json": lambda file: read_detections(file, PHOTOS, progress=False),
    "detections.csv": lambda file: read_detections(file, PHOTOS, progress=False),
    "datapackage.json": lambda file: check_camtrap(file.parent, progress=False),
    "autoencoder.json": lambda file: Autoencoder.load(file.parent),
    "preprocessor_config.json": read_config,
    "network.onnx": load_network,
    "weights.pth": read_state_dict,
    "frame.csv": lambda file: SFrame.read_csv(str(file), verbose=False),
    "rows.json": lambda file: SFrame.read_json(str(file)),
    "frame.json": lambda file: load_sframe(str(file.parent)),
    "rankings.json": lambda file: Rankings.open(file.parent),
    "index.hnsw.json": lambda file: Hnsw.load(file.with_suffix(""), np.ones((3, 4), np.float32)),
    "map.npz": lambda file: Atlas.load(file, None),
    JOURNAL: lambda file: undo_move(file.parent, progress=False),
    "photo.jpg": open_photo,
    "model.json": lambda file: load_model(file.parent),
    "model.safetensors": read_safetensors,
    "features.kinframe": lambda file: FeatureStore(file).contents(),
}
OF_ANY_SIZE = (
    *("frame.csv", "rows.json", "frame.json", "network.onnx", "index.hnsw.json", "weights.pth", "model.json"),
    *("model.safetensors", "features.kinframe"),
)


def pipe(file):
    os.mkfifo(file)


def device(file):
    file.symlink_to("/dev/zero")


def folder(file):
    file.mkdir()


def holes(file):
    with file.open("wb") as opened:
        opened.truncate(60 * 2**30)


def deep(file):
    file.write_text("[" * 200_000, "utf-8")


NO_FILES = pytest.mark.skipif(os.name == "nt", reason="Windows has neither these pipes nor these devices")


def ends(read, within=HANGS):
    """What a call returned or raised; it must end."""
    found = []

    def run():
        try:
            found.append(read())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(within)
    assert found, "it hangs"
    return found[0]


@NO_FILES
@pytest.mark.parametrize("made", [pipe, device, folder, holes, deep], ids=lambda made: made.__name__)
@pytest.mark.parametrize("name", READERS)
def test_an_error_of_ours_at_once(name, made, tmp_path):
    if name == "datapackage.json":
        pytest.importorskip("frictionless", reason="frictionless is optional and not installed")
    if made is holes and name in OF_ANY_SIZE:
        pytest.skip("it may be of any size")
    made(tmp_path / name)
    found = ends(lambda: READERS[name](tmp_path / name), HANGS if made is not pipe else HANGS / 4)
    if made is deep and name in ("frame.csv", JOURNAL):  # a cell, and half a line that stands for nothing
        assert not isinstance(found, BaseException), found
    elif made is folder and name == "frame.csv":  # of CSV files: it has none
        assert isinstance(found, (KinframeError, OSError)), found
    else:
        assert isinstance(found, KinframeError), found


def saved_model(place):
    data = tc.SFrame({"image": image_array([image_of(encoded(picture(seed))) for seed in range(3)])})
    create(data, model=tiny_network(place.with_name("tiny.onnx")), verbose=False).save(place)


def saved_rankings(place):
    photos = folder_of(place.with_name("photos"), count=3)
    data = tc.image_analysis.load_images(str(photos))
    create(data, model=tiny_network(place.with_name("tiny.onnx")), verbose=False).rankings(place, progress=False)


def saved_frame(place):
    SFrame({"number": [1, 2], "word": ["a", "b"]}).save(str(place))


def saved_autoencoder(place):
    place.mkdir()
    for name in ("encoder.onnx", "decoder.onnx"):
        tiny_network(place / name)
    files = {file.name: stamps.sha256(file) for file in place.iterdir()}
    settings = {"autoencoder": 1, "files": files, "size": [8, 8], "latent": 27, "seed": 0, "best_epoch": 1}
    settings.update({"losses": [[1, 1]], "bad": [], "interrupted": False, "photos": 1})
    (place / "autoencoder.json").write_text(json.dumps(settings), "utf-8")


FOLDERS = {  # what is saved as a folder: what writes it, what opens it, and how many files are read then
    "model": (saved_model, load_model, 5),
    "rankings": (saved_rankings, Rankings.open, 3),
    "frame": (saved_frame, lambda place: load_sframe(str(place)), 3),
    "autoencoder": (saved_autoencoder, Autoencoder.load, 3),
}


@NO_FILES
@pytest.mark.parametrize("kind", FOLDERS)
def test_each_file_of_a_folder_is_a_regular_one_within_it(kind, tmp_path):
    write, read, count = FOLDERS[kind]
    place, kept = tmp_path / kind, tmp_path / "kept"
    write(place)
    shutil.copytree(str(place), str(kept))
    files = [file.relative_to(place) for file in place.rglob("*") if file.is_file()]
    assert len(files) == count and not isinstance(read(place), BaseException)

    def link_out(file):
        file.symlink_to(kept / file.relative_to(place))

    for file in files:
        for made in (pipe, device, folder, link_out):
            (place / file).unlink()
            made(place / file)
            found = ends(lambda: read(place))
            assert isinstance(found, KinframeError), (file, made.__name__, found)
            (place / file).rmdir() if made is folder else (place / file).unlink()
            shutil.copy(str(kept / file), str(place / file))
    assert not isinstance(read(place), BaseException)
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")  # which is the person's own doing
    assert not isinstance(read(place), BaseException)


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname"])
def test_an_autoencoder_has_its_weights_beside_it(location, tmp_path):
    saved_autoencoder(tmp_path / "small")
    decoder = tmp_path / "small" / "decoder.onnx"
    network = onnx.load(str(decoder))
    outside = network.graph.initializer[0]
    outside.ClearField("raw_data")
    outside.data_location = onnx.TensorProto.EXTERNAL
    outside.external_data.add(key="location", value=location)
    decoder.write_bytes(network.SerializeToString())
    about = tmp_path / "small" / "autoencoder.json"
    settings = json.loads(about.read_text("utf-8"))
    settings["files"]["decoder.onnx"] = stamps.sha256(decoder)
    about.write_text(json.dumps(settings), "utf-8")
    with pytest.raises(ModelError, match="is not a file beside it"):
        Autoencoder.load(tmp_path / "small").decode(np.zeros((1, 27)))
