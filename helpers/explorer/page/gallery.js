// A scrolling listbox that has elements only for the photos on screen.
import { button, keyOf, lastPart, make } from "../../widgets/elements.js";
import { likenessLine, percent, shortDistance } from "../../widgets/likeness.js";
import { outline } from "../../widgets/outline.js";
import { partKey } from "./parts.js";

export const TILE = 148; // px: a photo and what is written under it, until somebody wants another size
const GAP = 6;
const CAPTION = 20; // px of a line under a photo
const BAR = 18; // more under a photo that was found: how like the query it is
const SHARP = 170; // px of a tile from which on large thumbnails are asked for
const WIDE = 190; // px of a tile that has room for a date beside the place

const guess = (word, score) => [word, shortDistance(score)].filter(Boolean).join(" ");

export class Gallery {
  constructor(root, thumbnails, parts, act) {
    [this.thumbnails, this.parts, this.act] = [thumbnails, parts, act];
    this.order = [];
    this.picked = new Set();
    this.about = {};
    this.marks = { like: new Set(), unlike: new Set() };
    this.judged = { confirmed: new Set(), rejected: new Set() };
    this.active = 0; // the place of the photo that keys act on
    this.anchor = 0; // where a selection with Shift began
    this.tiles = new Map(); // place → element
    this.wish = TILE; // px
    this.captioned = false; // whether some photo has a place or a date
    this.id = `kinframe-${Math.random().toString(36).slice(2)}`;
    this.sheet = make("div", { className: "kf-sheet", role: "presentation" });
    this.band = make("div", { className: "kf-band", hidden: true });
    const clear = button("Clear all filters", "All photos pass again", () => act.clear());
    this.empty = make("div", { className: "kf-empty", hidden: true }, make("p", { textContent: "No photo passes the filters." }), clear);
    this.element = make(
      "div",
      { className: "kf-gallery", tabIndex: 0, role: "listbox", "aria-multiselectable": "true", "aria-label": "Photos" },
      this.sheet,
      this.empty,
    );
    this.sheet.append(this.band);
    root.append(this.element);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("pointerdown", (event) => this.press(event));
    this.sized = new ResizeObserver(() => this.layout());
    this.sized.observe(this.element);
  }

  // Show other photos; the one that keys act on stays, if it is still among them.
  show(order, about, marks, found, judged) {
    this.judged = judged;
    const before = this.order[this.active];
    const same = order.length === this.order.length && order.every((photo, place) => photo === this.order[place]);
    [this.order, this.about, this.marks, this.found] = [order, about, marks, found];
    if (!same) {
      this.active = Math.max(0, order.indexOf(before));
      this.anchor = this.active;
      if (this.active === 0 || found) {
        this.active = this.anchor = 0;
        this.element.scrollTop = 0;
      }
    }
    this.empty.hidden = order.length > 0;
    this.layout();
  }

  layout() {
    const width = this.element.clientWidth - 2 * GAP;
    if (width <= 0) return; // not in the page yet, or hidden
    this.columns = Math.max(1, Math.round((width + GAP) / (this.wish + GAP)));
    this.side = Math.floor((width + GAP) / this.columns) - GAP;
    this.picture = Math.round(0.76 * this.side); // most photos are 4:3
    this.tall = this.picture + CAPTION * (this.captioned ? 2 : 1) + (this.found ? BAR : 0) + 2;
    const large = this.side * Math.min(2, window.devicePixelRatio || 1) > SHARP;
    this.thumbnails.show(large);
    this.parts.show(large);
    const lines = Math.ceil(this.order.length / this.columns);
    this.sheet.style.height = `${lines * (this.tall + GAP)}px`;
    for (const tile of this.tiles.values()) tile.remove();
    this.tiles.clear();
    this.draw();
  }

  lines(extra = 0) {
    const { scrollTop, clientHeight } = this.element;
    const line = this.tall + GAP;
    return [Math.max(0, Math.floor(scrollTop / line) - extra), Math.ceil((scrollTop + clientHeight) / line) + extra];
  }

