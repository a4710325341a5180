"""Plane outlines: arrays of points, shape (n, 2), in the unit of whoever draws them."""

from typing import Tuple

import numpy as np


def arc(start: float, end: float, radius_x: float, radius_y: float = 0, points: int = 24) -> np.ndarray:
    """Part of an ellipse around the origin, from `start` to `end` degrees, counter-clockwise."""
    angle = np.radians(np.linspace(start, end, points))
    return np.stack([radius_x * np.cos(angle), (radius_y or radius_x) * np.sin(angle)], axis=1)


def ellipse(radius_x: float, radius_y: float = 0, points: int = 48) -> np.ndarray:
    return arc(0, 360, radius_x, radius_y, points + 1)[:-1]


def moved(outline: np.ndarray, *by: float) -> np.ndarray:
    """The outline somewhere else: one shift for each coordinate."""
    return np.asarray(outline) + np.array(by)


def rectangle(width: float, height: float) -> np.ndarray:
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]


def rounded(width: float, height: float, radius: float) -> np.ndarray:
    """A rectangle with round corners."""
    x, y = width / 2 - radius, height / 2 - radius
    corners = [(x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270)]
    return np.concatenate([moved(arc(turn, turn + 90, radius, points=7), cx, cy) for cx, cy, turn in corners])


def leaf(length: float, width: float, point: float = 1.6) -> np.ndarray:
    """A fin along the x axis from its root at the origin; the larger `point`, the sharper the tip."""
    along = np.linspace(0, 1, 20)
    half = width / 2 * np.sin(np.pi * along**0.7) ** (1 / point) * (1 - 0.25 * along)
    return np.concatenate([np.stack([along * length, half], 1), np.stack([along * length, -half], 1)[::-1]])


def blob(dice, radius: float, roughness: float = 0.3) -> np.ndarray:
    """An uneven round patch: rust, a puddle, a bush."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = dice.noise(3, 2)
    bumps = sum(a * np.cos((k + 2) * angle) + b * np.sin((k + 2) * angle) for k, (a, b) in enumerate(waves))
    return ellipse(radius, points=40) * (1 + roughness * bumps / 2)[:, None]


def hull(points: np.ndarray) -> np.ndarray:
    """The convex hull, by Andrew's monotone chain."""
    ordered = sorted(map(tuple, points))
    return np.array(_chain(ordered)[:-1] + _chain(ordered[::-1])[:-1])


def _chain(points: list) -> list:
    chain: list = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Tuple[float, float], b: Tuple[float, float], c: Tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
