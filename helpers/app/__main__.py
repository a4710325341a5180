"""`make app`: prepare the page for the sample photos or another folder, and serve it until Ctrl+C."""

import argparse
import contextlib
import os
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Optional, Sequence

from helpers.app.prepared import THEMES, prepare
from helpers.app.visits import EACH, places
from helpers.errors import FolderError, KinframeError
from helpers.files.spelling import print_anywhere, printable
from helpers.images.uploads import check_reader
from helpers.photos.folder import check_has_photos, named_folder
from helpers.service.heaps import few_heaps

ROOT = Path(__file__).resolve().parents[2]
PORT = 8866  # Voilà's default

_LOCAL = ("127.0.0.1", "localhost", "::1")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Prepare the page for the folder in the environment variable `FOLDER`, and serve it until Ctrl+C."""
    print_anywhere()
    chosen = _parser().parse_args(arguments)
    # From the environment, not the command line, so that no shell interprets the file name.
    try:
        folder = named_folder(os.environ.get("FOLDER") or ROOT / "data" / "robots")
        check_has_photos(folder, "run make app FOLDER=path/to/photos")
        obstacle = _obstacle(chosen.host, chosen.port)
        if obstacle:
            print(printable(obstacle), file=sys.stderr)
            return 2
        local = chosen.host in _LOCAL
        if not local:
            check_reader()
        print(printable(f"Preparing the photos of {folder}"), flush=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as worker:  # its memory is free again afterwards
            place = worker.submit(prepare, folder).result()
        from helpers.app.server import serve

        few_heaps()
        most = chosen.visitors or places()
        serve(
            place,
            host=chosen.host,
            port=chosen.port,
            theme=chosen.theme,
            local=local,
            most=most,
            each=most if local else chosen.each,
            announce=lambda: _announce(chosen.host, chosen.port),
        )
    except KinframeError as error:
        print(printable(str(error)), file=sys.stderr)
        return 2 if isinstance(error, FolderError) else 1
    except BrokenProcessPool:
        print(
            "The work was stopped from outside, perhaps for lack of memory. What was done is kept.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        pass
    print("Ended.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make app", description="The explorer as a web page.")
    parser.add_argument("--host", type=_host, default=_LOCAL[0], help="0.0.0.0 lets other machines in")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--theme", choices=THEMES, default=THEMES[0], help="default: %(default)s")
    most = "pages that may be open at once; default: as many as there is memory for, 40 at most"
    parser.add_argument("--visitors", type=_count, help=most)
    each = "how many of them one address may open, which all behind one proxy share; default: %(default)s"
    parser.add_argument("--each", type=_count, default=EACH, help=each)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
    return int(text)


def _host(text: str) -> str:
    return text or _LOCAL[0]  # an empty one would accept connections from everywhere


def _obstacle(host: str, port: int) -> str:
    """A reason why the server cannot start, found before the work is done; empty where there is none."""
    if find_spec("voila") is None:
        return "The page needs Voilà: pip install voila"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # the port of a server that has just ended is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        return f"{host}, port {port}, is not available ({error}). Run make app PORT={PORT + 1}, or with another HOST"
    return ""


def _announce(host: str, port: int) -> None:
    if host in _LOCAL:
        print("Only this machine can open it; HOST=0.0.0.0 lets others in.")
    else:
        print("Everybody who can reach this machine can open it and see all of these photos. There is no password.")
    print(f"\n  open   http://{_name(host)}:{port}/\n\nCtrl+C stops it.", flush=True)


def _name(host: str) -> str:
    """This machine's name in an address that others open."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # nosec B104  # only where HOST= says so
        host = socket.gethostname()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
            route.connect(("192.0.2.1", 9))  # nothing is sent: this only selects the sender's address
            host = route.getsockname()[0]
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
