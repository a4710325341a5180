"""An autoencoder: a network that was trained on one's own photos alone.

Its encoder turns a photo into a few numbers, its decoder turns the numbers back
into the photo, as well as it can. The encoder is a network like any other:
`create(data, model=autoencoder)`. On disk an autoencoder is a folder without
pickles:

encoder.onnx        photos, uint8 [N, height, width, 3] → numbers, float32 [N, latent]
decoder.onnx        numbers → photos
autoencoder.json    how it was trained, and the losses
"""

import contextlib
import os
from functools import partial
from pathlib import Path
from typing import Any, Dict, Generator, Optional, Tuple, Union

import numpy as np

from helpers.errors import FrameError, ModelError, PhotoError
from helpers.files import stamps
from helpers.files.json_file import read_json
from helpers.files.reading import inside
from helpers.files.spelling import expanded
from helpers.files.threads import work_ahead
from helpers.frames import SFrame
from helpers.frames.columns import bad_frame
from helpers.frames.images import source_of
from helpers.frames.photo_columns import image_column, query_frame
from helpers.images.decode import open_photo
from helpers.networks.load import ENCODER
from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from helpers.networks.own import check_outside

VERSION = 1
DECODER, ABOUT = "decoder.onnx", "autoencoder.json"
_BATCH = 64  # photos at once through a network that is trained


class Autoencoder:
    """A trained autoencoder: made by `train_autoencoder`, opened by `Autoencoder.load`, which needs no Keras.

    Attributes
    ----------
    path : Path
        Its folder.
    size : tuple of int
        Width and height of the photos that the encoder takes.
    latent : int
        How many numbers the encoder makes of a photo.
    seed : int
    losses : SFrame
        `epoch`, `loss` and `validation_loss`: mean squared errors of colours from 0 to 1.
    best_epoch : int
        The epoch, from 1 on, whose weights these are.
    interrupted : bool
        Whether the training was interrupted.
    bad : SFrame
        `label`, `path` and `reason` of the photos that were left out.
    note : str
        One line on the training.
    settings : dict
        The content of `autoencoder.json`.
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
        """Open a folder that `train_autoencoder` wrote; raises `ModelError` for another folder, or a damaged one."""
        folder = expanded(path).absolute()
        file = folder / ABOUT
        if not file.is_file():
            raise ModelError(f"{folder} is not the folder of an autoencoder; train_autoencoder(data, path) writes one")
        try:
            settings = read_json(inside(folder, ABOUT))
            if settings["autoencoder"] > VERSION:
                raise ModelError(f"{folder}: written by a newer Kinframe (format {settings['autoencoder']}); update it")
            for name in (ENCODER, DECODER):
                if stamps.sha256(inside(folder, name)) != settings["files"][name]:
                    raise ValueError(f"{name} is not the file that was written")
            if not 1 <= settings["best_epoch"] <= len(settings["losses"]):
                raise ValueError("its losses are missing")
            return cls(folder, settings)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise ModelError(f"{folder}: the autoencoder is damaged ({error}); train it again") from error

    def __fspath__(self) -> str:
        """The encoder's file, which `create(data, model=autoencoder)` opens."""
        return str(self.path / ENCODER)

    def __repr__(self) -> str:
        return f"Autoencoder of {self.settings['photos']} photos, {self.latent} numbers each: {self.note}"

    @property
    def name(self) -> str:
        """The name of its folder."""
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
        pixels = np.empty((len(frame), self.size[1], self.size[0], 3), np.uint8)
        with contextlib.closing(decoded_photos(frame[column], self.size)) as decoded:
            for row, (photo, reason) in enumerate(decoded):
                if photo is None:
                    raise PhotoError(f"row {row}: {reason}")
                pixels[row] = photo
        return pixels

    def encode(self, photos: Any) -> np.ndarray:
        """The numbers of photos, float32 [N, latent]; `photos` are what `pixels` takes, or gives."""
        pixels = photos if isinstance(photos, np.ndarray) else self.pixels(photos)
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (self.size[1], self.size[0], 3):
            wanted = f"uint8 [N, {self.size[1]}, {self.size[0]}, 3]"
            raise FrameError(f"encode() takes photos, or {wanted}, not {pixels.dtype} {list(pixels.shape)}")
        return self._run(ENCODER, pixels, np.empty((0, self.latent), np.float32))

    def decode(self, numbers: Any) -> np.ndarray:
        """The photos that the decoder makes of numbers [N, latent]: uint8 [N, height, width, 3]."""
        given = np.asarray(numbers, np.float32)
        if given.ndim != 2 or given.shape[1] != self.latent:
            raise FrameError(f"decode() takes numbers [N, {self.latent}], not {list(given.shape)}")
        return self._run(DECODER, given, np.empty((0, self.size[1], self.size[0], 3), np.uint8))

    def reconstruct(self, photos: Any) -> np.ndarray:
        """Photos through the encoder and the decoder: uint8 [N, height, width, 3]."""
        return self.decode(self.encode(photos))

    def _run(self, name: str, given: np.ndarray, nothing: np.ndarray) -> np.ndarray:
        if name not in self._sessions:
            check_outside(self.path / name)  # the folder may be anybody's
            onnxruntime = import_onnxruntime()
            providers = ["CPUExecutionProvider"]
            self._sessions[name] = onnxruntime.InferenceSession(str(self.path / name), providers=providers)
        session = self._sessions[name]
        parts = [given[start : start + _BATCH] for start in range(0, len(given), _BATCH)]
        made = [session.run(None, {session.get_inputs()[0].name: part})[0] for part in parts]
        return np.concatenate([nothing, *made])


def decoded_photos(photos: Any, size: Tuple[int, int]) -> Generator[Tuple[Optional[np.ndarray], str], None, None]:
    """The photos of a column in their order, decoded on all cores, each with "" or None with the reason.

    To be closed by its reader.
    """
    return work_ahead(partial(_read, size=size), photos, ahead=2 * _BATCH)


def _read(photo: Any, size: Tuple[int, int]) -> Tuple[Optional[np.ndarray], str]:
    try:
        if photo is None:
            raise PhotoError("there is no photo in this row")
        return np.asarray(open_photo(source_of(photo), size=size)), ""
    except PhotoError as error:
        return None, str(error)
