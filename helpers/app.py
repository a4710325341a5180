"""`make app`: the explorer as a web page for a class, on the sample photos or on another folder.

The work is done once, before the server starts: features, thumbnails, and a
folder in the cache with everything that a visitor's kernel opens:

    model/    the similarity model
    photos/   a frame with the details of each photo, without images
    page/     the notebook behind the page, with one cell; the page's template; the kernel's command

Voilà then serves each visitor a page, with a separate kernel behind it.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Optional, Sequence

from helpers.errors import KinframeError
from helpers.files.cache import cache_folder
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing

ROOT = Path(__file__).resolve().parent.parent
PORT = 8866  # Voilà's default
THEMES = ("light", "dark")

_LOCAL = ("127.0.0.1", "localhost", "::1")
_PRIVATE = {"id", "image", "file"}  # columns of `load_photos`: they show where the photos are on this machine
_AT_ONCE = 500  # thumbnails made between two updates of the progress bar
_IDLE = 10 * 60  # seconds until the kernel of a visitor who has left is ended
_CELL = "from helpers.app import visit\nvisit({place!r})"

# Voilà's own template, without the icons that it fetches from elsewhere, and with these two themes only: it writes the
# name of any other theme into the page unescaped.
_TEMPLATE = """
{%- extends "voila/templates/lab/index.html.j2" -%}
{%- import "spinner.macro.html.j2" as spinner -%}
{%- if resources.theme not in THEMES -%}{%- do resources.update(theme="light") -%}{%- endif -%}
{%- block notebook_css -%}
{{ resources.include_js("static/voila-style.js") }}
{{ spinner.css() }}
{{ super.super() }}
<style>body .kinframe-explorer .kf-gallery { height: max(320px, calc(100vh - 310px)); }</style>
{%- endblock notebook_css -%}
""".replace("THEMES", repr(THEMES))

# The page fetches nothing from elsewhere: Voilà would ask a CDN for a widget that it does not have.
_ONLY_HERE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Prepare the page for the folder in the environment variable `FOLDER`, and serve it until Ctrl+C."""
    chosen = _parser().parse_args(arguments)
    # From the environment, not the command line, so that no shell interprets the file name.
    named = os.environ.get("FOLDER", "")
    folder = Path(named).expanduser().absolute() if named else ROOT / "data" / "robots"
    try:
        obstacle = _obstacle(folder, chosen.host, chosen.port)
        if obstacle:
            print(obstacle, file=sys.stderr)
            return 2
        print(f"Preparing the photos of {folder}", flush=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as worker:  # its memory is free again afterwards
            place = worker.submit(prepare, folder).result()
        serve(place, host=chosen.host, port=chosen.port, theme=chosen.theme)
    except KinframeError as error:
        print(error, file=sys.stderr)
        return 1
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


def prepare(folder: Path) -> Path:
    """Do the work that is the same for all visitors; the path of the folder that their kernels open.

    Raises `FrameError` where the folder has no photos, and what `create` raises.
    """
    from helpers import tc
    from helpers.photos.load import load_photos
    from helpers.similarity.build import create

    data, _ = load_photos(folder)
    model = create(data)
    details: Any = model.data
    details = details[[name for name in details.column_names() if name not in _PRIVATE]]
    _keep_thumbnails(model.collection)
    name = hashlib.sha256(f"{tc.ENVIRONMENT} {folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    place = cache_folder() / "app" / name
    model.save(place / "model")
    details.save(str(place / "photos"))
    _write_page(place, folder.name or str(folder))
    return place


def serve(place: Path, *, host: str = _LOCAL[0], port: int = PORT, theme: str = THEMES[0]) -> None:
    """Serve the folder that `prepare` returned, until Ctrl+C."""
    from jupyter_core.utils import run_sync
    from traitlets.config import Config
    from voila.app import Voila

    class Server(Voila):
        def launch_browser(self) -> None:  # Voilà calls this when the page can be opened
            _end_on_ctrl_c()
            _announce(host, port)

        def stop(self) -> None:
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a page in the making is given up
            shutil.rmtree(self.connection_dir)
            run_sync(_end_kernels)(self.kernel_manager)

    settings = Config()
    settings.Voila.update(ip=host, port=port, port_retries=0, log_level="ERROR", open_browser=True)
    settings.Voila.config_file_paths = []  # personal settings must not change a page for others
    settings.Voila.tornado_settings = {
        "headers": {"Content-Security-Policy": _ONLY_HERE},
        # A closing page ends its kernel by a POST without the cookie of the check; nothing else can be posted.
        "disable_check_xsrf": True,
        "allow_remote_access": host not in _LOCAL,  # else a page from elsewhere could pretend to be this one
    }
    settings.VoilaConfiguration.update(
        theme=theme,
        allow_template_override="NO",
        file_allowlist=[],
        strip_sources=True,
        show_tracebacks=False,
        preheat_kernel=True,  # the next visitor's kernel is started before they come
    )
    settings.VoilaExecutor.startup_timeout = 600  # when all come at once
    settings.KernelManager.shutdown_wait_time = 1.0  # seconds; a kernel has nothing to save
    settings.MappingKernelManager.update(cull_idle_timeout=_IDLE, cull_interval=60)
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns of Jupyter's own ping settings
    page = place / "page"
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(page), os.environ.get("JUPYTER_PATH")]))
    server = Server(config=settings)
    server.initialize([str(page / "photos.ipynb")])
    server.template_paths.insert(0, str(page))
    server.start()


