"""The folder for everything that can be made or fetched again. Deleting it loses time, never data."""

import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any, Tuple

import numpy as np

from helpers.files.reading import open_regular
from helpers.files.spelling import expanded

_LARGE = 2**28  # bytes
_KEY = "this-machine.key"
_KEY_BYTES = 32
_LOOKS = 100  # within a second


def cache_folder() -> Path:
    """Kinframe's cache folder, which need not exist yet.

    The environment variable `KINFRAME_CACHE` names it; without that it is
    where the operating system wants caches (`~/.cache/kinframe` on Linux).
    """
    chosen = os.environ.get("KINFRAME_CACHE")
    if chosen:
        return expanded(chosen).absolute()
    import pooch

    return Path(pooch.os_cache("kinframe"))


def roomy_array(shape: Tuple[int, int], dtype: Any = np.float32) -> np.ndarray:
    """An empty array; a large one is in a file that nobody else sees, and goes when the array goes.

    Memory is then taken by what is in use, and given up when others need it. Raises `OSError`.
    """
    if np.dtype(dtype).itemsize * shape[0] * shape[1] < _LARGE:
        return np.empty(shape, dtype)
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=str(cache_folder())) as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


def machine_key() -> bytes:
    """A secret of this cache folder's owner, made once: what is signed with it was written here, by the same person.

    Raises `OSError` where there is none and none can be written, and for one
    that another account can read, or has put there.
    """
    file = cache_folder() / _KEY
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(secrets.token_bytes(_KEY_BYTES))
    for _ in range(_LOOKS):  # another process may be writing it
        if file.stat().st_size:
            break
        time.sleep(1 / _LOOKS)
    with open_regular(file) as opened:
        status = os.fstat(opened.fileno())
        key = opened.read(_KEY_BYTES + 1)
    if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o077 or file.is_symlink()):
        raise OSError(f"{file} can be read by others, or is theirs; delete it")
    if len(key) != _KEY_BYTES:
        raise OSError(f"{file} is damaged; delete it")
    return key
