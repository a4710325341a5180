// The page of the explorer. It shows what the kernel tells in three traits, and asks by messages:
//   _state   settings, question, trail, message          _rows    what is on show, in order: photo numbers
//   _picked  what is selected
// A photo is known by its number: a row of the collection, or below zero one from outside.
// File names come from other people: they go into the page as text alone.

const TILE = 116; // px: a photo and what is written under it
const GAP = 6;
const CAPTION = 22;
const BAR = 18; // more under a photo that was found: its distance
const KEPT = 3000; // thumbnails in memory
const PART = 2 ** 21; // bytes of an upload in one message: servers refuse long ones
const LARGEST = 50 * 2 ** 20;
const PATIENCE = 10_000; // ms until we say that the kernel does not answer
const STEP = 0.02; // of a photo's side, by which keys move a box
const LEAST = 0.02; // the side of a box

const KEYS = [
  ["arrows, Home, End, Page Up, Page Down", "go from photo to photo"],
  ["A, or a click", "ask: the photos most like this one"],
  ["Enter, or a double click", "large view"],
  ["L, U", "more like this, not like this"],
  ["E", "all photos of this one's event"],
  ["Y, N, Z", "confirm, reject, take that back"],
  ["Space, or Ctrl and a click, or a drag", "select"],
  ["Shift and arrows or a click", "select all up to there"],
  ["Ctrl+A, Escape", "select all, select none"],
  ["Backspace, Shift+Backspace", "back, forward"],
  ["/", "filter by name"],
  ["Ctrl+V, or drop a file", "ask with a photo from outside"],
  ["in the large view: B, arrows, Shift and arrows, Enter", "a box, move it, size it, ask with it"],
];

// An element with properties, attributes (what has a dash, or `role`) and children.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for" || name === "list") element.setAttribute(name, value);
    else element[name] = value;
  }
  // JupyterLab's shortcuts keep away from an element that says so itself; an ancestor's word comes too late for :focus.
  if (element.tabIndex >= 0 || tag === "summary") element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

const numbers = (view) => {
  if (!view || !view.byteLength) return [];
  const bytes = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
  return Array.from(new Uint32Array(bytes));
};

const lastPart = (name) => name.slice(name.lastIndexOf("/") + 1);
const shown = (distance) => (distance === 0 ? "0" : Number(distance).toPrecision(3));

// What the kernel is asked, and whether it still answers.
class Wire {
  constructor(model, silent) {
    this.model = model;
    this.silent = silent;
    this.waiting = new Map();
    this.last = 0;
    this.own = Math.random().toString(36).slice(2); // two views of one explorer hear each other's answers
  }
  ask(wish, buffers) {
    const number = `${this.own}-${++this.last}`;
    this.waiting.set(number, setTimeout(() => this.silent(true), PATIENCE));
    this.model.send({ ...wish, number }, undefined, buffers);
    return number;
  }
  // Whatever it answers, it is there: those still waiting are given time anew.
  heard(number) {
    for (const [each, timer] of this.waiting) {
      clearTimeout(timer);
      this.waiting.set(each, setTimeout(() => this.silent(true), PATIENCE));
    }
    clearTimeout(this.waiting.get(number));
    this.waiting.delete(number);
    this.silent(false);
  }
  close() {
    for (const timer of this.waiting.values()) clearTimeout(timer);
  }
}

// Thumbnails and names of photos, asked for a screen at a time.
class Photos {
  constructor(wire, changed) {
    this.wire = wire;
    this.changed = changed;
    this.known = new Map(); // photo → {name, label, url}, the latest used last
    this.asked = new Set();
    this.request = null;
    this.wanted = [];
  }
  get(photo) {
    const found = this.known.get(photo);
    if (found) {
      this.known.delete(photo);
      this.known.set(photo, found);
    }
    return found;
  }
  want(photos) {
    this.wanted = photos.filter((photo) => !this.known.has(photo));
    this.next();
  }
  next() {
    const missing = this.wanted.filter((photo) => !this.known.has(photo)).slice(0, 60);
    if (this.request || !missing.length) return;
    this.request = this.wire.ask({ do: "photos", photos: missing });
  }
  done(number) {
    if (number !== this.request) return;
    this.request = null;
    this.next();
  }
  take(told, buffers) {
    for (const { photo, name, label, buffer } of told) {
      const old = this.known.get(photo);
      if (old?.url) URL.revokeObjectURL(old.url);
      const url = buffer === null ? null : URL.createObjectURL(new Blob([buffers[buffer]], { type: "image/jpeg" }));
      this.known.delete(photo);
      this.known.set(photo, { name, label, url });
    }
    for (const photo of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.forget(photo);
    }
    this.changed(told.map((each) => each.photo));
  }
  forget(photo) {
    const { url } = this.known.get(photo);
    if (url) URL.revokeObjectURL(url);
    this.known.delete(photo);
  }
  close() {
    for (const photo of [...this.known.keys()]) this.forget(photo);
  }
}

