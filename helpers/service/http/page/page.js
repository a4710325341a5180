// The page of a search service: a photo goes in, the images most like it come out.
// Paths, ids and messages come from other people: they go into the page as text alone.

import { $, distance, images, lastPart, make, number } from "./page.parts.js";
import { picture, put } from "./page.pictures.js";
import { Trouble, json, kept } from "./page.service.js";

const PAGE = 60; // images of the collection that are shown at once
const LONGEST_TRAIL = 50;
const MOST_COPIES = 5; // of a picture that are named
const BUSY = 1_500; // ms between two looks at jobs while one runs
const IDLE = 15_000; // and else
const ENDED = new Set(["done", "failed", "cancelled"]);

// ---- what is on the page -------------------------------------------------------------------------------------------

const COLLECTION = { kind: "collection", name: "collection" };
let trail = [COLLECTION];
let place = 0;
let turn = new AbortController(); // of the question that is shown; a new one ends it
let next = null; // `after` of the next page of the collection
let away = false;
let again = null; // what to do when the service is back

function tell(text) {
  $("status").textContent = text;
}

// Shows an error, or what it needs: a key, or a service that is back. `retry` is what was wanted.
function complain(error, retry) {
  if (error.name === "AbortError") return;
  if (error.status === 401 && error.key !== kept.key) return; // a late answer to a key that was replaced since
  if (!(error instanceof Trouble)) {
    $("trouble").textContent = `This page has a fault: ${error.message}`;
    $("trouble").hidden = false;
    throw error;
  }
  $("trouble").textContent = error.message;
  $("trouble").hidden = false;
  tell("");
  if (error.status === 401) {
    $("trouble").textContent = "The service does not take this key.";
    $("trouble").hidden = !kept.key; // that it wants one, the form says
    kept.key = "";
    again = retry ?? again;
    if ($("key").hidden) {
      $("key").hidden = false;
      $("key-text").focus();
    } else $("key-text").select();
  } else if (error.passes) {
    again = retry ?? again;
    if (!away) wait();
  }
}

function calm() {
  $("trouble").hidden = true;
  $("key").hidden = true;
}

// Looks for the service until it is back, then does what was wanted.
async function wait() {
  away = true;
  for (let pause = 1_000; away; pause = Math.min(8_000, pause * 1.5)) {
    await new Promise((done) => setTimeout(done, pause));
    try {
      if (!(await fetch("ready")).ok) continue;
    } catch {
      continue;
    }
    away = false;
  }
  calm();
  resume();
}

function resume() {
  const wanted = again ?? show;
  again = null;
  wanted();
  listProducts();
  look();
}

// ---- images --------------------------------------------------------------------------------------------------------

function tile(image, match) {
  const slash = image.path.lastIndexOf("/");
  const parts = [picture(image.id)];
  if (match) {
    const far = make("span", { title: `score ${match.score}` }, distance(match.distance));
    parts.push(make("span", { className: "numbers" }, make("b", {}, String(match.rank)), far));
  }
  parts.push(make("span", { className: "name", title: image.path }, image.path.slice(slash + 1)));
  if (slash > 0) parts.push(make("span", { className: "folder", title: image.path }, image.path.slice(0, slash)));
  if (image.products.length) {
    const products = image.products.join(", ");
    parts.push(make("span", { className: "of", title: products }, products));
  }
  const button = make("button", { type: "button", className: "tile", tabIndex: -1 }, ...parts);
  button.onclick = () => go({ kind: "image", id: image.id, name: lastPart(image.path) });
  return make("li", {}, button);
}

function fillGrid(items, keep = false) {
  const focused = $("grid").contains(document.activeElement);
  const first = keep ? $("grid").children.length : 0;
  if (keep) $("grid").append(...items);
  else $("grid").replaceChildren(...items);
  const tiles = [...$("grid").querySelectorAll(".tile")];
  if (!keep && tiles.length) tiles[0].tabIndex = 0;
  if (focused) (tiles[first] ?? $("heading")).focus();
  else if (keep && document.activeElement === document.body) tiles[first]?.focus();
}

// Moves along the tiles: which one the Tab key reaches, is the last one that was visited.
function walk(event) {
  const tiles = [...$("grid").querySelectorAll(".tile")];
  const here = tiles.indexOf(document.activeElement);
  if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const top = tiles[0].getBoundingClientRect().top;
  const columns = tiles.findIndex((each) => each.getBoundingClientRect().top > top);
  const row = columns < 0 ? tiles.length : columns;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -here, End: tiles.length };
  if (!(event.key in steps)) return;
  event.preventDefault();
  let there = here + steps[event.key];
  if (event.key === "ArrowUp" && there < 0) return;
  if (event.key === "ArrowDown" && there >= tiles.length) return;
  there = Math.min(Math.max(0, there), tiles.length - 1);
  tiles[there].focus();
}

// ---- questions -----------------------------------------------------------------------------------------------------

// Asks something new; what lay ahead on the trail is forgotten.
function go(step) {
  trail = [...trail.slice(0, place + 1), step];
  if (trail.length > LONGEST_TRAIL) trail.splice(1, 1);
  place = trail.length - 1;
  history.pushState({ place }, "");
  show();
}

