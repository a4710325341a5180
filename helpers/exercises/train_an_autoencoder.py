"""The exercises of notebook 05."""

from typing import Any, Tuple

import numpy as np

from helpers.exercises.check import Check, WrongAnswer, judge_cosine, number_in, numbered
from helpers.frames import Frame
from helpers.networks import Autoencoder

_SIZES = (4, 64)
_CLOSE = 0.02  # how far a loss may be off, as a share


def autoencoder_checks(data: Frame, autoencoder: Autoencoder, model: Any) -> Tuple[Check, ...]:
    """The checks of notebook 05.

    Parameters
    ----------
    data : SFrame
        The photos.
    autoencoder : Autoencoder
        Which was trained on them.
    model : SimilarityModel
        With its features.

    Returns
    -------
    tuple of Check
        Of the precision at 10 by the cosine, of `{4: …, 64: …}` with two more autoencoders of these photos, and of the
        loss of as many principal components as `autoencoder` has numbers.
    """

    def other_sizes(answer: Any) -> str:
        if not isinstance(answer, dict) or sorted(answer, key=str) != sorted(_SIZES, key=str):
            raise WrongAnswer("The answer is a dictionary, {4: one autoencoder, 64: the other}.")
        for latent in _SIZES:
            if not isinstance(answer[latent], Autoencoder):
                raise WrongAnswer(f"Under {latent} is no autoencoder; train_autoencoder gives one.")
            if answer[latent].latent != latent:
                raise WrongAnswer(f"The autoencoder under {latent} says it in {answer[latent].latent} numbers.")
            if answer[latent].settings["photos"] != autoencoder.settings["photos"]:
                raise WrongAnswer(f"The autoencoder under {latent} was trained on another number of photos.")
        trained = (*answer.values(), autoencoder)
        losses = {each.latent: min(map(float, each.losses["validation_loss"])) for each in trained}
        said = ", ".join(f"{latent} numbers {loss:.4f}" for latent, loss in sorted(losses.items()))
        return f"Of the photos held back they lose: {said}. The precisions need not be in that order."

    def components(answer: Any) -> str:
        value = number_in(answer, "the mean squared error, with colours from 0 to 1")
        pixels: np.ndarray = autoencoder.pixels(data).reshape(len(data), -1).astype(np.float32) / 255
        own = float(np.mean((autoencoder.reconstruct(data).reshape(pixels.shape) / 255 - pixels) ** 2))
        wanted = component_loss(pixels, autoencoder.latent)
        if abs(value - wanted) <= max(_CLOSE * wanted, 1e-6):
            return f"The autoencoder loses {own:.4f} of the same photos."
        if abs(value - own) <= _CLOSE * own:
            raise WrongAnswer("That is what the autoencoder loses.")
        if abs(value / 255**2 - wanted) <= _CLOSE * wanted:
            raise WrongAnswer("Colours are from 0 to 1 in a loss: divide the pixels by 255.")
        if abs(value - np.sqrt(wanted)) <= _CLOSE * np.sqrt(wanted):
            raise WrongAnswer("That is its root; the loss is the mean of the squares.")
        raise WrongAnswer(f"It is {'less' if value > wanted else 'more'} than {value:g}.")

    return numbered(judge_cosine(model), other_sizes, components)


def component_loss(pixels: np.ndarray, count: int) -> float:
    """The mean squared error of photos, float [N, pixels], made again from their first `count` principal components.

    What the components leave is the sum of the other eigenvalues of the scatter matrix, which has the same ones as the
    photos' products with each other, N x N (Turk and Pentland, Eigenfaces for recognition, 1991).
    """
    centred = pixels - pixels.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(centred.astype(np.float64) @ centred.T)
    left = float(eigenvalues[: max(0, len(pixels) - count)].sum())
    return max(0.0, left) / pixels.size
