"""An autoencoder trained on one's own photos: a network that has seen nothing else.

Its encoder makes a few numbers of a photo, its decoder makes the photo of the
numbers again, as well as it can. The encoder is a network like any other:
`create(data, model=autoencoder)`. On disk an autoencoder is a folder, in which
nothing is a pickle:

encoder.onnx        photos, uint8 [N, height, width, 3] → numbers, float32 [N, latent]
decoder.onnx        numbers → photos
autoencoder.json    how it was trained, and the losses
"""

import contextlib
import hashlib
import json
import os
from functools import partial
from pathlib import Path
from typing import Any, Dict, Generator, List, Optional, Tuple, Union

import numpy as np
from tqdm.auto import tqdm

from helpers.arguments import check_whole
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.files import cache
from helpers.files.threads import work_ahead
from helpers.frames import SFrame
from helpers.frames.columns import bad_frame
from helpers.frames.images import source_of
from helpers.frames.photo_columns import image_column, query_frame, row_labels
from helpers.frames.photo_paths import row_paths
from helpers.images.decode import open_photo
from helpers.networks.autoencoder.training import STEP, Plan, decoder_network, encoder_network, keras_here, train
from helpers.networks.load import ENCODER
from helpers.networks.onnx_runtime import import_onnxruntime

__all__ = ["Autoencoder", "train_autoencoder"]

_VERSION = 1
_ENCODER, _DECODER, _ABOUT = ENCODER, "decoder.onnx", "autoencoder.json"
_FEWEST = 8  # photos
_SIDES = range(32, 257, STEP)  # pixels
_BATCH = 64  # photos at once through a network that is trained


