"""The words that a network knows: ImageNet's thousand classes, and groups of them such as *bird*, in two languages.

The table is `words.csv`: `rows` is a class (its place in ImageNet's usual order) or several, `english` and `chinese`
are names, of which the first is shown. A name that stands in several lines means all their classes. What a network has
learnt is in the classes; groups, names and translations are this project's. `words_related.csv` has words that people
search for and no class stands for, such as *deer*, and what is nearest to them in meaning.

>>> [found] = find_words("Foxes")
>>> found.text, found.rows
('fox', (277, 278, 279, 280))
>>> [word.text for word in find_words("a dog or two cats, 船")]
['dog', 'cat', 'boat']
"""

import csv
import difflib
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from helpers.errors import ArgumentError, UnknownWords

LONGEST = 200  # characters of a question

_TABLE = Path(__file__).with_name("words.csv")
_RELATED = Path(__file__).with_name("words_related.csv")
_BETWEEN = re.compile(r"[,;/|&+\u3001\u3002]")  # other commas are made plain before
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_PIECES = re.compile(rf"{_CHINESE.pattern}|[^\s\u3400-\u9fff\uf900-\ufaff]+")
_SPACE_IN_CHINESE = re.compile(rf"(?<={_CHINESE.pattern}) (?={_CHINESE.pattern})")
_SKIPPED = frozenset(
    [
        *("a", "an", "the", "of", "some", "any", "two", "three", "many", "my", "this", "that"),
        *("and", "or", "photo", "photos", "picture", "pictures", "image", "images", "on", "in", "at", "with", "is"),
    ]
)
_SKIPPED_CHINESE = "一二两三几多这那个只条头匹辆张艘把架朵座位名的些照片图像有和与或及在"
_LONGEST_NAME = 8  # English words, or Chinese characters
_NEAREST = 3  # known words that an error names
_ENDINGS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


class Word(NamedTuple):
    """A word that a network knows."""

    text: str  # the first name of the classes that it means; the name itself, where no line has exactly these
    rows: Tuple[int, ...]  # which classes, ascending


class _Line(NamedTuple):
    """A line of the table."""

    rows: FrozenSet[int]
    english: List[str]
    chinese: List[str]


def class_names(language: str = "english") -> List[str]:
    """The name of each of the thousand classes, in their order; `language` is english or chinese."""
    _check(language)
    names = {min(line.rows): getattr(line, language)[0] for line in _lines() if line.rows and len(line.rows) == 1}
    return [names[row] for row in range(len(names))]


def word_groups(language: str = "english") -> List[Word]:
    """The groups of classes that have a name, in the order of the table; `language` is english or chinese."""
    _check(language)
    return [Word(getattr(line, language)[0], tuple(sorted(line.rows))) for line in _lines() if len(line.rows) > 1]