function move(to) {
  if (to === place || !trail[to]) return;
  place = to;
  history.pushState({ place }, "");
  show();
}

function wishes(body) {
  body.append("k", $("k").value);
  if ($("metric").value) body.append("metric", $("metric").value);
  if ($("score").value) body.append("min_score", $("score").value);
  if ($("product").value) body.append("product", $("product").value);
  return body;
}

// Shows the step of the trail that we are at.
async function show() {
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  const step = trail[place];
  drawTrail();
  drawAsked(step);
  drawCopies([]);
  document.body.classList.add("waiting");
  $("heading").textContent = step.kind === "collection" ? "The collection" : `Most like ${step.name}`;
  tell(step.kind === "collection" ? "" : "Asking …");
  try {
    if (step.kind === "collection") await showCollection(0, signal);
    else await showFound(step, signal);
    calm();
  } catch (error) {
    if (!signal.aborted) {
      fillGrid([]); // what was there answers another question
      $("more").hidden = true;
      complain(error, show);
    }
  } finally {
    if (!signal.aborted) document.body.classList.remove("waiting");
  }
}

async function showCollection(after, signal) {
  const answer = await json(`images?after=${after}&limit=${PAGE}`, { signal });
  if (signal.aborted) return;
  fillGrid(answer.images.map((image) => tile(image)), after > 0);
  next = answer.next;
  $("more").hidden = next === null;
  count(answer.total);
  const empty = !answer.images.length && !after;
  tell(empty ? "There are no images yet. Whoever may write adds them, with POST /index." : "Choose one, to see those most like it.");
}

async function showFound(step, signal) {
  if (!$("ask").reportValidity()) throw new Trouble(422, "One of the settings above is out of its range.");
  const answer = await question(step, signal);
  if (signal.aborted) return;
  fillGrid(answer.matches.map((match) => tile(match.image, match)));
  $("more").hidden = true;
  const seconds = answer.seconds < 1 ? `${Math.max(1, Math.round(1_000 * answer.seconds))} ms` : `${answer.seconds.toFixed(1)} s`;
  const found = answer.matches.length ? images(answer.matches.length) : "No image is as near as that";
  if (step.kind !== "image") lookForCopies(step, signal);
  tell(`${found}, by ${answer.metric === "euclidean" ? "Euclidean" : answer.metric} distance, in ${seconds}`);
}

// A photo from outside, as it is sent.
function asked(step) {
  const body = new FormData();
  if (step.kind === "url") body.append("url", step.url);
  else body.append("photo", step.file, "photo");
  return body;
}

async function question(step, signal) {
  if (step.kind === "image") return json(`images/${step.id}/similar?${wishes(new URLSearchParams())}`, { signal });
  try {
    return await json("search", { method: "POST", body: wishes(asked(step)), signal });
  } catch (error) {
    if (error.status !== 0 || step.kind === "url") throw error;
    const there = await fetch("health").then(() => true, () => false); // a service may hang up on what is too large
    throw there ? new Trouble(413, "The service ended the upload. The photo may be too large for it.") : error;
  }
}

// Says which images are the same picture; after the matches, which do not wait for it.
async function lookForCopies(step, signal) {
  try {
    const { copies } = await json("already-here", { method: "POST", body: asked(step), signal });
    if (!signal.aborted) drawCopies(copies);
  } catch {} // the matches are there all the same
}

function drawCopies(copies) {
  const items = copies.slice(0, MOST_COPIES).map(({ kind, image }) => {
    const what = kind === "bytes" ? "the same file" : "the same picture";
    const button = make("button", { type: "button", className: "copy", title: image.path }, image.path);
    button.onclick = () => go({ kind: "image", id: image.id, name: lastPart(image.path) });
    return make("li", {}, button, make("span", {}, what));
  });
  if (copies.length > MOST_COPIES) items.push(make("li", {}, `and ${images(copies.length - MOST_COPIES)} more`));
  $("copies").replaceChildren(...items);
  $("here").hidden = !copies.length;
  $("here-text").textContent = copies.length ? "This picture is already here:" : "";
}

function drawTrail() {
  const steps = trail.map((step, number) => {
    const parts = [make("span", {}, step.name)];
    if (step.kind === "image") parts.unshift(picture(step.id, { size: 64, name: "thumb" }));
    const button = make("button", { type: "button", className: "step", title: step.name }, ...parts);
    if (number === place) button.setAttribute("aria-current", "step");
    button.onclick = () => move(number);
    return make("li", {}, button);
  });
  const focused = $("trail").contains(document.activeElement);
  $("trail").replaceChildren(...(steps.length > 1 ? steps : []));
  const here = $("trail").querySelector("[aria-current]");
  here?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (focused) (here ?? $("heading")).focus();
}

function drawAsked(step) {
  const frame = $("asked");
  frame.hidden = step.kind === "collection" || step.kind === "url";
  frame.replaceChildren();
  if (step.kind === "photo") put(frame, step.file, step.name);
  if (step.kind === "image") frame.append(picture(step.id, { size: 192, alt: step.name }));
}

