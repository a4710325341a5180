"""Lists and dicts in texts: what Turi Create reads otherwise, and what no person wrote."""

import numpy as np
import pytest

from helpers.sframe import SArray, SFrame
from helpers.sframe.brackets import bracketed, numbers, parsed
from helpers.sframe.errors import Unsupported


def test_numbers_with_blanks_between_them_are_numbers():
    """Turi Create makes one text of them, though it writes lists of numbers so itself."""
    assert parsed("[1 2 3]") == [1, 2, 3]
    assert parsed("{'a': [1 2.5], 'b': [[1 2],[3 4]]}") == {"a": [1, 2.5], "b": [[1, 2], [3, 4]]}


@pytest.mark.parametrize("text", ["[1,2] x", "[1,2]]", "{'a':1} {'b':2}"])
def test_more_after_the_last_bracket(text):
    with pytest.raises(Unsupported, match="goes on after its last bracket"):
        parsed(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 200 + "]" * 200, "{'a':" * 100_000, "[{" * 5000])
def test_brackets_without_end(text):
    with pytest.raises(Unsupported):
        parsed(text)


@pytest.mark.parametrize("text", ["{[1]: 2}", "{{}: 2}", "{1 2: 3}", "{'a'}", "{'a' 'b'}", "{:"])
def test_no_keys(text):
    with pytest.raises(Unsupported):
        parsed(text)


def test_any_text_ends():
    """Every text is read or refused: it once went on for ever at a colon within a list."""
    random = np.random.default_rng(1)
    for _ in range(3000):
        text = "".join(random.choice(list("[]{},:;'\"\\ a1.-e\n")) for _ in range(random.integers(12)))
        for read in (parsed, numbers, lambda text: bracketed(text, 0)):
            for opened in (text, f"[{text}", f"{{{text}"):
                try:
                    read(opened)
                except Unsupported:
                    pass


def test_what_python_writes_comes_back():
    random = np.random.default_rng(2)

    def value(depth):
        kind = random.integers(6 if depth < 3 else 4)
        if kind == 4:
            return [value(depth + 1) for _ in range(random.integers(4))]
        if kind == 5:
            return {value(9): value(depth + 1) for _ in range(random.integers(4))}
        return [int(random.integers(-9, 9)), float(random.random()), "it's", 'a, "b" [c]: {d}\n\\'][kind]

    for _ in range(500):
        made = [value(0) for _ in range(3)]
        assert parsed(str(made)) == made


def test_csv_with_many_open_brackets_takes_no_longer(tmp_path):
    """Each was once looked for to the end of the file."""
    path = tmp_path / "frame.csv"
    path.write_text("a,b\n" + "[1,x\n" * 20_000)
    assert len(SFrame(str(path))) == 20_000


def test_lists_of_texts_stay_as_they_are():
    cells = list(SArray(["[[1,2],[3]]", None]).astype(list))
    assert cells == [[[1, 2], [3]], None] and type(cells[0][0]) is list and type(cells[0][0][0]) is int
