"""Names in any script: the installed fonts that have their characters, their width, and how to shorten them."""

import unicodedata
from functools import lru_cache
from typing import FrozenSet, List, Optional

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

_SANS = "DejaVu Sans"  # comes with matplotlib, so it is always there
STAND_IN = "□"


def fitted(text: str, room: float) -> str:
    """`text` shortened in its middle to `room` ems: names differ at their ends."""
    text = drawable(text)
    if width(text) <= room:
        return text
    room -= _advance("…")
    left, right = 0, len(text)
    while left < right:
        from_end = left >= len(text) - right
        room -= _advance(text[right - 1] if from_end else text[left])
        if room < 0:
            break
        left, right = (left, right - 1) if from_end else (left + 1, right)
    return f"{text[:left]}…{text[right:]}"


def width(text: str) -> float:
    """How wide a drawable text is, in ems."""
    return sum(map(_advance, text))


def drawable(text: str) -> str:
    """`text` on one line, with a box for each character that no installed font has."""
    one_line = " ".join(text.split())
    visible = (character for character in one_line if not _is_invisible(character))
    return "".join(character if _family(character) else STAND_IN for character in visible)


def families_of(text: str) -> List[str]:
    """The font families that together have every character of a drawable text, for matplotlib to fall back on."""
    return [_SANS, *sorted({_family(character) or _SANS for character in text} - {_SANS})]


def _is_invisible(character: str) -> bool:
    # Joiners, direction marks and variation selectors have no picture of their own, and fonts often lack them.
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


@lru_cache(maxsize=None)
def _family(character: str) -> Optional[str]:
    """The first installed font family that has this character."""
    if not character.isprintable():
        return None
    return next((family for family in _families() if character in _coverage(family)), None)


@lru_cache(maxsize=1)
def _families() -> List[str]:
    # Those that findfont takes without a warning. The font of last resort, in newer
    # versions of matplotlib, has a box for every character.
    regular = (font for font in fontManager.ttflist if font.style == "normal" and font.weight == 400)
    names = {font.name for font in regular if "Last Resort" not in font.name} - {_SANS}
    return [_SANS, *sorted(names, key=lambda name: ("Sans" not in name, name))]


@lru_cache(maxsize=None)
def _coverage(family: str) -> FrozenSet[str]:
    try:
        return frozenset(map(chr, get_font(_file(family)).get_charmap()))
    except (OSError, RuntimeError):  # uninstalled since matplotlib made its list, or not for FreeType
        return frozenset()


@lru_cache(maxsize=None)
def _advance(character: str) -> float:
    """The width of a character, in ems."""
    font = get_font(_file(_family(character) or _SANS))
    font.set_size(100, 72)
    return font.load_char(ord(character)).linearHoriAdvance / 65536 / 100


def _file(family: str) -> str:
    return findfont(FontProperties(family=[family]))
