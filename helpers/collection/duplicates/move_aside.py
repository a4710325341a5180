"""Duplicates moved to a folder, and back again: nothing is deleted, nothing is written over.

In that folder a journal has the old place of each file, before it is moved. So `undo_move(folder)` puts all back, also
after a crash and in another session.
"""

import contextlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Set, Tuple, Union

from PIL import Image

from helpers.arguments import takes
from helpers.collection.duplicates.safe_move import (
    JOURNAL,
    Journal,
    is_ours,
    move_file,
    names,
    parts,
    sha256,
    two_names,
    writing,
)
from helpers.errors import ExportError, FrameError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.files.spreadsheet import write_rows
from helpers.images.decode import photo_size
from helpers.images.opening import formats

_NUMBERED = re.compile(r" \([0-9]+\)(?=\.[^.]*$)")  # a.jpg as a (2).jpg

Left = List[Tuple[str, str]]  # names of files that were not moved, and why


class GroupPhoto(NamedTuple):
    """A photo of a group."""

    name: str  # a path with `/`, which it keeps below the folder
    source: Union[str, bytes]  # its path, or the bytes of its file
    identity: str  # the sha-256 of its file, in hex


class Moved:
    """The result of a move: `count`, `folder`, and `left`, name and reason of each photo that was not moved."""

    def __init__(self, folder: Path, count: int, left: Left) -> None:
        self.folder, self.count, self.left = folder, count, left

    def undo(self, progress: bool = True) -> "Moved":
        """Put everything in the folder back; see `undo_move`."""
        return undo_move(self.folder, progress=progress)

    def __repr__(self) -> str:
        left = f"; {len(self.left)} left where they were, see .left" if self.left else ""
        return f"{_photos(self.count) if self.count else 'no photo'} moved to {str(self.folder)!r}{left}"


def move_aside(
    groups: Sequence[Sequence[GroupPhoto]],
    folder: Union[str, "os.PathLike[str]"],
    collection: str = "",
    *,
    ask: Callable[[str], str] = input,
    progress: bool = True,
) -> Moved:
    """Move all photos but the first of each group to a folder, after `ask` has answered "yes".

    `ask` is called with a question in plain words; with any other answer, and
    where there is nothing to move, nothing is touched. Paths below the folder
    are those of the photos' names; where something is there already, a number
    is added: `a (2).jpg`. Files keep their dates.

    A photo stays where it is, and is listed with the reason, if it is not a file,
    is gone, has changed since the model was made, may not be moved, is a link or
    the target of a link in its group; and so does a whole group whose first
    photo is not there unchanged. To another disk a file is copied, compared and
    only then removed.

    `collection` is the folder of all photos. Raises `FrameError` where `folder`
    is inside it (they would be found there again), or has other contents than
    an earlier move, and `ExportError` where it cannot be written.
    """
    place = _checked(folder, collection)
    count = sum(len(group) - 1 for group in groups)
    if not count:
        return Moved(place, 0, [])
    question = (
        f"Move {_photos(count)}, the copies in {len(groups)} group{'s' * (len(groups) != 1)}, to {str(place)!r}? "
        f"The best photo of each group stays where it is. Nothing is deleted, and undo_move({str(place)!r}) puts all "
        f"back. Type yes to move: "
    )
    try:
        answer = ask(question)
    except EOFError:
        answer = ""
    if str(answer).strip().lower() != "yes":
        return Moved(place, 0, [])
    left: Left = []
    moved = 0
    with writing(place) as journal, progress_bar(total=count, show=progress) as shown:
        for kept, copy, reason in _movable(groups):
            if not reason:
                reason = _move(copy, kept, place, journal)
            if reason:
                left.append((copy.name, reason))
            else:
                moved += 1
            shown.update()
    return Moved(place, moved, left)


