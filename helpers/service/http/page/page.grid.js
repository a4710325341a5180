// The images on the page, as a grid of tiles that keys and clicks choose.

import { keyOf, lastPart, make } from "../../../widgets/elements.js";
import { likenessLine } from "../../../widgets/likeness.js";
import { $ } from "./page.parts.js";
import { picture } from "./page.pictures.js";

export const shown = new Map(); // the images in the grid by their ids, in order: each an item of `fillGrid`

// An item as a tile: a click opens it, one on its button searches with it.
function tile({ image, line }, act) {
  const { path } = image;
  const name = lastPart(path);
  const folder = path.slice(0, Math.max(0, path.length - name.length - 1));
  const products = image.products.join(", ");
  const text = (className, textContent, title = path) => make("span", { className, textContent, title });
  const find = make("span", { className: "kf-ask", textContent: "Find similar", title: "Find similar (A)", "aria-hidden": "true" });
  const parts = [picture(image.id), find, text("kf-name", name)];
  if (folder) parts.push(text("kf-caption", folder));
  if (products) parts.push(text("kf-caption of", products, products));
  if (line) parts.push(likenessLine(line));
  const onclick = (event) => (event.target === find ? act.find(image) : act.open(image));
  return make("li", {}, make("button", { type: "button", className: "kf-tile", id: `image-${image.id}`, tabIndex: -1, onclick }, ...parts));
}

// Shows images, each with the `line` beneath it if it was found, after those that are there already where `keep` is true.
// `act` has `open(image)` and `find(image)`.
export function fillGrid(items, act, keep = false) {
  const focused = $("grid").contains(document.activeElement);
  const first = keep ? $("grid").children.length : 0;
  if (!keep) shown.clear();
  for (const item of items) shown.set(item.image.id, item);
  const added = items.map((item) => tile(item, act));
  if (keep) $("grid").append(...added);
  else $("grid").replaceChildren(...added);
  const tiles = [...$("grid").querySelectorAll(".kf-tile")];
  if (!keep && tiles.length) tiles[0].tabIndex = 0;
  if (focused) (tiles[first] ?? $("heading")).focus();
  else if (keep && document.activeElement === document.body) tiles[first]?.focus();
}

// Moves along the tiles by keys, opens one or searches with it; Tab reaches the one that was visited last.
function walk(event) {
  const tiles = [...$("grid").querySelectorAll(".kf-tile")];
  const from = tiles.indexOf(document.activeElement);
  if (from < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const top = tiles[0].getBoundingClientRect().top;
  const columns = tiles.findIndex((tile) => tile.getBoundingClientRect().top > top);
  const row = columns < 0 ? tiles.length : columns;
  const acts = { a: () => tiles[from].querySelector(".kf-ask").click(), o: () => tiles[from].click() };
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -from, End: tiles.length };
  if (!(event.key in steps) && !(keyOf(event) in acts)) return;
  event.preventDefault();
  if (keyOf(event) in acts) return acts[keyOf(event)]();
  const to = from + steps[event.key];
  if (event.key === "ArrowUp" && to < 0) return;
  if (event.key === "ArrowDown" && to >= tiles.length) return;
  tiles[Math.min(Math.max(0, to), tiles.length - 1)].focus();
}

$("grid").onkeydown = walk;
$("grid").addEventListener("focusin", (event) => {
  for (const tile of $("grid").querySelectorAll('.kf-tile[tabindex="0"]')) tile.tabIndex = -1;
  if (event.target.matches(".kf-tile")) event.target.tabIndex = 0;
});
