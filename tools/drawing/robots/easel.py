"""Paints the parts of a figure in a style."""

from dataclasses import replace
from typing import List, Optional, Tuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ..outlines import moved
from .solids import Colour, Part, Patch
from .styles import Style

Box = Tuple[int, int, int, int]
_LIGHT = np.array([-0.48, 0.62, 0.62])  # where it comes from: over the viewer's left shoulder


class Easel:
    """A sheet of the picture's size on which one figure is painted.

    `alpha` is where there is paint, `glow` what of it shines by itself, on black. `height` is that of the figure in
    pixels, `noise` (3, 2) numbers between -1 and 1 for a shaky hand and uneven paint.
    """

    def __init__(self, size: Tuple[int, int], style: Style, height: float, noise: np.ndarray) -> None:
        self.style, self.height = style, height
        self.sheet = Image.new("RGB", size, style.fill or (128, 128, 128))
        self.alpha = Image.new("L", size, 0)
        self.glow = Image.new("RGB", size, 0)
        self.noise = noise

    def paint(self, parts: List[Part]) -> None:
        for part in sorted(parts, key=lambda part: part.depth):
            if self.style.contact:
                self._cast_shadow(part)
            for patch in part.patches:
                self._paint(_shaken(patch, self.style.wobble * self.height, self.noise))

    def _paint(self, patch: Patch) -> None:
        ink = self.style.weight * self.height * patch.ink if self.style.ink else 0
        ink = ink if ink > 0.6 else 0  # contours thinner than a pixel would only blacken pixel art
        found = _stencil(patch, self.sheet.size, ink if patch.width else 0)
        if found is None:
            return
        stencil, box = found
        if patch.width:
            self._paint_line(patch, stencil, box, ink)
        else:
            self._fill(patch, stencil, box)
            self._contour(patch, ink)
        if patch.glow:
            self.glow.paste(patch.colour, box, stencil)
        else:
            self.glow.paste((0, 0, 0), box, stencil)

    def _paint_line(self, patch: Patch, stencil: Image.Image, box: Box, ink: float) -> None:
        if ink:
            self.sheet.paste(self.style.ink, box, stencil)
            self.alpha.paste(255, box, stencil)
            found = _stencil(patch, self.sheet.size, -ink if patch.width > 3 * ink else 0)
            if found is None:
                return
            stencil, box = found
        if self.style.fill and not ink:  # a drawn line stays a line in a line drawing
            self.sheet.paste(self.style.ink, box, stencil)
            self.alpha.paste(255, box, stencil)
            return
        self._fill(patch, stencil, box)
        if self.style.steps == 0 and patch.ink:
            self._round_off(patch)

    def _fill(self, patch: Patch, stencil: Image.Image, box: Box) -> None:
        if self.style.fill:  # a line drawing: only what is dark and has no contour, a pupil, is filled in
            dark = not patch.ink and sum(patch.colour) < 220
            self.sheet.paste(self.style.ink if dark else self.style.fill, box, stencil)
        elif self._even(patch):
            self.sheet.paste(_dim(patch.colour, float(self._tone(_flat_light(patch)))), box, stencil)
        else:
            self.sheet.paste(self._shaded(patch, box), box, stencil)
        self.alpha.paste(255, box, stencil)

    def _even(self, patch: Patch) -> bool:
        """Whether the patch has one tone all over."""
        return not self.style.wash and self.style.steps != 0 and (patch.ball is None or self.style.steps == 1)

    def _shaded(self, patch: Patch, box: Box) -> Image.Image:
        x, y = np.meshgrid(np.arange(box[0], box[2], dtype=np.float32), np.arange(box[1], box[3], dtype=np.float32))
        gloss = np.float32(0)
        if patch.ball is None:
            across = (x - box[0]) / max(1, box[2] - box[0]) + (y - box[1]) / max(1, box[3] - box[1])
            light = _flat_light(patch) + (0.16 * (0.5 - across / 2) if self.style.steps == 0 else 0 * across)
        else:
            normal = _round_normals(patch.ball, x, y)
            light = np.tensordot(normal, _LIGHT.astype(np.float32), 1)
            gloss = np.clip(light, 0, 1) ** 24 * (255 * self.style.gloss)
            light = light + np.clip(-0.25 - normal[..., 1], 0, 1) * 0.25  # what the ground throws back
        tone = self._tone(light)
        if self.style.wash:
            tone = tone + self.style.wash * _cloud(x / self.height, y / self.height, self.noise)
        pixels = np.asarray(patch.colour, np.float32) * tone[..., None] + np.asarray(gloss)[..., None]
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

    def _tone(self, light):
        """Brightness of paint, 1 in plain light, for the cosine between the light and the surface."""
        if self.style.steps == 2:
            light = np.where(np.asarray(light) > 0.2, 0.75, 0.0)
        lit = np.clip(light, 0, 1) ** 0.8
        return 1 - self.style.shade * (1 - lit) + (0.12 * lit if self.style.steps == 0 else 0)

    def _round_off(self, patch: Patch) -> None:
        """Make a line look like a pipe: a dark lower and a light upper side."""
        for width, shift, tone in ((0.62, -0.1, 1.14), (0.24, -0.2, 1.4)):
            step = patch.width * shift
            inner = Patch(moved(patch.outline, step * 0.5, step), patch.colour, width=patch.width * width)
            found = _stencil(inner, self.sheet.size)
            if found:
                soft = found[0].filter(ImageFilter.GaussianBlur(patch.width * 0.08))
                self.sheet.paste(_dim(patch.colour, tone), found[1], soft)

    def _contour(self, patch: Patch, ink: float) -> None:
        if ink:
            closed = np.concatenate([patch.outline, patch.outline[:1]])
            found = _stencil(Patch(closed, patch.colour, width=ink), self.sheet.size)
            if found:
                self.sheet.paste(self.style.ink, found[1], found[0])
                self.alpha.paste(255, found[1], found[0])

    def _cast_shadow(self, part: Part) -> None:
        """Darken what lies behind the part, but not the air around it."""
        reach = 0.022 * self.height
        shadow = Image.new("L", self.sheet.size, 0)
        for patch in part.patches[:6]:  # the faces of a box; what sticks on them casts nothing
            fallen = Patch(moved(patch.outline, reach * 0.5, reach), patch.colour, width=patch.width)
            found = _stencil(fallen, self.sheet.size)
            if found:
                shadow.paste(255, found[1], found[0])
        box = _grown(shadow.getbbox(), int(3 * reach), self.sheet.size)
        if box is None:
            return
        soft = shadow.crop(box).filter(ImageFilter.GaussianBlur(reach))
        soft = ImageChops.multiply(soft.point(lambda v: int(v * self.style.contact)), self.alpha.crop(box))
        self.sheet.paste((24, 18, 40), box, soft)


