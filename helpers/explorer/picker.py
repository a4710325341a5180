"""Choose the query photo by looking: thumbnails page by page, and the matches beneath them.

`PhotoPicker(model)` is a widget. Its results are plain objects: `picker.chosen`, `picker.k` and `picker.found`.
"""

from pathlib import Path
from typing import Any, List, Optional

import ipywidgets
import numpy as np
import traitlets

from helpers.arguments import check_whole, takes
from helpers.errors import PhotoError
from helpers.explorer.filters import Catalogue, Filter
from helpers.explorer.likeness import Likenesses, nothing_close
from helpers.explorer.photo_transfer import LARGEST_UPLOAD
from helpers.explorer.photo_upload import PhotoUpload, too_large
from helpers.frames import SFrame
from helpers.frames.images import image_of
from helpers.images.boxes import box_in
from helpers.images.decode import Source, open_photo
from helpers.images.thumbnails import Thumbnails
from helpers.widgets.card import Card, CardPhoto, CardRow
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import text_line
from helpers.widgets.thumbnail_strip import Thumbnail, ThumbnailStrip

_STYLE = (Path(__file__).parent / "page" / "picker.css").read_text(encoding="utf-8")
_ALL_FOLDERS = "/"  # no folder has this name; ipywidgets takes None as no choice at all
_NAME_LENGTH = 17  # characters that fit under a thumbnail


