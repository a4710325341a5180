"""Toys that the benchmark draws itself, and photos with a toy pasted into each: what search by region has to find.

No two toys are alike, though many share a shape or a colour. The same seed
gives the same toys, and the same places in the photos.
"""

import math
import random
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Point = Tuple[float, float]
Colour = Tuple[int, int, int]

_SIDE = 512  # pixels that a toy is drawn in
_LONGEST = 1024  # pixels of the longer side of a photo with a toy
_SHARES = (0.08, 0.25)  # of the photo's width
_LIGHT = (0.85, 1.15)
_PAINTS: Tuple[Colour, ...] = (
    *((214, 60, 52), (240, 150, 44), (246, 212, 70), (92, 168, 80), (40, 134, 142), (58, 110, 200), (128, 82, 170)),
    *((226, 120, 160), (128, 86, 54), (240, 236, 226), (110, 116, 124), (34, 36, 46)),
)


class Pasted(NamedTuple):
    """A photo with a toy in it."""

    path: str
    toy: int
    box: Tuple[float, float, float, float]  # left, top, right, bottom as shares of the photo


def toy(seed: int) -> Image.Image:
    """A toy on nothing, RGBA, cut to its edges: a body with a pattern, a head or a mast, and limbs or wheels."""
    dice = random.Random(seed)  # noqa: S311  # nosec B311  # it draws pictures
    body, second, third = dice.sample(_PAINTS, 3)
    sheet = Image.new("RGBA", (_SIDE, _SIDE))
    width, height = dice.uniform(0.34, 0.72), dice.uniform(0.3, 0.5)
    _limbs(sheet, dice, width, third)
    _part(sheet, dice, _outline(dice, (0.5, 0.62), width, height), body, second)
    for _ in range(dice.randint(1, 2)):
        place = (dice.uniform(0.5 - width / 3, 0.5 + width / 3), 0.62 - height * dice.uniform(0.4, 0.6))
        size = dice.uniform(0.18, 0.36)
        _part(
            sheet,
            dice,
            _outline(dice, place, size, size * dice.uniform(0.7, 1.3)),
            *dice.sample((body, second, third), 2),
        )
        _face(sheet, dice, place, size / 8)
    return sheet.crop(sheet.getbbox())


def paste(photos: Sequence[Path], folder: Path, *, seed: int, toys: int, each: int) -> Dict[str, List[Pasted]]:
    """Write photos with toys to `folder`: `asked`, one with each toy; and `among`, `each` more with every toy.

    They take turns with the backgrounds; the background of a photo that asks is mirrored.
    """
    dice = random.Random(seed)  # noqa: S311  # nosec B311  # it draws pictures
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [toy(seed * 1000 + number) for number in range(toys)]
    made: Dict[str, List[Pasted]] = {"among": [], "asked": []}
    order = list(photos)
    dice.shuffle(order)
    for place in range(toys * (each + 1)):
        kind = "among" if place < toys * each else "asked"
        number = place % toys
        with Image.open(order[place % len(order)]) as photo:
            background = ImageOps.exif_transpose(photo).convert("RGB")
        background.thumbnail((_LONGEST, _LONGEST))
        if kind == "asked":
            background = ImageOps.mirror(background)
        box = _paste(background, drawn[number], dice)
        path = folder / f"{kind}-{place:04d}.jpg"
        background.save(path, quality=88)
        made[kind].append(Pasted(str(path), number, box))
    return made


def _paste(photo: Image.Image, drawn: Image.Image, dice: random.Random) -> Tuple[float, float, float, float]:
    """Where the toy came to lie."""
    width = max(8, round(photo.width * dice.uniform(*_SHARES)))
    height = max(8, round(width * drawn.height / drawn.width))
    if height > 0.6 * photo.height:
        width, height = max(8, round(0.6 * photo.height * width / height)), round(0.6 * photo.height)
    small = drawn.resize((width, height), Image.Resampling.LANCZOS)
    lit = ImageEnhance.Brightness(small.convert("RGB")).enhance(dice.uniform(*_LIGHT))
    left, top = dice.randint(0, photo.width - width), dice.randint(0, photo.height - height)
    photo.paste(lit, (left, top), small.getchannel("A"))
    return left / photo.width, top / photo.height, (left + width) / photo.width, (top + height) / photo.height


