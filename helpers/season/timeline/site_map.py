"""The figure of the sites at which a species was seen: bars and, with coordinates, a map without a tile server.

The map is Lambert's cylindrical equal-area projection, with the middle latitude
as its standard parallel: areas are right everywhere, distances there.
"""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from matplotlib.ticker import MaxNLocator

from helpers.arguments import takes
from helpers.images.fonts import families_of, fitted
from helpers.images.fonts import width as text_width
from helpers.images.sheet import GREY, INK, InlineFigure
from helpers.photos.deployments import GivenDeployments
from helpers.season.sighting import CANDIDATE, CONFIRMED, GivenSightings
from helpers.season.timeline.style import COLOURS, FAINT, check_width, legend, plain, statuses, write_instead
from helpers.season.timeline.tables import by_site

_RADIUS = 6371.0072  # km: of the sphere with the area of the Earth
_MARGIN, _BAR, _TOP, _BELOW = 0.15, 0.27, 0.55, 0.55  # inches
_MAP, _WIDE = 3.6, 6.5  # height of the map; width from which it is beside the bars
_LARGEST, _SMALLEST = 0.26, 0.05  # radius of a circle
_LETTERS = 8  # points
_LONGEST = 16  # ems of a name beside its bar
_AWAY = (0.04, 0.22, 0.42)  # of a name from its circle
_MOST = 40  # bars
_NOWHERE = "no site"

_Area = Tuple[float, float, float, float]  # left, bottom, right, top, in inches


class _SiteCircle(NamedTuple):
    """A circle of the map, in inches from the left lower corner."""

    name: str
    x: float
    y: float
    confirmed: int
    events: int


@takes(sightings="sightings or frame", deployments="frame or path")
def show_sites(
    sightings: GivenSightings, deployments: Optional[GivenDeployments] = None, *, width: float = 7
) -> Figure:
    """Draw where a species was seen: a bar per site and, for sites with coordinates, a map.

    Parameters
    ----------
    sightings
        A `Sightings`, of which the candidates are the first `k`, or its frame.
    deployments
        The frame of `helpers.photos.read_deployments`, or the CSV that it reads.
        They add coordinates and sites where nothing was seen; with their dates,
        bars are events per 100 camera-days, beside the number of events.
    width
        Of the figure, 3.5 to 20 inches.

    Returns
    -------
    Figure
        Confirmed events are dark, candidates light. On the map north is up, the
        area of a circle is its number of events, and a small ring is a site
        where nothing was seen. Names without room are left out, and counted.

    Raises
    ------
    FrameError
        As `helpers.season.timeline.tables.by_site`, and for a width out of range.

    Notes
    -----
    The map is Lambert's cylindrical equal-area projection.
    """
    check_width(width)
    rows = list(by_site(sightings, deployments))
    placed = [row for row in rows if row["latitude"] is not None]
    bars = _TOP + _BAR * max(1, min(len(rows), _MOST)) + _BELOW
    beside = bool(placed) and width >= _WIDE
    height = max(bars, _MAP) if beside else bars + _MAP * bool(placed)
    figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white")
    figure.set_layout_engine("none")
    room = 0.52 * width if beside else width
    _draw_bars(figure, rows, (0, height - bars, room, height))
    if placed:
        box = (room, height - _MAP, width, height) if beside else (0, 0, width, _MAP)
        _draw_map(figure, placed, box, len(rows) - len(placed))
    return figure


