"""What the figures were measured on."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Dict, Optional

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
    wanted = {
        "AVX2": "avx2",
        "AVX-512": "avx512f",
        "VNNI": ("avx512_vnni", "avx_vnni"),
        "bf16": ("avx512_bf16", "amx_bf16"),
    }
    said = []
    for name, known in wanted.items():
        names = (known,) if isinstance(known, str) else known
        said.append(f"{name} {'yes' if any(each in flags for each in names) else 'no'}")
    return ", ".join(said)


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
