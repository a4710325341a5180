// Boxes of a detector, and a large view in which they are corrected. Names come from other people: they are text alone.
import { button, field, keyHelp, keyOf, make, message } from "../../../widgets/elements.js";
import { Wire } from "../../../widgets/wire.js";

const STEP = 0.01; // of a photo's side, by which keys move a box
const LEAST = 0.01; // the side of a box
const SHIFTS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const KEYS = [
  ["Tab", "from one box to the next"], ["Arrows", "move the box; with Shift, size it"], ["Delete", "remove the box"],
  ["A", "add a box"], ["Z", "take back the last correction"], ["Page down, Page up", "the next photo, the one before"],
  ["Escape", "close the photo"],
];
const within = (value, low, high) => Math.min(high, Math.max(low, value));

// Left, top, right, bottom as shares of a picture that is fitted into its place: as a style.
function placeOn(stage, image, [left, top, right, bottom], style) {
  const scale = Math.min(stage.clientWidth / image.naturalWidth, stage.clientHeight / image.naturalHeight);
  const [wide, tall] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const [x, y] = [(stage.clientWidth - wide) / 2, (stage.clientHeight - tall) / 2];
  const px = { left: x + left * wide, top: y + top * tall, width: (right - left) * wide, height: (bottom - top) * tall };
  for (const [name, value] of Object.entries(px)) style[name] = `${value}px`;
  return { x, y, wide, tall };
}

