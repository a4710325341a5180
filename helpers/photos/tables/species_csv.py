"""The species of photos in a CSV, as people, Timelapse, camtrapR, exiftool and Wildlife Insights write it."""

from pathlib import Path
from typing import Dict, List, Set

from helpers.errors import FrameError
from helpers.files.spreadsheet import column_name, read_table
from helpers.photos.tables.match_paths import match

# Names of columns, in the order in which they count.
_WHOLE = ("path", "file_path", "filepath", "sourcefile")
_PATHS = (*_WHOLE, "filename", "file_name", "file", "image", "photo")
_FOLDERS = ("directory", "relativepath", "relative_path", "folder")
_SPECIES = ("species", "scientificname", "scientific_name", "common_name", "commonname", "label")


def species_in(file: Path, photos: List[str]) -> List[Set[str]]:
    """The species of each photo by a CSV; prints a line on rows that fit no photo."""
    table = read_table(file, "the table of species")
    names = [column_name(name) for name in table.head]
    path, folder, species = (
        next((names.index(name) for name in known if name in names), None) for known in (_PATHS, _FOLDERS, _SPECIES)
    )
    if path is None or species is None:
        raise FrameError(
            f"{file}: its first line names no column of {'species' if path is not None else 'paths'}; it needs path "
            f"and species, and has {', '.join(table.head) or 'none'}"
        )
    if names[path] in _WHOLE:
        folder = None
    epithets = names[species] == "species" and "genus" in names  # as in Wildlife Insights
    named: Dict[str, Set[str]] = {}
    known = set(photos)
    for row in table.rows:
        name = _binomial(dict(zip(names, row))) if epithets else row[species]
        whole = row[path] if folder is None or not row[folder].strip() else f"{row[folder].strip()}/{row[path]}"
        whole = whole if whole in known else whole.strip()
        if row[path].strip():
            named.setdefault(whole, set()).update(_split(name))
    matched = match(list(named), photos)
    reasons = (f"{name}: {reason}" for name, reason in zip(named, matched.reasons) if reason)
    fitting = {row: name for name, row in zip(named, matched.rows) if row is not None}
    if named and photos and not fitting:
        raise FrameError(f"{file}: none of its photos is here ({next(reasons)}); a photo here is {photos[0]}")
    if len(fitting) < len(named):
        print(f"{file.name}: {len(named) - len(fitting)} of its {len(named)} photos are not known ({next(reasons)})")
    return [named[fitting[row]] if row in fitting else set() for row in range(len(photos))]


def _binomial(row: Dict[str, str]) -> str:
    """Genus and species, where the column `species` has the second half of the name; else the common name."""
    return f"{row['genus'].strip()} {row['species'].strip()}".strip() or row.get("common_name", "")


def _split(name: str) -> List[str]:
    return [part.strip() for part in name.split("|") if part.strip()]
