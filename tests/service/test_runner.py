import asyncio
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

from distributed import Client, LocalCluster
from distributed.security import Security

import helpers.service.jobs.runner
from helpers.errors import ClusterError, ModelError, NotFound, Refused, StoreError, Unavailable
from helpers.service.jobs.indexing import Indexing
from helpers.service.jobs.lease import JobEnded, Lease, has_ended, this_process
from helpers.service.jobs.workers import Workers, new_folder
from helpers.service.query_network import QueryNetwork
from helpers.service.settings import Settings
from helpers.service.valid_text import without_places
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.service_jobs import Brisk, Shared, collection, waiting
from tests.support.until import HANGS, until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is only on Linux")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return str(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


@pytest.fixture(scope="module")
def network(tiny):
    return QueryNetwork(tiny)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    workers = Shared(Settings(photos=tmp_path_factory.mktemp("none"), workers=2))
    yield workers
    workers.end()


@pytest.fixture
def workers(shared):
    shared.client()
    return shared


@pytest.fixture
def gate(monkeypatch):
    """Of a job, two batches are kept, and the rest when this is set."""
    gate = threading.Event()
    monkeypatch.setattr(Indexing, "_take", waiting(2, gate))
    yield gate
    gate.set()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("many") / "photos", count=150)


@pytest.fixture
def made(photos, network, workers, address):
    with collection(photos, network, address, workers) as made:
        yield made


@pytest.fixture
def alone(photos, network, workers, tmp_path):
    """In a file alone, where both databases do the same."""
    with collection(photos, network, str(tmp_path / "collection.kinframe"), workers) as made:
        yield made


def halfway(made, job):
    return until(lambda: made.storage.jobs.get(job.id), lambda found: found.done == 32)


def test_a_job_is_done_in_the_background(made):
    made.runner.start()
    made.runner.start()
    job = made.runner.submit({"folder": ""})
    done = made.wait(job)
    assert (done.total, done.done, done.new, done.bad, done.attempts, done.error) == (150, 150, 150, 0, 1, "")
    assert job.created <= done.started <= done.ended
    made.check()
    second = made.wait(made.runner.submit({"folder": "odd"}))
    assert second.id != job.id and (second.done, second.new) == (75, 0)


def test_the_same_request_is_the_same_job_while_it_has_not_ended(alone):
    job = alone.runner.submit({"folder": "odd"})
    assert alone.runner.submit({"folder": "odd/"}).id == job.id
    assert alone.runner.submit({"folder": ""}).id != job.id
    with pytest.raises(Refused):
        alone.runner.submit({"folder": ".."})
    with pytest.raises(NotFound):
        alone.runner.submit({"folder": "gone"})


@LINUX
def test_a_worker_that_is_killed_costs_no_photo(alone, workers, gate):
    alone.runner.start()
    job = alone.runner.submit({"folder": ""})
    halfway(alone, job)
    killed = workers.client().run(os.getpid)
    os.kill(next(iter(killed.values())), signal.SIGKILL)
    gate.set()
    done = alone.wait(job)
    assert (done.done, done.new, done.bad, done.attempts) == (150, 150, 0, 1)
    alone.check()


