// The points of the map, and what each is painted in.

export const KINDS = 12; // colours of kinds; codes from the kernel: 0 to 11, 12 for other kinds, 255 for no value
export const OTHER = 12;
export const MISSING = 255;
export const SHADES = 32; // of a scale
export const TONES = { dim: 0, missing: 1, other: 2, plain: 3, kinds: 4, shades: 4 + KINDS };

// The points in random order, so that no folder hides the others. A place is an index in that order.
export class Points {
  constructor(positions) {
    const count = positions.length / 2;
    this.count = count;
    this.photos = Uint32Array.from({ length: count }, (_, place) => place);
    let random = 1;
    for (let place = count - 1; place > 0; place--) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0; // Numerical Recipes' ranqd1: the same order each time
      const other = Math.floor((random / 2 ** 32) * (place + 1));
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
    this.tone = new Uint8Array(count); // by place, one of TONES
    this.picked = new Uint8Array(count); // by photo
    this.pickedCount = 0;
  }
  pick(photos) {
    this.picked.fill(0);
    for (const photo of photos) this.picked[photo] = 1;
    this.pickedCount = this.picked.reduce((sum, each) => sum + each, 0);
  }
  // The middle of the photos of each kind that has three: the median of their places, which strays hardly touch.
  middles(codes, kinds) {
    const own = kinds.map(() => [[], []]);
    for (let place = 0; place < this.count; place++) {
      const code = codes[this.photos[place]];
      if (code >= own.length) continue;
      own[code][0].push(this.x[place]);
      own[code][1].push(this.y[place]);
    }
    const median = (values) => values.sort((one, other) => one - other)[values.length >> 1];
    const named = kinds.map(([name], code) => ({ name, code, count: own[code][0].length, x: median(own[code][0]), y: median(own[code][1]) }));
    return named.filter(({ count }) => count >= 3);
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
