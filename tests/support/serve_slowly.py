"""The command of the service, whose workers are there long before it learns of them; and what Dask finds at its end."""

import atexit
import sys
import threading

from distributed import Status
from distributed.deploy import spec

import helpers.service.jobs.workers
from helpers.service.__main__ import _leave, main


class Slow(helpers.service.jobs.workers.LocalCluster):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        print("workers:", *(worker.pid for worker in self.workers.values()), flush=True)
        threading.Event().wait()


def tell() -> None:
    """Dask closes these at the end of the interpreter, and says so where it cannot."""
    left = [cluster for cluster in spec.SpecCluster._instances if cluster.status != Status.closed]
    print("left to Dask:", len(left), flush=True)


if __name__ == "__main__":
    helpers.service.jobs.workers.LocalCluster = Slow
    atexit.register(tell)  # later than Dask's own, and so called before it
    _leave(main(sys.argv[1:]))
