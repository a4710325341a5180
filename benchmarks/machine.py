"""What the figures were measured on."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Dict, Optional

_INSTRUCTIONS = {  # → what Linux calls them
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "VNNI": ("avx512_vnni", "avx_vnni"),
    "bf16": ("avx512_bf16", "amx_bf16"),
}
_PACKAGES = ("openvino", "onnxruntime", "pillow", "numpy", "usearch")


def facts() -> Dict[str, str]:
    """Processor, memory and versions, each as one line."""
    memory = total_memory()
    found = {
        "processor": f"{_processor()}, {os.cpu_count()} cores, {platform.machine()}",
        "instructions": _instructions(),
        "memory": "unknown" if memory is None else f"{memory:.1f} GB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
    }
    return found


def total_memory() -> Optional[float]:
    """GB, or `None` where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (AttributeError, ValueError, OSError):
        return None


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or "unknown"


def _instructions() -> str:
    flags = _cpuinfo("flags").split()
    if not flags:
        return "unknown"
    there = {name: any(flag in flags for flag in known) for name, known in _INSTRUCTIONS.items()}
    lacking = [name for name in there if not there[name]]
    return " ".join(
        [", ".join(name for name in there if there[name]), *([f"(no {', '.join(lacking)})"] if lacking else [])]
    ).strip()


def _cpuinfo(name: str) -> str:
    path = Path("/proc/cpuinfo")
    if sys.platform != "linux" or not path.exists():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