class PhotoPicker(NotebookWidget, ipywidgets.VBox):
    """Thumbnails of a collection to click on, and the matches of the one that was clicked, to click on too.

    The first photo is chosen from the start; `pick` and `upload` do what clicks do.

    Parameters
    ----------
    model : SimilarityModel
    k : int
        How many matches to show, 1 to 50.
    page_size : int
        How many thumbnails a page has.

    Notes
    -----
    Traits: `chosen`, the label of the query photo, or None after an upload;
    `k`; `found`, the SFrame that `model.query` returned, whose `query_label` is
    the chosen label, or the name of the uploaded file.
    """

    chosen = traitlets.Any(None, allow_none=True)
    k = traitlets.Int(10, min=1, max=50)
    found = traitlets.Any(None, allow_none=True)

    @takes(model="model", k="number")
    def __init__(self, model: Any, *, k: int = 10, page_size: int = 24) -> None:
        check_whole("page_size", page_size)
        self.model, self._page_size = model, page_size
        self._query: Any = None  # a frame of one row, to which `found` is the answer
        self._thumbnails = Thumbnails()
        self._row_of = {label: row for row, label in reversed(list(enumerate(model.labels)))}
        self._page = 0
        self._rows: List[int] = []  # the rows of the collection that pass the filters
        self._catalogue = Catalogue(model.names)
        self._make_controls(k)
        super().__init__(
            [
                ipywidgets.HTML(f"<style>{_STYLE}</style>"),
                _bar(self.folder, self.file_name),
                self.photos,
                _bar(self.previous, self.next, self.status),
                _bar(self.slider, self.uploader),
                self.message,
                _bar(self.query_photo, self.heading),
                self.far,
                self.matches,
            ],
            k=k,
        )
        traitlets.link((self, "k"), (self.slider, "value"))
        self.observe(self._answer, "k")
        self._filter()
        next(filter(self._pick, model.labels[:page_size]), None)  # the first that is still there

    def pick(self, label: Any) -> None:
        """Choose a photo of the collection, as a click on its thumbnail does; its page comes up.

        A photo that cannot be read any more is not chosen; a message gives the reason.
        Raises `FrameError` for a label that the model does not have.
        """
        self._pick(label)

    @takes(name="text", content="photo")
    def upload(self, name: str, content: bytes) -> None:
        """Query with a photo from outside the collection, as the upload button does.

        A file that is not a photo, or larger than 50 MB, is left out; a message gives the reason.
        """
        if len(content) > LARGEST_UPLOAD:
            self._say(too_large(name))
        elif self._ask(name, name, bytes(content), None):
            self.chosen = None
            self._show_page()

    def _make_controls(self, k: int) -> None:
        count = self._catalogue.folder_counts
        options = [("all folders", _ALL_FOLDERS), *((f"{folder or 'no folder'} ({n})", folder) for folder, n in count)]
        self.folder = ipywidgets.Dropdown(options=options, tooltip="Folder", layout={"width": "220px"})
        if len(count) == 1:
            self.folder.layout.display = "none"
        self.file_name = ipywidgets.Text(
            placeholder="part of a name or folder", tooltip="Filter by name", layout={"width": "220px"}
        )
        self.photos = ThumbnailStrip(self._clicked)
        self.photos.add_class("kinframe-chooser")
        self.previous = ipywidgets.Button(description="Previous", tooltip="Previous page", layout={"width": "100px"})
        self.next = ipywidgets.Button(description="Next", tooltip="Next page", layout={"width": "100px"})
        self.status = text_line()
        self.slider = ipywidgets.IntSlider(
            value=k,
            min=1,
            max=50,
            description="Results",
            tooltip="How many matches (k)",
            continuous_update=False,
            style={"description_width": "initial"},
        )
        self.uploader = PhotoUpload(self.upload, self._say)
        self.message = text_line(layout={"display": "none"})
        self.message.add_class("kinframe-failed")
        self.query_photo = ipywidgets.Image(format="jpeg", layout={"display": "none"})  # one from outside
        self.query_photo.add_class("kinframe-query")
        self.heading = text_line()
        self.heading.add_class("kinframe-heading")
        self.far = text_line(layout={"display": "none"})
        self.far.add_class("kinframe-far")
        self.matches = ThumbnailStrip(lambda place: self.pick(self.found["reference_label"][place]))
        self.matches.add_class("kinframe-matches")
        self._likenesses = Likenesses(self.model)

        self.folder.observe(self._filter, "value")
        self.file_name.observe(self._filter, "value")
        self.previous.on_click(lambda _: self._turn(-1))
        self.next.on_click(lambda _: self._turn(1))

    def _pick(self, label: Any) -> bool:
        readable = self._ask(label, self.model.name_of(label), self.model.photo(label), label)
        if readable:
            self.chosen = label
            self._turn_to_chosen()
        return readable

    def _ask(self, label: Any, name: str, source: Source, chosen: Any) -> bool:
        """Show the matches of a photo, `chosen` or from outside; returns whether it could be read."""
        try:
            open_photo(source, size=(64, 64))  # whole: an Image reads no more than the header
            image = image_of(Path(source) if isinstance(source, str) else source)
            query = SFrame({"label": [label], "path": [name], self.model.feature: [image]})
            matches = self.model.query(query, label="label", k=self.k, verbose=False)
        except PhotoError as error:
            self._say(f"{name}: {error}.")
            return False
        self._say("")
        self._query = query
        outside = self._thumbnails.get_many([(source, None)])[0] if chosen is None else None
        self.query_photo.value = outside or b""
        self.query_photo.layout.display = "" if outside else "none"
        self._show(matches, chosen)
        return True

    def _say(self, text: str) -> None:
        _write(self.message, text)

    def _answer(self, _: Any) -> None:
        if self._query is not None:
            self._show(self.model.query(self._query, label="label", k=self.k, verbose=False), self.chosen)

    def _show(self, matches: Any, chosen: Any) -> None:
        rows = list(matches)
        labels = [row["reference_label"] for row in rows]
        likenesses = self._likenesses.of([row["distance"] for row in rows], self.model.metric)
        pictures = self._pictures(labels, [box_in(row) for row in rows])
        shown, others = [], []
        for row, picture, likeness in zip(rows, pictures, likenesses):
            name = self.model.name_of(row["reference_label"])
            about = {"rank": row["rank"], "distance": row["distance"], "likeness": likeness}
            itself = chosen is not None and row["reference_label"] == chosen
            shown.append(Thumbnail(_shortened(name.rpartition("/")[2]), name, picture, itself, about))
            others += [] if itself else [likeness]
        self.matches.show(shown)
        query = self._query["path"][0]
        self.heading.value = f"{len(rows)} most similar to {query}" if rows else f"Nothing is similar to {query}"
        _write(self.far, nothing_close(others[0] if others else None))
        self.found = matches

    def _clicked(self, place: int) -> None:
        self.pick(self.model.labels[self._on_page()[place]])

    def _filter(self, _: Any = None) -> None:
        folder = None if self.folder.value == _ALL_FOLDERS else self.folder.value
        self._rows = np.flatnonzero(self._catalogue.matching(Filter(folder, self.file_name.value))).tolist()
        self._page = 0
        self._show_page()

    def _turn(self, pages: int) -> None:
        self._page += pages
        self._show_page()

    def _turn_to_chosen(self) -> None:
        row = self._row_of[self.chosen]
        if row in self._rows:
            self._page = self._rows.index(row) // self._page_size
        self._show_page()

    def _on_page(self) -> List[int]:
        first = self._page * self._page_size
        return self._rows[first : first + self._page_size]

    def _show_page(self) -> None:
        rows = self._on_page()
        photos = []
        for row, picture in zip(rows, self._pictures([self.model.labels[row] for row in rows])):
            name = self.model.names[row]
            chosen = self.model.labels[row] == self.chosen
            photos.append(Thumbnail(_shortened(name.rpartition("/")[2]), name, picture, chosen))
        self.photos.show(photos)
        self._show_place()

    def _pictures(self, labels: List[Any], boxes: Optional[List[Any]] = None) -> List[Optional[bytes]]:
        """The thumbnails of photos, or of their parts in boxes; None where one cannot be read."""
        identities = self.model.collection.identities
        photos = [(self.model.photo(label), identities[self._row_of[label]]) for label in labels]
        return self._thumbnails.get_many(photos, boxes)

    def _show_place(self) -> None:
        pages = -(-len(self._rows) // self._page_size)
        photos = f"{len(self._rows)} photo{'s' * (len(self._rows) != 1)}"
        self.status.value = f"page {self._page + 1} of {pages} · {photos}" if pages else "no photo has such a name here"
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page + 1 >= pages

    def _card(self) -> Card:
        found = [CardPhoto(each.jpeg, each.text, _caption(each.about), each.marked) for each in self.matches.photos]
        photos = [CardPhoto(each.jpeg, each.text, marked=each.marked) for each in self.photos.photos]
        query = [CardPhoto(self.query_photo.value, self._query["path"][0])] if self.query_photo.value else []
        asked = [CardRow("Query", query)] if query else []
        rows = [*asked, CardRow(self.heading.value, found), CardRow(self.status.value, photos)]
        return Card("Photo picker", [self.message.value, self.far.value], rows)


def _write(line: Any, text: str) -> None:
    line.value = text
    line.layout.display = "" if text else "none"


def _caption(about: Any) -> str:
    return f"{about['rank']}: distance {about['distance']:.3g}"


def _bar(*controls: ipywidgets.Widget) -> ipywidgets.Box:
    bar = ipywidgets.Box(controls)
    bar.add_class("kinframe-bar")
    return bar


def _shortened(name: str) -> str:
    if len(name) <= _NAME_LENGTH:
        return name
    half = _NAME_LENGTH // 2
    return f"{name[:half]}…{name[-half:]}"