  draw() {
    if (!this.columns) return;
    const [first, end] = this.lines(1).map((line) => Math.min(this.order.length, line * this.columns));
    for (const [place, tile] of this.tiles) {
      if (place >= first && place < end) continue;
      tile.remove();
      this.tiles.delete(place);
    }
    for (let place = first; place < end; place++) {
      if (!this.tiles.has(place)) {
        const tile = this.tile(place);
        this.tiles.set(place, tile);
        this.sheet.append(tile);
      }
    }
    this.mark();
    const [top, bottom] = this.lines().map((line) => line * this.columns);
    const wanted = [...this.order.slice(top, bottom), ...this.order.slice(first, top), ...this.order.slice(bottom, end)];
    this.thumbnails.want(wanted);
    this.parts.want(wanted.filter((photo) => this.about[photo]?.box).map((photo) => partKey(photo, this.about[photo].box)));
  }

  tile(place) {
    const photo = this.order[place];
    const [line, column] = [Math.floor(place / this.columns), place % this.columns];
    const tile = make("div", {
      className: "kf-tile",
      id: `${this.id}-${place}`,
      role: "option",
      "aria-posinset": place + 1,
      "aria-setsize": this.order.length,
    });
    tile.dataset.place = place;
    tile.style.transform = `translate(${column * (this.side + GAP)}px, ${line * (this.tall + GAP)}px)`;
    tile.style.width = `${this.side}px`;
    tile.style.height = `${this.tall}px`;
    const picture = make("div", { className: "kf-picture" });
    picture.style.height = `${this.picture}px`;
    tile.append(picture, make("span", { className: "kf-tick", title: "Select (Space)", "aria-hidden": "true" }));
    tile.append(make("span", { className: "kf-ask", textContent: "Find similar", title: "Find similar (Enter)", "aria-hidden": "true" }));
    tile.append(make("div", { className: "kf-name" }));
    if (this.captioned) tile.append(make("div", { className: "kf-caption" }));
    const about = this.about[photo];
    if (about && this.found) tile.append(likenessLine(about));
    this.fill(tile, photo);
    return tile;
  }

  fill(tile, photo) {
    const entry = this.thumbnails.get(photo);
    const about = this.about[photo];
    const picture = tile.querySelector(".kf-picture");
    picture.replaceChildren();
    picture.classList.remove("kf-parted");
    tile.classList.toggle("kf-gone", entry?.url === null);
    if (!entry) return;
    const confirmed = this.judged.confirmed.has(photo);
    const judged = confirmed || this.judged.rejected.has(photo);
    const several = about?.photos > 1;
    const inWords = [
      entry.name,
      entry.place,
      entry.taken,
      about?.rank && `rank ${about.rank}`,
      (about?.likeness ?? null) !== null && `${percent(about.likeness)} alike`,
      (about?.score ?? null) !== null && guess(about.word, about.score),
      (about?.distance ?? null) !== null && (about.score ?? null) === null && `distance ${shortDistance(about.distance)}`,
      several && `${about.photos} photos`,
      entry.label && `label ${entry.label}`,
      judged && (confirmed ? "confirmed" : "rejected"),
    ];
    tile.setAttribute("aria-label", inWords.filter(Boolean).join(", "));
    tile.title = [entry.name, entry.place, entry.taken].filter(Boolean).join("\n");
    tile.querySelector(".kf-name").textContent = lastPart(entry.name);
    if (this.captioned) {
      const when = entry.taken && (this.side >= WIDE ? entry.taken : entry.taken.slice(-5));
      const parts = [entry.place, when].filter(Boolean).map((text, part) => make("span", { textContent: part ? ` · ${text}` : text }));
      tile.querySelector(".kf-caption").replaceChildren(...parts);
    }
    const badge = (name, textContent, more) => picture.append(make("span", { className: name, textContent, ...more }));
    if (several) badge("kf-several", `×${about.photos}`, { title: "Photos of this event (E)" });
    if (judged) badge("kf-verdict", confirmed ? "✓" : "✗", { "aria-hidden": "true" });
    if (entry.label) badge("kf-label", entry.label);
    if (!entry.url) return badge("kf-lost", "cannot be read");
    const image = make("img", { src: entry.url, alt: "", draggable: false });
    image.addEventListener("error", () => (image.remove(), badge("kf-lost", "cannot be read")), { once: true });
    picture.prepend(image);
    if (!about?.box && entry.outline) {
      image.addEventListener("load", () => picture.append(outline(image, picture, entry.outline)), { once: true });
    }
    if (!about?.box) return;
    image.addEventListener("load", () => picture.append(outline(image, picture, about.box)), { once: true });
    const part = this.parts.get(partKey(photo, about.box))?.url;
    if (!part) return;
    // The part that was compared; the whole photo beneath it is seen while the mouse is there.
    picture.classList.add("kf-parted");
    image.after(make("img", { className: "kf-part", src: part, alt: "", draggable: false }));
  }

