"""The result of a search as a figure: each query and its matches, from thumbnails."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Tuple

from helpers.errors import FrameError, NotFound, Refused

_SIZE = 300  # pixels of a tile on a high-resolution screen
_AT_ONCE = 8  # thumbnails that are fetched
_MOST = 400  # tiles that `show_matches` draws, beside the queries


Thumbnail = Callable[[int, int], bytes]  # id of an image, and pixels
Path = Callable[[int], str]  # id of an image


def show_found(found: Any, thumbnail: Thumbnail, path: Path, asked: Dict[Any, Tuple[str, bytes]], columns: int) -> Any:
    """A figure of what `client.search` or `client.similar` found; `asked` has photos from outside, by their label.

    An image whose photo is gone is a grey tile. Raises `FrameError` for any
    other frame.
    """
    from helpers.similarity.grid import show_matches

    missing = {"query_label", "reference_label", "distance", "rank", "path"} - set(
        getattr(found, "column_names", list)()
    )
    if missing:
        raise FrameError(f"found lacks {', '.join(sorted(missing))}; show() takes what search() or similar() gives")
    return show_matches(_SearchedModel(list(found), thumbnail, path, asked), found, columns=columns)


class _SearchedModel:
    """The part of a similarity model that `show_matches` needs, from a service."""

    def __init__(self, rows: List[Any], thumbnail: Thumbnail, path: Path, asked: Dict[Any, Tuple[str, bytes]]) -> None:
        self._names = {row["reference_label"]: row["path"] for row in rows}
        self._queries = {row["query_label"] for row in rows}
        self._asked, self._fetch, self._path = asked, thumbnail, path
        questions = {label for label in self._queries if isinstance(label, int)}
        wanted = sorted({*list(self._names)[:_MOST], *questions})
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            self._photos = dict(zip(wanted, threads.map(self._thumbnail, wanted)))
        self.names = list(self._names.values())

    def asked(self, found: Any) -> Dict[Any, Tuple[str, bytes]]:
        """Name and photo of each query, where they are known."""
        known = {}
        for label in self._queries:
            if isinstance(label, int):
                known[label] = self._name(label), self._photos[label]
            elif label in self._asked:
                known[label] = self._asked[label]
        return known

    def name_of(self, label: int) -> str:
        return str(self._names[label])

    def photo(self, label: int) -> bytes:
        return self._photos.get(label, b"")

    def _name(self, label: int) -> str:
        return str(self._names[label] if label in self._names else self._path(label))

    def _thumbnail(self, label: int) -> bytes:
        try:
            return self._fetch(label, _SIZE)
        except (NotFound, Refused):
            return b""  # drawn as a grey tile