def _draw_bars(figure: Figure, sites: List[Dict[str, Any]], area: _Area) -> None:
    width, height = figure.get_size_inches()
    rows, more, candidates = sites[:_MOST], len(sites[_MOST:]), sum(site["candidates"] for site in sites)
    rated = any(row["camera_days"] for row in rows)
    names = [fitted(row["site"] or _NOWHERE, _LONGEST) for row in rows]
    left = area[0] + _MARGIN + max(map(_inches, names), default=0) + 0.08
    right = area[2] - 0.75
    bottom = area[3] - _TOP - _BAR * max(1, len(rows))
    axes = figure.add_axes((left / width, bottom / height, (right - left) / width, (area[3] - _TOP - bottom) / height))
    keys = ("confirmed_rate", "candidate_rate") if rated else ("confirmed", "candidates")
    most = max([sum(row[key] or 0 for key in keys) for row in rows] or [0]) or 1
    for place, (name, row) in enumerate(zip(names, rows)):
        style: Dict[str, Any] = {"va": "center", "size": _LETTERS, "parse_math": False}
        axes.text(-0.02 * most, place, name, ha="right", color=INK, family=families_of(name), **style)
        start = 0.0
        for key, status in zip(keys, (CONFIRMED, CANDIDATE)):
            axes.barh(place, row[key] or 0, 0.68, start, color=COLOURS[status], linewidth=0, zorder=2)
            start += row[key] or 0
        counts = f"{row['confirmed']} + {row['candidates']}"
        if rated and not any(row[key] for key in keys) and any(row[key] is None for key in keys):
            axes.text(0.01 * most, place, "effort not known", color=GREY, **style)
        axes.text(1.02 * most, place, counts, color=GREY, **style)
    axes.set(xlim=(0, most), ylim=(max(1, len(rows)) - 0.5, -0.5), yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=not rated))
    axes.set_xlabel("events per 100 camera-days" if rated else "events")
    plain(axes)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=FAINT, zorder=0)
    if not rows:
        write_instead(axes, "no sighting")
        return
    entries = statuses(candidates, "+ ")
    legend(figure, entries, loc="upper left", bbox_to_anchor=((area[0] + 0.05) / width, (area[3] - 0.05) / height))
    if more:
        where = right / width, (area[3] - 0.22) / height
        figure.text(*where, f"{more} more sites", size=_LETTERS, color=GREY, va="center", ha="right")


def projected(latitudes: Sequence[float], longitudes: Sequence[float]) -> np.ndarray:
    """Places as km east and north of their middle, float64 [places, 2], by the projection of this module.

    >>> projected([60, 60.1], [10, 10]).round(1).tolist()
    [[0.0, -5.6], [0.0, 5.6]]
    """
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    middle = float(np.clip((latitude.min() + latitude.max()) / 2, *np.radians((-85, 85))))
    centre = np.angle(np.exp(1j * longitude).mean())
    east = np.angle(np.exp(1j * (longitude - centre)))
    north = (np.sin(latitude) - np.sin(middle)) / np.cos(middle)
    return _RADIUS * np.stack([east * np.cos(middle), north], axis=1)


def _draw_map(figure: Figure, rows: List[Dict[str, Any]], area: _Area, unplaced: int) -> None:
    width, height = figure.get_size_inches()
    left, low, right, high = area[0] + _MARGIN, area[1] + _MARGIN, area[2] - _MARGIN, area[3] - _MARGIN
    axes = figure.add_axes((left / width, low / height, (right - left) / width, (high - low) / height))
    across, up = right - left, high - low
    axes.set(xlim=(0, across), ylim=(0, up), xticks=[], yticks=[], facecolor="#f8fafc")
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    km = projected([row["latitude"] for row in rows], [row["longitude"] for row in rows])
    inner = _LARGEST + 0.12
    foot, head = 0.5, 0.3  # room for the scale bar and the north arrow
    extent = km.max(axis=0) - km.min(axis=0)
    free = np.array([across - 2 * inner - 0.5, up - inner - foot - head])
    scale = float(min([room / size for room, size in zip(free, extent) if size > 1e-3] or [free[0] / 1.0]))  # inches/km
    middle = (km.max(axis=0) + km.min(axis=0)) / 2
    points = (km - middle) * scale + (across / 2, foot + (up - foot - head) / 2)
    most = max(row["confirmed"] + row["candidates"] for row in rows)
    places = [
        _SiteCircle(row["site"] or _NOWHERE, float(x), float(y), row["confirmed"], row["confirmed"] + row["candidates"])
        for row, (x, y) in zip(rows, points)
    ]
    for place in sorted(places, key=lambda circle: -circle.events):
        radius = _radius(place.events, most)
        if not place.events:
            axes.add_patch(Circle((place.x, place.y), radius, fill=False, edgecolor=GREY, linewidth=1, zorder=3))
            continue
        for count, status in ((place.events, CANDIDATE), (place.confirmed, CONFIRMED)):
            if count:
                size = radius * math.sqrt(count / place.events)
                style = {"facecolor": COLOURS[status], "edgecolor": "white", "linewidth": 0.8, "alpha": 0.92}
                axes.add_patch(Circle((place.x, place.y), size, zorder=3, **style))
    bar = _round(0.3 * across / scale)
    taken = [(0.0, 0.0, bar * scale + 0.3, 0.45), (across - 0.4, up - 0.6, across, up)]
    unnamed = _draw_names(axes, places, most, taken, across, up)
    _draw_scale(axes, bar, scale)
    _draw_north(axes, across - 0.22, up - 0.5)
    notes = [f"{unnamed} without room for a name"] if unnamed else []
    notes += [f"{unplaced} without coordinates"] if unplaced else []
    if notes:
        axes.text(across - 0.06, 0.07, "; ".join(notes), size=7, color=GREY, ha="right", va="bottom")


