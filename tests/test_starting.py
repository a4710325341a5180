"""What a fresh process imports, and what it does not: for a first call, and the second time on the same photos."""

import subprocess
import sys

import pytest

from helpers.photos import load_photos
from helpers.similarity import create
from tests.support.pictures import folder_of
from tests.support.places import ROOT

WIDGETS = {"ipywidgets", "IPython"}  # which a kernel has imported before the first cell
ENGINES = {"onnx", "onnxruntime", "openvino"}
LARGE = {  # what takes longer to import than what uses it
    *("pandas", "matplotlib", "scipy", "sklearn", "skimage", "tensorflow", "keras", "torch", "psycopg", "distributed"),
    *WIDGETS,
    *ENGINES,
}
# Turi Create imports some of them itself.
SAID = "\nprint('imported', *{name.partition('.')[0] for name in sys.modules} - before)"
BEFORE = "import sys, helpers.frames\nbefore = set(sys.modules) if helpers.frames.HAS_TURICREATE else set()\n"


def imported(code, *arguments):
    """The large packages that a process has imported after some code, without those that frames bring."""
    command = [sys.executable, "-c", BEFORE + code + SAID, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    return LARGE & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("from helpers.photos import load_photos\nfrom helpers.similarity import create, precision_at", set()),
        ("from helpers.explorer import Explorer\nimport helpers.widgets.widget", WIDGETS),
    ],
)
def test_a_face_imports_what_its_first_call_needs(code, needed):
    assert imported(code) <= needed


def test_the_second_time_needs_no_engine(tmp_path):
    """All features are kept: no network is opened, and nobody is asked which could be."""
    folder = str(folder_of(tmp_path / "photos"))
    code = (
        "from helpers import tc\n"
        "from helpers.photos import load_photos\n"
        "data, bad = load_photos(sys.argv[1])\n"
        "model = tc.image_similarity.create(data, model='efficientnet-lite0', verbose=False)\n"
        "found = model.query(data[0:1], k=3, verbose=False)\n"
        "assert model.timings['kept'] == len(found) * 2 == 6"
    )
    create(load_photos(folder, progress=False)[0], model="efficientnet-lite0", verbose=False)
    assert imported(code, folder) <= WIDGETS
