// One photo as large as there is room, to zoom into, to draw a box on, and to compare with the query beside it.
import { button, keyOf, make, pairList } from "../../widgets/elements.js";
import { percent, shortDistance } from "../../widgets/likeness.js";
import { outline } from "./outline.js";
import { Zoom } from "./zoom.js";

const STEP = 0.02; // of a photo's side, by which keys move a box
const LEAST = 0.02; // the side of a box

export class LargeView {
  constructor(root, act) {
    this.act = act;
    this.photo = null;
    this.box = null; // left, top, right, bottom as shares of the photo
    this.image = make("img", { alt: "", draggable: false });
    this.frame = make("div", {
      className: "kf-box", tabIndex: 0, hidden: true, role: "group",
      "aria-label": "Box: arrows move it, Shift and arrows size it, Enter searches with it, Delete removes it",
    });
    this.layer = make("div", { className: "kf-layer" }, this.image, this.frame);
    this.stage = make("div", { className: "kf-stage" }, this.layer);
    this.pinned = null; // the photo that others are compared with
    this.pinnedImage = make("img", { alt: "", draggable: false });
    this.pinnedName = make("span", { className: "kf-pinned" });
    this.beside = make("div", { className: "kf-stage", hidden: true }, make("div", { className: "kf-layer" }, this.pinnedImage), this.pinnedName);
    this.stages = make("div", { className: "kf-stages" }, this.beside, this.stage);
    this.boxing = false; // whether a drag draws a box
    this.zoom = new Zoom(this.stages, () => !this.boxing);
    this.facts = make("div", {});
    this.status = make("p", { className: "kf-hint", role: "status" });
    this.judging = make(
      "span", { className: "kf-row", hidden: true, role: "group", "aria-label": "Does it show the species?" },
      button("Yes", "Confirm its event (Y)", () => this.judge(true)),
      button("No", "Reject its event (N)", () => this.judge(false)),
    );
    this.search = button("Search the box", "Photos that show something like the box (Enter)", () => this.ask());
    this.boxButton = button("Box", "Draw a box with the mouse, or place it by keys, and search with that part (B)", () => this.box ? this.unbox() : this.startBox());
    this.compareButton = button("Compare", "The query stays at the left, the arrows go through the others (C)", () => this.compare());
    this.buttons = make(
      "div", { className: "kf-row" },
      button("‹", "Photo before (left arrow)", () => this.step(-1)),
      button("›", "Next photo (right arrow)", () => this.step(1)),
      button("Find similar", "Search with the whole photo (Enter)", () => this.leave(() => this.act.ask(this.photo))),
      button("Like this", "(L)", () => this.act.mark(this.photo, true)),
      button("Not like this", "(U)", () => this.act.mark(this.photo, false)),
      this.judging,
      this.boxButton, this.search, this.compareButton,
      button("−", "Zoom out (−)", () => this.zoom.key("-")), button("+", "Zoom in (+, or the wheel)", () => this.zoom.key("+")),
      button("Close", "(Escape)", () => this.close()),
    );
    this.element = make(
      "div", { className: "kf-large", hidden: true, tabIndex: -1, role: "dialog", "aria-modal": "true", "aria-label": "Large view" },
      this.buttons, this.stages, this.facts, this.status,
    );
    root.append(this.element);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.image.addEventListener("load", () => this.place());
    this.sized = new ResizeObserver(() => {
      this.zoom.apply();
      this.place();
    });
    this.sized.observe(this.stage);
  }

  open(photo, order, about, back) {
    [this.photo, this.order, this.about, this.back] = [photo, order, about, back ?? this.back];
    this.element.hidden = false;
    if (back) this.unpin();
    this.zoom.reset();
    this.image.removeAttribute("src");
    this.facts.replaceChildren();
    this.status.textContent = "Opening the photo …";
    this.unbox();
    this.act.want(photo);
    this.element.focus({ preventScroll: true });
  }

  // The kernel has sent a photo and its details.
  take(content, buffers) {
    if (this.element.hidden) return;
    if (content.photo === this.pinned) this.takePinned(content, buffers);
    if (content.photo !== this.photo) return;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : null;
    const wholePhotos = `It is compared with whole photos${this.act.keeps() ? "; after model.add_regions(), in a cell, with parts of photos" : ""}.`;
    this.status.textContent = content.error ?? `Wheel, + and − zoom; B draws a box to search with a part of the photo. ${content.regions ? "" : wholePhotos}`;
    if (this.url) this.image.src = this.url;
    this.image.alt = content.name;
    const size = content.bytes === undefined ? null : content.bytes < 1e6 ? `${Math.ceil(content.bytes / 1e3)} kB` : `${(content.bytes / 1e6).toFixed(1)} MB`;
    const { distance = null, likeness = null, rank } = this.about[this.photo] ?? {};
    const facts = {
      Name: content.name, Date: content.date, Size: content.width ? `${content.width} × ${content.height} px, ${size}` : size,
      Label: content.label, Rank: rank, Likeness: likeness === null ? null : percent(likeness),
      Distance: distance === null ? null : shortDistance(distance),
    };
    this.facts.replaceChildren(pairList("kf-facts", Object.entries(facts).filter(([, value]) => value)));
    const box = this.about[this.photo]?.box;
    if (box && this.url) this.image.addEventListener("load", () => this.hint(box), { once: true });
  }

  // The part of the photo that the search found.
  hint(box) {
    this.stage.querySelector(".kf-outline")?.remove();
    this.layer.append(outline(this.image, this.stage, box));
  }