// A scrolling listbox that has elements only for the photos on screen.
class Gallery {
  constructor(root, photos, act) {
    this.photos = photos;
    this.act = act;
    this.order = [];
    this.picked = new Set();
    this.about = {};
    this.marks = { like: new Set(), unlike: new Set() };
    this.judged = { confirmed: new Set(), rejected: new Set() };
    this.active = 0; // the place of the photo that keys act on
    this.anchor = 0; // where a selection with Shift began
    this.tiles = new Map(); // place → element
    this.id = `kinframe-${Math.random().toString(36).slice(2)}`;
    this.sheet = make("div", { className: "kf-sheet", role: "presentation" });
    this.band = make("div", { className: "kf-band", hidden: true });
    this.empty = make("p", { className: "kf-empty", hidden: true });
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

  // New photos to show; the photo that keys act on stays, if it is still there.
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
    this.empty.textContent = "No photo passes the filters.";
    this.layout();
  }

  layout() {
    const width = this.element.clientWidth - 2 * GAP;
    if (width <= 0) return; // not in the page yet, or hidden
    this.columns = Math.max(1, Math.floor((width + GAP) / (TILE + GAP)));
    this.side = Math.floor((width + GAP) / this.columns) - GAP;
    this.picture = Math.round(0.78 * this.side); // most photos are 4:3
    this.tall = this.picture + CAPTION + (this.found ? BAR : 0);
    this.longest = Math.max(1e-12, ...this.order.slice(0, 500).map((photo) => this.about[photo]?.distance ?? 0));
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
    this.photos.want([...this.order.slice(top, bottom), ...this.order.slice(first, top), ...this.order.slice(bottom, end)]);
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
    tile.append(make("div", { className: "kf-name" }));
    const about = this.about[photo];
    if (about) {
      const bar = make("span", { className: "kf-bar" }, make("span"));
      bar.firstChild.style.width = `${(100 * about.distance) / this.longest}%`;
      if (about.distance !== null) {
        tile.append(make("div", { className: "kf-distance" }, make("span", { textContent: shown(about.distance) }), bar));
      }
    }
    this.fill(tile, photo);
    return tile;
  }

  fill(tile, photo) {
    const known = this.photos.get(photo);
    const picture = tile.querySelector(".kf-picture");
    picture.replaceChildren();
    tile.classList.toggle("kf-gone", known?.url === null);
    if (!known) return;
    const distance = this.about[photo]?.distance;
    const label = known.label ? `, label ${known.label}` : "";
    const several = this.about[photo]?.photos > 1 ? `, ${this.about[photo].photos} photos` : "";
    const verdict = this.judged.confirmed.has(photo) ? ", confirmed" : this.judged.rejected.has(photo) ? ", rejected" : "";
    const far = (distance ?? null) === null ? "" : `, distance ${shown(distance)}`;
    tile.setAttribute("aria-label", known.name + far + several + label + verdict);
    if (several) {
      picture.append(make("span", { className: "kf-several", textContent: `×${this.about[photo].photos}`, title: "Photos of this event (E)" }));
    }
    if (verdict) picture.append(make("span", { className: "kf-verdict", textContent: verdict === ", confirmed" ? "✓" : "✗", "aria-hidden": "true" }));
    tile.title = known.name;
    tile.querySelector(".kf-name").textContent = lastPart(known.name);
    if (known.label) picture.append(make("span", { className: "kf-label", textContent: known.label }));
    const lost = make("span", { className: "kf-lost", textContent: "cannot be read" });
    if (!known.url) return picture.append(lost);
    const image = make("img", { src: known.url, alt: "", draggable: false });
    image.addEventListener("error", () => image.replaceWith(lost), { once: true });
    picture.prepend(image);
    const box = this.about[photo]?.box;
    if (box) image.addEventListener("load", () => picture.append(outline(image, picture, box)), { once: true });
  }

