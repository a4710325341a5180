"""`make demo`: notebook 01 from top to bottom, on the sample photos or on another folder.

Writes a page, a picture and the figures to `build/`:

    build/01-find-similar-photos.html    the notebook with its outputs, to be opened in a browser
    build/matches.png                    the query and its matches
    build/demo.json                      environment, python, model, photos, bad, photos_per_second, precision_at_10, …
"""

import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Union

from helpers.errors import FolderError
from helpers.files.spelling import print_anywhere, printable
from helpers.photos.folder import check_has_photos, named_folder

if TYPE_CHECKING:
    from helpers.frames import Frame

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
NOTEBOOK = ROOT / "notebooks" / "01-find-similar-photos.ipynb"

_LISTED = 20  # files that were left out, at most
# Runs after the notebook's own cells, in the same kernel, and is not part of the page.
_GATHER = "from helpers.demo import keep_figures\nkeep_figures({build!r}, model, bad, similar_images)"
# Runs if one of them failed.
_EXPLAIN = "from helpers.demo import print_left_out\nprint_left_out(globals().get('bad', []))"
# One state of a tqdm bar, with or without a total: `photos:  96%|#########6| 192/199 [00:02<00:00, 90.1 photos/s]`.
_BAR = re.compile(
    r"^[^\r\n]*?(?:\d+%\|[^|\r\n]*\|\s*)?[\d.]+[kMGT]?(?:/[\d.?]+[kMGT]?)?[\w ]*"
    r"\[\d+:\d\d(?::\d\d)?[<,][^]\r\n]*(?:/s|s/)[^]\r\n]*\]"
)


def main() -> int:
    """Run the notebook on the folder in the environment variable `FOLDER`; the exit status."""
    print_anywhere()
    # From the environment, not the command line, so that no shell interprets the file name.
    return demonstrate(os.environ.get("FOLDER") or ROOT / "data" / "robots", BUILD)


def demonstrate(folder: Union[str, "os.PathLike[str]"], build: Path) -> int:
    """Run the notebook on a folder, write the results to `build` and print the figures; the exit status."""
    try:
        place = named_folder(folder)
        check_has_photos(place, "run make demo FOLDER=path/to/photos")
    except FolderError as error:
        print(printable(str(error)), file=sys.stderr)
        return 2
    for name in (f"{NOTEBOOK.stem}.html", "matches.png", "demo.json"):  # a failed run leaves no older results
        if (build / name).exists():
            (build / name).unlink()
    build.mkdir(parents=True, exist_ok=True)
    print(printable(f"Running {NOTEBOOK.relative_to(ROOT)} on {place}"), flush=True)
    failure = _run_notebook(place, build)
    if failure:
        print(printable(f"The notebook stopped: {failure}"), file=sys.stderr)
        return 1
    _print_figures(json.loads((build / "demo.json").read_text(encoding="utf-8")), build)
    return 0