@takes(folder="path")
def undo_move(
    folder: Union[str, "os.PathLike[str]"], *, ask: Callable[[str], str] = input, progress: bool = True
) -> Moved:
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
        since they have changed or something else is in their old place.

    Raises
    ------
    FrameError
        Where the folder has no journal.
    ExportError
        Where the journal cannot be read or written.
    """
    place = Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 (which follows no links)
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


class Restored(Moved):
    """The result of `undo_move`: the same, of files that were put back."""

    def __repr__(self) -> str:
        left = f"; {len(self.left)} left in it, see .left" if self.left else ""
        return f"{_photos(self.count)} put back from {str(self.folder)!r}{left}"


def write_csv(path: Union[str, "os.PathLike[str]"], columns: Mapping[str, Sequence[Any]]) -> Path:
    """Columns as a CSV, whole or not at all; text that begins like a formula is marked.

    See `helpers.files.spreadsheet`.

    Raises `FrameError` where there is something already, and `ExportError` where it cannot be written.
    """
    place = Path(path).expanduser().absolute()
    if os.path.lexists(place):
        raise FrameError(f"{place}: this is there already, and is not written over; choose another name")
    try:
        with replacing(place) as half:
            write_rows(half, list(columns), zip(*columns.values()), errors="surrogateescape")
    except OSError as error:
        raise ExportError(f"{place}: the CSV could not be written ({error.strerror or error})") from error
    return place


def _checked(folder: Union[str, "os.PathLike[str]"], collection: str) -> Path:
    if not os.fspath(folder):
        raise FrameError("name a folder to move the copies to")
    place = Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 (which follows no links)
    if collection:
        real, inside = Path(os.path.realpath(place)), Path(os.path.realpath(collection))
        if real == inside or inside in real.parents:
            raise FrameError(
                f"{place}: is in the folder of the photos, where they would be found again; choose one beside "
                f"{collection}"
            )
    if os.path.lexists(place) and not place.is_dir():
        raise FrameError(f"{place}: is a file, not a folder; choose another name")
    if place.is_dir() and any(place.iterdir()) and not (place / JOURNAL).is_file():
        raise FrameError(f"{place}: there are other things in this folder; choose a new one, or an empty one")
    return place


def _movable(groups: Iterable[Sequence[GroupPhoto]]) -> Iterator[Tuple[GroupPhoto, GroupPhoto, str]]:
    """The photo that is kept, each that is to be moved, and the reason why it must stay, or an empty text."""
    for kept, *copies in groups:
        trouble = "is not a file" if isinstance(kept.source, bytes) else _trouble(kept)
        places = {id(copy): "" if isinstance(copy.source, bytes) else os.path.realpath(copy.source) for copy in copies}
        led_to = {
            places[id(copy)] for copy in copies if isinstance(copy.source, str) and Path(copy.source).is_symlink()
        }
        if isinstance(kept.source, str):
            led_to.add(os.path.realpath(kept.source))
        for copy in copies:
            if trouble:
                yield kept, copy, f"the best of its group, {kept.name}, {trouble}"
            elif isinstance(copy.source, bytes):
                yield kept, copy, "is not a file: the frame holds a copy of its bytes"
            elif Path(copy.source).is_symlink():
                yield kept, copy, "is a link to another file"
            elif os.path.realpath(copy.source) in led_to:
                yield kept, copy, "another photo of its group leads to this file"
            else:
                yield kept, copy, _trouble(copy)


def _trouble(photo: GroupPhoto) -> str:
    """In which way a photo is not what it was, or an empty text."""
    try:
        same = sha256(photo.source) == photo.identity
    except FileNotFoundError:
        return "has gone"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return "" if same else "has changed since the model was made"


def _move(copy: GroupPhoto, kept: GroupPhoto, place: Path, journal: Journal) -> str:
    """Move a file; returns why it could not be moved, or an empty text. Raises `OSError` where the journal fails."""
    source = os.path.abspath(str(copy.source))  # noqa: PTH100 (which follows no links)
    for name in names(copy.name):
        target = place.joinpath(*name.split("/"))
        if os.path.lexists(target):
            continue
        journal.write({"from": source, "to": name, "sha256": copy.identity, "kept": kept.name})
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            move_file(Path(source), target, copy.identity)
            return ""
        except FileExistsError:  # it came there meanwhile; or a file has the name of a folder
            if not os.path.lexists(target):
                return "a file stands where a folder is needed"
        except OSError as error:
            return f"could not be moved ({error.strerror or error})"
    raise AssertionError


def _agreed(entries: Sequence[Dict[str, str]], place: Path, ask: Callable[[str], str]) -> bool:
    """Whether a person wants that files are put where a journal of somebody else says."""
    folders = Counter(str(Path(entry["from"]).parent) for entry in entries)
    every = ", ".join(f"{_photos(count)} in {folder!r}" for folder, count in sorted(folders.items()))
    question = (
        f"{str(place / JOURNAL)!r} was not written by you on this machine. It would put {every}. "
        "Type yes if these are the folders of your photos: "
    )
    try:
        return str(ask(question)).strip().lower() == "yes"
    except EOFError:
        return False


def _unsafe(entry: Dict[str, str], place: Path) -> str:
    """Why a file stays, whoever asks, that a journal of somebody else names; or an empty text.

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


def _put_back(entry: Dict[str, str], place: Path) -> "Union[str, None]":
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


def _photos(count: int) -> str:
    return f"{count} photo{'s' * (count != 1)}"
