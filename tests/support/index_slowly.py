"""Does some of the jobs of a collection, until it is killed; says the numbers of its workers."""

import logging
import sys
import threading

import helpers.service.jobs.lease
import helpers.service.jobs.runner
from helpers.service.jobs.indexing import Indexing
from helpers.service.query_network import QueryNetwork
from helpers.service.settings import Settings
from tests.support.service_jobs import Brisk, collection, waiting


def main(folder: str, network: str, address: str) -> None:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    workers = Brisk(Settings(photos=folder, workers=1))
    helpers.service.jobs.lease.SECONDS = helpers.service.jobs.runner.SECONDS = 600.0  # nobody is to wait for its end
    Indexing._take = waiting(2, threading.Event())  # type: ignore[method-assign]
    print(*workers.client().run(os_number).values(), flush=True)
    with collection(folder, QueryNetwork(network), address, workers) as made:
        made.runner.start()
        threading.Event().wait()


def os_number() -> int:
    import os

    return os.getpid()


if __name__ == "__main__":
    main(*sys.argv[1:])
