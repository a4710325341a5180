"""One photo of the season: the view moved by the wind, the figures in it, the light of the hour, and the camera."""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from ..dice import Dice
from .banner import HEIGHT, stamp
from .figures import Sprite, sprite
from .noise import fractal
from .plan import FIRST_DAY, Shot
from .scene import EYE, FOCAL, NEAREST, Layer, Scene
from .sky import Sky, sky
from .species import BODIES
from .troop import Figure

Box = Tuple[float, float, float, float]  # left, top, right, bottom in shares of the photo
COVER = {"B1": 0.1, "B2": 0.1, "M1": 0.24, "W1": 0.04, "W2": 0.13}  # metres of grass that hide the feet


class Photo(NamedTuple):
    """`boxes` frame what is seen of each figure, the nearest first; a figure that is hidden has none."""

    image: Image.Image
    boxes: List[Box]
    sky: Sky


class Photographer:
    """Takes the photos of one camera."""

    def __init__(self, camera: str, scene: Scene, seed: int) -> None:
        self.camera, self.scene, self.seed = camera, scene, seed
        self.width, self.height = scene.image.size
        dice = Dice("camera", seed, camera)
        near = np.maximum(scene.nearness * 255, 1).astype(np.uint8)
        gusts = [fractal(dice, self.width, self.height, 14, 2) * self.width / 800 for _ in range(2)]
        self._views = [_View(np.dstack([np.asarray(scene.image), near]), scene.sway, gusts, 5)]
        self._views += [_View(np.asarray(layer.image), layer.sway, gusts, 8) for layer in scene.layers]
        self._grain = np.float32(dice.noise(self.height + 64, self.width + 64) + 0.25 * dice.noise(self.height + 64, 1))
        self._grain += dice.noise(self.height + 64, self.width + 64) * np.float32(1.2)
        away_x = np.linspace(-1, 1, self.width)[None] ** 2
        away_y = np.linspace(-1, 1, self.height)[:, None] ** 2
        self._vignette = np.float32(1 - 0.2 * away_x - 0.14 * away_y)
        self._lamp = np.float32(np.exp(-1.1 * away_x - 0.7 * (np.linspace(-1.1, 0.9, self.height)[:, None]) ** 2))

    def take(self, shot: Shot) -> Photo:
        """Draw a photo; it does not depend on those before it."""
        dice = Dice("photo", self.seed, shot.path)
        now = sky(self.seed, shot.site, shot.taken)
        wind, phase = now.wind * 0.5 + shot.gust, dice.between(0, 6.3)
        blown = [view.blown(wind, phase, self._nudge(shot)) for view in self._views]
        image, near = Image.fromarray(blown[0][..., :3]), Image.fromarray(blown[0][..., 3])
        layers = [
            (layer, view.corner, Image.fromarray(pixels))
            for layer, view, pixels in zip(self.scene.layers, self._views[1:], blown[1:])
        ]
        seen: List[Image.Image] = []
        eyes = []
        for figure in shot.figures:
            row = self.scene.horizon + FOCAL * self.width / self.height * EYE / figure.away
            while layers and layers[0][0].root < row:
                self._over(image, near, *layers.pop(0), seen)
            drawn = self._figure(figure, row, now)
            seen.append(self._paste(image, near, drawn, figure.away, seen))
            eyes += [(drawn.left + x, drawn.top + y, r, len(seen) - 1) for x, y, r in drawn.eyes]
        for layer in layers:
            self._over(image, near, *layer, seen)
        if now.night:
            lit = self._infrared(image, near, now, dice, [eye[:3] for eye in eyes if _shows(seen[eye[3]], eye)])
        else:
            lit = self._daylight(image, near, now, Dice("sun", self.seed, self.camera, shot.event), shot)
        lit = lit.filter(ImageFilter.BoxBlur(0.5 * self.width / 800))
        finished = self._developed(lit, now, dice)
        stamp(finished, self.camera, shot.clock, now.temperature, now.moon)
        boxes = [box for box in map(self._box, seen[::-1]) if box]
        return Photo(finished, boxes, now)

    def _nudge(self, shot: Shot) -> Tuple[int, int]:
        """How far the view is from where it was: wind, animals and staff push a camera a little every day."""
        dice = Dice("nudge", self.seed, self.camera, (shot.taken - FIRST_DAY).days)
        return int(dice.between(-0.04, 0.04) * self.width), int(dice.between(-0.025, 0.025) * self.height)

    def _over(self, image, near, layer: Layer, corner, picture: Image.Image, seen: List[Image.Image]) -> None:
        mask = picture.getchannel("A")
        image.paste(picture, corner, mask)
        near.paste(int(255 * min(NEAREST / self.scene.metres(layer.root), 1)), corner, mask)
        for each in seen:
            each.paste(0, corner, mask)

    def _figure(self, figure: Figure, row: float, now: Sky) -> Sprite:
        light = (0.1, 0.25, 0.75) if now.night else _sunlight(now)
        scale = FOCAL * self.width / figure.away
        x, y = figure.x * self.width, row * self.height
        drawn = sprite(BODIES[figure.kind](figure.pose), Dice(figure.coat), x, y, scale, figure.yaw, light)
        return drawn._replace(image=self._grown_over(drawn, y, COVER[self.camera] * scale, figure.coat, now.night))

    def _grown_over(self, drawn: Sprite, foot: float, cover: float, coat: str, night: bool) -> Image.Image:
        """The figure as the lens sees it: behind blades, which hide its feet."""
        width, height = drawn.image.size
        blades = np.abs(Dice(coat, "grass").noise(width // 3 + 2)) ** 0.7
        blades = np.interp(np.arange(width), np.arange(len(blades)) * 3, blades) * cover
        above = foot + 0.02 * cover - drawn.top - np.arange(height)
        keep = np.clip((above[:, None] - blades[None]) / max(0.1 * cover, 1) + 0.5, 0, 1)
        pixels = np.array(drawn.image)
        pixels[..., 3] = pixels[..., 3] * keep
        if night:  # fur and feathers, dark ones too, throw infrared back
            pixels[..., :3] = 44 + pixels[..., :3] * 0.82
        return Image.fromarray(pixels)

    def _paste(self, image, near, drawn: Sprite, away: float, seen: List[Image.Image]) -> Image.Image:
        """Put a figure with its shadow into the picture; returns what is seen of it, as a mask of the whole."""
        alpha = drawn.image.getchannel("A")
        wide, tall = drawn.image.size
        shade = Image.new("L", (wide, max(tall // 5, 4)))
        deep = shade.height
        ImageDraw.Draw(shade).ellipse((wide * 0.12, deep * 0.25, wide * 0.88, deep * 0.8), fill=110)
        shade = shade.filter(ImageFilter.GaussianBlur(deep / 7))
        hidden = 0.6 * COVER[self.camera] * FOCAL * self.width / away  # the ground is not seen through grass
        image.paste((12, 12, 10), (drawn.left, drawn.top + tall - round(deep * 0.85 + hidden)), shade)
        image.paste(drawn.image, (drawn.left, drawn.top), alpha)
        near.paste(int(255 * min(NEAREST / away * 1.05, 1)), (drawn.left, drawn.top), alpha)
        shown = Image.new("L", image.size)
        shown.paste(alpha, (drawn.left, drawn.top))
        hidden = ImageChops.invert(shown)
        seen[:] = [ImageChops.multiply(each, hidden) for each in seen]
        return shown

    def _daylight(self, image: Image.Image, near: Image.Image, now: Sky, dice: Dice, shot: Shot) -> Image.Image:
        """Shade, with the sun through the trees where it shines, as the camera exposes it: all one event long."""
        big_height, big_width = self.scene.dapples.shape
        left = int((big_width - self.width) * min(max(now.course + dice.between(-0.15, 0.15), 0), 1))
        top = int((big_height - self.height) * dice.between(0.1, 0.9))
        pattern = self.scene.dapples[top : top + self.height, left : left + self.width] - np.float32(self.scene.shade)
        sunlit = np.clip(pattern * self.scene.contrast + 0.5, 0, 1) * np.float32(now.sun)
        away = np.asarray(near)
        sunlit[away < 8] = 0.6 * now.sun
        day = min((shot.taken - FIRST_DAY).days, 40)
        autumn = np.float32([1 + 0.006 * day, 1, 1 - 0.004 * day])
        autumn *= np.float32(1 + 0.09 * dice.noise(3))  # what the camera takes for white
        shade = np.float32([0.92, 1.0, 1.06]) * autumn * np.float32(now.ambient * 0.62)
        sun = np.float32([1.5, 1.36 - 0.16 * now.warmth, 1.14 - 0.42 * now.warmth]) * autumn
        lit = np.asarray(image, np.float32)
        lit = lit * (shade + sunlit[..., None] * sun)
        lit *= self._vignette[..., None] / 255
        if now.mist > 0.05:
            veil = (now.mist * (1 - away.astype(np.float32) / 255) ** 1.5 * 0.85)[..., None]
            lit += (np.float32(0.55 * now.ambient) - lit) * veil
        gain = (0.46 / max(float(lit[::8, ::8].mean()), 0.02)) ** 0.72 * dice.between(0.78, 1.25)
        lit *= np.float32(1.5 * min(gain, 3.4))
        lit = lit * (0.85 + lit / 4.5) / (0.9 + lit)
        pale = 0.88 - 0.5 * max(0.4 - now.ambient, 0)  # less colour in the dusk
        return ImageEnhance.Color(_picture(lit * 255)).enhance(pale)

    def _infrared(self, image: Image.Image, near: Image.Image, now: Sky, dice: Dice, eyes) -> Image.Image:
        """Grey, bright where it is near, black beyond, with the eyes that throw the lamp's light back."""
        grey = 0.2 + np.asarray(image.convert("L"), np.float32) / 255
        away = np.asarray(near, np.float32) / 255
        light = grey * away**1.3 * self._lamp * (-5.2 * now.lamp)
        if now.mist > 0.05:  # fog before the lamp
            light = light * (1 - 0.4 * now.mist) - 0.4 * now.mist * self._lamp
        for x, y, radius in eyes:
            _shine(light, x, y, radius, 5)
        for _ in range(int(dice.between(0, 4.5)) if dice.chance(0.22) else 0):  # insects, seeds, drops
            size = dice.between(0.004, 0.03) * self.width
            _shine(light, dice.between(0, self.width), dice.between(0, self.height), size, dice.between(0.2, 0.9))
        tone = 1 - np.exp(light - np.float32(0.02))
        return Image.fromarray((tone * 250).astype(np.uint8)).convert("RGB")

    def _developed(self, image: Image.Image, now: Sky, dice: Dice) -> Image.Image:
        """Grain, more of it the less light there was."""
        top, left = int(dice.between(0, 64)), int(dice.between(0, 64))
        strength = 5.5 if now.night else 2.2 + 5 * max(0.55 - now.ambient, 0)
        grain = self._grain[top : top + self.height, left : left + self.width, None] * strength
        return _picture(np.asarray(image) + grain)

    def _box(self, shown: Image.Image) -> Optional[Box]:
        bottom = round(self.height * (1 - HEIGHT))
        frame = shown.crop((0, 0, self.width, bottom)).point(lambda value: 255 * (value > 90)).getbbox()
        if frame is None:
            return None
        left, top, right, low = frame
        if (right - left) * (low - top) < 0.002 * self.width * self.height:
            return None
        return left / self.width, top / self.height, right / self.width, low / self.height


def _sunlight(now: Sky) -> Tuple[float, float, float]:
    """Where the sun stands over the picture, stronger the clearer it is."""
    strength = 0.15 + 0.5 * now.sun
    across = np.cos(np.pi * now.course)
    way = np.array([across, 0.75 * np.sin(np.pi * now.course) + 0.25, 0.45])
    return tuple(way / np.linalg.norm(way) * strength)


def _shine(light: np.ndarray, x: float, y: float, radius: float, strength: float) -> None:
    """Eye shine, or something that flies before the lens: a bright disc with a glow around it."""
    reach = int(radius * 5) + 3
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    part = light[top : max(int(y) + reach + 1, 0), left : max(int(x) + reach + 1, 0)]
    rows, columns = np.arange(part.shape[0])[:, None] + top, np.arange(part.shape[1])[None] + left
    away = ((rows - y) ** 2 + (columns - x) ** 2) / radius**2
    part -= strength * (np.exp(-away / 1.2) + 0.07 * np.exp(-away / 10))


def _shows(mask: Image.Image, eye) -> bool:
    x, y = int(eye[0]), int(eye[1])
    return 0 <= x < mask.width and 0 <= y < mask.height and mask.getpixel((x, y)) > 90


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


class _View:
    """RGBA pixels that the wind bends, cut to where there are any; `corner` is where that part lies."""

    def __init__(self, pixels: np.ndarray, sway: np.ndarray, gusts: List[np.ndarray], reach: float) -> None:
        margin = round(pixels.shape[1] * 0.05)
        filled = pixels[..., 3] > 0
        rows, columns = np.flatnonzero(filled.any(1)), np.flatnonzero(filled.any(0))
        part = tuple(slice(max(int(at[0]) - margin, 0), int(at[-1]) + margin + 1) for at in (rows, columns))
        self.corner = (part[1].start, part[0].start)
        self._packed = np.ascontiguousarray(pixels[part]).view(np.uint32)[..., 0]
        still = sway[part] * np.float32(reach)
        self._waves = [np.float32(still * gust[part]) for gust in gusts]
        self._still = np.float32(still)

    def blown(self, wind: float, phase: float, nudge: Tuple[int, int]) -> np.ndarray:
        """The pixels with the plants bent by the wind, and all of it moved by the nudge."""
        height, width = self._packed.shape
        first, second = self._waves
        bend = first * np.float32(np.sin(phase) * wind)
        bend += second * np.float32(np.cos(phase) * wind)
        bend += self._still * np.float32(np.sin(phase * 1.7) * wind)
        across = bend.astype(np.int32)
        bend *= np.float32(0.35)
        down = bend.astype(np.int32)
        across += np.arange(nudge[0], nudge[0] + width, dtype=np.int32)[None]
        down += np.arange(nudge[1], nudge[1] + height, dtype=np.int32)[:, None]
        # Beyond the edges the view goes on as in a mirror: nobody sees that of leaves.
        for place, size in ((across, width), (down, height)):
            np.abs(place, out=place)
            np.minimum(place, 2 * size - 2 - place, out=place)
        down *= width
        down += across
        return self._packed.ravel()[down].view(np.uint8).reshape(height, width, 4)
