"""The keys of a service on the command line: made, listed and removed; and that there is one where others could ask."""

import argparse
import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import Sequence

from helpers.database.postgres import is_address
from helpers.errors import ServiceError
from helpers.files.cache import cache_folder
from helpers.files.spelling import printable
from helpers.images.uploads import check_reader
from helpers.photos.folder import check_folder
from helpers.service.command_line import WAY_OUT, add_places, folder_of, name_of_key
from helpers.service.gate.access import only_here
from helpers.service.records import ROLES
from helpers.service.settings import Settings
from helpers.service.storage.keys import KeyTable, is_accepted
from helpers.service.storage.storage import open_database


def check_keys(settings: Settings) -> None:
    """Raises `ServiceError` where others could reach the service, and it has no key or photos cannot be read safely.

    And for a file with keys that were neither made nor accepted by this account: whoever made the file has them.
    """
    _check_origin(settings)
    if only_here(settings):
        return
    check_reader()
    with closing(open_database(settings.address)) as database:
        if not KeyTable(database).all():
            raise ServiceError(
                f"others could reach the service at {settings.host}, and it has no key yet. Make one first, for the "
                f"same photos and database:\n  {shlex.quote(sys.executable)} -m helpers.service keys add NAME "
                f"--role write --photos {shlex.quote(str(settings.photos))}"
            )


def _check_origin(settings: Settings) -> None:
    file = Path(settings.address).expanduser().absolute()
    if is_address(settings.address) or not file.is_file() or cache_folder() in file.parents:
        return
    with closing(open_database(settings.address)) as database:
        names = [repr(key.name) for key in KeyTable(database).all() if not is_accepted(key)]
    if names:
        raise ServiceError(
            f"{file} has keys that were not made by this account, and whoever made them could use the service: "
            f"{', '.join(names[:10])}{' …' * (len(names) > 10)}. Make them valid here, or remove them:\n  "
            f"{shlex.quote(sys.executable)} -m helpers.service keys accept|remove NAME --database "
            f"{shlex.quote(str(file))}"
        )


def change_keys(arguments: Sequence[str]) -> int:
    """Run `keys add`, `keys list`, `keys accept` or `keys remove`; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m helpers.service keys", description="The keys of a service.")
    actions = parser.add_subparsers(dest="action", required=True)
    add, listed, accept, remove = (actions.add_parser(name) for name in ("add", "list", "accept", "remove"))
    for action in (add, accept, remove):
        action.add_argument("name", type=name_of_key, help="whose key it is")
    add.add_argument("--role", choices=ROLES, required=True, help="write may do all that read may")
    for action in (add, listed, accept, remove):
        add_places(action)
    chosen = parser.parse_args(arguments)
    settings = Settings(folder_of(chosen.photos), chosen.database)
    if not settings.database:
        check_folder(settings.photos, WAY_OUT)  # the file with the keys is named after it
    with closing(open_database(settings.address)) as database:
        keys = KeyTable(database)
        if chosen.action == "add":
            key = keys.add(chosen.name, chosen.role)
            print("The key is shown only once; requests send it as `Authorization: Bearer …`:", file=sys.stderr)
            print(key)
        elif chosen.action == "accept":
            keys.accept(chosen.name)
            print(f"The key of {chosen.name} is valid here too.")
        elif chosen.action == "remove":
            keys.remove(chosen.name)
            print(f"The key of {chosen.name} no longer works.")
        else:
            rows = keys.all()
            if not rows:
                print("No key was made yet: keys add NAME --role read|write makes one.", file=sys.stderr)
            for row in rows:
                print(f"{printable(row.name)}\t{printable(row.role)}\t{row.created:%Y-%m-%d %H:%M} UTC")
    return 0