  // Pin a photo, else the query, or without one this photo, at the left; or take it away.
  compare(photo = this.act.query() ?? this.photo) {
    if (this.pinned !== null) return this.unpin();
    this.pinned = photo;
    this.pinnedName.textContent = "";
    this.beside.hidden = false;
    this.compareButton.setAttribute("aria-pressed", "true");
    this.zoom.reset();
    this.act.want(this.pinned);
  }

  takePinned(content, buffers) {
    if (this.pinnedUrl) URL.revokeObjectURL(this.pinnedUrl);
    this.pinnedUrl = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : null;
    if (this.pinnedUrl) this.pinnedImage.src = this.pinnedUrl;
    this.pinnedImage.alt = content.name;
    this.pinnedName.textContent = content.error ?? content.name;
  }

  unpin() {
    this.pinned = null;
    this.beside.hidden = true;
    this.pinnedImage.removeAttribute("src");
    if (this.pinnedUrl) URL.revokeObjectURL(this.pinnedUrl);
    this.pinnedUrl = null;
    this.compareButton.setAttribute("aria-pressed", "false");
    this.zoom.reset();
  }

  judge(yes) {
    if (this.judging.hidden) return;
    this.act.judge([this.photo], yes);
    this.step(1);
  }

  leave(act) {
    this.close();
    act();
  }

  close() {
    this.element.hidden = true;
    this.unpin();
    this.stage.querySelector(".kf-outline")?.remove();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.back?.focus({ preventScroll: true });
  }

  step(by) {
    const place = this.order.indexOf(this.photo) + by;
    if (this.order[place] !== undefined) {
      this.stage.querySelector(".kf-outline")?.remove();
      this.open(this.order[place], this.order, this.about);
    }
  }

  startBox() {
    this.boxing = true;
    this.put([0.25, 0.25, 0.75, 0.75], true);
  }

  unbox() {
    this.boxing = false;
    this.put(null);
  }

  put(box, focus) {
    this.box = box;
    this.place();
    this.search.disabled = !box;
    this.boxButton.setAttribute("aria-pressed", String(this.boxing));
    this.stages.classList.toggle("kf-boxing", this.boxing);
    if (focus) this.frame.focus({ preventScroll: true });
  }

  // Put the box where it belongs on the picture.
  place() {
    this.frame.hidden = !this.box || !this.image.naturalWidth;
    if (this.frame.hidden) return;
    const drawn = outline(this.image, this.stage, this.box);
    for (const side of ["left", "top", "width", "height"]) this.frame.style[side] = drawn.style[side];
  }

  share(event) {
    const whole = outline(this.image, this.stage, [0, 0, 1, 1]).style;
    const edge = this.layer.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    const place = (far, start, length) => within((far / this.zoom.scale - parseFloat(start)) / parseFloat(length));
    return [place(event.clientX - edge.left, whole.left, whole.width), place(event.clientY - edge.top, whole.top, whole.height)];
  }

  press(event) {
    if (event.button !== 0 || !this.boxing || !this.image.naturalWidth) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    const [x, y] = this.share(event);
    const move = (now) => {
      const [a, b] = this.share(now);
      const box = [Math.min(a, x), Math.min(b, y), Math.max(a, x), Math.max(b, y)];
      this.put(box[2] - box[0] < LEAST || box[3] - box[1] < LEAST ? null : box);
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      this.stage.removeEventListener("pointerup", end);
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", end);
  }

  shift(key, size) {
    const [across, along] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[key];
    let [left, top, right, bottom] = this.box;
    const within = (value, low, high) => Math.min(high, Math.max(low, value));
    if (size) [right, bottom] = [within(right + across, left + LEAST, 1), within(bottom + along, top + LEAST, 1)];
    else {
      const [x, y] = [within(across, -left, 1 - right), within(along, -top, 1 - bottom)];
      [left, top, right, bottom] = [left + x, top + y, right + x, bottom + y];
    }
    this.put([left, top, right, bottom]);
  }

  ask() {
    if (this.box) this.leave(() => this.act.region(this.photo, this.box));
  }

  key(event) {
    const key = keyOf(event);
    const boxed = document.activeElement === this.frame || this.element.getRootNode().activeElement === this.frame;
    const acts = {
      Escape: () => (this.box || this.boxing ? (this.unbox(), this.element.focus()) : this.close()),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Enter: () => this.leave(() => this.act.ask(this.photo)),
      c: () => this.compare(),
      a: () => this.leave(() => this.act.ask(this.photo)),
      l: () => this.act.mark(this.photo, true),
      u: () => this.act.mark(this.photo, false),
      y: () => this.judge(true),
      n: () => this.judge(false),
      z: () => this.act.unjudge(),
      b: () => this.startBox(),
    };
    if (event.key === "Tab") return this.trap(event);
    event.stopPropagation(); // none of Jupyter's keys while this is open
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (boxed && key.startsWith("Arrow")) this.shift(key, event.shiftKey);
    else if (boxed && key === "Enter") this.ask();
    else if (boxed && (key === "Delete" || key === "Backspace")) this.unbox(), this.element.focus();
    else if (key === "Enter" && event.target.closest("button")) return; // that button's
    else if (this.zoom.key(key, event.shiftKey)) this.place();
    else if (key in acts) acts[key]();
    else return;
    event.preventDefault();
  }

  // Tab stays within the dialog.
  trap(event) {
    const stops = [...this.element.querySelectorAll("button:not(:disabled), .kf-box:not([hidden])")];
    const last = event.shiftKey ? stops[0] : stops[stops.length - 1];
    const focused = this.element.getRootNode().activeElement;
    if (focused !== last && !(event.shiftKey && focused === this.element)) return;
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
    event.preventDefault();
  }

  end() {
    this.sized.disconnect();
    if (this.pinnedUrl) URL.revokeObjectURL(this.pinnedUrl);
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
