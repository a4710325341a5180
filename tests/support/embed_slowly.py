"""Embeds the photos of a folder into a store, slowly, and says after each batch which photos are on disk."""

import time
from multiprocessing.connection import Connection
from pathlib import Path

from tqdm.auto import tqdm

from helpers.features.embedding import embed
from helpers.features.store import FeatureStore
from helpers.networks.runtime import Session

tqdm.get_lock()  # made here, once: those who are killed would each leave a semaphore behind


def main(said: Connection, folder: Path, network: Path, store: Path) -> None:
    """In a process of its own; a list of photos is sent for each batch, and at the end None."""
    run, add = Session.run, FeatureStore.add

    def slowly(session, photos):
        time.sleep(0.01)
        return run(session, photos)

    def told(self, key, photos, vectors, files=()):
        add(self, key, photos, vectors, files)
        said.send(list(photos))

    Session.run, FeatureStore.add = slowly, told
    embed(sorted(Path(folder).rglob("*.jpg")), network, precision="fp32", batch_size=4, progress=False, store=store)
    said.send(None)