  // Labels were given or taken back: pairs of a photo and its label or null.
  labelled(pairs) {
    for (const [photo, label] of pairs) {
      const known = this.photos.known.get(photo);
      if (known) known.label = label;
    }
    this.came(pairs.map(([photo]) => photo));
  }

  // Thumbnails have come.
  came(photos) {
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
    const there = this.tiles.has(this.active);
    if (there) this.element.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
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
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const command = event.ctrlKey || event.metaKey;
    const acts = {
      a: () => this.act.ask(photo),
      l: () => this.act.mark(photo, true),
      u: () => this.act.mark(photo, false),
      " ": () => this.toggle(this.active),
      Enter: () => this.act.open(photo),
      Escape: () => this.act.select([]),
      Backspace: () => this.act.step(event.shiftKey ? 1 : -1),
      "/": () => this.act.filter(),
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
    } else if (key in acts && (photo !== undefined || ["Escape", "Backspace", "/"].includes(key))) acts[key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // A click asks; with Ctrl, with Shift or on the tick it selects; a drag selects what it touches.
  press(event) {
    if (event.button !== 0) return;
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
    const near = Math.hypot(event.clientX - this.twice?.x, event.clientY - this.twice?.y) < 6;
    if (near && this.twice.until > event.timeStamp && !event.ctrlKey && !event.shiftKey && !event.metaKey) {
      const first = this.twice.photo; // the gallery may show an answer by now: what the first click met is meant
      this.twice = null;
      return this.act.open(first, true);
    }
    if (event.target.closest(".kf-several")) return this.act.event(photo);
    if (event.target.closest(".kf-tick") || event.ctrlKey || event.metaKey) return this.toggle(place);
    if (event.shiftKey) return this.go(place, true);
    this.go(place, false);
    this.twice = { photo, until: event.timeStamp + 400, x: event.clientX, y: event.clientY };
    this.act.ask(photo);
  }

  point(event) {
    const edge = this.sheet.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  within(left, top, right, bottom) {
    const [wide, tall] = [this.side + GAP, this.tall + GAP];
    const found = [];
    for (let line = Math.max(0, Math.floor(top / tall)); line * tall < bottom; line++) {
      for (let column = Math.max(0, Math.floor(left / wide)); column < this.columns && column * wide < right; column++) {
        const place = line * this.columns + column;
        if (place < this.order.length) found.push(this.order[place]);
      }
    }
    return found;
  }

  close() {
    this.sized.disconnect();
  }
}

// The frame around a part of a picture that is fitted into its place.
function outline(image, place, [left, top, right, bottom]) {
  const scale = Math.min(place.clientWidth / image.naturalWidth, place.clientHeight / image.naturalHeight);
  const [wide, tall] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const frame = make("span", { className: "kf-outline" });
  Object.assign(frame.style, {
    left: `${(place.clientWidth - wide) / 2 + left * wide}px`,
    top: `${(place.clientHeight - tall) / 2 + top * tall}px`,
    width: `${(right - left) * wide}px`,
    height: `${(bottom - top) * tall}px`,
  });
  return frame;
}

// One photo as large as there is room, on which a box can be drawn.
class Large {
  constructor(root, act) {
    this.act = act;
    this.photo = null;
    this.box = null; // left, top, right, bottom as shares of the photo
    this.image = make("img", { alt: "", draggable: false });
    this.frame = make("div", {
      className: "kf-box", tabIndex: 0, hidden: true, role: "group",
      "aria-label": "Box: arrows move it, Shift and arrows size it, Enter asks with it, Delete takes it away",
    });
    this.stage = make("div", { className: "kf-stage" }, this.image, this.frame);
    this.facts = make("dl", { className: "kf-facts" });
    this.said = make("p", { className: "kf-hint", role: "status" });
    const button = (text, title, click) => make("button", { type: "button", textContent: text, title, onclick: click });
    this.judging = make(
      "span", { className: "kf-row", hidden: true, role: "group", "aria-label": "Is it what is looked for?" },
      button("Yes", "Confirm its event (Y)", () => this.judge(true)),
      button("No", "Reject its event (N)", () => this.judge(false)),
    );
    this.search = button("Search the box", "Photos that have something like what is in the box (Enter)", () => this.ask());
    this.buttons = make(
      "div", { className: "kf-row" },
      button("‹", "Photo before (left arrow)", () => this.step(-1)),
      button("›", "Next photo (right arrow)", () => this.step(1)),
      button("Similar photos", "Ask with the whole photo (A)", () => this.leave(() => this.act.ask(this.photo))),
      button("Like this", "(L)", () => this.act.mark(this.photo, true)),
      button("Not like this", "(U)", () => this.act.mark(this.photo, false)),
      this.judging,
      button("Box", "Put a box on the photo; or draw one with the mouse (B)", () => this.put([0.25, 0.25, 0.75, 0.75], true)),
      this.search,
      button("Close", "(Escape)", () => this.close()),
    );
    this.element = make(
      "div", { className: "kf-large", hidden: true, tabIndex: -1, role: "dialog", "aria-modal": "true", "aria-label": "Large view" },
      this.buttons, this.stage, this.facts, this.said,
    );
    root.append(this.element);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.image.addEventListener("load", () => this.place());
    this.sized = new ResizeObserver(() => this.place());
    this.sized.observe(this.stage);
  }

  open(photo, order, about, back) {
    [this.photo, this.order, this.about, this.back] = [photo, order, about, back ?? this.back];
    this.element.hidden = false;
    this.image.removeAttribute("src");
    this.facts.replaceChildren();
    this.said.textContent = "Opening the photo …";
    this.put(null);
    this.act.want(photo);
    this.element.focus({ preventScroll: true });
  }

  take(told, buffers) {
    if (told.photo !== this.photo || this.element.hidden) return;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : null;
    const whole = "It is compared with whole photos; after model.add_regions(), in a cell, with parts of photos.";
    this.said.textContent = told.error ?? `Draw a box around a part of the photo to ask with that part. ${told.regions ? "" : whole}`;
    if (this.url) this.image.src = this.url;
    this.image.alt = told.name;
    const size = told.bytes === undefined ? null : told.bytes < 1e6 ? `${Math.ceil(told.bytes / 1e3)} kB` : `${(told.bytes / 1e6).toFixed(1)} MB`;
    const distance = this.about[this.photo]?.distance ?? null;
    const facts = {
      Name: told.name, Date: told.date, Size: told.width ? `${told.width} × ${told.height} px, ${size}` : size,
      Label: told.label, Distance: distance === null ? null : shown(distance),
    };
    this.facts.replaceChildren();
    for (const [name, value] of Object.entries(facts)) {
      if (value) this.facts.append(make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value })));
    }
    const box = this.about[this.photo]?.box;
    if (box && this.url) this.image.addEventListener("load", () => this.hint(box), { once: true });
  }

