"""The service or a worker is killed, told to end, or cannot write: no photo is lost, and no process is left."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import requests

pytest.importorskip("fastapi", reason="the server needs Python 3.10")
if not sys.platform.startswith("linux"):
    pytest.skip("looks at processes as only Linux shows them", allow_module_level=True)

from benchmarks.service.server import family
from helpers.features.embedding import embed
from helpers.features.store import FeatureStore
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.storage.storage import open_storage
from tests.support import service_under_load as busy
from tests.support.app_server import free_port
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.postgres_server import PostgresServer
from tests.support.service_server import serving, surroundings
from tests.support.until import HANGS

PHOTOS = 64  # four batches of two workers


@pytest.fixture(scope="module")
def postgres():
    try:
        server = PostgresServer()
    except RuntimeError as reason:
        pytest.skip(str(reason))
    yield server
    server.close()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    busy.slow_photos(folder / "slow", PHOTOS)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")


@pytest.fixture(params=["embedded", "postgresql"])
def address(request, tmp_path):
    return str(tmp_path / "kept.kinframe") if request.param == "embedded" else request.getfixturevalue("postgres").url()


@pytest.fixture
def service(photos, network, cache):
    """Starts the service on a database."""
    return lambda address: serving(
        photos, f"--model={network}", "--rate=0", "--workers=2", database=address, cache=cache
    )


def test_a_killed_service_goes_on_with_its_job(service, address, photos, network, cache, monkeypatch):
    with service(address) as served:
        job = busy.begin(served.url)
        busy.under_way(served.url, job)
        processes = Processes(served.process.pid)
        assert len(processes) > 1, "the work is done by processes of its own"
        served.process.kill()
        served.process.wait()
        processes.gone()
    with service(address) as served:
        found = busy.finished(served.url, job)
        assert found["attempts"] == 2 and found["total"] == PHOTOS
        whole(served.url, photos)
        processes = Processes(served.process.pid)
    processes.gone()
    right(address, photos, network, cache, monkeypatch)


def test_a_service_that_is_told_to_end_does_so_at_once_and_goes_on_later(service, tmp_path, photos):
    address = str(tmp_path / "kept.kinframe")  # the other database is killed with it, which is harder
    with service(address) as served:
        job = busy.begin(served.url)
        busy.under_way(served.url, job)
        processes = Processes(served.process.pid)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert "Traceback" not in served.log.read_text(encoding="utf-8")
        processes.gone()
    with service(address) as served:
        assert busy.get(served.url, f"/jobs/{job}")["state"] in ("queued", "running", "done")
        busy.finished(served.url, job)
        whole(served.url, photos)


def test_a_killed_worker_costs_a_retry_not_a_photo(service, photos, tmp_path):
    with service(str(tmp_path / "kept.kinframe")) as served:
        job = busy.begin(served.url)
        busy.under_way(served.url, job)
        worker = busy.until("a worker is at work", lambda: busiest(family(served.process.pid)[1:]))
        os.kill(worker, signal.SIGKILL)
        found = busy.finished(served.url, job)
        assert found["attempts"] == 1 and found["total"] == PHOTOS
        whole(served.url, photos)


def test_a_full_disk_is_said_and_when_there_is_room_it_goes_on(network, cache, tmp_path):
    photos, file = folder_of(tmp_path / "photos", 40), tmp_path / "kept.kinframe"
    with serving(photos, f"--model={network}", "--rate=0", database=str(file), cache=cache) as served:
        busy.finished(served.url, busy.begin(served.url))
        limits = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
        full = (file.stat().st_size, limits[1])  # no file grows beyond it
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, full)
        body = {"id": "p", "name": "A robot", "details": {"story": 6000 * "long "}, "images": []}
        answer = requests.post(f"{served.url}/products", json=body, timeout=HANGS)
        assert answer.status_code in (500, 503, 507), answer.text
        assert answer.json()["error"]["message"], answer.text
        assert "Traceback" not in answer.text
        assert requests.get(f"{served.url}/health", timeout=HANGS).status_code == 200
        assert requests.get(f"{served.url}/images", timeout=HANGS).status_code == 200, "what is kept can be read"
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, limits)
        assert requests.post(f"{served.url}/products", json=body, timeout=HANGS).status_code == 201
        whole(served.url, photos)


def test_a_collection_that_may_only_be_read_is_said_at_the_start(network, cache, tmp_path):
    photos, file = folder_of(tmp_path / "photos", 2), tmp_path / "kept.kinframe"
    command = [sys.executable, "-m", "helpers.service", f"--photos={photos}", f"--model={network}"]
    command += [f"--database={file}", f"--port={free_port()}"]
    only_to_be_read(file)
    done = subprocess.run(
        command, cwd=str(ROOT), env=surroundings(cache), capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode not in (0, None) and "Traceback" not in done.stderr
    assert str(file) in done.stderr and "may be read, not written" in done.stderr


class Processes:
    """A process and all that it started, until now."""

    def __init__(self, pid):
        self.begun = {each: begun(each) for each in family(pid)}

    def __len__(self):
        return len(self.begun)

    def gone(self):
        """Wait until none of them is left."""
        busy.until(f"the end of {self.left()}", lambda: not self.left(), 60)

    def left(self):
        return [pid for pid, moment in self.begun.items() if moment is not None and begun(pid) == moment]


def begun(pid):
    """When a process began, by which it is known from a later one of the same number; None where it has ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    return None


def busiest(pids):
    """Of these processes, the one that has computed longest; None where none has for a second."""
    spent = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            spent[pid] = int(fields[11]) + int(fields[12])
    longest = max(spent, key=spent.get, default=None)
    return longest if longest is not None and spent[longest] > os.sysconf("SC_CLK_TCK") else None


def whole(url, photos):
    """The collection is all photos of the root, each once."""
    wanted = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.*g"))
    assert sorted(image["path"] for image in busy.images(url)) == wanted


def right(address, photos, network, cache, monkeypatch):
    """The features that are kept are those that `embed` computes."""
    monkeypatch.setenv("KINFRAME_CACHE", str(cache))
    model = QueryNetwork(str(network), root=PhotoRoot(photos))
    computed = embed(sorted(photos.rglob("*.png")), model.settled, progress=False)
    with contextlib.closing(open_storage(address, key=model.key, dimension=model.dimension)) as storage:
        kept = [storage.vectors.of(identity) for identity in computed.identities]
    assert np.array_equal(kept, computed.vectors)


def only_to_be_read(file):
    """Make a store whose header says that only a later SQLite may write it: of no file may root write less."""
    FeatureStore(file).close()
    content = bytearray(file.read_bytes())
    content[18] = 3  # the version of the format for those who write; 19 is for those who read
    file.write_bytes(content)
