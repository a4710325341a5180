import tqdm.auto

from helpers.files.progress import progress_bar


def test_items_come_through_the_bar():
    assert list(progress_bar(iter("abc"), show=False)) == ["a", "b", "c"]


def test_a_bar_counts(monkeypatch):
    monkeypatch.setattr(tqdm.auto, "tqdm", tqdm.tqdm)
    with progress_bar(total=3, unit="pairs", desc="comparing") as bar:
        bar.update(2)
        assert (bar.n, bar.total, bar.unit, bar.desc, bar.delay) == (2, 3, " pairs", "comparing", 2)