  // Where the part lies that was found.
  hint(box) {
    this.stage.querySelector(".kf-outline")?.remove();
    this.stage.append(outline(this.image, this.stage, box));
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

  put(box, focus) {
    this.box = box;
    this.place();
    this.search.disabled = !box;
    if (focus) this.frame.focus({ preventScroll: true });
  }

  // The box, and where in the stage the picture lies.
  place() {
    this.frame.hidden = !this.box || !this.image.naturalWidth;
    if (this.frame.hidden) return;
    const drawn = outline(this.image, this.stage, this.box);
    for (const side of ["left", "top", "width", "height"]) this.frame.style[side] = drawn.style[side];
  }

  share(event) {
    const whole = outline(this.image, this.stage, [0, 0, 1, 1]).style;
    const edge = this.stage.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    return [
      within((event.clientX - edge.left - parseFloat(whole.left)) / parseFloat(whole.width)),
      within((event.clientY - edge.top - parseFloat(whole.top)) / parseFloat(whole.height)),
    ];
  }

  press(event) {
    if (event.button !== 0 || !this.image.naturalWidth) return;
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
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const boxed = document.activeElement === this.frame || this.element.getRootNode().activeElement === this.frame;
    const acts = {
      Escape: () => (boxed ? (this.put(null), this.element.focus()) : this.close()),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      a: () => this.leave(() => this.act.ask(this.photo)),
      l: () => this.act.mark(this.photo, true),
      u: () => this.act.mark(this.photo, false),
      y: () => this.judge(true),
      n: () => this.judge(false),
      z: () => this.act.unjudge(),
      b: () => this.put(this.box ?? [0.25, 0.25, 0.75, 0.75], true),
    };
    if (event.key === "Tab") return this.trap(event);
    event.stopPropagation(); // none of Jupyter's keys while this is open
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (boxed && key.startsWith("Arrow")) this.shift(key, event.shiftKey);
    else if (boxed && key === "Enter") this.ask();
    else if (boxed && (key === "Delete" || key === "Backspace")) this.put(null), this.element.focus();
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
    if (this.url) URL.revokeObjectURL(this.url);
  }
}

// The controls above and below the gallery.
class Controls {
  constructor(act) {
    this.act = act;
    this.sent = {}; // what was last asked for under each name
    const later = (name) => (event) => this.send(name, event.target.value);
    const button = (text, title, click) => make("button", { type: "button", textContent: text, title, onclick: click });
    const field = (text, input) => make("label", { className: "kf-field" }, make("span", { textContent: text }), input);
    const input = (name, properties) => {
      const onblur = (event) => this.settle(name, event.target);
      return make("input", { name, onchange: later(name), onblur, autocomplete: "off", ...properties });
    };
    const select = (name) => make("select", { name, onchange: later(name) });

    this.back = button("‹", "Back (Backspace)", () => act.step(-1));
    this.forward = button("›", "Forward (Shift+Backspace)", () => act.step(1));
    this.all = button("All photos", "The whole collection again", () => act.browse());
    this.steps = make("div", { className: "kf-steps", role: "group", "aria-label": "What was asked" });
    this.file = make("input", { type: "file", accept: "image/*,.heic,.heif", hidden: true, tabIndex: -1 });
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) act.upload(this.file.files[0]);
      this.file.value = ""; // so that the same file can be chosen again
    });
    this.trail = make(
      "div", { className: "kf-row" }, this.back, this.forward, this.all, this.steps,
      button("Photo from outside", "Or drop a file here, or paste a picture", () => this.file.click()), this.file,
    );

    const folder = () => act.set({ folder: this.folder.value ? this.folder.value.slice(1) : null });
    this.folder = make("select", { name: "folder", onchange: folder });
    this.name = input("name", { type: "search", placeholder: "part of a file name", oninput: (event) => this.soon("name", event) });
    this.since = input("since", { type: "date" });
    this.until = input("until", { type: "date" });
    this.column = select("column");
    this.value = input("value", { type: "search", placeholder: "text, >=7, 3..7", oninput: (event) => this.soon("value", event) });
    this.sort = select("sort");
    this.descending = make("input", { type: "checkbox", name: "descending", onchange: () => act.set({ descending: this.descending.checked }) });
    this.dates = make("span", { className: "kf-row" }, field("from", this.since), field("to", this.until));
    this.columns = make("span", { className: "kf-row" }, field("column", this.column), field("is", this.value));
    this.filters = make(
      "div", { className: "kf-row", role: "search", "aria-label": "Filters" },
      field("folder", this.folder), field("name", this.name), this.dates, this.columns,
      field("sort by", this.sort), field("descending", this.descending),
    );

    this.asked = make("div", { className: "kf-asked" });
    this.k = make("input", { type: "range", name: "k", min: 1, max: 100, onchange: () => act.set({ k: Number(this.k.value) }) });
    this.count = make("output");
    this.k.addEventListener("input", () => (this.count.textContent = this.k.value));
    this.metric = select("metric");
    this.hide = make("input", { type: "checkbox", name: "hide", onchange: () => act.set({ hide: this.hide.checked }) });
    this.question = make(
      "div", { className: "kf-row kf-question", role: "group", "aria-label": "Question" },
      this.asked, field("k", this.k), this.count, field("distance", this.metric), field("hide what was asked with", this.hide),
    );

    this.species = make("strong", {});
    this.note = make("span", { role: "status" });
    this.judging = make(
      "div", { className: "kf-row kf-judging", role: "group", "aria-label": "Sightings", hidden: true },
      this.species, this.note,
      button("Candidates", "What is to be judged, one photo an event", () => act.sightings()),
      button("Rank again", "Put first what is like the confirmed and unlike the rejected ones", () => act.rank()),
      button("Yes", "Confirm the event of this photo, or of the selected ones (Y)", () => act.verdict(true)),
      button("No", "Reject it (N)", () => act.verdict(false)),
      button("Take back", "The last judgement (Z)", () => act.unjudge()),
    );
    this.status = make("span", { className: "kf-status", role: "status" });
    this.message = make("p", { className: "kf-message", role: "alert", hidden: true });
    this.words = make("datalist", { id: `kinframe-words-${Math.random().toString(36).slice(2)}` });
    this.label = make("input", { type: "text", name: "label", placeholder: "label", autocomplete: "off", list: this.words.id });
    this.label.addEventListener("keydown", (event) => event.key === "Enter" && this.give());
    this.to = make("input", { type: "text", name: "to", placeholder: "paths.csv, copies.zip, a folder", autocomplete: "off" });
    this.to.addEventListener("keydown", (event) => event.key === "Enter" && act.send(this.to.value));
    this.keep = make("span", { className: "kf-row" },
      field("label", this.label), button("Label", "Give the selected photos this label; an empty one takes theirs away", () => this.give()),
      field("export to", this.to), button("Export", "Paths as .csv, or copies as .zip or into a folder", () => act.send(this.to.value)),
      button("Select none", "(Escape)", () => act.select([])),
    );
    this.undo = button("Undo", "Take the last labels back", () => act.undo());
    this.foot = make("div", { className: "kf-row kf-foot" }, this.status, this.keep, this.undo, this.words);
    const keys = make("dl", {});
    for (const [key, does] of KEYS) keys.append(make("div", {}, make("dt", { textContent: key }), make("dd", { textContent: does })));
    this.help = make("details", { className: "kf-help" }, make("summary", { textContent: "Keys" }), keys);
  }

  give() {
    this.given = true;
    this.act.give(this.label.value);
    this.label.value = "";
  }

  // While somebody types, after a moment without a key.
  soon(name, event) {
    clearTimeout(this.typing);
    const { value } = event.target;
    this.typing = setTimeout(() => this.send(name, value), 250);
  }

  // A field that loses the focus tells its value once more: that is no news.
  send(name, value) {
    clearTimeout(this.typing);
    if (this.sent[name] === value) return;
    this.sent[name] = value;
    this.act.set({ [name]: value });
  }

  // What the kernel has set since is shown when nobody is typing any more.
  settle(name, input) {
    if (this.sent[name] !== input.value) return; // not asked for yet
    this.sent[name] = input.value = this.state[name];
  }

  show(state, shownCount, picked, photos) {
    this.state = state;
    for (const name of Object.keys(this.sent)) if (document.activeElement?.name !== name) this.sent[name] = state[name];
    const options = (element, pairs, chosen) => {
      const wanted = JSON.stringify(pairs);
      if (element.dataset.options !== wanted) {
        element.replaceChildren(...pairs.map(([value, text]) => make("option", { value, textContent: text })));
        element.dataset.options = wanted;
      }
      element.value = chosen;
    };
    const set = (element, value) => {
      if (element !== element.getRootNode().activeElement) element.value = value; // not under somebody's fingers
    };
    // The one character more keeps "no folder", whose name is empty, apart from "all folders".
    const folders = state.folders.map(([name, count]) => [`=${name}`, `${name || "no folder"} (${count})`]);
    options(this.folder, [["", "all folders"], ...folders], state.folder === null ? "" : `=${state.folder}`);
    this.folder.closest(".kf-field").hidden = state.folders.length < 2;
    set(this.name, state.name);
    set(this.since, state.since);
    set(this.until, state.until);
    this.dates.hidden = !state.dates;
    options(this.column, [["", "any"], ...state.columns.map((name) => [name, name])], state.column);
    this.columns.hidden = !state.columns.length;
    this.value.closest(".kf-field").hidden = !state.column;
    set(this.value, state.value);
    const orders = [["distance", state.found ? "distance" : "collection"], ["name", "name"], ["date", "date"]];
    options(this.sort, orders.filter(([name]) => name !== "date" || state.dates), state.sort);
    this.descending.checked = state.descending;
    this.question.hidden = !state.question || state.question.kind === "sightings";
    for (const each of [this.k, this.metric, this.hide]) each.closest(".kf-field").hidden = Boolean(state.question?.kind);
    this.count.hidden = Boolean(state.question?.kind);
    this.judging.hidden = !state.judging;
    if (state.judging) {
      this.species.textContent = state.judging.species;
      this.note.textContent = state.judging.note;
    }
    this.k.max = Math.max(100, state.k);
    set(this.k, state.k);
    this.count.textContent = this.k.value;
    options(this.metric, state.metrics.map((name) => [name, name]), state.metric);
    this.hide.checked = state.hide;
    this.back.disabled = state.place === 0;
    this.forward.disabled = state.place + 1 >= state.trail.length;
    this.all.disabled = state.question === null;
    this.words.replaceChildren(...state.words.map((word) => make("option", { value: word })));
    this.message.hidden = !state.message;
    this.message.textContent = state.message;
    this.say(state, shownCount, picked);
    this.pictures(state, photos);
  }

  say(state, shownCount, picked) {
    const counted = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
    const plain = (count) => counted(count, "photo");
    const what = state.found ? `${counted(shownCount, state.events ? "event" : "photo")} found` : shownCount === state.count ? plain(shownCount) : `${shownCount.toLocaleString("en")} of ${plain(state.count)}`;
    const hidden = state.hidden ? `; ${plain(state.hidden)} with people hidden` : "";
    this.status.textContent = (picked ? `${what}, ${picked.toLocaleString("en")} selected` : what) + hidden;
    this.keep.hidden = !picked || !state.keep;
    this.undo.hidden = !state.keep || (!state.labelled && !this.given);
  }

  // The photos of the question, and those of the trail.
  pictures(state, photos) {
    const thumbnail = (photo, box) => {
      const known = photos.get(photo);
      const place = make("span", { className: "kf-thumb" });
      if (known?.url) {
        const image = make("img", { src: known.url, alt: "" });
        place.append(image);
        if (box) image.addEventListener("load", () => place.append(outline(image, place, box)), { once: true });
      }
      return [place, known?.name ?? "photo"];
    };
    this.asked.replaceChildren();
    const question = state.question;
    const groups = question ? [[question.kind === "event" ? "the event of" : question.box ? "like the box" : "like", question.like, true], ["not like", question.unlike, false]] : [];
    for (const [title, some, like] of groups) {
      if (!some.length) continue;
      this.asked.append(make("span", { className: "kf-title", textContent: title }));
      for (const photo of some) {
        const [picture, name] = thumbnail(photo, question.box);
        const remove = make("button", { type: "button", className: `kf-chip ${like ? "" : "kf-not"}`, title: `${name}: take it out of the question` }, picture, make("span", { textContent: "×", "aria-hidden": "true" }));
        remove.setAttribute("aria-label", `${name}: take it out of the question`);
        remove.onclick = () => {
          if (question.kind) this.act.step(-1);
          else if (question.like.length + question.unlike.length === 1) this.act.browse();
          else this.act.mark(photo, like);
        };
        this.asked.append(remove);
      }
    }
    if (question && !question.kind && !question.like.length) this.asked.append(make("span", { textContent: "Mark a photo as like this too (L)." }));
    this.steps.replaceChildren();
    state.trail.forEach((step, place) => {
      if (!step || place < state.trail.length - 20) return;
      const first = step.like[0] ?? step.unlike[0];
      const judging = step.kind === "sightings";
      const [picture, name] = judging ? [make("span", { className: "kf-thumb kf-word", textContent: "?!" }), "candidates"] : thumbnail(first, step.box);
      if (step.kind === "event") picture.append(make("span", { className: "kf-more", textContent: "E" }));
      const more = judging ? 0 : step.like.length + step.unlike.length - 1;
      if (more > 0) picture.append(make("span", { className: "kf-more", textContent: `+${more}` }));
      const go = make("button", { type: "button", className: "kf-step", title: name, onclick: () => this.act.step(place - state.place) }, picture);
      go.setAttribute("aria-label", `question ${place}: ${name}`);
      if (place === state.place) go.setAttribute("aria-current", "step");
      this.steps.append(go);
    });
  }
}

