// The controls above and below the gallery: the trail, the filters, the query, judging, labels and export.
import { button, commonKeys, counted, field, grouped, keyHelp, make, setOptions } from "../../widgets/elements.js";
import { Filters } from "./filters.js";
import { TILE } from "./gallery.js";
import { outline } from "../../widgets/outline.js";
import { photoChooser } from "./uploads.js";

// Keys, what they do, and the part of the state that must be there for it.
const KEYS = [
  ["arrows, Home, End, Page Up, Page Down", "go from photo to photo"],
  ["Enter, A, or the button Find similar", "search: the photos most like this one"],
  ["O, or a double click", "large view"],
  ["L, U", "more like this, not like this"],
  ["E", "all photos of this one's event", "events"],
  ["Y, N, Z", "confirm, reject, take that back", "judging"],
  ["Space, a click, or a drag", "select; with Ctrl, also more"],
  ["Shift and arrows or a click", "select all up to there"],
  ["Ctrl+A, Escape", "select all, clear the selection"],
  ["T", "type a label for what is selected", "keep"],
  ["C", "compare what is selected, or this photo with the query"],
  ["Backspace, Shift+Backspace", "back, forward"],
  ["/", "filter by name"],
  ["W, then Enter", "search in words", "asks_words"],
  ["Ctrl+V, or drop a file", "search with a photo of your own"],
  ["in the large view: wheel, + and −, 0", "zoom in and out, the whole photo; a drag moves it"],
  ["in the large view: C", "compare it with the query"],
  ["in the large view: B, arrows, Shift and arrows, Enter", "a box, move it, size it, search with it"],
];
const COMMON = [["Enter", "find similar"], ["Double click", "open"], ["Space", "select"], ["Backspace", "back"], ["/", "filter by name"]];