def keep_figures(build: str, model: Any, bad: "Frame", neighbours: "Frame") -> None:
    """Write the figures and the picture of a notebook's model to the folder `build`; runs in its kernel."""
    from helpers import tc
    from helpers.similarity.evaluation.by_labels import precision_at
    from helpers.similarity.grid import show_matches

    figures = {
        "environment": "turi" if tc.HAS_TURICREATE else "modern",
        "frames": tc.ENVIRONMENT,
        "python": platform.python_version(),
        "model": model.network.name,
        "note": model.network.note,
        "photos": model.num_examples,
        "bad": len(bad) + len(model.bad),
        "left_out": [[row["path"], row["reason"]] for frame in (bad, model.bad) for row in frame[:_LISTED]][:_LISTED],
        "photos_per_second": round(model.timings["photos_per_second"], 1),
        "kept": int(model.timings["kept"]),
        "precision_at_10": precision_at(model, k=10),
    }
    show_matches(model, neighbours).savefig(Path(build) / "matches.png", dpi=150)
    (Path(build) / "demo.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def print_left_out(bad: "Frame") -> None:
    """Print how many files were left out, and the first reasons; runs in the kernel of a failed notebook."""
    if len(bad):
        print(f"Files left out: {len(bad)}")
        print("\n".join(_left_out([[row["path"], row["reason"]] for row in bad[:_LISTED]], len(bad))))


def set_parameters(notebook: Any, **values: Any) -> None:
    """Replace the values that the notebook's cell of parameters assigns to these names."""
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    for name, value in values.items():
        line = f"{name} = {value!r}".replace("\\", r"\\")  # a template: its backslashes count double
        cell.source = re.sub(rf"(?m)^{name} = .*?(?=  #|$)", line, cell.source)


def drop_progress(notebook: Any) -> None:
    """Remove the progress bars from the notebook's outputs; a page would show them frozen. Warnings stay."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_progress(output)]


def _is_progress(output: Any) -> bool:
    """Whether an output is only a progress bar; bars in a stream with other text are removed from it."""
    if output.output_type == "display_data":
        return "application/vnd.jupyter.widget-view+json" in output.data
    if output.output_type != "stream" or output.name != "stderr":
        return False
    output.text = "".join(_BAR.sub("", part) for part in re.split(r"([\r\n])", output.text)).lstrip("\r\n")
    return not output.text.strip()


def _run_notebook(folder: Path, build: Path) -> str:
    """Execute the notebook and write its page; the reason where it stopped, else an empty text."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    set_parameters(notebook, FOLDER=str(folder), FETCH_ARTICLE_PHOTOS=False)
    notebook.cells.append(nbformat.v4.new_code_cell(_GATHER.format(build=str(build))))
    with tqdm(total=len(notebook.cells), unit=" cells", disable=not sys.stderr.isatty()) as bar:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=None,
            extra_arguments=["--IPKernelApp.log_level=40"],  # errors only
            resources={"metadata": {"path": str(NOTEBOOK.parent)}},
            on_cell_complete=lambda cell, cell_index: bar.update(),
        )
        client.store_widget_state = False  # the page would fetch a viewer for it from a CDN
        with client.setup_kernel():
            try:
                for place, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, place, execution_count=client.code_cells_executed + 1)
            except CellExecutionError as error:
                explain = nbformat.v4.new_code_cell(_EXPLAIN)
                notebook.cells.append(explain)
                client.execute_cell(explain, len(notebook.cells) - 1)
                printed = "".join(output.text for output in explain.outputs if output.get("name") == "stdout")
                return f"{error.ename}: {error.evalue}\n{printed}".rstrip()
    del notebook.cells[-1]
    drop_progress(notebook)
    _write_page(notebook, build)
    return ""


def _write_page(notebook: Any, build: Path) -> None:
    from nbconvert import HTMLExporter

    # The page fetches nothing from elsewhere: without formulas and widgets it needs no scripts.
    exporter = HTMLExporter(**{name: "" for name in HTMLExporter.class_trait_names() if name.endswith("_url")})
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": "Find similar photos"}})
    (build / f"{NOTEBOOK.stem}.html").write_text(html, encoding="utf-8")


def _print_figures(figures: Dict[str, Any], build: Path) -> None:
    precision = figures["precision_at_10"]
    earlier = f"; {figures['kept']} of them were kept from an earlier run" if figures["kept"] else ""
    lines = {
        "environment": f"{figures['environment']} ({figures['frames']}, Python {figures['python']})",
        "model": figures["note"],
        "photos": f"{figures['photos']} ({figures['bad']} left out)",
        "photos/s": f"{figures['photos_per_second']}, from the files to their features" + earlier,
        "precision@10": "none (all photos are in one folder)" if precision is None else f"{precision:.3f}",
        "open": os.path.relpath(build / f"{NOTEBOOK.stem}.html"),
        "picture": os.path.relpath(build / "matches.png"),
        "figures": os.path.relpath(build / "demo.json"),
    }
    print()
    for name, value in lines.items():
        print(f"  {name:13}{value}")
    for line in _left_out(figures["left_out"], figures["bad"]):
        print(line)


def _left_out(listed: Sequence[Sequence[str]], total: int) -> List[str]:
    lines = [printable(f"  left out     {path}: {reason}") for path, reason in listed]
    return lines + [f"  … and {total - len(listed)} more"] * (total > len(listed))


if __name__ == "__main__":
    sys.exit(main())