def test_ctrl_c_in_a_terminal_is_for_the_service_alone(workers):
    handlers = workers.client().run(lambda: signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
    assert handlers and all(handlers.values())


def test_a_job_is_cancelled_soon_and_what_it_did_stays(alone, gate):
    alone.runner.start()
    job = alone.runner.submit({"folder": ""})
    waiting = alone.runner.submit({"folder": "odd"})
    assert alone.runner.cancel(waiting.id).state == "cancelled"
    halfway(alone, job)
    alone.runner.cancel(job.id)
    gate.set()
    ended = alone.wait(job, "cancelled")
    assert ended.done == len(alone.images()) <= 48, "it did more than it was at"
    again = alone.wait(alone.runner.submit({"folder": ""}))
    assert again.new == 150 - ended.done
    alone.check()


def test_stopping_leaves_the_job_to_the_next_start(alone, gate):
    alone.runner.start()
    job = alone.runner.submit({"folder": ""})
    halfway(alone, job)
    opening = threading.Thread(target=lambda: alone.runner._stopping.wait(60) and gate.set())
    opening.start()
    alone.runner.stop()
    opening.join()
    until(lambda: not [each for each in threading.enumerate() if each.name.startswith("kinframe")])
    left = alone.storage.jobs.get(job.id)
    assert left.state == "queued" and left.done == len(alone.images()) <= 48
    alone.runner.start()
    done = alone.wait(job)
    assert (done.total, done.done, done.new, done.attempts) == (150, 150, 150 - left.done, 2)
    alone.check()


@LINUX
def test_a_service_that_is_killed_and_the_one_that_comes_after(photos, tiny, network, workers, postgres_url):
    with collection(photos, network, postgres_url, workers) as made:
        job = made.storage.jobs.create({"folder": ""})
        command = [sys.executable, "-m", "tests.support.index_slowly", str(photos), tiny, postgres_url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            numbers = [int(each) for each in process.stdout.readline().split()]
            halfway(made, job)
            process.kill()
        assert len(numbers) == 1
        until(lambda: not any(Path(f"/proc/{number}").exists() for number in numbers))
        left = made.storage.jobs.get(job.id)
        assert left.state == "running" and 0 < left.done < 150
        made.runner.start()
        done = made.wait(job)  # not for the ten minutes of its lease
        assert (done.total, done.done, done.attempts) == (150, 150, 2) and done.new == 150 - left.done
        made.check()


def test_two_services_do_not_do_one_job_twice(photos, network, workers, address):
    with collection(photos, network, address, workers) as one, collection(photos, network, address, workers) as other:
        one.runner.start()
        other.runner.start()
        jobs = [one.runner.submit({"folder": folder}) for folder in ("", "odd")]
        done = [one.wait(job) for job in jobs]
        assert [(job.done, job.attempts) for job in done] == [(150, 1), (75, 1)]
        one.check()


def test_one_whose_job_was_taken_by_another_lets_it_be(alone, gate, monkeypatch):
    monkeypatch.setattr("helpers.service.jobs.lease._BEAT", 0.1)
    alone.runner.start()
    job = alone.runner.submit({"folder": ""})
    halfway(alone, job)
    lease = alone.runner._lease
    alone.storage.jobs.end(job.id, "queued")
    taken = alone.storage.jobs.claim("another", 600)
    until(lambda: lease.why)
    gate.set()
    until(lambda: alone.runner._lease is None)
    found = alone.storage.jobs.get(job.id)
    assert (taken.id, found.state, found.attempts, found.done) == (job.id, "running", 2, 0)
    alone.storage.jobs.end(job.id, "done", owner="another")


def test_an_error_that_nobody_foresaw_ends_one_job_and_no_other(alone, monkeypatch, caplog):
    monkeypatch.setattr(helpers.service.jobs.runner, "Indexing", lambda *_: 1 / 0)
    alone.runner.start()
    failed = alone.wait(alone.runner.submit({"folder": ""}), "failed")
    assert failed.error == "ZeroDivisionError: division by zero"
    assert "Traceback" in caplog.text and f"job {failed.id} failed" in caplog.text
    monkeypatch.undo()
    alone.wait(alone.runner.submit({"folder": ""}))


@pytest.mark.parametrize("known", [StoreError, ModelError, OSError])
def test_callers_read_no_folder_of_this_machine(alone, monkeypatch, caplog, known):
    home, root = Path.home(), alone.root.path
    text = f"{root / 'a b' / 'c.jpg'}: {home}/x y/z.onnx, {tempfile.gettempdir()}/t, /opt/secret place/q.so"

    def fails(*_):
        raise known(text)

    caplog.set_level("INFO", "kinframe.service.jobs")
    monkeypatch.setattr(helpers.service.jobs.runner, "Indexing", fails)
    alone.runner.start()
    failed = alone.wait(alone.runner.submit({"folder": ""}), "failed")
    assert "c.jpg" in failed.error and "z.onnx" in failed.error and "q.so" in failed.error
    for place in (root, home, "/opt", "/etc", tempfile.gettempdir()):
        assert str(place) not in failed.error
    until(lambda: "failed after" in caplog.text)
    assert str(root) in caplog.text, "the log has it whole"


SECRETS = {
    "postgresql://mary:s3cret@db.example:5432/owls: no such table": "…: no such table",
    "of postgres://mary:s3cret@db.example/owls, damaged": "of …, damaged",
    'connection to server at "db.example" (10.0.0.3), port 5432 failed: FATAL: role "mary"': (
        "connection to server at …, port 5432 failed: FATAL: role …"
    ),
    "host=db.example user=mary password='s 3' dbname=owls": "host=… user=… password=… dbname=…",
    "the Dask scheduler at tls://10.0.0.3:8786 cannot be reached": "the Dask scheduler at … cannot be reached",
    "https://mary:s3cret@example.org/a/b.jpg": "https://example.org/a/b.jpg",
    "https://example.org/a/b.jpg?c=/d/e": "https://example.org/a/b.jpg?c=…/e",
    "file:///home/mary/a.jpg": "…",
    r"C:\Users\mary\a.jpg: torn": "…/a.jpg: torn",
    r"\\server\share\mary\a.jpg": "…/a.jpg",
    "('/home/mary/a.jpg')": "('…/a.jpg')",
    "field/a.jpg: of 10/12 photos": "field/a.jpg: of 10/12 photos",
}


@pytest.mark.once("text alone")
@pytest.mark.parametrize("text", SECRETS)
def test_what_is_taken_out_of_an_error(text):
    assert without_places(text) == SECRETS[text]


def test_a_database_that_is_away_is_waited_for(alone, monkeypatch):
    monkeypatch.setattr(helpers.service.jobs.runner, "_PAUSES", (0.01, 0.05))
    monkeypatch.setattr("helpers.service.jobs.lease._PAUSES", (0.01, 0.05))
    away, transaction, refused = threading.Event(), alone.storage.database.transaction, []
    calls = itertools.count()

    def fails(write=True):
        """While it is away, all the time; then, for the job, twice in eight times."""
        if away.is_set() or (threading.current_thread().name.startswith("kinframe") and next(calls) % 8 < 2):
            refused.append(write)
            raise Unavailable("the database is away")
        return transaction(write)

    monkeypatch.setattr(alone.storage.database, "transaction", fails)
    away.set()
    alone.runner.start()
    until(lambda: len(refused) >= 3)
    with pytest.raises(Unavailable):
        alone.runner.submit({"folder": ""})
    away.clear()
    refused.clear()
    job = alone.runner.submit({"folder": ""})
    done = alone.wait(job)
    assert (done.done, done.new, done.attempts) == (150, 150, 1)
    assert len(refused) >= 20 and {True, False} == set(refused)
    alone.check()


def test_a_cluster_that_fails_is_tried_three_times(alone, monkeypatch):
    calls = []

    class Failing:
        are_here = True

        def client(self):
            calls.append("client")
            raise ClusterError("no workers")

        def give_up(self):
            pass

        def close(self):
            calls.append("close")

        def close_if_idle(self):
            pass

    monkeypatch.setattr(alone.runner, "_workers", Failing())
    monkeypatch.setattr(alone.runner._stopping, "wait", lambda _: False)
    alone.runner.start()
    assert alone.wait(alone.runner.submit({"folder": ""}), "failed").error == "no workers"
    assert calls == ["client", "close", "client", "close", "client"]


def test_processes_that_do_not_come_back_are_started_again(alone, monkeypatch, tmp_path):
    """As a nanny leaves them on a machine that is too busy."""
    monkeypatch.setattr("helpers.features.dask.futures._PATIENCE", 0.1)
    monkeypatch.setattr("helpers.service.jobs.indexing._DESERTED", 1.0)
    workers, clients = Workers(Settings(photos=tmp_path, workers=1)), []
    client = workers.client

    def deserted():
        clients.append(client())
        if len(clients) == 1:
            workers._cluster.scale(0)
            until(lambda: not clients[0].nthreads())
        return clients[-1]

    monkeypatch.setattr(workers, "client", deserted)
    monkeypatch.setattr(alone.runner, "_workers", workers)
    alone.runner.start()
    assert alone.wait(alone.runner.submit({"folder": ""})).new == 150 and len(clients) > 1
    alone.runner.stop()


def test_workers_elsewhere(alone, tmp_path, monkeypatch):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as elsewhere:
        there = Workers(Settings(photos=tmp_path, dask=elsewhere.scheduler_address))
        monkeypatch.setattr(alone.runner, "_workers", there)
        alone.runner.start()
        assert alone.wait(alone.runner.submit({"folder": ""})).new == 150
        alone.runner.stop()
        assert len(elsewhere.scheduler_info["workers"]) == 2  # they are not ours to end
    monkeypatch.setattr("helpers.service.jobs.workers._CONNECT", 0.2)
    with pytest.raises(ClusterError, match=r"the Dask scheduler at tcp://127\.0\.0\.1:1 cannot be reached"):
        Workers(Settings(photos=tmp_path, dask="tcp://127.0.0.1:1")).client()


def test_another_account_of_the_machine_has_no_way_in(workers):
    """Whoever may connect to a scheduler or a worker runs code in it, in the service's name."""
    workers.client()
    until(lambda: len(workers._cluster.scheduler_info["workers"]) == 2)  # one that was killed comes back
    info = workers._cluster.scheduler_info
    addresses = [info["address"], *info["workers"], *(each["nanny"] for each in info["workers"].values())]
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses) and len(addresses) == 5
    for address in addresses:
        for protocol, security in (("tcp", None), ("tls", Security.temporary())):
            place = address.replace("tls://", f"{protocol}://")
            with pytest.raises((OSError, RuntimeError, TypeError)):
                Client(place, timeout=2, security=security, set_as_default=False)
    assert len(workers.client().run(os.getpid)) == 2


def test_nothing_is_imported_from_a_folder_that_another_account_made(tmp_path, monkeypatch):
    """Dask takes a folder of its name that is there already, and imports from it before all others."""
    theirs = tmp_path / "dask-scratch-space"
    theirs.mkdir()
    theirs.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    workers = Brisk(Settings(photos=tmp_path, workers=1))
    try:
        (path,) = workers.client().run(eval, "__import__('sys').path").values()
        places = {Path(each) for each in [*path, *sys.path] if tmp_path in Path(each).parents}
        assert places, "Dask's own folder is one of them"
        for place in places:
            above = [each for each in [place, *place.parents] if tmp_path in each.parents]
            assert theirs not in above
            assert above[-1].stat().st_mode & 0o077 == 0, "the outermost is closed to others"
    finally:
        workers.close()
    until(lambda: not list(tmp_path.glob("kinframe-*")))


@LINUX
def test_the_folder_of_a_service_that_was_killed_is_removed_at_the_next_start(tmp_path, monkeypatch):
    """And nothing else: no folder of a process that runs, none of another name, and nothing that a link leads to."""
    script = "import os; from helpers.service.jobs.workers import new_folder; print(new_folder(), flush=True); "
    script += "os.kill(os.getpid(), 9)"
    surroundings = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", script], env=surroundings, stdout=subprocess.PIPE, text=True)
    left, aside = Path(killed.stdout.strip()), tmp_path / "aside"
    assert killed.returncode < 0 and left.parent == tmp_path and left.is_dir() and not left.stat().st_mode & 0o077
    aside.mkdir()
    (aside / "a.txt").write_text("kept")
    (left / "link").symlink_to(aside)
    (left / "worker").mkdir()
    (left / "worker" / "a.txt").write_text("left")
    kept = [tmp_path / f"{left.name}{end}" for end in ("a", "b")]  # also of the process that has ended
    kept[0].symlink_to(aside)
    kept[1].write_text("a file")
    kept += [tmp_path / name for name in ("kinframe-workers-abcdefgh", f"other-{left.name}", f"{left.name}-more.d")]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    kept.append(tmp_path / left.name.replace(boot, "0" * 8 + boot[8:]))  # from before, or elsewhere
    for folder in kept[2:]:
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = [Path(new_folder()), Path(new_folder())]
    assert {*tmp_path.iterdir()} == {aside, *kept, *own}
    assert (aside / "a.txt").read_text() == "kept"


DASK_LOGS = """
import logging
import helpers.service.jobs.workers
log = logging.getLogger("distributed.client")
log.setLevel(logging.INFO)  # as `LocalCluster` leaves it when it is closed
log.error("ConnectionRefusedError")
log.critical("the worst")
"""


def test_dask_logs_nothing_about_a_connection_that_ended_even_when_its_cluster_is_closed():
    said = subprocess.run([sys.executable, "-c", DASK_LOGS], stderr=subprocess.PIPE, cwd=ROOT, check=True).stderr
    assert b"the worst" in said and b"Connection" not in said


@LINUX
def test_workers_give_way_and_end_when_they_are_idle(tmp_path, monkeypatch):
    workers = Workers(Settings(photos=tmp_path, workers=1))
    (number,) = workers.client().run(os.getpid).values()
    assert workers.client() is workers.client()
    nice = {int(task.joinpath("stat").read_text().rpartition(")")[2].split()[16]) for task in _tasks(number)}
    assert min(nice) >= 10
    workers.close_if_idle()
    assert Path(f"/proc/{number}").exists()
    monkeypatch.setattr("helpers.service.jobs.workers._IDLE", 0)
    workers.close_if_idle()
    until(lambda: not Path(f"/proc/{number}").exists())
    workers.close()


def test_what_dask_keeps_of_past_jobs_goes_with_its_processes(tmp_path, monkeypatch):
    """Its scheduler is in the service's process, and keeps some 50 kB of each job as long as it is referred to."""
    monkeypatch.setattr(Brisk, "jobs", 2)
    workers = Brisk(Settings(photos=tmp_path, workers=1))
    try:
        assert workers.client().submit(len, "ab").result(HANGS) == 2
        first = weakref.ref(workers._cluster.scheduler)
        assert workers.client().submit(len, "abc").result(HANGS) == 3
        assert workers._cluster.scheduler is first()
        assert workers.client().submit(len, "abcd").result(HANGS) == 4
        second = weakref.ref(workers._cluster.scheduler)
        assert second() is not first(), "the third of two jobs"
        until(lambda: first() is None, seconds=HANGS)
    finally:
        workers.close()
    until(lambda: second() is None, seconds=HANGS)


def test_workers_that_are_given_up_on_their_way_are_not_waited_for_and_end(tmp_path, monkeypatch):
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def __init__(self, **_):
            begun.set()
            assert go_on.wait(60)

        def close(self, timeout):
            closed.set()

    monkeypatch.setattr("helpers.service.jobs.workers.LocalCluster", Slow)
    workers, told = Workers(Settings(photos=tmp_path, workers=1)), []

    def ask():
        try:
            workers.client()
        except ClusterError as error:
            told.append(str(error))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    assert begun.wait(60)
    try:
        workers.close()
        asking.join(HANGS)
        assert len(told) == 1 and "nobody waits" in told[0] and not closed.is_set()
    finally:
        go_on.set()
    assert closed.wait(60), "nobody ends what was started"


def test_an_end_that_takes_long_goes_on_in_the_background(tmp_path, monkeypatch):
    """One that is cut off leaves Dask a cluster that never ends, or the client's thread and descriptors."""
    before = threading.enumerate()
    monkeypatch.setattr("helpers.service.jobs.workers._CLOSE", 0.01)
    workers = Workers(Settings(photos=tmp_path, workers=1))
    workers.client()
    cluster, client, close = workers._cluster, workers._client, workers._client._close

    async def slowly(*arguments, **named):
        await asyncio.sleep(0.2)
        await close(*arguments, **named)

    client._close = slowly
    workers.close()
    until(lambda: cluster.status.name == "closed", seconds=HANGS)
    until(lambda: not [each for each in threading.enumerate() if each.name == "IO loop" and each not in before])


def _tasks(number):
    return list(Path(f"/proc/{number}/task").iterdir())


@LINUX
def test_who_has_ended_is_told_only_where_it_can_be_known():
    me = this_process()
    host, number, began, place = me.rsplit(":", 3)
    assert not has_ended(me) and not has_ended(f"token@{me}")
    assert has_ended(f"{host}:{number}:{int(began) - 1}:{place}")  # another process of this number
    with subprocess.Popen([sys.executable, "-c", "import helpers.service.jobs.lease as l; print(l.this_process())"],
                          cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        other = process.communicate()[0].strip()
    assert has_ended(other) and other.endswith(place)
    assert not has_ended(other[: -len(place)] + "another-boot/1")
    for unknown in ("", "somebody", "a:b:c", f"{host}:{number}:5:", f"{host}:x:5:{place}"):
        assert not has_ended(unknown)


def test_a_lease_asks_again_before_it_writes_after_a_standstill(alone):
    jobs = alone.storage.jobs
    job = jobs.create({"folder": ""})
    lease = Lease(jobs, jobs.claim("me", 60), "me", lambda: None)
    assert lease.call(lambda: 5) == 5
    jobs.end(job.id, "queued")
    jobs.claim("another", 60)
    lease._until = 0.0
    with pytest.raises(JobEnded):
        lease.call(lambda: pytest.fail("this was not to be done"))
    assert lease.why == "lost"


def test_work_that_does_not_end_is_interrupted(alone, monkeypatch):
    monkeypatch.setattr("helpers.service.jobs.lease._GRACE", 0.05)
    interrupted = threading.Event()
    jobs = alone.storage.jobs
    jobs.create({"folder": ""})
    with Lease(jobs, jobs.claim("me", 60), "me", interrupted.set) as lease:
        lease.end("stopped")
        lease.end("cancelled")
        assert interrupted.wait(60) and lease.why == "stopped"
        with pytest.raises(JobEnded):
            lease.check()


def test_a_job_that_waits_for_workers_in_vain_can_be_cancelled(alone, tmp_path, monkeypatch):
    with LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0", silence_logs=50) as nobody:
        there = Workers(Settings(photos=tmp_path, dask=nobody.scheduler_address))
        monkeypatch.setattr(alone.runner, "_workers", there)
        alone.runner.start()
        job = alone.runner.submit({"folder": ""})
        until(lambda: there._client is not None and alone.storage.jobs.get(job.id).total == 150)
        alone.runner.cancel(job.id)
        assert alone.wait(job, "cancelled").done == 0
        second = alone.runner.submit({"folder": "odd"})
        until(lambda: there._client is not None and alone.storage.jobs.get(second.id).total == 75)
        alone.runner.stop()
        until(lambda: not [each for each in threading.enumerate() if each.name.startswith("kinframe")])
        assert alone.storage.jobs.get(second.id).state == "queued"
