"""Duplicates moved to a folder: nothing is deleted, nothing is written over.

In that folder a journal has the old place of each file, before it is moved. So `undo_move(folder)` puts all back, also
after a crash and in another session.
"""

import os
from pathlib import Path
from typing import Callable, Iterable, Iterator, NamedTuple, Sequence, Tuple, Union

from helpers.collection.duplicates.put_back import Left, Restored, counted, undo_move
from helpers.collection.duplicates.safe_move import JOURNAL, Journal, move_file, names, sha256, writing
from helpers.errors import FrameError
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded


class GroupPhoto(NamedTuple):
    """A photo of a group."""

    name: str  # a path with `/`, which it keeps below the folder
    source: Union[str, bytes]  # its path, or the bytes of its file
    identity: str  # the sha-256 of its file, in hex


class Moved:
    """The result of a move: `count`, `folder`, and `left`, name and reason of each photo that was not moved."""

    def __init__(self, folder: Path, count: int, left: Left) -> None:
        self.folder, self.count, self.left = folder, count, left

    def undo(self, progress: bool = True) -> Restored:
        """Put everything in the folder back; see `undo_move`."""
        return undo_move(self.folder, progress=progress)

    def __repr__(self) -> str:
        left = f"; {len(self.left)} left where they were, see .left" if self.left else ""
        return f"{counted(self.count) if self.count else 'no photo'} moved to {str(self.folder)!r}{left}"


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
        f"Move {counted(count)}, the copies in {len(groups)} group{'s' * (len(groups) != 1)}, to {str(place)!r}? "
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


def _checked(folder: Union[str, "os.PathLike[str]"], collection: str) -> Path:
    if not os.fspath(folder):
        raise FrameError("name a folder to move the copies to")
    place = Path(os.path.abspath(expanded(folder)))  # noqa: PTH100 (which follows no links)
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
