"""A service that is started from a notebook, and ends with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

import pytest

from helpers.errors import FolderError, ServiceError, Unavailable
from helpers.service import Client, local
from helpers.service.local import ROOT, serve_here
from tests.support.pictures import folder_of, tiny_network
from tests.support.until import HANGS

SERVER = ROOT / ".venv" / "bin" / "python"  # of the server's own environment, where this one is not it

pytestmark = pytest.mark.skipif(
    not (sys.version_info >= (3, 10) or SERVER.exists()), reason="no Python that could run the server"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of photos, and a network file for them."""
    folder = tmp_path_factory.mktemp("local")
    return folder_of(folder / "photos #1 & more", 4), tiny_network(folder / "tiny.onnx")


def is_free(url):
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0


def wait_until(condition, seconds=HANGS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "too late"
        time.sleep(0.05)


def test_it_can_be_asked_until_it_is_stopped(place):
    folder, network = place
    with serve_here(folder, model=str(network), progress=False) as served:
        with served.client() as client:
            assert client.index("", wait=True, progress=False).state == "done"
            assert list(client.images()["path"]) == ["0.jpg", "2.jpg", "odd/1.jpg", "odd/3.jpg"]
            found = client.search(folder / "2.jpg", k=3)
            assert found["path"][0] == "2.jpg" and found["distance"][0] < 1e-6
            assert list(client.already_here(folder / "2.jpg")["kind"]) == ["bytes"]
            assert client.show(found)._repr_png_()
        assert served.note.splitlines()[-1] == f"Kinframe serves 0 images on {served.url}/"
        assert "GET" not in served.note and "Ctrl" not in served.note
        assert "GET /images" in served.log and served.is_running and served.url in repr(served)
        log = served._log
    assert not served.is_running and is_free(served.url) and not log.exists()
    served.stop()  # twice does no harm
    with pytest.raises(Unavailable):
        Client(served.url).images()


@pytest.mark.once("in both, the service is started, asked and ended")
def test_the_same_folder_is_served_once(place):
    folder, network = place
    first = serve_here(folder, model=str(network), progress=False)
    with serve_here(folder, model=str(network), progress=False) as second:
        assert not first.is_running and second.client().ready() and len(second.client().images()) == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"no_such_option": 1}, "no-such-option"),
        ({"database": "postgresql://nobody:hidden@127.0.0.1:1/no"}, "127.0.0.1"),
    ],
)
@pytest.mark.once("in both, the service is started, asked and ended", but=["wrong0-no-such-option"])
def test_a_service_that_does_not_start_says_why(place, wrong, said):
    folder, network = place
    with pytest.raises(ServiceError, match="ended before it was ready") as caught:
        serve_here(folder, progress=False, **{"model": str(network), **wrong})
    assert said in str(caught.value) and "hidden" not in str(caught.value)


def test_what_there_is_nothing_to_serve(tmp_path):
    with pytest.raises(FolderError, match="no such folder"):
        serve_here(tmp_path / "gone")


def test_where_there_is_no_server(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    monkeypatch.setattr(local, "ROOT", tmp_path)
    with pytest.raises(ServiceError, match=r"pip install -e '\.\[service\]'.*make serve"):
        serve_here(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", ["it ends", "it is killed"])
@pytest.mark.once("in both, the service is started, asked and ended", but=["it is killed"])
def test_it_ends_with_the_python_that_started_it(place, how, tmp_path):
    folder, network = place
    script = (
        "import sys, time\nfrom helpers.service.local import serve_here\n"
        "served = serve_here(sys.argv[1], model=sys.argv[2], database=sys.argv[3], progress=False)\n"
        "print(served._process.pid, served.url, flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(folder), str(network), str(tmp_path / "kept.kinframe")]
    with subprocess.Popen(command, cwd=str(ROOT), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        pid, url = process.stdout.readline().split()
        assert not is_free(url)
        if how == "it is killed":
            process.send_signal(signal.SIGKILL)
        else:
            process.stdin.close()
        wait_until(lambda: is_free(url))

    def is_gone():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] == "Z"  # nobody is left to fetch its status
        return False

    wait_until(is_gone)


def test_options_of_the_command_line():
    assert local._options({"allow_host": ["a", "b"], "rate": 0, "metric": "cosine", "dask": None, "x": True}) == [
        "--allow-host=a", "--allow-host=b", "--rate=0", "--metric=cosine", "--x",
    ]  # fmt: skip


def test_no_room_for_its_log_is_said(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(ServiceError, match=r"No space left on device.*TMPDIR"):
        serve_here(tmp_path, progress=False)
