// Small parts that the pages are made of.

// An element with properties, attributes (names with a dash, and the three named here) and children.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || ["role", "for", "list"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  // JupyterLab's shortcuts skip an element that has this attribute itself; on an ancestor it has no effect on :focus.
  if (element.tabIndex >= 0 || tag === "summary") element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

export const button = (text, title, onclick) => make("button", { type: "button", textContent: text, title, onclick });

export const field = (text, input) => make("label", { className: "kf-field" }, make("span", { textContent: text }), input);

export const message = () => make("p", { className: "kf-message", role: "alert", hidden: true });

// Pairs of a word and what belongs to it. No dl, dt and dd: front ends have styles of their own for these.
export function pairList(className, pairs) {
  const pair = ([term, text]) =>
    make("div", { role: "listitem" }, make("span", { className: "kf-term", textContent: term }), make("span", { className: "kf-meaning", textContent: text }));
  return make("div", { className: `kf-pairs ${className}`, role: "list" }, ...pairs.map(pair));
}

// Keys and what they do, to be opened on demand.
export function keyHelp(keys) {
  return make("details", { className: "kf-help" }, make("summary", { textContent: "All keys" }), pairList("", keys));
}

// The keys that are used most, always in sight.
export function commonKeys(keys) {
  const parts = keys.map(([key, does]) => make("span", {}, make("kbd", { textContent: key }), ` ${does}`));
  return make("p", { className: "kf-hint kf-common" }, ...parts);
}

// Pairs of value and text as the choices of a menu; the menu is left alone where it has these already.
export function setOptions(select, pairs, chosen) {
  const wanted = JSON.stringify(pairs);
  if (select.dataset.options !== wanted) {
    select.replaceChildren(...pairs.map(([value, textContent]) => make("option", { value, textContent })));
    select.dataset.options = wanted;
  }
  select.value = chosen;
}

// A filter that is set, as a button that takes it away.
export function filterChip(text, take) {
  const chip = button("", `Take this filter away: ${text}`, take);
  chip.className = "kf-filter";
  chip.setAttribute("aria-label", chip.title);
  chip.append(make("span", { textContent: text }), make("span", { textContent: "×", "aria-hidden": "true" }));
  return chip;
}

// Shown while something takes longer than a moment.
export const spinner = () => make("span", { className: "kf-spinner", hidden: true, role: "status", "aria-label": "Working" });

export const SOON = 300; // ms until it is

export const lastPart = (path) => path.slice(path.lastIndexOf("/") + 1);

export const grouped = (count) => count.toLocaleString("en");

export const counted = (count, thing) => `${grouped(count)} ${thing}${count === 1 ? "" : "s"}`;

// The key of a keyboard event, letters in lower case.
export const keyOf = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key);