def _radius(events: int, most: int) -> float:
    return max(_SMALLEST, _LARGEST * math.sqrt(events / most)) if events else _SMALLEST


def _draw_names(axes: Any, places: List[_SiteCircle], most: int, taken: List[_Area], across: float, up: float) -> int:
    """Write names beside circles, none over another or over a circle; returns how many had no room."""
    circles = [_around(place.x, place.y, _radius(place.events, most)) for place in places]
    taken, unnamed, high = [*taken, *circles], 0, _LETTERS / 72 * 1.25
    for place in sorted(places, key=lambda circle: (-circle.events, circle.name)):
        name = fitted(place.name, _LONGEST)
        wide, radius = _inches(name), _radius(place.events, most)
        boxes = [box for far in _AWAY for box in _beside(place.x, place.y, radius + far, wide, high)]
        free = (box for box in boxes if _within(box, across, up) and not any(_meet(box, other) for other in taken))
        box = next(free, None)
        if box is None:
            unnamed += 1
            continue
        taken.append(box)
        near = min(max(place.x, box[0]), box[2]), min(max(place.y, box[1]), box[3])
        if math.hypot(near[0] - place.x, near[1] - place.y) > radius + 2 * _AWAY[0]:
            axes.plot([place.x, near[0]], [place.y, near[1]], color=GREY, linewidth=0.7, zorder=4)
        style = {"size": _LETTERS, "color": INK, "va": "center", "parse_math": False, "zorder": 5}
        axes.text(box[0], (box[1] + box[3]) / 2, name, family=families_of(name), **style)
    return unnamed


def _inches(name: str) -> float:
    """The width of a name, with what hinting may add."""
    return 1.05 * text_width(name) * _LETTERS / 72 + 0.02


def _beside(x: float, y: float, reach: float, wide: float, high: float) -> List[_Area]:
    """The areas for a text around a point, at a distance from it."""
    slant = 0.71 * reach
    corners = [
        (x + reach, y - high / 2),
        (x - reach - wide, y - high / 2),
        (x - wide / 2, y + reach),
        (x - wide / 2, y - reach - high),
        (x + slant, y + slant),
        (x + slant, y - slant - high),
        (x - slant - wide, y + slant),
        (x - slant - wide, y - slant - high),
    ]
    return [(left, low, left + wide, low + high) for left, low in corners]


def _within(area: _Area, across: float, up: float) -> bool:
    return area[0] >= 0 and area[1] >= 0 and area[2] <= across and area[3] <= up


def _around(x: float, y: float, radius: float) -> _Area:
    return x - radius, y - radius, x + radius, y + radius


def _meet(one: _Area, other: _Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _round(most: float) -> float:
    """The largest of ..., 0.2, 0.5, 1, 2, 5, 10, ... that is not above `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9))


def _draw_scale(axes: Any, length: float, scale: float) -> None:
    """A bar of `length` km, at `scale` inches per km."""
    left, right, y = 0.12, 0.12 + length * scale, 0.13
    axes.plot([left, left, right, right], [y + 0.06, y, y, y + 0.06], color=INK, linewidth=1.2, zorder=5)
    text = f"{length:,.0f} km" if length >= 1 else f"{length * 1000:,.0f} m"
    axes.text((left + right) / 2, y + 0.06, text, size=7.5, color=INK, ha="center", va="bottom", zorder=5)


def _draw_north(axes: Any, x: float, y: float) -> None:
    axes.add_patch(Polygon([(x, y + 0.26), (x - 0.08, y), (x, y + 0.06), (x + 0.08, y)], color=INK, zorder=5))
    axes.text(x, y + 0.29, "N", size=8, color=INK, ha="center", va="bottom", zorder=5)
