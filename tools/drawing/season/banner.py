"""The strip that a field camera prints along the bottom: a logo, its name, the temperature, the moon and the clock."""

from datetime import datetime

import numpy as np
from PIL import Image, ImageDraw

HEIGHT = 0.04  # of the picture

_GLYPHS = {  # five columns of seven rows, the lowest bit on top: a font would differ by machine
    "0": "3e5149453e", "1": "00427f4000", "2": "4261514946", "3": "2141454b31", "4": "1814127f10", "5": "2745454539",
    "6": "3c4a494930", "7": "0171090503", "8": "3649494936", "9": "064949291e", ":": "0036360000", "-": "0808080808",
    "B": "7f49494936", "C": "3e41414122", "F": "7f09090901", "M": "7f020c027f", "W": "3f4038403f", "o": "0006090906",
    "S": "4649494931", " ": "0000000000", "/": "2010080402",
}  # fmt: skip


def stamp(image: Image.Image, camera: str, clock: datetime, temperature: int, moon: float) -> None:
    """Print the strip onto the picture; only the temperature, the moon and the clock differ between photos."""
    width, height = image.size
    tall = round(height * HEIGHT)
    top, dot = height - tall, max(tall // 11, 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, width, height), fill=(246, 246, 244))
    logo = round(tall * 1.7)
    draw.rectangle((0, height - logo, logo, height), fill=(26, 92, 104))
    draw.polygon(
        [(logo * u, height - logo * v) for u, v in ((0.15, 0.2), (0.4, 0.75), (0.55, 0.45), (0.65, 0.6), (0.85, 0.2))],
        fill=(236, 228, 196),
    )
    line = top + (tall - 7 * dot) // 2
    x = _write(image, camera, logo + 3 * dot, line, dot)
    x = _write(image, f"{temperature}oC", x + 8 * dot, line, dot)
    _moon(draw, x + 10 * dot, top + tall / 2, 3.6 * dot, moon)
    words = f"{clock:%Y-%m-%d %H:%M:%S}"
    _write(image, words, width - (6 * len(words) + 3) * dot, line, dot)


def _write(image: Image.Image, words: str, x: int, y: int, dot: int) -> int:
    columns = np.frombuffer(bytes.fromhex("".join(_GLYPHS[letter] + "00" for letter in words)), np.uint8)
    bits = (columns[None] >> np.arange(7)[:, None] & 1).astype(np.uint8) * 255
    mask = Image.fromarray(bits).resize((bits.shape[1] * dot, 7 * dot), Image.NEAREST)
    image.paste((16, 16, 18), (x, y), mask)
    return x + mask.width


def _moon(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, phase: float) -> None:
    """The dark disc with its lit part: from the right while it waxes."""
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(30, 30, 34))
    angle = np.linspace(-np.pi / 2, np.pi / 2, 13)
    side, bulge = (1, np.cos(2 * np.pi * phase)) if phase < 0.5 else (-1, np.cos(2 * np.pi * phase))
    rim = np.stack([side * np.cos(angle), np.sin(angle)], 1)
    inner = np.stack([side * bulge * np.cos(angle), np.sin(angle)], 1)[::-1]
    outline = np.concatenate([rim, inner]) * radius * 0.9 + [x, y]
    draw.polygon([tuple(point) for point in outline], fill=(246, 246, 244))
