// The controls above and below the gallery: the trail, the filters, the query, judging, labels and export.
import { button, counted, field, grouped, keyHelp, make, message, setOptions } from "../../widgets/elements.js";
import { outline } from "./outline.js";

const KEYS = [
  ["arrows, Home, End, Page Up, Page Down", "go from photo to photo"],
  ["A, or a click", "search: the photos most like this one"],
  ["Enter, or a double click", "large view"],
  ["L, U", "more like this, not like this"],
  ["E", "all photos of this one's event"],
  ["Y, N, Z", "confirm, reject, take that back"],
  ["Space, or Ctrl and a click, or a drag", "select"],
  ["Shift and arrows or a click", "select all up to there"],
  ["Ctrl+A, Escape", "select all, select none"],
  ["Backspace, Shift+Backspace", "back, forward"],
  ["/", "filter by name"],
  ["W, then Enter", "search in words"],
  ["Ctrl+V, or drop a file", "search with a photo from outside"],
  ["in the large view: B, arrows, Shift and arrows, Enter", "a box, move it, size it, search with it"],
];

export class Controls {
  constructor(act) {
    this.act = act;
    this.sent = {}; // the last value that was sent, by the name of the field
    const later = (name) => (event) => this.send(name, event.target.value);
    const input = (name, properties) => {
      const onblur = (event) => this.settle(name, event.target);
      return make("input", { name, onchange: later(name), onblur, autocomplete: "off", ...properties });
    };
    const select = (name) => make("select", { name, onchange: later(name) });

    this.back = button("‹", "Back (Backspace)", () => act.step(-1));
    this.forward = button("›", "Forward (Shift+Backspace)", () => act.step(1));
    this.all = button("All photos", "The whole collection again", () => act.browse());
    this.steps = make("div", { className: "kf-steps", role: "group", "aria-label": "Earlier queries" });
    this.file = make("input", { type: "file", accept: "image/*,.heic,.heif", hidden: true, tabIndex: -1 });
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) act.upload(this.file.files[0]);
      this.file.value = ""; // so that the same file can be chosen again
    });
    this.text = make("input", { type: "search", name: "text", placeholder: "fox, red car, 狐狸", autocomplete: "off", maxLength: 200 });
    this.text.addEventListener("keydown", (event) => event.key === "Enter" && act.words(this.text.value));
    this.inWords = field("words", this.text);
    this.trail = make(
      "div", { className: "kf-row" }, this.back, this.forward, this.all, this.steps, this.inWords,
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
      "div", { className: "kf-row kf-question", role: "group", "aria-label": "Query" },
      this.asked, field("k", this.k), this.count, field("distance", this.metric), field("hide the query photos", this.hide),
    );

    this.species = make("strong", {});
    this.note = make("span", { role: "status" });
    this.judging = make(
      "div", { className: "kf-row kf-judging", role: "group", "aria-label": "Sightings", hidden: true },
      this.species, this.note,
      button("Candidates", "The events to judge, one photo each", () => act.sightings()),
      button("Rank again", "Put photos first that are like the confirmed and unlike the rejected ones", () => act.rank()),
      button("Yes", "Confirm the event of this photo, or of the selected ones (Y)", () => act.verdict(true)),
      button("No", "Reject it (N)", () => act.verdict(false)),
      button("Take back", "The last judgement (Z)", () => act.unjudge()),
    );
    this.status = make("span", { className: "kf-status", role: "status" });
    this.message = message();
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
    this.help = keyHelp(KEYS);
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

  // A field that loses the focus sends its value once more, which is ignored.
  send(name, value) {
    clearTimeout(this.typing);
    if (this.sent[name] === value) return;
    this.sent[name] = value;
    this.act.set({ [name]: value });
  }

  // When typing has ended, show the value that the kernel has set since.
  settle(name, input) {
    if (this.sent[name] !== input.value) return; // not asked for yet
    this.sent[name] = input.value = this.state[name];
  }

  show(state, shownCount, picked, thumbnails) {
    this.state = state;
    for (const name of Object.keys(this.sent)) if (document.activeElement?.name !== name) this.sent[name] = state[name];
    const set = (element, value) => {
      if (element !== element.getRootNode().activeElement) element.value = value; // not under somebody's fingers
    };
    // The one character more keeps "no folder", whose name is empty, apart from "all folders".
    const folders = state.folders.map(([name, count]) => [`=${name}`, `${name || "no folder"} (${count})`]);
    setOptions(this.folder, [["", "all folders"], ...folders], state.folder === null ? "" : `=${state.folder}`);
    this.folder.closest(".kf-field").hidden = state.folders.length < 2;
    set(this.name, state.name);
    set(this.since, state.since);
    set(this.until, state.until);
    this.dates.hidden = !state.dates;
    setOptions(this.column, [["", "any"], ...state.columns.map((name) => [name, name])], state.column);
    this.columns.hidden = !state.columns.length;
    this.value.closest(".kf-field").hidden = !state.column;
    set(this.value, state.value);
    const orders = [["distance", state.found ? "distance" : "collection"], ["name", "name"], ["date", "date"]];
    setOptions(this.sort, orders.filter(([name]) => name !== "date" || state.dates), state.sort);
    this.descending.checked = state.descending;
    this.question.hidden = !state.question || state.question.kind === "sightings";
    for (const each of [this.k, this.metric, this.hide]) each.closest(".kf-field").hidden = Boolean(state.question?.kind);
    this.count.hidden = Boolean(state.question?.kind);
    this.inWords.hidden = !state.asks_words;
    set(this.text, state.question?.text ?? "");
    this.judging.hidden = !state.judging;
    if (state.judging) {
      this.species.textContent = state.judging.species;
      this.note.textContent = state.judging.note;
    }
    this.k.max = Math.max(100, state.k);
    set(this.k, state.k);
    this.count.textContent = this.k.value;
    setOptions(this.metric, state.metrics.map((name) => [name, name]), state.metric);
    this.hide.checked = state.hide;
    this.back.disabled = state.place === 0;
    this.forward.disabled = state.place + 1 >= state.trail.length;
    this.all.disabled = state.question === null;
    this.words.replaceChildren(...state.words.map((word) => make("option", { value: word })));
    this.report(state.message);
    this.showStatus(state, shownCount, picked);
    this.showQueries(state, thumbnails);
  }

  report(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  showStatus(state, shownCount, picked) {
    const all = counted(state.count, "photo");
    const some = shownCount === state.count ? all : `${grouped(shownCount)} of ${all}`;
    const shown = state.found ? `${counted(shownCount, state.events ? "event" : "photo")} found` : some;
    const selected = picked ? `, ${grouped(picked)} selected` : "";
    const hidden = state.hidden ? `; ${counted(state.hidden, "photo")} with people hidden` : "";
    this.status.textContent = shown + selected + hidden;
    this.keep.hidden = !picked || !state.keep;
    this.undo.hidden = !state.keep || (!state.labelled && !this.given);
  }

  showQueries(state, thumbnails) {
    const thumbnail = (photo, box) => {
      const entry = thumbnails.get(photo);
      const place = make("span", { className: "kf-thumb" });
      if (entry?.url) {
        const image = make("img", { src: entry.url, alt: "" });
        place.append(image);
        if (box) image.addEventListener("load", () => place.append(outline(image, place, box)), { once: true });
      }
      return [place, entry?.name ?? "photo"];
    };
    this.showQuery(state.question, thumbnail);
    this.showTrail(state, thumbnail);
  }

  // The photos of the query; each is a button that takes it out.
  showQuery(query, thumbnail) {
    this.asked.replaceChildren();
    if (!query) return;
    const title = (textContent) => make("span", { className: "kf-title", textContent });
    const takeOut = (photo, like) => {
      if (query.kind) this.act.step(-1);
      else if (query.like.length + query.unlike.length === 1 && !query.text) this.act.browse();
      else this.act.mark(photo, like);
    };
    const chip = (like) => (photo) => {
      const [picture, name] = thumbnail(photo, query.box);
      const words = `${name}: take it out of the query`;
      const properties = { type: "button", className: `kf-chip ${like ? "" : "kf-not"}`, title: words, "aria-label": words };
      return make("button", { ...properties, onclick: () => takeOut(photo, like) }, picture, make("span", { textContent: "×", "aria-hidden": "true" }));
    };
    const how = query.kind === "event" ? "the event of" : query.box ? "like the box" : "like";
    if (query.text) this.asked.append(title("in words"), this.textChip(query.text));
    if (query.like.length) this.asked.append(title(how), ...query.like.map(chip(true)));
    if (query.unlike.length) this.asked.append(title("not like"), ...query.unlike.map(chip(false)));
    if (!query.kind && !query.like.length && !query.text) this.asked.append(make("span", { textContent: "Mark a photo as like this too (L)." }));
  }

  // The words of the query: a button that takes them out.
  textChip(text) {
    const words = `${text}: take it out of the query`;
    const properties = { type: "button", className: "kf-chip", title: words, "aria-label": words };
    return make("button", { ...properties, onclick: () => this.act.words("") }, make("span", { textContent: text }), make("span", { textContent: "×", "aria-hidden": "true" }));
  }

  // The last twenty queries; each is a button that goes there.
  showTrail({ trail, place: here }, thumbnail) {
    const words = (shown, name) => [make("span", { className: "kf-thumb kf-word", textContent: shown }), name];
    this.steps.replaceChildren();
    trail.forEach((step, place) => {
      if (!step || place < trail.length - 20) return;
      const photos = [...step.like, ...step.unlike];
      const special = step.kind === "sightings" ? words("?!", "candidates") : step.text ? words([...step.text].slice(0, 4).join(""), step.text) : null;
      const [picture, name] = special ?? thumbnail(photos[0], step.box);
      const others = photos.length - (step.text ? 0 : 1);
      const badge = step.kind === "event" ? "E" : others > 0 ? `+${others}` : "";
      if (badge) picture.append(make("span", { className: "kf-more", textContent: badge }));
      const properties = { type: "button", className: "kf-step", title: name, "aria-label": `query ${place}: ${name}` };
      const go = make("button", { ...properties, onclick: () => this.act.step(place - here) }, picture);
      if (place === here) go.setAttribute("aria-current", "step");
      this.steps.append(go);
    });
  }
}
