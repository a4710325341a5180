// The page of the map. It shows what the kernel tells in four traits, and asks by messages:
//   _positions   x and y of each photo, float32           _codes    what it is coloured by, a byte a photo
//   _picked      what is selected                         _state    legend, settings, message
// A photo is known by its number, its row of the collection.
// File names come from other people: they go into the page as text alone.

const KINDS = 12; // colours of kinds; codes from the kernel: 0 to 11, 12 for other kinds, 255 for no value
const OTHER = 12;
const MISSING = 255;
const SHADES = 32; // of a scale
const TONES = { dim: 0, missing: 1, other: 2, plain: 3, kinds: 4, shades: 4 + KINDS };
const EDGE = 28; // px around the whole map
const DEEPEST = 5000; // how much larger than the whole map
const MANY = 5000; // points in view, from which on they are squares
const TILE = 48; // px, the smallest thumbnail
const TILES = 150; // thumbnails at once
const CLOSE = 9; // px from a point that count as on it
const KEPT = 600; // thumbnails in memory
const BATCH = 30; // photos asked for at once: while the kernel makes their thumbnails, it does nothing else
const PATIENCE = 10_000; // ms until we say that the kernel does not answer

const KEYS = [
  ["wheel, pinch, + and −", "zoom; close enough, points are photos"],
  ["drag, arrows", "move"],
  ["Home", "the whole map"],
  ["Shift and a drag, or Lasso (L) and a drag", "select what is inside; with Ctrl, these too"],
  ["click, Enter", "select the photo"],
  ["Ctrl and a click, Space", "select it too, or no longer"],
  ["Ctrl+A", "select all in view"],
  ["Escape", "select none"],
  ["click on the legend", "show these, and the others in grey; with Ctrl, select them"],
];

// An element with properties, attributes (what has a dash, or `role`) and children.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  // JupyterLab's shortcuts keep away from an element that says so itself; an ancestor's word comes too late for :focus.
  if (element.tabIndex >= 0 || tag === "summary") element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

// What a trait of bytes holds, as an array of its own: it may begin anywhere in its message.
const array = (Type, view) => {
  if (!view || !view.byteLength) return new Type(0);
  return new Type(view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view.slice(0));
};

// What the kernel is asked, and whether it still answers.
class Wire {
  constructor(model, silent) {
    this.model = model;
    this.silent = silent;
    this.waiting = new Map();
    this.last = 0;
    this.own = Math.random().toString(36).slice(2); // two views of one map hear each other's answers
  }
  ask(wish, buffers) {
    const number = `${this.own}-${++this.last}`;
    this.waiting.set(number, setTimeout(() => this.silent(true), PATIENCE));
    this.model.send({ ...wish, number }, undefined, buffers);
    return number;
  }
  // Whatever it answers, it is there: those still waiting are given time anew.
  heard(number) {
    for (const [each, timer] of this.waiting) {
      clearTimeout(timer);
      this.waiting.set(each, setTimeout(() => this.silent(true), PATIENCE));
    }
    clearTimeout(this.waiting.get(number));
    this.waiting.delete(number);
    this.silent(false);
  }
  close() {
    for (const timer of this.waiting.values()) clearTimeout(timer);
  }
}

// Thumbnails and names of photos, asked for in batches, the most wanted first.
class Photos {
  constructor(wire, changed) {
    this.wire = wire;
    this.changed = changed;
    this.known = new Map(); // photo → {name, url, image}, the latest used last; no url: it cannot be read
    this.lost = new Set(); // asked for in vain
    this.request = null;
    this.wanted = [];
  }
  get(photo) {
    const found = this.known.get(photo);
    if (found) {
      this.known.delete(photo);
      this.known.set(photo, found);
    }
    return found;
  }
  want(photos) {
    this.wanted = photos;
    this.next();
  }
  next() {
    if (this.request) return;
    this.batch = this.wanted.filter((photo) => !this.known.has(photo) && !this.lost.has(photo)).slice(0, BATCH);
    if (this.batch.length) this.request = this.wire.ask({ do: "photos", photos: this.batch });
  }
  done(number) {
    if (number !== this.request) return;
    for (const photo of this.batch) if (!this.known.has(photo)) this.lost.add(photo);
    this.request = null;
    this.next();
  }
  take(told, buffers) {
    for (const { photo, name, buffer } of told) {
      if (this.known.get(photo)?.url) continue; // another view has asked too
      const entry = { name, url: null, image: null };
      this.known.set(photo, entry);
      if (buffer === null) continue;
      entry.url = URL.createObjectURL(new Blob([buffers[buffer]], { type: "image/jpeg" }));
      const image = new Image();
      image.src = entry.url;
      image.decode().then(
        () => {
          entry.image = image;
          this.changed(photo);
        },
        () => {
          URL.revokeObjectURL(entry.url);
          entry.url = null;
          this.changed(photo);
        },
      );
    }
    for (const photo of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.forget(photo);
    }
    told.forEach(({ photo }) => this.changed(photo));
  }
  forget(photo) {
    const { url } = this.known.get(photo);
    if (url) URL.revokeObjectURL(url);
    this.known.delete(photo);
  }
  close() {
    for (const photo of [...this.known.keys()]) this.forget(photo);
  }
}