function askWithFile(files) {
  const [file] = files;
  if (!file) return;
  go({ kind: "photo", file, name: file.name || "a photo" });
  if (files.length > 1) tell(`Asking with the first of ${files.length} photos …`);
}

function askWithAddress(address) {
  const url = address.trim();
  if (url) go({ kind: "url", url, name: lastPart(url.split(/[?#]/, 1)[0]) || url });
}

// ---- jobs, products, how many --------------------------------------------------------------------------------------

let total = null;
let timer = 0;
let running = new Set();

function count(images_) {
  if (typeof images_ !== "number") return;
  total = images_;
  $("count").textContent = images(total);
}

function drawJob(job) {
  const what = job.request.folder === undefined ? `${number(job.request.photos)} photos` : job.request.folder || "all photos";
  const bar = make("progress", { "aria-label": `Indexing ${what}` });
  if (job.total !== null || job.state === "queued") {
    bar.max = Math.max(1, job.total ?? 1);
    bar.value = job.done;
  }
  const left = job.bad ? `, ${number(job.bad)} left out` : "";
  const far = job.total === null ? job.state : `${number(job.done)} of ${number(job.total)}${left}`;
  return make("div", { className: "job" }, make("span", {}, `Indexing ${what}`), bar, make("span", {}, far));
}

// Looks at the jobs, and again after a while.
async function look() {
  clearTimeout(timer);
  try {
    if (!document.hidden && !away && $("key").hidden) {
      const { jobs } = await json("jobs");
      const unfinished = jobs.filter((job) => !ENDED.has(job.state));
      const ended = jobs.filter((job) => running.has(job.id) && ENDED.has(job.state));
      running = new Set(unfinished.map((job) => job.id));
      $("jobs").replaceChildren(...unfinished.map(drawJob));
      $("jobs").hidden = !unfinished.length;
      if (ended.length || unfinished.length) count((await json("images?limit=1")).total);
      if (total && unfinished.length && trail[place] === COLLECTION && !$("grid").children.length) show();
      if (ended.length) {
        listProducts();
        if (!$("grid").children.length) show();
        for (const job of ended) if (job.error) complain(new Trouble(422, job.error));
      }
    }
  } catch (error) {
    if (error.passes || error.status === 401) complain(error);
  }
  clearTimeout(timer);
  timer = setTimeout(look, running.size ? BUSY : IDLE);
}

async function listProducts() {
  try {
    const { products } = await json("products?limit=1000");
    const options = products.map((product) => make("option", { value: product.id, label: product.name || product.id }));
    $("products").replaceChildren(...options);
  } catch {} // it can be typed all the same
}

// ---- what people do ------------------------------------------------------------------------------------------------

$("file").onchange = () => {
  askWithFile([...$("file").files]);
  $("file").value = ""; // so that the same file can be chosen again
};
$("ask").onsubmit = (event) => {
  event.preventDefault();
  if ($("url").value.trim()) askWithAddress($("url").value);
};
for (const id of ["k", "metric", "score", "product"]) {
  $(id).onchange = () => trail[place].kind !== "collection" && show();
}
$("more").onclick = async () => {
  try {
    await showCollection(next, turn.signal);
  } catch (error) {
    complain(error);
  }
};
$("grid").onkeydown = walk;
$("grid").addEventListener("focusin", (event) => {
  for (const each of $("grid").querySelectorAll('.tile[tabindex="0"]')) each.tabIndex = -1;
  if (event.target.matches(".tile")) event.target.tabIndex = 0;
});
$("key").onsubmit = (event) => {
  event.preventDefault();
  const key = $("key-text").value.trim();
  if (!/^[!-~]+$/.test(key)) return void ($("trouble").textContent = "A key has neither spaces nor letters like ä.");
  kept.key = key;
  $("key-text").value = "";
  $("key").hidden = true; // shown again where the key is not one
  resume();
};
$("forget").onclick = () => {
  kept.key = "";
  trail = [COLLECTION];
  place = 0;
  $("grid").replaceChildren(); // what the key showed goes with it
  $("count").textContent = "";
  $("products").replaceChildren();
  show();
};

document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) {
    event.preventDefault();
    return askWithFile(files);
  }
  const text = event.clipboardData.getData("text/plain").trim();
  if (!event.target.matches?.("input") && /^https?:\/\/\S+$/.test(text)) askWithAddress(text);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const files = [...event.dataTransfer.files];
  const address = event.dataTransfer.getData("text/uri-list").split(/[\r\n]+/).find((line) => /^https?:/.test(line));
  if (files.length) askWithFile(files);
  else if (address) askWithAddress(address);
});
window.addEventListener("popstate", (event) => {
  place = Math.min(event.state?.place ?? 0, trail.length - 1);
  show();
});
document.addEventListener("visibilitychange", () => !document.hidden && look());

history.replaceState({ place: 0 }, "");
kept.key = kept.key; // shows whether there is one
await show();
listProducts();
look();
