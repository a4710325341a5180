"""What can go wrong, one class for each thing that a caller would handle differently.

Every message names the file or the argument, the cause, and the way out.
"""


class PhotokinError(Exception):
    """The root of every error that this package raises on purpose."""


class PhotoError(PhotokinError):
    """One photo cannot be read; `str(error)` is the reason, without the file's name."""


class WeightsUnavailable(PhotokinError):
    """The weights of a network cannot be had: no network, or a file that is not the right one."""


class ModelError(PhotokinError):
    """A network, or a saved similarity model, that cannot be used."""


class StoreError(PhotokinError):
    """A file of kept features that cannot be opened, read or written."""


class LabelsError(PhotokinError):
    """A file of labels that cannot be read or written, or is something else."""


class ExportError(PhotokinError):
    """Photos that could not be taken to another place: a full disk, a folder that cannot be written."""


class ClusterError(PhotokinError):
    """A cluster that cannot do the work: its workers die, or cannot be reached."""


class FrameError(PhotokinError):
    """A frame, a column or an argument that does not fit what is asked of it."""


class LeftOut(PhotokinError, NotImplementedError):
    """A part of Turi Create that the stand-in leaves out on purpose."""
