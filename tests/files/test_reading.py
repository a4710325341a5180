"""Whatever is opened from a folder of somebody else: pipes, devices and files without end are errors, at once."""

import os
import threading

import numpy as np
import pytest

from helpers import tc
from helpers.collection.atlas import Atlas
from helpers.collection.duplicates.move_aside import undo_move
from helpers.collection.duplicates.safe_move import JOURNAL
from helpers.errors import KinframeError
from helpers.features.hnsw import Hnsw
from helpers.networks.autoencoder.model import Autoencoder
from helpers.networks.hub.preprocessor import read_config
from helpers.networks.load import load_network
from helpers.networks.torch_file import read_state_dict
from helpers.photos.deployments import read_deployments
from helpers.photos.labels import Labels
from helpers.photos.load import open_photo
from helpers.photos.species import add_species
from helpers.season.detection.read_results import read_detections
from helpers.season.exchange.camtrap.check import check_camtrap
from helpers.sframe import SFrame, load_sframe
from helpers.similarity.rankings import Rankings
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
}
OF_ANY_SIZE = ("frame.csv", "rows.json", "frame.json", "network.onnx", "index.hnsw.json", "weights.pth")


def pipe(file):
    os.mkfifo(file)


def device(file):
    file.symlink_to("/dev/zero")


def holes(file):
    with file.open("wb") as opened:
        opened.truncate(60 * 2**30)


def deep(file):
    file.write_text("[" * 200_000, "utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither these pipes nor these devices")
@pytest.mark.parametrize("made", [pipe, device, holes, deep], ids=lambda made: made.__name__)
@pytest.mark.parametrize("name", READERS)
def test_an_error_of_ours_at_once(name, made, tmp_path):
    if name == "datapackage.json":
        pytest.importorskip("frictionless", reason="frictionless is optional and not installed")
    if made is holes and name in (
        "frame.csv",
        "rows.json",
        "frame.json",
        "network.onnx",
        "index.hnsw.json",
        "weights.pth",
    ):
        pytest.skip("it may be of any size")
    made(tmp_path / name)
    found = []

    def read():
        try:
            found.append(READERS[name](tmp_path / name))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(HANGS if made is not pipe else HANGS / 4)
    assert found, "it hangs"
    if made is deep and name in ("frame.csv", JOURNAL):  # a cell, and half a line that stands for nothing
        assert not isinstance(found[0], BaseException), found[0]
    else:
        assert isinstance(found[0], KinframeError), found[0]
