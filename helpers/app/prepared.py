"""What is done once, before the server starts: features, thumbnails, and a folder that each visitor's kernel opens.

The folder is in the cache:

    model/    the similarity model
    photos/   a frame with the details of each photo, without images
    page/     the notebook behind the page, with one cell; the page's template; the kernel's command
"""

import contextlib
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from helpers.files.cache import cache_folder
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing

THEMES = ("light", "dark")

_PRIVATE = {"id", "image", "file"}  # columns of `load_photos`: they show where the photos are on this machine
_AT_ONCE = 500  # thumbnails made between two updates of the progress bar
_CELL = "from helpers.app.prepared import limit_memory, visit\nlimit_memory()\nvisit({place!r})"
_MEMORY = 3 * 2**30  # bytes that the kernel of one visitor may take

_STYLE = """
.kinframe-head { max-width: 900px; margin: 0 4px 10px; color: var(--jp-ui-font-color1); }
.kinframe-head { font: 14px/1.5 var(--jp-ui-font-family); }
.kinframe-head h1 { margin: 0 0 6px; font-size: 22px; font-weight: 600; overflow-wrap: anywhere; }
.kinframe-head ol { margin: 0; padding-left: 22px; }
body .kinframe-explorer .kf-gallery { height: max(320px, calc(100vh - 390px)); }
"""

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
<style>STYLE</style>
{%- endblock notebook_css -%}
{%- block body_header -%}
{{ super() }}
<header class="kinframe-head">
<h1>Photos in {{ nb.metadata.title | e }}</h1>
<ol>
<li>Choose a photo, and press <b>Find similar</b> on it: the photos most like it come first.</li>
<li>Go on with any of those; <b>&lsaquo;</b> goes back, and <b>All photos</b> shows the whole folder again.</li>
<li><b>Search with a photo…</b> takes one of your own, which is forgotten when you close this page.</li>
</ol>
</header>
{%- endblock body_header -%}
""".replace("THEMES", repr(THEMES)).replace("STYLE", _STYLE)


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


def visit(place: str) -> Any:
    """The explorer of one visitor; called in their kernel."""
    from helpers import tc
    from helpers.explorer.explorer import Explorer
    from helpers.images.budget import BUDGET
    from helpers.similarity.build import load_model

    BUDGET.share(Path(place) / "decoding.lock")  # forty large photos at once would take all memory
    model, data = load_model(Path(place) / "model"), tc.load_sframe(str(Path(place) / "photos"))
    return Explorer(model, data, keep=False)  # visitors store nothing on this machine: no labels, no copies of photos


def limit_memory() -> None:
    """Limit the memory of this process, so that one visitor cannot take that of all; called in their kernel."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows and macOS have no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


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