class Autoencoder:
    """An autoencoder that was trained: made by `train_autoencoder`, opened by `Autoencoder.load`, without Keras.

    To look at: `path`, `size` (width, height), `latent`, `seed`, `losses` (an
    SFrame of `epoch`, `loss` and `validation_loss`), `best_epoch`, whose weights
    these are, `interrupted`, `bad` (an SFrame of `label`, `path` and `reason`:
    the photos that were left out), `note` (one line of how it went) and `settings`.
    """

    def __init__(self, path: Path, settings: Dict[str, Any]) -> None:
        self.path, self.settings = path, settings
        self.size: Tuple[int, int] = (settings["size"][0], settings["size"][1])
        self.latent, self.seed = int(settings["latent"]), int(settings["seed"])
        self.best_epoch, self.interrupted = int(settings["best_epoch"]), bool(settings["interrupted"])
        columns = {
            "epoch": list(range(1, len(settings["losses"]) + 1)),
            "loss": [float(loss) for loss, _ in settings["losses"]],
            "validation_loss": [float(loss) for _, loss in settings["losses"]],
        }
        self.losses = SFrame(columns)[list(columns)]
        self.bad = bad_frame([tuple(row) for row in settings["bad"]])
        self._sessions: Dict[str, Any] = {}

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"]) -> "Autoencoder":
        """Open what `train_autoencoder` wrote; raises `ModelError` where it is something else, or damaged."""
        folder = Path(path).expanduser().absolute()
        file = folder / _ABOUT
        if not file.is_file():
            raise ModelError(f"{folder}: no autoencoder; train_autoencoder(data, path) writes one")
        try:
            settings = json.loads(file.read_text(encoding="utf-8"))
            if settings["autoencoder"] > _VERSION:
                raise ModelError(f"{folder}: written by a newer Kinframe (format {settings['autoencoder']}); update it")
            for name in (_ENCODER, _DECODER):
                if cache.sha256(folder / name) != settings["files"][name]:
                    raise ValueError(f"{name} is not the file that was written")
            if not 1 <= settings["best_epoch"] <= len(settings["losses"]):
                raise ValueError("its losses are missing")
            return cls(folder, settings)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise ModelError(f"{folder}: the autoencoder is damaged ({error}); train it again") from error

    def __fspath__(self) -> str:
        """The encoder's file, which is what `create(data, model=autoencoder)` needs."""
        return str(self.path / _ENCODER)

    def __repr__(self) -> str:
        return f"Autoencoder of {self.settings['photos']} photos, {self.latent} numbers each: {self.note}"

    @property
    def name(self) -> str:
        """That of its folder."""
        return self.path.name

    @property
    def note(self) -> str:
        epochs, loss = len(self.losses), self.settings["losses"][self.best_epoch - 1][1]
        ended = f"interrupted after {epochs} epochs" if self.interrupted else f"{epochs} epochs"
        return f"{ended}, the best was number {self.best_epoch} with a validation loss of {loss:.4f}"

    def pixels(self, photos: Any) -> np.ndarray:
        """Photos as the encoder sees them, uint8 [N, height, width, 3].

        `photos` are an SFrame, an SArray of Images, or one Image. Raises
        `PhotoError` for the first that cannot be read.
        """
        frame = query_frame(photos, "image")
        column = image_column(frame, None)
        found = np.empty((len(frame), self.size[1], self.size[0], 3), np.uint8)
        with contextlib.closing(_decoded(frame[column], self.size)) as decoded:
            for row, (each, reason) in enumerate(decoded):
                if each is None:
                    raise PhotoError(f"row {row}: {reason}")
                found[row] = each
        return found

    def encode(self, photos: Any) -> np.ndarray:
        """The numbers of photos, float32 [N, latent]; `photos` are what `pixels` takes, or gives."""
        pixels = photos if isinstance(photos, np.ndarray) else self.pixels(photos)
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (self.size[1], self.size[0], 3):
            wanted = f"uint8 [N, {self.size[1]}, {self.size[0]}, 3]"
            raise FrameError(f"encode() takes photos, or {wanted}, not {pixels.dtype} {list(pixels.shape)}")
        return self._run(_ENCODER, pixels, np.empty((0, self.latent), np.float32))

    def decode(self, numbers: Any) -> np.ndarray:
        """The photos that the decoder makes of numbers [N, latent]: uint8 [N, height, width, 3]."""
        given = np.asarray(numbers, np.float32)
        if given.ndim != 2 or given.shape[1] != self.latent:
            raise FrameError(f"decode() takes numbers [N, {self.latent}], not {list(given.shape)}")
        return self._run(_DECODER, given, np.empty((0, self.size[1], self.size[0], 3), np.uint8))

    def reconstruct(self, photos: Any) -> np.ndarray:
        """Photos through the encoder and the decoder: uint8 [N, height, width, 3]."""
        return self.decode(self.encode(photos))

    def _run(self, name: str, given: np.ndarray, nothing: np.ndarray) -> np.ndarray:
        if name not in self._sessions:
            onnxruntime = import_onnxruntime()
            providers = ["CPUExecutionProvider"]
            self._sessions[name] = onnxruntime.InferenceSession(str(self.path / name), providers=providers)
        session = self._sessions[name]
        parts = [given[start : start + _BATCH] for start in range(0, len(given), _BATCH)]
        made = [session.run(None, {session.get_inputs()[0].name: part})[0] for part in parts]
        return np.concatenate([nothing, *made])


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

    - `feature`: the image column; not needed where there is only one.
    - `latent`: to how many numbers a photo is brought down.
    - `size`: width and height at which photos are learnt, each a multiple of 16
      from 32 to 256.
    - `validation`: the share of photos that is held back. Training ends after
      `epochs`, or where these have not come out better for `patience` epochs;
      the weights of the best epoch are kept.
    - `mirror`: learn from each photo the right and the wrong way round, at random;
      `False` where that makes another thing of it, as of text.
    - `seed`: the same photos in the same order, the same settings and the same
      seed give the same encoder, to the last bit, on the processor of one machine
      with the same packages.

    An interrupt ends the training and keeps the best epoch so far; the result's
    `note` says so. Photos that cannot be read are left out and stand in `bad`.
    Each photo is decoded once; from 256 MB on (20,000 photos of 64 x 64) they
    lie in a file in the cache folder while they are needed. An older autoencoder
    in `path` goes when the new one is complete.

    Raises `FrameError` for wrong arguments, and for fewer than 8 photos;
    `ModelError` where Keras is missing, where an interrupt comes before the first
    epoch is finished, and where `path` holds something else or cannot be written.
    """
    if not isinstance(dataset, SFrame):
        raise FrameError(f"train_autoencoder() takes an SFrame, not {type(dataset).__name__}; load_photos makes one")
    _check(Plan(latent, epochs, patience, batch_size, learning_rate, mirror, seed), size, validation)
    # NumPy's numbers are no JSON.
    plan = Plan(int(latent), int(epochs), int(patience), int(batch_size), float(learning_rate), bool(mirror), int(seed))
    size = int(size[0]), int(size[1])
    column = image_column(dataset, feature)
    folder = Path(path).expanduser().absolute()
    _check_place(folder)
    keras_here()  # shows now, not after an hour of decoding
    pixels, bad = _pixels(dataset[column], size, progress)
    paths, labels = row_paths(dataset)[0], row_labels(dataset, None)
    if bad:
        print(f"{len(bad)} of {len(dataset)} photos could not be read and are left out; .bad says which and why")
    if len(pixels) < _FEWEST:
        raise FrameError(f"there are {len(pixels)} photos to learn from; an autoencoder needs {_FEWEST} at least")
    order = np.random.default_rng(seed).permutation(len(pixels))
    share = min(max(1, round(validation * len(pixels))), len(pixels) - 1)
    held_back, learnt = np.sort(order[:share]), np.sort(order[share:])
    with tqdm(total=epochs * len(learnt), unit=" photos", disable=not progress) as bar:

        def seen(said: str, photos: int) -> None:
            bar.set_description(said, refresh=False)
            bar.update(photos)

        course = train(pixels, learnt, held_back, plan, seen)
        bar.total = bar.n  # where it ended sooner, which is no failure
    settings = {
        **plan._asdict(),
        "size": list(size),
        "validation": float(validation),
        "photos": len(pixels),
        "best_epoch": course.best,
        "interrupted": course.interrupted,
        "losses": course.losses,
        "bad": [(labels[row], paths[row], reason) for row, reason in bad],
    }
    networks = {_ENCODER: encoder_network(course.encoder, size), _DECODER: decoder_network(course.decoder, size)}
    _write(folder, settings, {name: network.SerializeToString() for name, network in networks.items()})
    trained = Autoencoder.load(folder)
    if progress:
        print(trained.note)
    return trained


def _check(plan: Plan, size: Any, validation: Any) -> None:
    """Raise `FrameError` for arguments that cannot be meant."""
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
    """Raise `ModelError` where a folder holds anything but an autoencoder: now, not after an hour of work."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in folder.iterdir()} - {".DS_Store"} if folder.exists() else set()
    except OSError as error:
        raise ModelError(f"{folder}: {error.strerror}; choose another path for the autoencoder") from error
    if names and not (_ABOUT in names and names <= {_ENCODER, _DECODER, _ABOUT}):
        raise ModelError(f"{folder}: there is something else already; choose another path for the autoencoder")


