import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import dask
import distributed
import numpy as np
import onnx
import pytest

import helpers.errors
import helpers.features.dask.cluster
import helpers.features.dask.futures
import helpers.networks.precision.settled
import helpers.networks.runtime
from helpers.errors import ClusterError, FrameError, KinframeError, ModelError
from helpers.features.dask.cluster import batches_on
from helpers.features.dask.worker import SharedNetwork, features_of, hand_out
from helpers.features.embedding import embed
from helpers.features.pipeline import FeatureBatch, PhotoRequest, batches
from helpers.files import stamps
from helpers.networks.load import load_network
from helpers.networks.precision.settled import settled_again
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from tests.support.pictures import TINY, encoded, folder_of, picture, tiny_network
from tests.support.places import ROOT
from tests.support.processors import KINDS
from tests.support.until import HANGS, until

pytestmark = pytest.mark.slow("it starts and ends workers")

ROBOTS = ROOT / "data" / "robots"
HERE = Path("/proc/self/cwd")  # for each process another folder


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    return [tmp_path_factory.mktemp("worker") for _ in range(2)]


@pytest.fixture(scope="module")
def cluster(caches):
    """Two workers as on two machines: each a process with a cache folder of its own; one has two threads."""
    quiet = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    workers = {
        place.name: {
            "cls": distributed.Nanny,
            "options": {
                "nthreads": threads,
                "env": {"KINFRAME_CACHE": str(place), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": f"{HANGS}s"},
                "local_directory": str(place),
                "silence_logs": logging.CRITICAL,
                **quiet,
            },
        }
        for threads, place in enumerate(caches, start=1)
    }
    scheduler = {"cls": distributed.Scheduler, "options": {"port": 0, **quiet}}
    patient = dask.config.set({"distributed.comm.timeouts.connect": f"{HANGS}s"})  # a busy machine is slow, not gone
    with patient, distributed.SpecCluster(
        workers=workers, scheduler=scheduler, silence_logs=logging.CRITICAL
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def _client(cluster):
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def client(cluster, _client):
    """With both workers, also after a test that killed one."""
    until(lambda: len(cluster.scheduler.workers) == 2)
    return _client


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return settled(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx"))


def settled(path, precision="fp32"):
    loaded = load_network(path)
    return settled_again(loaded, precision, f"{loaded.identity} {precision}")


@pytest.fixture
def paths(tmp_path):
    return sorted(folder_of(tmp_path / "photos", count=12, ending="png").rglob("*.png"))


def asked(photos):
    return (PhotoRequest(row, photo) for row, photo in enumerate(photos))


def on_cluster(client, network, photos, *, batch_size=3, known=()):
    with contextlib.closing(batches_on(client, network, asked(photos), batch_size=batch_size, known=known)) as made:
        return whole(made)


def here(network, photos, *, known=()):
    loaded = network.loaded
    with contextlib.closing(batches(asked(photos), run(network), size=loaded.size, batch_size=5, known=known)) as made:
        return whole(made)


def run(network):
    return lambda pixels: network.session.run(np.stack(pixels))


def whole(made):
    made = list(made)
    return FeatureBatch(
        photos=[photo._replace(read=0, decode=0) for batch in made for photo in batch.photos],
        new=[identity for batch in made for identity in batch.new],
        vectors=np.concatenate([batch.vectors for batch in made if batch.new] or [np.empty((0, TINY), np.float32)]),
        bad=[each for batch in made for each in batch.bad],
        seconds={name: sum(batch.seconds[name] for batch in made) for name in ("read", "decode", "network")},
    )


def same(one, other):
    # Whether a file is old enough to be remembered depends on the time that the test takes.
    assert [each._replace(file=None) for each in one.photos] == [each._replace(file=None) for each in other.photos]
    assert one.new == other.new and one.bad == other.bad
    assert one.vectors.dtype == other.vectors.dtype and np.array_equal(one.vectors, other.vectors)


def test_the_features_are_those_of_one_machine_in_the_order_of_the_photos(client, network, paths):
    photos = paths + paths[::-1]
    answer = on_cluster(client, network, photos)
    same(answer, here(network, photos))
    assert [photo.row for photo in answer.photos] == list(range(24))
    assert [photo.source for photo in answer.photos] == [str(path) for path in photos]
    assert all(seconds > 0 for seconds in answer.seconds.values())


def test_with_a_real_network_too(client):
    network = settled("efficientnet-lite0")
    photos = sorted(ROBOTS.rglob("*.jpg"))[::25]
    same(on_cluster(client, network, photos, batch_size=2), here(network, photos))


@pytest.mark.once("what is sent to workers is settled by us; in both, workers compute, end and are killed")
def test_a_network_in_8_bits_that_was_made_here(client, monkeypatch):
    monkeypatch.setattr("helpers.networks.quantise.costliest", lambda *_: [])  # to find them takes seconds
    photos = sorted(ROBOTS.rglob("*.jpg"))[::8]
    alone = embed(photos, "efficientnet-lite0", precision="int8", progress=False)
    many = embed(photos, alone.settled, progress=False, client=client)
    assert alone.settled.precision == "int8"
    np.testing.assert_array_equal(many.vectors, alone.vectors)


def test_the_networks_file_reaches_workers_that_do_not_see_it(client, paths, caches, elsewhere):
    tiny_network(elsewhere / "mine.onnx", scale=2.0)
    network = settled(HERE / "mine.onnx")
    answer = on_cluster(client, network, paths, batch_size=1)
    same(answer, here(network, paths))
    written = [path for place in caches for path in place.glob("networks/mine-*.onnx")]
    assert written and {path.read_bytes() for path in written} == {(elsewhere / "mine.onnx").read_bytes()}
    changed = [path.stat().st_mtime_ns for path in written]
    on_cluster(client, network, paths, batch_size=1)
    assert [path.stat().st_mtime_ns for path in written] == changed


def test_a_network_whose_weights_lie_beside_it_travels_whole(client, paths, elsewhere):
    whole = onnx.load(str(tiny_network(elsewhere / "whole.onnx", scale=3.0)))
    onnx.save_model(whole, str(elsewhere / "parted.onnx"), save_as_external_data=True, location="w", size_threshold=0)
    assert (elsewhere / "w").exists()
    network = settled(HERE / "parted.onnx")
    same(on_cluster(client, network, paths), here(network, paths))


def test_a_machine_that_joins_later(client, cluster, network, paths, elsewhere):
    tiny_network(elsewhere / "late.onnx", scale=4.0)
    network = settled(HERE / "late.onnx")
    wanted = on_cluster(client, network, paths)
    place, before = elsewhere / "machine", client.nthreads()
    place.mkdir()
    options = ["--no-nanny", "--no-dashboard", "--nthreads=1", "--host=127.0.0.1", f"--local-directory={place}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, *options],
        cwd=place,
        env={**os.environ, "KINFRAME_CACHE": str(place)},
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: len(client.nthreads()) == 3)
        (late,) = set(client.nthreads()) - set(before)
        name = hand_out(client, network)
        (made,) = client.submit(features_of, [PhotoRequest(0, str(paths[0]))], name, workers=[late]).result()
        assert np.array_equal(made.vectors, wanted.vectors[:1])
        assert len(list(place.glob("networks/late-*.onnx"))) == 1
        same(on_cluster(client, network, paths, batch_size=1), wanted)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder that is `HERE` for this process, and another one for each worker."""
    if not HERE.exists():
        pytest.skip("/proc is only on Linux")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_network_is_opened_once_in_a_process(network, monkeypatch):
    session, opening, opened = network.session, [], []

    def open_slowly(loaded, precision):
        opening.append(1)
        assert len(opening) - len(opened) == 1
        time.sleep(0.05)
        opened.append(1)
        return session

    monkeypatch.setattr(helpers.networks.precision.settled, "session_for", open_slowly)
    sent = pickle.dumps(SharedNetwork(network, network.loaded.path.read_bytes()))
    workers = [pickle.loads(sent) for _ in range(2)]  # noqa: S301 (our own)
    threads = [threading.Thread(target=worker.session) for worker in workers * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == len(workers)


def test_a_worker_that_dies_when_it_is_given_the_network(client, paths, tmp_path, monkeypatch):
    network, failed = settled(tiny_network(tmp_path / "given.onnx", scale=5.0)), []
    register = getattr(client, "register_plugin", None) or client.register_worker_plugin

    def failing_once(*values, **options):
        if not failed:
            failed.append(1)
            raise OSError("a worker died")
        return register(*values, **options)

    monkeypatch.setattr(client, "register_plugin", failing_once, raising=False)
    same(on_cluster(client, network, paths), here(network, paths))


@pytest.mark.parametrize("kind", [ImportError, Exception])
def test_workers_without_kinframe_are_told(client, paths, tmp_path, monkeypatch, kind):
    def failing(*_, **__):
        raise kind("ModuleNotFoundError: No module named 'helpers'")

    monkeypatch.setattr(client, "register_plugin", failing, raising=False)
    with pytest.raises(ClusterError, match=r"the workers need Kinframe and its packages too: .*No module named"):
        on_cluster(client, settled(tiny_network(tmp_path / "never.onnx", scale=6.0)), paths)


def test_bad_photos_cost_only_themselves(client, network, paths, tmp_path):
    (tmp_path / "half.png").write_bytes(paths[0].read_bytes()[:200])
    photos = [None, paths[0], tmp_path / "half.png", b"", paths[1], None, None, None, tmp_path / "gone.png", paths[2]]
    answer, wanted = on_cluster(client, network, photos), here(network, photos)
    assert answer.bad[:-1] == wanted.bad[:-1] and len(wanted.bad) == 7
    row, reason = answer.bad[-1]
    assert (row, wanted.bad[-1]) == (8, (8, "no such file"))
    assert reason.startswith("no such file for the worker tcp://") and " on " in reason and "though" not in reason
    same(answer._replace(bad=[]), wanted._replace(bad=[]))


def test_nothing_to_do_asks_nobody(client, network):
    assert list(batches_on(client, network, [], batch_size=3)) == []
    answer = on_cluster(client, network, [None, None])
    assert answer.vectors.shape == (0, TINY) and len(answer.bad) == 2


def test_a_photo_that_only_this_machine_sees(client, network, elsewhere):
    picture(1).save("only-here.png")
    answer = on_cluster(client, network, [HERE / "only-here.png"])
    assert "for the worker tcp://" in answer.bad[0][1] and "though this machine has it" in answer.bad[0][1]


def test_photos_that_are_no_files_travel(client, network, paths):
    wanted = here(network, paths)
    answer = on_cluster(client, network, [path.read_bytes() for path in paths])
    assert np.array_equal(answer.vectors, wanted.vectors) and answer.new == wanted.new
    assert [photo.source for photo in answer.photos] == [path.read_bytes() for path in paths]
    frame = load_photos(paths[0].parent, progress=False)[0].sort("path")
    assert np.array_equal(on_cluster(client, network, frame["image"]).vectors, wanted.vectors)


def test_a_copy_is_found_in_its_file(client, network, paths):
    photos = [PhotoRequest(row, path.read_bytes(), str(path)) for row, path in enumerate(paths)]
    paths[3].write_bytes(b"another")
    looked = [photo for batch in batches_on(client, network, photos, batch_size=4) for photo in batch.photos]
    assert [photo.source for photo in looked if photo.row != 3] == [str(path) for path in paths if path != paths[3]]
    assert looked[3].source == photos[3].photo


@pytest.mark.filterwarnings("ignore:Large object of size:UserWarning")  # as helpers.features.dask.worker does
def test_large_photos_travel_in_small_batches_and_without_a_warning(client, network):
    noise = picture(0)
    large = encoded(noise.resize((2000, 2000)), "BMP")
    assert len(large) > 10e6
    with contextlib.closing(batches_on(client, network, asked([large, large]), batch_size=64)) as made:
        assert [len(batch.new) for batch in made] == [1, 1]


def test_addresses(client, network, paths):
    addresses = [path.as_uri() for path in paths]
    photos = [*addresses, paths[0].with_name("gone.png").as_uri(), "unheard://of.png"]
    for known in ((), {"ab" * 32}):
        answer = on_cluster(client, network, photos, known=known)
        wanted = here(network, paths)
        assert np.array_equal(answer.vectors, wanted.vectors) and answer.new == wanted.new
        assert [photo.source for photo in answer.photos] == addresses
        assert not any(photo.file for photo in answer.photos)
        assert answer.bad[0][1].startswith("no such file for the worker tcp://")
        assert answer.bad[1][1].startswith("the worker tcp://") and "unheard" in answer.bad[1][1]


def test_known_photos_are_not_decoded(client, network, paths):
    wanted = here(network, paths)
    known = set(wanted.new[::2])
    answer = on_cluster(client, network, paths, known=known)
    same(answer, here(network, paths, known=known))
    assert len(answer.new) == 6 and answer.vectors.shape == (6, TINY)
    for photos in (paths, [path.read_bytes() for path in paths]):
        answer = on_cluster(client, network, photos, known=set(wanted.new))
        assert answer.new == [] and [photo.identity for photo in answer.photos] == wanted.new
        assert answer.seconds["network"] == answer.seconds["decode"] == 0


@pytest.mark.once("what is sent to workers is settled by us; in both, workers compute, end and are killed")
def test_photos_are_looked_at_first_only_while_it_saves_time(client, network, paths, monkeypatch):
    looks = []
    look = helpers.features.dask.cluster.identities_of
    monkeypatch.setattr(client, "submit", counting(client.submit, looks, look))
    on_cluster(client, network, paths * 8, batch_size=2, known={"ab" * 32})
    assert 0 < len(looks) < 30
    looks.clear()
    known = {photo.identity for photo in here(network, paths).photos}
    on_cluster(client, network, paths * 8, batch_size=2, known=known)
    assert len(looks) == 48


def counting(submit, calls, function):
    def counted(called, *values, **options):
        if called is function:
            calls.append(1)
        return submit(called, *values, **options)

    return counted


def test_only_files_that_are_the_same_for_all_are_remembered(client, network, elsewhere, monkeypatch):
    photos = sorted(ROBOTS.rglob("*.jpg"))[:3]
    looked = on_cluster(client, network, photos).photos
    assert [photo.file for photo in looked] == [
        (str(path), stamps.stamp(path), photo.identity) for path, photo in zip(photos, looked)
    ]
    monkeypatch.setattr(stamps, "_SETTLED", 0)
    inside = photos[0].relative_to(ROOT)
    (elsewhere / inside).parent.mkdir(parents=True)
    picture(1).save(elsewhere / inside)
    (photo,) = on_cluster(client, network, [HERE / inside]).photos
    assert photo.identity == stamps.sha256(photos[0]) and photo.file is None


@pytest.mark.once("what is sent to workers is settled by us; in both, workers compute, end and are killed")
def test_few_batches_are_in_flight(client, network, paths):
    pulled = []
    photos = (pulled.append(1) or each for each in asked(paths * 20))
    with contextlib.closing(batches_on(client, network, photos, batch_size=2)) as made:
        for count, _ in enumerate(made):
            assert len(pulled) <= 2 * (count + 1 + 9)
    assert len(pulled) == 240


def test_closing_takes_back_what_has_not_begun(client, cluster, network, paths):
    made = batches_on(client, network, asked(paths * 20), batch_size=1)
    next(made)
    made.close()
    until(lambda: not cluster.scheduler.tasks)
    same(on_cluster(client, network, paths), here(network, paths))


def test_an_error_of_the_network_is_the_one_it_is_here(client, network, paths):
    with pytest.raises(ModelError, match="precision='fp8'"):
        on_cluster(client, replace(network, precision="fp8"), paths)


def test_what_is_no_client_is_told(network):
    with pytest.raises(ModelError, match=r"client= takes a distributed\.Client, not str"):
        batches_on("tcp://scheduler:8786", network, [], batch_size=1)


def test_what_is_no_photo_is_told(client, network):
    with pytest.raises(FrameError, match="a photo is an Image, a path or bytes, not int"):
        on_cluster(client, network, [5])


def test_without_dask_the_way_to_it_is_told():
    program = "import sys; sys.modules['distributed'] = None\nimport helpers.features.dask.cluster"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert b"ModelError" in done.stderr and b"pip install distributed" in done.stderr


def test_while_there_are_no_workers_a_line_says_so(network, paths, monkeypatch, capsys):
    monkeypatch.setattr(helpers.features.dask.futures, "_PATIENCE", 0.05)
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL, "processes": False}
    with distributed.LocalCluster(n_workers=0, **quiet) as empty, distributed.Client(empty) as client:
        made = batches_on(client, network, asked(paths), batch_size=len(paths))
        done = []
        thread = threading.Thread(target=lambda: done.extend(made))
        thread.start()
        until(lambda: "the cluster has no workers" in capsys.readouterr().out)
        empty.scale(1)
        thread.join(HANGS)
        assert len(done) == 1 and len(done[0].photos) == len(paths)


def test_a_cluster_that_all_workers_have_left_is_not_waited_for_longer_than_asked(network, paths, monkeypatch):
    monkeypatch.setattr(helpers.features.dask.futures, "_PATIENCE", 0.05)
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL, "processes": False}
    with distributed.LocalCluster(n_workers=0, **quiet) as empty, distributed.Client(empty) as client:
        made = batches_on(client, network, asked(paths), batch_size=len(paths), deserted=0.2)
        with pytest.raises(ClusterError, match=r"the cluster has had no workers for 0\.2 seconds"):
            list(made)


def test_a_cluster_that_has_gone_is_told(cluster, network, paths):
    with distributed.Client(cluster) as client:
        made = batches_on(client, network, asked(paths * 20), batch_size=1)
        next(made)
    with pytest.raises(ClusterError, match=r"the cluster was gone .* when it had .*png"):
        list(made)


def test_errors_survive_the_way_from_one_process_to_another():
    for each in vars(helpers.errors).values():
        if isinstance(each, type) and issubclass(each, helpers.errors.KinframeError):
            error = pickle.loads(pickle.dumps(each("said")))  # noqa: S301 (our own)
            assert type(error) is each and str(error) == "said"


@pytest.fixture
def slow(tmp_path, client):
    """A photo that its first reader never gets to the end of; the next one does."""
    path = tmp_path / "slow.png"
    picture(99).save(path)
    client.run(stand_still_at, str(path))
    return path


def stand_still_at(path):
    """On a worker: let whoever reads this photo first, on whatever worker, stand still."""
    import helpers.features.pipeline as pipeline

    read = pipeline.read_photo

    def reading(source):
        if str(source) == path:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(f"{path}.begun", os.O_CREAT | os.O_EXCL))
                threading.Event().wait()
        return read(source)

    pipeline.read_photo = reading


def test_a_worker_that_is_killed_costs_no_photo(client, cluster, network, paths, slow):
    photos = [*paths, slow, *paths]
    thread, answers = in_background(lambda: on_cluster(client, network, photos))
    kill_reader_of(slow, cluster)
    thread.join()
    wanted = here(network, photos)
    assert answers[0].new == wanted.new and np.array_equal(answers[0].vectors, wanted.vectors)
    assert answers[0].bad == []


def test_a_batch_that_kills_its_workers_is_named(client, cluster, network, slow, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    thread, answers = in_background(lambda: on_cluster(client, network, [None, slow]))
    kill_reader_of(slow, cluster)
    thread.join()
    assert isinstance(answers[0], ClusterError)
    for said in ("1 workers died", f"{slow} (row 1)", "batch_size="):
        assert said in str(answers[0])


def in_background(work):
    answers = []

    def kept():
        try:
            answers.append(work())
        except KinframeError as error:
            answers.append(error)

    thread = threading.Thread(target=kept)
    thread.start()
    return thread, answers


def kill_reader_of(slow, cluster):
    until(lambda: Path(f"{slow}.begun").exists())
    until(lambda: len(working(cluster)) == 1)
    (worker,) = working(cluster)
    nanny = next(each for each in cluster.workers.values() if each.worker_address == worker)
    killed = nanny.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: nanny.pid != killed)


def working(cluster):
    tasks = list(cluster.scheduler.tasks.values())
    return {task.processing_on.address for task in tasks if task.processing_on}


def test_embed_and_create_hand_the_work_to_the_cluster(client, network, paths, tmp_path, monkeypatch):
    wanted = embed(paths, network, progress=False)
    monkeypatch.setattr(helpers.networks.runtime.Session, "run", None)  # nothing is computed in this process
    done = [embed(paths, network, progress=False, client=client, store=tmp_path / "store") for _ in range(2)]
    assert [each.timings["kept"] for each in done] == [0, len(paths)]
    for each in done:
        assert np.array_equal(each.vectors, wanted.vectors) and each.sources == wanted.sources
    data = load_photos(tmp_path / "photos", progress=False)[0]
    model = create(data, model=network.loaded.path, verbose=False, store=False, client=client)
    assert model.num_examples == len(paths)
    with pytest.raises(ModelError, match=r"client= takes a distributed\.Client, not str"):
        embed(paths, network, client="tcp://localhost:8786", progress=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.once("what is sent to workers is settled by us; in both, workers compute, end and are killed")
def test_a_worker_without_bf16_rounds(tmp_path, processor, kind):
    """What this machine settled on is what its workers do, whatever processors they have."""
    network = settled(tiny_network(tmp_path / "tiny.onnx"), "bf16")
    processor.become(kind)
    session = SharedNetwork(network, network.loaded.path.read_bytes()).session()
    assert session.rounded == (kind != "bf16") and session.precision == "bf16"
