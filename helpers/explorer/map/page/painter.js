// The canvas: points, thumbnails, the lasso.
import { Thumbnails } from "../../../widgets/thumbnails.js";
import { contours } from "./contours.js";
import { SHADES, TONES } from "./points.js";

const MANY = 5000; // points in view, from which on they are squares
const TILE = 48; // px, the smallest thumbnail
const TILES = 250; // thumbnails at once
const LONGEST = 28; // characters of a name
const SHOWN = 1000; // points in view, up to which photos are shown where they fit
export const CLOSE = 9; // px from a point that count as on it

// A canvas draws decoded pictures only: an entry has an `image` once that is done.
export class DecodedThumbnails extends Thumbnails {
  add(photo, details, jpeg) {
    if (this.entries.get(photo)?.url) return; // another view has asked for it too
    const entry = super.add(photo, details, jpeg);
    if (!entry.url) return;
    const image = new Image();
    image.src = entry.url;
    const unreadable = () => {
      URL.revokeObjectURL(entry.url);
      entry.url = null;
    };
    image.decode().then(() => (entry.image = image), unreadable).then(() => this.changed([photo]));
  }
}

export class Painter {
  constructor(root, canvas, points, view, thumbnails) {
    [this.root, this.canvas, this.points, this.view, this.thumbnails] = [root, canvas, points, view, thumbnails];
    this.pen = canvas.getContext("2d");
    this.x = new Float32Array(points.count); // on the screen, of those in view
    this.y = new Float32Array(points.count);
    this.seen = new Uint32Array(points.count); // their places
    this.count = 0;
    this.tiles = []; // {place, x, y, side, wide, tall} of the thumbnails, the topmost last
    this.discs = new Map();
    this.names = []; // {name, x, y} on the map: of kinds of photos, the largest first
    this.contours = contours(points);
  }

