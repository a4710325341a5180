"""Files of a repository on Hugging Face: fetched once, pinned, and kept in the cache folder."""

import re
from pathlib import Path
from typing import NamedTuple, Sequence

from helpers.errors import ModelError, WeightsUnavailable
from helpers.files.cache import cache_folder
from helpers.files.download import NotFetched, NotThere
from helpers.networks.addresses import HUB, addresses
from helpers.networks.pins import OtherFile, fetch_pinned, pin_file, pinned

PREFIX = "hf:"

_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?"
_FILE = rf"{_WORD}(?:/{_WORD}){{0,7}}"
_NAME = re.compile(
    rf"{PREFIX}(?P<owner>{_WORD})/(?P<name>{_WORD})(?:@(?P<revision>{_WORD}))?(?::(?P<file>{_FILE}\.onnx))?"
)


class Repository(NamedTuple):
    """A repository at one of its revisions."""

    owner: str
    name: str
    revision: str  # a branch, a tag or a commit; "" is the branch main
    file: str  # the ONNX file that is asked for; "" where it has to be found

    def __str__(self) -> str:
        """As a person writes it: `hf:owner/name@revision:file`."""
        return f"{self.address}{f':{self.file}' if self.file else ''}"

    @property
    def address(self) -> str:
        return f"{PREFIX}{self.owner}/{self.name}{f'@{self.revision}' if self.revision else ''}"

    @property
    def page(self) -> str:
        return f"{HUB}/{self.owner}/{self.name}"

    @property
    def folder(self) -> Path:
        """Where its files are kept; no name has two hyphens in a row, so no two have the same folder."""
        folder = f"{self.owner}--{self.name}{f'@{self.revision}' if self.revision else ''}"
        return cache_folder() / "weights" / "hf" / folder

    def first(self, files: Sequence[str], *, progress: bool) -> str:
        """The first of some files that is kept here, or else that the repository has; raises `WeightsUnavailable`."""
        for file in files:
            if (self.folder / file).exists() or pin_file(self.folder / file).exists():
                return file
        for file in files:
            try:
                self.get(file, progress=progress)
                return file
            except WeightsUnavailable as error:
                if not isinstance(error.__cause__, NotThere):
                    raise
        reason = f"it has no {' and no '.join(files)}"
        raise self._unavailable(files[-1], reason, f"name the file: {self.address}:path/in/the/repository.onnx")

    def get(self, file: str, *, progress: bool) -> Path:
        """One file, which is what it was when it was first fetched.

        It is fetched from huggingface.co or `HF_ENDPOINT`, or only from
        `KINFRAME_MIRROR` as `owner/name/file`. A file that is in its place already is used, and pinned
        if it is not yet. Raises `WeightsUnavailable` with the ways out.
        """
        path, name = self.folder / file, f"{self.owner}/{self.name}/{file}"
        try:
            url = f"{self.page}/resolve/{self.revision or 'main'}/{file}"
            fetch_pinned(path, name, addresses(url), progress=progress)
            return path
        except OtherFile as error:
            raise self._changed(file, error) from error
        except NotFetched as error:
            raise self._unavailable(file, str(error)) from error
        except OSError as error:
            raise self._unavailable(file, f"{error.filename or path}: {error.strerror or error}") from error

    def _changed(self, file: str, error: OtherFile) -> WeightsUnavailable:
        path = self.folder / file
        old = f", and {path}, which is damaged" if path.exists() else ""
        return WeightsUnavailable(
            f"{self} has changed: {error.origin} has the sha-256 {error.digest}, and had {pinned(path)} when it was "
            f"first fetched.\n"
            f"Ways out:\n"
            f"- to trust the new file, delete {pin_file(path)}{old}\n"
            f"- to get the old one, name its commit: {PREFIX}{self.owner}/{self.name}@commit\n"
            f"- put the old {path.name} by hand into {path.parent}"
        )

    def _unavailable(self, file: str, reason: str, *ways_out: str) -> WeightsUnavailable:
        path = self.folder / file
        if " answers 401 " in reason:
            reason += "; Hugging Face answers that where there is no such repository, or it is not public"
        ways_out = (
            *ways_out,
            "set HF_ENDPOINT to a copy of Hugging Face that you trust, such as https://hf-mirror.com",
            f"set KINFRAME_MIRROR to an address or a folder with {self.owner}/{self.name}/{file}",
            f"put {path.name} by hand into {path.parent}",
            "set KINFRAME_CACHE to another folder, if that one cannot be written",
        )
        ways = "\n".join(f"- {way}" for way in ways_out)
        return WeightsUnavailable(f"The network {self} is not available: {reason}.\nWays out:\n{ways}")


def repository(name: str) -> Repository:
    """`hf:owner/name`, optionally with `@revision` and `:path/in/repository.onnx`; raises `ModelError`."""
    parts = _NAME.fullmatch(name)
    asked = None if parts is None or ".." in name else Repository(**parts.groupdict(default=""))
    if asked is None or "--" in asked.owner or "--" in asked.name:
        raise ModelError(
            f"{name!r} is not a network on Hugging Face; write it as 'hf:owner/name', 'hf:owner/name@revision' "
            f"or 'hf:owner/name:path/in/the/repository.onnx'"
        )
    return asked
