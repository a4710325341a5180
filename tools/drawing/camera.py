"""Where a point in space lands on the picture.

In space x goes to the right, y up and z towards the viewer; the robots stand on y = 0 and are about 2 high.
On the picture x goes to the right and y down, in pixels.
"""

from dataclasses import dataclass

import numpy as np

DISTANCE = 8.0  # of the eye from the robot: a gentle perspective


@dataclass(frozen=True)
class Camera:
    """Where a robot lands on the picture: the pixel of the point it stands on, and pixels per unit of length."""

    x: float
    y: float
    scale: float
    roll: float = 0  # degrees, about the point `pivot` above the ground
    pivot: float = 1
    mirrored: bool = False

    def zoom(self, seen: np.ndarray) -> np.ndarray:
        """Pixels per unit at each point: what is nearer is larger."""
        return self.scale * DISTANCE / (DISTANCE - seen[..., 2])

    def flatten(self, offsets: np.ndarray) -> np.ndarray:
        """Offsets in space, already in pixels, as offsets on the picture: rolled, mirrored, y down."""
        angle = np.radians(self.roll)
        x = offsets[..., 0] * np.cos(angle) - offsets[..., 1] * np.sin(angle)
        y = offsets[..., 0] * np.sin(angle) + offsets[..., 1] * np.cos(angle)
        return np.stack([-x if self.mirrored else x, -y], axis=-1)

    def project(self, seen: np.ndarray) -> np.ndarray:
        pivot = np.array([0, self.pivot, 0])
        offsets = self.flatten((seen - pivot) * self.zoom(seen)[..., None])
        return offsets + np.array([self.x, self.y - self.pivot * self.scale])


def rotation(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """Roll about z first, then pitch about x, then yaw about y, in degrees: a head nods before it turns."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw, pitch, roll])) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z