  // The theme's colours; nothing is drawn before, and there are none until the canvas is in the page.
  takeColours() {
    const style = getComputedStyle(this.root);
    if (!style.getPropertyValue("--kf-kinds")) return;
    const dot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const read = (text) => {
      dot.clearRect(0, 0, 1, 1);
      dot.fillStyle = "#888";
      dot.fillStyle = text.trim();
      dot.fillRect(0, 0, 1, 1);
      return [...dot.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const value = (name) => style.getPropertyValue(`--kf-${name}`);
    const list = (name) => value(name).split(",").map(read);
    const ends = list("scale");
    const shades = Array.from({ length: SHADES }, (_, shade) => {
      const place = (shade / (SHADES - 1)) * (ends.length - 1);
      const low = Math.min(ends.length - 2, Math.floor(place));
      return ends[low].map((part, channel) => Math.round(part + (ends[low + 1][channel] - part) * (place - low)));
    });
    const tones = [...["dim", "missing", "other", "strong"].map((name) => read(value(name))), ...list("kinds"), ...shades];
    this.tones = tones.map(([red, green, blue]) => `rgb(${red} ${green} ${blue})`);
    this.words = Uint32Array.from(tones, ([red, green, blue]) => new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0]);
    [this.back, this.text, this.strong, this.rope] = ["back", "text", "strong", "accent"].map(value);
    this.discs.clear();
  }

  // Find the points in view, and those that have room for a thumbnail.
  look() {
    const { points, view, x, y, seen } = this;
    const { scale, wide, tall } = view;
    const [left, top] = [wide / 2 - view.x * scale, tall / 2 - view.y * scale];
    const edge = TILE / 2;
    let count = 0;
    let inside = 0;
    for (let place = 0; place < points.count; place++) {
      const across = left + points.x[place] * scale;
      const along = top + points.y[place] * scale;
      if (across < -edge || along < -edge || across > wide + edge || along > tall + edge) continue;
      x[count] = across;
      y[count] = along;
      seen[count++] = place;
      if (across >= 0 && along >= 0 && across <= wide && along <= tall) inside++;
    }
    [this.count, this.inside] = [count, inside];
    const room = SHOWN * (this.tiles.length ? 1.3 : 1);
    this.tiles = inside && inside <= room ? this.place() : [];
  }

  draw(lasso, active, crosshair) {
    const { canvas, pen, view } = this;
    if (!this.tones) return;
    const ratio = window.devicePixelRatio || 1;
    const [wide, tall] = [Math.round(view.wide * ratio), Math.round(view.tall * ratio)];
    if (canvas.width !== wide || canvas.height !== tall || this.ratio !== ratio) {
      [canvas.width, canvas.height, this.ratio] = [wide, tall, ratio];
      this.sheet = null;
      this.discs.clear();
    }
    if (!wide || !tall) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (this.count > MANY) this.squares();
    else {
      pen.clearRect(0, 0, wide, tall);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      for (const tile of this.tiles) this.thumbnail(tile);
      this.dots();
    }
    this.drawContours();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const named = this.drawNames();
    if (active !== null) this.ring(active);
    if (crosshair) this.cross();
    if (lasso) this.loop(lasso);
    Object.assign(canvas.dataset, { scale: view.scale, x: view.x, y: view.y, seen: this.inside, thumbnails: this.tiles.length, named, contours: this.contours.length });
  }

  // Behind all that is drawn already.
  drawContours() {
    const { pen, view, ratio } = this;
    const scale = view.scale * ratio;
    const [left, top] = view.at(0, 0);
    pen.setTransform(scale, 0, 0, scale, left * ratio, top * ratio);
    pen.globalCompositeOperation = "destination-over";
    [pen.strokeStyle, pen.fillStyle, pen.lineWidth] = [this.strong, this.strong, ratio / scale];
    for (const path of this.contours) {
      pen.globalAlpha = 0.35;
      pen.stroke(path);
      pen.globalAlpha = 0.08;
      pen.fill(path, "evenodd");
    }
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "source-over";
  }

  // The names of kinds, each where most of its photos are; one that would lie on another is left out.
  drawNames() {
    const { pen, view } = this;
    const boxes = [];
    Object.assign(pen, { font: "600 13px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4 });
    [pen.strokeStyle, pen.fillStyle] = [this.back, this.text];
    for (const { name, x, y } of this.names) {
      const text = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
      const half = pen.measureText(text).width / 2 + 4;
      const [across, along] = view.at(x, y);
      const box = [across - half, along - 10, across + half, along + 10];
      const out = box[0] < 0 || box[1] < 0 || box[2] > view.wide || box[3] > view.tall;
      if (out || boxes.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      boxes.push(box);
      pen.strokeText(text, across, along);
      pen.fillText(text, across, along);
    }
    return boxes.length;
  }

  get radius() {
    const most = this.tiles.length ? 3.5 : 6; // small on photos
    return Math.min(most, Math.max(1.25, 0.2 * this.points.spacing * this.view.scale));
  }

  // Squares, written as pixels: of 100,000 that is many times as fast as drawing them one by one.
  squares() {
    this.sheet ??= this.pen.createImageData(this.canvas.width, this.canvas.height);
    const { sheet, words, x, y, seen, count, ratio } = this;
    const { tone, pickedCount } = this.points;
    const { width, height } = sheet;
    const pixels = new Uint32Array(sheet.data.buffer);
    pixels.fill(0);
    for (const lit of [false, true]) {
      const side = Math.max(1, Math.round(2 * this.radius * ratio) + (lit && pickedCount ? 1 : 0));
      for (let each = 0; each < count; each++) {
        const own = tone[seen[each]];
        if ((own !== TONES.dim) !== lit) continue;
        const left = Math.round(x[each] * ratio - side / 2);
        const top = Math.round(y[each] * ratio - side / 2);
        const right = Math.min(width, left + side);
        const bottom = Math.min(height, top + side);
        for (let line = Math.max(0, top); line < bottom; line++) {
          const end = line * width + right;
          for (let pixel = line * width + Math.max(0, left); pixel < end; pixel++) pixels[pixel] = words[own];
        }
      }
    }
    this.pen.putImageData(sheet, 0, 0);
  }

  // Discs, each drawn once and then copied: grey ones below, coloured ones above, selected ones on top with a rim.
  dots() {
    const { pen, points, x, y, seen } = this;
    const covered = new Set(this.tiles.filter((tile) => tile.image).map((tile) => tile.place));
    const marked = points.pickedCount > 0;
    for (const lit of [false, true]) {
      for (let each = 0; each < this.count; each++) {
        const tone = points.tone[seen[each]];
        if ((tone !== TONES.dim) !== lit || covered.has(seen[each])) continue;
        const disc = this.disc(tone, lit && marked);
        const half = disc.width / this.ratio / 2;
        pen.drawImage(disc, x[each] - half, y[each] - half, 2 * half, 2 * half);
      }
    }
  }

  disc(tone, marked) {
    const radius = Math.round(this.radius * this.ratio * 4) / 4 + (marked ? this.ratio : 0);
    const key = `${tone} ${marked} ${radius}`;
    if (this.discs.has(key)) return this.discs.get(key);
    if (this.discs.size > 200) this.discs.clear();
    const side = 2 * Math.ceil(radius + this.ratio);
    const disc = new OffscreenCanvas(side, side);
    const pen = disc.getContext("2d");
    pen.beginPath();
    pen.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
    pen.fillStyle = this.tones[tone];
    pen.fill();
    pen.strokeStyle = marked ? this.text : this.back; // dots that touch stay dots
    pen.lineWidth = (marked ? 1.25 : 0.75) * this.ratio;
    if (marked || radius > 2.5 * this.ratio) pen.stroke();
    this.discs.set(key, disc);
    return disc;
  }

  // Where thumbnails go: around their points, hardly overlapping; those without room stay points.
  place() {
    const { points, view, x, y, seen } = this;
    const side = Math.round(Math.min(128, Math.max(TILE, 1.3 * points.spacing * view.scale)));
    const apart = 0.8 * side;
    const order = Array.from({ length: this.count }, (_, each) => each);
    const first = (each) => points.picked[points.photos[seen[each]]];
    order.sort((a, b) => first(b) - first(a) || a - b);
    const tiles = [];
    for (const each of order) {
      if (tiles.length === TILES) break;
      const free = tiles.every((tile) => Math.abs(tile.x - x[each]) > apart || Math.abs(tile.y - y[each]) > apart);
      if (free) tiles.push(this.fitted({ place: seen[each], x: x[each], y: y[each], side }));
    }
    return tiles.reverse();
  }

  // With the picture, its size within the tile and the width of its rim, once the kernel has sent it.
  fitted(tile) {
    const image = this.thumbnails.get(this.points.photos[tile.place])?.image;
    if (!image) return tile;
    const rim = this.points.tone[tile.place] === TONES.dim ? 1 : 2.5;
    const { naturalWidth, naturalHeight } = image;
    // All of the same area, but for long ones.
    const fit = tile.side * Math.min(0.85 / Math.sqrt(naturalWidth * naturalHeight), 1.3 / Math.max(naturalWidth, naturalHeight));
    const [wide, tall] = [Math.max(8, naturalWidth * fit), Math.max(8, naturalHeight * fit)];
    return { ...tile, image, rim, wide, tall };
  }

  thumbnail({ place, x, y, image, rim, wide, tall }) {
    if (!image) return;
    const { pen } = this;
    const tone = this.points.tone[place];
    const [left, top] = [x - wide / 2, y - tall / 2];
    pen.fillStyle = this.tones[tone];
    pen.fillRect(left - rim, top - rim, wide + 2 * rim, tall + 2 * rim);
    pen.fillStyle = this.back;
    pen.fillRect(left, top, wide, tall);
    pen.globalAlpha = tone === TONES.dim ? 0.35 : 1;
    pen.drawImage(image, left, top, wide, tall);
    pen.globalAlpha = 1;
  }

  // The photo under a place on the screen, as its place among the points; null where there is none.
  hit(x, y, within = CLOSE) {
    for (const tile of [...this.tiles].reverse()) {
      if (tile.image && Math.abs(tile.x - x) <= tile.wide / 2 && Math.abs(tile.y - y) <= tile.tall / 2) return tile.place;
    }
    let [nearest, closest] = [null, Math.max(within, this.radius + 2) ** 2];
    for (let each = 0; each < this.count; each++) {
      const away = (this.x[each] - x) ** 2 + (this.y[each] - y) ** 2;
      if (away < closest) [nearest, closest] = [this.seen[each], away];
    }
    return nearest;
  }

  // Where the photo in view is that is nearest to the middle, of the selected ones if some are; null where none is.
  nearestToMiddle() {
    const { points, view, seen } = this;
    let [nearest, closest] = [null, Infinity];
    for (let each = 0; each < this.count; each++) {
      const [x, y] = [this.x[each], this.y[each]];
      if (x < 0 || y < 0 || x > view.wide || y > view.tall) continue;
      const away = Math.hypot(x - view.wide / 2, y - view.tall / 2) - (points.picked[points.photos[seen[each]]] ? 1e6 : 0);
      if (away < closest) [nearest, closest] = [[x, y], away];
    }
    return nearest;
  }

  // The photos inside a loop, by the even-odd rule; corners are in units of the map.
  within(loop) {
    const { points } = this;
    const xs = loop.map(([x]) => x);
    const ys = loop.map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const photos = [];
    for (let place = 0; place < points.count; place++) {
      const [x, y] = [points.x[place], points.y[place]];
      if (x < left || x > right || y < top || y > bottom) continue;
      let inside = false;
      for (let one = 0, before = xs.length - 1; one < xs.length; before = one++) {
        if (ys[one] > y === ys[before] > y) continue;
        if (x < ((xs[before] - xs[one]) * (y - ys[one])) / (ys[before] - ys[one]) + xs[one]) inside = !inside;
      }
      if (inside) photos.push(points.photos[place]);
    }
    return photos.sort((a, b) => a - b);
  }

  ring(place) {
    const { pen, points } = this;
    const tile = this.tiles.find((each) => each.place === place && each.image);
    const [x, y] = this.view.at(points.x[place], points.y[place]);
    pen.strokeStyle = this.strong;
    pen.lineWidth = 3;
    pen.beginPath();
    if (tile) pen.rect(x - tile.wide / 2 - 3, y - tile.tall / 2 - 3, tile.wide + 6, tile.tall + 6);
    else pen.arc(x, y, this.radius + 4, 0, 2 * Math.PI);
    pen.stroke();
  }

  // The middle, which keys act on.
  cross() {
    const { pen, view } = this;
    const [x, y] = [Math.round(view.wide / 2) + 0.5, Math.round(view.tall / 2) + 0.5];
    pen.strokeStyle = this.text;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const [across, along] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(x + 5 * across, y + 5 * along);
      pen.lineTo(x + 13 * across, y + 13 * along);
    }
    pen.stroke();
  }

  loop(lasso) {
    const { pen } = this;
    pen.beginPath();
    lasso.forEach(([x, y], place) => pen[place ? "lineTo" : "moveTo"](...this.view.at(x, y)));
    pen.closePath();
    pen.globalAlpha = 0.12;
    pen.fillStyle = this.rope;
    pen.fill("evenodd");
    pen.globalAlpha = 1;
    pen.strokeStyle = this.rope;
    pen.lineWidth = 2;
    pen.stroke();
  }
}
