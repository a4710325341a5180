"""Bodies made of beads: spheres in space, strung on chains, seen from any side, with fur or quills on them.

In space x goes forward, y up and z to the animal's right, in metres; the feet are at y = 0.
"""

from dataclasses import dataclass, field
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..camera import rotation
from ..dice import Dice

Colour = Tuple[float, float, float]
TILT = 7  # degrees that the field camera looks down


@dataclass
class Coat:
    """Strokes on the skin: how long (metres), how many a square metre, how bright their tips, how far they stand."""

    length: float = 0.03
    density: float = 9000
    tips: float = 1.15
    lift: float = 0.35
    spread: float = 0.35
    width: float = 0.004


@dataclass
class Body:
    """Beads, eyes and strokes of one figure in one pose."""

    coat: Coat
    beads: List[np.ndarray] = field(default_factory=list)  # each (n, 4): x, y, z, radius
    colours: List[np.ndarray] = field(default_factory=list)  # each (n, 3)
    furry: List[np.ndarray] = field(default_factory=list)  # each (n,): the share of strokes there
    eyes: List[Tuple[np.ndarray, np.ndarray]] = field(default_factory=list)  # place and the direction of the look

    def chain(self, points: Sequence[Sequence[float]], colours, fur: float = 1.0) -> None:
        """Beads along a line of (x, y, z, radius); `colours` is one colour or one for each point."""
        line = np.asarray(points, float)
        paint = np.asarray(colours, float)
        paint = np.broadcast_to(paint, (len(line), 3)) if paint.ndim == 1 else paint
        for (a, b), (first, last) in zip(zip(line, line[1:]), zip(paint, paint[1:])):
            gap = np.linalg.norm(b[:3] - a[:3])
            count = int(np.clip(np.ceil(gap / max(0.32 * (a[3] + b[3]) / 2, 1e-3)), 1, 14)) + 1
            share = np.linspace(0, 1, count)[:, None]
            self.beads.append(a + (b - a) * share)
            self.colours.append(first + (last - first) * share)
            self.furry.append(np.full(count, fur))

    def turn(self, since: int, pivot: Sequence[float], *, nod: float = 0, turn: float = 0) -> None:
        """Nod (up is positive) and turn what was added since the bead group `since`, about a pivot: a head."""
        matrix = rotation(yaw=turn) @ rotation(roll=nod)
        at = np.asarray(pivot, float)
        for group in self.beads[since:]:
            group[:, :3] = (group[:, :3] - at) @ matrix.T + at
        self.eyes = [(at + matrix @ (place - at), matrix @ look) for place, look in self.eyes]


class Sprite(NamedTuple):
    """A figure as drawn: RGBA, the pixel of the picture its upper left corner takes, and its eyes on the sprite.

    `eyes` are (x, y, radius) of those that look towards the camera.
    """

    image: Image.Image
    left: int
    top: int
    eyes: List[Tuple[float, float, float]]


