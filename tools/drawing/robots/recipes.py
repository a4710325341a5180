"""What each of the 199 pictures shows: everything that is decided before the first stroke."""

from dataclasses import dataclass
from typing import Tuple

from ..dice import Dice

ROBOTS = {"bolu": 119, "tarn": 80}  # how many pictures of each

_STYLES = {
    "flat": 14,
    "outlined": 24,
    "shaded": 28,
    "clay": 12,
    "cutout": 7,
    "sketch": 10,
    "line": 6,
    "blueprint": 3,
    "pixel": 6,
}
_PAPERS = {"line": ("white", "white", "squared", "kraft"), "blueprint": ("draughting",), "sketch": ("squared", "kraft")}
_OUTDOORS = ("sky", "meadow", "desert", "street", "seaside", "snow", "stars", "skyline")
_INDOORS = ("plain", "studio", "room", "room", "workshop", "workshop", "bokeh")
_PLAIN_LIGHT = ("none", "white", "squared", "kraft", "draughting")
_SHOTS = {"whole": 46, "small": 10, "cut": 14, "close": 18, "group": 8, "guest": 6}
_LIGHTS = {
    "day": 40,
    "overcast": 8,
    "golden": 9,
    "sunset": 8,
    "lamp": 7,
    "night": 9,
    "moon": 4,
    "neon": 4,
    "faded": 7,
    "grey": 5,
}
_SHAPES = {(4, 3): 30, (3, 4): 18, (1, 1): 18, (3, 2): 14, (16, 9): 10, (2, 3): 10, (5, 2): 2, (1, 2): 2}
_LONG_SIDES = {220: 1, 260: 2, 320: 4, 400: 6, 480: 5, 560: 3, 640: 2, 768: 1, 900: 1}
_FILES = {"jpeg": 78, "png": 8, "palette": 4, "transparent": 4}
_TURNED = {("bolu", 17): 6, ("bolu", 71): 3, ("tarn", 29): 8}  # pictures whose EXIF says how the camera was held


@dataclass(frozen=True)
class Recipe:
    """One picture. `size` is that of the upright picture; `orientation` is the EXIF tag of the file."""

    robot: str
    number: int
    size: Tuple[int, int]
    style: str
    background: str
    light: str
    shot: str
    file: str
    orientation: int

    @property
    def path(self) -> str:
        """Where the picture lies, below `data/`."""
        ending = "jpg" if self.file == "jpeg" else "png"
        return f"robots/{self.robot}/{self.robot}-{self.number:03d}.{ending}"

    def dice(self, purpose: str) -> Dice:
        """Chance for one purpose, so that a change to the backgrounds leaves the poses as they were."""
        return Dice(self.robot, self.number, purpose)


def recipe(robot: str, number: int) -> Recipe:
    dice = Dice(robot, number, "recipe")
    style = dice.weighted(_STYLES)
    shot = dice.pick(("whole", "close")) if style == "pixel" else dice.weighted(_SHOTS)
    orientation = _TURNED.get((robot, number), 1)
    file = "jpeg" if orientation > 1 else "png" if style == "pixel" else dice.weighted(_FILES)
    background = "none" if file == "transparent" else _background(dice, style)
    light = "day" if background in _PLAIN_LIGHT or file == "palette" else dice.weighted(_LIGHTS)
    return Recipe(robot, number, _size(dice, file), style, background, light, shot, file, orientation)


def recipes():
    """All of them, in the order of the table."""
    return [recipe(robot, number) for robot, count in ROBOTS.items() for number in range(1, count + 1)]


def _background(dice: Dice, style: str) -> str:
    if style in ("line", "blueprint") or (style == "sketch" and dice.chance(0.5)):
        return dice.pick(_PAPERS[style])
    if dice.chance(0.1):
        return "poster"
    if dice.chance(0.08):
        return "white"
    return dice.pick(_OUTDOORS if dice.chance(0.55) else _INDOORS)


def _size(dice: Dice, file: str) -> Tuple[int, int]:
    across, down = dice.weighted(_SHAPES)
    longest = dice.weighted(_LONG_SIDES) * dice.between(0.92, 1)
    if file != "jpeg":
        longest = min(longest, 360)  # PNG does not shrink gradients
    unit = longest / max(across, down)
    return max(200, round(across * unit)), max(200, round(down * unit))
