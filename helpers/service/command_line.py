"""The command line of a service, read."""

import argparse
import os
from pathlib import Path
from typing import Any, Sequence, Tuple

from helpers.errors import ServiceError
from helpers.features.distance import METRICS
from helpers.service.settings import PORT, Settings

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "KINFRAME_DATABASE"

_USAGE = """\
python -m helpers.service [--photos FOLDER] [options]
       python -m helpers.service keys add NAME --role read|write
       python -m helpers.service keys list
       python -m helpers.service keys remove NAME"""
_DATABASE_HELP = (
    f"postgresql://… or the path of a file; default: the environment variable {DATABASE}, so that a password need not "
    "stand in the list of processes, or else a file in the cache folder"
)


def settings_of(arguments: Sequence[str]) -> Tuple[Settings, bool]:
    """What the command line says; and whether the service ends when its standard input does."""
    usual = Settings(Path())
    parser = argparse.ArgumentParser(
        prog="python -m helpers.service", usage=_USAGE, description="A search service for the photos of a folder."
    )
    add_places(parser)
    add = parser.add_argument
    add("--host", type=_host, default=usual.host, help="0.0.0.0 lets other machines in; default: %(default)s")
    add("--port", type=_whole(0, 65_535), default=PORT, help="0 is any that is free; default: %(default)s")
    add("--name", action="append", default=[], metavar="HOST", help="by which a proxy in front is called; repeated")
    add("--model", default=usual.model, help="a network, as `create` takes it; default: %(default)s")
    add("--metric", choices=METRICS, default=usual.metric, help="where a question does not say; default: %(default)s")
    add("--index", choices=("exact", "hnsw"), default=usual.index, help="default: %(default)s")
    add("--dask", default="", metavar="ADDRESS", help="of a scheduler; default: processes on this machine")
    add("--workers", type=_whole(1, 1_024), default=usual.workers, help="of these processes; default: %(default)s")
    add(
        "--allow-host", action="append", default=[], metavar="HOST[:PORT]", help="photos may be fetched there; repeated"
    )
    add("--upload-bytes", type=_whole(1_000, 2**31), default=usual.upload_bytes, help="default: %(default)s")
    add("--upload-pixels", type=_whole(1_000, 2**40), default=usual.upload_pixels, help="default: %(default)s")
    add("--upload-seconds", type=_number, default=usual.upload_seconds, help="default: %(default)s")
    add(
        "--rate",
        type=_number,
        default=usual.rate,
        help="requests a second for each caller, 0: any; default: %(default)s",
    )
    add("--burst", type=_whole(1, 10**9), default=usual.burst, help="that may come at once; default: %(default)s")
    add("--end-with-stdin", action="store_true", help="end when standard input does: with the program that started it")
    chosen = parser.parse_args(arguments)
    settings = Settings(
        photos=folder_of(chosen.photos),
        database=chosen.database,
        model=chosen.model,
        metric=chosen.metric,
        index=chosen.index,
        host=chosen.host,
        port=chosen.port,
        dask=chosen.dask,
        workers=chosen.workers,
        allowed_hosts=tuple(chosen.allow_host),
        upload_bytes=chosen.upload_bytes,
        upload_pixels=chosen.upload_pixels,
        upload_seconds=chosen.upload_seconds,
        rate=chosen.rate,
        burst=chosen.burst,
        names=tuple(chosen.name),
    )
    return settings, chosen.end_with_stdin


def add_places(parser: argparse.ArgumentParser) -> None:
    """Have a parser take which collection is meant."""
    parser.add_argument("--photos", default="", metavar="FOLDER", help="the photo root; default: the sample photos")
    parser.add_argument("--database", default=os.environ.get(DATABASE, ""), metavar="ADDRESS", help=_DATABASE_HELP)


def folder_of(text: str) -> Path:
    """The photo root; the sample photos where none is named."""
    return Path(text).expanduser().absolute() if text else ROOT / "data" / "robots"


def check_folder(photos: Path) -> None:
    """Raises `ServiceError` where there is no such folder."""
    if not photos.is_dir():
        raise ServiceError(f"{photos}: no such folder; say --photos FOLDER (make serve: FOLDER=path/to/photos)")


def _host(text: str) -> str:
    return text or Settings(Path()).host  # an empty one would let everybody in


def name_of_key(text: str) -> str:
    """The name, if it may be one."""
    if not (1 <= len(text) <= 100 and text.isprintable()):
        raise argparse.ArgumentTypeError("a name has 1 to 100 characters that can be printed")
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