  // Labels were given or taken back: pairs of a photo and its label or null.
  relabel(pairs) {
    for (const [photo, label] of pairs) {
      const entry = this.thumbnails.get(photo);
      if (entry) entry.label = label;
    }
    this.refill(pairs.map(([photo]) => photo));
  }

  // Names, labels or thumbnails of photos have come.
  refill(photos) {
    const some = new Set(photos);
    for (const [place, tile] of this.tiles) if (some.has(this.order[place])) this.fill(tile, this.order[place]);
  }

  mark() {
    for (const [place, tile] of this.tiles) {
      const photo = this.order[place];
      tile.setAttribute("aria-selected", this.picked.has(photo));
      tile.classList.toggle("kf-active", place === this.active);
      tile.classList.toggle("kf-liked", this.marks.like.has(photo));
      tile.classList.toggle("kf-unliked", this.marks.unlike.has(photo));
      tile.classList.toggle("kf-confirmed", this.judged.confirmed.has(photo));
      tile.classList.toggle("kf-rejected", this.judged.rejected.has(photo));
    }
    if (this.tiles.has(this.active)) this.element.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  pick(photos) {
    this.picked = new Set(photos);
    this.mark();
  }

  go(place, extend) {
    if (!this.order.length) return;
    this.active = Math.min(Math.max(0, place), this.order.length - 1);
    const top = Math.floor(this.active / this.columns) * (this.tall + GAP);
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.tall + 2 * GAP > scrollTop + clientHeight) this.element.scrollTop = top + this.tall + 2 * GAP - clientHeight;
    if (extend) this.extend();
    else this.anchor = this.active;
    this.draw();
  }

  // Keys go on from this photo, if it is shown.
  find(photo) {
    const place = this.order.indexOf(photo);
    if (place >= 0) this.go(place, false);
  }

  extend() {
    const [first, last] = [Math.min(this.anchor, this.active), Math.max(this.anchor, this.active)];
    this.act.select([...new Set([...this.picked, ...this.order.slice(first, last + 1)])]);
  }

  toggle(place) {
    const picked = new Set(this.picked);
    const photo = this.order[place];
    if (!picked.delete(photo)) picked.add(photo);
    this.anchor = this.active = place;
    this.act.select([...picked]);
  }

