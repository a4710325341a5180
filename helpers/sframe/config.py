"""Turi Create's `config`, whose settings have nothing to set here: each call is taken and changes nothing."""

from typing import Any, Dict

from helpers.sframe.errors import WrongValue


def set_num_gpus(num_gpus: int) -> None:
    """Change nothing: `helpers.networks` takes the processor that ONNX Runtime finds."""
    if not isinstance(num_gpus, int) or num_gpus < -1:
        raise WrongValue("num_gpus is a whole number, -1 (all), 0, or more")


def get_num_gpus() -> int:
    """0: nothing here is asked to use a GPU."""
    return 0


def set_runtime_config(name: str, value: Any) -> None:
    """Change nothing: the stand-in has no server."""


def get_runtime_config() -> Dict[str, Any]:
    """No settings."""
    return {}


def get_environment_config() -> Dict[str, str]:
    """No settings."""
    return {}


def set_log_level(level: str) -> None:
    """Change nothing: the stand-in writes no log."""


def init_logger() -> None:
    """Change nothing: the stand-in writes no log."""


def get_client_log_location() -> str:
    """An empty text: the stand-in writes no log."""
    return ""
