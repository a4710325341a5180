// What pointers and keys do on the canvas.
import { keyOf } from "../../../widgets/elements.js";

export class Gestures {
  constructor(canvas, view, act) {
    [this.canvas, this.view, this.act] = [canvas, view, act];
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
    const { view } = this;
    return [view.x + (x - view.wide / 2) / view.scale, view.y + (y - view.tall / 2) / view.scale];
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
      this.view.move((spot[0] - before[0]) / 2, (spot[1] - before[1]) / 2);
      this.view.zoom(far(spot) / far(before), (spot[0] + other[0]) / 2, (spot[1] + other[1]) / 2);
    } else if (this.pointers.size === 1) {
      this.view.move(spot[0] - before[0], spot[1] - before[1]);
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
    const zoomed = this.view.zoom(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.002)), ...this.spot(event));
    if (!zoomed && !event.ctrlKey) return; // at the end the page scrolls on
    event.preventDefault();
    this.act.moved();
    this.act.point(this.pointers.size ? null : this.spot(event));
  }

  key(event) {
    const key = keyOf(event);
    const command = event.ctrlKey || event.metaKey;
    const step = event.shiftKey ? 200 : 50;
    const move = (across, along) => () => this.view.move(across, along);
    const acts = {
      ArrowLeft: move(step, 0), ArrowRight: move(-step, 0), ArrowUp: move(0, step), ArrowDown: move(0, -step),
      "+": () => this.act.closer(1.25), "=": () => this.act.closer(1.25), "-": () => this.view.zoom(0.8), "−": () => this.view.zoom(0.8),
      Home: () => this.view.fit(),
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