def sprite(body: Body, dice: Dice, x: float, y: float, scale: float, yaw: float, light: Sequence[float]) -> Sprite:
    """The body on feet at pixel (x, y), `scale` pixels a metre, turned by `yaw` degrees (0 looks to the right).

    `light` is the direction towards the light (right, up, towards the viewer) with its share of the whole as length.
    """
    turn = rotation(pitch=TILT) @ rotation(yaw=yaw)
    beads = np.concatenate(body.beads)
    seen = beads[:, :3] @ turn.T * [1, -1, 1]
    fine = 2 if scale * np.ptp(beads[:, :3], axis=0).max() < 300 else 1
    zoom = float(scale) * fine
    radius = beads[:, 3] * zoom
    centre = seen * zoom
    margin = int(body.coat.length * zoom) + 3
    left = int(np.floor((centre[:, 0] - radius).min() / fine)) * fine - margin // fine * fine - fine
    top = int(np.floor((centre[:, 1] - radius).min() / fine)) * fine - margin // fine * fine - fine
    width = -(-int((centre[:, 0] + radius).max() - left + margin) // fine) * fine + fine
    height = -(-int((centre[:, 1] + radius).max() - top + margin) // fine) * fine + fine
    centre = centre - [left, top, 0]
    depth, owner = _cast(centre, radius, width, height)
    mask = owner >= 0
    normals = _normals(centre, radius, owner, mask, max(0.02 * zoom, 1))
    colours = np.concatenate(body.colours)[owner] * mask[..., None]
    shade = _shade(normals, np.asarray(light, float))
    grain = dice.noise(height, width).astype(np.float32)
    painted = np.clip(colours * shade[..., None] * (1 + 0.1 * grain[..., None]), 0, 255) * mask[..., None]
    image = Image.fromarray(np.dstack([painted, mask * 255.0]).astype(np.uint8))
    fur = np.concatenate(body.furry)
    _strokes(image, body.coat, dice, turn, normals, fur[owner] * mask, painted, zoom)
    if fine > 1:
        image = image.resize((width // fine, height // fine), Image.BOX)
    eyes = _eyes(body, turn, zoom, (left, top), depth, fine)
    return Sprite(image, round(x + left / fine), round(y + top / fine), eyes)


def _cast(centre: np.ndarray, radius: np.ndarray, width: int, height: int):
    """The nearest bead at every pixel and how near it is; -1 where there is none."""
    depth = np.full((height, width), -1e9, np.float32)
    owner = np.full((height, width), -1, np.int32)
    across, down = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    for bead, ((x, y, z), r) in enumerate(zip(centre, np.maximum(radius, 0.75))):
        x0, x1, y0, y1 = int(x - r), int(x + r) + 2, int(y - r), int(y + r) + 2
        high = r * r - ((down[y0:y1, None] - y) ** 2 + (across[None, x0:x1] - x) ** 2)
        near = np.sqrt(np.maximum(high, 0)) + z
        before = depth[y0:y1, x0:x1]
        wins = (high > 0) & (near > before)
        before[wins] = near[wins]
        owner[y0:y1, x0:x1][wins] = bead
    return depth, owner


def _normals(centre, radius, owner, mask, soft: float) -> np.ndarray:
    """Unit vectors (right, up, towards the viewer), smoothed over the seams between beads."""
    height, width = owner.shape
    flat = np.stack([np.arange(width) - centre[owner, 0], centre[owner, 1] - np.arange(height)[:, None]], axis=-1)
    flat /= np.maximum(radius[owner], 1)[..., None]
    toward = np.sqrt(np.clip(1 - (flat**2).sum(-1), 0, 1))
    coded = (np.dstack([flat, toward]) * 127 + 128) * mask[..., None]
    blurred = np.asarray(Image.fromarray(coded.clip(0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(soft)), float)
    weight = np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(soft)), float) / 255
    normals = blurred / np.maximum(weight, 0.05)[..., None] / 127 - 128 / 127
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-3)


def _shade(normals: np.ndarray, light: np.ndarray) -> np.ndarray:
    """How bright: the sky from above, a little from the ground, the rest from where the light stands."""
    strength = np.linalg.norm(light)
    facing = np.clip(normals @ (light / max(strength, 1e-6)), 0, 1)
    sky = 0.5 + 0.5 * normals[..., 1]
    return (1 - strength) * (0.3 + 0.75 * sky) + strength * (0.25 + 0.95 * facing)


def _strokes(image, coat: Coat, dice: Dice, turn, normals, furry, painted, zoom: float) -> None:
    """Hair, feathers or quills: short lines that begin on the skin and lie backwards and outwards."""
    rows, columns = np.nonzero(furry > 0)
    count = int(min(len(rows) / zoom**2 * coat.density, 2600))
    if not count:
        return
    picked = (dice.noise(count) * 0.5 + 0.5) * len(rows)
    rows, columns = rows[picked.astype(int)], columns[picked.astype(int)]
    back = (turn @ np.array([-1, -0.35, 0]))[:2]
    way = back + coat.lift * 2 * normals[rows, columns, :2] + coat.spread * dice.noise(count, 2)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 0.3)
    reach = coat.length * zoom * (0.55 + 0.45 * np.abs(dice.noise(count))) * furry[rows, columns]
    tone = np.where(dice.noise(count) > 0.1, coat.tips, 0.72)[:, None] * (1 + 0.12 * dice.noise(count, 1))
    ends = np.stack([columns + way[:, 0] * reach, rows - way[:, 1] * reach], axis=1)
    inks = np.clip(painted[rows, columns] * tone, 0, 255).astype(int)
    draw = ImageDraw.Draw(image)
    thick = max(round(coat.width * zoom), 1)
    for x, y, (u, v), ink in zip(columns.tolist(), rows.tolist(), ends.tolist(), inks.tolist()):
        draw.line((x, y, u, v), fill=(*ink, 255), width=thick)


def _eyes(body: Body, turn, zoom: float, corner, depth: np.ndarray, fine: int) -> List[Tuple[float, float, float]]:
    found = []
    for place, look in body.eyes:
        at = turn @ place * [1, -1, 1] * zoom - [*corner, 0]
        x, y = int(at[0]), int(at[1])
        if (turn @ look)[2] > 0.1 and at[2] >= depth[y, x] - 0.04 * zoom:
            found.append((at[0] / fine, at[1] / fine, max(0.012 * zoom / fine, 0.8)))
    return found
