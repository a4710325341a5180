// The photo under the pointer, or in the middle, larger and with its name.
import { make } from "../../../widgets/elements.js";

export class Preview {
  constructor(stage) {
    this.picture = make("div", { className: "kf-picture" });
    this.name = make("div", { className: "kf-name" });
    this.element = make("div", { className: "kf-preview", role: "status", "aria-label": "Photo", hidden: true }, this.picture, this.name);
    stage.append(this.element);
  }
  show(entry, x, y, wide, tall) {
    this.element.hidden = false;
    if (this.entry !== entry || this.url !== entry?.url) {
      [this.entry, this.url] = [entry, entry?.url];
      const word = make("span", { textContent: entry ? "cannot be read" : "…" });
      this.picture.replaceChildren(entry?.url ? make("img", { src: entry.url, alt: "", draggable: false }) : word);
      this.name.textContent = entry?.name ?? "";
    }
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + 18 + offsetWidth < wide ? x + 18 : Math.max(4, x - 18 - offsetWidth);
    const top = Math.max(4, Math.min(y - offsetHeight / 2, tall - offsetHeight - 4));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
  hide() {
    this.element.hidden = true;
    this.entry = this.url = undefined;
  }
}
