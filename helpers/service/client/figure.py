"""An answer of a service as a figure: the question and its matches, from thumbnails."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from helpers.errors import FrameError, NotFound, Refused

_SIZE = 300  # pixels: what a tile has on a fine screen
_AT_ONCE = 8  # thumbnails
_MOST = 400  # tiles that `show_matches` draws, beside the questions


class Source(NamedTuple):
    """What is asked of a service for a figure."""

    thumbnail: Callable[[int, int], bytes]  # of an image, by its id and the size in pixels
    path: Callable[[int], str]  # of an image


def show_found(source: Source, found: Any, asked: Dict[Any, Tuple[str, bytes]], columns: int) -> Any:
    """A figure of what `client.search` or `client.similar` gave; `asked` are photos from outside, by their label.

    An image whose photo has gone is a grey tile. Raises `FrameError` for a
    frame that is no answer of a service.
    """
    from helpers.similarity.grid import show_matches

    missing = {"query_label", "reference_label", "distance", "rank", "path"} - set(
        getattr(found, "column_names", list)()
    )
    if missing:
        raise FrameError(f"found lacks {', '.join(sorted(missing))}; show() takes what search() or similar() gives")
    return show_matches(_Shown(source, list(found), asked), found, columns=columns)


class _Shown:
    """What `show_matches` asks of a model."""

    def __init__(self, source: Source, rows: List[Any], asked: Dict[Any, Tuple[str, bytes]]) -> None:
        self._names = {row["reference_label"]: row["path"] for row in rows}
        self._queries = {row["query_label"] for row in rows}
        self._asked, self._source = asked, source
        questions = {label for label in self._queries if isinstance(label, int)}
        wanted = sorted({*list(self._names)[:_MOST], *questions})
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            self._photos = dict(zip(wanted, threads.map(self._thumbnail, wanted)))
        self.names = list(self._names.values())

    def asked(self, found: Any) -> Dict[Any, Tuple[str, bytes]]:
        """Name and photo of each question, as far as they can be had."""
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
        return str(self._names[label] if label in self._names else self._source.path(label))

    def _thumbnail(self, label: int) -> bytes:
        try:
            return self._source.thumbnail(label, _SIZE)
        except (NotFound, Refused):
            return b""  # drawn as a grey tile
