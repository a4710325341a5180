// What part of the map is in view: the middle, and how many px one unit is.

const EDGE = 28; // px around the whole map
const DEEPEST = 5000; // how much larger than the whole map

export class Viewport {
  constructor(points) {
    this.points = points;
    [this.wide, this.tall, this.x, this.y, this.scale] = [0, 0, 0.5, 0.5, 1];
    this.home = true;
  }
  get whole() {
    const [left, top, right, bottom] = this.points.box;
    const room = (side) => Math.max(40, side - 2 * EDGE);
    const scale = Math.min(room(this.wide) / (right - left || 1e-9), room(this.tall) / (bottom - top || 1e-9));
    return Math.min(scale, 1e6); // of one photo, or of several in one place
  }
  size(wide, tall) {
    const home = this.home;
    [this.wide, this.tall] = [wide, tall];
    if (home) this.fit();
  }
  fit() {
    const [left, top, right, bottom] = this.points.box;
    [this.x, this.y, this.scale, this.home] = [(left + right) / 2, (top + bottom) / 2, this.whole, true];
  }
  move(across, along) {
    const [left, top, right, bottom] = this.points.box;
    this.x = Math.min(right, Math.max(left, this.x - across / this.scale));
    this.y = Math.min(bottom, Math.max(top, this.y - along / this.scale));
    this.home = false;
  }
  // Zoom about a place on the screen, which stays where it is; returns whether anything changed.
  zoom(by, x = this.wide / 2, y = this.tall / 2) {
    const scale = Math.min(this.whole * DEEPEST, Math.max(this.whole * 0.7, this.scale * by));
    if (scale === this.scale) return false;
    const [across, along] = [x - this.wide / 2, y - this.tall / 2];
    this.x += across / this.scale - across / scale;
    this.y += along / this.scale - along / scale;
    this.scale = scale;
    this.move(0, 0);
    return true;
  }
  // Zoom in on a place on the screen, which comes closer to the middle.
  closer(by, x, y) {
    const [wide, tall] = [this.wide / 2, this.tall / 2];
    if (this.zoom(by, x, y)) this.move((wide - x) * (1 - 1 / by), (tall - y) * (1 - 1 / by));
  }
  at(x, y) {
    return [this.wide / 2 + (x - this.x) * this.scale, this.tall / 2 + (y - this.y) * this.scale];
  }
}
