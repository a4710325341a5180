"""What a network sees in a collection, in words: for each photo, for each cluster, and for all together.

These are guesses of a network that knows a thousand things. It names the likeliest of these for whatever is on a photo;
robots, roe deer and people are not among them.
"""

from typing import TYPE_CHECKING, Any, List, Optional

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.arguments import check_whole, takes
from helpers.collection.clusters import Clusters
from helpers.errors import FrameError
from helpers.features.blocks import blocks
from helpers.frames import Frame
from helpers.frames.columns import typed_frame, with_columns
from helpers.images.fonts import STAND_IN, drawable, families_of
from helpers.images.sheet import InlineFigure
from helpers.networks.words import class_names, word_groups
from helpers.similarity.word_scores import WordScores, shares

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_MOST = 5  # words of a photo
_BARS = 20  # words of a chart
_COLOUR, _GREY = "#1d4ed8", "#6b7280"
NOTE = "guesses of a network that knows a thousand things, and nothing else"


class Description:
    """The result of `describe`.

    `words` is a frame of `word` and `photos`: for how many photos a word is the
    likeliest, the most common first. `clusters`, None where no clusters were
    given, is a frame of `cluster`, `word`, `share` and `elsewhere`: the word
    that sets a cluster apart from the other photos, with the mean of its score in
    the cluster and outside. `note` is one line for people.
    """

    def __init__(
        self,
        model: "SimilarityModel",
        words: List[List[str]],
        scores: np.ndarray,
        clusters: Optional[Frame],
        numbers: List[int],
    ) -> None:
        self._model, self._words, self._scores = model, words, scores
        self.clusters, self._numbers = clusters, numbers
        first, counts = np.unique([row[0] for row in words] or np.empty(0, str), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        self.words: Frame = typed_frame(
            (("word", str, [str(word) for word in first[order]]), ("photos", int, counts[order].tolist()))
        )
        self.note = f"{len(words):,} photos, {len(first):,} likeliest words: {NOTE}"

    def __repr__(self) -> str:
        return f"Description: {self.note}"

    @property
    def frame(self) -> Frame:
        """The rows of the frame that the photos came from, with columns of their likeliest words and scores.

        They are `word` and `word_score`, then `word_2` and `word_score_2`, and so on; where clusters were described,
        `cluster_word` is that of the photo's cluster, None for photos of none. They replace columns of these names.
        For a model from disk, which has no frame: `label`, `name` and these.
        """
        frame = self._model.data
        if frame is None:
            frame = typed_frame((("label", None, self._model.labels), ("name", str, self._model.names)))
        columns: List[Any] = []
        for place in range(self._scores.shape[1]):
            ending = f"_{place + 1}" if place else ""
            columns.append((f"word{ending}", str, [row[place] for row in self._words]))
            columns.append((f"word_score{ending}", float, self._scores[:, place].tolist()))
        if self.clusters is not None:
            words = [*self.cluster_words, None]  # the last one for -1
            columns.append(("cluster_word", str, [words[number] for number in self._numbers]))
        return with_columns(frame, columns)

    @property
    def cluster_words(self) -> List[str]:
        """The word of each cluster, by its number, for `show_clusters`; raises `FrameError` without clusters."""
        if self.clusters is None:
            raise FrameError("no clusters were described: give describe(model, clusters=cluster(model))")
        return list(self.clusters["word"])

    def chart(self) -> Figure:
        """A bar for each of the 20 most common words, as long as there are photos of which it is the likeliest."""
        rows = list(self.words)[:_BARS]
        figure = InlineFigure(figsize=(6.4, 0.9 + 0.26 * max(1, len(rows))), facecolor="white", layout="constrained")
        axes = figure.subplots()
        for place, row in enumerate(rows):
            axes.barh(place, row["photos"], height=0.7, color=_COLOUR, zorder=2)
            axes.text(row["photos"], place, f" {row['photos']:,}", va="center", fontsize=8, color=_GREY)
        names = [drawable(row["word"]) for row in rows]
        axes.set_yticks(range(len(rows)), names, fontsize=9)
        for text, name in zip(axes.get_yticklabels(), names):
            text.set_fontfamily(families_of(name))
        axes.set_ylim(max(1, len(rows)) - 0.4, -0.6)
        axes.margins(x=0.1)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False, labelsize=9)
        more = len(self.words) - len(rows)
        notes = [f"{more:,} more words are not shown"] if more else []
        notes += ["□: no installed font has these characters"] if any(STAND_IN in name for name in names) else []
        axes.set_xlabel("; ".join(["photos", *notes]), fontsize=9)
        axes.set_title(NOTE, loc="left", fontsize=9, color=_GREY)
        return figure