export class Controls {
  constructor(act) {
    this.act = act;
    this.filters = new Filters(act);

    this.back = button("‹", "Back (Backspace)", () => act.step(-1));
    this.forward = button("›", "Forward (Shift+Backspace)", () => act.step(1));
    this.all = button("All photos", "The whole collection again: no query, and no filter", () => act.startOver());
    this.steps = make("div", { className: "kf-steps", role: "group", "aria-label": "Earlier queries" });
    this.text = make("input", { type: "search", name: "text", placeholder: "fox, red car, 狐狸", autocomplete: "off", maxLength: 200 });
    this.text.addEventListener("keydown", (event) => event.key === "Enter" && act.words(this.text.value));
    this.inWords = field("Words", this.text);
    this.trail = make(
      "div", { className: "kf-row" }, this.back, this.forward, this.all, this.steps, this.inWords,
      ...photoChooser((file) => act.upload(file)),
    );

    this.sort = make("select", { name: "sort", onchange: () => this.act.set(sorting(this.sort.value)) });
    this.size = make("input", { type: "range", name: "size", min: 80, max: 420, value: TILE, oninput: () => act.resize(Number(this.size.value)) });
    this.k = make("input", { type: "range", name: "k", min: 1, max: 100, onchange: () => act.set({ k: Number(this.k.value) }) });
    this.count = make("output");
    this.k.addEventListener("input", () => (this.count.textContent = this.k.value));
    const results = field("Results", make("span", { className: "kf-field" }, this.k, this.count));
    this.metric = make("select", { name: "metric", onchange: () => act.set({ metric: this.metric.value }) });
    this.hide = make("input", { type: "checkbox", name: "hide", onchange: () => act.set({ hide: this.hide.checked }) });
    this.filters.panel.append(field("Distance", this.metric), field("Hide query photo", this.hide));
    this.bar = make(
      "div", { className: "kf-row kf-controls", role: "group", "aria-label": "What is shown" },
      this.filters.button, results, field("Sort", this.sort), field("Size", this.size), this.filters.chips,
    );

    this.heading = make("div", { className: "kf-heading", role: "heading", "aria-level": 3 });
    this.far = make("span", { className: "kf-nothing" });
    this.asked = make("div", { className: "kf-asked", role: "group", "aria-label": "Query" });
    this.title = make("div", { className: "kf-top" }, this.asked, make("div", { className: "kf-words" }, this.heading, this.far));

    this.species = make("strong", {});
    this.note = make("span", { role: "status" });
    this.hideJudged = make("input", { type: "checkbox", name: "hide_judged", onchange: () => act.set({ hide_judged: this.hideJudged.checked }) });
    this.judging = make(
      "div", { className: "kf-row kf-judging", role: "group", "aria-label": "Sightings", hidden: true },
      this.species, this.note,
      button("Candidates", "The events to judge, one photo each", () => act.sightings()),
      button("Rank again", "Put photos first that are like the confirmed and unlike the rejected ones", () => act.rank()),
      button("Yes", "Confirm the event of this photo, or of the selected ones (Y)", () => act.verdict(true)),
      button("No", "Reject it (N)", () => act.verdict(false)),
      button("Take back", "The last judgement (Z)", () => act.unjudge()),
      field("Hide judged", this.hideJudged),
    );
    this.status = make("span", { className: "kf-status", role: "status" });
    this.words = make("datalist", { id: `kinframe-words-${Math.random().toString(36).slice(2)}` });
    this.label = make("input", { type: "text", name: "label", placeholder: "label", autocomplete: "off", list: this.words.id });
    this.label.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.give();
      if (["Enter", "Escape"].includes(event.key)) act.goOn();
    });
    this.to = make("input", { type: "text", name: "to", placeholder: "paths.csv, copies.zip, a folder", autocomplete: "off" });
    this.to.addEventListener("keydown", (event) => event.key === "Enter" && act.send(this.to.value));
    this.keep = make("span", { className: "kf-row" },
      field("Label", this.label), button("Label", "Give the selected photos this label; an empty one takes theirs away", () => this.give()),
      field("Export to", this.to), button("Export", "Paths as .csv, or copies as .zip or into a folder", () => act.send(this.to.value)),
    );
    this.some = button("", "Only the selected photos", () => act.showSelected());
    this.compare = button("Compare", "The first selected photo at the left, the others beside it (C)", () => act.compare());
    this.none = button("Clear selection", "(Escape)", () => act.select([]));
    this.undo = button("Undo", "Take the last labels back", () => act.undo());
    this.foot = make("div", { className: "kf-row kf-foot" }, this.status, this.some, this.compare, this.none, this.keep, this.undo, this.words);
    this.help = make("div", { className: "kf-row kf-below" }); // filled when it is known what there is
  }

  give() {
    this.given = true;
    this.act.give(this.label.value);
    this.label.value = "";
  }

  show(state, shownCount, picked, thumbnails) {
    this.state = state;
    if (!this.help.firstChild) this.help.append(commonKeys(COMMON), keyHelp(KEYS.filter(([, , part]) => !part || state[part])));
    this.filters.show(state);
    const set = (element, value) => {
      if (element !== element.getRootNode().activeElement) element.value = value; // not under somebody's fingers
    };
    const words = state.found ? ["most similar first", "least similar first"] : ["collection order", "reversed order"];
    const orders = [["distance", ...words], ["name", "name, A to Z", "name, Z to A"], ["date", "oldest first", "newest first"]];
    const offered = orders.filter(([name]) => name !== "date" || state.dates);
    const pairs = offered.flatMap(([name, up, down]) => [[name, up], [`${name} down`, down]]);
    setOptions(this.sort, pairs, state.sort + (state.descending ? " down" : ""));
    this.heading.textContent = state.heading;
    this.heading.title = state.heading;
    this.far.textContent = state.far;
    this.inWords.hidden = !state.asks_words;
    set(this.text, state.question?.text ?? "");
    this.judging.hidden = !state.judging;
    if (state.judging) {
      this.species.textContent = state.judging.species;
      this.note.textContent = state.judging.note;
      this.hideJudged.checked = state.hide_judged;
    }
    this.k.max = Math.max(100, state.k);
    set(this.k, state.k);
    this.count.textContent = this.k.value;
    setOptions(this.metric, state.metrics.map((name) => [name, name]), state.metric);
    this.hide.checked = state.hide;
    this.back.disabled = state.place === 0;
    this.forward.disabled = state.place + 1 >= state.trail.length;
    this.all.disabled = state.question === null && !this.filters.count;
    this.words.replaceChildren(...state.words.map((word) => make("option", { value: word })));
    this.showStatus(state, shownCount, picked);
    this.showQueries(state, thumbnails);
  }

  showStatus(state, shownCount, picked) {
    const all = counted(state.count, "photo");
    const some = shownCount === state.count ? all : `${grouped(shownCount)} of ${all}`;
    const shown = state.found ? `${counted(shownCount, state.events ? "event" : "photo")} found` : some;
    const selected = picked ? `, ${grouped(picked)} selected` : "";
    const hidden = state.hidden ? `; ${counted(state.hidden, "photo")} with people hidden` : "";
    this.status.textContent = shown + selected + hidden;
    this.keep.hidden = !picked || !state.keep;
    this.some.hidden = this.none.hidden = !picked;
    this.compare.hidden = picked < 2;
    this.some.textContent = `Show selected (${grouped(picked)})`;
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
    if (!query || query.kind === "selected" || query.kind === "sightings") return;
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
    if (query.text) this.asked.append(this.textChip(query.text));
    this.asked.append(...query.like.map(chip(true)));
    if (query.unlike.length) this.asked.append(title("not"), ...query.unlike.map(chip(false)));
  }

  // The words of the query: a button that takes them out.
  textChip(text) {
    const words = `${text}: take it out of the query`;
    const properties = { type: "button", className: "kf-chip", title: words, "aria-label": words };
    return make("button", { ...properties, onclick: () => this.act.words("") }, make("span", { className: "kf-word", textContent: text }), make("span", { textContent: "×", "aria-hidden": "true" }));
  }

  // The last twenty queries; each is a button that goes there.
  showTrail({ trail, place: here }, thumbnail) {
    const word = (text) => [make("span", { className: "kf-word", textContent: text }), text];
    const named = { sightings: "Candidates", selected: "Selected" };
    this.steps.replaceChildren();
    trail.forEach((step, place) => {
      if (!step || place < trail.length - 20) return;
      const photos = [...step.like, ...step.unlike];
      const [picture, name] = named[step.kind] || step.text ? word(named[step.kind] || step.text) : thumbnail(photos[0], step.box);
      const others = photos.length - (step.text ? 0 : 1);
      const badge = named[step.kind] ? "" : step.kind === "event" ? "E" : others > 0 ? `+${others}` : "";
      if (badge) picture.append(make("span", { className: "kf-more", textContent: badge }));
      const properties = { type: "button", className: "kf-step", title: name, "aria-label": `query ${place}: ${name}` };
      const go = make("button", { ...properties, onclick: () => this.act.step(place - here) }, picture);
      if (place === here) go.setAttribute("aria-current", "step");
      this.steps.append(go);
    });
  }
}

// What a choice of the sort menu sets.
function sorting(value) {
  const [sort, down] = value.split(" ");
  return { sort, descending: Boolean(down) };
}
