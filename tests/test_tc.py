import os
import subprocess
import sys

import pytest

import helpers.similarity.build
from helpers import tc
from helpers.errors import LeftOut
from tests.support.places import ROOT
from tests.support.until import HANGS


def test_the_names_of_a_notebook():
    for name in tc.__all__:
        assert getattr(tc, name) is not None or name == "HAS_TURICREATE"
    assert tc.image_similarity is helpers.similarity.build
    assert tc.load_model is helpers.similarity.build.load_model
    with pytest.raises(AttributeError):
        tc.__nothing__  # noqa: B018


@pytest.mark.skipif(not tc.HAS_TURICREATE, reason="Turi Create is not in this environment")
def test_where_turi_create_is_the_names_are_its_own():
    import turicreate

    for name in ("Image", "SArray", "SFrame", "aggregate", "image_analysis", "load_sframe", "SGraph"):
        assert getattr(tc, name) is getattr(turicreate, name)
    assert tc.ENVIRONMENT == "Turi Create 6.4.1"


@pytest.mark.skipif(tc.HAS_TURICREATE, reason="only where Turi Create is not")
def test_elsewhere_they_are_the_stand_ins():
    import helpers.photos.image_analysis
    import helpers.sframe
    import helpers.sframe.config

    for name in ("Image", "SArray", "SFrame", "aggregate", "load_sframe"):
        assert getattr(tc, name) is getattr(helpers.sframe, name)
    assert tc.image_analysis is helpers.photos.image_analysis
    assert tc.load_images is tc.image_analysis.load_images
    assert tc.config is helpers.sframe.config
    assert "stand-in" in tc.ENVIRONMENT
    assert tc.__version__ == "6.4.1+kinframe"
    with pytest.raises(LeftOut):
        tc.SGraph  # noqa: B018


def test_a_notebook_is_not_flooded(tmp_path):
    """What Turi Create warns of is kept out; what others warn of is not."""
    script = """
import warnings
from helpers import tc
frame = tc.SFrame({"a": [1, 2, 3]})
frame["b"] = frame["a"].apply(lambda x: x * 2)
frame.to_dataframe(), str(frame), frame.sort("a")
warnings.warn("one of mine", DeprecationWarning)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "default", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    assert "DeprecationWarning: one of mine" in done.stderr
    assert "np." not in done.stderr and "collections" not in done.stderr


@pytest.mark.slow("processes are started")
@pytest.mark.parametrize("name", ["helpers.frames.images", "helpers.similarity.build"])
@pytest.mark.once("one that imports the frames first is enough", but=["helpers.frames.images"])
def test_any_module_may_be_the_first(name):
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == 0, done.stderr
