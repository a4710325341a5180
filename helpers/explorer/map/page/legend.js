// What the colours mean; a click on a kind leaves the others grey.
import { grouped, make } from "../../../widgets/elements.js";
import { MISSING, OTHER } from "./points.js";

export class Legend {
  constructor(bright, select) {
    [this.bright, this.select] = [bright, select];
    this.element = make("div", { className: "kf-legend", role: "group", "aria-label": "Legend" });
  }
  shows(legend) {
    return this.shown === JSON.stringify(legend);
  }
  show(legend) {
    if (this.shows(legend)) return this.press();
    this.shown = JSON.stringify(legend);
    const parts = [];
    if (legend.kind === "scale") {
      const ramp = make("span", { className: "kf-ramp", role: "img", "aria-label": `scale from ${legend.low} to ${legend.high}` });
      parts.push(make("span", { className: "kf-scale" }, make("span", { textContent: legend.low }), ramp, make("span", { textContent: legend.high })));
    }
    (legend.kinds ?? []).forEach(([name, count], code) => parts.push(this.kind(code, name, count)));
    if (legend.others) parts.push(this.kind(OTHER, `${grouped(legend.others)} more`, legend.other));
    if (legend.missing) parts.push(this.kind(MISSING, "no value", legend.missing));
    if (parts.length && legend.title) parts.unshift(make("b", { className: "kf-column", textContent: legend.title }));
    this.element.hidden = !parts.length;
    this.element.replaceChildren(...parts);
    this.takeColours();
    this.press();
  }
  kind(code, name, count) {
    const chip = make(
      "button", { type: "button", className: "kf-kind", title: `${name}: show these, and the others in grey; with Ctrl, select them` },
      make("span", { className: "kf-swatch", "aria-hidden": "true" }),
      make("span", { textContent: name || "none" }),
      make("span", { className: "kf-count", textContent: grouped(count) }),
    );
    chip.dataset.code = code;
    chip.onclick = (event) => (event.ctrlKey || event.metaKey ? this.select(code) : this.bright(code));
    return chip;
  }
  takeColours() {
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
