"""From a recipe to a picture in a file, and the row that tells the truth about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple, Union

from PIL import Image, ImageDraw, ImageFilter

from .backgrounds import BACKGROUNDS
from .easel import Easel
from .framing import BUILDERS, Figure, figures
from .lights import LIGHTS, shine
from .recipes import Recipe
from .stage import Stage
from .styles import STYLES

_FAT_PIXELS = 92  # along the shorter side of pixel art
_SOFT = ("shaded", "clay")  # styles that look like photos: their background is a little out of focus
_NO_GROUND = ("white", "squared", "draughting", "none", "poster")  # nothing there for a shadow to fall on
_AS_HELD = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
_ORIENTATION = 0x0112  # the EXIF tag

Size = Tuple[int, int]


@dataclass(frozen=True)
class Picture:
    """A finished picture, upright; `box` is left, top, width, height of what is seen of the main robot."""

    image: Image.Image
    figures: List[Figure]
    box: Tuple[int, int, int, int]


def draw(recipe: Recipe) -> Picture:
    """Draw what the recipe says, larger than asked for and then averaged: that makes edges smooth."""
    zoom = _zoom(recipe)
    size = (round(recipe.size[0] * zoom), round(recipe.size[1] * zoom))
    canvas, glow = _background(recipe, size), Image.new("RGB", size)
    alpha = Image.new("L", size, 0 if recipe.background == "none" else 255)
    cast = figures(recipe, size)
    for figure in cast:
        easel = _painted(recipe, figure, size)
        if recipe.background not in _NO_GROUND and recipe.style != "line":
            _drop_shadow(canvas, figure)
        canvas.paste(easel.sheet, (0, 0), easel.alpha)
        glow.paste(easel.glow, (0, 0), easel.alpha)
        alpha.paste(255, (0, 0), easel.alpha)
    image = _lit(recipe, _resized(canvas, recipe.size), _resized(glow, recipe.size))
    if recipe.background == "none":
        image.putalpha(_resized(alpha, recipe.size))
    return Picture(image, cast, _box(easel.alpha, recipe.size))


def save(picture: Picture, recipe: Recipe, folder: Path) -> Path:
    """Write the picture below `folder`, in the kind of file that the recipe says."""
    path = folder / recipe.path
    path.parent.mkdir(parents=True, exist_ok=True)
    image = picture.image.convert("L") if recipe.light == "grey" else picture.image
    if recipe.file == "jpeg":
        exif = Image.Exif()
        if recipe.orientation > 1:
            image = image.transpose(_AS_HELD[recipe.orientation])
            exif[_ORIENTATION] = recipe.orientation
        image.save(path, quality=78, optimize=True, exif=exif)
    else:
        if recipe.file == "palette" or recipe.style == "pixel":
            image = image.quantize(128, dither=Image.Dither.NONE)
        image.save(path, optimize=True)
    return path


def row(picture: Picture, recipe: Recipe) -> Dict[str, Union[str, int, float]]:
    """What the table says about the picture."""
    main = picture.figures[-1]
    return {
        "path": recipe.path,
        "robot": recipe.robot,
        "style": recipe.style,
        "background": recipe.background,
        "light": recipe.light,
        "shot": recipe.shot,
        "figures": "+".join(figure.name for figure in reversed(picture.figures)),
        "mood": main.pose.mood,
        "yaw": round(-main.pose.yaw if main.camera.mirrored else main.pose.yaw),
        "roll": round(main.camera.roll),
        "mirrored": int(main.camera.mirrored),
        "x": picture.box[0],
        "y": picture.box[1],
        "width": picture.box[2],
        "height": picture.box[3],
        "picture_width": recipe.size[0],
        "picture_height": recipe.size[1],
        "file": recipe.file,
        "orientation": recipe.orientation,
        "seed": recipe.dice("recipe").seed,
    }


def _zoom(recipe: Recipe) -> float:
    """Pixels drawn for each pixel of the picture, along a side."""
    if recipe.style == "pixel":
        return 1 / max(2, round(min(recipe.size) / _FAT_PIXELS))
    return 3 if max(recipe.size) < 420 else 2


def _background(recipe: Recipe, size: Size) -> Image.Image:
    if recipe.background == "none":
        return Image.new("RGB", size)
    stage = Stage(size, title=recipe.robot.upper())
    BACKGROUNDS[recipe.background](stage, recipe.dice("background"))
    if recipe.style in _SOFT and recipe.background != "poster":
        stage.blur(0.008)
    return stage.image


def _painted(recipe: Recipe, figure: Figure, size: Size) -> Easel:
    easel = Easel(size, STYLES[recipe.style], 2 * figure.camera.scale, recipe.dice("hand").noise(3, 2))
    easel.paint(BUILDERS[figure.name](figure.camera, figure.pose).parts)
    return easel


def _drop_shadow(canvas: Image.Image, figure: Figure) -> None:
    """A soft dark ellipse on the ground, away from the light."""
    x, y, unit = figure.camera.x, figure.camera.y, figure.camera.scale
    shadow = Image.new("L", canvas.size, 0)
    left, top = x - 0.85 * unit, y - 0.32 * unit
    ImageDraw.Draw(shadow).ellipse((left, top, left + 2.1 * unit, top + 0.56 * unit), fill=120)
    canvas.paste((40, 30, 50), (0, 0), shadow.filter(ImageFilter.GaussianBlur(0.1 * unit)))


def _lit(recipe: Recipe, image: Image.Image, glow: Image.Image) -> Image.Image:
    width, height = image.size
    return shine(image, glow, LIGHTS[recipe.light], recipe.dice("grain").noise(height, width))


def _resized(image: Image.Image, size: Size) -> Image.Image:
    smaller = size[0] < image.width
    return image.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.NEAREST)


def _box(alpha: Image.Image, size: Size) -> Tuple[int, int, int, int]:
    """The bounding box of what is not transparent, on a picture of `size`."""
    left, top, right, bottom = alpha.getbbox()
    x, y = size[0] / alpha.width, size[1] / alpha.height
    left, top, right, bottom = int(left * x), int(top * y), -int(-right * x // 1), -int(-bottom * y // 1)
    return left, top, right - left, bottom - top