// The points, in an order by lot so that no folder hides the others, and what is to be seen of each.
class Points {
  constructor(positions) {
    const count = positions.length / 2;
    this.count = count;
    this.photos = Uint32Array.from({ length: count }, (_, place) => place);
    let lot = 1;
    for (let place = count - 1; place > 0; place--) {
      lot = (Math.imul(lot, 1664525) + 1013904223) >>> 0; // Numerical Recipes' ranqd1: the same lot each time
      const other = Math.floor((lot / 2 ** 32) * (place + 1));
      [this.photos[place], this.photos[other]] = [this.photos[other], this.photos[place]];
    }
    this.x = new Float32Array(count);
    this.y = new Float32Array(count);
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let place = 0; place < count; place++) {
      const [x, y] = [positions[2 * this.photos[place]], positions[2 * this.photos[place] + 1]];
      [this.x[place], this.y[place]] = [x, y];
      [box[0], box[1], box[2], box[3]] = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
    }
    this.box = count ? box : [0, 0, 1, 1];
    const [wide, tall] = [this.box[2] - this.box[0], this.box[3] - this.box[1]];
    this.spacing = Math.sqrt((0.5 * Math.max(wide * tall, 1e-6)) / Math.max(1, count)); // where half the map is empty
    this.tone = new Uint8Array(count); // what it is painted in; 0 is grey
    this.picked = new Uint8Array(count); // by photo
    this.pickedCount = 0;
  }
  pick(photos) {
    this.picked.fill(0);
    for (const photo of photos) this.picked[photo] = 1;
    this.pickedCount = this.picked.reduce((sum, each) => sum + each, 0);
  }
  paint(codes, kind, bright) {
    const tones = new Uint8Array(256);
    for (let code = 0; code < 255; code++) {
      if (kind === "scale") tones[code] = TONES.shades + Math.floor((code * SHADES) / 255);
      else if (kind === "kinds") tones[code] = code < KINDS ? TONES.kinds + code : TONES.other;
      else tones[code] = TONES.plain;
    }
    tones[MISSING] = TONES.missing;
    for (let place = 0; place < this.count; place++) {
      const photo = this.photos[place];
      const lit = (!this.pickedCount || this.picked[photo]) && (!bright.size || bright.has(codes[photo]));
      this.tone[place] = lit ? tones[codes[photo]] : TONES.dim;
    }
  }
}

// What part of the map is in view: the middle, and how many px one unit is.
class Sight {
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
  // Zoom about a place on the screen, which stays where it is; whether there was anything to zoom.
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
  at(x, y) {
    return [this.wide / 2 + (x - this.x) * this.scale, this.tall / 2 + (y - this.y) * this.scale];
  }
}

// The canvas: points, thumbnails, the lasso.
class Painter {
  constructor(root, canvas, points, sight, photos) {
    [this.root, this.canvas, this.points, this.sight, this.photos] = [root, canvas, points, sight, photos];
    this.pen = canvas.getContext("2d");
    this.x = new Float32Array(points.count); // on the screen, of those in view
    this.y = new Float32Array(points.count);
    this.seen = new Uint32Array(points.count); // their places
    this.count = 0;
    this.tiles = []; // {place, x, y, side, wide, tall} of the thumbnails, the topmost last
    this.discs = new Map();
  }

