// The images on the page, as a grid of tiles that keys and clicks choose.

import { lastPart, make } from "../../../widgets/elements.js";
import { likenessLine } from "../../../widgets/likeness.js";
import { $ } from "./page.parts.js";
import { picture } from "./page.pictures.js";

// An image with its match, if it comes from a search; `choose` is called when it is chosen.
export function tile(image, match, choose) {
  const { path } = image;
  const name = lastPart(path);
  const folder = path.slice(0, Math.max(0, path.length - name.length - 1));
  const products = image.products.join(", ");
  const line = (className, textContent, title = path) => make("span", { className, textContent, title });
  const ask = make("span", { className: "kf-ask", textContent: "Find similar", "aria-hidden": "true" });
  const parts = [picture(image.id), ask, line("kf-name", name)];
  if (folder) parts.push(line("kf-caption", folder));
  if (products) parts.push(line("kf-caption of", products, products));
  if (match) parts.push(likenessLine(match));
  return make("li", {}, make("button", { type: "button", className: "kf-tile", tabIndex: -1, onclick: () => choose(image) }, ...parts));
}

// Shows tiles, after those that are there already where `keep` is true.
export function fillGrid(items, keep = false) {
  const focused = $("grid").contains(document.activeElement);
  const first = keep ? $("grid").children.length : 0;
  if (keep) $("grid").append(...items);
  else $("grid").replaceChildren(...items);
  const tiles = [...$("grid").querySelectorAll(".kf-tile")];
  if (!keep && tiles.length) tiles[0].tabIndex = 0;
  if (focused) (tiles[first] ?? $("heading")).focus();
  else if (keep && document.activeElement === document.body) tiles[first]?.focus();
}

// Moves along the tiles by keys; Tab reaches the one that was visited last.
function walk(event) {
  const tiles = [...$("grid").querySelectorAll(".kf-tile")];
  const from = tiles.indexOf(document.activeElement);
  if (from < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const top = tiles[0].getBoundingClientRect().top;
  const columns = tiles.findIndex((tile) => tile.getBoundingClientRect().top > top);
  const row = columns < 0 ? tiles.length : columns;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -from, End: tiles.length };
  if (!(event.key in steps)) return;
  event.preventDefault();
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
