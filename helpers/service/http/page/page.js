// The page of a search service: a photo goes in, the images most like it come out.
// Paths, ids and messages come from other people: they go into the page as text alone.

import { SOON, lastPart, make, spinner } from "../../../widgets/elements.js";
import { Toasts } from "../../../widgets/toasts.js";
import { takePhotos } from "./page.files.js";
import { addSettings, followSettings, settingsAreValid } from "./page.filters.js";
import { fillGrid, tile } from "./page.grid.js";
import { Jobs } from "./page.jobs.js";
import { followKeys } from "./page.keys.js";
import { $, images } from "./page.parts.js";
import { drawCopies, drawQuery, drawTrail } from "./page.query.js";
import { ServiceError, json, session } from "./page.service.js";

const PAGE = 60; // images of the collection that are shown at once
const LONGEST_TRAIL = 50;
const NOTHING_CLOSE = "Nothing close: even the nearest is about as far away as any two images here.";

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

const toasts = new Toasts(); // errors stay until they are closed, or what failed succeeds
const turning = spinner();
document.body.append(toasts.element);
$("top").append(turning);

function showTrouble(text) {
  toasts.say(text, true);
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
    toasts.say(session.key && "The service does not accept this key.", true); // without one, the form says that it is needed
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
  toasts.say("");
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
  jobs.watch();
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

// Shows the step of the trail that we are at.
async function show() {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  const step = trail[place];
  drawTrail(trail, place, move);
  drawQuery(step, () => go(COLLECTION));
  drawCopies([], goToImage);
  document.body.classList.add("waiting");
  const soon = setTimeout(() => (turning.hidden = false), SOON);
  const headings = { collection: "The collection", text: `Most likely to show “${step.name}”` };
  $("heading").textContent = headings[step.kind] ?? `Most similar to ${step.name}`;
  $("far").textContent = "";
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
    clearTimeout(soon);
    if (!signal.aborted) {
      document.body.classList.remove("waiting");
      turning.hidden = true;
    }
  }
}

async function showCollection(after, signal) {
  const answer = await json(`images?after=${after}&limit=${PAGE}`, { signal });
  if (signal.aborted) return;
  fillGrid(answer.images.map((image) => tile(image, null, goToImage)), after > 0);
  next = answer.next;
  $("more").hidden = next === null;
  jobs.showTotal(answer.total);
  const empty = !answer.images.length && !after;
  showStatus(empty ? "There are no images yet. POST /index adds them, with a key that may write." : "Choose one to see those most like it.");
}

async function showMatches(step, signal) {
  if (!settingsAreValid()) throw new ServiceError(422, "One of the settings above is out of range.");
  const answer = await search(step, signal);
  if (signal.aborted) return;
  const inWords = answer.metric === "words";
  const line = ({ rank, distance, likeness, score, word }) => (inWords ? { rank, word, score } : { rank, distance, likeness });
  fillGrid(answer.matches.map((match) => tile(match.image, line(match), goToImage)));
  $("far").textContent = answer.close === false ? NOTHING_CLOSE : "";
  $("more").hidden = true;
  const seconds = answer.seconds < 1 ? `${Math.max(1, Math.round(1_000 * answer.seconds))} ms` : `${answer.seconds.toFixed(1)} s`;
  const found = answer.matches.length ? images(answer.matches.length) : "No image is as near as that";
  if (step.kind === "photo" || step.kind === "url") lookForCopies(step, signal);
  const how = inWords ? "guessed by the network" : `by ${answer.metric === "euclidean" ? "Euclidean" : answer.metric} distance`;
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
    if (!signal.aborted) drawCopies(copies, goToImage);
  } catch {} // the matches are shown all the same
}

function searchByFile(files) {
  const [file] = files;
  if (!file) return;
  go({ kind: "photo", file, name: file.name || "a photo" });
  if (files.length > 1) showStatus(`Searching by the first of ${files.length} photos …`);
}

function searchByAddress(address) {
  const url = address.trim();
  if (url && !/^https?:\/\/[^/\s]/i.test(url)) {
    showTrouble("An address begins with http:// or https://.");
    $("url").select();
  } else if (url) go({ kind: "url", url, name: lastPart(url.split(/[?#]/, 1)[0]) || url });
}

function searchByWords(words) {
  const text = words.trim();
  if (text) go({ kind: "text", text, name: text });
}

// ---- jobs, products ------------------------------------------------------------------------------------------------

const jobs = new Jobs({
  resting: () => away || !$("key").hidden,
  ofCollection: () => trail[place] === COLLECTION,
  show,
  ended: listProducts,
  failed: showError,
});

async function listProducts() {
  try {
    const { products } = await json("products?limit=1000");
    const options = products.map((product) => make("option", { value: product.id, label: product.name || product.id }));
    $("products").replaceChildren(...options);
  } catch {} // a product can be typed all the same
}

// ---- events --------------------------------------------------------------------------------------------------------

takePhotos(searchByFile, searchByAddress);
followKeys({ back: () => place > 0 && history.back(), close: () => toasts.say("") });
followSettings(() => trail[place].kind !== "collection" && show());
$("ask").onsubmit = (event) => {
  event.preventDefault();
  // Enter submits by the first button of the form, whichever field it is in.
  const from = document.activeElement;
  if (from === $("url") || event.submitter === $("fetch")) searchByAddress($("url").value);
  else if (!["k", "score", "product"].includes(from.id)) searchByWords($("text").value);
};
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

window.addEventListener("popstate", (event) => {
  place = Math.min(event.state?.place ?? 0, trail.length - 1);
  show();
});
document.addEventListener("visibilitychange", () => !document.hidden && jobs.watch());

history.replaceState({ place: 0 }, "");
$("forget").hidden = !session.key;
await show();
listProducts();
jobs.watch();
