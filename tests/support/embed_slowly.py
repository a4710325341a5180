"""Embeds the photos of a folder into a store, slowly, and says after each batch which photos are on disk."""

import sys
import time
from pathlib import Path

from helpers.features.embedding import embed
from helpers.features.store import FeatureStore
from helpers.networks.runtime import Session


def main(folder: str, network: str, store: str) -> None:
    run, add = Session.run, FeatureStore.add

    def slowly(session, photos):
        time.sleep(0.01)
        return run(session, photos)

    def told(self, key, photos, vectors, files=()):
        add(self, key, photos, vectors, files)
        print(" ".join(photos), flush=True)

    Session.run, FeatureStore.add = slowly, told
    embed(sorted(Path(folder).rglob("*.jpg")), network, precision="fp32", batch_size=4, progress=False, store=store)
    print("all", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
