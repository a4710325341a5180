// Zooming and moving pictures that lie on layers of their stages, all of one size: by wheel, pinch, drag and keys.
const LARGEST = 12; // times
const CLOSER = 1.4; // times, of a key
const PAN = 0.15; // of a stage, of a key

export class Zoom {
  // `mayDrag` says whether a drag moves the picture, rather than draws on it.
  constructor(element, mayDrag) {
    [this.element, this.mayDrag] = [element, mayDrag];
    this.pointers = new Map();
    this.reset();
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.at(event, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)));
    }, { passive: false });
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
  }

  get stage() {
    return this.element.querySelector(".kf-stage:not([hidden])");
  }

  reset() {
    [this.scale, this.x, this.y] = [1, 0, 0]; // px of the layer's corner
    this.apply();
  }

  // Zoom about a point of the page.
  at({ target, clientX, clientY }, times) {
    const edge = (target.closest?.(".kf-stage") ?? this.stage).getBoundingClientRect();
    this.about(clientX - edge.left, clientY - edge.top, times);
  }

  about(x, y, times) {
    const scale = Math.min(LARGEST, Math.max(1, this.scale * times));
    [this.x, this.y] = [x - ((x - this.x) * scale) / this.scale, y - ((y - this.y) * scale) / this.scale];
    this.scale = scale;
    this.apply();
  }

  move(across, along) {
    [this.x, this.y] = [this.x + across, this.y + along];
    this.apply();
  }

  apply() {
    const { clientWidth: wide = 0, clientHeight: tall = 0 } = this.stage ?? {};
    this.x = Math.min(0, Math.max(wide * (1 - this.scale), this.x)); // no edge comes into the stage
    this.y = Math.min(0, Math.max(tall * (1 - this.scale), this.y));
    for (const layer of this.element.querySelectorAll(".kf-layer")) {
      layer.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
      layer.style.setProperty("--kf-zoom", this.scale);
    }
    this.element.classList.toggle("kf-zoomed", this.scale > 1);
  }

  // Whether the key was one of these.
  key(key, shifted) {
    const { clientWidth: wide, clientHeight: tall } = this.stage;
    const shifts = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    if (key === "+" || key === "=") this.about(wide / 2, tall / 2, CLOSER);
    else if (key === "-") this.about(wide / 2, tall / 2, 1 / CLOSER);
    else if (key === "0") this.reset();
    else if (shifted && key in shifts) this.move(shifts[key][0] * wide, shifts[key][1] * tall);
    else return false;
    return true;
  }

  press(event) {
    if (event.button !== 0 || !this.mayDrag()) return;
    event.preventDefault();
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.element.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (!others.length) return this.move(event.clientX - before[0], event.clientY - before[1]);
    const [[x, y]] = others; // two fingers: about the one that rests
    const apart = (place) => Math.max(1, Math.hypot(place[0] - x, place[1] - y));
    const edge = this.stage.getBoundingClientRect();
    this.about(x - edge.left, y - edge.top, apart([event.clientX, event.clientY]) / apart(before));
  }
}