function render({ model, el }) {
  const root = make("div", { className: "kinframe-explorer", role: "application", "aria-label": "Photo explorer" });
  const alarm = make("p", { className: "kf-message", role: "alert", hidden: true });
  const silent = (is) => {
    alarm.textContent = "The kernel does not answer: it is busy, or was restarted. If it was, run the cell again.";
    alarm.hidden = !is;
  };
  const wire = new Wire(model, silent);
  const state = () => model.get("_state");
  const order = () => numbers(model.get("_rows"));
  const picked = () => numbers(model.get("_picked"));
  const act = {
    ask: (photo) => wire.ask({ do: "ask", photo }),
    mark: (photo, like) => wire.ask({ do: "mark", photo, like }),
    region: (photo, box) => wire.ask({ do: "region", photo, box }),
    want: (photo) => wire.ask({ do: "large", photo }),
    step: (steps) => wire.ask({ do: "move", steps }),
    browse: () => wire.ask({ do: "browse" }),
    set: (values) => wire.ask({ do: "set", values }),
    give: (label) => wire.ask({ do: "give", label }),
    undo: () => wire.ask({ do: "undo" }),
    event: (photo) => photo !== undefined && state().events && wire.ask({ do: "event", photo }),
    judge: (photos, yes) => state().judging && wire.ask({ do: "judge", photos, yes }),
    verdict: (yes) => gallery.judge(yes),
    unjudge: () => state().judging && wire.ask({ do: "unjudge" }),
    sightings: () => wire.ask({ do: "sightings" }),
    rank: () => wire.ask({ do: "rank" }),
    send: (to) => wire.ask({ do: "export", to }),
    filter: () => controls.name.focus(),
    select: (photos) => {
      gallery.pick(photos);
      controls.say(state(), gallery.order.length, photos.length);
      selecting = wire.ask({ do: "select" }, [Uint32Array.from(photos).buffer]);
    },
    open: (photo, undo) => {
      if (undo) wire.ask({ do: "back" }); // the first of two clicks has asked already
      large.open(photo, gallery.order.includes(photo) ? gallery.order : [photo], undo ? {} : state().about, gallery.element);
    },
    upload: (file) => upload(file),
  };

  async function upload(file) {
    if (file.size > LARGEST) return say(`${file.name} is larger than 50 MB; make it smaller first.`);
    const content = new Uint8Array(await file.arrayBuffer());
    const parts = Math.max(1, Math.ceil(content.length / PART));
    const upload = `${wire.own}-${wire.last}`;
    for (let part = 0; part < parts; part++) {
      const piece = content.slice(part * PART, (part + 1) * PART);
      wire.ask({ do: "upload", upload, name: file.name || "pasted picture", parts }, [piece.buffer]);
    }
  }
  const say = (text) => {
    controls.message.textContent = text;
    controls.message.hidden = false;
  };

  const controls = new Controls(act);
  const photos = new Photos(wire, (some) => {
    gallery.came(some);
    const question = state().trail.flatMap((step) => (step ? [...step.like, ...step.unlike] : []));
    if (question.some((photo) => some.includes(photo))) controls.pictures(state(), photos);
  });
  root.append(alarm, controls.trail, controls.filters, controls.judging, controls.question, controls.message);
  const gallery = new Gallery(root, photos, act);
  root.append(controls.foot, controls.help);
  const large = new Large(root, act);

  let selecting = null; // the last selection made here, until the kernel has it: what it says before is older
  function choose() {
    if (selecting) return;
    gallery.pick(picked());
    controls.say(state(), gallery.order.length, gallery.picked.size);
  }
  function update() {
    const now = state();
    const question = now.question ?? { like: [], unlike: [] };
    const marks = { like: new Set(question.like), unlike: new Set(question.unlike) };
    const judged = { confirmed: new Set(now.judging?.confirmed), rejected: new Set(now.judging?.rejected) };
    gallery.show(order(), now.about, marks, now.found, judged);
    large.judging.hidden = !now.judging;
    controls.show(now, gallery.order.length, gallery.picked.size, photos);
  }
  function heard(told, buffers = []) {
    if (told.kind === "photos") photos.take(told.photos, buffers);
    else if (told.kind === "large") large.take(told, buffers);
    else if (told.kind === "labels") gallery.labelled(told.labels);
    else if (told.kind === "done") {
      wire.heard(told.number);
      photos.done(told.number);
      if (told.number === selecting) {
        selecting = null;
        choose();
      }
    }
  }
  const lost = () => silent(model.comm_live === false);
  model.on("msg:custom", heard);
  model.on("change:_state", update);
  model.on("change:_picked", choose);
  model.on("comm_live_status_update", lost);

  const stop = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  root.addEventListener("dragover", (event) => {
    stop(event);
    root.classList.add("kf-dropping");
  });
  root.addEventListener("dragleave", (event) => !root.contains(event.relatedTarget) && root.classList.remove("kf-dropping"));
  root.addEventListener("drop", (event) => {
    stop(event);
    root.classList.remove("kf-dropping");
    if (event.dataTransfer.files[0]) upload(event.dataTransfer.files[0]);
  });
  root.addEventListener("paste", (event) => {
    const file = event.clipboardData.files[0];
    if (!file) return;
    stop(event);
    upload(file);
  });

  el.append(root);
  gallery.picked = new Set(picked());
  update();
  choose();
  return () => {
    model.off("msg:custom", heard);
    model.off("change:_state", update);
    model.off("change:_picked", choose);
    model.off("comm_live_status_update", lost);
    wire.close();
    photos.close();
    gallery.close();
    large.end();
    root.remove();
  };
}

export default { render };
