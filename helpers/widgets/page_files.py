"""The JavaScript and the CSS of a page, each as one text: a widget takes no more."""

import re
from pathlib import Path
from typing import Dict

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def javascript(entry: Path) -> str:
    """A JavaScript module and all that it imports, as one module: anywidget takes a single text.

    The modules then share one scope, so that a name at the top level may stand in one of them only.
    """
    texts: Dict[Path, str] = {}

    def add(path: Path) -> None:
        if path not in texts:
            source = path.read_text(encoding="utf-8")
            for imported in _IMPORT.findall(source):
                add((path.parent / imported).resolve())
            texts[path] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry.resolve())
    return "\n".join(texts.values())


def style_sheet(path: Path, *, photos: bool = False) -> str:
    """A style sheet after the one that all pages share, and with `photos` the one of tiles of photos too."""
    shared = ("base.css", "photos.css") if photos else ("base.css",)
    return "\n".join(each.read_text(encoding="utf-8") for each in (*(_HERE / name for name in shared), path))
