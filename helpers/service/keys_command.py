"""The keys of a service on the command line: made, listed and removed; and that there is one where others could ask."""

import argparse
import shlex
import sys
from typing import Any, Sequence, Tuple

from helpers.database.interface import Database
from helpers.errors import ServiceError
from helpers.service.command_line import add_places, check_folder, folder_of, name_of_key
from helpers.service.records import ROLES
from helpers.service.settings import Settings, usual_file


def check_keys(settings: Settings) -> None:
    """Raises `ServiceError` where others could ask, and nobody has a key or photos cannot be read safely."""
    from helpers.service.gate.access import is_loopback
    from helpers.service.gate.uploads import check_reader

    if is_loopback(settings.host) and not settings.names:
        return
    check_reader()
    database, keys = _open_keys(settings)
    try:
        if not keys.all():
            raise ServiceError(
                f"others could reach the service at {settings.host}, and no key was made yet. Make one first, for the "
                f"same photos and database:\n  {shlex.quote(sys.executable)} -m helpers.service keys add NAME "
                f"--role write --photos {shlex.quote(str(settings.photos))}"
            )
    finally:
        database.close()


def change_keys(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m helpers.service keys", description="The keys of a service.")
    actions = parser.add_subparsers(dest="action", required=True)
    add, listed, remove = (actions.add_parser(name) for name in ("add", "list", "remove"))
    for each in (add, remove):
        each.add_argument("name", type=name_of_key, help="whose key it is")
    add.add_argument("--role", choices=ROLES, required=True, help="write may do all that read may")
    for each in (add, listed, remove):
        add_places(each)
    chosen = parser.parse_args(arguments)
    settings = Settings(folder_of(chosen.photos), chosen.database)
    if not settings.database:
        check_folder(settings.photos)  # by which the file with the keys is called
    database, keys = _open_keys(settings)
    try:
        if chosen.action == "add":
            key = keys.add(chosen.name, chosen.role)
            print("The key is told this once; requests say `Authorization: Bearer …`:", file=sys.stderr)
            print(key)
        elif chosen.action == "remove":
            keys.remove(chosen.name)
            print(f"The key of {chosen.name} works no longer.")
        else:
            rows = keys.all()
            if not rows:
                print("No key was made yet: keys add NAME --role read|write makes one.", file=sys.stderr)
            for row in rows:
                print(f"{row.name}\t{row.role}\t{row.created:%Y-%m-%d %H:%M} UTC")
    finally:
        database.close()
    return 0


def _open_keys(settings: Settings) -> Tuple[Database, Any]:
    """The database of a service and its keys, without a network."""
    from helpers.database.postgres import PostgresDatabase, is_address
    from helpers.database.schema import migrate
    from helpers.database.sqlite import SqliteDatabase
    from helpers.service.storage.keys import Keys

    address = settings.database or str(usual_file(settings.photos))
    database: Database = PostgresDatabase(address) if is_address(address) else SqliteDatabase(address)
    try:
        migrate(database)
        return database, Keys(database)
    except BaseException:
        database.close()
        raise
