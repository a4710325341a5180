"""`make demo`: notebook 01 from top to bottom, on the sample photos or on a folder of one's own.

Leaves a page, a picture and the figures in `build/`:

    build/01-find-similar-photos.html    the notebook with its outputs, to be opened in a browser
    build/matches.png                    the query and its matches
    build/demo.json                      environment, python, model, photos, bad, photos_per_second, precision_at_10
"""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, Dict

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
NOTEBOOK = ROOT / "notebooks" / "01-find-similar-photos.ipynb"

# Run after the notebook's own cells, in the same kernel, and not kept: the figures are the notebook's own.
_LISTED = 20  # of the files that were left out
_GATHER = "from helpers.demo import keep_figures\nkeep_figures({build!r}, model, bad, similar_images)"


def main() -> int:
    """Run the notebook on the folder that the environment variable `FOLDER` names; the process's exit status."""
    # By the environment and not by the command line: a file name is no shell's business.
    wanted = os.environ.get("FOLDER", "")
    return demonstrate(Path(wanted).expanduser().absolute() if wanted else ROOT / "data" / "robots", BUILD)


def demonstrate(folder: Path, build: Path) -> int:
    """Run the notebook on a folder, leave the results in `build` and print the figures; 0 where that went well."""
    if not folder.is_dir():
        print(f"{folder}: no such folder. Say make demo FOLDER=path/to/photos", file=sys.stderr)
        return 2
    build.mkdir(parents=True, exist_ok=True)
    print(f"Running {NOTEBOOK.relative_to(ROOT)} on {folder}", flush=True)
    failure = _run_notebook(folder, build)
    if failure:
        print(f"The notebook stopped: {failure}", file=sys.stderr)
        return 1
    _print_figures(json.loads((build / "demo.json").read_text(encoding="utf-8")), build)
    return 0


def keep_figures(build: str, model: Any, bad: Any, found: Any) -> None:
    """Write the figures and the picture of a notebook's model to the folder `build`; called in its kernel."""
    from helpers import tc
    from helpers.evaluate import precision_at
    from helpers.grid import show_matches

    figures = {
        "environment": "turi" if tc.HAS_TURICREATE else "modern",
        "frames": tc.ENVIRONMENT,
        "python": platform.python_version(),
        "model": model.network.name,
        "note": model.network.note,
        "photos": model.num_examples,
        "bad": len(bad) + len(model.bad),
        "left_out": [[row["path"], row["reason"]] for frame in (bad, model.bad) for row in frame[:_LISTED]],
        "photos_per_second": round(model.timings["photos_per_second"], 1),
        "precision_at_10": precision_at(model, k=10),
    }
    show_matches(model, found).savefig(Path(build) / "matches.png", dpi=150)
    (Path(build) / "demo.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _run_notebook(folder: Path, build: Path) -> str:
    """Execute the notebook, write its page; the reason where it stopped, else nothing."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    place = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])) + 1
    settings = f"FOLDER = {str(folder)!r}\nFETCH_ARTICLE_PHOTOS = False"
    notebook.cells.insert(place, nbformat.v4.new_code_cell(settings))
    notebook.cells.append(nbformat.v4.new_code_cell(_GATHER.format(build=str(build))))
    with tqdm(total=len(notebook.cells), unit=" cells", disable=not sys.stderr.isatty()) as bar:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=None,
            extra_arguments=["--IPKernelApp.log_level=40"],  # errors only: what it warns of is between us and us
            resources={"metadata": {"path": str(NOTEBOOK.parent)}},
            on_cell_complete=lambda cell, cell_index: bar.update(),
        )
        client.store_widget_state = False  # its viewer would be fetched from a CDN by whoever opens the page
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
    del notebook.cells[-1]
    _write_page(notebook, build)
    return ""


def _write_page(notebook: Any, build: Path) -> None:
    from nbconvert import HTMLExporter

    # Nothing is fetched by who opens the page: no scripts from elsewhere, for there are no formulas and no widgets.
    exporter = HTMLExporter(**{name: "" for name in HTMLExporter.class_trait_names() if name.endswith("_url")})
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": "Find similar photos"}})
    (build / f"{NOTEBOOK.stem}.html").write_text(html, encoding="utf-8")


def _print_figures(figures: Dict[str, Any], build: Path) -> None:
    precision = figures["precision_at_10"]
    lines = {
        "environment": f"{figures['environment']} ({figures['frames']}, Python {figures['python']})",
        "model": figures["note"],
        "photos": f"{figures['photos']} ({figures['bad']} left out)",
        "photos/s": f"{figures['photos_per_second']}, from the files to their features",
        "precision@10": "none (one folder: nothing to tell apart)" if precision is None else f"{precision:.3f}",
        "open": os.path.relpath(build / f"{NOTEBOOK.stem}.html"),
        "picture": os.path.relpath(build / "matches.png"),
        "figures": os.path.relpath(build / "demo.json"),
    }
    print()
    for name, value in lines.items():
        print(f"  {name:13}{value}")
    for path, reason in figures["left_out"]:
        print(f"  left out     {path}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
