// What was asked: the query, the steps that led to it, and images that are the same picture.
import { make } from "../../../widgets/elements.js";
import { $, images } from "./page.parts.js";
import { picture, put } from "./page.pictures.js";

const MOST_COPIES = 5; // of a picture that are named

// Images that are the same picture as the query; `choose` is called when one is chosen.
export function drawCopies(copies, choose) {
  const items = copies.slice(0, MOST_COPIES).map(({ kind, image }) => {
    const what = kind === "bytes" ? "the same file" : "the same picture";
    const there = make("button", { type: "button", className: "copy", title: image.path, onclick: () => choose(image) }, image.path);
    return make("li", {}, there, make("span", {}, what));
  });
  if (copies.length > MOST_COPIES) items.push(make("li", {}, `and ${images(copies.length - MOST_COPIES)} more`));
  $("copies").replaceChildren(...items);
  $("here").hidden = !copies.length;
  $("here-text").textContent = copies.length ? "This picture is already here:" : "";
}

// The steps that led here; `move` goes to one of them.
export function drawTrail(trail, place, move) {
  const steps = trail.map((step, number) => {
    const parts = [make("span", { className: "kf-word" }, step.name)];
    if (step.kind === "image") parts.unshift(picture(step.id, { size: 64, name: "kf-thumb" }));
    if (step.kind === "photo") parts.unshift(thumbOf(step));
    const there = make("button", { type: "button", className: "kf-step", title: step.name }, ...parts);
    if (number === place) there.setAttribute("aria-current", "step");
    there.onclick = () => number === place || move(number);
    return make("li", {}, there);
  });
  const focused = $("trail").contains(document.activeElement);
  $("trail").replaceChildren(...(steps.length > 1 ? steps : []));
  const here = $("trail").querySelector("[aria-current]");
  here?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (focused) (here ?? $("heading")).focus();
}

// The picture of a photo from outside, of the file that is here: drawn once, since the trail is drawn at each step.
function thumbOf(step) {
  if (!step.thumb) {
    step.thumb = make("span", { className: "kf-thumb" });
    put(step.thumb, step.file, "", () => (step.thumb.hidden = true)); // its name stands beside it
  }
  return step.thumb;
}

// The query, as a button that leads back to the collection.
export function drawQuery(step, leave) {
  $("asked").replaceChildren();
  if (step.kind === "collection") return;
  const title = `${step.name}: back to the collection`;
  const chip = make("button", { type: "button", className: "kf-chip", title, "aria-label": title, onclick: leave });
  if (step.kind === "image") chip.append(picture(step.id, { size: 192, name: "kf-thumb", alt: step.name }));
  else if (step.kind === "photo") {
    chip.append(make("span", { className: "kf-thumb" }));
    put(chip.firstChild, step.file, step.name);
  } else chip.append(make("span", { className: "kf-word", textContent: step.name }));
  chip.append(make("span", { textContent: "×", "aria-hidden": "true" }));
  $("asked").append(chip);
}
