"""The cache folder is deleted while a notebook runs: that loses time, and nothing else."""

import shutil

import pytest

from helpers import tc
from helpers.files.cache import cache_folder
from helpers.images.thumbnails import Thumbnails
from helpers.photos.load import load_photos
from helpers.similarity.build import create, load_model
from tests.support.pictures import folder_of, tiny_network


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    folder, network = folder_of(tmp_path / "photos"), tiny_network(tmp_path / "tiny.onnx")
    data, _ = load_photos(folder, progress=False)
    models = {index: create(data, model=network, index=index, verbose=False) for index in ("exact", "hnsw")}
    return folder, network, data, models


def test_a_notebook_goes_on(made, tmp_path):
    folder, network, data, models = made
    thumbnails = Thumbnails()
    outside = tc.SFrame({"image": [tc.Image(str(folder / "2.jpg"))]})
    for work in (
        lambda: models["exact"].query(outside, verbose=False),
        lambda: models["hnsw"].query(data[0:1], verbose=False),
        lambda: thumbnails.get(str(folder / "2.jpg")),
        lambda: thumbnails.get_many([(str(folder / "4.jpg"), None)]),
        lambda: load_photos(folder, progress=False, details=True),
        lambda: create(data, model=network, verbose=False),
        lambda: create(data, model=network, index="hnsw", verbose=False),
        lambda: models["hnsw"].save(tmp_path / "kin"),
        lambda: load_model(tmp_path / "kin").query(data[0:1], verbose=False),
    ):
        shutil.rmtree(cache_folder(), ignore_errors=True)
        assert work() is not False
