"""What every section needs: on which photos, with which network, in which Python, and how often."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, Sequence

from benchmarks.made_photos import photos
from benchmarks.peers import fastdup_run, torch_one_by_one, turi
from benchmarks.process import ROOT, Failed, Runner, Task

PRECISIONS = ("fp32", "bf16", "int8")
LONGEST = 180.0  # seconds that a section takes at most, where it is not given more
WHOLE = 1800.0  # and all of them together


@dataclass
class Bench:
    """One run of the benchmark. Everything that it makes lies in `scratch`, and the photos stay for the next run."""

    small: Path  # a folder of real photos
    scratch: Path
    network: str = "efficientnet-lite0"
    rounds: int = 3
    large: int = 100  # photos of 12 megapixels
    collection: int = 10_000  # photos of 320 x 240
    many: int = 5_000  # such photos from the folder to the explorer, in one go
    full: Sequence[str] = ()  # the sections that take as long as they take
    added: int = 100
    toys: int = 50  # to be found in four photos each
    runner: Runner = field(default_factory=Runner)

    def ours(self, name: str, python: str = sys.executable, **arguments: Any) -> Task:
        """A task of `benchmarks.ours`."""
        environment = {"KINFRAME_CACHE": str(self.scratch / "cache")}
        return Task(f"benchmarks.ours:{name}", arguments, python, environment)

    def ours_in_turi(self, name: str, **arguments: Any) -> Task:
        """The same in Turi Create's environment, on its frames; raises `Failed` where there is no Turi Create."""
        return self.ours(name, turi_python(), **arguments)

    def turi(self, **arguments: Any) -> Task:
        """Turi Create's own `create`, on the random weights; raises `Failed` where there is no Turi Create."""
        environment = {"TURI_CACHE_FILE_LOCATIONS": str(self.scratch / "turi"), "TF_CPP_MIN_LOG_LEVEL": "3"}
        python = turi_python()
        weights = Task("benchmarks.peers.turi:lay_down", {"weights": self._weights}, python, environment)
        self.resnet()
        self.runner.once(weights, "laying down Turi Create's network file")
        return Task("benchmarks.peers.turi:create", arguments, python, environment)

    def torch(self, folder: str) -> Task:
        """PyTorch, one photo after the other; raises `Failed` where there is none."""
        python = python_with("torch", ".venv-torch", torch_one_by_one.INSTALL)
        return Task("benchmarks.peers.torch_one_by_one:create", {"folder": folder}, python)

    def fastdup(self, folder: str) -> Task:
        """One `fastdup.run`; raises `Failed` where there is none."""
        python = python_with("fastdup", ".venv-fastdup", fastdup_run.INSTALL)
        home = self.scratch / "home"  # not the person's own
        home.mkdir(parents=True, exist_ok=True)
        environment = {**fastdup_run.OFFLINE, "HOME": str(home)}
        return Task("benchmarks.peers.fastdup_run:run", {"folder": folder}, python, environment)

    def resnet(self) -> str:
        """The ONNX file of the ResNet-50 that everybody gets, of random weights."""
        network = str(self.scratch / "resnet50-random.onnx")
        self.runner.once(self.ours("make_resnet", weights=self._weights, network=network), "writing a random ResNet-50")
        return network

    def builtin(self) -> str:
        """The built-in network, prepared as it is run."""
        self.runner.once(self.ours("prepare", network=self.network), f"preparing {self.network}")
        return self.network

    def photos(self, kind: str, count: int, first: int = 0) -> str:
        """A folder of made photos."""
        folder = str(self.scratch / (photos.folder_name(kind, count) + (f"-from-{first}" if first else "")))
        arguments = {"kind": kind, "first": first, "count": count, "folder": folder}
        task = Task("benchmarks.made_photos.photos:make", arguments)
        if not self.runner.known(task):
            self.runner.run(task, f"making {count} {kind} photos")
        return folder

    def forget_precisions(self) -> None:
        """So that int8 networks are made again, and how long that takes is measured again."""
        shutil.rmtree(str(self.scratch / "cache" / "precision"), ignore_errors=True)

    @property
    def _weights(self) -> str:
        return str(self.scratch / "resnet50-random.npz")


def turi_python() -> str:
    """The Python that has Turi Create; raises `Failed`."""
    return python_with("turicreate", ".venv-turi", turi.INSTALL)


def python_with(package: str, folder: str, install: str) -> str:
    """This Python where it has the package, else that of `folder`; raises `Failed`, which says how to have one."""
    if find_spec(package) is not None:
        return sys.executable
    python = ROOT / folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    try:
        done = subprocess.run([str(python), "-c", ask], cwd=str(ROOT), capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode:
        raise Failed(f"{package} is not here. To have this peer: {install}")
    return str(python)


def agreement(ours: Dict[str, Any], reference: Dict[str, Any]) -> Any:
    """The share of neighbours that two answers have in common, or `None` where one of them has none."""
    mine, others = ours.get("neighbours"), reference.get("neighbours")
    if not mine or not others:
        return None
    common = [len(set(mine[name]) & set(others[name])) / len(others[name]) for name in mine if others.get(name)]
    return sum(common) / len(common) if common else None
