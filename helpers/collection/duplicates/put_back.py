"""Files that `move_aside` moved to a folder, put back where the folder's journal has them from.

A journal may come from anybody, and could name any place: of one that this machine has not signed, a person is asked,
and then photos alone go back, under their own names.
"""

import contextlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

from PIL import Image

from helpers.arguments import takes
from helpers.collection.duplicates.safe_move import JOURNAL, is_ours, move_file, parts, sha256, two_names, writing
from helpers.errors import FrameError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded
from helpers.images.decode import photo_size
from helpers.images.opening import formats

_NUMBERED = re.compile(r" \([0-9]+\)(?=\.[^.]*$)")  # a.jpg as a (2).jpg

Left = List[Tuple[str, str]]  # names of files that were not moved, and why


@takes(folder="path")
def undo_move(
    folder: Union[str, "os.PathLike[str]"], *, ask: Callable[[str], str] = input, progress: bool = True
) -> "Restored":
    """Put all files back that `move_aside` moved to this folder; other files stay there.

    It can be called any number of times. Folders that are then empty are
    removed; the journal stays.

    Parameters
    ----------
    folder : path
    ask
        Is called with a question where the folder comes from another machine,
        or another person: it could name any place. With any answer but "yes"
        such files stay in the folder; with it, photos are put back, nothing else.
    progress : bool

    Returns
    -------
    Restored
        `count`, and `left`: the files that stay in the folder, with the reason,
        such as that they have changed, or something else is in their old place.

    Raises
    ------
    FrameError
        Where the folder has no journal.
    ExportError
        Where the journal cannot be read or written.
    """
    place = Path(os.path.abspath(expanded(folder)))  # noqa: PTH100 (which follows no links)
    if not (place / JOURNAL).is_file():
        raise FrameError(f"{place}: there is no {JOURNAL}, so no photos were moved to this folder")
    left: Left = []
    back = 0
    with writing(place) as journal:
        entries = list(journal.open_moves().values())[::-1]
        strange = [not is_ours(entry) for entry in entries]
        unsafe = {number: _unsafe(entry, place) for number, entry in enumerate(entries) if strange[number]}
        wanted = [entries[number] for number, reason in unsafe.items() if not reason]
        if wanted and not _agreed(wanted, place, ask):
            unsafe.update(dict.fromkeys(unsafe, "the journal was not written by you on this machine"))
        with progress_bar(total=len(entries), show=progress) as shown:
            for number, entry in enumerate(entries):
                reason = unsafe.get(number) or _put_back(entry, place)
                if reason:
                    left.append((entry["to"], reason))
                else:
                    back += reason is None
                    journal.write({"back": entry["to"]})
                shown.update()
    for at, _, _ in os.walk(place, topdown=False):
        with contextlib.suppress(OSError):  # not empty
            if Path(at) != place:
                Path(at).rmdir()
    return Restored(place, back, left)


class Restored:
    """The result of `undo_move`: `count`, `folder`, and `left`, name and reason of each file that stays in it."""

    def __init__(self, folder: Path, count: int, left: Left) -> None:
        self.folder, self.count, self.left = folder, count, left

    def __repr__(self) -> str:
        left = f"; {len(self.left)} left in it, see .left" if self.left else ""
        return f"{counted(self.count)} put back from {str(self.folder)!r}{left}"


def _agreed(entries: Sequence[Dict[str, str]], place: Path, ask: Callable[[str], str]) -> bool:
    """Whether a person wants files to be put at the places in a journal that is not theirs."""
    folders = Counter(str(Path(entry["from"]).parent) for entry in entries)
    every = ", ".join(f"{counted(count)} in {folder!r}" for folder, count in sorted(folders.items()))
    question = (
        f"{str(place / JOURNAL)!r} was not written by you on this machine. It would put {every}. "
        "Type yes if these are the folders of your photos: "
    )
    try:
        return str(ask(question)).strip().lower() == "yes"
    except EOFError:
        return False


def _unsafe(entry: Dict[str, str], place: Path) -> str:
    """Why a file stays, whatever a person answers, that a journal of somebody else names; or an empty text.

    A photo goes back under the name of a photo, its own, and not where programs look for what to start.
    """
    before, name = entry["from"], entry["to"].rpartition("/")[2]
    target = place.joinpath(*parts(entry["to"]))
    if "\0" in before or not Path(before).is_absolute() or any(part.startswith(".") for part in Path(before).parts):
        return "the place that the journal names is hidden, or not a full path"
    if Path(before).suffix.lower() not in _endings() or Path(before).name not in (name, _NUMBERED.sub("", name)):
        return "the journal gives it another name, or one that is not a photo's"
    try:
        if os.path.lexists(target):
            photo_size(target)
    except PhotoError as error:
        return f"is not a photo ({error})"
    return ""


def _endings() -> Set[str]:
    """Those of the names of photos, in small letters."""
    Image.init()
    return {ending for ending, kind in Image.EXTENSION.items() if kind in formats()}


def _put_back(entry: Dict[str, str], place: Path) -> Optional[str]:
    """Put a file back; returns why it stays, None where it was put back, or an empty text for nothing to do."""
    target, source = place.joinpath(*parts(entry["to"])), Path(entry["from"])
    try:
        if not os.path.lexists(target):
            return "" if os.path.lexists(source) else "is neither here nor in its old place any more"
        if os.path.lexists(source):
            if two_names(source, target):  # moving it was interrupted
                target.unlink()
                return ""
            return f"something is at {str(source)!r}, where it was"
        if target.is_symlink() or sha256(str(target)) != entry["sha256"]:
            return "has changed since it was moved"
        source.parent.mkdir(parents=True, exist_ok=True)
        move_file(target, source, entry["sha256"])
        return None
    except OSError as error:
        return f"could not be put back ({error.strerror or error})"


def counted(count: int) -> str:
    """Photos, counted: `1 photo`, `2 photos`."""
    return f"{count} photo{'s' * (count != 1)}"
