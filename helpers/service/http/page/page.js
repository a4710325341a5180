// The page of a search service: a photo goes in, the images most like it come out.
// Paths, ids and messages come from other people: they go into the page as text alone.

import { $, images, jobRow, lastPart, make } from "./page.parts.js";
import { fillGrid, tile } from "./page.grid.js";
import { picture, put } from "./page.pictures.js";
import { ServiceError, json, session } from "./page.service.js";

const PAGE = 60; // images of the collection that are shown at once
const LONGEST_TRAIL = 50;
const MOST_COPIES = 5; // of a picture that are named
const BUSY = 1_500; // ms between two looks at jobs while one runs
const IDLE = 15_000; // ms otherwise
const ENDED = new Set(["done", "failed", "cancelled"]);

// ---- state and errors -----------------------------------------------------------------------------------------------

const COLLECTION = { kind: "collection", name: "collection" };
let trail = [COLLECTION];
let place = 0;
let request = new AbortController(); // of what is shown; a new one aborts it
let next = null; // `after` of the next page of the collection
let away = false;
let retryLater = null; // what to do when the service is back

function showStatus(text) {
  $("status").textContent = text;
}

function showTrouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = false;
}

// Shows an error, and asks for a key or waits for the service where that helps; then it does `retry`.
function showError(error, retry) {
  if (error.name === "AbortError") return;
  if (error.status === 401 && error.key !== session.key) return; // a late answer to a key that was replaced since
  if (!(error instanceof ServiceError)) {
    showTrouble(`This page has a fault: ${error.message}`);
    throw error;
  }
  showTrouble(error.message);
  showStatus("");
  if (error.status === 401) {
    showTrouble("The service does not accept this key.");
    $("trouble").hidden = !session.key; // without one, the form says that it is needed
    session.key = "";
    retryLater = retry ?? retryLater;
    if ($("key").hidden) {
      $("key").hidden = false;
      $("key-text").focus();
    } else $("key-text").select();
  } else if (error.passes) {
    retryLater = retry ?? retryLater;
    if (!away) waitForService();
  }
}

function hideError() {
  $("trouble").hidden = true;
  $("key").hidden = true;
}

// Tries the service until it is back, then does what was wanted.
async function waitForService() {
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
  hideError();
  resume();
}

function resume() {
  const wanted = retryLater ?? show;
  retryLater = null;
  wanted();
  listProducts();
  watchJobs();
}

// ---- searches ------------------------------------------------------------------------------------------------------

// Adds a step to the trail, in place of those ahead, and shows it.
function go(step) {
  trail = [...trail.slice(0, place + 1), step];
  if (trail.length > LONGEST_TRAIL) trail.splice(1, 1);
  move(trail.length - 1);
}

function goToImage(image) {
  go({ kind: "image", id: image.id, name: lastPart(image.path) });
}

function move(to) {
  place = to;
  history.pushState({ place }, "");
  show();
}

function addSettings(body) {
  body.append("k", $("k").value);
  if ($("metric").value) body.append("metric", $("metric").value);
  if ($("score").value) body.append("min_score", $("score").value);
  if ($("product").value) body.append("product", $("product").value);
  return body;
}

// Shows the step of the trail that we are at.
async function show() {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  const step = trail[place];
  drawTrail();
  drawQuery(step);
  drawCopies([]);
  document.body.classList.add("waiting");
  $("heading").textContent = step.kind === "collection" ? "The collection" : `Most like ${step.name}`;
  showStatus(step.kind === "collection" ? "" : "Searching …");
  try {
    if (step.kind === "collection") await showCollection(0, signal);
    else await showMatches(step, signal);
    hideError();
  } catch (error) {
    if (!signal.aborted) {
      fillGrid([]); // the tiles belong to another step
      $("more").hidden = true;
      showError(error, show);
    }
  } finally {
    if (!signal.aborted) document.body.classList.remove("waiting");
  }
}

async function showCollection(after, signal) {
  const answer = await json(`images?after=${after}&limit=${PAGE}`, { signal });
  if (signal.aborted) return;
  fillGrid(answer.images.map((image) => tile(image, null, goToImage)), after > 0);
  next = answer.next;
  $("more").hidden = next === null;
  showTotal(answer.total);
  const empty = !answer.images.length && !after;
  showStatus(empty ? "There are no images yet. POST /index adds them, with a key that may write." : "Choose one to see those most like it.");
}

async function showMatches(step, signal) {
  if (!$("ask").reportValidity()) throw new ServiceError(422, "One of the settings above is out of range.");
  const answer = await search(step, signal);
  if (signal.aborted) return;
  fillGrid(answer.matches.map((match) => tile(match.image, match, goToImage)));
  $("more").hidden = true;
  const seconds = answer.seconds < 1 ? `${Math.max(1, Math.round(1_000 * answer.seconds))} ms` : `${answer.seconds.toFixed(1)} s`;
  const found = answer.matches.length ? images(answer.matches.length) : "No image is as near as that";
  if (step.kind === "photo" || step.kind === "url") lookForCopies(step, signal);
  const how = answer.metric === "words" ? "guessed by the network" : `by ${answer.metric === "euclidean" ? "Euclidean" : answer.metric} distance`;
  showStatus(`${found}, ${how}, in ${seconds}`);
}

// A photo from outside, as it is sent.
function photoForm(step) {
  const body = new FormData();
  if (step.kind === "url") body.append("url", step.url);
  else if (step.kind === "text") body.append("text", step.text);
  else body.append("photo", step.file, "photo");
  return body;
}