def _outline(dice: random.Random, middle: Point, width: float, height: float) -> List[Point]:
    """A closed line around a place: round, with corners, or with spikes."""
    corners = dice.choice((3, 4, 5, 6, 8, 60))
    bulge = dice.choice((1.0, 1.0, 0.55)) if corners in (5, 6, 8) else 1.0  # below 1: a star
    turn = dice.choice((0.0, 0.5)) * math.pi / corners
    points = []
    for step in range(2 * corners):
        angle = math.pi * step / corners + turn - math.pi / 2
        reach = (1 if step % 2 == 0 else max(bulge * math.cos(math.pi / corners), 0.5 * bulge)) / 2
        points.append((middle[0] + reach * width * math.cos(angle), middle[1] + reach * height * math.sin(angle)))
    return points


def _part(sheet: Image.Image, dice: random.Random, outline: List[Point], colour: Colour, pattern: Colour) -> None:
    """Fill an outline, with stripes, dots or a half in a second colour, and draw its edge."""
    mask = Image.new("L", sheet.size)
    points = [(x * _SIDE, y * _SIDE) for x, y in outline]
    ImageDraw.Draw(mask).polygon(points, fill=255)
    paint = Image.new("RGBA", sheet.size, (*colour, 255))
    pen = ImageDraw.Draw(paint)
    kind, step = dice.choice(("plain", "stripes", "bars", "dots", "half")), dice.randint(28, 60)
    for start in range(0, _SIDE, step):
        if kind == "stripes":
            pen.rectangle((0, start, _SIDE, start + step // 2), fill=pattern)
        elif kind == "bars":
            pen.rectangle((start, 0, start + step // 2, _SIDE), fill=pattern)
        elif kind == "dots":
            for across in range(0, _SIDE, step):
                pen.ellipse((across, start, across + step // 2, start + step // 2), fill=pattern)
    if kind == "half":
        middle = sum(y for _, y in points) / len(points)
        pen.rectangle((0, middle, _SIDE, _SIDE), fill=pattern)
    sheet.paste(paint, (0, 0), mask)
    ImageDraw.Draw(sheet).line([*points, points[0]], fill=(*(value // 3 for value in colour), 255), width=5)


def _limbs(sheet: Image.Image, dice: random.Random, width: float, colour: Colour) -> None:
    pen = ImageDraw.Draw(sheet)
    kind, count = dice.choice(("legs", "wheels", "fins")), dice.randint(2, 3)
    for number in range(count):
        x = 0.5 + width * (0.8 * number / (count - 1) - 0.4)
        if kind == "wheels":
            pen.ellipse(
                [_SIDE * each for each in (x - 0.09, 0.76, x + 0.09, 0.94)], fill=colour, outline="black", width=5
            )
        else:
            foot = x if kind == "legs" else 0.5 + 1.5 * (x - 0.5)
            pen.line([(x * _SIDE, 0.7 * _SIDE), (foot * _SIDE, 0.95 * _SIDE)], fill=colour, width=dice.randint(18, 40))


def _face(sheet: Image.Image, dice: random.Random, middle: Point, size: float) -> None:
    pen = ImageDraw.Draw(sheet)
    for side in dice.choice(((0,), (-1, 1), (-1, 1))):
        x, y = (middle[0] + 1.3 * side * size) * _SIDE, middle[1] * _SIDE
        for reach, fill in ((size, "white"), (size / 2, "black")):
            pen.ellipse((x - reach * _SIDE, y - reach * _SIDE, x + reach * _SIDE, y + reach * _SIDE), fill=fill)
