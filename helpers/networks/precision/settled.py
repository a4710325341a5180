"""A network in the precision that was settled on, and the key by which its features are kept."""

from dataclasses import dataclass, replace
from typing import Optional

from helpers.networks.load import LoadedModel
from helpers.networks.precision.remembered import PrecisionCheck
from helpers.networks.quantise import quantised
from helpers.networks.runtime import Session, has_bf16, session_for

_GIVEN = "given"  # in a key, in the place of a precision
ROUNDED = "this processor has no bf16: photos are computed in fp32 and rounded as bf16 rounds"


@dataclass(frozen=True)
class Settled:
    """A network in the precision that was settled on."""

    loaded: LoadedModel  # for int8: with the file in 8 bits
    precision: str  # fp32, bf16 or int8
    agreement: Optional[float]  # the share of the ten nearest neighbours that fp32 finds too; None for fp32 itself
    key: str  # the same key, the same features
    note: str  # one line for the person

    @property
    def session(self) -> Session:
        """Ready to run; opened when it is first asked for."""
        return session_for(self.loaded, self.precision)

    @property
    def is_rounded(self) -> bool:
        """Whether this is bf16 on a processor without it: features are computed in fp32, and then rounded."""
        return self.precision == "bf16" and not has_bf16()


def in_fp32(loaded: LoadedModel, note: str = "fp32") -> Settled:
    return Settled(loaded, "fp32", None, key_of(loaded, "fp32"), note)


def as_given(loaded: LoadedModel, sha256: str, note: str) -> Settled:
    """For features that a person gave, of the network as they say; `sha256` of them keeps others out of the key."""
    return Settled(loaded, "fp32", None, key_of(loaded, _GIVEN, sha256), note)


def is_given(key: str) -> bool:
    """Whether features of this key were given by a person."""
    return f" {_GIVEN} " in key


def as_compared(loaded: LoadedModel, comparison: PrecisionCheck, note: str) -> Settled:
    """In the precision that was compared with fp32; raises `ModelError` where the file of an int8 network has gone."""
    precision, _, agreement, sha256 = comparison
    key = key_of(loaded, precision, sha256)
    return Settled(quantised(loaded, sha256) if precision == "int8" else loaded, precision, agreement, key, note)


def settled_again(loaded: LoadedModel, precision: str, key: str) -> Settled:
    """What was settled earlier, by its precision and key; opened when it is first asked for.

    `loaded` is the network as `helpers.networks.load_network` gives it. What was
    bf16 is computed in fp32 and rounded where the processor has no bf16, and
    the note says so. Raises `ModelError` where the file of an int8 network has
    gone or is damaged.
    """
    if precision == "int8":
        loaded = quantised(loaded, key.rpartition(" ")[2])
    note = f"{precision}, as it was built"
    settled = Settled(loaded, precision, None, key, note)
    return replace(settled, note=f"{note}; {ROUNDED}") if settled.is_rounded else settled


def key_of(loaded: LoadedModel, precision: str, sha256: str = "") -> str:
    """The key of features: name, identity and precision of the network, and the sha-256 of an int8 network's file."""
    return " ".join([loaded.lasting_name, loaded.identity, precision, *([sha256] if sha256 else [])])


def is_of(key: str, loaded: LoadedModel) -> bool:
    """Whether features that are kept by this key are of the network, in whichever precision."""
    return f" {loaded.identity} " in key
