// The images on the page, as a grid of tiles that keys and clicks choose.

import { $, distance, make } from "./page.parts.js";
import { picture } from "./page.pictures.js";

// An image with its match, if it comes from a search; `choose` is called when it is chosen.
export function tile(image, match, choose) {
  const slash = image.path.lastIndexOf("/");
  const parts = [picture(image.id)];
  if (match) {
    const number = make("span", { title: `score ${match.score}` }, distance(match.distance));
    parts.push(make("span", { className: "numbers" }, make("b", {}, String(match.rank)), number));
  }
  parts.push(make("span", { className: "name", title: image.path }, image.path.slice(slash + 1)));
  if (slash > 0) parts.push(make("span", { className: "folder", title: image.path }, image.path.slice(0, slash)));
  if (image.products.length) {
    const products = image.products.join(", ");
    parts.push(make("span", { className: "of", title: products }, products));
  }
  const button = make("button", { type: "button", className: "tile", tabIndex: -1 }, ...parts);
  button.onclick = () => choose(image);
  return make("li", {}, button);
}

// Shows tiles, after those that are there already where `keep` is true.
export function fillGrid(items, keep = false) {
  const focused = $("grid").contains(document.activeElement);
  const first = keep ? $("grid").children.length : 0;
  if (keep) $("grid").append(...items);
  else $("grid").replaceChildren(...items);
  const tiles = [...$("grid").querySelectorAll(".tile")];
  if (!keep && tiles.length) tiles[0].tabIndex = 0;
  if (focused) (tiles[first] ?? $("heading")).focus();
  else if (keep && document.activeElement === document.body) tiles[first]?.focus();
}

// Moves along the tiles by keys; Tab reaches the one that was visited last.
function walk(event) {
  const tiles = [...$("grid").querySelectorAll(".tile")];
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
  for (const tile of $("grid").querySelectorAll('.tile[tabindex="0"]')) tile.tabIndex = -1;
  if (event.target.matches(".tile")) event.target.tabIndex = 0;
});
