"""`make app`: the explorer as a web page for a class, on the sample photos or on a folder of one's own.

The work is done once, before the server starts: features, thumbnails, and in
the cache folder a place with all that a visitor's kernel opens:

    model/    the similarity model
    photos/   what is known of each photo: a frame without images
    page/     the notebook behind the page, of one cell; the page's template; how a kernel is started

Voilà then gives each visitor a page, and a kernel of their own behind it.
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
from helpers.files.replacing import replacing

ROOT = Path(__file__).resolve().parent.parent
PORT = 8866  # Voilà's usual one
THEMES = ("light", "dark")

_LOCAL = ("127.0.0.1", "localhost", "::1")
_PRIVATE = {"id", "image", "file"}  # columns of `load_photos`: a visitor is not told where photos lie on this machine
_AT_ONCE = 500  # thumbnails that are made before the bar moves on
_IDLE = 10 * 60  # seconds until the kernel of a visitor who went away without a word is ended
_CELL = "from helpers.app import visit\nvisit({place!r})"

# Voilà's own template, without the icons that it fetches from elsewhere, and with no theme but those two: it would
# write any other into the page as it came.
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

# Nothing is fetched from elsewhere, whoever wants it: Voilà would ask a CDN for a widget that it does not know.
_ONLY_HERE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Lay the page ready for the folder that the environment variable `FOLDER` names, and serve it until Ctrl+C."""
    chosen = _parser().parse_args(arguments)
    # By the environment and not by the command line: a file name is no shell's business.
    wanted = os.environ.get("FOLDER", "")
    folder = Path(wanted).expanduser().absolute() if wanted else ROOT / "data" / "robots"
    try:
        trouble = _trouble(folder, chosen.host, chosen.port)
        if trouble:
            print(trouble, file=sys.stderr)
            return 2
        print(f"Laying the photos of {folder} ready", flush=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as once:  # the memory that it takes, it takes with it
            place = once.submit(prepare, folder).result()
        serve(place, host=chosen.host, port=chosen.port, theme=chosen.theme)
    except KinframeError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenProcessPool:
        print("The work was ended from outside: was the memory too small? What was done is kept.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("Ended.")
    return 0


def prepare(folder: Path) -> Path:
    """Do the work that is the same for all visitors; the place of what they open.

    Raises `FrameError` where the folder holds no photos, and what `create` raises.
    """
    from helpers import tc
    from helpers.photos.load import load_photos
    from helpers.similarity.build import create

    data, _ = load_photos(folder)
    model = create(data)
    told: Any = model.data
    told = told[[name for name in told.column_names() if name not in _PRIVATE]]
    _keep_thumbnails(model.collection)
    name = hashlib.sha256(f"{tc.ENVIRONMENT} {folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    place = cache_folder() / "app" / name
    model.save(place / "model")
    told.save(str(place / "photos"))
    _write_page(place, folder.name or str(folder))
    return place


def serve(place: Path, *, host: str = _LOCAL[0], port: int = PORT, theme: str = THEMES[0]) -> None:
    """Serve what `prepare` laid ready, until Ctrl+C."""
    from jupyter_core.utils import run_sync
    from traitlets.config import Config
    from voila.app import Voila

    class Server(Voila):
        def launch_browser(self) -> None:  # Voilà calls this when the page can be had
            _end_on_ctrl_c()
            _announce(host, port)

        def stop(self) -> None:
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a page that was being made is given up
            shutil.rmtree(self.connection_dir)
            run_sync(_end_kernels)(self.kernel_manager)

    settings = Config()
    settings.Voila.update(ip=host, port=port, port_retries=0, log_level="ERROR", open_browser=True)
    settings.Voila.config_file_paths = []  # what is served to others is not for somebody's own settings to change
    settings.Voila.tornado_settings = {
        "headers": {"Content-Security-Policy": _ONLY_HERE},
        # A page that is closed ends its kernel, but lacks the cookie that this would need; nothing else can be posted.
        "disable_check_xsrf": True,
        "allow_remote_access": host not in _LOCAL,  # else a page from elsewhere could pass itself off as this one
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
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns of what Jupyter tells it about pings
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
    return Explorer(model, data, keep=False)  # visitors leave nothing on this machine: no labels, no copies of photos


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make app", description="The explorer as a web page, for others too.")
    parser.add_argument("--host", type=_host, default=_LOCAL[0], help="0.0.0.0 lets other machines in")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--theme", choices=THEMES, default=THEMES[0], help="default: %(default)s")
    return parser


def _host(text: str) -> str:
    return text or _LOCAL[0]  # an empty one would let everybody in


def _trouble(folder: Path, host: str, port: int) -> str:
    """What would keep the server from starting, known before the work is done; empty where nothing is."""
    if not folder.is_dir():
        return f"{folder}: no such folder. Say make app FOLDER=path/to/photos"
    if find_spec("voila") is None:
        return "The page needs Voilà: pip install voila"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # a server that has just ended is no trouble
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        return f"{host}, port {port}, cannot be had ({error}). Say make app PORT={PORT + 1}, or another HOST"
    return ""


def _keep_thumbnails(collection: Any) -> None:
    from tqdm.auto import tqdm

    from helpers.images.thumbnails import Thumbnails

    thumbnails, photos = Thumbnails(), list(zip(collection.sources, collection.identities))
    with tqdm(total=len(photos), unit=" thumbnails", delay=2) as bar:
        for start in range(0, len(photos), _AT_ONCE):
            bar.update(len(thumbnails.get_many(photos[start : start + _AT_ONCE])))


def _write_page(place: Path, title: str) -> None:
    import nbformat

    page = place / "page"
    about = {"title": title, "kernelspec": {"name": "photos", "display_name": "photos", "language": "python"}}
    cell = nbformat.v4.new_code_cell(_CELL.format(place=str(place)))
    # This environment's Python, and none of what the person set up for their own notebooks: no history, no start-up.
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
        with replacing(page / name) as half:
            half.write_text(text, encoding="utf-8")


def _end_on_ctrl_c() -> None:
    """End between two steps of the server, and not within one: that would be a traceback instead of an end."""
    from tornado.ioloop import IOLoop

    loop = IOLoop.current()

    def end(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # once more, and it ends at any price
        loop.add_callback_from_signal(loop.stop)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


async def _end_kernels(kernels: Any) -> None:
    from tornado.web import HTTPError

    for _ in range(50):
        try:
            return await kernels.shutdown_all(now=True)  # one that is asked to end says so, in a traceback
        except HTTPError:  # one is just being started, and cannot be ended yet
            await asyncio.sleep(0.1)


def _announce(host: str, port: int) -> None:
    if host in _LOCAL:
        print("Only this machine can open it; HOST=0.0.0.0 lets others in.")
    else:
        print("Everybody who can reach this machine can open it, and see all of these photos. There is no password.")
    print(f"\n  open   http://{_name(host)}:{port}/\n\nCtrl+C ends it.", flush=True)


def _name(host: str) -> str:
    """How others write this machine in an address."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # where it was asked for
        host = socket.gethostname()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
            route.connect(("192.0.2.1", 9))  # nothing is sent: which of our addresses would be the sender's?
            host = route.getsockname()[0]
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