@takes(model="model", clusters="clusters")
def describe(
    model: "SimilarityModel", clusters: Optional[Clusters] = None, *, count: int = 3, language: str = "english"
) -> Description:
    """Name what a network sees: the likeliest words of each photo, of each cluster, and how common each is.

    Nothing goes through the network: words are scored from the features that are kept.

    Parameters
    ----------
    model : SimilarityModel or Season
        Of a network that knows words, see `helpers.networks.words`.
    clusters : Clusters, optional
        Of the same model: each gets the word, of a class or of a group such as
        *bird*, whose mean score there is highest above that of all other photos.
    count : int
        How many words a photo, 1 to 5.
    language : {"english", "chinese"}

    Returns
    -------
    Description

    Raises
    ------
    ModelError
        For a network without words; the message names those that have some.
    FrameError
        For clusters of another model, another `count` or an unknown language.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> described = describe(create(data, model="efficientnet-lite0", verbose=False))
    >>> described.frame.column_names()[-6:]
    ['word', 'word_score', 'word_2', 'word_score_2', 'word_3', 'word_score_3']
    """
    check_whole("count", count)
    if count > _MOST:
        raise FrameError(f"count={count}: a photo has {_MOST} words at most")
    names = class_names(language)
    if clusters is not None and len(clusters.numbers) != len(model.labels):
        raise FrameError(f"the clusters are of {len(clusters.numbers)} photos, and the model has {len(model.labels)}")
    scored: WordScores = model.words
    photos = scored.log_odds.shape[1]
    likeliest = np.empty((photos, count), np.int64)
    scores = np.empty((photos, count))
    for part in blocks(photos, 8 * len(names)):
        rows = np.arange(part.start, part.stop)
        likeliest[part] = scored.likeliest(rows, count)
        scores[part] = shares(scored.log_odds[likeliest[part].T, rows].T)
    words = [[names[row] for row in line] for line in likeliest.tolist()]
    if clusters is None:
        return Description(model, words, scores, None, [])
    return Description(model, words, scores, _of_clusters(scored, clusters, language), clusters.numbers.tolist())


def _of_clusters(scored: WordScores, clusters: Clusters, language: str) -> Frame:
    """A frame of the word that sets each cluster apart; see `Description`."""
    groups = word_groups(language)
    every = class_names(language) + [word.text for word in groups]
    member = clusters.numbers == np.arange(len(clusters.sizes))[:, None]
    inside = np.empty((len(every), len(clusters.sizes)))
    total = np.empty(len(every))
    for line in range(len(every)):
        share = shares(scored.log_odds[line])
        inside[line], total[line] = member @ share, share.sum()
    sizes = np.array(clusters.sizes)
    within = inside / sizes
    others = (total[:, None] - inside) / np.maximum(member.shape[1] - sizes, 1)
    best = (within - others).argmax(axis=0)
    numbers = np.arange(len(sizes))
    return typed_frame(
        (
            ("cluster", int, numbers.tolist()),
            ("word", str, [every[line] for line in best]),
            ("share", float, within[best, numbers].tolist()),
            ("elsewhere", float, others[best, numbers].tolist()),
        )
    )
