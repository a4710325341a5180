import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")
pytest.importorskip("schemathesis", reason="schemathesis is not installed: the extra `test`")

from helpers.service.__main__ import main
from tests.support.pictures import folder_of, tiny_network
from tests.support.service_server import serving, surroundings

SETTINGS = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("service")
    folder_of(place / "photos", 20)
    tiny_network(place / "tiny.onnx")
    return place


def tried(served, place, *arguments):
    """What schemathesis says when it is through with a service."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    command = [program, f"--config-file={SETTINGS}", "run", f"{served.url}/openapi.json", "--seed=1", "--no-color"]
    command += ["--generation-database=none", "--continue-on-failure", "--warnings=off", *arguments]
    done = subprocess.run(
        command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300
    )
    said = done.stdout.decode()
    assert done.returncode == 0, f"{said}\n\nThe service said:\n{served.log.read_text()[-5000:]}"
    return said


def test_the_service_does_what_its_description_says(place):
    with serving(place / "photos", "--model", str(place / "tiny.onnx"), "--workers=1", "--rate=0") as served:
        assert "Tested: 19" in tried(served, place, "--phases=examples,coverage")
        tried(served, place, "--phases=fuzzing", "--max-examples=1", "--max-time=10")  # as far as it comes
        log = served.log.read_text()
        assert " 500 " not in log and "Traceback" not in log


def test_nothing_is_answered_without_a_key_where_keys_are_on(place, capsys, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", surroundings()["KINFRAME_CACHE"])  # of the account that serves
    database = ["--database", str(place / "keys.kinframe"), "--photos", str(place / "photos")]
    assert main(["keys", "add", "shop", "--role", "write", *database]) == 0
    key = capsys.readouterr().out.strip()
    with serving(
        place / "photos", "--model", str(place / "tiny.onnx"), "--workers=1", "--rate=0", database=database[1]
    ) as served:
        header = f"--header=Authorization: Bearer {key}"
        said = tried(served, place, header, "--checks=ignored_auth", "--phases=examples,fuzzing", "--max-examples=1")
        assert "Tested: 19" in said and " 401 " in served.log.read_text()
