"""Labels that people give to photos, kept in a CSV that a spreadsheet opens: `path,label`, one line a photo.

The file is written whole at each change, so that it is complete whenever the
kernel ends, and several notebooks may write to the same one.
"""

import csv
import io
import os
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Union

from helpers.errors import FrameError, LabelsError
from helpers.files.lock import Busy, Lost, locked
from helpers.files.reading import read_regular
from helpers.files.replacing import replacing
from helpers.files.spelling import SpelledNames, expanded
from helpers.files.spreadsheet import MOST_COLUMNS, guarded, plain

_COLUMNS = ["path", "label"]
_DELIMITERS = ",;\t"  # spreadsheets of some countries write the others
_LONGEST = 10_000  # characters
_BOM = "\ufeff"
_TABLES = (".csv", ".tsv", ".txt")
_AGAIN = 3  # attempts where the lock was lost


class LabelChange(NamedTuple):
    """The labels of photos before and after a change; `""` is none."""

    before: Dict[str, str]
    after: Dict[str, str]


_undoable: Dict[str, List[LabelChange]] = {}  # by file: the changes of this session that can be undone


class Labels(Mapping[str, str]):
    """The labels of photos by their path, kept in a file that is made with the first label.

    It reads as a dict; photos without a label are absent, and a path is found
    however its accents are written (see `helpers.files.spelling`). `reload`, `set` and
    `undo` also read what other notebooks have written since, and change nothing
    else in the file: rows, columns and notes that people added stay. In the
    file, labels that begin like a formula have an apostrophe in front, see
    `helpers.files.spreadsheet`.

    Raises `LabelsError` for a file that is damaged or something else, which
    stays as it is.

    >>> labels = Labels("photo-labels.csv")
    >>> len(labels), labels.get("card 1/IMG_0001.JPG")
    (0, None)
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = expanded(path).absolute()
        self._file = Path(os.path.realpath(self.path))  # a link stays a link
        # A link in a folder from somebody else could have a file begun that a program runs, with names of photos in it.
        if self.path.is_symlink() and self._file.suffix.lower() not in _TABLES and not self._file.exists():
            raise LabelsError(
                f"{self.path} is a link to {self._file}, where no table is begun; delete it, or name another file"
            )
        self.reload()

    def __getitem__(self, path: str) -> str:
        return self._labels[self._spelled.find(path)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return f"Labels of {len(self)} photos in {self.path}"

    def reload(self) -> None:
        """Read the file again. Raises `LabelsError`."""
        self._take(_read(self._file).labels())

    def set(self, paths: Union[str, Iterable[str]], text: str) -> LabelChange:
        """Replace the label of photos, or remove it with `""`; returns the change.

        Raises `LabelsError` where the file cannot be written, and `FrameError`
        for an invalid path or label.
        """
        wanted = {_checked("path", path): text for path in ([paths] if isinstance(paths, str) else paths)}
        if text != "":
            _checked("label", text)
        change = self._write(lambda now: _spelled_as(now, wanted))
        if change.after:
            self._changes().append(change)
        return change

    def undo(self) -> Optional[LabelChange]:
        """Undo the last change of this session to this file that is not undone yet.

        Returns the change, without photos that another notebook has labelled
        since: they keep their label. None where there is nothing to undo.
        Raises `LabelsError`.
        """
        changes = self._changes()
        if not changes:
            return None
        last = changes[-1]
        back = self._write(
            lambda now: {path: last.before[path] for path, label in last.after.items() if now.get(path, "") == label}
        )
        changes.pop()
        return LabelChange(before=back.after, after=back.before)

    def _take(self, labels: Dict[str, str]) -> None:
        self._labels, self._spelled = labels, SpelledNames(labels)

    def _changes(self) -> List[LabelChange]:
        return _undoable.setdefault(str(self._file), [])

    def _write(self, wanted: Callable[[Dict[str, str]], Dict[str, str]]) -> LabelChange:
        """Change the labels in the file to `wanted`, a function of those that it has now."""
        try:
            for _ in range(_AGAIN):
                try:
                    return self._write_locked(wanted)
                except Lost:
                    continue
            raise Busy("others write to it all the time")
        except Busy as error:
            raise LabelsError(f"{self.path}: not written, since others write to it all the time; try again") from error
        except OSError as error:
            reason = error.strerror or error
            raise LabelsError(
                f"{self.path}: the label could not be kept ({reason}); close the file where it is open in a "
                "spreadsheet, or name another one"
            ) from error

    def _write_locked(self, wanted: Callable[[Dict[str, str]], Dict[str, str]]) -> LabelChange:
        with locked(self._file.with_name(f".{self._file.name}.lock")) as still_ours:
            table = _read(self._file)
            now = table.labels()
            after = {path: label for path, label in wanted(now).items() if label != now.get(path, "")}
            if after:
                table.put(after)
                with replacing(self._file) as half:
                    half.write_bytes(table.text().encode("utf-8"))
                    still_ours()
            self._take(table.labels())
            return LabelChange({path: now.get(path, "") for path in after}, after)


def _spelled_as(now: Dict[str, str], wanted: Dict[str, str]) -> Dict[str, str]:
    """The wanted labels by the paths that the file has for these photos."""
    names = SpelledNames(now)
    return {names.find(path): text for path, text in wanted.items()}


class _LabelsTable:
    """The CSV, cell by cell, as it is in the file."""

    def __init__(self, header: List[str], rows: List[List[str]], delimiter: str = ",", begin: str = "") -> None:
        self._header, self._rows, self._delimiter, self._begin = header, rows, delimiter, begin
        self._path, self._label = (header.index(name) for name in _COLUMNS)

    def labels(self) -> Dict[str, str]:
        """The labels by path; of several lines for a photo the last counts."""
        labels = {plain(row[self._path]): plain(row[self._label]) for row in self._rows}
        return {path: label for path, label in labels.items() if path and label}

    def put(self, labels: Dict[str, str]) -> None:
        left = dict(labels)
        for row in self._rows:
            path = plain(row[self._path])
            if path in labels:
                row[self._label] = guarded(labels[path])
                left.pop(path, None)
        for path, label in left.items():
            row = [""] * len(self._header)
            row[self._path], row[self._label] = guarded(path), guarded(label)
            self._rows.append(row)
        removed = {path for path, label in labels.items() if not label}
        self._rows = [row for row in self._rows if plain(row[self._path]) not in removed or self._has_notes(row)]

    def text(self) -> str:
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=self._delimiter).writerows([self._header, *self._rows])
        return self._begin + stream.getvalue()

    def _has_notes(self, row: List[str]) -> bool:
        return any(cell for place, cell in enumerate(row) if place not in (self._path, self._label))


def _read(file: Path) -> _LabelsTable:
    """The table in a file, empty where there is none; raises `LabelsError`."""
    try:
        text = read_regular(file).decode("utf-8")
    except FileNotFoundError:
        return _LabelsTable(list(_COLUMNS), [])
    except UnicodeDecodeError as error:
        raise LabelsError(
            f"{file} is not a CSV in UTF-8; save it from the spreadsheet as such, or name another file"
        ) from error
    except OSError as error:
        reason = "a folder; name a file in it" if file.is_dir() else f"it cannot be read ({error.strerror or error})"
        raise LabelsError(f"{file}: {reason}") from error
    begin = _BOM if text.startswith(_BOM) else ""
    text = text[len(begin) :]
    delimiter = next((sign for sign in _DELIMITERS if _is_delimiter(sign, text)), None)
    if delimiter is None:
        raise LabelsError(
            f"{file} has no labels: its first line does not name the columns path and label; name another file"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader)
        if len(header) > MOST_COLUMNS:
            raise ValueError(f"{len(header):,} columns; {MOST_COLUMNS:,} are the most")
        return _LabelsTable(header, list(_rows(reader, len(header))), delimiter, begin)
    except (csv.Error, ValueError) as error:
        raise LabelsError(
            f"{file} is damaged (line {reader.line_num}: {error}); correct it, or name another file"
        ) from error


def _is_delimiter(delimiter: str, text: str) -> bool:
    """Whether the first line, split there, names the columns."""
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return False
    return [header.count(name) for name in _COLUMNS] == [1, 1]


def _rows(reader: Iterable[List[str]], width: int) -> Iterator[List[str]]:
    for cells in reader:
        if len(cells) > width:
            raise ValueError(f"{len(cells)} cells, and {width} columns")
        if cells:
            yield cells + [""] * (width - len(cells))


def _checked(name: str, text: str) -> str:
    if not isinstance(text, str):
        raise FrameError(f"a {name} is text, not {type(text).__name__}")
    if not 0 < len(text) <= _LONGEST or "\0" in text:
        raise FrameError(f"a {name} has 1 to {_LONGEST:,} characters, none of them NUL: {text[:40]!r}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FrameError(f"{text[:40]!r} is not valid text and cannot be kept as a {name}") from error
    return text
