// The filters, behind one button: those that are set stand beside it as chips that take them away.
import { button, field, filterChip, lastPart, make, setOptions } from "../../widgets/elements.js";

const NOTHING = { folder: null, name: "", since: "", until: "", column: "", value: "" };

export class Filters {
  constructor(act) {
    this.act = act;
    this.sent = {}; // the last value that was sent, by the name of the field
    const later = (name) => (event) => this.send(name, event.target.value);
    const input = (name, properties) => {
      const onblur = (event) => this.settle(name, event.target);
      return make("input", { name, onchange: later(name), onblur, autocomplete: "off", ...properties });
    };
    const folder = () => act.set({ folder: this.folder.value ? this.folder.value.slice(1) : null });
    this.folder = make("select", { name: "folder", onchange: folder });
    this.name = input("name", { type: "search", placeholder: "part of a name or folder", oninput: (event) => this.soon("name", event) });
    this.since = input("since", { type: "date" });
    this.until = input("until", { type: "date" });
    this.column = make("select", { name: "column", onchange: later("column") });
    this.value = input("value", { type: "search", placeholder: "text, >=7, 3..7", oninput: (event) => this.soon("value", event) });
    this.dates = make("span", { className: "kf-row" }, field("From", this.since), field("To", this.until));
    this.columns = make("span", { className: "kf-row" }, field("Column", this.column), field("is", this.value));
    this.panel = make(
      "div", { className: "kf-row kf-panel", role: "search", "aria-label": "Filters", hidden: true },
      field("Folder", this.folder), field("Name", this.name), this.dates, this.columns,
    );
    this.button = button("Filters", "Folder, name, date, column; and how distances are measured", () => this.open(this.panel.hidden));
    this.chips = make("span", { className: "kf-chips" });
    this.open(false);
  }

  open(is) {
    this.panel.hidden = !is;
    this.button.setAttribute("aria-expanded", String(is));
  }

  // To the field for a name, from wherever somebody is.
  focus() {
    this.open(true);
    this.name.focus();
  }

  clear() {
    this.sent = {};
    this.act.set(NOTHING);
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

  show(state) {
    this.state = state;
    const focused = this.panel.getRootNode().activeElement;
    for (const name of Object.keys(this.sent)) if (focused?.name !== name) this.sent[name] = state[name];
    for (const name of ["name", "since", "until", "value"]) if (this[name] !== focused) this[name].value = state[name];
    // The one character more keeps "no folder", whose name is empty, apart from "all folders".
    const folders = state.folders.map(([name, count]) => [`=${name}`, `${name || "no folder"} (${count})`]);
    setOptions(this.folder, [["", "all folders"], ...folders], state.folder === null ? "" : `=${state.folder}`);
    this.folder.closest(".kf-field").hidden = state.folders.length < 2;
    this.dates.hidden = !state.dates;
    setOptions(this.column, [["", "any"], ...state.columns.map((name) => [name, name])], state.column);
    this.columns.hidden = !state.columns.length;
    this.value.closest(".kf-field").hidden = !state.column;
    this.showChips(state);
  }

  showChips(state) {
    const chips = [
      state.folder !== null && [`folder: ${state.folder || "none"}`, { folder: null }],
      state.name && [`name: ${state.name}`, { name: "" }],
      state.since && [`from ${state.since}`, { since: "" }],
      state.until && [`to ${state.until}`, { until: "" }],
      state.column && state.value && [`${state.column}: ${state.value}`, { column: "", value: "" }],
    ].filter(Boolean);
    const chip = ([text, none]) => filterChip(text, () => this.take(none));
    const all = button("Clear all", "All photos pass again", () => this.clear());
    this.count = chips.length;
    this.chips.replaceChildren(...chips.map(chip), ...(chips.length ? [all] : []), ...this.sameFolder(state));
    this.button.textContent = chips.length ? `Filters (${chips.length})` : "Filters";
  }

  // The folder of the query is the filter that is wanted most: a camera's photos, a child's.
  sameFolder({ asked_folder: asked = null, folder, folders }) {
    if (asked === null || folder !== null || folders.length < 2) return [];
    return [button(`Only ${lastPart(asked) || "no folder"}`, `Only photos of the query's folder: ${asked || "none"}`, () => this.act.set({ folder: asked }))];
  }

  take(none) {
    for (const name of Object.keys(none)) delete this.sent[name];
    this.act.set(none);
  }
}