  // The theme's colours, as soon as the canvas is in the page.
  dye() {
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
    [this.back, this.text, this.strong, this.rope] = ["back", "text", "strong", "lasso"].map(value);
    this.discs.clear();
  }

  // What is in view, and which of it has room for a thumbnail.
  look() {
    const { points, sight, x, y, seen } = this;
    const { scale, wide, tall } = sight;
    const [left, top] = [wide / 2 - sight.x * scale, tall / 2 - sight.y * scale];
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
    const room = Math.min(TILES, (0.8 * wide * tall) / TILE ** 2) * (this.tiles.length ? 1.3 : 1);
    this.tiles = inside && inside <= room ? this.place() : [];
  }

  draw(lasso, active, crosshair) {
    const { canvas, pen, sight } = this;
    if (!this.tones) return;
    const ratio = window.devicePixelRatio || 1;
    const [wide, tall] = [Math.round(sight.wide * ratio), Math.round(sight.tall * ratio)];
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
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (active !== null) this.ring(active);
    if (crosshair) this.cross();
    if (lasso) this.loop(lasso);
    Object.assign(canvas.dataset, { scale: sight.scale, x: sight.x, y: sight.y, seen: this.inside, thumbnails: this.tiles.length });
  }

  get radius() {
    const most = this.tiles.length ? 3.5 : 6; // small, where they lie on photos
    return Math.min(most, Math.max(1.25, 0.2 * this.points.spacing * this.sight.scale));
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

  // Discs, each drawn once and then copied; grey below, colours above, what is selected on top and with a rim.
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

  // Where thumbnails go: around their points, none much over another; those without room stay points.
  place() {
    const { points, sight, x, y, seen } = this;
    const side = Math.round(Math.min(128, Math.max(TILE, 1.3 * points.spacing * sight.scale)));
    const apart = 0.8 * side;
    const order = Array.from({ length: this.count }, (_, each) => each);
    const first = (each) => points.picked[points.photos[seen[each]]];
    order.sort((a, b) => first(b) - first(a) || a - b);
    const tiles = [];
    for (const each of order) {
      const free = tiles.every((tile) => Math.abs(tile.x - x[each]) > apart || Math.abs(tile.y - y[each]) > apart);
      if (free) tiles.push(this.fitted({ place: seen[each], x: x[each], y: y[each], side }));
    }
    return tiles.reverse();
  }

  // With the picture, its size within the tile and the width of its rim, once the kernel has sent it.
  fitted(tile) {
    const image = this.photos.get(this.points.photos[tile.place])?.image;
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

  // The photos inside a loop, by the even-odd rule; corners are in units of the map.
  within(loop) {
    const { points } = this;
    const xs = loop.map(([x]) => x);
    const ys = loop.map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let place = 0; place < points.count; place++) {
      const [x, y] = [points.x[place], points.y[place]];
      if (x < left || x > right || y < top || y > bottom) continue;
      let inside = false;
      for (let one = 0, before = xs.length - 1; one < xs.length; before = one++) {
        if (ys[one] > y === ys[before] > y) continue;
        if (x < ((xs[before] - xs[one]) * (y - ys[one])) / (ys[before] - ys[one]) + xs[one]) inside = !inside;
      }
      if (inside) found.push(points.photos[place]);
    }
    return found.sort((a, b) => a - b);
  }

  ring(place) {
    const { pen, points } = this;
    const tile = this.tiles.find((each) => each.place === place && each.image);
    const [x, y] = this.sight.at(points.x[place], points.y[place]);
    pen.strokeStyle = this.strong;
    pen.lineWidth = 3;
    pen.beginPath();
    if (tile) pen.rect(x - tile.wide / 2 - 3, y - tile.tall / 2 - 3, tile.wide + 6, tile.tall + 6);
    else pen.arc(x, y, this.radius + 4, 0, 2 * Math.PI);
    pen.stroke();
  }

  // The middle, which keys act on.
  cross() {
    const { pen, sight } = this;
    const [x, y] = [Math.round(sight.wide / 2) + 0.5, Math.round(sight.tall / 2) + 0.5];
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
    lasso.forEach(([x, y], place) => pen[place ? "lineTo" : "moveTo"](...this.sight.at(x, y)));
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

// The photo under the pointer, or in the middle, larger and with its name.
class Preview {
  constructor(stage) {
    this.picture = make("div", { className: "kf-picture" });
    this.name = make("div", { className: "kf-name" });
    this.element = make("div", { className: "kf-preview", role: "status", "aria-label": "Photo", hidden: true }, this.picture, this.name);
    stage.append(this.element);
  }
  show(known, x, y, wide, tall) {
    this.element.hidden = false;
    if (this.known !== known || this.url !== known?.url) {
      [this.known, this.url] = [known, known?.url];
      const word = make("span", { textContent: known ? "cannot be read" : "…" });
      this.picture.replaceChildren(known?.url ? make("img", { src: known.url, alt: "", draggable: false }) : word);
      this.name.textContent = known?.name ?? "";
    }
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + 18 + offsetWidth < wide ? x + 18 : Math.max(4, x - 18 - offsetWidth);
    const top = Math.max(4, Math.min(y - offsetHeight / 2, tall - offsetHeight - 4));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
  hide() {
    this.element.hidden = true;
    this.known = this.url = undefined;
  }
}

// What the colours mean; a click on a kind leaves the others grey.
class Legend {
  constructor(bright, select) {
    [this.bright, this.select] = [bright, select];
    this.element = make("div", { className: "kf-legend", role: "group", "aria-label": "Legend" });
  }
  show(legend) {
    const told = JSON.stringify(legend);
    if (told === this.told) return this.press();
    this.told = told;
    const parts = [];
    if (legend.kind === "scale") {
      const ramp = make("span", { className: "kf-ramp", role: "img", "aria-label": `scale from ${legend.low} to ${legend.high}` });
      parts.push(make("span", { className: "kf-scale" }, make("span", { textContent: legend.low }), ramp, make("span", { textContent: legend.high })));
    }
    (legend.kinds ?? []).forEach(([name, count], code) => parts.push(this.kind(code, name, count)));
    if (legend.others) parts.push(this.kind(OTHER, `${legend.others.toLocaleString("en")} more`, legend.other));
    if (legend.missing) parts.push(this.kind(MISSING, "no value", legend.missing));
    this.element.hidden = !parts.length;
    this.element.replaceChildren(...parts);
    this.dye();
    this.press();
  }
  kind(code, name, count) {
    const chip = make(
      "button", { type: "button", className: "kf-kind", title: `${name}: show these, and the others in grey; with Ctrl, select them` },
      make("span", { className: "kf-swatch", "aria-hidden": "true" }),
      make("span", { textContent: name || "none" }),
      make("span", { className: "kf-count", textContent: count.toLocaleString("en") }),
    );
    chip.dataset.code = code;
    chip.onclick = (event) => (event.ctrlKey || event.metaKey ? this.select(code) : this.bright(code));
    return chip;
  }
  dye() {
    const kinds = getComputedStyle(this.element).getPropertyValue("--kf-kinds").split(",");
    for (const chip of this.element.querySelectorAll(".kf-kind")) {
      const code = Number(chip.dataset.code);
      chip.firstChild.style.background = code === MISSING ? "var(--kf-missing)" : code === OTHER ? "var(--kf-other)" : kinds[code];
    }
  }
  press(bright = this.last ?? new Set()) {
    this.last = bright;
    for (const chip of this.element.querySelectorAll(".kf-kind")) chip.setAttribute("aria-pressed", bright.has(Number(chip.dataset.code)));
  }
}

// What hands do on the canvas: pointers and keys.
class Hands {
  constructor(canvas, sight, act) {
    [this.canvas, this.sight, this.act] = [canvas, sight, act];
    this.pointers = new Map(); // those that are down
    this.lassoing = false; // by the button
    this.loop = null;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => !this.pointers.size && this.act.point(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.act.aim(true));
    canvas.addEventListener("blur", () => this.act.aim(false));
  }

  spot(event) {
    const edge = this.canvas.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  onMap([x, y]) {
    const { sight } = this;
    return [sight.x + (x - sight.wide / 2) / sight.scale, sight.y + (y - sight.tall / 2) / sight.scale];
  }

  lasso(on) {
    this.lassoing = on;
    this.canvas.classList.toggle("kf-lassoing", on);
  }

  press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.act.aim(false);
    this.canvas.setPointerCapture(event.pointerId);
    const spot = this.spot(event);
    this.pointers.set(event.pointerId, spot);
    if (this.pointers.size > 1) this.loop = null; // two fingers: a pinch
    else [this.start, this.dragged, this.loop] = [spot, false, this.lassoing || event.shiftKey ? [this.onMap(spot)] : null];
    this.dragged ||= this.pointers.size > 1;
  }

  move(event) {
    const spot = this.spot(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.act.point(spot);
    if (!this.dragged && Math.hypot(spot[0] - this.start[0], spot[1] - this.start[1]) < 5) return;
    if (!this.dragged) this.act.point(null);
    this.dragged = true;
    if (this.loop) {
      if (Math.hypot(spot[0] - before[0], spot[1] - before[1]) < 2) return;
      this.loop.push(this.onMap(spot));
    } else if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
      const far = ([x, y]) => Math.max(10, Math.hypot(x - other[0], y - other[1]));
      this.sight.move((spot[0] - before[0]) / 2, (spot[1] - before[1]) / 2);
      this.sight.zoom(far(spot) / far(before), (spot[0] + other[0]) / 2, (spot[1] + other[1]) / 2);
    } else if (this.pointers.size === 1) {
      this.sight.move(spot[0] - before[0], spot[1] - before[1]);
      this.canvas.classList.add("kf-dragging");
    }
    this.pointers.set(event.pointerId, spot);
    this.act.moved();
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const add = event.ctrlKey || event.metaKey;
    const loop = this.loop;
    this.loop = null;
    this.canvas.classList.remove("kf-dragging");
    if (event.type === "pointerup" && loop && this.dragged) this.act.enclose(loop, add);
    else if (event.type === "pointerup" && !this.dragged) this.act.click(this.spot(event), add || event.shiftKey);
    this.act.moved();
  }

  wheel(event) {
    const lines = event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 400 : 1;
    const turned = Math.max(-200, Math.min(200, event.deltaY * lines));
    // A pinch on a touchpad comes as a wheel with Ctrl, in smaller steps.
    const zoomed = this.sight.zoom(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.002)), ...this.spot(event));
    if (!zoomed && !event.ctrlKey) return; // at the end the page scrolls on
    event.preventDefault();
    this.act.moved();
    this.act.point(this.pointers.size ? null : this.spot(event));
  }

  key(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const command = event.ctrlKey || event.metaKey;
    const step = event.shiftKey ? 200 : 50;
    const move = (across, along) => () => this.sight.move(across, along);
    const acts = {
      ArrowLeft: move(step, 0), ArrowRight: move(-step, 0), ArrowUp: move(0, step), ArrowDown: move(0, -step),
      "+": () => this.sight.zoom(1.25), "=": () => this.sight.zoom(1.25), "-": () => this.sight.zoom(0.8), "−": () => this.sight.zoom(0.8),
      Home: () => this.sight.fit(),
      Enter: () => this.act.middle(false),
      " ": () => this.act.middle(true),
      l: () => this.act.lasso(),
      Escape: () => (this.loop ? (this.loop = null) : this.act.none()),
    };
    if (command && key === "a") this.act.all();
    else if (command || event.altKey || !(key in acts)) return; // the browser's and Jupyter's own
    else acts[key]();
    event.preventDefault();
    event.stopPropagation();
    this.act.aim(!["l", "Escape", "a"].includes(key) || this.act.aiming());
    this.act.moved();
  }
}

function render({ model, el }) {
  const root = make("div", { className: "kinframe-map", role: "group", "aria-label": "Map of the collection" });
  const alarm = make("p", { className: "kf-message", role: "alert", hidden: true });
  const silent = (is) => {
    alarm.textContent = "The kernel does not answer: it is busy, or was restarted. If it was, run the cell again.";
    alarm.hidden = !is;
  };
  const wire = new Wire(model, silent);
  const state = () => model.get("_state");
  let codes = new Uint8Array(0);
  const points = new Points(array(Float32Array, model.get("_positions")));
  const plain = (count) => count.toLocaleString("en");
  const button = (text, title, click) => make("button", { type: "button", textContent: text, title, onclick: click });

  const canvas = make("canvas", {
    tabIndex: 0, role: "application",
    "aria-label": `Map of ${plain(points.count)} photos: arrows move, plus and minus zoom, Space selects the photo in the middle`,
  });
  const stage = make("div", { className: "kf-stage" }, canvas);
  const colour = make("select", { name: "colour", onchange: () => wire.ask({ do: "colour", by: colour.value ? colour.value.slice(1) : null }) });
  const field = make("label", { className: "kf-field" }, make("span", { textContent: "colour by" }), colour);
  const lassoButton = button("Lasso", "Draw around photos to select them (L, or Shift and a drag)", () => act.lasso());
  lassoButton.setAttribute("aria-pressed", "false");
  const turn = (by) => () => {
    sight.zoom(by);
    act.moved();
  };
  const closer = button("+", "Zoom in (+)", turn(1.6));
  const farther = button("−", "Zoom out (−)", turn(1 / 1.6));
  closer.setAttribute("aria-label", "Zoom in");
  farther.setAttribute("aria-label", "Zoom out");
  const whole = button("Whole map", "(Home)", () => {
    sight.fit();
    act.moved();
  });
  const nothing = button("Select none", "(Escape)", () => act.none());
  const status = make("span", { className: "kf-status", role: "status" });
  const hint = make("span", { className: "kf-hint", textContent: "Zoom in to see the photos; Shift and a drag draws a lasso." });
  const message = make("p", { className: "kf-message", role: "alert", hidden: true });
  const note = make("p", { className: "kf-note" });
  const keys = make("dl", {});
  for (const [key, does] of KEYS) keys.append(make("div", {}, make("dt", { textContent: key }), make("dd", { textContent: does })));
  const help = make("details", { className: "kf-help" }, make("summary", { textContent: "Keys" }), keys);
  const legend = new Legend(
    (code) => {
      if (!bright.delete(code)) bright.add(code);
      legend.press(bright);
      paint();
    },
    (code) => act.select([...codes.keys()].filter((photo) => codes[photo] === code)),
  );
  root.append(
    alarm,
    make("div", { className: "kf-row" }, lassoButton, closer, farther, whole, field),
    message, stage, legend.element,
    make("div", { className: "kf-row" }, status, nothing, hint),
    note, help,
  );
  el.append(root);

  const bright = new Set(); // codes that are shown while the others are grey
  const sight = new Sight(points);
  const photos = new Photos(wire, () => later());
  const painter = new Painter(root, canvas, points, sight, photos);
  const preview = new Preview(stage);
  let frame = 0;
  let resting = 0;
  let spot = null; // where the pointer is
  let aiming = false; // by keys, at the middle
  let active = null;
  let selecting = null; // the last selection made here, until the kernel has it: what it says before is older

  function later() {
    frame ||= requestAnimationFrame(draw);
  }
  function draw() {
    frame = 0;
    const place = aiming ? [sight.wide / 2, sight.tall / 2] : spot;
    const dragging = hands.pointers.size > 0;
    painter.look();
    active = place && !dragging ? painter.hit(...place, aiming ? Infinity : CLOSE) : null;
    painter.draw(hands.loop, active, aiming);
    hint.style.visibility = painter.tiles.length || points.pickedCount ? "hidden" : "visible"; // nothing moves
    canvas.classList.toggle("kf-over", active !== null && !hands.lassoing);
    const photo = active === null ? null : points.photos[active];
    if (photo === null) preview.hide();
    else preview.show(photos.get(photo), ...(aiming ? sight.at(points.x[active], points.y[active]) : place), sight.wide, sight.tall);
    if (!dragging) {
      clearTimeout(resting); // what only flies past is not asked for
      resting = setTimeout(() => {
        const wanted = painter.tiles.map((tile) => points.photos[tile.place]).reverse();
        photos.want(photo === null ? wanted : [photo, ...wanted]);
      }, 80);
    }
  }
  function paint() {
    points.paint(codes, state().legend.kind, bright);
    later();
  }
  function say() {
    const { pickedCount, count } = points;
    status.textContent = pickedCount ? `${plain(pickedCount)} of ${plain(count)} selected` : `${plain(count)} photo${count === 1 ? "" : "s"}`;
    nothing.disabled = !pickedCount;
  }
  function pick(some) {
    points.pick(some);
    say();
    paint();
  }

  const pickedNow = () => [...points.picked.keys()].filter((photo) => points.picked[photo]);
  const act = {
    point: (where) => {
      [spot, aiming] = [where, where ? false : aiming];
      later();
    },
    aim: (on) => {
      aiming = on;
      if (on) spot = null;
      later();
    },
    aiming: () => aiming,
    moved: later,
    select: (some) => {
      pick(some);
      selecting = wire.ask({ do: "select" }, [Uint32Array.from(some).buffer]);
    },
    toggle: (photo) => {
      const picked = new Set(pickedNow());
      if (!picked.delete(photo)) picked.add(photo);
      act.select([...picked]);
    },
    click: (where, add) => {
      const place = painter.hit(...where);
      spot = where;
      if (place === null) return;
      if (add) act.toggle(points.photos[place]);
      else act.select([points.photos[place]]);
    },
    middle: (add) => {
      painter.look();
      const place = painter.hit(sight.wide / 2, sight.tall / 2, Infinity);
      if (place === null) return;
      if (add) act.toggle(points.photos[place]);
      else act.select([points.photos[place]]);
    },
    enclose: (loop, add) => {
      if (loop.length < 3) return;
      const inside = painter.within(loop);
      act.select(add ? [...new Set([...pickedNow(), ...inside])] : inside);
    },
    all: () => {
      painter.look();
      const { seen, x, y, count } = painter;
      const inside = (each) => x[each] >= 0 && y[each] >= 0 && x[each] <= sight.wide && y[each] <= sight.tall;
      const some = [];
      for (let each = 0; each < count; each++) if (inside(each)) some.push(points.photos[seen[each]]);
      act.select(some.sort((a, b) => a - b));
    },
    none: () => {
      bright.clear();
      legend.press(bright);
      if (points.pickedCount) act.select([]);
      else paint();
    },
    lasso: () => {
      hands.lasso(!hands.lassoing);
      lassoButton.setAttribute("aria-pressed", hands.lassoing);
    },
  };
  const hands = new Hands(canvas, sight, act);

  function choose() {
    if (!selecting) pick(array(Uint32Array, model.get("_picked")));
  }
  function update() {
    const now = state();
    const pairs = [["", "nothing"], ...now.colours.map((name) => [`=${name}`, name])]; // a column may have an empty name
    if (colour.dataset.options !== JSON.stringify(pairs)) {
      colour.replaceChildren(...pairs.map(([value, textContent]) => make("option", { value, textContent })));
      colour.dataset.options = JSON.stringify(pairs);
    }
    colour.value = now.colour === null ? "" : `=${now.colour}`;
    message.hidden = !now.message;
    message.textContent = now.message;
    note.hidden = !now.note;
    note.textContent = now.note;
    if (JSON.stringify(now.legend) !== legend.told) bright.clear();
    codes = array(Uint8Array, model.get("_codes"));
    legend.show(now.legend);
    paint();
  }
  function heard(told, buffers = []) {
    if (told.kind === "photos") photos.take(told.photos, buffers);
    else if (told.kind === "done") {
      wire.heard(told.number);
      photos.done(told.number);
      if (told.number === selecting) {
        selecting = null;
        choose();
      }
    }
  }
  const lost = () => silent(model.comm_live === false);
  const dye = () => {
    painter.dye();
    legend.dye();
    later();
  };
  const themed = () => [0, 500].forEach((wait) => setTimeout(dye, wait)); // its style sheet may come later than its name
  model.on("msg:custom", heard);
  model.on("change:_state", update);
  model.on("change:_picked", choose);
  model.on("comm_live_status_update", lost);

  const sized = new ResizeObserver(() => {
    sight.size(canvas.clientWidth, canvas.clientHeight);
    if (canvas.clientWidth && !painter.tones) dye();
    else if (canvas.clientWidth) later();
  });
  sized.observe(stage);
  const themes = new MutationObserver(themed);
  for (const each of [document.documentElement, document.body]) {
    themes.observe(each, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"] });
  }
  points.pick(array(Uint32Array, model.get("_picked")));
  update();
  say();
  return () => {
    model.off("msg:custom", heard);
    model.off("change:_state", update);
    model.off("change:_picked", choose);
    model.off("comm_live_status_update", lost);
    cancelAnimationFrame(frame);
    clearTimeout(resting);
    sized.disconnect();
    themes.disconnect();
    wire.close();
    photos.close();
    root.remove();
  };
}

export default { render };