  // This photo's event, or those of all that are selected with it; then on to the next.
  judge(yes) {
    const photo = this.order[this.active];
    if (photo === undefined) return;
    const chosen = this.picked.has(photo) ? [...this.picked] : [photo];
    if (this.act.judge(chosen, yes) && chosen.length === 1) this.go(this.active + 1, false);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / (this.tall + GAP))) * this.columns;
    const moves = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page,
      Home: -this.order.length, End: this.order.length,
    };
    const photo = this.order[this.active];
    const key = keyOf(event);
    const command = event.ctrlKey || event.metaKey;
    const acts = {
      a: () => this.act.ask(photo),
      l: () => this.act.mark(photo, true),
      u: () => this.act.mark(photo, false),
      " ": () => this.toggle(this.active),
      Enter: () => this.act.ask(photo),
      o: () => this.act.open(photo),
      Escape: () => this.act.select([]),
      Backspace: () => this.act.step(event.shiftKey ? 1 : -1),
      "/": () => this.act.filter(),
      w: () => this.act.type(),
      t: () => this.act.label(),
      c: () => this.act.compare(photo),
      e: () => this.act.event(photo),
      y: () => this.judge(true),
      n: () => this.judge(false),
      z: () => this.act.unjudge(),
    };
    if (command && key === "a") this.act.select(this.order);
    else if (command || event.altKey) return; // the browser's and Jupyter's own
    else if (key in moves) {
      // A vertical move stays in its column.
      const there = this.active + moves[key];
      const column = key.startsWith("Arrow") && (there < 0 || there >= this.order.length) && Math.abs(moves[key]) > 1;
      this.go(column ? this.active : there, event.shiftKey);
    } else if (key in acts && (photo !== undefined || ["Escape", "Backspace", "/", "w"].includes(key))) acts[key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // A click selects, with Ctrl, with Shift or on the tick also more; a second one opens; a drag selects what it touches.
  press(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    const [x, y] = this.point(event);
    if (event.clientX - this.element.getBoundingClientRect().left > this.element.clientWidth) return; // the scroll bar
    const tile = event.target.closest(".kf-tile");
    const before = event.ctrlKey || event.metaKey || event.shiftKey ? [...this.picked] : [];
    let dragged = false;
    const move = (now) => {
      const [a, b] = this.point(now);
      dragged ||= Math.hypot(a - x, b - y) > 6;
      if (!dragged) return;
      now.preventDefault();
      const [left, top] = [Math.min(a, x), Math.min(b, y)];
      const [wide, tall] = [Math.abs(a - x), Math.abs(b - y)];
      this.band.hidden = false;
      Object.assign(this.band.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${tall}px` });
      this.pick([...before, ...this.within(left, top, left + wide, top + tall)]);
      const edge = this.element.getBoundingClientRect();
      if (now.clientY > edge.bottom - 20) this.element.scrollTop += 20;
      if (now.clientY < edge.top + 20) this.element.scrollTop -= 20;
    };
    const end = (now) => {
      this.element.removeEventListener("pointermove", move);
      this.element.removeEventListener("pointerup", end);
      this.element.removeEventListener("pointercancel", end);
      this.band.hidden = true;
      if (dragged) return this.act.select([...this.picked]);
      if (tile && now.type === "pointerup") this.click(Number(tile.dataset.place), event);
    };
    if (event.pointerType === "mouse") this.element.setPointerCapture(event.pointerId); // a finger scrolls
    if (event.pointerType === "mouse") this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", end);
    this.element.addEventListener("pointercancel", end);
  }

  click(place, event) {
    const photo = this.order[place];
    const plain = !event.ctrlKey && !event.shiftKey && !event.metaKey;
    const near = this.twice?.photo === photo && Math.hypot(event.clientX - this.twice.x, event.clientY - this.twice.y) < 6;
    if (event.target.closest(".kf-ask")) return this.act.ask(photo);
    if (event.target.closest(".kf-several")) return this.act.event(photo);
    if (event.target.closest(".kf-tick") || event.ctrlKey || event.metaKey) return this.toggle(place);
    if (near && plain && this.twice.until > event.timeStamp) {
      this.twice = null;
      return this.act.open(photo);
    }
    if (event.shiftKey) return this.go(place, true);
    this.go(place, false);
    this.twice = { photo, until: event.timeStamp + 400, x: event.clientX, y: event.clientY };
    this.act.select([photo]);
  }

  // Show photos at another size; what is at the top stays there.
  resize(side) {
    const first = this.lines()[0] * (this.columns || 1);
    this.wish = side;
    this.layout();
    this.element.scrollTop = Math.floor(first / this.columns) * (this.tall + GAP);
  }

  point(event) {
    const edge = this.sheet.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  within(left, top, right, bottom) {
    const [wide, tall] = [this.side + GAP, this.tall + GAP];
    const photos = [];
    for (let line = Math.max(0, Math.floor(top / tall)); line * tall < bottom; line++) {
      for (let column = Math.max(0, Math.floor(left / wide)); column < this.columns && column * wide < right; column++) {
        const place = line * this.columns + column;
        if (place < this.order.length) photos.push(this.order[place]);
      }
    }
    return photos;
  }

  close() {
    this.sized.disconnect();
  }
}