def _decoded(photos: Any, size: Tuple[int, int]) -> Generator[Tuple[Optional[np.ndarray], str], None, None]:
    """The photos of a column, decoded on all cores, in their order, or why not; to be closed by its reader."""
    return work_ahead(partial(_read, size=size), photos, ahead=2 * _BATCH)


def _read(photo: Any, size: Tuple[int, int]) -> Tuple[Optional[np.ndarray], str]:
    try:
        if photo is None:
            raise PhotoError("there is no photo in this row")
        return np.asarray(open_photo(source_of(photo), size=size)), ""
    except PhotoError as error:
        return None, str(error)


def _pixels(photos: Any, size: Tuple[int, int], progress: bool) -> Tuple[np.ndarray, List[Tuple[int, str]]]:
    """The photos that can be read, uint8 [N, height, width, 3], in a file where they are many; and the others, why."""
    width, height = size
    try:
        room = cache.roomy_array((len(photos), width * height * 3 // 4))  # which counts in float32
    except OSError as error:
        raise ModelError(f"{cache.cache_folder()}: {error.strerror}; KINFRAME_CACHE can name another folder") from error
    pixels = room.view(np.uint8).reshape(len(photos), height, width, 3)
    bad: List[Tuple[int, str]] = []
    bar = tqdm(total=len(photos), desc="reading", unit=" photos", delay=2, disable=not progress)
    with bar, contextlib.closing(_decoded(photos, size)) as decoded:
        for row, (each, reason) in enumerate(decoded):
            if each is None:
                bad.append((row, reason))
            else:
                pixels[row - len(bad)] = each
            bar.update()
    return pixels[: len(photos) - len(bad)], bad


def _write(folder: Path, settings: Dict[str, Any], files: Dict[str, bytes]) -> None:
    """Write an autoencoder whole or not at all; raises `ModelError`."""
    _check_place(folder)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    try:
        with cache.replacing_folder(folder) as half:
            for name, content in files.items():
                (half / name).write_bytes(content)
            text = json.dumps({"autoencoder": _VERSION, **settings, "files": digests}, indent=1)
            (half / _ABOUT).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{folder}: the autoencoder could not be written ({error.strerror or error})") from error
