"""Reads the command line of a service."""

import argparse
import ipaddress
import os
from pathlib import Path
from typing import Any, Sequence, Tuple

from helpers.features.distance import METRICS
from helpers.features.open_index import KINDS
from helpers.photos.folder import named_folder
from helpers.service.settings import LOOPBACK, Settings

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "KINFRAME_DATABASE"
WAY_OUT = "use --photos FOLDER (make serve: FOLDER=path/to/photos)"  # of a folder that cannot be served

_USAGE = """\
python -m helpers.service [--photos FOLDER] [options]
       python -m helpers.service keys add NAME --role read|write
       python -m helpers.service keys list
       python -m helpers.service keys accept NAME
       python -m helpers.service keys remove NAME"""
_DATABASE_HELP = (
    f"postgresql://… or the path of a file; default: the environment variable {DATABASE}, which keeps a password out "
    "of the list of processes; else a file in the cache folder"
)


def settings_of(arguments: Sequence[str]) -> Tuple[Settings, bool]:
    """The settings on the command line, and whether the service ends when its standard input does."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.service", usage=_USAGE, description="A search service for the photos of a folder."
    )
    parser.set_defaults(**Settings(Path())._asdict())
    add_places(parser)
    add = parser.add_argument
    add("--host", type=_host, help="0.0.0.0 lets other machines in; default: %(default)s")
    add("--port", type=_whole(0, 65_535), help="0 is any free port; default: %(default)s")
    names = "host name of a proxy in front; may be repeated"
    add("--name", dest="names", action="append", default=[], metavar="HOST", help=names)
    proxies = "address or network of a proxy in front, whose X-Forwarded-For is believed; may be repeated"
    add("--proxy", dest="proxies", action="append", default=[], type=_network, metavar="ADDRESS", help=proxies)
    add("--model", help="a network, as `create` takes it; default: %(default)s")
    add("--metric", choices=METRICS, help="of a search that names none; default: %(default)s")
    add("--index", choices=KINDS, help="default: %(default)s")
    add("--dask", metavar="ADDRESS", help="address of a scheduler; default: processes on this machine")
    add("--workers", type=_whole(1, 1_024), help="number of these processes; default: %(default)s")
    hosts = "a host from which photos may be fetched; may be repeated"
    add("--allow-host", dest="allowed_hosts", action="append", default=[], metavar="HOST[:PORT]", help=hosts)
    add("--upload-bytes", type=_whole(1_000, 2**31), help="default: %(default)s")
    add("--upload-pixels", type=_whole(1_000, 2**40), help="default: %(default)s")
    add("--upload-seconds", type=_number, help="default: %(default)s")
    add("--rate", type=_number, help="requests a second for each caller, 0: without a limit; default: %(default)s")
    add("--burst", type=_whole(1, 10**9), help="requests that may come at once; default: %(default)s")
    add("--end-with-stdin", action="store_true", help="end when standard input does: with the program that started it")
    chosen = vars(parser.parse_args(arguments))
    with_stdin = chosen.pop("end_with_stdin")
    chosen.update(photos=folder_of(chosen["photos"]))
    chosen.update({name: tuple(chosen[name]) for name in ("names", "proxies", "allowed_hosts")})
    return Settings(**chosen), with_stdin


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a collection."""
    parser.add_argument("--photos", default="", metavar="FOLDER", help="the photo root; default: the sample photos")
    parser.add_argument("--database", default=os.environ.get(DATABASE, ""), metavar="ADDRESS", help=_DATABASE_HELP)


def folder_of(text: str) -> Path:
    """The photo root; the sample photos where none is named."""
    return named_folder(text or ROOT / "data" / "robots")


def _host(text: str) -> str:
    return text or LOOPBACK[0]  # an empty one would let everybody in


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; name a proxy as 192.0.2.7 or 10.0.0.0/24") from None


def name_of_key(text: str) -> str:
    """A valid name of a key."""
    if not (1 <= len(text) <= 100 and text.isprintable()):
        raise argparse.ArgumentTypeError("a name has 1 to 100 printable characters")
    return text


def _whole(least: int, most: int) -> Any:
    def whole(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not from {least} to {most}")
        return value

    return whole


def _number(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0")
    return value
