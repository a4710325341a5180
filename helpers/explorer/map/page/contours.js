// Where most photos are: outlines of the regions of highest density, behind the points.

const SHARES = [0.9, 0.7, 0.5, 0.25]; // of the photos that are inside an outline, at least
const FEWEST = 30; // photos; the density of fewer is chance
const CELLS = 120; // of the grid, along its longer side
const [NARROW, BROAD] = [0.015, 0.04]; // of the map's longer side: the standard deviation of the kernel
const SPACINGS = 1.2; // between photos, that it is

// Edges of a cell (0 top, 1 right, 2 bottom, 3 left) that an outline goes from and to, by which corners are inside:
// 1 top left, 2 top right, 4 bottom right, 8 bottom left. The inside is always on the left.
const WAYS = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

// Paths in units of the map, the widest first; none where there are few photos, or all are in one place.
export function contours(points) {
  const [left, top, right, bottom] = points.box;
  const side = Math.max(right - left, bottom - top);
  if (points.count < FEWEST || !side) return [];
  const spread = Math.min(BROAD * side, Math.max(NARROW * side, SPACINGS * points.spacing));
  const edge = 4 * spread; // beyond it there is nothing, so that each outline is closed
  const cell = (side + 2 * edge) / CELLS;
  const wide = Math.ceil((right - left + 2 * edge) / cell) + 1;
  const tall = Math.ceil((bottom - top + 2 * edge) / cell) + 1;
  const [x, y] = [(place) => (points.x[place] - left + edge) / cell, (place) => (points.y[place] - top + edge) / cell];
  const density = smooth(counts(points.count, x, y, wide, tall), wide, tall, spread / cell);
  const own = Float32Array.from({ length: points.count }, (_, place) => density[Math.round(y(place)) * wide + Math.round(x(place))]).sort();
  const levels = SHARES.map((share) => own[Math.floor((1 - share) * (points.count - 1))]);
  const onMap = ([across, along]) => [left - edge + across * cell, top - edge + along * cell];
  return levels.map((level) => outline(density, wide, tall, level, onMap));
}

function counts(count, x, y, wide, tall) {
  const grid = new Float32Array(wide * tall);
  for (let place = 0; place < count; place++) grid[Math.round(y(place)) * wide + Math.round(x(place))]++;
  return grid;
}

// A Gaussian, along lines and then along columns.
function smooth(grid, wide, tall, spread) {
  const reach = Math.ceil(3 * spread);
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-0.5 * ((at - reach) / spread) ** 2));
  const along = (from, step, length, lines, jump) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      for (let at = 0; at < length; at++) {
        const value = from[line * jump + at * step];
        if (!value) continue;
        const [first, last] = [Math.max(0, at - reach), Math.min(length - 1, at + reach)];
        for (let other = first; other <= last; other++) to[line * jump + other * step] += value * kernel[other - at + reach];
      }
    }
    return to;
  };
  return along(along(grid, 1, wide, tall, wide), wide, tall, wide, 1);
}

// Marching squares: the closed lines around what is at a level or above it.
function outline(grid, wide, tall, level, onMap) {
  const next = new Map(); // an edge that is crossed → the one after it
  const across = (x, y) => 2 * (y * wide + x); // the edge from a corner to the one at its right
  const down = (x, y) => across(x, y) + 1;
  for (let y = 0; y + 1 < tall; y++) {
    for (let x = 0; x + 1 < wide; x++) {
      const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]];
      const inside = corners.reduce((sum, [a, b], bit) => sum + ((grid[b * wide + a] >= level) << bit), 0);
      const edges = [across(x, y), down(x + 1, y), across(x, y + 1), down(x, y)];
      for (const [from, to] of WAYS[inside]) next.set(edges[from], edges[to]);
    }
  }
  const crossing = (edge) => {
    const corner = edge >> 1;
    const [here, there] = [grid[corner], grid[corner + (edge & 1 ? wide : 1)]];
    const share = (level - here) / (there - here);
    const [x, y] = [corner % wide, Math.floor(corner / wide)];
    return onMap(edge & 1 ? [x, y + share] : [x + share, y]);
  };
  const path = new Path2D();
  for (const first of next.keys()) {
    if (!next.has(first)) continue; // gone along already
    path.moveTo(...crossing(first));
    for (let edge = first; next.has(edge); ) {
      const after = next.get(edge);
      next.delete(edge);
      path.lineTo(...crossing(after));
      edge = after;
    }
    path.closePath();
  }
  return path;
}
