"""What a widget shows as a still picture: a light card with photos and their captions, as HTML of 200 kB at most."""

import base64
import io
from html import escape
from typing import Iterator, List, NamedTuple, Optional, Sequence

from PIL import Image

LARGEST = 200_000  # characters of a card
_SPARE = 20_000  # characters for the markup and the words
_SIDE, _COLUMNS = 116, 7  # px of a thumbnail; thumbnails side by side
_WORDS = 300  # characters of a line
_PHOTOS = 48  # at most; a card is a picture, not the collection

_CARD = (
    "background:#fff;color:#212121;color-scheme:light;border:1px solid #d0d4da;border-radius:6px;padding:10px 12px;"
    "max-width:960px;overflow-x:auto;font:13px/1.4 system-ui,sans-serif;text-align:left"
)
_LINE = "margin:0 0 6px;color:#616161"
_TABLE = "border-collapse:separate;border-spacing:4px;margin:0;border:0;background:#fff;color:#212121"
_CELL = (
    f"width:{_SIDE}px;max-width:{_SIDE + 12}px;padding:4px;border:2px solid %s;border-radius:6px;background:#f1f3f5;"
    "vertical-align:top;text-align:center;font-size:11px;line-height:1.35;overflow-wrap:anywhere;white-space:normal"
)
_PLAIN, _MARKED = "transparent", "#e8590c"


class CardPhoto(NamedTuple):
    """A thumbnail as a JPEG, None where the photo cannot be read, and what is written under it."""

    jpeg: Optional[bytes]
    name: str
    caption: str = ""
    marked: bool = False


class CardRow(NamedTuple):
    """Photos beneath a heading."""

    heading: str
    photos: Sequence[CardPhoto]


class CardFigure(NamedTuple):
    """A picture, PNG or JPEG, and the same in words."""

    picture: bytes
    words: str


class Card(NamedTuple):
    """Beneath a title: lines of text, rows of photos, and figures."""

    title: str
    lines: Sequence[str] = ()
    rows: Sequence[CardRow] = ()
    figures: Sequence[CardFigure] = ()


def card_text(card: Card) -> str:
    """The words of a card."""
    return "; ".join(_shortened(line) for line in (card.title, *card.lines) if line)


def card_html(card: Card) -> str:
    """A card as HTML that needs nothing else: all text is escaped, and the pictures are in it.

    `$…$` in a name is no formula. It has at most 200,000 characters: figures become smaller to fit, and of
    many photos the first are shown. The styles are on the elements, and the
    photos in a table, so that it also stands where style sheets are taken out.
    """
    room = LARGEST - _SPARE
    figures = []
    for figure in card.figures:
        share = room // (len(card.figures) + bool(card.rows))
        figures.append(_figure(_within(bytes(figure.picture), share * 3 // 4), figure.words))
    room -= sum(map(len, figures))
    parts = [f'<div style="{_LINE};color:#212121;font-weight:600">{escape(_shortened(card.title))}</div>']
    parts += [f'<div style="{_LINE}">{escape(_shortened(line))}</div>' for line in card.lines if line]
    for row in card.rows:
        cells = list(_cells(row.photos, room))
        room -= sum(map(len, cells))
        parts += _table(row, cells)
    return f'<div class="mathjax_ignore tex2jax_ignore" style="{_CARD}">{"".join(parts + figures)}</div>'


def _cells(photos: Sequence[CardPhoto], room: int) -> Iterator[str]:
    """Photos as cells of a table, as many as there is room for."""
    for photo in photos[:_PHOTOS]:
        name = escape(_shortened(photo.name))
        picture = f'<div style="line-height:{_SIDE * 3 // 4}px;color:#616161">cannot be read</div>'
        if photo.jpeg is not None:
            small = base64.b64encode(_small(photo.jpeg)).decode()
            style = f"display:block;margin:0 auto 2px;max-width:{_SIDE}px;height:auto"
            picture = f'<img style="{style}" alt="{name}" src="data:image/jpeg;base64,{small}">'
        caption = f"<br>{escape(_shortened(photo.caption))}" if photo.caption else ""
        cell = f'<td style="{_CELL % (_MARKED if photo.marked else _PLAIN)}">{picture}{name}{caption}</td>'
        room -= len(cell)
        if room < 0:
            return
        yield cell


def _table(row: CardRow, cells: List[str]) -> List[str]:
    lines = [cells[start : start + _COLUMNS] for start in range(0, len(cells), _COLUMNS)]
    body = "".join(f'<tr style="background:#fff">{"".join(line)}</tr>' for line in lines)
    rest = len(row.photos) - len(cells)
    return [
        f'<div style="{_LINE}">{escape(_shortened(row.heading))}</div>' if row.heading else "",
        f'<table style="{_TABLE}">{body}</table>' if cells else "",
        f'<div style="{_LINE}">and {rest:,} more</div>' if rest else "",
    ]


def _figure(picture: bytes, words: str) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    style = "display:block;max-width:100%;height:auto;margin:4px 0"
    source = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
    return f'<img style="{style}" alt="{escape(_shortened(words))}" src="{source}">'


def _small(jpeg: bytes) -> bytes:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as photo:
        photo.thumbnail((_SIDE, _SIDE))
        return _jpeg(photo.convert("RGB"), 75)


def _within(picture: bytes, most: int) -> bytes:
    """A picture of at most so many bytes: as it is, else as a JPEG of lower quality, then of fewer pixels."""
    if len(picture) <= most:
        return picture
    with Image.open(io.BytesIO(picture), formats=["PNG", "JPEG"]) as opened:
        rgba = opened.convert("RGBA")
    page = Image.new("RGB", rgba.size, "white")
    page.paste(rgba, mask=rgba)
    smaller = next((jpeg for jpeg in (_jpeg(page, quality) for quality in (85, 70)) if len(jpeg) <= most), None)
    while smaller is None or len(smaller) > most:
        page = page.resize([max(1, side * 4 // 5) for side in page.size])
        smaller = _jpeg(page, 75)
    return smaller


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _shortened(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")  # names of files may hold what is no Unicode
    return text if len(text) <= _WORDS else f"{text[: _WORDS - 1]}…"
