// The page of a search service: a photo goes in, the images most like it come out.
// Paths, ids and messages come from other people: they go into the page as text alone.

const PAGE = 60; // images of the collection that are shown at once
const AT_ONCE = 6; // thumbnails that are fetched
const KEY = "photokin-key";
const LONGEST_TRAIL = 50;
const BUSY = 1_500; // ms between two looks at jobs while one runs
const IDLE = 15_000; // and else
const ENDED = new Set(["done", "failed", "cancelled"]);

const $ = (id) => document.getElementById(id);
const lastPart = (path) => path.slice(path.lastIndexOf("/") + 1);
const number = (value) => value.toLocaleString("en");
const images = (count) => (count === 1 ? "1 image" : `${number(count)} images`);
const distance = (value) => (value === 0 ? "0" : value.toPrecision(3));

// An element with properties, attributes (what has a dash, or `role`) and children.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// What the service says when it does not do as it was asked; status 0 is that it cannot be reached.
class Trouble extends Error {
  constructor(status, message, pause = 1) {
    super(message);
    this.status = status;
    this.pause = pause; // s that it asks for
  }
  get passes() {
    return this.status === 0 || this.status === 503;
  }
}

const kept = {
  get key() {
    try {
      return sessionStorage.getItem(KEY) ?? "";
    } catch {
      return this.own ?? ""; // a browser that keeps nothing
    }
  },
  set key(key) {
    this.own = key;
    try {
      if (key) sessionStorage.setItem(KEY, key);
      else sessionStorage.removeItem(KEY);
    } catch {}
    $("forget").hidden = !key;
  },
};

// The answer of the service; throws `Trouble`. What comes too early, is asked again after the pause that it wants.
async function ask(path, options = {}, patience = 3) {
  const headers = kept.key ? { Authorization: `Bearer ${kept.key}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(0, "The service cannot be reached. It is tried again.");
  }
  if (answer.ok) return answer;
  let message = `The service answers ${answer.status}.`;
  try {
    message = (await answer.json()).error.message;
  } catch {}
  const pause = Math.min(30, Math.max(1, Number(answer.headers.get("Retry-After")) || 0));
  if (answer.status === 429 && patience > 0) {
    await new Promise((done) => setTimeout(done, 1_000 * pause));
    return ask(path, options, patience - 1);
  }
  throw new Trouble(answer.status, String(message), pause);
}

const json = async (path, options) => (await ask(path, options)).json();

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

// ---- thumbnails ----------------------------------------------------------------------------------------------------

const waiting = []; // tiles in view whose thumbnail is not there yet
let fetching = 0;
let pausedUntil = 0;

const watcher = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      waiting.push(target);
    }
    fetchNext();
  },
  { rootMargin: "300px" },
);

// A place for the thumbnail of an image, which comes when it is in view.
function picture(id, { size = 300, name = "picture", alt = "" } = {}) {
  const frame = make("span", { className: name });
  frame.dataset.id = id;
  frame.dataset.size = size;
  frame.dataset.alt = alt;
  watcher.observe(frame);
  return frame;
}

function fetchNext() {
  const pause = pausedUntil - Date.now();
  if (pause > 0) return void setTimeout(fetchNext, pause);
  while (fetching < AT_ONCE && waiting.length) {
    const frame = waiting.shift();
    if (!frame.isConnected) continue;
    fetching += 1;
    fill(frame).finally(() => {
      fetching -= 1;
      fetchNext();
    });
  }
}

async function fill(frame) {
  try {
    const answer = await ask(`images/${frame.dataset.id}/thumbnail?size=${frame.dataset.size}`, {}, 0);
    put(frame, await answer.blob(), frame.dataset.alt);
  } catch (error) {
    if (error.status === 429) {
      pausedUntil = Date.now() + 1_000 * error.pause; // all of them wait
      waiting.unshift(frame);
    } else frame.textContent = error.status === 404 ? "gone" : "no thumbnail";
  }
}

// A photo in a frame; words where the browser cannot show it.
function put(frame, blob, alt) {
  const url = URL.createObjectURL(blob);
  const image = make("img", { alt, draggable: false });
  image.onload = () => URL.revokeObjectURL(url);
  image.onerror = () => {
    URL.revokeObjectURL(url);
    frame.textContent = "no preview";
  };
  image.src = url;
  frame.replaceChildren(image);
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
  tell(`${found}, by ${answer.metric === "euclidean" ? "Euclidean" : answer.metric} distance, in ${seconds}`);
}

async function question(step, signal) {
  if (step.kind === "image") return json(`images/${step.id}/similar?${wishes(new URLSearchParams())}`, { signal });
  const body = wishes(new FormData());
  if (step.kind === "url") body.append("url", step.url);
  else body.append("photo", step.file, "photo");
  try {
    return await json("search", { method: "POST", body, signal });
  } catch (error) {
    if (error.status !== 0 || step.kind === "url") throw error;
    const there = await fetch("health").then(() => true, () => false); // a service may hang up on what is too large
    throw there ? new Trouble(413, "The service ended the upload. The photo may be too large for it.") : error;
  }
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
