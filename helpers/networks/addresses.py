"""Where a file is available: more than one address for most, since each host is out of reach somewhere.

They are tried in order, each for seconds, until one gives the file with the right sha-256 (`helpers.networks.pins`).
"""

import os
from pathlib import Path
from typing import List, Sequence

HUB = "https://huggingface.co"
_HUB_COPY = "https://hf-mirror.com"  # of all of Hugging Face, for China, where that cannot be reached
_TRUE = ("1", "on", "yes", "true")


def addresses(url: str, copies: Sequence[str] = (), *, is_known: bool = False) -> List[str]:
    """The places of a file, in the order in which they are tried: addresses, and paths of files on this machine.

    Of a file on Hugging Face, first the cache that its own library keeps on this machine (`HF_HUB_CACHE`, `HF_HOME`);
    then `HF_ENDPOINT` in the place of huggingface.co, where that environment variable is set, or neither with
    `HF_HUB_OFFLINE=1`. The `copies` come last. Without an `HF_ENDPOINT`, and where the whole sha-256 of the file
    `is_known` beforehand, hf-mirror.com is tried too: nobody who stands between could pass off another file.

    >>> addresses("https://example.org/a.pth", ["https://example.net/a.pth"])
    ['https://example.org/a.pth', 'https://example.net/a.pth']
    """
    if not url.startswith(f"{HUB}/"):
        return [url, *copies]
    path = url[len(HUB) :]
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    hosts = [endpoint] if endpoint else [HUB, _HUB_COPY] if is_known else [HUB]
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
        hosts = []
    return [*_in_hub_cache(path), *(f"{host}{path}" for host in hosts), *copies]


def _in_hub_cache(path: str) -> List[str]:
    """The file of an address, /owner/name/resolve/revision/file, where huggingface_hub keeps it; none if it does not.

    How that cache is laid out: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
    """
    parts = path.lstrip("/").split("/")
    if len(parts) < 5 or parts[2] != "resolve":
        return []
    owner, name, _, revision, *file = parts
    home = os.environ.get("HF_HOME") or str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or str(Path(home) / "hub")).expanduser()
    folder = cache / f"models--{owner}--{name}"
    try:
        commit = (folder / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        commit = revision  # a commit, or nothing that is there
    kept = folder.joinpath("snapshots", commit, *file)
    return [str(kept)] if kept.is_file() else []
