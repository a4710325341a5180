"""The errors of this package, one class for each case that a caller would handle differently.

Every message names the file or the argument, the cause, and a way out.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Any, List, Optional

_HERE = f"{Path(__file__).parent}{os.sep}"
_WHOLE = "%tb shows the whole traceback."


class KinframeError(Exception):
    """The base class of every error that this package raises on purpose.

    IPython and Jupyter show its message first, then where the person's own code
    led to it; and with `%tb`, or where `%xmode` was set, the whole traceback.
    Python itself shows it as it shows every error.
    """

    _shown_in: Optional[int] = None  # the number of the cell that showed it first

    def _render_traceback_(self) -> List[str]:
        """The lines that IPython shows; it asks every error for this method."""
        shell: Any = sys.modules["IPython"].get_ipython()
        if self._shown_in is None:
            self._shown_in = shell.execution_count
        if self._shown_in != shell.execution_count or shell.InteractiveTB.mode != "Context":
            whole: List[str] = shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
            return whole
        steps = [
            f"  {' '.join(shell.compile.format_code_name(step.filename) or ('File', step.filename))}, "
            f"line {step.lineno}: {step.line}"
            for step in _own_steps(self)
        ]
        return ["\n".join([f"{type(self).__name__}: {self}", *steps]), _WHOLE]


def _own_steps(error: Exception) -> List[traceback.FrameSummary]:
    """The steps from a person's cell to where it called this package."""
    steps = []
    for step in traceback.extract_tb(error.__traceback__):
        if step.filename.startswith(_HERE):
            break
        if "IPython" not in Path(step.filename).parts:
            steps.append(step)
    return steps


class PhotoError(KinframeError):
    """One photo cannot be read; `str(error)` is the reason, without the file's name."""


class WeightsUnavailable(KinframeError):
    """The weights of a network are not available: no connection, or a file with other contents than expected."""


class ModelError(KinframeError, RuntimeError):
    """A network, or a saved similarity model, that cannot be used."""


class NoSuchModel(FileNotFoundError, ModelError):
    """There is no file or folder where a saved model should be."""


class StoreError(KinframeError):
    """A file of kept features that cannot be opened, read or written."""


class LabelsError(KinframeError):
    """A file of labels that cannot be read or written, or is something else."""


class ExportError(KinframeError):
    """Photos that could not be copied or moved: a full disk, a folder that cannot be written."""


class ClusterError(KinframeError):
    """A Dask cluster that cannot do the work: its workers die, or cannot be reached."""


class FrameError(KinframeError):
    """A frame, a column or an argument that cannot be used."""


class FolderError(FrameError):
    """A folder of photos that does not exist, cannot be opened, or holds no photo."""


class ArgumentError(FrameError, ValueError, TypeError, RuntimeError):
    """A wrong argument; also of the classes that Turi Create raises for one, depending on the call."""


class UnknownWords(ArgumentError):
    """Words that a network cannot read; `plain` is the message for visitors of a page, who see no Python."""

    def __init__(self, message: str, plain: str = "") -> None:
        super().__init__(message)
        self.plain = plain


class LeftOut(KinframeError, NotImplementedError):
    """A part of Turi Create that the stand-in leaves out on purpose."""


class LeftOutName(LeftOut, AttributeError):
    """A name of Turi Create that is left out; an AttributeError too, so that `hasattr` is False."""


class ServiceError(KinframeError):
    """A search service that cannot be started, reached, or used; `status` is the HTTP status, where there is one."""

    def __init__(self, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        self.status = status


class NotFound(ServiceError):
    """An image, product, job or key that does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 404)


class Refused(ServiceError):
    """A request that the service rejects; `status` is from 400 to 499."""


class Unavailable(ServiceError):
    """The database cannot be reached just now; the same request can succeed later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 503)