def _stencil(patch: Patch, size: Tuple[int, int], grow: float = 0) -> Optional[Tuple[Image.Image, Box]]:
    """The patch as a mask cut to its box, or None where nothing of it is on the picture."""
    width = max(1.0, patch.width + grow) if patch.width else 0
    low, high = patch.outline.min(axis=0) - width - 1, patch.outline.max(axis=0) + width + 2
    box = _grown((*low.astype(int), *high.astype(int)), 0, size)
    if box is None:
        return None
    stencil = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
    draw = ImageDraw.Draw(stencil)
    points = [tuple(point) for point in (patch.outline - box[:2]).tolist()]
    if width:
        draw.line(points, fill=255, width=max(1, round(width)), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    else:
        draw.polygon(points, fill=255)
    return stencil, box


def _grown(box: Optional[Box], by: int, size: Tuple[int, int]) -> Optional[Box]:
    if box is None:
        return None
    grown = (max(0, box[0] - by), max(0, box[1] - by), min(size[0], box[2] + by), min(size[1], box[3] + by))
    return grown if grown[0] < grown[2] and grown[1] < grown[3] else None


def _shaken(patch: Patch, wobble: float, noise: np.ndarray) -> Patch:
    """The patch drawn by hand: its outline follows slow waves across the picture, the same for neighbouring edges."""
    if not wobble:
        return patch
    place = patch.outline / (wobble * 22)
    dx = np.sin(place @ noise[0] * 3 + noise[2, 0] * 9)
    dy = np.sin(place @ noise[1] * 3 + noise[2, 1] * 9)
    outline = patch.outline + wobble * np.stack([dx, dy], axis=1)
    return replace(patch, outline=outline)


def _flat_light(patch: Patch) -> float:
    return float(np.dot(patch.normal, _LIGHT)) if patch.ball is None else 1.0


def _round_normals(ball: Tuple[np.ndarray, np.ndarray], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    centre, shrink = ball
    disc = np.stack([x - centre[0], y - centre[1]], axis=-1).astype(np.float32) @ shrink.T.astype(np.float32)
    reach = np.sqrt((disc**2).sum(axis=-1, keepdims=True))
    disc = disc / np.maximum(1, reach)
    height = np.sqrt(np.maximum(0, 1 - (disc**2).sum(axis=-1)))
    return np.stack([disc[..., 0], -disc[..., 1], height], axis=-1)


def _cloud(x: np.ndarray, y: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Slow waves between -0.5 and 0.5: paint that dried unevenly."""
    (a, b), (c, d), (e, f) = noise * 9
    return 0.25 * np.sin(a * x + b * y + e) + 0.25 * np.sin(c * x * 2 + d * y * 2 + f)


def _dim(colour: Colour, tone: float) -> Colour:
    return tuple(min(255, max(0, round(channel * tone))) for channel in colour)
