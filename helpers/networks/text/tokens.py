"""From a text to the numbers of its tokens, by the `tokenizer.json` of a text model."""

import contextlib
import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple

from helpers.errors import ArgumentError, ModelError, UnknownWords
from helpers.files.json_file import parse_json
from helpers.files.reading import read_regular
from helpers.networks.text.table import TextModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LONGEST = 1000  # characters of a question; a long sentence has 200

_LARGEST = 2**26  # bytes of a `tokenizer.json`; one of 250,000 words has 17 MB
# What may be done with a text before it is cut into tokens. Other steps, and those that make it longer, can take all
# memory, or end the process.
_STEPS = ("Sequence", "BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Replace", "Strip", "StripAccents")
_UNSEEN = ("Cc", "Cs", "Co", "Cn")  # Unicode's categories of control characters, halves of pairs, and unassigned ones


def clean(text: str) -> str:
    """A text in one line, without control characters; raises `ArgumentError` for one that is empty or too long."""
    if not isinstance(text, str):
        raise ArgumentError(f"text= is a text such as 'a bird on a snowy branch', not {type(text).__name__}")
    if len(text) > LONGEST:
        raise ArgumentError(f"text= has {len(text):,} characters; {LONGEST:,} are enough for a sentence or two")
    seen = "".join(" " if unicodedata.category(character) in _UNSEEN else character for character in text)
    line = " ".join(seen.split())
    if not line:
        raise ArgumentError("text= is empty; write what is on the photo, such as 'a bird on a snowy branch'")
    return line


class Tokens(NamedTuple):
    """The tokens of a text, with those that begin and end it."""

    numbers: List[int]
    is_whole: bool  # False where the text has more than the model reads


class Tokeniser:
    """The tokens of texts for one text model. Raises `ModelError` where they cannot be made."""

    def __init__(self, path: Path, model: TextModel) -> None:
        self._model, self._path = model, path
        with _explained(path):
            self._tokenizer = _opened(path)
            self._tokenizer.no_padding()  # texts of one length go through the network together, so none is needed
            self._tokenizer.enable_truncation(model.longest)
            self._unknown = {self._tokenizer.token_to_id("[UNK]")}  # what a list of words has for any other

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text; those beyond the longest that the model reads are left out."""
        with _explained(self._path):
            encoding = self._tokenizer.encode(text)
            numbers = list(encoding.ids)
            if len(numbers) > self._model.longest:
                raise ValueError(
                    f"a text gets {len(numbers)} tokens, and {self._model.name} reads {self._model.longest}"
                )
            return Tokens(numbers, not encoding.overflowing)

    def check_known(self, text: str) -> None:
        """Raises `ArgumentError` for a text in a script that the model has not learnt."""
        model = self._model
        letters = [character for character in text if character.isalpha()]
        other = [letter for letter in letters if not unicodedata.name(letter, "").startswith(model.script)]
        with _explained(self._path):
            own = self._tokenizer.encode(text, add_special_tokens=False).ids
        if len(other) * 2 > len(letters) or (own and self._unknown.issuperset(own)):
            shown = text if len(text) <= 40 else f"{text[:40]}…"
            other_model = 'create(…, model="clip", text_model="multilingual") reads 50 languages'
            cause = f"the text model {model.name} reads {model.languages}, and not {shown!r}"
            plain = f"{cause}; write it in words"
            raise UnknownWords(plain if model.name == "multilingual" else f"{cause}; {other_model}", plain)


def _opened(path: Path) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(
            "searching photos in any words needs the package tokenizers, which is not installed: pip install tokenizers"
        ) from error
    content = parse_json(read_regular(path, most=_LARGEST))
    _check_steps(content.get("normalizer"))
    return Tokenizer.from_str(json.dumps(content))


def _check_steps(step: Any) -> None:
    """Raises `ValueError` for steps that could make a text much longer, or are not known to be harmless."""
    waiting = [step]
    while waiting:
        step = waiting.pop()
        if step is None:
            continue
        if step["type"] not in _STEPS or len(step.get("content", "")) > 1:
            raise ValueError(f"it prepares texts by {str(step['type'])[:40]}, in a way that none of these models needs")
        waiting += step.get("normalizers", [])


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Whatever tokenizers raises, which is nothing exact, and may be a panic of Rust: not even an `Exception`."""
    try:
        yield
    except (ModelError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise ModelError(f"{path} is not a tokenizer that can be used: {reason}") from error