async function search(step, signal) {
  if (step.kind === "image") return json(`images/${step.id}/similar?${addSettings(new URLSearchParams())}`, { signal });
  try {
    return await json("search", { method: "POST", body: addSettings(photoForm(step)), signal });
  } catch (error) {
    if (error.status !== 0 || step.kind !== "photo") throw error;
    const isThere = await fetch("health").then(() => true, () => false); // it may hang up on what is too large
    throw isThere ? new ServiceError(413, "The service ended the upload. The photo may be too large for it.") : error;
  }
}

// Shows which images are the same picture, after the matches, which do not wait for it.
async function lookForCopies(step, signal) {
  try {
    const { copies } = await json("already-here", { method: "POST", body: photoForm(step), signal });
    if (!signal.aborted) drawCopies(copies);
  } catch {} // the matches are shown all the same
}

function drawCopies(copies) {
  const items = copies.slice(0, MOST_COPIES).map(({ kind, image }) => {
    const what = kind === "bytes" ? "the same file" : "the same picture";
    const button = make("button", { type: "button", className: "copy", title: image.path }, image.path);
    button.onclick = () => goToImage(image);
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
    button.onclick = () => number === place || move(number);
    return make("li", {}, button);
  });
  const focused = $("trail").contains(document.activeElement);
  $("trail").replaceChildren(...(steps.length > 1 ? steps : []));
  const here = $("trail").querySelector("[aria-current]");
  here?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (focused) (here ?? $("heading")).focus();
}

function drawQuery(step) {
  const frame = $("asked");
  frame.hidden = !["photo", "image"].includes(step.kind);
  frame.replaceChildren();
  if (step.kind === "photo") put(frame, step.file, step.name);
  if (step.kind === "image") frame.append(picture(step.id, { size: 192, alt: step.name }));
}

function searchByFile(files) {
  const [file] = files;
  if (!file) return;
  go({ kind: "photo", file, name: file.name || "a photo" });
  if (files.length > 1) showStatus(`Searching by the first of ${files.length} photos …`);
}

function searchByAddress(address) {
  const url = address.trim();
  if (url) go({ kind: "url", url, name: lastPart(url.split(/[?#]/, 1)[0]) || url });
}

function searchByWords(words) {
  const text = words.trim();
  if (text) go({ kind: "text", text, name: text });
}

// ---- jobs, products, total -----------------------------------------------------------------------------------------

let total = null;
let timer = 0;
let running = new Set();

function showTotal(count) {
  total = count;
  $("count").textContent = images(total);
}

// Shows the jobs, and again after a while.
async function watchJobs() {
  clearTimeout(timer);
  try {
    if (!document.hidden && !away && $("key").hidden) {
      const { jobs } = await json("jobs");
      const unfinished = jobs.filter((job) => !ENDED.has(job.state));
      const ended = jobs.filter((job) => running.has(job.id) && ENDED.has(job.state));
      running = new Set(unfinished.map((job) => job.id));
      $("jobs").replaceChildren(...unfinished.map(jobRow));
      $("jobs").hidden = !unfinished.length;
      if (ended.length || unfinished.length) showTotal((await json("images?limit=1")).total);
      if (total && unfinished.length && trail[place] === COLLECTION && !$("grid").children.length) show();
      if (ended.length) {
        listProducts();
        if (!$("grid").children.length) show();
        for (const job of ended) if (job.error) showError(new ServiceError(422, job.error));
      }
    }
  } catch (error) {
    if (error.passes || error.status === 401) showError(error);
  }
  clearTimeout(timer);
  timer = setTimeout(watchJobs, running.size ? BUSY : IDLE);
}

async function listProducts() {
  try {
    const { products } = await json("products?limit=1000");
    const options = products.map((product) => make("option", { value: product.id, label: product.name || product.id }));
    $("products").replaceChildren(...options);
  } catch {} // a product can be typed all the same
}

// ---- events --------------------------------------------------------------------------------------------------------

$("file").onchange = () => {
  searchByFile([...$("file").files]);
  $("file").value = ""; // so that the same file can be chosen again
};
$("ask").onsubmit = (event) => {
  event.preventDefault();
  // Enter submits by the first button of the form, whichever field it is in.
  const inWords = event.submitter === $("find") || document.activeElement === $("text");
  if (inWords) searchByWords($("text").value);
  else if ($("url").value.trim()) searchByAddress($("url").value);
};
for (const id of ["k", "metric", "score", "product"]) {
  $(id).onchange = () => trail[place].kind !== "collection" && show();
}
$("more").onclick = async () => {
  try {
    await showCollection(next, request.signal);
  } catch (error) {
    showError(error);
  }
};
$("key").onsubmit = (event) => {
  event.preventDefault();
  const key = $("key-text").value.trim();
  if (!/^[!-~]+$/.test(key)) return showTrouble("A key has neither spaces nor letters like ä.");
  session.key = key;
  $("key-text").value = "";
  $("key").hidden = true; // shown again if the service does not accept it
  resume();
};
$("forget").onclick = () => {
  session.key = "";
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
    return searchByFile(files);
  }
  const text = event.clipboardData.getData("text/plain").trim();
  if (!event.target.matches?.("input") && /^https?:\/\/\S+$/.test(text)) searchByAddress(text);
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
  if (files.length) searchByFile(files);
  else if (address) searchByAddress(address);
});
window.addEventListener("popstate", (event) => {
  place = Math.min(event.state?.place ?? 0, trail.length - 1);
  show();
});
document.addEventListener("visibilitychange", () => !document.hidden && watchJobs());

history.replaceState({ place: 0 }, "");
$("forget").hidden = !session.key;
await show();
listProducts();
watchJobs();
