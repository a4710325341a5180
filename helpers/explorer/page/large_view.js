// The large view of the explorer: a box can be drawn on the photo to search with, and sightings are judged.
import { button, make } from "../../widgets/elements.js";
import { LargeView } from "../../widgets/large_view.js";
import { outline } from "../../widgets/outline.js";

const STEP = 0.02; // of a photo's side, by which keys move a box
const LEAST = 0.02; // the side of a box

export class LargePhoto extends LargeView {
  constructor(root, act) {
    super(root, act);
    this.box = null; // left, top, right, bottom as shares of the photo
    this.boxing = false; // whether a drag draws a box
    this.frame = make("div", {
      className: "kf-box", tabIndex: 0, hidden: true, role: "group",
      "aria-label": "Box: arrows move it, Shift and arrows size it, Enter searches with it, Delete removes it",
    });
    this.layer.append(this.frame);
    this.judging = make(
      "span", { className: "kf-row", hidden: true, role: "group", "aria-label": "Does it show the species?" },
      button("Yes", "Confirm its event (Y)", () => this.judge(true)),
      button("No", "Reject its event (N)", () => this.judge(false)),
    );
    this.search = button("Search the box", "Photos that show something like the box (Enter)", () => this.ask());
    this.boxButton = button("Box", "Draw a box with the mouse, or place it by keys, and search with that part (B)", () => this.box ? this.unbox() : this.startBox());
    this.find.after(
      button("Like this", "(L)", () => this.act.mark(this.photo, true)),
      button("Not like this", "(U)", () => this.act.mark(this.photo, false)),
      this.judging, this.boxButton, this.search,
    );
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
  }

  mayDrag() {
    return !this.boxing;
  }

  open(photo, order, about, back) {
    this.unbox();
    super.open(photo, order, about, back);
  }

  close(leaving) {
    this.unbox();
    super.close(leaving);
  }

  hint({ regions }) {
    const wholePhotos = `It is compared with whole photos${this.act.keeps() ? "; after model.add_regions(), in a cell, with parts of photos" : ""}.`;
    return `Wheel, + and − zoom; B draws a box to search with a part of the photo. ${regions ? "" : wholePhotos}`;
  }

  judge(yes) {
    if (this.judging.hidden) return;
    this.act.judge([this.photo], yes);
    this.step(1);
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

  // Put the box, and the frame of the part that the search found, where they belong on the picture.
  place() {
    this.stage.querySelector(".kf-outline")?.remove();
    const found = this.about?.[this.photo]?.box;
    if (found && this.image.naturalWidth) this.layer.append(outline(this.image, this.stage, found));
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
    const { photo, box } = this;
    if (box) this.leave(() => this.act.region(photo, box));
  }

  get keys() {
    const unbox = () => {
      this.unbox();
      this.element.focus();
    };
    return {
      ...super.keys,
      Escape: () => (this.box || this.boxing ? unbox() : this.close()),
      l: () => this.act.mark(this.photo, true),
      u: () => this.act.mark(this.photo, false),
      y: () => this.judge(true),
      n: () => this.judge(false),
      z: () => this.act.unjudge(),
      b: () => this.startBox(),
    };
  }

  // Keys of the box, while it has the focus.
  ownKey(key, event) {
    if (this.element.getRootNode().activeElement !== this.frame) return false;
    if (key.startsWith("Arrow")) this.shift(key, event.shiftKey);
    else if (key === "Enter") this.ask();
    else if (key === "Delete" || key === "Backspace") {
      this.unbox();
      this.element.focus();
    } else return false;
    return true;
  }
}
