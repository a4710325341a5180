"""kill -9 at twenty moments: what was said to be kept is kept, and the work goes on from there."""

import signal
import subprocess
import sys
import time

import numpy as np

from helpers.features.embedding import embed
from helpers.features.store import FeatureStore
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT

SLOWLY = ROOT / "tests" / "support" / "embed_slowly.py"
BATCH, KILLS, PHOTOS = 4, 20, 1200


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
    command = [sys.executable, str(SLOWLY), str(folder), str(network), str(store)]
    with subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline() for _ in range(batches)]
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    assert "all\n" not in said and process.returncode == -signal.SIGKILL
    # A line that was cut off by the kill says nothing.
    return {photo for line in said if line.endswith("\n") for photo in line.split()}


def features_in(store, identities):
    with FeatureStore(store) as opened:
        contents = opened.contents()
        if not contents:
            return {}
        rows, vectors = opened.features(contents[0].key, identities)
        assert opened.photos(contents[0].key) == {identities[row] for row in rows}
        return {identities[row]: vector for row, vector in zip(rows, vectors)}
