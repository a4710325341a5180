"""Solids in space, seen by a camera: what is left is a list of plane patches to paint."""

from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ..camera import DISTANCE, Camera, rotation
from ..outlines import ellipse, hull

Colour = Tuple[int, int, int]
Point = Sequence[float]  # x, y, z
_SIDES = {  # of a box: the face's own right and up
    "front": ((1, 0, 0), (0, 1, 0)),
    "back": ((-1, 0, 0), (0, 1, 0)),
    "right": ((0, 0, -1), (0, 1, 0)),
    "left": ((0, 0, 1), (0, 1, 0)),
    "top": ((1, 0, 0), (0, 0, -1)),
    "bottom": ((1, 0, 0), (0, 0, 1)),
}


@dataclass
class Patch:
    """A piece of one colour on the picture.

    `outline` is an array (n, 2) of pixels: a closed polygon, or a line when it has a `width` in pixels.
    `normal` is where a flat piece looks, `ball` the ellipse (centre, matrix from pixels to the unit disc) of a round
    one: light falls on them accordingly. `ink` is the weight of the contour; `glow` shines at night.
    """

    outline: np.ndarray
    colour: Colour
    normal: Tuple[float, float, float] = (0, 0, 1)
    ball: Optional[Tuple[np.ndarray, np.ndarray]] = None
    width: float = 0
    ink: float = 1
    glow: bool = False


@dataclass
class Part:
    """Patches that belong together, painted one after the other; `depth` orders the parts, far to near."""

    depth: float
    patches: List[Patch] = field(default_factory=list)


