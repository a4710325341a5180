"""The faces of the rooms: what each hands on is there, and comes from where the face says."""

import importlib
import subprocess
import sys

import pytest

from tests.support.places import ROOT

ROOMS = ("collection", "exercises", "explorer", "features", "networks", "photos", "season", "service", "similarity")


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_face_is_there(room):
    face = importlib.import_module(f"helpers.{room}")
    assert face.__all__ and set(face.__all__) <= set(dir(face))
    for name in face.__all__:
        module = getattr(getattr(face, name), "__module__", "helpers.")  # of what is neither class nor function: none
        assert module.startswith("helpers."), name


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_of_a_room_bears_a_name_of_its_face(room):
    """Once somebody had imported it, the face would give the module."""
    face = importlib.import_module(f"helpers.{room}")
    folder = ROOT / "helpers" / room
    modules = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir() if path.is_dir()}
    assert not modules & set(face.__all__)


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_that_a_face_does_not_have(room):
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module(f"helpers.{room}").no_such_name  # noqa: B018


def test_a_face_loads_what_is_asked_for_and_no_more():
    code = "import sys, helpers.season, helpers.similarity; print(any('numpy' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"False"]


def test_all_folders_are_rooms():
    """What is at the top of the package: the rooms, a command, the face for frames, and what all stand on."""
    folders = {path.name for path in (ROOT / "helpers").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*ROOMS, "app", "database", "files", "frames", "images", "sframe", "widgets"}
    modules = {path.name for path in (ROOT / "helpers").glob("*.py")}
    assert modules == {"__init__.py", "arguments.py", "demo.py", "errors.py", "tc.py"}