def find_words(text: str) -> List[Word]:
    """The known words of a text, each once; those that another of them includes are left out.

    Words stand between commas, *and*, *or*, or simply beside each other; singular or plural, upper or lower case,
    English or Chinese. Raises `ArgumentError` for a text with a word that is not known: it names the nearest ones.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"text= is a word such as 'fox', not {type(text).__name__}")
    if len(text) > LONGEST:
        raise ArgumentError(f"text= has {len(text):,} characters; give a few words, {LONGEST} characters at most")
    plain = _plain(text)
    found: List[Word] = []
    unknown: List[str] = []
    for piece in _BETWEEN.split(plain):
        _read(piece.strip(), found, unknown)
    if unknown or (plain and not found):
        raise _not_learnt(unknown or [plain])
    if not found:
        raise ArgumentError("text= is empty; give a word such as 'fox'")
    once = list(dict.fromkeys(found))
    return [word for word in once if not any(set(word.rows) < set(other.rows) for other in once)]


def _check(language: str) -> None:
    if language not in ("english", "chinese"):
        raise ArgumentError(f"language={language!r} is not known; there are english and chinese")


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return _CHINESE.search(text) is not None


def _read(piece: str, found: List[Word], unknown: List[str]) -> None:
    """Add the words of a text without commas: the longest known names in it, from the left; and what is not known."""
    whole = _known(piece)
    words = [] if whole is not None else _pieces(piece)
    found += [] if whole is None else [whole]
    place = 0
    while place < len(words):
        place, name, known = _longest(words, place)
        if known is not None:
            found.append(known)
        elif name not in _SKIPPED and not (is_chinese(name) and name in _SKIPPED_CHINESE):
            unknown.append(name)


def _longest(words: List[str], place: int) -> Tuple[int, str, Optional[Word]]:
    """The longest name that begins at a place and that a table has, and its word; or what stands there, and None."""
    for end in range(min(len(words), place + _LONGEST_NAME), place, -1):
        name = _SPACE_IN_CHINESE.sub("", " ".join(words[place:end]))
        known = _known(name)
        if known is not None or _related_to(name):
            return end, name, known
    return place + 1, words[place], None


def _pieces(text: str) -> List[str]:
    """Words, and Chinese characters each by itself."""
    return _PIECES.findall(text)


def _known(name: str) -> Optional[Word]:
    name = name.strip()
    names = _names()
    for form in _forms(name):
        if form in names:
            return names[form]
    return None


def _forms(name: str) -> Iterator[str]:
    """A name as it is, and in the singular, with and without hyphens."""
    for plain in dict.fromkeys([name, name.replace("-", " ")]):
        yield plain
        for ending, instead in _ENDINGS:
            if plain.endswith(ending) and len(plain) > len(ending) + 1:
                yield plain[: -len(ending)] + instead


def _not_learnt(unknown: List[str]) -> UnknownWords:
    name = "".join(unknown) if is_chinese(unknown[0]) else max(unknown, key=len)
    nearest = "it has none of nearly that spelling"
    related = _related_to(name)
    if related:
        nearest = f"the nearest in meaning that it has are {', '.join(related)}"
    else:
        names = [each for each in _names() if is_chinese(each) == is_chinese(name)]
        near = difflib.get_close_matches(name, names, n=_NEAREST, cutoff=0.5)
        if near:
            nearest = f"the nearest in spelling that it has are {', '.join(near)}"
    shown = ", ".join(repr(each if each.isprintable() else ascii(each)[1:-1])[:40] for each in unknown[:_NEAREST])
    cause = f"the network has not learnt {shown}; {nearest}"
    ways = (
        "It knows a thousand things and some groups of them, see helpers.networks.word_groups(); for any words "
        'there is create(data, model="clip")'
    )
    plain = "Try a plainer word, such as bird or food, or search with a photo"
    return UnknownWords(f"{cause}. {ways}", f"{cause}. {plain}")


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").split())


@lru_cache(maxsize=1)
def _lines() -> List[_Line]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return [
            _Line(frozenset(_rows(line["rows"])), line["english"].split(";"), line["chinese"].split(";"))
            for line in csv.DictReader(file)
        ]


@lru_cache(maxsize=1)
def _names() -> Dict[str, Word]:
    """By each name in lower case what it means; class names with their hyphens as spaces too."""
    meant: Dict[str, FrozenSet[int]] = {}
    first = {line.rows: line.english[0] for line in reversed(_lines())}
    for line in _lines():
        for name in (*line.english, *line.chinese):
            for form in {_plain(name), _plain(name).replace("-", " ")}:
                meant[form] = meant.get(form, frozenset()) | line.rows
    return {name: Word(first.get(rows, name), tuple(sorted(rows))) for name, rows in meant.items()}


def _related_to(name: str) -> List[str]:
    """The known words that are nearest in meaning to one that is not known; empty where the table has none."""
    return next((_related()[form] for form in _forms(name) if form in _related()), [])


@lru_cache(maxsize=1)
def _related() -> Dict[str, List[str]]:
    """By each word that is not known, in lower case, the known ones that are nearest in meaning, in its language."""
    chinese = {line.rows: line.chinese[0] for line in reversed(_lines())}
    related: Dict[str, List[str]] = {}
    with _RELATED.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            known = line["known"].split(";")
            related.update(dict.fromkeys(line["english"].split(";"), known))
            translated = [chinese[frozenset(_names()[name].rows)] for name in known]
            related.update(dict.fromkeys(line["chinese"].split(";"), translated))
    return related


def _rows(text: str) -> Iterator[int]:
    for part in text.split():
        start, _, end = part.partition("-")
        yield from range(int(start), int(end or start) + 1)
