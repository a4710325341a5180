// What is selected on the map, as photos beneath it; a click on one takes it out.
import { grouped, make } from "../../../widgets/elements.js";

const MOST = 30; // photos that are shown

export class SelectedPanel {
  constructor(thumbnails, takeOut) {
    [this.thumbnails, this.takeOut] = [thumbnails, takeOut];
    this.photos = [];
    this.title = make("span", { className: "kf-title" });
    this.row = make("div", { className: "kf-selected-row" });
    this.element = make("div", { className: "kf-selected", hidden: true, role: "group", "aria-label": "Selected photos" }, this.title, this.row);
  }

  // The photos whose thumbnails are wanted.
  get wanted() {
    return this.photos.slice(0, MOST);
  }

  show(photos) {
    this.photos = photos;
    this.element.hidden = !photos.length;
    this.title.hidden = photos.length <= MOST;
    this.title.textContent = `The first ${MOST} of ${grouped(photos.length)}:`;
    this.draw();
  }

  // Thumbnails have come.
  draw() {
    if (this.element.hidden) return;
    const key = JSON.stringify(this.wanted.map((photo) => [photo, Boolean(this.thumbnails.get(photo)?.url)]));
    if (key === this.drawn) return;
    this.drawn = key;
    this.row.replaceChildren(...this.wanted.map((photo) => {
      const { url, name = "photo" } = this.thumbnails.get(photo) ?? {};
      const title = `${name}: take it out of the selection`;
      const picture = url ? make("img", { src: url, alt: "" }) : make("span", {});
      return make("button", { type: "button", title, "aria-label": title, onclick: () => this.takeOut(photo) }, picture);
    }));
  }
}