def visit(place: str) -> Any:
    """The explorer of one visitor; called in their kernel."""
    from helpers import tc
    from helpers.explorer.explorer import Explorer
    from helpers.similarity.build import load_model

    model, data = load_model(Path(place) / "model"), tc.load_sframe(str(Path(place) / "photos"))
    return Explorer(model, data, keep=False)  # visitors store nothing on this machine: no labels, no copies of photos


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make app", description="The explorer as a web page.")
    parser.add_argument("--host", type=_host, default=_LOCAL[0], help="0.0.0.0 lets other machines in")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--theme", choices=THEMES, default=THEMES[0], help="default: %(default)s")
    return parser


def _host(text: str) -> str:
    return text or _LOCAL[0]  # an empty one would accept connections from everywhere


def _obstacle(folder: Path, host: str, port: int) -> str:
    """A reason why the server cannot start, found before the work is done; empty where there is none."""
    if not folder.is_dir():
        return f"{folder}: no such folder. Run make app FOLDER=path/to/photos"
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


def _keep_thumbnails(collection: Any) -> None:
    from helpers.images.thumbnails import Thumbnails

    thumbnails, photos = Thumbnails(), list(zip(collection.sources, collection.identities))
    with progress_bar(total=len(photos), unit="thumbnails") as bar:
        for start in range(0, len(photos), _AT_ONCE):
            bar.update(len(thumbnails.get_many(photos[start : start + _AT_ONCE])))


def _write_page(place: Path, title: str) -> None:
    import nbformat

    page = place / "page"
    about = {"title": title, "kernelspec": {"name": "photos", "display_name": "photos", "language": "python"}}
    cell = nbformat.v4.new_code_cell(_CELL.format(place=str(place)))
    # This environment's Python, without the person's own settings for notebooks, their history and start-up files.
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--IPKernelApp.log_level=50"]
    command += [f"--IPKernelApp.ipython_dir={page / 'ipython'}", "--HistoryManager.enabled=False"]
    kernel = {"argv": command, "display_name": "photos", "language": "python", "env": {"PYTHONNOUSERSITE": "1"}}
    files = {
        "photos.ipynb": nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata=about)),
        "index.html.j2": _TEMPLATE,
        "kernels/photos/kernel.json": json.dumps(kernel),
    }
    (page / "ipython").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with replacing(page / name) as file:
            file.write_text(text, encoding="utf-8")


def _end_on_ctrl_c() -> None:
    """Stop between two steps of the server; within one, Ctrl+C would print a traceback."""
    from tornado.ioloop import IOLoop

    loop = IOLoop.current()

    def end(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl+C stops it at once
        loop.add_callback_from_signal(loop.stop)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


async def _end_kernels(kernels: Any) -> None:
    from tornado.web import HTTPError

    for _ in range(50):
        try:
            return await kernels.shutdown_all(now=True)  # a kernel that is asked to end prints a traceback
        except HTTPError:  # a kernel that is just starting cannot be ended yet
            await asyncio.sleep(0.1)


def _announce(host: str, port: int) -> None:
    if host in _LOCAL:
        print("Only this machine can open it; HOST=0.0.0.0 lets others in.")
    else:
        print("Everybody who can reach this machine can open it and see all of these photos. There is no password.")
    print(f"\n  open   http://{_name(host)}:{port}/\n\nCtrl+C stops it.", flush=True)


def _name(host: str) -> str:
    """This machine's name in an address that others open."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # only where HOST= says so
        host = socket.gethostname()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
            route.connect(("192.0.2.1", 9))  # nothing is sent: this only selects the sender's address
            host = route.getsockname()[0]
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
