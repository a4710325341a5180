"""kill -9 at twenty moments: what was said to be kept is kept, and the work goes on from there."""

import contextlib
import multiprocessing
import signal
import time

import numpy as np
import pytest

from helpers.features.embedding import embed
from helpers.features.store import FeatureStore
from tests.support import embed_slowly
from tests.support.pictures import folder_of, tiny_network

# Each process is a copy of one that has imported everything: to import it takes longer than all else here.
STARTS = multiprocessing.get_context("forkserver")
STARTS.set_forkserver_preload(["tests.support.embed_slowly", "openvino", "onnxruntime"])
BATCH, KILLS, PHOTOS = 4, 20, 1200


@pytest.mark.once("it is SQLite that keeps what was written")
def test_a_killed_process_loses_at_most_the_batch_in_flight(tmp_path, record_property):
    folder = folder_of(tmp_path / "photos", PHOTOS)
    network = tiny_network(tmp_path / "tiny.onnx")
    paths = sorted(folder.rglob("*.jpg"))
    wanted = embed(paths, network, precision="fp32", progress=False)
    truth = dict(zip(wanted.identities, wanted.vectors))
    moments = np.random.default_rng(20)
    store = tmp_path / "features.kinframe"
    before = set()
    unsaid = []
    for _ in range(KILLS):
        said = killed_after(int(moments.integers(0, 12)), moments.uniform(0, 0.03), folder, network, store)
        kept = features_in(store, wanted.identities)
        assert said | before <= set(kept), "a photo that was said to be kept is not"
        assert len(set(kept) - said - before) <= BATCH
        unsaid.append(len(set(kept) - said - before))
        for photo, vector in kept.items():
            assert np.array_equal(vector, truth[photo]), "a feature is not what it was"
        before = set(kept)
    assert 0 < len(before) < len(truth), "the kills must come while there is work"
    record_property("photos kept over twenty kills", len(before))
    record_property("photos that were kept but not yet said to be", sum(unsaid))
    done = embed(paths, network, precision="fp32", progress=False, store=store)
    assert np.array_equal(done.vectors, wanted.vectors) and done.identities == wanted.identities
    assert done.timings["kept"] >= len(before)


def killed_after(batches, seconds, folder, network, store):
    """Run `embed_slowly` and kill it some seconds after so many batches; the photos that it had said were kept."""
    listening, said = STARTS.Pipe(duplex=False)
    process = STARTS.Process(target=embed_slowly.main, args=(said, folder, network, store))
    process.start()
    said.close()
    kept = []
    with listening, contextlib.suppress(EOFError):
        for _ in range(batches):
            kept.append(listening.recv())
        time.sleep(seconds)
        process.kill()
        while True:
            kept.append(listening.recv())
    process.join()
    assert None not in kept and process.exitcode == -signal.SIGKILL
    return {photo for batch in kept for photo in batch}


def features_in(store, identities):
    with FeatureStore(store) as opened:
        contents = opened.contents()
        if not contents:
            return {}
        rows, vectors = opened.features(contents[0].key, identities)
        assert opened.photos(contents[0].key) == {identities[row] for row in rows}
        return {identities[row]: vector for row, vector in zip(rows, vectors)}
