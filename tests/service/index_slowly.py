"""Does the jobs of a collection slowly, until it is killed; says the numbers of its workers, and how far it is."""

import logging
import sys
import time

from helpers.service.query_network import QueryNetwork
from helpers.service.settings import Settings
from helpers.service.workers import Workers
from tests.service.jobs import collection, take_your_time


def main(folder: str, network: str, address: str) -> None:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    workers = Workers(Settings(photos=folder, workers=1))
    workers.client().run(take_your_time, 0.03)
    print(*workers.client().run(os_number).values(), flush=True)
    with collection(folder, QueryNetwork(network), address, workers) as made:
        made.runner.start()
        while True:
            print(made.storage.jobs.newest(1)[0].done, flush=True)
            time.sleep(0.1)


def os_number() -> int:
    import os

    return os.getpid()


if __name__ == "__main__":
    main(*sys.argv[1:])
