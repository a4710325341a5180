// The page of a search service: a photo goes in, the images most like it come out.
// Paths, ids and messages come from other people: they go into the page as text alone.

import { SOON, lastPart, make, spinner } from "../../../widgets/elements.js";
import { Toasts } from "../../../widgets/toasts.js";
import { takePhotos } from "./page.files.js";
import { followSettings } from "./page.filters.js";
import { fillGrid } from "./page.grid.js";
import { Jobs } from "./page.jobs.js";
import { followKeys } from "./page.keys.js";
import { largeImages } from "./page.large.js";
import { $, images } from "./page.parts.js";
import { drawCopies, drawQuery, drawTrail } from "./page.query.js";
import { photoForm, search } from "./page.search.js";
import { ServiceError, json, session } from "./page.service.js";

const PAGE = 60; // images of the collection that are shown at once
const LONGEST_TRAIL = 50;
const ONLY_GUESSES = "Guesses: the nearest of the thousand things that the network knows.";
const NOTHING_CLOSE = "Nothing close: even the nearest is about as far away as any two images here.";

// ---- state and errors -----------------------------------------------------------------------------------------------

const COLLECTION = { kind: "collection", name: "collection" };
let trail = [COLLECTION];
let place = 0;
let request = new AbortController(); // of what is shown; a new one aborts it
let next = null; // `after` of the next page of the collection
let away = false;
let retryLater = null; // what to do when the service is back
let found = ""; // about what is shown

function showStatus(text) {
  $("status").textContent = text;
}

function showFound(text) {
  found = text;
  showStatus(text);
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
  if (error.status === 401) {
    large.shut();
    fillGrid([]); // what another key showed
    showFound("");
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

const large = largeImages({ find: goToImage, query: () => trail[place] });
const act = { open: large.open, find: goToImage };

// Shows a new step, which follows this one in the trail, in place of those ahead.
function go(step) {
  show(step, () => {
    trail = [...trail.slice(0, place + 1), step];
    if (trail.length > LONGEST_TRAIL) trail.splice(1, 1);
    moveTo(trail.length - 1);
  });
}

function goToImage(image) {
  go({ kind: "image", id: image.id, name: lastPart(image.path) });
}

// Shows a step of the trail.
function move(to) {
  show(trail[to], () => moveTo(to));
}

function moveTo(to) {
  place = to;
  if (history.state.large) history.replaceState({ place }, "");
  else history.pushState({ place }, "");
}

// Shows a step once it is answered, after `arrive`; until then, and where it fails, all stays as it was.
async function show(step = trail[place], arrive = () => {}) {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  const browsing = step.kind === "collection";
  document.body.classList.add("waiting");
  const soon = setTimeout(() => (turning.hidden = false), SOON);
  showStatus(browsing ? "" : "Searching …");
  try {
    const answer = await (browsing ? imagesAfter(0, signal) : search(step, signal));
    await large.closed();
    if (signal.aborted) return;
    if (step !== trail[place]) large.close(); // what is shown anew leaves it open
    arrive();
    drawTrail(trail, place, move);
    drawQuery(step, () => go(COLLECTION));
    drawCopies([], goToImage);
    const headings = { collection: "The collection", text: `Most likely to show “${step.name}”` };
    $("heading").textContent = headings[step.kind] ?? `Most similar to ${step.name}`;
    if (browsing) showCollection(answer);
    else showMatches(answer);
    hideError();
    if (step.kind === "photo" || step.kind === "url") lookForCopies(step, signal);
  } catch (error) {
    if (signal.aborted) return;
    showStatus(found);
    large.failed();
    showError(error, () => show(step, arrive));
  } finally {
    clearTimeout(soon);
    if (!signal.aborted) {
      document.body.classList.remove("waiting");
      turning.hidden = true;
    }
  }
}

const imagesAfter = (after, signal) => json(`images?after=${after}&limit=${PAGE}`, { signal });

function showCollection(answer, keep = false) {
  fillGrid(answer.images.map((image) => ({ image })), act, keep);
  next = answer.next;
  $("more").hidden = next === null;
  $("far").textContent = "";
  jobs.showTotal(answer.total);
  const empty = !answer.images.length && !keep;
  showFound(empty ? "There are no images yet. POST /index adds them, with a key that may write." : "Click one to see it large, or “Find similar” for those most like it.");
}

function showMatches({ matches, metric, close, seconds }) {
  const inWords = metric === "words";
  const item = ({ image, rank, distance, likeness, score, word }) => {
    const line = inWords ? { rank, word, score } : { rank, distance, likeness };
    return { image, line, about: { ...line, score } };
  };
  fillGrid(matches.map(item), act);
  $("far").textContent = matches.some(({ word }) => word) ? ONLY_GUESSES : close === false ? NOTHING_CLOSE : "";
  $("more").hidden = true;
  const time = seconds < 1 ? `${Math.max(1, Math.round(1_000 * seconds))} ms` : `${seconds.toFixed(1)} s`;
  const how = inWords ? "" : `, by ${metric === "euclidean" ? "Euclidean" : metric} distance`;
  showFound(`${matches.length ? images(matches.length) : "No image is as near as that"}${how}, in ${time}`);
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
  const { signal } = request;
  try {
    const answer = await imagesAfter(next, signal);
    if (!signal.aborted) showCollection(answer, true);
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
  location.reload(); // what the key showed goes with it
};

window.addEventListener("popstate", (event) => {
  const to = Math.min(event.state?.place ?? 0, trail.length - 1);
  large.close();
  if (to !== place) show(trail[to], () => (place = to));
});
document.addEventListener("visibilitychange", () => !document.hidden && jobs.watch());

history.replaceState({ place: 0 }, "");
$("forget").hidden = !session.key;
await show();
listProducts();
jobs.watch();
