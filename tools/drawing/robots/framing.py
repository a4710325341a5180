"""Where the robots stand on a picture, and how large: the choice a photographer makes."""

from dataclasses import dataclass, replace
from typing import List, Tuple

from ..camera import Camera
from ..dice import Dice
from . import bolu, props, tarn
from .pose import Pose, strike
from .recipes import Recipe

_ROBOTS = {"bolu": bolu, "tarn": tarn}
_PROPS = {"pot": props.pot, "crate": props.crate, "balloon": props.balloon, "ball": props.ball}
BUILDERS = {"bolu": bolu.build, "tarn": tarn.build, **_PROPS}
_OTHER = {"bolu": "tarn", "tarn": "bolu"}


@dataclass(frozen=True)
class Figure:
    """One robot or thing on the picture; `name` is one of `BUILDERS`."""

    name: str
    pose: Pose
    camera: Camera


def figures(recipe: Recipe, size: Tuple[int, int]) -> List[Figure]:
    """The figures on a picture of `size` pixels, far to near; the last is the one that the picture is of."""
    dice = recipe.dice("framing")
    place = {"small": _small, "cut": _cut, "close": _close}.get(recipe.shot, _whole)
    main = Figure(recipe.robot, strike(recipe.dice("pose")), place(recipe, dice, size))
    if recipe.shot == "group":
        return [_companion(recipe.robot, side, main, dice) for side in dice.pick(((-1,), (1,), (-1, 1)))] + [main]
    if recipe.shot == "guest":
        return [_companion(_OTHER[recipe.robot], dice.pick((-1, 1)), main, dice), main]
    if recipe.shot in ("whole", "small") and dice.chance(0.35):
        return [_prop(main, dice), main]
    return [main]


def _camera(recipe: Recipe, dice: Dice, x: float, y: float, height: float) -> Camera:
    """A camera that shows the robot `height` pixels high, standing at the pixel x, y."""
    scale = height / _ROBOTS[recipe.robot].HEIGHT
    roll = dice.between(-20, 20) if dice.chance(0.4) else 0
    return Camera(x, y, scale, roll=roll, mirrored=dice.chance(0.5))


def _whole(recipe: Recipe, dice: Dice, size: Tuple[int, int]) -> Camera:
    width, height = size
    tall = min(dice.between(0.62, 0.82) * height, dice.between(0.74, 0.88) * width)
    y = height * 0.53 + tall * 0.45
    if recipe.background == "poster":  # leave the title free
        y, tall = height * 0.84, tall * 0.86
    return _camera(recipe, dice, dice.between(0.4, 0.6) * width, y, tall)


def _small(recipe: Recipe, dice: Dice, size: Tuple[int, int]) -> Camera:
    width, height = size
    tall = dice.between(0.36, 0.5) * min(width, height)
    return _camera(recipe, dice, dice.between(0.25, 0.75) * width, dice.between(0.8, 0.93) * height, tall)


def _cut(recipe: Recipe, dice: Dice, size: Tuple[int, int]) -> Camera:
    """Partly out of the frame, on one side."""
    width, height = size
    tall = min(dice.between(0.8, 1.1) * height, 1.2 * width)
    x = 0.5 + dice.either(0.22, 0.4) * min(1, tall / width + 0.2)
    return _camera(recipe, dice, x * width, height * 0.55 + tall * 0.5, tall)


def _close(recipe: Recipe, dice: Dice, size: Tuple[int, int]) -> Camera:
    """A portrait: the face fills the picture."""
    width, height = size
    face, reach = _ROBOTS[recipe.robot].FACE
    scale = dice.between(0.36, 0.56) * min(width, 1.3 * height) / reach
    y = dice.between(0.44, 0.56) * height + face * scale
    camera = _camera(recipe, dice, dice.between(0.4, 0.6) * width, y, scale * _ROBOTS[recipe.robot].HEIGHT)
    return replace(camera, pivot=face)


def _companion(robot: str, side: int, main: Figure, dice: Dice) -> Figure:
    """Another robot behind the main one, to its left or right."""
    share = dice.between(0.45, 0.7)
    camera = replace(
        main.camera,
        x=main.camera.x + side * main.camera.scale * dice.between(0.95, 1.3),
        y=main.camera.y - main.camera.scale * dice.between(0.1, 0.25),
        scale=main.camera.scale * share,
        roll=0,
        mirrored=dice.chance(0.5),
    )
    return Figure(robot, strike(dice), camera)


def _prop(main: Figure, dice: Dice) -> Figure:
    """A thing beside the robot, a little behind it."""
    camera = replace(
        main.camera,
        x=main.camera.x + main.camera.scale * dice.either(0.95, 1.25),
        y=main.camera.y - main.camera.scale * dice.between(0.05, 0.2),
        scale=main.camera.scale * dice.between(0.8, 1),
        roll=0,
    )
    return Figure(dice.pick(tuple(_PROPS)), main.pose, camera)
