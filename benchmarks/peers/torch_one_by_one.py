"""PyTorch the way tutorials show it: a folder, one photo after the other, through a ResNet-50.

python3.11 -m venv .venv-torch && .venv-torch/bin/pip install torch==2.13.0 pillow numpy
"""

import time
from pathlib import Path
from typing import Any, Dict

INSTALL = "python3.11 -m venv .venv-torch && .venv-torch/bin/pip install torch==2.13.0 pillow numpy"

_STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, width; a block's output is four times as wide
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_ENDINGS = (".jpg", ".jpeg", ".png")


def create(folder: str) -> Dict[str, Any]:
    """The features of a folder's photos. Importing PyTorch and building its network are not counted."""
    import numpy as np
    import torch
    from PIL import Image

    network = resnet50().eval()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (_MEAN, _STD))
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in _ENDINGS)
    features = []
    start = time.perf_counter()
    with torch.no_grad():
        for path in files:
            photo = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1).float() / 255
            features.append(network(((pixels - mean) / std).unsqueeze(0))[0])
    vectors = torch.stack(features)
    seconds = time.perf_counter() - start
    assert vectors.shape == (len(files), 2048), vectors.shape
    return {"seconds": seconds, "photos": len(files), "version": torch.__version__, "threads": torch.get_num_threads()}


def resnet50() -> Any:
    """ResNet-50 up to its global pooling, as torchvision builds it, with random weights."""
    from torch import nn

    def unit(inputs: int, outputs: int, kernel: int, stride: int = 1) -> Any:
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs))

    class Block(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.long = nn.Sequential(
                unit(inputs, width, 1), nn.ReLU(), unit(width, width, 3, stride), nn.ReLU(), unit(width, 4 * width, 1)
            )
            changes = stride != 1 or inputs != 4 * width
            self.short = unit(inputs, 4 * width, 1, stride) if changes else nn.Identity()

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(self.long(x) + self.short(x))

    layers = [unit(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    inputs = 64
    for stage, (blocks, width) in enumerate(_STAGES):
        for block in range(blocks):
            layers.append(Block(inputs, width, 2 if block == 0 and stage else 1))
            inputs = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