class Editor {
  constructor(wire, step) {
    [this.wire, this.photo, this.boxes] = [wire, null, []];
    this.image = make("img", { alt: "", draggable: false });
    this.stage = make("div", { className: "kf-stage" }, this.image);
    this.kind = make("select", { title: "What a new box shows" });
    this.name = make("p", { className: "kf-title" });
    this.hint = make("p", { className: "kf-hint", role: "status" });
    const buttons = make(
      "div", { className: "kf-row" },
      button("‹", "Photo before (Page up)", () => step(-1)), button("›", "Next photo (Page down)", () => step(1)),
      button("Add box", "Put a box on the photo; or draw one with the mouse (A)", () => this.add()), field("shows", this.kind),
      button("Remove box", "Remove the box that has the focus (Delete)", () => this.remove()),
      button("Close", "(Escape)", () => this.close()),
    );
    this.element = make(
      "div", { className: "kf-large", hidden: true, tabIndex: -1, role: "group", "aria-label": "The boxes of a photo" },
      buttons, this.name, this.stage, this.hint,
    );
    this.step = step;
    this.chosen = null; // the place of the box that has, or had, the focus
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.image.addEventListener("load", () => this.draw());
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.stage);
  }

  open(photo, back, place = null) {
    [this.photo, this.chosen, this.back] = [photo, place, back ?? this.back];
    this.boxes = [];
    this.image.removeAttribute("src");
    this.hint.textContent = "Opening the photo …";
    this.element.hidden = false;
    this.draw();
    this.element.focus({ preventScroll: true });
    this.wire.request({ do: "open", photo });
  }

  close() {
    this.element.hidden = true;
    this.photo = null;
    this.back?.();
  }

  // The kernel has sent the photo, or its boxes alone.
  take(content, buffers) {
    if (content.photo !== this.photo) return;
    this.name.textContent = content.name;
    if (content.kind === "photo") {
      if (this.url) URL.revokeObjectURL(this.url);
      this.url = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : null;
      if (this.url) this.image.src = this.url;
      this.image.alt = content.name;
      this.hint.textContent = content.error ?? "Draw a box with the mouse, or press A. A box that you draw or move has the score 1.";
    }
    const added = content.boxes.find(({ place }) => !this.boxes.some((box) => box.place === place));
    if (content.kind === "boxes" && content.boxes.length > this.boxes.length && added) this.chosen = added.place;
    this.boxes = content.boxes;
    this.focuses = true;
    this.draw();
  }

  // The smallest box comes last, and so is above the others.
  draw() {
    const had = this.focuses || this.stage.contains(this.element.getRootNode().activeElement);
    for (const frame of [...this.stage.querySelectorAll(".kf-frame")]) frame.remove();
    if (!this.image.naturalWidth || !this.image.getAttribute("src")) return;
    this.focuses = false;
    const area = ({ box: [left, top, right, bottom] }) => (right - left) * (bottom - top);
    for (const box of [...this.boxes].sort((one, other) => area(other) - area(one))) {
      const text = `${box.kind} ${box.score.toFixed(2)}`;
      const label = make("span", { textContent: text, className: box.box[1] < 0.05 ? "kf-inside" : "" });
      const frame = make("div", { className: "kf-frame", tabIndex: 0, role: "group", "aria-label": `${text}: arrows move it, Shift and arrows size it, Delete removes it` }, label, make("i"));
      frame.dataset.kind = box.kind;
      frame.dataset.place = box.place;
      frame.addEventListener("focus", () => (this.chosen = box.place));
      placeOn(this.stage, this.image, box.box, frame.style);
      this.stage.append(frame);
    }
    if (had && this.chosen !== null) this.frameOf(this.chosen)?.focus({ preventScroll: true });
  }

  frameOf(place) {
    return [...this.stage.querySelectorAll(".kf-frame")].find((frame) => Number(frame.dataset.place) === place);
  }

  get box() {
    return this.boxes.find(({ place }) => place === this.chosen);
  }

  send(what, more) {
    this.wire.request({ do: what, photo: this.photo, ...more });
  }

  add(box = [0.4, 0.4, 0.6, 0.6]) {
    this.send("add", { box, kind: this.kind.value });
  }

  move(box) {
    this.box.box = box;
    this.draw();
    this.send("move", { place: this.chosen, box });
  }

  remove() {
    if (!this.box) return;
    this.send("remove", { place: this.chosen });
    this.chosen = null;
    this.element.focus({ preventScroll: true });
  }

  share(event) {
    const { x, y, wide, tall } = placeOn(this.stage, this.image, [0, 0, 1, 1], {});
    const edge = this.stage.getBoundingClientRect();
    return [within((event.clientX - edge.left - x) / wide, 0, 1), within((event.clientY - edge.top - y) / tall, 0, 1)];
  }

  // Draw a box, or drag one that is there, or its corner.
  press(event) {
    if (event.button !== 0 || !this.image.naturalWidth) return;
    event.preventDefault();
    const frame = event.target.closest(".kf-frame");
    const old = frame && this.boxes.find(({ place }) => place === Number(frame.dataset.place));
    if (old) [this.chosen] = [old.place, frame.focus({ preventScroll: true })];
    const sizes = event.target.tagName === "I";
    const [x, y] = this.share(event);
    const ghost = old ? null : make("div", { className: "kf-frame" });
    if (ghost) this.stage.append(ghost);
    let box = null;
    const move = (now) => {
      const [a, b] = this.share(now);
      if (!old) box = [Math.min(a, x), Math.min(b, y), Math.max(a, x), Math.max(b, y)];
      else if (sizes) box = [old.box[0], old.box[1], Math.max(a, old.box[0] + LEAST), Math.max(b, old.box[1] + LEAST)].map((side) => within(side, 0, 1));
      else box = this.shifted(old.box, a - x, b - y);
      placeOn(this.stage, this.image, box, (ghost ?? frame).style);
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      this.stage.removeEventListener("pointerup", end);
      this.stage.removeEventListener("pointercancel", end);
      ghost?.remove();
      if (!box || box[2] - box[0] < LEAST || box[3] - box[1] < LEAST) return this.draw();
      if (old) this.move(box);
      else this.add(box);
    };
    this.stage.setPointerCapture(event.pointerId);
    for (const [name, heard] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) this.stage.addEventListener(name, heard);
  }

  shifted([left, top, right, bottom], across, along) {
    const [x, y] = [within(across, -left, 1 - right), within(along, -top, 1 - bottom)];
    return [left + x, top + y, right + x, bottom + y];
  }

  key(event) {
    const key = keyOf(event);
    const boxed = this.element.getRootNode().activeElement?.classList.contains("kf-frame") && this.box;
    if (event.ctrlKey || event.metaKey || event.altKey || key === "Tab" || event.target.tagName === "SELECT") return;
    event.stopPropagation(); // none of Jupyter's keys while this is open
    const acts = {
      Escape: () => this.close(), PageUp: () => this.step(-1), PageDown: () => this.step(1), a: () => this.add(),
      z: () => this.send("undo"), Delete: () => this.remove(), Backspace: () => this.remove(),
    };
    if (boxed && key in SHIFTS) {
      const [across, along] = SHIFTS[key];
      const [left, top, right, bottom] = this.box.box;
      const sized = [left, top, within(right + across, left + LEAST, 1), within(bottom + along, top + LEAST, 1)];
      this.move(event.shiftKey ? sized : this.shifted(this.box.box, across, along));
    } else if (key in acts) acts[key]();
    else return;
    event.preventDefault();
  }

  end() {
    this.sized.disconnect();
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

function render({ model, el }) {
  const wire = new Wire(model);
  const addresses = [];
  let tiles = [];
  const score = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Score from which a box counts" });
  const value = make("output");
  const text = make("p", { className: "kf-status", role: "status" });
  const [before, next] = [button("‹", "Boxes before", () => turn(-1)), button("›", "More boxes", () => turn(1))];
  const pages = make("span", { className: "kf-hint" });
  const undo = button("Undo", "Take back the last correction (Z)", () => wire.request({ do: "undo", ...(editor.photo === null ? {} : { photo: editor.photo }) }));
  const strip = make("div", { className: "kf-boxes", role: "group", "aria-label": "Boxes, the lowest score first" });
  const alert = message();
  const editor = new Editor(wire, step);
  const controls = make("div", { className: "kf-row" }, field("score from", score), value, undo, before, pages, next);
  const root = make("div", { className: "kinframe-widget kf-box-strip" }, wire.alarm, controls, text, alert, editor.element, strip, keyHelp(KEYS));

  const turn = (by) => wire.request({ do: "page", value: model.get("_state").page + by });
  const forget = () => addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));

  // To the next photo of the strip, or the one before.
  function step(by) {
    const photos = [...new Set(tiles.map(({ photo }) => photo))];
    const photo = photos[photos.indexOf(editor.photo) + by];
    if (photo !== undefined) editor.open(photo);
  }

  function show() {
    const state = model.get("_state");
    if (root.getRootNode().activeElement !== score) score.value = state.threshold;
    value.textContent = Number(state.threshold).toFixed(2);
    text.textContent = state.text;
    alert.textContent = state.message;
    alert.hidden = !state.message;
    undo.disabled = !state.undo;
    before.disabled = state.page === 0;
    next.disabled = state.page >= state.last;
    pages.textContent = `${state.page + 1} of ${state.last + 1}`;
    if (!editor.kind.options.length) editor.kind.append(...state.kinds.map((kind) => make("option", { value: kind, textContent: kind })));
    wire.request({ do: "tiles" });
  }

  function picture(buffer) {
    if (!buffer) return make("span", { className: "kf-lost", textContent: "cannot be read" });
    addresses.push(URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" })));
    return make("img", { src: addresses[addresses.length - 1], alt: "", draggable: false });
  }

  function take(content, buffers) {
    const focused = [...strip.children].indexOf(root.getRootNode().activeElement);
    forget();
    tiles = content.tiles;
    strip.replaceChildren(...tiles.map(({ photo, place, kind, score, name, buffer }, number) => {
      const caption = `${kind} ${score.toFixed(2)}`;
      const onclick = () => editor.open(photo, () => strip.children[number]?.focus({ preventScroll: true }), place);
      return make(
        "button", { type: "button", title: name, "aria-label": `${caption}, ${name}`, onclick },
        picture(buffer === null ? null : buffers[buffer]), make("span", { className: "kf-kind", textContent: caption }),
        make("span", { textContent: name.split("/").pop() }),
      );
    }));
    strip.children[focused]?.focus({ preventScroll: true });
  }

  score.addEventListener("input", () => (value.textContent = Number(score.value).toFixed(2)));
  score.addEventListener("change", () => wire.request({ do: "threshold", value: Number(score.value) }));
  wire.on("change:_state", show);
  wire.listen({ tiles: take, photo: (...given) => editor.take(...given), boxes: (...given) => editor.take(...given) });
  el.append(root);
  show();
  return () => {
    wire.close();
    editor.end();
    forget();
  };
}

export default { render };
