"""Photos that the benchmark makes itself: each number a picture of its own, the same every time.

They look like nothing, but cost what photos cost: clouds of colour at several
scales, with the grain of a sensor. The same Pillow gives the same bytes.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Dict, NamedTuple, Tuple

if TYPE_CHECKING:
    from PIL.Image import Image

_EDITION = 1  # to be raised with every change of what a picture looks like


class Recipe(NamedTuple):
    """How photos of one kind are made."""

    size: Tuple[int, int]  # width, height
    clouds: Tuple[Tuple[int, float], ...]  # cells across the picture, and how much of the mix they take over
    grain: float
    tiles: int  # across and down: drawing noise for every pixel would take longest of all
    quality: int  # of the JPEG


RECIPES: Dict[str, Recipe] = {
    "large": Recipe((4000, 3000), ((4, 1), (16, 0.5), (64, 0.3), (250, 0.2), (1000, 0.08)), 0.025, 4, 80),  # 1.3 MB
    "small": Recipe((320, 240), ((4, 1), (16, 0.5), (80, 0.2)), 0.03, 1, 85),  # 15 kB
}


def picture(kind: str, number: int) -> "Image":
    """Picture `number` of a kind, `large` or `small`."""
    import numpy as np
    from PIL import Image

    recipe = RECIPES[kind]
    width, height = recipe.size
    random = np.random.default_rng((number, width, height))

    def noise(across: int, down: int, *channels: int) -> "np.ndarray":
        return random.integers(0, 256, (down, across, *channels), np.uint8)

    mix = Image.new("RGB", recipe.size)
    for cells, share in recipe.clouds:
        cloud = Image.fromarray(noise(cells, cells * height // width, 3))
        mix = Image.blend(mix, cloud.resize(recipe.size, Image.Resampling.BICUBIC), share)
    grain = np.tile(noise(width // recipe.tiles, height // recipe.tiles), (recipe.tiles, recipe.tiles))
    return Image.blend(mix, Image.fromarray(grain).convert("RGB"), recipe.grain)


def make(kind: str, first: int, count: int, folder: str) -> Dict[str, float]:
    """Have pictures `first` to `first + count - 1` as JPEGs in `folder`, and nothing else; those there are kept."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    wanted = {number: place / f"{number:05d}.jpg" for number in range(first, first + count)}
    for path in set(place.iterdir()) - set(wanted.values()):
        path.unlink()

    def one(number: int) -> None:
        half = wanted[number].with_suffix(".half")
        picture(kind, number).save(half, "JPEG", quality=RECIPES[kind].quality)
        half.replace(wanted[number])

    missing = [number for number, path in wanted.items() if not path.exists()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, missing))
    return {"made": len(missing)}


def folder_name(kind: str, count: int) -> str:
    """A folder for pictures of this edition."""
    return f"{kind}-{count}-edition-{_EDITION}"
