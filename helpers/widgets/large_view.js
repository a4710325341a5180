// One photo as large as there is room, to zoom into, to step from, and to compare with another one beside it.
import { button, keyOf, make, pairList } from "./elements.js";
import { percent, shortDistance } from "./likeness.js";
import { Zoom } from "./zoom.js";

const blobUrl = (content) => URL.createObjectURL(new Blob([content], { type: "image/jpeg" }));

export class LargeView {
  // `act` has `ask(photo)`, `want(photo)`, upon which the photo comes by `take`, and `query()`, the photo that others are
  // compared with.
  constructor(root, act) {
    this.act = act;
    this.photo = null;
    this.image = make("img", { alt: "", draggable: false });
    this.layer = make("div", { className: "kf-layer" }, this.image);
    this.stage = make("div", { className: "kf-stage" }, this.layer);
    this.pinned = null; // the photo that others are compared with
    this.pinnedImage = make("img", { alt: "", draggable: false });
    this.pinnedName = make("span", { className: "kf-pinned" });
    this.beside = make("div", { className: "kf-stage", hidden: true }, make("div", { className: "kf-layer" }, this.pinnedImage), this.pinnedName);
    this.stages = make("div", { className: "kf-stages" }, this.beside, this.stage);
    this.zoom = new Zoom(this.stages, () => this.mayDrag());
    this.facts = make("div", {});
    this.status = make("p", { className: "kf-hint", role: "status" });
    this.find = button("Find similar", "Search with the whole photo (Enter)", () => this.leave(() => this.act.ask(this.photo)));
    this.compareButton = button("Compare", "The query stays at the left, the arrows go through the others (C)", () => this.compare());
    this.buttons = make(
      "div", { className: "kf-row" },
      button("Close", "(Escape)", () => this.close()), // the first for the keyboard too
      button("‹", "Photo before (left arrow)", () => this.step(-1)),
      button("›", "Next photo (right arrow)", () => this.step(1)),
      this.find, this.compareButton,
      button("−", "Zoom out (−)", () => this.zoom.key("-")), button("+", "Zoom in (+, or the wheel)", () => this.zoom.key("+")),
    );
    this.element = make(
      "div", { className: "kf-large", hidden: true, tabIndex: -1, role: "dialog", "aria-modal": "true", "aria-label": "Large view" },
      this.buttons, this.stages, this.facts, this.status,
    );
    root.append(this.element);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.secondClick(event), { capture: true });
    this.image.addEventListener("load", () => this.place());
    this.sized = new ResizeObserver(() => {
      this.zoom.apply();
      this.place();
    });
    this.sized.observe(this.stage);
  }

  // What a view with more than this has of its own: whether a drag moves the photo, what lies on it, a hint, and keys.
  mayDrag() {
    return true;
  }

  place() {}

  hint() {
    return "Wheel, + and − zoom; the arrows go through the photos.";
  }

  ownKey() {
    return false;
  }

  // Show a photo of `order`; `about` is what is known of each. `back(photo, leaving)` takes the focus when this is
  // closed, for what comes then where it is `leaving`.
  open(photo, order, about, back) {
    [this.photo, this.order, this.about, this.back] = [photo, order, about, back ?? this.back];
    this.element.hidden = false;
    if (back) this.unpin();
    this.fresh ||= Boolean(back);
    this.zoom.reset();
    this.image.removeAttribute("src");
    this.facts.replaceChildren();
    this.status.textContent = "Opening the photo …";
    this.act.want(photo);
    this.element.focus({ preventScroll: true });
  }

  // Of a double click whose first click opened this, the second one presses no button here.
  secondClick(event) {
    if (this.fresh && event.detail > 1) event.stopPropagation();
    else this.fresh = false;
  }

  // A photo and its details have come.
  take(content, buffers) {
    if (this.element.hidden) return;
    if (content.photo === this.pinned) this.takePinned(content, buffers);
    if (content.photo !== this.photo) return;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = buffers.length ? blobUrl(buffers[0]) : null;
    this.status.textContent = content.error ?? this.hint(content);
    if (this.url) this.image.src = this.url;
    this.image.alt = content.name;
    this.facts.replaceChildren(pairList("kf-facts", this.factsOf(content)));
  }

  factsOf({ name, folder, date, width, height, bytes, label, products }) {
    const size = bytes === undefined ? null : bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
    const { distance = null, likeness = null, score = null, word, rank } = this.about[this.photo] ?? {};
    const number = (value) => (value === null ? null : shortDistance(value));
    const facts = {
      Name: name, Folder: folder, Date: date, Size: [width && `${width} × ${height} px`, size].filter(Boolean).join(", "),
      Label: label, Products: products, Rank: rank, Word: word, Likeness: likeness === null ? null : percent(likeness),
      Distance: score !== null && likeness === null ? null : number(distance), // that of an answer to words is 1 − score
      Score: number(score),
    };
    return Object.entries(facts).filter(([, value]) => value);
  }

  // Pin a photo, else the query, or without one this photo, at the left; or take it away. Beside itself stands none.
  compare(photo = this.act.query() ?? this.photo) {
    if (this.pinned !== null) return this.unpin();
    if (photo === this.photo) this.step(this.order[this.order.indexOf(photo) + 1] === undefined ? -1 : 1);
    this.pinned = photo;
    this.pinnedName.textContent = "";
    this.beside.hidden = false;
    this.compareButton.setAttribute("aria-pressed", "true");
    this.zoom.reset();
    this.act.want(this.pinned);
  }

  takePinned(content, buffers) {
    if (this.pinnedUrl) URL.revokeObjectURL(this.pinnedUrl);
    this.pinnedUrl = buffers.length ? blobUrl(buffers[0]) : null;
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

  leave(act) {
    this.close(true);
    act();
  }

  close(leaving = false) {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.unpin();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.back?.(this.photo, leaving);
  }

  step(by) {
    const place = this.order.indexOf(this.photo) + by;
    if (this.order[place] !== undefined) this.open(this.order[place], this.order, this.about);
  }

  get keys() {
    const find = () => this.leave(() => this.act.ask(this.photo));
    return {
      Escape: () => this.close(), ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1),
      Enter: find, a: find, c: () => this.compare(),
    };
  }

  key(event) {
    const key = keyOf(event);
    if (event.key === "Tab") return this.trap(event);
    event.stopPropagation(); // none of Jupyter's keys, nor of the page's, while this is open
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = this.keys;
    if (!this.ownKey(key, event)) {
      if (key === "Enter" && event.target.closest("button")) return; // that button's
      if (!this.zoom.key(key, event.shiftKey)) {
        if (!(key in acts)) return;
        acts[key]();
      }
    }
    event.preventDefault();
  }

  // Tab stays within the dialog.
  trap(event) {
    const all = [...this.element.querySelectorAll("button:not(:disabled), .kf-box:not([hidden])")];
    const stops = all.filter((each) => each.offsetWidth);
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
