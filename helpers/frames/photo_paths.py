"""The paths of the photos in a frame, and the folder that they came from."""

import os
from pathlib import Path
from typing import Any, List, Optional, Sequence, Set, Tuple

from helpers.frames import Frame


def row_paths(frame: Frame) -> Tuple[List[Optional[str]], List[Optional[str]]]:
    """The path of each photo as it is shown, and the path of its file; None where the frame has none.

    `load_photos` returns both, as `path` and `file`; Turi Create's `load_images` has one `path` for both.
    """
    names = frame.column_names()
    nothing: List[Optional[str]] = [None] * len(frame)
    paths = list(frame["path"]) if "path" in names else nothing
    return paths, list(frame["file"]) if "file" in names else paths


def folder_of(paths: Sequence[Optional[str]], files: Sequence[Optional[str]]) -> Optional[str]:
    """The full path of the folder that the photos were loaded from; None for no files, or files on several disks.

    The argument of `load_photos`, even if only some rows are left; for other frames, the folder that all photos share.
    """
    folders: Set[str] = set()
    for path, file in zip(paths, files):
        if path and file:
            relative = os.path.join("", *path.split("/"))  # noqa: PTH118 (a name with \ in it stays as it is)
            is_below = path != file and file.endswith(relative)
            folders.add(file[: -len(relative)] if is_below else os.path.dirname(os.path.abspath(file)))  # noqa: PTH100, PTH120
    return _shared(folders)


def shown_names(paths: List[Optional[str]], labels: List[Any]) -> List[str]:
    """Paths without the folder that all of them share; the label where there is no path."""
    shared = _shared({os.path.dirname(path) for path in paths if path and os.path.isabs(path)})  # noqa: PTH117, PTH120 (Path's are slow)

    def name(path: Optional[str], label: Any) -> str:
        if not path:
            return str(label)
        if not os.path.isabs(path):  # noqa: PTH117
            return path
        return (Path(path) if shared is None else Path(path).relative_to(shared)).as_posix()

    return [name(path, label) for path, label in zip(paths, labels)]


def _shared(folders: Set[str]) -> Optional[str]:
    """The folder that all of these are in, or are; None for none, and for folders on several disks."""
    try:
        return os.path.commonpath(folders) if folders else None
    except ValueError:  # on Windows, C: and D: share nothing
        return None
