"""Moving copies aside and back: nothing is lost, whatever gets in the way."""

import errno
import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest

from helpers.collection.duplicates import move_aside as duplicate_files
from helpers.collection.duplicates import safe_move
from helpers.collection.duplicates.move_aside import GroupPhoto, move_aside
from helpers.collection.duplicates.put_back import undo_move
from helpers.collection.duplicates.safe_move import JOURNAL, names, parts, sha256
from helpers.errors import ExportError, FrameError
from tests.support.pictures import picture


def yes(question):
    return "yes"


def put(place, content=b"photo"):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def copy_of(path, root):
    return GroupPhoto(path.relative_to(root).as_posix(), str(path), sha256(str(path)))


def group_of(root, *found):
    return [copy_of(root / name, root) for name in found]


def files_in(folder):
    """Every file below a folder and what is in it, without the journal."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != JOURNAL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "photos"
    for name in ("a.jpg", "b.jpg", "sub/c.jpg"):
        put(root / name)
    put(root / "d.jpg", b"another")
    return root


@pytest.fixture
def groups(root):
    return [group_of(root, "a.jpg", "b.jpg", "sub/c.jpg")]


@pytest.fixture
def aside(tmp_path):
    return tmp_path / "aside"


def test_it_moves_all_but_the_best_and_puts_them_back(root, groups, aside):
    before = files_in(root)
    os.utime(str(root / "b.jpg"), (1_000_000_000, 1_000_000_000))
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert (moved.count, moved.left) == (2, [])
    assert files_in(root) == {"a.jpg": b"photo", "d.jpg": b"another"}
    assert files_in(aside) == {"b.jpg": b"photo", "sub/c.jpg": b"photo"}
    assert (aside / "b.jpg").stat().st_mtime == 1_000_000_000
    assert repr(moved) == f"2 photos moved to {str(aside)!r}"
    back = moved.undo(progress=False)
    assert (back.count, back.left) == (2, [])
    assert repr(back) == f"2 photos put back from {str(aside)!r}"
    assert files_in(root) == before and files_in(aside) == {}
    assert [path.name for path in aside.iterdir()] == [JOURNAL]
    again = undo_move(aside, progress=False)
    assert (again.count, again.left) == (0, [])


@pytest.mark.parametrize("answer", ["no", "", "y", "yes please"])
def test_without_a_yes_nothing_is_touched(root, groups, aside, answer):
    questions = []
    moved = move_aside(groups, aside, str(root), ask=lambda question: questions.append(question) or answer)
    assert moved.count == 0 and not aside.exists() and len(files_in(root)) == 4
    assert questions[0].startswith(f"Move 2 photos, the copies in 1 group, to {str(aside)!r}?")
    assert repr(moved) == f"no photo moved to {str(aside)!r}"


def test_no_answer_is_no(root, groups, aside):
    def closed(question):
        raise EOFError

    assert move_aside(groups, aside, ask=closed).count == 0


def test_nothing_to_move_is_not_asked_about(root, aside):
    assert move_aside([], aside, ask=None).count == 0
    assert not aside.exists()


@pytest.mark.parametrize("place", ["", ".", "sub", "new/below"])
def test_a_folder_among_the_photos_is_refused(root, groups, place):
    with pytest.raises(FrameError, match="found again"):
        move_aside(groups, root / place, str(root), ask=yes)


def test_a_link_to_the_folder_of_the_photos_is_refused(root, groups, tmp_path):
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    with pytest.raises(FrameError, match="found again"):
        move_aside(groups, tmp_path / "link" / "aside", str(root), ask=yes)


def test_other_folders_that_are_refused(root, groups, tmp_path):
    put(tmp_path / "full" / "something.txt")
    with pytest.raises(FrameError, match="other things"):
        move_aside(groups, tmp_path / "full", str(root), ask=yes)
    with pytest.raises(FrameError, match="is a file"):
        move_aside(groups, put(tmp_path / "file"), str(root), ask=yes)
    with pytest.raises(FrameError, match="name a folder"):
        move_aside(groups, "", ask=yes)
    with pytest.raises(FrameError, match="no photos were moved"):
        undo_move(tmp_path / "full")


def strangers_folder(tmp_path, files):
    """A folder as `move_aside` leaves it on another machine: `files` has the name, content and old place of each."""
    folder = tmp_path / "theirs"
    lines = []
    for name, content, place in files:
        put(folder / name, content)
        entry = {"from": str(place), "to": name, "sha256": hashlib.sha256(content).hexdigest(), "kept": "a.jpg"}
        lines.append(json.dumps({**entry, "signature": "0" * 64}) + "\n")
    (folder / JOURNAL).write_text("".join(lines))
    return folder


def png(seed):
    buffer = io.BytesIO()
    picture(seed).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_journal_of_somebody_else_is_shown_and_asked_about(tmp_path):
    places = [tmp_path / "photos" / "b.png", *(tmp_path / f"folder {number}" / "c.png" for number in range(8))]
    files = [(f"{number}/{place.name}", png(number), place) for number, place in enumerate(places)]
    folder = strangers_folder(tmp_path, files)
    asked = []
    for answer in ("no", "", "y"):
        back = undo_move(folder, ask=lambda question: asked.append(question) or answer, progress=False)  # noqa: B023
        reasons = {reason for _, reason in back.left}
        assert back.count == 0 and reasons == {"the journal was not written by you on this machine"}
    assert all(repr(str(place.parent)) in asked[0] for place in places), "each folder, however many there are"
    back = undo_move(folder, ask=yes, progress=False)
    assert back.count == 9 and back.left == [] and all(place.exists() for place in places)


@pytest.mark.parametrize(
    "place",
    [
        ".ipython/profile_default/startup/00.py",
        ".bash_profile",
        ".config/b.png",
        "site-packages/usercustomize.py",
        "b.py",
        "other.png",
        "photos/b.png\0.py",
    ],
)
@pytest.mark.parametrize("content", [b"print(1)", b"P1\n2 2\n0 0 0 0\necho PWNED\n", png(1)])
def test_nothing_goes_where_programs_look_for_what_to_start(tmp_path, place, content):
    """A picture in PBM can be a shell script, too."""
    folder = strangers_folder(tmp_path, [("s/b.png", content, tmp_path / "home" / place)])
    back = undo_move(folder, ask=yes, progress=False)
    assert back.count == 0 and len(back.left) == 1 and not (tmp_path / "home").exists()


def test_what_is_no_photo_stays(tmp_path):
    folder = strangers_folder(tmp_path, [("b.png", b"print(1)", tmp_path / "home" / "b.png")])
    back = undo_move(folder, ask=yes, progress=False)
    assert back.left[0][1].startswith("is not a photo") and not (tmp_path / "home").exists()


def test_a_line_that_was_changed_is_somebody_elses(root, groups, aside, tmp_path):
    move_aside(groups, aside, str(root), ask=yes, progress=False)
    journal = aside / JOURNAL
    journal.write_text(journal.read_text().replace(str(root / "b.jpg"), str(tmp_path / "elsewhere.jpg")))

    def closed(question):
        raise EOFError

    back = undo_move(aside, ask=closed, progress=False)
    assert back.count == 1 and [name for name, _ in back.left] == ["b.jpg"]


def test_running_twice_numbers_what_has_the_same_name(root, groups, aside, tmp_path):
    move_aside(groups, aside, str(root), ask=yes, progress=False)
    put(root / "b.jpg", b"new")
    put(root / "e.jpg", b"new")
    moved = move_aside([group_of(root, "e.jpg", "b.jpg")], aside, str(root), ask=yes, progress=False)
    assert (moved.count, moved.left) == (1, [])
    assert files_in(aside) == {"b.jpg": b"photo", "b (2).jpg": b"new", "sub/c.jpg": b"photo"}
    back = undo_move(aside, progress=False)  # the last first: the other's place is taken then
    assert back.count == 2 and [name for name, _ in back.left] == ["b.jpg"]
    assert "something is at" in back.left[0][1]
    assert files_in(aside) == {"b.jpg": b"photo"} and (root / "b.jpg").read_bytes() == b"new"
    (root / "b.jpg").rename(root / "f.jpg")
    assert undo_move(aside, progress=False).count == 1
    assert (root / "b.jpg").read_bytes() == b"photo"


def test_what_has_changed_or_gone_since_stays(root, aside):
    put(root / "gone.jpg")
    groups = [group_of(root, "a.jpg", "b.jpg", "gone.jpg", "sub/c.jpg")]
    put(root / "b.jpg", b"edited")
    (root / "gone.jpg").unlink()
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert moved.count == 1
    assert moved.left == [("b.jpg", "has changed since the model was made"), ("gone.jpg", "has gone")]
    assert (root / "b.jpg").read_bytes() == b"edited"


@pytest.mark.parametrize("trouble", ["changed", "gone"])
def test_without_its_best_photo_a_group_stays(root, groups, aside, trouble):
    if trouble == "gone":
        (root / "a.jpg").unlink()
    else:
        put(root / "a.jpg", b"edited")
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert moved.count == 0 and len(moved.left) == 2 and files_in(aside) == {}
    assert moved.left[0][1].startswith("the best of its group, a.jpg, has ")


def test_photos_that_are_no_files_stay(root, aside):
    best, copy = group_of(root, "a.jpg", "b.jpg")
    held = GroupPhoto("held.jpg", b"photo", best.identity)
    moved = move_aside([[best, held, copy]], aside, str(root), ask=yes, progress=False)
    assert moved.count == 1 and moved.left[0][0] == "held.jpg" and "is not a file" in moved.left[0][1]
    moved = move_aside([[held, best]], aside, str(root), ask=yes, progress=False)
    assert moved.left == [("a.jpg", "the best of its group, held.jpg, is not a file")]


def test_links_stay_and_so_does_what_they_lead_to(root, aside):
    (root / "link.jpg").symlink_to(root / "b.jpg")
    (root / "folder").symlink_to(root / "sub", target_is_directory=True)
    moved = move_aside(
        [group_of(root, "a.jpg", "b.jpg", "link.jpg", "sub/c.jpg")], aside, str(root), ask=yes, progress=False
    )
    assert moved.count == 1 and files_in(aside) == {"sub/c.jpg": b"photo"}
    assert dict(moved.left) == {
        "b.jpg": "another photo of its group leads to this file",
        "link.jpg": "is a link to another file",
    }
    undo_move(aside, progress=False)
    for best, copy in (("sub/c.jpg", "folder/c.jpg"), ("link.jpg", "b.jpg"), ("folder/c.jpg", "sub/c.jpg")):
        moved = move_aside([group_of(root, best, copy)], aside, str(root), ask=yes, progress=False)
        assert moved.count == 0 and "leads to this file" in moved.left[0][1]


def test_hard_links_are_files(root, aside):
    os.link(str(root / "a.jpg"), str(root / "hard.jpg"))
    moved = move_aside([group_of(root, "a.jpg", "hard.jpg")], aside, str(root), ask=yes, progress=False)
    assert moved.count == 1 and (root / "a.jpg").read_bytes() == b"photo"
    assert undo_move(aside, progress=False).count == 1
    assert (root / "hard.jpg").samefile(root / "a.jpg")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize(
    "name",
    ["été.jpg", 'quote".jpg', "it's.jpg", "line\nbreak.jpg", "back\\slash.jpg", "=1+2.jpg", "-rf", "写真/猫.jpg"],
)
def test_names_of_all_kinds(root, aside, name):
    put(root / name)
    moved = move_aside([group_of(root, "a.jpg", name)], aside, str(root), ask=yes, progress=False)
    assert moved.count == 1 and files_in(aside) == {name: b"photo"}
    assert moved.undo(progress=False).count == 1 and (root / name).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes names that are no text")
def test_a_name_that_is_no_text(root, aside):
    name = os.fsdecode(b"caf\xe9.jpg")
    put(root / name)
    assert move_aside([group_of(root, "a.jpg", name)], aside, str(root), ask=yes, progress=False).count == 1
    assert undo_move(aside, progress=False).count == 1 and (root / name).exists()


def test_names_never_lead_out():
    assert parts("../../etc/./passwd") == ["etc", "passwd"]
    assert parts("..") == ["photo"] and parts("/a//b") == ["a", "b"]
    some = names("x/a.b.jpg")
    assert [next(some) for _ in range(3)] == ["x/a.b.jpg", "x/a.b (2).jpg", "x/a.b (3).jpg"]


def test_a_name_that_leads_out_stays_below_the_folder(root, aside, tmp_path):
    best, copy = group_of(root, "a.jpg", "b.jpg")
    move_aside([[best, copy._replace(name="../../out.jpg")]], aside, str(root), ask=yes, progress=False)
    assert files_in(aside) == {"out.jpg": b"photo"}


def test_a_journal_that_leads_out_does_not(root, aside, tmp_path):
    put(tmp_path / "victim.jpg")
    line = {"from": str(tmp_path / "stolen.jpg"), "to": "../victim.jpg", "sha256": sha256(str(tmp_path / "victim.jpg"))}
    put(aside / JOURNAL, json.dumps(line).encode() + b"\n")
    assert undo_move(aside, ask=yes, progress=False).count == 0
    assert (tmp_path / "victim.jpg").exists() and not (tmp_path / "stolen.jpg").exists()


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_crash_while_moving_can_be_undone(root, groups, aside, monkeypatch, moment):
    """The process dies before the file is moved, while it has two names, or after it was moved."""
    before, move = files_in(root), safe_move.move_file

    class Crash(BaseException):
        pass

    def crashing(source, target, identity):
        if moment == "between":
            os.link(str(source), str(target))
        elif moment == "after":
            move(source, target, identity)
        raise Crash

    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(duplicate_files, "move_file", crashing)
        move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert undo_move(aside, progress=False).left == []
    assert files_in(root) == before and files_in(aside) == {}


def test_half_a_line_in_the_journal(root, groups, aside):
    move_aside(groups, aside, str(root), ask=yes, progress=False)
    with (aside / JOURNAL).open("ab") as file:
        file.write(b'{"from": "/som')
    put(root / "b.jpg")
    moved = move_aside([group_of(root, "a.jpg", "b.jpg")], aside, str(root), ask=yes, progress=False)
    assert moved.count == 1
    assert not (root / "b.jpg").exists()
    assert undo_move(aside, progress=False).count == 2  # and one has its place taken by the other


@pytest.fixture
def other_disk(monkeypatch):
    """As if the folder lay on another disk."""

    def refused(*_, **__):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(safe_move.os, "link", refused)


def test_to_another_disk_and_back(root, groups, aside, other_disk):
    before = files_in(root)
    os.utime(str(root / "b.jpg"), (1_000_000_000, 1_000_000_000))
    assert move_aside(groups, aside, str(root), ask=yes, progress=False).count == 2
    assert files_in(aside) == {"b.jpg": b"photo", "sub/c.jpg": b"photo"} and "b.jpg" not in files_in(root)
    assert (aside / "b.jpg").stat().st_mtime == 1_000_000_000
    assert undo_move(aside, progress=False).count == 2
    assert files_in(root) == before and files_in(aside) == {}


def test_a_copy_that_is_not_the_same_leaves_the_file(root, groups, aside, other_disk, monkeypatch):
    before = files_in(root)
    monkeypatch.setattr(safe_move.shutil, "copyfileobj", lambda read, written, size: written.write(b"phot"))
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert moved.count == 0 and "the copy is not what the file was" in moved.left[0][1]
    assert files_in(root) == before and files_in(aside) == {}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_copy_that_is_interrupted_leaves_the_file(root, groups, aside, other_disk, monkeypatch, error):
    before = files_in(root)

    def full(read, written, size):
        written.write(b"ph")
        raise error

    monkeypatch.setattr(safe_move.shutil, "copyfileobj", full)
    if isinstance(error, OSError):
        moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
        assert len(moved.left) == 2 and "No space left" in moved.left[0][1]
    else:
        with pytest.raises(KeyboardInterrupt):
            move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert files_in(root) == before and files_in(aside) == {}


def test_after_a_crash_between_copying_and_removing_both_stay(root, groups, aside, other_disk):
    put(aside / "b.jpg", b"pho")  # half a copy, as a crash leaves it
    entry = {"from": str(root / "b.jpg"), "to": "b.jpg", "sha256": groups[0][1].identity}
    with safe_move.writing(aside) as journal:
        journal.write(entry)
    back = undo_move(aside, progress=False)
    assert back.count == 0 and "something is at" in back.left[0][1]
    assert (root / "b.jpg").read_bytes() == b"photo" and (aside / "b.jpg").read_bytes() == b"pho"


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_in_the_old_place_is_no_second_name(root, groups, aside, linked):
    """Who puts links where the photos were must not lose the photos by undoing."""
    move_aside(groups, aside, str(root), ask=yes, progress=False)
    if linked == "file":
        (root / "sub" / "c.jpg").symlink_to(aside / "sub" / "c.jpg")
    else:
        (root / "sub").rmdir()
        (root / "sub").symlink_to(aside / "sub", target_is_directory=True)
    back = undo_move(aside, progress=False)
    assert back.count == 1 and [name for name, _ in back.left] == ["sub/c.jpg"]
    assert (aside / "sub" / "c.jpg").read_bytes() == b"photo"


def test_what_was_changed_in_the_folder_stays_there(root, groups, aside):
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    put(aside / "b.jpg", b"edited")
    back = moved.undo(progress=False)
    assert back.count == 1 and back.left == [("b.jpg", "has changed since it was moved")]
    put(aside / "b.jpg")
    assert moved.undo(progress=False).count == 1
    assert len(files_in(root)) == 4


def test_what_is_gone_from_both_places_is_said(root, groups, aside):
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    (aside / "b.jpg").unlink()
    back = moved.undo(progress=False)
    assert back.count == 1 and back.left == [("b.jpg", "is neither here nor in its old place any more")]


def test_the_folder_of_a_photo_may_have_gone(root, groups, aside):
    moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
    (root / "sub").rmdir()
    assert moved.undo(progress=False).count == 2
    assert (root / "sub" / "c.jpg").exists()


def test_a_file_that_may_not_be_removed_stays(root, groups, aside, monkeypatch):
    before, unlink = files_in(root), Path.unlink

    def refused(path, *arguments):
        if root in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(path, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        moved = move_aside(groups, aside, str(root), ask=yes, progress=False)
        assert moved.count == 0 and "Permission denied" in moved.left[0][1]
    assert files_in(root) == before and files_in(aside) == {}
    assert undo_move(aside, progress=False).left == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(root, groups, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ExportError, match="cannot be written"):
        move_aside(groups, tmp_path / "closed" / "aside", str(root), ask=yes)


def test_a_folder_that_cannot_be_made(root, groups, tmp_path):
    with pytest.raises(ExportError, match="choose another folder"):
        move_aside(groups, put(tmp_path / "file") / "aside", str(root), ask=yes)
    assert len(files_in(root)) == 4


def test_without_its_journal_nothing_is_moved(root, groups, aside, monkeypatch):
    before = files_in(root)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(safe_move.os, "fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        move_aside(groups, aside, str(root), ask=yes, progress=False)
    assert files_in(root) == before and files_in(aside) == {}


def test_a_journal_that_is_a_link_is_not_written(root, groups, aside, tmp_path):
    """Whoever made the folder may have it lead to a file that a shell runs, and names of photos may be commands."""
    started = put(tmp_path / ".profile", b"true")
    aside.mkdir()
    (aside / JOURNAL).symlink_to(started)
    before = files_in(root)
    for work in (
        lambda: move_aside(groups, aside, str(root), ask=yes, progress=False),
        lambda: undo_move(aside, ask=yes),
    ):
        with pytest.raises(ExportError, match="is a link"):
            work()
    assert started.read_bytes() == b"true" and files_in(root) == before


def test_a_file_comes_into_the_place_meanwhile(root, aside, monkeypatch):
    """Between the look whether a place is free and the move another process takes it."""
    put(aside / JOURNAL, b"")
    put(aside / "b.jpg", b"theirs")
    looked, lexists = [], os.path.lexists

    def not_yet(path):
        looked.append(path)
        return lexists(path) if len(looked) > 2 else False  # of the folder, and of the place

    monkeypatch.setattr(duplicate_files.os.path, "lexists", not_yet)
    moved = move_aside([group_of(root, "a.jpg", "b.jpg")], aside, str(root), ask=yes, progress=False)
    assert moved.left == [] and files_in(aside) == {"b.jpg": b"theirs", "b (2).jpg": b"photo"}
    assert undo_move(aside, progress=False).count == 1 and files_in(aside) == {"b.jpg": b"theirs"}


def test_a_file_has_the_name_of_a_folder(root, aside):
    put(aside / "sub", b"theirs")
    put(aside / JOURNAL, b"")
    moved = move_aside([group_of(root, "a.jpg", "sub/c.jpg")], aside, str(root), ask=yes, progress=False)
    assert moved.count == 0 and "folder" in moved.left[0][1] and (root / "sub" / "c.jpg").exists()


@pytest.mark.parametrize(("name", "expected"), [("a?b/con.jpg", "a_b/con_.jpg"), ("C:/x./y.jpg", "C_/x_/y.jpg")])
def test_names_on_windows(monkeypatch, name, expected):
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        first = next(names(name))
        again = parts(first)
    assert first == expected
    assert "/".join(again) == expected, "undo_move finds it by the name in the journal"
