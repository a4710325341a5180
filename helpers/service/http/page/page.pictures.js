// Thumbnails, fetched when they are in view, a few at once.

import { make } from "../../../widgets/elements.js";
import { ask } from "./page.service.js";

const AT_ONCE = 6; // thumbnails that are fetched

const waiting = []; // frames in view whose thumbnail was not fetched yet
let fetching = 0;
let pausedUntil = 0;

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      waiting.push(target);
    }
    fetchNext();
  },
  { rootMargin: "300px" },
);

// A frame for the thumbnail of an image, which is fetched when the frame is in view.
export function picture(id, { size = 300, name = "kf-picture", alt = "" } = {}) {
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
      pausedUntil = Date.now() + 1_000 * error.pause; // for all of them
      waiting.unshift(frame);
    } else frame.textContent = error.status === 404 ? "gone" : "no thumbnail";
  }
}

// Shows a photo in a frame; `failed` is called where the browser cannot show it, and otherwise says so.
export function put(frame, blob, alt, failed = () => (frame.textContent = "no preview")) {
  const url = URL.createObjectURL(blob);
  const image = make("img", { alt, draggable: false });
  image.onload = () => URL.revokeObjectURL(url);
  image.onerror = () => {
    URL.revokeObjectURL(url);
    failed();
  };
  image.src = url;
  frame.replaceChildren(image);
}