class Sculptor:
    """Builds solids in a frame of its own and keeps them as parts of patches."""

    def __init__(
        self, camera: Camera, turn: np.ndarray, origin: Point = (0, 0, 0), parts: Optional[List["Part"]] = None
    ) -> None:
        self.camera = camera
        self.turn = turn
        self.origin = np.asarray(origin, float)
        self.parts: List[Part] = [] if parts is None else parts

    def joint(self, at: Point, yaw: float = 0, pitch: float = 0, roll: float = 0) -> "Sculptor":
        """A sculptor of the same robot whose frame sits at `at` and is turned: a head on its neck."""
        return Sculptor(self.camera, self.turn @ rotation(yaw, pitch, roll), self.see(np.array(at)), self.parts)

    def see(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(points, float) @ self.turn.T + self.origin

    def part(self, at: Point, nearer: float = 0) -> Part:
        """A new part at the depth of the point `at`, moved towards the viewer where the plain order would be wrong."""
        made = Part(float(self.see(np.array(at))[2]) + nearer)
        self.parts.append(made)
        return made

    def ball(self, at: Point, radii: Point, colour: Colour, nearer: float = 0) -> "Ball":
        return Ball(self, at, radii, colour, self.part(at, nearer))

    def box(self, at: Point, size: Point, colour: Colour, nearer: float = 0) -> "Box":
        return Box(self, at, size, colour, self.part(at, nearer))

    def drum(self, at, radius: float, length: float, colour: Colour, part: Optional[Part] = None) -> "Drum":
        return Drum(self, at, radius, length, colour, part or self.part(at))

    def tube(self, points, width: float, colour: Colour, part: Optional[Part] = None, nearer: float = 0) -> Part:
        """A bent pipe through `points` in space."""
        points = np.asarray(points, float)
        part = part or self.part(points.mean(axis=0), nearer)
        self.patch(part, self.see(points), colour, width=width)
        return part

    def sheet(self, points, colour: Colour, part: Optional[Part] = None, nearer: float = 0, **looks) -> Part:
        """A flat piece, visible from both sides."""
        points = np.asarray(points, float)
        part = part or self.part(points.mean(axis=0), nearer)
        seen = self.see(points)
        normal = np.cross(seen[1] - seen[0], seen[len(seen) // 2] - seen[0])
        normal *= (1 if normal[2] > 0 else -1) / (np.linalg.norm(normal) + 1e-9)
        self.patch(part, seen, colour, normal, **looks)
        return part

    def track(self, at: Point, width: float, profile: np.ndarray, tread: Sequence[Colour]) -> Part:
        """A caterpillar track: the convex `profile` (z, y) drawn out along x, its rim in alternating colours."""
        part = self.part(at)
        near, far = (np.column_stack([np.full(len(profile), x), profile[:, 1], profile[:, 0]]) for x in (-0.5, 0.5))
        near, far = (self.see(side * [width, 1, 1] + at) for side in (near, far))
        for i in range(len(profile)):
            j = (i + 1) % len(profile)
            self.face(part, np.array([near[i], far[i], far[j], near[j]]), tread[i % len(tread)])
        self.face(part, near, tread[0])
        self.face(part, far[::-1], tread[0])
        return part

    def face(self, part: Part, seen: np.ndarray, colour: Colour) -> bool:
        """Add a flat face whose corners run counter-clockwise seen from outside, unless it looks away."""
        normal = np.cross(seen[1] - seen[0], seen[2] - seen[1])
        normal /= np.linalg.norm(normal) + 1e-9
        facing = normal @ (np.array([0, 1, DISTANCE]) - seen.mean(axis=0)) > 0
        if facing:
            self.patch(part, seen, colour, normal)
        return bool(facing)

    def patch(self, part: Part, seen: np.ndarray, colour: Colour, normal=(0, 0, 1), width: float = 0, **looks) -> None:
        """Add a flat patch through the points `seen` by the camera; `width`, of a line, is in units of length."""
        pixels = float(width * self.camera.zoom(seen).mean())
        part.patches.append(Patch(self.camera.project(seen), colour, tuple(normal), width=pixels, **looks))


class Ball:
    """An ellipsoid, and the decals on its skin.

    With A = R diag(r²) Rᵀ its silhouette is the ellipse of the upper left quarter of A, and the point whose normal is n
    is A n / √(n·A n).
    """

    def __init__(self, sculptor: Sculptor, at, radii, colour: Colour, part: Part) -> None:
        self.sculptor, self.part = sculptor, part
        self.radii = np.asarray(radii, float)
        self.shape = sculptor.turn @ np.diag(self.radii**2) @ sculptor.turn.T
        seen = sculptor.see(np.array(at))
        self.zoom = sculptor.camera.zoom(seen)
        self.centre = sculptor.camera.project(seen)
        self.ball = (self.centre, np.linalg.inv(self._stretch()))
        self._add(ellipse(1, points=72) @ self._stretch().T + self.centre, colour)

    def decal(
        self, longitude: float, latitude: float, outline: np.ndarray, colour: Colour, width: float = 0, **looks
    ) -> None:
        """Stick `outline`, in degrees, on the skin; what lies behind the horizon is drawn in to it."""
        normals = self._normals(longitude, latitude, np.radians(outline))
        hidden = normals[:, 2] < 0
        if hidden.all():
            return
        normals[hidden, 2] = 0
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        reach = np.sqrt(np.einsum("ni,ij,nj->n", normals, self.shape, normals))
        offsets = normals @ self.shape / reach[:, None]
        outline = self.sculptor.camera.flatten(offsets * self.zoom) + self.centre
        self._add(outline, colour, width=float(width * self.zoom), **looks)

    def _normals(self, longitude: float, latitude: float, outline: np.ndarray) -> np.ndarray:
        lon, lat = np.radians([longitude, latitude])
        ahead = np.array([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)])
        east = np.array([np.cos(lon), 0, -np.sin(lon)])
        north = np.cross(ahead, east)
        angle = np.linalg.norm(outline, axis=1, keepdims=True)
        along = outline / np.maximum(angle, 1e-9)
        directions = np.cos(angle) * ahead + np.sin(angle) * (along[:, :1] * east + along[:, 1:] * north)
        normals = (directions / self.radii) @ self.sculptor.turn.T
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)

    def _stretch(self) -> np.ndarray:
        """The symmetric matrix that makes the unit disc the silhouette in pixels."""
        axes = np.stack([self.sculptor.camera.flatten(axis) for axis in np.eye(3)[:2]], axis=1)
        values, vectors = np.linalg.eigh(axes @ self.shape[:2, :2] @ axes.T)
        return vectors @ np.diag(np.sqrt(values)) @ vectors.T * self.zoom

    def _add(self, outline: np.ndarray, colour: Colour, **looks) -> None:
        self.part.patches.append(Patch(outline, colour, ball=self.ball, **looks))


class Box:
    """A cuboid; `panel` draws on those of its faces that the camera sees."""

    def __init__(self, sculptor: Sculptor, at, size, colour: Colour, part: Part) -> None:
        self.sculptor, self.part = sculptor, part
        self.at, self.half = np.asarray(at, float), np.asarray(size, float) / 2
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        self.visible = [
            name
            for name, (right, up) in _SIDES.items()
            if sculptor.face(part, self._on(name, corners * [abs(self.half @ right), abs(self.half @ up)]), colour)
        ]

    def panel(self, face: str, outline: np.ndarray, colour: Colour, **looks) -> None:
        """Draw `outline`, in units from the middle of the face."""
        if face in self.visible:
            seen = self._on(face, np.asarray(outline, float))
            normal = self.sculptor.turn @ np.cross(*_SIDES[face])
            self.sculptor.patch(self.part, seen, colour, normal, **looks)

    def _on(self, face: str, outline: np.ndarray) -> np.ndarray:
        right, up = np.array(_SIDES[face])
        out = np.cross(right, up)
        middle = self.at + out * self.half
        return self.sculptor.see(middle + outline[:, :1] * right + outline[:, 1:] * up)


class Drum:
    """A cylinder along z, its front towards the viewer: a lens barrel, a wheel, a chimney once its frame is turned."""

    def __init__(self, sculptor: Sculptor, at, radius: float, length: float, colour: Colour, part: Part) -> None:
        self.sculptor, self.at, self.part = sculptor, np.asarray(at, float), part
        self.length = length
        rims = [
            sculptor.camera.project(sculptor.see(self._ring(ellipse(radius), z))) for z in (-length / 2, length / 2)
        ]
        outline = hull(np.concatenate(rims))
        middle = outline.mean(axis=0)
        size = np.maximum(np.ptp(outline, axis=0) / 2, 1) * 1.2
        part.patches.append(Patch(outline, colour, ball=(middle, np.diag(1 / size))))

    def disc(self, outline: np.ndarray, colour: Colour, **looks) -> None:
        """Draw on the front."""
        normal = self.sculptor.turn[:, 2]
        if normal[2] > 0:
            seen = self.sculptor.see(self._ring(outline, self.length / 2))
            self.sculptor.patch(self.part, seen, colour, normal, **looks)

    def _ring(self, outline: np.ndarray, z: float) -> np.ndarray:
        return np.column_stack([outline, np.full(len(outline), z)]) + self.at
