"""Training an autoencoder on the photos of a frame, and writing it to a folder."""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError, ModelError
from helpers.files import cache
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing_folder
from helpers.files.spelling import expanded
from helpers.frames import SFrame
from helpers.frames.photo_columns import image_column, row_labels
from helpers.frames.photo_paths import row_paths
from helpers.networks.autoencoder.keras_training import STEP, Plan, decoder_network, encoder_network, keras_here, train
from helpers.networks.autoencoder.model import ABOUT, DECODER, VERSION, Autoencoder, decoded_photos
from helpers.networks.load import ENCODER

_FEWEST = 8  # photos
_SIDES = range(32, 257, STEP)  # pixels


@takes(dataset="frame", path="path")
def train_autoencoder(
    dataset: Any,
    path: Union[str, "os.PathLike[str]"],
    *,
    feature: Union[str, None] = None,
    latent: int = 16,
    size: Tuple[int, int] = (64, 64),
    epochs: int = 100,
    patience: int = 10,
    validation: float = 0.2,
    batch_size: int = 16,
    learning_rate: float = 0.001,
    mirror: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> Autoencoder:
    """Train an autoencoder on the photos in an SFrame, and write it to the folder `path`.

    Each photo is decoded once; from 256 MB on (20,000 photos of 64 x 64) the
    pixels are in a file in the cache folder while they are needed. An interrupt
    ends the training and keeps the best epoch so far.

    Parameters
    ----------
    dataset : SFrame
    path : str or path
        An older autoencoder there is replaced when the new one is complete.
    feature : str, optional
        The image column; not needed where there is only one.
    latent : int, default 16
        To how many numbers a photo is reduced.
    size : tuple of int, default (64, 64)
        Width and height of the photos to learn from, each a multiple of 16 from 32 to 256.
    epochs, patience : int, default 100 and 10
        Training ends after `epochs`, or when the validation loss has not improved
        for `patience` epochs; the weights of the best epoch are kept.
    validation : float, default 0.2
        The share of photos that is held back.
    batch_size : int, default 16
    learning_rate : float, default 0.001
    mirror : bool, default True
        Mirror photos at random; `False` where that changes their meaning, as of text.
    seed : int, default 0
        The same photos in the same order, settings and seed give the same encoder, to
        the last bit, on the processor of one machine with the same packages.
    progress : bool, default True
        Show a bar, and print a note at the end.

    Returns
    -------
    Autoencoder
        Its `bad` lists the photos that could not be read and were left out.

    Raises
    ------
    FrameError
        For wrong arguments, and for fewer than 8 photos.
    ModelError
        Where Keras is missing, where an interrupt comes before the first epoch is
        finished, and where `path` has other content or cannot be written.
    """
    if not isinstance(dataset, SFrame):
        raise FrameError(f"train_autoencoder() takes an SFrame, not {type(dataset).__name__}; load_photos makes one")
    _check(Plan(latent, epochs, patience, batch_size, learning_rate, mirror, seed), size, validation)
    # NumPy's numbers cannot be written as JSON.
    plan = Plan(int(latent), int(epochs), int(patience), int(batch_size), float(learning_rate), bool(mirror), int(seed))
    size = int(size[0]), int(size[1])
    column = image_column(dataset, feature)
    folder = expanded(path).absolute()
    _check_place(folder)
    keras_here()  # shows now, not after an hour of decoding
    pixels, bad = _pixels(dataset[column], size, progress)
    paths, labels = row_paths(dataset)[0], row_labels(dataset, None)
    if bad:
        print(f"{len(bad)} of {len(dataset)} photos could not be read and are left out; .bad has the reasons")
    if len(pixels) < _FEWEST:
        raise FrameError(f"there are {len(pixels)} photos to learn from; an autoencoder needs {_FEWEST} at least")
    order = np.random.default_rng(seed).permutation(len(pixels))
    share = min(max(1, round(validation * len(pixels))), len(pixels) - 1)
    held_back, learnt = np.sort(order[:share]), np.sort(order[share:])
    with progress_bar(total=epochs * len(learnt), show=progress) as bar:

        def report_progress(epoch: str, photos: int) -> None:
            bar.set_description(epoch, refresh=False)
            bar.update(photos)

        result = train(pixels, learnt, held_back, plan, report_progress)
        bar.total = bar.n  # where it ended sooner, the bar is full too
    settings = {
        **plan._asdict(),
        "size": list(size),
        "validation": float(validation),
        "photos": len(pixels),
        "best_epoch": result.best,
        "interrupted": result.interrupted,
        "losses": result.losses,
        "bad": [(labels[row], paths[row], reason) for row, reason in bad],
    }
    networks = {ENCODER: encoder_network(result.encoder, size), DECODER: decoder_network(result.decoder, size)}
    _write(folder, settings, {name: network.SerializeToString() for name, network in networks.items()})
    trained = Autoencoder.load(folder)
    if progress:
        print(trained.note)
    return trained


def _check(plan: Plan, size: Any, validation: Any) -> None:
    """Raise `FrameError` for arguments out of range."""
    for name in ("latent", "epochs", "patience", "batch_size"):
        check_whole(name, getattr(plan, name))
    if not isinstance(size, (tuple, list)) or len(size) != 2 or not all(side in _SIDES for side in size):
        raise FrameError(f"size is (width, height), each a multiple of {STEP} from 32 to 256, not {size!r}")
    if not isinstance(validation, (int, float)) or not 0 < validation < 1:
        raise FrameError(f"validation is a share of the photos, between 0 and 1, such as 0.2, not {validation!r}")
    if not isinstance(plan.learning_rate, (int, float)) or not plan.learning_rate > 0:
        raise FrameError(f"learning_rate is a number above 0, such as 0.001, not {plan.learning_rate!r}")
    if not isinstance(plan.seed, (int, np.integer)) or isinstance(plan.seed, bool) or plan.seed < 0:
        raise FrameError(f"seed is a whole number, 0 or more, not {plan.seed!r}")


def _check_place(folder: Path) -> None:
    """Raise `ModelError` where a folder has any content but an autoencoder: now, not after an hour of work."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in folder.iterdir()} - {".DS_Store"} if folder.exists() else set()
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror}; choose another path for the autoencoder") from error
    if names and not (ABOUT in names and names <= {ENCODER, DECODER, ABOUT}):
        raise ModelError(f"{folder} has other files in it; choose another path for the autoencoder")


def _pixels(photos: Any, size: Tuple[int, int], progress: bool) -> Tuple[np.ndarray, List[Tuple[int, str]]]:
    """The photos that can be read, uint8 [N, height, width, 3], large arrays in a file; and the others with reasons."""
    width, height = size
    try:
        room = cache.roomy_array((len(photos), width * height * 3 // 4))  # float32, of 4 bytes each
    except OSError as error:
        raise ModelError(f"{cache.cache_folder()}: {error.strerror}; KINFRAME_CACHE can name another folder") from error
    pixels = room.view(np.uint8).reshape(len(photos), height, width, 3)
    bad: List[Tuple[int, str]] = []
    bar = progress_bar(total=len(photos), desc="reading", show=progress)
    with bar, contextlib.closing(decoded_photos(photos, size)) as decoded:
        for row, (photo, reason) in enumerate(decoded):
            if photo is None:
                bad.append((row, reason))
            else:
                pixels[row - len(bad)] = photo
            bar.update()
    return pixels[: len(photos) - len(bad)], bad


def _write(folder: Path, settings: Dict[str, Any], files: Dict[str, bytes]) -> None:
    """Write an autoencoder whole or not at all; raises `ModelError`."""
    _check_place(folder)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    try:
        with replacing_folder(folder) as half:
            for name, content in files.items():
                (half / name).write_bytes(content)
            text = json.dumps({"autoencoder": VERSION, **settings, "files": digests}, indent=1)
            (half / ABOUT).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{folder}: the autoencoder could not be written ({error.strerror or error})") from error
